/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The timer wheel, against a look at every flow. */

#include <atf-c.h>
#include <stdint.h>
#include <stdio.h>

#include "expire_fixture.h"

ATF_TC_WITHOUT_HEAD(without_maxlife_weeks_long_timeouts_hold);
ATF_TC_BODY(without_maxlife_weeks_long_timeouts_hold, tc)
{
	uint64_t	i;

	start(0);
	to.seconds[TIMEOUT_UDP] = 10 * WEEK;
	expire_set_timeouts(wheel, &to);
	udp(1, T0);
	for (i = 1; i < 100; i++)
		ATF_REQUIRE_EQ(expire(T0 + i * WEEK * S / 10, NULL), 0);
	check_expires_at(T0 + 10 * WEEK * S, EXPIRE_UDP);
	stop();
}

ATF_TC_WITHOUT_HEAD(one_second_timeout_is_kept_to_the_microsecond);
ATF_TC_BODY(one_second_timeout_is_kept_to_the_microsecond, tc)
{
	uint64_t	t;

	start(0);
	to.seconds[TIMEOUT_UDP] = 1;
	expire_set_timeouts(wheel, &to);
	udp(1, T0);
	for (t = T0; t < T0 + S; t += 997)
		ATF_REQUIRE_EQ(expire(t, NULL), 0);
	check_expires_at(T0 + S, EXPIRE_UDP);
	stop();
}

ATF_TC_WITHOUT_HEAD(timeout_of_zero_ends);
ATF_TC_BODY(timeout_of_zero_ends, tc)
{
	start(0);
	to.seconds[TIMEOUT_TCP_RST] = to.seconds[TIMEOUT_TCP_FIN] = 0;
	expire_set_timeouts(wheel, &to);
	tcp(0, T0, 0x02);
	ATF_CHECK_EQ(expire(T0 + S, NULL), 0);
	tcp(0, T0 + S, RST);
	ATF_CHECK_EQ(expire(T0 + S + 1, NULL), 1);
	stop();
}

ATF_TC_WITHOUT_HEAD(flow_is_never_handed_out_early);
ATF_TC_BODY(flow_is_never_handed_out_early, tc)
{
	uint64_t	t;

	/* Looked at in every slot, and put off again and again. */
	start(0);
	for (t = 0; t <= 150 * S; t += S / 10) {
		udp(1, T0 + t);
		ATF_REQUIRE_EQ(expire(T0 + t, NULL), 0);
	}
	for (; t < 250 * S; t += S / 100)
		ATF_REQUIRE_EQ(expire(T0 + t, NULL), 0);
	check_expires_at(T0 + 250 * S, EXPIRE_UDP);
	stop();
}

ATF_TC_WITHOUT_HEAD(time_running_backwards_expires_nothing);
ATF_TC_BODY(time_running_backwards_expires_nothing, tc)
{
	uint16_t	i;

	start(0);
	for (i = 0; i < 50; i++)
		udp(i, T0 + i * S);
	ATF_CHECK_EQ(expire(T0 + 60 * S, NULL), 0);
	ATF_CHECK_EQ(expire(T0 - 365ULL * 86400 * S, NULL), 0);
	ATF_CHECK_EQ(expire(0, NULL), 0);
	ATF_CHECK_EQ(expire(T0 + 99 * S, NULL), 0);
	ATF_CHECK_EQ(expire(T0 + 120 * S, NULL), 21);
	ATF_CHECK_EQ(expire(T0 + 149 * S, NULL), 29);
	stop();
}

/* A clock set wrong, then right: new flows still leave when they are due. */
ATF_TC_WITHOUT_HEAD(flows_of_a_time_before_the_wheels_expire_on_time);
ATF_TC_BODY(flows_of_a_time_before_the_wheels_expire_on_time, tc)
{
	uint64_t	future = T0 + 3650ULL * 86400 * S, t;
	uint32_t	i, idx = 0, n = 0, slot[600];

	start(0);
	udp(0, future);
	ATF_CHECK_EQ(expire(future + S, NULL), 0);
	/* For ten minutes, each second five new flows; 500 at a time. */
	for (t = 0; t < 600; t++) {
		for (i = 0; i < 5 && t < 500; i++)
			idx = udp((uint16_t)(1 + 5 * t + i), T0 + t * S);
		slot[t] = track_flow(table, idx)->slot;
		n += expire(T0 + t * S, NULL);
		ATF_REQUIRE_EQ(n, t < 100 ? 0 : 5 * (t - 99));
	}
	/* At first they all wait in one slot; that must not last. */
	ATF_CHECK_EQ(slot[0], slot[1]);
	ATF_CHECK(slot[498] != slot[499]);
	ATF_CHECK_EQ(track_count(table), 1);
	ATF_CHECK_EQ(expire(future + 100 * S - 1, NULL), 0);
	ATF_CHECK_EQ(expire(future + 100 * S, NULL), 1);
	stop();
}

ATF_TC_WITHOUT_HEAD(a_jump_of_years_expires_all_once);
ATF_TC_BODY(a_jump_of_years_expires_all_once, tc)
{
	uint16_t	i;

	start(0);
	for (i = 0; i < 3000; i++)
		udp(i, T0 + i * S / 7);
	ATF_CHECK_EQ(expire(T0 + 50ULL * 365 * 86400 * S, NULL), 3000);
	ATF_CHECK_EQ(track_count(table), 0);
	udp(1, T0 + 60ULL * 365 * 86400 * S);
	check_expires_at(T0 + 60ULL * 365 * 86400 * S + 100 * S, EXPIRE_UDP);
	stop();
}

/* Wherever the flow's slot lies to the one in which the jump ends. */
ATF_TC_WITHOUT_HEAD(a_jump_of_one_turn_of_the_wheel_misses_no_slot);
ATF_TC_BODY(a_jump_of_one_turn_of_the_wheel_misses_no_slot, tc)
{
	int	slots;

	for (slots = -3; slots <= 3; slots++) {
		start(0);
		ATF_REQUIRE_EQ(expire(T0, NULL), 0);
		udp(1, T0);
		ATF_CHECK_EQ(expire(T0 + S, NULL), 0);
		ATF_CHECK_EQ(expire(T0 + 100 * S + (1ULL << 31) +
		    slots * 32768, NULL), 1);
		stop();
	}
}

ATF_TC_WITHOUT_HEAD(a_jump_of_years_keeps_what_is_not_due);
ATF_TC_BODY(a_jump_of_years_keeps_what_is_not_due, tc)
{
	uint64_t	year = 365ULL * 86400 * S;

	start(0);
	to.seconds[TIMEOUT_UDP] = UINT32_MAX;		/* 136 years */
	expire_set_timeouts(wheel, &to);
	udp(1, T0);
	tcp(0, T0, 0x02);
	ATF_CHECK_EQ(expire(T0 + 20 * year, NULL), 1);
	ATF_CHECK_EQ(expire(T0 + 100 * year, NULL), 0);
	check_expires_at(T0 + UINT32_MAX * S, EXPIRE_UDP);
	stop();
}

ATF_TC_WITHOUT_HEAD(time_may_begin_at_zero);
ATF_TC_BODY(time_may_begin_at_zero, tc)
{
	start(0);
	udp(1, 0);
	check_expires_at(100 * S, EXPIRE_UDP);
	stop();
}

ATF_TC_WITHOUT_HEAD(deadline_beyond_the_end_of_time_never_comes);
ATF_TC_BODY(deadline_beyond_the_end_of_time_never_comes, tc)
{
	enum expire_reason	why;
	uint32_t		idx;

	start(1000);
	idx = udp(1, UINT64_MAX - 50 * S);
	ATF_CHECK_EQ(expire_deadline(wheel, track_flow(table, idx), &why),
	    UINT64_MAX);
	ATF_CHECK_EQ(expire_due(wheel, track_flow(table, idx), UINT64_MAX),
	    EXPIRE_NONE);
	ATF_CHECK_EQ(expire(UINT64_MAX, NULL), 0);
	ATF_CHECK_EQ(expire(T0, NULL), 0);
	ATF_CHECK_EQ(track_count(table), 1);
	stop();
}

ATF_TC_WITHOUT_HEAD(shorter_timeouts_reach_existing_flows);
ATF_TC_BODY(shorter_timeouts_reach_existing_flows, tc)
{
	start(0);
	udp(1, T0);
	ATF_CHECK_EQ(expire(T0 + 4 * S, NULL), 0);
	to.seconds[TIMEOUT_UDP] = 5;
	expire_set_timeouts(wheel, &to);
	check_expires_at(T0 + 5 * S, EXPIRE_UDP);
	stop();
}

ATF_TC_WITHOUT_HEAD(longer_timeouts_reach_existing_flows);
ATF_TC_BODY(longer_timeouts_reach_existing_flows, tc)
{
	start(100);
	tcp(0, T0, 0x02);
	to.seconds[TIMEOUT_TCP] = WEEK;
	to.seconds[TIMEOUT_MAXLIFE] = 0;
	expire_set_timeouts(wheel, &to);
	check_expires_at(T0 + WEEK * S, EXPIRE_TCP);
	stop();
}

ATF_TC_WITHOUT_HEAD(removed_flow_is_not_handed_out);
ATF_TC_BODY(removed_flow_is_not_handed_out, tc)
{
	enum expire_reason	why;
	uint32_t		idx[20], i, looks = 1000, n = 0;

	start(0);
	for (i = 0; i < 20; i++)
		idx[i] = udp((uint16_t)i, T0);
	expire_remove(wheel, idx[19]);
	expire_remove(wheel, idx[10]);
	expire_remove(wheel, idx[10]);
	expire_remove(wheel, idx[0]);
	/* All in one slot; take out the one that is to come next as well. */
	ATF_REQUIRE_EQ(expire_next(wheel, T0 + 100 * S, &why, &looks), idx[18]);
	expire_remove(wheel, idx[17]);
	while ((i = expire_next(wheel, T0 + 100 * S, &why,
	    &looks)) != TRACK_NONE) {
		ATF_CHECK(i != idx[17] && i != idx[10] && i != idx[0]);
		n++;
	}
	ATF_CHECK_EQ(n, 15);
	stop();
}

/* A random packet to one of 200 flows; those that are due leave first. */
static void
random_packet(uint64_t now_us)
{
	static const uint8_t	protos[] = { 6, 6, 6, 17, 1, 47 };
	static const uint8_t	flags[] = { 0x10, 0x10, 0x10, FIN, FIN, RST };
	uint16_t		n = (uint16_t)random_below(200);
	struct packet		p;
	uint32_t		idx;

	p = packet(protos[n % 6], n, random_below(2), now_us);
	if (p.key.proto == 6)
		p.tcp_flags = flags[random_below(6)];
	idx = track_find(table, &p.key, track_hash(table, &p.key));
	if (idx != TRACK_NONE && expire_before(wheel, track_flow(table, idx),
	    &p) != EXPIRE_NONE) {
		expire_remove(wheel, idx);
		track_remove(table, idx);
	}
	take(&p);
}

/* What a look at every flow finds due. */
static uint32_t
due_count(uint64_t now_us)
{
	uint32_t	idx, n = 0;

	for (idx = track_next(table, 0); idx != TRACK_NONE;
	    idx = track_next(table, idx + 1))
		if (expire_due(wheel, track_flow(table, idx), now_us) !=
		    EXPIRE_NONE)
			n++;
	return (n);
}

/*
 * expire() sees to it that none is early; the counts, that none is late.
 * Steps from 1 us to years, more often short than long.
 */
ATF_TC_WITHOUT_HEAD(wheel_agrees_with_a_look_at_every_flow);
ATF_TC_BODY(wheel_agrees_with_a_look_at_every_flow, tc)
{
	uint64_t	now = T0;
	uint32_t	due, idx, expired = 0, i;

	start(250);
	for (i = 0; i < 100000; i++) {
		now += random_below(1U << random_below(26));
		if (random_below(5000) == 0)
			now += random_below(1U << 31) * 100000ULL;
		random_packet(now);
		if (random_below(500) == 0) {
			to.seconds[random_below(TIMEOUT_MAXLIFE)] =
			    1 + random_below(500);
			to.seconds[TIMEOUT_MAXLIFE] = random_below(3) * 400;
			expire_set_timeouts(wheel, &to);
		}
		if (random_below(100) == 0 &&
		    (idx = victim()) != TRACK_NONE)
			track_remove(table, idx);
		if (random_below(4) == 0) {
			due = due_count(now);
			ATF_REQUIRE_EQ(expire(now, NULL), due);
			expired += due;
		}
	}
	ATF_CHECK(expired > 5000);
	stop();
}

/*
 * Time that goes to and fro: a flow whose deadline came forward with it may
 * be late, but none is early and none is lost.
 */
ATF_TC_WITHOUT_HEAD(wheel_loses_nothing_when_time_is_disordered);
ATF_TC_BODY(wheel_loses_nothing_when_time_is_disordered, tc)
{
	uint64_t	far, now, start_us = T0;
	uint32_t	i;

	start(0);
	for (i = 0; i < 100000; i++) {
		start_us += random_below(S);
		far = S << random_below(30);
		now = start_us + (random_below(2) ? far : 0) -
		    (random_below(2) ? far % T0 : 0);
		random_packet(random_below(2) ? now : start_us);
		if (random_below(4) == 0)
			expire(random_below(2) ? now : start_us, NULL);
	}
	ATF_CHECK(track_count(table) > 0);
	i = track_count(table);
	ATF_CHECK_EQ(expire(UINT64_MAX / 2, NULL), i);
	stop();
}

ATF_TC_WITHOUT_HEAD(a_call_hands_out_no_more_than_it_may_look_at);
ATF_TC_BODY(a_call_hands_out_no_more_than_it_may_look_at, tc)
{
	enum expire_reason	why;
	uint32_t		i, idx, looks, n = 0;

	start(0);
	for (i = 0; i < 1000; i++)
		udp((uint16_t)i, T0);
	expire(T0, NULL);
	for (i = 0; i < 9; i++) {
		for (looks = 100; (idx = expire_next(wheel, T0 + 101 * S, &why,
		    &looks)) != TRACK_NONE; n++)
			track_remove(table, idx);
		ATF_CHECK_EQ(0, looks);
		ATF_CHECK_EQ(EXPIRE_NONE, why);
		/* A few looks go to empty slots on the way there. */
		ATF_CHECK(n <= (i + 1) * 100 && n >= (i + 1) * 100 - 20);
	}
	ATF_CHECK_EQ(expire(T0 + 101 * S, NULL), 1000 - n);
	stop();
}

ATF_TC_WITHOUT_HEAD(a_sweep_over_empty_slots_is_bounded_too);
ATF_TC_BODY(a_sweep_over_empty_slots_is_bounded_too, tc)
{
	enum expire_reason	why;
	uint32_t		calls = 0, looks;

	start(0);
	udp(1, T0);
	expire(T0, NULL);
	do {
		looks = 4;
		ATF_REQUIRE(calls++ < 100);
	} while (expire_next(wheel, T0 + WEEK * S, &why, &looks) ==
	    TRACK_NONE);
	ATF_CHECK(calls > 2);
	stop();
}

/*
 * 60,000 flows in one slot, a clock that goes to and fro over its end, and a
 * scan at each step: what that costs must stay what it may.
 */
ATF_TC_WITHOUT_HEAD(an_alternating_clock_costs_no_more_than_it_may);
ATF_TC_BODY(an_alternating_clock_costs_no_more_than_it_may, tc)
{
	enum expire_reason	why;
	uint64_t		now;
	uint32_t		i, idx, looks, n = 0;

	start_with(60000, 0);
	for (i = 0; i < 60000; i++)
		udp((uint16_t)i, T0 + i % 30000);
	for (i = 0; i < 3000; i++) {
		now = T0 + 100 * S + (i & 1 ? i * 10 : 0);
		for (looks = 256; (idx = expire_next(wheel, now, &why,
		    &looks)) != TRACK_NONE; n++)
			track_remove(table, idx);
		ATF_REQUIRE(looks <= 256);
	}
	printf("%u of 60000 expired\n", n);
	ATF_CHECK_EQ(expire(T0 + 200 * S, NULL), 60000 - n);
	stop();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, without_maxlife_weeks_long_timeouts_hold);
	ATF_TP_ADD_TC(tp, one_second_timeout_is_kept_to_the_microsecond);
	ATF_TP_ADD_TC(tp, timeout_of_zero_ends);
	ATF_TP_ADD_TC(tp, flow_is_never_handed_out_early);
	ATF_TP_ADD_TC(tp, time_running_backwards_expires_nothing);
	ATF_TP_ADD_TC(tp, flows_of_a_time_before_the_wheels_expire_on_time);
	ATF_TP_ADD_TC(tp, a_jump_of_years_expires_all_once);
	ATF_TP_ADD_TC(tp, a_jump_of_one_turn_of_the_wheel_misses_no_slot);
	ATF_TP_ADD_TC(tp, a_jump_of_years_keeps_what_is_not_due);
	ATF_TP_ADD_TC(tp, time_may_begin_at_zero);
	ATF_TP_ADD_TC(tp, deadline_beyond_the_end_of_time_never_comes);
	ATF_TP_ADD_TC(tp, shorter_timeouts_reach_existing_flows);
	ATF_TP_ADD_TC(tp, longer_timeouts_reach_existing_flows);
	ATF_TP_ADD_TC(tp, removed_flow_is_not_handed_out);
	ATF_TP_ADD_TC(tp, wheel_agrees_with_a_look_at_every_flow);
	ATF_TP_ADD_TC(tp, wheel_loses_nothing_when_time_is_disordered);
	ATF_TP_ADD_TC(tp, a_call_hands_out_no_more_than_it_may_look_at);
	ATF_TP_ADD_TC(tp, a_sweep_over_empty_slots_is_bounded_too);
	ATF_TP_ADD_TC(tp, an_alternating_clock_costs_no_more_than_it_may);
	return (atf_no_error());
}
