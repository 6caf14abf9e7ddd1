/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * FreeBSD, NetBSD and OpenBSD.  Of the route to an IPv4 address they tell its
 * first step only: too large a datagram must be fragmented behind that, or it
 * would be lost without anybody hearing of it.
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <ifaddrs.h>
#include <string.h>

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

/* The interface that has the address; -1: none. */
static int
net_interface(const struct in_addr *addr, struct ifreq *ifr)
{
	struct ifaddrs		*all, *ifa;
	struct sockaddr_in	 sin;

	if (getifaddrs(&all) == -1)
		return (-1);
	for (ifa = all; ifa != NULL; ifa = ifa->ifa_next) {
		if (ifa->ifa_addr == NULL ||
		    ifa->ifa_addr->sa_family != AF_INET)
			continue;
		memcpy(&sin, ifa->ifa_addr, sizeof(sin));
		if (sin.sin_addr.s_addr == addr->s_addr)
			break;
	}
	if (ifa != NULL)
		strlcpy(ifr->ifr_name, ifa->ifa_name, sizeof(ifr->ifr_name));
	freeifaddrs(all);
	return (ifa == NULL ? -1 : 0);
}

static uint32_t
net_mtu_ipv4(int fd)
{
	struct sockaddr_in	sin = { 0 };
	struct ifreq		ifr = { 0 };
	socklen_t		len = sizeof(sin);

	if (getsockname(fd, (struct sockaddr *)&sin, &len) == -1 ||
	    net_interface(&sin.sin_addr, &ifr) == -1 ||
	    ioctl(fd, SIOCGIFMTU, &ifr) == -1 || ifr.ifr_mtu < 0)
		return (0);
	return ((uint32_t)ifr.ifr_mtu);
}

uint32_t
net_mtu(int fd, int v6)
{
	struct ip6_mtuinfo	info = { 0 };
	socklen_t		len = sizeof(info);

	if (!v6)
		return (net_mtu_ipv4(fd));
	if (getsockopt(fd, IPPROTO_IPV6, IPV6_PATHMTU, &info, &len) == -1 ||
	    len != sizeof(info))
		return (0);
	return (info.ip6m_mtu);
}
