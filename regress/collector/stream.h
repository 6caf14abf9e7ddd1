/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * IPFIX messages out of a stream of octets, which may come in pieces of any
 * size; RFC 7011, section 10.4.
 */

#ifndef STREAM_H
#define STREAM_H

#include <stddef.h>
#include <stdint.h>

#define STREAM_MESSAGE_MAX	65535

struct stream {
	size_t	have;
	uint8_t	data[STREAM_MESSAGE_MAX];	/* of the message to come */
};

/*
 * Take in some octets and hand out each message that is whole, which is there
 * until fn returns.  Returns -1 where no message can begin: nothing more can
 * be read from this stream.
 */
int	stream_take(struct stream *, const uint8_t *, size_t,
	    void (*fn)(void *, const uint8_t *, size_t), void *);

#endif
