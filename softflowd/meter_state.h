/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What meter.c and adopt.c share; included by nobody else. */

#ifndef METER_STATE_H
#define METER_STATE_H

#include "estate.h"
#include "fragment.h"
#include "meter.h"

_Static_assert(TRACK_SPARE >= MAX_EXPORT * EXPORT_LANES * MAX_TRAIN *
    EXPORT_FLOWS + EXPIRE_VICTIMS,
    "flows that wait for their datagrams have a place");

/* A conversation that is our own export to one collector. */
struct meter_own {
	struct flow_key	key;
	int		known;
};

struct meter {
	struct estate		*estate;
	struct summary_state	*stats;		/* in it */
	struct estate_meter	 at;
	struct track		*track;
	struct expire		*expire;
	const struct expire_limits	*limits;	/* its */
	struct exports		*exports;
	struct fragment_table	*fragments;	/* NULL: off */
	struct msg_conf		 conf;
	struct decode		 how;		/* by conf */
	unsigned int		 victims;	/* to give up at a time */
	struct meter_own	 own[MAX_EXPORT];
	struct msg_addr		 remote[MAX_EXPORT];
	char			 name[MAX_EXPORT][MSG_NAME_SIZE];
	uint32_t		 own_flows;	/* in the table */
	int			 savefile;
	int			 reporting;	/* packets, to a collector, */
	int			 flows;		/* and flows to others */
	unsigned int		 reports;	/* without flows, and not
						   counted yet */
	int			 scanning;	/* for flows that are due */
	int			 adopting;	/* until meter_adopt() */
	int			 closed;	/* no frame follows */
	meter_pick_fn		*pick;		/* what is expired, deleted */
	const void		*pick_arg;
	uint64_t		 flushed_us;	/* savefile: all in hand is
						   of later */

	/* The batch in hand. */
	enum link_type		 link;
	uint64_t		*frames;	/* of the estate's mark */
	unsigned int		 packets;
	uint64_t		 batch_us;	/* the last one's time */
	uint8_t			 slot;		/* the last one's, and how */
	unsigned int		 slot_frames;	/* many since it changed */
	uint32_t		 hash[MAX_BATCH];
	struct packet		 pkt[MAX_BATCH];
	int			 keyed;		/* side_key[] is of keys */
	struct side_key		 side_key[MAX_BATCH];
};

/* Account a packet to a flow. */
static inline void
meter_update(struct meter *m, uint32_t idx, const struct packet *pkt)
{
	struct flow	*flow = track_flow(m->track, idx);

	if (__builtin_expect(m->how.side, 0))
		side_update(track_side(m->track, idx),
		    flow->packets[pkt->dir] == 0, pkt);
	track_update(flow, pkt);
}

/* Whether it is our own export traffic. */
int	meter_is_own(const struct meter *, const struct flow_key *);

/*
 * Report a packet.  Returns whether that is all, for nobody wants flows; it is
 * counted when meter_count_reports() follows a flush.
 */
int	meter_report(struct meter *, const struct frame *,
	    const struct packet *);
void	meter_count_reports(struct meter *);
#define METER_REPORTS	MAX_BATCH	/* then they are flushed */

/* conf.sampling is not what it was, or was another worker's. */
void	meter_sampling(struct meter *);

/* Begin as the first worker does, but with what is known of others. */
void	meter_begin(struct meter *);

/*
 * A flow that is off the wheel: out of the table, and exported.  Returns
 * whether it was a flow to export, not our own export traffic.
 */
int	meter_end_flow(struct meter *, uint32_t idx, enum expire_reason);

/* Export an ended flow and free its record, at once or when it has gone. */
void	meter_leave(struct meter *, uint32_t idx, enum expire_reason);

/* A flow has left the table and is counted; commit and free that one. */
void	meter_gone(struct meter *, uint32_t idx);

/* Make it what counts for a next generation; leaving: see estate.h. */
void	meter_commit(struct meter *, uint32_t leaving);

/* For exports_on_settled(). */
exports_gone_fn		meter_exported;
exports_commit_fn	meter_commit_exported;

/* For exports_on_totals(). */
export_totals_fn	meter_totals;

/*
 * Another sighting of a flow in the table: 1 when it counts, and the flow is
 * updated; 0 when it is a second one.
 */
int	meter_sight(struct meter *, uint32_t idx, const struct packet *);

/*
 * Finish what the worker before us was about to move; how much its flows have
 * less than its counters, which may be anything.
 */
void	meter_move_redo(struct meter *, uint64_t *packets, uint64_t *octets);

/* The table is full. */
void	meter_make_room(struct meter *);

/* Set the clock of a savefile's export. */
void	meter_file_clock(struct meter *, uint64_t now_us);

#endif
