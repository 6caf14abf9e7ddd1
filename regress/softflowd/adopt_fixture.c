/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <sys/mman.h>

#include <atf-c.h>

#include "adopt_fixture.h"

#define TALKERS	1000U			/* more than the table takes */

struct msg_conf	 conf;
struct estate	*es;
int		 side;

void
map(uint32_t max_flows)
{
	void	*p;

	p = mmap(NULL, estate_size(max_flows, side), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	ATF_REQUIRE(p != MAP_FAILED);
	es = p;
	conf = fixture_conf(max_flows);
	if (side) {
		conf.track_level = TRACK_ETHER;
		conf.fields = OPTIONAL_ALL;
		conf.labels = SIDE_LABELS;
	}
}

const struct counters *
left(void)
{
	return (&estate_current(es)->summary.counters);
}

void
work(struct meter *m, uint64_t pos, uint64_t end)
{
	uint64_t	random;
	uint32_t	flow[MAX_BATCH];
	int		i, n;

	while (pos < end) {
		random = pos;
		n = end - pos < MAX_BATCH ? (int)(end - pos) : MAX_BATCH;
		for (i = 0; i < n; i++)
			flow[i] = fixture_random(&random) % TALKERS;
		fixture_batch(m, flow, n, T0 + pos * 10, &pos);
		meter_tick(m, meter_now(m));
	}
}
