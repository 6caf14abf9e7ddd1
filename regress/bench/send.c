/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Send the frames of a capture file that generate wrote out of an interface,
 * as fast as told or as fast as it goes, past the queueing discipline.  The
 * file is mapped and the frames are sent from there.  Prints how many frames
 * were sent, and in how many seconds.
 *
 *	send [-r packets_per_second] interface file
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <net/if.h>

#include <linux/if_packet.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH		32
#define FILE_HEADER	24
#define PACKET_HEADER	16

struct capture {
	uint8_t		*data;
	size_t		 len;
	size_t		 off;
};

static void
usage(void)
{
	fprintf(stderr,
	    "usage: send [-r packets_per_second] interface file\n");
	exit(1);
}

static uint32_t
get32_little(const uint8_t *p)
{
	return ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24);
}

static void
capture_open(struct capture *c, const char *file)
{
	struct stat	st;
	int		fd;

	if ((fd = open(file, O_RDONLY)) == -1 || fstat(fd, &st) == -1)
		err(1, "%s", file);
	if (st.st_size < FILE_HEADER)
		errx(1, "%s: too short", file);
	c->len = (size_t)st.st_size;
	c->off = FILE_HEADER;
	c->data = mmap(NULL, c->len, PROT_READ, MAP_PRIVATE | MAP_POPULATE,
	    fd, 0);
	if (c->data == MAP_FAILED)
		err(1, "%s", file);
	close(fd);
	if (get32_little(c->data) != 0xa1b2c3d4)
		errx(1, "%s: not written by generate", file);
}

/* The next frame, 0 behind the last. */
static int
capture_next(struct capture *c, struct iovec *iov)
{
	uint32_t	len;

	if (c->len - c->off < PACKET_HEADER)
		return (0);
	len = get32_little(c->data + c->off + 8);
	c->off += PACKET_HEADER;
	if (len > c->len - c->off)
		errx(1, "frame cut off");
	iov->iov_base = c->data + c->off;
	iov->iov_len = len;
	c->off += len;
	return (1);
}

static int
socket_open(const char *interface)
{
	struct sockaddr_ll	sll = { 0 };
	int			fd, on = 1;

	/* Protocol 0: it is not to receive anything. */
	if ((fd = socket(AF_PACKET, SOCK_RAW, 0)) == -1)
		err(1, "socket");
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on,
	    sizeof(on)) == -1)
		warn("PACKET_QDISC_BYPASS");
	sll.sll_family = AF_PACKET;
	if ((sll.sll_ifindex = (int)if_nametoindex(interface)) == 0)
		err(1, "%s", interface);
	if (bind(fd, (struct sockaddr *)&sll, sizeof(sll)) == -1)
		err(1, "%s", interface);
	return (fd);
}

/* Sleep until frame number n is due. */
static void
pace(const struct timespec *start, uint64_t n, uint64_t rate)
{
	struct timespec	due = *start;
	uint64_t	ns;

	if (rate == 0)
		return;
	ns = (uint64_t)due.tv_nsec + n % rate * 1000000000 / rate;
	due.tv_sec += (time_t)(n / rate + ns / 1000000000);
	due.tv_nsec = (long)(ns % 1000000000);
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static void
batch_send(int fd, struct mmsghdr *msgs, unsigned int n)
{
	unsigned int	done = 0;
	int		sent;

	while (done < n) {
		sent = sendmmsg(fd, msgs + done, n - done, 0);
		if (sent == -1 && errno != ENOBUFS && errno != EINTR)
			err(1, "sendmmsg");
		if (sent > 0)
			done += (unsigned int)sent;
	}
}

static uint64_t
send_all(int fd, struct capture *c, uint64_t rate,
    const struct timespec *start)
{
	struct mmsghdr	msgs[BATCH] = { 0 };
	struct iovec	iov[BATCH];
	uint64_t	sent = 0;
	unsigned int	n;

	for (n = 0; n < BATCH; n++) {
		msgs[n].msg_hdr.msg_iov = &iov[n];
		msgs[n].msg_hdr.msg_iovlen = 1;
	}
	do {
		for (n = 0; n < BATCH && capture_next(c, &iov[n]); n++)
			;
		pace(start, sent, rate);
		batch_send(fd, msgs, n);
		sent += n;
	} while (n == BATCH);
	return (sent);
}

int
main(int argc, char *argv[])
{
	struct capture	 c;
	struct timespec	 start, end;
	const char	*bad = NULL;
	uint64_t	 rate = 0, sent;
	int		 ch, fd;

	while ((ch = getopt(argc, argv, "r:")) != -1) {
		if (ch != 'r')
			usage();
		rate = (uint64_t)strtonum(optarg, 1, 100000000, &bad);
		if (bad != NULL)
			errx(1, "-r %s: %s", optarg, bad);
	}
	if (argc - optind != 2)
		usage();
	capture_open(&c, argv[optind + 1]);
	fd = socket_open(argv[optind]);
	clock_gettime(CLOCK_MONOTONIC, &start);
	sent = send_all(fd, &c, rate, &start);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%llu\t%.3f\n", (unsigned long long)sent,
	    (double)(end.tv_sec - start.tv_sec) +
	    (double)(end.tv_nsec - start.tv_nsec) / 1e9);
	return (0);
}
