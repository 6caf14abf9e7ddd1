/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* OpenBSD. */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>
#include <net/if_types.h>
#include <net/route.h>

#include <string.h>

#include "route_system.h"

const uint8_t	route_types[] = {
	RTM_IFINFO, RTM_IFANNOUNCE, RTM_DESYNC
};
const size_t	route_ntypes = sizeof(route_types);

int
route_listen(int fd)
{
	unsigned int	types = ROUTE_FILTER(RTM_IFINFO) |
			    ROUTE_FILTER(RTM_IFANNOUNCE) |
			    ROUTE_FILTER(RTM_DESYNC);

	return (setsockopt(fd, PF_ROUTE, ROUTE_MSGFILTER, &types,
	    sizeof(types)));
}

/* Others have parents, too, but wrap what they give them. */
int
route_parent(int fd, const char *name, unsigned int type, char *parent)
{
	struct if_parent	p = { 0 };

	if ((type != IFT_L2VLAN && type != IFT_CARP) ||
	    strlcpy(p.ifp_name, name, sizeof(p.ifp_name)) >=
	    sizeof(p.ifp_name) || ioctl(fd, SIOCGIFPARENT, &p) == -1)
		return (-1);
	memcpy(parent, p.ifp_parent, IF_NAMESIZE);
	parent[IF_NAMESIZE - 1] = '\0';
	return (0);
}
