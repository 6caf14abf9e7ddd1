#!/bin/sh
# Let each allocation and each call of the daemon and its client fail in turn,
# from every place there is: about half an hour.  The suite takes a part.
#
#	sh regress/faults.sh [kyua test filter ...]

set -u
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/regress/lib.sh"

[ "$(id -u)" -eq 0 ] || die "this takes root: for network namespaces"
for dir in . regress/bench regress/collector regress/faults; do
	bsd_make -C "$top/$dir" all >/dev/null || die "$dir cannot be built"
done
work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-faults.XXXXXX") || exit 1
trap 'remove_work "$work"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$work"
results=$work/results.db
# In the background, or a signal would be heard when it is over.
TMPDIR=$work kyua --logfile=/dev/null -v parallelism=4 \
    -v test_suites.softflowd.sweep=all test --results-file="$results" \
    --kyuafile="$top/regress/faults/Kyuafile" "$@" &
wait $!
status=$?
kyua --logfile=/dev/null report --results-file="$results" --verbose \
    --results-filter=passed,failed,broken | sed -n '
s/^===> \(.*\)/\1/p
/ of [0-9]* places, /p'
exit $status
