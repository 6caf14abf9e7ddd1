/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the parts of the decoder share: the cursor, reading from it, and the
 * way from the link layer to the IP header.  Included by packet*.c only.
 */

#ifndef PACKET_LINK_H
#define PACKET_LINK_H

#include <stdint.h>

#include "packet.h"

#define ETHER_IPV4		0x0800
#define ETHER_IPV6		0x86dd
#define ETHER_MIN_TYPE		0x0600	/* below: 802.3 length, LLC follows */
#define ETHER_LLC		0	/* such a length, which says nothing */

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
 * All of these move c behind the headers, tags and labels that they know and
 * say what comes there, never NEXT_TYPE.  side keeps what is worth it: MAC
 * addresses, tags and labels, added to those that it holds; NULL if nobody
 * wants to know.
 */

/* packet_link.c: c holds the frame.  Sources: enum link_type. */
enum next packet_link(enum link_type link, const struct frame *,
	    struct cursor *c, struct packet_side *side);

/* packet_wlan.c: an IEEE 802.11 header, and what capture puts before it. */
enum next packet_wlan(struct cursor *c, struct packet_side *side);
enum next packet_radiotap(struct cursor *c, struct packet_side *side);
enum next packet_prism(struct cursor *c, struct packet_side *side);
enum next packet_avs(struct cursor *c, struct packet_side *side);

/* packet_ether.c: an Ethernet header; behind an Ethernet type; IEEE 802. */
enum next packet_ether(struct cursor *c, struct packet_side *side);
enum next packet_ether_type(struct cursor *c, uint16_t type,
	    struct packet_side *side);

/* A label stack, RFC 3032; PPPoE, RFC 2516; a PPP protocol, RFC 1661. */
enum next packet_mpls(struct cursor *c, struct packet_side *side);
enum next packet_pppoe(struct cursor *c, struct packet_side *side);
enum next packet_ppp(struct cursor *c, struct packet_side *side);

/* Keep 6 octets each, or a tag; nothing if side is NULL. */
void	packet_mac(struct packet_side *side, const uint8_t *src,
	    const uint8_t *dst);
void	packet_vlan(struct packet_side *side, uint16_t tag);

#endif
