/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The last datagram of each exporter.  Part of the test collector. */

#include <string.h>

#include "repeat.h"

int
repeat_seen(struct repeat *r, const struct exporter *from, const uint8_t *p,
    size_t len)
{
	size_t i;

	for (i = 0; i < REPEAT_EXPORTERS && r->last[i].len != 0; i++)
		if (memcmp(&r->last[i].from, from, sizeof(*from)) == 0)
			break;
	if (i == REPEAT_EXPORTERS || len == 0 || len > REPEAT_OCTETS)
		return (0);
	if (r->last[i].len == len && memcmp(r->last[i].data, p, len) == 0)
		return (1);
	r->last[i].from = *from;
	r->last[i].len = len;
	memcpy(r->last[i].data, p, len);
	return (0);
}
