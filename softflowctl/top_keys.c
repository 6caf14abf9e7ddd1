/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What each key does. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "parser.h"
#include "top_keys.h"
#include "top_term.h"

#define MAX_WORDS	40
#define CTRL(c)		((c) & 0x1f)
#define ESCAPE		0x1b

void
top_user_init(struct top_user *u)
{
	memset(u, 0, sizeof(*u));
	u->view.sort = CTL_SORT_RATE;
	u->view.interval_s = TOP_INTERVAL_DEFAULT;
	u->view.filter = u->filter_text;
	u->view.trouble = "";
	u->view.bottom = u->typed;
}

int
top_user_filter(struct top_user *u, int n, char *words[], char *error,
    size_t errorlen)
{
	char top[] = "top", *argv[MAX_WORDS + 1] = { top };
	struct command cmd;
	int i;

	if (n > MAX_WORDS) {
		(void)snprintf(error, errorlen, "a filter of %d words: allowed "
		    "are %d", n, MAX_WORDS);
		return (-1);
	}
	for (i = 0; i < n; i++)
		argv[1 + i] = words[i];
	if (parser_parse(n + 1, argv, &cmd, error, errorlen) == -1)
		return (-1);
	if (cmd.request != PARSER_TOP) {
		(void)snprintf(error, errorlen, "\"?\" is no filter: "
		    "softflowctl top ? lists its words");
		return (-1);
	}
	u->filter = cmd.query.filter;
	u->filter_text[0] = '\0';
	for (i = 0; i < n; i++) {
		if (i > 0)
			(void)strlcat(u->filter_text, " ",
			    sizeof(u->filter_text));
		(void)strlcat(u->filter_text, words[i],
		    sizeof(u->filter_text));
	}
	u->ask_now = 1;
	u->view.scroll = 0;
	return (0);
}

int
top_user_interval(struct top_user *u, const char *text, char *error,
    size_t errorlen)
{
	const char *bad;
	unsigned int n;

	n = (unsigned int)strtonum(text, 1, TOP_INTERVAL_MAX, &bad);
	if (bad != NULL) {
		(void)snprintf(error, errorlen, "%.40s: %s; allowed are 1 to "
		    "%d seconds", text, bad, TOP_INTERVAL_MAX);
		return (-1);
	}
	u->view.interval_s = n;
	return (0);
}

/*
 * Prompts.
 */

static void
prompt_begin(struct top_user *u, enum top_prompt prompt, const char *text)
{
	u->prompt = prompt;
	u->view.prompt = text;
	u->typed[0] = '\0';
}

static void
prompt_end(struct top_user *u)
{
	char error[sizeof(u->typed)] = "";
	char *words[MAX_WORDS + 1], *rest = u->typed, *word;
	int n = 0;

	if (u->prompt == TOP_PROMPT_INTERVAL && u->typed[0] != '\0')
		(void)top_user_interval(u, u->typed, error, sizeof(error));
	else if (u->prompt == TOP_PROMPT_FILTER) {
		while (n <= MAX_WORDS && (word = strsep(&rest, " ")) != NULL)
			if (*word != '\0')
				words[n++] = word;
		(void)top_user_filter(u, n, words, error, sizeof(error));
	}
	prompt_begin(u, TOP_PROMPT_NONE, NULL);
	(void)strlcpy(u->typed, error, sizeof(u->typed));
}

static void
prompt_key(struct top_user *u, int key)
{
	size_t len = strlen(u->typed);

	switch (key) {
	case TOP_KEY_ENTER:
		prompt_end(u);
		break;
	case ESCAPE:
		prompt_begin(u, TOP_PROMPT_NONE, NULL);
		break;
	case CTRL('u'):
		u->typed[0] = '\0';
		break;
	case TOP_KEY_BACKSPACE:
		if (len > 0)
			u->typed[len - 1] = '\0';
		break;
	default:
		if (key >= ' ' && key <= '~' && len + 1 <
		    sizeof(u->filter_text)) {
			u->typed[len] = (char)key;
			u->typed[len + 1] = '\0';
		}
	}
}

/*
 * Keys.
 */

static void
sort_by(struct top_user *u, enum ctl_sort sort)
{
	u->view.sort = sort;
	u->view.scroll = 0;
	u->resort = 1;
	/* Others may be the largest now. */
	u->ask_now = !u->view.paused;
}

/* Returns 1 if it was one that scrolls. */
static int
scroll_key(struct top_view *v, int key)
{
	unsigned int page = v->visible > 1 ? v->visible - 1 : 1;

	switch (key) {
	case TOP_KEY_UP:
		v->scroll -= v->scroll > 0;
		return (1);
	case TOP_KEY_DOWN:
		v->scroll++;
		return (1);
	case TOP_KEY_PAGE_UP:
		v->scroll -= v->scroll > page ? page : v->scroll;
		return (1);
	case TOP_KEY_PAGE_DOWN:
		v->scroll += page;
		return (1);
	case TOP_KEY_HOME:
		v->scroll = 0;
		return (1);
	}
	return (0);
}

static int
view_key(struct top_user *u, int key)
{
	struct top_view *v = &u->view;

	switch (key) {
	case 'q':
		return (-1);
	case '1': case '2': case '3': case '4': case '5': case '6':
		v->page = (enum top_page)(key - '1');
		v->scroll = 0;
		break;
	case 'r':
		sort_by(u, CTL_SORT_RATE);
		break;
	case 'o':
		sort_by(u, CTL_SORT_OCTETS);
		break;
	case 'p':
		sort_by(u, CTL_SORT_PACKETS);
		break;
	case 'a':
		sort_by(u, CTL_SORT_AGE);
		break;
	case '>':
		sort_by(u, v->sort + 1 == CTL_SORT_MAX ? CTL_SORT_NONE + 1 :
		    v->sort + 1);
		break;
	case '<':
		sort_by(u, v->sort == CTL_SORT_NONE + 1 ? CTL_SORT_MAX - 1 :
		    v->sort - 1);
		break;
	case '/':
		prompt_begin(u, TOP_PROMPT_FILTER, "filter: ");
		break;
	case 'c':
		prompt_begin(u, TOP_PROMPT_FILTER, NULL);
		prompt_end(u);
		break;
	case 's': case 'd':
		prompt_begin(u, TOP_PROMPT_INTERVAL, "seconds: ");
		break;
	case 'n':
		v->names = !v->names;
		break;
	case 'z':
		v->paused = !v->paused;
		break;
	case ' ':
		u->ask_now = 1;
		break;
	case 'h': case '?':
		v->help = 1;
		v->scroll = 0;
		break;
	case TOP_KEY_OTHER:
		break;
	default:
		(void)strlcpy(u->typed, "no such key: h for help",
		    sizeof(u->typed));
	}
	return (0);
}

int
top_user_key(struct top_user *u, int key)
{
	if (key == CTRL('l'))
		top_term_redraw();
	else if (u->prompt != TOP_PROMPT_NONE)
		prompt_key(u, key);
	else if (scroll_key(&u->view, key) || key == TOP_KEY_RESIZE)
		return (0);
	else if (u->view.help) {
		u->view.help = 0;
		u->view.scroll = 0;
	} else {
		u->typed[0] = '\0';
		return (view_key(u, key));
	}
	return (0);
}
