/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Workers that are hostile by what they do not say, or say on end.  Where the
 * parent waits for long, its clock is ten times as fast.
 */

#include <sys/types.h>

#include <atf-c.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "msg.h"
#include "script.h"

#define FAST		10		/* times as fast as the clock */
#define SLACK_MS	5000		/* behind what the parent waits for */

/* Start with one such worker, behind the one that every script begins with. */
static void
begin(const atf_tc_t *tc, unsigned int script, int clock)
{
	struct daemon_how	how = { .script = script, .generations = 1,
				    .clock = clock,
				    .more = "-n 127.0.0.1:9 -f conf" };
	FILE			*fp = fopen("conf", "w");

	ATF_REQUIRE(fp != NULL);
	fprintf(fp, "template-datagrams 20\n");
	ATF_REQUIRE_EQ(0, fclose(fp));
	daemon_start(tc, &how);
	daemon_await(" started");
	daemon_await(" started");
}

static void
reload(void)
{
	FILE	*fp = fopen("conf", "w");

	ATF_REQUIRE(fp != NULL);
	fprintf(fp, "template-datagrams 21\n");
	ATF_REQUIRE_EQ(0, fclose(fp));
	daemon_signal(SIGHUP);
}

/* The parent says why it killed it, after so long by its own clock. */
static void
check_killed(const char *why, int64_t wait_ms, int clock)
{
	int64_t	start = daemon_now_us(), ms;

	daemon_await(why);
	ms = (daemon_now_us() - start) / 1000;
	printf("%s: after %lld ms, %lld ms by the parent's clock\n", why,
	    (long long)ms, (long long)ms * clock);
	ATF_CHECK(ms < wait_ms / clock + SLACK_MS);
}

static void
check_lives(void)
{
	daemon_await_service();
	daemon_end(1, 0);
}

static void
check_waits(const atf_tc_t *tc, unsigned int script, int clock,
    const char *why, int64_t wait_ms)
{
	begin(tc, script, clock);
	check_killed(why, wait_ms, clock);
	check_lives();
}

DAEMON_TEST(one_that_is_never_ready_is_killed)
{
	check_waits(tc, SCRIPT_MUTE, FAST, "not ready in 10 seconds; killed",
	    10000);
}

DAEMON_TEST(one_that_falls_silent_is_killed)
{
	check_waits(tc, SCRIPT_SILENT, FAST, "silent for 30 seconds; killed",
	    30000);
}

DAEMON_TEST(one_that_stops_within_a_header_is_killed)
{
	check_waits(tc, SCRIPT_HALF, FAST, "silent for 30 seconds; killed",
	    30000);
}

DAEMON_TEST(one_that_closes_its_channel_is_killed)
{
	check_waits(tc, SCRIPT_CLOSE, 1, "closed its channel; killed", 1000);
}

/* And the parent does not go round in circles with what it cannot say. */
DAEMON_TEST(one_that_takes_no_words_any_more_is_killed)
{
	struct daemon_use	use;

	if (daemon_sanitized(tc))
		atf_tc_skip("the parent's filter does not let it");
	begin(tc, SCRIPT_SHUT, 1);
	check_killed("closed its channel; killed", 1000, 1);
	use = daemon_use();
	printf("%ld ms of the parent's time\n", use.cpu_ms);
	ATF_CHECK(use.cpu_ms < 300);
	check_lives();
}

DAEMON_TEST(one_that_reads_nothing_is_killed)
{
	check_waits(tc, SCRIPT_DEAF, 1, "does not read its messages; killed",
	    1000);
}

DAEMON_TEST(nonsense_is_a_malformed_message)
{
	check_waits(tc, SCRIPT_FLOOD_NONSENSE, 1, "malformed message; killed",
	    1000);
}

DAEMON_TEST(one_that_does_not_hand_over_is_killed_and_the_next_one_does)
{
	begin(tc, SCRIPT_STAY, FAST);
	reload();
	check_killed("did not hand over in 15 seconds; killed", 15000, FAST);
	daemon_await("took over; the hand-over took");
	check_lives();
}

DAEMON_TEST(one_that_says_it_left_and_stays_is_killed)
{
	begin(tc, SCRIPT_STAY_LEFT, FAST);
	reload();
	check_killed("did not end in time; killed", 5000, FAST);
	check_lives();
}

DAEMON_TEST(one_that_says_it_finished_and_stays_is_killed)
{
	begin(tc, SCRIPT_STAY_FINISHED, FAST);
	daemon_signal(SIGTERM);
	check_killed("did not end in time; killed", 5000, FAST);
	daemon_end(0, 1);
}

DAEMON_TEST(one_that_does_not_finish_is_killed_and_the_next_one_does)
{
	begin(tc, SCRIPT_UNFINISHED, FAST);
	daemon_signal(SIGTERM);
	check_killed("did not end in time; killed", 30000, FAST);
	daemon_end(0, 0);
}

/* It was reaped before all was read: nobody is killed for it. */
DAEMON_TEST(last_words_of_one_that_has_ended_kill_nobody)
{
	struct daemon_how	how = { .script = SCRIPT_LAST_WORDS,
				    .generations = 20, .eager = 1 };
	unsigned int		i;

	daemon_start(tc, &how);
	for (i = 0; i < how.generations; i++)
		daemon_await("of 0 octets in phase 2 is not allowed");
	check_lives();
}

DAEMON_TEST(a_line_that_is_not_for_terminals_is_made_harmless)
{
	begin(tc, SCRIPT_EVIL_LOG, 1);
	daemon_await("worker: a?[2J?softflowd: forged??%s%n?z");
	check_lives();
}

/* Ten deaths are answered at once, then one a second. */
DAEMON_TEST(one_that_ends_at_once_each_time_is_started_once_a_second)
{
	struct daemon_how	how = { .script = SCRIPT_EXIT,
				    .generations = 12 };
	struct daemon_use	use;
	int64_t			start = daemon_now_us(), ms;
	unsigned int		i;

	daemon_start(tc, &how);
	for (i = 0; i < how.generations + 1; i++)
		daemon_await(" started");
	ms = (daemon_now_us() - start) / 1000;
	use = daemon_use();
	printf("%u starts took %lld ms, and %ld ms of the parent's time\n", i,
	    (long long)ms, use.cpu_ms);
	ATF_CHECK(ms > 1800);
	ATF_CHECK(use.cpu_ms < 500);
	check_lives();
}

/* Wherever it comes from, an operator's signal is heard. */
static void
check_flood(const atf_tc_t *tc, unsigned int script, unsigned int lines)
{
	struct daemon_use	before, after;
	int64_t			start, until;
	unsigned int		n = 0;
	int			fd = -1;

	begin(tc, script, 0);
	while (script == SCRIPT_FLOOD_WISH && fd == -1) {
		usleep(200000);		/* until it is ready */
		fd = daemon_connect();
	}
	until = daemon_now_us() + 500000;
	while (daemon_now_us() < until)
		(void)daemon_line(10);
	before = daemon_use();
	until = daemon_now_us() + 1000000;
	while (daemon_now_us() < until)
		n += daemon_line(10) != NULL;
	after = daemon_use();
	start = daemon_now_us();
	reload();
	daemon_await("reloaded: template-datagrams");
	printf("%u lines in the log; %ld ms of the parent's time in 1000; a "
	    "reload is answered in %lld ms; RSS %ld to %ld KiB\n", n,
	    after.cpu_ms - before.cpu_ms,
	    (long long)(daemon_now_us() - start) / 1000, before.rss_kib,
	    after.rss_kib);
	ATF_CHECK(daemon_now_us() - start < SLACK_MS * 1000);
	ATF_CHECK(n <= lines);
	ATF_CHECK(after.rss_kib < before.rss_kib + 1024);
	ATF_CHECK(after.descriptors <= before.descriptors + 2);
	ATF_CHECK_EQ(before.files, after.files);
}

DAEMON_TEST(a_flood_of_lines_is_cut)
{
	check_flood(tc, SCRIPT_FLOOD_LOG, 300);
	/* It would never hand over, nor finish. */
	daemon_signal(SIGTERM);
	daemon_await("shutting down on a signal");
	usleep(1100000);
	daemon_signal(SIGTERM);
	daemon_end(0, 1);
}

DAEMON_TEST(a_flood_of_counters_changes_nothing)
{
	check_flood(tc, SCRIPT_FLOOD_COUNTERS, 10);
}

DAEMON_TEST(a_flood_of_questions_is_answered)
{
	check_flood(tc, SCRIPT_FLOOD_ASK, 10);
}

DAEMON_TEST(a_flood_of_wishes_is_cut)
{
	check_flood(tc, SCRIPT_FLOOD_WISH, 100);
}

DAEMON_TEST(a_client_s_end_is_what_an_operator_could_have)
{
	int	fd;

	begin(tc, SCRIPT_SHUTDOWN, 1);
	usleep(300000);
	fd = daemon_connect();
	daemon_await("shutting down on request");
	daemon_end(0, 0);
	if (fd != -1)
		close(fd);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, one_that_is_never_ready_is_killed);
	ATF_TP_ADD_TC(tp, one_that_falls_silent_is_killed);
	ATF_TP_ADD_TC(tp, one_that_stops_within_a_header_is_killed);
	ATF_TP_ADD_TC(tp, one_that_closes_its_channel_is_killed);
	ATF_TP_ADD_TC(tp, one_that_takes_no_words_any_more_is_killed);
	ATF_TP_ADD_TC(tp, one_that_reads_nothing_is_killed);
	ATF_TP_ADD_TC(tp, nonsense_is_a_malformed_message);
	ATF_TP_ADD_TC(tp,
	    one_that_does_not_hand_over_is_killed_and_the_next_one_does);
	ATF_TP_ADD_TC(tp, one_that_says_it_left_and_stays_is_killed);
	ATF_TP_ADD_TC(tp, one_that_says_it_finished_and_stays_is_killed);
	ATF_TP_ADD_TC(tp,
	    one_that_does_not_finish_is_killed_and_the_next_one_does);
	ATF_TP_ADD_TC(tp, last_words_of_one_that_has_ended_kill_nobody);
	ATF_TP_ADD_TC(tp, a_line_that_is_not_for_terminals_is_made_harmless);
	ATF_TP_ADD_TC(tp,
	    one_that_ends_at_once_each_time_is_started_once_a_second);
	ATF_TP_ADD_TC(tp, a_flood_of_lines_is_cut);
	ATF_TP_ADD_TC(tp, a_flood_of_counters_changes_nothing);
	ATF_TP_ADD_TC(tp, a_flood_of_questions_is_answered);
	ATF_TP_ADD_TC(tp, a_flood_of_wishes_is_cut);
	ATF_TP_ADD_TC(tp, a_client_s_end_is_what_an_operator_could_have);
	return (atf_no_error());
}
