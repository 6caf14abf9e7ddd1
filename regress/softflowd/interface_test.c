/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Tests of interface.c and stack.c: slots, what records say of them, and
 * which devices see the same packets.
 */

#include <string.h>

#include <atf-c.h>

#include "interface.h"
#include "stack.h"

static struct interfaces	table;
static struct msg_interfaces	msg;

static void
start(void)
{
	memset(&table, 0, sizeof(table));
	memset(&msg, 0, sizeof(msg));
	interfaces_use(&table);
}

static void
say(uint32_t ifindex, uint32_t number, const char *name)
{
	struct msg_interface	*i = &msg.interface[msg.count++];

	i->ifindex = ifindex;
	i->number = number;
	strlcpy(i->name, name, sizeof(i->name));
}

ATF_TC_WITHOUT_HEAD(captures_have_the_slots_of_their_order);
ATF_TC_BODY(captures_have_the_slots_of_their_order, tc)
{
	start();
	msg.captures = 1;
	say(12, 12, "eth0");
	say(0, 0, "eth1");
	say(14, 7, "eth2");
	ATF_REQUIRE_EQ(0, interfaces_learn(&msg));
	ATF_CHECK_EQ(12, interface_number(1));
	ATF_CHECK_STREQ("eth0", interface_name(1));
	ATF_CHECK_EQ(0, interface_number(2));
	ATF_CHECK_STREQ("eth1", interface_name(2));
	ATF_CHECK_EQ(7, interface_number(3));
	/* It comes back as another. */
	msg.interface[1].ifindex = msg.interface[1].number = 99;
	ATF_REQUIRE_EQ(0, interfaces_learn(&msg));
	ATF_CHECK_EQ(99, interface_number(2));
	ATF_CHECK_EQ(3, table.count);
}

ATF_TC_WITHOUT_HEAD(a_slot_is_given_on_first_sight_and_kept);
ATF_TC_BODY(a_slot_is_given_on_first_sight_and_kept, tc)
{
	uint8_t	a, b;

	start();
	a = interface_slot(5);
	b = interface_slot(5 + 256);	/* the same place in the cache */
	ATF_CHECK(a != 0 && b != 0 && a != b);
	ATF_CHECK_EQ(a, interface_slot(5));
	ATF_CHECK_EQ(b, interface_slot(5 + 256));
	ATF_CHECK_EQ(5, interface_number(a));
	ATF_CHECK_EQ(261, interface_number(b));
	ATF_CHECK_STREQ("", interface_name(a));
	ATF_CHECK_EQ(0, interface_slot(0));
	/* Names come later. */
	say(261, 261, "veth1");
	say(6, 6, "veth2");
	ATF_REQUIRE_EQ(0, interfaces_learn(&msg));
	ATF_CHECK_STREQ("veth1", interface_name(b));
	ATF_CHECK_STREQ("veth2", interface_name(interface_slot(6)));
	ATF_CHECK_EQ(3, table.count);
	/* As a next worker finds it. */
	interfaces_use(&table);
	ATF_CHECK(interfaces_valid(&table));
	ATF_CHECK_EQ(b, interface_slot(261));
}

ATF_TC_WITHOUT_HEAD(beyond_the_table_an_interface_is_unknown);
ATF_TC_BODY(beyond_the_table_an_interface_is_unknown, tc)
{
	uint32_t	i;

	start();
	for (i = 1; i <= MSG_INTERFACES; i++)
		ATF_REQUIRE_EQ(i, interface_slot(1000 + i));
	ATF_CHECK_EQ(INTERFACE_OTHER, interface_slot(1));
	ATF_CHECK_EQ(INTERFACE_OTHER, interface_slot(1));
	ATF_CHECK_EQ(0, interface_number(INTERFACE_OTHER));
	ATF_CHECK_STREQ("", interface_name(INTERFACE_OTHER));
	ATF_CHECK_EQ(1254, interface_number(interface_slot(1254)));
	ATF_CHECK_EQ(MSG_INTERFACES, table.count);
}

ATF_TC_WITHOUT_HEAD(a_table_that_cannot_be_is_refused);
ATF_TC_BODY(a_table_that_cannot_be_is_refused, tc)
{
	start();
	interface_slot(3);
	ATF_CHECK(interfaces_valid(&table));
	memset(table.slot[1].name, 'x', INTERFACE_NAME);
	ATF_CHECK(!interfaces_valid(&table));
	table.slot[1].name[3] = '\0';
	table.count = MSG_INTERFACES + 1;
	ATF_CHECK(!interfaces_valid(&table));

	start();
	msg.count = MSG_INTERFACES + 1;
	ATF_CHECK_EQ(-1, interfaces_learn(&msg));
	msg.count = 0;
	msg.pairs = MSG_INTERFACE_PAIRS + 1;
	ATF_CHECK_EQ(-1, interfaces_learn(&msg));
	msg.pairs = 0;
	say(1, 1, "");
	memset(msg.interface[0].name, 'x', INTERFACE_NAME);
	ATF_CHECK_EQ(-1, interfaces_learn(&msg));
	ATF_CHECK_EQ(0, table.count);
}

ATF_TC_WITHOUT_HEAD(direction_is_by_prefix_or_where_it_was_seen);
ATF_TC_BODY(direction_is_by_prefix_or_where_it_was_seen, tc)
{
	const struct msg_prefix	 own[] = {
		{ .addr = { 10, 1, 128 }, .family = 4, .bits = 17 },
		{ .addr = { 0x20, 0x01, 0x0d, 0xb8 }, .family = 6,
		    .bits = 32 },
	};
	struct flow		 f = { 0 };

	start();
	f.key.family = 4;
	memcpy(f.key.addr[0], "\12\1\200\1", 4);	/* 10.1.128.1 */
	memcpy(f.key.addr[1], "\300\0\2\1", 4);
	ATF_CHECK_EQ(255, interface_direction(&f, 0, NULL));
	f.out[0] = 2;
	ATF_CHECK_EQ(1, interface_direction(&f, 0, NULL));
	f.in[0] = INTERFACE_OTHER;
	ATF_CHECK_EQ(0, interface_direction(&f, 0, NULL));

	interfaces_own(own, 2);
	ATF_CHECK_EQ(1, interface_direction(&f, 0, NULL));
	ATF_CHECK_EQ(0, interface_direction(&f, 1, NULL));
	/* Both inside, or none, is as without. */
	memcpy(f.key.addr[1], "\12\1\377\1", 4);
	ATF_CHECK_EQ(0, interface_direction(&f, 0, NULL));
	ATF_CHECK_EQ(255, interface_direction(&f, 1, NULL));
	memcpy(f.key.addr[1], "\12\1\177\1", 4);	/* a bit beside */
	ATF_CHECK_EQ(0, interface_direction(&f, 1, NULL));
	f.key.family = 6;
	ATF_CHECK_EQ(0, interface_direction(&f, 0, NULL));
	memcpy(f.key.addr[1], "\40\1\15\270", 4);
	ATF_CHECK_EQ(1, interface_direction(&f, 1, NULL));
	ATF_CHECK_EQ(0, interface_direction(&f, 0, NULL));
	interfaces_own(own, 0);
	ATF_CHECK_EQ(255, interface_direction(&f, 1, NULL));
}

/*
 * eth0 and eth1 in bond0, on that VLAN 10, which with eth2 is in bridge br0,
 * on that VLAN 20; eth3 is alone, and its link a veth's peer.
 */
enum { ETH0 = 1, ETH1, BOND0, VLAN10, ETH2, BR0, VLAN20, ETH3 };

static const struct stack_link	links[] = {
	{ ETH0, 0, BOND0, 0, "eth0" },
	{ ETH1, 0, BOND0, 0, "eth1" },
	{ BOND0, 0, 0, 0, "bond0" },
	{ VLAN10, BOND0, BR0, 0, "bond0.10" },
	{ ETH2, 0, BR0, 0, "eth2" },
	{ BR0, 0, 0, 1, "br0" },
	{ VLAN20, BR0, 0, 0, "br0.20" },
	{ ETH3, 0, 0, 0, "eth3" },
};
#define NLINKS	(sizeof(links) / sizeof(links[0]))

static int
beats(uint32_t first, uint32_t again)
{
	return (interface_repeats(interface_slot(first),
	    interface_slot(again)));
}

ATF_TC_WITHOUT_HEAD(of_devices_that_see_the_same_packets_one_counts);
ATF_TC_BODY(of_devices_that_see_the_same_packets_one_counts, tc)
{
	static const uint32_t	best_first[] = { VLAN20, VLAN10, BOND0, ETH0,
				    BR0 };
	uint32_t		i, j;

	start();
	for (i = 0; i < NLINKS; i++)
		say(links[i].ifindex, links[i].ifindex, links[i].name);
	stack_pairs(links, NLINKS, &msg);
	ATF_REQUIRE_EQ(0, interfaces_learn(&msg));
	for (i = 0; i < 5; i++)
		for (j = 0; j < 5; j++)
			ATF_CHECK_EQ_MSG(i < j, beats(best_first[i],
			    best_first[j]), "%u, %u", i, j);
	/* Members are strangers to each other, and eth3 to all. */
	ATF_CHECK(!beats(ETH0, ETH1) && !beats(ETH1, ETH0));
	ATF_CHECK(!beats(ETH2, VLAN10) && !beats(VLAN10, ETH2));
	ATF_CHECK(beats(ETH2, BR0) && beats(VLAN20, ETH2));
	for (i = ETH0; i < ETH3; i++)
		ATF_CHECK(!beats(i, ETH3) && !beats(ETH3, i));
}

ATF_TC_WITHOUT_HEAD(devices_between_need_not_be_observed);
ATF_TC_BODY(devices_between_need_not_be_observed, tc)
{
	start();
	msg.captures = 1;
	say(ETH0, ETH0, "eth0");
	say(0, 0, "missing");
	say(BR0, BR0, "br0");
	stack_pairs(links, NLINKS, &msg);
	ATF_REQUIRE_EQ(1, msg.pairs);
	ATF_CHECK_EQ(ETH0, msg.pair[0].first);
	ATF_CHECK_EQ(BR0, msg.pair[0].again);
}

ATF_TC_WITHOUT_HEAD(devices_in_a_circle_do_not_hang);
ATF_TC_BODY(devices_in_a_circle_do_not_hang, tc)
{
	const struct stack_link	circle[] = {
		{ 1, 2, 2, 0, "a" }, { 2, 1, 1, 0, "b" }, { 3, 3, 3, 0, "c" },
	};

	start();
	say(1, 1, "a");
	say(2, 2, "b");
	say(3, 3, "c");
	stack_pairs(circle, 3, &msg);
	ATF_CHECK_EQ(2, msg.pairs);
}

ATF_TC_WITHOUT_HEAD(a_full_table_gives_up_who_is_gone_and_in_no_flow);
ATF_TC_BODY(a_full_table_gives_up_who_is_gone_and_in_no_flow, tc)
{
	static struct interfaces	t;
	struct msg_interfaces		here = { 0 };
	uint8_t				used[32] = { 0 };
	uint32_t			i;

	interfaces_use(&t);
	for (i = 1; i <= MSG_INTERFACES; i++)
		ATF_REQUIRE_EQ(i, interface_slot(1000 + i));
	ATF_CHECK(interfaces_full());
	ATF_CHECK_EQ(INTERFACE_OTHER, interface_slot(5000));
	here.count = 1;
	here.interface[0].ifindex = 1003;
	for (i = 10; i <= MSG_INTERFACES; i++)
		used[i / 8] |= (uint8_t)(1U << i % 8);
	interfaces_release(&here, used);
	ATF_CHECK(!interfaces_full());
	ATF_CHECK_EQ(3, interface_slot(1003));
	ATF_CHECK_EQ(10, interface_slot(1010));
	ATF_CHECK_EQ(1, interface_slot(5000));
	ATF_CHECK_EQ(5000, interface_number(1));
	ATF_CHECK_EQ(2, interface_slot(1001));	/* it came back */
	ATF_CHECK_EQ(0, interface_slot(0));
	ATF_CHECK_EQ(0, interface_number(4));
	interfaces_use(NULL);
}

ATF_TC_WITHOUT_HEAD(own_mac_addresses_decide_before_all_else);
ATF_TC_BODY(own_mac_addresses_decide_before_all_else, tc)
{
	static const uint8_t	macs[2][6] = {
		{ 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 }
	};
	static const uint8_t	out[2][6] = {
		{ 2, 0, 0, 0, 0, 2 }, { 2, 0, 0, 0, 0, 9 }
	};
	static const uint8_t	in[2][6] = {
		{ 2, 0, 0, 0, 0, 9 }, { 2, 0, 0, 0, 0, 1 }
	};
	struct flow		f = { 0 };

	ATF_CHECK_EQ(255, interface_direction(&f, 0, in));
	interfaces_own_macs(macs, 2);
	ATF_CHECK_EQ(0, interface_direction(&f, 0, in));
	ATF_CHECK_EQ(1, interface_direction(&f, 0, out));
	f.out[0] = 1;			/* it was seen leaving */
	ATF_CHECK_EQ(0, interface_direction(&f, 0, in));
	/* From one of them to another, and not known at all: as without. */
	ATF_CHECK_EQ(1, interface_direction(&f, 0, macs));
	ATF_CHECK_EQ(1, interface_direction(&f, 0, NULL));
	interfaces_own_macs(macs, 0);
	ATF_CHECK_EQ(1, interface_direction(&f, 0, in));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, captures_have_the_slots_of_their_order);
	ATF_TP_ADD_TC(tp, a_slot_is_given_on_first_sight_and_kept);
	ATF_TP_ADD_TC(tp, beyond_the_table_an_interface_is_unknown);
	ATF_TP_ADD_TC(tp, a_table_that_cannot_be_is_refused);
	ATF_TP_ADD_TC(tp, direction_is_by_prefix_or_where_it_was_seen);
	ATF_TP_ADD_TC(tp, of_devices_that_see_the_same_packets_one_counts);
	ATF_TP_ADD_TC(tp, devices_between_need_not_be_observed);
	ATF_TP_ADD_TC(tp, devices_in_a_circle_do_not_hang);
	ATF_TP_ADD_TC(tp, own_mac_addresses_decide_before_all_else);
	ATF_TP_ADD_TC(tp, a_full_table_gives_up_who_is_gone_and_in_no_flow);
	return (atf_no_error());
}
