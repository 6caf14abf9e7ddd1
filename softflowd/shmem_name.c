/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A name that nobody guesses: NetBSD, in what is mounted on /var/shm, and
 * OpenBSD, as a file in /tmp whose name is a hash of it.  shm_mkstemp(3) there
 * takes any error for a name that is taken, and would go on for hours when the
 * file system is full.  What has a name is a file until it is used no more:
 * unveil(2) must leave that to the parent.
 */

#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "shmem.h"

#define TRIES	8	/* somebody might have made them all */

int
shmem_create(char name[SHMEM_NAME])
{
	uint64_t	random;
	int		fd = -1, i;

	for (i = 0; i < TRIES; i++) {
		arc4random_buf(&random, sizeof(random));
		snprintf(name, SHMEM_NAME, "/softflowd.%016" PRIx64, random);
		fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd != -1 || errno != EEXIST)
			break;
	}
	return (fd);
}
