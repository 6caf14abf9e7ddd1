/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Packets that are reported instead of accounted to flows. */

#include <sys/mman.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "meter_fixture.h"
#include "order.h"
#include "pace.h"
#include "psamp_read.h"

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

#define FLOWS	64
#define FRAMES	2000
#define SENT	16384
#define FLOW_FD	1000		/* of a collector that wants flows */

/* Lives on when a worker dies. */
static struct shared {
	uint64_t	n;		/* sent */
	uint64_t	die_at;		/* in the midst of this one; 0: no */
	uint64_t	len[SENT];
	uint8_t		data[SENT][1500];
} *shared;

static struct estate	*es;
static struct msg_conf	 conf;

static ssize_t
record_send(int fd, const void *data, size_t len)
{
	if (fd == FLOW_FD)
		return ((ssize_t)len);
	if (shared->n == SENT || len > sizeof(shared->data[0]))
		_exit(95);
	memcpy(shared->data[shared->n], data, len);
	shared->len[shared->n] = len;
	order_stores();			/* it may be killed anywhere */
	shared->n++;
	if (shared->n == shared->die_at)
		_exit(0);
	return ((ssize_t)len);
}

static void *
map(size_t octets)
{
	void	*at;

	at = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON,
	    -1, 0);
	ATF_REQUIRE(at != MAP_FAILED);
	return (at);
}

static void
start(void)
{
	shared = map(sizeof(*shared));
	es = map(estate_size(FLOWS, 0));
	conf = fixture_conf(FLOWS);
	fixture_version = VERSION_PSAMP;
	conf.snaplen = DEFAULT_SNAPLEN;
}

/* Frames of 64 conversations up to end. */
static void
work(struct meter *m, uint64_t pos, uint64_t end)
{
	uint32_t	flow[MAX_BATCH];
	int		i, n;

	while (pos < end) {
		n = end - pos < MAX_BATCH ? (int)(end - pos) : MAX_BATCH;
		for (i = 0; i < n; i++)
			flow[i] = (uint32_t)(pos + (uint64_t)i) % FLOWS;
		fixture_batch(m, flow, n, T0 + pos * 10, &pos);
	}
}

/* Reports in what was sent. */
static unsigned int
read_all(struct counters *got, uint32_t *caplen)
{
	static struct psamp_reader	 reader;
	struct psamp_report		 report;
	const struct msg_addr		 from = { .family = 4 };
	unsigned int			 reports = 0;
	uint64_t			 i;

	memset(&reader, 0, sizeof(reader));
	memset(got, 0, sizeof(*got));
	for (i = 0; i < shared->n; i++) {
		ATF_REQUIRE(psamp_begin(&reader, &from, shared->data[i],
		    shared->len[i], got) != -1);
		for (; psamp_next(&reader, &report); reports++)
			*caplen = report.frame.caplen;
	}
	return (reports);
}

CASE(each_packet_is_reported_and_makes_no_flow)
{
	const struct counters	*c;
	struct counters		 got;
	struct meter		*m;
	uint32_t		 caplen;

	start();
	m = fixture_meter(&conf, es, record_send, open("/dev/null", O_RDWR));
	work(m, 0, FRAMES);
	meter_flush(m);
	c = meter_counters(m);
	ATF_CHECK_EQ(FRAMES, c->frames);
	ATF_CHECK_EQ(FRAMES, c->packets_reported);
	ATF_CHECK_EQ(0, c->packets + c->flows);
	ATF_CHECK_EQ(NULL, fixture_sums(c));
	ATF_CHECK_EQ(FRAMES, read_all(&got, &caplen));
	ATF_CHECK_EQ(0, got.psamp_missing);
	ATF_CHECK_EQ(64, caplen);
}

CASE(snap_length_limits_sections)
{
	struct counters	 got;
	struct meter	*m;
	uint32_t	 caplen;

	start();
	conf.snaplen = 40;
	m = fixture_meter(&conf, es, record_send, open("/dev/null", O_RDWR));
	work(m, 0, 10);
	meter_flush(m);
	ATF_CHECK_EQ(10, read_all(&got, &caplen));
	ATF_CHECK_EQ(40, caplen);
}

CASE(packets_that_are_not_sampled_are_not_reported)
{
	const struct counters	*c;
	struct counters		 got;
	struct meter		*m;
	uint32_t		 caplen;

	start();
	conf.sampling = 10;
	m = fixture_meter(&conf, es, record_send, open("/dev/null", O_RDWR));
	work(m, 0, FRAMES);
	meter_flush(m);
	c = meter_counters(m);
	ATF_CHECK_EQ(FRAMES / 10, c->packets_reported);
	ATF_CHECK_EQ(FRAMES - FRAMES / 10, c->not_sampled);
	ATF_CHECK_EQ(NULL, fixture_sums(c));
	ATF_CHECK_EQ(FRAMES / 10, read_all(&got, &caplen));
}

/* In the last datagram: the only record of its last set. */
static uint64_t
last_number(size_t from_end)
{
	const uint8_t	*p = shared->data[shared->n - 1];
	uint64_t	 value = 0;
	int		 i;

	p += shared->len[shared->n - 1] - from_end;
	for (i = 0; i < 8; i++)
		value = value << 8 | p[i];
	return (value);
}

CASE(statistics_tell_how_many_packets_were_selected)
{
	struct export_clock	 clock = { .unix_us = T0, .uptime_ms = 1000 };
	struct meter		*m;

	start();
	conf.sampling = 10;
	conf.statistics_seconds = 60;
	m = fixture_meter(&conf, es, record_send, open("/dev/null", O_RDWR));
	meter_tick(m, T0);
	ATF_CHECK_EQ(0, last_number(16));
	work(m, 0, FRAMES);
	clock.unix_us += 60000000;
	clock.uptime_ms += 60000;
	meter_set_clock(m, &clock);
	meter_tick(m, T0 + 60000000);
	ATF_CHECK_EQ(FRAMES, last_number(16));
	ATF_CHECK_EQ(FRAMES / 10, last_number(8));
}

CASE(our_own_reports_are_not_reported)
{
	struct export_clock	 clock = { .unix_us = T0, .uptime_ms = 1000 };
	struct msg_export	 dest = { .payload_max = 1400 };
	struct meter		*m;

	start();
	/* The fixture's first conversation is to be ours. */
	dest.local = (struct msg_addr){ { 10, 0, 0, 0 }, 5000, 4, 0 };
	dest.remote = (struct msg_addr){ { 192, 0, 2, 1 }, 53, 4, 0 };
	dest.format.version = VERSION_PSAMP;
	m = meter_new(&conf, es, record_send);
	ATF_REQUIRE(m != NULL);
	ATF_REQUIRE_EQ(0, meter_add_export(m, open("/dev/null", O_RDWR),
	    &dest));
	meter_set_clock(m, &clock);
	work(m, 0, 640);
	meter_flush(m);
	ATF_CHECK_EQ(10, meter_counters(m)->own_export);
	ATF_CHECK_EQ(630, meter_counters(m)->packets_reported);
	ATF_CHECK_EQ(NULL, fixture_sums(meter_counters(m)));
}

/* A second collector, which wants IPFIX; to another descriptor. */
static void
add_ipfix(struct meter *m)
{
	struct msg_export	dest = { .slot = 1, .payload_max = 1400 };

	dest.format.version = 10;
	ATF_REQUIRE_EQ(0, meter_add_export(m, FLOW_FD, &dest));
}

CASE(packets_are_reported_to_one_and_accounted_to_flows_for_another)
{
	const struct counters	*c;
	struct summary_export	 rows[2];
	struct counters		 got;
	struct meter		*m;
	uint32_t		 caplen;

	start();
	m = fixture_meter(&conf, es, record_send, open("/dev/null", O_RDWR));
	add_ipfix(m);
	work(m, 0, FRAMES);
	fixture_expire_all(m);
	c = meter_counters(m);
	ATF_CHECK_EQ(FRAMES, c->packets);
	ATF_CHECK_EQ(FRAMES, c->packets_exported);
	ATF_CHECK_EQ(0, c->packets_reported);
	ATF_CHECK_EQ(NULL, fixture_sums(c));
	ATF_CHECK_EQ(FRAMES, read_all(&got, &caplen));
	ATF_REQUIRE_EQ(2, meter_exports(m, rows, 2));
	ATF_CHECK_EQ(FRAMES, rows[0].counters.records);
	ATF_CHECK_EQ(0, rows[0].counters.records_not_exportable);
	ATF_CHECK_EQ(FLOWS, rows[1].counters.records);
}

CASE(reports_above_the_rate_of_a_collector_are_lost_and_counted)
{
	struct msg_export	 dest = { .payload_max = 1400, .rate = 10000 };
	struct export_clock	 clock = { .unix_us = T0, .uptime_ms = 1000 };
	struct summary_export	 row;
	struct counters		 got;
	struct meter		*m;
	uint32_t		 caplen;

	start();
	dest.format.version = VERSION_PSAMP;
	ATF_REQUIRE((m = meter_new(&conf, es, record_send)) != NULL);
	ATF_REQUIRE_EQ(0, meter_add_export(m, open("/dev/null", O_RDWR),
	    &dest));
	meter_set_clock(m, &clock);
	work(m, 0, FRAMES);
	meter_flush(m);
	ATF_REQUIRE_EQ(1, meter_exports(m, &row, 1));
	ATF_CHECK(row.counters.octets < 10000 + PACE_BURST + 2 * 1400);
	ATF_CHECK(row.counters.records_lost > FRAMES / 2);
	ATF_CHECK_EQ(FRAMES, row.counters.records + row.counters.records_lost);
	ATF_CHECK_EQ(row.counters.records, read_all(&got, &caplen));
	ATF_CHECK_EQ(FRAMES, meter_counters(m)->packets_reported);
	ATF_CHECK_EQ(NULL, fixture_sums(meter_counters(m)));
}

CASE(without_a_collector_packets_are_accounted_to_flows)
{
	struct meter	*m;

	start();
	ATF_REQUIRE((m = meter_new(&conf, es, record_send)) != NULL);
	work(m, 0, FRAMES);
	fixture_expire_all(m);
	ATF_CHECK_EQ(FRAMES, meter_counters(m)->packets);
	ATF_CHECK_EQ(NULL, fixture_sums(meter_counters(m)));
}

/* A worker's life, up to so many frames; what it takes over goes on. */
static __attribute__((__noreturn__)) void
worker(uint64_t frames, int status)
{
	struct adoption	 a = { 0 };
	uint64_t	 begun = es->batch;
	struct meter	*m;

	m = fixture_meter(&conf, es, record_send, open("/dev/null", O_RDWR));
	if (conf.flags & CONF_ADOPT && !meter_adopt(m, &a) && begun)
		_exit(91);
	work(m, a.mark[0].frames, frames);
	meter_flush(m);
	_exit(status);
}

/* One which ends with the datagram die_at. */
static void
live(uint64_t die_at)
{
	pid_t		 pid;
	int		 status;

	shared->die_at = die_at;
	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0)
		worker(FRAMES, die_at == 0 ? 0 : 92);
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_REQUIRE_EQ_MSG(0, status, "datagram %ju: %#x", (uintmax_t)die_at,
	    (unsigned int)status);
}

CASE(reports_of_a_dead_worker_are_reported_or_given_up)
{
	const struct counters	*c;
	struct counters		 got;
	uint64_t		 die_at;
	uint32_t		 caplen;
	unsigned int		 reports;

	for (die_at = 1; die_at < 60; die_at++) {
		start();
		live(die_at);
		conf.flags |= CONF_ADOPT;
		live(die_at + 7);
		live(0);
		c = &estate_current(es)->summary.counters;
		ATF_CHECK_EQ(NULL, fixture_sums(c));
		ATF_CHECK_EQ_MSG(FRAMES, c->frames + c->frames_skipped,
		    "%ju frames, %ju given up", (uintmax_t)c->frames,
		    (uintmax_t)c->frames_skipped);
		ATF_CHECK(c->frames_skipped <= 2 * 3 * MAX_BATCH);
		ATF_CHECK_EQ(c->packets_reported, c->frames);
		reports = read_all(&got, &caplen);
		ATF_CHECK(reports >= c->packets_reported);
		ATF_CHECK_EQ(0, got.psamp_missing);
		munmap(shared, sizeof(*shared));
		munmap(es, estate_size(FLOWS, 0));
	}
}

CASE(a_death_at_any_moment_gives_up_what_was_in_hand_only)
{
	const struct counters	*c;
	struct counters		 got;
	uint64_t		 random = 1;
	uint32_t		 caplen;
	unsigned int		 deaths;
	pid_t			 pid;
	int			 status;

	start();
	for (deaths = 0; deaths < 10000; deaths++) {
		ATF_REQUIRE((pid = fork()) != -1);
		if (pid == 0)
			worker(40 * FRAMES, 0);
		usleep(200 + fixture_random(&random) % 800);
		kill(pid, SIGKILL);
		ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
		if (!WIFSIGNALED(status))
			break;
		conf.flags |= CONF_ADOPT;
	}
	ATF_REQUIRE_EQ(0, status);
	c = &estate_current(es)->summary.counters;
	printf("%u deaths, %ju frames given up\n", deaths,
	    (uintmax_t)c->frames_skipped);
	ATF_CHECK(deaths > 0);
	ATF_CHECK_EQ(NULL, fixture_sums(c));
	ATF_CHECK_EQ(40 * FRAMES, c->frames + c->frames_skipped);
	ATF_CHECK(c->frames_skipped <= deaths * 3 * MAX_BATCH);
	ATF_CHECK(read_all(&got, &caplen) >= c->packets_reported);
	ATF_CHECK_EQ(0, got.psamp_missing);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_packet_is_reported_and_makes_no_flow);
	ATF_TP_ADD_TC(tp, snap_length_limits_sections);
	ATF_TP_ADD_TC(tp, packets_that_are_not_sampled_are_not_reported);
	ATF_TP_ADD_TC(tp, statistics_tell_how_many_packets_were_selected);
	ATF_TP_ADD_TC(tp, our_own_reports_are_not_reported);
	ATF_TP_ADD_TC(tp,
	    packets_are_reported_to_one_and_accounted_to_flows_for_another);
	ATF_TP_ADD_TC(tp,
	    reports_above_the_rate_of_a_collector_are_lost_and_counted);
	ATF_TP_ADD_TC(tp, without_a_collector_packets_are_accounted_to_flows);
	ATF_TP_ADD_TC(tp, reports_of_a_dead_worker_are_reported_or_given_up);
	ATF_TP_ADD_TC(tp,
	    a_death_at_any_moment_gives_up_what_was_in_hand_only);
	return (atf_no_error());
}
