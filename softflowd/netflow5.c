/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * NetFlow v5: fixed records, IPv4 only, 32-bit counters.  Worker, confined;
 * pure.
 */

#include "netflow_record.h"

static void
netflow5_record(struct datagram *d, const struct record *r)
{
	const struct flow	*f = r->flow;
	uint8_t			*p = record_fixed(d, r);

	*p++ = 0;
	*p++ = f->tcp_flags[r->dir];
	*p++ = f->key.proto;
	*p++ = f->tos[r->dir];
	(void)datagram_store(p, 0, 8);	/* autonomous systems, masks */
	d->len += NETFLOW5_RECORD;
	d->flows++;
}

static int
netflow5_flow(struct datagram *d, const struct flow *f,
    const struct flow_side *side, unsigned int dirs, uint8_t end_reason)
{
	struct record	r = record_begin(f, side, dirs, end_reason);

	if (d->len + record_count(dirs) * NETFLOW5_RECORD > d->max)
		return (-1);
	while (record_next(&r))
		netflow5_record(d, &r);
	return (0);
}

static uint32_t
netflow5_finish(struct datagram *d)
{
	size_t	len = d->len;

	d->len = 0;
	datagram_put(d, NETFLOW5_VERSION, 2);
	datagram_put(d, d->flows, 2);
	datagram_put(d, 0, 4);		/* uptime, */
	datagram_put(d, 0, 8);		/* seconds, nanoseconds */
	datagram_put(d, 0, 4);		/* sequence */
	datagram_put(d, d->source_id, 2);	/* engine type, engine id */
	datagram_put(d, d->sampling > 1 ?
	    NETFLOW5_SAMPLED | d->sampling : 0, 2);
	d->len = len;
	return (d->flows);
}

int64_t
netflow5_stamp(uint8_t *header, int64_t boot_ms, int64_t unix_ms)
{
	uint8_t	*p = header + 4;

	p = datagram_store(p, (uint64_t)(unix_ms - boot_ms), 4);
	p = datagram_store(p, (uint64_t)unix_ms / 1000, 4);
	(void)datagram_store(p, (uint64_t)unix_ms % 1000 * 1000000, 4);
	return (unix_ms);
}

const struct netflow_encoder	netflow5_encoder = {
	.header = NETFLOW5_HEADER,
	.sequence_off = NETFLOW5_SEQUENCE_OFF,
	.payload_max = NETFLOW5_PAYLOAD,
	.flow = netflow5_flow,
	.finish = netflow5_finish,
	.stamp = netflow5_stamp
};
