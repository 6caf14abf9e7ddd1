/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The window of a hand-over: which frames a worker reads of a ring. */

#include <atf-c.h>

#include "capture_fixture.h"

#define CUT_US	1700000000000000ULL

/* A frame's time, in nanoseconds from the cut. */
static void
set_time(uint32_t n, uint32_t frame, int ns)
{
	struct tpacket3_hdr	*h = header(n, frame);
	uint64_t		 at = CUT_US * 1000 + (uint64_t)(int64_t)ns;

	h->tp_sec = (uint32_t)(at / 1000000000);
	h->tp_nsec = (uint32_t)(at % 1000000000);
}

/* All of it, in batches of so many, as bits by their first octets from 10. */
static uint64_t
read_all(int max, int *n)
{
	struct capture_mark	mark;
	uint64_t		bits = 0, before;
	int			i;

	for (*n = 0;; *n += nseen) {
		before = c.frames_skipped;
		mark = read_some(max);
		for (i = 0; i < nseen; i++)
			bits |= 1ULL << (seen[i] - 10);
		/* The mark tells where, also behind what was passed over. */
		if (nseen > 0)
			ATF_CHECK_EQ(seen[nseen - 1] - 10U,
			    mark.frames - 1 + (mark.block == 6 ? 20 : 0));
		if (nseen == 0 && before == c.frames_skipped)
			return (bits);
	}
}

/* Two blocks of 20 frames with these times, read within a window. */
static uint64_t
read_window(const int *ns, uint64_t from_us, uint64_t before_us, int max)
{
	uint64_t	bits;
	uint32_t	i;
	int		n;

	start();
	fill(1, 5, 20, 10);
	fill(2, 6, 20, 30);
	for (i = 0; i < 40; i++)
		set_time(1 + i / 20, i % 20, ns[i]);
	open_ring(0, NULL);
	capture_window(cap, from_us, before_us);
	bits = read_all(max, &n);
	ATF_CHECK_EQ(__builtin_popcountll(bits), n);
	ATF_CHECK_EQ(0, c.frames_skipped);
	return (bits);
}

ATF_TC_WITHOUT_HEAD(each_frame_is_on_one_side_of_the_cut_and_on_one_only);
ATF_TC_BODY(each_frame_is_on_one_side_of_the_cut_and_on_one_only, tc)
{
	uint64_t	before, from, want;
	uint32_t	random = 1;
	int		ns[40], i, round;

	for (round = 0; round < 200; round++) {
		for (want = 0, i = 0; i < 40; i++) {
			/* Near the cut, not in order, and some just at it. */
			random = random * 1103515245 + 12345;
			ns[i] = (int)(random >> 16) % 4000 - 2000;
			if (i % 7 == 0)
				ns[i] = i % 2 == 0 ? 0 : -1;
			if (ns[i] < 0)
				want |= 1ULL << i;
		}
		before = read_window(ns, 0, CUT_US, 1 + round % 32);
		from = read_window(ns, CUT_US, 0, 1 + round % 32);
		ATF_REQUIRE_EQ(want, before);
		ATF_REQUIRE_EQ((1ULL << 40) - 1 - want, from);
	}
}

ATF_TC_WITHOUT_HEAD(blocks_outside_the_window_are_given_back);
ATF_TC_BODY(blocks_outside_the_window_are_given_back, tc)
{
	uint32_t	i;

	start();
	fill(1, 5, 3, 10);
	fill(2, 6, 3, 20);
	fill(3, 7, 3, 30);
	for (i = 0; i < 6; i++)
		set_time(1 + i / 3, i % 3, 5000);
	for (i = 0; i < 3; i++)
		set_time(3, i, -5000);
	open_ring(0, NULL);
	capture_window(cap, 0, CUT_US);
	read_some(32);
	check_seen(3, 30);
	ATF_CHECK_EQ(TP_STATUS_KERNEL, block(1)->hdr.bh1.block_status);
	ATF_CHECK_EQ(TP_STATUS_KERNEL, block(2)->hdr.bh1.block_status);
	read_some(32);
	check_seen(0, 0);
}

ATF_TC_WITHOUT_HEAD(an_open_window_shows_what_it_hid_from_there_on);
ATF_TC_BODY(an_open_window_shows_what_it_hid_from_there_on, tc)
{
	uint32_t	i;

	start();
	fill(1, 5, 6, 10);
	for (i = 0; i < 6; i++)
		set_time(1, i, i < 2 ? -5000 : 5000);
	open_ring(0, NULL);
	capture_window(cap, 0, CUT_US);
	read_some(32);
	check_seen(2, 10);
	capture_window(cap, 0, 0);
	read_some(32);
	check_seen(4, 12);
}

/* The kernel fills a block from its opening on. */
ATF_TC_WITHOUT_HEAD(behind_a_block_that_opened_late_times_are_not_looked_at);
ATF_TC_BODY(behind_a_block_that_opened_late_times_are_not_looked_at, tc)
{
	uint32_t	opened;

	for (opened = 0; opened < 2; opened++) {
		start();
		fill(1, 5, 3, 10);
		fill(2, 6, 3, 20);
		block(1)->hdr.bh1.ts_first_pkt.ts_sec = CUT_US / 1000000 +
		    opened;
		open_ring(0, NULL);
		capture_window(cap, CUT_US, 0);
		read_some(32);
		check_seen(opened ? 3 : 0, 10);
		read_some(32);
		check_seen(opened ? 3 : 0, 20);
	}
}

ATF_TC_WITHOUT_HEAD(headers_that_cannot_be_end_a_block_in_a_window_too);
ATF_TC_BODY(headers_that_cannot_be_end_a_block_in_a_window_too, tc)
{
	uint32_t	i;

	for (i = 0; i < 5; i++) {
		start();
		fill(1, 5, 6, 10);
		fill(2, 6, 2, 40);
		set_time(1, 0, -1);
		set_time(1, 1, -1);
		set_time(2, 0, -1);
		set_time(2, 1, -1);
		set_time(1, 4, -1);
		header(1, i)->tp_mac = 1;
		open_ring(0, NULL);
		capture_window(cap, 1, CUT_US);
		read_some(32);
		ATF_CHECK_EQ(i < 2 ? (int)i : 2, nseen);
		while (nseen > 0)
			read_some(32);
		read_some(32);
		ATF_CHECK_EQ_MSG(6 - i, c.frames_skipped, "%u: %ju", i,
		    (uintmax_t)c.frames_skipped);
		ATF_CHECK_EQ(TP_STATUS_KERNEL,
		    block(1)->hdr.bh1.block_status);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_frame_is_on_one_side_of_the_cut_and_on_one_only);
	ATF_TP_ADD_TC(tp, blocks_outside_the_window_are_given_back);
	ATF_TP_ADD_TC(tp, an_open_window_shows_what_it_hid_from_there_on);
	ATF_TP_ADD_TC(tp,
	    behind_a_block_that_opened_late_times_are_not_looked_at);
	ATF_TP_ADD_TC(tp, headers_that_cannot_be_end_a_block_in_a_window_too);
	return (atf_no_error());
}
