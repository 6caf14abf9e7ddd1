# Shared by the tests of several collectors; sourced behind common.sh.

bench=$tree/regress/bench

# A case in namespaces of its own.
collectors_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
		atf_set timeout 120
	}"
	eval "$1_cleanup() { remove_namespace; remove_far_side; }"
}

# A second namespace, far away behind the interface ca with 10.8.0.1 and
# fd00:8::1; .2 is there.
make_far_side() {
	far=${ns}far
	ip netns add $far
	echo $far >far
	ip -n $ns link add ca type veth peer name cb netns $far
	in_ns sysctl -qw net.ipv6.conf.ca.disable_ipv6=0
	ip -n $ns addr add 10.8.0.1/24 dev ca
	ip -n $ns addr add fd00:8::1/64 dev ca nodad
	ip -n $ns link set ca up
	ip -n $far addr add 10.8.0.2/24 dev cb
	ip -n $far link set lo up
	ip -n $far link set cb up
}

remove_far_side() {
	[ ! -s far ] || ip netns del "$(cat far)"
}

# So many flows of one packet each go to load.pcap; $flows is their number.
#	flows [option of generate ...]
make_flows() {
	flows=$1
	! sanitized || flows=$((flows / 10))
	shift
	"$bench/generate" "$@" -f $flows -n $flows -o load.pcap 2>truth ||
	    atf_fail "generate failed"
}

# Start the collector of that name, here or far away, on any port or on that.
#	name [port [option ...]]
start() {
	start_in "$ns" "$@"
}
start_in() {
	where=$1 name=$2 given=${3:-0}
	shift 2
	[ $# -eq 0 ] || shift
	rm -f $name.port
	ip netns exec "$where" "$collector" -q -p $given -P $name.port "$@" \
	    2>$name.said &
	echo $! >$name.pid
	wait_for test -s $name.port
}

port_of() {
	cat $1.port
}

# End it; it reads what is in its socket first.  Its exit status.
stop() {
	kill -TERM "$(cat $1.pid)"
	wait "$(cat $1.pid)"
}

# How many records it got.
got() {
	sed -n 's/^datagrams .* records \([0-9]*\) v1 .*/\1/p' $1.said
}

# It got that many, and nothing was wrong or missing.
#	name records
stop_content() {
	stop $1 || {
		cat $1.said
		atf_fail "collector $1 complains"
	}
	[ "$(got $1)" = "$2" ] ||
	    atf_fail "collector $1 got $(got $1) of $2 records"
}

# It is one that began to listen late: until the first template it could
# decode nothing, from then on everything was right.
stop_latecomer() {
	stop $1 || true
	sed '1d; /: data without a template$/d; /^datagrams /d' $1.said >wrong
	atf_check -o empty cat wrong
}

# Of a collector's line in statistics: records, failures, lost or datagrams.
#	file address:port what
of_row() {
	awk -v who="$2" -v what="$3" '
	$1 == "Collector" && $2 == who {
		for (i = 3; $i != "records" || $(i + 1) != "in"; i++)
			continue
		n["records"] = $(i - 1)
		n["datagrams"] = $(i + 2)
		for (; $i != "failures"; i++)
			continue
		n["failures"] = $(i - 1)
		n["lost"] = substr($(i + 1), 2)
		print n[what]
	}' "$1"
}

live_row_is() {
	live_counter frames >/dev/null &&
	    [ "$(of_row statistics "$1" "$2")" = "$3" ]
}

# Whom everything was sent to: so many records.
check_unharmed() {
	[ "$(of_row "$1" "$2" records) $(of_row "$1" "$2" lost) \
$(of_row "$1" "$2" failures)" = "$3 0 0" ] || {
		cat "$1"
		atf_fail "$2 was not sent $3 records"
	}
}

# Whom it was not, perhaps: every record was sent or is counted as lost, which
# goes to $lost.
check_counted() {
	lost=$(of_row "$1" "$2" lost)
	[ $(($(of_row "$1" "$2" records) + lost)) -eq "$3" ] || {
		cat "$1"
		atf_fail "$2: records and lost ones are not $3"
	}
}

# Export load.pcap to these collectors, given as with -n; sums go to out.
export_file() {
	list=$1
	shift
	in_ns "$softflowd" -r load.pcap -m 20000 "$@" -n "$list" >out 2>log || {
		cat log
		atf_fail "softflowd failed"
	}
	check_conservation out
}

# Nobody listens there, as long as the namespace lives.
dead=127.0.0.1:9

# A daemon that captures what send_flows sends, with these collectors.
start_exporter() {
	list=$1
	shift
	start_softflowd in_ns -i vb "$@" -n "$list"
	sent=0
}

# All flows, once more, through a capture; and export them.
send_flows() {
	frames=$(in_ns "$bench/send" -r 100000 va load.pcap | cut -f 1)
	sent=$((sent + frames))
	wait_for live_counter_is frames $sent
	check_counter kernel_dropped statistics 0
	atf_check -o match:"Expired $flows flows" \
	    "$softflowctl" -c ctl expire-all
}

stop_exporter() {
	"$softflowctl" -c ctl statistics >statistics
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	finish_softflowd
}
