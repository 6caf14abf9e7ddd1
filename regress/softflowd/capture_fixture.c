/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The ring's reader, and what it read. */

#include <sys/mman.h>

#include <string.h>

#include <atf-c.h>

#include "capture_fixture.h"
#include "shmem.h"

static uint8_t		*ring;
struct capture		*cap;
struct counters		 c;
int			 fd;
uint32_t		 seen[64];
int32_t			 tags[64];
int			 nseen;

struct tpacket_block_desc *
block(uint32_t n)
{
	return ((struct tpacket_block_desc *)(void *)(ring + n * BLOCK));
}

struct tpacket3_hdr *
header(uint32_t n, uint32_t frame)
{
	return ((struct tpacket3_hdr *)(void *)(ring + n * BLOCK +
	    sizeof(struct tpacket_block_desc) + frame * FRAME));
}

void
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

void
start(void)
{
	ATF_REQUIRE((fd = shmem_new_sized("ring", BLOCK * BLOCKS)) != -1);
	ring = mmap(NULL, BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	ATF_REQUIRE(ring != MAP_FAILED);
	memset(&c, 0, sizeof(c));
	nseen = 0;
}

void
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

struct capture_mark
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

void
check_seen(int n, uint32_t first)
{
	int	i;

	ATF_CHECK_EQ(n, nseen);
	for (i = 0; i < nseen; i++)
		ATF_CHECK_EQ(first + (uint32_t)i, seen[i]);
}
