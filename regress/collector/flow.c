/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Flows: what a record of any version says of one or both directions, and what
 * must hold for it.  Part of the test collector.
 */

#include <string.h>

#include "message.h"

/*
 * Uptimes to absolute times.  Only differences modulo 2^32 mean anything, and
 * they are signed: a flow may end in the millisecond after the header's.
 */
int
message_times(struct message *m, struct record *r, size_t off,
    uint32_t first_ms, uint32_t last_ms)
{
	int64_t first, last, now = (int64_t)m->time_us;
	int32_t age = (int32_t)(m->uptime_ms - first_ms);

	first = now - (int64_t)age * 1000;
	last = now + (int64_t)(int32_t)(last_ms - m->uptime_ms) * 1000;
	if (first < 0 || last < 0)
		return (message_fail(m, RULE_TIMES, off));
	if (age > 0 && (uint32_t)age > m->uptime_ms &&
	    !m->session->uptime_wrapped)
		return (message_fail(m, RULE_BEFORE_BOOT, off));
	r->first_us = (uint64_t)first;
	r->last_us = (uint64_t)last;
	r->have |= HAVE_FIRST | HAVE_LAST;
	return (0);
}

static int
flow_check(struct message *m, const struct record *r, size_t off)
{
	const uint8_t both = HAVE_FIRST | HAVE_LAST;

	if ((r->have & both) == both && r->last_us < r->first_us)
		return (message_fail(m, RULE_TIMES, off));
	if (r->have & HAVE_PACKETS && r->packets == 0)
		return (message_fail(m, r->reverse ? RULE_NO_REVERSE_PACKETS :
		    RULE_NO_PACKETS, off));
	if (r->have & HAVE_REASON && (r->end_reason < 1 || r->end_reason > 5))
		return (message_fail(m, RULE_END_REASON, off));
	return (0);
}

static void
flow_out(struct message *m, struct record *r)
{
	r->exporter = m->from;
	r->version = m->version;
	r->source_id = m->session->source_id;
	r->sampling = m->session->sampling;
	m->result->flows++;
	if (m->decoder->config.flow != NULL)
		m->decoder->config.flow(m->decoder->config.arg, r);
}

/* Check what holds for a flow of any version, then hand it out. */
int
message_flow(struct message *m, struct record *r, size_t off)
{
	if (flow_check(m, r, off) == -1)
		return (-1);
	flow_out(m, r);
	return (0);
}

/* One end of a flow by the finest absolute time there is; 0: none. */
static int
absolute_us(const struct value *const *at, int last, uint64_t *us)
{
	if (at[EL_FIRST_NS + last] != NULL)
		*us = element_ntp_us(element_number(at[EL_FIRST_NS + last]),
		    0xffffffff);
	else if (at[EL_FIRST_US + last] != NULL)
		*us = element_ntp_us(element_number(at[EL_FIRST_US + last]),
		    0xfffff800);
	else if (at[EL_FIRST_MS + last] != NULL)
		*us = element_number(at[EL_FIRST_MS + last]) * 1000;
	else if (at[EL_FIRST_S + last] != NULL)
		*us = element_number(at[EL_FIRST_S + last]) * 1000000;
	else
		return (0);
	return (1);
}

/* IPFIX counts uptime from element 160. */
static int
record_uptimes(struct message *m, const struct value *const *at,
    struct record *r, size_t off)
{
	if (at[EL_FIRST_UPTIME] == NULL || at[EL_LAST_UPTIME] == NULL)
		return (0);
	if (m->version == 10) {
		if (m->session->boot_ms == 0)
			return (message_fail(m, RULE_BOOT, off));
		m->uptime_ms = (uint32_t)(m->time_us / 1000 -
		    m->session->boot_ms);
	}
	return (message_times(m, r, off,
	    (uint32_t)element_number(at[EL_FIRST_UPTIME]),
	    (uint32_t)element_number(at[EL_LAST_UPTIME])));
}

static int
record_times(struct message *m, const struct value *const *at,
    struct record *r, size_t off)
{
	uint64_t boot_us = m->session->boot_ms * 1000;

	if (record_uptimes(m, at, r, off) == -1)
		return (-1);
	if (absolute_us(at, 0, &r->first_us)) {
		r->have |= HAVE_FIRST;
		/* Boot and start may be in the same second. */
		if (r->first_us + (at[EL_FIRST_S] != NULL ? 999999 : 999) <
		    boot_us)
			return (message_fail(m, RULE_BEFORE_BOOT, off));
	}
	if (absolute_us(at, 1, &r->last_us))
		r->have |= HAVE_LAST;
	return (0);
}

static void
record_address(const struct value *v, uint8_t *addr)
{
	if (v != NULL)
		memcpy(addr, v->data, v->length);
}

static void
record_endpoints(const struct value *const *at, struct record *r)
{
	if (at[EL_SRC4] != NULL || at[EL_DST4] != NULL) {
		r->family = 4;
		record_address(at[EL_SRC4], r->src);
		record_address(at[EL_DST4], r->dst);
	} else if (at[EL_SRC6] != NULL || at[EL_DST6] != NULL) {
		r->family = 6;
		record_address(at[EL_SRC6], r->src);
		record_address(at[EL_DST6], r->dst);
	}
	r->sport = (uint16_t)element_number(at[EL_SPORT]);
	r->dport = (uint16_t)element_number(at[EL_DPORT]);
	if (at[EL_ICMP4] != NULL || at[EL_ICMP6] != NULL) {
		r->icmp = (uint16_t)element_number(at[EL_ICMP4] != NULL ?
		    at[EL_ICMP4] : at[EL_ICMP6]);
		r->have |= HAVE_ICMP;
		if (at[EL_DPORT] == NULL)
			r->dport = r->icmp;
	}
}

static int
record_fill(struct message *m, const struct value *const *at,
    struct record *r, size_t off)
{
	record_endpoints(at, r);
	r->octets = element_number(at[EL_OCTETS]);
	r->packets = element_number(at[EL_PACKETS]);
	r->proto = (uint8_t)element_number(at[EL_PROTO]);
	r->tos = (uint8_t)element_number(at[EL_TOS]);
	r->tcpflags = (uint16_t)element_number(at[EL_TCPFLAGS]);
	r->in = (uint32_t)element_number(at[EL_IN]);
	r->out = (uint32_t)element_number(at[EL_OUT]);
	r->end_reason = (uint8_t)element_number(at[EL_REASON]);
	if (at[EL_PACKETS] != NULL)
		r->have |= HAVE_PACKETS;
	if (at[EL_REASON] != NULL)
		r->have |= HAVE_REASON;
	if (record_times(m, at, r, off) == -1)
		return (-1);
	return (flow_check(m, r, off));
}

/* The other half of a biflow, as a record of its own would give it. */
static int
record_reverse(struct message *m, const struct found *f, struct record *r,
    size_t off)
{
	/* What the other direction has from the first, where it has none. */
	static const uint8_t swapped[][2] = {
		{ EL_SRC4, EL_DST4 }, { EL_SRC6, EL_DST6 },
		{ EL_SPORT, EL_DPORT }, { EL_IN, EL_OUT }
	};
	static const uint8_t shared[] = { EL_PROTO, EL_REASON,
	    EL_FIRST_UPTIME, EL_LAST_UPTIME, EL_FIRST_S, EL_LAST_S,
	    EL_FIRST_MS, EL_LAST_MS, EL_FIRST_US, EL_LAST_US, EL_FIRST_NS,
	    EL_LAST_NS };
	const struct value *at[EL_MAX];
	size_t i;

	memcpy(at, f->reverse, sizeof(at));
	for (i = 0; i < 4; i++) {
		if (at[swapped[i][0]] == NULL)
			at[swapped[i][0]] = f->at[swapped[i][1]];
		if (at[swapped[i][1]] == NULL)
			at[swapped[i][1]] = f->at[swapped[i][0]];
	}
	for (i = 0; i < sizeof(shared); i++) {
		if (at[shared[i]] == NULL)
			at[shared[i]] = f->at[shared[i]];
	}
	/* Ports that hold a type of ICMP have no other direction. */
	if (at[EL_ICMP4] != NULL || at[EL_ICMP6] != NULL)
		at[EL_SPORT] = at[EL_DPORT] = NULL;
	r->reverse = 1;
	return (record_fill(m, at, r, off));
}

int
flow_record(struct message *m, const struct template *t,
    const struct found *f, size_t off)
{
	struct record r, reverse;

	memset(&r, 0, sizeof(r));
	memset(&reverse, 0, sizeof(reverse));
	r.values = m->decoder->values;
	r.nvalues = t->nfields;
	if (element_number(f->at[EL_BIFLOW_DIRECTION]) > 3)
		return (message_fail(m, RULE_BIFLOW_DIRECTION, off));
	if (record_fill(m, f->at, &r, off) == -1 ||
	    (t->biflow && record_reverse(m, f, &reverse, off) == -1))
		return (-1);
	m->flow_records++;
	flow_out(m, &r);
	if (t->biflow)
		flow_out(m, &reverse);
	return (0);
}
