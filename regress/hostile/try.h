/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * All that a hostile worker says to the parent, numbered: each type of msg.h
 * and some that it does not have, well and badly formed, at each time of its
 * life; and what the parent must make of it.  Known to the worker that says
 * it and to the test that judges.
 */

#ifndef TRY_H
#define TRY_H

#include <stddef.h>
#include <stdint.h>

#define TRY_LONGEST	16384	/* octets of a message, with its header */

/* When it is said. */
enum try_state {
	TRY_BEFORE,		/* READY, and before anything else */
	TRY_RUNNING,
	TRY_CLIENT,		/* and an operator is connected */
	TRY_LEAVING,		/* told to hand over */
	TRY_FINISHING,		/* told to finish */
	TRY_LEFT,		/* behind HANDED_OVER */
	TRY_FINISHED,		/* behind FINISHED */
	TRY_STATES
};

enum try_how {
	TRY_GOOD,
	TRY_EMPTY,
	TRY_SHORT,		/* an octet is missing */
	TRY_LONG,		/* there is one more */
	TRY_MAX,		/* what a worker may say at most */
	TRY_ONES,		/* all bits are set */
	TRY_ZEROS,
	TRY_BAD0, TRY_BAD1, TRY_BAD2, TRY_BAD3,	/* one value is wrong */
	TRY_TWICE,
	TRY_GONE,		/* an octet more, and the sender ends */
	TRY_FD,			/* with a descriptor */
	TRY_FDS,		/* with several */
	TRY_FD_UNMARKED,	/* of which the header says nothing */
	TRY_MARK_ONLY,		/* the header says so; there is none */
	TRY_OVER,		/* an octet more than a worker may say */
	TRY_HUGE,		/* as much as a parent may */
	TRY_HDR_0, TRY_HDR_15, TRY_HDR_MAX,	/* lengths in the header */
	TRY_PART,		/* of a header, then the end */
	TRY_HALF,		/* of a message, then the end */
	TRY_HOWS
};

enum try_verdict {
	TRY_ALLOWED,		/* nothing happens to the worker */
	TRY_HOSTILE,		/* killed; the log has type, length, phase */
	TRY_MALFORMED		/* killed; no message could be made of it */
};

struct try {
	enum try_state	state;
	uint32_t	type;
	enum try_how	how;
};

/* The nth of a state; 0: there are no more. */
int	try_get(unsigned int n, enum try_state, struct try *);

enum try_verdict try_expect(const struct try *);

/*
 * Its octets: header and payload, at most TRY_LONGEST; how many.  client is
 * the operator's id.  What of the counters the test itself needs is kept.
 */
size_t	try_octets(const struct try *, uint32_t client, uint64_t deaths,
	    unsigned char octets[TRY_LONGEST]);

/* Payload octets of the message as its header says; for the log's line. */
size_t	try_payload(const struct try *);
const char *try_state_name(enum try_state);
void	try_name(const struct try *, char *buf, size_t len);

#endif
