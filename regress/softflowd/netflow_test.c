/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What datagrams hold: golden octets written from the formats' documents,
 * and what must be true of any datagram.
 */

#include <stdio.h>
#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "export_fixture.h"

static void
require_octets(const char *hex)
{
	static const char	 digits[] = "0123456789abcdef";
	size_t			 n = 0;
	unsigned int		 octet;

	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		octet = (strchr(digits, hex[0]) - digits) << 4;
		octet |= strchr(digits, *++hex) - digits;
		ATF_REQUIRE(n < sent[0].len);
		ATF_REQUIRE_EQ_MSG(octet, sent[0].data[n],
		    "octet %zu is %02x, not %02x", n, sent[0].data[n], octet);
		n++;
	}
	ATF_REQUIRE_EQ(n, sent[0].len);
}

ATF_TC_WITHOUT_HEAD(v5_datagram_is_what_the_format_says);
ATF_TC_BODY(v5_datagram_is_what_the_format_says, tc)
{
	config.source_id = 0x0107;
	clock_now.unix_us += 250000;
	clock_now.uptime_ms += 250;
	start(5);
	add(1000, 1472);
	put(tcp_flow());
	export_flush(e, &c);
	ATF_REQUIRE_EQ(1, nsent);
	require_octets("0005 0001 0010c95f 6553f164 0ee6b280 000003e8 01 07"
	    "4064"
	    "c0000201 c6336409 00000000 0002 0000 00000003 000005dc"
	    "000f4240 000f6a9d 9c40 01bb 00 1b 06 20 0000 0000 00 00 0000");
	ATF_REQUIRE_EQ(1001, export_session(e)->sequence);
	export_free(e);
}

#define GOLDEN_FIELDS							\
	"0001 0008 0002 0008 000a 0004 000e 0004 0007 0002 000b 0002"	\
	"0004 0001 0006 0001 003c 0001 0005 0001 0088 0001"		\
	"003d 0001"

ATF_TC_WITHOUT_HEAD(v9_datagram_is_what_the_format_says);
ATF_TC_BODY(v9_datagram_is_what_the_format_says, tc)
{
	start(9);
	add(0, 1400);
	put(tcp_flow());
	export_flush(e, &c);
	ATF_REQUIRE_EQ(1, nsent);
	require_octets("0009 0006 0010c865 6553f164 00000000 00000007"
	    "0000 00d4"
	    "0100 0010 0008 0004 000c 0004 0016 0004 0015 0004" GOLDEN_FIELDS
	    "0101 0011 0008 0004 000c 0004 0016 0004 0015 0004" GOLDEN_FIELDS
	    "0020 0002"
	    "0102 0010 001b 0010 001c 0010 0016 0004 0015 0004" GOLDEN_FIELDS
	    "0001 0018 0104 0004 0008 0001 0004 0022 0004 0023 0001 0000"
	    "0104 0010 00000007 00000064 01 000000"
	    "0100 0038 c0000201 c6336409 000f4240 000f6a9d"
	    "00000000000005dc 0000000000000003 00000002 00000000"
	    "9c40 01bb 06 1b 04 20 03 00 0000");
	ATF_REQUIRE_EQ(1, export_session(e)->sequence);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(ipfix_datagram_is_what_the_format_says);
ATF_TC_BODY(ipfix_datagram_is_what_the_format_says, tc)
{
	start(10);
	add(0, 1400);
	put(tcp_flow());
	export_flush(e, &c);
	ATF_REQUIRE_EQ(1, nsent);
	require_octets("000a 0194 6553f164 00000000 00000007"
	    "0002 011c"
	    "0100 0010 0008 0004 000c 0004 0098 0008 0099 0008" GOLDEN_FIELDS
	    "0101 0011 0008 0004 000c 0004 0098 0008 0099 0008" GOLDEN_FIELDS
	    "0020 0002"
	    "0102 0010 001b 0010 001c 0010 0098 0008 0099 0008" GOLDEN_FIELDS
	    "0103 0011 001b 0010 001c 0010 0098 0008 0099 0008" GOLDEN_FIELDS
	    "008b 0002"
	    "0003 0018 0104 0003 0001 0095 0004 0022 0004 0023 0001 0000"
	    "0104 0010 00000007 00000064 01 000000"
	    "0100 0040 c0000201 c6336409 0000018bcfe5687b 0000018bcfe590d8"
	    "00000000000005dc 0000000000000003 00000002 00000000"
	    "9c40 01bb 06 1b 04 20 03 00 0000");
	ATF_REQUIRE_EQ(2, export_session(e)->sequence);
	export_free(e);
}

/* Send n flows of one record over v5; the counts of the datagrams. */
static void
v5_counts(unsigned int n, uint16_t payload_max, uint32_t first,
    uint32_t second)
{
	unsigned int	i;
	uint32_t	sequence = 5;

	start(5);
	add(sequence, payload_max);
	for (i = 0; i < n; i++)
		put(tcp_flow());
	export_flush(e, &c);
	ATF_REQUIRE_EQ(second == 0 ? 1 : 2, nsent);
	for (i = 0; i < nsent; i++) {
		look(i);
		ATF_CHECK_EQ(i == 0 ? first : second, w.count);
		ATF_CHECK_EQ(sequence, w.sequence);
		sequence += w.count;
	}
	ATF_CHECK_EQ(sequence, export_session(e)->sequence);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(v5_datagram_holds_up_to_thirty_records);
ATF_TC_BODY(v5_datagram_holds_up_to_thirty_records, tc)
{
	v5_counts(1, 1472, 1, 0);
	v5_counts(29, 1472, 29, 0);
	v5_counts(30, 1464, 30, 0);
	v5_counts(31, 1464, 30, 1);
	v5_counts(60, 1472, 30, 30);
}

ATF_TC_WITHOUT_HEAD(v5_datagram_holds_less_where_the_route_is_narrow);
ATF_TC_BODY(v5_datagram_holds_less_where_the_route_is_narrow, tc)
{
	v5_counts(30, 1463, 29, 1);
	v5_counts(30, 1400, 28, 2);
	v5_counts(15, 512, 10, 5);
}

ATF_TC_WITHOUT_HEAD(v5_counts_ipv6_flows_as_not_exportable);
ATF_TC_BODY(v5_counts_ipv6_flows_as_not_exportable, tc)
{
	start(5);
	add(0, 1400);
	put(ipv6_flow(6));
	export_flush(e, &c);
	ATF_REQUIRE_EQ(0, nsent);
	ATF_CHECK_EQ(1, c.flows_not_exportable);
	ATF_CHECK_EQ(73, c.packets_not_exportable);
	ATF_CHECK_EQ(0, c.flows_exported + c.packets_exported);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(v5_numbers_too_large_are_not_cut_silently);
ATF_TC_BODY(v5_numbers_too_large_are_not_cut_silently, tc)
{
	struct walk_record	*r;
	struct flow		 f = tcp_flow();

	start(5);
	add(0, 1400);
	f.octets[0] = UINT32_MAX;
	f.packets[0] = 1ULL << 32;
	table.slot[1].number = 65537;
	r = put_one(f);
	ATF_CHECK_EQ(UINT32_MAX, r->value[1]);
	ATF_CHECK_EQ(UINT32_MAX, r->value[2]);
	ATF_CHECK_EQ(0, r->value[10]);
	table.slot[1].number = 65535;
	ATF_CHECK_EQ(65535, put_one(f)->value[10]);
	export_free(e);
}

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
	char		name[INTERFACE_NAME];
	uint32_t	i, records, named = 0, sequence = 0;

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
		/* With the other templates goes a record on sampling. */
		records = w.options - (w.templates > 1);
		ATF_CHECK(records <= EXPORT_FLOWS);
		if (records == 0)
			continue;
		named += records;
		ATF_CHECK_EQ(261, w.option.set_id);
		snprintf(name, sizeof(name), "interface%u", named * 3);
		ATF_CHECK_STREQ(name, (char *)w.option.src);
		ATF_CHECK_EQ(1000 + named * 3, w.option.value[version == 9 ?
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

ATF_TC_WITHOUT_HEAD(v5_says_sampling_only_when_there_is_some);
ATF_TC_BODY(v5_says_sampling_only_when_there_is_some, tc)
{
	config.sampling = 1;
	start(5);
	add(0, 1400);
	put_one(tcp_flow());
	ATF_CHECK_EQ(0, w.sampling);
	export_free(e);

	config.sampling = 16383;
	start(5);
	add(0, 1400);
	put_one(tcp_flow());
	ATF_CHECK_EQ(0x7fff, w.sampling);
	export_free(e);
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
mixed_flows(uint16_t version, uint16_t payload_max)
{
	uint64_t	octets = 0;
	uint32_t	sequence = UINT32_MAX - 2;
	unsigned int	i, j, flows = 0;

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
		ATF_REQUIRE_EQ(i == 0, w.templates != 0);
		sequence += version == 9 ? 1 : w.options + w.flows;
		flows += w.flows;
		for (j = 0; j < w.flows; j++)
			octets += w.record[j].value[1];
	}
	ATF_CHECK_EQ(sequence, export_session(e)->sequence);
	ATF_CHECK_EQ(50 * 8, flows);
	ATF_CHECK_EQ(flows, export_session(e)->counters.records);
	ATF_CHECK_EQ(nsent, export_session(e)->counters.datagrams);
	ATF_CHECK_EQ(50 * 5, c.flows_exported);
	ATF_CHECK_EQ(c.octets_exported, octets);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(mixed_flows_keep_counts_lengths_and_wrapping_sequence);
ATF_TC_BODY(mixed_flows_keep_counts_lengths_and_wrapping_sequence, tc)
{
	mixed_flows(9, 1472);
	mixed_flows(9, 1001);
	mixed_flows(9, 512);
	mixed_flows(10, 1472);
	mixed_flows(10, 1003);
	mixed_flows(10, 512);
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
	config.template_datagrams = 1;
	start(10);
	add(0, 1);
	put_one(ipv6_flow(58));
	ATF_CHECK_EQ(2, w.flows);
	put(both_ways(tcp_flow()));
	put_one(ipv6_flow(58));
	ATF_CHECK_EQ(3, nsent);
	ATF_CHECK_EQ(5, w.templates);
	ATF_CHECK_EQ(2, w.flows);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(both_records_of_a_flow_go_into_one_datagram);
ATF_TC_BODY(both_records_of_a_flow_go_into_one_datagram, tc)
{
	unsigned int	i;

	start(5);
	add(0, 1464);
	for (i = 0; i < 29; i++)
		put(tcp_flow());
	put(both_ways(tcp_flow()));
	ATF_REQUIRE_EQ(1, nsent);
	ATF_CHECK_EQ(29, c.flows_exported);
	export_flush(e, &c);
	look(1);
	ATF_CHECK_EQ(2, w.flows);
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

ATF_TC_WITHOUT_HEAD(sampling_of_one_in_one_is_stated);
ATF_TC_BODY(sampling_of_one_in_one_is_stated, tc)
{
	static const uint16_t	version[] = { 9, 10 };
	unsigned int		i;

	config.sampling = 1;
	for (i = 0; i < nitems(version); i++) {
		start(version[i]);
		add(0, 1400);
		put_one(tcp_flow());
		ATF_REQUIRE_EQ(1, w.options);
		ATF_CHECK_EQ(1, w.option.value[34]);
		ATF_CHECK_EQ(1, w.option.value[35]);
		ATF_CHECK_EQ(7, w.option.value[i == 0 ? 1 : 149]);
		export_free(e);
	}
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
	struct flow		f = tcp_flow();
	int			why;

	start(9);
	add(0, 1400);
	for (why = 0; why < EXPIRE_MAX; why++)
		put_why(f, why);
	export_flush(e, &c);
	look(0);
	ATF_REQUIRE_EQ(EXPIRE_MAX, w.flows);
	for (why = 0; why < EXPIRE_MAX; why++)
		ATF_CHECK_EQ(want[why], w.record[why].value[136]);
	export_free(e);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, v5_datagram_is_what_the_format_says);
	ATF_TP_ADD_TC(tp, v9_datagram_is_what_the_format_says);
	ATF_TP_ADD_TC(tp, ipfix_datagram_is_what_the_format_says);
	ATF_TP_ADD_TC(tp, v5_datagram_holds_up_to_thirty_records);
	ATF_TP_ADD_TC(tp, v5_datagram_holds_less_where_the_route_is_narrow);
	ATF_TP_ADD_TC(tp, v5_counts_ipv6_flows_as_not_exportable);
	ATF_TP_ADD_TC(tp, v5_numbers_too_large_are_not_cut_silently);
	ATF_TP_ADD_TC(tp, interfaces_are_named_behind_the_templates);
	ATF_TP_ADD_TC(tp, names_end_though_templates_are_always_due);
	ATF_TP_ADD_TC(tp, records_say_interfaces_and_direction);
	ATF_TP_ADD_TC(tp, v5_says_sampling_only_when_there_is_some);
	ATF_TP_ADD_TC(tp, each_direction_is_a_record_with_its_own_values);
	ATF_TP_ADD_TC(tp, silent_direction_is_never_sent);
	ATF_TP_ADD_TC(tp, icmp_type_is_in_the_port_and_in_its_element);
	ATF_TP_ADD_TC(tp, icmp_of_the_other_family_is_a_plain_protocol);
	ATF_TP_ADD_TC(tp,
	    mixed_flows_keep_counts_lengths_and_wrapping_sequence);
	ATF_TP_ADD_TC(tp, records_of_one_template_in_a_row_share_a_set);
	ATF_TP_ADD_TC(tp, smallest_datagram_takes_templates_and_any_flow);
	ATF_TP_ADD_TC(tp, both_records_of_a_flow_go_into_one_datagram);
	ATF_TP_ADD_TC(tp, counters_have_sixty_four_bits);
	ATF_TP_ADD_TC(tp, sampling_of_one_in_one_is_stated);
	ATF_TP_ADD_TC(tp, flow_end_reason_tells_why);
	return (atf_no_error());
}
