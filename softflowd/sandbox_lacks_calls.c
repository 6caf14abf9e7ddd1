/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* A build without a filter of system calls; see sandbox_none.c. */

#include "sandbox.h"

const uint32_t sandbox_lacks = SANDBOX_SYSCALLS;
