/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Frames to flow keys, in the confined worker, which holds no privilege.
 * All octets come from strangers.  A cursor says where the rest of the frame
 * begins and how much of it was captured; it only moves forward, and nothing
 * is read before its length was compared with what is left.
 */

#include <stdint.h>
#include <string.h>

#include "packet.h"

#define ETHER_IPV4		0x0800
#define ETHER_IPV6		0x86dd
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

#define IPV4_HEADER		20
#define IPV6_HEADER		40
#define TCP_FLAGS		13	/* where they are in its header */

#define PROTO_HOPOPTS		0
#define PROTO_ICMP		1
#define PROTO_TCP		6
#define PROTO_UDP		17
#define PROTO_DCCP		33
#define PROTO_ROUTING		43
#define PROTO_FRAGMENT		44
#define PROTO_AH		51
#define PROTO_ICMPV6		58
#define PROTO_NONE		59
#define PROTO_DSTOPTS		60
#define PROTO_SCTP		132
#define PROTO_UDPLITE		136

#define OPTION_PAD1		0x00
#define OPTION_JUMBO		0xc2

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

static inline enum next
link_next(enum link_type link, const struct frame *frame, struct cursor *c)
{
	const uint8_t	*header = c->at;
	uint16_t	 type;

	switch (link) {
	case LINK_ETHERNET:
		if (c->left < 14)
			return (NEXT_CUT);
		advance(c, 14);
		type = be16(header + 12);
		if (type == ETHER_IPV4)		/* most frames: no call */
			return (NEXT_IPV4);
		if (type == ETHER_IPV6)
			return (NEXT_IPV6);
		return (ether_next(c, type));
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

/* Ports or ICMP type, and TCP flags; c ends where the IP packet ends. */
static inline void
transport_decode(struct cursor c, uint8_t family, uint8_t proto,
    uint16_t port[2], struct packet *pkt)
{
	switch (proto) {
	case PROTO_TCP:
		if (c.left > TCP_FLAGS)
			pkt->tcp_flags = c.at[TCP_FLAGS];
		/* FALLTHROUGH */
	case PROTO_UDP:
	case PROTO_DCCP:
	case PROTO_SCTP:
	case PROTO_UDPLITE:
		if (c.left < 4) {
			pkt->flags |= PACKET_NO_PORTS;
			break;
		}
		port[0] = be16(c.at);
		port[1] = be16(c.at + 2);
		break;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		if ((proto == PROTO_ICMP) != (family == 4))
			break;
		if (c.left < 2) {
			pkt->flags |= PACKET_NO_PORTS;
			break;
		}
		port[1] = be16(c.at);
		break;
	}
}

/*
 * The key but for its addresses, and the direction.  src and dst need only
 * compare as the addresses do.  c is behind the last header walked.
 */
static inline void
key_fill(struct packet *pkt, enum track_level level, struct cursor c,
    uint8_t family, uint8_t proto, uint64_t src, uint64_t dst)
{
	uint16_t	 port[2] = { 0, 0 };

	pkt->tcp_flags = 0;
	if (level >= TRACK_PORT && (pkt->flags & PACKET_FRAGMENT) == 0)
		transport_decode(c, family, proto, port, pkt);

	pkt->dir = src > dst || (src == dst && port[0] > port[1]);
	pkt->key.port[pkt->dir] = port[0];
	pkt->key.port[!pkt->dir] = port[1];
	pkt->key.reserved = 0;
	pkt->key.proto = level >= TRACK_PROTO ? proto : 0;
	pkt->key.family = family;
}

/* By whole words, as it will be read. */
static inline void
ipv4_address(uint8_t addr[16], const uint8_t *ip)
{
	uint64_t	 word[2] = { 0, 0 };

	memcpy(word, ip, 4);
	memcpy(addr, word, 16);
}

static inline enum packet_result
ipv4_decode(struct cursor c, uint32_t wire, enum track_level level,
    struct packet *pkt)
{
	const uint8_t	*ip = c.at;
	uint32_t	 length, total;

	if (c.left < IPV4_HEADER)
		return (PACKET_SHORT_IPV4);
	if (ip[0] >> 4 != 4)
		return (PACKET_BAD_VERSION);
	length = (ip[0] & 0x0f) * 4;
	if (length < IPV4_HEADER)
		return (PACKET_BAD_HEADER_LENGTH);
	total = be16(ip + 2);
	if (total != 0 && total < length)
		return (PACKET_BAD_TOTAL_LENGTH);
	if (c.left < length)
		return (PACKET_SHORT_IPV4_OPTIONS);

	if (total == 0)				/* segmentation offload */
		pkt->octets = wire;
	else {
		pkt->octets = total;
		if (c.left > total)		/* Ethernet padding */
			c.left = total;
	}
	advance(&c, length);
	pkt->tos = level == TRACK_FULL ? ip[1] : 0;
	pkt->flags = (be16(ip + 6) & 0x1fff) != 0 ? PACKET_FRAGMENT : 0;
	key_fill(pkt, level, c, 4, ip[9], be32(ip + 12), be32(ip + 16));
	ipv4_address(pkt->key.addr[pkt->dir], ip + 12);
	ipv4_address(pkt->key.addr[!pkt->dir], ip + 16);
	return (PACKET_OK);
}

/* RFC 2675: c holds the options; octets stays if there is none. */
static void
jumbo_decode(struct cursor c, uint64_t *octets)
{
	uint32_t	 length;

	while (c.left > 0) {
		if (c.at[0] == OPTION_PAD1) {
			advance(&c, 1);
			continue;
		}
		if (c.left < 2)
			return;
		length = 2 + (uint32_t)c.at[1];
		if (c.left < length)
			return;
		if (c.at[0] == OPTION_JUMBO && length == 6) {
			*octets = IPV6_HEADER + (uint64_t)be32(c.at + 2);
			return;
		}
		advance(&c, length);
	}
}

/*
 * Walk the extension headers; returns the protocol behind them.  One that is
 * cut off is returned itself, and a later fragment ends the walk.
 */
static uint8_t
extensions_walk(struct cursor *c, uint8_t proto, int oversize,
    struct packet *pkt)
{
	uint32_t	 length;
	uint8_t		 next;

	for (;;) {
		switch (proto) {
		case PROTO_HOPOPTS:
		case PROTO_ROUTING:
		case PROTO_FRAGMENT:
		case PROTO_AH:
		case PROTO_DSTOPTS:
			break;
		default:
			return (proto);
		}
		length = 8;
		if (c->left >= 8 && proto == PROTO_AH)
			length = ((uint32_t)c->at[1] + 2) * 4;
		else if (c->left >= 8 && proto != PROTO_FRAGMENT)
			length = ((uint32_t)c->at[1] + 1) * 8;
		if (c->left < 8 || c->left < length) {
			pkt->flags |= PACKET_EXT_CUT;
			return (proto);
		}
		next = c->at[0];
		if (proto == PROTO_HOPOPTS && oversize)
			jumbo_decode((struct cursor){ c->at + 2, length - 2 },
			    &pkt->octets);
		if (proto == PROTO_FRAGMENT && be16(c->at + 2) >> 3 != 0) {
			pkt->flags |= PACKET_FRAGMENT;
			return (next);
		}
		advance(c, length);
		proto = next;
	}
}

static inline enum packet_result
ipv6_decode(struct cursor c, uint32_t wire, enum track_level level,
    struct packet *pkt)
{
	const uint8_t	*ip = c.at;
	uint64_t	 src, dst;
	uint32_t	 total;
	uint8_t		 proto;
	int		 oversize;

	if (c.left < IPV6_HEADER)
		return (PACKET_SHORT_IPV6);
	if (ip[0] >> 4 != 6)
		return (PACKET_BAD_VERSION);
	total = IPV6_HEADER + (uint32_t)be16(ip + 4);
	proto = ip[6];
	/* A lone header, even padded, is no offloaded segment. */
	oversize = total == IPV6_HEADER && proto != PROTO_NONE && wire > 60;
	if (oversize)
		pkt->octets = wire;
	else {
		pkt->octets = total;
		if (c.left > total)
			c.left = total;
	}
	advance(&c, IPV6_HEADER);
	pkt->tos = level == TRACK_FULL ? be16(ip) >> 4 & 0xff : 0;
	pkt->flags = 0;
	proto = extensions_walk(&c, proto, oversize, pkt);

	src = be64(ip + 8);
	dst = be64(ip + 24);
	if (src == dst) {
		src = be64(ip + 16);
		dst = be64(ip + 32);
	}
	key_fill(pkt, level, c, 6, proto, src, dst);
	memcpy(pkt->key.addr[pkt->dir], ip + 8, 16);
	memcpy(pkt->key.addr[!pkt->dir], ip + 24, 16);
	return (PACKET_OK);
}

enum packet_result
packet_decode(enum link_type link, const struct frame *frame,
    enum track_level level, struct packet *pkt)
{
	struct cursor	 c = { frame->data, frame->caplen };
	enum next	 next;
	uint32_t	 wire;

	next = link_next(link, frame, &c);
	if (next == NEXT_EITHER) {
		if (c.left == 0)
			return (PACKET_SHORT_LINK);
		if (c.at[0] >> 4 != 4 && c.at[0] >> 4 != 6)
			return (PACKET_BAD_VERSION);
		next = c.at[0] >> 4 == 4 ? NEXT_IPV4 : NEXT_IPV6;
	}
	/* Savefiles exist that have a wire length below what they hold. */
	wire = c.left;
	if (frame->wirelen > frame->caplen)
		wire += frame->wirelen - frame->caplen;
	pkt->time_us = frame->time_us;
	pkt->ifindex = frame->ifindex;
	switch (next) {
	case NEXT_IPV4:
		return (ipv4_decode(c, wire, level, pkt));
	case NEXT_IPV6:
		return (ipv6_decode(c, wire, level, pkt));
	case NEXT_CUT:
		return (PACKET_SHORT_LINK);
	default:
		return (PACKET_NON_IP);
	}
}

uint64_t *
packet_drop_counter(struct counters *c, enum packet_result reason)
{
	switch (reason) {
	case PACKET_NON_IP:
		return (&c->drop_non_ip);
	case PACKET_SHORT_LINK:
		return (&c->drop_short_link);
	case PACKET_SHORT_IPV4:
		return (&c->drop_short_ipv4);
	case PACKET_SHORT_IPV4_OPTIONS:
		return (&c->drop_short_ipv4_options);
	case PACKET_SHORT_IPV6:
		return (&c->drop_short_ipv6);
	case PACKET_BAD_VERSION:
		return (&c->drop_bad_version);
	case PACKET_BAD_HEADER_LENGTH:
		return (&c->drop_bad_header_length);
	case PACKET_BAD_TOTAL_LENGTH:
		return (&c->drop_bad_total_length);
	default:
		return (NULL);
	}
}
