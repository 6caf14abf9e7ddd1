/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The one place for what a sanitizer's runtime needs in a confined process
 * besides the table of sandbox_seccomp.c.  Compiled only by
 * bmake SANITIZE=...; never for use against real traffic.
 */

#include <stddef.h>

#include "sandbox.h"

const int sandbox_sanitized = 1;

const struct sandbox_extra sandbox_extra_calls[] = {
	{ "mmap", "shadow memory, at fixed addresses" },
	{ "sigaltstack", "undone at the end" },
	{ "futex", "locks of a report" },
	{ "open", "a report looks for its program; denied by the chroot" },
	{ "openat", "a report looks for its program; denied by the chroot" },
	{ "readlink", "a report looks for its program; denied by the chroot" },
	{ "pipe2", "a report tries memory before it prints it" },
	{ NULL, NULL }
};

/*
 * Confined processes cannot trace themselves for leaks, nor start a program
 * that finds names; abort, so that a finding is no sandbox violation.
 */
#define OPTIONS	"detect_leaks=0:symbolize=0:color=never:abort_on_error=1"

const char	*__asan_default_options(void);
const char	*__ubsan_default_options(void);

const char *
__asan_default_options(void)
{
	return (OPTIONS);
}

const char *
__ubsan_default_options(void)
{
	return (OPTIONS);
}
