#!@RCD_SCRIPTS_SHELL@
#
# $NetBSD$

# PROVIDE: softflowd
# REQUIRE: DAEMON
# KEYWORD: shutdown

# softflowd=YES in rc.conf(5) starts softflowd.  Besides there are:
#
# softflowd_conf	Its configuration file, by default
#			@PKG_SYSCONFDIR@/softflowd.conf; empty is none.
# softflowd_flags	Options, and a filter, besides.
# softflowd_instances	Names of several, such as "em0 em1".  Each has
#			variables of its own, softflowd_em0_flags, its
#			configuration in @PKG_SYSCONFDIR@/em0.conf, and
#			@VARBASE@/run/softflowd.em0.pid and softflowd.em0.ctl.
#
# "/etc/rc.d/softflowd reload em0" is for that one only.

. /etc/rc.subr

name="softflowd"
rcvar="$name"

load_rc_config "$name"

: "${softflowd:=NO}"
: "${softflowd_conf=@PKG_SYSCONFDIR@/softflowd.conf}"

command="@PREFIX@/sbin/softflowd"
pidfile="@VARBASE@/run/$name.pid"
socket=""
extra_commands="configtest reload"
configtest_cmd="softflowd_configtest"
start_precmd="softflowd_prepare"
restart_precmd="softflowd_prepare"
reload_precmd="softflowd_prepare"

# Our options come first: the operator's may end with a filter.
softflowd_configtest()
{
	eval "conf=\$${name}_conf"
	rc_flags="-p $pidfile${socket:+ -c $socket}${rc_flags:+ $rc_flags}"
	rc_flags="${conf:+-f $conf }$rc_flags"
	eval "$command -k $rc_flags"
}

# Refuses by what softflowd says is wrong, with the old one still running.
softflowd_prepare()
{
	softflowd_configtest >/dev/null
}

# In a shell of its own, as rc.subr(8) keeps its state in variables.
softflowd_instance()
(
	name="softflowd_$2"
	pidfile="@VARBASE@/run/softflowd.$2.pid"
	socket="@VARBASE@/run/softflowd.$2.ctl"
	eval ": \"\${${name}_conf=@PKG_SYSCONFDIR@/$2.conf}\""
	run_rc_command "$1"
)

action="$1"
[ $# -eq 0 ] || shift
case "$action" in
*start|*stop|*reload|*status|*configtest|*poll)
	[ $# -gt 0 ] || set -- $softflowd_instances
	;;
esac

result=0
for instance; do
	case " $softflowd_instances " in
	*[!A-Za-z0-9_\ ]*)
		err 1 "softflowd_instances: only letters, digits and _ in names"
		;;
	*" $instance "*)
		softflowd_instance "$action" "$instance" || result=1
		;;
	*)
		err 1 "$instance is not in softflowd_instances"
		;;
	esac
done
if [ $# -eq 0 ]; then
	run_rc_command "$action" || result=1
fi
[ "$result" -eq 0 ]
