/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Data sets of v9 and IPFIX: records by their template, information elements
 * to the fields of a flow, sampling rates from options records.  Part of the
 * test collector.
 */

#include <string.h>

#include "message.h"

/* Unsigned numbers may be sent shorter than they are, the others not. */
static const struct {
	uint16_t	 id;
	uint16_t	 length;
	int		 exact;
	const char	*name;		/* printed only */
} elements[EL_MAX] = {
	[EL_OCTETS] = { 1, 8, 0, NULL },
	[EL_PACKETS] = { 2, 8, 0, NULL },
	[EL_PROTO] = { 4, 1, 0, NULL },
	[EL_TOS] = { 5, 1, 0, NULL },
	[EL_TCPFLAGS] = { 6, 2, 0, NULL },
	[EL_SPORT] = { 7, 2, 0, NULL },
	[EL_SRC4] = { 8, 4, 1, NULL },
	[EL_IN] = { 10, 4, 0, NULL },
	[EL_DPORT] = { 11, 2, 0, NULL },
	[EL_DST4] = { 12, 4, 1, NULL },
	[EL_OUT] = { 14, 4, 0, NULL },
	[EL_LAST_UPTIME] = { 21, 4, 0, NULL },
	[EL_FIRST_UPTIME] = { 22, 4, 0, NULL },
	[EL_SRC6] = { 27, 16, 1, NULL },
	[EL_DST6] = { 28, 16, 1, NULL },
	[EL_ICMP4] = { 32, 2, 0, NULL },
	[EL_SAMPLING] = { 34, 4, 0, NULL },
	[EL_SAMPLER_RANDOM] = { 50, 4, 0, NULL },
	[EL_REASON] = { 136, 1, 0, NULL },
	[EL_ICMP6] = { 139, 2, 0, NULL },
	[EL_FIRST_S] = { 150, 4, 1, NULL },
	[EL_LAST_S] = { 151, 4, 1, NULL },
	[EL_FIRST_MS] = { 152, 8, 1, NULL },
	[EL_LAST_MS] = { 153, 8, 1, NULL },
	[EL_FIRST_US] = { 154, 8, 1, NULL },
	[EL_LAST_US] = { 155, 8, 1, NULL },
	[EL_FIRST_NS] = { 156, 8, 1, NULL },
	[EL_LAST_NS] = { 157, 8, 1, NULL },
	[EL_SAMPLING_INTERVAL] = { 305, 4, 0, NULL },
	[EL_SAMPLING_SPACE] = { 306, 4, 0, NULL },
	[EL_PRINTED] =
	{ 25, 8, 0, "length_min" }, { 26, 8, 0, "length_max" },
	{ 31, 4, 0, "flow_label" },
	{ 52, 1, 0, "ttl_min" }, { 53, 1, 0, "ttl_max" },
	{ 56, 6, 1, "src_mac" }, { 80, 6, 1, "dst_mac" },
	{ 58, 2, 0, "vlan" },
	{ 70, 3, 1, "mpls1" }, { 71, 3, 1, "mpls2" }, { 72, 3, 1, "mpls3" },
	{ 73, 3, 1, "mpls4" }, { 74, 3, 1, "mpls5" }, { 75, 3, 1, "mpls6" },
	{ 76, 3, 1, "mpls7" }, { 77, 3, 1, "mpls8" }, { 78, 3, 1, "mpls9" },
	{ 79, 3, 1, "mpls10" },
	{ 218, 8, 0, "syn" }, { 219, 8, 0, "fin" }, { 220, 8, 0, "rst" },
	{ 243, 2, 0, "dot1q_vlan" }, { 244, 1, 0, "dot1q_priority" },
	{ 245, 2, 0, "dot1q_inner_vlan" },
	{ 246, 1, 0, "dot1q_inner_priority" },
	{ 296, 4, 0, "gre_key" }, { 351, 8, 0, "segment" },
	{ 507, 4, 0, "gtpu_teid" },
};

/* The elements of one record; NULL: not in it. */
struct found {
	const struct value *at[EL_MAX];
};

enum element
element_find(uint16_t id)
{
	int e;

	for (e = EL_NONE + 1; e < EL_MAX; e++) {
		if (elements[e].id == id)
			return (e);
	}
	return (EL_NONE);
}

const char *
decode_name(const struct value *v, int *octets)
{
	enum element e = element_find(v->id);

	if (v->enterprise != 0 || e < EL_PRINTED)
		return (NULL);
	*octets = elements[e].exact;
	return (elements[e].name);
}

int
element_length_ok(enum element e, uint16_t length)
{
	if (e == EL_NONE)
		return (1);
	return (elements[e].exact ? length == elements[e].length :
	    length <= elements[e].length);
}

static uint64_t
number(const struct found *f, enum element e)
{
	const struct value *v = f->at[e];

	return (v == NULL ? 0 : decode_number(v->data, v->length));
}

/* Elements 154 to 157: seconds since 1900, modulo 2^32, and a fraction. */
static uint64_t
ntp_us(uint64_t ntp, uint32_t fraction_mask)
{
	uint32_t fraction = (uint32_t)ntp & fraction_mask;
	uint32_t seconds = (uint32_t)(ntp >> 32) - 2208988800U;

	return (seconds * 1000000ULL + ((fraction * 1000000ULL) >> 32));
}

/* One end of a flow by the finest absolute time there is; 0: none. */
static int
absolute_us(const struct found *f, int last, uint64_t *us)
{
	if (f->at[EL_FIRST_NS + last] != NULL)
		*us = ntp_us(number(f, EL_FIRST_NS + last), 0xffffffff);
	else if (f->at[EL_FIRST_US + last] != NULL)
		*us = ntp_us(number(f, EL_FIRST_US + last), 0xfffff800);
	else if (f->at[EL_FIRST_MS + last] != NULL)
		*us = number(f, EL_FIRST_MS + last) * 1000;
	else if (f->at[EL_FIRST_S + last] != NULL)
		*us = number(f, EL_FIRST_S + last) * 1000000;
	else
		return (0);
	return (1);
}

static int
record_times(struct message *m, const struct found *f, struct record *r,
    size_t off)
{
	if (m->version == 9 && f->at[EL_FIRST_UPTIME] != NULL &&
	    f->at[EL_LAST_UPTIME] != NULL && message_times(m, r, off,
	    (uint32_t)number(f, EL_FIRST_UPTIME),
	    (uint32_t)number(f, EL_LAST_UPTIME)) == -1)
		return (-1);
	if (absolute_us(f, 0, &r->first_us))
		r->have |= HAVE_FIRST;
	if (absolute_us(f, 1, &r->last_us))
		r->have |= HAVE_LAST;
	return (0);
}

static void
record_address(const struct found *f, enum element e, uint8_t *addr)
{
	if (f->at[e] != NULL)
		memcpy(addr, f->at[e]->data, f->at[e]->length);
}

static void
record_endpoints(const struct found *f, struct record *r)
{
	if (f->at[EL_SRC4] != NULL || f->at[EL_DST4] != NULL) {
		r->family = 4;
		record_address(f, EL_SRC4, r->src);
		record_address(f, EL_DST4, r->dst);
	} else if (f->at[EL_SRC6] != NULL || f->at[EL_DST6] != NULL) {
		r->family = 6;
		record_address(f, EL_SRC6, r->src);
		record_address(f, EL_DST6, r->dst);
	}
	r->sport = (uint16_t)number(f, EL_SPORT);
	r->dport = (uint16_t)number(f, EL_DPORT);
	if (f->at[EL_ICMP4] != NULL || f->at[EL_ICMP6] != NULL) {
		r->icmp = (uint16_t)number(f, f->at[EL_ICMP4] != NULL ?
		    EL_ICMP4 : EL_ICMP6);
		r->have |= HAVE_ICMP;
		if (f->at[EL_DPORT] == NULL)
			r->dport = r->icmp;
	}
}

static int
flow_record(struct message *m, const struct template *t,
    const struct found *f, size_t off)
{
	struct record r;

	memset(&r, 0, sizeof(r));
	r.values = m->decoder->values;
	r.nvalues = t->nfields;
	record_endpoints(f, &r);
	r.octets = number(f, EL_OCTETS);
	r.packets = number(f, EL_PACKETS);
	r.proto = (uint8_t)number(f, EL_PROTO);
	r.tos = (uint8_t)number(f, EL_TOS);
	r.tcpflags = (uint16_t)number(f, EL_TCPFLAGS);
	r.in = (uint32_t)number(f, EL_IN);
	r.out = (uint32_t)number(f, EL_OUT);
	r.end_reason = (uint8_t)number(f, EL_REASON);
	if (f->at[EL_PACKETS] != NULL)
		r.have |= HAVE_PACKETS;
	if (f->at[EL_REASON] != NULL)
		r.have |= HAVE_REASON;
	if (record_times(m, f, &r, off) == -1)
		return (-1);
	return (message_flow(m, &r, off));
}

static void
options_record(struct message *m, const struct template *t,
    const struct found *f)
{
	const struct decoder_config *c = &m->decoder->config;
	struct options_record o;
	uint64_t n, interval;

	n = number(f, f->at[EL_SAMPLING] != NULL ? EL_SAMPLING :
	    EL_SAMPLER_RANDOM);
	interval = number(f, EL_SAMPLING_INTERVAL);
	if (n == 0 && interval != 0 && f->at[EL_SAMPLING_SPACE] != NULL)
		n = (interval + number(f, EL_SAMPLING_SPACE)) / interval;
	if (n != 0)
		m->session->sampling = (uint32_t)n;
	if (c->options == NULL)
		return;
	o.values = m->decoder->values;
	o.nvalues = t->nfields;
	o.source_id = m->session->source_id;
	o.version = m->version;
	o.template_id = t->id;
	c->options(c->arg, &o);
}

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
		/* Of an element that comes twice the first is the outer. */
		if (field->element != EL_NONE && f->at[field->element] == NULL)
			f->at[field->element] = v;
		*off += len;
	}
	return (0);
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
		if (record_values(m, t, &off, end, &f) == -1)
			return (-1);
		if (t->nscopes > 0)
			options_record(m, t, &f);
		else if (flow_record(m, t, &f, start) == -1)
			return (-1);
		m->records++;
		m->data_records++;
	}
	/* A set without a record is reported as that, not as padding. */
	return (records == 0 ? 0 : message_padding(m, off, end));
}
