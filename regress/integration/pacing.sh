#!/usr/bin/env atf-sh
#
# Ten thousand flows that end in the same second arrive complete at a
# collector that has only the buffer which its system gives to every socket.

. "$(atf_get_srcdir)/common.sh"

flows=10000

# The records that nfcapd wrote.
count_records() {
	nfdump -R flows -I >info 2>/dev/null
	awk '$1 == "Flows:" { print $2 }' info
}

everything_has_left() {
	[ "$(live_counter flows_exported)" -ge $flows ]
}

listening() {
	in_ns ss -lnu | grep -q :9995
}

# One packet for each of that many conversations, all within a tenth of a
# second; idle for 2 seconds, all of them are over.
ten_thousand_end_in_version() {
	make_namespace
	atf_check -o ignore -e ignore "$tree/regress/bench/generate" \
	    -m small -6 0 -f $flows -n $flows -o many.pcap
	mkdir flows
	ip netns exec $ns nfcapd -w flows -b 127.0.0.1 -p 9995 \
	    >nfcapd.log 2>&1 &
	nfcapd_pid=$!
	wait_for listening
	start_softflowd in_ns -i vb -C 2000 -v $1 -n 127.0.0.1:9995 \
	    -t tcp=2 -t udp=2 -t general=2 -t expint=0
	send -r 100000 va many.pcap
	wait_for everything_has_left
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	finish_softflowd
	sleep 0.5
	kill -TERM $nfcapd_pid
	wait $nfcapd_pid
	cat nfcapd.log
	arrived=$(count_records)
	[ "$arrived" = $flows ] ||
	    atf_fail "$arrived of $flows flows arrived"
}

# Some 40 seconds of it are to be exported, a parent has no patience for 30.
atf_test_case a_limit_keeps_nobody_from_ending cleanup
a_limit_keeps_nobody_from_ending_head() {
	atf_set descr "SIGTERM while all flows expire, slowly"
	atf_set require.user root
	atf_set timeout 90
}
a_limit_keeps_nobody_from_ending_body() {
	make_namespace
	atf_check -o ignore -e ignore "$tree/regress/bench/generate" \
	    -m small -6 0 -f $flows -n $flows -o many.pcap
	start_collector in_ns
	start_softflowd in_ns -i vb -n 127.0.0.1:$port -o rate=12000
	send -r 20000 va many.pcap
	wait_for live_counter_is flows $flows
	"$softflowctl" -c ctl expire-all 2>expired &
	asking=$!
	sleep 1
	kill -TERM $softflowd_pid
	finish_softflowd
	wait $asking && atf_fail "not all flows had expired, but it says so"
	cat log
	atf_check -s exit:1 grep "did not end" log
	atf_check -o match:"Expired [1-9][0-9]* flows, not all" cat expired
	finish_collector
}
a_limit_keeps_nobody_from_ending_cleanup() {
	remove_namespace
}

cases=
for v in 5 9 10; do
	case=nothing_is_lost_of_many_at_once_in_version_$v
	cases="$cases $case"
	atf_test_case $case cleanup
	eval "${case}_head() {
		atf_set descr '10,000 flows, the default receive buffer'
		atf_set require.user root
		atf_set require.progs 'nfcapd nfdump ip ss'
		atf_set timeout 60
	}
	${case}_body() {
		ten_thousand_end_in_version $v
	}
	${case}_cleanup() {
		remove_namespace
	}"
done

atf_init_test_cases() {
	for case in a_limit_keeps_nobody_from_ending $cases; do
		atf_add_test_case $case
	done
}
