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

/* Behind the link header; most frames take no call. */
static inline enum next
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
key_fill(struct packet *pkt, const struct decode *how, struct cursor c,
    uint8_t family, uint8_t proto, uint64_t src, uint64_t dst)
{
	uint16_t	 port[2] = { 0, 0 };

	pkt->tcp_flags = 0;
	if (how->level >= TRACK_PORT && (pkt->flags & PACKET_FRAGMENT) == 0)
		transport_decode(c, family, proto, port, pkt);

	pkt->dir = src > dst || (src == dst && port[0] > port[1]);
	pkt->key.port[pkt->dir] = port[0];
	pkt->key.port[!pkt->dir] = port[1];
	pkt->key.reserved = 0;
	pkt->key.proto = how->level >= TRACK_PROTO ? proto : 0;
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
ipv4_decode(struct cursor c, uint32_t wire, const struct decode *how,
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
	pkt->tos = how->level == TRACK_FULL ? ip[1] : 0;
	pkt->flags = (be16(ip + 6) & 0x1fff) != 0 ? PACKET_FRAGMENT : 0;
	key_fill(pkt, how, c, 4, ip[9], be32(ip + 12), be32(ip + 16));
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
ipv6_decode(struct cursor c, uint32_t wire, const struct decode *how,
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
	pkt->tos = how->level == TRACK_FULL ? be16(ip) >> 4 & 0xff : 0;
	pkt->flags = 0;
	proto = extensions_walk(&c, proto, oversize, pkt);

	src = be64(ip + 8);
	dst = be64(ip + 24);
	if (src == dst) {
		src = be64(ip + 16);
		dst = be64(ip + 32);
	}
	key_fill(pkt, how, c, 6, proto, src, dst);
	memcpy(pkt->key.addr[pkt->dir], ip + 8, 16);
	memcpy(pkt->key.addr[!pkt->dir], ip + 24, 16);
	return (PACKET_OK);
}

enum packet_result
packet_decode(enum link_type link, const struct frame *frame,
    const struct decode *how, struct packet *pkt)
{
	struct cursor	 c = { frame->data, frame->caplen };
	enum next	 next;
	uint32_t	 wire;

	if (how->side) {
		memset(&pkt->side, 0, sizeof(pkt->side));
		next = packet_link(link, frame, &c, &pkt->side);
	} else
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
		return (ipv4_decode(c, wire, how, pkt));
	case NEXT_IPV6:
		return (ipv6_decode(c, wire, how, pkt));
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
