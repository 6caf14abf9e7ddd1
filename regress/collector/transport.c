/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Sockets of the test collector. */

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <arpa/inet.h>

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "transport.h"

#define RECEIVE_BUFFER	(256 << 20)	/* asked for; the system may cut it */
#define BATCH_MAX	65536		/* datagrams before looking around */
#define SCTP_PROTOCOL	132		/* netinet/in.h may not know it */

/* Renamed into place, so whoever waits for the file finds all of it. */
static void
portfile_write(const char *path, const char *port)
{
	char tmp[PATH_MAX];
	FILE *fp;
	int n;

	n = snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	if (n < 0 || (size_t)n >= sizeof(tmp))
		errx(EXIT_CANNOT, "port file name is too long: %s", path);
	if ((fp = fopen(tmp, "w")) == NULL)
		err(EXIT_CANNOT, "%s", tmp);
	if (fprintf(fp, "%s\n", port) < 0 || fclose(fp) == EOF)
		err(EXIT_CANNOT, "%s", tmp);
	if (rename(tmp, path) == -1)
		err(EXIT_CANNOT, "%s", path);
}

static void
socket_buffer(int fd)
{
	int size = RECEIVE_BUFFER;

#ifdef SO_RCVBUFFORCE
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
	    sizeof(size)) == 0)
		return;
#endif
	/* Where too much is an error, take what there is. */
	while (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
	    sizeof(size)) == -1 && size > 65536)
		size /= 2;
}

static int
listen_at(const struct receiver *r, const struct addrinfo *ai)
{
	int fd, protocol, type, on = 1;

	type = r->carrier == CARRIER_UDP ? SOCK_DGRAM : SOCK_STREAM;
	protocol = r->carrier == CARRIER_SCTP ? SCTP_PROTOCOL : 0;
	fd = socket(ai->ai_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    protocol);
	if (fd == -1)
		err(EXIT_CANNOT, "socket");
	if (r->carrier == CARRIER_UDP)
		socket_buffer(fd);
	else
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == -1 ||
	    (type == SOCK_STREAM && listen(fd, CONNECTIONS_MAX) == -1))
		return (-1);
	return (fd);
}

void
receiver_open(struct receiver *r, const char *addr, const char *port,
    const char *portfile)
{
	struct addrinfo hints, *ai;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char host[NI_MAXHOST], bound[NI_MAXSERV];
	int error, i;

	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_DGRAM;
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
	if ((error = getaddrinfo(addr, port, &hints, &ai)) != 0)
		errx(EXIT_CANNOT, "address %s: %s", addr, gai_strerror(error));
	for (i = 0; i <= CONNECTIONS_MAX; i++) {
		r->pfd[i].fd = -1;
		r->pfd[i].events = POLLIN;
	}
	if ((r->pfd[0].fd = listen_at(r, ai)) == -1)
		err(EXIT_CANNOT, "%s port %s", addr, port);
	freeaddrinfo(ai);
	if (getsockname(r->pfd[0].fd, (struct sockaddr *)&ss, &len) == -1)
		err(EXIT_CANNOT, "getsockname");
	if ((error = getnameinfo((struct sockaddr *)&ss, len, host,
	    sizeof(host), bound, sizeof(bound),
	    NI_NUMERICHOST | NI_NUMERICSERV)) != 0)
		errx(EXIT_CANNOT, "getnameinfo: %s", gai_strerror(error));
	fprintf(stderr, "listening on %s port %s\n", host, bound);
	if (portfile != NULL)
		portfile_write(portfile, bound);
}

static void
exporter_set(struct exporter *e, enum carrier carrier,
    const struct sockaddr_storage *ss)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	memset(e, 0, sizeof(*e));
	e->carrier = (uint8_t)carrier;
	if (ss->ss_family == AF_INET) {
		memcpy(&sin, ss, sizeof(sin));
		e->family = 4;
		memcpy(e->addr, &sin.sin_addr, 4);
		e->port = ntohs(sin.sin_port);
	} else {
		memcpy(&sin6, ss, sizeof(sin6));
		e->family = 6;
		memcpy(e->addr, &sin6.sin6_addr, 16);
		e->port = ntohs(sin6.sin6_port);
	}
}

static void
read_datagrams(struct receiver *r)
{
	static uint8_t buf[65536];
	struct sockaddr_storage ss;
	struct exporter from;
	socklen_t sslen;
	ssize_t n;
	int i;

	for (i = 0; i < BATCH_MAX && !r->enough(r->arg); i++) {
		sslen = sizeof(ss);
		n = recvfrom(r->pfd[0].fd, buf, sizeof(buf), 0,
		    (struct sockaddr *)&ss, &sslen);
		if (n == -1) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN || errno == EWOULDBLOCK)
				break;
			err(EXIT_CANNOT, "recvfrom");
		}
		exporter_set(&from, CARRIER_UDP, &ss);
		r->message(r->arg, &from, buf, (size_t)n);
	}
}

static void
accept_all(struct receiver *r)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, i;

	for (i = 0; i < CONNECTIONS_MAX; i++) {
		if (r->connections[i] != NULL)
			continue;
		len = sizeof(ss);
		fd = accept4(r->pfd[0].fd, (struct sockaddr *)&ss, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd == -1)
			return;
		r->connections[i] = calloc(1, sizeof(*r->connections[i]));
		if (r->connections[i] == NULL)
			err(EXIT_CANNOT, NULL);
		exporter_set(&r->connections[i]->from, r->carrier, &ss);
		r->pfd[1 + i].fd = fd;
	}
}

static void
connection_end(struct receiver *r, int i, enum rule rule)
{
	struct connection *c = r->connections[i];

	if (rule == RULE_NONE && c->stream.have != 0)
		rule = RULE_PARTIAL;
	r->closed(r->arg, &c->from, rule);
	close(r->pfd[1 + i].fd);
	r->pfd[1 + i].fd = -1;
	free(c);
	r->connections[i] = NULL;
}

static void
on_message(void *arg, const uint8_t *p, size_t len)
{
	struct receiver *r = arg;

	r->message(r->arg, &r->current->from, p, len);
}

/* What recvmsg gave of a message of SCTP, which may be a part of it. */
static int
sctp_take(struct receiver *r, const uint8_t *p, size_t len, int whole)
{
	struct stream *s = &r->current->stream;

	if (len > sizeof(s->data) - s->have)
		return (-1);
	memcpy(s->data + s->have, p, len);
	s->have += len;
	if (whole) {
		on_message(r, s->data, s->have);
		s->have = 0;
	}
	return (0);
}

static void
read_connection(struct receiver *r, int i)
{
	static uint8_t buf[65536];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg;
	ssize_t n;
	int rv;

	r->current = r->connections[i];
	while (!r->enough(r->arg)) {
		memset(&msg, 0, sizeof(msg));
		msg.msg_iov = &iov;
		msg.msg_iovlen = 1;
		n = recvmsg(r->pfd[1 + i].fd, &msg, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0) {
			connection_end(r, i, RULE_NONE);
			return;
		}
		rv = r->carrier == CARRIER_SCTP ?
		    sctp_take(r, buf, (size_t)n, msg.msg_flags & MSG_EOR) :
		    stream_take(&r->current->stream, buf, (size_t)n,
		    on_message, r);
		if (rv == -1) {
			connection_end(r, i, RULE_STREAM);
			return;
		}
	}
}

int
receiver_wait(struct receiver *r, const struct timespec *ts,
    const sigset_t *mask)
{
	return (ppoll(r->pfd, 1 + CONNECTIONS_MAX, ts, mask));
}

void
receiver_read(struct receiver *r)
{
	int i;

	if (r->carrier == CARRIER_UDP) {
		read_datagrams(r);
		return;
	}
	accept_all(r);
	for (i = 0; i < CONNECTIONS_MAX; i++) {
		if (r->connections[i] != NULL)
			read_connection(r, i);
	}
}

void
receiver_close(struct receiver *r)
{
	int i;

	for (i = 0; i < CONNECTIONS_MAX; i++) {
		if (r->connections[i] == NULL)
			continue;
		close(r->pfd[1 + i].fd);
		free(r->connections[i]);
	}
	close(r->pfd[0].fd);
}
