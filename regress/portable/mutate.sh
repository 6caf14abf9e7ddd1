#!/bin/sh
# Leave out each call that the files for other systems make, in a copy of the
# tree, and see that its case fails.  Such a file may be one that a program's
# own includes.  Exits with 0 only if all were noticed; one that does not apply
# any more, or does not compile, is an error.
#
#   sh regress/portable/mutate.sh [text of a line ...]

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/regress/lib.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-portable.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
tree=$work/tree
portable=$tree/regress/portable
caught=0
bad=0

wanted() {
	line=$1
	shift
	[ $# -gt 0 ] || return 0
	for text; do
		case $line in
		*"$text"*)	return 0 ;;
		esac
	done
	return 1
}

# Build the program and run its case: 0 as it should be, 1 not, 2 not built.
run_case() {
	bsd_make -C "$portable" WERROR= "${1%%:*}" >"$work/build" 2>&1 ||
	    return 2
	(cd "$work" && timeout 60 "$portable/${1%%:*}" -r "$work/result" \
	    "${1#*:}" >"$work/output" 2>&1)
	grep -q '^passed$' "$work/result" 2>/dev/null || return 1
}

# What became of a mutation: file, sed's program, case.
judge() {
	cp "$tree/$1" "$work/original"
	sed -E -e "$2" "$work/original" >"$tree/$1"
	verdict="does not apply"
	if ! cmp -s "$work/original" "$tree/$1"; then
		rm -f "$work/result" "$portable/${3%%:*}" \
		    "$portable/${3%%:*}.o" "$portable/$(basename "$1" .c).o"
		run_case "$3"
		case $? in
		0)	verdict=survived ;;
		1)	verdict=caught ;;
		2)	verdict="does not compile" ;;
		esac
	fi
	cp "$work/original" "$tree/$1"
	rm -f "$portable/${3%%:*}" "$portable/${3%%:*}.o" \
	    "$portable/$(basename "$1" .c).o"
}

for text; do
	grep -v '^#' "$top/regress/portable/mutations" | grep -qF -e "$text" ||
	    die "$text: in no line of regress/portable/mutations"
done
mkdir "$tree"
(cd "$top" && tar cf - --exclude=.git .) | (cd "$tree" && tar xf -)
bsd_make -C "$tree/lib" >"$work/build" 2>&1 &&
    bsd_make -C "$portable" all >>"$work/build" 2>&1 || {
	tail "$work/build"
	die "the build failed"
}
while IFS='|' read -r file program case; do
	case $file in
	''|'#'*)	continue ;;
	esac
	wanted "$file|$program|$case" "$@" || continue
	judge "$file" "$program" "$case"
	echo "$verdict: $file: $program ($case)"
	if [ "$verdict" = caught ]; then
		caught=$((caught + 1))
	else
		bad=$((bad + 1))
	fi
done <"$top/regress/portable/mutations"
echo "$caught caught, $bad not"
[ "$bad" -eq 0 ] && [ "$caught" -gt 0 ]
