/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A few changes to a kept input, of the kinds that find most: bits, octets,
 * numbers at their limits, pieces taken out, doubled or from another input.
 */

#include <string.h>

#include "mutate.h"

#define CHANGES_MAX	6	/* of one input */
#define PIECE_MAX	64	/* octets */

static uint32_t
below(uint64_t *state, size_t n)
{
	/* xorshift64*, Vigna 2016 */
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return ((uint32_t)((*state * 0x2545f4914f6cdd1dULL >> 32) % n));
}

/* Make room for n octets at off, with what is from there on. */
static size_t
insert(uint8_t *data, size_t size, size_t max, size_t off, size_t n)
{
	if (n > max - size)
		n = max - size;
	memmove(data + off + n, data + off, size - off);
	return (n);
}

static void
number(uint64_t *state, uint8_t *p, size_t left)
{
	static const uint64_t	limits[] = { 0, 1, 4, 15, 16, 127, 128, 255,
				    256, INT16_MAX, UINT16_MAX, INT32_MAX,
				    UINT32_MAX, INT64_MAX, UINT64_MAX };
	uint64_t		value;
	size_t			i, octets = 1U << below(state, 4);
	int			big = below(state, 2) != 0;

	if (octets > left)
		octets = left;
	value = limits[below(state, sizeof(limits) / sizeof(limits[0]))] +
	    below(state, 5) - 2;
	for (i = 0; i < octets; i++, value >>= 8)
		p[big ? octets - 1 - i : i] = (uint8_t)value;
}

static size_t
change(const struct mutate_input *other, uint64_t *state, uint8_t *data,
    size_t size, size_t max)
{
	size_t	 i, n, off = below(state, size + 1), from;
	size_t	 piece = below(state, PIECE_MAX) + 1;

	n = piece < size - off ? piece : size - off;
	switch (below(state, 8)) {
	case 0:
		if (n > 0)
			data[off] ^= (uint8_t)(1U << below(state, 8));
		break;
	case 1:
		if (n > 0)
			data[off] = (uint8_t)below(state, 256);
		break;
	case 2:
		number(state, data + off, size - off);
		break;
	case 3:
		memmove(data + off, data + off + n, size - off - n);
		return (size - n);
	case 4:
		n = insert(data, size, max, off, piece);
		for (i = 0; i < n; i++)
			data[off + i] = (uint8_t)below(state, 256);
		return (size + n);
	case 5:		/* what follows it, twice */
		n = insert(data, size, max, off, n);
		return (size + n);
	case 6:
		from = below(state, other->size + 1);
		if (piece > other->size - from)
			piece = other->size - from;
		n = insert(data, size, max, off, piece);
		memcpy(data + off, other->data + from, n);
		return (size + n);
	default:	/* the rest is the other's */
		from = below(state, other->size + 1);
		n = other->size - from;
		if (n > max - off)
			n = max - off;
		memcpy(data + off, other->data + from, n);
		return (off + n);
	}
	return (size);
}

size_t
mutate(const struct mutate_input *inputs, size_t n, uint64_t *state,
    uint8_t *data, size_t max)
{
	const struct mutate_input	*in = &inputs[below(state, n)];
	size_t				 size = in->size < max ? in->size : max;
	uint32_t			 changes = below(state, CHANGES_MAX);

	memcpy(data, in->data, size);
	do {
		size = change(&inputs[below(state, n)], state, data, size,
		    max);
	} while (changes-- > 0);
	return (size);
}
