/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Where a process can set, and ask for, its saved ids: all but NetBSD. */

#include <sys/types.h>

#include <errno.h>
#include <unistd.h>

#include "sandbox.h"

int
sandbox_os_ids(uid_t uid, gid_t gid)
{
	uid_t	 ruid, euid, suid;
	gid_t	 rgid, egid, sgid;

	if (setresgid(gid, gid, gid) == -1 || setresuid(uid, uid, uid) == -1)
		return (-1);
	if (getresuid(&ruid, &euid, &suid) == -1 ||
	    getresgid(&rgid, &egid, &sgid) == -1)
		return (-1);
	if (ruid == uid && euid == uid && suid == uid &&
	    rgid == gid && egid == gid && sgid == gid)
		return (0);
	errno = EPERM;
	return (-1);
}
