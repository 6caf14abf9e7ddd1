#!/usr/bin/env atf-sh
#
# What the audit says of a daemon at work, with two collectors, a resolver and
# an operator connected, and that the daemon does not notice.

. "$(atf_get_srcdir)/../integration/common.sh"

running=$(atf_get_srcdir)/running
collected=${AUDIT_ROWS:-}
unset AUDIT_ROWS

running_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
		atf_set timeout 120
	}"
	# One in the background is not ended with the case.
	eval "$1_cleanup() {
		[ ! -s pid ] || pkill -KILL -x -F pid softflowd
		remove_namespace
	}"
	running_tests="${running_tests:-} $1"
}

# The daemon on vb; $port is the collector's that writes to sums.
begin() {
	make_namespace
	ip netns exec "$ns" "$collector" -q -p 0 -P tcp.port -T tcp \
	    2>tcp.said &
	tcp_pid=$!
	wait_for test -s tcp.port
	start_collector in_ns
	cat >conf <<-END
	interface vb
	version 10
	collector localhost port $port
	collector 127.0.0.1 port $(cat tcp.port) transport tcp
	END
	start_softflowd in_ns -f conf -d
	mkfifo silence
	nc -U ctl <silence >/dev/null &
	exec 8>silence
	wait_for connected
}

worker() {
	pgrep -P $softflowd_pid -f -- --worker
}

# 0 to 7, two collectors, the operator and capture.
connected() {
	[ "$(ls /proc/$(worker)/fd | wc -l)" -eq 12 ]
}

end() {
	exec 8>&-
	"$softflowctl" -c ctl statistics >statistics
	"$softflowctl" -c ctl shutdown
	finish_softflowd
	finish_collector
	kill $tcp_pid
	wait $tcp_pid || atf_fail "the collector by TCP complains"
}

audit() {
	"$running" $softflowd_pid >rows
	status=$?
	grep 'GAP' rows
	[ $status -eq 0 ] || atf_fail "there are gaps: status $status"
	# One daemon's rows are enough for audit.sh.
	[ -z "$collected" ] || [ "${1:-}" != collect ] ||
	    cat rows >>"$collected"
}

# It is proven of the process, in all lines that match.
#	process attempt
proven() {
	grep "^$1	[^	]*	$2" rows >found ||
	    atf_fail "$1: nothing is said of $2"
	! grep -v "	proven	" found ||
	    atf_fail "$1: $2 is not proven"
}

# The kernel may not let it be read.
may_be_read() {
	! grep "its filters can be read	not checked" rows >reason ||
	    atf_skip "$(cut -f 5 reason | head -1)"
}

running_test_case proc_status_of_worker_and_resolver_is_proven \
    "ids, groups, capabilities, no new privileges, filter, thread, parent"
proc_status_of_worker_and_resolver_is_proven_body() {
	begin
	audit collect
	for process in worker resolver; do
		for what in 'user id' 'group id' 'no supplementary' CapInh \
		    CapPrm CapEff CapBnd CapAmb 'cannot gain' 'is filtered' \
		    'as many filters' 'has one thread' 'nobody traces' \
		    "is the parent's own" 'its memory is root' \
		    "runs the parent's own program"; do
			proven $process "$what"
		done
	done
	proven worker 'root is an empty, deleted directory'
	proven worker 'and so is the working directory'
	end
}

running_test_case daemon_in_the_background_is_seen_whole \
    "its resolver is its own child, too"
daemon_in_the_background_is_seen_whole_body() {
	make_namespace
	cat >conf <<-END
	interface vb
	version 9
	collector localhost port 9
	END
	atf_check -e ignore ip netns exec "$ns" "$softflowd" -f conf -p pid \
	    -c ctl
	softflowd_pid=$(cat pid)
	audit
	proven worker 'user id'
	proven resolver 'user id'
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	wait_for test ! -e pid
}

running_test_case fd_inventory_of_worker_and_resolver_is_proven \
    "the plan, with connections by UDP, TCP and of an operator"
fd_inventory_of_worker_and_resolver_is_proven_body() {
	begin
	audit
	sanitized || proven worker '0-2 and 4-7'
	proven worker '3 is the channel'
	proven worker '8-63'
	proven worker '256 and on'
	proven worker 'no other descriptor'
	atf_check -o match:'	3$' grep '	8-63 ' found rows
	atf_check -o match:'	1$' grep '	256 and on' rows
	proven resolver '3 is the channel'
	proven resolver 'no other descriptor'
	proven parent 'none is left open'
	proven parent 'sockets, files'
	end
}

running_test_case live_filters_are_the_built_in_ones \
    "and say what they should to every call"
live_filters_are_the_built_in_ones_body() {
	begin
	audit
	may_be_read
	for process in worker resolver; do
		proven $process 'the loaded filter is the built-in one'
		proven $process 'only what its table says'
		proven $process 'calls of other architectures kill'
	done
	proven worker 'only the calls that it is known to need'
	proven worker "below it is the parent's"
	proven resolver 'none of the calls'
	end
}

running_test_case parent_status_is_proven \
    "no capability but its own, a filter, no strange child"
parent_status_is_proven_body() {
	begin
	audit
	for what in CapInh CapPrm CapEff CapBnd CapAmb 'cannot gain' \
	    'is filtered' 'as many filters' 'has one thread' 'nobody traces' \
	    'maps neither' 'has no strange child'; do
		proven parent "$what"
	done
	may_be_read
	proven parent 'none of the calls that it must not make'
	proven parent 'calls of other architectures kill'
	end
}

running_test_case memory_maps_and_limits_are_proven \
    "of each process"
memory_maps_and_limits_are_proven_body() {
	begin
	audit
	for process in parent worker resolver; do
		proven $process 'nothing mapped is both written and executed'
	done
	proven worker 'shares memory for table and rings only'
	for process in worker resolver; do
		proven $process 'no descriptor above 63'
		proven $process 'no core file'
		sanitized || proven $process 'no file grows'
		sanitized || proven $process 'memory is bounded'
	done
	proven worker 'no process'
	end
}

running_test_case audit_loses_no_packet \
    "and no connection, worker or flow"
audit_loses_no_packet_body() {
	begin
	before=$(worker)
	in_ns "$replay" -n 6 -r 4000 va "$real" >sent &
	replay_pid=$!
	while kill -0 $replay_pid 2>/dev/null; do
		audit
	done
	wait $replay_pid || atf_fail "replay failed"
	wait_for live_counter_is frames "$(cat sent)"
	atf_check_equal "$before" "$(worker)"
	end
	for name in worker_deaths kernel_dropped frames_skipped flows_lost \
	    packets_lost; do
		check_counter $name statistics 0
	done
	atf_check -o inline:"$(counter packets statistics)\n" \
	    awk -F '\t' '{ n += $7 } END { print n }' sums
}

running_test_case workers_that_die_are_no_gap \
    "but rows that are not checked, with a reason"
workers_that_die_are_no_gap_body() {
	make_namespace
	start_softflowd in_ns -i vb -d
	for i in $(seq 150); do
		kill -9 $(worker)
		sleep 0.2
	done >/dev/null 2>&1 &
	killer=$!
	for round in 1 2 3; do
		audit
		atf_check -o ignore grep \
		    'parent.*no strange child	not checked	.*no worker' rows
	done
	may_be_read
	atf_check -o ignore grep \
	    'parent.*its table says	not checked	which user' rows
	proven parent 'none of the calls that it must not make'
	kill $killer
	kill $softflowd_pid
	finish_softflowd
}

running_test_case savefile_worker_is_proven_with_its_file_as_8 \
    "while it waits on a pipe for more"
savefile_worker_is_proven_with_its_file_as_8_body() {
	mkfifo fifo
	"$softflowd" -r fifo -n 127.0.0.1:9 >summary 2>errors &
	softflowd_pid=$!
	exec 9>fifo
	head -c 4096 "$real" >&9
	wait_for confined
	audit
	proven worker '8-63'
	proven worker '256 and on'
	proven worker 'no other descriptor'
	proven worker 'root is an empty, deleted directory'
	atf_check -o match:'	2$' grep '	8-63 ' rows
	atf_check -o match:'	0$' grep '	256 and on' rows
	# It goes on from where it was.
	tail -c +4097 "$real" >&9
	exec 9>&-
	wait $softflowd_pid || atf_fail "softflowd exited with $?"
	"$softflowd" -r "$real" -n 127.0.0.1:9 >wanted 2>/dev/null
	for name in frames packets; do
		check_counter $name summary "$(counter $name wanted)"
	done
}

confined() {
	pid=$(pgrep -P $softflowd_pid) &&
	    grep -q '^Seccomp:.*2' /proc/$pid/status &&
	    [ -z "$(ls -A /proc/$pid/root/)" ]
}

running_test_case capabilities_without_root_do_not_reach_the_worker \
    "nor can it be traced by others of its user"
capabilities_without_root_do_not_reach_the_worker_body() {
	make_namespace
	chmod 755 .
	chown 65533 .
	cp "$softflowd" .
	# The namespace is entered by root, and left to somebody.
	ip netns exec "$ns" setpriv --reuid 65533 --regid 65533 \
	    --clear-groups --inh-caps +net_raw --ambient-caps +net_raw \
	    ./softflowd -d -i vb -p pid -c ctl 2>log &
	softflowd_pid=$!
	wait_for "$softflowctl" -c ctl timeouts
	audit
	for what in CapInh CapPrm CapEff CapAmb 'its memory is root'; do
		proven worker "$what"
	done
	atf_check -o match:'worker	chroot.*missing	started without' \
	    cat rows
	kill $softflowd_pid
	finish_softflowd
}

running_test_case who_is_no_softflowd_is_refused "by name"
who_is_no_softflowd_is_refused_body() {
	atf_check -s exit:2 -e match:usage "$running"
	atf_check -s exit:2 -e match:'x: not a process id' "$running" x
	atf_check -s exit:2 -e match:'no such process' "$running" 999999999
	atf_check -s exit:2 -e match:'not a softflowd, but ' "$running" $$
	make_namespace
	start_softflowd in_ns -i vb
	pid=$(worker_pid)
	atf_check -s exit:2 -e match:"$pid: a child of softflowd" \
	    "$running" $pid
	kill $softflowd_pid
	finish_softflowd
}

running_test_case without_root_nothing_is_a_gap \
    "of what cannot be seen it says why"
without_root_nothing_is_a_gap_body() {
	make_namespace
	start_softflowd in_ns -i vb
	cp "$running" .
	chmod 755 .
	atf_check -o save:rows setpriv --reuid 65533 --regid 65533 \
	    --clear-groups ./running $softflowd_pid
	proven worker 'user id'
	proven worker CapBnd
	proven worker 'is filtered'
	atf_check -o match:'worker.*descriptors.*not checked.*ermission' \
	    cat rows
	atf_check -o match:'worker.*its filters.*not checked.*needs root' \
	    cat rows
	kill $softflowd_pid
	finish_softflowd
}

atf_init_test_cases() {
	for test in $running_tests; do
		atf_add_test_case $test
	done
}
