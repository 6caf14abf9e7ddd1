/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The collector's rules of biflows, clocks and values, each with the least
 * damage that breaks it.
 */

#include <atf-c.h>
#include <stdio.h>

#include "bench.h"

ATF_TC_WITHOUT_HEAD(biflow_gives_both_directions);
ATF_TC_BODY(biflow_gives_both_directions, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, BIFLOW_TEMPLATE
	    BIFLOW("00000003", "00000002")));
	ATF_REQUIRE_EQ(2, b.nflows);
	ATF_REQUIRE_EQ(192, b.flows[0].src[0]);
	ATF_REQUIRE_EQ(3, b.flows[0].packets);
	ATF_REQUIRE_EQ(0x02, b.flows[0].tcpflags);
	ATF_REQUIRE_EQ(1, b.flows[1].reverse);
	ATF_REQUIRE_EQ(198, b.flows[1].src[0]);
	ATF_REQUIRE_EQ(192, b.flows[1].dst[0]);
	ATF_REQUIRE_EQ(443, b.flows[1].sport);
	ATF_REQUIRE_EQ(40000, b.flows[1].dport);
	ATF_REQUIRE_EQ(6, b.flows[1].proto);
	ATF_REQUIRE_EQ(2, b.flows[1].packets);
	ATF_REQUIRE_EQ(50, b.flows[1].octets);
	ATF_REQUIRE_EQ(0x12, b.flows[1].tcpflags);
	/* One record it is. */
	feed_ipfix(&b, 1, "");
	ATF_REQUIRE_EQ(0, b.result.gap);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(biflow_of_one_silent_direction_is_refused);
ATF_TC_BODY(biflow_of_one_silent_direction_is_refused, tc)
{
	expect_ipfix(BIFLOW_TEMPLATE BIFLOW("00000000", "00000002"),
	    RULE_NO_PACKETS, 16 + 68 + 4);
	expect_ipfix(BIFLOW_TEMPLATE BIFLOW("00000002", "00000000"),
	    RULE_NO_REVERSE_PACKETS, 16 + 68 + 4);
}

ATF_TC_WITHOUT_HEAD(biflow_of_ipv6_and_icmp_has_its_own_types_and_times);
ATF_TC_BODY(biflow_of_ipv6_and_icmp_has_its_own_types_and_times, tc)
{
	struct bench b;

	bench_open(&b, 0);
	/* addresses, type, port, both first times, protocol, who began */
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, "0002 0034 012c 0009"
	    "001b 0010 001c 0010 008b 0002 000b 0002 808b 0002 00007279"
	    "0096 0004 8096 0004 00007279 0004 0001 00ef 0001"
	    "012c 0034 20010db8000000000000000000000001"
	    "20010db8000000000000000000000002 8000 8000 8100"
	    "6553f100 6553f101 3a 01"));
	ATF_REQUIRE_EQ(2, b.nflows);
	ATF_REQUIRE_EQ(0x8000, b.flows[0].dport);
	ATF_REQUIRE_EQ(2, b.flows[1].src[15]);
	ATF_REQUIRE_EQ(0, b.flows[1].sport);
	ATF_REQUIRE_EQ(0x8100, b.flows[1].dport);
	ATF_REQUIRE_EQ(1700000000000000ULL, b.flows[0].first_us);
	ATF_REQUIRE_EQ(1700000001000000ULL, b.flows[1].first_us);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(biflow_template_has_key_and_direction);
ATF_TC_BODY(biflow_template_has_key_and_direction, tc)
{
	expect_ipfix("0002 0014 012c 0002 8001 0004 00007279 00ef 0001",
	    RULE_BIFLOW_KEY, 20);
	expect_ipfix("0002 0014 012c 0002 8001 0004 00007279 0008 0004",
	    RULE_BIFLOW_DIRECTION, 20);
	expect_ipfix("0002 0018 012c 0003 8001 0004 00007279 0008 0004"
	    "00ef 0001 012c 0010 00000001 01020304 04 000000",
	    RULE_BIFLOW_DIRECTION, 44);
}

ATF_TC_WITHOUT_HEAD(classic_biflow_need_not_say_who_began);
ATF_TC_BODY(classic_biflow_need_not_say_who_began, tc)
{
	struct decoder_config config = { .classic = 1 };
	struct bench b;

	bench_open(&b, 0);
	decoder_free(b.decoder);
	ATF_REQUIRE((b.decoder = decoder_new(&config)) != NULL);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0,
	    "0002 0014 012c 0002 8001 0004 00007279 0008 0004"));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(fields_without_direction_have_no_reverse);
ATF_TC_BODY(fields_without_direction_have_no_reverse, tc)
{
	expect_ipfix("0002 0018 012c 0003 80ef 0001 00007279 0008 0004"
	    "00ef 0001", RULE_REVERSE, 20);
	expect_ipfix("0002 0018 012c 0003 8094 0008 00007279 0008 0004"
	    "00ef 0001", RULE_REVERSE, 20);
	expect_ipfix("0003 0018 012c 0002 0001 0095 0004 8001 0004 00007279"
	    "0000", RULE_REVERSE, 20);
}

ATF_TC_WITHOUT_HEAD(enterprise_number_0_is_refused);
ATF_TC_BODY(enterprise_number_0_is_refused, tc)
{
	expect_ipfix("0002 0010 012c 0001 8001 0004 00000000",
	    RULE_ENTERPRISE, 28);
}

ATF_TC_WITHOUT_HEAD(datagram_above_the_limit_is_refused);
ATF_TC_BODY(datagram_above_the_limit_is_refused, tc)
{
	struct decoder_config config = { .octets_max = 28 };
	struct bench b;

	bench_open(&b, 0);
	decoder_free(b.decoder);
	ATF_REQUIRE((b.decoder = decoder_new(&config)) != NULL);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, TEMPLATE_300));
	ATF_REQUIRE_EQ(RULE_OVERSIZE, feed_ipfix(&b, 0, TEMPLATE_300
	    TEMPLATE_300));
	ATF_REQUIRE_EQ(28, b.result.offset);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(end_reason_is_1_to_5);
ATF_TC_BODY(end_reason_is_1_to_5, tc)
{
	expect_ipfix("0002 000c 012c 0001 0088 0001 012c 000c 0102030405"
	    "000000", RULE_END_REASON, 16 + 12 + 4 + 5);
	expect_ipfix("0002 000c 012c 0001 0088 0001 012c 0008 06010101",
	    RULE_END_REASON, 16 + 12 + 4);
	expect_v9(2, "0000 000c 012c 0001 0088 0001 012c 0008 00010101",
	    RULE_END_REASON, 20 + 12 + 4);
}

ATF_TC_WITHOUT_HEAD(fraction_of_microseconds_ends_in_11_zeros);
ATF_TC_BODY(fraction_of_microseconds_ends_in_11_zeros, tc)
{
	expect_ipfix("0002 000c 012c 0001 009a 0008 012c 000c e8fe6f80"
	    "00001800", RULE_NONE, 0);
	expect_ipfix("0002 000c 012c 0001 009a 0008 012c 000c e8fe6f80"
	    "00001c00", RULE_NTP, 32);
	expect_ipfix("0002 000c 012c 0001 009b 0008 012c 000c e8fe6f80"
	    "00000001", RULE_NTP, 32);
	expect_ipfix("0002 000c 012c 0001 009d 0008 012c 000c e8fe6f80"
	    "00000001", RULE_NONE, 0);
}

static enum rule
feed_v1_at(struct bench *b, const char *uptime, const char *seconds,
    const char *first)
{
	char hex[256];

	snprintf(hex, sizeof(hex), "0001 0001 %s %s 00000000 c0000201 c6336409"
	    "00000000 0002 0003 00000003 000005dc %s %s 9c40 01bb 0000 06 20"
	    "1b 000000 00000000", uptime, seconds, first, first);
	return (feed(b, hex));
}

ATF_TC_WITHOUT_HEAD(uptime_only_goes_forward_or_wraps);
ATF_TC_BODY(uptime_only_goes_forward_or_wraps, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE,
	    feed_v1_at(&b, "fffff000", "6553f164", "fffff000"));
	ATF_REQUIRE_EQ(RULE_UPTIME,
	    feed_v1_at(&b, "ffffe000", "6553f165", "ffffe000"));
	ATF_REQUIRE_EQ(RULE_NONE,
	    feed_v1_at(&b, "00001000", "6553f166", "00001000"));
	ATF_REQUIRE_EQ(RULE_NONE,
	    feed_v1_at(&b, "00001001", "6553f166", "fffff000"));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(flow_from_before_boot_is_refused);
ATF_TC_BODY(flow_from_before_boot_is_refused, tc)
{
	const char *boot = "0003 0014 0100 0002 0001 0095 0004 00a0 0008"
	    "0000 0100 0010 00000007 %s";
	char hex[512];
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE,
	    feed_v1_at(&b, "00001000", "6553f164", "00000000"));
	ATF_REQUIRE_EQ(RULE_BEFORE_BOOT,
	    feed_v1_at(&b, "00001000", "6553f164", "ffffffff"));
	/* Initialised a millisecond behind the flow's start. */
	snprintf(hex, sizeof(hex), boot, "0000018bcfe5687c" IPFIX_TEMPLATE
	    IPFIX_DATA);
	ATF_REQUIRE_EQ(RULE_BEFORE_BOOT, feed_ipfix(&b, 0, hex));
	decoder_free(b.decoder);
	bench_open(&b, 0);
	snprintf(hex, sizeof(hex), boot, "0000018bcfe5687b" IPFIX_TEMPLATE
	    IPFIX_DATA);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, hex));
	snprintf(hex, sizeof(hex), boot, "0000018bcfe5687c");
	ATF_REQUIRE_EQ(RULE_BOOT, feed_ipfix(&b, 2, hex));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(ipfix_uptimes_count_from_initialisation);
ATF_TC_BODY(ipfix_uptimes_count_from_initialisation, tc)
{
	const char *uptimes = "0002 0010 012c 0002 0016 0004 0015 0004"
	    "012c 000c 0000007b 00000400";
	char hex[256];
	struct bench b;

	expect_ipfix(uptimes, RULE_BOOT, 16 + 16 + 4);
	bench_open(&b, 0);
	snprintf(hex, sizeof(hex), "0003 0014 0100 0002 0001 0095 0004 00a0"
	    "0008 0000 0100 0010 00000007 0000018bcfe5687b %s", uptimes);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, hex));
	ATF_REQUIRE_EQ(1700000000246000ULL, b.flows[0].first_us);
	ATF_REQUIRE_EQ(1700000001147000ULL, b.flows[0].last_us);
	decoder_free(b.decoder);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, biflow_gives_both_directions);
	ATF_TP_ADD_TC(tp, biflow_of_one_silent_direction_is_refused);
	ATF_TP_ADD_TC(tp,
	    biflow_of_ipv6_and_icmp_has_its_own_types_and_times);
	ATF_TP_ADD_TC(tp, biflow_template_has_key_and_direction);
	ATF_TP_ADD_TC(tp, classic_biflow_need_not_say_who_began);
	ATF_TP_ADD_TC(tp, fields_without_direction_have_no_reverse);
	ATF_TP_ADD_TC(tp, enterprise_number_0_is_refused);
	ATF_TP_ADD_TC(tp, datagram_above_the_limit_is_refused);
	ATF_TP_ADD_TC(tp, end_reason_is_1_to_5);
	ATF_TP_ADD_TC(tp, fraction_of_microseconds_ends_in_11_zeros);
	ATF_TP_ADD_TC(tp, uptime_only_goes_forward_or_wraps);
	ATF_TP_ADD_TC(tp, flow_from_before_boot_is_refused);
	ATF_TP_ADD_TC(tp, ipfix_uptimes_count_from_initialisation);
	return (atf_no_error());
}
