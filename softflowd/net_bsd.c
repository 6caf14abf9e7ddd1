/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * FreeBSD, NetBSD and OpenBSD.  What the route to an IPv4 address takes they
 * do not tell: too large a datagram must be fragmented there, or it would be
 * lost without anybody hearing of it.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>

#include "net_system.h"

#define BUFFER_MIN	4096

/* A route decides, or an address of the interface: -S. */
int
net_device(int fd, const char *device)
{
	(void)fd;
	(void)device;
	errno = ENOTSUP;
	return (-1);
}

/* More than may be is an error, and changes nothing. */
void
net_receive_buffer(int fd, int size)
{
	while (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
	    sizeof(size)) == -1 && size / 2 >= BUFFER_MIN)
		size /= 2;
}

void
net_fragments(int fd, int v6, int allowed)
{
	int	never = !allowed;

	if (v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_DONTFRAG, &never,
		    sizeof(never));
}

uint32_t
net_mtu(int fd, int v6)
{
	struct ip6_mtuinfo	info = { 0 };
	socklen_t		len = sizeof(info);

	if (!v6 || getsockopt(fd, IPPROTO_IPV6, IPV6_PATHMTU, &info,
	    &len) == -1 || len != sizeof(info))
		return (0);
	return (info.ip6m_mtu);
}
