/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Messages that came twice.  An exporter that does not know whether its last
 * datagrams went out may send them again, octet for octet; and what a broken
 * connection may not have delivered, on the next one, with another header.
 */

#ifndef REPEAT_H
#define REPEAT_H

#include <stddef.h>
#include <stdint.h>

#include "decode.h"

#define REPEAT_EXPORTERS	16	/* remembered; the rest never repeat */
#define REPEAT_DATAGRAMS	8	/* the last ones of each */
#define REPEAT_OCTETS		1500
#define REPEAT_MESSAGES		8192	/* of connections; the last ones */

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

struct repeat_stream {
	unsigned int	next;		/* to overwrite */
	struct {
		uint64_t	hash;	/* behind the header; 0: free */
		uint16_t	port;
	} message[REPEAT_MESSAGES];
};

/* Whether it is a datagram that this exporter just sent. */
int	repeat_seen(struct repeat *, const struct exporter *, const uint8_t *,
	    size_t);

/* Whether another connection has brought what this message holds. */
int	repeat_brought(struct repeat_stream *, const struct exporter *,
	    const uint8_t *, size_t);

#endif
