/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_SYS_UN_H
#define FAKE_SYS_UN_H

#include_next <sys/un.h>

#define SOL_LOCAL	0
#define LOCAL_PEERCRED	1

#endif
