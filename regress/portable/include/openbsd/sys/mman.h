/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_SYS_MMAN_H
#define FAKE_SYS_MMAN_H

#include_next <sys/mman.h>

int	shm_mkstemp(char *);

#endif
