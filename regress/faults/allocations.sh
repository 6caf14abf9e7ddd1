#!/usr/bin/env atf-sh
#
# Every allocation fails, one in a run: a start is refused with a message, a
# client or a reload is refused, or a worker is replaced; the daemon goes on,
# and all packets are with the collectors or counted.  Of sites that one of our
# functions reaches by several ways one is taken here, and all by ../faults.sh.

. "$(atf_get_srcdir)/../integration/common.sh"
. "$(atf_get_srcdir)/sweep.sh"

everything() {
	[ "$(atf_config_get sweep few)" = all ]
}

# Let the allocations of a survey fail in turn; not all, but each n-th.
#	kind [n]
fail_each() {
	if everything; then
		pick '.*alloc' '.*' >picked
	else
		pick '.*alloc' '.*' 1 | awk -v n="${2:-1}" 'NR % n == 0' >picked
	fi
	[ -s picked ] || atf_fail "nothing is allocated"
	sweep $1 ENOMEM <picked >found
	echo "$nrun of $(pick '.*alloc' '.*' | wc -l) places, $nmissed not" \
	    "reached, $nlibrary deaths inside of libraries"
	[ $nwrong -eq 0 ] || {
		cat found
		atf_fail "$nwrong of $nrun sites"
	}
	[ $((nmissed * 10)) -lt $nrun ] || atf_fail "few were reached"
}

# Of the start there is enough in the next one.
sweep_test_case allocations_that_fail_are_survived_or_told_of \
    "by a daemon: start, traffic, clients, reload, hand-over, shutdown"
allocations_that_fail_are_survived_or_told_of_body() {
	prepare
	survey live
	everything || sed -i "1,${nstart}d" sites
	fail_each live 5
}

sweep_test_case allocations_that_fail_leave_no_file_unread_unsaid \
    "by a reader of a savefile, with a filter"
allocations_that_fail_leave_no_file_unread_unsaid_body() {
	prepare
	survey savefile
	fail_each savefile 2
}

sweep_test_case allocations_that_fail_in_a_client_are_told_of \
    "softflowctl prints everything or exits with a message"
allocations_that_fail_in_a_client_are_told_of_body() {
	prepare
	program=$softflowctl
	start_softflowd in_ns -i vb
	in_ns "$bench/send" -r 20000 va load.pcap >/dev/null
	wait_for live_counter_is frames $nflows
	for words in "show flows" "-j show flows" "-p show statistics"; do
		survey ctl
		fail_each ctl 2
	done
	kill $softflowd_pid
	finish_softflowd
}

# The file site: the first one of that role whose chain of functions matches,
# behind all of another chain if there is a third argument.  Functions are
# public ones: compilers put others into their callers.
site_through() {
	make_chains
	awk -v behind="${3:-^$}" '{ chain[NR] = $0 }
	    $0 ~ behind { last = NR }
	    END { while (++last <= NR) print chain[last] }' chains >later
	pick '.*alloc' "$1" | while read -r hash role name; do
		grep -q "^$hash .*$2" later || continue
		echo "$hash $role $name"
		break
	done >site
	[ -s site ] || atf_fail "no allocation through $2"
}

# A run in which the first such allocation fails has no effect but this line.
#	role chain message [chain]
survives() {
	prepare
	survey live
	site_through "$1" "$2" "${4:-}"
	sweep live ENOMEM <site >found
	[ $nwrong -eq 0 ] && [ $nmissed -eq 0 ] || {
		cat found
		atf_fail "it has no such effect"
	}
	atf_check -o match:"$3" cat log
}

sweep_test_case no_memory_for_a_message_replaces_the_worker \
    "which keeps its flows, and the daemon its reload"
no_memory_for_a_message_replaces_the_worker_body() {
	survives parent priv_handover_start \
	    'message to the worker: worker .* is replaced: Cannot alloc'
}

sweep_test_case no_memory_for_a_filter_refuses_the_reload \
    "not the daemon"
no_memory_for_a_filter_refuses_the_reload_body() {
	survives parent 'priv_own_filter.*priv_reload' \
	    'not reloaded: Cannot allocate memory'
}

sweep_test_case compiler_that_exits_removes_no_files \
    "libpcap ends its process; the daemon can be reached as before"
compiler_that_exits_removes_no_files_body() {
	survives child 'capture_compile.*priv_reload' \
	    'not reloaded: the filter expression could not be compiled' \
	    'sandbox_.*capture_compile.*priv_reload'
}

atf_init_test_cases() {
	for test in $sweep_tests; do
		atf_add_test_case $test
	done
}
