/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What a worker may say.  It is taken for hostile: a message of unknown
 * type, wrong length, wrong time or with a descriptor ends it.  None carries
 * a name, a path or an address for the parent to act on.
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "log.h"
#include "priv_state.h"
#include "sandbox.h"

#define DISPATCH_MAX		64	/* messages in one turn */
#define LOG_LINES_PER_SECOND	100

static int
dispatch_ready(struct imsg *imsg)
{
	static struct log_limit	 limit;
	struct worker		*w = &priv.worker;
	struct msg_ready	 msg;
	char			 layers[256];

	if (w->phase != WORKER_STARTING ||
	    imsg_get_data(imsg, &msg, sizeof(msg)) == -1)
		return (-1);
	if ((sandbox_needed(priv.root) & ~msg.layers) != 0)
		return (-1);
	if (sandbox_lacks != 0)
		log_warnx("worker %ld: UNCONFINED, as this is a test build",
		    (long)w->pid);
	sandbox_describe(msg.layers, layers, sizeof(layers));
	log_limited(&limit, w->was_ready || priv.opt->savefile == NULL ?
	    LOG_INFO : LOG_DEBUG, "worker %ld: confined by %s%s",
	    (long)w->pid, layers, sandbox_os_remark(msg.landlock_abi));
	w->phase = WORKER_RUNNING;
	w->seen_ms = priv_now_ms();
	w->was_ready = 1;
	priv_ready();
	priv_handover_ready();
	if (w->finish)
		priv_finish();
	return (0);
}

/* A line for the log, at no more than 100 a second. */
static int
dispatch_log(struct imsg *imsg)
{
	struct worker	*w = &priv.worker;
	struct msg_log	 msg;
	char		 line[MSG_LOG_SIZE + 64];
	int64_t		 second = priv_now_ms() / 1000;
	size_t		 i;

	if (imsg_get_data(imsg, &msg, sizeof(msg)) == -1 ||
	    msg.priority < LOG_EMERG || msg.priority > LOG_DEBUG ||
	    memchr(msg.text, '\0', sizeof(msg.text)) == NULL)
		return (-1);
	if (second != w->log_second) {
		if (w->log_dropped > 0)
			log_warnx("worker %ld: %u lines dropped",
			    (long)w->pid, w->log_dropped);
		w->log_second = second;
		w->log_lines = w->log_dropped = 0;
	}
	if (w->log_lines++ >= LOG_LINES_PER_SECOND) {
		w->log_dropped++;
		return (0);
	}
	for (i = 0; msg.text[i] != '\0'; i++)
		if (!isprint((unsigned char)msg.text[i]))
			msg.text[i] = '?';
	/* Nothing that it says is worth every terminal's attention. */
	if (msg.priority < LOG_CRIT)
		msg.priority = LOG_CRIT;
	snprintf(line, sizeof(line), "%s: %s", priv.opt->savefile != NULL ?
	    priv.opt->savefile : "worker", msg.text);
	log_relay(msg.priority, line);
	return (0);
}

static int
dispatch_counters(struct imsg *imsg)
{
	if (imsg_get_data(imsg, &priv.counters,
	    sizeof(priv.counters)) == -1)
		return (-1);
	priv.worker.seen_ms = priv_now_ms();
	priv.worker.barren = 0;
	priv_handover_counted();
	return (0);
}

/* For the next generation, as the counters are. */
static int
dispatch_export_counters(struct imsg *imsg)
{
	struct summary_export	row;

	if (imsg_get_data(imsg, &row, sizeof(row)) == -1 ||
	    row.slot >= priv.ndest)
		return (-1);
	priv.dest[row.slot].conf.counters = row.counters;
	return (0);
}

static int
dispatch_summary(struct imsg *imsg)
{
	if (priv.worker.in_summary || !priv.worker.summary_wanted)
		return (-1);
	memset(&priv.report, 0, sizeof(priv.report));
	if (imsg_get_data(imsg, &priv.report.summary,
	    sizeof(priv.report.summary)) == -1 ||
	    !summary_ok(&priv.report.summary))
		return (-1);
	priv.worker.in_summary = 1;
	priv.worker.summary_wanted--;
	return (0);
}

static int
dispatch_summary_proto(struct imsg *imsg)
{
	struct summary_report	*r = &priv.report;
	struct summary_proto	*row;

	if (!priv.worker.in_summary || r->nproto >= 256)
		return (-1);
	row = &r->proto[r->nproto];
	if (imsg_get_data(imsg, row, sizeof(*row)) == -1 || row->proto > 255)
		return (-1);
	r->nproto++;
	return (0);
}

static int
dispatch_summary_export(struct imsg *imsg)
{
	struct summary_report	*r = &priv.report;
	struct summary_export	*row;

	if (!priv.worker.in_summary || r->nexport >= MAX_EXPORT)
		return (-1);
	row = &r->export[r->nexport];
	if (imsg_get_data(imsg, row, sizeof(*row)) == -1 ||
	    row->slot >= priv.ndest || !summary_export_ok(row))
		return (-1);
	r->nexport++;
	return (0);
}

static int
dispatch_summary_interface(struct imsg *imsg)
{
	struct summary_report		*r = &priv.report;
	struct summary_interface	*row;

	if (!priv.worker.in_summary || r->ninterface >= nitems(r->interface))
		return (-1);
	row = &r->interface[r->ninterface];
	if (imsg_get_data(imsg, row, sizeof(*row)) == -1 ||
	    !summary_interface_ok(row))
		return (-1);
	r->ninterface++;
	return (0);
}

static int
dispatch_summary_end(struct imsg *imsg)
{
	if (!priv.worker.in_summary || imsg_get_len(imsg) != 0)
		return (-1);
	priv.worker.in_summary = 0;
	priv_report(&priv.report);
	return (0);
}

static int
dispatch_export_down(struct imsg *imsg)
{
	struct msg_export_down	msg;

	if (imsg_get_data(imsg, &msg, sizeof(msg)) == -1)
		return (-1);
	return (priv_export_down(&msg));
}

static int
dispatch_export_ask(struct imsg *imsg)
{
	struct msg_export_ask	msg;

	if (imsg_get_data(imsg, &msg, sizeof(msg)) == -1)
		return (-1);
	return (priv_export_ask(msg.slot));
}

static int
dispatch_control_closed(struct imsg *imsg)
{
	struct msg_control_closed	msg;

	if (imsg_get_data(imsg, &msg, sizeof(msg)) == -1 ||
	    msg.id >= MAX_CONTROL || !(priv.clients & 1U << msg.id))
		return (-1);
	priv_control_closed(msg.id);
	return (0);
}

static int
is_operator(uint32_t client)
{
	return (client < MAX_CONTROL &&
	    (priv.clients & priv.operators & 1U << client) != 0);
}

static int
dispatch_shutdown(struct imsg *imsg)
{
	struct msg_shutdown	msg;

	if (imsg_get_data(imsg, &msg, sizeof(msg)) == -1 ||
	    !is_operator(msg.client) || msg.graceful > 1)
		return (-1);
	if (msg.graceful) {
		/* Another client's, or a signal, may have come before. */
		if (priv.worker.phase == WORKER_FINISHING ||
		    priv.worker.finish)
			return (0);
		log_info("shutting down on request");
		priv_finish();
	} else {
		log_info("exiting now on request; %u flows are not exported",
		    priv.counters.active_flows);
		priv.quit = 1;
	}
	return (0);
}

static int
dispatch_wish(struct imsg *imsg)
{
	struct msg_wish	msg;

	if (imsg_get_data(imsg, &msg, sizeof(msg)) == -1 ||
	    !is_operator(msg.client))
		return (-1);
	return (priv_wish(&msg));
}

static int
dispatch_finished(struct imsg *imsg)
{
	struct worker		*w = &priv.worker;
	struct msg_finished	 msg;

	if ((w->phase != WORKER_FINISHING &&
	    (w->phase != WORKER_RUNNING || priv.opt->savefile == NULL)) ||
	    imsg_get_data(imsg, &msg, sizeof(msg)) == -1)
		return (-1);
	w->phase = WORKER_FINISHED;
	w->deadline_ms = priv_now_ms() + 5000;
	if (msg.failed) {
		log_warnx("%s: reading ended after frame %llu",
		    priv.opt->savefile == NULL ? "capture" :
		    priv.opt->savefile, (unsigned long long)msg.frames);
		priv.status = 1;
	}
	return (0);
}

static int
dispatch_one(struct imsg *imsg)
{
	/* Only LOG may come before READY, and nothing after FINISHED. */
	if (priv.worker.phase == WORKER_FINISHED ||
	    priv.worker.phase == WORKER_LEFT ||
	    (priv.worker.phase == WORKER_STARTING &&
	    imsg_get_type(imsg) != IMSG_LOG &&
	    imsg_get_type(imsg) != IMSG_READY))
		return (-1);
	switch (imsg_get_type(imsg)) {
	case IMSG_READY:
		return (dispatch_ready(imsg));
	case IMSG_LOG:
		return (dispatch_log(imsg));
	case IMSG_COUNTERS:
		return (dispatch_counters(imsg));
	case IMSG_EXPORT_COUNTERS:
		return (dispatch_export_counters(imsg));
	case IMSG_EXPORT_DOWN:
		return (dispatch_export_down(imsg));
	case IMSG_EXPORT_ASK:
		return (dispatch_export_ask(imsg));
	case IMSG_SUMMARY:
		return (dispatch_summary(imsg));
	case IMSG_SUMMARY_PROTO:
		return (dispatch_summary_proto(imsg));
	case IMSG_SUMMARY_EXPORT:
		return (dispatch_summary_export(imsg));
	case IMSG_SUMMARY_INTERFACE:
		return (dispatch_summary_interface(imsg));
	case IMSG_SUMMARY_END:
		return (dispatch_summary_end(imsg));
	case IMSG_CONTROL_CLOSED:
		return (dispatch_control_closed(imsg));
	case IMSG_SHUTDOWN:
		return (dispatch_shutdown(imsg));
	case IMSG_WISH:
		return (dispatch_wish(imsg));
	case IMSG_HANDED_OVER:
		return (imsg_get_len(imsg) != 0 ? -1 : priv_handed_over());
	case IMSG_FINISHED:
		return (dispatch_finished(imsg));
	default:
		return (-1);
	}
}

/*
 * Returns 1 when more is waiting than one turn handles.  Messages behind a
 * hang-up count too: they are a dying worker's last words.
 */
int
priv_dispatch_worker(void)
{
	struct worker	*w = &priv.worker;
	struct imsg	 imsg;
	uint32_t	 type;
	size_t		 len;
	int		 bad, fd, i, n = 0;

	if (w->pid <= 0 || w->killed)
		return (0);
	/* Read no more while some of it waits: a flood stays in the socket. */
	if (!w->more) {
		n = imsgbuf_read(&w->channel);
		if (n == -1 && errno != ECONNRESET) {
			if (errno == ENOMEM)	/* ours, not its fault */
				priv_worker_replace("message of the worker");
			else
				priv_worker_kill_hostile("malformed message");
			return (0);
		}
		/* It may also have gone with messages of ours unread. */
		if (n != 1 && !w->eof) {
			w->deadline_ms = priv_now_ms() + WORKER_EOF_MS;
			w->eof = 1;
		}
		n = 0;
	}
	for (i = 0; i < DISPATCH_MAX &&
	    (n = imsgbuf_get(&w->channel, &imsg)) == 1; i++) {
		type = imsg_get_type(&imsg);
		len = imsg_get_len(&imsg);
		if ((fd = imsg_get_fd(&imsg)) != -1)
			close(fd);
		bad = fd != -1 || dispatch_one(&imsg) == -1;
		imsg_free(&imsg);
		if (!bad)
			continue;
		log_at(LOG_CRIT, "worker %ld: message %u of %zu octets in "
		    "phase %d is not allowed", (long)w->pid, type, len,
		    (int)w->phase);
		priv_worker_kill_hostile("hostile");
		return (0);
	}
	if (n == -1)
		priv_worker_kill_hostile("malformed message");
	w->more = n == 1;
	return (w->more);
}
