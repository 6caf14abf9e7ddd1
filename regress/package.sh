#!/bin/sh
# Build the Debian package in a copy of the tree, and try it.
#
#   sh regress/package.sh
#	All of it, as root, on a Debian that has no softflowd: install it, start
#	the service as its unit does, count flows, audit, reload, stop, purge.
#	Where systemd runs, too, the daemon is started by hand.
#   sh regress/package.sh -n
#	Without installing it, as anybody: build, lintian, what is in it, its
#	units, its user.
#
# Prints a line for each step and exits with 0 only if all are ok.

set -u
LC_ALL=C
export LC_ALL
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/regress/lib.sh"
unit=/lib/systemd/system/softflowd.service
exposure=2.5		# at most, as systemd-analyze has it; see units_exposure

[ -d "$top/debian" ] || die "a release has no debian/"
install=1
case ${1:-} in
'')	[ "$(id -u)" -eq 0 ] || die "not root: try -n" ;;
-n)	install= ;;
*)	die "usage: package.sh [-n]" ;;
esac

lacks="$(build_packages) $(missing_packages dpkg-buildpackage=dpkg-dev \
    dh=debhelper lintian=lintian systemd-analyze=systemd)"
[ -z "$install" ] ||
    lacks="$lacks $(missing_packages nfcapd=nfdump ip=iproute2)"
# shellcheck disable=SC2086,SC2116
[ -z "$(echo $lacks)" ] || die "install them first:" $lacks

work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-package.XXXXXX") || exit 1
chmod 711 "$work"
failed=0
installed=
finish() {
	remove_work "$work"	# and who runs in its namespace
	[ -n "$installed" ] || return
	rm -rf /run/softflowd
	dpkg --purge softflowd >/dev/null
}
trap finish EXIT
trap 'exit 1' INT TERM

# step text command ...: its output only if it fails.
step() {
	text=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		echo "ok: $text$(sed -n 's/^NOTE/,/p' "$work/out")"
		return 0
	fi
	echo "FAILED: $text"
	sed 's/^/	/' "$work/out" | tail -n 40
	failed=1
	return 1
}

need() {
	step "$@" || exit 1
}

wait_for() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || {
			echo "did not happen: $*"
			return 1
		}
		sleep 0.1
	done
}

# Without root's rights, which it says that it does not require.
as_nobody() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	else
		"$@"
	fi
}

# Into a folder of the name of the first argument.
build() {
	mkdir -p "$work/$1/softflowd" || return 1
	(cd "$top" && tar cf - --exclude=.git --exclude='*.[oad]' \
	    --exclude='*_test' --exclude='*_fuzz' .) |
	    (cd "$work/$1/softflowd" && tar xf -) || return 1
	[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 "$work/$1"
	(cd "$work/$1/softflowd" && umask 022 && as_nobody env -u MAKEFLAGS \
	    HOME=/nonexistent TMPDIR="$work/$1" SOURCE_DATE_EPOCH=1795600000 \
	    DEB_BUILD_OPTIONS="${2:-}" dpkg-buildpackage -us -uc -b)
}

same_twice() {
	build two || return 1
	for deb in "$work"/one/*.deb; do
		cmp "$deb" "$work/two/${deb##*/}" || return 1
	done
	echo "NOTE $(stat -c %s "$package") octets"
}

run_lintian() {
	lintian --allow-root -I --pedantic --fail-on error,warning \
	    "$work"/one/*.changes
}

contents() {
	dpkg-deb -c "$package" | awk '!/^d/ { print $1, $2, $6 }' |
	    sort -k 3 >"$work/has"
	diff - "$work/has" <<-'END'
	-rw-r--r-- root/root ./etc/softflowd/softflowd.conf
	-rw-r--r-- root/root ./lib/systemd/system/softflowd.service
	-rw-r--r-- root/root ./lib/systemd/system/softflowd@.service
	-rw-r--r-- root/root ./usr/lib/sysusers.d/softflowd.conf
	-rwxr-xr-x root/root ./usr/sbin/softflowctl
	-rwxr-xr-x root/root ./usr/sbin/softflowd
	-rw-r--r-- root/root ./usr/share/bash-completion/completions/softflowctl
	-rw-r--r-- root/root ./usr/share/doc/softflowd/NEWS.Debian.gz
	-rw-r--r-- root/root ./usr/share/doc/softflowd/README.Debian
	-rw-r--r-- root/root ./usr/share/doc/softflowd/changelog.Debian.gz
	-rw-r--r-- root/root ./usr/share/doc/softflowd/copyright
	-rw-r--r-- root/root ./usr/share/doc/softflowd/examples/softflowd.conf
	-rw-r--r-- root/root ./usr/share/lintian/overrides/softflowd
	-rw-r--r-- root/root ./usr/share/man/man5/softflowd.conf.5.gz
	-rw-r--r-- root/root ./usr/share/man/man8/softflowctl.8.gz
	-rw-r--r-- root/root ./usr/share/man/man8/softflowd.8.gz
	END
}

# Position independent, fortified, and no relocation is left writable.
hardened() {
	for program in softflowd softflowctl; do
		readelf -hldW "$work/root/usr/sbin/$program" >"$work/elf"
		readelf -W --dyn-syms "$work/root/usr/sbin/$program" \
		    >>"$work/elf"
		for sign in 'DYN (' GNU_RELRO BIND_NOW _chk@; do
			grep -qF "$sign" "$work/elf" || {
				echo "$program: no $sign"
				return 1
			}
		done
	done
}

# A root with the package, and the units and the program that its own ask for.
make_root() {
	mkdir "$work/root" && dpkg-deb -x "$package" "$work/root" &&
	    mkdir -p "$work/root/usr/bin" &&
	    cp /usr/bin/test "$work/root/usr/bin" &&
	    cp -R /lib/systemd/system/*.target "$work/root/lib/systemd/system"
}

units_verify() {
	systemd-analyze verify --man=no --root="$work/root" \
	    softflowd.service softflowd@eth0.service >"$work/verify" 2>&1
	status=$?
	grep softflowd "$work/verify" && return 1
	return $status
}

# What is left is what the daemon is for: the network, and a parent that is root
# so that its workers can be somebody else in an empty directory.  Without that
# the figure would be 1.9, and worker and parent one user.
units_exposure() {
	for name in softflowd.service softflowd@eth0.service; do
		systemd-analyze security --offline=true --no-pager \
		    --threshold="${exposure%.*}${exposure#*.}" \
		    --root="$work/root" "$name" >"$work/security" || {
			cat "$work/security"
			return 1
		}
	done
	sed -n 's/.*Overall exposure level for.*: \([0-9.]*\) .*/NOTE \1/p' \
	    "$work/security"
}

# But for the names of its files the template is the unit.
template_agrees() {
	! grep -e '/run/softflowd/' -e /softflowd.conf "$work/template" &&
	    sed -e 's,/%i\.conf,/softflowd.conf,' -e 's,-%i,,g' \
	    -e 's,: %i,,' -e '/^ExecCondition=.* %i != softflowd$/d' \
	    "$work/template" | diff "$work/root$unit" -
}

# Both kinds, when it is removed.
scripts_stop() {
	dpkg-deb -e "$package" "$work/control" &&
	    sed -e :a -e '/\\$/N' -e 's/\\\n[[:blank:]]*//' -e ta \
	    "$work/control/prerm" | grep "deb-systemd-invoke stop\
 softflowd\.service 'softflowd@\*\.service'" &&
	    grep -q '%i != softflowd$' "$work/template"
}

makes_user() {
	systemd-sysusers --root="$work/root" --dry-run >"$work/sysusers" 2>&1
	cat "$work/sysusers"
	grep -q "Creating user '_softflowd' (softflowd worker)" \
	    "$work/sysusers"
}

need "the package is built, without root" build one "parallel=$(nproc)"
package=$(echo "$work"/one/softflowd_*.deb)
step "lintian finds no error and no warning" run_lintian
step "it has what it should, and nothing else" contents
need "it can be unpacked" make_root
cp "$work/root${unit%.service}@.service" "$work/template"
step "its programs are hardened" hardened
step "its units are valid" units_verify
step "the template is the unit, with files of its own" template_agrees
step "its scripts stop the service and its instances" scripts_stop
step "exposure of the units is at most $exposure" units_exposure
step "it makes the worker's user" makes_user
[ -n "$install" ] || exit $failed

. "$top/regress/package/installed.sh"
exit $failed
