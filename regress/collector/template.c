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

struct template *
template_find(const struct session *s, uint16_t id)
{
	struct template *t;

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
template_forget(struct decoder *d, struct session *s, struct template *t)
{
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
	struct template *old, *t;
	size_t i;

	if ((old = template_find(m->session, h->id)) != NULL) {
		if (template_same(old, h, fields)) {
			if (m->from->carrier != CARRIER_UDP)
				m->result->repeated++;
			return (0);
		}
		/* What its data mean is no longer known. */
		template_forget(d, m->session, old);
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
		t->biflow |= fields[i].reverse;
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

/*
 * A record without fields takes back one template, or all of its kind by the
 * id of the set.  RFC 7011, section 8.1: of streams only.
 */
static int
template_withdraw(struct message *m, uint16_t set_id, uint16_t id, size_t off)
{
	struct template *t, *next;
	int found = 0, options = set_id == 3;

	if (m->from->carrier == CARRIER_UDP)
		return (message_fail(m, RULE_WITHDRAWAL, off));
	for (t = SLIST_FIRST(&m->session->templates); t != NULL; t = next) {
		next = SLIST_NEXT(t, entry);
		if (id != set_id && t->id != id)
			continue;
		if (options != (t->nscopes > 0)) {
			if (id == set_id)
				continue;
			return (message_fail(m, RULE_WITHDRAWAL, off));
		}
		template_forget(m->decoder, m->session, t);
		m->result->withdrawn++;
		found = 1;
	}
	if (!found)
		m->result->unknown++;
	m->records++;
	return (0);
}

/*
 * off to end holds at least 4 octets.  IPFIX without fields is a withdrawal.
 */
static int
template_head(struct message *m, uint16_t set_id, size_t off, size_t end,
    struct head *h)
{
	int options = set_id == 1 || set_id == 3;

	memset(h, 0, sizeof(*h));
	h->id = (uint16_t)decode_number(m->buf + off, 2);
	h->nfields = (size_t)decode_number(m->buf + off + 2, 2);
	h->length = 4;
	if (m->version == 10 && h->nfields == 0 &&
	    (h->id >= 256 || h->id == set_id))
		return (0);
	if (h->id < 256)
		return (message_fail(m, RULE_TEMPLATE_ID, off));
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
	if (len == 8 && f->enterprise == 0)
		return (message_fail(m, RULE_ENTERPRISE, *off + 4));
	f->reverse = f->enterprise == PEN_REVERSE;
	if ((len == 4 || f->reverse) && !(m->version == 9 && scope))
		f->element = (uint8_t)element_find(f->id);
	if (f->length == 0 || !element_length_ok(f->element, f->length) ||
	    (m->version == 9 && f->length == FIELD_VARIABLE))
		return (message_fail(m, RULE_FIELD_LENGTH, *off + 2));
	*off += len;
	return (0);
}

static int
template_has(const struct head *h, const struct field *fields, uint16_t first,
    uint16_t last)
{
	size_t i;

	for (i = 0; i < h->nfields; i++) {
		if (fields[i].enterprise == 0 && fields[i].id >= first &&
		    fields[i].id <= last)
			return (1);
	}
	return (0);
}

/* RFC 5103: what both directions may be in one record for. */
static int
template_biflow(struct message *m, const struct head *h,
    const struct field *fields, size_t off)
{
	size_t i, reverse = 0;

	for (i = 0; i < h->nfields; i++) {
		if (!fields[i].reverse)
			continue;
		reverse++;
		if (h->nscopes > 0 || !element_reversible(fields[i].id))
			return (message_fail(m, RULE_REVERSE, off));
	}
	if (reverse == 0)
		return (0);
	if (!template_has(h, fields, 7, 8) && !template_has(h, fields, 11, 12)
	    && !template_has(h, fields, 27, 28))
		return (message_fail(m, RULE_BIFLOW_KEY, off));
	if (!m->decoder->config.classic && !template_has(h, fields, 239, 239))
		return (message_fail(m, RULE_BIFLOW_DIRECTION, off));
	return (0);
}

/*
 * RFC 5476, section 6.4: packet reports name their selection, and a section
 * of fixed length must not be padded, so it is wrong for some packet.
 */
static int
template_psamp(struct message *m, const struct head *h,
    const struct field *fields, size_t off)
{
	size_t i;

	for (i = h->nscopes; i < h->nfields; i++) {
		if (fields[i].element < EL_SECTION_IP ||
		    fields[i].element > EL_SECTION_MPLS_PAYLOAD)
			continue;
		if (fields[i].length != FIELD_VARIABLE ||
		    !template_has(h, fields, 301, 301))
			return (message_fail(m, RULE_SECTION, off));
	}
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
		if (h.nfields == 0) {
			if (template_withdraw(m, set_id, h.id, start) == -1)
				return (-1);
			continue;
		}
		for (i = 0; i < h.nfields; i++) {
			if (template_field(m, &fields[i], i < h.nscopes, &off,
			    end) == -1)
				return (-1);
		}
		if (template_biflow(m, &h, fields, start) == -1 ||
		    template_psamp(m, &h, fields, start) == -1 ||
		    template_keep(m, &h, fields, start) == -1)
			return (-1);
		m->records++;
	}
	return (message_padding(m, off, end));
}
