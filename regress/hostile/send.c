/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Messages as they are not meant to be, past the library that makes them. */

#include <sys/types.h>
#include <sys/socket.h>

#include <string.h>

#include "imsg.h"
#include "script.h"
#include "try.h"

int
hostile_send(int fd, const void *data, size_t len, unsigned int descriptors)
{
	_Alignas(struct cmsghdr) char	control[CMSG_SPACE(8 * sizeof(int))];
	struct iovec	 iov = { .iov_len = len };
	struct msghdr	 msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr	*cmsg;
	unsigned int	 i;
	ssize_t		 n;
	int		 null = 0;

	memcpy(&iov.iov_base, &data, sizeof(data));
	if (descriptors > 0) {
		memset(control, 0, sizeof(control));
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(descriptors * sizeof(int));
		for (i = 0; i < descriptors; i++)
			memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &null,
			    sizeof(null));
	}
	n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (n > 0 && (len -= (size_t)n) > 0) {
		iov.iov_base = (char *)iov.iov_base + n;
		n = send(fd, iov.iov_base, len, MSG_NOSIGNAL);
	}
	return (n == -1 ? -1 : 0);
}

int
hostile_say(int fd, uint32_t type, const void *data, size_t len,
    unsigned int descriptors)
{
	unsigned char	octets[sizeof(struct imsg_hdr) + TRY_LONGEST];
	struct imsg_hdr	hdr = { .type = type };

	hdr.len = (uint32_t)(sizeof(hdr) + len) |
	    (descriptors > 0 ? 0x80000000U : 0);
	memcpy(octets, &hdr, sizeof(hdr));
	if (len > 0)
		memcpy(octets + sizeof(hdr), data, len);
	return (hostile_send(fd, octets, sizeof(hdr) + len, descriptors));
}
