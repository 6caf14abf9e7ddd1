/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What options.c and options_tunable.c share; included by nobody else. */

#ifndef OPTIONS_PARSE_H
#define OPTIONS_PARSE_H

#include "options.h"

#define OFFSET(name)		offsetof(struct options, name)

struct option_def;

struct parse {
	struct options	*options;
	char		*error;
	size_t		 errorlen;
	int		 letter;	/* of the option in hand */
	const struct option_def	*def;	/* and its row */
};

/*
 * Leave "-x arg: reason" in error; arg may be NULL.  Returns -1, as all of
 * these do when something is wrong.
 */
int	options_fail(struct parse *, const char *arg, const char *fmt, ...)
	    __attribute__((__format__(printf, 3, 4)));

/* Likewise, if there is a reason. */
int	options_check(struct parse *, const char *arg, const char *reason);

void	*options_member(struct parse *, size_t offset);

/* text, all or part of arg, to a number; result may be an int, too. */
int	options_number(struct parse *, const char *arg, const char *text,
	    long long min, long long max, uint32_t *result);

/* -o name=value */
int	options_tunable(struct parse *, char *arg);

#endif
