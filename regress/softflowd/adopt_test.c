/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Tests of adopt.c and of the order in which estate.c, track.c, export.c and
 * meter.c write: workers that are killed at any instruction, and memory that
 * no worker would leave.
 */

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atf-c.h>

#include "export_walk.h"
#include "meter_fixture.h"
#include "repeat.h"

#define FLOWS	256U			/* of the table */
#define TALKERS	1000U			/* more than it takes */
#define FRAMES	(1U << 22)

static struct msg_conf	 conf;
static struct estate	*es;
static int		 side;		/* with all there is of it */
static int		 spread;

/* What the collector got. */
#define COLLECTORS	3
static struct got {
	struct walk	 walk;
	struct repeat	 repeat;
	uint64_t	 packets;
	uint32_t	 datagrams;
} gots[COLLECTORS];
static uint64_t		 got_repeats, got_trains;

/* A train is sent whole or not at all; who receives it cuts it. */
static int	trains;
static size_t	cuts[64];		/* by descriptor */

static int
cut_at(int fd, size_t octets)
{
	cuts[fd] = octets;
	return (0);
}

static ssize_t
send_on(int fd, const void *data, size_t len)
{
	struct iovec	iov[2] = { { &cuts[fd], sizeof(*cuts) },
			    { NULL, len } };
	ssize_t		n;

	memcpy(&iov[1].iov_base, &data, sizeof(data));	/* was const */
	n = writev(fd, iov, 2);
	return (n == -1 ? -1 : n - (ssize_t)sizeof(*cuts));
}

static ssize_t
send_nowhere(int fd, const void *data, size_t len)
{
	(void)fd;
	(void)data;
	return ((ssize_t)len);
}

static uint64_t
now_us(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
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

static const struct counters *
left(void)
{
	return (&estate_current(es)->summary.counters);
}

/* Frames of any conversation from pos on, one each 10 us. */
static void
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

/* A worker's life; what it takes over tells where it goes on. */
static void
worker(int fd)
{
	struct adoption	 a = { 0 };
	uint64_t	 begun = es->batch;
	struct meter	*m = fixture_meter(&conf, es, send_on, fd);

	if (trains)
		meter_segments(m, cut_at);
	if (conf.flags & CONF_ADOPT && !meter_adopt(m, &a) && begun)
		_exit(91);
	work(m, a.mark[0].frames, FRAMES);
	fixture_expire_all(m);
	_exit(0);
}

static void
collect_one(const uint8_t *data, size_t len)
{
	static const struct exporter	 from;
	struct got			*got;
	struct walk			*walk;
	const char			*error;
	unsigned int			 i;

	ATF_REQUIRE(len >= 20 && data[19] < COLLECTORS);
	got = &gots[data[19]];		/* by its source id */
	walk = &got->walk;
	if (repeat_seen(&got->repeat, &from, data, len)) {
		got_repeats++;
		return;
	}
	error = walk_datagram(walk, data, len);
	ATF_REQUIRE_MSG(error == NULL, "datagram: %s", error);
	for (i = 0; side && i < walk->flows; i++)
		ATF_REQUIRE_MSG(walk->record[i].value[25] == 100 &&
		    walk->record[i].value[26] == 100, "lengths %ju and %ju",
		    (uintmax_t)walk->record[i].value[25],
		    (uintmax_t)walk->record[i].value[26]);
	ATF_REQUIRE_EQ_MSG(walk->sequence, got->datagrams,
	    "sequence %u, expected %u", walk->sequence, got->datagrams);
	got->datagrams++;
	for (i = 0; i < walk->flows; i++)
		got->packets += walk->record[i].value[2];
}

/* So many messages, or those that are there. */
static void
collect(int fd, unsigned int most)
{
	uint8_t		buf[16384];
	size_t		at, len, piece;
	ssize_t		n;

	while (most-- > 0 &&
	    (n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		memcpy(&piece, buf, sizeof(piece));
		len = (size_t)n - sizeof(piece);
		if (piece == 0 || piece > len)
			piece = len;
		else if (piece < len)
			got_trains++;
		for (at = 0; at < len; at += piece)
			collect_one(buf + sizeof(piece) + at,
			    len - at < piece ? len - at : piece);
	}
}

/* Let it live for so long, then kill it; whether it ended by itself. */
static int
live(pid_t pid, int fd, uint64_t us)
{
	struct pollfd	pfd = { .fd = fd, .events = POLLIN };
	uint64_t	end = now_us() + us;
	int		status;

	while (now_us() < end) {
		poll(&pfd, 1, 0);
		collect(fd, 1);		/* it may send without end */
	}
	kill(pid, SIGKILL);
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	collect(fd, UINT_MAX);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return (0);
	ATF_REQUIRE_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "status %d", status);
	return (1);
}

static void
kill_at_any_moment(void)
{
	const struct counters	*c;
	uint64_t		 random = (uint64_t)time(NULL), us;
	uint64_t		 packets = 0;
	uint32_t		 deaths, i;
	int			 sv[2];
	pid_t			 pid;

	printf("seed %ju\n", (uintmax_t)random);
	map(FLOWS);
	conf.spread = (uint32_t)spread;
	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM, 0, sv) == 0);
	for (deaths = 0; deaths < 100000; deaths++) {
		if ((pid = fork()) == 0) {
			close(sv[0]);	/* or it would wait for itself */
			alarm(60);
			worker(sv[1]);
		}
		ATF_REQUIRE(pid != -1);
		/* Some die while they take over what the one before left. */
		us = deaths % 2 == 0 ? 500 + fixture_random(&random) % 1500 :
		    fixture_random(&random) % 500;
		if (live(pid, sv[0], us))
			break;
		conf.flags |= CONF_ADOPT;
	}
	c = left();
	printf("%u deaths, %ju frames given up, %ju repeats of %ju counted\n",
	    deaths, (uintmax_t)c->frames_skipped, (uintmax_t)got_repeats,
	    (uintmax_t)c->datagrams_repeated);
	ATF_CHECK(deaths > 20);
	ATF_CHECK_STREQ("", fixture_sums(c) == NULL ? "" : fixture_sums(c));
	ATF_CHECK_EQ(FRAMES, c->frames + c->frames_skipped);
	ATF_CHECK(c->frames_skipped <= (uint64_t)deaths * MAX_BATCH);
	for (i = 0; i < fixture_collectors; i++) {
		packets += gots[i].packets;
		ATF_CHECK(gots[i].packets > 0);
		if (!conf.spread)
			ATF_CHECK_EQ(gots[i].packets, c->packets_exported);
	}
	if (conf.spread)
		ATF_CHECK_EQ(packets, c->packets_exported);
	ATF_CHECK_EQ(c->packets, c->packets_exported);
	/* Of a packet given up the octets may be there already. */
	ATF_CHECK(c->octets_exported >= 100 * c->packets &&
	    c->octets_exported <= 100 * (c->packets + deaths));
	ATF_CHECK_EQ(0, c->flows_lost);
	ATF_CHECK(c->expired_maxflows > 0);
	ATF_CHECK(got_repeats <= c->datagrams_repeated);
}

ATF_TC_WITHOUT_HEAD(a_death_at_any_moment_costs_only_the_batch_in_hand);
ATF_TC_BODY(a_death_at_any_moment_costs_only_the_batch_in_hand, tc)
{
	kill_at_any_moment();
	ATF_CHECK_EQ(0, got_trains);
}

ATF_TC_WITHOUT_HEAD(nor_does_it_cost_more_with_trains);
ATF_TC_BODY(nor_does_it_cost_more_with_trains, tc)
{
	trains = 1;
	kill_at_any_moment();
	ATF_CHECK(got_trains > 0);
}

ATF_TC_WITHOUT_HEAD(nor_with_side_records);
ATF_TC_BODY(nor_with_side_records, tc)
{
	trains = side = 1;
	kill_at_any_moment();
	ATF_CHECK(got_trains > 0);
}

ATF_TC_WITHOUT_HEAD(nor_does_any_of_several_collectors_miss_or_doubt_a_record);
ATF_TC_BODY(nor_does_any_of_several_collectors_miss_or_doubt_a_record, tc)
{
	trains = 1;
	fixture_collectors = COLLECTORS;
	kill_at_any_moment();
}

ATF_TC_WITHOUT_HEAD(nor_when_each_flow_is_for_one_of_them);
ATF_TC_BODY(nor_when_each_flow_is_for_one_of_them, tc)
{
	trains = spread = 1;
	fixture_collectors = COLLECTORS;
	kill_at_any_moment();
}

/*
 * Memory that no worker leaves
 */

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
	    a_death_at_any_moment_costs_only_the_batch_in_hand);
	ATF_TP_ADD_TC(tp, nor_does_it_cost_more_with_trains);
	ATF_TP_ADD_TC(tp, nor_with_side_records);
	ATF_TP_ADD_TC(tp,
	    nor_does_any_of_several_collectors_miss_or_doubt_a_record);
	ATF_TP_ADD_TC(tp, nor_when_each_flow_is_for_one_of_them);
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
