/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Statements of a configuration file to options with their arguments, which
 * are left for the parent to check.  One statement is a line; lists and what
 * belongs to an interface or collector may stand in braces, over several.
 * Takes any octets.  Pure.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_parse.h"
#include "options.h"

struct parser {
	struct config_lex		 lex;
	struct config			*config;
	const struct config_keyword	*keyword;	/* of the statement */
	uint32_t			 line, column;	/* of its value */
};

struct attribute {
	const char	*name;
	const char	*what;		/* may be; NULL: it takes no value */
	const char	*(*check)(const char *);	/* or NULL */
	char		 value[64];
	int		 given;
};

static int
fail_token(struct parser *p, const char *expected)
{
	struct config_lex *lex = &p->lex;

	if (lex->token == TOKEN_LINE || lex->token == TOKEN_END)
		return (config_lex_fail(lex, "%s: %s expected at the end of "
		    "the %s", p->keyword->name, expected,
		    lex->token == TOKEN_LINE ? "line" : "file"));
	return (config_lex_fail(lex, "%s: \"%.40s\": %s expected",
	    p->keyword->name, lex->value, expected));
}

static int
is_value(const struct parser *p)
{
	return (p->lex.token == TOKEN_WORD || p->lex.token == TOKEN_STRING);
}

static int
is_end(const struct parser *p)
{
	return (p->lex.token == TOKEN_LINE || p->lex.token == TOKEN_END);
}

/* The next token, which must be a value. */
static int
next_value(struct parser *p, const char *what)
{
	if (config_lex_next(&p->lex) == -1)
		return (-1);
	return (is_value(p) ? 0 : fail_token(p, what));
}

/* The next token, which must be the end of the line. */
static int
next_end(struct parser *p)
{
	if (config_lex_next(&p->lex) == -1)
		return (-1);
	return (is_end(p) ? 0 : fail_token(p, "the end of the line"));
}

/* The value in hand is where a setting is. */
static void
mark(struct parser *p)
{
	p->line = p->lex.token_line;
	p->column = p->lex.token_column;
}

/* Whether a setting like this one may not be repeated, and is. */
static const struct config_item *
find_same(const struct parser *p, const char *arg)
{
	const struct config_item *item;
	size_t len = 0;

	if (p->keyword->kind == CONFIG_LIST ||
	    p->keyword->kind == CONFIG_INTERFACE ||
	    p->keyword->kind == CONFIG_COLLECTOR)
		return (NULL);
	if (p->keyword->kind == CONFIG_NAMED || p->keyword->detail != NULL)
		len = strcspn(arg, "=") + 1;
	for (item = p->config->item; item < p->config->item + p->config->n;
	    item++)
		if (item->letter == p->keyword->letter &&
		    strncmp(item->arg, arg, len) == 0)
			return (item);
	return (NULL);
}

static int	add(struct parser *, const char *fmt, ...)
		    __attribute__((__format__(printf, 2, 3)));

/* A setting of the keyword, with this argument. */
static int
add(struct parser *p, const char *fmt, ...)
{
	const char *detail = p->keyword->detail;
	struct config_item *item = &p->config->item[p->config->n];
	const struct config_item *same;
	char arg[2 * CONFIG_ARG];
	va_list ap;
	int len = 0;

	p->lex.token_line = p->line;
	p->lex.token_column = p->column;
	if (p->config->n == CONFIG_ITEMS)
		return (config_lex_fail(&p->lex, "more than %d settings",
		    CONFIG_ITEMS));
	if (detail != NULL)
		len = snprintf(arg, sizeof(arg), "%s%s", detail,
		    p->keyword->kind == CONFIG_FLAG ? "" : "=");
	va_start(ap, fmt);
	len += vsnprintf(arg + len, sizeof(arg) - (size_t)len, fmt, ap);
	va_end(ap);
	if (len >= CONFIG_ARG)
		return (config_lex_fail(&p->lex, "%s: longer than %d "
		    "characters", p->keyword->name, CONFIG_ARG - 1));
	if ((same = find_same(p, arg)) != NULL)
		return (config_lex_fail(&p->lex, "%s%s%.*s: it is given "
		    "before, in line %u", p->keyword->name,
		    p->keyword->kind == CONFIG_NAMED ? " " : "",
		    p->keyword->kind == CONFIG_NAMED ?
		    (int)strcspn(arg, "=") : 0, arg, same->line));
	memset(item, 0, sizeof(*item));
	item->line = p->line;
	item->column = p->column;
	item->letter = p->keyword->letter;
	strlcpy(item->arg, arg, sizeof(item->arg));
	p->config->n++;
	return (0);
}

static int
parse_flag(struct parser *p)
{
	return (add(p, "%s", "") == -1 ? -1 : next_end(p));
}

static int
parse_value(struct parser *p)
{
	if (next_value(p, "a value") == -1)
		return (-1);
	mark(p);
	return (add(p, "%s", p->lex.value) == -1 ? -1 : next_end(p));
}

static int
parse_named(struct parser *p)
{
	char name[64];

	if (next_value(p, "a name") == -1)
		return (-1);
	mark(p);
	if (strlcpy(name, p->lex.value, sizeof(name)) >= sizeof(name))
		return (fail_token(p, "a name"));
	if (next_value(p, "a value") == -1 ||
	    add(p, "%s=%s", name, p->lex.value) == -1)
		return (-1);
	return (next_end(p));
}

/*
 * Go through what may stand in braces and over several lines: 1 with the next
 * value in hand, 0 behind the last one, -1 with an error.  A comma may be
 * between two.
 */
static int
next_of_list(struct parser *p, int *braces, unsigned int n)
{
	struct config_lex *lex = &p->lex;
	int comma = 0;

	for (;;) {
		if (config_lex_next(lex) == -1)
			return (-1);
		if (lex->token == TOKEN_LINE && *braces)
			continue;
		if (lex->token == TOKEN_OPEN && n == 0 && !*braces)
			*braces = 1;
		else if (lex->token == TOKEN_COMMA && n > 0 && !comma)
			comma = 1;
		else
			break;
	}
	if (is_value(p))
		return (1);
	if (comma || n == 0)
		return (fail_token(p, "a value"));
	if (*braces)
		return (lex->token != TOKEN_CLOSE ? fail_token(p, "} or a "
		    "value") : next_end(p));
	return (is_end(p) ? 0 : fail_token(p, "a value or the end of the "
	    "line"));
}

/* Each a setting of its own, so that a bad one has its place. */
static int
parse_list(struct parser *p)
{
	unsigned int n = 0;
	int braces = 0, ret;

	while ((ret = next_of_list(p, &braces, n)) == 1) {
		mark(p);
		if (add(p, "%s", p->lex.value) == -1)
			return (-1);
		n++;
	}
	return (ret);
}

/* Words and strings up to the end of the line, blanks between them. */
static int
parse_words(struct parser *p)
{
	char text[CONFIG_ARG] = "";

	if (next_value(p, "an expression") == -1)
		return (-1);
	mark(p);
	for (; is_value(p);) {
		if (*text != '\0')
			strlcat(text, " ", sizeof(text));
		if (strlcat(text, p->lex.value, sizeof(text)) >= sizeof(text))
			return (config_lex_fail(&p->lex, "%s: longer than %d "
			    "characters", p->keyword->name, CONFIG_ARG - 1));
		if (config_lex_next(&p->lex) == -1)
			return (-1);
	}
	if (!is_end(p))
		return (fail_token(p, "quotes around it"));
	return (add(p, "%s", text));
}

/* port, from address:port,peer,... */
static int
parse_reports(struct parser *p)
{
	char text[CONFIG_ARG];
	unsigned int n = 0;
	int braces = 0, ret;

	if (next_value(p, "a port, or address:port") == -1)
		return (-1);
	mark(p);
	strlcpy(text, p->lex.value, sizeof(text));
	if (config_lex_next(&p->lex) == -1)
		return (-1);
	if (p->lex.token != TOKEN_WORD || strcmp(p->lex.value, "from") != 0)
		return (fail_token(p, "\"from\" and who sends them"));
	while ((ret = next_of_list(p, &braces, n)) == 1) {
		strlcat(text, ",", sizeof(text));
		if (strlcat(text, p->lex.value, sizeof(text)) >= sizeof(text))
			return (config_lex_fail(&p->lex, "%s: longer than %d "
			    "characters", p->keyword->name, CONFIG_ARG - 1));
		n++;
	}
	return (ret == -1 || add(p, "%s", text) == -1 ? -1 : 0);
}

static int
parse_attribute(struct parser *p, struct attribute *attrs, const char *names)
{
	struct attribute *a;
	const char *why;

	for (a = attrs; a->name != NULL; a++)
		if (p->lex.token == TOKEN_WORD &&
		    strcmp(a->name, p->lex.value) == 0)
			break;
	if (a->name == NULL)
		return (fail_token(p, names));
	if (a->given++)
		return (config_lex_fail(&p->lex, "%s: %s is given twice",
		    p->keyword->name, a->name));
	if (a->what == NULL)
		return (0);
	if (next_value(p, a->what) == -1)
		return (-1);
	why = a->check == NULL ? NULL : a->check(p->lex.value);
	if (why != NULL)
		return (config_lex_fail(&p->lex, "%s %.40s: %s", a->name,
		    p->lex.value, why));
	if (strlcpy(a->value, p->lex.value, sizeof(a->value)) >=
	    sizeof(a->value))
		return (fail_token(p, a->what));
	return (0);
}

/* On the line, or in braces; names are of all, for messages. */
static int
parse_attributes(struct parser *p, struct attribute *attrs, const char *names)
{
	struct config_lex *lex = &p->lex;
	int braces = 0;

	if (config_lex_next(lex) == -1)
		return (-1);
	if (lex->token == TOKEN_OPEN) {
		braces = 1;
		if (config_lex_next(lex) == -1)
			return (-1);
	}
	for (;;) {
		if (braces && lex->token == TOKEN_CLOSE)
			return (next_end(p));
		if (!braces && is_end(p))
			return (0);
		if (lex->token == TOKEN_END)
			return (fail_token(p, "}"));
		if (lex->token != TOKEN_LINE &&
		    parse_attribute(p, attrs, names) == -1)
			return (-1);
		if (config_lex_next(lex) == -1)
			return (-1);
	}
}

static const char *
check_index(const char *value)
{
	const char *errstr = NULL;

	/* Of digits only, for it goes in front of a colon. */
	if (value[strspn(value, "0123456789")] == '\0')
		(void)strtonum(value, 1, UINT16_MAX, &errstr);
	else
		errstr = "";
	return (errstr == NULL ? NULL : "it must be a number from 1 to 65535");
}

static int
parse_interface(struct parser *p)
{
	struct attribute attrs[] = {
		{ .name = "index", .what = "a number", .check = check_index },
		{ .name = "optional" },
		{ .name = NULL }
	};
	char name[64];

	if (next_value(p, "an interface") == -1)
		return (-1);
	mark(p);
	if (strchr(p->lex.value, ':') != NULL)
		return (config_lex_fail(&p->lex, "%s %.40s: a name has no "
		    "colon; \"index\" and \"optional\" stand behind it",
		    p->keyword->name, p->lex.value));
	/* What does not fit is too long for any. */
	strlcpy(name, p->lex.value, sizeof(name));
	if (parse_attributes(p, attrs, "index or optional") == -1)
		return (-1);
	return (add(p, "%s%s%s%s", attrs[1].given ? "optional:" : "",
	    attrs[0].value, attrs[0].given ? ":" : "", name));
}

static const char *
check_version(const char *value)
{
	int version;

	return (options_version(value, &version));
}

static const char *
check_transport(const char *value)
{
	int transport;

	return (options_transport(value, &transport));
}

static int
parse_collector(struct parser *p)
{
	struct attribute attrs[] = {
		{ .name = "port", .what = "a port", .check = options_port },
		{ .name = "version", .what = "a version",
		    .check = check_version },
		{ .name = "transport", .what = "a transport",
		    .check = check_transport },
		{ .name = NULL }
	};
	char host[CONFIG_ARG], *colon;

	if (next_value(p, "a host") == -1)
		return (-1);
	mark(p);
	strlcpy(host, p->lex.value, sizeof(host));
	/* An address of one colon is none. */
	colon = strchr(host, ':');
	if (strpbrk(host, ",@[]") != NULL ||
	    (colon != NULL && strchr(colon + 1, ':') == NULL))
		return (config_lex_fail(&p->lex, "%s %.40s: a host is a name "
		    "or an address; \"port\", \"version\" and \"transport\" "
		    "stand behind it", p->keyword->name, host));
	if (parse_attributes(p, attrs, "port, version or transport") == -1)
		return (-1);
	p->lex.token_line = p->line;
	p->lex.token_column = p->column;
	if (!attrs[0].given)
		return (config_lex_fail(&p->lex, "%s %.40s: its port is "
		    "missing, as in port 9995", p->keyword->name, host));
	return (add(p, "%s%s%s%s%s%s%s:%s", attrs[1].value,
	    attrs[1].given ? "@" : "", attrs[2].value,
	    attrs[2].given ? ":" : "", colon == NULL ? "" : "[", host,
	    colon == NULL ? "" : "]", attrs[0].value));
}

static int
parse_statement(struct parser *p)
{
	static int (*const parse[])(struct parser *) = {
		[CONFIG_FLAG] = parse_flag,
		[CONFIG_VALUE] = parse_value,
		[CONFIG_NAMED] = parse_named,
		[CONFIG_LIST] = parse_list,
		[CONFIG_WORDS] = parse_words,
		[CONFIG_INTERFACE] = parse_interface,
		[CONFIG_COLLECTOR] = parse_collector,
		[CONFIG_REPORTS] = parse_reports
	};

	if (p->lex.token != TOKEN_WORD ||
	    (p->keyword = config_keyword_find(p->lex.value)) == NULL)
		return (config_lex_fail(&p->lex, "\"%.40s\": unknown keyword; "
		    "softflowd.conf(5) has all of them", p->lex.value));
	mark(p);
	return (parse[p->keyword->kind](p));
}

/* Each statement ends with the end of a line in hand. */
int
config_parse(const char *text, size_t len, struct config *config,
    struct config_error *error)
{
	struct parser p;

	p.config = config;
	p.keyword = NULL;
	config->n = 0;
	if (config_lex_init(&p.lex, text, len, error) == -1)
		return (-1);
	while (p.lex.token != TOKEN_END) {
		if (config_lex_next(&p.lex) == -1)
			return (-1);
		if (!is_end(&p) && parse_statement(&p) == -1)
			return (-1);
	}
	return (0);
}
