/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <sys/mman.h>
#include <sys/socket.h>

#include <linux/if_packet.h>

#include <string.h>

#include "shmem.h"
#include "worker_ring.h"

#define HEADER		(TPACKET_ALIGN(sizeof(struct tpacket3_hdr)) + \
    sizeof(struct sockaddr_ll))
#define FRAME_MAX	256U		/* octets of one */

static uint8_t		*ring;
static uint32_t		next;
static uint64_t		seq, fed;

int
ring_begin(void)
{
	int	fd;

	next = 0;
	seq = fed = 0;
	REQUIRE((fd = shmem_new_sized("ring", RING_SIZE)) != -1);
	ring = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	REQUIRE(ring != MAP_FAILED);
	return (fd);
}

void
ring_end(void)
{
	munmap(ring, RING_SIZE);
}

uint64_t
ring_fed(void)
{
	return (fed);
}

static void
put_frame(uint8_t *at, const uint8_t *data, size_t len, int last,
    int64_t unix_us)
{
	struct tpacket3_hdr	h = { 0 };

	h.tp_mac = (uint16_t)HEADER;
	h.tp_snaplen = h.tp_len = (uint32_t)len;
	h.tp_next_offset = last ? 0 : HEADER + FRAME_MAX;
	h.tp_sec = (uint32_t)(unix_us / 1000000);
	h.tp_nsec = (uint32_t)(unix_us % 1000000 * 1000);
	memset(at, 0, HEADER);
	memcpy(at, &h, sizeof(h));
	memcpy(at + HEADER, data, len);
	fed++;
}

/* The block that is filled next, if the worker has given it back. */
static struct tpacket_block_desc *
block_begin(void)
{
	struct tpacket_block_desc	*b;

	b = (void *)(ring + next * RING_BLOCK);
	return (b->hdr.bh1.block_status & TP_STATUS_USER ? NULL : b);
}

static void
block_done(struct tpacket_block_desc *b, uint32_t frames, int64_t unix_us)
{
	b->hdr.bh1.seq_num = seq++;
	b->hdr.bh1.num_pkts = frames;
	b->hdr.bh1.offset_to_first_pkt = sizeof(*b);
	b->hdr.bh1.ts_first_pkt.ts_sec = (uint32_t)(unix_us / 1000000);
	__atomic_store_n(&b->hdr.bh1.block_status, TP_STATUS_USER,
	    __ATOMIC_RELEASE);
	next = (next + 1) % RING_BLOCKS;
}

/* A packet of a flow; its kind: protocol, direction, TCP flags. */
static size_t
make_frame(uint8_t *p, uint8_t flow, uint8_t kind, uint8_t size)
{
	static const uint8_t	model[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2,
				    8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 17,
				    0, 0, 10, 0, 0, 1, 192, 0, 2, 1, 0x13,
				    0x88, 0, 53 };
	uint8_t			swap[4];
	size_t			len = 54 + size % 100U;

	memset(p, 0, FRAME_MAX);
	memcpy(p, model, sizeof(model));
	p[17] = (uint8_t)(len - 14);
	p[23] = kind & 1 ? 6 : kind & 2 ? 1 : 17;
	p[29] = flow;
	p[46] = 0x50;
	p[47] = kind >> 3;
	if (kind & 4) {
		memcpy(swap, p + 26, 4);
		memcpy(p + 26, p + 30, 4);
		memcpy(p + 30, swap, 4);
		memcpy(p + 34, "\0\65\23\210", 4);
	}
	return (len);
}

void
ring_frames(struct take *t, int64_t unix_us)
{
	struct tpacket_block_desc	*b = block_begin();
	uint8_t				 data[FRAME_MAX];
	uint32_t			 i, n = (uint32_t)take(t, 1) % 100 + 1;
	uint8_t				 flow, kind;
	size_t				 len;

	for (i = 0; i < n; i++) {
		flow = (uint8_t)take(t, 1);
		kind = (uint8_t)take(t, 1);
		len = make_frame(data, flow, kind, (uint8_t)take(t, 1));
		if (b != NULL)
			put_frame((uint8_t *)(b + 1) +
			    i * (HEADER + FRAME_MAX), data, len, i + 1 == n,
			    unix_us);
	}
	if (b != NULL)
		block_done(b, n, unix_us);
}

void
ring_frame(struct take *t, int64_t unix_us)
{
	struct tpacket_block_desc	*b = block_begin();
	const uint8_t			*data;
	uint8_t				 frame[FRAME_MAX] = { 2, 0, 0, 0, 0, 1,
					    2, 0, 0, 0, 0, 2, 8, 0 };
	size_t				 n = take(t, 1) % 200;

	n = take_octets(t, n, &data);
	if (n > 0)
		memcpy(frame + 14, data, n);
	if (b == NULL)
		return;
	put_frame((uint8_t *)(b + 1), frame, 14 + n, 1, unix_us);
	block_done(b, 1, unix_us);
}
