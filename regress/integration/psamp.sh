#!/usr/bin/env atf-sh
#
# Packets reported by one softflowd and accounted by another, in a network
# namespace.

. "$(atf_get_srcdir)/common.sh"

# Declare a test case that needs root and a namespace.
psamp_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() { atf_set descr \"$2\"; atf_set require.user root;
	    [ -z \"${3:-}\" ] || atf_set require.progs \"${3:-}\"; }
	    $1_cleanup() { remove_namespace; }"
}

# One that reports, to port 4739 of the address; what it prints is in reported.
report() {
	in_ns "$softflowd" -v psamp "$@" >reported 2>&1 ||
	    atf_fail "the reporting softflowd failed"
}

# The accounting one has taken all reports there were.
all_arrived() {
	live_counter_is frames "$1" && live_counter_is psamp_missing 0
}

# Over this address: what is seen live by one is what the other exports.
compare_flows() {
	start_collector
	atf_check -o save:summary -e ignore \
	    "$softflowd" -r "$real" -v 10 -n "127.0.0.1:$port"
	finish_collector
	without_times sums >wanted
	start_collector in_ns
	start_softflowd in_ns -R "$1:4739,$1" -v 10 -n "127.0.0.1:$port"
	ip netns exec $ns "$softflowd" -d -p pid2 -c ctl2 -i vb -v psamp \
	    -n "$1:4739" >log2 2>&1 &
	reporter=$!
	wait_for "$softflowctl" -c ctl2 timeouts
	send va "$real"
	"$softflowctl" -c ctl2 statistics >statistics2
	wait_for all_arrived "$(counter packets summary)"
	kill $reporter
	wait $reporter
	live_counter psamp_missing >missing
	atf_check -o inline:'0\n' cat missing
	check_counter psamp_bad_messages statistics 0
	check_counter psamp_no_template statistics 0
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	finish_softflowd
	finish_collector
	without_times sums >got
	atf_check cmp wanted got
}

psamp_test_case reported_packets_make_the_flows_of_the_capture \
    "over IPv4"
reported_packets_make_the_flows_of_the_capture_body() {
	make_namespace
	compare_flows 127.0.0.1
}

psamp_test_case reports_are_taken_over_ipv6 "the same over IPv6"
reports_are_taken_over_ipv6_body() {
	make_namespace
	in_ns sysctl -qw net.ipv6.conf.lo.disable_ipv6=0 ||
	    atf_skip "there is no IPv6"
	ip -n $ns -6 addr show dev lo | grep -q ::1 || \
	    ip -n $ns addr add ::1/128 dev lo
	compare_flows '[::1]'
}

psamp_test_case every_packet_is_reported_or_counted \
    "sums of the reporting side"
every_packet_is_reported_or_counted_body() {
	make_namespace
	report -r "$real" -s 10 -n 127.0.0.1:9
	check_conservation reported
	atf_check test "$(counter packets_reported reported)" -gt 100
	check_counter packets reported 0
	check_counter flows reported 0
}

psamp_test_case strangers_are_not_heard \
    "reports from another address or port than was stated"
strangers_are_not_heard_body() {
	make_namespace
	start_softflowd in_ns -R 127.0.0.1:4739,127.0.0.2,127.0.0.3:4000
	report -r "$real" -n 127.0.0.1:4739
	report -r "$real" -e 127.0.0.3 -n 127.0.0.1:4739
	atf_check test "$(live_counter psamp_messages)" = 0
	report -r "$real" -e 127.0.0.2 -n 127.0.0.1:4739
	wait_for live_counter_is frames "$(counter packets_reported reported)"
	check_conservation_live
}

# With flows in the table packets have not left yet.
check_conservation_live() {
	atf_check -o ignore "$softflowctl" -c ctl expire-all
	live_counter frames >/dev/null
	check_conservation statistics
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	finish_softflowd
}

psamp_test_case garbage_is_counted_and_does_no_harm \
    "from a peer that may send" bash
garbage_is_counted_and_does_no_harm_body() {
	make_namespace
	start_softflowd in_ns -R 4739,127.0.0.1
	for octets in hello '\0\012\0\020' '\0\012\0\021xxxxxxxxxxxxx' \
	    '\0\012\0\030xxxxxxxxxxxx\0\002\0\010\1\0\377\377'; do
		printf "$octets" >garbage
		in_ns bash -c 'cat garbage >/dev/udp/127.0.0.1/4739'
	done
	wait_for live_counter_is psamp_messages 4
	check_counter psamp_bad_messages statistics 3
	check_counter psamp_bad_templates statistics 1
	report -r "$real" -n 127.0.0.1:4739
	wait_for live_counter_is frames "$(counter packets_reported reported)"
	check_conservation_live
}

psamp_test_case worker_that_dies_loses_what_it_had_in_hand \
    "and the next one goes on with the peer's next templates"
worker_that_dies_loses_what_it_had_in_hand_body() {
	make_namespace
	start_softflowd in_ns -R 4739,127.0.0.1
	report -r "$real" -n 127.0.0.1:4739
	all=$(counter packets_reported reported)
	wait_for live_counter_is frames "$all"
	first=$(worker_pid)
	kill -KILL $first
	wait_for live_counter_is worker_deaths 1
	report -r "$real" -n 127.0.0.1:4739
	wait_for live_counter_is frames $((2 * all))
	check_counter frames_skipped statistics 0
	check_conservation_live
}

# A capture of one UDP packet, whole.
one_packet() {
	printf '\324\303\262\241\2\0\4\0\0\0\0\0\0\0\0\0\377\377\0\0\1\0\0\0'
	printf '\0\361\123\145\100\342\1\0\52\0\0\0\52\0\0\0'
	printf '\2\0\0\0\0\2\2\0\0\0\0\1\10\0'
	printf '\105\0\0\34\0\1\100\0\100\21\0\0\12\0\0\1\300\0\2\1'
	printf '\23\210\0\65\0\10\0\0'
}

is_larger() {
	[ "$(wc -c <"$1")" -gt "$2" ]
}

psamp_test_case wireshark_decodes_reports_without_complaint \
    "down to the reported packet" "tshark tcpdump"
wireshark_decodes_reports_without_complaint_body() {
	make_namespace
	one_packet >one.pcap
	ip netns exec $ns tcpdump -i lo -U -w sent.pcap udp port 4739 \
	    2>tcpdump.log &
	dump=$!
	wait_for grep -q listening tcpdump.log
	report -r one.pcap -n 127.0.0.1:4739
	check_counter packets_reported reported 1
	wait_for is_larger sent.pcap 24
	kill $dump
	wait $dump
	decode="tshark -n -r sent.pcap -d udp.port==4739,cflow"
	atf_check -o save:verbose -e ignore $decode -V
	atf_check -o save:fields -e ignore $decode -T fields -e ip.src \
	    -e ip.dst -e udp.dstport -c 1
	atf_check -o inline:"127.0.0.1,10.0.0.1	127.0.0.1,192.0.2.1	4739,53\n" \
	    cat fields
	atf_check -s exit:1 grep -E 'Malformed|Error/|No template' verbose
	atf_check -o match:'Sampling Packet Space: 0' cat verbose
	atf_check -o match:'Nov 14, 2023 22:13:20.123456' cat verbose
}

atf_init_test_cases() {
	atf_add_test_case reported_packets_make_the_flows_of_the_capture
	atf_add_test_case reports_are_taken_over_ipv6
	atf_add_test_case every_packet_is_reported_or_counted
	atf_add_test_case strangers_are_not_heard
	atf_add_test_case garbage_is_counted_and_does_no_harm
	atf_add_test_case worker_that_dies_loses_what_it_had_in_hand
	atf_add_test_case wireshark_decodes_reports_without_complaint
}
