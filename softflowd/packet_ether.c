/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * From an Ethernet type to the IP header: tags, labels, LLC and PPP, which
 * most link layers have in common.  In the confined worker; all octets come
 * from strangers.  Each step takes octets away, so that whatever is stacked
 * upon whatever ends with the frame; there is no other bound.
 */

#include <stdint.h>
#include <string.h>

#include "packet_link.h"

#define ETHER_MPLS		0x8847
#define ETHER_MPLS_UPSTREAM	0x8848
#define ETHER_PPPOE_SESSION	0x8864

#define PPP_IPV4		0x0021
#define PPP_IPV6		0x0057
#define PPP_MPLS		0x0281
#define PPP_MPLS_UPSTREAM	0x0283

void
packet_mac(struct packet_side *side, const uint8_t *src, const uint8_t *dst)
{
	if (side == NULL)
		return;
	memcpy(side->mac[0], src, 6);
	memcpy(side->mac[1], dst, 6);
}

void
packet_vlan(struct packet_side *side, uint16_t tag)
{
	if (side == NULL)
		return;
	if (side->vlans < 2)
		side->vlan[side->vlans] = tag;
	if (side->vlans < UINT8_MAX)
		side->vlans++;
}

enum next
packet_mpls(struct cursor *c, struct packet_side *side)
{
	uint8_t	 bottom;

	do {
		if (c->left < 4)
			return (NEXT_CUT);
		if (side != NULL && side->labels < SIDE_LABELS)
			side->label[side->labels++] = be32(c->at) >> 8;
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

enum next
packet_ppp(struct cursor *c, struct packet_side *side)
{
	uint16_t	 proto;

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
		return (packet_mpls(c, side));
	default:
		return (NEXT_NON_IP);
	}
}

enum next
packet_pppoe(struct cursor *c, struct packet_side *side)
{
	if (c->left < 6)
		return (NEXT_CUT);
	if (c->at[1] != 0)			/* session data has code 0 */
		return (NEXT_NON_IP);
	advance(c, 6);
	return (packet_ppp(c, side));
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

enum next
packet_ether_type(struct cursor *c, uint16_t type, struct packet_side *side)
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
			packet_vlan(side, be16(c->at));
			type = be16(c->at + 2);
			advance(c, 4);
			break;
		case ETHER_MPLS:
		case ETHER_MPLS_UPSTREAM:
			return (packet_mpls(c, side));
		case ETHER_PPPOE_SESSION:
			return (packet_pppoe(c, side));
		default:
			if (type >= ETHER_MIN_TYPE)
				return (NEXT_NON_IP);
			if ((next = llc_next(c, &type)) != NEXT_TYPE)
				return (next);
			break;
		}
	}
}

enum next
packet_ether(struct cursor *c, struct packet_side *side)
{
	const uint8_t	*header = c->at;

	if (c->left < 14)
		return (NEXT_CUT);
	advance(c, 14);
	packet_mac(side, header + 6, header);
	return (packet_ether_type(c, be16(header + 12), side));
}
