/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Packet reports out of IPFIX messages.  A message is gone through twice: to
 * check and count all of it, then report by report.  Worker, confined.
 */

#include "packet_link.h"
#include "psamp.h"
#include "psamp_template.h"

#define HALF		0x80000000U

/*
 * Of softflowd 1.x: the section is filled up with zeros to its fixed length,
 * the sequence and selection sequence number are the packet's.
 */
static const struct psamp_template	template_1x = {
	.id = PSAMP_TEMPLATE_1X, .count = 4, .least = 8 + 8 + 2 + 1390,
	.field = {
		{ IE_SEQUENCE_ID, 8 }, { IE_TIME_US, 8 },
		{ IE_SECTION_OCTETS, 2 }, { IE_FRAME_SECTION, 1390 }
	}
};

/* What the fields of one record say. */
struct record {
	const uint8_t	*section;
	uint32_t	octets;		/* of the section */
	uint32_t	exported;	/* and of those, the packet's */
	uint16_t	kind;		/* element of the section; 0: none */
	uint64_t	wirelen, frame_type, offset;
	uint64_t	ingress, egress;
	uint64_t	time_us;
};

static int
same_peer(const struct msg_addr *a, const struct msg_addr *b)
{
	return (a->family == b->family &&
	    memcmp(a->addr, b->addr, sizeof(a->addr)) == 0);
}

/*
 * The session; a new one takes the place of the address's oldest when that has
 * its share, else a free one, so that no peer can push out another's.
 */
static struct psamp_session *
session_find(struct psamp_reader *r, const struct msg_addr *peer,
    uint32_t domain)
{
	struct psamp_session	*s, *own = NULL, *any = r->sessions;
	unsigned int		 n = 0;

	for (s = r->sessions; s < r->sessions + PSAMP_SESSIONS; s++) {
		if (s->used < any->used)
			any = s;
		if (s->used == 0 || !same_peer(&s->peer, peer))
			continue;
		if (s->peer.port == peer->port && s->domain == domain)
			return (s);
		n++;
		if (own == NULL || s->used < own->used)
			own = s;
	}
	s = n >= PSAMP_PEER_SESSIONS ? own : any;
	memset(s, 0, sizeof(*s));
	s->peer = *peer;
	s->domain = domain;
	return (s);
}

const struct psamp_template *
psamp_template_find(const struct psamp_session *s, uint16_t id)
{
	const struct psamp_template	*t;

	for (t = s->template; t < s->template + PSAMP_TEMPLATES; t++)
		if (t->id == id)
			return (t);
	return (id == PSAMP_TEMPLATE_1X ? &template_1x : NULL);
}

/* An unsigned number in as few octets as it was sent, RFC 7011 6.2. */
static uint64_t
number(const uint8_t *p, uint32_t octets)
{
	uint64_t	n = 0;

	for (; octets > 0; octets--)
		n = n << 8 | *p++;
	return (n);
}

/* Seconds of NTP's era that is nearest; a fraction of 2^-32 s. */
static uint64_t
ntp_time(uint64_t stamp, uint32_t mask)
{
	uint32_t	seconds = (uint32_t)(stamp >> 32) - NTP_EPOCH;

	return ((uint64_t)seconds * 1000000 +
	    (((stamp & mask) * 1000000) >> 32));
}

static void
take_time(struct record *rec, uint16_t element, uint64_t n, uint32_t octets)
{
	if (element == IE_TIME_S && octets == 4)
		rec->time_us = n * 1000000;
	else if (octets != 8)
		return;
	else if (element == IE_TIME_MS && n <= UINT32_MAX * 1000ULL)
		rec->time_us = n * 1000;
	else if (element == IE_TIME_US)
		rec->time_us = ntp_time(n, NTP_MASK);
	else if (element == IE_TIME_NS)
		rec->time_us = ntp_time(n, UINT32_MAX);
}

static void
take_number(struct record *rec, uint16_t element, uint64_t n)
{
	switch (element) {
	case IE_INGRESS:
		rec->ingress = n;
		break;
	case IE_EGRESS:
		rec->egress = n;
		break;
	case IE_FRAME_SIZE:
	case IE_IP_LENGTH:
		rec->wirelen = n;
		break;
	case IE_FRAME_TYPE:
		rec->frame_type = n;
		break;
	case IE_SECTION_OFFSET:
		rec->offset = n;
		break;
	case IE_SECTION_OCTETS:
		if (n < rec->exported)
			rec->exported = (uint32_t)n;
		break;
	}
}

static void
take_field(struct record *rec, uint16_t element, const uint8_t *p,
    uint32_t octets)
{
	switch (element) {
	case IE_FRAME_SECTION:
	case IE_IP_SECTION:
	case IE_MPLS_SECTION:
		rec->section = p;
		rec->octets = octets;
		rec->kind = element;
		break;
	case IE_TIME_S:
	case IE_TIME_MS:
	case IE_TIME_US:
	case IE_TIME_NS:
		if (octets <= 8)
			take_time(rec, element, number(p, octets), octets);
		break;
	default:
		if (octets <= 8)
			take_number(rec, element, number(p, octets));
		break;
	}
}

/*
 * One record at p, which ends before end; rec is NULL for its length only.
 * Returns where the next one begins; NULL if this one is cut off.
 */
static const uint8_t *
record_walk(const struct psamp_template *t, const uint8_t *p,
    const uint8_t *end, struct record *rec)
{
	const struct psamp_field	*f;
	uint32_t			 octets;

	for (f = t->field; f < t->field + t->count; f++) {
		octets = f->length;
		if (octets == PSAMP_VARIABLE) {		/* RFC 7011 section 7 */
			if (end - p < 1)
				return (NULL);
			octets = *p++;
			if (octets == 255) {
				if (end - p < 2)
					return (NULL);
				octets = be16(p);
				p += 2;
			}
		}
		if ((size_t)(end - p) < octets)
			return (NULL);
		if (rec != NULL && f->element != 0)
			take_field(rec, f->element, p, octets);
		p += octets;
	}
	return (p);
}

/* Whether the record holds a packet that can be decoded from its start. */
static int
record_report(const struct record *rec, struct psamp_report *report)
{
	struct frame	*frame = &report->frame;

	if (rec->kind == 0 || rec->offset != 0)
		return (0);
	switch (rec->kind) {
	case IE_IP_SECTION:
		report->link = LINK_RAW;
		break;
	case IE_MPLS_SECTION:
		report->link = LINK_MPLS;
		break;
	default:
		if (rec->frame_type != FRAME_TYPE_ETHERNET &&
		    rec->frame_type != FRAME_TYPE_WLAN)
			return (0);
		report->link = rec->frame_type == FRAME_TYPE_WLAN ?
		    LINK_WLAN : LINK_ETHERNET;
		break;
	}
	memset(frame, 0, sizeof(*frame));
	frame->data = rec->section;
	frame->caplen = rec->octets < rec->exported ? rec->octets :
	    rec->exported;
	frame->wirelen = rec->wirelen > UINT32_MAX ? UINT32_MAX :
	    (uint32_t)rec->wirelen;
	if (frame->wirelen < frame->caplen)
		frame->wirelen = frame->caplen;
	frame->time_us = rec->time_us;
	report->ingress = (uint32_t)rec->ingress;
	report->egress = (uint32_t)rec->egress;
	return (1);
}

/* Make the next set the one in hand; 0 at the end. */
static int
set_next(struct psamp_reader *r)
{
	const uint8_t	*head = r->set_end;
	uint16_t	 id;

	if (r->end - head < SET_HEAD)
		return (0);
	id = be16(head);
	r->set = head + SET_HEAD;
	r->set_end = head + be16(head + 2);
	r->template = id < PSAMP_DATA_SETS ? NULL :
	    psamp_template_find(r->session, id);
	return (1);
}

int
psamp_next(struct psamp_reader *r, struct psamp_report *report)
{
	const uint8_t	*next;
	struct record	 rec;

	if (r->session == NULL)
		return (0);
	do {
		while (r->template != NULL && !r->template->options &&
		    r->set_end - r->set >= r->template->least) {
			memset(&rec, 0, sizeof(rec));
			rec.exported = UINT32_MAX;
			rec.frame_type = FRAME_TYPE_ETHERNET;
			rec.time_us = (uint64_t)r->seconds * 1000000;
			next = record_walk(r->template, r->set, r->set_end,
			    &rec);
			if (next == NULL)
				break;
			r->set = next;
			if (record_report(&rec, report))
				return (1);
		}
	} while (set_next(r));
	r->session = NULL;
	return (0);
}

/* From the first set on. */
static void
rewind_sets(struct psamp_reader *r, const uint8_t *message)
{
	r->set = r->set_end = message + IPFIX_HEADER;
	r->template = NULL;
}

/* RFC 7011 section 3.3.2: sets fill the message, none is shorter. */
static int
sets_whole(const uint8_t *p, const uint8_t *end)
{
	uint16_t	len;

	for (; p < end; p += len) {
		if (end - p < SET_HEAD || (len = be16(p + 2)) < SET_HEAD ||
		    end - p < len)
			return (0);
	}
	return (1);
}

/* Data records of a message. */
struct count {
	uint32_t	all;
	uint32_t	plain;		/* that are not options data */
	uint32_t	unknown;	/* sets without a template */
};

/* -1 when one is cut off. */
static int
count_records(struct psamp_reader *r, struct count *count)
{
	const struct psamp_template	*t;
	const uint8_t			*p;

	memset(count, 0, sizeof(*count));
	while (set_next(r)) {
		if ((t = r->template) == NULL) {
			count->unknown +=
			    be16(r->set - SET_HEAD) >= PSAMP_DATA_SETS;
			continue;
		}
		for (p = r->set; r->set_end - p >= t->least;) {
			if ((p = record_walk(t, p, r->set_end, NULL)) == NULL)
				return (-1);
			count->all++;
			count->plain += !t->options;
		}
	}
	return (0);
}

/* Data records that never came, as far as the numbers tell. */
static void
check_sequence(struct psamp_session *s, uint32_t sequence,
    const struct count *count, struct counters *c)
{
	uint32_t	gap = sequence - s->sequence;

	/* What went back was overtaken, or its sender began anew. */
	if (s->known && gap < HALF)
		c->psamp_missing += gap;
	s->sequence = sequence + count->all;
	s->known = count->unknown == 0;
}

/* Reports, which psamp_next() will find; records that hold none count. */
static int
count_reports(struct psamp_reader *r, const uint8_t *message)
{
	struct psamp_session	*s = r->session;
	struct psamp_report	 report;
	int			 n = 0;

	rewind_sets(r, message);
	while (psamp_next(r, &report))
		n++;
	r->session = s;
	rewind_sets(r, message);
	return (n);
}

int
psamp_begin(struct psamp_reader *r, const struct msg_addr *peer,
    const uint8_t *message, size_t len, struct counters *c)
{
	struct count	count;
	int		reports;

	c->psamp_messages++;
	r->session = NULL;
	if (len < IPFIX_HEADER || be16(message) != IPFIX_VERSION ||
	    be16(message + 2) != len ||
	    !sets_whole(message + IPFIX_HEADER, message + len)) {
		c->psamp_bad_messages++;
		return (-1);
	}
	r->seconds = be32(message + 4);
	r->session = session_find(r, peer, be32(message + 12));
	r->session->used = ++r->messages;
	r->end = message + len;
	rewind_sets(r, message);
	while (set_next(r))
		psamp_template_learn(r->session, be16(r->set - SET_HEAD),
		    r->set, r->set_end, c);
	rewind_sets(r, message);
	if (count_records(r, &count) == -1) {
		c->psamp_bad_messages++;
		r->session->known = 0;
		r->session = NULL;
		return (-1);
	}
	c->psamp_no_template += count.unknown;
	check_sequence(r->session, be32(message + 8), &count, c);
	reports = count_reports(r, message);
	c->psamp_no_packet += count.plain - (uint32_t)reports;
	return (reports);
}

void
psamp_keep(const struct psamp_reader *r, struct psamp_sessions *kept)
{
	const struct psamp_session	*s;

	kept->count = 0;
	for (s = r->sessions; s < r->sessions + PSAMP_SESSIONS; s++)
		if (s->used != 0)
			kept->session[kept->count++] = *s;
}

static int
session_plausible(const struct psamp_session *s)
{
	const struct psamp_template	*t;

	for (t = s->template; t < s->template + PSAMP_TEMPLATES; t++)
		if (t->id != 0 && !psamp_template_plausible(t))
			return (0);
	return ((s->peer.family == 4 || s->peer.family == 6) &&
	    s->used > 0 && s->used < INT64_MAX);
}

void
psamp_recall(struct psamp_reader *r, const struct psamp_sessions *kept)
{
	struct psamp_session	*s = r->sessions;
	uint64_t		 i;

	for (i = 0; i < kept->count && i < PSAMP_SESSIONS; i++) {
		*s = kept->session[i];
		if (!session_plausible(s)) {
			memset(s, 0, sizeof(*s));
			continue;
		}
		if (r->messages < s->used)
			r->messages = s->used;
		s++;
	}
}
