/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* A system where each datagram takes a call of its own. */

#include <errno.h>

#include "segment.h"

int
segment_socket(int fd, size_t octets)
{
	(void)fd;
	(void)octets;
	errno = EOPNOTSUPP;
	return (-1);
}
