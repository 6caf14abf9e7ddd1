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

struct bpf_program;
struct capture_params;

/*
 * Compile params' expression for a device, and find out its link type (DLT_).
 * The program is the caller's, for pcap_freecode(3).  -1 with a line in error.
 */
int	ring_compile(const struct capture_params *, const char *device,
	    struct bpf_program *, int *dlt, char *error, size_t errorlen);

#endif
