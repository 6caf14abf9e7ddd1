/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * From one worker to the next, planned: the one at work leaves its flows in
 * the table and goes, and the next one is started with what a reload has
 * prepared.  Where sockets are replaced both are open, and which packets are
 * whose is decided by their time.  Should the worker die instead, the next
 * one goes on with what that one had, and is asked in turn.
 */

#include <time.h>

#include "log.h"
#include "priv_state.h"

#define HANDOVER_MS	15000
#define LEFT_MS		5000		/* from saying so to going */
#define CUT_US		50000		/* from now: all is in place by then */
#define TRIES		3

static uint64_t
handover_cut(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ((uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000 +
	    CUT_US);
}

void
priv_handover_start(void)
{
	struct priv_reload	*next = priv.reload;
	struct msg_handover	 msg = { 0 };
	unsigned int		 i;

	if (next->tries++ == 0) {
		next->start_ms = priv_now_ms();
		if (next->replaced != 0)
			next->cut_us = handover_cut();
	}
	msg.cut_us = next->cut_us;
	msg.replaced = next->replaced;
	for (i = 0; i < next->ncapture; i++)
		if (next->replaced & 1U << i) {
			priv.capture[i].conf.before_us = msg.cut_us;
			if (!(next->returned & 1U << i))
				next->capture[i].conf.from_us = msg.cut_us;
		}
	priv.handover = 1;
	priv.worker.phase = WORKER_LEAVING;
	priv.worker.deadline_ms = priv_now_ms() + HANDOVER_MS;
	priv_worker_send(IMSG_HANDOVER, -1, &msg, sizeof(msg));
}

/* The worker has gone in good order, or has at least left all in order. */
void
priv_handover_left(void)
{
	priv.worker.adopt = 1;
	priv.worker.next_ms = 0;
	priv.handover_ms = priv.reload->start_ms;
	priv_reload_switch();
}

/* One that dies of it time and again is not asked a fourth time. */
void
priv_handover_died(void)
{
	if (priv.reload == NULL || priv.reload->tries < TRIES)
		return;
	log_warnx("the reload comes into force without a hand-over");
	priv_reload_switch();
}

void
priv_handover_ready(void)
{
	priv.handover = 0;
	if (priv.handover_ms != 0)
		log_info("worker %ld took over; the hand-over took %lld ms",
		    (long)priv.worker.pid,
		    (long long)(priv_now_ms() - priv.handover_ms));
	priv.handover_ms = 0;
	/*
	 * Also when all is to end: the one that died may have passed over
	 * packets that only the new sockets have.
	 */
	if (priv.reload != NULL)
		priv_handover_start();
}

void
priv_handover_counted(void)
{
	unsigned int	i;

	for (i = 0; i < priv.ncapture; i++)
		priv.capture[i].conf.flags &= ~(uint32_t)MSG_CAPTURE_FRESH;
	for (i = 0; i < priv.ndest; i++)
		priv.dest[i].conf.flags &= ~(uint32_t)MSG_EXPORT_FRESH;
}

void
priv_handover_timers(int64_t now_ms)
{
	struct worker	*w = &priv.worker;

	if (w->phase == WORKER_LEAVING && now_ms >= w->deadline_ms)
		priv_worker_kill("did not hand over in 15 seconds");
	if (w->phase == WORKER_LEFT && now_ms >= w->deadline_ms)
		priv_worker_kill("did not end in time");
}

int
priv_handed_over(void)
{
	if (priv.worker.phase != WORKER_LEAVING)
		return (-1);
	priv.worker.phase = WORKER_LEFT;
	priv.worker.deadline_ms = priv_now_ms() + LEFT_MS;
	return (0);
}
