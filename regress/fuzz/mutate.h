/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* New inputs out of kept ones, where there is no fuzzer. */

#ifndef MUTATE_H
#define MUTATE_H

#include <stddef.h>
#include <stdint.h>

struct mutate_input {
	uint8_t	*data;
	size_t	 size;
};

/*
 * Write one to data, which has room for max octets; how many it has.  The same
 * state, which is not 0, makes the same one of the same inputs; n is not 0.
 */
size_t	mutate(const struct mutate_input *, size_t n, uint64_t *state,
	    uint8_t *data, size_t max);

#endif
