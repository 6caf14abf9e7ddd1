/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The flow table, in the worker, which has no privileges: records in one
 * mapping, a hash index over them in another.  The pages of both come from
 * the system when they are first used, so a large limit costs nothing until
 * there are flows.
 *
 * Each change of a record is made to count by its last store, for the
 * records may outlive the process.
 */

#include <sys/mman.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "order.h"
#include "pages.h"
#include "siphash.h"
#include "track.h"

/* A fresh page is all zero: an index full of empty buckets. */
struct bucket {
	uint32_t	hash;
	uint32_t	flow;		/* index + 1; 0: empty */
};

struct track {
	struct flow	*flows;
	struct bucket	*index;
	uint64_t	 key[2];	/* secret, little endian halves */
	uint32_t	*top;		/* records from here on never used */
	uint32_t	 mask;		/* buckets - 1 */
	uint32_t	 max;
	uint32_t	 capacity;
	uint32_t	 count;
	uint32_t	 populated;	/* records in pages that are there */
	uint32_t	 free;		/* first of the used and forgotten */
	int		 own;		/* the records are not the caller's */
	uint32_t	 own_top;
};

#define POPULATE	2048U	/* records whose pages are fetched together */

/*
 * What IPv4 leaves unused of a key is left out, which makes its messages 16
 * octets; of IPv6 they are 40.
 */
uint32_t
track_hash(const struct track *t, const struct flow_key *key)
{
	const uint8_t	*p = (const uint8_t *)key;
	uint64_t	 hash, v[4], octets;

	sip_begin(v, t->key);
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
	sip_word(v, load_le64(p + 32));
	hash = sip_end(v, octets);
	return ((uint32_t)(hash ^ hash >> 32));
}

static void *
map_zero(uint64_t count, size_t size)
{
	void	*p;

	if (count > SIZE_MAX / size) {
		errno = ENOMEM;
		return (NULL);
	}
	p = mmap(NULL, count * size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANON, -1, 0);
	if (p == MAP_FAILED) {
		errno = ENOMEM;
		return (NULL);
	}
	pages_prefer_large(p, count * size);
	return (p);
}

/*
 * Have the pages of the next records that were never used: few at first,
 * then a large one at a time.
 */
static void
populate(struct track *t)
{
	uintptr_t	at = (uintptr_t)&t->flows[t->populated];
	uintptr_t	end = (uintptr_t)&t->flows[t->capacity];
	uintptr_t	large = at & ~(PAGES_LARGE - 1);
	uint32_t	n = t->capacity - t->populated;

	if (t->populated > 0 && end - large >= PAGES_LARGE) {
		t->flows[t->populated].flags = 0;	/* has one page */
		if (pages_make_large((void *)large) == 0) {
			t->populated += (uint32_t)((large + PAGES_LARGE - at) /
			    sizeof(*t->flows));
			return;
		}
	}
	if (n > POPULATE)
		n = POPULATE;
	pages_populate((void *)at, n * sizeof(*t->flows));
	t->populated += n;
}

struct track *
track_new(uint32_t max_flows, const uint8_t secret[16],
    const struct track_memory *memory)
{
	struct track	*t;
	uint64_t	 buckets;

	if (max_flows == 0 || max_flows > LIMIT_MAX_FLOWS) {
		errno = EINVAL;
		return (NULL);
	}
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return (NULL);
	/* At most two thirds full: a search ends in a cache line or two. */
	for (buckets = 2; buckets < max_flows + (uint64_t)max_flows / 2;
	    buckets *= 2)
		continue;
	t->mask = (uint32_t)(buckets - 1);
	t->max = max_flows;
	t->capacity = max_flows + TRACK_SPARE;
	t->free = TRACK_NONE;
	t->key[0] = load_le64(secret);
	t->key[1] = load_le64(secret + 8);
	t->own = memory == NULL;
	t->top = t->own ? &t->own_top : memory->top;
	t->flows = t->own ? map_zero(t->capacity, sizeof(*t->flows)) :
	    memory->flows;
	if (t->flows == NULL ||
	    (t->index = map_zero(buckets, sizeof(*t->index))) == NULL) {
		track_free(t);
		errno = ENOMEM;
		return (NULL);
	}
	t->populated = *t->top;
	return (t);
}

void
track_free(struct track *t)
{
	if (t == NULL)
		return;
	if (t->own && t->flows != NULL)
		munmap(t->flows, (size_t)t->capacity * sizeof(*t->flows));
	if (t->index != NULL)
		munmap(t->index, ((size_t)t->mask + 1) * sizeof(*t->index));
	freezero(t, sizeof(*t));
}

void
track_prefetch(const struct track *t, uint32_t hash)
{
	__builtin_prefetch(&t->index[hash & t->mask]);
}

void
track_prefetch_flow(const struct track *t, uint32_t idx)
{
	__builtin_prefetch(&t->flows[idx].octets, 1);
	__builtin_prefetch(&t->flows[idx].key, 1);
}

void
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

uint32_t
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

/* A record that was never used; there is one. */
static uint32_t
fresh_record(struct track *t)
{
	if (*t->top >= t->populated)
		populate(t);
	return ((*t->top)++);
}

static void
index_add(struct track *t, uint32_t idx, uint32_t hash)
{
	uint32_t	pos;

	for (pos = hash & t->mask; t->index[pos].flow != 0;
	    pos = (pos + 1) & t->mask)
		continue;
	t->index[pos].hash = hash;
	t->index[pos].flow = idx + 1;
	t->count++;
}

uint32_t
track_insert(struct track *t, const struct flow_key *key, uint32_t hash)
{
	struct flow	*f;
	uint32_t	 idx;

	if (t->count >= t->max)
		return (TRACK_NONE);
	if ((idx = t->free) != TRACK_NONE)
		t->free = t->flows[idx].next;
	else if (*t->top < t->capacity)
		idx = fresh_record(t);
	else
		return (TRACK_NONE);
	f = &t->flows[idx];
	memset(f, 0, sizeof(*f));
	f->key = *key;
	f->hash = hash;
	order_stores();
	f->flags = FLOW_USED;
	index_add(t, idx, hash);
	return (idx);
}

void
track_adopt(struct track *t, uint32_t idx)
{
	struct flow	*f = &t->flows[idx];

	f->hash = track_hash(t, &f->key);
	index_add(t, idx, f->hash);
}

void
track_end(struct track *t, uint32_t idx, uint8_t reason)
{
	struct flow	*f = &t->flows[idx];
	uint32_t	 hole, home, pos;

	hole = f->hash & t->mask;
	while (t->index[hole].flow != idx + 1)
		hole = (hole + 1) & t->mask;
	/*
	 * Close the hole with the next entry that may stand there: one whose
	 * own bucket is not behind the hole.
	 */
	for (pos = (hole + 1) & t->mask; t->index[pos].flow != 0;
	    pos = (pos + 1) & t->mask) {
		home = t->index[pos].hash & t->mask;
		if (((pos - home) & t->mask) < ((pos - hole) & t->mask))
			continue;
		t->index[hole] = t->index[pos];
		hole = pos;
	}
	t->index[hole].flow = 0;
	t->count--;
	f->reason = reason;
	order_stores();
	f->flags |= FLOW_ENDED;
}

void
track_release(struct track *t, uint32_t idx)
{
	struct flow	*f = &t->flows[idx];

	f->flags = 0;
	f->next = t->free;
	t->free = idx;
}

void
track_remove(struct track *t, uint32_t idx)
{
	track_end(t, idx, 0);
	track_release(t, idx);
}

void
track_update(struct flow *f, const struct packet *pkt)
{
	unsigned int	d = pkt->dir;

	if (f->packets[d] == 0) {
		if (f->packets[!d] == 0) {
			f->ifindex = pkt->ifindex;
			if (d == 1)
				f->flags |= FLOW_INITIATOR;
		}
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

struct flow *
track_flow(const struct track *t, uint32_t idx)
{
	return (&t->flows[idx]);
}

uint32_t
track_next(const struct track *t, uint32_t idx)
{
	for (; idx < *t->top; idx++)
		if ((t->flows[idx].flags & (FLOW_USED | FLOW_ENDED)) ==
		    FLOW_USED)
			return (idx);
	return (TRACK_NONE);
}

uint32_t
track_count(const struct track *t)
{
	return (t->count);
}

uint32_t
track_max(const struct track *t)
{
	return (t->max);
}

uint32_t
track_top(const struct track *t)
{
	return (*t->top);
}
