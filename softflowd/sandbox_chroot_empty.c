/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The BSDs: a directory to be root in that is empty by custom, and stays so,
 * as nobody but root can make anything there.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "compat.h"
#include "sandbox.h"

#ifndef SOFTFLOWD_CHROOT
#define SOFTFLOWD_CHROOT	"/var/empty"
#endif

const char sandbox_chroot_missing[] = "no directory " SOFTFLOWD_CHROOT
    " in which only root can make files";

int
sandbox_chroot_dir(void)
{
	struct stat	 sb;
	int		 fd, saved;

	fd = open(SOFTFLOWD_CHROOT, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (fd == -1)
		return (-1);
	if (fstat(fd, &sb) == 0) {
		if (sb.st_uid == 0 && (sb.st_mode & (S_IWGRP | S_IWOTH)) == 0)
			return (fd);
		errno = EPERM;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return (-1);
}
