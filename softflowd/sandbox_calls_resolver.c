/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The resolver's: what getaddrinfo(3) of glibc and its modules do, and a child
 * for each name.  Anything else fails with EPERM, as which modules there are
 * and what they try first is the system's choice.
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <sched.h>
#include <signal.h>

#include "sandbox_calls.h"

static const struct call	 resolver[] = {
	{ "socket", "name servers", 1, { EQ(0, "family", AF_INET) } },
	{ "socket", "name servers", 1, { EQ(0, "family", AF_INET6) } },
	{ "socket", "local ones: nscd, systemd-resolved", 1,
	    { EQ(0, "family", AF_UNIX) } },
	{ "socket", "our addresses, to sort the others by", 1,
	    { EQ(0, "family", AF_NETLINK) } },
	{ "ioctl", "octets that wait", 1, { EQ(1, "request", FIONREAD) } },
	{ "mprotect", "loading modules", 1,
	    { BITS(2, "prot", PROT_NONE, PROT_READ | PROT_WRITE) } },
	{ "clone", "a child for each name", 1,
	    { BITS(0, "flags", SIGCHLD,
	    CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID) } },
	{ "prlimit64", "own limits", 1, { EQ(0, "pid", 0) } },
	{ "read readv write writev close", "files, channel, name servers",
	    ANY },
	{ "open openat stat stat64 fstat fstat64 newfstatat fstatat64 statx "
	    "lseek _llseek pread64 access faccessat faccessat2 readlink "
	    "readlinkat", "files that Landlock leaves", ANY },
	{ "fcntl fcntl64", "descriptors", ANY },
	{ "connect bind sendto sendmsg sendmmsg recvfrom recvmsg getsockname "
	    "getpeername getsockopt setsockopt", "name servers", ANY },
	{ "poll ppoll ppoll_time64 select _newselect pselect6",
	    "answers and time limits", ANY },
	{ "pipe pipe2 fork wait4", "a child for each name", ANY },
	{ "alarm setitimer setrlimit", "limits of the child", ANY },
	{ "mmap mmap2 munmap mremap madvise brk", "malloc, modules", ANY },
	{ "futex futex_time64 set_robust_list rseq", "glibc", ANY },
	{ "clock_gettime clock_gettime64 gettimeofday time", "clocks", ANY },
	{ "getrandom", "query ids", ANY },
	{ "uname sysinfo", "names of this host", ANY },
	{ "getpid gettid getppid getuid getuid32 geteuid geteuid32 getgid "
	    "getgid32 getegid getegid32", "glibc", ANY },
	{ "rt_sigaction rt_sigprocmask rt_sigreturn sigreturn "
	    "restart_syscall", "signals", ANY },
	{ "exit exit_group", "the end", ANY },
};

const struct calls	 sandbox_calls_resolver = CALLS(resolver, 0);
