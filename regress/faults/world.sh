#!/usr/bin/env atf-sh
#
# Faults of what is around the daemon: processes that are killed or stopped,
# clocks that jump, file systems that take nothing, descriptors that run out.

. "$(atf_get_srcdir)/../integration/common.sh"
. "$(atf_get_srcdir)/sweep.sh"

world_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
		atf_set timeout 120
	}
	    $1_cleanup() { remove_namespace; }"
	world_tests="${world_tests:-} $1"
}

# A daemon that exports to the collector sums; its own process is $daemon.
begin() {
	prepare
	"$faults/arm" rules
	start_sums sums
	udp=$(cat sums.port) tcp= sent=0
	configure
	FAULTS=rules $in "$softflowd" -d -f conf -p pid -c ctl >log 2>&1 &
	daemon=$!
	within 10 answered || atf_fail "it does not answer"
}

worker() {
	pgrep -P $daemon -f 'softflowd: worker' || atf_fail "there is no worker"
}

# Everything that was sent has arrived, and so many workers have died.
end() {
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	reap_daemon 40
	stop_sums sums
	check_sums sums 127.0.0.1:$udp $sent
	[ $status -eq 0 ] && [ ! -s wrong ] || {
		cat log
		atf_fail "status $status, $(cat wrong)"
	}
	check_counter worker_deaths statistics "$1"
}

said() {
	grep -q "$1" log
}

# Let so many seconds of the monotonic clock pass at once, $gone in all.
skip_seconds() {
	gone=$((${gone:-0} + $1))
	"$faults/arm" -m $gone rules
}

world_test_case killed_daemon_leaves_no_process \
    "within a second, and the next one starts over its files"
killed_daemon_leaves_no_process_body() {
	begin
	children=$(pgrep -P $daemon)
	atf_check test "$(echo $children | wc -w)" -eq 2
	kill -KILL $daemon
	wait $daemon
	sleep 1
	for daemon in $children; do
		daemon_gone || atf_fail "$(cat /proc/$daemon/cmdline) is there"
	done
	atf_check test -S ctl
	FAULTS=rules $in "$softflowd" -d -f conf -p pid -c ctl >log 2>&1 &
	daemon=$!
	within 10 answered || atf_fail "it does not answer"
	send_load
	end 0
}

world_test_case stopped_worker_goes_on_where_it_was \
    "what came meanwhile waits in the ring"
stopped_worker_goes_on_where_it_was_body() {
	begin
	worker=$(worker)
	kill -STOP $worker
	$in "$bench/send" -r 20000 va load.pcap >/dev/null
	sent=$nflows
	sleep 3
	kill -CONT $worker
	within 5 frames_are $sent || atf_fail "not all was counted"
	atf_check test "$(worker)" = "$worker"
	end 0
}

world_test_case worker_stopped_for_long_is_replaced \
    "after 30 seconds; nothing is lost"
worker_stopped_for_long_is_replaced_body() {
	begin
	send_load
	worker=$(worker)
	kill -STOP $worker
	# Not at once, or it would seem that all of us slept.
	for i in 1 2 3 4 5 6 7 8 9; do
		skip_seconds 3
		sleep 1.1
	done
	within 5 said "$worker: silent for 30 seconds; killed" ||
	    atf_fail "it was not"
	send_load
	end 1
}

world_test_case stopped_daemon_takes_nobody_for_hung \
    "the worker works on and is the same afterwards"
stopped_daemon_takes_nobody_for_hung_body() {
	begin
	worker=$(worker)
	kill -STOP $daemon
	$in "$bench/send" -r 20000 va load.pcap >/dev/null
	sent=$nflows
	skip_seconds 100
	sleep 2
	kill -CONT $daemon
	within 5 frames_are $sent || atf_fail "not all was counted"
	sleep 1
	atf_check test "$(worker)" = "$worker"
	end 0
}

world_test_case all_stopped_for_long_go_on "as when a container is frozen"
all_stopped_for_long_go_on_body() {
	begin
	worker=$(worker)
	kill -STOP $worker $daemon
	$in "$bench/send" -r 20000 va load.pcap >/dev/null
	sent=$nflows
	skip_seconds 1000
	kill -CONT $daemon
	# It wakes up first.
	sleep 1.5
	kill -CONT $worker
	within 5 said 'did not run for 100[0-9]*' || atf_fail "not noticed"
	within 5 frames_are $sent || atf_fail "not all was counted"
	atf_check test "$(worker)" = "$worker"
	end 0
}

world_test_case clock_that_is_set_loses_nothing \
    "an hour ahead, and back, and a day behind; packets come meanwhile"
clock_that_is_set_loses_nothing_body() {
	begin
	send_load
	for ahead in 3600 0 -86400 0; do
		"$faults/arm" -c $ahead rules
		sleep 0.3
		send_load
	done
	end 0
}

world_test_case clients_wait_while_there_are_no_descriptors \
    "which is logged, and does not keep the processor busy"
clients_wait_while_there_are_no_descriptors_body() {
	begin
	"$faults/arm" rules accept4@parent:1+*=EMFILE
	"$softflowctl" -c ctl timeouts >answer &
	client=$!
	sleep 2
	tries=$("$faults/arm" -r rules)
	[ $tries -ge 2 ] && [ $tries -le 10 ] ||
	    atf_fail "$tries tries in 2 seconds"
	atf_check test ! -s answer
	"$faults/arm" rules
	wait $client || atf_fail "the client was not served"
	atf_check test -s answer
	atf_check -o ignore \
	    grep 'control connection: Too many open files' log
	send_load
	end 0
}

world_test_case no_process_for_a_worker_is_waited_for \
    "it says so and takes the flows over when there is one again"
no_process_for_a_worker_is_waited_for_body() {
	begin
	send_load
	"$faults/arm" rules fork@parent:1+3=EAGAIN
	kill -KILL "$(worker)"
	within 10 said 'no new worker yet: fork: Resource temp' ||
	    atf_fail "not said"
	within 10 answered || atf_fail "no new worker"
	atf_check -o inline:'3\n' "$faults/arm" -r rules
	send_load
	end 1
}

world_test_case full_device_is_waited_for "ENOBUFS, for a short time"
full_device_is_waited_for_body() {
	begin
	send_load
	"$faults/arm" rules send@worker:1+3=ENOBUFS
	atf_check -o ignore "$softflowctl" -c ctl expire-all
	atf_check -o inline:'3\n' "$faults/arm" -r rules
	atf_check -o ignore "$softflowctl" -c ctl statistics
	check_counter packets_unsent statistics 0
	end 0
}

world_test_case interface_that_goes_under_traffic_loses_no_count \
    "and is captured on again when it is back"
interface_that_goes_under_traffic_loses_no_count_body() {
	begin
	while $in "$bench/send" -r 2000 va load.pcap; do
		:
	done >/dev/null 2>&1 &
	sender=$!
	sleep 0.5
	ip -n "$ns" link del va
	wait $sender
	within 5 said 'the interface has gone' || atf_fail "not noticed"
	ip -n "$ns" link add va type veth peer name vb
	within 5 said 'the interface is back' || atf_fail "not bound again"
	ip -n "$ns" link set va up
	ip -n "$ns" link set vb up
	# What was on its way when it went may still come.
	sent=
	until now=$(live_counter frames) && [ "$now" = "$sent" ]; do
		sent=$now
		sleep 0.5
	done
	atf_check test "$sent" -gt $nflows
	send_load
	end 0
}

# In a mount namespace, with a directory full on which nothing can be written.
#	options of tmpfs, message
refuses_in_full() {
	mkdir -p full
	cat >inside <<-EOS
	mount -t tmpfs -o $1 none full
	[ "$1" != size=4k ] || dd if=/dev/zero of=full/fill bs=4k count=1
	for how in -d ""; do
		"$softflowd" \$how -i lo -p full/pid -c none && exit 2
	done
	ls full
	EOS
	atf_check -o not-match:pid -e match:"$2" unshare -m sh inside
}

world_test_case full_disk_fails_the_start \
    "with the pid file's name, and leaves no file"
full_disk_fails_the_start_body() {
	[ -x "$softflowd" ] || atf_skip "not for this system or sanitizer"
	unshare -m true 2>/dev/null || atf_skip "no mount namespace here"
	refuses_in_full size=4k 'full/pid: No space left'
	refuses_in_full size=4k,nr_inodes=2 'full/pid.*: No space left'
	refuses_in_full ro 'full/pid.lock: Read-only.*; give another path'
}

atf_init_test_cases() {
	for test in $world_tests; do
		atf_add_test_case $test
	done
}
