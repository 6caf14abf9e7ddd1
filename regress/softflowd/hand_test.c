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
		ATF_CHECK_EQ(0, export_session(e)->counters.failures);
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
	ATF_CHECK_EQ(2, export_session(e)->counters.failures);
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
note_settled(void *arg, unsigned int slot, const struct export_hand *h)
{
	uint32_t	i;

	ATF_CHECK(arg == &nsettled);
	ATF_CHECK_EQ(3, slot);
	ATF_CHECK_EQ(1, h->sent);
	sent_then = nsent;
	for (i = 0; i < h->nflows; i++)
		settled[nsettled++] = h->flow[i];
}

ATF_TC_WITHOUT_HEAD(flows_are_settled_when_their_datagram_is_out);
ATF_TC_BODY(flows_are_settled_when_their_datagram_is_out, tc)
{
	struct flow	f = tcp_flow();
	uint32_t	i;

	start(9);
	export_on_settled(e, note_settled, &nsettled, 3);
	add(0, 1400);
	for (i = 100; nsent == 0; i++)
		export_flow(e, &f, i, 1, &c);
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

/* The hand as it is while datagram number when is being sent. */
static struct export_hand	hands[EXPORT_LANES], kept[EXPORT_LANES];
#define hand	hands[0]
static unsigned int		when;

static ssize_t
keep_hand(int fd, const void *data, size_t len)
{
	if (nsent + 1 == when)
		memcpy(kept, hands, sizeof(kept));
	sent[nsent].fd = fd;
	sent[nsent].len = len;
	memcpy(sent[nsent++].data, data, len);
	return ((ssize_t)len);
}

/* An exporter over the hand. */
static void
start_with_hand(void)
{
	config.format.version = 9;
	ATF_REQUIRE((e = export_new(&config, keep_hand, hands)) != NULL);
	export_set_clock(e, &clock_now);
	watch();
	export_payload(e, 1400);
	export_open(e, 1001, 7, NULL);
}

ATF_TC_WITHOUT_HEAD(interrupted_datagram_goes_on_where_it_was);
ATF_TC_BODY(interrupted_datagram_goes_on_where_it_was, tc)
{
	struct export_session	session;
	struct flow		f = tcp_flow();

	start_with_hand();
	session = *export_session(e);
	when = 1;
	export_flow(e, &f, 5, 1, &c);
	export_flush(e, &c);
	ATF_REQUIRE_EQ(1, nsent);

	/* Killed while it was sent. */
	memcpy(hands, kept, sizeof(hands));
	memset(&c, 0, sizeof(c));
	start_with_hand();
	ATF_REQUIRE(export_resumable(e, &session) == &hand);
	export_adopt(e, &session, &hand);
	clock_now.unix_us += 5000000;
	export_set_clock(e, &clock_now);
	ATF_CHECK_EQ(1, hand.together);
	export_resend(e, &hand, &c);
	ATF_REQUIRE_EQ(2, nsent);
	ATF_CHECK_EQ(1001, sent[1].fd);
	ATF_CHECK_EQ(sent[0].len, sent[1].len);
	ATF_CHECK(memcmp(sent[0].data, sent[1].data, sent[0].len) == 0);
	ATF_CHECK_EQ(1, c.flows_exported);
	ATF_CHECK_EQ(1, export_session(e)->counters.datagrams);
	ATF_CHECK_EQ(8, export_session(e)->sequence);
	session = *export_session(e);
	ATF_CHECK(!export_resumable(e, &session));
}

ATF_TC_WITHOUT_HEAD(hand_that_cannot_be_is_not_resumed);
ATF_TC_BODY(hand_that_cannot_be_is_not_resumed, tc)
{
	struct export_session	session;
	struct flow		f = tcp_flow();

	start_with_hand();
	session = *export_session(e);
	when = 1;
	export_flow(e, &f, 5, 1, &c);
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
	CHECK_REFUSED(hand.at = MAX_TRAIN);
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
	ATF_TP_ADD_TC(tp, interrupted_datagram_goes_on_where_it_was);
	ATF_TP_ADD_TC(tp, hand_that_cannot_be_is_not_resumed);
	return (atf_no_error());
}
