/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Live capture by bpf(4), the worker's half: it reads the buffers of a device
 * that capture_bpf_open.c has opened, bound and locked.  A buffer that has been
 * read is the worker's alone, and is lost with it: position and resume count
 * what of it was not looked at.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_bpf.h"
#include "capture_reader.h"

#define READS_TURN	4	/* of buffers without a frame of ours */

const enum capture_kind capture_live_kind = CAPTURE_BPF;

struct bpf_state {
	int		 fd;		/* also when it is polled no more, */
	int		 error;		/* for this reason; 0: told */
	uint8_t		*data;		/* conf.block_size octets */
	uint32_t	 len;		/* of them were read */
	uint32_t	 offset;	/* of the next one */
	uint32_t	 rest;		/* so many from there on, */
	uint32_t	 left;		/* and of them inside the window */
	uint64_t	 from_us;	/* that; 0: open */
	uint64_t	 before_us;
	uint64_t	 passed;	/* outside of it, but counted by the
					   kernel */
	uint64_t	 lost;		/* with a worker before us */
};

/* No size: it is bound to no interface, and nothing will ever come. */
static int
bpf_open(struct capture *cap, int filter_fd, const struct msg_filter *filter)
{
	struct bpf_state	*st;
	uint32_t		 size = cap->conf.block_size;

	(void)filter;
	if (filter_fd != -1 || (size != 0 && (size < BPF_LENGTH_MIN ||
	    size > BPF_LENGTH_MAX || cap->conf.block_count != 1))) {
		errno = EINVAL;
		return (-1);
	}
	if ((st = calloc(1, sizeof(*st))) == NULL)
		return (-1);
	if (size != 0 && (st->data = malloc(size)) == NULL) {
		free(st);
		return (-1);
	}
	st->fd = cap->fd;
	if (size == 0)
		cap->fd = -1;
	cap->state = st;
	return (0);
}

/*
 * The frame of the record at *offset, which is moved behind it.  The kernel
 * wrote it, yet nothing of it is used before it is known to lie inside the
 * buffer: of that st->len octets, far less than 2^31.  -1 ends the buffer.
 */
static int
bpf_frame(const struct capture *cap, uint32_t *offset, struct frame *frame)
{
	const struct bpf_state	*st = cap->state;
	struct bpf_record	 r;
	uint32_t		 left = st->len - *offset;

	if (left < bpf_os_header)
		return (-1);
	bpf_os_record(st->data + *offset, &r);
	if (r.hdrlen < bpf_os_header || r.hdrlen > left ||
	    r.caplen > left - r.hdrlen || r.caplen > r.wirelen)
		return (-1);
	memset(frame, 0, sizeof(*frame));
	frame->data = st->data + *offset + r.hdrlen;
	frame->caplen = r.caplen;
	frame->wirelen = r.wirelen;
	frame->time_us = r.time_us;
	frame->slot = cap->slot;
	frame->outgoing = r.outgoing;
	/* Behind the last one there need not be what aligns the next. */
	*offset += (r.hdrlen + r.caplen + (uint32_t)bpf_os_alignment - 1) &
	    ~((uint32_t)bpf_os_alignment - 1);
	return (0);
}

static int
bpf_inside(const struct bpf_state *st, const struct frame *frame)
{
	return (frame->time_us >= st->from_us && (st->before_us == 0 ||
	    frame->time_us < st->before_us));
}

/*
 * Count what is in hand.  A record that does not fit ends it, and counts as
 * one: how many would be behind it nobody can say.
 */
static int
bpf_count(struct capture *cap)
{
	struct bpf_state	*st = cap->state;
	struct frame		 frame;
	uint32_t		 offset = st->offset;

	for (st->rest = st->left = 0; offset < st->len; st->rest++) {
		if (bpf_frame(cap, &offset, &frame) == -1)
			return (1);
		st->left += (uint32_t)bpf_inside(st, &frame);
	}
	return (0);
}

static void
bpf_gone(struct capture *cap, int error)
{
	struct bpf_state	*st = cap->state;

	st->error = error;
	cap->fd = -1;
}

/*
 * The next buffer; 0: there is none now.  poll(2) is asked first, as read(2)
 * would give the little that has come, and start the time to wait anew.
 */
static int
bpf_fill(struct capture *cap, struct counters *c)
{
	struct bpf_state	*st = cap->state;
	struct pollfd		 pfd = { .fd = cap->fd, .events = POLLIN };
	ssize_t			 n;

	st->passed += st->rest;
	st->rest = st->len = st->offset = 0;
	if (cap->fd == -1 || poll(&pfd, 1, 0) != 1)
		return (0);
	n = read(st->fd, st->data, cap->conf.block_size);
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		bpf_gone(cap, errno);
	else if (n <= 0 && (pfd.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
		bpf_gone(cap, ENXIO);
	if (n <= 0)
		return (0);
	st->len = (uint32_t)n;
	c->frames_skipped += (uint64_t)bpf_count(cap);
	return (1);
}

static int
bpf_ready(struct capture *cap, struct counters *c)
{
	struct bpf_state	*st = cap->state;
	int			 reads;

	c->frames_skipped += st->lost;
	st->lost = 0;
	for (reads = 0; st->left == 0 && reads < READS_TURN; reads++)
		if (!bpf_fill(cap, c))
			return (0);
	return (st->left > 0);
}

static int
bpf_read(struct capture *cap, int max, capture_frame_fn *fn, void *arg,
    struct counters *c)
{
	struct bpf_state	*st = cap->state;
	struct frame		 frame;
	int			 n = 0;

	(void)c;
	while (n < max && st->left > 0 &&
	    bpf_frame(cap, &st->offset, &frame) == 0) {
		st->rest--;
		if (!bpf_inside(st, &frame)) {
			st->passed++;
			continue;
		}
		st->left--;
		fn(arg, &frame);
		n++;
	}
	return (n);
}

static void
bpf_window(struct capture *cap, uint64_t from_us, uint64_t before_us)
{
	struct bpf_state	*st = cap->state;

	st->from_us = from_us;
	st->before_us = before_us;
	(void)bpf_count(cap);
}

static int
bpf_in_hand(const struct capture *cap)
{
	const struct bpf_state	*st = cap->state;

	return (st->left > 0);
}

static void
bpf_position(const struct capture *cap, struct capture_mark *mark)
{
	const struct bpf_state	*st = cap->state;

	mark->block = st->left;
	mark->frames = 0;
}

/* What was left of the buffer in hand has gone. */
static void
bpf_resume(struct capture *cap, const struct capture_mark *mark)
{
	struct bpf_state	*st = cap->state;

	if (mark->block <= cap->conf.block_size / bpf_os_header &&
	    mark->frames <= mark->block)
		st->lost = mark->block - mark->frames;
}

static void
bpf_kernel_counters(struct capture *cap, struct counters *c,
    struct capture_kernel *at)
{
	struct bpf_state	*st = cap->state;
	struct capture_kernel	 now, before = *at;
	uint64_t		 received, others;

	if (st->data == NULL || bpf_os_counters(st->fd, &now) == -1)
		return;
	*at = now;
	if (before.received == CAPTURE_KERNEL_UNKNOWN)
		return;
	received = (now.received - before.received) & bpf_os_counter_max;
	others = st->passed < received ? st->passed : received;
	st->passed -= others;
	c->kernel_received += received - others;
	c->kernel_dropped += (now.dropped - before.dropped) &
	    bpf_os_counter_max;
}

static int
bpf_clear_error(struct capture *cap)
{
	struct bpf_state	*st = cap->state;
	int			 error = st->error;

	st->error = 0;
	return (error);
}

const struct capture_ops capture_live_ops = {
	.open = bpf_open,
	.ready = bpf_ready,
	.read = bpf_read,
	.window = bpf_window,
	.in_hand = bpf_in_hand,
	.kernel_counters = bpf_kernel_counters,
	.clear_error = bpf_clear_error,
	.position = bpf_position,
	.resume = bpf_resume,
};
