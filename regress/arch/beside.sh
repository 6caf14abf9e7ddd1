#!/bin/sh
# Run a command in a namespace where the libraries of another architecture are
# found beside this one's, for programs that the kernel runs by itself; nothing
# of the system outside is changed, and it takes no root.  Linux 5.11.
#
#	beside.sh sysroot program command ...
#
# Exits 125 when there is no such namespace here, or the program does not run.

set -u
if [ "$1" != inside ]; then
	exec unshare --user --map-root-user --mount sh "$0" inside "$@" ||
	    exit 125
fi
mount -t overlay none -o "lowerdir=$2/lib:$2/usr/lib:/usr/lib" /usr/lib ||
    exit 125
"$3" -h >/dev/null 2>&1 || exit 125
shift 3
# Not root: the daemon would look for other users than this one.
exec unshare --user --map-user=1000 --map-group=1000 "$@" || exit 125
