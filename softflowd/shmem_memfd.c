/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Shared memory by memfd_create(2): Linux, and FreeBSD since 13.0, where
 * shm_open(SHM_ANON) could do no more and takes no seals.  Runs in the parent.
 */

#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "shmem.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	0x0008U		/* Linux 6.3 */
#endif

/* Nobody's program for ever, where the kernel knows of that. */
int
shmem_new(const char *name)
{
	const unsigned int	flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int			fd;

	if ((fd = memfd_create(name, flags | MFD_NOEXEC_SEAL)) == -1 &&
	    errno == EINVAL)
		fd = memfd_create(name, flags);
	return (fd);
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
