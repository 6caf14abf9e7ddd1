/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Deltas, rates, sums and order of what the daemon said. */

#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "format.h"
#include "top_state.h"

#define SECOND_US	1000000
#define SOON_US		(SECOND_US / 2)

/* From one time to another; 0 if it did not pass. */
static uint64_t
passed(uint64_t now_us, uint64_t before_us)
{
	return (now_us > before_us ? now_us - before_us : 0);
}

static double
rate_of(uint64_t now, uint64_t before, uint64_t interval_us)
{
	if (interval_us == 0)
		return (-1);
	if (now < before)
		return (0);
	return ((double)(now - before) * SECOND_US / (double)interval_us);
}

double
top_rate(const struct top_state *t, uint64_t now, uint64_t before)
{
	return (rate_of(now, before, t->interval_us));
}

static int
flow_ok(const struct ctl_flow *f)
{
	int i;

	for (i = 0; i < 2; i++)
		if (memchr(f->in[i], '\0', sizeof(f->in[i])) == NULL ||
		    memchr(f->out[i], '\0', sizeof(f->out[i])) == NULL)
			return (0);
	return (f->family == 4 || f->family == 6);
}

int
top_snapshot_ok(const struct top_snapshot *s)
{
	const struct summary_report *r = &s->report;
	unsigned int i;

	if (s->nflow > nitems(s->flow) || r->nproto > nitems(r->proto) ||
	    r->nexport > nitems(r->export) ||
	    r->ninterface > nitems(r->interface) || !summary_ok(&r->summary))
		return (0);
	for (i = 0; i < s->nflow; i++)
		if (!flow_ok(&s->flow[i]))
			return (0);
	for (i = 0; i < r->nexport; i++)
		if (!summary_export_ok(&r->export[i]))
			return (0);
	for (i = 0; i < r->ninterface; i++)
		if (!summary_interface_ok(&r->interface[i]))
			return (0);
	return (1);
}

/*
 * Rows of before.
 */

const struct summary_export *
top_export_before(const struct top_state *t, const struct summary_export *row)
{
	const struct summary_report *r = &t->before.report;
	unsigned int i;

	if (t->interval_us == 0)
		return (NULL);
	for (i = 0; i < r->nexport; i++)
		if (r->export[i].slot == row->slot &&
		    strcmp(r->export[i].name, row->name) == 0)
			return (&r->export[i]);
	return (NULL);
}

const struct summary_interface *
top_interface_before(const struct top_state *t,
    const struct summary_interface *row)
{
	const struct summary_report *r = &t->before.report;
	unsigned int i;

	if (t->interval_us == 0)
		return (NULL);
	for (i = 0; i < r->ninterface; i++)
		if (r->interface[i].number == row->number &&
		    strcmp(r->interface[i].name, row->name) == 0)
			return (&r->interface[i]);
	return (NULL);
}

static const struct summary_proto *
find_proto(const struct summary_report *r, uint32_t proto)
{
	unsigned int i;

	for (i = 0; i < r->nproto; i++)
		if (r->proto[i].proto == proto)
			return (&r->proto[i]);
	return (NULL);
}

uint64_t
top_records_lost(const struct summary_report *r)
{
	uint64_t lost = 0;
	unsigned int i;

	for (i = 0; i < r->nexport; i++)
		lost += r->export[i].counters.records_lost;
	return (lost);
}

/*
 * Conversations.
 */

static int
compare_index(const void *a, const void *b)
{
	const struct ctl_flow *f = a, *g = b;

	return ((f->index > g->index) - (f->index < g->index));
}

static void
measure(struct top_conversation *c, const struct ctl_flow *f)
{
	memset(c, 0, sizeof(*c));
	c->flow = f;
	c->octets = f->octets[0] + f->octets[1];
	c->packets = f->packets[0] + f->packets[1];
	flow_times(f, &c->first_us, &c->last_us);
}

/* Whether two rows of the same index are of one flow, b being the older. */
static int
same_flow(const struct top_conversation *a, const struct top_conversation *b)
{
	const struct ctl_flow *f = a->flow, *g = b->flow;

	return (f->family == g->family && f->proto == g->proto &&
	    memcmp(f->addr, g->addr, sizeof(f->addr)) == 0 &&
	    memcmp(f->port, g->port, sizeof(f->port)) == 0 &&
	    a->first_us == b->first_us && a->octets >= b->octets);
}

static void
take_conversations(struct top_state *t)
{
	struct top_conversation *c, old;
	const struct ctl_flow *f;
	uint64_t life_us;
	unsigned int i;

	for (i = 0; i < t->now.nflow; i++) {
		c = &t->conversation[i];
		measure(c, &t->now.flow[i]);
		f = t->flows_interval_us == 0 ? NULL : bsearch(c->flow,
		    t->before.flow, t->before.nflow, sizeof(*f),
		    compare_index);
		if (f != NULL)
			measure(&old, f);
		if (f != NULL && same_flow(c, &old)) {
			c->octet_rate = rate_of(c->octets, old.octets,
			    t->flows_interval_us);
			continue;
		}
		life_us = t->now.now_us > c->first_us ?
		    t->now.now_us - c->first_us : 0;
		c->octet_rate = rate_of(c->octets, 0,
		    life_us > SECOND_US ? life_us : SECOND_US);
	}
	t->nconversation = t->now.nflow;
}

/*
 * Hosts.
 */

static int
compare_addr(const void *a, const void *b)
{
	const struct top_host *h = a, *k = b;

	if (h->family != k->family)
		return (h->family < k->family ? -1 : 1);
	return (memcmp(h->addr, k->addr, sizeof(h->addr)));
}

static void
host_of(struct top_host *h, const struct top_conversation *c, int end)
{
	const struct ctl_flow *f = c->flow;

	memset(h, 0, sizeof(*h));
	memcpy(h->addr, f->addr[end], f->family == 4 ? 4 : 16);
	h->family = f->family;
	h->conversations = 1;
	h->octets = c->octets;
	h->packets = c->packets;
	h->sent = f->octets[end];
	h->received = f->octets[!end];
	h->first_us = c->first_us;
	h->octet_rate = c->octet_rate;
}

/* Each of its conversations counts once, even one with itself. */
static void
host_add(struct top_host *h, const struct top_host *more)
{
	h->conversations += more->conversations;
	h->octets += more->octets;
	h->packets += more->packets;
	h->sent += more->sent;
	h->received += more->received;
	if (more->first_us < h->first_us)
		h->first_us = more->first_us;
	h->octet_rate += more->octet_rate;
}

static void
take_hosts(struct top_state *t)
{
	struct top_host *h = t->host;
	unsigned int i, n = 0;

	for (i = 0; i < t->nconversation; i++) {
		host_of(&h[n++], &t->conversation[i], 0);
		host_of(&h[n], &t->conversation[i], 1);
		if (compare_addr(&h[n - 1], &h[n]) != 0)
			n++;
		else {
			h[n - 1].sent += h[n].sent;
			h[n - 1].received += h[n].received;
		}
	}
	qsort(h, n, sizeof(*h), compare_addr);
	t->nhost = 0;
	for (i = 0; i < n; i++) {
		if (t->nhost > 0 &&
		    compare_addr(&h[t->nhost - 1], &h[i]) == 0)
			host_add(&h[t->nhost - 1], &h[i]);
		else
			h[t->nhost++] = h[i];
	}
}

/*
 * Protocols.
 */

static void
take_protos(struct top_state *t)
{
	const struct summary_proto *old, *row;
	const struct top_conversation *c;
	struct top_proto p;
	unsigned int i, n;

	memset(t->proto, 0, sizeof(t->proto));
	for (i = 0; i < t->now.report.nproto; i++) {
		row = &t->now.report.proto[i];
		t->proto[row->proto & 0xff].expired = row;
	}
	for (c = t->conversation; c < t->conversation + t->nconversation;
	    c++) {
		t->proto[c->flow->proto].conversations++;
		t->proto[c->flow->proto].octet_rate += c->octet_rate;
	}
	for (i = n = 0; i < nitems(t->proto); i++) {
		p = t->proto[i];
		if (p.expired == NULL && p.conversations == 0)
			continue;
		p.proto = i;
		old = find_proto(&t->before.report, i);
		p.flow_rate = p.expired == NULL ? 0 : top_rate(t,
		    p.expired->flows, old == NULL ? 0 : old->flows);
		t->proto[n++] = p;
	}
	t->nproto = n;
}

/*
 * Order.
 */

static int
descending(double a, double b)
{
	return ((a < b) - (a > b));
}

static int
compare_conversations(const void *a, const void *b)
{
	const struct top_conversation *c = a, *d = b;
	int order;

	if ((order = descending(c->key, d->key)) == 0 &&
	    (order = descending((double)c->octets, (double)d->octets)) == 0)
		order = compare_index(c->flow, d->flow);
	return (order);
}

static int
compare_hosts(const void *a, const void *b)
{
	const struct top_host *h = a, *k = b;
	int order;

	if ((order = descending(h->key, k->key)) == 0 &&
	    (order = descending((double)h->octets, (double)k->octets)) == 0)
		order = compare_addr(h, k);
	return (order);
}

static int
compare_protos(const void *a, const void *b)
{
	const struct top_proto *p = a, *q = b;
	int order;

	if ((order = descending(p->key, q->key)) == 0)
		order = p->proto < q->proto ? -1 : 1;
	return (order);
}

static double
key_of(enum ctl_sort sort, uint64_t octets, uint64_t packets, double rate,
    uint64_t first_us)
{
	switch (sort) {
	case CTL_SORT_PACKETS:
		return ((double)packets);
	case CTL_SORT_RATE:
		return (rate);
	case CTL_SORT_AGE:
		return (-(double)first_us);
	default:
		return ((double)octets);
	}
}

void
top_state_sort(struct top_state *t, enum ctl_sort sort)
{
	struct top_conversation *c = t->conversation;
	struct top_host *h = t->host;
	struct top_proto *p = t->proto;
	unsigned int i;

	for (i = 0; i < t->nconversation; i++)
		c[i].key = key_of(sort, c[i].octets, c[i].packets,
		    c[i].octet_rate, c[i].first_us);
	for (i = 0; i < t->nhost; i++)
		h[i].key = key_of(sort, h[i].octets, h[i].packets,
		    h[i].octet_rate, h[i].first_us);
	for (i = 0; i < t->nproto; i++)
		p[i].key = key_of(sort,
		    p[i].expired == NULL ? 0 : p[i].expired->octets,
		    p[i].expired == NULL ? 0 : p[i].expired->packets,
		    p[i].octet_rate, 0);
	qsort(c, t->nconversation, sizeof(*c), compare_conversations);
	qsort(h, t->nhost, sizeof(*h), compare_hosts);
	qsort(p, t->nproto, sizeof(*p), compare_protos);
}

void
top_state_take(struct top_state *t, const struct top_snapshot *snap,
    enum ctl_sort sort)
{
	/* What is asked too soon for rates is compared with the one before. */
	if (t->have && passed(snap->report_us, t->now.report_us) >= SOON_US)
		t->before = t->now;
	t->now = *snap;
	t->have = 1;
	/* A restarted daemon counts from zero. */
	t->interval_us = t->flows_interval_us = 0;
	if (t->now.pid == t->before.pid &&
	    t->now.report.summary.since_us ==
	    t->before.report.summary.since_us) {
		t->interval_us = passed(t->now.report_us, t->before.report_us);
		t->flows_interval_us = passed(t->now.flows_us,
		    t->before.flows_us);
	}
	qsort(t->now.flow, t->now.nflow, sizeof(t->now.flow[0]),
	    compare_index);
	take_conversations(t);
	take_hosts(t);
	take_protos(t);
	top_state_sort(t, sort);
}
