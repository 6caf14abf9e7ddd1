/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The worker's ways out: sockets that the parent gives, takes back when they
 * fail, and gives anew.
 */

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "engine_state.h"
#include "log.h"
#include "sandbox.h"

#define PAYLOAD_LEAST	512
#define PAYLOAD_MOST	65507
#define PAYLOAD_AGAIN_US	600000000	/* so long a system keeps it */

/* Of each slot; -1 where there is no socket. */
static struct {
	int		fd;
	uint32_t	transport;
	int		gone;		/* nobody's */
	int		too_long;	/* a datagram was, for the route */
	int		asked;		/* and the parent asked for the MTU */
	int64_t		again_us;	/* ask again then; 0: never */
	int		readable;	/* a stream, as poll(2) says */
} ways[MAX_EXPORT];
static unsigned int	nways;

/* The route takes less than it did. */
static void
engine_too_long(int fd)
{
	unsigned int	i;

	for (i = 0; i < nways; i++)
		if (ways[i].fd == fd && ways[i].transport == TRANSPORT_UDP)
			ways[i].too_long = 1;
}

/* Export's way out: no address, no signal, no waiting. */
ssize_t
engine_send_datagram(int fd, const void *data, size_t len)
{
	ssize_t	n;

	n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n == -1 && errno == EMSGSIZE)
		engine_too_long(fd);
	return (n);
}

/* A message about a slot and its socket, which may be missing. */
static int
engine_get_way(struct imsg *imsg, struct msg_export *msg)
{
	int	fd;

	if (engine.meter == NULL ||
	    imsg_get_data(imsg, msg, sizeof(*msg)) == -1 ||
	    msg->slot >= MAX_EXPORT)
		fatalx("bad EXPORT");
	if (msg->flags & MSG_EXPORT_GONE) {
		msg->transport = TRANSPORT_UDP;
		return (imsg_get_fd(imsg));	/* none */
	}
	if (msg->transport >= TRANSPORT_MAX ||
	    msg->payload_max < PAYLOAD_LEAST ||
	    msg->payload_max > PAYLOAD_MOST)
		fatalx("bad EXPORT");
	if ((fd = imsg_get_fd(imsg)) == -1)
		return (-1);
	fd = engine_place(fd, FD_SAVEFILE + 1);
	if (fd > FD_LOW_MAX)
		fatalx("EXPORT: descriptor %d", fd);
	return (fd);
}

void
engine_get_export(struct imsg *imsg)
{
	struct msg_export	msg;
	int			fd = engine_get_way(imsg, &msg);

	if (msg.slot != nways || meter_add_export(engine.meter, fd, &msg) == -1)
		fatalx("EXPORT: slot %u", msg.slot);
	ways[nways].fd = fd;
	ways[nways].gone = (msg.flags & MSG_EXPORT_GONE) != 0;
	ways[nways++].transport = msg.transport;
}

void
engine_get_export_up(struct imsg *imsg)
{
	struct msg_export	msg;
	int			fd;

	/* After lock-down a descriptor is low already and stays there. */
	if (imsg_get_data(imsg, &msg, sizeof(msg)) == -1 ||
	    msg.slot >= nways || msg.payload_max < PAYLOAD_LEAST ||
	    msg.payload_max > PAYLOAD_MOST ||
	    msg.transport != ways[msg.slot].transport || ways[msg.slot].gone)
		fatalx("bad EXPORT_UP");
	fd = imsg_get_fd(imsg);
	/* It may replace one: the collector has another address. */
	if (fd != -1 && (fd <= FD_FILL_LAST || fd > FD_LOW_MAX))
		fatalx("EXPORT_UP: slot %u, descriptor %d", msg.slot, fd);
	if (fd != -1) {
		ways[msg.slot].fd = fd;
		ways[msg.slot].too_long = ways[msg.slot].asked = 0;
	}
	meter_export_up(engine.meter, fd, &msg);
}

void
engine_get_export_payload(struct imsg *imsg)
{
	struct msg_export_payload	msg;

	if (imsg_get_data(imsg, &msg, sizeof(msg)) == -1 ||
	    msg.slot >= nways || msg.payload_max < PAYLOAD_LEAST ||
	    msg.payload_max > PAYLOAD_MOST)
		fatalx("bad EXPORT_PAYLOAD");
	ways[msg.slot].asked = 0;
	ways[msg.slot].again_us = engine.mono_us + PAYLOAD_AGAIN_US;
	meter_export_payload(engine.meter, msg.slot, msg.payload_max);
}

static void
engine_export_down(uint32_t slot, int error)
{
	struct msg_export_down	msg = { slot, error };

	meter_export_down(engine.meter, slot);	/* it is closed already */
	ways[slot].fd = -1;
	engine_send(IMSG_EXPORT_DOWN, &msg, sizeof(msg));
}

static void
engine_export_ask(uint32_t slot)
{
	struct msg_export_ask	msg = { slot };

	ways[slot].asked = 1;
	engine_send(IMSG_EXPORT_ASK, &msg, sizeof(msg));
}

void
engine_export_watch(void)
{
	unsigned int	i;
	int		readable;

	for (i = 0; i < nways; i++) {
		if (ways[i].transport != TRANSPORT_UDP) {
			readable = ways[i].readable;
			ways[i].readable = 0;
			if (ways[i].fd != -1 && meter_stream_turn(engine.meter,
			    i, readable) == -1)
				engine_export_down(i, errno);
			continue;
		}
		/* A route that was narrow may be wide again. */
		if ((ways[i].too_long || (ways[i].again_us != 0 &&
		    engine.mono_us >= ways[i].again_us)) && !ways[i].asked)
			engine_export_ask(i);
		ways[i].too_long = 0;
	}
}

unsigned int
engine_export_pollfds(struct pollfd *pfd)
{
	unsigned int	i;
	int		wants;

	for (i = 0; i < nways; i++) {
		pfd[i].fd = meter_stream_fd(engine.meter, i, &wants);
		pfd[i].events = POLLIN | (wants ? POLLOUT : 0);
	}
	return (nways);
}

void
engine_export_polled(const struct pollfd *pfd)
{
	unsigned int	i;

	for (i = 0; i < nways; i++)
		ways[i].readable = pfd[i].fd != -1 &&
		    (pfd[i].revents & ~POLLOUT) != 0;
}

int
engine_export_missing(void)
{
	unsigned int	i;

	for (i = 0; i < nways; i++)
		if (ways[i].transport != TRANSPORT_UDP && ways[i].fd == -1)
			return (1);
	return (0);
}
