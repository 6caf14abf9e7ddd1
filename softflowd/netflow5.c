/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * NetFlow v5: fixed records, IPv4 only, 32-bit counters.  Worker, confined;
 * pure.
 */

#include "interface.h"
#include "netflow.h"

static uint32_t
clamp32(uint64_t value)
{
	return (value > UINT32_MAX ? UINT32_MAX : (uint32_t)value);
}

/* One that is too large is as good as unknown. */
static uint32_t
interface16(uint8_t slot)
{
	uint32_t	number = interface_number(slot);

	return (number <= UINT16_MAX ? number : 0);
}

static void
netflow5_record(struct datagram *d, const struct flow *f, int dir)
{
	datagram_copy(d, f->key.addr[dir], 4);
	datagram_copy(d, f->key.addr[1 - dir], 4);
	datagram_put(d, 0, 4);		/* next hop */
	datagram_put(d, interface16(f->in[dir]), 2);
	datagram_put(d, interface16(f->out[dir]), 2);
	datagram_put(d, clamp32(f->packets[dir]), 4);
	datagram_put(d, clamp32(f->octets[dir]), 4);
	datagram_put(d, datagram_uptime(d, f->first_us[dir]), 4);
	datagram_put(d, datagram_uptime(d, f->last_us[dir]), 4);
	datagram_put(d, f->key.port[dir], 2);
	datagram_put(d, f->key.port[1 - dir], 2);
	datagram_put(d, 0, 1);
	datagram_put(d, f->tcp_flags[dir], 1);
	datagram_put(d, f->key.proto, 1);
	datagram_put(d, f->tos[dir], 1);
	datagram_put(d, 0, 8);		/* autonomous systems, masks */
	d->flows++;
}

static int
netflow5_flow(struct datagram *d, const struct flow *f,
    const struct flow_side *side, unsigned int dirs, uint8_t end_reason)
{
	size_t	records;
	int	dir;

	(void)side;
	(void)end_reason;
	records = (dirs & 1) + (dirs >> 1);
	if (d->len + records * NETFLOW5_RECORD > d->max)
		return (-1);
	for (dir = 0; dir < 2; dir++)
		if (dirs & 1U << dir)
			netflow5_record(d, f, dir);
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

static int64_t
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
