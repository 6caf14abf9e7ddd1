/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The table of interfaces; in the worker, confined.  See interface.h. */

#include <ctype.h>
#include <string.h>

#include "compat.h"
#include "interface.h"
#include "order.h"

#define DIRECTION_INGRESS	0
#define DIRECTION_EGRESS	1
#define DIRECTION_UNKNOWN	255

static struct interfaces	*table;
static uint8_t			 found[256];	/* slots by low octet */
static uint8_t			 repeats[256][32];	/* [first] again */
static struct msg_prefix	 own[MAX_OWN_PREFIX];
static unsigned int		 nown;
static uint8_t			 own_macs[MAX_OWN_MAC][6];
static unsigned int		 nmacs;

void
interfaces_use(struct interfaces *t)
{
	table = t;
	memset(found, 0, sizeof(found));
}

int
interfaces_valid(const struct interfaces *t)
{
	const struct interface	*i;
	const char		*c;

	if (t->count > MSG_INTERFACES)
		return (0);
	for (i = &t->slot[1]; i <= &t->slot[t->count]; i++)
		for (c = i->name; *c != '\0'; c++)
			if (c == i->name + sizeof(i->name) - 1 ||
			    !isgraph((unsigned char)*c))
				return (0);
	return (1);
}

/* Slot of a known one, or 0. */
static uint8_t
slot_find(uint32_t ifindex)
{
	uint32_t	i;

	for (i = 1; i <= table->count; i++)
		if (table->slot[i].ifindex == ifindex)
			return ((uint8_t)i);
	return (0);
}

uint8_t
interface_slot(uint32_t ifindex)
{
	uint8_t		*slot = &found[ifindex & 0xff];

	if (ifindex == 0)
		return (0);
	if (table->slot[*slot].ifindex == ifindex && *slot != 0)
		return (*slot);
	if ((*slot = slot_find(ifindex)) != 0)
		return (*slot);
	if ((*slot = slot_find(0)) == 0) {	/* none was released */
		if (table->count == MSG_INTERFACES)
			return (INTERFACE_OTHER);
		*slot = (uint8_t)(table->count + 1);
	}
	memset(&table->slot[*slot], 0, sizeof(table->slot[*slot]));
	table->slot[*slot].ifindex = table->slot[*slot].number = ifindex;
	order_stores();
	if (*slot > table->count)
		table->count = *slot;	/* before a flow says it */
	order_stores();
	return (*slot);
}

int
interfaces_full(void)
{
	return (table->count == MSG_INTERFACES && slot_find(0) == 0);
}

static int
is_present(const struct msg_interfaces *msg, uint32_t ifindex)
{
	uint32_t	i;

	for (i = 0; i < msg->count && i < nitems(msg->interface); i++)
		if (msg->interface[i].ifindex == ifindex)
			return (1);
	return (0);
}

void
interfaces_release(const struct msg_interfaces *msg, const uint8_t used[32])
{
	uint32_t	i;

	for (i = 1; i <= table->count; i++)
		if ((used[i / 8] >> i % 8 & 1) == 0 &&
		    !is_present(msg, table->slot[i].ifindex)) {
			table->slot[INTERFACE_OTHER].frames +=
			    table->slot[i].frames;
			memset(&table->slot[i], 0, sizeof(table->slot[i]));
		}
	memset(found, 0, sizeof(found));
}

/* Under the same name it may be there anew, and another's it is no more. */
static int
is_replaced(uint32_t slot, const struct msg_interfaces *msg, uint32_t fresh)
{
	if (!msg->captures)
		return (table->slot[slot].ifindex == 0);
	if (slot > msg->count || slot > MAX_CAPTURE)
		return (1);
	return ((fresh >> (slot - 1) & 1) != 0 &&
	    strncmp(table->slot[slot].name, msg->interface[slot - 1].name,
	    INTERFACE_NAME) != 0);
}

int
interfaces_replaced(const struct msg_interfaces *msg, uint32_t fresh,
    uint8_t gone[32])
{
	uint32_t	i;
	int		any = 0;

	memset(gone, 0, 32);
	for (i = 1; i <= table->count; i++)
		if (is_replaced(i, msg, fresh)) {
			gone[i / 8] |= (uint8_t)(1U << i % 8);
			any = 1;
		}
	return (any);
}

void
interfaces_forget(const uint8_t gone[32])
{
	uint32_t	i;

	for (i = 1; i <= table->count; i++)
		if ((gone[i / 8] >> i % 8 & 1) != 0)
			memset(&table->slot[i], 0, sizeof(table->slot[i]));
}

static void
learn_one(uint8_t slot, const struct msg_interface *msg)
{
	struct interface	*i = &table->slot[slot];

	i->ifindex = msg->ifindex;
	i->number = msg->number;
	memcpy(i->name, msg->name, sizeof(i->name));
}

int
interfaces_learn(const struct msg_interfaces *msg)
{
	uint32_t	i;
	uint8_t		slot, first, again;

	if (msg->count > nitems(msg->interface) ||
	    msg->pairs > nitems(msg->pair))
		return (-1);
	for (i = 0; i < msg->count; i++)
		if (memchr(msg->interface[i].name, '\0', INTERFACE_NAME) ==
		    NULL)
			return (-1);
	memset(found, 0, sizeof(found));
	for (i = 0; i < msg->count; i++) {
		slot = msg->captures ? (uint8_t)(i + 1) :
		    interface_slot(msg->interface[i].ifindex);
		if (slot != 0 && slot != INTERFACE_OTHER)
			learn_one(slot, &msg->interface[i]);
	}
	if (msg->captures)
		table->count = msg->count;
	memset(repeats, 0, sizeof(repeats));
	for (i = 0; i < msg->pairs; i++) {
		first = slot_find(msg->pair[i].first);
		again = slot_find(msg->pair[i].again);
		if (first != 0 && again != 0)
			repeats[first][again / 8] |= 1 << again % 8;
	}
	return (0);
}

int
interface_known(uint8_t slot)
{
	return (slot == 0 || (table != NULL && slot <= table->count));
}

uint32_t
interface_number(uint8_t slot)
{
	return (slot == 0 || !interface_known(slot) ? 0 :
	    table->slot[slot].number);
}

const char *
interface_name(uint8_t slot)
{
	return (slot == 0 || !interface_known(slot) ? "" :
	    table->slot[slot].name);
}

int
interface_repeats(uint8_t first, uint8_t again)
{
	return (repeats[first][again / 8] >> again % 8 & 1);
}

void
interfaces_own(const struct msg_prefix *prefixes, unsigned int n)
{
	nown = n < nitems(own) ? n : nitems(own);
	memcpy(own, prefixes, nown * sizeof(own[0]));
}

static int
prefix_match(const struct msg_prefix *p, const uint8_t *addr)
{
	unsigned int	octets = p->bits / 8, rest = p->bits % 8;

	return (memcmp(p->addr, addr, octets) == 0 && (rest == 0 ||
	    (p->addr[octets] ^ addr[octets]) >> (8 - rest) == 0));
}

static int
is_own(const uint8_t *addr, uint8_t family)
{
	unsigned int	i;

	for (i = 0; i < nown; i++)
		if (own[i].family == family && prefix_match(&own[i], addr))
			return (1);
	return (0);
}

void
interfaces_own_macs(const uint8_t (*macs)[6], unsigned int n)
{
	nmacs = n < nitems(own_macs) ? n : nitems(own_macs);
	memcpy(own_macs, macs, nmacs * sizeof(own_macs[0]));
}

static int
is_own_mac(const uint8_t *mac)
{
	unsigned int	i;

	for (i = 0; i < nmacs; i++)
		if (memcmp(own_macs[i], mac, sizeof(own_macs[i])) == 0)
			return (1);
	return (0);
}

uint8_t
interface_direction(const struct flow *f, int dir, const uint8_t (*mac)[6])
{
	int	from, to;

	if (nmacs > 0 && mac != NULL) {
		from = is_own_mac(mac[0]);
		to = is_own_mac(mac[1]);
		if (from != to)
			return (to ? DIRECTION_INGRESS : DIRECTION_EGRESS);
	}
	if (nown > 0) {
		from = is_own(f->key.addr[dir], f->key.family);
		to = is_own(f->key.addr[1 - dir], f->key.family);
		if (from != to)
			return (to ? DIRECTION_INGRESS : DIRECTION_EGRESS);
	}
	if (f->in[dir] != 0)
		return (DIRECTION_INGRESS);
	return (f->out[dir] != 0 ? DIRECTION_EGRESS : DIRECTION_UNKNOWN);
}
