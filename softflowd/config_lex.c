/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The text of a configuration file to words, strings in quotes, braces,
 * commas and ends of lines.  Takes any octets.  Pure.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config_parse.h"

#define NOWHERE	(-1)		/* behind the last octet */

int
config_lex_fail(struct config_lex *lex, const char *fmt, ...)
{
	va_list ap;

	lex->error->line = lex->token_line;
	lex->error->column = lex->token_column;
	va_start(ap, fmt);
	vsnprintf(lex->error->text, sizeof(lex->error->text), fmt, ap);
	va_end(ap);
	return (-1);
}

static int
check_lines(struct config_lex *lex)
{
	const char *line, *next, *end = lex->text + lex->len;

	for (line = lex->text; line < end; line = next + 1) {
		lex->token_line++;
		next = memchr(line, '\n', (size_t)(end - line));
		if (next == NULL)
			next = end;
		if (next - line > CONFIG_LINE_MAX)
			return (config_lex_fail(lex, "a line has at most %d "
			    "characters", CONFIG_LINE_MAX));
		if (next == end)
			break;
	}
	return (0);
}

int
config_lex_init(struct config_lex *lex, const char *text, size_t len,
    struct config_error *error)
{
	memset(lex, 0, sizeof(*lex));
	lex->text = text;
	lex->len = len;
	lex->line = lex->column = 1;
	lex->token = TOKEN_LINE;
	lex->error = error;
	memset(error, 0, sizeof(*error));
	lex->token_column = 1;
	return (check_lines(lex));
}

static int
peek(const struct config_lex *lex)
{
	return (lex->at < lex->len ? (unsigned char)lex->text[lex->at] :
	    NOWHERE);
}

static void
step(struct config_lex *lex)
{
	if (lex->text[lex->at++] == '\n') {
		lex->line++;
		lex->column = 1;
	} else
		lex->column++;
}

static void
mark(struct config_lex *lex)
{
	lex->token_line = lex->line;
	lex->token_column = lex->column;
}

/* Comments may hold anything but a NUL. */
static void
skip_comment(struct config_lex *lex)
{
	while (peek(lex) != '\n' && peek(lex) > 0)
		step(lex);
}

/* A backslash at its end joins the next line to this one. */
static int
is_joined(const struct config_lex *lex)
{
	const char *rest = lex->text + lex->at;
	size_t left = lex->len - lex->at;

	return ((left >= 2 && memcmp(rest, "\\\n", 2) == 0) ||
	    (left >= 3 && memcmp(rest, "\\\r\n", 3) == 0));
}

static void
skip_blanks(struct config_lex *lex)
{
	for (;;) {
		if (is_joined(lex))
			do
				step(lex);
			while (lex->column != 1);
		else if (peek(lex) == ' ' || peek(lex) == '\t' ||
		    peek(lex) == '\r')
			step(lex);
		else if (peek(lex) == '#')
			skip_comment(lex);
		else
			return;
	}
}

static int
is_printable(int c)
{
	return (c >= ' ' && c <= '~');
}

static int
bad_octet(struct config_lex *lex)
{
	mark(lex);
	if (peek(lex) == 0)
		return (config_lex_fail(lex, "a NUL octet: this is no text"));
	return (config_lex_fail(lex, "octet 0x%02x: outside of comments there "
	    "are only printable ASCII characters", (unsigned int)peek(lex)));
}

/* The octet at hand behind the others; there is always room for a NUL. */
static int
keep(struct config_lex *lex, size_t *len)
{
	if (*len == sizeof(lex->value) - 1)
		return (config_lex_fail(lex, "a value has at most %zu "
		    "characters", sizeof(lex->value) - 1));
	lex->value[(*len)++] = lex->text[lex->at];
	lex->value[*len] = '\0';
	step(lex);
	return (0);
}

static int
next_string(struct config_lex *lex)
{
	size_t len = 0;
	int c;

	lex->token = TOKEN_STRING;
	step(lex);
	for (; (c = peek(lex)) != '"';) {
		if (c == NOWHERE || c == '\n')
			return (config_lex_fail(lex, "\"%.40s: the closing "
			    "quote is missing", lex->value));
		if (c == '\\') {
			step(lex);
			if (peek(lex) != '"' && peek(lex) != '\\') {
				mark(lex);
				return (config_lex_fail(lex, "behind a "
				    "backslash in quotes there must be another "
				    "or a quote"));
			}
		} else if (!is_printable(c))
			return (bad_octet(lex));
		if (keep(lex, &len) == -1)
			return (-1);
	}
	step(lex);
	return (0);
}

static int
next_word(struct config_lex *lex)
{
	size_t len = 0;

	lex->token = TOKEN_WORD;
	while (is_printable(peek(lex)) &&
	    strchr(" #{},\"", peek(lex)) == NULL && !is_joined(lex))
		if (keep(lex, &len) == -1)
			return (-1);
	return (len == 0 ? bad_octet(lex) : 0);
}

int
config_lex_next(struct config_lex *lex)
{
	skip_blanks(lex);
	mark(lex);
	lex->value[0] = '\0';
	switch (peek(lex)) {
	case NOWHERE:
		lex->token = TOKEN_END;
		return (0);
	case '\n':
		lex->token = TOKEN_LINE;
		step(lex);
		return (0);
	case '{':
		lex->token = TOKEN_OPEN;
		break;
	case '}':
		lex->token = TOKEN_CLOSE;
		break;
	case ',':
		lex->token = TOKEN_COMMA;
		break;
	case '"':
		return (next_string(lex));
	default:
		return (next_word(lex));
	}
	lex->value[0] = lex->text[lex->at];
	lex->value[1] = '\0';
	step(lex);
	return (0);
}
