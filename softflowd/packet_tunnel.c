/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Tunnel headers, in the confined worker, which holds no privilege.  One
 * layer at a time; all octets come from strangers, and nothing but a protocol
 * or port number says that this is a tunnel.  What cannot be told is no
 * tunnel: the packet is then accounted by what carries it.
 */

#include <stddef.h>
#include <stdint.h>

#include "packet_tunnel.h"

#define PROTO_IPIP		4
#define PROTO_UDP		17
#define PROTO_IPV6		41
#define PROTO_GRE		47
#define PROTO_L2TP		115

#define PORT_L2TP		1701
#define PORT_GTPU		2152
#define PORT_TEREDO		3544
#define PORT_VXLAN		4789
#define PORT_VXLAN_GPE		4790
#define PORT_GENEVE		6081

#define ETHER_BRIDGED		0x6558	/* transparent Ethernet bridging */
#define ETHER_PPTP		0x880b
#define ETHER_ERSPAN		0x88be	/* types I and II */
#define ETHER_ERSPAN3		0x22eb

#define GRE_CHECKSUM		0x8000
#define GRE_ROUTING		0x4000
#define GRE_KEY			0x2000
#define GRE_SEQUENCE		0x1000
#define GRE_ACK			0x0080	/* version 1 */
#define GRE_VERSION		0x0007

#define GTPU_EXTENSIONS		8	/* followed */

#define L2TP_CONTROL		0x8000
#define L2TP_LENGTH		0x4000
#define L2TP_SEQUENCE		0x0800
#define L2TP_OFFSET		0x0200
#define L2TP_VERSION		0x000f

/* Move c on, if there is so much and at least one octet behind it. */
static int
skip(struct cursor *c, uint32_t octets)
{
	if (c->left <= octets)
		return (0);
	advance(c, octets);
	return (1);
}

/* What a header says about its end, if that comes first. */
static void
shorten(struct cursor *c, uint32_t octets)
{
	if (c->left > octets)
		c->left = octets;
}

static enum next
ether_type_next(struct cursor *c, uint16_t type)
{
	switch (type) {
	case ETHER_IPV4:
		return (NEXT_IPV4);
	case ETHER_IPV6:
		return (NEXT_IPV6);
	case ETHER_BRIDGED:
		return (packet_ether(c, NULL));
	default:
		return (NEXT_NON_IP);
	}
}

/* RFC 1662 section 3.2: address and control may be left out. */
static enum next
ppp_next(struct cursor *c)
{
	if (c->left >= 2 && c->at[0] == 0xff && c->at[1] == 0x03)
		advance(c, 2);
	return (packet_ppp(c, NULL));
}

/* Type II has 8 octets, type III 12 and, if a bit says so, 8 more. */
static enum next
erspan_next(struct cursor *c, uint16_t type, struct tunnel_header *t)
{
	const uint8_t	*header = c->at;
	uint32_t	 length = type == ETHER_ERSPAN ? 8 : 12;

	if (!skip(c, length))
		return (NEXT_CUT);
	if (header[0] >> 4 != (type == ETHER_ERSPAN ? 1 : 2))
		return (NEXT_NON_IP);
	t->id = be16(header + 2) & 0x03ff;
	if (type == ETHER_ERSPAN3) {
		if ((be16(header + 10) >> 10 & 0x1f) != 0)
			return (NEXT_NON_IP);	/* no Ethernet frame */
		if (header[11] & 1 && !skip(c, 8))
			return (NEXT_CUT);
	}
	return (packet_ether(c, NULL));
}

/* RFC 2637 section 4.1: without a sequence number there is no payload. */
static int
pptp_open(struct cursor *c, struct tunnel_header *t)
{
	uint16_t	 flags = be16(c->at);
	uint16_t	 length;

	if (c->left < 8 || be16(c->at + 2) != ETHER_PPTP ||
	    (flags & (GRE_CHECKSUM | GRE_ROUTING | GRE_KEY | GRE_SEQUENCE)) !=
	    (GRE_KEY | GRE_SEQUENCE))
		return (0);
	length = be16(c->at + 4);
	t->id = be16(c->at + 6);
	if (!skip(c, flags & GRE_ACK ? 16 : 12))
		return (0);
	shorten(c, length);
	t->next = ppp_next(c);
	return (1);
}

static int
gre_open(struct cursor *c, struct tunnel_header *t)
{
	const uint8_t	*header = c->at;
	uint32_t	 length = 4;
	uint16_t	 flags, type;

	if (c->left < 4)
		return (0);
	flags = be16(header);
	type = be16(header + 2);
	if ((flags & GRE_VERSION) == 1)
		return (pptp_open(c, t));
	/* RFC 2784 section 2.3: routing is not understood. */
	if ((flags & (GRE_VERSION | GRE_ROUTING)) != 0)
		return (0);
	length += flags & GRE_CHECKSUM ? 4 : 0;
	if (flags & GRE_KEY) {
		if (c->left < length + 4)
			return (0);
		t->id = be32(header + length);
		length += 4;
	}
	length += flags & GRE_SEQUENCE ? 4 : 0;
	if (!skip(c, length))
		return (0);
	if (type == ETHER_ERSPAN3 ||
	    (type == ETHER_ERSPAN && flags & GRE_SEQUENCE))
		t->next = erspan_next(c, type, t);
	else
		t->next = ether_type_next(c, type == ETHER_ERSPAN ?
		    ETHER_BRIDGED : type);
	return (1);
}

/* RFC 7348 section 5; with GPE the header says what follows. */
static int
vxlan_open(struct cursor *c, int gpe, struct tunnel_header *t)
{
	const uint8_t	*header = c->at;

	if (!skip(c, 8) || (header[0] & 0x08) == 0)
		return (0);
	t->id = be32(header + 4) >> 8;
	if (!gpe || (header[0] & 0x04) == 0) {
		t->next = packet_ether(c, NULL);
		return (1);
	}
	if ((header[0] & 0x31) != 0)		/* version, OAM */
		return (0);
	switch (header[3]) {
	case 1:
		t->next = NEXT_IPV4;
		break;
	case 2:
		t->next = NEXT_IPV6;
		break;
	case 3:
		t->next = packet_ether(c, NULL);
		break;
	default:
		return (0);
	}
	return (1);
}

/* RFC 8926 section 3.4. */
static int
geneve_open(struct cursor *c, struct tunnel_header *t)
{
	const uint8_t	*header = c->at;

	if (c->left < 8 || header[0] >> 6 != 0 || (header[1] & 0x80) != 0 ||
	    !skip(c, 8 + (uint32_t)(header[0] & 0x3f) * 4))
		return (0);
	t->id = be32(header + 4) >> 8;
	t->next = ether_type_next(c, be16(header + 2));
	return (1);
}

/* 3GPP TS 29.281 section 5: a G-PDU of version 1. */
static int
gtpu_open(struct cursor *c, struct tunnel_header *t)
{
	const uint8_t	*header = c->at;
	uint32_t	 length;
	uint8_t		 next;
	int		 i;

	if (!skip(c, 8) || header[0] >> 4 != 3 || header[1] != 255)
		return (0);
	t->id = be32(header + 4);
	shorten(c, be16(header + 2));
	t->next = NEXT_EITHER;
	if ((header[0] & 0x07) == 0)
		return (1);
	/* Sequence and N-PDU numbers, and the next header's type. */
	if (!skip(c, 4))
		return (0);
	next = header[0] & 0x04 ? header[11] : 0;
	for (i = 0; next != 0; i++) {
		length = (uint32_t)c->at[0] * 4;
		if (i == GTPU_EXTENSIONS || length == 0 || !skip(c, length))
			return (0);
		next = c->at[-1];
	}
	return (1);
}

/* RFC 4380 section 5.1.1: authentication, then origin, each at most once. */
static int
teredo_open(struct cursor *c, struct tunnel_header *t)
{
	if (c->left >= 4 && be16(c->at) == 0x0001 &&
	    !skip(c, 4 + (uint32_t)c->at[2] + c->at[3] + 8 + 1))
		return (0);
	if (c->left >= 2 && be16(c->at) == 0x0000 && !skip(c, 8))
		return (0);
	t->next = NEXT_IPV6;
	return (1);
}

/*
 * RFC 3931 section 4.1, behind the session's number: a cookie and a sublayer
 * whose lengths the two ends have agreed upon.  Taken are the first that lead
 * to an Ethernet frame with an IP header, the most common ones first.
 */
static int
l2tpv3_open(struct cursor *c, struct tunnel_header *t)
{
	static const uint8_t	skips[] = { 4, 0, 8, 12 };
	struct cursor		 try;
	size_t			 i;

	if (c->left <= 4 || be32(c->at) == 0)	/* 0: a control message */
		return (0);
	t->id = be32(c->at);
	advance(c, 4);
	for (i = 0; i < sizeof(skips); i++) {
		try = *c;
		if (!skip(&try, skips[i]))
			continue;
		t->next = packet_ether(&try, NULL);
		if (try.left > 0 &&
		    ((t->next == NEXT_IPV4 && try.at[0] >> 4 == 4) ||
		    (t->next == NEXT_IPV6 && try.at[0] >> 4 == 6))) {
			*c = try;
			return (1);
		}
	}
	return (0);
}

/* RFC 2661 section 3.1, PPP; or RFC 3931 section 4.1.2. */
static int
l2tp_udp_open(struct cursor *c, struct tunnel_header *t)
{
	const uint8_t	*header = c->at;
	uint32_t	 length = 2;
	uint16_t	 flags;

	if (c->left < 8)
		return (0);
	flags = be16(header);
	if (flags & L2TP_CONTROL)
		return (0);
	if ((flags & L2TP_VERSION) == 3)
		return (skip(c, 4) && l2tpv3_open(c, t));
	if ((flags & L2TP_VERSION) != 2)
		return (0);
	if (flags & L2TP_LENGTH) {
		shorten(c, be16(header + 2));
		length += 2;
	}
	if (c->left < length + 4)
		return (0);
	t->id = be32(header + length);		/* tunnel, session */
	length += 4;
	length += flags & L2TP_SEQUENCE ? 4 : 0;
	if (flags & L2TP_OFFSET) {
		if (c->left < length + 2)
			return (0);
		length += 2 + (uint32_t)be16(header + length);
	}
	if (!skip(c, length))
		return (0);
	t->next = ppp_next(c);
	return (1);
}

static int
wanted(enum tunnel tunnel, uint32_t tunnels, struct tunnel_header *t)
{
	t->tunnel = tunnel;
	return ((tunnels & TUNNEL_BIT(tunnel)) != 0);
}

static int
udp_open(uint32_t tunnels, struct cursor *c, struct tunnel_header *t)
{
	const uint8_t	*header = c->at;
	uint16_t	 src, dst, length;

	if (!skip(c, 8))
		return (0);
	src = be16(header);
	dst = be16(header + 2);
	length = be16(header + 4);
	if (length != 0)			/* 0: an offloaded segment */
		shorten(c, length < 8 ? 0 : length - 8);
	switch (dst) {
	case PORT_VXLAN:
	case PORT_VXLAN_GPE:
		return (wanted(TUNNEL_VXLAN, tunnels, t) &&
		    vxlan_open(c, dst == PORT_VXLAN_GPE, t));
	case PORT_GENEVE:
		return (wanted(TUNNEL_GENEVE, tunnels, t) &&
		    geneve_open(c, t));
	case PORT_GTPU:
		return (wanted(TUNNEL_GTPU, tunnels, t) && gtpu_open(c, t));
	}
	/* Here the other end may have any port. */
	if (dst == PORT_TEREDO || src == PORT_TEREDO)
		return (wanted(TUNNEL_TEREDO, tunnels, t) &&
		    teredo_open(c, t));
	if (dst == PORT_L2TP || src == PORT_L2TP)
		return (wanted(TUNNEL_L2TP, tunnels, t) &&
		    l2tp_udp_open(c, t));
	return (0);
}

int
packet_tunnel(uint8_t proto, uint32_t tunnels, struct cursor *c,
    struct tunnel_header *t)
{
	t->id = 0;
	switch (proto) {
	case PROTO_UDP:
		return (udp_open(tunnels, c, t));
	case PROTO_GRE:
		return (wanted(TUNNEL_GRE, tunnels, t) && gre_open(c, t));
	case PROTO_IPIP:
		t->next = NEXT_IPV4;
		return (wanted(TUNNEL_IPIP, tunnels, t));
	case PROTO_IPV6:
		t->next = NEXT_IPV6;
		return (wanted(TUNNEL_6IN4, tunnels, t));
	case PROTO_L2TP:
		return (wanted(TUNNEL_L2TP, tunnels, t) && l2tpv3_open(c, t));
	default:
		return (0);
	}
}
