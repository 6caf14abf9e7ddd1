/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Walks the tables of words; runs with the operator's own privileges. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "parser.h"

#define ARG_SIZE	32	/* of a word and what follows it */

struct parse {
	struct command	*command;
	char		**argv;
	int		 argc, next;
	const struct table	*place;	/* NULL: nothing may follow */
	const struct table	*loop;
	unsigned int	 turns;		/* words of the loop so far */
	unsigned char	 times[PARSER_LOOP_TOKENS];	/* of each */
	int		 help;		/* is what was asked for */
	char		*error;
	size_t		 errorlen;
};

static void __attribute__((__format__(printf, 2, 3)))
append(struct parse *p, const char *fmt, ...)
{
	size_t len = strlen(p->error);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(p->error + len, p->errorlen - len, fmt, ap);
	va_end(ap);
}

/* The words before n, as they were written. */
static void
append_words(struct parse *p, int n)
{
	int i;

	for (i = 0; i < n; i++)
		append(p, "%s%s", i > 0 ? " " : "", p->argv[i]);
}

/* What begins so may stand here; " word" each. */
static void
append_allowed(struct parse *p, const char *beginning)
{
	const struct table *t = p->place;
	unsigned int i;

	for (i = 0; i < t->n; i++)
		if (strncmp(t->tokens[i].word, beginning,
		    strlen(beginning)) == 0)
			append(p, " %s", t->tokens[i].word);
}

/* Whether a command may end where we are. */
static int
may_end(const struct parse *p)
{
	return (p->place == NULL || p->place->repeat == TABLE_ANY ||
	    (p->place == p->loop && p->turns > 0));
}

/* A mistake that getopt of some systems forgives. */
static void
append_hint(struct parse *p, const char *word)
{
	if (word[0] == '-')
		append(p, "; options stand before the command");
}

static int
fail_word(struct parse *p, const char *word, int matches)
{
	append(p, "%s %s \"%s\"", matches == 0 ? "unknown" : "ambiguous",
	    p->next == 0 ? "command" : "word", word);
	if (p->next > 0) {
		append(p, " after \"");
		append_words(p, p->next);
		append(p, "\"");
	}
	append(p, ": allowed are");
	append_allowed(p, matches == 0 ? "" : word);
	append_hint(p, word);
	return (-1);
}

static int
fail_missing(struct parse *p)
{
	append(p, "\"");
	append_words(p, p->argc);
	append(p, "\" wants another word: allowed are");
	append_allowed(p, "");
	return (-1);
}

/* The token of this place that word names or is the unique beginning of. */
static const struct token *
find(struct parse *p, const char *word)
{
	const struct token *t, *found = NULL;
	size_t len = strlen(word);
	unsigned int i, matches = 0;

	for (i = 0; i < p->place->n; i++) {
		t = &p->place->tokens[i];
		if (strncmp(t->word, word, len) != 0)
			continue;
		if (t->word[len] == '\0')
			return (t);
		found = t;
		matches++;
	}
	if (matches == 1)
		return (found);
	(void)fail_word(p, word, matches);
	return (NULL);
}

static int
is_question(const struct parse *p)
{
	return (p->next < p->argc && strcmp(p->argv[p->next], "?") == 0);
}

/* How often a word of a loop was there. */
static int
count_turn(struct parse *p, const struct token *t)
{
	unsigned int i = (unsigned int)(t - p->place->tokens);

	if (p->place->repeat == TABLE_ONCE)
		return (0);
	p->loop = p->place;
	p->turns++;
	if (p->times[i]++ < (t->max > 0 ? t->max : 1))
		return (0);
	append(p, "\"%s\" is there too often: allowed is %s", t->word,
	    t->max > 1 ? "twice" : "once");
	return (-1);
}

/* The argument of a token, and what is to be done with both. */
static int
take_token(struct parse *p, const struct token *t)
{
	const char *arg = NULL, *wanted;

	if (t->arg != NULL) {
		if (is_question(p) || (p->next == p->argc && p->help))
			return (1);
		if (p->next == p->argc) {
			append(p, "\"");
			append_words(p, p->argc);
			append(p, "\" wants %s next: %s", t->arg, t->help);
			return (-1);
		}
		arg = p->argv[p->next++];
	}
	if (t->set == NULL || (wanted = t->set(p->command, t, arg)) == NULL)
		return (0);
	append(p, "%s \"%s\": %s", t->word, arg, wanted);
	return (-1);
}

/* Up to the end of the words; 1: help is wanted there. */
static int
walk(struct parse *p)
{
	const struct token *t;
	int n;

	p->command->token = NULL;
	while (p->next < p->argc && !is_question(p)) {
		if (p->place == NULL) {
			append(p, "unexpected word \"%s\" after \"",
			    p->argv[p->next]);
			append_words(p, p->next);
			append(p, "\": nothing may follow");
			append_hint(p, p->argv[p->next]);
			return (-1);
		}
		if ((t = find(p, p->argv[p->next])) == NULL ||
		    count_turn(p, t) == -1)
			return (-1);
		p->command->token = t;
		p->next++;
		if ((n = take_token(p, t)) != 0)
			return (n);
		p->place = t->next != NULL ? t->next : p->loop;
		/* It stands before what it is about. */
		if (p->place == &parser_main)
			p->help = 1;
	}
	if (p->place != NULL)
		p->command->token = NULL;
	return (is_question(p) || p->help);
}

/* A sorted answer is limited. */
static int
finish_query(struct parse *p)
{
	struct ctl_query *q = &p->command->query;

	if (q->sort == CTL_SORT_NONE)
		return (0);
	if (q->limit == 0)
		q->limit = PARSER_SORTED_ROWS;
	if (q->limit <= CTL_SORT_LIMIT)
		return (0);
	append(p, "limit %u of a sorted answer: allowed are 1 to %d",
	    q->limit, CTL_SORT_LIMIT);
	return (-1);
}

int
parser_parse(int argc, char *argv[], struct command *command, char *error,
    size_t errorlen)
{
	struct parse p = { .command = command, .argc = argc, .argv = argv,
	    .place = &parser_main, .error = error, .errorlen = errorlen };
	int asked;

	memset(command, 0, sizeof(*command));
	error[0] = '\0';
	if ((asked = walk(&p)) == -1)
		return (-1);
	if (is_question(&p) && p.next + 1 < argc) {
		append(&p, "unexpected word \"%s\" after \"?\": nothing may "
		    "follow", argv[p.next + 1]);
		return (-1);
	}
	if (asked) {
		command->request = PARSER_HELP;
		command->place = p.place;
		return (0);
	}
	if (!may_end(&p))
		return (fail_missing(&p));
	return (finish_query(&p));
}

const void *
parser_payload(const struct command *c, size_t *len)
{
	switch (c->request) {
	case CTL_SET:
		*len = sizeof(c->set);
		return (&c->set);
	case CTL_SHOW_FLOWS:
		*len = sizeof(c->query);
		return (&c->query);
	case CTL_FLOW_EXPIRE:
	case CTL_FLOW_DELETE:
		*len = sizeof(c->query.filter);
		return (&c->query.filter);
	default:
		*len = 0;
		return (NULL);
	}
}

static void
print_token(FILE *out, const struct token *t, int width)
{
	char text[ARG_SIZE];

	(void)snprintf(text, sizeof(text), "%s%s%s", t->word,
	    t->arg == NULL ? "" : " ", t->arg == NULL ? "" : t->arg);
	fprintf(out, "%-*s %s\n", width, text, t->help);
}

void
parser_help(FILE *out, const struct command *c)
{
	unsigned int i;

	if (c->token != NULL) {
		print_token(out, c->token, 14);
		return;
	}
	for (i = 0; i < c->place->n; i++)
		print_token(out, &c->place->tokens[i],
		    c->place->repeat == TABLE_ONCE ? 14 : 18);
	if (c->place->repeat != TABLE_ONCE)
		fprintf(out, "Any of these, in any order%s.\n",
		    c->place->repeat == TABLE_ANY ? ", or nothing" : "");
}
