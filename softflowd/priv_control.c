/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Who may connect to the control socket, and as what.  The connection is
 * passed on to the worker unread; who gets none is told why.
 */

#include <sys/socket.h>

#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "log.h"
#include "peer_groups.h"
#include "priv_state.h"

#define CONTROL_PAUSE_MS	500
#define CONTROL_RESERVED	2	/* of MAX_CONTROL, for operators */

/* By name or number, before the parent is confined. */
void
priv_control_find_group(void)
{
	const char	*name = priv.opt->control_group, *errstr;
	struct group	*gr;

	if (name == NULL)
		return;
	if ((gr = getgrnam(name)) != NULL) {
		priv.control_gid = gr->gr_gid;
		return;
	}
	priv.control_gid = (gid_t)strtonum(name, 0, UINT32_MAX - 1, &errstr);
	if (errstr != NULL)
		fatalx("-o control-group=%s: no such group", name);
}

/* -1: none. */
static int
control_role(int fd, uid_t uid, gid_t gid)
{
	if (uid == 0 || uid == geteuid())
		return (CONTROL_OPERATOR);
	if (priv.opt->control_group != NULL &&
	    (gid == priv.control_gid || peer_in_group(fd, priv.control_gid)))
		return (CONTROL_VIEWER);
	return (-1);
}

/* Viewers leave room for operators. */
static int
control_full(int role, uint32_t *id)
{
	uint32_t	i, free = 0;

	for (i = MAX_CONTROL; i-- > 0;)
		if (!(priv.clients & 1U << i)) {
			free++;
			*id = i;
		}
	return (free <= (role == CONTROL_VIEWER ? CONTROL_RESERVED : 0));
}

/*
 * One message, if the socket has room for it, and it is fresh; nothing is
 * ever read from it.
 */
static void __attribute__((__format__(printf, 3, 4)))
control_refuse(int fd, struct log_limit *limit, const char *fmt, ...)
{
	struct ctl_result	result = { .failed = 1 };
	struct imsgbuf		ibuf;
	va_list			ap;

	result.pid = (int32_t)getpid();
	va_start(ap, fmt);
	vsnprintf(result.text, sizeof(result.text), fmt, ap);
	va_end(ap);
	if (imsgbuf_init(&ibuf, fd) == 0) {
		if (imsg_compose(&ibuf, CTL_RESULT, CTL_VERSION, result.pid,
		    -1, &result, sizeof(result)) == 1)
			(void)imsgbuf_write(&ibuf);
		imsgbuf_clear(&ibuf);
	}
	close(fd);
	log_limited(limit, LOG_INFO, "control connection refused: %s",
	    result.text);
}

static void
control_refuse_user(int fd, uid_t uid)
{
	static struct log_limit	 limit;
	const char		*group = priv.opt->control_group;

	control_refuse(fd, &limit, "permission denied: uid %u is neither root "
	    "nor who started softflowd%s%.64s", (unsigned int)uid,
	    group == NULL ? "" : ", nor in group ",
	    group == NULL ? "" : group);
}

static int64_t	paused_until_ms;

/*
 * Who comes in a hand-over waits for the next worker.  Who comes when there is
 * no descriptor for it keeps the socket readable, and waits, too.
 */
int
priv_control_fd(void)
{
	return (priv.handover || priv_now_ms() < paused_until_ms ? -1 :
	    priv.ctlsock.fd);
}

/* Check who it is and pass the connection on unread. */
void
priv_control_accept(void)
{
	static struct log_limit	failed, ending, none, busy;
	struct msg_control	msg = { 0 };
	uid_t			uid = (uid_t)-1;
	gid_t			gid = (gid_t)-1;
	int			fd, role = -1;

	fd = accept4(priv.ctlsock.fd, NULL, NULL,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd == -1) {
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		log_limited(&failed, LOG_WARNING, "control connection: %s",
		    strerror(errno));
		paused_until_ms = priv_now_ms() + CONTROL_PAUSE_MS;
		return;
	}
	if (getpeereid(fd, &uid, &gid) == 0)
		role = control_role(fd, uid, gid);
	if (role == -1)
		control_refuse_user(fd, uid);
	else if (priv.worker.phase >= WORKER_FINISHING)
		control_refuse(fd, &ending, "softflowd is about to end");
	else if (priv.worker.phase != WORKER_RUNNING)
		control_refuse(fd, &none, "no worker at the moment; try "
		    "again");
	else if (control_full(role, &msg.id))
		control_refuse(fd, &busy, "%d clients are served already; try "
		    "again later", role == CONTROL_VIEWER ?
		    MAX_CONTROL - CONTROL_RESERVED : MAX_CONTROL);
	else {
		msg.uid = (uint32_t)uid;
		msg.role = (uint32_t)role;
		priv.clients |= 1U << msg.id;
		if (role == CONTROL_OPERATOR)
			priv.operators |= 1U << msg.id;
		priv_worker_send(IMSG_CONTROL, fd, &msg, sizeof(msg));
	}
}

void
priv_control_closed(uint32_t id)
{
	priv.clients &= ~(1U << id);
	priv.operators &= ~(1U << id);
}

void
priv_control_forget(void)
{
	priv.clients = priv.operators = 0;
}
