/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Tests of adopt.c and of the order in which estate.c, track.c, export.c and
 * meter.c write: workers that are killed at any instruction.
 */

#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atf-c.h>

#include "adopt_fixture.h"
#include "export_walk.h"
#include "repeat.h"

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

static uint64_t
now_us(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
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

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp,
	    a_death_at_any_moment_costs_only_the_batch_in_hand);
	ATF_TP_ADD_TC(tp, nor_does_it_cost_more_with_trains);
	ATF_TP_ADD_TC(tp, nor_with_side_records);
	ATF_TP_ADD_TC(tp,
	    nor_does_any_of_several_collectors_miss_or_doubt_a_record);
	ATF_TP_ADD_TC(tp, nor_when_each_flow_is_for_one_of_them);
	return (atf_no_error());
}
