/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What two answers tell together. */

#include <atf-c.h>
#include <math.h>
#include <string.h>

#include "format.h"
#include "top_state.h"

#define T0	1700000000000000ULL	/* since the epoch */
#define SECOND	1000000ULL

static struct top_state		state;
static struct top_snapshot	snap;

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

/* An answer of daemon 100, so many seconds after the first one. */
static void
begin(double seconds)
{
	memset(&snap, 0, sizeof(snap));
	snap.pid = 100;
	snap.report_us = 5 * SECOND + (uint64_t)(seconds * SECOND);
	snap.flows_us = snap.report_us;
	snap.now_us = T0 + (uint64_t)(seconds * SECOND);
	snap.report.summary.since_us = T0 - 1000 * SECOND;
}

static struct ctl_flow *
add_flow(uint32_t index, uint8_t from, uint8_t to, uint64_t octets,
    uint64_t reply)
{
	struct ctl_flow *f = &snap.flow[snap.nflow++];
	int i;

	f->index = index;
	f->family = 4;
	f->proto = 6;
	f->addr[0][0] = f->addr[1][0] = 10;
	f->addr[0][3] = from;
	f->addr[1][3] = to;
	f->port[0] = 1000;
	f->port[1] = 80;
	f->octets[0] = octets;
	f->octets[1] = reply;
	for (i = 0; i < 2; i++) {
		f->packets[i] = f->octets[i] / 100;
		f->first_us[i] = T0 - 10 * SECOND;
		f->last_us[i] = T0;
	}
	return (f);
}

static void
take(enum ctl_sort sort)
{
	top_state_take(&state, &snap, sort);
}

static double
frames_rate(void)
{
	return (top_rate(&state, state.now.report.summary.counters.frames,
	    state.before.report.summary.counters.frames));
}

static void
check_near(double got, double wanted)
{
	ATF_CHECK_MSG(fabs(got - wanted) < 0.001, "%f, not %f", got, wanted);
}

CASE(first_answer_has_no_rates)
{
	begin(0);
	snap.report.summary.counters.frames = 1000;
	take(CTL_SORT_OCTETS);
	ATF_CHECK(frames_rate() < 0);
}

CASE(rate_is_the_delta_over_the_interval)
{
	begin(0);
	snap.report.summary.counters.frames = 1000;
	take(CTL_SORT_OCTETS);
	begin(2.5);
	snap.report.summary.counters.frames = 1500;
	take(CTL_SORT_OCTETS);
	check_near(frames_rate(), 200);
	/* Not the one before that. */
	begin(3.5);
	snap.report.summary.counters.frames = 1501;
	take(CTL_SORT_OCTETS);
	check_near(frames_rate(), 1);
}

CASE(interval_of_nothing_has_no_rates)
{
	begin(1);
	take(CTL_SORT_OCTETS);
	snap.report.summary.counters.frames = 1500;
	take(CTL_SORT_OCTETS);
	ATF_CHECK(frames_rate() < 0);
	/* Nor one that goes back. */
	begin(0.5);
	take(CTL_SORT_OCTETS);
	ATF_CHECK(frames_rate() < 0);
}

CASE(answer_that_comes_soon_is_compared_with_an_earlier_one)
{
	begin(0);
	take(CTL_SORT_OCTETS);
	begin(0.1);
	snap.report.summary.counters.frames = 7;
	take(CTL_SORT_OCTETS);
	ATF_CHECK(frames_rate() < 0);
	begin(2.1);
	snap.report.summary.counters.frames = 207;
	add_flow(1, 1, 2, 1000, 0);
	take(CTL_SORT_OCTETS);
	check_near(frames_rate(), 100);
	begin(2.4);
	snap.report.summary.counters.frames = 237;
	add_flow(1, 1, 2, 1000, 0);
	take(CTL_SORT_OCTETS);
	check_near(frames_rate(), 100);
	begin(4.4);
	snap.report.summary.counters.frames = 239;
	add_flow(1, 1, 2, 3000, 0);
	take(CTL_SORT_OCTETS);
	check_near(frames_rate(), 1);
	check_near(state.conversation[0].octet_rate, 1000);
}

CASE(counter_that_goes_back_has_a_rate_of_0)
{
	begin(0);
	snap.report.summary.counters.frames = 1000;
	take(CTL_SORT_OCTETS);
	begin(1);
	snap.report.summary.counters.frames = 999;
	take(CTL_SORT_OCTETS);
	check_near(frames_rate(), 0);
}

CASE(restarted_daemon_is_not_compared)
{
	begin(0);
	snap.report.summary.counters.frames = 1000;
	add_flow(1, 1, 2, 1000, 0);
	take(CTL_SORT_OCTETS);
	begin(1);
	snap.pid = 101;
	snap.report.summary.counters.frames = 5000;
	add_flow(1, 1, 2, 9000, 0);
	take(CTL_SORT_OCTETS);
	ATF_CHECK(frames_rate() < 0);
	/* Over its life, 11 seconds. */
	check_near(state.conversation[0].octet_rate, 9000.0 / 11);
	/* The same process id again, as in a container. */
	begin(2);
	snap.pid = 101;
	snap.report.summary.since_us = T0 + SECOND;
	snap.report.summary.counters.frames = 6000;
	take(CTL_SORT_OCTETS);
	ATF_CHECK(frames_rate() < 0);
}

CASE(conversation_seen_twice_has_the_rate_of_the_interval)
{
	begin(0);
	add_flow(7, 1, 2, 1000, 500);
	take(CTL_SORT_OCTETS);
	check_near(state.conversation[0].octet_rate, 150);
	begin(2);
	add_flow(3, 3, 4, 0, 10);
	add_flow(7, 1, 2, 4000, 1500);
	take(CTL_SORT_OCTETS);
	ATF_REQUIRE_EQ(state.nconversation, 2);
	ATF_CHECK_EQ(state.conversation[0].octets, 5500);
	ATF_CHECK_EQ(state.conversation[0].packets, 55);
	check_near(state.conversation[0].octet_rate, 2000);
}

CASE(new_flow_in_an_old_ones_place_has_the_rate_of_its_life)
{
	struct ctl_flow *f;

	begin(0);
	add_flow(1, 1, 2, 1000, 0);
	add_flow(2, 1, 2, 1000, 0);
	add_flow(3, 1, 2, 1000, 0);
	take(CTL_SORT_OCTETS);
	begin(1);
	/* Other addresses; begun anew; fewer octets: at least a second old. */
	add_flow(1, 1, 3, 5000, 0);
	f = add_flow(2, 1, 2, 4000, 0);
	f->first_us[0] = T0 + SECOND / 2;
	f->first_us[1] = 0;
	add_flow(3, 1, 2, 900, 0);
	take(CTL_SORT_OCTETS);
	check_near(state.conversation[0].octet_rate, 5000.0 / 11);
	check_near(state.conversation[1].octet_rate, 4000);
	check_near(state.conversation[2].octet_rate, 900.0 / 11);
}

CASE(direction_without_packets_has_no_say_in_times)
{
	struct ctl_flow *f;

	begin(0);
	f = add_flow(1, 1, 2, 1000, 0);
	f->first_us[1] = 1;
	f->last_us[1] = T0 + 99 * SECOND;
	take(CTL_SORT_OCTETS);
	ATF_CHECK_EQ(state.conversation[0].first_us, T0 - 10 * SECOND);
	ATF_CHECK_EQ(state.conversation[0].last_us, T0);
}

CASE(hosts_sum_up_their_conversations)
{
	begin(0);
	add_flow(1, 1, 2, 1000, 200);
	add_flow(2, 3, 1, 400, 0);
	add_flow(3, 3, 2, 100, 0);
	take(CTL_SORT_OCTETS);
	ATF_REQUIRE_EQ(state.nhost, 3);
	ATF_CHECK_EQ(state.host[0].addr[3], 1);
	ATF_CHECK_EQ(state.host[0].octets, 1600);
	ATF_CHECK_EQ(state.host[0].packets, 16);
	ATF_CHECK_EQ(state.host[0].sent, 1000);
	ATF_CHECK_EQ(state.host[0].received, 600);
	ATF_CHECK_EQ(state.host[0].conversations, 2);
	ATF_CHECK_EQ(state.host[1].addr[3], 2);
	ATF_CHECK_EQ(state.host[1].octets, 1300);
	ATF_CHECK_EQ(state.host[2].addr[3], 3);
	ATF_CHECK_EQ(state.host[2].octets, 500);
}

CASE(host_that_talks_to_itself_counts_once)
{
	begin(0);
	add_flow(1, 1, 1, 1000, 200);
	take(CTL_SORT_OCTETS);
	ATF_REQUIRE_EQ(state.nhost, 1);
	ATF_CHECK_EQ(state.host[0].octets, 1200);
	ATF_CHECK_EQ(state.host[0].sent, 1200);
	ATF_CHECK_EQ(state.host[0].conversations, 1);
}

CASE(addresses_of_both_families_are_different_hosts)
{
	struct ctl_flow *f;

	begin(0);
	add_flow(1, 1, 2, 100, 0);
	f = add_flow(2, 1, 2, 100, 0);
	f->family = 6;
	take(CTL_SORT_OCTETS);
	ATF_CHECK_EQ(state.nhost, 4);
	/* What is behind the four octets of IPv4 does not matter. */
	begin(1);
	add_flow(1, 1, 2, 100, 0);
	f = add_flow(2, 1, 2, 100, 0);
	f->addr[0][9] = 99;
	take(CTL_SORT_OCTETS);
	ATF_CHECK_EQ(state.nhost, 2);
}

static void
check_order(enum ctl_sort sort, uint32_t first, uint32_t second,
    uint32_t third)
{
	const struct top_conversation *c = state.conversation;

	top_state_sort(&state, sort);
	ATF_CHECK_EQ_MSG(c[0].flow->index, first, "order %d", sort);
	ATF_CHECK_EQ_MSG(c[1].flow->index, second, "order %d", sort);
	ATF_CHECK_EQ_MSG(c[2].flow->index, third, "order %d", sort);
}

CASE(conversations_are_sorted_in_every_order)
{
	struct ctl_flow *f;

	begin(0);
	add_flow(3, 1, 2, 5000, 0);
	take(CTL_SORT_OCTETS);
	begin(10);
	f = add_flow(1, 1, 2, 3000, 0);
	f->packets[0] = 1000;
	f = add_flow(2, 1, 2, 4000, 0);
	f->first_us[0] = T0 - 100 * SECOND;
	add_flow(3, 1, 2, 5000, 0);	/* nothing came */
	take(CTL_SORT_OCTETS);
	check_order(CTL_SORT_OCTETS, 3, 2, 1);
	check_order(CTL_SORT_PACKETS, 1, 3, 2);
	check_order(CTL_SORT_AGE, 2, 3, 1);
	check_order(CTL_SORT_RATE, 1, 2, 3);
}

CASE(equal_conversations_and_hosts_keep_their_order)
{
	uint32_t i;

	begin(0);
	for (i = 0; i < 100; i++)
		add_flow(100 - i, (uint8_t)(200 - i), 250, 1000, 0);
	take(CTL_SORT_PACKETS);
	for (i = 0; i < 100; i++)
		ATF_REQUIRE_EQ(state.conversation[i].flow->index, i + 1);
	ATF_REQUIRE_EQ(state.nhost, 101);
	ATF_CHECK_EQ(state.host[0].addr[3], 250);
	for (i = 1; i < 101; i++)
		ATF_REQUIRE_EQ(state.host[i].addr[3], 100 + i);
}

CASE(protocols_join_expired_flows_and_conversations)
{
	struct summary_report *r = &snap.report;

	begin(0);
	r->nproto = 1;
	r->proto[0].proto = 17;
	r->proto[0].flows = 10;
	take(CTL_SORT_OCTETS);
	begin(2);
	r->nproto = 2;
	r->proto[0].proto = 1;
	r->proto[0].flows = 4;
	r->proto[1].proto = 17;
	r->proto[1].flows = 40;
	r->proto[1].octets = 5;
	add_flow(1, 1, 2, 12000, 0);
	add_flow(2, 1, 2, 12000, 0);
	take(CTL_SORT_OCTETS);
	ATF_REQUIRE_EQ(state.nproto, 3);
	ATF_CHECK_EQ(state.proto[0].proto, 17);
	check_near(state.proto[0].flow_rate, 15);
	ATF_CHECK_EQ(state.proto[0].conversations, 0);
	ATF_CHECK_EQ(state.proto[1].proto, 1);
	check_near(state.proto[1].flow_rate, 2);
	ATF_CHECK_EQ(state.proto[2].proto, 6);
	ATF_CHECK(state.proto[2].expired == NULL);
	ATF_CHECK_EQ(state.proto[2].conversations, 2);
	check_near(state.proto[2].octet_rate, 2000);
	top_state_sort(&state, CTL_SORT_RATE);
	ATF_CHECK_EQ(state.proto[0].proto, 6);
}

CASE(slot_of_another_collector_is_not_compared)
{
	struct summary_export *e = &snap.report.export[0];

	begin(0);
	snap.report.nexport = 1;
	e->slot = 3;
	e->counters.records = 10;
	e->counters.records_lost = 5;
	strlcpy(e->name, "one", sizeof(e->name));
	take(CTL_SORT_OCTETS);
	ATF_CHECK(top_export_before(&state, &state.now.report.export[0]) ==
	    NULL);
	snap.report_us += SECOND;
	take(CTL_SORT_OCTETS);
	ATF_CHECK(top_export_before(&state, &state.now.report.export[0]) ==
	    &state.before.report.export[0]);
	ATF_CHECK_EQ(top_records_lost(&state.now.report), 5);
	snap.report_us += SECOND;
	strlcpy(e->name, "two", sizeof(e->name));
	take(CTL_SORT_OCTETS);
	ATF_CHECK(top_export_before(&state, &state.now.report.export[0]) ==
	    NULL);
}

CASE(full_snapshot_of_distinct_hosts_fits)
{
	struct ctl_flow *f;
	uint32_t i;

	begin(0);
	for (i = 0; i < TOP_FLOWS; i++) {
		f = add_flow(i, (uint8_t)i, (uint8_t)i, 1000 + i, 0);
		f->addr[0][2] = (uint8_t)(i >> 8);
		f->addr[1][1] = 1;
		f->addr[1][2] = (uint8_t)(i >> 8);
		f->proto = (uint8_t)i;
	}
	snap.report.nproto = 256;
	for (i = 0; i < 256; i++)
		snap.report.proto[i].proto = i;
	take(CTL_SORT_OCTETS);
	ATF_CHECK_EQ(state.nconversation, TOP_FLOWS);
	ATF_CHECK_EQ(state.nhost, 2 * TOP_FLOWS);
	ATF_CHECK_EQ(state.nproto, 256);
	ATF_CHECK_EQ(state.conversation[0].flow->index, TOP_FLOWS - 1);
}

CASE(snapshots_that_cannot_be_are_not_taken)
{
	struct summary_report *r = &snap.report;

	begin(0);
	ATF_CHECK(top_snapshot_ok(&snap));
	add_flow(1, 1, 2, 100, 100);
	memset(snap.flow[0].in[0], 'e', INTERFACE_NAME - 1);
	ATF_CHECK(top_snapshot_ok(&snap));
	snap.flow[0].in[0][INTERFACE_NAME - 1] = 'e';
	ATF_CHECK(!top_snapshot_ok(&snap));
	snap.nflow = 0;
	snap.flow[0].in[0][INTERFACE_NAME - 1] = '\0';
	snap.flow[0].family = 5;
	ATF_CHECK(top_snapshot_ok(&snap));
	snap.nflow = 1;
	ATF_CHECK(!top_snapshot_ok(&snap));
	snap.nflow = TOP_FLOWS + 1;
	ATF_CHECK(!top_snapshot_ok(&snap));
	snap.nflow = 0;
	r->nproto = 257;
	ATF_CHECK(!top_snapshot_ok(&snap));
	r->nproto = 0;
	r->nexport = MAX_EXPORT + 1;
	ATF_CHECK(!top_snapshot_ok(&snap));
	r->nexport = 1;
	memset(r->export[0].name, 'n', sizeof(r->export[0].name));
	ATF_CHECK(!top_snapshot_ok(&snap));
	r->nexport = 0;
	r->ninterface = 257;
	ATF_CHECK(!top_snapshot_ok(&snap));
	r->ninterface = 1;
	r->interface[0].name[0] = '\033';
	ATF_CHECK(!top_snapshot_ok(&snap));
	r->ninterface = 0;
	ATF_CHECK(top_snapshot_ok(&snap));
}

ATF_TC_WITHOUT_HEAD(times_are_written_beyond_2038);
ATF_TC_BODY(times_are_written_beyond_2038, tc)
{
	char	buf[FORMAT_SIZE];

	ATF_CHECK_STREQ("2038-01-19T03:14:08Z",
	    format_time(buf, 2147483648000000, 0));
	ATF_CHECK_STREQ("2039-01-01T00:00:00.000Z",
	    format_time(buf, 2177452800000999, 3));
	ATF_CHECK_STREQ("2106-02-07T06:28:16.000001Z",
	    format_time(buf, 4294967296000001, 6));
	ATF_CHECK(strlen(format_time(buf, UINT64_MAX, 6)) > 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, times_are_written_beyond_2038);
	ATF_TP_ADD_TC(tp, snapshots_that_cannot_be_are_not_taken);
	ATF_TP_ADD_TC(tp, first_answer_has_no_rates);
	ATF_TP_ADD_TC(tp, rate_is_the_delta_over_the_interval);
	ATF_TP_ADD_TC(tp, interval_of_nothing_has_no_rates);
	ATF_TP_ADD_TC(tp,
	    answer_that_comes_soon_is_compared_with_an_earlier_one);
	ATF_TP_ADD_TC(tp, counter_that_goes_back_has_a_rate_of_0);
	ATF_TP_ADD_TC(tp, restarted_daemon_is_not_compared);
	ATF_TP_ADD_TC(tp,
	    conversation_seen_twice_has_the_rate_of_the_interval);
	ATF_TP_ADD_TC(tp,
	    new_flow_in_an_old_ones_place_has_the_rate_of_its_life);
	ATF_TP_ADD_TC(tp, direction_without_packets_has_no_say_in_times);
	ATF_TP_ADD_TC(tp, hosts_sum_up_their_conversations);
	ATF_TP_ADD_TC(tp, host_that_talks_to_itself_counts_once);
	ATF_TP_ADD_TC(tp, addresses_of_both_families_are_different_hosts);
	ATF_TP_ADD_TC(tp, conversations_are_sorted_in_every_order);
	ATF_TP_ADD_TC(tp, equal_conversations_and_hosts_keep_their_order);
	ATF_TP_ADD_TC(tp, protocols_join_expired_flows_and_conversations);
	ATF_TP_ADD_TC(tp, slot_of_another_collector_is_not_compared);
	ATF_TP_ADD_TC(tp, full_snapshot_of_distinct_hosts_fits);
	return (atf_no_error());
}
