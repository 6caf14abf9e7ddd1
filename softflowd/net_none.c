/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* A system of which no more is known than what POSIX says. */

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>

#include "net_system.h"

int
net_device(int fd, const char *device)
{
	(void)fd;
	(void)device;
	errno = ENOTSUP;
	return (-1);
}

void
net_give_up(int fd, int ms)
{
	(void)fd;
	(void)ms;
}

void
net_receive_buffer(int fd, int size)
{
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

void
net_fragments(int fd, int v6, int allowed)
{
	(void)fd;
	(void)v6;
	(void)allowed;
}

uint32_t
net_mtu(int fd, int v6)
{
	(void)fd;
	(void)v6;
	return (0);
}
