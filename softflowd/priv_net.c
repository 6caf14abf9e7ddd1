/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Collectors: the parent looks names up and connects one UDP socket to each,
 * before it confines itself.
 */

#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/ip.h>

#include <arpa/inet.h>

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "priv_state.h"

#define EXPORT_SNDBUF	(1024 * 1024)
#define PAYLOAD_MIN	512	/* RFC 7011 section 10.3.3, MTU unknown */
#define PAYLOAD_MAX	65507
#define HEADERS_IPV4	28	/* IP and UDP */
#define HEADERS_IPV6	48

static void
net_addr(struct msg_addr *to, const struct sockaddr_storage *ss)
{
	struct sockaddr_in	sin;
	struct sockaddr_in6	sin6;

	memset(to, 0, sizeof(*to));
	if (ss->ss_family == AF_INET) {
		memcpy(&sin, ss, sizeof(sin));
		memcpy(to->addr, &sin.sin_addr, 4);
		to->port = ntohs(sin.sin_port);
		to->family = 4;
	} else if (ss->ss_family == AF_INET6) {
		memcpy(&sin6, ss, sizeof(sin6));
		memcpy(to->addr, &sin6.sin6_addr, 16);
		to->port = ntohs(sin6.sin6_port);
		to->family = 6;
	}
}

static struct addrinfo *
net_resolve(const char *host, const char *port, int family, int flags,
    const char *what)
{
	struct addrinfo	 hints = { 0 }, *res;
	int		 error;

	hints.ai_family = family;
	hints.ai_socktype = SOCK_DGRAM;
	hints.ai_flags = flags;
	error = getaddrinfo(host, port, &hints, &res);
	if (error != 0)
		fatalx("%s: %s", what, error == EAI_SYSTEM ?
		    strerror(errno) : gai_strerror(error));
	return (res);
}

/* Options of the sending side: -S, -e, -L. */
static void
net_local(int fd, int family)
{
	const struct options	*opt = priv.opt;
	struct addrinfo		*res;
	int			 size = EXPORT_SNDBUF, hops = opt->hoplimit;
	int			 v6 = family == AF_INET6;
	int			 level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
#ifdef SO_BINDTODEVICE
	if (opt->device != NULL && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE,
	    opt->device, (socklen_t)strlen(opt->device) + 1) == -1)
		fatal("-S %s", opt->device);
#else
	if (opt->device != NULL)
		fatalx("-S: this system cannot bind a socket to a device");
#endif
	if (opt->source != NULL) {
		res = net_resolve(opt->source, NULL, family,
		    AI_NUMERICHOST | AI_PASSIVE, opt->source);
		if (bind(fd, res->ai_addr, res->ai_addrlen) == -1)
			fatal("-e %s", opt->source);
		freeaddrinfo(res);
	}
	if (hops == -1)
		return;
	/* 0 keeps multicast on this host and means nothing for unicast. */
	if (setsockopt(fd, level, v6 ? IPV6_MULTICAST_HOPS : IP_MULTICAST_TTL,
	    &hops, sizeof(hops)) == -1 || (hops > 0 && setsockopt(fd, level,
	    v6 ? IPV6_UNICAST_HOPS : IP_TTL, &hops, sizeof(hops)) == -1))
		fatal("-L %d", hops);
}

/* Payload that the route carries unfragmented. */
static uint32_t
net_payload(int fd, int family)
{
	socklen_t	len = sizeof(int);
	int		mtu = 0, headers;

	headers = family == AF_INET ? HEADERS_IPV4 : HEADERS_IPV6;
#ifdef IP_MTU
	if (getsockopt(fd, family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
	    family == AF_INET ? IP_MTU : IPV6_MTU, &mtu, &len) == -1)
		mtu = 0;
#else
	(void)fd;
	(void)len;
#endif
	if (mtu < PAYLOAD_MIN + headers)
		return (PAYLOAD_MIN);
	return (mtu - headers > PAYLOAD_MAX ? PAYLOAD_MAX :
	    (uint32_t)(mtu - headers));
}

static void
net_open(struct priv_dest *dest, const struct options_dest *opt,
    uint32_t slot)
{
	struct sockaddr_storage	 ss = { 0 };
	struct addrinfo		*res, *ai;
	socklen_t		 len = sizeof(ss);
	int			 family = AF_UNSPEC, saved = 0;

	snprintf(dest->name, sizeof(dest->name), strchr(opt->host, ':') ==
	    NULL ? "%s:%s" : "[%s]:%s", opt->host, opt->port);
	/* -e decides which of a name's addresses can be sent to. */
	if (priv.opt->source != NULL)
		family = strchr(priv.opt->source, ':') == NULL ? AF_INET :
		    AF_INET6;
	res = net_resolve(opt->host, opt->port, family, 0, dest->name);
	dest->fd = -1;
	for (ai = res; ai != NULL && dest->fd == -1; ai = ai->ai_next) {
		dest->fd = socket(ai->ai_family,
		    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (dest->fd == -1) {
			saved = errno;
			continue;
		}
		net_local(dest->fd, ai->ai_family);
		if (connect(dest->fd, ai->ai_addr, ai->ai_addrlen) == -1) {
			saved = errno;
			close(dest->fd);
			dest->fd = -1;
			continue;
		}
		dest->conf.payload_max = net_payload(dest->fd, ai->ai_family);
		memcpy(&ss, ai->ai_addr, ai->ai_addrlen);
		net_addr(&dest->conf.remote, &ss);
	}
	freeaddrinfo(res);
	errno = saved;
	if (dest->fd == -1)
		fatal("%s", dest->name);
	if (getsockname(dest->fd, (struct sockaddr *)&ss, &len) == -1)
		fatal("%s", dest->name);
	dest->conf.slot = slot;
	/* A file's packets are somebody else's, whatever their addresses. */
	if (priv.opt->savefile == NULL)
		net_addr(&dest->conf.local, &ss);
}

static void
net_own(FILE *fp, const struct msg_export *e)
{
	char	local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];
	int	af = e->local.family == 6 ? AF_INET6 : AF_INET;

	if (inet_ntop(af, e->local.addr, local, sizeof(local)) == NULL ||
	    inet_ntop(af, e->remote.addr, remote, sizeof(remote)) == NULL)
		fatal("address of a collector");
	fprintf(fp, "%s(udp and src host %s and src port %u and dst host %s "
	    "and dst port %u)", ftell(fp) == 0 ? "" : " or ", local,
	    e->local.port, remote, e->remote.port);
}

const char *
priv_own_filter(void)
{
	char		*text;
	size_t		 len;
	unsigned int	 i;
	FILE		*fp;

	if (priv.ndest == 0)
		return (NULL);
	if ((fp = open_memstream(&text, &len)) == NULL)
		fatal("filter");
	for (i = 0; i < priv.ndest; i++)
		net_own(fp, &priv.dest[i].conf);
	if (fclose(fp) == EOF)
		fatal("filter");
	return (text);
}

void
priv_export_open(void)
{
	unsigned int	i;

	for (i = 0; i < priv.opt->ndest; i++)
		net_open(&priv.dest[i], &priv.opt->dest[i], i);
	priv.ndest = priv.opt->ndest;
}
