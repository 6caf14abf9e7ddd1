/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The rules of expiry and the choice of a victim. */

#include <atf-c.h>
#include <stdint.h>

#include "expire_fixture.h"

ATF_TC_WITHOUT_HEAD(defaults_are_the_documented_ones);
ATF_TC_BODY(defaults_are_the_documented_ones, tc)
{
	static const struct {
		const char	*name;
		uint32_t	 seconds;
	} want[TIMEOUT_MAX] = {
		{ "tcp", 3600 }, { "tcp.rst", 120 }, { "tcp.fin", 300 },
		{ "udp", 300 }, { "icmp", 300 }, { "general", 3600 },
		{ "maxlife", 1800 }, { "expint", 60 },
	};
	int	i;

	for (i = 0; i < TIMEOUT_MAX; i++) {
		ATF_CHECK_STREQ(timeout_names[i], want[i].name);
		ATF_CHECK_EQ(expire_defaults.seconds[i], want[i].seconds);
	}
}

ATF_TC_WITHOUT_HEAD(each_reason_has_its_ipfix_number);
ATF_TC_BODY(each_reason_has_its_ipfix_number, tc)
{
	static const uint8_t	want[] = { 1, 3, 3, 1, 1, 1, 2, 2, 5, 4, 0 };
	int			i;

	for (i = 0; i <= EXPIRE_MAX; i++)
		ATF_CHECK_EQ_MSG(expire_end_reason((enum expire_reason)i),
		    want[i], "reason %d", i);
}

ATF_TC_WITHOUT_HEAD(idle_tcp_flow_expires_after_its_timeout);
ATF_TC_BODY(idle_tcp_flow_expires_after_its_timeout, tc)
{
	start(0);
	tcp(0, T0, 0x02);
	tcp(1, T0 + 150 * S, 0x12);
	ATF_CHECK_EQ(expire(T0 + 200 * S, NULL), 0);
	check_expires_at(T0 + 350 * S, EXPIRE_TCP);
	stop();
}

ATF_TC_WITHOUT_HEAD(other_protocols_have_their_own_timeouts);
ATF_TC_BODY(other_protocols_have_their_own_timeouts, tc)
{
	static const struct {
		uint8_t			proto, family;
		uint32_t		seconds;
		enum expire_reason	why;
	} want[] = {
		{ 17, 4, 100, EXPIRE_UDP }, { 17, 6, 100, EXPIRE_UDP },
		{ 1, 4, 100, EXPIRE_ICMP }, { 58, 6, 100, EXPIRE_ICMP },
		{ 1, 6, 300, EXPIRE_GENERAL }, { 58, 4, 300, EXPIRE_GENERAL },
		{ 132, 4, 300, EXPIRE_GENERAL }, { 0, 4, 300, EXPIRE_GENERAL },
	};
	struct packet	p;
	size_t		i;

	start(1000);
	for (i = 0; i < 8; i++) {
		p = packet(want[i].proto, 0, i % 2, T0 + i * 1000 * S);
		p.key.family = want[i].family;
		take(&p);
		check_expires_at(p.time_us + want[i].seconds * S, want[i].why);
		stop();
		start(1000);
	}
	stop();
}

ATF_TC_WITHOUT_HEAD(rst_in_either_direction_shortens_the_timeout);
ATF_TC_BODY(rst_in_either_direction_shortens_the_timeout, tc)
{
	uint8_t	dir;

	for (dir = 0; dir < 2; dir++) {
		start(0);
		tcp(0, T0, 0x02);
		ATF_CHECK_EQ(expire(T0 + 2 * S, NULL), 0);
		tcp(dir, T0 + 3 * S, RST);
		tcp(!dir, T0 + 4 * S, FIN);
		tcp(dir, T0 + 5 * S, FIN);
		check_expires_at(T0 + 15 * S, EXPIRE_TCP_RST);
		stop();
	}
}

ATF_TC_WITHOUT_HEAD(fin_both_ways_shortens_the_timeout);
ATF_TC_BODY(fin_both_ways_shortens_the_timeout, tc)
{
	start(0);
	tcp(0, T0, 0x02);
	ATF_CHECK_EQ(expire(T0 + 50 * S, NULL), 0);
	tcp(0, T0 + 51 * S, FIN);
	tcp(1, T0 + 52 * S, FIN);
	check_expires_at(T0 + 72 * S, EXPIRE_TCP_FIN);
	stop();
}

ATF_TC_WITHOUT_HEAD(fin_one_way_does_not_shorten_the_timeout);
ATF_TC_BODY(fin_one_way_does_not_shorten_the_timeout, tc)
{
	start(0);
	tcp(0, T0, FIN);
	tcp(0, T0 + S, FIN);
	tcp(1, T0 + 2 * S, 0x10);
	check_expires_at(T0 + 202 * S, EXPIRE_TCP);
	stop();
}

ATF_TC_WITHOUT_HEAD(flag_bits_of_other_protocols_mean_nothing);
ATF_TC_BODY(flag_bits_of_other_protocols_mean_nothing, tc)
{
	struct packet	p = packet(17, 1, 0, T0);

	start(0);
	p.tcp_flags = RST | FIN;
	take(&p);
	check_expires_at(T0 + 100 * S, EXPIRE_UDP);
	stop();
}

ATF_TC_WITHOUT_HEAD(maxlife_ends_a_flow_that_is_never_idle);
ATF_TC_BODY(maxlife_ends_a_flow_that_is_never_idle, tc)
{
	uint64_t	i;

	start(1000);
	for (i = 0; i < 1000; i++) {
		tcp(i % 2, T0 + i * S, 0x10);
		ATF_REQUIRE_EQ(expire(T0 + i * S, NULL), 0);
	}
	check_expires_at(T0 + 1000 * S, EXPIRE_MAXLIFE);
	stop();
}

ATF_TC_WITHOUT_HEAD(maxlife_and_idle_at_once_is_idle);
ATF_TC_BODY(maxlife_and_idle_at_once_is_idle, tc)
{
	start(100);
	udp(1, T0);
	check_expires_at(T0 + 100 * S, EXPIRE_UDP);
	stop();
}

ATF_TC_WITHOUT_HEAD(maxlife_counts_from_the_earlier_direction);
ATF_TC_BODY(maxlife_counts_from_the_earlier_direction, tc)
{
	start(150);
	tcp(1, T0, 0x02);
	tcp(0, T0 + 5 * S, 0x12);
	check_expires_at(T0 + 150 * S, EXPIRE_MAXLIFE);
	stop();
}

ATF_TC_WITHOUT_HEAD(packet_after_the_deadline_ends_the_flow_before_it);
ATF_TC_BODY(packet_after_the_deadline_ends_the_flow_before_it, tc)
{
	struct packet	p = packet(17, 1, 0, T0);
	struct flow	*f;

	start(150);
	f = track_flow(table, take(&p));
	p.time_us = T0 + 100 * S - 1;
	ATF_CHECK_EQ(expire_before(wheel, f, &p), EXPIRE_NONE);
	p.time_us++;
	ATF_CHECK_EQ(expire_before(wheel, f, &p), EXPIRE_UDP);
	p.time_us = T0 + 60 * S;
	take(&p);
	p.time_us = T0 + 150 * S;
	ATF_CHECK_EQ(expire_before(wheel, f, &p), EXPIRE_MAXLIFE);
	p.time_us = T0 - S;
	ATF_CHECK_EQ(expire_before(wheel, f, &p), EXPIRE_NONE);
	stop();
}

ATF_TC_WITHOUT_HEAD(octets_over_the_limit_end_the_flow_before_the_packet);
ATF_TC_BODY(octets_over_the_limit_end_the_flow_before_the_packet, tc)
{
	struct packet	p = packet(6, 1, 1, T0);
	struct flow	f = { 0 };

	start(0);		/* octets_max is 1000 */
	f.key = p.key;
	p.octets = 5000;
	ATF_CHECK_EQ(expire_before(wheel, &f, &p), EXPIRE_NONE);
	p.octets = 600;
	track_update(&f, &p);
	p.octets = 400;
	ATF_CHECK_EQ(expire_before(wheel, &f, &p), EXPIRE_NONE);
	p.octets = 401;
	ATF_CHECK_EQ(expire_before(wheel, &f, &p), EXPIRE_OVERBYTES);
	p.octets = UINT64_MAX;
	ATF_CHECK_EQ(expire_before(wheel, &f, &p), EXPIRE_OVERBYTES);
	p.octets = 1000;
	p.dir = 0;
	ATF_CHECK_EQ(expire_before(wheel, &f, &p), EXPIRE_NONE);
	stop();
}

ATF_TC_WITHOUT_HEAD(victim_prefers_single_packet_flows);
ATF_TC_BODY(victim_prefers_single_packet_flows, tc)
{
	uint32_t	old, single, i;

	start_with(16, 0);
	old = udp(1, T0);
	udp(1, T0 + S);
	single = udp(3, T0 + 8 * S);
	udp(2, T0 + 9 * S);
	udp(4, T0 + 2 * S);
	udp(4, T0 + 3 * S);
	ATF_CHECK_EQ(victim(), single);
	ATF_CHECK_EQ(track_flow(table, single)->flags, FLOW_USED);
	track_remove(table, single);
	/* Few of them are left. */
	ATF_CHECK_EQ(victim(), old);
	track_remove(table, old);
	i = victim();
	ATF_CHECK_EQ(track_flow(table, i)->key.port[0], 4);
	track_remove(table, i);
	i = victim();
	ATF_CHECK_EQ(track_flow(table, i)->key.port[0], 2);
	track_remove(table, i);
	ATF_CHECK_EQ(victim(), TRACK_NONE);
	ATF_CHECK_EQ(expire(T0 + WEEK * S, NULL), 0);
	stop();
}

ATF_TC_WITHOUT_HEAD(victim_of_a_small_table_is_the_longest_idle);
ATF_TC_BODY(victim_of_a_small_table_is_the_longest_idle, tc)
{
	uint32_t	i;

	start_with(16, 0);
	for (i = 0; i < 16; i++)
		udp((uint16_t)i, T0);
	for (i = 0; i < 16; i++)
		udp((uint16_t)i, T0 + S - i);
	for (i = 16; i-- > 0;) {
		ATF_CHECK_EQ(victim(), i);
		track_remove(table, i);
	}
	stop();
}

ATF_TC_WITHOUT_HEAD(victim_is_found_wherever_it_is);
ATF_TC_BODY(victim_is_found_wherever_it_is, tc)
{
	uint32_t	idx[4000], i;

	start(0);
	for (i = 0; i < 4000; i++) {
		udp((uint16_t)i, T0 - i * S);
		idx[i] = udp((uint16_t)i, T0 - i * S);
	}
	for (i = 0; i < 4000; i++) {
		if (i == 3000 || i == 3998)
			continue;
		expire_remove(wheel, idx[i]);
		track_remove(table, idx[i]);
	}
	/* None near the hand: the one that is to expire first. */
	ATF_CHECK_EQ(victim(), idx[3998]);
	track_remove(table, idx[3998]);
	/* Not on the wheel, but there. */
	expire_remove(wheel, idx[3000]);
	ATF_CHECK_EQ(victim(), idx[3000]);
	stop();
}

ATF_TC_WITHOUT_HEAD(every_flow_becomes_a_victim_in_time);
ATF_TC_BODY(every_flow_becomes_a_victim_in_time, tc)
{
	uint32_t	i, n;

	start(0);
	for (i = 0; i < 4096; i++)
		udp((uint16_t)i, T0 + i);
	for (n = 0; (i = victim()) != TRACK_NONE; n++) {
		ATF_REQUIRE(track_flow(table, i)->flags == FLOW_USED);
		track_remove(table, i);
	}
	ATF_CHECK_EQ(n, 4096);
	stop();
}

/* Wherever they are in the table, and however long they were silent. */
ATF_TC_WITHOUT_HEAD(no_conversation_goes_while_there_are_many_single_packets);
ATF_TC_BODY(no_conversation_goes_while_there_are_many_single_packets, tc)
{
	uint32_t	victims[EXPIRE_VICTIMS], i, k, n, next = 2000;

	start_with(4000, 0);
	for (i = 0; i < 2000; i++)
		udp((uint16_t)i, T0);
	for (i = 0; i < 2000; i++)
		udp((uint16_t)i, T0 + 1);
	for (; i < 4000; i++)
		udp((uint16_t)i, T0 + S + i);
	while (track_count(table) > 2500) {
		n = expire_victims(wheel, victims, EXPIRE_VICTIMS);
		ATF_REQUIRE(n > 0);
		for (k = 0; k < n; k++) {
			ATF_CHECK_EQ(FLOW_USED,
			    track_flow(table, victims[k])->flags);
			ATF_CHECK_EQ(next++, track_flow(table,
			    victims[k])->key.port[0]);
			track_remove(table, victims[k]);
		}
	}
	/* An eighth of the table is left to those that are new. */
	n = expire_victims(wheel, victims, EXPIRE_VICTIMS);
	ATF_CHECK_EQ(EXPIRE_VICTIMS, n);
	for (k = 0; k < n; k++)
		ATF_CHECK(track_flow(table, victims[k])->key.port[0] < 2000);
	stop();
}

ATF_TC_WITHOUT_HEAD(victims_of_conversations_are_the_longest_idle_in_order);
ATF_TC_BODY(victims_of_conversations_are_the_longest_idle_in_order, tc)
{
	uint32_t	victims[8], i, k;

	start_with(64, 0);
	for (i = 0; i < 64; i++)
		udp((uint16_t)i, T0);
	for (i = 0; i < 64; i++)
		udp((uint16_t)i, T0 + S + i * 37 % 64);
	for (k = 0; k < 64; k += 8) {
		ATF_REQUIRE_EQ(8, expire_victims(wheel, victims, 8));
		for (i = 0; i < 8; i++) {
			ATF_CHECK_EQ(T0 + S + k + i, track_flow(table,
			    victims[i])->last_us[0]);
			track_remove(table, victims[i]);
		}
	}
	ATF_CHECK_EQ(0, expire_victims(wheel, victims, 8));
	stop();
}

ATF_TC_WITHOUT_HEAD(ended_flows_are_no_victims);
ATF_TC_BODY(ended_flows_are_no_victims, tc)
{
	uint32_t	i, idx[16];

	start_with(16, 0);
	for (i = 0; i < 16; i++)
		idx[i] = udp((uint16_t)i, T0 + i);
	for (i = 0; i < 15; i++) {
		expire_remove(wheel, idx[i]);
		track_end(table, idx[i], EXPIRE_UDP);
	}
	ATF_CHECK_EQ(idx[15], victim());
	track_remove(table, idx[15]);
	ATF_CHECK_EQ(TRACK_NONE, victim());
	stop();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, defaults_are_the_documented_ones);
	ATF_TP_ADD_TC(tp, each_reason_has_its_ipfix_number);
	ATF_TP_ADD_TC(tp, idle_tcp_flow_expires_after_its_timeout);
	ATF_TP_ADD_TC(tp, other_protocols_have_their_own_timeouts);
	ATF_TP_ADD_TC(tp, rst_in_either_direction_shortens_the_timeout);
	ATF_TP_ADD_TC(tp, fin_both_ways_shortens_the_timeout);
	ATF_TP_ADD_TC(tp, fin_one_way_does_not_shorten_the_timeout);
	ATF_TP_ADD_TC(tp, flag_bits_of_other_protocols_mean_nothing);
	ATF_TP_ADD_TC(tp, maxlife_ends_a_flow_that_is_never_idle);
	ATF_TP_ADD_TC(tp, maxlife_and_idle_at_once_is_idle);
	ATF_TP_ADD_TC(tp, maxlife_counts_from_the_earlier_direction);
	ATF_TP_ADD_TC(tp, packet_after_the_deadline_ends_the_flow_before_it);
	ATF_TP_ADD_TC(tp, octets_over_the_limit_end_the_flow_before_the_packet);
	ATF_TP_ADD_TC(tp, victim_prefers_single_packet_flows);
	ATF_TP_ADD_TC(tp, victim_of_a_small_table_is_the_longest_idle);
	ATF_TP_ADD_TC(tp, victim_is_found_wherever_it_is);
	ATF_TP_ADD_TC(tp, every_flow_becomes_a_victim_in_time);
	ATF_TP_ADD_TC(tp,
	    no_conversation_goes_while_there_are_many_single_packets);
	ATF_TP_ADD_TC(tp,
	    victims_of_conversations_are_the_longest_idle_in_order);
	ATF_TP_ADD_TC(tp, ended_flows_are_no_victims);
	return (atf_no_error());
}
