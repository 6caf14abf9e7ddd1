# Packets that tests make up, what is exported of them, and cases that are
# named after a defect of softflowd 1.1; sourced after common.sh.

# Declare a case: name, description and, if it needs root, programs.
cases=
defect() {
	cases="$cases $1"
	atf_test_case $1 cleanup
	eval "$1_head() {
		atf_set descr '$2'
		${3:+atf_set require.user root
		atf_set require.progs '$3'}
	}
	$1_cleanup() {
		remove_namespace
	}"
}

# Make capture.pcap of the packets that standard input describes, in the order
# of their times; see frames.awk.  Its link type is Ethernet or $1.
make_capture() {
	printf "$(awk -v linktype="${1:-1}" -f "$(atf_get_srcdir)/frames.awk" |
	    sort -s -n -k 1,1 | cut -d ' ' -f 2 | tr -d '\n')" >capture.pcap
}

# As start_collector, of one that prints records to the file flows; the port is
# $at_port if set.
collect() {
	rm -f port
	[ "${1:-}" != in_ns ] || set -- ip netns exec "$ns"
	"$@" "$collector" -v -p "${at_port:-0}" -P port >flows 2>collected &
	collector_pid=$!
	wait_for test -s port
	port=$(cat port)
}

# Export capture.pcap with these options; flows and summary are the results.
export_capture() {
	collect
	atf_check -o save:summary -e ignore "$softflowd" -r capture.pcap \
	    -n "127.0.0.1:$port" "$@"
	finish_collector
	check_conservation summary
}

# Values of each flow record by their names, sorted; of the file flows.
records() {
	awk -v names="$1" '
	!/^version=/ { next }
	{
		split("", value)
		for (i = 1; i <= NF; i++) {
			cut = index($i, "=")
			value[substr($i, 1, cut - 1)] = substr($i, cut + 1)
		}
		n = split(names, name, " ")
		for (i = 1; i <= n; i++)
			printf "%s%s", value[name[i]], i < n ? " " : "\n"
	}' flows | LC_ALL=C sort
}

# Their lines in any order.
check_records() {
	records "$1" >got
	shift
	printf '%s\n' "$@" | LC_ALL=C sort >wanted
	atf_check diff wanted got
}

# Keep the datagrams of capture.pcap's flows with these options, each by itself,
# in sent.pcap; they go through the namespace to a collector.
watch_capture() {
	at_port=9995
	collect in_ns
	ip netns exec $ns tcpdump -i lo -s 2048 --immediate-mode -U \
	    -w sent.pcap udp 2>tcpdump.log &
	tcpdump_pid=$!
	wait_for grep -q listening tcpdump.log
	atf_check -o save:summary -e ignore ip netns exec $ns "$softflowd" \
	    -r capture.pcap -n 127.0.0.1:9995 -o train=1 "$@"
	sleep 0.5
	kill -TERM $tcpdump_pid
	wait $tcpdump_pid
	finish_collector
}

# What tshark says of these fields, a line a datagram.
show() {
	for field; do
		shift
		set -- "$@" -e $field
	done
	tshark -r sent.pcap -d udp.port==9995,cflow -Y cflow -T fields "$@" \
	    2>/dev/null
}

# Packets of one conversation over TCP both ways, with these times.
conversation() {
	echo "$1 proto=tcp sport=40000 dport=443 flags=${3:-02}"
	echo "$2 proto=tcp src=198.51.100.9 dst=192.0.2.1 sport=443 \
	    dport=40000 flags=${3:-12}"
}

# Both ways of a conversation in VLAN 10.
tagged_conversation() {
	make_capture <<-END
	0 proto=tcp sport=40000 dport=443 flags=02 \
	    link=0200000000020200000000018100000a0800
	1 proto=tcp src=198.51.100.9 dst=192.0.2.1 sport=443 dport=40000 \
	    flags=12 link=0200000000010200000000028100000a0800
	END
}

# 100 flows of a packet each from this time on.
hundred_flows() {
	i=0
	while [ $i -lt 100 ]; do
		i=$((i + 1))
		echo "${1:-0} proto=udp sport=$i dport=53"
	done
}
