#!/bin/sh
# A daemon under mixed traffic for a long time, while everything around it
# changes at random: configuration, interfaces, collectors, clients, and its
# workers die.  At the end every frame is accounted for, memory and
# descriptors have not grown, and nothing is left.
#
#   sh regress/soak/soak.sh [-B] [-m KiB] [-o folder] [-r packets_per_second]
#       [-s seed] [seconds]
#
# The default is an hour.  Memory may grow by 1 MiB or 10 %, or by what -m says;
# with -B nothing is built.  Prints a report, which goes to the folder with -o,
# with the log and samples, and as JSON (report.json).  Exits 1 if anything is
# off, 2 if it could not run.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/regress/soak/common.sh"
. "$top/regress/soak/traffic.sh"
. "$top/regress/soak/actions.sh"

least='' out='' rate=20000 seed=$$
build=build_all
usage="usage: soak.sh [-B] [-m KiB] [-o folder] [-r packets_per_second]
	[-s seed] [seconds]"
while getopts Bm:o:r:s: option; do
	case $option in
	B)	build=: ;;
	m)	least=$OPTARG ;;
	o)	out=$(cd "$OPTARG" && pwd) || exit 2 ;;
	r)	rate=$OPTARG ;;
	s)	seed=$OPTARG ;;
	*)	cannot "$usage" ;;
	esac
done
shift $((OPTIND - 1))
seconds=${1:-3600}
[ -n "$least" ] || least=$((seconds < 300 ? 4096 : 1024))
case $least$rate$seed$seconds in
*[!0-9]*) cannot "$usage" ;;
esac

# A collector of that name, its sums in the file; -r as streams break.
start_collector() {
	name=$1
	shift
	rm -f "$name.port"
	ip netns exec "$ns" "$collector" -r -s -P "$name.port" "$@" \
	    >"$name.sums" 2>>"$name.said" &
	echo $! >"$name.pid"
	wait_until 50 test -s "$name.port" || off "collector $name: no start"
}

stop_collector() {
	kill -s "$2" "$(cat "$1.pid")"
	wait "$(cat "$1.pid")" 2>/dev/null
	rm "$1.pid"
}

# Sum of those that match.
counters_like() {
	awk -v like="^($1)\$" '$1 ~ like { n += $2 } END { print n + 0 }' \
	    counters
}

table_is_empty() {
	counters && [ "$(jq .active_flows statistics.json)" -eq 0 ]
}

# What the parent has open, and what its sockets are.
list_descriptors() {
	ls -l /proc/$daemon/fd
	ip netns exec "$ns" ss -Hanp -A all 2>/dev/null | grep "pid=$daemon,"
}

# Lines of the log that nobody expects, however many are suppressed.
unexpected() {
	sed 's/ ([0-9]* more like this suppressed in [0-9]* s)$//' log |
	    grep -v -E -f "$soak/expected"
}

processes_left() {
	ip netns pids "$ns" | while read -r pid; do
		pgrep -F /dev/stdin -x softflowd <<-END
		$pid
		END
	done
}

nobody_left() {
	[ -z "$(processes_left)" ]
}

# Back to what it was at the start, and all that was sent is read.
settle() {
	sed -i '/^interface/d; /^collector/d; /^sampling/d' settings
	write_conf
	reload reloaded
	[ -s b.pid ] || start_collector b -p "$port_b"
	[ -s c.pid ] || start_collector c -T tcp -p 4739
	sent=$(awk '{ n += $1 } END { print n + 0 }' sent)
	wait_until 300 all_read "$sent"
	wait_until 100 ctl expire-all
	wait_until 300 table_is_empty
	sleep 2
	counters
}

check() {
	handovers=$(grep -c 'the hand-over took' log)
	must_be "frames + given up + dropped by the kernel" "$sent" \
	    "$(counters_like 'frames|frames_skipped|kernel_dropped')"
	# Where a socket is replaced, both count what comes while the clock
	# of the one that leaves passes the cut.
	twice=$(($(counter kernel_received) - sent))
	[ $twice -ge 0 ] && [ $twice -le $((rate * handovers / 20)) ] ||
	    off "received by the kernel: $twice more than sent"
	must_be "frames by what became of them" "$(counter frames)" \
	    "$(counters_like "packets|packets_reported|not_sampled|$(:
	    )frames_filtered|own_export|loopback_outgoing|$(:
	    )second_sightings|drop_.*")"
	must_be "packets by what became of them" "$(counter packets)" \
	    "$(counters_like "packets_(exported|not_exportable|unsent|$(:
	    )no_collector|deleted|lost)")"
	must_be "packets at the collector" "$(counter packets_exported)" \
	    "$arrived"
	must_be "errors and gaps at the collector" "0 0" "$(sed -n \
	    's/.*errors \([0-9]*\) gaps \([0-9]*\).*/\1 \2/p' a.said)"
	must_be "deaths" $deaths "$(counter worker_deaths)"
	for zero in flows_lost packets_lost packets_unsent \
	    packets_no_collector packets_not_exportable; do
		must_be $zero 0 "$(counter $zero)"
	done
	must_be "what the collector was not sent" 0 "$(jq --argjson port \
	    "$port_a" '.collectors[] | select(.port == $port) |
	    .failures + .records_lost' statistics.json)"
	[ "$(counter frames_skipped)" -le $((32 * deaths)) ] ||
	    off "$(counter frames_skipped) frames given up by $deaths deaths"
	grep -h -v -e '^datagrams' -e '^listening' -e '^templates_again' \
	    -e 'connection ended within a message' a.said c.said |
	    sed 's/^/collectors: /' >>bad
	must_be "descriptors of the parent" "$before" "$after"
	unexpected | sed 's/^/log: /' | head -n 20 >>bad
	must_be "files left" "" "$(find . -name 'pid*' -o -name 'ctl*')"
	rises "$least" >>bad
}

report() {
	echo "soak: $seconds s, seed $seed, $rate packets a second," \
	    "load $(cut -d ' ' -f 1-3 /proc/loadavg)"
	echo "sent $sent, exported $(counter packets_exported)," \
	    "collected $arrived, deleted $(counter packets_deleted)," \
	    "not sampled $(counter not_sampled)," \
	    "no packet $(counters_like 'drop_.*'), given up" \
	    "$(counter frames_skipped), dropped $(counter kernel_dropped)," \
	    "lost $(counter packets_lost)"
	echo "deaths $deaths, hand-overs $handovers," \
	    "reloads $(grep -c ' reloaded: ' log)," \
	    "refused $(grep -c 'not reloaded: ' log)," \
	    "records $(sed -n 's/.*records \([0-9]*\) v1.*/\1/p' a.said)," \
	    "repeated $(counter datagrams_repeated)," \
	    "parent's CPU seconds $cpu"
	echo "actions:" \
	    "$(cut -d ' ' -f 2 acted | sort | uniq -c | awk '
	    { printf("%s%s %d", sep, $2, $1); sep = ", " }')"
	cat flat
	cat bad
	[ -s bad ] && echo "FAILED: $(grep -c . bad) things are off" ||
	    echo "all accounted for, nothing grows, nothing is left"
}

report_json() {
	jq -n --arg seed "$seed" --arg seconds "$seconds" --arg sent "$sent" \
	    --arg collected "$arrived" --slurpfile s statistics.json \
	    --rawfile bad bad --rawfile flat flat --rawfile acted acted '{
		seed: ($seed | tonumber), seconds: ($seconds | tonumber),
		sent: ($sent | tonumber), collected: ($collected | tonumber),
		counters: $s[0].counters,
		actions: ($acted | split("\n") | map(select(. != "") |
		    split(" ")[1]) | group_by(.) |
		    map({ (.[0]): length }) | add),
		series: [$flat | split("\n")[1:][] | select(. != "") |
		    [splits(" +")] | { name: .[0], samples: .[1],
		    lowest: .[2], highest: .[3], last: .[4], rises: .[5],
		    judgement: .[6] }],
		off: ($bad | split("\n") | map(select(. != "")))
	}'
}

$build
begin_work
cd "$work" || exit 2
ns=soak$$
make_namespace "$ns"
make_pair "$ns" va vb
make_pair "$ns" vc vd
make_pair "$ns" vx vy
: >bad
: >acted
: >settings
state=$seed deaths=0
make_traffic 2>generated || cannot "no traffic: $(cat generated)"
start_collector a -p 0
start_collector b -p 0
start_collector c -T tcp -p 4739
port_a=$(cat a.port) port_b=$(cat b.port)
for name in "udp 3" "tcp 4" "tcp.fin 2" "icmp 2" "general 3" "maxlife 20"; do
	echo "timeout $name" >>settings
done
echo "filter not ether host 02:00:00:00:99:99" >>settings
echo "interface vy" >>settings
write_conf
ip netns exec "$ns" "$softflowd" -d -p pid -c ctl -m 131072 -f conf \
    >log 2>&1 &
daemon=$!
wait_until 100 ctl timeouts || cannot "it did not start: $(cat log)"
# One that was removed keeps its socket until another takes its place.
sed -i /^interface/d settings
write_conf
reload reloaded
sleep 1
list_descriptors >descriptors
before=$(descriptors $daemon)
sample_until_stop $daemon 5 &
sampler=$!
send_traffic &
sender=$!
end=$(($(date +%s) + seconds))
while [ "$(date +%s)" -lt $end ]; do
	act
	random 15
	sleep "$(printf '%d.%d' $((1 + r / 10)) $((r % 10)))"
done
touch stop
wait $sender $sampler
settle
after=$(descriptors $daemon)
list_descriptors >>descriptors
cpu=$(awk '{ printf("%.1f", ($14 + $15) / 100) }' /proc/$daemon/stat)
wait_until 100 ctl shutdown || off "shutdown failed"
wait $daemon
must_be "exit status" 0 $?
wait_until 20 nobody_left || off "processes left: $(processes_left)"
for name in a b c; do
	stop_collector $name TERM
done
arrived=$(awk -F '\t' '{ n += $7 } END { print n + 0 }' a.sums)
check
report | tee report
report_json >report.json
[ -z "$out" ] ||
    cp report report.json log samples acted descriptors a.said c.said "$out"
[ ! -s bad ]
