/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Flows for control clients, in the confined worker.  As they stand in the
 * table each is sent when it is met; sorted, the table is gone through first
 * and the largest ones are kept.  Either way a turn looks at so many records
 * only, for frames wait meanwhile, and the flows change between two turns.
 */

#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "control_filter.h"
#include "control_state.h"
#include "interface.h"

#define TURN_RECORDS	4096	/* looked at: some 100 us */

/* VLANs and addresses of the first packet of a direction that has one. */
static void
row_side(struct ctl_flow *row, const struct flow *f,
    const struct flow_side *side)
{
	const struct side_first *first;
	int d = f->packets[0] == 0;

	if (side == NULL)
		return;
	first = &side->first[d];
	row->have |= CTL_FLOW_SIDE;
	row->vlan[0] = first->vlan[0] & SIDE_VLAN_ID;
	row->vlan[1] = first->vlan[1] & SIDE_VLAN_ID;
	memcpy(row->mac[d], first->mac[0], sizeof(row->mac[d]));
	memcpy(row->mac[!d], first->mac[1], sizeof(row->mac[!d]));
}

static int
send_row(struct client *c, const struct track *table, uint32_t idx)
{
	const struct flow *f = track_flow(table, idx);
	struct ctl_flow row;
	enum expire_reason why = EXPIRE_NONE;
	int i;

	memset(&row, 0, sizeof(row));
	for (i = 0; i < 2; i++) {
		row.octets[i] = f->octets[i];
		row.packets[i] = f->packets[i];
		row.first_us[i] = f->first_us[i];
		row.last_us[i] = f->last_us[i];
		memcpy(row.addr[i], f->key.addr[i], sizeof(row.addr[i]));
		row.port[i] = f->key.port[i];
		row.tcp_flags[i] = f->tcp_flags[i];
		row.tos[i] = f->tos[i];
		strlcpy(row.in[i], interface_name(f->in[i]),
		    sizeof(row.in[i]));
		strlcpy(row.out[i], interface_name(f->out[i]),
		    sizeof(row.out[i]));
	}
	row.proto = f->key.proto;
	row.family = f->key.family;
	row.index = idx;
	row.expires = control_ops->expires(f, &why);
	row.reason = why;
	row_side(&row, f, track_side(table, idx));
	c->rows++;
	return (client_send(c, CTL_FLOW, &row, sizeof(row)));
}

static int
in_table(const struct flow *f)
{
	return ((f->flags & (FLOW_USED | FLOW_ENDED)) == FLOW_USED);
}

/*
 * The next flow that is asked for; TRACK_NONE behind the last, or when *looks
 * has come down to 0.  Records that are free are looked at, too.
 */
static uint32_t
next_match(struct client *c, const struct track *table, uint64_t now_us,
    unsigned int *looks)
{
	const struct flow *f;
	uint32_t idx;

	while (*looks > 0 && c->cursor < track_top(table)) {
		(*looks)--;
		idx = c->cursor++;
		f = track_flow(table, idx);
		if (in_table(f) && control_filter_match(
		    &c->payload.query.filter, f, track_side(table, idx),
		    now_us))
			return (idx);
	}
	return (TRACK_NONE);
}

static int
flows_done(struct client *c)
{
	client_flows_end(c);
	return (client_result(c, 0, c->rows, "%s", ""));
}

static int
flows_unsorted(struct client *c, const struct track *table)
{
	uint64_t now_us = control_ops->now_us();
	uint32_t idx, limit = c->payload.query.limit;
	unsigned int looks = TURN_RECORDS;

	while (imsgbuf_queuelen(&c->ibuf) < CONTROL_QUEUE_MAX) {
		if (limit > 0 && c->rows == limit)
			return (flows_done(c));
		idx = next_match(c, table, now_us, &looks);
		if (idx == TRACK_NONE)
			return (looks == 0 ? 0 : flows_done(c));
		if (send_row(c, table, idx) == -1)
			return (-1);
	}
	return (0);
}

/*
 * The largest ones: in a heap with the least of them on top.
 */

/* Of two equals, the one that is met later. */
static int
is_less(const struct candidate *a, const struct candidate *b)
{
	if (a->value != b->value)
		return (a->value < b->value);
	return (a->idx > b->idx);
}

/* Put it where n places from the top on have none, below all that are less. */
static void
sift_down(struct candidate *heap, uint32_t n, const struct candidate *new)
{
	uint32_t at = 0, child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && is_less(&heap[child + 1], &heap[child]))
			child++;
		if (!is_less(&heap[child], new))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = *new;
}

static void
sift_up(struct candidate *heap, uint32_t at, const struct candidate *new)
{
	uint32_t parent;

	while (at > 0) {
		parent = (at - 1) / 2;
		if (!is_less(new, &heap[parent]))
			break;
		heap[at] = heap[parent];
		at = parent;
	}
	heap[at] = *new;
}

/* The least goes to the end each time. */
static void
sort_heap(struct candidate *heap, uint32_t n)
{
	struct candidate last;

	while (n > 1) {
		last = heap[--n];
		heap[n] = heap[0];
		sift_down(heap, n, &last);
	}
}

static void
flows_collect(struct client *c, const struct track *table)
{
	uint64_t now_us = control_ops->now_us();
	const struct flow *f;
	struct candidate new;
	unsigned int looks = TURN_RECORDS;

	while ((new.idx = next_match(c, table, now_us, &looks)) !=
	    TRACK_NONE) {
		f = track_flow(table, new.idx);
		new.value = control_sort_value(
		    (enum ctl_sort)c->payload.query.sort, f, now_us);
		new.first_us = flow_first(f);
		new.key = f->key;
		if (c->nbest < c->payload.query.limit)
			sift_up(c->best, c->nbest++, &new);
		else if (is_less(&c->best[0], &new))
			sift_down(c->best, c->nbest, &new);
	}
	if (looks == 0)
		return;
	sort_heap(c->best, c->nbest);
	c->sorted = 1;
	c->cursor = 0;
}

/* Not another one in its place, which would have begun later. */
static int
is_there(const struct track *table, const struct candidate *what)
{
	const struct flow *f = track_flow(table, what->idx);

	return (in_table(f) &&
	    memcmp(&f->key, &what->key, sizeof(f->key)) == 0 &&
	    flow_first(f) <= what->first_us);
}

static int
flows_sorted(struct client *c, const struct track *table)
{
	const struct candidate *next;

	if (!c->sorted) {
		flows_collect(c, table);
		return (0);
	}
	while (imsgbuf_queuelen(&c->ibuf) < CONTROL_QUEUE_MAX) {
		if (c->cursor == c->nbest)
			return (flows_done(c));
		next = &c->best[c->cursor++];
		if (is_there(table, next) &&
		    send_row(c, table, next->idx) == -1)
			return (-1);
	}
	return (0);
}

int
client_flows_begin(struct client *c)
{
	const struct ctl_query *q = &c->payload.query;

	if (q->sort != CTL_SORT_NONE &&
	    (c->best = calloc(q->limit, sizeof(*c->best))) == NULL)
		return (client_result(c, 1, 0, "no memory to sort %u flows",
		    q->limit));
	c->state = CLIENT_ROWS;
	return (0);
}

int
client_flows(struct client *c)
{
	const struct track *table = control_ops->table();

	return (c->best == NULL ? flows_unsorted(c, table) :
	    flows_sorted(c, table));
}

void
client_flows_end(struct client *c)
{
	free(c->best);
	c->best = NULL;
	c->nbest = 0;
	c->sorted = 0;
}
