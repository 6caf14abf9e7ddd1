/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <atf-c.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "record.h"

#define WISHES	8

static char		lines[65536];
static struct {
	char		call[32];
	unsigned int	left;		/* 0: each */
	int		each;
	int		error;
}			wishes[WISHES];
static unsigned int	nwishes;

void
record_reset(void)
{
	lines[0] = '\0';
	nwishes = 0;
}

void
record_fail(const char *call, unsigned int nth, int error)
{
	ATF_REQUIRE(nwishes < WISHES);
	strlcpy(wishes[nwishes].call, call, sizeof(wishes[nwishes].call));
	wishes[nwishes].left = nth;
	wishes[nwishes].each = nth == 0;
	wishes[nwishes].error = error;
	nwishes++;
}

int
record(const char *call, const char *arguments, ...)
{
	char		text[1024];
	va_list		ap;
	unsigned int	i;

	va_start(ap, arguments);
	vsnprintf(text, sizeof(text), arguments, ap);
	va_end(ap);
	strlcat(lines, call, sizeof(lines));
	strlcat(lines, "(", sizeof(lines));
	strlcat(lines, text, sizeof(lines));
	ATF_REQUIRE_MSG(strlcat(lines, ")\n", sizeof(lines)) < sizeof(lines),
	    "too many calls");
	for (i = 0; i < nwishes; i++) {
		if (strcmp(wishes[i].call, call) != 0 || (!wishes[i].each &&
		    (wishes[i].left == 0 || --wishes[i].left > 0)))
			continue;
		errno = wishes[i].error;
		return (-1);
	}
	return (0);
}

const char *
record_lines(void)
{
	return (lines);
}

void
record_expect(const char *expected)
{
	ATF_REQUIRE_MSG(strcmp(lines, expected) == 0,
	    "calls:\n%sexpected:\n%s", lines, expected);
}
