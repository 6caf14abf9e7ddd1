/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Where the system takes no hints about memory, or needs none. */

#include <errno.h>

#include "pages.h"

void
pages_prefer_large(void *p, size_t len)
{
	(void)p;
	(void)len;
}

int
pages_make_large(void *p)
{
	(void)p;
	errno = ENOSYS;
	return (-1);
}

void
pages_populate(void *p, size_t len)
{
	(void)p;
	(void)len;
}
