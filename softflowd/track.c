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
#include "track.h"

#define POPULATE	2048U	/* records whose pages are fetched together */

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
 * then a large one at a time.  done: records that have theirs; returns how
 * many have.
 */
static uint32_t
populate_slab(void *records, size_t size, uint32_t capacity, uint32_t done)
{
	uint8_t		*next = (uint8_t *)records + done * size;
	uintptr_t	 at = (uintptr_t)next;
	uintptr_t	 end = (uintptr_t)records + capacity * size;
	uintptr_t	 large = at & ~(PAGES_LARGE - 1);
	uint32_t	 n = capacity - done;

	if (done > 0 && end - large >= PAGES_LARGE) {
		*next = 0;	/* has one page */
		if (pages_make_large((void *)large) == 0)
			return (done +
			    (uint32_t)((large + PAGES_LARGE - at) / size));
	}
	if (n > POPULATE)
		n = POPULATE;
	pages_populate(next, n * size);
	return (done + n);
}

static void
populate(struct track *t)
{
	t->populated = populate_slab(t->flows, sizeof(*t->flows),
	    t->capacity, t->populated);
	while (t->sides != NULL && t->sides_populated < t->populated)
		t->sides_populated = populate_slab(t->sides,
		    sizeof(*t->sides), t->capacity, t->sides_populated);
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
track_extend(struct track *t, struct flow_side *sides, int keyed)
{
	t->sides = sides;
	t->sides_populated = *t->top;
	t->keyed = keyed;
}

uint32_t
track_hash_side(const struct track *t, const struct flow_key *key,
    const struct side_key *more)
{
	uint64_t	hash, octets, v[4];

	sip_begin(v, t->key);
	octets = track_hash_key(v, key);
	octets += track_hash_more(v, more);
	hash = sip_end(v, octets);
	return ((uint32_t)(hash ^ hash >> 32));
}

uint32_t
track_find_side(const struct track *t, const struct flow_key *key,
    const struct side_key *more, uint32_t hash)
{
	const struct bucket	*b;
	uint32_t		 pos;

	for (pos = hash & t->mask;; pos = (pos + 1) & t->mask) {
		b = &t->index[pos];
		if (b->flow == 0)
			return (TRACK_NONE);
		if (b->hash == hash &&
		    memcmp(&t->flows[b->flow - 1].key, key,
		    sizeof(*key)) == 0 &&
		    memcmp(&t->sides[b->flow - 1].key, more,
		    sizeof(*more)) == 0)
			return (b->flow - 1);
	}
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
	if (t->sides != NULL)
		memset(&t->sides[idx], 0, sizeof(*t->sides));
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

	f->hash = t->keyed ?
	    track_hash_side(t, &f->key, &t->sides[idx].key) :
	    track_hash(t, &f->key);
	index_add(t, idx, f->hash);
}

/* Take an entry out of the index. */
static void
index_remove(struct track *t, uint32_t idx)
{
	uint32_t	hole, home, pos;

	hole = t->flows[idx].hash & t->mask;
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
}

void
track_end(struct track *t, uint32_t idx, uint8_t reason)
{
	struct flow	*f = &t->flows[idx];

	if (!t->closed)
		index_remove(t, idx);
	t->count--;
	f->reason = reason;
	f->pending = FLOW_PENDING;
	order_stores();
	f->flags |= FLOW_ENDED;
}

void
track_close(struct track *t)
{
	t->closed = 1;
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

size_t
track_index_size(const struct track *t)
{
	return (((size_t)t->mask + 1) * sizeof(*t->index));
}

uint32_t
track_top(const struct track *t)
{
	return (*t->top);
}
