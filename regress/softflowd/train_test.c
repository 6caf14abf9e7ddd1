/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Tests of datagrams that are sent together: export_train.c and its lanes. */

#include <errno.h>
#include <string.h>

#include <atf-c.h>

#include "export_fixture.h"

/* A socket that cuts. */
static size_t		 cut;
static unsigned int	 calls, cuts;
static int		 refuse_cut, refuse_cut_send;
static int		 no_route;

static struct export_hand	 hands[EXPORT_LANES], kept[EXPORT_LANES];
static unsigned int		 keep_call;	/* 0: none */

static int
cut_socket(int fd, size_t octets)
{
	(void)fd;
	cuts++;
	if (refuse_cut) {
		errno = ENOPROTOOPT;
		return (-1);
	}
	cut = octets;
	return (0);
}

static ssize_t
send_cut(int fd, const void *data, size_t len)
{
	const uint8_t	*p = data;
	size_t		 piece = cut != 0 && cut < len ? cut : len;
	size_t		 left = len;

	if (++calls == keep_call)
		memcpy(kept, hands, sizeof(kept));
	if (no_route) {
		errno = EINVAL;		/* as a black hole of Linux says */
		return (-1);
	}
	if (piece < len && refuse_cut_send) {
		errno = EIO;
		return (-1);
	}
	while (left > 0) {
		if (piece > left)
			piece = left;
		ATF_REQUIRE(nsent < SENT_MAX && piece <= sizeof(sent->data));
		sent[nsent].fd = fd;
		sent[nsent].len = piece;
		memcpy(sent[nsent++].data, p, piece);
		p += piece;
		left -= piece;
	}
	return ((ssize_t)len);
}

/* An exporter with one collector that takes trains. */
static void
begin_trains(uint16_t version)
{
	memset(&c, 0, sizeof(c));
	config.format.version = version;
	ATF_REQUIRE((e = export_new(&config, send_cut, hands)) != NULL);
	export_segments(e, cut_socket);
	export_set_clock(e, &clock_now);
	watch();
	export_payload(e, 1400);
	export_open(e, 1001, 7, NULL);
}

/* And its templates are out. */
static void
start_trains(uint16_t version)
{
	memset(&w, 0, sizeof(w));
	nsent = 0;
	begin_trains(version);
	export_tick(e, &c);
	look(0);
	calls = nsent = 0;
}

static void
put_many(struct flow f, unsigned int n)
{
	while (n-- > 0)
		put(f);
}

/* Read all that was sent: sequence numbers follow each other; the records. */
static unsigned int
look_all(uint32_t sequence)
{
	unsigned int	i, records = 0;

	for (i = 0; i < nsent; i++, sequence++) {
		look(i);
		ATF_CHECK_EQ(sequence, w.sequence);
		records += w.flows;
	}
	return (records);
}

ATF_TC_WITHOUT_HEAD(datagrams_of_one_length_go_in_one_call);
ATF_TC_BODY(datagrams_of_one_length_go_in_one_call, tc)
{
	start_trains(9);
	put_many(tcp_flow(), 27 * MAX_TRAIN);
	export_flush(e, &c);
	ATF_CHECK_EQ(1, calls);
	ATF_CHECK_EQ(MAX_TRAIN, nsent);
	ATF_CHECK_EQ(27 * MAX_TRAIN, look_all(8));
	ATF_CHECK_EQ(27 * MAX_TRAIN, c.flows_exported);
	ATF_CHECK_EQ(MAX_TRAIN + 1, export_session(e)->counters.datagrams);
	ATF_CHECK_EQ(27 * MAX_TRAIN, export_session(e)->counters.records);
	ATF_CHECK_EQ(7 + 1 + MAX_TRAIN, export_session(e)->sequence);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(a_shorter_datagram_is_the_last_of_its_train);
ATF_TC_BODY(a_shorter_datagram_is_the_last_of_its_train, tc)
{
	start_trains(9);
	put_many(tcp_flow(), 27 * 2 + 5);
	export_flush(e, &c);
	ATF_CHECK_EQ(1, calls);
	ATF_REQUIRE_EQ(3, nsent);
	ATF_CHECK_EQ(sent[0].len, sent[1].len);
	ATF_CHECK(sent[2].len < sent[1].len);
	ATF_CHECK_EQ(59, look_all(8));
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(a_flow_of_two_records_fills_a_datagram_and_begins_the_next);
ATF_TC_BODY(a_flow_of_two_records_fills_a_datagram_and_begins_the_next, tc)
{
	start_trains(9);
	put(tcp_flow());
	put_many(both_ways(tcp_flow()), 14 * 3);
	ATF_CHECK_EQ(0, calls);
	export_flush(e, &c);
	ATF_CHECK_EQ(1, calls);
	ATF_REQUIRE_EQ(4, nsent);
	ATF_CHECK_EQ(sent[0].len, sent[1].len);
	ATF_CHECK_EQ(sent[0].len, sent[2].len);
	ATF_CHECK_EQ(1 + 2 * 14 * 3, look_all(8));
	ATF_CHECK_EQ(1 + 14 * 3, c.flows_exported);
	ATF_CHECK_EQ(3 + 73 * 14 * 3, c.packets_exported);
	export_free(e);
}

/* The last datagram of a train, which the other record could not follow. */
ATF_TC_WITHOUT_HEAD(no_flow_is_in_two_trains);
ATF_TC_BODY(no_flow_is_in_two_trains, tc)
{
	start_trains(9);
	put(tcp_flow());
	put_many(both_ways(tcp_flow()), 27 * MAX_TRAIN / 2);
	ATF_CHECK_EQ(1, calls);
	ATF_REQUIRE_EQ(MAX_TRAIN, nsent);
	ATF_CHECK_EQ(27 * MAX_TRAIN - 1, look_all(8));
	export_flush(e, &c);
	ATF_CHECK_EQ(2, calls);
	ATF_CHECK_EQ(1 + 27 * MAX_TRAIN / 2, c.flows_exported);
	ATF_CHECK_EQ(1 + 27 * MAX_TRAIN, look_all(8));
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(both_families_have_a_train);
ATF_TC_BODY(both_families_have_a_train, tc)
{
	unsigned int	i;

	start_trains(10);
	for (i = 0; i < 100; i++) {
		put(tcp_flow());
		put(ipv6_flow(6));
	}
	ATF_CHECK(calls > 0);
	for (i = 0; i < nsent; i++)
		ATF_CHECK(sent[i].len > 1400 - 100);
	export_flush(e, &c);
	ATF_CHECK(calls < nsent / 2);
	ATF_CHECK_EQ(200, c.flows_exported);
	for (i = 0; i < nsent; i++) {
		look(i);
		ATF_CHECK_EQ(1, w.sets);
	}
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(nothing_that_began_before_templates_comes_behind_them);
ATF_TC_BODY(nothing_that_began_before_templates_comes_behind_them, tc)
{
	unsigned int	i;

	start_trains(9);
	put_many(ipv6_flow(6), 3);
	export_templates(e);
	put_many(tcp_flow(), 27 * 2);		/* their lane was empty */
	put_many(ipv6_flow(6), 3);
	export_flush(e, &c);
	ATF_REQUIRE(nsent >= 3);
	look(0);
	ATF_CHECK_EQ(6, w.flows);		/* the first three */
	ATF_CHECK_EQ(0, w.templates);
	look(1);
	ATF_CHECK(w.templates > 0);
	for (i = 2; i < nsent; i++) {
		look(i);
		ATF_CHECK_EQ(0, w.templates);
	}
	ATF_CHECK_EQ(27 * 2 + 6, c.flows_exported);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(export_time_never_steps_back_from_train_to_train);
ATF_TC_BODY(export_time_never_steps_back_from_train_to_train, tc)
{
	uint32_t	before = 0;
	unsigned int	i;

	start_trains(10);
	for (i = 0; i < 2; i++) {		/* no templates for a while */
		pass(10000, 10000);
		export_tick(e, &c);
	}
	nsent = 0;
	put_many(ipv6_flow(6), 9);		/* a full one, and some */
	pass(5000, 5000);
	put_many(tcp_flow(), 23 * MAX_TRAIN);	/* this train is first */
	export_flush(e, &c);
	ATF_REQUIRE_EQ(MAX_TRAIN + 2, nsent);
	for (i = 0; i < nsent; i++) {
		look(i);
		ATF_CHECK(w.seconds >= before);
		before = w.seconds;
	}
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(a_train_is_as_long_as_asked);
ATF_TC_BODY(a_train_is_as_long_as_asked, tc)
{
	config.train = 3;
	start_trains(9);
	put_many(tcp_flow(), 27 * 7);
	ATF_CHECK_EQ(2, calls);
	export_flush(e, &c);
	ATF_CHECK_EQ(3, calls);
	ATF_CHECK_EQ(27 * 7, look_all(8));
	export_free(e);
	config.train = 1;
	start_trains(9);
	put_many(tcp_flow(), 27 * 2);
	export_flush(e, &c);
	ATF_CHECK_EQ(2, calls);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(where_sockets_cannot_cut_each_goes_by_itself);
ATF_TC_BODY(where_sockets_cannot_cut_each_goes_by_itself, tc)
{
	refuse_cut = 1;
	start_trains(9);
	put_many(tcp_flow(), 27 * 3);
	export_flush(e, &c);
	ATF_CHECK_EQ(3, calls);
	ATF_CHECK_EQ(1, cuts);			/* asked once */
	ATF_CHECK_EQ(27 * 3, look_all(8));
	ATF_CHECK_EQ(0, export_session(e)->counters.failures);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(a_path_that_cannot_cut_is_found_out_and_nothing_lost);
ATF_TC_BODY(a_path_that_cannot_cut_is_found_out_and_nothing_lost, tc)
{
	refuse_cut_send = 1;
	start_trains(9);
	put_many(tcp_flow(), 27 * 3);
	export_flush(e, &c);
	ATF_CHECK_EQ(1 + 3, calls);
	ATF_CHECK_EQ(27 * 3, look_all(8));
	ATF_CHECK_EQ(0, cut);
	put_many(tcp_flow(), 27 * 2);
	export_flush(e, &c);
	ATF_CHECK_EQ(1 + 3 + 2, calls);		/* it knows now */
	ATF_CHECK_EQ(27 * 5, look_all(8));
	ATF_CHECK_EQ(27 * 5, c.flows_exported);
	export_free(e);
}

/* Killed in the call number when of sending three datagrams. */
static void
interrupt(unsigned int when, unsigned int repeated)
{
	struct export_session	session;
	struct export_hand	*hand;

	memset(hands, 0, sizeof(hands));
	start_trains(9);
	session = *export_session(e);
	keep_call = when;
	put_many(tcp_flow(), 27 * 3);
	export_flush(e, &c);
	ATF_CHECK_EQ(3, nsent);
	keep_call = 0;

	memcpy(hands, kept, sizeof(hands));
	begin_trains(9);
	ATF_REQUIRE((hand = export_resumable(e, &session)) != NULL);
	export_adopt(e, &session, hand);
	ATF_CHECK_EQ(repeated, hand->together);
	export_resend(e, hand, &c);
	ATF_CHECK_EQ(27 * 3, c.flows_exported);
	ATF_REQUIRE_EQ(3 + 3 - (when - 1), nsent);
	ATF_CHECK_EQ(sent[2].len, sent[nsent - 1].len);
	ATF_CHECK(memcmp(sent[2].data, sent[nsent - 1].data,
	    sent[2].len) == 0);
	ATF_CHECK_EQ(4, export_session(e)->counters.datagrams);
	ATF_CHECK_EQ(11, export_session(e)->sequence);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(an_interrupted_train_is_sent_again_from_its_last_call);
ATF_TC_BODY(an_interrupted_train_is_sent_again_from_its_last_call, tc)
{
	interrupt(1, 3);		/* whole */
	refuse_cut = 1;
	interrupt(1, 1);
	interrupt(2, 1);
	interrupt(3, 1);
}

/* Templates that leave no room for a flow end with an empty datagram. */
ATF_TC_WITHOUT_HEAD(templates_on_a_narrow_route_do_not_break_trains);
ATF_TC_BODY(templates_on_a_narrow_route_do_not_break_trains, tc)
{
	struct flow	f = ipv6_flow(17);

	f.packets[1] = 0;
	memset(&c, 0, sizeof(c));
	config.format.version = 10;
	ATF_REQUIRE((e = export_new(&config, send_cut, hands)) != NULL);
	export_segments(e, cut_socket);
	export_set_clock(e, &clock_now);
	export_payload(e, 512);
	export_open(e, 1001, 0, NULL);
	export_tick(e, &c);
	ATF_CHECK_EQ(1, nsent);
	calls = nsent = 0;
	put_many(f, 6 * MAX_TRAIN);
	export_flush(e, &c);
	ATF_CHECK_EQ(1, calls);
	ATF_CHECK_EQ(MAX_TRAIN, nsent);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(trains_come_back_with_the_route);
ATF_TC_BODY(trains_come_back_with_the_route, tc)
{
	start_trains(9);
	no_route = 1;
	put_many(tcp_flow(), 400);
	export_flush(e, &c);
	ATF_CHECK_EQ(400, export_session(e)->counters.records_lost);
	no_route = 0;
	calls = 0;
	put_many(tcp_flow(), 400);
	export_flush(e, &c);
	ATF_CHECK_EQ(400, export_session(e)->counters.records);
	ATF_CHECK(calls * 4 < nsent);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(another_route_is_asked_whether_it_cuts);
ATF_TC_BODY(another_route_is_asked_whether_it_cuts, tc)
{
	start_trains(9);
	refuse_cut_send = 1;
	put_many(tcp_flow(), 400);
	export_flush(e, &c);
	refuse_cut_send = 0;
	export_payload(e, 1300);
	nsent = calls = 0;
	put_many(tcp_flow(), 400);
	export_flush(e, &c);
	ATF_CHECK(calls * 4 < nsent);
	export_free(e);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, datagrams_of_one_length_go_in_one_call);
	ATF_TP_ADD_TC(tp, a_shorter_datagram_is_the_last_of_its_train);
	ATF_TP_ADD_TC(tp,
	    a_flow_of_two_records_fills_a_datagram_and_begins_the_next);
	ATF_TP_ADD_TC(tp, no_flow_is_in_two_trains);
	ATF_TP_ADD_TC(tp, both_families_have_a_train);
	ATF_TP_ADD_TC(tp,
	    nothing_that_began_before_templates_comes_behind_them);
	ATF_TP_ADD_TC(tp, export_time_never_steps_back_from_train_to_train);
	ATF_TP_ADD_TC(tp, a_train_is_as_long_as_asked);
	ATF_TP_ADD_TC(tp, where_sockets_cannot_cut_each_goes_by_itself);
	ATF_TP_ADD_TC(tp,
	    a_path_that_cannot_cut_is_found_out_and_nothing_lost);
	ATF_TP_ADD_TC(tp, trains_come_back_with_the_route);
	ATF_TP_ADD_TC(tp, another_route_is_asked_whether_it_cuts);
	ATF_TP_ADD_TC(tp,
	    an_interrupted_train_is_sent_again_from_its_last_call);
	ATF_TP_ADD_TC(tp, templates_on_a_narrow_route_do_not_break_trains);
	return (atf_no_error());
}
