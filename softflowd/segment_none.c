/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* A system where each datagram takes a call of its own. */

#include <stddef.h>

#include "segment.h"

export_segment_fn *
segment_function(void)
{
	return (NULL);
}
