/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The worker's half: buffers as a kernel writes them, and as none would. */

#ifndef BPF_READ_CASES_H
#define BPF_READ_CASES_H

#define SEEN_MAX	64
#define OCTETS		60		/* of a frame, unless it is said */

static struct capture		cap;
static struct counters		c;
static struct frame		seen[SEEN_MAX];
static unsigned int		nseen;

static void
see(void *arg, const struct frame *frame)
{
	ATF_REQUIRE_EQ(&c, arg);
	ATF_REQUIRE(nseen < SEEN_MAX);
	seen[nseen++] = *frame;
}

/* A worker's capture of the device. */
static void
start(void)
{
	memset(&cap, 0, sizeof(cap));
	memset(&c, 0, sizeof(c));
	nseen = 0;
	cap.fd = DEVICE;
	cap.slot = 3;
	cap.conf.block_size = FIXED_SIZE;
	cap.conf.block_count = 1;
	ATF_REQUIRE_EQ(0, (capture_live_ops.open)(&cap, -1, NULL));
}

static void
begin_reading(void)
{
	bpf_reset();
	start();
}

/* The next record of the buffer, with hdr's lengths, and room for them. */
static void
add_header(struct bpf_hdr hdr)
{
	size_t	at = BPF_WORDALIGN(bpf.len);

	ATF_REQUIRE(at + sizeof(hdr) + OCTETS <= sizeof(bpf.buffer));
	memset(bpf.buffer + at, 0xaa, SYSTEM_HEADER + OCTETS);
	memcpy(bpf.buffer + at, &hdr, SYSTEM_HEADER < sizeof(hdr) ?
	    SYSTEM_HEADER : sizeof(hdr));
	bpf.len = at + SYSTEM_HEADER + OCTETS;
}

static struct bpf_hdr
header(uint32_t seconds)
{
	struct bpf_hdr	hdr = { 0 };

	hdr.bh_tstamp.tv_sec = seconds;
	hdr.bh_tstamp.tv_usec = 7;
	hdr.bh_caplen = hdr.bh_datalen = OCTETS;
	hdr.bh_hdrlen = SYSTEM_HEADER;
	return (hdr);
}

static void
add(uint32_t seconds)
{
	add_header(header(seconds));
}

static int
ready(void)
{
	return ((capture_live_ops.ready)(&cap, &c));
}

static int
read_some(int max)
{
	return (ready() ? (capture_live_ops.read)(&cap, max, see, &c, &c) :
	    0);
}

ATF_TC_WITHOUT_HEAD(a_frame_is_what_the_kernel_says);
ATF_TC_BODY(a_frame_is_what_the_kernel_says, tc)
{
	struct bpf_hdr	hdr = header(4294967295U);

	begin_reading();
	hdr.bh_datalen = 1500;
	add_header(hdr);
	ATF_REQUIRE_EQ(1, read_some(9));
	ATF_CHECK_EQ(OCTETS, seen[0].caplen);
	ATF_CHECK_EQ(1500, seen[0].wirelen);
	ATF_CHECK_EQ(4294967295000007ULL, seen[0].time_us);
	ATF_CHECK_EQ(3, seen[0].slot);
	ATF_CHECK_EQ(0, seen[0].outgoing);
	ATF_CHECK_EQ(0, seen[0].flags);
	ATF_CHECK_EQ(0, read_some(9));
	ATF_CHECK_EQ(0, c.frames_skipped);
}

ATF_TC_WITHOUT_HEAD(records_of_any_length_follow_each_other);
ATF_TC_BODY(records_of_any_length_follow_each_other, tc)
{
	const struct bpf_state	*st;
	unsigned int		 i;
	struct bpf_hdr		 hdr;
	size_t			 at = 0;

	begin_reading();
	for (i = 0; i < 40; i++) {
		hdr = header(i);
		hdr.bh_caplen = i;
		add_header(hdr);
		bpf.buffer[at + SYSTEM_HEADER] = (uint8_t)i;
		bpf.len = at + SYSTEM_HEADER + i;	/* ends unaligned */
		at = BPF_WORDALIGN(bpf.len);
	}
	ATF_REQUIRE_EQ(7, read_some(7));
	ATF_CHECK_EQ(1, (capture_live_ops.in_hand)(&cap));
	ATF_REQUIRE_EQ(33, read_some(99));
	ATF_CHECK_EQ(0, (capture_live_ops.in_hand)(&cap));
	st = cap.state;
	for (i = 0; i < 40; i++) {
		ATF_CHECK_EQ(i, seen[i].caplen);
		ATF_CHECK_EQ(i * 1000000ULL + 7, seen[i].time_us);
		ATF_CHECK(i == 0 || seen[i].data[0] == i);
		ATF_CHECK(seen[i].data + i <= st->data + FIXED_SIZE);
	}
	ATF_CHECK_EQ(1, bpf.reads);
	ATF_CHECK_EQ(0, c.frames_skipped);
}

ATF_TC_WITHOUT_HEAD(a_record_that_does_not_fit_ends_the_buffer);
ATF_TC_BODY(a_record_that_does_not_fit_ends_the_buffer, tc)
{
	static const struct {
		uint32_t	caplen, datalen, hdrlen, cut;
		int		fits;
	} record[] = {
		{ OCTETS, OCTETS, SYSTEM_HEADER, 0, 1 },
		{ 0, OCTETS, SYSTEM_HEADER, OCTETS, 1 },
		{ OCTETS, UINT32_MAX, SYSTEM_HEADER, 0, 1 },
		{ OCTETS - 1, OCTETS, SYSTEM_HEADER + 1, 0, 1 },
		{ 0, OCTETS, SYSTEM_HEADER + OCTETS, 0, 1 },
		{ 0, 0, SYSTEM_MIN, SYSTEM_HEADER + OCTETS - SYSTEM_MIN, 1 },
		{ OCTETS + 1, OCTETS + 1, SYSTEM_HEADER, 0, 0 },
		{ OCTETS, OCTETS - 1, SYSTEM_HEADER, 0, 0 },
		{ OCTETS, OCTETS, SYSTEM_HEADER + 1, 0, 0 },
		{ OCTETS, OCTETS, SYSTEM_HEADER, 1, 0 },
		{ 0, 0, SYSTEM_MIN - 1, 0, 0 },
		{ 0, 0, 0, 0, 0 },
		{ 0, 0, SYSTEM_HEADER + OCTETS + 1, 0, 0 },
		{ 0, 0, UINT16_MAX, 0, 0 },
		{ UINT32_MAX, UINT32_MAX, SYSTEM_HEADER, 0, 0 },
		{ UINT32_MAX - SYSTEM_HEADER, UINT32_MAX, SYSTEM_HEADER, 0,
		    0 },
		{ 0 - SYSTEM_HEADER, UINT32_MAX, SYSTEM_HEADER, 0, 0 },
		{ 0, 0, SYSTEM_MIN, SYSTEM_HEADER + OCTETS - SYSTEM_MIN + 1,
		    0 },
		{ 0, 0, SYSTEM_HEADER, SYSTEM_HEADER + OCTETS - 1, 0 }
	};
	struct bpf_hdr	hdr;
	size_t		i;
	int		n;

	for (i = 0; i < nitems(record); i++) {
		begin_reading();
		add(1);
		hdr = header(2);
		hdr.bh_caplen = record[i].caplen;
		hdr.bh_datalen = record[i].datalen;
		hdr.bh_hdrlen = (uint16_t)record[i].hdrlen;
		add_header(hdr);
		bpf.len -= record[i].cut;
		n = read_some(9);
		ATF_CHECK_EQ_MSG(1 + record[i].fits, n, "%zu", i);
		ATF_CHECK_EQ_MSG(!record[i].fits, c.frames_skipped, "%zu", i);
		/* And the next buffer is as good as any. */
		add(3);
		ATF_CHECK_EQ(1, read_some(9));
		ATF_CHECK_EQ(3000007, seen[n].time_us);
	}
}

ATF_TC_WITHOUT_HEAD(what_stands_behind_such_a_record_is_not_read);
ATF_TC_BODY(what_stands_behind_such_a_record_is_not_read, tc)
{
	struct bpf_hdr	hdr = header(2);

	begin_reading();
	hdr.bh_hdrlen = 0;
	add_header(hdr);
	add(3);
	ATF_CHECK_EQ(0, read_some(9));
	ATF_CHECK_EQ(1, c.frames_skipped);
	ATF_CHECK_EQ(0, nseen);
}

ATF_TC_WITHOUT_HEAD(nothing_behind_the_buffer_is_looked_at);
ATF_TC_BODY(nothing_behind_the_buffer_is_looked_at, tc)
{
	struct bpf_hdr	hdr = header(1);

	begin_reading();
	hdr.bh_caplen = hdr.bh_datalen = FIXED_SIZE - SYSTEM_HEADER - 8;
	add_header(hdr);
	bpf.len = FIXED_SIZE;
	ATF_CHECK_EQ(1, read_some(9));
	ATF_CHECK_EQ(1, c.frames_skipped);
}

ATF_TC_WITHOUT_HEAD(a_window_splits_a_buffer);
ATF_TC_BODY(a_window_splits_a_buffer, tc)
{
	struct capture_kernel	at = { 0, 0 };
	struct capture_mark	mark;
	uint32_t		i;

	begin_reading();
	for (i = 1; i <= 9; i++)
		add(i);
	(capture_live_ops.window)(&cap, 3000007, 6000007);
	ATF_REQUIRE(ready());
	(capture_live_ops.position)(&cap, &mark);
	ATF_CHECK_EQ(3, mark.block);
	ATF_CHECK_EQ(0, mark.frames);
	ATF_REQUIRE_EQ(1, read_some(1));
	ATF_CHECK_EQ(3000007, seen[0].time_us);
	/* It may change while a buffer is in hand. */
	(capture_live_ops.window)(&cap, 5000000, 0);
	(capture_live_ops.position)(&cap, &mark);
	ATF_CHECK_EQ(5, mark.block);
	ATF_REQUIRE_EQ(5, read_some(9));
	ATF_CHECK_EQ(5000007, seen[1].time_us);
	ATF_CHECK_EQ(9000007, seen[5].time_us);
	ATF_CHECK_EQ(0, read_some(9));
	/* Of the 12 that it counted 1, 2 and 4 are not ours. */
	bpf.stat.SYSTEM_RECEIVED = 12;
	(capture_live_ops.kernel_counters)(&cap, &c, &at);
	ATF_CHECK_EQ(9, c.kernel_received);
	ATF_CHECK_EQ(0, c.frames_skipped);
}

ATF_TC_WITHOUT_HEAD(buffers_outside_of_the_window_do_not_hold_up_others);
ATF_TC_BODY(buffers_outside_of_the_window_do_not_hold_up_others, tc)
{
	struct capture_kernel	at = { 0, 0 };

	begin_reading();
	(capture_live_ops.window)(&cap, 0, 5000000);
	add(5);
	add(6);
	ATF_CHECK_EQ(0, ready());
	ATF_CHECK_EQ(0, (capture_live_ops.in_hand)(&cap));
	add(4);
	ATF_CHECK_EQ(1, read_some(9));
	bpf.stat.SYSTEM_RECEIVED = 3;
	(capture_live_ops.kernel_counters)(&cap, &c, &at);
	ATF_CHECK_EQ(1, c.kernel_received);
	/* Nor, if there is no end of them, other work. */
	add(7);
	bpf.endless = 1;
	bpf.reads = 0;
	alarm(5);
	ATF_CHECK_EQ(0, ready());
	ATF_CHECK(bpf.reads > 1 && bpf.reads < 10);
}

ATF_TC_WITHOUT_HEAD(others_frames_are_no_more_than_were_counted);
ATF_TC_BODY(others_frames_are_no_more_than_were_counted, tc)
{
	struct capture_kernel	at = { 0, 0 };

	begin_reading();
	(capture_live_ops.window)(&cap, 0, 5000000);
	add(5);
	add(6);
	add(7);
	ATF_CHECK_EQ(0, ready());
	bpf.stat.SYSTEM_RECEIVED = 1;
	(capture_live_ops.kernel_counters)(&cap, &c, &at);
	ATF_CHECK_EQ(0, c.kernel_received);
	/* The others are taken off what is counted later. */
	bpf.stat.SYSTEM_RECEIVED = 5;
	(capture_live_ops.kernel_counters)(&cap, &c, &at);
	ATF_CHECK_EQ(2, c.kernel_received);
}

ATF_TC_WITHOUT_HEAD(a_worker_that_dies_gives_up_what_it_had_in_hand_counted);
ATF_TC_BODY(a_worker_that_dies_gives_up_what_it_had_in_hand_counted, tc)
{
	static const struct capture_mark	bad[] = {
		{ 3, 4 }, { UINT64_MAX, 0 },
		{ FIXED_SIZE / SYSTEM_MIN + 1, 0 }
	};
	struct capture_mark	mark;
	uint32_t		i;

	begin_reading();
	for (i = 0; i < 9; i++)
		add(i);
	ATF_REQUIRE_EQ(2, read_some(2));
	ATF_REQUIRE(ready());
	(capture_live_ops.position)(&cap, &mark);
	ATF_CHECK_EQ(7, mark.block);
	mark.frames = 3;		/* were looked at */
	start();
	(capture_live_ops.resume)(&cap, &mark);
	add(99);
	ATF_CHECK_EQ(1, read_some(9));
	ATF_CHECK_EQ(4, c.frames_skipped);
	ATF_CHECK_EQ(99000007, seen[0].time_us);
	ATF_CHECK_EQ(0, read_some(9));
	ATF_CHECK_EQ(4, c.frames_skipped);
	for (i = 0; i < nitems(bad); i++) {
		start();
		(capture_live_ops.resume)(&cap, &bad[i]);
		ATF_CHECK_EQ(0, ready());
		ATF_CHECK_EQ(0, c.frames_skipped);
	}
}

ATF_TC_WITHOUT_HEAD(the_kernel_counts_on_whichever_worker_asks);
ATF_TC_BODY(the_kernel_counts_on_whichever_worker_asks, tc)
{
	struct capture_kernel	at = { 0, 0 };

	begin_reading();
	bpf.stat.SYSTEM_RECEIVED = 10;
	bpf.stat.bs_drop = 2;
	(capture_live_ops.kernel_counters)(&cap, &c, &at);
	ATF_CHECK_EQ(10, c.kernel_received);
	ATF_CHECK_EQ(2, c.kernel_dropped);
	start();
	bpf.stat.SYSTEM_RECEIVED = 15;
	bpf.stat.bs_drop = 3;
	(capture_live_ops.kernel_counters)(&cap, &c, &at);
	ATF_CHECK_EQ(5, c.kernel_received);
	ATF_CHECK_EQ(1, c.kernel_dropped);
	/* Nobody knows what is accounted for of these. */
	at.received = CAPTURE_KERNEL_UNKNOWN;
	bpf.stat.SYSTEM_RECEIVED = 100;
	(capture_live_ops.kernel_counters)(&cap, &c, &at);
	ATF_CHECK_EQ(5, c.kernel_received);
	bpf.stat.SYSTEM_RECEIVED = 101;
	(capture_live_ops.kernel_counters)(&cap, &c, &at);
	ATF_CHECK_EQ(6, c.kernel_received);
	record_fail("BIOCGSTATS", 1, ENXIO);
	(capture_live_ops.kernel_counters)(&cap, &c, &at);
	ATF_CHECK_EQ(6, c.kernel_received);
	ATF_CHECK_EQ(101, at.received);
}

ATF_TC_WITHOUT_HEAD(its_counters_may_begin_anew_at_their_largest);
ATF_TC_BODY(its_counters_may_begin_anew_at_their_largest, tc)
{
	struct capture_kernel	at;

	begin_reading();
	at.received = at.dropped = SYSTEM_COUNTER_MAX - 1;
	bpf.stat.SYSTEM_RECEIVED = 5;
	bpf.stat.bs_drop = 1;
	(capture_live_ops.kernel_counters)(&cap, &c, &at);
	ATF_CHECK_EQ(7, c.kernel_received);
	ATF_CHECK_EQ(3, c.kernel_dropped);
	memset(&at, 0, sizeof(at));
	start();
	bpf.stat.SYSTEM_RECEIVED = SYSTEM_COUNTER_MAX;
	(capture_live_ops.kernel_counters)(&cap, &c, &at);
	ATF_CHECK_EQ(SYSTEM_COUNTER_MAX, c.kernel_received);
}

ATF_TC_WITHOUT_HEAD(an_interface_that_has_gone_is_told_once_and_left_alone);
ATF_TC_BODY(an_interface_that_has_gone_is_told_once_and_left_alone, tc)
{
	static const struct {
		int	error;
		short	revents;
		int	told;
	} gone[] = {
		{ ENXIO, POLLIN, ENXIO },
		{ EIO, POLLIN, EIO },
		{ EIO, POLLHUP, EIO },
		{ EAGAIN, POLLIN | POLLERR, ENXIO },
		{ 0, POLLIN | POLLHUP, ENXIO },
		{ EBADF, POLLNVAL, EBADF }
	};
	size_t	i;

	for (i = 0; i < nitems(gone); i++) {
		begin_reading();
		add(1);
		ATF_REQUIRE_EQ(1, read_some(9));
		bpf.error = gone[i].error;
		bpf.revents = gone[i].revents;
		ATF_CHECK_EQ_MSG(0, ready(), "%zu", i);
		ATF_CHECK_EQ(-1, cap.fd);
		ATF_CHECK_EQ_MSG(gone[i].told,
		    (capture_live_ops.clear_error)(&cap), "%zu", i);
		ATF_CHECK_EQ(0, (capture_live_ops.clear_error)(&cap));
		bpf.reads = 0;
		ATF_CHECK_EQ(0, ready());
		ATF_CHECK_EQ(0, bpf.reads);
	}
}

ATF_TC_WITHOUT_HEAD(nothing_to_read_is_no_reason_to_give_up);
ATF_TC_BODY(nothing_to_read_is_no_reason_to_give_up, tc)
{
	static const int	none[] = { EAGAIN, EINTR, 0 };
	size_t			i;

	begin_reading();
	bpf.revents = 0;
	ATF_CHECK_EQ(0, ready());
	ATF_CHECK_EQ(0, bpf.reads);	/* it would begin to wait anew */
	bpf.revents = POLLIN;
	for (i = 0; i < nitems(none); i++) {
		bpf.error = none[i];
		ATF_CHECK_EQ(0, ready());
		ATF_CHECK_EQ(DEVICE, cap.fd);
		ATF_CHECK_EQ(0, (capture_live_ops.clear_error)(&cap));
	}
	add(1);
	ATF_CHECK_EQ(1, read_some(9));
}

ATF_TC_WITHOUT_HEAD(a_device_that_is_bound_to_nothing_is_never_asked);
ATF_TC_BODY(a_device_that_is_bound_to_nothing_is_never_asked, tc)
{
	struct capture_kernel	at = { 0, 0 };

	bpf_reset();
	memset(&cap, 0, sizeof(cap));
	memset(&c, 0, sizeof(c));
	cap.fd = DEVICE;
	ATF_REQUIRE_EQ(0, (capture_live_ops.open)(&cap, -1, NULL));
	ATF_CHECK_EQ(-1, cap.fd);
	bpf.stat.SYSTEM_RECEIVED = 1;
	ATF_CHECK_EQ(0, ready());
	(capture_live_ops.kernel_counters)(&cap, &c, &at);
	ATF_CHECK_EQ(0, bpf.reads);
	ATF_CHECK_EQ(0, c.kernel_received);
	ATF_CHECK_EQ(0, (capture_live_ops.clear_error)(&cap));
	record_expect("");
}

ATF_TC_WITHOUT_HEAD(sizes_out_of_bounds_are_refused);
ATF_TC_BODY(sizes_out_of_bounds_are_refused, tc)
{
	static const struct {
		uint32_t	size, count;
		int		filter_fd;
	} bad[] = {
		{ BPF_LENGTH_MIN - 1, 1, -1 },
		{ BPF_LENGTH_MAX + 1, 1, -1 },
		{ BPF_LENGTH_MAX, 2, -1 },
		{ BPF_LENGTH_MAX, 0, -1 },
		{ BPF_LENGTH_MAX, 1, 9 }
	};
	size_t	i;

	for (i = 0; i < nitems(bad); i++) {
		memset(&cap, 0, sizeof(cap));
		cap.conf.block_size = bad[i].size;
		cap.conf.block_count = bad[i].count;
		ATF_CHECK_ERRNO(EINVAL, (capture_live_ops.open)(&cap,
		    bad[i].filter_fd, NULL) == -1);
	}
}

static atf_error_t
add_read_cases(atf_tp_t *tp)
{
	ATF_TP_ADD_TC(tp, a_frame_is_what_the_kernel_says);
	ATF_TP_ADD_TC(tp, records_of_any_length_follow_each_other);
	ATF_TP_ADD_TC(tp, a_record_that_does_not_fit_ends_the_buffer);
	ATF_TP_ADD_TC(tp, what_stands_behind_such_a_record_is_not_read);
	ATF_TP_ADD_TC(tp, nothing_behind_the_buffer_is_looked_at);
	ATF_TP_ADD_TC(tp, a_window_splits_a_buffer);
	ATF_TP_ADD_TC(tp,
	    buffers_outside_of_the_window_do_not_hold_up_others);
	ATF_TP_ADD_TC(tp, others_frames_are_no_more_than_were_counted);
	ATF_TP_ADD_TC(tp,
	    a_worker_that_dies_gives_up_what_it_had_in_hand_counted);
	ATF_TP_ADD_TC(tp, the_kernel_counts_on_whichever_worker_asks);
	ATF_TP_ADD_TC(tp, its_counters_may_begin_anew_at_their_largest);
	ATF_TP_ADD_TC(tp,
	    an_interface_that_has_gone_is_told_once_and_left_alone);
	ATF_TP_ADD_TC(tp, nothing_to_read_is_no_reason_to_give_up);
	ATF_TP_ADD_TC(tp, a_device_that_is_bound_to_nothing_is_never_asked);
	ATF_TP_ADD_TC(tp, sizes_out_of_bounds_are_refused);
	return (atf_no_error());
}

#endif
