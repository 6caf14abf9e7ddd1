#!/usr/bin/env atf-sh
#
# Operators who look at flows, or have some of them leave, while packets go
# on.

. "$(atf_get_srcdir)/common.sh"

bench=$tree/regress/bench

flows_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
		atf_set timeout 300
	}
	$1_cleanup() {
		[ ! -s reader ] || kill \$(cat reader) 2>/dev/null
		remove_namespace
	}"
}

# So many packets of so many conversations, which are then in the table.
fill_table() {
	"$bench/generate" -n "$1" -f "$2" -o load.pcap 2>truth ||
	    atf_fail "generate failed"
	in_ns "$bench/send" -r 50000 va load.pcap >sent ||
	    atf_fail "send failed"
	wait_for live_counter_is frames "$1"
}

# How many flows are shown to who asks so.
shown() {
	"$softflowctl" -c ctl -j show flows "$@" >rows || atf_fail "no flows"
	grep -c '"proto' rows
}

flows_test_case some_flows_leave_and_the_rest_is_exported \
    "what flow expire and delete do adds up"
some_flows_leave_and_the_rest_is_exported_body() {
	make_namespace
	start_collector in_ns
	start_softflowd in_ns -i vb -v 9 -n "127.0.0.1:$port"
	fill_table 60000 20000
	all=$(shown)
	udp=$(shown proto udp)
	rest=$(shown port 80 proto tcp)
	[ "$udp" -gt 100 ] && [ "$rest" -gt 100 ] ||
	    atf_fail "$udp and $rest of $all flows"
	atf_check -o match:"Deleted $udp flows" \
	    "$softflowctl" -c ctl flow delete proto udp
	atf_check test "$(shown proto udp)" = 0
	atf_check -o match:"Expired $rest flows" \
	    "$softflowctl" -c ctl flow expire port 80
	atf_check test "$(shown port 80)" = 0
	atf_check test "$(shown)" = $((all - udp - rest))
	atf_check -o match:"Expired 0 flows" \
	    "$softflowctl" -c ctl flow expire port 80
	wait_for live_counter_is flows_exported "$rest"
	check_counter flows_deleted statistics "$udp"
	deleted=$(counter packets_deleted statistics)
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	finish_softflowd
	finish_collector
	arrived=$(awk -F '\t' '{ n += $7 } END { print n + 0 }' sums)
	atf_check test $((arrived + deleted)) = 60000
}

flows_test_case largest_flows_are_the_first "as a sort of all would have it"
largest_flows_are_the_first_body() {
	make_namespace
	start_softflowd in_ns -i vb
	fill_table 60000 20000
	octets() {
		"$softflowctl" -c ctl dump-flows | awk '/^ACTIVE/ {
			sub(/.*octets>:/, ""); n = $1
			sub(/.*octets<:/, ""); print n + $1
		}'
	}
	octets | sort -rn | head -n 25 >wanted
	"$softflowctl" -c ctl -H show flows by octets limit 25 >rows ||
	    atf_fail "no flows"
	awk '$4 ~ /^[0-9]+$/ { print $4 + $5 }' rows >got
	atf_check cmp wanted got
	kill $softflowd_pid
	finish_softflowd
}

flows_test_case reader_that_stops_holds_up_nobody \
    "neither packets nor other clients, and takes no memory"
reader_that_stops_holds_up_nobody_body() {
	make_namespace
	start_softflowd in_ns -i vb -m 200000
	fill_table 200000 150000
	flows=$(shown)
	rss() {
		awk '/^VmRSS/ { print $2 }' "/proc/$(worker_pid)/status"
	}
	mkfifo stuck
	sleep 300 <stuck &
	echo $! >reader
	"$softflowctl" -c ctl dump-flows >stuck &
	echo $! >>reader
	sleep 1
	before=$(rss)
	in_ns "$bench/send" -r 50000 va load.pcap >sent
	wait_for live_counter_is frames 400000
	check_counter kernel_dropped statistics 0
	atf_check test "$(shown)" = "$flows"
	# A sanitizer keeps what is freed.
	sanitized || atf_check test $(($(rss) - before)) -lt 2048
	kill $softflowd_pid
	finish_softflowd
}

flows_test_case dump_that_a_reload_cuts_says_so \
    "and a reader that has stopped does not hold up the reload"
dump_that_a_reload_cuts_says_so_body() {
	make_namespace
	echo interface vb >conf
	start_softflowd in_ns -f conf -m 50000
	fill_table 60000 20000
	flows=$(shown)
	worker=$(worker_pid)
	mkfifo stuck
	sleep 300 <stuck &
	reader=$!
	echo $reader >reader
	"$softflowctl" -c ctl dump-flows >stuck 2>said &
	dump=$!
	sleep 0.5
	echo 'filter "not port 9"' >>conf
	atf_check -o match:reloaded "$softflowctl" -c ctl reload
	worker_is_another() {
		[ "$(worker_pid)" != "$worker" ] && live_counter frames
	}
	wait_for worker_is_another
	atf_check test "$(shown)" = "$flows"
	exec 3<stuck
	kill $reader
	: >reader
	cat <&3 >dumped
	wait $dump && atf_fail "a dump of a part is no success"
	atf_check -o ignore grep 'without the rest of its answer' said
	atf_check test "$(grep -c ^ACTIVE dumped)" -lt "$flows"
	kill $softflowd_pid
	finish_softflowd
}

flows_test_case sandbox_and_memory_are_those_of_the_processes \
    "as the system has them"
sandbox_and_memory_are_those_of_the_processes_body() {
	make_namespace
	start_softflowd in_ns -i vb -m 50000
	send va "$real"
	wait_for live_counter_is frames $sent
	"$softflowctl" -c ctl show sandbox >sandbox || atf_fail "no sandbox"
	atf_check -o ignore grep "parent (pid $(cat pid)).*system calls" \
	    sandbox
	atf_check -o ignore grep "worker (pid $(worker_pid)): chroot, ids" \
	    sandbox
	"$softflowctl" -c ctl -H show memory >memory || atf_fail "no memory"
	for use in flows index 'timer wheel' rings 'control clients'; do
		atf_check -o ignore grep "^$use  *[1-9][0-9]*  *[1-9]" memory ||
		    cat memory
	done
	kill $softflowd_pid
	finish_softflowd
}

flows_test_case collector_has_the_name_that_it_was_given \
    "in statistics, beside its address"
collector_has_the_name_that_it_was_given_body() {
	make_namespace
	start_softflowd in_ns -i vb -v 9 -n localhost:9,127.0.0.1:9995
	"$softflowctl" -c ctl statistics >statistics
	atf_check -o ignore grep '^Collector localhost:9 (.*) (version 9): ' \
	    statistics
	atf_check -o ignore grep '^Collector 127.0.0.1:9995 (version 9): ' \
	    statistics
	kill $softflowd_pid
	finish_softflowd
}

atf_init_test_cases() {
	atf_add_test_case some_flows_leave_and_the_rest_is_exported
	atf_add_test_case largest_flows_are_the_first
	atf_add_test_case reader_that_stops_holds_up_nobody
	atf_add_test_case dump_that_a_reload_cuts_says_so
	atf_add_test_case sandbox_and_memory_are_those_of_the_processes
	atf_add_test_case collector_has_the_name_that_it_was_given
}
