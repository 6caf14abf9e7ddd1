#!/usr/bin/env atf-sh
#
# The daemon at work in a network namespace of its own: what is sent is what
# is exported, and nothing that happens to worker, client or link loses count.

. "$(atf_get_srcdir)/common.sh"

# Declare a test case that needs root and a namespace.
live_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() { atf_set descr \"$2\"; atf_set require.user root; }
	    $1_cleanup() { remove_namespace; }"
}

live_test_case replayed_capture_is_exported_as_it_is \
    "live and savefile give the same flows"
replayed_capture_is_exported_as_it_is_body() {
	make_namespace
	start_collector
	atf_check -o save:summary -e ignore \
	    "$softflowd" -r "$real" -v 10 -n "127.0.0.1:$port"
	finish_collector
	without_times sums >wanted
	for v in 9 10; do
		start_collector in_ns
		start_softflowd in_ns -i vb -v $v \
		    -n "127.0.0.1:$port"
		send va "$real"
		wait_for live_counter_is frames $sent
		atf_check -o match:'Shutting down' \
		    "$softflowctl" -c ctl shutdown
		finish_softflowd
		finish_collector
		without_times sums >got
		atf_check cmp wanted got
	done
}

live_test_case other_link_types_are_captured \
    "wireless with and without radiotap, Cisco HDLC"
other_link_types_are_captured_body() {
	make_namespace
	udp=4500001c00000000401100000a0000010a0000021388003500080000
	tcp=45000028000000004006${udp#????????????????????}
	tcp=${tcp}00000000000000005002ffff00000000
	wlan=080200000200000000020200000000030200000000010000
	snap=aaaa030000000800
	while read -r type header; do
		in_ns "$tap" tap$type $type ||
		    atf_skip "tap interfaces cannot be made here"
		in_ns ip link set tap$type up
		start_softflowd in_ns -i tap$type udp
		in_ns "$tap" tap$type $type $header$tcp $header$udp \
		    $header$udp
		wait_for live_counter_is packets 2
		check_counter frames statistics 2
		atf_check -o ignore "$softflowctl" -c ctl shutdown
		finish_softflowd
	done <<-EOF
	801 $wlan$snap
	803 0000080000000000$wlan$snap
	513 0f000800
	EOF
}

live_test_case cut_frames_are_counted_beside_own_export \
    "the filter that leaves out export datagrams leaves them in"
cut_frames_are_counted_beside_own_export_body() {
	make_namespace
	in_ns "$tap" cut 1 || atf_skip "tap interfaces cannot be made here"
	in_ns ip link set cut up
	start_softflowd in_ns -i cut -n 127.0.0.1:9 -n '[::1]:9'
	ether=020000000002020000000001
	ipv4=45000028000000004006000000000000000000000000
	ipv6=60000000000006400000000000000000000000000000
	set --
	for octets in 1 9 12 15 19; do
		cut=$(printf %.$((octets * 2))s $ipv4)
		set -- "$@" ${ether}0800$cut
		cut=$(printf %.$((octets * 2))s $ipv6)
		set -- "$@" ${ether}86dd$cut
	done
	in_ns "$tap" cut 1 "$@"
	wait_for live_counter_is frames 10
	check_counter drop_short_ipv4 statistics 5
	check_counter drop_short_ipv6 statistics 5
	kill $softflowd_pid
	finish_softflowd
}

live_test_case running_worker_is_confined \
    "what /proc says of a worker that captures"
running_worker_is_confined_body() {
	make_namespace
	start_softflowd in_ns -i vb -n 127.0.0.1:9
	pid=$(worker_pid)
	cp /proc/$pid/status status
	for line in 'Uid:' 'Gid:'; do
		atf_check -o not-match:'[[:space:]]0' grep "^$line" status
	done
	atf_check -o match:'^Groups:[[:space:]]*$' grep '^Groups:' status
	atf_check -o inline:'5\n' grep -c '^Cap...:[[:space:]]*0*$' status
	atf_check -o match:'1$' grep '^NoNewPrivs:' status
	atf_check -o match:'2$' grep '^Seccomp:' status
	atf_check -o match:'1$' grep '^Threads:' status
	atf_check test "$(stat -c %U /proc/$pid/mem)" = root
	atf_check test ! -e /proc/$pid/root/etc
	atf_check test -z "$(ls -A /proc/$pid/root/)"
	kill $softflowd_pid
	finish_softflowd
}

live_test_case running_worker_holds_no_other_descriptor \
    "the channel, the null device, one socket a collector and capture"
running_worker_holds_no_other_descriptor_body() {
	make_namespace
	start_softflowd in_ns -i vb -n 127.0.0.1:9,127.0.0.1:10
	pid=$(worker_pid)
	ls -l /proc/$pid/fd | awk 'NF > 8 {
	    sub(/:\[.*/, "", $11); sub(/.*\/dev\/null/, "/dev/null", $11)
	    print $9, $11 }' | sort -n >got
	cat >wanted <<EOF
0 /dev/null
1 /dev/null
2 /dev/null
3 socket
4 /dev/null
5 /dev/null
6 /dev/null
7 /dev/null
9 socket
10 socket
256 socket
EOF
	sanitized && sed -i '/^2 /d' got wanted
	atf_check -o file:wanted cat got
	atf_check -o match:'64 +64' grep -E '^Max open files' \
	    /proc/$pid/limits
	atf_check -o match:' 0 +0' grep -E '^Max processes' /proc/$pid/limits
	atf_check -o match:' 0 +0' grep -E '^Max core' /proc/$pid/limits
	kill $softflowd_pid
	finish_softflowd
}

live_test_case running_parent_keeps_five_capabilities \
    "and a filter, and cannot gain any"
running_parent_keeps_five_capabilities_body() {
	make_namespace
	start_softflowd in_ns -i vb
	grep -E '^(CapEff|CapPrm|NoNewPrivs|Seccomp):' \
	    /proc/$softflowd_pid/status | tr '\t' ' ' >got
	# NET_RAW 13, SETPCAP 8, SETUID 7, SETGID 6, KILL 5, SYS_CHROOT 18
	cat >wanted <<EOF
CapPrm: 00000000000421e0
CapEff: 00000000000421e0
NoNewPrivs: 1
Seccomp: 2
EOF
	atf_check -o file:wanted cat got
	kill $softflowd_pid
	finish_softflowd
}

live_test_case killed_workers_flows_live_on \
    "the next one takes them over and goes on counting"
killed_workers_flows_live_on_body() {
	make_namespace
	start_collector in_ns
	start_softflowd in_ns -i vb -v 9 -n "127.0.0.1:$port"
	send va "$real"
	wait_for live_counter_is frames $sent
	flows=$(live_counter flows)
	"$softflowctl" -c ctl dump-flows | sort >before
	old=$(worker_pid)
	kill -9 $old
	wait_for "$softflowctl" -c ctl timeouts
	atf_check test "$(worker_pid)" != $old
	"$softflowctl" -c ctl dump-flows | sed 's/pid [0-9]*/pid/' | sort >after
	atf_check test "$(grep -c . before)" = "$(grep -c . after)"
	atf_check -o match:"killed by signal 9" cat log
	atf_check -o match:"took over $flows flows; 0 frames given up" cat log
	before=$sent
	send va "$real"
	wait_for live_counter_is frames $((before + sent))
	for name in flows_lost packets_lost frames_skipped; do
		check_counter $name statistics 0
	done
	check_counter flows statistics $flows
	check_counter worker_deaths statistics 1
	packets=$(counter packets statistics)
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	finish_softflowd
	finish_collector
	atf_check -o inline:"$packets\n" \
	    awk -F '\t' '{ n += $7 } END { print n }' sums
}

live_test_case worker_killed_by_its_filter_leaves_no_table \
    "what it had is counted as lost, for it may have been an attacker's"
worker_killed_by_its_filter_leaves_no_table_body() {
	make_namespace
	start_softflowd in_ns -i vb
	send va "$real"
	wait_for live_counter_is frames $sent
	flows=$(live_counter flows)
	packets=$(live_counter packets)
	# The parent hears of them once a second.
	sleep 1.2
	kill -SYS "$(worker_pid)"
	# The next one starts 10 seconds later.
	sleep 9
	wait_for live_counter_is worker_deaths 1
	check_counter flows_lost statistics $flows
	check_counter packets_lost statistics $packets
	atf_check -o match:"table is not kept: $flows flows of $packets" \
	    cat log
	kill $softflowd_pid
	finish_softflowd
}

live_test_case worker_killed_at_the_end_is_replaced_to_finish \
    "flows are exported even if the daemon was about to end"
worker_killed_at_the_end_is_replaced_to_finish_body() {
	make_namespace
	start_collector in_ns
	start_softflowd in_ns -i vb -v 9 -n "127.0.0.1:$port"
	send va "$real"
	wait_for live_counter_is frames $sent
	packets=$(live_counter packets)
	worker=$(worker_pid)
	# It cannot answer, and is dead when the parent looks.
	kill -STOP $worker
	kill $softflowd_pid
	sleep 0.2
	kill -9 $worker
	finish_softflowd
	finish_collector
	atf_check -o inline:"$packets\n" \
	    awk -F '\t' '{ n += $7 } END { print n }' sums
}

live_test_case packets_wait_in_the_ring_while_no_worker_runs \
    "a worker's death loses none that came after it"
packets_wait_in_the_ring_while_no_worker_runs_body() {
	make_namespace
	start_softflowd in_ns -i vb
	pid=$(worker_pid)
	kill -STOP $softflowd_pid
	kill -9 $pid
	send va "$real"
	kill -CONT $softflowd_pid
	wait_for live_counter_is frames $sent
	atf_check test "$(live_counter kernel_dropped)" = 0
	kill $softflowd_pid
	finish_softflowd
}

live_test_case quiet_link_delivers_at_once \
    "a single packet is counted within a second"
quiet_link_delivers_at_once_body() {
	make_namespace
	atf_check -o ignore -e ignore tcpdump -r "$real" -c 1 -w one.pcap ip
	start_softflowd in_ns -i vb
	send va one.pcap
	sleep 0.5
	atf_check test "$(live_counter frames)" = 1
	kill $softflowd_pid
	finish_softflowd
}

live_test_case silent_client_does_not_stop_capture \
    "nor do seven of them"
silent_client_does_not_stop_capture_body() {
	make_namespace
	start_softflowd in_ns -i vb
	mkfifo fifo
	exec 9<>fifo
	for i in 1 2 3 4 5 6 7; do
		nc -U ctl <fifo >/dev/null &
	done
	sleep 0.3
	send va "$real"
	wait_for live_counter_is frames $sent
	kill $softflowd_pid
	finish_softflowd
}

live_test_case client_that_leaves_early_harms_nobody \
    "not even in the middle of an answer"
client_that_leaves_early_harms_nobody_body() {
	make_namespace
	start_softflowd in_ns -i vb
	send va "$real"
	wait_for live_counter_is frames $sent
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		"$softflowctl" -c ctl dump-flows | head -n 1 >/dev/null
	done
	pid=$(worker_pid)
	wait_for live_counter_is frames $sent
	atf_check test "$(worker_pid)" = $pid
	kill $softflowd_pid
	finish_softflowd
}

for sig in TERM INT; do
	live_test_case sig$(echo $sig | tr A-Z a-z)_exports_everything \
	    "in the foreground, and exits 0"
done
signal_exports_everything() {
	make_namespace
	start_collector in_ns
	start_softflowd in_ns -i vb -v 9 -n "127.0.0.1:$port"
	send va "$real"
	wait_for live_counter_is frames $sent
	packets=$(live_counter packets)
	kill -$1 $softflowd_pid
	finish_softflowd
	finish_collector
	atf_check test "$(awk '{ n += $7 } END { print n }' sums)" = $packets
	atf_check test -z "$(ls | grep -E '^(pid|ctl)')"
}
sigterm_exports_everything_body() {
	signal_exports_everything TERM
}
sigint_exports_everything_body() {
	signal_exports_everything INT
}

live_test_case exit_leaves_at_once "and exports nothing"
exit_leaves_at_once_body() {
	make_namespace
	start_softflowd in_ns -i vb
	atf_check -o match:'Exiting now' "$softflowctl" -c ctl exit
	finish_softflowd
	atf_check test ! -e pid -a ! -e ctl
}

live_test_case daemon_returns_when_it_is_ready \
    "and has a pid file, a socket and no terminal"
daemon_returns_when_it_is_ready_body() {
	make_namespace
	atf_check -e ignore ip netns exec $ns "$softflowd" -i vb -p pid -c ctl
	atf_check -o match:'TCP timeout' "$softflowctl" -c ctl timeouts
	pid=$(cat pid)
	for fd in 0 1 2; do
		atf_check test /proc/$pid/fd/$fd -ef /dev/null
	done
	atf_check -o match:'Shutting down' "$softflowctl" -c ctl shutdown
	wait_for test ! -e pid
}

live_test_case second_instance_is_refused \
    "and touches nothing of the first"
second_instance_is_refused_body() {
	make_namespace
	start_softflowd in_ns -i vb
	atf_check -s exit:1 -e match:'pid.lock: locked: another softflowd' \
	    ip netns exec $ns "$softflowd" -i vb -p pid -c ctl2
	atf_check -s exit:1 -e match:'ctl.lock: locked: another softflowd' \
	    ip netns exec $ns "$softflowd" -i vb -p pid2 -c ctl
	atf_check -o ignore -e ignore "$softflowd" -r "$real"
	atf_check -o match:'TCP timeout' "$softflowctl" -c ctl timeouts
	atf_check test "$(cat pid)" = $softflowd_pid
	kill $softflowd_pid
	finish_softflowd
}

live_test_case files_of_another_instance_stay \
    "even those that took the place of ours"
files_of_another_instance_stay_body() {
	make_namespace
	start_softflowd in_ns -i vb
	first=$softflowd_pid
	rm pid pid.lock ctl ctl.lock
	start_softflowd in_ns -i vb
	kill $first
	wait $first || atf_fail "the first exited with $?"
	atf_check test "$(cat pid)" = $softflowd_pid
	atf_check -o match:'TCP timeout' "$softflowctl" -c ctl timeouts
	kill $softflowd_pid
	finish_softflowd
	atf_check test -z "$(ls | grep -E '^(pid|ctl)')"
}

live_test_case collectors_counters_survive_a_worker \
    "as all other counters do"
collectors_counters_survive_a_worker_body() {
	make_namespace
	start_softflowd in_ns -i vb -v 9 -n 127.0.0.1:9
	send va "$real"
	wait_for live_counter_is frames $sent
	atf_check -o ignore "$softflowctl" -c ctl expire-all
	"$softflowctl" -c ctl statistics | grep ^Collector >before
	atf_check -o not-match:' 0 records' cat before
	sleep 1.2
	kill -9 $(worker_pid)
	wait_for "$softflowctl" -c ctl timeouts
	records=$(sed 's/.*: \([0-9]*\) records.*/\1/' before)
	atf_check -o match:": $records records" -x \
	    "'$softflowctl' -c ctl statistics | grep ^Collector"
	kill $softflowd_pid
	finish_softflowd
}

live_test_case signal_during_start_leaves_nothing_behind \
    "whenever it comes, and exits 0"
signal_during_start_leaves_nothing_behind_body() {
	make_namespace
	for delay in 0.006 0.009 0.012 0.015 0.02; do
		ip netns exec $ns "$softflowd" -d -i vb -p pid -c ctl \
		    2>log &
		softflowd_pid=$!
		# Not before it has taken charge of its signals.
		wait_for test -e pid.lock
		sleep $delay
		kill $softflowd_pid
		finish_softflowd
		atf_check test -z "$(ls | grep -E '^(pid|ctl)')"
	done
}

# Send $real with tcpdump beside us, which has the same device and filter.
compare_with_tcpdump() {
	device=$1
	shift
	ip netns exec $ns tcpdump -i $device -U -w dump "$@" 2>dump.log &
	tcpdump_pid=$!
	wait_for grep -q listening dump.log
	send va "$real"
	sleep 1
	kill -TERM $tcpdump_pid
	wait $tcpdump_pid
	want=$(tcpdump -r dump -n 2>/dev/null | wc -l)
	atf_check test $want -gt 0
	wait_for live_counter_is frames $want
}

live_test_case filter_and_sampling_work_live "as many as tcpdump sees"
filter_and_sampling_work_live_body() {
	make_namespace
	start_softflowd in_ns -i vb -s 4 tcp
	compare_with_tcpdump vb tcp
	atf_check test "$(live_counter packets)" = $(((want + 3) / 4))
	kill $softflowd_pid
	finish_softflowd
}

live_test_case any_device_gives_the_same_packets \
    "cooked, with the filter's offsets moved"
any_device_gives_the_same_packets_body() {
	make_namespace
	for filter in "tcp port 80" "inbound and udp" "icmp or icmp6" arp; do
		start_softflowd in_ns -i any $filter
		compare_with_tcpdump any $filter
		kill $softflowd_pid
		finish_softflowd
	done
}

live_test_case interface_index_can_be_given "-i index:name"
interface_index_can_be_given_body() {
	make_namespace
	rm -f port
	ip netns exec $ns "$collector" -p 0 -P port >flows 2>collected &
	collector_pid=$!
	wait_for test -s port
	start_softflowd in_ns -i 77:vb -v 9 -n "127.0.0.1:$(cat port)"
	send va "$real"
	wait_for live_counter_is frames $sent
	kill $softflowd_pid
	finish_softflowd
	finish_collector
	atf_check -o not-empty cat flows
	atf_check -s exit:1 grep -v ' in=77 ' flows
}

live_test_case short_snap_length_keeps_the_counts \
    "headers are all that is looked at"
short_snap_length_keeps_the_counts_body() {
	make_namespace
	atf_check -o save:summary -e ignore "$softflowd" -r "$real"
	start_softflowd in_ns -i vb -C 96 -B 1048576 -N
	send va "$real"
	wait_for live_counter_is frames $sent
	atf_check test "$(live_counter octets)" = "$(counter octets summary)"
	atf_check test "$(live_counter flows)" = "$(counter flows summary)"
	kill $softflowd_pid
	finish_softflowd
}

live_test_case recreated_interface_is_bound_again \
    "without a new worker"
recreated_interface_is_bound_again_body() {
	make_namespace
	start_softflowd in_ns -i vb
	pid=$(worker_pid)
	send va "$real"
	wait_for live_counter_is frames $sent
	atf_check ip -n $ns link del va
	wait_for grep -q 'the interface has gone' log
	ip -n $ns link add va mtu 65535 type veth peer name vb mtu 65535
	wait_for grep -q 'the interface is back' log
	ip -n $ns link set va up
	ip -n $ns link set vb up
	before=$sent
	send va "$real"
	wait_for live_counter_is frames $((before + sent))
	atf_check test "$(worker_pid)" = $pid
	kill $softflowd_pid
	finish_softflowd
}

live_test_case operator_commands_do_what_they_say \
    "gather, expire, delete, template, debug, dump"
operator_commands_do_what_they_say_body() {
	make_namespace
	start_collector in_ns
	start_softflowd in_ns -i vb -v 9 -n "127.0.0.1:$port"
	atf_check -o match:'stopped' "$softflowctl" -c ctl stop-gather
	send va "$real"
	sleep 0.5
	atf_check test "$(live_counter frames)" = 0
	atf_check -o match:'resumed' "$softflowctl" -c ctl start-gather
	wait_for live_counter_is frames $sent
	flows=$(live_counter flows)
	atf_check -o save:dump "$softflowctl" -c ctl dump-flows
	atf_check test "$(grep -c '^ACTIVE' dump)" = $flows
	atf_check test "$(grep -c '^EXPIRY EVENT' dump)" = $flows
	atf_check -o match:"Expired $flows flows" \
	    "$softflowctl" -c ctl expire-all
	atf_check test "$(live_counter flows_exported)" = $flows
	send va "$real"
	wait_for live_counter_is frames $((sent + sent))
	atf_check -o match:"Deleted $flows flows" \
	    "$softflowctl" -c ctl delete-all
	atf_check test "$(live_counter flows_deleted)" = $flows
	atf_check -o match:'increased' "$softflowctl" -c ctl debug+
	atf_check -o match:'decreased' "$softflowctl" -c ctl debug-
	atf_check -o match:'Template will be sent' \
	    "$softflowctl" -c ctl send-template
	atf_check -s exit:1 -o ignore -e not-empty \
	    "$softflowctl" -c ctl no-such-command
	kill $softflowd_pid
	finish_softflowd
	finish_collector
}

live_test_case sigusr1_logs_a_summary "in the foreground to stderr"
sigusr1_logs_a_summary_body() {
	make_namespace
	start_softflowd in_ns -i vb
	kill -USR1 $softflowd_pid
	wait_for grep -q 'Number of active flows: 0' log
	wait_for grep -q 'Counters:' log
	sleep 0.3
	atf_check -s exit:1 -o empty grep '^softflowd:   .* 0$' log
	kill $softflowd_pid
	finish_softflowd
}

atf_init_test_cases() {
	atf_add_test_case replayed_capture_is_exported_as_it_is
	atf_add_test_case other_link_types_are_captured
	atf_add_test_case cut_frames_are_counted_beside_own_export
	atf_add_test_case running_worker_is_confined
	atf_add_test_case running_worker_holds_no_other_descriptor
	atf_add_test_case running_parent_keeps_five_capabilities
	atf_add_test_case killed_workers_flows_live_on
	atf_add_test_case worker_killed_by_its_filter_leaves_no_table
	atf_add_test_case worker_killed_at_the_end_is_replaced_to_finish
	atf_add_test_case packets_wait_in_the_ring_while_no_worker_runs
	atf_add_test_case quiet_link_delivers_at_once
	atf_add_test_case silent_client_does_not_stop_capture
	atf_add_test_case client_that_leaves_early_harms_nobody
	atf_add_test_case sigterm_exports_everything
	atf_add_test_case sigint_exports_everything
	atf_add_test_case exit_leaves_at_once
	atf_add_test_case daemon_returns_when_it_is_ready
	atf_add_test_case second_instance_is_refused
	atf_add_test_case files_of_another_instance_stay
	atf_add_test_case collectors_counters_survive_a_worker
	atf_add_test_case signal_during_start_leaves_nothing_behind
	atf_add_test_case filter_and_sampling_work_live
	atf_add_test_case any_device_gives_the_same_packets
	atf_add_test_case interface_index_can_be_given
	atf_add_test_case short_snap_length_keeps_the_counts
	atf_add_test_case recreated_interface_is_bound_again
	atf_add_test_case operator_commands_do_what_they_say
	atf_add_test_case sigusr1_logs_a_summary
}
