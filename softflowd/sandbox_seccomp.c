/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Linux: system-call filters, made of the tables in sandbox_calls_*.c: loaded,
 * or written down for whoever wants to see them.
 */

#include <sys/types.h>

#include <errno.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "sandbox_calls.h"

static const struct filter {
	uint32_t		 otherwise;
	const char		*text;
	const struct calls	*calls[5];	/* NULL ends */
	int			 socketcall;	/* where glibc has no other */
} filters[SANDBOX_FILTERS] = {
	[SANDBOX_FILTER_WORKER] = { SCMP_ACT_KILL_PROCESS, "kills",
	    { &sandbox_calls_worker, &sandbox_calls_shared }, 0 },
	[SANDBOX_FILTER_READER] = { SCMP_ACT_KILL_PROCESS, "kills",
	    { &sandbox_calls_reader, &sandbox_calls_shared }, 0 },
	[SANDBOX_FILTER_RESOLVER] = { SCMP_ACT_ERRNO(EPERM),
	    "fails with EPERM",
	    { &sandbox_calls_resolver, &sandbox_calls_library,
	    &sandbox_calls_sockets }, 1 },
	[SANDBOX_FILTER_PARENT] = { SCMP_ACT_ERRNO(ENOSYS),
	    "fails with ENOSYS", { &sandbox_calls_parent, &sandbox_calls_start,
	    &sandbox_calls_library, &sandbox_calls_sockets,
	    &sandbox_calls_root }, 1 },
	[SANDBOX_FILTER_COMPILER] = { SCMP_ACT_ERRNO(EPERM),
	    "fails with EPERM",
	    { &sandbox_calls_compiler, &sandbox_calls_library }, 0 },
};

/*
 * What architectures do in their own way: calls that take their arguments from
 * memory, where no filter sees them.
 */
static const struct abi {
	uint32_t	 arch;
	const char	*without;	/* no rule for these */
	int		 socketcall;	/* glibc calls sockets by it alone */
	int		 s390;		/* mmap's and clone's arguments */
} abis[] = {
	{ SCMP_ARCH_X86, " accept recv send mmap ", 1, 0 },
	{ SCMP_ARCH_S390X, " accept recv send ", 1, 1 },
	{ SCMP_ARCH_NATIVE, " socketcall ", 0, 0 }		/* others */
};

static uint32_t	 arch_of_rules = SCMP_ARCH_NATIVE;

void
sandbox_os_arch(uint32_t arch)
{
	arch_of_rules = arch;
}

static const struct abi *
abi_of(uint32_t arch)
{
	const struct abi	*abi = abis;

	while (abi->arch != arch && abi->arch != SCMP_ARCH_NATIVE)
		abi++;
	return (abi);
}

/*
 * Where there is socketcall, libseccomp has numbers of its own for the calls
 * that it stands for, also for those that have another.
 */
static int
abi_has(uint32_t arch, const char *name)
{
	char	 word[40];
	int	 nr = seccomp_syscall_resolve_name_arch(arch, name);

	snprintf(word, sizeof(word), " %s ", name);
	if (strstr(abi_of(arch)->without, word) != NULL)
		return (0);
	return (nr >= 0 || (nr <= -101 && nr >= -120 &&
	    seccomp_syscall_resolve_name_arch(arch, "socketcall") >= 0));
}

static void
abi_adapt(const struct abi *abi, const char *name, struct call *call)
{
	if (!abi->s390)
		return;
	if (strcmp(name, "mmap") == 0)
		call->nargs = 0;
	else if (strcmp(name, "clone") == 0)
		call->args[0].n = 1;
}

/*
 * Rules, one after the other.
 */

struct walk {
	enum sandbox_filter	 filter;
	uint32_t		 arch;
	int			 root;
	size_t			 table;
	size_t			 row;
	const char		*rest;		/* of the row's names */
};

static struct walk
walk_start(enum sandbox_filter filter, const struct sandbox_parent *p)
{
	return ((struct walk){ .filter = filter,
	    .arch = arch_of_rules != SCMP_ARCH_NATIVE ? arch_of_rules :
	    seccomp_arch_native(), .root = p != NULL && p->root });
}

/* The row to look at; NULL: no more. */
static const struct call *
walk_row(struct walk *w)
{
	static struct call	 extra = { NULL, NULL, ANY };
	const struct calls	*calls;

	for (; w->table < nitems(filters->calls); w->table++, w->row = 0) {
		calls = filters[w->filter].calls[w->table];
		if (calls != NULL && w->root >= calls->root &&
		    w->row < calls->n)
			return (&calls->rows[w->row]);
	}
	/* What this build's runtime needs is the last table. */
	extra.names = sandbox_extra_calls[w->row].name;
	extra.reason = sandbox_extra_calls[w->row].reason;
	return (extra.names != NULL ? &extra : NULL);
}

/*
 * The next rule's call, by name (of len octets), and its row; 0 behind the
 * last.  What the architecture, or libseccomp, does not know is left out.
 */
static int
walk_next(struct walk *w, struct call *call, char *name, size_t len)
{
	const struct call	*row;
	size_t			 n;

	do {
		if ((row = walk_row(w)) == NULL)
			return (0);
		if (w->rest == NULL)
			w->rest = row->names;
		w->rest += strspn(w->rest, " ");
		n = strcspn(w->rest, " ");
		(void)strlcpy(name, w->rest, n < len ? n + 1 : len);
		w->rest += n;
		if (n == 0) {
			w->row++;
			w->rest = NULL;
		}
	} while (n == 0 || !abi_has(w->arch, name));
	*call = *row;
	abi_adapt(abi_of(w->arch), name, call);
	return (1);
}

/* Only the parent's has values that are not known without p. */
static uint64_t
argument_value(const struct argument *arg, pid_t pid,
    const struct sandbox_parent *p)
{
	switch (arg->value) {
	case VALUE_PID:
		return ((uint64_t)pid);
	case VALUE_UID:
		return (p->uid);
	case VALUE_GID:
		return (p->gid);
	case VALUE_BINARY:
		return ((uint64_t)p->binary_fd);
	default:
		return (arg->value);
	}
}

static void
describe(const struct argument *arg, char *buf, size_t len)
{
	size_t	 used = strlen(buf);

	buf += used;
	len -= used;
	if (arg->text != NULL)
		snprintf(buf, len, "%s%s %s", used > 0 ? ", " : "", arg->name,
		    arg->text);
	else if (arg->free == 0)
		snprintf(buf, len, "%s%s = %" PRIu64, used > 0 ? ", " : "",
		    arg->name, arg->value);
	else
		snprintf(buf, len, "%s%s = %" PRIu64 " to %" PRIu64,
		    used > 0 ? ", " : "", arg->name, arg->value,
		    arg->value | arg->free);
}

int
sandbox_os_rule(enum sandbox_filter filter, pid_t pid,
    const struct sandbox_parent *p, size_t n, struct sandbox_rule *rule)
{
	struct call	 call;
	struct walk	 w = walk_start(filter, p);
	unsigned int	 i;

	do {
		if (!walk_next(&w, &call, rule->call, sizeof(rule->call)))
			return (0);
	} while (n-- > 0);
	rule->reason = call.reason;
	rule->condition[0] = '\0';
	rule->nargs = call.nargs;
	for (i = 0; i < call.nargs; i++) {
		rule->args[i].n = call.args[i].n;
		rule->args[i].mask = ~call.args[i].free;
		rule->args[i].value = argument_value(&call.args[i], pid, p);
		describe(&call.args[i], rule->condition,
		    sizeof(rule->condition));
	}
	return (1);
}

const char *
sandbox_os_otherwise(enum sandbox_filter filter)
{
	return (filters[filter].text);
}

/*
 * Filters.
 */

/* By the number that the name has here, whatever the architecture. */
static int
allow(scmp_filter_ctx ctx, const char *name, const struct call *call,
    pid_t pid, const struct sandbox_parent *p)
{
	struct scmp_arg_cmp	 args[nitems(call->args)];
	unsigned int		 i;

	for (i = 0; i < call->nargs; i++)
		args[i] = (struct scmp_arg_cmp){ call->args[i].n,
		    SCMP_CMP_MASKED_EQ, ~call->args[i].free,
		    argument_value(&call->args[i], pid, p) };
	return (seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW,
	    seccomp_syscall_resolve_name(name), call->nargs, args));
}

/*
 * Of a rule for a socket call libseccomp makes another, for socketcall, which
 * looks at what is no argument there.  A rule that refuses all of it goes
 * before; it must do something else than what is not in the list.
 */
static int
refuse_socketcall(scmp_filter_ctx ctx, uint32_t otherwise)
{
	uint32_t	 action = SCMP_ACT_ERRNO(ENOSYS);

	if (otherwise == SCMP_ACT_KILL_PROCESS)
		action = SCMP_ACT_KILL_THREAD;	/* the only one */
	else if (otherwise == action)
		action = SCMP_ACT_ERRNO(EPERM);
	return (seccomp_rule_add(ctx, action,
	    seccomp_syscall_resolve_name("socketcall"), 0));
}

static int
set_up(scmp_filter_ctx ctx, const struct walk *w)
{
	int	 ret;

	if ((ret = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS)) == 0 &&
	    w->arch != seccomp_arch_native() &&
	    (ret = seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE)) == 0)
		ret = seccomp_arch_add(ctx, w->arch);
	if (ret != 0 || (filters[w->filter].socketcall &&
	    abi_of(w->arch)->socketcall))
		return (ret);
	return (refuse_socketcall(ctx, filters[w->filter].otherwise));
}

/* NULL with errno. */
static scmp_filter_ctx
build(enum sandbox_filter filter, pid_t pid, const struct sandbox_parent *p)
{
	struct call	 call;
	struct walk	 w = walk_start(filter, p);
	scmp_filter_ctx	 ctx;
	char		 name[32];
	int		 ret;

	if ((ctx = seccomp_init(filters[filter].otherwise)) == NULL) {
		errno = ENOSYS;
		return (NULL);
	}
	ret = set_up(ctx, &w);
	while (ret == 0 && walk_next(&w, &call, name, sizeof(name)))
		ret = allow(ctx, name, &call, pid, p);
	if (ret == 0)
		return (ctx);
	seccomp_release(ctx);
	errno = -ret;
	return (NULL);
}

/* ret: of the last call of libseccomp. */
static int
done(scmp_filter_ctx ctx, int ret)
{
	seccomp_release(ctx);
	if (ret == 0)
		return (0);
	errno = -ret;
	return (-1);
}

int
sandbox_os_syscalls(enum sandbox_filter filter, const struct sandbox_parent *p)
{
	scmp_filter_ctx	 ctx;

	if ((ctx = build(filter, getpid(), p)) == NULL)
		return (-1);
	return (done(ctx, seccomp_load(ctx)));
}

int
sandbox_os_filter_export(enum sandbox_filter filter, pid_t pid,
    const struct sandbox_parent *p, int fd)
{
	scmp_filter_ctx	 ctx;

	if ((ctx = build(filter, pid, p)) == NULL)
		return (-1);
	return (done(ctx, seccomp_export_bpf(ctx, fd)));
}
