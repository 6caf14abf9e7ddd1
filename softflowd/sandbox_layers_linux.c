/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The layers that Linux has. */

#include <stdio.h>

#include "sandbox_filter.h"

const int	sandbox_os_counts_stack = 0;

const struct sandbox_layer	sandbox_os_layers[] = {
	{ SANDBOX_CHROOT, LAYER_WORKER | LAYER_READER, LAYER_ROOT, "chroot",
	    "the root directory is empty and deleted" },
	{ SANDBOX_IDS, LAYER_CHILDREN, LAYER_ROOT, "ids",
	    "user and group of -u, no other group" },
	{ SANDBOX_CAPS, LAYER_ALL, LAYER_ALWAYS, "capabilities",
	    "none but those below; bounding set likewise" },
	{ SANDBOX_UNDUMPABLE, LAYER_CHILDREN, LAYER_ALWAYS, "undumpable",
	    "not for ptrace(2) by its user, no core" },
	{ SANDBOX_NNP, LAYER_ALL, LAYER_ALWAYS, "no new privileges",
	    "executing gives no right" },
	{ SANDBOX_MDWE, LAYER_ALL, LAYER_OPTIONAL, "MDWE",
	    "no memory becomes executable; Linux 6.3" },
	{ SANDBOX_LANDLOCK, LAYER_ALL, LAYER_OPTIONAL, "Landlock",
	    "no file, TCP port, abstract socket or signal to "
	    "a stranger but as below; Linux 5.13, TCP 6.7, the others 6.12" },
	{ SANDBOX_RLIMITS, LAYER_CHILDREN, LAYER_ALWAYS, "limits",
	    "as below" },
	{ SANDBOX_SYSCALLS, LAYER_ALL, LAYER_ALWAYS, "system calls",
	    "as below" },
	{ 0, 0, LAYER_OPTIONAL, NULL, NULL }
};

const char *
sandbox_os_remark(uint32_t landlock_abi)
{
	static char	 text[32];

	snprintf(text, sizeof(text), "; Landlock ABI %u", landlock_abi);
	return (text);
}
