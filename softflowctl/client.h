/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A connection to the daemon's control socket: one request, its rows, its
 * result.  Nothing here prints or exits, for a live screen outlives a daemon.
 * What comes is hostile until checked.
 */

#ifndef CLIENT_H
#define CLIENT_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "msg.h"
#include "summary.h"

#define CLIENT_ANSWER_MS	60000	/* without a sign of life */

struct client;

/*
 * Connect.  NULL with errno and a line in error that names the path, says what
 * is wrong (nobody listens, no permission, too long) and what would help.
 */
struct client *client_open(const char *path, char *error, size_t errorlen);
void	client_close(struct client *);

/* The daemon's, as its last message said; 0 before. */
pid_t	client_pid(const struct client *);

/*
 * Called with each row, of the request's own types, checked for length and
 * for values that cannot be.  -1 stops: client_ask() then returns -1 and
 * leaves error as the function did.
 */
typedef int client_row_fn(void *arg, uint32_t type, const void *row);

/*
 * Ask and take the whole answer; a connection may be asked again.  The text of
 * the result is left in text.  Returns 0; 1 when the daemon refused, with its
 * reason in text; -1 when there is no answer to be had, with a line in error
 * and the connection of no more use.
 */
int	client_ask(struct client *, uint32_t request, const void *payload,
	    size_t len, client_row_fn *, void *arg,
	    char text[MSG_TEXT_SIZE], char *error, size_t errorlen);

/* Ask for statistics; the same results. */
int	client_report(struct client *, struct summary_report *,
	    char text[MSG_TEXT_SIZE], char *error, size_t errorlen);

#endif
