#!/usr/bin/env atf-sh
#
# What an operator gets wrong is named, with what is allowed, and ends with
# exit status 1.

. "$(atf_get_srcdir)/common.sh"

refuses() {
	expected=$1
	shift
	atf_check -s exit:1 -o ignore -e match:"$expected" "$softflowd" "$@"
}

# name, description, expected message, then the command line
refusal() {
	atf_test_case "$1"
	eval "$1_head() { atf_set descr \"$2\"; }"
	eval "$1_body() { refuses '$3' $4; }"
	refusals="${refusals:-} $1"
}

refusal unknown_option_is_refused "by its letter" \
    '-Q' '-Q -r "$real"'
refusal missing_source_is_refused "neither -i nor -r" \
    '-i .*-r' '-d'
refusal two_sources_are_refused "-i and -r together" \
    '-i.*-r' '-i lo -r "$real"'
refusal any_beside_others_is_refused "as it is all of them" \
    '-i lo: any is all interfaces' '-i any -i lo'
refusal missing_file_is_refused "by name" \
    '/nonexistent/file: No such file' '-r /nonexistent/file'
refusal unresolvable_host_is_refused "by name" \
    'no-such-host.invalid:9995: ' \
    '-r "$real" -n no-such-host.invalid:9995'
refusal port_out_of_range_is_refused "with the range" \
    '65536.*65535' '-r "$real" -n 127.0.0.1:65536'
refusal port_zero_is_refused "with the range" \
    '1.*65535' '-r "$real" -n 127.0.0.1:0'
refusal bare_ipv6_collector_is_refused "and shown with brackets" \
    '\[' '-r "$real" -n 2001:db8::1:9995'
refusal link_local_collector_needs_an_interface "and is shown with one" \
    'fe80::1%eth0' '-r "$real" -n [fe80::1]:9995'
refusal bad_timeout_is_refused "with the syntax" \
    'tcp=abc.*1h30m' '-r "$real" -t tcp=abc'
refusal unknown_timeout_is_refused "with the names" \
    'tpc.*tcp.*expint' '-r "$real" -t tpc=5'
refusal bad_version_is_refused "with the versions" \
    '7.*5.*9.*10' '-r "$real" -v 7'
refusal bad_flow_limit_is_refused "with the range" \
    '-m.*0' '-r "$real" -m 0'
refusal unknown_user_is_refused "by name" \
    'no-such-user' '-r "$real" -u no-such-user'
refusal root_as_worker_is_refused "-u root" \
    'root' '-r "$real" -u root'
refusal bad_filter_is_refused "with the expression" \
    'filter expression "nonsense here"' '-r "$real" nonsense here'
refusal pid_file_in_missing_directory_is_refused "by name" \
    '/nonexistent/pid' '-r "$real" -p /nonexistent/pid'
refusal bad_source_address_is_refused "by name" \
    '999.1.1.1' '-r "$real" -n 127.0.0.1:9 -e 999.1.1.1'
refusal worker_role_is_not_for_operators "by name" \
    '--worker is for softflowd itself' '--worker'

atf_test_case unknown_interface_is_refused
unknown_interface_is_refused_head() {
	atf_set descr "with those there are"
	atf_set require.user root
}
unknown_interface_is_refused_body() {
	refuses 'nosuchif0: no such interface; there are any, .*lo' \
	    -d -i nosuchif0 -c none -p "$(pwd)/pid"
	atf_check test ! -e pid
}

atf_test_case control_socket_path_too_long_is_refused
control_socket_path_too_long_is_refused_head() {
	atf_set descr "with the limit"
}
control_socket_path_too_long_is_refused_body() {
	long=$(printf '%0200d' 0)
	refuses 'at most 107' -d -i lo -p "$(pwd)/pid" -c "./$long"
	atf_check test ! -e pid
}

atf_test_case failed_start_leaves_nothing_behind
failed_start_leaves_nothing_behind_head() {
	atf_set descr "no pid file, no socket, no directory"
	atf_set require.user root
}
failed_start_leaves_nothing_behind_body() {
	refuses nosuchif0 -i nosuchif0 -c "$(pwd)/ctl" -p "$(pwd)/pid"
	atf_check test -z "$(ls | grep -v '^atf')"
}

atf_test_case no_other_file_is_taken_for_a_pid_file
no_other_file_is_taken_for_a_pid_file_head() {
	atf_set descr "a mistyped -p destroys nothing"
}
no_other_file_is_taken_for_a_pid_file_body() {
	cp "$real" mine.pcap
	refuses 'mine.pcap: exists and is no pid file' -r mine.pcap -p mine.pcap
	atf_check cmp "$real" mine.pcap
	echo 12345 >stale
	atf_check -o ignore -e ignore "$softflowd" -r "$real" -p stale
	atf_check test ! -e stale
}

atf_test_case lost_output_is_an_error
lost_output_is_an_error_head() {
	atf_set descr "a full device under the summary"
}
lost_output_is_an_error_body() {
	[ -c /dev/full ] || atf_skip "no /dev/full here"
	"$softflowd" -r "$real" >/dev/full 2>errors && atf_fail "exit 0"
	atf_check -o match:'standard output: No space' cat errors
}

atf_test_case help_and_version_exit_0
help_and_version_exit_0_head() {
	atf_set descr "on standard output"
}
help_and_version_exit_0_body() {
	atf_check -o match:'usage: softflowd' -e ignore "$softflowd" -h
	atf_check -o match:'^softflowd [0-9]' -e ignore "$softflowd" -V
	atf_check -o match:'usage: softflowctl' "$softflowctl" -h
}

atf_test_case softflowctl_without_daemon_says_so
softflowctl_without_daemon_says_so_head() {
	atf_set descr "and exits 1"
}
softflowctl_without_daemon_says_so_body() {
	atf_check -s exit:1 -e match:'nothing' \
	    "$softflowctl" -c ./nothing statistics
}

atf_init_test_cases() {
	for test in $refusals; do
		atf_add_test_case $test
	done
	atf_add_test_case unknown_interface_is_refused
	atf_add_test_case control_socket_path_too_long_is_refused
	atf_add_test_case failed_start_leaves_nothing_behind
	atf_add_test_case no_other_file_is_taken_for_a_pid_file
	atf_add_test_case lost_output_is_an_error
	atf_add_test_case help_and_version_exit_0
	atf_add_test_case softflowctl_without_daemon_says_so
}
