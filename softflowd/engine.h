/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The confined worker. */

#ifndef ENGINE_H
#define ENGINE_H

#include "compat.h"

/* argv[1] of a worker; its channel is descriptor 3. */
#define ENGINE_ROLE	"--worker"

__dead void engine_main(void);

#endif
