/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What command lines are taken for. */

#ifndef OPTIONS_CHECK_H
#define OPTIONS_CHECK_H

#include "options_fixture.h"

void	good(const char *line);
void	bad(const char *line, const char *message);

/* An option that is wrong with whatever else is right. */
void	wrong(const char *option, const char *reason);

#define WRONG_ALL(options, reason) do {					\
	size_t i_;							\
	for (i_ = 0; i_ < nitems(options); i_++)			\
		wrong(options[i_], reason);				\
} while (0)

#endif
