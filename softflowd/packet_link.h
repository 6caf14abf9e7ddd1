/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the two halves of the decoder share: the cursor, reading from it, and
 * the way from the link layer to the IP header.  Included by packet*.c only.
 */

#ifndef PACKET_LINK_H
#define PACKET_LINK_H

#include <stdint.h>

#include "packet.h"

#define ETHER_IPV4		0x0800
#define ETHER_IPV6		0x86dd

struct cursor {
	const uint8_t	*at;
	uint32_t	 left;		/* captured octets from there on */
};

/* What the link layer says about the rest of the frame. */
enum next {
	NEXT_IPV4,
	NEXT_IPV6,
	NEXT_EITHER,			/* the version nibble decides */
	NEXT_TYPE,			/* an Ethernet type was found */
	NEXT_NON_IP,
	NEXT_CUT
};

static inline uint16_t
be16(const uint8_t *p)
{
	return ((uint16_t)(p[0] << 8 | p[1]));
}

static inline uint32_t
be32(const uint8_t *p)
{
	return ((uint32_t)be16(p) << 16 | be16(p + 2));
}

static inline uint64_t
be64(const uint8_t *p)
{
	return ((uint64_t)be32(p) << 32 | be32(p + 4));
}

static inline void
advance(struct cursor *c, uint32_t octets)
{
	c->at += octets;
	c->left -= octets;
}

/*
 * Move c, which holds the frame, behind the link header and all tags and
 * labels.  Returns what comes there, never NEXT_TYPE.
 */
enum next packet_link(enum link_type link, const struct frame *,
	    struct cursor *c);

#endif
