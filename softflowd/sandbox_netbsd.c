/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * NetBSD: neither system calls nor files can be refused to a process, so a
 * worker is as safe as its empty root directory, its ids and its limits.  Not
 * made executable is memory by PaX, of the whole system.
 */

#include <stddef.h>

#include "sandbox_filter.h"

const char sandbox_os_files_step[] = "files";

int
sandbox_os_files(enum sandbox_filter filter, const struct sandbox_parent *p,
    uint32_t *layers, uint32_t *abi)
{
	(void)filter;
	(void)p;
	(void)layers;
	(void)abi;
	return (0);
}

int
sandbox_os_syscalls(enum sandbox_filter filter, const struct sandbox_parent *p)
{
	(void)filter;
	(void)p;
	return (0);
}

const char *
sandbox_os_otherwise(enum sandbox_filter filter)
{
	(void)filter;
	return ("is allowed, as there is no filter");
}

const struct sandbox_words	sandbox_os_words = {
	.rules = "System calls",
	.rules_key = "calls"
};
