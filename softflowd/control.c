/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Control clients, in the confined worker: what they send is hostile until
 * checked, and their descriptors see read, write, poll and close only.
 *
 * A client is read from only while nothing is owed to it, gets one turn of
 * writing and at most one request per dispatch, and its rows wait until the
 * queue has room.  So it holds one read buffer, CONTROL_QUEUE_MAX rows, the
 * largest flows while they are sorted, and nothing else, whatever it does or
 * does not do.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <imsg.h>

#include "compat.h"
#include "control_state.h"

const struct control_ops	*control_ops;

static struct client	clients[MAX_CONTROL];
static int32_t		daemon_pid;

void
control_init(const struct control_ops *o, int32_t pid)
{
	control_ops = o;
	daemon_pid = pid;
}

int
control_add(int fd, const struct msg_control *m, uint64_t now_ms)
{
	struct client *c;

	if (m->id >= MAX_CONTROL || clients[m->id].state != CLIENT_FREE ||
	    m->role >= CONTROL_ROLE_MAX) {
		errno = EINVAL;
		return (-1);
	}
	c = &clients[m->id];
	if (imsgbuf_init(&c->ibuf, fd) == -1)
		return (-1);
	/* What is much larger is no request of ours. */
	if (imsgbuf_set_maxsize(&c->ibuf, MSG_WORKER_MAX) == -1) {
		imsgbuf_clear(&c->ibuf);
		return (-1);
	}
	c->role = m->role;
	c->progress_ms = now_ms;
	c->state = CLIENT_IDLE;
	return (0);
}

uint32_t
client_id(const struct client *c)
{
	return ((uint32_t)(c - clients));
}

/* Its answer is out, or nobody is there to read it. */
static void
answer_over(uint32_t id, uint32_t request)
{
	if (request == CTL_SHUTDOWN || request == CTL_EXIT)
		control_ops->shutdown(id, request == CTL_SHUTDOWN);
}

/* Its id may be another's from now on. */
static void
client_free(struct client *c)
{
	uint32_t request = c->request;

	memset(c, 0, sizeof(*c));
	/* In this order: the parent believes only those who have clients. */
	answer_over(client_id(c), request);
	control_ops->closed(client_id(c));
}

static void
client_hang_up(struct client *c)
{
	close(c->ibuf.fd);
	imsgbuf_clear(&c->ibuf);
	client_flows_end(c);
}

/* The parent's answer to a wish must not meet the next one of that id. */
static void
client_close(struct client *c)
{
	if (c->state != CLIENT_GONE)
		client_hang_up(c);
	if (c->state == CLIENT_WAITING)
		c->state = CLIENT_GONE;
	else
		client_free(c);
}

/* Every message tells the daemon's pid, which heads what is printed. */
int
client_send(struct client *c, uint32_t type, const void *data, size_t len)
{
	if (imsg_compose(&c->ibuf, type, CTL_VERSION, daemon_pid, -1, data,
	    len) == -1)
		return (-1);
	return (0);
}

static int
send_result(struct client *c, int failed, uint64_t count, const char *fmt,
    va_list ap)
{
	struct ctl_result result;

	memset(&result, 0, sizeof(result));
	result.failed = failed != 0;
	result.pid = daemon_pid;
	result.count = count;
	(void)vsnprintf(result.text, sizeof(result.text), fmt, ap);
	return (client_send(c, CTL_RESULT, &result, sizeof(result)));
}

int
client_result(struct client *c, int failed, uint64_t count, const char *fmt,
    ...)
{
	va_list ap;
	int n;

	c->state = CLIENT_ANSWERED;
	va_start(ap, fmt);
	n = send_result(c, failed, count, fmt, ap);
	va_end(ap);
	return (n);
}

int
client_refuse(struct client *c, const char *fmt, ...)
{
	va_list ap;
	int n;

	c->state = CLIENT_REFUSED;
	va_start(ap, fmt);
	n = send_result(c, 1, 0, fmt, ap);
	va_end(ap);
	return (n);
}

int
control_wish_done(const struct msg_wish_done *m, uint64_t now_ms)
{
	struct client *c;
	const char *text = m->text;
	int n;

	if (m->client >= MAX_CONTROL ||
	    memchr(text, '\0', sizeof(m->text)) == NULL) {
		errno = EINVAL;
		return (-1);
	}
	c = &clients[m->client];
	if (c->state == CLIENT_GONE)
		client_free(c);
	if (c->state != CLIENT_WAITING)
		return (0);
	if (!m->failed && c->request == CTL_DEBUG_MORE)
		text = "Debug level increased.";
	else if (!m->failed && c->request == CTL_DEBUG_LESS)
		text = "Debug level decreased.";
	c->progress_ms = now_ms;
	n = client_result(c, m->failed != 0, 0, "%s", text);
	if (n == -1)
		client_close(c);
	return (0);
}

/*
 * One turn for one client; -1: close it.  Leaves it idle with all of its
 * requests taken, or with something in its queue for POLLOUT to come back to.
 */
static int
client_serve(struct client *c, short revents, uint64_t now_ms)
{
	if (revents & (POLLERR | POLLNVAL))
		return (-1);
	/* Nobody is there for what is still to come. */
	if (revents & POLLHUP &&
	    (c->state == CLIENT_WAITING || c->state == CLIENT_ROWS))
		return (-1);
	if (revents & (POLLOUT | POLLHUP) &&
	    imsgbuf_queuelen(&c->ibuf) > 0) {
		if (imsgbuf_write(&c->ibuf) == -1)
			return (-1);
		c->progress_ms = now_ms;
	}
	/* A lone octet is no progress: who drips is closed as idle. */
	if (c->state == CLIENT_IDLE && revents & (POLLIN | POLLHUP) &&
	    imsgbuf_read(&c->ibuf) != 1)
		return (-1);
	if (imsgbuf_queuelen(&c->ibuf) == 0) {
		if (c->state == CLIENT_REFUSED)
			return (-1);
		if (c->state == CLIENT_ANSWERED) {
			answer_over(client_id(c), c->request);
			c->request = 0;
			c->state = CLIENT_IDLE;
		}
	}
	if (c->state == CLIENT_IDLE && client_request(c, now_ms) == -1)
		return (-1);
	if (c->state != CLIENT_ROWS)
		return (0);
	/* Who has room for rows has read, however long the next one takes. */
	if (revents & POLLOUT)
		c->progress_ms = now_ms;
	return (client_rows(c));
}

/* It is too late for something; -1: close it. */
static int
client_late(struct client *c, uint64_t now_ms)
{
	if (c->state != CLIENT_WAITING)
		return (-1);
	c->progress_ms = now_ms;
	return (client_refuse(c, "no answer from softflowd's parent process "
	    "in %d seconds; its log may say why", CONTROL_WISH_MS / 1000));
}

unsigned int
control_pollfds(struct pollfd *pfd, unsigned int max)
{
	struct client *c;
	unsigned int i, n = 0;

	for (i = 0; i < nitems(clients) && n < max; i++) {
		c = &clients[i];
		if (c->state == CLIENT_FREE || c->state == CLIENT_GONE)
			continue;
		pfd[n].fd = c->ibuf.fd;
		pfd[n].events = c->state == CLIENT_IDLE ? POLLIN :
		    c->state == CLIENT_WAITING ? 0 : POLLOUT;
		pfd[n].revents = 0;
		n++;
	}
	return (n);
}

static uint64_t
client_deadline_ms(const struct client *c)
{
	return (c->progress_ms + (c->state == CLIENT_WAITING ||
	    /* NOLINTNEXTLINE(bugprone-branch-clone): limits of one length */
	    c->state == CLIENT_GONE ? CONTROL_WISH_MS : CONTROL_IDLE_MS));
}

void
control_dispatch(const struct pollfd *pfd, unsigned int n, uint64_t now_ms)
{
	struct client *c;
	unsigned int i, j;

	for (i = 0; i < nitems(clients); i++) {
		c = &clients[i];
		for (j = 0; j < n && c->state != CLIENT_FREE &&
		    c->state != CLIENT_GONE; j++) {
			if (pfd[j].fd != c->ibuf.fd)
				continue;
			if (pfd[j].revents != 0 &&
			    client_serve(c, pfd[j].revents, now_ms) == -1)
				client_close(c);
			break;
		}
		if (c->state != CLIENT_FREE &&
		    now_ms >= client_deadline_ms(c) &&
		    client_late(c, now_ms) == -1)
			client_close(c);
	}
}

void
control_memory(struct ctl_memory *row)
{
	const size_t message = sizeof(struct ctl_flow) + IMSG_HEADER_SIZE;
	struct client *c;

	row->entries_max = MAX_CONTROL;
	row->octets = sizeof(clients) + MAX_CONTROL * (IBUF_READ_SIZE +
	    CONTROL_QUEUE_MAX * message +
	    CTL_SORT_LIMIT * sizeof(struct candidate));
	row->octets_used = sizeof(clients);
	for (c = clients; c < clients + nitems(clients); c++) {
		if (c->state == CLIENT_FREE || c->state == CLIENT_GONE)
			continue;
		row->entries++;
		row->octets_used += IBUF_READ_SIZE +
		    imsgbuf_queuelen(&c->ibuf) * message +
		    c->nbest * sizeof(struct candidate);
	}
}

void
control_close_all(int ending)
{
	struct client *c;
	unsigned int i;

	for (i = 0; i < nitems(clients); i++) {
		c = &clients[i];
		if (c->state == CLIENT_FREE)
			continue;
		if (c->state != CLIENT_GONE) {
			(void)imsgbuf_write(&c->ibuf);
			client_hang_up(c);
		}
		if (ending)
			c->request = 0;
		client_free(c);
	}
}
