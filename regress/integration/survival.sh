#!/usr/bin/env atf-sh
#
# Workers that are killed at any moment: what they had goes on with the next
# one.

. "$(atf_get_srcdir)/common.sh"

bench=$tree/regress/bench

# A case in a namespace of its own.
survival_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
		atf_set timeout 600
	}"
	eval "$1_cleanup() { remove_namespace; }"
}

# Send a capture again and again, at this rate, until the file stop is there;
# how many frames each time goes to the file sent.
send_until_stop() {
	while [ ! -e stop ]; do
		ip netns exec $ns "$bench/send" -r "$1" va load.pcap |
		    cut -f 1 >>sent
	done
}

# Kill a worker so many times, at random moments about a second apart: more
# often the parent would make the next one wait.
kill_workers() {
	random=$$
	i=0
	while [ $i -lt "$1" ]; do
		random=$(((random * 1103515245 + 12345) % 2147483648))
		sleep "$(printf '0.%03d' $((700 + random / 65536 % 300)))"
		kill -9 "$(worker_pid)" || atf_fail "there is no worker"
		sleep "$(printf '0.%03d' $((random / 65536 % 300)))"
		i=$((i + 1))
	done
}

# All that was sent is with the collector or counted as given up.
#	sent deaths
check_nothing_lost() {
	"$softflowctl" -c ctl statistics >statistics
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	finish_softflowd
	finish_collector
	arrived=$(awk -F '\t' '{ n += $7 } END { print n + 0 }' sums)
	skipped=$(counter frames_skipped statistics)
	echo "sent $1, collected $arrived, given up $skipped, deaths $2," \
	    "$(sed -n 's/.*\(repeats.*\)/\1/p' collected) of" \
	    "$(counter datagrams_repeated statistics)"
	for name in flows_lost packets_lost packets_unsent kernel_dropped; do
		check_counter $name statistics 0
	done
	check_counter worker_deaths statistics "$2"
	[ $((arrived + skipped)) -eq "$1" ] ||
	    atf_fail "sent $1, collected $arrived, given up $skipped"
	[ "$skipped" -le $(($2 * 32)) ] || atf_fail "$skipped given up"
}

# Kill that many workers of an exporter of this version, under 50,000 packets
# a second of 50,000 conversations, which expire all the time, too.
#	deaths version
survive() {
	rate=50000
	! sanitized || rate=10000
	make_namespace
	"$bench/generate" -n 500000 -f 50000 -6 "$3" -o load.pcap 2>truth ||
	    atf_fail "generate failed"
	start_collector in_ns
	start_softflowd in_ns -i vb -v "$2" -m 131072 -n "127.0.0.1:$port" \
	    -t udp=2 -t tcp=3 -t tcp.fin=3 -t tcp.rst=3 -t maxlife=20 \
	    -t expint=1
	send_until_stop $rate &
	sender=$!
	sleep 1
	kill_workers "$1"
	touch stop
	wait $sender
	sent=$(awk '{ n += $1 } END { print n }' sent)
	wait_for live_counter_is kernel_received "$sent"
	sleep 1
	check_nothing_lost "$sent" "$1"
}

survival_test_case a_hundred_kills_lose_only_what_is_counted \
    "at random, under 50,000 packets a second of 50,000 conversations"
a_hundred_kills_lose_only_what_is_counted_body() {
	kills=$(atf_config_get kills 100)
	! sanitized || kills=10
	survive "$kills" 9 20
}

survival_test_case kills_leave_no_gap_in_v5_and_ipfix_sequences \
    "which count flows"
kills_leave_no_gap_in_v5_and_ipfix_sequences_body() {
	survive 5 5 0
	rm -f stop sent
	remove_namespace
	survive 5 10 20
}

survival_test_case killed_while_exporting_all \
    "the datagram in hand goes out, and the flows behind it"
killed_while_exporting_all_body() {
	make_namespace
	"$bench/generate" -n 60000 -f 20000 -o load.pcap 2>truth ||
	    atf_fail "generate failed"
	start_collector in_ns
	start_softflowd in_ns -i vb -v 9 -n "127.0.0.1:$port"
	sent=0 deaths=0
	while [ $deaths -lt 8 ]; do
		n=$(ip netns exec $ns "$bench/send" -r 60000 va load.pcap |
		    cut -f 1)
		sent=$((sent + n))
		wait_for live_counter_is kernel_received $sent
		worker=$(worker_pid)
		"$softflowctl" -c ctl expire-all >/dev/null 2>&1 &
		client=$!
		sleep "0.00$deaths"
		kill -9 $worker
		wait $client
		wait_for "$softflowctl" -c ctl timeouts
		deaths=$((deaths + 1))
	done
	check_nothing_lost $sent $deaths
}

atf_test_case worker_killed_on_a_file_leaves_it_to_be_exported
worker_killed_on_a_file_leaves_it_to_be_exported_head() {
	atf_set descr "by a fresh one; the exit status and a message say so"
}
worker_killed_on_a_file_leaves_it_to_be_exported_body() {
	mkfifo pipe
	start_collector
	"$softflowd" -r pipe -v 9 -n "127.0.0.1:$port" >out 2>log &
	softflowd_pid=$!
	# All but the end, which never comes.
	{ head -c 100000 "$real"; sleep 60; } >pipe &
	feeder=$!
	sleep 2
	kill -9 "$(worker_pid)"
	finish_softflowd 1
	kill $feeder
	finish_collector
	packets=$(awk -F '\t' '{ n += $7 } END { print n + 0 }' sums)
	atf_check test "$packets" -gt 100
	check_counter packets_exported out $packets
	frames=$(($(counter frames out) + $(counter frames_skipped out)))
	atf_check -o match:"reading ended after frame $frames\$" cat log
	check_conservation out
}

atf_test_case worker_without_progress_ends_itself
worker_without_progress_ends_itself_head() {
	atf_set descr "when its clock of CPU time comes round with nothing done"
}
worker_without_progress_ends_itself_body() {
	mkfifo pipe
	"$softflowd" -r pipe >out 2>log &
	softflowd_pid=$!
	{ head -c 100000 "$real"; sleep 60; } >pipe &
	feeder=$!
	sleep 2
	worker=$(worker_pid)
	# As the clock would; the first finds what was done since the start.
	kill -PROF $worker
	sleep 0.5
	kill -0 $worker || atf_fail "it took the first for a hang"
	kill -PROF $worker
	finish_softflowd 1
	kill $feeder
	atf_check -o match:"killed by signal 6" cat log
	check_conservation out
	atf_check test "$(counter packets out)" -gt 100
}

atf_init_test_cases() {
	atf_add_test_case a_hundred_kills_lose_only_what_is_counted
	atf_add_test_case kills_leave_no_gap_in_v5_and_ipfix_sequences
	atf_add_test_case killed_while_exporting_all
	atf_add_test_case worker_killed_on_a_file_leaves_it_to_be_exported
	atf_add_test_case worker_without_progress_ends_itself
}
