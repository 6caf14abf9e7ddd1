#!/bin/sh
# Run a command of an installed unit as systemd would, as far as that goes
# without it, in this process:
#
#   by_hand.sh unit key allow [WATCHDOG_USEC NOTIFY_SOCKET]
#
# key is ExecStart or ExecReload, allow the program of regress/watch.  Left
# out is what lies in control groups (DevicePolicy) and in the session keyring;
# what ProtectClock, ProtectKernelLogs and ProtectKernelModules forbid takes
# capabilities that are gone, and RestrictRealtime is in the calls refused.

set -eu
# What follows mounts over the whole machine: never outside of namespaces.
[ "$1" = inside ] ||
    exec unshare --mount --ipc --uts sh "$0" inside "$@"
shift
unit=$1
key=$2
allow=$3

# All values of a key, one after the other.
setting() {
	sed -e :a -e '/\\$/N' -e 's/\\\n */ /' -e ta "$unit" |
	    sed -n "s/^$1=//p"
}

# Of names and @groups, each name; groups are those of this systemd.
names() {
	systemd-analyze syscall-filter --no-pager 2>/dev/null |
	    awk -v wanted="$*" -f "${0%/*}/names.awk" | sort -u
}

is_yes() {
	[ "$(setting "$1")" = yes ] || {
		echo "$unit: $1 is not yes, all that is known here" >&2
		exit 1
	}
}

runtime=/run/$(setting RuntimeDirectory)
families=$(setting RestrictAddressFamilies)
allowed=$(names @default $(setting SystemCallFilter | grep -v '^~'))
refused=$(names $(setting SystemCallFilter | sed -n 's/^~//p'))
allowed=$(echo "$allowed" | grep -vxF "$refused")
capabilities=$(setting CapabilityBoundingSet | tr 'A-Z\n' 'a-z ' |
    sed 's/cap_/+/g; s/ *$//; s/ /,/g')
[ "$(setting SystemCallErrorNumber)" = ENOSYS ]
[ "$(setting ProtectSystem)" = strict ]
for name in NoNewPrivileges RestrictNamespaces RestrictSUIDSGID \
    MemoryDenyWriteExecute PrivateTmp PrivateDevices PrivateIPC \
    PrivateMounts ProtectHome ProtectHostname ProtectControlGroups \
    ProtectKernelTunables; do
	is_yes $name
done

# Found before the folder that it is in is hidden.
exec 9<"$allow"
mkdir -p "$runtime"
mount --make-rslave /
mount --bind "$runtime" "$runtime"
for dir in /tmp /var/tmp; do
	mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs $dir
done
for dir in /home /root; do
	mount -t tmpfs -o mode=0,ro tmpfs $dir
done
mount -t tmpfs -o mode=755,nosuid,noexec tmpfs /dev
mknod -m 666 /dev/null c 1 3
mknod -m 666 /dev/zero c 1 5
mknod -m 666 /dev/full c 1 7
mknod -m 666 /dev/random c 1 8
mknod -m 666 /dev/urandom c 1 9
mknod -m 666 /dev/tty c 5 0
awk '{ print $5 }' /proc/self/mountinfo | sort -u | while read -r dir; do
	case $dir in
	/dev|"$runtime"|/tmp|/var/tmp)	;;
	*)	mount -o remount,bind,ro "$dir" 2>/dev/null || : ;;
	esac
done
mount -o remount,bind,ro /dev
mount -t proc -o nosuid,nodev,noexec,hidepid=invisible,subset=pid proc /proc
for dir in /usr /etc /run /dev; do
	if touch $dir/try 2>/dev/null; then
		echo "$dir can be written to" >&2
		exit 1
	fi
done

umask "$(setting UMask)"
cd /
set -- PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 RUNTIME_DIRECTORY="$runtime" \
    ${4:+WATCHDOG_USEC=$4 WATCHDOG_PID=$$} ${5:+NOTIFY_SOCKET=$5}
# shellcheck disable=SC2046
exec env -i "$@" setpriv --no-new-privs --inh-caps=-all --ambient-caps=-all \
    --bounding-set="-all,$capabilities" \
    /proc/self/fd/9 "$families" "$allowed" $(setting "$key")
