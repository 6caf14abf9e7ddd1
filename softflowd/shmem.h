/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Anonymous shared memory that one process fills and another maps.  One file
 * for each system's way: shmem_memfd.c and its siblings.
 */

#ifndef SHMEM_H
#define SHMEM_H

#include <stddef.h>

/* A new, empty object, close-on-exec; name is for debugging.  -1 with errno. */
int	shmem_new(const char *name);

/*
 * A new one, all zero, of a size that nobody can change where there are seals;
 * who maps one from elsewhere looks at its size.  -1 with errno.
 */
int	shmem_new_sized(const char *name, size_t size);

/*
 * Nobody can change size or contents of the newest object of shmem_new() any
 * more; -1 with errno.
 */
int	shmem_seal(int fd);

/*
 * For shmem_unsealed.c: create an object that can be read and written, by us
 * alone, under a name that was nobody's before.  -1 with errno.
 */
#define SHMEM_NAME	32
int	shmem_create(char name[SHMEM_NAME]);

#endif
