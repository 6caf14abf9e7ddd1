/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* NetBSD has it under another name. */

#include <string.h>

#include "missing.h"

void
explicit_bzero(void *p, size_t size)
{
	explicit_memset(p, 0, size);
}
