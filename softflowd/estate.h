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
#include "exports.h"
#include "stream.h"
#include "interface.h"
#include "notice.h"
#include "psamp_read.h"
#include "summary.h"
#include "track.h"

#define ESTATE_RECORDS	524288	/* octets before the first record */

/* A batch of one capture slot. */
struct estate_mark {
	struct capture_mark	capture;	/* before it */
	uint64_t		frames;		/* taken of it so far */
};

/* How far a capture slot was read; its last batch is mark[batch % 2]. */
struct estate_place {
	uint64_t		batch;
	struct estate_mark	mark[2];
};

/*
 * A direction of a flow whose packets so far, and their octets, turn out to
 * be second sightings: what is to stand in its record instead, which may be
 * half done.
 */
struct estate_move {
	uint64_t	packets, octets;	/* moved so, with all before */
	struct packet	pkt;			/* the first one now */
	uint32_t	flow;
	uint32_t	done;
};

/* Where the meter stands; times in us. */
struct estate_meter {
	uint64_t	now_us;		/* the last packet's */
	uint64_t	scanned_us;	/* flows that were due then are out */
	uint64_t	boot_us;	/* savefile */
	uint64_t	clock_us;	/* savefile: time of export */
	uint64_t	octets_left;	/* of flows that left the table */
	uint64_t	packets_moved;	/* out of the table, see */
	uint64_t	octets_moved;	/* struct estate_move */
	uint64_t	ignored;	/* packets so far, and */
	uint64_t	ignored_first_us, ignored_last_us;	/* when */
	uint32_t	sample_left;
	uint32_t	begun;		/* savefile: it has a packet */
};

struct estate_state {
	struct summary		summary;	/* with all counters */
	struct estate_meter	meter;
	struct exports_state	exports;
	uint64_t		batch;		/* whose frames are counted, */
	uint32_t		leaving;	/* index + 1 of a flow counted
						   as gone, to be freed */
	uint32_t		batch_frames;	/* so many of them */
};

struct estate {
	uint64_t		magic;
	uint64_t		secret[2];	/* of exports' spread */
	uint32_t		size;		/* of this structure */
	uint32_t		capacity;	/* records behind it */
	uint32_t		top;		/* struct track_memory's */
	uint32_t		current;	/* state that counts, 0 or 1 */
	struct estate_state	state[2];
	uint32_t		paused;		/* as an operator said */
	uint32_t		reserved;
	/* What the log told of; its end may be the next worker's to tell. */
	struct notice		dropped, full, lost[MAX_EXPORT];
	uint64_t		batch;		/* in hand, or the last one:
						   number, and slot in the low
						   octet */
	struct estate_place	place[MAX_CAPTURE];
	struct capture_kernel	kernel[MAX_CAPTURE];	/* counted so far */
	uint64_t		moves;		/* the last is [moves % 2] */
	struct estate_move	move[2];
	struct export_hand	hand[MAX_EXPORT * EXPORT_LANES];
	struct summary_state	stats;		/* in the making */
	struct interfaces	interfaces;
};
_Static_assert(sizeof(struct estate) <= ESTATE_RECORDS, "estate is small");

/* Octets of an object for so many flows, with side records or without. */
size_t	estate_size(uint32_t max_flows, int side);

/*
 * Map a shared object of estate_size(), or, fd being -1, memory of our own.
 * The descriptor stays the caller's.  NULL with errno; EINVAL: another size.
 */
struct estate *estate_map(int fd, uint32_t max_flows, int side);
void	estate_unmap(struct estate *, uint32_t max_flows, int side);

struct track_memory estate_records(struct estate *);

/* Where a stream's messages wait: room for so many octets of them. */
#define ESTATE_QUEUE	4194304
struct stream_queue *estate_queue(struct estate *, uint32_t max_flows,
	    int side, unsigned int slot);

/*
 * What captures that read packet reports know of exporters; they have it in
 * turn.  A worker that hands over leaves it, and who has read it empties it.
 */
#define ESTATE_SENDERS	2
struct psamp_sessions *estate_senders(struct estate *, uint32_t max_flows,
	    int side);

/* One mapped with side records: these. */
struct flow_side *estate_sides(struct estate *, uint32_t max_flows);

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
 * A batch of a capture slot begins, behind that mark.  Each frame, before it
 * is looked at, is counted in what is returned.
 */
uint64_t *estate_begin_batch(struct estate *, unsigned int slot,
	    const struct capture_mark *);

/* The batch in hand; NULL if its slot cannot be. */
const struct estate_mark *estate_batch(const struct estate *);

/* Where to go on in a slot: behind its last batch. */
struct capture_mark estate_place(const struct estate *, unsigned int slot);

#endif
