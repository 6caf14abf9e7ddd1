/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Pages of memory that is about to be used.  Where the system does not do
 * it, everything works as well, but more slowly.  One file for each
 * system's way: pages_madvise.c and its siblings.
 */

#ifndef PAGES_H
#define PAGES_H

#include <stddef.h>

#define PAGES_LARGE	((size_t)2 * 1024 * 1024)	/* octets of a large page */

/* Let a private mapping have large pages as it is used. */
void	pages_prefer_large(void *, size_t);

/*
 * Make PAGES_LARGE octets, so aligned, of a shared mapping one large page
 * now.  At least one of them must have been used.  0, or -1 with errno.
 */
int	pages_make_large(void *);

/* Have the pages now: all at once costs half as much as one by one. */
void	pages_populate(void *, size_t);

#endif
