/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Optional fields of v9 and IPFIX records, out of a flow's side record.
 * Worker, confined; pure.
 *
 * v9 has the elements that it defined, up to 127, and of the others those of
 * VLANs, which its collectors read.  A tunnel's endpoints are left out: there
 * are no elements for them, and repeating those of addresses would have to
 * begin with the outermost (RFC 7011 section 8).  Nor are there any for
 * fragments, or for ids of tunnels but GRE, VXLAN and GTP-U.
 */

#include <string.h>

#include "compat.h"
#include "netflow_template.h"

enum value {
	VALUE_TTL_MIN,
	VALUE_TTL_MAX,
	VALUE_LENGTH_MIN,
	VALUE_LENGTH_MAX,
	VALUE_SYN,
	VALUE_FIN,
	VALUE_RST,
	VALUE_VLAN,
	VALUE_PRIORITY,
	VALUE_INNER,
	VALUE_INNER_PRIORITY,
	VALUE_SRC_MAC,
	VALUE_DST_MAC,
	VALUE_FLOW_LABEL,
	VALUE_SEGMENT,
	VALUE_GRE_KEY,
	VALUE_GTPU_TEID,
	VALUE_MPLS		/* the top label, and so on */
};

/* In the order of records; octets 0: this version has none. */
static const struct {
	uint16_t	fields;		/* OPTIONAL_* that it belongs to */
	uint16_t	element;
	uint8_t		octets9, octets10;
	uint8_t		value;
} defs[] = {
	{ OPTIONAL_TTL, IE_TTL_MIN, 1, 1, VALUE_TTL_MIN },
	{ OPTIONAL_TTL, IE_TTL_MAX, 1, 1, VALUE_TTL_MAX },
	{ OPTIONAL_LENGTH, IE_LENGTH_MIN, 2, 4, VALUE_LENGTH_MIN },
	{ OPTIONAL_LENGTH, IE_LENGTH_MAX, 2, 4, VALUE_LENGTH_MAX },
	{ OPTIONAL_TCP, IE_TCP_SYN, 0, 4, VALUE_SYN },
	{ OPTIONAL_TCP, IE_TCP_FIN, 0, 4, VALUE_FIN },
	{ OPTIONAL_TCP, IE_TCP_RST, 0, 4, VALUE_RST },
	{ OPTIONAL_VLAN, IE_VLAN, 2, 2, VALUE_VLAN },
	{ OPTIONAL_VLAN, IE_DOT1Q_VLAN, 2, 2, VALUE_VLAN },
	{ OPTIONAL_VLAN, IE_DOT1Q_PRIORITY, 0, 1, VALUE_PRIORITY },
	{ OPTIONAL_VLAN, IE_DOT1Q_INNER, 2, 2, VALUE_INNER },
	{ OPTIONAL_VLAN, IE_DOT1Q_INNER_PRIORITY, 0, 1,
	    VALUE_INNER_PRIORITY },
	{ OPTIONAL_MAC, IE_SRC_MAC, 6, 6, VALUE_SRC_MAC },
	{ OPTIONAL_MAC, IE_DST_MAC, 6, 6, VALUE_DST_MAC },
	{ OPTIONAL_LABEL, IE_FLOW_LABEL, 3, 4, VALUE_FLOW_LABEL },
	{ OPTIONAL_TUNNEL, IE_SEGMENT, 0, 8, VALUE_SEGMENT },
	{ OPTIONAL_TUNNEL, IE_GRE_KEY, 0, 4, VALUE_GRE_KEY },
	{ OPTIONAL_TUNNEL, IE_GTPU_TEID, 0, 4, VALUE_GTPU_TEID },
};
_Static_assert(nitems(defs) + SIDE_LABELS <= OPTIONAL_FIELDS, "all fit");

/* Both records of a flow in the smallest datagram that has no templates. */
_Static_assert(NETFLOW9_HEADER + SET_HEAD + DATAGRAM_ALIGN - 1 +
    2 * (TEMPLATE_RECORD_MAX + 1 + OPTIONAL_OCTETS) <= PAYLOAD_MIN,
    "two records fit");

static void
add_field(struct optional_part *part, uint16_t element, uint8_t octets,
    unsigned int value)
{
	part->field[part->count++] = (struct optional_field){ element, octets,
	    (uint8_t)value };
	part->octets += octets;
}

static void
choose_part(struct optional_part *part, int ipv6, uint16_t version,
    unsigned int fields, unsigned int labels)
{
	unsigned int	i;
	uint8_t		octets;

	if (!ipv6)
		fields &= ~(unsigned int)OPTIONAL_LABEL;
	for (i = 0; i < nitems(defs); i++) {
		octets = version == NETFLOW9_VERSION ? defs[i].octets9 :
		    defs[i].octets10;
		if (fields & defs[i].fields && octets != 0)
			add_field(part, defs[i].element, octets,
			    defs[i].value);
	}
	for (i = 0; i < labels && i < SIDE_LABELS; i++)
		add_field(part, (uint16_t)(IE_MPLS + i), 3, VALUE_MPLS + i);
}

void
optional_choose(struct optional *o, uint16_t version, unsigned int fields,
    unsigned int labels)
{
	memset(o, 0, sizeof(*o));
	o->wide = (fields & OPTIONAL_TCP) != 0;
	choose_part(&o->part[0], 0, version, fields, labels);
	choose_part(&o->part[1], 1, version, fields, labels);
}

static uint64_t
load(const uint8_t *p, size_t octets)
{
	uint64_t	v = 0;

	while (octets-- > 0)
		v = v << 8 | *p++;
	return (v);
}

/* Its id if the packets came in a tunnel of that kind. */
static uint64_t
tunnel_id(const struct side_first *first, enum tunnel tunnel)
{
	return (first->tunnel == tunnel ? first->tunnel_id : 0);
}

static uint64_t
segment(const struct side_first *first)
{
	if (first->tunnel == TUNNEL_VXLAN)
		return (SEGMENT_VXLAN | first->tunnel_id);
	return (tunnel_id(first, TUNNEL_GENEVE));
}

static uint64_t
value_of(unsigned int value, const struct side_counts *c,
    const struct side_first *first)
{
	switch (value) {
	case VALUE_TTL_MIN:
		return (c->ttl_min);
	case VALUE_TTL_MAX:
		return (c->ttl_max);
	case VALUE_LENGTH_MIN:
		return (c->length_min);
	case VALUE_LENGTH_MAX:
		return (c->length_max);
	case VALUE_SYN:
		return (c->syn);
	case VALUE_FIN:
		return (c->fin);
	case VALUE_RST:
		return (c->rst);
	case VALUE_VLAN:
		return (first->vlan[0] & SIDE_VLAN_ID);
	case VALUE_PRIORITY:
		return (first->vlan[0] >> SIDE_PRIORITY);
	case VALUE_INNER:
		return (first->vlan[1] & SIDE_VLAN_ID);
	case VALUE_INNER_PRIORITY:
		return (first->vlan[1] >> SIDE_PRIORITY);
	case VALUE_SRC_MAC:
		return (load(first->mac[0], 6));
	case VALUE_DST_MAC:
		return (load(first->mac[1], 6));
	case VALUE_FLOW_LABEL:
		return (c->flow_label);
	case VALUE_SEGMENT:
		return (segment(first));
	case VALUE_GRE_KEY:
		return (tunnel_id(first, TUNNEL_GRE));
	case VALUE_GTPU_TEID:
		return (tunnel_id(first, TUNNEL_GTPU));
	default:
		return (load(first->label[value - VALUE_MPLS], 3));
	}
}

void
optional_put(struct datagram *d, const struct optional_part *part,
    const struct flow_side *side, int dir)
{
	const struct optional_field	*f;
	uint64_t			 value;

	for (f = part->field; f < part->field + part->count; f++) {
		value = value_of(f->value, &side->count[dir],
		    &side->first[dir]);
		/* A length that v9 has no room for. */
		if (f->octets == 2 && value > UINT16_MAX)
			value = UINT16_MAX;
		datagram_put(d, value, f->octets);
	}
}

size_t
optional_room(const struct optional *o)
{
	return (SET_HEAD + DATAGRAM_ALIGN - 1 + 2 * (TEMPLATE_RECORD_MAX + 1 +
	    o->part[1].octets));
}
