/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The interfaces that packets are seen on, in the worker.  A flow has no room
 * for their numbers, so they have slots of one octet: 0 says nothing, and
 * INTERFACE_OTHER that it was one for which the table had no room.
 *
 * There is one table in a process.  It lies in the memory that outlives the
 * worker; which of them see the same packets is told by the parent each time.
 */

#ifndef INTERFACE_H
#define INTERFACE_H

#include <stdint.h>

#include "msg.h"
#include "track.h"

#define INTERFACE_OTHER	255
_Static_assert(MSG_INTERFACES < INTERFACE_OTHER, "slots from 1 on");

struct interface {
	uint32_t	ifindex;	/* the system's; 0: not there */
	uint32_t	number;		/* in records */
	char		name[INTERFACE_NAME];	/* may be empty */
	uint64_t	frames;		/* read, those given up included */
	uint64_t	received, dropped;	/* by the kernel */
};

struct interfaces {
	uint32_t		count;		/* slots 1 to count are known */
	uint32_t		reserved;
	struct interface	slot[256];
};

/* From now on this is the table; the caller's.  NULL: none. */
void	interfaces_use(struct interfaces *);

/* Whether a table that others wrote can be used. */
int	interfaces_valid(const struct interfaces *);

/*
 * What the parent says: numbers, names, and which sightings repeat others.
 * -1 if it cannot be.
 */
int	interfaces_learn(const struct msg_interfaces *);

/*
 * A next worker reads other captures, those of fresh's bits by other sockets:
 * sets a bit in gone for each slot that stood for an interface which it stands
 * for no more.  No flow may say such a slot when interfaces_forget() empties
 * it; whether there is one.
 */
int	interfaces_replaced(const struct msg_interfaces *, uint32_t fresh,
	    uint8_t gone[32]);
void	interfaces_forget(const uint8_t gone[32]);

/*
 * A full table of all interfaces, with -i any: slots of those that msg does
 * not have and no flow has, by its bit in used, are free for others.
 */
int	interfaces_full(void);
void	interfaces_release(const struct msg_interfaces *msg,
	    const uint8_t used[32]);

/* The slot of the system's interface; a new one gets a slot. */
uint8_t	interface_slot(uint32_t ifindex);

/* Whether a flow may have it. */
int	interface_known(uint8_t slot);

/* For records: 0 is unknown (RFC 5102, ingressInterface). */
uint32_t interface_number(uint8_t slot);
const char *interface_name(uint8_t slot);

/*
 * Whether who was seen at both counts at first, as on a VLAN and the device
 * below it: then again is a second sighting.
 */
int	interface_repeats(uint8_t first, uint8_t again);

/* Prefixes of the own side, at most MAX_OWN_PREFIX; copied. */
void	interfaces_own(const struct msg_prefix *, unsigned int n);

/* MAC addresses of the own side, at most MAX_OWN_MAC; copied. */
void	interfaces_own_macs(const uint8_t (*macs)[6], unsigned int n);

/*
 * flowDirection (IANA element 61) of the direction from key.addr[dir]: 0
 * ingress, 1 egress, 255 unknown.  MAC addresses of the own side decide, if
 * mac, the source's and the destination's, is not NULL; then own prefixes;
 * else whether it was seen coming in, or only leaving.
 */
uint8_t	interface_direction(const struct flow *, int dir,
	    const uint8_t (*mac)[6]);

#endif
