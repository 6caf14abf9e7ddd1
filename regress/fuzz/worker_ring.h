/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* A ring of blocks, as the kernel fills it with frames. */

#ifndef WORKER_RING_H
#define WORKER_RING_H

#include <stdint.h>

#include "fuzz.h"

#define RING_BLOCK	65536U
#define RING_BLOCKS	4U
#define RING_SIZE	(RING_BLOCK * RING_BLOCKS)

/* An empty one; its descriptor, which is the caller's. */
int	ring_begin(void);
void	ring_end(void);

/*
 * Fill a block, if there is a free one: with packets of flows, or with one
 * frame of octets of the input.
 */
void	ring_frames(struct take *, int64_t unix_us);
void	ring_frame(struct take *, int64_t unix_us);

/* How many frames there were in all. */
uint64_t ring_fed(void);

#endif
