# Shared by the scripts that load a daemon for long; sourced by POSIX sh.
# $top is the root of the checkout, $work the folder of this run.

. "$top/regress/lib.sh"

softflowd=$top/softflowd/softflowd
softflowctl=$top/softflowctl/softflowctl
collector=$top/regress/collector/collector
bench=$top/regress/bench
soak=$top/regress/soak

# What cannot be done here is no failure of the daemon.
cannot() {
	echo "$*" >&2
	exit 2
}

build_all() {
	{
		bsd_make -C "$top" all
		bsd_make -C "$top/regress" all
	} >/dev/null 2>&1 || cannot "the build failed"
}

# Needs root; the folder is for the daemon's user, too.
begin_work() {
	[ "$(id -u)" -eq 0 ] || cannot "only root can make network namespaces"
	work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-soak.XXXXXX") || exit 2
	trap 'remove_work "$work"' EXIT
	trap 'exit 1' HUP INT TERM
	chmod 755 "$work"
	ip netns add "soak$$" 2>/dev/null &&
	    ip netns exec "soak$$" true 2>/dev/null &&
	    ip netns del "soak$$" || cannot "there are no network namespaces"
}

# A namespace with loopback only.
make_namespace() {
	ip netns add "$1"
	echo "$1" >>"$work/namespace"
	ip netns exec "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
	    net.ipv6.conf.default.disable_ipv6=1
	ip -n "$1" link set lo up
}

# Two interfaces of a namespace that are connected, both up.
make_pair() {
	ip -n "$1" link add "$2" mtu 65535 type veth peer name "$3" mtu 65535
	ip -n "$1" link set "$2" up
	ip -n "$1" link set "$3" up
}

# Wait for a command to succeed, so many tenths of a second at most.
wait_until() {
	tries=$1
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# The worker of a daemon; beside it there may be a resolver.
worker_of() {
	pgrep -P "$1" -f 'softflowd: worker'
}

descriptors() {
	find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l
}

resident() {
	awk -v name="${2:-VmRSS}:" '$1 == name { print $2 }' \
	    "/proc/$1/status" 2>/dev/null
}

# KiB of the table that are there, by the parent's descriptor of it.
table_of() {
	for fd in "/proc/$1/fd"/*; do
		case $(readlink "$fd") in
		*"softflowd table"*)
			echo $(($(stat -Lc %b "$fd") / 2))
			return
			;;
		esac
	done
}

# What of the file samples rises, see flat.awk; the table goes to the file flat.
rises() {
	awk -v least="$1" -f "$soak/flat.awk" \
	    samples >flat || grep 'rises$' flat
}

# One sample of a daemon, as lines of series, second and value.
sample() {
	second=$(date +%s)
	worker=$(worker_of "$1" | head -n 1)
	{
		echo "parent_kib $second $(resident "$1")"
		echo "table_kib $second $(table_of "$1")"
		echo "parent_descriptors $second $(descriptors "$1")"
		echo "processes $second $(pgrep -P "$1" | wc -l)"
		[ -z "$worker" ] || {
			echo "worker_kib $second $(resident "$worker")"
			echo "worker_private_kib $second" \
			    "$(resident "$worker" RssAnon)"
			echo "worker_descriptors $second" \
			    "$(descriptors "$worker")"
		}
	} | awk 'NF == 3 && $3 > 0'
}

# Whether the load goes on: until the file stop is there, or the script gone.
goes_on() {
	[ ! -e stop ] && kill -0 $$ 2>/dev/null
}

# Samples of a daemon, one in so many seconds.
sample_until_stop() {
	while goes_on; do
		sample "$1" >>samples
		sleep "$2"
	done
}

# The counters of the daemon here go to the file counters, all else that it
# says to statistics.json.
counters() {
	"$softflowctl" -c ctl -j show statistics >statistics.json &&
	    jq -r '.counters | to_entries[] | "\(.key) \(.value)"' \
	    statistics.json >counters
}

counter() {
	awk -v name="$1" '$1 == name { print $2 }' counters
}

# All frames sent are read, given up or dropped.
all_read() {
	counters && [ $(($(counter frames) + $(counter frames_skipped) +
	    $(counter kernel_dropped))) -ge "$1" ]
}

# Something is not as it has to be.
off() {
	echo "$*" >>bad
}

# What, the number it has to be, the number it is.
must_be() {
	[ "$2" = "$3" ] || off "$1: expected $2, got $3"
}
