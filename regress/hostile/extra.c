/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the filter of hostiled's parent has besides the daemon's: the means of
 * a worker to be more hostile than that lets it be.
 */

#include <stddef.h>

#include "sandbox.h"

const int sandbox_sanitized = 0;

const struct sandbox_extra sandbox_extra_calls[] = {
	{ "shutdown", "to close half of the channel" },
	{ NULL, NULL }
};
