/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Processes that are as they should be but for one thing, to show that the
 * checks of a running daemon can fail.
 */

#ifndef RUNNING_FIXTURE_H
#define RUNNING_FIXTURE_H

#include "compat.h"
#include "running.h"

#define NOBODY		65534
#define FD_EXPORT	9

extern struct process	self, child;	/* parent and child of a try */
extern int		chroot_fd;	/* of the child; -1: as it should be */

/* In the child: when it cannot be made as wanted the test fails. */
void	must(int ok, const char *what, int line);
#define MUST(cond)	must((cond), #cond, __LINE__)
void	put(int fd, int wanted);

/*
 * A child with the descriptors of a worker, of which change makes something
 * else; then confined by the daemon's own function, or not at all.  With the
 * role of the parent it has none itself.  The one before is killed.
 */
void	start_child(enum sandbox_filter role, int confined,
	    void (*change)(void));

/* The last row of the attempt has the result, and the text in its detail. */
void	expect(enum row_result, const char *attempt, const char *text, int);
#define PROVEN(attempt)		expect(ROW_PROVEN, attempt, "", __LINE__)
#define GAP(attempt, text)	expect(ROW_GAP, attempt, text, __LINE__)
#define MISSING(attempt)	expect(ROW_MISSING, attempt, "", __LINE__)
#define UNCHECKED(attempt, text)					\
    expect(ROW_UNCHECKED, attempt, text, __LINE__)

void	need_root(void);	/* or skip */

#endif
