/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* OpenBSD: the system's own times hold for all connections. */

#include "net_system.h"

void
net_give_up(int fd, int ms)
{
	(void)fd;
	(void)ms;
}
