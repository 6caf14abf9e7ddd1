#!/usr/bin/env atf-sh
#
# softflowctl top in a real terminal, that of tmux: what is on the screen while
# a daemon captures, and what keys, sizes, signals and restarts do to it.

. "$(atf_get_srcdir)/common.sh"

# Declare a test case that needs root, a namespace and tmux.
screen_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() { atf_set descr \"$2\"; atf_set require.user root
		atf_set require.progs tmux; }
	    $1_cleanup() { tmux_ kill-server; remove_namespace; }"
}

# A server of our own, whatever the user has configured.
tmux_() {
	tmux -S "$PWD/tmux" -f /dev/null "$@"
}

# A shell in a terminal of that size; $top is the command.
start_terminal() {
	tmux_ new-session -d -x "$1" -y "$2" -c "$PWD" -e ENV= \
	    -e "top=$softflowctl -c $PWD/ctl top" sh ||
	    atf_skip "tmux cannot start here"
	see '^[#$]'
}

# Keys by the names that tmux has for them, or text, as it is.
press() {
	tmux_ send-keys "$@"
}

# Start the screen in it, with these arguments.
start_top() {
	press "clear; \$top $*; echo status=\$?" Enter
	see '^softflowd\['
}

on_screen() {
	tmux_ capture-pane -p >screen && grep -Eq -- "$1" screen
}

not_on_screen() {
	! on_screen "$1"
}

# The line below the table's heading.
first_row_is() {
	tmux_ capture-pane -p >screen &&
	    sed -n '/^PROTO /{n;p;}' screen | grep -Eq -- "$1"
}

# Wait for one of these, 10 seconds at most; the screen tells why not.
see() {
	tries=0
	[ $# -gt 1 ] || set -- on_screen "$1"
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || {
			cat screen
			atf_fail "not seen: $*"
		}
		sleep 0.1
	done
}

# The program has ended, and the shell has its terminal back.
check_end() {
	see "^status=$1\$"
	press 'clear; stty | grep -cE -- "-(icanon|echo) "; echo us""able' \
	    Enter
	see '^usable$'
	see '^0$'
	if pgrep -f "^$softflowctl -c $PWD/ctl top" >left; then
		atf_fail "processes are left: $(cat left)"
	fi
}

# The capture again and again, in the background.
start_traffic() {
	ip netns exec "$ns" "$replay" -n 1000000 -r "${1:-400}" va "$real" \
	    >/dev/null &
	traffic_pid=$!
}

stop_traffic() {
	kill $traffic_pid
	wait $traffic_pid
}

heavy='^tcp +192\.0\.2\.2:54940 +198\.51\.100\.2:80 '

screen_test_case traffic_is_seen_as_it_flows \
    "header, rates, the heaviest conversation first"
traffic_is_seen_as_it_flows_body() {
	make_namespace
	start_softflowd in_ns -i vb -n 127.0.0.1:9 -s 1
	start_terminal 100 24
	start_traffic
	start_top -s 1
	see "^softflowd\[$softflowd_pid\] .* up .* every 1 s"
	see '^packets/s [1-9].* bits/s [1-9].* table [1-9]'
	see first_row_is "$heavy"
	see first_row_is ":80 +[1-9][0-9.]+[kM]? +[0-9.]+[kM] "
	stop_traffic
	see '^packets/s 0  bits/s 0  flows/s 0 '
	# What statistics say is what the screen says.
	"$softflowctl" -c ctl statistics >statistics
	active=$(sed -n 's/^Number of active flows: //p' statistics | tr -d '()')
	see " table $active \("
	press 6
	see "^packets +0 +$(counter packets statistics) "
	press q
	check_end 0
	kill $softflowd_pid
	finish_softflowd
}

screen_test_case every_key_has_its_page \
    "pages, order, names, scrolling, help"
every_key_has_its_page_body() {
	make_namespace
	start_softflowd in_ns -i vb -n 127.0.0.1:9
	send va "$real"
	wait_for live_counter_is frames "$sent"
	start_terminal 100 24
	start_top
	see '^1 conversations, by rate$'
	press o
	see '^1 conversations, by octets$'
	see first_row_is "$heavy"
	cp screen by_octets
	press a
	see '^1 conversations, by age$'
	see not_on_screen "$heavy"
	press p
	see '^1 conversations, by packets$'
	see first_row_is "$heavy"
	press '>'
	see '^1 conversations, by age$'
	press '<' '<'
	see '^1 conversations, by octets$'
	press n
	see first_row_is ' 198\.51\.100\.2:http '
	press n Down
	see not_on_screen "$heavy"
	press NPage PPage PPage
	see first_row_is "$heavy"
	press NPage NPage Home
	see first_row_is "$heavy"
	press 2
	see \
	    '^2 talkers of the [0-9]+ largest conversations, by octets$'
	see '^192\.0\.2\.2 '
	press 3
	see '^3 protocols'
	see '^udp +[0-9]'
	press 4
	see "^vb +[0-9]+ +[0-9.-]+ +$sent "
	press 5
	see '^127\.0\.0\.1:9 +v5 +udp +up '
	press 6
	see "^frames +[0-9.k-]+ +$sent frames read"
	press h
	see '^q +quit'
	press x
	see '^6 counters'
	press x
	see '^no such key: h for help'
	press q
	check_end 0
	kill $softflowd_pid
	finish_softflowd
}

screen_test_case filter_and_interval_are_typed \
    "as prompts, with words as those of show flows"
filter_and_interval_are_typed_body() {
	make_namespace
	start_softflowd in_ns -i vb
	send va "$real"
	wait_for live_counter_is frames "$sent"
	start_terminal 100 24
	start_top -s 50 host 192.0.2.2
	see '^1 conversations, by rate, only host 192.0.2.2$'
	see "$heavy"
	press / 'port 53x' BSpace ' proto udp' Enter
	see ', only port 53 proto udp$'
	see not_on_screen '^tcp '
	see '^udp .*:53 '
	# A wrong one says what is right, and changes nothing.
	press / 'porto 53' Enter
	see 'unknown word "porto" after "top": allowed are host'
	see ', only port 53 proto udp$'
	press / 'port 80' C-u Enter
	see not_on_screen 'only'
	see "$heavy"
	press / 'port 53' Enter
	see not_on_screen "$heavy"
	press c
	see "$heavy"
	press s 51 Enter
	see '^51: too large; allowed are 1 to 50 seconds'
	press d 7 Enter
	see ' every 7 s'
	press s 9 Escape
	see '^h help'
	see ' every 7 s'
	press q
	check_end 0
	kill $softflowd_pid
	finish_softflowd
}

screen_test_case screen_of_any_size_is_filled \
    "smaller, larger, tiny and back, while it runs"
screen_of_any_size_is_filled_body() {
	make_namespace
	start_softflowd in_ns -i vb
	send va "$real"
	wait_for live_counter_is frames "$sent"
	start_terminal 100 24
	start_top -s 1
	press o
	see "$heavy"
	tmux_ resize-window -x 200 -y 50
	see 'BITS/S OCTETS PACKETS +IDLE +AGE IN +OUT'
	see first_row_is "$heavy"
	atf_check -o match:'^h help' sed -n 50p screen
	tmux_ resize-window -x 60 -y 15
	see not_on_screen ' OUT'
	see '^h help'
	for size in 20x5 10x3 3x2 1x1 300x4; do
		tmux_ resize-window -x ${size%x*} -y ${size#*x}
		sleep 0.3
	done
	tmux_ resize-window -x 20 -y 5
	see '^PROTO '
	see '^tcp '
	tmux_ resize-window -x 100 -y 24
	see first_row_is "$heavy"
	press q
	check_end 0
	kill $softflowd_pid
	finish_softflowd
}

screen_test_case paused_screen_stands_still \
    "until it is told to go on, or to ask once"
paused_screen_stands_still_body() {
	make_namespace
	start_softflowd in_ns -i vb
	send va "$real"
	wait_for live_counter_is frames "$sent"
	start_terminal 100 24
	start_top -s 1
	press 6 z
	see ' every 1 s, PAUSED'
	see "^frames +[0-9.k-]+ +$sent "
	before=$sent
	send va "$real"
	wait_for live_counter_is frames $((before + sent))
	sleep 2.5
	see "^frames +[0-9.k-]+ +$before "
	press Space
	see "^frames +[0-9.k-]+ +$((before + sent)) "
	see PAUSED
	before=$((before + sent))
	send va "$real"
	press z
	see "^frames +[0-9.k-]+ +$((before + sent)) "
	press q
	check_end 0
	kill $softflowd_pid
	finish_softflowd
}

screen_test_case restarted_daemon_is_found_again \
    "and until then the screen stays and says what it waits for"
restarted_daemon_is_found_again_body() {
	make_namespace
	start_softflowd in_ns -i vb
	start_terminal 100 24
	start_traffic
	start_top -s 1
	see first_row_is "$heavy"
	kill -9 "$(worker_pid)"
	see '^packets/s [1-9]'
	see not_on_screen 'trying again'
	kill $softflowd_pid
	finish_softflowd
	see '^softflowd is not running; trying again'
	see "$heavy"
	# Keys have an effect all the same.
	press 2
	see '^2 talkers'
	start_softflowd in_ns -i vb
	see "^softflowd\[$softflowd_pid\]"
	see not_on_screen 'trying again'
	see '^packets/s [1-9][0-9]* '
	stop_traffic
	press q
	check_end 0
	kill $softflowd_pid
	finish_softflowd
}

screen_test_case refusal_is_shown_until_it_is_over \
    "by a daemon that serves as many clients as it may"
refusal_is_shown_until_it_is_over_body() {
	make_namespace
	start_softflowd in_ns -i vb
	start_terminal 100 24
	start_top -s 1
	press z
	see PAUSED
	kill $softflowd_pid
	finish_softflowd
	start_softflowd in_ns -i vb
	others=
	while [ "$(echo $others | wc -w)" -lt 8 ]; do
		sleep 30 | nc -U ctl >/dev/null &
		others="$others $!"
	done
	sleep 0.5
	press z
	see '; trying again'
	kill $others
	see not_on_screen 'trying again'
	see "^softflowd\[$softflowd_pid\]"
	press q
	check_end 0
	kill $softflowd_pid
	finish_softflowd
}

screen_test_case silent_daemon_does_not_stop_keys \
    "and its silence is told"
silent_daemon_does_not_stop_keys_body() {
	make_namespace
	start_softflowd in_ns -i vb
	start_terminal 100 24
	start_top -s 1
	pid=$(worker_pid)
	kill -STOP "$pid"
	see '^softflowd has not answered for [0-9]+ seconds'
	press 5
	see '^5 collectors'
	kill -CONT "$pid"
	see not_on_screen 'has not answered'
	kill -STOP "$pid"
	press Space q
	check_end 0
	kill -CONT "$pid"
	kill $softflowd_pid
	finish_softflowd
}

screen_test_case losses_stand_out_while_they_last \
    "a table that is full, a collector that is not there"
losses_stand_out_while_they_last_body() {
	make_namespace
	start_softflowd in_ns -i vb -m 16 -n 127.0.0.1:9,tcp://127.0.0.1:9 -v 10
	start_terminal 100 24
	start_traffic 4000
	start_top -s 1
	see 'flows/s expire early: the table is full'
	see 'expired early [1-9][0-9.k]* \([1-9]'
	see 'collector .*127\.0\.0\.1:9 is down'
	stop_traffic
	see not_on_screen 'the table is full'
	press q
	check_end 0
	kill $softflowd_pid
	finish_softflowd
}

screen_test_case signals_leave_a_terminal_in_order \
    "^C, ^Z and fg, and SIGTERM"
signals_leave_a_terminal_in_order_body() {
	make_namespace
	start_softflowd in_ns -i vb
	start_terminal 100 24
	start_top -s 1
	press C-c
	check_end 0
	start_top -s 1
	pkill -TERM -o -f "^$softflowctl -c $PWD/ctl top"
	check_end 0
	start_top -s 1
	press C-z
	see 'Stopped|Suspended'
	press 'clear; echo in""between; fg; echo status=$?' Enter
	see '^softflowd\['
	# It goes on, and so does the process that asks.
	before=$(sed -n 's/.* up \([0-9ms]*\) .*/\1/p' screen)
	see not_on_screen " up $before "
	press 3
	see '^3 protocols'
	press q
	see '^inbetween$'
	check_end 0
	kill $softflowd_pid
	finish_softflowd
}

screen_test_case process_that_reads_answers_is_confined \
    "and the one that has the terminal reads none"
process_that_reads_answers_is_confined_body() {
	sanitized && atf_skip "what a sanitizer needs cannot be confined"
	make_namespace
	start_softflowd in_ns -i vb
	start_terminal 100 24
	start_top -s 1
	main=$(pgrep -o -f "^$softflowctl -c $PWD/ctl top")
	atf_check -o match:'2$' grep '^Seccomp:' \
	    /proc/"$(pgrep -P "$main")"/status
	atf_check -o inline:'1\n' sh -c \
	    "ls -l /proc/$main/fd | grep -c socket:"
	press q
	check_end 0
	kill $softflowd_pid
	finish_softflowd
}

screen_test_case unfit_terminals_are_refused_by_name \
    "none, an unknown one, one without a movable cursor"
unfit_terminals_are_refused_by_name_body() {
	make_namespace
	start_softflowd in_ns -i vb
	atf_check -s exit:1 -e match:'not a terminal: top needs one' \
	    "$softflowctl" -c ctl top </dev/null
	start_terminal 100 24
	while read -r type message; do
		press "clear; TERM=$type \$top; echo status=\$?" Enter
		see '^status=1$'
		see "$message"
	done <<-'EOT'
	dumb dumb: this type of terminal cannot move its cursor
	nosuch nosuch: unknown type of terminal
	'' TERM is not set
	EOT
	kill $softflowd_pid
	finish_softflowd
	# Without a daemon there is nothing to see.
	press 'clear; $top; echo status=$?' Enter
	see '^status=1$'
	see 'softflowd is not running'
}

screen_test_case screens_are_printed_in_batch_mode \
    "as plain text, as many as asked for"
screens_are_printed_in_batch_mode_body() {
	make_namespace
	start_softflowd in_ns -i vb
	send va "$real"
	wait_for live_counter_is frames "$sent"
	atf_check -o save:screen \
	    "$softflowctl" -c ctl top -b -n 2 -s 1 port 53 proto udp
	atf_check -o inline:'2\n' grep -c '^softflowd\[' screen
	atf_check -o match:'^udp .*:53 ' cat screen
	atf_check -s exit:1 grep -E '^(tcp|icmp)' screen
	atf_check -s exit:1 env LC_ALL=C grep '[^ -~]' screen
	for bad in '-n 0' '-s 0' '-s 51' '-x' 'porto 53'; do
		# shellcheck disable=SC2086
		atf_check -s exit:1 -e match:'allowed are|usage' \
		    "$softflowctl" -c ctl top $bad
	done
	kill $softflowd_pid
	finish_softflowd
	atf_check -s exit:1 -e match:'softflowd is not running' \
	    "$softflowctl" -c ctl top -b -n 1
}

atf_init_test_cases() {
	atf_add_test_case traffic_is_seen_as_it_flows
	atf_add_test_case every_key_has_its_page
	atf_add_test_case filter_and_interval_are_typed
	atf_add_test_case screen_of_any_size_is_filled
	atf_add_test_case paused_screen_stands_still
	atf_add_test_case restarted_daemon_is_found_again
	atf_add_test_case refusal_is_shown_until_it_is_over
	atf_add_test_case silent_daemon_does_not_stop_keys
	atf_add_test_case losses_stand_out_while_they_last
	atf_add_test_case signals_leave_a_terminal_in_order
	atf_add_test_case process_that_reads_answers_is_confined
	atf_add_test_case unfit_terminals_are_refused_by_name
	atf_add_test_case screens_are_printed_in_batch_mode
}
