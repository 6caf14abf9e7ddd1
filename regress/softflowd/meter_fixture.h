/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Made-up traffic for a meter, and what must add up in the end. */

#ifndef METER_FIXTURE_H
#define METER_FIXTURE_H

#include "meter.h"

#define T0	1700000000000000ULL	/* us: first packet */

/* NetFlow v9, UDP flows idle for a second are over, looked for each second. */
struct msg_conf fixture_conf(uint32_t max_flows);

/*
 * A meter with so many collectors, whose source ids count from 0; copies of fd
 * are what send_fn is called with.
 */
extern unsigned int	fixture_collectors;		/* 1 */
extern uint16_t		fixture_version;		/* of records: 9 */
struct meter *fixture_meter(const struct msg_conf *, struct estate *,
	    export_send_fn *, int fd);

/*
 * n <= MAX_BATCH frames of 100 octets of IP, one UDP packet of conversation
 * flow[i] each, with MAC addresses that differ, all at time_us; *pos is where they begin and then end.
 */
void	fixture_batch(struct meter *, const uint32_t *flow, int n,
	    uint64_t time_us, uint64_t *pos);

/* Export all flows. */
void	fixture_expire_all(struct meter *);

/*
 * With no flow in the table: every frame is accounted for, every packet and
 * flow has left.  NULL, or what does not add up.
 */
const char *fixture_sums(const struct counters *);

/* A repeatable random number. */
uint32_t fixture_random(uint64_t *state);

#endif
