/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Data sets of v9 and IPFIX: records by their template.  Part of the test
 * collector.
 */

#include <string.h>

#include "message.h"

/* The length of a variable-length value stands before it. */
static int
variable_length(struct message *m, size_t *off, size_t end, size_t *len)
{
	if (end - *off < 1)
		return (message_fail(m, RULE_RECORD_CUT, *off));
	*len = m->buf[(*off)++];
	if (*len < 255)
		return (0);
	if (end - *off < 2)
		return (message_fail(m, RULE_RECORD_CUT, *off));
	*len = (size_t)decode_number(m->buf + *off, 2);
	*off += 2;
	return (0);
}

/* Find the values of the record at *off, all of them inside of end. */
static int
record_values(struct message *m, const struct template *t, size_t *off,
    size_t end, struct found *f)
{
	const struct field *field;
	const struct value **at;
	struct value *v;
	size_t i, len;

	memset(f, 0, sizeof(*f));
	for (i = 0; i < t->nfields; i++) {
		field = &t->fields[i];
		len = field->length;
		if (len == FIELD_VARIABLE &&
		    variable_length(m, off, end, &len) == -1)
			return (-1);
		if (end - *off < len)
			return (message_fail(m, RULE_RECORD_CUT, *off));
		v = &m->decoder->values[i];
		v->data = m->buf + *off;
		v->length = len;
		v->enterprise = field->enterprise;
		v->id = field->id;
		v->scope = i < t->nscopes;
		/* RFC 7011, section 6.1.9: those bits are beyond 1 us. */
		if ((field->element == EL_FIRST_US ||
		    field->element == EL_LAST_US ||
		    field->element == EL_OBSERVED_US) &&
		    element_number(v) & 0x7ff)
			return (message_fail(m, RULE_NTP, *off));
		at = field->reverse ? f->reverse : f->at;
		/* Of an element that comes twice the first is the outer. */
		if (field->element != EL_NONE && at[field->element] == NULL)
			at[field->element] = v;
		*off += len;
	}
	return (0);
}

static int
data_record(struct message *m, const struct template *t,
    const struct found *f, size_t off)
{
	int section;

	if (t->nscopes > 0)
		return (options_record(m, t, f, off));
	for (section = EL_SECTION_IP; section <= EL_SECTION_MPLS_PAYLOAD;
	    section++) {
		if (f->at[section] != NULL)
			return (psamp_report(m, f, off));
	}
	return (flow_record(m, t, f, off));
}

/* Read the records of one set; off: behind the set's head. */
int
data_set(struct message *m, uint16_t set_id, size_t off, size_t end)
{
	const struct template *t;
	struct found f;
	size_t start, records = 0;

	if ((t = template_find(m->session, set_id)) == NULL)
		return (message_fail(m, RULE_NO_TEMPLATE, off - 4));
	for (; end - off >= t->length; records++) {
		start = off;
		if (record_values(m, t, &off, end, &f) == -1 ||
		    data_record(m, t, &f, start) == -1)
			return (-1);
		m->records++;
		m->data_records++;
	}
	/* A set without a record is reported as that, not as padding. */
	return (records == 0 ? 0 : message_padding(m, off, end));
}
