#!/usr/bin/env atf-sh
#
# How collectors are reached: from where, in which packets, and again when
# they were away.  In network namespaces of their own.

. "$(atf_get_srcdir)/common.sh"

transport_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() { atf_set descr \"$2\"; atf_set require.user root
	    atf_set timeout 60; }
	    $1_cleanup() { remove_namespace; }"
}

# Whose packets go out of va, to nobody.
make_route() {
	ip -n $ns addr add 192.0.2.1/32 dev va
	ip -n $ns route add 198.51.100.1 dev va src 192.0.2.1 "$@"
	ip -n $ns neigh add 198.51.100.1 lladdr 02:00:00:00:00:01 dev va \
	    nud permanent
}

# Listen on TCP once, as often as it is called, in the background.
start_listener() {
	ip netns exec "$ns" nc -l 127.0.0.1 4739 >"$1" </dev/null &
	listener_pid=$!
	wait_for in_ns sh -c 'ss -ltn | grep -q :4739'
}

stop_listener() {
	kill $listener_pid
	wait $listener_pid 2>/dev/null
	:
}

# Record what leaves; $tcpdump_pid.
start_tcpdump() {
	ip netns exec "$ns" tcpdump --immediate-mode -Z root -U \
	    -w packets "$@" 2>tcpdump.log &
	tcpdump_pid=$!
	wait_for grep -q listening tcpdump.log
}

stop_tcpdump() {
	sleep 0.3
	kill $tcpdump_pid
	wait $tcpdump_pid
	tcpdump -nvr packets >seen 2>/dev/null
}

log_has() {
	grep -q "$1" log
}

log_lines() {
	[ "$(grep -c "$1" log)" -ge "$2" ]
}

# All IP packets seen have this in their header line.
all_headers_have() {
	atf_check -o not-empty grep 'proto ' seen
	atf_check test "$(grep -c 'proto ' seen)" -eq \
	    "$(grep 'proto ' seen | grep -c "$1")"
}

# The kernel may look twice at a socket's message before it is written.
message_comes() {
	[ "$(od -An -tx1 -N2 "$1" | tr -d ' ')" = 000a ]
}

# No stream is opened before the resolver, if any, and the worker.
worker_of_names() {
	pgrep -P "$softflowd_pid" -f -- worker
}

transport_test_case udp_collector_without_route_is_reached_later \
    "the daemon starts all the same"
udp_collector_without_route_is_reached_later_body() {
	make_namespace
	ip -n $ns addr add 198.51.100.1/32 dev lo
	ip netns exec $ns "$collector" -a 198.51.100.1 -s -p 0 -P port >sums \
	    2>collected &
	collector_pid=$!
	wait_for test -s port
	port=$(cat port)
	ip -n $ns addr del 198.51.100.1/32 dev lo
	start_softflowd in_ns -i vb -v 9 -n "198.51.100.1:$port" \
	    -o reconnect=1
	log_has "198.51.100.1:$port: Network is unreachable; trying again every" ||
	    atf_fail "$(cat log)"
	send va "$real"
	wait_for live_counter_is frames $sent
	atf_check -o ignore "$softflowctl" -c ctl expire-all
	sleep 1.5
	live_counter_is flows_exported 0 || atf_fail "exported to nobody"
	ip -n $ns addr add 198.51.100.1/32 dev lo
	wait_for log_has "198.51.100.1:$port: connected"
	send va "$real"
	sleep 0.3
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	finish_softflowd
	stop_collector
	atf_check -o not-empty cat sums
	atf_check -o inline:'1\n' grep -c 'trying again' log
}

transport_test_case name_that_does_not_resolve_at_the_start_is_looked_up_later \
    "by the resolver, when the hosts file has it"
name_that_does_not_resolve_at_the_start_is_looked_up_later_body() {
	make_namespace
	start_collector in_ns
	echo '127.0.0.1 localhost' >hosts
	echo 'hosts: files' >nsswitch
	cat >run <<-'END'
	mount --bind hosts /etc/hosts && mount --bind nsswitch \
	    /etc/nsswitch.conf && exec "$@"
	END
	ip netns exec "$ns" unshare -m sh ./run "$softflowd" -d -p pid -c ctl -i vb -v 9 \
	    -n "collector.example:$port,localhost:9" -o reconnect=1 \
	    >log 2>&1 &
	softflowd_pid=$!
	wait_for "$softflowctl" -c ctl timeouts
	grep -q "collector.example:$port: .*; trying again" log ||
	    atf_fail "$(cat log)"
	atf_check -s exit:1 grep localhost log
	# The worker dies, the resolver goes on.
	resolver=$(pgrep -P "$softflowd_pid" -f -- resolver)
	kill -9 "$(worker_of_names)"
	wait_for log_has 'took over'
	echo '127.0.0.1 collector.example' >>hosts
	wait_for log_has "collector.example:$port: connected"
	atf_check test "$resolver" = \
	    "$(pgrep -P "$softflowd_pid" -f -- resolver)"
	send va "$real"
	sleep 0.3
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	finish_softflowd
	stop_collector
	atf_check -o not-empty cat sums
	wait_for test ! -e /proc/$resolver
}

transport_test_case running_resolver_is_confined "what /proc says of it"
running_resolver_is_confined_body() {
	make_namespace
	start_softflowd in_ns -i vb -n localhost:9
	pid=$(pgrep -P "$softflowd_pid" -f -- resolver)
	cp /proc/$pid/status status
	for line in 'Uid:' 'Gid:'; do
		atf_check -o not-match:'[[:space:]]0' grep "^$line" status
	done
	atf_check -o match:'^Groups:[[:space:]]*$' grep '^Groups:' status
	atf_check -o inline:'5\n' grep -c '^Cap...:[[:space:]]*0*$' status
	atf_check -o match:'1$' grep '^NoNewPrivs:' status
	atf_check -o match:'2$' grep '^Seccomp:' status
	ls -l /proc/$pid/fd | awk 'NF > 8 { print $9 }' | sort -n >got
	atf_check -o inline:'0\n1\n2\n3\n' cat got
	kill $softflowd_pid
	finish_softflowd
}

transport_test_case addresses_need_no_resolver "and there is none"
addresses_need_no_resolver_body() {
	make_namespace
	start_softflowd in_ns -i vb -n 127.0.0.1:9
	atf_check -s exit:1 pgrep -P "$softflowd_pid" -f -- resolver
	kill $softflowd_pid
	finish_softflowd
}

transport_test_case tcp_collector_is_reached_when_it_comes_and_comes_back \
    "each connection begins with a message"
tcp_collector_is_reached_when_it_comes_and_comes_back_body() {
	make_namespace
	start_softflowd in_ns -i vb -v 10 -n tcp:127.0.0.1:4739 \
	    -o reconnect=1 -o template-seconds=1
	log_has '4739: Connection refused; trying again every 1 s' ||
	    atf_fail "$(cat log)"
	start_listener first
	wait_for log_has '4739: connected'
	wait_for message_comes first
	stop_listener
	start_listener second
	wait_for log_lines '4739: connected' 2
	log_has '4739: \(Broken pipe\|Connection reset\|closed\)' ||
	    atf_fail "$(cat log)"
	wait_for message_comes second
	# With its worker a stream ends, and the next one has another.
	kill -9 "$(worker_pid)"
	wait_for log_has 'took over'
	wait $listener_pid
	start_listener third
	wait_for log_lines '4739: connected' 3
	wait_for message_comes third
	kill $softflowd_pid
	finish_softflowd
	stop_listener
}

transport_test_case tcp_collector_is_not_tried_oftener_than_once_a_minute \
    "by default"
tcp_collector_is_not_tried_oftener_than_once_a_minute_body() {
	make_namespace
	start_tcpdump -i lo tcp port 4739
	start_softflowd in_ns -i vb -v 10 -n tcp:127.0.0.1:4739
	sleep 3
	kill $softflowd_pid
	finish_softflowd
	stop_tcpdump
	log_has 'trying again every 60 s' || atf_fail "$(cat log)"
	atf_check -o inline:'1\n' grep -c 'Flags \[S\]' seen
}

transport_test_case collector_that_was_never_reached_says_why \
    "in statistics, of each transport"
collector_that_was_never_reached_says_why_body() {
	make_namespace
	start_softflowd in_ns -i lo -v 10 -n tcp:127.0.0.1:4739,192.0.2.7:4739 \
	    -o reconnect=1
	tells() {
		live_counter frames >/dev/null &&
		    grep -A2 "^Collector $1" statistics | grep -q "$2"
	}
	wait_for tells 127.0.0.1:4739 'last error: Connection refused'
	wait_for tells 192.0.2.7:4739 'last error: Network is unreachable'
	kill $softflowd_pid
	finish_softflowd
}

transport_test_case own_tcp_export_is_not_accounted \
    "nor is the answer to it"
own_tcp_export_is_not_accounted_body() {
	make_namespace
	start_listener stream
	start_softflowd in_ns -i lo -v 10 -n tcp:127.0.0.1:4739 \
	    -o statistics-seconds=1
	wait_for message_comes stream
	sleep 2
	live_counter frames >/dev/null
	atf_check test "$(counter own_export statistics)" -ge 4
	check_counter packets statistics 0
	kill $softflowd_pid
	finish_softflowd
	stop_listener
}

transport_test_case source_ttl_and_dscp_are_as_asked \
    "over UDP and TCP, from the port of before"
source_ttl_and_dscp_are_as_asked_body() {
	make_namespace
	start_listener stream
	start_tcpdump -i lo src 127.0.0.2
	start_softflowd in_ns -i vb -v 10 \
	    -n 127.0.0.1:4740,tcp:127.0.0.1:4739 -e 127.0.0.2 -L 9 \
	    -o dscp=46 -o template-seconds=1
	wait_for message_comes stream
	kill -9 "$(worker_pid)"
	wait_for log_has 'took over'
	sleep 1.5
	kill $softflowd_pid
	finish_softflowd
	stop_tcpdump
	stop_listener
	all_headers_have 'tos 0xb8.*ttl 9,.*DF'
	atf_check -o not-empty grep '127.0.0.1.4739: Flags' seen
	sed -n 's/.*127\.0\.0\.2\.\([0-9]*\) > 127.0.0.1.4740:.*/\1/p' seen \
	    >ports
	atf_check test "$(wc -l <ports)" -gt 2
	atf_check -o inline:'1\n' sh -c 'sort -u ports | wc -l'
}

transport_test_case interface_is_as_asked "whatever the route says"
interface_is_as_asked_body() {
	make_namespace
	make_route metric 1
	ip -n $ns route add 198.51.100.1 dev vb src 192.0.2.1 metric 2
	ip -n $ns neigh add 198.51.100.1 lladdr 02:00:00:00:00:01 dev vb \
	    nud permanent
	start_tcpdump -Q out -i vb udp port 4739
	atf_check -o ignore -e ignore ip netns exec $ns "$softflowd" -r "$real" -v 9 \
	    -n 198.51.100.1:4739
	atf_check -o ignore -e ignore ip netns exec $ns "$softflowd" -r "$real" -v 9 \
	    -n 198.51.100.1:4739 -S vb -o source-id=7
	stop_tcpdump
	all_headers_have 'proto UDP'
	atf_check -s exit:1 -o ignore -e match:'198.51.100.1:4739: nosuch0: No such' \
	    ip netns exec $ns "$softflowd" -r "$real" -n 198.51.100.1:4739 -S nosuch0
}

transport_test_case datagrams_keep_to_a_narrow_route \
    "unfragmented, and may not be"
datagrams_keep_to_a_narrow_route_body() {
	make_namespace
	make_route mtu 1000
	start_tcpdump -i va udp port 4739
	for v in 5 9 10; do
		atf_check -o ignore -e ignore ip netns exec $ns "$softflowd" -r "$real" \
		    -v $v -n 198.51.100.1:4739 -o train=1
	done
	stop_tcpdump
	all_headers_have 'flags \[DF\]'
	sed -n 's/.*proto UDP.*, length \([0-9]*\))/\1/p' seen |
	    sort -n >lengths
	atf_check test "$(tail -1 lengths)" -le 1000
	atf_check test "$(tail -1 lengths)" -gt 900
}

transport_test_case payload_is_as_large_as_asked_and_as_the_route_takes \
    "1400 octets unless more is asked for"
payload_is_as_large_as_asked_and_as_the_route_takes_body() {
	make_namespace
	make_route mtu 1500
	start_tcpdump -i va udp port 4739
	for option in train=1 payload=600 payload=1464; do
		atf_check -o ignore -e ignore ip netns exec $ns "$softflowd" -r "$real" \
		    -v 9 -n 198.51.100.1:4739 -o train=1 -o $option
		sleep 0.3
		tcpdump -nvr packets 2>/dev/null |
		    sed -n 's/.*proto UDP.*, length \([0-9]*\))/\1/p' |
		    sort -n | tail -1 >>largest
	done
	stop_tcpdump
	largest=$(head -1 largest)
	atf_check test "$largest" -le 1428
	atf_check test "$largest" -gt 1300
}

transport_test_case route_that_becomes_narrow_is_asked_again \
    "after the first datagram that does not fit"
route_that_becomes_narrow_is_asked_again_body() {
	make_namespace
	make_route mtu 1500
	start_softflowd in_ns -i vb -v 9 -n 198.51.100.1:4739 -o train=1 udp \
	    or tcp
	ip -n $ns route change 198.51.100.1 dev va src 192.0.2.1 mtu 800
	send va "$real"
	sleep 0.5
	atf_check -o ignore "$softflowctl" -c ctl expire-all
	sleep 1.5
	start_tcpdump -Q out -i va udp port 4739
	send va "$real"
	sleep 0.5
	atf_check -o ignore "$softflowctl" -c ctl expire-all
	sleep 0.5
	stop_tcpdump
	all_headers_have 'flags \[DF\]'
	sed -n 's/.*proto UDP.*, length \([0-9]*\))/\1/p' seen |
	    sort -n >lengths
	atf_check test "$(tail -1 lengths)" -le 800
	atf_check test "$(tail -1 lengths)" -gt 700
	kill $softflowd_pid
	finish_softflowd
}

atf_test_case sctp_without_the_kernels_help_is_refused
sctp_without_the_kernels_help_is_refused_head() {
	atf_set descr "at the start, by name"
}
sctp_without_the_kernels_help_is_refused_body() {
	[ ! -e /proc/net/sctp ] || atf_skip "this kernel has SCTP"
	atf_check -s exit:1 -o empty \
	    -e match:'127.0.0.1:4739: no SCTP on this system' \
	    "$softflowd" -r "$real" -v 10 -n sctp:127.0.0.1:4739
}

atf_test_case file_is_not_read_for_a_tcp_collector_that_is_away
file_is_not_read_for_a_tcp_collector_that_is_away_head() {
	atf_set descr "but the error named"
}
file_is_not_read_for_a_tcp_collector_that_is_away_body() {
	atf_check -s exit:1 -o empty \
	    -e match:'127.0.0.1:1: Connection refused' \
	    "$softflowd" -r "$real" -v 10 -n tcp:127.0.0.1:1
}

atf_init_test_cases() {
	atf_add_test_case udp_collector_without_route_is_reached_later
	atf_add_test_case \
	    name_that_does_not_resolve_at_the_start_is_looked_up_later
	atf_add_test_case running_resolver_is_confined
	atf_add_test_case addresses_need_no_resolver
	atf_add_test_case \
	    tcp_collector_is_reached_when_it_comes_and_comes_back
	atf_add_test_case tcp_collector_is_not_tried_oftener_than_once_a_minute
	atf_add_test_case collector_that_was_never_reached_says_why
	atf_add_test_case own_tcp_export_is_not_accounted
	atf_add_test_case source_ttl_and_dscp_are_as_asked
	atf_add_test_case interface_is_as_asked
	atf_add_test_case datagrams_keep_to_a_narrow_route
	atf_add_test_case \
	    payload_is_as_large_as_asked_and_as_the_route_takes
	atf_add_test_case route_that_becomes_narrow_is_asked_again
	atf_add_test_case sctp_without_the_kernels_help_is_refused
	atf_add_test_case file_is_not_read_for_a_tcp_collector_that_is_away
}
