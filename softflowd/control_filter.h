/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Which flows an operator means, and which of them come first.  Pure; times
 * are in us since the epoch.
 */

#ifndef CONTROL_FILTER_H
#define CONTROL_FILTER_H

#include <stdint.h>

#include "msg.h"
#include "track.h"

/*
 * Whether a filter or a query from outside can be worked with: NULL, or what
 * is wrong with it and what is allowed, in a buffer that the next call uses
 * again.
 */
const char *control_filter_check(const struct ctl_filter *);
const char *control_query_check(const struct ctl_query *);

/* Whether it leaves nothing out. */
int	control_filter_empty(const struct ctl_filter *);

/*
 * Whether all that is set holds for the flow; side: its side record, NULL
 * where none are kept, and then no VLAN matches.  Our own datagrams are none
 * of the flows.  The filter has been checked.
 */
int	control_filter_match(const struct ctl_filter *, const struct flow *,
	    const struct flow_side *side, uint64_t now_us);

/* By which flows are sorted, the largest first; the sort is not NONE. */
uint64_t control_sort_value(enum ctl_sort, const struct flow *,
	    uint64_t now_us);

#endif
