/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * OpenBSD and NetBSD tell who it is, but not its groups: those that
 * group(5) gives that user now.  The parent must be able to read that file
 * and passwd(5)'s.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <unistd.h>

#include "compat.h"
#include "peer_groups.h"

int
peer_in_group(int fd, gid_t gid)
{
	struct passwd	*pw;
	gid_t		 base, groups[NGROUPS_MAX + 1];
	uid_t		 uid;
	int		 i, n = nitems(groups);

	if (getpeereid(fd, &uid, &base) == -1 ||
	    (pw = getpwuid(uid)) == NULL ||
	    getgrouplist(pw->pw_name, base, groups, &n) == -1)
		return (0);
	for (i = 0; i < n; i++)
		if (groups[i] == gid)
			return (1);
	return (0);
}
