/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "expire.h"
#include "exports_state.h"
#include "netflow.h"
#include "order.h"
#include "siphash.h"

_Static_assert(MAX_EXPORT <= 16, "a flow has a bit for each");

struct exports *
exports_new(const struct exports_config *config, struct track *track,
    export_send_fn *send_fn, struct export_hand *hands)
{
	struct exports	*x;

	if ((x = calloc(1, sizeof(*x))) == NULL)
		return (NULL);
	x->config = *config;
	x->track = track;
	x->send = send_fn;
	x->hands = hands;
	return (x);
}

void
exports_free(struct exports *x)
{
	unsigned int	i;

	if (x == NULL)
		return;
	for (i = 0; i < x->count; i++)
		export_free(x->one[i].export);
	free(x);
}

void
exports_on_settled(struct exports *x, exports_gone_fn *gone,
    exports_commit_fn *commit, void *arg)
{
	x->gone = gone;
	x->commit = commit;
	x->arg = arg;
}

void
exports_on_totals(struct exports *x, export_totals_fn *totals, void *arg)
{
	x->totals = totals;
	x->totals_arg = arg;
}

/* Whether the train's n-th flow was in a piece that went. */
static int
went(const struct export_hand *h, uint32_t n)
{
	unsigned int	i;

	for (i = 0; i + 1 < h->pieces && n >= h->piece[i].nflows; i++)
		n -= h->piece[i].nflows;
	return ((h->sent >> i) & 1);
}

/* What commit has made true, in the flow's record: again does no harm. */
static int
tell_flow(struct flow *f, unsigned int slot, int taken)
{
	if (taken)
		f->flags |= FLOW_TAKEN;
	order_stores();
	f->pending &= (uint16_t)~(1U << slot);
	return (f->pending == 0);
}

/* A collector's train is out, or given up. */
static void
settled(void *arg, unsigned int slot, const struct export_hand *h)
{
	struct exports	*x = arg;
	struct flow	*f;
	uint32_t	 i;

	for (i = 0; i < h->nflows; i++) {
		f = track_flow(x->track, h->flow[i]);
		if ((f->pending & ~(1U << slot)) == 0)
			x->gone(x->arg, h->flow[i], went(h, i) ||
			    f->flags & FLOW_TAKEN);
	}
	x->commit(x->arg);
	for (i = 0; i < h->nflows; i++)
		if (tell_flow(track_flow(x->track, h->flow[i]), slot,
		    went(h, i)))
			track_release(x->track, h->flow[i]);
}

static int
add_stream(struct exports *x, struct exports_one *one, int fd)
{
	if (export_streams(one->export, x->config.queue(x->config.queue_arg,
	    x->count), x->config.queue_octets,
	    one->transport == TRANSPORT_SCTP, x->config.adopting) == -1)
		return (-1);
	if (fd != -1)
		export_stream_up(one->export, fd);
	return (0);
}

/* Keeps the place of the slots behind it. */
static const struct msg_export	nobody = { .format.version = NETFLOW1_VERSION };

int
exports_add(struct exports *x, int fd, const struct msg_export *added)
{
	int			 gone = (added->flags & MSG_EXPORT_GONE) != 0;
	const struct msg_export	*conf = gone ? &nobody : added;
	struct exports_one	*one = &x->one[x->count];
	struct export_config	 config = {
		.format = conf->format,
		.source_id = conf->source_id,
		.sampling = x->config.sampling,
		.template_seconds = x->config.template_seconds,
		.template_datagrams = x->config.template_datagrams,
		.statistics_seconds = x->config.statistics_seconds,
		.train = x->config.train,
		.sides = x->config.sides,
		.identity = {
			.family = conf->local.family,
			.init_ms = x->config.init_ms
		}
	};

	if (x->count == MAX_EXPORT || added->slot != x->count ||
	    (gone && fd != -1)) {
		errno = EINVAL;
		return (-1);
	}
	memcpy(config.identity.secret, x->config.secret,
	    sizeof(config.identity.secret));
	memcpy(config.identity.name, x->config.name,
	    sizeof(config.identity.name));
	memcpy(config.identity.exporter, conf->local.addr,
	    sizeof(config.identity.exporter));
	one->export = export_new(&config, x->send,
	    &x->hands[x->count * EXPORT_LANES]);
	if (one->export == NULL)
		return (-1);
	one->version = conf->format.version;
	one->transport = conf->transport;
	one->up = fd != -1;
	one->octets = conf->counters.octets;
	pace_init(&one->pace, conf->rate);
	one->gone = gone;
	one->paced = conf->rate != 0 || (!gone && x->config.paced &&
	    conf->transport == TRANSPORT_UDP);
	export_on_settled(one->export, settled, x, x->count);
	export_on_totals(one->export, x->totals, x->totals_arg);
	export_segments(one->export, x->segment);
	export_payload(one->export, conf->payload_max);
	export_open(one->export, exports_is_stream(one) ? -1 : fd,
	    conf->sequence, &conf->counters);
	if (exports_is_stream(one) && add_stream(x, one, fd) == -1)
		return (-1);
	if (!gone && one->version != VERSION_PSAMP)
		x->flows |= 1U << x->count;
	if (added->flags & (MSG_EXPORT_GONE | MSG_EXPORT_FRESH))
		x->strange |= 1U << x->count;
	x->there += !gone;
	x->count++;
	exports_failed(x, added->slot, conf->error);
	return (0);
}

void
exports_up(struct exports *x, unsigned int slot, int fd)
{
	struct exports_one	*one = &x->one[slot];

	one->up = fd != -1;
	if (!exports_is_stream(one))
		export_up(one->export, fd);
	else if (fd != -1)
		export_stream_up(one->export, fd);
}

void
exports_failed(struct exports *x, unsigned int slot, int error)
{
	if (error > 0)
		export_failed(x->one[slot].export, error);
}

void
exports_payload(struct exports *x, unsigned int slot, uint32_t octets)
{
	export_payload(x->one[slot].export, octets);
}

void
exports_segments(struct exports *x, export_segment_fn *segment)
{
	unsigned int	i;

	x->segment = segment;
	for (i = 0; i < x->count; i++)
		export_segments(x->one[i].export, segment);
}

void
exports_patience(struct exports *x, export_wait_fn *wait_fn,
    unsigned int times)
{
	unsigned int	i;

	for (i = 0; i < x->count; i++)
		export_patience(x->one[i].export, wait_fn, times);
}

void
exports_set_clock(struct exports *x, const struct export_clock *clock)
{
	unsigned int	i;

	for (i = 0; i < x->count; i++)
		export_set_clock(x->one[i].export, clock);
}

void
exports_templates(struct exports *x)
{
	unsigned int	i;

	for (i = 0; i < x->count; i++)
		export_templates(x->one[i].export);
}

void
exports_flush(struct exports *x, struct counters *c)
{
	unsigned int	i;

	for (i = 0; i < x->count; i++)
		export_flush(x->one[i].export, c);
}

void
exports_tick(struct exports *x, struct counters *c)
{
	unsigned int	i;

	for (i = 0; i < x->count; i++)
		export_tick(x->one[i].export, c);
}

/*
 * Of those that can say a flow, one: always the same for a conversation, as
 * long as the daemon lives.
 */
static uint32_t
choose_one(const struct exports *x, const struct flow *f, uint32_t mask)
{
	uint64_t	 octets, v[4];
	uint32_t	 n;

	sip_begin(v, x->config.secret);
	octets = track_hash_key(v, &f->key);
	n = (uint32_t)(sip_end(v, octets) %
	    (unsigned int)__builtin_popcount(mask));
	for (; n > 0; n--)
		mask &= mask - 1;
	return (mask & -mask);
}

/* Tokens for what has been sent since. */
static void
pace_sent(struct exports_one *one)
{
	uint64_t	octets = export_session(one->export)->counters.octets;

	pace_take(&one->pace, octets - one->octets);
	one->octets = octets;
}

/* Collectors that a flow is for and waits for: bit for each. */
static uint32_t
collectors_of(struct exports *x, const struct flow *f)
{
	uint32_t	mask = 0;
	unsigned int	i;

	for (i = 0; i < x->count; i++) {
		if ((f->pending & x->flows & 1U << i) == 0)
			continue;
		if (export_can(x->one[i].export, f))
			mask |= 1U << i;
		else if (!x->config.spread)
			export_count_refused(x->one[i].export, f);
	}
	if (x->config.spread && mask != 0)
		mask = choose_one(x, f, mask);
	return (mask);
}

/* Whether its limit, if there is one, allows no more now. */
static int
is_over(struct exports_one *one)
{
	if (one->pace.fixed == 0)
		return (0);
	pace_sent(one);
	return (pace_over(&one->pace));
}

/* Of these, those whose limit allows another flow; the others lose it. */
static uint32_t
within_limits(struct exports *x, const struct flow *f, uint32_t mask)
{
	struct exports_one	*one;
	uint32_t		 left;

	for (left = mask; left != 0; left &= left - 1) {
		one = &x->one[__builtin_ctz(left)];
		if (is_over(one)) {
			mask &= ~(left & -left);
			export_count_lost(one->export, f);
		}
	}
	return (mask);
}

/* Nobody waits for a flow; limited: only for its limit. */
static void
count_nobody(const struct exports *x, const struct flow *f, int limited,
    struct counters *c)
{
	uint64_t	packets = f->packets[0] + f->packets[1];

	if (f->flags & FLOW_TAKEN) {
		c->flows_exported++;
		c->packets_exported += packets;
		c->octets_exported += f->octets[0] + f->octets[1];
	} else if (limited) {
		c->flows_unsent++;
		c->packets_unsent += packets;
	} else if (x->there == 0) {
		c->flows_no_collector++;
		c->packets_no_collector += packets;
	} else {
		c->flows_not_exportable++;
		c->packets_not_exportable += packets;
	}
}

int
exports_flow(struct exports *x, uint32_t idx, enum expire_reason why,
    struct counters *c)
{
	struct flow	*f = track_flow(x->track, idx);
	uint32_t	 waits = f->pending & x->flows;
	uint32_t	 all, mask, left;
	unsigned int	 i;

	if (f->packets[0] == 0 && f->packets[1] == 0)
		return (0);
	all = collectors_of(x, f);
	mask = within_limits(x, f, all);
	if (mask == 0) {
		count_nobody(x, f, all != 0, c);
		return (0);
	}
	f->pending = (uint16_t)mask;
	/* For the others it is lost, which no next worker will find out. */
	if (mask != waits && !x->config.spread)
		x->commit(x->arg);
	/* It may be released behind the last one. */
	for (left = mask; left != 0; left &= left - 1) {
		i = (unsigned int)__builtin_ctz(left);
		export_flow(x->one[i].export, f, idx, expire_end_reason(why),
		    c);
	}
	return (1);
}

void
exports_packet(struct exports *x, const struct psamp_packet *p,
    struct counters *c)
{
	struct exports_one	*one;

	for (one = x->one; one < x->one + x->count; one++) {
		if (one->version != VERSION_PSAMP)
			continue;
		if (is_over(one))
			export_packet_lost(one->export, p);
		else
			export_packet(one->export, p, c);
	}
}

void
exports_pace(struct exports *x, uint64_t mono_us)
{
	unsigned int	i;

	x->mono_us = mono_us;
	for (i = 0; i < x->count; i++) {
		pace_sent(&x->one[i]);
		pace_time(&x->one[i].pace, mono_us);
	}
}

/* All are asked, or full streams would get their time one after the other. */
int
exports_room(struct exports *x)
{
	unsigned int	i;
	int		room = 1;

	for (i = 0; i < x->count; i++) {
		pace_sent(&x->one[i]);
		if (x->one[i].paced && !pace_room(&x->one[i].pace))
			room = 0;
		if (exports_is_stream(&x->one[i]) &&
		    !export_stream_room(x->one[i].export, x->mono_us))
			room = 0;
	}
	return (room);
}

void
exports_held(struct exports *x, int waits)
{
	unsigned int	i;

	for (i = 0; i < x->count; i++)
		pace_held(&x->one[i].pace, waits);
}

/* It was committed that the train is out; its flows may not know. */
static void
tell_again(struct exports *x, unsigned int slot, struct export_hand *h)
{
	struct flow	*f;
	uint32_t	 i;

	for (i = 0; i < h->nflows && i < nitems(h->flow); i++) {
		if (h->flow[i] >= track_top(x->track))
			continue;
		f = track_flow(x->track, h->flow[i]);
		if (f->flags & FLOW_ENDED && f->flags & FLOW_USED)
			(void)tell_flow(f, slot, went(h, i));
	}
}

struct export_hand *
exports_resumable(struct exports *x, const struct exports_state *state,
    unsigned int *slot)
{
	struct export_hand	*h, *found = NULL;
	unsigned int		 i, lane;

	for (i = 0; i < x->count; i++) {
		for (lane = 0; lane < EXPORT_LANES; lane++) {
			h = &x->hands[i * EXPORT_LANES + lane];
			if (h->sending && h->pieces <= MAX_TRAIN &&
			    h->number == state->session[i].settled)
				tell_again(x, i, h);
		}
		if (found != NULL || x->strange >> i & 1)
			continue;
		*slot = i;
		found = export_resumable(x->one[i].export,
		    &state->session[i]);
	}
	return (found);
}

void
exports_adopt(struct exports *x, const struct exports_state *state,
    struct export_hand *resend)
{
	unsigned int	i;

	for (i = 0; i < x->count; i++) {
		if (x->strange >> i & 1) {
			export_renew(x->one[i].export);
			continue;
		}
		export_adopt(x->one[i].export, &state->session[i], resend);
		export_stream_begin(x->one[i].export, 1);
		x->one[i].octets = state->session[i].counters.octets;
	}
}

/* What is in a queue is not sent again for that. */
unsigned int
exports_repeats(const struct exports *x, unsigned int slot,
    const struct export_hand *h)
{
	return (exports_is_stream(&x->one[slot]) ? 0 : h->together);
}

uint32_t
exports_strange(const struct exports *x)
{
	return (x->strange);
}

int
exports_gone(const struct exports *x, unsigned int slot)
{
	return (x->one[slot].gone);
}

int
exports_sampling(struct exports *x, uint32_t sampling)
{
	unsigned int	i;

	for (i = 0; i < x->count; i++)
		if (x->one[i].version == NETFLOW5_VERSION &&
		    sampling > NETFLOW5_SAMPLING_MAX)
			return (-1);
	x->config.sampling = sampling;
	for (i = 0; i < x->count; i++)
		export_sampling(x->one[i].export, sampling);
	return (0);
}

void
exports_resend(struct exports *x, unsigned int slot, struct export_hand *h,
    struct counters *c)
{
	export_resend(x->one[slot].export, h, c);
}

unsigned int
exports_count(const struct exports *x)
{
	return (x->count);
}

void
exports_state(struct exports *x, struct exports_state *state)
{
	unsigned int	i;

	for (i = 0; i < x->count; i++)
		state->session[i] = *export_session(x->one[i].export);
}

void
exports_row(struct exports *x, unsigned int slot, struct summary_export *row)
{
	struct exports_one	*one = &x->one[slot];

	row->slot = slot;
	row->version = one->version;
	row->transport = one->transport;
	row->down = !one->up;
	row->sequence = export_session(one->export)->sequence;
	row->counters = export_session(one->export)->counters;
	if (exports_is_stream(one))
		row->queued = export_stream_waiting(one->export,
		    &row->queued_octets);
}
