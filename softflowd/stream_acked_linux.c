/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Linux tells for TCP: tcpi_bytes_acked, since 4.1, and still so after a
 * reset.  Who connected finds the SYN counted.
 */

#include <sys/socket.h>

#include <linux/tcp.h>
#include <netinet/in.h>

#include <errno.h>

#include "stream.h"

int
stream_acked(int fd, uint64_t *octets)
{
	struct tcp_info	info;
	socklen_t	len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == -1)
		return (-1);
	if (len < offsetof(struct tcp_info, tcpi_bytes_acked) +
	    sizeof(info.tcpi_bytes_acked)) {
		errno = EOPNOTSUPP;
		return (-1);
	}
	*octets = info.tcpi_bytes_acked;
	return (0);
}
