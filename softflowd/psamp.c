/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* PSAMP (RFC 5476): packet reports.  Worker, confined; pure. */

#include "compat.h"
#include "netflow_template.h"
#include "psamp.h"

#define VARIABLE	UINT16_MAX	/* RFC 7011 section 7 */
#define LONG_FORM	255
#define REPORT_FIXED	28	/* octets of a report before its section */
#define SYSTEMATIC	1	/* selectorAlgorithm: count-based */
#define ETHER_VLAN	0x8100
#define MACS		12	/* octets before an Ethernet type */
#define TAG		4

/*
 * One observation point, all that is watched; one selector, which all packets
 * go through; so one selection sequence.
 */
#define OBSERVATION_POINT	1
#define SEQUENCE_ID		1
#define SELECTOR_ID		1

struct field {
	uint16_t	element;
	uint16_t	length;
};

static const struct field	frame[] = {
	{ IE_SEQUENCE_ID, 8 }, { IE_TIME_US, 8 },
	{ IE_FRAME_SIZE, 2 }, { IE_FRAME_TYPE, 2 },
	{ IE_INGRESS, 4 }, { IE_EGRESS, 4 }, { IE_FRAME_SECTION, VARIABLE }
};
static const struct field	ip[] = {
	{ IE_SEQUENCE_ID, 8 }, { IE_TIME_US, 8 }, { IE_IP_LENGTH, 4 },
	{ IE_INGRESS, 4 }, { IE_EGRESS, 4 }, { IE_IP_SECTION, VARIABLE }
};
static const struct field	sequence[] = {
	{ IE_SEQUENCE_ID, 8 }, { IE_OBSERVATION_POINT, 4 },
	{ IE_SELECTOR_ID, 8 }
};
static const struct field	selector[] = {
	{ IE_SELECTOR_ID, 8 }, { IE_SELECTOR_ALGORITHM, 2 },
	{ IE_PACKET_INTERVAL, 4 }, { IE_PACKET_SPACE, 4 }
};
static const struct field	statistics[] = {
	{ IE_SEQUENCE_ID, 8 }, { IE_OBSERVED, 8 }, { IE_SELECTED, 8 }
};

/* A template; of options if so many of its fields scope. */
static void
put_template(struct datagram *d, uint16_t id, const struct field *fields,
    size_t count, unsigned int scope)
{
	size_t	i;

	datagram_put(d, id, 2);
	datagram_put(d, count, 2);
	if (scope > 0)
		datagram_put(d, scope, 2);
	for (i = 0; i < count; i++) {
		datagram_put(d, fields[i].element, 2);
		datagram_put(d, fields[i].length, 2);
	}
	d->templates++;
}

/* One packet, then none of so many: without sampling, of 0. */
static void
put_selection(struct datagram *d)
{
	set_open(d, TEMPLATE_PSAMP_SEQUENCE);
	datagram_put(d, SEQUENCE_ID, 8);
	datagram_put(d, OBSERVATION_POINT, 4);
	datagram_put(d, SELECTOR_ID, 8);

	set_open(d, TEMPLATE_PSAMP_SELECTOR);
	datagram_put(d, SELECTOR_ID, 8);
	datagram_put(d, SYSTEMATIC, 2);
	datagram_put(d, 1, 4);
	datagram_put(d, d->sampling > 1 ? d->sampling - 1 : 0, 4);
	set_close(d);
	d->options += 2;
}

/* nfdump 1.7.1 reads only the first options template of a set. */
static unsigned int
psamp_templates(struct datagram *d, unsigned int from)
{
	(void)from;
	set_open(d, IPFIX_TEMPLATES);
	put_template(d, TEMPLATE_PSAMP_FRAME, frame, nitems(frame), 0);
	put_template(d, TEMPLATE_PSAMP_IP, ip, nitems(ip), 0);
	set_open(d, IPFIX_OPTIONS);
	put_template(d, TEMPLATE_PSAMP_SEQUENCE, sequence, nitems(sequence),
	    1);
	set_open(d, IPFIX_OPTIONS);
	put_template(d, TEMPLATE_PSAMP_SELECTOR, selector, nitems(selector),
	    1);
	put_selection(d);
	return (0);
}

static void
psamp_statistics(struct datagram *d, const struct export_statistics *s)
{
	set_open(d, IPFIX_OPTIONS);
	put_template(d, TEMPLATE_PSAMP_STATISTICS, statistics,
	    nitems(statistics), 1);
	set_open(d, TEMPLATE_PSAMP_STATISTICS);
	datagram_put(d, SEQUENCE_ID, 8);
	datagram_put(d, s->observed, 8);
	datagram_put(d, s->selected, 8);
	set_close(d);
	d->options++;
}

/*
 * Rounded up to what the fraction's upper 21 bits can say: cut off by a
 * reader it is the same microsecond again.
 */
static void
put_time(struct datagram *d, uint64_t time_us)
{
	uint64_t	fraction;

	fraction = (((time_us % 1000000) << 32) + 999999) / 1000000;
	fraction = (fraction + ~NTP_MASK) & NTP_MASK;
	datagram_put(d, time_us / 1000000 + NTP_EPOCH, 4);
	datagram_put(d, fraction, 4);
}

/* n octets; a tag that the kernel took out goes back to its place. */
static void
put_section(struct datagram *d, const struct psamp_packet *p, size_t n)
{
	const uint8_t	*data = p->data;

	if (n < LONG_FORM)
		datagram_put(d, n, 1);
	else {
		datagram_put(d, LONG_FORM, 1);
		datagram_put(d, n, 2);
	}
	if (p->tagged && n >= MACS + TAG) {
		datagram_copy(d, data, MACS);
		datagram_put(d, ETHER_VLAN, 2);
		datagram_put(d, p->vlan, 2);
		data += MACS;
		n -= MACS + TAG;
	}
	datagram_copy(d, data, n);
}

/* How much of a section fits behind end; 0: not even its length. */
static size_t
section_room(const struct datagram *d, size_t end)
{
	size_t	max = d->max / DATAGRAM_ALIGN * DATAGRAM_ALIGN;

	if (max < end + 1)
		return (0);
	max -= end;
	if (max >= LONG_FORM + 3)
		return (max - 3);
	return (max - 1 < LONG_FORM ? max - 1 : LONG_FORM - 1);
}

int
psamp_packet(struct datagram *d, const struct psamp_packet *p)
{
	uint64_t	wirelen = p->wirelen;
	size_t		end, n = p->caplen, room;
	uint16_t	id;
	int		open;

	id = p->ethernet ? TEMPLATE_PSAMP_FRAME : TEMPLATE_PSAMP_IP;
	if (p->tagged && n >= MACS) {
		n += TAG;
		wirelen += TAG;
	}
	open = d->set != 0 && d->set_id == id;
	end = open ? d->len : datagram_align(d->len) + SET_HEAD;
	room = section_room(d, end + REPORT_FIXED);
	if (n > room) {
		if (d->flows > 0 || room == 0)
			return (-1);
		n = room;
	}
	if (!open)
		set_open(d, id);
	datagram_put(d, SEQUENCE_ID, 8);
	put_time(d, p->time_us);
	if (p->ethernet) {
		datagram_put(d, wirelen > UINT16_MAX ? UINT16_MAX : wirelen,
		    2);
		datagram_put(d, FRAME_TYPE_ETHERNET, 2);
	} else
		datagram_put(d, wirelen, 4);
	datagram_put(d, p->ingress, 4);
	datagram_put(d, p->egress, 4);
	put_section(d, p, n);
	d->flows++;
	return (0);
}

static int
psamp_flow(struct datagram *d, const struct flow *f,
    const struct flow_side *side, unsigned int dirs, uint8_t end_reason)
{
	(void)d;
	(void)f;
	(void)side;
	(void)dirs;
	(void)end_reason;
	return (-1);
}

static uint32_t
psamp_finish(struct datagram *d)
{
	return (ipfix_encoder.finish(d));
}

static int64_t
psamp_stamp(uint8_t *header, int64_t boot_ms, int64_t unix_ms)
{
	return (ipfix_encoder.stamp(header, boot_ms, unix_ms));
}

const struct netflow_encoder	psamp_encoder = {
	.header = IPFIX_HEADER,
	.sequence_off = IPFIX_SEQUENCE_OFF,
	.payload_max = PAYLOAD_MAX,
	.ipv6 = 1,
	.templates = psamp_templates,
	.statistics = psamp_statistics,
	.flow = psamp_flow,
	.finish = psamp_finish,
	.stamp = psamp_stamp
};
