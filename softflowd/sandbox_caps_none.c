/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Where root is all or nothing: it goes with the ids. */

#include "sandbox.h"

int
sandbox_os_caps_bounding(void)
{
	return (0);
}

int
sandbox_os_caps_drop(void)
{
	return (0);
}

int
sandbox_os_parent_caps(void)
{
	return (0);
}
