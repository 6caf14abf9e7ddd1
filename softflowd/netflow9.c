/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * NetFlow v9 (RFC 3954): templates, times as uptime.  Worker, confined; pure.
 * ICMPv6 has no template of its own here: nfdump misreads element 139 in v9.
 */

#include <netinet/in.h>

#include "compat.h"
#include "netflow_template.h"

static const struct template_field	ipv4[] = {
	FIELDS_IPV4, FIELDS_UPTIME, FIELDS_REST
};
static const struct template_field	ipv4_icmp[] = {
	FIELDS_IPV4, FIELDS_UPTIME, FIELDS_REST,
	FIELD_ICMP(IE_ICMP)
};
static const struct template_field	ipv6[] = {
	FIELDS_IPV6, FIELDS_UPTIME, FIELDS_REST
};

static const struct template	templates[] = {
	{ TEMPLATE_IPV4, nitems(ipv4), ipv4,
	    OCTETS_IPV4 + OCTETS_UPTIME + OCTETS_REST, 0, 0 },
	{ TEMPLATE_IPV4_ICMP, nitems(ipv4_icmp), ipv4_icmp,
	    OCTETS_IPV4 + OCTETS_UPTIME + OCTETS_REST + OCTETS_ICMP, 0, 1 },
	{ TEMPLATE_IPV6, nitems(ipv6), ipv6,
	    OCTETS_IPV6 + OCTETS_UPTIME + OCTETS_REST, 0, 0 }
};

/* RFC 3954 section 6.1 counts octets of scope and of option fields. */
static void
netflow9_templates(struct datagram *d)
{
	static const uint16_t	head[2] = { 4, 8 };

	template_set(d, NETFLOW9_TEMPLATES, templates, nitems(templates));
	template_sampling(d, NETFLOW9_OPTIONS, head, NETFLOW9_SCOPE_SYSTEM);
}

static int
netflow9_flow(struct datagram *d, const struct flow *f,
    const struct flow_side *side, unsigned int dirs, uint8_t end_reason)
{
	const struct template	*t;

	if (f->key.family == 6)
		t = &templates[2];
	else
		t = &templates[f->key.proto == IPPROTO_ICMP];
	return (template_flow(d, t, f, side, dirs, end_reason));
}

static uint32_t
netflow9_finish(struct datagram *d)
{
	size_t	len;

	set_close(d);
	len = d->len;
	d->len = 0;
	datagram_put(d, NETFLOW9_VERSION, 2);
	datagram_put(d, d->templates + d->options + d->flows, 2);
	datagram_put(d, 0, 8);		/* uptime, seconds */
	datagram_put(d, 0, 4);		/* sequence */
	datagram_put(d, d->source_id, 4);
	d->len = len;
	return (1);
}

/*
 * The header's time has no fraction of a second, so the whole second before
 * is said together with the uptime of that second; the one behind when the
 * exporter was not yet up.
 */
static int64_t
netflow9_stamp(uint8_t *header, int64_t boot_ms, int64_t unix_ms)
{
	uint8_t	*p = header + 4;

	unix_ms -= unix_ms % 1000;
	if (unix_ms < boot_ms)
		unix_ms += 1000;
	p = datagram_store(p, (uint64_t)(unix_ms - boot_ms), 4);
	(void)datagram_store(p, (uint64_t)unix_ms / 1000, 4);
	return (unix_ms);
}

const struct netflow_encoder	netflow9_encoder = {
	.header = NETFLOW9_HEADER,
	.sequence_off = NETFLOW9_SEQUENCE_OFF,
	.payload_max = PAYLOAD_MAX,
	.ipv6 = 1,
	.templates = netflow9_templates,
	.flow = netflow9_flow,
	.finish = netflow9_finish,
	.stamp = netflow9_stamp
};
