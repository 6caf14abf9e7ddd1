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

#define RING_BLOCK_SIZE		(64 * 1024)
#define RING_BLOCK_SIZE_LARGE	(256 * 1024)	/* snap lengths over 32 KiB */
#define RING_BLOCKS_MIN		4
#define RING_BLOCKS_MAX		65536

#endif
