/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * How fast octets go to a collector: a bucket of tokens, one for each octet.
 * Collectors have socket buffers of some 200 KB, half of it overhead, so what
 * expires together must not arrive together.  Pure; reads no clock.
 */

#ifndef PACE_H
#define PACE_H

#include <stdint.h>

#define PACE_BURST	32768	/* octets at once */
#define PACE_RATE	8000000	/* and then in a second, at first */
#define PACE_RATE_MAX	1000000000

struct pace {
	uint64_t	rate;		/* octets in a second */
	uint64_t	fixed;		/* the operator's; 0: it may rise */
	uint64_t	at_us;		/* when tokens were counted */
	uint64_t	held_us;	/* since when nobody caught up; 0 */
	int64_t		tokens;		/* debt when negative */
};

/* rate: at most so many octets a second; 0: PACE_RATE, and more if need be. */
void	pace_init(struct pace *, uint64_t rate);

/* Time has come to now_us, which goes forward only: tokens come with it. */
void	pace_time(struct pace *, uint64_t now_us);

/* Octets are sent. */
void	pace_take(struct pace *, uint64_t octets);

/* Whether more may be sent now. */
int	pace_room(const struct pace *);

/* Whether what cannot wait is not sent, either: a second's worth is owed. */
int	pace_over(const struct pace *);

/*
 * Whether something waits that pace_room() held back.  While it does, a rate
 * that nobody fixed doubles each second, or the table would fill up; when
 * nothing does, it is what it was.
 */
void	pace_held(struct pace *, int waits);

#endif
