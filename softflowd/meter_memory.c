/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the metering process takes of the machine's memory. */

#include <string.h>

#include "compat.h"
#include "meter_state.h"

struct rows {
	struct ctl_memory	*row;
	unsigned int		 count, max;
};

static void
add(struct rows *r, const char *use, uint64_t octets, uint64_t used,
    uint64_t entries, uint64_t entries_max)
{
	struct ctl_memory	*row = &r->row[r->count];

	if (r->count == r->max)
		return;
	memset(row, 0, sizeof(*row));
	strlcpy(row->use, use, sizeof(row->use));
	row->octets = octets;
	row->octets_used = used;
	row->entries = entries;
	row->entries_max = entries_max;
	r->count++;
}

/* Records that were never used have not been touched. */
static void
add_records(struct rows *r, const char *use, const struct meter *m,
    size_t size)
{
	uint64_t	records = (uint64_t)m->conf.max_flows + TRACK_SPARE;

	add(r, use, records * size, (uint64_t)track_top(m->track) * size,
	    track_count(m->track), m->conf.max_flows);
}

static void
add_fragments(struct rows *r, const struct fragment_table *t)
{
	uint32_t	entries, max;
	size_t		octets;

	octets = fragment_size(t, &entries, &max);
	add(r, "fragments", octets, octets, entries, max);
}

/* A collector's queue is gone round in, so all of it is touched in time. */
static void
add_exports(struct rows *r, const struct meter *m)
{
	const uint64_t		queue = stream_queue_size(ESTATE_QUEUE);
	const uint64_t		hands = EXPORT_LANES *
				    sizeof(struct export_hand);
	struct summary_export	row;
	uint64_t		queued = 0, streams = 0;
	unsigned int		i, n = exports_count(m->exports);

	for (i = 0; i < n; i++) {
		memset(&row, 0, sizeof(row));
		exports_row(m->exports, i, &row);
		streams += row.transport != TRANSPORT_UDP;
		queued += row.queued;
	}
	add(r, "datagrams", MAX_EXPORT * hands, n * hands, n, MAX_EXPORT);
	add(r, "stream queues", MAX_EXPORT * queue, streams * queue, queued,
	    0);
}

unsigned int
meter_memory(const struct meter *m, struct ctl_memory *row, unsigned int max)
{
	struct rows	r = { row, 0, max };
	size_t		index = track_index_size(m->track);
	size_t		wheel = expire_size(m->expire);

	add_records(&r, "flows", m, sizeof(struct flow));
	if (m->how.side)
		add_records(&r, "side records", m, sizeof(struct flow_side));
	add(&r, "index", index, index, 0, 0);
	add(&r, "timer wheel", wheel, wheel, 0, 0);
	if (m->fragments != NULL)
		add_fragments(&r, m->fragments);
	add_exports(&r, m);
	return (r.count);
}
