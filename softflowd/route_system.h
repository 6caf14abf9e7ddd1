/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the BSDs do not share about interfaces; one file for each. */

#ifndef ROUTE_SYSTEM_H
#define ROUTE_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

/* The types of messages that are a reason to look, and how many. */
extern const uint8_t	route_types[];
extern const size_t	route_ntypes;

/*
 * Have the route socket say only what is of interfaces, and that it could not
 * say all, as far as the system can.  0, or -1 with errno.
 */
int	route_listen(int fd);

/*
 * What a VLAN or the like is on, by name: parent has IF_NAMESIZE octets.  The
 * type is that of net/if_types.h, fd any socket.  -1: it is no such interface,
 * or is on none.
 */
int	route_parent(int fd, const char *name, unsigned int type,
	    char *parent);

#endif
