#!/usr/bin/env atf-sh
#
# More conversations than the table takes.

. "$(atf_get_srcdir)/common.sh"

bench=$tree/regress/bench

# Read a flood of that many one-packet flows over 1,000 conversations with a
# table for 65,536; $peak is the memory of all processes in KiB.
flooded() {
	"$bench/generate" -f 1000 -n 200000 -x "$1" -o flood.pcap 2>truth ||
	    atf_fail "generate failed"
	"$bench/measure" -o cost "$softflowd" -r flood.pcap -m 65536 -v 9 \
	    -t maxlife=0 -n "127.0.0.1:$port" >out 2>log || {
		cat log
		atf_fail "softflowd failed"
	}
	peak=$(cut -f 5 cost)
	rm flood.pcap
}

atf_test_case flood_pushes_out_no_conversation
flood_pushes_out_no_conversation_head() {
	atf_set descr "2,000,000 one-packet flows against 1,000 conversations"
}
flood_pushes_out_no_conversation_body() {
	flood=2000000
	! sanitized || flood=200000
	start_collector
	flooded $flood
	finish_collector
	packets=$(awk -F '\t' '{ n += $7 } END { print n }' sums)
	# Who is pushed out comes back as another flow.
	again=$(($(counter flows out) - 1000 - flood))
	echo "$(counter expired_maxflows out) pushed out," \
	    "$again of them conversations"
	check_conservation out
	check_counter frames out $((200000 + flood))
	check_counter packets_exported out "$packets"
	atf_check test "$packets" -eq $((200000 + flood))
	atf_check test "$(counter expired_maxflows out)" -gt $((flood / 2))
	atf_check test "$again" -le 10
}

atf_test_case memory_does_not_grow_with_a_flood
memory_does_not_grow_with_a_flood_head() {
	atf_set descr "ten times the flows take no more"
}
memory_does_not_grow_with_a_flood_body() {
	! sanitized || atf_skip "a sanitizer keeps what was freed"
	port=9
	flooded 200000
	few=$peak
	flooded 2000000
	echo "$few KiB with 200,000, $peak KiB with 2,000,000"
	atf_check test "$peak" -le $((few + few / 50))
}

atf_init_test_cases() {
	atf_add_test_case flood_pushes_out_no_conversation
	atf_add_test_case memory_does_not_grow_with_a_flood
}
