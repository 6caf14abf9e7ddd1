/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Several datagrams by one call, where the system has that.  In the worker,
 * confined.
 */

#ifndef SEGMENT_H
#define SEGMENT_H

#include "export.h"

/* For export_segments(); NULL where it cannot be. */
export_segment_fn	*segment_function(void);

#endif
