/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the parent takes from the resolver and what closes its channel.  This
 * program plays the resolver, well and badly.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "priv_state.h"

struct priv			 priv;

static struct imsgbuf		 far;		/* the resolver's end */
static int			 resolved[MAX_EXPORT];	/* how often */
static struct resolver_answer	 last;
static int			 without;	/* resolved, by nobody */
static int64_t			 now_ms = 1000;

/*
 * What the parent's side needs of the parent.
 */

int64_t
priv_now_ms(void)
{
	return (now_ms);
}

void
priv_export_resolved(uint32_t slot, const struct resolver_answer *answer)
{
	ATF_REQUIRE(slot < MAX_EXPORT);
	resolved[slot]++;
	if (answer == NULL)
		without++;
	else
		last = *answer;
}

void
priv_exec(int channel, int root, const char *title, const char *role)
{
	(void)channel;
	(void)root;
	(void)title;
	(void)role;
	_exit(1);
}

static void
begin(void)
{
	int	sv[2];

	log_init("resolver_test", 0, 0);
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	ATF_REQUIRE_EQ(0, fcntl(sv[1], F_SETFL, O_NONBLOCK));
	ATF_REQUIRE_EQ(0, imsgbuf_init(&far, sv[1]));
	priv_resolver_attach(sv[0]);
}

static void
say(uint32_t type, const void *data, size_t len)
{
	ATF_REQUIRE_EQ(1, imsg_compose(&far, type, 0, 0, -1, data, len));
	ATF_REQUIRE_EQ(0, imsgbuf_flush(&far));
	priv_resolver_event();
}

static struct resolver_answer
good_answer(uint32_t slot)
{
	struct resolver_answer	answer = { 0 };

	answer.slot = slot;
	answer.count = 2;
	answer.addr[0].family = 4;
	memcpy(answer.addr[0].addr, "\300\0\2\1", 4);
	answer.addr[1].family = 6;
	answer.addr[1].addr[15] = 1;
	return (answer);
}

static void
begin_asked(uint32_t slot)
{
	begin();
	say(RESOLVER_READY, NULL, 0);
	priv_resolver_ask(slot);
	ATF_REQUIRE(priv_resolver_fd() != -1);
}

/* Its channel is closed, and who waits for an answer is told. */
static void
expect_closed(uint32_t slot)
{
	ATF_CHECK_EQ(-1, priv_resolver_fd());
	ATF_CHECK_EQ(1, resolved[slot]);
	ATF_CHECK_EQ(1, without);
}

static void
expect_refused(const struct resolver_answer *answer)
{
	begin_asked(3);
	say(RESOLVER_ANSWER, answer, sizeof(*answer));
	expect_closed(3);
	memset(resolved, 0, sizeof(resolved));
	without = 0;
}

ATF_TC_WITHOUT_HEAD(an_answer_reaches_who_asked);
ATF_TC_BODY(an_answer_reaches_who_asked, tc)
{
	struct resolver_answer	answer = good_answer(3);

	begin_asked(3);
	say(RESOLVER_ANSWER, &answer, sizeof(answer));
	ATF_CHECK_EQ(1, resolved[3]);
	ATF_CHECK_EQ(0, without);
	ATF_CHECK_EQ(0, memcmp(&last, &answer, sizeof(last)));
	ATF_CHECK(priv_resolver_fd() != -1);
	/* And one that knows no address. */
	priv_resolver_ask(3);
	memset(&answer, 0, sizeof(answer));
	answer.slot = 3;
	answer.error = EAI_AGAIN;
	say(RESOLVER_ANSWER, &answer, sizeof(answer));
	ATF_CHECK_EQ(2, resolved[3]);
	ATF_CHECK_EQ(EAI_AGAIN, last.error);
}

ATF_TC_WITHOUT_HEAD(questions_are_slot_numbers);
ATF_TC_BODY(questions_are_slot_numbers, tc)
{
	struct resolver_ask	ask;
	struct imsg		imsg;

	begin_asked(7);
	ATF_REQUIRE_EQ(1, imsgbuf_read(&far));
	ATF_REQUIRE_EQ(1, imsgbuf_get(&far, &imsg));
	ATF_CHECK_EQ(RESOLVER_ASK, imsg_get_type(&imsg));
	ATF_REQUIRE_EQ(0, imsg_get_data(&imsg, &ask, sizeof(ask)));
	ATF_CHECK_EQ(7, ask.slot);
	imsg_free(&imsg);
}

ATF_TC_WITHOUT_HEAD(bad_answers_close_the_channel);
ATF_TC_BODY(bad_answers_close_the_channel, tc)
{
	struct resolver_answer	answer;

	answer = good_answer(4);		/* not asked */
	expect_refused(&answer);
	answer = good_answer(MAX_EXPORT);
	expect_refused(&answer);
	answer = good_answer(UINT32_MAX);
	expect_refused(&answer);
	answer = good_answer(3);
	answer.count = RESOLVER_ADDRS + 1;
	expect_refused(&answer);
	answer = good_answer(3);
	answer.count = UINT32_MAX;
	expect_refused(&answer);
	answer = good_answer(3);
	answer.error = EAI_FAIL;		/* and addresses */
	expect_refused(&answer);
	answer = good_answer(3);
	answer.addr[1].family = 5;
	expect_refused(&answer);
	answer = good_answer(3);
	answer.addr[0].port = 53;
	expect_refused(&answer);
}

ATF_TC_WITHOUT_HEAD(an_answer_comes_once);
ATF_TC_BODY(an_answer_comes_once, tc)
{
	struct resolver_answer	answer = good_answer(3);

	begin_asked(3);
	say(RESOLVER_ANSWER, &answer, sizeof(answer));
	say(RESOLVER_ANSWER, &answer, sizeof(answer));
	ATF_CHECK_EQ(1, resolved[3]);
	ATF_CHECK_EQ(-1, priv_resolver_fd());
}

ATF_TC_WITHOUT_HEAD(an_answer_that_another_question_has_overtaken_is_dropped);
ATF_TC_BODY(an_answer_that_another_question_has_overtaken_is_dropped, tc)
{
	struct resolver_answer	answer = good_answer(3);

	begin_asked(3);
	priv_resolver_ask(3);		/* of another name, perhaps */
	say(RESOLVER_ANSWER, &answer, sizeof(answer));
	ATF_CHECK_EQ(0, resolved[3]);
	say(RESOLVER_ANSWER, &answer, sizeof(answer));
	ATF_CHECK_EQ(1, resolved[3]);
	ATF_CHECK(priv_resolver_fd() != -1);
	say(RESOLVER_ANSWER, &answer, sizeof(answer));
	ATF_CHECK_EQ(-1, priv_resolver_fd());
}

ATF_TC_WITHOUT_HEAD(wrong_lengths_and_types_close_the_channel);
ATF_TC_BODY(wrong_lengths_and_types_close_the_channel, tc)
{
	struct resolver_answer	answer = good_answer(3);
	char			longer[sizeof(answer) + 1] = { 0 };
	uint32_t		type;

	memcpy(longer, &answer, sizeof(answer));
	begin_asked(3);
	say(RESOLVER_ANSWER, longer, sizeof(longer));
	expect_closed(3);
	begin_asked(4);
	say(RESOLVER_ANSWER, &answer, sizeof(answer) - 1);
	ATF_CHECK_EQ(1, resolved[4]);
	begin_asked(5);
	say(RESOLVER_READY, NULL, 0);	/* once more */
	ATF_CHECK_EQ(1, resolved[5]);
	ATF_CHECK_EQ(3, without);
	for (type = 0; type < 400; type++) {
		if (type == RESOLVER_READY || type == RESOLVER_ANSWER)
			continue;
		begin_asked(7);
		say(type, &answer, sizeof(answer));
		ATF_CHECK_EQ_MSG(-1, priv_resolver_fd(), "type %u", type);
	}
}

ATF_TC_WITHOUT_HEAD(octets_that_are_no_message_close_the_channel);
ATF_TC_BODY(octets_that_are_no_message_close_the_channel, tc)
{
	static const char	noise[64] = "GET / HTTP/1.1\r\n\r\n";

	begin_asked(3);
	ATF_REQUIRE_EQ(sizeof(noise), write(far.fd, noise, sizeof(noise)));
	priv_resolver_event();
	expect_closed(3);
}

ATF_TC_WITHOUT_HEAD(a_resolver_that_ends_or_is_silent_is_given_up);
ATF_TC_BODY(a_resolver_that_ends_or_is_silent_is_given_up, tc)
{
	begin_asked(3);
	close(far.fd);
	priv_resolver_event();
	expect_closed(3);
	priv_resolver_ask(4);		/* answered at once, by nobody */
	ATF_CHECK_EQ(1, resolved[4]);
	ATF_CHECK_EQ(2, without);
	begin_asked(5);
	priv_resolver_timers(now_ms + (RESOLVER_SECONDS + 9) * 1000);
	ATF_CHECK_EQ(0, resolved[5]);
	priv_resolver_timers(now_ms + (RESOLVER_SECONDS + 10) * 1000);
	ATF_CHECK_EQ(1, resolved[5]);
	ATF_CHECK_EQ(-1, priv_resolver_fd());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, an_answer_reaches_who_asked);
	ATF_TP_ADD_TC(tp, questions_are_slot_numbers);
	ATF_TP_ADD_TC(tp, bad_answers_close_the_channel);
	ATF_TP_ADD_TC(tp, an_answer_comes_once);
	ATF_TP_ADD_TC(tp,
	    an_answer_that_another_question_has_overtaken_is_dropped);
	ATF_TP_ADD_TC(tp, wrong_lengths_and_types_close_the_channel);
	ATF_TP_ADD_TC(tp, octets_that_are_no_message_close_the_channel);
	ATF_TP_ADD_TC(tp, a_resolver_that_ends_or_is_silent_is_given_up);
	return (atf_no_error());
}
