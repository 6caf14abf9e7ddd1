/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * IPFIX (RFC 7011): what its header is; netflow_template.c writes the rest.
 * Worker, confined; pure.
 */

#include "netflow_template.h"

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
	.templates = template_sets,
	.statistics = options_statistics,
	.flow = template_flow,
	.finish = ipfix_finish,
	.stamp = ipfix_stamp
};
