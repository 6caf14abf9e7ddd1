/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The worker's side of control clients that say anything.  An input is
 * operations: enum control_op in the upper half of an octet, and in the lower
 * one which client.
 */

#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

#include "control_filter.h"
#include "control_fixture.h"
#include "control_length.h"
#include "feed.h"
#include "fuzz.h"
#include "softflowd.h"

#define FLOWS	100

enum control_op {
	CONTROL_OP_JOIN,	/* as a viewer, if its octet is odd */
	CONTROL_OP_SAY,		/* a message of feed.h */
	CONTROL_OP_TURN,
	CONTROL_OP_READ,	/* what has been answered */
	CONTROL_OP_TIME,	/* s: two octets */
	CONTROL_OP_DONE,	/* its wish: failed, octets of a text */
	CONTROL_OP_LEAVE,
	CONTROL_OP_ENGINE,	/* interrupted, version of a collector */
	CONTROL_OP_MAX
};

static void	control_seeds(void (*)(const uint8_t *, size_t));

const struct fuzz_target	fuzz_target = {
	.name = "control", .max = 1500, .runs = 2500, .seeds = control_seeds
};

static struct peer		peers[MAX_CONTROL];
static int			joined[MAX_CONTROL];
static uint64_t			now_ms;

/* Flows of all kinds, of which filters can have some. */
static void
fill_table(void)
{
	struct flow	*f;
	uint32_t	 i;

	for (i = 0; i < track_top(engine.table); i++) {
		f = track_flow(engine.table, i);
		f->key.proto = i % 3 == 0 ? 6 : 17;
		f->packets[0] = i;
		f->packets[1] = i % 5;
		f->octets[0] = 100 * (uint64_t)i;
		f->first_us[0] = f->first_us[1] = 1000000 * (uint64_t)i;
		f->last_us[0] = f->last_us[1] = 2000000 * (uint64_t)i;
		f->tcp_flags[0] = (uint8_t)i;
	}
	engine.now_us = 300000000;
}

/* Answers are well-formed, whatever was asked; 0: nothing more now. */
static int
read_answer(struct peer *p)
{
	struct ctl_result	r;
	struct imsg		imsg;
	int			n;

	if ((n = imsgbuf_get(&p->ibuf, &imsg)) == 0) {
		if ((n = imsgbuf_read(&p->ibuf)) != 1)
			return (0);
		n = imsgbuf_get(&p->ibuf, &imsg);
	}
	if (n == 0)
		return (0);
	REQUIRE(n == 1 && imsg_get_id(&imsg) == CTL_VERSION);
	REQUIRE(imsg_get_type(&imsg) >= CTL_SUMMARY &&
	    imsg_get_type(&imsg) <= CTL_RESULT);
	if (imsg_get_type(&imsg) == CTL_RESULT) {
		REQUIRE(imsg_get_data(&imsg, &r, sizeof(r)) == 0);
		REQUIRE(memchr(r.text, '\0', sizeof(r.text)) != NULL);
		REQUIRE(!r.failed || *r.text != '\0');
	}
	imsg_free(&imsg);
	return (1);
}

static void
leave(unsigned int id)
{
	if (joined[id]) {
		close(peers[id].fd);
		imsgbuf_clear(&peers[id].ibuf);
	}
	joined[id] = 0;
}

static void
op_join(unsigned int id, int viewer)
{
	struct msg_control	m = { .id = id, .role = viewer ?
				    CONTROL_VIEWER : CONTROL_OPERATOR };
	int			fd[2];

	feed_pair(fd);
	if (control_add(fd[0], &m, now_ms) == -1) {
		REQUIRE(errno == EINVAL);
		close(fd[0]);
		close(fd[1]);
		return;
	}
	leave(id);
	joined[id] = 1;
	peers[id].fd = fd[1];
	REQUIRE(imsgbuf_init(&peers[id].ibuf, fd[1]) == 0);
}

static void
op_done(unsigned int id, struct take *t)
{
	struct msg_wish_done	done = { .client = id };
	const uint8_t		*text;
	size_t			 n;

	done.failed = (uint32_t)take(t, 1) & 1;
	n = take(t, 1);
	n = take_octets(t, n, &text);
	if (n > 0)
		memcpy(done.text, text, n);
	if (*done.text == '\0')
		strlcpy(done.text, "done", sizeof(done.text));
	REQUIRE(control_wish_done(&done, now_ms) == 0);
}

static void
perform(struct take *t)
{
	uint64_t	op = take(t, 1);
	unsigned int	id = op % MAX_CONTROL;
	struct feed	feed = { peers[id].fd, CTL_SHUTDOWN, CTL_VERSION,
			    control_length };

	switch (op >> 4) {
	case CONTROL_OP_JOIN:
		op_join(id, (int)take(t, 1) & 1);
		break;
	case CONTROL_OP_SAY:
		if (!joined[id])
			feed.fd = -1;
		(void)feed_message(&feed, t);
		turn(now_ms);
		break;
	case CONTROL_OP_READ:
		while (joined[id] && read_answer(&peers[id]))
			turn(now_ms);
		break;
	case CONTROL_OP_TIME:
		now_ms += 1000 * take(t, 2);
		break;
	case CONTROL_OP_DONE:
		op_done(id, t);
		break;
	case CONTROL_OP_LEAVE:
		leave(id);
		break;
	case CONTROL_OP_ENGINE:
		engine.interrupted = (int)take(t, 1) & 1;
		engine.version = (uint32_t)take(t, 1);
		break;
	default:
		turn(now_ms);
	}
	/* What the engine is told to do has been looked at. */
	if (engine.filtered)
		REQUIRE(control_filter_check(&engine.filter) == NULL &&
		    !control_filter_empty(&engine.filter));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct take	 t = { data, size };
	unsigned int	 before, i;

	if (engine.table == NULL) {
		setup(FLOWS);
		fill_table();
	}
	before = feed_descriptors();
	engine.wishes = 0;
	engine.filtered = 0;
	now_ms = 1000;
	for (i = 0; i < MAX_CONTROL; i++)
		op_join(i, 0);
	while (t.left > 0)
		perform(&t);
	/* Of one that waits for the parent, too, time is the end. */
	now_ms += 10 * CONTROL_WISH_MS;
	turn(now_ms);
	turn(now_ms + 10 * CONTROL_WISH_MS);
	for (i = 0; i < MAX_CONTROL; i++)
		leave(i);
	turn(now_ms);
	control_close_all(0);
	REQUIRE(feed_descriptors() == before);
	return (0);
}

static void
control_seeds(void (*fn)(const uint8_t *, size_t))
{
	static const uint8_t	query[] = { 0x10, FEED_RIGHT, 14, 0, 4, 1, 0,
				    0, 0, 0x30, 0x20, 0x10, FEED_RIGHT, 13, 0,
				    12, 1, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0,
				    0x50, 0, 2, 'o', 'k', 0x30, 0x11,
				    FEED_RIGHT, 15, 0, 4, 1, 0, 0, 0, 0x31,
				    0x41, 1, 0, 0x61 };
	uint8_t			head[1] = { 0 };

	feed_seed(fn, head, 0, 0x10, CTL_REQUEST_MAX - CTL_SHUTDOWN + 1);
	feed_seed(fn, head, 0, 0x11, 4);
	fn(query, sizeof(query));
}
