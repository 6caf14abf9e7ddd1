/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A ring that no kernel fills: a shared object with blocks made by hand.
 * Under AddressSanitizer, or behind the end of the object, a step too far ends
 * the test.
 */

#ifndef CAPTURE_FIXTURE_H
#define CAPTURE_FIXTURE_H

#include <linux/if_packet.h>

#include "capture.h"

#define BLOCK	65536U
#define BLOCKS	4U
#define FRAME	128U		/* octets that a frame takes in a block */
#define HEADER	(TPACKET_ALIGN(sizeof(struct tpacket3_hdr)) + \
    sizeof(struct sockaddr_ll))

extern struct capture	*cap;
extern struct counters	 c;
extern int		 fd;
extern uint32_t		 seen[64];	/* first octet of each frame */
extern int32_t		 tags[64];	/* the tag taken out of it, or -1 */
extern int		 nseen;

struct tpacket_block_desc *block(uint32_t n);
struct tpacket3_hdr *header(uint32_t n, uint32_t frame);

/* A full block with so many frames, numbered from first on. */
void	fill(uint32_t n, uint64_t seq, uint32_t frames, uint8_t first);

void	start(void);

/* A worker takes the ring over. */
void	open_ring(uint32_t flags, const struct capture_mark *);

/* Up to max frames; the place behind them. */
struct capture_mark read_some(int max);

void	check_seen(int n, uint32_t first);

#endif
