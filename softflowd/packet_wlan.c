/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * IEEE 802.11 headers, alone or behind what drivers say about reception.  In
 * the confined worker; all octets come from strangers.
 */

#include <stdint.h>

#include "packet_link.h"

/* First octet of the frame control field */
#define CONTROL_TYPE		0x0c
#define CONTROL_TYPE_DATA	0x08
#define CONTROL_NO_DATA		0x40
#define CONTROL_QOS		0x80
/* and its second. */
#define CONTROL_DS		0x03	/* from and to the access point */
#define CONTROL_PROTECTED	0x40
#define CONTROL_ORDER		0x80

#define QOS_AMSDU		0x80

#define PRISM_HEADER		144
#define AVS_MAGIC		0x80211000	/* and a version in 12 bits */

/* Where the source and the destination are, by CONTROL_DS. */
static const uint8_t wlan_address[4][2] = {
	{ 10, 4 }, { 10, 16 }, { 16, 4 }, { 24, 16 }
};

/* Only data that can be read: not encrypted, one packet in a frame. */
enum next
packet_wlan(struct cursor *c, struct packet_side *side)
{
	const uint8_t	*header = c->at, *address;
	uint32_t	 size;

	if (c->left < 2)
		return (NEXT_CUT);
	if ((header[0] & CONTROL_TYPE) != CONTROL_TYPE_DATA ||
	    header[0] & CONTROL_NO_DATA || header[1] & CONTROL_PROTECTED)
		return (NEXT_NON_IP);
	size = (header[1] & CONTROL_DS) == CONTROL_DS ? 30 : 24;
	if (header[0] & CONTROL_QOS) {
		if (c->left < size + 2)
			return (NEXT_CUT);
		if (header[size] & QOS_AMSDU)
			return (NEXT_NON_IP);
		size += header[1] & CONTROL_ORDER ? 6 : 2;
	}
	if (c->left < size)
		return (NEXT_CUT);
	advance(c, size);
	address = wlan_address[header[1] & CONTROL_DS];
	packet_mac(side, header + address[0], header + address[1]);
	return (packet_ether_type(c, ETHER_LLC, side));
}

enum next
packet_radiotap(struct cursor *c, struct packet_side *side)
{
	uint32_t	 size;

	if (c->left < 4)
		return (NEXT_CUT);
	size = (uint32_t)(c->at[3] << 8 | c->at[2]);	/* little endian */
	if (c->left < size)
		return (NEXT_CUT);
	advance(c, size);
	return (packet_wlan(c, side));
}

enum next
packet_avs(struct cursor *c, struct packet_side *side)
{
	uint32_t	 size;

	if (c->left < 8)
		return (NEXT_CUT);
	size = be32(c->at + 4);
	if (c->left < size)
		return (NEXT_CUT);
	advance(c, size);
	return (packet_wlan(c, side));
}

/* Some drivers send AVS headers under this link type. */
enum next
packet_prism(struct cursor *c, struct packet_side *side)
{
	if (c->left < 8)
		return (NEXT_CUT);
	if ((be32(c->at) & 0xfffff000) == AVS_MAGIC)
		return (packet_avs(c, side));
	if (c->left < PRISM_HEADER)
		return (NEXT_CUT);
	advance(c, PRISM_HEADER);
	return (packet_wlan(c, side));
}
