#!/usr/bin/env atf-sh
#
# Collectors that are dead, slow or out of reach: the others get everything,
# and what such a one does not get is counted to the record.

. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/collectors_common.sh"

collectors_test_case dead_collector_harms_no_other \
    "of any version, whether it comes first or last: 1,000,000 flows"
dead_collector_harms_no_other_body() {
	make_namespace
	make_flows 100000 -6 0
	for v in 5 9 10; do
		start live
		one=127.0.0.1:$(port_of live)
		export_file $dead,$one -v $v
		stop_content live $flows
		check_unharmed out $one $flows
		check_counted out $dead $flows
	done
	make_flows 1000000
	start live
	one=127.0.0.1:$(port_of live)
	export_file $one,$dead -v 9
	stop_content live $flows
	check_unharmed out $one $flows
	check_counted out $dead $flows
	check_counter flows_exported out $flows
	atf_check -o match:'last error: Connection refused' cat out
}

collectors_test_case half_of_sixteen_collectors_may_be_dead \
    "and the other half gets everything"
half_of_sixteen_collectors_may_be_dead_body() {
	make_namespace
	make_flows 100000
	list=
	for i in 1 2 3 4 5 6 7 8; do
		start live$i
		list=$list,127.0.0.1:$(port_of live$i),127.0.0.1:$i
	done
	export_file ${list#,} -v 10
	for i in 1 2 3 4 5 6 7 8; do
		stop_content live$i $flows
		check_unharmed out 127.0.0.1:$(port_of live$i) $flows
		check_counted out 127.0.0.1:$i $flows
	done
	check_counter flows_exported out $flows
}

# A third of load.pcap each time that a file of the next number is there.
feed_thirds() {
	third=$(($(wc -c <load.pcap) / 3 + 1))
	for i in 0 1 2; do
		until [ -e go$i ]; do
			sleep 0.1
		done
		tail -c +$((i * third + 1)) load.pcap | head -c $third
	done
}

collectors_test_case collector_restarts_in_the_midst_of_a_file \
    "refuses for a while, and goes on with the next template"
collector_restarts_in_the_midst_of_a_file_body() {
	make_namespace
	make_flows 1000000
	start live
	start other
	port=$(port_of other)
	one=127.0.0.1:$(port_of live) two=127.0.0.1:$port
	mkfifo pipe
	feed_thirds >pipe &
	in_ns "$softflowd" -r pipe -m 20000 -v 9 -o template-datagrams=16 \
	    -n $two,$one >out 2>log &
	pid=$!
	touch go0
	sleep 1
	stop other || atf_fail "the collector complains"
	first=$(got other)
	touch go1
	sleep 1
	start other "$port"
	touch go2
	wait $pid || atf_fail "softflowd failed"
	stop_latecomer other
	echo "$first, $(got other) when it was back, of $flows"
	atf_check test "$first" -gt $((flows / 16)) -a \
	    "$(got other)" -gt $((flows / 16)) -a \
	    $((first + $(got other))) -lt $((flows * 3 / 4))
	stop_content live $flows
	check_unharmed out $one $flows
	check_counted out $two $flows
	check_conservation out
}

collectors_test_case restarted_collector_decodes_what_comes_next \
    "live: up, refusing, up again, in every version"
restarted_collector_decodes_what_comes_next_body() {
	make_namespace
	make_flows 20000 -6 0
	for v in 5 9 10; do
		start live
		start other
		port=$(port_of other)
		one=127.0.0.1:$(port_of live) two=127.0.0.1:$port
		start_exporter $two,$one -v $v
		send_flows
		wait_for live_row_is $two records $flows
		stop_content other $flows
		send_flows
		wait_for live_row_is $one records $((2 * flows))
		start other "$port"
		# Without this it decodes from the next refresh on.
		atf_check -o ignore "$softflowctl" -c ctl send-template
		send_flows
		wait_for live_row_is $one records $((3 * flows))
		stop_exporter
		stop_content other $flows
		stop_content live $((3 * flows))
		check_unharmed statistics $one $((3 * flows))
		check_counted statistics $two $((3 * flows))
	done
}

collectors_test_case latecomer_decodes_from_the_next_refresh_on \
    "which comes after so many datagrams"
latecomer_decodes_from_the_next_refresh_on_body() {
	make_namespace
	make_flows 20000
	for v in 9 10; do
		start live
		one=127.0.0.1:$(port_of live)
		start other
		port=$(port_of other)
		stop_content other 0
		start_exporter 127.0.0.1:$port,$one -v $v \
		    -o template-datagrams=8
		send_flows
		wait_for live_row_is $one records $flows
		start other "$port"
		send_flows
		wait_for live_row_is $one records $((2 * flows))
		stop_exporter
		stop_latecomer other
		# 8 datagrams of some 30 records
		atf_check test $((flows - $(got other))) -lt 300
		stop_content live $((2 * flows))
	done
}

collectors_test_case neighbour_that_never_answers_harms_no_other \
    "ARP and ND, and one that drops all it gets"
neighbour_that_never_answers_harms_no_other_body() {
	make_namespace
	make_far_side
	ip -n $ns neigh add 10.8.0.4 lladdr 02:00:00:00:00:04 dev ca
	make_flows 50000
	start live
	one=127.0.0.1:$(port_of live)
	start_exporter "10.8.0.3:9995,[fd00:8::3]:9995,10.8.0.4:9995,$one" -v 9
	for i in 1 2 3; do
		send_flows
		wait_for live_row_is $one records $((i * flows))
		sleep 1.5
	done
	stop_exporter
	stop_content live $((3 * flows))
	check_unharmed statistics $one $((3 * flows))
	check_unharmed statistics 10.8.0.4:9995 $((3 * flows))
	for other in 10.8.0.3:9995 "[fd00:8::3]:9995"; do
		check_counted statistics $other $((3 * flows))
	done
}

collectors_test_case lost_route_harms_no_other \
    "nor the collector behind it once it is back"
lost_route_harms_no_other_body() {
	make_namespace
	make_far_side
	make_flows 20000
	start live
	start_in "$far" other 0 -a 10.8.0.2
	one=127.0.0.1:$(port_of live) two=10.8.0.2:$(port_of other)
	start_exporter $two,$one -v 9
	n=0
	for kind in blackhole unreachable prohibit; do
		send_flows
		n=$((n + flows))
		wait_for live_row_is $two records $n
		ip -n $ns route add $kind 10.8.0.2/32
		send_flows
		wait_for live_row_is $two lost $n
		check_unharmed statistics $one $((2 * n))
		ip -n $ns route del $kind 10.8.0.2/32
	done
	send_flows
	n=$((n + flows))
	wait_for live_row_is $two records $n
	stop_exporter
	check_unharmed statistics $one $((7 * flows))
	check_counted statistics $two $((7 * flows))
	stop_content live $((7 * flows))
	# What is lost is a gap and nothing worse.
	! stop other
	atf_check -o empty sed '1d; /: sequence gap: /d; /^datagrams /d' \
	    other.said
	atf_check test "$(got other)" -eq $n
}

collectors_test_case slow_device_harms_no_other \
    "a full socket: what it took arrives, the rest is counted"
slow_device_harms_no_other_body() {
	make_namespace
	make_far_side
	in_ns tc qdisc add dev ca root tbf rate 8mbit burst 20k limit 100m ||
	    atf_skip "there is no token bucket filter here"
	make_flows 200000
	start live
	start_in "$far" other 0 -a 10.8.0.2
	one=127.0.0.1:$(port_of live) two=10.8.0.2:$(port_of other)
	export_file $two,$one -v 9
	stop_content live $flows
	check_unharmed out $one $flows
	check_counted out $two $flows
	# With fewer flows the socket's buffer holds all.
	sanitized || {
		atf_check test "$lost" -gt 0
		atf_check -o match:'full socket met' cat out
	}
	# What the device has goes out when we are gone.
	in_ns tc qdisc change dev ca root tbf rate 1gbit burst 200k limit 100m
	sleep 1
	! stop other
	atf_check test "$(got other)" -eq $((flows - lost))

	make_flows 50000
	start live
	start_in "$far" other 0 -a 10.8.0.2
	in_ns tc qdisc change dev ca root tbf rate 4mbit burst 20k limit 100m
	one=127.0.0.1:$(port_of live) two=10.8.0.2:$(port_of other)
	start_exporter $two,$one -v 10
	for i in 1 2 3; do
		send_flows
		wait_for live_row_is $one records $((i * flows))
	done
	stop_exporter
	check_unharmed statistics $one $((3 * flows))
	check_counted statistics $two $((3 * flows))
	echo "$lost of $((3 * flows)) lost"
	stop_content live $((3 * flows))
	kill "$(cat other.pid)"
}

collectors_test_case slow_receiver_harms_no_other \
    "one that reads nothing from its small buffer"
slow_receiver_harms_no_other_body() {
	make_namespace
	make_flows 50000
	start live
	one=127.0.0.1:$(port_of live) two=127.0.0.2:9995
	ip netns exec $ns nc -lu 127.0.0.2 9995 >/dev/null &
	slow=$!
	wait_for in_ns sh -c 'ss -lun | grep -q 127.0.0.2:9995'
	kill -STOP $slow
	start_exporter $two,$one -v 9
	send_flows
	wait_for live_row_is $one records $flows
	stop_exporter
	kill -KILL $slow
	stop_content live $flows
	check_unharmed statistics $one $flows
	check_counted statistics $two $flows
}

# Collectors a and b, which sum up, and a dead one.
start_two() {
	start a 0 -s -w a.sums
	start b 0 -s -w b.sums
	start_softflowd in_ns -i vb -v "$1" -m 65536 \
	    -n "127.0.0.1:$(port_of a),$dead,127.0.0.1:$(port_of b)" \
	    -t udp=2 -t tcp=3 -t tcp.fin=3 -t tcp.rst=3 -t maxlife=4 -t expint=1
}

# Both have all that was sent and not given up, and the same of it.
#	sent deaths
check_two() {
	stop_exporter
	check_counter worker_deaths statistics $2
	for name in flows_lost packets_lost packets_unsent kernel_dropped; do
		check_counter $name statistics 0
	done
	skipped=$(counter frames_skipped statistics)
	for name in a b; do
		stop $name || {
			cat $name.said
			atf_fail "collector $name complains"
		}
		without_times $name.sums >$name.got
		arrived=$(awk '{ n += $7 } END { print n }' $name.got)
		echo "sent $1, $name got $arrived, given up $skipped," \
		    "$(tail -n 1 $name.said)"
		[ $((arrived + skipped)) -eq $1 ] ||
		    atf_fail "sent $1, $name got $arrived"
	done
	atf_check cmp a.got b.got
}

collectors_test_case killed_worker_costs_no_collector_a_flow \
    "two get the same, a third one is dead"
killed_worker_costs_no_collector_a_flow_body() {
	rate=30000
	! sanitized || rate=5000
	make_namespace
	"$bench/generate" -n 300000 -f 30000 -o load.pcap 2>truth ||
	    atf_fail "generate failed"
	start_two 9
	ip netns exec $ns "$bench/send" -r $rate va load.pcap >sent &
	sender=$!
	deaths=0
	while [ $deaths -lt 6 ]; do
		sleep 1.3
		kill -9 "$(worker_pid)"
		deaths=$((deaths + 1))
		wait_for "$softflowctl" -c ctl timeouts
	done
	wait $sender
	sent=$(cut -f 1 sent)
	wait_for live_counter_is kernel_received "$sent"
	sleep 1
	check_two "$sent" $deaths
}

collectors_test_case worker_killed_while_exporting_all_repeats_for_one_only \
    "what the others had not got follows"
worker_killed_while_exporting_all_repeats_for_one_only_body() {
	make_namespace
	make_flows 20000
	for v in 9 10; do
		start_two $v
		sent=0 deaths=0
		while [ $deaths -lt 8 ]; do
			frames=$(in_ns "$bench/send" -r 100000 va load.pcap |
			    cut -f 1)
			sent=$((sent + frames))
			wait_for live_counter_is kernel_received $sent
			worker=$(worker_pid)
			"$softflowctl" -c ctl expire-all >/dev/null 2>&1 &
			client=$!
			sleep 0.0$((deaths * 11 + 10))
			kill -9 $worker
			wait $client
			wait_for "$softflowctl" -c ctl timeouts
			deaths=$((deaths + 1))
		done
		check_two $sent $deaths
	done
}

collectors_test_case spread_flows_arrive_once \
    "each with one of four collectors, though two others are dead"
spread_flows_arrive_once_body() {
	make_namespace
	make_flows 100000
	list=$dead,127.0.0.1:10
	for i in 1 2 3 4; do
		start live$i
		list=$list,127.0.0.1:$(port_of live$i)
	done
	export_file $list -l -v 9
	all=0
	for who in $(echo $list | tr , ' '); do
		n=$(of_row out $who records)
		n=$((n + $(of_row out $who lost)))
		atf_check test $n -gt $((flows / 8)) -a $n -lt $((flows / 4))
		all=$((all + n))
	done
	for i in 1 2 3 4; do
		who=127.0.0.1:$(port_of live$i)
		n=$(of_row out $who records)
		stop_content live$i "$n"
		check_unharmed out $who "$n"
	done
	atf_check test $all -eq $flows
}

collectors_test_case versions_at_the_same_time_do_not_mix \
    "v5, v9 and IPFIX; v5 cannot say IPv6"
versions_at_the_same_time_do_not_mix_body() {
	make_namespace
	make_flows 100000 -6 30
	for v in 5 9 10; do
		start live$v
	done
	export_file "v5@127.0.0.1:$(port_of live5),v9@$dead,\
v9@127.0.0.1:$(port_of live9),v10@127.0.0.1:$(port_of live10)"
	six=$(sed 's/.*"packets_ipv6":\([0-9]*\).*/\1/' truth)
	atf_check test "$six" -gt 0
	for v in 5 9 10; do
		n=$flows
		[ $v -ne 5 ] || n=$((flows - six))
		check_unharmed out 127.0.0.1:$(port_of live$v) $n
		stop_content live$v $n
	done
	atf_check -o match:' v5 [1-9][0-9]* v9 0 ipfix 0 ' cat live5.said
	atf_check -o match:' v5 0 v9 [1-9][0-9]* ipfix 0 ' cat live9.said
	atf_check -o match:' v5 0 v9 0 ipfix [1-9][0-9]* ' cat live10.said
	atf_check -o match:"records it cannot carry: $six\$" cat out
	check_counted out $dead $flows
}

atf_init_test_cases() {
	atf_add_test_case dead_collector_harms_no_other
	atf_add_test_case half_of_sixteen_collectors_may_be_dead
	atf_add_test_case collector_restarts_in_the_midst_of_a_file
	atf_add_test_case restarted_collector_decodes_what_comes_next
	atf_add_test_case latecomer_decodes_from_the_next_refresh_on
	atf_add_test_case neighbour_that_never_answers_harms_no_other
	atf_add_test_case lost_route_harms_no_other
	atf_add_test_case slow_device_harms_no_other
	atf_add_test_case slow_receiver_harms_no_other
	atf_add_test_case killed_worker_costs_no_collector_a_flow
	atf_add_test_case worker_killed_while_exporting_all_repeats_for_one_only
	atf_add_test_case spread_flows_arrive_once
	atf_add_test_case versions_at_the_same_time_do_not_mix
}
