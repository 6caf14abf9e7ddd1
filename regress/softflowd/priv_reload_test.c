/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A reload and the wishes of clients in the parent, with this program in the
 * worker's place; what the parent opens is somebody else's to test.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "expire.h"
#include "log.h"
#include "priv_state.h"
#include "sandbox.h"

#define CLIENT		3		/* an operator */
#define VIEWER		4

struct priv			 priv;

static struct options		 opts;
static const char		*line;		/* what is read next */
static const char		*unready;	/* why captures cannot be */
static int			 hostile, killed, abandoned, switched;
static int			 finishes;
static int64_t			 forward_ms;
static struct imsgbuf		 far;		/* the worker's end */

/* What was sent to the worker since the last look. */
static struct sent {
	enum msg_type		type;
	struct msg_settings	settings;
	struct msg_wish_done	done;
	struct msg_handover	handover;
} sent[8];
static unsigned int		 nsent;

int64_t
priv_now_ms(void)
{
	return (1000000 + forward_ms);
}

void
priv_worker_send(enum msg_type type, int fd, const void *data, size_t len)
{
	struct sent	*s = &sent[nsent++];

	ATF_REQUIRE(nsent <= nitems(sent));
	ATF_CHECK_EQ(-1, fd);
	s->type = type;
	switch (type) {
	case IMSG_SETTINGS:
		ATF_REQUIRE_EQ(sizeof(s->settings), len);
		memcpy(&s->settings, data, len);
		break;
	case IMSG_WISH_DONE:
		ATF_REQUIRE_EQ(sizeof(s->done), len);
		memcpy(&s->done, data, len);
		break;
	case IMSG_HANDOVER:
		ATF_REQUIRE_EQ(sizeof(s->handover), len);
		memcpy(&s->handover, data, len);
		break;
	default:
		atf_tc_fail("message %d", type);
	}
}

void
priv_worker_kill(const char *why)
{
	(void)why;
	killed = 1;
}

void
priv_worker_kill_hostile(const char *why)
{
	(void)why;
	hostile = priv.worker.killed = 1;
}

void
priv_worker_replace(const char *what)
{
	(void)what;
}

int
priv_capture_prepare(struct priv_reload *next, char *error, size_t len)
{
	if (unready != NULL) {
		strlcpy(error, unready, len);
		return (-1);
	}
	next->ncapture = priv.ncapture;
	if (next->change.need & CHANGE_CAPTURE)
		next->replaced = 1;
	return (0);
}

void
priv_capture_abandon(struct priv_reload *next)
{
	(void)next;
	abandoned++;
}

void
priv_capture_switch(struct priv_reload *next)
{
	(void)next;
	switched++;
}

int
priv_export_prepare(struct priv_reload *next, char *error, size_t len)
{
	(void)next;
	(void)error;
	(void)len;
	return (0);
}

void
priv_export_switch(struct priv_reload *next)
{
	(void)next;
}

enum options_result
options_load(int argc, char *argv[], struct options *o, char *error,
    size_t len)
{
	static char	 buf[4][256], name[] = "softflowd";
	static int	 nth;
	char		*words[32], *p = buf[nth % 4], *word;
	int		 n = 0;

	(void)argc;
	(void)argv;
	strlcpy(p, line, sizeof(buf[0]));
	nth++;
	words[n++] = name;
	while ((word = strsep(&p, " ")) != NULL && n < 31)
		words[n++] = word;
	words[n] = NULL;
	return (options_parse(n, words, o, error, len));
}

/* Nothing of these happens here. */
void
priv_interfaces_changed(void)
{
}

void
priv_ready(void)
{
}

void
priv_notify_reloading(void)
{
}

void
priv_finish(void)
{
	finishes++;
}

void
priv_report(const struct summary_report *report)
{
	(void)report;
}

void
priv_control_closed(uint32_t id)
{
	(void)id;
}

int
priv_export_down(const struct msg_export_down *msg)
{
	(void)msg;
	return (0);
}

int
priv_export_ask(uint32_t slot)
{
	(void)slot;
	return (0);
}

/* A worker at work, with an operator and a viewer. */
static void
start(const char *text)
{
	char	error[512];
	int	sv[2];

	log_init("priv_reload_test", 0, 0);
	line = text;
	ATF_REQUIRE_EQ_MSG(OPTIONS_RUN, options_load(0, NULL, &opts, error,
	    sizeof(error)), "%s", error);
	priv.opt = &opts;
	priv.ncapture = 1;
	priv.worker.pid = 1;
	priv.worker.phase = WORKER_RUNNING;
	priv.clients = 1U << CLIENT | 1U << VIEWER;
	priv.operators = 1U << CLIENT;
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    sv));
	ATF_REQUIRE_EQ(0, imsgbuf_init(&priv.worker.channel, sv[0]));
	ATF_REQUIRE_EQ(0, imsgbuf_init(&far, sv[1]));
}

/* The worker says this; -1: it is taken for hostile. */
static int
say(enum msg_type type, const void *data, size_t len)
{
	nsent = 0;
	ATF_REQUIRE(imsg_compose(&far, type, 0, 0, -1, data, len) != -1);
	ATF_REQUIRE_EQ(0, imsgbuf_flush(&far));
	hostile = priv.worker.killed = 0;
	priv_dispatch_worker();
	return (hostile ? -1 : 0);
}

static int
wish(uint32_t client, uint32_t what, uint32_t which, uint32_t value)
{
	struct msg_wish	msg = { client, what, which, value };

	return (say(IMSG_WISH, &msg, sizeof(msg)));
}

static void
check_done(unsigned int n, int failed, const char *text)
{
	ATF_REQUIRE(nsent > n);
	ATF_CHECK_EQ(IMSG_WISH_DONE, sent[n].type);
	ATF_CHECK_EQ(CLIENT, sent[n].done.client);
	ATF_CHECK_EQ(failed, (int)sent[n].done.failed);
	ATF_CHECK_MSG(strstr(sent[n].done.text, text) != NULL, "%s",
	    sent[n].done.text);
}

ATF_TC_WITHOUT_HEAD(wishes_are_done_and_told_to_the_worker);
ATF_TC_BODY(wishes_are_done_and_told_to_the_worker, tc)
{
	start("-i e -n h:1 -v 9");
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_TIMEOUT, TIMEOUT_UDP, 77));
	ATF_CHECK_EQ(IMSG_SETTINGS, sent[0].type);
	ATF_CHECK_EQ(77, sent[0].settings.timeouts.seconds[TIMEOUT_UDP]);
	check_done(1, 0, "Timeout udp is now 77 s.");
	ATF_CHECK_EQ(77, priv.opt->timeouts.seconds[TIMEOUT_UDP]);
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_TIMEOUT, TIMEOUT_EXPINT, 0));
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_TIMEOUT, TIMEOUT_MAXLIFE, 0));
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_TIMEOUT, TIMEOUT_TCP,
	    10U * 365 * 86400));
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_SAMPLING, 0, UINT32_MAX));
	ATF_CHECK_EQ(UINT32_MAX, sent[0].settings.sampling);
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_VERBOSE, 0, 1));
	ATF_CHECK_EQ(1, sent[0].settings.verbose);
	ATF_CHECK_EQ(1, log_get_verbose());
	/* What all the wishes before were is told, too. */
	ATF_CHECK_EQ(77, sent[0].settings.timeouts.seconds[TIMEOUT_UDP]);
	ATF_CHECK_EQ(UINT32_MAX, sent[0].settings.sampling);
}

ATF_TC_WITHOUT_HEAD(wishes_that_nobody_can_have_are_a_hostile_workers);
ATF_TC_BODY(wishes_that_nobody_can_have_are_a_hostile_workers, tc)
{
	static const struct msg_wish	bad[] = {
		{ VIEWER, WISH_RELOAD, 0, 0 },
		{ 0, WISH_RELOAD, 0, 0 },
		{ MAX_CONTROL, WISH_RELOAD, 0, 0 },
		{ 32 + CLIENT, WISH_RELOAD, 0, 0 },
		{ UINT32_MAX, WISH_RELOAD, 0, 0 },
		{ CLIENT, WISH_MAX, 0, 0 },
		{ CLIENT, UINT32_MAX, 0, 0 },
		{ CLIENT, WISH_TIMEOUT, TIMEOUT_MAX, 9 },
		{ CLIENT, WISH_TIMEOUT, UINT32_MAX, 9 },
		{ CLIENT, WISH_TIMEOUT, TIMEOUT_TCP, 0 },
		{ CLIENT, WISH_TIMEOUT, TIMEOUT_GENERAL, 0 },
		{ CLIENT, WISH_TIMEOUT, TIMEOUT_TCP, 10U * 365 * 86400 + 1 },
		{ CLIENT, WISH_SAMPLING, 0, 0 },
		{ CLIENT, WISH_VERBOSE, 0, 2 }
	};
	struct options	before;
	char		longer[sizeof(struct msg_wish) + 1] = { CLIENT };
	size_t		i;

	start("-i e -n h:1 -v 9");
	before = opts;
	for (i = 0; i < nitems(bad); i++) {
		ATF_CHECK_EQ_MSG(-1, say(IMSG_WISH, &bad[i], sizeof(bad[i])),
		    "%zu", i);
		ATF_CHECK_EQ(0, nsent);
	}
	ATF_CHECK_EQ(-1, say(IMSG_WISH, longer, sizeof(longer)));
	ATF_CHECK_EQ(-1, say(IMSG_WISH, longer, sizeof(longer) - 2));
	ATF_CHECK_EQ(-1, say(IMSG_HANDED_OVER, NULL, 0));
	priv.worker.phase = WORKER_STARTING;
	ATF_CHECK_EQ(-1, wish(CLIENT, WISH_RELOAD, 0, 0));
	priv.worker.phase = WORKER_FINISHED;
	ATF_CHECK_EQ(-1, wish(CLIENT, WISH_RELOAD, 0, 0));
	ATF_CHECK_EQ(0, memcmp(&before, &opts, sizeof(opts)));
}

ATF_TC_WITHOUT_HEAD(shutdown_is_for_operators_too);
ATF_TC_BODY(shutdown_is_for_operators_too, tc)
{
	struct msg_shutdown	msg = { VIEWER, 0 };

	start("-i e");
	ATF_CHECK_EQ(-1, say(IMSG_SHUTDOWN, &msg, sizeof(msg)));
	msg.client = MAX_CONTROL;
	ATF_CHECK_EQ(-1, say(IMSG_SHUTDOWN, &msg, sizeof(msg)));
	ATF_CHECK_EQ(0, priv.quit);
	msg.client = CLIENT;
	ATF_CHECK_EQ(0, say(IMSG_SHUTDOWN, &msg, sizeof(msg)));
	ATF_CHECK_EQ(1, priv.quit);
}

ATF_TC_WITHOUT_HEAD(so_many_wishes_are_done_in_a_second);
ATF_TC_BODY(so_many_wishes_are_done_in_a_second, tc)
{
	uint32_t	i;

	start("-i e");
	for (i = 1; i <= 20; i++)
		ATF_CHECK_EQ(0, wish(CLIENT, WISH_SAMPLING, 0, i));
	for (; i <= 99; i++) {
		ATF_CHECK_EQ(0, wish(CLIENT, i % 2 ? WISH_SAMPLING :
		    WISH_RELOAD, 0, i));
		ATF_CHECK_EQ(1, nsent);
		check_done(0, 1, "more than 20 changes in a second");
	}
	ATF_CHECK_EQ(20, priv.opt->sampling);
	forward_ms = 1000;
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_SAMPLING, 0, 7));
	ATF_CHECK_EQ(7, priv.opt->sampling);
}

ATF_TC_WITHOUT_HEAD(what_clients_want_at_the_end_is_no_crime);
ATF_TC_BODY(what_clients_want_at_the_end_is_no_crime, tc)
{
	struct msg_shutdown	msg = { CLIENT, 1 };

	start("-i e");
	priv.worker.phase = WORKER_FINISHING;
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_SAMPLING, 0, 7));
	check_done(0, 1, "softflowd is about to end");
	ATF_CHECK_EQ(1, priv.opt->sampling);
	ATF_CHECK_EQ(-1, wish(VIEWER, WISH_SAMPLING, 0, 7));
	ATF_CHECK_EQ(0, say(IMSG_SHUTDOWN, &msg, sizeof(msg)));
	ATF_CHECK_EQ(0, finishes + priv.quit);
	priv.worker.phase = WORKER_LEAVING;
	ATF_CHECK_EQ(0, say(IMSG_SHUTDOWN, &msg, sizeof(msg)));
	ATF_CHECK_EQ(1, finishes);
	priv.worker.finish = 1;
	ATF_CHECK_EQ(0, say(IMSG_SHUTDOWN, &msg, sizeof(msg)));
	ATF_CHECK_EQ(1, finishes);
	priv.worker.phase = WORKER_FINISHING;
	msg.graceful = 2;
	ATF_CHECK_EQ(-1, say(IMSG_SHUTDOWN, &msg, sizeof(msg)));
	msg.graceful = 0;
	ATF_CHECK_EQ(0, say(IMSG_SHUTDOWN, &msg, sizeof(msg)));
	ATF_CHECK_EQ(1, priv.quit);
}

ATF_TC_WITHOUT_HEAD(version_5_limits_sampling);
ATF_TC_BODY(version_5_limits_sampling, tc)
{
	start("-i e -n 9@h:1,5@h:2 -s 2");
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_SAMPLING, 0, 16384));
	ATF_REQUIRE_EQ(1, nsent);
	check_done(0, 1, "v5 cannot announce more than 1 in 16383");
	ATF_CHECK_EQ(2, priv.opt->sampling);
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_SAMPLING, 0, 16383));
	ATF_CHECK_EQ(2, nsent);
}

ATF_TC_WITHOUT_HEAD(reload_goes_back_to_what_is_written);
ATF_TC_BODY(reload_goes_back_to_what_is_written, tc)
{
	start("-i e -t udp=9");
	wish(CLIENT, WISH_TIMEOUT, TIMEOUT_UDP, 77);
	wish(CLIENT, WISH_VERBOSE, 0, 1);
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_RELOAD, 0, 0));
	ATF_REQUIRE_EQ(2, nsent);
	check_done(0, 0, "reloaded: timeouts changed");
	ATF_CHECK_EQ(IMSG_SETTINGS, sent[1].type);
	ATF_CHECK_EQ(9, sent[1].settings.timeouts.seconds[TIMEOUT_UDP]);
	ATF_CHECK_EQ(0, sent[1].settings.verbose);
	ATF_CHECK(priv.reload == NULL);
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_RELOAD, 0, 0));
	ATF_CHECK_EQ(1, nsent);
	check_done(0, 0, "nothing changed");
}

ATF_TC_WITHOUT_HEAD(what_is_refused_changes_nothing);
ATF_TC_BODY(what_is_refused_changes_nothing, tc)
{
	struct options	before;

	start("-i e -t udp=9");
	before = opts;
	line = "-i e -t udp=10 -m 99";
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_RELOAD, 0, 0));
	ATF_REQUIRE_EQ(1, nsent);
	check_done(0, 1, "not reloaded: -m cannot change");
	line = "-i e -t udp=10 -t tcp";
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_RELOAD, 0, 0));
	check_done(0, 1, "not reloaded: -t tcp: it must be name=time");
	line = "-i e -t udp=10 -i nosuch";
	unready = "nosuch: no such interface";
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_RELOAD, 0, 0));
	check_done(0, 1, "not reloaded: nosuch: no such interface");
	ATF_CHECK_EQ(0, memcmp(&before, &opts, sizeof(opts)));
	ATF_CHECK(priv.reload == NULL);
	ATF_CHECK_EQ(0, switched);
	ATF_CHECK_EQ(WORKER_RUNNING, priv.worker.phase);
}

ATF_TC_WITHOUT_HEAD(hand_over_comes_into_force_when_the_worker_has_left);
ATF_TC_BODY(hand_over_comes_into_force_when_the_worker_has_left, tc)
{
	start("-i e");
	line = "-i e tcp";
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_RELOAD, 0, 0));
	ATF_REQUIRE_EQ(2, nsent);
	check_done(0, 0, "reloaded: filter changed");
	ATF_CHECK_EQ(IMSG_HANDOVER, sent[1].type);
	ATF_CHECK_EQ(1, sent[1].handover.replaced);
	ATF_CHECK(sent[1].handover.cut_us != 0);
	ATF_CHECK_EQ(sent[1].handover.cut_us, priv.capture[0].conf.before_us);
	ATF_CHECK_EQ(WORKER_LEAVING, priv.worker.phase);
	ATF_CHECK(priv.opt->filter == NULL);
	/* Words that crossed with ours are no crime. */
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_RELOAD, 0, 0));
	check_done(0, 1, "a reload is under way");
	ATF_CHECK_EQ(0, wish(CLIENT, WISH_SAMPLING, 0, 7));
	check_done(0, 1, "a reload is under way");
	ATF_CHECK_EQ(1, priv.opt->sampling);
	ATF_CHECK_EQ(0, say(IMSG_HANDED_OVER, NULL, 0));
	ATF_CHECK_EQ(WORKER_LEFT, priv.worker.phase);
	ATF_CHECK_EQ(-1, say(IMSG_HANDED_OVER, NULL, 0));
	priv_handover_left();
	ATF_CHECK_EQ(1, switched);
	ATF_CHECK_STREQ("tcp", priv.opt->filter);
	ATF_CHECK_EQ(1, priv.worker.adopt);
	ATF_CHECK(priv.reload == NULL);
	ATF_CHECK_EQ(1, priv.handover);
	priv_handover_ready();
	ATF_CHECK_EQ(0, priv.handover);
}

ATF_TC_WITHOUT_HEAD(worker_that_dies_instead_of_leaving_is_followed_by_one);
ATF_TC_BODY(worker_that_dies_instead_of_leaving_is_followed_by_one, tc)
{
	uint64_t	cut;
	int		i;

	start("-i e");
	line = "-i e tcp";
	wish(CLIENT, WISH_RELOAD, 0, 0);
	cut = sent[1].handover.cut_us;
	for (i = 0; i < 2; i++) {
		priv_handover_died();
		ATF_CHECK(priv.reload != NULL);
		nsent = 0;
		priv.worker.phase = WORKER_RUNNING;
		priv_handover_ready();
		/* The next one is asked the same, of the same packets. */
		ATF_REQUIRE_EQ(1, nsent);
		ATF_CHECK_EQ(IMSG_HANDOVER, sent[0].type);
		ATF_CHECK_EQ(cut, sent[0].handover.cut_us);
		ATF_CHECK_EQ(0, switched);
		/* Nor does the end come before that. */
		priv.worker.finish = 1;
	}
	priv_handover_died();
	ATF_CHECK_EQ(1, switched);
	ATF_CHECK(priv.reload == NULL);
}

ATF_TC_WITHOUT_HEAD(worker_that_does_not_leave_is_killed);
ATF_TC_BODY(worker_that_does_not_leave_is_killed, tc)
{
	start("-i e");
	line = "-i e -l";
	wish(CLIENT, WISH_RELOAD, 0, 0);
	ATF_CHECK_EQ(0, sent[1].handover.cut_us);
	forward_ms = 14999;
	priv_handover_timers(priv_now_ms());
	ATF_CHECK_EQ(0, killed);
	forward_ms = 15000;
	priv_handover_timers(priv_now_ms());
	ATF_CHECK_EQ(1, killed);
	killed = 0;
	ATF_CHECK_EQ(0, say(IMSG_HANDED_OVER, NULL, 0));
	forward_ms += 5000;
	priv_handover_timers(priv_now_ms());
	ATF_CHECK_EQ(1, killed);
}

ATF_TC_WITHOUT_HEAD(fresh_slots_are_so_until_a_worker_has_counted);
ATF_TC_BODY(fresh_slots_are_so_until_a_worker_has_counted, tc)
{
	struct msg_counters	msg = { 0 };

	start("-i e -n h:1");
	priv.ndest = 1;
	priv.capture[0].conf.flags = MSG_CAPTURE_FRESH | MSG_CAPTURE_ANY;
	priv.dest[0].conf.flags = MSG_EXPORT_FRESH;
	priv_handover_ready();
	ATF_CHECK(priv.capture[0].conf.flags & MSG_CAPTURE_FRESH);
	ATF_CHECK_EQ(0, say(IMSG_COUNTERS, &msg, sizeof(msg)));
	ATF_CHECK_EQ(MSG_CAPTURE_ANY, priv.capture[0].conf.flags);
	ATF_CHECK_EQ(0, priv.dest[0].conf.flags);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, wishes_are_done_and_told_to_the_worker);
	ATF_TP_ADD_TC(tp,
	    wishes_that_nobody_can_have_are_a_hostile_workers);
	ATF_TP_ADD_TC(tp, shutdown_is_for_operators_too);
	ATF_TP_ADD_TC(tp, so_many_wishes_are_done_in_a_second);
	ATF_TP_ADD_TC(tp, what_clients_want_at_the_end_is_no_crime);
	ATF_TP_ADD_TC(tp, version_5_limits_sampling);
	ATF_TP_ADD_TC(tp, reload_goes_back_to_what_is_written);
	ATF_TP_ADD_TC(tp, what_is_refused_changes_nothing);
	ATF_TP_ADD_TC(tp,
	    hand_over_comes_into_force_when_the_worker_has_left);
	ATF_TP_ADD_TC(tp,
	    worker_that_dies_instead_of_leaving_is_followed_by_one);
	ATF_TP_ADD_TC(tp, worker_that_does_not_leave_is_killed);
	ATF_TP_ADD_TC(tp, fresh_slots_are_so_until_a_worker_has_counted);
	return (atf_no_error());
}
