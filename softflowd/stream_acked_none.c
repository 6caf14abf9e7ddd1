/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* A system that does not tell: what a socket took counts as delivered. */

#include <errno.h>

#include "stream.h"

int
stream_acked(int fd, uint64_t *octets)
{
	(void)fd;
	(void)octets;
	errno = EOPNOTSUPP;
	return (-1);
}
