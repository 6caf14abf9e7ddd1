/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Taking over what a dead worker left, in the next one, confined.  It may
 * have died in the midst of anything, and of code that was not ours: what
 * cannot be right is dropped and counted, and the rest can at worst be wrong
 * numbers.
 *
 * What was accounted to flows is what they hold and what has left the table;
 * so the counters of the batch in hand are found, whatever of it was done;
 * only the octets of one packet given up may be in its flow already.
 * Nothing is committed before the whole table has been gone through, so that
 * a death here changes nothing, either.
 */

#include <string.h>

#include "compat.h"
#include "meter_state.h"

#define FLOW_KNOWN	(FLOW_USED | FLOW_INITIATOR | FLOW_OWN | FLOW_WHEEL | \
    FLOW_ENDED | FLOW_TAKEN)

/* What a batch may have added to the octets since they were counted. */
#define BATCH_OCTETS	((uint64_t)MAX_BATCH << 33)

/* Read, and perhaps reported, but not counted as such. */
#define FRAMES_IN_HAND	(MAX_BATCH + METER_REPORTS + MAX_BATCH)

#define HAND_FLOWS	(MAX_TRAIN * EXPORT_FLOWS)

struct scan {
	struct estate_state	state;	/* a copy: nobody changes it */
	uint64_t		flows, packets, octets;	/* in the table */
	struct export_hand	*resend;	/* may be out; NULL: none */
	unsigned int		slot;		/* of its collector */
	uint32_t		hand[HAND_FLOWS];	/* its; or TRACK_NONE */
	uint32_t		nhand;
	uint8_t			kept[HAND_FLOWS];	/* it is good */
	uint32_t		ended;		/* others; linked by next */
	uint64_t		packets_moved, octets_moved;
};

static uint64_t
packets_left(const struct counters *c)
{
	return (c->packets_exported + c->packets_not_exportable +
	    c->packets_unsent + c->packets_no_collector + c->packets_deleted +
	    c->packets_lost);
}

static uint64_t
frames_accounted(const struct counters *c)
{
	return (c->packets + c->packets_reported + c->not_sampled +
	    c->frames_filtered + c->own_export + c->loopback_outgoing +
	    c->second_sightings + counters_dropped(c));
}

/* Counters that may be less than when they were last reported. */
static int
goes_back(const char *name)
{
	/* The last one only the parent knows. */
	return (strcmp(name, "packets") == 0 || strcmp(name, "octets") == 0 ||
	    strcmp(name, "worker_deaths") == 0);
}

/* Counters that go on from those last reported and add up. */
static int
state_plausible(const struct estate_state *s, const struct counters *reported)
{
	const struct counters	*c = &s->summary.counters;
	uint64_t		 value;
	unsigned int		 i;

	for (i = 0; counter_name(i) != NULL; i++) {
		value = counter_value(c, i);
		if (value > INT64_MAX ||
		    (value < counter_value(reported, i) &&
		    !goes_back(counter_name(i))))
			return (0);
	}
	return (c->packets + c->second_sightings >=
	    reported->packets + reported->second_sightings &&
	    packets_left(c) <= c->packets &&
	    c->frames - frames_accounted(c) <= FRAMES_IN_HAND);
}

static int
key_plausible(const struct flow_key *key, uint32_t level)
{
	static const uint8_t	zero[12];

	if (key->reserved > (level == TRACK_TOS ? UINT8_MAX : 0))
		return (0);
	if (key->family == 4)
		return (memcmp(key->addr[0] + 4, zero, sizeof(zero)) == 0 &&
		    memcmp(key->addr[1] + 4, zero, sizeof(zero)) == 0);
	return (key->family == 6);
}

static int
slot_plausible(uint8_t slot)
{
	return (slot == INTERFACE_OTHER || interface_known(slot));
}

/*
 * Whether a record can be right.  One direction's first packet may have been
 * under way: what it has is then forgotten.
 */
static int
flow_plausible(struct flow *f, const struct counters *c, uint32_t level)
{
	int	i;

	if ((f->flags & ~FLOW_KNOWN) != 0 || !key_plausible(&f->key, level) ||
	    (f->flags & FLOW_ENDED && f->reason >= EXPIRE_MAX))
		return (0);
	for (i = 0; i < 2; i++) {
		if (!slot_plausible(f->in[i]) || !slot_plausible(f->out[i]))
			return (0);
		if (f->packets[i] == 0) {
			f->octets[i] = f->first_us[i] = f->last_us[i] = 0;
			f->tcp_flags[i] = f->tos[i] = 0;
			f->in[i] = f->out[i] = 0;
		} else if (f->packets[i] > c->packets + MAX_BATCH ||
		    f->octets[i] > c->octets + BATCH_OCTETS ||
		    f->first_us[i] > f->last_us[i])
			return (0);
	}
	return (1);
}

/* Where a flow is in the train in hand; nhand: nowhere. */
static uint32_t
hand_find(const struct scan *s, uint32_t idx)
{
	uint32_t	i;

	for (i = 0; i < s->nhand && s->hand[i] != idx; i++)
		continue;
	return (i);
}

/* Those of the train in hand, each one once. */
static void
scan_hand(struct meter *m, struct scan *s, const struct export_hand *h)
{
	uint32_t	idx, n;

	n = h->nflows <= HAND_FLOWS ? h->nflows : 0;
	while (s->nhand < n) {
		idx = h->flow[s->nhand];
		if (idx >= m->estate->top || hand_find(s, idx) < s->nhand)
			idx = TRACK_NONE;
		s->hand[s->nhand++] = idx;
	}
}

/* Whether an ended flow has been counted as gone already. */
static int
was_gone(const struct scan *s, const struct flow *f, uint32_t idx)
{
	return (s->state.leaving == idx + 1 || f->pending == 0);
}

/*
 * An ended flow stays where it is until its train is out; and goes to those
 * of its collectors that the train is not for.
 */
static void
scan_ended(struct scan *s, struct flow *f, uint32_t idx)
{
	uint32_t	at = hand_find(s, idx), others = f->pending;

	if (at < s->nhand && others & 1U << s->slot) {
		s->kept[at] = 1;
		others &= ~(1U << s->slot);
	}
	if (others != 0) {
		f->next = s->ended;
		s->ended = idx;
	}
}

static int
flow_of_use(struct meter *m, const struct scan *s, struct flow *f,
    uint32_t idx)
{
	if ((f->flags & FLOW_USED) == 0 ||
	    !flow_plausible(f, &s->state.summary.counters,
	    m->conf.track_level) ||
	    (f->packets[0] == 0 && f->packets[1] == 0) ||
	    (m->how.side && !side_plausible(track_side(m->track, idx), f,
	    m->how.level)))
		return (0);
	/* Our own datagrams are accounted now. */
	if (f->flags & FLOW_OWN && m->conf.flags & CONF_KEEP_OWN)
		return (0);
	if (f->flags & FLOW_ENDED)
		return ((f->flags & FLOW_OWN) == 0 && !was_gone(s, f, idx));
	return (track_count(m->track) < track_max(m->track));
}

static void
scan_record(struct meter *m, struct scan *s, uint32_t idx)
{
	struct flow	*f = track_flow(m->track, idx);

	if (!flow_of_use(m, s, f, idx)) {
		track_release(m->track, idx);
		return;
	}
	f->flags &= ~FLOW_WHEEL;
	if ((f->flags & FLOW_OWN) == 0) {
		s->flows++;
		s->packets += f->packets[0] + f->packets[1];
		s->octets += f->octets[0] + f->octets[1];
	}
	if (f->flags & FLOW_ENDED) {
		scan_ended(s, f, idx);
		return;
	}
	m->own_flows += (f->flags & FLOW_OWN) != 0;
	track_adopt(m->track, idx);
	expire_add(m->expire, idx);
}

/* See the head: counters of what was done since they were committed. */
static void
reconcile(struct meter *m, const struct scan *s, struct adoption *a)
{
	struct counters			*c = &m->stats->summary.counters;
	const struct estate		*es = m->estate;
	const struct estate_mark	*mark = estate_batch(es);
	uint64_t			 counted, flows, frames, octets;
	uint64_t			 packets;

	frames = mark == NULL ? 0 : mark->frames;
	if (frames > MAX_BATCH)
		frames = MAX_BATCH;
	counted = es->batch == s->state.batch ? s->state.batch_frames : 0;
	if (frames > counted)
		c->frames += frames - counted;
	if (s->packets_moved <= c->packets &&
	    s->octets_moved <= c->octets) {
		c->packets -= s->packets_moved;
		c->octets -= s->octets_moved;
		c->second_sightings += s->packets_moved;
	}

	packets = packets_left(c) + s->packets;
	if (packets < c->packets) {
		a->lost = c->packets - packets;
		c->packets_lost += a->lost;
	} else
		c->packets = packets;
	flows = c->flows_expired + c->flows_deleted + c->flows_lost + s->flows;
	if (flows < c->flows)
		c->flows_lost += c->flows - flows;
	else
		c->flows = flows;
	octets = m->at.octets_left + s->octets;
	if (octets > c->octets)
		c->octets = octets;

	c->fragments = c->fragments_joined + c->fragments_orphaned;
	frames = frames_accounted(c);
	if (frames < c->frames) {
		a->skipped = c->frames - frames;
		c->frames_skipped += a->skipped;
	}
	c->frames = frames;
	c->worker_deaths = m->conf.counters.worker_deaths;
}

static void
adopt_state(struct meter *m, const struct estate_state *s)
{
	struct summary	*summary = &m->stats->summary;
	unsigned int	 i;

	*summary = s->summary;
	summary->max_flows = m->conf.max_flows;
	summary->flags &= SUMMARY_LIVE | SUMMARY_SAMPLED;
	for (i = 0; i < nitems(m->stats->proto); i++)
		m->stats->proto[i].proto = i;
	m->at = s->meter;
	meter_sampling(m);
}

/*
 * A flow waits only for collectors that are not who they were.  One that was
 * not offered to any yet goes to those of now.
 */
static int
waits_in_vain(const struct meter *m, const struct flow *f)
{
	return (f->pending != FLOW_PENDING &&
	    (f->pending & ~exports_strange(m->exports)) == 0);
}

/* Flows that ended, but for those of the train in hand. */
static void
leave_ended(struct meter *m, uint32_t idx)
{
	struct flow	*f;
	uint32_t	 next;

	for (; idx != TRACK_NONE; idx = next) {
		f = track_flow(m->track, idx);
		next = f->next;
		if (waits_in_vain(m, f)) {
			meter_exported(m, idx, f->flags & FLOW_TAKEN);
			meter_gone(m, idx);
			continue;
		}
		if (f->pending != FLOW_PENDING)
			f->pending &= (uint16_t)~exports_strange(m->exports);
		meter_leave(m, idx, (enum expire_reason)f->reason);
	}
}

/*
 * The flows of the train in hand are what is good of them.  Where all are,
 * each store writes what stands there: a death here leaves a train that can
 * be resumed.
 */
static void
adopt_hand(const struct scan *s)
{
	struct export_hand	*h = s->resend;
	struct export_piece	*p;
	uint32_t		 at = 0, end, first, n = 0;
	unsigned int		 i;

	for (i = 0; i < h->pieces; i++) {
		p = &h->piece[i];
		end = at + p->nflows;
		first = n;
		for (; at < end; at++)
			if (s->kept[at])
				h->flow[n++] = s->hand[at];
		p->nflows = n - first;
	}
	h->nflows = n;
}

int
meter_adopt(struct meter *m, struct adoption *a)
{
	struct estate	*es = m->estate;
	struct scan	 s = { .ended = TRACK_NONE };
	uint32_t	 idx;
	unsigned int	 slot;

	memset(a, 0, sizeof(*a));
	if (!m->adopting)
		return (0);
	m->adopting = 0;
	s.state = *estate_current(es);
	if (!state_plausible(&s.state, &m->conf.counters)) {
		meter_begin(m);
		exports_begin(m->exports);
		return (0);
	}
	for (slot = 0; slot < MAX_CAPTURE; slot++)
		a->mark[slot] = estate_place(es, slot);
	adopt_state(m, &s.state);
	meter_move_redo(m, &s.packets_moved, &s.octets_moved);
	s.resend = exports_resumable(m->exports, &s.state.exports, &s.slot);
	if (s.resend != NULL)
		scan_hand(m, &s, s.resend);
	expire_start(m->expire, m->at.now_us);
	for (idx = 0; idx < es->top; idx++)
		scan_record(m, &s, idx);
	if (s.resend != NULL) {
		adopt_hand(&s);
		m->stats->summary.counters.datagrams_repeated +=
		    exports_repeats(m->exports, s.slot, s.resend);
	}
	if (m->savefile) {
		m->flushed_us = m->at.clock_us;
		meter_file_clock(m, m->at.clock_us);
	}
	exports_adopt(m->exports, &s.state.exports, s.resend);
	reconcile(m, &s, a);
	a->flows = track_count(m->track) - m->own_flows;
	meter_commit(m, 0);
	if (s.resend != NULL) {
		exports_resend(m->exports, s.slot, s.resend,
		    &m->stats->summary.counters);
		a->repeated = 1;
	}
	leave_ended(m, s.ended);
	return (1);
}
