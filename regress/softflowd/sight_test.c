/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Tests of meter_sight.c: packets that are seen on more than one interface
 * count once, whichever sighting is read first and whenever a worker dies.
 */

#include <sys/mman.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atf-c.h>

#include "interface.h"
#include "meter_fixture.h"

#define FLOWS	64U
#define PACKETS	(1U << 19)
#define SIZE	64		/* octets of a frame */

enum { ETH0 = 1, ETH1, BR0 };	/* slots; ETH0 is a member of BR0 */

static struct msg_conf	 conf;
static struct estate	*es;
static struct meter	*m;
static uint64_t		 at;	/* frames so far */
static uint64_t		 later_us;	/* than they would be */

static ssize_t
send_nowhere(int fd, const void *data, size_t len)
{
	(void)fd;
	(void)data;
	return ((ssize_t)len);
}

static void
map(void)
{
	es = mmap(NULL, estate_size(FLOWS, 0), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	ATF_REQUIRE(es != MAP_FAILED);
	conf = fixture_conf(FLOWS);
}

static void
learn(void)
{
	struct msg_interfaces	msg = { .captures = 1, .count = 3,
				    .pairs = 1 };
	uint32_t		i;

	for (i = 0; i < msg.count; i++)
		msg.interface[i].ifindex = msg.interface[i].number = i + 1;
	msg.pair[0].first = ETH0;
	msg.pair[0].again = BR0;
	if (interfaces_learn(&msg) == -1)
		_exit(95);
}

static void
start(void)
{
	map();
	m = fixture_meter(&conf, es, send_nowhere, -1);
	learn();
}

/* One packet of 100 octets of a flow; back: its answer, of 300. */
static void
frame(uint32_t flow, int back, uint8_t slot, int outgoing)
{
	static const uint8_t	model[SIZE] = {
		2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
		0x45, 0, 0, 100, 0, 1, 0x40, 0, 64, 17, 0, 0,
		10, 0, 0, 0, 192, 0, 2, 1, 0x13, 0x88, 0, 53, 0, 80, 0, 0
	};
	uint8_t			data[SIZE];
	struct frame		f = { .data = data, .caplen = SIZE,
				    .wirelen = 314, .slot = slot,
				    .outgoing = (uint8_t)outgoing };

	memcpy(data, model, SIZE);
	data[29] = (uint8_t)flow;
	if (back) {
		memcpy(data + 26, model + 30, 4);
		memcpy(data + 30, model + 26, 4);
		memcpy(data + 34, model + 36, 2);
		memcpy(data + 36, model + 34, 2);
		data[33] = (uint8_t)flow;
		data[16] = 300 >> 8;
		data[17] = 300 & 0xff;
	}
	f.time_us = T0 + later_us + at++ * 10;
	meter_frame(m, &f);
}

static void
sight(int times, int back, uint8_t slot, int outgoing)
{
	const struct capture_mark	mark = { 0, at };

	meter_batch(m, 0, LINK_ETHERNET, &mark);
	while (times-- > 0)
		frame(1, back, slot, outgoing);
	meter_account(m);
}

static struct flow *
the_flow(void)
{
	return (track_flow(meter_table(m), 0));
}

/* 10.0.0.1 is the lower one: its direction is 0. */
static void
check_flow(int dir, uint64_t packets, uint8_t in, uint8_t out)
{
	const struct flow	*f = the_flow();

	ATF_CHECK_EQ(packets, f->packets[dir]);
	ATF_CHECK_EQ(packets * (dir == 0 ? 100 : 300), f->octets[dir]);
	ATF_CHECK_EQ(in, f->in[dir]);
	ATF_CHECK_EQ(out, f->out[dir]);
}

/* What is in the table and what was seen once more is all there was. */
static void
check_sums(uint64_t seconds)
{
	const struct counters	*c = meter_counters(m);

	ATF_CHECK_EQ(at, c->frames);
	ATF_CHECK_EQ(seconds, c->second_sightings);
	ATF_CHECK_EQ(at - seconds, c->packets);
	ATF_CHECK_EQ(the_flow()->octets[0] + the_flow()->octets[1],
	    c->octets);
	fixture_expire_all(m);
	ATF_CHECK(fixture_sums(c) == NULL);
	ATF_CHECK_EQ(at - seconds, c->packets_exported);
}

ATF_TC_WITHOUT_HEAD(packet_counts_where_it_came_in);
ATF_TC_BODY(packet_counts_where_it_came_in, tc)
{
	start();
	sight(3, 0, ETH0, 0);
	sight(3, 0, ETH1, 1);
	sight(2, 1, ETH1, 0);
	sight(2, 1, ETH0, 1);
	check_flow(0, 3, ETH0, ETH1);
	check_flow(1, 2, ETH1, ETH0);
	check_sums(5);
}

ATF_TC_WITHOUT_HEAD(it_does_so_when_its_leaving_was_read_first);
ATF_TC_BODY(it_does_so_when_its_leaving_was_read_first, tc)
{
	start();
	sight(3, 0, ETH1, 1);
	check_flow(0, 3, 0, ETH1);
	ATF_CHECK_EQ(1, interface_direction(the_flow(), 0, NULL));
	sight(2, 1, ETH0, 1);
	sight(1, 0, ETH0, 0);
	check_flow(0, 1, ETH0, ETH1);
	ATF_CHECK_EQ(0, interface_direction(the_flow(), 0, NULL));
	check_flow(1, 2, 0, ETH0);
	sight(2, 0, ETH0, 0);
	sight(2, 1, ETH1, 0);
	sight(1, 0, ETH1, 1);
	check_flow(0, 3, ETH0, ETH1);
	check_flow(1, 2, ETH1, ETH0);
	check_sums(3 + 2 + 1);
}

ATF_TC_WITHOUT_HEAD(packet_only_seen_leaving_counts_there);
ATF_TC_BODY(packet_only_seen_leaving_counts_there, tc)
{
	start();
	sight(4, 0, ETH1, 1);
	sight(2, 0, ETH0, 1);	/* the route has changed */
	check_flow(0, 6, 0, ETH1);
	check_sums(0);
}

ATF_TC_WITHOUT_HEAD(what_comes_in_on_two_interfaces_counts_on_the_first);
ATF_TC_BODY(what_comes_in_on_two_interfaces_counts_on_the_first, tc)
{
	start();
	sight(2, 0, ETH0, 0);
	sight(3, 0, ETH1, 0);
	check_flow(0, 5, ETH0, 0);
	check_sums(0);
}

ATF_TC_WITHOUT_HEAD(frames_that_say_nothing_count_all);
ATF_TC_BODY(frames_that_say_nothing_count_all, tc)
{
	start();
	sight(2, 0, 0, 0);
	sight(2, 0, 0, 0);
	check_flow(0, 4, 0, 0);
	ATF_CHECK_EQ(255, interface_direction(the_flow(), 0, NULL));
	check_sums(0);
}

ATF_TC_WITHOUT_HEAD(interfaces_beyond_the_table_keep_the_rule);
ATF_TC_BODY(interfaces_beyond_the_table_keep_the_rule, tc)
{
	start();
	sight(2, 0, INTERFACE_OTHER, 1);
	sight(2, 0, INTERFACE_OTHER, 0);
	check_flow(0, 2, INTERFACE_OTHER, INTERFACE_OTHER);
	check_sums(2);
}

ATF_TC_WITHOUT_HEAD(packet_on_bridge_and_member_counts_on_the_member);
ATF_TC_BODY(packet_on_bridge_and_member_counts_on_the_member, tc)
{
	start();
	sight(2, 0, ETH0, 0);
	sight(2, 0, BR0, 0);
	check_flow(0, 2, ETH0, 0);
	/* The other way it leaves, and the bridge is read first. */
	sight(3, 1, BR0, 1);
	check_flow(1, 3, 0, BR0);
	sight(3, 1, ETH0, 1);
	check_flow(1, 3, 0, ETH0);
	sight(1, 1, BR0, 1);
	check_sums(2 + 3 + 1);
}

ATF_TC_WITHOUT_HEAD(member_read_behind_its_bridge_counts_instead);
ATF_TC_BODY(member_read_behind_its_bridge_counts_instead, tc)
{
	start();
	sight(3, 0, BR0, 0);
	check_flow(0, 3, BR0, 0);
	sight(3, 0, ETH0, 0);
	check_flow(0, 3, ETH0, 0);
	sight(2, 0, BR0, 0);
	/* By a member that is not watched: the bridge is all that sees it. */
	sight(2, 1, BR0, 0);
	check_flow(1, 2, BR0, 0);
	check_sums(5);
}

ATF_TC_WITHOUT_HEAD(own_datagrams_are_no_flow_unless_they_shall_be);
ATF_TC_BODY(own_datagrams_are_no_flow_unless_they_shall_be, tc)
{
	struct msg_export	dest = { .slot = 1, .payload_max = 1400 };
	int			keep;

	for (keep = 0; keep < 2; keep++) {
		map();
		at = 0;
		conf.flags = keep ? CONF_KEEP_OWN : 0;
		m = fixture_meter(&conf, es, send_nowhere, -1);
		learn();
		memcpy(dest.local.addr, "\12\0\0\1", 4);
		memcpy(dest.remote.addr, "\300\0\2\1", 4);
		dest.local.family = dest.remote.family = 4;
		dest.local.port = 5000;
		dest.remote.port = 53;
		dest.slot = 1;
		dest.format.version = 9;
		ATF_REQUIRE_EQ(0, meter_add_export(m, -1, &dest));
		sight(3, 0, ETH1, 1);
		sight(1, 0, ETH0, 0);
		ATF_CHECK_EQ(keep ? 0 : 4, meter_counters(m)->own_export);
		ATF_CHECK_EQ(keep ? 1 : 0, meter_counters(m)->packets);
		ATF_CHECK_EQ(keep ? 3 : 0,
		    meter_counters(m)->second_sightings);
		fixture_expire_all(m);
		ATF_CHECK(fixture_sums(meter_counters(m)) == NULL);
	}
}

/*
 * Forgeries: whoever is at the other end of a flow can send what looks like
 * its outgoing direction, and hide it at most while it begins.
 */

ATF_TC_WITHOUT_HEAD(a_forged_frame_on_the_interface_it_leaves_by_hides_nothing);
ATF_TC_BODY(a_forged_frame_on_the_interface_it_leaves_by_hides_nothing, tc)
{
	start();
	sight(32, 0, ETH0, 1);
	sight(1, 0, ETH0, 0);
	sight(32, 0, ETH0, 1);
	check_flow(0, 65, ETH0, ETH0);
	ATF_CHECK_EQ(0, meter_counters(m)->second_sightings);
}

ATF_TC_WITHOUT_HEAD(a_late_frame_that_comes_in_takes_nothing_back);
ATF_TC_BODY(a_late_frame_that_comes_in_takes_nothing_back, tc)
{
	start();
	sight(16, 0, ETH1, 1);
	later_us += 900000;
	sight(16, 0, ETH1, 1);
	later_us += 900000;
	sight(1, 0, ETH0, 0);
	sight(32, 0, ETH1, 1);
	check_flow(0, 65, 0, ETH1);
	ATF_CHECK_EQ(0, meter_counters(m)->second_sightings);
}

ATF_TC_WITHOUT_HEAD(a_late_frame_on_the_upper_device_takes_nothing_back);
ATF_TC_BODY(a_late_frame_on_the_upper_device_takes_nothing_back, tc)
{
	start();
	sight(16, 0, BR0, 0);
	later_us += 900000;
	sight(16, 0, BR0, 0);
	later_us += 900000;
	sight(1, 0, ETH0, 0);
	sight(32, 0, BR0, 0);
	check_flow(0, 65, BR0, 0);
	ATF_CHECK_EQ(0, meter_counters(m)->second_sightings);
}

/*
 * Deaths
 */

/* Take over memory as it is; the next worker's counters. */
static const struct counters *
take_over(struct adoption *a)
{
	conf.flags |= CONF_ADOPT;
	m = fixture_meter(&conf, es, send_nowhere, -1);
	ATF_REQUIRE_EQ(1, meter_adopt(m, a));
	learn();
	return (meter_counters(m));
}

ATF_TC_WITHOUT_HEAD(a_death_in_the_move_changes_no_sum);
ATF_TC_BODY(a_death_in_the_move_changes_no_sum, tc)
{
	const struct counters	*c;
	struct adoption		 a;
	uint8_t			*before, *after;
	size_t			 size = estate_size(FLOWS, 0);
	struct estate		*late;
	int			 step;

	start();
	sight(5, 0, ETH1, 1);
	sight(2, 1, ETH1, 0);
	ATF_REQUIRE((before = malloc(size)) != NULL);
	ATF_REQUIRE((after = malloc(size)) != NULL);
	memcpy(before, es, size);
	conf.counters = *meter_counters(m);	/* as last reported */
	sight(1, 0, ETH0, 0);
	check_flow(0, 1, ETH0, ETH1);
	memcpy(after, es, size);
	late = (struct estate *)(void *)after;
	for (step = 0; step < 4; step++) {
		/* 0: not begun; 1: said; 2: half done; 3: done. */
		memcpy(es, step < 3 ? before : after, size);
		es->current = ((struct estate *)(void *)before)->current;
		es->state[es->current] =
		    ((struct estate *)(void *)before)->state[es->current];
		es->batch = late->batch;
		memcpy(es->place, late->place, sizeof(es->place));
		if (step > 0) {
			es->moves = late->moves;
			memcpy(es->move, late->move, sizeof(es->move));
			es->move[es->moves % 2].done = step == 3;
		}
		if (step == 2) {
			estate_records(es).flows[0].octets[0] = 100;
			estate_records(es).flows[0].last_us[0] = 0;
		}
		c = take_over(&a);
		ATF_CHECK_EQ(step == 0 ? 1 : 0, a.skipped);
		ATF_CHECK_EQ(0, a.lost);
		ATF_CHECK_EQ(8, c->frames + a.skipped);
		ATF_CHECK_EQ(step == 0 ? 0 : 5, c->second_sightings);
		ATF_CHECK_EQ(step == 0 ? 7 : 3, c->packets);
		ATF_CHECK_EQ(step == 0 ? 1100 : 700, c->octets);
		ATF_CHECK_EQ(0, c->packets_lost + c->flows_lost);
		check_flow(0, step == 0 ? 5 : 1, step == 0 ? 0 : ETH0, ETH1);
		/* And the next takes it for done, whatever came since. */
		sight(32, 0, ETH0, 0);
		c = take_over(&a);
		ATF_CHECK_EQ(0, a.lost);
		ATF_CHECK_EQ(5, c->second_sightings);
		ATF_CHECK_EQ(40, c->frames + c->frames_skipped);
		fixture_expire_all(m);
		ATF_CHECK(fixture_sums(meter_counters(m)) == NULL);
	}
}

ATF_TC_WITHOUT_HEAD(record_of_an_unknown_interface_is_dropped);
ATF_TC_BODY(record_of_an_unknown_interface_is_dropped, tc)
{
	const struct counters	*c;
	struct adoption		 a;

	start();
	sight(5, 0, ETH0, 0);
	the_flow()->out[0] = BR0 + 1;
	c = take_over(&a);
	ATF_CHECK_EQ(5, a.lost);
	ATF_CHECK_EQ(5, c->packets_lost);
	ATF_CHECK_EQ(1, c->flows_lost);
	fixture_expire_all(m);
	ATF_CHECK(fixture_sums(meter_counters(m)) == NULL);
}

/*
 * Two captures: what comes in on the first leaves on the second, which is
 * ahead by far at times.
 */
static void
forward(uint64_t pos[2])
{
	struct capture_mark	mark = { 0, 0 };
	uint64_t		random;
	int			i, s;

	for (s = 0; pos[0] < PACKETS || pos[1] < PACKETS; s = !s) {
		if (pos[s] == PACKETS || (s == 0 && pos[1] % 8192 < 4096 &&
		    pos[1] < PACKETS))
			continue;
		mark.frames = pos[s];
		meter_batch(m, (unsigned int)s, LINK_ETHERNET, &mark);
		for (i = 0; i < MAX_BATCH && pos[s] < PACKETS; i++) {
			random = pos[s];
			at = pos[s]++;
			frame(fixture_random(&random) % 40, at % 3 == 0,
			    s == 0 ? ETH0 : ETH1, s);
		}
		meter_account(m);
	}
}

static void
worker(void)
{
	struct adoption	 a = { 0 };
	uint64_t	 pos[2];

	m = fixture_meter(&conf, es, send_nowhere, -1);
	if (conf.flags & CONF_ADOPT && !meter_adopt(m, &a))
		_exit(91);
	learn();
	pos[0] = a.mark[0].frames;
	pos[1] = a.mark[1].frames;
	forward(pos);
	fixture_expire_all(m);
	_exit(0);
}

ATF_TC_WITHOUT_HEAD(deaths_at_any_moment_count_no_packet_twice);
ATF_TC_BODY(deaths_at_any_moment_count_no_packet_twice, tc)
{
	const struct counters	*c;
	uint64_t		 random = (uint64_t)time(NULL);
	uint32_t		 deaths;
	int			 status;
	pid_t			 pid;

	printf("seed %ju\n", (uintmax_t)random);
	map();
	for (deaths = 0; deaths < 100000; deaths++) {
		if ((pid = fork()) == 0) {
			alarm(60);
			worker();
		}
		ATF_REQUIRE(pid != -1);
		usleep(1000 + fixture_random(&random) % 3000);
		kill(pid, SIGKILL);
		ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
			break;
		if (es->batch != 0)
			conf.flags |= CONF_ADOPT;
	}
	ATF_REQUIRE_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "status %#x", status);
	c = &estate_current(es)->summary.counters;
	printf("%u deaths, %ju frames, %ju given up, %ju second sightings, "
	    "%ju moves\n", deaths, (uintmax_t)c->frames,
	    (uintmax_t)c->frames_skipped,
	    (uintmax_t)c->second_sightings, (uintmax_t)es->moves);
	ATF_CHECK(deaths > 5);
	ATF_CHECK(fixture_sums(c) == NULL);
	ATF_CHECK_EQ(2 * PACKETS, c->frames + c->frames_skipped);
	ATF_CHECK(c->frames_skipped <= (uint64_t)deaths * MAX_BATCH);
	ATF_CHECK(c->packets <= PACKETS);
	ATF_CHECK(c->packets + c->frames_skipped >= PACKETS);
	ATF_CHECK_EQ(0, c->packets_lost + c->flows_lost);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, packet_counts_where_it_came_in);
	ATF_TP_ADD_TC(tp, it_does_so_when_its_leaving_was_read_first);
	ATF_TP_ADD_TC(tp, packet_only_seen_leaving_counts_there);
	ATF_TP_ADD_TC(tp,
	    what_comes_in_on_two_interfaces_counts_on_the_first);
	ATF_TP_ADD_TC(tp, frames_that_say_nothing_count_all);
	ATF_TP_ADD_TC(tp, interfaces_beyond_the_table_keep_the_rule);
	ATF_TP_ADD_TC(tp, packet_on_bridge_and_member_counts_on_the_member);
	ATF_TP_ADD_TC(tp, member_read_behind_its_bridge_counts_instead);
	ATF_TP_ADD_TC(tp, own_datagrams_are_no_flow_unless_they_shall_be);
	ATF_TP_ADD_TC(tp, a_death_in_the_move_changes_no_sum);
	ATF_TP_ADD_TC(tp, record_of_an_unknown_interface_is_dropped);
	ATF_TP_ADD_TC(tp, deaths_at_any_moment_count_no_packet_twice);
	ATF_TP_ADD_TC(tp,
	    a_forged_frame_on_the_interface_it_leaves_by_hides_nothing);
	ATF_TP_ADD_TC(tp, a_late_frame_that_comes_in_takes_nothing_back);
	ATF_TP_ADD_TC(tp, a_late_frame_on_the_upper_device_takes_nothing_back);
	return (atf_no_error());
}
