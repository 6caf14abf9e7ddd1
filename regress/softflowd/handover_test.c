/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A next worker takes over, with other collectors or the same: what goes on,
 * what begins anew, and that nothing is lost between.
 */

#include <sys/wait.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "compat.h"
#include "handover_fixture.h"

CASE(planned_hand_overs_lose_and_repeat_nothing)
{
	const struct counters	*c;
	struct adoption		 a;
	unsigned int		 i, round;

	start();
	for (i = 0; i < 3; i++)
		slot_is(i, (int)i, 9, 0);
	conf.counters.worker_deaths = 2;	/* of before */
	begin_worker();
	for (round = 0; round < 20; round++) {
		work(7);
		leave();
		a = begin_worker();
		ATF_CHECK_EQ(0, a.skipped + a.lost);
		ATF_CHECK_EQ(0, a.repeated);
		ATF_CHECK(a.flows > 0);
		ATF_CHECK_EQ(pos, a.mark[0].frames);
		ATF_CHECK_EQ(0, memcmp(meter_counters(m), &conf.counters,
		    sizeof(conf.counters)));
	}
	check_sums();
	c = meter_counters(m);
	ATF_CHECK_EQ(pos, c->frames);
	ATF_CHECK_EQ(pos, c->packets_exported);
	ATF_CHECK_EQ(0, c->datagrams_repeated);
	ATF_CHECK_EQ(2, c->worker_deaths);
	for (i = 0; i < 3; i++) {
		ATF_CHECK_EQ(pos, lines[i].packets);
		ATF_CHECK_EQ(lines[i].datagrams, row(i)->counters.datagrams);
	}
}

/*
 * Collectors
 */

CASE(a_fresh_collector_begins_with_what_the_parent_says)
{
	uint64_t	before;

	start();
	slot_is(0, 0, 9, 0);
	slot_is(1, 1, 5, 0);
	begin_worker();
	work(20);
	leave();
	before = meter_counters(m)->packets_exported;
	ATF_CHECK(before > 0);
	slot_is(1, 2, 9, MSG_EXPORT_FRESH);
	plan[1].sequence = 700;
	plan[1].counters.datagrams = 30;
	begin_worker();
	ATF_CHECK_EQ(700, row(1)->sequence);
	ATF_CHECK_EQ(30, row(1)->counters.datagrams);
	work(20);
	leave();
	ATF_CHECK(lines[2].templates > 0);
	ATF_CHECK_EQ(30 + lines[2].datagrams, row(1)->counters.datagrams);
	ATF_CHECK_EQ(700 + lines[2].datagrams, row(1)->sequence);
	/* From now on it goes on like any other. */
	begin_worker();
	ATF_CHECK_EQ(700 + lines[2].datagrams, row(1)->sequence);
	check_sums();
	ATF_CHECK_EQ(pos, lines[0].packets);
	ATF_CHECK_EQ(before, lines[1].packets);
	ATF_CHECK_EQ(pos - before, lines[2].packets);
}

CASE(another_version_reads_what_the_one_before_had_in_the_table)
{
	static const uint16_t	versions[] = { 1, 10, 5, 9, 10 };
	unsigned int		i;
	uint64_t		got = 0;

	start();
	slot_is(0, 0, 9, 0);
	begin_worker();
	for (i = 0; i < nitems(versions); i++) {
		work(10);
		leave();
		slot_is(0, (int)i + 1, versions[i], MSG_EXPORT_FRESH);
		begin_worker();
	}
	check_sums();
	for (i = 0; i <= nitems(versions); i++)
		got += lines[i].packets;
	ATF_CHECK_EQ(pos, got);
	ATF_CHECK_EQ(pos, meter_counters(m)->packets_exported);
}

CASE(nothing_goes_to_a_collector_that_is_gone)
{
	uint64_t	before;

	start();
	slot_is(0, 0, 9, 0);
	slot_is(1, 1, 9, 0);
	slot_is(2, 2, 9, 0);
	begin_worker();
	work(20);
	leave();
	before = lines[1].packets;
	slot_is(1, NOBODY, 0, MSG_EXPORT_GONE);
	begin_worker();
	ATF_CHECK(row(1) == NULL && row(0) != NULL && row(2) != NULL);
	work(20);
	meter_send_templates(m);
	leave();
	begin_worker();
	check_sums();
	ATF_CHECK_EQ(before, lines[1].packets);
	ATF_CHECK_EQ(pos, lines[0].packets);
	ATF_CHECK_EQ(pos, lines[2].packets);
	/* The slot may be somebody's again. */
	leave();
	slot_is(1, 3, 10, MSG_EXPORT_FRESH);
	begin_worker();
	ATF_CHECK_EQ(0, row(1)->counters.datagrams);
	work(20);
	check_sums();
	ATF_CHECK(lines[3].templates > 0);
	ATF_CHECK(lines[3].packets == 20 * MAX_BATCH);
}

CASE(flows_are_spread_over_those_that_are_there)
{
	uint64_t	before;

	start();
	conf.spread = 1;
	slot_is(0, 0, 9, 0);
	slot_is(1, 1, 9, 0);
	slot_is(2, 2, 9, 0);
	begin_worker();
	work(20);
	leave();
	before = lines[1].packets;
	ATF_CHECK(before > 0);
	slot_is(1, NOBODY, 0, MSG_EXPORT_GONE);
	begin_worker();
	work(20);
	check_sums();
	ATF_CHECK_EQ(before, lines[1].packets);
	ATF_CHECK_EQ(pos, lines[0].packets + before + lines[2].packets);
	ATF_CHECK_EQ(pos, meter_counters(m)->packets_exported);
}

CASE(when_all_are_gone_flows_have_no_collector)
{
	start();
	slot_is(0, NOBODY, 0, MSG_EXPORT_GONE);
	begin_worker();
	work(4);
	check_sums();
	ATF_CHECK_EQ(pos, meter_counters(m)->packets_no_collector);
	ATF_CHECK(row(0) == NULL);
}

/* The first flow that is on the wheel has ended, and waits. */
static uint64_t
end_flow(uint16_t pending, uint8_t flags)
{
	struct flow	*f = estate_records(es).flows;

	while (f->flags != (FLOW_USED | FLOW_WHEEL))
		f++;
	f->flags = FLOW_USED | FLOW_ENDED | flags;
	f->reason = EXPIRE_UDP;
	f->pending = pending;
	return (f->packets[0] + f->packets[1]);
}

CASE(flows_wait_no_longer_for_who_had_the_slot)
{
	const uint32_t	flags[] = { MSG_EXPORT_GONE, MSG_EXPORT_FRESH };
	uint64_t	unsent, taken, other, new;
	unsigned int	i;

	for (i = 0; i < nitems(flags); i++) {
		start();
		slot_is(0, 0, 9, 0);
		slot_is(1, 1, 9, 0);
		begin_worker();
		work(2);
		leave();
		ATF_REQUIRE_EQ(0, conf.counters.flows_exported);
		unsent = end_flow(2, 0);
		taken = end_flow(2, FLOW_TAKEN);
		other = end_flow(3, 0);
		new = end_flow(FLOW_PENDING, 0);	/* nobody was asked */
		slot_is(1, flags[i] == MSG_EXPORT_GONE ? NOBODY : 2, 9,
		    flags[i]);
		begin_worker();
		leave();
		ATF_CHECK_EQ(1, conf.counters.flows_unsent);
		ATF_CHECK_EQ(unsent, conf.counters.packets_unsent);
		ATF_CHECK_EQ(3, conf.counters.flows_exported);
		ATF_CHECK_EQ(taken + other + new,
		    conf.counters.packets_exported);
		ATF_CHECK_EQ(4, conf.counters.flows_expired);
		ATF_CHECK_EQ(other + new, lines[0].packets);
		ATF_CHECK_EQ(i == 0 ? 0 : new, lines[2].packets);
		begin_worker();
		check_sums();
		ATF_CHECK_EQ(pos, meter_counters(m)->packets_exported +
		    unsent);
		pos = 0;
	}
}

/* It exports all, and dies in sending to a collector. */
static void
die_sending(int line)
{
	pid_t	pid;
	int	status;

	if ((pid = fork()) == 0) {
		begin_worker();
		work(2);
		dies_at = line;
		fixture_expire_all(m);
		_exit(1);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	memset(&conf.counters, 0, sizeof(conf.counters));
	conf.flags |= CONF_ADOPT;
	pos = 2 * MAX_BATCH;
}

/* Who of two died with a train, and who of them has the slot no more. */
static void
lose_train(int dies, unsigned int gone, uint32_t flags)
{
	const struct counters	*c;

	start();
	slot_is(0, 0, 9, 0);
	slot_is(1, 1, 9, 0);
	die_sending(dies);
	slot_is(gone, flags == MSG_EXPORT_GONE ? NOBODY : 2, 10, flags);
	begin_worker();
	check_sums();
	c = meter_counters(m);
	ATF_CHECK_EQ(pos, c->frames);
	ATF_CHECK_EQ(pos, c->packets_exported + c->packets_unsent);
	if (gone == 1) {
		/* The first one is there, and has all of it. */
		ATF_CHECK_EQ(pos, c->packets_exported);
		ATF_CHECK_EQ(pos, lines[0].packets);
	} else
		ATF_CHECK_EQ(pos, lines[1].packets);
	if (flags == MSG_EXPORT_FRESH)
		ATF_CHECK_EQ(row(gone)->counters.datagrams,
		    lines[2].datagrams);
}

CASE(a_train_for_who_had_the_slot_is_dropped)
{
	int		dies;
	unsigned int	gone;

	for (dies = 0; dies < 2; dies++)
		for (gone = 0; gone < 2; gone++) {
			lose_train(dies, gone, MSG_EXPORT_GONE);
			lose_train(dies, gone, MSG_EXPORT_FRESH);
		}
}

CASE(what_waited_in_a_stream_is_not_its_successors)
{
	start();
	slot_is(0, 0, 10, 0);
	plan[0].transport = TRANSPORT_TCP;
	begin_worker();		/* connected, and nothing is written */
	work(40);
	leave();
	ATF_REQUIRE(row(0)->queued > 0);
	begin_worker();
	ATF_CHECK(row(0)->queued > 0);
	leave();
	plan[0].flags |= MSG_EXPORT_FRESH;
	plan[0].counters.records = 5;
	begin_worker();
	ATF_CHECK_EQ(0, row(0)->queued);
	ATF_CHECK_EQ(5, row(0)->counters.records);
	leave();
	slot_is(0, 1, 9, MSG_EXPORT_FRESH);	/* UDP */
	begin_worker();
	ATF_CHECK_EQ(0, row(0)->queued + row(0)->counters.records);
	work(40);
	check_sums();
	ATF_CHECK(lines[1].packets > 0);
}

/* To the collector another socket is another exporter: templates first. */
CASE(another_socket_takes_the_place_of_a_datagram_collectors)
{
	struct msg_export	up;
	uint64_t		before;
	int			old;

	start();
	slot_is(0, 0, 9, 0);
	begin_worker();
	work(20);
	meter_flush(m);
	before = lines[0].packets;
	work(1);		/* stays in hand */
	ATF_REQUIRE_EQ(before, lines[0].packets);
	old = lines[0].fd;
	up = plan[0];
	up.remote = (struct msg_addr){ { 192, 0, 2, 7 }, 2055, 4, 0 };
	ATF_REQUIRE((lines[1].fd = open("/dev/null", O_WRONLY)) != -1);
	meter_export_up(m, lines[1].fd, &up);
	lines[0].fd = -1;
	ATF_CHECK_EQ(-1, fcntl(old, F_GETFD));
	ATF_CHECK_EQ(7, row(0)->remote.addr[3]);
	work(20);
	check_sums();		/* each line reads what it has templates of */
	ATF_CHECK(lines[0].packets > before);
	ATF_CHECK(lines[1].templates > 0);
	ATF_CHECK_EQ(pos, lines[0].packets + lines[1].packets);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, planned_hand_overs_lose_and_repeat_nothing);
	ATF_TP_ADD_TC(tp, a_fresh_collector_begins_with_what_the_parent_says);
	ATF_TP_ADD_TC(tp,
	    another_version_reads_what_the_one_before_had_in_the_table);
	ATF_TP_ADD_TC(tp, nothing_goes_to_a_collector_that_is_gone);
	ATF_TP_ADD_TC(tp, flows_are_spread_over_those_that_are_there);
	ATF_TP_ADD_TC(tp, when_all_are_gone_flows_have_no_collector);
	ATF_TP_ADD_TC(tp, flows_wait_no_longer_for_who_had_the_slot);
	ATF_TP_ADD_TC(tp, a_train_for_who_had_the_slot_is_dropped);
	ATF_TP_ADD_TC(tp, what_waited_in_a_stream_is_not_its_successors);
	ATF_TP_ADD_TC(tp,
	    another_socket_takes_the_place_of_a_datagram_collectors);
	return (atf_no_error());
}
