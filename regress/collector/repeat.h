/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Datagrams that came twice.  An exporter that does not know whether its last
 * ones went out may send them again, octet for octet.
 */

#ifndef REPEAT_H
#define REPEAT_H

#include <stddef.h>
#include <stdint.h>

#include "decode.h"

#define REPEAT_EXPORTERS	16	/* remembered; the rest never repeat */
#define REPEAT_DATAGRAMS	8	/* the last ones of each */
#define REPEAT_OCTETS		1500

struct repeat {
	struct repeat_exporter {
		struct exporter	from;
		unsigned int	next;	/* to overwrite */
		struct {
			size_t	len;	/* 0: free */
			uint8_t	data[REPEAT_OCTETS];
		} last[REPEAT_DATAGRAMS];
	} exporter[REPEAT_EXPORTERS];
};

/* Whether it is a datagram that this exporter just sent. */
int	repeat_seen(struct repeat *, const struct exporter *, const uint8_t *,
	    size_t);

#endif
