/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Options that a configuration file gives: those of the command line replace
 * all of the same name.  Runs in the parent.  Pure.
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "options_parse.h"

#define SHOWN	100	/* octets of a value in a message */

/* Names within these options are what is set. */
static size_t
name_len(int letter, const char *arg)
{
	return (letter == 'o' || letter == 't' ? strcspn(arg, "=") : 0);
}

/* Whether an option replaces a setting of the file. */
static int
replaces(int letter, const char *arg, const struct config_item *item)
{
	size_t len;

	/* There is one source, and a file's run is none of the daemon's. */
	if (strchr("irR", letter) != NULL && strchr("irR", item->letter) !=
	    NULL)
		return (1);
	if (letter == 'r' && item->letter == 'p')
		return (1);
	if (letter != item->letter)
		return (0);
	len = name_len(letter, arg);
	return (len == name_len(letter, item->arg) &&
	    strncmp(arg, item->arg, len) == 0);
}

static int
is_replaced(const struct config_item *item, int argc, char *argv[])
{
	char letters[OPTIONS_LETTERS_MAX];
	int letter;

	options_letters(letters);
	opterr = 0;
	optind = optreset = 1;
	while ((letter = getopt(argc, argv, letters)) != -1)
		if (replaces(letter, optarg == NULL ? "" : optarg, item))
			return (1);
	return (item->letter == CONFIG_EXPRESSION && optind < argc);
}

static void
fail_at(struct parse *p, const struct config_item *item, const char *text)
{
	snprintf(p->error, p->errorlen, "%s:%u:%u: %s", p->config->path,
	    item->line, item->column, text);
}

/* As the file has it: keyword and value, or name and value of -o. */
void
options_file_error(struct parse *p, const char *arg, const char *reason)
{
	const char *keyword = config_keyword(p->letter, NULL);
	char text[512];

	if (arg == NULL)
		arg = "";
	snprintf(text, sizeof(text), "%s%s%.*s%s: %s",
	    keyword == NULL ? "" : keyword,
	    keyword == NULL || *arg == '\0' ? "" : " ", SHOWN, arg,
	    strlen(arg) > SHOWN ? "..." : "", reason);
	fail_at(p, p->item, text);
}

int
options_file(struct parse *p, int argc, char *argv[])
{
	struct config_item *item = p->config->item;
	char *words[1];
	int ret = 0;

	for (; item < p->config->item + p->config->n && ret == 0; item++) {
		if (is_replaced(item, argc, argv))
			continue;
		p->item = item;
		words[0] = item->arg;
		if (item->letter != CONFIG_EXPRESSION)
			ret = options_set(p, item->letter, item->arg);
		else if (options_filter(1, words, &p->options->filter) == -1)
			ret = options_fail(p, NULL, "out of memory");
	}
	p->item = NULL;
	return (ret);
}

/* Whether a message "-x value: ..." is about this setting, and how well. */
static int
is_about(const char *error, const struct config_item *item)
{
	size_t arglen, len;
	const char *value;

	if (error[0] != '-' || error[1] != item->letter)
		return (0);
	if (error[2] != ' ')
		return (1);
	value = error + 3;
	len = name_len(item->letter, item->arg);
	if (len > 0)
		return (strncmp(value, item->arg, len) == 0 &&
		    strchr("=:", value[len]) != NULL ? 2 : 0);
	/* A collector may have a version and a transport in front. */
	len = strcspn(value, " ");
	if (len > 0)
		len--;
	arglen = strlen(item->arg);
	return (arglen >= len && strncmp(value, item->arg + arglen - len,
	    len) == 0 ? 2 : 1);
}

void
options_file_blame(struct parse *p)
{
	const struct config_item *item, *best = NULL;
	const char *keyword;
	char text[512];
	int how, most = 0;

	if (p->config == NULL)
		return;
	for (item = p->config->item; item < p->config->item + p->config->n;
	    item++)
		if ((how = is_about(p->error, item)) > 0 && how >= most) {
			most = how;
			best = item;
		}
	if (best == NULL)
		return;
	keyword = config_keyword(best->letter, NULL);
	snprintf(text, sizeof(text), "%s%s", keyword == NULL ? "" : keyword,
	    p->error + (keyword == NULL ? strlen("-o ") : strlen("-x")));
	fail_at(p, best, text);
}
