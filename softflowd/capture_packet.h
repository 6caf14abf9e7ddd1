/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the two halves of live capture on Linux agree on; included by nobody
 * else.
 */

#ifndef CAPTURE_PACKET_H
#define CAPTURE_PACKET_H

/* Powers of two; from the second on also for snap lengths over 32 KiB. */
#define RING_BLOCK_SIZE		(64U * 1024)
#define RING_BLOCK_SIZE_LARGE	(256U * 1024)
#define RING_BLOCK_SIZE_MAX	(1024U * 1024)
#define RING_BLOCKS_MIN		4
#define RING_BLOCKS_MAX		65536
#define RING_BLOCK_TIMER_MS	100	/* a quiet link waits no longer */

#endif
