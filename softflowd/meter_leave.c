/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * How flows leave the table: they end, are exported, counted as gone when
 * their datagram is out, and only then freed, so that whoever takes over the
 * table at any moment finds each of them once.  In the worker, confined.
 */

#include "meter_state.h"
#include "netflow.h"
#include "order.h"

#define TICK_LOOKS	256	/* at flows, in one call of meter_tick() */
#define END_FLOWS	16	/* together */
#define SOME_FLOWS	1024	/* of expire-all, in one go */

#define DATAGRAM_SPAN_US 86400000000ULL	/* a savefile's datagram covers less */

void
meter_commit(struct meter *m, uint32_t leaving)
{
	const struct estate_mark	*mark = estate_batch(m->estate);
	struct estate_state		*draft = estate_draft(m->estate);

	draft->summary = m->stats->summary;
	draft->meter = m->at;
	exports_state(m->exports, &draft->exports);
	draft->batch = m->estate->batch;
	draft->batch_frames = mark == NULL ? 0 : (uint32_t)mark->frames;
	draft->leaving = leaving;
	estate_commit(m->estate);
}

void
meter_gone(struct meter *m, uint32_t idx)
{
	meter_commit(m, idx + 1);
	track_release(m->track, idx);
	order_stores();
	estate_current(m->estate)->leaving = 0;
}

static void
meter_count_gone(struct meter *m, const struct flow *flow)
{
	m->at.octets_left += flow->octets[0] + flow->octets[1];
}

/* No collector waits for a flow any more. */
void
meter_exported(void *arg, uint32_t idx, int exported)
{
	struct meter		*m = arg;
	struct counters		*c = &m->stats->summary.counters;
	const struct flow	*flow = track_flow(m->track, idx);
	uint64_t		 packets = flow->packets[0] + flow->packets[1];

	if (exported) {
		c->flows_exported++;
		c->packets_exported += packets;
		c->octets_exported += flow->octets[0] + flow->octets[1];
	} else {
		c->flows_unsent++;
		c->packets_unsent += packets;
	}
	summary_expired(m->stats, flow, (enum expire_reason)flow->reason);
	meter_count_gone(m, flow);
}

void
meter_commit_exported(void *arg)
{
	meter_commit(arg, 0);
}

/*
 * A savefile's export time is the end of the latest flow exported so far: as
 * near as a live daemon could have sent it, and within what 32 bits of
 * milliseconds can say, however long the file is.
 */
void
meter_file_clock(struct meter *m, uint64_t now_us)
{
	struct export_clock	clock;

	if (now_us < m->at.clock_us)
		return;
	if (now_us - m->flushed_us > DATAGRAM_SPAN_US) {
		exports_flush(m->exports, &m->stats->summary.counters);
		m->flushed_us = now_us;
	}
	m->at.clock_us = now_us;
	clock.unix_us = now_us;
	clock.uptime_ms = now_us < m->at.boot_us ? 0 :
	    (now_us - m->at.boot_us) / 1000;
	exports_set_clock(m->exports, &clock);
}

/*
 * The last packet of a flow, but not ahead of the packets being read: a
 * frame with a wrong clock must not carry all later datagrams away.
 */
static uint64_t
meter_flow_end(const struct meter *m, const struct flow *flow)
{
	uint64_t	end;

	end = flow->last_us[0] > flow->last_us[1] ? flow->last_us[0] :
	    flow->last_us[1];
	return (end < m->at.now_us ? end : m->at.now_us);
}

void
meter_leave(struct meter *m, uint32_t idx, enum expire_reason why)
{
	struct counters		*c = &m->stats->summary.counters;
	const struct flow	*flow = track_flow(m->track, idx);

	if (m->savefile)
		meter_file_clock(m, meter_flow_end(m, flow));
	if (exports_flow(m->exports, idx, why, c))
		return;
	summary_expired(m->stats, flow, why);
	meter_count_gone(m, flow);
	meter_gone(m, idx);
}

int
meter_end_flow(struct meter *m, uint32_t idx, enum expire_reason why)
{
	if (track_flow(m->track, idx)->flags & FLOW_OWN) {
		m->own_flows--;
		track_remove(m->track, idx);
		return (0);
	}
	track_end(m->track, idx, (uint8_t)why);
	meter_leave(m, idx, why);
	return (1);
}

/* The same for n flows: where the index has them is fetched for all first. */
static uint64_t
meter_end_flows(struct meter *m, const uint32_t *idx,
    const enum expire_reason *why, unsigned int n)
{
	uint64_t	count = 0;
	unsigned int	i;

	for (i = 0; i < n && !m->closed; i++)
		track_prefetch(m->track, track_flow(m->track, idx[i])->hash);
	for (i = 0; i < n; i++)
		count += (uint64_t)meter_end_flow(m, idx[i], why[i]);
	return (count);
}

/* The table is full. */
void
meter_make_room(struct meter *m)
{
	enum expire_reason	why[EXPIRE_VICTIMS];
	uint32_t		idx[EXPIRE_VICTIMS];
	unsigned int		i, n;

	n = expire_victims(m->expire, idx, m->victims);
	for (i = 0; i < n; i++)
		why[i] = EXPIRE_MAXFLOWS;
	meter_end_flows(m, idx, why, n);
}

/* When packets were ignored, to the batch; by the kernel, to the second. */
static void
note_ignored(struct meter *m, uint64_t now_us)
{
	const struct counters	*c = &m->stats->summary.counters;
	uint64_t		 ignored;

	ignored = counters_dropped(c) + c->kernel_dropped;

	if (ignored == m->at.ignored)
		return;
	m->at.ignored = ignored;
	m->at.ignored_last_us = now_us;
	if (m->at.ignored_first_us == 0)
		m->at.ignored_first_us = now_us;
}

void
meter_totals(void *arg, struct export_statistics *s)
{
	const struct meter	*m = arg;
	const struct counters	*c = &m->stats->summary.counters;

	s->ignored_packets = m->at.ignored;
	s->ignored_octets = c->octets_ignored;
	s->ignored_first_us = m->at.ignored_first_us;
	s->ignored_last_us = m->at.ignored_last_us;
	s->selected = c->packets + c->packets_reported + m->reports +
	    c->own_export + c->second_sightings;
	s->observed = s->selected + c->not_sampled;
	s->active_timeout = m->conf.timeouts.seconds[TIMEOUT_MAXLIFE];
	s->idle_timeout = m->conf.timeouts.seconds[TIMEOUT_GENERAL];
}

int
meter_tick(struct meter *m, uint64_t now_us)
{
	struct counters		*c = &m->stats->summary.counters;
	enum expire_reason	 why[END_FLOWS];
	uint64_t		 interval;
	uint32_t		 idx[END_FLOWS], looks = TICK_LOOKS;
	unsigned int		 n = END_FLOWS;
	int			 held = 0;

	note_ignored(m, now_us);
	exports_tick(m->exports, c);
	if (now_us < m->at.scanned_us)
		m->at.scanned_us = now_us;	/* the clock was set back */
	interval = (uint64_t)m->conf.timeouts.seconds[TIMEOUT_EXPINT] *
	    1000000;
	if (!m->scanning && now_us - m->at.scanned_us < interval)
		return (0);
	m->at.scanned_us = now_us;
	while (n == END_FLOWS && !(held = !exports_room(m->exports))) {
		for (n = 0; n < END_FLOWS; n++)
			if ((idx[n] = expire_next(m->expire, now_us, &why[n],
			    &looks)) == TRACK_NONE)
				break;
		meter_end_flows(m, idx, why, n);
	}
	m->scanning = looks == 0 || held;
	exports_held(m->exports, held);
	if (!m->scanning)
		exports_flush(m->exports, c);
	return (held ? METER_HELD : m->scanning);
}

void
meter_pace(struct meter *m, uint64_t mono_us)
{
	exports_pace(m->exports, mono_us);
}

int
meter_room(struct meter *m)
{
	int	room = exports_room(m->exports);

	if (!room)
		exports_held(m->exports, 1);
	return (room);
}

void
meter_pick(struct meter *m, meter_pick_fn *fn, const void *arg)
{
	m->pick = fn;
	m->pick_arg = arg;
}

static int
is_picked(const struct meter *m, uint32_t idx)
{
	return (m->pick == NULL || m->pick(m->pick_arg,
	    track_flow(m->track, idx), track_side(m->track, idx)));
}

uint64_t
meter_expire_some(struct meter *m, uint32_t *cursor)
{
	enum expire_reason	why[END_FLOWS];
	uint64_t		count = 0;
	uint32_t		idx[END_FLOWS];
	unsigned int		n, some = 0;

	while (some < SOME_FLOWS && *cursor != TRACK_NONE &&
	    (some == 0 || exports_room(m->exports))) {
		for (n = 0; n < END_FLOWS && some < SOME_FLOWS; some++) {
			*cursor = track_next(m->track, *cursor);
			if ((idx[n] = *cursor) == TRACK_NONE)
				break;
			(*cursor)++;
			if (!is_picked(m, idx[n]))
				continue;
			expire_remove(m->expire, idx[n]);
			why[n++] = EXPIRE_FLUSH;
		}
		count += meter_end_flows(m, idx, why, n);
	}
	if (*cursor == TRACK_NONE)
		exports_flush(m->exports, &m->stats->summary.counters);
	return (count);
}

uint64_t
meter_delete_some(struct meter *m, uint32_t *cursor)
{
	struct counters	*c = &m->stats->summary.counters;
	struct flow	*flow;
	uint64_t	 count = 0;
	uint32_t	 idx;
	unsigned int	 i;

	for (i = 0; i < SOME_FLOWS; i++) {
		if ((*cursor = track_next(m->track, *cursor)) == TRACK_NONE)
			break;
		idx = (*cursor)++;
		if (!is_picked(m, idx))
			continue;
		flow = track_flow(m->track, idx);
		expire_remove(m->expire, idx);
		if (flow->flags & FLOW_OWN) {
			m->own_flows--;
			track_remove(m->track, idx);
			continue;
		}
		c->flows_deleted++;
		c->packets_deleted += flow->packets[0] + flow->packets[1];
		meter_count_gone(m, flow);
		track_end(m->track, idx, EXPIRE_NONE);
		meter_gone(m, idx);
		count++;
	}
	return (count);
}

void
meter_close(struct meter *m)
{
	m->closed = 1;
	track_close(m->track);
}

void
meter_flush(struct meter *m)
{
	exports_flush(m->exports, &m->stats->summary.counters);
	meter_count_reports(m);
	meter_commit(m, 0);
}
