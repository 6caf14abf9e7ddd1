/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What statistics say.  The worker gathers (summary_init, summary_expired),
 * confined; the parent and softflowctl print (summary_print), with protocol
 * names if summary_load_protocols() was called before confinement.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netdb.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "compat.h"
#include "summary.h"

static const struct {
	const char	*name, *text;
	size_t		 offset;
} counter_table[] = {
#define COUNTER_ENTRY(name, text) { #name, text, \
    offsetof(struct counters, name) },
	COUNTER_LIST(COUNTER_ENTRY)
#undef COUNTER_ENTRY
};

const char *
counter_name(unsigned int n)
{
	return (n < nitems(counter_table) ? counter_table[n].name : NULL);
}

const char *
counter_text(unsigned int n)
{
	return (n < nitems(counter_table) ? counter_table[n].text : NULL);
}

uint64_t
counter_value(const struct counters *c, unsigned int n)
{
	uint64_t value = 0;

	if (n < nitems(counter_table))
		memcpy(&value, (const char *)c + counter_table[n].offset,
		    sizeof(value));
	return (value);
}

/*
 * Gather.
 */

static void
range_init(struct summary_range *r)
{
	r->min = UINT64_MAX;
	r->max = r->sum = 0;
}

/* A savefile may claim any time: sums stick at the top, never wrap. */
static void
sum_add(uint64_t *sum, uint64_t value)
{
	*sum = value > UINT64_MAX - *sum ? UINT64_MAX : *sum + value;
}

static void
range_add(struct summary_range *r, uint64_t value)
{
	if (value < r->min)
		r->min = value;
	if (value > r->max)
		r->max = value;
	sum_add(&r->sum, value);
}

/* Where there is no protocols(5) the common ones have names all the same. */
static char	protocol_names[256][32] = {
	[1] = "icmp", [6] = "tcp", [17] = "udp", [47] = "gre", [50] = "esp",
	[58] = "ipv6-icmp", [132] = "sctp"
};

void
summary_init(struct summary_state *s)
{
	unsigned int i;

	memset(s, 0, sizeof(*s));
	range_init(&s->summary.octets);
	range_init(&s->summary.packets);
	range_init(&s->summary.duration_us);
	for (i = 0; i < nitems(s->proto); i++)
		s->proto[i].proto = i;
}

static uint64_t *
reason_counter(struct counters *c, enum expire_reason why)
{
	switch (why) {
	case EXPIRE_TCP:
		return (&c->expired_tcp);
	case EXPIRE_TCP_RST:
		return (&c->expired_tcp_rst);
	case EXPIRE_TCP_FIN:
		return (&c->expired_tcp_fin);
	case EXPIRE_UDP:
		return (&c->expired_udp);
	case EXPIRE_ICMP:
		return (&c->expired_icmp);
	case EXPIRE_GENERAL:
		return (&c->expired_general);
	case EXPIRE_MAXLIFE:
		return (&c->expired_maxlife);
	case EXPIRE_OVERBYTES:
		return (&c->expired_overbytes);
	case EXPIRE_MAXFLOWS:
		return (&c->expired_maxflows);
	case EXPIRE_FLUSH:
		return (&c->expired_flush);
	case EXPIRE_NONE:
		break;
	}
	return (NULL);
}

void
summary_expired(struct summary_state *s, const struct flow *f,
    enum expire_reason why)
{
	struct summary_proto *p = &s->proto[f->key.proto];
	struct counters *c = &s->summary.counters;
	uint64_t octets = f->octets[0] + f->octets[1];
	uint64_t packets = f->packets[0] + f->packets[1];
	uint64_t first_us = flow_first(f), last_us = flow_last(f);
	uint64_t life_us = last_us > first_us ? last_us - first_us : 0;
	uint64_t *reason = reason_counter(c, why);

	c->flows_expired++;
	if (why == EXPIRE_OVERBYTES || why == EXPIRE_MAXFLOWS ||
	    why == EXPIRE_FLUSH)
		c->flows_forced++;
	if (reason != NULL)
		(*reason)++;

	s->summary.range_flows++;
	range_add(&s->summary.octets, octets);
	range_add(&s->summary.packets, packets);
	range_add(&s->summary.duration_us, life_us);

	p->flows++;
	p->octets += octets;
	p->packets += packets;
	sum_add(&p->life_sum_us, life_us);
	if (life_us > p->life_max_us)
		p->life_max_us = life_us;
}

/*
 * Print.
 */

#define FIELD(name)	offsetof(struct counters, name)

/* The counters from first to last in the list's order, each on a line. */
static void
print_span(FILE *out, const struct counters *c, size_t first, size_t last,
    int nonzero)
{
	unsigned int i;

	for (i = 0; i < nitems(counter_table); i++) {
		if (counter_table[i].offset < first ||
		    counter_table[i].offset > last)
			continue;
		if (nonzero && counter_value(c, i) == 0)
			continue;
		fprintf(out, "  %s: %" PRIu64 "\n", counter_table[i].text,
		    counter_value(c, i));
	}
}

static void
print_packets(FILE *out, const struct summary *s)
{
	const struct counters *c = &s->counters;
	uint64_t too_short, bad;

	too_short = c->drop_short_link + c->drop_short_ipv4 +
	    c->drop_short_ipv4_options + c->drop_short_ipv6;
	bad = c->drop_bad_version + c->drop_bad_header_length +
	    c->drop_bad_total_length;
	fprintf(out, "Number of active flows: %u (of %u)\n", s->active_flows,
	    s->max_flows);
	if (s->flags & SUMMARY_STOPPED)
		fprintf(out, "Data collection is stopped\n");
	fprintf(out, "Packets processed: %" PRIu64 "\n", c->packets);
	if (s->flags & SUMMARY_SAMPLED)
		fprintf(out, "Packets non-sampled: %" PRIu64 "\n",
		    c->not_sampled);
	fprintf(out, "Fragments: %" PRIu64 "\n", c->fragments);
	print_span(out, c, FIELD(fragments_joined), FIELD(fragments_orphaned),
	    1);
	fprintf(out, "Ignored packets: %" PRIu64 " (%" PRIu64 " non-IP, %"
	    PRIu64 " too short)\n", c->drop_non_ip + too_short + bad,
	    c->drop_non_ip, too_short);
	print_span(out, c, FIELD(drop_non_ip), FIELD(drop_bad_total_length),
	    0);
	print_span(out, c, FIELD(frames_filtered), FIELD(second_sightings),
	    1);
	print_span(out, c, FIELD(ports_missing), FIELD(tunnels_opened), 1);
}

static int
is_printable(const char *s, size_t len)
{
	for (; len > 0 && *s != '\0'; s++, len--)
		if (!isgraph((unsigned char)*s))
			return (0);
	return (len > 0);
}

int
summary_ok(const struct summary *s)
{
	return (is_printable(s->version, sizeof(s->version)));
}

int
summary_export_ok(const struct summary_export *row)
{
	return (is_printable(row->name, sizeof(row->name)));
}

void
summary_set_name(struct summary_export *row, const char name[MSG_NAME_SIZE])
{
	size_t i;

	memset(row->name, 0, sizeof(row->name));
	for (i = 0; i < sizeof(row->name) - 1 && name[i] != '\0'; i++)
		row->name[i] = isgraph((unsigned char)name[i]) ? name[i] : '?';
}

int
summary_interface_ok(const struct summary_interface *row)
{
	return (is_printable(row->name, sizeof(row->name)));
}

static void
format_address(char *text, size_t len, const struct msg_addr *a)
{
	char buf[INET6_ADDRSTRLEN];
	int af = a->family == 6 ? AF_INET6 : AF_INET;

	if ((a->family != 4 && a->family != 6) ||
	    inet_ntop(af, a->addr, buf, sizeof(buf)) == NULL)
		(void)strlcpy(text, "address unknown", len);
	else
		(void)snprintf(text, len, af == AF_INET6 ? "[%s]:%u" : "%s:%u",
		    buf, a->port);
}

/* Its name, and its address where that is another. */
static void
print_collector_name(FILE *out, const struct summary_export *row)
{
	char address[INET6_ADDRSTRLEN + 16];

	format_address(address, sizeof(address), &row->remote);
	if (row->name[0] != '\0' && summary_export_ok(row)) {
		fprintf(out, "%s", row->name);
		if (strcmp(row->name, address) != 0)
			fprintf(out, " (%s)", address);
	} else if (row->remote.family == 0)
		/* Which one, at least. */
		fprintf(out, "%u of -n, %s", row->slot + 1, address);
	else
		fprintf(out, "%s", address);
}

/* As of people's clocks, UTC. */
static void
print_when(FILE *out, const char *what, uint64_t time_us)
{
	time_t t = (time_t)(time_us / 1000000);
	struct tm tm;
	char text[64];

	if (time_us == 0 || gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return;
	fprintf(out, "  %s: %s\n", what, text);
}

static const char *
transport_name(uint32_t transport)
{
	static const char *const names[TRANSPORT_MAX] = {
		"", ", tcp", ", sctp"
	};

	return (transport < TRANSPORT_MAX ? names[transport] : "");
}

static void
print_collector(FILE *out, const struct summary_export *row)
{
	const struct export_counters *e = &row->counters;

	fprintf(out, "Collector ");
	print_collector_name(out, row);
	if (row->version == VERSION_PSAMP)
		fprintf(out, " (PSAMP");
	else
		fprintf(out, " (version %u", row->version);
	fprintf(out, "%s%s): %" PRIu64 " records in %" PRIu64 " packets (%"
	    PRIu64 " octets), %" PRIu64 " failures (%" PRIu64 " records "
	    "lost), next sequence number %u\n",
	    transport_name(row->transport), row->down ? ", down" : "",
	    e->records, e->datagrams, e->octets, e->failures,
	    e->records_lost, row->sequence);
	if (e->records_not_exportable > 0)
		fprintf(out, "  records it cannot carry: %" PRIu64 "\n",
		    e->records_not_exportable);
	if (e->would_block > 0)
		fprintf(out, "  full socket met: %" PRIu64 " times\n",
		    e->would_block);
	if (row->transport != TRANSPORT_UDP)
		fprintf(out, "  reconnects: %" PRIu64 ", waiting: %" PRIu64
		    " messages (%" PRIu64 " octets)\n", e->reconnects,
		    row->queued, row->queued_octets);
	if (e->last_error != 0) {
		fprintf(out, "  last error: %s\n",
		    summary_error(e->last_error));
		print_when(out, "at", e->last_error_us);
	}
	print_when(out, "last success", e->last_success_us);
}

const char *
summary_error(uint32_t last_error)
{
	if (last_error == EDESTADDRREQ)
		return ("No address found for its name");
	return (strerror((int)last_error));
}

static void
print_exports(FILE *out, const struct summary_report *r)
{
	const struct counters *c = &r->summary.counters;
	const struct export_counters *e;
	uint64_t records = 0, datagrams = 0, failures = 0;
	unsigned int i;

	for (i = 0; i < r->nexport; i++) {
		e = &r->export[i].counters;
		records += e->records;
		datagrams += e->datagrams;
		failures += e->failures;
	}
	fprintf(out, "Flows expired: %" PRIu64 " (%" PRIu64 " forced)\n",
	    c->flows_expired, c->flows_forced);
	fprintf(out, "Flows exported: %" PRIu64 " (%" PRIu64 " records) in %"
	    PRIu64 " packets (%" PRIu64 " failures)\n", c->flows_exported,
	    records, datagrams, failures);
	print_span(out, c, FIELD(flows_not_exportable), FIELD(worker_deaths),
	    1);
	if (r->nexport == 0)
		fprintf(out, "Collectors: none, statistics only\n");
	for (i = 0; i < r->nexport; i++)
		print_collector(out, &r->export[i]);
	if (r->summary.flags & SUMMARY_LIVE) {
		fprintf(out, "Packets received by kernel: %" PRIu64 "\n",
		    c->kernel_received);
		fprintf(out, "Packets dropped by kernel: %" PRIu64 "\n",
		    c->kernel_dropped);
	}
}

static void
print_interfaces(FILE *out, const struct summary_report *r)
{
	const struct summary_interface *i;

	for (i = r->interface; i < r->interface + r->ninterface; i++) {
		fprintf(out, "Interface %s (index %u): %" PRIu64 " frames",
		    i->name[0] == '\0' ? "unknown" : i->name, i->number,
		    i->frames);
		if (i->flags & SUMMARY_KERNEL)
			fprintf(out, ", %" PRIu64 " received and %" PRIu64
			    " dropped by kernel", i->received, i->dropped);
		fprintf(out, "%s\n", i->flags & SUMMARY_ABSENT ?
		    ", not there now" : i->flags & SUMMARY_REMOVED ?
		    ", removed by a reload" : "");
	}
}

static void
print_range(FILE *out, const char *name, const struct summary_range *r,
    uint64_t flows, double scale, const char *unit)
{
	int digits = scale == 1.0 ? 0 : 2;

	fprintf(out, "  %-13s %15.*f%s %15.2f%s %15.*f%s\n", name, digits,
	    (double)r->min / scale, unit,
	    (double)r->sum / (double)flows / scale, unit, digits,
	    (double)r->max / scale, unit);
}

static void
print_expired(FILE *out, const struct summary *s)
{
	unsigned int i, column = 0;

	if (s->range_flows > 0) {
		fprintf(out, "\nExpired flow statistics%s:\n"
		    "  %-13s %15s %15s %15s\n", s->counters.worker_deaths > 0 ?
		    " (since the worker last started)" : "", "",
		    "minimum", "average", "maximum");
		print_range(out, "Flow bytes:", &s->octets, s->range_flows,
		    1.0, "");
		print_range(out, "Flow packets:", &s->packets, s->range_flows,
		    1.0, "");
		print_range(out, "Duration:", &s->duration_us, s->range_flows,
		    1e6, "s");
	}
	fprintf(out, "\nExpired flow reasons:\n");
	for (i = 0; i < nitems(counter_table); i++) {
		if (counter_table[i].offset < FIELD(expired_tcp) ||
		    counter_table[i].offset > FIELD(expired_flush))
			continue;
		column++;
		/* as ever: two lines of three, then one each */
		fprintf(out, "%10s = %9" PRIu64 "%s", counter_table[i].text,
		    counter_value(&s->counters, i), column < 6 &&
		    column % 3 != 0 ? "" : "\n");
	}
}

static void
print_protos(FILE *out, const struct summary_report *r)
{
	const struct summary_proto *p;
	const char *name;
	unsigned int i;

	if (r->nproto == 0)
		return;
	if (r->summary.counters.worker_deaths > 0)
		fprintf(out, "\nSince the worker last started:");
	fprintf(out, "\n%-24s %15s %15s %12s %12s\n",
	    "Per-protocol statistics:", "Octets", "Packets", "Avg Life",
	    "Max Life");
	for (i = 0; i < r->nproto; i++) {
		p = &r->proto[i];
		if (p->flows == 0)
			continue;
		name = summary_protocol((uint8_t)p->proto);
		fprintf(out, "%17s (%3u): %15" PRIu64 " %15" PRIu64
		    " %11.2fs %11.2fs\n", name[0] != '\0' ? name : "unknown",
		    p->proto, p->octets, p->packets,
		    (double)p->life_sum_us / (double)p->flows / 1e6,
		    (double)p->life_max_us / 1e6);
	}
}

const char *
summary_protocol(uint8_t proto)
{
	return (protocol_names[proto]);
}

void
summary_load_protocols(void)
{
	struct protoent *pe;

	setprotoent(0);
	while ((pe = getprotoent()) != NULL)
		if (pe->p_proto >= 0 && pe->p_proto <= 255)
			strlcpy(protocol_names[pe->p_proto], pe->p_name,
			    sizeof(protocol_names[0]));
	endprotoent();
}

void
summary_print(FILE *out, const struct summary_report *r)
{
	unsigned int i;

	print_packets(out, &r->summary);
	print_exports(out, r);
	print_interfaces(out, r);
	if (r->summary.counters.flows_expired > 0)
		print_expired(out, &r->summary);
	print_protos(out, r);

	fprintf(out, "\nCounters:\n");
	for (i = 0; i < nitems(counter_table); i++)
		fprintf(out, "  %s %" PRIu64 "\n", counter_table[i].name,
		    counter_value(&r->summary.counters, i));
}
