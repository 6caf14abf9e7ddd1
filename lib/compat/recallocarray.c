/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* FreeBSD and NetBSD. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "missing.h"

void *
recallocarray(void *old, size_t oldnmemb, size_t nmemb, size_t size)
{
	void	*p;

	if (old == NULL)
		return (calloc(nmemb, size));
	if (size != 0 && oldnmemb > SIZE_MAX / size) {
		errno = EINVAL;
		return (NULL);
	}
	/* Always anew: what realloc(3) leaves behind could not be cleared. */
	if ((p = calloc(nmemb, size)) == NULL)
		return (NULL);
	memcpy(p, old, (nmemb < oldnmemb ? nmemb : oldnmemb) * size);
	freezero(old, oldnmemb * size);
	return (p);
}
