/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Where sockets take no filter: connected to the only peer. */

#include <netinet/in.h>

#include <errno.h>
#include <string.h>

#include "peers.h"

static int
peer_connect(int fd, const struct msg_addr *peer)
{
	struct sockaddr_in	sin = { 0 };
	struct sockaddr_in6	sin6 = { 0 };

	if (peer->family == 6) {
		sin6.sin6_family = AF_INET6;
		sin6.sin6_port = htons(peer->port);
		memcpy(&sin6.sin6_addr, peer->addr, 16);
		return (connect(fd, (struct sockaddr *)(void *)&sin6,
		    sizeof(sin6)));
	}
	sin.sin_family = AF_INET;
	sin.sin_port = htons(peer->port);
	memcpy(&sin.sin_addr, peer->addr, 4);
	return (connect(fd, (struct sockaddr *)(void *)&sin, sizeof(sin)));
}

/* What came between bind and connect may be of anybody, and is thrown away. */
int
peers_bind(int fd, const struct sockaddr *local, socklen_t len,
    const struct msg_addr *peers, unsigned int n)
{
	char	octet;

	if (n != 1 || peers->port == 0) {
		errno = ENOTSUP;
		return (-1);
	}
	if (bind(fd, local, len) == -1 || peer_connect(fd, peers) == -1)
		return (-1);
	while (recv(fd, &octet, sizeof(octet), MSG_DONTWAIT) != -1)
		continue;
	return (0);
}
