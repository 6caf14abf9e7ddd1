# Our collector and other people's, side by side in a network namespace, and
# what each makes of one capture.  Sourced by POSIX sh; the caller names
#
#   $ns		the namespace, with lo up
#   $tree	the root of the checkout
#
# and stands in a scratch folder.  Nothing here is for atf alone: matrix.sh and
# integration/decoders.sh both use it.

tools="collector nfcapd nfacctd tshark"

in_tools_ns() {
	ip netns exec "$ns" "$@"
}

# Wait until a command succeeds, 10 seconds at most.
tools_wait() {
	tools_tries=0
	until "$@" >/dev/null 2>&1; do
		tools_tries=$((tools_tries + 1))
		[ $tools_tries -lt 100 ] || return 1
		sleep 0.1
	done
}

# Whether something waits at that port, of UDP (u), TCP (t) or SCTP (S).
tools_listen() {
	in_tools_ns ss -ln${2:-u} | grep -q ":$1 "
}

# All that was sent has been read.
tools_read_all() {
	in_tools_ns ss -lnuH | awk '$2 != 0 { exit 1 }'
}

kernel_has_sctp() {
	in_tools_ns "$tree/regress/collector/collector" -T sctp -p 0 -t 1 \
	    >/dev/null 2>&1
}

# Packets and octets of every flow of a capture as tshark reads it, in the
# columns of the collector's sums: nothing of ours took part.
capture_truth() {
	tshark -r "$1" -o ip.defragment:FALSE -o ipv6.defragment:FALSE \
	    -T fields -E occurrence=f -e ip.src -e ip.dst -e ip.proto \
	    -e ipv6.src -e ipv6.dst -e ipv6.nxt -e tcp.srcport \
	    -e tcp.dstport -e udp.srcport -e udp.dstport -e icmp.type \
	    -e icmp.code -e icmpv6.type -e icmpv6.code -e ip.len \
	    -e ipv6.plen 2>/dev/null |
	    awk -F '\t' -v OFS='\t' '
	$1 == "" && $4 == "" { next }
	{
		proto = $1 != "" ? $3 : $13 != "" ? 58 : $6
		sport = proto == 6 ? $7 : proto == 17 ? $9 : 0
		dport = proto == 6 ? $8 : proto == 17 ? $10 : 0
		if ($1 != "" && proto == 1)
			dport = $11 * 256 + $12
		if ($1 == "" && proto == 58)
			dport = $13 * 256 + $14
		key = $1 != "" ? 4 OFS $1 OFS $2 : 6 OFS $4 OFS $5
		key = key OFS proto OFS sport OFS dport
		packets[key]++
		octets[key] += $1 != "" ? $15 : 40 + $16
	}
	END {
		for (key in packets)
			print key, packets[key], octets[key]
	}' | LC_ALL=C sort
}

# Packets and octets in columns 7 and 8.
sum_table() {
	awk -F '\t' '{ p += $7; o += $8 }
	    END { printf "%.0f %.0f\n", p, o }' "$1"
}

# Start what takes this transport; the ports are 9995 for our collector, which
# tcpdump listens to, too, 9996 for nfcapd and 9997 for nfacctd.
tools_start() {
	rm -rf flows sums out.csv sent.pcap
	mkdir flows
	case $variant in
	*classic*)	like=-c ;;
	*)		like= ;;
	esac
	ip netns exec $ns "$tree/regress/collector/collector" -s $like -T $1 \
	    -p 9995 >sums 2>collector.log &
	collector_pid=$!
	ip netns exec $ns tcpdump -i lo -s 0 -B 65536 --immediate-mode -U \
	    -w sent.pcap $1 port 9995 2>tcpdump.log &
	tcpdump_pid=$!
	if [ $1 = udp ]; then
		ip netns exec $ns nfcapd -w flows -b 127.0.0.1 -p 9996 \
		    -B 4000000 >nfcapd.log 2>&1 &
		nfcapd_pid=$!
		cat >nfacctd.conf <<-CONF
		daemonize: false
		nfacctd_ip: 127.0.0.1
		nfacctd_port: 9997
		nfacctd_pipe_size: 4000000
		plugins: print
		plugin_pipe_size: 10240000
		plugin_buffer_size: 10240
		aggregate: src_host, dst_host, src_port, dst_port, proto
		print_output: csv
		print_output_file: $PWD/out.csv
		print_refresh_time: 3600
		CONF
		ip netns exec $ns nfacctd -f nfacctd.conf >nfacctd.log 2>&1 &
		nfacctd_pid=$!
		tools_wait tools_listen 9996 && tools_wait tools_listen 9997
	fi
	tools_wait grep -q listening tcpdump.log
	tools_wait grep -q 'listening on' collector.log
	tools_wait grep -q 'cache entries' nfacctd.log || [ $1 != udp ]
}

tools_stop() {
	tools_wait tools_read_all
	sleep 0.3
	kill -TERM $collector_pid
	wait $collector_pid && echo 0 >collector.status ||
	    echo $? >collector.status
	kill -TERM $tcpdump_pid
	wait $tcpdump_pid || :
	[ $1 = udp ] || return 0
	kill -TERM $nfcapd_pid
	kill -INT $nfacctd_pid
	wait $nfcapd_pid $nfacctd_pid || :
}

# "packets octets" as a tool has them.
collector_totals() {
	if grep -q '^packet_reports' collector.log; then
		awk '$1 == "packet_reports" { print $2, $4 }' collector.log
	else
		sum_table sums
	fi
}

# Of a biflow the other half is "out".
nfcapd_totals() {
	nfdump -R flows -q -N -o 'fmt:%ipkt %opkt %ibyt %obyt' 2>/dev/null |
	    awk 'NF == 4 { p += $1 + $2; o += $3 + $4 }
	    END { printf "%.0f %.0f\n", p, o }'
}

nfacctd_totals() {
	awk -F , 'NR > 1 { p += $(NF - 1); o += $NF }
	    END { printf "%.0f %.0f\n", p, o }' out.csv 2>/dev/null ||
	    echo 0 0
}

tshark_decode() {
	tshark -r sent.pcap -d $transport.port==9995,cflow "$@" 2>/dev/null
}

# Packet reports have sizes where flows have octets.
tshark_totals() {
	fields=cflow.octets
	[ "$version" != psamp ] || fields=cflow.data_link_frame_size
	tshark_decode -T fields -E separator=';' -e cflow.packets -e $fields |
	    awk -F ';' -v psamp=$version '{
		n = split($1, packets, ",")
		for (i = 1; i <= n; i++)
			p += packets[i]
		n = split($2, octets, ",")
		for (i = 1; i <= n; i++)
			o += octets[i]
		if (psamp == "psamp")
			p += n
	}
	END { printf "%.0f %.0f\n", p, o }'
}

# What a tool says is wrong, in a line; nothing if it says nothing.
collector_complaint() {
	[ "$(cat collector.status)" = 0 ] ||
	    sed -n '/^listening/d; /^datagrams/d; s/^127.* source/source/
		p; q' collector.log
}

nfcapd_complaint() {
	grep -o 'Bad Packets: [1-9][0-9]*' nfcapd.log
	# nfcapd 1.7.1 leaves options records out of IPFIX sequence numbers.
	[ $version = psamp ] || [ $version = 10 ] ||
	    grep -o 'Sequence Errors: [1-9][0-9]*' nfcapd.log
}

nfacctd_complaint() {
	grep -E '^(WARN|ERROR)' nfacctd.log | grep -v 'pipe_size' |
	    head -n 1
}

# Sections of packets are cut, and tshark says so of each.
tshark_complaint() {
	[ $version != psamp ] || {
		tshark_decode -V | grep -m 1 'Malformed Packet: CFLOW'
		return
	}
	bad='_ws.malformed or _ws.expert.severity >= 6291456'
	tshark_decode -Y "cflow and ($bad)" | head -n 1
}

# What a tool cannot take or read, and that is no fault of ours.
tool_limit() {
	case $1-$transport in
	nfcapd-tcp|nfcapd-sctp)
		echo "takes UDP only"; return ;;
	nfacctd-tcp|nfacctd-sctp)
		echo "takes UDP and DTLS only"; return ;;
	esac
	case $1-$variant in
	nfacctd-v1)
		echo "knows no NetFlow v1" ;;
	nfacctd-*biflow*)
		echo "reads the forward half only" ;;
	tshark-psamp)
		[ $transport != tcp ] ||
		    echo "reads some of the reports in a segment only" ;;
	nfcapd-*psamp*)
		echo "makes no flows of packet reports" ;;
	esac
}

# The text of a tool's cell for the row in hand.
tool_cell() {
	limit=$(tool_limit $1)
	case $transport-$1 in
	udp-*|*-collector|*-tshark)	;;
	*)	echo "$limit"; return ;;
	esac
	complaint=$(${1}_complaint)
	totals=$(${1}_totals)
	# It reads the packet in a report: octets are those of flows.
	case $version-$1 in
	psamp-nfacctd)	want=$(sum_table flows.wanted) ;;
	*)		want=$wanted ;;
	esac
	if [ -n "$complaint" ]; then
		echo "**wrong: $complaint**"
	elif [ "$totals" = "$want" ]; then
		echo ok
	elif [ -n "$limit" ]; then
		echo "$limit (${totals% *} of ${want% *} packets)"
	else
		echo "**wrong: packets and octets $totals, not $want**"
	fi
}

# Our collector's sums, flow by flow.
collector_flows() {
	[ $version != psamp ] || return 0
	cut -f 1-8 sums | LC_ALL=C sort >got
	cmp -s flows.wanted got || {
		echo "**wrong: $(diff flows.wanted got | sed -n 2p |
		    tr '\t' ' ')**" >cell.collector
	}
}

# Export a capture as one row of the matrix says and leave what each tool made
# of it in cell.TOOL.
#
#   interop_row variant transport version capture truth [option ...]
#
# The truth has the columns of the collector's sums.  Returns 1 when softflowd
# did not take the options; its words are in the file refused then.
interop_row() {
	variant=$1
	transport=$2
	version=$3
	capture=$4
	case $version in
	1|5)	grep '^4' "$5" ;;
	*)	cat "$5" ;;
	esac >flows.wanted
	wanted=$(sum_table flows.wanted)
	# A packet report for each frame that holds a packet.
	[ $version != psamp ] || wanted=$(tshark -r "$capture" \
	    -Y 'ip or ipv6' -T fields -e frame.len 2>/dev/null |
	    awk '{ o += $1 } END { printf "%d %.0f\n", NR, o }')
	shift 5
	collectors=127.0.0.1:9995
	# A capture of loopback would hold a train as one datagram.
	if [ $transport = udp ]; then
		collectors=$collectors,127.0.0.1:9996,127.0.0.1:9997
		set -- -o train=1 "$@"
	else
		set -- -P $transport "$@"
	fi
	rm -f refused cell.*
	tools_start $transport
	ip netns exec $ns "$tree/softflowd/softflowd" -r "$capture" \
	    -m 100000 -v $version -n $collectors "$@" \
	    >summary 2>errors || mv errors refused
	tools_stop $transport
	[ ! -f refused ] || return 1
	for tool in $tools; do
		tool_cell $tool >cell.$tool
	done
	[ "$(cat cell.collector)" != ok ] || collector_flows
}
