/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Work that may crash, hang or turn on us, in a child of its own. */

#ifndef CAPTURE_APART_H
#define CAPTURE_APART_H

#include <sys/types.h>

/*
 * Have child(arg, fd) write its answer to fd.  Of our descriptors it has that
 * and the standard ones only.  It is killed when it has answered, or after so
 * many seconds; 0: it may take any time.  Returns how many octets of answer,
 * len at most, it wrote; 0 if it did not end its answer in time; -1 with errno
 * if there was no child.
 */
ssize_t	capture_apart(void (*child)(void *arg, int fd), void *arg,
	    int seconds, void *answer, size_t len);

#endif
