/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Linux: a list of system calls.  What is not in it fails with EPERM, which
 * the C library takes well where it looks for what it can do without, such as
 * time zones.
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <termios.h>

#include "compat.h"
#include "confine.h"

static const char *const calls[] = {
	"read", "readv", "recvmsg",			/* answers */
	"write", "writev", "sendmsg",			/* the request, text */
	"poll", "ppoll", "ppoll_time64", "restart_syscall",
	"close", "fstat", "fstat64", "newfstatat", "fstatat64", "statx",
	"lseek", "_llseek",				/* stdio */
	"brk", "munmap", "mremap", "madvise",		/* malloc */
	"clock_gettime", "clock_gettime64", "gettimeofday", "getrandom",
	"rt_sigaction", "sigaction", "rt_sigprocmask",	/* SIGPIPE */
	"rt_sigreturn", "sigreturn", "exit_group"
};

/* Memory, but no program; and whether something is a terminal. */
static int
add_with_arguments(scmp_filter_ctx ctx)
{
	static const struct scmp_arg_cmp memory[] = {
		{ 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 },
		{ 3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS }
	}, terminal = { 1, SCMP_CMP_EQ, TCGETS, 0 };
	const uint32_t arch = seccomp_arch_native();

	/* Where mmap takes them from memory, they are not to be seen. */
	if (arch != SCMP_ARCH_X86 && seccomp_rule_add_array(ctx,
	    SCMP_ACT_ALLOW, SCMP_SYS(mmap), arch != SCMP_ARCH_S390X ?
	    nitems(memory) : 0, memory) != 0)
		return (-1);
	if (seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap2),
	    nitems(memory), memory) != 0)
		return (-1);
	return (seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
	    &terminal));
}

/* Sockets of the control socket's kind, so that there are no others. */
static int
add_connecting(scmp_filter_ctx ctx)
{
	if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
	    SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0)) != 0)
		return (-1);
	return (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0));
}

int
confine(const char *path)
{
	scmp_filter_ctx ctx;
	unsigned int i;
	int ret = -1;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    (ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM))) == NULL)
		return (-1);
	/*
	 * Before all others, as libseccomp makes a rule for it of each for a
	 * socket call, without a look at the family.
	 */
	if (seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(socketcall),
	    0) != 0)
		goto done;
	/* What this architecture does not have, libseccomp leaves out. */
	for (i = 0; i < nitems(calls); i++)
		if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW,
		    seccomp_syscall_resolve_name(calls[i]), 0) != 0)
			goto done;
	if (add_with_arguments(ctx) == 0 &&
	    (path == NULL || add_connecting(ctx) == 0) &&
	    seccomp_load(ctx) == 0)
		ret = 0;
done:
	seccomp_release(ctx);
	return (ret);
}
