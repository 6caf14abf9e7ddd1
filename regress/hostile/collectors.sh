#!/usr/bin/env atf-sh
#
# Hostile collectors, all at once, beside two that are not: those get every
# record, and of the others each flow is either exported or counted as lost.

. "$(atf_get_srcdir)/../integration/common.sh"
. "$(atf_get_srcdir)/../integration/collectors_common.sh"

sink=$(atf_get_srcdir)/sink

# How long flows are exported; regress/hostile.sh has more time.
seconds=${HOSTILE_SECONDS:-6}

hostile_test_case() {
	collectors_test_case "$1" "$2"
	eval "$1_cleanup() {
		[ ! -s sinks ] || kill \$(cat sinks) 2>/dev/null
		remove_namespace
	}"
}

# A hostile collector of each mode; $hostile is what -n has.
#	sctp | tcp mode ...
start_sinks() {
	transport=$1 hostile= option=
	[ $transport = tcp ] || option=-s
	shift
	for mode; do
		ip netns exec $ns "$sink" $option $mode.port $mode \
		    >$mode.out &
		echo $! >>sinks
		sink_pid=$!
		until [ -s $mode.port ]; do
			kill -0 $sink_pid 2>/dev/null ||
			    atf_skip "this kernel has no $transport"
			sleep 0.05
		done
		hostile="$hostile$transport:127.0.0.1:$(cat $mode.port),"
	done
}

# Milliseconds of processor time of a process so far.
cpu_of() {
	awk -v tick="$(getconf CLK_TCK)" '{
		sub(/.*\) /, "")
		print int(($12 + $13) * 1000 / tick)
	}' /proc/$1/stat
}

rss_of() {
	awk '$1 == "VmRSS:" { print $2 }' /proc/$1/status
}

fds_of() {
	ls /proc/$1/fd | wc -l
}

# What was sent to each of them, and what the log says at the end that it never
# got, are all flows.
check_hostile() {
	for mode; do
		who=127.0.0.1:$(cat $mode.port)
		got=$(of_row statistics $who records)
		lost=$(sed -n \
		    "s/.*collector $who: \([0-9]*\) records were lost/\1/p" log)
		: "${lost:=0}"
		echo "$mode: $got exported, $lost given up"
		[ $((got + lost)) -eq $all ] ||
		    atf_fail "$mode: $got and $lost are not $all"
	done
}

# Flows on end for that time, with a look at what it costs.
#	option of the good stream collector, transport, mode ...
survive() {
	good=$1 transport=$2
	shift 2
	make_namespace
	in_ns sysctl -qw net.ipv4.tcp_wmem="4096 16384 16384"
	make_flows 5000
	start_sinks $transport "$@"
	start live
	start other 0 -T $good
	one=127.0.0.1:$(port_of live) two=127.0.0.1:$(port_of other)
	start_exporter "$hostile$good:$two,$one" -v 10 -o reconnect=1
	worker=$(worker_pid)
	send_flows
	all=$flows
	begin=$(date +%s) rss=$(rss_of $worker)
	parent_ms=$(cpu_of $softflowd_pid) fds=$(fds_of $softflowd_pid)
	while [ $(($(date +%s) - begin)) -lt $seconds ]; do
		send_flows
		all=$((all + flows))
	done
	took=$(($(date +%s) - begin))
	more=$(rss_of $worker)
	# Nothing comes any more: nothing is to be done, but to connect anew.
	worker_ms=$(cpu_of $worker)
	sleep 1
	idle_ms=$(($(cpu_of $worker) - worker_ms))
	parent_ms=$(($(cpu_of $softflowd_pid) - parent_ms))
	parent_fds=$(fds_of $softflowd_pid)
	wait_for live_row_is $one records $all
	wait_for live_row_is $two records $all
	atf_check_equal $worker "$(worker_pid)"
	# From then on nothing can be sent to them.
	kill $(cat sinks)
	rm sinks
	sleep 0.5
	stop_exporter
	check_unharmed statistics $one $all
	check_unharmed statistics $two $all
	check_hostile "$@"
	check_conservation statistics
	stop_content live $all
	stop_content other $all
	cat ./*.out
	echo "$all flows in $took s; the parent took $parent_ms ms of" \
	    "processor time, the idle worker $idle_ms ms in a second;" \
	    "$rss KiB, then $more KiB; descriptors $fds, then $parent_fds"
	# A queue has 4 MiB.
	[ $more -le $((rss + $# * 4400)) ] || atf_fail "memory grows"
	[ $parent_fds -le $((fds + $#)) ] || atf_fail "descriptors are left"
	sanitized || [ $parent_ms -le $((took * 200)) ] ||
	    atf_fail "the parent is too busy"
	sanitized || [ $idle_ms -le 300 ] || atf_fail "the worker is too busy"
	# One at the start, and then one a second.
	for mode; do
		made=$(sed -n 's/.*: \([0-9]*\) connections.*/\1/p' $mode.out)
		[ "$made" -le $((took + 8)) ] ||
		    atf_fail "$mode: $made connections in $took s"
	done
}

hostile_test_case hostile_tcp_collectors_harm_no_other \
    "resets, windows, garbage, half a connection, nobody there, all at once"
hostile_tcp_collectors_harm_no_other_body() {
	survive tcp tcp reset within random never tiny garbage half deaf \
	    refuse backlog
}

hostile_test_case hostile_sctp_collectors_harm_no_other \
    "where the kernel has it"
hostile_sctp_collectors_harm_no_other_body() {
	survive sctp sctp reset within random never garbage refuse
}

atf_init_test_cases() {
	atf_add_test_case hostile_tcp_collectors_harm_no_other
	atf_add_test_case hostile_sctp_collectors_harm_no_other
}
