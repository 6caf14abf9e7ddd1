/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * OpenBSD: the system chooses the name.  What has one is a file in /tmp until
 * it is used no more: unveil(2) must leave that to the parent.
 */

#include <sys/mman.h>

#include <string.h>

#include "shmem.h"

int
shmem_create(char name[SHMEM_NAME])
{
	strlcpy(name, "/softflowd.XXXXXXXXXX", SHMEM_NAME);
	return (shm_mkstemp(name));
}
