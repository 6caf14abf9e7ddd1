/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What a file asked of a system that is not here: fakes of its calls write
 * down a line each, and fail when a case wants them to.
 */

#ifndef RECORD_H
#define RECORD_H

/* Forget all lines and all wishes. */
void	record_reset(void);

/* The nth call of this name from now on, from 1, shall fail; 0: each. */
void	record_fail(const char *call, unsigned int nth, int error);

/*
 * For the fakes: add the line "call(arguments)", the latter formatted.
 * Returns 0, or -1 with errno when this one shall fail.
 */
int	record(const char *call, const char *arguments, ...)
	    __attribute__((__format__(__printf__, 2, 3)));

/* All lines since the reset, each ended by a newline. */
const char *record_lines(void);

/* Fails the case unless the lines are these. */
void	record_expect(const char *lines);

#endif
