#!/usr/bin/env atf-sh
#
# Hostile clients of the control socket, while packets come: none is lost, an
# operator is served, and neither process grows.

. "$(atf_get_srcdir)/../integration/common.sh"

bench=$tree/regress/bench
clients=$(atf_get_srcdir)/clients

# How long each kind is at it; regress/hostile.sh has more time.
seconds=${HOSTILE_SECONDS:-1}

clients_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
		atf_set timeout $((300 + seconds * 20))
	}"
	eval "$1_cleanup() { remove_namespace; }"
}

send_until_stop() {
	while [ ! -e stop ]; do
		ip netns exec $ns "$bench/send" -r 20000 va load.pcap |
		    cut -f 1 >>sent
	done
}

# A daemon that packets of 20,000 conversations go past, 20,000 a second.
start_under_traffic() {
	make_namespace
	"$bench/generate" -n 20000 -f 20000 -o load.pcap 2>truth ||
	    atf_fail "generate failed"
	start_softflowd in_ns -i vb
	send_until_stop &
	sender=$!
	sleep 1.2
}

# Descriptors and KiB of the parent and of the worker.
use_of() {
	echo $(ls /proc/$1/fd | wc -l) \
	    $(awk '$1 == "VmRSS:" { print $2 }' /proc/$1/status)
}

# What they use is what they did: $1 before, $2 now, what is allowed more.
check_use() {
	set -- $1 $2 $3
	[ "$3" -le $(($1 + 1)) ] || atf_fail "descriptors: $1, then $3"
	sanitized || [ "$4" -le $(($2 + $5)) ] ||
	    atf_fail "memory: $2 KiB, then $4 KiB"
}

# These at once, beside an operator who is served within so many milliseconds.
#	longest mode ...
check_operator() {
	longest=$1
	shift
	pids=
	for mode; do
		"$clients" $mode ctl $seconds >$mode.out 2>&1 &
		pids="$pids $!"
	done
	"$clients" operator ctl $seconds >operator.out ||
	    atf_fail "the operator is not served"
	for pid in $pids; do
		wait $pid || {
			cat ./*.out
			atf_fail "a client could not go on"
		}
	done
	cat operator.out
	for mode; do
		cat $mode.out
	done
	took=$(sed -n 's/.*longest \([0-9]*\) ms/\1/p' operator.out)
	[ "$took" -le "$longest" ] || atf_fail "it took $took ms"
}

stop_under_traffic() {
	touch stop
	wait $sender
	sent=$(awk '{ n += $1 } END { print n }' sent)
	wait_for live_counter_is frames "$sent"
	atf_check -o match:Expired "$softflowctl" -c ctl expire-all
	live_counter frames >/dev/null
	check_counter kernel_dropped statistics 0
	check_counter worker_deaths statistics 0
	check_conservation statistics
	"$softflowctl" -c ctl shutdown >/dev/null
	finish_softflowd
	! LC_ALL=C grep '[^ -~]' log || atf_fail "the log is not for terminals"
	echo "$sent frames"
}

clients_test_case clients_that_hold_on_keep_nobody_out \
    "octet by octet, half a request, no reading: beside a full load"
clients_that_hold_on_keep_nobody_out_body() {
	start_under_traffic
	worker=$(worker_pid)
	check_operator 2000 unread
	parent_use=$(use_of $softflowd_pid) worker_use=$(use_of $worker)
	for mode in drip half unread idle flood; do
		check_operator 2000 $mode
	done
	sleep 0.3
	check_use "$parent_use" "$(use_of $softflowd_pid)" 256
	check_use "$worker_use" "$(use_of $worker)" 4096
	stop_under_traffic
}

clients_test_case clients_that_come_and_go_keep_nobody_out \
    "1,000 a second, wrong requests, descriptors, leaving within an answer"
clients_that_come_and_go_keep_nobody_out_body() {
	start_under_traffic
	worker=$(worker_pid)
	check_operator 2000 wrong
	parent_use=$(use_of $softflowd_pid) worker_use=$(use_of $worker)
	for mode in wrong descriptors leave storm; do
		check_operator 2000 $mode
	done
	made=$(sed -n 's/^storm: \([0-9]*\) .*/\1/p' storm.out)
	sanitized || [ "$made" -ge $((seconds * 1000)) ] ||
	    atf_fail "$made connections are no storm"
	check_operator 2000 storm wrong leave flood
	sleep 0.3
	check_use "$parent_use" "$(use_of $softflowd_pid)" 512
	check_use "$worker_use" "$(use_of $worker)" 4096
	stop_under_traffic
}

# A minute of it, which is for regress/hostile.sh.
clients_test_case all_places_taken_are_free_again_after_a_minute \
    "an operator who comes to eight idle ones is told so, and then served"
all_places_taken_are_free_again_after_a_minute_body() {
	[ $seconds -ge 62 ] || atf_skip "takes HOSTILE_SECONDS=62 or more"
	start_under_traffic
	check_operator 62000 full
	stop_under_traffic
}

atf_init_test_cases() {
	atf_add_test_case clients_that_hold_on_keep_nobody_out
	atf_add_test_case clients_that_come_and_go_keep_nobody_out
	atf_add_test_case all_places_taken_are_free_again_after_a_minute
}
