/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What systems do not agree on about sockets; one file for each kind. */

#ifndef NET_SYSTEM_H
#define NET_SYSTEM_H

#include <stdint.h>

/* Send through this interface only.  -1 with errno; ENOTSUP: not here. */
int	net_device(int fd, const char *device);

/* TCP: end a connection whose peer acknowledges nothing for so long. */
void	net_give_up(int fd, int ms);

/* A receive buffer of so many octets, or as many as there may be. */
void	net_receive_buffer(int fd, int size);

/* UDP: whether datagrams that the route does not take are fragmented. */
void	net_fragments(int fd, int v6, int allowed);

/* UDP: what the route carries in one piece, octets; 0: unknown. */
uint32_t net_mtu(int fd, int v6);

#endif
