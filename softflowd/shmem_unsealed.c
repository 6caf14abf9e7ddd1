/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Shared memory of a system without seals.  Contents are settled by giving up
 * the only descriptor that could change them for one that cannot.  A size is
 * not: who has the table's descriptor, a worker, can change it, and then dies
 * of a missing page, or its successor finds another size and does not take
 * the table over (estate_map()).  Runs in the parent, which never maps one.
 */

#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "shmem.h"

/* Of the newest object that can still be sealed. */
static int	writer = -1, reader = -1;

/* A new object without a name, and of it a second descriptor to read. */
static int
shmem_open(int *readonly)
{
	char	name[SHMEM_NAME];
	int	fd, saved = 0;

	if ((fd = shmem_create(name)) == -1)
		return (-1);
	if ((*readonly = shm_open(name, O_RDONLY, 0)) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(*readonly, F_SETFD, FD_CLOEXEC) == -1)
		saved = errno;
	if (shm_unlink(name) == -1)
		saved = errno;
	if (saved == 0)
		return (fd);
	if (*readonly != -1)
		close(*readonly);
	close(fd);
	errno = saved;
	return (-1);
}

int
shmem_new(const char *name)
{
	(void)name;
	if (reader != -1)
		close(reader);
	reader = -1;
	return (writer = shmem_open(&reader));
}

int
shmem_seal(int fd)
{
	if (fd == -1 || fd != writer || reader == -1) {
		errno = EINVAL;
		return (-1);
	}
	if (dup3(reader, fd, O_CLOEXEC) == -1)
		return (-1);
	close(reader);
	reader = writer = -1;
	return (0);
}

int
shmem_new_sized(const char *name, size_t size)
{
	int	fd, readonly, saved;

	(void)name;
	if ((fd = shmem_open(&readonly)) == -1)
		return (-1);
	close(readonly);
	if (ftruncate(fd, (off_t)size) != -1)
		return (fd);
	saved = errno;
	close(fd);
	errno = saved;
	return (-1);
}
