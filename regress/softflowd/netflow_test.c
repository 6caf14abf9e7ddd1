/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What datagrams of v9 and IPFIX hold, and what must be true of any. */

#include <stdio.h>
#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "export_fixture.h"

/* Interfaces of which every third has no name or no number. */
static void
name_interfaces(uint32_t n)
{
	uint32_t	i;

	table.count = n;
	for (i = 1; i <= n; i++) {
		table.slot[i].number = i % 3 == 1 ? 0 : 1000 + i;
		if (i % 3 != 2)
			snprintf(table.slot[i].name, INTERFACE_NAME,
			    "interface%u", i);
	}
}

/* Each name in a datagram of its own kind, in order, and each once. */
static void
check_names(uint16_t version, uint16_t payload_max, uint32_t n)
{
	const struct walk_record	*last;
	char				 name[INTERFACE_NAME];
	uint32_t			 i, records, named = 0, sequence = 0;

	start(version);
	add(0, payload_max);
	name_interfaces(n);
	export_tick(e, &c);
	export_tick(e, &c);
	for (i = 0; i < nsent; i++) {
		look(i);
		ATF_CHECK(sent[i].len <= payload_max);
		ATF_CHECK_EQ(sequence, w.sequence);
		sequence += version == 9 ? 1 : w.options;
		for (records = 0; records < w.options; records++)
			if (w.option[w.options - 1 - records].set_id != 261)
				break;
		ATF_CHECK(records <= EXPORT_FLOWS);
		if (records == 0)
			continue;
		named += records;
		last = &w.option[w.options - 1];
		snprintf(name, sizeof(name), "interface%u", named * 3);
		ATF_CHECK_STREQ(name, (const char *)last->src);
		ATF_CHECK_EQ(1000 + named * 3, last->value[version == 9 ?
		    2 : 10]);
	}
	ATF_CHECK_EQ(n / 3, named);
	ATF_CHECK_EQ(sequence, export_session(e)->sequence);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(interfaces_are_named_behind_the_templates);
ATF_TC_BODY(interfaces_are_named_behind_the_templates, tc)
{
	static const uint32_t	counts[] = { 0, 2, 3, 60, 96, 99, 254 };
	size_t			i;

	for (i = 0; i < nitems(counts); i++) {
		check_names(9, 1400, counts[i]);
		check_names(9, 512, counts[i]);
		check_names(10, 1400, counts[i]);
		check_names(10, 512, counts[i]);
	}
}

ATF_TC_WITHOUT_HEAD(names_end_though_templates_are_always_due);
ATF_TC_BODY(names_end_though_templates_are_always_due, tc)
{
	config.template_datagrams = 1;
	check_names(10, 1400, 254);
}

ATF_TC_WITHOUT_HEAD(records_say_interfaces_and_direction);
ATF_TC_BODY(records_say_interfaces_and_direction, tc)
{
	static const uint16_t	versions[] = { 5, 9, 10 };
	struct flow		f = both_ways(tcp_flow());
	size_t			i;

	for (i = 0; i < nitems(versions); i++) {
		start(versions[i]);
		add(0, 1400);
		table.count = 3;
		table.slot[2].number = 40;
		table.slot[3].number = 50;
		f.in[0] = 2;
		f.out[0] = 3;
		f.in[1] = 0;
		f.out[1] = 2;
		(void)put_one(f);
		ATF_CHECK_EQ(40, w.record[0].value[10]);
		ATF_CHECK_EQ(50, w.record[0].value[14]);
		ATF_CHECK_EQ(0, w.record[1].value[10]);
		ATF_CHECK_EQ(40, w.record[1].value[14]);
		if (versions[i] > 5) {
			ATF_CHECK_EQ(0, w.record[0].value[61]);
			ATF_CHECK_EQ(1, w.record[1].value[61]);
		}
		export_free(e);
	}
}

ATF_TC_WITHOUT_HEAD(each_direction_is_a_record_with_its_own_values);
ATF_TC_BODY(each_direction_is_a_record_with_its_own_values, tc)
{
	struct walk_record	*r;
	struct flow		 f = both_ways(tcp_flow());

	start(10);
	add(0, 1400);
	r = put_one(f);
	ATF_REQUIRE_EQ(2, w.flows);
	ATF_CHECK_EQ(0, memcmp(r[1].src, f.key.addr[1], 4));
	ATF_CHECK_EQ(0, memcmp(r[1].dst, f.key.addr[0], 4));
	ATF_CHECK_EQ(40000, r[0].value[7]);
	ATF_CHECK_EQ(443, r[0].value[11]);
	ATF_CHECK_EQ(443, r[1].value[7]);
	ATF_CHECK_EQ(40000, r[1].value[11]);
	ATF_CHECK_EQ(1500, r[0].value[1]);
	ATF_CHECK_EQ(90000, r[1].value[1]);
	ATF_CHECK_EQ(70, r[1].value[2]);
	ATF_CHECK_EQ(1700000001000, r[1].value[152]);
	ATF_CHECK_EQ(1700000002000, r[1].value[153]);
	ATF_CHECK_EQ(0x12, r[1].value[6]);
	ATF_CHECK_EQ(0x48, r[1].value[5]);
	ATF_CHECK_EQ(4, r[1].value[60]);
	ATF_CHECK_EQ(1, c.flows_exported);
	ATF_CHECK_EQ(73, c.packets_exported);
	ATF_CHECK_EQ(91500, c.octets_exported);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(silent_direction_is_never_sent);
ATF_TC_BODY(silent_direction_is_never_sent, tc)
{
	start(9);
	add(0, 1400);
	put_one(icmp_flow());
	ATF_CHECK_EQ(1, w.flows);
	ATF_CHECK_EQ(1, c.flows_exported);
	export_free(e);
}

/* ICMP type and code where collectors look for them. */
static void
icmp_record(uint16_t version, struct flow f, uint16_t set_id, int element,
    uint16_t type_code)
{
	struct walk_record	*r;

	start(version);
	add(0, 1400);
	r = put_one(f);
	ATF_CHECK_EQ(set_id, r->set_id);
	ATF_CHECK_EQ(0, r->value[7]);
	ATF_CHECK_EQ(type_code, r->value[11]);
	if (element != 0)
		ATF_CHECK_EQ(type_code, r->value[element]);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(icmp_type_is_in_the_port_and_in_its_element);
ATF_TC_BODY(icmp_type_is_in_the_port_and_in_its_element, tc)
{
	icmp_record(5, icmp_flow(), 0, 0, 0x0800);
	icmp_record(9, icmp_flow(), 257, 32, 0x0800);
	icmp_record(10, icmp_flow(), 257, 32, 0x0800);
	icmp_record(9, ipv6_flow(58), 258, 0, 0x8000);
	icmp_record(10, ipv6_flow(58), 259, 139, 0x8000);
}

ATF_TC_WITHOUT_HEAD(icmp_of_the_other_family_is_a_plain_protocol);
ATF_TC_BODY(icmp_of_the_other_family_is_a_plain_protocol, tc)
{
	struct flow	f = tcp_flow();

	start(10);
	add(0, 1400);
	f.key.proto = 58;
	ATF_CHECK_EQ(256, put_one(f)->set_id);
	ATF_CHECK_EQ(258, put_one(ipv6_flow(1))->set_id);
	export_free(e);
}

/* Flows of all kinds in turn, many datagrams, no invariant broken. */
static void
mixed_flows(uint16_t version, uint16_t payload_max, uint8_t flags)
{
	uint64_t	octets = 0;
	uint32_t	sequence = UINT32_MAX - 2;
	unsigned int	i, j, data = 0, flows = 0;

	config.format.flags = flags;
	start(version);
	add(sequence, payload_max);
	for (i = 0; i < 50; i++) {
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
		ATF_REQUIRE(sent[i].len <= 1400);
		ATF_REQUIRE_EQ(sequence, w.sequence);
		/* Templates before data, and never again. */
		ATF_REQUIRE(data == 0 || w.templates == 0);
		data += w.flows != 0;
		sequence += version == 9 ? 1 : w.options + w.flows;
		flows += w.flows;
		for (j = 0; j < w.flows; j++)
			octets += w.record[j].value[1] +
			    w.record[j].reverse[1];
	}
	ATF_CHECK_EQ(sequence, export_session(e)->sequence);
	ATF_CHECK_EQ(50 * (flags & FORMAT_BIFLOW ? 5 : 8), flows);
	ATF_CHECK_EQ(flows, export_session(e)->counters.records);
	ATF_CHECK_EQ(nsent, export_session(e)->counters.datagrams);
	ATF_CHECK_EQ(50 * 5, c.flows_exported);
	ATF_CHECK_EQ(c.octets_exported, octets);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(mixed_flows_keep_counts_lengths_and_wrapping_sequence);
ATF_TC_BODY(mixed_flows_keep_counts_lengths_and_wrapping_sequence, tc)
{
	static const uint16_t	payloads[] = { 1472, 1001, 1003, 512 };
	unsigned int		i;
	uint8_t			flags;

	for (i = 0; i < nitems(payloads); i++)
		for (flags = 0; flags <= FORMAT_ALL; flags++) {
			if (flags & FORMAT_CLASSIC && flags & FORMAT_FLOW_ID)
				continue;
			mixed_flows(10, payloads[i], flags);
			if ((flags & FORMAT_BIFLOW) == 0)
				mixed_flows(9, payloads[i], flags);
		}
}

ATF_TC_WITHOUT_HEAD(records_of_one_template_in_a_row_share_a_set);
ATF_TC_BODY(records_of_one_template_in_a_row_share_a_set, tc)
{
	start(10);
	add(0, 1400);
	put_one(tcp_flow());
	put(tcp_flow());
	put(both_ways(tcp_flow()));
	put(icmp_flow());
	put_one(tcp_flow());
	ATF_CHECK_EQ(5, w.flows);
	ATF_CHECK_EQ(3, w.sets);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(smallest_datagram_takes_templates_and_any_flow);
ATF_TC_BODY(smallest_datagram_takes_templates_and_any_flow, tc)
{
	unsigned int	i, templates = 0;

	config.template_datagrams = 1;
	start(9);
	add(0, 1);
	put_one(ipv6_flow(58));
	ATF_CHECK_EQ(1, nsent);
	ATF_CHECK_EQ(2, w.flows);
	export_free(e);

	/* IPFIX has more to say of itself than fits before a flow. */
	start(10);
	add(0, 1);
	put(both_ways(tcp_flow()));
	export_flush(e, &c);
	put(ipv6_flow(58));
	export_flush(e, &c);
	ATF_CHECK_EQ(4, nsent);
	for (i = 0; i < nsent; i++) {
		look(i);
		ATF_CHECK(sent[i].len <= 512);
		ATF_CHECK_EQ(i % 2 == 0 ? 0 : 2, w.flows);
		templates += w.templates;
	}
	ATF_CHECK_EQ(12, templates);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(counters_have_sixty_four_bits);
ATF_TC_BODY(counters_have_sixty_four_bits, tc)
{
	struct walk_record	*r;
	struct flow		 f = tcp_flow();

	start(9);
	add(0, 1400);
	f.octets[0] = UINT64_MAX;
	f.packets[0] = 1ULL << 32;
	r = put_one(f);
	ATF_CHECK_EQ(UINT64_MAX, r->value[1]);
	ATF_CHECK_EQ(1ULL << 32, r->value[2]);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(flow_end_reason_tells_why);
ATF_TC_BODY(flow_end_reason_tells_why, tc)
{
	static const uint8_t	want[EXPIRE_MAX] = {
		[EXPIRE_TCP] = 1, [EXPIRE_TCP_RST] = 3, [EXPIRE_TCP_FIN] = 3,
		[EXPIRE_UDP] = 1, [EXPIRE_ICMP] = 1, [EXPIRE_GENERAL] = 1,
		[EXPIRE_MAXLIFE] = 2, [EXPIRE_OVERBYTES] = 2,
		[EXPIRE_MAXFLOWS] = 5, [EXPIRE_FLUSH] = 4
	};
	static const struct export_format	formats[] = {
		{ .version = 9 },
		{ .version = 10 },
		{ .version = 10, .flags = FORMAT_BIFLOW },
		{ .version = 9, .flags = FORMAT_CLASSIC }
	};
	struct flow	f = tcp_flow();
	unsigned int	i;
	int		why;

	for (i = 0; i < nitems(formats); i++) {
		config.format = formats[i];
		start(formats[i].version);
		add(0, 1400);
		export_tick(e, &c);	/* templates */
		look(0);
		for (why = 0; why < EXPIRE_MAX; why++)
			put_why(f, why);
		export_flush(e, &c);
		look(nsent - 1);
		ATF_REQUIRE_EQ(EXPIRE_MAX, w.flows);
		for (why = 0; why < EXPIRE_MAX; why++)
			ATF_CHECK_EQ(want[why], w.record[why].value[136]);
		export_free(e);
	}
}

/* What is of full length must keep its last zero, and a short one its zeros. */
ATF_TC_WITHOUT_HEAD(names_are_filled_up_with_zeros);
ATF_TC_BODY(names_are_filled_up_with_zeros, tc)
{
	static const char	names[2][INTERFACE_NAME] = {
		"abcdefghijklmno", "x"
	};
	static const uint16_t	versions[] = { 9, 10 };
	unsigned int		i, j;

	for (i = 0; i < nitems(versions); i++)
		for (j = 0; j < nitems(names); j++) {
			start(versions[i]);
			add(0, 1400);
			memcpy(table.slot[1].name, names[j], INTERFACE_NAME);
			export_tick(e, &c);
			export_tick(e, &c);
			look(0);
			look(nsent - 1);
			ATF_REQUIRE(walk_option(&w, 261) != NULL);
			ATF_CHECK_EQ(0, memcmp(walk_option(&w, 261)->src,
			    names[j], INTERFACE_NAME));
			export_free(e);
		}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, interfaces_are_named_behind_the_templates);
	ATF_TP_ADD_TC(tp, names_end_though_templates_are_always_due);
	ATF_TP_ADD_TC(tp, records_say_interfaces_and_direction);
	ATF_TP_ADD_TC(tp, each_direction_is_a_record_with_its_own_values);
	ATF_TP_ADD_TC(tp, silent_direction_is_never_sent);
	ATF_TP_ADD_TC(tp, icmp_type_is_in_the_port_and_in_its_element);
	ATF_TP_ADD_TC(tp, icmp_of_the_other_family_is_a_plain_protocol);
	ATF_TP_ADD_TC(tp,
	    mixed_flows_keep_counts_lengths_and_wrapping_sequence);
	ATF_TP_ADD_TC(tp, records_of_one_template_in_a_row_share_a_set);
	ATF_TP_ADD_TC(tp, smallest_datagram_takes_templates_and_any_flow);
	ATF_TP_ADD_TC(tp, counters_have_sixty_four_bits);
	ATF_TP_ADD_TC(tp, flow_end_reason_tells_why);
	ATF_TP_ADD_TC(tp, names_are_filled_up_with_zeros);
	return (atf_no_error());
}
