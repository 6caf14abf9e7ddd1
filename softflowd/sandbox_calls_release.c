/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The worker's system calls besides the table of sandbox_seccomp.c, in the
 * ordinary build: none.
 */

#include <stddef.h>

#include "sandbox.h"

const int sandbox_sanitized = 0;

const struct sandbox_extra sandbox_extra_calls[] = {
	{ NULL, NULL }
};
