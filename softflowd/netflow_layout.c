/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * From a format to templates.  Worker, confined; pure.
 *
 * v9 has the elements that it defined, up to 127, and of the others those that
 * its collectors read.  A tunnel's endpoints are left out: there are no
 * elements for them, and repeating those of addresses would have to begin with
 * the outermost (RFC 7011 section 8).  Nor are there any for fragments, or for
 * ids of tunnels but GRE, VXLAN and GTP-U.
 */

#include <errno.h>
#include <string.h>

#include "compat.h"
#include "netflow.h"
#include "siphash.h"

/* Octets 0: this version has none. */
static const struct element {
	uint16_t	element;
	uint8_t		octets9, octets10;
} elements[] = {
	[VALUE_SRC_ADDR] = { IE_SRC_IPV4, 4, 4 },
	[VALUE_DST_ADDR] = { IE_DST_IPV4, 4, 4 },
	[VALUE_FIRST] = { IE_FIRST_UPTIME, 4, 4 },
	[VALUE_LAST] = { IE_LAST_UPTIME, 4, 4 },
	[VALUE_OCTETS] = { IE_OCTETS, 8, 8 },
	[VALUE_PACKETS] = { IE_PACKETS, 8, 8 },
	[VALUE_INGRESS] = { IE_INGRESS, 4, 4 },
	[VALUE_EGRESS] = { IE_EGRESS, 4, 4 },
	[VALUE_SRC_PORT] = { IE_SRC_PORT, 2, 2 },
	[VALUE_DST_PORT] = { IE_DST_PORT, 2, 2 },
	[VALUE_PROTOCOL] = { IE_PROTOCOL, 1, 1 },
	[VALUE_TCP_FLAGS] = { IE_TCP_FLAGS, 1, 1 },
	[VALUE_IP_VERSION] = { IE_IP_VERSION, 1, 1 },
	[VALUE_TOS] = { IE_TOS, 1, 1 },
	[VALUE_REASON] = { IE_END_REASON, 1, 1 },
	[VALUE_DIRECTION] = { IE_DIRECTION, 1, 1 },
	[VALUE_ICMP] = { IE_ICMP, 2, 2 },
	[VALUE_FLOW_ID] = { IE_FLOW_ID, 8, 8 },
	[VALUE_BIFLOW] = { IE_BIFLOW_DIRECTION, 0, 1 },
	[VALUE_TTL_MIN] = { IE_TTL_MIN, 1, 1 },
	[VALUE_TTL_MAX] = { IE_TTL_MAX, 1, 1 },
	[VALUE_LENGTH_MIN] = { IE_LENGTH_MIN, 2, 4 },
	[VALUE_LENGTH_MAX] = { IE_LENGTH_MAX, 2, 4 },
	[VALUE_SYN] = { IE_TCP_SYN, 0, 4 },
	[VALUE_FIN] = { IE_TCP_FIN, 0, 4 },
	[VALUE_RST] = { IE_TCP_RST, 0, 4 },
	[VALUE_VLAN] = { IE_VLAN, 2, 2 },
	[VALUE_DOT1Q_VLAN] = { IE_DOT1Q_VLAN, 2, 2 },
	[VALUE_PRIORITY] = { IE_DOT1Q_PRIORITY, 0, 1 },
	[VALUE_INNER] = { IE_DOT1Q_INNER, 2, 2 },
	[VALUE_INNER_PRIORITY] = { IE_DOT1Q_INNER_PRIORITY, 0, 1 },
	[VALUE_POST_VLAN] = { IE_POST_VLAN, 2, 2 },
	[VALUE_SRC_MAC] = { IE_SRC_MAC, 6, 6 },
	[VALUE_DST_MAC] = { IE_DST_MAC, 6, 6 },
	[VALUE_POST_DST_MAC] = { IE_POST_DST_MAC, 6, 6 },
	[VALUE_FLOW_LABEL] = { IE_FLOW_LABEL, 3, 4 },
	[VALUE_SEGMENT] = { IE_SEGMENT, 0, 8 },
	[VALUE_GRE_KEY] = { IE_GRE_KEY, 0, 4 },
	[VALUE_GTPU_TEID] = { IE_GTPU_TEID, 0, 4 },
	[VALUE_MPLS] = { IE_MPLS, 3, 3 }
};

static const struct element	time_elements[TIMES_MAX][2] = {
	[TIMES_UPTIME] = { { IE_FIRST_UPTIME, 4, 4 },
	    { IE_LAST_UPTIME, 4, 4 } },
	[TIMES_SECONDS] = { { IE_FIRST_S, 4, 4 }, { IE_LAST_S, 4, 4 } },
	[TIMES_MILLISECONDS] = { { IE_FIRST_MS, 8, 8 }, { IE_LAST_MS, 8, 8 } },
	[TIMES_MICROSECONDS] = { { IE_FIRST_US, 8, 8 }, { IE_LAST_US, 8, 8 } },
	[TIMES_NANOSECONDS] = { { IE_FIRST_NS, 8, 8 }, { IE_LAST_NS, 8, 8 } }
};

/* What all records have, as put_plain() writes it. */
static const uint8_t	plain[] = {
	VALUE_SRC_ADDR, VALUE_DST_ADDR, VALUE_FIRST, VALUE_LAST, VALUE_OCTETS,
	VALUE_PACKETS, VALUE_INGRESS, VALUE_EGRESS, VALUE_SRC_PORT,
	VALUE_DST_PORT, VALUE_PROTOCOL, VALUE_TCP_FLAGS, VALUE_IP_VERSION,
	VALUE_TOS, VALUE_REASON, VALUE_DIRECTION
};

/* Fields to be chosen, in the order of records. */
static const struct optional {
	uint16_t	fields;		/* OPTIONAL_* that it belongs to */
	uint16_t	value;
} optional[] = {
	{ OPTIONAL_TTL, VALUE_TTL_MIN },
	{ OPTIONAL_TTL, VALUE_TTL_MAX },
	{ OPTIONAL_LENGTH, VALUE_LENGTH_MIN },
	{ OPTIONAL_LENGTH, VALUE_LENGTH_MAX },
	{ OPTIONAL_TCP, VALUE_SYN },
	{ OPTIONAL_TCP, VALUE_FIN },
	{ OPTIONAL_TCP, VALUE_RST },
	{ OPTIONAL_VLAN, VALUE_VLAN },
	{ OPTIONAL_VLAN, VALUE_DOT1Q_VLAN },
	{ OPTIONAL_VLAN, VALUE_PRIORITY },
	{ OPTIONAL_VLAN, VALUE_INNER },
	{ OPTIONAL_VLAN, VALUE_INNER_PRIORITY },
	{ OPTIONAL_MAC, VALUE_SRC_MAC },
	{ OPTIONAL_MAC, VALUE_DST_MAC },
	{ OPTIONAL_LABEL, VALUE_FLOW_LABEL },
	{ OPTIONAL_TUNNEL, VALUE_SEGMENT },
	{ OPTIONAL_TUNNEL, VALUE_GRE_KEY },
	{ OPTIONAL_TUNNEL, VALUE_GTPU_TEID }
};
#define OPTIONAL_OCTETS	96	/* they and all labels make at most */

static const uint8_t	reverse[] = {
	VALUE_OCTETS, VALUE_PACKETS, VALUE_FIRST, VALUE_LAST, VALUE_TCP_FLAGS,
	VALUE_TOS
};
_Static_assert(nitems(plain) + 3 + nitems(reverse) + 1 +
    2 * (nitems(optional) + SIDE_LABELS) <= LAYOUT_FIELDS, "all fit");

/* Records of any flow in the smallest datagram: one of both directions, two. */
#define RECORD_OCTETS	(32 + 16 + 34 + 1 + 2 + 8 + 1 + OPTIONAL_OCTETS)
#define REVERSE_OCTETS	(8 + 8 + 16 + 2 + 1 + 2 + OPTIONAL_OCTETS)
_Static_assert(REVERSE_OCTETS <= RECORD_OCTETS && NETFLOW9_HEADER + SET_HEAD +
    DATAGRAM_ALIGN - 1 + 2 * RECORD_OCTETS <= PAYLOAD_MIN, "two records fit");

/* Parts of softflowd 1.x's records. */
static const uint8_t	classic_begin[] = {
	VALUE_SRC_ADDR, VALUE_DST_ADDR, VALUE_FIRST, VALUE_LAST, VALUE_OCTETS,
	VALUE_PACKETS, VALUE_INGRESS, VALUE_EGRESS, VALUE_DIRECTION,
	VALUE_REASON
};
static const uint8_t	classic_ports[] = {
	VALUE_SRC_PORT, VALUE_DST_PORT, VALUE_PROTOCOL, VALUE_TCP_FLAGS,
	VALUE_IP_VERSION, VALUE_TOS
};
static const uint8_t	classic_icmp[] = {
	VALUE_ICMP, VALUE_PROTOCOL, VALUE_IP_VERSION, VALUE_TOS
};

/* A template in the making. */
struct making {
	const struct layout	*layout;
	struct layout_template	*t;
	unsigned int		 kind;		/* LAYOUT_* bits */
};

static struct element
element_of(const struct making *m, unsigned int value)
{
	struct element	 e = elements[value < VALUE_MPLS ? value :
			    VALUE_MPLS];

	switch (value) {
	case VALUE_SRC_ADDR:
	case VALUE_DST_ADDR:
		if (m->kind & LAYOUT_IPV6)
			e = (struct element){ value == VALUE_SRC_ADDR ?
			    IE_SRC_IPV6 : IE_DST_IPV6, 16, 16 };
		break;
	case VALUE_FIRST:
	case VALUE_LAST:
		e = time_elements[m->layout->times][value - VALUE_FIRST];
		break;
	case VALUE_OCTETS:
	case VALUE_PACKETS:
		if (m->layout->format.flags & FORMAT_CLASSIC)
			e.octets9 = e.octets10 = 4;
		break;
	case VALUE_TCP_FLAGS:
		e.octets9 = e.octets10 = m->layout->wide ? 2 : 1;
		break;
	case VALUE_ICMP:
		if (m->kind & LAYOUT_IPV6)
			e.element = IE_ICMP6;
		break;
	}
	if (value > VALUE_MPLS)
		e.element += (uint16_t)(value - VALUE_MPLS);
	return (e);
}

static void
add(struct making *m, unsigned int value, int other)
{
	struct element		 e = element_of(m, value);
	struct layout_template	*t = m->t;
	uint8_t			 octets;

	octets = m->layout->format.version == NETFLOW9_VERSION ? e.octets9 :
	    e.octets10;
	if (octets == 0)
		return;
	t->field[t->count++] = (struct layout_field){
		other ? e.element | IE_ENTERPRISE : e.element,
		octets, (uint8_t)value, (uint8_t)other
	};
	t->octets += octets;
	t->specifiers += other ? 8 : 4;
}

static void
add_list(struct making *m, const uint8_t *values, size_t n, int other)
{
	for (; n > 0; n--)
		add(m, *values++, other);
}

static void
add_labels(struct making *m, int other)
{
	unsigned int	i;

	for (i = 0; i < m->layout->format.labels; i++)
		add(m, VALUE_MPLS + i, other);
}

static void
add_optional(struct making *m, int other)
{
	unsigned int	i, fields = m->layout->format.fields;

	if ((m->kind & LAYOUT_IPV6) == 0)
		fields &= ~(unsigned int)OPTIONAL_LABEL;
	/* As other addresses, and Wireshark knows 60 fields at most. */
	if (other)
		fields &= ~(unsigned int)OPTIONAL_MAC;
	for (i = 0; i < nitems(optional); i++)
		if (fields & optional[i].fields)
			add(m, optional[i].value, other);
	add_labels(m, other);
}

static void
add_reverse(struct making *m)
{
	add_list(m, reverse, nitems(reverse), 1);
	if (m->kind & LAYOUT_ICMP)
		add(m, VALUE_ICMP, 1);
	add_optional(m, 1);
}

/*
 * nfdump misreads element 139 in v9, so that ICMPv6 is told by the port there
 * and has no template of its own.
 */
static void
make_modern(struct making *m)
{
	uint8_t	flags = m->layout->format.flags;

	m->t->id = (uint16_t)(TEMPLATE_FLOW + (m->kind & 3) +
	    (m->kind & LAYOUT_BOTH ? TEMPLATE_BOTH : 0));
	/* First, as nfdump takes what comes last for the forward direction. */
	if (m->kind & LAYOUT_BOTH)
		add_reverse(m);
	m->t->plain = m->t->count;
	add_list(m, plain, nitems(plain), 0);
	if (m->kind & LAYOUT_ICMP)
		add(m, VALUE_ICMP, 0);
	m->t->icmp = (m->kind & LAYOUT_ICMP) != 0;
	m->t->rest = m->t->count;
	if (flags & FORMAT_FLOW_ID)
		add(m, VALUE_FLOW_ID, 0);
	add_optional(m, 0);
	if (flags & FORMAT_BIFLOW)
		add(m, VALUE_BIFLOW, 0);
}

/* Ids, fields and their order are a contract with what reads them. */
static void
make_classic(struct making *m)
{
	int	icmp = m->kind & LAYOUT_ICMP, both = m->kind & LAYOUT_BOTH;

	m->t->id = (m->kind & LAYOUT_IPV6 ? CLASSIC_IPV6 : CLASSIC_IPV4) +
	    (icmp ? 1 : 0);
	if (m->layout->format.flags & FORMAT_BIFLOW && !both)
		m->t->id += CLASSIC_ONE_WAY;
	add_list(m, classic_begin, nitems(classic_begin), 0);
	if (icmp)
		add_list(m, classic_icmp, nitems(classic_icmp), 0);
	else
		add_list(m, classic_ports, nitems(classic_ports), 0);
	if (m->layout->format.fields & OPTIONAL_VLAN) {
		add(m, VALUE_VLAN, 0);
		add(m, VALUE_POST_VLAN, 0);
	}
	if (m->layout->format.fields & OPTIONAL_MAC) {
		add(m, VALUE_SRC_MAC, 0);
		add(m, VALUE_POST_DST_MAC, 0);
	}
	if (both) {
		add(m, VALUE_OCTETS, 1);
		add(m, VALUE_PACKETS, 1);
		add(m, VALUE_TOS, 1);
		add(m, icmp ? VALUE_ICMP : VALUE_TCP_FLAGS, 1);
	}
	add_labels(m, 0);
}

static void
make_templates(struct layout *l)
{
	struct making	m = { l, NULL, 0 };
	int		classic = l->format.flags & FORMAT_CLASSIC;

	for (; m.kind < nitems(l->index); m.kind++) {
		if (m.kind & LAYOUT_BOTH &&
		    (l->format.flags & FORMAT_BIFLOW) == 0)
			break;
		if (l->format.version == NETFLOW9_VERSION && !classic &&
		    m.kind == (LAYOUT_IPV6 | LAYOUT_ICMP)) {
			l->index[m.kind] = l->index[LAYOUT_IPV6];
			continue;
		}
		m.t = &l->template[l->ntemplates];
		if (classic)
			make_classic(&m);
		else
			make_modern(&m);
		l->index[m.kind] = l->ntemplates++;
	}
}

/* What versions without templates can say; they have no optional fields. */
static int
fixed_valid(const struct export_format *f)
{
	return (f->flags == 0 &&
	    (f->times == TIMES_DEFAULT || f->times == TIMES_UPTIME));
}

static int
format_valid(const struct export_format *f, int sides)
{
	if (f->fields & ~(OPTIONAL_ALL | OPTIONAL_DIRECTION) ||
	    f->labels > SIDE_LABELS || f->times >= TIMES_MAX ||
	    f->flags & ~FORMAT_ALL)
		return (0);
	switch (f->version) {
	case NETFLOW1_VERSION:
	case NETFLOW5_VERSION:
		return (fixed_valid(f));
	case NETFLOW9_VERSION:
		if (f->flags & FORMAT_BIFLOW)
			return (0);
		break;
	case IPFIX_VERSION:
		break;
	default:
		return (0);
	}
	if (f->flags & FORMAT_CLASSIC && (f->flags & FORMAT_FLOW_ID ||
	    f->fields & OPTIONAL_ALL & ~(OPTIONAL_VLAN | OPTIONAL_MAC)))
		return (0);
	return (sides || (f->fields == 0 && f->labels == 0));
}

int
layout_choose(struct layout *l, const struct export_format *f, int sides)
{
	if (!format_valid(f, sides)) {
		errno = EINVAL;
		return (-1);
	}
	memset(l, 0, sizeof(*l));
	l->format = *f;
	l->wide = (f->fields & OPTIONAL_TCP) != 0;
	l->times = f->times;
	if (f->times == TIMES_DEFAULT)
		l->times = f->version == IPFIX_VERSION &&
		    (f->flags & FORMAT_CLASSIC) == 0 ? TIMES_MILLISECONDS :
		    TIMES_UPTIME;
	l->origin = l->times == TIMES_UPTIME && f->version != IPFIX_VERSION;
	if (f->version >= NETFLOW9_VERSION)
		make_templates(l);
	return (0);
}

void
layout_identify(struct layout *l, const struct layout_identity *identity)
{
	l->identity = *identity;
	l->key[0] = load_le64(identity->secret);
	l->key[1] = load_le64(identity->secret + 8);
}

size_t
layout_room(const struct layout *l)
{
	size_t		octets = 0;
	unsigned int	i;

	if (l->ntemplates == 0)
		return (2 * NETFLOW5_RECORD);
	for (i = 0; i < l->ntemplates; i++)
		if (l->template[i].octets > octets)
			octets = l->template[i].octets;
	if ((l->format.flags & FORMAT_BIFLOW) == 0)
		octets *= 2;
	return (SET_HEAD + DATAGRAM_ALIGN - 1 + octets);
}
