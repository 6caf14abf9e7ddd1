/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Packets as others report them, from a UDP socket that the parent made and
 * that takes nothing from anybody but stated peers.  In the worker, confined.
 */

#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture_reader.h"
#include "interface.h"
#include "psamp_read.h"

#define DATAGRAM_MAX	65536
#define DATAGRAMS_TURN	64	/* without a report; then others' turn */
#define AHEAD_US	10000000	/* so much a peer's clock may be */

struct psamp_state {
	struct psamp_reader	reader;
	struct psamp_report	report;		/* the next one, */
	int			held;		/* if there is one */
	uint32_t		left;		/* with those behind it */
	uint64_t		lost;		/* with a worker before us */
	uint64_t		now_us;		/* when the datagram came */
	uint8_t			data[DATAGRAM_MAX];
};

static int
psamp_open(struct capture *cap, int filter_fd, const struct msg_filter *filter)
{
	(void)filter;
	if (filter_fd != -1) {
		errno = EINVAL;
		return (-1);
	}
	cap->state = calloc(1, sizeof(struct psamp_state));
	return (cap->state == NULL ? -1 : 0);
}

static void
psamp_peer(struct msg_addr *peer, const struct sockaddr_storage *ss)
{
	struct sockaddr_in	sin;
	struct sockaddr_in6	sin6;

	memset(peer, 0, sizeof(*peer));
	if (ss->ss_family == AF_INET6) {
		memcpy(&sin6, ss, sizeof(sin6));
		memcpy(peer->addr, &sin6.sin6_addr, 16);
		peer->port = ntohs(sin6.sin6_port);
		peer->family = 6;
	} else {
		memcpy(&sin, ss, sizeof(sin));
		memcpy(peer->addr, &sin.sin_addr, 4);
		peer->port = ntohs(sin.sin_port);
		peer->family = 4;
	}
}

/* The next datagram; 0: there is none now. */
static int
psamp_receive(struct capture *cap, struct counters *c)
{
	struct psamp_state	*st = cap->state;
	struct sockaddr_storage	 ss = { 0 };
	socklen_t		 sslen = sizeof(ss);
	struct msg_addr		 peer;
	struct timespec		 ts = { 0 };
	ssize_t			 len;
	int			 n;

	len = recvfrom(cap->fd, st->data, sizeof(st->data), MSG_DONTWAIT,
	    (struct sockaddr *)&ss, &sslen);
	if (len == -1)
		return (0);
	psamp_peer(&peer, &ss);
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	st->now_us = (uint64_t)ts.tv_sec * 1000000 +
	    (uint64_t)ts.tv_nsec / 1000;
	n = psamp_begin(&st->reader, &peer, st->data, (size_t)len, c);
	st->left = n > 0 ? (uint32_t)n : 0;
	st->held = n > 0 && psamp_next(&st->reader, &st->report);
	return (1);
}

static int
psamp_ready(struct capture *cap, struct counters *c)
{
	struct psamp_state	*st = cap->state;
	int			 i;

	c->frames_skipped += st->lost;
	st->lost = 0;
	for (i = 0; !st->held && i < DATAGRAMS_TURN; i++)
		if (!psamp_receive(cap, c))
			return (0);
	cap->link = st->report.link;
	return (st->held);
}

/* Of one datagram and one link type. */
static int
psamp_read(struct capture *cap, int max, capture_frame_fn *fn, void *arg,
    struct counters *c)
{
	struct psamp_state	*st = cap->state;
	struct psamp_report	*report = &st->report;
	struct frame		*frame = &report->frame;
	int			 n;

	(void)c;
	for (n = 0; n < max && st->held && report->link == cap->link; n++) {
		frame->outgoing = report->ingress == 0 && report->egress != 0;
		frame->slot = interface_slot(frame->outgoing ?
		    report->egress : report->ingress);
		/* A flow of the future would keep its place until then. */
		if (frame->time_us > st->now_us + AHEAD_US)
			frame->time_us = st->now_us;
		st->left--;
		fn(arg, frame);
		st->held = psamp_next(&st->reader, report);
	}
	return (n);
}

static void
psamp_keep_exporters(const struct capture *cap,
    struct psamp_sessions *sessions)
{
	const struct psamp_state	*st = cap->state;

	psamp_keep(&st->reader, sessions);
}

static void
psamp_recall_exporters(struct capture *cap,
    const struct psamp_sessions *sessions)
{
	struct psamp_state	*st = cap->state;

	psamp_recall(&st->reader, sessions);
}

static int
psamp_in_hand(const struct capture *cap)
{
	const struct psamp_state	*st = cap->state;

	return (st->held);
}

static void
psamp_position(const struct capture *cap, struct capture_mark *mark)
{
	const struct psamp_state	*st = cap->state;

	mark->block = st->left;
	mark->frames = 0;
}

/* What was left of the datagram in hand has gone. */
static void
psamp_resume(struct capture *cap, const struct capture_mark *mark)
{
	struct psamp_state	*st = cap->state;

	if (mark->block <= DATAGRAM_MAX && mark->frames <= mark->block)
		st->lost = mark->block - mark->frames;
}

static int
psamp_clear_error(struct capture *cap)
{
	socklen_t	len = sizeof(int);
	int		error = 0;

	if (getsockopt(cap->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return (errno);
	return (error);
}

const struct capture_ops capture_psamp_ops = {
	.open = psamp_open,
	.ready = psamp_ready,
	.read = psamp_read,
	.keep = psamp_keep_exporters,
	.recall = psamp_recall_exporters,
	.in_hand = psamp_in_hand,
	.clear_error = psamp_clear_error,
	.position = psamp_position,
	.resume = psamp_resume,
};
