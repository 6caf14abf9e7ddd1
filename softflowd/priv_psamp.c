/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Sockets for the packet reports of others, one for each family of addresses;
 * the kernel drops what is not from a stated peer.  In the parent, before it
 * confines itself.
 */

#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "net_system.h"
#include "peers.h"
#include "priv_state.h"

#define PSAMP_BUFFER	(8 * 1024 * 1024)

static int
psamp_bind(int fd, int family, const struct msg_addr *peers, unsigned int n)
{
	const struct msg_addr	*local = &priv.opt->psamp_local;
	struct sockaddr_in6	 sin6 = { 0 };
	struct sockaddr_in	 sin = { 0 };
	struct sockaddr		*sa = (struct sockaddr *)(void *)&sin;
	socklen_t		 len = sizeof(sin);
	int			 on = 1;

	if (family == 6) {
		sin6.sin6_family = AF_INET6;
		sin6.sin6_port = htons(local->port);
		memcpy(&sin6.sin6_addr, local->addr, 16);
		sa = (struct sockaddr *)(void *)&sin6;
		len = sizeof(sin6);
		if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
		    sizeof(on)) == -1)
			return (-1);
	} else {
		sin.sin_family = AF_INET;
		sin.sin_port = htons(local->port);
		memcpy(&sin.sin_addr, local->addr, 4);
	}
	return (peers_bind(fd, sa, len, peers, n));
}

static void
psamp_open(int family, const struct msg_addr *peers, unsigned int n)
{
	const char		*name = family == 6 ? "-R, IPv6" : "-R, IPv4";
	struct priv_capture	*cap = &priv.capture[priv.ncapture];
	int			 size = PSAMP_BUFFER;

	if (priv.opt->buffer > 0)
		size = (int)priv.opt->buffer;
	cap->fd = socket(family == 6 ? AF_INET6 : AF_INET,
	    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (cap->fd == -1)
		fatal("%s", name);
	net_receive_buffer(cap->fd, size);
	if (psamp_bind(cap->fd, family, peers, n) == -1) {
		if (errno == ENOTSUP)
			fatalx("%s: on this system there must be one peer, "
			    "with its port", name);
		fatal("%s: port %u", name, priv.opt->psamp_local.port);
	}
	strlcpy(cap->name, "psamp", sizeof(cap->name));
	cap->conf.kind = CAPTURE_PSAMP;
	cap->conf.slot = priv.ncapture++;
}

void
priv_psamp_open(void)
{
	static const int	 families[] = { 4, 6 };
	const struct options	*opt = priv.opt;
	struct msg_addr		 peers[MAX_PSAMP_PEER];
	unsigned int		 f, i, n;

	for (f = 0; f < nitems(families); f++) {
		for (i = n = 0; i < opt->npeer; i++)
			if (opt->peer[i].family == families[f])
				peers[n++] = opt->peer[i];
		if (n > 0)
			psamp_open(families[f], peers, n);
	}
}
