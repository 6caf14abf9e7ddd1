/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Templates of others, bounded in number and size.  Worker, confined; pure. */

#include "netflow.h"
#include "packet_link.h"
#include "psamp_template.h"

#define ENTERPRISE	0x8000
#define TEMPLATE_HEAD	4	/* id, number of fields */
#define OPTIONS_HEAD	6	/* and number of those that scope */

/* Where that id is, or a free place; NULL: there is none. */
static struct psamp_template *
place_for(struct psamp_session *s, uint16_t id)
{
	struct psamp_template	*t, *empty = NULL;

	for (t = s->template; t < s->template + PSAMP_TEMPLATES; t++) {
		if (t->id == id)
			return (t);
		if (t->id == 0 && empty == NULL)
			empty = t;
	}
	return (empty);
}

static void
forget(struct psamp_session *s, uint16_t id, uint16_t set_id)
{
	struct psamp_template	*t;

	for (t = s->template; t < s->template + PSAMP_TEMPLATES; t++)
		/* The set's own id stands for all of its kind. */
		if (t->id == id || (id == set_id && t->id != 0 &&
		    t->options == (set_id == IPFIX_OPTIONS)))
			t->id = 0;
}

static uint32_t
least_octets(const struct psamp_field *f)
{
	return (f->length == PSAMP_VARIABLE ? 1 : f->length);
}

/* A record of more is longer than any message. */
static uint16_t
bounded(uint32_t least)
{
	return (least < UINT16_MAX ? (uint16_t)least : UINT16_MAX);
}

/*
 * Fields at p into t, of which as many are kept as have room.  Those of no
 * octets are not: they say nothing, but would be gone through for each record.
 * Returns where they end; NULL if that is beyond end.
 */
static const uint8_t *
take_fields(struct psamp_template *t, const uint8_t *p, const uint8_t *end)
{
	struct psamp_field	f;
	uint32_t		least = 0;
	uint16_t		i, kept = 0;

	for (i = 0; i < t->count; i++) {
		if (end - p < 4)
			return (NULL);
		f.element = be16(p);
		f.length = be16(p + 2);
		p += 4;
		if (f.element & ENTERPRISE) {
			if (end - p < 4)
				return (NULL);
			p += 4;
			f.element = 0;
		}
		least += least_octets(&f);
		if (f.length == 0)
			continue;
		if (kept < PSAMP_FIELDS)
			t->field[kept] = f;
		kept++;
	}
	t->count = kept;
	t->least = bounded(least);
	return (p);
}

int
psamp_template_plausible(const struct psamp_template *t)
{
	uint32_t	least = 0;
	uint16_t	i;

	if (t->id < PSAMP_DATA_SETS || t->count > PSAMP_FIELDS ||
	    t->options > 1)
		return (0);
	for (i = 0; i < t->count; i++)
		least += least_octets(&t->field[i]);
	return (t->least == bounded(least) && least > 0);
}

void
psamp_template_learn(struct psamp_session *s, uint16_t set_id,
    const uint8_t *set, const uint8_t *end, struct counters *c)
{
	struct psamp_template	 t, *place;
	ptrdiff_t		 head;

	if (set_id != IPFIX_TEMPLATES && set_id != IPFIX_OPTIONS)
		return;
	head = set_id == IPFIX_OPTIONS ? OPTIONS_HEAD : TEMPLATE_HEAD;
	/* What is shorter than any is padding. */
	while (set != NULL && end - set >= TEMPLATE_HEAD) {
		memset(&t, 0, sizeof(t));
		t.id = be16(set);
		t.count = be16(set + 2);
		t.options = set_id == IPFIX_OPTIONS;
		if (t.count == 0) {
			forget(s, t.id, set_id);
			set += TEMPLATE_HEAD;
			continue;
		}
		if (t.id < PSAMP_DATA_SETS || end - set < head ||
		    (set = take_fields(&t, set + head, end)) == NULL) {
			/* Nobody knows where the next one begins. */
			c->psamp_bad_templates++;
			return;
		}
		place = place_for(s, t.id);
		if (place != NULL && t.count <= PSAMP_FIELDS && t.least > 0)
			*place = t;
		else {
			c->psamp_bad_templates++;
			forget(s, t.id, 0);
		}
	}
}
