/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Tests of pace.c. */

#include <atf-c.h>

#include "pace.h"

#define T0	1000000000ULL
#define MS	1000ULL

static struct pace	p;

/* Take as much as there is room for, in pieces of 1,000 octets. */
static uint64_t
take_all(void)
{
	uint64_t	octets = 0;

	for (; pace_room(&p); octets += 1000)
		pace_take(&p, 1000);
	return (octets);
}

ATF_TC_WITHOUT_HEAD(a_burst_is_followed_by_the_rate);
ATF_TC_BODY(a_burst_is_followed_by_the_rate, tc)
{
	uint64_t	ms, octets = 0;

	pace_init(&p, 1000000);
	pace_time(&p, T0);
	ATF_CHECK_EQ(PACE_BURST / 1000 + 1, take_all() / 1000);
	for (ms = 1; ms <= 1000; ms++) {
		pace_time(&p, T0 + ms * MS);
		octets += take_all();
	}
	ATF_CHECK(octets >= 999000 && octets <= 1001000);
}

ATF_TC_WITHOUT_HEAD(a_pause_saves_no_more_than_a_burst);
ATF_TC_BODY(a_pause_saves_no_more_than_a_burst, tc)
{
	pace_init(&p, 0);
	pace_time(&p, T0);
	take_all();
	pace_time(&p, T0 + 3600000 * MS);
	ATF_CHECK_EQ(PACE_BURST / 1000 + 1, take_all() / 1000);
}

ATF_TC_WITHOUT_HEAD(what_had_to_go_is_owed_for_a_second_at_most);
ATF_TC_BODY(what_had_to_go_is_owed_for_a_second_at_most, tc)
{
	pace_init(&p, 1000000);
	pace_time(&p, T0);
	pace_take(&p, 100000000);
	ATF_CHECK(pace_over(&p));
	pace_time(&p, T0 + 900 * MS);
	ATF_CHECK(!pace_over(&p));
	ATF_CHECK(!pace_room(&p));
	pace_time(&p, T0 + 1001 * MS);
	ATF_CHECK(pace_room(&p));
}

ATF_TC_WITHOUT_HEAD(a_count_that_went_back_gives_no_tokens);
ATF_TC_BODY(a_count_that_went_back_gives_no_tokens, tc)
{
	pace_init(&p, 1000000);
	pace_time(&p, T0);
	pace_take(&p, (uint64_t)INT64_MIN);
	pace_take(&p, (uint64_t)-1000000);
	ATF_CHECK(!pace_room(&p));
	ATF_CHECK(pace_over(&p));
}

ATF_TC_WITHOUT_HEAD(a_rate_that_nobody_fixed_is_never_over);
ATF_TC_BODY(a_rate_that_nobody_fixed_is_never_over, tc)
{
	pace_init(&p, 0);
	pace_time(&p, T0);
	pace_take(&p, 100000000);
	ATF_CHECK(!pace_room(&p));
	ATF_CHECK(!pace_over(&p));
}

ATF_TC_WITHOUT_HEAD(while_flows_wait_the_rate_doubles_each_second);
ATF_TC_BODY(while_flows_wait_the_rate_doubles_each_second, tc)
{
	uint64_t	ms;

	pace_init(&p, 0);
	for (ms = 0; ms <= 3500; ms += 10) {
		pace_time(&p, T0 + ms * MS);
		pace_held(&p, 1);
	}
	ATF_CHECK_EQ(8ULL * PACE_RATE, p.rate);
	for (; ms <= 60000; ms += 10) {
		pace_time(&p, T0 + ms * MS);
		pace_held(&p, 1);
	}
	ATF_CHECK(p.rate <= 2ULL * PACE_RATE_MAX);
	pace_held(&p, 0);
	ATF_CHECK_EQ(PACE_RATE, p.rate);
}

ATF_TC_WITHOUT_HEAD(a_fixed_rate_stays_whatever_waits);
ATF_TC_BODY(a_fixed_rate_stays_whatever_waits, tc)
{
	uint64_t	ms;

	pace_init(&p, 5000);
	for (ms = 0; ms <= 10000; ms += 10) {
		pace_time(&p, T0 + ms * MS);
		pace_held(&p, 1);
	}
	ATF_CHECK_EQ(5000, p.rate);
}

ATF_TC_WITHOUT_HEAD(a_clock_set_back_gives_nothing);
ATF_TC_BODY(a_clock_set_back_gives_nothing, tc)
{
	pace_init(&p, 1000000);
	pace_time(&p, T0);
	take_all();
	pace_time(&p, T0 - 5000 * MS);
	ATF_CHECK(!pace_room(&p));
	pace_time(&p, T0 + 1 * MS);
	ATF_CHECK_EQ(1000, take_all());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_burst_is_followed_by_the_rate);
	ATF_TP_ADD_TC(tp, a_pause_saves_no_more_than_a_burst);
	ATF_TP_ADD_TC(tp, what_had_to_go_is_owed_for_a_second_at_most);
	ATF_TP_ADD_TC(tp, a_count_that_went_back_gives_no_tokens);
	ATF_TP_ADD_TC(tp, a_rate_that_nobody_fixed_is_never_over);
	ATF_TP_ADD_TC(tp, while_flows_wait_the_rate_doubles_each_second);
	ATF_TP_ADD_TC(tp, a_fixed_rate_stays_whatever_waits);
	ATF_TP_ADD_TC(tp, a_clock_set_back_gives_nothing);
	return (atf_no_error());
}
