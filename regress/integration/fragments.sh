#!/usr/bin/env atf-sh
#
# Fragments and their table.

. "$(atf_get_srcdir)/common.sh"

bench=$tree/regress/bench

# As many datagrams in two fragments each among 10,000 packets of 100
# conversations.
make_fragments() {
	"$bench/generate" -F -f 100 -n 10000 -x $((2 * $1)) -o flood.pcap \
	    2>/dev/null || atf_fail "generate failed"
}

# KiB of it, without the capture buffer.
worker_memory() {
	awk '/^Rss(Anon|Shmem)/ { n += $2 } END { print n }' \
	    "/proc/$(worker_pid)/status"
}

atf_test_case later_fragments_join_unless_told_not_to
later_fragments_join_unless_told_not_to_head() {
	atf_set descr "with the table, without it and with a small one"
}
later_fragments_join_unless_told_not_to_body() {
	make_fragments 5000
	for option in 4096=5000 0=0 1=5000; do
		start_collector
		atf_check -o save:out -e ignore "$softflowd" -r flood.pcap \
		    -v 10 -n "127.0.0.1:$port" \
		    -o fragment-entries=${option%=*}
		finish_collector
		check_conservation out
		check_counter frames out 20000
		check_counter fragments out 5000
		check_counter fragments_joined out ${option#*=}
		check_counter fragments_orphaned out $((5000 - ${option#*=}))
		cut -f 1-8 sums | LC_ALL=C sort >sums.${option%=*}
	done
	atf_check cmp sums.4096 sums.1
	# What did not join is in a flow without ports.
	atf_check -s exit:1 -o match:'17	0	0	5000	320000' \
	    diff sums.4096 sums.0
}

atf_test_case fragment_flood_takes_no_memory cleanup
fragment_flood_takes_no_memory_head() {
	atf_set descr "1,000,000 datagrams, live; other flows go on"
	atf_set require.user root
	atf_set timeout 300
}
fragment_flood_takes_no_memory_body() {
	datagrams=1000000
	! sanitized || datagrams=50000
	make_namespace
	# What the flood comes with, alone.
	"$bench/generate" -f 100 -n 10000 -o calm.pcap 2>/dev/null
	start_collector
	atf_check -o ignore -e ignore "$softflowd" -r calm.pcap -v 10 \
	    -n "127.0.0.1:$port"
	finish_collector
	awk -F '\t' -v OFS='\t' '{ $7 *= 2; $8 *= 2; print }' sums |
	    without_times /dev/stdin >wanted
	make_fragments $datagrams

	start_collector in_ns
	start_softflowd in_ns -i vb -B 134217728 -v 10 -n "127.0.0.1:$port"
	in_ns "$bench/send" va calm.pcap >sent
	wait_for live_counter_is frames 10000
	before=$(worker_memory)
	in_ns "$bench/send" -r 200000 va flood.pcap >sent
	wait_for live_counter_is frames $((20000 + 2 * datagrams))
	after=$(worker_memory)
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	finish_softflowd
	finish_collector
	check_counter fragments_joined statistics $datagrams
	check_counter flows statistics 101
	without_times sums | grep -v "	17	.*	$((2 * datagrams))	" >got
	atf_check cmp wanted got
	# The table's own pages come with the flood, and no others.
	echo "$before KiB before, $after KiB after"
	sanitized || atf_check test $((after - before)) -le 384
}
fragment_flood_takes_no_memory_cleanup() {
	remove_namespace
}

atf_init_test_cases() {
	atf_add_test_case later_fragments_join_unless_told_not_to
	atf_add_test_case fragment_flood_takes_no_memory
}
