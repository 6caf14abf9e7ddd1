/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_SYS_SOCKET_H
#define FAKE_SYS_SOCKET_H

#include_next <sys/socket.h>

#undef AF_ROUTE
#undef PF_ROUTE
#define AF_ROUTE	17
#define PF_ROUTE	AF_ROUTE
#define AF_LINK		18
#define SO_RERROR	0x00020000

int	connectat(int, int, const struct sockaddr *, socklen_t);

#endif
