/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * PSAMP (RFC 5476): packet reports, and the options that have to come with
 * them: which selectors made the selection, what each one is, how much they
 * saw and took.  Part of the test collector.
 */

#include <string.h>

#include "message.h"

/* NULL after RULE_LIMIT. */
static struct selection *
selection_find(struct message *m, uint64_t id, size_t off)
{
	struct session *s = m->session;
	struct selection *q;

	for (q = s->selections; q < s->selections + s->nselections; q++) {
		if (q->id == id)
			return (q);
	}
	if (s->nselections == SELECTORS_MAX) {
		message_fail(m, RULE_LIMIT, off);
		return (NULL);
	}
	s->nselections++;
	q->id = id;
	return (q);
}

/* When it was observed, by the finest time there is. */
static int
report_time(struct message *m, const struct found *f, struct report *r,
    size_t off)
{
	if (f->at[EL_OBSERVED_NS] != NULL)
		r->time_us = element_ntp_us(
		    element_number(f->at[EL_OBSERVED_NS]), 0xffffffff);
	else if (f->at[EL_OBSERVED_US] != NULL)
		r->time_us = element_ntp_us(
		    element_number(f->at[EL_OBSERVED_US]), 0xfffff800);
	else if (f->at[EL_OBSERVED_MS] != NULL)
		r->time_us = element_number(f->at[EL_OBSERVED_MS]) * 1000;
	else
		r->time_us = element_number(f->at[EL_OBSERVED_S]) * 1000000;
	if (r->time_us != 0 && r->time_us + 999999 <
	    m->session->boot_ms * 1000)
		return (message_fail(m, RULE_BEFORE_BOOT, off));
	return (0);
}

int
psamp_report(struct message *m, const struct found *f, size_t off)
{
	const struct decoder_config *c = &m->decoder->config;
	const struct value *section;
	struct selection *q;
	struct report r;
	int e = EL_SECTION_IP;

	memset(&r, 0, sizeof(r));
	while (f->at[e] == NULL)
		e++;
	section = f->at[e];
	if (section->length == 0 || (f->at[EL_SECTION_OCTETS] != NULL &&
	    element_number(f->at[EL_SECTION_OCTETS]) != section->length) ||
	    (f->at[EL_FRAME_SIZE] != NULL &&
	    element_number(f->at[EL_FRAME_SIZE]) < section->length))
		return (message_fail(m, RULE_SECTION_LENGTH, off));
	r.sequence_id = element_number(f->at[EL_SEQUENCE_ID]);
	if ((q = selection_find(m, r.sequence_id, off)) == NULL ||
	    report_time(m, f, &r, off) == -1)
		return (-1);
	q->seen |= SEEN_PACKETS;
	r.section = section->data;
	r.section_id = section->id;
	r.length = section->length;
	r.size = (uint32_t)element_number(f->at[EL_FRAME_SIZE]);
	r.source_id = m->session->source_id;
	m->flow_records++;
	m->result->reports++;
	if (c->report != NULL)
		c->report(c->arg, &r);
	return (0);
}

/* A selection sequence report: an observation point, selectors in order. */
static int
selection_selector(struct message *m, struct selection *q, size_t n,
    uint64_t id, size_t off)
{
	if (n == SELECTORS_MAX)
		return (message_fail(m, RULE_LIMIT, off));
	q->selectors[n] = id;
	q->nselectors = n + 1;
	q->seen |= SEEN_SEQUENCE;
	return (0);
}

/*
 * Statistics of a selection: each selector takes at most what the one before
 * it left.
 */
static int
selection_statistics(struct message *m, struct selection *q,
    const struct value *v, size_t n, uint64_t *left, size_t off)
{
	uint64_t selected = element_number(v);

	if (selected > *left)
		return (message_fail(m, RULE_SELECTED, off));
	*left = selected;
	q->seen |= SEEN_STATISTICS;
	return (options_total(m, v, (uint16_t)n, off));
}

static int
selection_options(struct message *m, const struct template *t,
    const struct found *f, size_t off)
{
	const struct value *v;
	struct selection *q;
	uint64_t left = UINT64_MAX;
	size_t i, nselectors = 0, nselected = 0;

	q = selection_find(m, element_number(f->at[EL_SEQUENCE_ID]), off);
	if (q == NULL)
		return (-1);
	for (i = t->nscopes; i < t->nfields; i++) {
		v = &m->decoder->values[i];
		if (v->enterprise != 0)
			continue;
		if (v->id == 302 && selection_selector(m, q, nselectors++,
		    element_number(v), off) == -1)
			return (-1);
		if (v->id == 319 && selection_statistics(m, q, v, nselected++,
		    &left, off) == -1)
			return (-1);
	}
	if (nselected > 0 && q->nselectors > 0 && nselected != q->nselectors)
		return (message_fail(m, RULE_SELECTED, off));
	return (0);
}

/* An options record may be any of the three, by its scope. */
int
psamp_options(struct message *m, const struct template *t,
    const struct found *f, size_t off)
{
	struct session *s = m->session;
	uint64_t id;
	size_t i;

	if (m->version != 10)
		return (0);
	if (f->at[EL_SEQUENCE_ID] != NULL && f->at[EL_SEQUENCE_ID]->scope)
		return (selection_options(m, t, f, off));
	if (f->at[EL_SELECTOR_ID] == NULL || !f->at[EL_SELECTOR_ID]->scope ||
	    f->at[EL_SELECTOR_ALGORITHM] == NULL)
		return (0);
	id = element_number(f->at[EL_SELECTOR_ID]);
	for (i = 0; i < s->nselectors; i++) {
		if (s->selectors[i] == id)
			return (0);
	}
	if (s->nselectors == SELECTORS_MAX)
		return (message_fail(m, RULE_LIMIT, off));
	s->selectors[s->nselectors++] = id;
	return (0);
}

/* What had to come with the packet reports of a session and did not. */
enum rule
psamp_missing(const struct session *s)
{
	const struct selection *q;
	size_t i, n;

	for (q = s->selections; q < s->selections + s->nselections; q++) {
		if (!(q->seen & SEEN_PACKETS))
			continue;
		if (!(q->seen & SEEN_SEQUENCE))
			return (RULE_NO_SEQUENCE);
		if (!(q->seen & SEEN_STATISTICS))
			return (RULE_NO_STATISTICS);
		for (i = 0; i < q->nselectors; i++) {
			for (n = 0; n < s->nselectors; n++) {
				if (s->selectors[n] == q->selectors[i])
					break;
			}
			if (n == s->nselectors)
				return (RULE_NO_SELECTOR);
		}
	}
	return (RULE_NONE);
}
