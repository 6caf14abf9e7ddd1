/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* OpenBSD: of local sockets there is the daemon's only. */

#include <errno.h>
#include <unistd.h>

#include "confine.h"

int
confine(const char *path)
{
	if (path == NULL)
		return (pledge("stdio", ""));
	if (unveil("/", "") == -1 ||
	    (unveil(path, "rw") == -1 && errno != ENOENT))
		return (-1);
	return (pledge("stdio unix", ""));
}
