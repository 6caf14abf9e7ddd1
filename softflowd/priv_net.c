/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Sockets to collectors: where from, how far, how large, with which mark. */

#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "net_system.h"
#include "priv_state.h"

#define EXPORT_SNDBUF	(1024 * 1024)
#define EXPORT_SNDBUF_MIN	65536		/* any datagram */
#define PAYLOAD_MIN	512	/* RFC 7011 section 10.3.3, MTU unknown */
#define PAYLOAD_USUAL	1400
#define PAYLOAD_V5	1464	/* 30 records */
#define HEADERS_IPV4	28	/* IP and UDP */
#define HEADERS_IPV6	48
#define DEAD_MS		60000	/* TCP: unanswered for so long */

#ifndef IPPROTO_SCTP
#define IPPROTO_SCTP	132
#endif

void
priv_net_addr(struct msg_addr *to, const struct sockaddr_storage *ss)
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

void
priv_net_sockaddr(struct sockaddr_storage *to, const struct msg_addr *from)
{
	struct sockaddr_in	sin = { 0 };
	struct sockaddr_in6	sin6 = { 0 };

	memset(to, 0, sizeof(*to));
	if (from->family == 4) {
		sin.sin_family = AF_INET;
		sin.sin_port = htons(from->port);
		memcpy(&sin.sin_addr, from->addr, 4);
		memcpy(to, &sin, sizeof(sin));
	} else {
		sin6.sin6_family = AF_INET6;
		sin6.sin6_port = htons(from->port);
		memcpy(&sin6.sin6_addr, from->addr, 16);
		memcpy(to, &sin6, sizeof(sin6));
	}
}

static socklen_t
net_length(const struct sockaddr_storage *ss)
{
	return (ss->ss_family == AF_INET ? sizeof(struct sockaddr_in) :
	    sizeof(struct sockaddr_in6));
}

int
priv_net_numeric(struct sockaddr_storage *ss, const char *host,
    const char *port, int transport)
{
	struct addrinfo	 hints = { 0 }, *res;
	int		 error;

	hints.ai_socktype = transport == TRANSPORT_UDP ? SOCK_DGRAM :
	    SOCK_STREAM;
	hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
	error = getaddrinfo(host, port, &hints, &res);
	if (error != 0)
		return (error);
	memset(ss, 0, sizeof(*ss));
	memcpy(ss, res->ai_addr, res->ai_addrlen);
	freeaddrinfo(res);
	return (0);
}

int
priv_net_is_alias(const struct sockaddr_storage *ss)
{
	static const uint8_t	none[16];
	struct sockaddr_in6	sin6;
	struct msg_addr		addr;

	priv_net_addr(&addr, ss);
	if (memcmp(addr.addr, none, sizeof(none)) == 0)
		return (1);
	memcpy(&sin6, ss, sizeof(sin6));
	return (addr.family == 6 && IN6_IS_ADDR_V4MAPPED(&sin6.sin6_addr));
}

int
priv_net_lacks_link(const struct sockaddr_storage *ss)
{
	struct sockaddr_in6	sin6;

	if (ss->ss_family != AF_INET6 || priv.opt->device != NULL)
		return (0);
	memcpy(&sin6, ss, sizeof(sin6));
	return (sin6.sin6_scope_id == 0 &&
	    (IN6_IS_ADDR_LINKLOCAL(&sin6.sin6_addr) ||
	    IN6_IS_ADDR_MC_LINKLOCAL(&sin6.sin6_addr)));
}

/* Where datagrams leave from: -S, -e. */
static int
net_bind(int fd, const char **what)
{
	const struct options	*opt = priv.opt;
	struct sockaddr_storage	 ss;

	*what = opt->device;
	if (opt->device != NULL && net_device(fd, opt->device) == -1) {
		if (errno == ENOTSUP)
			*what = "-S: the routes decide on this system, and "
			    "-e of the address";
		return (-1);
	}
	*what = opt->source;
	if (opt->source == NULL)
		return (0);
	if (priv_net_numeric(&ss, opt->source, NULL, TRANSPORT_UDP) != 0) {
		errno = EADDRNOTAVAIL;
		return (-1);
	}
	return (bind(fd, (struct sockaddr *)&ss, net_length(&ss)));
}

/* What their headers say: -L, -o dscp. */
static int
net_mark(int fd, int v6, int transport)
{
	int	level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	int	hops = priv.opt->hoplimit, tos = priv.opt->dscp * 4;
	uint8_t	ttl = (uint8_t)hops;

	if (priv.opt->dscp != -1 && setsockopt(fd, level,
	    v6 ? IPV6_TCLASS : IP_TOS, &tos, sizeof(tos)) == -1)
		return (-1);
	if (hops == -1)
		return (0);
	/* 0 keeps multicast on this host and means nothing for unicast. */
	if (hops > 0 && setsockopt(fd, level, v6 ? IPV6_UNICAST_HOPS : IP_TTL,
	    &hops, sizeof(hops)) == -1)
		return (-1);
	if (transport != TRANSPORT_UDP)
		return (0);
	if (v6)
		return (setsockopt(fd, level, IPV6_MULTICAST_HOPS, &hops,
		    sizeof(hops)));
	/* One octet is what every system takes. */
	return (setsockopt(fd, level, IP_MULTICAST_TTL, &ttl, sizeof(ttl)));
}

/*
 * A peer that has gone without a word ends a TCP connection in a minute, not
 * in the quarter of an hour that retransmissions take.
 */
static void
net_liveliness(int fd, int transport)
{
	int	on = 1;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (transport == TRANSPORT_TCP)
		net_give_up(fd, DEAD_MS);
}

int
priv_net_socket(int family, int transport)
{
	static const int	type[TRANSPORT_MAX] = {
		SOCK_DGRAM, SOCK_STREAM, SOCK_STREAM
	};
	static const int	proto[TRANSPORT_MAX] = {
		IPPROTO_UDP, IPPROTO_TCP, IPPROTO_SCTP
	};

	return (socket(family, type[transport] | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    proto[transport]));
}

int
priv_net_connect(int transport, const struct sockaddr_storage *to,
    const char **what)
{
	int	fd, size = EXPORT_SNDBUF, saved;

	*what = NULL;
	if (priv_net_is_alias(to)) {
		errno = EADDRNOTAVAIL;
		return (-1);
	}
	if ((fd = priv_net_socket(to->ss_family, transport)) == -1)
		return (-1);
	/* Some systems refuse more than may be, others give as much. */
	while (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)) == -1 && size / 2 >= EXPORT_SNDBUF_MIN)
		size /= 2;
	if (transport != TRANSPORT_UDP)
		net_liveliness(fd, transport);
	if (net_bind(fd, what) == -1)
		goto fail;
	*what = "-L or -o dscp";
	if (net_mark(fd, to->ss_family == AF_INET6, transport) == -1)
		goto fail;
	*what = NULL;
	if (connect(fd, (const struct sockaddr *)to, net_length(to)) == 0 ||
	    errno == EINPROGRESS)
		return (fd);
fail:
	saved = errno;
	close(fd);
	errno = saved;
	return (-1);
}

int
priv_net_local(int fd, struct msg_addr *local)
{
	struct sockaddr_storage	ss = { 0 };
	socklen_t		len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return (-1);
	priv_net_addr(local, &ss);
	return (0);
}

uint32_t
priv_net_payload(int fd, const struct msg_export *e)
{
	uint32_t	limit = priv.opt->payload, mtu, headers;
	int		v6 = e->remote.family == 6;

	if (limit == 0)
		limit = e->format.version == 5 ? PAYLOAD_V5 : PAYLOAD_USUAL;
	if (e->transport != TRANSPORT_UDP)
		return (limit);
	headers = v6 ? HEADERS_IPV6 : HEADERS_IPV4;
	mtu = net_mtu(fd, v6);
	/*
	 * Datagrams are not fragmented, unless the route takes less than what
	 * must be sent in one.
	 */
	net_fragments(fd, v6, mtu != 0 && mtu < PAYLOAD_MIN + headers);
	if (mtu == 0 && priv.opt->payload != 0)
		return (limit);
	if (mtu < PAYLOAD_MIN + headers)
		return (PAYLOAD_MIN);
	return (mtu - headers < limit ? mtu - headers : limit);
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

/*
 * Of UDP only: a stream has another port each time, which by then may be
 * somebody else's; those are the worker's to know.
 */
int
priv_own_filter(char **text)
{
	size_t		 len;
	unsigned int	 i;
	FILE		*fp;
	int		 rv;

	*text = NULL;
	if ((fp = open_memstream(text, &len)) == NULL)
		return (-1);
	for (i = 0; i < priv.ndest; i++)
		if (priv.dest[i].conf.transport == TRANSPORT_UDP &&
		    priv.dest[i].fd != -1)
			net_own(fp, &priv.dest[i].conf);
	rv = fclose(fp) == EOF ? -1 : 0;
	if (rv == -1 || len == 0) {
		free(*text);
		*text = NULL;
	}
	return (rv);
}
