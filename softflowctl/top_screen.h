/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The screen as lines of printable ASCII; whoever calls shows them.  Pure, but
 * for the names of services.
 */

#ifndef TOP_SCREEN_H
#define TOP_SCREEN_H

#include "format.h"
#include "top_state.h"

#define TOP_WIDTH	400	/* columns; no line is longer */

enum top_page {
	TOP_CONVERSATIONS,
	TOP_HOSTS,
	TOP_PROTOCOLS,
	TOP_INTERFACES,
	TOP_COLLECTORS,
	TOP_COUNTERS,
	TOP_PAGE_MAX
};

/* What the user sees it by. */
struct top_view {
	enum top_page	 page;
	enum ctl_sort	 sort;
	int		 names;		/* of services */
	int		 paused, help;
	unsigned int	 interval_s;
	unsigned int	 scroll;	/* rows; drawing corrects it */
	unsigned int	 visible;	/* rows; drawing sets it */
	const char	*filter;	/* words; empty: none */
	const char	*trouble;	/* why nothing comes; empty: it does */
	const char	*prompt;	/* question of the last line, or NULL */
	const char	*bottom;	/* what the user types, or is told */
};

enum top_look {
	TOP_PLAIN,
	TOP_BOLD,
	TOP_HEADING,
	TOP_ALARM
};

typedef void top_line_fn(void *arg, unsigned int row, enum top_look,
    const char *text);

/* Call the function for each line of a screen of that size, from the top. */
void	top_screen_draw(const struct top_state *, struct top_view *,
	    unsigned int width, unsigned int height, top_line_fn *,
	    void *arg);

/* A line that is built from left to right, and never gets too long. */
struct top_line {
	char		text[TOP_WIDTH + 1];
	unsigned int	len, width;
};

/* Text, unprintable characters replaced, cut or filled to columns; a blank. */
void	top_line_left(struct top_line *, unsigned int width, const char *);
void	top_line_right(struct top_line *, unsigned int width, const char *);
/* A count, or a rate: "-" if it is negative; at most six columns. */
void	top_line_count(struct top_line *, unsigned int width, uint64_t);
void	top_line_rate(struct top_line *, unsigned int width, double);
const char *top_rate_text(char buf[FORMAT_SIZE], double);

/* Pages: the number of rows, the heading, and a row. */
unsigned int top_page_rows(const struct top_state *, enum top_page);
void	top_page_heading(const struct top_state *, const struct top_view *,
	    struct top_line *);
void	top_page_row(const struct top_state *, const struct top_view *,
	    unsigned int row, struct top_line *);

#endif
