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
#include "packet_link.h"
#include "packet_tunnel.h"

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

#define IPV4_FRAGMENT		0x3fff	/* offset, and more to follow */
#define IPV4_OFFSET		0x1fff

#define OPTION_PAD1		0x00
#define OPTION_JUMBO		0xc2

/* The compiler would not, where there is more than one caller. */
#define INLINE		inline __attribute__((__always_inline__))

/* Behind the last header walked; c ends where the IP packet does. */
struct payload {
	struct cursor	 c;
	uint8_t		 proto;
};

/* Behind the link header; most frames take no call. */
static INLINE enum next
link_next(enum link_type link, const struct frame *frame, struct cursor *c)
{
	uint16_t	 type;

	if (link != LINK_ETHERNET || c->left < 14)
		return (packet_link(link, frame, c, NULL));
	type = be16(c->at + 12);
	advance(c, 14);
	if (type == ETHER_IPV4)
		return (NEXT_IPV4);
	if (type == ETHER_IPV6)
		return (NEXT_IPV6);
	return (packet_ether_type(c, type, NULL));
}

/* Ports or ICMP type, and TCP flags; c ends where the IP packet ends. */
static INLINE void
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
 * compare as the addresses do.
 */
static INLINE void
key_fill(struct packet *pkt, const struct decode *how,
    const struct payload *rest, uint8_t family, uint64_t src, uint64_t dst)
{
	uint16_t	 port[2] = { 0, 0 };

	pkt->tcp_flags = 0;
	if (how->level >= TRACK_PORT && (pkt->flags & PACKET_FRAGMENT) == 0)
		transport_decode(rest->c, family, rest->proto, port, pkt);

	pkt->dir = src > dst || (src == dst && port[0] > port[1]);
	pkt->key.port[pkt->dir] = port[0];
	pkt->key.port[!pkt->dir] = port[1];
	pkt->key.reserved = how->level == TRACK_TOS ? pkt->tos : 0;
	pkt->key.proto = how->level >= TRACK_PROTO ? rest->proto : 0;
	pkt->key.family = family;
}

/* By whole words, as it will be read. */
static INLINE void
ipv4_address(uint8_t addr[16], const uint8_t *ip)
{
	uint64_t	 word[2] = { 0, 0 };

	memcpy(word, ip, 4);
	memcpy(addr, word, 16);
}

static INLINE enum packet_result
ipv4_decode(struct cursor c, uint32_t wire, const struct decode *how,
    struct packet *pkt, struct payload *rest)
{
	const uint8_t	*ip = c.at;
	uint32_t	 length, total;
	uint16_t	 fragment;

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
	rest->c = c;
	rest->proto = ip[9];
	pkt->tos = how->level >= TRACK_FULL ? ip[1] : 0;
	pkt->flags = 0;
	fragment = be16(ip + 6) & IPV4_FRAGMENT;
	if (fragment != 0) {
		pkt->flags = (fragment & IPV4_OFFSET) != 0 ?
		    PACKET_FRAGMENT : PACKET_FRAG_FIRST;
		pkt->frag_id = be16(ip + 4);
	}
	key_fill(pkt, how, rest, 4, be32(ip + 12), be32(ip + 16));
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

/* RFC 8200 section 4.5; the last one counts. */
static void
fragment_decode(const uint8_t *header, struct packet *pkt)
{
	uint16_t	 offset = be16(header + 2);

	pkt->flags &= ~PACKET_FRAG_FIRST;
	pkt->frag_id = be32(header + 4);
	if (offset >> 3 != 0)
		pkt->flags |= PACKET_FRAGMENT;
	else if (offset & 1)
		pkt->flags |= PACKET_FRAG_FIRST;
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
		if (proto == PROTO_FRAGMENT) {
			fragment_decode(c->at, pkt);
			if (pkt->flags & PACKET_FRAGMENT)
				return (next);
		}
		advance(c, length);
		proto = next;
	}
}

static INLINE enum packet_result
ipv6_decode(struct cursor c, uint32_t wire, const struct decode *how,
    struct packet *pkt, struct payload *rest)
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
	pkt->tos = how->level >= TRACK_FULL ? be16(ip) >> 4 & 0xff : 0;
	pkt->flags = 0;
	rest->proto = extensions_walk(&c, proto, oversize, pkt);
	rest->c = c;

	src = be64(ip + 8);
	dst = be64(ip + 24);
	if (src == dst) {
		src = be64(ip + 16);
		dst = be64(ip + 32);
	}
	key_fill(pkt, how, rest, 6, src, dst);
	memcpy(pkt->key.addr[pkt->dir], ip + 8, 16);
	memcpy(pkt->key.addr[!pkt->dir], ip + 24, 16);
	return (PACKET_OK);
}

/* wire: octets on the wire from c on. */
static INLINE enum packet_result
ip_decode(enum next next, struct cursor c, uint32_t wire,
    const struct decode *how, struct packet *pkt, struct payload *rest)
{
	if (next == NEXT_EITHER) {
		if (c.left == 0)
			return (PACKET_SHORT_LINK);
		if (c.at[0] >> 4 != 4 && c.at[0] >> 4 != 6)
			return (PACKET_BAD_VERSION);
		next = c.at[0] >> 4 == 4 ? NEXT_IPV4 : NEXT_IPV6;
	}
	switch (next) {
	case NEXT_IPV4:
		return (ipv4_decode(c, wire, how, pkt, rest));
	case NEXT_IPV6:
		return (ipv6_decode(c, wire, how, pkt, rest));
	case NEXT_CUT:
		return (PACKET_SHORT_LINK);
	default:
		return (PACKET_NON_IP);
	}
}

/* What the headers of a valid packet at ip say besides. */
static void
side_decode(const uint8_t *ip, const struct decode *how,
    const struct payload *rest, struct packet *pkt)
{
	struct packet_side	*side = &pkt->side;

	if (pkt->key.family == 4) {
		side->ttl = ip[8];
		side->flow_label = 0;
	} else {
		side->ttl = ip[7];
		side->flow_label = be32(ip) & 0xfffff;
	}
	side->tcp_control = 0;
	if (rest->proto == PROTO_TCP && how->level >= TRACK_PORT &&
	    (pkt->flags & PACKET_FRAGMENT) == 0 && rest->c.left > TCP_FLAGS)
		side->tcp_control = be16(rest->c.at + TCP_FLAGS - 1) & 0x0fff;
}

/* Of the outermost one; outer is what carries it. */
static void
side_tunnel(struct packet_side *side, const struct packet *outer,
    const struct tunnel_header *t)
{
	if (side->tunnel != TUNNEL_NONE)
		return;
	side->tunnel = (uint8_t)t->tunnel;
	side->tunnel_id = t->id;
	side->outer_family = outer->key.family;
	memcpy(side->outer[0], outer->key.addr[outer->dir], 16);
	memcpy(side->outer[1], outer->key.addr[!outer->dir], 16);
}

/*
 * Go on from pkt, whose IP header is at ip with wire octets from there on, to
 * what it carries, and so on; pkt stays what was valid last.
 */
static void
tunnels_decode(const uint8_t *ip, uint32_t wire, const struct decode *how,
    struct payload *rest, struct packet *pkt)
{
	struct tunnel_header	 t;
	struct packet		 inner;
	struct cursor		 c;
	uint32_t		 length;
	unsigned int		 depth;

	for (depth = 0; depth < TUNNEL_DEPTH; depth++) {
		c = rest->c;
		if (pkt->flags & PACKET_FRAGMENT ||
		    !packet_tunnel(rest->proto, how->tunnels, &c, &t))
			return;
		/* It ends where its carrier does. */
		if (pkt->octets < wire)
			wire = (uint32_t)pkt->octets;
		length = (uint32_t)(c.at - ip);
		wire = wire > length + c.left ? wire - length : c.left;
		ip = c.at;
		inner = *pkt;
		if (ip_decode(t.next, c, wire, how, &inner, rest) != PACKET_OK)
			return;
		/* No more than its carrier holds, whatever it says. */
		if (inner.octets > wire)
			inner.octets = wire;
		inner.flags |= PACKET_TUNNEL;
		if (how->side) {
			side_tunnel(&inner.side, pkt, &t);
			side_decode(ip, how, rest, &inner);
		}
		*pkt = inner;
	}
}

/* *ip and *wire: the IP header and the octets on the wire from there on. */
static INLINE enum packet_result
frame_decode(enum link_type link, const struct frame *frame,
    const struct decode *how, struct packet *pkt, struct payload *rest,
    const uint8_t **ip, uint32_t *wire)
{
	struct cursor	 c = { frame->data, frame->caplen };
	enum next	 next;

	next = how->side ? packet_link(link, frame, &c, &pkt->side) :
	    link_next(link, frame, &c);
	*ip = c.at;
	/* Savefiles exist that have a wire length below what they hold. */
	*wire = c.left;
	if (frame->wirelen > frame->caplen)
		*wire += frame->wirelen - frame->caplen;
	pkt->time_us = frame->time_us;
	pkt->slot = frame->slot;
	pkt->outgoing = frame->outgoing;
	return (ip_decode(next, c, *wire, how, pkt, rest));
}

/* With side facts or tunnels. */
static __attribute__((__noinline__)) enum packet_result
more_decode(enum link_type link, const struct frame *frame,
    const struct decode *how, struct packet *pkt)
{
	struct payload		 rest;
	const uint8_t		*ip;
	enum packet_result	 result;
	uint32_t		 wire;

	if (how->side)
		memset(&pkt->side, 0, sizeof(pkt->side));
	result = frame_decode(link, frame, how, pkt, &rest, &ip, &wire);
	if (result != PACKET_OK)
		return (result);
	if (how->side)
		side_decode(ip, how, &rest, pkt);
	if (how->tunnels != 0)
		tunnels_decode(ip, wire, how, &rest, pkt);
	return (PACKET_OK);
}

/* Apart, so that who wants none of that pays one branch. */
enum packet_result
packet_decode(enum link_type link, const struct frame *frame,
    const struct decode *how, struct packet *pkt)
{
	struct payload	 rest;
	const uint8_t	*ip;
	uint32_t	 wire;

	if (__builtin_expect(how->side || how->tunnels != 0, 0))
		return (more_decode(link, frame, how, pkt));
	return (frame_decode(link, frame, how, pkt, &rest, &ip, &wire));
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
