#!/bin/sh
# What static analysers say of the sources that are shipped, and valgrind of
# them at work.  Prints how many findings each tool has, after the findings,
# and exits 1 if there is any.
#
#   sh regress/static.sh [tool ...]
#
# Tools are scan-build, clang-tidy, gcc, cppcheck and memcheck; without any all
# but memcheck run, one after the other at low priority.  What a tool is told
# not to report stands with its reason in .clang-tidy, in regress/cppcheck.list
# and beside the line.  memcheck runs the unit programs and reads captures: that
# of regress/data, and the public ones if CORPUS names a folder of captures.
# A tool that fails is a finding, too.

set -u
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/regress/lib.sh"

dirs="lib/imsg softflowd softflowctl"
work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-static.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# The flags and the sources of a directory, as its Makefile has them.
variable_of() {
	bsd_make -C "$top/$1" WERROR= HARDENING= CFLAGS_MD= \
	    CFLAGS_MF= -V "\${$2}"
}

flags_of() {
	echo "$(variable_of "$1" CPPFLAGS) $(variable_of "$1" CFLAGS)"
}

# Sources that a directory borrows from another are looked at there.
sources_of() {
	for source in $(variable_of "$1" SRCS); do
		[ ! -e "$top/$1/$source" ] || echo "$source"
	done
}

# A copy without what has been built, which tools may build in.
copy_tree() {
	rm -rf "$work/tree"
	mkdir "$work/tree"
	(cd "$top" && tar cf - --exclude=.git .) | (cd "$work/tree" && tar xf -)
	bsd_make -C "$work/tree" clean >/dev/null 2>&1
	bsd_make -C "$work/tree/regress" clean >/dev/null 2>&1
}

run_scan_build() {
	copy_tree
	# shellcheck disable=SC2086
	nice scan-build -o "$work/reports" -no-failure-reports \
	    -analyzer-config mode=deep,crosscheck-with-z3=false \
	    $(printf -- '-enable-checker %s ' $scan_build_checkers) \
	    sh -c '. "$0"; cd "$1" && for d in lib softflowd softflowctl; do
		bsd_make -C $d CC="$CC" WERROR= all || exit 1
	    done' "$top/regress/lib.sh" "$work/tree" >"$work/out" 2>&1 ||
	    die "scan-build: the build failed"
	grep 'warning:' "$work/out" | sed "s,$work/tree/,,"
	findings=$(grep -c 'warning:' "$work/out")
}
scan_build_checkers="security.FloatLoopCounter nullability valist
    optin.portability"

# One process a file: version 14 carries the state of valist over to the next.
run_clang_tidy() {
	for dir in $dirs; do
		for source in $(sources_of $dir); do
			# shellcheck disable=SC2046
			(cd "$top/$dir" && nice clang-tidy --quiet "$source" \
			    -- $(flags_of $dir)) 2>/dev/null ||
			    echo "$dir/$source: error: clang-tidy failed"
		done
	done >"$work/out"
	grep -E '(warning|error):' "$work/out" | sed "s,$top/,," |
	    sort -u >"$work/lines"
	cat "$work/lines"
	findings=$(grep -c . "$work/lines")
}

# Warnings stand below the name of their function.
run_gcc() {
	for dir in $dirs; do
		for source in $(sources_of $dir); do
			# shellcheck disable=SC2046
			(cd "$top/$dir" && nice gcc $(flags_of $dir) \
			    -fanalyzer -c -o "$work/object" "$source") 2>&1 ||
			    echo "$source:1:1: error: not compiled"
		done | sed "s,^[^ ]*: ,$dir/&,"
	done >"$work/out"
	LC_ALL=C awk '
	FNR == NR {
		if ($0 !~ /^#/ && NF == 3)
			known[$1, $2, $3] = 1
		next
	}
	/: In function / {
		function_name = $4
		gsub(/[^a-zA-Z0-9_]/, "", function_name)
	}
	/(warning|error):/ {
		file = $1
		sub(/:.*/, "", file)
		check = $NF
		gsub(/[][]/, "", check)
		if (!((file, function_name, check) in known))
			print
	}' "$top/regress/gcc.list" "$work/out" >"$work/lines"
	cat "$work/lines"
	findings=$(grep -c . "$work/lines")
}

run_cppcheck() {
	# shellcheck disable=SC2046
	(cd "$top" && nice cppcheck --quiet --std=c11 --platform=unix64 \
	    --enable=warning,performance,portability --inline-suppr \
	    --suppressions-list=regress/cppcheck.list \
	    -Ilib/imsg -Isoftflowd -D_GNU_SOURCE -D__linux__ \
	    $(for dir in $dirs; do
		sources_of $dir | sed "s,^,$dir/,"
	    done)) >"$work/out" 2>&1 ||
	    echo "cppcheck: error: it failed" >>"$work/out"
	cat "$work/out"
	findings=$(grep -cE '(warning|error|performance|portability|style):' \
	    "$work/out")
}

# The programs of the suite case by case, then captures.  What confines itself
# is left out, as the filter would kill valgrind, and so is what measures time.
run_memcheck() {
	copy_tree
	(cd "$work/tree" && nice sh -c '. "$0" && bsd_make HARDENING= \
	    OPTIMIZE="-O1 -g" all && bsd_make -C regress HARDENING= \
	    OPTIMIZE="-O1 -g" all' "$top/regress/lib.sh") >"$work/out" 2>&1 || {
		tail -n 20 "$work/out"
		die "memcheck: the build failed"
	}
	cd "$work/tree/regress" || exit 1
	findings=0
	for program in */*_test lib/*/*_test; do
		case ${program##*/} in
		sandbox*_test)	continue ;;
		# They play workers that die, or options that live as long as
		# the process, and forget what those have.
		adopt_test|capture*_test|change_test|death_test|hand*_test|\
		manual_test|options_file_test)
			leaks=no ;;
		*)	leaks=full ;;
		esac
		cases=$(cd "${program%/*}" && ./"${program##*/}" -l |
		    sed -n 's/^ident: //p')
		[ -n "$cases" ] || die "memcheck: $program lists no case"
		for case in $cases; do
			cd "${program%/*}" || exit 1
			watched "$program $case" ./"${program##*/}" -s . \
			    -r /dev/null "$case"
			cd "$work/tree/regress" || exit 1
		done
	done
	leaks=full
	for file in data/real.pcap ${CORPUS:+"$CORPUS"/public/*.pcap*}; do
		[ ! -f "$file" ] ||
		    watched "$file" ./softflowd/passage "$file"
	done
	cd "$top" || exit 1
}

# A program under valgrind, whose words of it and its children are findings.
watched() {
	name=$1
	shift
	rm -f "$work"/valgrind.*
	nice valgrind -q --leak-check=$leaks --show-leak-kinds=definite \
	    --errors-for-leak-kinds=definite --num-callers=20 \
	    --log-file="$work/valgrind.%p" "$@" >/dev/null 2>&1
	for log in "$work"/valgrind.*; do
		[ -e "$log" ] || die "memcheck: $name: valgrind failed"
		[ -s "$log" ] || continue
		echo "memcheck: $name:"
		cat "$log"
		findings=$((findings + 1))
	done
}

[ "${1:-}" != -h ] || die "usage: static.sh [tool ...]"
[ $# -gt 0 ] || set -- scan-build clang-tidy gcc cppcheck
for dir in $dirs; do
	[ -n "$(sources_of $dir)" ] || die "$dir: no sources"
done
bad=0
for tool; do
	case $tool in
	scan-build|clang-tidy|gcc|cppcheck)	program=$tool ;;
	memcheck)				program=valgrind ;;
	*)	die "$tool: unknown; allowed are scan-build, clang-tidy," \
		    "gcc, cppcheck and memcheck" ;;
	esac
	command -v $program >/dev/null || die "$tool: $program is missing"
	case $tool in
	scan-build)	run_scan_build ;;
	clang-tidy)	run_clang_tidy ;;
	gcc)		run_gcc ;;
	cppcheck)	run_cppcheck ;;
	memcheck)	run_memcheck ;;
	esac
	echo "$tool: $findings findings"
	bad=$((bad + findings))
done
[ $bad -eq 0 ]
