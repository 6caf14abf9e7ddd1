/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What OpenBSD's has besides. */

#ifndef PORTABLE_OPENBSD_UNISTD_H
#define PORTABLE_OPENBSD_UNISTD_H

#include_next <unistd.h>

int	pledge(const char *, const char *);
int	unveil(const char *, const char *);

#endif
