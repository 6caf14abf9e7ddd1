/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Live capture on Linux: an AF_PACKET socket with a TPACKET_V3 ring.  The
 * parent (CAP_NET_RAW) opens, filters and binds it and never maps it; the
 * worker maps the ring before lock-down and then only reads memory.
 */

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>

#include <arpa/inet.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "capture_reader.h"
#include "compat.h"

#define RING_BLOCK_SIZE		(64 * 1024)
#define RING_BLOCK_SIZE_LARGE	(256 * 1024)	/* snap lengths over 32 KiB */
#define RING_BLOCKS		512
#define RING_BLOCKS_MIN		4
#define RING_BLOCKS_MAX		65536
#define RING_FRAME_SIZE		2048		/* nominal; V3 packs tighter */
#define RING_BLOCK_TIMER_MS	100		/* a quiet link waits no longer */
#define SLL_HEADER		16		/* what cooked filters count in */

const enum capture_kind capture_live_kind = CAPTURE_RING;

/*
 * PARENT
 */

/*
 * A filter for a cooked socket sees no link header, while libpcap compiled
 * it for one of 16 octets: move the offsets, and ask the kernel for the two
 * fields that it knows.
 */
static int
ring_fix_cooked(struct bpf_program *program)
{
	struct bpf_insn	*insn;
	unsigned int	 i;

	for (i = 0; i < program->bf_len; i++) {
		insn = &program->bf_insns[i];
		if ((BPF_CLASS(insn->code) != BPF_LD &&
		    BPF_CLASS(insn->code) != BPF_LDX) ||
		    (BPF_MODE(insn->code) != BPF_ABS &&
		    BPF_MODE(insn->code) != BPF_IND &&
		    BPF_MODE(insn->code) != BPF_MSH) ||
		    insn->k >= (bpf_u_int32)SKF_AD_OFF)
			continue;
		if (insn->k >= SLL_HEADER)
			insn->k -= SLL_HEADER;
		else if (insn->k == 0)
			insn->k = SKF_AD_OFF + SKF_AD_PKTTYPE;
		else if (insn->k == 14)
			insn->k = SKF_AD_OFF + SKF_AD_PROTOCOL;
		else
			return (-1);
	}
	return (0);
}

/*
 * Compile on a short-lived activated handle: only that knows the device's
 * link type and that the kernel takes VLAN tags out of the frame.
 */
static int
ring_compile(const struct capture_params *params, struct bpf_program *program,
    int *dlt, char *error, size_t errorlen)
{
	pcap_t	*handle;
	char	 errbuf[PCAP_ERRBUF_SIZE];
	int	 status;

	if ((handle = pcap_create(params->interface, errbuf)) == NULL) {
		snprintf(error, errorlen, "%s: %s", params->interface, errbuf);
		return (-1);
	}
	pcap_set_snaplen(handle, (int)params->snaplen);
	pcap_set_timeout(handle, RING_BLOCK_TIMER_MS);
	if ((status = pcap_activate(handle)) < 0) {
		errbuf[0] = '\0';
		if (status == PCAP_ERROR)
			strlcpy(errbuf, pcap_geterr(handle), sizeof(errbuf));
		snprintf(error, errorlen, "%s: %s", params->interface,
		    errbuf[0] != '\0' ? errbuf : pcap_statustostr(status));
		pcap_close(handle);
		return (-1);
	}
	*dlt = pcap_datalink(handle);
	if (pcap_compile(handle, program,
	    params->filter == NULL ? "" : params->filter, 1,
	    PCAP_NETMASK_UNKNOWN) == -1) {
		snprintf(error, errorlen, "filter expression \"%s\": %s",
		    params->filter == NULL ? "" : params->filter,
		    pcap_geterr(handle));
		pcap_close(handle);
		return (-1);
	}
	pcap_close(handle);
	if (*dlt == DLT_LINUX_SLL && ring_fix_cooked(program) == -1) {
		snprintf(error, errorlen, "filter expression \"%s\": %s has "
		    "no link header to look at", params->filter,
		    params->interface);
		pcap_freecode(program);
		return (-1);
	}
	return (0);
}

static int
ring_attach(int fd, const struct bpf_program *program)
{
	struct sock_filter	*code;
	struct sock_fprog	 fprog;
	unsigned int		 i;
	int			 rv, lock = 1;

	if ((code = calloc(program->bf_len, sizeof(*code))) == NULL)
		return (-1);
	for (i = 0; i < program->bf_len; i++) {
		code[i].code = program->bf_insns[i].code;
		code[i].jt = program->bf_insns[i].jt;
		code[i].jf = program->bf_insns[i].jf;
		code[i].k = program->bf_insns[i].k;
	}
	fprog.len = (unsigned short)program->bf_len;
	fprog.filter = code;
	rv = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &fprog,
	    sizeof(fprog));
	free(code);
	if (rv == -1)
		return (-1);
	return (setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &lock,
	    sizeof(lock)));
}

static int
ring_make(int fd, const struct capture_params *params,
    struct msg_capture *conf)
{
	struct tpacket_req3	req = { 0 };
	int			version = TPACKET_V3;

	conf->block_size = params->snaplen > RING_BLOCK_SIZE / 2 ?
	    RING_BLOCK_SIZE_LARGE : RING_BLOCK_SIZE;
	conf->block_count = RING_BLOCKS;
	if (params->buffer != 0)
		conf->block_count = params->buffer / conf->block_size;
	if (conf->block_count < RING_BLOCKS_MIN)
		conf->block_count = RING_BLOCKS_MIN;
	if (conf->block_count > RING_BLOCKS_MAX)
		conf->block_count = RING_BLOCKS_MAX;
	req.tp_block_size = conf->block_size;
	req.tp_block_nr = conf->block_count;
	req.tp_frame_size = RING_FRAME_SIZE;
	req.tp_frame_nr = conf->block_size / RING_FRAME_SIZE *
	    conf->block_count;
	req.tp_retire_blk_tov = RING_BLOCK_TIMER_MS;
	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version,
	    sizeof(version)) == -1)
		return (-1);
	return (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req,
	    sizeof(req)));
}

/* Bind to an interface, 0 for all, and make it promiscuous if asked. */
static int
ring_bind(int fd, unsigned int ifindex, int promisc)
{
	struct sockaddr_ll	sll = { 0 };
	struct packet_mreq	mreq = { 0 };

	sll.sll_family = AF_PACKET;
	sll.sll_protocol = htons(ETH_P_ALL);
	sll.sll_ifindex = (int)ifindex;
	if (bind(fd, (struct sockaddr *)&sll, sizeof(sll)) == -1)
		return (-1);
	if (!promisc || ifindex == 0)
		return (0);
	mreq.mr_ifindex = (int)ifindex;
	mreq.mr_type = PACKET_MR_PROMISC;
	return (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq,
	    sizeof(mreq)));
}

static int
ring_is_any(const char *interface)
{
	return (strcmp(interface, "any") == 0);
}

/* The interfaces that there are, for whoever mistyped one. */
static void
ring_no_interface(const char *name, char *error, size_t errorlen)
{
	struct if_nameindex	*list, *i;

	snprintf(error, errorlen, "%s: no such interface; there are any",
	    name);
	if ((list = if_nameindex()) == NULL)
		return;
	for (i = list; i->if_index != 0; i++) {
		strlcat(error, ", ", errorlen);
		strlcat(error, i->if_name, errorlen);
	}
	if_freenameindex(list);
}

int
capture_open_live(const struct capture_params *params,
    struct msg_capture *conf, char *error, size_t errorlen)
{
	struct bpf_program	program;
	unsigned int		ifindex = 0;
	int			cooked, dlt, fd = -1, saved;

	if (!ring_is_any(params->interface) &&
	    (ifindex = if_nametoindex(params->interface)) == 0) {
		ring_no_interface(params->interface, error, errorlen);
		return (-1);
	}
	if (ring_compile(params, &program, &dlt, error, errorlen) == -1)
		return (-1);
	cooked = dlt == DLT_LINUX_SLL;
	if (!cooked && capture_link(dlt) == -1) {
		snprintf(error, errorlen, "%s: link type %s is not supported;"
		    " supported are %s", params->interface,
		    pcap_datalink_val_to_name(dlt), capture_supported());
		pcap_freecode(&program);
		return (-1);
	}
	conf->kind = CAPTURE_RING;
	conf->link = cooked ? LINK_COOKED : (uint32_t)capture_link(dlt);
	/* Protocol 0: nothing arrives before the filter is in place. */
	if ((fd = socket(AF_PACKET, (cooked ? SOCK_DGRAM : SOCK_RAW) |
	    SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1 ||
	    ring_attach(fd, &program) == -1 ||
	    ring_make(fd, params, conf) == -1 ||
	    ring_bind(fd, ifindex, params->promisc) == -1) {
		saved = errno;
		snprintf(error, errorlen, "%s: %s", params->interface,
		    strerror(saved));
		if (fd != -1)
			close(fd);
		fd = -1;
	}
	pcap_freecode(&program);
	return (fd);
}

int
capture_rebind(int fd, const struct capture_params *params,
    const struct msg_capture *conf)
{
	struct ifreq	ifr = { 0 };
	unsigned int	ifindex;
	int		ether;

	if (ring_is_any(params->interface))
		return (0);
	if ((ifindex = if_nametoindex(params->interface)) == 0)
		return (-1);
	strlcpy(ifr.ifr_name, params->interface, sizeof(ifr.ifr_name));
	if (ioctl(fd, SIOCGIFHWADDR, &ifr) == -1)
		return (-1);
	ether = ifr.ifr_hwaddr.sa_family == ARPHRD_ETHER ||
	    ifr.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
	if (ether != (conf->link == LINK_ETHERNET)) {
		errno = EINVAL;
		return (-1);
	}
	return (ring_bind(fd, ifindex, params->promisc));
}

/*
 * WORKER
 */

struct ring_state {
	uint8_t		*map;
	int		 placed;	/* current is known */
	uint32_t	 current;	/* block to read, or being read */
	int		 held;		/* it is ours and not released yet */
	uint32_t	 offset;	/* of the next frame in it */
	uint32_t	 left;		/* frames left in it */
};

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
	    (cap->conf.block_size != RING_BLOCK_SIZE &&
	    cap->conf.block_size != RING_BLOCK_SIZE_LARGE)) {
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
	frame->ifindex = cap->conf.ifindex != 0 ? cap->conf.ifindex :
	    (uint32_t)sll.sll_ifindex;
	frame->ethertype = ntohs(sll.sll_protocol);
	frame->flags = 0;
	if (sll.sll_hatype == ARPHRD_LOOPBACK &&
	    sll.sll_pkttype == PACKET_OUTGOING)
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
	return (st->placed && ring_hold(cap));
}

/* Of one block only: that is what a mark can say. */
static int
ring_read(struct capture *cap, int max, capture_frame_fn *fn, void *arg,
    struct counters *c)
{
	struct ring_state	*st = cap->state;
	const uint8_t		*block;
	struct frame		 frame;
	int			 n;

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
ring_kernel_counters(struct capture *cap, struct counters *c)
{
	struct tpacket_stats_v3	stats;
	socklen_t		len = sizeof(stats);

	if (getsockopt(cap->fd, SOL_PACKET, PACKET_STATISTICS, &stats,
	    &len) == -1)
		return;
	c->kernel_received += stats.tp_packets;
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
	.kernel_counters = ring_kernel_counters,
	.clear_error = ring_clear_error,
	.position = ring_position,
	.resume = ring_resume,
};
