/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Times in records and headers, whatever the clocks do. */

#include <atf-c.h>

#include "compat.h"
#include "export_fixture.h"

#define WRAP_MS		(1ULL << 32)
#define HOUR_MS		3600000
#define DAY_MS		(24 * HOUR_MS)

/* All formats whose times are somehow relative, and one where they are not. */
static const struct {
	uint16_t		version;
	enum format_times	times;
} formats[] = {
	{ 1, TIMES_DEFAULT }, { 5, TIMES_DEFAULT }, { 9, TIMES_DEFAULT },
	{ 10, TIMES_DEFAULT }, { 10, TIMES_UPTIME }
};

/* A new exporter that sends format i and has run for so long. */
static void
start_format(unsigned int i, uint64_t uptime_ms)
{
	clock_now.uptime_ms = uptime_ms;
	config.format.times = (uint8_t)formats[i].times;
	config.identity.init_ms = (int64_t)(clock_now.unix_us / 1000) -
	    (int64_t)uptime_ms;
	start(formats[i].version);
	add(0, 1400);
}

/* Flow from first_ms to last_ms, since the epoch. */
static struct flow
flow_at(uint64_t first_ms, uint64_t last_ms)
{
	struct flow	f = tcp_flow();

	f.first_us[0] = first_ms * 1000;
	f.last_us[0] = last_ms * 1000 + 999;
	return (f);
}

/* How long before the header a time is that a record says in uptime. */
static int32_t
ago(const struct walk_record *r, int element)
{
	return ((int32_t)(w.uptime - (uint32_t)r->value[element]));
}

/* When a record begins and ends, as a collector finds out. */
static void
collected(const struct walk_record *r, uint64_t ms[2])
{
	int64_t	header = (int64_t)w.seconds * 1000 + w.nsecs / 1000000;

	if (w.version == 10)
		w.uptime = (uint32_t)(header - config.identity.init_ms);
	if (r->value[152] != 0) {
		ms[0] = r->value[152];
		ms[1] = r->value[153];
	} else {
		ms[0] = (uint64_t)(header - ago(r, 22));
		ms[1] = (uint64_t)(header - ago(r, 21));
	}
}

ATF_TC_WITHOUT_HEAD(times_are_exact_on_both_sides_of_each_wrap);
ATF_TC_BODY(times_are_exact_on_both_sides_of_each_wrap, tc)
{
	static const uint64_t	wraps[] = { 1, 2, 100 };
	struct walk_record	*r;
	uint64_t		 now_ms, ms[2];
	unsigned int		 v, i, j;

	for (v = 0; v < nitems(formats); v++)
		for (i = 0; i < nitems(wraps); i++) {
			start_format(v, wraps[i] * WRAP_MS - 3000);
			for (j = 0; j < 60; j++) {
				now_ms = clock_now.unix_us / 1000;
				r = put_one(flow_at(now_ms - 2500 + j,
				    now_ms - j));
				collected(r, ms);
				ATF_REQUIRE_EQ(now_ms - 2500 + j, ms[0]);
				ATF_REQUIRE_EQ(now_ms - j, ms[1]);
				pass(101, 101);
			}
			ATF_CHECK_EQ(0, c.times_clamped);
			export_free(e);
		}
}

ATF_TC_WITHOUT_HEAD(a_month_old_start_is_exact_behind_a_wrap);
ATF_TC_BODY(a_month_old_start_is_exact_behind_a_wrap, tc)
{
	struct walk_record	*r;
	uint64_t		 now_ms = clock_now.unix_us / 1000, ms[2];
	unsigned int		 v;

	for (v = 0; v < nitems(formats); v++) {
		start_format(v, WRAP_MS + DAY_MS);
		r = put_one(flow_at(now_ms - 20ULL * DAY_MS, now_ms));
		collected(r, ms);
		ATF_CHECK_EQ(now_ms - 20ULL * DAY_MS, ms[0]);
		ATF_CHECK_EQ(now_ms, ms[1]);
		export_free(e);
	}
}

ATF_TC_WITHOUT_HEAD(a_clock_set_forward_leaves_what_is_younger_than_boot);
ATF_TC_BODY(a_clock_set_forward_leaves_what_is_younger_than_boot, tc)
{
	struct walk_record	*r;
	uint64_t		 then_ms, ms[2];
	unsigned int		 v;

	for (v = 0; v < nitems(formats); v++) {
		start_format(v, 2 * HOUR_MS);
		then_ms = clock_now.unix_us / 1000;
		pass(HOUR_MS, 1000);
		r = put_one(flow_at(then_ms - 60000, then_ms));
		collected(r, ms);
		ATF_CHECK_EQ(then_ms - 60000, ms[0]);
		ATF_CHECK_EQ(then_ms, ms[1]);

		/* Once more, and its start would be older than boot. */
		pass(HOUR_MS, 1000);
		r = put_one(flow_at(then_ms - 60000, then_ms));
		collected(r, ms);
		if (formats[v].version == 10)
			ATF_CHECK_EQ(then_ms - 60000, ms[0]);
		else {
			ATF_CHECK_EQ(0, r->value[22]);
			ATF_CHECK_EQ(2000, r->value[21]);
			ATF_CHECK_EQ(1, c.times_clamped);
		}
		ATF_CHECK(ms[1] >= ms[0]);
		export_free(e);
	}
}

static uint64_t
draw(uint64_t *state, uint64_t below)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((*state >> 33) % below);
}

/* The wall clock runs, is slewed by NTP, or is set. */
static void
disturb(uint64_t *state)
{
	static const int64_t	set[] = { HOUR_MS, -HOUR_MS, 1000, -1000,
				    DAY_MS, -DAY_MS, -1 };
	uint64_t		ms = draw(state, 5000);
	int64_t			wall = (int64_t)ms;

	if (draw(state, 4) == 0)
		wall += set[draw(state, nitems(set))];
	else if (draw(state, 3) == 0)
		wall += (int64_t)draw(state, 7) - 3;
	pass(wall, ms);
}

/* A datagram must not be older than the one before, nor its records wrong. */
static void
check_record(const struct walk_record *r, uint64_t *header_ms)
{
	uint64_t	ms[2], now_ms;

	now_ms = w.seconds * 1000ULL + w.nsecs / 1000000;
	ATF_REQUIRE(now_ms >= *header_ms);
	*header_ms = now_ms;
	collected(r, ms);
	ATF_REQUIRE(ms[1] >= ms[0]);
	if (r->value[152] != 0)
		return;
	/* The first hours; after a wrap boot cannot be seen any more. */
	if (clock_now.uptime_ms < DAY_MS && w.uptime < 8 * DAY_MS)
		ATF_REQUIRE(ago(r, 22) <= (int32_t)w.uptime);
	ATF_REQUIRE(ago(r, 21) <= ago(r, 22));
}

ATF_TC_WITHOUT_HEAD(no_clock_makes_a_record_end_before_its_start);
ATF_TC_BODY(no_clock_makes_a_record_end_before_its_start, tc)
{
	static const uint64_t	uptimes[] = { 0, 500, 2 * HOUR_MS,
				    WRAP_MS - 1000000, 3 * WRAP_MS - 1000 };
	uint64_t		state = 1, header_ms, first_ms;
	unsigned int		v, i, j;

	for (v = 0; v < nitems(formats); v++)
		for (i = 0; i < nitems(uptimes); i++) {
			clock_now.unix_us = 1700000000123456;
			start_format(v, uptimes[i]);
			header_ms = 0;
			for (j = 0; j < SENT_MAX; j++) {
				first_ms = clock_now.unix_us / 1000 +
				    HOUR_MS - draw(&state, 3 * HOUR_MS);
				check_record(put_one(flow_at(first_ms,
				    first_ms + draw(&state, HOUR_MS))),
				    &header_ms);
				disturb(&state);
			}
			export_free(e);
		}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, times_are_exact_on_both_sides_of_each_wrap);
	ATF_TP_ADD_TC(tp, a_month_old_start_is_exact_behind_a_wrap);
	ATF_TP_ADD_TC(tp,
	    a_clock_set_forward_leaves_what_is_younger_than_boot);
	ATF_TP_ADD_TC(tp, no_clock_makes_a_record_end_before_its_start);
	return (atf_no_error());
}
