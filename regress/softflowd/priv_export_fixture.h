/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The parent's collectors with this program in the worker's and the resolver's
 * places, for their tests.
 */

#ifndef PRIV_EXPORT_FIXTURE_H
#define PRIV_EXPORT_FIXTURE_H

#include <stdint.h>

#include "priv_state.h"

extern struct options	 opts;
extern int64_t		 forward_ms;	/* of the clock */
extern int		 copies;	/* of descriptors are to be had */

/* What was sent to the worker since the last look. */
extern struct sent {
	enum msg_type		type;
	int			fd;
	struct msg_export	export;
	struct msg_export_payload	payload;
} sent[32];
extern unsigned int	 nsent;

/* Parse a command line, and start with it. */
void	read_line(struct options *, const char *);
void	open_with(const char *);

/* Let the parent's loop turn for what is ready now. */
void	turn(void);

/* A socket of this port; 0: any, which is then in it. */
int	listen_on(uint16_t *port);

/* The last message is a socket that is up; closes it. */
void	expect_up(void);

/* The worker says that a stream has gone down. */
int	down(uint32_t slot, int error);

#endif
