/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A copy of octets right before a page that may not be touched: whoever reads
 * one octet too many dies, with or without a sanitizer.
 */

#ifndef GUARD_H
#define GUARD_H

#include <stdint.h>

#define GUARD_MAX	(256 * 1024)	/* libpcap's longest frame */

/* Valid until the next call; NULL if size is above GUARD_MAX or with errno. */
const uint8_t *guard_copy(const uint8_t *data, uint32_t size);

#endif
