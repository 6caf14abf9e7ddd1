/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Linux 4.13 and later. */

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>

#include "peer_groups.h"

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS	59
#endif

int
peer_in_group(int fd, gid_t gid)
{
	gid_t		*groups;
	socklen_t	 len = 0;
	size_t		 i, n = 0;

	/* The first call only asks how many there are. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) == 0 ||
	    errno != ERANGE || (groups = malloc(len)) == NULL)
		return (0);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == 0)
		n = len / sizeof(*groups);
	for (i = 0; i < n && groups[i] != gid; i++)
		;
	free(groups);
	return (i < n);
}
