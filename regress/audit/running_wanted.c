/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What worker and reader may call, written down a second time: a call that
 * slips into the daemon's own table is one that this list does not know.
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include <seccomp.h>
#include <signal.h>
#include <string.h>

#include "compat.h"
#include "running.h"
#include "softflowd.h"

#define OF(role)	(1U << SANDBOX_FILTER_##role)
#define BOTH		(OF(WORKER) | OF(READER))
#define RW		(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)
#define PID		UINT64_MAX	/* stands for the process's own */

/*
 * All 64 bits of an argument count.  A call with several rules has a line for
 * each.
 */
typedef int rule(const uint64_t *, uint64_t pid);

static int
any(const uint64_t *a, uint64_t pid)
{
	(void)a;
	(void)pid;
	return (1);
}

static int
low(const uint64_t *a, uint64_t pid)
{
	(void)pid;
	return (a[0] <= FD_LOW_MAX);
}

/* Others connect, or say more than we know. */
static int
send_flags(uint64_t flags)
{
	return ((flags & ~(uint64_t)(MSG_NOSIGNAL | MSG_DONTWAIT)) == 0);
}

static int
low_without_address(const uint64_t *a, uint64_t pid)
{
	return (low(a, pid) && send_flags(a[3]) && a[4] == 0 && a[5] == 0);
}

static int
capture(const uint64_t *a, uint64_t pid)
{
	(void)pid;
	return (a[0] >= FD_CAPTURE && a[0] < FD_CAPTURE + MAX_CAPTURE);
}

static int
channel(const uint64_t *a, uint64_t pid)
{
	(void)pid;
	return (a[0] == FD_CHANNEL);
}

static int
send_to_channel(const uint64_t *a, uint64_t pid)
{
	return (channel(a, pid) && send_flags(a[2]));
}

static int
savefile(const uint64_t *a, uint64_t pid)
{
	(void)pid;
	return (a[0] == FD_SAVEFILE);
}

static int
standard_error(const uint64_t *a, uint64_t pid)
{
	(void)pid;
	return (a[0] == 2);
}

static int
closable(const uint64_t *a, uint64_t pid)
{
	return (low(a, pid) && a[0] > FD_FILL_LAST);
}

static int
socket_error(const uint64_t *a, uint64_t pid)
{
	(void)pid;
	return (a[1] == SOL_SOCKET && a[2] == SO_ERROR);
}

static int
packet_statistics(const uint64_t *a, uint64_t pid)
{
	(void)pid;
	return (a[1] == SOL_PACKET && a[2] == PACKET_STATISTICS);
}

static int
tcp_info(const uint64_t *a, uint64_t pid)
{
	return (low(a, pid) && a[1] == IPPROTO_TCP && a[2] == TCP_INFO);
}

static int
udp_segment(const uint64_t *a, uint64_t pid)
{
	return (low(a, pid) && a[1] == SOL_UDP && a[2] == UDP_SEGMENT);
}

static int
heap(const uint64_t *a, uint64_t pid)
{
	(void)pid;
	return (a[2] == RW && a[3] == ANON);
}

static int
own_abort(const uint64_t *a, uint64_t pid)
{
	return (a[0] == pid && a[2] == SIGABRT);
}

static const struct need {
	const char	*name;
	unsigned int	 roles;
	rule		*allows;
	uint64_t	 args[6];
} needs[] = {
	{ "read", OF(WORKER), any, { 8 } },
	{ "write", OF(WORKER), low, { 8 } },
	{ "writev", OF(WORKER), low, { 8 } },
	{ "sendto", OF(WORKER), low_without_address, { 9, 1, 1 } },
	{ "recvfrom", OF(WORKER), capture, { FD_CAPTURE } },
	{ "recvmsg", OF(WORKER), channel, { FD_CHANNEL } },
	{ "sendmsg", OF(WORKER), send_to_channel, { FD_CHANNEL } },
	{ "close", OF(WORKER), closable, { 8 } },
	{ "poll", OF(WORKER), any, { 0 } },
	{ "ppoll", OF(WORKER), any, { 0 } },
	{ "ppoll_time64", OF(WORKER), any, { 0 } },
	{ "getsockopt", OF(WORKER), socket_error,
	    { 9, SOL_SOCKET, SO_ERROR } },
	{ "getsockopt", OF(WORKER), packet_statistics,
	    { FD_CAPTURE, SOL_PACKET, PACKET_STATISTICS } },
	{ "getsockopt", OF(WORKER), tcp_info, { 9, IPPROTO_TCP, TCP_INFO } },
	{ "setsockopt", OF(WORKER), udp_segment, { 9, SOL_UDP, UDP_SEGMENT } },
	{ "clock_gettime", OF(WORKER), any, { 0 } },
	{ "clock_gettime64", OF(WORKER), any, { 0 } },
	{ "gettimeofday", OF(WORKER), any, { 0 } },
	{ "getrandom", OF(WORKER), any, { 0 } },
	{ "read", OF(READER), savefile, { FD_SAVEFILE } },
	{ "write", OF(READER), standard_error, { 2 } },
	{ "writev", OF(READER), standard_error, { 2 } },
	{ "sendmsg", OF(READER), send_to_channel, { FD_CHANNEL } },
	{ "mmap", BOTH, heap, { 0, 4096, RW, ANON, PID, 0 } },
	{ "mmap2", BOTH, heap, { 0, 4096, RW, ANON, PID, 0 } },
	{ "munmap", BOTH, any, { 0 } },
	{ "mremap", BOTH, any, { 0 } },
	{ "madvise", BOTH, any, { 0 } },
	{ "brk", BOTH, any, { 0 } },
	{ "restart_syscall", BOTH, any, { 0 } },
	{ "rt_sigreturn", BOTH, any, { 0 } },
	{ "sigreturn", BOTH, any, { 0 } },
	{ "rt_sigprocmask", BOTH, any, { 0 } },
	{ "getpid", BOTH, any, { 0 } },
	{ "gettid", BOTH, any, { 0 } },
	{ "tgkill", BOTH, own_abort, { PID, PID, SIGABRT } },
	{ "exit_group", BOTH, any, { 0 } },
};

int
wanted_known(enum sandbox_filter role)
{
	return ((1U << role & BOTH) != 0);
}

int
wanted_allows(const struct process *p, const char *name, const uint64_t *args)
{
	const struct sandbox_extra	*extra;
	const struct need		*n;
	uint32_t			 arch = process_arch(p);

	if (strcmp(name, "mmap") == 0 && wanted_known(p->role)) {
		/* Its arguments are in memory; there is mmap2, or not. */
		if (arch == SCMP_ARCH_X86)
			return (0);
		if (arch == SCMP_ARCH_S390X)
			return (1);
	}
	for (extra = sandbox_extra_calls; extra->name != NULL; extra++)
		if (strcmp(extra->name, name) == 0)
			return (1);
	for (n = needs; n < needs + nitems(needs); n++)
		if ((n->roles & 1U << p->role) != 0 &&
		    strcmp(n->name, name) == 0 &&
		    n->allows(args, (uint64_t)p->own_pid))
			return (1);
	return (0);
}

static void
fill_in(const struct process *p, struct example *e)
{
	size_t	i;

	for (i = 0; i < nitems(e->args); i++)
		if (e->args[i] == PID)
			e->args[i] = (uint64_t)p->own_pid;
}

int
wanted_example(const struct process *p, size_t n, struct example *e)
{
	if (n >= nitems(needs))
		return (0);
	e->name = (needs[n].roles & 1U << p->role) != 0 ? needs[n].name : "";
	if (process_arch(p) == SCMP_ARCH_X86 && strcmp(e->name, "mmap") == 0)
		e->name = "";
	e->given = needs[n].allows == any ? 0 : 0x3f;
	memcpy(e->args, needs[n].args, sizeof(e->args));
	fill_in(p, e);
	return (1);
}
