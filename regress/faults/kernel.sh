#!/usr/bin/env atf-sh
#
# Kernels and systems that lack something, as far as it is told: what can be
# missing is named in the log and all else works; without the rest nothing
# starts.

. "$(atf_get_srcdir)/../integration/common.sh"
. "$(atf_get_srcdir)/sweep.sh"

kernel_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
	}
	    $1_cleanup() { remove_namespace; }"
	kernel_tests="${kernel_tests:-} $1"
}

# A run with these rules exports everything; its log is the file log.
works_with() {
	"$faults/arm" rules "$@"
	run_live
	[ ! -s wrong ] || {
		cat log
		atf_fail "$*: $(cat wrong)"
	}
	check_obeyed
}

check_obeyed() {
	atf_check -o not-match:'^0$' "$faults/arm" -r rules
}

# With these rules it does not start, with this message, and leaves nothing.
#	message rule ...
refuses_with() {
	message=$1
	shift
	udp=9 tcp=9
	configure
	"$faults/arm" rules "$@"
	atf_check -s exit:1 -e match:"$message" \
	    env FAULTS=rules timeout 20 $in "$softflowd" -f conf -p pid -c ctl
	check_obeyed
	atf_check test ! -e pid -a ! -e ctl -a ! -e pid.lock
}

# Landlock's three calls are 444 to 446 on every machine.
kernel_test_case works_without_landlock "and does not say that it is there"
works_without_landlock_body() {
	prepare
	for error in ENOSYS EOPNOTSUPP; do
		works_with "syscall/444:1+*=$error"
		atf_check -o match:'missing: Landlock; Landlock ABI 0' \
		    -o not-match:', Landlock' grep confined log
	done
}

kernel_test_case works_without_mdwe "likewise"
works_without_mdwe_body() {
	prepare
	works_with prctl/65:1+*=EINVAL prctl/66:1+*=EINVAL
	atf_check -o match:'missing: MDWE' -o not-match:', MDWE' \
	    grep confined log
}

kernel_test_case works_without_what_only_makes_it_faster \
    "segments of UDP, what TCP has acknowledged, large pages"
works_without_what_only_makes_it_faster_body() {
	prepare
	works_with setsockopt/17103:1+*=ENOPROTOOPT \
	    getsockopt/6011:1+*=ENOPROTOOPT madvise:1+*=EINVAL
}

kernel_test_case nothing_starts_without_a_system_call_filter \
    "of whichever process"
nothing_starts_without_a_system_call_filter_body() {
	prepare
	refuses_with 'confinement of the parent failed at system calls' \
	    syscall/SYS_seccomp@parent:1+*=ENOSYS
	refuses_with 'confinement failed at system calls' \
	    syscall/SYS_seccomp@worker:1+*=ENOSYS
	refuses_with 'the resolver did not start' \
	    syscall/SYS_seccomp@resolver:1+*=ENOSYS
	refuses_with 'conf: .*system calls' \
	    syscall/SYS_seccomp@config:1+*=ENOSYS
}

kernel_test_case nothing_starts_that_could_gain_privileges \
    "or kept its ids, its capabilities or its root directory"
nothing_starts_that_could_gain_privileges_body() {
	prepare
	refuses_with 'parent failed at no new priv' prctl/38@parent=EINVAL
	refuses_with 'worker.* failed at no new priv' prctl/38@worker=EINVAL
	refuses_with 'worker.* failed at ids' setresuid@worker=EAGAIN
	refuses_with 'worker.* failed at ids' setgroups@worker=EPERM
	refuses_with 'worker.* failed at chroot' chroot@worker=EPERM
	refuses_with 'worker.* failed at limits' setrlimit@worker=EPERM
	refuses_with 'parent failed at capabilities' \
	    syscall/SYS_capset@parent=EPERM
	refuses_with 'worker.* failed at capabilities' \
	    syscall/SYS_capset@worker=EPERM
}

kernel_test_case what_is_there_by_half_is_no_landlock \
    "it fails, as a rule could be missing"
what_is_there_by_half_is_no_landlock_body() {
	prepare
	refuses_with 'parent failed at Landlock' syscall/445@parent=EINVAL
	refuses_with 'worker.* failed at Landlock' syscall/446@worker=EPERM
}

kernel_test_case no_capture_is_an_error "with the interface's name"
no_capture_is_an_error_body() {
	prepare
	refuses_with 'vb: .*[Pp]ermi' socket/17:1+*=EPERM
	refuses_with 'vb: Protocol not available' setsockopt/1029=ENOPROTOOPT
	refuses_with 'vb: Cannot allocate' setsockopt/263005@parent:1+*=ENOMEM
}

kernel_test_case no_table_is_an_error "shared memory, its size, its seals"
no_table_is_an_error_body() {
	prepare
	refuses_with 'memory for the flow table: Func' memfd_create=ENOSYS
	refuses_with 'memory for the flow table: Inv' fcntl/1033=EINVAL
	refuses_with 'memory for the flow table: No' ftruncate@parent:6=ENOSPC
	refuses_with 'flow table for 65536 flows' mmap@worker:1+*=ENOMEM
}

kernel_test_case works_without_getrandom "libbsd knows other sources"
works_without_getrandom_body() {
	prepare
	works_with syscall/SYS_getrandom@worker:1+*=ENOSYS
}

kernel_test_case no_place_or_user_for_a_worker_is_an_error \
    "with what was tried"
no_place_or_user_for_a_worker_is_an_error_body() {
	prepare
	refuses_with 'no room for an empty directory in /run, /var/run' \
	    mkdtemp:1+*=EROFS
	refuses_with 'no user _softflowd or nobody' getpwnam:1+*=ENOENT
}

kernel_test_case resolver_that_is_gone_at_once_fails_the_start \
    "with a message, not a crash"
resolver_that_is_gone_at_once_fails_the_start_body() {
	prepare
	refuses_with 'the resolver did not start' writev@parent=ENOMEM
}

kernel_test_case no_null_device_is_an_error "before all else"
no_null_device_is_an_error_body() {
	prepare
	refuses_with 'softflowd: /dev/null: No such file' open@parent=ENOENT
}

atf_init_test_cases() {
	for test in $kernel_tests; do
		atf_add_test_case $test
	done
}
