/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Devices that stand on each other see the same packets.  Which pairs do, and
 * which of the two counts: on a VLAN, macvlan or bond the upper device, which
 * is what the system routes by; on a bridge or VRF the member, which says
 * where the packet really came in.
 */

#ifndef STACK_H
#define STACK_H

#include <stdint.h>

#include "msg.h"

#define STACK_LINKS	1024	/* devices of a system that are looked at */

struct stack_link {
	uint32_t	ifindex;
	uint32_t	lower;	/* it is a VLAN or the like on this; 0: not */
	uint32_t	master;	/* it is a member of this; 0: of none */
	int		bridge;	/* it hands on what its members saw */
	char		name[INTERFACE_NAME];
};

/*
 * Write the pairs among msg's interfaces, as many as have room, given n <=
 * STACK_LINKS devices of the system.
 */
void	stack_pairs(const struct stack_link *, unsigned int n,
	    struct msg_interfaces *);

#endif
