/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* From a word of the command line to a request.  Pure. */

#ifndef PARSER_H
#define PARSER_H

#include <stddef.h>
#include <stdint.h>

#define PARSER_HELP	0	/* answered here, not by the daemon */

struct command {
	const char	*word;
	uint32_t	 request;	/* CTL_* or PARSER_HELP */
	const char	*help;
};

/*
 * The command that word names or is the unique beginning of.  NULL with a
 * line in error that lists what is allowed.
 */
const struct command *parser_find(const char *word, char *error,
		    size_t errorlen);

/* The n-th command, NULL behind the last. */
const struct command *parser_command(unsigned int n);

#endif
