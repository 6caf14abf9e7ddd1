/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * allow families calls command [argument ...]
 *
 * Run the command under the system-call filter that a unit for systemd asks
 * for by RestrictAddressFamilies=, SystemCallFilter= (as names of calls, with
 * SystemCallErrorNumber=ENOSYS), RestrictNamespaces=, RestrictSUIDSGID= and
 * MemoryDenyWriteExecute=, where no systemd runs.
 */

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"

#define NAMESPACES	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
			CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
			CLONE_NEWNET)
#define SETID		(S_ISUID | S_ISGID)

/* Calls that are allowed only if these bits of an argument are so. */
static const struct {
	const char	*name;
	unsigned int	 arg;
	uint64_t	 mask;
	uint64_t	 value;
} partly[] = {
	{ "clone", 0, NAMESPACES, 0 },
	{ "chmod", 1, SETID, 0 },
	{ "fchmod", 1, SETID, 0 },
	{ "fchmodat", 2, SETID, 0 },
	{ "mmap", 2, PROT_EXEC, 0 },
	{ "mmap", 2, PROT_EXEC | PROT_WRITE, PROT_EXEC },
	{ "mprotect", 2, PROT_EXEC, 0 },
	{ "pkey_mprotect", 2, PROT_EXEC, 0 },
};

static const char *const	never[] = {
	"clone3", "unshare", "setns", "socket"
};

static const struct {
	const char	*name;
	int		 family;
} families[] = {
	{ "AF_UNIX", AF_UNIX },
	{ "AF_INET", AF_INET },
	{ "AF_INET6", AF_INET6 },
	{ "AF_NETLINK", AF_NETLINK },
	{ "AF_PACKET", AF_PACKET },
};

static void
add(scmp_filter_ctx ctx, int call, unsigned int n, struct scmp_arg_cmp arg)
{
	int	ret;

	ret = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call, n, &arg);
	if (ret != 0) {
		errno = -ret;
		err(1, "system call %d", call);
	}
}

static void
allow_call(scmp_filter_ctx ctx, const char *name)
{
	struct scmp_arg_cmp	arg = { 0 };
	int			call = seccomp_syscall_resolve_name(name);
	size_t			i, rules = 0;

	/* systemd knows calls of other systems, too. */
	if (call == __NR_SCMP_ERROR || call < 0)
		return;
	for (i = 0; i < nitems(never); i++)
		if (strcmp(never[i], name) == 0)
			return;
	for (i = 0; i < nitems(partly); i++)
		if (strcmp(partly[i].name, name) == 0) {
			add(ctx, call, 1, SCMP_CMP(partly[i].arg,
			    SCMP_CMP_MASKED_EQ, partly[i].mask,
			    partly[i].value));
			rules++;
		}
	if (rules == 0)
		add(ctx, call, 0, arg);
}

static void
allow_family(scmp_filter_ctx ctx, const char *name)
{
	size_t	i;

	for (i = 0; i < nitems(families); i++)
		if (strcmp(families[i].name, name) == 0) {
			add(ctx, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ,
			    (uint64_t)families[i].family, 0));
			return;
		}
	errx(1, "%s: unknown family", name);
}

static void
each_word(scmp_filter_ctx ctx, char *list,
    void (*allow)(scmp_filter_ctx, const char *))
{
	char	*word;

	while ((word = strsep(&list, " \n")) != NULL)
		if (*word != '\0')
			allow(ctx, word);
}

int
main(int argc, char *argv[])
{
	scmp_filter_ctx	ctx;

	if (argc < 4)
		errx(1, "usage: allow families calls command [argument ...]");
	if ((ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS))) == NULL)
		errx(1, "seccomp_init");
	each_word(ctx, argv[1], allow_family);
	each_word(ctx, argv[2], allow_call);
	/* What a shell had open is none of the command's. */
	if (close_range(3, ~0U, 0) == -1)
		err(1, "close_range");
	if (seccomp_load(ctx) != 0)
		errx(1, "seccomp_load");
	seccomp_release(ctx);
	execv(argv[3], argv + 3);
	err(1, "%s", argv[3]);
}
