/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What more is kept of a flow when its key or its records ask for it: a
 * second record at the same index, behind the table's own (estate.h).  It may
 * outlive the process as they do.  Values are of the packets that the flow
 * counts; those of one more may be in them after a death.
 */

#ifndef SIDE_H
#define SIDE_H

#include <stddef.h>

#include "packet.h"

struct flow;

/*
 * What TRACK_VLAN and TRACK_ETHER add to a flow's key; zero where the level
 * leaves it out.  No padding: compared and hashed as 16 octets.
 */
struct side_key {
	uint8_t		mac[2][6];	/* that of endpoint 0 and of 1 */
	uint16_t	vlan[2];	/* id of the outer and the inner tag */
};
_Static_assert(sizeof(struct side_key) == 16, "side_key has padding");

/* Of all packets of a direction.  Counts stop at their largest value. */
struct side_counts {
	uint32_t	length_min, length_max;	/* of the IP packet */
	uint32_t	syn, fin, rst;		/* packets that say so */
	uint32_t	flow_label;	/* IPv6, the first packet's */
	uint16_t	tcp_control;	/* OR, 12 bits */
	uint16_t	fragments;	/* first and later ones */
	uint8_t		ttl_min, ttl_max;
	uint8_t		tos;		/* OR */
	uint8_t		flags;		/* SIDE_* */
};
#define SIDE_TOS_MIXED	0x01	/* packets differ in it */
#define SIDE_OUTER_IPV6	0x02	/* the tunnel's endpoints */

/* Of a direction's first packet; source before destination. */
struct side_first {
	uint64_t	tunnel_id;
	uint8_t		outer[2][16];	/* the tunnel's endpoints */
	uint8_t		mac[2][6];
	uint8_t		label[SIDE_LABELS][3];	/* MPLS, top first */
	uint8_t		labels;		/* how many there are */
	uint8_t		tunnel;		/* enum tunnel */
	uint16_t	vlan[2];	/* outer and inner tag with priority */
};

/*
 * Four cache lines: every packet writes the first, finding a flow reads the
 * second with -T vlan or ether.  [i] is the direction from endpoint i.
 */
struct flow_side {
	struct side_counts	count[2];
	struct side_key		key;
	struct side_first	first[2];
};
_Static_assert(sizeof(struct flow_side) == 256, "side is four cache lines");
_Static_assert(offsetof(struct flow_side, key) == 64, "counts fill one line");

#define SIDE_VLAN_ID	0x0fff	/* of a tag; its priority stands above: */
#define SIDE_PRIORITY	13

/* Whether there is anything to keep; fields are OPTIONAL_*. */
static inline int
side_wanted(enum track_level level, unsigned int fields, unsigned int labels)
{
	return (level >= TRACK_VLAN || fields != 0 || labels != 0);
}

/* The key extension that the level gives a packet decoded with its side. */
void	side_key(struct side_key *, enum track_level, const struct packet *);

/*
 * Account one packet, before the flow's own record does; first: it is the
 * first one that counts in its direction.
 */
void	side_update(struct flow_side *, int first, const struct packet *);

/*
 * Whether what a worker before us left can be right for the level.  What f
 * does not count a packet of is forgotten.
 */
int	side_plausible(struct flow_side *, const struct flow *f,
	    enum track_level);

#endif
