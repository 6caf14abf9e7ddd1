#!/bin/sh
# The same hostile inputs for softflowd, softflowd 1.1.0, fprobe and pmacctd,
# and what became of it as a table: COMPARISON.md and the part of SECURITY.md
# between its marks.  Linux, root.
#
#	sh regress/peers/compare.sh [-i] [-o folder] [input ...]
#
# -i fetches the Debian packages of the peers that are not installed and unpacks
# them in a scratch folder; nothing is installed, no service is started.  Who
# is missing is left out.  With -o, or for single inputs only, the page goes to
# that folder, and SECURITY.md stays as it is.  Takes 20 minutes.  An input is
# a kind of frames.py, kill, segv, control, unreachable, interface, files or
# facts.

set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$top/regress/lib.sh"

fetch=
out=
while getopts io: option; do
	case $option in
	i)	fetch=1 ;;
	o)	out=$OPTARG ;;
	*)	die "usage: compare.sh [-i] [-o folder] [input ...]" ;;
	esac
done
shift $((OPTIND - 1))
[ $# -eq 0 ] || [ -n "$out" ] || die "single inputs go with -o folder"
[ "$(uname -s)" = Linux ] && [ "$(id -u)" -eq 0 ] ||
    die "namespaces take Linux and root"
for program in ip python3 readelf prlimit; do
	command -v $program >/dev/null || die "$program is missing"
done
bsd_make -C "$top" all >/dev/null && for part in collector replay; do
	bsd_make -C "$top/regress/$part" all >/dev/null || exit 1
done || die "the build failed"

work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-peers.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$work"
mkdir "$work/in"
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
python3 "$here/frames.py" "$work/in" || exit 1

if [ -n "$fetch" ]; then
	mkdir -p "$work/debs/partial"
	apt-get -qq -y --download-only --no-install-recommends --reinstall \
	    -o Dir::Cache::archives="$work/debs" \
	    install softflowd fprobe pmacct >/dev/null ||
	    die "the packages cannot be fetched"
	for deb in "$work"/debs/*.deb; do
		dpkg -x "$deb" "$work/peers"
	done
	LD_LIBRARY_PATH=$(echo "$work"/peers/usr/lib/*-linux-gnu)
	export LD_LIBRARY_PATH
fi

# Where a peer is: unpacked, or installed; nothing if it does not start.
find_peer() {
	for program in "$work/peers/usr/sbin/$1" "/usr/sbin/$1"; do
		[ -x "$program" ] || continue
		ldd "$program" | grep -q 'not found' || echo "$program"
		return
	done
}

set -- -- "$@"
for peer in old=softflowd fprobe=fprobe pmacctd=pmacctd; do
	program=$(find_peer "${peer#*=}")
	if [ "$peer" = old=softflowd ] && [ -n "$program" ] &&
	    ! "$program" -h 2>&1 | grep -q 'version 1\.'; then
		program=
	fi
	[ -n "$program" ] || {
		echo "${peer%=*}: left out: not found; see -i" >&2
		continue
	}
	set -- "${peer%=*}=$program" "$@"
done
python3 "$here/compare.py" "$top" "$work" "$work/results.json" \
    "ours=$top/softflowd/softflowd" "$@" || exit 1
if [ -n "$out" ]; then
	cp "$work/results.json" "$out/results.json" &&
	    python3 "$here/table.py" "$out/results.json" "$out/COMPARISON.md"
else
	python3 "$here/table.py" "$work/results.json" \
	    "$here/COMPARISON.md" "$top/SECURITY.md"
fi
