/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What a frame begins with, for each link type.  In the confined worker; all
 * octets come from strangers.
 */

#include <stdint.h>
#include <string.h>

#include "packet_link.h"

/* Linux's sll_protocol, where it is no Ethernet type, and sll_hatype. */
#define SLL_802_2		0x0004
#define ARPHRD_IPGRE		778
#define ARPHRD_NETLINK		824

#define NLPID_SNAP		0x80
#define NLPID_IPV4		0xcc
#define NLPID_IPV6		0x8e
#define LLC_UI			0x03		/* unnumbered information */

#define ENC_HEADER		12
#define IPNET_HEADER		24
#define IPNET_IPV4		2		/* Solaris' families */
#define IPNET_IPV6		26
#define NFLOG_HEADER		4		/* also of each attribute */
#define NFLOG_PAYLOAD		9

/* Go on behind Linux's protocol, which is an Ethernet type or LLC. */
static enum next
cooked_next(struct cursor *c, uint16_t hatype, uint16_t proto,
    struct packet_side *side)
{
	if (hatype == ARPHRD_IPGRE || hatype == ARPHRD_NETLINK)
		return (NEXT_NON_IP);
	if (proto < ETHER_MIN_TYPE && proto != SLL_802_2)
		return (NEXT_NON_IP);
	return (packet_ether_type(c, proto, side));
}

static enum next
sll_next(struct cursor *c, struct packet_side *side)
{
	const uint8_t	*header = c->at;

	if (c->left < 16)
		return (NEXT_CUT);
	advance(c, 16);
	return (cooked_next(c, be16(header + 2), be16(header + 14), side));
}

static enum next
sll2_next(struct cursor *c, struct packet_side *side)
{
	const uint8_t	*header = c->at;

	if (c->left < 20)
		return (NEXT_CUT);
	advance(c, 20);
	return (cooked_next(c, be16(header + 8), be16(header), side));
}

/* AF_INET, or AF_INET6 of the systems that have these link types. */
static enum next
family_next(uint32_t family)
{
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

/* A header that begins with a family in the byte order of its host. */
static enum next
null_next(struct cursor *c, uint32_t size)
{
	uint32_t	 family;

	if (c->left < size)
		return (NEXT_CUT);
	family = be32(c->at);
	if ((family & 0xffff) == 0)		/* the other byte order */
		family = (uint32_t)c->at[1] << 8 | c->at[0];
	advance(c, size);
	return (family_next(family));
}

/* It has grown from release to release, and says itself how far. */
static enum next
pflog_next(struct cursor *c)
{
	uint32_t	 size;
	uint8_t		 family;

	if (c->left < 2)
		return (NEXT_CUT);
	size = (c->at[0] + 3U) & ~3U;
	if (size < 4 || c->left < size)
		return (NEXT_CUT);
	family = c->at[1];
	advance(c, size);
	return (family_next(family));
}

/* Attributes, which libpcap has brought to the byte order of this host. */
static enum next
nflog_next(struct cursor *c)
{
	uint16_t	 attribute[2];
	uint32_t	 size;

	if (c->left < NFLOG_HEADER)
		return (NEXT_CUT);
	if (c->at[1] != 0)			/* version */
		return (NEXT_NON_IP);
	advance(c, NFLOG_HEADER);
	while (c->left >= NFLOG_HEADER) {
		memcpy(attribute, c->at, sizeof(attribute));
		if (attribute[0] < NFLOG_HEADER)
			return (NEXT_CUT);
		if ((attribute[1] & 0x7fff) == NFLOG_PAYLOAD) {
			advance(c, NFLOG_HEADER);
			return (NEXT_EITHER);
		}
		size = (attribute[0] + 3U) & ~3U;
		if (c->left < size)
			return (NEXT_CUT);
		advance(c, size);
	}
	return (c->left == 0 ? NEXT_NON_IP : NEXT_CUT);
}

static enum next
ipnet_next(struct cursor *c)
{
	uint8_t	 family;

	if (c->left < IPNET_HEADER)
		return (NEXT_CUT);
	family = c->at[1];
	advance(c, IPNET_HEADER);
	if (family == IPNET_IPV4)
		return (NEXT_IPV4);
	return (family == IPNET_IPV6 ? NEXT_IPV6 : NEXT_NON_IP);
}

static enum next
chdlc_next(struct cursor *c, struct packet_side *side)
{
	uint16_t	 type;

	if (c->left < 4)
		return (NEXT_CUT);
	type = be16(c->at + 2);
	advance(c, 4);
	return (packet_ether_type(c, type, side));
}

/* RFC 1662: address and control may be left out. */
static enum next
ppp_next(struct cursor *c, struct packet_side *side)
{
	if (c->left >= 2 && c->at[0] == 0xff && c->at[1] == 0x03)
		advance(c, 2);
	return (packet_ppp(c, side));
}

static enum next
ppp_serial_next(struct cursor *c, struct packet_side *side)
{
	if (c->left < 2)
		return (NEXT_CUT);
	/* Cisco HDLC's addresses: unicast, broadcast */
	if ((c->at[0] == 0x0f || c->at[0] == 0x8f) && c->at[1] == 0)
		return (chdlc_next(c, side));
	return (ppp_next(c, side));
}

static enum next
ppp_pppd_next(struct cursor *c, struct packet_side *side)
{
	if (c->left < 2)
		return (NEXT_CUT);
	advance(c, c->at[1] == 0x03 ? 2 : 1);
	return (packet_ppp(c, side));
}

static enum next
ppp_with_dir_next(struct cursor *c, struct packet_side *side)
{
	if (c->left < 1)
		return (NEXT_CUT);
	advance(c, 1);
	return (ppp_next(c, side));
}

/*
 * RFC 2427: an address of two to four octets, of which only the last is odd,
 * UI, perhaps padding, and the protocol's number; Cisco has an Ethernet type
 * behind the address.
 */
static enum next
frelay_next(struct cursor *c, struct packet_side *side)
{
	const uint8_t	*p = c->at;
	uint32_t	 size = 2;

	if (c->left < 4)
		return (NEXT_CUT);
	while (size < 4 && (p[size - 1] & 1) == 0)
		size++;
	if (p[0] & 1 || (p[size - 1] & 1) == 0)
		return (NEXT_NON_IP);
	if (c->left < size + 2)
		return (NEXT_CUT);
	p += size;
	if (p[0] != LLC_UI) {
		advance(c, size + 2);
		return (packet_ether_type(c, be16(p), side));
	}
	size += p[1] == 0 ? 2 : 1;
	if (c->left == size)
		return (NEXT_CUT);
	advance(c, size);
	p = c->at;
	switch (p[0]) {
	case NLPID_IPV4:
		advance(c, 1);
		return (NEXT_IPV4);
	case NLPID_IPV6:
		advance(c, 1);
		return (NEXT_IPV6);
	case NLPID_SNAP:
		if (c->left < 6)
			return (NEXT_CUT);
		if (be32(p) & 0xffffff)		/* OUI */
			return (NEXT_NON_IP);
		advance(c, 6);
		return (packet_ether_type(c, be16(p + 4), side));
	default:
		return (NEXT_NON_IP);
	}
}

static enum next
fddi_next(struct cursor *c, struct packet_side *side)
{
	const uint8_t	*header = c->at;

	if (c->left < 13)
		return (NEXT_CUT);
	if ((header[0] & 0xf0) != 0x50)		/* asynchronous LLC frames */
		return (NEXT_NON_IP);
	advance(c, 13);
	packet_mac(side, header + 7, header + 1);
	return (packet_ether_type(c, ETHER_LLC, side));
}

static enum next
token_ring_next(struct cursor *c, struct packet_side *side)
{
	const uint8_t	*header = c->at;
	uint32_t	 size = 14;

	if (c->left < size)
		return (NEXT_CUT);
	if ((header[1] & 0xc0) != 0x40)		/* LLC frames */
		return (NEXT_NON_IP);
	/* A bit of the source address says that a route follows. */
	if (header[8] & 0x80) {
		if (c->left < size + 2)
			return (NEXT_CUT);
		size += header[14] & 0x1f;
	}
	if (c->left < size)
		return (NEXT_CUT);
	advance(c, size);
	packet_mac(side, header + 8, header + 2);
	if (side != NULL)
		side->mac[0][0] &= 0x7f;
	return (packet_ether_type(c, ETHER_LLC, side));
}

/* Two network headers, each 2 octets of kind and a MAC address. */
static enum next
ip_over_fc_next(struct cursor *c, struct packet_side *side)
{
	const uint8_t	*header = c->at;

	if (c->left < 16)
		return (NEXT_CUT);
	advance(c, 16);
	packet_mac(side, header + 10, header + 2);
	return (packet_ether_type(c, ETHER_LLC, side));
}

enum next
packet_link(enum link_type link, const struct frame *frame, struct cursor *c,
    struct packet_side *side)
{
	if (frame->flags & FRAME_VLAN)
		packet_vlan(side, frame->vlan);
	switch (link) {
	case LINK_ETHERNET:
		return (packet_ether(c, side));
	case LINK_NULL:
		return (null_next(c, 4));
	case LINK_RAW:
		return (NEXT_EITHER);
	case LINK_IPV4:
		return (NEXT_IPV4);
	case LINK_IPV6:
		return (NEXT_IPV6);
	case LINK_SLL:
		return (sll_next(c, side));
	case LINK_SLL2:
		return (sll2_next(c, side));
	case LINK_COOKED:
		return (cooked_next(c, 0, frame->ethertype, side));
	case LINK_PPP:
		return (ppp_next(c, side));
	case LINK_PPP_SERIAL:
		return (ppp_serial_next(c, side));
	case LINK_PPP_PPPD:
		return (ppp_pppd_next(c, side));
	case LINK_PPP_WITH_DIR:
		return (ppp_with_dir_next(c, side));
	case LINK_PPP_ETHER:
		return (packet_pppoe(c, side));
	case LINK_C_HDLC:
		return (chdlc_next(c, side));
	case LINK_FRELAY:
		return (frelay_next(c, side));
	case LINK_MPLS:
		return (packet_mpls(c, side));
	case LINK_LLC:
		return (packet_ether_type(c, ETHER_LLC, side));
	case LINK_FDDI:
		return (fddi_next(c, side));
	case LINK_TOKEN_RING:
		return (token_ring_next(c, side));
	case LINK_IP_OVER_FC:
		return (ip_over_fc_next(c, side));
	case LINK_WLAN:
		return (packet_wlan(c, side));
	case LINK_RADIOTAP:
		return (packet_radiotap(c, side));
	case LINK_PRISM:
		return (packet_prism(c, side));
	case LINK_AVS:
		return (packet_avs(c, side));
	case LINK_PFLOG:
		return (pflog_next(c));
	case LINK_ENC:
		return (null_next(c, ENC_HEADER));
	case LINK_NFLOG:
		return (nflog_next(c));
	case LINK_IPNET:
		return (ipnet_next(c));
	default:
		return (NEXT_NON_IP);
	}
}

uint32_t
packet_ip_offset(enum link_type link, const struct frame *frame)
{
	struct cursor	c = { frame->data, frame->caplen };

	(void)packet_link(link, frame, &c, NULL);
	return (frame->caplen - c.left);
}
