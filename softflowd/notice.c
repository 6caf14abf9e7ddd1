/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* When something begins and ends, in the worker or in a test. */

#include "notice.h"

/* At least one. */
static unsigned int
seconds(int64_t us)
{
	return (us < 1500000 ? 1 : (unsigned int)((us + 500000) / 1000000));
}

static enum notice_event
notice_begins(struct notice *n, uint64_t counter, int64_t now_us)
{
	int64_t	past_us = now_us - n->looked_us;

	if (n->ended_us == 0 || now_us - n->ended_us >= 6 * n->quiet_us)
		n->quiet_us = NOTICE_QUIET_US;
	else if (n->quiet_us < NOTICE_QUIET_MAX_US)
		n->quiet_us *= 2;
	n->before = n->last;
	n->began_us = n->looked_us;
	n->count = counter - n->last;
	n->seconds = seconds(past_us);
	return (NOTICE_BEGINS);
}

static enum notice_event
notice_ends(struct notice *n, int64_t now_us)
{
	n->count = n->last - n->before;
	n->seconds = seconds(n->counted_us - n->began_us);
	n->quiet_s = seconds(now_us - n->counted_us);
	n->began_us = 0;
	n->ended_us = now_us;
	return (NOTICE_ENDS);
}

enum notice_event
notice_look(struct notice *n, uint64_t counter, int64_t now_us)
{
	enum notice_event	event = NOTICE_NONE;

	if (n->looked_us == 0 || counter < n->last) {
		n->last = n->before = counter;
		n->began_us = 0;
	} else if (counter > n->last) {
		if (n->began_us == 0)
			event = notice_begins(n, counter, now_us);
		n->counted_us = now_us;
	} else if (n->began_us != 0 && now_us - n->counted_us >= n->quiet_us)
		event = notice_ends(n, now_us);
	n->last = counter;
	n->looked_us = now_us;
	return (event);
}

static int
passed(int64_t us, int64_t now_us)
{
	return (us >= 0 && us <= now_us);
}

int
notice_valid(const struct notice *n, int64_t now_us)
{
	return (passed(n->looked_us, now_us) && passed(n->began_us, now_us) &&
	    passed(n->counted_us, now_us) && passed(n->ended_us, now_us) &&
	    passed(n->quiet_us, NOTICE_QUIET_MAX_US));
}
