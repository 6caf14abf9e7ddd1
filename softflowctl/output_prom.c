/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What "show" counts in the text exposition format of Prometheus, version
 * 0.0.4: a HELP and a TYPE line for each metric, all its series behind them.
 * A counter's metric is called after the counter; those that tell why
 * (expired_*, drop_*) are one metric each, with the reason as its label.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "format.h"
#include "options.h"
#include "output.h"
#include "sandbox.h"

#define PREFIX	"softflowd_"

static void
metric(const struct show *s, const char *name, const char *type,
    const char *help)
{
	fprintf(s->out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n",
	    name, help, name, type);
}

/* key="text", escaped, behind a brace or a comma. */
static void
label(const struct show *s, const char *before, const char *key,
    const char *raw)
{
	char buf[FORMAT_SIZE];
	const char *text = format_text(buf, raw, FORMAT_SIZE - 1);

	fprintf(s->out, "%s%s=\"", before, key);
	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == '"')
			putc('\\', s->out);
		putc(*text, s->out);
	}
	putc('"', s->out);
}

static void
value(const struct show *s, uint64_t n)
{
	fprintf(s->out, " %" PRIu64 "\n", n);
}

static void
seconds(const struct show *s, uint64_t us)
{
	fprintf(s->out, " %" PRIu64 ".%06u\n", us / 1000000,
	    (unsigned int)(us % 1000000));
}

static void
gauge(const struct show *s, const char *name, const char *help, uint64_t n)
{
	metric(s, name, "gauge", help);
	fprintf(s->out, PREFIX "%s", name);
	value(s, n);
}

/*
 * Counters.
 */

static const struct group {
	const char	*prefix, *metric, *help;
} groups[] = {
	{ "drop_", "drop_total", "frames without a packet to account" },
	{ "expired_", "expired_total", "flows expired, by reason" }
};

/* All of a group at once: they stand together in the list. */
static void
prom_group(const struct show *s, const struct counters *c,
    const struct group *g)
{
	const char *name;
	unsigned int i;

	metric(s, g->metric, "counter", g->help);
	for (i = 0; (name = counter_name(i)) != NULL; i++) {
		if (strncmp(name, g->prefix, strlen(g->prefix)) != 0)
			continue;
		fprintf(s->out, PREFIX "%s", g->metric);
		label(s, "{", "reason", name + strlen(g->prefix));
		putc('}', s->out);
		value(s, counter_value(c, i));
	}
}

static int
is_grouped(const char *name)
{
	unsigned int i;

	for (i = 0; i < nitems(groups); i++)
		if (strncmp(name, groups[i].prefix,
		    strlen(groups[i].prefix)) == 0)
			return (1);
	return (0);
}

static void
prom_counters(const struct show *s, const struct counters *c)
{
	const char *name;
	char full[FORMAT_SIZE];
	unsigned int i;

	for (i = 0; (name = counter_name(i)) != NULL; i++) {
		if (is_grouped(name))
			continue;
		(void)snprintf(full, sizeof(full), "%s_total", name);
		metric(s, full, "counter", counter_text(i));
		fprintf(s->out, PREFIX "%s", full);
		value(s, counter_value(c, i));
	}
	for (i = 0; i < nitems(groups); i++)
		prom_group(s, c, &groups[i]);
}

/* Names may be missing or the same; numbers are neither. */
static void
protocol_series(const struct show *s, const char *name,
    const struct summary_proto *p)
{
	char buf[FORMAT_SIZE];

	fprintf(s->out, PREFIX "%s", name);
	label(s, "{", "protocol", format_proto(buf, p->proto));
	(void)snprintf(buf, sizeof(buf), "%u", p->proto);
	label(s, ",", "number", buf);
	putc('}', s->out);
}

static void
prom_protocols(const struct show *s, const struct summary_report *r)
{
	static const struct {
		const char	*name, *type, *help;
		size_t		 offset;
		int		 is_us;
	} metrics[] = {
		{ "protocol_flows_total", "counter", "flows expired",
		    offsetof(struct summary_proto, flows), 0 },
		{ "protocol_packets_total", "counter",
		    "packets of expired flows",
		    offsetof(struct summary_proto, packets), 0 },
		{ "protocol_octets_total", "counter",
		    "octets of expired flows",
		    offsetof(struct summary_proto, octets), 0 },
		{ "protocol_life_seconds_total", "counter",
		    "sum of the lives of expired flows",
		    offsetof(struct summary_proto, life_sum_us), 1 },
		{ "protocol_life_max_seconds", "gauge",
		    "longest life of an expired flow",
		    offsetof(struct summary_proto, life_max_us), 1 }
	};
	uint64_t n;
	unsigned int i, j;

	for (i = 0; r->nproto > 0 && i < nitems(metrics); i++) {
		metric(s, metrics[i].name, metrics[i].type, metrics[i].help);
		for (j = 0; j < r->nproto; j++) {
			memcpy(&n, (const char *)&r->proto[j] +
			    metrics[i].offset, sizeof(n));
			protocol_series(s, metrics[i].name, &r->proto[j]);
			metrics[i].is_us ? seconds(s, n) : value(s, n);
		}
	}
}

/*
 * Collectors.  A slot is one collector's; their names may be the same.
 */

static void
collector_series(const struct show *s, const char *name,
    const struct summary_export *e)
{
	char buf[FORMAT_SIZE];

	fprintf(s->out, PREFIX "%s", name);
	label(s, "{", "collector", format_collector(buf, e));
	(void)snprintf(buf, sizeof(buf), "%u", e->slot);
	label(s, ",", "slot", buf);
	label(s, ",", "protocol", format_version(buf, e->version));
	label(s, ",", "transport", transport_names[e->transport]);
	putc('}', s->out);
}

static void
prom_collector_counters(const struct show *s, const struct summary_report *r)
{
	const char *name, *text;
	char full[FORMAT_SIZE];
	unsigned int i, j;

	for (i = 0; (name = export_counter(i, &text)) != NULL; i++) {
		(void)snprintf(full, sizeof(full), "collector_%s_total",
		    name);
		metric(s, full, "counter", text);
		for (j = 0; j < r->nexport; j++) {
			collector_series(s, full, &r->export[j]);
			value(s, export_counter_value(&r->export[j].counters,
			    i));
		}
	}
}

static void
prom_collectors(const struct show *s, const struct summary_report *r)
{
	static const char last[] = "collector_last_success_timestamp_seconds";
	static const struct {
		const char	*name, *help;
	} gauges[] = {
		{ "collector_up", "whether it is connected" },
		{ "collector_queued", "messages that wait" },
		{ "collector_queued_octets", "octets of messages that wait" }
	};
	const struct summary_export *e;
	const struct summary_export *end = r->export + r->nexport;
	unsigned int i;

	if (r->nexport == 0)
		return;
	prom_collector_counters(s, r);
	for (i = 0; i < nitems(gauges); i++) {
		metric(s, gauges[i].name, "gauge", gauges[i].help);
		for (e = r->export; e < end; e++) {
			collector_series(s, gauges[i].name, e);
			value(s, i == 0 ? !e->down : i == 1 ? e->queued :
			    e->queued_octets);
		}
	}
	metric(s, last, "gauge", "since the epoch; 0: never");
	for (e = r->export; e < end; e++) {
		collector_series(s, last, e);
		seconds(s, e->counters.last_success_us);
	}
}

/*
 * Interfaces.  Those that are not known any more have all the same labels:
 * they are one series.
 */

static int
same_interface(const struct summary_interface *a,
    const struct summary_interface *b)
{
	return (a->number == b->number && strcmp(a->name, b->name) == 0);
}

/* The sum of a count over i and the same behind it; -1: it came before. */
static int
interface_sum(const struct summary_report *r, unsigned int i, size_t offset,
    uint64_t *sum)
{
	uint64_t n;
	unsigned int j;

	*sum = 0;
	for (j = 0; j < r->ninterface; j++) {
		if (!same_interface(&r->interface[j], &r->interface[i]))
			continue;
		if (j < i)
			return (-1);
		memcpy(&n, (const char *)&r->interface[j] + offset,
		    sizeof(n));
		*sum += n;
	}
	return (0);
}

static void
prom_interfaces(const struct show *s, const struct summary_report *r)
{
	static const struct {
		const char	*name, *help;
		size_t		 offset;
	} metrics[] = {
		{ "interface_frames_total", "frames read",
		    offsetof(struct summary_interface, frames) },
		{ "interface_received_total", "packets the kernel received",
		    offsetof(struct summary_interface, received) },
		{ "interface_dropped_total", "packets the kernel dropped",
		    offsetof(struct summary_interface, dropped) }
	};
	uint64_t n;
	char buf[FORMAT_SIZE];
	unsigned int i, j;

	for (i = 0; r->ninterface > 0 && i < nitems(metrics); i++) {
		metric(s, metrics[i].name, "counter", metrics[i].help);
		for (j = 0; j < r->ninterface; j++) {
			if ((i > 0 && !(r->interface[j].flags &
			    SUMMARY_KERNEL)) || interface_sum(r, j,
			    metrics[i].offset, &n) == -1)
				continue;
			fprintf(s->out, PREFIX "%s", metrics[i].name);
			label(s, "{", "interface",
			    r->interface[j].name[0] == '\0' ? "unknown" :
			    r->interface[j].name);
			(void)snprintf(buf, sizeof(buf), "%u",
			    r->interface[j].number);
			label(s, ",", "index", buf);
			putc('}', s->out);
			value(s, n);
		}
	}
}

static void
prom_statistics(const struct show *s, const struct summary_report *r)
{
	const struct summary *m = &r->summary;

	metric(s, "build_info", "gauge", "the version, always 1");
	fprintf(s->out, PREFIX "build_info");
	label(s, "{", "version", m->version);
	fprintf(s->out, "} 1\n");
	metric(s, "start_time_seconds", "gauge", "start, since the epoch");
	fprintf(s->out, PREFIX "start_time_seconds");
	seconds(s, m->since_us);
	gauge(s, "active_flows", "flows in the table", m->active_flows);
	gauge(s, "max_flows", "flows that it can hold", m->max_flows);
	gauge(s, "peak_flows", "flows in it at most so far", m->peak_flows);
	gauge(s, "sampling", "one packet in so many is accounted",
	    m->sampling);
	gauge(s, "gathering", "whether packets are taken in; 0: gather stop",
	    !(m->flags & SUMMARY_STOPPED));
	prom_counters(s, &m->counters);
	prom_protocols(s, r);
}

static void
prom_report(const struct show *s, const struct summary_report *r)
{
	if (s->view == VIEW_STATISTICS)
		prom_statistics(s, r);
	if (s->view != VIEW_INTERFACES)
		prom_collectors(s, r);
	if (s->view != VIEW_COLLECTORS)
		prom_interfaces(s, r);
}

static void
prom_timeouts(const struct show *s, const struct timeouts *t)
{
	static const char name[] = "timeout_seconds";
	const struct token *token;

	metric(s, name, "gauge", "timeouts in force");
	for (token = parser_timeouts.tokens;
	    token < parser_timeouts.tokens + parser_timeouts.n; token++) {
		fprintf(s->out, PREFIX "%s", name);
		label(s, "{", "timeout", token->word);
		putc('}', s->out);
		value(s, t->seconds[token->value]);
	}
}

static void
prom_sandbox(const struct show *s, const struct ctl_sandbox *rows,
    unsigned int n)
{
	static const char metric_name[] = "sandbox_layer";
	const char *name;
	uint32_t layer;
	unsigned int i, j;

	metric(s, metric_name, "gauge", "whether a layer is in force");
	for (i = 0; i < n; i++)
		for (j = 0; (name = sandbox_layer(j, &layer)) != NULL; j++) {
			fprintf(s->out, PREFIX "%s", metric_name);
			label(s, "{", "process", rows[i].process);
			label(s, ",", "layer", name);
			putc('}', s->out);
			value(s, (rows[i].layers & layer) != 0);
		}
}

static void
prom_memory(const struct show *s, const struct ctl_memory *rows,
    unsigned int n)
{
	static const char *const names[][2] = {
		{ "memory_octets", "octets reserved" },
		{ "memory_used_octets", "octets reserved and used so far" },
		{ "memory_entries", "entries in use" },
		{ "memory_max_entries", "entries there is room for" }
	};
	const struct ctl_memory *r;
	unsigned int i;

	for (i = 0; i < nitems(names); i++) {
		metric(s, names[i][0], "gauge", names[i][1]);
		for (r = rows; r < rows + n; r++) {
			if (i >= 2 && r->entries_max == 0)
				continue;
			fprintf(s->out, PREFIX "%s", names[i][0]);
			label(s, "{", "use", r->use);
			putc('}', s->out);
			value(s, i == 0 ? r->octets : i == 1 ? r->octets_used :
			    i == 2 ? r->entries : r->entries_max);
		}
	}
}

const struct output	output_prometheus = {
	.report = prom_report,
	.timeouts = prom_timeouts,
	.sandbox = prom_sandbox,
	.memory = prom_memory
};
