#!/usr/bin/env atf-sh
#
# Reload: what changes while packets come, and that none of them is lost or
# counted twice on the way from one worker to the next.

. "$(atf_get_srcdir)/common.sh"

bench=$tree/regress/bench

# A case in a namespace of its own.
reload_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
		atf_set timeout 300
	}"
	eval "$1_cleanup() { remove_namespace; }"
}

# A collector that writes sums to the file $1, its port to $1.port.
start_another() {
	ip netns exec "$ns" "$collector" -s -p 0 -P "$1.port" >"$1" \
	    2>"$1.log" &
	eval "$1_pid=$!"
	wait_for test -s "$1.port"
}

finish_another() {
	kill -TERM "$1"
	wait "$1" || {
		cat "$2.log"
		atf_fail "the collector complains"
	}
}

# The file conf is standard input.
configure() {
	cat >conf
}

# A namespace, and the daemon at work on vb.
begin() {
	make_namespace
	start_collector in_ns
	configure <<-EOC
	interface vb
	collector 127.0.0.1 port $port
	version ${1:-9}
	timeout udp 2
	timeout tcp 3
	timeout tcp.fin 3
	timeout tcp.rst 3
	timeout expint 1
	EOC
	start_softflowd in_ns -f conf
}

# Beside it there is a resolver.
worker_pid() {
	pgrep -P "$softflowd_pid" -f 'softflowd: worker' ||
	    atf_fail "there is no worker"
}

lines() {
	grep -c "$1" log
}

# SIGHUP, and wait for what the log is to say of it.
reload() {
	saids=$(lines 'reloaded: ')
	kill -HUP $softflowd_pid
	wait_for reload_said
	atf_check -o match:"$1" tail -n +$said log
}

reload_said() {
	[ "$(lines 'reloaded: ')" -gt "$saids" ] &&
	    said=$(grep -n 'reloaded: ' log | tail -n 1 | cut -d : -f 1)
}

# The same, and until the next worker is at work.
hand_over() {
	worker=$(worker_pid)
	overs=$(lines 'took over; the')
	reload "$1"
	wait_for taken_over
	atf_check test "$(worker_pid)" != "$worker"
}

taken_over() {
	[ "$(lines 'took over; the')" -gt "$overs" ]
}

# Packets a second, as far as a sanitizer lets us.
rate() {
	if sanitized; then echo 5000; else echo 50000; fi
}

make_load() {
	"$bench/generate" -n 100000 -f 20000 -6 20 -o load.pcap 2>truth ||
	    atf_fail "generate failed"
}

# Send the load out of an interface until the file stop.$1 is there.
send_until_stop() {
	while [ ! -e "stop.$1" ]; do
		ip netns exec $ns "$bench/send" -r "$(rate)" "$1" load.pcap |
		    cut -f 1 >>"sent.$1"
	done
}

stop_sending() {
	touch "stop.$1"
	wait "$2"
	sent=$(awk '{ n += $1 } END { print n }' "sent.$1")
	rm "stop.$1" "sent.$1"
}

# All that was sent is with the collector, once.
#	sent deaths
check_exact() {
	wait_for live_counter_is frames "$1"
	sleep 0.3
	"$softflowctl" -c ctl statistics >statistics
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	finish_softflowd
	finish_collector
	sed -n 's/.*took over; the/the/p' log
	for name in flows_lost packets_lost packets_unsent kernel_dropped \
	    frames_skipped datagrams_repeated worker_deaths; do
		check_counter $name statistics 0
	done
	check_counter packets statistics "$1"
	atf_check -o inline:"$1\n" \
	    awk -F '\t' '{ n += $7 } END { print n + 0 }' sums
}

reload_test_case nothing_changes_when_nothing_has "and the worker stays"
nothing_changes_when_nothing_has_body() {
	begin
	worker=$(worker_pid)
	reload 'reloaded: nothing changed'
	atf_check test "$(worker_pid)" = "$worker"
	kill $softflowd_pid
	finish_softflowd
}

reload_test_case times_and_sampling_change_at_once "the worker stays"
times_and_sampling_change_at_once_body() {
	begin
	worker=$(worker_pid)
	send va "$real"
	wait_for live_counter_is frames $sent
	packets=$(live_counter packets)
	echo 'sampling 4' >>conf
	sed -i 's/timeout udp 2/timeout udp 1h/' conf
	reload 'reloaded: timeouts changed, sampling changed'
	before=$sent
	send va "$real"
	wait_for live_counter_is frames $((before + sent))
	atf_check -o match:'UDP timeout: 3600s' "$softflowctl" -c ctl timeouts
	taken=$(($(counter packets statistics) - packets))
	left=$(counter not_sampled statistics)
	[ $((left / 3)) -eq $taken ] || [ $((left / 3 + 1)) -eq $taken ] ||
	    atf_fail "$taken taken, $left not sampled"
	# The next worker knows, too.
	kill -9 "$worker"
	wait_for "$softflowctl" -c ctl timeouts
	atf_check -o match:'UDP timeout: 3600s' "$softflowctl" -c ctl timeouts
	kill $softflowd_pid
	finish_softflowd
}

reload_test_case filter_changes_between_two_packets \
    "of 50,000 a second each is accounted once"
filter_changes_between_two_packets_body() {
	begin
	make_load
	send_until_stop va &
	sender=$!
	for i in 1 2 3 4 5; do
		sleep 0.7
		sed -i /filter/d conf
		echo "filter not host 203.0.113.$i" >>conf
		hand_over 'reloaded: filter changed'
	done
	stop_sending va $sender
	check_exact $sent
}

reload_test_case filter_refuses_what_it_is_to_refuse \
    "from the next packet on, with names of services"
filter_refuses_what_it_is_to_refuse_body() {
	begin
	send va "$real"
	wait_for live_counter_is frames $sent
	before=$sent
	echo 'filter tcp and port http' >>conf
	hand_over 'reloaded: filter changed'
	send va "$real"
	# The kernel takes tags out of frames before its filters.
	filter='tcp and port 80'
	want=$(tcpdump -r "$real" -n "$filter or (vlan and $filter)" \
	    2>/dev/null | wc -l)
	atf_check test "$want" -gt 0
	wait_for live_counter_is frames $((before + want))
	kill $softflowd_pid
	finish_softflowd
}

reload_test_case what_loopback_and_a_sender_see_is_cut_exactly \
    "also where packets are seen going out"
what_loopback_and_a_sender_see_is_cut_exactly_body() {
	make_namespace
	ip -n $ns addr add 10.9.9.1/24 dev va
	ip -n $ns neigh add 10.9.9.2 lladdr 02:00:00:00:00:02 dev va
	cat >sender.py <<-'EOC'
	import os, socket, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	n = 0
	while not os.path.exists("stop"):
	    for i in range(1000):
	        s.sendto(b"x", (sys.argv[1], 4321))
	    n += 1000
	print(n)
	EOC
	for device in lo:127.0.0.1 va:10.9.9.2; do
		configure <<-EOC
		interface ${device%:*}
		filter udp and port 4321
		EOC
		start_softflowd in_ns -f conf -B 67108864
		rm -f stop
		in_ns nice python3 sender.py "${device#*:}" >sent &
		sender=$!
		for i in 1 2 3; do
			sleep 0.5
			echo "filter udp and port 4321 and not port $i" >>conf
			sed -i '2d' conf
			hand_over 'reloaded: filter changed'
		done
		touch stop
		wait $sender
		wait_for live_counter_is packets "$(cat sent)"
		check_counter kernel_dropped statistics 0
		kill $softflowd_pid
		finish_softflowd
	done
}

reload_test_case interfaces_come_and_go \
    "while packets come, one removed hears nothing more"
interfaces_come_and_go_body() {
	begin
	make_load
	ip -n $ns link add vc mtu 65535 type veth peer name vd mtu 65535
	ip -n $ns link set vc up
	ip -n $ns link set vd up
	total=0
	send_until_stop va &
	sender=$!
	for i in 1 2 3; do
		echo 'interface vd' >>conf
		hand_over 'reloaded: 1 interface added'
		send_until_stop vc &
		another=$!
		sleep 0.7
		stop_sending vc $another
		total=$((total + sent))
		wait_for captured vd $total
		sed -i /vd/d conf
		hand_over 'reloaded: 1 interface removed'
		atf_check -o match:' promiscuity 0 ' ip -n $ns -d link show vd
		atf_check -o match:'^vd .* removed$' "$softflowctl" -c ctl \
		    show interfaces
		in_ns timeout 0.3 "$bench/send" -r 5000 vc load.pcap
	done
	stop_sending va $sender
	check_exact $((total + sent))
}

reload_test_case more_interfaces_than_slots_can_be_had_in_turn \
    "the slot that was left first is used again"
more_interfaces_than_slots_can_be_had_in_turn_body() {
	begin
	cp conf good
	total=0
	for i in $(seq 18); do
		ip -n $ns link add x$i mtu 65535 type veth peer name y$i \
		    mtu 65535
		ip -n $ns link set x$i up
		ip -n $ns link set y$i up
		{ cat good; echo "interface y$i"; } >conf
		hand_over 'reloaded: 1 interface added'
		send x$i "$real"
		total=$((total + sent))
		wait_for live_counter_is frames $total
	done
	# Nothing comes from one that is there no more.
	send x17 "$real"
	send va "$real"
	check_exact_frames $((total + sent))
}

check_exact_frames() {
	wait_for live_counter_is frames "$1"
	sleep 0.3
	atf_check test "$(live_counter frames)" = "$1"
	check_counter worker_deaths statistics 0
	check_counter frames_skipped statistics 0
	kill $softflowd_pid
	finish_softflowd
}

# frames of an interface, by its row.
captured() {
	"$softflowctl" -c ctl statistics >statistics &&
	    grep -q "^Interface $1 (index [0-9]*): $2 frames" statistics
}

reload_test_case collectors_come_and_go \
    "the one that stays misses nothing, sequences have no gap"
collectors_come_and_go_body() {
	begin
	make_load
	send_until_stop va &
	sender=$!
	for i in 1 2 3; do
		start_another more$i
		echo "collector 127.0.0.1 port $(cat more$i.port)" >>conf
		hand_over 'reloaded: 1 collector added'
		sleep 4		# flows end after 3 s
		sed -i "/port $(cat more$i.port)\$/d" conf
		hand_over 'reloaded: 1 collector removed'
		eval "finish_another \$more${i}_pid more$i"
		atf_check -o not-inline:'0\n' grep -c . more$i
	done
	stop_sending va $sender
	check_exact $sent
}

reload_test_case streams_are_made_anew_and_lose_nothing \
    "IPFIX over TCP, handed over again and again"
streams_are_made_anew_and_lose_nothing_body() {
	make_namespace
	rm -f port
	ip netns exec "$ns" "$collector" -s -T tcp -p 0 -P port >sums \
	    2>collected &
	collector_pid=$!
	wait_for test -s port
	port=$(cat port)
	configure <<-EOC
	interface vb
	collector 127.0.0.1 port $port transport tcp version 10
	timeout udp 2
	timeout tcp 3
	timeout expint 1
	EOC
	start_softflowd in_ns -f conf
	make_load
	send_until_stop va &
	sender=$!
	for i in 1 2 3; do
		sleep 1
		sed -i /template/d conf
		echo "template-seconds 6$i" >>conf
		hand_over 'reloaded: template-seconds changed'
	done
	stop_sending va $sender
	check_exact $sent
}

reload_test_case what_cannot_change_is_refused_by_name \
    "and nothing changes"
what_cannot_change_is_refused_by_name_body() {
	begin
	worker=$(worker_pid)
	cp conf good
	while read -r line; do
		{
			sed 's/udp 2/udp 9/' good
			echo "${line%%!*}"
		} >conf
		reload "not reloaded: .*${line#*!}"
	done <<-'EOC'
	max-flows 1000!max-flows cannot change while softflowd runs; it is 65536,
	track ip!track cannot change while softflowd runs; it is full,.*ip$
	user daemon!user cannot change .*it is none, and would be daemon
	interface nosuch!nosuch: no such interface
	fields ttl!the layout of the table
	filter host www.example.com!names of hosts are looked up only at
	filter port nosuch!unknown port
	collector 127.0.0.1 port 80 transport tcp version 10!TCP ports of its
	collector 127.0.0.1 port 80 transport tcp!version 9
	source-interface nosuch!nosuch: No such device
	no-such-word!no-such-word
	timeout icmp!conf:9:
	EOC
	rm conf
	reload 'not reloaded: .*No such file'
	cp good conf
	reload 'reloaded: nothing changed'
	atf_check test "$(worker_pid)" = "$worker"
	atf_check -o match:'UDP timeout: 2s' "$softflowctl" -c ctl timeouts
	send va "$real"
	wait_for live_counter_is frames $sent
	kill $softflowd_pid
	finish_softflowd
}

reload_test_case second_signal_in_the_midst_is_obeyed_afterwards \
    "what the file says at last is in force"
second_signal_in_the_midst_is_obeyed_afterwards_body() {
	begin
	make_load
	send_until_stop va &
	sender=$!
	sleep 0.5
	echo 'filter not port 1' >>conf
	kill -HUP $softflowd_pid
	wait_for grep -q 'reloaded: filter' log
	sed -i '/filter/d' conf
	echo 'filter not port 2' >>conf
	kill -HUP $softflowd_pid
	wait_for is_two "$(lines 'took over; the')"
	stop_sending va $sender
	check_exact $sent
}

is_two() {
	[ "$(lines 'took over; the')" = 2 ]
}

reload_test_case worker_killed_in_a_hand_over_is_replaced \
    "at any moment of it, and the hand-over goes on"
worker_killed_in_a_hand_over_is_replaced_body() {
	begin
	make_load
	send_until_stop va &
	sender=$!
	deaths=0
	for delay in 0.00 0.03 0.06 0.10 0.15 0.20 0.24; do
		sleep 1
		sed -i '/filter/d' conf
		echo "filter not port 1$deaths" >>conf
		worker=$(worker_pid)
		overs=$(lines 'took over; the')
		reload 'reloaded: filter'
		sleep $delay
		kill -9 "$worker"
		deaths=$((deaths + 1))
		wait_for taken_over
	done
	stop_sending va $sender
	sleep 2
	"$softflowctl" -c ctl statistics >statistics
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	finish_softflowd
	finish_collector
	for name in flows_lost packets_lost packets_unsent kernel_dropped; do
		check_counter $name statistics 0
	done
	deaths=$(counter worker_deaths statistics)
	atf_check test "$deaths" -gt 0
	skipped=$(counter frames_skipped statistics)
	arrived=$(awk -F '\t' '{ n += $7 } END { print n + 0 }' sums)
	echo "sent $sent, collected $arrived, given up $skipped, deaths $deaths"
	[ $((arrived + skipped)) -eq "$sent" ] ||
	    atf_fail "sent $sent, collected $arrived, given up $skipped"
	[ "$skipped" -le $((deaths * 32)) ] || atf_fail "$skipped given up"
}

reload_test_case operators_reload_and_set_by_softflowctl \
    "and have an answer from the one that leaves"
operators_reload_and_set_by_softflowctl_body() {
	begin
	ctl="$softflowctl -c ctl"
	worker=$(worker_pid)
	atf_check -o match:'Timeout udp is now 33 s' $ctl set timeout udp 33s
	atf_check -o match:'UDP timeout: 33s' $ctl timeouts
	atf_check -o match:'Sampling is now 1 in 4' $ctl set sampling 4
	kill -9 "$worker"
	wait_for $ctl timeouts
	atf_check -o match:'UDP timeout: 33s' $ctl timeouts
	atf_check -o match:'reloaded: timeouts changed, sampling changed' \
	    $ctl reload
	atf_check -o match:'UDP timeout: 2s' $ctl timeouts
	for i in 1 2 3; do
		sed -i /filter/d conf
		echo "filter not port $i" >>conf
		atf_check -o match:'reloaded: filter changed' $ctl reload
		# Whoever comes in the midst of it waits.
		atf_check -o match:'UDP timeout: 2s' $ctl timeouts
	done
	echo 'max-flows 99' >>conf
	atf_check -s exit:1 -o ignore -e match:'not reloaded: max-flows cannot' \
	    $ctl reload
	atf_check test "$(live_counter worker_deaths)" = 1
	kill $softflowd_pid
	finish_softflowd
}

reload_test_case name_that_means_another_place_is_followed \
    "by the same worker, from another socket"
name_that_means_another_place_is_followed_body() {
	[ -e /etc/hosts ] || atf_skip "there is no /etc/hosts to replace"
	make_namespace
	rm -f port
	ip netns exec "$ns" "$collector" -s -T tcp -a 0.0.0.0 -p 0 \
	    -P port >sums 2>collected &
	collector_pid=$!
	wait_for test -s port
	echo '127.0.0.1 collector.example' >hosts
	configure <<-EOC
	interface vb
	collector collector.example port 9995 version 9
	collector collector.example port $(cat port) transport tcp version 10
	EOC
	ip netns exec $ns unshare -m sh -c 'mount --bind hosts /etc/hosts &&
	    exec "$0" "$@"' "$softflowd" -d -p pid -c ctl -f conf >log 2>&1 &
	softflowd_pid=$!
	wait_for "$softflowctl" -c ctl timeouts
	worker=$(worker_pid)
	send va "$real"
	wait_for live_counter_is frames $sent
	atf_check -o match:Expired "$softflowctl" -c ctl expire-all
	wait_for sends_to 127.0.0.1:9995
	wait_for sends_to "127.0.0.1:$(cat port)"
	echo '127.0.0.2 collector.example' >hosts
	reload 'reloaded: nothing changed'
	wait_for sends_to 127.0.0.2:9995
	wait_for sends_to "127.0.0.2:$(cat port)"
	atf_check -o not-match:'127.0.0.1:9995' cat sockets
	atf_check test "$(worker_pid)" = "$worker"
	send va "$real"
	wait_for live_counter_is frames $((sent + sent))
	packets=$(live_counter packets)
	# A name that is new is looked up, too, and the worker replaced.
	echo '127.0.0.3 another.example' >>hosts
	echo 'collector another.example port 9995' >>conf
	hand_over 'reloaded: 1 collector added'
	wait_for sends_to 127.0.0.3:9995
	kill $softflowd_pid
	finish_softflowd
	finish_collector
	atf_check -o inline:"$packets\n" \
	    awk -F '\t' '{ n += $7 } END { print n + 0 }' sums
}

# Whether a socket that is connected has this address at its other end.
sends_to() {
	in_ns ss -Htun state established >sockets && grep -q "$1" sockets
}

atf_init_test_cases() {
	atf_add_test_case nothing_changes_when_nothing_has
	atf_add_test_case times_and_sampling_change_at_once
	atf_add_test_case filter_changes_between_two_packets
	atf_add_test_case filter_refuses_what_it_is_to_refuse
	atf_add_test_case what_loopback_and_a_sender_see_is_cut_exactly
	atf_add_test_case interfaces_come_and_go
	atf_add_test_case more_interfaces_than_slots_can_be_had_in_turn
	atf_add_test_case collectors_come_and_go
	atf_add_test_case streams_are_made_anew_and_lose_nothing
	atf_add_test_case what_cannot_change_is_refused_by_name
	atf_add_test_case second_signal_in_the_midst_is_obeyed_afterwards
	atf_add_test_case worker_killed_in_a_hand_over_is_replaced
	atf_add_test_case operators_reload_and_set_by_softflowctl
	atf_add_test_case name_that_means_another_place_is_followed
}
