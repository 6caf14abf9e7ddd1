#!/bin/sh
# Fuzz with clang's libFuzzer, address and undefined-behaviour sanitizers: the
# decoder of packets, the reader of packet reports, that of configuration files
# or the decoder of the test collector, each from what was kept; packets and
# messages also from our samples, packets from the capture that ships and, if
# CORPUS names a folder of captures, from those in its folder public.
#
#   sh regress/fuzz/run.sh [-n runs] [-t packet | psamp | config | collector]
#	[seconds]
#						60 s by default; 0: no limit
#   sh regress/fuzz/run.sh -k [-t ...] [seconds]
#						then keep what is worth it,
#						without the captures of CORPUS
#
# A finding ends it; the input is left in the current folder.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/regress/lib.sh"

fuzz=$top/regress/fuzz
usage="usage: run.sh [-k] [-n runs] [-t packet|psamp|config|collector] [seconds]"
keep=
target=packet
runs=-1
while getopts kn:t: option; do
	case $option in
	k)	keep=1; CORPUS= ;;
	n)	runs=$OPTARG ;;
	t)	target=$OPTARG ;;
	*)	die "$usage" ;;
	esac
done
shift $((OPTIND - 1))
seconds=${1:-60}
case $runs$seconds in
*[!0-9-]*)
	die "$usage"
	;;
esac
case $target in
packet)
	dir=$fuzz
	seed=seed
	# Headers end long before that.
	limit=-max_len=400
	;;
psamp)
	dir=$fuzz
	seed=seed
	limit=-max_len=1500
	;;
config)
	dir=$fuzz
	seed=seed
	limit=-max_len=1500
	;;
collector)
	dir=$top/regress/collector
	seed=collector_seed
	limit=-max_len=2000
	;;
*)
	die "$usage"
	;;
esac
kept=$fuzz/corpus/$target.hex
command -v clang >/dev/null || die "clang is missing"
bsd_make -C "$top/lib" all >/dev/null &&
    bsd_make -C "$dir" $seed ${target}_fuzz >/dev/null ||
    die "the build failed"

work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-fuzz.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir "$work/in" "$work/new" "$work/least"
set --
if [ $target = packet ]; then
	set -- "$top/regress/data/real.pcap"
	[ -z "${CORPUS:-}" ] || set -- "$@" "$CORPUS"/public/*.pcap*
fi
"$dir/$seed" "$work/in" "$kept" "$@" || exit 1

"$dir/${target}_fuzz" $limit -runs="$runs" -max_total_time="$seconds" \
    "$work/new" "$work/in" 2>"$work/log"
status=$?
if [ $status -ne 0 ]; then
	tail -n 40 "$work/log"
	exit 1
fi
grep '^Done' "$work/log"
[ -n "$keep" ] || exit 0

"$dir/${target}_fuzz" $limit -merge=1 "$work/least" "$work/in" "$work/new" \
    2>"$work/log" || die "the inputs could not be merged"
for input in "$work"/least/*; do
	od -An -v -tx1 "$input" | tr -d ' \n'
	echo
done | LC_ALL=C sort -u >"$kept"
wc -lc "$kept"
