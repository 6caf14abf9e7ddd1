/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Hints about memory by Linux's madvise(2).  Runs in the confined worker. */

#include <sys/mman.h>

#include "pages.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25	/* Linux 6.1; C libraries are older */
#endif

void
pages_prefer_large(void *p, size_t len)
{
	(void)madvise(p, len, MADV_HUGEPAGE);
}

int
pages_make_large(void *p)
{
	return (madvise(p, PAGES_LARGE, MADV_COLLAPSE));
}

void
pages_populate(void *p, size_t len)
{
	(void)madvise(p, len, MADV_POPULATE_WRITE);
}
