/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * From a frame to a flow key and what to count.  Pure: no state, no clock,
 * no allocation; every length is checked against the captured octets.
 */

#ifndef PACKET_H
#define PACKET_H

#include <stdint.h>

#include "softflowd.h"

/* What a frame begins with. */
enum link_type {
	LINK_ETHERNET,
	LINK_NULL,		/* 4-octet family, either byte order; also LOOP */
	LINK_RAW,		/* IPv4 or IPv6 by the version nibble */
	LINK_IPV4,
	LINK_IPV6,
	LINK_SLL,		/* Linux cooked v1 */
	LINK_SLL2,		/* Linux cooked v2 */
	LINK_COOKED,		/* no header; frame.ethertype says what follows */
	LINK_PPP,		/* RFC 1662 address and control, or without */
	LINK_PPP_SERIAL,	/* the same, or Cisco HDLC */
	LINK_PPP_PPPD,		/* a direction in the place of the address */
	LINK_PPP_WITH_DIR,	/* a direction before LINK_PPP */
	LINK_PPP_ETHER,		/* RFC 2516, no Ethernet header */
	LINK_C_HDLC,		/* Cisco HDLC, RFC 1547 section 4.3.1 */
	LINK_FRELAY,		/* RFC 2427, or Cisco's Ethernet type */
	LINK_MPLS,		/* RFC 3032 label stack */
	LINK_LLC,		/* RFC 2684 LLC encapsulation (ATM) */
	LINK_FDDI,
	LINK_TOKEN_RING,
	LINK_IP_OVER_FC,	/* RFC 2625 */
	LINK_WLAN,		/* IEEE 802.11 */
	LINK_RADIOTAP,		/* 802.11 behind what the driver says */
	LINK_PRISM,		/* likewise, or AVS */
	LINK_AVS,		/* likewise */
	LINK_PFLOG,		/* pf(4)'s log, length in its first octet */
	LINK_ENC,		/* IPsec before encryption, OpenBSD's enc(4) */
	LINK_NFLOG,		/* Linux; attributes in this host's order */
	LINK_IPNET,		/* Solaris */
	LINK_TYPES
};

/*
 * One captured frame.  data is borrowed from the capture block and valid
 * until the next capture_read().
 */
struct frame {
	const uint8_t	*data;
	uint32_t	 caplen;	/* octets at data */
	uint32_t	 wirelen;	/* octets on the wire */
	uint64_t	 time_us;	/* since the epoch */
	uint16_t	 ethertype;	/* host order; LINK_COOKED only */
	uint16_t	 vlan;		/* tag that is not in data; FRAME_VLAN */
	uint8_t		 slot;		/* interface.h: where it was seen */
	uint8_t		 outgoing;	/* and that it went out there */
	uint8_t		 flags;		/* FRAME_* */
};
#define FRAME_LOOPBACK_OUT	0x01	/* second sighting on loopback */
#define FRAME_FILTERED		0x02	/* refused by the filter; no data */
#define FRAME_NOT_TAKEN		(FRAME_LOOPBACK_OUT | FRAME_FILTERED)
#define FRAME_VLAN		0x04	/* the outer tag was taken out */

/*
 * Both directions of a conversation have one key: endpoint 0 is the one with
 * the lower address (octet order), at equal addresses the lower port.  IPv4
 * addresses stand in the first 4 octets, the rest is zero.  What the track
 * level leaves out is zero.  No padding: compared and hashed as 40 octets.
 */
struct flow_key {
	uint8_t		addr[2][16];
	uint16_t	port[2];	/* host order */
	uint16_t	reserved;	/* ToS at TRACK_TOS, or zero */
	uint8_t		proto;
	uint8_t		family;		/* 4 or 6 */
};
_Static_assert(sizeof(struct flow_key) == 40, "flow_key has padding");

/*
 * What else a packet says, for records that ask for more.  source comes
 * before destination, whichever direction that is; what a packet does not
 * have is zero.
 */
#define SIDE_LABELS	10

struct packet_side {
	uint8_t		mac[2][6];
	uint8_t		outer[2][16];	/* a tunnel's endpoints, as in keys */
	uint64_t	tunnel_id;	/* GRE key, VNI, TEID, session */
	uint32_t	label[SIDE_LABELS];	/* MPLS, top first; no TTL: 24
						   bits as on the wire */
	uint32_t	flow_label;	/* IPv6 */
	uint16_t	vlan[2];	/* the first two tags with priority */
	uint16_t	tcp_control;	/* 12 bits, RFC 9293 section 3.1 */
	uint8_t		vlans;		/* tags there were, at most 255 */
	uint8_t		labels;		/* MPLS labels kept */
	uint8_t		ttl;		/* or hop limit */
	uint8_t		tunnel;		/* enum tunnel; the outermost's, as are
					   its endpoints and tunnel_id */
	uint8_t		outer_family;
	uint8_t		reserved;
};

/* What most of them need is in one cache line. */
struct packet {
	_Alignas(64) struct flow_key	key;
	uint64_t	time_us;
	uint64_t	octets;		/* IP total length, see packet_decode */
	uint8_t		slot;		/* struct frame's */
	uint8_t		outgoing;
	uint8_t		dir;		/* which endpoint sent it, 0 or 1 */
	uint8_t		tcp_flags;	/* octet 13 of the TCP header, or 0 */
	uint8_t		tos;		/* ToS or traffic class */
	uint8_t		flags;		/* PACKET_* */
	uint32_t	frag_id;	/* of a first or later fragment */
	struct packet_side	side;	/* with struct decode's side only */
};
#define PACKET_FRAGMENT		0x01	/* later fragment: no ports */
#define PACKET_NO_PORTS		0x02	/* transport header cut off */
#define PACKET_EXT_CUT		0x04	/* IPv6 extension header cut off */
#define PACKET_FRAG_FIRST	0x08	/* offset 0, and more will follow */
#define PACKET_JOINED		0x10	/* with its first one's ports */
#define PACKET_TUNNEL		0x20	/* what a tunnel holds */

enum packet_result {
	PACKET_OK,
	PACKET_NON_IP,
	PACKET_SHORT_LINK,
	PACKET_SHORT_IPV4,
	PACKET_SHORT_IPV4_OPTIONS,
	PACKET_SHORT_IPV6,
	PACKET_BAD_VERSION,
	PACKET_BAD_HEADER_LENGTH,
	PACKET_BAD_TOTAL_LENGTH,
	PACKET_RESULT_MAX
};

/* What to make of frames; the same for all of them. */
struct decode {
	enum track_level	level;	/* what the key holds */
	int			side;	/* fill in struct packet's side */
	uint32_t		tunnels;	/* to open: TUNNEL_BIT() each */
};

#define TUNNEL_DEPTH	4	/* tunnels within each other, opened */

/*
 * Decode one frame as far as its flow key.
 *   link   what the frame begins with
 *   pkt    filled in when PACKET_OK is returned, undefined otherwise
 * octets is the IPv4 total length or 40 + the IPv6 payload length; where that
 * field is 0 because of segmentation offload, the jumbo payload option's
 * length + 40 or the wire length less the link header.  Ports are those of
 * TCP, UDP, DCCP, SCTP and UDP-Lite; ICMP type * 256 + code is the
 * destination port; below TRACK_PORT they and the TCP flags are not looked
 * at.  A later fragment, whatever its offset, has neither.
 *
 * With tunnels to open, all of that but a refusal is the innermost packet's
 * whose IP header is valid, at most TUNNEL_DEPTH deep: what seems to be a
 * tunnel and holds none is an ordinary packet.  A first fragment is opened,
 * a later one is not.
 *
 * how->side asks for pkt->side.
 * Reads nothing beyond frame->caplen; ends within caplen steps whatever the
 * frame holds.
 * Source: RFC 791, RFC 8200, RFC 2675, RFC 3032, RFC 2516, IEEE 802.1Q, and
 * the link types' own above.
 */
enum packet_result packet_decode(enum link_type link,
    const struct frame *frame, const struct decode *how, struct packet *pkt);

/* Octets of such a frame before its IP header. */
uint32_t packet_ip_offset(enum link_type link, const struct frame *frame);

/* A drop reason's counter in c; NULL for PACKET_OK. */
uint64_t *packet_drop_counter(struct counters *c, enum packet_result reason);

#endif
