/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The worker's start and its channel.  Enters with start-up rights, takes
 * over what the parent sends, puts each descriptor in its place, confines
 * itself and only then touches a packet or a control request.  Anything
 * unexpected from the parent ends it.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <sys/time.h>

#include "engine.h"
#include "engine_state.h"
#include "log.h"
#include "sandbox.h"
#include "segment.h"

#define ENGINE_SETUP_MS		10000
#define ENGINE_WATCHDOG_SECONDS	10	/* of CPU time */
#define ENGINE_LOG_QUEUE	128	/* messages; beyond, lines are dropped */

struct engine	engine = { .filter_fd = -1 };

/*
 * To the parent
 */

void
engine_send(enum msg_type type, const void *data, size_t len)
{
	if (imsg_compose(&engine.channel, type, 0, 0, -1, data, len) == -1)
		_exit(1);
}

/* Write until the queue is empty or the time is up. */
void
engine_flush(int timeout_ms)
{
	struct pollfd	pfd = { .fd = FD_CHANNEL, .events = POLLOUT };

	while (imsgbuf_queuelen(&engine.channel) > 0) {
		if (poll(&pfd, 1, timeout_ms) != 1 ||
		    imsgbuf_write(&engine.channel) == -1)
			break;
	}
}

static void
engine_log(int priority, const char *text)
{
	struct msg_log	msg = { 0 };

	if (priority > LOG_CRIT &&
	    imsgbuf_queuelen(&engine.channel) > ENGINE_LOG_QUEUE) {
		engine.logs_dropped++;
		return;
	}
	msg.priority = priority;
	strlcpy(msg.text, text, sizeof(msg.text));
	engine_send(IMSG_LOG, &msg, sizeof(msg));
	if (priority <= LOG_CRIT)
		engine_flush(1000);
}

/*
 * From the parent
 */

/* Move a received descriptor out of the way of the reserved ones. */
int
engine_place(int fd, int where)
{
	int	to;

	if (fd == -1)
		fatalx("descriptor missing");
	to = where == FD_SAVEFILE || where >= FD_CAPTURE ?
	    (fd == where ? fd : dup2(fd, where)) : fcntl(fd, F_DUPFD, where);
	if (to == -1)
		fatal("descriptor %d", where);
	if (to != fd)
		close(fd);
	return (to);
}

int
engine_side(void)
{
	return (side_wanted((enum track_level)engine.conf.track_level,
	    engine.conf.fields, engine.conf.labels));
}

static void
engine_check_timeouts(const struct timeouts *timeouts, const char *what)
{
	int	i;

	for (i = 0; i < TIMEOUT_MAX; i++)
		if (timeouts->seconds[i] == 0 && !TIMEOUT_MAY_BE_0(i))
			fatalx("%s: timeout %d is 0", what, i);
}

static void
engine_get_conf(struct imsg *imsg)
{
	struct msg_conf	*conf = &engine.conf;
	int		 i;

	if (engine.have_conf ||
	    imsg_get_data(imsg, conf, sizeof(*conf)) == -1)
		fatalx("bad CONF");
	engine_check_timeouts(&conf->timeouts, "CONF");
	for (i = 0; i < MAX_OWN_PREFIX; i++)
		if (conf->own[i].bits > 128)
			fatalx("CONF: prefix of %u bits", conf->own[i].bits);
	if (conf->max_flows < MIN_MAX_FLOWS ||
	    conf->max_flows > LIMIT_MAX_FLOWS || conf->sampling < 1 ||
	    conf->track_level > TRACK_ETHER || conf->nown > MAX_OWN_PREFIX ||
	    conf->template_seconds < 1 ||
	    conf->template_datagrams < 1 || conf->train < 1 ||
	    conf->train > MAX_TRAIN || conf->fragments > LIMIT_FRAGMENTS ||
	    (conf->tunnels & ~TUNNEL_ALL) != 0 ||
	    conf->snaplen < MIN_SNAPLEN || conf->snaplen > MAX_SNAPLEN ||
	    (conf->fields & ~(OPTIONAL_ALL | OPTIONAL_DIRECTION)) != 0 ||
	    conf->nmac > MAX_OWN_MAC || conf->labels > SIDE_LABELS)
		fatalx("CONF: out of range");
	engine.have_conf = 1;
	log_set_verbose(conf->verbose);
}

static void
engine_get_table(struct imsg *imsg)
{
	uint32_t	max_flows = engine.conf.max_flows;
	int		fd = imsg_get_fd(imsg);

	if (!engine.have_conf || engine.estate != NULL || fd == -1 ||
	    imsg_get_len(imsg) != 0)
		fatalx("bad TABLE");
	engine.estate = estate_map(fd, max_flows, engine_side());
	close(fd);
	if (engine.estate == NULL || (engine.meter = meter_new(&engine.conf,
	    engine.estate, engine_send_datagram)) == NULL)
		fatal("flow table for %u flows", max_flows);
	meter_segments(engine.meter, segment_function());
}

static void
engine_get_capture(struct imsg *imsg)
{
	struct msg_capture	*conf;
	unsigned int		 n = engine.ncapture;

	conf = &engine.capture_conf[n < MAX_CAPTURE ? n : 0];
	if (n == MAX_CAPTURE ||
	    imsg_get_data(imsg, conf, sizeof(*conf)) == -1 ||
	    conf->slot != n || conf->kind >= CAPTURE_KIND_MAX ||
	    (conf->kind == CAPTURE_SAVEFILE && n != 0))
		fatalx("bad CAPTURE");
	engine.capture_fd[n] = engine_place(imsg_get_fd(imsg),
	    conf->kind == CAPTURE_SAVEFILE ? FD_SAVEFILE : FD_CAPTURE +
	    (int)n);
	engine.ncapture++;
}

void
engine_learn_interfaces(void)
{
	if (!engine.interfaces.captures && interfaces_full())
		meter_release_interfaces(engine.meter, &engine.interfaces);
	if (interfaces_learn(&engine.interfaces) == -1)
		fatalx("bad INTERFACES");
}

static void
engine_get_interfaces(struct imsg *imsg)
{
	if (imsg_get_data(imsg, &engine.interfaces,
	    sizeof(engine.interfaces)) == -1)
		fatalx("bad INTERFACES");
	/* Before, those of the worker before us count. */
	if (engine.looping)
		engine_learn_interfaces();
}

static void
engine_get_filter(struct imsg *imsg)
{
	if (engine.filter_fd != -1 || imsg_get_data(imsg, &engine.filter,
	    sizeof(engine.filter)) == -1)
		fatalx("bad FILTER");
	engine.filter_fd = engine_place(imsg_get_fd(imsg), FD_SAVEFILE + 1);
}

/* Everything has arrived: map, confine, say so. */
static void
engine_lock(void)
{
	struct sandbox_worker	 box = { 0 };
	const char		*step = "";
	unsigned int		 i;

	if (engine.meter == NULL || engine.ncapture == 0)
		fatalx("LOCK without TABLE and CAPTURE");
	for (i = 0; i < engine.ncapture; i++) {
		engine.capture[i] = capture_new(&engine.capture_conf[i],
		    engine.capture_fd[i], engine.filter_fd, &engine.filter);
		if (engine.capture[i] == NULL)
			fatal("capture");
		box.memory += (size_t)engine.capture_conf[i].block_size *
		    engine.capture_conf[i].block_count;
	}
	engine.filter_fd = -1;
	box.root = (engine.conf.flags & CONF_ROOT) != 0;
	box.uid = engine.conf.uid;
	box.gid = engine.conf.gid;
	box.chroot_fd = box.root ? FD_CHROOT : -1;
	box.parent = (pid_t)engine.conf.daemon_pid;
	/* The table's index takes less than its records. */
	box.memory += estate_size(engine.conf.max_flows, engine_side()) +
	    (size_t)engine.conf.max_flows * sizeof(struct flow);
	if (sandbox_worker(&box, &engine.ready.layers,
	    &engine.ready.landlock_abi, &step) == -1)
		fatal("confinement failed at %s", step);
	engine.phase = ENGINE_RUNNING;
	engine_send(IMSG_READY, &engine.ready, sizeof(engine.ready));
}

static void
engine_get_control(struct imsg *imsg)
{
	struct msg_control		msg;
	struct msg_control_closed	closed;
	int				fd;

	if (imsg_get_data(imsg, &msg, sizeof(msg)) == -1 ||
	    msg.id >= MAX_CONTROL)
		fatalx("bad CONTROL");
	fd = imsg_get_fd(imsg);
	if (fd != -1 && control_add(fd, &msg,
	    (uint64_t)engine.mono_us / 1000) == 0)
		return;
	if (fd != -1)
		close(fd);
	closed.id = msg.id;
	engine_send(IMSG_CONTROL_CLOSED, &closed, sizeof(closed));
}

static void
engine_get_settings(struct imsg *imsg)
{
	struct msg_settings	msg;

	if (imsg_get_data(imsg, &msg, sizeof(msg)) == -1)
		fatalx("bad SETTINGS");
	engine_check_timeouts(&msg.timeouts, "SETTINGS");
	if (msg.sampling < 1 || msg.verbose < 0 ||
	    meter_settings(engine.meter, &msg.timeouts, msg.sampling) == -1)
		fatalx("SETTINGS: out of range");
	engine.conf.timeouts = msg.timeouts;
	engine.conf.sampling = msg.sampling;
	engine.conf.verbose = msg.verbose;
	log_set_verbose(msg.verbose);
}

/*
 * It ends a hand-over, or what is left of one that the worker before us died
 * of: there is no next worker.
 */
static void
engine_get_finish(struct imsg *imsg)
{
	if (imsg_get_len(imsg) != 0)
		fatalx("bad FINISH");
	engine_handover_off();
	engine.phase = ENGINE_FINISHING;
}

static void
engine_dispatch_setup(struct imsg *imsg)
{
	switch (imsg_get_type(imsg)) {
	case IMSG_CONF:
		engine_get_conf(imsg);
		break;
	case IMSG_TABLE:
		engine_get_table(imsg);
		break;
	case IMSG_CAPTURE:
		engine_get_capture(imsg);
		break;
	case IMSG_FILTER:
		engine_get_filter(imsg);
		break;
	case IMSG_EXPORT:
		engine_get_export(imsg);
		break;
	case IMSG_INTERFACES:
		engine_get_interfaces(imsg);
		break;
	case IMSG_LOCK:
		if (imsg_get_len(imsg) != 0)
			fatalx("bad LOCK");
		engine_lock();
		break;
	default:
		fatalx("message %u before LOCK", imsg_get_type(imsg));
	}
}

static void
engine_dispatch_running(struct imsg *imsg)
{
	switch (imsg_get_type(imsg)) {
	case IMSG_CONTROL:
		engine_get_control(imsg);
		break;
	case IMSG_WISH_DONE:
		engine_get_wish_done(imsg);
		break;
	case IMSG_INTERFACES:
		engine_get_interfaces(imsg);
		break;
	case IMSG_EXPORT_UP:
		engine_get_export_up(imsg);
		break;
	case IMSG_EXPORT_PAYLOAD:
		engine_get_export_payload(imsg);
		break;
	case IMSG_SUMMARY_REQ:
		if (imsg_get_len(imsg) != 0)
			fatalx("bad SUMMARY_REQ");
		engine_send_summary();
		break;
	case IMSG_FINISH:
		engine_get_finish(imsg);
		break;
	case IMSG_SETTINGS:
		engine_get_settings(imsg);
		break;
	case IMSG_HANDOVER:
		engine_get_handover(imsg);
		break;
	default:
		/* Above all CAPTURE: no capture descriptor after lock-down. */
		fatalx("message %u after LOCK", imsg_get_type(imsg));
	}
}

void
engine_dispatch_priv(void)
{
	struct imsg	imsg;
	int		n;

	switch (imsgbuf_read(&engine.channel)) {
	case 0:
		_exit(1);	/* the parent is gone: nobody to tell */
	case -1:
		fatal("channel");
	}
	while ((n = imsgbuf_get(&engine.channel, &imsg)) > 0) {
		if (engine.phase == ENGINE_SETUP)
			engine_dispatch_setup(&imsg);
		else
			engine_dispatch_running(&imsg);
		imsg_free(&imsg);
	}
	if (n == -1)
		fatal("channel");
}

static void
engine_signal(int sig)
{
	(void)sig;
	engine.terminated = 1;
}

/*
 * A savefile may be a pipe on which nothing comes: SIGTERM, without
 * SA_RESTART, gets us out of read(2).
 */
static int
engine_catch_term(void)
{
	struct sigaction	sa = { .sa_handler = engine_signal };

	sigemptyset(&sa.sa_mask);
	return (sigaction(SIGTERM, &sa, NULL));
}

/*
 * Called when so much CPU time is gone, of which an idle or waiting worker
 * uses none.  If nothing has moved on in it, something goes round in circles:
 * the next worker goes on behind it.
 */
static void
engine_watchdog(int sig)
{
	static uint64_t	before;
	uint64_t	progress;
	unsigned int	i;

	(void)sig;
	if (!engine.looping)
		return;
	progress = engine.turns + engine.estate->batch;
	for (i = 0; i < nitems(engine.estate->hand); i++)
		progress += engine.estate->hand[i].number;
	if (progress == before)
		abort();
	before = progress;
}

static int
engine_watch(void)
{
	const struct itimerval	 timer = {
		{ ENGINE_WATCHDOG_SECONDS, 0 }, { ENGINE_WATCHDOG_SECONDS, 0 }
	};
	struct sigaction	 sa = {
		.sa_handler = engine_watchdog, .sa_flags = SA_RESTART
	};

	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGPROF, &sa, NULL) == -1)
		return (-1);
	return (setitimer(ITIMER_PROF, &timer, NULL));
}

void
engine_main(void)
{
	struct pollfd	pfd = { .fd = FD_CHANNEL, .events = POLLIN };

	if (sandbox_worker_start() == -1 || engine_catch_term() == -1 ||
	    engine_watch() == -1 ||
	    imsgbuf_init(&engine.channel, FD_CHANNEL) == -1)
		_exit(1);
	imsgbuf_allow_fdpass(&engine.channel);
	log_init("worker", 1, 0);
	log_set_sink(engine_log);
	engine.gathering = 1;
	while (engine.phase == ENGINE_SETUP) {
		if (poll(&pfd, 1, ENGINE_SETUP_MS) != 1)
			fatalx("no LOCK from the parent");
		engine_dispatch_priv();
	}
	engine_run();
}
