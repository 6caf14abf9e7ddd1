/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A flow's records, in every version of the protocol: which there are, and
 * what their fields say.
 */

#ifndef NETFLOW_RECORD_H
#define NETFLOW_RECORD_H

#include "interface.h"
#include "netflow.h"

/* dir is the one whose source is the record's. */
struct record {
	const struct flow	*flow;
	const struct flow_side	*side;	/* or NULL */
	unsigned int		 dirs;	/* still to come */
	int			 dir;
	int			 both;	/* the other one is in it, too */
	uint8_t			 end_reason;
};

static inline struct record
record_begin(const struct flow *f, const struct flow_side *side,
    unsigned int dirs, uint8_t end_reason)
{
	return ((struct record){ f, side, dirs, 0, 0, end_reason });
}

/* Whether there is one more record, which it then is. */
static inline int
record_next(struct record *r)
{
	if (r->dirs == 0)
		return (0);
	r->dir = (r->dirs & 1) == 0;
	r->dirs &= r->dirs - 1;
	return (1);
}

/* The same of a biflow: one record, its source who began (RFC 5103 3). */
static inline int
record_next_biflow(struct record *r)
{
	if (r->dirs == 0)
		return (0);
	r->both = r->dirs == 3;
	if (r->both)
		r->dir = (r->flow->flags & FLOW_INITIATOR) != 0;
	else
		r->dir = r->dirs == 2;
	r->dirs = 0;
	return (1);
}

static inline unsigned int
record_count(unsigned int dirs)
{
	return ((dirs & 1) + (dirs >> 1));
}

/* A counter that has 32 bits here. */
static inline uint32_t
record_counter32(struct datagram *d, uint64_t value)
{
	if (value <= UINT32_MAX)
		return ((uint32_t)value);
	d->cut++;
	return (UINT32_MAX);
}

/*
 * A time as the layout has it, in 8 octets or in the low 4 (RFC 7011 sections
 * 6.1.7 to 6.1.10).
 */
uint64_t record_time(struct datagram *, uint64_t time_us);

/* Append n fields of a layout. */
void	record_put(struct datagram *, const struct record *,
	    const struct layout_field *, size_t n);

/*
 * The 36 octets, as far as ports, in which records of v1 and v5 begin alike.
 * An interface whose number is too large is as good as unknown.
 */
#define RECORD_FIXED	36
uint8_t	*record_fixed(struct datagram *, const struct record *);

/* struct netflow_encoder's stamp() of both. */
int64_t	netflow5_stamp(uint8_t *header, int64_t boot_ms, int64_t unix_ms);

#endif
