/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What an operator asks of the flows; in the confined worker. */

#include <sys/types.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "control_filter.h"
#include "interface.h"

#define HAVE_ALL	(CTL_FILTER_PROTO | CTL_FILTER_VLAN | \
			CTL_FILTER_INTERFACE | CTL_FILTER_STATE)
#define VLAN_LAST	4094
#define SECOND		1000000ULL

/*
 * Check.
 */

static const char * __attribute__((__format__(printf, 1, 2)))
wrong(const char *fmt, ...)
{
	static char text[MSG_TEXT_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return (text);
}

static const char *
check_prefix(const struct msg_prefix *p)
{
	unsigned int most = p->family == 4 ? 32 : 128;

	if (p->family != 4 && p->family != 6)
		return (wrong("host of address family %u: allowed are 4 and "
		    "6", p->family));
	if (p->bits > most)
		return (wrong("IPv%u prefix of %u bits: allowed are 0 to %u",
		    p->family, p->bits, most));
	return (NULL);
}

static const char *
check_interface(const char *name)
{
	size_t i;

	for (i = 0; i < INTERFACE_NAME && isgraph((unsigned char)name[i]); i++)
		continue;
	if (i == 0 || i == INTERFACE_NAME || name[i] != '\0')
		return (wrong("name of an interface: allowed are 1 to %u "
		    "characters that can be printed", INTERFACE_NAME - 1));
	return (NULL);
}

const char *
control_filter_check(const struct ctl_filter *f)
{
	const char *error;
	unsigned int i;

	if ((f->have & ~(unsigned int)HAVE_ALL) != 0)
		return (wrong("unknown parts of a filter (%#x): allowed are "
		    "%#x", f->have, HAVE_ALL));
	if (f->nhost > CTL_FILTER_HOSTS)
		return (wrong("%u hosts: allowed are %u, one for each end",
		    f->nhost, CTL_FILTER_HOSTS));
	for (i = 0; i < f->nhost; i++)
		if ((error = check_prefix(&f->host[i])) != NULL)
			return (error);
	if (f->nport > CTL_FILTER_HOSTS)
		return (wrong("%u ports: allowed are %u, one for each end",
		    f->nport, CTL_FILTER_HOSTS));
	if (f->have & CTL_FILTER_VLAN &&
	    (f->vlan == 0 || f->vlan > VLAN_LAST))
		return (wrong("VLAN %u: allowed are 1 to %u", f->vlan,
		    VLAN_LAST));
	if (f->have & CTL_FILTER_STATE && f->state >= CTL_STATE_MAX)
		return (wrong("state %u of a flow: allowed are 0 to %u",
		    f->state, CTL_STATE_MAX - 1));
	if (f->have & CTL_FILTER_INTERFACE)
		return (check_interface(f->interface));
	return (NULL);
}

const char *
control_query_check(const struct ctl_query *q)
{
	if (q->sort >= CTL_SORT_MAX)
		return (wrong("sort by %u: allowed are 0 to %u", q->sort,
		    CTL_SORT_MAX - 1));
	if (q->sort != CTL_SORT_NONE &&
	    (q->limit == 0 || q->limit > CTL_SORT_LIMIT))
		return (wrong("limit of %u flows: allowed are 1 to %u where "
		    "they are sorted", q->limit, CTL_SORT_LIMIT));
	return (control_filter_check(&q->filter));
}

int
control_filter_empty(const struct ctl_filter *f)
{
	return (f->have == 0 && f->nhost == 0 && f->nport == 0 &&
	    f->min_octets == 0 && f->min_packets == 0 && f->min_age == 0 &&
	    f->min_idle == 0);
}

/*
 * Match.
 */

/* Since then; a packet may be ahead of the clock. */
static uint64_t
since(uint64_t then_us, uint64_t now_us)
{
	return (now_us > then_us ? now_us - then_us : 0);
}

static uint64_t
sum(const uint64_t n[2])
{
	return (n[0] > UINT64_MAX - n[1] ? UINT64_MAX : n[0] + n[1]);
}

static int
in_prefix(const struct msg_prefix *p, const struct flow_key *key, int end)
{
	const uint8_t *addr = key->addr[end];
	unsigned int whole = p->bits / 8, rest = p->bits % 8;

	if (p->family != key->family || memcmp(p->addr, addr, whole) != 0)
		return (0);
	return (rest == 0 || (p->addr[whole] ^ addr[whole]) >> (8 - rest) == 0);
}

/* Two hosts are one of each end, in any order; so are two ports. */
static int
match_hosts(const struct ctl_filter *f, const struct flow_key *key)
{
	int end;

	if (f->nhost == 0)
		return (1);
	for (end = 0; end < 2; end++)
		if (in_prefix(&f->host[0], key, end) && (f->nhost == 1 ||
		    in_prefix(&f->host[1], key, !end)))
			return (1);
	return (0);
}

static int
match_ports(const struct ctl_filter *f, const struct flow_key *key)
{
	int end;

	if (f->nport == 0)
		return (1);
	for (end = 0; end < 2; end++)
		if (f->port[0] == key->port[end] && (f->nport == 1 ||
		    f->port[1] == key->port[!end]))
			return (1);
	return (0);
}

static int
match_vlan(uint16_t vlan, const struct flow *f, const struct flow_side *side)
{
	int d, tag;

	for (d = 0; d < 2; d++)
		for (tag = 0; tag < 2 && f->packets[d] > 0; tag++)
			if ((side->first[d].vlan[tag] & SIDE_VLAN_ID) == vlan)
				return (1);
	return (0);
}

static int
match_interface(const char *name, const struct flow *f)
{
	int d;

	for (d = 0; d < 2; d++)
		if (strcmp(interface_name(f->in[d]), name) == 0 ||
		    strcmp(interface_name(f->out[d]), name) == 0)
			return (1);
	return (0);
}

static int
match_state(enum ctl_state state, const struct flow *f)
{
	uint8_t tcp_flags = f->tcp_flags[0] | f->tcp_flags[1];
	int both = f->packets[0] > 0 && f->packets[1] > 0;

	if (state == CTL_STATE_ONEWAY || state == CTL_STATE_BOTHWAYS)
		return (both == (state == CTL_STATE_BOTHWAYS));
	if (f->key.proto != IPPROTO_TCP)
		return (0);
	switch (state) {
	case CTL_STATE_SYN:
		return ((tcp_flags & TH_ACK) == 0);
	case CTL_STATE_OPEN:
		return ((tcp_flags & (TH_FIN | TH_RST)) == 0);
	case CTL_STATE_FIN:
		return ((tcp_flags & (TH_FIN | TH_RST)) == TH_FIN);
	default:
		return ((tcp_flags & TH_RST) != 0);
	}
}

int
control_filter_match(const struct ctl_filter *c, const struct flow *f,
    const struct flow_side *side, uint64_t now_us)
{
	if (f->flags & FLOW_OWN ||
	    (c->have & CTL_FILTER_PROTO && f->key.proto != c->proto) ||
	    sum(f->octets) < c->min_octets ||
	    sum(f->packets) < c->min_packets ||
	    !match_hosts(c, &f->key) || !match_ports(c, &f->key))
		return (0);
	if (since(flow_first(f), now_us) < c->min_age * SECOND ||
	    since(flow_last(f), now_us) < c->min_idle * SECOND)
		return (0);
	if (c->have & CTL_FILTER_STATE &&
	    !match_state((enum ctl_state)c->state, f))
		return (0);
	if (c->have & CTL_FILTER_VLAN &&
	    (side == NULL || !match_vlan(c->vlan, f, side)))
		return (0);
	return (!(c->have & CTL_FILTER_INTERFACE) ||
	    match_interface(c->interface, f));
}

/*
 * Sort.
 */

/* Octets in a second of its life, which is one at least. */
static uint64_t
rate(const struct flow *f)
{
	uint64_t octets = sum(f->octets);
	uint64_t life = since(flow_first(f), flow_last(f));

	if (life < SECOND)
		return (octets);
	return (octets > UINT64_MAX / SECOND ? octets / (life / SECOND) :
	    octets * SECOND / life);
}

uint64_t
control_sort_value(enum ctl_sort sort, const struct flow *f, uint64_t now_us)
{
	switch (sort) {
	case CTL_SORT_OCTETS:
		return (sum(f->octets));
	case CTL_SORT_PACKETS:
		return (sum(f->packets));
	case CTL_SORT_AGE:
		return (since(flow_first(f), now_us));
	default:	/* CTL_SORT_RATE */
		return (rate(f));
	}
}
