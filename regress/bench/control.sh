#!/bin/sh
# What looking at a million flows costs while 200,000 packets a second go on:
# one client, a slow one, sorted, filtered, eight at once.  Root and network
# namespaces, on Linux.
#
#   sh regress/bench/control.sh [-f flows] [-r packets_per_second]

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
bench=$top/regress/bench
. "$top/regress/lib.sh"

flows=1000000 rate=200000
while getopts f:r: option; do
	case $option in
	f)	flows=$OPTARG ;;
	r)	rate=$OPTARG ;;
	*)	die "usage: control.sh [-f flows] [-r packets_per_second]" ;;
	esac
done
for goal in . regress/bench; do
	bsd_make -C "$top/$goal" all >/dev/null || die "the build failed"
done
work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-control.XXXXXX") || exit 1
ns=sfcontrol$$ daemon=
clean_up() {
	: >"$work/stop"
	[ -z "$daemon" ] || { kill "$daemon" && wait; } 2>/dev/null
	ip netns del $ns 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || exit 1

ip netns add $ns || die "network namespaces cannot be made"
ip netns exec $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1
ip -n $ns link add va type veth peer name vb
ip -n $ns link set va up
ip -n $ns link set vb up
"$bench/generate" -n $((flows * 2)) -f "$flows" -o load.pcap 2>/dev/null ||
    die "no capture"
ip netns exec $ns "$top/softflowd/softflowd" -d -p pid -c ctl -i vb \
    -m $((flows + flows / 8)) 2>log &
daemon=$!
until grep -q confined log; do
	kill -0 $daemon || die "$(cat log)"
	sleep 0.1
done
worker=$(pgrep -P $daemon)

ctl() {
	"$top/softflowctl/softflowctl" -c ctl "$@"
}

counter() {
	ctl statistics | awk -v name="$1" '$1 == name { print $2 }'
}

send_until_stop() {
	while [ ! -e stop ]; do
		ip netns exec $ns "$bench/send" -r "$rate" va load.pcap |
		    cut -f 1 >>sent
	done
}

# Seconds, CPU seconds of the worker, and what it has more of memory.
#	what command ...
measure() {
	what=$1
	shift
	rss=$(awk '/^VmRSS/ { print $2 }' /proc/$worker/status)
	dropped=$(counter kernel_dropped)
	cpu=$(awk '{ print $14 + $15 }' /proc/$worker/stat)
	begun=$(date +%s.%N)
	"$@" || die "$what failed"
	ended=$(date +%s.%N)
	cpu=$(($(awk '{ print $14 + $15 }' /proc/$worker/stat) - cpu))
	rss=$(($(awk '/^VmRSS/ { print $2 }' /proc/$worker/status) - rss))
	dropped=$(($(counter kernel_dropped) - dropped))
	echo "$begun $ended $cpu $rss $dropped $(cat rows)" |
	    awk -v what="$what" -v hz="$(getconf CLK_TCK)" '{
		printf "%-28s %9d %8.2f %8.2f %8d %8d\n", what, $6, $2 - $1,
		    $3 / hz, $4, $5 }'
}

nothing() {
	sleep 3
	echo 0 >rows
}

dump() {
	ctl dump-flows | grep -c ^ACTIVE >rows
}

# Stops reading for some seconds, when some of it has come.
dump_slowly() {
	ctl dump-flows | { read -r _; sleep 5; cat; } | grep -c ^ACTIVE >rows
}

show() {
	ctl -j show flows "$@" | grep -c '"proto' >rows || :
}

# Eight times at once.
eight() {
	clients=
	for i in 1 2 3 4 5 6 7 8; do
		"$@" &
		clients="$clients $!"
	done
	wait $clients
}

send_until_stop &
until [ "$(counter flows)" -ge "$flows" ]; do
	sleep 1
done
printf '%-28s %9s %8s %8s %8s %8s\n' "$rate packets/s, and" rows seconds \
    CPU +KiB lost
measure "nothing" nothing
measure "all flows" dump
measure "all, with a pause of 5 s" dump_slowly
measure "the 10 largest" show by octets limit 10
measure "the 1000 fastest" show by rate limit 1000
measure "a filter that matches none" show min-octets 1000G
measure "eight times all" eight dump
measure "eight times the 1000 oldest" eight show by age limit 1000
: >stop
