/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What stands before IP headers; and frames that somebody cut or broke. */

#include <atf-c.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "packet.h"
#include "packet_frames.h"

static const struct {
	enum link_type	 link;
	uint16_t	 ethertype;
	const char	*hex;
} interesting[] = {
	{ LINK_ETHERNET, 0, ETH("0800") TCP4 },
	{ LINK_ETHERNET, 0, ETH("86dd") UDP6 },
	{ LINK_ETHERNET, 0, ETH("86dd") EVERY_EXT6 },
	{ LINK_ETHERNET, 0, ETH("86dd") JUMBO6 },
	{ LINK_ETHERNET, 0, ETH("88a8") "000a8100" "00148847"
	    "00010040" "00011140" "46000020123400004011000001010101"
	    A4 B4 UDP },
	{ LINK_ETHERNET, 0, ETH("8864") PPPOE("00") "0057" TCP6 },
	{ LINK_ETHERNET, 0, ETH("8864") PPPOE("00") "21" TCP4 },
	{ LINK_ETHERNET, 0, ETH("0024") SNAP("0000f8", "9100")
	    "00010030" SNAP("000000", "0800") UDP4 },
	{ LINK_ETHERNET, 0, ETH("0800") V4("00", "0018", "0000", "01")
	    "08000000" },
	{ LINK_NULL, 0, "02000000" TCP4 },
	{ LINK_NULL, 0, "0000001c" TCP6 },
	{ LINK_RAW, 0, TCP4 },
	{ LINK_RAW, 0, TCP6 },
	{ LINK_IPV4, 0, UDP4 },
	{ LINK_IPV6, 0, UDP6 },
	{ LINK_SLL, 0, SLL("0001", "0800") TCP4 },
	{ LINK_SLL, 0, SLL("0001", "0004") "060603" UDP4 },
	{ LINK_SLL2, 0, SLL2("0001", "86dd") TCP6 },
	{ LINK_COOKED, 0x8100, "00050800" TCP4 },
	{ LINK_COOKED, 0x86dd, TCP6 },
};

TEST(mpls_labels_and_vlan_tags_are_not_counted)
{
	struct packet	 pkt;

	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_ETHERNET, ETH("8100")
	    "00018848" "00010040" "00011140" TCP4, &pkt));
	check_packet(&pkt, 6, 1234, 80, 0);
	ATF_CHECK_EQ(40, pkt.octets);
	/* Behind them, an offloaded segment counts from its IP header on. */
	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_ETHERNET, ETH("8100")
	    "00018847" "00011140" V4("00", "0000", "0000", "06") TCP, &pkt));
	ATF_CHECK_EQ(40, pkt.octets);
}

TEST(vlan_runt_is_bad)
{
	ATF_CHECK_EQ(PACKET_SHORT_LINK,
	    result_of(LINK_ETHERNET, ETH("8100") "0001"));
	ATF_CHECK_EQ(PACKET_SHORT_LINK,
	    result_of(LINK_ETHERNET, ETH("8100") "000108"));
	ATF_CHECK_EQ(PACKET_SHORT_IPV4,
	    result_of(LINK_ETHERNET, ETH("8100") "00010800"));
	ATF_CHECK_EQ(PACKET_SHORT_LINK, result_of(LINK_ETHERNET,
	    "020000000002" "020000000001" "08"));
}

TEST(every_vlan_type_is_walked_in_any_number)
{
	struct packet	 pkt;
	uint8_t		*data;
	uint32_t	 i, size = 65535;

	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_ETHERNET, ETH("8100")
	    "000188a8" "00029100" "00039200" "00049300" "00050800" TCP4,
	    &pkt));
	check_packet(&pkt, 6, 1234, 80, 0);

	/* A frame of nothing but tags ends. */
	ATF_REQUIRE((data = malloc(size)) != NULL);
	for (i = 0; i < size; i++)
		data[i] = i % 2 ? 0x00 : 0x81;
	ATF_CHECK_EQ(PACKET_SHORT_LINK, decode_octets(LINK_ETHERNET, 0,
	    TRACK_FULL, data, size, size, &pkt));
	free(data);
}

TEST(mpls_without_bottom_is_bad_and_ends)
{
	struct packet	 pkt;
	uint8_t		*data;
	uint32_t	 size = 14 + 4 * 300;

	ATF_CHECK_EQ(PACKET_SHORT_LINK, result_of(LINK_ETHERNET,
	    ETH("8847") "000100400001004000010040"));
	ATF_CHECK_EQ(PACKET_SHORT_LINK,
	    result_of(LINK_ETHERNET, ETH("8847") "000101"));
	/* More labels than eight bits count. */
	ATF_REQUIRE((data = calloc(1, size)) != NULL);
	data[12] = 0x88;
	data[13] = 0x47;
	ATF_CHECK_EQ(PACKET_SHORT_LINK, decode_octets(LINK_ETHERNET, 0,
	    TRACK_FULL, data, size, size, &pkt));
	free(data);
}

TEST(behind_mpls_labels_only_what_is_left_is_read)
{
	ATF_CHECK_EQ(PACKET_SHORT_LINK,
	    result_of(LINK_ETHERNET, ETH("8847") "00011140"));
	ATF_CHECK_EQ(PACKET_SHORT_IPV4, result_of(LINK_ETHERNET,
	    ETH("8847") "0001004000011140" "45000028000000004006" "0000"));
	ATF_CHECK_EQ(PACKET_SHORT_IPV6, result_of(LINK_ETHERNET,
	    ETH("8847") "00011140" "6000000000003b40" A6));
	/* A pseudowire's control word */
	ATF_CHECK_EQ(PACKET_NON_IP, result_of(LINK_ETHERNET,
	    ETH("8847") "00011140" "00000000" ETH("0800") TCP4));
}

TEST(pppoe_sessions_are_opened)
{
	static const struct {
		const char		*hex;
		enum packet_result	 result;
	} t[] = {
		{ ETH("8864") PPPOE("00") "0021" TCP4, PACKET_OK },
		{ ETH("8864") PPPOE("00") "57" TCP6, PACKET_OK },
		{ ETH("8864") PPPOE("00") "0281" "00011140" TCP4, PACKET_OK },
		{ ETH("8864") PPPOE("00") "0283" "00011140" TCP6, PACKET_OK },
		{ ETH("8864") PPPOE("00") "c021" TCP4, PACKET_NON_IP },
		{ ETH("8864") PPPOE("a7") "0021" TCP4, PACKET_NON_IP },
		{ ETH("8863") PPPOE("00") "0021" TCP4, PACKET_NON_IP },
		{ ETH("8864") "1100000100", PACKET_SHORT_LINK },
		{ ETH("8864") PPPOE("00"), PACKET_SHORT_LINK },
		{ ETH("8864") PPPOE("00") "00", PACKET_SHORT_LINK },
	};
	size_t		 i;

	for (i = 0; i < nitems(t); i++)
		ATF_CHECK_EQ_MSG(t[i].result, result_of(LINK_ETHERNET,
		    t[i].hex), "%s", t[i].hex);
}

TEST(llc_carries_ip_by_snap_or_its_own_sap)
{
	static const struct {
		const char		*hex;
		enum packet_result	 result;
	} t[] = {
		{ ETH("0030") SNAP("000000", "0800") TCP4, PACKET_OK },
		{ ETH("05ff") SNAP("0000f8", "86dd") TCP6, PACKET_OK },
		{ ETH("0030") "060603" TCP4, PACKET_OK },
		{ ETH("0030") SNAP("000000", "8100") "00010030"
		    SNAP("000000", "0800") TCP4, PACKET_OK },
		{ ETH("0030") SNAP("00000c", "0800") TCP4, PACKET_NON_IP },
		{ ETH("0030") SNAP("000000", "05ff") "060603" TCP4,
		    PACKET_NON_IP },
		{ ETH("0030") "424203" TCP4, PACKET_NON_IP },
		{ ETH("0600") SNAP("000000", "0800") TCP4, PACKET_NON_IP },
		{ ETH("0806") "0001080006040001", PACKET_NON_IP },
		{ ETH("0030") "aaaa", PACKET_SHORT_LINK },
		{ ETH("0030") "aaaa0300000008", PACKET_SHORT_LINK },
	};
	size_t		 i;

	for (i = 0; i < nitems(t); i++)
		ATF_CHECK_EQ_MSG(t[i].result, result_of(LINK_ETHERNET,
		    t[i].hex), "%s", t[i].hex);
}

TEST(headers_other_than_ethernet_are_understood)
{
	static const struct {
		enum link_type		 link;
		const char		*hex;
		enum packet_result	 result;
	} t[] = {
		{ LINK_NULL, "02000000" TCP4, PACKET_OK },
		{ LINK_NULL, "00000002" TCP4, PACKET_OK },
		{ LINK_NULL, "18000000" TCP6, PACKET_OK },
		{ LINK_NULL, "0000001c" TCP6, PACKET_OK },
		{ LINK_NULL, "1e000000" TCP6, PACKET_OK },
		{ LINK_NULL, "0a000000" TCP6, PACKET_NON_IP },
		{ LINK_NULL, "00020000" TCP4, PACKET_NON_IP },
		{ LINK_NULL, "020000", PACKET_SHORT_LINK },
		{ LINK_RAW, "", PACKET_SHORT_LINK },
		{ LINK_IPV4, "", PACKET_SHORT_IPV4 },
		{ LINK_IPV6, "", PACKET_SHORT_IPV6 },
		{ LINK_SLL, SLL("0001", "86dd") TCP6, PACKET_OK },
		{ LINK_SLL, SLL("0001", "8100") "00010800" TCP4, PACKET_OK },
		{ LINK_SLL, SLL("0001", "0004") "060603" TCP4, PACKET_OK },
		{ LINK_SLL, SLL("0001", "0001") "060603" TCP4, PACKET_NON_IP },
		{ LINK_SLL, SLL("0001", "000c") "060603" TCP4, PACKET_NON_IP },
		{ LINK_SLL, SLL("0338", "0800") TCP4, PACKET_NON_IP },
		{ LINK_SLL, SLL("030a", "0800") TCP4, PACKET_NON_IP },
		{ LINK_SLL, SLL("0001", "08"), PACKET_SHORT_LINK },
		{ LINK_SLL2, SLL2("0001", "0800") TCP4, PACKET_OK },
		{ LINK_SLL2, SLL2("0338", "0800") TCP4, PACKET_NON_IP },
		{ LINK_SLL2, SLL("0001", "0800") "08", PACKET_SHORT_LINK },
		{ LINK_MAX, TCP4, PACKET_NON_IP },
	};
	size_t		 i;

	for (i = 0; i < nitems(t); i++)
		ATF_CHECK_EQ_MSG(t[i].result, result_of(t[i].link, t[i].hex),
		    "%s", t[i].hex);
}

TEST(every_prefix_of_a_frame_is_cut_or_the_same_flow)
{
	struct packet		 cut, whole;
	enum packet_result	 result;
	uint8_t			*data;
	uint32_t		 caplen, size;
	size_t			 i;

	for (i = 0; i < nitems(interesting); i++) {
		data = octets(interesting[i].hex, &size);
		ATF_REQUIRE_EQ(PACKET_OK, decode_octets(interesting[i].link,
		    interesting[i].ethertype, TRACK_FULL, data, size, size,
		    &whole));
		for (caplen = 0; caplen < size; caplen++) {
			result = decode_octets(interesting[i].link,
			    interesting[i].ethertype, TRACK_FULL, data,
			    caplen, size, &cut);
			if (result != PACKET_OK) {
				ATF_REQUIRE(result == PACKET_SHORT_LINK ||
				    result == PACKET_SHORT_IPV4 ||
				    result == PACKET_SHORT_IPV4_OPTIONS ||
				    result == PACKET_SHORT_IPV6);
				continue;
			}
			check_sane(&cut, TRACK_FULL);
			ATF_REQUIRE_EQ(0, memcmp(cut.key.addr, whole.key.addr,
			    sizeof(cut.key.addr)));
			if (cut.flags & PACKET_EXT_CUT)
				continue;
			ATF_REQUIRE_EQ(whole.octets, cut.octets);
			ATF_REQUIRE_EQ(whole.key.proto, cut.key.proto);
			if (cut.flags & PACKET_NO_PORTS)
				continue;
			ATF_REQUIRE_EQ(0, memcmp(&cut.key, &whole.key,
			    sizeof(cut.key)));
		}
		free(data);
	}
}

TEST(pseudo_random_frames_end_and_stay_in_bounds)
{
	struct packet		 pkt;
	enum packet_result	 result;
	enum track_level	 level;
	uint64_t		 seed = 20260726;
	uint8_t			*data;
	uint32_t		 n, size, caplen, at;
	size_t			 i;

#define RANDOM(limit)							\
	((seed = seed * 6364136223846793005 + 1442695040888963407) >> 33) % \
	(limit)
	for (n = 0; n < 200000; n++) {
		i = RANDOM(nitems(interesting));
		data = octets(interesting[i].hex, &size);
		for (at = RANDOM(4); at < size; at += 1 + RANDOM(2 * size))
			data[at] = (uint8_t)RANDOM(256);
		caplen = n % 4 ? size : RANDOM(size + 1);
		level = RANDOM(TRACK_FULL + 1);
		result = decode_octets(interesting[i].link,
		    interesting[i].ethertype, level, data, caplen,
		    RANDOM(3000), &pkt);
		ATF_REQUIRE(result < PACKET_RESULT_MAX);
		if (result == PACKET_OK)
			check_sane(&pkt, level);
		free(data);
	}
#undef RANDOM
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, mpls_labels_and_vlan_tags_are_not_counted);
	ATF_TP_ADD_TC(tp, vlan_runt_is_bad);
	ATF_TP_ADD_TC(tp, every_vlan_type_is_walked_in_any_number);
	ATF_TP_ADD_TC(tp, mpls_without_bottom_is_bad_and_ends);
	ATF_TP_ADD_TC(tp, behind_mpls_labels_only_what_is_left_is_read);
	ATF_TP_ADD_TC(tp, pppoe_sessions_are_opened);
	ATF_TP_ADD_TC(tp, llc_carries_ip_by_snap_or_its_own_sap);
	ATF_TP_ADD_TC(tp, headers_other_than_ethernet_are_understood);
	ATF_TP_ADD_TC(tp, every_prefix_of_a_frame_is_cut_or_the_same_flow);
	ATF_TP_ADD_TC(tp, pseudo_random_frames_end_and_stay_in_bounds);
	return (atf_no_error());
}
