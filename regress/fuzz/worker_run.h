/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The worker's engine, run by its turns in this process, and its world: the
 * parent, a ring, collectors, clients and the clocks.
 */

#ifndef WORKER_RUN_H
#define WORKER_RUN_H

#include "expire.h"
#include "feed.h"
#include "fuzz.h"
#include "msg.h"

#define WORKER_FLOWS	64	/* of its table */

/* What may happen; numbers are octets, or two where it says so. */
enum run_operation {
	RUN_TURN,		/* the engine's */
	RUN_FRAMES,		/* count; flow, kind, size for each */
	RUN_FRAME,		/* octets of one, and they */
	RUN_TIME,		/* 10 ms, two octets, pass */
	RUN_WALL,		/* forward; the clock is set by s, two octets */
	RUN_READ,		/* collectors read all that has come */
	RUN_DEAF,		/* whether they do so after each turn */
	RUN_STREAM_DOWN,	/* the second one hangs up */
	RUN_STREAM_UP,		/* and is there again */
	RUN_CLIENT,		/* id, viewer: one joins */
	RUN_ASK,		/* id: a message of feed.h */
	RUN_LEAVE,		/* id */
	RUN_SETTINGS,		/* UDP's timeout, sampling */
	RUN_SUMMARY,
	RUN_HANDOVER,		/* to the next worker */
	RUN_DIE,		/* between two turns; the next begins */
	RUN_FINISH,
	RUN_OPERATIONS
};

struct run {
	struct msg_conf	conf;
	unsigned int	collectors;	/* 1, 2: another over a stream */
	uint16_t	version;	/* of the first one's records, and */
	uint8_t		flags;		/* FORMAT_* */
	int		ended;		/* the worker has finished */
};
extern struct run	run;

void	run_begin(void);
void	run_operation(struct take *);

/* Let it finish; all must be accounted for. */
void	run_end(void);

#endif
