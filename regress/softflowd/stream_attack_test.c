/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Streams whose worker is killed at any instruction, whose memory was written
 * to by somebody else, and to which everything happens in any order.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "stream_fixture.h"

#define QUEUE	8192
#define KILLS	100
#define OFFERS	300		/* of a worker: TCP takes them unheard */

static uint64_t	seed = 1;

/* The same at each run. */
static uint32_t
draw(uint32_t below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((uint32_t)(seed >> 33) % below);
}

static size_t
any_length(void)
{
	return (draw(8) == 0 ? DATAGRAM_SIZE - draw(4) : 24 + draw(300));
}

/* Write and hear until all is through. */
static void
finish(void)
{
	int	more, turns = 0;

	send_left = send_most = SIZE_MAX;
	send_error = EAGAIN;
	do {
		more = stream_write(s, &clock_now, &c);
		hear(SIZE_MAX);
		ATF_REQUIRE(more >= 0 && ++turns < 10000);
	} while (more);
	ATF_REQUIRE_EQ(0, check_heard());
	ATF_REQUIRE_EQ(naccepted, arrived);
	check_counted();
}

/* As a session ends: what was on the way is heard first. */
static void
lose_session(void)
{
	if (peer == -1)
		return;
	hear(SIZE_MAX);
	(void)check_heard();
	stream_down(s, ECONNRESET, &clock_now);
	hear(SIZE_MAX);
	(void)check_heard();
	disconnect(0);
}

static void
begin_session(void)
{
	lose_session();
	if (draw(2))
		connect_unix(SOCK_STREAM);
	else
		connect_tcp(draw(2) ? 2048 : 0);
	send_most = draw(2) ? SIZE_MAX : 1 + draw(3000);
}

static void
do_anything(void)
{
	switch (draw(12)) {
	default:
		(void)offer(any_length());
		break;
	case 6:
	case 7:
		send_left = draw(3) ? SIZE_MAX : draw(4000);
		send_error = draw(10) ? EAGAIN : ECONNRESET;
		if (stream_write(s, &clock_now, &c) == -1)
			lose_session();
		clock_now.uptime_ms += draw(60);
		clock_now.unix_us += draw(3000000) - 1000000;
		break;
	case 8:
		if (peer != -1) {
			hear(draw(5000));
			(void)check_heard();
		}
		break;
	case 9:
		if (peer != -1)
			ATF_REQUIRE(write(peer, "garbage", draw(8)) >= 0);
		(void)stream_read(s, &clock_now);
		break;
	case 10:
		if (draw(10) == 0)
			begin_session();
		break;
	case 11:
		if (draw(20) != 0)
			break;
		lose_session();
		ATF_REQUIRE_EQ(0, adopt_stream(QUEUE));
		break;
	}
}

ATF_TC_WITHOUT_HEAD(whatever_happens_every_session_reads_whole_messages);
ATF_TC_BODY(whatever_happens_every_session_reads_whole_messages, tc)
{
	uint64_t	repeated = 0, reconnects = 0, full = 0, lost = 0;
	unsigned int	i, run;

	for (run = 0; run < 60; run++) {
		seed = run;
		open_stream(QUEUE);
		for (i = 0; i < 3000; i++) {
			do_anything();
			check_counted();
		}
		begin_session();
		finish();
		ATF_CHECK(naccepted > 100);
		repeated += c.datagrams_repeated;
		reconnects += stream_counters(s)->reconnects;
		full += stream_counters(s)->would_block;
		lost += stream_counters(s)->failures;
		close_stream();
	}
	ATF_CHECK(repeated > 0 && reconnects > 0 && full > 0 && lost > 0);
}

/* What a worker does until it is killed. */
static void
live(void)
{
	unsigned int	i;

	for (i = 0; i < OFFERS; i++) {
		(void)offer(any_length());
		if (draw(3) == 0 && i < OFFERS - 10) {
			send_most = 1 + draw(5000);
			(void)stream_write(s, &clock_now, &c);
			clock_now.uptime_ms += 20;
		}
	}
	(void)pause();
}

/* Messages that the dead worker put into the queue; they lie there. */
static void
learn_accepted(void)
{
	const struct stream_state	*now = stream_state(s);
	struct stream_message		 m;
	uint64_t			 at, number, last;

	last = naccepted > 0 ? accepted[naccepted - 1] : 0;
	for (at = now->head; at != now->tail; at += sizeof(m) + m.len) {
		stream_peek(s, at, &m);
		stream_copy(s, at + sizeof(m) + 16, &number, 8);
		number = be64toh(number);
		if (number > last)
			accepted[naccepted++] = number;
	}
}

/*
 * Of messages that are gone from the queue the collector heard every octet;
 * they were counted then.  Those that went into it and out again unseen by us
 * are learnt from what was heard.
 */
static void
learn_heard(void)
{
	const uint8_t	*p = heard;
	size_t		 left = heard_len, len;
	uint64_t	 number, last;

	last = naccepted > 0 ? accepted[naccepted - 1] : 0;
	while (left >= 24 && left >= (len = (size_t)(p[2] << 8 | p[3]))) {
		memcpy(&number, p + 16, 8);
		number = be64toh(number);
		if (p[15] == 7 && number > last)
			last = accepted[naccepted++] = number;
		p += len;
		left -= len;
	}
}

static void
kill_at_any_moment(int tcp)
{
	unsigned int	i;
	uint64_t	n;
	pid_t		pid;

	open_stream(QUEUE);
	for (i = 0; i < KILLS; i++) {
		if (tcp)
			connect_tcp(0);
		else
			connect_unix(SOCK_STREAM);
		seed = i;
		if ((pid = fork()) == 0)
			live();
		ATF_REQUIRE(pid != -1);
		n = offered + draw(OFFERS);
		while (stream_mark(s) < n)
			hear(100000);
		ATF_REQUIRE(kill(pid, SIGKILL) == 0);
		ATF_REQUIRE_EQ(pid, waitpid(pid, NULL, 0));
		/* Ours is the last descriptor: what TCP has still goes out. */
		ATF_REQUIRE_EQ(0, adopt_stream(QUEUE));
		hear_end();
		learn_heard();
		learn_accepted();
		offered = stream_mark(s);
		for (n = 1, offered_records = 0; n <= offered; n++)
			offered_records += n % 5;
		(void)check_heard();
		check_counted();
		disconnect(0);
	}
	connect_unix(SOCK_STREAM);
	finish();
	ATF_CHECK(naccepted > 1000);
	close_stream();
}

ATF_TC_WITHOUT_HEAD(killed_worker_leaves_whole_messages);
ATF_TC_BODY(killed_worker_leaves_whole_messages, tc)
{
	kill_at_any_moment(0);
}

ATF_TC_WITHOUT_HEAD(killed_worker_leaves_what_tcp_did_not_acknowledge);
ATF_TC_BODY(killed_worker_leaves_what_tcp_did_not_acknowledge, tc)
{
	kill_at_any_moment(1);
}

/* Some messages sent and kept, some half sent, some not. */
static void
fill_queue(void)
{
	unsigned int	i;

	open_stream(QUEUE);
	connect_unix(SOCK_STREAM);
	s->acks = 1;			/* but none comes */
	s->acks_base = UINT64_MAX;
	for (i = 0; i < 20; i++)
		ATF_REQUIRE_EQ(0, offer(100 + i));
	send_left = PREFACE * PREFACE_LEN + 520;
	(void)stream_write(s, &clock_now, &c);
	send_left = SIZE_MAX;
	ATF_REQUIRE_EQ(15, stream_waiting(s, NULL));
	hear(SIZE_MAX);
	(void)check_heard();
	disconnect(0);
}

/* The place of the nth message. */
static uint64_t
place_of(unsigned int nth)
{
	struct stream_message	m;
	uint64_t		at = stream_state(s)->head;

	for (; nth > 0; nth--) {
		stream_peek(s, at, &m);
		at += sizeof(m) + m.len;
	}
	return (at);
}

ATF_TC_WITHOUT_HEAD(damaged_message_and_those_behind_are_counted_as_lost);
ATF_TC_BODY(damaged_message_and_those_behind_are_counted_as_lost, tc)
{
	static const size_t	offsets[] = {
		offsetof(struct stream_message, at),
		offsetof(struct stream_message, boot_ms) + 7,
		offsetof(struct stream_message, len),
		offsetof(struct stream_message, advance) + 3,
		offsetof(struct stream_message, records) + 3,
		sizeof(struct stream_message) + 1,	/* version */
		sizeof(struct stream_message) + 3	/* length */
	};
	size_t		i;
	unsigned int	nth;

	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		for (nth = 0; nth < 20; nth++) {
			fill_queue();
			queue->data[place_of(nth) + offsets[i]] ^= 0x7f;
			ATF_CHECK_EQ(-1, adopt_stream(QUEUE));
			ATF_CHECK_EQ(nth < 5 ? 15 : 20 - nth,
			    stream_counters(s)->failures);
			check_counted();
			naccepted = nth;
			if (arrived > nth)
				arrived = nth;
			connect_unix(SOCK_STREAM);
			finish();
			ATF_CHECK_EQ(0, adopt_stream(QUEUE));
			close_stream();
		}
}

ATF_TC_WITHOUT_HEAD(message_ends_where_the_queue_says);
ATF_TC_BODY(message_ends_where_the_queue_says, tc)
{
	struct stream_message	m;
	struct stream_state	*now;
	uint64_t		at;

	/* The last one is longer than there is. */
	fill_queue();
	at = place_of(19);
	stream_peek(s, at, &m);
	m.len++;
	memcpy(queue->data + at, &m, sizeof(m));
	queue->data[at + sizeof(m) + 3]++;
	ATF_CHECK_EQ(-1, adopt_stream(QUEUE));
	ATF_CHECK_EQ(14, stream_waiting(s, NULL));
	check_counted();
	close_stream();

	/* What was sent ends within a message. */
	fill_queue();
	now = &queue->state[queue->current];
	now->sent -= 10;
	at = place_of(4);
	ATF_CHECK_EQ(-1, adopt_stream(QUEUE));
	ATF_CHECK_EQ(at, stream_state(s)->tail);
	ATF_CHECK_EQ(0, stream_waiting(s, NULL));
	check_counted();
	close_stream();
}

ATF_TC_WITHOUT_HEAD(damaged_queue_begins_anew);
ATF_TC_BODY(damaged_queue_begins_anew, tc)
{
	const struct export_counters	before = { .records = 17 };
	unsigned int			i;

	for (i = 0; i < 7; i++) {
		struct stream_state	*now;

		fill_queue();
		now = &queue->state[queue->current];
		switch (i) {
		case 0:
			queue->magic++;
			break;
		case 1:
			queue->size = 1 << 30;
			break;
		case 2:
			queue->current = 2;
			break;
		case 3:
			now->tail += 1 << 20;
			break;
		case 4:
			now->sent = now->head - 1;
			break;
		case 5:
			now->sent = now->tail + 1;
			break;
		case 6:
			now->waiting_records = UINT64_MAX;
			break;
		}
		ATF_CHECK_EQ(-1, stream_adopt(s, &before));
		ATF_CHECK_EQ(17, stream_counters(s)->records);
		ATF_CHECK_EQ(0, stream_waiting(s, NULL));
		ATF_CHECK_EQ(0, stream_mark(s));
		close_stream();
	}
}

/*
 * Octets of the queue are anything.  The collector may then get anything, but
 * in messages of right lengths, and all comes to an end.
 */
ATF_TC_WITHOUT_HEAD(overwritten_memory_does_no_harm);
ATF_TC_BODY(overwritten_memory_does_no_harm, tc)
{
	size_t		size = stream_queue_size(QUEUE), at, n, len, left;
	unsigned int	i, turns, intact = 0;
	const uint8_t	*p;
	uint8_t		*memory;

	for (i = 0; i < 20000; i++) {
		seed = i;
		fill_queue();
		memory = (uint8_t *)queue;
		at = draw(2) ? draw(sizeof(*queue)) : draw((uint32_t)size);
		for (n = 1 + draw(draw(2) ? 4 : 300); n > 0 && at < size; n--)
			memory[at++] = draw(3) ? (uint8_t)draw(256) : 0xff;
		intact += adopt_stream(QUEUE) == 0;
		connect_unix(SOCK_STREAM);
		for (turns = 0; stream_write(s, &clock_now, &c) == 1; turns++) {
			ATF_REQUIRE(turns < 100);
			hear(SIZE_MAX);
		}
		hear(SIZE_MAX);
		for (p = heard, left = heard_len; left > 0; left -= len) {
			len = (size_t)(p[2] << 8 | p[3]);
			ATF_REQUIRE(left >= 16 && len >= 16 && len <= left);
			p += len;
		}
		(void)offer(100);
		stream_give_up(s, &clock_now);
		ATF_REQUIRE_EQ(0, stream_waiting(s, NULL));
		close_stream();
	}
	ATF_CHECK(intact > 100 && intact < 19000);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, whatever_happens_every_session_reads_whole_messages);
	ATF_TP_ADD_TC(tp, killed_worker_leaves_whole_messages);
	ATF_TP_ADD_TC(tp, killed_worker_leaves_what_tcp_did_not_acknowledge);
	ATF_TP_ADD_TC(tp, damaged_message_and_those_behind_are_counted_as_lost);
	ATF_TP_ADD_TC(tp, message_ends_where_the_queue_says);
	ATF_TP_ADD_TC(tp, damaged_queue_begins_anew);
	ATF_TP_ADD_TC(tp, overwritten_memory_does_no_harm);

	return (atf_no_error());
}
