#!/bin/sh
# Headers and libraries of another architecture, out of Debian's packages, in
# a folder of their own: an unprivileged apt with nothing of the system's but
# its sources and keys.  The system's dpkg is neither asked nor told.
#
#   sysroot.sh architecture folder
#
# The architecture is one of Debian's; what its release here does not have is
# taken from the one after it.  Says on standard error what is not to be had.

set -u
arch=$1
mkdir -p "$2/apt/lists/partial" "$2/apt/archives/partial" || exit 1
folder=$(cd "$2" && pwd)
if [ -e "$folder/usr/include/stdio.h" ] && [ -e "$folder/complete" ]; then
	exit 0
fi

lacks() {
	echo "$*" >&2
	rm -rf "$folder"
	exit 1
}
command -v apt-get >/dev/null || lacks "no apt-get here"
apt=$folder/apt
: >"$apt/status"
# riscv64 came to Debian with release 13.
if [ "$arch" = riscv64 ]; then
	mirror=$(apt-get indextargets --format '$(REPO_URI)' \
	    'Codename: bookworm' | sed -n 1p)
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	echo "deb [signed-by=$keys] ${mirror:-http://deb.debian.org/debian/}" \
	    "trixie main" >"$apt/sources"
	own="Dir::Etc::sourcelist \"$apt/sources\";
	    Dir::Etc::sourceparts \"/dev/null\";"
fi
cat >"$apt/conf" <<CONF
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Debug::NoLocking "true";
${own:-}
CONF
export APT_CONFIG="$apt/conf"
# Sources that do not have this architecture are of no interest.
apt-get -qq update >"$apt/log" 2>&1
# What these need to link and run, without what belongs to none of it.
names=$(apt-get -s --no-install-recommends install libc6-dev libpcap0.8-dev \
    libbsd-dev libseccomp-dev libjansson-dev libncurses-dev libatf-dev \
    2>>"$apt/log" | awk '$1 == "Inst" && $2 ~ /^(lib|linux-libc)/ &&
	$2 !~ /^lib(acl|atf-c\+\+|c-|com-err|crypt|dbus-1-dev|gssapi|k5)/ &&
	$2 !~ /^lib(keyutils|krb5|nsl|pcre|pkgconf|selinux|ssl|stdc|tirpc)/ {
		print $2
	}')
ls "$apt"/lists/*Release >/dev/null 2>&1 ||
    lacks "no packages can be had: is there a network?"
[ -n "$names" ] || lacks "Debian has no packages for $arch"
# shellcheck disable=SC2086
(cd "$apt/archives" && apt-get -qq download $names) >"$apt/log" 2>&1 ||
    lacks "packages for $arch: $(tail -n 1 "$apt/log")"
for package in "$apt"/archives/*.deb; do
	dpkg-deb -x "$package" "$folder" || lacks "$package: not unpacked"
done
[ -e "$folder/lib" ] || ln -s usr/lib "$folder/lib"
# Links are meant for a system that has this as its root.
find "$folder" -type l -lname '/*' | while read -r link; do
	ln -sf "$folder$(readlink "$link")" "$link"
done
# Since release 13 headers are in the architecture's own folder.
[ -d "$folder/usr/include/bsd" ] ||
    ln -s "$(dirname "$(find "$folder/usr/include" -path '*/bsd/string.h')")" \
	"$folder/usr/include/bsd"
rm -rf "$apt" "${folder:?}/usr/share"
: >"$folder/complete"
