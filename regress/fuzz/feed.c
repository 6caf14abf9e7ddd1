/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <unistd.h>

#include <imsg.h>

#include "feed.h"

#define FEED_MAX	20000	/* octets of one: more than any may have */
#define FEED_FDS	128	/* none of ours is higher */

void
feed_pair(int fd[2])
{
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0, fd) == 0);
}

/* What goes along. */
static int
null_fd(void)
{
	static int	fd = -1;

	if (fd == -1)
		REQUIRE((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) != -1);
	return (fd);
}

static void
feed_write(int s, void *data, size_t len, int with_fd)
{
	int			fd = null_fd();
	union {
		struct cmsghdr	hdr;
		unsigned char	octets[CMSG_SPACE(sizeof(int))];
	}			control = { 0 };
	struct iovec		iov = { data, len };
	struct msghdr		msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (with_fd) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.octets);
		control.hdr.cmsg_len = CMSG_LEN(sizeof(int));
		control.hdr.cmsg_level = SOL_SOCKET;
		control.hdr.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.hdr), &fd, sizeof(fd));
	}
	/* It may be closed, or full: they need not hear us. */
	(void)sendmsg(s, &msg, MSG_NOSIGNAL);
}

int
feed_message(const struct feed *f, struct take *t)
{
	static uint8_t	 data[IMSG_HEADER_SIZE + FEED_MAX];
	struct imsg_hdr	 hdr = { 0 };
	const uint8_t	*octets;
	size_t		 n, right;
	uint32_t	 len;
	uint8_t		 flags;

	if (t->left == 0)
		return (0);
	flags = (uint8_t)take(t, 1);
	hdr.type = f->type + (uint32_t)take(t, 1);
	len = (uint32_t)take(t, 2) % FEED_MAX;
	hdr.peerid = flags & FEED_ID ? (uint32_t)take(t, 4) : f->id;
	right = flags & FEED_LENGTH ? take(t, 4) : 0;
	memset(data, 0, sizeof(data));
	n = take_octets(t, len, &octets);
	if (n > 0)
		memcpy(data + sizeof(hdr), octets, n);
	if (flags & FEED_RIGHT)
		n = f->right(hdr.type);
	hdr.len = flags & FEED_LENGTH ? (uint32_t)right :
	    (uint32_t)(sizeof(hdr) + n);
	if (flags & FEED_FD)
		hdr.len |= 1U << 31;
	memcpy(data, &hdr, sizeof(hdr));
	if (flags & FEED_RAW)
		feed_write(f->fd, data + sizeof(hdr), n, flags & FEED_FD);
	else
		feed_write(f->fd, data, sizeof(hdr) + n, flags & FEED_FD);
	return (1);
}

unsigned int
feed_descriptors(void)
{
	unsigned int	n = 0;
	int		fd;

	(void)null_fd();
	for (fd = 0; fd < FEED_FDS; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return (n);
}

void
feed_seed(void (*fn)(const uint8_t *, size_t), const void *head, size_t len,
    uint8_t op, unsigned int n)
{
	uint8_t		data[1024];
	unsigned int	i;

	memcpy(data, head, len);
	for (i = 0; i < n; i++) {
		if (op != 0)
			data[len++] = op;
		data[len++] = FEED_RIGHT;
		data[len++] = (uint8_t)i;
		data[len++] = 0;
		data[len++] = 0;
		fn(data, len);
	}
}
