/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What config_lex.c, config_keyword.c and config_parse.c share. */

#ifndef CONFIG_PARSE_H
#define CONFIG_PARSE_H

#include "config.h"

enum config_kind {
	CONFIG_FLAG,		/* keyword */
	CONFIG_VALUE,		/* keyword value */
	CONFIG_NAMED,		/* keyword name value */
	CONFIG_LIST,		/* keyword value ... */
	CONFIG_WORDS,		/* keyword word ..., one value */
	CONFIG_INTERFACE,
	CONFIG_COLLECTOR,
	CONFIG_REPORTS
};

struct config_keyword {
	const char		*name;
	int			 letter;
	const char		*detail;	/* -o's name; or NULL */
	enum config_kind	 kind;
};

/* NULL: there is no such keyword. */
const struct config_keyword *config_keyword_find(const char *word);

enum config_token {
	TOKEN_END,		/* of the file */
	TOKEN_LINE,		/* of a line */
	TOKEN_WORD,
	TOKEN_STRING,		/* in quotes */
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA
};

/* The text, and the token in hand. */
struct config_lex {
	const char		*text;
	size_t			 len, at;
	uint32_t		 line, column;	/* of at */
	enum config_token	 token;
	uint32_t		 token_line, token_column;
	char			 value[CONFIG_ARG];	/* of it, as text */
	struct config_error	*error;
};

/* Begin before the first token; -1 with an error, likewise. */
int	config_lex_init(struct config_lex *, const char *text, size_t len,
	    struct config_error *);

/* The next token; -1 with an error. */
int	config_lex_next(struct config_lex *);

/* Leave an error at the token in hand; -1. */
int	config_lex_fail(struct config_lex *, const char *fmt, ...)
	    __attribute__((__format__(printf, 2, 3)));

#endif
