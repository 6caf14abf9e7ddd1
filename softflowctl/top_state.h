/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What two answers of the daemon tell together: rates, sums, order.  Pure.
 * A rate is for a second; a negative one is not known.
 */

#ifndef TOP_STATE_H
#define TOP_STATE_H

#include <stdint.h>

#include "msg.h"
#include "summary.h"

#define TOP_ROWS	200	/* conversations asked for in one order */
#define TOP_FLOWS	(2 * TOP_ROWS)

/* What the daemon said at one time. */
struct top_snapshot {
	uint64_t	report_us;	/* when that came, monotonic */
	uint64_t	flows_us;	/* and the flows */
	uint64_t	now_us;		/* those, since the epoch */
	int32_t		pid;
	uint32_t	nflow;
	struct summary_report	report;
	struct ctl_flow	flow[TOP_FLOWS];	/* each index once */
};

struct top_conversation {
	const struct ctl_flow	*flow;	/* in the snapshot */
	uint64_t	octets, packets;	/* both directions */
	uint64_t	first_us, last_us;	/* since the epoch; 0: never */
	double		octet_rate;	/* of the interval, or of its life */
	double		key;		/* what it is sorted by */
};

struct top_host {
	uint8_t		addr[16];
	uint8_t		family;
	uint32_t	conversations;
	uint64_t	octets, packets;	/* both directions */
	uint64_t	sent, received;		/* octets */
	uint64_t	first_us;		/* as a conversation's */
	double		octet_rate;
	double		key;
};

struct top_proto {
	uint32_t	proto;
	uint32_t	conversations;	/* of the largest ones */
	double		octet_rate;	/* theirs */
	double		flow_rate;	/* expired ones */
	double		key;
	const struct summary_proto	*expired;	/* NULL: none yet */
};

struct top_state {
	struct top_snapshot	now, before;
	int		have;		/* now is valid */
	uint64_t	interval_us;	/* of the report; 0: cannot compare */
	uint64_t	flows_interval_us;
	struct top_conversation	conversation[TOP_FLOWS];
	struct top_host	host[2 * TOP_FLOWS];
	struct top_proto	proto[256];
	unsigned int	nconversation, nhost, nproto;
};

/*
 * Whether counts, numbers and texts in a snapshot are such as can be taken:
 * who made it has read what the daemon said.
 */
int	top_snapshot_ok(const struct top_snapshot *);

/*
 * Take the next snapshot, a good one.  Those of different daemons are not
 * compared, nor those that are less than half a second apart.
 */
void	top_state_take(struct top_state *, const struct top_snapshot *,
	    enum ctl_sort);

/* Sort anew, the largest first; equal ones in an order of their own. */
void	top_state_sort(struct top_state *, enum ctl_sort);

/*
 * Of a counter of the report.  One that goes back has a rate of 0: packets do
 * when they turn out to be second sightings.
 */
double	top_rate(const struct top_state *, uint64_t now, uint64_t before);

/* The same row in the report before, NULL if it was not there. */
const struct summary_export *top_export_before(const struct top_state *,
	    const struct summary_export *);
const struct summary_interface *top_interface_before(const struct top_state *,
	    const struct summary_interface *);

/* Records that collectors did not get, of all; now and before. */
uint64_t top_records_lost(const struct summary_report *);

#endif
