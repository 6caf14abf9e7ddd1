/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* A table of a worker's, and its work on it, for those who take it over. */

#ifndef ADOPT_FIXTURE_H
#define ADOPT_FIXTURE_H

#include "meter_fixture.h"

#define FLOWS	256U			/* of the table */
#define FRAMES	(1U << 22)		/* of a worker's whole work */

extern struct msg_conf	 conf;
extern struct estate	*es;
extern int		 side;		/* with all there is of it */

/* Map an empty table, with the configuration that belongs to it. */
void	map(uint32_t max_flows);

/* The counters in it. */
const struct counters *left(void);

/* Frames of more conversations than it takes, from pos on, one each 10 us. */
void	work(struct meter *, uint64_t pos, uint64_t end);

#endif
