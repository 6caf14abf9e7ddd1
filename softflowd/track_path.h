/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What each packet takes of the flow table, inlined where packets are
 * accounted.  Belongs to track.h, which says what it does.
 */

#ifndef TRACK_PATH_H
#define TRACK_PATH_H

#include <string.h>

#include "order.h"
#include "siphash.h"

/* A fresh page is all zero: an index full of empty buckets. */
struct bucket {
	uint32_t	hash;
	uint32_t	flow;		/* index + 1; 0: empty */
};

struct track {
	struct flow	*flows;
	struct flow_side *sides;	/* or NULL */
	struct bucket	*index;
	uint64_t	 key[2];	/* secret, little endian halves */
	uint32_t	*top;		/* records from here on never used */
	uint32_t	 mask;		/* buckets - 1 */
	uint32_t	 max;
	uint32_t	 capacity;
	uint32_t	 count;
	uint32_t	 populated;	/* records in pages that are there */
	uint32_t	 sides_populated;	/* likewise */
	uint32_t	 free;		/* first of the used and forgotten */
	int		 keyed;		/* sides have part of the key */
	int		 own;		/* the records are not the caller's */
	int		 closed;	/* the index is not kept up */
	uint32_t	 own_top;
};

/*
 * What IPv4 leaves unused of a key is left out, which makes its messages 16
 * octets; of IPv6 they are 40.  Returns how many.  The numbers in it are host
 * order but hashed as in little endian, where this is one load: the hash is
 * the flowId, which must not depend on the machine.
 */
static inline __attribute__((__always_inline__)) uint64_t
track_hash_key(uint64_t v[4], const struct flow_key *key)
{
	const uint8_t	*p = (const uint8_t *)key;
	uint64_t	 octets;

	if (key->family == 4) {
		sip_word(v, (load_le64(p) & UINT32_MAX) |
		    load_le64(p + 16) << 32);
		octets = 16;
	} else {
		sip_word(v, load_le64(p));
		sip_word(v, load_le64(p + 8));
		sip_word(v, load_le64(p + 16));
		sip_word(v, load_le64(p + 24));
		octets = 40;
	}
	sip_word(v, (uint64_t)key->port[0] | (uint64_t)key->port[1] << 16 |
	    (uint64_t)key->reserved << 32 | (uint64_t)key->proto << 48 |
	    (uint64_t)key->family << 56);
	return (octets);
}

/* Likewise what is added to it. */
static inline __attribute__((__always_inline__)) uint64_t
track_hash_more(uint64_t v[4], const struct side_key *more)
{
	const uint8_t	*p = (const uint8_t *)more->mac;

	sip_word(v, load_le64(p));
	sip_word(v, load_le64(p + 4) >> 32 | (uint64_t)more->vlan[0] << 32 |
	    (uint64_t)more->vlan[1] << 48);
	return (sizeof(*more));
}

static inline uint32_t
track_hash(const struct track *t, const struct flow_key *key)
{
	uint64_t	 hash, v[4];

	sip_begin(v, t->key);
	hash = sip_end(v, track_hash_key(v, key));
	return ((uint32_t)(hash ^ hash >> 32));
}

/* As a call, prefetching alone would be taken to do nothing, and left out. */
static inline __attribute__((__always_inline__)) void
track_prefetch(const struct track *t, uint32_t hash)
{
	__builtin_prefetch(&t->index[hash & t->mask]);
}

static inline __attribute__((__always_inline__)) void
track_prefetch_flow(const struct track *t, uint32_t idx)
{
	__builtin_prefetch(&t->flows[idx].octets, 1);
	__builtin_prefetch(&t->flows[idx].key, 1);
	if (__builtin_expect(t->sides != NULL, 0)) {
		__builtin_prefetch(&t->sides[idx].count, 1);
		if (t->keyed)
			__builtin_prefetch(&t->sides[idx].key);
	}
}

static inline __attribute__((__always_inline__)) void
track_prefetch_record(const struct track *t, uint32_t hash)
{
	const struct bucket	*b;
	uint32_t		 pos;

	for (pos = hash & t->mask;; pos = (pos + 1) & t->mask) {
		b = &t->index[pos];
		if (b->flow == 0)
			return;
		if (b->hash == hash)
			break;
	}
	track_prefetch_flow(t, b->flow - 1);
}

static inline uint32_t
track_find(const struct track *t, const struct flow_key *key, uint32_t hash)
{
	const struct bucket	*b;
	uint32_t		 pos;

	for (pos = hash & t->mask;; pos = (pos + 1) & t->mask) {
		b = &t->index[pos];
		if (b->flow == 0)
			return (TRACK_NONE);
		if (b->hash == hash && memcmp(&t->flows[b->flow - 1].key, key,
		    sizeof(*key)) == 0)
			return (b->flow - 1);
	}
}

static inline void
track_update(struct flow *f, const struct packet *pkt)
{
	unsigned int	d = pkt->dir;

	if (f->packets[d] == 0) {
		if (f->packets[!d] == 0 && d == 1)
			f->flags |= FLOW_INITIATOR;
		f->first_us[d] = f->last_us[d] = pkt->time_us;
		f->tos[d] = pkt->tos;
	} else if (pkt->time_us > f->last_us[d])
		f->last_us[d] = pkt->time_us;
	else if (pkt->time_us < f->first_us[d])
		f->first_us[d] = pkt->time_us;
	f->octets[d] += pkt->octets;
	f->tcp_flags[d] |= pkt->tcp_flags;
	order_stores();
	f->packets[d]++;	/* now it counts */
}

static inline struct flow *
track_flow(const struct track *t, uint32_t idx)
{
	return (&t->flows[idx]);
}

static inline uint64_t
flow_first(const struct flow *f)
{
	if (f->packets[0] == 0)
		return (f->first_us[1]);
	if (f->packets[1] == 0 || f->first_us[0] < f->first_us[1])
		return (f->first_us[0]);
	return (f->first_us[1]);
}

/* A direction without packets holds 0. */
static inline uint64_t
flow_last(const struct flow *f)
{
	return (f->last_us[0] > f->last_us[1] ? f->last_us[0] :
	    f->last_us[1]);
}

static inline struct flow_side *
track_side(const struct track *t, uint32_t idx)
{
	return (t->sides == NULL ? NULL : &t->sides[idx]);
}

#endif
