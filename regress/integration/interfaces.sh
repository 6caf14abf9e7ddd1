#!/usr/bin/env atf-sh
#
# Several interfaces of one daemon, in network namespaces: what is seen on more
# than one of them counts once, and records say where it came in and went out.

. "$(atf_get_srcdir)/common.sh"

bench=$tree/regress/bench

# Declare a test case that needs root and namespaces.
interfaces_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
		atf_set timeout 300
	}
	$1_cleanup() { remove_namespaces; }"
}

remove_namespaces() {
	remove_namespace
	[ ! -s namespaces ] || while read -r name; do
		ip netns del "$name"
	done <namespaces
}

# Another namespace, $ns$1.
add_namespace() {
	ip netns add "$ns$1"
	echo "$ns$1" >>namespaces
	ip netns exec "$ns$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	ip -n "$ns$1" link set lo up
}

# interface address in the namespace $ns$1
address() {
	ip -n "$ns$1" addr add "$3" dev "$2"
	ip -n "$ns$1" link set "$2" up
}

# A router, $ns, between a client, ${ns}c, on its interface ra and a server,
# ${ns}s, who is asked through rb and answers through rc.
make_router() {
	make_namespace
	add_namespace c
	add_namespace s
	in_ns sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.arp_ignore=1 \
	    net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	ip -n $ns link add ra type veth peer name c0 netns ${ns}c
	ip -n $ns link add rb type veth peer name s0 netns ${ns}s
	ip -n $ns link add rc type veth peer name s1 netns ${ns}s
	ip netns exec ${ns}s sysctl -qw net.ipv4.conf.all.rp_filter=0 \
	    net.ipv4.conf.s0.rp_filter=0 net.ipv4.conf.s1.rp_filter=0
	address "" ra 192.0.2.1/24
	address c c0 192.0.2.2/24
	address "" rb 198.51.100.1/25
	address s s0 198.51.100.2/25
	address "" rc 198.51.100.129/25
	address s s1 198.51.100.130/25
	ip -n ${ns}c route add default via 192.0.2.1
	ip -n ${ns}s route add 192.0.2.0/24 via 198.51.100.129
}

# An echo service in ${ns}s, and 20 datagrams from ${ns}c to it.
converse() {
	rm -f echo
	: >answers
	mkfifo echo
	ip netns exec ${ns}s nc -u -l 198.51.100.2 5000 <>echo >echo &
	server=$!
	sleep 0.3
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		echo "$i"
		# Two lines at once would be one datagram.
		for try in 1 2 3 4 5 6 7 8 9 10; do
			sleep 0.02
			[ "$(wc -l <answers)" -lt $i ] || break
		done
	done | ip netns exec ${ns}c nc -u -q 1 "${1:-198.51.100.2}" 5000 \
	    >>answers
	kill $server
	[ "$(wc -l <answers)" -eq 20 ] || atf_fail "not all was answered"
}

# A collector in the namespace that prints records to the file flows.
collect_flows() {
	rm -f port
	ip netns exec $ns "$collector" -v -p 0 -P port >flows 2>collected &
	collector_pid=$!
	wait_for test -s port
	port=$(cat port)
}

index() {
	ip -n $ns -o link show dev "$1" | cut -d : -f 1
}

finish() {
	"$softflowctl" -c ctl statistics >statistics
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	finish_softflowd
}

# Each direction of the conversation is one record: packets in out.
check_record() {
	grep "src=$1 " flows >record
	atf_check -o inline:"1\n" grep -c '' record
	for word in "packets=$2" "in=$3" "out=$4"; do
		grep -q " $word\( \|\$\)" record ||
		    atf_fail "not $word: $(cat record)"
	done
}

interfaces_test_case forwarded_packets_count_once_where_they_came_in \
    "and say where they left, each direction its own way"
forwarded_packets_count_once_where_they_came_in_body() {
	make_router
	for v in 5 9 10; do
		collect_flows
		start_softflowd in_ns -i ra -i rb -i 77:rc -v $v \
		    -n "127.0.0.1:$port" udp
		converse
		wait_for live_counter_is frames 80
		"$softflowctl" -c ctl dump-flows >dump
		finish
		finish_collector
		check_record 192.0.2.2 20 "$(index ra)" "$(index rb)"
		check_record 198.51.100.2 20 77 "$(index ra)"
		check_counter packets statistics 40
		check_counter second_sightings statistics 40
		check_counter flows statistics 1
		atf_check -o match:' in>:ra out>:rb in<:rc out<:ra$' \
		    cat dump
		atf_check -o match:"Interface ra .index $(index ra).: 40 frames, 40 received and 0 dropped" \
		    -o match:'Interface rb .*: 20 frames' \
		    -o match:'Interface rc .index 77.: 20 frames' \
		    cat statistics
		[ $v -ne 5 ] || continue
		# 7261 is ra; of v9 scope 2 is an interface, of IPFIX 10.
		zeros=0000000000000000000000000000
		atf_check -o match:"scope_(2|10)=$(index ra) 82=7261$zeros" \
		    -o match:"scope_(2|10)=$(index rb) 82=7262$zeros" \
		    -o match:"scope_(2|10)=77 82=7263$zeros" \
		    grep "^options=261 version=$v " flows
	done
}

interfaces_test_case others_decoders_read_interfaces_and_names \
    "nfcapd and tshark"
others_decoders_read_interfaces_and_names_body() {
	make_router
	for v in 9 10; do
		rm -rf files
		mkdir files
		ip netns exec $ns tcpdump -i lo --immediate-mode -U \
		    -w sent.pcap udp port 9995 2>tcpdump.log &
		tcpdump_pid=$!
		ip netns exec $ns nfcapd -w files -b 127.0.0.1 -p 9995 \
		    >nfcapd.log 2>&1 &
		nfcapd_pid=$!
		wait_for grep -q listening tcpdump.log
		start_softflowd in_ns -i ra -i rb -i rc -v $v \
		    -n 127.0.0.1:9995 udp
		converse
		wait_for live_counter_is frames 80
		finish
		sleep 0.5
		kill -TERM $tcpdump_pid $nfcapd_pid
		wait $tcpdump_pid $nfcapd_pid
		atf_check -o match:'Bad Packets: 0' cat nfcapd.log
		atf_check -o save:dump -e ignore nfdump -q -R files \
		    -o 'fmt:%sa %in %out %dir'
		atf_check -o match:"^ *192.0.2.2 +$(index ra) +$(index rb) +I" \
		    -o match:"^ *198.51.100.2 +$(index rc) +$(index ra) +I" \
		    cat dump
		bad='_ws.malformed or _ws.expert.severity >= 6291456'
		cflow='-d udp.port==9995,cflow'
		atf_check -e ignore tshark -r sent.pcap $cflow \
		    -Y "cflow and ($bad)"
		atf_check -o save:names -e ignore tshark -r sent.pcap \
		    $cflow -T fields -e cflow.if_name
		atf_check -o match:'ra.*rb.*rc' cat names
	done
}

interfaces_test_case packets_that_only_leave_count_there \
    "and their direction is egress"
packets_that_only_leave_count_there_body() {
	make_router
	collect_flows
	start_softflowd in_ns -i rb -v 9 -n "127.0.0.1:$port" udp
	converse
	wait_for live_counter_is frames 20
	finish
	finish_collector
	check_record 192.0.2.2 20 0 "$(index rb)"
	check_counter second_sightings statistics 0
}

interfaces_test_case any_knows_each_packets_interfaces \
    "and names them"
any_knows_each_packets_interfaces_body() {
	make_router
	collect_flows
	start_softflowd in_ns -i any -v 9 -n "127.0.0.1:$port" port 5000
	converse
	wait_for live_counter_is frames 80
	"$softflowctl" -c ctl dump-flows >dump
	finish
	finish_collector
	check_record 192.0.2.2 20 "$(index ra)" "$(index rb)"
	check_record 198.51.100.2 20 "$(index rc)" "$(index ra)"
	check_counter packets statistics 40
	atf_check -o match:' in>:ra out>:rb in<:rc out<:ra$' cat dump
	atf_check -o match:'Interface rb .*: 20 frames$' cat statistics
}

interfaces_test_case outgoing_packets_can_be_ignored \
    "by the kernel, with -o ignore-outgoing"
outgoing_packets_can_be_ignored_body() {
	make_router
	start_softflowd in_ns -i ra -i rb -i rc -o ignore-outgoing udp
	converse
	wait_for live_counter_is frames 40
	sleep 0.3
	check_counter packets statistics 40
	check_counter second_sightings statistics 0
	finish
	check_counter frames statistics 40
}

interfaces_test_case recreated_interfaces_are_bound_again \
    "each of two, by the worker that there is"
recreated_interfaces_are_bound_again_body() {
	make_namespace
	ip -n $ns link add vc mtu 65535 type veth peer name vd mtu 65535
	ip -n $ns link set vc up
	ip -n $ns link set vd up
	start_softflowd in_ns -i vb -i vd
	pid=$(worker_pid)
	all=0
	for turn in 1 2; do
		for device in va vc; do
			send $device "$real"
			all=$((all + sent))
			wait_for live_counter_is frames $all
		done
		[ $turn -eq 1 ] || break
		for pair in va:vb vc:vd; do
			ip -n $ns link del ${pair%:*}
			wait_for grep -q "${pair#*:}: the interface has gone" \
			    log
			ip -n $ns link add ${pair%:*} mtu 65535 \
			    type veth peer name ${pair#*:} mtu 65535
			wait_for grep -q "${pair#*:}: the interface is back" \
			    log
			ip -n $ns link set ${pair%:*} up
			ip -n $ns link set ${pair#*:} up
		done
	done
	atf_check test "$(worker_pid)" = $pid
	"$softflowctl" -c ctl statistics >statistics
	for device in vb vd; do
		atf_check -o match:"Interface $device .index $(index $device).: $((all / 2)) frames" \
		    cat statistics
	done
	finish
}

interfaces_test_case optional_interface_is_bound_when_it_appears \
    "and a missing one that is not optional is an error"
optional_interface_is_bound_when_it_appears_body() {
	make_namespace
	atf_check -s exit:1 -e match:'vd: no such interface; there are' \
	    ip netns exec $ns "$softflowd" -d -p pid -c ctl -i vb -i vd
	start_softflowd in_ns -i vb -i optional:vd
	atf_check -o match:'vd: no such interface yet' cat log
	send va "$real"
	wait_for live_counter_is frames $sent
	ip -n $ns link add vc mtu 65535 type veth peer name vd mtu 65535
	wait_for grep -q 'vd: the interface is back' log
	ip -n $ns link set vc up
	ip -n $ns link set vd up
	send vc "$real"
	wait_for live_counter_is frames $((sent + sent))
	atf_check -o match:"Interface vd .index $(index vd).: $sent frames" \
	    cat statistics
	finish
}

# Rename an interface, which is down meanwhile.
rename() {
	ip -n $ns link set "$1" down
	ip -n $ns link set "$1" name "$2"
	ip -n $ns link set "$2" up
}

# How often a line is in the log.
check_logged() {
	[ "$(grep -c "$2" log)" -eq "$1" ] || {
		cat log
		atf_fail "not $1 times: $2"
	}
}

interfaces_test_case renamed_interface_is_captured_on_as_before \
    "even if another takes its name, until it goes"
renamed_interface_is_captured_on_as_before_body() {
	make_namespace
	start_softflowd in_ns -i vb
	was=$(index vb)
	rename vb vx
	wait_for grep -q 'vb: the interface is now called vx' log
	send va "$real"
	wait_for live_counter_is frames $sent
	all=$sent
	ip -n $ns link add vc mtu 65535 type veth peer name vb mtu 65535
	ip -n $ns link set vc up
	ip -n $ns link set vb up
	send vc "$real"
	send va "$real"
	all=$((all + sent))
	wait_for live_counter_is frames $all
	atf_check -o match:"Interface vx .index $was.: $all frames" \
	    cat statistics
	check_logged 1 'the interface'

	ip -n $ns link del va
	wait_for grep -q 'vb: the interface is back' log
	send vc "$real"
	wait_for live_counter_is frames $((all + sent))
	atf_check -o match:"Interface vb .index $(index vb).: $((all + sent)) frames" \
	    cat statistics
	rename vb vz
	wait_for grep -q 'vb: the interface is now called vz' log
	ip -n $ns link del vc
	wait_for grep -q 'vz: the interface has gone; waiting for vb' log
	finish
}

interfaces_test_case interface_that_left_and_came_back_is_bound_again \
    "though its index and name are those that it had"
interface_that_left_and_came_back_is_bound_again_body() {
	make_namespace
	add_namespace c
	start_softflowd in_ns -i vb
	was=$(index vb)
	kill -STOP $softflowd_pid
	ip -n $ns link set vb netns ${ns}c
	ip -n ${ns}c link set vb netns $ns
	[ "$(index vb)" = "$was" ] || atf_skip "it got another index"
	ip -n $ns link set vb up
	kill -CONT $softflowd_pid
	wait_for grep -q 'vb: the interface is back' log
	send va "$real"
	wait_for live_counter_is frames $sent
	finish
}

interfaces_test_case two_captures_never_share_an_interface \
    "neither at the start nor later"
two_captures_never_share_an_interface_body() {
	make_namespace
	ip -n $ns link property add dev vb altname other
	atf_check -s exit:1 \
	    -e match:'-i vb and -i other are one interface; give one of them' \
	    ip netns exec $ns "$softflowd" -d -p pid -c ctl -i vb \
	    -i optional:other
	ip -n $ns link property del dev vb altname other
	start_softflowd in_ns -i vb -i optional:vx
	rename vb vx
	refused='vx: the interface is back, but cannot be bound: -i vb captures on it'
	wait_for grep -q "$refused" log
	rename va vy
	send vy "$real"
	wait_for live_counter_is frames $sent
	check_logged 1 "$refused"
	atf_check -o match:"Interface vx .index 0.: 0 frames" cat statistics

	# Now that it has gone, the name is the other's.
	ip -n $ns link del vy
	wait_for grep -q 'vx: the interface has gone; waiting for vb' log
	ip -n $ns link add va mtu 65535 type veth peer name vx mtu 65535
	wait_for grep -q 'vx: the interface is back$' log
	ip -n $ns link set va up
	ip -n $ns link set vx up
	all=$sent
	send va "$real"
	wait_for live_counter_is frames $((all + sent))
	atf_check -o match:"Interface vx .index $(index vx).: $sent frames" \
	    cat statistics
	finish
}

interfaces_test_case recreated_interface_must_be_of_the_same_hardware \
    "loopback is not Ethernet"
recreated_interface_must_be_of_the_same_hardware_body() {
	make_namespace
	start_softflowd in_ns -i vb
	ip -n $ns link del va
	wait_for grep -q 'vb: the interface has gone' log
	rename lo vb
	refused='but cannot be bound: its hardware type is 772, not 1 (Ethernet)'
	wait_for grep -q "vb: the interface is back, $refused" log
	rename vb lo
	rename lo vb
	ip -n $ns link add va mtu 65535 type veth peer name vd mtu 65535
	rename vb lo
	check_logged 0 'the interface is back$'
	rename vd vb
	wait_for grep -q 'vb: the interface is back$' log
	ip -n $ns link set va up
	send va "$real"
	wait_for live_counter_is frames $sent
	finish
}

interfaces_test_case own_datagrams_are_left_out_by_the_kernel \
    "unless they are to be kept"
own_datagrams_are_left_out_by_the_kernel_body() {
	make_namespace
	start_collector in_ns
	start_softflowd in_ns -i lo -v 9 -n "127.0.0.1:$port" \
	    -o template-seconds=1 udp or icmp
	sleep 2.5
	"$softflowctl" -c ctl statistics >statistics
	atf_check -o match:"127.0.0.1:$port .*: 0 records in [2-9] packets" \
	    cat statistics
	check_counter own_export statistics 0
	check_counter frames statistics 0
	finish
	finish_collector

	start_collector in_ns
	start_softflowd in_ns -i lo -v 9 -n "127.0.0.1:$port" \
	    -o template-seconds=1 -o own-export=keep udp
	wait_for own_packets_seen
	check_counter own_export statistics 0
	finish
	finish_collector
}
own_packets_seen() {
	[ "$(live_counter packets)" -gt 1 ]
}

# A device up0 on ra, and its peer's on c0, of these types.
stacked() {
	make_router
	ip -n $ns link add up0 link ra type $1 2>/dev/null ||
	    atf_skip "no devices here of type $1"
	ip -n ${ns}c link add up0 link c0 type $1
	address "" up0 203.0.113.1/24
	address c up0 203.0.113.2/24
	ip -n ${ns}c route replace 198.51.100.0/25 via 203.0.113.1
	ip -n ${ns}s route add 203.0.113.0/24 via 198.51.100.129
	collect_flows
	start_softflowd in_ns -i ra -i up0 -i rb -v 9 \
	    -n "127.0.0.1:$port" udp or vlan
	atf_check -o match:'up0 and ra see the same packets: what both see counts on up0' \
	    cat log
	converse
	# In on up0, out on rb; the answers only leave.
	wait_for live_counter_is frames 100
	finish
	finish_collector
	check_record 203.0.113.2 20 "$(index up0)" "$(index rb)"
	check_record 198.51.100.2 20 0 "$(index up0)"
	check_counter packets statistics 40
	check_counter second_sightings statistics 60
}

interfaces_test_case vlan_and_its_parent_count_a_packet_once \
    "on the VLAN, and a warning says so"
vlan_and_its_parent_count_a_packet_once_body() {
	stacked "vlan id 10"
}

interfaces_test_case macvlan_and_its_parent_count_a_packet_once \
    "on the macvlan, and a warning says so"
macvlan_and_its_parent_count_a_packet_once_body() {
	stacked "macvlan mode bridge"
}

interfaces_test_case bridge_and_its_members_count_a_packet_once \
    "on the member it came in by"
bridge_and_its_members_count_a_packet_once_body() {
	make_router
	ip -n $ns link add br0 type bridge
	ip -n $ns addr flush dev ra
	ip -n $ns link set ra master br0
	address "" br0 192.0.2.1/24
	collect_flows
	start_softflowd in_ns -i br0 -i ra -i rb -i rc -v 9 \
	    -n "127.0.0.1:$port" udp
	atf_check -o match:'ra and br0 see the same packets: what both see counts on ra' \
	    cat log
	converse
	wait_for live_counter_is frames 120
	finish
	finish_collector
	check_record 192.0.2.2 20 "$(index ra)" "$(index rb)"
	check_record 198.51.100.2 20 "$(index rc)" "$(index ra)"
	check_counter packets statistics 40
	check_counter second_sightings statistics 80
}

# Send a capture again and again until the file stop is there.
send_until_stop() {
	while [ ! -e stop ]; do
		ip netns exec $ns "$bench/send" -r 20000 "$1" load.pcap |
		    cut -f 1 >>"sent.$1"
	done
}

interfaces_test_case killed_worker_loses_a_batch_of_one_interface \
    "of two under load, which both go on where they were"
killed_worker_loses_a_batch_of_one_interface_body() {
	make_namespace
	ip -n $ns link add vc mtu 65535 type veth peer name vd mtu 65535
	ip -n $ns link set vc up
	ip -n $ns link set vd up
	"$bench/generate" -n 20000 -f 5000 -o load.pcap 2>truth ||
	    atf_fail "generate failed"
	start_collector in_ns
	start_softflowd in_ns -i vb -i vd -v 10 -n "127.0.0.1:$port" \
	    -t udp=2 -t tcp=3 -t tcp.fin=3 -t tcp.rst=3 -t expint=1
	send_until_stop va &
	first=$!
	send_until_stop vc &
	second=$!
	deaths=0
	while [ $deaths -lt 6 ]; do
		sleep 1.$deaths
		kill -9 "$(worker_pid)"
		deaths=$((deaths + 1))
		wait_for "$softflowctl" -c ctl timeouts
	done
	touch stop
	wait $first $second
	all=$(cat sent.va sent.vc | awk '{ n += $1 } END { print n }')
	wait_for live_counter_is kernel_received "$all"
	sleep 1
	finish
	finish_collector
	arrived=$(awk -F '\t' '{ n += $7 } END { print n + 0 }' sums)
	skipped=$(counter frames_skipped statistics)
	echo "sent $all, collected $arrived, given up $skipped"
	for name in flows_lost packets_lost packets_unsent kernel_dropped \
	    second_sightings; do
		check_counter $name statistics 0
	done
	check_counter worker_deaths statistics $deaths
	[ $((arrived + skipped)) -eq "$all" ] || atf_fail "packets are missing"
	[ "$skipped" -le $((deaths * 32)) ] || atf_fail "$skipped given up"
	for pair in va:vb vc:vd; do
		n=$(awk '{ n += $1 } END { print n }' sent.${pair%:*})
		atf_check -o match:"Interface ${pair#*:} .*, $n received and" \
		    cat statistics
	done
}

atf_init_test_cases() {
	atf_add_test_case forwarded_packets_count_once_where_they_came_in
	atf_add_test_case others_decoders_read_interfaces_and_names
	atf_add_test_case packets_that_only_leave_count_there
	atf_add_test_case any_knows_each_packets_interfaces
	atf_add_test_case outgoing_packets_can_be_ignored
	atf_add_test_case recreated_interfaces_are_bound_again
	atf_add_test_case optional_interface_is_bound_when_it_appears
	atf_add_test_case renamed_interface_is_captured_on_as_before
	atf_add_test_case interface_that_left_and_came_back_is_bound_again
	atf_add_test_case two_captures_never_share_an_interface
	atf_add_test_case recreated_interface_must_be_of_the_same_hardware
	atf_add_test_case own_datagrams_are_left_out_by_the_kernel
	atf_add_test_case vlan_and_its_parent_count_a_packet_once
	atf_add_test_case macvlan_and_its_parent_count_a_packet_once
	atf_add_test_case bridge_and_its_members_count_a_packet_once
	atf_add_test_case killed_worker_loses_a_batch_of_one_interface
}
