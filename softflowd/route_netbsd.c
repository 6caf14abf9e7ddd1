/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* NetBSD. */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>
#include <net/if_ether.h>
#include <net/if_vlanvar.h>
#include <net/route.h>

#include <ctype.h>
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

	if (setsockopt(fd, PF_ROUTE, RO_MSGFILTER, route_types,
	    sizeof(route_types)) == -1)
		return (-1);
	return (setsockopt(fd, SOL_SOCKET, SO_RERROR, &on, sizeof(on)));
}

/*
 * Interfaces keep their names; the type may be Ethernet's.  To other drivers
 * this is another question, whose answer has no room here.
 */
int
route_parent(int fd, const char *name, unsigned int type, char *parent)
{
	struct vlanreq	vlan = { 0 };
	struct ifreq	ifr = { 0 };

	(void)type;
	if (strncmp(name, "vlan", 4) != 0 || !isdigit((unsigned char)name[4]) ||
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
