#!/bin/sh
# Make the tarball of a release from what is committed, the same octets each
# time wherever that is checked out, and write its checksums into the distinfo
# of each ports tree here.  The tarball does not depend on ports/, so that these
# can be committed afterwards.
#
#   sh ports/dist.sh [directory of the tarball]	# default: beside the tree

set -eu
umask 022
LC_ALL=C
export LC_ALL
unset GZIP
ports=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$ports")
case $#,${1:-} in
[01],|1,[!-]*) ;;
*)
	echo "usage: dist.sh [directory of the tarball]" >&2
	exit 1 ;;
esac
directory=$(cd "${1:-$top/..}" && pwd)
cd "$top"

fail() {
	echo "dist.sh: $*" >&2
	exit 1
}

for program in git gzip openssl; do
	command -v $program >/dev/null || fail "$program is missing"
done
openssl dgst -blake2s256 </dev/null >/dev/null 2>&1 ||
    fail "openssl has no BLAKE2s; OpenSSL's has"
git rev-parse --verify -q HEAD >/dev/null ||
    fail "$top: no commit to make a release of"

# All but what is not in a release.
# shellcheck disable=SC2046
set -- . $(git show HEAD:.gitattributes |
    sed -n 's,^/\([^[:blank:]]*\)[[:blank:]]*export-ignore$,:(exclude)\1,p')
git diff --quiet HEAD -- "$@" ||
    fail "$top: there are changes; commit them first"
version=$(sed -n 's/^#define SOFTFLOWD_VERSION[^"]*"\([^"]*\)"$/\1/p' \
    softflowd/softflowd.h)
case $version in
''|*[!0-9.a-z]*)	fail "softflowd/softflowd.h has no SOFTFLOWD_VERSION" ;;
esac
for makefile in ports/*/*/softflowd/Makefile; do
	[ -f "$makefile" ] || continue
	named=$(sed -n -e 's/^DISTNAME[[:blank:]]*=[[:blank:]]*softflowd-//p' \
	    -e 's/^DISTVERSION[[:blank:]]*=[[:blank:]]*//p' "$makefile")
	[ "$named" = "$version" ] ||
	    fail "$makefile: is of $named, this is $version"
done
name=softflowd-$version.tar.gz
time=$(git log -1 --format=%ct -- "$@")

# Its files get the time of the commit that they are archived of: one that no
# repository keeps, and whose name in front is cut off.
work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-dist.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM
GIT_ALTERNATE_OBJECT_DIRECTORIES=$(cd "$(git rev-parse --git-path objects)" &&
    pwd)
GIT_OBJECT_DIRECTORY=$work
export GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_OBJECT_DIRECTORY
commit=$(GIT_COMMITTER_DATE="$time +0000" git -c user.name=softflowd \
    -c user.email=softflowd commit-tree -m "$version" 'HEAD^{tree}')
git -c tar.umask=0022 -c core.autocrlf=false -c core.eol=lf \
    -c core.attributesFile=/dev/null archive --format=tar \
    --prefix="softflowd-$version/" "$commit" >"$work/tar"
tail -c +1025 "$work/tar" | gzip -9n >"$work/$name"
mv "$work/$name" "$directory/$name"

digest() {
	openssl dgst -r "-$1" "$directory/$name" | cut -d ' ' -f 1
}
size=$(($(wc -c <"$directory/$name")))

distinfo() {
	mkdir -p "$ports/$1"
	cat >"$ports/$1/distinfo"
	echo "ports/$1/distinfo:"
	cat "$ports/$1/distinfo"
}

echo "$directory/$name"
distinfo openbsd/net/softflowd <<!
SHA256 ($name) = $(openssl dgst -sha256 -binary "$directory/$name" |
    openssl base64)
SIZE ($name) = $size
!
distinfo freebsd/net-mgmt/softflowd <<!
TIMESTAMP = $time
SHA256 ($name) = $(digest sha256)
SIZE ($name) = $size
!
distinfo pkgsrc/net/softflowd <<!
\$NetBSD\$

BLAKE2s ($name) = $(digest blake2s256)
SHA512 ($name) = $(digest sha512)
Size ($name) = $size bytes
!
