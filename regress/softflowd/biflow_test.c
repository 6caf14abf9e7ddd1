/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Both directions in one record (RFC 5103), and who began. */

#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "export_fixture.h"

#define SYN	0x02
#define RST	0x04
#define ACK	0x10
#define IPV4	272		/* templates with both directions */
#define ICMP4	273
#define IPV6	274
#define ICMP6	275

static struct flow_side	side;

static void
start_biflow(unsigned int fields)
{
	config.format.flags = FORMAT_BIFLOW;
	config.format.fields = (uint16_t)fields;
	config.sides = fields != 0 ? &side : NULL;
	start(10);
	add(0, 1400);
}

/* A flow whose second endpoint sent the first packet. */
static struct flow
from_above(struct flow f)
{
	f.flags |= FLOW_INITIATOR;
	return (f);
}

static struct flow
with_flags(uint8_t from, uint8_t to)
{
	struct flow	f = both_ways(tcp_flow());

	f.tcp_flags[0] = from;
	f.tcp_flags[1] = to;
	return (f);
}

ATF_TC_WITHOUT_HEAD(one_record_has_both_directions);
ATF_TC_BODY(one_record_has_both_directions, tc)
{
	struct walk_record	*r;
	struct flow		 f = both_ways(tcp_flow());

	start_biflow(0);
	r = put_one(f);
	ATF_REQUIRE_EQ(1, w.flows);
	ATF_CHECK_EQ(IPV4, r->set_id);
	ATF_CHECK_EQ(0, memcmp(r->src, f.key.addr[0], 4));
	ATF_CHECK_EQ(0, memcmp(r->dst, f.key.addr[1], 4));
	ATF_CHECK_EQ(40000, r->value[7]);
	ATF_CHECK_EQ(443, r->value[11]);
	ATF_CHECK_EQ(1500, r->value[1]);
	ATF_CHECK_EQ(90000, r->reverse[1]);
	ATF_CHECK_EQ(3, r->value[2]);
	ATF_CHECK_EQ(70, r->reverse[2]);
	ATF_CHECK_EQ(1700000000123, r->value[152]);
	ATF_CHECK_EQ(1700000010456, r->value[153]);
	ATF_CHECK_EQ(1700000001000, r->reverse[152]);
	ATF_CHECK_EQ(1700000002000, r->reverse[153]);
	ATF_CHECK_EQ(0x1b, r->value[6]);
	ATF_CHECK_EQ(0x12, r->reverse[6]);
	ATF_CHECK_EQ(0x20, r->value[5]);
	ATF_CHECK_EQ(0x48, r->reverse[5]);
	ATF_CHECK_EQ(1, c.flows_exported);
	ATF_CHECK_EQ(73, c.packets_exported);
	ATF_CHECK_EQ(91500, c.octets_exported);
	ATF_CHECK_EQ(1, export_session(e)->counters.records);
	/* Two options records and one of a flow. */
	ATF_CHECK_EQ(3, export_session(e)->sequence);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(the_source_is_who_sent_the_first_packet);
ATF_TC_BODY(the_source_is_who_sent_the_first_packet, tc)
{
	struct walk_record	*r;
	struct flow		 f = from_above(both_ways(tcp_flow()));

	start_biflow(0);
	r = put_one(f);
	ATF_CHECK_EQ(0, memcmp(r->src, f.key.addr[1], 4));
	ATF_CHECK_EQ(443, r->value[7]);
	ATF_CHECK_EQ(90000, r->value[1]);
	ATF_CHECK_EQ(1500, r->reverse[1]);
	ATF_CHECK_EQ(0x12, r->value[6]);
	ATF_CHECK_EQ(0x1b, r->reverse[6]);
	export_free(e);
}

/* What has no packets is not said, and never stands first. */
ATF_TC_WITHOUT_HEAD(a_silent_direction_has_a_template_without_it);
ATF_TC_BODY(a_silent_direction_has_a_template_without_it, tc)
{
	static const uint16_t	uni[] = { 256, 257, 258, 259 };
	struct walk_record	*r;
	struct flow		 f = tcp_flow();
	unsigned int		 i;

	start_biflow(0);
	r = put_one(f);
	ATF_REQUIRE_EQ(1, w.flows);
	ATF_CHECK_EQ(256, r->set_id);
	ATF_CHECK_EQ(1500, r->value[1]);
	for (i = 0; i < nitems(uni); i++) {
		ATF_CHECK_EQ(0, walk_length(&w, uni[i], 1, 1));
		ATF_CHECK_EQ(1, walk_length(&w, uni[i], 239, 0));
		ATF_CHECK_EQ(8, walk_length(&w, (uint16_t)(uni[i] + 16), 1,
		    1));
	}
	/* Only the one that FLOW_INITIATOR does not mean. */
	f = from_above(tcp_flow());
	r = put_one(f);
	ATF_CHECK_EQ(256, r->set_id);
	ATF_CHECK_EQ(0, memcmp(r->src, f.key.addr[0], 4));
	ATF_CHECK_EQ(1500, r->value[1]);
	r = put_one(icmp_flow());
	ATF_CHECK_EQ(257, r->set_id);
	ATF_CHECK_EQ(90000, r->value[1]);
	ATF_CHECK_EQ(0x0800, r->value[32]);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(who_began_is_said_where_it_is_known);
ATF_TC_BODY(who_began_is_said_where_it_is_known, tc)
{
	static const struct {
		uint8_t		from, to;
		unsigned int	want;
	} tcp[] = {
		{ SYN | ACK, SYN | ACK, 1 },	/* a handshake */
		{ SYN, RST | ACK, 1 },		/* refused */
		{ ACK, ACK, 0 },		/* joined midway */
		{ SYN | ACK, ACK, 0 },	/* behind the first SYN */
		{ ACK, SYN | ACK, 0 },
		{ 0, 0, 0 }
	};
	struct flow	f;
	unsigned int	i;

	start_biflow(0);
	for (i = 0; i < nitems(tcp); i++) {
		f = with_flags(tcp[i].from, tcp[i].to);
		ATF_CHECK_EQ_MSG(tcp[i].want, put_one(f)->value[239], "%u", i);
		f = from_above(with_flags(tcp[i].to, tcp[i].from));
		ATF_CHECK_EQ_MSG(tcp[i].want, put_one(f)->value[239], "%u", i);
	}
	f = tcp_flow();
	f.tcp_flags[0] = SYN;
	ATF_CHECK_EQ(1, put_one(f)->value[239]);
	f.tcp_flags[0] = SYN | ACK;	/* an answer, or all of one side */
	ATF_CHECK_EQ(0, put_one(f)->value[239]);
	ATF_CHECK_EQ(1, put_one(ipv6_flow(17))->value[239]);
	ATF_CHECK_EQ(IPV6, w.record[0].set_id);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(icmp_says_the_type_of_both_directions);
ATF_TC_BODY(icmp_says_the_type_of_both_directions, tc)
{
	struct walk_record	*r;
	struct flow		 f = icmp_flow();

	f.packets[0] = 1;
	f.octets[0] = 84;
	start_biflow(0);
	r = put_one(from_above(f));
	ATF_CHECK_EQ(ICMP4, r->set_id);
	ATF_CHECK_EQ(0x0800, r->value[32]);
	ATF_CHECK_EQ(0, r->reverse[32]);
	ATF_CHECK_EQ(90000, r->value[1]);
	ATF_CHECK_EQ(84, r->reverse[1]);
	r = put_one(ipv6_flow(58));
	ATF_CHECK_EQ(ICMP6, r->set_id);
	ATF_CHECK_EQ(0x8000, r->value[139]);
	ATF_CHECK_EQ(0, r->reverse[139]);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(optional_fields_are_of_each_direction);
ATF_TC_BODY(optional_fields_are_of_each_direction, tc)
{
	struct walk_record	*r;

	memset(&side, 0, sizeof(side));
	side.count[0].ttl_min = 60;
	side.count[1].ttl_min = 50;
	side.count[0].syn = 4;
	side.count[1].syn = 5;
	side.count[0].tcp_control = 0x112;
	side.count[1].tcp_control = 0x012;
	side.first[0].mac[0][5] = side.first[1].mac[1][5] = 1;
	side.first[1].mac[0][5] = side.first[0].mac[1][5] = 2;
	start_biflow(OPTIONAL_TTL | OPTIONAL_TCP | OPTIONAL_MAC);
	r = put_one(both_ways(tcp_flow()));
	ATF_CHECK_EQ(60, r->value[52]);
	ATF_CHECK_EQ(50, r->reverse[52]);
	ATF_CHECK_EQ(4, r->value[218]);
	ATF_CHECK_EQ(5, r->reverse[218]);
	ATF_CHECK_EQ(0x112, r->value[6]);
	ATF_CHECK_EQ(0x012, r->reverse[6]);
	ATF_CHECK_EQ(2, walk_length(&w, IPV4, 6, 1));
	ATF_CHECK_EQ(1, r->value[56]);
	ATF_CHECK_EQ(2, r->value[80]);
	/* MAC addresses are the source's and the destination's, as others. */
	ATF_CHECK_EQ(0, walk_length(&w, IPV4, 56, 1));
	ATF_CHECK_EQ(0, walk_length(&w, IPV4, 80, 1));
	export_free(e);
}

/* RFC 5103 section 6.1 lists what has no reverse. */
ATF_TC_WITHOUT_HEAD(what_is_of_the_whole_flow_has_no_reverse);
ATF_TC_BODY(what_is_of_the_whole_flow_has_no_reverse, tc)
{
	static const uint16_t	once[] = {
		4, 7, 8, 11, 12, 27, 28, 60, 136, 148, 239
	};
	unsigned int		i, id;

	start_biflow(OPTIONAL_ALL);
	export_free(e);
	config.format.flags |= FORMAT_FLOW_ID;
	start(10);
	add(0, 1400);
	export_tick(e, &c);
	for (i = 0; i < nsent; i++)
		look(i);
	for (id = IPV4; id <= ICMP6; id++)
		for (i = 0; i < nitems(once); i++)
			ATF_CHECK_EQ(0, walk_length(&w, (uint16_t)id, once[i],
			    1));
	ATF_CHECK_EQ(8, walk_length(&w, ICMP6, 148, 0));
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(times_of_both_have_the_form_asked_for);
ATF_TC_BODY(times_of_both_have_the_form_asked_for, tc)
{
	config.format.times = TIMES_SECONDS;
	start_biflow(0);
	(void)put_one(both_ways(tcp_flow()));
	ATF_CHECK_EQ(1700000010, w.record[0].value[151]);
	ATF_CHECK_EQ(1700000002, w.record[0].reverse[151]);
	ATF_CHECK_EQ(4, walk_length(&w, IPV4, 150, 1));
	export_free(e);
}

static int
no_cut(int fd, size_t octets)
{
	(void)fd;
	(void)octets;
	return (-1);
}

/* Trains split flows to fill datagrams, but a biflow is one record. */
ATF_TC_WITHOUT_HEAD(no_biflow_is_taken_apart);
ATF_TC_BODY(no_biflow_is_taken_apart, tc)
{
	unsigned int	i, j, flows = 0;
	uint32_t	sequence = 0;

	start_biflow(0);
	export_segments(e, no_cut);
	for (i = 0; i < 120; i++)
		put(i % 3 == 0 ? tcp_flow() : both_ways(tcp_flow()));
	export_flush(e, &c);
	for (i = 0; i < nsent; i++) {
		look(i);
		ATF_CHECK_EQ(sequence, w.sequence);
		sequence += w.options + w.flows;
		for (j = 0; j < w.flows; j++, flows++)
			ATF_CHECK_EQ(flows % 3 == 0 ? 256 : IPV4,
			    w.record[j].set_id);
	}
	ATF_CHECK_EQ(120, flows);
	ATF_CHECK_EQ(sequence, export_session(e)->sequence);
	export_free(e);
}

/* More than that, Wireshark does not read without being told. */
ATF_TC_WITHOUT_HEAD(all_fields_but_labels_make_sixty_at_most);
ATF_TC_BODY(all_fields_but_labels_make_sixty_at_most, tc)
{
	unsigned int	i;

	config.sides = &side;
	config.format = (struct export_format){ 10, OPTIONAL_ALL, 0,
		    TIMES_DEFAULT, FORMAT_BIFLOW | FORMAT_FLOW_ID };
	start(10);
	add(0, 1400);
	export_tick(e, &c);
	for (i = 0; i < nsent; i++)
		look(i);
	for (i = 0; i < w.ntemplates; i++)
		ATF_CHECK(w.template[i].count <= 60);
	ATF_CHECK_EQ(60, walk_template_of(&w, ICMP6)->count);
	export_free(e);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, one_record_has_both_directions);
	ATF_TP_ADD_TC(tp, the_source_is_who_sent_the_first_packet);
	ATF_TP_ADD_TC(tp, a_silent_direction_has_a_template_without_it);
	ATF_TP_ADD_TC(tp, who_began_is_said_where_it_is_known);
	ATF_TP_ADD_TC(tp, icmp_says_the_type_of_both_directions);
	ATF_TP_ADD_TC(tp, optional_fields_are_of_each_direction);
	ATF_TP_ADD_TC(tp, what_is_of_the_whole_flow_has_no_reverse);
	ATF_TP_ADD_TC(tp, times_of_both_have_the_form_asked_for);
	ATF_TP_ADD_TC(tp, no_biflow_is_taken_apart);
	ATF_TP_ADD_TC(tp, all_fields_but_labels_make_sixty_at_most);
	return (atf_no_error());
}
