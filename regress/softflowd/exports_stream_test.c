/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Tests of exports_stream.c and export_stream.c: collectors by streams. */

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <atf-c.h>

#include "export_fixture.h"
#include "exports.h"
#include "stream_state.h"

#define FLOWS	1024
#define QUEUE	4096

static const uint8_t		 secret[16];
static struct exports		*x;
static struct track		*track;
static struct export_hand	 hands[MAX_EXPORT * EXPORT_LANES];
static int			 peer[MAX_EXPORT];
static unsigned int		 unsent;
static struct stream_queue	*queues[MAX_EXPORT];

static ssize_t
send_now(int fd, const void *data, size_t len)
{
	return (send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT));
}

static void
note_gone(void *arg, uint32_t idx, int exported)
{
	(void)arg;
	(void)idx;
	unsent += !exported;
}

static void
note_commit(void *arg)
{
	(void)arg;
}

static void
no_wait(int fd, int error)
{
	(void)fd;
	(void)error;
}

static struct stream_queue *
make_queue(void *arg, unsigned int slot)
{
	(void)arg;
	queues[slot] = calloc(1, stream_queue_size(QUEUE));
	ATF_REQUIRE(queues[slot] != NULL);
	return (queues[slot]);
}

static void
begin_exports(void)
{
	const struct exports_config	how = {
		.sampling = 1, .template_seconds = 300,
		.template_datagrams = 256, .train = 1,
		.queue = make_queue, .queue_octets = QUEUE
	};

	interfaces_use(&table);
	ATF_REQUIRE((track = track_new(FLOWS, secret, NULL)) != NULL);
	ATF_REQUIRE((x = exports_new(&how, track, send_now, hands)) != NULL);
	exports_on_settled(x, note_gone, note_commit, NULL);
}

/* A collector that reads nothing. */
static unsigned int
add_stream(void)
{
	struct msg_export	conf = { .payload_max = 1400,
				    .transport = TRANSPORT_TCP };
	int			pair[2];

	conf.slot = exports_count(x);
	conf.format.version = 10;
	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	peer[conf.slot] = pair[1];
	ATF_REQUIRE_EQ(0, exports_add(x, pair[0], &conf));
	exports_set_clock(x, &clock_now);
	return (conf.slot);
}

static void
export_one(uint16_t port)
{
	struct flow	f = tcp_flow(), *at;
	uint32_t	idx;

	f.key.port[0] = port;
	f.hash = track_hash(track, &f.key);
	ATF_REQUIRE((idx = track_insert(track, &f.key, f.hash)) != TRACK_NONE);
	at = track_flow(track, idx);
	*at = f;
	track_end(track, idx, EXPIRE_TCP);
	ATF_REQUIRE_EQ(1, exports_flow(x, idx, EXPIRE_TCP, &c));
}

/* Until something is lost: socket and queue are full. */
static void
export_until_full(void)
{
	uint16_t	n;

	for (n = 0; unsent == 0 && n < UINT16_MAX; n++)
		export_one(n);
	ATF_REQUIRE(unsent > 0);
}

static struct export_counters
counters_of(unsigned int slot)
{
	struct summary_export	row;

	exports_row(x, slot, &row);
	return (row.counters);
}

/* Waiting for room is where it shows, not when it is looked for. */
ATF_TC_WITHOUT_HEAD(a_session_that_ends_while_room_is_awaited_is_told);
ATF_TC_BODY(a_session_that_ends_while_room_is_awaited_is_told, tc)
{
	int	wants;

	begin_exports();
	add_stream();
	exports_patience(x, no_wait, 1000);
	export_until_full();
	ATF_REQUIRE_EQ(1, exports_stream_turn(x, 0, 0, &c));
	close(peer[0]);
	exports_patience(x, no_wait, 1000);
	exports_flush(x, &c);
	while (exports_stream_fd(x, 0, &wants) != -1)
		export_one(0);
	errno = 0;
	ATF_CHECK_EQ(-1, exports_stream_turn(x, 0, 0, &c));
	ATF_CHECK_EQ(EPIPE, errno);
	ATF_CHECK_EQ(EPIPE, counters_of(0).last_error);
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(a_mark_of_another_train_holds_nothing_back);
ATF_TC_BODY(a_mark_of_another_train_holds_nothing_back, tc)
{
	struct summary_export	row = { 0 };

	begin_exports();
	add_stream();
	queues[0]->state[queues[0]->current].mark =
	    UINT64_MAX - 100;
	export_one(1);
	exports_flush(x, &c);
	exports_row(x, 0, &row);
	ATF_CHECK_EQ(1, row.queued);
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(full_streams_hold_flows_back_for_a_second_together);
ATF_TC_BODY(full_streams_hold_flows_back_for_a_second_together, tc)
{
	begin_exports();
	add_stream();
	add_stream();
	add_stream();
	export_until_full();
	exports_pace(x, 1000000);
	ATF_CHECK_EQ(0, exports_room(x));
	exports_pace(x, 1999999);
	ATF_CHECK_EQ(0, exports_room(x));
	exports_pace(x, 2000000);
	ATF_CHECK_EQ(1, exports_room(x));
	exports_free(x);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_session_that_ends_while_room_is_awaited_is_told);
	ATF_TP_ADD_TC(tp, a_mark_of_another_train_holds_nothing_back);
	ATF_TP_ADD_TC(tp, full_streams_hold_flows_back_for_a_second_together);
	return (atf_no_error());
}
