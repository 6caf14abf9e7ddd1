/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* softflowd --sandbox where the sandbox is not made of tables. */

#include <stdio.h>

#include "sandbox_filter.h"

int
sandbox_show(int json)
{
	(void)json;
	fprintf(stderr, "softflowd: this build has no description of its "
	    "sandbox\n");
	return (-1);
}
