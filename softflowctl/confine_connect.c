/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Where who is confined may still connect by name, or never. */

#include <sys/types.h>
#include <sys/socket.h>

#include "confine.h"

int
confine_connect(int fd, const struct sockaddr_un *sun)
{
	return (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)));
}
