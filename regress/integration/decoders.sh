#!/usr/bin/env atf-sh
#
# Other people's decoders read what we send without a complaint and come to
# the same totals.

. "$(atf_get_srcdir)/common.sh"

# Export $real in version $1, with the options behind it, to port 9995 of the
# namespace.
export_in_namespace() {
	atf_check -o save:summary -e ignore ip netns exec $ns \
	    "$softflowd" -r "$real" -n 127.0.0.1:9995 -v "$@"
	packets=$(counter packets_exported summary)
	octets=$(counter octets_exported summary)
	atf_check test "$packets" -gt 0
}

listening() {
	in_ns ss -lnu | grep -q :9995
}

with_nfcapd() {
	make_namespace
	mkdir flows
	ip netns exec $ns nfcapd -w flows -b 127.0.0.1 -p 9995 >nfcapd.log 2>&1 &
	nfcapd_pid=$!
	wait_for listening
	export_in_namespace "$@"
	sleep 0.5
	kill -TERM $nfcapd_pid
	wait $nfcapd_pid
	cat nfcapd.log
	atf_check -o match:'Bad Packets: 0' cat nfcapd.log
	# nfcapd 1.7.1 leaves options records out of IPFIX sequence numbers.
	[ $1 -eq 10 ] ||
	    atf_check -o match:'Sequence Errors: 0' cat nfcapd.log
	atf_check -o save:info -e ignore nfdump -R flows -I
	atf_check -o match:"^Packets: $packets\$" cat info
	atf_check -o match:"^Bytes: $octets\$" cat info
}

with_tshark() {
	make_namespace
	ip netns exec $ns tcpdump -i lo -s 2048 --immediate-mode -U \
	    -w sent.pcap udp port 9995 2>tcpdump.log &
	tcpdump_pid=$!
	wait_for grep -q listening tcpdump.log
	# The capture would hold a train as one datagram.
	export_in_namespace "$@" -o train=1
	sleep 0.5
	kill -TERM $tcpdump_pid
	wait $tcpdump_pid
	cflow='-d udp.port==9995,cflow'
	bad='_ws.malformed or _ws.expert.severity >= 6291456'
	atf_check -e ignore tshark -r sent.pcap $cflow -Y "cflow and ($bad)"
	atf_check -o save:fields -e ignore tshark -r sent.pcap $cflow \
	    -T fields -e cflow.packets -e cflow.octets
	sum_of() {
		cut -f "$1" fields | tr ',' '\n' |
		    awk '{ n += $1 } END { printf "%.0f\n", n }'
	}
	atf_check test "$(sum_of 1)" = "$packets"
	atf_check test "$(sum_of 2)" = "$octets"
}

# A case $1 of version $2 with options $3 for each tool.
cases=
decoder_cases() {
	for tool in nfcapd tshark; do
		cases="$cases ${tool}_decodes_$1"
		atf_test_case ${tool}_decodes_$1 cleanup
		eval "${tool}_decodes_$1_head() {
			atf_set descr 'totals as exported, no complaint'
			atf_set require.user root
			atf_set require.progs '$tool tcpdump ip'
		}
		${tool}_decodes_$1_body() {
			with_$tool $2 $3
		}
		${tool}_decodes_$1_cleanup() {
			remove_namespace
		}"
	done
}
for v in 5 9 10; do
	decoder_cases version_$v $v
done
for v in 9 10; do
	decoder_cases all_fields_of_version_$v $v \
	    '-o fields=all -x 10 -T ether'
done

atf_init_test_cases() {
	for case in $cases; do
		atf_add_test_case $case
	done
}
