/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The form of the tables of system calls, for sandbox_calls_*.c, where they
 * are, and sandbox_seccomp.c, which makes filters of them.
 *
 * A filter compares 64 bits where the kernel looks at the low 32 of an int.
 * So an int is allowed by all of its bits, or by all but those of a mask that
 * it may have, and never by GE, GT or NE; there is no rule that refuses.  The
 * arguments of one row must all match; rows of one call are alternatives.
 */

#ifndef SANDBOX_CALLS_H
#define SANDBOX_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "sandbox_filter.h"

struct argument {
	unsigned int	 n;		/* from 0 on */
	uint64_t	 free;		/* bits that do not count */
	uint64_t	 value;		/* of all others; or VALUE_* */
	const char	*name;
	const char	*text;		/* NULL: the numbers */
};

/* What is known only when a filter is made. */
#define VALUE_PID	UINT64_MAX		/* getpid() */
#define VALUE_UID	(UINT64_MAX - 1)	/* of the worker */
#define VALUE_GID	(UINT64_MAX - 2)
#define VALUE_BINARY	(UINT64_MAX - 3)	/* the descriptor */

struct call {
	const char	*names;		/* of one or more, spaces between */
	const char	*reason;
	unsigned int	 nargs;
	struct argument	 args[SANDBOX_ARGS];
};

#define ANY			0, { EQ(0, "", 0) }
#define EQ(n, name, value)	{ (n), 0, (value), (name), "= " #value }
#define OWN_PID			{ 0, 0, VALUE_PID, "pid", "= its own" }
#define UID(n, name)		{ (n), 0, VALUE_UID, (name), "= the worker's" }
#define GID(n, name)		{ (n), 0, VALUE_GID, (name), "= the worker's" }
#define OWN_PROGRAM		{ 0, 0, VALUE_BINARY, "fd", "= own program" }
#define FD(number)		{ 0, 0, (number), "fd", NULL }
/* count: a power of two that first is a multiple of. */
#define FD_FROM(first, count)						\
    { 0, (uint64_t)(count) - 1, (first), "fd", NULL }
#define NEW_FD_FROM(first, count)					\
    { 1, (uint64_t)(count) - 1, (first), "new fd", NULL }
/* All of must, any of may and no other bit. */
#define BITS(n, name, must, may)					\
    { (n), (may), (must), (name), "= " #must " with any of " #may }

/* What several tables have. */
#define SOCKET(family, type, protocol)					\
    3, { { 0, 0, (family), "family", "= " #family },			\
    { 1, SOCK_CLOEXEC | SOCK_NONBLOCK, (type), "type",			\
    "= " #type " with flags" },						\
    { 2, 0, (protocol), "protocol", "= " #protocol } }
#define OPTION(level, name)						\
    2, { { 1, 0, (level), "level", "= " #level },			\
    { 2, 0, (name), "name", "= " #name } }
/*
 * The n-th argument of a send: what we, the C library and libpcap use.  With
 * MSG_FASTOPEN a send connects, and Landlock does not look.
 */
#define SEND_FLAGS(n)	BITS(n, "flags", 0, MSG_NOSIGNAL | MSG_DONTWAIT)
#define FORK	BITS(0, "flags", SIGCHLD,				\
    CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)

/* root: only if the parent started as root. */
struct calls {
	const struct call	*rows;
	size_t			 n;
	int			 root;
};
#define CALLS(table, root)						\
    { (table), sizeof(table) / sizeof((table)[0]), (root) }

extern const struct calls	sandbox_calls_worker, sandbox_calls_reader,
	    sandbox_calls_shared, sandbox_calls_resolver,
	    sandbox_calls_compiler, sandbox_calls_parent,
	    sandbox_calls_library, sandbox_calls_sockets, sandbox_calls_start,
	    sandbox_calls_root;

#endif
