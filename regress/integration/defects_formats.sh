#!/usr/bin/env atf-sh
#
# How datagrams of softflowd 1.1 broke their formats, one case for each defect
# by its number, S1 to S15.

. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/frames.sh"

defect s01_count_of_version_9_is_of_all_records \
    "S1: tshark reads the flow behind templates and options" 'ip tcpdump tshark'
s01_count_of_version_9_is_of_all_records_body() {
	echo "0 proto=udp sport=1 dport=53 count=3" | make_capture
	make_namespace
	watch_capture -v 9 -o template-datagrams=1
	show cflow.packets cflow.template_id >shown
	atf_check -o match:'^3	256,.*,260' cat shown
}

defect s02_sets_are_padded_to_4_octets \
    "S2: options, too" 'ip tcpdump tshark'
s02_sets_are_padded_to_4_octets_body() {
	hundred_flows | make_capture
	make_namespace
	for v in 9 10; do
		watch_capture -v $v -s 3
		show cflow.flowset_length | tr ',' '\n' | sort -u >lengths
		atf_check -o not-empty cat lengths
		atf_check awk '$1 % 4 != 0' lengths
	done
}

defect s03_sequence_of_ipfix_is_of_the_records_before \
    "S3: 0 at first; options records count" 'ip tcpdump tshark'
s03_sequence_of_ipfix_is_of_the_records_before_body() {
	hundred_flows | make_capture
	make_namespace
	watch_capture -v 10 -o template-datagrams=2
	show cflow.sequence >shown
	atf_check -o inline:"0\n" sed -n 1p shown
}

defect s04_each_collector_has_a_sequence_of_its_own \
    "S4: neither sees a loss"
s04_each_collector_has_a_sequence_of_its_own_body() {
	hundred_flows | make_capture
	for v in 1 5 9 10; do
		two_collectors -v $v
		atf_check test "$(cut -f 7 sums sums2 | wc -l)" -eq 200
	done
}

# Export to two collectors that complain of a gap.
two_collectors() {
	"$collector" -s -p 0 -P port2 >sums2 2>collected2 &
	second=$!
	wait_for test -s port2
	start_collector
	atf_check -o save:summary -e ignore "$softflowd" -r capture.pcap \
	    -n "127.0.0.1:$port,127.0.0.1:$(cat port2)" -o train=1 "$@"
	finish_collector
	kill -TERM $second
	wait $second || atf_fail "the second collector complains"
	rm port2
}

defect s04_collectors_that_take_turns_see_no_loss \
    "S4: with -l, and each flow goes to one"
s04_collectors_that_take_turns_see_no_loss_body() {
	hundred_flows | make_capture
	for v in 1 5 9 10; do
		two_collectors -v $v -l
		atf_check -o not-empty cat sums
		atf_check -o not-empty cat sums2
		cut -f 5 sums sums2 | sort -n | uniq >ports
		atf_check test "$(wc -l <ports)" -eq 100
		atf_check test "$(cat sums sums2 | wc -l)" -eq 100
	done
}

defect s05_no_address_of_an_exporter_is_made_up \
    "S5: elements 403 and 404 are for mediators"
s05_no_address_of_an_exporter_is_made_up_body() {
	hundred_flows | make_capture
	export_capture -v 10
	atf_check -o match:'^options=' -o not-match:' (403|404)=' \
	    grep '^options=' flows
}

defect s05_addresses_in_classic_templates_are_the_exporters \
    "S5: 127.0.0.1 here, and not an address family" ip
s05_addresses_in_classic_templates_are_the_exporters_body() {
	make_namespace
	collect in_ns
	start_softflowd in_ns -i vb -v 10 -n "127.0.0.1:$port" \
	    -o templates=classic
	wait_for grep -q '^options=256 ' flows
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	finish_softflowd
	finish_collector
	nowhere=0000000000000000
	atf_check -o match:" 130=2130706433 131=$nowhere$nowhere 403=2130706433 404=" \
	    grep '^options=256 ' flows
}

defect s06_datagrams_of_version_1_have_24_records \
    "S6: at most"
s06_datagrams_of_version_1_have_24_records_body() {
	hundred_flows | make_capture
	export_capture -v 1
	atf_check -o match:'^datagrams [5-9] records 100 v1 [5-9]' \
	    grep ^datagrams collected
}

defect s07_instances_on_one_host_have_ids_of_their_own \
    "S7: if no source id is given" ip
s07_instances_on_one_host_have_ids_of_their_own_body() {
	hundred_flows | make_capture
	make_namespace
	: >ids
	for instance in vb:1 vb:2 va:1 vb:1; do
		collect in_ns
		ip netns exec $ns "$softflowd" -d -p pid -c ctl${instance#*:} \
		    -i ${instance%:*} -v 9 -n "127.0.0.1:$port" >log 2>&1 &
		softflowd_pid=$!
		wait_for grep -q '^options=' flows
		kill -TERM $softflowd_pid
		finish_softflowd
		finish_collector
		sed -n 's/^options=.* source_id=\([0-9]*\) .*/\1/p' flows |
		    sort -u >>ids
	done
	# The first and the last are one.
	atf_check test "$(wc -l <ids)" -eq 4
	atf_check test "$(sort -u ids | grep -c -v '^0$')" -eq 3
}

defect s08_templates_come_again_after_so_many_datagrams \
    "S8: as many as are asked for"
s08_templates_come_again_after_so_many_datagrams_body() {
	hundred_flows | make_capture
	for v in 9 10; do
		export_capture -v $v -o template-datagrams=2 -o train=1
		datagrams=$(awk '/^datagrams/ { print $2 }' collected)
		atf_check test $datagrams -ge 4
		atf_check test "$(grep -c '^options=260 ' flows)" -eq \
		    $(((datagrams + 1) / 2))
	done
}

defect s08_templates_come_again_after_a_time \
    "S8: without any flow" ip
s08_templates_come_again_after_a_time_body() {
	make_namespace
	for v in 9 10; do
		collect in_ns
		start_softflowd in_ns -i vb -v $v -n "127.0.0.1:$port" \
		    -o template-seconds=1
		wait_for sent_so_often 4
		atf_check -o ignore "$softflowctl" -c ctl shutdown
		finish_softflowd
		finish_collector
	done
}
sent_so_often() {
	[ "$(grep -c '^options=260 ' flows)" -ge $1 ]
}

defect s09_packet_reports_are_of_a_selection_and_unpadded \
    "S9: each section as long as its packet; the collector sees to the rest"
s09_packet_reports_are_of_a_selection_and_unpadded_body() {
	make_capture <<-END
	0 proto=udp sport=1 dport=53 count=3 step=0.5
	2 proto=udp sport=1 dport=53 data=200
	END
	collect
	atf_check -o save:summary -e ignore "$softflowd" -r capture.pcap \
	    -v psamp -n "127.0.0.1:$port"
	finish_collector
	grep '^report=' flows >reports
	sed 's/.* octets=//' reports | awk '{ print length($0) / 2 }' >lengths
	atf_check -o inline:"42\n42\n42\n242\n" cat lengths
	atf_check test "$(cut -d ' ' -f 1 reports | sort -u | wc -l)" -eq 1
}

defect s10_biflow_begins_with_who_began \
    "S10: whatever addresses are; and says so"
s10_biflow_begins_with_who_began_body() {
	{
		conversation 0 1
		echo "0 proto=tcp src=198.51.100.9 dst=192.0.2.1 sport=1 \
		    dport=80 flags=02"
		echo "1 proto=tcp dst=198.51.100.9 src=192.0.2.1 sport=80 \
		    dport=1 flags=12"
	} | make_capture
	for level in full vlan; do
		export_capture -v 10 -b -T $level
		grep '^version=' flows | awk 'NR % 2 == 1' >forward
		grep -v '^version=' flows >>forward
		mv forward flows
		check_records "src sport packets biflow_direction" \
		    "192.0.2.1 40000 1 1" "198.51.100.9 1 1 1"
	done
	tagged_conversation
	export_capture -v 10 -b -T vlan
	check_records "sport packets" "40000 1" "443 1"
}

defect s11_datagrams_go_through_the_path_in_one_piece \
    "S11: of an MTU of 600" 'ip tcpdump tshark'
s11_datagrams_go_through_the_path_in_one_piece_body() {
	hundred_flows | make_capture
	make_namespace
	ip -n $ns link set lo mtu 600
	for v in 1 5 9 10; do
		watch_capture -v $v
		check_counter flows_exported summary 100
		tshark -r sent.pcap -T fields -e ip.len -e ip.flags.mf \
		    -e ip.frag_offset 2>/dev/null >lengths
		atf_check awk '$1 > 600 || $2 != 0 || $3 != 0' lengths
		atf_check -o not-empty awk '$1 > 500' lengths
	done
}

defect s11_size_of_datagrams_can_be_told \
    "S11: where the path is not known"
s11_size_of_datagrams_can_be_told_body() {
	hundred_flows | make_capture
	for v in 1 5 9 10; do
		export_capture -v $v -o payload=600
		set -- $(sed -n 's/^Collector .* in \([0-9]*\) packets (\([0-9]*\) octets.*/\1 \2/p' summary)
		atf_check test "$2" -le $(($1 * 600))
		atf_check test "$1" -ge 8
	done
}

defect s12_statistics_of_both_processes_are_sent \
    "S12: of metering and exporting, RFC 7011 section 4"
s12_statistics_of_both_processes_are_sent_body() {
	{
		hundred_flows
		hundred_flows 1000
		hundred_flows 2000
	} | make_capture
	export_capture -v 10 -o statistics-seconds=60
	for elements in '41=[1-9][0-9]* 42=[1-9][0-9]* 40=[1-9]' \
	    '164=0 165=0' '166=0 167=0 168=0'; do
		atf_check -o match:"$elements" grep '^options=' flows
	done
}

defect s13_times_of_ipfix_need_nothing_else \
    "S13: elements 152 and 153, as tshark shows" 'ip tcpdump tshark'
s13_times_of_ipfix_need_nothing_else_body() {
	echo "0.5 proto=udp sport=1 dport=53 count=2 step=2" | make_capture
	make_namespace
	watch_capture -v 10
	TZ=UTC show cflow.abstimestart cflow.abstimeend \
	    cflow.template_ipfix_field_type >shown
	atf_check -o match:'22:13:20.5.* 22:13:22.5' \
	    -o match:'[,	]152,153,' -o not-match:'[,	](21|22),' \
	    cat shown
}

defect s14_options_templates_of_ipfix_count_fields \
    "S14: and not octets, as version 9 does"
s14_options_templates_of_ipfix_count_fields_body() {
	hundred_flows | make_capture
	export_capture -v 10 -s 3
	atf_check -o match:'scope_[0-9]*=[0-9]* 34=3 35=1$' \
	    grep '^options=' flows
	records sampling | uniq -c | awk '{ print $1, $2 }' >got
	atf_check -o inline:"34 3\n" cat got
}

defect s15_ntopng_is_refused \
    "S15: no JSON over ZeroMQ is written, well-formed or not"
s15_ntopng_is_refused_body() {
	hundred_flows | make_capture
	atf_check -s exit:1 -e match:'-v ntopng: .*ipfix' "$softflowd" \
	    -r capture.pcap -v ntopng -n 127.0.0.1:9
	atf_check -s exit:1 -e match:'-z' "$softflowd" -r capture.pcap \
	    -z tcp://127.0.0.1:5556
}

atf_init_test_cases() {
	for case in $cases; do
		atf_add_test_case $case
	done
}
