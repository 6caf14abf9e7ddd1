#!/usr/bin/env atf-sh
#
# What records of softflowd 1.1 said wrongly, one case for each defect by its
# number, C1 to C17.

. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/frames.sh"

defect c01_reply_has_a_type_of_service_of_its_own \
    "C1: in every version; and -T tos tells flows apart by it"
c01_reply_has_a_type_of_service_of_its_own_body() {
	make_capture <<-END
	0 proto=udp sport=5000 dport=53 tos=20
	1 proto=udp src=198.51.100.9 dst=192.0.2.1 sport=53 dport=5000 tos=88
	2 proto=udp sport=5000 dport=53 tos=28
	END
	for v in 1 5 9 10; do
		export_capture -v $v
		check_records "tos packets" "136 1" "32 2"
	done
	export_capture -v 10 -T tos
	check_records "tos packets" "136 1" "32 1" "40 1"
}

defect c02_traffic_class_of_ipv6_is_that_of_the_packets \
    "C2: each way its own"
c02_traffic_class_of_ipv6_is_that_of_the_packets_body() {
	make_capture <<-END
	0 proto=udp src=2001:db8::1 dst=2001:db8::2 sport=1 dport=2 tos=b8
	1 proto=udp src=2001:db8::2 dst=2001:db8::1 sport=2 dport=1 tos=0f
	END
	for v in 9 10; do
		export_capture -v $v
		check_records "src tos" "2001:db8::1 184" "2001:db8::2 15"
	done
}

defect c03_both_ways_in_a_vlan_are_one_flow \
    "C3: with -T vlan and ether; post-VLAN and post-MAC are not made up"
c03_both_ways_in_a_vlan_are_one_flow_body() {
	tagged_conversation
	for v in 9 10; do
		for level in vlan ether; do
			export_capture -v $v -T $level
			check_counter flows summary 1
			check_records "sport vlan" "40000 10" "443 10"
		done
		atf_check -o match:'src_mac=020000000001 dst_mac=020000000002' \
		    grep ' sport=40000 ' flows
	done
}

defect c03_no_vlan_or_address_is_made_up \
    "C3: elements 57, 59 and 254 are of what nobody saw" 'ip tcpdump tshark'
c03_no_vlan_or_address_is_made_up_body() {
	tagged_conversation
	make_namespace
	for v in 9 10; do
		watch_capture -v $v -T ether
		show cflow.template_field_type \
		    cflow.template_ipfix_field_type >shown
		atf_check -o match:'[,	]58,' \
		    -o not-match:'[,	](57|59|254)[,	]' cat shown
	done
}

defect c04_padding_and_labels_are_no_octets_of_ip \
    "C4: of Ethernet and MPLS"
c04_padding_and_labels_are_no_octets_of_ip_body() {
	ether=020000000002020000000001
	make_capture <<-END
	0 proto=tcp sport=1 dport=2 pad=6
	0 proto=tcp sport=3 dport=4 pad=2 link=${ether}88470001004000011140
	0 proto=tcp sport=3 dport=4 link=${ether}88470001004000011140
	0 proto=udp src=2001:db8::1 dst=2001:db8::2 sport=5 dport=6 pad=9
	END
	export_capture -v 10
	check_records "sport packets octets" "1 1 40" "3 2 80" "5 1 48"
}

defect c05_short_icmp_has_its_type \
    "C5: request and reply of 8 octets are told apart"
c05_short_icmp_has_its_type_body() {
	make_capture <<-END
	0 proto=icmp type=8
	1 proto=icmp src=198.51.100.9 dst=192.0.2.1 type=0
	2 proto=icmp src=198.51.100.9 dst=192.0.2.1 type=3 code=1
	3 proto=icmp6 src=2001:db8::1 dst=2001:db8::2 type=128
	4 proto=icmp6 src=2001:db8::2 dst=2001:db8::1 type=129
	END
	for v in 9 10; do
		export_capture -v $v
		check_records "src dport packets" "192.0.2.1 2048 1" \
		    "198.51.100.9 0 1" "198.51.100.9 769 1" \
		    "2001:db8::1 32768 1" "2001:db8::2 33024 1"
	done
	export_capture -v 5
	check_records "src dport packets" "192.0.2.1 2048 1" \
	    "198.51.100.9 0 1" "198.51.100.9 769 1"
}

defect c06_end_reason_is_the_true_one \
    "C6: idle 1, active 2, ended 3, flushed 4, table full 5"
c06_end_reason_is_the_true_one_body() {
	{
		echo "0 proto=udp sport=1 dport=53"
		echo "0 proto=udp sport=2 dport=53 count=20 step=100"
		conversation 0 1 11
		echo "2000 proto=udp sport=4 dport=53"
	} >described
	make_capture <described
	for v in 9 10; do
		export_capture -v $v
		check_records "sport packets end_reason" "1 1 1" "2 18 2" \
		    "2 2 4" "4 1 4" "40000 1 3" "443 1 3"
	done
	hundred_flows | make_capture
	export_capture -v 10 -m 16
	records end_reason | uniq -c >reasons
	atf_check -o match:'^ *16 4$' -o match:'^ *84 5$' cat reasons
}

# One flow of more octets than 32 bits count.
large_flow() {
	echo "0 proto=udp sport=1 dport=2 total=65535" | make_capture
	tail -c +25 capture.pcap >packets
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		cat packets packets >twice
		mv twice packets
	done
	tail -c +25 capture.pcap >>packets
	cat packets >>capture.pcap
	rm packets
}

defect c06_two_gigabytes_end_an_active_flow \
    "C6: for a collector of version 5, told by one of version 9: 2"
c06_two_gigabytes_end_an_active_flow_body() {
	large_flow
	collect
	atf_check -o save:summary -e ignore "$softflowd" -r capture.pcap \
	    -n "9@127.0.0.1:$port" -n 5@127.0.0.1:9
	finish_collector
	check_records "packets end_reason" "2 4" "32768 2" "32768 2"
}

# The times of short_flows; $1 are the options, $2 the digits that are left of
# microseconds.
check_times() {
	export_capture $1
	awk -v n="$2" '
	function cut(us) {
		return substr(us, 1, n) substr("000000", n + 1)
	}
	{ print "1700000001" cut($1), "1700000003" cut($2) }' <<-END >times
	000000 499999
	123456 999999
	999999 500000
	END
	records "first_us last_us" >got
	LC_ALL=C sort times | atf_check diff - got
}
short_flows() {
	make_capture <<-END
	1.000000 proto=udp sport=1 dport=53
	1.123456 proto=udp sport=2 dport=53
	1.999999 proto=udp sport=3 dport=53
	3.499999 proto=udp sport=1 dport=53
	3.999999 proto=udp sport=2 dport=53
	3.500000 proto=udp sport=3 dport=53
	END
}

defect c07_milliseconds_are_those_of_the_packets \
    "C7: none is added, none wraps"
c07_milliseconds_are_those_of_the_packets_body() {
	short_flows
	for v in 1 5 9 10; do
		check_times "-v $v" 3
	done
}

defect c07_microseconds_are_those_of_the_packets \
    "C7: in all units that there are; the strict collector sees to the bits"
c07_microseconds_are_those_of_the_packets_body() {
	short_flows
	for v in 9 10; do
		for unit in micro:6 nano:6 milli:3 uptime:3 sec:0; do
			check_times "-v $v -A ${unit%:*}" ${unit#*:}
		done
	done
}

defect c08_uptime_of_a_capture_is_that_of_its_packets \
    "C8: no record begins after the header, or before the boot" \
    'ip tcpdump tshark'
c08_uptime_of_a_capture_is_that_of_its_packets_body() {
	make_capture <<-END
	0.25 proto=udp sport=1 dport=53 count=2 step=10.5
	END
	make_namespace
	for v in 1 5 9; do
		watch_capture -v $v
		show cflow.sysuptime cflow.timestart cflow.timeend >shown
		atf_check -o match:"^11\.[0-9]*	1\.250*	11\.750*\$" \
		    cat shown
	done
}

defect c09_times_outlast_the_wrap_of_uptime \
    "C9: of a capture of 150 days; -I, which reset it, changes nothing"
c09_times_outlast_the_wrap_of_uptime_body() {
	make_capture <<-END
	0.5 proto=udp sport=1 dport=53 count=6 step=2592000.001
	END
	for v in 1 5 9 10; do
		export_capture -v $v
		check_records first_us 1700000000500000 1702592000501000 \
		    1705184000502000 1707776000503000 1710368000504000 \
		    1712960000505000
	done
	# Uptime wraps between the packets of the second flow.
	make_capture <<-END
	0.5 proto=udp sport=1 dport=53
	4294960 proto=udp sport=2 dport=53 count=2 step=30
	END
	for v in 1 5 9 10; do
		export_capture -v $v -I 1d
		check_records "sport first_us last_us" \
		    "1 1700000000500000 1700000000500000" \
		    "2 1704294960000000 1704294990000000"
	done
}

defect c09_a_clock_set_back_ends_no_flow_before_its_start \
    "C9: nor does one set forward, or a jitter"
c09_a_clock_set_back_ends_no_flow_before_its_start_body() {
	for at in 0 1 3601 3602 2 3 3.000001 2.9 3.1 86403 4 5; do
		echo "$at proto=udp sport=1 dport=53" | make_capture
		[ -s stepping ] || head -c 24 capture.pcap >stepping
		tail -c +25 capture.pcap >>stepping
	done
	mv stepping capture.pcap
	for v in 1 5 9 10; do
		export_capture -v $v -t udp=2d -t maxlife=2d
		check_records "packets first_us last_us" \
		    "12 1700000000000000 1700086403000000"
		export_capture -v $v
		records first_us >got
		atf_check test "$(head -n 1 got)" = 1700000000000000
	done
}

defect c10_flows_have_counters_of_64_bits \
    "C10: 4 GiB in one record; version 5 needs several, which add up"
c10_flows_have_counters_of_64_bits_body() {
	large_flow
	for v in 9 10; do
		export_capture -v $v
		check_records "packets octets" "65538 4295032830"
	done
	export_capture -v 5
	check_records "packets octets" "2 131070" \
	    "32768 2147450880" "32768 2147450880"
}

defect c11_sampling_rate_of_version_5_is_true_or_refused \
    "C11: 14 bits have room for 16383"
c11_sampling_rate_of_version_5_is_true_or_refused_body() {
	hundred_flows | make_capture
	atf_check -s exit:1 -e match:'-s 16384: .*16383' \
	    "$softflowd" -r capture.pcap -v 5 -s 16384 -n 127.0.0.1:9
	export_capture -v 9 -s 99
	check_records "sport sampling" "1 99" "100 99"
	export_capture -v 5 -s 99
	check_records "sport sampling" "1 99" "100 99"
	make_capture <<-END
	0 proto=udp sport=1 dport=53 count=16383 step=0.001
	END
	export_capture -v 5 -s 16383
	check_records "packets sampling" "1 16383"
}

defect c11_interface_index_is_true_or_0 \
    "C11: version 5 has 16 bits for it" ip
c11_interface_index_is_true_or_0_body() {
	echo "0 proto=udp sport=1 dport=53" | make_capture
	make_namespace
	ip -n $ns link add vc index 70000 type veth peer name vd index 70001
	ip -n $ns link set vc up
	ip -n $ns link set vd up
	for v in 1 5 9 10; do
		collect in_ns
		start_softflowd in_ns -i vd -v $v -n "127.0.0.1:$port"
		send vc capture.pcap
		wait_for live_counter_is frames 1
		atf_check -o ignore "$softflowctl" -c ctl shutdown
		finish_softflowd
		finish_collector
		[ $v -le 5 ] && index=0 || index=70001
		check_records "sport in out" "1 $index 0"
	done
}

defect c12_two_tags_and_framed_ppp_are_ip \
    "C12: 802.1ad, 0x9100, and PPP with FF03"
c12_two_tags_and_framed_ppp_are_ip_body() {
	mac=020000000002020000000001
	make_capture <<-END
	0 proto=udp sport=1 dport=53 link=${mac}88a800648100000a0800
	0 proto=udp sport=2 dport=53 link=${mac}910000658100000b0800
	0 proto=udp sport=3 dport=53 link=${mac}810000668100000c0800
	END
	export_capture -v 10 -o fields=vlan
	check_records "sport octets dot1q_vlan dot1q_inner_vlan" \
	    "1 28 100 10" "2 28 101 11" "3 28 102 12"
	make_capture 9 <<-END
	0 proto=udp sport=1 dport=53 link=ff030021
	0 proto=udp sport=2 dport=53 link=0021
	END
	export_capture -v 10
	check_records "sport octets" "1 28" "2 28"
}

defect c13_packets_come_in_and_go_out_by_interfaces_of_their_own \
    "C13: the two numbers differ" ip
c13_packets_come_in_and_go_out_by_interfaces_of_their_own_body() {
	echo "0 proto=udp sport=1 dport=53" | make_capture
	make_namespace
	ip -n $ns link add vc index 70 type veth peer name vd index 71
	ip -n $ns link set vc up
	ip -n $ns link set vd up
	for v in 1 5 9 10; do
		collect in_ns
		start_softflowd in_ns -i 7:vb -i vd -v $v -n "127.0.0.1:$port"
		send va capture.pcap
		wait_for live_counter_is frames 1
		send vd capture.pcap
		wait_for live_counter_is frames 2
		atf_check -o ignore "$softflowctl" -c ctl shutdown
		finish_softflowd
		finish_collector
		check_records "packets in out" "1 7 71"
	done
}

defect c14_later_fragments_have_the_ports_of_the_first \
    "C14: and are no flow of ports 0"
c14_later_fragments_have_the_ports_of_the_first_body() {
	make_capture <<-END
	0 proto=udp sport=5000 dport=53 id=7 data=16 more=1
	0 proto=udp id=7 frag=24 data=24 more=1
	0 proto=udp id=7 frag=48 data=8
	END
	for v in 1 5 9 10; do
		export_capture -v $v
		check_records "sport dport packets octets" "5000 53 3 116"
	done
}

defect c15_a_capture_has_the_flows_of_the_live_interface \
    "C15: by the time of the packets"
c15_a_capture_has_the_flows_of_the_live_interface_body() {
	make_capture <<-END
	0 proto=udp sport=1 dport=53 count=1440 step=60
	0 proto=udp sport=2 dport=53
	299 proto=udp sport=2 dport=53
	600 proto=udp sport=2 dport=53
	END
	export_capture -v 10
	records "sport packets" | uniq -c | awk '{ print $1, $2, $3 }' >got
	atf_check -o inline:"48 1 30\n1 2 1\n1 2 2\n" cat got
	export_capture -v 10 -t maxlife=0
	check_records "sport packets" "1 1440" "2 1" "2 2"
}

# No record that lasts longer than so many seconds.
check_durations() {
	records "first_us last_us" | awk -v most="$1" '
	$2 - $1 > most * 1000000 || $2 < $1 { print }' >longer
	atf_check cat longer
}

defect c16_what_lasts_is_reported_each_half_hour \
    "C16: without a word of options"
c16_what_lasts_is_reported_each_half_hour_body() {
	make_capture <<-END
	0 proto=tcp sport=1 dport=2 flags=10 count=1441 step=7
	END
	for v in 1 5 9 10; do
		export_capture -v $v
		records packets | uniq -c | awk '{ print $1, $2 }' >got
		atf_check -o inline:"1 151\n5 258\n" cat got
		check_durations 1800
	done
}

defect c16_a_clock_set_back_delays_no_report \
    "C16: by an hour; 10 s apart are 180 packets in half an hour"
c16_a_clock_set_back_delays_no_report_body() {
	echo "3600 proto=udp sport=1 dport=53 count=120 step=10" | make_capture
	mv capture.pcap before.pcap
	echo "1200 proto=udp sport=1 dport=53 count=720 step=10" |
	    make_capture
	tail -c +25 capture.pcap >>before.pcap
	mv before.pcap capture.pcap
	for v in 1 5 9 10; do
		export_capture -v $v
		check_records packets 300 180 180 180
	done
}

defect c16_what_lasts_is_reported_while_it_lasts \
    "C16: live, a second or two after maxlife; see expint" ip
c16_what_lasts_is_reported_while_it_lasts_body() {
	echo "0 proto=tcp sport=1 dport=2 flags=10" | make_capture
	make_namespace
	collect in_ns
	start_softflowd in_ns -i vb -v 10 -n "127.0.0.1:$port" \
	    -t maxlife=2 -t expint=1
	ip netns exec $ns "$replay" -n 75 -r 10 va capture.pcap >sent &
	sender=$!
	sleep 4.5
	records packets >early
	wait $sender
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	finish_softflowd
	finish_collector
	atf_check -o not-empty cat early
	check_durations 2
	records packets | awk '{ n += $1 } END { print NR, n }' >got
	atf_check -o match:'^[4-9] 75$' cat got
}

defect c17_what_a_full_table_pushes_out_is_exported \
    "C17: all of it; with times that are times"
c17_what_a_full_table_pushes_out_is_exported_body() {
	hundred_flows 3 | make_capture
	for v in 1 5 9 10; do
		export_capture -v $v -m 16
		check_counter expired_maxflows summary 84
		records "packets first_us last_us" | uniq -c |
		    awk '{ print $1, $2, $3, $4 }' >got
		at=1700000003000000
		atf_check -o inline:"100 1 $at $at\n" cat got
	done
}

atf_init_test_cases() {
	for case in $cases; do
		atf_add_test_case $case
	done
}
