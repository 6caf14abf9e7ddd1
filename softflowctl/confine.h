/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The system's part, one file for each. */

#ifndef CONFINE_H
#define CONFINE_H

#include <sys/un.h>

/*
 * Keep for good only what it takes to ask on an open connection and to print
 * the answer: nothing can be opened, started or changed any more.  path: and to
 * make such connections, to the socket of this name; or NULL.  Returns 0, also
 * where the system has no means; -1 with errno.
 */
int	confine(const char *path);

/* connect(2), as it can be had before and after that. */
int	confine_connect(int fd, const struct sockaddr_un *);

#endif
