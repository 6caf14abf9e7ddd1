/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What a worker leaves to the one after it: the flows, the datagram in hand,
 * sequence numbers, counters, and how far it had read.  It lies in a shared
 * object that the parent makes, passes to each worker and never maps.
 *
 * A worker may die at any instruction.  The records of the table are good at
 * each of them (track.h).  What belongs together is written to the state
 * that does not count and then made the one that does, by a single store.
 * All of it is hostile to who takes it over: a worker may have died of
 * somebody else's code.
 */

#ifndef ESTATE_H
#define ESTATE_H

#include <stddef.h>
#include <stdint.h>

#include "capture.h"
#include "export.h"
#include "summary.h"
#include "track.h"

#define ESTATE_RECORDS	65536	/* octets before the first record */

/* The batch in hand. */
struct estate_mark {
	struct capture_mark	capture;	/* before it */
	uint64_t		frames;		/* taken of it so far */
};

/* Where the meter stands; times in us. */
struct estate_meter {
	uint64_t	now_us;		/* the last packet's */
	uint64_t	scanned_us;	/* flows that were due then are out */
	uint64_t	boot_us;	/* savefile */
	uint64_t	clock_us;	/* savefile: time of export */
	uint64_t	octets_left;	/* of flows that left the table */
	uint32_t	sample_left;
	uint32_t	begun;		/* savefile: it has a packet */
};

struct estate_state {
	struct summary		summary;	/* with all counters */
	struct estate_meter	meter;
	struct export_session	session;
	uint64_t		batch;		/* whose frames are counted */
	uint32_t		leaving;	/* index + 1 of a flow counted
						   as gone, to be freed */
	uint32_t		reserved;
};

struct estate {
	uint64_t		magic;
	uint32_t		size;		/* of this structure */
	uint32_t		capacity;	/* records behind it */
	uint32_t		top;		/* struct track_memory's */
	uint32_t		current;	/* state that counts, 0 or 1 */
	struct estate_state	state[2];
	uint64_t		batch;		/* in hand, or the last one */
	struct estate_mark	mark[2];	/* its is [batch % 2] */
	struct export_hand	hand[EXPORT_LANES];
	struct summary_state	stats;		/* in the making */
};
_Static_assert(sizeof(struct estate) <= ESTATE_RECORDS, "estate is small");

/* Octets of an object for so many flows. */
size_t	estate_size(uint32_t max_flows);

/*
 * Map a shared object of estate_size(), or, fd being -1, memory of our own.
 * The descriptor stays the caller's.  NULL with errno; EINVAL: another size.
 */
struct estate *estate_map(int fd, uint32_t max_flows);
void	estate_unmap(struct estate *, uint32_t max_flows);

struct track_memory estate_records(struct estate *);

/* Forget what is in it. */
void	estate_init(struct estate *, uint32_t max_flows);

/* Whether it is one for so many flows, with its numbers in range. */
int	estate_valid(const struct estate *, uint32_t max_flows);

/* The state that counts, and the one to write. */
struct estate_state *estate_current(struct estate *);
struct estate_state *estate_draft(struct estate *);

/* Make the draft the one that counts. */
void	estate_commit(struct estate *);

/*
 * A batch begins, behind that mark.  Each frame, before it is looked at, is
 * counted in what is returned.
 */
uint64_t *estate_begin_batch(struct estate *, const struct capture_mark *);

#endif
