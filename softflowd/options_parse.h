/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What options.c, options_file.c and options_tunable.c share. */

#ifndef OPTIONS_PARSE_H
#define OPTIONS_PARSE_H

#include "config.h"
#include "options.h"

#define OFFSET(name)		offsetof(struct options, name)

struct option_def;

struct parse {
	struct options	*options;
	char		*error;
	size_t		 errorlen;
	int		 letter;	/* of the option in hand */
	const struct option_def	*def;	/* and its row */
	struct config	*config;	/* the file; or NULL */
	const struct config_item *item;	/* of it, in hand; or NULL */
};

/*
 * Leave "-x arg: reason" in error, or file, line and column, keyword, arg and
 * reason; arg may be NULL.  Returns -1, as all of these do when something is
 * wrong.
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

/* Set one option; arg may be NULL. */
int	options_set(struct parse *, int letter, char *arg);

/*
 * options_file.c: set what the file says and the command line does not.
 */
int	options_file(struct parse *, int argc, char *argv[]);

/* Leave it in error, with the place. */
void	options_file_error(struct parse *, const char *arg,
	    const char *reason);

/* If error is about something of the file, say where that is. */
void	options_file_blame(struct parse *);

#endif
