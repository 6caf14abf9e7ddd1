/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The metering process: frames in, flows kept, records out.  Ties decoder,
 * table, wheel and export together and counts everything once.  Runs in the
 * worker; opens nothing, logs nothing, reads no clock.
 */

#ifndef METER_H
#define METER_H

#include <stdint.h>

#include "export.h"
#include "expire.h"
#include "msg.h"
#include "packet.h"
#include "summary.h"
#include "track.h"

struct meter;

/*
 * Table and wheel as conf says; conf's values must be in range.  NULL with
 * errno.
 */
struct meter *meter_new(const struct msg_conf *, export_send_fn *);

/* Add a collector; fd is the meter's to keep.  -1 with errno. */
int	meter_add_export(struct meter *, int fd, const struct msg_export *);

/*
 * Account a batch of n <= MAX_BATCH frames.  Flows that are over before one
 * of its packets are exported on the way.
 */
void	meter_frames(struct meter *, enum link_type, const struct frame *,
	    int n);

/*
 * Let time pass: export the flows that are due at now_us if the scan interval
 * is over, and templates if theirs is.  now_us: packet time, or the wall
 * clock when all packets have been read.
 */
void	meter_tick(struct meter *, uint64_t now_us);

/*
 * The instant for headers of what is exported next; live only, for a savefile
 * has packet time.
 */
void	meter_set_clock(struct meter *, const struct export_clock *);

/* Time of the newest packet of the last batch; 0 before the first. */
uint64_t meter_now(const struct meter *);

/* Export all flows now; returns how many there were. */
uint64_t meter_expire_all(struct meter *);

/* Forget all flows, counted as deleted; returns how many there were. */
uint64_t meter_delete_all(struct meter *);

/* Send the datagram in hand: what waits in it is in no counter yet. */
void	meter_flush(struct meter *);

void	meter_send_templates(struct meter *);

/* Packets of the flows in the table: what would die with the worker. */
uint64_t meter_active_packets(const struct meter *);

struct counters *meter_counters(struct meter *);
const struct summary *meter_summary(struct meter *);
const struct summary_proto *meter_protos(const struct meter *);
unsigned int meter_exports(const struct meter *, struct summary_export *,
	    unsigned int max);
const struct track *meter_table(const struct meter *);
const struct expire *meter_expire(const struct meter *);

#endif
