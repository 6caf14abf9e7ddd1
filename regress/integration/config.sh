#!/usr/bin/env atf-sh
#
# The configuration file of the real program: what it says takes effect, what
# is wrong with it reaches the terminal and ends with exit status 1.

. "$(atf_get_srcdir)/common.sh"

page=$tree/man/softflowd.conf.5

# The line on stderr, behind what a sanitizer build says.
refuses() {
	atf_check -s exit:1 -e match:"^softflowd: $1\$" "$softflowd" "$2" \
	    "$3" ${4:-}
}

atf_test_case a_file_makes_the_flows_that_options_make
a_file_makes_the_flows_that_options_make_head() {
	atf_set descr "from a capture to a collector"
}
a_file_makes_the_flows_that_options_make_body() {
	start_collector
	atf_check -o save:by_options -e ignore "$softflowd" -r "$real" -v 9 \
	    -T proto -n "127.0.0.1:$port" udp
	finish_collector
	without_times sums >wanted
	atf_check test -s wanted
	start_collector
	cat >t.conf <<-END
	savefile "$real"
	version 9
	track proto
	collector 127.0.0.1 {
		port $port
	}
	filter udp
	END
	atf_check -o save:by_file -e ignore "$softflowd" -f t.conf
	finish_collector
	without_times sums >got
	atf_check cmp wanted got
	atf_check_equal "$(counter packets by_options)" \
	    "$(counter packets by_file)"
}

atf_test_case options_go_before_the_file
options_go_before_the_file_head() {
	atf_set descr "by name"
}
options_go_before_the_file_body() {
	echo 'interface nosuchif0' >t.conf
	echo 'filter "nonsense here"' >>t.conf
	atf_check -o match:"^Packets processed: 2790" -e ignore "$softflowd" -f t.conf \
	    -r "$real" ip or ip6
}

atf_test_case checking_says_ok
checking_says_ok_head() {
	atf_set descr "-k starts nothing"
}
checking_says_ok_body() {
	printf 'interface nosuchif0\ncollector no-such-host.invalid port 1\n' \
	    >t.conf
	printf 'pid-file %s/pid\ncontrol-socket %s/ctl\n' "$PWD" "$PWD" >>t.conf
	atf_check -o inline:'configuration OK\n' -e ignore \
	    "$softflowd" -f t.conf -k
	atf_check -o inline:'configuration OK\n' -e ignore \
	    "$softflowd" -k -i eth0
	atf_check test ! -e pid -a ! -e ctl -a ! -e pid.lock -a ! -e ctl.lock
	echo 'sampling -1' >>t.conf
	refuses 't.conf:5:10: sampling -1: too small; .*' -f t.conf -k
}

atf_test_case checking_reads_the_filter
checking_reads_the_filter_head() {
	atf_set descr "but looks up no name in it"
}
checking_reads_the_filter_body() {
	printf 'interface eth0\nfilter prot udp\n' >t.conf
	refuses "filter expression \"prot udp\": can't parse .*" -f t.conf -k
	atf_check -o inline:'configuration OK\n' -e ignore \
	    "$softflowd" -f t.conf -k host no-such-host.invalid
	# Of live capture only.
	atf_check -o inline:'configuration OK\n' -e ignore \
	    "$softflowd" -f t.conf -k inbound and vlan 3
}

atf_test_case the_example_of_the_manual_is_right
the_example_of_the_manual_is_right_head() {
	atf_set descr "as it stands in softflowd.conf.5"
}
the_example_of_the_manual_is_right_body() {
	awk '/^\.Sh/ { in_examples = $2 == "EXAMPLES" }
	    /^\.Ed/ { printing = 0 }
	    printing { print }
	    /^\.Bd/ { printing = in_examples }' "$page" >example.conf
	atf_check -o match:'^collector' cat example.conf
	atf_check -o inline:'configuration OK\n' -e ignore \
	    "$softflowd" -f example.conf -k
}

atf_test_case what_is_wrong_is_said_with_its_place
what_is_wrong_is_said_with_its_place_head() {
	atf_set descr "file, line, column and token, without -k as well"
}
what_is_wrong_is_said_with_its_place_body() {
	printf '# one\n\ninterfaec eth0\n' >t.conf
	refuses 't.conf:3:1: "interfaec": unknown keyword; .*' -f t.conf
	refuses 't.conf:3:1: "interfaec": unknown keyword; .*' -f t.conf -d
	printf 'interface eth0\n\ttimeout tcp 5x\n' >t.conf
	refuses 't.conf:2:10: timeout tcp=5x: bad time; .*' -f t.conf
	printf 'interface eth0\nuser "x\n' >t.conf
	refuses 't.conf:2:6: "x: the closing quote is missing' -f t.conf
}

atf_test_case a_file_that_cannot_be_read_is_refused
a_file_that_cannot_be_read_is_refused_head() {
	atf_set descr "missing, no file, too long or no text"
}
a_file_that_cannot_be_read_is_refused_body() {
	refuses 'none: No such file or directory' -f none
	refuses '/: not a regular file' -f /
	mkfifo fifo
	refuses 'fifo: not a regular file' -f fifo
	dd if=/dev/zero of=large bs=1024 count=2048 2>/dev/null
	refuses 'large: longer than 1 MiB' -f large
	printf 'interface eth0\n#\0\n' >t.conf
	refuses 't.conf:2:2: a NUL octet: this is no text' -f t.conf
	atf_check -s exit:1 -e match:'-f "": it must not be empty' \
	    "$softflowd" -f ''
}

atf_test_case one_that_anybody_may_write_is_refused
one_that_anybody_may_write_is_refused_head() {
	atf_set descr "by root"
	atf_set require.user root
}
one_that_anybody_may_write_is_refused_body() {
	echo 'interface eth0' >t.conf
	chmod 666 t.conf
	refuses 't.conf: anybody may write to it, .*' -f t.conf
}

atf_test_case the_role_is_not_for_operators
the_role_is_not_for_operators_head() {
	atf_set descr "by name"
}
the_role_is_not_for_operators_body() {
	atf_check -s exit:1 -e match:'--config is for softflowd itself' \
	    "$softflowd" --config
}

atf_test_case a_daemon_starts_from_a_file cleanup
a_daemon_starts_from_a_file_head() {
	atf_set descr "in the background, by a relative name"
	atf_set require.user root
}
a_daemon_starts_from_a_file_body() {
	make_namespace
	cat >t.conf <<-END
	interface va
	interface vc optional
	pid-file $PWD/pid
	control-socket $PWD/ctl
	timeout tcp 17
	END
	atf_check -e ignore ip netns exec "$ns" "$softflowd" -f t.conf
	atf_check -o match:' 17s' "$softflowctl" -c ctl timeouts
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	wait_for test ! -e pid.lock
}
a_daemon_starts_from_a_file_cleanup() {
	. "$(atf_get_srcdir)/common.sh"
	[ ! -s pid ] || kill "$(cat pid)"
	remove_namespace
}

atf_init_test_cases() {
	atf_add_test_case a_file_makes_the_flows_that_options_make
	atf_add_test_case options_go_before_the_file
	atf_add_test_case checking_says_ok
	atf_add_test_case checking_reads_the_filter
	atf_add_test_case the_example_of_the_manual_is_right
	atf_add_test_case what_is_wrong_is_said_with_its_place
	atf_add_test_case a_file_that_cannot_be_read_is_refused
	atf_add_test_case one_that_anybody_may_write_is_refused
	atf_add_test_case the_role_is_not_for_operators
	atf_add_test_case a_daemon_starts_from_a_file
}
