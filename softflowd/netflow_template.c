/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Sets, templates and records of v9 and IPFIX.  Worker, confined; pure. */

#include "interface.h"
#include "netflow_template.h"

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
	datagram_put(d, 0, datagram_align(d->len) - d->len);
	datagram_patch(d, d->set + 2, d->len - d->set, 2);
	d->set = 0;
}

static void
put_fields(struct datagram *d, const struct template_field *fields,
    size_t count)
{
	size_t	i;
	int	wide = d->optional != NULL && d->optional->wide;

	for (i = 0; i < count; i++) {
		datagram_put(d, fields[i].element, 2);
		datagram_put(d, fields[i].element == IE_TCP_FLAGS && wide ?
		    2 : fields[i].length, 2);
	}
	d->templates++;
}

static void
put_template(struct datagram *d, const struct template *t)
{
	static const struct optional_part	 none;
	const struct optional_part		*more = &none;
	unsigned int				 i;

	if (d->optional != NULL)
		more = &d->optional->part[t->fields[0].element == IE_SRC_IPV6];
	datagram_put(d, t->id, 2);
	datagram_put(d, t->count + more->count, 2);
	put_fields(d, t->fields, t->count);
	for (i = 0; i < more->count; i++) {
		datagram_put(d, more->field[i].element, 2);
		datagram_put(d, more->field[i].octets, 2);
	}
}

void
template_set(struct datagram *d, uint16_t set_id, const struct template *t,
    size_t n)
{
	set_open(d, set_id);
	for (; n > 0; n--, t++)
		put_template(d, t);
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

/*
 * A record of direction dir, field by field as the FIELDS_ of its template
 * have it.  Written out, for this is most of what exporting a flow costs.
 * side: if not NULL, what is kept besides, also for optional fields.
 */
static inline void
put_record(struct datagram *d, const struct template *t, const struct flow *f,
    const struct flow_side *side, int dir, uint8_t end_reason)
{
	uint8_t		*p = d->data + d->len;
	size_t		 address = f->key.family == 6 ? 16 : 4;
	size_t		 wide = side != NULL && d->optional->wide;

	if (address == 16) {
		memcpy(p, f->key.addr[dir], 16);
		memcpy(p + 16, f->key.addr[1 - dir], 16);
	} else {
		memcpy(p, f->key.addr[dir], 4);
		memcpy(p + 4, f->key.addr[1 - dir], 4);
	}
	p += 2 * address;
	if (t->absolute) {
		p = datagram_store(p, f->first_us[dir] / 1000, 8);
		p = datagram_store(p, f->last_us[dir] / 1000, 8);
	} else {
		p = datagram_store(p, datagram_uptime(d, f->first_us[dir]), 4);
		p = datagram_store(p, datagram_uptime(d, f->last_us[dir]), 4);
	}
	p = datagram_store(p, f->octets[dir], 8);
	p = datagram_store(p, f->packets[dir], 8);
	p = datagram_store(p, interface_number(f->in[dir]), 4);
	p = datagram_store(p, interface_number(f->out[dir]), 4);
	p = datagram_store(p, f->key.port[dir], 2);
	p = datagram_store(p, f->key.port[1 - dir], 2);
	*p++ = f->key.proto;
	if (wide)
		p = datagram_store(p, side->count[dir].tcp_control, 2);
	else
		*p++ = f->tcp_flags[dir];
	*p++ = f->key.family;
	*p++ = f->tos[dir];
	*p++ = end_reason;
	*p++ = interface_direction(f, dir,
	    side == NULL ? NULL : side->first[dir].mac);
	if (t->icmp)
		(void)datagram_store(p, f->key.port[1 - dir], 2);
	d->len += t->octets + wide;
	d->flows++;
}

/* The same with its optional fields. */
static void
put_more(struct datagram *d, const struct template *t, const struct flow *f,
    const struct flow_side *side, int dir, uint8_t end_reason)
{
	put_record(d, t, f, side, dir, end_reason);
	optional_put(d, &d->optional->part[f->key.family == 6], side, dir);
}

int
template_flow(struct datagram *d, const struct template *t,
    const struct flow *f, const struct flow_side *side, unsigned int dirs,
    uint8_t end_reason)
{
	const struct optional	*more = d->optional;
	size_t			 end, octets = t->octets;
	int			 dir, open;

	if (more != NULL)
		octets += more->part[f->key.family == 6].octets +
		    (size_t)more->wide;
	open = d->set != 0 && d->set_id == t->id;
	end = open ? d->len : datagram_align(d->len) + SET_HEAD;
	end += octets * ((dirs & 1) + (dirs >> 1));
	if (datagram_align(end) > d->max)
		return (-1);

	if (!open)
		set_open(d, t->id);
	for (dir = 0; dir < 2; dir++) {
		if ((dirs & 1U << dir) == 0)
			continue;
		if (more != NULL)
			put_more(d, t, f, side, dir, end_reason);
		else
			put_record(d, t, f, NULL, dir, end_reason);
	}
	return (0);
}
