/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Datagrams: headers of every version, the fixed records of v1 and v5, the
 * walk over the sets of v9 and IPFIX.  Part of the test collector; needs no
 * privileges.
 */

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "message.h"

#define FIXED_RECORD	48	/* octets of a v1 or v5 record */
#define US_PER_S	1000000ULL

/* What tells v5 from v1. */
struct fixed_format {
	size_t		 header;	/* octets */
	uint32_t	 count_max;
	size_t		 proto;		/* offsets in the record */
	size_t		 tos;
	size_t		 tcpflags;
	struct {
		size_t	 off;
		size_t	 end;
	}		 zero[2];
};

static const struct fixed_format format_v1 = {
	16, 24, 38, 39, 40, { { 36, 38 }, { 41, 48 } }
};
static const struct fixed_format format_v5 = {
	24, 30, 38, 39, 37, { { 36, 37 }, { 46, 48 } }
};

static const char *const rule_text[RULE_MAX] = {
	[RULE_NONE] = "no rule broken",
	[RULE_VERSION] = "version is not 1, 5, 9 or 10",
	[RULE_LENGTH] = "datagram is not as long as its header says",
	[RULE_COUNT] = "count is out of range or not that of the records",
	[RULE_NANOSECONDS] = "nanoseconds make a second or more",
	[RULE_EXPORT_TIME] = "export time went backwards",
	[RULE_SET_ID] = "set id is reserved",
	[RULE_SET_LENGTH] = "set is shorter than its head or too long",
	[RULE_SET_ALIGNMENT] = "set length is not a multiple of 4",
	[RULE_SET_EMPTY] = "set holds no record",
	[RULE_PADDING] = "padding is not zero or longer than 3 octets",
	[RULE_TEMPLATE_ID] = "template id is below 256",
	[RULE_TEMPLATE_CUT] = "template runs beyond its set",
	[RULE_FIELD_COUNT] = "template has no fields or a part of one",
	[RULE_FIELD_LENGTH] = "field length does not fit its element",
	[RULE_SCOPE] = "scope of the options template is empty or too long",
	[RULE_REDEFINED] = "template id was redefined with other fields",
	[RULE_WITHDRAWAL] = "template withdrawal over UDP or in the wrong set",
	[RULE_NO_TEMPLATE] = "data without a template",
	[RULE_RECORD_CUT] = "record runs beyond its set",
	[RULE_TIMES] = "flow ends before its start or starts before 1970",
	[RULE_NO_PACKETS] = "flow without packets",
	[RULE_LIMIT] = "more sessions, templates or fields than we keep",
	[RULE_OVERSIZE] = "datagram is larger than allowed",
	[RULE_STREAM] = "stream does not go on with an IPFIX message",
	[RULE_PARTIAL] = "connection ended within a message",
	[RULE_ENTERPRISE] = "enterprise number is 0",
	[RULE_REVERSE] = "field has no reverse direction",
	[RULE_BIFLOW_KEY] = "biflow template has no address and no port",
	[RULE_BIFLOW_DIRECTION] =
	    "biflow does not say or wrongly says who began",
	[RULE_NO_REVERSE_PACKETS] =
	    "biflow without packets of the reverse direction",
	[RULE_UPTIME] = "uptime went backwards",
	[RULE_BOOT] = "time of initialisation is missing, changed or to come",
	[RULE_BEFORE_BOOT] = "record is older than the exporter",
	[RULE_NTP] = "low 11 bits of microseconds are not zero",
	[RULE_END_REASON] = "flow end reason is not 1 to 5",
	[RULE_SAMPLING] = "sampling rate is 0 or its algorithm is not 1 or 2",
	[RULE_SAMPLING_DIFFERS] = "two sampling records say different rates",
	[RULE_SELECTOR] = "selector has no algorithm or lacks parameters",
	[RULE_NAME] = "name is empty or holds what is no character",
	[RULE_TOTAL_FELL] = "total is less than it was",
	[RULE_TOTAL_WRONG] = "total is not that of what was received",
	[RULE_SECTION] = "section is of fixed length or has no selection",
	[RULE_SECTION_LENGTH] = "section is not as long as the record says",
	[RULE_SELECTED] = "selectors do not agree with what was selected",
	[RULE_NO_SEQUENCE] = "selection sequence was never reported",
	[RULE_NO_SELECTOR] = "selector was never reported",
	[RULE_NO_STATISTICS] = "statistics of a selection never came",
};

const char *
decode_rule_text(enum rule rule)
{
	return (rule_text[rule]);
}

uint64_t
decode_number(const uint8_t *p, size_t len)
{
	uint64_t n = 0;

	while (len-- > 0)
		n = n << 8 | *p++;
	return (n);
}

int
message_fail(struct message *m, enum rule rule, size_t offset)
{
	m->result->rule = rule;
	m->result->offset = offset;
	return (-1);
}

static int
message_zero(struct message *m, size_t off, size_t end)
{
	for (; off < end; off++) {
		if (m->buf[off] != 0)
			return (message_fail(m, RULE_PADDING, off));
	}
	return (0);
}

int
message_padding(struct message *m, size_t off, size_t end)
{
	if (end - off > 3)
		return (message_fail(m, RULE_PADDING, off));
	return (message_zero(m, off, end));
}

static int
fixed_record(struct message *m, const struct fixed_format *f, size_t off)
{
	const uint8_t *p = m->buf + off;
	struct record r;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (message_zero(m, off + f->zero[i].off,
		    off + f->zero[i].end) == -1)
			return (-1);
	}
	memset(&r, 0, sizeof(r));
	r.family = 4;
	memcpy(r.src, p, 4);
	memcpy(r.dst, p + 4, 4);
	r.in = (uint32_t)decode_number(p + 12, 2);
	r.out = (uint32_t)decode_number(p + 14, 2);
	r.packets = decode_number(p + 16, 4);
	r.octets = decode_number(p + 20, 4);
	r.sport = (uint16_t)decode_number(p + 32, 2);
	r.dport = (uint16_t)decode_number(p + 34, 2);
	r.proto = p[f->proto];
	r.tos = p[f->tos];
	r.tcpflags = p[f->tcpflags];
	r.have = HAVE_PACKETS;
	if (r.proto == 1) {
		r.icmp = r.dport;
		r.have |= HAVE_ICMP;
	}
	if (message_times(m, &r, off + 24, (uint32_t)decode_number(p + 24, 4),
	    (uint32_t)decode_number(p + 28, 4)) == -1)
		return (-1);
	return (message_flow(m, &r, off));
}

static int
fixed_session(struct message *m)
{
	const uint8_t *p = m->buf;
	uint32_t sampling;

	if (m->version == 1)
		return (session_open(m, 0));
	if (session_open(m, (uint32_t)decode_number(p + 20, 2)) == -1)
		return (-1);
	session_sequence(m, (uint32_t)decode_number(p + 16, 4));
	sampling = (uint32_t)decode_number(p + 22, 2);
	m->session->sampling = sampling >> 14 ? sampling & 0x3fff : 0;
	return (0);
}

/* v1 and v5 */
static int
decode_fixed(struct message *m, const struct fixed_format *f)
{
	const uint8_t *p = m->buf;
	uint64_t nsecs;
	uint32_t count, i;

	if (m->len < f->header)
		return (message_fail(m, RULE_LENGTH, m->len));
	count = (uint32_t)decode_number(p + 2, 2);
	if (count == 0 || count > f->count_max)
		return (message_fail(m, RULE_COUNT, 2));
	if (m->len != f->header + count * FIXED_RECORD)
		return (message_fail(m, RULE_LENGTH, 2));
	m->uptime_ms = (uint32_t)decode_number(p + 4, 4);
	nsecs = decode_number(p + 12, 4);
	if (nsecs >= 1000000000)
		return (message_fail(m, RULE_NANOSECONDS, 12));
	m->time_us = decode_number(p + 8, 4) * US_PER_S + nsecs / 1000;
	if (fixed_session(m) == -1 || session_uptime(m, 4) == -1 ||
	    session_time(m, 8) == -1)
		return (-1);
	for (i = 0; i < count; i++) {
		if (fixed_record(m, f, f->header + i * FIXED_RECORD) == -1)
			return (-1);
	}
	session_advance(m, count);
	return (0);
}

static int
decode_sets(struct message *m, size_t off)
{
	uint32_t records;
	uint16_t id;
	size_t len;
	int rv;

	for (; off < m->len; off += len) {
		if (m->len - off < 4)
			return (message_fail(m, RULE_SET_LENGTH, off));
		id = (uint16_t)decode_number(m->buf + off, 2);
		len = (size_t)decode_number(m->buf + off + 2, 2);
		if (len < 4 || len > m->len - off)
			return (message_fail(m, RULE_SET_LENGTH, off + 2));
		if (len % 4 != 0 && !m->decoder->config.unaligned)
			return (message_fail(m, RULE_SET_ALIGNMENT, off + 2));
		records = m->records;
		if (id >= 256)
			rv = data_set(m, id, off + 4, off + len);
		else
			rv = template_set(m, id, off + 4, off + len);
		if (rv == -1)
			return (-1);
		if (m->records == records)
			return (message_fail(m, RULE_SET_EMPTY, off));
	}
	return (0);
}

static int
decode_v9(struct message *m)
{
	const uint8_t *p = m->buf;

	if (m->len < 20)
		return (message_fail(m, RULE_LENGTH, m->len));
	m->uptime_ms = (uint32_t)decode_number(p + 4, 4);
	m->time_us = decode_number(p + 8, 4) * US_PER_S;
	if (session_open(m, (uint32_t)decode_number(p + 16, 4)) == -1)
		return (-1);
	session_sequence(m, (uint32_t)decode_number(p + 12, 4));
	session_advance(m, 1);
	if (session_uptime(m, 4) == -1 || session_time(m, 8) == -1 ||
	    decode_sets(m, 20) == -1)
		return (-1);
	if (m->records != decode_number(p + 2, 2))
		return (message_fail(m, RULE_COUNT, 2));
	return (0);
}

static int
decode_ipfix(struct message *m)
{
	const uint8_t *p = m->buf;

	if (m->len < 16)
		return (message_fail(m, RULE_LENGTH, m->len));
	if (m->len != decode_number(p + 2, 2))
		return (message_fail(m, RULE_LENGTH, 2));
	m->time_us = decode_number(p + 4, 4) * US_PER_S;
	if (session_open(m, (uint32_t)decode_number(p + 12, 4)) == -1)
		return (-1);
	session_sequence(m, (uint32_t)decode_number(p + 8, 4));
	if (session_time(m, 4) == -1 || decode_sets(m, 16) == -1)
		return (-1);
	session_advance(m, m->data_records);
	return (0);
}

static int
decode_version(struct message *m)
{
	switch (m->version) {
	case 1:
		return (decode_fixed(m, &format_v1));
	case 5:
		return (decode_fixed(m, &format_v5));
	case 9:
		return (decode_v9(m));
	case 10:
		return (decode_ipfix(m));
	}
	m->result->version = 0;
	return (message_fail(m, RULE_VERSION, 0));
}

int
decoder_datagram(struct decoder *d, const struct exporter *from,
    const uint8_t *buf, size_t len, struct result *result)
{
	struct message m;
	int rv;

	memset(result, 0, sizeof(*result));
	memset(&m, 0, sizeof(m));
	m.decoder = d;
	m.from = from;
	m.buf = buf;
	m.len = len;
	m.result = result;
	if (len < 2)
		return (message_fail(&m, RULE_LENGTH, len));
	m.version = (uint16_t)decode_number(buf, 2);
	result->version = m.version;
	rv = decode_version(&m);
	if (rv == 0)
		rv = session_rates(&m);
	if (m.session != NULL)
		session_count(&m, rv == -1);
	if (rv == 0 && d->config.octets_max != 0 && len > d->config.octets_max)
		rv = message_fail(&m, RULE_OVERSIZE, d->config.octets_max);
	return (rv);
}

struct decoder *
decoder_new(const struct decoder_config *config)
{
	struct decoder *d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return (NULL);
	d->config = *config;
	SLIST_INIT(&d->sessions);
	return (d);
}

void
decoder_free(struct decoder *d)
{
	struct result result;

	if (d == NULL)
		return;
	(void)decoder_end(d, NULL, &result);
	free(d);
}
