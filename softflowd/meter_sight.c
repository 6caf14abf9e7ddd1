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
	*packets = mv->packets - m->at.packets_moved;
	*octets = mv->octets - m->at.octets_moved;
	m->at.packets_moved = mv->packets;
	m->at.octets_moved = mv->octets;
}

/* Where a direction that was not seen coming in leaves. */
static int
sight_leaving(struct meter *m, struct flow *f, uint32_t idx,
    const struct packet *pkt)
{
	uint8_t	*out = &f->out[pkt->dir];

	if (*out != 0 && interface_repeats(*out, pkt->slot))
		return (0);
	if (*out != 0 && interface_repeats(pkt->slot, *out)) {
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
	uint8_t	*in = &f->in[pkt->dir];

	if (*in != 0 && interface_repeats(*in, pkt->slot))
		return (0);
	if (*in == 0 ? f->out[pkt->dir] != 0 :
	    interface_repeats(pkt->slot, *in)) {
		move(m, f, idx, pkt);
		return (1);
	}
	if (*in == 0)
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
	return (0);
}
