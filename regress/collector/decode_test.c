/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The collector's decoder: right datagrams give the stated flow, each rule of
 * headers, fixed records, times and sequence numbers refuses the datagram that
 * breaks it.
 */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

/* The flow of the worked datagrams */
static void
expect_the_flow(const struct bench *b, uint16_t version, uint32_t source_id)
{
	static const uint8_t src[4] = { 192, 0, 2, 1 };
	static const uint8_t dst[4] = { 198, 51, 100, 9 };
	const struct record *r = &b->flows[0];

	ATF_REQUIRE_EQ(1, b->nflows);
	ATF_REQUIRE_EQ(version, b->result.version);
	ATF_REQUIRE_EQ(version, r->version);
	ATF_REQUIRE_EQ(source_id, r->source_id);
	ATF_REQUIRE_EQ(4, r->family);
	ATF_REQUIRE_EQ(0, memcmp(r->src, src, 4));
	ATF_REQUIRE_EQ(0, memcmp(r->dst, dst, 4));
	ATF_REQUIRE_EQ(40000, r->sport);
	ATF_REQUIRE_EQ(443, r->dport);
	ATF_REQUIRE_EQ(6, r->proto);
	ATF_REQUIRE_EQ(0x20, r->tos);
	ATF_REQUIRE_EQ(0x1b, r->tcpflags);
	ATF_REQUIRE_EQ(3, r->packets);
	ATF_REQUIRE_EQ(1500, r->octets);
	ATF_REQUIRE_EQ(HAVE_FIRST | HAVE_LAST,
	    r->have & (HAVE_FIRST | HAVE_LAST));
	ATF_REQUIRE_EQ(1700000000123000ULL, r->first_us);
	ATF_REQUIRE_EQ(1700000010456000ULL, r->last_us);
	ATF_REQUIRE_EQ(4000, r->exporter->port);
}

ATF_TC_WITHOUT_HEAD(worked_v1_datagram_gives_its_flow);
ATF_TC_BODY(worked_v1_datagram_gives_its_flow, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed(&b, V1));
	expect_the_flow(&b, 1, 0);
	ATF_REQUIRE_EQ(2, b.flows[0].in);
	ATF_REQUIRE_EQ(3, b.flows[0].out);
	ATF_REQUIRE_EQ(0, b.flows[0].sampling);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(worked_v5_datagram_gives_its_flow);
ATF_TC_BODY(worked_v5_datagram_gives_its_flow, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed(&b, V5));
	expect_the_flow(&b, 5, 7);
	ATF_REQUIRE_EQ(2, b.flows[0].in);
	ATF_REQUIRE_EQ(3, b.flows[0].out);
	ATF_REQUIRE_EQ(100, b.flows[0].sampling);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(worked_v9_datagram_gives_its_flow);
ATF_TC_BODY(worked_v9_datagram_gives_its_flow, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed_v9(&b, 4, 0, V9_SETS));
	expect_the_flow(&b, 9, 7);
	ATF_REQUIRE_EQ(2, b.flows[0].in);
	ATF_REQUIRE_EQ(3, b.flows[0].out);
	ATF_REQUIRE_EQ(100, b.flows[0].sampling);
	ATF_REQUIRE(b.flows[0].have & HAVE_REASON);
	ATF_REQUIRE_EQ(3, b.flows[0].end_reason);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(worked_ipfix_message_gives_its_flow);
ATF_TC_BODY(worked_ipfix_message_gives_its_flow, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, IPFIX_SETS));
	expect_the_flow(&b, 10, 7);
	ATF_REQUIRE_EQ(100, b.flows[0].sampling);
	ATF_REQUIRE(b.flows[0].have & HAVE_REASON);
	ATF_REQUIRE_EQ(3, b.flows[0].end_reason);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(unpadded_set_is_refused_unless_allowed);
ATF_TC_BODY(unpadded_set_is_refused_unless_allowed, tc)
{
	const char *sets = IPFIX_TEMPLATE IPFIX_OPTIONS_UNPADDED SAMPLING
	    IPFIX_DATA;
	struct bench b;

	expect_ipfix(sets, RULE_SET_ALIGNMENT, 16 + 56 + 2);
	bench_open(&b, 1);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, sets));
	expect_the_flow(&b, 10, 7);
	decoder_free(b.decoder);
}

/* Every length below the right one, each in a block of just that size. */
static void
refuse_every_cut(const char *hex)
{
	uint8_t buf[DATAGRAM_MAX];
	struct bench b;
	size_t n, len;

	len = from_hex(hex, buf);
	for (n = 0; n < len; n++) {
		bench_open(&b, 1);
		ATF_REQUIRE_MSG(feed_octets(&b, buf, n) != RULE_NONE,
		    "cut to %zu octets", n);
		decoder_free(b.decoder);
	}
}

ATF_TC_WITHOUT_HEAD(every_truncated_datagram_is_refused);
ATF_TC_BODY(every_truncated_datagram_is_refused, tc)
{
	refuse_every_cut(V1);
	refuse_every_cut(V5);
	refuse_every_cut("0009 0004 0010c865 6553f164 00000000 00000007"
	    V9_SETS);
	refuse_every_cut("000a 00a4 6553f164 00000000 00000007" IPFIX_SETS);
}

/* With the header's length right, only cuts between sets are messages. */
ATF_TC_WITHOUT_HEAD(ipfix_cut_inside_a_set_is_refused);
ATF_TC_BODY(ipfix_cut_inside_a_set_is_refused, tc)
{
	uint8_t buf[DATAGRAM_MAX];
	struct bench b;
	size_t n, len;
	int whole;

	len = from_hex("000a 00a4 6553f164 00000000 00000007" IPFIX_SETS, buf);
	for (n = 16; n < len; n++) {
		buf[3] = (uint8_t)n;
		bench_open(&b, 1);
		whole = n == 16 || n == 72 || n == 96 || n == 112;
		ATF_REQUIRE_EQ_MSG(whole,
		    feed_octets(&b, buf, n) == RULE_NONE, "cut to %zu", n);
		decoder_free(b.decoder);
	}
}

/* A set made shorter inside of its datagram: no read beyond, no record. */
ATF_TC_WITHOUT_HEAD(data_set_cut_short_gives_no_flow);
ATF_TC_BODY(data_set_cut_short_gives_no_flow, tc)
{
	uint8_t buf[DATAGRAM_MAX];
	struct bench b;
	size_t n, off = 16 + 56;

	(void)from_hex("000a 00a4 6553f164 00000000 00000007" IPFIX_TEMPLATE
	    IPFIX_DATA, buf);
	for (n = 4; n < 52; n++) {
		buf[3] = (uint8_t)(off + n);
		buf[off + 3] = (uint8_t)n;
		bench_open(&b, 1);
		ATF_REQUIRE_EQ(RULE_SET_EMPTY, feed_octets(&b, buf, off + n));
		ATF_REQUIRE_EQ(0, b.nflows);
		decoder_free(b.decoder);
	}
}

ATF_TC_WITHOUT_HEAD(any_changed_octet_stays_in_bounds);
ATF_TC_BODY(any_changed_octet_stays_in_bounds, tc)
{
	static const uint8_t changes[] = { 0x01, 0x02, 0x04, 0x08, 0x10,
	    0x20, 0x40, 0x80, 0xff };
	static const char *const datagrams[] = { V1, V5,
	    "0009 0004 0010c865 6553f164 00000000 00000007" V9_SETS,
	    "000a 00a4 6553f164 00000000 00000007" IPFIX_SETS };
	uint8_t buf[DATAGRAM_MAX];
	struct bench b;
	size_t i, j, n, len;

	for (i = 0; i < 4; i++) {
		len = from_hex(datagrams[i], buf);
		for (n = 0; n < len; n++) {
			for (j = 0; j < sizeof(changes); j++) {
				bench_open(&b, 1);
				buf[n] ^= changes[j];
				(void)feed_octets(&b, buf, len);
				(void)feed_octets(&b, buf, len);
				buf[n] ^= changes[j];
				decoder_free(b.decoder);
			}
		}
	}
}

ATF_TC_WITHOUT_HEAD(unknown_version_is_refused);
ATF_TC_BODY(unknown_version_is_refused, tc)
{
	struct bench b;

	expect_patched(V5, 1, 0, RULE_VERSION, 0);
	expect_patched(V5, 1, 7, RULE_VERSION, 0);
	expect_patched(V5, 1, 11, RULE_VERSION, 0);
	expect_patched(V5, 0, 1, RULE_VERSION, 0);
	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_VERSION, feed(&b, "ffff"));
	ATF_REQUIRE_EQ(0, b.result.version);
	decoder_free(b.decoder);
}

/* A head and n records */
static enum rule
feed_fixed(struct bench *b, const char *head, const char *record, uint8_t n)
{
	uint8_t buf[DATAGRAM_MAX];
	size_t len;
	uint8_t i;

	len = from_hex(head, buf);
	buf[3] = n;
	for (i = 0; i < n; i++)
		len += from_hex(record, buf + len);
	return (feed_octets(b, buf, len));
}

ATF_TC_WITHOUT_HEAD(v1_count_is_1_to_24);
ATF_TC_BODY(v1_count_is_1_to_24, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_COUNT, feed_fixed(&b, V1_HEAD, V1_RECORD, 0));
	ATF_REQUIRE_EQ(RULE_NONE, feed_fixed(&b, V1_HEAD, V1_RECORD, 24));
	ATF_REQUIRE_EQ(24, b.nflows);
	ATF_REQUIRE_EQ(RULE_COUNT, feed_fixed(&b, V1_HEAD, V1_RECORD, 25));
	ATF_REQUIRE_EQ(2, b.result.offset);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(v5_count_is_1_to_30);
ATF_TC_BODY(v5_count_is_1_to_30, tc)
{
	const char *head = V5_HEAD("0000", "00000000");
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_COUNT, feed_fixed(&b, head, V5_RECORD, 0));
	ATF_REQUIRE_EQ(RULE_NONE, feed_fixed(&b, head, V5_RECORD, 30));
	ATF_REQUIRE_EQ(30, b.nflows);
	ATF_REQUIRE_EQ(RULE_COUNT, feed_fixed(&b, head, V5_RECORD, 31));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(fixed_length_is_head_and_records_exactly);
ATF_TC_BODY(fixed_length_is_head_and_records_exactly, tc)
{
	struct bench b;

	expect_patched(V1, 3, 2, RULE_LENGTH, 2);
	expect_patched(V5, 3, 2, RULE_LENGTH, 2);
	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_LENGTH, feed(&b, V1 "00"));
	ATF_REQUIRE_EQ(RULE_LENGTH, feed(&b, V5 "00"));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(nanoseconds_of_a_whole_second_are_refused);
ATF_TC_BODY(nanoseconds_of_a_whole_second_are_refused, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed(&b, "0001 0001 0010c865 6553f164"
	    "3b9ac9ff" V1_RECORD));
	ATF_REQUIRE_EQ(RULE_NANOSECONDS, feed(&b, "0001 0001 0010c865 6553f164"
	    "3b9aca00" V1_RECORD));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(reserved_octets_are_zero);
ATF_TC_BODY(reserved_octets_are_zero, tc)
{
	static const size_t v1[] = { 36, 37, 41, 42, 43, 44, 45, 46, 47 };
	static const size_t v5[] = { 36, 46, 47 };
	size_t i;

	for (i = 0; i < 9; i++)
		expect_patched(V1, 16 + v1[i], 1, RULE_PADDING, 16 + v1[i]);
	for (i = 0; i < 3; i++)
		expect_patched(V5, 24 + v5[i], 1, RULE_PADDING, 24 + v5[i]);
}

ATF_TC_WITHOUT_HEAD(flow_that_ends_before_its_start_is_refused);
ATF_TC_BODY(flow_that_ends_before_its_start_is_refused, tc)
{
	expect_patched(V1, 16 + 29, 0x0e, RULE_TIMES, 16);
	expect_patched(V5, 24 + 29, 0x0e, RULE_TIMES, 24);
	expect_v9(2, V9_TEMPLATE "0400 002c c0000201 c6336409 000f6a9e"
	    "000f6a9d 000005dc 00000003 00000002 00000003 9c40 01bb 06 1b 20"
	    "03", RULE_TIMES, 20 + 64 + 4);
	expect_ipfix(IPFIX_TEMPLATE "0400 0034 c0000201 c6336409"
	    "0000018bcfe590d9 0000018bcfe590d8 00000000000005dc"
	    "0000000000000003 9c40 01bb 06 1b 20 03", RULE_TIMES, 16 + 56 + 4);
}

ATF_TC_WITHOUT_HEAD(flow_before_1970_is_refused);
ATF_TC_BODY(flow_before_1970_is_refused, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_TIMES, feed(&b, "0001 0001 0010c865 00000001"
	    "00000000" V1_RECORD));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(flow_without_packets_is_refused);
ATF_TC_BODY(flow_without_packets_is_refused, tc)
{
	expect_patched(V5, 24 + 19, 0, RULE_NO_PACKETS, 24);
	expect_ipfix("0002 000c 012c 0001 0002 0004 012c 0008 00000000",
	    RULE_NO_PACKETS, 16 + 12 + 4);
}

ATF_TC_WITHOUT_HEAD(uptime_wrap_does_not_move_a_flow);
ATF_TC_BODY(uptime_wrap_does_not_move_a_flow, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed(&b, "0001 0001 fffffff0 6553f164"
	    "00000000 c0000201 c6336409 00000000 0002 0003 00000003 000005dc"
	    "ffffffe0 ffffffe8 9c40 01bb 0000 06 20 1b 000000 00000000"));
	ATF_REQUIRE_EQ(RULE_NONE, feed(&b, "0001 0001 00000010 6553f164"
	    "0012d687 c0000201 c6336409 00000000 0002 0003 00000003 000005dc"
	    "fffffff0 00000008 9c40 01bb 0000 06 20 1b 000000 00000000"));
	/* The header's 1234567 ns are 1234 us. */
	ATF_REQUIRE_EQ(1700000100001234ULL - 32000, b.flows[0].first_us);
	ATF_REQUIRE_EQ(1700000100001234ULL - 8000, b.flows[0].last_us);
	decoder_free(b.decoder);
}

/* Times of one flow record under template 300 */
static void
expect_times(const char *first_id, const char *last_id, const char *length,
    const char *values, uint64_t first_us, uint64_t last_us)
{
	char hex[256];
	struct bench b;

	snprintf(hex, sizeof(hex), "0002 0010 012c 0002 %s %s %s %s 012c %s %s",
	    first_id, length, last_id, length,
	    length[3] == '4' ? "000c" : "0014", values);
	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, hex));
	ATF_REQUIRE_EQ(1, b.nflows);
	ATF_REQUIRE_EQ_MSG(first_us, b.flows[0].first_us, "%llu",
	    (unsigned long long)b.flows[0].first_us);
	ATF_REQUIRE_EQ_MSG(last_us, b.flows[0].last_us, "%llu",
	    (unsigned long long)b.flows[0].last_us);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(absolute_times_are_read_in_every_resolution);
ATF_TC_BODY(absolute_times_are_read_in_every_resolution, tc)
{
	expect_times("0096", "0097", "0004", "6553f100 6553f101",
	    1700000000000000ULL, 1700000001000000ULL);
	expect_times("0098", "0099", "0008",
	    "0000018bcfe5687b 0000018bcfe590d8",
	    1700000000123000ULL, 1700000010456000ULL);
	/* .5 s, and .000001 s rounded up to a multiple of 2048/2^32 */
	expect_times("009a", "009b", "0008",
	    "e8fe6f80 80000000 e8fe6f81 00001800",
	    1700000000500000ULL, 1700000001000001ULL);
	/* Of nanoseconds all bits count. */
	expect_times("009c", "009d", "0008",
	    "e8fe6f80 000017ff e8fe6f80 ffffffff",
	    1700000000000001ULL, 1700000000999999ULL);
	/* NTP seconds begin again in 2036. */
	expect_times("009c", "009d", "0008",
	    "ffffffff 00000000 00000000 00000000",
	    2085978495000000ULL, 2085978496000000ULL);
}

ATF_TC_WITHOUT_HEAD(v9_count_is_that_of_all_records);
ATF_TC_BODY(v9_count_is_that_of_all_records, tc)
{
	expect_v9(3, V9_SETS, RULE_COUNT, 2);
	expect_v9(5, V9_SETS, RULE_COUNT, 2);
	expect_v9(1, "", RULE_COUNT, 2);
}

ATF_TC_WITHOUT_HEAD(ipfix_length_is_that_of_the_datagram);
ATF_TC_BODY(ipfix_length_is_that_of_the_datagram, tc)
{
	const char *message = "000a 00a4 6553f164 00000000 00000007"
	    IPFIX_SETS;
	struct bench b;

	expect_patched(message, 3, 0xa3, RULE_LENGTH, 2);
	expect_patched(message, 3, 0xa5, RULE_LENGTH, 2);
	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, ""));
	decoder_free(b.decoder);
}

static void
expect_gap(const struct bench *b, uint32_t expected, uint32_t got)
{
	ATF_REQUIRE_EQ(1, b->result.gap);
	ATF_REQUIRE_EQ(expected, b->result.expected);
	ATF_REQUIRE_EQ(got, b->result.got);
}

ATF_TC_WITHOUT_HEAD(v5_sequence_counts_flow_records);
ATF_TC_BODY(v5_sequence_counts_flow_records, tc)
{
	struct bench b;

	bench_open(&b, 0);
	feed(&b, V5_HEAD("0002", "fffffffe") V5_RECORD V5_RECORD);
	ATF_REQUIRE_EQ(0, b.result.gap);
	feed(&b, V5_HEAD("0001", "00000000") V5_RECORD);
	ATF_REQUIRE_EQ(0, b.result.gap);
	ATF_REQUIRE_EQ(RULE_NONE,
	    feed(&b, V5_HEAD("0001", "00000002") V5_RECORD));
	expect_gap(&b, 1, 2);
	feed(&b, V5_HEAD("0001", "00000003") V5_RECORD);
	ATF_REQUIRE_EQ(0, b.result.gap);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(v9_sequence_counts_datagrams);
ATF_TC_BODY(v9_sequence_counts_datagrams, tc)
{
	struct bench b;

	bench_open(&b, 0);
	feed_v9(&b, 4, 0xffffffff, V9_SETS);
	feed_v9(&b, 2, 0, V9_DATA V9_DATA);
	ATF_REQUIRE_EQ(0, b.result.gap);
	feed_v9(&b, 1, 2, V9_DATA);
	expect_gap(&b, 1, 2);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(ipfix_sequence_counts_data_records_before);
ATF_TC_BODY(ipfix_sequence_counts_data_records_before, tc)
{
	struct bench b;

	bench_open(&b, 0);
	feed_ipfix(&b, 0, IPFIX_TEMPLATE IPFIX_OPTIONS);
	feed_ipfix(&b, 0, SAMPLING IPFIX_DATA IPFIX_DATA);
	ATF_REQUIRE_EQ(0, b.result.gap);
	feed_ipfix(&b, 3, IPFIX_DATA);
	ATF_REQUIRE_EQ(0, b.result.gap);
	feed_ipfix(&b, 3, IPFIX_DATA);
	expect_gap(&b, 4, 3);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(sequence_belongs_to_address_port_and_source);
ATF_TC_BODY(sequence_belongs_to_address_port_and_source, tc)
{
	struct bench b;

	bench_open(&b, 0);
	feed(&b, V5);
	b.from.port = 4001;
	feed(&b, V5);
	ATF_REQUIRE_EQ(0, b.result.gap);
	b.from.addr[3] = 2;
	feed(&b, V5);
	ATF_REQUIRE_EQ(0, b.result.gap);
	feed(&b, "0005 0001 0010c865 6553f164 00000000 000003e8 00 08 4064"
	    V5_RECORD);
	ATF_REQUIRE_EQ(0, b.result.gap);
	feed(&b, V5);
	expect_gap(&b, 1001, 1000);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(export_time_that_goes_backwards_is_refused);
ATF_TC_BODY(export_time_that_goes_backwards_is_refused, tc)
{
	struct bench b;

	bench_open(&b, 0);
	feed(&b, "0001 0001 0010c865 6553f164 00001388" V1_RECORD);
	ATF_REQUIRE_EQ(RULE_EXPORT_TIME,
	    feed(&b, "0001 0001 0010c865 6553f164 00000fa0" V1_RECORD));
	feed(&b, V5);
	ATF_REQUIRE_EQ(RULE_EXPORT_TIME, feed(&b, "0005 0001 0010c865 6553f163"
	    "00000000 000003e9 00 07 4064" V5_RECORD));
	feed_v9(&b, 4, 0, V9_SETS);
	ATF_REQUIRE_EQ(RULE_EXPORT_TIME, feed(&b, "0009 0001 0010c865 6553f163"
	    "00000001 00000007" V9_DATA));
	feed_ipfix(&b, 0, IPFIX_SETS);
	ATF_REQUIRE_EQ(RULE_EXPORT_TIME, feed(&b, "000a 0044 6553f163 00000002"
	    "00000007" IPFIX_DATA));
	ATF_REQUIRE_EQ(4, b.result.offset);
	/* Forward from there is right again. */
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 3, IPFIX_DATA));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(sessions_are_bounded);
ATF_TC_BODY(sessions_are_bounded, tc)
{
	struct bench b;
	int i;

	bench_open(&b, 0);
	for (i = 0; i < SESSIONS_MAX; i++) {
		b.from.port = (uint16_t)(1000 + i);
		ATF_REQUIRE_EQ(RULE_NONE, feed(&b, V1));
	}
	ATF_REQUIRE_EQ(RULE_NONE, feed(&b, V1));
	b.from.port = 1;
	ATF_REQUIRE_EQ(RULE_LIMIT, feed(&b, V1));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(icmp_type_is_the_v5_destination_port);
ATF_TC_BODY(icmp_type_is_the_v5_destination_port, tc)
{
	struct bench b;

	bench_open(&b, 0);
	feed(&b, V5_HEAD("0001", "00000000") "c0000201 c6336409 00000000 0002"
	    "0003 00000003 000005dc 000f4240 000f6a9d 0000 0800 00 00 01 00"
	    "0000 0000 00 00 0000");
	ATF_REQUIRE_EQ(1, b.nflows);
	ATF_REQUIRE(b.flows[0].have & HAVE_ICMP);
	ATF_REQUIRE_EQ(0x0800, b.flows[0].icmp);
	ATF_REQUIRE_EQ(0x0800, b.flows[0].dport);
	decoder_free(b.decoder);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, worked_v1_datagram_gives_its_flow);
	ATF_TP_ADD_TC(tp, worked_v5_datagram_gives_its_flow);
	ATF_TP_ADD_TC(tp, worked_v9_datagram_gives_its_flow);
	ATF_TP_ADD_TC(tp, worked_ipfix_message_gives_its_flow);
	ATF_TP_ADD_TC(tp, unpadded_set_is_refused_unless_allowed);
	ATF_TP_ADD_TC(tp, every_truncated_datagram_is_refused);
	ATF_TP_ADD_TC(tp, ipfix_cut_inside_a_set_is_refused);
	ATF_TP_ADD_TC(tp, data_set_cut_short_gives_no_flow);
	ATF_TP_ADD_TC(tp, any_changed_octet_stays_in_bounds);
	ATF_TP_ADD_TC(tp, unknown_version_is_refused);
	ATF_TP_ADD_TC(tp, v1_count_is_1_to_24);
	ATF_TP_ADD_TC(tp, v5_count_is_1_to_30);
	ATF_TP_ADD_TC(tp, fixed_length_is_head_and_records_exactly);
	ATF_TP_ADD_TC(tp, nanoseconds_of_a_whole_second_are_refused);
	ATF_TP_ADD_TC(tp, reserved_octets_are_zero);
	ATF_TP_ADD_TC(tp, flow_that_ends_before_its_start_is_refused);
	ATF_TP_ADD_TC(tp, flow_before_1970_is_refused);
	ATF_TP_ADD_TC(tp, flow_without_packets_is_refused);
	ATF_TP_ADD_TC(tp, uptime_wrap_does_not_move_a_flow);
	ATF_TP_ADD_TC(tp, absolute_times_are_read_in_every_resolution);
	ATF_TP_ADD_TC(tp, v9_count_is_that_of_all_records);
	ATF_TP_ADD_TC(tp, ipfix_length_is_that_of_the_datagram);
	ATF_TP_ADD_TC(tp, v5_sequence_counts_flow_records);
	ATF_TP_ADD_TC(tp, v9_sequence_counts_datagrams);
	ATF_TP_ADD_TC(tp, ipfix_sequence_counts_data_records_before);
	ATF_TP_ADD_TC(tp, sequence_belongs_to_address_port_and_source);
	ATF_TP_ADD_TC(tp, export_time_that_goes_backwards_is_refused);
	ATF_TP_ADD_TC(tp, sessions_are_bounded);
	ATF_TP_ADD_TC(tp, icmp_type_is_the_v5_destination_port);
	return (atf_no_error());
}
