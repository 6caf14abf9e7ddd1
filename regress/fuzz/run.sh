#!/bin/sh
# Fuzz one target with clang's libFuzzer, address and undefined-behaviour
# sanitizers, from what was kept and what its own program begins with; packets
# also from our samples, the capture that ships and, if CORPUS names a folder
# of captures, from those in its folder public.  README.md lists the targets.
#
#   sh regress/fuzz/run.sh [-k] [-n runs] [-t target] [seconds]
#
# By default 60 s; 0: no limit.  -k: then keep what is worth it, without the
# captures of CORPUS.  Prints the target, executions, executions in a second,
# and how many of the lines of its modules all inputs together reach.  A
# finding ends it; the input is left in the current folder.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/regress/lib.sh"

fuzz=$top/regress/fuzz
usage="usage: run.sh [-k] [-n runs] [-t target] [seconds]"
kept_max=$((290 * 1024))	# octets of a corpus
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
dir=$fuzz
case $target in
packet)
	seed=seed
	;;
collector)
	dir=$top/regress/collector
	seed=collector_seed
	;;
*)
	seed=
	;;
esac
[ -f "$dir/${target}_fuzz.c" ] || die "$target: there is no such target"
limit=$(sed -n 's/.*\.max = \([0-9]*\).*/-max_len=\1/p' \
    "$dir/${target}_fuzz.c")
kept=$fuzz/corpus/$target.hex
[ -f "$kept" ] || : >"$kept"
command -v clang >/dev/null || die "clang is missing"

work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-fuzz.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
for made in $seed ${target}_fuzz ${target}_cover; do
	bsd_make -C "$dir" "$made" >"$work/build" 2>&1 || {
		cat "$work/build"
		die "the build failed"
	}
done
mkdir "$work/in" "$work/new" "$work/least"
set --
if [ "$target" = packet ]; then
	set -- "$top/regress/data/real.pcap"
	[ -z "${CORPUS:-}" ] || set -- "$@" "$CORPUS"/public/*.pcap*
fi
if [ -n "$seed" ]; then
	"$dir/$seed" "$work/in" "$kept" "$@" >/dev/null || exit 1
else
	"$dir/${target}_fuzz" seeds "$work/in" "$kept" || exit 1
fi

"$dir/${target}_fuzz" "$limit" -runs="$runs" -max_total_time="$seconds" \
    -timeout=20 -print_final_stats=1 "$work/new" "$work/in" 2>"$work/log" || {
	tail -n 40 "$work/log"
	die "$target: a finding"
}

# Lines of its modules: "120 of 130 (92.31%)".
coverage() {
	files=
	for module in $(bsd_make -C "$dir" -V '${COVERS.'"$target"'}'); do
		files="$files $(ls "$top"/softflowd/"$module" \
		    "$top"/softflowctl/"$module" "$top"/lib/imsg/"$module" \
		    "$dir/$module" 2>/dev/null | head -n 1)"
	done
	for suffix in "" -14 -15 -16 -19; do
		command -v llvm-cov$suffix >/dev/null &&
		    command -v llvm-profdata$suffix >/dev/null && break
	done
	LLVM_PROFILE_FILE=$work/profile "$dir/${target}_cover" -runs=0 \
	    "$work/in" "$work/new" >/dev/null 2>&1
	llvm-profdata$suffix merge -o "$work/merged" "$work/profile" \
	    2>/dev/null || return
	# shellcheck disable=SC2086
	llvm-cov$suffix report "$dir/${target}_cover" \
	    -instr-profile="$work/merged" $files | tee "$work/report" |
	    awk '$1 == "TOTAL" { printf "%d of %d (%s)", $8 - $9, $8, $10 }'
	[ -z "${COVERAGE:-}" ] || cat "$work/report" >&2
}

stat() {
	sed -n "s/^stat::$1: *//p" "$work/log"
}

printf '%-10s %10s runs %7s/s  lines %s\n' "$target" \
    "$(stat number_of_executed_units)" "$(stat average_exec_per_sec)" \
    "$(coverage)"
[ -n "$keep" ] || exit 0

"$dir/${target}_fuzz" "$limit" -merge=1 "$work/least" "$work/in" "$work/new" \
    2>"$work/log" || die "the inputs could not be merged"
# The short ones, if that is too much.
for input in "$work"/least/*; do
	od -An -v -tx1 "$input" | tr -d ' \n'
	echo
done | LC_ALL=C sort -u | awk '{ print length($0), $0 }' | sort -n |
    awk -v max=$kept_max '(sum += length($2) + 1) <= max { print $2 }' |
    LC_ALL=C sort >"$kept"
