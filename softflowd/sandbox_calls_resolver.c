/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The resolver's, besides the library's: what getaddrinfo(3) of glibc and its
 * modules do, and a child for each name.  Anything else fails with EPERM, as
 * which modules there are and what they try first is the system's choice.
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/netlink.h>

#include <netinet/in.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>

#include "sandbox_calls.h"

static const struct call	 resolver[] = {
	{ "socket", "name servers", SOCKET(AF_INET, SOCK_DGRAM, 0) },
	{ "socket", "name servers", SOCKET(AF_INET6, SOCK_DGRAM, 0) },
	{ "socket", "name servers, long answers",
	    SOCKET(AF_INET, SOCK_STREAM, 0) },
	{ "socket", "name servers, long answers",
	    SOCKET(AF_INET6, SOCK_STREAM, 0) },
	{ "socket", "local ones: nscd, systemd-resolved, avahi",
	    SOCKET(AF_UNIX, SOCK_STREAM, 0) },
	{ "socket", "our addresses, to sort the others by",
	    SOCKET(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) },
	{ "connect bind recvfrom recvmsg getsockname getpeername getsockopt",
	    "name servers", ANY },
	{ "sendto sendmmsg", "name servers", 1, { SEND_FLAGS(3) } },
	{ "sendmsg", "name servers", 1, { SEND_FLAGS(2) } },
	{ "setsockopt", "ICMP errors", OPTION(IPPROTO_IP, IP_RECVERR) },
	{ "setsockopt", "ICMP errors", OPTION(IPPROTO_IPV6, IPV6_RECVERR) },
	{ "ioctl", "octets that wait", 1, { EQ(1, "request", FIONREAD) } },
	{ "readv", "name servers", ANY },
	{ "poll ppoll ppoll_time64 select _newselect pselect6",
	    "answers and time limits", ANY },
	{ "clone", "a child for each name", 1, { FORK } },
	{ "fork pipe pipe2 wait4 waitpid", "a child for each name", ANY },
	{ "alarm setitimer", "its end", ANY },
	{ "prlimit64", "its limits", 1, { EQ(0, "pid", 0) } },
	{ "fcntl fcntl64", "modules", 1, { EQ(1, "cmd", F_GETFD) } },
	{ "fcntl fcntl64", "modules", 1, { EQ(1, "cmd", F_SETFD) } },
	{ "fcntl fcntl64", "modules", 1, { EQ(1, "cmd", F_GETFL) } },
	{ "fcntl fcntl64", "modules", 1, { EQ(1, "cmd", F_SETFL) } },
	{ "sysinfo getuid getuid32 getgid getgid32 getegid getegid32",
	    "modules", ANY },
};

const struct calls	 sandbox_calls_resolver = CALLS(resolver, 0);
