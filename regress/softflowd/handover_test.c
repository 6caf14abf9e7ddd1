/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A next worker takes over with other collectors, captures and settings: what
 * goes on, what begins anew, and that nothing is lost between.
 */

#include <sys/mman.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "compat.h"
#include "export_walk.h"
#include "meter_fixture.h"

#define FLOWS	256U
#define TALKERS	100U
#define LINES	8
#define NOBODY	LINES
#define CASE(name)	ATF_TC_WITHOUT_HEAD(name); ATF_TC_BODY(name, tc)

/* Collectors, whichever slot they have; shared with workers that die. */
static struct line {
	struct walk	walk;
	int		fd;
	uint32_t	datagrams;	/* as it counts them, and */
	uint32_t	next;		/* of v9, the next one's sequence */
	uint32_t	templates;
	uint64_t	packets;
} *lines;
static int	dies_at = -1;		/* a worker, in sending there */

/* Of each slot what the parent says. */
static struct msg_export	plan[MAX_EXPORT];
static int			who[MAX_EXPORT];	/* its line */
static unsigned int		slots;

static struct msg_conf	 conf;
static struct estate	*es;
static struct meter	*m;
static uint64_t		 pos;
static uint64_t		 random_state = 1;

/* Of PSAMP: selectors described as one packet, then none of so many. */
static uint8_t		 none_of;
static unsigned int	 nselectors;

static unsigned int
find_selector(const uint8_t *data, size_t len)
{
	const uint8_t	selector[] = { 0, 1, 0, 0, 0, 1, 0, 0, 0, none_of };

	for (; len >= sizeof(selector); data++, len--)
		if (memcmp(data, selector, sizeof(selector)) == 0)
			return (1);
	return (0);
}

static ssize_t
send_line(int fd, const void *data, size_t len)
{
	struct line	*l;
	const char	*error;
	unsigned int	 i;

	for (l = lines; l->fd != fd; l++)
		ATF_REQUIRE(l < lines + LINES);
	if (l - lines == dies_at)
		_exit(0);
	if (plan[0].format.version == VERSION_PSAMP) {
		nselectors += find_selector(data, len);
		return ((ssize_t)len);
	}
	error = walk_datagram(&l->walk, data, len);
	ATF_REQUIRE_MSG(error == NULL, "%s", error);
	if (l->walk.version == 9 && l->datagrams > 0)
		ATF_CHECK_EQ(l->next, l->walk.sequence);
	l->next = l->walk.sequence + 1;
	l->datagrams++;
	l->templates += l->walk.templates;
	for (i = 0; i < l->walk.flows; i++)
		l->packets += l->walk.record[i].value[2];
	return ((ssize_t)len);
}

static void
start(void)
{
	void	*p;

	conf = fixture_conf(FLOWS);
	p = mmap(NULL, estate_size(FLOWS, 0), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	ATF_REQUIRE(p != MAP_FAILED);
	es = p;
	p = mmap(NULL, LINES * sizeof(*lines), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	ATF_REQUIRE(p != MAP_FAILED);
	lines = p;
}

/* What the parent will say of a slot to the workers from now on. */
static void
slot_is(unsigned int slot, int line, uint16_t version, uint32_t flags)
{
	struct msg_export	*e = &plan[slot];

	memset(e, 0, sizeof(*e));
	e->slot = slot;
	e->flags = flags;
	who[slot] = line;
	if (line != NOBODY) {
		e->payload_max = 1400;
		e->format.version = version;
		e->source_id = (uint32_t)line;
	}
	if (slot >= slots)
		slots = slot + 1;
}

static struct adoption
begin_worker(void)
{
	struct export_clock	clock = { .unix_us = T0, .uptime_ms = 1000 };
	struct adoption		a = { 0 };
	unsigned int		i;
	int			fd;

	ATF_REQUIRE((m = meter_new(&conf, es, send_line)) != NULL);
	for (i = 0; i < LINES; i++)
		lines[i].fd = -1;
	for (i = 0; i < slots; i++) {
		fd = -1;
		if (who[i] != NOBODY) {
			ATF_REQUIRE((fd = open("/dev/null", O_WRONLY)) != -1);
			lines[who[i]].fd = fd;
		}
		ATF_REQUIRE_EQ(0, meter_add_export(m, fd, &plan[i]));
	}
	meter_set_clock(m, &clock);
	if (conf.flags & CONF_ADOPT)
		ATF_REQUIRE(meter_adopt(m, &a));
	for (i = 0; i < slots; i++)
		plan[i].flags &= ~(uint32_t)MSG_EXPORT_FRESH;
	return (a);
}

/* As engine_handover.c leaves, and what the parent knows then. */
static void
leave(void)
{
	meter_flush(m);
	conf.counters = *meter_counters(m);
	conf.flags |= CONF_ADOPT;
}

static void
work(unsigned int batches)
{
	uint32_t	flow[MAX_BATCH];
	int		i;

	for (; batches > 0; batches--) {
		for (i = 0; i < MAX_BATCH; i++)
			flow[i] = fixture_random(&random_state) % TALKERS;
		fixture_batch(m, flow, MAX_BATCH, T0 + pos * 5000, &pos);
		meter_tick(m, meter_now(m));
	}
}

static void
check_sums(void)
{
	const char	*wrong;

	fixture_expire_all(m);
	wrong = fixture_sums(meter_counters(m));
	ATF_CHECK_MSG(wrong == NULL, "%s", wrong);
	ATF_CHECK_EQ(0, meter_counters(m)->packets_lost);
	ATF_CHECK_EQ(0, meter_counters(m)->frames_skipped);
}

static const struct summary_export *
row(unsigned int slot)
{
	static struct summary_export	rows[MAX_EXPORT];
	unsigned int			n;

	n = meter_exports(m, rows, MAX_EXPORT);
	while (n-- > 0)
		if (rows[n].slot == slot)
			return (&rows[n]);
	return (NULL);
}

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

CASE(another_socket_takes_the_place_of_a_datagram_collectors)
{
	struct msg_export	up;
	int			old;

	start();
	slot_is(0, 0, 9, 0);
	begin_worker();
	work(20);
	meter_flush(m);
	ATF_REQUIRE(lines[0].datagrams > 0);
	old = lines[0].fd;
	up = plan[0];
	up.remote = (struct msg_addr){ { 192, 0, 2, 7 }, 2055, 4, 0 };
	lines[0].templates = 0;
	ATF_REQUIRE((lines[0].fd = open("/dev/null", O_WRONLY)) != -1);
	meter_export_up(m, lines[0].fd, &up);
	ATF_CHECK_EQ(-1, fcntl(old, F_GETFD));
	ATF_CHECK_EQ(7, row(0)->remote.addr[3]);
	work(20);
	check_sums();		/* and of the sequence, send_line() */
	ATF_CHECK(lines[0].templates > 0);
	ATF_CHECK_EQ(pos, lines[0].packets);
}

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
	ATF_TP_ADD_TC(tp, new_timeouts_hold_for_flows_that_are_there);
	ATF_TP_ADD_TC(tp, sampling_changes_at_once_and_records_say_so);
	ATF_TP_ADD_TC(tp,
	    a_selector_is_described_anew_when_sampling_changes);
	ATF_TP_ADD_TC(tp, the_next_worker_has_the_settings_of_its_own);
	ATF_TP_ADD_TC(tp,
	    own_datagrams_are_accounted_from_the_worker_on_that_shall);
	ATF_TP_ADD_TC(tp, a_slot_of_another_interface_begins_anew);
	ATF_TP_ADD_TC(tp, an_interface_under_a_new_name_keeps_its_slot);
	ATF_TP_ADD_TC(tp,
	    where_a_fresh_capture_was_read_is_told_by_no_worker_before);
	return (atf_no_error());
}
