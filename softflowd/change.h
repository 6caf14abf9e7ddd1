/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What differs between the options in force and those that a reload has
 * read, and what it takes to get there.  Pure.
 */

#ifndef CHANGE_H
#define CHANGE_H

#include <stddef.h>

#include "options.h"

#define CHANGE_SETTINGS		0x01	/* what IMSG_SETTINGS tells */
#define CHANGE_PARENT		0x02	/* what no worker knows */
#define CHANGE_WORKER		0x04	/* what a worker is started with */
#define CHANGE_CAPTURE		0x08	/* sockets of all interfaces, too */
#define CHANGE_SOCKETS		0x10	/* those of all collectors */
#define CHANGE_HANDOVER		(CHANGE_WORKER | CHANGE_CAPTURE)

#define CHANGE_NEW		(-1)	/* it was not there before */

struct change {
	unsigned int	need;		/* CHANGE_* */
	/* Of each one that is to be, its index in the options in force. */
	int		interface[MAX_CAPTURE];
	int		dest[MAX_EXPORT];
	char		text[256];	/* for people; "": nothing changed */
};

/*
 * Compare.  What is derived from other options, and need not follow them, is
 * set in new as it is in force.  -1 with a line in error that names the
 * option that cannot change, what it is and what it would be.
 */
int	change_find(const struct options *old, struct options *new,
	    struct change *, char *error, size_t errorlen);

/*
 * Of the member of struct options that is compared at this octet, the one
 * behind it; 0: there is none.
 */
size_t	change_member_end(size_t octet);

#endif
