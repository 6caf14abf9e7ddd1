/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Messages of a peer that says whatever a fuzzer thinks of.  In an input each
 * is FEED_* flags in one octet, its type behind the first one in one, the
 * length of its payload in two, with FEED_ID its id in four, with FEED_LENGTH
 * what its header says of its length in four, and the payload.
 */

#ifndef FEED_H
#define FEED_H

#include "fuzz.h"

#define FEED_RAW	0x01	/* no header */
#define FEED_ID		0x02	/* not the right one */
#define FEED_FD		0x04	/* a descriptor comes with it */
#define FEED_LENGTH	0x08	/* not the right one, in the header */
#define FEED_RIGHT	0x10	/* as long as it should be, by zeroes */
#define FEED_FLAGS	0x1f

struct feed {
	int		 fd;		/* a socket that does not block */
	uint32_t	 type, id;	/* of the first one; of all */
	size_t		(*right)(uint32_t type);	/* length it has */
};

/* A pair of them that do not block. */
void	feed_pair(int fd[2]);

/* Write the next message as far as it can be; 0: the input is over. */
int	feed_message(const struct feed *, struct take *);

/* How many of our descriptors are open. */
unsigned int feed_descriptors(void);

/*
 * An input to begin with: behind head, one message of each of n types, right
 * but for zeroes, each behind op, if that is not 0.
 */
void	feed_seed(void (*)(const uint8_t *, size_t), const void *head,
	    size_t len, uint8_t op, unsigned int n);

#endif
