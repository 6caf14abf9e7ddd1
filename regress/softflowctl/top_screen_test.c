/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The live screen's lines, for every size. */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "top_screen.h"

#define T0	1700000000000000ULL
#define SECOND	1000000ULL

static struct top_state		state;
static struct top_snapshot	snap;
static struct top_view		view;
static char			lines[256][TOP_WIDTH + 1];
static enum top_look		looks[256];
static unsigned int		nlines, width, height;

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

/* Every line has a row of its own on the screen and fits it. */
static void
take_line(void *arg, unsigned int row, enum top_look look, const char *text)
{
	const char *c;

	ATF_REQUIRE(arg == &state);
	ATF_REQUIRE_MSG(row < height, "row %u of %ux%u", row, width, height);
	ATF_REQUIRE_MSG(strlen(text) <= width, "row %u of %ux%u: %zu columns",
	    row, width, height, strlen(text));
	for (c = text; *c != '\0'; c++)
		ATF_REQUIRE(*c >= ' ' && *c <= '~');
	ATF_REQUIRE_EQ_MSG(lines[row][0], '\0', "row %u twice", row);
	strlcpy(lines[row], text, sizeof(lines[row]));
	looks[row] = look;
	nlines++;
}

static void
draw(unsigned int w, unsigned int h)
{
	memset(lines, 0, sizeof(lines));
	memset(looks, 0, sizeof(looks));
	nlines = 0;
	width = w;
	height = h;
	top_screen_draw(&state, &view, w, h, take_line, &state);
}

/* The row where a text stands; fails if it does not. */
static unsigned int
find(const char *text)
{
	unsigned int row;

	for (row = 0; row < height; row++)
		if (strstr(lines[row], text) != NULL)
			return (row);
	for (row = 0; row < height; row++)
		printf("%s\n", lines[row]);
	atf_tc_fail("\"%s\" is not on the screen", text);
}

static int
shows(const char *text)
{
	unsigned int row;

	for (row = 0; row < height; row++)
		if (strstr(lines[row], text) != NULL)
			return (1);
	return (0);
}

static void
add_flow(uint8_t family, uint8_t proto, uint64_t octets)
{
	struct ctl_flow *f = &snap.flow[snap.nflow];

	f->index = snap.nflow++;
	f->family = family;
	f->proto = proto;
	memset(f->addr, 0xfd, sizeof(f->addr));
	f->port[0] = 65535;
	f->port[1] = 0x0301;
	f->octets[0] = octets;
	f->packets[0] = 1 + octets / 1000;
	f->first_us[0] = T0 - 90 * SECOND;
	f->last_us[0] = T0 - 2 * SECOND;
	strlcpy(f->in[0], "ethernet0", sizeof(f->in[0]));
}

/* Two answers with something of everything, two seconds apart. */
static void
fill(void)
{
	struct summary_report *r = &snap.report;
	unsigned int i;

	memset(&view, 0, sizeof(view));
	view.sort = CTL_SORT_OCTETS;
	view.interval_s = 2;
	view.filter = view.trouble = view.bottom = "";
	snap.pid = 1234;
	snap.report_us = snap.flows_us = SECOND;
	snap.now_us = T0;
	r->summary.since_us = T0 - 3723 * SECOND;
	r->summary.max_flows = 200;
	r->summary.active_flows = 50;
	r->summary.sampling = 100;
	strlcpy(r->summary.version, "2.0", sizeof(r->summary.version));
	r->nexport = 1;
	strlcpy(r->export[0].name, "one", sizeof(r->export[0].name));
	r->ninterface = 1;
	r->interface[0].flags = SUMMARY_KERNEL;
	strlcpy(r->interface[0].name, "eth0", sizeof(r->interface[0].name));
	for (i = 0; i < 50; i++)
		add_flow(i % 2 ? 6 : 4, i % 3 == 0 ? 58 : 6, i * 1000);
	top_state_take(&state, &snap, view.sort);
	snap.report_us = snap.flows_us = 3 * SECOND;
	r->summary.counters.packets = 2469;
	r->summary.counters.octets = 2500000;
	r->summary.counters.flows = 3;
	top_state_take(&state, &snap, view.sort);
}

CASE(every_page_fits_every_size)
{
	static const unsigned int widths[] = { 1, 2, 5, 19, 20, 40, 79, 80,
	    100, 200, TOP_WIDTH, TOP_WIDTH + 1, 5000 };
	unsigned int page, h, i, flags;

	/* No answer yet. */
	view.filter = view.trouble = view.bottom = "";
	draw(0, 0);
	draw(80, 0);
	draw(0, 24);
	draw(80, 24);
	fill();
	for (page = 0; page < TOP_PAGE_MAX; page++)
		for (i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
			for (h = 1; h < 60; h++)
				for (flags = 0; flags < 16; flags++) {
					view.page = page;
					view.help = flags & 1;
					view.prompt = flags & 2 ? "what? " :
					    NULL;
					view.bottom = flags & 4 ?
					    "a message of some length, which "
					    "is none" : "";
					view.trouble = flags & 8 ?
					    "something is wrong; trying again"
					    : "";
					view.scroll = h;
					draw(widths[i], h);
				}
}

CASE(tiny_screen_still_shows_rows)
{
	fill();
	draw(20, 5);
	ATF_CHECK_EQ(find("softflowd[1234]"), 0);
	ATF_CHECK_EQ(looks[1], TOP_HEADING);
	ATF_CHECK_EQ(view.visible, 2);
	ATF_CHECK(strncmp(lines[2], "tcp ", 4) == 0);
	find("h help");
}

CASE(header_tells_totals_and_rates)
{
	fill();
	draw(100, 24);
	find("softflowd[1234] 2.0  up 1h02m  every 2 s  sampling 1 in 100");
	find("packets/s 1235  bits/s 10.0M  flows/s 1.5  "
	    "table 50 of 200 (25.0%)");
	find("kernel drops 0 (0/s)  expired early 0 (0/s)  "
	    "records lost 0 (0/s)");
}

CASE(first_screen_has_no_rates)
{
	fill();
	memset(&state, 0, sizeof(state));
	top_state_take(&state, &snap, view.sort);
	draw(100, 24);
	find("packets/s -  bits/s -  flows/s -  table 50");
}

CASE(what_is_lost_now_stands_out)
{
	fill();
	draw(100, 24);
	ATF_CHECK_EQ(looks[3], TOP_PLAIN);
	ATF_CHECK_STREQ(lines[3], "");
	snap.report_us += SECOND;
	snap.report.summary.counters.kernel_dropped = 1500;
	snap.report.summary.counters.expired_maxflows = 7;
	snap.report.export[0].counters.records_lost = 30;
	snap.report.export[0].down = 1;
	top_state_take(&state, &snap, view.sort);
	draw(200, 24);
	ATF_CHECK_EQ(looks[3], TOP_ALARM);
	ATF_CHECK_EQ(find("1500 packets/s dropped by the kernel; 30 records/s "
	    "lost; 7.0 flows/s expire early: the table is full; collector one "
	    "is down"), 3);
	/* What was lost before is no alarm. */
	snap.report_us += SECOND;
	snap.report.export[0].down = 0;
	top_state_take(&state, &snap, view.sort);
	draw(200, 24);
	ATF_CHECK_EQ(looks[3], TOP_PLAIN);
	find("kernel drops 1500 (0/s)");
}

CASE(trouble_stands_out_and_is_read_to_its_end)
{
	fill();
	view.trouble = "/some/where/that/has/a/long/path.ctl: nobody listens: "
	    "softflowd is not running; trying again";
	draw(60, 24);
	ATF_CHECK_EQ(looks[find("/some/where")], TOP_ALARM);
	ATF_CHECK_EQ(looks[find("is not running; trying again")], TOP_ALARM);
}

CASE(texts_of_the_daemon_are_made_printable)
{
	fill();
	strlcpy(state.now.report.interface[0].name, "\033[2J\n\x80z",
	    sizeof(state.now.report.interface[0].name));
	strlcpy(state.now.report.export[0].name, "a\tb\x7f\x9b",
	    sizeof(state.now.report.export[0].name));
	strlcpy(state.now.report.summary.version, "\033c",
	    sizeof(state.now.report.summary.version));
	view.page = TOP_INTERFACES;
	draw(100, 24);
	find("?[2J??z");
	find("softflowd[1234] ?c");
	view.page = TOP_COLLECTORS;
	draw(100, 24);
	find("a?b??");
}

CASE(ports_are_seen_where_addresses_are_cut)
{
	fill();
	draw(60, 30);
	find("~]:65535");
	draw(200, 30);
	find("[fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd]:65535");
	find("253.253.253.253:65535");
}

CASE(icmp_has_type_and_code)
{
	fill();
	draw(200, 40);
	find(" 3/1 ");
	find("icmp6");
}

CASE(columns_appear_with_the_width)
{
	fill();
	draw(80, 24);
	find("BITS/S OCTETS");
	ATF_CHECK(!shows("AGE"));
	draw(100, 24);
	find("BITS/S OCTETS PACKETS   IDLE    AGE");
	ATF_CHECK(!shows("ethernet0"));
	draw(200, 24);
	find("ethernet0");
	find("    2s  1m30s ");
}

CASE(talkers_say_of_how_many_conversations)
{
	fill();
	view.page = TOP_HOSTS;
	draw(100, 24);
	find("2 talkers of the 50 largest conversations, by octets");
}

CASE(scrolling_stops_at_the_last_row)
{
	fill();
	view.scroll = 3;
	draw(100, 24);
	ATF_CHECK_EQ(view.scroll, 3);
	view.scroll = 4000;
	draw(100, 24);
	ATF_CHECK_EQ(view.scroll + view.visible, 50);
	/* The screen grows: no rows are hidden for nothing. */
	draw(100, 70);
	ATF_CHECK_EQ(view.scroll, 0);
}

CASE(end_of_what_is_typed_is_seen)
{
	fill();
	view.prompt = "filter: ";
	view.bottom = "host 192.0.2.1 port 53 proto udp";
	draw(20, 24);
	ATF_CHECK_STREQ(lines[23], "1 port 53 proto udp");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_page_fits_every_size);
	ATF_TP_ADD_TC(tp, tiny_screen_still_shows_rows);
	ATF_TP_ADD_TC(tp, header_tells_totals_and_rates);
	ATF_TP_ADD_TC(tp, first_screen_has_no_rates);
	ATF_TP_ADD_TC(tp, what_is_lost_now_stands_out);
	ATF_TP_ADD_TC(tp, trouble_stands_out_and_is_read_to_its_end);
	ATF_TP_ADD_TC(tp, texts_of_the_daemon_are_made_printable);
	ATF_TP_ADD_TC(tp, ports_are_seen_where_addresses_are_cut);
	ATF_TP_ADD_TC(tp, icmp_has_type_and_code);
	ATF_TP_ADD_TC(tp, columns_appear_with_the_width);
	ATF_TP_ADD_TC(tp, talkers_say_of_how_many_conversations);
	ATF_TP_ADD_TC(tp, scrolling_stops_at_the_last_row);
	ATF_TP_ADD_TC(tp, end_of_what_is_typed_is_seen);
	return (atf_no_error());
}
