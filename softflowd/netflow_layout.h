/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What a collector's records are like, compiled once from its struct
 * export_format: the templates, and what each of their fields says.  Templates
 * and records are written from the same table.
 */

#ifndef NETFLOW_LAYOUT_H
#define NETFLOW_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "softflowd.h"

/* What a field says; netflow_record.c. */
enum layout_value {
	VALUE_SRC_ADDR,
	VALUE_DST_ADDR,
	VALUE_FIRST,
	VALUE_LAST,
	VALUE_OCTETS,
	VALUE_PACKETS,
	VALUE_INGRESS,
	VALUE_EGRESS,
	VALUE_SRC_PORT,
	VALUE_DST_PORT,
	VALUE_PROTOCOL,
	VALUE_TCP_FLAGS,
	VALUE_IP_VERSION,
	VALUE_TOS,
	VALUE_REASON,
	VALUE_DIRECTION,
	VALUE_ICMP,
	VALUE_FLOW_ID,
	VALUE_BIFLOW,
	VALUE_SIDE,		/* from here on out of a side record */
	VALUE_TTL_MIN = VALUE_SIDE,
	VALUE_TTL_MAX,
	VALUE_LENGTH_MIN,
	VALUE_LENGTH_MAX,
	VALUE_SYN,
	VALUE_FIN,
	VALUE_RST,
	VALUE_VLAN,
	VALUE_DOT1Q_VLAN,
	VALUE_PRIORITY,
	VALUE_INNER,
	VALUE_INNER_PRIORITY,
	VALUE_POST_VLAN,
	VALUE_SRC_MAC,
	VALUE_DST_MAC,
	VALUE_POST_DST_MAC,
	VALUE_FLOW_LABEL,
	VALUE_SEGMENT,
	VALUE_GRE_KEY,
	VALUE_GTPU_TEID,
	VALUE_MPLS		/* the top label, and so on */
};

#define LAYOUT_FIELDS		96
#define LAYOUT_TEMPLATES	8

struct layout_field {
	uint16_t	element;
	uint8_t		octets;
	uint8_t		value;		/* enum layout_value */
	uint8_t		reverse;	/* the other direction's, RFC 5103 */
};

struct layout_template {
	uint16_t		id;
	uint16_t		octets;		/* of a record */
	uint16_t		specifiers;	/* octets of those in it */
	uint8_t			count;		/* of fields */
	uint8_t			plain;	/* from here to there all templates */
	uint8_t			rest;	/* but classic ones have the same, */
	uint8_t			icmp;	/* and VALUE_ICMP */
	struct layout_field	field[LAYOUT_FIELDS];
};

/* What it must be told besides its format; may be zero throughout. */
struct layout_identity {
	uint8_t		secret[16];	/* keys FORMAT_FLOW_ID's hash */
	uint8_t		exporter[16];	/* our address, IPv4 in 4 octets */
	uint8_t		family;		/* 4 or 6; 0: not known */
	char		name[INTERFACE_NAME];	/* of a capture file */
	int64_t		init_ms;	/* systemInitTimeMilliseconds; 0: each
					   datagram's boot_ms */
};

/*
 * Chosen, it is not changed any more: all datagrams may point at it.  What the
 * templates are indexed by: LAYOUT_* bits.
 */
struct layout {
	struct export_format	format;
	struct layout_identity	identity;
	uint64_t		key[2];		/* of the secret */
	uint8_t			times;		/* not TIMES_DEFAULT */
	uint8_t			origin;		/* the header's is theirs */
	uint8_t			wide;	/* tcpControlBits have 2 octets */
	uint8_t			ntemplates;
	uint8_t			index[8];
	struct layout_template	template[LAYOUT_TEMPLATES];
};
#define LAYOUT_ICMP	1
#define LAYOUT_IPV6	2
#define LAYOUT_BOTH	4	/* both directions in one record */

/*
 * Choose a layout for a collector's format.  sides: flows have side records.
 * -1 with errno EINVAL: of PSAMP, or a version there is none of; flags, times,
 * fields or labels out of range; fields or labels without sides; in version 1
 * and 5 times but as uptime, or a flag; FORMAT_BIFLOW in another version than
 * IPFIX; FORMAT_CLASSIC with FORMAT_FLOW_ID or with fields that softflowd 1.x
 * did not have, which had those of VLANs and MAC addresses.  Versions 1 and 5
 * have no optional fields and leave them out.
 */
int	layout_choose(struct layout *, const struct export_format *, int sides);

/* Before the first datagram, if there is something to tell. */
void	layout_identify(struct layout *, const struct layout_identity *);

/* Octets that the records of any flow need in a datagram, behind templates. */
size_t	layout_room(const struct layout *);

#endif
