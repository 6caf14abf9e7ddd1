#!/bin/sh
# Line coverage by the tests: the share of lines that they execute in those
# modules that see what strangers send and in those that must not lose count,
# and the lines that they do not, with their text.  Built in a copy of the
# tree by gcc.  Only what runs unconfined can write down what it did, so the
# integration tests and those of the sandbox do not count, and death_test,
# which takes single steps, would take too long.
#
#   sh regress/coverage.sh [-a] [kyua test filter ...]
#						-a: all modules, not only those
#
# Exits with 1 where a group is below 95 %.

set -u
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/regress/lib.sh"

wanted=95
all=
case ${1:-} in
-a)	all=1; shift ;;
-*)	die "usage: coverage.sh [-a] [kyua test filter ...]" ;;
esac
[ $# -gt 0 ] || set -- lib softflowctl fuzz $(sed -n \
    '/sandbox\|config_load\|death/d; s/.*name="\(.*\)".*/softflowd\/\1/p' \
    "$top/regress/softflowd/Kyuafile")
command -v gcov >/dev/null || die "gcov is missing"

work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-coverage.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
chmod 755 "$work"
(cd "$top" && tar cf - --exclude=.git --exclude='*.o' .) |
    (cd "$work" && tar xf -)
bsd_make -C "$work" clean >/dev/null 2>&1
bsd_make -C "$work/regress" clean >/dev/null 2>&1
# Most tries are made in children, which leave by _exit(2).
cat >"$work/coverage.h" <<'END'
#include <unistd.h>
void	__gcov_dump(void);
#define _exit(status)	(__gcov_dump(), _exit(status))
END
{
	bsd_make -C "$work" all &&
	    bsd_make -C "$work/lib/imsg" clean &&
	    bsd_make -C "$work/lib/imsg" CC="gcc --coverage" \
	    OPTIMIZE="-O0 -g" WERROR= all &&
	    bsd_make -C "$work/regress" OPTIMIZE="-O0 -g" WERROR= \
	    CC="gcc --coverage -include $work/coverage.h" all
} >"$work/build" 2>&1 || {
	tail -n 20 "$work/build"
	die "the build failed"
}
kyua --logfile=/dev/null -v parallelism=2 test \
    --results-file="$work/results.db" --kyuafile="$work/regress/Kyuafile" \
    "$@" | grep -v -- '->  passed'

find "$work" -name '*.gcda' | while read -r data; do
	dir=${data%/*}
	(cd "$dir" && gcov -t "${data##*/}" 2>/dev/null) |
	    sed "s,^\( *-: *0:Source:\)\([^/]\),\1$dir/\2,"
done | sed "s,^\( *-: *0:Source:\)$work/,\1," |
    awk -F: -v all="$all" -v wanted=$wanted '
	function group(file) {
		if (file ~ /^lib\/imsg\//)
			return "lib/imsg"
		if (file !~ /^softflowd\//)
			return ""
		sub(/.*\//, "", file)
		if (file ~ /^(packet|fragment)/)
			return "packet"
		if (file ~ /^(track|side|siphash)/)
			return "track"
		if (file ~ /^expire/)
			return "expire"
		if (file ~ /^(export|stream|netflow|ipfix|psamp\.)/ ||
		    file ~ /^(datagram|pace)/)
			return "export"
		if (file ~ /^(control|summary)/)
			return "control"
		return all ? "others" : ""
	}
	NF >= 3 {
		count = $1
		line = $2 + 0
		gsub(/[ *]/, "", count)
		if (line == 0) {
			if ($3 == "Source")
				file = $4
			next
		}
		if (count == "-" || group(file) == "")
			next
		key = file ":" line
		if (!(key in text)) {
			lines[file]++
			text[key] = substr($0, length($1 $2) + 3)
		}
		if (count !~ /^[#=]+$/ && !(key in done)) {
			done[key] = 1
			hits[file]++
		}
	}
	END {
		for (file in lines) {
			printf "1 %s %d %d %.1f%%\n", file, hits[file],
			    lines[file], 100 * hits[file] / lines[file]
			total[group(file)] += lines[file]
			hit[group(file)] += hits[file]
		}
		for (key in text)
			if (!(key in done))
				printf "2 %s:%s\n", key, text[key]
		for (name in total) {
			share = 100 * hit[name] / total[name]
			printf "3 %s: %d of %d lines, %.1f%%%s\n", name,
			    hit[name], total[name], share,
			    share < wanted && name != "others" ? " TOO LOW" : ""
		}
	}' | LC_ALL=C sort -t: -k1,1 -k2,2n | cut -c 3- | tee "$work/report"
grep -q ' lines, ' "$work/report" && ! grep -q 'TOO LOW$' "$work/report"
