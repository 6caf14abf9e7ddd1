/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <stdio.h>

#include <atf-c.h>

#include "options_check.h"

void
good(const char *line)
{
	ATF_REQUIRE_EQ_MSG(parse(line), OPTIONS_RUN, "%s: %s", line, error);
}

void
bad(const char *line, const char *message)
{
	ATF_CHECK_EQ_MSG(parse(line), OPTIONS_BAD, "%s was taken", line);
	ATF_CHECK_STREQ(error, message);
}

void
wrong(const char *option, const char *reason)
{
	char line[1024], message[1024];

	snprintf(line, sizeof(line), "-i e %s", option);
	snprintf(message, sizeof(message), "%s: %s", option, reason);
	bad(line, message);
}
