/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Our own program where there is a Linux /proc.  Runs in the parent. */

#include <fcntl.h>

#include "priv_state.h"

int
self_open(void)
{
	return (open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
}
