/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Functions of OpenBSD's C library that others lack.  On those systems
 * Makefile.inc has this included before everything else.
 */

#ifndef MISSING_H
#define MISSING_H

#include <stddef.h>

/* Clear with stores that no compiler may leave out. */
void	explicit_bzero(void *, size_t);

/* Clear size octets and free them; NULL is nothing. */
void	freezero(void *, size_t);

/*
 * A copy of oldnmemb members with room for nmemb, what is new all zero; the
 * old one, if there is one, is cleared and freed.  NULL with errno, and all is
 * as before: ENOMEM, or EINVAL if oldnmemb cannot be.
 */
void	*recallocarray(void *, size_t oldnmemb, size_t nmemb, size_t size);

#endif
