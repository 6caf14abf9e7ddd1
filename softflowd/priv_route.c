/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The system's interfaces (BSD, route(4)): that some come and go, which is
 * only a reason to look, and which there are.  Of what stands on each other
 * VLANs are known, and carp(4); members of bridges and of lagg(4), trunk(4)
 * and agr(4) are not, so that both count what both see.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <net/if.h>
#include <net/if_dl.h>
#include <net/route.h>

#include <errno.h>
#include <ifaddrs.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "priv_state.h"
#include "route_system.h"
#include "stack.h"

/* What each message begins with: its length, version and type. */
#define HEAD_VERSION	2
#define HEAD_TYPE	3
#define HEAD_SIZE	4

#define EVENT_MESSAGES	64	/* others can write there: no more in a turn */

int
priv_link_open(void)
{
	int	fd, saved;

	fd = socket(PF_ROUTE, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || route_listen(fd) != -1)
		return (fd);
	saved = errno;
	close(fd);
	errno = saved;
	return (-1);
}

/* Whether a message is a reason to look. */
static int
route_matters(const uint8_t *msg, size_t len)
{
	uint16_t	said;

	if (len < HEAD_SIZE || msg[HEAD_VERSION] != RTM_VERSION)
		return (0);
	memcpy(&said, msg, sizeof(said));
	return (said <= len && memchr(route_types, msg[HEAD_TYPE],
	    route_ntypes) != NULL);
}

void
priv_link_event(void)
{
	uint8_t		buf[2048];
	ssize_t		n = 1;
	unsigned int	i;
	int		look = 0;

	for (i = 0; i < EVENT_MESSAGES && n > 0; i++) {
		n = recv(priv.link_fd, buf, sizeof(buf), MSG_DONTWAIT);
		look |= n > 0 && route_matters(buf, (size_t)n);
	}
	/* Some were lost, whatever they said. */
	if (n == -1 && errno == ENOBUFS)
		look = 1;
	if (look)
		priv_interfaces_soon();
}

static uint32_t
link_index(const struct stack_link *links, unsigned int n, const char *name)
{
	unsigned int	i;

	for (i = 0; i < n; i++)
		if (strcmp(links[i].name, name) == 0)
			return (links[i].ifindex);
	return (0);
}

/* All have their names by now. */
static void
link_parents(struct stack_link *links, unsigned int n, const uint8_t *types)
{
	char		parent[IF_NAMESIZE];
	unsigned int	i;
	int		fd;

	if ((fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return;
	for (i = 0; i < n; i++)
		if (route_parent(fd, links[i].name, types[i], parent) == 0)
			links[i].lower = link_index(links, n, parent);
	close(fd);
}

int
priv_link_list(struct stack_link *links, unsigned int max)
{
	static uint8_t		 types[STACK_LINKS];
	struct ifaddrs		*all, *ifa;
	struct sockaddr_dl	 sdl = { 0 };
	unsigned int		 n = 0;

	if (getifaddrs(&all) == -1)
		return (-1);
	for (ifa = all; ifa != NULL && n < max && n < STACK_LINKS;
	    ifa = ifa->ifa_next) {
		if (ifa->ifa_addr == NULL)
			continue;
		/* No address is shorter than this. */
		memcpy(&sdl, ifa->ifa_addr, offsetof(struct sockaddr_dl,
		    sdl_data));
		if (sdl.sdl_family != AF_LINK || sdl.sdl_index == 0)
			continue;
		memset(&links[n], 0, sizeof(links[n]));
		links[n].ifindex = sdl.sdl_index;
		strlcpy(links[n].name, ifa->ifa_name, sizeof(links[n].name));
		types[n++] = sdl.sdl_type;
	}
	freeifaddrs(all);
	link_parents(links, n, types);
	return ((int)n);
}
