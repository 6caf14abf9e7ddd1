#!/bin/sh
# Fuzz all targets, two at a time, in so many seconds altogether, 600 by
# default; one line for each.  -k: then keep what is worth it.  Exits non-zero
# with the input in the current folder when there is a finding.
#
#   sh regress/fuzz.sh [-k] [seconds]

set -u
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/regress/lib.sh"

keep=
if [ "${1:-}" = -k ]; then
	keep=-k
	shift
fi
seconds=${1:-600}
case $seconds in
*[!0-9]*)
	die "usage: fuzz.sh [-k] [seconds]"
	;;
esac
targets="$(bsd_make -C "$top/regress/fuzz" -V TARGETS) collector"
n=$(echo "$targets" | wc -w)
bsd_make -C "$top/lib" all >/dev/null || die "the build failed"
# shellcheck disable=SC2086
printf '%s\n' $targets | xargs -n 1 -P 2 sh -c \
    'exec sh "$0" $1 -t "$3" "$2"' "$top/regress/fuzz/run.sh" "$keep" \
    $((seconds * 2 / n + 1))
