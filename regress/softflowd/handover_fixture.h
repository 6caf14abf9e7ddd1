/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Workers of one table, one after the other in a process, and what collectors
 * got of all of them.
 */

#ifndef HANDOVER_FIXTURE_H
#define HANDOVER_FIXTURE_H

#include "export_walk.h"
#include "meter_fixture.h"

#define LINES	8
#define NOBODY	LINES
#define CASE(name)	ATF_TC_WITHOUT_HEAD(name); ATF_TC_BODY(name, tc)

/* Collectors, whichever slot they have; shared with workers that die. */
extern struct line {
	struct walk	walk;
	int		fd;
	uint32_t	datagrams;	/* as it counts them, and */
	uint32_t	next;		/* of v9, the next one's sequence */
	uint32_t	templates;
	uint64_t	packets;
} *lines;
extern int	dies_at;		/* a worker, in sending there */

/* Of PSAMP: selectors described as one packet, then none of so many. */
extern uint8_t		none_of;
extern unsigned int	nselectors;

/* Of each slot what the parent says, and of all. */
extern struct msg_export	plan[MAX_EXPORT];
extern struct msg_conf		conf;

extern struct estate	*es;
extern struct meter	*m;
extern uint64_t		 pos;		/* frames so far */

void	start(void);

/* What the parent will say of a slot to the workers from now on. */
void	slot_is(unsigned int slot, int line, uint16_t version,
	    uint32_t flags);

struct adoption begin_worker(void);

/* As engine_handover.c leaves, and what the parent knows then. */
void	leave(void);

/* So many batches. */
void	work(unsigned int batches);

/* All flows are exported, and no packet is missing. */
void	check_sums(void);

/* The row of a slot, or NULL. */
const struct summary_export *row(unsigned int slot);

#endif
