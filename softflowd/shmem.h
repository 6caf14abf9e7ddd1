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

/* A new one, all zero, of a size that nobody can change; -1 with errno. */
int	shmem_new_sized(const char *name, size_t size);

/* Nobody can change size or contents any more; -1 with errno. */
int	shmem_seal(int fd);

#endif
