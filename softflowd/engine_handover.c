/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The planned end of a worker: the next one takes over its flows, and reads
 * on where it stopped.  Meanwhile it goes on with all that is its own, so
 * that no frame waits longer than the next one needs to begin.
 */

#include <string.h>
#include <unistd.h>

#include "engine_state.h"
#include "log.h"

#define HANDOVER_LAST_US	200000	/* a block's timer, and some more */
#define HANDOVER_AHEAD_US	5000000	/* a cut is no later than this */
#define HANDOVER_STREAM_US	2000000	/* for collectors to acknowledge */
#define HANDOVER_TURN_MS	10
#define HANDOVER_BATCHES	4096	/* of a socket that is to be closed */
#define HANDOVER_FLUSH_MS	5000

static struct {
	int64_t	cut_us;		/* monotonic; 0: not known yet */
	int	past;		/* the clock is past it */
	int64_t	streams_us;	/* how long streams are waited for; 0: not */
} handover;

static int
is_replaced(unsigned int slot)
{
	return ((engine.handover.replaced >> slot & 1) != 0);
}

/* Of the slots in it, the frames of before then are ours; 0: all are. */
static void
set_before(uint32_t slots, uint64_t before_us)
{
	unsigned int	i;

	for (i = 0; i < engine.ncapture; i++)
		if ((slots >> i & 1) != 0)
			engine.capture_conf[i].before_us = before_us;
	engine_set_windows();
}

/*
 * A cut that is still to come means that the clock has been set back: it says
 * nothing then.
 */
void
engine_set_windows(void)
{
	struct msg_capture	*conf = engine.capture_conf;
	unsigned int		 i;

	for (i = 0; i < engine.ncapture; i++, conf++) {
		if (conf->from_us > (uint64_t)engine.unix_us)
			conf->from_us = 0;
		capture_window(engine.capture[i], conf->from_us,
		    conf->before_us);
	}
}

void
engine_get_handover(struct imsg *imsg)
{
	struct msg_handover	msg;

	if (imsg_get_data(imsg, &msg, sizeof(msg)) == -1 ||
	    engine.conf.flags & CONF_SAVEFILE ||
	    engine.phase == ENGINE_HANDING_OVER || msg.reserved != 0 ||
	    msg.replaced >> engine.ncapture != 0 ||
	    (msg.cut_us == 0 && msg.replaced != 0))
		fatalx("bad HANDOVER");
	if (engine.phase == ENGINE_FINISHING)
		return;
	engine.phase = ENGINE_HANDING_OVER;
	engine.handover = msg;
	set_before(msg.replaced, msg.cut_us);
}

void
engine_handover_off(void)
{
	set_before(UINT32_MAX, 0);
	memset(&engine.handover, 0, sizeof(engine.handover));
	memset(&handover, 0, sizeof(handover));
}

/* What these count now is the next worker's. */
int
engine_handed_over(unsigned int slot)
{
	return (handover.past && is_replaced(slot));
}

int
engine_handover_ms(void)
{
	int64_t	left = handover.cut_us - engine.mono_us;

	return (left > 0 && left < HANDOVER_TURN_MS * 1000 ?
	    (int)(left / 1000) + 1 : HANDOVER_TURN_MS);
}

int
engine_handover_draining(void)
{
	return (handover.streams_us != 0);
}

/*
 * Whether the clock is past the cut.  It may be set at any time: how long that
 * takes is settled at once.
 */
static int
cut_is_past(void)
{
	int64_t	left = (int64_t)engine.handover.cut_us - engine.unix_us;

	if (handover.cut_us == 0) {
		if (left > HANDOVER_AHEAD_US)
			left = HANDOVER_AHEAD_US;
		handover.cut_us = engine.mono_us + (left > 0 ? left : 0);
	}
	return (engine.mono_us >= handover.cut_us);
}

/* Whether all has been read that is ours. */
static int
all_is_read(void)
{
	struct counters	*c = meter_counters(engine.meter);
	unsigned int	 i;

	if (engine.handover.cut_us == 0)
		return (1);
	if (!cut_is_past())
		return (0);
	if (!handover.past) {
		engine_kernel_counters();
		handover.past = 1;
	}
	if (engine.mono_us < handover.cut_us + HANDOVER_LAST_US)
		return (0);
	for (i = 0; i < engine.ncapture && engine.gathering; i++)
		if (is_replaced(i) &&
		    engine.capture_conf[i].kind != CAPTURE_PSAMP &&
		    capture_ready(engine.capture[i], c))
			return (0);
	return (1);
}

/* What nobody else could read: what is in hand, and of a closed socket. */
void
engine_read_in_hand(void)
{
	unsigned int	i, batches;

	for (i = 0; i < engine.ncapture; i++) {
		batches = engine.gathering && is_replaced(i) ?
		    HANDOVER_BATCHES : 0;
		while (capture_in_hand(engine.capture[i]) || batches-- > 0)
			if (engine_read_batch(i) <= 0)
				break;
	}
}

void
engine_senders(engine_sender_fn *fn)
{
	struct psamp_sessions	*senders;
	unsigned int		 i, n = 0;

	senders = estate_senders(engine.estate, engine.conf.max_flows,
	    engine_side());
	for (i = 0; i < engine.ncapture && n < ESTATE_SENDERS; i++)
		if (engine.capture_conf[i].kind == CAPTURE_PSAMP)
			fn(engine.capture[i], &senders[n++]);
}

void
engine_recall(struct capture *cap, struct psamp_sessions *sessions)
{
	capture_recall(cap, sessions);
	sessions->count = 0;
}

static void
keep(struct capture *cap, struct psamp_sessions *sessions)
{
	capture_keep(cap, sessions);
}

/* Whether no stream has anything to acknowledge, or we have waited enough. */
static int
streams_are_settled(void)
{
	if (handover.streams_us == 0) {
		meter_flush(engine.meter);
		handover.streams_us = engine.mono_us + HANDOVER_STREAM_US;
	}
	return (!meter_unsettled(engine.meter) ||
	    engine.mono_us >= handover.streams_us);
}

void
engine_hand_over(void)
{
	if (!all_is_read() || !streams_are_settled())
		return;
	engine_read_in_hand();
	engine_senders(keep);
	meter_flush(engine.meter);
	meter_hang_up(engine.meter);
	engine_report(1);
	control_close_all(0);	/* says CONTROL_CLOSED: not afterwards */
	engine_send(IMSG_HANDED_OVER, NULL, 0);
	engine_flush(HANDOVER_FLUSH_MS);
	_exit(0);
}
