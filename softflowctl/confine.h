/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The system's part, one file for each. */

#ifndef CONFINE_H
#define CONFINE_H

/*
 * Keep for good only what it takes to ask on an open connection and to print
 * the answer: nothing can be opened, started or changed any more.  connecting:
 * and to make such connections, in this system.  Returns 0, also where the
 * system has no means; -1 with errno.
 */
int	confine(int connecting);

#endif
