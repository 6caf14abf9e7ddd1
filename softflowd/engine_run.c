/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The worker's loop, confined: read frames, let time pass, serve control
 * clients and the parent.  Clocks are read once in a turn.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "engine_state.h"
#include "log.h"
#include "sandbox.h"

#define ENGINE_TURN_BATCHES	64	/* then the others get their turn */
#define ENGINE_IDLE_MS		1000
#define ENGINE_SETTLE_MS	100	/* while a stream has not acknowledged */
#define ENGINE_REPORT_US	1000000	/* COUNTERS at most once a second */
#define ENGINE_LAST_US		150000	/* a block's timer, and some more */
#define ENGINE_PATIENCE_FILE_MS	100
#define ENGINE_PATIENCE_IDLE_MS	5
#define ENGINE_PATIENCE_TURNS	64
#define ENGINE_ROOM_MS		1000	/* a second's debt at most */
#define ENGINE_FINISH_US	20000000	/* the parent waits 30 s */
#define ENGINE_MISSING_US	5000000	/* for a stream that is not there */
#define ENGINE_DRAIN_MS		10
#define ENGINE_HELD_MS		2	/* between looks, while there is none */
/*
 * Packets may wait this long for their block to be handed over, so the wall
 * clock expires flows only up to here.
 */
#define ENGINE_LAG_US		200000

enum { PFD_CHANNEL, PFD_CAPTURE, PFD_EXPORT = PFD_CAPTURE + MAX_CAPTURE,
    PFD_CONTROL = PFD_EXPORT + MAX_EXPORT,
    PFD_MAX = PFD_CONTROL + MAX_CONTROL };

static int
engine_is_live(void)
{
	return (!(engine.conf.flags & CONF_SAVEFILE));
}

static int64_t
engine_clock(clockid_t id)
{
	struct timespec	ts;

	if (clock_gettime(id, &ts) == -1)
		fatal("clock_gettime");
	return ((int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
}

/* Read the clocks and tell export what time it is. */
static void
engine_set_clock(void)
{
	static int64_t		before_us;
	struct export_clock	clock;

	engine.mono_us = engine_clock(CLOCK_MONOTONIC);
	engine.unix_us = engine_clock(CLOCK_REALTIME);
	if (engine.unix_us < before_us)
		engine_set_windows();
	before_us = engine.unix_us;
	meter_pace(engine.meter, (uint64_t)engine.mono_us);
	if (!engine_is_live())
		return;
	clock.unix_us = (uint64_t)engine.unix_us;
	clock.uptime_ms = (uint64_t)(engine.mono_us -
	    engine.conf.boot_mono_us) / 1000;
	meter_set_clock(engine.meter, &clock);
}

/* Export's patience with a full socket. */
static void
engine_wait(int fd, int error)
{
	struct pollfd	pfd = { .fd = fd, .events = POLLOUT };

	/* ENOBUFS: the socket has room, its device has not. */
	if (error == ENOBUFS)
		pfd.fd = -1;
	(void)poll(&pfd, 1, 1);
}

void
engine_await_room(void)
{
	int	ms;

	for (ms = 0; !meter_room(engine.meter) && ms < ENGINE_ROOM_MS; ms++) {
		engine_wait(-1, ENOBUFS);
		engine_set_clock();
		engine_export_watch();
	}
}

int
engine_read_batch(unsigned int slot)
{
	struct counters		*c = meter_counters(engine.meter);
	struct capture		*cap = engine.capture[slot];
	struct capture_mark	 mark;
	int			 n;

	if (!capture_ready(cap, c))
		return (0);
	capture_position(cap, &mark);
	meter_batch(engine.meter, slot, capture_link_type(cap), &mark);
	n = capture_read(cap, MAX_BATCH, meter_frame, engine.meter, c);
	meter_account(engine.meter);
	return (n);
}

/* Time has come so far; a hand-over is not held up by flows that end now. */
static void
engine_tick(uint64_t now_us)
{
	engine.busy = engine_handover_draining() ? 0 :
	    meter_tick(engine.meter, now_us);
}

/* The captures take turns, until none has anything for one of them. */
int
engine_read_frames(void)
{
	unsigned int	batches = 0, idle = 0;
	int64_t		deadline_us = engine.mono_us + ENGINE_REPORT_US;
	int		n;

	engine.drained = 0;
	/* Waiting for room takes time, in which the parent wants to hear us. */
	while (batches < ENGINE_TURN_BATCHES && engine.mono_us < deadline_us) {
		if (!engine_is_live())
			engine_await_room();
		n = engine_read_batch(engine.next);
		if (++engine.next == engine.ncapture)
			engine.next = 0;
		if (n > 0) {
			batches++;
			idle = 0;
			engine_tick(meter_now(engine.meter));
		} else if (n == -1 || ++idle == engine.ncapture) {
			engine.drained = 1;
			return (n);
		}
	}
	return (0);
}

void
engine_kernel_counters(void)
{
	struct counters		*c = meter_counters(engine.meter), own;
	struct interface	*interface;
	unsigned int		 i;

	for (i = 0; i < engine.ncapture; i++) {
		if (engine_handed_over(i))
			continue;
		memset(&own, 0, sizeof(own));
		capture_kernel_counters(engine.capture[i], &own,
		    &engine.estate->kernel[i]);
		c->kernel_received += own.kernel_received;
		c->kernel_dropped += own.kernel_dropped;
		/* With any nobody knows whose they are. */
		if (!engine.interfaces.captures)
			continue;
		interface = &engine.estate->interfaces.slot[i + 1];
		interface->received += own.kernel_received;
		interface->dropped += own.kernel_dropped;
	}
}

void
engine_report(int now)
{
	struct msg_counters	 msg = { 0 };
	struct summary_export	 rows[MAX_EXPORT];
	unsigned int		 i, n;

	if (!now && engine.mono_us - engine.reported_us < ENGINE_REPORT_US)
		return;
	engine.reported_us = engine.mono_us;
	engine_kernel_counters();
	meter_flush(engine.meter);	/* no record waits longer than this */
	msg.counters = *meter_counters(engine.meter);
	msg.active_flows = meter_summary(engine.meter)->active_flows;
	msg.active_packets = meter_active_packets(engine.meter);
	n = meter_exports(engine.meter, rows, MAX_EXPORT);
	for (i = 0; i < n; i++)
		msg.sequence[rows[i].slot] = rows[i].sequence;
	engine_send(IMSG_COUNTERS, &msg, sizeof(msg));
	for (i = 0; i < n; i++)
		engine_send(IMSG_EXPORT_COUNTERS, &rows[i], sizeof(rows[i]));
	engine_notice(rows, n);
	log_limits_tick(engine.mono_us / 1000);
	if (engine.logs_dropped > 0) {
		log_warnx("%llu log lines dropped",
		    (unsigned long long)engine.logs_dropped);
		engine.logs_dropped = 0;
	}
}

/*
 * Waiting for a full socket is time in which frames wait: some while there
 * are none, little while there are; a savefile waits for nobody.
 */
static void
engine_set_patience(void)
{
	unsigned int	ms = 0;

	if (!engine_is_live())
		ms = ENGINE_PATIENCE_FILE_MS;
	else if (engine.drained)
		ms = ENGINE_PATIENCE_IDLE_MS;
	else if (engine.turns % ENGINE_PATIENCE_TURNS == 0)
		ms = 1;
	else
		return;
	meter_patience(engine.meter, engine_wait, ms);
}

void
engine_pause(int ms)
{
	struct pollfd	pfd[1 + MAX_EXPORT];
	unsigned int	n;

	memset(pfd, 0, sizeof(pfd));
	pfd[0].fd = FD_CHANNEL;
	pfd[0].events = POLLIN;
	n = engine_export_pollfds(&pfd[1]);
	if (poll(pfd, 1 + n, ms) != -1) {	/* a signal is no reason */
		engine_export_polled(&pfd[1]);
		if (pfd[0].revents & (POLLIN | POLLHUP))
			engine_dispatch_priv();
	}
	engine_set_clock();
	engine_export_watch();
	engine.turns++;
}

/*
 * What waits for a stream is written, and a while is waited for one that may
 * yet come; the rest is lost.
 */
static void
engine_drain(int64_t deadline_us)
{
	int64_t		missing_us = engine.mono_us + ENGINE_MISSING_US;
	uint64_t	lost;

	meter_flush(engine.meter);
	while (meter_waiting(engine.meter, engine.mono_us < missing_us) > 0 &&
	    engine.mono_us < deadline_us)
		engine_pause(ENGINE_DRAIN_MS);
	if ((lost = meter_waiting(engine.meter, 1)) > 0)
		log_warnx("%llu messages that waited for collectors are lost",
		    (unsigned long long)lost);
	meter_give_up(engine.meter);
}

/*
 * A file is read as fast as it goes, and a queue is soon full: streams are
 * waited for before, a while.
 */
static void
engine_await_streams(void)
{
	int64_t	deadline_us = engine.mono_us + ENGINE_MISSING_US;

	while (!engine_is_live() && engine_export_missing() &&
	    engine.mono_us < deadline_us && !engine.terminated)
		engine_pause(ENGINE_DRAIN_MS);
}

/* Export what is left, account for it, and leave. */
static __dead void
engine_finish(int failed)
{
	struct msg_finished	msg = { 0 };
	uint32_t		cursor = 0;
	int64_t			deadline_us;

	engine_set_clock();
	deadline_us = engine.mono_us + ENGINE_FINISH_US;
	engine_kernel_counters();
	meter_close(engine.meter);
	for (; cursor != TRACK_NONE; engine.turns++) {
		engine_set_patience();
		if (engine.mono_us < deadline_us)
			engine_await_room();
		meter_expire_some(engine.meter, &cursor);
	}
	engine_drain(deadline_us);
	engine_send_summary();
	control_close_all(1);	/* says CONTROL_CLOSED: not after FINISHED */
	msg.failed = failed != 0;
	msg.frames = meter_counters(engine.meter)->frames +
	    meter_counters(engine.meter)->frames_skipped;
	engine_send(IMSG_FINISHED, &msg, sizeof(msg));
	engine_flush(5000);
	_exit(0);
}

static void
engine_capture_event(unsigned int slot, short revents)
{
	static struct log_limit	limit;
	int			error;

	if (capture_fd(engine.capture[slot]) != -1 &&
	    !(revents & (POLLERR | POLLHUP | POLLNVAL)))
		return;
	if ((error = capture_clear_error(engine.capture[slot])) != 0)
		log_limited(&limit, LOG_INFO, "capture: %s: %s",
		    engine.interfaces.captures ?
		    interface_name((uint8_t)(slot + 1)) : "any",
		    strerror(error));
}

/* How long poll(2) may sleep. */
static int
engine_timeout(void)
{
	int64_t	left;

	if (!engine_is_live() || !engine.drained || engine.busy == 1)
		return (0);
	if (engine.busy == METER_HELD)
		return (ENGINE_HELD_MS);
	if (engine.phase == ENGINE_HANDING_OVER)
		return (engine_handover_ms());
	if (engine.phase == ENGINE_FINISHING) {
		left = (engine.finish_us - engine.mono_us) / 1000 + 1;
		return (left < 0 ? 0 : (int)left);
	}
	return (meter_unsettled(engine.meter) ? ENGINE_SETTLE_MS :
	    ENGINE_IDLE_MS);
}

static void
engine_poll(void)
{
	struct pollfd	pfd[PFD_MAX];
	unsigned int	i, n;

	memset(pfd, 0, sizeof(pfd));
	pfd[PFD_CHANNEL].fd = FD_CHANNEL;
	pfd[PFD_CHANNEL].events = POLLIN;
	if (imsgbuf_queuelen(&engine.channel) > 0)
		pfd[PFD_CHANNEL].events |= POLLOUT;
	for (i = 0; i < MAX_CAPTURE; i++) {
		pfd[PFD_CAPTURE + i].fd = i < engine.ncapture &&
		    engine_is_live() && engine.gathering ?
		    capture_fd(engine.capture[i]) : -1;
		pfd[PFD_CAPTURE + i].events = POLLIN;
	}
	for (i = engine_export_pollfds(&pfd[PFD_EXPORT]); i < MAX_EXPORT; i++)
		pfd[PFD_EXPORT + i].fd = -1;
	n = control_pollfds(&pfd[PFD_CONTROL], MAX_CONTROL);
	if (poll(pfd, PFD_CONTROL + n, engine_timeout()) == -1) {
		if (errno != EINTR)
			fatal("poll");
		return;
	}
	if (pfd[PFD_CHANNEL].revents & POLLOUT &&
	    imsgbuf_write(&engine.channel) == -1)
		_exit(1);
	if (pfd[PFD_CHANNEL].revents & (POLLIN | POLLHUP))
		engine_dispatch_priv();
	engine_export_polled(&pfd[PFD_EXPORT]);
	for (i = 0; i < engine.ncapture; i++)
		engine_capture_event(i, pfd[PFD_CAPTURE + i].revents);
	control_dispatch(&pfd[PFD_CONTROL], n,
	    (uint64_t)engine.mono_us / 1000);
}

/* Read, and let time pass; end when the end has come. */
static void
engine_turn(void)
{
	static struct log_limit	limit;
	int			n = 0;

	if (engine.phase == ENGINE_HANDING_OVER)
		engine_hand_over();
	if (engine.gathering)
		n = engine_read_frames();
	else
		engine.drained = 1;
	if (!engine_is_live()) {
		/* An interrupted read is no damage. */
		if (engine.terminated || engine.phase == ENGINE_FINISHING)
			engine_finish(0);
		if (n == -1)
			log_warnx("%s", capture_error(engine.capture[0]));
		if (engine.drained)
			engine_finish(n == -1);
		return;
	}
	if (n == -1)
		log_limited(&limit, LOG_WARNING, "%s",
		    capture_error(engine.capture[0]));
	if (engine.drained && engine.unix_us > ENGINE_LAG_US)
		engine_tick((uint64_t)engine.unix_us - ENGINE_LAG_US);
	if (engine.phase != ENGINE_FINISHING)
		return;
	if (engine.finish_us == 0)
		engine.finish_us = engine.mono_us + ENGINE_LAST_US;
	else if (engine.mono_us >= engine.finish_us) {
		engine_read_in_hand();
		engine_finish(0);
	}
}

/* Of all sockets, the frames that are ours; those no worker before us read. */
static uint32_t
engine_open_windows(void)
{
	struct msg_capture	*conf = engine.capture_conf;
	uint32_t		 fresh = 0;
	unsigned int		 i;

	engine_set_windows();
	for (i = 0; i < engine.ncapture; i++, conf++)
		if (conf->flags & MSG_CAPTURE_FRESH)
			fresh |= 1U << i;
	return (fresh);
}

/* Of these slots, so much of what the kernel counted is accounted for. */
static void
engine_kernel_begin(uint32_t slots, uint64_t received)
{
	const struct capture_kernel	at = { .received = received };
	unsigned int			i;

	for (i = 0; i < engine.ncapture; i++)
		if ((slots >> i & 1) != 0)
			engine.estate->kernel[i] = at;
}

/* Go on where a worker before us stopped. */
static void
engine_adopt(uint32_t fresh)
{
	const struct counters	*before = &engine.conf.counters;
	struct adoption		 a;
	uint64_t		 received = 0;
	unsigned int		 i;

	if ((before->kernel_received | before->kernel_dropped) != 0)
		received = CAPTURE_KERNEL_UNKNOWN;
	if (!(engine.conf.flags & CONF_ADOPT)) {
		engine_kernel_begin(~fresh, received);
		return;
	}
	engine_flush(1000);	/* READY: this may take a while */
	if (meter_adopt(engine.meter, &a)) {
		for (i = 0; i < engine.ncapture; i++)
			if ((fresh >> i & 1) == 0)
				capture_resume(engine.capture[i], &a.mark[i]);
		meter_replace_captures(engine.meter, &engine.interfaces,
		    fresh);
		engine_kernel_begin(fresh, 0);
		engine_senders(engine_recall);
		engine.gathering = !engine.estate->paused;
		if (!engine.gathering)
			log_info("data collection stays stopped");
		log_info("took over %u flows; %llu frames given up%s",
		    a.flows, (unsigned long long)a.skipped,
		    a.repeated ? "; a datagram was sent again" : "");
		if (a.lost > 0)
			log_warnx("%llu packets lost: damaged flow records",
			    (unsigned long long)a.lost);
	} else {
		engine_kernel_begin(fresh, 0);
		engine_kernel_begin(~fresh, received);
		log_warnx("what the worker before left is damaged: its flows "
		    "are counted as lost");
	}
	/* Who reads the file on might meet what killed that one. */
	if (!engine_is_live())
		engine_finish(1);
}

void
engine_run(void)
{
	engine_control_init();
	engine_set_clock();
	engine_set_patience();
	engine_adopt(engine_open_windows());
	engine_learn_interfaces();
	/* From here on the parent need not say again what is fresh. */
	if (engine.conf.flags & CONF_ADOPT)
		engine_report(1);
	engine_await_streams();
	/* Only a savefile has something to do, and it is alone. */
	if (capture_start(engine.capture[0]) == -1) {
		log_warnx("%s", capture_error(engine.capture[0]));
		engine_finish(1);
	}
	for (engine.looping = 1;; engine.turns++) {
		engine_poll();
		engine_set_clock();
		engine_set_patience();
		engine_turn();
		engine_export_watch();
		engine_report(0);
	}
}
