#!/bin/sh
# Compile and link both programs for FreeBSD, NetBSD and OpenBSD against their
# real headers and the names in their real libraries, through our Makefiles,
# warnings being errors; and see that each constant in include/ has the value
# that it has there.  That takes a compiler with those headers: zig, which CI
# does not have.  Headers of libpcap, jansson and curses are this system's, but
# OpenBSD's libpcap, and their libraries only names.  Of hardening flags each
# has what its compiler takes.
#
#   ZIG=zig sh regress/portable/real.sh [x86_64-freebsd ...]

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/regress/lib.sh"

zig=${ZIG:-zig}
[ $# -gt 0 ] || set -- x86_64-freebsd x86_64-netbsd x86_64-openbsd \
    aarch64-freebsd aarch64-netbsd aarch64-openbsd

work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-real.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
ZIG_LOCAL_CACHE_DIR=$work/cache
export ZIG_LOCAL_CACHE_DIR

command -v "$zig" >/dev/null 2>&1 || {
	echo "skipped: no compiler with the headers of other systems: ZIG=zig"
	exit 0
}

# Of this system, what others have in their own places.
mkdir "$work/include" "$work/named" "$work/openbsd"
printf '#include <%s>\n' pcap.h jansson.h curses.h term.h |
    "${CC:-cc}" -M -x c - | tr ' \\' '\n\n' |
    grep -E '/(pcap|jansson|curses|ncurses|unctrl|term)[^/]*\.h$|/pcap/' |
    while read -r header; do
	case $header in
	*/pcap/*)
		mkdir -p "$work/include/pcap"
		cp "$header" "$work/include/pcap/"
		;;
	*)	cp "$header" "$work/include/" ;;
	esac
done
[ -e "$work/include/jansson.h" ] || die "no headers of this system"
pcap=$top/regress/portable/pcap_openbsd.h
cp "$work/include/"*.h "$work/openbsd/"
rm "$work/openbsd/"pcap*
cp "$pcap" "$work/openbsd/pcap.h"

# The names in a library and in those that belong to it, as C: functions do
# nothing, data are large.
named() {
	echo 'int main(void) { return (0); }' |
	    "${CC:-cc}" -x c - -o "$work/all" -Wl,--no-as-needed "-l$1" ||
	    return 1
	LD_TRACE_LOADED_OBJECTS=1 "$work/all" | awk '{ print $3 }' |
	    grep -E "/lib($1|ncurses|tinfo)[.-]" | while read -r library; do
		nm -D --defined-only "$library"
	done | sed 's/@.*//' | awk '
		seen[$3]++		{ next }
		$3 ~ /^_(init|fini|edata|end)$|^__bss/	{ next }
		$2 ~ /^[TWi]$/		{ print "void " $3 "(void) { }" }
		$2 ~ /^[BDRV]$/		{ print "char " $3 "[4096];" }'
}

for library in pcap jansson curses; do
	named $library >"$work/named/$library.c" || die "no lib$library"
done
sed -n 's/^[a-z].*[	 *]\(pcap_[a-z_]*\)(.*/void \1(void) { }/p' "$pcap" \
    >"$work/named/pcap-openbsd.c"
# NetBSD has these in a library of their own; OpenBSD in curses, as FreeBSD
# does, whose libcurses.so names both.
terminfo=' \(setupterm\|restartterm\|\(set\|del\)_curterm\|cur_term\|'
terminfo="$terminfo"'tiget[a-z]*\|tget[a-z]*\|tgoto\|tparm\|tputs\|putp\)[([]'
grep "$terminfo" "$work/named/curses.c" >"$work/named/terminfo-netbsd.c"
grep -v "$terminfo" "$work/named/curses.c" >"$work/named/curses-netbsd.c"

# Each name with a value that our headers define, as an assertion.
constants() {
	(cd "$1" && find . -name '*.h' | cut -c 3- | sort) |
	    while read -r header; do
		printf '#include <%s>\n' sys/types.h sys/ioctl.h \
		    sys/socket.h net/if.h "$header"
		sed 's,/\*.*,,' "$1/$header" | awk '/^#[ 	]*define/ {
			sub(/^#[ 	]*define[ 	]*/, "")
			if ($1 ~ /^[A-Z][A-Z0-9_]*$/ && $2 ~ /^[^"]/ &&
			    $0 !~ /\*/)
				print
		}' | while read -r name value; do
			echo "_Static_assert((unsigned long long)($name) ==" \
			    "(unsigned long long)($value), \"$header: $name\");"
		done
	done
}

# The programs for a target, a system by its name, and by that in include/.
# shellcheck disable=SC2086
build() {
	target=$1
	include=$work/include
	[ "$3" != openbsd ] || include=$work/openbsd
	cc="$zig cc -target $target -isystem $include -L$work/lib"
	rm -rf "$work/tree" "${work:?}/lib"
	mkdir "$work/tree" "$work/lib"
	for library in pcap jansson curses terminfo; do
		source=$work/named/$library-$3.c
		[ -e "$source" ] || source=$work/named/$library.c
		[ -e "$source" ] || continue
		$cc -fno-builtin -w -shared -o "$work/lib/lib$library.so" \
		    "$source" || return 1
	done
	(cd "$top" && tar cf - Makefile* lib softflowd softflowctl) |
	    (cd "$work/tree" && tar xf -)
	find "$work/tree" \( -name '*.[oad]' -o -name '.depend*' \) \
	    -exec rm -f {} +
	rm -f "$work/tree/softflowd/softflowd" \
	    "$work/tree/softflowctl/softflowctl"
	for part in lib softflowd softflowctl; do
		bsd_make -C "$work/tree/$part" OS="$2" CC="$cc" \
		    AR="$zig ar" RANLIB="$zig ranlib" WERROR=-Werror \
		    >"$work/log" 2>&1 && continue
		grep -E 'error|warning|undefined|know how' "$work/log" |
		    grep -v '^/.* -c '
		return 1
	done
	{ [ -x "$work/tree/softflowd/softflowd" ] &&
	    [ -x "$work/tree/softflowctl/softflowctl" ]; } || return 1
	[ -d "$top/regress/portable/include/$3" ] || return 0
	constants "$top/regress/portable/include/$3" >"$work/constants.c"
	grep -q _Static_assert "$work/constants.c" || return 1
	$cc -D_OPENBSD_SOURCE -I"$work/tree/softflowd" -c -o "$work/constants.o" \
	    "$work/constants.c"
}

bad=0
for target; do
	case $target in
	*-freebsd)	os=FreeBSD ;;
	*-netbsd)	os=NetBSD ;;
	*-openbsd)	os=OpenBSD ;;
	*)		die "$target: no such system" ;;
	esac
	if build "$target" $os "${target#*-}"; then
		echo "$target: compiled and linked," \
		    "$(grep -cs _Static_assert "$work/constants.c" ||
		    echo no) constants alike"
	else
		echo "$target: failed"
		bad=1
	fi
	rm -f "$work/constants.c"
done
exit $bad
