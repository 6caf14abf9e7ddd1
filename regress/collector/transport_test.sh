#!/usr/bin/env atf-sh
#
# The collector over real connections: sessions begin and end with them, and
# what ends too early is named.

collector=$(atf_get_srcdir)/collector

wait_for() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || atf_fail "did not happen: $*"
		sleep 0.1
	done
}

start() {
	"$collector" -p 0 -P port "$@" >flows 2>log &
	collector_pid=$!
	wait_for test -s port
	port=$(cat port)
}

# End it and expect that status.
finish() {
	kill -TERM $collector_pid
	wait $collector_pid
	status=$?
	[ $status -eq $1 ] || {
		cat log
		atf_fail "the collector exited with $status"
	}
}

# Octets out of hexadecimal.
octets() {
	printf "$(echo "$*" | tr -d ' ' | awk '{
		for (i = 1; i < length($0); i += 2)
			printf "\\%03o", 16 * digit(i) + digit(i + 1)
	}
	function digit(i) {
		return (index("0123456789abcdef", substr($0, i, 1)) - 1)
	}')"
}

# A message of sequence $1 with those sets.
message() {
	sequence=$1
	shift
	sets=$(echo "$*" | tr -d ' ')
	printf '000a%04x6553f164%08x00000007%s' $((16 + ${#sets} / 2)) \
	    $sequence "$sets"
}

# Octets of a flow; the protocol, so that a line says something.
template="0002 0010 012c 0002 0001 0004 0004 0001"
flow="012c 000c 00000064 06 000000"

atf_test_case pieces_of_a_stream_make_messages
pieces_of_a_stream_make_messages_head() {
	atf_set descr "each octet in a segment of its own"
	atf_set require.progs nc
}
pieces_of_a_stream_make_messages_body() {
	start -T tcp
	all=$(message 0 $template $flow)$(message 1 $flow $flow)
	i=1
	while [ $i -lt ${#all} ]; do
		octets "$(echo "$all" | cut -c $i-$((i + 5)))"
		i=$((i + 6))
		sleep 0.01
	done | nc -N 127.0.0.1 $port
	finish 0
	atf_check -o inline:'3\n' grep -c 'proto=6 .*octets=100' flows
	atf_check -o match:'ipfix 2 errors 0 gaps 0' cat log
}

atf_test_case each_connection_is_a_session
each_connection_is_a_session_head() {
	atf_set descr "sequence from 0 and no template of another one"
	atf_set require.progs nc
}
each_connection_is_a_session_body() {
	start -T tcp
	for i in 1 2; do
		octets $(message 0 $template $flow) | nc -N 127.0.0.1 $port
	done
	octets $(message 0 $flow) | nc -N 127.0.0.1 $port
	octets $(message 5 $template $flow) | nc -N 127.0.0.1 $port
	finish 1
	atf_check -o inline:'3\n' grep -c 'octets=100' flows
	atf_check -o match:'data without a template' \
	    -o match:'expected 0 got 5' -o match:'errors 1 gaps 1' cat log
}

atf_test_case connections_at_the_same_time_do_not_mix
connections_at_the_same_time_do_not_mix_head() {
	atf_set descr "two halves of two messages in turn"
	atf_set require.progs nc
}
connections_at_the_same_time_do_not_mix_body() {
	start -T tcp
	whole=$(message 0 $template $flow)
	head=$(echo "$whole" | cut -c 1-30)
	tail=$(echo "$whole" | cut -c 31-)
	(octets $head; sleep 0.6; octets $tail) | nc -N 127.0.0.1 $port &
	first=$!
	sleep 0.3
	(octets $head; sleep 0.6; octets $tail) | nc -N 127.0.0.1 $port
	wait $first
	finish 0
	atf_check -o inline:'2\n' grep -c 'octets=100' flows
}

atf_test_case connection_that_ends_in_a_message_is_named
connection_that_ends_in_a_message_is_named_head() {
	atf_set descr "what came before is taken"
	atf_set require.progs nc
}
connection_that_ends_in_a_message_is_named_body() {
	start -T tcp
	octets $(message 0 $template $flow) 000a0020 | nc -N 127.0.0.1 $port
	finish 1
	atf_check -o match:'octets=100' cat flows
	atf_check -o match:'connection ended within a message' cat log
}

atf_test_case stream_of_another_format_is_named
stream_of_another_format_is_named_head() {
	atf_set descr "NetFlow v9 has no length to find its end by"
	atf_set require.progs nc
}
stream_of_another_format_is_named_body() {
	start -T tcp
	octets 000900010010c8656553f1640000000000000007 |
	    nc -N 127.0.0.1 $port
	finish 1
	atf_check -o match:'does not go on with an IPFIX message' cat log
}

atf_test_case sctp_is_taken_or_its_absence_said
sctp_is_taken_or_its_absence_said_head() {
	atf_set descr "by the kernel"
}
sctp_is_taken_or_its_absence_said_body() {
	if "$collector" -T sctp -p 0 -t 1 2>log; then
		atf_check -o match:'datagrams 0' cat log
	else
		atf_check -o match:'socket: Protocol not supported' cat log
	fi
}

atf_init_test_cases() {
	atf_add_test_case pieces_of_a_stream_make_messages
	atf_add_test_case each_connection_is_a_session
	atf_add_test_case connections_at_the_same_time_do_not_mix
	atf_add_test_case connection_that_ends_in_a_message_is_named
	atf_add_test_case stream_of_another_format_is_named
	atf_add_test_case sctp_is_taken_or_its_absence_said
}
