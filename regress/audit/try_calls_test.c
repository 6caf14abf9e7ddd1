/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A taken-over worker and the system-call filter: every number there is, ways
 * around the numbers, and ways around the comparison of arguments.
 */

#include <sys/mman.h>

#include <errno.h>
#include <limits.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "try.h"

#define CALLS	1024

/* What a worker survives, or ends of otherwise, by its arguments. */
static const struct {
	const char	*call;
	int		 zero, ones;
} allowed[] = {
	{ "read", 1, 1 },
	{ "write", 1, 0 },
	{ "writev", 1, 0 },
	{ "sendto", 1, 0 },
	{ "poll", 1, 1 },
	{ "ppoll", 1, 1 },
	{ "clock_gettime", 1, 1 },
	{ "gettimeofday", 1, 1 },
	{ "getrandom", 1, 1 },
	{ "munmap", 1, 1 },
	{ "mremap", 1, 1 },
	{ "madvise", 1, 1 },
	{ "brk", 1, 1 },
	{ "restart_syscall", 1, 1 },
	{ "rt_sigreturn", 1, 1 },	/* SIGSEGV: it is no handler's end */
	{ "rt_sigprocmask", 1, 1 },
	{ "getpid", 1, 1 },
	{ "gettid", 1, 1 },
	{ "exit_group", 1, 1 },
};

static int
is_allowed(long nr, int ones)
{
	size_t	i;

	for (i = 0; i < nitems(allowed); i++)
		if (seccomp_syscall_resolve_name(allowed[i].call) == nr)
			return (ones ? allowed[i].ones : allowed[i].zero);
	return (0);
}

/* Some never reach a filter, in some kernels; what they do is known. */
static int
is_odd(long nr, const struct inject_outcome *out)
{
	const struct inject_odd	*odd;

	for (odd = inject_odds; odd->nr != -1; odd++)
		if (odd->nr == nr)
			return (odd->sig != 0 ?
			    out->end == INJECT_SIGNALLED &&
			    out->value == odd->sig :
			    out->end == INJECT_RETURNED && out->value < 0);
	return (0);
}

static void
every_call(int ones)
{
	struct inject_outcome	 out;
	long			 arg[6], nr;
	unsigned int		 killed = 0, other = 0, wrong = 0;
	char			 text[128], how[64];
	pid_t			 pid;
	size_t			 i;

	try_controls();
	for (i = 0; i < nitems(arg); i++)
		arg[i] = ones ? -1 : 0;
	for (nr = 0; nr < CALLS; nr++) {
		pid = try_worker();
		ATF_REQUIRE_EQ_MSG(0, inject(pid, 0, nr, arg, &out),
		    "%ld: %d", nr, errno);
		try_end(pid);
		if (try_is_sigsys(&out) != is_allowed(nr, ones)) {
			killed += try_is_sigsys(&out) != 0;
			other += try_is_sigsys(&out) == 0;
			continue;
		}
		if (is_odd(nr, &out)) {
			other++;
			continue;
		}
		wrong++;
		inject_describe(&out, how, sizeof(how));
		snprintf(text, sizeof(text), "system call %ld", nr);
		try_report_text(TRY_FILTER, text, 0, how);
	}
	snprintf(text, sizeof(text), "%u killed, %u on the list", killed,
	    other);
	try_report_text(TRY_FILTER, ones ? "system calls 0 to 1023, all "
	    "arguments -1" : "system calls 0 to 1023, all arguments 0",
	    wrong == 0 && killed > 900, text);
}

CASE(every_syscall_0_to_1023_with_zeros)
{
	try_begin(tc, TRY_FILTER);
	every_call(0);
}

CASE(every_syscall_0_to_1023_with_ones)
{
	try_begin(tc, TRY_FILTER);
	every_call(1);
}

static unsigned int
code_of(const struct inject_foreign *f)
{
	return (1 + (unsigned int)(f - inject_foreigns));
}

/* 1: this kernel has that way at all. */
static int
foreign_works(const struct inject_foreign *f)
{
	static const long	none[6];
	struct inject_outcome	out;
	pid_t			pid;

	pid = try_early();
	ATF_REQUIRE_EQ(0, inject(pid, code_of(f), f->getpid, none,
	    &out));
	try_end(pid);
	return (out.end == INJECT_RETURNED && out.value == pid);
}

static void
foreign(const struct inject_foreign *f)
{
	static const long	none[6];
	struct inject_outcome	out;
	const long		*nr;
	char			name[64], how[64];
	unsigned int		n = 0, wrong = 0;
	pid_t			pid;
	int			works = foreign_works(f);

	for (nr = f->calls; *nr != -1; nr++, n++) {
		pid = try_worker();
		ATF_REQUIRE_EQ(0, inject(pid, code_of(f), *nr, none, &out));
		try_end(pid);
		/* Without that way the instruction is none. */
		if (try_is_sigsys(&out) || (!works &&
		    out.end == INJECT_SIGNALLED && out.value == SIGSEGV))
			continue;
		wrong++;
		inject_describe(&out, how, sizeof(how));
		snprintf(name, sizeof(name), "%s, call %#lx", f->name, *nr);
		try_report_text(TRY_FILTER, name, 0, how);
	}
	snprintf(name, sizeof(name), "calls of another architecture: %s",
	    f->name);
	snprintf(how, sizeof(how), "%u killed%s", n - wrong,
	    works ? "" : "; the kernel has none of it");
	try_report_text(TRY_FILTER, name, wrong == 0 && n > 0, how);
}

CASE(foreign_abi)
{
	const struct inject_foreign	*f;

	try_begin(tc, TRY_FILTER);
	try_controls();
	if (inject_foreigns->name == NULL)
		try_skip(tc, TRY_FILTER, "this processor knows no other calls");
	for (f = inject_foreigns; f->name != NULL; f++)
		foreign(f);
}

#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

CASE(upper_bits)
{
	static const struct try	tries[] = {
		{ "write to 2^32 + 256", "write", { TRY_UPPER | FD_CAPTURE,
		    TRY_AT(frame), TRY_FRAME } },
		{ "write to 2^32 + export", "write", { TRY_UPPER | TRY_EXPORT,
		    TRY_AT(frame), 1 } },
		{ "writev to 2^63 + 256", "writev", { LONG_MIN | FD_CAPTURE,
		    TRY_AT(iov), 1 } },
		{ "sendto 2^32 + 256", "sendto", { TRY_UPPER | FD_CAPTURE,
		    TRY_AT(frame), TRY_FRAME } },
		{ "sendto with an address length of 2^32", "sendto",
		    { TRY_EXPORT, TRY_AT(frame), 1, 0, 0, TRY_UPPER } },
		{ "sendto with an address of 2^32", "sendto",
		    { TRY_EXPORT, TRY_AT(frame), 1, 0, TRY_UPPER, 0 } },
		{ "recvfrom 2^32 + 256", "recvfrom", { TRY_UPPER | FD_CAPTURE,
		    TRY_AT(zero), 1 } },
		{ "sendmsg on 2^32 + 3", "sendmsg", { TRY_UPPER | FD_CHANNEL,
		    TRY_AT(msg) } },
		{ "recvmsg on 2^32 + 3", "recvmsg", { TRY_UPPER | FD_CHANNEL,
		    TRY_AT(msg) } },
		{ "close of 2^32 + 3", "close", { TRY_UPPER | FD_CHANNEL } },
		{ "close of 2^32 + export", "close",
		    { TRY_UPPER | TRY_EXPORT } },
		{ "mmap with protection 2^32 + 7", "mmap", { 0, 4096,
		    TRY_UPPER | RW | PROT_EXEC, ANON, -1, 0 } },
		{ "mmap with flags 2^32 + shared", "mmap", { 0, 4096, RW,
		    TRY_UPPER | MAP_SHARED, FD_CAPTURE, 0 } },
		{ "getsockopt of level 2^32 + 1", "getsockopt", { TRY_EXPORT,
		    TRY_UPPER | SOL_SOCKET, SO_ERROR, TRY_AT(value),
		    TRY_AT(len) } },
		{ "setsockopt of level 2^32 + 17", "setsockopt", { TRY_EXPORT,
		    TRY_UPPER | IPPROTO_UDP, 103, TRY_AT(value),
		    sizeof(int) } },
	};

	try_begin(tc, TRY_FILTER);
	try_controls();
	try_killed(tries, nitems(tries));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_syscall_0_to_1023_with_zeros);
	ATF_TP_ADD_TC(tp, every_syscall_0_to_1023_with_ones);
	ATF_TP_ADD_TC(tp, foreign_abi);
	ATF_TP_ADD_TC(tp, upper_bits);

	return (atf_no_error());
}
