#!/bin/sh
# The same octets from a machine of another byte order or word size: builds
# everything for each architecture with Debian's cross compilers, runs it under
# an emulator, or confined where this kernel can, and writes the table ARCH.md.
# Linux with apt; no root.
#
#	sh regress/arch.sh [-q] [-c folder] [-o file] [architecture ...]
#
# -c keeps what is downloaded; -q runs what matters most, for the suite.  Else,
# with CORPUS, a folder of captures, these are exported, too, the smallest
# first, for a minute.  The table is written, after each architecture, when all
# are run, or with -o.  Exits 1 if anything failed.

set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/.." && pwd)
. "$here/lib.sh"

all="aarch64 armhf i386 mips powerpc riscv64 s390x"
cache="" out="" quick=""
while getopts c:o:q option; do
	case $option in
	c)	cache=$OPTARG ;;
	o)	out=$OPTARG ;;
	q)	quick=1 ;;
	*)	die "usage: arch.sh [-q] [-c folder] [-o file]" \
		    "[architecture ...]" ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { set -- $all; out=${out:-$here/ARCH.md}; }
work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-arch.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cache=${cache:-$work/cache}
mkdir -p "$cache" || exit 1

# Compiler, Debian's name of the architecture, emulator, what it is.
describe() {
	case $1 in
	aarch64)
		set -- aarch64-linux-gnu arm64 aarch64 "64 bits, little" ;;
	armhf)
		set -- arm-linux-gnueabihf armhf arm "32 bits, little" ;;
	i386)
		set -- i686-linux-gnu i386 i386 "32 bits, little" ;;
	mips)
		set -- mips-linux-gnu mips mips "32 bits, big" ;;
	powerpc)
		set -- powerpc-linux-gnu powerpc ppc "32 bits, big" ;;
	riscv64)
		set -- riscv64-linux-gnu riscv64 riscv64 "64 bits, little" ;;
	s390x)
		set -- s390x-linux-gnu s390x s390x "64 bits, big" ;;
	*)
		die "$1: unknown; allowed are $all" ;;
	esac
	triplet=$1 debian=$2 emulator=qemu-$3-static kind=$4
	sysroot=$cache/$debian
	# What this kernel runs by itself, it filters.
	beside="" unconfined="SANDBOX=none LDADD_SANDBOX=$work/$arch/fexecve.o"
	[ "$arch $(uname -m)" != "i386 x86_64" ] || beside=yes unconfined=""
}

# All that is built of regress/, but BSD's parts (portable).
programs="lib/imsg softflowd softflowctl audit bench collector faults fuzz
    hostile peer replay watch"

# A clean copy of what is built here.
copy_tree() {
	mkdir -p "$1" && (cd "$top" && tar cf - --exclude='*.[ado]' \
	    --exclude=cache Makefile.inc lib man softflowd softflowctl \
	    regress) |
	    (cd "$1" && tar xf -)
	for part in $programs; do
		set -- "$@" "regress/$part"
	done
	for part in lib softflowd softflowctl "$@"; do
		[ "$part" = "$1" ] ||
		    (cd "$1/$part" && bsd_make HARDENING= clean)
	done >/dev/null 2>&1
}

# Make in a folder of the copy, for the architecture.
cross_make() {
	folder=$1
	shift
	echo "==> $folder $*" >>"$work/$arch.log"
	(cd "$work/$arch/$folder" && bsd_make -j2 OS=Linux OPTIMIZE=-O2 \
	    SYSROOT="$sysroot" \
	    CC="$triplet-gcc --sysroot=$sysroot -L$libraries" \
	    AR="$triplet-ar" RANLIB="$triplet-ranlib" "$@") \
	    >>"$work/$arch.log" 2>&1
}

# Under the emulator, if there need be one; all that it takes is in the sysroot.
emulate() {
	if [ -n "$beside" ]; then
		sh "$here/arch/beside.sh" "$sysroot" \
		    "$work/$arch/softflowd/softflowd" "$@"
		return
	fi
	QEMU_LD_PREFIX=$sysroot sh "$here/arch/emulate.sh" "$emulator" \
	    "$work/$arch/softflowd/softflowd" "$@"
}

# The most telling programs, or all.
unit_programs() {
	if [ -n "$quick" ]; then
		for name in packet track export netflow adopt; do
			echo softflowd/${name}_test
		done
		echo lib/imsg/imsg_test lib/imsg/ibuf_test
	else
		(cd "$work/$arch/regress" && find lib/imsg softflowd \
		    softflowctl collector -name '*_test' -perm -1 ! -name golden_test |
		    sort)
	fi
}

build() {
	copy_tree "$work/$arch"
	# As it is shipped, with its filters.
	for part in lib softflowd softflowctl; do
		cross_make $part all || return 1
	done
	cp "$work/$arch/softflowd/softflowd" "$work/$arch/shipped"
	if [ -z "$quick" ]; then
		for part in $programs; do
			cross_make "regress/$part" all || return 1
		done
	fi
	[ -n "$beside" ] || build_unconfined || return 1
	[ -n "$quick" ] || return 0
	for program in $(unit_programs) softflowd/golden_test \
	    softflowd/passage; do
		# shellcheck disable=SC2086
		cross_make "regress/$(dirname "$program")" \
		    "$(basename "$program")" $unconfined || return 1
	done
}

# Again, of what a filter is in, without, for the emulator has none.
build_unconfined() {
	$triplet-gcc --sysroot="$sysroot" -O2 -fPIE -Wall -Werror -c \
	    -o "$work/$arch/fexecve.o" "$here/arch/fexecve.c" || return 1
	(cd "$work/$arch" && rm -f softflowd/softflowd.o \
	    softflowd/priv_dispatch.o && find . -name 'sandbox*.o' -delete &&
	    find softflow* regress -type f -perm -1 \
		-exec grep -q libseccomp {} \; -delete)
	set -- softflowd softflowctl
	[ -n "$quick" ] ||
	    set -- "$@" regress/lib/imsg regress/softflowd regress/softflowctl
	for part; do
		# shellcheck disable=SC2086
		cross_make "$part" all $unconfined || return 1
	done
}

# Without libraries to link with: their headers, which are the same, are those
# of this machine.
compile_only() {
	libraries=$sysroot
	sysroot=$work/headers
	mkdir -p "$sysroot/usr/include"
	for name in bsd pcap pcap.h jansson.h seccomp.h curses.h \
	    ncurses_dll.h unctrl.h "$(gcc -print-multiarch)/jansson_config.h"; do
		ln -sf "/usr/include/$name" "$sysroot/usr/include/"
	done
	copy_tree "$work/$arch"
	objects=0
	for part in lib/imsg softflowd softflowctl; do
		for object in $(cd "$work/$arch/$part" &&
		    bsd_make OS=Linux -V '${OBJS}'); do
			set -- "$@" "$object"
		done
		if ! cross_make $part SYSROOT= \
		    CC="$triplet-gcc -isystem $sysroot/usr/include" \
		    "$@"; then
			: >"$work/bad"
			grep 'error:' "$work/$arch.log" >&2
			cell build failed
			return
		fi
		objects=$((objects + $#))
		set --
	done
	cell build "compiled: $objects files, gcc $($triplet-gcc -dumpversion)"
	cell unit "not run: $(cat "$work/why")"
}

# Cells are texts in files; what failed is told.
cell() {
	echo "$2" >"$work/$arch.$1"
}

count() {
	grep -c "^$1" "$2"
}

tally() {
	text="$(count passed "$2") passed"
	for what in failed skipped; do
		n=$(count $what "$2")
		[ "$n" -eq 0 ] || text="$text, $n $what"
	done
	if grep -q '^failed' "$2"; then
		: >"$work/bad"
		grep '^failed' "$2" | sed "s/^/$arch: /" >&2
	fi
	cell "$1" "$text"
}

run_units() {
	cd "$work/$arch/regress" || exit 1
	left_out=$here/arch/left-out
	[ -z "$beside" ] || left_out=/dev/null
	# shellcheck disable=SC2046
	emulate sh "$here/arch/units.sh" "$work/results" \
	    "$left_out" $(unit_programs) >"$work/units"
	tally unit "$work/units"
	emulate sh "$here/arch/units.sh" "$work/results" \
	    "$left_out" softflowd/golden_test >"$work/golden"
	tally golden "$work/golden"
	cd "$work" || exit 1
}

# What a capture becomes: datagrams of all versions, and what the whole
# program, in its processes, says of it; run as said, from that root.
outcome() {
	capture=$1 root=$2
	shift 2
	for command in "regress/softflowd/passage -w" "softflowd/softflowd -r"
	do
		# shellcheck disable=SC2086
		"$@" "$root"/$command "$capture" </dev/null
		echo "status $?"
	done
}

same_capture() {
	captures=$((captures + 1))
	outcome "$1" "$native" env >"$work/want" 2>/dev/null
	outcome "$1" "$work/$arch" emulate >"$work/got" 2>"$work/errors"
	if cmp -s "$work/want" "$work/got" &&
	    ! grep -qa '^status [1-9]' "$work/want"; then
		same=$((same + 1))
		return
	fi
	: >"$work/bad"
	echo "$arch: $1: not what it is here:" \
	    "$(tail -n 1 "$work/errors")" >&2
}

run_captures() {
	same=0 captures=0 left=0
	for capture in "$work"/captures/*; do
		same_capture "$capture"
	done
	end=$(($(date +%s) + 60))
	while read -r capture; do
		if [ "$(date +%s)" -lt $end ]; then
			same_capture "$capture"
		else
			left=$((left + 1))
		fi
	done <"$work/corpus"
	text="$same of $captures the same"
	[ $left -eq 0 ] || text="$text, no time for $left"
	cell savefile "$text${beside:+, confined}"
	check_confined
}

# What cannot be confined ends: nothing is read unconfined in silence.
check_confined() {
	if [ -n "$beside" ]; then
		! emulate "$work/$arch/shipped" --sandbox |
		    grep -E 'IS ALLOWED|UNCONFINED' >"$work/errors" || set -- no
	elif emulate "$work/$arch/shipped" -r "$work/captures/real.pcap" \
	    >"$work/got" 2>"$work/errors" ||
	    ! grep -q 'confine' "$work/errors"; then
		set -- no
	fi
	[ $# -gt 0 ] || return 0
	: >"$work/bad"
	echo "$arch: the program as shipped runs on unconfined:" \
	    "$(tail -n 1 "$work/errors")" >&2
}

# Native programs to compare with, and what they make captures of: a network's
# and such as it does not have.
native() {
	native=$top
	if [ ! -x "$native/softflowd/softflowd" ] ||
	    [ ! -x "$native/regress/softflowd/passage" ] ||
	    [ ! -x "$native/regress/bench/generate" ]; then
		native=$work/native
		copy_tree "$native"
		for part in lib softflowd; do
			(cd "$native/$part" && bsd_make -j2 all) || return 1
		done
		(cd "$native/regress/softflowd" && bsd_make passage) &&
		    (cd "$native/regress/bench" && bsd_make generate) ||
		    return 1
	fi
	mkdir "$work/captures" && cd "$work/captures" || return 1
	cp "$top/regress/data/real.pcap" real.pcap
	set -- "$native/regress/bench/generate"
	"$@" -6 0 -f 2000 -n 10000 -o flows.pcap &&
	    "$@" -6 100 -d zipf -f 500 -n 5000 -p 9 -o ipv6.pcap &&
	    "$@" -F -x 500 -f 100 -n 1000 -o fragments.pcap || return 1
	for capture in *.pcap; do
		outcome "$PWD/$capture" "$native" env >"$work/want" || return 1
		! grep -a '^status [^0]' "$work/want" || return 1
	done
	cd "$work" && : >corpus
	[ -n "$quick" ] || [ -z "${CORPUS:-}" ] ||
	    ls -Sr "$CORPUS"/public/*.pcap* >corpus
}

run_arch() {
	for column in build unit golden savefile; do
		cell $column "not run"
	done
	if ! command -v $triplet-gcc >/dev/null; then
		cell build "not run: no $triplet-gcc"
		return
	fi
	if ! sh "$here/arch/sysroot.sh" $debian "$sysroot" 2>"$work/why"; then
		compile_only
		return
	fi
	# Before those of the compiler's own C library, which may be older.
	libraries=$(dirname "$(find "$sysroot/usr/lib" -name libbsd.a)")
	if ! build; then
		: >"$work/bad"
		grep -B 2 -A 5 -E 'error:|undefined' "$work/$arch.log" >&2
		cell build failed
		return
	fi
	cell build "ok, gcc $($triplet-gcc -dumpversion)"
	emulate true
	case $? in
	0)	run_units
		run_captures ;;
	*)	cell unit "not run: no $emulator, or no namespace for it" ;;
	esac
	rm -rf "${work:?}/$arch"
}

for arch; do
	describe "$arch"
done
if ! native >"$work/native.log" 2>&1; then
	tail -n 5 "$work/native.log" >&2
	die "the native build failed"
fi
# What is known so far.
write_table() {
	{
		cat <<-TEXT
		# The same octets from every machine

		Written by \`sh regress/arch.sh\`, never by hand, under
		$(qemu-s390x-static --version | sed -n 1p).

		*build*: the programs as they are shipped and those of regress/,
		without portable/, with all warnings as errors. *unit*: cases that
		passed of lib/imsg, softflowd, softflowctl and collector; those left
		out are in regress/arch/left-out, with reasons. *golden*: messages
		octet for octet those of regress/data/golden. *savefile*: captures
		(one of a network, generated ones of many flows, of IPv6 and of
		fragments, and public ones) that become the same datagrams of
		NetFlow 1, 5, 9 and IPFIX and the same statistics as here.

		The emulator has no filters of system calls: the program as shipped
		refuses to run there, and one that says it is unconfined
		(SANDBOX=none) takes its place. *confined*: as shipped, run by this
		kernel itself with its filters, and nothing is left out but what
		needs root.${quick:+ With -q: the programs and the most telling units.}

		| architecture | | build | unit | golden | savefile |
		|---|---|---|---|---|---|
		TEXT
		cat "$work/table"
	} >"$out"
}

for arch; do
	describe "$arch"
	run_arch
	printf '| %s | %s endian | %s | %s | %s | %s |\n' "$arch" "$kind" \
	    "$(cat "$work/$arch.build")" "$(cat "$work/$arch.unit")" \
	    "$(cat "$work/$arch.golden")" "$(cat "$work/$arch.savefile")" |
	    tee -a "$work/table"
	[ -z "$out" ] || write_table
done
[ ! -e "$work/bad" ]
