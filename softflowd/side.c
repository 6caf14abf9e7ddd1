/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Side records of flows.  In the worker, confined; pure. */

#include <sys/types.h>

#include <netinet/tcp.h>

#include <string.h>

#include "side.h"
#include "track.h"

void
side_key(struct side_key *key, enum track_level level,
    const struct packet *pkt)
{
	memset(key, 0, sizeof(*key));
	if (level == TRACK_ETHER) {
		memcpy(key->mac[pkt->dir], pkt->side.mac[0], 6);
		memcpy(key->mac[!pkt->dir], pkt->side.mac[1], 6);
	}
	key->vlan[0] = pkt->side.vlan[0] & SIDE_VLAN_ID;
	key->vlan[1] = pkt->side.vlan[1] & SIDE_VLAN_ID;
}

/* The first packet of a direction; what stands there does not count. */
static void
side_begin(struct side_counts *c, struct side_first *first,
    const struct packet *pkt)
{
	const struct packet_side	*p = &pkt->side;
	unsigned int			 i;

	memset(c, 0, sizeof(*c));
	memset(first, 0, sizeof(*first));
	c->length_min = UINT32_MAX;
	c->ttl_min = UINT8_MAX;
	c->tos = pkt->tos;
	c->flow_label = p->flow_label;
	if (p->outer_family == 6)
		c->flags |= SIDE_OUTER_IPV6;

	memcpy(first->mac, p->mac, sizeof(first->mac));
	memcpy(first->vlan, p->vlan, sizeof(first->vlan));
	memcpy(first->outer, p->outer, sizeof(first->outer));
	first->tunnel_id = p->tunnel_id;
	first->tunnel = p->tunnel;
	first->labels = p->labels < SIDE_LABELS ? p->labels : SIDE_LABELS;
	for (i = 0; i < first->labels; i++) {
		first->label[i][0] = (uint8_t)(p->label[i] >> 16);
		first->label[i][1] = (uint8_t)(p->label[i] >> 8);
		first->label[i][2] = (uint8_t)p->label[i];
	}
}

static void
count(uint32_t *n, int one)
{
	*n += one && *n != UINT32_MAX;
}

void
side_update(struct flow_side *side, int first, const struct packet *pkt)
{
	struct side_counts	*c = &side->count[pkt->dir];
	uint32_t		 length = UINT32_MAX;

	if (first)
		side_begin(c, &side->first[pkt->dir], pkt);
	if (pkt->octets < length)
		length = (uint32_t)pkt->octets;
	if (length < c->length_min)
		c->length_min = length;
	if (length > c->length_max)
		c->length_max = length;
	if (pkt->side.ttl < c->ttl_min)
		c->ttl_min = pkt->side.ttl;
	if (pkt->side.ttl > c->ttl_max)
		c->ttl_max = pkt->side.ttl;
	if (pkt->tos != c->tos) {
		c->tos |= pkt->tos;
		c->flags |= SIDE_TOS_MIXED;
	}
	c->tcp_control |= pkt->side.tcp_control | pkt->tcp_flags;
	count(&c->syn, pkt->tcp_flags & TH_SYN);
	count(&c->fin, pkt->tcp_flags & TH_FIN);
	count(&c->rst, pkt->tcp_flags & TH_RST);
	c->fragments += c->fragments != UINT16_MAX &&
	    pkt->flags & (PACKET_FRAGMENT | PACKET_FRAG_FIRST);
}

static int
key_plausible(const struct side_key *key, enum track_level level)
{
	static const struct side_key	zero;

	if (level < TRACK_VLAN)
		return (memcmp(key, &zero, sizeof(*key)) == 0);
	return (key->vlan[0] <= SIDE_VLAN_ID && key->vlan[1] <= SIDE_VLAN_ID &&
	    (level == TRACK_ETHER ||
	    memcmp(key->mac, zero.mac, sizeof(key->mac)) == 0));
}

int
side_plausible(struct flow_side *side, const struct flow *f,
    enum track_level level)
{
	int	i;

	for (i = 0; i < 2; i++) {
		if (f->packets[i] == 0) {
			memset(&side->count[i], 0, sizeof(side->count[i]));
			memset(&side->first[i], 0, sizeof(side->first[i]));
		} else if (side->first[i].labels > SIDE_LABELS ||
		    side->first[i].tunnel >= TUNNEL_MAX)
			return (0);
	}
	return (key_plausible(&side->key, level));
}
