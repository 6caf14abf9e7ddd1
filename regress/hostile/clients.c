/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Hostile clients of the control socket:
 *
 *	clients mode path seconds
 *
 * prints how many connections were made and how many requests answered, or,
 * as "operator", who asks again and again until served, how long that took.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compat.h"
#include "imsg.h"
#include "msg.h"
#include "script.h"
#include "try.h"

#define AT_ONCE		6		/* of the places: two are for others */
#define ROUND_US	10000

static const char	*path;
static unsigned long	 connections, answers, refused;

static int64_t
now_us(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
}

static int
dial(void)
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };
	int			fd;

	strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1)
		err(1, "socket");
	/* The queue may be full: then the next time. */
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		if (errno != EAGAIN)
			err(1, "%s", path);
		close(fd);
		return (-1);
	}
	connections++;
	return (fd);
}

/* A request as it should be. */
static size_t
request(uint32_t type, unsigned char octets[TRY_LONGEST])
{
	struct imsg_hdr	hdr = { .type = type, .peerid = CTL_VERSION };
	size_t		len = sizeof(hdr);

	memset(octets, 0, TRY_LONGEST);
	if (type == CTL_SHOW_FLOWS)
		len += sizeof(struct ctl_query);
	else if (type == CTL_FLOW_EXPIRE || type == CTL_FLOW_DELETE)
		len += sizeof(struct ctl_filter);
	else if (type == CTL_SET)
		len += sizeof(struct ctl_set);
	hdr.len = (uint32_t)len;
	memcpy(octets, &hdr, sizeof(hdr));
	return (len);
}

/* Octets that come within so many microseconds; -1: it was closed. */
static ssize_t
take(int fd, void *buf, size_t len, int64_t wait_us)
{
	struct pollfd	pfd = { .fd = fd, .events = POLLIN };
	ssize_t		n;

	if (poll(&pfd, 1, (int)(wait_us / 1000)) != 1)
		return (0);
	n = recv(fd, buf, len, 0);
	return (n == -1 && errno == EAGAIN ? 0 : n == 0 ? -1 : n);
}

/* Each of them on connections of its own; what it does in one round. */
static void
drip(int fd, unsigned int round)
{
	unsigned char	octets[TRY_LONGEST];
	size_t		len = request(CTL_SHOW_FLOWS, octets);

	(void)hostile_send(fd, octets + round % len, 1, 0);
}

static void
half(int fd, unsigned int round)
{
	unsigned char	octets[TRY_LONGEST];
	size_t		len = request(CTL_SHOW_FLOWS, octets);

	if (round == 0)
		(void)hostile_send(fd, octets, len / 2, 0);
}

static void
unread(int fd, unsigned int round)
{
	unsigned char	octets[TRY_LONGEST];
	size_t		len = request(CTL_SHOW_FLOWS, octets);

	if (round == 0)
		(void)hostile_send(fd, octets, len, 0);
}

static void
flood(int fd, unsigned int round)
{
	unsigned char	octets[TRY_LONGEST], got[4096];
	size_t		len = request(round % 2 ? CTL_STATISTICS :
			    CTL_TIMEOUTS, octets);
	int		i;

	for (i = 0; i < 100; i++)
		if (hostile_send(fd, octets, len, 0) == -1)
			break;
	while (take(fd, got, sizeof(got), 0) > 0)
		answers++;
}

/*
 * All of the numbers are wrong, one at a time.  Nobody is served for it; who
 * sends as many octets as the daemon waits for is told why.
 */
static void
wrong(int fd, unsigned int round)
{
	unsigned char	octets[TRY_LONGEST], got[4096];
	struct ctl_result result;
	struct imsg_hdr	hdr;
	size_t		len = request(CTL_TIMEOUTS + round % 2 * 3, octets);
	ssize_t		n;

	memcpy(&hdr, octets, sizeof(hdr));
	switch (round % 10) {
	case 0:
		hdr.peerid = 0;
		break;
	case 1:
		hdr.peerid = UINT32_MAX;
		break;
	case 2:
		hdr.len = 0;
		break;
	case 3:
		hdr.len = 15;
		break;
	case 4:
		hdr.len = UINT32_MAX;
		break;
	case 5:
		hdr.len = (uint32_t)(len = MSG_WORKER_MAX + 17);
		break;
	case 6:
		hdr.len = (uint32_t)(len = TRY_LONGEST);
		break;
	case 7:
		hdr.type = CTL_SUMMARY + round % 3;
		break;
	case 8:
		hdr.type = UINT32_MAX;
		break;
	case 9:
		hdr.len = (uint32_t)++len;
		break;
	}
	memcpy(octets, &hdr, sizeof(hdr));
	(void)hostile_send(fd, octets, len, 0);
	n = take(fd, got, sizeof(got), 200000);
	if (n < (ssize_t)(sizeof(hdr) + sizeof(result)))
		return;
	memcpy(&result, got + sizeof(hdr), sizeof(result));
	memcpy(&hdr, got, sizeof(hdr));
	if (hdr.type != CTL_RESULT || !result.failed)
		errx(1, "wrong request %u was served: %u", round % 10,
		    hdr.type);
	refused++;
}

/* What is passed along goes nowhere; the request is one like others. */
static void
descriptors(int fd, unsigned int round)
{
	unsigned char	octets[TRY_LONGEST], got[4096];
	size_t		len = request(CTL_TIMEOUTS, octets);

	(void)hostile_send(fd, octets, len, 1 + round % 8);
	answers += take(fd, got, sizeof(got), 200000) > 0;
}

static void
leave(int fd, unsigned int round)
{
	static const uint32_t	types[] = { CTL_STATISTICS, CTL_DUMP_FLOWS,
				    CTL_TIMEOUTS, CTL_SHOW_FLOWS, CTL_SANDBOX,
				    CTL_MEMORY, CTL_RELOAD, CTL_SET,
				    CTL_EXPIRE_ALL, CTL_FLOW_EXPIRE,
				    CTL_SEND_TEMPLATE, CTL_DEBUG_MORE };
	unsigned char		octets[TRY_LONGEST], got[4096];
	size_t			len;

	len = request(types[round % nitems(types)], octets);
	(void)hostile_send(fd, octets, len, 0);
	(void)take(fd, got, round % 7 * 31 + 1, round % 3 * 1000);
}

static void
idle(int fd, unsigned int round)
{
	(void)fd;
	(void)round;
}

static const struct {
	const char	*name;
	void		(*act)(int, unsigned int);
	unsigned int	 stay;		/* so many, on their connections */
} modes[] = {
	{ "drip", drip, AT_ONCE }, { "half", half, AT_ONCE },
	{ "unread", unread, AT_ONCE }, { "flood", flood, AT_ONCE },
	{ "idle", idle, AT_ONCE }, { "full", idle, MAX_CONTROL },
	{ "wrong", wrong, 0 }, { "descriptors", descriptors, 0 },
	{ "leave", leave, 0 }, { "storm", idle, 0 }
};

static void
be_hostile(size_t mode, int64_t end)
{
	unsigned int	round[MAX_CONTROL] = { 0 }, i, n = 0;
	unsigned int	stay = modes[mode].stay;
	int		fd[MAX_CONTROL];

	for (i = 0; i < MAX_CONTROL; i++)
		fd[i] = -1;
	while (now_us() < end) {
		for (i = 0; i < (stay ? stay : 1); i++) {
			if (fd[i] == -1)
				round[i] = stay ? 0 : n++;
			if (fd[i] == -1 && (fd[i] = dial()) == -1)
				continue;
			modes[mode].act(fd[i], round[i]++);
			if (stay)
				continue;
			close(fd[i]);
			fd[i] = -1;
		}
		/* 2,000 connections a second are a storm. */
		usleep(stay ? ROUND_US : 500);
	}
	printf("%s: %lu connections, %lu answers, %lu refusals\n",
	    modes[mode].name, connections, answers, refused);
}

/* 1: served. */
static int
ask(void)
{
	unsigned char		octets[TRY_LONGEST];
	struct ctl_result	result = { .failed = 1 };
	struct imsgbuf		ibuf;
	struct imsg		imsg;
	struct pollfd		pfd = { .events = POLLIN };
	int			done = 0;

	if ((pfd.fd = dial()) == -1)
		return (0);
	if (imsgbuf_init(&ibuf, pfd.fd) == -1)
		err(1, "memory");
	(void)hostile_send(pfd.fd, octets, request(CTL_TIMEOUTS, octets), 0);
	while (!done && poll(&pfd, 1, 10000) == 1 &&
	    imsgbuf_read(&ibuf) == 1)
		while (!done && imsgbuf_get(&ibuf, &imsg) == 1) {
			if (imsg_get_type(&imsg) == CTL_RESULT)
				done = imsg_get_data(&imsg, &result,
				    sizeof(result)) == 0;
			imsg_free(&imsg);
		}
	imsgbuf_clear(&ibuf);
	close(pfd.fd);
	return (done && !result.failed);
}

/* The longest time from the first try to being served, in milliseconds. */
static void
be_operator(int64_t end)
{
	int64_t	start, took, longest = 0;

	while ((start = now_us()) < end) {
		while (!ask()) {
			refused++;
			usleep(ROUND_US);
		}
		answers++;
		if ((took = now_us() - start) > longest)
			longest = took;
		usleep(ROUND_US);
	}
	printf("operator: served %lu times, told to try again %lu times, "
	    "longest %lld ms\n", answers, refused, (long long)longest / 1000);
}

int
main(int argc, char *argv[])
{
	const char	*errstr;
	int64_t		 end;
	size_t		 i;

	if (argc != 4)
		errx(1, "usage: clients mode path seconds");
	path = argv[2];
	end = now_us() + strtonum(argv[3], 1, 86400, &errstr) * 1000000;
	if (errstr != NULL)
		errx(1, "%s: %s", argv[3], errstr);
	signal(SIGPIPE, SIG_IGN);
	if (strcmp(argv[1], "operator") == 0) {
		be_operator(end);
		return (0);
	}
	for (i = 0; i < nitems(modes); i++)
		if (strcmp(argv[1], modes[i].name) == 0) {
			be_hostile(i, end);
			return (0);
		}
	errx(1, "%s: no such mode", argv[1]);
}
