/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "options_fixture.h"

struct options	 opts;
char		 error[512];

enum options_result
parse(const char *line)
{
	static char	 buf[8192];
	static char	 name[] = "softflowd", *argv[256];
	char		*p = buf, *word;
	int		 argc = 0;

	ATF_REQUIRE(strlcpy(buf, line, sizeof(buf)) < sizeof(buf));
	argv[argc++] = name;
	while ((word = strsep(&p, " ")) != NULL) {
		ATF_REQUIRE(argc < 255);
		argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	argv[argc] = NULL;
	error[0] = '\0';
	return (options_parse(argc, argv, &opts, error, sizeof(error)));
}
