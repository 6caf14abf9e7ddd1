/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fuzz.h"
#include "fuzz_meter.h"
#include "meter_fixture.h"
#include "meter_state.h"

void
fuzz_meter_free(struct meter *m)
{
	exports_free(m->exports);
	expire_free(m->expire);
	track_free(m->track);
	fragment_free(m->fragments);
	free(m);
}

void
fuzz_meter_check(struct meter *m)
{
	struct counters		 c = *meter_counters(m);
	const struct flow	*f;
	const char		*wrong;
	uint32_t		 idx;

	/* As if those in the table had left it, also those in hand. */
	for (idx = 0; idx < track_top(m->track); idx++) {
		f = track_flow(m->track, idx);
		if ((f->flags & (FLOW_USED | FLOW_OWN)) != FLOW_USED)
			continue;
		c.packets_lost += f->packets[0] + f->packets[1];
		c.flows_lost++;
	}
	if ((wrong = fixture_sums(&c)) != NULL) {
		fprintf(stderr, "%s do not add up\n", wrong);
		abort();
	}
	REQUIRE(c.fragments == c.fragments_joined + c.fragments_orphaned);
	REQUIRE(meter_summary(m)->active_flows <= m->conf.max_flows);
	REQUIRE(track_count(m->track) <= track_max(m->track));
}
