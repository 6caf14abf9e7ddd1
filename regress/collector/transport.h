/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Sockets of the test collector: one for UDP, or one that accepts connections
 * of TCP or one-to-one SCTP and those connections.
 */

#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <poll.h>
#include <signal.h>
#include <time.h>

#include "decode.h"
#include "stream.h"

#define CONNECTIONS_MAX	64
#define EXIT_CANNOT	2	/* the status when the collector cannot run */

struct connection {
	struct exporter	 from;
	struct stream	 stream;	/* SCTP: of the message in hand */
};

struct receiver {
	enum carrier	 carrier;
	/* One datagram, or a message out of a connection. */
	void		(*message)(void *, const struct exporter *,
			    const uint8_t *, size_t);
	/* A connection is over; RULE_NONE, RULE_PARTIAL or RULE_STREAM. */
	void		(*closed)(void *, const struct exporter *, enum rule);
	int		(*enough)(void *);	/* read no more now */
	void		*arg;
	struct pollfd	 pfd[1 + CONNECTIONS_MAX];	/* [0] listens */
	struct connection *connections[CONNECTIONS_MAX];
	struct connection *current;	/* whose message is handed out */
};

/*
 * Bind to a numeric address and port, 0 for any; say so on standard error and
 * in the file, if there is one.  Exits if that cannot be done.
 */
void	receiver_open(struct receiver *, const char *addr, const char *port,
	    const char *portfile);

/* As ppoll(2), on all sockets. */
int	receiver_wait(struct receiver *, const struct timespec *,
	    const sigset_t *);

/* Read what is there. */
void	receiver_read(struct receiver *);

void	receiver_close(struct receiver *);

#endif
