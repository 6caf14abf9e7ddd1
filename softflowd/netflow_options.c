/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Options records: sampling, the time of boot, and statistics.  All fields are
 * of fixed length and none is an ingressInterface: nfdump reads no others, and
 * takes that for a table of names.  Worker, confined; pure.
 */

#include "interface.h"
#include "netflow_template.h"

#define OPTIONS_FIELDS	10

struct option {
	uint16_t	element;
	uint16_t	octets;
	uint64_t	value;
	const void	*copy;		/* or so many octets; not NULL */
};

/* A template and its only record.  The first fields are the scope. */
struct options {
	uint16_t	id;
	uint16_t	scopes;
	unsigned int	count;
	struct option	option[OPTIONS_FIELDS];
};

static int
is_v9(const struct datagram *d)
{
	return (d->layout->format.version == NETFLOW9_VERSION);
}

static void
add(struct options *o, uint16_t element, uint16_t octets, uint64_t value)
{
	o->option[o->count++] = (struct option){ element, octets, value,
	    NULL };
}

static void
add_copy(struct options *o, uint16_t element, uint16_t octets,
    const void *copy)
{
	o->option[o->count++] = (struct option){ element, octets, 0, copy };
}

/* Begin with all of the exporter as the scope. */
static void
begin(const struct datagram *d, struct options *o, uint16_t id)
{
	*o = (struct options){ .id = id, .scopes = 1 };
	add(o, is_v9(d) ? NETFLOW9_SCOPE_SYSTEM : IE_DOMAIN, 4, d->source_id);
}

/*
 * RFC 3954 section 6.1 counts octets of scope and of option fields, RFC 7011
 * section 3.4.2.2 fields, and those of them that scope.
 */
static void
put_template(struct datagram *d, const struct options *o)
{
	unsigned int	i;

	datagram_put(d, o->id, 2);
	datagram_put(d, is_v9(d) ? 4U * o->scopes : o->count, 2);
	datagram_put(d, is_v9(d) ? 4U * (o->count - o->scopes) : o->scopes, 2);
	for (i = 0; i < o->count; i++) {
		datagram_put(d, o->option[i].element, 2);
		datagram_put(d, o->option[i].octets, 2);
	}
	d->templates++;
}

/* Templates, then each one's record.  nfdump reads one template of a set. */
static void
put_options(struct datagram *d, const struct options *o, unsigned int n)
{
	const struct option	*option;
	unsigned int		 i, j;

	for (i = 0; i < n; i++) {
		set_open(d, is_v9(d) ? NETFLOW9_OPTIONS : IPFIX_OPTIONS);
		put_template(d, &o[i]);
	}
	for (i = 0; i < n; i++) {
		set_open(d, o[i].id);
		for (j = 0; j < o[i].count; j++) {
			option = &o[i].option[j];
			if (option->copy != NULL)
				datagram_copy(d, option->copy, option->octets);
			else
				datagram_put(d, option->value, option->octets);
		}
		d->options++;
	}
	set_close(d);
}

static uint64_t
init_time(const struct datagram *d)
{
	int64_t	ms = d->layout->identity.init_ms;

	return ((uint64_t)(ms != 0 ? ms : d->boot_ms));
}

/* Packets are taken one at a time, and so many left out (RFC 5476 6.5.2.1). */
static void
add_selector(const struct datagram *d, struct options *o)
{
	add(o, IE_PACKET_INTERVAL, 4, 1);
	add(o, IE_PACKET_SPACE, 4, d->sampling - 1);
}

/*
 * The one record of softflowd 1.x: of the first interface, or the file.  Addresses, of
 * which it sent other octets, are ours where they are known, and zero else.
 */
static void
classic_options(struct datagram *d)
{
	static const uint8_t		 unknown[16];
	const struct layout_identity	*id = &d->layout->identity;
	const uint8_t			*v4, *v6;
	uint8_t				 slot;
	struct options			 o = { .id = CLASSIC_OPTIONS,
					    .scopes = 1 };

	slot = (uint8_t)netflow_interface_next(1);
	v4 = id->family == 4 ? id->exporter : unknown;
	v6 = id->family == 6 ? id->exporter : unknown;
	if (is_v9(d)) {
		add(&o, NETFLOW9_SCOPE_INTERFACE, 4, interface_number(slot));
		add(&o, IE_SAMPLING_INTERVAL, 4, d->sampling);
		add(&o, IE_SAMPLING_ALGORITHM, 1, SAMPLING_DETERMINISTIC);
	} else {
		add(&o, IE_METERING_PROCESS, 4, d->source_id);
		add(&o, IE_INIT_TIME, 8, init_time(d));
		add_selector(d, &o);
		add(&o, IE_SELECTOR_ALGORITHM, 2, SAMPLING_DETERMINISTIC);
	}
	add_copy(&o, IE_INTERFACE_NAME, INTERFACE_NAME, slot == 0 ?
	    id->name : interface_name(slot));
	if (!is_v9(d)) {
		add_copy(&o, IE_EXPORTER_IPV4, 4, v4);
		add_copy(&o, IE_EXPORTER_IPV6, 16, v6);
		add_copy(&o, IE_ORIGINAL_IPV4, 4, v4);
		add_copy(&o, IE_ORIGINAL_IPV6, 16, v6);
	}
	put_options(d, &o, 1);
}

/*
 * Sampling in two dialects: what all collectors read, which must come first,
 * and what the standard says now.
 */
void
options_sets(struct datagram *d)
{
	struct options	o[3];
	unsigned int	n = 1;

	if (d->layout->format.flags & FORMAT_CLASSIC) {
		classic_options(d);
		return;
	}
	begin(d, &o[0], TEMPLATE_SAMPLING);
	add(&o[0], IE_SAMPLING_INTERVAL, 4, d->sampling);
	add(&o[0], IE_SAMPLING_ALGORITHM, 1, SAMPLING_DETERMINISTIC);
	if (!is_v9(d)) {
		o[n] = (struct options){ .id = TEMPLATE_SELECTOR, .scopes = 1 };
		add(&o[n], IE_SELECTOR, 8, SAMPLING_SELECTOR);
		add(&o[n], IE_SELECTOR_ALGORITHM, 2, SAMPLING_DETERMINISTIC);
		add_selector(d, &o[n++]);
	}
	if (!is_v9(d) && d->layout->times == TIMES_UPTIME) {
		begin(d, &o[n], TEMPLATE_INIT);
		add(&o[n++], IE_INIT_TIME, 8, init_time(d));
	}
	put_options(d, o, n);
}

static uint16_t
seconds16(uint32_t seconds)
{
	return (seconds < UINT16_MAX ? (uint16_t)seconds : UINT16_MAX);
}

static void
add_exported(struct options *o, const struct export_statistics *s)
{
	add(o, IE_EXPORTED_MESSAGES, 8, s->messages);
	add(o, IE_EXPORTED_FLOWS, 8, s->records);
	add(o, IE_EXPORTED_OCTETS, 8, s->octets);
}

static void
add_timeouts(struct options *o, const struct export_statistics *s)
{
	add(o, IE_ACTIVE_TIMEOUT, 2, seconds16(s->active_timeout));
	add(o, IE_IDLE_TIMEOUT, 2, seconds16(s->idle_timeout));
}

/* Begin with the metering process in the scope. */
static void
begin_metering(const struct datagram *d, struct options *o, uint16_t id,
    const struct export_statistics *s)
{
	begin(d, o, id);
	add(o, IE_METERING_PROCESS, 4, s->metering_id);
	o->scopes = 2;
}

/* Who exports; the template's id says of what family the address is. */
static void
exporter_identity(const struct datagram *d, struct options *o,
    const struct export_statistics *s)
{
	begin(d, o, TEMPLATE_EXPORTER);
	/* Packets of a file may be older than its first one: it has none. */
	if (s->boot_ms != 0)
		add(o, IE_INIT_TIME, 8, (uint64_t)s->boot_ms);
	if (s->family == 4)
		add_copy(o, IE_EXPORTER_IPV4, 4, s->exporter);
	else if (s->family == 6)
		add_copy(o, IE_EXPORTER_IPV6, 16, s->exporter);
	o->id += s->family == 4 ? 1 : s->family == 6 ? 2 : 0;
	add_timeouts(o, s);
}

static void
ipfix_statistics(struct datagram *d, const struct export_statistics *s)
{
	struct options	o[5];
	unsigned int	n = 4;

	exporter_identity(d, &o[0], s);
	begin_metering(d, &o[1], TEMPLATE_METERING, s);
	add_exported(&o[1], s);
	begin_metering(d, &o[2], TEMPLATE_IGNORED, s);
	add(&o[2], IE_IGNORED_PACKETS, 8, s->ignored_packets);
	add(&o[2], IE_IGNORED_OCTETS, 8, s->ignored_octets);
	add(&o[2], IE_OBSERVATION_MS, 8, s->ignored_first_us / 1000);
	add(&o[2], IE_OBSERVATION_MS, 8, s->ignored_last_us / 1000);
	o[3] = (struct options){ .id = TEMPLATE_UNSENT, .scopes = 1 };
	add(&o[3], IE_EXPORTING_PROCESS, 4, s->exporting_id);
	add(&o[3], IE_UNSENT_FLOWS, 8, s->unsent_flows);
	add(&o[3], IE_UNSENT_PACKETS, 8, s->unsent_packets);
	add(&o[3], IE_UNSENT_OCTETS, 8, s->unsent_octets);
	add(&o[3], IE_OBSERVATION_MS, 8, s->unsent_first_us / 1000);
	add(&o[3], IE_OBSERVATION_MS, 8, s->unsent_last_us / 1000);
	if (d->sampling > 1) {
		o[n] = (struct options){ .id = TEMPLATE_SELECTED, .scopes = 1 };
		add(&o[n], IE_SELECTOR, 8, SAMPLING_SELECTOR);
		add(&o[n], IE_SELECTOR_OBSERVED, 8, s->observed);
		add(&o[n++], IE_SELECTOR_SELECTED, 8, s->selected);
	}
	put_options(d, o, n);
}

void
options_statistics(struct datagram *d, const struct export_statistics *s)
{
	struct options	o;

	if (!is_v9(d)) {
		ipfix_statistics(d, s);
		return;
	}
	begin(d, &o, TEMPLATE_METERING);
	add_exported(&o, s);
	add_timeouts(&o, s);
	put_options(d, &o, 1);
}
