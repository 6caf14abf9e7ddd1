/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Tests of the datagram in hand: a full socket, flows that wait for it, and
 * what a next worker makes of it.
 */

#include <errno.h>
#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "export_fixture.h"

static unsigned int	waits;
static int		waited_for;

static void
count_wait(int fd, int error)
{
	(void)fd;
	waits++;
	waited_for = error;
}

ATF_TC_WITHOUT_HEAD(full_socket_is_tried_again_while_patience_lasts);
ATF_TC_BODY(full_socket_is_tried_again_while_patience_lasts, tc)
{
	static const int	errors[] = { EAGAIN, ENOBUFS };
	unsigned int		i;

	for (i = 0; i < nitems(errors); i++) {
		start(9);
		waits = 0;
		export_patience(e, count_wait, 4);
		fail(add(0, 1400), errors[i], 3);
		put_one(tcp_flow());
		ATF_CHECK_EQ(3, waits);
		ATF_CHECK_EQ(errors[i], waited_for);
		ATF_CHECK_EQ(0, export_counters(e, 0)->failures);
		ATF_CHECK_EQ(1, c.flows_exported);
		export_free(e);
	}
}

ATF_TC_WITHOUT_HEAD(patience_is_for_all_datagrams_until_renewed);
ATF_TC_BODY(patience_is_for_all_datagrams_until_renewed, tc)
{
	int	fd;

	start(9);
	waits = 0;
	export_patience(e, count_wait, 2);
	fd = add(0, 1400);
	fail(fd, EAGAIN, 3);		/* both waits, and given up */
	put(tcp_flow());
	export_flush(e, &c);
	fail(fd, EAGAIN, 1);		/* given up at once */
	put(tcp_flow());
	export_flush(e, &c);
	ATF_CHECK_EQ(2, waits);
	ATF_CHECK_EQ(2, export_counters(e, 0)->failures);
	ATF_CHECK_EQ(2, c.flows_unsent);
	export_patience(e, count_wait, 1);
	fail(fd, EAGAIN, 1);
	put(tcp_flow());
	export_flush(e, &c);
	ATF_CHECK_EQ(3, waits);
	ATF_CHECK_EQ(1, nsent);
	export_free(e);
}

/* What a settled datagram was told of. */
static uint32_t		settled[64];
static unsigned int	nsettled, sent_then;

static void
note_settled(void *arg, const uint32_t *flows, uint32_t n)
{
	ATF_CHECK(arg == &nsettled);
	sent_then = nsent;
	while (n-- > 0)
		settled[nsettled++] = *flows++;
}

ATF_TC_WITHOUT_HEAD(flows_are_settled_when_their_datagram_is_out);
ATF_TC_BODY(flows_are_settled_when_their_datagram_is_out, tc)
{
	struct flow	f = tcp_flow();
	uint32_t	i;

	start(9);
	export_on_settled(e, note_settled, &nsettled);
	add(0, 1400);
	for (i = 100; nsent == 0; i++)
		ATF_CHECK_EQ(1, export_flow(e, &f, i, EXPIRE_TCP, &c));
	/* The last one began the next datagram. */
	ATF_CHECK_EQ(i - 101, nsettled);
	ATF_CHECK_EQ(1, sent_then);
	export_flush(e, &c);
	ATF_CHECK_EQ(i - 100, nsettled);
	ATF_CHECK_EQ(2, sent_then);
	while (i-- > 100)
		ATF_CHECK_EQ(i, settled[i - 100]);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(flows_that_never_wait_say_so);
ATF_TC_BODY(flows_that_never_wait_say_so, tc)
{
	struct flow	f = tcp_flow();

	start(5);
	ATF_CHECK_EQ(0, export_flow(e, &f, 1, EXPIRE_TCP, &c));
	ATF_CHECK_EQ(1, c.flows_no_collector);
	add(0, 1400);
	f = ipv6_flow(6);
	ATF_CHECK_EQ(0, export_flow(e, &f, 1, EXPIRE_TCP, &c));
	ATF_CHECK_EQ(1, c.flows_not_exportable);
	export_free(e);
}

/* The hand as it is while a datagram is being sent to descriptor when. */
static struct export_hand	hands[EXPORT_LANES], kept[EXPORT_LANES];
#define hand	hands[0]
static int			when;

static ssize_t
keep_hand(int fd, const void *data, size_t len)
{
	if (fd == when)
		memcpy(kept, hands, sizeof(kept));
	sent[nsent].fd = fd;
	sent[nsent].len = len;
	memcpy(sent[nsent++].data, data, len);
	return ((ssize_t)len);
}

/* An exporter with two collectors over the hand. */
static void
start_with_hand(void)
{
	config.version = 9;
	ATF_REQUIRE((e = export_new(&config, keep_hand, hands)) != NULL);
	export_set_clock(e, &clock_now);
	ATF_REQUIRE_EQ(0, export_add(e, 1001, 7, 1400, NULL));
	ATF_REQUIRE_EQ(0, export_add(e, 1002, 1007, 1400, NULL));
}

ATF_TC_WITHOUT_HEAD(interrupted_datagram_goes_on_where_it_was);
ATF_TC_BODY(interrupted_datagram_goes_on_where_it_was, tc)
{
	struct export_session	session;
	struct flow		f = tcp_flow();

	start_with_hand();
	export_session(e, &session);
	when = 1002;
	export_flow(e, &f, 5, EXPIRE_TCP, &c);
	export_flush(e, &c);
	ATF_REQUIRE_EQ(2, nsent);

	/* Killed while it was sent to the second one. */
	memcpy(hands, kept, sizeof(hands));
	memset(&c, 0, sizeof(c));
	start_with_hand();
	ATF_REQUIRE(export_resumable(e, &session) == &hand);
	export_adopt(e, &session, &hand);
	clock_now.unix_us += 5000000;
	export_set_clock(e, &clock_now);
	ATF_CHECK_EQ(1, hand.together);
	export_resend(e, &hand, &c);
	ATF_REQUIRE_EQ(3, nsent);
	ATF_CHECK_EQ(1002, sent[2].fd);
	ATF_CHECK_EQ(sent[1].len, sent[2].len);
	ATF_CHECK(memcmp(sent[1].data, sent[2].data, sent[1].len) == 0);
	ATF_CHECK_EQ(1, c.flows_exported);
	ATF_CHECK_EQ(1, export_counters(e, 0)->datagrams);
	ATF_CHECK_EQ(1, export_counters(e, 1)->datagrams);
	ATF_CHECK_EQ(8, export_sequence(e, 0));
	ATF_CHECK_EQ(1008, export_sequence(e, 1));
	export_session(e, &session);
	ATF_CHECK(!export_resumable(e, &session));
}

ATF_TC_WITHOUT_HEAD(hand_that_cannot_be_is_not_resumed);
ATF_TC_BODY(hand_that_cannot_be_is_not_resumed, tc)
{
	struct export_session	session;
	struct flow		f = tcp_flow();

	start_with_hand();
	export_session(e, &session);
	when = 1001;
	export_flow(e, &f, 5, EXPIRE_TCP, &c);
	export_flush(e, &c);
	start_with_hand();
#define CHECK_REFUSED(change) do {					\
	memcpy(hands, kept, sizeof(hands));				\
	ATF_REQUIRE(export_resumable(e, &session));			\
	change;								\
	ATF_CHECK(!export_resumable(e, &session));			\
} while (0)
	CHECK_REFUSED(hand.sending = 0);
	CHECK_REFUSED(hand.number++);
	CHECK_REFUSED(hand.receivers = 3);
	CHECK_REFUSED(hand.at = 2 * MAX_TRAIN);
	CHECK_REFUSED(hand.at = 1);
	CHECK_REFUSED(hand.together = 0);
	CHECK_REFUSED(hand.together = 2);
	CHECK_REFUSED(hand.pieces = 0);
	CHECK_REFUSED(hand.pieces = MAX_TRAIN + 1);
	CHECK_REFUSED(hand.nflows = 0);
	CHECK_REFUSED(hand.piece[0].nflows = EXPORT_FLOWS + 1);
	CHECK_REFUSED(hand.piece[0].advance = UINT32_MAX);
	CHECK_REFUSED(hand.piece[0].len = 1401);
	CHECK_REFUSED(hand.piece[0].len = 3);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, full_socket_is_tried_again_while_patience_lasts);
	ATF_TP_ADD_TC(tp, patience_is_for_all_datagrams_until_renewed);
	ATF_TP_ADD_TC(tp, flows_are_settled_when_their_datagram_is_out);
	ATF_TP_ADD_TC(tp, flows_that_never_wait_say_so);
	ATF_TP_ADD_TC(tp, interrupted_datagram_goes_on_where_it_was);
	ATF_TP_ADD_TC(tp, hand_that_cannot_be_is_not_resumed);
	return (atf_no_error());
}
