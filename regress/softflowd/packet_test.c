/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The IP and transport layers, and the flow key. */

#include <atf-c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "packet.h"
#include "packet_frames.h"

TEST(tcp_over_ipv4_is_decoded)
{
	struct packet	 pkt;
	uint32_t	 size;
	uint8_t		*addr;

	ATF_REQUIRE_EQ(PACKET_OK,
	    decode(LINK_ETHERNET, ETH("0800") TCP4, &pkt));
	check_packet(&pkt, 6, 1234, 80, 0);
	addr = octets(A4 B4, &size);
	ATF_CHECK_EQ(0, memcmp(pkt.key.addr[0], addr, 4));
	ATF_CHECK_EQ(0, memcmp(pkt.key.addr[1], addr + 4, 4));
	free(addr);
	check_sane(&pkt, TRACK_FULL);
	ATF_CHECK_EQ(0, pkt.dir);
	ATF_CHECK_EQ(0x12, pkt.tcp_flags);
	ATF_CHECK_EQ(40, pkt.octets);
	ATF_CHECK_EQ(1234567890123456, pkt.time_us);
	ATF_CHECK_EQ(3, pkt.slot);
}

TEST(both_directions_have_one_key_and_each_its_tos)
{
	struct packet	 one, two;

	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V4("b8", "001c", "0000", "11") "138800350008000000", &one));
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V4_REPLY("20", "001c", "11") "003513880008000000", &two));
	ATF_CHECK_EQ(0, memcmp(&one.key, &two.key, sizeof(one.key)));
	ATF_CHECK_EQ(0, one.dir);
	ATF_CHECK_EQ(1, two.dir);
	ATF_CHECK_EQ(0xb8, one.tos);
	ATF_CHECK_EQ(0x20, two.tos);

	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW, UDP6, &one));
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V6_REPLY("0008", "11") "0035138800080000", &two));
	ATF_CHECK_EQ(0, memcmp(&one.key, &two.key, sizeof(one.key)));
	ATF_CHECK_EQ(0, one.dir);
	ATF_CHECK_EQ(1, two.dir);
}

TEST(ipv6_addresses_are_ordered_by_their_first_difference)
{
	struct packet	 pkt;

	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW, "6000000000003b40"
	    "fe800000000000000000000000000001"
	    "20010db8000000000000000000000002", &pkt));
	ATF_CHECK_EQ(1, pkt.dir);
	ATF_CHECK_EQ(0x20, pkt.key.addr[0][0]);
	ATF_CHECK_EQ(0xfe, pkt.key.addr[1][0]);
}

TEST(an_address_talking_to_itself_is_ordered_by_port)
{
	struct packet	 one, two;

	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    "4500001c000000004011" "0000" A4 A4 "0035138800080000", &one));
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    "4500001c000000004011" "0000" A4 A4 "1388003500080000", &two));
	ATF_CHECK_EQ(0, memcmp(&one.key, &two.key, sizeof(one.key)));
	ATF_CHECK_EQ(0x35, one.key.port[0]);
	ATF_CHECK_EQ(0, one.dir);
	ATF_CHECK_EQ(1, two.dir);
}

TEST(each_track_level_zeroes_what_it_leaves_out)
{
	struct packet	 pkt;
	const char	*hex = V4("b8", "0028", "0000", "06") TCP;

	ATF_REQUIRE_EQ(PACKET_OK,
	    decode_level(LINK_RAW, TRACK_FULL, hex, &pkt));
	check_packet(&pkt, 6, 1234, 80, 0);
	ATF_CHECK_EQ(0xb8, pkt.tos);
	ATF_REQUIRE_EQ(PACKET_OK,
	    decode_level(LINK_RAW, TRACK_PORT, hex, &pkt));
	check_packet(&pkt, 6, 1234, 80, 0);
	ATF_CHECK_EQ(0, pkt.tos);
	ATF_CHECK_EQ(0x12, pkt.tcp_flags);
	ATF_REQUIRE_EQ(PACKET_OK,
	    decode_level(LINK_RAW, TRACK_PROTO, hex, &pkt));
	check_packet(&pkt, 6, 0, 0, 0);
	check_sane(&pkt, TRACK_PROTO);
	ATF_REQUIRE_EQ(PACKET_OK, decode_level(LINK_RAW, TRACK_IP, hex, &pkt));
	check_packet(&pkt, 0, 0, 0, 0);
	check_sane(&pkt, TRACK_IP);
}

TEST(at_the_tos_level_each_tos_is_a_flow)
{
	struct packet	 one, two;
	uint8_t		*data;
	uint32_t	 size;

	data = octets(V4("b8", "0028", "0000", "06") TCP, &size);
	ATF_REQUIRE_EQ(PACKET_OK, decode_octets(LINK_RAW, 0, TRACK_TOS, data,
	    size, size, &one));
	check_packet(&one, 6, 1234, 80, 0);
	ATF_CHECK_EQ(0xb8, one.key.reserved);
	ATF_CHECK_EQ(0xb8, one.tos);
	ATF_CHECK_EQ(0x12, one.tcp_flags);
	data[1] = 0;
	ATF_REQUIRE_EQ(PACKET_OK, decode_octets(LINK_RAW, 0, TRACK_TOS, data,
	    size, size, &two));
	free(data);
	ATF_CHECK(memcmp(&one.key, &two.key, sizeof(one.key)) != 0);
	two.key.reserved = 0xb8;
	ATF_CHECK_EQ(0, memcmp(&one.key, &two.key, sizeof(one.key)));

	ATF_REQUIRE_EQ(PACKET_OK, decode_level(LINK_RAW, TRACK_TOS,
	    "6b9fffff00003b40" A6 B6, &one));
	ATF_CHECK_EQ(0xb9, one.key.reserved);
}

static void
decode_side(const char *hex, enum track_level level, struct packet *pkt)
{
	struct decode	 how = { .level = level, .side = 1 };
	uint8_t		*data;
	uint32_t	 size;

	data = octets(hex, &size);
	ATF_REQUIRE_EQ(PACKET_OK, decode_how(LINK_RAW, 0, &how, data, size,
	    size, pkt));
	free(data);
}

TEST(side_facts_are_those_of_the_headers_and_else_zero)
{
	struct packet_side	 none = { 0 };
	struct packet		 pkt;

	decode_side("4500002800000000" "2106" "0000" A4 B4
	    "04d20050" "0000000100000000" "51c2ffff" "00000000", TRACK_FULL,
	    &pkt);
	ATF_CHECK_EQ(0x21, pkt.side.ttl);
	ATF_CHECK_EQ(0x1c2, pkt.side.tcp_control);
	ATF_CHECK_EQ(0xc2, pkt.tcp_flags);
	none.ttl = 0x21;
	none.tcp_control = 0x1c2;
	ATF_CHECK_EQ(0, memcmp(&none, &pkt.side, sizeof(none)));

	decode_side("6b9abcde" "0014" "06" "3f" A6 B6 TCP, TRACK_FULL, &pkt);
	ATF_CHECK_EQ(0x3f, pkt.side.ttl);
	ATF_CHECK_EQ(0xabcde, pkt.side.flow_label);
	ATF_CHECK_EQ(0x012, pkt.side.tcp_control);
	/* UDP; a later fragment; TCP flags cut off, and not looked at. */
	decode_side(V4("00", "0028", "0000", "11") TCP, TRACK_FULL, &pkt);
	ATF_CHECK_EQ(0, pkt.side.tcp_control);
	decode_side(V4("00", "0028", "0001", "06") TCP, TRACK_FULL, &pkt);
	ATF_CHECK_EQ(0, pkt.side.tcp_control);
	decode_side(V4("00", "0021", "0000", "06") TCP, TRACK_FULL, &pkt);
	ATF_CHECK_EQ(0, pkt.side.tcp_control);
	decode_side(TCP4, TRACK_PROTO, &pkt);
	ATF_CHECK_EQ(0, pkt.side.tcp_control);
	ATF_CHECK_EQ(0x40, pkt.side.ttl);
}

TEST(ports_are_those_of_five_transports)
{
	static const struct {
		const char	*hex;
		uint8_t		 proto;
		uint16_t	 src, dst;
	} t[] = {
		{ V4("00", "0018", "0000", "21") "00010002", 33, 1, 2 },
		{ V4("00", "0018", "0000", "84") "00010002", 132, 1, 2 },
		{ V4("00", "0018", "0000", "88") "00010002", 136, 1, 2 },
		{ V4("00", "0018", "0000", "2f") "00010002", 47, 0, 0 },
		{ V4("00", "0018", "0000", "33") "00010002", 51, 0, 0 },
		{ V6("0004", "84") "00010002", 132, 1, 2 },
		{ V6("0004", "32") "00010002", 50, 0, 0 },
		{ V6("0004", "3b") "00010002", 59, 0, 0 },
	};
	struct packet	 pkt;
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW, t[i].hex, &pkt));
		check_packet(&pkt, t[i].proto, t[i].src, t[i].dst, 0);
		ATF_CHECK_EQ(0, pkt.tcp_flags);
	}
}

TEST(icmp_shorter_than_28_octets_keeps_its_type)
{
	struct packet	 request, reply;

	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V4("00", "0016", "0000", "01") "0800", &request));
	check_packet(&request, 1, 0, 0x0800, 0);
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V4_REPLY("00", "0016", "01") "0000", &reply));
	check_packet(&reply, 1, 0, 0, 0);
	ATF_CHECK(memcmp(&request.key, &reply.key, sizeof(reply.key)) != 0);
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V4_REPLY("00", "001c", "01") "030dabcd00000000", &reply));
	check_packet(&reply, 1, 0, 0x030d, 0);
	ATF_CHECK_EQ(1, reply.dir);
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V6_REPLY("0008", "3a") "8100abcd00000000", &reply));
	check_packet(&reply, 58, 0, 0x8100, 0);
	ATF_CHECK_EQ(1, reply.dir);
	ATF_REQUIRE_EQ(PACKET_OK,
	    decode(LINK_RAW, V6("0002", "3a") "8701", &request));
	check_packet(&request, 58, 0, 0x8701, 0);
}

TEST(icmp_of_the_other_ip_version_has_no_type)
{
	struct packet	 pkt;

	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V4("00", "0018", "0000", "3a") "80000000", &pkt));
	check_packet(&pkt, 58, 0, 0, 0);
	ATF_REQUIRE_EQ(PACKET_OK,
	    decode(LINK_RAW, V6("0004", "01") "08000000", &pkt));
	check_packet(&pkt, 1, 0, 0, 0);
}

TEST(ports_that_were_not_captured_are_missed)
{
	struct packet	 pkt;

	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V4("00", "0028", "0000", "06") "04d200", &pkt));
	check_packet(&pkt, 6, 0, 0, PACKET_NO_PORTS);
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V4("00", "0028", "0000", "01") "08", &pkt));
	check_packet(&pkt, 1, 0, 0, PACKET_NO_PORTS);
	ATF_REQUIRE_EQ(PACKET_OK,
	    decode(LINK_RAW, V6("0014", "06") "04d200", &pkt));
	check_packet(&pkt, 6, 0, 0, PACKET_NO_PORTS);
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V4("00", "0028", "0000", "06") "04d2005000000001000000005012"
	    "ffff", &pkt));
	ATF_CHECK_EQ(0x12, pkt.tcp_flags);
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V4("00", "0028", "0000", "06") "04d20050000000010000000050",
	    &pkt));
	check_packet(&pkt, 6, 1234, 80, 0);
	ATF_CHECK_EQ(0, pkt.tcp_flags);
}

TEST(ethernet_padding_is_not_counted_and_not_read)
{
	struct packet	 pkt;

	ATF_REQUIRE_EQ(PACKET_OK,
	    decode(LINK_ETHERNET, ETH("0800") TCP4 "ffffffffffff", &pkt));
	ATF_CHECK_EQ(40, pkt.octets);
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_ETHERNET, ETH("0800")
	    V4("00", "0016", "0000", "11") "ffffffffffffffff", &pkt));
	check_packet(&pkt, 17, 0, 0, PACKET_NO_PORTS);
	ATF_CHECK_EQ(22, pkt.octets);
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_ETHERNET, ETH("86dd")
	    V6("0002", "11") "ffffffffffffffff", &pkt));
	check_packet(&pkt, 17, 0, 0, PACKET_NO_PORTS);
	ATF_CHECK_EQ(42, pkt.octets);
}

TEST(ipv4_header_length_below_five_is_refused)
{
	ATF_CHECK_EQ(PACKET_BAD_HEADER_LENGTH, result_of(LINK_RAW,
	    "44000028000000004006" "0000" A4 B4 TCP));
	ATF_CHECK_EQ(PACKET_BAD_HEADER_LENGTH, result_of(LINK_RAW,
	    "40000000000000004006" "0000" A4 B4 TCP));
}

TEST(ipv4_total_length_below_its_header_is_refused)
{
	ATF_CHECK_EQ(PACKET_BAD_TOTAL_LENGTH,
	    result_of(LINK_RAW, V4("00", "0013", "0000", "06") TCP));
	ATF_CHECK_EQ(PACKET_BAD_TOTAL_LENGTH,
	    result_of(LINK_RAW, V4("00", "0001", "0000", "06") TCP));
	ATF_CHECK_EQ(PACKET_OK,
	    result_of(LINK_RAW, V4("00", "0014", "0000", "06")));
}

TEST(ip_headers_that_are_cut_off_are_refused)
{
	ATF_CHECK_EQ(PACKET_SHORT_IPV4, result_of(LINK_RAW, "45"));
	ATF_CHECK_EQ(PACKET_SHORT_IPV4, result_of(LINK_RAW,
	    "45000028000000004006" "0000" A4 "0a0000"));
	ATF_CHECK_EQ(PACKET_SHORT_IPV4_OPTIONS, result_of(LINK_RAW,
	    "46000018000000004006" "0000" A4 B4 "010101"));
	ATF_CHECK_EQ(PACKET_SHORT_IPV6, result_of(LINK_RAW,
	    "6000000000003b40" A6 "20010db80000000000000000000000"));
}

TEST(ports_stand_behind_ipv4_options)
{
	struct packet	 pkt;

	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    "46000020000000004011" "0000" A4 B4 "01010101" UDP, &pkt));
	check_packet(&pkt, 17, 5000, 53, 0);
}

TEST(a_wrong_ip_version_is_refused)
{
	ATF_CHECK_EQ(PACKET_BAD_VERSION,
	    result_of(LINK_ETHERNET, ETH("0800") TCP6));
	ATF_CHECK_EQ(PACKET_BAD_VERSION,
	    result_of(LINK_ETHERNET, ETH("86dd") UDP4 UDP4));
	ATF_CHECK_EQ(PACKET_BAD_VERSION, result_of(LINK_IPV4, TCP6));
	ATF_CHECK_EQ(PACKET_BAD_VERSION, result_of(LINK_IPV6, UDP4 UDP4));
	ATF_CHECK_EQ(PACKET_BAD_VERSION, result_of(LINK_RAW, "55"));
}

TEST(later_fragments_have_no_ports)
{
	struct packet	 pkt;

	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V4("00", "0028", "2000", "06") TCP, &pkt));
	check_packet(&pkt, 6, 1234, 80, PACKET_FRAG_FIRST);
	ATF_CHECK_EQ(0x1234, pkt.frag_id);
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V4("00", "0028", "0001", "06") TCP, &pkt));
	check_packet(&pkt, 6, 0, 0, PACKET_FRAGMENT);
	ATF_CHECK_EQ(0x1234, pkt.frag_id);
	ATF_CHECK_EQ(0, pkt.tcp_flags);
	/* The last one, and one that may not be fragmented. */
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V4("00", "0028", "1fff", "06") TCP, &pkt));
	check_packet(&pkt, 6, 0, 0, PACKET_FRAGMENT);
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V4("00", "0028", "c000", "06") TCP, &pkt));
	check_packet(&pkt, 6, 1234, 80, 0);
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V6("001c", "2c") "0600000187654321" TCP, &pkt));
	check_packet(&pkt, 6, 1234, 80, PACKET_FRAG_FIRST);
	ATF_CHECK_EQ(0x87654321, pkt.frag_id);
	/* An atomic one; two headers, of which the last one counts. */
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V6("001c", "2c") "0600000000000001" TCP, &pkt));
	check_packet(&pkt, 6, 1234, 80, 0);
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW, V6("0024", "2c")
	    "2c00000100000001" "0600000000000002" TCP, &pkt));
	check_packet(&pkt, 6, 1234, 80, 0);
	/* What follows is data, even if an extension header is announced. */
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW,
	    V6("001c", "2c") "3c00000800000001" TCP, &pkt));
	check_packet(&pkt, 60, 0, 0, PACKET_FRAGMENT);
}

TEST(ipv6_traffic_class_is_right)
{
	struct packet	 pkt;

	ATF_REQUIRE_EQ(PACKET_OK,
	    decode(LINK_RAW, "6b9fffff00003b40" A6 B6, &pkt));
	ATF_CHECK_EQ(0xb9, pkt.tos);
}

TEST(every_ipv6_extension_header_is_walked)
{
	struct packet	 pkt;

	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW, EVERY_EXT6, &pkt));
	check_packet(&pkt, 6, 1234, 80, 0);
	ATF_CHECK_EQ(0x12, pkt.tcp_flags);
	ATF_CHECK_EQ(104, pkt.octets);
}

TEST(truncated_hop_by_hop_header_is_counted_and_ends)
{
	static const struct {
		const char	*hex;
		uint8_t		 proto;
	} t[] = {
		/* The 54-octet frame; one more; one less than a header. */
		{ V6("0008", "00"), 0 },
		{ V6("0008", "00") "06", 0 },
		{ V6("0008", "00") "06000104000000", 0 },
		{ V6("0008", "2b") "0600", 43 },
		{ V6("0008", "2c") "06000000000000", 44 },
		{ V6("0008", "33") "0601000000000000", 51 },
		{ V6("0008", "3c") "0601000000000000", 60 },
		/* The chain ends exactly where the capture does. */
		{ V6("0010", "00") "3c00010400000000", 60 },
		/* Captured, but behind the payload's end. */
		{ V6("0004", "00") "0600010400000000" TCP, 0 },
		{ V6("0000", "00") "0600010400000000", 0 },
	};
	struct packet	 pkt;
	char		 hex[256];
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		snprintf(hex, sizeof(hex), "%s%s", ETH("86dd"), t[i].hex);
		ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_ETHERNET, hex, &pkt));
		check_packet(&pkt, t[i].proto, 0, 0, PACKET_EXT_CUT);
	}
}

TEST(a_length_of_zero_is_an_offloaded_segment)
{
	struct packet	 pkt;
	uint8_t		*data;
	uint32_t	 size;

	data = octets(ETH("0800") V4("00", "0000", "0000", "06") TCP, &size);
	ATF_REQUIRE_EQ(PACKET_OK, decode_octets(LINK_ETHERNET, 0, TRACK_FULL,
	    data, size, 80014, &pkt));
	check_packet(&pkt, 6, 1234, 80, 0);
	ATF_CHECK_EQ(80000, pkt.octets);
	/* A wire length that is only the link header's must not give 0. */
	ATF_REQUIRE_EQ(PACKET_OK, decode_octets(LINK_ETHERNET, 0, TRACK_FULL,
	    data, size, 14, &pkt));
	ATF_CHECK_EQ(40, pkt.octets);
	ATF_REQUIRE_EQ(PACKET_SHORT_IPV4, decode_octets(LINK_ETHERNET, 0,
	    TRACK_FULL, data, 14, 14, &pkt));
	free(data);

	data = octets(V6("0000", "06") TCP, &size);
	ATF_REQUIRE_EQ(PACKET_OK, decode_octets(LINK_RAW, 0, TRACK_FULL,
	    data, size, 61, &pkt));
	check_packet(&pkt, 6, 1234, 80, 0);
	ATF_CHECK_EQ(61, pkt.octets);
	/* A header alone, padded, or with nothing announced behind it. */
	ATF_REQUIRE_EQ(PACKET_OK, decode_octets(LINK_RAW, 0, TRACK_FULL,
	    data, size, 60, &pkt));
	check_packet(&pkt, 6, 0, 0, PACKET_NO_PORTS);
	ATF_CHECK_EQ(40, pkt.octets);
	free(data);
	ATF_REQUIRE_EQ(PACKET_OK,
	    decode(LINK_RAW, V6("0000", "3b") TCP TCP, &pkt));
	ATF_CHECK_EQ(40, pkt.octets);
}

TEST(the_jumbo_payload_option_gives_the_length)
{
	static const struct {
		const char	*hex;
		uint64_t	 octets;
	} t[] = {
		{ JUMBO6, 40 + 0x12345 },
		{ V6("0000", "00") "0600c204ffffffff" TCP,
		    40 + (uint64_t)UINT32_MAX },
		{ V6("0000", "00") "06010000010100" "00c20400023456" "0000"
		    TCP, 40 + 0x23456 },
		/* None, one of another length, two cut off; a payload. */
		{ V6("0000", "00") "0600010400000000" TCP, 68 },
		{ V6("0000", "00") "0600c20300023400" TCP, 68 },
		{ V6("0000", "00") "06000000c2040002" TCP, 68 },
		{ V6("0000", "00") "06000000000000c2" TCP, 68 },
		{ V6("001c", "00") "0600c20400012345" TCP, 68 },
	};
	struct packet	 pkt;
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW, t[i].hex, &pkt));
		check_packet(&pkt, 6, 1234, 80, 0);
		ATF_CHECK_EQ(t[i].octets, pkt.octets);
	}
	/* The last octet captured begins an option. */
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW, V6("0000", "00")
	    "0000000000000000" "0000000000000000" "06000000000000c2", &pkt));
	check_packet(&pkt, 6, 0, 0, PACKET_NO_PORTS);
	ATF_CHECK_EQ(64, pkt.octets);
}

TEST(each_drop_reason_has_its_own_counter)
{
	struct counters		 c = { 0 };
	enum packet_result	 reason;

	ATF_CHECK(packet_drop_counter(&c, PACKET_OK) == NULL);
	for (reason = PACKET_OK + 1; reason < PACKET_RESULT_MAX; reason++)
		*packet_drop_counter(&c, reason) += reason;
	ATF_CHECK_EQ(PACKET_NON_IP, c.drop_non_ip);
	ATF_CHECK_EQ(PACKET_SHORT_LINK, c.drop_short_link);
	ATF_CHECK_EQ(PACKET_SHORT_IPV4, c.drop_short_ipv4);
	ATF_CHECK_EQ(PACKET_SHORT_IPV4_OPTIONS, c.drop_short_ipv4_options);
	ATF_CHECK_EQ(PACKET_SHORT_IPV6, c.drop_short_ipv6);
	ATF_CHECK_EQ(PACKET_BAD_VERSION, c.drop_bad_version);
	ATF_CHECK_EQ(PACKET_BAD_HEADER_LENGTH, c.drop_bad_header_length);
	ATF_CHECK_EQ(PACKET_BAD_TOTAL_LENGTH, c.drop_bad_total_length);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, tcp_over_ipv4_is_decoded);
	ATF_TP_ADD_TC(tp, both_directions_have_one_key_and_each_its_tos);
	ATF_TP_ADD_TC(tp, ipv6_addresses_are_ordered_by_their_first_difference);
	ATF_TP_ADD_TC(tp, an_address_talking_to_itself_is_ordered_by_port);
	ATF_TP_ADD_TC(tp, each_track_level_zeroes_what_it_leaves_out);
	ATF_TP_ADD_TC(tp, at_the_tos_level_each_tos_is_a_flow);
	ATF_TP_ADD_TC(tp, side_facts_are_those_of_the_headers_and_else_zero);
	ATF_TP_ADD_TC(tp, ports_are_those_of_five_transports);
	ATF_TP_ADD_TC(tp, icmp_shorter_than_28_octets_keeps_its_type);
	ATF_TP_ADD_TC(tp, icmp_of_the_other_ip_version_has_no_type);
	ATF_TP_ADD_TC(tp, ports_that_were_not_captured_are_missed);
	ATF_TP_ADD_TC(tp, ethernet_padding_is_not_counted_and_not_read);
	ATF_TP_ADD_TC(tp, ipv4_header_length_below_five_is_refused);
	ATF_TP_ADD_TC(tp, ipv4_total_length_below_its_header_is_refused);
	ATF_TP_ADD_TC(tp, ip_headers_that_are_cut_off_are_refused);
	ATF_TP_ADD_TC(tp, ports_stand_behind_ipv4_options);
	ATF_TP_ADD_TC(tp, a_wrong_ip_version_is_refused);
	ATF_TP_ADD_TC(tp, later_fragments_have_no_ports);
	ATF_TP_ADD_TC(tp, ipv6_traffic_class_is_right);
	ATF_TP_ADD_TC(tp, every_ipv6_extension_header_is_walked);
	ATF_TP_ADD_TC(tp, truncated_hop_by_hop_header_is_counted_and_ends);
	ATF_TP_ADD_TC(tp, a_length_of_zero_is_an_offloaded_segment);
	ATF_TP_ADD_TC(tp, the_jumbo_payload_option_gives_the_length);
	ATF_TP_ADD_TC(tp, each_drop_reason_has_its_own_counter);
	return (atf_no_error());
}
