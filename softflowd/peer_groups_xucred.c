/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* FreeBSD: as they were when it connected, the first XU_NGROUPS of them. */

#include <sys/param.h>
#include <sys/socket.h>
#include <sys/ucred.h>
#include <sys/un.h>

#include "peer_groups.h"

int
peer_in_group(int fd, gid_t gid)
{
	struct xucred	cred = { 0 };
	socklen_t	len = sizeof(cred);
	short		i;

	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, &cred, &len) == -1 ||
	    len != sizeof(cred) || cred.cr_version != XUCRED_VERSION ||
	    cred.cr_ngroups > XU_NGROUPS)
		return (0);
	for (i = 0; i < cred.cr_ngroups; i++)
		if (cred.cr_groups[i] == gid)
			return (1);
	return (0);
}
