/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * No filter of system calls, for tests under an emulator, which cannot load
 * one.  Compiled only by bmake SANDBOX=none, in place of sandbox_seccomp.c and
 * its tables; what there is besides stays in force.  Such a build says that it
 * is unconfined wherever it is asked; never for use against real traffic.
 */

#include <sys/types.h>

#include <errno.h>

#include "compat.h"
#include "sandbox_filter.h"

/* An emulator needs memory, its environment and to say what is wrong. */
const int sandbox_sanitized = 1;

const struct sandbox_extra sandbox_extra_calls[] = {
	{ NULL, NULL }
};

int
sandbox_os_syscalls(enum sandbox_filter filter, const struct sandbox_parent *p)
{
	(void)filter;
	(void)p;
	return (0);
}

int
sandbox_os_filter_export(enum sandbox_filter filter, pid_t pid,
    const struct sandbox_parent *p, int fd)
{
	(void)filter;
	(void)pid;
	(void)p;
	(void)fd;
	errno = ENOSYS;
	return (-1);
}

int
sandbox_os_rule(enum sandbox_filter filter, pid_t pid,
    const struct sandbox_parent *p, size_t n, struct sandbox_rule *rule)
{
	(void)filter;
	(void)pid;
	(void)p;
	(void)n;
	(void)rule;
	return (0);
}

const char *
sandbox_os_otherwise(enum sandbox_filter filter)
{
	(void)filter;
	return ("IS ALLOWED: this is a test build, and unconfined");
}
