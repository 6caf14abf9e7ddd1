/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Sessions: one exporting process over one transport, its sequence numbers,
 * clocks and totals.  Part of the test collector.
 */

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "message.h"

#define WRAP_MS		(1ULL << 32)	/* of uptime */
#define SLACK_MS	100	/* a new process reads the clocks anew */

static int
exporter_same(const struct exporter *a, const struct exporter *b)
{
	return (a->port == b->port && a->family == b->family &&
	    a->carrier == b->carrier &&
	    memcmp(a->addr, b->addr, sizeof(a->addr)) == 0);
}

/* Find or begin the session of this datagram. */
int
session_open(struct message *m, uint32_t source_id)
{
	struct decoder *d = m->decoder;
	struct session *s;

	m->result->source_id = source_id;
	SLIST_FOREACH(s, &d->sessions, entry) {
		if (s->version == m->version && s->source_id == source_id &&
		    exporter_same(&s->exporter, m->from))
			break;
	}
	if (s == NULL) {
		if (d->nsessions == SESSIONS_MAX ||
		    (s = calloc(1, sizeof(*s))) == NULL)
			return (message_fail(m, RULE_LIMIT, 0));
		SLIST_INIT(&s->templates);
		s->exporter = *m->from;
		s->version = m->version;
		s->source_id = source_id;
		/* A connection is seen from its start, and that is 0. */
		if (m->from->carrier != CARRIER_UDP && m->version == 10)
			s->sequence_known = 1;
		SLIST_INSERT_HEAD(&d->sessions, s, entry);
		d->nsessions++;
	}
	m->session = s;
	return (0);
}

/* Note a gap against what the datagrams before let expect. */
void
session_sequence(struct message *m, uint32_t got)
{
	struct session *s = m->session;

	/* That of v9 may begin with 1. */
	if (s->messages == 0)
		s->whole = got <= (m->version == 9);
	if (s->sequence_known && s->sequence != got) {
		m->result->gap = 1;
		m->result->expected = s->sequence;
		m->result->got = got;
	}
	s->sequence = got;
	s->sequence_known = 0;	/* until the datagram has proved right */
}

void
session_advance(struct message *m, uint32_t by)
{
	m->session->sequence += by;
	m->session->sequence_known = 1;
}

int
session_time(struct message *m, size_t off)
{
	uint64_t before = m->session->time_us;

	/* Taken in either case: one step is one error. */
	m->session->time_us = m->time_us;
	if (m->time_us < before)
		return (message_fail(m, RULE_EXPORT_TIME, off));
	return (0);
}

/* Uptime goes forward and begins again at 2^32; before session_time(). */
int
session_uptime(struct message *m, size_t off)
{
	struct session *s = m->session;
	uint32_t before = s->uptime_ms;
	int known = s->uptime_known;

	s->uptime_ms = m->uptime_ms;
	s->uptime_known = 1;
	if (!known || m->time_us < s->time_us)
		return (0);
	/* After so long a pause one cannot tell. */
	if (m->time_us - s->time_us >= WRAP_MS / 2 * 1000) {
		s->uptime_wrapped = 1;
		return (0);
	}
	if ((int32_t)(m->uptime_ms - before) < -SLACK_MS)
		return (message_fail(m, RULE_UPTIME, off));
	if (m->uptime_ms < before && before - m->uptime_ms > SLACK_MS)
		s->uptime_wrapped = 1;
	return (0);
}

/* Once a message is read: both dialects have to say the same rate. */
int
session_rates(struct message *m)
{
	const uint64_t *rates = m->session->rates;

	if (!m->rates || rates[RATE_OLD] == 0 || rates[RATE_SELECTOR] == 0 ||
	    rates[RATE_OLD] == rates[RATE_SELECTOR])
		return (0);
	return (message_fail(m, RULE_SAMPLING_DIFFERS, 0));
}

/* Count a message for the totals of those behind it. */
void
session_count(struct message *m, int failed)
{
	struct session *s = m->session;

	if (failed || m->result->gap)
		s->whole = 0;
	s->octets += m->len;
	s->messages++;
	s->flow_records += m->flow_records;
}

static void
session_free(struct decoder *d, struct session *s)
{
	SLIST_REMOVE(&d->sessions, s, session, entry);
	d->nsessions--;
	template_free_all(d, s);
	free(s);
}

int
decoder_end(struct decoder *d, const struct exporter *from,
    struct result *result)
{
	struct session *s, *next;
	enum rule rule;

	memset(result, 0, sizeof(*result));
	for (s = SLIST_FIRST(&d->sessions); s != NULL; s = next) {
		next = SLIST_NEXT(s, entry);
		if (from != NULL && !exporter_same(&s->exporter, from))
			continue;
		if ((rule = psamp_missing(s)) != RULE_NONE) {
			result->rule = rule;
			result->version = s->version;
			result->source_id = s->source_id;
		}
		session_free(d, s);
	}
	return (result->rule == RULE_NONE ? 0 : -1);
}
