#!/bin/sh
# Run the whole suite: install what is missing, build, test under Kyua, and
# close with "N passed, N failed, N skipped".
#
#   sh regress/check.sh [plain | asan | clang] [kyua test filter ...]
#
# asan builds with AddressSanitizer and UndefinedBehaviorSanitizer, clang with
# clang; both in a copy of the tree.  CORPUS names a folder of captures with
# ground truth; without it those cases skip.

set -u
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/regress/lib.sh"

[ -z "${CORPUS:-}" ] || [ -d "$CORPUS/public/truth" ] ||
    die "CORPUS: $CORPUS has no folder public/truth"
kind=${1:-plain}
[ $# -eq 0 ] || shift
packages="$(build_packages) $(test_packages)"
case $kind in
plain)
	flags=
	;;
asan)
	flags="SANITIZE=address,undefined"
	# libatf leaks when it lists its cases.
	suppressions=$(mktemp) || exit 1
	echo "leak:libatf-c" >"$suppressions"
	LSAN_OPTIONS=suppressions=$suppressions:print_suppressions=0
	export LSAN_OPTIONS
	;;
clang)
	flags="CC=clang"
	packages="$packages $(missing_packages clang=clang)"
	;;
*)
	die "$kind: unknown; allowed are plain, asan and clang"
	;;
esac
# shellcheck disable=SC2086
install_packages $packages || exit 1

work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-check.XXXXXX") || exit 1
trap 'rm -rf "$work" ${suppressions:+"$suppressions"}' EXIT
trap 'exit 1' INT TERM
chmod 755 "$work"
tree=$top
if [ "$kind" != plain ]; then
	tree=$work/tree
	mkdir "$tree"
	(cd "$top" && tar cf - --exclude=.git .) | (cd "$tree" && tar xf -)
	bsd_make -C "$tree" clean >/dev/null 2>&1
	bsd_make -C "$tree/regress" clean >/dev/null 2>&1
fi
# shellcheck disable=SC2086
if ! bsd_make -C "$tree" $flags all >"$work/build" 2>&1 ||
    ! bsd_make -C "$tree/regress" $flags all >>"$work/build" 2>&1; then
	tail -n 40 "$work/build"
	echo "the build failed"
	echo "0 passed, 1 failed"
	exit 1
fi

# Most cases wait most of their time; those that measure it run alone.
set -- -v parallelism=3 -v test_suites.softflowd.kind="$kind" \
    test --results-file="$work/results.db" \
    --kyuafile="$tree/regress/Kyuafile" "$@"
[ -z "${CORPUS:-}" ] ||
    set -- -v test_suites.softflowd.corpus="$(cd "$CORPUS" && pwd)" "$@"
kyua --logfile=/dev/null "$@" | grep -v -- '->  passed'
kyua --logfile=/dev/null report --results-file="$work/results.db" --verbose \
    --results-filter=broken,failed 2>/dev/null >"$work/report"
bad=$(sed -n 's/^Test cases: .* \([0-9]*\) broken, \([0-9]*\) failed.*/\1 \2/p' \
    "$work/report")
total=$(sed -n 's/^Test cases: \([0-9]*\) total.*/\1/p' "$work/report")
skipped=$(sed -n 's/^Test cases: .* \([0-9]*\) skipped.*/\1/p' "$work/report")
if [ -z "$total" ] || [ "$total" -eq 0 ]; then
	echo "no test was executed"
	echo "0 passed, 1 failed"
	exit 1
fi
failed=$((${bad% *} + ${bad#* }))
[ "$failed" -eq 0 ] || cat "$work/report"
echo "$((total - failed - skipped)) passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
