/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * NetFlow v1: fixed records, IPv4 only, 32-bit counters, and no numbers by
 * which a loss shows.  Worker, confined; pure.
 */

#include "netflow_record.h"

static void
netflow1_record(struct datagram *d, const struct record *r)
{
	const struct flow	*f = r->flow;
	uint8_t			*p = record_fixed(d, r);

	p = datagram_store(p, 0, 2);
	*p++ = f->key.proto;
	*p++ = f->tos[r->dir];
	*p++ = f->tcp_flags[r->dir];
	memset(p, 0, NETFLOW1_RECORD - RECORD_FIXED - 5);
	d->len += NETFLOW1_RECORD;
	d->flows++;
}

static int
netflow1_flow(struct datagram *d, const struct flow *f,
    const struct flow_side *side, unsigned int dirs, uint8_t end_reason)
{
	struct record	r = record_begin(f, side, dirs, end_reason);

	if (d->len + record_count(dirs) * NETFLOW1_RECORD > d->max)
		return (-1);
	while (record_next(&r))
		netflow1_record(d, &r);
	return (0);
}

static uint32_t
netflow1_finish(struct datagram *d)
{
	size_t	len = d->len;

	d->len = 0;
	datagram_put(d, NETFLOW1_VERSION, 2);
	datagram_put(d, d->flows, 2);
	datagram_put(d, 0, 4);		/* uptime, */
	datagram_put(d, 0, 8);		/* seconds, nanoseconds */
	d->len = len;
	return (0);
}

const struct netflow_encoder	netflow1_encoder = {
	.header = NETFLOW1_HEADER,
	.payload_max = NETFLOW1_PAYLOAD,
	.flow = netflow1_flow,
	.finish = netflow1_finish,
	.stamp = netflow5_stamp
};
