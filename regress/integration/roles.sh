#!/usr/bin/env atf-sh
#
# Who may connect to the control socket; who gets no answer is told why.

. "$(atf_get_srcdir)/common.sh"

group=54321
stranger=65533

role_test_case() {
	atf_test_case "$1"
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
		atf_set require.progs setpriv
	}"
	role_tests="${role_tests:-} $1"
}

# Programs that others may execute, wherever the tree is; one of them is a
# client of another user and groups, and prints what it is told:
#	primary [supplementary [clients]]
prepare() {
	chmod 755 .
	cp "$peer" ./peer
	cp "$softflowd" ./softflowd
	cat >client <<-END
	groups=--clear-groups
	[ -z "\$2" ] || groups="--groups \$2"
	exec setpriv --reuid $stranger --regid \$1 \$groups \
	    ./peer control ctl \${3:-1}
	END
}

role_test_case members_of_the_group_are_served \
    "be it their first or another of their groups"
members_of_the_group_are_served_body() {
	prepare
	start_softflowd -i lo -o control-group=$group
	atf_check -o inline:"660 $group\n" stat -c '%a %g' ctl
	atf_check -o match:'^0: served' sh client $group
	atf_check -o match:'^0: served' sh client $stranger 1,2,$group
	kill $softflowd_pid
	finish_softflowd
}

role_test_case strangers_are_told_that_they_may_not \
    "even where the socket's mode lets them in"
strangers_are_told_that_they_may_not_body() {
	prepare
	start_softflowd -i lo -o control-group=$group
	atf_check -s exit:1 -e match:'Permission denied' sh client $stranger 1,2
	chmod 666 ctl
	for groups in '' 1,2; do
		atf_check -o inline:"0: refused permission denied: uid \
$stranger is neither root nor who started softflowd, nor in group $group\n" \
		    sh client $stranger $groups
	done
	kill $softflowd_pid
	finish_softflowd
	atf_check -o match:'refused: permission denied: uid 65533' cat log
}

role_test_case without_a_group_there_are_only_operators \
    "root and who started it"
without_a_group_there_are_only_operators_body() {
	prepare
	start_softflowd -i lo
	atf_check -o inline:"600\n" stat -c %a ctl
	chmod 666 ctl
	atf_check -o match:'refused permission denied.*started softflowd$' \
	    sh client $group
	atf_check -o match:'^0: served' ./peer control ctl 1
	kill $softflowd_pid
	finish_softflowd
}

role_test_case owner_needs_no_root \
    "and may open the socket to a group of its own only"
owner_needs_no_root_body() {
	prepare
	chown $stranger .
	set -- setpriv --reuid $stranger --regid $stranger --groups $group \
	    ./softflowd -d -R 44739,127.0.0.1 -p pid -c ctl
	atf_check -s exit:1 -e match:'control-group=1: .*your own groups' \
	    "$@" -o control-group=1
	atf_check test ! -e ctl -a ! -e pid
	"$@" -o control-group=$group 2>log &
	softflowd_pid=$!
	wait_for "$softflowctl" -c ctl timeouts
	atf_check -o match:'^0: served' sh client $stranger
	atf_check -o inline:"660 $group\n" stat -c '%a %g' ctl
	atf_check -o match:'^0: served' setpriv --reuid 65532 --regid 65532 \
	    --groups $group ./peer control ctl 1
	kill $softflowd_pid
	finish_softflowd
}

role_test_case viewers_look_and_operators_act \
    "what changes something is refused to those of the group"
viewers_look_and_operators_act_body() {
	prepare
	cp "$softflowctl" ./softflowctl
	start_softflowd -i lo -o control-group=$group
	viewer="setpriv --reuid $stranger --regid $group --clear-groups \
	    ./softflowctl -c ctl"
	for words in statistics timeouts dump-flows 'show sandbox'; do
		atf_check -o ignore $viewer $words
	done
	for words in shutdown exit expire-all delete-all stop-gather \
	    'set sampling 2' debug+ reload send-template; do
		atf_check -s exit:1 -o ignore -e match:'may only show' \
		    $viewer $words
	done
	atf_check -o ignore ./softflowctl -c ctl set sampling 2
	atf_check -o ignore ./softflowctl -c ctl shutdown
	finish_softflowd
}

role_test_case unknown_group_is_refused "by name"
unknown_group_is_refused_body() {
	atf_check -s exit:1 -e match:'control-group=nosuchgroup: no such' \
	    "$softflowd" -d -i lo -p pid -c ctl -o control-group=nosuchgroup
	atf_check test ! -e ctl -a ! -e ctl.lock
}

role_test_case eight_of_fifty_clients_are_served \
    "the others are told to try again, and nobody waits"
eight_of_fifty_clients_are_served_body() {
	start_softflowd -i lo
	for round in 1 2; do
		# Those of before may not have been seen to go yet.
		wait_for live_counter worker_deaths
		sleep 0.5
		"$peer" control ctl 50 >told || atf_fail "somebody hangs"
		atf_check -o inline:'8\n' grep -c ': served' told
		atf_check -o inline:'42\n' grep -c \
		    ': refused 8 clients are served already; try again later' \
		    told
	done
	kill $softflowd_pid
	finish_softflowd
	atf_check -o inline:'5\n' grep -c 'refused: 8 clients' log
}

role_test_case viewers_leave_room_for_operators \
    "six of them are served"
viewers_leave_room_for_operators_body() {
	prepare
	start_softflowd -i lo -o control-group=$group
	sleep 0.5
	sh client $stranger $group 50 >told || atf_fail "somebody hangs"
	atf_check -o inline:'6\n' grep -c ': served' told
	atf_check -o inline:'44\n' grep -c \
	    ': refused 6 clients are served already; try again later' told
	kill $softflowd_pid
	finish_softflowd
}

role_test_case without_a_worker_clients_are_told_so \
    "and served when there is one again"
without_a_worker_clients_are_told_so_body() {
	start_softflowd -i lo
	kill -SYS "$(worker_pid)"
	sleep 0.5
	atf_check -o inline:'0: refused no worker at the moment; try again\n' \
	    "$peer" control ctl 1
	# The next one starts 10 seconds after that.
	sleep 9.5
	wait_for "$softflowctl" -c ctl timeouts
	kill $softflowd_pid
	finish_softflowd
}

atf_init_test_cases() {
	for test in $role_tests; do
		atf_add_test_case $test
	done
}
