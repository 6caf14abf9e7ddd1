/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_STRING_H
#define FAKE_STRING_H

#include_next <string.h>

void	*explicit_memset(void *, int, size_t);

#endif
