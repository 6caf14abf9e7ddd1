/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Which devices see the same packets.  Parent; pure. */

#include <string.h>

#include "compat.h"
#include "stack.h"

static unsigned int
stack_find(const struct stack_link *links, unsigned int n, uint32_t ifindex)
{
	unsigned int	i;

	for (i = 0; i < n; i++)
		if (ifindex != 0 && links[i].ifindex == ifindex)
			return (i);
	return (STACK_LINKS);
}

static int
stack_observed(const struct msg_interfaces *msg, uint32_t ifindex)
{
	uint32_t	i;

	for (i = 0; i < msg->count; i++)
		if (msg->interface[i].ifindex == ifindex)
			return (1);
	return (0);
}

static void
stack_pair(struct msg_interfaces *msg, const struct stack_link *upper,
    const struct stack_link *lower)
{
	const struct stack_link	*first = upper->bridge ? lower : upper;

	if (msg->pairs == nitems(msg->pair))
		return;
	msg->pair[msg->pairs].first = first->ifindex;
	msg->pair[msg->pairs++].again = first == upper ? lower->ifindex :
	    upper->ifindex;
}

void
stack_pairs(const struct stack_link *links, unsigned int n,
    struct msg_interfaces *msg)
{
	static unsigned int	lower[STACK_LINKS], master[STACK_LINKS];
	uint8_t			above[STACK_LINKS];
	unsigned int		at, i, more, z;

	msg->pairs = 0;
	for (z = 0; z < n; z++) {
		lower[z] = stack_find(links, n, links[z].lower);
		master[z] = stack_find(links, n, links[z].master);
	}
	for (i = 0; i < msg->count; i++) {
		at = stack_find(links, n, msg->interface[i].ifindex);
		if (at == STACK_LINKS)
			continue;
		memset(above, 0, sizeof(above));
		above[at] = 1;
		do {
			more = 0;
			for (z = 0; z < n; z++) {
				if (above[z] && master[z] != STACK_LINKS &&
				    !above[master[z]])
					above[master[z]] = more = 1;
				if (!above[z] && lower[z] != STACK_LINKS &&
				    above[lower[z]])
					above[z] = more = 1;
			}
		} while (more);
		for (z = 0; z < n; z++)
			if (above[z] && z != at &&
			    stack_observed(msg, links[z].ifindex))
				stack_pair(msg, &links[z], &links[at]);
	}
}
