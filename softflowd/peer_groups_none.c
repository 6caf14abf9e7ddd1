/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* A system that does not tell: the socket's own group and mode must do. */

#include "peer_groups.h"

int
peer_in_group(int fd, gid_t gid)
{
	(void)fd;
	(void)gid;
	return (1);
}
