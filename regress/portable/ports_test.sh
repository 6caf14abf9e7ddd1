#! /usr/bin/env atf-sh
# The ports, without their systems: packing lists against what is installed,
# rc scripts against stand-ins for rc.subr(8), and what can be told by looking
# at the files.

here=$(atf_get_srcdir)
top=$(cd "$here/../.." && pwd)
openbsd=ports/openbsd/net/softflowd
freebsd=ports/freebsd/net-mgmt/softflowd
pkgsrc=ports/pkgsrc/net/softflowd

version() {
	sed -n 's/^#define SOFTFLOWD_VERSION[[:blank:]]*"\(.*\)"$/\1/p' \
	    "$top/softflowd/softflowd.h"
}

# value PORT VARIABLE [ASSIGNMENT ...]: what a port's Makefile sets, where the
# framework that it includes sets nothing but the assignments.
value() {
	port=$1 variable=$2
	shift 2
	tree=tree/${port#ports/}
	if [ ! -d "$tree" ]; then
		mkdir -p "${tree%/*}"
		cp -R "$top/$port" "$tree"
		sed -n 's/^\.include "\(.*\)"$/\1/p' "$tree/Makefile" |
		    while read -r file; do
			mkdir -p "$tree/${file%/*}"
			: >"$tree/$file"
		done
		: >bsd.port.mk
	fi
	bmake -r -m "$PWD" -C "$tree" "$@" -V "\${$variable}"
}

# stage PREFIX ASSIGNMENTS: the files of an installation, below PREFIX.
stage() {
	prefix=$1
	eval "set -- $2"
	atf_check -o ignore -e ignore \
	    bmake -C "$top" install DESTDIR="$PWD/stage" "$@"
	(cd stage && find . ! -type d) | sed "s,^\.$prefix/,," |
	    LC_ALL=C sort >staged
}

# compare LIST: both ways, so that nothing is missing and nothing forgotten.
compare() {
	LC_ALL=C sort "$1" >sorted
	atf_check -o save:twice uniq -d sorted
	atf_check -o empty cat twice
	atf_check diff -u staged sorted
}

atf_test_case packing_list_of_openbsd_is_what_is_installed
packing_list_of_openbsd_is_what_is_installed_body() {
	stage /usr/local "$(value $openbsd FAKE_FLAGS TRUEPREFIX=/usr/local)"
	list=$top/$openbsd/pkg/PLIST
	sed -n -e '/^share\/doc\/pkg-readmes\/\${PKGSTEM}$/d' -e '/\/$/d' \
	    -e 's/^@man //' -e 's/^@bin //' -e '/^[^@]/p' "$list" >listed
	compare listed

	# What the ports tree adds of pkg/, and what it asks for that.
	atf_check -o ignore grep -x '@rcscript ${RCDIR}/softflowd' "$list"
	atf_check test -f "$top/$openbsd/pkg/softflowd.rc"
	atf_check -o ignore grep -x 'share/doc/pkg-readmes/${PKGSTEM}' "$list"
	atf_check test -f "$top/$openbsd/pkg/README"
	# Directories that it makes, and the sample behind its original.
	atf_check -o inline:"share/examples/softflowd/\n\
@sample \${SYSCONFDIR}/softflowd/\n\
share/examples/softflowd/softflowd.conf\n\
@sample \${SYSCONFDIR}/softflowd/softflowd.conf\n" \
	    sed -n '/examples\|@sample/p' "$list"
}

atf_test_case packing_list_of_freebsd_is_what_is_installed
packing_list_of_freebsd_is_what_is_installed_body() {
	stage /usr/local "PREFIX=/usr/local \
	    $(value $freebsd MAKE_ARGS PREFIX=/usr/local)"
	list=$top/$freebsd/pkg-plist
	# The ports tree compresses manual pages.
	atf_check -s exit:1 grep '^share/man/.*[58]$' "$list"
	sed -n -e 's,%%EXAMPLESDIR%%,share/examples/softflowd,' \
	    -e 's/^@sample \([^ ]*\) .*/\1/' \
	    -e 's/^\(share\/man\/.*\)\.gz$/\1/' -e '/^[^@]/p' "$list" >listed
	compare listed

	atf_check -o ignore grep -x \
	    '@sample %%EXAMPLESDIR%%/softflowd.conf %%ETCDIR%%/softflowd.conf' \
	    "$list"
	atf_check -o ignore grep -x '@dir %%ETCDIR%%' "$list"
	for script in $(value $freebsd USE_RC_SUBR); do
		atf_check test -f "$top/$freebsd/files/$script.in"
	done
	for file in $(value $freebsd PORTDOCS); do
		atf_check test -f "$top/$file"
	done
}

atf_test_case packing_list_of_pkgsrc_is_what_is_installed
packing_list_of_pkgsrc_is_what_is_installed_body() {
	stage /usr/pkg "$(value $pkgsrc MAKE_FLAGS PREFIX=/usr/pkg \
	    PKGMANDIR=man)"
	list=$top/$pkgsrc/PLIST
	sed -e '/^@comment/d' "$list" >listed
	# pkgsrc installs the rc scripts.
	for script in $(value $pkgsrc RCD_SCRIPTS); do
		atf_check test -f "$top/$pkgsrc/files/$script.sh"
		echo "share/examples/rc.d/$script" >>staged
	done
	LC_ALL=C sort -o staged staged
	compare listed

	set -- $(value $pkgsrc CONF_FILES PREFIX=/usr/pkg PKG_SYSCONFDIR=/etc)
	atf_check_equal "/usr/pkg/share/examples/softflowd/softflowd.conf \
/etc/softflowd.conf" "$*"
	atf_check -o ignore grep -x "${1#/usr/pkg/}" "$list"
	# Each list is in order, as pkglint wants it.
	atf_check env LC_ALL=C sort -c listed
}

atf_test_case names_and_numbers_are_those_of_the_source
names_and_numbers_are_those_of_the_source_body() {
	version=$(version)
	user=$(sed -n 's/^#define SOFTFLOWD_USER[[:blank:]]*"\(.*\)"$/\1/p' \
	    "$top/softflowd/softflowd.h")
	atf_check -o inline:"softflowd $version\n" "$top/softflowd/softflowd" -V
	atf_check_equal "softflowd-$version" "$(value $openbsd DISTNAME)"
	atf_check_equal "softflowd-$version" "$(value $pkgsrc DISTNAME)"
	atf_check_equal "softflowd-$version" \
	    "$(value $freebsd PORTNAME)-$(value $freebsd DISTVERSION)"

	atf_check_equal "$user $user" \
	    "$(value $freebsd USERS) $(value $freebsd GROUPS)"
	atf_check_equal "$user:$user $user" \
	    "$(value $pkgsrc PKG_USERS) $(value $pkgsrc PKG_GROUPS)"
	list=$top/$openbsd/pkg/PLIST
	id=$(sed -n "s/^@newgroup $user:\([5-9][0-9][0-9]\)$/\1/p" "$list")
	atf_check -o ignore grep -x \
	    "@newuser $user:$id:$user:[a-z]*:[^:]*:/var/empty:/sbin/nologin" \
	    "$list"

	# A port's first category is where it lies.
	for port in $openbsd $freebsd $pkgsrc; do
		directory=${port%/*}
		set -- $(value $port CATEGORIES)
		atf_check_equal "${directory##*/}" "$1"
	done
}

atf_test_case openbsd_port_wants_the_libraries_that_are_linked
openbsd_port_wants_the_libraries_that_are_linked_body() {
	for program in softflowd softflowctl; do
		bmake -C "$top/$program" OS=OpenBSD -V '${LDADD:M-l*:S/-l//}'
	done >linked
	linked=$(tr ' ' '\n' <linked | sed '/^$/d' | LC_ALL=C sort -u |
	    tr '\n' ' ')
	atf_check_equal "c $linked" "$(value $openbsd WANTLIB) "
}

atf_test_case pkgsrc_links_with_what_its_package_includes
pkgsrc_links_with_what_its_package_includes_body() {
	included=$(sed -n 's,^\.include "../../\(.*\)/buildlink3\.mk"$,\1,p
	    s,^\.include "../../mk/\(.*\)\.buildlink3\.mk"$,\1,p' \
	    "$top/$pkgsrc/Makefile" | sed 's,.*/,,; s,^lib,,' | LC_ALL=C sort)
	for program in softflowd softflowctl; do
		bmake -C "$top/$program" OS=NetBSD -V '${LDADD:M-l*:S/-l//}'
	done | tr ' ' '\n' | sed '/^$/d' | LC_ALL=C sort -u >linked
	atf_check -o inline:"$included\n" cat linked
}

atf_test_case pkgsrc_refuses_systems_that_lack_what_is_needed
pkgsrc_refuses_systems_that_lack_what_is_needed_body() {
	refused=$(value $pkgsrc NOT_FOR_PLATFORM)
	for version in 9.4 8.2 7.99.1; do
		case NetBSD-$version-x86_64 in
		$refused) ;;
		*)	atf_fail "NetBSD $version is not refused" ;;
		esac
	done
	for version in 10.0 10.1 11.99.5; do
		case NetBSD-$version-x86_64 in
		$refused)	atf_fail "NetBSD $version is refused" ;;
		esac
	done
}

# The flags of a port, not where a build by hand looks.
atf_test_case ports_say_themselves_where_libraries_are
ports_say_themselves_where_libraries_are_body() {
	for flags in "FreeBSD $(value $freebsd MAKE_ARGS)" \
	    "NetBSD $(value $pkgsrc MAKE_FLAGS)"; do
		eval "set -- OS=$flags"
		for variable in CPPFLAGS LDFLAGS; do
			atf_check -s exit:1 grep -e /usr/local \
			    -e /usr/pkg <<-EOT
			$(bmake -C "$top/softflowctl" "$@" -V "\${$variable}")
			EOT
		done
	done
}

# As a port changes them, pages and sample name this directory and no other.
name_only() {
	atf_check -s exit:1 grep -n '/etc/softflowd' patched/softflowctl.8
	for file in softflowd.8 softflowd.conf softflowd.conf.5; do
		grep -o '[/a-z]*/etc/softflowd' patched/$file
	done >named
	atf_check -o inline:"$1\n" sort -u named
}

atf_test_case pages_name_the_configuration_of_the_system
pages_name_the_configuration_of_the_system_body() {
	mkdir work
	cp -R "$top/man" work
	value $freebsd PORTNAME >/dev/null
	atf_check bmake -r -m "$PWD" -C tree/${freebsd#ports/} post-patch \
	    WRKSRC="$PWD/work" ETCDIR=/usr/local/etc/softflowd \
	    REINPLACE_CMD="sed -i"
	mv work/man patched
	name_only /usr/local/etc/softflowd

	rm -r patched
	cp -R "$top/man" patched
	eval "set -- $(value $pkgsrc SUBST_SED.paths PREFIX=/usr/pkg \
	    PKG_SYSCONFDIR=/usr/pkg/etc/softflowd)"
	for file in $(value $pkgsrc SUBST_FILES.paths); do
		sed -i "$@" "patched/${file#man/}"
	done
	name_only /usr/pkg/etc/softflowd
	atf_check -s exit:1 grep -n /usr/local patched/*.*
}

atf_test_case root_directory_of_the_worker_is_there
root_directory_of_the_worker_is_there_body() {
	atf_check -o ignore grep -x '#define SOFTFLOWD_CHROOT	"/var/empty"' \
	    "$top/softflowd/sandbox_chroot_empty.c"
	for system in OpenBSD FreeBSD NetBSD; do
		bmake -C "$top/softflowd" OS=$system -V '${CPPFLAGS}' |
		    sed -n 's/.*-DSOFTFLOWD_CHROOT=[^/]*\([^"]*\)".*/\1/p' \
		    >>compiled
	done
	# The first two have it; on NetBSD the package makes it.
	atf_check -o inline:"/var/chroot/softflowd\n" cat compiled
	atf_check_equal "$(cat compiled) root wheel 0555" \
	    "$(value $pkgsrc OWN_DIRS_PERMS REAL_ROOT_USER=root \
	    REAL_ROOT_GROUP=wheel)"
}

# Put in the stage's place of PREFIX and others what the ports trees would.
expand_openbsd() {
	sed -e "s,\${TRUEPREFIX},$PWD/usr,g; s,\${SYSCONFDIR},$PWD/etc,g" \
	    -e "s,^\. /etc/rc\.d/rc\.subr$,. $here/rc/openbsd.subr," \
	    "$top/$openbsd/pkg/softflowd.rc" >softflowd
}

expand_freebsd() {
	sed -e "s,%%PREFIX%%,$PWD/usr,g; s,%%ETCDIR%%,$PWD/etc/softflowd,g" \
	    -e "s,^\. /etc/rc\.subr$,. $here/rc/bsd.subr," \
	    -e "s,/var/run/,$PWD/run/,g" \
	    "$top/$freebsd/files/softflowd.in" >softflowd
	enable=softflowd_enable=YES
}

expand_pkgsrc() {
	sed -e "s,@PREFIX@,$PWD/usr,g; s,@VARBASE@/run,$PWD/run,g" \
	    -e "s,@PKG_SYSCONFDIR@,$PWD/etc/softflowd,g" \
	    -e "s,@RCD_SCRIPTS_SHELL@,/bin/sh,g" \
	    -e "s,^\. /etc/rc\.subr$,. $here/rc/bsd.subr," \
	    "$top/$pkgsrc/files/softflowd.sh" >softflowd
	enable=softflowd=YES
}

# arrange SYSTEM [LINE ...]: the script, a daemon that can check what it is
# given, configurations, and what is in rc.conf.
arrange() {
	mkdir -p usr/sbin etc/softflowd run
	ln -s "$top/softflowd/softflowd" usr/sbin/softflowd
	echo "interface em0" >etc/softflowd/softflowd.conf
	echo "interface em1" >etc/softflowd/em1.conf
	echo "interface em2" >etc/softflowd/em2.conf
	: >etc/softflowd/nothing.conf
	export RC_CONF="$PWD/rc.conf" RC_LOG="$PWD/log" RC_PS="$PWD/ps"
	: >ps
	: >log
	expand_$1
	shift
	printf '%s\n' "$@" >rc.conf
	# Nothing is left to be replaced, and no path that is not ours.
	atf_check -s exit:1 grep -nE '%%|@|/var/|/rc\.subr|TRUEPREFIX' softflowd
}

logged() {
	atf_check -o inline:"$1" cat log
	: >log
}

daemon_of() {
	echo "$PWD/usr/sbin/softflowd -f $PWD/etc/softflowd/$1"
}

atf_test_case openbsd_script_starts_checks_reloads_and_stops_one
openbsd_script_starts_checks_reloads_and_stops_one_body() {
	arrange openbsd ''
	daemon=$(daemon_of softflowd.conf)
	atf_check -o inline:"configuration OK\n" sh softflowd configtest
	atf_check -s exit:1 sh softflowd check
	atf_check -o ignore sh softflowd start
	logged "start $daemon\n"
	# Neither the others of its processes nor another instance are it.
	cat >ps <<-EOT
	$daemon
	softflowd: worker
	$(daemon_of em1.conf)
	EOT
	atf_check sh softflowd check
	atf_check -o ignore sh softflowd reload
	logged "HUP $daemon\n"
	atf_check sh softflowd stop
	logged "TERM $daemon\n"
}

atf_test_case openbsd_script_runs_instances_by_links
openbsd_script_runs_instances_by_links_body() {
	arrange openbsd "softflowd_em1_flags='-f $PWD/etc/softflowd/em1.conf'"
	ln -s softflowd softflowd_em1
	atf_check -o ignore sh softflowd start
	daemon_of softflowd.conf >ps
	atf_check -o ignore sh softflowd_em1 start
	daemon_of em1.conf >>ps
	logged "start $(daemon_of softflowd.conf)\n\
start $(daemon_of em1.conf)\n"
	atf_check -o ignore sh softflowd_em1 reload
	logged "HUP $(daemon_of em1.conf)\n"
}

atf_test_case openbsd_script_refuses_what_has_no_interface
openbsd_script_refuses_what_has_no_interface_body() {
	arrange openbsd "softflowd_flags='-f $PWD/etc/softflowd/nothing.conf'"
	for action in configtest start; do
		atf_check -s exit:1 \
		    -e match:'nothing to read packets from: give one of' \
		    sh softflowd $action
	done
	rm etc/softflowd/nothing.conf
	atf_check -s exit:1 -e match:'nothing.conf: No such file' \
	    sh softflowd start
	logged ''
}

# The two others share their form; these cases are made for each of them.
starts_checks_reloads_and_stops_one() {
	arrange $1 'softflowd_flags="-v 9 port 80"'
	conf="-f $PWD/etc/softflowd/softflowd.conf"
	pid=run/softflowd.pid
	atf_check -o match:"Cannot 'start' softflowd" sh softflowd start
	logged ''
	echo "$enable" >>rc.conf
	atf_check -o inline:"configuration OK\n" sh softflowd configtest
	atf_check -s exit:1 -e match:"softflowd.pid" sh softflowd status
	atf_check sh softflowd start
	# A filter ends the options, so it is last.
	started="start $PWD/usr/sbin/softflowd $conf -p $PWD/$pid -v 9 port 80 \n"
	logged "$started"
	echo 7654 >$pid
	atf_check sh softflowd status
	atf_check -s exit:1 -e match:"already running" sh softflowd start
	atf_check sh softflowd reload
	atf_check sh softflowd stop
	atf_check sh softflowd restart
	logged "kill -HUP 7654\nkill -TERM 7654\nkill -TERM 7654\n$started"
	atf_check sh softflowd enable
	logged "enable softflowd ${enable%%=*}\n"
}

runs_several_instances() {
	arrange $1 'softflowd_instances="em1 em2"' \
	    'softflowd_em1_flags="-N"' \
	    "softflowd_em2_conf=$PWD/etc/softflowd/softflowd.conf"
	echo "$enable" >>rc.conf
	atf_check sh softflowd start
	for pair in em1:em1.conf em2:softflowd.conf; do
		run=$PWD/run/softflowd.${pair%:*}
		echo "start $(daemon_of ${pair#*:}) -p $run.pid -c $run.ctl"
	done >wanted
	sed -i -e '1s/$/ -N/' -e 's/$/ /' wanted
	atf_check diff -u wanted log
	: >log
	echo 11 >run/softflowd.em1.pid
	atf_check -s exit:1 -e match:'softflowd_em2 is not running' \
	    sh softflowd status
	echo 22 >run/softflowd.em2.pid
	atf_check sh softflowd status
	atf_check sh softflowd reload
	atf_check sh softflowd stop em2
	logged "kill -HUP 11\nkill -HUP 22\nkill -TERM 22\n"
	atf_check sh softflowd restart
	sed -e 's/^start.*softflowd.em1/kill -TERM 11\n&/' \
	    -e 's/^start.*softflowd.em2/kill -TERM 22\n&/' wanted >restarted
	atf_check diff -u restarted log
	: >log
	# What is about the script is done once.
	atf_check sh softflowd rcvar
	logged "rcvar softflowd ${enable%%=*}\n"
	atf_check -s exit:1 -e match:'em3 is not in softflowd_instances' \
	    sh softflowd start em3
	echo 'softflowd_instances="em1;reboot"' >>rc.conf
	atf_check -s exit:1 -e match:'only letters, digits and _ in names' \
	    sh softflowd start
	logged ''
}

refuses_what_has_no_interface() {
	arrange $1
	echo "$enable" >>rc.conf
	: >etc/softflowd/softflowd.conf
	for action in configtest start; do
		atf_check -s exit:1 \
		    -e match:'nothing to read packets from: give one of' \
		    sh softflowd $action
	done
	# One that runs is neither stopped nor told to read what is wrong.
	echo 7654 >run/softflowd.pid
	for action in restart reload; do
		atf_check -s exit:1 -e match:'nothing to read packets from' \
		    sh softflowd $action
	done
	rm etc/softflowd/softflowd.conf run/softflowd.pid
	atf_check -s exit:1 -e match:'softflowd.conf: No such file' \
	    sh softflowd start
	# Options alone will do, and one instance does not fail for another.
	echo 'softflowd_conf="" softflowd_flags="-i em0"' >>rc.conf
	atf_check sh softflowd start
	logged "start $PWD/usr/sbin/softflowd -p $PWD/run/softflowd.pid -i em0 \n"
	echo 'softflowd_instances="nothing em1"' >>rc.conf
	atf_check -s exit:1 -e match:'nothing to read packets from' \
	    sh softflowd start
	atf_check -o match:"^start $(daemon_of em1.conf) " cat log
}

atf_test_case freebsd_script_warns_of_variables_of_softflowd_1
freebsd_script_warns_of_variables_of_softflowd_1_body() {
	arrange freebsd 'softflowd_interfaces="em0 em1"'
	echo "$enable" >>rc.conf
	atf_check -e match:'softflowd_interfaces was of softflowd 1' \
	    sh softflowd start
}

for system in freebsd pkgsrc; do
	for behaviour in starts_checks_reloads_and_stops_one \
	    runs_several_instances refuses_what_has_no_interface; do
		case=${system}_script_$behaviour
		atf_test_case "$case"
		eval "${case}_body() { $behaviour $system; }"
		cases="$cases $case"
	done
done

atf_test_case scripts_are_shell_without_a_warning
scripts_are_shell_without_a_warning_body() {
	arrange openbsd
	mv softflowd openbsd
	expand_freebsd
	mv softflowd freebsd
	expand_pkgsrc
	for script in openbsd freebsd softflowd; do
		atf_check test -s "$script"
		atf_check sh -n "$script"
		atf_check -s exit:1 grep -nE '[[:blank:]]$' "$script"
	done
	command -v shellcheck >/dev/null || atf_skip "there is no shellcheck"
	# rc.subr(8) uses what they set.
	atf_check shellcheck -s sh -S warning -e SC1091,SC2034,SC2154 \
	    openbsd freebsd softflowd
}

# comment PORT LENGTH: a line about the package, not a sentence.
comment() {
	comment=$(value "$1" COMMENT)
	[ ${#comment} -le "$2" ] || atf_fail "longer than $2: $comment"
	case $comment in
	*.|"A "*|"a "*|"An "*|"an "*|[Ss]oftflowd*)
		atf_fail "not the form of a comment: $comment"
		;;
	esac
}

# in_order PORT VARIABLE ...: set once each, in this order.
in_order() {
	port=$1
	shift
	printf '%s\n' "$@" >wanted
	sed -n 's/^\([A-Z][A-Z0-9_.a-z]*\)[ ]*[+?]*=.*/\1/p' \
	    "$top/$port/Makefile" | grep -Fxf wanted | uniq >found
	atf_check diff -u wanted found
}

atf_test_case files_have_the_form_that_the_ports_trees_ask_for
files_have_the_form_that_the_ports_trees_ask_for_body() {
	(cd "$top" && find $openbsd $freebsd $pkgsrc -type f) >files
	while read -r file; do
		atf_check -s exit:1 grep -nE '[[:blank:]]+$' "$top/$file"
		atf_check -s exit:1 grep -n '  *	' "$top/$file"
		[ -z "$(tail -c 1 "$top/$file")" ] ||
			atf_fail "$file ends without a newline"
	done <files
	for file in $openbsd/pkg/DESCR $freebsd/pkg-descr $pkgsrc/DESCR \
	    $openbsd/pkg/README; do
		atf_check -o empty awk 'length > 79' "$top/$file"
	done
	for file in $openbsd/pkg/DESCR $freebsd/pkg-descr $pkgsrc/DESCR; do
		atf_check -o empty awk 'NR > 24' "$top/$file"
		atf_check -s exit:1 cmp -s "$top/$file" /dev/null
	done
	# Indented by tabs, assigned with one behind the sign.
	for port in $openbsd $freebsd $pkgsrc; do
		atf_check -s exit:1 grep -nE '^ ' "$top/$port/Makefile"
		atf_check -s exit:1 grep -nE '^[A-Z][^#	]*=[ ]*[^ 	]' \
		    "$top/$port/Makefile"
	done
	comment $openbsd 60
	comment $freebsd 70
	comment $pkgsrc 70
	in_order $openbsd COMMENT DISTNAME CATEGORIES PERMIT_PACKAGE WANTLIB \
	    SITES COMPILER COMPILER_LANGS LIB_DEPENDS MAKE_FLAGS FAKE_FLAGS \
	    NO_TEST
	in_order $freebsd PORTNAME DISTVERSION CATEGORIES MASTER_SITES \
	    MAINTAINER COMMENT LICENSE LICENSE_FILE LIB_DEPENDS USES \
	    USE_RC_SUBR MAKE_ARGS USERS GROUPS PORTDOCS OPTIONS_DEFINE
	in_order $pkgsrc DISTNAME CATEGORIES MASTER_SITES MAINTAINER COMMENT \
	    LICENSE NOT_FOR_PLATFORM ONLY_FOR_PLATFORM USE_CC_FEATURES NO_CONFIGURE BUILD_DEFS \
	    PKG_GROUPS PKG_USERS PKG_SYSCONFSUBDIR EGDIR CONF_FILES \
	    RCD_SCRIPTS OWN_DIRS_PERMS SUBST_CLASSES AUTO_MKDIRS MAKE_FLAGS
	atf_check -o inline:'# $NetBSD$\n' head -n 1 "$top/$pkgsrc/Makefile"
	atf_check -o inline:'@comment $NetBSD$\n' head -n 1 "$top/$pkgsrc/PLIST"
	for port in $openbsd $freebsd; do
		atf_check -o inline:'.include <bsd.port.mk>\n' \
		    tail -n 1 "$top/$port/Makefile"
	done
	atf_check -o inline:'.include "../../mk/bsd.pkg.mk"\n' \
	    tail -n 1 "$top/$pkgsrc/Makefile"
}

atf_test_case distinfo_is_of_this_version
distinfo_is_of_this_version_body() {
	file=softflowd-$(version).tar.gz
	digest="($file) = [0-9a-f]"
	size="($file) = [0-9][0-9]*"
	for port in $openbsd $freebsd $pkgsrc; do
		[ -f "$top/$port/distinfo" ] || atf_skip "no release was made"
	done
	atf_check -o save:rest grep -vx \
	    -e "SHA256 ($file) = [A-Za-z0-9+/]\{43\}=" -e "SIZE $size" \
	    -e 'TIMESTAMP = [0-9][0-9]*' -e "SHA256 $digest\{64\}" \
	    -e '[$]NetBSD[$]' -e "BLAKE2s $digest\{64\}" \
	    -e "SHA512 $digest\{128\}" -e "Size $size bytes" \
	    "$top/$openbsd/distinfo" "$top/$freebsd/distinfo" \
	    "$top/$pkgsrc/distinfo"
	atf_check -o inline:"$top/$pkgsrc/distinfo:\n" cat rest
}

atf_test_case there_are_ports_to_look_at
there_are_ports_to_look_at_body() {
	atf_skip "a release has no ports/"
}

atf_init_test_cases() {
	[ -d "$top/ports" ] || {
		atf_add_test_case there_are_ports_to_look_at
		return
	}
	atf_add_test_case packing_list_of_openbsd_is_what_is_installed
	atf_add_test_case packing_list_of_freebsd_is_what_is_installed
	atf_add_test_case packing_list_of_pkgsrc_is_what_is_installed
	atf_add_test_case names_and_numbers_are_those_of_the_source
	atf_add_test_case openbsd_port_wants_the_libraries_that_are_linked
	atf_add_test_case pkgsrc_links_with_what_its_package_includes
	atf_add_test_case pkgsrc_refuses_systems_that_lack_what_is_needed
	atf_add_test_case ports_say_themselves_where_libraries_are
	atf_add_test_case pages_name_the_configuration_of_the_system
	atf_add_test_case root_directory_of_the_worker_is_there
	atf_add_test_case openbsd_script_starts_checks_reloads_and_stops_one
	atf_add_test_case openbsd_script_runs_instances_by_links
	atf_add_test_case openbsd_script_refuses_what_has_no_interface
	for case in $cases; do
		atf_add_test_case "$case"
	done
	atf_add_test_case freebsd_script_warns_of_variables_of_softflowd_1
	atf_add_test_case scripts_are_shell_without_a_warning
	atf_add_test_case files_have_the_form_that_the_ports_trees_ask_for
	atf_add_test_case distinfo_is_of_this_version
}
