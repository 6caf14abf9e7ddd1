/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What changes while flows are kept: settings, and between two workers what
 * captures stand for.  In the worker, confined.
 */

#include <string.h>

#include "meter_state.h"

/* Once sampled, what was not sampled stays to be told. */
void
meter_sampling(struct meter *m)
{
	if (m->at.sample_left < 1 || m->at.sample_left > m->conf.sampling)
		m->at.sample_left = 1;
	if (m->conf.sampling > 1)
		m->stats->summary.flags |= SUMMARY_SAMPLED;
}

int
meter_settings(struct meter *m, const struct timeouts *timeouts,
    uint32_t sampling)
{
	/* What is in hand was sampled as its header says. */
	meter_flush(m);
	if (sampling != m->conf.sampling) {
		if (exports_sampling(m->exports, sampling) == -1)
			return (-1);
		m->conf.sampling = sampling;
		meter_sampling(m);
	}
	m->conf.timeouts = *timeouts;
	expire_set_timeouts(m->expire, timeouts);
	meter_commit(m, 0);
	return (0);
}

static void
forget_slot(uint8_t *slot, const uint8_t gone[32])
{
	if ((gone[*slot / 8] >> *slot % 8 & 1) != 0)
		*slot = 0;
}

/* Flows first: whoever takes over in between finds the slots known. */
void
meter_replace_captures(struct meter *m, const struct msg_interfaces *msg,
    uint32_t fresh)
{
	static const struct capture_mark	 none;
	struct flow				*f;
	uint8_t					 gone[32];
	uint32_t				 idx;
	unsigned int				 i;

	for (i = 0; i < MAX_CAPTURE; i++)
		if ((fresh >> i & 1) != 0)
			(void)estate_begin_batch(m->estate, i, &none);
	if (!interfaces_replaced(msg, fresh, gone))
		return;
	for (idx = 0; idx < track_top(m->track); idx++) {
		f = track_flow(m->track, idx);
		for (i = 0; i < 2; i++) {
			forget_slot(&f->in[i], gone);
			forget_slot(&f->out[i], gone);
		}
	}
	interfaces_forget(gone);
}
