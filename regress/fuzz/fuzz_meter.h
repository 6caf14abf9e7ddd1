/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* A meter for each input: what is made is freed, and must add up. */

#ifndef FUZZ_METER_H
#define FUZZ_METER_H

#include "meter.h"

/* As when its process ends. */
void	fuzz_meter_free(struct meter *);

/* All sums of softflowd.h, with each record that is in the table. */
void	fuzz_meter_check(struct meter *);

#endif
