/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Templates and options templates of v9 and IPFIX: reading, checking and
 * keeping them for the session.  Part of the test collector.
 */

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "message.h"

/* What stands before the field specifiers. */
struct head {
	size_t		 nfields;
	size_t		 nscopes;
	size_t		 length;	/* octets of the head itself */
	uint16_t	 id;
};

const struct template *
template_find(const struct session *s, uint16_t id)
{
	const struct template *t;

	SLIST_FOREACH(t, &s->templates, entry) {
		if (t->id == id)
			return (t);
	}
	return (NULL);
}

void
template_free_all(struct decoder *d, struct session *s)
{
	struct template *t;

	while ((t = SLIST_FIRST(&s->templates)) != NULL) {
		SLIST_REMOVE_HEAD(&s->templates, entry);
		d->ntemplates--;
		free(t);
	}
}

static void
template_forget(struct decoder *d, struct session *s, uint16_t id)
{
	struct template *t;

	SLIST_FOREACH(t, &s->templates, entry) {
		if (t->id == id)
			break;
	}
	if (t == NULL)
		return;
	SLIST_REMOVE(&s->templates, t, template, entry);
	d->ntemplates--;
	free(t);
}

static int
template_same(const struct template *t, const struct head *h,
    const struct field *fields)
{
	size_t i;

	if (t->nfields != h->nfields || t->nscopes != h->nscopes)
		return (0);
	for (i = 0; i < h->nfields; i++) {
		if (t->fields[i].enterprise != fields[i].enterprise ||
		    t->fields[i].id != fields[i].id ||
		    t->fields[i].length != fields[i].length)
			return (0);
	}
	return (1);
}

static int
template_keep(struct message *m, const struct head *h,
    const struct field *fields, size_t off)
{
	struct decoder *d = m->decoder;
	const struct template *old;
	struct template *t;
	size_t i;

	if ((old = template_find(m->session, h->id)) != NULL) {
		if (template_same(old, h, fields))
			return (0);
		/* What its data mean is no longer known. */
		template_forget(d, m->session, h->id);
		return (message_fail(m, RULE_REDEFINED, off));
	}
	if (d->ntemplates == TEMPLATES_MAX || (t = calloc(1, sizeof(*t) +
	    h->nfields * sizeof(*fields))) == NULL)
		return (message_fail(m, RULE_LIMIT, off));
	t->id = h->id;
	t->nfields = h->nfields;
	t->nscopes = h->nscopes;
	for (i = 0; i < h->nfields; i++) {
		t->fields[i] = fields[i];
		t->length += fields[i].length == FIELD_VARIABLE ? 1 :
		    fields[i].length;
	}
	SLIST_INSERT_HEAD(&m->session->templates, t, entry);
	d->ntemplates++;
	return (0);
}

/* v9 gives octets of specifiers, IPFIX numbers of fields. */
static int
options_head(struct message *m, size_t off, size_t end, struct head *h)
{
	size_t first, second;

	if (end - off < 6)
		return (message_fail(m, RULE_TEMPLATE_CUT, off));
	h->length = 6;
	first = (size_t)decode_number(m->buf + off + 2, 2);
	second = (size_t)decode_number(m->buf + off + 4, 2);
	if (m->version == 9) {
		if (first == 0 || first % 4 != 0)
			return (message_fail(m, RULE_SCOPE, off + 2));
		if (second == 0 || second % 4 != 0)
			return (message_fail(m, RULE_FIELD_COUNT, off + 4));
		h->nfields = (first + second) / 4;
		h->nscopes = first / 4;
		return (0);
	}
	if (second == 0 || second > first)
		return (message_fail(m, RULE_SCOPE, off + 4));
	h->nfields = first;
	h->nscopes = second;
	return (0);
}

/* off to end holds at least 4 octets. */
static int
template_head(struct message *m, uint16_t set_id, size_t off, size_t end,
    struct head *h)
{
	int options = set_id == 1 || set_id == 3;

	memset(h, 0, sizeof(*h));
	h->id = (uint16_t)decode_number(m->buf + off, 2);
	h->nfields = (size_t)decode_number(m->buf + off + 2, 2);
	if (m->version == 10 && h->nfields == 0 &&
	    (h->id >= 256 || h->id == set_id))
		return (message_fail(m, RULE_WITHDRAWAL, off));
	if (h->id < 256)
		return (message_fail(m, RULE_TEMPLATE_ID, off));
	h->length = 4;
	if (options && options_head(m, off, end, h) == -1)
		return (-1);
	if (h->nfields == 0)
		return (message_fail(m, RULE_FIELD_COUNT, off + 2));
	if (h->nfields > (end - off - h->length) / 4)
		return (message_fail(m, RULE_TEMPLATE_CUT, off));
	if (h->nfields > FIELDS_MAX)
		return (message_fail(m, RULE_LIMIT, off));
	return (0);
}

/* Read one field specifier at *off; scope: with v9's own element numbers. */
static int
template_field(struct message *m, struct field *f, int scope, size_t *off,
    size_t end)
{
	size_t len = 4;

	if (end - *off < len)
		return (message_fail(m, RULE_TEMPLATE_CUT, *off));
	memset(f, 0, sizeof(*f));
	f->id = (uint16_t)decode_number(m->buf + *off, 2);
	f->length = (uint16_t)decode_number(m->buf + *off + 2, 2);
	if (m->version == 10 && f->id & 0x8000) {
		len = 8;
		if (end - *off < len)
			return (message_fail(m, RULE_TEMPLATE_CUT, *off));
		f->id &= 0x7fff;
		f->enterprise = (uint32_t)decode_number(m->buf + *off + 4, 4);
	}
	if (len == 4 && !(m->version == 9 && scope))
		f->element = (uint8_t)element_find(f->id);
	if (f->length == 0 || !element_length_ok(f->element, f->length) ||
	    (m->version == 9 && f->length == FIELD_VARIABLE))
		return (message_fail(m, RULE_FIELD_LENGTH, *off + 2));
	*off += len;
	return (0);
}

/* Read the templates of one set; off: behind the set's head. */
int
template_set(struct message *m, uint16_t set_id, size_t off, size_t end)
{
	struct field fields[FIELDS_MAX];
	struct head h;
	size_t i, start;

	if (m->version == 9 ? set_id > 1 : set_id != 2 && set_id != 3)
		return (message_fail(m, RULE_SET_ID, off - 4));
	while (end - off >= 4) {
		start = off;
		if (template_head(m, set_id, off, end, &h) == -1)
			return (-1);
		off += h.length;
		for (i = 0; i < h.nfields; i++) {
			if (template_field(m, &fields[i], i < h.nscopes, &off,
			    end) == -1)
				return (-1);
		}
		if (template_keep(m, &h, fields, start) == -1)
			return (-1);
		m->records++;
	}
	return (message_padding(m, off, end));
}
