/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Live capture on Linux, the worker's half: it maps the ring of the socket
 * that capture_packet_open.c made before lock-down, and then only reads
 * memory.
 */

#include <sys/mman.h>
#include <sys/socket.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>

#include <arpa/inet.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_packet.h"
#include "capture_reader.h"
#include "interface.h"

/* A block that opened so long behind a time has no frame of before it. */
#define BLOCK_LATE_US	1000000

const enum capture_kind capture_live_kind = CAPTURE_RING;

struct ring_state {
	uint8_t		*map;
	int		 placed;	/* current is known */
	uint32_t	 current;	/* block to read, or being read */
	int		 held;		/* it is ours and not released yet */
	uint32_t	 offset;	/* of the next frame in it */
	uint32_t	 left;		/* frames left in it */
	uint64_t	 from_us;	/* the window; 0: open */
	uint64_t	 before_us;
	uint32_t	 passed;	/* frames outside of it that are in
					   the kernel's counters */
};

/* A block begins on a page: its size is checked to be so many of them. */
static struct tpacket_block_desc *
ring_block(const struct capture *cap, uint32_t n)
{
	struct ring_state	*st = cap->state;

	return ((struct tpacket_block_desc *)(void *)(st->map +
	    (size_t)n * cap->conf.block_size));
}

static int
ring_is_user(struct tpacket_block_desc *block)
{
	return ((__atomic_load_n(&block->hdr.bh1.block_status,
	    __ATOMIC_ACQUIRE) & TP_STATUS_USER) != 0);
}

static void
ring_release(struct capture *cap)
{
	struct ring_state		*st = cap->state;
	struct tpacket_block_desc	*block = ring_block(cap, st->current);

	__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL,
	    __ATOMIC_RELEASE);
	st->current = (st->current + 1) % cap->conf.block_count;
	st->held = 0;
}

/*
 * Where a worker before us stopped: the oldest block that is full.  While
 * none is, nobody can tell which one the kernel fills next.  Twice around, as
 * blocks that were passed may have filled before the one that was found.
 */
static int
ring_find_place(struct capture *cap)
{
	struct ring_state		*st = cap->state;
	struct tpacket_block_desc	*block;
	uint64_t			 oldest = 0;
	uint32_t			 i;

	for (i = 0; i < 2 * cap->conf.block_count; i++) {
		block = ring_block(cap, i % cap->conf.block_count);
		if (!ring_is_user(block) || (st->placed &&
		    (int64_t)(block->hdr.bh1.seq_num - oldest) >= 0))
			continue;
		oldest = block->hdr.bh1.seq_num;
		st->current = i % cap->conf.block_count;
		st->placed = 1;
	}
	return (st->placed);
}

static int
ring_open(struct capture *cap, int filter_fd, const struct msg_filter *filter)
{
	struct ring_state	*st;

	(void)filter;
	if (filter_fd != -1 || cap->conf.block_count < RING_BLOCKS_MIN ||
	    cap->conf.block_count > RING_BLOCKS_MAX ||
	    cap->conf.block_size < RING_BLOCK_SIZE ||
	    cap->conf.block_size > RING_BLOCK_SIZE_MAX ||
	    (cap->conf.block_size & (cap->conf.block_size - 1)) != 0) {
		errno = EINVAL;
		return (-1);
	}
	if ((st = calloc(1, sizeof(*st))) == NULL)
		return (-1);
	st->map = mmap(NULL,
	    (size_t)cap->conf.block_size * cap->conf.block_count,
	    PROT_READ | PROT_WRITE, MAP_SHARED, cap->fd, 0);
	if (st->map == MAP_FAILED) {
		free(st);
		return (-1);
	}
	cap->state = st;
	return (0);
}

/*
 * The block in hand may hold the packet that killed a worker before us:
 * give it up unread, and say how much that was.
 */
static void
ring_skip(struct capture *cap, struct counters *c)
{
	struct ring_state		*st = cap->state;
	struct tpacket_block_desc	*block = ring_block(cap, st->current);

	if (cap->conf.flags & MSG_CAPTURE_SKIP && st->placed) {
		c->frames_skipped += block->hdr.bh1.num_pkts;
		ring_release(cap);
	}
	cap->conf.flags &= ~(uint32_t)MSG_CAPTURE_SKIP;
}

/*
 * One frame at st->offset.  The kernel wrote it, yet nothing of it is used
 * before it is known to lie inside the block.  -1 ends the block.
 */
static int
ring_frame(struct capture *cap, const uint8_t *block, struct frame *frame)
{
	struct ring_state	*st = cap->state;
	struct tpacket3_hdr	 hdr;
	struct sockaddr_ll	 sll;
	const size_t		 fixed = TPACKET_ALIGN(sizeof(hdr)) +
				    sizeof(sll);
	uint32_t		 size = cap->conf.block_size;

	if (st->offset > size || size - st->offset < fixed)
		return (-1);
	memcpy(&hdr, block + st->offset, sizeof(hdr));
	memcpy(&sll, block + st->offset + TPACKET_ALIGN(sizeof(hdr)),
	    sizeof(sll));
	size -= st->offset;
	if (hdr.tp_mac < fixed || hdr.tp_mac > size ||
	    hdr.tp_snaplen > size - hdr.tp_mac ||
	    hdr.tp_next_offset > size ||
	    (hdr.tp_next_offset < fixed && st->left > 1))
		return (-1);
	frame->data = block + st->offset + hdr.tp_mac;
	frame->caplen = hdr.tp_snaplen;
	frame->wirelen = hdr.tp_len;
	frame->time_us = (uint64_t)hdr.tp_sec * 1000000 + hdr.tp_nsec / 1000;
	frame->slot = cap->slot != 0 ? cap->slot :
	    interface_slot((uint32_t)sll.sll_ifindex);
	frame->outgoing = sll.sll_pkttype == PACKET_OUTGOING;
	frame->ethertype = ntohs(sll.sll_protocol);
	frame->flags = 0;
	if (sll.sll_hatype == ARPHRD_LOOPBACK && frame->outgoing)
		frame->flags = FRAME_LOOPBACK_OUT;
	if (hdr.tp_status & TP_STATUS_VLAN_VALID) {
		frame->vlan = (uint16_t)hdr.hv1.tp_vlan_tci;
		frame->flags |= FRAME_VLAN;
	}
	st->offset += hdr.tp_next_offset;
	return (0);
}

static void
ring_take(struct ring_state *st, const struct tpacket_block_desc *block)
{
	/* This is its opening. */
	if (st->from_us != 0 &&
	    (uint64_t)block->hdr.bh1.ts_first_pkt.ts_sec * 1000000 >=
	    st->from_us + BLOCK_LATE_US)
		st->from_us = 0;
	st->held = 1;
	st->offset = block->hdr.bh1.offset_to_first_pkt;
	st->left = block->hdr.bh1.num_pkts;
}

/* Make a block ours that still has frames; 0 when the ring is empty. */
static int
ring_hold(struct capture *cap)
{
	struct ring_state		*st = cap->state;
	struct tpacket_block_desc	*block;
	uint32_t			 tries;

	if (st->held && st->left > 0)
		return (1);
	for (tries = 0; tries < cap->conf.block_count; tries++) {
		if (st->held)
			ring_release(cap);
		block = ring_block(cap, st->current);
		if (!ring_is_user(block))
			return (0);
		ring_take(st, block);
		if (st->left > 0)
			return (1);
	}
	return (0);
}

static int
ring_has_window(const struct ring_state *st)
{
	return ((st->from_us | st->before_us) != 0);
}

/*
 * Go on behind the frames that are inside the window, or not, at most max of
 * them; how many.  One that cannot be read is inside, for ring_read().
 */
static int
ring_walk(struct capture *cap, int max, int inside)
{
	struct ring_state	*st = cap->state;
	const uint8_t		*block;
	struct frame		 frame;
	uint32_t		 offset;
	int			 n;

	block = (const uint8_t *)ring_block(cap, st->current);
	for (n = 0; n < max && st->left > 0; n++) {
		offset = st->offset;
		if (ring_frame(cap, block, &frame) == -1)
			return (n + inside);
		if ((frame.time_us >= st->from_us && (st->before_us == 0 ||
		    frame.time_us < st->before_us)) != inside) {
			st->offset = offset;
			break;
		}
		st->left--;
	}
	return (n);
}

/* Up to the first frame inside the window; 0: there is none now. */
static int
ring_pass(struct capture *cap)
{
	struct ring_state	*st = cap->state;
	uint32_t		 tries;

	for (tries = 0; tries < cap->conf.block_count && ring_hold(cap);
	    tries++) {
		st->passed += (uint32_t)ring_walk(cap, INT_MAX, 0);
		if (st->left > 0)
			return (1);
	}
	return (0);
}

static void
ring_window(struct capture *cap, uint64_t from_us, uint64_t before_us)
{
	struct ring_state	*st = cap->state;

	st->from_us = from_us;
	st->before_us = before_us;
}

/* How many frames from here on are inside the window, up to max. */
static int
ring_inside(struct capture *cap, int max)
{
	struct ring_state	*st = cap->state;
	uint32_t		 offset = st->offset, left = st->left;
	int			 n;

	n = ring_walk(cap, max, 1);
	st->offset = offset;
	st->left = left;
	return (n);
}

static void
ring_position(const struct capture *cap, struct capture_mark *mark)
{
	struct ring_state		*st = cap->state;
	struct tpacket_block_desc	*block = ring_block(cap, st->current);

	mark->block = block->hdr.bh1.seq_num;
	mark->frames = block->hdr.bh1.num_pkts - st->left;
}

/* Blocks are released in order: the mark's is the current one, or gone. */
static void
ring_resume(struct capture *cap, const struct capture_mark *mark)
{
	struct ring_state		*st = cap->state;
	struct tpacket_block_desc	*block;
	struct frame			 frame;
	uint64_t			 i;

	if (mark->frames == 0 || !ring_find_place(cap))
		return;
	block = ring_block(cap, st->current);
	if (block->hdr.bh1.seq_num != mark->block)
		return;
	ring_take(st, block);
	for (i = 0; i < mark->frames; i++) {
		if (st->left == 0 || ring_frame(cap, (const uint8_t *)block,
		    &frame) == -1) {
			st->held = 0;
			cap->conf.flags |= MSG_CAPTURE_SKIP;
			return;
		}
		st->left--;
	}
}

static int
ring_ready(struct capture *cap, struct counters *c)
{
	struct ring_state	*st = cap->state;

	if (!st->placed)
		ring_find_place(cap);
	ring_skip(cap, c);
	if (!st->placed)
		return (0);
	return (ring_has_window(st) ? ring_pass(cap) : ring_hold(cap));
}

/* Of one block only, and in a row: that is what a mark can say. */
static int
ring_read(struct capture *cap, int max, capture_frame_fn *fn, void *arg,
    struct counters *c)
{
	struct ring_state	*st = cap->state;
	const uint8_t		*block;
	struct frame		 frame;
	int			 n;

	if (ring_has_window(st))
		max = ring_inside(cap, max);
	block = (const uint8_t *)ring_block(cap, st->current);
	for (n = 0; n < max && st->left > 0; n++) {
		if (ring_frame(cap, block, &frame) == -1) {
			c->frames_skipped += st->left;
			st->left = 0;
			break;
		}
		st->left--;
		fn(arg, &frame);
	}
	return (n);
}

static void
ring_kernel_counters(struct capture *cap, struct counters *c,
    struct capture_kernel *at)
{
	struct ring_state	*st = cap->state;
	struct tpacket_stats_v3	 stats;
	socklen_t		 len = sizeof(stats);
	uint32_t		 others;

	(void)at;
	if (getsockopt(cap->fd, SOL_PACKET, PACKET_STATISTICS, &stats,
	    &len) == -1)
		return;
	others = st->passed < stats.tp_packets ? st->passed : stats.tp_packets;
	st->passed -= others;
	c->kernel_received += stats.tp_packets - others;
	c->kernel_dropped += stats.tp_drops;
}

static int
ring_clear_error(struct capture *cap)
{
	socklen_t	len = sizeof(int);
	int		error = 0;

	if (getsockopt(cap->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return (errno);
	return (error);
}

const struct capture_ops capture_live_ops = {
	.open = ring_open,
	.ready = ring_ready,
	.read = ring_read,
	.window = ring_window,
	.kernel_counters = ring_kernel_counters,
	.clear_error = ring_clear_error,
	.position = ring_position,
	.resume = ring_resume,
};
