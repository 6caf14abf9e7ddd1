/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The decoder under whatever a fuzzer thinks of, and what must hold for each
 * packet that it accepts.  With libFuzzer, or with corpus_test.c.
 */

#include "fuzz.h"
#include "packet.h"
#include "packet_fuzz.h"

const struct fuzz_target	fuzz_target = {
	.name = "packet", .max = 400, .runs = 1000000, .cut = 1
};

static const uint8_t	zero[sizeof(struct packet_side)];

static void
check_key(const struct packet *pkt, enum track_level level)
{
	const struct flow_key	*key = &pkt->key;
	size_t			 size = key->family == 4 ? 4 : 16;
	int			 order;

	REQUIRE(key->family == 4 || key->family == 6);
	REQUIRE(memcmp(key->addr[0] + size, zero, 16 - size) == 0);
	REQUIRE(memcmp(key->addr[1] + size, zero, 16 - size) == 0);
	REQUIRE(key->reserved == (level == TRACK_TOS ? pkt->tos : 0));
	REQUIRE(pkt->dir <= 1);
	order = memcmp(key->addr[0], key->addr[1], size);
	REQUIRE(order <= 0);
	REQUIRE(order != 0 || key->port[0] <= key->port[1]);
	if (level < TRACK_PORT)
		REQUIRE(key->port[0] == 0 && key->port[1] == 0 &&
		    pkt->tcp_flags == 0);
	if (level < TRACK_PROTO)
		REQUIRE(key->proto == 0);
	if (level < TRACK_FULL)
		REQUIRE(pkt->tos == 0);
}

static void
check_side(const struct packet_side *side)
{
	uint32_t	 i;

	REQUIRE(side->labels <= SIDE_LABELS);
	for (i = 0; i < SIDE_LABELS; i++)
		REQUIRE(i < side->labels ? side->label[i] <= 0xffffff :
		    side->label[i] == 0);
	if (side->vlans < 2)
		REQUIRE(side->vlan[1] == 0);
	if (side->vlans < 1)
		REQUIRE(side->vlan[0] == 0);
	REQUIRE(side->tunnel < TUNNEL_MAX);
	REQUIRE(side->tcp_control <= 0xfff && side->flow_label <= 0xfffff);
	REQUIRE(side->reserved == 0);
}

/* But for side, which may not have been asked for. */
static void
check_same(const struct packet *one, const struct packet *two)
{
	REQUIRE(memcmp(&one->key, &two->key, sizeof(one->key)) == 0);
	REQUIRE(one->octets == two->octets);
	REQUIRE(one->dir == two->dir && one->flags == two->flags);
	REQUIRE(one->tcp_flags == two->tcp_flags && one->tos == two->tos);
	REQUIRE(one->time_us == two->time_us);
	REQUIRE(one->slot == two->slot);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame		 frame = { 0 };
	struct decode		 how = { 0 };
	struct packet		 one, two;
	enum packet_result	 result;
	enum link_type		 link;

	if (size < PACKET_FUZZ_HEAD || size > UINT16_MAX)
		return (0);
	link = data[0] < LINK_TYPES ? data[0] : LINK_ETHERNET;
	how.level = (data[1] & FUZZ_LEVEL) % (TRACK_TOS + 1);
	how.tunnels = data[1] & FUZZ_TUNNELS ? TUNNEL_ALL : 0;
	how.side = (data[1] & FUZZ_SIDE) != 0;
	frame.data = data + PACKET_FUZZ_HEAD;
	frame.caplen = (uint32_t)size - PACKET_FUZZ_HEAD;
	frame.wirelen = frame.caplen + (uint32_t)(data[2] << 8 | data[3]);
	frame.ethertype = frame.vlan = (uint16_t)(data[4] << 8 | data[5]);
	frame.flags = data[1] & FUZZ_VLAN ? FRAME_VLAN : 0;
	frame.time_us = 1700000000000000;
	frame.slot = 7;

	memset(&one, 0x00, sizeof(one));
	memset(&two, 0xff, sizeof(two));
	result = packet_decode(link, &frame, &how, &one);
	REQUIRE(result < PACKET_RESULT_MAX);
	REQUIRE(packet_decode(link, &frame, &how, &two) == result);
	if (result != PACKET_OK)
		return (0);
	REQUIRE(one.octets >= (one.key.family == 4 ? 20 : 40));
	REQUIRE(one.time_us == frame.time_us && one.slot == frame.slot);
	check_key(&one, how.level);
	check_same(&one, &two);
	if (!how.side) {
		REQUIRE(memcmp(&one.side, zero, sizeof(zero)) == 0);
		/* Asked for, it changes nothing else. */
		how.side = 1;
		REQUIRE(packet_decode(link, &frame, &how, &two) == result);
		check_same(&one, &two);
		check_side(&two.side);
	} else {
		check_side(&one.side);
		REQUIRE(memcmp(&one.side, &two.side, sizeof(one.side)) == 0);
	}
	return (0);
}
