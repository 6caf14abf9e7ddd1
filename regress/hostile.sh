#!/bin/sh
# The hostile side of the suite for longer than CI has: random messages to the
# parent with a fresh seed, clients and collectors, each for so many seconds;
# and each other case once.  HOSTILE_SEED repeats a run of random messages.
#
#   sh regress/hostile.sh [seconds]

set -u
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/regress/lib.sh"

HOSTILE_SECONDS=${1:-70}
case $HOSTILE_SECONDS in
''|*[!0-9]*|0)
	die "usage: hostile.sh [seconds]" ;;
esac
export HOSTILE_SECONDS
bsd_make -C "$top" all >/dev/null && bsd_make -C "$top/regress" all \
    >/dev/null || die "the build failed"

work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-hostile.XXXXXX") || exit 1
trap 'remove_work "$work"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$work"
failed=0
# One at a time, for what they print is worth reading; kyua hides it.
for test in $(cd "$top/regress" && kyua list -k "$top/regress/Kyuafile" \
    hostile); do
	echo "== ${test#hostile/}"
	# In the background, or a signal would be heard when it is over.
	TMPDIR=$work kyua --logfile=/dev/null debug \
	    -k "$top/regress/Kyuafile" --stdout="$work/out" \
	    --stderr="$work/err" "$test" >"$work/result" &
	wait $! || failed=$((failed + 1))
	grep -v '^Executing command' "$work/out"
	tail -n 1 "$work/result"
done
[ $failed -eq 0 ] || die "$failed failed"
