/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Who may send to a socket, as the kernel sees to it. */

#ifndef PEERS_H
#define PEERS_H

#include <sys/types.h>
#include <sys/socket.h>

#include "msg.h"

/*
 * Bind the UDP socket to a local address.  It gives out only what comes from
 * these n addresses, all of its family, and from their port where that is not
 * 0.  -1 with errno; ENOTSUP: on this system there must be one, with a port.
 */
int	peers_bind(int fd, const struct sockaddr *local, socklen_t,
	    const struct msg_addr *peers, unsigned int n);

#endif
