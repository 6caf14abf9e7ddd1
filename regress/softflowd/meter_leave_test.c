/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Flows that an operator has leave the table, and what it takes. */

#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "control_filter.h"
#include "meter_fixture.h"

enum { FLOWS = 100000 };

static struct msg_conf	 conf;
static struct meter	*m;

static ssize_t
send_none(int fd, const void *data, size_t len)
{
	(void)fd;
	(void)data;
	return ((ssize_t)len);
}

/* Flow n is that of 10.0.0.0 + n, of one packet. */
static void
fill(uint32_t max_flows, int side)
{
	struct estate	*es;
	uint32_t	 flow[MAX_BATCH], n;
	uint64_t	 pos = 0;
	int		 i;

	conf = fixture_conf(max_flows);
	conf.fragments = 1000;
	if (side)
		conf.fields = OPTIONAL_VLAN;
	ATF_REQUIRE((es = estate_map(-1, max_flows, side)) != NULL);
	m = fixture_meter(&conf, es, send_none, -1);
	for (n = 0; n < FLOWS;) {
		for (i = 0; i < MAX_BATCH; i++)
			flow[i] = n++;
		fixture_batch(m, flow, MAX_BATCH, T0, &pos);
	}
	ATF_REQUIRE_EQ(meter_summary(m)->active_flows, FLOWS);
}

static int
pick(const void *arg, const struct flow *flow, const struct flow_side *side)
{
	return (control_filter_match(arg, flow, side, T0));
}

/* 10.0.1.0/24: 256 flows. */
static struct ctl_filter
some(void)
{
	struct ctl_filter	f = { .nhost = 1 };

	f.host[0].family = 4;
	f.host[0].bits = 24;
	memcpy(f.host[0].addr, "\12\0\1\0", 4);
	return (f);
}

static uint64_t
all_of(uint64_t (*fn)(struct meter *, uint32_t *))
{
	uint64_t	count = 0;
	uint32_t	cursor = 0;

	while (cursor != TRACK_NONE)
		count += fn(m, &cursor);
	return (count);
}

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

CASE(flows_that_are_picked_are_exported_and_no_others)
{
	const struct ctl_filter	 f = some();
	const struct counters	*c;

	fill(FLOWS + 1000, 0);
	c = meter_counters(m);
	meter_pick(m, pick, &f);
	ATF_CHECK_EQ(all_of(meter_expire_some), 256);
	ATF_CHECK_EQ(all_of(meter_expire_some), 0);
	meter_flush(m);
	ATF_CHECK_EQ(c->expired_flush, 256);
	ATF_CHECK_EQ(c->packets_exported, 256);
	ATF_CHECK_EQ(meter_summary(m)->active_flows, FLOWS - 256);
	ATF_CHECK_EQ(meter_active_packets(m), FLOWS - 256);
	meter_pick(m, NULL, NULL);
	ATF_CHECK_EQ(all_of(meter_expire_some), FLOWS - 256);
	meter_flush(m);
	ATF_CHECK_EQ(c->flows_exported, FLOWS);
	ATF_CHECK(fixture_sums(c) == NULL);
}

CASE(flows_that_are_picked_are_deleted_and_counted_as_such)
{
	const struct ctl_filter	 f = some();
	const struct counters	*c;

	fill(FLOWS + 1000, 0);
	c = meter_counters(m);
	meter_pick(m, pick, &f);
	ATF_CHECK_EQ(all_of(meter_delete_some), 256);
	ATF_CHECK_EQ(c->flows_deleted, 256);
	ATF_CHECK_EQ(c->packets_deleted, 256);
	ATF_CHECK_EQ(meter_active_packets(m), FLOWS - 256);
	meter_pick(m, NULL, NULL);
	fixture_expire_all(m);
	ATF_CHECK_EQ(c->flows_exported, FLOWS - 256);
	ATF_CHECK(fixture_sums(c) == NULL);
}

/* Frames wait in between: at some thousand flows it pauses. */
CASE(picking_nothing_comes_in_small_pieces_too)
{
	struct ctl_filter	f = { .min_packets = 2 };
	uint32_t		cursor, before;
	unsigned int		i;

	fill(FLOWS + 1000, 0);
	meter_pick(m, pick, &f);
	for (i = 0; i < 2; i++)
		for (cursor = 0; cursor != TRACK_NONE;) {
			before = cursor;
			ATF_CHECK_EQ((i == 0 ? meter_expire_some :
			    meter_delete_some)(m, &cursor), 0);
			ATF_CHECK(cursor == TRACK_NONE ||
			    (cursor > before && cursor - before <= 4096));
		}
	ATF_CHECK_EQ(meter_summary(m)->active_flows, FLOWS);
}

static const struct ctl_memory *
row_of(const struct ctl_memory *rows, unsigned int n, const char *use)
{
	unsigned int	i;

	for (i = 0; i < n; i++)
		if (strcmp(rows[i].use, use) == 0)
			return (&rows[i]);
	return (NULL);
}

CASE(memory_is_that_of_the_real_structures)
{
	struct ctl_memory	 rows[16];
	const struct ctl_memory	*row;
	unsigned int		 i, n, side;

	for (side = 0; side < 2; side++) {
		fill(FLOWS + 1000, (int)side);
		n = meter_memory(m, rows, 16);
		for (i = 0; i < n; i++)
			ATF_CHECK(rows[i].octets_used <= rows[i].octets);
		ATF_REQUIRE((row = row_of(rows, n, "flows")) != NULL);
		ATF_CHECK_EQ(row->octets, (FLOWS + 1000 + TRACK_SPARE) *
		    sizeof(struct flow));
		ATF_CHECK_EQ(row->octets_used, FLOWS * sizeof(struct flow));
		ATF_CHECK_EQ(row->entries, FLOWS);
		ATF_CHECK_EQ(row->entries_max, FLOWS + 1000);
		row = row_of(rows, n, "side records");
		ATF_REQUIRE_EQ(row != NULL, side);
		if (side)
			ATF_CHECK_EQ(row->octets_used,
			    FLOWS * sizeof(struct flow_side));
		ATF_REQUIRE((row = row_of(rows, n, "index")) != NULL);
		ATF_CHECK_EQ(row->octets, 262144 * 8);
		ATF_REQUIRE((row = row_of(rows, n, "timer wheel")) != NULL);
		ATF_CHECK(row->octets >= 65536 * 4);
		ATF_REQUIRE((row = row_of(rows, n, "fragments")) != NULL);
		ATF_CHECK_EQ(row->entries_max, 1024);
		ATF_REQUIRE((row = row_of(rows, n, "stream queues")) != NULL);
		ATF_CHECK_EQ(row->octets_used, 0);
		ATF_REQUIRE((row = row_of(rows, n, "datagrams")) != NULL);
		ATF_CHECK_EQ(row->octets_used,
		    EXPORT_LANES * sizeof(struct export_hand));
		/* there is no more of it after they have left */
		fixture_expire_all(m);
		n = meter_memory(m, rows, 1);
		ATF_REQUIRE_EQ(n, 1);
		ATF_CHECK_EQ(rows[0].entries, 0);
		ATF_CHECK_EQ(rows[0].octets_used,
		    FLOWS * sizeof(struct flow));
	}
}

CASE(what_a_collector_is_called_is_in_its_row)
{
	struct msg_export	dest = { .payload_max = 1400 };
	struct summary_export	row;

	fill(FLOWS, 0);
	ATF_REQUIRE_EQ(meter_exports(m, &row, 1), 1);
	ATF_CHECK_STREQ(row.name, "");
	strlcpy(dest.name, "collector.example:4739", sizeof(dest.name));
	meter_export_up(m, -1, &dest);
	ATF_REQUIRE_EQ(meter_exports(m, &row, 1), 1);
	ATF_CHECK_STREQ(row.name, "collector.example:4739");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, flows_that_are_picked_are_exported_and_no_others);
	ATF_TP_ADD_TC(tp,
	    flows_that_are_picked_are_deleted_and_counted_as_such);
	ATF_TP_ADD_TC(tp, picking_nothing_comes_in_small_pieces_too);
	ATF_TP_ADD_TC(tp, memory_is_that_of_the_real_structures);
	ATF_TP_ADD_TC(tp, what_a_collector_is_called_is_in_its_row);
	return (atf_no_error());
}
