/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Inputs of a fuzzer in one file: a line of hexadecimal octets for each. */

#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>

#define INPUT_MAX	65536		/* octets of one */

/*
 * Call fn with each input, which is there until fn returns.  Exits with a
 * message when the file cannot be read or holds anything else.
 */
void	input_read(const char *path,
	    void (*fn)(const uint8_t *data, size_t size));

#endif
