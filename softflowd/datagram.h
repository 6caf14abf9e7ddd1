/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* One datagram in the making: a bounded buffer and what its header says. */

#ifndef DATAGRAM_H
#define DATAGRAM_H

#include <sys/endian.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DATAGRAM_SIZE	1464

struct layout;

struct datagram {
	uint8_t		*data;		/* DATAGRAM_SIZE octets */
	size_t		len;
	size_t		max;		/* octets to use */
	size_t		set;		/* offset of the open set; 0: none */
	uint16_t	set_id;

	uint32_t	flows;		/* flow records */
	uint32_t	options;	/* options records */
	uint32_t	templates;	/* template records of both kinds */

	int64_t		boot_ms;	/* uptime 0 since the epoch */
	int64_t		oldest_ms;	/* no time before this can be said, */
	int64_t		newest_ms;	/* nor one after this */
	unsigned int	clamped;	/* times that were said wrong so, */
	unsigned int	cut;		/* and counters, as their largest */
	uint32_t	source_id;
	uint32_t	sampling;	/* 1 in N */
	const struct layout	*layout;	/* netflow_layout.h */
};

/* Sets end where a multiple of 4 octets does, and so datagrams. */
#define DATAGRAM_ALIGN	4

static inline size_t
datagram_align(size_t octets)
{
	return ((octets + DATAGRAM_ALIGN - 1) / DATAGRAM_ALIGN *
	    DATAGRAM_ALIGN);
}

/*
 * Store the low octets of value, 1 to 8, big-endian.  Returns what follows
 * them.
 */
static inline uint8_t *
datagram_store(uint8_t *p, uint64_t value, size_t octets)
{
	uint64_t	big = htobe64(value << (64 - 8 * octets));

	switch (octets) {		/* a variable length would be a call */
	case 8:
		memcpy(p, &big, 8);
		break;
	case 4:
		memcpy(p, &big, 4);
		break;
	case 2:
		memcpy(p, &big, 2);
		break;
	default:
		memcpy(p, &big, octets);
		break;
	}
	return (p + octets);
}

/*
 * Append the low octets of value, 0 to 8, big-endian.  Callers see to it that
 * it fits; what does not is left out.
 */
static inline void
datagram_put(struct datagram *d, uint64_t value, size_t octets)
{
	if (octets == 0 || octets > 8 || octets > DATAGRAM_SIZE - d->len)
		return;
	(void)datagram_store(d->data + d->len, value, octets);
	d->len += octets;
}

/* Append octets as they are. */
void	datagram_copy(struct datagram *, const uint8_t *, size_t octets);

/* Overwrite what stands at off already. */
void	datagram_patch(struct datagram *, size_t off, uint64_t value,
	    size_t octets);

/*
 * A packet's time as uptime in ms, modulo 2^32: not before boot, and not more
 * than DATAGRAM_REACH_MS before or behind the header's time, or a collector
 * would take it for the future or the past.
 */
#define DATAGRAM_REACH_MS	(INT32_MAX - 86400000LL)
uint32_t datagram_uptime(struct datagram *, uint64_t time_us);

#endif
