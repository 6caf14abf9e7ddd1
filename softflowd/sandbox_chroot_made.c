/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Linux: a directory to be root in, made, opened and removed: nothing can ever
 * be created there.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat.h"
#include "sandbox.h"

const char	*sandbox_chroot_wrong = "no room for an empty directory in "
    "/run, /var/run, /tmp or /dev/shm";

int
sandbox_chroot_dir(void)
{
	static const char *const	 parents[] = {
		"/run", "/var/run", "/tmp", "/dev/shm"
	};
	char				 path[64];
	size_t				 i;
	int				 fd, saved;

	for (i = 0; i < nitems(parents); i++) {
		snprintf(path, sizeof(path), "%s/softflowd.XXXXXXXXXX",
		    parents[i]);
		if (mkdtemp(path) != NULL)
			break;
	}
	if (i == nitems(parents))
		return (-1);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* Root without capabilities needs the search bit to enter. */
	if (fd != -1 && fchmod(fd, S_IXUSR) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		fd = -1;
	}
	saved = errno;
	if (rmdir(path) == -1 && fd != -1) {
		saved = errno;
		close(fd);
		fd = -1;
	}
	errno = saved;
	return (fd);
}
