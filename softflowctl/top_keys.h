/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the user wants, by keys or on the command line. */

#ifndef TOP_KEYS_H
#define TOP_KEYS_H

#include <stddef.h>

#include "msg.h"
#include "top_screen.h"

#define TOP_INTERVAL_DEFAULT	2	/* seconds between answers */
#define TOP_INTERVAL_MAX	50	/* the daemon closes what idles 60 s */

enum top_prompt {
	TOP_PROMPT_NONE,
	TOP_PROMPT_FILTER,
	TOP_PROMPT_INTERVAL
};

struct top_user {
	struct top_view		view;
	struct ctl_filter	filter;
	enum top_prompt		prompt;
	int			ask_now;	/* do not wait */
	int			resort;		/* view.sort has changed */
	char			typed[512];	/* or a message */
	char			filter_text[256];
};

void	top_user_init(struct top_user *);

/* -1 with a line in error; then nothing has changed. */
int	top_user_filter(struct top_user *, int n, char *words[], char *error,
	    size_t errorlen);
int	top_user_interval(struct top_user *, const char *text, char *error,
	    size_t errorlen);

/* Act on a character or enum top_key.  -1: the user quits. */
int	top_user_key(struct top_user *, int key);

#endif
