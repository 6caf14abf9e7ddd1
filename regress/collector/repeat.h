/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Datagrams that came twice.  An exporter that does not know whether its last
 * one went out may send it again, octet for octet.
 */

#ifndef REPEAT_H
#define REPEAT_H

#include <stddef.h>
#include <stdint.h>

#include "decode.h"

#define REPEAT_EXPORTERS	16	/* remembered; the rest never repeat */
#define REPEAT_OCTETS		1500

struct repeat {
	struct {
		struct exporter	from;
		size_t		len;	/* 0: free */
		uint8_t		data[REPEAT_OCTETS];
	} last[REPEAT_EXPORTERS];
};

/* Whether it is the very datagram that this exporter sent before. */
int	repeat_seen(struct repeat *, const struct exporter *, const uint8_t *,
	    size_t);

#endif
