/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What tunnels hold, and what only looks like a tunnel. */

#include <atf-c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "packet_frames.h"

#define C4		"0ac80001"
#define D4		"0ac80002"
#define IN4	"4500002877770000" "4006" "0000" C4 D4 TCP
#define IN6	"6000000000140640"					\
	"20010db800aa00000000000000000001"				\
	"20010db800aa00000000000000000002" TCP
#define GRE		"2f", NULL
#define L2TP_IP		"73", NULL
#define UDP_TO(port)	"11", "c000" port

struct outer {
	const char	*proto, *ports;
	const char	*payload;	/* tunnel header and what is inside */
};

struct good {
	enum tunnel	 tunnel;
	uint64_t	 id;
	struct outer	 outer;
	int		 family;	/* IN4 or IN6 */
};

static const struct good	goods[] = {
	{ TUNNEL_GRE, 0, { GRE, "00000800" IN4 }, 4 },
	{ TUNNEL_GRE, 0, { GRE, "000086dd" IN6 }, 6 },
	{ TUNNEL_GRE, 0, { GRE, "80000800" "12340000" IN4 }, 4 },
	{ TUNNEL_GRE, 0x89abcdef, { GRE, "20000800" "89abcdef" IN4 }, 4 },
	{ TUNNEL_GRE, 0xabcd, { GRE, "b0000800" "12340000" "0000abcd"
	    "00000001" IN4 }, 4 },
	{ TUNNEL_GRE, 0, { GRE, "00006558" ETH("0800") IN4 }, 4 },
	{ TUNNEL_GRE, 0, { GRE, "00006558" ETH("8100") "006486dd" IN6 }, 6 },
	/* ERSPAN I, II, III, and III with a subheader. */
	{ TUNNEL_GRE, 0, { GRE, "000088be" ETH("0800") IN4 }, 4 },
	{ TUNNEL_GRE, 0x123, { GRE, "100088be" "00000001" "1001fd23"
	    "00000000" ETH("0800") IN4 }, 4 },
	{ TUNNEL_GRE, 0x123, { GRE, "100022eb" "00000001" "20010123"
	    "00000000" "00000000" ETH("86dd") IN6 }, 6 },
	{ TUNNEL_GRE, 0x123, { GRE, "100022eb" "00000001" "20010123"
	    "00000000" "00000001" "0000000000000000" ETH("0800") IN4 }, 4 },
	/* PPTP, without and with an acknowledgement, PPP in each form. */
	{ TUNNEL_GRE, 7, { GRE, "3001880b" "002c0007" "00000001" "ff030021"
	    IN4 }, 4 },
	{ TUNNEL_GRE, 7, { GRE, "3081880b" "00290007" "00000001" "00000001"
	    "21" IN4 }, 4 },
	{ TUNNEL_IPIP, 0, { "04", NULL, IN4 }, 4 },
	{ TUNNEL_6IN4, 0, { "29", NULL, IN6 }, 6 },
	{ TUNNEL_VXLAN, 0x123456, { UDP_TO("12b5"), "08000000" "12345600"
	    ETH("0800") IN4 }, 4 },
	{ TUNNEL_VXLAN, 1, { UDP_TO("12b5"), "08000000" "00000100"
	    ETH("88a8") "00018100" "000286dd" IN6 }, 6 },
	{ TUNNEL_VXLAN, 1, { UDP_TO("12b6"), "0c000001" "00000100" IN4 }, 4 },
	{ TUNNEL_VXLAN, 1, { UDP_TO("12b6"), "0c000002" "00000100" IN6 }, 6 },
	{ TUNNEL_VXLAN, 1, { UDP_TO("12b6"), "0c000003" "00000100"
	    ETH("0800") IN4 }, 4 },
	{ TUNNEL_VXLAN, 1, { UDP_TO("12b6"), "08000000" "00000100"
	    ETH("0800") IN4 }, 4 },
	{ TUNNEL_GENEVE, 0x1234, { UDP_TO("17c1"), "00006558" "00123400"
	    ETH("0800") IN4 }, 4 },
	{ TUNNEL_GENEVE, 0x1234, { UDP_TO("17c1"), "024086dd" "00123400"
	    "0102800100000000" IN6 }, 6 },
	{ TUNNEL_GTPU, 0x12345678, { UDP_TO("0868"), "30ff0028" "12345678"
	    IN4 }, 4 },
	{ TUNNEL_GTPU, 0x12345678, { UDP_TO("0868"), "32ff0040" "12345678"
	    "00010000" IN6 }, 6 },
	{ TUNNEL_GTPU, 0x12345678, { UDP_TO("0868"), "34ff0038" "12345678"
	    "000000c0" "01000085" "0200000000000000" IN4 }, 4 },
	{ TUNNEL_TEREDO, 0, { UDP_TO("0dd8"), IN6 }, 6 },
	{ TUNNEL_TEREDO, 0, { "11", "0dd8c000", "00000fff" "01020304"
	    IN6 }, 6 },
	{ TUNNEL_TEREDO, 0, { UDP_TO("0dd8"), "00010203" "0102030405"
	    "000000000000000000" "00000fff" "01020304" IN6 }, 6 },
	/* L2TPv3: sublayer, nothing, a short cookie and both, a long one. */
	{ TUNNEL_L2TP, 7, { L2TP_IP, "00000007" "40000000" ETH("0800")
	    IN4 }, 4 },
	{ TUNNEL_L2TP, 7, { L2TP_IP, "00000007" ETH("0800") IN4 }, 4 },
	{ TUNNEL_L2TP, 7, { L2TP_IP, "00000007" "12345678" "40000000"
	    ETH("86dd") IN6 }, 6 },
	{ TUNNEL_L2TP, 7, { L2TP_IP, "00000007" "1234567812345678"
	    "40000000" ETH("0800") IN4 }, 4 },
	{ TUNNEL_L2TP, 7, { UDP_TO("06a5"), "00030000" "00000007"
	    "40000000" ETH("0800") IN4 }, 4 },
	/* L2TPv2: bare, and with length, sequence and an offset of 2. */
	{ TUNNEL_L2TP, 0x10002, { "11", "06a5c000", "000200010002"
	    "ff030021" IN4 }, 4 },
	{ TUNNEL_L2TP, 0x10002, { UDP_TO("06a5"), "4a02004e" "00010002"
	    "00010002" "0002" "0000" "0057" IN6 }, 6 },
};

/* An IPv4 packet with that payload; free it. */
static uint8_t *
outer_octets(const struct outer *o, const char *offset, uint32_t *size)
{
	uint32_t	 payload = (uint32_t)strlen(o->payload) / 2;
	char		 hex[1024];

	if (o->ports == NULL)
		snprintf(hex, sizeof(hex), "4500%04x1234%s40%s0000" A4 B4 "%s",
		    20 + payload, offset, o->proto, o->payload);
	else
		snprintf(hex, sizeof(hex), "4500%04x1234%s40%s0000" A4 B4
		    "%s%04x0000%s", 28 + payload, offset, o->proto, o->ports,
		    8 + payload, o->payload);
	return (octets(hex, size));
}

static enum packet_result
open_octets(uint32_t tunnels, const uint8_t *data, uint32_t caplen,
    uint32_t size, struct packet *pkt)
{
	struct decode	 how = { TRACK_FULL, 1, tunnels };

	return (decode_how(LINK_RAW, 0, &how, data, caplen, size, pkt));
}

static struct packet
open_outer(const struct outer *o, const char *offset, uint32_t tunnels)
{
	struct packet	 pkt;
	uint8_t		*data;
	uint32_t	 size;

	data = outer_octets(o, offset, &size);
	ATF_REQUIRE_EQ(PACKET_OK, open_octets(tunnels, data, size, size,
	    &pkt));
	check_sane(&pkt, TRACK_FULL);
	free(data);
	return (pkt);
}

static struct packet
plain(const char *hex)
{
	struct packet	 pkt;

	ATF_REQUIRE_EQ(PACKET_OK, decode(LINK_RAW, hex, &pkt));
	return (pkt);
}

static int
same_flow(const struct packet *a, const struct packet *b)
{
	return (memcmp(&a->key, &b->key, sizeof(a->key)) == 0 &&
	    a->dir == b->dir && a->octets == b->octets &&
	    a->tcp_flags == b->tcp_flags);
}

/* Neither dropped nor opened, whatever could be. */
static void
check_closed(const struct outer *o, const char *offset)
{
	struct packet	 off = open_outer(o, offset, 0);
	struct packet	 on = open_outer(o, offset, TUNNEL_ALL);

	ATF_CHECK_MSG(same_flow(&off, &on) && off.flags == on.flags &&
	    on.side.tunnel == TUNNEL_NONE, "opened: %s", o->payload);
}

TEST(each_tunnel_is_opened_if_asked_for)
{
	struct packet		 in, pkt;
	const struct good	*g;
	uint8_t			 addr[2][16] = { { 10, 0, 0, 1 },
				    { 10, 0, 0, 2 } };

	for (g = goods; g < goods + nitems(goods); g++) {
		in = plain(g->family == 4 ? IN4 : IN6);
		pkt = open_outer(&g->outer, "0000", TUNNEL_BIT(g->tunnel));
		ATF_CHECK_MSG(same_flow(&in, &pkt), "%s", g->outer.payload);
		ATF_CHECK_EQ(PACKET_TUNNEL, pkt.flags);
		ATF_CHECK_EQ(g->tunnel, pkt.side.tunnel);
		ATF_CHECK_EQ(g->id, pkt.side.tunnel_id);
		ATF_CHECK_EQ(4, pkt.side.outer_family);
		ATF_CHECK_EQ(0, memcmp(addr, pkt.side.outer, sizeof(addr)));
		ATF_CHECK_EQ(0x012, pkt.side.tcp_control);
		pkt = open_outer(&g->outer, "0000", TUNNEL_ALL);
		ATF_CHECK(same_flow(&in, &pkt));
	}
}

TEST(a_tunnel_not_asked_for_is_accounted_by_its_outer_flow)
{
	struct packet		 off, pkt;
	const struct good	*g;

	for (g = goods; g < goods + nitems(goods); g++) {
		off = open_outer(&g->outer, "0000", 0);
		pkt = open_outer(&g->outer, "0000",
		    TUNNEL_ALL & ~TUNNEL_BIT(g->tunnel));
		ATF_CHECK(same_flow(&off, &pkt));
		ATF_CHECK_EQ(0, pkt.flags);
		ATF_CHECK_EQ(TUNNEL_NONE, pkt.side.tunnel);
		ATF_CHECK_EQ(0x40, pkt.side.ttl);
	}
}

TEST(a_tunnel_cut_anywhere_is_the_inner_or_the_outer_flow)
{
	struct packet		 in, off, pkt;
	const struct good	*g;
	uint8_t			*data;
	uint32_t		 caplen, size;
	enum packet_result	 result;
	int			 opened;

	for (g = goods; g < goods + nitems(goods); g++) {
		in = plain(g->family == 4 ? IN4 : IN6);
		data = outer_octets(&g->outer, "0000", &size);
		opened = 0;
		for (caplen = 0; caplen <= size; caplen++) {
			result = open_octets(0, data, caplen, size, &off);
			ATF_REQUIRE_EQ(result, open_octets(TUNNEL_ALL, data,
			    caplen, size, &pkt));
			if (result != PACKET_OK)
				continue;
			check_sane(&pkt, TRACK_FULL);
			if ((pkt.flags & PACKET_TUNNEL) == 0) {
				ATF_REQUIRE(!opened);
				ATF_REQUIRE(same_flow(&off, &pkt));
				continue;
			}
			opened = 1;
			ATF_REQUIRE_EQ(in.octets, pkt.octets);
			ATF_REQUIRE_EQ(0, memcmp(in.key.addr, pkt.key.addr,
			    sizeof(in.key.addr)));
		}
		ATF_CHECK(opened);
		free(data);
	}
}

TEST(garbage_inside_is_the_outer_flow)
{
	static const struct outer	 t[] = {
		/* Inner headers: version, lengths, and none at all. */
		{ "04", NULL, IN6 },
		{ "29", NULL, IN4 },
		{ "04", NULL, "44" "00002877770000" "40060000" C4 D4 TCP },
		{ "04", NULL, "45" "00001377770000" "40060000" C4 D4 TCP },
		{ "04", NULL, "" },
		{ GRE, "00000800" IN6 },
		{ GRE, "00000800" },
		{ GRE, "" },
		{ GRE, "00000806" IN4 },
		{ GRE, "40000800" "00000000" IN4 },	/* routing */
		{ GRE, "00020800" IN4 },		/* version 2 */
		{ GRE, "00006558" ETH("0806") IN4 },
		{ GRE, "100088be" "00000001" "20010123" "00000000"
		    ETH("0800") IN4 },			/* not type II */
		{ GRE, "100022eb" "00000001" "20010123" "00000000" "00000800"
		    ETH("0800") IN4 },			/* not Ethernet */
		{ GRE, "2001880b" "002c0007" "ff030021" IN4 },
		{ GRE, "3001880b" "002c0007" "00000001" "ff0300fd" IN4 },
		{ GRE, "3001880b" "00000007" "00000001" "ff030021" IN4 },
		{ GRE, "30010800" "002c0007" "00000001" "ff030021" IN4 },
		{ UDP_TO("12b5"), "00000000" "12345600" ETH("0800") IN4 },
		{ UDP_TO("12b5"), "08000000" "12345600" ETH("88cc") IN4 },
		{ "11", "12b5c000", "08000000" "12345600" ETH("0800") IN4 },
		{ UDP_TO("12b6"), "0d000001" "00000100" IN4 },	/* OAM */
		{ UDP_TO("12b6"), "0c000004" "00000100" IN4 },
		{ UDP_TO("17c1"), "00806558" "00123400" ETH("0800") IN4 },
		{ UDP_TO("17c1"), "40006558" "00123400" ETH("0800") IN4 },
		{ UDP_TO("17c1"), "3f000800" "00123400" IN4 },
		{ UDP_TO("0868"), "30010028" "12345678" IN4 },	/* echo */
		{ UDP_TO("0868"), "48ff0028" "12345678" IN4 },	/* v2 */
		{ UDP_TO("0868"), "20ff0028" "12345678" IN4 },	/* GTP' */
		{ UDP_TO("0868"), "34ff0038" "12345678" "000000c0"
		    "00000085" IN4 },
		{ UDP_TO("0868"), "34ff0060" "12345678" "000000c0"
		    "010000c0" "010000c0" "010000c0" "010000c0" "010000c0"
		    "010000c0" "010000c0" "010000c0" "01000000" IN4 },
		{ UDP_TO("0dd8"), IN4 },
		{ UDP_TO("0dd8"), "0001ffff" IN6 },
		{ L2TP_IP, "00000000" "40000000" ETH("0800") IN4 },
		{ L2TP_IP, "00000007" "40000000" "0021" IN4 },
		{ UDP_TO("06a5"), "c802003c" "00010000" "00000000"
		    "ff030021" IN4 },			/* control */
		{ UDP_TO("06a5"), "80030000" "00000007" ETH("0800") IN4 },
		{ UDP_TO("06a5"), "000100010002" "ff030021" IN4 },
		{ UDP_TO("06a5"), "020200010002" "ffff" "ff030021" IN4 },
		{ UDP_TO("06a5"), "000200010002" "ff03c021" IN4 },
		{ "33", NULL, IN4 },
		{ "32", NULL, IN4 }
	};
	size_t	 i;

	for (i = 0; i < nitems(t); i++)
		check_closed(&t[i], "0000");
}

TEST(lengths_in_a_tunnel_header_bound_what_is_inside)
{
	static const struct outer	 t[] = {
		{ UDP_TO("0868"), "30ff0014" "12345678" IN4 },
		{ GRE, "3001880b" "00180007" "00000001" "ff030021" IN4 },
		{ UDP_TO("06a5"), "40020020" "00010002" "ff030021" IN4 }
	};
	struct packet			 pkt;
	size_t				 i;

	/* As far as the inner header; its ports lie behind the end. */
	for (i = 0; i < nitems(t); i++) {
		pkt = open_outer(&t[i], "0000", TUNNEL_ALL);
		check_packet(&pkt, 6, 0, 0, PACKET_NO_PORTS | PACKET_TUNNEL);
		ATF_CHECK_EQ(40, pkt.octets);
	}
}

TEST(a_udp_length_bounds_what_is_inside)
{
	struct packet	 pkt;
	uint8_t		*data;
	uint32_t	 size;

	data = octets("4500" "0050" "0000" "0000" "4011" "0000" A4 B4
	    "c0000868" "0007" "0000" "30ff0028" "12345678" IN4, &size);
	ATF_REQUIRE_EQ(PACKET_OK, open_octets(TUNNEL_ALL, data, size, size,
	    &pkt));
	check_packet(&pkt, 17, 0xc000, 0x0868, 0);
	/* As far as the inner header; its ports lie behind the end. */
	data[25] = 8 + 8 + 20;
	ATF_REQUIRE_EQ(PACKET_OK, open_octets(TUNNEL_ALL, data, size, size,
	    &pkt));
	check_packet(&pkt, 6, 0, 0, PACKET_NO_PORTS | PACKET_TUNNEL);
	ATF_CHECK_EQ(40, pkt.octets);
	data[25] = 0;			/* offloaded */
	ATF_REQUIRE_EQ(PACKET_OK, open_octets(TUNNEL_ALL, data, size, size,
	    &pkt));
	check_packet(&pkt, 6, 1234, 80, PACKET_TUNNEL);
	free(data);
}

TEST(what_is_inside_has_no_more_octets_than_its_carrier_holds)
{
	static const struct outer	 liar = {
		GRE, "00000800" "4500ffff123400004011" "0000" A4 B4
		    "c000123400080000"
	};
	struct packet			 pkt;

	pkt = open_outer(&liar, "0000", TUNNEL_ALL);
	check_packet(&pkt, 17, 0xc000, 0x1234, PACKET_TUNNEL);
	ATF_CHECK_EQ(28, pkt.octets);
	/* The rest is in later fragments, which count by themselves. */
	pkt = open_outer(&liar, "2000", TUNNEL_ALL);
	check_packet(&pkt, 17, 0xc000, 0x1234, PACKET_TUNNEL);
	ATF_CHECK_EQ(28, pkt.octets);
}

TEST(of_an_outer_packet_only_the_first_fragment_is_opened)
{
	struct packet		 in, pkt;
	const struct good	*g;

	for (g = goods; g < goods + nitems(goods); g++) {
		in = plain(g->family == 4 ? IN4 : IN6);
		pkt = open_outer(&g->outer, "2000", TUNNEL_ALL);
		ATF_CHECK(same_flow(&in, &pkt));
		ATF_CHECK_EQ(PACKET_TUNNEL, pkt.flags);
		check_closed(&g->outer, "2001");
		check_closed(&g->outer, "0010");
	}
}

TEST(inner_fragments_are_told_by_inner_addresses)
{
	static const struct outer	 first = { "04", NULL,
		"4500002877772000" "4006" "0000" C4 D4 TCP };
	static const struct outer	 later = { "04", NULL,
		"4500002877770005" "4006" "0000" C4 D4 TCP };
	struct packet			 pkt;

	pkt = open_outer(&first, "0000", TUNNEL_ALL);
	check_packet(&pkt, 6, 1234, 80, PACKET_FRAG_FIRST | PACKET_TUNNEL);
	ATF_CHECK_EQ(0x7777, pkt.frag_id);
	ATF_CHECK_EQ(0xc8, pkt.key.addr[0][1]);
	pkt = open_outer(&later, "0000", TUNNEL_ALL);
	check_packet(&pkt, 6, 0, 0, PACKET_FRAGMENT | PACKET_TUNNEL);
	ATF_CHECK_EQ(0x7777, pkt.frag_id);
	ATF_CHECK_EQ(0xc8, pkt.key.addr[0][1]);
}

TEST(tunnels_in_tunnels_are_opened_to_the_innermost)
{
	static const struct outer	 vxlan_in_gre = { GRE,
		"20000800" "00000007"
		"4500005a00000000" "4011" "0000" "0b000001" "0b000002"
		"c00012b5" "00460000" "08000000" "12345600" ETH("0800") IN4 };
	static const struct outer	 broken = { GRE, "20000800" "00000007"
		"4500003c00000000" "4004" "0000" "0b000001" "0b000002" IN6 };
	struct packet			 in = plain(IN4), pkt;

	pkt = open_outer(&vxlan_in_gre, "0000", TUNNEL_ALL);
	ATF_CHECK(same_flow(&in, &pkt));
	ATF_CHECK_EQ(TUNNEL_GRE, pkt.side.tunnel);
	ATF_CHECK_EQ(7, pkt.side.tunnel_id);
	ATF_CHECK_EQ(10, pkt.side.outer[0][0]);
	pkt = open_outer(&vxlan_in_gre, "0000", TUNNEL_BIT(TUNNEL_GRE));
	check_packet(&pkt, 17, 0xc000, 0x12b5, PACKET_TUNNEL);
	ATF_CHECK_EQ(90, pkt.octets);
	/* What is good is opened, what is not stays. */
	pkt = open_outer(&broken, "0000", TUNNEL_ALL);
	check_packet(&pkt, 4, 0, 0, PACKET_TUNNEL);
	ATF_CHECK_EQ(60, pkt.octets);
	ATF_CHECK_EQ(11, pkt.key.addr[0][0]);
}

TEST(no_more_than_four_tunnels_are_opened)
{
	struct packet	 pkt;
	struct outer	 outer = { "04", NULL, NULL };
	char		 hex[1024] = "";
	int		 i;

	/* IPv4 headers with room for those within, numbered by ToS. */
	for (i = 1; i <= 6; i++)
		snprintf(hex + strlen(hex), sizeof(hex) - strlen(hex),
		    "45%02x%04x00000000" "4004" "0000" C4 D4, i,
		    20 * (7 - i) + 40);
	strlcat(hex, IN4, sizeof(hex));
	outer.payload = hex;
	pkt = open_outer(&outer, "0000", TUNNEL_ALL);
	check_packet(&pkt, 4, 0, 0, PACKET_TUNNEL);
	ATF_CHECK_EQ(4, pkt.tos);
	ATF_CHECK_EQ(100, pkt.octets);
}

TEST(ipv6_carries_tunnels_behind_its_extension_headers)
{
	struct packet	 in = plain(IN4), pkt;
	uint8_t		*data;
	uint32_t	 size;

	data = octets(V6("0030", "3c") "0400010400000000" IN4, &size);
	ATF_REQUIRE_EQ(PACKET_OK, open_octets(TUNNEL_ALL, data, size, size,
	    &pkt));
	ATF_CHECK(same_flow(&in, &pkt));
	ATF_CHECK_EQ(6, pkt.side.outer_family);
	ATF_CHECK_EQ(0x20, pkt.side.outer[1][0]);
	ATF_CHECK_EQ(0, pkt.side.flow_label);
	free(data);
	/* A first fragment; one whose chain was cut is none. */
	data = octets(V6("0030", "2c") "0400000100000001" IN4, &size);
	ATF_REQUIRE_EQ(PACKET_OK, open_octets(TUNNEL_ALL, data, size, size,
	    &pkt));
	ATF_CHECK(same_flow(&in, &pkt));
	ATF_REQUIRE_EQ(PACKET_OK, open_octets(TUNNEL_ALL, data, 44, size,
	    &pkt));
	check_packet(&pkt, 44, 0, 0, PACKET_EXT_CUT);
	free(data);
}

TEST(an_offloaded_segment_inside_has_the_rest_of_the_wire)
{
	struct packet	 pkt;
	uint8_t		*data;
	uint32_t	 size;

	data = octets("4500" "0000" "00000000" "4004" "0000" A4 B4
	    "4500000077770000" "4006" "0000" C4 D4 TCP, &size);
	ATF_REQUIRE_EQ(PACKET_OK, open_octets(TUNNEL_ALL, data, size, 90000,
	    &pkt));
	check_packet(&pkt, 6, 1234, 80, PACKET_TUNNEL);
	ATF_CHECK_EQ(90000 - 20, pkt.octets);
	/* The outer length is there: it ends with that. */
	data[2] = 0x20;
	ATF_REQUIRE_EQ(PACKET_OK, open_octets(TUNNEL_ALL, data, size, 90000,
	    &pkt));
	ATF_CHECK_EQ(0x2000 - 20, pkt.octets);
	free(data);
	/* A jumbo length that lies takes nothing away from what is there. */
	data = octets(V6("0000", "00") "0400c20400000008"
	    "4500000077770000" "4006" "0000" C4 D4 TCP, &size);
	ATF_REQUIRE_EQ(PACKET_OK, open_octets(TUNNEL_ALL, data, size, size,
	    &pkt));
	check_packet(&pkt, 6, 1234, 80, PACKET_TUNNEL);
	ATF_CHECK_EQ(40, pkt.octets);
	free(data);
}

TEST(pseudo_random_tunnels_stay_in_bounds_and_are_never_dropped)
{
	struct packet	 off, pkt;
	uint64_t	 seed = 20261125;
	uint8_t		*data;
	uint32_t	 n, size, caplen, at, opened = 0;

#define RANDOM(limit)							\
	((seed = seed * 6364136223846793005 + 1442695040888963407) >> 33) % \
	(limit)
	for (n = 0; n < 200000; n++) {
		data = outer_octets(&goods[RANDOM(nitems(goods))].outer,
		    "0000", &size);
		/* Behind the outer header. */
		for (at = 20 + RANDOM(4); at < size;
		    at += 1 + RANDOM(2 * size))
			data[at] = (uint8_t)RANDOM(256);
		caplen = n % 4 ? size : 20 + RANDOM(size - 19);
		ATF_REQUIRE_EQ(PACKET_OK, open_octets(0, data, caplen, size,
		    &off));
		ATF_REQUIRE_EQ(PACKET_OK, open_octets(TUNNEL_ALL, data,
		    caplen, size, &pkt));
		check_sane(&pkt, TRACK_FULL);
		if (pkt.flags & PACKET_TUNNEL)
			opened++;
		else
			ATF_REQUIRE(same_flow(&off, &pkt));
		free(data);
	}
#undef RANDOM
	ATF_CHECK(opened > n / 10 && opened < n);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_tunnel_is_opened_if_asked_for);
	ATF_TP_ADD_TC(tp,
	    a_tunnel_not_asked_for_is_accounted_by_its_outer_flow);
	ATF_TP_ADD_TC(tp,
	    a_tunnel_cut_anywhere_is_the_inner_or_the_outer_flow);
	ATF_TP_ADD_TC(tp, garbage_inside_is_the_outer_flow);
	ATF_TP_ADD_TC(tp, lengths_in_a_tunnel_header_bound_what_is_inside);
	ATF_TP_ADD_TC(tp, a_udp_length_bounds_what_is_inside);
	ATF_TP_ADD_TC(tp,
	    what_is_inside_has_no_more_octets_than_its_carrier_holds);
	ATF_TP_ADD_TC(tp,
	    of_an_outer_packet_only_the_first_fragment_is_opened);
	ATF_TP_ADD_TC(tp, inner_fragments_are_told_by_inner_addresses);
	ATF_TP_ADD_TC(tp, tunnels_in_tunnels_are_opened_to_the_innermost);
	ATF_TP_ADD_TC(tp, no_more_than_four_tunnels_are_opened);
	ATF_TP_ADD_TC(tp, ipv6_carries_tunnels_behind_its_extension_headers);
	ATF_TP_ADD_TC(tp, an_offloaded_segment_inside_has_the_rest_of_the_wire);
	ATF_TP_ADD_TC(tp,
	    pseudo_random_tunnels_stay_in_bounds_and_are_never_dropped);
	return (atf_no_error());
}
