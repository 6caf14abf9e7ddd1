/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Which lines are written, and how often those that repeat are. */

#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "described.h"
#include "log.h"

static char		 last[1024];
static int		 last_priority;
static unsigned int	 lines;

static void
sink(int priority, const char *text)
{
	strlcpy(last, text, sizeof(last));
	last_priority = priority;
	lines++;
}

/* How many lines one of each kind makes: fatal, warning, info, debug. */
static unsigned int
written(void)
{
	lines = 0;
	log_at(LOG_CRIT, "critical");
	log_warnx("warning");
	log_info("info");
	log_debug("debug");
	return (lines);
}

CASE(level_says_which_lines_are_written, "error to debug; info at first")
{
	log_set_sink(sink);
	ATF_CHECK_EQ(written(), 3);
	log_set_level(LOG_ERR);
	ATF_CHECK_EQ(written(), 1);
	log_set_level(LOG_WARNING);
	ATF_CHECK_EQ(written(), 2);
	log_set_level(LOG_INFO);
	ATF_CHECK_EQ(written(), 3);
}

CASE(verbose_writes_all_and_goes_back_to_the_level, "debug+ and debug-")
{
	log_set_sink(sink);
	log_set_level(LOG_WARNING);
	log_set_verbose(1);
	ATF_CHECK_EQ(written(), 4);
	ATF_CHECK_EQ(log_get_verbose(), 1);
	log_set_verbose(0);
	ATF_CHECK_EQ(written(), 2);
}

CASE(workers_lines_are_held_to_the_level, "but for those it wrote to debug")
{
	log_set_sink(sink);
	log_set_level(LOG_WARNING);
	log_relay(LOG_INFO, "info");
	ATF_CHECK_EQ(lines, 0);
	log_relay(LOG_WARNING, "warning");
	log_relay(LOG_DEBUG, "debug");
	ATF_CHECK_EQ(lines, 2);
}

CASE(line_that_repeats_is_suppressed_and_counted, "for a minute")
{
	static struct log_limit	 limit;
	unsigned int		 i;

	log_set_sink(sink);
	for (i = 0; i < LOG_LIMIT_LINES + 18; i++)
		log_limit(&limit, 1000 + i, LOG_WARNING, "it happened");
	ATF_CHECK_EQ(lines, LOG_LIMIT_LINES);
	log_limits_tick(1000 + LOG_LIMIT_MS - 1);
	ATF_CHECK_EQ(lines, LOG_LIMIT_LINES);
	log_limits_tick(1000 + LOG_LIMIT_MS);
	ATF_CHECK_EQ(lines, LOG_LIMIT_LINES + 1);
	ATF_CHECK_STREQ(last,
	    "it happened (17 more like this suppressed in 60 s)");
	ATF_CHECK_EQ(last_priority, LOG_WARNING);
	/* That was it. */
	log_limits_tick(1000 + 3 * LOG_LIMIT_MS);
	ATF_CHECK_EQ(lines, LOG_LIMIT_LINES + 1);
	log_limit(&limit, 1000 + 3 * LOG_LIMIT_MS, LOG_WARNING, "again");
	ATF_CHECK_STREQ(last, "again");
}

CASE(next_line_tells_of_those_before, "where no tick comes in between")
{
	static struct log_limit	 limit;
	unsigned int		 i;

	log_set_sink(sink);
	for (i = 0; i < LOG_LIMIT_LINES + 1; i++)
		log_limit(&limit, 0, LOG_INFO, "first");
	lines = 0;
	log_limit(&limit, LOG_LIMIT_MS + 5000, LOG_INFO, "second");
	/* The one that was left out, and the new one. */
	ATF_CHECK_EQ(lines, 2);
	ATF_CHECK_STREQ(last, "second");
	log_limits_tick(3 * LOG_LIMIT_MS);
	ATF_CHECK_EQ(lines, 2);
}

CASE(kinds_do_not_suppress_each_other, "and each tells of its own")
{
	static struct log_limit	 limit[3];
	char			 text[32];
	unsigned int		 i, j;

	log_set_sink(sink);
	for (j = 0; j < 3; j++) {
		snprintf(text, sizeof(text), "kind %u", j);
		for (i = 0; i < LOG_LIMIT_LINES + j; i++)
			log_limit(&limit[j], 0, LOG_INFO, text);
	}
	ATF_CHECK_EQ(lines, 3 * LOG_LIMIT_LINES);
	log_limits_tick(LOG_LIMIT_MS);
	/* Of the first nothing, of the second the line that was left out. */
	ATF_CHECK_EQ(lines, 3 * LOG_LIMIT_LINES + 2);
}

CASE(limited_line_keeps_errno, "as all of them do")
{
	static struct log_limit	 limit;

	log_set_sink(sink);
	errno = EXDEV;
	log_limited(&limit, LOG_INFO, "number %d", 7);
	ATF_CHECK_EQ(errno, EXDEV);
	ATF_CHECK_STREQ(last, "number 7");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, level_says_which_lines_are_written);
	ATF_TP_ADD_TC(tp, verbose_writes_all_and_goes_back_to_the_level);
	ATF_TP_ADD_TC(tp, workers_lines_are_held_to_the_level);
	ATF_TP_ADD_TC(tp, line_that_repeats_is_suppressed_and_counted);
	ATF_TP_ADD_TC(tp, next_line_tells_of_those_before);
	ATF_TP_ADD_TC(tp, kinds_do_not_suppress_each_other);
	ATF_TP_ADD_TC(tp, limited_line_keeps_errno);
	return (atf_no_error());
}
