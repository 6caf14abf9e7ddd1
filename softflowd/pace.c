/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "pace.h"

#define SECOND_US	1000000

void
pace_init(struct pace *p, uint64_t rate)
{
	*p = (struct pace){ .fixed = rate, .rate = rate, .tokens = PACE_BURST };
	if (rate == 0)
		p->rate = PACE_RATE;
}

void
pace_time(struct pace *p, uint64_t now_us)
{
	uint64_t	passed = now_us - p->at_us;

	if (now_us <= p->at_us)
		return;
	if (p->at_us == 0 || passed > SECOND_US)
		passed = SECOND_US;
	p->at_us = now_us;
	p->tokens += (int64_t)(p->rate * passed / SECOND_US);
	if (p->tokens > PACE_BURST)
		p->tokens = PACE_BURST;
}

void
pace_take(struct pace *p, uint64_t octets)
{
	/* What had to go is no reason to be silent for long. */
	if (octets > p->rate + PACE_BURST)
		octets = p->rate + PACE_BURST;
	p->tokens -= (int64_t)octets;
	if (p->tokens < -(int64_t)p->rate)
		p->tokens = -(int64_t)p->rate;
}

int
pace_room(const struct pace *p)
{
	return (p->tokens > 0);
}

int
pace_over(const struct pace *p)
{
	return (p->fixed != 0 && p->tokens <= -(int64_t)p->rate);
}

void
pace_held(struct pace *p, int waits)
{
	if (p->fixed != 0)
		return;
	if (!waits) {
		p->held_us = 0;
		p->rate = PACE_RATE;
	} else if (p->held_us == 0)
		p->held_us = p->at_us;
	else if (p->at_us - p->held_us >= SECOND_US) {
		p->held_us = p->at_us;
		if (p->rate < PACE_RATE_MAX)
			p->rate *= 2;
	}
}
