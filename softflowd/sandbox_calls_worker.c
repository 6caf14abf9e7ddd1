/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the worker and the reader of the configuration file may call; all else
 * kills.  Both spellings where architectures differ.
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <linux/if_packet.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include <signal.h>
#include <unistd.h>

#include "sandbox_calls.h"
#include "softflowd.h"

_Static_assert(FD_CAPTURE % MAX_CAPTURE == 0 && MAX_CAPTURE == 16,
    "a range is a power of two");
_Static_assert(FD_LOW_MAX == 63 && FD_SAVEFILE == 8 && FD_FILL_LAST == 7,
    "the ranges below are made for this plan");

#define FD_LOW	FD_FROM(0, FD_LOW_MAX + 1)

static const struct call	 worker[] = {
	{ "read", "control clients, savefile", ANY },
	{ "write", "answers, abort text", 1, { FD_LOW } },
	{ "writev", "answers, abort text", 1, { FD_LOW } },
	{ "sendto", "export, to where the parent connected only", 4,
	    { FD_LOW, SEND_FLAGS(3), EQ(4, "addr", 0), EQ(5, "addrlen", 0) } },
	{ "recvfrom", "packet reports", 1, { FD_FROM(FD_CAPTURE, 16) } },
	{ "recvmsg", "imsg", 1, { FD(FD_CHANNEL) } },
	{ "sendmsg", "imsg; passes descriptors on any other", 2,
	    { FD(FD_CHANNEL), SEND_FLAGS(2) } },
	{ "close", "collectors, control clients, savefile", 1,
	    { FD_FROM(8, 8) } },
	{ "close", "the same", 1, { FD_FROM(16, 16) } },
	{ "close", "the same", 1, { FD_FROM(32, 32) } },
	{ "poll", "main loop", ANY },
	{ "ppoll", "main loop, where there is no poll", ANY },
	{ "ppoll_time64", "the same, 32 bit", ANY },
	{ "getsockopt", "link down, failed sends", 2,
	    { EQ(1, "level", SOL_SOCKET), EQ(2, "name", SO_ERROR) } },
	{ "getsockopt", "kernel drops", 2,
	    { EQ(1, "level", SOL_PACKET),
	    EQ(2, "name", PACKET_STATISTICS) } },
	{ "getsockopt", "what a collector acknowledged", 3,
	    { FD_LOW, EQ(1, "level", IPPROTO_TCP),
	    EQ(2, "name", TCP_INFO) } },
	{ "setsockopt", "several datagrams in one call", 3,
	    { FD_LOW, EQ(1, "level", SOL_UDP),
	    EQ(2, "name", UDP_SEGMENT) } },
	{ "clock_gettime", "poor clock sources have no vDSO", ANY },
	{ "clock_gettime64", "the same, 32 bit", ANY },
	{ "gettimeofday", "the same", ANY },
	{ "getrandom", "arc4random of glibc", ANY },
};

/* Less than the worker's. */
static const struct call	 reader[] = {
	{ "read", "the file", 1, { FD(FD_SAVEFILE) } },
	{ "write", "abort text", 1, { FD(STDERR_FILENO) } },
	{ "writev", "abort text", 1, { FD(STDERR_FILENO) } },
	{ "sendmsg", "imsg", 2, { FD(FD_CHANNEL), SEND_FLAGS(2) } },
};

/* Of both. */
static const struct call	 shared[] = {
	{ "mmap", "malloc", 2, { EQ(2, "prot", PROT_READ | PROT_WRITE),
	    EQ(3, "flags", MAP_PRIVATE | MAP_ANONYMOUS) } },
	{ "mmap2", "malloc, 32 bit", 2,
	    { EQ(2, "prot", PROT_READ | PROT_WRITE),
	    EQ(3, "flags", MAP_PRIVATE | MAP_ANONYMOUS) } },
	{ "munmap", "free", ANY },
	{ "mremap", "realloc", ANY },
	{ "madvise", "free", ANY },
	{ "brk", "malloc", ANY },
	{ "restart_syscall", "poll or read after a stop", ANY },
	{ "rt_sigreturn", "signal handlers", ANY },
	{ "sigreturn", "signal handlers, 32 bit", ANY },
	{ "rt_sigprocmask", "abort", ANY },
	{ "getpid", "abort", ANY },
	{ "gettid", "abort", ANY },
	{ "tgkill", "abort: own death only", 2,
	    { OWN_PID, EQ(2, "signal", SIGABRT) } },
	{ "exit_group", "the end", ANY },
};

const struct calls	 sandbox_calls_worker = CALLS(worker, 0);
const struct calls	 sandbox_calls_reader = CALLS(reader, 0);
const struct calls	 sandbox_calls_shared = CALLS(shared, 0);
