/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * FreeBSD and NetBSD: who is silent is asked, and given up if it says nothing.
 * Only FreeBSD ends a connection earlier whose data nobody acknowledges.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "compat.h"
#include "net_system.h"

#define PROBES	3

/* Half of the time idle, the other half asking. */
static const struct {
	int	option;
	int	share;
} timers[] = {
#ifdef TCP_MAXUNACKTIME
	{ TCP_MAXUNACKTIME, 1 },
#endif
	{ TCP_KEEPIDLE, 2 },
	{ TCP_KEEPINTVL, 2 * PROBES }
};

void
net_give_up(int fd, int ms)
{
	int	count = PROBES, seconds;
	size_t	i;

	for (i = 0; i < nitems(timers); i++) {
		seconds = ms / 1000 / timers[i].share;
		setsockopt(fd, IPPROTO_TCP, timers[i].option, &seconds,
		    sizeof(seconds));
	}
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}
