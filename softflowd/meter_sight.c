/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Packets that are seen more than once.  Each counts where it came in, or
 * where it was only seen leaving, there; on a stack of devices on one of
 * them.  What is read first need not be what counts: then the packets so far
 * of that direction turn out to be second sightings.  In the worker,
 * confined.
 */

#include "meter_state.h"
#include "order.h"

#define SIGHT_LAG_US	1000000	/* one capture may be read behind another */

/* Done again when a worker died halfway. */
static void
move_apply(struct meter *m, uint32_t idx, const struct packet *pkt)
{
	struct flow	*f = track_flow(m->track, idx);
	unsigned int	 d = pkt->dir;

	if (m->how.side)
		side_update(track_side(m->track, idx), 1, pkt);
	f->octets[d] = pkt->octets;
	f->first_us[d] = f->last_us[d] = pkt->time_us;
	f->tcp_flags[d] = pkt->tcp_flags;
	f->tos[d] = pkt->tos;
	if (pkt->outgoing)
		f->out[d] = pkt->slot;
	else
		f->in[d] = pkt->slot;
	f->packets[d] = 1;
}

/* From here on the direction counts, beginning with pkt. */
static void
move(struct meter *m, struct flow *f, uint32_t idx, const struct packet *pkt)
{
	struct counters		*c = &m->stats->summary.counters;
	struct estate		*es = m->estate;
	struct estate_move	*mv = &es->move[(es->moves + 1) % 2];
	uint64_t		 packets = f->packets[pkt->dir];
	uint64_t		 octets = f->octets[pkt->dir];

	mv->packets = m->at.packets_moved + packets;
	mv->octets = m->at.octets_moved + octets;
	mv->pkt = *pkt;
	mv->flow = idx;
	mv->done = 0;
	order_stores();
	es->moves++;
	order_stores();
	move_apply(m, idx, pkt);
	order_stores();
	mv->done = 1;
	m->at.packets_moved = mv->packets;
	m->at.octets_moved = mv->octets;
	c->packets -= packets;
	c->octets -= octets;
	c->second_sightings += packets;
}

void
meter_move_redo(struct meter *m, uint64_t *packets, uint64_t *octets)
{
	struct estate		*es = m->estate;
	struct estate_move	*mv = &es->move[es->moves % 2];
	struct flow		*f;

	*packets = *octets = 0;
	if (es->moves == 0)
		return;
	if (!mv->done && mv->flow < es->top && mv->pkt.dir < 2) {
		f = track_flow(m->track, mv->flow);
		if ((f->flags & (FLOW_USED | FLOW_ENDED)) == FLOW_USED)
			move_apply(m, mv->flow, &mv->pkt);
	}
	order_stores();
	mv->done = 1;
	*packets = mv->packets - m->at.packets_moved;
	*octets = mv->octets - m->at.octets_moved;
	m->at.packets_moved = mv->packets;
	m->at.octets_moved = mv->octets;
}

/*
 * Whether what was counted of a direction may still be what was read too
 * early.  Later a frame that says so may be forged, to hide a flow: count.
 */
static int
is_young(const struct flow *f, const struct packet *pkt)
{
	return (pkt->time_us < f->first_us[pkt->dir] + SIGHT_LAG_US);
}

/* Of those beyond the table nobody knows. */
static int
is_same(uint8_t slot, uint8_t other)
{
	return (slot == other && slot != INTERFACE_OTHER);
}

/* Where a direction that was not seen coming in leaves. */
static int
sight_leaving(struct meter *m, struct flow *f, uint32_t idx,
    const struct packet *pkt)
{
	uint8_t	*out = &f->out[pkt->dir];

	if (*out != 0 && interface_repeats(*out, pkt->slot))
		return (0);
	if (*out != 0 && interface_repeats(pkt->slot, *out) &&
	    is_young(f, pkt)) {
		move(m, f, idx, pkt);
		return (1);
	}
	if (*out == 0)
		*out = pkt->slot;
	meter_update(m, idx, pkt);
	return (1);
}

static int
sight_coming(struct meter *m, struct flow *f, uint32_t idx,
    const struct packet *pkt)
{
	uint8_t	*in = &f->in[pkt->dir], out = f->out[pkt->dir];
	int	 early;

	if (*in != 0 && interface_repeats(*in, pkt->slot))
		return (0);
	early = *in == 0 ? out != 0 && !is_same(out, pkt->slot) :
	    interface_repeats(pkt->slot, *in);
	if (early && is_young(f, pkt)) {
		move(m, f, idx, pkt);
		return (1);
	}
	if (*in == 0 && !early)
		*in = pkt->slot;
	meter_update(m, idx, pkt);
	return (1);
}

int
meter_sight(struct meter *m, uint32_t idx, const struct packet *pkt)
{
	struct flow	*f = track_flow(m->track, idx);
	uint8_t		*out = &f->out[pkt->dir];

	if (f->flags & FLOW_OWN) {
		meter_update(m, idx, pkt);
		return (1);
	}
	if (!pkt->outgoing)
		return (sight_coming(m, f, idx, pkt));
	if (f->in[pkt->dir] == 0)
		return (sight_leaving(m, f, idx, pkt));
	if (*out == 0 || interface_repeats(pkt->slot, *out))
		*out = pkt->slot;
	/* Only on another interface it is the same packet again. */
	if (!is_same(f->in[pkt->dir], pkt->slot))
		return (0);
	meter_update(m, idx, pkt);
	return (1);
}

void
meter_release_interfaces(struct meter *m, const struct msg_interfaces *msg)
{
	const struct flow	*f;
	uint8_t			 used[32] = { 0 };
	uint32_t		 idx;
	int			 d;

	for (idx = 0; idx < track_top(m->track); idx++) {
		f = track_flow(m->track, idx);
		if ((f->flags & FLOW_USED) == 0)
			continue;
		for (d = 0; d < 2; d++) {
			used[f->in[d] / 8] |= (uint8_t)(1U << f->in[d] % 8);
			used[f->out[d] / 8] |= (uint8_t)(1U << f->out[d] % 8);
		}
	}
	interfaces_release(msg, used);
}
