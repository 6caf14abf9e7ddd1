/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * NetBSD: as root setgid(2) and setuid(2) set all three ids.  The saved one
 * cannot be asked for, so whether it is gone shows by trying to get it back.
 */

#include <sys/types.h>

#include <errno.h>
#include <unistd.h>

#include "sandbox.h"

int
sandbox_os_ids(uid_t uid, gid_t gid)
{
	if (setgid(gid) == -1 || setuid(uid) == -1)
		return (-1);
	if (getuid() == uid && geteuid() == uid && getgid() == gid &&
	    getegid() == gid && setuid(0) == -1 && seteuid(0) == -1 &&
	    (gid == 0 || (setgid(0) == -1 && setegid(0) == -1)))
		return (0);
	errno = EPERM;
	return (-1);
}
