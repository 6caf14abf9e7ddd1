#!/usr/bin/env atf-sh
#
# Short versions of what kills.sh and soak.sh do for long, at rates that leave
# room for other tests beside them.

top=$(cd "$(atf_get_srcdir)/../.." && pwd)
. "$top/regress/lib.sh"

# What is killed by SEGV and ABRT is to die of it in a sanitizer's build, too.
ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_abort=0
export ASAN_OPTIONS

soak_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
		atf_set require.progs \"ip jq nc pgrep ss tcpdump\"
		atf_set timeout 400
	}"
	eval "$1_cleanup() { clean_up; }"
}

# Run a script on what is built, at that rate or what a sanitizer lets us.
run() {
	rate=$2
	[ "$(atf_config_get kind plain)" != asan ] || rate=$((rate / 4))
	script=$1
	shift 2
	chmod 755 .
	TMPDIR=$PWD "$(atf_get_srcdir)/$script" -B -r $rate "$@"
	case $? in
	0)	;;
	2)	atf_skip "it could not run" ;;
	*)	atf_fail "$script: see the output" ;;
	esac
}

# Had it no time to do so itself.
clean_up() {
	for work in softflowd-soak.*; do
		[ ! -d "$work" ] || (remove_work "$PWD/$work")
	done
}

soak_test_case kills_over_udp_lose_only_what_is_counted \
    "flow by flow, v9 and IPFIX; 1,000 by kills.sh"
kills_over_udp_lose_only_what_is_counted_body() {
	run kills.sh 20000 -j 2 -n 12
}

soak_test_case kills_over_tcp_lose_only_what_is_counted \
    "what comes again on the next connection counts once"
kills_over_tcp_lose_only_what_is_counted_body() {
	run kills.sh 20000 -j 1 -n 6 -T tcp
}

soak_test_case two_minutes_of_everything_leave_all_accounted_for \
    "and nothing else; an hour by soak.sh"
two_minutes_of_everything_leave_all_accounted_for_body() {
	# A sanitizer keeps what is freed.
	[ "$(atf_config_get kind plain)" != asan ] || set -- -m 1000000
	run soak.sh 5000 "$@" 120
}

atf_init_test_cases() {
	atf_add_test_case kills_over_udp_lose_only_what_is_counted
	atf_add_test_case kills_over_tcp_lose_only_what_is_counted
	atf_add_test_case two_minutes_of_everything_leave_all_accounted_for
}
