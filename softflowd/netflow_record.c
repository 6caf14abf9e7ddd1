/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What fields say, out of a flow and its side record.  Worker, confined; pure.
 */

#include <sys/types.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <string.h>

#include "netflow_record.h"
#include "siphash.h"

#define NTP_EPOCH	2208988800U	/* 1970 in seconds since 1900 */
#define NTP_US_MASK	0x7ffU		/* RFC 7011 section 6.1.9: zero */

/* biflowDirection, RFC 5103 section 6.3. */
#define BIFLOW_ARBITRARY	0
#define BIFLOW_INITIATOR	1

/*
 * Seconds since 1900, modulo 2^32, and a fraction that is rounded up: who cuts
 * it off again finds the very microsecond.
 */
static uint64_t
ntp_time(uint64_t time_us, uint64_t unused)
{
	uint64_t	fraction;

	fraction = ((time_us % 1000000 << 32) + 999999) / 1000000;
	fraction = (fraction + unused) & ~unused;
	return ((time_us / 1000000 + NTP_EPOCH) << 32 | fraction);
}

/* Since systemInitTimeMilliseconds; in v9 since the header's origin. */
static uint64_t
uptime(struct datagram *d, uint64_t time_us)
{
	const struct layout	*l = d->layout;
	int64_t			 ms = (int64_t)(time_us / 1000), base;

	if (l->origin)
		return (datagram_uptime(d, time_us));
	base = l->identity.init_ms != 0 ? l->identity.init_ms : d->boot_ms;
	if (ms >= base)
		return ((uint64_t)(ms - base) & UINT32_MAX);
	d->clamped++;
	return (0);
}

uint64_t
record_time(struct datagram *d, uint64_t time_us)
{
	switch (d->layout->times) {
	case TIMES_UPTIME:
		return (uptime(d, time_us));
	case TIMES_SECONDS:
		return (time_us / 1000000);
	case TIMES_MILLISECONDS:
		return (time_us / 1000);
	case TIMES_MICROSECONDS:
		return (ntp_time(time_us, NTP_US_MASK));
	default:
		return (ntp_time(time_us, 0));
	}
}

/*
 * Whether the source is known to have begun.  Of TCP flags there is only the
 * OR of all packets: SYN without ACK is a start that got no further, and one
 * that was answered shows by the other's SYN.  Where neither can be seen we
 * may have joined midway.
 */
static uint64_t
biflow_direction(const struct flow *f, int dir)
{
	uint8_t	from = f->tcp_flags[dir], to = f->tcp_flags[1 - dir];

	if (f->key.proto != IPPROTO_TCP || (from & (TH_SYN | TH_ACK)) == TH_SYN)
		return (BIFLOW_INITIATOR);
	return (from & to & TH_SYN ? BIFLOW_INITIATOR : BIFLOW_ARBITRARY);
}

/* The same of all records of a conversation, and of both directions. */
static uint64_t
flow_id(const struct layout *l, const struct record *r)
{
	uint64_t	octets, v[4];

	sip_begin(v, l->key);
	octets = track_hash_key(v, &r->flow->key);
	if (r->side != NULL)
		octets += track_hash_more(v, &r->side->key);
	return (sip_end(v, octets));
}

static uint64_t
load(const uint8_t *p, size_t octets)
{
	uint64_t	v = 0;

	while (octets-- > 0)
		v = v << 8 | *p++;
	return (v);
}

/* Its id if the packets came in a tunnel of that kind. */
static uint64_t
tunnel_id(const struct side_first *first, enum tunnel tunnel)
{
	return (first->tunnel == tunnel ? first->tunnel_id : 0);
}

static uint64_t
segment(const struct side_first *first)
{
	if (first->tunnel == TUNNEL_VXLAN)
		return (SEGMENT_VXLAN | first->tunnel_id);
	return (tunnel_id(first, TUNNEL_GENEVE));
}

/*
 * What an exporter that forwards nothing says of packets behind it is what
 * they were.
 */
static uint64_t
side_value(unsigned int value, const struct side_counts *c,
    const struct side_first *first)
{
	switch (value) {
	case VALUE_TTL_MIN:
		return (c->ttl_min);
	case VALUE_TTL_MAX:
		return (c->ttl_max);
	case VALUE_LENGTH_MIN:
		return (c->length_min);
	case VALUE_LENGTH_MAX:
		return (c->length_max);
	case VALUE_SYN:
		return (c->syn);
	case VALUE_FIN:
		return (c->fin);
	case VALUE_RST:
		return (c->rst);
	case VALUE_VLAN:
	case VALUE_DOT1Q_VLAN:
	case VALUE_POST_VLAN:
		return (first->vlan[0] & SIDE_VLAN_ID);
	case VALUE_PRIORITY:
		return (first->vlan[0] >> SIDE_PRIORITY);
	case VALUE_INNER:
		return (first->vlan[1] & SIDE_VLAN_ID);
	case VALUE_INNER_PRIORITY:
		return (first->vlan[1] >> SIDE_PRIORITY);
	case VALUE_SRC_MAC:
		return (load(first->mac[0], 6));
	case VALUE_DST_MAC:
	case VALUE_POST_DST_MAC:
		return (load(first->mac[1], 6));
	case VALUE_FLOW_LABEL:
		return (c->flow_label);
	case VALUE_SEGMENT:
		return (segment(first));
	case VALUE_GRE_KEY:
		return (tunnel_id(first, TUNNEL_GRE));
	case VALUE_GTPU_TEID:
		return (tunnel_id(first, TUNNEL_GTPU));
	default:
		return (load(first->label[value - VALUE_MPLS], 3));
	}
}

static uint64_t
flow_value(struct datagram *d, const struct record *r,
    const struct layout_field *field, int dir)
{
	const struct flow	*f = r->flow;

	switch (field->value) {
	case VALUE_FIRST:
		return (record_time(d, f->first_us[dir]));
	case VALUE_LAST:
		return (record_time(d, f->last_us[dir]));
	case VALUE_OCTETS:
		return (f->octets[dir]);
	case VALUE_PACKETS:
		return (f->packets[dir]);
	case VALUE_INGRESS:
		return (interface_number(f->in[dir]));
	case VALUE_EGRESS:
		return (interface_number(f->out[dir]));
	case VALUE_SRC_PORT:
		return (f->key.port[dir]);
	case VALUE_DST_PORT:
	case VALUE_ICMP:
		return (f->key.port[1 - dir]);
	case VALUE_PROTOCOL:
		return (f->key.proto);
	case VALUE_TCP_FLAGS:
		return (field->octets == 2 ? r->side->count[dir].tcp_control :
		    f->tcp_flags[dir]);
	case VALUE_IP_VERSION:
		return (f->key.family);
	case VALUE_TOS:
		return (f->tos[dir]);
	case VALUE_REASON:
		return (r->end_reason);
	case VALUE_DIRECTION:
		return (interface_direction(f, dir, r->side == NULL ? NULL :
		    r->side->first[dir].mac));
	case VALUE_FLOW_ID:
		return (flow_id(d->layout, r));
	default:
		return (biflow_direction(f, dir));
	}
}

static inline void
put_field(struct datagram *d, const struct record *r,
    const struct layout_field *field)
{
	uint64_t	value;
	int		dir = field->reverse ? 1 - r->dir : r->dir;

	switch (field->value) {
	case VALUE_SRC_ADDR:
		datagram_copy(d, r->flow->key.addr[dir], field->octets);
		return;
	case VALUE_DST_ADDR:
		datagram_copy(d, r->flow->key.addr[1 - dir], field->octets);
		return;
	}
	if (field->value >= VALUE_SIDE) {
		value = side_value(field->value, &r->side->count[dir],
		    &r->side->first[dir]);
		/* A length that v9 has no room for. */
		if (field->octets == 2 && value > UINT16_MAX)
			value = UINT16_MAX;
	} else {
		value = flow_value(d, r, field, dir);
		if (field->octets == 4 && (field->value == VALUE_OCTETS ||
		    field->value == VALUE_PACKETS))
			value = record_counter32(d, value);
	}
	datagram_put(d, value, field->octets);
}

void
record_put(struct datagram *d, const struct record *r,
    const struct layout_field *fields, size_t n)
{
	for (; n > 0; n--)
		put_field(d, r, fields++);
}

static uint32_t
interface16(uint8_t slot)
{
	uint32_t	number = interface_number(slot);

	return (number <= UINT16_MAX ? number : 0);
}

uint8_t *
record_fixed(struct datagram *d, const struct record *r)
{
	const struct flow	*f = r->flow;
	uint8_t			*p = d->data + d->len;
	int			 dir = r->dir;

	memcpy(p, f->key.addr[dir], 4);
	memcpy(p + 4, f->key.addr[1 - dir], 4);
	p = datagram_store(p + 8, 0, 4);	/* next hop */
	p = datagram_store(p, interface16(f->in[dir]), 2);
	p = datagram_store(p, interface16(f->out[dir]), 2);
	p = datagram_store(p, record_counter32(d, f->packets[dir]), 4);
	p = datagram_store(p, record_counter32(d, f->octets[dir]), 4);
	p = datagram_store(p, datagram_uptime(d, f->first_us[dir]), 4);
	p = datagram_store(p, datagram_uptime(d, f->last_us[dir]), 4);
	p = datagram_store(p, f->key.port[dir], 2);
	return (datagram_store(p, f->key.port[1 - dir], 2));
}
