/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * For sys_SYSTEM_test.c, which includes this, then the files that it tests,
 * whose calls so come here, then the cases.
 */

#ifndef SYS_FAKE_H
#define SYS_FAKE_H

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysctl.h>

#include <net/if.h>
#include <net/if_dl.h>
#include <net/if_types.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "compat.h"
#include "estate.h"
#include "log.h"
#include "net_system.h"
#include "peer_groups.h"
#include "priv_state.h"
#include "record.h"
#include "route_system.h"
#include "shmem.h"

#define FAKE	static __attribute__((__unused__))
#define FAKE_FD	700		/* nobody's */

struct priv	priv;

/* What the fakes answer. */
FAKE int		 buffer_limit;	/* octets; 0: any */
FAKE const void		*answer;	/* of getsockopt, and how long it is */
FAKE socklen_t		 answer_len;
FAKE const char		*lower;	/* of who asks for one */
FAKE int		 mtu;		/* likewise */
FAKE struct ifaddrs	*interfaces;
FAKE struct message {
	size_t		len;
	uint8_t		octets[32];
} messages[4];				/* of the route socket */
FAKE int		 messages_end;	/* its error behind them */
FAKE size_t		 message_next;
FAKE int		 flood;		/* of the first, without end */
FAKE unsigned int	 received;

/* The calls were these, in the manner of printf; and forget them. */
FAKE void __attribute__((__format__(__printf__, 1, 2)))
expect(const char *fmt, ...)
{
	char	text[2048];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	record_expect(text);
	record_reset();
}

void
log_warnx(const char *fmt, ...)
{
	record("log_warnx", "%s", fmt);
}

void
priv_interfaces_soon(void)
{
	record("priv_interfaces_soon", "%s", "");
}

FAKE int
fake_socket(int domain, int type, int protocol)
{
	return (record("socket", "%d, %#x, %d", domain, (unsigned int)type,
	    protocol) == -1 ? -1 : FAKE_FD);
}

/* A number as a number, anything else as octets. */
FAKE int
fake_setsockopt(int fd, int level, int option, const void *value,
    socklen_t len)
{
	const uint8_t	*octets = value;
	char		 text[64];
	int		 number = 0;
	socklen_t	 i;

	if (len == sizeof(number)) {
		memcpy(&number, value, sizeof(number));
		snprintf(text, sizeof(text), "%d", number);
	} else
		for (i = 0; i < len && i < 8; i++)
			snprintf(text + 3 * i, sizeof(text) - 3 * i, "%02x.",
			    octets[i]);
	if (record("setsockopt", "%d, %d, %d, %s", fd, level, option,
	    text) == -1)
		return (-1);
	if (buffer_limit == 0 || number <= buffer_limit)
		return (0);
	errno = ENOBUFS;
	return (-1);
}

FAKE int
fake_getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	if (record("getsockopt", "%d, %d, %d", fd, level, option) == -1)
		return (-1);
	ATF_REQUIRE(*len >= answer_len);
	memcpy(value, answer, answer_len);
	*len = answer_len;
	return (0);
}

/* errno may be another behind it. */
FAKE int
fake_close(int fd)
{
	int	rv = fd == FAKE_FD ? 0 : close(fd);

	if (fd == FAKE_FD)
		record("close", "%d", fd);
	errno = EXFULL;
	return (rv);
}

FAKE ssize_t
fake_recv(int fd, void *buf, size_t size, int flags)
{
	const struct message	*m = &messages[message_next];

	ATF_REQUIRE_EQ(fd, FAKE_FD);
	ATF_REQUIRE_EQ(flags, MSG_DONTWAIT);
	ATF_REQUIRE_MSG(++received < 1000, "it reads without end");
	if (message_next == nitems(messages) || m->len == 0) {
		message_next = 0;
		errno = messages_end;
		return (-1);
	}
	message_next += !flood;
	ATF_REQUIRE(m->len <= size);
	memcpy(buf, m->octets, m->len);
	return ((ssize_t)m->len);
}

FAKE int
fake_getifaddrs(struct ifaddrs **all)
{
	*all = interfaces;
	return (record("getifaddrs", "%s", ""));
}

FAKE void
fake_freeifaddrs(struct ifaddrs *all)
{
	record("freeifaddrs", "%s", all == interfaces ? "" : "another");
}

/* Whatever is asked for begins with a name. */
FAKE void	answer_parent(void *);

FAKE int
fake_ioctl(int fd, unsigned long request, void *arg)
{
	if (record("ioctl", "%d, %#lx, %s", fd, request, (char *)arg) == -1)
		return (-1);
	if (request == SIOCGIFMTU)
		((struct ifreq *)arg)->ifr_mtu = mtu;
	else
		answer_parent(arg);
	return (0);
}

/* 192.0.2.1. */
FAKE int
fake_getsockname(int fd, struct sockaddr *sa, socklen_t *len)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };

	sin.sin_addr.s_addr = htonl(0xc0000201);
	ATF_REQUIRE(*len >= sizeof(sin));
	memcpy(sa, &sin, sizeof(sin));
	return (record("getsockname", "%d", fd));
}

FAKE int
fake_exec(const char *call, const char *what, char *const argv[],
    char *const envp[])
{
	record(call, "%s, %s, %s", what, argv[0], envp[0]);
	return (-1);
}

FAKE int
fake_fexecve(int fd, char *const argv[], char *const envp[])
{
	ATF_REQUIRE_EQ(fd, FAKE_FD);
	return (fake_exec("fexecve", "", argv, envp));
}

#define socket(d, t, p)			fake_socket(d, t, p)
#define setsockopt(f, l, o, v, n)	fake_setsockopt(f, l, o, v, n)
#define getsockopt(f, l, o, v, n)	fake_getsockopt(f, l, o, v, n)
#define getsockname(f, s, n)		fake_getsockname(f, s, n)
#define ioctl(f, r, a)			fake_ioctl(f, r, a)
#define recv(f, b, n, g)		fake_recv(f, b, n, g)
#define close(f)			fake_close(f)
#define getifaddrs(a)			fake_getifaddrs(a)
#define freeifaddrs(a)			fake_freeifaddrs(a)
#define execve(p, a, e)			fake_exec("execve", p, a, e)
#define fexecve(f, a, e)		fake_fexecve(f, a, e)

#endif
