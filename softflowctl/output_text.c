/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Text for people of what "show" says. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "format.h"
#include "options.h"
#include "output.h"
#include "sandbox.h"

#define COUNT(s, buf, value)	format_count(buf, value, (s)->raw)

static void
text_ranges(const struct show *s, const struct summary *r)
{
	static const char *const names[] = { "octets", "packets", "seconds" };
	const struct summary_range *ranges[] = { &r->octets, &r->packets,
	    &r->duration_us };
	char a[FORMAT_SIZE], b[FORMAT_SIZE], c[FORMAT_SIZE];
	const struct summary_range *x;
	unsigned int i;

	if (r->range_flows == 0)
		return;
	fprintf(s->out, "\n%-24s %15s %15s %15s\n", "EXPIRED FLOWS", "MINIMUM",
	    "AVERAGE", "MAXIMUM");
	for (i = 0; i < nitems(ranges); i++) {
		x = ranges[i];
		fprintf(s->out, "%-24s %15s %15s %15s\n", names[i],
		    i == 2 ? format_duration(a, x->min, 1) :
		    COUNT(s, a, x->min), i == 2 ?
		    format_duration(b, x->sum / r->range_flows, 1) :
		    COUNT(s, b, x->sum / r->range_flows), i == 2 ?
		    format_duration(c, x->max, 1) : COUNT(s, c, x->max));
	}
}

static void
text_protocols(const struct show *s, const struct summary_report *r)
{
	char a[FORMAT_SIZE], b[FORMAT_SIZE], c[FORMAT_SIZE], d[FORMAT_SIZE],
	    e[FORMAT_SIZE], proto[FORMAT_SIZE];
	const struct summary_proto *p;

	if (r->nproto > 0)
		fprintf(s->out, "\n%-14s %12s %12s %12s %10s %10s\n",
		    "PROTOCOL", "FLOWS", "PACKETS", "OCTETS", "AVG LIFE",
		    "MAX LIFE");
	for (p = r->proto; p < r->proto + r->nproto; p++) {
		if (p->flows == 0)
			continue;
		fprintf(s->out, "%-14s %12s %12s %12s %10s %10s\n",
		    format_proto(proto, p->proto), COUNT(s, a, p->flows),
		    COUNT(s, b, p->packets), COUNT(s, c, p->octets),
		    format_duration(d, p->life_sum_us / p->flows, s->raw),
		    format_duration(e, p->life_max_us, s->raw));
	}
}

/* Those that counted nothing say nothing. */
static void
text_counters(const struct show *s, const struct counters *c)
{
	char buf[FORMAT_SIZE];
	unsigned int i;

	fprintf(s->out, "\n%-24s %15s\n", "COUNTER", "VALUE");
	for (i = 0; counter_name(i) != NULL; i++)
		if (counter_value(c, i) > 0)
			fprintf(s->out, "%-24s %15s  %s\n", counter_name(i),
			    COUNT(s, buf, counter_value(c, i)),
			    counter_text(i));
}

static void
text_statistics(const struct show *s, const struct summary_report *r)
{
	const struct summary *m = &r->summary;
	char a[FORMAT_SIZE], b[FORMAT_SIZE], c[FORMAT_SIZE];

	fprintf(s->out, "softflowd %s, pid %ld, since %s",
	    format_text(a, m->version, sizeof(m->version)), (long)s->pid,
	    format_time(b, m->since_us, 0));
	if (m->now_us > m->since_us)
		fprintf(s->out, ", up %s", format_duration(c,
		    m->now_us - m->since_us, 0));
	fprintf(s->out, "\nflows in the table: %s of %s, at most %s so far\n",
	    COUNT(s, a, m->active_flows), COUNT(s, b, m->max_flows),
	    COUNT(s, c, m->peak_flows));
	if (m->sampling > 1)
		fprintf(s->out, "sampling: 1 packet in %u\n", m->sampling);
	if (m->flags & SUMMARY_STOPPED)
		fprintf(s->out, "no packets are taken in: gather stop\n");
	text_counters(s, &m->counters);
	text_ranges(s, m);
	text_protocols(s, r);
}

static void
text_collector(const struct show *s, const struct summary_export *row)
{
	const struct export_counters *e = &row->counters;
	char a[FORMAT_SIZE], b[FORMAT_SIZE], c[FORMAT_SIZE], d[FORMAT_SIZE];

	format_endpoint(b, row->remote.family, row->remote.addr,
	    row->remote.port);
	fprintf(s->out, "%s", format_collector(a, row));
	if (strcmp(a, b) != 0)
		fprintf(s->out, " (%s)", b);
	fprintf(s->out, ": %s over %s, %s", format_version(c, row->version),
	    transport_names[row->transport], row->down ? "down" : "up");
	if (row->down && e->last_error != 0)
		fprintf(s->out, ", %s", summary_error(e->last_error));
	if (row->down && e->last_error_us != 0)
		fprintf(s->out, ", last tried %s",
		    format_time(d, e->last_error_us, 0));
	fprintf(s->out, "\n    sent      %s records in %s datagrams, %s "
	    "octets\n    lost      %s records in %s datagrams",
	    COUNT(s, a, e->records), COUNT(s, b, e->datagrams),
	    COUNT(s, c, e->octets), COUNT(s, d, e->records_lost),
	    format_count((char [FORMAT_SIZE]){ 0 }, e->failures, s->raw));
	if (!row->down && e->last_error != 0)
		fprintf(s->out, "; last error: %s, %s",
		    summary_error(e->last_error),
		    format_time(d, e->last_error_us, 0));
	if (row->transport != TRANSPORT_UDP)
		fprintf(s->out, "\n    waiting   %s messages, %s octets; %s "
		    "reconnects", COUNT(s, a, row->queued),
		    COUNT(s, b, row->queued_octets),
		    COUNT(s, c, e->reconnects));
	fprintf(s->out, "\n    sequence  %u, last success %s\n",
	    row->sequence, e->last_success_us == 0 ? "never" :
	    format_time(d, e->last_success_us, 0));
}

static void
text_interfaces(const struct show *s, const struct summary_report *r)
{
	const struct summary_interface *i;
	char name[FORMAT_SIZE], a[FORMAT_SIZE], b[FORMAT_SIZE],
	    c[FORMAT_SIZE];

	fprintf(s->out, "%-16s %10s %15s %15s %15s\n", "INTERFACE", "INDEX",
	    "FRAMES", "RECEIVED", "DROPPED");
	for (i = r->interface; i < r->interface + r->ninterface; i++)
		fprintf(s->out, "%-16s %10u %15s %15s %15s%s\n",
		    i->name[0] == '\0' ? "unknown" :
		    format_text(name, i->name, sizeof(i->name)), i->number,
		    COUNT(s, a, i->frames), i->flags & SUMMARY_KERNEL ?
		    COUNT(s, b, i->received) : "-", i->flags & SUMMARY_KERNEL ?
		    COUNT(s, c, i->dropped) : "-",
		    i->flags & SUMMARY_ABSENT ? "  not there now" :
		    i->flags & SUMMARY_REMOVED ? "  removed" : "");
}

static void
text_report(const struct show *s, const struct summary_report *r)
{
	unsigned int i;

	switch (s->view) {
	case VIEW_COLLECTORS:
		if (r->nexport == 0)
			fprintf(s->out, "no collectors: statistics only\n");
		for (i = 0; i < r->nexport; i++)
			text_collector(s, &r->export[i]);
		break;
	case VIEW_INTERFACES:
		text_interfaces(s, r);
		break;
	default:
		text_statistics(s, r);
	}
}

static void
text_timeouts(const struct show *s, const struct timeouts *t)
{
	char buf[FORMAT_SIZE];
	const struct token *token;

	for (token = parser_timeouts.tokens;
	    token < parser_timeouts.tokens + parser_timeouts.n; token++) {
		if (s->raw)
			(void)snprintf(buf, sizeof(buf), "%u",
			    t->seconds[token->value]);
		else
			format_duration(buf,
			    t->seconds[token->value] * UINT64_C(1000000), 0);
		fprintf(s->out, "%-8s %10s  %s\n", token->word, buf,
		    token->help);
	}
}

static void
text_sandbox(const struct show *s, const struct ctl_sandbox *rows,
    unsigned int n)
{
	char layers[256], name[FORMAT_SIZE];
	unsigned int i;

	for (i = 0; i < n; i++) {
		sandbox_describe(rows[i].layers, layers, sizeof(layers));
		fprintf(s->out, "%s (pid %d): %s", format_text(name,
		    rows[i].process, sizeof(rows[i].process)), rows[i].pid,
		    layers);
		if (rows[i].landlock_abi > 0)
			fprintf(s->out, "; Landlock of version %u",
			    rows[i].landlock_abi);
		putc('\n', s->out);
	}
}

static void
text_memory(const struct show *s, const struct ctl_memory *rows,
    unsigned int n)
{
	char use[FORMAT_SIZE], a[FORMAT_SIZE], b[FORMAT_SIZE],
	    c[FORMAT_SIZE], d[FORMAT_SIZE];
	const struct ctl_memory *r;

	fprintf(s->out, "%-20s %14s %14s %12s %12s\n", "MEMORY", "RESERVED",
	    "USED", "ENTRIES", "AT MOST");
	for (r = rows; r < rows + n; r++)
		fprintf(s->out, "%-20s %14s %14s %12s %12s\n",
		    format_text(use, r->use, sizeof(r->use)),
		    COUNT(s, a, r->octets), COUNT(s, b, r->octets_used),
		    r->entries_max == 0 ? "-" : COUNT(s, c, r->entries),
		    r->entries_max == 0 ? "-" : COUNT(s, d, r->entries_max));
}

const struct output	output_text = {
	.report = text_report,
	.flows = table_flows,
	.flow = table_flow,
	.timeouts = text_timeouts,
	.sandbox = text_sandbox,
	.memory = text_memory
};
