/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Collectors that are strict: what the test collector's decoder does not take
 * ends the input.
 */

#ifndef COLLECTED_H
#define COLLECTED_H

#include <stddef.h>
#include <stdint.h>

#define COLLECTED_MAX	2

struct collected {
	uint64_t	messages, records, packets, octets;
};
extern struct collected	collected[COLLECTED_MAX];

/* Forget all.  Over TCP a slot's messages are cut out of a stream. */
void	collected_begin(void);
void	collected_datagram(unsigned int slot, const uint8_t *, size_t);
void	collected_stream(unsigned int slot, const uint8_t *, size_t);

/* The connection is over: another begins. */
void	collected_end(unsigned int slot);

#endif
