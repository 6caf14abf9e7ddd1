/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Each message of try.h to the parent of a running softflowd, by a worker of
 * its own: it is killed for what it must not say, with one line that names
 * it, and for nothing else; and then the daemon is what it was before.
 */

#include <sys/types.h>

#include <atf-c.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "msg.h"
#include "script.h"
#include "try.h"

#define SAMPLES		8192
#define REACTION_US	2000000		/* from the message to the killing */
#define RSS_MORE_KIB	512

#define ON_FILE		"-n 127.0.0.1:9 -f conf"

static int64_t		sample[SAMPLES];
static unsigned int	nsample, verdicts[TRY_MALFORMED + 1];

static unsigned int
tries(enum try_state state)
{
	struct try	t;
	unsigned int	n = 0;

	while (try_get(n, state, &t))
		n++;
	return (n);
}

static int
compare(const void *a, const void *b)
{
	int64_t	x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x < y ? -1 : x > y);
}

/* A configuration that takes a hand-over from the one before. */
static void
configure(unsigned int nth)
{
	FILE	*fp = fopen("conf.new", "w");

	ATF_REQUIRE(fp != NULL);
	fprintf(fp, "template-datagrams %u\n", 20 + nth % 2);
	ATF_REQUIRE_EQ(0, fclose(fp));
	ATF_REQUIRE_EQ(0, rename("conf.new", "conf"));
}

/* An operator that is there whenever a worker is. */
static pid_t
start_client(void)
{
	pid_t	pid = fork();
	char	octet;
	int	fd;

	ATF_REQUIRE(pid != -1);
	if (pid != 0)
		return (pid);
	for (;;) {
		if ((fd = daemon_connect()) != -1) {
			while (read(fd, &octet, 1) > 0)
				;
			close(fd);
		}
		usleep(500);
	}
}

/* What the log says of one worker, up to the next one's start. */
struct life {
	enum try_verdict	verdict;
	int			named;	/* type and length, so many times */
	int			abandoned;	/* a hand-over */
	int			last;	/* there was no next one */
};

static struct life
follow(const struct try *t)
{
	struct life	 life = { TRY_ALLOWED, 0, 0, 0 };
	char		 want[128];
	const char	*line, *at;
	int64_t		 said = 0;

	snprintf(want, sizeof(want), ": message %u of %zu octets in phase ",
	    t->type, try_payload(t));
	while ((line = daemon_line(20000)) != NULL &&
	    strstr(line, " started") == NULL) {
		if ((at = strstr(line, "worker: now ")) != NULL)
			said = strtoll(at + 12, NULL, 10);
		life.named += strstr(line, want) != NULL;
		if (strstr(line, ": hostile; killed") != NULL)
			life.verdict = TRY_HOSTILE;
		if (strstr(line, ": malformed message; killed") != NULL)
			life.verdict = TRY_MALFORMED;
		if (life.verdict != TRY_ALLOWED && said != 0 &&
		    nsample < SAMPLES) {
			sample[nsample++] = daemon_now_us() - said;
			said = 0;
		}
		life.abandoned |= strstr(line, "without a hand-over") != NULL;
	}
	life.last = line == NULL;
	return (life);
}

static void
judge(const struct try *t, const struct life *life)
{
	char	name[128];

	try_name(t, name, sizeof(name));
	ATF_CHECK_MSG(life->verdict == try_expect(t), "%s: %d, not %d", name,
	    life->verdict, try_expect(t));
	ATF_CHECK_MSG(life->named == (try_expect(t) == TRY_HOSTILE),
	    "%s: the log names it %d times", name, life->named);
	verdicts[life->verdict]++;
}

/* One after the other, each by a worker of its own. */
static void
say_each(enum try_state state, unsigned int n, unsigned int step,
    struct daemon_use *warm)
{
	struct try	t;
	struct life	life;
	unsigned int	i, reloads = 0;
	int		reloading = 0;

	for (i = 0; i < n; i += step) {
		ATF_REQUIRE(try_get(i, state, &t));
		if ((state == TRY_LEAVING || state == TRY_LEFT) && !reloading) {
			configure(++reloads);
			daemon_signal(SIGHUP);
			reloading = 1;
		}
		life = follow(&t);
		ATF_REQUIRE_MSG(!life.last, "no next worker");
		judge(&t, &life);
		/* It is over, too, when the worker has left in good order. */
		if (life.abandoned || state == TRY_LEFT ||
		    (t.type == IMSG_HANDED_OVER &&
		    (life.verdict == TRY_ALLOWED || t.how == TRY_TWICE)))
			reloading = 0;
		if (i <= n / 4)
			*warm = daemon_use();
	}
}

static void
check_reaction(void)
{
	ATF_REQUIRE(nsample > 0);
	qsort(sample, nsample, sizeof(sample[0]), compare);
	printf("from a message to its line in the log: median %lld us, "
	    "longest %lld us, of %u\n", (long long)sample[nsample / 2],
	    (long long)sample[nsample - 1], nsample);
	ATF_CHECK(sample[nsample - 1] < REACTION_US);
}

/* What the parent has is what one has that never had a hostile worker. */
static void
say_all(const atf_tc_t *tc, enum try_state state)
{
	struct daemon_how	how = { .script = SCRIPT_TRY + state,
				    .eager = 1, .more = ON_FILE };
	struct daemon_use	fresh, warm = { 0 }, end;
	unsigned int		n = tries(state);
	int64_t			start;
	pid_t			client = -1;

	/* There, starting a process takes long. */
	how.step = daemon_sanitized(tc) ? 5 : 1;
	configure(0);
	daemon_start(tc, &how);
	daemon_await_service();
	fresh = daemon_use();
	daemon_end(1, 0);

	how.generations = (n + how.step - 1) / how.step;
	daemon_start(tc, &how);
	daemon_await(" started");
	daemon_await(" started");
	start = daemon_now_us();
	if (state == TRY_CLIENT)
		client = start_client();
	say_each(state, n, how.step, &warm);
	if (client != -1)
		kill(client, SIGKILL);
	daemon_await_service();
	end = daemon_use();
	printf("%u messages %s: %u allowed, %u hostile, %u malformed; %lld "
	    "ms, %ld ms of the parent's time, RSS %ld to %ld KiB\n",
	    how.generations,
	    try_state_name(state), verdicts[0], verdicts[1], verdicts[2],
	    (long long)(daemon_now_us() - start) / 1000, end.cpu_ms,
	    warm.rss_kib, end.rss_kib);
	ATF_CHECK_EQ(fresh.descriptors, end.descriptors);
	ATF_CHECK_EQ(fresh.files, end.files);
	ATF_CHECK(end.rss_kib < warm.rss_kib + RSS_MORE_KIB);
	daemon_end(1, 0);
	if (state < TRY_FINISHING)
		check_reaction();
}

/*
 * Behind FINISH each needs a daemon of its own.  What is not allowed ends it,
 * and its exit status says that not all was exported.
 */
static void
say_finishing(const atf_tc_t *tc, enum try_state state)
{
	struct daemon_how	how = { .script = SCRIPT_TRY + state,
				    .eager = 1, .generations = 1 };
	struct try		t;
	unsigned int		i, n = tries(state);
	struct life		life;

	for (i = 0; i < n; i++) {
		ATF_REQUIRE(try_get(i, state, &t));
		how.first = i;
		daemon_start(tc, &how);
		daemon_await(" started");
		daemon_await(" started");
		daemon_signal(SIGTERM);
		life = follow(&t);
		judge(&t, &life);
		daemon_end(0, try_expect(&t) != TRY_ALLOWED ||
		    state == TRY_FINISHED || t.type == IMSG_FINISHED);
	}
	printf("%u messages %s: %u allowed, %u hostile, %u malformed\n", n,
	    try_state_name(state), verdicts[0], verdicts[1], verdicts[2]);
}

#define STATE_TEST(name, state, say)					\
ATF_TC(name);								\
ATF_TC_HEAD(name, tc)							\
{									\
	atf_tc_set_md_var(tc, "require.user", "root");			\
	atf_tc_set_md_var(tc, "timeout", "300");			\
}									\
ATF_TC_BODY(name, tc)							\
{									\
	say(tc, state);							\
}

STATE_TEST(each_message_before_ready_is_judged_right, TRY_BEFORE, say_all)
STATE_TEST(each_message_at_work_is_judged_right, TRY_RUNNING, say_all)
STATE_TEST(each_message_with_an_operator_connected_is_judged_right, TRY_CLIENT,
    say_all)
STATE_TEST(each_message_in_a_hand_over_is_judged_right, TRY_LEAVING, say_all)

STATE_TEST(each_message_behind_handed_over_is_judged_right, TRY_LEFT, say_all)
STATE_TEST(each_message_behind_finish_is_judged_right, TRY_FINISHING,
    say_finishing)
STATE_TEST(each_message_behind_finished_is_judged_right, TRY_FINISHED,
    say_finishing)

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_message_before_ready_is_judged_right);
	ATF_TP_ADD_TC(tp, each_message_at_work_is_judged_right);
	ATF_TP_ADD_TC(tp,
	    each_message_with_an_operator_connected_is_judged_right);
	ATF_TP_ADD_TC(tp, each_message_in_a_hand_over_is_judged_right);
	ATF_TP_ADD_TC(tp, each_message_behind_handed_over_is_judged_right);
	ATF_TP_ADD_TC(tp, each_message_behind_finish_is_judged_right);
	ATF_TP_ADD_TC(tp, each_message_behind_finished_is_judged_right);
	return (atf_no_error());
}
