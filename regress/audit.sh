#!/bin/sh
# Show what the processes of softflowd cannot do, attempt by attempt.
#
#   sh regress/audit.sh [-j]
#	Build what it takes and try it on the build.  Needs no root, but proves
#	more with it.
#   sh regress/audit.sh [-j] --running [pidfile | pid]
#	Look at a daemon that runs, without disturbing it; as root.
#
# -j prints JSON.  Exits with 0 only if something was proven, no gap was found
# and no check failed.

set -u
LC_ALL=C
export LC_ALL
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/regress/lib.sh"

usage() {
	echo "usage: audit.sh [-j] [--running [pidfile | pid]]" >&2
	exit 2
}

json=
running=
target=/var/run/softflowd.pid
while [ $# -gt 0 ]; do
	case $1 in
	-j)
		json=1
		;;
	--running)
		running=1
		case ${2:-} in
		''|-*)	;;
		*)	target=$2
			shift ;;
		esac
		;;
	*)
		usage
		;;
	esac
	shift
done

work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-audit.XXXXXX") || exit 1
trap 'remove_work "$work"' EXIT
trap 'exit 1' INT TERM
rows=$work/rows
: >"$rows"
passed=0
failed=0
skipped=0

build() {
	packages="$(build_packages) $(missing_packages kyua=kyua \
	    ip=iproute2 /usr/include/atf-c.h=libatf-dev)"
	[ -z "$(echo $packages)" ] || die "install them first: $packages"
	for part in lib softflowd regress/audit; do
		bsd_make -C "$top/$part" all >"$work/build" 2>&1 || {
			tail -n 20 "$work/build" >&2
			die "the build of $part failed"
		}
	done
}

try_build() {
	AUDIT_ROWS=$rows
	export AUDIT_ROWS
	chmod 711 "$work"
	TMPDIR=$work kyua --logfile=/dev/null -v parallelism=2 test \
	    --results-file="$work/results.db" \
	    --kyuafile="$top/regress/audit/Kyuafile" >"$work/cases" 2>&1
	passed=$(grep -c -- '->  passed' "$work/cases")
	skipped=$(grep -c -- '->  skipped' "$work/cases")
	failed=$(grep -c -E -- '->  (failed|broken)' "$work/cases")
	[ $((passed + skipped)) -gt 0 ] || {
		cat "$work/cases" >&2
		die "no case was run"
	}
	[ "$failed" -eq 0 ] || grep -E -- '->  (failed|broken)' \
	    "$work/cases" >&2
}

look_at() {
	case $target in
	*[!0-9]*)
		[ -r "$target" ] || die "$target: cannot be read; name the" \
		    "pid file, or the parent's process number"
		pid=$(cat "$target")
		;;
	*)
		pid=$target
		;;
	esac
	case $pid in
	''|*[!0-9]*)
		die "$target: holds no process number" ;;
	esac
	kill -0 "$pid" 2>/dev/null || [ -d "/proc/$pid" ] ||
	    die "$pid: no such process"
	"$top/regress/audit/running" "$pid" >"$rows"
	case $? in
	0)	passed=1 ;;
	1)	failed=1 ;;
	*)	exit 1 ;;	# it has said why
	esac
}

# Columns of a row: process, layer, attempt, result, detail.
count() {
	cut -f 4 "$work/sorted" | grep -c -x "$1"
}

print_table() {
	awk -F '\t' '
	$1 != process || $2 != layer {
		process = $1
		layer = $2
		printf "%s%s: %s\n", (NR > 1 ? "\n" : ""), process, layer
	}
	{ printf "  %-11s  %-48s  %s\n", $4, $3, $5 }
	' "$work/sorted"
}

print_json() {
	awk -F '\t' -v kernel="$(uname -sr)" -v user="$(id -u)" \
	    -v passed="$passed" -v failed="$failed" -v skipped="$skipped" '
	function quote(text) {
		gsub(/["\\]/, "\\\\&", text)
		gsub(/[\001-\037\177-\377]/, "?", text)
		return ("\"" text "\"")
	}
	BEGIN {
		printf "{\"kernel\":%s,\"uid\":%d,\"rows\":[", quote(kernel),
		    user
	}
	{
		printf "%s\n{\"process\":%s,\"layer\":%s,\"attempt\":%s," \
		    "\"result\":%s,\"detail\":%s}", (NR > 1 ? "," : ""),
		    quote($1), quote($2), quote($3), quote(tolower($4)),
		    quote($5)
		n[$4]++
	}
	END {
		printf "\n],\"summary\":{\"proven\":%d,\"gap\":%d," \
		    "\"missing\":%d,\"not_checked\":%d,\"cases\":{" \
		    "\"passed\":%d,\"failed\":%d,\"skipped\":%d}}}\n",
		    n["proven"], n["GAP"], n["missing"], n["not checked"],
		    passed, failed, skipped
	}' "$work/sorted"
}

build
if [ -n "$running" ]; then
	look_at
else
	try_build
fi
# A try made twice is one row.
sort -u -t "$(printf '\t')" -k 1,1r -k 2,2 -k 4,4 -k 3,3 -k 5,5 "$rows" \
    >"$work/sorted"
if [ -n "$json" ]; then
	print_json
else
	print_table
	echo
	lacks=$(awk -F '\t' '$4 == "missing" && !seen[$2 $5]++ {
		printf "%s%s (%s)", n++ ? ", " : "", $2, $5 }' "$work/sorted")
	[ -z "$lacks" ] || echo "missing here: $lacks"
	[ "$(count 'not checked')" -eq 0 ] || [ "$(id -u)" -eq 0 ] ||
	    echo "not checked: what needs root; run this as root, too"
	echo "$(count proven) proven, $(count GAP) gaps," \
	    "$(count missing) missing, $(count 'not checked') not checked;" \
	    "$passed cases passed, $failed failed, $skipped skipped"
fi
[ "$failed" -eq 0 ] && [ "$(count GAP)" -eq 0 ] && [ "$(count proven)" -gt 0 ]
