/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A counter of what should not happen, told of when it begins to count and
 * when it has ended.  Pure.
 */

#ifndef NOTICE_H
#define NOTICE_H

#include <stdint.h>

enum notice_event {
	NOTICE_NONE,
	NOTICE_BEGINS,		/* count in the last seconds */
	NOTICE_ENDS		/* count in seconds, and then quiet_s of none */
};

/* Zeroed at first. */
struct notice {
	uint64_t	last;		/* the counter at the last look */
	uint64_t	before;		/* and before it began */
	int64_t		looked_us;	/* 0: never */
	int64_t		began_us;	/* 0: it is quiet */
	int64_t		counted_us;	/* last time that it rose */
	int64_t		ended_us;
	int64_t		quiet_us;	/* to be quiet before it has ended */
	/* for the message */
	uint64_t	count;
	unsigned int	seconds, quiet_s;
};

/*
 * Look at a counter, about once a second, at a monotonic time.  What begins
 * again soon after its end must be quiet twice as long, up to
 * NOTICE_QUIET_MAX_US, before that is an end, so that what comes and goes does
 * not fill a log.  The first look, and one at a counter that went back, says
 * where it begins.
 */
#define NOTICE_QUIET_US		INT64_C(10000000)
#define NOTICE_QUIET_MAX_US	INT64_C(1280000000)
enum notice_event notice_look(struct notice *, uint64_t counter,
	    int64_t now_us);


/* Whether one that somebody else wrote can be gone on with at this time. */
int	notice_valid(const struct notice *, int64_t now_us);

#endif
