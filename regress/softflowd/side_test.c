/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Side records: each value of them, and flows that VLANs and MAC addresses
 * keep apart.
 */

#include <atf-c.h>
#include <string.h>

#include "compat.h"
#include "track.h"

#define FLOWS	16U

static const uint8_t	secret[16] = "an open secret!";
static const uint8_t	mac_a[6] = { 2, 0, 0, 0, 0, 0xa };
static const uint8_t	mac_b[6] = { 2, 0, 0, 0, 0, 0xb };

static struct flow	 f;
static struct flow_side	 side;
static struct flow_side	 sides[FLOWS + TRACK_SPARE];

/* A TCP packet from endpoint dir to the other one. */
static struct packet
packet(uint8_t dir)
{
	struct packet	p = { 0 };

	p.key.addr[0][0] = 10;
	p.key.addr[1][0] = 192;
	p.key.port[0] = 40000;
	p.key.port[1] = 80;
	p.key.proto = 6;
	p.key.family = 4;
	p.dir = dir;
	p.time_us = 1000;
	p.octets = 100;
	memcpy(p.side.mac[dir], mac_a, 6);
	memcpy(p.side.mac[!dir], mac_b, 6);
	p.side.vlan[0] = 0xa064;		/* priority 5, id 100 */
	p.side.vlan[1] = 0x6007;		/* priority 3, id 7 */
	p.side.ttl = 64;
	return (p);
}

static void
take(const struct packet *p)
{
	side_update(&side, f.packets[p->dir] == 0, p);
	track_update(&f, p);
}

ATF_TC_WITHOUT_HEAD(lengths_and_hop_limits_are_the_least_and_the_most);
ATF_TC_BODY(lengths_and_hop_limits_are_the_least_and_the_most, tc)
{
	static const uint64_t	octets[] = { 60, 1500, 40, 100 };
	static const uint8_t	ttl[] = { 64, 63, 255, 64 };
	struct packet		p = packet(0), back = packet(1);
	unsigned int		i;

	for (i = 0; i < nitems(octets); i++) {
		p.octets = octets[i];
		p.side.ttl = ttl[i];
		take(&p);
	}
	back.octets = 1ULL << 40;
	back.side.ttl = 0;
	take(&back);
	ATF_CHECK_EQ(40, side.count[0].length_min);
	ATF_CHECK_EQ(1500, side.count[0].length_max);
	ATF_CHECK_EQ(63, side.count[0].ttl_min);
	ATF_CHECK_EQ(255, side.count[0].ttl_max);
	ATF_CHECK_EQ(UINT32_MAX, side.count[1].length_min);
	ATF_CHECK_EQ(UINT32_MAX, side.count[1].length_max);
	ATF_CHECK_EQ(0, side.count[1].ttl_min);
	ATF_CHECK_EQ(0, side.count[1].ttl_max);
}

ATF_TC_WITHOUT_HEAD(tos_adds_up_and_tells_whether_it_varied);
ATF_TC_BODY(tos_adds_up_and_tells_whether_it_varied, tc)
{
	struct packet	p = packet(0), back = packet(1);

	p.tos = 0x28;
	take(&p);
	take(&p);
	ATF_CHECK_EQ(0x28, side.count[0].tos);
	ATF_CHECK_EQ(0, side.count[0].flags & SIDE_TOS_MIXED);
	p.tos = 0x08;			/* adds no bit, and yet it varies */
	take(&p);
	ATF_CHECK_EQ(0x28, side.count[0].tos);
	ATF_CHECK(side.count[0].flags & SIDE_TOS_MIXED);
	back.tos = 0x01;
	take(&back);
	ATF_CHECK_EQ(0x01, side.count[1].tos);
	ATF_CHECK_EQ(0, side.count[1].flags & SIDE_TOS_MIXED);
	back.tos = 0x80;
	take(&back);
	ATF_CHECK_EQ(0x81, side.count[1].tos);
	ATF_CHECK(side.count[1].flags & SIDE_TOS_MIXED);
}

ATF_TC_WITHOUT_HEAD(tcp_control_bits_add_up_and_some_are_counted);
ATF_TC_BODY(tcp_control_bits_add_up_and_some_are_counted, tc)
{
	static const uint16_t	control[] = { 0x102, 0x010, 0x011, 0x014 };
	struct packet		p = packet(0), back = packet(1);
	unsigned int		i;

	for (i = 0; i < nitems(control); i++) {
		p.side.tcp_control = control[i];
		p.tcp_flags = (uint8_t)control[i];
		take(&p);
	}
	p.tcp_flags = p.side.tcp_control = 0x02;
	take(&p);
	back.tcp_flags = 0x15;		/* all that is known of it */
	take(&back);
	ATF_CHECK_EQ(0x117, side.count[0].tcp_control);
	ATF_CHECK_EQ(2, side.count[0].syn);
	ATF_CHECK_EQ(1, side.count[0].fin);
	ATF_CHECK_EQ(1, side.count[0].rst);
	ATF_CHECK_EQ(0x15, side.count[1].tcp_control);
	ATF_CHECK_EQ(0, side.count[1].syn);
	ATF_CHECK_EQ(1, side.count[1].fin);
	ATF_CHECK_EQ(1, side.count[1].rst);
}

ATF_TC_WITHOUT_HEAD(fragments_are_counted_first_and_later_ones);
ATF_TC_BODY(fragments_are_counted_first_and_later_ones, tc)
{
	struct packet	p = packet(0);

	take(&p);
	p.flags = PACKET_FRAG_FIRST;
	take(&p);
	p.flags = PACKET_FRAGMENT;
	take(&p);
	p.flags = PACKET_FRAGMENT | PACKET_NO_PORTS;
	take(&p);
	p.flags = PACKET_NO_PORTS;
	take(&p);
	ATF_CHECK_EQ(3, side.count[0].fragments);
	ATF_CHECK_EQ(0, side.count[1].fragments);
}

ATF_TC_WITHOUT_HEAD(counts_stop_at_their_largest_value);
ATF_TC_BODY(counts_stop_at_their_largest_value, tc)
{
	struct packet	p = packet(0);

	p.tcp_flags = 0x07;
	p.flags = PACKET_FRAGMENT;
	take(&p);
	side.count[0].syn = side.count[0].fin = UINT32_MAX;
	side.count[0].rst = UINT32_MAX - 1;
	side.count[0].fragments = UINT16_MAX - 1;
	take(&p);
	ATF_CHECK_EQ(UINT16_MAX, side.count[0].fragments);
	take(&p);
	ATF_CHECK_EQ(UINT32_MAX, side.count[0].syn);
	ATF_CHECK_EQ(UINT32_MAX, side.count[0].fin);
	ATF_CHECK_EQ(UINT32_MAX, side.count[0].rst);
	ATF_CHECK_EQ(UINT16_MAX, side.count[0].fragments);
}

ATF_TC_WITHOUT_HEAD(what_the_first_packet_had_stays_each_way);
ATF_TC_BODY(what_the_first_packet_had_stays_each_way, tc)
{
	static const uint8_t	 want[2][3] = { { 1, 2, 0xa0 }, { 3, 4, 0x51 } };
	struct packet		 p = packet(0), other = packet(0);
	struct side_first	*first = side.first;

	p.side.label[0] = 0x0102a0;
	p.side.label[1] = 0x030451;
	p.side.labels = 2;
	p.side.flow_label = 0xabcde;
	p.side.tunnel = TUNNEL_VXLAN;
	p.side.tunnel_id = 0x123456;
	p.side.outer[0][0] = 172;
	p.side.outer[1][0] = 173;
	p.side.outer_family = 6;
	take(&p);
	memset(&other.side, 0x55, sizeof(other.side));
	take(&other);
	other.dir = 1;
	other.side.labels = 255;
	take(&other);
	take(&p);

	ATF_CHECK_EQ(0, memcmp(first[0].mac[0], mac_a, 6));
	ATF_CHECK_EQ(0, memcmp(first[0].mac[1], mac_b, 6));
	ATF_CHECK_EQ(0xa064, first[0].vlan[0]);
	ATF_CHECK_EQ(0x6007, first[0].vlan[1]);
	ATF_CHECK_EQ(2, first[0].labels);
	ATF_CHECK_EQ(0, memcmp(first[0].label, want, sizeof(want)));
	ATF_CHECK_EQ(0, first[0].label[2][0]);
	ATF_CHECK_EQ(0xabcde, side.count[0].flow_label);
	ATF_CHECK_EQ(TUNNEL_VXLAN, first[0].tunnel);
	ATF_CHECK_EQ(0x123456, first[0].tunnel_id);
	ATF_CHECK_EQ(172, first[0].outer[0][0]);
	ATF_CHECK_EQ(173, first[0].outer[1][0]);
	ATF_CHECK(side.count[0].flags & SIDE_OUTER_IPV6);

	ATF_CHECK_EQ(0x55, first[1].mac[0][0]);
	ATF_CHECK_EQ(0x5555, first[1].vlan[0]);
	ATF_CHECK_EQ(SIDE_LABELS, first[1].labels);
	ATF_CHECK_EQ(0x55, first[1].label[SIDE_LABELS - 1][2]);
	ATF_CHECK_EQ(0x55555555, side.count[1].flow_label);
	ATF_CHECK_EQ(0, side.count[1].flags & SIDE_OUTER_IPV6);
}

/* A death may come between the two updates of a packet. */
ATF_TC_WITHOUT_HEAD(a_packet_that_never_counted_leaves_nothing);
ATF_TC_BODY(a_packet_that_never_counted_leaves_nothing, tc)
{
	struct flow_side	want;
	struct packet		p = packet(0), back = packet(1);

	take(&p);
	want = side;
	back.side.labels = SIDE_LABELS;
	back.tcp_flags = 0xff;
	side_update(&side, f.packets[1] == 0, &back);
	ATF_CHECK(memcmp(&side, &want, sizeof(side)) != 0);
	ATF_CHECK_EQ(1, side_plausible(&side, &f, TRACK_FULL));
	ATF_CHECK_EQ(0, memcmp(&side, &want, sizeof(side)));

	/* Nor in the same process, where nobody looks through it. */
	back.side.label[0] = 0xffffff;
	side_update(&side, f.packets[1] == 0, &back);
	back = packet(1);
	take(&back);
	ATF_CHECK_EQ(0, side.first[1].labels);
	ATF_CHECK_EQ(0, side.first[1].label[0][0]);
	ATF_CHECK_EQ(0, side.count[1].tcp_control);
	ATF_CHECK_EQ(0, side.count[1].syn);
}

ATF_TC_WITHOUT_HEAD(an_extension_that_the_level_cannot_give_is_refused);
ATF_TC_BODY(an_extension_that_the_level_cannot_give_is_refused, tc)
{
	struct packet	p = packet(0);

	take(&p);
	side_key(&side.key, TRACK_ETHER, &p);
	ATF_CHECK_EQ(1, side_plausible(&side, &f, TRACK_ETHER));
	ATF_CHECK_EQ(0, side_plausible(&side, &f, TRACK_VLAN));
	side_key(&side.key, TRACK_VLAN, &p);
	ATF_CHECK_EQ(1, side_plausible(&side, &f, TRACK_ETHER));
	ATF_CHECK_EQ(1, side_plausible(&side, &f, TRACK_VLAN));
	ATF_CHECK_EQ(0, side_plausible(&side, &f, TRACK_FULL));
	side.key.vlan[1] = 4096;
	ATF_CHECK_EQ(0, side_plausible(&side, &f, TRACK_ETHER));
	side.key.vlan[1] = 0;
	side.key.vlan[0] = 0x8001;
	ATF_CHECK_EQ(0, side_plausible(&side, &f, TRACK_VLAN));
	side.key.vlan[0] = 0;
	ATF_CHECK_EQ(1, side_plausible(&side, &f, TRACK_FULL));
	side.first[0].labels = SIDE_LABELS + 1;
	ATF_CHECK_EQ(0, side_plausible(&side, &f, TRACK_FULL));
	side.first[0].labels = SIDE_LABELS;
	side.first[0].tunnel = TUNNEL_MAX;
	ATF_CHECK_EQ(0, side_plausible(&side, &f, TRACK_FULL));
}

static struct track *
table(int keyed)
{
	struct track	*t;

	ATF_REQUIRE((t = track_new(FLOWS, secret, NULL)) != NULL);
	memset(sides, 0xff, sizeof(sides));	/* as another flow left it */
	track_extend(t, sides, keyed);
	return (t);
}

/* The flow of a packet, a new one if there is none. */
static uint32_t
flow_of(struct track *t, enum track_level level, const struct packet *p)
{
	struct side_key	more;
	uint32_t	hash, idx;

	side_key(&more, level, p);
	hash = track_hash_side(t, &p->key, &more);
	idx = track_find_side(t, &p->key, &more, hash);
	if (idx != TRACK_NONE)
		return (idx);
	idx = track_insert(t, &p->key, hash);
	ATF_REQUIRE(idx != TRACK_NONE);
	track_side(t, idx)->key = more;
	return (idx);
}

ATF_TC_WITHOUT_HEAD(both_ways_of_a_conversation_are_one_flow);
ATF_TC_BODY(both_ways_of_a_conversation_are_one_flow, tc)
{
	static const enum track_level	levels[] = { TRACK_VLAN, TRACK_ETHER };
	struct packet			ask, reply;
	struct track			*t;
	unsigned int			 i;

	for (i = 0; i < nitems(levels); i++) {
		t = table(1);
		ask = packet(1);
		reply = packet(0);
		memcpy(reply.side.mac[0], ask.side.mac[1], 6);
		memcpy(reply.side.mac[1], ask.side.mac[0], 6);
		reply.side.vlan[0] = 0x0064;	/* other priorities */
		reply.side.vlan[1] = 0xf007;
		ATF_CHECK_EQ(flow_of(t, levels[i], &ask),
		    flow_of(t, levels[i], &reply));
		ATF_CHECK_EQ(1, track_count(t));
		track_free(t);
	}
}

ATF_TC_WITHOUT_HEAD(another_vlan_is_another_flow);
ATF_TC_BODY(another_vlan_is_another_flow, tc)
{
	struct packet	 p = packet(0);
	struct track	*t = table(1);
	uint32_t	 idx[4];

	idx[0] = flow_of(t, TRACK_VLAN, &p);
	p.side.vlan[0] ^= 1;
	idx[1] = flow_of(t, TRACK_VLAN, &p);
	p.side.vlan[1] ^= 1;
	idx[2] = flow_of(t, TRACK_VLAN, &p);
	p.side.vlan[0] = p.side.vlan[1] = 0;
	idx[3] = flow_of(t, TRACK_VLAN, &p);
	ATF_CHECK_EQ(4, track_count(t));
	ATF_CHECK(idx[0] != idx[1] && idx[1] != idx[2] && idx[2] != idx[3]);
	/* MAC addresses do not matter to this level. */
	memset(p.side.mac, 0x55, sizeof(p.side.mac));
	ATF_CHECK_EQ(idx[3], flow_of(t, TRACK_VLAN, &p));
	track_free(t);
}

ATF_TC_WITHOUT_HEAD(another_mac_address_is_another_flow);
ATF_TC_BODY(another_mac_address_is_another_flow, tc)
{
	struct packet	 p = packet(0);
	struct track	*t = table(1);

	(void)flow_of(t, TRACK_ETHER, &p);
	p.side.mac[0][5] ^= 1;
	(void)flow_of(t, TRACK_ETHER, &p);
	p.side.mac[1][0] ^= 4;
	(void)flow_of(t, TRACK_ETHER, &p);
	p.side.vlan[1] ^= 1;
	(void)flow_of(t, TRACK_ETHER, &p);
	ATF_CHECK_EQ(4, track_count(t));
	track_free(t);
}

ATF_TC_WITHOUT_HEAD(every_octet_of_the_extension_is_hashed);
ATF_TC_BODY(every_octet_of_the_extension_is_hashed, tc)
{
	static const uint8_t	 families[] = { 4, 6 };
	struct packet		 p = packet(0);
	struct track		*t = table(1);
	struct side_key		 more;
	uint32_t		 hash;
	unsigned int		 i, j;

	side_key(&more, TRACK_ETHER, &p);
	for (i = 0; i < nitems(families); i++) {
		p.key.family = families[i];
		hash = track_hash_side(t, &p.key, &more);
		ATF_CHECK(hash != track_hash(t, &p.key));
		for (j = 0; j < sizeof(more); j++) {
			((uint8_t *)&more)[j] ^= 0x10;
			ATF_CHECK_MSG(track_hash_side(t, &p.key, &more) !=
			    hash, "octet %u", j);
			((uint8_t *)&more)[j] ^= 0x10;
		}
		p.key.port[1] ^= 1;
		ATF_CHECK(track_hash_side(t, &p.key, &more) != hash);
	}
	track_free(t);
}

/*
 * From another implementation: CPython 3.11 hashes strings with SipHash-1-3;
 * hash(bytes(range(40)) + bytes(range(16))) under PYTHONHASHSEED 0.
 */
ATF_TC_WITHOUT_HEAD(siphash_of_a_longer_key_matches_a_vector);
ATF_TC_BODY(siphash_of_a_longer_key_matches_a_vector, tc)
{
	static const uint8_t	 zero[16];
	struct flow_key		 key;
	struct side_key		 more;
	struct track		*t;
	uint64_t		 hash = 0x14c1110eb9c641fbULL;
	unsigned int		 i;

	for (i = 0; i < sizeof(key); i++)
		((uint8_t *)&key)[i] = (uint8_t)i;
	for (i = 0; i < sizeof(more); i++)
		((uint8_t *)&more)[i] = (uint8_t)i;
	for (i = 0; i < 2; i++) {			/* as they are hashed */
		key.port[i] = le16toh(key.port[i]);
		more.vlan[i] = le16toh(more.vlan[i]);
	}
	key.reserved = le16toh(key.reserved);
	ATF_REQUIRE((t = track_new(FLOWS, zero, NULL)) != NULL);
	ATF_CHECK_EQ((uint32_t)(hash ^ hash >> 32),
	    track_hash_side(t, &key, &more));
	track_free(t);
}

ATF_TC_WITHOUT_HEAD(a_new_flow_has_a_zeroed_side_record);
ATF_TC_BODY(a_new_flow_has_a_zeroed_side_record, tc)
{
	static const struct flow_side	 zero;
	struct packet			 p = packet(0);
	struct track			*t = table(0);
	uint32_t			 idx;

	idx = track_insert(t, &p.key, 5);
	ATF_CHECK(track_side(t, idx) == &sides[idx]);
	ATF_CHECK_EQ(0, memcmp(&sides[idx], &zero, sizeof(zero)));
	memset(&sides[idx], 0xff, sizeof(sides[idx]));
	track_remove(t, idx);
	ATF_REQUIRE_EQ(idx, track_insert(t, &p.key, 5));
	ATF_CHECK_EQ(0, memcmp(&sides[idx], &zero, sizeof(zero)));
	/* Without an extension the key is the whole of it. */
	ATF_CHECK_EQ(idx, track_find(t, &p.key, 5));
	track_free(t);
}

ATF_TC_WITHOUT_HEAD(equal_hashes_do_not_merge_vlans);
ATF_TC_BODY(equal_hashes_do_not_merge_vlans, tc)
{
	struct packet	 p = packet(0);
	struct track	*t = table(1);
	struct side_key	 a, b;
	uint32_t	 one, two;

	side_key(&a, TRACK_VLAN, &p);
	b = a;
	b.vlan[1]++;
	one = track_insert(t, &p.key, 5);
	track_side(t, one)->key = a;
	ATF_CHECK_EQ(TRACK_NONE, track_find_side(t, &p.key, &b, 5));
	two = track_insert(t, &p.key, 5);
	track_side(t, two)->key = b;
	ATF_CHECK_EQ(one, track_find_side(t, &p.key, &a, 5));
	ATF_CHECK_EQ(two, track_find_side(t, &p.key, &b, 5));
	track_free(t);
}

ATF_TC_WITHOUT_HEAD(an_adopted_flow_is_found_by_its_extension);
ATF_TC_BODY(an_adopted_flow_is_found_by_its_extension, tc)
{
	static struct flow	 flows[FLOWS + TRACK_SPARE];
	uint32_t		 top = 1;
	struct track_memory	 memory = { flows, &top };
	struct packet		 p = packet(0);
	struct track		*t;

	ATF_REQUIRE((t = track_new(FLOWS, secret, &memory)) != NULL);
	track_extend(t, sides, 1);
	flows[0].key = p.key;
	flows[0].flags = FLOW_USED;
	side_key(&sides[0].key, TRACK_ETHER, &p);
	track_adopt(t, 0);
	ATF_CHECK_EQ(0, flow_of(t, TRACK_ETHER, &p));
	ATF_CHECK_EQ(1, track_count(t));
	track_free(t);
}

ATF_TC_WITHOUT_HEAD(without_being_asked_for_there_is_none);
ATF_TC_BODY(without_being_asked_for_there_is_none, tc)
{
	struct packet	 p = packet(0);
	struct track	*t;

	ATF_CHECK_EQ(0, side_wanted(TRACK_FULL, 0, 0));
	ATF_CHECK_EQ(0, side_wanted(TRACK_IP, 0, 0));
	ATF_CHECK_EQ(1, side_wanted(TRACK_VLAN, 0, 0));
	ATF_CHECK_EQ(1, side_wanted(TRACK_ETHER, 0, 0));
	ATF_CHECK_EQ(1, side_wanted(TRACK_IP, OPTIONAL_TTL, 0));
	ATF_CHECK_EQ(1, side_wanted(TRACK_IP, 0, 1));
	ATF_REQUIRE((t = track_new(FLOWS, secret, NULL)) != NULL);
	ATF_CHECK(track_side(t, track_insert(t, &p.key, 1)) == NULL);
	track_free(t);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, lengths_and_hop_limits_are_the_least_and_the_most);
	ATF_TP_ADD_TC(tp, tos_adds_up_and_tells_whether_it_varied);
	ATF_TP_ADD_TC(tp, tcp_control_bits_add_up_and_some_are_counted);
	ATF_TP_ADD_TC(tp, fragments_are_counted_first_and_later_ones);
	ATF_TP_ADD_TC(tp, counts_stop_at_their_largest_value);
	ATF_TP_ADD_TC(tp, what_the_first_packet_had_stays_each_way);
	ATF_TP_ADD_TC(tp, a_packet_that_never_counted_leaves_nothing);
	ATF_TP_ADD_TC(tp, an_extension_that_the_level_cannot_give_is_refused);
	ATF_TP_ADD_TC(tp, both_ways_of_a_conversation_are_one_flow);
	ATF_TP_ADD_TC(tp, another_vlan_is_another_flow);
	ATF_TP_ADD_TC(tp, another_mac_address_is_another_flow);
	ATF_TP_ADD_TC(tp, every_octet_of_the_extension_is_hashed);
	ATF_TP_ADD_TC(tp, siphash_of_a_longer_key_matches_a_vector);
	ATF_TP_ADD_TC(tp, a_new_flow_has_a_zeroed_side_record);
	ATF_TP_ADD_TC(tp, equal_hashes_do_not_merge_vlans);
	ATF_TP_ADD_TC(tp, an_adopted_flow_is_found_by_its_extension);
	ATF_TP_ADD_TC(tp, without_being_asked_for_there_is_none);
	return (atf_no_error());
}
