#!/bin/sh
# The same octets from a machine of another byte order or word size: builds
# everything for each architecture with Debian's cross compilers, runs it under
# an emulator and writes the table ARCH.md.  Linux with apt; no root.
#
#	sh regress/arch.sh [-q] [-c folder] [-o file] [architecture ...]
#
# -c keeps what is downloaded; -q runs what matters most, for the suite.  With
# CORPUS, a folder of captures, these are exported, too.  The table is written
# when all architectures are run, or with -o.  Exits 1 if anything failed.

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
}

# A clean copy of what is built here.
copy_tree() {
	mkdir -p "$1" && (cd "$top" && tar cf - --exclude='*.[ado]' \
	    Makefile.inc lib softflowd softflowctl regress/tests.mk \
	    regress/lib regress/softflowd regress/softflowctl regress/data \
	    regress/collector regress/audit) | (cd "$1" && tar xf -)
	for part in lib softflowd softflowctl regress/lib/imsg \
	    regress/softflowd regress/softflowctl; do
		(cd "$1/$part" && bsd_make HARDENING= clean) >/dev/null 2>&1
	done
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

# Under the emulator; all that is needed is in the sysroot.
emulate() {
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
		    softflowctl -name '*_test' -perm -1 ! -name golden_test |
		    sort)
	fi
}

build() {
	copy_tree "$work/$arch"
	# As it is shipped, with its filters.
	cross_make lib all && cross_make softflowd all &&
	    cross_make softflowctl all || return 1
	cp "$work/$arch/softflowd/softflowd" "$work/$arch/shipped"
	# Then without, for the emulator has none.
	for part in softflowd softflowctl; do
		(cd "$work/$arch/$part" && rm -f sandbox*.o softflowd.o \
		    priv_dispatch.o softflowd)
		cross_make $part SANDBOX=none all || return 1
	done
	if [ -n "$quick" ]; then
		set -- $(unit_programs) softflowd/golden_test softflowd/passage
		for program; do
			cross_make "regress/$(dirname "$program")" \
			    SANDBOX=none "$(basename "$program")" || return 1
		done
		return 0
	fi
	for part in lib/imsg softflowd softflowctl; do
		cross_make "regress/$part" SANDBOX=none all || return 1
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
	# shellcheck disable=SC2046
	emulate sh "$here/arch/units.sh" "$work/results" \
	    "$here/arch/left-out" $(unit_programs) >"$work/units"
	tally unit "$work/units"
	emulate sh "$here/arch/units.sh" "$work/results" \
	    "$here/arch/left-out" softflowd/golden_test >"$work/golden"
	tally golden "$work/golden"
	cd "$work" || exit 1
}

# What a capture becomes, here and there: datagrams of all versions, and what
# the whole program, in its processes, says of it.
run_captures() {
	same=0
	for capture in "$top/regress/data/real.pcap" \
	    ${CORPUS:+"$CORPUS"/public/*.pcap*}; do
		"$native/regress/softflowd/passage" -w "$capture" \
		    >"$work/want" 2>/dev/null
		emulate "$work/$arch/regress/softflowd/passage" -w "$capture" \
		    >"$work/got" 2>/dev/null
		"$native/softflowd/softflowd" -r "$capture" \
		    >"$work/want.text" 2>/dev/null
		emulate "$work/$arch/softflowd/softflowd" -r "$capture" \
		    >"$work/got.text" 2>"$work/errors"
		if cmp -s "$work/want" "$work/got" &&
		    cmp -s "$work/want.text" "$work/got.text"; then
			same=$((same + 1))
		else
			: >"$work/bad"
			echo "$arch: $capture: not what it is here:" \
			    "$(tail -n 1 "$work/errors")" >&2
		fi
		captures=$((captures + 1))
	done
	# What cannot be confined ends: nothing is read unconfined in silence.
	if emulate "$work/$arch/shipped" -r "$top/regress/data/real.pcap" \
	    >"$work/got.text" 2>"$work/errors" ||
	    ! grep -q 'confine' "$work/errors"; then
		: >"$work/bad"
		echo "$arch: the program as shipped ran on unconfined:" \
		    "$(tail -n 1 "$work/errors")" >&2
	fi
	cell savefile "$same of $captures the same"
}

native() {
	native=$top
	[ ! -x "$native/softflowd/softflowd" ] ||
	    [ ! -x "$native/regress/softflowd/passage" ] || return 0
	native=$work/native
	copy_tree "$native"
	for part in lib softflowd; do
		(cd "$native/$part" && bsd_make -j2 all) || return 1
	done
	(cd "$native/regress/softflowd" && bsd_make passage)
}

run_arch() {
	for column in build unit golden savefile; do
		cell $column "not run"
	done
	captures=0
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
for arch; do
	describe "$arch"
	run_arch
	printf '| %s | %s endian | %s | %s | %s | %s |\n' "$arch" "$kind" \
	    "$(cat "$work/$arch.build")" "$(cat "$work/$arch.unit")" \
	    "$(cat "$work/$arch.golden")" "$(cat "$work/$arch.savefile")"
done | tee "$work/table"

if [ -n "$out" ]; then
	{
		cat <<-TEXT
		# The same octets from every machine

		Written by \`sh regress/arch.sh\`, never by hand, under
		$(qemu-s390x-static --version | sed -n 1p).

		*build*: lib/imsg, softflowd, softflowctl and their unit programs
		with all warnings as errors. *unit*: cases that passed under the
		emulator; those left out are in regress/arch/left-out, with reasons.
		*golden*: messages octet for octet those of regress/data/golden.
		*savefile*: captures that become the same datagrams of NetFlow 1, 5,
		9 and IPFIX and the same statistics as here. The emulator has no
		filters of system calls: the program as shipped refuses to run
		there, and one that says it is unconfined (SANDBOX=none) takes its
		place.${quick:+ Of the unit programs these are the most telling (-q).}

		| architecture | | build | unit | golden | savefile |
		|---|---|---|---|---|---|
		TEXT
		cat "$work/table"
	} >"$out"
fi
[ ! -e "$work/bad" ]
