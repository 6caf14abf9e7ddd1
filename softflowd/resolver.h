/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The resolver: a process of its own, without privileges, that looks names
 * of collectors up, for the parent neither speaks to name servers nor reads
 * what getaddrinfo(3) reads.  It is our own program, executed with its
 * channel on descriptor 3 before the parent confines itself, and asked by
 * slot numbers.  Each look-up is made by a child, so that one that fails,
 * hangs or falls to a bad answer is the only one.
 */

#ifndef RESOLVER_H
#define RESOLVER_H

#include <stdint.h>

#include "compat.h"
#include "msg.h"

/* argv[1] of the resolver. */
#define RESOLVER_ROLE		"--resolver"

#define RESOLVER_ADDRS		8	/* of one name */
#define RESOLVER_SECONDS	20	/* for one name */

/*
 * Payloads are fixed structures, of exact length, as in msg.h.
 */
enum resolver_type {
	RESOLVER_CONF = 1,	/* struct resolver_conf; once, first */
	RESOLVER_NAME,		/* struct resolver_name; any time */
	RESOLVER_LOCK,		/* empty; confine yourself, answer READY */
	RESOLVER_ASK,		/* struct resolver_ask; answered in order */

	RESOLVER_READY = 100,	/* empty */
	RESOLVER_ANSWER		/* struct resolver_answer */
};

struct resolver_conf {
	uint32_t	root;		/* change ids to: */
	uint32_t	uid, gid;
};

struct resolver_name {
	uint32_t	slot;		/* < MAX_EXPORT */
	uint32_t	family;		/* 4, 6; 0: any */
	char		host[256];	/* NUL-terminated */
};

struct resolver_ask {
	uint32_t	slot;
};

struct resolver_answer {
	uint32_t	slot;
	int32_t		error;		/* EAI_*; 0: count addresses */
	uint32_t	count;
	uint32_t	reserved;
	struct msg_addr	addr[RESOLVER_ADDRS];	/* without ports */
};

/* Whether an answer is what it must be. */
static inline int
resolver_answer_ok(const struct resolver_answer *answer)
{
	uint32_t	i;
	int		family;

	if (answer->count > RESOLVER_ADDRS ||
	    (answer->error != 0 && answer->count != 0))
		return (0);
	for (i = 0; i < answer->count; i++) {
		family = answer->addr[i].family;
		if ((family != 4 && family != 6) || answer->addr[i].port != 0)
			return (0);
	}
	return (1);
}

__dead void resolver_main(void);

#endif
