#!/usr/bin/env atf-sh
#
# Collectors that are reached by TCP beside those of UDP: whatever becomes of
# their connections, the others get everything.

. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/collectors_common.sh"

# Of the totals that a daemon sends there is a case of its own, the last one.

collectors_test_case tcp_and_udp_collectors_get_the_same \
    "from a file, and live, where another one refuses connections"
tcp_and_udp_collectors_get_the_same_body() {
	make_namespace
	make_flows 100000
	start live
	start other 0 -T tcp
	one=127.0.0.1:$(port_of live) two=127.0.0.1:$(port_of other)
	export_file tcp:$two,$one -v 10
	check_unharmed out $one $flows
	check_unharmed out $two $flows
	stop_content live $flows
	stop_content other $flows
	make_flows 20000
	start live
	start other 0 -T tcp
	one=127.0.0.1:$(port_of live) two=127.0.0.1:$(port_of other)
	start_exporter tcp:$dead,tcp:$two,$one -v 10 -o reconnect=1
	send_flows
	wait_for live_row_is $one records $flows
	wait_for live_row_is $two records $flows
	stop_exporter
	check_unharmed statistics $one $flows
	check_unharmed statistics $two $flows
	atf_check test "$(of_row statistics $dead records)" -eq 0
	stop_content live $flows
	stop_content other $flows
}

queues_are_empty() {
	live_counter frames >/dev/null &&
	    ! grep -q 'waiting: [1-9]' statistics
}

# A TCP collector that reads nothing: what its queue takes waits for it.
collectors_test_case tcp_collector_that_stops_reading_harms_no_other \
    "what its queue cannot take is counted; what it took arrives"
tcp_collector_that_stops_reading_harms_no_other_body() {
	make_namespace
	make_flows 60000
	in_ns sysctl -qw net.ipv4.tcp_rmem="4096 8192 8192" \
	    net.ipv4.tcp_wmem="4096 16384 16384"
	start live
	start other 0 -T tcp
	one=127.0.0.1:$(port_of live) two=127.0.0.1:$(port_of other)
	start_exporter tcp:$two,$one -v 10 -o reconnect=1
	send_flows
	wait_for live_row_is $two records $flows
	kill -STOP "$(cat other.pid)"
	rss=$(awk '$1 == "VmRSS:" { print $2 }' /proc/$(worker_pid)/status)
	for i in 2 3 4 5 6; do
		send_flows
		wait_for live_row_is $one records $((i * flows))
	done
	more=$(awk '$1 == "VmRSS:" { print $2 }' /proc/$(worker_pid)/status)
	echo "$rss KiB, then $more KiB"
	atf_check test "$more" -lt $((rss + 20000))
	check_unharmed statistics $one $((6 * flows))
	kill -CONT "$(cat other.pid)"
	wait_for queues_are_empty
	check_counted statistics $two $((6 * flows))
	lost_before=$lost
	send_flows
	wait_for live_row_is $two records $((7 * flows - lost_before))
	stop_exporter
	check_counted statistics $two $((7 * flows))
	stop_content live $((7 * flows))
	stop_content other $((7 * flows - lost))
}

collectors_test_case tcp_collector_that_resets_harms_no_other \
    "killed and started again; its sessions are right, each from its start"
tcp_collector_that_resets_harms_no_other_body() {
	make_namespace
	make_flows 20000
	start live
	start other 0 -T tcp
	port=$(port_of other)
	one=127.0.0.1:$(port_of live) two=127.0.0.1:$port
	start_exporter tcp:$two,$one -v 10 -o reconnect=1
	i=0
	while [ $i -lt 3 ]; do
		send_flows
		i=$((i + 1))
		wait_for live_row_is $one records $((i * flows))
		kill -KILL "$(cat other.pid)"
		send_flows
		i=$((i + 1))
		wait_for live_row_is $one records $((i * flows))
		start other "$port" -T tcp
	done
	send_flows
	i=$((i + 1))
	wait_for live_row_is $one records $((i * flows))
	wait_for live_row_is $two records \
	    $((i * flows - $(of_row statistics $two lost)))
	stop_exporter
	check_unharmed statistics $one $((i * flows))
	check_counted statistics $two $((i * flows))
	atf_check -o match:'reconnects: [1-9]' cat statistics
	stop_content live $((i * flows))
	stop other || {
		cat other.said
		atf_fail "the collector complains"
	}
	atf_check test "$(got other)" -ge $flows
}

collectors_test_case what_waits_at_the_end_is_told \
    "its collector was never there"
what_waits_at_the_end_is_told_body() {
	make_namespace
	make_flows 2000
	start_exporter tcp:$dead -v 10 -o reconnect=1 $quiet
	send_flows
	stop_exporter
	atf_check -o match:"waiting: [1-9]" cat statistics
	atf_check -o match:"[1-9][0-9]* messages that waited .* are lost" \
	    cat log
}

collectors_test_case totals_are_those_of_the_session \
    "what waits in the queue before them counts"
totals_are_those_of_the_session_body() {
	make_namespace
	make_flows 20000
	start other 0 -T tcp
	export_file tcp:127.0.0.1:$(port_of other) -v 10
	stop_content other $flows
}

# What has arrived is known before long, so that a death repeats nothing of it.
collectors_test_case killed_worker_repeats_nothing_that_has_arrived \
    "half a second after the last message"
killed_worker_repeats_nothing_that_has_arrived_body() {
	make_namespace
	make_flows 5000
	start other 0 -T tcp
	one=127.0.0.1:$(port_of other)
	start_exporter tcp:$one -v 10 -o reconnect=1
	send_flows
	wait_for live_row_is $one records $flows
	sleep 0.5
	old=$(worker_pid)
	kill -9 "$old"
	wait_for grep -q 'took over' log
	send_flows
	wait_for live_row_is $one records $((2 * flows))
	check_counter datagrams_repeated statistics 0
	stop_exporter
	stop_content other $((2 * flows))
}

atf_init_test_cases() {
	atf_add_test_case killed_worker_repeats_nothing_that_has_arrived
	atf_add_test_case tcp_and_udp_collectors_get_the_same
	atf_add_test_case tcp_collector_that_stops_reading_harms_no_other
	atf_add_test_case tcp_collector_that_resets_harms_no_other
	atf_add_test_case what_waits_at_the_end_is_told
	atf_add_test_case totals_are_those_of_the_session
}
