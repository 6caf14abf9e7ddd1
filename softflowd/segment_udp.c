/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Linux cuts what is sent on a UDP socket, on the way or in the device. */

#include <sys/socket.h>

#include <netinet/udp.h>

#include "segment.h"

static int
segment_udp(int fd, size_t octets)
{
	int	value = (int)octets;

	return (setsockopt(fd, SOL_UDP, UDP_SEGMENT, &value, sizeof(value)));
}

export_segment_fn *
segment_function(void)
{
	return (segment_udp);
}
