/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Shared memory by memfd_create(2), Linux and FreeBSD.  Runs in the parent. */

#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "shmem.h"

int
shmem_new(const char *name)
{
	return (memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
}

int
shmem_seal(int fd)
{
	return (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK |
	    F_SEAL_GROW | F_SEAL_WRITE));
}

int
shmem_new_sized(const char *name, size_t size)
{
	int	fd, saved;

	if ((fd = shmem_new(name)) == -1)
		return (-1);
	if (ftruncate(fd, (off_t)size) != -1 && fcntl(fd, F_ADD_SEALS,
	    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW) != -1)
		return (fd);
	saved = errno;
	close(fd);
	errno = saved;
	return (-1);
}
