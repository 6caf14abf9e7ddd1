/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The flow table: find, add, update.  One record for a conversation, both
 * directions inside.  Memory is fixed at start; records are addressed by
 * index.  No channel, socket, log or clock.
 *
 * Records may lie in memory that outlives the process.  Whatever instruction
 * it dies at, each of them is then as it was, one packet further, or not in
 * use; track_adopt() takes them over.
 */

#ifndef TRACK_H
#define TRACK_H

#include <stddef.h>
#include <stdint.h>

#include "packet.h"
#include "side.h"

#define TRACK_NONE	UINT32_MAX

/*
 * Two cache lines.  The first is what every packet of the flow writes, the
 * second what finding, expiring and exporting it reads.  [i] is the direction
 * from key.addr[i] to the other endpoint; a direction without packets is
 * zero throughout.
 */
struct flow {
	uint64_t	octets[2];
	uint64_t	packets[2];
	uint64_t	first_us[2];	/* earliest packet, since the epoch */
	uint64_t	last_us[2];	/* latest packet */

	struct flow_key	key;
	uint32_t	hash;
	uint32_t	next;		/* wheel slot, or free list */
	uint32_t	prev;		/* wheel slot */
	uint8_t		in[2], out[2];	/* came in, left: interface.h */
	uint8_t		tcp_flags[2];	/* OR of all packets */
	uint8_t		tos[2];		/* first packet's, each direction */
	union {
		uint16_t	slot;		/* wheel slot */
		uint16_t	pending;	/* FLOW_ENDED: bit for each
						   collector to have it */
	};
	uint8_t		flags;		/* FLOW_* */
	uint8_t		reason;		/* FLOW_ENDED: enum expire_reason */
};
_Static_assert(sizeof(struct flow) == 128, "flow is two cache lines");
_Static_assert(offsetof(struct flow, key) == 64, "counters fill one line");

#define FLOW_USED	0x01	/* 0: on the free list */
#define FLOW_INITIATOR	0x02	/* set: endpoint 1 sent the first packet */
#define FLOW_OWN	0x04	/* our own datagrams to a collector */
#define FLOW_WHEEL	0x08	/* linked into the expiry wheel */
#define FLOW_ENDED	0x10	/* found no more; waits to be accounted for */
#define FLOW_TAKEN	0x20	/* a collector has it */

#define FLOW_PENDING	UINT16_MAX	/* when it ends: whoever is there */

struct track;

/* Ended flows that may wait; they take no place from those in the table. */
#define TRACK_SPARE	9216

/* Memory for the records, max_flows + TRACK_SPARE of them. */
struct track_memory {
	struct flow	*flows;
	uint32_t	*top;	/* records from there on were never used */
};

/*
 * A table for max_flows flows.  secret keys the hash and must be random, or
 * an attacker can aim at one bucket.  memory: the caller's, *top being 0 or
 * followed by track_adopt() and track_release() of each record below it;
 * NULL: of its own.  128 octets a flow, touched on first use, and the index,
 * up to 24.  NULL with errno ENOMEM or EINVAL.
 */
struct track *track_new(uint32_t max_flows, const uint8_t secret[16],
		    const struct track_memory *memory);
void	track_free(struct track *);

/*
 * From now on, before the first flow, each has a side record: sides are the
 * caller's, as many as there are of struct flow.  keyed: keys have what
 * struct side_key adds to them.
 */
void	track_extend(struct track *, struct flow_side *sides, int keyed);

/* SipHash-1-3 of the key under the table's secret, folded to 32 bits. */
static inline uint32_t track_hash(const struct track *, const struct flow_key *);

/*
 * Start loading what track_find() will look at: the bucket; then, when that
 * has arrived (for a batch: after the buckets of all), the record.
 */
static inline void track_prefetch(const struct track *, uint32_t hash);
static inline void track_prefetch_record(const struct track *, uint32_t hash);

/* Start loading the record at idx. */
static inline void track_prefetch_flow(const struct track *, uint32_t idx);

/* Index of the key's flow, or TRACK_NONE. */
static inline uint32_t track_find(const struct track *, const struct flow_key *,
	    uint32_t hash);

/* The same two for keys with what is added to them. */
uint32_t track_hash_side(const struct track *, const struct flow_key *,
	    const struct side_key *);
uint32_t track_find_side(const struct track *, const struct flow_key *,
	    const struct side_key *, uint32_t hash);

/*
 * A new, zeroed flow with key, hash and FLOW_USED set; the key must not be
 * in the table.  TRACK_NONE when the table is full: the caller evicts first.
 * Its side record is zero; the caller fills in its key before it accounts
 * the first packet.
 */
uint32_t track_insert(struct track *, const struct flow_key *, uint32_t hash);

/*
 * A flow is over: no longer found, its record kept with FLOW_ENDED and the
 * reason until track_release().  idx must be in use and off the wheel.
 */
void	track_end(struct track *, uint32_t idx, uint8_t reason);

/*
 * No packet follows: flows only end from now on, and need not be found, which
 * spares the index a change for each.
 */
void	track_close(struct track *);

/* Free the record of an ended flow, or an adopted one of no use. */
void	track_release(struct track *, uint32_t idx);

/* Both. */
void	track_remove(struct track *, uint32_t idx);

/* Take over a flow with a valid key from memory: hash it, have it found. */
void	track_adopt(struct track *, uint32_t idx);

/* Account one packet (RFC 7011 section 2, "Flow"). */
static inline void track_update(struct flow *, const struct packet *);

/* The flow at idx (< track_top()); owned by the table. */
static inline struct flow *track_flow(const struct track *, uint32_t idx);

/* Its first and last packet, of either direction. */
static inline uint64_t flow_first(const struct flow *);
static inline uint64_t flow_last(const struct flow *);

/* Its side record, or NULL. */
static inline struct flow_side *track_side(const struct track *, uint32_t idx);

/*
 * First flow, not ended, at or after idx, TRACK_NONE behind the last.  Flows
 * may be removed and added between calls; each flow there throughout is seen
 * once.
 */
uint32_t track_next(const struct track *, uint32_t idx);

uint32_t track_count(const struct track *);
uint32_t track_max(const struct track *);
size_t	track_index_size(const struct track *);		/* octets */

/* Records from there on have never been used. */
uint32_t track_top(const struct track *);

#include "track_path.h"

#endif
