/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Later fragments and the flow of their first one. */

#include <sys/resource.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "fragment.h"
#include "meter_fixture.h"
#include "packet_frames.h"

#define SECOND		1000000ULL
#define MORE		"2000"		/* offset 0 */
#define NEXT		"2001"		/* offset 8 */
#define LAST		"0010"
#define BOTH		A4 B4
#define SAME		A4 A4
#define UDP_REPLY	"00351388" "00080000"

static struct fragment_table	*table;
static const uint8_t		 secret[16] = "just any secret";

static void
start(uint32_t entries)
{
	ATF_REQUIRE((table = fragment_new(entries, secret)) != NULL);
}

static struct packet
feed(const char *hex, uint64_t time_us)
{
	struct packet	 pkt;

	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW, hex, &pkt));
	pkt.time_us = time_us;
	ATF_REQUIRE(pkt.flags & (PACKET_FRAGMENT | PACKET_FRAG_FIRST));
	check_sane(&pkt, TRACK_FULL);
	fragment_packet(table, &pkt);
	return (pkt);
}

static struct packet
feed4(uint16_t id, const char *offset, const char *proto, const char *addrs,
    const char *payload, uint64_t time_us)
{
	char	hex[256];

	snprintf(hex, sizeof(hex), "4500001c" "%04x" "%s" "40%s0000" "%s%s",
	    id, offset, proto, addrs, payload);
	return (feed(hex, time_us));
}

static struct packet
udp4(uint16_t id, const char *offset, uint64_t time_us)
{
	return (feed4(id, offset, "11", BOTH, UDP, time_us));
}

static int
joins(uint16_t id, uint64_t time_us)
{
	struct packet	 pkt = udp4(id, LAST, time_us);

	if ((pkt.flags & PACKET_JOINED) == 0) {
		check_packet(&pkt, 17, 0, 0, PACKET_FRAGMENT);
		return (0);
	}
	check_packet(&pkt, 17, 5000, 53, PACKET_FRAGMENT | PACKET_JOINED);
	return (1);
}

TEST(later_fragments_join_their_first)
{
	struct packet	 first, later;

	start(4096);
	first = udp4(7, MORE, T0);
	later = udp4(7, NEXT, T0 + 1);
	ATF_CHECK_EQ(PACKET_FRAGMENT | PACKET_JOINED, later.flags);
	ATF_CHECK_EQ(0, memcmp(&first.key, &later.key, sizeof(first.key)));
	ATF_CHECK_EQ(first.dir, later.dir);
	ATF_CHECK(joins(7, T0 + 2));

	/* The other way the same id is another datagram. */
	later = feed4(7, LAST, "11", B4 A4, UDP, T0);
	check_packet(&later, 17, 0, 0, PACKET_FRAGMENT);
	feed4(7, MORE, "11", B4 A4, UDP_REPLY, T0);
	later = feed4(7, LAST, "11", B4 A4, UDP, T0);
	ATF_CHECK_EQ(0, memcmp(&first.key, &later.key, sizeof(first.key)));
	ATF_CHECK_EQ(!first.dir, later.dir);
}

TEST(source_destination_protocol_and_id_must_match)
{
	struct packet	 pkt;

	start(1);			/* all in one set */
	udp4(7, MORE, T0);
	ATF_CHECK(!joins(8, T0));
	pkt = feed4(7, LAST, "06", BOTH, UDP, T0);
	check_packet(&pkt, 6, 0, 0, PACKET_FRAGMENT);
	pkt = feed4(7, LAST, "11", A4 "0a000003", UDP, T0);
	check_packet(&pkt, 17, 0, 0, PACKET_FRAGMENT);
	pkt = feed4(7, LAST, "11", "0a000003" B4, UDP, T0);
	check_packet(&pkt, 17, 0, 0, PACKET_FRAGMENT);
	ATF_CHECK(joins(7, T0));
}

TEST(a_fragment_before_its_first_has_no_ports)
{
	start(4096);
	ATF_CHECK(!joins(7, T0));
	udp4(7, MORE, T0);
	ATF_CHECK(joins(7, T0));
}

TEST(a_newer_first_fragment_replaces_the_older)
{
	struct packet	 pkt;

	start(4096);
	udp4(7, MORE, T0);
	pkt = feed4(7, MORE, "11", BOTH, "00010002", T0 + 100 * SECOND);
	check_packet(&pkt, 17, 1, 2, PACKET_FRAG_FIRST);
	pkt = udp4(7, LAST, T0 + 200 * SECOND);
	check_packet(&pkt, 17, 1, 2, PACKET_FRAGMENT | PACKET_JOINED);
	/* Even one too short for its ports. */
	pkt = feed4(7, MORE, "11", BOTH, "0001", T0 + 200 * SECOND);
	check_packet(&pkt, 17, 0, 0, PACKET_FRAG_FIRST | PACKET_NO_PORTS);
	pkt = udp4(7, LAST, T0 + 200 * SECOND);
	check_packet(&pkt, 17, 0, 0, PACKET_FRAGMENT | PACKET_JOINED);
}

/* RFC 1858: ports from a tiny fragment, the rest from the one behind it. */
TEST(overlapping_and_tiny_fragments_set_no_ports_and_no_flags)
{
	struct packet	 pkt;

	start(4096);
	feed4(7, MORE, "06", BOTH, "04d2005000000001", T0);
	pkt = feed4(7, NEXT, "06", BOTH, TCP, T0);
	check_packet(&pkt, 6, 1234, 80, PACKET_FRAGMENT | PACKET_JOINED);
	ATF_CHECK_EQ(0, pkt.tcp_flags);
	pkt = feed4(8, NEXT, "06", BOTH, TCP, T0);
	check_packet(&pkt, 6, 0, 0, PACKET_FRAGMENT);
	pkt = feed4(8, LAST, "06", BOTH, TCP, T0);
	check_packet(&pkt, 6, 0, 0, PACKET_FRAGMENT);
}

TEST(icmp_fragments_join_by_type_and_code)
{
	struct packet	 pkt;

	start(4096);
	feed4(7, MORE, "01", BOTH, "0800abcd00000000", T0);
	pkt = feed4(7, LAST, "01", BOTH, "0000", T0);
	check_packet(&pkt, 1, 0, 0x0800, PACKET_FRAGMENT | PACKET_JOINED);
}

TEST(entries_live_for_120_seconds_of_packet_time)
{
	start(4096);
	udp4(7, MORE, T0);
	ATF_CHECK(joins(7, T0 + 120 * SECOND));
	ATF_CHECK(!joins(7, T0 + 120 * SECOND + 1));
	/* Time that runs backwards: as far, and no farther. */
	ATF_CHECK(joins(7, T0 - 120 * SECOND));
	ATF_CHECK(!joins(7, T0 - 120 * SECOND - 1));
	/* A later fragment keeps nothing alive. */
	ATF_CHECK(joins(7, T0 + 100 * SECOND));
	ATF_CHECK(!joins(7, T0 + 121 * SECOND));
}

static struct packet
feed6(const char *fragment, const char *payload)
{
	char	hex[256];

	snprintf(hex, sizeof(hex), "%s%s%s", V6("0018", "2c"), fragment,
	    payload);
	return (feed(hex, T0));
}

TEST(ipv6_fragments_join_by_the_whole_id)
{
	struct packet	 pkt;

	start(1);
	feed6("1100000187654321", UDP);
	pkt = feed6("1100000987654321", UDP);
	check_packet(&pkt, 17, 5000, 53, PACKET_FRAGMENT | PACKET_JOINED);
	pkt = feed6("1100000887654320", UDP);
	check_packet(&pkt, 17, 0, 0, PACKET_FRAGMENT);
	/* There the next header is the first one's affair. */
	pkt = feed6("3c00000887654321", UDP);
	check_packet(&pkt, 17, 5000, 53, PACKET_FRAGMENT | PACKET_JOINED);
	feed6("3c00000100000009", "1100010400000000" UDP);
	pkt = feed6("3c00000800000009", UDP);
	check_packet(&pkt, 17, 5000, 53, PACKET_FRAGMENT | PACKET_JOINED);
}

TEST(an_empty_table_joins_nothing_not_even_zero)
{
	struct packet	 pkt;

	start(1);
	pkt = feed("60000000" "0010" "2c40"
	    "00000000000000000000000000000000"
	    "00000000000000000000000000000000" "1100000800000000" UDP, 1);
	check_packet(&pkt, 17, 0, 0, PACKET_FRAGMENT);
}

TEST(equal_addresses_keep_their_direction)
{
	struct packet	 first, later;

	start(4096);
	first = feed4(7, MORE, "11", SAME, UDP_REPLY, T0);
	later = feed4(7, LAST, "11", SAME, UDP, T0);
	ATF_CHECK_EQ(0, later.dir);
	ATF_CHECK_EQ(0, memcmp(&first.key, &later.key, sizeof(first.key)));
	first = feed4(8, MORE, "11", SAME, UDP, T0);
	later = feed4(8, LAST, "11", SAME, UDP, T0);
	ATF_CHECK_EQ(1, first.dir);
	ATF_CHECK_EQ(1, later.dir);
	ATF_CHECK_EQ(0, memcmp(&first.key, &later.key, sizeof(first.key)));
}

TEST(a_full_set_gives_up_its_oldest)
{
	uint16_t	 id;

	start(1);			/* four, one set */
	for (id = 1; id <= 4; id++)
		udp4(id, MORE, T0);
	for (id = 1; id <= 4; id++)
		ATF_CHECK(joins(id, T0));
	udp4(1, MORE, T0);		/* as new */
	udp4(5, MORE, T0);
	for (id = 1; id <= 5; id++)
		ATF_CHECK_EQ(id != 2, joins(id, T0));
	/* Time is no matter: a packet from the past is the newest one. */
	udp4(6, MORE, T0 - 100 * SECOND);
	ATF_CHECK(joins(6, T0 - 100 * SECOND));
	ATF_CHECK(!joins(3, T0));
}

static long
peak_kib(void)
{
	struct rusage	 ru;

	ATF_REQUIRE(getrusage(RUSAGE_SELF, &ru) == 0);
	return (ru.ru_maxrss);
}

TEST(a_flood_takes_no_memory_and_forgets_only_the_oldest)
{
	struct packet	 flood, pkt;
	uint32_t	 i, kept = 0, n = 1000000;
	long		 peak = 0;

	start(4096);
	flood = udp4(7, MORE, T0);
	flood.key.family = 6;
	for (i = 0; i < n; i++) {
		flood.frag_id = i;
		fragment_packet(table, &flood);
		if (i == 50000)
			peak = peak_kib();
	}
	ATF_CHECK(peak_kib() - peak < 256);
	for (i = 0; i < n; i++) {
		pkt = flood;
		pkt.frag_id = i;
		pkt.flags = PACKET_FRAGMENT;
		fragment_packet(table, &pkt);
		if (pkt.flags & PACKET_JOINED) {
			kept++;
			ATF_REQUIRE(i >= n - 50000);
		} else
			ATF_REQUIRE(i < n - 100);
	}
	ATF_CHECK_EQ(4096, kept);
}

TEST(sizes_are_rounded_up_within_limits)
{
	uint32_t	 i, kept = 0;

	ATF_CHECK(fragment_new(0, secret) == NULL && errno == EINVAL);
	ATF_CHECK(fragment_new(LIMIT_FRAGMENTS + 1, secret) == NULL &&
	    errno == EINVAL);
	start(LIMIT_FRAGMENTS);
	fragment_free(table);
	fragment_free(NULL);
	start(33);			/* 64 */
	for (i = 0; i < 10000; i++)
		udp4((uint16_t)i, MORE, T0);
	for (i = 0; i < 10000; i++)
		kept += (uint32_t)joins((uint16_t)i, T0);
	ATF_CHECK_EQ(64, kept);
}

/*
 * In the meter
 */

static ssize_t
send_nowhere(int fd, const void *data, size_t len)
{
	(void)fd;
	(void)data;
	return ((ssize_t)len);
}

/* A packet, a first fragment, two later ones, and one without a first. */
static struct meter *
metered(const struct msg_conf *conf)
{
	static const char *const	 hex[] = {
		V4_REPLY("00", "001c", "11") UDP_REPLY,
		V4("00", "001c", MORE, "11") UDP,
		V4("00", "001c", NEXT, "11") UDP,
		V4("00", "001c", LAST, "11") UDP,
		"4500001c" "9999" LAST "40110000" A4 B4 UDP
	};
	struct capture_mark	 mark = { 0, 0 };
	struct frame		 frame = { .time_us = T0 };
	struct estate		*es;
	struct meter		*m;
	size_t			 i;

	ATF_REQUIRE((es = estate_map(-1, conf->max_flows, 0)) != NULL);
	m = fixture_meter(conf, es, send_nowhere, 0);
	meter_batch(m, 0, LINK_RAW, &mark);
	for (i = 0; i < sizeof(hex) / sizeof(hex[0]); i++) {
		frame.data = octets(hex[i], &frame.caplen);
		frame.wirelen = frame.caplen;
		meter_frame(m, &frame);
	}
	meter_account(m);
	return (m);
}

static void
check_metered(struct meter *m, uint64_t joined, uint64_t orphaned,
    uint64_t flows)
{
	const struct counters	*c = meter_counters(m);

	ATF_CHECK_EQ(joined, c->fragments_joined);
	ATF_CHECK_EQ(orphaned, c->fragments_orphaned);
	ATF_CHECK_EQ(joined + orphaned, c->fragments);
	ATF_CHECK_EQ(flows, c->flows);
	fixture_expire_all(m);
	ATF_CHECK(fixture_sums(c) == NULL);
}

TEST(joined_and_orphaned_fragments_are_counted)
{
	struct msg_conf	 conf = fixture_conf(64);

	conf.fragments = 64;
	check_metered(metered(&conf), 2, 1, 2);
	conf.track_level = TRACK_PROTO;
	check_metered(metered(&conf), 2, 1, 1);
	conf.track_level = TRACK_IP;
	check_metered(metered(&conf), 0, 3, 1);
}

TEST(without_a_table_later_fragments_have_no_ports)
{
	struct msg_conf	 conf = fixture_conf(64);

	check_metered(metered(&conf), 0, 3, 2);
}

TEST(a_first_fragment_not_sampled_is_remembered_all_the_same)
{
	struct msg_conf	 conf = fixture_conf(64);
	struct meter	*m;

	/* Sampled are the packet and the last fragment. */
	conf.fragments = 64;
	conf.sampling = 3;
	m = metered(&conf);
	ATF_CHECK_EQ(3, meter_counters(m)->not_sampled);
	check_metered(m, 1, 0, 1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, later_fragments_join_their_first);
	ATF_TP_ADD_TC(tp, source_destination_protocol_and_id_must_match);
	ATF_TP_ADD_TC(tp, a_fragment_before_its_first_has_no_ports);
	ATF_TP_ADD_TC(tp, a_newer_first_fragment_replaces_the_older);
	ATF_TP_ADD_TC(tp,
	    overlapping_and_tiny_fragments_set_no_ports_and_no_flags);
	ATF_TP_ADD_TC(tp, icmp_fragments_join_by_type_and_code);
	ATF_TP_ADD_TC(tp, entries_live_for_120_seconds_of_packet_time);
	ATF_TP_ADD_TC(tp, ipv6_fragments_join_by_the_whole_id);
	ATF_TP_ADD_TC(tp, an_empty_table_joins_nothing_not_even_zero);
	ATF_TP_ADD_TC(tp, equal_addresses_keep_their_direction);
	ATF_TP_ADD_TC(tp, a_full_set_gives_up_its_oldest);
	ATF_TP_ADD_TC(tp, a_flood_takes_no_memory_and_forgets_only_the_oldest);
	ATF_TP_ADD_TC(tp, sizes_are_rounded_up_within_limits);
	ATF_TP_ADD_TC(tp, joined_and_orphaned_fragments_are_counted);
	ATF_TP_ADD_TC(tp, without_a_table_later_fragments_have_no_ports);
	ATF_TP_ADD_TC(tp,
	    a_first_fragment_not_sampled_is_remembered_all_the_same);
	return (atf_no_error());
}
