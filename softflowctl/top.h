/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* softflowctl top: a live screen of what the daemon measures. */

#ifndef TOP_H
#define TOP_H

/*
 * Run until the user quits; argv[0] is the word "top", options and a filter
 * may follow.  Returns the exit status; what went wrong is on standard error.
 */
int	top_main(const char *socket_path, int argc, char *argv[]);

#endif
