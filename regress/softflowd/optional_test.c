/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Optional fields: what each group adds to templates and records, read by
 * their own templates, and that datagrams still hold what they must.
 */

#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "export_fixture.h"

/* One element of a record of tcp_flow(), with what filled_side() says. */
struct want {
	uint16_t	element;
	uint16_t	octets9, octets10;	/* 0: not in this version */
	uint64_t	value;
	uint64_t	reverse;
};

static const struct {
	uint16_t	fields;
	struct want	want[6];	/* up to element 0 */
} groups[] = {
	{ OPTIONAL_TTL, {
		{ 52, 1, 1, 63, 7 }, { 53, 1, 1, 64, 8 } } },
	{ OPTIONAL_LENGTH, {
		{ 25, 2, 4, 40, 41 }, { 26, 2, 4, 1500, 65535 } } },
	{ OPTIONAL_TCP, {
		{ 6, 2, 2, 0x11b, 0x12 }, { 218, 0, 4, 2, 20 },
		{ 219, 0, 4, 1, 10 }, { 220, 0, 4, 0, UINT32_MAX } } },
	{ OPTIONAL_VLAN, {
		{ 58, 2, 2, 100, 200 }, { 243, 2, 2, 100, 200 },
		{ 244, 0, 1, 5, 0 }, { 245, 2, 2, 7, 4095 },
		{ 246, 0, 1, 3, 7 } } },
	{ OPTIONAL_MAC, {
		{ 56, 6, 6, 0x02000000000a, 0x02000000000b },
		{ 80, 6, 6, 0x02000000000b, 0x02000000000a } } },
	{ OPTIONAL_LABEL, {
		{ 31, 3, 4, 0xabcde, 0x12345 } } },
	{ OPTIONAL_TUNNEL, {
		{ 351, 0, 8, 0x0100000000123456, 0 }, { 296, 0, 4, 0, 77 },
		{ 507, 0, 4, 0, 0 } } },
};

static struct flow_side	side;

static void
fill(struct side_counts *n, struct side_first *first, int reverse)
{
	static const uint8_t	mac[2][6] = { { 2, 0, 0, 0, 0, 10 },
				    { 2, 0, 0, 0, 0, 11 } };
	unsigned int		i;

	n->ttl_min = reverse ? 7 : 63;
	n->ttl_max = reverse ? 8 : 64;
	n->length_min = reverse ? 41 : 40;
	n->length_max = reverse ? 65535 : 1500;
	n->tcp_control = reverse ? 0x12 : 0x11b;
	n->syn = reverse ? 20 : 2;
	n->fin = reverse ? 10 : 1;
	n->rst = reverse ? UINT32_MAX : 0;
	n->flow_label = reverse ? 0x12345 : 0xabcde;
	first->vlan[0] = reverse ? 0x10c8 : 0xa064;
	first->vlan[1] = reverse ? 0xffff : 0x6007;
	memcpy(first->mac[0], mac[reverse], 6);
	memcpy(first->mac[1], mac[!reverse], 6);
	first->tunnel = reverse ? TUNNEL_GRE : TUNNEL_VXLAN;
	first->tunnel_id = reverse ? 77 : 0x123456;
	first->labels = 2;
	for (i = 0; i < 2; i++) {
		first->label[i][0] = reverse ? 0x80 : 0x10;
		first->label[i][2] = (uint8_t)i;
	}
}

static void
start_with(uint16_t version, unsigned int fields, unsigned int labels)
{
	memset(&side, 0, sizeof(side));
	fill(&side.count[0], &side.first[0], 0);
	fill(&side.count[1], &side.first[1], 1);
	config.sides = &side;
	config.format.fields = (uint16_t)fields;
	config.format.labels = (uint16_t)labels;
	start(version);
	add(0, 1400);
}

static void
check_group(unsigned int g, uint16_t version, const struct flow *f)
{
	const struct want	*want;
	struct walk_record	*r;
	uint16_t		 octets;

	start_with(version, groups[g].fields, 0);
	r = put_one(both_ways(*f));
	ATF_REQUIRE_EQ(2, w.flows);
	for (want = groups[g].want; want->element != 0; want++) {
		octets = version == 9 ? want->octets9 : want->octets10;
		if (want->element == 31 && f->key.family == 4)
			octets = 0;
		ATF_CHECK_EQ_MSG(octets, walk_length(&w, r->set_id,
		    want->element, 0), "v%u: %u", version, want->element);
		if (octets == 0)
			continue;
		ATF_CHECK_EQ_MSG(want->value, r[0].value[want->element],
		    "v%u: %u", version, want->element);
		ATF_CHECK_EQ_MSG(want->reverse, r[1].value[want->element],
		    "v%u: reverse %u", version, want->element);
	}
	/* What every record has is where it was. */
	ATF_CHECK_EQ(1500, r[0].value[1]);
	ATF_CHECK_EQ(443, r[0].value[11]);
	ATF_CHECK_EQ(f->key.proto, r[0].value[4]);
	ATF_CHECK_EQ(0x20, r[0].value[5]);
	ATF_CHECK_EQ(3, r[0].value[136]);
	if (groups[g].fields != OPTIONAL_TCP)
		ATF_CHECK_EQ(1, walk_length(&w, r->set_id, 6, 0));
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(each_group_has_its_elements_and_values);
ATF_TC_BODY(each_group_has_its_elements_and_values, tc)
{
	struct flow	v4 = tcp_flow(), v6 = ipv6_flow(6);
	unsigned int	g;

	for (g = 0; g < nitems(groups); g++) {
		check_group(g, 9, &v4);
		check_group(g, 9, &v6);
		check_group(g, 10, &v4);
		check_group(g, 10, &v6);
	}
}

/* Templates in which nothing is chosen are those of no fields at all. */
ATF_TC_WITHOUT_HEAD(a_group_adds_nothing_of_the_others);
ATF_TC_BODY(a_group_adds_nothing_of_the_others, tc)
{
	struct walk_record	*r;
	const struct want	*want;
	unsigned int		 g, other;

	for (g = 0; g < nitems(groups); g++) {
		start_with(10, groups[g].fields, 0);
		r = put_one(ipv6_flow(6));
		for (other = 0; other < nitems(groups); other++) {
			want = groups[other].want;
			for (; want->element != 0 && other != g; want++)
				ATF_CHECK_EQ(want->element == 6,
				    walk_length(&w, r->set_id,
				    want->element, 0));
		}
		ATF_CHECK_EQ(0, walk_length(&w, r->set_id, 70, 0));
		export_free(e);
	}
}

ATF_TC_WITHOUT_HEAD(as_many_labels_as_asked_for_top_first);
ATF_TC_BODY(as_many_labels_as_asked_for_top_first, tc)
{
	static const uint16_t	 version[] = { 9, 10 };
	struct walk_record	*r;
	unsigned int		 i, n;

	for (i = 0; i < nitems(version); i++)
		for (n = 1; n <= SIDE_LABELS; n++) {
			start_with(version[i], 0, n);
			r = put_one(both_ways(tcp_flow()));
			ATF_CHECK_EQ(3, walk_length(&w, 256,
			    (uint16_t)(69 + n), 0));
			ATF_CHECK_EQ(0, walk_length(&w, 256,
			    (uint16_t)(70 + n), 0));
			ATF_CHECK_EQ(0x100000, r[0].value[70]);
			ATF_CHECK_EQ(0x800000, r[1].value[70]);
			ATF_CHECK_EQ(n < 2 ? 0 : 0x100001, r[0].value[71]);
			ATF_CHECK_EQ(0, r[0].value[72]);
			export_free(e);
		}
}

ATF_TC_WITHOUT_HEAD(tunnels_are_told_by_their_own_element);
ATF_TC_BODY(tunnels_are_told_by_their_own_element, tc)
{
	static const struct {
		enum tunnel	tunnel;
		uint64_t	segment, gre_key, teid;
	} kinds[] = {
		{ TUNNEL_NONE, 0, 0, 0 },
		{ TUNNEL_GRE, 0, 0xabc, 0 },
		{ TUNNEL_IPIP, 0, 0, 0 },
		{ TUNNEL_VXLAN, 0x0100000000000abc, 0, 0 },
		{ TUNNEL_GENEVE, 0xabc, 0, 0 },
		{ TUNNEL_GTPU, 0, 0, 0xabc },
		{ TUNNEL_L2TP, 0, 0, 0 }
	};
	struct walk_record	*r;
	unsigned int		 i;

	for (i = 0; i < nitems(kinds); i++) {
		start_with(10, OPTIONAL_TUNNEL, 0);
		side.first[0].tunnel = (uint8_t)kinds[i].tunnel;
		side.first[0].tunnel_id = 0xabc;
		r = put_one(tcp_flow());
		ATF_CHECK_EQ(kinds[i].segment, r->value[351]);
		ATF_CHECK_EQ(kinds[i].gre_key, r->value[296]);
		ATF_CHECK_EQ(kinds[i].teid, r->value[507]);
		export_free(e);
	}
}

ATF_TC_WITHOUT_HEAD(a_length_that_v9_cannot_say_is_its_largest);
ATF_TC_BODY(a_length_that_v9_cannot_say_is_its_largest, tc)
{
	static const uint16_t	version[] = { 9, 10 };
	static const uint64_t	want[] = { 65535, 1048576 };
	unsigned int		i;

	for (i = 0; i < nitems(version); i++) {
		start_with(version[i], OPTIONAL_LENGTH, 0);
		side.count[0].length_max = 1048576;
		ATF_CHECK_EQ(want[i], put_one(tcp_flow())->value[26]);
		export_free(e);
	}
}

/*
 * Flows of all kinds with all fields: no invariant broken, nothing lost, and
 * all stays within the route's limit.
 */
static void
all_fields(uint16_t version, uint16_t payload_max, uint32_t refresh)
{
	uint64_t	octets = 0;
	uint32_t	sequence = 0;
	unsigned int	i, j, flows = 0;

	config.template_datagrams = refresh;
	memset(&side, 0xff, sizeof(side));	/* as bad as memory can be */
	config.sides = &side;
	config.format.fields = OPTIONAL_ALL;
	config.format.labels = SIDE_LABELS;
	start(version);
	add(0, payload_max);
	for (i = 0; i < 30; i++) {
		put(tcp_flow());
		put(both_ways(tcp_flow()));
		put(icmp_flow());
		put(ipv6_flow(17));
		put(ipv6_flow(58));
	}
	export_flush(e, &c);
	for (i = 0; i < nsent; i++) {
		look(i);
		ATF_REQUIRE(sent[i].len <= payload_max);
		ATF_REQUIRE_EQ(sequence, w.sequence);
		sequence += version == 9 ? 1 : w.options + w.flows;
		flows += w.flows;
		for (j = 0; j < w.flows; j++)
			octets += w.record[j].value[1];
	}
	ATF_CHECK_EQ(30 * 8, flows);
	ATF_CHECK_EQ(flows, export_session(e)->counters.records);
	ATF_CHECK_EQ(30 * 5, c.flows_exported);
	ATF_CHECK_EQ(30 * (1500 + 90000 + 3 * 91500), octets);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(all_fields_of_any_memory_keep_counts_and_lengths);
ATF_TC_BODY(all_fields_of_any_memory_keep_counts_and_lengths, tc)
{
	static const uint16_t	version[] = { 9, 10 };
	static const uint16_t	payload_max[] = { 512, 513, 700, 1232, 1400 };
	unsigned int		i, j;

	for (i = 0; i < nitems(version); i++)
		for (j = 0; j < nitems(payload_max); j++) {
			all_fields(version[i], payload_max[j], 256);
			all_fields(version[i], payload_max[j], 1);
		}
}

/* Payloads of each length around that of n records. */
ATF_TC_WITHOUT_HEAD(a_datagram_is_full_to_its_last_octet);
ATF_TC_BODY(a_datagram_is_full_to_its_last_octet, tc)
{
	struct flow	f = ipv6_flow(6);
	unsigned int	at, i, n, record;
	uint16_t	payload;

	f.packets[1] = 0;
	start_with(10, OPTIONAL_ALL, SIDE_LABELS);
	put_one(ipv6_flow(6));
	for (i = record = 0; i < w.template[2].count; i++)
		record += w.template[2].length[i];
	ATF_REQUIRE_EQ(258, w.template[2].id);
	export_free(e);

	for (n = 3; n < 8; n++) {
		payload = (uint16_t)((20 + n * record + 3) / 4 * 4);
		for (i = 0; i < 2; i++) {
			start(10);
			add(0, (uint16_t)(payload - i));
			export_tick(e, &c);	/* templates, alone */
			for (at = 0; at < nsent; at++)
				look(at);
			while (nsent == at)
				put(f);
			look(at);
			ATF_CHECK_EQ(n - i, w.flows);
			ATF_CHECK(i > 0 || sent[at].len == payload);
			export_free(e);
		}
	}
}

/* Sends of several datagrams, and all their octets. */
static unsigned int	trains;
static size_t		cut, train_octets;

static int
cut_at(int fd, size_t octets)
{
	(void)fd;
	cut = octets;
	return (0);
}

static ssize_t
count_send(int fd, const void *data, size_t len)
{
	(void)fd;
	(void)data;
	trains += cut != 0;
	train_octets += cut != 0 ? len : 0;
	return ((ssize_t)len);
}

ATF_TC_WITHOUT_HEAD(trains_have_optional_fields_too);
ATF_TC_BODY(trains_have_optional_fields_too, tc)
{
	unsigned int	i;

	start_with(9, OPTIONAL_ALL, 0);
	export_free(e);
	ATF_REQUIRE((e = export_new(&config, count_send, NULL)) != NULL);
	watch();
	export_set_clock(e, &clock_now);
	export_segments(e, cut_at);
	add(0, 1400);
	export_tick(e, &c);
	for (i = 0; i < 500; i++)
		put(i % 3 == 0 ? tcp_flow() : both_ways(ipv6_flow(6)));
	export_flush(e, &c);
	ATF_CHECK(trains > 5);
	ATF_CHECK(train_octets / trains > 3 * 1300);
	ATF_CHECK_EQ(500, c.flows_exported);
	ATF_CHECK_EQ(167 + 2 * 333, export_session(e)->counters.records);
	export_free(e);
}

/* What a collector gets: each datagram is whole and has something in it. */
static unsigned int	records_walked;

static ssize_t
walk_send(int fd, const void *data, size_t len)
{
	const uint8_t	*p = data;
	const char	*error;
	size_t		 at, piece = cut != 0 && cut < len ? cut : len;

	(void)fd;
	for (at = 0; at < len; at += piece) {
		error = walk_datagram(&w, p + at,
		    len - at < piece ? len - at : piece);
		ATF_REQUIRE_MSG(error == NULL, "%s", error);
		ATF_REQUIRE(w.flows > 0 || w.templates > 0);
		records_walked += w.flows;
	}
	return ((ssize_t)len);
}

static struct flow
any_flow(unsigned int n)
{
	switch (n % 4) {
	case 0:
		return (both_ways(tcp_flow()));
	case 1:
		return (both_ways(icmp_flow()));
	case 2:
		return (ipv6_flow(17));
	default:
		return (ipv6_flow(58));
	}
}

static void
mix_flows(uint16_t version, uint16_t fields, uint16_t payload_max,
    uint8_t flags)
{
	struct flow	f;
	unsigned int	i, n, wanted = 0;
	uint64_t	random = version + fields * 31U + payload_max;

	config.format.flags = flags;
	start_with(version, fields, SIDE_LABELS);
	export_free(e);
	ATF_REQUIRE((e = export_new(&config, walk_send, NULL)) != NULL);
	export_set_clock(e, &clock_now);
	export_segments(e, cut_at);
	cut = records_walked = 0;
	add(0, payload_max);
	for (i = 0; i < 400; i++) {
		random = random * 6364136223846793005ULL + 1442695040888963407;
		n = (unsigned int)(random >> 40);
		f = any_flow(n);
		if (n & 64)
			f.packets[n >> 8 & 1] = 0;
		if (flags & FORMAT_BIFLOW)
			wanted += f.packets[0] != 0 || f.packets[1] != 0;
		else
			wanted += (f.packets[0] != 0) + (f.packets[1] != 0);
		put(f);
	}
	export_flush(e, &c);
	ATF_CHECK_EQ_MSG(wanted, records_walked, "version %u fields %#x "
	    "payload %u: %u of %u records", version, fields, payload_max,
	    records_walked, wanted);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(no_mix_of_flows_leaves_a_train_without_a_record);
ATF_TC_BODY(no_mix_of_flows_leaves_a_train_without_a_record, tc)
{
	static const uint16_t	payloads[] = { 512, 520, 548, 552, 700, 1400 };
	unsigned int		i;
	uint16_t		fields;

	for (fields = 0; fields <= OPTIONAL_ALL; fields++)
		for (i = 0; i < nitems(payloads); i++) {
			mix_flows(9, fields, payloads[i], 0);
			mix_flows(10, fields, payloads[i], 0);
			mix_flows(10, fields, payloads[i], FORMAT_BIFLOW);
		}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_group_has_its_elements_and_values);
	ATF_TP_ADD_TC(tp, a_group_adds_nothing_of_the_others);
	ATF_TP_ADD_TC(tp, as_many_labels_as_asked_for_top_first);
	ATF_TP_ADD_TC(tp, tunnels_are_told_by_their_own_element);
	ATF_TP_ADD_TC(tp, a_length_that_v9_cannot_say_is_its_largest);
	ATF_TP_ADD_TC(tp, all_fields_of_any_memory_keep_counts_and_lengths);
	ATF_TP_ADD_TC(tp, a_datagram_is_full_to_its_last_octet);
	ATF_TP_ADD_TC(tp, trains_have_optional_fields_too);
	ATF_TP_ADD_TC(tp, no_mix_of_flows_leaves_a_train_without_a_record);
	return (atf_no_error());
}
