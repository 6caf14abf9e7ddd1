#!/usr/bin/env atf-sh
#
# System calls that fail for a moment, or do less than they were asked to: of
# each one the first call from each place in our program, all processes of a
# daemon at work.

. "$(atf_get_srcdir)/../integration/common.sh"
. "$(atf_get_srcdir)/sweep.sh"

# Let these calls (a regular expression) fail with this error, one in a run.
fail_with() {
	if [ "$(atf_config_get sweep few)" = all ]; then
		pick "$1" '.*' >picked
	else
		pick "$1" '.*' 1 | awk -v n="$every" 'NR % n == 0' >picked
	fi
	sweep live "$2" <picked >>found
}

# Likewise all that are given, and say how it went.
#	calls error ...
fail_each() {
	prepare
	survey live
	total=$(cat sites | wc -l)
	while [ $# -gt 0 ]; do
		fail_with "$1" "$2"
		shift 2
	done
	echo "$nrun of $total places, $nmissed not reached"
	[ $nwrong -eq 0 ] || {
		cat found
		atf_fail "$nwrong of $nrun"
	}
	[ $nrun -gt 0 ] && [ $((nmissed * 4)) -le $nrun ] ||
	    atf_fail "few were reached"
}

sweep_test_case calls_that_are_interrupted_are_made_again \
    "EINTR, from wherever a signal may come"
calls_that_are_interrupted_are_made_again_body() {
	every=8
	fail_each 'read|recv|recvmsg|poll|ppoll|accept4' EINTR \
	    'write|writev|send|sendmsg|connect|waitpid' EINTR
}

sweep_test_case short_reads_and_writes_go_on_where_they_stopped \
    "half of a message at a time"
short_reads_and_writes_go_on_where_they_stopped_body() {
	every=4
	fail_each 'recvmsg|sendmsg|writev' short
}

sweep_test_case full_buffers_are_waited_for "EAGAIN and ENOBUFS"
full_buffers_are_waited_for_body() {
	every=8
	fail_each 'recvmsg|sendmsg|send|writev' EAGAIN \
	    'sendmsg|send' ENOBUFS
}

sweep_test_case no_descriptor_or_memory_refuses_what_was_asked_for \
    "EMFILE and ENOMEM, at the start and later"
no_descriptor_or_memory_refuses_what_was_asked_for_body() {
	every=12
	fail_each 'socket|socketpair|open|openat|accept4' EMFILE \
	    'pipe2|dup2|fcntl|memfd_create' EMFILE \
	    'mmap|sendmsg|send|connect|ppoll' ENOMEM fork EAGAIN
}

atf_init_test_cases() {
	for test in $sweep_tests; do
		atf_add_test_case $test
	done
}
