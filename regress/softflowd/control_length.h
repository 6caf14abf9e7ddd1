/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* How long the payload of a control request has to be. */

#ifndef CONTROL_LENGTH_H
#define CONTROL_LENGTH_H

#include "control.h"

static inline size_t
control_length(uint32_t type)
{
	switch (type) {
	case CTL_SET:
		return (sizeof(struct ctl_set));
	case CTL_SHOW_FLOWS:
		return (sizeof(struct ctl_query));
	case CTL_FLOW_EXPIRE:
	case CTL_FLOW_DELETE:
		return (sizeof(struct ctl_filter));
	default:
		return (0);
	}
}

#endif
