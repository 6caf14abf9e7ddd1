/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The fragment table, in the worker, which has no privileges: sets of four
 * entries, found by a keyed hash.  A new entry takes a free place of its set
 * or that of the oldest one there.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fragment.h"
#include "siphash.h"

#define WAYS		4U

/* A datagram whose first fragment was seen. */
struct entry {
	uint8_t		addr[2][16];	/* source, destination */
	uint64_t	time_us;	/* of its first fragment */
	uint32_t	id;
	uint32_t	number;		/* which first fragment it was */
	uint16_t	port[2];	/* source, destination */
	uint8_t		match;		/* IPv4's protocol, 0 in IPv6 */
	uint8_t		family;		/* 0: free */
	uint8_t		proto;
	uint8_t		reserved;
};
_Static_assert(sizeof(struct entry) == 56, "documented");

struct fragment_table {
	struct entry	*entries;
	uint64_t	 key[2];	/* secret, little endian halves */
	uint32_t	 mask;		/* sets - 1 */
	uint32_t	 number;	/* of first fragments, so far */
};

struct fragment_table *
fragment_new(uint32_t entries, const uint8_t secret[16])
{
	struct fragment_table	*t;
	uint32_t		 sets = 1;

	if (entries == 0 || entries > LIMIT_FRAGMENTS) {
		errno = EINVAL;
		return (NULL);
	}
	while (sets * WAYS < entries)
		sets *= 2;
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return (NULL);
	t->entries = calloc((size_t)sets * WAYS, sizeof(*t->entries));
	if (t->entries == NULL) {
		fragment_free(t);
		errno = ENOMEM;
		return (NULL);
	}
	t->mask = sets - 1;
	t->key[0] = load_le64(secret);
	t->key[1] = load_le64(secret + 8);
	return (t);
}

void
fragment_free(struct fragment_table *t)
{
	if (t == NULL)
		return;
	free(t->entries);
	freezero(t, sizeof(*t));
}

size_t
fragment_size(const struct fragment_table *t, uint32_t *entries,
    uint32_t *max)
{
	uint32_t	i;

	*entries = 0;
	*max = (t->mask + 1) * WAYS;
	for (i = 0; i < *max; i++)
		*entries += t->entries[i].family != 0;
	return (sizeof(*t) + *max * sizeof(*t->entries));
}

static struct entry *
set_of(const struct fragment_table *t, const struct entry *e)
{
	uint64_t	 v[4];

	sip_begin(v, t->key);
	sip_word(v, load_le64(e->addr[0]));
	sip_word(v, load_le64(e->addr[0] + 8));
	sip_word(v, load_le64(e->addr[1]));
	sip_word(v, load_le64(e->addr[1] + 8));
	sip_word(v, (uint64_t)e->id << 32 | (uint32_t)e->match << 8 |
	    e->family);
	return (&t->entries[(sip_end(v, 40) & t->mask) * WAYS]);
}

static int
same(const struct entry *a, const struct entry *b)
{
	return (a->id == b->id && a->match == b->match &&
	    a->family == b->family &&
	    memcmp(a->addr, b->addr, sizeof(a->addr)) == 0);
}

/* Where to put it: in its own place, a free one or the oldest one's. */
static void
remember(struct fragment_table *t, struct entry *set, const struct entry *e)
{
	struct entry	*place = set;
	unsigned int	 i;

	for (i = 0; i < WAYS; i++) {
		if (same(&set[i], e)) {
			place = &set[i];
			break;
		}
		if (place->family != 0 && (set[i].family == 0 ||
		    t->number - set[i].number > t->number - place->number))
			place = &set[i];
	}
	*place = *e;
	place->number = t->number++;
}

static void
join(const struct entry *first, struct packet *pkt)
{
	const struct flow_key	*key = &pkt->key;

	/* As the decoder orders endpoints. */
	if (memcmp(key->addr[0], key->addr[1], sizeof(key->addr[0])) == 0)
		pkt->dir = first->port[0] > first->port[1];
	pkt->key.port[pkt->dir] = first->port[0];
	pkt->key.port[!pkt->dir] = first->port[1];
	pkt->key.proto = first->proto;
	pkt->flags |= PACKET_JOINED;
}

void
fragment_packet(struct fragment_table *t, struct packet *pkt)
{
	struct entry	 e = { 0 }, *set;
	uint64_t	 age_us;
	unsigned int	 i;

	memcpy(e.addr[0], pkt->key.addr[pkt->dir], sizeof(e.addr[0]));
	memcpy(e.addr[1], pkt->key.addr[!pkt->dir], sizeof(e.addr[1]));
	e.time_us = pkt->time_us;
	e.id = pkt->frag_id;
	e.port[0] = pkt->key.port[pkt->dir];
	e.port[1] = pkt->key.port[!pkt->dir];
	e.match = pkt->key.family == 4 ? pkt->key.proto : 0;
	e.family = pkt->key.family;
	e.proto = pkt->key.proto;
	set = set_of(t, &e);
	if (pkt->flags & PACKET_FRAG_FIRST) {
		remember(t, set, &e);
		return;
	}
	for (i = 0; i < WAYS; i++) {
		if (!same(&set[i], &e))
			continue;
		/* Time may run backwards, too. */
		age_us = pkt->time_us > set[i].time_us ?
		    pkt->time_us - set[i].time_us :
		    set[i].time_us - pkt->time_us;
		if (age_us <= FRAGMENT_US)
			join(&set[i], pkt);
		return;
	}
}
