/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* From an IP packet's payload to the packet that it carries in a tunnel. */

#ifndef PACKET_TUNNEL_H
#define PACKET_TUNNEL_H

#include <stdint.h>

#include "packet_link.h"

struct tunnel_header {
	enum tunnel	tunnel;
	enum next	next;		/* what is inside; never NEXT_TYPE */
	uint64_t	id;		/* GRE key, VNI, TEID, session */
};

/*
 * Whether c, the payload of an IP packet with that protocol, begins with one
 * of these tunnels; c is then moved to what it carries, which need not be IP.
 *   tunnels   TUNNEL_BIT() of each to recognise
 * c ends where the packet does and may be cut anywhere.  If not, c and t are
 * undefined.
 * Source: RFC 2784, RFC 2890, RFC 2637 (PPTP), draft-foschiano-erspan-03,
 * RFC 2003, RFC 4213, RFC 2473, RFC 7348 (VXLAN), draft-ietf-nvo3-vxlan-gpe,
 * RFC 8926 (Geneve), 3GPP TS 29.281 (GTP-U), RFC 4380 (Teredo), RFC 2661 and
 * RFC 3931 (L2TP).
 */
int	packet_tunnel(uint8_t proto, uint32_t tunnels, struct cursor *c,
	    struct tunnel_header *t);

#endif
