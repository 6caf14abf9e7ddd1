#!/usr/bin/env atf-sh
#
# What tunnels hold, against what tshark sees there.

. "$(atf_get_srcdir)/common.sh"

# Captures of the corpus with tunnels, but for one of a mixture.
captures="sv_ip_in_ip sv_tunnel-pkt-flows sv_vxlan zk_Teredo
    zk_gre-within-gre zk_gtp1_gn_normal_incl_fragmentation zk_ping6-in-ipv4"

# Family, innermost addresses, protocol, ports, packets and octets of each
# direction.  ICMP errors quote another packet, which is not a tunnel's.
tshark_flows() {
	tshark -r "$1" -n -o ip.defragment:FALSE -T fields \
	    -E aggregator='|' -e frame.protocols -e ip.src -e ip.dst \
	    -e ip.proto -e ip.len -e ip.frag_offset -e ipv6.src -e ipv6.dst \
	    -e ipv6.nxt -e ipv6.plen -e tcp.srcport -e tcp.dstport \
	    -e udp.srcport -e udp.dstport -e icmp.type -e icmp.code \
	    -e icmpv6.type -e icmpv6.code 2>/dev/null |
	    awk -F '\t' -v OFS='\t' '
	function nth(field, n,  values) {
		split($field, values, "|")
		return values[n]
	}
	{
		layers = split($1, layer, ":")
		ip = ipv6 = udp = family = 0
		for (i = 1; i <= layers && layer[i] !~ /^icmp/; i++) {
			if (layer[i] == "ip") {
				ip++
				family = 4
			} else if (layer[i] == "ipv6") {
				ipv6++
				family = 6
			} else if (layer[i] == "udp")
				udp++
		}
		src = dst = 0
		if (family == 4) {
			key = nth(2, ip) OFS nth(3, ip)
			proto = nth(4, ip)
			octets = nth(5, ip)
			if (proto == 1 && nth(6, ip) == 0)
				dst = nth(15, 1) * 256 + nth(16, 1)
		} else if (family == 6) {
			key = nth(7, ipv6) OFS nth(8, ipv6)
			proto = nth(9, ipv6)
			octets = 40 + nth(10, ipv6)
			if (proto == 58)
				dst = nth(17, 1) * 256 + nth(18, 1)
		} else
			next
		if (proto == 6 && $11 != "") {
			src = nth(11, 1)
			dst = nth(12, 1)
		} else if (proto == 17 && $13 != "" && nth(6, ip) == 0) {
			src = nth(13, udp)
			dst = nth(14, udp)
		}
		key = family OFS key OFS proto OFS src OFS dst
		packets[key]++
		sum[key] += octets
	}
	END {
		for (key in packets)
			print key, packets[key], sum[key]
	}' | LC_ALL=C sort
}

atf_test_case opened_tunnels_equal_what_tshark_sees
opened_tunnels_equal_what_tshark_sees_head() {
	atf_set descr "innermost flows of every capture with tunnels"
	atf_set require.progs tshark
}
opened_tunnels_equal_what_tshark_sees_body() {
	corpus=$(atf_config_get corpus "")
	[ -n "$corpus" ] || atf_skip "the variable CORPUS names no corpus"
	for name in $captures; do
		start_collector
		atf_check -o save:summary -e ignore "$softflowd" -E all \
		    -r "$corpus/public/$name.pcap" -v 10 \
		    -n "127.0.0.1:$port"
		finish_collector
		check_conservation summary
		opened=$(counter tunnels_opened summary)
		echo "$name: $opened packets in tunnels"
		atf_check test "$opened" -gt 0
		tshark_flows "$corpus/public/$name.pcap" >wanted
		cut -f 1-8 sums | LC_ALL=C sort >got
		case $name in
		*fragmentation)
			# We count what a first fragment holds, tshark what
			# the inner header says.
			cut -f 1-7 wanted >cut && mv cut wanted
			cut -f 1-7 got >cut && mv cut got
			;;
		esac
		atf_check diff wanted got
	done
}

atf_init_test_cases() {
	atf_add_test_case opened_tunnels_equal_what_tshark_sees
}
