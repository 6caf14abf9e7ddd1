/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Our own program where there is a Linux /proc.  Runs in the parent. */

#include <fcntl.h>
#include <unistd.h>

#include "priv_state.h"

int
self_open(const char **path, const char **what)
{
	*path = NULL;
	*what = "our own program";
	return (open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
}

void
self_exec(int fd, const char *path, char *const argv[], char *const envp[])
{
	(void)path;
	fexecve(fd, argv, envp);
}
