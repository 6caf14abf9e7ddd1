/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Tests of a stream's sessions: over socket pairs, and TCP on loopback. */

#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "compat.h"
#include "stream_fixture.h"

#define QUEUE	65536

static int
write_once(void)
{
	return (stream_write(s, &clock_now, &c));
}

/* Write and hear until all is through. */
static void
finish(void)
{
	int	more, turns = 0;

	send_left = send_most = SIZE_MAX;
	do {
		more = write_once();
		hear(SIZE_MAX);
		ATF_REQUIRE(more >= 0 && ++turns < 10000);
	} while (more);
	ATF_CHECK_EQ(0, check_heard());
	ATF_CHECK_EQ(naccepted, arrived);
	check_counted();
}

/* Let a session take so many octets, then lose it; what was heard of it. */
static size_t
cut_after(size_t octets, int tcp)
{
	if (tcp)
		connect_tcp(0);
	else
		connect_unix(SOCK_STREAM);
	send_left = octets;
	send_error = ECONNRESET;
	ATF_REQUIRE_EQ(-1, write_once());
	ATF_CHECK_EQ(ECONNRESET, errno);
	ATF_CHECK_EQ(-1, stream_fd(s));
	send_error = EAGAIN;
	hear(SIZE_MAX);
	disconnect(0);
	return (check_heard());
}

ATF_TC_WITHOUT_HEAD(session_begins_with_the_preface_and_sequence_zero);
ATF_TC_BODY(session_begins_with_the_preface_and_sequence_zero, tc)
{
	unsigned int	i;

	open_stream(QUEUE);
	for (i = 0; i < 3; i++) {
		ATF_CHECK_EQ(0, offer(100));
		connect_unix(SOCK_STREAM);
		ATF_CHECK_EQ(0, stream_sequence(s));
		ATF_CHECK(stream_wants(s));
		finish();
		ATF_CHECK_EQ(PREFACE * PREFACE_LEN + 100, heard_len);
		ATF_CHECK(!stream_wants(s));
		stream_down(s, 0, &clock_now);
		disconnect(0);
	}
	ATF_CHECK_EQ(2, stream_counters(s)->reconnects);
	ATF_CHECK_EQ(0, stream_counters(s)->last_error);
	close_stream();
}

static void
cut_everywhere(int tcp)
{
	static const size_t	lens[] = { 24, 61, 25, 130, 48 };
	size_t			all = PREFACE * PREFACE_LEN, cut, sum, i;
	size_t			whole_ones;

	for (i = 0; i < nitems(lens); i++)
		all += lens[i];
	for (cut = 0; cut < all; cut++) {
		open_stream(QUEUE);
		for (i = 0; i < nitems(lens); i++)
			ATF_REQUIRE_EQ(0, offer(lens[i]));
		sum = PREFACE * PREFACE_LEN;
		for (whole_ones = 0; whole_ones < nitems(lens) &&
		    sum + lens[whole_ones] <= cut; whole_ones++)
			sum += lens[whole_ones];
		(void)cut_after(cut, tcp);
		ATF_CHECK_EQ(whole_ones, arrived);
		if (tcp)
			connect_tcp(0);
		else
			connect_unix(SOCK_STREAM);
		finish();
		ATF_CHECK(c.datagrams_repeated <= (tcp ? whole_ones : 0));
		ATF_CHECK_EQ(1, stream_counters(s)->reconnects);
		ATF_CHECK_EQ(ECONNRESET, stream_counters(s)->last_error);
		ATF_CHECK_EQ(0, stream_counters(s)->failures);
		close_stream();
	}
}

ATF_TC_WITHOUT_HEAD(cut_at_any_octet_is_followed_by_whole_messages);
ATF_TC_BODY(cut_at_any_octet_is_followed_by_whole_messages, tc)
{
	cut_everywhere(0);
}

ATF_TC_WITHOUT_HEAD(tcp_cut_at_any_octet_is_followed_by_whole_messages);
ATF_TC_BODY(tcp_cut_at_any_octet_is_followed_by_whole_messages, tc)
{
	cut_everywhere(1);
}

ATF_TC_WITHOUT_HEAD(acknowledged_messages_leave_the_queue);
ATF_TC_BODY(acknowledged_messages_leave_the_queue, tc)
{
	const struct stream_state	*now;
	unsigned int			 i;

	open_stream(QUEUE);
	connect_tcp(0);
	for (i = 0; i < 5; i++)
		ATF_REQUIRE_EQ(0, offer(100));
	ATF_CHECK_EQ(0, write_once());
	await_acknowledgement();
	now = stream_state(s);
	ATF_CHECK_EQ(now->tail, now->sent);
	clock_now.uptime_ms += 1000;
	ATF_CHECK_EQ(0, write_once());
	now = stream_state(s);
	ATF_CHECK_EQ(now->tail, now->head);

	/* The collector's system had them, so its reset changes nothing. */
	ATF_REQUIRE_EQ(0, offer(100));
	ATF_CHECK_EQ(0, write_once());
	await_acknowledgement();
	hear(SIZE_MAX);
	ATF_CHECK_EQ(0, check_heard());
	disconnect(1);
	ATF_CHECK_EQ(-1, stream_read(s, &clock_now));
	ATF_CHECK_EQ(ECONNRESET, errno);
	now = stream_state(s);
	ATF_CHECK_EQ(now->tail, now->head);
	connect_tcp(0);
	finish();
	ATF_CHECK_EQ(0, c.datagrams_repeated);
	close_stream();
}

/* As if the collector's system had acknowledged so many octets. */
ATF_TC_WITHOUT_HEAD(acknowledgement_ends_at_any_octet);
ATF_TC_BODY(acknowledgement_ends_at_any_octet, tc)
{
	const size_t	all = PREFACE * PREFACE_LEN + 3 * 50;
	size_t		octets, gone;
	uint64_t	base;
	unsigned int	i;

	for (octets = 0; octets <= all; octets++) {
		open_stream(QUEUE);
		/* So that the session does not begin where the queue does. */
		connect_tcp(0);
		ATF_REQUIRE_EQ(0, offer(71));
		finish();
		await_acknowledgement();
		stream_down(s, 0, &clock_now);
		disconnect(0);
		connect_tcp(0);
		for (i = 0; i < 3; i++)
			ATF_REQUIRE_EQ(0, offer(50));
		finish();
		ATF_REQUIRE_EQ(all, heard_len);
		await_acknowledgement();
		base = s->acks_base;
		s->acks_base += all - octets;
		clock_now.uptime_ms += 1000;
		ATF_CHECK_EQ(0, write_once());
		gone = octets < PREFACE * PREFACE_LEN ? 0 :
		    (octets - PREFACE * PREFACE_LEN) / 50;
		ATF_CHECK_EQ(3 - gone, (stream_state(s)->tail -
		    stream_state(s)->head) /
		    (sizeof(struct stream_message) + 50));
		s->acks_base = base;
		clock_now.uptime_ms += 1000;
		ATF_CHECK_EQ(0, write_once());
		ATF_CHECK_EQ(stream_state(s)->tail, stream_state(s)->head);
		close_stream();
	}
}

ATF_TC_WITHOUT_HEAD(acknowledgements_are_asked_for_when_room_is_wanted);
ATF_TC_BODY(acknowledgements_are_asked_for_when_room_is_wanted, tc)
{
	uint64_t	head;

	open_stream(STREAM_MIN);
	connect_tcp(0);
	ATF_REQUIRE_EQ(0, offer(100));
	ATF_CHECK_EQ(0, write_once());
	await_acknowledgement();
	clock_now.uptime_ms += 100;
	ATF_CHECK_EQ(0, write_once());
	head = stream_state(s)->head;
	ATF_CHECK(head > 0);

	/* Half empty: seldom; half full: often. */
	s->asked_ms = clock_now.uptime_ms;
	ATF_REQUIRE_EQ(0, offer(1000));
	ATF_CHECK_EQ(0, write_once());
	await_acknowledgement();
	clock_now.uptime_ms += 99;
	ATF_CHECK_EQ(0, write_once());
	ATF_CHECK_EQ(head, stream_state(s)->head);
	ATF_REQUIRE_EQ(0, offer(1200));
	clock_now.uptime_ms -= 90;
	ATF_CHECK_EQ(0, write_once());
	ATF_CHECK_EQ(head, stream_state(s)->head);
	clock_now.uptime_ms += 1;
	ATF_CHECK_EQ(0, write_once());
	await_acknowledgement();
	ATF_CHECK(stream_state(s)->head > head);

	/* Full: at once. */
	while (STREAM_MIN - (stream_state(s)->tail - stream_state(s)->head) >
	    DATAGRAM_SIZE + sizeof(struct stream_message))
		ATF_REQUIRE_EQ(0, offer(1200));
	ATF_CHECK_EQ(0, write_once());
	await_acknowledgement();
	ATF_CHECK_EQ(0, offer(DATAGRAM_SIZE));
	finish();
	ATF_CHECK_EQ(0, stream_counters(s)->failures);
	close_stream();
}

ATF_TC_WITHOUT_HEAD(what_was_not_acknowledged_goes_again_and_counts_once);
ATF_TC_BODY(what_was_not_acknowledged_goes_again_and_counts_once, tc)
{
	struct export_counters	before;
	uint64_t		sent;

	open_stream(1 << 20);
	connect_tcp(2048);
	while (offer(1400) == 0)
		;
	ATF_CHECK_EQ(1, stream_counters(s)->failures);
	(void)write_once();
	before = *stream_counters(s);
	sent = naccepted - stream_waiting(s, NULL);
	ATF_REQUIRE(sent > 20);
	hear(100);
	disconnect(1);
	ATF_CHECK_EQ(-1, stream_read(s, &clock_now));
	connect_tcp(0);
	finish();
	ATF_CHECK(c.datagrams_repeated > 0);
	ATF_CHECK(c.datagrams_repeated <= sent);
	ATF_CHECK_EQ(before.datagrams + PREFACE + (naccepted - sent),
	    stream_counters(s)->datagrams);
	ATF_CHECK_EQ(2 * PREFACE * PREFACE_LEN + 1400 * naccepted,
	    stream_counters(s)->octets);
	close_stream();
}

ATF_TC_WITHOUT_HEAD(slow_reader_gets_everything);
ATF_TC_BODY(slow_reader_gets_everything, tc)
{
	size_t	turns;
	int	full = 0, little = 4096;

	open_stream(QUEUE);
	connect_tcp(2048);
	ATF_REQUIRE(setsockopt(stream_fd(s), SOL_SOCKET, SO_SNDBUF, &little,
	    sizeof(little)) == 0);
	for (turns = 0; turns < 20000 && naccepted < 3000; turns++) {
		if (stream_state(s)->tail - stream_state(s)->head <
		    QUEUE - 4096)
			ATF_REQUIRE_EQ(0, offer(24 + offered % 1400));
		full += write_once();
		hear(turns % 1500);
		clock_now.uptime_ms += 10;
	}
	ATF_CHECK_EQ(3000, naccepted);
	ATF_CHECK(full > 0);
	ATF_CHECK(stream_counters(s)->would_block > 0);
	finish();
	ATF_CHECK_EQ(0, c.datagrams_repeated);
	ATF_CHECK_EQ(0, stream_counters(s)->failures);
	close_stream();
}

ATF_TC_WITHOUT_HEAD(full_queue_loses_the_newest_message_and_counts_it);
ATF_TC_BODY(full_queue_loses_the_newest_message_and_counts_it, tc)
{
	uint64_t	records;

	open_stream(STREAM_MIN);
	while (offer(500) == 0)
		;
	ATF_CHECK_EQ(ENOBUFS, errno);
	ATF_CHECK_EQ(STREAM_MIN / (500 + sizeof(struct stream_message)),
	    naccepted);
	ATF_CHECK_EQ(naccepted, stream_waiting(s, &records));
	ATF_CHECK_EQ(1, stream_counters(s)->failures);
	ATF_CHECK_EQ(offered_records - records,
	    stream_counters(s)->records_lost);
	ATF_CHECK_EQ(offered, stream_mark(s));
	connect_unix(SOCK_STREAM);
	finish();
	ATF_CHECK_EQ(0, offer(500));
	finish();
	close_stream();
}

/* With a queue that is full to the last octet, too. */
ATF_TC_WITHOUT_HEAD(messages_wrap_around_the_queue_at_any_octet);
ATF_TC_BODY(messages_wrap_around_the_queue_at_any_octet, tc)
{
	unsigned int	i;

	open_stream(STREAM_MIN);
	connect_unix(SOCK_STREAM);
	ATF_REQUIRE_EQ(0, write_once());
	for (i = 0; i < 2 * STREAM_MIN; i++) {
		ATF_REQUIRE_EQ(0, offer(57));
		ATF_REQUIRE_EQ(0, offer(24 + i % 3));
		ATF_REQUIRE_EQ(0, write_once());
		hear(SIZE_MAX);
	}
	finish();
	for (i = 0; i < 4; i++)
		ATF_CHECK_EQ(0, offer(STREAM_MIN / 4 -
		    sizeof(struct stream_message)));
	ATF_CHECK_EQ(-1, offer(24));
	finish();
	close_stream();
}

ATF_TC_WITHOUT_HEAD(too_long_a_message_is_refused);
ATF_TC_BODY(too_long_a_message_is_refused, tc)
{
	uint8_t			message[DATAGRAM_SIZE + 1] = { 0 };
	struct stream_piece	piece = { .records = 3 };

	open_stream(QUEUE);
	ATF_CHECK_EQ(-1, stream_append(s, message, sizeof(message), &piece));
	ATF_CHECK_EQ(EMSGSIZE, errno);
	ATF_CHECK_EQ(3, stream_counters(s)->records_lost);
	ATF_CHECK_EQ(0, stream_waiting(s, NULL));
	close_stream();
}

ATF_TC_WITHOUT_HEAD(export_time_never_steps_back);
ATF_TC_BODY(export_time_never_steps_back, tc)
{
	const uint64_t	later = clock_now.unix_us;
	uint32_t	first, last;

	open_stream(QUEUE);
	connect_unix(SOCK_STREAM);
	ATF_CHECK_EQ(0, offer(100));
	ATF_CHECK_EQ(0, write_once());
	clock_now.unix_us -= 3600 * 1000000ULL;
	ATF_CHECK_EQ(0, offer(100));
	finish();
	memcpy(&first, heard + 4, 4);
	memcpy(&last, heard + heard_len - 100 + 4, 4);
	ATF_CHECK_EQ(first, last);

	/* In a new session the clock is believed. */
	connect_unix(SOCK_STREAM);
	ATF_CHECK_EQ(0, offer(100));
	finish();
	memcpy(&last, heard + heard_len - 100 + 4, 4);
	ATF_CHECK_EQ(be32toh(first) - 3600, be32toh(last));
	clock_now.unix_us = later;
	close_stream();
}

ATF_TC_WITHOUT_HEAD(a_call_writes_so_much_only);
ATF_TC_BODY(a_call_writes_so_much_only, tc)
{
	open_stream(1 << 20);
	connect_unix(SOCK_STREAM);
	sink = 1;
	while (offer(1400) == 0)
		;
	sent_octets = sends = 0;
	ATF_CHECK_EQ(1, write_once());
	ATF_CHECK(sent_octets >= STREAM_TURN);
	ATF_CHECK(sent_octets < STREAM_TURN + STREAM_OUT);
	ATF_CHECK(sends <= 5);

	/* As many calls at most as it takes, octet by octet. */
	send_most = 1;
	sent_octets = sends = 0;
	ATF_CHECK_EQ(1, write_once());
	ATF_CHECK_EQ(256, sends);
	ATF_CHECK_EQ(256, sent_octets);
	close_stream();
}

ATF_TC_WITHOUT_HEAD(full_socket_keeps_the_session);
ATF_TC_BODY(full_socket_keeps_the_session, tc)
{
	static const int	errors[] = { EAGAIN, ENOBUFS };
	unsigned int		i;

	open_stream(QUEUE);
	connect_unix(SOCK_STREAM);
	ATF_CHECK_EQ(0, offer(200));
	for (i = 0; i < nitems(errors); i++) {
		send_left = 77;
		send_error = errors[i];
		ATF_CHECK_EQ(1, write_once());
		ATF_CHECK_EQ(i + 1, stream_counters(s)->would_block);
	}
	finish();
	ATF_CHECK_EQ(0, stream_counters(s)->reconnects);
	ATF_CHECK_EQ(clock_now.unix_us, stream_counters(s)->last_success_us);

	/* An interrupt is no reason to wait, nor to go on for ever. */
	ATF_CHECK_EQ(0, offer(200));
	send_left = 0;
	send_error = EINTR;
	sends = 0;
	ATF_CHECK_EQ(1, write_once());
	ATF_CHECK_EQ(256, sends);
	ATF_CHECK_EQ(2, stream_counters(s)->would_block);
	finish();
	close_stream();
}

ATF_TC_WITHOUT_HEAD(garbage_from_the_collector_is_discarded);
ATF_TC_BODY(garbage_from_the_collector_is_discarded, tc)
{
	static uint8_t	garbage[4 * STREAM_READ];
	ssize_t		n, left = 0;
	uint8_t		one;

	open_stream(QUEUE);
	connect_unix(SOCK_STREAM);
	ATF_CHECK_EQ(1, stream_read(s, &clock_now));
	memset(garbage, 0xa5, sizeof(garbage));
	ATF_REQUIRE((n = write(peer, garbage, sizeof(garbage))) > STREAM_READ);
	ATF_CHECK_EQ(1, stream_read(s, &clock_now));
	while (read(stream_fd(s), &one, 1) == 1)
		left++;
	ATF_CHECK_EQ(n - STREAM_READ, left);
	ATF_CHECK_EQ(0, offer(100));
	finish();
	disconnect(0);
	ATF_CHECK_EQ(0, stream_read(s, &clock_now));
	ATF_CHECK_EQ(-1, stream_fd(s));
	ATF_CHECK_EQ(EPIPE, stream_counters(s)->last_error);
	ATF_CHECK_EQ(clock_now.unix_us, stream_counters(s)->last_error_us);
	ATF_CHECK_EQ(0, stream_read(s, &clock_now));
	close_stream();
}

/* Closed with something unread, TCP resets, which would take them back. */
ATF_TC_WITHOUT_HEAD(garbage_costs_the_collector_no_message_at_the_end);
ATF_TC_BODY(garbage_costs_the_collector_no_message_at_the_end, tc)
{
	unsigned int	i;

	open_stream(1 << 20);
	connect_tcp(4096);
	ATF_REQUIRE_EQ(3, write(peer, "no!", 3));
	for (i = 0; i < 100; i++)
		ATF_REQUIRE_EQ(0, offer(1400));
	(void)write_once();
	arrived = 0;
	naccepted -= stream_waiting(s, NULL);
	stream_give_up(s, &clock_now);
	for (i = 0; i < 2000 && arrived < naccepted; i++) {
		hear(SIZE_MAX);
		(void)check_heard();
		(void)usleep(1000);
	}
	ATF_CHECK(naccepted > 10);
	ATF_CHECK_EQ(naccepted, arrived);
	close_stream();
}

ATF_TC_WITHOUT_HEAD(whole_messages_take_a_call_each);
ATF_TC_BODY(whole_messages_take_a_call_each, tc)
{
	uint8_t		buf[2 * DATAGRAM_SIZE];
	unsigned int	i;

	whole = 1;
	open_stream(1 << 20);
	connect_unix(SOCK_SEQPACKET);
	sends = 0;
	for (i = 0; i < 5; i++)
		ATF_REQUIRE_EQ(0, offer(100 + i));
	ATF_CHECK_EQ(0, write_once());
	ATF_CHECK_EQ(PREFACE + 5, sends);
	for (i = 0; i < PREFACE; i++)
		ATF_CHECK_EQ(PREFACE_LEN, read(peer, buf, sizeof(buf)));
	for (i = 0; i < 5; i++)
		ATF_CHECK_EQ(100 + i, read(peer, buf, sizeof(buf)));

	/* Until the socket is full, and in order behind that. */
	while (offer(1400) == 0)
		;
	ATF_CHECK_EQ(1, write_once());
	stream_down(s, ETIMEDOUT, &clock_now);
	ATF_CHECK_EQ(ETIMEDOUT, stream_counters(s)->last_error);
	arrived = naccepted - stream_waiting(s, NULL);
	ATF_CHECK(arrived > 5 && arrived < naccepted);
	close(peer);
	connect_unix(SOCK_SEQPACKET);
	finish();
	ATF_CHECK_EQ(0, c.datagrams_repeated);
	close_stream();
}

ATF_TC_WITHOUT_HEAD(what_is_given_up_is_counted_as_lost);
ATF_TC_BODY(what_is_given_up_is_counted_as_lost, tc)
{
	uint64_t	records;

	open_stream(QUEUE);
	connect_unix(SOCK_STREAM);
	ATF_CHECK_EQ(0, offer(100));
	finish();
	ATF_CHECK_EQ(0, offer(100));
	ATF_CHECK_EQ(0, offer(100));
	send_left = 150;
	ATF_CHECK_EQ(1, write_once());
	ATF_CHECK_EQ(1, stream_waiting(s, &records));
	stream_give_up(s, &clock_now);
	ATF_CHECK_EQ(1, stream_counters(s)->failures);
	ATF_CHECK_EQ(records, stream_counters(s)->records_lost);
	ATF_CHECK_EQ(0, stream_waiting(s, &records));
	ATF_CHECK_EQ(0, records);
	ATF_CHECK_EQ(-1, stream_fd(s));
	check_counted();
	close_stream();
}

ATF_TC_WITHOUT_HEAD(queue_size_is_a_power_of_two);
ATF_TC_BODY(queue_size_is_a_power_of_two, tc)
{
	static const size_t		sizes[] = { 0, 1, 2048, 4097, 100000 };
	const struct stream_config	config = { 0 };
	unsigned int			i;

	for (i = 0; i < nitems(sizes); i++) {
		errno = 0;
		ATF_CHECK(stream_new(&config, queue, sizes[i]) == NULL);
		ATF_CHECK_EQ(EINVAL, errno);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, session_begins_with_the_preface_and_sequence_zero);
	ATF_TP_ADD_TC(tp, cut_at_any_octet_is_followed_by_whole_messages);
	ATF_TP_ADD_TC(tp, tcp_cut_at_any_octet_is_followed_by_whole_messages);
	ATF_TP_ADD_TC(tp, acknowledged_messages_leave_the_queue);
	ATF_TP_ADD_TC(tp, acknowledgement_ends_at_any_octet);
	ATF_TP_ADD_TC(tp, acknowledgements_are_asked_for_when_room_is_wanted);
	ATF_TP_ADD_TC(tp, what_was_not_acknowledged_goes_again_and_counts_once);
	ATF_TP_ADD_TC(tp, slow_reader_gets_everything);
	ATF_TP_ADD_TC(tp, full_queue_loses_the_newest_message_and_counts_it);
	ATF_TP_ADD_TC(tp, messages_wrap_around_the_queue_at_any_octet);
	ATF_TP_ADD_TC(tp, too_long_a_message_is_refused);
	ATF_TP_ADD_TC(tp, export_time_never_steps_back);
	ATF_TP_ADD_TC(tp, a_call_writes_so_much_only);
	ATF_TP_ADD_TC(tp, full_socket_keeps_the_session);
	ATF_TP_ADD_TC(tp, garbage_from_the_collector_is_discarded);
	ATF_TP_ADD_TC(tp, garbage_costs_the_collector_no_message_at_the_end);
	ATF_TP_ADD_TC(tp, whole_messages_take_a_call_each);
	ATF_TP_ADD_TC(tp, what_is_given_up_is_counted_as_lost);
	ATF_TP_ADD_TC(tp, queue_size_is_a_power_of_two);

	return (atf_no_error());
}
