/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Interfaces come and go (Linux, rtnetlink).  The parent holds the capture
 * socket: when the name has a new index it binds the socket to that, and the
 * worker notices nothing.  What the kernel writes is only a reason to look.
 */

#include <sys/socket.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "priv_state.h"

int
priv_link_open(void)
{
	struct sockaddr_nl	nl = { 0 };
	int			fd, saved;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_ROUTE);
	if (fd == -1)
		return (-1);
	nl.nl_family = AF_NETLINK;
	nl.nl_groups = RTMGRP_LINK;
	if (bind(fd, (struct sockaddr *)&nl, sizeof(nl)) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return (-1);
	}
	return (fd);
}

void
priv_link_event(void)
{
	char		buf[8192];
	unsigned int	ifindex;

	while (recv(priv.link_fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	ifindex = if_nametoindex(priv.capture.interface);
	if (ifindex == priv.bound_ifindex)
		return;
	if (ifindex == 0) {
		log_info("%s: the interface has gone; waiting for it",
		    priv.capture.interface);
	} else if (capture_rebind(priv.capture_fd, &priv.capture,
	    &priv.capture_conf) == -1) {
		ifindex = 0;	/* the next event is another chance */
		log_warn("%s: the interface is back, but cannot be bound",
		    priv.capture.interface);
	} else {
		log_info("%s: the interface is back", priv.capture.interface);
	}
	priv.bound_ifindex = ifindex;
}
