/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The reader of bpf(4) under buffers that no kernel would write, in OpenBSD's
 * layout.  An input is operations, one behind the other, the first octet of
 * each being one of enum bpf_op, and what it needs, big endian.
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <net/if.h>
#include <net/bpf.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_bpf.h"
#include "capture_reader.h"
#include "fuzz.h"
#include "packet.h"

static int	 device_poll(struct pollfd *);
static ssize_t	 device_read(int, void *, size_t);
static int	 device_counters(int, unsigned long, void *);
static void	*device_buffer(size_t);

#define poll(pfd, n, ms)	device_poll(pfd)
#define read(fd, data, len)	device_read(fd, data, len)
#define ioctl(fd, request, arg)	device_counters(fd, request, arg)
#define malloc(size)		device_buffer(size)
#include "capture_bpf_openbsd.c"
#include "capture_bpf.c"

#define SIZE	BPF_LENGTH_MIN
#define DEVICE	5

enum bpf_op {
	BPF_RECORD,		/* hdrlen 2, caplen 4, datalen 4, s 4, flags */
	BPF_OCTETS,		/* count, octets */
	BPF_SKIP,		/* so many octets, 2 */
	BPF_READ,		/* at most so many */
	BPF_WINDOW,		/* from, before: seconds, 4 each */
	BPF_COUNTED,		/* received, dropped, 4 each */
	BPF_WORKER,		/* the next: mark's number, frames */
	BPF_GONE,		/* errno, events */
	BPF_OPS
};

static void	bpf_seeds(void (*)(const uint8_t *, size_t));

const struct fuzz_target	fuzz_target = {
	.name = "bpf", .max = 1000, .runs = 20000, .seeds = bpf_seeds
};

static struct {
	uint8_t		data[SIZE];
	size_t		len;
	int		error;
	short		revents;
	struct bpf_stat	stat;
}				 device;
static uint8_t			*buffer;	/* the worker's */
static struct counters		 c;
static struct capture		 cap;
static struct capture_kernel	 at;
static uint64_t			 frames;

static int
device_poll(struct pollfd *pfd)
{
	REQUIRE(pfd->fd == DEVICE);
	pfd->revents = device.revents != 0 ? device.revents :
	    device.len > 0 ? POLLIN : 0;
	return (pfd->revents != 0);
}

static ssize_t
device_read(int fd, void *data, size_t len)
{
	size_t	n = device.len;

	REQUIRE(fd == DEVICE && len == SIZE);
	device.len = 0;
	if (device.error != 0) {
		errno = device.error;
		return (-1);
	}
	memcpy(data, device.data, n);
	return ((ssize_t)n);
}

static int
device_counters(int fd, unsigned long request, void *stat)
{
	REQUIRE(fd == DEVICE && request == BIOCGSTATS);
	memcpy(stat, &device.stat, sizeof(device.stat));
	return (0);
}

/* Behind it is a page that nobody may touch. */
static void *
device_buffer(size_t size)
{
	REQUIRE(size == SIZE);
	return (buffer);
}

/* In what was read, and fit for the decoder. */
static void
see(void *arg, const struct frame *frame)
{
	const struct bpf_state	*st = cap.state;
	const struct decode	 how = { .level = TRACK_FULL };
	struct packet		 pkt;

	REQUIRE(arg == &c);
	REQUIRE(frame->data >= buffer + bpf_os_header &&
	    frame->data <= buffer + st->len);
	REQUIRE(frame->caplen <= (size_t)(buffer + st->len - frame->data));
	REQUIRE(frame->caplen <= frame->wirelen && frame->slot == 1);
	REQUIRE(frame->time_us >= st->from_us && (st->before_us == 0 ||
	    frame->time_us < st->before_us));
	REQUIRE(packet_decode(LINK_ETHERNET, frame, &how, &pkt) <
	    PACKET_RESULT_MAX);
	frames++;
}

static void
worker_new(void)
{
	free(cap.state);
	memset(&cap, 0, sizeof(cap));
	cap.fd = DEVICE;
	cap.slot = 1;
	cap.conf.block_size = SIZE;
	cap.conf.block_count = 1;
	REQUIRE((capture_live_ops.open)(&cap, -1, NULL) == 0);
}

static void
put(const void *data, size_t len)
{
	if (len > SIZE - device.len)
		len = SIZE - device.len;
	memcpy(device.data + device.len, data, len);
	device.len += len;
}

static void
op_record(struct take *t)
{
	struct bpf_hdr	h = { 0 };

	h.bh_hdrlen = (uint16_t)take(t, 2);
	h.bh_caplen = (uint32_t)take(t, 4);
	h.bh_datalen = (uint32_t)take(t, 4);
	h.bh_tstamp.tv_sec = (uint32_t)take(t, 4);
	h.bh_flags = (uint8_t)take(t, 1);
	put(&h, sizeof(h));
}

/* What it says is left is what can be read of this buffer. */
static int
read_some(int max)
{
	const struct bpf_state	*st = cap.state;
	struct capture_mark	 mark;
	uint64_t		 before = frames;
	int			 n;

	if (!(capture_live_ops.ready)(&cap, &c)) {
		REQUIRE(!(capture_live_ops.in_hand)(&cap));
		return (0);
	}
	(capture_live_ops.position)(&cap, &mark);
	REQUIRE(mark.block > 0 && mark.block == st->left && st->left <=
	    st->rest && mark.frames == 0);
	n = (capture_live_ops.read)(&cap, max, see, &c, &c);
	REQUIRE(n > 0 && n <= max && frames == before + (uint64_t)n);
	REQUIRE(st->left + (uint64_t)n == mark.block);
	return (1);
}

static void
op_counted(struct take *t)
{
	struct counters	before = c;

	device.stat.bs_recv = (u_int)take(t, 4);
	device.stat.bs_drop = (u_int)take(t, 4);
	(capture_live_ops.kernel_counters)(&cap, &c, &at);
	REQUIRE(at.received == device.stat.bs_recv &&
	    at.dropped == device.stat.bs_drop);
	REQUIRE(c.kernel_received - before.kernel_received <= UINT32_MAX &&
	    c.kernel_dropped - before.kernel_dropped <= UINT32_MAX);
}

/* The mark is any worker's: it gives up no more than a buffer holds. */
static void
op_worker(struct take *t)
{
	struct capture_mark	mark;
	uint64_t		skipped = c.frames_skipped;

	worker_new();
	mark.block = take(t, 2);
	mark.frames = take(t, 1);
	(capture_live_ops.resume)(&cap, &mark);
	device.len = 0;
	REQUIRE(!(capture_live_ops.ready)(&cap, &c));
	REQUIRE(c.frames_skipped - skipped <= SIZE / bpf_os_header);
}

static void
perform(struct take *t)
{
	static const uint8_t	 zero[512];
	const uint8_t		*octets;
	uint64_t		 from;
	size_t			 len;

	switch (take(t, 1) % BPF_OPS) {
	case BPF_RECORD:
		op_record(t);
		break;
	case BPF_OCTETS:
		len = take_octets(t, take(t, 1), &octets);
		put(octets, len);
		break;
	case BPF_SKIP:
		put(zero, take(t, 2) % sizeof(zero));
		break;
	case BPF_READ:
		(void)read_some((int)take(t, 1) % MAX_BATCH + 1);
		break;
	case BPF_WINDOW:
		from = take(t, 4) * 1000000;
		(capture_live_ops.window)(&cap, from, take(t, 4) * 1000000);
		break;
	case BPF_COUNTED:
		op_counted(t);
		break;
	case BPF_WORKER:
		op_worker(t);
		break;
	default:
		device.error = (int)take(t, 1);
		device.revents = (short)(take(t, 1) & (POLLIN | POLLERR |
		    POLLHUP | POLLNVAL));
	}
}

static void
read_rest(void)
{
	unsigned int	reads = 0;

	while (read_some(MAX_BATCH))
		REQUIRE(++reads <= SIZE);
	/* One that has gone is told once, and asked no more. */
	if (cap.fd == -1)
		REQUIRE((capture_live_ops.clear_error)(&cap) != 0);
	REQUIRE((capture_live_ops.clear_error)(&cap) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct take	 t = { data, size };

	if (buffer == NULL) {
		buffer = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANON, -1, 0);
		REQUIRE(buffer != MAP_FAILED);
		REQUIRE(mprotect(buffer + SIZE, SIZE, PROT_NONE) == 0);
	}
	memset(buffer, 0, SIZE);
	memset(&device, 0, sizeof(device));
	memset(&c, 0, sizeof(c));
	memset(&at, 0, sizeof(at));
	frames = 0;
	worker_new();
	while (t.left > 0)
		perform(&t);
	read_rest();
	return (0);
}

static void
bpf_seeds(void (*fn)(const uint8_t *, size_t))
{
	static const uint8_t	record[] = { BPF_RECORD, 0, 30, 0, 0, 0, 22, 0,
				    0, 0, 60, 0, 0, 0, 100, 0x20, BPF_OCTETS,
				    24, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 8,
				    0, 0x45, 0, 0, 20, 0, 0, 0, 0, 0, 0 };
	static const uint8_t	more[] = { BPF_READ, 3, BPF_WINDOW, 0, 0, 0,
				    50, 0, 0, 0, 150, BPF_COUNTED, 0, 0, 0, 9,
				    0, 0, 0, 1, BPF_READ, 9, BPF_WORKER, 0, 5,
				    2, BPF_GONE, 6, 1, BPF_READ, 1 };
	uint8_t			data[512];
	size_t			len;
	unsigned int		n, i;

	for (n = 1; n <= 10; n++) {
		for (i = len = 0; i < n; i++) {
			memcpy(data + len, record, sizeof(record));
			data[len + 14] = (uint8_t)(97 + i);
			len += sizeof(record);
		}
		fn(data, len);
		memcpy(data + len, more, sizeof(more));
		fn(data, len + sizeof(more));
	}
}
