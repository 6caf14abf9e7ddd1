/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Sending from one end, receiving at the other, and counting descriptors. */

#include <sys/types.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "channel.h"

struct imsgbuf	 a, b;

void
connect_fds(int afd, int bfd)
{
	ATF_REQUIRE_EQ(0, imsgbuf_init(&a, afd));
	ATF_REQUIRE_EQ(0, imsgbuf_init(&b, bfd));
}

void
channel(void)
{
	int	 s[2];

	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, s));
	connect_fds(s[0], s[1]);
}

void
fd_channel(void)
{
	channel();
	imsgbuf_allow_fdpass(&a);
	imsgbuf_allow_fdpass(&b);
}

void
compose(uint32_t type, int fd, const void *data, size_t len)
{
	ATF_REQUIRE_EQ(1, imsg_compose(&a, type, 7, 0, fd, data, len));
}

/* Over to the other end, and the first message of it. */
void
receive(struct imsg *imsg, uint32_t type)
{
	int	 n;

	while ((n = imsgbuf_get(&b, imsg)) == 0) {
		ATF_REQUIRE_EQ(0, imsgbuf_write(&a));
		ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
	}
	ATF_REQUIRE_EQ(1, n);
	ATF_REQUIRE_EQ(type, imsg_get_type(imsg));
}

int
open_fds(void)
{
	int	 fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return (n);
}

int
new_fd(void)
{
	int	 fd;

	ATF_REQUIRE((fd = open("/dev/null", O_RDWR)) != -1);
	return (fd);
}

/* Raw octets, with nfds copies of fd, as a strange peer might send them. */
void
send_raw(const void *data, size_t len, int fd, int nfds)
{
	union {
		struct cmsghdr	 hdr;
		unsigned char	 octets[CMSG_SPACE(4 * sizeof(int))];
	}		 control;
	struct cmsghdr	*cmsg;
	struct msghdr	 msg;
	struct iovec	 iov;
	unsigned char	 octets[2 * IMSG_HEADER_SIZE + 1];
	int		 i;

	ATF_REQUIRE(len <= sizeof(octets));
	memcpy(octets, data, len);
	iov.iov_base = octets;
	iov.iov_len = len;
	memset(&msg, 0, sizeof(msg));
	memset(&control, 0, sizeof(control));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	if (nfds > 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		for (i = 0; i < nfds; i++)
			memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &fd,
			    sizeof(fd));
	}
	ATF_REQUIRE_EQ((ssize_t)len, sendmsg(a.fd, &msg, 0));
}
