/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef TRY_DATA_H
#define TRY_DATA_H

#include <stdint.h>

/* Fill in what is to be written at an address of another process. */
struct try_data;
void	try_data_at(uintptr_t, struct try_data *);

#endif
