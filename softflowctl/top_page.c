/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The tables of the screen. */

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "options.h"
#include "top_screen.h"

#define ENDPOINT_MIN	21	/* 255.255.255.255:65535 */
#define ENDPOINT6_MIN	26
#define ENDPOINT_MAX	47

/*
 * Names.  Services are looked up in a file: once for each that is shown.
 */

/* NULL if it has none. */
static const char *
service_name(uint16_t port, uint8_t proto)
{
	static char names[2][65536][12];
	char *name = names[proto == IPPROTO_UDP][port];
	struct servent *s;

	if (name[0] == '\0') {
		s = getservbyport(htons(port), proto == IPPROTO_UDP ? "udp" :
		    "tcp");
		(void)snprintf(name, sizeof(names[0][0]), "%s", s == NULL ?
		    "-" : s->s_name);
	}
	return (name[0] == '-' ? NULL : name);
}

/* What follows the address: a port, or ICMP type and code. */
static void
port_text(char *buf, size_t len, const struct ctl_flow *f, int end, int names)
{
	const char *name = NULL;

	buf[0] = '\0';
	switch (f->proto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (end == 1)
			(void)snprintf(buf, len, " %u/%u", f->port[1] >> 8,
			    f->port[1] & 0xff);
		return;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		if (names)
			name = service_name(f->port[end], f->proto);
		break;
	default:
		if (f->port[0] == 0 && f->port[1] == 0)
			return;
	}
	if (name != NULL)
		(void)snprintf(buf, len, ":%s", name);
	else
		(void)snprintf(buf, len, ":%u", f->port[end]);
}

/* The port is seen even where the address has to be cut. */
static void
put_endpoint(struct top_line *l, const struct ctl_flow *f, int end,
    int names, unsigned int width)
{
	char addr[FORMAT_SIZE], port[24], text[FORMAT_SIZE + 32];
	size_t room;
	int brackets;

	(void)format_address(addr, f->family, f->addr[end]);
	port_text(port, sizeof(port), f, end, names);
	brackets = f->family == 6 && port[0] == ':';
	room = strlen(port) + (brackets ? 2 : 0);
	room = width > room ? width - room : 0;
	if (strlen(addr) > room && room > 0)
		(void)strlcpy(addr + room - 1, "~", 2);
	(void)snprintf(text, sizeof(text), "%s%s%s%s", brackets ? "[" : "",
	    addr, brackets ? "]" : "", port);
	top_line_left(l, width, text);
}

/*
 * Conversations.  Columns behind the endpoints appear as there is room, in
 * the order of this enum, so that numbers stay in their places.
 */

enum column {
	COLUMN_RATE,
	COLUMN_OCTETS,
	COLUMN_PACKETS,
	COLUMN_IDLE,
	COLUMN_AGE,
	COLUMN_IN,
	COLUMN_OUT,
	COLUMN_MAX
};

static const struct {
	const char	*title;
	unsigned int	 width;
} columns[COLUMN_MAX] = {
	[COLUMN_RATE] = { "BITS/S", 6 },
	[COLUMN_OCTETS] = { "OCTETS", 6 },
	[COLUMN_PACKETS] = { "PACKETS", 7 },
	[COLUMN_IDLE] = { "IDLE", 6 },
	[COLUMN_AGE] = { "AGE", 6 },
	[COLUMN_IN] = { "IN", 15 },
	[COLUMN_OUT] = { "OUT", 15 },
};
#define PROTO_WIDTH	5

/* How many columns there are, and how wide an endpoint may be. */
static unsigned int
conversation_layout(const struct top_state *t, unsigned int width,
    unsigned int *endpoint)
{
	unsigned int least = ENDPOINT_MIN, n, used = PROTO_WIDTH + 1;
	unsigned int i;

	for (i = 0; i < t->nconversation; i++)
		if (t->conversation[i].flow->family == 6)
			least = ENDPOINT6_MIN;
	for (n = 0; n < COLUMN_MAX; n++) {
		if (n > COLUMN_RATE && used + columns[n].width + 1 +
		    2 * (least + 1) > width + 1)
			break;
		used += columns[n].width + 1;
	}
	*endpoint = width + 1 > used + 2 ? (width + 1 - used) / 2 - 1 : 1;
	if (*endpoint > ENDPOINT_MAX)
		*endpoint = ENDPOINT_MAX;
	if (*endpoint == 0)
		*endpoint = 1;
	return (n);
}

static void
conversation_heading(const struct top_state *t, struct top_line *l)
{
	unsigned int endpoint, i, n;

	n = conversation_layout(t, l->width, &endpoint);
	top_line_left(l, PROTO_WIDTH, "PROTO");
	top_line_left(l, endpoint, "ONE END");
	top_line_left(l, endpoint, "THE OTHER");
	for (i = 0; i < n; i++) {
		if (i >= COLUMN_IN)
			top_line_left(l, columns[i].width, columns[i].title);
		else
			top_line_right(l, columns[i].width, columns[i].title);
	}
}

static void
put_age(struct top_line *l, unsigned int width, uint64_t now_us, uint64_t us)
{
	char buf[FORMAT_SIZE];

	top_line_right(l, width, us == 0 ? "-" :
	    format_duration(buf, now_us > us ? now_us - us : 0, 0));
}

static const char *
either(const char name[2][INTERFACE_NAME])
{
	return (name[0][0] != '\0' ? name[0] :
	    name[1][0] != '\0' ? name[1] : "-");
}

static void
conversation_row(const struct top_state *t, const struct top_view *v,
    const struct top_conversation *c, struct top_line *l)
{
	const struct ctl_flow *f = c->flow;
	unsigned int endpoint, i, n;
	char buf[FORMAT_SIZE];

	n = conversation_layout(t, l->width, &endpoint);
	top_line_left(l, PROTO_WIDTH, f->proto == IPPROTO_ICMPV6 ? "icmp6" :
	    format_proto(buf, f->proto));
	put_endpoint(l, f, 0, v->names, endpoint);
	put_endpoint(l, f, 1, v->names, endpoint);
	for (i = 0; i < n; i++) {
		switch ((enum column)i) {
		case COLUMN_RATE:
			top_line_rate(l, columns[i].width,
			    c->octet_rate * 8);
			break;
		case COLUMN_OCTETS:
			top_line_count(l, columns[i].width, c->octets);
			break;
		case COLUMN_PACKETS:
			top_line_count(l, columns[i].width, c->packets);
			break;
		case COLUMN_IDLE:
			put_age(l, columns[i].width, t->now.now_us,
			    c->last_us);
			break;
		case COLUMN_AGE:
			put_age(l, columns[i].width, t->now.now_us,
			    c->first_us);
			break;
		case COLUMN_IN:
			top_line_left(l, columns[i].width, either(f->in));
			break;
		default:
			top_line_left(l, columns[i].width, either(f->out));
		}
	}
}

/*
 * The other pages: columns in order of weight, what does not fit is cut.
 */

static void
host_row(const struct top_state *t, const struct top_host *h,
    struct top_line *l)
{
	char buf[FORMAT_SIZE];

	top_line_left(l, 39, format_address(buf, h->family, h->addr));
	top_line_rate(l, 6, h->octet_rate * 8);
	top_line_count(l, 6, h->octets);
	top_line_count(l, 6, h->sent);
	top_line_count(l, 8, h->received);
	top_line_count(l, 7, h->packets);
	top_line_count(l, 5, h->conversations);
	put_age(l, 6, t->now.now_us, h->first_us);
}

static void
proto_row(const struct top_proto *p, struct top_line *l)
{
	static const struct summary_proto none;
	const struct summary_proto *e = p->expired == NULL ? &none :
	    p->expired;
	char buf[FORMAT_SIZE];

	top_line_left(l, 15, format_proto(buf, p->proto));
	top_line_rate(l, 6, p->octet_rate * 8);
	top_line_count(l, 5, p->conversations);
	top_line_rate(l, 10, p->flow_rate);
	top_line_count(l, 10, e->flows);
	top_line_count(l, 10, e->packets);
	top_line_count(l, 10, e->octets);
}

static void
interface_row(const struct top_state *t, const struct summary_interface *i,
    struct top_line *l)
{
	const struct summary_interface *old = top_interface_before(t, i);
	char buf[FORMAT_SIZE];

	top_line_left(l, 15, i->name[0] == '\0' ? "unknown" : i->name);
	top_line_right(l, 6, format_count(buf, i->number, 1));
	top_line_rate(l, 8, old == NULL ? -1 :
	    top_rate(t, i->frames, old->frames));
	top_line_count(l, 7, i->frames);
	if (i->flags & SUMMARY_KERNEL) {
		top_line_count(l, 8, i->received);
		top_line_count(l, 7, i->dropped);
		top_line_rate(l, 9, old == NULL ? -1 :
		    top_rate(t, i->dropped, old->dropped));
	} else {
		top_line_right(l, 8, "-");
		top_line_right(l, 7, "-");
		top_line_right(l, 9, "-");
	}
	top_line_left(l, 9, i->flags & SUMMARY_ABSENT ? "not there" :
	    i->flags & SUMMARY_REMOVED ? "removed" : "");
}

static void
collector_row(const struct top_state *t, const struct summary_export *e,
    struct top_line *l)
{
	const struct summary_export *old = top_export_before(t, e);
	const struct export_counters *c = &e->counters;
	char buf[FORMAT_SIZE];

	top_line_left(l, 28, format_collector(buf, e));
	top_line_left(l, 6, format_version(buf, e->version));
	top_line_left(l, 4, transport_names[e->transport]);
	top_line_left(l, 5, e->down ? "DOWN" : "up");
	top_line_rate(l, 9, old == NULL ? -1 :
	    top_rate(t, c->records, old->counters.records));
	top_line_count(l, 7, c->records);
	top_line_count(l, 6, c->records_lost);
	top_line_count(l, 7, e->queued);
	top_line_left(l, 30, c->last_error == 0 ? "" :
	    summary_error(c->last_error));
}

/* The n-th counter that is not zero; the number of those for a large n. */
static unsigned int
nonzero(const struct top_state *t, unsigned int n)
{
	unsigned int i, found = 0;

	for (i = 0; counter_name(i) != NULL; i++) {
		if (counter_value(&t->now.report.summary.counters, i) == 0)
			continue;
		if (found++ == n)
			return (i);
	}
	return (found);
}

static void
counter_row(const struct top_state *t, unsigned int n, struct top_line *l)
{
	const struct counters *now = &t->now.report.summary.counters;
	const struct counters *old = &t->before.report.summary.counters;
	unsigned int i = nonzero(t, n);
	char buf[FORMAT_SIZE];

	top_line_left(l, 22, counter_name(i));
	top_line_rate(l, 8, top_rate(t, counter_value(now, i),
	    counter_value(old, i)));
	top_line_right(l, 15, format_count(buf, counter_value(now, i), 1));
	top_line_left(l, 45, counter_text(i));
}

unsigned int
top_page_rows(const struct top_state *t, enum top_page page)
{
	if (!t->have)
		return (0);
	switch (page) {
	case TOP_CONVERSATIONS:
		return (t->nconversation);
	case TOP_HOSTS:
		return (t->nhost);
	case TOP_PROTOCOLS:
		return (t->nproto);
	case TOP_INTERFACES:
		return (t->now.report.ninterface);
	case TOP_COLLECTORS:
		return (t->now.report.nexport);
	default:
		return (nonzero(t, UINT32_MAX));
	}
}

void
top_page_heading(const struct top_state *t, const struct top_view *v,
    struct top_line *l)
{
	static const char *const headings[TOP_PAGE_MAX] = {
		[TOP_HOSTS] = "HOST                                    BITS/S "
		    "OCTETS   SENT RECEIVED PACKETS CONVS    AGE",
		[TOP_PROTOCOLS] = "PROTOCOL        BITS/S CONVS  EXPIRED/S "
		    "     FLOWS    PACKETS     OCTETS",
		[TOP_INTERFACES] = "INTERFACE       NUMBER FRAMES/S  FRAMES "
		    "RECEIVED DROPPED DROPPED/S",
		[TOP_COLLECTORS] = "COLLECTOR                    FORMAT BY   "
		    "STATE RECORDS/S RECORDS   LOST WAITING LAST ERROR",
		[TOP_COUNTERS] = "COUNTER                  RATE/S          "
		    "TOTAL",
	};

	if (v->page == TOP_CONVERSATIONS)
		conversation_heading(t, l);
	else
		top_line_left(l, l->width, headings[v->page]);
}

void
top_page_row(const struct top_state *t, const struct top_view *v,
    unsigned int row, struct top_line *l)
{
	switch (v->page) {
	case TOP_CONVERSATIONS:
		conversation_row(t, v, &t->conversation[row], l);
		break;
	case TOP_HOSTS:
		host_row(t, &t->host[row], l);
		break;
	case TOP_PROTOCOLS:
		proto_row(&t->proto[row], l);
		break;
	case TOP_INTERFACES:
		interface_row(t, &t->now.report.interface[row], l);
		break;
	case TOP_COLLECTORS:
		collector_row(t, &t->now.report.export[row], l);
		break;
	default:
		counter_row(t, row, l);
	}
}
