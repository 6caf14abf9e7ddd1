#!/bin/sh
# Run a command in a namespace where the kernel starts programs of another
# architecture with an emulator, so that they can start each other; nothing of
# the system outside is changed, and it takes no root.  Linux 6.7.
#
#	emulate.sh emulator program command ...
#
# What programs of that architecture look like is learnt from one of them.
# Exits 125 when there is no such namespace here.

set -u
if [ "$1" != inside ]; then
	exec unshare --user --map-root-user --mount sh "$0" inside "$@" ||
	    exit 125
fi
emulator=$(command -v "$2") || exit 125
registry=/proc/sys/fs/binfmt_misc
mount -t binfmt_misc none $registry 2>/dev/null || exit 125
# The first 20 octets: class, order, type (2 or 3) and machine; neither the
# system's name nor what pads it.
magic=$(od -An -v -tx1 -N20 "$3" | tr -d '\n' | sed 's/ /\\x/g')
any='\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00'
if [ "$(od -An -tu1 -j5 -N1 "$3")" -eq 1 ]; then
	mask="$any\\xfe\\xff\\xff\\xff"
else
	mask="$any\\xff\\xfe\\xff\\xff"
fi
# F: opened now; O: the program comes as a descriptor, even one that is closed
# by an exec; P: with its name as it was given.
echo ":emulated:M::$magic:$mask:$emulator:POF" >$registry/register || exit 125
shift 3
# Not root: the daemon would look for other users than this one.
exec unshare --user --map-user=1000 --map-group=1000 "$@" || exit 125
