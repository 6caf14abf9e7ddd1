# Shared by the integration tests; sourced by atf-sh programs.

tree=$(cd "$(atf_get_srcdir)/../.." && pwd)
softflowd=$tree/softflowd/softflowd
softflowctl=$tree/softflowctl/softflowctl
collector=$tree/regress/collector/collector
peer=$tree/regress/peer/peer
replay=$tree/regress/replay/replay
tap=$tree/regress/replay/tap
real=$tree/regress/data/real.pcap

# A sanitizer says so at start, and forks of the suite are no leaks.
ASAN_OPTIONS=detect_leaks=0
export ASAN_OPTIONS

# Wait until a command succeeds, 10 seconds at most.
wait_for() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || atf_fail "did not happen: $*"
		sleep 0.1
	done
}

# Start a collector, in the namespace if the first argument says so; $port is
# where it listens, its sums go to the file sums.
start_collector() {
	rm -f port
	[ "${1:-}" != in_ns ] || set -- ip netns exec "$ns"
	"$@" "$collector" -s -p 0 -P port >sums 2>collected &
	collector_pid=$!
	wait_for test -s port
	port=$(cat port)
}

# End it; it reads what is in its socket first.
stop_collector() {
	kill -TERM $collector_pid
	wait $collector_pid
}

# What the collector found wrong fails the test.
finish_collector() {
	stop_collector || {
		cat collected
		atf_fail "the collector complains"
	}
}

# A counter of the statistics in a file, by its name.
counter() {
	awk -v name="$1" '$1 == name && NF == 2 { print $2; exit }' "$2"
}

# The same of the running daemon.
live_counter() {
	"$softflowctl" -c ctl statistics >statistics || return 1
	counter "$1" statistics
}

live_counter_is() {
	[ "$(live_counter "$1")" = "$2" ]
}

check_counter() {
	got=$(counter "$1" "$2")
	[ "$got" = "$3" ] || {
		cat "$2"
		atf_fail "$1 is $got, expected $3"
	}
}

# Every frame is either accounted for or counted as refused, and every
# accounted packet has left by one of the ways there are.
check_conservation() {
	awk '
	NF == 2 && $1 ~ /^[a-z0-9_]+$/ { c[$1] = $2 }
	END {
		frames = c["packets"] + c["packets_reported"] + \
		    c["not_sampled"] + \
		    c["frames_filtered"] + c["own_export"] + \
		    c["loopback_outgoing"] + c["second_sightings"]
		for (name in c)
			if (name ~ /^drop_/)
				frames += c[name]
		packets = c["packets_exported"] + \
		    c["packets_not_exportable"] + c["packets_unsent"] + \
		    c["packets_no_collector"] + c["packets_deleted"] + \
		    c["packets_lost"]
		if (c["frames"] == "" || frames != c["frames"] || \
		    packets != c["packets"]) {
			print "frames", c["frames"], "accounted", frames
			print "packets", c["packets"], "left", packets
			exit 1
		}
	}' "$1" || {
		cat "$1"
		atf_fail "frames or packets do not add up"
	}
}

# Columns of a collector's sums that do not depend on when it happened:
# key, packets, octets, TCP flags.
without_times() {
	cut -f 1-9 "$1" | LC_ALL=C sort
}

# Start softflowd in the foreground with files of its own and these options,
# in the namespace if the first one says so.  No function may come in
# between, or $! would be a shell's.
start_softflowd() {
	if [ "$1" = in_ns ]; then
		shift
		set -- ip netns exec "$ns" "$softflowd" -d -p pid -c ctl "$@"
	else
		set -- "$softflowd" -d -p pid -c ctl "$@"
	fi
	"$@" >log 2>&1 &
	softflowd_pid=$!
	wait_for "$softflowctl" -c ctl timeouts
}

# Its worker's process id.
worker_pid() {
	pgrep -P "$softflowd_pid" || atf_fail "there is no worker"
}

finish_softflowd() {
	wait $softflowd_pid
	status=$?
	[ $status -eq "${1:-0}" ] || {
		cat log
		atf_fail "softflowd exited with $status"
	}
}

# A network namespace with two connected interfaces, va and vb.
make_namespace() {
	ns=sfd$$
	ip netns add $ns 2>/dev/null ||
	    atf_skip "network namespaces cannot be made here"
	echo $ns >namespace
	ip netns exec $ns true 2>/dev/null ||
	    atf_skip "network namespaces cannot be entered here"
	in_ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	ip -n $ns link set lo up
	ip -n $ns link add va mtu 65535 type veth peer name vb mtu 65535
	ip -n $ns link set va up
	ip -n $ns link set vb up
}

in_ns() {
	ip netns exec "$ns" "$@"
}

# Send a capture out of an interface; $sent is the number of frames.
send() {
	sent=$(in_ns "$replay" "$@") || atf_fail "replay failed"
}

remove_namespace() {
	[ ! -s namespace ] || ip netns del "$(cat namespace)"
}

sanitized() {
	[ "$(atf_config_get kind plain)" = asan ]
}
