/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* All that the system's sandbox is made of is in this build. */

#include "sandbox.h"

const uint32_t sandbox_lacks = 0;
