/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A hostile resolver, and a hostile reader of the configuration file, against
 * the parent of a running softflowd: what they answer is refused, and all
 * else goes on.
 */

#include <sys/types.h>

#include <atf-c.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "daemon.h"
#include "script.h"

#define RESOLVER_FAST	20	/* it has 30 s for an answer */

/* What the log says of an answer, if it is not that it is not allowed. */
static const char *
resolver_log(int script)
{
	switch (script) {
	case RESOLVE_HUGE:
		return ("resolver: sends a malformed message");
	case RESOLVE_HALF:
	case RESOLVE_EXIT:
		return ("resolver: ended");
	case RESOLVE_NEVER:
		return ("resolver: does not answer");
	default:
		return ("resolver: sends a message that is not "
		    "allowed");
	}
}

static void
write_conf(const char *text)
{
	FILE	*fp = fopen("conf.new", "w");

	ATF_REQUIRE(fp != NULL);
	ATF_REQUIRE(fputs(text, fp) != EOF);
	ATF_REQUIRE_EQ(0, fclose(fp));
	ATF_REQUIRE_EQ(0, rename("conf.new", "conf"));
}

/* A daemon whose resolver answers like that; the worker is what it should. */
static void
check_resolver(const atf_tc_t *tc, int script)
{
	char			more[64];
	struct daemon_how	how = { .more = more };
	struct daemon_use	use;
	static unsigned int	fresh;

	snprintf(more, sizeof(more), "-t general=60 -n %d.hostile:9,"
	    "127.0.0.1:9", script);
	how.clock = script == RESOLVE_NEVER ? RESOLVER_FAST : 0;
	daemon_start(tc, &how);
	if (script != RESOLVE_FD)
		daemon_await(resolver_log(script));
	daemon_await_service();
	use = daemon_use();
	ATF_CHECK_MSG(use.cpu_ms < 500, "%ld ms", use.cpu_ms);
	/* Its channel takes none; else there would be one more than it. */
	if (script == RESOLVE_FD)
		ATF_CHECK_EQ(fresh + 1, use.descriptors);
	fresh = use.descriptors;
	daemon_end(1, 0);
}

DAEMON_TEST(a_resolver_s_bad_answers_close_its_channel)
{
	int	script;

	for (script = RESOLVE_WELL + 1; script < RESOLVE_NEVER; script++)
		check_resolver(tc, script);
}

DAEMON_TEST(a_resolver_that_never_answers_is_given_up)
{
	check_resolver(tc, RESOLVE_NEVER);
}

/* A reload with each of them, in one daemon, which stays as it is. */
DAEMON_TEST(a_reader_s_bad_answers_are_refused)
{
	struct daemon_how	how = { .more =
				    "-t general=60 -n 127.0.0.1:9 -f conf" };
	struct daemon_use	before = { 0 }, after;
	char			text[64];
	const char		*line;
	int64_t			start;
	int			script;

	write_conf("sampling 1\n");
	daemon_start(tc, &how);
	daemon_await_service();
	for (script = READ_WELL; script < READ_MAX; script++) {
		snprintf(text, sizeof(text), "# hostile %d\n", script);
		write_conf(text);
		start = daemon_now_us();
		daemon_signal(SIGHUP);
		line = daemon_await("reloaded: ");
		printf("%2d: %5lld ms: %s\n", script,
		    (long long)(daemon_now_us() - start) / 1000, line);
		if (script == READ_WELL) {
			ATF_CHECK(strstr(line, ": reloaded: sampling") !=
			    NULL);
			continue;
		}
		/* From then on it has room for the largest answer. */
		if (script == READ_MANY)
			before = daemon_use();
		ATF_CHECK(strstr(line, "not reloaded: conf: the process that "
		    "reads it ") != NULL);
		ATF_CHECK(daemon_now_us() - start < 6000000);
	}
	after = daemon_use();
	ATF_CHECK_EQ(before.descriptors, after.descriptors);
	ATF_CHECK_EQ(before.files, after.files);
	ATF_CHECK(after.rss_kib < before.rss_kib + 1024);
	/* And it can be read again. */
	write_conf("sampling 3\n");
	daemon_signal(SIGHUP);
	daemon_await(": reloaded: sampling");
	daemon_await_service();
	daemon_end(1, 0);
}

/* At the start there is nothing to go on with. */
DAEMON_TEST(a_reader_s_bad_answer_at_the_start_ends_it)
{
	struct daemon_how	how = { .more =
				    "-t general=60 -n 127.0.0.1:9 -f conf" };

	write_conf("# hostile 3\n");
	daemon_start(tc, &how);
	daemon_await("conf: the process that reads it sends a message that "
	    "is not allowed");
	daemon_end(0, 1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_resolver_s_bad_answers_close_its_channel);
	ATF_TP_ADD_TC(tp, a_resolver_that_never_answers_is_given_up);
	ATF_TP_ADD_TC(tp, a_reader_s_bad_answers_are_refused);
	ATF_TP_ADD_TC(tp, a_reader_s_bad_answer_at_the_start_ends_it);
	return (atf_no_error());
}
