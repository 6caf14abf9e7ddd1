/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Tags, labels, PPP and LLC, from an Ethernet type to the IP header. */

#include <atf-c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "packet.h"
#include "packet_frames.h"

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

/* Decode with side, from a frame whose tag the kernel may have taken. */
static void
decode_side(const char *hex, const uint16_t *taken, struct packet_side *side)
{
	struct frame	 frame = { 0 };
	struct decode	 how = { .level = TRACK_FULL, .side = 1 };
	struct packet	 pkt;
	uint8_t		*data;

	data = octets(hex, &frame.caplen);
	frame.data = data;
	frame.wirelen = frame.caplen;
	if (taken != NULL) {
		frame.vlan = *taken;
		frame.flags = FRAME_VLAN;
	}
	ATF_REQUIRE_EQ(PACKET_OK,
	    decode_frame(LINK_ETHERNET, &how, &frame, &pkt));
	*side = pkt.side;
	free(data);
}

TEST(the_first_two_tags_are_kept_with_their_priority)
{
	struct packet_side	 side;

	decode_side(ETH("0800") TCP4, NULL, &side);
	ATF_CHECK_EQ(0, side.vlans);
	ATF_CHECK_EQ(0, side.vlan[0]);
	decode_side(ETH("8100") "a0640800" TCP4, NULL, &side);
	ATF_CHECK_EQ(1, side.vlans);
	ATF_CHECK_EQ(0xa064, side.vlan[0]);
	ATF_CHECK_EQ(0, side.vlan[1]);
	decode_side(ETH("88a8") "a0648100" "60c88100" "00030800" TCP4, NULL,
	    &side);
	ATF_CHECK_EQ(3, side.vlans);
	ATF_CHECK_EQ(0xa064, side.vlan[0]);
	ATF_CHECK_EQ(0x60c8, side.vlan[1]);
}

TEST(a_tag_that_the_kernel_took_out_is_the_outer_one)
{
	struct packet_side	 side;
	const uint16_t		 taken = 0x2005;

	decode_side(ETH("0800") TCP4, &taken, &side);
	ATF_CHECK_EQ(1, side.vlans);
	ATF_CHECK_EQ(0x2005, side.vlan[0]);
	decode_side(ETH("8100") "00070800" TCP4, &taken, &side);
	ATF_CHECK_EQ(2, side.vlans);
	ATF_CHECK_EQ(0x2005, side.vlan[0]);
	ATF_CHECK_EQ(0x0007, side.vlan[1]);
}

TEST(more_tags_than_eight_bits_count_are_walked)
{
	struct packet_side	 side;
	char			 hex[28 + 8 * 300 + sizeof(TCP4)];
	int			 i;

	memcpy(hex, ETH("8100"), 28);
	for (i = 0; i < 300; i++)
		memcpy(hex + 28 + 8 * i, i < 299 ? "00018100" : "00010800",
		    8);
	memcpy(hex + 28 + 8 * i, TCP4, sizeof(TCP4));
	decode_side(hex, NULL, &side);
	ATF_CHECK_EQ(255, side.vlans);
}

TEST(the_first_ten_labels_are_kept_without_their_ttl)
{
	struct packet_side	 side;
	char			 hex[28 + 8 * 12 + sizeof(TCP6)];
	uint32_t		 i;

	decode_side(ETH("8847") "12345740" TCP4, NULL, &side);
	ATF_CHECK_EQ(1, side.labels);
	ATF_CHECK_EQ(0x123457, side.label[0]);
	ATF_CHECK_EQ(0, side.label[1]);

	memcpy(hex, ETH("8848"), 28);
	for (i = 0; i < 12; i++)
		snprintf(hex + 28 + 8 * i, 9, "%05x%c40", 16 + i,
		    i < 11 ? '0' : '1');
	memcpy(hex + 28 + 8 * i, TCP6, sizeof(TCP6));
	decode_side(hex, NULL, &side);
	ATF_REQUIRE_EQ(SIDE_LABELS, side.labels);
	for (i = 0; i < SIDE_LABELS; i++)
		ATF_CHECK_EQ((16 + i) << 4, side.label[i]);
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
	ATF_TP_ADD_TC(tp, the_first_two_tags_are_kept_with_their_priority);
	ATF_TP_ADD_TC(tp, a_tag_that_the_kernel_took_out_is_the_outer_one);
	ATF_TP_ADD_TC(tp, more_tags_than_eight_bits_count_are_walked);
	ATF_TP_ADD_TC(tp, the_first_ten_labels_are_kept_without_their_ttl);
	return (atf_no_error());
}
