/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* One input of the fuzzer of configuration files is such a file. */

#ifndef CONFIG_FUZZ_H
#define CONFIG_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Read the file and abort if what comes of it cannot be.  Returns 0. */
int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
