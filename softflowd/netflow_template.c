/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Sets, templates and records of v9 and IPFIX.  Worker, confined; pure. */

#include "netflow_template.h"

static size_t
align(size_t octets)
{
	return ((octets + SET_ALIGN - 1) / SET_ALIGN * SET_ALIGN);
}

void
set_open(struct datagram *d, uint16_t id)
{
	set_close(d);
	d->set = d->len;
	d->set_id = id;
	datagram_put(d, id, 2);
	datagram_put(d, 0, 2);		/* length, by set_close() */
}

void
set_close(struct datagram *d)
{
	if (d->set == 0)
		return;
	datagram_put(d, 0, align(d->len) - d->len);
	datagram_patch(d, d->set + 2, d->len - d->set, 2);
	d->set = 0;
}

static void
put_fields(struct datagram *d, const struct template_field *fields,
    size_t count)
{
	size_t	i;

	for (i = 0; i < count; i++) {
		datagram_put(d, fields[i].element, 2);
		datagram_put(d, fields[i].length, 2);
	}
	d->templates++;
}

void
template_set(struct datagram *d, uint16_t set_id, const struct template *t,
    size_t n)
{
	set_open(d, set_id);
	for (; n > 0; n--, t++) {
		datagram_put(d, t->id, 2);
		datagram_put(d, t->count, 2);
		put_fields(d, t->fields, t->count);
	}
	set_close(d);
}

void
template_sampling(struct datagram *d, uint16_t set_id,
    const uint16_t head[2], uint16_t scope)
{
	const struct template_field	fields[] = {
		{ scope, 4 },
		{ IE_SAMPLING_INTERVAL, 4 },
		{ IE_SAMPLING_ALGORITHM, 1 }
	};

	set_open(d, set_id);
	datagram_put(d, TEMPLATE_SAMPLING, 2);
	datagram_put(d, head[0], 2);
	datagram_put(d, head[1], 2);
	put_fields(d, fields, 3);

	set_open(d, TEMPLATE_SAMPLING);
	datagram_put(d, d->source_id, 4);
	datagram_put(d, d->sampling, 4);
	datagram_put(d, SAMPLING_DETERMINISTIC, 1);
	d->options++;
	set_close(d);
}

/* A number that a record of direction dir holds. */
static uint64_t
field_value(struct datagram *d, const struct flow *f, int dir,
    uint8_t end_reason, uint16_t element)
{
	switch (element) {
	case IE_FIRST_UPTIME:
		return (datagram_uptime(d, f->first_us[dir]));
	case IE_LAST_UPTIME:
		return (datagram_uptime(d, f->last_us[dir]));
	case IE_FIRST_MS:
		return (f->first_us[dir] / 1000);
	case IE_LAST_MS:
		return (f->last_us[dir] / 1000);
	case IE_OCTETS:
		return (f->octets[dir]);
	case IE_PACKETS:
		return (f->packets[dir]);
	case IE_INGRESS:
		return (f->ifindex);
	case IE_SRC_PORT:
		return (f->key.port[dir]);
	case IE_DST_PORT:
	case IE_ICMP:
	case IE_ICMP6:
		return (f->key.port[1 - dir]);
	case IE_PROTOCOL:
		return (f->key.proto);
	case IE_TCP_FLAGS:
		return (f->tcp_flags[dir]);
	case IE_IP_VERSION:
		return (f->key.family);
	case IE_TOS:
		return (f->tos[dir]);
	case IE_END_REASON:
		return (end_reason);
	default:
		return (0);		/* IE_EGRESS: not known */
	}
}

static void
put_record(struct datagram *d, const struct template *t, const struct flow *f,
    int dir, uint8_t end_reason)
{
	const struct template_field	*tf;

	for (tf = t->fields; tf < t->fields + t->count; tf++) {
		switch (tf->element) {
		case IE_SRC_IPV4:
		case IE_SRC_IPV6:
			datagram_copy(d, f->key.addr[dir], tf->length);
			break;
		case IE_DST_IPV4:
		case IE_DST_IPV6:
			datagram_copy(d, f->key.addr[1 - dir], tf->length);
			break;
		default:
			datagram_put(d, field_value(d, f, dir, end_reason,
			    tf->element), tf->length);
			break;
		}
	}
	d->flows++;
}

int
template_flow(struct datagram *d, const struct template *t,
    const struct flow *f, uint8_t end_reason)
{
	size_t	i, record = 0, end;
	int	dir, open;

	for (i = 0; i < t->count; i++)
		record += t->fields[i].length;
	open = d->set != 0 && d->set_id == t->id;
	end = open ? d->len : align(d->len) + SET_HEAD;
	end += record * ((f->packets[0] != 0) + (f->packets[1] != 0));
	if (align(end) > d->max)
		return (-1);

	if (!open)
		set_open(d, t->id);
	for (dir = 0; dir < 2; dir++)
		if (f->packets[dir] != 0)
			put_record(d, t, f, dir, end_reason);
	return (0);
}
