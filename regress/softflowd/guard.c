/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <sys/mman.h>

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "guard.h"

const uint8_t *
guard_copy(const uint8_t *data, uint32_t size)
{
	static uint8_t	*end;
	uint8_t		*map;
	size_t		 page;

	if (end == NULL) {
		page = (size_t)sysconf(_SC_PAGESIZE);
		map = mmap(NULL, GUARD_MAX + page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANON, -1, 0);
		if (map == MAP_FAILED ||
		    mprotect(map + GUARD_MAX, page, PROT_NONE) == -1)
			return (NULL);
		end = map + GUARD_MAX;
	}
	if (size > GUARD_MAX)
		return (NULL);
	memcpy(end - size, data, size);
	return (end - size);
}
