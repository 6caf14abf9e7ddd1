/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Curses sends only what differs from what the terminal shows. */

#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

#include "compat.h"
#include "top_term.h"

static SCREEN	*screen;

int
top_term_check(char *error, size_t errorlen)
{
	const char *type = getenv("TERM");
	const char *address;
	int status;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		(void)snprintf(error, errorlen, "standard input and output "
		    "are not a terminal: top needs one; -b prints plain text");
		return (-1);
	}
	if (type == NULL || *type == '\0') {
		(void)snprintf(error, errorlen, "TERM is not set: it has to "
		    "name the type of this terminal");
		return (-1);
	}
	if (setupterm(NULL, STDOUT_FILENO, &status) != OK) {
		(void)snprintf(error, errorlen, "%s: unknown type of "
		    "terminal: TERM has to name one that terminfo knows", type);
		return (-1);
	}
	address = tigetstr("cup");
	if (address == NULL || address == (char *)-1) {
		(void)snprintf(error, errorlen, "%s: this type of terminal "
		    "cannot move its cursor: top needs one that can; -b prints "
		    "plain text", type);
		return (-1);
	}
	return (0);
}

int
top_term_start(void)
{
	if ((screen = newterm(NULL, stdout, stdin)) == NULL)
		return (-1);
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	intrflush(stdscr, FALSE);
	return (0);
}

void
top_term_stop(void)
{
	if (screen == NULL)
		return;
	curs_set(1);
	endwin();
	delscreen(screen);
	screen = NULL;
}

void
top_term_size(unsigned int *width, unsigned int *height)
{
	int x, y;

	getmaxyx(stdscr, y, x);
	*width = x > 0 ? (unsigned int)x : 0;
	*height = y > 0 ? (unsigned int)y : 0;
}

void
top_term_begin(void)
{
	erase();
}

void
top_term_line(void *arg, unsigned int row, enum top_look look,
    const char *text)
{
	static const attr_t attributes[] = {
		[TOP_PLAIN] = A_NORMAL,
		[TOP_BOLD] = A_BOLD,
		[TOP_HEADING] = A_REVERSE,
		[TOP_ALARM] = A_REVERSE | A_BOLD,
	};

	(void)arg;
	(void)attrset(attributes[look]);
	(void)mvaddstr((int)row, 0, text);
}

void
top_term_end(int cursor)
{
	(void)attrset(A_NORMAL);
	curs_set(cursor);
	refresh();
}

void
top_term_redraw(void)
{
	clearok(curscr, TRUE);
}

int
top_term_key(void)
{
	static const struct {
		int	curses, key;
	} keys[] = {
		{ ERR, TOP_KEY_NONE },
		{ KEY_UP, TOP_KEY_UP },
		{ KEY_DOWN, TOP_KEY_DOWN },
		{ KEY_PPAGE, TOP_KEY_PAGE_UP },
		{ KEY_NPAGE, TOP_KEY_PAGE_DOWN },
		{ KEY_HOME, TOP_KEY_HOME },
		{ KEY_BACKSPACE, TOP_KEY_BACKSPACE },
		{ '\b', TOP_KEY_BACKSPACE },
		{ 0x7f, TOP_KEY_BACKSPACE },
		{ KEY_ENTER, TOP_KEY_ENTER },
		{ '\r', TOP_KEY_ENTER },
		{ '\n', TOP_KEY_ENTER },
		{ KEY_RESIZE, TOP_KEY_RESIZE },
	};
	int ch = getch();
	size_t i;

	for (i = 0; i < nitems(keys); i++)
		if (keys[i].curses == ch)
			return (keys[i].key);
	return (ch >= 0 && ch < 256 ? ch : TOP_KEY_OTHER);
}
