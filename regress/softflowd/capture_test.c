/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The ring's reader, over a ring that no kernel fills: a shared object with
 * blocks made by hand.  Under AddressSanitizer, or behind the end of the
 * object, a step too far ends the test.
 */

#include <sys/mman.h>

#include <linux/if_packet.h>
#include <net/if_arp.h>

#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "capture.h"
#include "interface.h"
#include "shmem.h"

#define BLOCK	65536U
#define BLOCKS	4U
#define FRAME	128U		/* octets that a frame takes in a block */
#define HEADER	(TPACKET_ALIGN(sizeof(struct tpacket3_hdr)) + \
    sizeof(struct sockaddr_ll))

static uint8_t		*ring;
static struct capture	*cap;
static struct counters	 c;
static int		 fd;
static uint32_t		 seen[64];	/* first octet of each frame */
static int32_t		 tags[64];	/* the tag taken out of it, or -1 */
static int		 nseen;

static struct tpacket_block_desc *
block(uint32_t n)
{
	return ((struct tpacket_block_desc *)(void *)(ring + n * BLOCK));
}

static struct tpacket3_hdr *
header(uint32_t n, uint32_t frame)
{
	return ((struct tpacket3_hdr *)(void *)(ring + n * BLOCK +
	    sizeof(struct tpacket_block_desc) + frame * FRAME));
}

/* A full block with so many frames, numbered from first on. */
static void
fill(uint32_t n, uint64_t seq, uint32_t frames, uint8_t first)
{
	struct tpacket_block_desc	*b = block(n);
	struct tpacket3_hdr		*h;
	uint32_t			 i;

	for (i = 0; i < frames; i++) {
		h = header(n, i);
		h->tp_mac = (uint16_t)HEADER;
		h->tp_snaplen = h->tp_len = 4;
		h->tp_next_offset = i + 1 < frames ? FRAME : 0;
		((uint8_t *)h)[HEADER] = (uint8_t)(first + i);
	}
	b->hdr.bh1.seq_num = seq;
	b->hdr.bh1.num_pkts = frames;
	b->hdr.bh1.offset_to_first_pkt = sizeof(*b);
	b->hdr.bh1.block_status = TP_STATUS_USER;
}

static void
start(void)
{
	ATF_REQUIRE((fd = shmem_new_sized("ring", BLOCK * BLOCKS)) != -1);
	ring = mmap(NULL, BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	ATF_REQUIRE(ring != MAP_FAILED);
	memset(&c, 0, sizeof(c));
	nseen = 0;
}

/* A worker takes the ring over. */
static void
open_ring(uint32_t flags, const struct capture_mark *mark)
{
	struct msg_capture	conf = { 0 };

	conf.kind = CAPTURE_RING;
	conf.link = LINK_ETHERNET;
	conf.block_size = BLOCK;
	conf.block_count = BLOCKS;
	conf.flags = flags;
	ATF_REQUIRE((cap = capture_new(&conf, fd, -1, NULL)) != NULL);
	if (mark != NULL)
		capture_resume(cap, mark);
}

static void
see(void *arg, const struct frame *frame)
{
	ATF_REQUIRE(arg == &c && nseen < 64);
	ATF_REQUIRE_EQ(4, frame->caplen);
	tags[nseen] = frame->flags & FRAME_VLAN ? frame->vlan : -1;
	seen[nseen++] = frame->data[0];
}

/* Up to max frames; the place behind them. */
static struct capture_mark
read_some(int max)
{
	struct capture_mark	mark = { 0, 0 };
	int			n = 0;

	nseen = 0;
	if (capture_ready(cap, &c)) {
		capture_position(cap, &mark);
		n = capture_read(cap, max, see, &c, &c);
		mark.frames += (uint64_t)n;
	}
	ATF_REQUIRE_EQ(n, nseen);
	return (mark);
}

static void
check_seen(int n, uint32_t first)
{
	int	i;

	ATF_CHECK_EQ(n, nseen);
	for (i = 0; i < nseen; i++)
		ATF_CHECK_EQ(first + (uint32_t)i, seen[i]);
}

ATF_TC_WITHOUT_HEAD(blocks_are_read_in_order_and_given_back);
ATF_TC_BODY(blocks_are_read_in_order_and_given_back, tc)
{
	start();
	fill(2, 7, 3, 10);
	fill(3, 8, 2, 20);
	fill(0, 9, 1, 30);
	open_ring(0, NULL);
	read_some(32);
	check_seen(3, 10);
	ATF_CHECK_EQ(TP_STATUS_USER, block(2)->hdr.bh1.block_status);
	read_some(32);
	check_seen(2, 20);
	ATF_CHECK_EQ(TP_STATUS_KERNEL, block(2)->hdr.bh1.block_status);
	read_some(32);
	check_seen(1, 30);
	read_some(32);
	check_seen(0, 0);
	ATF_CHECK_EQ(TP_STATUS_KERNEL, block(0)->hdr.bh1.block_status);
}

ATF_TC_WITHOUT_HEAD(reading_begins_with_the_oldest_full_block);
ATF_TC_BODY(reading_begins_with_the_oldest_full_block, tc)
{
	/* Sequence numbers begin again behind the greatest. */
	start();
	fill(2, UINT64_MAX, 3, 10);
	fill(3, 0, 2, 13);
	fill(0, 1, 1, 15);
	block(1)->hdr.bh1.seq_num = 2;	/* being filled */
	open_ring(0, NULL);
	read_some(32);
	check_seen(3, 10);
	read_some(32);
	check_seen(2, 13);
	read_some(32);
	check_seen(1, 15);
	read_some(32);
	check_seen(0, 0);
}

/* The kernel fills it next, though another one is the youngest. */
ATF_TC_WITHOUT_HEAD(with_no_full_block_reading_begins_where_one_fills);
ATF_TC_BODY(with_no_full_block_reading_begins_where_one_fills, tc)
{
	const struct capture_mark	mark = { 7, 3 };
	uint32_t			n;

	for (n = 0; n < BLOCKS; n++) {
		start();
		block(1)->hdr.bh1.seq_num = 6;
		block(2)->hdr.bh1.seq_num = 7;
		block(3)->hdr.bh1.seq_num = 4;
		block(0)->hdr.bh1.seq_num = 5;
		open_ring(MSG_CAPTURE_SKIP, n == 0 ? &mark : NULL);
		read_some(32);
		check_seen(0, 0);
		fill(n, 8, 5, 10);
		read_some(32);
		check_seen(5, 10);
		fill((n + 1) % BLOCKS, 9, 5, 20);
		read_some(32);
		check_seen(5, 20);
		ATF_CHECK_EQ(0, c.frames_skipped);
	}
}

ATF_TC_WITHOUT_HEAD(reading_goes_on_behind_the_mark);
ATF_TC_BODY(reading_goes_on_behind_the_mark, tc)
{
	struct capture_mark	mark;

	start();
	fill(1, 5, 10, 10);
	fill(2, 6, 2, 40);
	open_ring(0, NULL);
	read_some(3);
	mark = read_some(4);
	ATF_CHECK_EQ(5, mark.block);
	ATF_CHECK_EQ(7, mark.frames);

	open_ring(MSG_CAPTURE_SKIP, &mark);
	mark = read_some(32);
	check_seen(3, 17);
	ATF_CHECK_EQ(10, mark.frames);
	/* All of it was read. */
	open_ring(0, &mark);
	read_some(32);
	check_seen(2, 40);
	ATF_CHECK_EQ(0, c.frames_skipped);
}

ATF_TC_WITHOUT_HEAD(mark_of_a_block_given_back_means_nothing);
ATF_TC_BODY(mark_of_a_block_given_back_means_nothing, tc)
{
	struct capture_mark	mark = { 4, 7 };

	start();
	fill(1, 5, 10, 10);
	open_ring(0, &mark);
	read_some(32);
	check_seen(10, 10);
}

ATF_TC_WITHOUT_HEAD(impossible_mark_gives_its_block_up);
ATF_TC_BODY(impossible_mark_gives_its_block_up, tc)
{
	struct capture_mark	mark = { 5, 11 };

	start();
	fill(1, 5, 10, 10);
	fill(2, 6, 2, 40);
	open_ring(0, &mark);
	read_some(32);
	check_seen(2, 40);
	ATF_CHECK_EQ(10, c.frames_skipped);
	ATF_CHECK_EQ(TP_STATUS_KERNEL, block(1)->hdr.bh1.block_status);

	start();
	fill(1, 5, 10, 10);
	mark.frames = UINT64_MAX;
	open_ring(0, &mark);
	read_some(32);
	check_seen(0, 0);
	ATF_CHECK_EQ(10, c.frames_skipped);
}

ATF_TC_WITHOUT_HEAD(impossible_mark_harms_no_other_block);
ATF_TC_BODY(impossible_mark_harms_no_other_block, tc)
{
	struct capture_mark	mark = { 5, 1 };

	start();
	fill(1, 5, 0, 10);
	fill(2, 6, 2, 40);
	open_ring(0, &mark);
	read_some(32);
	check_seen(2, 40);
	ATF_CHECK_EQ(0, c.frames_skipped);

	/* It cannot be walked, however few frames it is said to be. */
	start();
	fill(1, 5, 10, 10);
	fill(2, 6, 2, 40);
	header(1, 3)->tp_next_offset = BLOCK;
	mark.frames = 5;
	open_ring(0, &mark);
	read_some(32);
	check_seen(2, 40);
	ATF_CHECK_EQ(10, c.frames_skipped);
}

ATF_TC_WITHOUT_HEAD(without_a_mark_a_crash_gives_a_block_up);
ATF_TC_BODY(without_a_mark_a_crash_gives_a_block_up, tc)
{
	start();
	fill(1, 5, 10, 10);
	fill(2, 6, 2, 40);
	open_ring(MSG_CAPTURE_SKIP, NULL);
	read_some(32);
	check_seen(2, 40);
	ATF_CHECK_EQ(10, c.frames_skipped);
}

/* What remains of a block after a header that cannot be is given up. */
static void
check_given_up(int before, uint64_t skipped)
{
	open_ring(0, NULL);
	read_some(32);
	ATF_CHECK_EQ(before, nseen);
	ATF_CHECK_EQ(skipped, c.frames_skipped);
	read_some(32);
	ATF_CHECK_EQ(0, nseen);
}

/* What the kernel says of where a frame was seen. */
static void
set_place(uint32_t frame, int ifindex, uint8_t pkttype, uint16_t hatype)
{
	struct sockaddr_ll	sll = { .sll_ifindex = ifindex,
				    .sll_pkttype = pkttype,
				    .sll_hatype = hatype };

	memcpy((uint8_t *)header(3, frame) +
	    TPACKET_ALIGN(sizeof(struct tpacket3_hdr)), &sll, sizeof(sll));
}

static struct frame	places[4];
static int		nplaces;

static void
see_place(void *arg, const struct frame *frame)
{
	(void)arg;
	places[nplaces++] = *frame;
}

ATF_TC_WITHOUT_HEAD(frames_say_where_they_were_seen);
ATF_TC_BODY(frames_say_where_they_were_seen, tc)
{
	static struct interfaces	table;
	int				any;

	interfaces_use(&table);
	for (any = 0; any < 2; any++) {
		start();
		fill(3, 5, 4, 10);
		set_place(0, 70, PACKET_HOST, ARPHRD_ETHER);
		set_place(1, 80, PACKET_OUTGOING, ARPHRD_ETHER);
		set_place(2, 70, PACKET_OTHERHOST, ARPHRD_ETHER);
		set_place(3, 1, PACKET_OUTGOING, ARPHRD_LOOPBACK);
		open_ring(any ? MSG_CAPTURE_ANY : 0, NULL);
		nplaces = 0;
		ATF_REQUIRE(capture_ready(cap, &c));
		ATF_REQUIRE_EQ(4, capture_read(cap, 4, see_place, NULL, &c));
		ATF_CHECK(!places[0].outgoing && places[1].outgoing &&
		    !places[2].outgoing);
		ATF_CHECK_EQ(0, places[1].flags);
		ATF_CHECK_EQ(FRAME_LOOPBACK_OUT, places[3].flags);
		ATF_CHECK_EQ(places[0].slot, places[2].slot);
		if (any) {
			ATF_CHECK_EQ(70, interface_number(places[0].slot));
			ATF_CHECK_EQ(80, interface_number(places[1].slot));
		} else
			ATF_CHECK(places[0].slot == 1 && places[1].slot == 1);
	}
}

ATF_TC_WITHOUT_HEAD(headers_that_cannot_be_lead_nowhere);
ATF_TC_BODY(headers_that_cannot_be_lead_nowhere, tc)
{
	start();
	fill(3, 5, 4, 10);
	header(3, 1)->tp_next_offset = BLOCK;
	check_given_up(1, 3);

	start();
	fill(3, 5, 4, 10);
	header(3, 2)->tp_mac = UINT16_MAX;
	header(3, 2)->tp_snaplen = BLOCK;
	check_given_up(2, 2);

	start();
	fill(3, 5, 4, 10);
	header(3, 0)->tp_snaplen = UINT32_MAX;
	check_given_up(0, 4);

	start();
	fill(3, 5, 4, 10);
	header(3, 0)->tp_mac = 0;
	check_given_up(0, 4);

	start();
	fill(3, 5, 4, 10);
	block(3)->hdr.bh1.offset_to_first_pkt = UINT32_MAX;
	check_given_up(0, 4);
}

ATF_TC_WITHOUT_HEAD(more_frames_than_fit_end_with_the_block);
ATF_TC_BODY(more_frames_than_fit_end_with_the_block, tc)
{
	start();
	fill(3, 5, 4, 10);
	header(3, 3)->tp_next_offset = BLOCK - 3 * FRAME -
	    sizeof(struct tpacket_block_desc);
	block(3)->hdr.bh1.num_pkts = UINT32_MAX;
	check_given_up(4, UINT32_MAX - 4);
}

/* Else a block would have as many frames as it says, however many. */
ATF_TC_WITHOUT_HEAD(frame_that_leads_to_itself_ends_the_block);
ATF_TC_BODY(frame_that_leads_to_itself_ends_the_block, tc)
{
	const struct capture_mark	mark = { 5, 1000 };
	uint32_t			step;

	for (step = 0; step < HEADER; step++) {
		start();
		fill(3, 5, 4, 10);
		header(3, 1)->tp_next_offset = step;
		block(3)->hdr.bh1.num_pkts = UINT32_MAX;
		check_given_up(1, UINT32_MAX - 1);

		block(3)->hdr.bh1.block_status = TP_STATUS_USER;
		open_ring(0, &mark);
		read_some(32);
		check_seen(0, 0);
	}
}

ATF_TC_WITHOUT_HEAD(tag_that_the_kernel_took_out_comes_with_the_frame);
ATF_TC_BODY(tag_that_the_kernel_took_out_comes_with_the_frame, tc)
{
	start();
	fill(3, 5, 3, 10);
	header(3, 0)->tp_status = TP_STATUS_VLAN_VALID;
	header(3, 0)->hv1.tp_vlan_tci = 0xa064;
	header(3, 1)->hv1.tp_vlan_tci = 0xa064;
	header(3, 2)->tp_status = TP_STATUS_VLAN_VALID;
	open_ring(0, NULL);
	read_some(32);
	check_seen(3, 10);
	ATF_CHECK_EQ(0xa064, tags[0]);
	ATF_CHECK_EQ(-1, tags[1]);
	ATF_CHECK_EQ(0, tags[2]);
}

/*
 * The window of a hand-over
 */

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
	ATF_TP_ADD_TC(tp, blocks_are_read_in_order_and_given_back);
	ATF_TP_ADD_TC(tp, reading_begins_with_the_oldest_full_block);
	ATF_TP_ADD_TC(tp, with_no_full_block_reading_begins_where_one_fills);
	ATF_TP_ADD_TC(tp, reading_goes_on_behind_the_mark);
	ATF_TP_ADD_TC(tp, mark_of_a_block_given_back_means_nothing);
	ATF_TP_ADD_TC(tp, impossible_mark_gives_its_block_up);
	ATF_TP_ADD_TC(tp, impossible_mark_harms_no_other_block);
	ATF_TP_ADD_TC(tp, without_a_mark_a_crash_gives_a_block_up);
	ATF_TP_ADD_TC(tp, frames_say_where_they_were_seen);
	ATF_TP_ADD_TC(tp, headers_that_cannot_be_lead_nowhere);
	ATF_TP_ADD_TC(tp, more_frames_than_fit_end_with_the_block);
	ATF_TP_ADD_TC(tp, frame_that_leads_to_itself_ends_the_block);
	ATF_TP_ADD_TC(tp, tag_that_the_kernel_took_out_comes_with_the_frame);
	ATF_TP_ADD_TC(tp, each_frame_is_on_one_side_of_the_cut_and_on_one_only);
	ATF_TP_ADD_TC(tp, blocks_outside_the_window_are_given_back);
	ATF_TP_ADD_TC(tp, an_open_window_shows_what_it_hid_from_there_on);
	ATF_TP_ADD_TC(tp,
	    behind_a_block_that_opened_late_times_are_not_looked_at);
	ATF_TP_ADD_TC(tp, headers_that_cannot_be_end_a_block_in_a_window_too);
	return (atf_no_error());
}
