/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The memory that outlives a worker.  The parent asks for its size only; the
 * worker maps it before it is confined.
 */

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "estate.h"
#include "order.h"
#include "pages.h"

#define ESTATE_MAGIC	0x7366645f666c6f78ULL
#define BATCH_SLOT_BITS	8
_Static_assert(MAX_CAPTURE <= 1U << BATCH_SLOT_BITS, "a slot has room");

/* A large page cannot reach over the end. */
static size_t
whole_pages(size_t octets)
{
	return ((octets + PAGES_LARGE - 1) & ~(PAGES_LARGE - 1));
}

/* Head and records; what follows begins a large page. */
static size_t
records_size(uint32_t max_flows)
{
	return (whole_pages(ESTATE_RECORDS +
	    ((size_t)max_flows + TRACK_SPARE) * sizeof(struct flow)));
}

static size_t
sides_size(uint32_t max_flows)
{
	return (whole_pages(((size_t)max_flows + TRACK_SPARE) *
	    sizeof(struct flow_side)));
}

/* Where senders are: behind all that is of flows. */
static size_t
senders_at(uint32_t max_flows, int side)
{
	return (records_size(max_flows) + (side ? sides_size(max_flows) : 0));
}

size_t
estate_size(uint32_t max_flows, int side)
{
	return (senders_at(max_flows, side) +
	    whole_pages(ESTATE_SENDERS * sizeof(struct psamp_sessions)) +
	    MAX_EXPORT * whole_pages(stream_queue_size(ESTATE_QUEUE)));
}

struct estate *
estate_map(int fd, uint32_t max_flows, int side)
{
	size_t		 size = estate_size(max_flows, side);
	size_t		 skip;
	struct stat	 sb;
	uint8_t		*space;
	void		*p;

	if (fd != -1) {
		if (fstat(fd, &sb) == -1)
			return (NULL);
		if (sb.st_size != (off_t)size) {
			errno = EINVAL;
			return (NULL);
		}
	}
	/* Where a large page can begin. */
	space = mmap(NULL, size + PAGES_LARGE, PROT_NONE,
	    MAP_PRIVATE | MAP_ANON, -1, 0);
	if (space == MAP_FAILED)
		return (NULL);
	skip = PAGES_LARGE - ((uintptr_t)space & (PAGES_LARGE - 1));
	p = mmap(space + skip, size, PROT_READ | PROT_WRITE,
	    (fd == -1 ? MAP_PRIVATE | MAP_ANON : MAP_SHARED) | MAP_FIXED,
	    fd, 0);
	munmap(space, skip);
	if (skip < PAGES_LARGE)
		munmap(space + skip + size, PAGES_LARGE - skip);
	return (p == MAP_FAILED ? NULL : p);
}

void
estate_unmap(struct estate *es, uint32_t max_flows, int side)
{
	if (es != NULL)
		munmap(es, estate_size(max_flows, side));
}

/* Records are aligned; all else begins on a page of its own. */
_Static_assert(ESTATE_RECORDS % _Alignof(struct flow) == 0, "flows are apart");

struct track_memory
estate_records(struct estate *es)
{
	return ((struct track_memory){
	    (struct flow *)(void *)((uint8_t *)es + ESTATE_RECORDS),
	    &es->top });
}

struct flow_side *
estate_sides(struct estate *es, uint32_t max_flows)
{
	return ((struct flow_side *)(void *)((uint8_t *)es +
	    records_size(max_flows)));
}

struct psamp_sessions *
estate_senders(struct estate *es, uint32_t max_flows, int side)
{
	return ((struct psamp_sessions *)(void *)((uint8_t *)es +
	    senders_at(max_flows, side)));
}

struct stream_queue *
estate_queue(struct estate *es, uint32_t max_flows, int side,
    unsigned int slot)
{
	size_t	size = whole_pages(stream_queue_size(ESTATE_QUEUE));

	return ((struct stream_queue *)(void *)((uint8_t *)es +
	    estate_size(max_flows, side) - (MAX_EXPORT - slot) * size));
}

void
estate_init(struct estate *es, uint32_t max_flows)
{
	memset(es, 0, sizeof(*es));
	es->size = sizeof(*es);
	es->capacity = max_flows + TRACK_SPARE;
	arc4random_buf(es->secret, sizeof(es->secret));
	es->magic = ESTATE_MAGIC;
}

int
estate_valid(const struct estate *es, uint32_t max_flows)
{
	return (es->magic == ESTATE_MAGIC && es->size == sizeof(*es) &&
	    es->capacity == max_flows + TRACK_SPARE &&
	    es->top <= es->capacity && es->current < 2 &&
	    interfaces_valid(&es->interfaces));
}

struct estate_state *
estate_current(struct estate *es)
{
	return (&es->state[es->current]);
}

struct estate_state *
estate_draft(struct estate *es)
{
	return (&es->state[!es->current]);
}

void
estate_commit(struct estate *es)
{
	order_stores();
	es->current = !es->current;
	order_stores();
}

/*
 * Between the two stores the slot is where it was, and no batch is in hand
 * that has frames.
 */
uint64_t *
estate_begin_batch(struct estate *es, unsigned int slot,
    const struct capture_mark *capture)
{
	struct estate_place	*place = &es->place[slot];
	struct estate_mark	*mark = &place->mark[(place->batch + 1) % 2];

	mark->capture = *capture;
	mark->frames = 0;
	order_stores();
	place->batch++;
	order_stores();
	es->batch = ((es->batch >> BATCH_SLOT_BITS) + 1) << BATCH_SLOT_BITS |
	    slot;
	order_stores();
	return (&mark->frames);
}

const struct estate_mark *
estate_batch(const struct estate *es)
{
	const struct estate_place	*place;
	unsigned int			 slot;

	slot = es->batch & ((1U << BATCH_SLOT_BITS) - 1);
	if (slot >= MAX_CAPTURE)
		return (NULL);
	place = &es->place[slot];
	return (&place->mark[place->batch % 2]);
}

struct capture_mark
estate_place(const struct estate *es, unsigned int slot)
{
	const struct estate_place	*place = &es->place[slot];
	const struct estate_mark	*mark = &place->mark[place->batch % 2];
	struct capture_mark		 at = mark->capture;

	at.frames += mark->frames;
	return (at);
}
