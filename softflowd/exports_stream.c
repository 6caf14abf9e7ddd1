/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Of all collectors, those that are reached by streams. */

#include "exports_state.h"

void
exports_begin(struct exports *x)
{
	unsigned int	i;

	for (i = 0; i < x->count; i++)
		export_stream_begin(x->one[i].export, 0);
}

int
exports_stream_fd(const struct exports *x, unsigned int slot, int *wants)
{
	*wants = 0;
	if (!exports_is_stream(&x->one[slot]))
		return (-1);
	return (export_stream_fd(x->one[slot].export, wants));
}

int
exports_stream_turn(struct exports *x, unsigned int slot, int readable,
    struct counters *c)
{
	return (exports_is_stream(&x->one[slot]) ?
	    export_stream_turn(x->one[slot].export, readable, c) : 1);
}

int
exports_unsettled(const struct exports *x)
{
	const struct exports_one	*one;

	for (one = x->one; one < x->one + x->count; one++)
		if (exports_is_stream(one) &&
		    export_stream_unsettled(one->export))
			return (1);
	return (0);
}

uint64_t
exports_waiting(const struct exports *x, int down)
{
	const struct exports_one	*one;
	uint64_t			 octets, messages = 0;

	for (one = x->one; one < x->one + x->count; one++)
		if (exports_is_stream(one) && (one->up || down))
			messages += export_stream_waiting(one->export,
			    &octets);
	return (messages);
}

void
exports_hang_up(struct exports *x)
{
	unsigned int	i;

	for (i = 0; i < x->count; i++)
		if (exports_is_stream(&x->one[i]))
			export_stream_hang_up(x->one[i].export);
}

void
exports_give_up(struct exports *x)
{
	unsigned int	i;

	for (i = 0; i < x->count; i++)
		if (exports_is_stream(&x->one[i]))
			export_stream_give_up(x->one[i].export);
}
