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
 * queue has room.  So it holds one read buffer, CONTROL_QUEUE_MAX rows and
 * nothing else, whatever it does or does not do.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <imsg.h>

#include "compat.h"
#include "control.h"
#include "interface.h"

enum client_state {
	CLIENT_FREE,
	CLIENT_IDLE,		/* nothing owed: waiting for a request */
	CLIENT_ROWS,		/* more rows to come */
	CLIENT_ANSWERED,	/* the whole answer is in the queue */
	CLIENT_REFUSED		/* so is a refusal: close behind it */
};

struct client {
	struct imsgbuf	ibuf;
	uint64_t	progress_ms;	/* last whole request or write */
	uint64_t	rows;		/* of this answer so far */
	uint32_t	cursor;		/* next flow or row to look at */
	uint32_t	request;	/* CTL_*, while it is answered */
	enum client_state	state;
};

static struct client			 clients[MAX_CONTROL];
static const struct control_ops		*ops;
static int32_t				 daemon_pid;

void
control_init(const struct control_ops *o, int32_t pid)
{
	ops = o;
	daemon_pid = pid;
}

int
control_add(int fd, const struct msg_control *m, uint64_t now_ms)
{
	struct client *c;

	if (m->id >= MAX_CONTROL || clients[m->id].state != CLIENT_FREE) {
		errno = EINVAL;
		return (-1);
	}
	c = &clients[m->id];
	if (imsgbuf_init(&c->ibuf, fd) == -1)
		return (-1);
	/* No request has a payload: what is much larger is not one of ours. */
	if (imsgbuf_set_maxsize(&c->ibuf, MSG_WORKER_MAX) == -1) {
		imsgbuf_clear(&c->ibuf);
		return (-1);
	}
	c->progress_ms = now_ms;
	c->state = CLIENT_IDLE;
	return (0);
}

/* Its answer is out, or nobody is there to read it. */
static void
answer_over(uint32_t request)
{
	if (request == CTL_SHUTDOWN || request == CTL_EXIT)
		ops->shutdown(request == CTL_SHUTDOWN);
}

static void
client_close(struct client *c)
{
	uint32_t request = c->request;

	close(c->ibuf.fd);
	imsgbuf_clear(&c->ibuf);
	memset(c, 0, sizeof(*c));
	/* In this order: the parent believes only those who have clients. */
	answer_over(request);
	ops->closed((uint32_t)(c - clients));
}

/* Every message tells the daemon's pid, which heads what is printed. */
static int
client_send(struct client *c, uint32_t type, const void *data, size_t len)
{
	if (imsg_compose(&c->ibuf, type, CTL_VERSION, daemon_pid, -1, data,
	    len) == -1)
		return (-1);
	return (0);
}

static int __attribute__((__format__(printf, 4, 5)))
client_result(struct client *c, int failed, uint64_t count, const char *fmt,
    ...)
{
	struct ctl_result result;
	va_list ap;

	memset(&result, 0, sizeof(result));
	result.failed = failed != 0;
	result.pid = daemon_pid;
	result.count = count;
	va_start(ap, fmt);
	(void)vsnprintf(result.text, sizeof(result.text), fmt, ap);
	va_end(ap);
	c->state = failed ? CLIENT_REFUSED : CLIENT_ANSWERED;
	return (client_send(c, CTL_RESULT, &result, sizeof(result)));
}

/*
 * Rows.  Each function queues one: 1, 0 behind the last, -1 on error.
 */

/* VLANs and addresses of the first packet of a direction that has one. */
static void
row_side(struct ctl_flow *row, const struct flow *f,
    const struct flow_side *side)
{
	const struct side_first *first;
	int d = f->packets[0] == 0;

	if (side == NULL)
		return;
	first = &side->first[d];
	row->have |= CTL_FLOW_SIDE;
	row->vlan[0] = first->vlan[0] & SIDE_VLAN_ID;
	row->vlan[1] = first->vlan[1] & SIDE_VLAN_ID;
	memcpy(row->mac[d], first->mac[0], sizeof(row->mac[d]));
	memcpy(row->mac[!d], first->mac[1], sizeof(row->mac[!d]));
}

static int
row_flow(struct client *c)
{
	const struct track *table = ops->table();
	const struct flow *f;
	struct ctl_flow row;
	enum expire_reason why = EXPIRE_NONE;
	uint32_t idx;
	int i;

	/* Our own datagrams' flows are not accounted, so not shown. */
	do {
		idx = track_next(table, c->cursor);
		if (idx == TRACK_NONE)
			return (0);
		f = track_flow(table, idx);
		c->cursor = idx + 1;
	} while (f->flags & FLOW_OWN);

	memset(&row, 0, sizeof(row));
	for (i = 0; i < 2; i++) {
		row.octets[i] = f->octets[i];
		row.packets[i] = f->packets[i];
		row.first_us[i] = f->first_us[i];
		row.last_us[i] = f->last_us[i];
		memcpy(row.addr[i], f->key.addr[i], sizeof(row.addr[i]));
		row.port[i] = f->key.port[i];
		row.tcp_flags[i] = f->tcp_flags[i];
		row.tos[i] = f->tos[i];
		strlcpy(row.in[i], interface_name(f->in[i]),
		    sizeof(row.in[i]));
		strlcpy(row.out[i], interface_name(f->out[i]),
		    sizeof(row.out[i]));
	}
	row.proto = f->key.proto;
	row.family = f->key.family;
	row.index = idx;
	row.expires = ops->expires(f, &why);
	row.reason = why;
	row_side(&row, f, track_side(table, idx));
	if (client_send(c, CTL_FLOW, &row, sizeof(row)) == -1)
		return (-1);
	return (1);
}

/* The cursor counts on behind the protocols. */
static int
row_interface(struct client *c)
{
	struct summary_interface row;

	while (c->cursor < 2 * 256) {
		if (!ops->interface((uint8_t)(c->cursor++ - 256), &row))
			continue;
		if (client_send(c, CTL_SUMMARY_INTERFACE, &row,
		    sizeof(row)) == -1)
			return (-1);
		return (1);
	}
	return (0);
}

static int
row_proto(struct client *c)
{
	const struct summary_proto *protos = ops->protos();

	for (; c->cursor < 256; c->cursor++) {
		if (protos[c->cursor].flows == 0)
			continue;
		if (client_send(c, CTL_SUMMARY_PROTO, &protos[c->cursor],
		    sizeof(*protos)) == -1)
			return (-1);
		c->cursor++;
		return (1);
	}
	return (row_interface(c));
}

static int
client_rows(struct client *c)
{
	int n;

	while (imsgbuf_queuelen(&c->ibuf) < CONTROL_QUEUE_MAX) {
		n = c->request == CTL_DUMP_FLOWS ? row_flow(c) : row_proto(c);
		if (n == -1)
			return (-1);
		if (n == 0)
			return (client_result(c, 0, c->rows, "%s", ""));
		c->rows++;
	}
	return (0);
}

/*
 * The rows that are few; those of protocols and interfaces follow as room
 * allows.
 */
static int
client_statistics(struct client *c)
{
	struct summary summary;
	struct summary_export exports[MAX_EXPORT];
	unsigned int i, n;

	memset(&summary, 0, sizeof(summary));
	memset(exports, 0, sizeof(exports));
	ops->summary(&summary);
	if (client_send(c, CTL_SUMMARY, &summary, sizeof(summary)) == -1)
		return (-1);
	n = ops->exports(exports, nitems(exports));
	for (i = 0; i < n && i < nitems(exports); i++) {
		if (client_send(c, CTL_SUMMARY_EXPORT, &exports[i],
		    sizeof(exports[i])) == -1)
			return (-1);
	}
	c->rows = 1 + i;
	c->state = CLIENT_ROWS;
	return (0);
}

static int
client_timeouts(struct client *c)
{
	struct timeouts timeouts;

	memset(&timeouts, 0, sizeof(timeouts));
	ops->timeouts(&timeouts);
	if (client_send(c, CTL_TIMEOUTS_ROW, &timeouts, sizeof(timeouts)) ==
	    -1)
		return (-1);
	return (client_result(c, 0, 1, "%s", ""));
}

/* Do what is asked; type is a known request. */
static int
client_perform(struct client *c, uint32_t type)
{
	uint64_t n;

	c->request = type;
	c->rows = c->cursor = 0;
	switch (type) {
	case CTL_SHUTDOWN:
		return (client_result(c, 0, 0, "Shutting down gracefully..."));
	case CTL_EXIT:
		return (client_result(c, 0, 0, "Exiting now..."));
	case CTL_EXPIRE_ALL:
		n = ops->expire_all();
		return (client_result(c, 0, n, "Expired %llu flows.",
		    (unsigned long long)n));
	case CTL_DELETE_ALL:
		n = ops->delete_all();
		return (client_result(c, 0, n, "Deleted %llu flows.",
		    (unsigned long long)n));
	case CTL_STATISTICS:
		return (client_statistics(c));
	case CTL_DEBUG_MORE:
		ops->debug(1);
		return (client_result(c, 0, 0, "Debug level increased."));
	case CTL_DEBUG_LESS:
		ops->debug(-1);
		return (client_result(c, 0, 0, "Debug level decreased."));
	case CTL_STOP_GATHER:
		ops->gather(0);
		return (client_result(c, 0, 0, "Data collection stopped."));
	case CTL_START_GATHER:
		ops->gather(1);
		return (client_result(c, 0, 0, "Data collection resumed."));
	case CTL_DUMP_FLOWS:
		c->state = CLIENT_ROWS;
		return (0);
	case CTL_TIMEOUTS:
		return (client_timeouts(c));
	default:	/* CTL_SEND_TEMPLATE */
		ops->send_template();
		return (client_result(c, 0, 0,
		    "Template will be sent at next flow export"));
	}
}

/* Take the next request, if it has arrived whole. */
static int
client_request(struct client *c, uint64_t now_ms)
{
	struct imsg imsg;
	uint32_t type, id;
	size_t len;
	int n;

	if ((n = imsgbuf_get(&c->ibuf, &imsg)) != 1)
		return (n);
	type = imsg_get_type(&imsg);
	id = imsg_get_id(&imsg);
	len = imsg_get_len(&imsg);
	imsg_free(&imsg);
	c->progress_ms = now_ms;

	if (id != CTL_VERSION)
		return (client_result(c, 1, 0, "request of protocol version "
		    "%u: this softflowd speaks version %u; use the "
		    "softflowctl that came with it", id, CTL_VERSION));
	if (type < CTL_SHUTDOWN || type >= CTL_REQUEST_MAX)
		return (client_result(c, 1, 0, "unknown request %u: allowed "
		    "are %u to %u", type, CTL_SHUTDOWN, CTL_REQUEST_MAX - 1));
	if (len != 0)
		return (client_result(c, 1, 0, "request %u with %zu octets "
		    "behind its header: allowed are none", type, len));
	return (client_perform(c, type));
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
			answer_over(c->request);
			c->request = 0;
			c->state = CLIENT_IDLE;
		}
	}
	if (c->state == CLIENT_IDLE && client_request(c, now_ms) == -1)
		return (-1);
	if (c->state == CLIENT_ROWS)
		return (client_rows(c));
	return (0);
}

unsigned int
control_pollfds(struct pollfd *pfd, unsigned int max)
{
	struct client *c;
	unsigned int i, n = 0;

	for (i = 0; i < nitems(clients) && n < max; i++) {
		c = &clients[i];
		if (c->state == CLIENT_FREE)
			continue;
		pfd[n].fd = c->ibuf.fd;
		pfd[n].events = c->state == CLIENT_IDLE ? POLLIN : POLLOUT;
		pfd[n].revents = 0;
		n++;
	}
	return (n);
}

void
control_dispatch(const struct pollfd *pfd, unsigned int n, uint64_t now_ms)
{
	struct client *c;
	unsigned int i, j;

	for (i = 0; i < nitems(clients); i++) {
		c = &clients[i];
		for (j = 0; j < n && c->state != CLIENT_FREE; j++) {
			if (pfd[j].fd != c->ibuf.fd)
				continue;
			if (pfd[j].revents != 0 &&
			    client_serve(c, pfd[j].revents, now_ms) == -1)
				client_close(c);
			break;
		}
		if (c->state != CLIENT_FREE &&
		    now_ms >= c->progress_ms + CONTROL_IDLE_MS)
			client_close(c);
	}
}

void
control_close_all(void)
{
	unsigned int i;

	for (i = 0; i < nitems(clients); i++) {
		if (clients[i].state == CLIENT_FREE)
			continue;
		(void)imsgbuf_write(&clients[i].ibuf);
		/* We end already: a shutdown needs no more asking for. */
		clients[i].request = 0;
		client_close(&clients[i]);
	}
}
