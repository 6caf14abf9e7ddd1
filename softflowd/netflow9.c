/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * NetFlow v9 (RFC 3954): what its header is; netflow_template.c writes the
 * rest.  Worker, confined; pure.
 */

#include "netflow_template.h"

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
	.templates = template_sets,
	.statistics = options_statistics,
	.flow = template_flow,
	.finish = netflow9_finish,
	.stamp = netflow9_stamp
};
