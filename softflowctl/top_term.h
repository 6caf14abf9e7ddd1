/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The terminal, by curses; nothing else knows of it. */

#ifndef TOP_TERM_H
#define TOP_TERM_H

#include <stddef.h>

#include "top_screen.h"

/* What else than a character a key may be. */
enum top_key {
	TOP_KEY_NONE = -1,	/* none is waiting */
	TOP_KEY_OTHER = 256,
	TOP_KEY_UP,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_BACKSPACE,
	TOP_KEY_ENTER,
	TOP_KEY_RESIZE
};

/*
 * Whether standard input and output are a terminal that can do what a screen
 * needs.  -1 with a line in error, and nothing has been written.
 */
int	top_term_check(char *error, size_t errorlen);

/* Take it over; -1 on error.  SIGTSTP gives it back while we are stopped. */
int	top_term_start(void);
void	top_term_stop(void);

void	top_term_size(unsigned int *width, unsigned int *height);

/* Begin a screen, give its lines, show what has changed; cursor: typing. */
void	top_term_begin(void);
top_line_fn	top_term_line;
void	top_term_end(int cursor);

/* The next screen is drawn as if nothing were there. */
void	top_term_redraw(void);

/* A character, or enum top_key; does not wait. */
int	top_term_key(void);

#endif
