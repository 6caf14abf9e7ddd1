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
	const struct summary	*s = meter_summary(m);
	const char		*wrong;

	/* As if those in the table had left it. */
	c.packets_lost += meter_active_packets(m);
	c.flows_lost += s->active_flows;
	if ((wrong = fixture_sums(&c)) != NULL) {
		fprintf(stderr, "%s do not add up\n", wrong);
		abort();
	}
	REQUIRE(c.fragments == c.fragments_joined + c.fragments_orphaned);
	REQUIRE(s->active_flows <= m->conf.max_flows);
	REQUIRE(track_count(m->track) <= track_max(m->track));
}
