/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Tests of adopt.c: memory that no worker would leave, and much of it. */

#include <sys/wait.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atf-c.h>

#include "adopt_fixture.h"

static ssize_t
send_nowhere(int fd, const void *data, size_t len)
{
	(void)fd;
	(void)data;
	return ((ssize_t)len);
}

/* Time that others take of the machine does not count. */
static uint64_t
cpu_us(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ((uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

static void
run_and_drop(uint64_t frames)
{
	pid_t	pid;
	int	status;

	if ((pid = fork()) == 0) {
		work(fixture_meter(&conf, es, send_nowhere, -1), 0, frames);
		_exit(0);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	/* All that the parent would know. */
	conf.flags |= CONF_ADOPT;
	conf.counters = *left();
	conf.lost_packets = left()->packets - left()->packets_exported;
	conf.lost_flows = (uint32_t)(left()->flows - left()->flows_expired);
}

/* Take over, go on for a while, export all; the sums must hold. */
static void
adopt_and_work(void)
{
	struct adoption	 a;
	struct meter	*m;
	const char	*wrong;

	alarm(30);
	m = fixture_meter(&conf, es, send_nowhere, -1);
	(void)meter_adopt(m, &a);
	work(m, FRAMES, FRAMES + 3200);
	fixture_expire_all(m);
	if ((wrong = fixture_sums(meter_counters(m))) != NULL) {
		fprintf(stderr, "%s do not add up\n", wrong);
		_exit(92);
	}
	_exit(meter_summary(m)->active_flows == 0 ? 0 : 93);
}

static void
expect_adoption(const char *what, uint64_t seed)
{
	pid_t	pid;
	int	status;

	if ((pid = fork()) == 0)
		adopt_and_work();
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_REQUIRE_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "%s, seed %ju: status %#x", what, (uintmax_t)seed, status);
}

/* Damage n words from offset from on, below size. */
static void
damage(uint64_t *random, size_t from, size_t size, unsigned int n)
{
	static const uint64_t	nasty[] = { 0, 1, UINT32_MAX, UINT64_MAX,
				    INT64_MAX, 1ULL << 63 };
	uint8_t			*p = (uint8_t *)es;
	uint64_t		 word;
	size_t			 off;

	while (n-- > 0) {
		off = from + fixture_random(random) % (size - from - 8);
		word = (uint64_t)fixture_random(random) << 32 |
		    fixture_random(random);
		if (fixture_random(random) % 2)
			word = nasty[fixture_random(random) % 6];
		memcpy(p + off, &word, fixture_random(random) % 8 + 1);
	}
}

/* What of the memory is head and records, and not of streams. */
static size_t
used(void)
{
	return ((size_t)((uint8_t *)estate_queue(es, FLOWS, side, 0) -
	    (uint8_t *)es));
}

static void
damage_often(const char *what, size_t from, size_t size, unsigned int n)
{
	uint64_t	 random, seed;
	uint8_t		*good;

	ATF_REQUIRE((good = malloc(used())) != NULL);
	memcpy(good, es, used());
	for (seed = 1; seed <= 300; seed++) {
		random = seed;
		memcpy(es, good, used());
		damage(&random, from, size, n);
		expect_adoption(what, seed);
	}
	free(good);
}

ATF_TC_WITHOUT_HEAD(random_octets_over_the_memory_do_not_stop_the_next_worker);
ATF_TC_BODY(random_octets_over_the_memory_do_not_stop_the_next_worker, tc)
{
	map(FLOWS);
	run_and_drop(32000);
	damage_often("records, a few", ESTATE_RECORDS, used(), 20);
	damage_often("records, all", ESTATE_RECORDS, used(), 20000);
	damage_often("head, a few", 0, sizeof(*es), 5);
	damage_often("head, all", 8, sizeof(*es), 20000);
	damage_often("states", offsetof(struct estate, current),
	    offsetof(struct estate, hand), 2);
	damage_often("datagram in hand", offsetof(struct estate, hand),
	    offsetof(struct estate, stats), 50);
	damage_often("everything", 0, used(), 50000);
}

ATF_TC_WITHOUT_HEAD(random_octets_over_side_records_do_not_stop_it_either);
ATF_TC_BODY(random_octets_over_side_records_do_not_stop_it_either, tc)
{
	size_t	from;

	side = 1;
	map(FLOWS);
	run_and_drop(32000);
	from = (size_t)((uint8_t *)estate_sides(es, FLOWS) - (uint8_t *)es);
	damage_often("side records, a few", from, used(), 20);
	damage_often("side records, all", from, used(), 20000);
	damage_often("everything", 0, used(), 50000);
}

/* The first record in use that is on the wheel. */
static uint32_t
first_flow(void)
{
	const struct flow	*flows = estate_records(es).flows;
	uint32_t		 idx = 0;

	while (flows[idx].flags != (FLOW_USED | FLOW_WHEEL))
		idx++;
	return (idx);
}

ATF_TC_WITHOUT_HEAD(a_flow_with_a_damaged_extension_is_counted_lost);
ATF_TC_BODY(a_flow_with_a_damaged_extension_is_counted_lost, tc)
{
	struct adoption	 a;
	struct meter	*m;
	struct flow	*flow;
	uint32_t	 idx;

	side = 1;
	map(FLOWS);
	run_and_drop(3200);
	idx = first_flow();
	flow = &estate_records(es).flows[idx];
	estate_sides(es, FLOWS)[idx].key.vlan[0] = 4096;
	m = fixture_meter(&conf, es, send_nowhere, -1);
	ATF_REQUIRE_EQ(1, meter_adopt(m, &a));
	ATF_CHECK_EQ(flow->packets[0] + flow->packets[1], a.lost);
	ATF_CHECK_EQ(1, meter_counters(m)->flows_lost);
	fixture_expire_all(m);
	ATF_CHECK(fixture_sums(meter_counters(m)) == NULL);
}

/* The one state that would be worth an attack: all records, all alike. */
ATF_TC_WITHOUT_HEAD(a_table_fuller_than_it_can_be_is_cut);
ATF_TC_BODY(a_table_fuller_than_it_can_be_is_cut, tc)
{
	struct flow	*flows;
	uint32_t	 i;

	map(16);
	run_and_drop(3200);
	flows = estate_records(es).flows;
	for (i = 0; i < es->capacity; i++) {
		memset(&flows[i], 0, sizeof(flows[i]));
		flows[i].key.family = 4;
		flows[i].flags = FLOW_USED;
		flows[i].packets[0] = 1;
	}
	es->top = es->capacity;
	expect_adoption("all records alike", 0);
	for (i = 0; i < es->capacity; i++)
		flows[i].flags = FLOW_USED | FLOW_ENDED;
	es->top = es->capacity;
	expect_adoption("all records ended", 0);
}

ATF_TC_WITHOUT_HEAD(a_damaged_record_is_dropped_and_its_packets_counted_lost);
ATF_TC_BODY(a_damaged_record_is_dropped_and_its_packets_counted_lost, tc)
{
	struct adoption	 a;
	struct meter	*m;
	struct flow	*flow;
	uint64_t	 packets;

	map(FLOWS);
	run_and_drop(3200);
	flow = &estate_records(es).flows[first_flow()];
	packets = flow->packets[0] + flow->packets[1];
	flow->key.family = 5;
	m = fixture_meter(&conf, es, send_nowhere, -1);
	ATF_REQUIRE_EQ(1, meter_adopt(m, &a));
	ATF_CHECK_EQ(packets, a.lost);
	ATF_CHECK_EQ(packets, meter_counters(m)->packets_lost);
	ATF_CHECK_EQ(1, meter_counters(m)->flows_lost);
	ATF_CHECK_EQ(0, a.skipped);
	fixture_expire_all(m);
	ATF_CHECK(fixture_sums(meter_counters(m)) == NULL);
}

static uint64_t
lost_with_tos(uint32_t level, uint16_t tos)
{
	struct adoption	 a;
	struct meter	*m;
	struct flow	*flow;

	map(FLOWS);
	conf.track_level = level;
	run_and_drop(3200);
	for (flow = estate_records(es).flows;
	    flow->flags != (FLOW_USED | FLOW_WHEEL); flow++)
		continue;
	flow->key.reserved = tos;
	m = fixture_meter(&conf, es, send_nowhere, -1);
	ATF_REQUIRE_EQ(1, meter_adopt(m, &a));
	return (meter_counters(m)->flows_lost);
}

ATF_TC_WITHOUT_HEAD(a_type_of_service_in_the_key_is_right_at_its_level_only);
ATF_TC_BODY(a_type_of_service_in_the_key_is_right_at_its_level_only, tc)
{
	ATF_CHECK_EQ(0, lost_with_tos(TRACK_TOS, 0xb8));
	ATF_CHECK_EQ(1, lost_with_tos(TRACK_TOS, 0x1b8));
	ATF_CHECK_EQ(1, lost_with_tos(TRACK_FULL, 0xb8));
}

ATF_TC_WITHOUT_HEAD(fragments_add_up_whatever_was_left);
ATF_TC_BODY(fragments_add_up_whatever_was_left, tc)
{
	struct adoption	 a;
	struct counters	*c;
	struct meter	*m;

	map(FLOWS);
	run_and_drop(3200);
	c = &estate_current(es)->summary.counters;
	c->fragments = 77;
	c->fragments_joined = 5;
	c->fragments_orphaned = 3;
	m = fixture_meter(&conf, es, send_nowhere, -1);
	ATF_REQUIRE_EQ(1, meter_adopt(m, &a));
	c = meter_counters(m);
	ATF_CHECK_EQ(8, c->fragments);
	ATF_CHECK_EQ(5, c->fragments_joined);
	ATF_CHECK_EQ(3, c->fragments_orphaned);
}

ATF_TC_WITHOUT_HEAD(without_a_state_its_flows_are_counted_lost);
ATF_TC_BODY(without_a_state_its_flows_are_counted_lost, tc)
{
	struct adoption	 a;
	struct meter	*m;

	map(FLOWS);
	run_and_drop(3200);
	es->current = 2;
	m = fixture_meter(&conf, es, send_nowhere, -1);
	ATF_CHECK_EQ(0, meter_adopt(m, &a));
	ATF_CHECK(conf.lost_flows > 0);
	ATF_CHECK_EQ(conf.lost_flows, meter_counters(m)->flows_lost);
	ATF_CHECK_EQ(conf.lost_packets, meter_counters(m)->packets_lost);
	ATF_CHECK_EQ(0, meter_summary(m)->active_flows);
}

ATF_TC_WITHOUT_HEAD(a_million_flows_are_taken_over_in_half_a_second);
ATF_TC_BODY(a_million_flows_are_taken_over_in_half_a_second, tc)
{
	enum { MANY = 1000000 };
	struct adoption	 a;
	struct meter	*m;
	uint64_t	 pos = 0, took;
	uint32_t	 flow[MAX_BATCH], n;
	pid_t		 pid;
	int		 i;

	map(1U << 20);
	if ((pid = fork()) == 0) {
		m = fixture_meter(&conf, es, send_nowhere, -1);
		for (n = 0; n < MANY;) {
			for (i = 0; i < MAX_BATCH; i++)
				flow[i] = n++;
			fixture_batch(m, flow, MAX_BATCH, T0 + n % 1000, &pos);
		}
		_exit(0);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, NULL, 0));
	conf.flags |= CONF_ADOPT;
	took = cpu_us();
	m = fixture_meter(&conf, es, send_nowhere, -1);
	ATF_REQUIRE_EQ(1, meter_adopt(m, &a));
	took = cpu_us() - took;
	printf("%u flows in %ju us\n", a.flows, (uintmax_t)took);
	ATF_CHECK_EQ(MANY, a.flows);
	ATF_CHECK_EQ(MANY, a.mark[0].frames);
	ATF_CHECK_EQ(0, a.skipped + a.lost);
	if (strcmp(atf_tc_get_config_var_wd(tc, "kind", "plain"), "asan") != 0)
		ATF_CHECK(took < 500000);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp,
	    random_octets_over_the_memory_do_not_stop_the_next_worker);
	ATF_TP_ADD_TC(tp,
	    random_octets_over_side_records_do_not_stop_it_either);
	ATF_TP_ADD_TC(tp, a_flow_with_a_damaged_extension_is_counted_lost);
	ATF_TP_ADD_TC(tp, a_table_fuller_than_it_can_be_is_cut);
	ATF_TP_ADD_TC(tp,
	    a_damaged_record_is_dropped_and_its_packets_counted_lost);
	ATF_TP_ADD_TC(tp,
	    a_type_of_service_in_the_key_is_right_at_its_level_only);
	ATF_TP_ADD_TC(tp, fragments_add_up_whatever_was_left);
	ATF_TP_ADD_TC(tp, without_a_state_its_flows_are_counted_lost);
	ATF_TP_ADD_TC(tp, a_million_flows_are_taken_over_in_half_a_second);
	return (atf_no_error());
}
