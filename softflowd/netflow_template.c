/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Sets, templates and records of v9 and IPFIX.  Worker, confined; pure. */

#include <netinet/in.h>

#include "netflow_record.h"
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
put_template(struct datagram *d, const struct layout_template *t)
{
	const struct layout_field	*f;

	datagram_put(d, t->id, 2);
	datagram_put(d, t->count, 2);
	for (f = t->field; f < t->field + t->count; f++) {
		datagram_put(d, f->element, 2);
		datagram_put(d, f->octets, 2);
		if (f->reverse)
			datagram_put(d, PEN_REVERSE, 4);
	}
	d->templates++;
}

/* Whether octets more fit; PAYLOAD_MIN holds any one template. */
static int
has_room(const struct datagram *d, size_t octets)
{
	return (datagram_align(d->len) + octets <= d->max);
}

/* softflowd 1.x had each template in a set of its own. */
unsigned int
template_sets(struct datagram *d, unsigned int from)
{
	const struct layout	*l = d->layout;
	uint16_t		 set_id;
	int			 classic = l->format.flags & FORMAT_CLASSIC;

	set_id = l->format.version == NETFLOW9_VERSION ? NETFLOW9_TEMPLATES :
	    IPFIX_TEMPLATES;
	for (; from < l->ntemplates; from++) {
		if (!has_room(d, SET_HEAD + 4U + l->template[from].specifiers))
			break;
		if (d->set == 0 || classic)
			set_open(d, set_id);
		put_template(d, &l->template[from]);
	}
	set_close(d);
	if (from == l->ntemplates && has_room(d, OPTIONS_ROOM)) {
		options_sets(d);
		from++;
	}
	if (from <= l->ntemplates)
		return (from);
	return (has_room(d, layout_room(l)) ? 0 : from);
}

/*
 * Fields that all records but classic ones have, in the order in which
 * netflow_layout.c has them.  Written out, for this is most of what exporting
 * a flow costs.
 */
static inline uint8_t *
put_plain(struct datagram *d, const struct layout_template *t,
    const struct record *r, uint8_t *p)
{
	const struct layout	*l = d->layout;
	const struct flow	*f = r->flow;
	int			 dir = r->dir;

	if (f->key.family == 6) {
		memcpy(p, f->key.addr[dir], 16);
		memcpy(p + 16, f->key.addr[1 - dir], 16);
		p += 32;
	} else {
		memcpy(p, f->key.addr[dir], 4);
		memcpy(p + 4, f->key.addr[1 - dir], 4);
		p += 8;
	}
	if (l->times == TIMES_MILLISECONDS) {
		p = datagram_store(p, f->first_us[dir] / 1000, 8);
		p = datagram_store(p, f->last_us[dir] / 1000, 8);
	} else if (l->origin) {
		p = datagram_store(p, datagram_uptime(d, f->first_us[dir]), 4);
		p = datagram_store(p, datagram_uptime(d, f->last_us[dir]), 4);
	} else if (l->times <= TIMES_SECONDS) {
		p = datagram_store(p, record_time(d, f->first_us[dir]), 4);
		p = datagram_store(p, record_time(d, f->last_us[dir]), 4);
	} else {
		p = datagram_store(p, record_time(d, f->first_us[dir]), 8);
		p = datagram_store(p, record_time(d, f->last_us[dir]), 8);
	}
	p = datagram_store(p, f->octets[dir], 8);
	p = datagram_store(p, f->packets[dir], 8);
	p = datagram_store(p, interface_number(f->in[dir]), 4);
	p = datagram_store(p, interface_number(f->out[dir]), 4);
	p = datagram_store(p, f->key.port[dir], 2);
	p = datagram_store(p, f->key.port[1 - dir], 2);
	*p++ = f->key.proto;
	if (l->wide)
		p = datagram_store(p, r->side->count[dir].tcp_control, 2);
	else
		*p++ = f->tcp_flags[dir];
	*p++ = f->key.family;
	*p++ = f->tos[dir];
	*p++ = r->end_reason;
	*p++ = interface_direction(f, dir,
	    r->side == NULL ? NULL : r->side->first[dir].mac);
	if (t->icmp)
		p = datagram_store(p, f->key.port[1 - dir], 2);
	return (p);
}

static inline void
put_record(struct datagram *d, const struct layout_template *t,
    const struct record *r)
{
	if (t->plain > 0)
		record_put(d, r, t->field, t->plain);
	if (t->rest > t->plain)
		d->len = (size_t)(put_plain(d, t, r, d->data + d->len) -
		    d->data);
	if (t->count > t->rest)
		record_put(d, r, &t->field[t->rest],
		    (size_t)(t->count - t->rest));
	d->flows++;
}

/* Open a set of t for so many records, unless there is no room. */
static int
make_room(struct datagram *d, const struct layout_template *t,
    unsigned int records)
{
	size_t	end;
	int	open = d->set != 0 && d->set_id == t->id;

	end = open ? d->len : datagram_align(d->len) + SET_HEAD;
	if (datagram_align(end + (size_t)t->octets * records) > d->max)
		return (-1);
	if (!open)
		set_open(d, t->id);
	return (0);
}

static const struct layout_template *
template_of(const struct layout *l, const struct flow *f, int both)
{
	unsigned int	kind;

	if (f->key.family == 6)
		kind = LAYOUT_IPV6 | (f->key.proto == IPPROTO_ICMPV6);
	else
		kind = f->key.proto == IPPROTO_ICMP;
	return (&l->template[l->index[kind | (both ? LAYOUT_BOTH : 0)]]);
}

static int
biflow(struct datagram *d, struct record *r)
{
	const struct flow		*f = r->flow;
	const struct layout_template	*t;

	if (r->dirs != ((f->packets[0] != 0) | (unsigned int)
	    (f->packets[1] != 0) << 1))
		return (-1);
	t = template_of(d->layout, f, r->dirs == 3);
	if (make_room(d, t, 1) == -1)
		return (-1);
	while (record_next_biflow(r))
		put_record(d, t, r);
	return (0);
}

int
template_flow(struct datagram *d, const struct flow *f,
    const struct flow_side *side, unsigned int dirs, uint8_t end_reason)
{
	const struct layout_template	*t;
	struct record			 r;

	r = record_begin(f, side, dirs, end_reason);
	if (d->layout->format.flags & FORMAT_BIFLOW)
		return (biflow(d, &r));
	t = template_of(d->layout, f, 0);
	if (make_room(d, t, record_count(dirs)) == -1)
		return (-1);
	while (record_next(&r))
		put_record(d, t, &r);
	return (0);
}
