/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Sums of the records of each flow key, whatever number of records the
 * exporter split it into.  Part of the test collector.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/tree.h>

#include <arpa/inet.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

/* family, src, dst, proto, sport, dport: in the order of the lines */
#define KEY_LEN		(1 + 16 + 16 + 1 + 2 + 2)

struct entry {
	RB_ENTRY(entry)	 node;
	uint64_t	 packets;
	uint64_t	 octets;
	uint64_t	 min_us;
	uint64_t	 max_us;
	uint16_t	 tcpflags;
	uint8_t		 key[KEY_LEN];
};

RB_HEAD(tree, entry);

struct sum {
	struct tree	 tree;
	uint32_t	 count;
};

static int
entry_compare(struct entry *a, struct entry *b)
{
	return (memcmp(a->key, b->key, KEY_LEN));
}

RB_PROTOTYPE(tree, entry, node, entry_compare)
RB_GENERATE(tree, entry, node, entry_compare)

struct sum *
sum_new(void)
{
	struct sum *s;

	if ((s = calloc(1, sizeof(*s))) != NULL)
		RB_INIT(&s->tree);
	return (s);
}

void
sum_free(struct sum *s)
{
	struct entry *e;

	if (s == NULL)
		return;
	while ((e = RB_ROOT(&s->tree)) != NULL) {
		RB_REMOVE(tree, &s->tree, e);
		free(e);
	}
	free(s);
}

static void
key_set(uint8_t *key, const struct record *r)
{
	key[0] = r->family;
	memcpy(key + 1, r->src, 16);
	memcpy(key + 17, r->dst, 16);
	key[33] = r->proto;
	key[34] = (uint8_t)(r->sport >> 8);
	key[35] = (uint8_t)r->sport;
	key[36] = (uint8_t)(r->dport >> 8);
	key[37] = (uint8_t)r->dport;
}

static struct entry *
sum_entry(struct sum *s, const struct record *r)
{
	struct entry find, *e;

	key_set(find.key, r);
	if ((e = RB_FIND(tree, &s->tree, &find)) != NULL)
		return (e);
	if (s->count == SUM_MAX) {
		errno = ENOSPC;
		return (NULL);
	}
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return (NULL);
	memcpy(e->key, find.key, KEY_LEN);
	e->min_us = r->first_us;
	e->max_us = r->last_us;
	RB_INSERT(tree, &s->tree, e);
	s->count++;
	return (e);
}

int
sum_add(struct sum *s, const struct record *r)
{
	struct entry *e;

	if (r->family == 0)
		return (0);
	if ((e = sum_entry(s, r)) == NULL)
		return (-1);
	e->packets += r->packets;
	e->octets += r->octets;
	e->tcpflags |= r->tcpflags;
	if (r->first_us < e->min_us)
		e->min_us = r->first_us;
	if (r->last_us > e->max_us)
		e->max_us = r->last_us;
	return (0);
}

void
sum_print(FILE *fp, struct sum *s)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	struct entry *e;
	int af;

	RB_FOREACH(e, tree, &s->tree) {
		af = e->key[0] == 4 ? AF_INET : AF_INET6;
		if (inet_ntop(af, e->key + 1, src, sizeof(src)) == NULL ||
		    inet_ntop(af, e->key + 17, dst, sizeof(dst)) == NULL)
			continue;
		fprintf(fp, "%u\t%s\t%s\t%u\t%u\t%u\t%" PRIu64 "\t%" PRIu64
		    "\t0x%02x\t%" PRIu64 "\t%" PRIu64 "\n", e->key[0], src,
		    dst, e->key[33], e->key[34] << 8 | e->key[35],
		    e->key[36] << 8 | e->key[37], e->packets, e->octets,
		    e->tcpflags, e->min_us, e->max_us);
	}
}
