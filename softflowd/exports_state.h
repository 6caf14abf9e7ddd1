/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the exports*.c files share; included by nobody else. */

#ifndef EXPORTS_STATE_H
#define EXPORTS_STATE_H

#include "exports.h"
#include "pace.h"

struct exports_one {
	struct export	*export;
	struct pace	 pace;
	int		 paced;
	uint64_t	 octets;	/* sent, as pace knows */
	uint32_t	 version;
	uint32_t	 transport;
	int		 up;
	int		 gone;		/* nobody's slot */
};

struct exports {
	struct exports_config	 config;
	struct track		*track;
	export_send_fn		*send;
	struct export_hand	*hands;
	exports_gone_fn		*gone;
	exports_commit_fn	*commit;
	void			*arg;
	export_totals_fn	*totals;
	void			*totals_arg;
	export_segment_fn	*segment;
	struct exports_one	 one[MAX_EXPORT];
	unsigned int		 count;
	uint32_t		 flows;		/* who gets them: bit for each */
	uint32_t		 strange;	/* of whom a worker before us
						   knew nothing, likewise */
	unsigned int		 there;		/* that are not gone */
	uint64_t		 mono_us;
};

static inline int
exports_is_stream(const struct exports_one *one)
{
	return (one->transport != TRANSPORT_UDP);
}

#endif
