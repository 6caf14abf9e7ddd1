/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Flows in a table, a line each.  On a terminal a line fits, from 80 columns
 * on, whatever it takes; elsewhere nothing is cut off.
 */

#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "format.h"
#include "output.h"

#define MIN_WIDTH	80
#define MAX_WIDTH	132
#define BOTH_WIDTH	92	/* from here on each direction has columns */
#define END_WIDTH	21	/* 255.255.255.255:65535 */

/* Columns of each end. */
static int
end_width(const struct show *s)
{
	unsigned int width = s->width == 0 ? MIN_WIDTH : s->width;

	if (width > MAX_WIDTH)
		width = MAX_WIDTH;
	if (s->width == 0 || width < MIN_WIDTH)
		return (END_WIDTH);
	return ((int)(width - (width < BOTH_WIDTH ? MIN_WIDTH : BOTH_WIDTH)) /
	    2 + END_WIDTH);
}

static int
is_wide(const struct show *s)
{
	return (s->width == 0 || s->width >= BOTH_WIDTH);
}

/* The address gives way to its port. */
static const char *
format_end(char buf[FORMAT_SIZE], const struct show *s,
    const struct ctl_flow *f, int end)
{
	char addr[FORMAT_SIZE], port[8];
	size_t width = (size_t)end_width(s), keep;

	format_endpoint(buf, f->family, f->addr[end], f->port[end]);
	if (s->width == 0 || strlen(buf) <= width)
		return (buf);
	(void)snprintf(port, sizeof(port), "%u", f->port[end]);
	keep = width - strlen(port) - strlen("[~]:");
	format_address(addr, f->family, f->addr[end]);
	(void)snprintf(buf, FORMAT_SIZE, "[%.*s~]:%s", (int)keep, addr, port);
	return (buf);
}

void
table_flows(const struct show *s)
{
	int width = end_width(s);

	fprintf(s->out, "%-5s %-*s %-*s ", "PROTO", width, "ONE END", width,
	    "THE OTHER");
	if (is_wide(s))
		fprintf(s->out, "%5s %5s %5s %5s", "OCT>", "OCT<", "PKT>",
		    "PKT<");
	else
		fprintf(s->out, "%5s %5s", "OCTS", "PKTS");
	fprintf(s->out, " %6s %6s IS\n", "AGE", "IDLE");
}

void
table_flow(const struct show *s, const struct ctl_flow *f)
{
	char proto[FORMAT_SIZE], a[FORMAT_SIZE], b[FORMAT_SIZE],
	    count[FORMAT_SIZE], age[FORMAT_SIZE], idle[FORMAT_SIZE];
	uint64_t first_us, last_us;
	int i, width = end_width(s);

	flow_times(f, &first_us, &last_us);
	format_proto(proto, f->proto);
	if (s->width > 0 && strlen(proto) > 5)
		(void)snprintf(proto, sizeof(proto), "%u", f->proto);
	fprintf(s->out, "%-5s %-*s %-*s", proto, width,
	    format_end(a, s, f, 0), width, format_end(b, s, f, 1));
	if (is_wide(s)) {
		for (i = 0; i < 2; i++)
			fprintf(s->out, " %5s", format_count(count,
			    f->octets[i], s->raw));
		for (i = 0; i < 2; i++)
			fprintf(s->out, " %5s", format_count(count,
			    f->packets[i], s->raw));
	} else
		fprintf(s->out, " %5s %5s", format_count(count,
		    f->octets[0] + f->octets[1], s->raw), format_count(age,
		    f->packets[0] + f->packets[1], s->raw));
	fprintf(s->out, " %6s %6s %s\n", format_duration(age,
	    s->now_us > first_us ? s->now_us - first_us : 0, 0),
	    format_duration(idle,
	    s->now_us > last_us ? s->now_us - last_us : 0, 0), flow_state(f));
}
