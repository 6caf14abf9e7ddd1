/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The parent's end of a worker, as far as it takes READY. */

#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "priv_state.h"
#include "sandbox_fakes.h"

struct priv	priv;
char		ready_line[512];
static int	hostile;

int
ready_kills(uint32_t layers, int root)
{
	struct msg_ready	 msg = { .layers = layers };
	struct imsgbuf		 worker;
	int			 sv[2];

	memset(&priv, 0, sizeof(priv));
	hostile = 0;
	ready_line[0] = '\0';
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	ATF_REQUIRE_EQ(0, imsgbuf_init(&worker, sv[1]));
	ATF_REQUIRE_EQ(0, imsgbuf_init(&priv.worker.channel, sv[0]));
	priv.opt = &(struct options){ 0 };
	priv.root = root;
	priv.worker.pid = 4711;
	priv.worker.phase = WORKER_STARTING;
	ATF_REQUIRE_EQ(1, imsg_compose(&worker, IMSG_READY, 0, 0, -1, &msg,
	    sizeof(msg)));
	ATF_REQUIRE_EQ(0, imsgbuf_flush(&worker));
	priv_dispatch_worker();
	ATF_CHECK_EQ(hostile ? WORKER_STARTING : WORKER_RUNNING,
	    priv.worker.phase);
	return (hostile);
}

void
priv_worker_kill_hostile(const char *why)
{
	(void)why;
	hostile = 1;
}

void
log_limited(struct log_limit *limit, int priority, const char *fmt, ...)
{
	va_list	ap;

	(void)limit;
	(void)priority;
	va_start(ap, fmt);
	vsnprintf(ready_line, sizeof(ready_line), fmt, ap);
	va_end(ap);
}

void
log_at(int priority, const char *fmt, ...)
{
	(void)priority;
	(void)fmt;
}

void
log_info(const char *fmt, ...)
{
	(void)fmt;
}

void
log_warnx(const char *fmt, ...)
{
	(void)fmt;
}

void
log_relay(int priority, const char *text)
{
	(void)priority;
	(void)text;
}

int64_t
priv_now_ms(void)
{
	return (1000);
}

void
priv_ready(void)
{
}

void
priv_handover_ready(void)
{
}

/* Nobody gets here. */
#define NEVER	atf_tc_fail("not with READY")

void
priv_finish(void)
{
	NEVER;
}

void
priv_handover_counted(void)
{
	NEVER;
}

int
priv_handed_over(void)
{
	NEVER;
}

void
priv_report(const struct summary_report *report)
{
	(void)report;
	NEVER;
}

void
priv_control_closed(uint32_t id)
{
	(void)id;
	NEVER;
}

int
priv_export_down(const struct msg_export_down *msg)
{
	(void)msg;
	NEVER;
}

int
priv_export_ask(uint32_t slot)
{
	(void)slot;
	NEVER;
}

int
priv_wish(const struct msg_wish *msg)
{
	(void)msg;
	NEVER;
}

void
priv_worker_replace(const char *what)
{
	(void)what;
	NEVER;
}

int
summary_ok(const struct summary *summary)
{
	(void)summary;
	NEVER;
}

int
summary_export_ok(const struct summary_export *row)
{
	(void)row;
	NEVER;
}

int
summary_interface_ok(const struct summary_interface *row)
{
	(void)row;
	NEVER;
}
