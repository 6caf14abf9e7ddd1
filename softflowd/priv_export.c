/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Collectors, from their names to connections.  One that cannot be reached
 * is tried again: a name is looked up, each of its addresses is tried once,
 * and then there is a pause.  A UDP socket is kept until a reload brings
 * another address, and with it its port; a stream belongs to the worker once
 * it has it, and ends with it.
 */

#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "log.h"
#include "priv_state.h"

#define CONNECT_MS	10000		/* for one address */

static int
dest_slot(const struct priv_dest *dest)
{
	return ((int)(dest - priv.dest));
}

static int
is_stream(const struct priv_dest *dest)
{
	return (dest->conf.transport != TRANSPORT_UDP);
}

/* One that comes and goes all the time does not fill the log. */
static void __attribute__((__format__(printf, 3, 4)))
dest_log(struct priv_dest *dest, int priority, const char *fmt, ...)
{
	static struct log_limit	limits[MAX_EXPORT];
	char			text[200];
	va_list			ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_limited(&limits[dest_slot(dest)], priority, "collector %s: %s",
	    dest->name, text);
}

/* The next try: not sooner than so long after the last one. */
static void
dest_wait(struct priv_dest *dest)
{
	int64_t	now = priv_now_ms();

	dest->state = DEST_WAITING;
	dest->next_ms = dest->tried_ms +
	    (int64_t)priv.opt->reconnect_seconds * 1000;
	if (dest->next_ms < now)
		dest->next_ms = now;
}

/* One that ends waits a while for streams that are down. */
static int
worker_listens(void)
{
	return (priv.worker.phase == WORKER_RUNNING ||
	    priv.worker.phase == WORKER_FINISHING);
}

static void
dest_fail(struct priv_dest *dest, int error, const char *why)
{
	/* Nobody comes back to a file. */
	if (priv.starting && priv.opt->savefile != NULL)
		fatalx("%s: %s", dest->name, why);
	dest_wait(dest);
	dest->conf.error = error;
	if (worker_listens())
		priv_worker_send(IMSG_EXPORT_UP, -1, &dest->conf,
		    sizeof(dest->conf));
	if (dest->failing)
		return;
	dest->failing = 1;
	dest_log(dest, LOG_WARNING, "%s; trying again every %u s", why,
	    priv.opt->reconnect_seconds);
}

/* Its addresses are known: the worker needs them to know our own packets. */
static int
dest_addresses(struct priv_dest *dest)
{
	if (priv_net_local(dest->fd, &dest->conf.local) == -1)
		return (-1);
	/* A file's packets are somebody else's, whatever their addresses. */
	if (priv.opt->savefile != NULL)
		memset(&dest->conf.local, 0, sizeof(dest->conf.local));
	return (0);
}

static void
dest_connected(struct priv_dest *dest)
{
	dest->conf.payload_max = priv_net_payload(dest->fd, &dest->conf);
	dest->state = DEST_CONNECTED;
	if (is_stream(dest) || dest->failing)
		dest_log(dest, priv.opt->savefile == NULL ? LOG_INFO :
		    LOG_DEBUG, "connected");
	dest->failing = 0;
}

/* Try the addresses that are left; one at a time. */
static void
dest_try_next(struct priv_dest *dest, int error)
{
	const struct sockaddr_storage	*to;
	const char			*what;

	while (dest->at < dest->naddr) {
		to = &dest->addr[dest->at++];
		priv_net_addr(&dest->conf.remote, to);
		dest->fd = priv_net_connect((int)dest->conf.transport, to,
		    &what);
		if (dest->fd == -1 && what != NULL && priv.starting)
			fatal("%s: %s", dest->name, what);
		if (dest->fd != -1 && dest_addresses(dest) == 0)
			break;
		error = errno;
		if (dest->fd != -1)
			close(dest->fd);
		dest->fd = -1;
	}
	if (dest->fd == -1) {
		dest_fail(dest, error, strerror(error));
		return;
	}
	if (!is_stream(dest)) {
		dest_connected(dest);
		return;
	}
	dest->state = DEST_CONNECTING;
	dest->next_ms = priv_now_ms() + CONNECT_MS;
	/* Its first packets may be seen before it is connected. */
	if (worker_listens())
		priv_worker_send(IMSG_EXPORT_UP, -1, &dest->conf,
		    sizeof(dest->conf));
}

void
priv_export_try(struct priv_dest *dest)
{
	dest->tried_ms = priv_now_ms();
	dest->at = 0;
	dest->conf.error = 0;
	if (dest->named) {
		dest->state = DEST_LOOKUP;
		priv_resolver_ask((uint32_t)dest_slot(dest));
	} else
		dest_try_next(dest, EADDRNOTAVAIL);
}

/* One that is up moves to another of its addresses; till then it stays. */
static void
dest_renew(struct priv_dest *dest)
{
	int	old = dest->fd;

	dest->tried_ms = priv_now_ms();
	dest->at = 0;
	dest->conf.error = 0;
	dest->fd = -1;
	dest_try_next(dest, EADDRNOTAVAIL);
	if (old != -1)
		close(old);
}

/* The name of one that is up may mean another place now. */
static void
dest_refreshed(struct priv_dest *dest)
{
	struct msg_addr	addr;
	unsigned int	i;

	dest->refreshing = 0;
	for (i = 0; i < dest->naddr; i++) {
		priv_net_addr(&addr, &dest->addr[i]);
		if (memcmp(&addr, &dest->conf.remote, sizeof(addr)) == 0)
			return;
	}
	dest_log(dest, LOG_INFO, "has another address now");
	dest_renew(dest);
}

void
priv_export_refresh(struct priv_dest *dest, int anew)
{
	switch (dest->state) {
	case DEST_CONNECTING:
		close(dest->fd);
		dest->fd = -1;
		/* FALLTHROUGH */
	case DEST_WAITING:
		priv_export_try(dest);
		break;
	case DEST_CONNECTED:
	case DEST_UP:
		if (anew)
			dest_renew(dest);
		if (!dest->named || dest->refreshing)
			break;
		dest->refreshing = 1;
		priv_resolver_ask((uint32_t)dest_slot(dest));
		break;
	case DEST_LOOKUP:
	case DEST_GONE:
		break;
	}
}

void
priv_export_resolved(uint32_t slot, const struct resolver_answer *answer)
{
	struct priv_dest	*dest = &priv.dest[slot];
	struct msg_addr		 addr;
	uint32_t		 i;

	if (slot >= priv.ndest ||
	    (dest->state != DEST_LOOKUP && !dest->refreshing))
		return;
	if (answer != NULL && answer->count > 0) {
		for (i = 0; i < answer->count; i++) {
			addr = answer->addr[i];
			addr.port = dest->port;
			priv_net_sockaddr(&dest->addr[i], &addr);
		}
		dest->naddr = answer->count;
	}
	/* Without an answer, those of the last time may still do. */
	if (dest->state != DEST_LOOKUP) {
		dest_refreshed(dest);
		return;
	}
	dest->refreshing = 0;
	if (dest->naddr > 0)
		dest_try_next(dest, EADDRNOTAVAIL);
	else
		dest_fail(dest, EDESTADDRREQ, answer == NULL ?
		    "there is no resolver" : answer->error == 0 ?
		    "the name has no address" : gai_strerror(answer->error));
}

/* A stream's connection is there, or has failed. */
static void
dest_event(struct priv_dest *dest)
{
	socklen_t	len = sizeof(int);
	int		error = 0;

	if (getsockopt(dest->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error == 0 && dest_addresses(dest) == -1)
		error = errno;
	/* On this host, a port that nobody has may become its own peer. */
	if (error == 0 && memcmp(&dest->conf.local, &dest->conf.remote,
	    sizeof(dest->conf.local)) == 0)
		error = ECONNREFUSED;
	if (error == 0) {
		dest_connected(dest);
		return;
	}
	close(dest->fd);
	dest->fd = -1;
	dest_try_next(dest, error);
}

/*
 * The loop
 */

void
priv_export_pollfds(struct pollfd *pfd)
{
	unsigned int	i;

	for (i = 0; i < MAX_EXPORT; i++) {
		pfd[i].fd = i < priv.ndest &&
		    priv.dest[i].state == DEST_CONNECTING ?
		    priv.dest[i].fd : -1;
		pfd[i].events = POLLOUT;
		pfd[i].revents = 0;
	}
}

void
priv_export_events(const struct pollfd *pfd)
{
	struct priv_dest	*dest;
	unsigned int		 i;

	for (i = 0; i < priv.ndest; i++) {
		dest = &priv.dest[i];
		/* Not one that has got another socket since. */
		if (pfd[i].revents != 0 && pfd[i].fd == dest->fd &&
		    dest->state == DEST_CONNECTING)
			dest_event(dest);
	}
}

/* To a worker at work: a stream as a whole, of UDP a copy. */
static void
dest_hand_over(struct priv_dest *dest, enum msg_type type)
{
	struct msg_export	msg = dest->conf;

	dest->state = DEST_CONNECTED;
	dest->held++;
	if (is_stream(dest)) {
		priv_worker_send(type, dest->fd, &msg, sizeof(msg));
		dest->fd = -1;
	} else {
		msg.payload_max = priv_net_payload(dest->fd, &dest->conf);
		msg.sequence = priv.counters.sequence[dest_slot(dest)];
		/* Without its socket, the loop tries again. */
		if (priv_worker_send_copy(type, dest->fd, &msg,
		    sizeof(msg)) == -1)
			return;
	}
	dest->state = DEST_UP;
}

void
priv_export_send(void)
{
	struct priv_dest	*dest;

	for (dest = priv.dest; dest < priv.dest + priv.ndest; dest++) {
		if (dest->state == DEST_CONNECTED || dest->state == DEST_UP)
			dest_hand_over(dest, IMSG_EXPORT);
		else
			priv_worker_send(IMSG_EXPORT, -1, &dest->conf,
			    sizeof(dest->conf));
	}
}

void
priv_export_timers(int64_t now_ms)
{
	struct priv_dest	*dest;

	for (dest = priv.dest; dest < priv.dest + priv.ndest; dest++) {
		if (dest->state == DEST_CONNECTING && now_ms >= dest->next_ms) {
			close(dest->fd);
			dest->fd = -1;
			dest_try_next(dest, ETIMEDOUT);
		} else if (dest->state == DEST_WAITING &&
		    now_ms >= dest->next_ms)
			priv_export_try(dest);
		if (dest->state == DEST_CONNECTED &&
		    worker_listens())
			dest_hand_over(dest, IMSG_EXPORT_UP);
	}
}

int64_t
priv_export_next_ms(void)
{
	const struct priv_dest	*dest;
	int64_t			 next = INT64_MAX;

	for (dest = priv.dest; dest < priv.dest + priv.ndest; dest++)
		if ((dest->state == DEST_WAITING ||
		    dest->state == DEST_CONNECTING) && dest->next_ms < next)
			next = dest->next_ms;
	return (next);
}

/* The streams that the worker had are closed with it. */
void
priv_export_orphaned(void)
{
	struct priv_dest	*dest;

	for (dest = priv.dest; dest < priv.dest + priv.ndest; dest++) {
		if (dest->state == DEST_UP && is_stream(dest))
			dest_wait(dest);
		dest->held = 0;
	}
}

int
priv_export_down(const struct msg_export_down *msg)
{
	struct priv_dest	*dest = &priv.dest[msg->slot % MAX_EXPORT];

	if (msg->slot >= priv.ndest || !is_stream(dest) ||
	    !dest->held)
		return (-1);
	/* That one may have crossed with another, which is up now. */
	dest->held--;
	dest_log(dest, LOG_WARNING, "%s", msg->error == 0 ?
	    "closed the connection" : strerror(msg->error));
	/* Else another is being made already. */
	if (dest->state == DEST_UP)
		dest_wait(dest);
	return (0);
}

int
priv_export_ask(uint32_t slot)
{
	struct priv_dest		*dest = &priv.dest[slot % MAX_EXPORT];
	struct msg_export_payload	 msg;

	if (slot >= priv.ndest || is_stream(dest) || !dest->held)
		return (-1);
	msg.slot = slot;
	msg.payload_max = priv_net_payload(dest->fd, &dest->conf);
	priv_worker_send(IMSG_EXPORT_PAYLOAD, -1, &msg, sizeof(msg));
	return (0);
}
