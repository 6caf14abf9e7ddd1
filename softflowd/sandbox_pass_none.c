/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Where descriptors have no rights of their own, but their readers. */

#include "sandbox.h"

int
sandbox_pass(int control, int fd)
{
	(void)control;
	(void)fd;
	return (0);
}
