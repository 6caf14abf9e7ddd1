/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Messages that wait, in memory that outlives the worker. */

#include <errno.h>
#include <string.h>

#include "order.h"
#include "stream_state.h"

#define STREAM_MAGIC	0x7366645f73747265ULL
#define STREAM_BOOT_MAX	(INT64_C(1) << 60)	/* leaves room to add to */

size_t
stream_queue_size(size_t octets)
{
	return (sizeof(struct stream_queue) + octets);
}

struct stream_state *
stream_draft(struct stream *s)
{
	struct stream_state	*d = &s->queue->state[!s->queue->current];

	*d = *stream_state(s);
	return (d);
}

void
stream_commit(struct stream *s)
{
	order_stores();
	s->queue->current = !s->queue->current;
	order_stores();
}

void
stream_copy(const struct stream *s, uint64_t at, void *p, size_t len)
{
	size_t	off = at & (s->size - 1), n = s->size - off;

	if (n > len)
		n = len;
	memcpy(p, s->queue->data + off, n);
	memcpy((uint8_t *)p + n, s->queue->data, len - n);
}

void
stream_peek(const struct stream *s, uint64_t at, struct stream_message *m)
{
	stream_copy(s, at, m, sizeof(*m));
}

static void
store(struct stream *s, uint64_t at, const void *p, size_t len)
{
	size_t	off = at & (s->size - 1), n = s->size - off;

	if (n > len)
		n = len;
	memcpy(s->queue->data + off, p, n);
	memcpy(s->queue->data, (const uint8_t *)p + n, len - n);
}

void
stream_init(struct stream *s, const struct export_counters *before)
{
	memset(s->queue, 0, sizeof(*s->queue));
	s->queue->magic = STREAM_MAGIC;
	s->queue->size = s->size;
	if (before != NULL)
		s->queue->state[0].counters = *before;
}

static int
has_room(const struct stream *s, size_t octets)
{
	const struct stream_state	*now = stream_state(s);

	return (s->size - (now->tail - now->head) >= octets);
}

int
stream_room(struct stream *s, size_t len)
{
	len += sizeof(struct stream_message);
	if (!has_room(s, len) && !s->asked)
		stream_acknowledge(s);
	return (has_room(s, len));
}

uint64_t
stream_waiting_octets(const struct stream *s)
{
	const struct stream_state	*now = stream_state(s);

	return (now->tail - now->sent -
	    now->waiting * sizeof(struct stream_message));
}

uint64_t
stream_used(const struct stream *s)
{
	return (stream_state(s)->tail - stream_state(s)->head);
}

uint64_t
stream_size(const struct stream *s)
{
	return (s->size);
}

int
stream_append(struct stream *s, const uint8_t *message, size_t len,
    const struct stream_piece *piece)
{
	struct stream_message	 m = { 0 };
	struct stream_state	*d;
	int			 error = 0;

	if (len < s->config.encoder->header || len > DATAGRAM_SIZE)
		error = EMSGSIZE;
	else if (!stream_room(s, len))
		error = ENOBUFS;
	d = stream_draft(s);
	d->mark = piece->mark;
	if (error != 0) {
		d->counters.failures++;
		d->counters.records_lost += piece->records;
		stream_commit(s);
		errno = error;
		return (-1);
	}
	m.at = d->tail;
	m.boot_ms = piece->boot_ms;
	m.len = (uint32_t)len;
	m.advance = piece->advance;
	m.records = piece->records;
	store(s, d->tail, &m, sizeof(m));
	store(s, d->tail + sizeof(m), message, len);
	d->tail += sizeof(m) + len;
	d->waiting++;
	d->waiting_records += m.records;
	stream_commit(s);
	return (0);
}

static int
state_plausible(const struct stream *s)
{
	const struct stream_queue	*q = s->queue;
	const struct stream_state	*now;
	uint64_t			 room;

	if (q->magic != STREAM_MAGIC || q->size != s->size || q->current > 1)
		return (0);
	now = stream_state(s);
	room = now->tail - now->sent;
	return (now->tail - now->head <= s->size &&
	    now->sent - now->head <= now->tail - now->head &&
	    now->waiting <= room / sizeof(struct stream_message) &&
	    now->waiting_records <= room);
}

/* Whether a whole message stands there, and ends at limit or before. */
static int
message_plausible(const struct stream *s, uint64_t at, uint64_t limit,
    struct stream_message *m)
{
	uint8_t	start[4];

	if (limit - at < sizeof(*m) + s->config.encoder->header)
		return (0);
	stream_peek(s, at, m);
	if (m->at != at || m->len < s->config.encoder->header ||
	    m->len > DATAGRAM_SIZE || m->len > limit - at - sizeof(*m) ||
	    m->records > m->len || m->advance > m->len ||
	    m->boot_ms > STREAM_BOOT_MAX || m->boot_ms < -STREAM_BOOT_MAX)
		return (0);
	/* The collector finds the end of an IPFIX message by its length. */
	stream_copy(s, at + sizeof(*m), start, sizeof(start));
	return ((start[0] << 8 | start[1]) == s->config.version &&
	    (s->config.version != IPFIX_VERSION ||
	    (uint32_t)(start[2] << 8 | start[3]) == m->len));
}

/* Messages from a place to a limit, or to the first damaged one. */
static uint64_t
walk(const struct stream *s, uint64_t at, uint64_t limit, uint64_t *messages,
    uint64_t *records)
{
	struct stream_message	m;

	*messages = *records = 0;
	while (at != limit && message_plausible(s, at, limit, &m)) {
		at += sizeof(m) + m.len;
		++*messages;
		*records += m.records;
	}
	return (at);
}

int
stream_adopt(struct stream *s, const struct export_counters *before)
{
	struct stream_state	*d;
	uint64_t		 end, messages = 0, records = 0;

	if (!state_plausible(s)) {
		stream_init(s, before);
		return (-1);
	}
	d = stream_draft(s);
	end = walk(s, d->head, d->sent, &messages, &records);
	if (end != d->sent) {
		d->tail = d->sent = end;
		messages = records = 0;
	} else
		end = walk(s, d->sent, d->tail, &messages, &records);
	if (end == d->tail && messages == d->waiting &&
	    records == d->waiting_records)
		return (0);
	d->tail = end;
	if (d->waiting > messages)
		d->counters.failures += d->waiting - messages;
	if (d->waiting_records > records)
		d->counters.records_lost += d->waiting_records - records;
	d->waiting = messages;
	d->waiting_records = records;
	stream_commit(s);
	return (-1);
}

uint64_t
stream_mark(const struct stream *s)
{
	return (stream_state(s)->mark);
}

const struct export_counters *
stream_counters(const struct stream *s)
{
	return (&stream_state(s)->counters);
}

uint64_t
stream_waiting(const struct stream *s, uint64_t *records)
{
	if (records != NULL)
		*records = stream_state(s)->waiting_records;
	return (stream_state(s)->waiting);
}
