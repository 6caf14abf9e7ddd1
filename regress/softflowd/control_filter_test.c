/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What an operator's filter means, field by field. */

#include <atf-c.h>
#include <string.h>

#include "compat.h"
#include "control_filter.h"
#include "interface.h"

#define SECOND	1000000ULL
#define NOW	1700000000000000ULL

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

static struct flow		 flow;
static struct flow_side		 side;
static struct ctl_filter	 filter;

/* 192.0.2.1:1234 to 198.51.100.2:80, TCP, both ways. */
static void
begin(void)
{
	memset(&filter, 0, sizeof(filter));
	memset(&side, 0, sizeof(side));
	memset(&flow, 0, sizeof(flow));
	flow.key.family = 4;
	flow.key.proto = 6;
	memcpy(flow.key.addr[0], "\300\0\2\1", 4);
	memcpy(flow.key.addr[1], "\306\063\144\2", 4);
	flow.key.port[0] = 1234;
	flow.key.port[1] = 80;
	flow.packets[0] = flow.packets[1] = 5;
	flow.octets[0] = 600;
	flow.octets[1] = 400;
	flow.first_us[0] = NOW - 100 * SECOND;
	flow.first_us[1] = NOW - 99 * SECOND;
	flow.last_us[0] = NOW - 20 * SECOND;
	flow.last_us[1] = NOW - 10 * SECOND;
	flow.tcp_flags[0] = 0x02;
	flow.tcp_flags[1] = 0x12;
}

static int
matches(void)
{
	ATF_REQUIRE(control_filter_check(&filter) == NULL);
	return (control_filter_match(&filter, &flow, &side, NOW));
}

static void
set_host(unsigned int n, const char *addr, uint8_t family, uint8_t bits)
{
	memset(&filter.host[n], 0, sizeof(filter.host[n]));
	memcpy(filter.host[n].addr, addr, family == 4 ? 4 : 16);
	filter.host[n].family = family;
	filter.host[n].bits = bits;
	filter.nhost = n + 1;
}

static void
check_wrong(const char *text)
{
	const char *error = control_filter_check(&filter);

	ATF_REQUIRE(error != NULL);
	ATF_CHECK_STREQ(error, text);
}

CASE(empty_filter_is_known_as_such_and_matches_all)
{
	begin();
	ATF_CHECK(control_filter_empty(&filter));
	ATF_CHECK(matches());
	filter.min_octets = 1;
	ATF_CHECK(!control_filter_empty(&filter));
	begin();
	filter.min_packets = 1;
	ATF_CHECK(!control_filter_empty(&filter));
	begin();
	filter.min_age = 1;
	ATF_CHECK(!control_filter_empty(&filter));
	begin();
	filter.min_idle = 1;
	ATF_CHECK(!control_filter_empty(&filter));
	begin();
	filter.nport = 1;
	ATF_CHECK(!control_filter_empty(&filter));
	begin();
	set_host(0, "\0\0\0\0", 4, 0);
	ATF_CHECK(!control_filter_empty(&filter));
	begin();
	filter.have = CTL_FILTER_PROTO;
	ATF_CHECK(!control_filter_empty(&filter));
}

CASE(our_own_datagrams_are_never_meant)
{
	begin();
	flow.flags = FLOW_OWN;
	ATF_CHECK(!matches());
}

CASE(one_host_is_that_of_either_end)
{
	begin();
	set_host(0, "\300\0\2\1", 4, 32);
	ATF_CHECK(matches());
	set_host(0, "\306\063\144\2", 4, 32);
	ATF_CHECK(matches());
	set_host(0, "\300\0\2\2", 4, 32);
	ATF_CHECK(!matches());
}

CASE(prefix_counts_to_the_bit)
{
	static const char six[] =
	    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1";

	begin();
	set_host(0, "\300\0\3\377", 4, 23);	/* 192.0.2.0/23 */
	ATF_CHECK(matches());
	set_host(0, "\300\0\3\377", 4, 24);
	ATF_CHECK(!matches());
	set_host(0, "\1\2\3\4", 4, 0);
	ATF_CHECK(matches());
	/* the other family has other addresses */
	set_host(0, six, 6, 0);
	ATF_CHECK(!matches());
	flow.key.family = 6;
	ATF_CHECK(matches());
	memcpy(flow.key.addr[1], six, 16);
	set_host(0, six, 6, 128);
	ATF_CHECK(matches());
	flow.key.addr[1][15] = 0;
	ATF_CHECK(!matches());
	filter.host[0].bits = 127;
	ATF_CHECK(matches());
}

CASE(two_hosts_are_one_of_each_end)
{
	begin();
	set_host(0, "\300\0\2\1", 4, 32);
	set_host(1, "\306\063\144\2", 4, 32);
	ATF_CHECK(matches());
	set_host(0, "\306\063\144\2", 4, 32);
	set_host(1, "\300\0\2\1", 4, 32);
	ATF_CHECK(matches());
	/* not the same end twice */
	set_host(0, "\300\0\2\1", 4, 32);
	set_host(1, "\300\0\0\0", 4, 8);
	ATF_CHECK(!matches());
}

CASE(ports_are_those_of_the_ends_in_any_order)
{
	begin();
	filter.nport = 1;
	filter.port[0] = 80;
	ATF_CHECK(matches());
	filter.port[0] = 1234;
	ATF_CHECK(matches());
	filter.port[0] = 81;
	ATF_CHECK(!matches());
	filter.nport = 2;
	filter.port[0] = 80;
	filter.port[1] = 1234;
	ATF_CHECK(matches());
	filter.port[1] = 80;
	ATF_CHECK(!matches());
}

CASE(protocol_is_the_flow_s)
{
	begin();
	filter.have = CTL_FILTER_PROTO;
	filter.proto = 6;
	ATF_CHECK(matches());
	filter.proto = 0;
	ATF_CHECK(!matches());
	flow.key.proto = 0;
	ATF_CHECK(matches());
}

CASE(octets_and_packets_are_of_both_directions)
{
	begin();
	filter.min_octets = 1000;
	ATF_CHECK(matches());
	filter.min_octets = 1001;
	ATF_CHECK(!matches());
	flow.octets[1] = UINT64_MAX;
	ATF_CHECK(matches());
	filter.min_packets = 10;
	ATF_CHECK(matches());
	filter.min_packets = 11;
	ATF_CHECK(!matches());
}

CASE(age_is_since_the_first_and_idle_since_the_last_packet)
{
	begin();
	filter.min_age = 100;
	ATF_CHECK(matches());
	filter.min_age = 101;
	ATF_CHECK(!matches());
	filter.min_age = 0;
	filter.min_idle = 10;
	ATF_CHECK(matches());
	filter.min_idle = 11;
	ATF_CHECK(!matches());
	/* no packet of a direction: its time says nothing */
	begin();
	flow.packets[0] = 0;
	flow.first_us[0] = flow.last_us[0] = 0;
	filter.min_age = 99;
	ATF_CHECK(matches());
	filter.min_age = 100;
	ATF_CHECK(!matches());
	/* ahead of the clock */
	flow.first_us[1] = flow.last_us[1] = NOW + SECOND;
	filter.min_age = 1;
	ATF_CHECK(!matches());
	filter.min_age = UINT32_MAX;
	filter.min_idle = UINT32_MAX;
	ATF_CHECK(!matches());
}

CASE(vlan_is_outer_or_inner_of_a_direction_with_packets)
{
	begin();
	filter.have = CTL_FILTER_VLAN;
	filter.vlan = 100;
	ATF_CHECK(!matches());
	side.first[0].vlan[0] = 0xa000 | 100;	/* with a priority */
	ATF_CHECK(matches());
	side.first[0].vlan[0] = 0;
	side.first[1].vlan[1] = 100;
	ATF_CHECK(matches());
	flow.packets[1] = 0;
	ATF_CHECK(!matches());
	ATF_CHECK(!control_filter_match(&filter, &flow, NULL, NOW));
}

CASE(interface_is_one_that_it_came_in_or_left_by)
{
	static struct interfaces table;

	table.count = 2;
	strlcpy(table.slot[1].name, "eth0", INTERFACE_NAME);
	strlcpy(table.slot[2].name, "eth01", INTERFACE_NAME);
	interfaces_use(&table);
	begin();
	filter.have = CTL_FILTER_INTERFACE;
	strlcpy(filter.interface, "eth0", sizeof(filter.interface));
	ATF_CHECK(!matches());
	flow.in[0] = 2;
	ATF_CHECK(!matches());
	flow.in[1] = 1;
	ATF_CHECK(matches());
	flow.in[1] = 0;
	flow.out[0] = 1;
	ATF_CHECK(matches());
	interfaces_use(NULL);
}

CASE(each_state_is_as_defined)
{
	static const struct {
		uint8_t		proto, flags[2], packets[2];
		const char	*in;	/* the states: 1 where it is */
	} flows[] = {
		/* one way, both ways, syn, open, fin, rst */
		{ 17, { 0, 0 }, { 1, 0 }, "100000" },
		{ 17, { 0, 0 }, { 0, 9 }, "100000" },
		{ 17, { 0, 0 }, { 1, 1 }, "010000" },
		{ 17, { 0x15, 0 }, { 1, 1 }, "010000" },
		{ 6, { 0x02, 0 }, { 1, 0 }, "101100" },
		{ 6, { 0x02, 0x12 }, { 1, 1 }, "010100" },
		{ 6, { 0x11, 0x10 }, { 1, 1 }, "010010" },
		{ 6, { 0x11, 0x11 }, { 1, 1 }, "010010" },
		{ 6, { 0x11, 0x14 }, { 1, 1 }, "010001" },
		{ 6, { 0x02, 0x04 }, { 1, 1 }, "011001" },
		{ 6, { 0x01, 0 }, { 1, 0 }, "101010" },
	};
	unsigned int i, state;

	for (i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
		begin();
		filter.have = CTL_FILTER_STATE;
		flow.key.proto = flows[i].proto;
		memcpy(flow.tcp_flags, flows[i].flags, 2);
		flow.packets[0] = flows[i].packets[0];
		flow.packets[1] = flows[i].packets[1];
		for (state = 0; state < CTL_STATE_MAX; state++) {
			filter.state = (uint8_t)state;
			ATF_CHECK_EQ_MSG(matches(),
			    flows[i].in[state] == '1', "flow %u, state %u", i,
			    state);
		}
	}
}

CASE(all_that_is_set_must_hold)
{
	begin();
	set_host(0, "\300\0\2\0", 4, 24);
	filter.nport = 1;
	filter.port[0] = 80;
	filter.have = CTL_FILTER_PROTO | CTL_FILTER_STATE;
	filter.proto = 6;
	filter.state = CTL_STATE_OPEN;
	filter.min_octets = 1000;
	ATF_CHECK(matches());
	filter.port[0] = 81;
	ATF_CHECK(!matches());
	filter.port[0] = 80;
	filter.proto = 17;
	ATF_CHECK(!matches());
}

CASE(fields_out_of_range_are_named_with_what_is_allowed)
{
	begin();
	filter.have = 0x10;
	check_wrong("unknown parts of a filter (0x10): allowed are 0xf");
	begin();
	filter.nhost = 3;
	check_wrong("3 hosts: allowed are 2, one for each end");
	begin();
	filter.nport = UINT32_MAX;
	check_wrong("4294967295 ports: allowed are 2, one for each end");
	begin();
	set_host(0, "\0\0\0\0", 4, 33);
	check_wrong("IPv4 prefix of 33 bits: allowed are 0 to 32");
	filter.host[0].family = 6;
	ATF_CHECK(control_filter_check(&filter) == NULL);
	filter.host[0].bits = 129;
	check_wrong("IPv6 prefix of 129 bits: allowed are 0 to 128");
	filter.host[0].family = 0;
	check_wrong("host of address family 0: allowed are 4 and 6");
	set_host(0, "\0\0\0\0", 4, 32);
	filter.nhost = 2;
	check_wrong("host of address family 0: allowed are 4 and 6");
	begin();
	filter.have = CTL_FILTER_VLAN;
	check_wrong("VLAN 0: allowed are 1 to 4094");
	filter.vlan = 4095;
	check_wrong("VLAN 4095: allowed are 1 to 4094");
	filter.have = CTL_FILTER_STATE;
	filter.state = CTL_STATE_MAX;
	check_wrong("state 6 of a flow: allowed are 0 to 5");
	filter.have = CTL_FILTER_INTERFACE;
	check_wrong("name of an interface: allowed are 1 to 15 characters "
	    "that can be printed");
	memset(filter.interface, 'x', sizeof(filter.interface));
	check_wrong("name of an interface: allowed are 1 to 15 characters "
	    "that can be printed");
	strlcpy(filter.interface, "eth 0", sizeof(filter.interface));
	check_wrong("name of an interface: allowed are 1 to 15 characters "
	    "that can be printed");
}

CASE(what_is_sorted_by_does_not_wrap)
{
	begin();
	ATF_CHECK_EQ(control_sort_value(CTL_SORT_OCTETS, &flow, NOW), 1000);
	ATF_CHECK_EQ(control_sort_value(CTL_SORT_PACKETS, &flow, NOW), 10);
	ATF_CHECK_EQ(control_sort_value(CTL_SORT_AGE, &flow, NOW),
	    100 * SECOND);
	/* 1000 octets in 90 seconds */
	ATF_CHECK_EQ(control_sort_value(CTL_SORT_RATE, &flow, NOW), 11);
	flow.octets[0] = UINT64_MAX;
	flow.packets[0] = UINT64_MAX;
	ATF_CHECK_EQ(control_sort_value(CTL_SORT_OCTETS, &flow, NOW),
	    UINT64_MAX);
	ATF_CHECK_EQ(control_sort_value(CTL_SORT_PACKETS, &flow, NOW),
	    UINT64_MAX);
	ATF_CHECK_EQ(control_sort_value(CTL_SORT_RATE, &flow, NOW),
	    UINT64_MAX / 90);
	/* less than a second counts as one */
	begin();
	flow.first_us[0] = flow.last_us[0] = flow.first_us[1] =
	    flow.last_us[1] = NOW + SECOND;
	ATF_CHECK_EQ(control_sort_value(CTL_SORT_RATE, &flow, NOW), 1000);
	ATF_CHECK_EQ(control_sort_value(CTL_SORT_AGE, &flow, NOW), 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, empty_filter_is_known_as_such_and_matches_all);
	ATF_TP_ADD_TC(tp, our_own_datagrams_are_never_meant);
	ATF_TP_ADD_TC(tp, one_host_is_that_of_either_end);
	ATF_TP_ADD_TC(tp, prefix_counts_to_the_bit);
	ATF_TP_ADD_TC(tp, two_hosts_are_one_of_each_end);
	ATF_TP_ADD_TC(tp, ports_are_those_of_the_ends_in_any_order);
	ATF_TP_ADD_TC(tp, protocol_is_the_flow_s);
	ATF_TP_ADD_TC(tp, octets_and_packets_are_of_both_directions);
	ATF_TP_ADD_TC(tp,
	    age_is_since_the_first_and_idle_since_the_last_packet);
	ATF_TP_ADD_TC(tp, vlan_is_outer_or_inner_of_a_direction_with_packets);
	ATF_TP_ADD_TC(tp, interface_is_one_that_it_came_in_or_left_by);
	ATF_TP_ADD_TC(tp, each_state_is_as_defined);
	ATF_TP_ADD_TC(tp, all_that_is_set_must_hold);
	ATF_TP_ADD_TC(tp,
	    fields_out_of_range_are_named_with_what_is_allowed);
	ATF_TP_ADD_TC(tp, what_is_sorted_by_does_not_wrap);
	return (atf_no_error());
}
