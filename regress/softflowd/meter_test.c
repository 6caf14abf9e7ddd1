/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * How long a packet may have to wait for other work, which ones are our own,
 * and the times of what a savefile holds.
 */

#include <sys/socket.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <atf-c.h>

#include "export_walk.h"
#include "meter_fixture.h"

enum { MANY = 1000000 };

static struct msg_conf	 conf;
static struct meter	*m;
static uint64_t		 pos;

static uint64_t
now_us(void)
{
	struct timespec	ts;

	/* Our own: other tests run beside. */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ((uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

static ssize_t
send_on(int fd, const void *data, size_t len)
{
	return (send(fd, data, len, MSG_DONTWAIT));
}

/* A socket to one that nobody reads. */
static int
collector(void)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len = sizeof(sin);
	int			fd, sink;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ATF_REQUIRE((sink = socket(AF_INET, SOCK_DGRAM, 0)) != -1);
	ATF_REQUIRE(bind(sink, (struct sockaddr *)&sin, len) == 0);
	ATF_REQUIRE(getsockname(sink, (struct sockaddr *)&sin, &len) == 0);
	ATF_REQUIRE((fd = socket(AF_INET, SOCK_DGRAM, 0)) != -1);
	ATF_REQUIRE(connect(fd, (struct sockaddr *)&sin, len) == 0);
	return (fd);
}

/* A million flows, all in the same second. */
static void
fill(void)
{
	struct estate	*es;
	uint32_t	 flow[MAX_BATCH], n;
	int		 i;

	conf = fixture_conf(1U << 20);
	ATF_REQUIRE((es = estate_map(-1, conf.max_flows, 0)) != NULL);
	m = fixture_meter(&conf, es, send_on, collector());
	for (n = 0; n < MANY;) {
		for (i = 0; i < MAX_BATCH; i++)
			flow[i] = (uint32_t)(n++ * 40503ULL % MANY);
		fixture_batch(m, flow, MAX_BATCH, T0 + n / 2, &pos);
		meter_tick(m, meter_now(m));
	}
	ATF_REQUIRE_EQ(MANY, meter_summary(m)->active_flows);
}

static void
check_wait(const struct atf_tc *tc, uint64_t longest)
{
	printf("longest wait %ju us\n", (uintmax_t)longest);
	if (strcmp(atf_tc_get_config_var_wd(tc, "kind", "plain"), "asan") != 0)
		ATF_CHECK(longest < 50000);
}

ATF_TC_WITHOUT_HEAD(a_million_flows_due_at_once_hold_up_no_packet);
ATF_TC_BODY(a_million_flows_due_at_once_hold_up_no_packet, tc)
{
	uint64_t	begun, longest = 0, took, batches = 0, paced = 0;
	uint32_t	flow[MAX_BATCH], n;

	fill();
	for (n = 0; n < MAX_BATCH; n++)
		flow[n] = MANY + n;
	/* Packets go on, one a microsecond, while all the others are due. */
	for (begun = now_us(); meter_counters(m)->flows_expired < MANY;) {
		fixture_batch(m, flow, MAX_BATCH, T0 + 5000000 + batches * 32,
		    &pos);
		meter_pace(m, ++paced * 1000000);	/* no collector's fault */
		meter_tick(m, meter_now(m));
		took = now_us() - begun;
		begun += took;
		if (took > longest)
			longest = took;
		ATF_REQUIRE(batches++ < 100000);
	}
	printf("%ju batches\n", (uintmax_t)batches);
	ATF_CHECK_EQ(MANY, meter_counters(m)->expired_udp);
	check_wait(tc, longest);
}

ATF_TC_WITHOUT_HEAD(expiring_all_on_request_comes_in_small_pieces);
ATF_TC_BODY(expiring_all_on_request_comes_in_small_pieces, tc)
{
	uint64_t	begun, longest = 0, took;
	uint32_t	cursor = 0;

	fill();
	for (begun = now_us(); cursor != TRACK_NONE;) {
		meter_expire_some(m, &cursor);
		took = now_us() - begun;
		begun += took;
		if (took > longest)
			longest = took;
	}
	ATF_CHECK_EQ(MANY, meter_counters(m)->expired_flush);
	ATF_CHECK(fixture_sums(meter_counters(m)) == NULL);
	check_wait(tc, longest);
}

/* From 10.0.0.1 port 5000 to 192.0.2.1 port 9995. */
static void
feed_own(uint8_t tos)
{
	uint8_t			data[28] = { 0x45, tos, 0, 28, 0, 0, 0, 0, 64, 17,
				    0, 0, 10, 0, 0, 1, 192, 0, 2, 1, 0x13,
				    0x88, 0x27, 0x0b, 0, 8, 0, 0 };
	struct frame		frame = { .data = data, .caplen = 28,
				    .wirelen = 28, .time_us = T0 };
	struct capture_mark	mark = { 0, pos++ };

	meter_batch(m, 0, LINK_RAW, &mark);
	meter_frame(m, &frame);
	meter_account(m);
}

ATF_TC_WITHOUT_HEAD(own_datagrams_are_known_whatever_their_tos);
ATF_TC_BODY(own_datagrams_are_known_whatever_their_tos, tc)
{
	struct msg_export	 dest = { .payload_max = 1400,
				    .format = { .version = 9 },
				    .local = { { 10, 0, 0, 1 }, 5000, 4, 0 },
				    .remote = { { 192, 0, 2, 1 }, 9995, 4,
				    0 } };
	struct estate		*es;

	conf = fixture_conf(64);
	conf.track_level = TRACK_TOS;
	ATF_REQUIRE((es = estate_map(-1, conf.max_flows, 0)) != NULL);
	ATF_REQUIRE((m = meter_new(&conf, es, send_on)) != NULL);
	ATF_REQUIRE(meter_add_export(m, collector(), &dest) == 0);
	feed_own(0);
	feed_own(0xb8);
	ATF_CHECK_EQ(2, meter_counters(m)->own_export);
	ATF_CHECK_EQ(0, meter_counters(m)->packets);
}

/*
 * A flow each four hours, in v5, whose times are 32 bits of uptime.
 */

#define SPARSE		240U
#define SPARSE_US	14400000000ULL

static size_t		cut;
static unsigned int	records;

static int
cut_at(int fd, size_t octets)
{
	(void)fd;
	cut = octets;
	return (0);
}

static void
check_times(const uint8_t *data, size_t len)
{
	static struct walk	 walk;
	const uint8_t		*src;
	int64_t			 header_ms, wanted_ms;
	int32_t			 since;
	unsigned int		 i;

	ATF_REQUIRE(walk_datagram(&walk, data, len) == NULL);
	header_ms = walk.seconds * 1000LL + walk.nsecs / 1000000;
	for (i = 0; i < walk.flows; i++) {
		since = (int32_t)(walk.record[i].value[22] - walk.uptime);
		src = walk.record[i].src;
		wanted_ms = (int64_t)((T0 + (src[2] << 8 | src[3]) *
		    SPARSE_US) / 1000);
		ATF_CHECK_EQ_MSG(wanted_ms, header_ms + since,
		    "flow %u is %jd ms off", src[2] << 8 | src[3],
		    (intmax_t)(header_ms + since - wanted_ms));
		records++;
	}
}

static ssize_t
send_checked(int fd, const void *data, size_t len)
{
	const uint8_t	*p = data;
	size_t		 at, piece = cut != 0 && cut < len ? cut : len;

	(void)fd;
	for (at = 0; at < len; at += piece)
		check_times(p + at, len - at < piece ? len - at : piece);
	return ((ssize_t)len);
}

ATF_TC_WITHOUT_HEAD(a_sparse_savefile_has_right_times_in_v5);
ATF_TC_BODY(a_sparse_savefile_has_right_times_in_v5, tc)
{
	struct estate	*es;
	uint32_t	 flow;

	conf = fixture_conf(1024);
	conf.flags = CONF_SAVEFILE;
	fixture_version = 5;
	conf.flags |= CONF_COUNTERS32;
	conf.timeouts.seconds[TIMEOUT_UDP] = 60 * 86400;
	conf.timeouts.seconds[TIMEOUT_MAXLIFE] = 0;
	ATF_REQUIRE((es = estate_map(-1, conf.max_flows, 0)) != NULL);
	m = fixture_meter(&conf, es, send_checked, -1);
	meter_segments(m, cut_at);
	for (flow = 0; flow < SPARSE; flow++) {
		fixture_batch(m, &flow, 1, T0 + flow * SPARSE_US, &pos);
		meter_tick(m, meter_now(m));
	}
	fixture_expire_all(m);
	ATF_CHECK_EQ(SPARSE, records);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_million_flows_due_at_once_hold_up_no_packet);
	ATF_TP_ADD_TC(tp, expiring_all_on_request_comes_in_small_pieces);
	ATF_TP_ADD_TC(tp, own_datagrams_are_known_whatever_their_tos);
	ATF_TP_ADD_TC(tp, a_sparse_savefile_has_right_times_in_v5);
	return (atf_no_error());
}
