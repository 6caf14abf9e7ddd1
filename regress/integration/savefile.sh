#!/usr/bin/env atf-sh
#
# Reading savefiles: what goes in comes out, whatever the protocol, and
# damage loses nothing that came before it.

. "$(atf_get_srcdir)/common.sh"

# Export $real in a version; sums of the collector in sums.$1.
export_real() {
	start_collector
	atf_check -o save:summary.$1 -e ignore \
	    "$softflowd" -r "$real" -v $1 -n "127.0.0.1:$port"
	finish_collector
	mv sums sums.$1
}

atf_test_case same_flows_in_every_protocol
same_flows_in_every_protocol_head() {
	atf_set descr "v9 and IPFIX carry the same, v5 the IPv4 part of it"
}
same_flows_in_every_protocol_body() {
	for v in 5 9 10; do
		export_real $v
		check_conservation summary.$v
	done
	without_times sums.9 >v9
	without_times sums.10 >ipfix
	atf_check -o not-empty cat v9
	atf_check cmp v9 ipfix
	grep '^4' v9 >v9.ipv4
	without_times sums.5 >v5
	atf_check cmp v5 v9.ipv4
	atf_check test "$(counter flows_not_exportable summary.9)" = 0
	atf_check test "$(counter flows_not_exportable summary.5)" -gt 0
}

atf_test_case times_are_those_of_the_packets
times_are_those_of_the_packets_head() {
	atf_set descr "to the millisecond, in v5, v9 and IPFIX"
}
times_are_those_of_the_packets_body() {
	for v in 5 9 10; do
		export_real $v
	done
	atf_check cmp sums.9 sums.10
	grep '^4' sums.9 >sums.ipv4
	atf_check cmp sums.5 sums.ipv4
}

atf_test_case collector_over_ipv6
collector_over_ipv6_head() {
	atf_set descr "a collector's address in brackets"
}
collector_over_ipv6_body() {
	"$collector" -s -a ::1 -p 0 -P port >sums 2>collected &
	collector_pid=$!
	wait_for test -s port
	atf_check -o save:summary -e ignore \
	    "$softflowd" -r "$real" -v 9 -n "[::1]:$(cat port)"
	finish_collector
	atf_check -o not-empty cat sums
	check_conservation summary
}

atf_test_case several_collectors_get_the_same
several_collectors_get_the_same_head() {
	atf_set descr "one that is not there harms none"
}
several_collectors_get_the_same_body() {
	"$collector" -s -p 0 -P port2 >sums2 2>collected2 &
	second=$!
	wait_for test -s port2
	start_collector
	atf_check -o save:summary -e ignore "$softflowd" -r "$real" -v 10 \
	    -n "127.0.0.1:$port,127.0.0.1:1" -n "127.0.0.1:$(cat port2)"
	finish_collector
	kill -TERM $second
	wait $second || atf_fail "the second collector complains"
	atf_check -o not-empty cat sums
	atf_check cmp sums sums2
}

atf_test_case statistics_only_without_collector
statistics_only_without_collector_head() {
	atf_set descr "no flow is said to be exported"
}
statistics_only_without_collector_body() {
	atf_check -o save:summary -e ignore "$softflowd" -r "$real"
	check_conservation summary
	check_counter flows_exported summary 0
	atf_check test "$(counter flows_no_collector summary)" -gt 0
}

atf_test_case filter_expression_selects_packets
filter_expression_selects_packets_head() {
	atf_set descr "as many as tcpdump says"
	atf_set require.progs tcpdump
}
filter_expression_selects_packets_body() {
	for filter in "icmp or icmp6" "tcp port 80" "udp and ip6"; do
		want=$(tcpdump -r "$real" -n $filter 2>/dev/null | wc -l)
		atf_check -o save:summary -e ignore \
		    "$softflowd" -r "$real" $filter
		check_counter packets summary $want
		atf_check test $want -gt 0
		check_conservation summary
	done
}

atf_test_case sampling_takes_every_nth_packet
sampling_takes_every_nth_packet_head() {
	atf_set descr "and counts the others"
}
sampling_takes_every_nth_packet_body() {
	atf_check -o save:all -e ignore "$softflowd" -r "$real"
	atf_check -o save:summary -e ignore "$softflowd" -r "$real" -s 10
	ip=$(counter packets all)
	check_counter packets summary $(((ip + 9) / 10))
	check_conservation summary
}

atf_test_case damaged_file_exports_what_came_before
damaged_file_exports_what_came_before_head() {
	atf_set descr "then says where and why, and exits 1"
}
damaged_file_exports_what_came_before_body() {
	size=$(wc -c <"$real")
	head -c $((size / 2)) "$real" >cut.pcap
	start_collector
	atf_check -s exit:1 -o save:summary -e save:errors \
	    "$softflowd" -r cut.pcap -v 9 -n "127.0.0.1:$port"
	finish_collector
	atf_check -o not-empty cat sums
	atf_check -o match:'cut.pcap: truncated' cat errors
	atf_check -o match:'cut.pcap: reading ended after frame [1-9]' \
	    cat errors
	check_conservation summary
	check_counter packets_exported summary $(counter packets summary)
}

atf_test_case no_capture_file_is_refused
no_capture_file_is_refused_head() {
	atf_set descr "a file of another kind"
}
no_capture_file_is_refused_body() {
	echo "this is no capture" >text
	atf_check -s exit:1 -o ignore -e match:'text: ' \
	    "$softflowd" -r text
}

atf_test_case unsupported_link_type_is_named
unsupported_link_type_is_named_head() {
	atf_set descr "with those that are supported"
}
unsupported_link_type_is_named_body() {
	# A pcap header: microseconds, version 2.4, link type 189 (USB_LINUX).
	printf '\324\303\262\241\002\000\004\000\000\000\000\000' >odd.pcap
	printf '\000\000\000\000\000\000\004\000\275\000\000\000' >>odd.pcap
	atf_check -s exit:1 -o ignore \
	    -e match:'USB_LINUX .*not supported; supported are EN10MB.*IPNET$' \
	    "$softflowd" -r odd.pcap
}

atf_test_case raw_ip_has_one_of_three_numbers
raw_ip_has_one_of_three_numbers_head() {
	atf_set descr "as the system has it that wrote the file; filters work"
}
raw_ip_has_one_of_three_numbers_body() {
	for octal in 014 016 145; do
		{
			printf '\324\303\262\241\002\000\004\000\0\0\0\0'
			printf "\\0\\0\\0\\0\\0\\0\\004\\0\\$octal\\0\\0\\0"
			printf '\0\0\0\0\0\0\0\0\034\0\0\0\034\0\0\0'
			printf 'E\0\0\034\0\0\0\0\100\021\0\0\300\0\002\001'
			printf '\300\0\002\002\023\210\0\065\0\010\0\0'
		} >raw.pcap
		for filter in "" "udp port 53" "tcp"; do
			atf_check -o save:summary -e ignore \
			    "$softflowd" -r raw.pcap $filter
			check_counter frames summary 1
			[ "$filter" = tcp ] && want=1 || want=0
			check_counter frames_filtered summary $want
			check_counter packets summary $((1 - want))
		done
	done
}

atf_test_case inherited_signal_mask_does_not_matter
inherited_signal_mask_does_not_matter_head() {
	atf_set descr "started with SIGCHLD and SIGTERM blocked it still ends"
	atf_set timeout 20
}
inherited_signal_mask_does_not_matter_body() {
	env --block-signal=TERM true 2>/dev/null ||
	    atf_skip "env(1) cannot block signals here"
	atf_check -o not-empty -e ignore env --block-signal=TERM \
	    --block-signal=CHLD "$softflowd" -r "$real"
}

atf_test_case frame_with_a_wrong_clock_harms_no_other
frame_with_a_wrong_clock_harms_no_other_head() {
	atf_set descr "one of the year 2103 leaves the others their times"
}
frame_with_a_wrong_clock_harms_no_other_body() {
	packet_at() {
		# seconds and the source address' last octet, in octal,
		# lowest octet first
		printf "\\$1\\$2\\$3\\$4\0\0\0\0\024\0\0\0\024\0\0\0"
		printf 'E\0\0\024\0\0\0\0\100\375\0\0\300\0\002'
		printf "\\$5\300\0\002\377"
	}
	{
		printf '\324\303\262\241\002\000\004\000\000\000\000\000'
		printf '\000\000\000\000\000\000\004\000\145\000\000\000'
		packet_at 000 361 123 145 001
		packet_at 000 352 126 372 002
		packet_at 001 361 123 145 003
		packet_at 002 361 123 145 004
	} >clock.pcap
	start_collector
	atf_check -o save:summary -e ignore \
	    "$softflowd" -r clock.pcap -v 9 -n "127.0.0.1:$port"
	finish_collector
	check_counter packets_exported summary 4
	check_counter times_clamped summary 2
	for n in 1:1700000000 3:1700000001 4:1700000002; do
		atf_check test "$(awk -F '\t' -v a="192.0.2.${n%:*}" \
		    '$2 == a { print $10 }' sums)" = "${n#*:}000000"
	done
}

atf_test_case savefile_from_standard_input
savefile_from_standard_input_head() {
	atf_set descr "-r -"
}
savefile_from_standard_input_body() {
	atf_check -o save:file -e ignore "$softflowd" -r "$real"
	atf_check -o save:stdin -e ignore -x \
	    "'$softflowd' -r - <'$real'"
	atf_check cmp file stdin
}

atf_test_case other_formats_give_the_same
other_formats_give_the_same_head() {
	atf_set descr "pcapng, and nanosecond pcap"
	atf_set require.progs editcap
}
other_formats_give_the_same_body() {
	atf_check -o save:pcap -e ignore "$softflowd" -r "$real"
	for format in pcapng nsecpcap; do
		atf_check -e ignore -o ignore \
		    editcap -F $format "$real" other
		atf_check -o save:other.summary -e ignore \
		    "$softflowd" -r other
		atf_check cmp pcap other.summary
	done
}

# A worker that waits for more of a file: the confinement has no other mode.
reading_worker_is_confined() {
	mkfifo fifo
	"$softflowd" -r fifo "$@" >summary 2>errors &
	softflowd_pid=$!
	exec 9>fifo
	head -c 4096 "$real" >&9
	wait_for pgrep -P $softflowd_pid
	pid=$(worker_pid)
	wait_for grep -q '^Seccomp:.*2' "/proc/$pid/status"
	cp "/proc/$pid/status" status
}

atf_test_case savefile_worker_is_confined
savefile_worker_is_confined_head() {
	atf_set descr "reading a file is no way around the sandbox"
	atf_set require.user root
}
savefile_worker_is_confined_body() {
	[ "$(uname -s)" = Linux ] || atf_skip "needs Linux' /proc"
	reading_worker_is_confined
	atf_check -o not-match:'^Uid:.*[[:space:]]0' grep '^Uid' status
	atf_check -o match:'^CapEff:[[:space:]]*0*$' grep '^CapEff' status
	atf_check -o match:'^CapBnd:[[:space:]]*0*$' grep '^CapBnd' status
	atf_check -o match:'^NoNewPrivs:[[:space:]]*1' grep NoNew status
	atf_check test ! -e "/proc/$pid/root/etc"
	exec 9>&-
	wait $softflowd_pid || true
}

atf_test_case sigterm_while_reading_exports_and_exits_0
sigterm_while_reading_exports_and_exits_0_head() {
	atf_set descr "what has been read is exported"
}
sigterm_while_reading_exports_and_exits_0_body() {
	[ "$(uname -s)" = Linux ] || atf_skip "needs Linux' /proc"
	start_collector
	mkfifo fifo
	"$softflowd" -r fifo -v 9 -n "127.0.0.1:$port" >summary 2>errors &
	softflowd_pid=$!
	exec 9>fifo
	head -c 8192 "$real" >&9
	sleep 0.5
	kill -TERM $softflowd_pid
	wait $softflowd_pid || atf_fail "softflowd exited with $?"
	exec 9>&-
	finish_collector
	atf_check -o not-empty cat sums
	check_conservation summary
}

atf_init_test_cases() {
	atf_add_test_case same_flows_in_every_protocol
	atf_add_test_case times_are_those_of_the_packets
	atf_add_test_case collector_over_ipv6
	atf_add_test_case several_collectors_get_the_same
	atf_add_test_case statistics_only_without_collector
	atf_add_test_case filter_expression_selects_packets
	atf_add_test_case sampling_takes_every_nth_packet
	atf_add_test_case damaged_file_exports_what_came_before
	atf_add_test_case no_capture_file_is_refused
	atf_add_test_case unsupported_link_type_is_named
	atf_add_test_case raw_ip_has_one_of_three_numbers
	atf_add_test_case inherited_signal_mask_does_not_matter
	atf_add_test_case frame_with_a_wrong_clock_harms_no_other
	atf_add_test_case savefile_from_standard_input
	atf_add_test_case other_formats_give_the_same
	atf_add_test_case savefile_worker_is_confined
	atf_add_test_case sigterm_while_reading_exports_and_exits_0
}
