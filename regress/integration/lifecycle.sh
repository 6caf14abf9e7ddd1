#!/usr/bin/env atf-sh
#
# The life of a service: its start and end, what it tells a service manager
# and its log.

. "$(atf_get_srcdir)/common.sh"

life_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
	}
	    $1_cleanup() { remove_namespace; }"
	life_tests="${life_tests:-} $1"
}

# Start a service manager that listens on the name.
start_manager() {
	"$peer" notify "$1" >told &
	manager_pid=$!
	wait_for grep -q listening told
	NOTIFY_SOCKET=$1
	export NOTIFY_SOCKET
}

# Ready more than so many times.
told_ready() {
	[ "$(grep -c ^READY=1 told)" -gt "$1" ]
}

stop_manager() {
	kill $manager_pid
	unset NOTIFY_SOCKET
}

life_test_case worker_that_fails_at_the_start_fails_the_start \
    "with its reason on the terminal, also of a daemon"
worker_that_fails_at_the_start_fails_the_start_body() {
	! sanitized || atf_skip "a sanitizer needs all address space"
	for flag in -d ''; do
		atf_check -s exit:1 -e match:'worker: flow table for 50000000' \
		    -e match:'the worker did not start' sh -c "
		    ulimit -v 2000000
		    exec '$softflowd' $flag -i lo -p pid -c ctl -m 50000000"
		atf_check test ! -e pid -a ! -e ctl
	done
}

life_test_case more_open_files_are_asked_for_where_they_may_be \
    "a class of daemons may have 128 of them, and up to 1024 if it asks"
more_open_files_are_asked_for_where_they_may_be_body() {
	atf_check -s exit:1 -e match:'open files.* takes 272: Too many open' \
	    sh -c "ulimit -n 271; exec '$softflowd' -i lo -p pid -c ctl"
	atf_check -e ignore \
	    sh -c "ulimit -S -n 128; exec '$softflowd' -i lo -p pid -c ctl"
	kill "$(cat pid)"
	wait_for test ! -e pid
}

# Start a daemon, $daemon, by $command, which may not have returned yet.
begin_start() {
	rm -f pid
	"$softflowd" -i lo -p pid -c ctl 2>log &
	command=$!
	until [ -s pid ] || ! kill -0 $command; do
		:
	done
	[ -s pid ] || atf_fail "it did not start"
	read -r daemon <pid
}

# It was ready already.
end_start() {
	kill -9 $daemon
	wait_for test ! -e /proc/$daemon
	tries=$((tries + 1))
	[ $tries -lt 20 ] || atf_skip "it is always faster than this test"
}

# Start a daemon and stop it before its worker is ready.
stop_start() {
	tries=0
	while :; do
		begin_start
		kill -STOP $daemon
		sleep 0.1
		! kill -0 $command 2>/dev/null || return 0
		end_start
	done
}

life_test_case killed_start_is_no_success \
    "the command exits 1 and says what happened"
killed_start_is_no_success_body() {
	stop_start
	kill -9 $daemon
	wait $command
	atf_check test $? -eq 1
	atf_check -o match:'killed by signal 9 .* before it was ready' cat log
}

life_test_case worker_killed_at_the_start_fails_the_start \
    "and the daemon leaves nothing behind"
worker_killed_at_the_start_fails_the_start_body() {
	tries=0
	while :; do
		begin_start
		children=/proc/$daemon/task/$daemon/children
		[ -e $children ] || atf_skip "no list of children here"
		# The quickest way there is: it is ready in milliseconds.
		worker=
		while [ -z "$worker" ]; do
			read -r worker <$children
			[ -e $children ] || atf_fail "it ended"
		done
		kill -9 ${worker% }
		if ! wait $command; then
			atf_check -o match:'worker .*: killed by signal 9' \
			    -o match:'the worker did not start' cat log
			atf_check test ! -e pid -a ! -e ctl
			return
		fi
		end_start
	done
}

life_test_case command_that_is_interrupted_ends_the_daemon \
    "while it waits for the start"
command_that_is_interrupted_ends_the_daemon_body() {
	stop_start
	# A shell has those in the background ignore the one of ^C.
	kill -TERM $command
	sleep 0.2
	atf_check test -d /proc/$daemon
	kill -CONT $daemon
	wait $command
	wait_for test ! -e /proc/$daemon
	atf_check test ! -e pid -a ! -e ctl
}

life_test_case stale_files_are_taken_over "those of one killed with KILL"
stale_files_are_taken_over_body() {
	start_softflowd -i lo
	kill -9 $softflowd_pid
	wait $softflowd_pid
	atf_check test -s pid -a -S ctl -a -e pid.lock -a -e ctl.lock
	start_softflowd -i lo
	atf_check test "$(cat pid)" = $softflowd_pid
	kill $softflowd_pid
	finish_softflowd
	atf_check test -z "$(ls | grep -E '^(pid|ctl)')"
}

life_test_case second_instance_learns_the_first_ones_pid \
    "by the pid file and by the control socket"
second_instance_learns_the_first_ones_pid_body() {
	start_softflowd -i lo
	for files in '-p pid -c ctl2' '-p pid2 -c ctl' '-p none -c ctl'; do
		atf_check -s exit:1 -e match:"softflowd is running, \
its process id is $softflowd_pid;" "$softflowd" -d -i lo $files
	done
	atf_check test "$(cat pid)" = $softflowd_pid
	atf_check -o match:'TCP timeout' "$softflowctl" -c ctl timeouts
	kill $softflowd_pid
	finish_softflowd
}

life_test_case container_needs_no_writable_file \
    "with -p none and -c none; where one is wanted the option is named"
container_needs_no_writable_file_body() {
	mkdir ro
	unshare -m true 2>/dev/null || atf_skip "no mount namespaces here"
	cat >in_ro <<-'END'
	mount -t tmpfs -o ro none ro && exec "$@"
	END
	atf_check -s exit:1 \
	    -e match:'ro/pid.lock: Read-only file .* -p, or -p none' \
	    unshare -m sh in_ro "$softflowd" -d -i lo -p ro/pid -c none
	atf_check -s exit:1 \
	    -e match:'ro/ctl.lock: Read-only file .* -c, or -c none' \
	    unshare -m sh in_ro "$softflowd" -d -i lo -p none -c ro/ctl
	unshare -m sh in_ro "$softflowd" -d -i lo -p none -c none 2>log &
	softflowd_pid=$!
	wait_for grep 'worker .*: confined by' log
	kill $softflowd_pid
	finish_softflowd
	atf_check test -z "$(ls | grep -E '^(pid|ctl)')"
}

life_test_case daemon_can_be_the_first_process \
    "of a container: it obeys signals and leaves no zombie"
daemon_can_be_the_first_process_body() {
	unshare -pf --mount-proc true 2>/dev/null ||
	    atf_skip "no pid namespaces here"
	unshare -pf --mount-proc --kill-child "$softflowd" -d -i lo -p none \
	    -c ctl 2>log &
	unshare_pid=$!
	wait_for "$softflowctl" -c ctl timeouts
	first=$(pgrep -P $unshare_pid)
	atf_check -o match:'[[:space:]]1$' grep NSpid /proc/$first/status
	# An orphan that ends becomes the first process's child.
	nsenter -t $first -p -m sh -c '(sleep 0.1 &)'
	kill -9 "$(pgrep -P $first)"
	wait_for "$softflowctl" -c ctl timeouts
	sleep 0.5
	for child in $(pgrep -P $first); do
		atf_check -o not-match:'State:.*Z' grep State \
		    /proc/$child/status
	done
	kill -INT $first
	softflowd_pid=$unshare_pid
	finish_softflowd
}

life_test_case service_manager_learns_of_start_and_end \
    "by a path and by an abstract name"
service_manager_learns_of_start_and_end_body() {
	for name in "$(pwd)/manager" "@softflowd-test-$$"; do
		start_manager "$name"
		start_softflowd -i lo -n 127.0.0.1:9
		atf_check -o match:"^READY=1 MAINPID=$softflowd_pid \
STATUS=1 source of packets, 1 collector$" cat told
		atf_check -o not-match:'STOPPING|WATCHDOG' cat told
		tr '\0' '\n' <"/proc/$(worker_pid)/environ" >environment
		atf_check -o not-match:NOTIFY cat environment
		kill $softflowd_pid
		finish_softflowd
		atf_check -o inline:'1\n' grep -c '^STOPPING=1' told
		atf_check -o inline:'1\n' grep -c '^READY=1' told
		stop_manager
	done
}

life_test_case service_manager_learns_of_reloads \
    "with and without a hand-over, and also when they are refused"
service_manager_learns_of_reloads_body() {
	start_manager "$(pwd)/manager"
	reloads=0
	echo 'interface lo' >conf
	start_softflowd -f conf
	for line in '# nothing new' 'sampling 2' 'template-seconds 60' \
	    'max-flows 1000' 'nonsense'; do
		printf 'interface lo\n%s\n' "$line" >conf
		kill -HUP $softflowd_pid
		reloads=$((reloads + 1))
		wait_for told_ready $reloads
	done
	cat told
	sed -n 's/^\(R[A-Z]*=1\).*/\1/p' told >got
	{
		echo READY=1
		for i in 1 2 3 4 5; do
			echo RELOADING=1
			echo READY=1
		done
	} >wanted
	atf_check cmp wanted got
	atf_check -o match:'the hand-over took' \
	    -o match:'not reloaded: max-flows ' cat log
	kill $softflowd_pid
	finish_softflowd
	stop_manager
}

life_test_case daemon_in_the_background_tells_its_pid \
    "not that of the command"
daemon_in_the_background_tells_its_pid_body() {
	start_manager "$(pwd)/manager"
	atf_check -e ignore "$softflowd" -i lo -p pid -c ctl
	wait_for grep "^READY=1 MAINPID=$(cat pid) " told
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	wait_for grep '^STOPPING=1' told
	stop_manager
}

life_test_case watchdog_is_fed_while_a_worker_is_heard \
    "twice in its time, and only if it is meant for us"
watchdog_is_fed_while_a_worker_is_heard_body() {
	start_manager "$(pwd)/manager"
	export WATCHDOG_USEC=400000
	start_softflowd -i lo
	sleep 2
	kill -9 "$(worker_pid)"
	sleep 1
	n=$(grep -c '^WATCHDOG=1' told)
	atf_check test "$n" -ge 10 -a "$n" -le 30
	kill $softflowd_pid
	finish_softflowd
	stop_manager
	WATCHDOG_PID=1
	export WATCHDOG_PID
	start_manager "$(pwd)/manager2"
	start_softflowd -i lo
	wait_for grep READY told
	sleep 1
	atf_check -o not-match:WATCHDOG cat told
	kill $softflowd_pid
	finish_softflowd
	stop_manager
}

life_test_case missing_service_manager_is_no_reason_not_to_run \
    "but the log says so"
missing_service_manager_is_no_reason_not_to_run_body() {
	NOTIFY_SOCKET=$(pwd)/nobody start_softflowd -i lo
	kill $softflowd_pid
	finish_softflowd
	atf_check -o match:'NOTIFY_SOCKET .*/nobody: No such file' cat log
}

life_test_case end_that_takes_time_can_be_cut_short \
    "by a second signal a second later, which is an error; not by one at once"
end_that_takes_time_can_be_cut_short_body() {
	make_namespace
	# 5 seconds are given to a collector that is away.
	start_softflowd in_ns -i vb -v 10 -n tcp:127.0.0.1:9
	send va "$real"
	wait_for live_counter_is frames $sent
	kill $softflowd_pid
	sleep 1.3
	kill -INT $softflowd_pid
	sleep 0.5
	kill -0 $softflowd_pid 2>/dev/null && atf_fail "it goes on"
	finish_softflowd 1
	atf_check -o match:'told twice to end' cat log
	atf_check test -z "$(ls | grep -E '^(pid|ctl)')"
	start_softflowd in_ns -i vb -v 10 -n tcp:127.0.0.1:9
	send va "$real"
	wait_for live_counter_is frames $sent
	kill $softflowd_pid
	sleep 0.2
	kill $softflowd_pid
	finish_softflowd
}

life_test_case statistics_are_logged_periodically \
    "with the counters' names, as what happened since the last line"
statistics_are_logged_periodically_body() {
	make_namespace
	start_softflowd in_ns -i vb -o log-statistics=2
	send va "$real"
	wait_for live_counter_is frames $sent
	packets=$(live_counter packets)
	flows=$(live_counter flows)
	sleep 5
	kill $softflowd_pid
	finish_softflowd
	grep '^softflowd: statistics: ' log >lines
	atf_check -o inline:"$packets\n" awk '{
		for (i = 1; i <= NF; i++)
			if (sub("^packets=", "", $i)) n += $i
	    } END { print n }' lines
	atf_check -o match:" seconds=2 active_flows=$flows \
packets_per_second=0 packets=0 octets=0 flows=0 flows_expired=0 \
flows_exported=0 flows_forced=0 flows_unsent=0 kernel_dropped=0 \
records_lost=0$" tail -n 1 lines
}

life_test_case log_has_the_level_that_was_asked_for \
    "in both processes"
log_has_the_level_that_was_asked_for_body() {
	start_softflowd -i lo -o log-level=warning -o log-statistics=1
	kill -9 "$(worker_pid)"
	wait_for "$softflowctl" -c ctl timeouts
	sleep 1.5
	kill $softflowd_pid
	finish_softflowd
	atf_check -o match:'killed by signal 9' \
	    -o not-match:'statistics:|took over|confined by' cat log
	start_softflowd -i lo -o log-level=debug
	kill $softflowd_pid
	finish_softflowd
	atf_check -o match:'worker [0-9]* started' cat log
}

life_test_case losses_are_told_of_when_they_begin_and_end \
    "packets that the kernel drops, and a table that is full"
losses_are_told_of_when_they_begin_and_end_body() {
	make_namespace
	start_softflowd in_ns -i vb -B 131072 -m 16 -n 127.0.0.1:9 -v 9
	worker=$(worker_pid)
	kill -STOP $worker
	for i in 1 2 3 4 5 6 7 8; do
		send va "$real"
	done
	kill -CONT $worker
	wait_for grep 'worker: capture: the kernel drops packets ([0-9]* in' log
	wait_for grep 'worker: flows: the table is full' log
	dropped=$(live_counter kernel_dropped)
	atf_check -o not-match:'no dropped packets' cat log
	# The end is the next one's to tell.
	kill -9 $worker
	sleep 8
	wait_for grep "capture: no dropped packets for 1[0-9] s; before, \
$dropped in [0-9]* s" log
	wait_for grep 'flows: no flows expired early for 1[0-9] s; before,' log
	atf_check -o inline:'1\n' grep -c 'kernel drops' log
	kill $softflowd_pid
	finish_softflowd
}

# And perhaps something of this host's own.
all_has_come() {
	[ "$(live_counter frames)" -ge "$sent" ]
}

life_test_case collector_that_loses_records_is_named \
    "when its losses begin"
collector_that_loses_records_is_named_body() {
	make_namespace
	ip -n $ns link add vc type veth peer name vd
	ip -n $ns addr add 192.0.2.1/24 dev vc
	ip -n $ns link set vc up
	ip -n $ns link set vd up
	start_softflowd in_ns -i vb -n 127.0.0.1:9,192.0.2.2:9 -v 9
	send va "$real"
	wait_for all_has_come
	ip -n $ns link set vc down
	atf_check -o ignore "$softflowctl" -c ctl expire-all
	wait_for grep 'worker: collector .*: records are lost ([0-9]* in' log
	atf_check -o not-match:'127.0.0.1:9: records' cat log
	atf_check -o inline:'1\n' grep -c 'records are lost' log
	kill $softflowd_pid
	finish_softflowd
}

atf_init_test_cases() {
	for test in $life_tests; do
		atf_add_test_case $test
	done
}
