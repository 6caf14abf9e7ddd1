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
	const struct calls	*calls[4];	/* NULL ends */
} filters[SANDBOX_FILTERS] = {
	[SANDBOX_FILTER_WORKER] = { SCMP_ACT_KILL_PROCESS, "kills",
	    { &sandbox_calls_worker, &sandbox_calls_shared } },
	[SANDBOX_FILTER_READER] = { SCMP_ACT_KILL_PROCESS, "kills",
	    { &sandbox_calls_reader, &sandbox_calls_shared } },
	[SANDBOX_FILTER_RESOLVER] = { SCMP_ACT_ERRNO(EPERM),
	    "fails with EPERM",
	    { &sandbox_calls_resolver, &sandbox_calls_library } },
	[SANDBOX_FILTER_PARENT] = { SCMP_ACT_ERRNO(ENOSYS),
	    "fails with ENOSYS", { &sandbox_calls_parent, &sandbox_calls_start,
	    &sandbox_calls_library, &sandbox_calls_root } },
	[SANDBOX_FILTER_COMPILER] = { SCMP_ACT_ERRNO(EPERM),
	    "fails with EPERM",
	    { &sandbox_calls_compiler, &sandbox_calls_library } },
};

/*
 * Rules, one after the other.
 */

struct walk {
	enum sandbox_filter	 filter;
	int			 root;
	size_t			 table;
	size_t			 row;
	const char		*rest;		/* of the row's names */
};

static struct walk
walk_start(enum sandbox_filter filter, const struct sandbox_parent *p)
{
	return ((struct walk){ .filter = filter,
	    .root = p != NULL && p->root });
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
 * The next rule's call, by number and name (of len octets), and its row.  -1
 * behind the last.  What this architecture, or libseccomp, does not know is
 * left out.
 */
static int
walk_next(struct walk *w, const struct call **call, char *name, size_t len)
{
	size_t	 n;
	int	 nr = -1;

	while (nr < 0) {
		if ((*call = walk_row(w)) == NULL)
			return (-1);
		if (w->rest == NULL)
			w->rest = (*call)->names;
		w->rest += strspn(w->rest, " ");
		if ((n = strcspn(w->rest, " ")) == 0) {
			w->row++;
			w->rest = NULL;
			continue;
		}
		(void)strlcpy(name, w->rest, n < len ? n + 1 : len);
		w->rest += n;
		nr = seccomp_syscall_resolve_name(name);
	}
	return (nr);
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
	const struct call	*call;
	struct walk		 w = walk_start(filter, p);
	unsigned int		 i;

	do {
		if (walk_next(&w, &call, rule->call, sizeof(rule->call)) == -1)
			return (0);
	} while (n-- > 0);
	rule->reason = call->reason;
	rule->condition[0] = '\0';
	rule->nargs = call->nargs;
	for (i = 0; i < call->nargs; i++) {
		rule->args[i].n = call->args[i].n;
		rule->args[i].mask = ~call->args[i].free;
		rule->args[i].value = argument_value(&call->args[i], pid, p);
		describe(&call->args[i], rule->condition,
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

static int
allow(scmp_filter_ctx ctx, int nr, const struct call *call, pid_t pid,
    const struct sandbox_parent *p)
{
	struct scmp_arg_cmp	 args[nitems(call->args)];
	unsigned int		 i;
	int			 ret;

	for (i = 0; i < call->nargs; i++)
		args[i] = (struct scmp_arg_cmp){ call->args[i].n,
		    SCMP_CMP_MASKED_EQ, ~call->args[i].free,
		    argument_value(&call->args[i], pid, p) };
	if ((ret = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr,
	    call->nargs, args)) == 0)
		return (0);
	errno = -ret;
	return (-1);
}

/* NULL with errno. */
static scmp_filter_ctx
build(enum sandbox_filter filter, pid_t pid, const struct sandbox_parent *p)
{
	const struct call	*call;
	struct walk		 w = walk_start(filter, p);
	scmp_filter_ctx		 ctx;
	char			 name[32];
	int			 nr, ret;

	if ((ctx = seccomp_init(filters[filter].otherwise)) == NULL) {
		errno = ENOSYS;
		return (NULL);
	}
	if ((ret = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS)) != 0)
		errno = -ret;
	while (ret == 0 &&
	    (nr = walk_next(&w, &call, name, sizeof(name))) != -1)
		ret = allow(ctx, nr, call, pid, p);
	if (ret == 0)
		return (ctx);
	seccomp_release(ctx);
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
