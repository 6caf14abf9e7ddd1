/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * -R: where to listen for packet reports, and for whose.  Runs in the parent,
 * before it has opened anything.  Pure.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "options.h"

#define BAD_LOCAL	"it begins with where to listen: port, address:port " \
			"or [IPv6 address]:port"
#define BAD_PEER	"a peer is an IPv4 address or an IPv6 address in " \
			"brackets, in numbers, with :port or without"

static int
set_port(const char *text, struct msg_addr *addr)
{
	const char *errstr;

	addr->port = (uint16_t)strtonum(text, 1, UINT16_MAX, &errstr);
	return (errstr == NULL);
}

/* address, address:port, [address] or [address]:port; whether it is. */
static int
set_endpoint(char *text, struct msg_addr *addr)
{
	char *host = text, *end;
	int af = AF_INET;

	addr->family = 4;
	if (*text == '[') {
		addr->family = 6;
		af = AF_INET6;
		host++;
		if ((end = strchr(host, ']')) == NULL)
			return (0);
		*end++ = '\0';
		if (*end != '\0' && *end != ':')
			return (0);
	} else
		end = host + strcspn(host, ":");
	if (*end == ':') {
		*end++ = '\0';
		if (!set_port(end, addr))
			return (0);
	}
	return (inet_pton(af, host, addr->addr) == 1);
}

/* The text up to a comma into item; whether it has room. */
static int
next_item(const char **list, char *item, size_t size)
{
	size_t len = strcspn(*list, ",");

	if (len >= size)
		return (0);
	memcpy(item, *list, len);
	item[len] = '\0';
	*list += len + ((*list)[len] == ',');
	return (1);
}

const char *
options_psamp(const char *arg, struct options *o)
{
	struct msg_addr *local = &o->psamp_local;
	char item[sizeof("[]:65535") + INET6_ADDRSTRLEN];

	if (o->npeer > 0)
		return ("there is one such option, with all peers");
	memset(local, 0, sizeof(*local));
	if (!next_item(&arg, item, sizeof(item)))
		return (BAD_LOCAL);
	if (!set_port(item, local) && (!set_endpoint(item, local) ||
	    local->port == 0))
		return (BAD_LOCAL);
	if (*arg == '\0')
		return ("who may send must be stated, as in "
		    "4739,192.0.2.1,[2001:db8::1]");
	while (*arg != '\0') {
		if (o->npeer == MAX_PSAMP_PEER)
			return ("more than 16 peers");
		if (!next_item(&arg, item, sizeof(item)) ||
		    !set_endpoint(item, &o->peer[o->npeer]))
			return (BAD_PEER);
		if (local->family != 0 &&
		    local->family != o->peer[o->npeer].family)
			return ("a peer's address must be of the same kind "
			    "as the one to listen on");
		o->npeer++;
	}
	return (NULL);
}
