#!/bin/sh
# Fuzz the decoder with clang's libFuzzer, address and undefined-behaviour
# sanitizers: from what was kept, our samples and the capture that ships; if
# CORPUS names a folder of captures, also from those in its folder public.
#
#   sh regress/fuzz/run.sh [-n runs] [seconds]	60 s by default; 0: no limit
#   sh regress/fuzz/run.sh -k [seconds]		then keep what is worth it,
#						without the captures of CORPUS
#
# A finding ends it; the input is left in the current folder.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/regress/lib.sh"

fuzz=$top/regress/fuzz
kept=$fuzz/corpus/packet.hex
usage="usage: run.sh [-k] [-n runs] [seconds]"
keep=
runs=-1
while getopts kn: option; do
	case $option in
	k)	keep=1; CORPUS= ;;
	n)	runs=$OPTARG ;;
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
command -v clang >/dev/null || die "clang is missing"
bsd_make -C "$top/lib" all >/dev/null &&
    bsd_make -C "$fuzz" seed packet_fuzz >/dev/null ||
    die "the build failed"

work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-fuzz.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir "$work/in" "$work/new" "$work/least"
set -- "$top/regress/data/real.pcap"
[ -z "${CORPUS:-}" ] || set -- "$@" "$CORPUS"/public/*.pcap*
"$fuzz/seed" "$work/in" "$kept" "$@" || exit 1

# Headers end long before that.
limit=-max_len=400
"$fuzz/packet_fuzz" $limit -runs="$runs" -max_total_time="$seconds" \
    "$work/new" "$work/in" 2>"$work/log"
status=$?
if [ $status -ne 0 ]; then
	tail -n 40 "$work/log"
	exit 1
fi
grep '^Done' "$work/log"
[ -n "$keep" ] || exit 0

"$fuzz/packet_fuzz" $limit -merge=1 "$work/least" "$work/in" "$work/new" \
    2>"$work/log" || die "the inputs could not be merged"
for input in "$work"/least/*; do
	od -An -v -tx1 "$input" | tr -d ' \n'
	echo
done | LC_ALL=C sort -u >"$kept"
wc -lc "$kept"
