/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* IPFIX (RFC 7011): templates, absolute times.  Worker, confined; pure. */

#include <netinet/in.h>

#include "compat.h"
#include "netflow_template.h"

static const struct template_field	ipv4[] = {
	FIELDS_IPV4, FIELDS_MS, FIELDS_REST
};
static const struct template_field	ipv4_icmp[] = {
	FIELDS_IPV4, FIELDS_MS, FIELDS_REST, FIELD_ICMP(IE_ICMP)
};
static const struct template_field	ipv6[] = {
	FIELDS_IPV6, FIELDS_MS, FIELDS_REST
};
static const struct template_field	ipv6_icmp[] = {
	FIELDS_IPV6, FIELDS_MS, FIELDS_REST, FIELD_ICMP(IE_ICMP6)
};

static const struct template	templates[] = {
	{ TEMPLATE_IPV4, nitems(ipv4), ipv4,
	    OCTETS_IPV4 + OCTETS_MS + OCTETS_REST, 1, 0 },
	{ TEMPLATE_IPV4_ICMP, nitems(ipv4_icmp), ipv4_icmp,
	    OCTETS_IPV4 + OCTETS_MS + OCTETS_REST + OCTETS_ICMP, 1, 1 },
	{ TEMPLATE_IPV6, nitems(ipv6), ipv6,
	    OCTETS_IPV6 + OCTETS_MS + OCTETS_REST, 1, 0 },
	{ TEMPLATE_IPV6_ICMP, nitems(ipv6_icmp), ipv6_icmp,
	    OCTETS_IPV6 + OCTETS_MS + OCTETS_REST + OCTETS_ICMP, 1, 1 }
};

/* RFC 7011 section 3.4.2.2 counts fields, and those of them that scope. */
static void
ipfix_templates(struct datagram *d)
{
	static const uint16_t	head[2] = { 3, 1 };

	template_set(d, IPFIX_TEMPLATES, templates, nitems(templates));
	template_sampling(d, IPFIX_OPTIONS, head, IE_DOMAIN);
}

static int
ipfix_flow(struct datagram *d, const struct flow *f,
    const struct flow_side *side, unsigned int dirs, uint8_t end_reason)
{
	const struct template	*t;

	if (f->key.family == 6)
		t = &templates[2 + (f->key.proto == IPPROTO_ICMPV6)];
	else
		t = &templates[f->key.proto == IPPROTO_ICMP];
	return (template_flow(d, t, f, side, dirs, end_reason));
}

/* The sequence counts data records, RFC 7011 section 3.1. */
static uint32_t
ipfix_finish(struct datagram *d)
{
	size_t	len;

	set_close(d);
	len = d->len;
	d->len = 0;
	datagram_put(d, IPFIX_VERSION, 2);
	datagram_put(d, len, 2);
	datagram_put(d, 0, 4);		/* seconds */
	datagram_put(d, 0, 4);		/* sequence */
	datagram_put(d, d->source_id, 4);
	d->len = len;
	return (d->options + d->flows);
}

static int64_t
ipfix_stamp(uint8_t *header, int64_t boot_ms, int64_t unix_ms)
{
	(void)boot_ms;
	(void)datagram_store(header + 4, (uint64_t)unix_ms / 1000, 4);
	return (unix_ms);
}

const struct netflow_encoder	ipfix_encoder = {
	.header = IPFIX_HEADER,
	.sequence_off = IPFIX_SEQUENCE_OFF,
	.payload_max = PAYLOAD_MAX,
	.ipv6 = 1,
	.templates = ipfix_templates,
	.flow = ipfix_flow,
	.finish = ipfix_finish,
	.stamp = ipfix_stamp
};
