#!/bin/sh
# The whole daemon with each BSD's files, built here against the declarations
# in include/ and linked with fakes of what is not here, reads a savefile as
# the one of this system does: the same octets leave it in each version.  That
# one, too, gives each datagram a call of its own: what waits to be sent with
# others is sent later in the file's time.
#
#   sh regress/portable/whole.sh [OpenBSD | FreeBSD | NetBSD ...]

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/regress/lib.sh"
here=$top/regress/portable

[ $# -gt 0 ] || set -- OpenBSD FreeBSD NetBSD
work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-whole.XXXXXX") || exit 1
trap 'kill "${sink:-}" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
chmod 755 "$work"
cp "$top/regress/data/real.pcap" "$work/real.pcap"
chmod 644 "$work/real.pcap"

# What root would be asked for are directories of other systems.
run() {
	[ "$(id -u)" -ne 0 ] || set -- setpriv --reuid 65534 --regid 65534 \
	    --clear-groups "$@"
	"$@"
}

# What leaves the program in a version, as a file.
export_with() {
	rm -f "$work/port"
	"$here/sink" "$work/port" "$3" &
	sink=$!
	tries=0
	until [ -s "$work/port" ]; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || die "no collector"
		sleep 0.1
	done
	run "$1" -r "$work/real.pcap" -v "$2" \
	    -n "127.0.0.1:$(cat "$work/port")" >"$work/summary" \
	    2>"$work/messages" || {
		cat "$work/messages"
		return 1
	}
	kill $sink
	wait $sink
}

# Names that nothing has, as functions that did what they were to do.
fake_rest() {
	sed -n "s/.*undefined reference to [\`']\([a-z_0-9]*\)'.*/\1/p" "$1" |
	    sort -u | sed 's/.*/int &(void) { return (0); }/'
}

# The program for a system, in tree; with its name and then more variables.
build() {
	os=$1
	flags=
	if [ "$os" != "$(uname -s)" ]; then
		flags="-I$here/include/$(echo "$os" |
		    tr '[:upper:]' '[:lower:]') -D_GNU_SOURCE"
		flags="$flags -DLIBBSD_OVERLAY -isystem /usr/include/bsd"
	fi
	shift
	rm -rf "$work/tree"
	mkdir "$work/tree"
	(cd "$top" && tar cf - Makefile* lib softflowd) |
	    (cd "$work/tree" && tar xf -)
	find "$work/tree" \( -name '*.[oad]' -o -name '.depend*' \) \
	    -exec rm -f {} +
	rm -f "$work/tree/softflowd/softflowd" "$work/rest.c"
	# shellcheck disable=SC2086
	${CC:-cc} $flags -c -o "$work/fakes.o" "$here/whole_fakes.c" || return
	for rest in "" "$work/rest.o"; do
		for part in lib softflowd; do
			bsd_make -j 2 -C "$work/tree/$part" OS="$os" "$@" \
			    CC="${CC:-cc} $flags" OPTIMIZE="-O0 -Wno-cpp" \
			    SANITIZE= HARDENING= \
			    LDADD_BSD="$work/fakes.o $rest -lbsd" \
			    >"$work/log" 2>&1
		done
		if [ -x "$work/tree/softflowd/softflowd" ]; then
			chmod -R go+rX "$work/tree"
			return 0
		fi
		[ -z "$rest" ] || break
		fake_rest "$work/log" >"$work/rest.c"
		${CC:-cc} -w -c -o "$work/rest.o" "$work/rest.c" || break
	done
	grep -E 'error|warning|undefined|know how' "$work/log" |
	    grep -v '^[^ ]*cc .* -c '
	return 1
}

bad=0
build "$(uname -s)" SEGMENT_SRCS=segment_none.c || exit 1
for version in 5 9 10; do
	export_with "$work/tree/softflowd/softflowd" $version \
	    "$work/here.$version" || exit 1
	[ -s "$work/here.$version" ] || die "nothing is exported here"
done
for os; do
	verdict="the same octets"
	build "$os" || verdict="not built"
	for version in 5 9 10; do
		[ "$verdict" != "not built" ] || break
		export_with "$work/tree/softflowd/softflowd" $version \
		    "$work/there" || verdict="-v $version fails"
		cmp -s "$work/here.$version" "$work/there" ||
		    verdict="other octets with -v $version"
	done
	echo "$os: $verdict"
	[ "$verdict" = "the same octets" ] || bad=1
done
exit $bad
