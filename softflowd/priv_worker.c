/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The parent's side of a worker's life: fork and execute our own program,
 * hand over what it works with, and when it dies decide what comes next.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "engine.h"
#include "estate.h"
#include "log.h"
#include "priv_state.h"
#include "sandbox.h"
#include "shmem.h"

#define WORKER_READY_MS		10000
#define WORKER_FINISH_MS	30000
#define WORKER_SILENT_MS	30000	/* no COUNTERS: it hangs */
#define WORKER_TOKENS		10	/* deaths answered at once, */
#define WORKER_REFILL_MS	1000	/* and one more for each second */
#define WORKER_SIGSYS_MS	10000
#define WORKER_LAST_TURNS	64	/* of reading what a dead one said */
#define WORKER_BARREN_MAX	3	/* deaths of one table */
#define WORKER_FINISH_TRIES	3
#define WORKER_FD_BASE		32	/* ours, while we shuffle 0-4 */

void
priv_worker_send(enum msg_type type, int fd, const void *data, size_t len)
{
	struct imsgbuf	*channel = &priv.worker.channel;

	/* What it may say is less than what it is told. */
	imsgbuf_set_maxsize(channel, MAX_IMSGSIZE);
	if ((fd != -1 && (type == IMSG_CONTROL || type == IMSG_EXPORT ||
	    type == IMSG_EXPORT_UP) &&
	    sandbox_pass(type == IMSG_CONTROL, fd) == -1) ||
	    imsg_compose(channel, type, 0, 0, fd, data, len) == -1) {
		if (fd != -1)
			close(fd);
		priv_worker_replace("message to the worker");
	}
	imsgbuf_set_maxsize(channel, MSG_WORKER_MAX);
}

/* A copy, because imsg closes what it has sent. */
int
priv_worker_send_copy(enum msg_type type, int fd, const void *data, size_t len)
{
	int	copy;

	/*
	 * Of what it cannot do without, the worker dies, and the next one may
	 * not.
	 */
	if ((copy = fcntl(fd, F_DUPFD_CLOEXEC, WORKER_FD_BASE)) == -1)
		log_warn("descriptor for the worker");
	priv_worker_send(type, copy, data, len);
	return (copy == -1 ? -1 : 0);
}

static void
worker_send_conf(void)
{
	const struct options	*opt = priv.opt;
	struct msg_conf		 conf = { 0 };
	const char		*base;

	conf.timeouts = opt->timeouts;
	conf.max_flows = opt->max_flows;
	conf.track_level = opt->level;
	conf.fields = (uint16_t)opt->fields;
	conf.labels = (uint16_t)opt->labels;
	conf.sampling = opt->sampling;
	conf.spread = opt->spread != 0;
	conf.statistics_seconds = opt->statistics_seconds;
	conf.template_seconds = opt->template_seconds;
	conf.template_datagrams = opt->template_datagrams;
	conf.train = opt->train;
	conf.fragments = opt->fragments;
	conf.tunnels = opt->tunnels;
	conf.snaplen = opt->snaplen;
	if (opt->savefile != NULL) {
		conf.flags |= CONF_SAVEFILE;
		base = strrchr(opt->savefile, '/');
		strlcpy(conf.file, base == NULL ? opt->savefile : base + 1,
		    sizeof(conf.file));
	}
	if (priv.root)
		conf.flags |= CONF_ROOT;
	if (opt->keep_own)
		conf.flags |= CONF_KEEP_OWN;
	if (options_counters32(opt))
		conf.flags |= CONF_COUNTERS32;
	conf.nown = opt->nown;
	memcpy(conf.own, opt->own, sizeof(conf.own));
	conf.nmac = opt->nmac;
	memcpy(conf.mac, opt->mac, sizeof(conf.mac));
	conf.uid = priv.uid;
	conf.gid = priv.gid;
	conf.daemon_pid = (int32_t)getpid();
	conf.parent_layers = priv.layers;
	conf.parent_landlock_abi = priv.landlock_abi;
	conf.verbose = log_get_verbose();
	conf.boot_unix_us = priv.boot_unix_us;
	conf.boot_mono_us = priv.boot_mono_us;
	conf.counters = priv.counters.counters;
	if (priv.worker.adopt)
		conf.flags |= CONF_ADOPT;
	conf.lost_flows = priv.counters.active_flows;
	conf.lost_packets = priv.counters.active_packets;
	priv_worker_send(IMSG_CONF, -1, &conf, sizeof(conf));
}

static void
worker_send_all(void)
{
	struct msg_capture	capture;
	unsigned int		i;

	worker_send_conf();
	priv_worker_send_copy(IMSG_TABLE, priv.table_fd, NULL, 0);
	for (i = 0; i < priv.ncapture; i++) {
		capture = priv.capture[i].conf;
		if (priv.worker.skip && !(capture.flags & MSG_CAPTURE_FRESH))
			capture.flags |= MSG_CAPTURE_SKIP;
		priv_worker_send_copy(IMSG_CAPTURE, priv.capture[i].fd,
		    &capture, sizeof(capture));
	}
	if (!priv.worker.killed)	/* by a shortage; it has read nothing */
		priv.worker.skip = 0;
	priv_worker_send(IMSG_INTERFACES, -1, &priv.interfaces,
	    sizeof(priv.interfaces));
	if (priv.filter_fd != -1)
		priv_worker_send_copy(IMSG_FILTER, priv.filter_fd, &priv.filter,
		    sizeof(priv.filter));
	priv_export_send();
	priv_worker_send(IMSG_LOCK, -1, NULL, 0);
}

/* A table that nobody has written to. */
static int
worker_new_table(void)
{
	const struct options	*opt = priv.opt;

	if (priv.table_fd != -1)
		close(priv.table_fd);
	priv.table_fd = shmem_new_sized("softflowd table",
	    estate_size(opt->max_flows, side_wanted(opt->level, opt->fields,
	    opt->labels)));
	return (priv.table_fd == -1 ? -1 : 0);
}

/* A passing shortage is no reason to give up, except at the very start. */
static void
worker_start_failed(const char *what)
{
	if (!priv.worker.was_ready)
		fatal("%s", what);
	log_warn("no new worker yet: %s", what);
	priv.worker.pid = 0;
	priv.worker.next_ms = priv_now_ms() + WORKER_REFILL_MS;
}

static void
worker_start(void)
{
	struct worker	*w = &priv.worker;
	int		 sv[2];

	if (!w->adopt && worker_new_table() == -1) {
		worker_start_failed("memory for the flow table");
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    sv) == -1) {
		worker_start_failed("socketpair");
		return;
	}
	if (imsgbuf_init(&w->channel, sv[0]) == -1) {
		close(sv[0]);
		close(sv[1]);
		worker_start_failed("channel");
		return;
	}
	switch (w->pid = fork()) {
	case -1:
		imsgbuf_clear(&w->channel);
		close(sv[0]);
		close(sv[1]);
		worker_start_failed("fork");
		return;
	case 0:
		priv_exec(sv[1], priv.chroot_fd, "softflowd: worker",
		    ENGINE_ROLE);
	}
	close(sv[1]);
	imsgbuf_allow_fdpass(&w->channel);
	w->phase = WORKER_STARTING;
	w->killed = w->blameless = w->hostile = 0;
	w->eof = w->deaf = w->reaped = w->more = w->in_summary = 0;
	/* A savefile's comes by itself, at its end. */
	w->summary_wanted = priv.opt->savefile != NULL;
	w->deadline_ms = priv_now_ms() + WORKER_READY_MS;
	worker_send_all();
	log_debug("worker %ld started", (long)w->pid);
}

void
priv_worker_kill(const char *why)
{
	if (priv.worker.pid <= 0 || priv.worker.killed)
		return;
	log_at(LOG_CRIT, "worker %ld: %s; killed", (long)priv.worker.pid, why);
	priv.worker.killed = 1;
	if (!priv.worker.reaped)
		kill(priv.worker.pid, SIGKILL);
}

void
priv_worker_kill_hostile(const char *why)
{
	priv.worker.hostile = 1;
	priv_worker_kill(why);
}

void
priv_worker_replace(const char *what)
{
	if (!priv.worker.was_ready)
		fatal("%s", what);
	if (priv.worker.pid <= 0 || priv.worker.killed)
		return;
	log_warn("%s: worker %ld is replaced", what, (long)priv.worker.pid);
	priv.worker.killed = priv.worker.blameless = 1;
	if (!priv.worker.reaped)
		kill(priv.worker.pid, SIGKILL);
}

static void
worker_close(void)
{
	int	fd = priv.worker.channel.fd;

	imsgbuf_clear(&priv.worker.channel);
	close(fd);
	priv.worker.pid = 0;
	priv.worker.phase = WORKER_NONE;
	priv_control_forget();
	priv_export_orphaned();
}

/* Say how it died; returns how long to wait before the next one, at least. */
static int64_t
worker_obituary(int status)
{
	static struct log_limit	 limit;
	struct worker	*w = &priv.worker;
	int		 sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (sig == SIGSYS) {
		log_at(LOG_CRIT, "worker %ld: killed by its system-call "
		    "filter: a bug, or an attack", (long)w->pid);
		w->skip = 1;
		return (WORKER_SIGSYS_MS);
	}
	if (sig != 0) {
		log_limited(&limit, LOG_WARNING, "worker %ld: killed by "
		    "signal %d (%s)", (long)w->pid, sig, strsignal(sig));
		/* Perhaps a packet did it; do not feed it to the next one. */
		if ((w->killed && !w->blameless) ||
		    (sig != SIGKILL && sig != SIGTERM))
			w->skip = 1;
	} else {
		log_limited(&limit, LOG_WARNING, "worker %ld: exited with "
		    "status %d", (long)w->pid, WEXITSTATUS(status));
	}
	return (0);
}

/*
 * What it had in its table the next one takes over, unless it may have been
 * somebody else's in the end, or one after the other dies of it.
 */
static void
worker_bequeath(int status)
{
	struct worker	*w = &priv.worker;

	priv.counters.counters.worker_deaths++;
	w->adopt = !w->hostile && ++w->barren < WORKER_BARREN_MAX &&
	    !(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	if (!w->adopt)
		log_warnx("its table is not kept: %u flows of %llu packets "
		    "are lost, as of its last report",
		    priv.counters.active_flows,
		    (unsigned long long)priv.counters.active_packets);
}

static void
worker_schedule(int64_t wait_ms)
{
	struct worker	*w = &priv.worker;
	int64_t		 now = priv_now_ms(), refill;

	refill = (now - w->refilled_ms) / WORKER_REFILL_MS;
	if (w->refilled_ms == 0 || w->tokens + refill > WORKER_TOKENS) {
		w->tokens = WORKER_TOKENS;
		w->refilled_ms = now;
	} else {
		w->tokens += (int)refill;
		w->refilled_ms += refill * WORKER_REFILL_MS;
	}
	/* It takes the next token, which is not there yet. */
	if (w->tokens > 0)
		w->tokens--;
	else {
		w->refilled_ms += WORKER_REFILL_MS;
		if (wait_ms < w->refilled_ms - now)
			wait_ms = w->refilled_ms - now;
	}
	w->next_ms = now + wait_ms;
}

/* The worker has gone. */
void
priv_worker_reap(int status)
{
	struct worker		*w = &priv.worker;
	enum worker_phase	 phase;
	int64_t			 wait_ms;
	int			 i;

	w->reaped = 1;
	/* Its last words may still be in the channel, a bounded number. */
	for (i = 0; i < WORKER_LAST_TURNS && !w->eof && !w->killed; i++)
		priv_dispatch_worker();
	while (priv_dispatch_worker() && i++ < WORKER_LAST_TURNS)
		;
	phase = w->phase;
	if (phase == WORKER_FINISHED && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0) {
		worker_close();
		priv.quit = 1;
		return;
	}
	if (phase == WORKER_LEFT && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0) {
		worker_close();
		priv_handover_left();
		return;
	}
	wait_ms = worker_obituary(status);
	worker_close();
	worker_bequeath(status);
	priv.handover = 0;
	if (phase == WORKER_LEFT)	/* all that it had to do is done */
		priv_reload_switch();
	else if (phase == WORKER_LEAVING)
		priv_handover_died();
	if (priv.quit)
		return;
	if (phase == WORKER_FINISHING || priv.opt->savefile != NULL)
		w->finish++;
	if (!w->was_ready || phase == WORKER_FINISHED ||
	    (w->finish && (!w->adopt || w->finish > WORKER_FINISH_TRIES))) {
		log_warnx("%s", !w->was_ready ? "the worker did not start" :
		    priv.opt->savefile != NULL ?
		    "the worker died; the file is not read to its end" :
		    "the worker died before it had exported everything");
		priv.status = 1;
		priv.quit = 1;
		return;
	}
	worker_schedule(wait_ms);
}

/*
 * A worker that reads a pipe may sleep there and not see our message.  Said
 * again each turn, for it may go to sleep just now.
 */
static void
worker_wake(void)
{
	if (priv.opt->savefile != NULL && !priv.worker.reaped)
		kill(priv.worker.pid, SIGTERM);
}

void
priv_worker_slept(int64_t ms)
{
	priv.worker.seen_ms += ms;
	priv.worker.deadline_ms += ms;
}

/* Start who is due, kill who is late. */
void
priv_worker_timers(int64_t now_ms)
{
	struct worker	*w = &priv.worker;

	if (w->pid > 0 && (w->eof || w->deaf) &&
	    now_ms >= w->deadline_ms)
		priv_worker_kill("closed its channel");
	switch (w->phase) {
	case WORKER_NONE:
		if (!priv.quit && now_ms >= w->next_ms)
			worker_start();
		break;
	case WORKER_STARTING:
		if (now_ms >= w->deadline_ms)
			priv_worker_kill("not ready in 10 seconds");
		break;
	case WORKER_RUNNING:
		/* On a pipe it waits as long as the other end does. */
		if (!priv.capture_pipe &&
		    now_ms - w->seen_ms >= WORKER_SILENT_MS)
			priv_worker_kill("silent for 30 seconds");
		break;
	case WORKER_LEAVING:
	case WORKER_LEFT:
		break;
	case WORKER_FINISHING:
		worker_wake();
		/* FALLTHROUGH */
	case WORKER_FINISHED:
		if (now_ms >= w->deadline_ms)
			priv_worker_kill("did not end in time");
		break;
	}
}

void
priv_finish(void)
{
	struct worker	*w = &priv.worker;

	priv_notify_stopping();
	switch (w->phase) {
	case WORKER_RUNNING:
		w->phase = WORKER_FINISHING;
		if (priv.opt->savefile == NULL)
			w->summary_wanted++;
		w->deadline_ms = priv_now_ms() + WORKER_FINISH_MS;
		priv_worker_send(IMSG_FINISH, -1, NULL, 0);
		worker_wake();
		break;
	case WORKER_FINISHING:
	case WORKER_FINISHED:
		break;
	case WORKER_STARTING:
	case WORKER_LEAVING:
	case WORKER_LEFT:
		w->finish = 1;
		break;
	case WORKER_NONE:
		if (w->adopt) {		/* somebody must export that */
			w->finish = 1;
			w->next_ms = 0;
			break;
		}
		log_info("ending without a worker; what waits to be read is "
		    "not counted");
		if (priv.opt->savefile != NULL)
			priv.status = 1;
		priv.quit = 1;
		break;
	}
}
