#!/bin/sh
# What exporting costs: CPU time of reading a capture of one-packet flows with
# a collector, less that of reading it without one, for each record; medians,
# the two run in turns.
#
#   sh regress/bench/export.sh [-n repeats] [-f flows]

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
bench=$top/regress/bench
. "$top/regress/lib.sh"

repeats=5 flows=1000000
while getopts f:n: option; do
	case $option in
	f)	flows=$OPTARG ;;
	n)	repeats=$OPTARG ;;
	*)	die "usage: export.sh [-n repeats] [-f flows]" ;;
	esac
done
bsd_make -C "$top" all >/dev/null && bsd_make -C "$bench" all >/dev/null &&
    bsd_make -C "$top/lib" all >/dev/null &&
    bsd_make -C "$top/regress/collector" collector >/dev/null ||
    die "the build failed"
work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-export.XXXXXX") || exit 1
sink=
clean_up() {
	[ -z "$sink" ] || kill "$sink" 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || exit 1
"$bench/generate" -m small -6 0 -f "$flows" -n "$flows" -o flows.pcap \
    2>/dev/null || die "no capture"

# CPU seconds, user and system, of a run with these options.
run() {
	"$bench/measure" -o measured "$top/softflowd/softflowd" \
	    -r flows.pcap -m $((flows * 2)) "$@" >summary 2>errors ||
	    die "$(cat errors)"
	cut -f 1,2 measured
}

start_sink() {
	"$top/regress/collector/collector" -q "$@" -p 0 -P port \
	    >/dev/null 2>&1 &
	sink=$!
	while [ ! -s port ]; do
		sleep 0.1
	done
}

stop_sink() {
	kill "$sink"
	wait "$sink" 2>/dev/null
	sink=
	rm -f port
}

# Median of column $1 of file $2.
median() {
	cut -f "$1" "$2" | sort -n | awk '{ v[NR] = $1 }
	    END { print v[int((NR + 1) / 2)] }'
}

# A row: a name, the transport, and options.
row() {
	name=$1 transport=$2
	shift 2
	rm -f with without
	if [ "$transport" = tcp ]; then
		start_sink -T tcp
	else
		start_sink -u
	fi
	i=0
	while [ $i -lt "$repeats" ]; do
		run "$@" >>without
		run -n "$transport:127.0.0.1:$(cat port)" "$@" >>with
		i=$((i + 1))
	done
	stop_sink
	records=$(sed -n 's/^Collector .*: \([0-9]*\) records in.*/\1/p' \
	    summary)
	printf '%s %s %s %s %s %s %s\n' "$name" "$transport" "${records:-0}" \
	    "$(median 1 with)" "$(median 1 without)" "$(median 2 with)" \
	    "$(median 2 without)" | awk '{
		printf "| %s | %s | %d | %.0f | %.0f |\n", $1, $2, $3,
		    ($4 - $5) / $3 * 1e9, ($6 - $7) / $3 * 1e9 }'
}

echo "| format | over | records | user ns a record | system ns a record |"
echo "|---|---|---|---|---|"
row v1 udp -v 1
row v5 udp -v 5
row v9 udp -v 9
row ipfix udp -v 10
row ipfix tcp -v 10
row ipfix-biflow udp -v 10 -b
row ipfix-all-fields udp -v 10 -o fields=all -x 10
row ipfix-classic udp -v 10 -o templates=classic
row psamp udp -v psamp
