/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * JSON of what "show" says: one object, or of flows one in each line.  Counts
 * are numbers of 64 bits, times ISO 8601 in UTC, what is not known null.
 */

#include <err.h>
#include <string.h>

#include <jansson.h>

#include "compat.h"
#include "format.h"
#include "options.h"
#include "output.h"
#include "sandbox.h"

/* Out of memory is the only way to fail, and there is none for a message. */
static json_t *
must(json_t *value)
{
	if (value == NULL)
		errx(1, "out of memory");
	return (value);
}

static void
put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, must(value)) == -1)
		errx(1, "out of memory");
}

static void
append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, must(value)) == -1)
		errx(1, "out of memory");
}

/* Sums of a savefile's claims may stick at the top, behind the library's. */
static void
put_count(json_t *object, const char *key, uint64_t value)
{
	put(object, key, json_integer(value > INT64_MAX ? INT64_MAX :
	    (json_int_t)value));
}

static void
put_text(json_t *object, const char *key, const char *text, size_t len)
{
	char buf[FORMAT_SIZE];

	put(object, key, json_string(format_text(buf, text, len)));
}

static void
put_time(json_t *object, const char *key, uint64_t us)
{
	char buf[FORMAT_SIZE];

	put(object, key, us == 0 ? json_null() :
	    json_string(format_time(buf, us, 6)));
}

/* Print and forget. */
static void
print_object(const struct show *s, json_t *object)
{
	if (json_dumpf(object, s->out, JSON_COMPACT) == -1 && !ferror(s->out))
		errx(1, "out of memory");
	putc('\n', s->out);
	json_decref(object);
}

static json_t *
new_answer(const struct show *s)
{
	json_t *object = must(json_object());

	put_count(object, "pid", (uint64_t)s->pid);
	return (object);
}

static void
put_range(json_t *object, const char *key, const struct summary_range *r)
{
	json_t *range = must(json_object());

	put_count(range, "min", r->min);
	put_count(range, "max", r->max);
	put_count(range, "sum", r->sum);
	put(object, key, range);
}

static void
put_protocols(json_t *object, const struct summary_report *r)
{
	json_t *array = must(json_array()), *row;
	const struct summary_proto *p;
	char buf[FORMAT_SIZE];

	for (p = r->proto; p < r->proto + r->nproto; p++) {
		row = must(json_object());
		put_count(row, "number", p->proto);
		put(row, "protocol",
		    json_string(format_proto(buf, p->proto)));
		put_count(row, "flows", p->flows);
		put_count(row, "packets", p->packets);
		put_count(row, "octets", p->octets);
		put_count(row, "life_sum_us", p->life_sum_us);
		put_count(row, "life_max_us", p->life_max_us);
		append(array, row);
	}
	put(object, "protocols", array);
}

static json_t *
collector(const struct summary_export *e)
{
	json_t *row = must(json_object());
	const struct export_counters *c = &e->counters;
	const char *name, *text;
	char buf[FORMAT_SIZE];
	unsigned int i;

	put_count(row, "slot", e->slot);
	put(row, "collector", json_string(format_collector(buf, e)));
	put(row, "address", e->remote.family == 0 ? json_null() :
	    json_string(format_address(buf, e->remote.family,
	    e->remote.addr)));
	put(row, "port", e->remote.family == 0 ? json_null() :
	    json_integer(e->remote.port));
	put(row, "protocol", json_string(format_version(buf, e->version)));
	put(row, "transport", json_string(transport_names[e->transport]));
	put(row, "up", json_boolean(!e->down));
	for (i = 0; (name = export_counter(i, &text)) != NULL; i++)
		put_count(row, name, export_counter_value(c, i));
	put_count(row, "queued", e->queued);
	put_count(row, "queued_octets", e->queued_octets);
	put_count(row, "sequence", e->sequence);
	put(row, "last_error", c->last_error == 0 ? json_null() :
	    json_string(summary_error(c->last_error)));
	put_time(row, "last_error_time", c->last_error_us);
	put_time(row, "last_success_time", c->last_success_us);
	put_time(row, "first_lost_time", c->first_lost_us);
	put_time(row, "last_lost_time", c->last_lost_us);
	return (row);
}

static void
put_collectors(json_t *object, const struct summary_report *r)
{
	json_t *array = must(json_array());
	unsigned int i;

	for (i = 0; i < r->nexport; i++)
		append(array, collector(&r->export[i]));
	put(object, "collectors", array);
}

static void
put_interfaces(json_t *object, const struct summary_report *r)
{
	json_t *array = must(json_array()), *row;
	const struct summary_interface *i;

	for (i = r->interface; i < r->interface + r->ninterface; i++) {
		row = must(json_object());
		if (i->name[0] == '\0')
			put(row, "interface", json_null());
		else
			put_text(row, "interface", i->name, sizeof(i->name));
		put_count(row, "index", i->number);
		put(row, "present", json_boolean(!(i->flags &
		    (SUMMARY_ABSENT | SUMMARY_REMOVED))));
		put(row, "removed", json_boolean(i->flags & SUMMARY_REMOVED));
		put_count(row, "frames", i->frames);
		/* Of others the kernel keeps no count. */
		if (i->flags & SUMMARY_KERNEL) {
			put_count(row, "received", i->received);
			put_count(row, "dropped", i->dropped);
		}
		append(array, row);
	}
	put(object, "interfaces", array);
}

static void
put_statistics(json_t *object, const struct summary_report *r)
{
	const struct summary *m = &r->summary;
	json_t *counters = must(json_object()), *expired;
	unsigned int i;

	put_text(object, "version", m->version, sizeof(m->version));
	put_time(object, "since", m->since_us);
	put_time(object, "now", m->now_us);
	put_count(object, "active_flows", m->active_flows);
	put_count(object, "max_flows", m->max_flows);
	put_count(object, "peak_flows", m->peak_flows);
	put_count(object, "sampling", m->sampling);
	put(object, "gathering", json_boolean(!(m->flags & SUMMARY_STOPPED)));
	for (i = 0; counter_name(i) != NULL; i++)
		put_count(counters, counter_name(i),
		    counter_value(&m->counters, i));
	put(object, "counters", counters);
	expired = must(json_object());
	put_count(expired, "flows", m->range_flows);
	if (m->range_flows > 0) {
		put_range(expired, "octets", &m->octets);
		put_range(expired, "packets", &m->packets);
		put_range(expired, "duration_us", &m->duration_us);
	}
	put(object, "expired", expired);
	put_protocols(object, r);
}

static void
json_report(const struct show *s, const struct summary_report *r)
{
	json_t *object = new_answer(s);

	if (s->view == VIEW_STATISTICS)
		put_statistics(object, r);
	if (s->view != VIEW_INTERFACES)
		put_collectors(object, r);
	if (s->view != VIEW_COLLECTORS)
		put_interfaces(object, r);
	print_object(s, object);
}

/* No flows, no lines. */
static void
json_flows(const struct show *s)
{
	(void)s;
}

/* What one end has sent, and how it came and left. */
static json_t *
flow_end(const struct ctl_flow *f, int i)
{
	json_t *end = must(json_object());
	char buf[FORMAT_SIZE];
	const uint8_t *m = f->mac[i];

	put(end, "address",
	    json_string(format_address(buf, f->family, f->addr[i])));
	put_count(end, "port", f->port[i]);
	put_count(end, "octets", f->octets[i]);
	put_count(end, "packets", f->packets[i]);
	put_time(end, "first", f->packets[i] == 0 ? 0 : f->first_us[i]);
	put_time(end, "last", f->packets[i] == 0 ? 0 : f->last_us[i]);
	put_count(end, "tcp_flags", f->tcp_flags[i]);
	put_count(end, "tos", f->tos[i]);
	put_text(end, "in", f->in[i], sizeof(f->in[i]));
	put_text(end, "out", f->out[i], sizeof(f->out[i]));
	if (f->have & CTL_FLOW_SIDE) {
		(void)snprintf(buf, sizeof(buf), "%02x:%02x:%02x:%02x:%02x:"
		    "%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
		put(end, "mac", json_string(buf));
	}
	return (end);
}

static void
json_flow(const struct show *s, const struct ctl_flow *f)
{
	json_t *row = must(json_object()), *ends = must(json_array()), *vlans;
	uint64_t first_us, last_us;
	char buf[FORMAT_SIZE];
	int i;

	flow_times(f, &first_us, &last_us);
	put_count(row, "flow", f->index);
	put_count(row, "number", f->proto);
	put(row, "protocol", json_string(format_proto(buf, f->proto)));
	put_count(row, "octets", f->octets[0] + f->octets[1]);
	put_count(row, "packets", f->packets[0] + f->packets[1]);
	put_time(row, "first", first_us);
	put_time(row, "last", last_us);
	put(row, "expires_seconds", json_integer(f->expires));
	put(row, "state", json_string(flow_state(f)));
	for (i = 0; i < 2; i++)
		append(ends, flow_end(f, i));
	put(row, "ends", ends);
	if (f->have & CTL_FLOW_SIDE) {
		vlans = must(json_array());
		for (i = 0; i < 2 && f->vlan[i] != 0; i++)
			append(vlans, json_integer(f->vlan[i]));
		put(row, "vlans", vlans);
	}
	print_object(s, row);
}

static void
json_timeouts(const struct show *s, const struct timeouts *t)
{
	json_t *object = new_answer(s), *names = must(json_object());
	const struct token *token;

	for (token = parser_timeouts.tokens;
	    token < parser_timeouts.tokens + parser_timeouts.n; token++)
		put_count(names, token->word, t->seconds[token->value]);
	put(object, "timeouts", names);
	print_object(s, object);
}

/* The layers that are in force, or those that are missing. */
static json_t *
layers(uint32_t in_force)
{
	json_t *array = must(json_array());
	const char *name;
	uint32_t layer;
	unsigned int i;

	for (i = 0; (name = sandbox_layer(i, &layer)) != NULL; i++)
		if (in_force & layer)
			append(array, json_string(name));
	return (array);
}

static void
json_sandbox(const struct show *s, const struct ctl_sandbox *rows,
    unsigned int n)
{
	json_t *object = new_answer(s), *array = must(json_array()), *row;
	unsigned int i;

	for (i = 0; i < n; i++) {
		row = must(json_object());
		put_text(row, "process", rows[i].process,
		    sizeof(rows[i].process));
		put(row, "pid", json_integer(rows[i].pid));
		put(row, "layers", layers(rows[i].layers));
		put(row, "missing", layers(~rows[i].layers));
		put_count(row, "landlock_abi", rows[i].landlock_abi);
		append(array, row);
	}
	put(object, "processes", array);
	print_object(s, object);
}

static void
json_memory(const struct show *s, const struct ctl_memory *rows,
    unsigned int n)
{
	json_t *object = new_answer(s), *array = must(json_array()), *row;
	const struct ctl_memory *r;

	for (r = rows; r < rows + n; r++) {
		row = must(json_object());
		put_text(row, "use", r->use, sizeof(r->use));
		put_count(row, "octets", r->octets);
		put_count(row, "octets_used", r->octets_used);
		if (r->entries_max > 0) {
			put_count(row, "entries", r->entries);
			put_count(row, "entries_max", r->entries_max);
		}
		append(array, row);
	}
	put(object, "memory", array);
	print_object(s, object);
}

const struct output	output_json = {
	.report = json_report,
	.flows = json_flows,
	.flow = json_flow,
	.timeouts = json_timeouts,
	.sandbox = json_sandbox,
	.memory = json_memory
};
