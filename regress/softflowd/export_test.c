/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Destinations, sequence numbers, templates in time, clocks, failures. */

#include <errno.h>

#include <atf-c.h>

#include "compat.h"
#include "export_fixture.h"
#include "netflow.h"

/* Whether a look at datagram i shows templates. */
static int
has_templates(unsigned int i)
{
	look(i);
	return (w.templates != 0);
}

/* Every packet that was put is in one counter. */
static void
require_conserved(uint64_t packets)
{
	ATF_CHECK_EQ(packets, c.packets_exported + c.packets_not_exportable +
	    c.packets_unsent + c.packets_no_collector);
}

ATF_TC_WITHOUT_HEAD(unknown_version_is_refused);
ATF_TC_BODY(unknown_version_is_refused, tc)
{
	config.format.version = 8;
	ATF_CHECK(export_new(&config, NULL, NULL) == NULL);
	ATF_CHECK_EQ(EINVAL, errno);
}

ATF_TC_WITHOUT_HEAD(v5_refuses_a_sampling_rate_it_cannot_say);
ATF_TC_BODY(v5_refuses_a_sampling_rate_it_cannot_say, tc)
{
	config.format.version = 5;
	config.sampling = 16384;
	ATF_CHECK(export_new(&config, NULL, NULL) == NULL);
	ATF_CHECK_EQ(EINVAL, errno);
}

ATF_TC_WITHOUT_HEAD(flush_with_nothing_in_hand_sends_nothing);
ATF_TC_BODY(flush_with_nothing_in_hand_sends_nothing, tc)
{
	start(9);
	add(0, 1400);
	export_flush(e, &c);
	put(tcp_flow());
	export_flush(e, &c);
	export_flush(e, &c);
	ATF_CHECK_EQ(1, nsent);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(sequence_wraps_at_32_bits_in_v5_and_v9);
ATF_TC_BODY(sequence_wraps_at_32_bits_in_v5_and_v9, tc)
{
	static const uint16_t	version[] = { 5, 9 };
	unsigned int		i;

	for (i = 0; i < nitems(version); i++) {
		start(version[i]);
		add(UINT32_MAX, 1400);
		put_one(tcp_flow());
		ATF_CHECK_EQ(UINT32_MAX, w.sequence);
		put_one(tcp_flow());
		ATF_CHECK_EQ(0, w.sequence);
		put_one(tcp_flow());
		ATF_CHECK_EQ(1, w.sequence);
		export_free(e);
	}
}

ATF_TC_WITHOUT_HEAD(refused_datagram_is_sent_again_once);
ATF_TC_BODY(refused_datagram_is_sent_again_once, tc)
{
	int	fd;

	start(9);
	fd = add(0, 1400);
	fail(fd, ECONNREFUSED, 1);
	put_one(tcp_flow());
	ATF_CHECK_EQ(1, nsent);
	ATF_CHECK_EQ(0, export_session(e)->counters.failures);
	ATF_CHECK_EQ(1, c.flows_exported);

	fail(fd, ECONNREFUSED, 2);
	put(tcp_flow());
	export_flush(e, &c);
	ATF_CHECK_EQ(1, nsent);
	ATF_CHECK_EQ(1, export_session(e)->counters.failures);
	ATF_CHECK_EQ(1, c.flows_unsent);
	require_conserved(6);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(interrupted_send_is_repeated);
ATF_TC_BODY(interrupted_send_is_repeated, tc)
{
	start(9);
	fail(add(0, 1400), EINTR, 3);
	put_one(tcp_flow());
	ATF_CHECK_EQ(1, nsent);
	ATF_CHECK_EQ(0, export_session(e)->counters.failures);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(full_socket_is_a_failure);
ATF_TC_BODY(full_socket_is_a_failure, tc)
{
	int	fd;

	start(9);
	fd = add(0, 1400);
	fail(fd, EAGAIN, 1);
	put(tcp_flow());
	export_flush(e, &c);
	fail(fd, ENOBUFS, 1);
	put(tcp_flow());
	export_flush(e, &c);
	ATF_CHECK_EQ(0, nsent);
	ATF_CHECK_EQ(2, export_session(e)->counters.failures);
	ATF_CHECK_EQ(6, c.packets_unsent);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(flows_that_reach_no_collector_are_unsent);
ATF_TC_BODY(flows_that_reach_no_collector_are_unsent, tc)
{
	unsigned int	i;
	int		fd;

	start(9);
	fd = add(0, 512);
	for (i = 0; i < 30; i++) {
		fail(fd, ENETUNREACH, i % 3 == 0 ? 2 : 0);
		put(both_ways(tcp_flow()));
	}
	fail(fd, ENETUNREACH, 0);
	export_flush(e, &c);
	ATF_CHECK(c.flows_unsent > 0);
	ATF_CHECK(c.flows_exported > 0);
	ATF_CHECK_EQ(30, c.flows_unsent + c.flows_exported);
	ATF_CHECK_EQ(c.packets_unsent, c.flows_unsent * 73);
	ATF_CHECK_EQ(c.octets_exported, c.flows_exported * 91500);
	ATF_CHECK_EQ(2 * c.flows_unsent, export_session(e)->counters.records_lost);
	ATF_CHECK_EQ(2 * c.flows_exported, export_session(e)->counters.records);
	require_conserved(30 * 73);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(templates_return_after_so_many_datagrams);
ATF_TC_BODY(templates_return_after_so_many_datagrams, tc)
{
	unsigned int	i;

	config.template_datagrams = 3;
	start(10);
	add(0, 1400);
	for (i = 0; i < 7; i++) {
		put_one(tcp_flow());
		ATF_CHECK_EQ(i % 3 == 0, has_templates(i));
	}
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(templates_return_after_a_second_five_and_the_interval);
ATF_TC_BODY(templates_return_after_a_second_five_and_the_interval, tc)
{
	static const struct {
		uint64_t	ms;
		int		templates;
	} step[] = {
		{ 0, 1 }, { 999, 0 }, { 1, 1 }, { 3999, 0 }, { 1, 1 },
		{ 299999, 0 }, { 1, 1 }, { 299999, 0 }, { 1, 1 }
	};
	unsigned int	i;

	start(9);
	add(0, 1400);
	for (i = 0; i < nitems(step); i++) {
		pass(step[i].ms, step[i].ms);
		put_one(tcp_flow());
		ATF_CHECK_EQ_MSG(step[i].templates, has_templates(i),
		    "step %u", i);
	}
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(short_template_interval_holds_from_the_start);
ATF_TC_BODY(short_template_interval_holds_from_the_start, tc)
{
	config.template_seconds = 2;
	start(9);
	add(0, 1400);
	export_tick(e, &c);
	pass(1000, 1000);
	export_tick(e, &c);
	pass(2000, 2000);
	export_tick(e, &c);
	ATF_CHECK_EQ(3, nsent);
	export_free(e);
}

/* Else a tick, one for each batch, would send templates each time. */
ATF_TC_WITHOUT_HEAD(templates_due_by_number_wait_for_a_datagram);
ATF_TC_BODY(templates_due_by_number_wait_for_a_datagram, tc)
{
	config.template_datagrams = 1;
	start(9);
	add(0, 1400);
	export_tick(e, &c);
	export_tick(e, &c);
	ATF_CHECK_EQ(1, nsent);
	put_one(tcp_flow());
	ATF_CHECK_EQ(2, nsent);
	ATF_CHECK(has_templates(1));
	export_free(e);
}

static uint64_t	ignored;

static void
fill_totals(void *arg, struct export_statistics *s)
{
	ATF_CHECK(arg == &ignored);
	s->ignored_packets = ignored;
	s->ignored_first_us = s->ignored_last_us = 1700000000000000;
}

/* What an options record of the last datagram says. */
static uint64_t
last_option(uint16_t id, uint16_t element)
{
	const struct walk_record	*r;

	look(nsent - 1);
	ATF_REQUIRE((r = walk_option(&w, id)) != NULL);
	return (r->value[element]);
}

ATF_TC_WITHOUT_HEAD(statistics_come_at_the_start_and_each_interval);
ATF_TC_BODY(statistics_come_at_the_start_and_each_interval, tc)
{
	unsigned int	n;
	int		fd;

	config.statistics_seconds = 60;
	ignored = 5;
	start(10);
	export_on_totals(e, fill_totals, &ignored);
	fd = add(0, 1400);
	export_tick(e, &c);
	/* Templates of flows first; of what was sent, this is not yet. */
	ATF_REQUIRE_EQ(2, nsent);
	look(0);
	ATF_CHECK_EQ(1, last_option(TEMPLATE_METERING, 41));
	ATF_CHECK_EQ(sent[0].len, last_option(TEMPLATE_METERING, 40));
	ATF_CHECK_EQ(0, last_option(TEMPLATE_METERING, 42));
	ATF_CHECK_EQ(5, last_option(TEMPLATE_IGNORED, 164));
	ATF_CHECK_EQ(0, last_option(TEMPLATE_UNSENT, 166));
	fail(fd, EHOSTUNREACH, 2);
	put(both_ways(tcp_flow()));
	export_flush(e, &c);
	pass(59999, 59999);
	ignored = 7;
	export_tick(e, &c);		/* templates, but no statistics */
	look(nsent - 1);
	ATF_CHECK(walk_option(&w, TEMPLATE_IGNORED) == NULL);
	n = nsent;
	put(tcp_flow());
	pass(1, 1);
	export_tick(e, &c);
	ATF_REQUIRE_EQ(n + 2, nsent);
	ATF_CHECK_EQ(7, last_option(TEMPLATE_IGNORED, 164));
	ATF_CHECK_EQ(n + 1, last_option(TEMPLATE_METERING, 41));
	ATF_CHECK_EQ(1, last_option(TEMPLATE_METERING, 42));
	ATF_CHECK_EQ(2, last_option(TEMPLATE_UNSENT, 166));
	ATF_CHECK_EQ(73, last_option(TEMPLATE_UNSENT, 167));
	ATF_CHECK_EQ(91500, last_option(TEMPLATE_UNSENT, 168));
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(a_clock_set_back_moves_the_time_of_initialisation);
ATF_TC_BODY(a_clock_set_back_moves_the_time_of_initialisation, tc)
{
	int64_t	init_ms;

	init_ms = (int64_t)(clock_now.unix_us / 1000 - clock_now.uptime_ms);
	config.statistics_seconds = 60;
	config.identity.init_ms = init_ms;
	start(10);
	export_on_totals(e, fill_totals, &ignored);
	add(0, 1400);
	export_tick(e, &c);
	look(0);
	ATF_CHECK_EQ((uint64_t)init_ms, last_option(TEMPLATE_EXPORTER, 160));
	pass(-3600000, 10);
	export_tick(e, &c);
	ATF_CHECK_EQ((uint64_t)init_ms - 3600010,
	    last_option(TEMPLATE_EXPORTER, 160));
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(templates_return_after_nobody_listened);
ATF_TC_BODY(templates_return_after_nobody_listened, tc)
{
	int	fd;

	start(9);
	fd = add(0, 1400);
	put_one(tcp_flow());
	fail(fd, ECONNREFUSED, 1);	/* those of the first, we hear now */
	put_one(tcp_flow());
	ATF_CHECK(!has_templates(1));
	put_one(tcp_flow());
	ATF_CHECK(has_templates(2));
	put_one(tcp_flow());
	ATF_CHECK(!has_templates(3));
	fail(fd, EHOSTUNREACH, 1);	/* it may have them all the same */
	put_one(tcp_flow());
	put_one(tcp_flow());
	ATF_CHECK(!has_templates(5));
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(templates_go_out_when_idle);
ATF_TC_BODY(templates_go_out_when_idle, tc)
{
	start(10);
	add(0, 1400);
	export_tick(e, &c);
	export_tick(e, &c);
	ATF_REQUIRE_EQ(1, nsent);
	ATF_CHECK(has_templates(0));
	ATF_CHECK_EQ(0, w.flows);
	ATF_CHECK_EQ(2, export_session(e)->sequence);	/* on sampling */

	/* What is in hand goes first. */
	put(tcp_flow());
	export_tick(e, &c);
	ATF_REQUIRE_EQ(1, nsent);
	pass(1000, 1000);
	export_tick(e, &c);
	ATF_REQUIRE_EQ(3, nsent);
	ATF_CHECK(!has_templates(1));
	ATF_CHECK(has_templates(2));
	ATF_CHECK_EQ(0, w.flows);
	ATF_CHECK_EQ(1, c.flows_exported);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(templates_go_out_on_demand);
ATF_TC_BODY(templates_go_out_on_demand, tc)
{
	start(9);
	add(0, 1400);
	put_one(tcp_flow());
	put_one(tcp_flow());
	ATF_CHECK(!has_templates(1));
	export_templates(e);
	put_one(tcp_flow());
	ATF_CHECK(has_templates(2));
	export_templates(e);
	export_tick(e, &c);
	ATF_REQUIRE_EQ(4, nsent);
	ATF_CHECK(has_templates(3));
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(v5_has_no_templates_to_send);
ATF_TC_BODY(v5_has_no_templates_to_send, tc)
{
	start(5);
	add(0, 1400);
	export_templates(e);
	export_tick(e, &c);
	ATF_CHECK_EQ(0, nsent);
	export_free(e);
}

/*
 * The time that a collector works out for the record's element, in ms:
 * header time less uptime plus the record's, differences modulo 2^32.
 */
static uint64_t
collected_ms(const struct walk_record *r, int element)
{
	uint32_t	ago;

	ago = w.uptime - (uint32_t)r->value[element];
	return ((uint64_t)w.seconds * 1000 + w.nsecs / 1000000 -
	    (uint64_t)(int64_t)(int32_t)ago);
}

/* Flow whose record begins and ends at these ms since the epoch. */
static struct flow
flow_at(uint64_t first_ms, uint64_t last_ms)
{
	struct flow	f = tcp_flow();

	f.first_us[0] = first_ms * 1000 + 999;
	f.last_us[0] = last_ms * 1000;
	return (f);
}

ATF_TC_WITHOUT_HEAD(times_survive_the_wrap_of_uptime);
ATF_TC_BODY(times_survive_the_wrap_of_uptime, tc)
{
	struct walk_record	*r;
	uint64_t		 now_ms = clock_now.unix_us / 1000;
	unsigned int		 i;

	for (i = 1; i <= 9; i += 4) {
		clock_now.uptime_ms = (1ULL << 32) + 1000;
		start(i);
		add(0, 1400);
		r = put_one(flow_at(now_ms - 3000, now_ms - 500));
		ATF_CHECK_EQ(1000, w.uptime);
		ATF_CHECK_EQ(UINT32_MAX - 1999, r->value[22]);
		ATF_CHECK_EQ(500, r->value[21]);
		ATF_CHECK_EQ(now_ms - 3000, collected_ms(r, 22));
		ATF_CHECK_EQ(now_ms - 500, collected_ms(r, 21));
		export_free(e);
	}
}

ATF_TC_WITHOUT_HEAD(packet_before_boot_has_uptime_zero);
ATF_TC_BODY(packet_before_boot_has_uptime_zero, tc)
{
	struct walk_record	*r;
	uint64_t		 boot_ms;

	boot_ms = clock_now.unix_us / 1000 - clock_now.uptime_ms;
	start(9);
	add(0, 1400);
	r = put_one(flow_at(boot_ms - 1, boot_ms + 1));
	ATF_CHECK_EQ(0, r->value[22]);
	ATF_CHECK_EQ(1, r->value[21]);
	export_free(e);

	start(10);
	add(0, 1400);
	r = put_one(flow_at(boot_ms - 1, boot_ms + 1));
	ATF_CHECK_EQ(boot_ms - 1, r->value[152]);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(v9_header_is_of_a_whole_second);
ATF_TC_BODY(v9_header_is_of_a_whole_second, tc)
{
	struct walk_record	*r;
	uint64_t		 now_ms;

	clock_now.unix_us += 789654;
	now_ms = clock_now.unix_us / 1000;
	start(9);
	add(0, 1400);
	r = put_one(flow_at(now_ms - 1234, now_ms));
	ATF_CHECK_EQ(1700000100, w.seconds);
	ATF_CHECK_EQ(1099877 - 789, w.uptime);
	ATF_CHECK_EQ(now_ms - 1234, collected_ms(r, 22));
	ATF_CHECK_EQ(now_ms, collected_ms(r, 21));
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(v9_uptime_is_not_negative_in_the_first_second);
ATF_TC_BODY(v9_uptime_is_not_negative_in_the_first_second, tc)
{
	struct walk_record	*r;
	uint64_t		 now_ms;
	unsigned int		 i;

	clock_now.unix_us += 700000;
	clock_now.uptime_ms = 100;
	start(9);
	add(0, 1400);
	for (i = 0; i < 5; i++) {
		now_ms = clock_now.unix_us / 1000;
		r = put_one(flow_at(now_ms - 100, now_ms));
		ATF_CHECK_EQ(1700000101, w.seconds);
		ATF_CHECK_EQ(400, w.uptime);
		ATF_CHECK_EQ(now_ms - 100, collected_ms(r, 22));
		ATF_CHECK_EQ(now_ms, collected_ms(r, 21));
		pass(100, 100);
	}
	export_free(e);
}

/* The wall clock goes an hour back; uptime goes on. */
static void
step_back(uint16_t version)
{
	struct walk_record	*r;
	uint64_t		 now_ms;
	uint32_t		 seconds = 0, uptime = 0;
	unsigned int		 i;

	clock_now.unix_us = 1700000100500000;
	clock_now.uptime_ms = 5000;
	start(version);
	add(0, 1400);
	for (i = 0; i < 10; i++) {
		now_ms = clock_now.unix_us / 1000;
		r = put_one(flow_at(now_ms - 2000, now_ms));
		ATF_CHECK(w.seconds >= seconds);
		ATF_CHECK(w.uptime >= uptime);
		seconds = w.seconds;
		uptime = w.uptime;
		if (version == 10) {
			ATF_CHECK_EQ(now_ms - 2000, r->value[152]);
			ATF_CHECK_EQ(now_ms, r->value[153]);
		} else {
			ATF_CHECK_EQ(now_ms - 2000, collected_ms(r, 22));
			ATF_CHECK_EQ(now_ms, collected_ms(r, 21));
		}
		if (i == 2)
			pass(-3600000, 700);
		else
			pass(700700, 700700);
	}
	/* The clock has passed where it was: true time again. */
	ATF_CHECK_EQ((clock_now.unix_us / 1000 - 700700) / 1000, w.seconds);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(export_time_never_steps_back);
ATF_TC_BODY(export_time_never_steps_back, tc)
{
	step_back(1);
	step_back(5);
	step_back(9);
	step_back(10);
}

ATF_TC_WITHOUT_HEAD(clock_step_does_not_tear_a_datagram);
ATF_TC_BODY(clock_step_does_not_tear_a_datagram, tc)
{
	uint64_t	now_ms = clock_now.unix_us / 1000;

	start(9);
	add(0, 1400);
	put(flow_at(now_ms - 2000, now_ms - 1000));
	pass(3600000, 1500);
	put_one(flow_at(now_ms - 500, now_ms));
	ATF_REQUIRE_EQ(2, w.flows);
	ATF_CHECK_EQ(1700000101, w.seconds);
	ATF_CHECK_EQ(now_ms - 2000, collected_ms(&w.record[0], 22));
	ATF_CHECK_EQ(now_ms, collected_ms(&w.record[1], 21));
	export_free(e);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, unknown_version_is_refused);
	ATF_TP_ADD_TC(tp, v5_refuses_a_sampling_rate_it_cannot_say);
	ATF_TP_ADD_TC(tp, flush_with_nothing_in_hand_sends_nothing);
	ATF_TP_ADD_TC(tp, sequence_wraps_at_32_bits_in_v5_and_v9);
	ATF_TP_ADD_TC(tp, refused_datagram_is_sent_again_once);
	ATF_TP_ADD_TC(tp, interrupted_send_is_repeated);
	ATF_TP_ADD_TC(tp, full_socket_is_a_failure);
	ATF_TP_ADD_TC(tp, flows_that_reach_no_collector_are_unsent);
	ATF_TP_ADD_TC(tp, templates_return_after_so_many_datagrams);
	ATF_TP_ADD_TC(tp,
	    templates_return_after_a_second_five_and_the_interval);
	ATF_TP_ADD_TC(tp, short_template_interval_holds_from_the_start);
	ATF_TP_ADD_TC(tp, templates_due_by_number_wait_for_a_datagram);
	ATF_TP_ADD_TC(tp, statistics_come_at_the_start_and_each_interval);
	ATF_TP_ADD_TC(tp,
	    a_clock_set_back_moves_the_time_of_initialisation);
	ATF_TP_ADD_TC(tp, templates_return_after_nobody_listened);
	ATF_TP_ADD_TC(tp, templates_go_out_when_idle);
	ATF_TP_ADD_TC(tp, templates_go_out_on_demand);
	ATF_TP_ADD_TC(tp, v5_has_no_templates_to_send);
	ATF_TP_ADD_TC(tp, times_survive_the_wrap_of_uptime);
	ATF_TP_ADD_TC(tp, packet_before_boot_has_uptime_zero);
	ATF_TP_ADD_TC(tp, v9_header_is_of_a_whole_second);
	ATF_TP_ADD_TC(tp, v9_uptime_is_not_negative_in_the_first_second);
	ATF_TP_ADD_TC(tp, export_time_never_steps_back);
	ATF_TP_ADD_TC(tp, clock_step_does_not_tear_a_datagram);
	return (atf_no_error());
}
