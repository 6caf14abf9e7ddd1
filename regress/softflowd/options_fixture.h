/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the tests of the command line share. */

#ifndef OPTIONS_FIXTURE_H
#define OPTIONS_FIXTURE_H

#include "options.h"

/* What parse() left. */
extern struct options	 opts;
extern char		 error[512];

/*
 * Parse words that stand between blanks; '' is the empty word.  Strings of
 * opts stay until the next call.
 */
enum options_result parse(const char *line);

#endif
