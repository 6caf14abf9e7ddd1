/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The layers that NetBSD has. */

#include <stddef.h>

#include "sandbox_filter.h"

const int	sandbox_os_counts_stack = 1;

const struct sandbox_layer	sandbox_os_layers[] = {
	{ SANDBOX_CHROOT, LAYER_WORKER | LAYER_READER, LAYER_ROOT, "chroot",
	    "the root directory is empty, and root's" },
	{ SANDBOX_IDS, LAYER_CHILDREN, LAYER_ROOT, "ids",
	    "user and group of -u, no other group" },
	{ SANDBOX_RLIMITS, LAYER_CHILDREN, LAYER_ALWAYS, "limits",
	    "as below" },
	{ 0, 0, LAYER_OPTIONAL, NULL, NULL }
};

const char *
sandbox_os_remark(uint32_t landlock_abi)
{
	(void)landlock_abi;
	return ("; NetBSD has no system-call filter");
}
