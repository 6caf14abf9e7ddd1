/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * OpenBSD, NetBSD: a process has no attributes of these kinds.  Who has left
 * root is not traced by others of its user and leaves no core, until it
 * executes something; a worker whose parent is gone ends, as its channel does.
 */

#include "sandbox.h"

int
sandbox_os_undumpable(void)
{
	return (0);
}

int
sandbox_os_parent_death(void)
{
	return (0);
}

int
sandbox_os_no_new_privs(uint32_t *layers)
{
	(void)layers;
	return (0);
}
