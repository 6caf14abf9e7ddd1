/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * From the words of the command line to a request.  The grammar stands in the
 * tables of parser_words.c; help, errors and completion are made from them.
 * Reads the names of services and protocols, nothing else.
 */

#ifndef PARSER_H
#define PARSER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "msg.h"

/* Requests that are answered here, not by the daemon. */
enum parser_request {
	PARSER_HELP,
	PARSER_COMPLETION,
	PARSER_TOP
};

/* How an answer is shown; the classic words have the classic text. */
enum view {
	VIEW_CLASSIC,
	VIEW_STATISTICS,
	VIEW_FLOWS,
	VIEW_TIMEOUTS,
	VIEW_COLLECTORS,
	VIEW_INTERFACES,
	VIEW_SANDBOX,
	VIEW_MEMORY
};

struct table;
struct token;

struct command {
	uint32_t	 request;	/* CTL_* or enum parser_request */
	enum view	 view;
	struct ctl_set	 set;		/* of CTL_SET */
	struct ctl_query query;		/* its filter, of CTL_FLOW_* */
	const struct table	*place;	/* what help is wanted of, */
	const struct token	*token;	/* or of this one */
};

/* Rows of a sorted answer that is not limited. */
#define PARSER_SORTED_ROWS	20

struct token {
	const char	*word;
	const char	*arg;		/* what has to follow it; NULL */
	const char	*help;
	/* Takes the word; NULL or what its argument ought to be. */
	const char	*(*set)(struct command *, const struct token *,
			    const char *arg);
	uint32_t	 value;		/* for set */
	const struct table	*next;	/* NULL: the end, or the loop's next */
	unsigned int	 max;		/* times in a loop; 0 is 1 */
};

#define PARSER_LOOP_TOKENS	16	/* at most, of a table that repeats */
enum table_repeat {
	TABLE_ONCE,		/* one of its words */
	TABLE_SOME,		/* one or more, in any order */
	TABLE_ANY		/* or none */
};

struct table {
	const char	*name;		/* unique */
	const struct token	*tokens;
	unsigned int	 n;
	enum table_repeat	repeat;
};

/* parser_words.c */
extern const struct table	parser_main;
extern const struct table	parser_timeouts;	/* by enum timeout */

/*
 * Read a whole command: words may be shortened to what is unique, and "?"
 * instead of a word asks for help.  -1 with a line in error that names the
 * word that is wrong and lists what is allowed there.
 */
int	parser_parse(int argc, char *argv[], struct command *, char *error,
	    size_t errorlen);

/* What goes with the request; NULL and 0 for most. */
const void *parser_payload(const struct command *, size_t *len);

/* Print the help that a command of PARSER_HELP is about. */
void	parser_help(FILE *, const struct command *);

/* completion.c: a script for bash and for zsh's bashcompinit. */
void	completion_print(FILE *);

/*
 * parser_value.c: take an argument, or the word itself; for tables.
 */
typedef const char *token_fn(struct command *, const struct token *,
	    const char *arg);

token_fn	set_request, set_show, set_wish, set_verbose, set_timeout,
		set_sampling, set_host, set_port, set_proto, set_interface,
		set_vlan, set_min_octets, set_min_packets, set_min_age,
		set_min_idle, set_state, set_sort, set_limit;

#endif
