/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The exporting process (RFC 7011 section 2): all collectors, each with a
 * session of its own (export.h), and what becomes of a flow that has ended
 * until the last of them has it.  Its record in the table tells whom it waits
 * for, so that whoever takes over the table goes on with just those.
 */

#ifndef EXPORTS_H
#define EXPORTS_H

#include <stdint.h>

#include "export.h"
#include "msg.h"
#include "summary.h"
#include "track.h"

struct exports;

/* All sessions, for a next generation. */
struct exports_state {
	struct export_session	session[MAX_EXPORT];
};

struct exports_config {
	uint32_t	sampling;	/* as struct export_config has them */
	uint32_t	template_seconds;
	uint32_t	template_datagrams;
	uint32_t	train;
	uint32_t	statistics_seconds;
	int		spread;		/* a flow goes to one collector only */
	int		paced;		/* also where there is no limit */
	uint64_t	secret[2];	/* of spread and flow ids */
	int64_t		init_ms;	/* since the epoch; 0: packets' time */
	char		name[INTERFACE_NAME];	/* of a capture file */
	const struct flow_side	*sides;

	/* Where a stream's messages wait; and whether some may do so. */
	struct stream_queue	*(*queue)(void *arg, unsigned int slot);
	size_t			 queue_octets;
	void			*queue_arg;
	int			 adopting;
};

/*
 * A flow has left the table for good: exported to a collector at least, or to
 * none that was there.  It is released behind the commit.
 */
typedef void exports_gone_fn(void *arg, uint32_t idx, int exported);
typedef void exports_commit_fn(void *arg);

/*
 * hands: the caller's, MAX_EXPORT * EXPORT_LANES of them, zero or adopted.
 * gone and commit are called with arg when a train has settled: gone for each
 * flow that no collector waits for any more, then commit once.  NULL with
 * errno.
 */
struct exports *exports_new(const struct exports_config *, struct track *,
	    export_send_fn *, struct export_hand *hands);
void	exports_free(struct exports *);
void	exports_on_settled(struct exports *, exports_gone_fn *,
	    exports_commit_fn *, void *arg);

/* As export_on_totals(); before the first exports_add(). */
void	exports_on_totals(struct exports *, export_totals_fn *, void *arg);

/*
 * Add a collector; slots count from 0.  fd: its connected socket, exports' to
 * close, or -1: not there yet.  MSG_EXPORT_GONE: there is none, and of all but
 * the slot nothing counts; MSG_EXPORT_FRESH: its session begins with what is
 * given here, also when adopting.  -1 with errno; EINVAL: what export_new()
 * does not know, or not the next slot.
 */
int	exports_add(struct exports *, int fd, const struct msg_export *);

/*
 * Of one that was added: another socket, -1: none; octets of a datagram that
 * its route carries now.
 */
void	exports_up(struct exports *, unsigned int slot, int fd);
void	exports_payload(struct exports *, unsigned int slot, uint32_t octets);

/* It could not be connected, for that errno; 0: nothing to tell. */
void	exports_failed(struct exports *, unsigned int slot, int error);

/*
 * Streams.  When adopting, exports_begin() is to be called where
 * exports_adopt() is not.  A slot's descriptor to poll, -1: none, or no
 * stream; what is to be done each turn with one that is connected, which
 * returns 1, or -1 with errno when that has ended, 0 being the collector's
 * wish.
 */
void	exports_begin(struct exports *);
int	exports_stream_fd(const struct exports *, unsigned int slot,
	    int *wants);
int	exports_stream_turn(struct exports *, unsigned int slot, int readable,
	    struct counters *);

/* Whether a turn is wanted soon, to learn what has arrived. */
int	exports_unsettled(const struct exports *);

/*
 * Messages that wait in all queues of streams; those of one that is down, too,
 * if asked for.  At the end: they are lost.
 */
uint64_t exports_waiting(const struct exports *, int down);
void	exports_give_up(struct exports *);

/* At the end, too: connections end, and what waits is a next worker's. */
void	exports_hang_up(struct exports *);

/*
 * 1 in N from now on, for all.  -1: some version cannot say that, and nothing
 * has changed.
 */
int	exports_sampling(struct exports *, uint32_t sampling);

/* For all: see export.h. */
void	exports_segments(struct exports *, export_segment_fn *);
void	exports_patience(struct exports *, export_wait_fn *,
	    unsigned int times);
void	exports_set_clock(struct exports *, const struct export_clock *);
void	exports_templates(struct exports *);
void	exports_flush(struct exports *, struct counters *);
void	exports_tick(struct exports *, struct counters *);

/*
 * Export a flow that has ended, to those of its collectors that its record
 * says it waits for.  Returns 1 when it is in hand, and gone() follows; 0 when
 * there is nobody to wait for, as counted in c: flows_not_exportable,
 * flows_no_collector, flows_unsent (all are over their limits) or, where a
 * collector has it since an earlier call, flows_exported, and their packets.
 */
int	exports_flow(struct exports *, uint32_t idx, enum expire_reason,
	    struct counters *c);

/*
 * Report a packet to the collectors that want packets; who is over his limit
 * loses it.
 */
void	exports_packet(struct exports *, const struct psamp_packet *,
	    struct counters *c);

/*
 * Pacing.  Time is monotonic and has nothing to do with the clock above.
 * Flows that may wait are not exported while there is no room; whether some
 * wait is told by exports_held().
 */
void	exports_pace(struct exports *, uint64_t mono_us);
int	exports_room(struct exports *);
void	exports_held(struct exports *, int waits);

/*
 * Adoption.  First for all sessions: a train that is out and counted, but not
 * all of its flows know it, is made known to them; and the one that was being
 * sent is found, to be resumed, if there is one: its slot is left in *slot.
 * Then exports_adopt(), and exports_resend() if there is one, which see.
 */
struct export_hand *exports_resumable(struct exports *,
	    const struct exports_state *, unsigned int *slot);
void	exports_adopt(struct exports *, const struct exports_state *,
	    struct export_hand *resend);
unsigned int exports_repeats(const struct exports *, unsigned int slot,
	    const struct export_hand *resend);	/* that may come twice */
void	exports_resend(struct exports *, unsigned int slot,
	    struct export_hand *, struct counters *);

/*
 * Bit for each slot that was another collector's when a worker before us
 * exported to it: who waits for that one waits in vain.
 */
uint32_t exports_strange(const struct exports *);

/* Whether a slot is nobody's. */
int	exports_gone(const struct exports *, unsigned int slot);

unsigned int exports_count(const struct exports *);

/* All sessions as they are now, for a next generation. */
void	exports_state(struct exports *, struct exports_state *);

/* A row of statistics, but for the collector's address. */
void	exports_row(struct exports *, unsigned int slot,
	    struct summary_export *);

#endif
