/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Link headers, tags and labels, up to the IP header or where it cannot be
 * told.  In the confined worker; all octets come from strangers.
 */

#include <stdint.h>

#include "packet_link.h"

#define ETHER_MPLS		0x8847
#define ETHER_MPLS_UPSTREAM	0x8848
#define ETHER_PPPOE_SESSION	0x8864
#define ETHER_MIN_TYPE		0x0600	/* below: 802.3 length, LLC follows */

#define PPP_IPV4		0x0021
#define PPP_IPV6		0x0057
#define PPP_MPLS		0x0281
#define PPP_MPLS_UPSTREAM	0x0283

/* Linux's sll_protocol, where it is no Ethernet type, and sll_hatype. */
#define SLL_802_2		0x0004
#define ARPHRD_IPGRE		778
#define ARPHRD_NETLINK		824

static enum next
mpls_next(struct cursor *c)
{
	uint8_t	 bottom;

	do {
		if (c->left < 4)
			return (NEXT_CUT);
		bottom = c->at[2] & 1;
		advance(c, 4);
	} while (!bottom);
	if (c->left == 0)
		return (NEXT_CUT);
	/* Nothing names the payload; anything else may be a pseudowire. */
	switch (c->at[0] >> 4) {
	case 4:
		return (NEXT_IPV4);
	case 6:
		return (NEXT_IPV6);
	default:
		return (NEXT_NON_IP);
	}
}

static enum next
pppoe_next(struct cursor *c)
{
	uint16_t	 proto;

	if (c->left < 6)
		return (NEXT_CUT);
	if (c->at[1] != 0)			/* session data has code 0 */
		return (NEXT_NON_IP);
	advance(c, 6);
	if (c->left < 1)
		return (NEXT_CUT);
	if (c->at[0] & 1) {			/* compressed to one octet */
		proto = c->at[0];
		advance(c, 1);
	} else {
		if (c->left < 2)
			return (NEXT_CUT);
		proto = be16(c->at);
		advance(c, 2);
	}
	switch (proto) {
	case PPP_IPV4:
		return (NEXT_IPV4);
	case PPP_IPV6:
		return (NEXT_IPV6);
	case PPP_MPLS:
	case PPP_MPLS_UPSTREAM:
		return (mpls_next(c));
	default:
		return (NEXT_NON_IP);
	}
}

static enum next
llc_next(struct cursor *c, uint16_t *type)
{
	uint32_t	 oui;

	if (c->left < 3)
		return (NEXT_CUT);
	if (c->at[0] == 0x06 && c->at[1] == 0x06 && c->at[2] == 0x03) {
		advance(c, 3);
		return (NEXT_IPV4);
	}
	if (c->at[0] != 0xaa || c->at[1] != 0xaa || c->at[2] != 0x03)
		return (NEXT_NON_IP);
	if (c->left < 8)
		return (NEXT_CUT);
	oui = be32(c->at + 2) & 0xffffff;
	*type = be16(c->at + 6);
	if ((oui != 0 && oui != 0x0000f8) || *type < ETHER_MIN_TYPE)
		return (NEXT_NON_IP);
	advance(c, 8);
	return (NEXT_TYPE);
}

/* Go on behind an Ethernet type. */
static enum next
ether_next(struct cursor *c, uint16_t type)
{
	enum next	 next;

	for (;;) {
		switch (type) {
		case ETHER_IPV4:
			return (NEXT_IPV4);
		case ETHER_IPV6:
			return (NEXT_IPV6);
		case 0x8100:			/* 802.1Q */
		case 0x88a8:			/* 802.1ad */
		case 0x9100:			/* QinQ before 802.1ad */
		case 0x9200:
		case 0x9300:
			if (c->left < 4)
				return (NEXT_CUT);
			type = be16(c->at + 2);
			advance(c, 4);
			break;
		case ETHER_MPLS:
		case ETHER_MPLS_UPSTREAM:
			return (mpls_next(c));
		case ETHER_PPPOE_SESSION:
			return (pppoe_next(c));
		default:
			if (type >= ETHER_MIN_TYPE)
				return (NEXT_NON_IP);
			if ((next = llc_next(c, &type)) != NEXT_TYPE)
				return (next);
			break;
		}
	}
}

/* Go on behind Linux's protocol, which is an Ethernet type or LLC. */
static enum next
cooked_next(struct cursor *c, uint16_t hatype, uint16_t proto)
{
	if (hatype == ARPHRD_IPGRE || hatype == ARPHRD_NETLINK)
		return (NEXT_NON_IP);
	if (proto < ETHER_MIN_TYPE && proto != SLL_802_2)
		return (NEXT_NON_IP);
	return (ether_next(c, proto));
}

static enum next
null_next(struct cursor *c)
{
	uint32_t	 family;

	if (c->left < 4)
		return (NEXT_CUT);
	family = be32(c->at);
	if ((family & 0xffff) == 0)		/* the other byte order */
		family = (uint32_t)c->at[1] << 8 | c->at[0];
	advance(c, 4);
	switch (family) {
	case 2:
		return (NEXT_IPV4);
	case 24:				/* NetBSD, OpenBSD */
	case 28:				/* FreeBSD */
	case 30:				/* macOS */
		return (NEXT_IPV6);
	default:
		return (NEXT_NON_IP);
	}
}

enum next
packet_link(enum link_type link, const struct frame *frame, struct cursor *c)
{
	const uint8_t	*header = c->at;

	switch (link) {
	case LINK_ETHERNET:
		if (c->left < 14)
			return (NEXT_CUT);
		advance(c, 14);
		return (ether_next(c, be16(header + 12)));
	case LINK_NULL:
		return (null_next(c));
	case LINK_RAW:
		return (NEXT_EITHER);
	case LINK_IPV4:
		return (NEXT_IPV4);
	case LINK_IPV6:
		return (NEXT_IPV6);
	case LINK_SLL:
		if (c->left < 16)
			return (NEXT_CUT);
		advance(c, 16);
		return (cooked_next(c, be16(header + 2), be16(header + 14)));
	case LINK_SLL2:
		if (c->left < 20)
			return (NEXT_CUT);
		advance(c, 20);
		return (cooked_next(c, be16(header + 8), be16(header)));
	case LINK_COOKED:
		return (cooked_next(c, 0, frame->ethertype));
	default:
		return (NEXT_NON_IP);
	}
}
