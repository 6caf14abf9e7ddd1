/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What control clients may ask for, and what becomes of their wishes. */

#include <atf-c.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control_fixture.h"
#include "control_length.h"
#include "expire.h"

#define MAY_ONLY	"this connection may only show: "
#define NEEDS		" needs root or the user who started softflowd"

static void
ask_zero(struct peer *p, uint32_t type)
{
	static const char zero[512];

	ask(p, type, CTL_VERSION, zero, control_length(type));
}

static void
wish_done(uint32_t client, uint32_t failed, const char *text, uint64_t now_ms)
{
	struct msg_wish_done done = { .client = client, .failed = failed };

	snprintf(done.text, sizeof(done.text), "%s", text);
	ATF_REQUIRE_EQ(control_wish_done(&done, now_ms), 0);
}

static void
check_wish(struct peer *p, enum wish wish, uint32_t which, uint32_t value)
{
	turn(0);
	ATF_REQUIRE_EQ(engine.wishes, 1);
	engine.wishes = 0;
	ATF_CHECK_EQ(engine.wish.client, p->id);
	ATF_CHECK_EQ(engine.wish.wish, wish);
	ATF_CHECK_EQ(engine.wish.which, which);
	ATF_CHECK_EQ(engine.wish.value, value);
}

CASE(every_request_of_a_wrong_length_is_refused_and_closed)
{
	static const char data[512];
	char allowed[64];
	struct peer p;
	uint32_t type;
	size_t want, len;
	int i;

	for (type = CTL_SHUTDOWN; type < CTL_REQUEST_MAX; type++) {
		want = control_length(type);
		snprintf(allowed, sizeof(allowed), want == 0 ?
		    "allowed are none" : "allowed are %zu", want);
		for (i = 0; i < 3; i++) {
			len = i == 0 ? want + 1 : i == 1 ? want - 1 : 0;
			if (len == want || len > sizeof(data))
				continue;
			setup(16);
			join(&p, 0, 0);
			ask(&p, type, CTL_VERSION, data, len);
			check_refused(&p, "octets behind its header",
			    allowed);
			ATF_CHECK_EQ(engine.wishes, 0);
			ATF_CHECK_EQ(engine.shutdowns, 0);
		}
	}
}

CASE(viewer_may_do_all_that_shows_and_nothing_else)
{
	struct ctl_result r;
	struct peer p;
	uint32_t type;

	setup(16);
	join_as(&p, 4, 0, CONTROL_VIEWER);
	engine.gather = -1;
	for (type = CTL_SHUTDOWN; type < CTL_REQUEST_MAX; type++) {
		ask_zero(&p, type);
		r = result_of(&p, NULL);
		ATF_CHECK_EQ(r.failed, !CTL_IS_SHOW(type));
		if (CTL_IS_SHOW(type))
			continue;
		ATF_CHECK_MSG(strncmp(r.text, MAY_ONLY,
		    strlen(MAY_ONLY)) == 0, "%s", r.text);
		ATF_CHECK_MSG(strstr(r.text, NEEDS) != NULL, "%s", r.text);
	}
	ATF_CHECK_EQ(engine.closed[4], 0);
	ATF_CHECK_EQ(engine.shutdowns, 0);
	ATF_CHECK_EQ(engine.wishes, 0);
	ATF_CHECK_EQ(engine.templates, 0);
	ATF_CHECK_EQ(engine.gather, -1);
	check_denied(&p, CTL_RELOAD, NULL, 0, MAY_ONLY "reload" NEEDS);
	check_denied(&p, CTL_DEBUG_MORE, NULL, 0, MAY_ONLY "debug+" NEEDS);
}

/* Nor is it done when such a client goes. */
CASE(viewer_does_not_shut_down_by_hanging_up)
{
	struct peer p;

	setup(0);
	join_as(&p, 0, 0, CONTROL_VIEWER);
	ask(&p, CTL_EXIT, CTL_VERSION, NULL, 0);
	turn(0);
	close(p.fd);
	turn(0);
	turn(0);
	ATF_CHECK_EQ(engine.closed[0], 1);
	ATF_CHECK_EQ(engine.shutdowns, 0);
}

#define NOT_ALL	", not all that were meant: softflowd ends, or hands " \
    "over to a new worker; try again"

CASE(expire_and_delete_hand_on_the_filter_and_count)
{
	struct ctl_filter f;
	struct ctl_result r;
	struct peer p;

	memset(&f, 0, sizeof(f));
	f.nport = 1;
	f.port[0] = 53;
	setup(0);
	join(&p, 0, 0);
	ask(&p, CTL_FLOW_EXPIRE, CTL_VERSION, &f, sizeof(f));
	r = result_of(&p, NULL);
	ATF_CHECK_EQ(r.failed, 0);
	ATF_CHECK_EQ(r.count, 7);
	ATF_CHECK_STREQ(r.text, "Expired 7 flows.");
	ATF_CHECK(engine.filtered);
	ATF_CHECK_EQ(memcmp(&engine.filter, &f, sizeof(f)), 0);
	f.min_idle = 5;
	ask(&p, CTL_FLOW_DELETE, CTL_VERSION, &f, sizeof(f));
	r = result_of(&p, NULL);
	ATF_CHECK_EQ(r.count, 8);
	ATF_CHECK_STREQ(r.text, "Deleted 8 flows.");
	ATF_CHECK_EQ(memcmp(&engine.filter, &f, sizeof(f)), 0);
	check_text(&p, CTL_EXPIRE_ALL, "Expired 7 flows.");
	ATF_CHECK(!engine.filtered);
	engine.interrupted = 1;
	check_denied(&p, CTL_EXPIRE_ALL, NULL, 0, "Expired 7 flows" NOT_ALL);
	check_denied(&p, CTL_FLOW_DELETE, &f, sizeof(f), "Deleted 8 flows"
	    NOT_ALL);
}

CASE(filters_that_mean_nothing_or_everything_are_refused)
{
	struct ctl_filter f;
	struct peer p;

	memset(&f, 0, sizeof(f));
	setup(0);
	engine.filtered = -1;
	join(&p, 0, 0);
	check_denied(&p, CTL_FLOW_EXPIRE, &f, sizeof(f), "an empty filter "
	    "means all flows; for these use expire-all");
	check_denied(&p, CTL_FLOW_DELETE, &f, sizeof(f), "an empty filter "
	    "means all flows; for these use delete-all");
	f.nhost = 1;
	f.host[0].family = 5;
	check_denied(&p, CTL_FLOW_EXPIRE, &f, sizeof(f),
	    "host of address family 5: allowed are 4 and 6");
	f.host[0].family = 4;
	f.have = CTL_FILTER_VLAN;
	f.vlan = 7;
	check_denied(&p, CTL_FLOW_DELETE, &f, sizeof(f), "VLANs of flows are "
	    "not kept: softflowd needs -T vlan, -T ether or -o fields=vlan "
	    "for that");
	ATF_CHECK_EQ(engine.filtered, -1);
}

CASE(rows_of_sandbox_and_memory_are_counted)
{
	struct ctl_sandbox box;
	struct ctl_memory memory;
	struct imsg imsg;
	struct peer p, other;

	setup(0);
	join(&p, 0, 0);
	join(&other, 1, 0);
	ask(&p, CTL_SANDBOX, CTL_VERSION, NULL, 0);
	ATF_REQUIRE_EQ(next(&p, &imsg), 1);
	ATF_CHECK_EQ(imsg_get_type(&imsg), CTL_SANDBOX_ROW);
	ATF_REQUIRE_EQ(imsg_get_data(&imsg, &box, sizeof(box)), 0);
	ATF_CHECK_STREQ(box.process, "parent");
	ATF_CHECK_EQ(box.pid, PID);
	imsg_free(&imsg);
	ATF_REQUIRE_EQ(next(&p, &imsg), 1);
	ATF_REQUIRE_EQ(imsg_get_data(&imsg, &box, sizeof(box)), 0);
	ATF_CHECK_STREQ(box.process, "worker");
	ATF_CHECK_EQ(box.layers, 0x1ff);
	imsg_free(&imsg);
	ATF_CHECK_EQ(result_of(&p, NULL).count, 2);

	ask(&p, CTL_MEMORY, CTL_VERSION, NULL, 0);
	ATF_REQUIRE_EQ(next(&p, &imsg), 1);
	ATF_CHECK_EQ(imsg_get_type(&imsg), CTL_MEMORY_ROW);
	imsg_free(&imsg);
	ATF_REQUIRE_EQ(next(&p, &imsg), 1);
	ATF_REQUIRE_EQ(imsg_get_data(&imsg, &memory, sizeof(memory)), 0);
	ATF_CHECK_EQ(memory.entries, 2);
	ATF_CHECK_EQ(memory.entries_max, MAX_CONTROL);
	ATF_CHECK(memory.octets_used <= memory.octets);
	imsg_free(&imsg);
	ATF_CHECK_EQ(result_of(&p, NULL).count, 2);
}

CASE(wishes_go_to_the_parent_and_its_answer_comes_back)
{
	const struct ctl_set sets[] = {
		{ WISH_TIMEOUT, TIMEOUT_UDP, 30 },
		{ WISH_TIMEOUT, TIMEOUT_MAXLIFE, 0 },
		{ WISH_TIMEOUT, TIMEOUT_EXPINT, 0 },
		{ WISH_TIMEOUT, TIMEOUT_TCP, 3650U * 86400 },
		{ WISH_SAMPLING, 0, UINT32_MAX },
		{ WISH_VERBOSE, 0, 1 },
	};
	struct ctl_result r;
	struct peer p;
	unsigned int i;

	setup(0);
	join(&p, 5, 0);
	ask(&p, CTL_RELOAD, CTL_VERSION, NULL, 0);
	check_wish(&p, WISH_RELOAD, 0, 0);
	wish_done(5, 1, "softflowd.conf:3:1: no", 0);
	r = result_of(&p, NULL);
	ATF_CHECK_EQ(r.failed, 1);
	ATF_CHECK_STREQ(r.text, "softflowd.conf:3:1: no");
	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		ask(&p, CTL_SET, CTL_VERSION, &sets[i], sizeof(sets[i]));
		check_wish(&p, (enum wish)sets[i].wish, sets[i].which,
		    sets[i].value);
		wish_done(5, 0, "It is done.", 0);
		r = result_of(&p, NULL);
		ATF_CHECK_EQ(r.failed, 0);
		ATF_CHECK_STREQ(r.text, "It is done.");
	}
	ATF_CHECK_EQ(engine.closed[5], 0);
}

CASE(debug_levels_are_wishes_with_classic_answers)
{
	struct peer p;

	setup(0);
	join(&p, 0, 0);
	ask(&p, CTL_DEBUG_MORE, CTL_VERSION, NULL, 0);
	check_wish(&p, WISH_VERBOSE, 0, 1);
	wish_done(0, 0, "verbose", 0);
	ATF_CHECK_STREQ(result_of(&p, NULL).text, "Debug level increased.");
	ask(&p, CTL_DEBUG_LESS, CTL_VERSION, NULL, 0);
	check_wish(&p, WISH_VERBOSE, 0, 0);
	wish_done(0, 0, "brief", 0);
	ATF_CHECK_STREQ(result_of(&p, NULL).text, "Debug level decreased.");
	ask(&p, CTL_DEBUG_LESS, CTL_VERSION, NULL, 0);
	check_wish(&p, WISH_VERBOSE, 0, 0);
	wish_done(0, 1, "it cannot be", 0);
	ATF_CHECK_STREQ(result_of(&p, NULL).text, "it cannot be");
}

CASE(settings_out_of_range_are_refused_with_what_is_allowed)
{
	static const struct {
		struct ctl_set	 set;
		const char	*text;
	} bad[] = {
		{ { WISH_RELOAD, 0, 0 }, "unknown setting 0: allowed are 1, "
		    "a timeout, 2, sampling, and 3, the log level" },
		{ { WISH_MAX, 0, 0 }, "unknown setting 4: allowed are 1, "
		    "a timeout, 2, sampling, and 3, the log level" },
		{ { WISH_TIMEOUT, TIMEOUT_MAX, 1 }, "unknown timeout 8: "
		    "allowed are 0, tcp, to 7, expint" },
		{ { WISH_TIMEOUT, TIMEOUT_UDP, 0 }, "timeout udp: it must not "
		    "be 0; only maxlife and expint may" },
		{ { WISH_TIMEOUT, TIMEOUT_TCP, 3650U * 86400 + 1 }, "timeout "
		    "tcp: 315360001 seconds: longer than 10 years (3650d)" },
		{ { WISH_SAMPLING, 0, 0 }, "sampling of 1 in 0: allowed are "
		    "1 in 1 to 1 in 4294967295" },
		{ { WISH_SAMPLING, 0, 16384 }, "sampling of 1 in 16384: a "
		    "collector of version 5 can be told 1 in 16383 at most" },
		{ { WISH_VERBOSE, 0, 2 }, "log level 2: allowed are 0, brief, "
		    "and 1, verbose" },
	};
	struct peer p;
	unsigned int i;

	setup(0);
	engine.version = 5;
	join(&p, 0, 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_denied(&p, CTL_SET, &bad[i].set, sizeof(bad[i].set),
		    bad[i].text);
	ATF_CHECK_EQ(engine.wishes, 0);
}

CASE(client_that_waits_is_not_read_and_others_are_served)
{
	struct pollfd pfd[MAX_CONTROL];
	struct peer p, other;

	setup(0);
	join(&p, 0, 0);
	join(&other, 1, 0);
	ask(&p, CTL_RELOAD, CTL_VERSION, NULL, 0);
	ask(&p, CTL_SEND_TEMPLATE, CTL_VERSION, NULL, 0);
	turn(0);
	turn(0);
	ATF_CHECK_EQ(engine.templates, 0);
	ATF_REQUIRE_EQ(control_pollfds(pfd, MAX_CONTROL), 2);
	ATF_CHECK_EQ(pfd[0].events, 0);
	/* so that nobody turns in a circle for it */
	ATF_CHECK_EQ(poll(pfd, 2, 0), 0);
	check_text(&other, CTL_EXPIRE_ALL, "Expired 7 flows.");
	wish_done(0, 0, "reloaded", 0);
	ATF_CHECK_STREQ(result_of(&p, NULL).text, "reloaded");
	ATF_CHECK_EQ(result_of(&p, NULL).failed, 0);
	ATF_CHECK_EQ(engine.templates, 1);
}

CASE(wish_that_is_never_answered_ends_after_a_minute)
{
	struct peer p;
	struct imsg imsg;

	setup(0);
	join(&p, 0, 0);
	ask(&p, CTL_RELOAD, CTL_VERSION, NULL, 0);
	turn(5000);
	turn(5000 + CONTROL_WISH_MS - 1);
	ATF_CHECK_EQ(engine.closed[0], 0);
	turn(5000 + CONTROL_WISH_MS);
	check_refused(&p, "no answer", "60 seconds");
	/* and what comes later is nobody's */
	wish_done(0, 0, "late", 5000 + CONTROL_WISH_MS);
	ATF_CHECK_EQ(next(&p, &imsg), 0);
	ATF_CHECK_EQ(engine.closed[0], 1);
}

CASE(answer_after_a_while_starts_the_idle_time_anew)
{
	struct peer p;

	setup(0);
	join(&p, 0, 0);
	ask(&p, CTL_RELOAD, CTL_VERSION, NULL, 0);
	turn(0);
	wish_done(0, 0, "reloaded", CONTROL_WISH_MS - 1);
	turn(CONTROL_WISH_MS - 1);
	turn(2 * CONTROL_WISH_MS - 2);
	ATF_CHECK_EQ(engine.closed[0], 0);
	turn(2 * CONTROL_WISH_MS);
	ATF_CHECK_EQ(engine.closed[0], 1);
}

/* Or else the next one of that id would be told. */
CASE(id_of_a_client_that_left_is_kept_until_its_wish_is_answered)
{
	const struct msg_control m = { 2, 0, CONTROL_OPERATOR };
	struct pollfd pfd[MAX_CONTROL];
	struct peer p;

	setup(0);
	join(&p, 2, 0);
	ask(&p, CTL_RELOAD, CTL_VERSION, NULL, 0);
	turn(0);
	close(p.fd);
	turn(0);
	ATF_CHECK_EQ(engine.closed[2], 0);
	ATF_CHECK_EQ(control_pollfds(pfd, MAX_CONTROL), 0);
	ATF_CHECK_EQ(control_add(0, &m, 0), -1);
	ATF_CHECK_EQ(errno, EINVAL);
	wish_done(2, 0, "reloaded", 0);
	ATF_CHECK_EQ(engine.closed[2], 1);
	join(&p, 2, 0);
	check_text(&p, CTL_EXPIRE_ALL, "Expired 7 flows.");
}

CASE(id_of_a_client_that_left_is_free_when_there_is_no_answer)
{
	struct peer p;

	setup(0);
	join(&p, 2, 0);
	ask(&p, CTL_RELOAD, CTL_VERSION, NULL, 0);
	turn(0);
	close(p.fd);
	turn(CONTROL_WISH_MS - 1);
	ATF_CHECK_EQ(engine.closed[2], 0);
	turn(CONTROL_WISH_MS);
	ATF_CHECK_EQ(engine.closed[2], 1);
	wish_done(2, 0, "late", 0);
	ATF_CHECK_EQ(engine.closed[2], 1);
}

CASE(answers_that_nobody_waits_for_are_ignored)
{
	struct peer p;

	setup(0);
	wish_done(0, 0, "to nobody", 0);
	join(&p, 0, 0);
	wish_done(0, 0, "to one who did not ask", 0);
	check_text(&p, CTL_EXPIRE_ALL, "Expired 7 flows.");
}

CASE(answers_that_cannot_be_are_told_to_the_caller)
{
	struct msg_wish_done done = { .client = MAX_CONTROL };

	setup(0);
	ATF_CHECK_EQ(control_wish_done(&done, 0), -1);
	ATF_CHECK_EQ(errno, EINVAL);
	done.client = 0;
	memset(done.text, 'x', sizeof(done.text));
	errno = 0;
	ATF_CHECK_EQ(control_wish_done(&done, 0), -1);
	ATF_CHECK_EQ(errno, EINVAL);
}

CASE(end_closes_those_who_wait_and_those_who_left)
{
	struct peer p, gone;
	struct imsg imsg;

	setup(0);
	join(&p, 0, 0);
	join(&gone, 1, 0);
	ask(&p, CTL_RELOAD, CTL_VERSION, NULL, 0);
	ask(&gone, CTL_RELOAD, CTL_VERSION, NULL, 0);
	turn(0);
	close(gone.fd);
	turn(0);
	control_close_all(1);
	ATF_CHECK_EQ(next(&p, &imsg), 0);
	ATF_CHECK_EQ(engine.closed[0], 1);
	ATF_CHECK_EQ(engine.closed[1], 1);
}

/* Whatever it says, it is answered and the next one is, too. */
CASE(random_payloads_are_answered)
{
	static const uint32_t types[] = { CTL_SET, CTL_SHOW_FLOWS,
	    CTL_FLOW_EXPIRE, CTL_FLOW_DELETE };
	uint64_t seed = 20261126;
	uint8_t data[512];
	struct peer p;
	unsigned int i, done = 0;
	uint32_t type;
	size_t at;

	setup(100);
	join(&p, 0, 0);
	for (i = 0; i < 20000; i++) {
		type = types[i % 4];
		for (at = 0; at < control_length(type); at++) {
			seed = seed * 6364136223846793005ULL +
			    1442695040888963407ULL;
			/* mostly small, or nothing would be in range */
			data[at] = (uint8_t)(seed >> 61 == 0 ? seed >> 48 :
			    seed >> 62 == 1);
		}
		ask(&p, type, CTL_VERSION, data, control_length(type));
		turn(0);
		if (type == CTL_SET && engine.wishes > 0) {
			engine.wishes = 0;
			wish_done(0, 0, "", 0);
		}
		done += !result_of(&p, NULL).failed;
	}
	ATF_CHECK_EQ(engine.closed[0], 0);
	ATF_CHECK_MSG(done > 100 && done < 10000, "%u done", done);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp,
	    every_request_of_a_wrong_length_is_refused_and_closed);
	ATF_TP_ADD_TC(tp, viewer_may_do_all_that_shows_and_nothing_else);
	ATF_TP_ADD_TC(tp, viewer_does_not_shut_down_by_hanging_up);
	ATF_TP_ADD_TC(tp, expire_and_delete_hand_on_the_filter_and_count);
	ATF_TP_ADD_TC(tp, filters_that_mean_nothing_or_everything_are_refused);
	ATF_TP_ADD_TC(tp, rows_of_sandbox_and_memory_are_counted);
	ATF_TP_ADD_TC(tp, wishes_go_to_the_parent_and_its_answer_comes_back);
	ATF_TP_ADD_TC(tp, debug_levels_are_wishes_with_classic_answers);
	ATF_TP_ADD_TC(tp,
	    settings_out_of_range_are_refused_with_what_is_allowed);
	ATF_TP_ADD_TC(tp, client_that_waits_is_not_read_and_others_are_served);
	ATF_TP_ADD_TC(tp, wish_that_is_never_answered_ends_after_a_minute);
	ATF_TP_ADD_TC(tp, answer_after_a_while_starts_the_idle_time_anew);
	ATF_TP_ADD_TC(tp,
	    id_of_a_client_that_left_is_kept_until_its_wish_is_answered);
	ATF_TP_ADD_TC(tp,
	    id_of_a_client_that_left_is_free_when_there_is_no_answer);
	ATF_TP_ADD_TC(tp, answers_that_nobody_waits_for_are_ignored);
	ATF_TP_ADD_TC(tp, answers_that_cannot_be_are_told_to_the_caller);
	ATF_TP_ADD_TC(tp, random_payloads_are_answered);
	ATF_TP_ADD_TC(tp, end_closes_those_who_wait_and_those_who_left);
	return (atf_no_error());
}
