/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <unistd.h>

#include "confine.h"

int
confine(int connecting)
{
	return (pledge(connecting ? "stdio unix" : "stdio", ""));
}
