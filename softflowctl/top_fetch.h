/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A process of our own asks the daemon, so that keys have an effect while a
 * slow one answers.
 */

#ifndef TOP_FETCH_H
#define TOP_FETCH_H

#include "msg.h"
#include "top_state.h"

struct top_answer {
	int32_t		failed;		/* no snapshot, and text says why */
	int32_t		absent;		/* for nobody listens there */
	char		text[512];
	struct top_snapshot	snapshot;
};

/*
 * Start it; it connects whenever that takes.  Returns the descriptor to poll
 * for reading, -1 with errno.
 */
int	top_fetch_start(const char *socket_path);
void	top_fetch_stop(void);

/* Ask for the flows that pass, in this order.  Only if nothing is asked. */
int	top_fetch_ask(const struct ctl_filter *, enum ctl_sort);

/* Since when an answer is owed, monotonic; 0: nothing is asked. */
uint64_t top_fetch_asked_us(void);

/*
 * When the descriptor is readable.  The answer once it is complete, valid
 * until the next question; NULL before; NULL and -1 in gone if the process
 * has died, or says what cannot be.
 */
const struct top_answer *top_fetch_take(int *gone);

/* The monotonic clock. */
uint64_t top_now_us(void);

#endif
