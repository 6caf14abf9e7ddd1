/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * When flows leave the table: the timer wheel and the rules, in the worker,
 * which has no privileges.
 *
 * A flow hangs in the slot of the time at which the wheel must look at it.
 * Packets do not move it.  Most of what they do only puts the deadline off,
 * and the look then hangs the flow further on; what brings it forward is the
 * end of a TCP connection, so an open one is looked at once in the time that
 * such an end would leave it.
 */

#include <sys/types.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <stdlib.h>
#include <string.h>

#include "expire.h"

/*
 * 65,536 slots of 2^15 us make a turn of 36 minutes: more than the default
 * maxlife, so that hardly a flow waits for more than one turn; and a slot is
 * short enough to be gone through again after every batch.
 */
#define SLOTS		65536U
#define SLOT_SHIFT	15
#define NEVER		UINT64_MAX

_Static_assert((int)TIMEOUT_TCP == (int)EXPIRE_TCP &&
    (int)TIMEOUT_MAXLIFE == (int)EXPIRE_MAXLIFE, "reasons follow timeouts");

#define SLOTS_A_LOOK	512U	/* empty ones cost as much as one flow */

#define VICTIM_FRESH	4096U	/* of those that came first, looked at */
#define FRESH_SHARE	8U	/* of the table is left to new flows */
#define VICTIM_RECORDS	1024U	/* passed over, in use or not */
#define VICTIM_FLOWS	64U	/* compared, at least, and */
#define VICTIM_CHOICE	8U	/* at least so many for each */

struct expire {
	struct track	*track;
	uint64_t	 timeout_us[TIMEOUT_MAX];
	uint64_t	 look_us[TIMEOUT_MAX];	/* NEVER: at the deadline */
	struct expire_limits	limits;
	uint64_t	 tick;		/* the current slot, as time >> SHIFT */
	uint64_t	 soon_us;	/* nothing to do in it before */
	uint64_t	 vain;		/* looks since time ran backwards */
	uint32_t	 cursor;	/* next flow to look at in it */
	uint32_t	 armed;
	uint32_t	*fresh;		/* flows in the order they came: ring */
	uint32_t	 fresh_size;
	uint32_t	 fresh_first;
	uint32_t	 fresh_count;
	uint32_t	 hand;		/* next record for a victim */
	uint32_t	 head[SLOTS];
};

const struct timeouts expire_defaults = {
	.seconds = {
		[TIMEOUT_TCP] = 3600,
		[TIMEOUT_TCP_RST] = 120,
		[TIMEOUT_TCP_FIN] = 300,
		[TIMEOUT_UDP] = 300,
		[TIMEOUT_ICMP] = 300,
		[TIMEOUT_GENERAL] = 3600,
		[TIMEOUT_MAXLIFE] = 1800,
		[TIMEOUT_EXPINT] = 60,
	}
};

const char *const timeout_names[TIMEOUT_MAX] = {
	[TIMEOUT_TCP] = "tcp",
	[TIMEOUT_TCP_RST] = "tcp.rst",
	[TIMEOUT_TCP_FIN] = "tcp.fin",
	[TIMEOUT_UDP] = "udp",
	[TIMEOUT_ICMP] = "icmp",
	[TIMEOUT_GENERAL] = "general",
	[TIMEOUT_MAXLIFE] = "maxlife",
	[TIMEOUT_EXPINT] = "expint",
};

static uint64_t
min64(uint64_t a, uint64_t b)
{
	return (a < b ? a : b);
}

static uint64_t
max64(uint64_t a, uint64_t b)
{
	return (a > b ? a : b);
}

static uint64_t
add_sat(uint64_t a, uint64_t b)
{
	return (b > NEVER - a ? NEVER : a + b);
}

static enum timeout
idle_timeout(const struct flow *f)
{
	switch (f->key.proto) {
	case IPPROTO_TCP:
		if ((f->tcp_flags[0] | f->tcp_flags[1]) & TH_RST)
			return (TIMEOUT_TCP_RST);
		if (f->tcp_flags[0] & f->tcp_flags[1] & TH_FIN)
			return (TIMEOUT_TCP_FIN);
		return (TIMEOUT_TCP);
	case 17:
		return (TIMEOUT_UDP);
	case 1:
		return (f->key.family == 4 ? TIMEOUT_ICMP : TIMEOUT_GENERAL);
	case 58:
		return (f->key.family == 6 ? TIMEOUT_ICMP : TIMEOUT_GENERAL);
	default:
		return (TIMEOUT_GENERAL);
	}
}

uint64_t
expire_deadline(const struct expire *e, const struct flow *f,
    enum expire_reason *why)
{
	enum timeout	to = idle_timeout(f);
	uint64_t	idle, life;

	idle = add_sat(flow_last(f), e->timeout_us[to]);
	life = add_sat(flow_first(f), e->timeout_us[TIMEOUT_MAXLIFE]);
	if (life < idle) {
		*why = EXPIRE_MAXLIFE;
		return (life);
	}
	*why = (enum expire_reason)to;
	return (idle);
}

enum expire_reason
expire_due(const struct expire *e, const struct flow *f, uint64_t now_us)
{
	enum expire_reason	why;
	uint64_t		deadline;

	deadline = expire_deadline(e, f, &why);
	return (deadline <= now_us && deadline != NEVER ? why : EXPIRE_NONE);
}

enum expire_reason
expire_before(const struct expire *e, const struct flow *f,
    const struct packet *pkt)
{
	enum expire_reason	why;

	if (f->packets[0] == 0 && f->packets[1] == 0)
		return (EXPIRE_NONE);
	if ((pkt->time_us >= add_sat(flow_last(f), e->limits.idle_us) ||
	    pkt->time_us >= add_sat(flow_first(f),
	    e->timeout_us[TIMEOUT_MAXLIFE])) &&
	    (why = expire_due(e, f, pkt->time_us)) != EXPIRE_NONE)
		return (why);
	if (add_sat(f->octets[pkt->dir], pkt->octets) > e->limits.octets)
		return (EXPIRE_OVERBYTES);
	return (EXPIRE_NONE);
}

const struct expire_limits *
expire_limits(const struct expire *e)
{
	return (&e->limits);
}

static void
visit_slot(struct expire *e)
{
	e->cursor = e->head[e->tick % SLOTS];
	e->soon_us = NEVER;
}

/*
 * Hang a flow where it will be looked at, at look_us; if that is more than a
 * turn away, in each turn before as well.
 */
static void
link_flow(struct expire *e, uint32_t idx, uint64_t look_us)
{
	struct flow	*f = track_flow(e->track, idx);
	uint64_t	 tick = look_us >> SLOT_SHIFT;
	uint32_t	*head;

	if (tick <= e->tick) {
		tick = e->tick;
		e->soon_us = min64(e->soon_us, look_us);
	}
	f->slot = (uint16_t)(tick % SLOTS);
	head = &e->head[f->slot];
	f->next = *head;
	if (*head != TRACK_NONE)
		track_flow(e->track, *head)->prev = idx;
	*head = idx;
	f->flags |= FLOW_WHEEL;
	e->armed++;
}

/* When the wheel must look at a flow that was not due at base_us. */
static uint64_t
look_time(const struct expire *e, const struct flow *f, uint64_t base_us)
{
	enum expire_reason	why;

	return (min64(expire_deadline(e, f, &why),
	    add_sat(base_us, e->look_us[idle_timeout(f)])));
}

/* Hang every flow anew on a wheel that stands at tick. */
static void
rebuild(struct expire *e, uint64_t tick)
{
	struct flow	*f;
	uint32_t	 all = TRACK_NONE, idx, slot;

	for (slot = 0; slot < SLOTS; slot++) {
		while ((idx = e->head[slot]) != TRACK_NONE) {
			f = track_flow(e->track, idx);
			e->head[slot] = f->next;
			f->next = all;
			all = idx;
		}
	}
	e->armed = 0;
	e->vain = 0;
	e->tick = tick;
	visit_slot(e);
	while ((idx = all) != TRACK_NONE) {
		f = track_flow(e->track, idx);
		all = f->next;
		link_flow(e, idx, look_time(e, f, flow_last(f)));
	}
}

void
expire_set_timeouts(struct expire *e, const struct timeouts *to)
{
	uint64_t	fin, rst;
	int		i;

	e->limits.idle_us = NEVER;
	for (i = 0; i < TIMEOUT_MAX; i++) {
		e->timeout_us[i] = to->seconds[i] * 1000000ULL;
		e->look_us[i] = NEVER;
		if (i < TIMEOUT_MAXLIFE)
			e->limits.idle_us = min64(e->limits.idle_us,
			    e->timeout_us[i]);
	}
	if (to->seconds[TIMEOUT_MAXLIFE] == 0)
		e->timeout_us[TIMEOUT_MAXLIFE] = NEVER;
	e->limits.life_us = e->timeout_us[TIMEOUT_MAXLIFE];
	rst = max64(e->timeout_us[TIMEOUT_TCP_RST], 1);
	fin = max64(e->timeout_us[TIMEOUT_TCP_FIN], 1);
	e->look_us[TIMEOUT_TCP_FIN] = rst;
	e->look_us[TIMEOUT_TCP] = min64(rst, fin);
	rebuild(e, e->tick);
}

struct expire *
expire_new(struct track *t, const struct timeouts *to, uint64_t octets_max)
{
	struct expire	*e;

	if ((e = calloc(1, sizeof(*e))) == NULL)
		return (NULL);
	e->fresh_size = track_max(t);
	if ((e->fresh = calloc(e->fresh_size, sizeof(*e->fresh))) == NULL) {
		free(e);
		return (NULL);
	}
	e->track = t;
	e->limits.octets = octets_max;
	memset(e->head, 0xff, sizeof(e->head));		/* TRACK_NONE */
	expire_set_timeouts(e, to);
	return (e);
}

size_t
expire_size(const struct expire *e)
{
	return (sizeof(*e) + e->fresh_size * sizeof(*e->fresh));
}

void
expire_free(struct expire *e)
{
	if (e == NULL)
		return;
	free(e->fresh);
	free(e);
}

void
expire_start(struct expire *e, uint64_t now_us)
{
	e->tick = now_us >> SLOT_SHIFT;
	visit_slot(e);
}

static int
is_single(const struct flow *f)
{
	return (f->packets[0] + f->packets[1] == 1);
}

static uint32_t
fresh_take(struct expire *e)
{
	uint32_t	idx = e->fresh[e->fresh_first];

	if (++e->fresh_first == e->fresh_size)
		e->fresh_first = 0;
	e->fresh_count--;
	return (idx);
}

/* Flows that end, or go on, stay there until their turn has come. */
static void
fresh_put(struct expire *e, uint32_t idx)
{
	uint32_t	at;

	if (e->fresh_count == e->fresh_size)
		(void)fresh_take(e);
	at = e->fresh_first + e->fresh_count++;
	e->fresh[at < e->fresh_size ? at : at - e->fresh_size] = idx;
}

void
expire_add(struct expire *e, uint32_t idx)
{
	const struct flow	*f = track_flow(e->track, idx);

	if (is_single(f))
		fresh_put(e, idx);

	link_flow(e, idx, look_time(e, f, flow_last(f)));
}

void
expire_remove(struct expire *e, uint32_t idx)
{
	struct flow	*f = track_flow(e->track, idx);

	if ((f->flags & FLOW_WHEEL) == 0)
		return;
	if (e->cursor == idx)
		e->cursor = f->next;
	/* The first one's prev means nothing: the next need not be loaded. */
	if (e->head[f->slot] == idx)
		e->head[f->slot] = f->next;
	else {
		track_flow(e->track, f->prev)->next = f->next;
		if (f->next != TRACK_NONE)
			track_flow(e->track, f->next)->prev = f->prev;
	}
	f->flags &= ~FLOW_WHEEL;
	e->armed--;
}

/* The next due flow of the visit in hand, or TRACK_NONE at its end. */
static uint32_t
visit_next(struct expire *e, uint64_t now_us, enum expire_reason *why,
    uint32_t *looks)
{
	const struct flow	*f;
	uint32_t		 idx;

	while (*looks > 0 && (idx = e->cursor) != TRACK_NONE) {
		(*looks)--;
		f = track_flow(e->track, idx);
		if (f->next != TRACK_NONE)
			track_prefetch_flow(e->track, f->next);
		*why = expire_due(e, f, now_us);
		expire_remove(e, idx);
		if (*why != EXPIRE_NONE)
			return (idx);
		if (now_us >> SLOT_SHIFT < e->tick)
			e->vain++;
		link_flow(e, idx, look_time(e, f, max64(now_us, flow_last(f))));
	}
	return (TRACK_NONE);
}

uint32_t
expire_next(struct expire *e, uint64_t now_us, enum expire_reason *why,
    uint32_t *looks)
{
	uint64_t	now_tick;
	uint32_t	idx;

	now_us = min64(now_us, NEVER - 1);
	now_tick = now_us >> SLOT_SHIFT;
	if (now_tick >= e->tick + SLOTS) {
		/* The turn that ends now takes in every slot once. */
		e->tick = now_tick - SLOTS + 1;
		visit_slot(e);
	}
	while (e->armed > 0) {
		if ((idx = visit_next(e, now_us, why, looks)) != TRACK_NONE)
			return (idx);
		if (*looks == 0)
			break;
		/*
		 * Before time goes on, the current slot holds nothing more
		 * for now.  Where time ran back, it holds all new flows:
		 * when that has cost as much, turn the wheel back.
		 */
		if (e->soon_us <= now_us) {
			if (e->vain > e->armed + SLOTS)
				rebuild(e, now_tick);
			else
				visit_slot(e);
		} else if (e->tick < now_tick) {
			if (++e->tick % SLOTS_A_LOOK == 0)
				(*looks)--;
			visit_slot(e);
		} else
			break;
	}
	*why = EXPIRE_NONE;
	return (TRACK_NONE);
}

/*
 * Single packets, the first ones first; some of those that came may have
 * become conversations since, or other flows.
 */
static unsigned int
victims_fresh(struct expire *e, uint32_t *victims, unsigned int max)
{
	const struct flow	*f;
	uint32_t		 idx, looks;
	unsigned int		 n = 0;

	for (looks = 0; looks < VICTIM_FRESH && n < max &&
	    e->fresh_count > 0; looks++) {
		idx = fresh_take(e);
		if (e->fresh_first + 8 < e->fresh_size)
			track_prefetch_flow(e->track,
			    e->fresh[e->fresh_first + 8]);
		f = track_flow(e->track, idx);
		if (f->flags & FLOW_WHEEL && is_single(f)) {
			expire_remove(e, idx);
			victims[n++] = idx;
		}
	}
	return (n);
}

/* Keep the max lowest ranks, in order; returns how many there are now. */
static unsigned int
victim_insert(uint32_t *victims, uint64_t *ranks, unsigned int n,
    unsigned int max, uint32_t idx, uint64_t rank)
{
	unsigned int	i;

	if (n == max && (max == 0 || rank >= ranks[n - 1]))
		return (n);
	if (n < max)
		n++;
	for (i = n - 1; i > 0 && rank < ranks[i - 1]; i--) {
		victims[i] = victims[i - 1];
		ranks[i] = ranks[i - 1];
	}
	victims[i] = idx;
	ranks[i] = rank;
	return (n);
}

/* In a table so empty that the hand finds none, the flow to look at next. */
static uint32_t
victim_any(const struct expire *e)
{
	uint32_t	slot;

	for (slot = 0; slot < SLOTS; slot++)
		if (e->head[(e->tick + slot) % SLOTS] != TRACK_NONE)
			return (e->head[(e->tick + slot) % SLOTS]);
	return (track_next(e->track, 0));
}

/* The longest idle of those that a clock hand passes over. */
static unsigned int
victims_idle(struct expire *e, uint32_t *victims, unsigned int max)
{
	const struct flow	*f;
	uint64_t		 idle_since[EXPIRE_VICTIMS];
	uint32_t		 flows, records, top = track_top(e->track);
	unsigned int		 i, n = 0;

	flows = max * VICTIM_CHOICE;
	if (flows < VICTIM_FLOWS)
		flows = VICTIM_FLOWS;
	for (records = 0; records < VICTIM_RECORDS && records < top &&
	    flows > 0; records++) {
		e->hand = e->hand + 1 < top ? e->hand + 1 : 0;
		f = track_flow(e->track, e->hand);
		if ((f->flags & (FLOW_USED | FLOW_ENDED)) == FLOW_USED) {
			flows--;
			n = victim_insert(victims, idle_since, n, max,
			    e->hand, flow_last(f));
		}
	}
	if (n == 0 && (victims[0] = victim_any(e)) != TRACK_NONE)
		n = 1;
	for (i = 0; i < n; i++)
		expire_remove(e, victims[i]);
	return (n);
}

unsigned int
expire_victims(struct expire *e, uint32_t *victims, unsigned int max)
{
	unsigned int	n = 0;

	/*
	 * A table full of old conversations would else give up every new one
	 * before its second packet.
	 */
	if (e->fresh_count > e->fresh_size / FRESH_SHARE)
		n = victims_fresh(e, victims, max);
	return (n > 0 ? n : victims_idle(e, victims, max));
}

uint8_t
expire_end_reason(enum expire_reason why)
{
	switch (why) {
	case EXPIRE_TCP:
	case EXPIRE_UDP:
	case EXPIRE_ICMP:
	case EXPIRE_GENERAL:
		return (1);	/* idle timeout */
	case EXPIRE_MAXLIFE:
	case EXPIRE_OVERBYTES:
		return (2);	/* active timeout */
	case EXPIRE_TCP_RST:
	case EXPIRE_TCP_FIN:
		return (3);	/* end of flow detected */
	case EXPIRE_FLUSH:
		return (4);	/* forced end */
	case EXPIRE_MAXFLOWS:
		return (5);	/* lack of resources */
	default:
		return (0);	/* reserved: not known */
	}
}
