#!/bin/sh
# Show the main job: read a capture of real traffic, export NetFlow v9 over
# loopback to the test collector, print the flows and the summary.
#
#   sh regress/demo.sh [5 | 9 | ipfix]

set -u
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/regress/lib.sh"

version=${1:-9}
# shellcheck disable=SC2046
install_packages $(build_packages) || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-demo.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
for goal in . regress/collector; do
	if ! bsd_make -C "$top/$goal" PROGS=collector all \
	    >"$work/build" 2>&1; then
		cat "$work/build"
		die "the build failed"
	fi
done

"$top/regress/collector/collector" -p 0 -P "$work/port" -t 3 \
    >"$work/flows" 2>"$work/collected" &
collector=$!
tries=0
until [ -s "$work/port" ]; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || die "the collector did not start"
	sleep 0.1
done
"$top/softflowd/softflowd" -r "$top/regress/data/real.pcap" \
    -n "127.0.0.1:$(cat "$work/port")" -v "$version" >"$work/summary" ||
    die "softflowd failed"
wait "$collector"
status=$?

echo "Flows, as the collector decoded them:"
cat "$work/flows"
echo
echo "Collector:"
cat "$work/collected"
echo
echo "Summary of softflowd:"
sed '/^Counters:/,$d' "$work/summary"
exit $status
