/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* FreeBSD: it tells of routes, too, which is not to be had without. */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>
#include <net/if_types.h>
#include <net/if_vlan_var.h>
#include <net/route.h>

#include <string.h>

#include "route_system.h"

const uint8_t	route_types[] = {
	RTM_IFINFO, RTM_IFANNOUNCE
};
const size_t	route_ntypes = sizeof(route_types);

int
route_listen(int fd)
{
	int	on = 1;

	return (setsockopt(fd, SOL_SOCKET, SO_RERROR, &on, sizeof(on)));
}

/* It may have any name.  To other drivers this is another question. */
int
route_parent(int fd, const char *name, unsigned int type, char *parent)
{
	struct vlanreq	vlan = { 0 };
	struct ifreq	ifr = { 0 };

	if (type != IFT_L2VLAN ||
	    strlcpy(ifr.ifr_name, name, sizeof(ifr.ifr_name)) >=
	    sizeof(ifr.ifr_name))
		return (-1);
	ifr.ifr_data = (void *)&vlan;
	if (ioctl(fd, SIOCGETVLAN, &ifr) == -1)
		return (-1);
	memcpy(parent, vlan.vlr_parent, IF_NAMESIZE);
	parent[IF_NAMESIZE - 1] = '\0';
	return (0);
}
