#!/bin/sh
# Kill the workers of running daemons at random moments, 1,000 times, under
# 50,000 packets a second each, and show that nothing is lost but what is
# counted: one batch for each kill at most.
#
#   sh regress/soak/kills.sh [-B] [-j daemons] [-n kills]
#       [-r packets_per_second] [-s seed] [-T udp | tcp]
#
# As a parent starts one worker a second when deaths pile up, the kills are
# shared by daemons side by side, each with an interface, a collector and a
# network namespace of its own; over UDP every other one exports v9, the rest
# IPFIX.  Signals are KILL, SEGV and ABRT; some kills come right after
# another, while the next worker starts.  With -B nothing is built.  Prints a
# table; exits 1 if anything is off, 2 if it could not run.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/regress/soak/common.sh"

daemons=4 kills=1000 rate=50000 seed=$$ transport=udp
build=build_all
usage="usage: kills.sh [-B] [-j daemons] [-n kills] [-r packets_per_second]
	[-s seed] [-T udp | tcp]"
while getopts Bj:n:r:s:T: option; do
	case $option in
	B)	build=: ;;
	j)	daemons=$OPTARG ;;
	n)	kills=$OPTARG ;;
	r)	rate=$OPTARG ;;
	s)	seed=$OPTARG ;;
	T)	transport=$OPTARG ;;
	*)	cannot "$usage" ;;
	esac
done
case $daemons$kills$rate$seed in
*[!0-9]*) cannot "$usage" ;;
esac
case $transport in
udp|tcp) ;;
*)	cannot "-T $transport: neither udp nor tcp" ;;
esac

# The moments and the signals: seconds to wait before, and what to send.
make_plan() {
	awk -v seed="$1" -v n="$2" 'BEGIN {
		srand(seed)
		for (i = 0; i < n; i++) {
			wait = 0.8 + rand() * 0.8
			# Never two of these in a row: a table of which three
			# workers die is not kept.
			if (!close_to && rand() < 0.1)
				wait = rand() * 0.06
			close_to = wait < 0.1
			x = rand()
			printf("%.3f %s\n", wait,
			    x < 0.6 ? "KILL" : x < 0.8 ? "SEGV" : "ABRT")
		}
	}'
}

# Send the load again and again until the file stop is there.
send_load() {
	while goes_on; do
		ip netns exec "$1" "$bench/send" -r "$rate" va ../load.pcap \
		    >>sent
	done
}

# A worker dies; one that is not there yet is waited for.
kill_one() {
	wait_until 50 worker_of "$1" || return 1
	kill -s "$2" "$(worker_of "$1")"
}

must_not_exceed() {
	[ "$3" -le "$2" ] 2>/dev/null || off "$1: at most $2, got $3"
}

# Each conversation's packets against what was sent of it: what lacks, and in
# how many keys there is too much.
compare_keys() {
	awk -F '\t' -v rounds="$1" '
	FNR == NR { want[$1] = $2 * rounds; next }
	{
		key = $1 " " $2 " " $3 " " $4 " " $5 " " $6
		if ($7 > want[key])
			more++
		lacks += want[key] - $7
		delete want[key]
	}
	END {
		for (key in want)
			lacks += want[key]
		print lacks + 0, more + 0
	}' ../truth sums
}

# How many frames each death cost, as "frames x deaths".
distribution() {
	sed -n 's/.*took over .* flows; \([0-9]*\) frames given up.*/\1/p' log
}

check() {
	records=$(sed -n 's/.*records \([0-9]*\) v1.*/\1/p' collected)
	repeats=$(sed -n 's/.*repeats \([0-9]*\).*/\1/p' collected)
	gaps=$(sed -n 's/.*errors \([0-9]*\) gaps \([0-9]*\).*/\1 \2/p' \
	    collected)
	arrived=$(awk -F '\t' '{ n += $7 } END { print n + 0 }' sums)
	skipped=$(counter frames_skipped)
	dropped=$(counter kernel_dropped)
	deaths=$(counter worker_deaths)
	must_be "frames + given up + dropped by the kernel" "$sent" \
	    $(($(counter frames) + skipped + dropped))
	must_be "received by the kernel" "$sent" "$(counter kernel_received)"
	must_be "packets + given up + dropped at the collector" "$sent" \
	    $((arrived + skipped + dropped))
	must_be "errors and gaps at the collector" "0 0" "$gaps"
	must_be deaths "$kills_here" "$deaths"
	for zero in flows_lost packets_lost packets_unsent flows_unsent \
	    packets_no_collector packets_not_exportable; do
		must_be $zero 0 "$(counter $zero)"
	done
	must_not_exceed "frames given up" $((32 * deaths)) "$skipped"
	most=$(distribution | sort -n | tail -n 1)
	must_not_exceed "frames given up by one death" 32 "${most:-0}"
	must_not_exceed "repeated datagrams at the collector" \
	    "$(counter datagrams_repeated)" "$repeats"
	# What was dropped or given up lacks somewhere, and nothing else.
	must_be "packets lacking by key, keys with too many" \
	    "$((skipped + dropped)) 0" "$(compare_keys "$rounds")"
	rises 1024 >>bad
	must_be "descriptors of the parent" "$before" "$after"
	left=$(find . -name 'pid*' -o -name 'ctl*')
	must_be "files left" "" "$left"
}

# One daemon from its start to its end; leaves a line in row and bad.
one_daemon() {
	name=daemon$1
	ns=soak$$.$1
	kills_here=$2
	version=10
	[ "$transport" = tcp ] || [ $(($1 % 2)) -eq 0 ] || version=9
	mkdir "$work/$name" && cd "$work/$name" || exit 1
	make_namespace "$ns"
	make_pair "$ns" va vb
	ip netns exec "$ns" "$collector" -r -s -T "$transport" -p 0 -P port \
	    >sums 2>collected &
	collector_pid=$!
	wait_until 50 test -s port
	ip netns exec "$ns" "$softflowd" -d -p pid -c ctl -i vb \
	    -v "$version" -m 131072 -P "$transport" \
	    -n "127.0.0.1:$(cat port)" -t udp=2 -t tcp=3 -t tcp.fin=2 \
	    -t tcp.rst=2 -t maxlife=20 -t expint=1 -o reconnect=1 >log 2>&1 &
	pid=$!
	wait_until 100 "$softflowctl" -c ctl timeouts || {
		off "it did not start: $(cat log)"
		return
	}
	before=$(descriptors $pid)
	make_plan $((seed + $1)) "$kills_here" >plan
	send_load "$ns" &
	sender=$!
	sample_until_stop $pid 2 &
	sampler=$!
	sleep 1
	while read -r seconds signal; do
		sleep "$seconds"
		kill_one $pid "$signal" || {
			off "no worker comes"
			break
		}
	done <plan
	sleep 1
	touch stop
	wait $sender $sampler
	sent=$(awk '{ n += $1 } END { print n }' sent)
	rounds=$(grep -c . sent)
	pps=$(awk '{ n += $1; t += $2 } END { printf("%.0f", n / t) }' sent)
	wait_until 100 all_read "$sent"
	sleep 1.2
	counters
	after=$(descriptors $pid)
	"$softflowctl" -c ctl shutdown >/dev/null
	wait $pid
	must_be "exit status" 0 $?
	kill -TERM $collector_pid
	wait $collector_pid
	check
	printf '%s\t' "$name" "$version" "$deaths" "$pps" "$sent" "$arrived" \
	    "$skipped" "$dropped" "$records" "$repeats" \
	    "$(counter datagrams_repeated)" "$(counter flows_lost)" \
	    "${gaps#* }" >row
	echo "${most:-0}" >>row
}

$build
begin_work
cd "$work" || exit 2
# Conversations of ten packets on the average: some thousand end each second.
"$bench/generate" -n $((5 * rate)) -f 20000 -p 10 -6 20 -s "$seed" \
    -o load.pcap 2>generated || cannot "no capture: $(cat generated)"
# Another program tells what is in it.
tcpdump -nnqtr load.pcap 2>/dev/null | awk '{
	from = $2
	to = $4
	sub(/:$/, "", to)
	sport = from
	sub(/.*\./, "", sport)
	sub(/\.[0-9]*$/, "", from)
	dport = to
	sub(/.*\./, "", dport)
	sub(/\.[0-9]*$/, "", to)
	n[($1 == "IP6" ? 6 : 4) " " from " " to " " \
	    ($5 == "tcp" ? 6 : 17) " " sport " " dport]++
}
END {
	for (key in n)
		print key "\t" n[key]
}' >truth
echo "seed $seed: $kills kills, $daemons daemons, $rate packets a second" \
    "each, $(grep -c . truth) keys, export over $transport"
begun=$(date +%s)
i=0
while [ $i -lt "$daemons" ]; do
	one_daemon $i \
	    $((kills / daemons + (i < kills % daemons))) &
	echo $! >>running
	i=$((i + 1))
done
# shellcheck disable=SC2046
wait $(cat running)
echo "took $(($(date +%s) - begun)) s; load $(cut -d ' ' -f 1-3 \
    /proc/loadavg)"
cat daemon*/row 2>/dev/null | awk -F '\t' '
BEGIN {
	form = "%-8s %3s %6s %7s %11s %11s %8s %8s %9s %7s %8s %5s %4s %4s\n"
	printf(form, "daemon", "v", "deaths", "pps", "sent", "exported",
	    "given up", "dropped", "records", "repeats", "declared", "lost",
	    "gaps", "most")
}
{
	printf(form, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
	    $14)
	for (i = 3; i <= 13; i++)
		sum[i] += $i
	if ($14 > most + 0)
		most = $14
}
END {
	printf(form, "all", "", sum[3], sum[4], sum[5], sum[6], sum[7],
	    sum[8], sum[9], sum[10], sum[11], sum[12], sum[13], most + 0)
}'
echo "frames given up by a death: how often"
for name in daemon*; do
	(cd "$name" && distribution)
done | sort -n | uniq -c | awk '{ printf("%s%d: %d", sep, $2, $1); sep = ", " }
END { print "" }'
cat daemon0/flat
for name in daemon*; do
	[ ! -e "$name/bad" ] || sed "s/^/$name: /" "$name/bad"
done >bad
[ ! -s bad ] || {
	cat bad
	echo "FAILED: $(grep -c . bad) things are off"
	exit 1
}
[ "$(cat daemon*/row | wc -l)" -eq "$daemons" ] || {
	echo "FAILED: a daemon has no result"
	exit 1
}
echo "nothing lost: every packet sent is in a record or counted"
