/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Header, alarm, table, last line: what of it fits, in lines. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "top_screen.h"

/* Heights from which there is room for more. */
#define SMALL	8
#define LARGE	20

/* A screen that is being drawn. */
struct drawing {
	const struct top_state	*state;
	struct top_view	*view;
	unsigned int	 width, height;
	unsigned int	 row;		/* next */
	top_line_fn	*line;
	void		*arg;
	struct top_line	 items;		/* of the header */
};

static const char *const page_names[TOP_PAGE_MAX] = {
	[TOP_CONVERSATIONS] = "conversations",
	[TOP_HOSTS] = "talkers",
	[TOP_PROTOCOLS] = "protocols",
	[TOP_INTERFACES] = "interfaces",
	[TOP_COLLECTORS] = "collectors",
	[TOP_COUNTERS] = "counters",
};

static const char *const sort_names[CTL_SORT_MAX] = {
	[CTL_SORT_OCTETS] = "octets",
	[CTL_SORT_PACKETS] = "packets",
	[CTL_SORT_AGE] = "age",
	[CTL_SORT_RATE] = "rate",
};

static const char *const help_lines[] = {
	"1 conversations   the largest, in the order chosen",
	"2 talkers         their hosts",
	"3 protocols       of expired flows, and of these conversations",
	"4 interfaces      what was read there, what the kernel dropped",
	"5 collectors      what went there, what did not",
	"6 counters        all that are not zero",
	"",
	"r o p a           sort by rate, octets, packets, age",
	"< >               the order before, the next one",
	"/                 filter: words as those of show flows",
	"c                 no filter",
	"n                 names of services, or numbers of ports",
	"s d               seconds between answers, 1 to 50",
	"space             ask now",
	"z                 stop asking, go on",
	"up down PgUp PgDn scroll; Home: to the beginning",
	"^L                draw all anew",
	"q                 quit",
};

/*
 * Lines.
 */

static void
line_init(struct top_line *l, unsigned int width)
{
	l->len = 0;
	l->width = width < TOP_WIDTH ? width : TOP_WIDTH;
	l->text[0] = '\0';
}

static void
put(struct top_line *l, char c)
{
	if (l->len >= l->width)
		return;
	l->text[l->len++] = c >= ' ' && c <= '~' ? c : '?';
	l->text[l->len] = '\0';
}

static void
pad(struct top_line *l, unsigned int n)
{
	while (n-- > 0 && l->len < l->width)
		put(l, ' ');
}

void
top_line_left(struct top_line *l, unsigned int width, const char *text)
{
	unsigned int n;

	for (n = 0; n < width && text[n] != '\0'; n++)
		put(l, n + 1 == width && text[n + 1] != '\0' ? '~' : text[n]);
	pad(l, width - n + 1);
}

void
top_line_right(struct top_line *l, unsigned int width, const char *text)
{
	size_t len = strlen(text);

	if (len < width)
		pad(l, width - (unsigned int)len);
	top_line_left(l, len < width ? (unsigned int)len : width, text);
}

const char *
top_rate_text(char buf[FORMAT_SIZE], double rate)
{
	if (rate < 0)
		(void)strlcpy(buf, "-", FORMAT_SIZE);
	else if (rate > 0 && rate < 9.95)
		(void)snprintf(buf, FORMAT_SIZE, "%.1f", rate);
	else
		(void)format_count(buf, rate < 1e19 ? (uint64_t)(rate + 0.5) :
		    UINT64_MAX, 0);
	return (buf);
}

void
top_line_rate(struct top_line *l, unsigned int width, double rate)
{
	char buf[FORMAT_SIZE];

	top_line_right(l, width, top_rate_text(buf, rate));
}

void
top_line_count(struct top_line *l, unsigned int width, uint64_t count)
{
	char buf[FORMAT_SIZE];

	top_line_right(l, width, format_count(buf, count, 0));
}

static void
show(struct drawing *d, enum top_look look, const char *text)
{
	struct top_line l;

	if (d->row >= d->height)
		return;
	line_init(&l, d->width);
	for (; *text != '\0'; text++)
		put(&l, *text);
	if (look == TOP_HEADING || look == TOP_ALARM)
		pad(&l, l.width);
	d->line(d->arg, d->row++, look, l.text);
}

/* As many lines as it takes, but not more than that; cut between words. */
static void
show_wrapped(struct drawing *d, enum top_look look, const char *text,
    unsigned int lines)
{
	char part[TOP_WIDTH + 1];
	size_t len, cut;

	for (; *text != '\0' && lines > 0; lines--) {
		len = strlcpy(part, text, d->width + 1);
		cut = len < d->width ? len : d->width;
		if (len > cut && lines > 1)
			while (cut > 0 && text[cut] != ' ')
				cut--;
		if (cut == 0)
			cut = d->width;
		part[cut] = '\0';
		show(d, look, part);
		text += cut + (text[cut] == ' ');
	}
}

/*
 * Header: items that flow into as many lines as they need.
 */

static void
items_end(struct drawing *d)
{
	if (d->items.len > 0)
		show(d, TOP_PLAIN, d->items.text);
	line_init(&d->items, d->width);
}

static void __attribute__((__format__(printf, 2, 3)))
item(struct drawing *d, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (d->items.len > 0 && d->items.len + 2 + strlen(text) >
	    d->items.width)
		items_end(d);
	if (d->items.len > 0)
		top_line_left(&d->items, 1, " ");
	top_line_left(&d->items, (unsigned int)strlen(text), text);
	/* The blank behind it. */
	if (d->items.len < d->items.width && d->items.len > 0)
		d->items.text[--d->items.len] = '\0';
}

static void
item_rate(struct drawing *d, const char *what, uint64_t now, uint64_t before,
    double scale)
{
	char buf[FORMAT_SIZE];
	double rate = top_rate(d->state, now, before);

	item(d, "%s %s", what, top_rate_text(buf, rate * scale));
}

static void
item_total(struct drawing *d, const char *what, uint64_t now, uint64_t before)
{
	char total[FORMAT_SIZE], rate[FORMAT_SIZE];

	item(d, "%s %s (%s/s)", what, format_count(total, now, 0),
	    top_rate_text(rate, top_rate(d->state, now, before)));
}

static void
show_header(struct drawing *d)
{
	const struct summary *s = &d->state->now.report.summary;
	const struct counters *now = &s->counters;
	const struct counters *old =
	    &d->state->before.report.summary.counters;
	uint64_t up_us = d->state->now.now_us > s->since_us ?
	    d->state->now.now_us - s->since_us : 0;
	char up[FORMAT_SIZE];

	line_init(&d->items, d->width);
	if (!d->state->have)
		return;
	item(d, "softflowd[%ld] %s", (long)d->state->now.pid, s->version);
	item(d, "up %s", format_duration(up, up_us, 0));
	item(d, "every %u s%s", d->view->interval_s,
	    d->view->paused ? ", PAUSED" : "");
	if (s->sampling > 1)
		item(d, "sampling 1 in %u", s->sampling);
	else
		item(d, "sampling off");
	items_end(d);
	item_rate(d, "packets/s", now->packets, old->packets, 1);
	item_rate(d, "bits/s", now->octets, old->octets, 8);
	item_rate(d, "flows/s", now->flows, old->flows, 1);
	item(d, "table %u of %u (%.1f%%)", s->active_flows, s->max_flows,
	    s->max_flows == 0 ? 0 : 100.0 * s->active_flows / s->max_flows);
	items_end(d);
	item_total(d, "kernel drops", now->kernel_dropped,
	    old->kernel_dropped);
	item_total(d, "expired early", now->flows_forced, old->flows_forced);
	item_total(d, "records lost", top_records_lost(&d->state->now.report),
	    top_records_lost(&d->state->before.report));
	items_end(d);
}

/*
 * Alarm: what is being lost now.
 */

static void
alarm_rate(char *text, size_t len, const struct top_state *t, uint64_t now,
    uint64_t before, const char *what)
{
	double rate = top_rate(t, now, before);
	char number[FORMAT_SIZE];

	if (rate <= 0)
		return;
	if (*text != '\0')
		(void)strlcat(text, "; ", len);
	(void)strlcat(text, top_rate_text(number, rate), len);
	(void)strlcat(text, " ", len);
	(void)strlcat(text, what, len);
}

static void
alarm_down(char *text, size_t len, const struct summary_report *r)
{
	char name[FORMAT_SIZE];
	unsigned int i;

	for (i = 0; i < r->nexport; i++) {
		if (!r->export[i].down)
			continue;
		if (*text != '\0')
			(void)strlcat(text, "; ", len);
		(void)strlcat(text, "collector ", len);
		(void)strlcat(text, format_collector(name, &r->export[i]),
		    len);
		(void)strlcat(text, " is down", len);
	}
}

static void
show_alarm(struct drawing *d)
{
	const struct top_state *t = d->state;
	const struct summary_report *r = &t->now.report;
	const struct counters *now = &r->summary.counters;
	const struct counters *old = &t->before.report.summary.counters;
	unsigned int lines = d->height >= LARGE ? 3 : 1;
	char text[512] = "";

	if (*d->view->trouble != '\0') {
		show_wrapped(d, TOP_ALARM, d->view->trouble, lines);
		return;
	}
	if (r->summary.flags & SUMMARY_STOPPED)
		(void)strlcpy(text, "no packets are taken in: gather stop",
		    sizeof(text));
#define LOST(counter, what)						\
	alarm_rate(text, sizeof(text), t, now->counter, old->counter, what)
	LOST(kernel_dropped, "packets/s dropped by the kernel");
	LOST(frames_skipped, "frames/s given up");
	LOST(packets_lost, "packets/s lost with a worker");
	alarm_rate(text, sizeof(text), t, top_records_lost(r),
	    top_records_lost(&t->before.report), "records/s lost");
	LOST(flows_unsent, "flows/s reach no collector");
	LOST(psamp_missing, "records/s missing from peers");
	LOST(expired_maxflows, "flows/s expire early: the table is full");
#undef LOST
	alarm_down(text, sizeof(text), r);
	if (*text != '\0')
		show_wrapped(d, TOP_ALARM, text, lines);
	else if (d->height >= SMALL)
		show(d, TOP_PLAIN, "");
}

/*
 * Table and last line.
 */

static void
show_title(struct drawing *d)
{
	const struct top_view *v = d->view;
	const struct top_state *t = d->state;
	char text[TOP_WIDTH + 1], of[64] = "";

	if (v->page == TOP_HOSTS)
		(void)snprintf(of, sizeof(of), " of the %u largest "
		    "conversations", t->nconversation);
	if (v->page <= TOP_PROTOCOLS)
		(void)snprintf(text, sizeof(text), "%u %s%s, by %s%s%s",
		    (unsigned int)v->page + 1, page_names[v->page], of,
		    sort_names[v->sort], *v->filter == '\0' ? "" :
		    ", only ", v->filter);
	else
		(void)snprintf(text, sizeof(text), "%u %s",
		    (unsigned int)v->page + 1, page_names[v->page]);
	show(d, TOP_BOLD, text);
}

static void
show_table(struct drawing *d)
{
	struct top_view *v = d->view;
	unsigned int rows = top_page_rows(d->state, v->page);
	struct top_line l;
	unsigned int i;

	if (d->height >= SMALL)
		show_title(d);
	line_init(&l, d->width);
	top_page_heading(d->state, v, &l);
	show(d, TOP_HEADING, l.text);
	v->visible = d->height - d->row;
	if (v->scroll + v->visible > rows)
		v->scroll = rows > v->visible ? rows - v->visible : 0;
	for (i = v->scroll; i < rows && d->row < d->height; i++) {
		line_init(&l, d->width);
		top_page_row(d->state, v, i, &l);
		show(d, TOP_PLAIN, l.text);
	}
}

static void
show_help(struct drawing *d)
{
	struct top_view *v = d->view;
	unsigned int rows = nitems(help_lines), i;

	show(d, TOP_HEADING, "Keys (any other: back)");
	v->visible = d->height - d->row;
	if (v->scroll + v->visible > rows)
		v->scroll = rows > v->visible ? rows - v->visible : 0;
	for (i = v->scroll; i < rows && d->row < d->height; i++)
		show(d, TOP_PLAIN, help_lines[i]);
}

/* The last lines: a question and what is typed, a message, or help. */
static void
show_bottom(struct drawing *d, const char *text)
{
	const struct top_view *v = d->view;
	char typed[TOP_WIDTH + 1];
	size_t len;

	if (v->prompt == NULL) {
		show_wrapped(d, TOP_BOLD, text, d->height - d->row);
		return;
	}
	/* Its end is seen, and room for more. */
	len = strlcpy(typed, v->prompt, sizeof(typed));
	len += strlcpy(typed + len, text, sizeof(typed) - len);
	if (len >= sizeof(typed))
		len = sizeof(typed) - 1;
	show(d, TOP_BOLD, len < d->width ? typed : typed + len - d->width + 1);
}

void
top_screen_draw(const struct top_state *t, struct top_view *v,
    unsigned int width, unsigned int height, top_line_fn *line, void *arg)
{
	struct drawing d = { .state = t, .view = v, .line = line,
	    .width = width < TOP_WIDTH ? width : TOP_WIDTH, .arg = arg };
	const char *bottom = v->prompt == NULL && *v->bottom == '\0' ?
	    "h help  q quit  / filter  1-6 pages  r o p a order  z pause" :
	    v->bottom;
	unsigned int end, lines = 1;

	if (width == 0 || height == 0)
		return;
	if (*v->bottom != '\0' && v->prompt == NULL && height >= SMALL)
		lines = ((unsigned int)strlen(bottom) + d.width - 1) / d.width;
	if (height < 3 && v->prompt == NULL)
		lines = 0;
	end = height - (lines < height / 2 + 1 ? lines : height / 2);
	if (v->help) {
		d.height = end;
		show_help(&d);
	} else {
		/* Where there is little room the table has most of it. */
		d.height = end >= LARGE ? end : end >= SMALL ? end / 3 :
		    end > 0;
		show_header(&d);
		d.height = end;
		show_alarm(&d);
		show_table(&d);
	}
	d.row = end;
	d.height = height;
	show_bottom(&d, bottom);
}
