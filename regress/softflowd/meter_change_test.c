/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Settings and captures that are others, in a worker at work or in the next
 * one.
 */

#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "handover_fixture.h"

/*
 * Settings
 */

CASE(new_timeouts_hold_for_flows_that_are_there)
{
	struct timeouts	timeouts;

	start();
	conf.timeouts.seconds[TIMEOUT_UDP] = 1000;
	slot_is(0, 0, 9, 0);
	begin_worker();
	work(10);
	meter_tick(m, meter_now(m) + 60000000);
	ATF_CHECK_EQ(0, meter_counters(m)->flows_expired);
	timeouts = conf.timeouts;
	timeouts.seconds[TIMEOUT_UDP] = 30;
	ATF_CHECK_EQ(0, meter_settings(m, &timeouts, 1));
	meter_tick(m, meter_now(m) + 62000000);
	ATF_CHECK_EQ(0, meter_summary(m)->active_flows);
	ATF_CHECK(meter_counters(m)->expired_udp > 0);
}

/* Of so many packets from here on. */
static uint64_t
sampled(unsigned int batches)
{
	uint64_t	before = meter_counters(m)->packets;

	work(batches);
	return (meter_counters(m)->packets - before);
}

CASE(sampling_changes_at_once_and_records_say_so)
{
	start();
	slot_is(0, 0, 5, 0);
	begin_worker();
	ATF_CHECK_EQ(320, sampled(10));
	ATF_CHECK_EQ(0, meter_summary(m)->flags & SUMMARY_SAMPLED);
	ATF_CHECK_EQ(0, meter_settings(m, &conf.timeouts, 160));
	ATF_CHECK_EQ(0, lines[0].walk.sampling);
	ATF_CHECK_EQ(2, sampled(10));
	ATF_CHECK(meter_summary(m)->flags & SUMMARY_SAMPLED);
	fixture_expire_all(m);
	ATF_CHECK_EQ(1U << 14 | 160, lines[0].walk.sampling);
	/* The counter may not wait for what it was to wait for. */
	ATF_CHECK_EQ(0, meter_settings(m, &conf.timeouts, 10));
	ATF_CHECK_EQ(32, sampled(10));
	ATF_CHECK_EQ(0, meter_settings(m, &conf.timeouts, 1));
	ATF_CHECK_EQ(320, sampled(10));
	/* What v5 cannot say changes nothing. */
	ATF_CHECK_EQ(-1, meter_settings(m, &conf.timeouts, 16384));
	ATF_CHECK_EQ(320, sampled(10));
	check_sums();
	ATF_CHECK_EQ(0, lines[0].walk.sampling);
}

CASE(a_selector_is_described_anew_when_sampling_changes)
{
	struct export_clock	clock = { .unix_us = T0, .uptime_ms = 1000 };

	start();
	slot_is(0, 0, VERSION_PSAMP, 0);
	begin_worker();
	work(1);
	meter_flush(m);
	ATF_CHECK_EQ(1, nselectors);
	clock.uptime_ms = 100000;	/* those of the start are over */
	meter_set_clock(m, &clock);
	meter_tick(m, meter_now(m));
	nselectors = 0;
	work(1);
	meter_flush(m);
	ATF_CHECK_EQ(0, nselectors);
	none_of = 19;
	ATF_CHECK_EQ(0, meter_settings(m, &conf.timeouts, 20));
	work(1);
	meter_flush(m);
	ATF_CHECK_EQ(1, nselectors);
}

CASE(the_next_worker_has_the_settings_of_its_own)
{
	start();
	slot_is(0, 0, 9, 0);
	conf.sampling = 1000;
	begin_worker();
	ATF_CHECK_EQ(1, sampled(2));
	leave();
	conf.sampling = 4;
	conf.timeouts.seconds[TIMEOUT_UDP] = 7;
	conf.fragments = 100;
	conf.tunnels = TUNNEL_ALL;
	conf.train = 1;
	conf.template_datagrams = 1;
	begin_worker();
	ATF_CHECK_EQ(8, sampled(1));
	meter_tick(m, meter_now(m) + 6000000);
	ATF_CHECK(meter_summary(m)->active_flows > 0);
	meter_tick(m, meter_now(m) + 8000000);
	ATF_CHECK_EQ(0, meter_summary(m)->active_flows);
	leave();
	conf.sampling = 1;
	begin_worker();
	ATF_CHECK_EQ(32, sampled(1));
	/* What was not sampled is still to be told. */
	ATF_CHECK(meter_summary(m)->flags & SUMMARY_SAMPLED);
	check_sums();
	leave();
	conf.sampling = 2;
	begin_worker();
	ATF_CHECK_EQ(16, sampled(1));
	check_sums();
}

CASE(own_datagrams_are_accounted_from_the_worker_on_that_shall)
{
	start();
	slot_is(0, 0, 9, 0);
	/* The fixture's conversation 0. */
	plan[0].local = (struct msg_addr){ { 10, 0, 0, 0 }, 5000, 4, 0 };
	plan[0].remote = (struct msg_addr){ { 192, 0, 2, 1 }, 53, 4, 0 };
	begin_worker();
	work(20);
	leave();
	ATF_REQUIRE(conf.counters.own_export > 0);
	conf.flags |= CONF_KEEP_OWN;
	begin_worker();
	work(20);
	check_sums();
	ATF_CHECK_EQ(conf.counters.own_export, meter_counters(m)->own_export);
}

/*
 * Captures
 */

static struct msg_interfaces	interfaces;

static void
captures_are(const char *const *names, unsigned int n)
{
	memset(&interfaces, 0, sizeof(interfaces));
	interfaces.captures = 1;
	interfaces.count = n;
	for (; n > 0; n--) {
		interfaces.interface[n - 1].ifindex = 10 + n;
		interfaces.interface[n - 1].number = 100 + n;
		strlcpy(interfaces.interface[n - 1].name, names[n - 1],
		    INTERFACE_NAME);
	}
}

/* A packet of a conversation, seen coming in at a slot. */
static void
see(uint32_t conversation, uint8_t slot)
{
	static const struct capture_mark	mark;
	uint8_t			data[28] = { 0x45, 0, 0, 28, 0, 0, 0, 0, 64,
				    17, 0, 0, 10, 0, 0, 1, 192, 0, 2, 1, 0x13,
				    0x88, 0x27, 0x0b, 0, 8, 0, 0 };
	struct frame		frame = { .data = data, .caplen = 28,
				    .wirelen = 28, .slot = slot };

	data[15] = (uint8_t)conversation;
	frame.time_us = T0 + pos++ * 10;
	meter_batch(m, slot - 1U, LINK_RAW, &mark);
	meter_frame(m, &frame);
	meter_account(m);
}

static const struct flow *
flow_of(uint32_t conversation)
{
	const struct flow	*f = estate_records(es).flows;

	for (; f->key.addr[0][3] != conversation; f++)
		continue;
	return (f);
}

CASE(a_slot_of_another_interface_begins_anew)
{
	static const char *const	before[] = { "eth0", "eth1", "eth2" };
	static const char *const	after[] = { "eth0", "eth7" };
	struct summary_interface	row0;
	struct adoption			a;
	uint32_t			i;

	start();
	slot_is(0, 0, 9, 0);
	begin_worker();
	captures_are(before, 3);
	ATF_REQUIRE_EQ(0, interfaces_learn(&interfaces));
	for (i = 1; i <= 3; i++)
		see(i, (uint8_t)i);
	es->interfaces.slot[2].received = 50;
	leave();
	begin_worker();
	captures_are(after, 2);
	meter_replace_captures(m, &interfaces, 0x3);
	ATF_REQUIRE_EQ(0, interfaces_learn(&interfaces));
	ATF_CHECK_EQ(1, flow_of(1)->in[0]);
	ATF_CHECK_EQ(0, flow_of(2)->in[0]);
	ATF_CHECK_EQ(0, flow_of(3)->in[0]);
	ATF_REQUIRE(meter_interface(m, 1, &row0));
	ATF_CHECK_EQ(1, row0.frames);	/* another socket, the same device */
	ATF_REQUIRE(meter_interface(m, 2, &row0));
	ATF_CHECK_STREQ("eth7", row0.name);
	ATF_CHECK_EQ(0, row0.frames + row0.received);
	ATF_CHECK(!meter_interface(m, 3, &row0));
	/* Where their next packets come in is known. */
	see(3, 2);
	ATF_CHECK_EQ(2, flow_of(3)->in[0]);
	/* And a death does not take them for damage. */
	leave();
	a = begin_worker();
	ATF_CHECK_EQ(0, a.lost);
	ATF_CHECK_EQ(3, a.flows);
	check_sums();
}

CASE(an_interface_under_a_new_name_keeps_its_slot)
{
	static const char *const	before[] = { "eth0" };
	static const char *const	after[] = { "wan" };

	start();
	begin_worker();
	captures_are(before, 1);
	ATF_REQUIRE_EQ(0, interfaces_learn(&interfaces));
	see(1, 1);
	leave();
	begin_worker();
	captures_are(after, 1);
	meter_replace_captures(m, &interfaces, 0);
	ATF_REQUIRE_EQ(0, interfaces_learn(&interfaces));
	ATF_CHECK_EQ(1, flow_of(1)->in[0]);
	ATF_CHECK_EQ(1, es->interfaces.slot[1].frames);
}

CASE(where_a_fresh_capture_was_read_is_told_by_no_worker_before)
{
	struct adoption	a;

	start();
	begin_worker();
	work(3);
	leave();
	a = begin_worker();
	ATF_CHECK_EQ(pos, a.mark[0].frames);
	meter_replace_captures(m, &interfaces, 1);
	/* Nor to who comes behind one that read nothing. */
	a = begin_worker();
	ATF_CHECK_EQ(0, a.mark[0].block + a.mark[0].frames);
	ATF_CHECK_EQ(0, a.skipped + a.lost);
	check_sums();
	ATF_CHECK_EQ(pos, meter_counters(m)->frames);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, new_timeouts_hold_for_flows_that_are_there);
	ATF_TP_ADD_TC(tp, sampling_changes_at_once_and_records_say_so);
	ATF_TP_ADD_TC(tp, a_selector_is_described_anew_when_sampling_changes);
	ATF_TP_ADD_TC(tp, the_next_worker_has_the_settings_of_its_own);
	ATF_TP_ADD_TC(tp,
	    own_datagrams_are_accounted_from_the_worker_on_that_shall);
	ATF_TP_ADD_TC(tp, a_slot_of_another_interface_begins_anew);
	ATF_TP_ADD_TC(tp, an_interface_under_a_new_name_keeps_its_slot);
	ATF_TP_ADD_TC(tp,
	    where_a_fresh_capture_was_read_is_told_by_no_worker_before);
	return (atf_no_error());
}
