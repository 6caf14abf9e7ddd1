/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What export.c and export_train.c share; included by nobody else. */

#ifndef EXPORT_STATE_H
#define EXPORT_STATE_H

#include "export.h"
#include "netflow.h"
#include "stream.h"

#define CUT_UNKNOWN	SIZE_MAX	/* a worker before us said it */
#define CUT_NEVER	(SIZE_MAX - 1)

/*
 * Where datagrams are filled.  Those of IPv4 and of IPv6 have a lane each, for
 * full ones of one kind have the same length; without trains, and while
 * templates are under way, which must be the first to arrive, all take the
 * first lane.
 */
struct export_lane {
	struct export_hand	*hand;
	struct datagram		 datagram;	/* len 0: none */
	struct export_piece	 filling;	/* what is in it */
};

struct export {
	struct export_config		 config;
	const struct netflow_encoder	*encoder;
	struct layout			 layout;
	export_send_fn			*send;
	export_segment_fn		*segment;
	export_wait_fn			*wait;
	unsigned int			 patience;
	int				 full;	/* patience was in vain */
	export_settled_fn		*settled;
	void				*settled_arg;
	unsigned int			 slot;
	export_totals_fn		*totals;
	void				*totals_arg;
	struct export_clock		 clock;

	struct export_session		 session;
	struct export_hand		*hand;	/* of the train that departs */
	struct export_hand		 own_hands[EXPORT_LANES];
	struct export_lane		 lane[EXPORT_LANES];
	int				 templating;
	unsigned int			 train;	/* 1: each by itself */
	int				 fd;	/* -1: not open */

	struct stream			*stream;	/* NULL: datagrams */
	int				 stream_waits;	/* for adoption, */
	int				 stream_fd;	/* with this; or -1 */
	uint64_t			 stream_held_us;	/* full since */
	unsigned int			 preface_template;	/* next ones */
	unsigned int			 preface_interface;

	size_t				 cut;	/* as segment() was told */
	size_t				 payload_max;
};

/* Octets of the train's pieces from first on, n of them. */
size_t	export_octets(const struct export_hand *, unsigned int first,
	    unsigned int n);

/* Send a train, account for it and forget it. */
void	export_depart(struct export *, struct export_hand *,
	    struct counters *);

void	export_forget(struct export_hand *);

/* An empty datagram in data. */
void	export_datagram(const struct export *, struct datagram *,
	    uint8_t *data);

/* export_stream.c: the train in hand, and what has become of all. */
void	export_queue_pieces(struct export *, unsigned int first,
	    struct counters *);
void	export_stream_counters(struct export *);

/* Write; -1: the connection has ended, which export_stream_turn() tells. */
int	export_stream_write(struct export *, struct counters *);

/* What will have been written before a message that is queued now. */
void	export_stream_totals(const struct export *,
	    struct export_statistics *);

/* Count what its collector will not have. */
void	export_note_lost(struct export *, uint64_t records, uint64_t packets,
	    uint64_t octets);

#endif
