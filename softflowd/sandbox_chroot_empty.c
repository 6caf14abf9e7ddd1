/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The BSDs: a directory to be root in that is empty, and stays so, as nobody
 * but root can make anything there.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "sandbox.h"

#ifndef SOFTFLOWD_CHROOT
#define SOFTFLOWD_CHROOT	"/var/empty"
#endif

/* -1 with errno ENOTEMPTY and a name, or another. */
static int
look_into(int fd, char *name, size_t len)
{
	struct dirent	*entry;
	DIR		*dir;
	int		 own, saved;

	if ((own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return (-1);
	if ((dir = fdopendir(own)) == NULL) {
		saved = errno;
		close(own);
		errno = saved;
		return (-1);
	}
	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry != NULL && (strcmp(entry->d_name, ".") == 0 ||
	    strcmp(entry->d_name, "..") == 0));
	saved = errno;
	if (entry != NULL) {
		strlcpy(name, entry->d_name, len);
		saved = ENOTEMPTY;
	}
	closedir(dir);
	errno = saved;
	return (saved == 0 ? 0 : -1);
}

const char	*sandbox_chroot_wrong;

int
sandbox_chroot_dir(void)
{
	static char	 text[128];
	char		 name[64];
	struct stat	 sb;
	int		 fd, saved;

	sandbox_chroot_wrong = "no directory " SOFTFLOWD_CHROOT
	    " in which only root can make files";
	fd = open(SOFTFLOWD_CHROOT, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (fd == -1)
		return (-1);
	if (fstat(fd, &sb) == -1)
		goto fail;
	if (sb.st_uid != 0 || (sb.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		errno = EPERM;
		goto fail;
	}
	sandbox_chroot_wrong = SOFTFLOWD_CHROOT;
	if (look_into(fd, name, sizeof(name)) == 0)
		return (fd);
	if (errno == ENOTEMPTY) {
		snprintf(text, sizeof(text), SOFTFLOWD_CHROOT " has %s in it; "
		    "it must be empty", name);
		sandbox_chroot_wrong = text;
	}
fail:
	saved = errno;
	close(fd);
	errno = saved;
	return (-1);
}
