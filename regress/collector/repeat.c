/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The last datagrams of each exporter.  Part of the test collector. */

#include <string.h>

#include "repeat.h"

int
repeat_seen(struct repeat *r, const struct exporter *from, const uint8_t *p,
    size_t len)
{
	struct repeat_exporter *e;
	size_t i;

	for (e = r->exporter; e < r->exporter + REPEAT_EXPORTERS; e++)
		if (e->last[0].len == 0 ||
		    memcmp(&e->from, from, sizeof(*from)) == 0)
			break;
	if (e == r->exporter + REPEAT_EXPORTERS || len == 0 ||
	    len > REPEAT_OCTETS)
		return (0);
	for (i = 0; i < REPEAT_DATAGRAMS; i++)
		if (e->last[i].len == len &&
		    memcmp(e->last[i].data, p, len) == 0)
			return (1);
	e->from = *from;
	e->last[e->next].len = len;
	memcpy(e->last[e->next].data, p, len);
	e->next = (e->next + 1) % REPEAT_DATAGRAMS;
	return (0);
}
