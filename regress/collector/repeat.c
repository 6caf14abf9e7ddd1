/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The last datagrams of each exporter, and messages of connections.  Part of
 * the test collector.
 */

#include <string.h>

#include "repeat.h"

#define HEADER9		20	/* of NetFlow v9; IPFIX has */
#define HEADER		16

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

/* FNV-1a of what is behind the header. */
static uint64_t
content_hash(const uint8_t *p, size_t len)
{
	size_t		i = len > 1 && p[1] == 9 ? HEADER9 : HEADER;
	uint64_t	hash = 0xcbf29ce484222325ULL;

	for (; i < len; i++)
		hash = (hash ^ p[i]) * 0x100000001b3ULL;
	return (hash);
}

int
repeat_brought(struct repeat_stream *r, const struct exporter *from,
    const uint8_t *p, size_t len)
{
	uint64_t	hash = content_hash(p, len);
	size_t		i;

	for (i = 0; i < REPEAT_MESSAGES; i++)
		if (r->message[i].hash == hash &&
		    r->message[i].port != from->port)
			return (1);
	r->message[r->next].hash = hash;
	r->message[r->next].port = from->port;
	r->next = (r->next + 1) % REPEAT_MESSAGES;
	return (0);
}
