/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The layers that FreeBSD has. */

#include <stddef.h>

#include "sandbox_filter.h"

const int	sandbox_os_counts_stack = 0;

const struct sandbox_layer	sandbox_os_layers[] = {
	{ SANDBOX_CHROOT, LAYER_WORKER | LAYER_READER, LAYER_ROOT, "chroot",
	    "the root directory is empty, and root's" },
	{ SANDBOX_IDS, LAYER_CHILDREN, LAYER_ROOT, "ids",
	    "user and group of -u, no other group" },
	{ SANDBOX_UNDUMPABLE, LAYER_CHILDREN, LAYER_ALWAYS, "undumpable",
	    "not for ptrace(2) by its user, no core" },
	{ SANDBOX_NNP, LAYER_ALL, LAYER_ALWAYS, "no new privileges",
	    "executing gives no right" },
	/* Who is executed before the parent confines itself has none. */
	{ SANDBOX_MDWE, LAYER_WORKER | LAYER_READER, LAYER_OPTIONAL, "W^X",
	    "no memory is writable and executable at once" },
	{ SANDBOX_RLIMITS, LAYER_CHILDREN, LAYER_ALWAYS, "limits",
	    "as below" },
	{ SANDBOX_SYSCALLS, LAYER_WORKER | LAYER_READER | LAYER_COMPILER,
	    LAYER_ALWAYS, "system calls",
	    "capability mode, with rights of descriptors as below" },
	{ 0, 0, LAYER_OPTIONAL, NULL, NULL }
};

const char *
sandbox_os_remark(uint32_t landlock_abi)
{
	(void)landlock_abi;
	return ("");
}
