/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Datagrams of NetFlow v1 and v5, which have fixed records. */

#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "export_fixture.h"

static const uint16_t	versions[] = { 1, 5 };

/* Send n flows of one record; the counts of the datagrams. */
static void
counts(uint16_t version, unsigned int n, uint16_t payload_max, uint32_t first,
    uint32_t second)
{
	unsigned int	i;
	uint32_t	sequence = version == 5 ? 5 : 0;

	start(version);
	add(sequence, payload_max);
	for (i = 0; i < n; i++)
		put(tcp_flow());
	export_flush(e, &c);
	ATF_REQUIRE_EQ(second == 0 ? 1 : 2, nsent);
	for (i = 0; i < nsent; i++) {
		look(i);
		ATF_CHECK_EQ(i == 0 ? first : second, w.count);
		ATF_CHECK_EQ(sequence, w.sequence);
		sequence += version == 5 ? w.count : 0;
	}
	ATF_CHECK_EQ(sequence, export_session(e)->sequence);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(v5_datagram_holds_up_to_thirty_records);
ATF_TC_BODY(v5_datagram_holds_up_to_thirty_records, tc)
{
	counts(5, 1, 1472, 1, 0);
	counts(5, 29, 1472, 29, 0);
	counts(5, 30, 1464, 30, 0);
	counts(5, 31, 1464, 30, 1);
	counts(5, 60, 1472, 30, 30);
}

ATF_TC_WITHOUT_HEAD(v1_datagram_holds_up_to_twenty_four_records);
ATF_TC_BODY(v1_datagram_holds_up_to_twenty_four_records, tc)
{
	counts(1, 1, 1472, 1, 0);
	counts(1, 24, 1472, 24, 0);
	counts(1, 25, 1472, 24, 1);
	counts(1, 48, 1168, 24, 24);
	counts(1, 24, 1167, 23, 1);
	counts(1, 20, 512, 10, 10);
}

ATF_TC_WITHOUT_HEAD(v5_datagram_holds_less_where_the_route_is_narrow);
ATF_TC_BODY(v5_datagram_holds_less_where_the_route_is_narrow, tc)
{
	counts(5, 30, 1463, 29, 1);
	counts(5, 30, 1400, 28, 2);
	counts(5, 15, 512, 10, 5);
}

ATF_TC_WITHOUT_HEAD(ipv6_flows_are_counted_as_not_exportable);
ATF_TC_BODY(ipv6_flows_are_counted_as_not_exportable, tc)
{
	unsigned int	i;

	for (i = 0; i < nitems(versions); i++) {
		start(versions[i]);
		add(0, 1400);
		put(ipv6_flow(6));
		export_flush(e, &c);
		ATF_REQUIRE_EQ(0, nsent);
		ATF_CHECK_EQ(1, c.flows_not_exportable);
		ATF_CHECK_EQ(73, c.packets_not_exportable);
		ATF_CHECK_EQ(0, c.flows_exported + c.packets_exported);
		export_free(e);
	}
}

ATF_TC_WITHOUT_HEAD(numbers_too_large_are_not_cut_silently);
ATF_TC_BODY(numbers_too_large_are_not_cut_silently, tc)
{
	struct walk_record	*r;
	struct flow		 f = tcp_flow();
	unsigned int		 i;

	for (i = 0; i < nitems(versions); i++) {
		start(versions[i]);
		add(0, 1400);
		f.octets[0] = UINT32_MAX;
		f.packets[0] = UINT32_MAX;
		r = put_one(f);
		ATF_CHECK_EQ(UINT32_MAX, r->value[1]);
		ATF_CHECK_EQ(0, c.counters_clamped);
		f.octets[0] = UINT64_MAX;
		f.packets[0] = 1ULL << 32;
		table.slot[1].number = 65537;
		r = put_one(f);
		ATF_CHECK_EQ(UINT32_MAX, r->value[1]);
		ATF_CHECK_EQ(UINT32_MAX, r->value[2]);
		ATF_CHECK_EQ(0, r->value[10]);
		ATF_CHECK_EQ(2, c.counters_clamped);
		table.slot[1].number = 65535;
		ATF_CHECK_EQ(65535, put_one(f)->value[10]);
		export_free(e);
	}
}

ATF_TC_WITHOUT_HEAD(each_direction_is_a_record);
ATF_TC_BODY(each_direction_is_a_record, tc)
{
	struct walk_record	*r;
	struct flow		 f = both_ways(tcp_flow());
	unsigned int		 i;

	for (i = 0; i < nitems(versions); i++) {
		start(versions[i]);
		add(0, 1400);
		r = put_one(f);
		ATF_REQUIRE_EQ(2, w.flows);
		ATF_CHECK_EQ(0, memcmp(r[0].src, f.key.addr[0], 4));
		ATF_CHECK_EQ(0, memcmp(r[1].src, f.key.addr[1], 4));
		ATF_CHECK_EQ(0, memcmp(r[1].dst, f.key.addr[0], 4));
		ATF_CHECK_EQ(2, r[0].value[10]);
		ATF_CHECK_EQ(3, r[0].value[2]);
		ATF_CHECK_EQ(70, r[1].value[2]);
		ATF_CHECK_EQ(90000, r[1].value[1]);
		ATF_CHECK_EQ(1000000, r[0].value[22]);
		ATF_CHECK_EQ(1010333, r[0].value[21]);
		ATF_CHECK_EQ(443, r[1].value[7]);
		ATF_CHECK_EQ(40000, r[1].value[11]);
		ATF_CHECK_EQ(6, r[0].value[4]);
		ATF_CHECK_EQ(0x20, r[0].value[5]);
		ATF_CHECK_EQ(0x1b, r[0].value[6]);
		ATF_CHECK_EQ(0x48, r[1].value[5]);
		ATF_CHECK_EQ(0x12, r[1].value[6]);
		export_free(e);
	}
}

/* It has no place for one; nothing may stand where others have theirs. */
ATF_TC_WITHOUT_HEAD(v1_has_no_sequence_and_no_templates);
ATF_TC_BODY(v1_has_no_sequence_and_no_templates, tc)
{
	unsigned int	i;

	clock_now.unix_us += 250000;
	start(1);
	add(0x01020304, 1400);
	export_templates(e);
	export_tick(e, &c);
	ATF_CHECK_EQ(0, nsent);
	for (i = 0; i < 3; i++) {
		put_one(tcp_flow());
		ATF_CHECK_EQ(1, w.version);
		ATF_CHECK_EQ(1, w.count);
		ATF_CHECK_EQ(1099877, w.uptime);
		ATF_CHECK_EQ(1700000100, w.seconds);
		ATF_CHECK_EQ(250000000, w.nsecs);
		ATF_CHECK_EQ(16 + 48, sent[i].len);
	}
	ATF_CHECK_EQ(0x01020304, export_session(e)->sequence);
	ATF_CHECK_EQ(3, c.flows_exported);
	export_free(e);
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

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, v5_datagram_holds_up_to_thirty_records);
	ATF_TP_ADD_TC(tp, v1_datagram_holds_up_to_twenty_four_records);
	ATF_TP_ADD_TC(tp, v5_datagram_holds_less_where_the_route_is_narrow);
	ATF_TP_ADD_TC(tp, ipv6_flows_are_counted_as_not_exportable);
	ATF_TP_ADD_TC(tp, numbers_too_large_are_not_cut_silently);
	ATF_TP_ADD_TC(tp, each_direction_is_a_record);
	ATF_TP_ADD_TC(tp, v1_has_no_sequence_and_no_templates);
	ATF_TP_ADD_TC(tp, v5_says_sampling_only_when_there_is_some);
	ATF_TP_ADD_TC(tp, both_records_of_a_flow_go_into_one_datagram);
	return (atf_no_error());
}
