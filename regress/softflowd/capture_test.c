/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The ring's reader, over a ring that no kernel fills. */

#include <net/if_arp.h>

#include <string.h>
#include <unistd.h>

#include <atf-c.h>
#include <pcap.h>

#include "capture_fixture.h"
#include "capture_reader.h"
#include "compat.h"
#include "interface.h"

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

ATF_TC_WITHOUT_HEAD(filter_that_leaves_its_program_or_memory_is_not_run);
ATF_TC_BODY(filter_that_leaves_its_program_or_memory_is_not_run, tc)
{
	static const struct {
		struct bpf_insn	insn;
		int		valid;
	}		 cases[] = {
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0xffffffff), 1 },
		{ BPF_STMT(BPF_LD | BPF_MEM, BPF_MEMWORDS - 1), 1 },
		{ BPF_STMT(BPF_LD | BPF_MEM, BPF_MEMWORDS), 0 },
		{ BPF_STMT(BPF_ST, BPF_MEMWORDS), 0 },
		{ BPF_STMT(BPF_STX, BPF_MEMWORDS), 0 },
		{ BPF_STMT(BPF_LD | 0xe0, 0), 0 },
		{ BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 1), 1 },
		{ BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), 0 },
		{ BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), 1 },
		{ BPF_STMT(BPF_ALU | 0xf0, 0), 0 },
		{ BPF_STMT(BPF_JMP | BPF_JA, 0), 1 },
		{ BPF_STMT(BPF_JMP | BPF_JA, 1), 0 },
		{ BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), 0 },
		{ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0), 1 },
		{ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), 0 },
		{ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), 0 },
		{ BPF_STMT(BPF_JMP | 0xf0, 0), 0 },
		{ BPF_STMT(BPF_MISC | BPF_TAX, 0), 1 }
	};
	struct bpf_insn	 program[2] = { { 0 }, BPF_STMT(BPF_RET, 0) };
	size_t		 i;

	for (i = 0; i < nitems(cases); i++) {
		program[0] = cases[i].insn;
		ATF_CHECK_EQ_MSG(cases[i].valid, capture_valid(program, 2),
		    "case %zu", i);
		/* Nothing is run beyond the end. */
		ATF_CHECK_EQ_MSG(0, capture_valid(program, 1), "case %zu", i);
	}
	ATF_CHECK_EQ(0, capture_valid(program, 0));
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
	ATF_TP_ADD_TC(tp,
	    filter_that_leaves_its_program_or_memory_is_not_run);
	return (atf_no_error());
}
