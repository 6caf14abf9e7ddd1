/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* When what should not happen is said to begin and to end. */

#include <atf-c.h>
#include <string.h>

#include "described.h"
#include "notice.h"

#define S		INT64_C(1000000)
#define START		(500 * S)

static struct notice	n;
static uint64_t		counter;
static int64_t		now_us;
static unsigned int	begins, ends;

/* A second goes by in which so much is counted. */
static enum notice_event
second(uint64_t counts)
{
	enum notice_event	event;

	counter += counts;
	now_us += S;
	event = notice_look(&n, counter, now_us);
	begins += event == NOTICE_BEGINS;
	ends += event == NOTICE_ENDS;
	return (event);
}

/* Seconds without anything; how many until the end is said, 0: it is not. */
static unsigned int
quiet(unsigned int seconds)
{
	unsigned int	i;

	for (i = 1; i <= seconds; i++)
		if (second(0) == NOTICE_ENDS)
			return (i);
	return (0);
}

static void
start(uint64_t counts)
{
	memset(&n, 0, sizeof(n));
	begins = ends = 0;
	counter = counts;
	now_us = START;
	ATF_REQUIRE_EQ(notice_look(&n, counter, now_us), NOTICE_NONE);
}

CASE(what_was_counted_before_is_no_news, "a worker goes on with its counters")
{
	start(1000);
	ATF_CHECK_EQ(quiet(100), 0);
	ATF_CHECK_EQ(begins, 0);
}

CASE(beginning_is_told_with_the_first_count, "and not again while it lasts")
{
	start(1000);
	ATF_CHECK_EQ(second(12), NOTICE_BEGINS);
	ATF_CHECK_EQ(n.count, 12);
	ATF_CHECK_EQ(n.seconds, 1);
	ATF_CHECK_EQ(second(5), NOTICE_NONE);
	ATF_CHECK_EQ(quiet(9), 0);
	ATF_CHECK_EQ(second(1), NOTICE_NONE);
	ATF_CHECK_EQ(begins, 1);
}

CASE(end_is_told_after_ten_quiet_seconds, "with all that was counted")
{
	start(1000);
	second(100);
	quiet(4);
	second(3);
	quiet(8);
	second(20);
	/* From the look before the first to the last that rose. */
	ATF_CHECK_EQ(quiet(20), 10);
	ATF_CHECK_EQ(n.count, 123);
	ATF_CHECK_EQ(n.seconds, 15);
	ATF_CHECK_EQ(n.quiet_s, 10);
	ATF_CHECK_EQ(quiet(100), 0);
	ATF_CHECK_EQ(ends, 1);
}

CASE(a_late_look_tells_of_its_seconds, "the worker was busy")
{
	start(0);
	now_us += 4 * S;
	ATF_CHECK_EQ(second(7), NOTICE_BEGINS);
	ATF_CHECK_EQ(n.seconds, 5);
}

CASE(what_comes_and_goes_is_told_of_ever_less, "an hour of it makes few lines")
{
	unsigned int	i;

	start(0);
	for (i = 0; i < 3600; i++)
		second(i % 12 == 0);
	ATF_CHECK_MSG(begins <= 2, "%u beginnings", begins);
	start(0);
	/* It doubles up to what is longer than any pause here. */
	for (i = 0; i < 24 * 3600; i++)
		second(i % 61 == 0);
	ATF_CHECK_MSG(begins <= 4, "%u beginnings", begins);
	ATF_CHECK_EQ(ends, begins - 1);
}

CASE(quiet_that_is_asked_for_has_a_limit, "so that it ends at last")
{
	unsigned int	i;

	start(0);
	for (i = 0; i < 20; i++) {
		second(1);
		ATF_REQUIRE(quiet(2000) > 0);
	}
	ATF_CHECK_EQ(n.quiet_us, NOTICE_QUIET_MAX_US);
	ATF_CHECK_EQ(n.quiet_s, NOTICE_QUIET_MAX_US / S);
}

CASE(after_a_long_peace_ten_seconds_do_again, "six times what was asked for")
{
	start(0);
	second(1);
	ATF_CHECK_EQ(quiet(100), 10);
	second(1);
	ATF_CHECK_EQ(quiet(100), 20);
	quiet(119);
	second(1);
	ATF_CHECK_EQ(quiet(100), 10);
}

CASE(counter_that_goes_back_begins_anew, "its slot has another collector")
{
	start(1000);
	second(5);
	counter = 0;
	ATF_CHECK_EQ(second(3), NOTICE_NONE);
	ATF_CHECK_EQ(quiet(30), 0);
	ATF_CHECK_EQ(second(1), NOTICE_BEGINS);
	ATF_CHECK_EQ(n.count, 1);
}

CASE(times_that_cannot_be_are_no_notice, "that a worker before us left")
{
	struct notice bad;

	start(0);
	second(1);
	quiet(11);
	ATF_CHECK(notice_valid(&n, now_us));
#define BAD(member, value)						\
	bad = n;							\
	bad.member = value;						\
	ATF_CHECK(!notice_valid(&bad, now_us))
	BAD(looked_us, INT64_MIN);
	BAD(began_us, INT64_MAX);
	BAD(counted_us, -1);
	BAD(ended_us, now_us + 1);
	BAD(quiet_us, NOTICE_QUIET_MAX_US + 1);
#undef BAD
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, what_was_counted_before_is_no_news);
	ATF_TP_ADD_TC(tp, beginning_is_told_with_the_first_count);
	ATF_TP_ADD_TC(tp, end_is_told_after_ten_quiet_seconds);
	ATF_TP_ADD_TC(tp, a_late_look_tells_of_its_seconds);
	ATF_TP_ADD_TC(tp, what_comes_and_goes_is_told_of_ever_less);
	ATF_TP_ADD_TC(tp, quiet_that_is_asked_for_has_a_limit);
	ATF_TP_ADD_TC(tp, after_a_long_peace_ten_seconds_do_again);
	ATF_TP_ADD_TC(tp, counter_that_goes_back_begins_anew);
	ATF_TP_ADD_TC(tp, times_that_cannot_be_are_no_notice);
	return (atf_no_error());
}
