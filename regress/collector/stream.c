/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Messages out of a stream.  Part of the test collector. */

#include <string.h>

#include "decode.h"
#include "stream.h"

#define HEADER	16

/* Octets that the message needs before more is known; 0: it is none. */
static size_t
stream_want(const struct stream *s)
{
	size_t len;

	if (s->have >= 2 && decode_number(s->data, 2) != 10)
		return (0);
	if (s->have < 4)
		return (s->have < 2 ? 2 : 4);
	len = (size_t)decode_number(s->data + 2, 2);
	return (len < HEADER ? 0 : len);
}

int
stream_take(struct stream *s, const uint8_t *p, size_t len,
    void (*fn)(void *, const uint8_t *, size_t), void *arg)
{
	size_t want, n;

	for (;;) {
		if ((want = stream_want(s)) == 0)
			return (-1);
		if (s->have == want && want >= HEADER) {
			fn(arg, s->data, want);
			s->have = 0;
			continue;
		}
		if (len == 0)
			return (0);
		n = want - s->have < len ? want - s->have : len;
		memcpy(s->data + s->have, p, n);
		s->have += n;
		p += n;
		len -= n;
	}
}
