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

#include "capture.h"
#include "estate.h"
#include "export.h"
#include "expire.h"
#include "msg.h"
#include "packet.h"
#include "summary.h"
#include "track.h"

struct meter;

/*
 * Table and wheel as conf says; conf's values must be in range.  The estate
 * is the caller's and, if conf's flags have CONF_ADOPT, that of a worker
 * before us, of which nothing but its size is looked at yet.  NULL with
 * errno.
 */
struct meter *meter_new(const struct msg_conf *, struct estate *,
	    export_send_fn *);

/*
 * Add a collector; fd is the meter's to keep, or -1 while there is none.  -1
 * with errno.
 */
int	meter_add_export(struct meter *, int fd, const struct msg_export *);

/*
 * Of a collector's slot that was added: a socket is there, or with fd -1 its
 * addresses are; it has gone, and is closed; what its datagrams may have now.
 */
void	meter_export_up(struct meter *, int fd, const struct msg_export *);
void	meter_export_down(struct meter *, uint32_t slot);
void	meter_export_payload(struct meter *, uint32_t slot, uint32_t octets);

/* Streams, as exports.h has them; hang up: their connections end well. */
void	meter_hang_up(struct meter *);
int	meter_stream_fd(const struct meter *, uint32_t slot, int *wants);
int	meter_stream_turn(struct meter *, uint32_t slot, int readable);
int	meter_unsettled(const struct meter *);
uint64_t meter_waiting(const struct meter *, int down);
void	meter_give_up(struct meter *);

/*
 * Take over what the worker before us left: before the first frame, with all
 * collectors there and the clock set, and confined.  Takes a second for a few
 * million flows.  Returns whether there was anything to go on from; if not,
 * its flows are counted as lost.
 */
struct adoption {
	struct capture_mark	mark[MAX_CAPTURE];	/* how far it read */
	uint64_t		skipped;	/* frames given up */
	uint64_t		lost;		/* packets of bad records */
	uint32_t		flows;
	int			repeated;	/* a datagram was sent again */
};
int	meter_adopt(struct meter *, struct adoption *);

/*
 * Behind meter_adopt() and before the first frame: captures of the slots in
 * fresh have sockets that no worker before us read, and msg tells what they
 * all stand for.  Of an interface that is not captured any more, or by another
 * slot, flows do not know whether they were seen there.
 */
void	meter_replace_captures(struct meter *, const struct msg_interfaces *msg,
	    uint32_t fresh);

/*
 * Timeouts and 1 in N from now on; in range.  -1: a collector's version cannot
 * say the sampling, and nothing has changed.
 */
int	meter_settings(struct meter *, const struct timeouts *,
	    uint32_t sampling);

/*
 * A batch of up to MAX_BATCH frames of a capture slot: begin it, mark telling
 * how far the ones before reach; take each frame, of which nothing is needed
 * afterwards; and account what they hold.  Flows that are over before one of
 * its packets are exported on the way.
 */
void	meter_batch(struct meter *, unsigned int slot, enum link_type,
	    const struct capture_mark *);
capture_frame_fn	meter_frame;
void	meter_account(struct meter *);

/*
 * Let time pass: export the flows that are due at now_us if the scan interval
 * is over, and templates if theirs is.  now_us: packet time, or the wall
 * clock when all packets have been read.  Where many are due, each call
 * exports some, and returns 1 if there may be more, METER_HELD when these
 * have to wait until there is room.
 */
int	meter_tick(struct meter *, uint64_t now_us);
#define METER_HELD	2

/*
 * Pacing, pace.h: it is mono_us now; whether flows may leave that could wait.
 * That of meter_expire_some() is the caller's to ask for.
 */
void	meter_pace(struct meter *, uint64_t mono_us);
int	meter_room(struct meter *);

/* For export_segments() and export_patience(). */
void	meter_segments(struct meter *, export_segment_fn *);
void	meter_patience(struct meter *, export_wait_fn *, unsigned int times);

/*
 * The instant for headers of what is exported next; live only, for a savefile
 * has packet time.
 */
void	meter_set_clock(struct meter *, const struct export_clock *);

/* Time of the newest packet of the last batch; 0 before the first. */
uint64_t meter_now(const struct meter *);

/*
 * Export, or forget and count as deleted, some of the flows from record
 * *cursor on and set it to where to go on, TRACK_NONE at the end.  Returns
 * how many there were.
 */
uint64_t meter_expire_some(struct meter *, uint32_t *cursor);
uint64_t meter_delete_some(struct meter *, uint32_t *cursor);

/* Until NULL is set, they pass over flows that the function does not pick. */
typedef int meter_pick_fn(const void *arg, const struct flow *,
	    const struct flow_side *);
void	meter_pick(struct meter *, meter_pick_fn *, const void *arg);

/* No frame follows; meter_expire_some() is then faster. */
void	meter_close(struct meter *);

/*
 * Send the datagram in hand: what waits in it is in no counter yet.  All
 * counters are then as a next generation will find them.
 */
void	meter_flush(struct meter *);

void	meter_send_templates(struct meter *);

/* Packets of the flows in the table: what would die with the worker. */
uint64_t meter_active_packets(const struct meter *);

struct counters *meter_counters(struct meter *);
const struct summary *meter_summary(struct meter *);
const struct summary_proto *meter_protos(const struct meter *);
unsigned int meter_exports(const struct meter *, struct summary_export *,
	    unsigned int max);

/* For interfaces_release(), when the table is full. */
void	meter_release_interfaces(struct meter *,
	    const struct msg_interfaces *);

/* What is known of the interface at slot; 0: nothing to tell. */
int	meter_interface(const struct meter *, uint8_t slot,
	    struct summary_interface *);
const struct track *meter_table(const struct meter *);

/* What it takes, row by row, at most max; returns how many. */
unsigned int meter_memory(const struct meter *, struct ctl_memory *,
	    unsigned int max);
const struct expire *meter_expire(const struct meter *);

#endif
