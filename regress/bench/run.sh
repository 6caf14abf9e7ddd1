#!/bin/sh
# Measure softflowd against bare libpcap and against what other exporters are
# installed, side by side.  README.md says how to read what comes out.
#
#   sh regress/bench/run.sh [-iq] [-l | -s] [-n repeats] [-o file.tsv]
#       [-p plot.svg]
#
#   -i   fetch the other exporters' packages with apt-get and unpack them in
#        the scratch directory; nothing is installed
#   -l   live part only
#   -n   repeats (3)
#   -o   where the measurements go (./bench.tsv)
#   -p   where the plot goes (the same with .svg)
#   -q   quick: a fifth of the packets, no million flows, no slow exporters
#   -s   savefile part only
#
# Other exporters are looked for in PATH; SOFTFLOWD1, NFPCAPD, PMACCTD and
# FPROBE name them elsewhere.  SOFTFLOWD names another build of this one.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
bench=$top/regress/bench
. "$top/regress/lib.sh"

fetch= quick= live=1 savefile=1 repeats=3 out=bench.tsv plot=
while getopts iln:o:p:qs option; do
	case $option in
	i)	fetch=1 ;;
	l)	savefile= ;;
	n)	repeats=$OPTARG ;;
	o)	out=$OPTARG ;;
	p)	plot=$OPTARG ;;
	q)	quick=1 ;;
	s)	live= ;;
	*)	die "usage: run.sh [-iq] [-l | -s] [-n repeats] [-o tsv] [-p svg]" ;;
	esac
done
plot=${plot:-${out%.tsv}.svg}
packets=5000000 sizes="5000 100000 1000000" small=1000
rates="100000 200000 400000 800000 0" live_flows=100000 slow_seconds=15
[ -z "$quick" ] || packets=1000000 sizes="5000 100000" rates="200000 0"

work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-bench.XXXXXX") || exit 1
ns= sink= measured= decoding=
finish() {
	for pid in $measured $sink; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	[ -z "$ns" ] || ip netns del "$ns"
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

note() {
	echo "$*" >&2
}

build() {
	for goal in ${SOFTFLOWD:-.} regress/collector regress/bench; do
		[ "$goal" != "${SOFTFLOWD:-}" ] || continue
		bsd_make -C "$top/$goal" all >"$work/build" 2>&1 || {
			cat "$work/build"
			die "the build failed"
		}
	done
}

# Unpack the peers and what libraries they lack.
fetch_peers() {
	command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ] ||
	    die "-i takes apt-get and root"
	mkdir -p "$work/debs/partial"
	for package in softflowd nfdump pmacct fprobe; do
		apt-get -qq -y --download-only --reinstall \
		    --no-install-recommends \
		    -o Dir::Cache::archives="$work/debs" \
		    install $package >/dev/null || note "$package: not there"
	done
	for deb in "$work"/debs/*.deb; do
		dpkg -x "$deb" "$work/peers"
	done
}

# Where a program is: as told, in PATH, or unpacked.
find_program() {
	[ -z "$1" ] || { echo "$1"; return; }
	for dir in "$work/peers/usr/sbin" "$work/peers/usr/bin"; do
		[ ! -x "$dir/$2" ] || { echo "$dir/$2"; return; }
	done
	command -v "$2"
}

# Whether a program is there and finds its libraries; says so if not.
usable() {
	[ -n "$2" ] && [ -x "$2" ] || { note "$1: skipped: not installed"; return 1; }
	if LD_LIBRARY_PATH=$libraries ldd "$2" 2>&1 |
	    grep -q 'not found'; then
		note "$1: skipped: it lacks libraries"
		return 1
	fi
}

find_peers() {
	libraries=$(echo "$work"/peers/usr/lib/*-linux-gnu)
	softflowd=${SOFTFLOWD:-$top/softflowd/softflowd}
	softflowd1=$(find_program "${SOFTFLOWD1:-}" softflowd)
	nfpcapd=$(find_program "${NFPCAPD:-}" nfpcapd)
	pmacctd=$(find_program "${PMACCTD:-}" pmacctd)
	fprobe=$(find_program "${FPROBE:-}" fprobe)
	tools="baseline softflowd" live_tools=softflowd
	if usable softflowd-1 "$softflowd1"; then
		if "$softflowd1" -h 2>&1 | grep -q 'version 1\.'; then
			tools="$tools softflowd-1"
			live_tools="$live_tools softflowd-1"
		else
			note "softflowd-1: skipped: $softflowd1 is another version"
		fi
	fi
	if [ -n "$quick" ]; then
		note "nfpcapd, pmacctd: skipped: slow"
	else
		! usable nfpcapd "$nfpcapd" || tools="$tools nfpcapd"
		! usable pmacctd "$pmacctd" || tools="$tools pmacctd"
	fi
	! usable fprobe "$fprobe" || live_tools="$live_tools fprobe"
}

# Start a collector, with these words before it; $port is where it listens.
start_sink() {
	rm -f "$work/port"
	"$@" -u -p 0 -P "$work/port" >"$work/sums" 2>"$work/sink.log" &
	sink=$!
	tries=0
	until [ -s "$work/port" ]; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || die "the collector did not start"
		sleep 0.1
	done
	port=$(cat "$work/port")
}

stop_sink() {
	kill "$sink"
	wait "$sink"
	sink=
}

# A number out of the one line that generate prints.
truth() {
	sed "s/.*\"$1\":\\([0-9]*\\).*/\\1/" "$work/truth"
}

# One line of the table.
#	part tool flows rate repeat sent seen
record() {
	cost=$(cat "$work/cost")
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$@" "$cost" >>"$out"
	note "$1 $2, $3 flows, rate $4: user, system, wall, KiB, KiB of all:" \
	    $cost, "sent $6 seen $7"
}

measure_peer() {
	"$bench/measure" -o "$work/cost" \
	    env LD_LIBRARY_PATH="$libraries" "$@" >"$work/log" 2>&1
}

pmacctd_config() {
	cat >"$work/pmacctd.conf" <<EOT
daemonize: false
pcap_savefile: $work/load.pcap
aggregate: src_host, dst_host, src_port, dst_port, proto, tos
plugins: nfprobe
plugin_buffer_size: 102400
plugin_pipe_size: 102400000
nfprobe_receiver: 127.0.0.1:$port
nfprobe_version: 9
EOT
}

# Have a tool read the capture; $seen is how many packets it says it saw.
savefile_tool() {
	seen=-
	max=$(($2 + $2 / 8 + 1024))
	[ $max -gt 65536 ] || max=65536
	case $1 in
	baseline)
		"$bench/measure" -o "$work/cost" "$bench/baseline" \
		    "$work/load.pcap"
		;;
	softflowd)
		"$bench/measure" -o "$work/cost" "$softflowd" \
		    -r "$work/load.pcap" -v 9 -m $max -n 127.0.0.1:$port \
		    >"$work/log" 2>&1 &&
		    seen=$(awk '$1 == "packets_exported" && NF == 2 {
			print $2 }' "$work/log")
		;;
	softflowd-1)
		measure_peer "$softflowd1" -r "$work/load.pcap" -v 9 -m $max \
		    -n 127.0.0.1:$port &&
		    seen=$(sed -n 's/^Packets processed: //p' "$work/log")
		;;
	nfpcapd)
		mkdir "$work/nf"
		measure_peer "$nfpcapd" -r "$work/load.pcap" -w "$work/nf" &&
		    seen=$(sed -n 's/.*Flows: [0-9]*, Packets: \([0-9]*\).*/\1/p' \
		    "$work/log" | awk '{ n += $1 } END { print n }')
		rm -rf "$work/nf"
		;;
	pmacctd)
		pmacctd_config
		measure_peer "$pmacctd" -f "$work/pmacctd.conf"
		;;
	esac || die "$1 failed: $(tail -3 "$work/log")"
}

# What decoding alone takes: plain, with side facts, with tunnels opened.
decode_part() {
	for option in '' -s -t; do
		set -- "$@" "$("$bench/decode" $option "$work/load.pcap")" ||
		    die "decode failed"
	done
	decoding="decoding alone: $1 ns for a frame, $2 with side facts,"
	decoding="$decoding $3 with tunnels opened"
}

# All tools in turn, that many times.  Who is slow is measured once.
#	flows packets repeats
savefile_part() {
	"$bench/generate" -n "$2" -f "$1" -o "$work/load.pcap" \
	    2>"$work/truth" || die "generate failed"
	note "$(cat "$work/truth")"
	[ -n "$decoding" ] || decode_part
	repeat=1
	while [ "$repeat" -le "$3" ]; do
		for tool in $tools; do
			[ ! -e "$work/slow.$tool.$1" ] || continue
			savefile_tool "$tool" "$1"
			record savefile "$tool" "$1" - $repeat "$2" "$seen"
			[ "$(cut -f 3 "$work/cost" | cut -d . -f 1)" -lt \
			    $slow_seconds ] || : >"$work/slow.$tool.$1"
		done
		repeat=$((repeat + 1))
	done
	rm -f "$work/load.pcap" "$work"/slow.*
}

# A namespace with two connected interfaces that nobody else talks on.
make_namespace() {
	[ "$(uname -s)" = Linux ] || { note "live: skipped: not Linux"; return 1; }
	[ "$(id -u)" -eq 0 ] || { note "live: skipped: not root"; return 1; }
	ns=sfbench$$
	ip netns add $ns 2>/dev/null || {
		ns=
		note "live: skipped: network namespaces cannot be made"
		return 1
	}
	in_ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	ip -n $ns link set lo up
	ip -n $ns link add va type veth peer name vb
	ip -n $ns link set va up
	ip -n $ns link set vb up
}

in_ns() {
	ip netns exec "$ns" "$@"
}

# Put a tool's command line for interface vb into the file command.
live_command() {
	case $1 in
	softflowd)
		echo "exec '$softflowd' -d -p '$work/pid' -c none -i vb -v 9" \
		    "-m 131072 -n 127.0.0.1:$port"
		;;
	softflowd-1)
		echo "exec '$softflowd1' -d -p '$work/pid' -c '$work/ctl'" \
		    "-i vb -v 9 -m 131072 -n 127.0.0.1:$port"
		;;
	fprobe)
		echo "exec '$fprobe' -l 2 -i vb -f ip -B 32768 -q 100000" \
		    "127.0.0.1:$port"
		;;
	esac >"$work/command"
}

# Send at a rate, in packets a second, 0 for all that goes, or idle; what the
# collector was told afterwards is what the tool has seen.
#	tool rate repeat
live_run() {
	load=$work/load.pcap
	[ "$1" != fprobe ] || load=$work/load4.pcap	# knows IPv4 only
	start_sink ip netns exec "$ns" "$top/regress/collector/collector" -s
	live_command "$1"
	ip netns exec "$ns" "$bench/measure" -o "$work/cost" \
	    env LD_LIBRARY_PATH="$libraries" sh "$work/command" \
	    >"$work/log" 2>&1 &
	measured=$!
	sleep 1
	kill -0 $measured 2>/dev/null || die "$1 failed: $(cat "$work/log")"
	case $2 in
	idle)	sleep 9; sent=0 ;;
	0)	sent=$(in_ns "$bench/send" va "$load") ;;
	*)	sent=$(in_ns "$bench/send" -r "$2" va "$load") ;;
	esac || die "send failed"
	sleep 1
	# Version 1 in the foreground exports at the end only when told so.
	if [ "$1" != softflowd-1 ] || ! LD_LIBRARY_PATH=$libraries \
	    "${softflowd1%d}ctl" -c "$work/ctl" shutdown >/dev/null; then
		kill $measured
	fi
	wait $measured
	measured=
	stop_sink
	seen=$(awk -F '\t' '{ n += $7 } END { print n + 0 }' "$work/sums")
	[ "$2" != 0 ] || set -- "$1" max "$3"
	record live "$1" $live_flows "$2" "$3" "${sent%%	*}" "$seen"
	[ "$2" != max ] || note "the sender took ${sent##*	} seconds"
}

live_part() {
	make_namespace || return 0
	"$bench/generate" -n 1000000 -f $live_flows -o "$work/load.pcap" \
	    2>/dev/null &&
	    "$bench/generate" -n 1000000 -f $live_flows -6 0 \
	    -o "$work/load4.pcap" 2>/dev/null || die "generate failed"
	for tool in $live_tools; do
		live_run "$tool" idle 1
	done
	for rate in $rates; do
		repeat=1
		while [ $repeat -le "$repeats" ]; do
			for tool in $live_tools; do
				live_run "$tool" "$rate" $repeat
			done
			repeat=$((repeat + 1))
		done
	done
}

build
[ -z "$fetch" ] || fetch_peers
find_peers
echo part tool flows rate repeat sent seen user system wall kib kib_all |
    tr ' ' '\t' >"$out" || exit 1
if [ -n "$savefile" ]; then
	start_sink "$top/regress/collector/collector" -q
	savefile_part $small 1000000 1
	for flows in $sizes; do
		savefile_part "$flows" $packets "$repeats"
	done
	stop_sink
fi
[ -z "$live" ] || live_part
awk -f "$bench/report.awk" "$out"
[ -z "$decoding" ] || echo "$decoding"
awk -f "$bench/plot.awk" "$out" >"$plot"
note "measurements: $out, plot: $plot"
