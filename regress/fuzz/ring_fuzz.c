/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The reader of the capture ring under blocks that no kernel would write.  An
 * input is operations, one behind the other, the first octet of each being
 * one of enum ring_op, and what it needs, big endian.
 */

#include <sys/mman.h>

#include "capture_packet.c"
#include "fuzz.h"
#include "interface.h"
#include "packet.h"
#include "shmem.h"

#define BLOCK		RING_BLOCK_SIZE
#define BLOCKS		RING_BLOCKS_MIN
#define FIXED		(TPACKET_ALIGN(sizeof(struct tpacket3_hdr)) + \
    sizeof(struct sockaddr_ll))

enum ring_op {
	RING_BLOCK,		/* block, packets 2, offset 4, number 1, s 4 */
	RING_FRAME,		/* block, offset 2, struct tpacket3_hdr's */
	RING_OCTETS,		/* block, offset 2, count, octets */
	RING_READ,		/* at most so many */
	RING_WINDOW,		/* from, before: seconds, 4 each */
	RING_WORKER,		/* the next: flags, mark's number, frames */
	RING_OPS
};

static void	ring_seeds(void (*)(const uint8_t *, size_t));

const struct fuzz_target	fuzz_target = {
	.name = "ring", .max = 1000, .runs = 4000, .seeds = ring_seeds
};

static struct interfaces	interfaces;
static struct counters		c;
static struct capture		cap;
static uint8_t			*ring;
static size_t			 dirty;		/* of each block */
static uint64_t			 frames;

static struct tpacket_block_desc *
block_at(uint32_t n)
{
	return ((struct tpacket_block_desc *)(void *)(ring + n * BLOCK));
}

/* In the block that is being read, and fit for the decoder. */
static void
see(void *arg, const struct frame *frame)
{
	const struct ring_state	*st = cap.state;
	const uint8_t		*from = st->map + st->current * BLOCK;
	const struct decode	 how = { .level = TRACK_FULL };
	struct packet		 pkt;

	REQUIRE(arg == &c);
	REQUIRE(frame->data > from && frame->data <= from + BLOCK);
	REQUIRE(frame->caplen <= (size_t)(from + BLOCK - frame->data));
	REQUIRE(frame->slot == cap.slot || cap.slot == 0);
	REQUIRE((st->from_us == 0 || frame->time_us >= st->from_us) &&
	    (st->before_us == 0 || frame->time_us < st->before_us));
	REQUIRE(packet_decode(cap.link, frame, &how, &pkt) <
	    PACKET_RESULT_MAX);
	frames++;
}

static void
worker_gone(void)
{
	struct ring_state	*st = cap.state;

	munmap(st->map, BLOCKS * BLOCK);
	free(st);
}

static void
worker_new(uint32_t flags)
{
	cap.conf.kind = CAPTURE_RING;
	cap.conf.block_size = BLOCK;
	cap.conf.block_count = BLOCKS;
	cap.conf.flags = flags & MSG_CAPTURE_SKIP;
	cap.link = LINK_ETHERNET;
	cap.slot = flags & MSG_CAPTURE_ANY ? 0 : 1;
	REQUIRE(capture_live_ops.open(&cap, -1, NULL) == 0);
}

static void
op_block(struct take *t)
{
	struct tpacket_block_desc	*b = block_at(take(t, 1) % BLOCKS);

	b->hdr.bh1.num_pkts = (uint32_t)take(t, 2);
	b->hdr.bh1.offset_to_first_pkt = (uint32_t)take(t, 4);
	b->hdr.bh1.seq_num = take(t, 1);
	b->hdr.bh1.ts_first_pkt.ts_sec = (uint32_t)take(t, 4);
	b->hdr.bh1.block_status = TP_STATUS_USER;
	if (dirty < sizeof(*b))
		dirty = sizeof(*b);
}

/* Octets at a place in a block, as far as it goes. */
static void
put(uint32_t n, size_t off, const void *data, size_t len)
{
	if (off >= BLOCK)
		return;
	if (len > BLOCK - off)
		len = BLOCK - off;
	memcpy(ring + n * BLOCK + off, data, len);
	if (dirty < off + len)
		dirty = off + len;
}

static void
op_frame(struct take *t)
{
	struct tpacket3_hdr	h = { 0 };
	struct sockaddr_ll	sll = { 0 };
	uint32_t		n = take(t, 1) % BLOCKS;
	size_t			off = take(t, 2);
	const uint8_t		*octets;
	size_t			len;

	h.tp_next_offset = (uint32_t)take(t, 2);
	h.tp_mac = (uint16_t)take(t, 2);
	h.tp_snaplen = (uint32_t)take(t, 2);
	h.tp_len = h.tp_snaplen + (uint32_t)take(t, 1);
	h.tp_sec = (uint32_t)take(t, 4);
	h.tp_nsec = (uint32_t)take(t, 4);
	h.tp_status = take(t, 1) & 1 ? TP_STATUS_VLAN_VALID : 0;
	h.hv1.tp_vlan_tci = (uint32_t)take(t, 2);
	sll.sll_pkttype = (uint8_t)take(t, 1);
	sll.sll_hatype = take(t, 1) & 1 ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
	sll.sll_ifindex = (int)take(t, 1);
	put(n, off, &h, sizeof(h));
	put(n, off + TPACKET_ALIGN(sizeof(h)), &sll, sizeof(sll));
	len = take_octets(t, take(t, 1), &octets);
	put(n, off + FIXED, octets, len);
}

static int
read_some(int max)
{
	struct capture_mark	mark;
	uint64_t		before = frames;
	int			n;

	if (!capture_live_ops.ready(&cap, &c))
		return (0);
	capture_live_ops.position(&cap, &mark);
	n = capture_live_ops.read(&cap, max, see, &c, &c);
	REQUIRE(n >= 0 && n <= max && frames == before + (uint64_t)n);
	return (1);
}

static void
op_worker(struct take *t)
{
	struct capture_mark	mark;

	worker_gone();
	worker_new((uint32_t)take(t, 1));
	mark.block = take(t, 1);
	mark.frames = take(t, 1);
	capture_live_ops.resume(&cap, &mark);
}

static void
perform(struct take *t)
{
	uint64_t	 from;
	const uint8_t	*octets;
	uint32_t	 n;
	size_t		 len, off;

	switch (take(t, 1) % RING_OPS) {
	case RING_BLOCK:
		op_block(t);
		break;
	case RING_FRAME:
		op_frame(t);
		break;
	case RING_OCTETS:
		n = take(t, 1) % BLOCKS;
		off = take(t, 2);
		len = take_octets(t, take(t, 1), &octets);
		put(n, off, octets, len);
		break;
	case RING_READ:
		(void)read_some((int)take(t, 1) % MAX_BATCH + 1);
		break;
	case RING_WINDOW:
		from = take(t, 4) * 1000000;
		capture_live_ops.window(&cap, from, take(t, 4) * 1000000);
		break;
	default:
		op_worker(t);
	}
}

/*
 * Each read takes a frame, or gives a block up; where all of a turn's blocks
 * were passed over, the last one waits for the next turn.
 */
static void
read_rest(void)
{
	const struct ring_state	*st = cap.state;
	unsigned int		 idle = 0, reads = 0;

	while (read_some(MAX_BATCH) || idle++ < 2)
		REQUIRE(++reads <= BLOCKS * (BLOCK / FIXED + 2));
	REQUIRE(!ring_is_user(block_at(st->current)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct take	 t = { data, size };
	uint32_t	 i;

	if (ring == NULL) {
		interfaces_use(&interfaces);
		REQUIRE((cap.fd = shmem_new_sized("ring", BLOCK * BLOCKS)) !=
		    -1);
		ring = mmap(NULL, BLOCK * BLOCKS, PROT_READ | PROT_WRITE,
		    MAP_SHARED, cap.fd, 0);
		REQUIRE(ring != MAP_FAILED);
	}
	for (i = 0; i < BLOCKS; i++)
		memset(ring + i * BLOCK, 0, dirty);
	dirty = 0;
	frames = 0;
	memset(&c, 0, sizeof(c));
	worker_new(0);
	while (t.left > 0)
		perform(&t);
	read_rest();
	worker_gone();
	return (0);
}

static void
ring_seeds(void (*fn)(const uint8_t *, size_t))
{
	static const uint8_t	block[] = { RING_BLOCK, 0, 0, 1, 0, 0, 0, 48,
				    1, 0, 0, 0, 100 };
	static const uint8_t	frame[] = { RING_FRAME, 0, 0, 48, 0, 0, 0,
				    FIXED, 0, 20, 0, 0, 0, 0, 100, 0, 0, 3, 232,
				    1, 0, 7, 0, 0, 1, 4, 0x45, 0, 0, 20 };
	static const uint8_t	more[] = { RING_READ, 3, RING_WINDOW, 0, 0, 0,
				    50, 0, 0, 0, 150, RING_READ, 9,
				    RING_WORKER, 1, 1, 1, RING_READ, 1 };
	uint8_t			data[512];
	size_t			len;
	unsigned int		n, i;

	for (n = 1; n <= BLOCKS; n++) {
		for (i = len = 0; i < n; i++) {
			memcpy(data + len, frame, sizeof(frame));
			data[len + 1] = (uint8_t)i;
			len += sizeof(frame);
			memcpy(data + len, block, sizeof(block));
			data[len + 1] = data[len + 8] = (uint8_t)i;
			len += sizeof(block);
		}
		fn(data, len);
		memcpy(data + len, more, sizeof(more));
		fn(data, len + sizeof(more));
	}
}
