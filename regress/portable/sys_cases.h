/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What is the same on each system: included by sys_SYSTEM_test.c. */

#define CASE(name)							\
ATF_TC_WITHOUT_HEAD(name);						\
ATF_TC_BODY(name, tc)

#define FILL_LINK(s, i, t) do {						\
	memset(&(s), 0, sizeof(s));					\
	(s).sdl_len = sizeof(s);					\
	(s).sdl_family = AF_LINK;					\
	(s).sdl_index = (i);						\
	(s).sdl_type = (t);						\
} while (0)

/* em0, a VLAN on it, lo0; and an address, and none, in between. */
static void
set_interfaces(void)
{
	static char			 names[5][8] = {
		"em0", "em0", "vlan7", "tun0", "lo0"
	};
	static struct sockaddr_dl	 link[3];
	static struct sockaddr_storage	 inet;
	static struct ifaddrs		 ifa[5];
	size_t				 i;

	FILL_LINK(link[0], 1, IFT_ETHER);
	FILL_LINK(link[1], 7, IFT_L2VLAN);
	FILL_LINK(link[2], 3, 0x18);
	((uint8_t *)&inet)[0] = 16;
	((uint8_t *)&inet)[1] = AF_INET;
	((uint8_t *)&inet)[3] = 53;	/* a port, where links have a number */
	for (i = 0; i < nitems(ifa); i++) {
		ifa[i].ifa_name = names[i];
		ifa[i].ifa_next = i + 1 < nitems(ifa) ? &ifa[i + 1] : NULL;
	}
	ifa[0].ifa_addr = (struct sockaddr *)&link[0];
	ifa[1].ifa_addr = (struct sockaddr *)&inet;
	ifa[2].ifa_addr = (struct sockaddr *)&link[1];
	ifa[3].ifa_addr = NULL;
	ifa[4].ifa_addr = (struct sockaddr *)&link[2];
	interfaces = ifa;
}

CASE(every_interface_is_listed_with_what_it_is_on)
{
	struct stack_link	links[4];

	set_interfaces();
	lower = "em0";
	ATF_REQUIRE_EQ(priv_link_list(links, nitems(links)), 3);
	ATF_REQUIRE_STREQ(links[0].name, "em0");
	ATF_REQUIRE_EQ(links[0].ifindex, 1);
	ATF_REQUIRE_EQ(links[0].lower, 0);
	ATF_REQUIRE_STREQ(links[1].name, "vlan7");
	ATF_REQUIRE_EQ(links[1].ifindex, 7);
	ATF_REQUIRE_EQ(links[1].lower, 1);
	ATF_REQUIRE_STREQ(links[2].name, "lo0");
	ATF_REQUIRE_EQ(links[2].ifindex, 3);
	ATF_REQUIRE_EQ(links[2].lower, 0);
	expect("getifaddrs()\nfreeifaddrs()\nsocket(%d, %#x, 0)\n"
	    "ioctl(%d, %#lx, vlan7)\nclose(%d)\n", AF_INET,
	    SOCK_DGRAM | SOCK_CLOEXEC, FAKE_FD, PARENT_REQUEST, FAKE_FD);
	ATF_REQUIRE_EQ(priv_link_list(links, 1), 1);
	/* One that has no number is none. */
	((struct sockaddr_dl *)(void *)interfaces->ifa_addr)->sdl_index = 0;
	ATF_REQUIRE_EQ(priv_link_list(links, nitems(links)), 2);
	ATF_REQUIRE_STREQ(links[0].name, "vlan7");
}

CASE(no_more_interfaces_are_listed_than_there_is_room_for)
{
	static struct stack_link	links[STACK_LINKS + 1];
	static struct ifaddrs		ifa[STACK_LINKS + 1];
	static char			name[] = "em0";
	static struct sockaddr_dl	link;
	size_t				i;

	FILL_LINK(link, 1, IFT_ETHER);
	for (i = 0; i < nitems(ifa); i++) {
		ifa[i].ifa_name = name;
		ifa[i].ifa_addr = (struct sockaddr *)&link;
		ifa[i].ifa_next = i + 1 < nitems(ifa) ? &ifa[i + 1] : NULL;
	}
	interfaces = ifa;
	ATF_REQUIRE_EQ(priv_link_list(links, nitems(links)), STACK_LINKS);
}

CASE(a_vlan_without_an_answer_is_on_nothing)
{
	struct stack_link	links[4];

	set_interfaces();
	lower = "em0";
	record_fail("ioctl", 1, ENXIO);
	ATF_REQUIRE_EQ(priv_link_list(links, nitems(links)), 3);
	ATF_REQUIRE_EQ(links[1].lower, 0);
	record_reset();
	record_fail("socket", 1, EMFILE);
	ATF_REQUIRE_EQ(priv_link_list(links, nitems(links)), 3);
	ATF_REQUIRE_EQ(links[1].lower, 0);
	record_reset();
	lower = "elsewhere";
	ATF_REQUIRE_EQ(priv_link_list(links, nitems(links)), 3);
	ATF_REQUIRE_EQ(links[1].lower, 0);
	record_reset();
	record_fail("getifaddrs", 1, ENOMEM);
	ATF_REQUIRE_EQ(priv_link_list(links, nitems(links)), -1);
	ATF_REQUIRE_EQ(errno, ENOMEM);
}

CASE(only_what_is_of_interfaces_is_listened_to)
{
	ATF_REQUIRE_EQ(priv_link_open(), FAKE_FD);
	expect("socket(%d, %#x, 0)\n" LISTEN, PF_ROUTE,
	    SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, LISTEN_ARGUMENTS);
	record_fail("setsockopt", 1, EPERM);
	ATF_REQUIRE_ERRNO(EPERM, priv_link_open() == -1);
	ATF_REQUIRE(strstr(record_lines(), "close(") != NULL);
	record_reset();
	record_fail("socket", 1, EMFILE);
	ATF_REQUIRE_ERRNO(EMFILE, priv_link_open() == -1);
}

static void
set_message(size_t i, size_t len, unsigned int said, unsigned int version,
    unsigned int type)
{
	uint16_t	n = (uint16_t)said;

	memset(&messages[i], 0, sizeof(messages[i]));
	memcpy(messages[i].octets, &n, sizeof(n));
	messages[i].octets[2] = (uint8_t)version;
	messages[i].octets[3] = (uint8_t)type;
	messages[i].len = len;
}

static void
look(const char *lines)
{
	messages_end = EAGAIN;
	priv.link_fd = FAKE_FD;
	priv_link_event();
	expect("%s", lines);
}

CASE(messages_about_interfaces_are_a_reason_to_look)
{
	static const unsigned int	types[] = { EVENTS };
	size_t				i;

	for (i = 0; i < nitems(types); i++) {
		set_message(0, 24, 24, RTM_VERSION, types[i]);
		look("priv_interfaces_soon()\n");
	}
	/* One look is enough for several, wherever it stands. */
	set_message(0, 24, 24, RTM_VERSION, 1);
	set_message(1, 24, 24, RTM_VERSION, RTM_IFINFO);
	set_message(2, 24, 24, RTM_VERSION, RTM_IFINFO);
	look("priv_interfaces_soon()\n");
	/* Nor does what follows take it back. */
	set_message(0, 24, 24, RTM_VERSION, RTM_IFINFO);
	set_message(1, 24, 24, RTM_VERSION, 1);
	look("priv_interfaces_soon()\n");
}

CASE(others_and_damaged_ones_are_none)
{
	set_message(0, 24, 24, RTM_VERSION, 1);		/* RTM_ADD */
	look("");
	set_message(0, 24, 24, RTM_VERSION - 1, RTM_IFINFO);
	look("");
	set_message(0, 24, 25, RTM_VERSION, RTM_IFINFO);
	look("");
	set_message(0, 3, 3, RTM_VERSION, RTM_IFINFO);
	look("");
	set_message(0, 1, 1, RTM_VERSION, RTM_IFINFO);
	look("");
	/* Behind one whose octets are still there. */
	set_message(0, 24, 25, RTM_VERSION, RTM_IFINFO);
	set_message(1, 3, 3, RTM_VERSION, 0);
	look("");
}

CASE(lost_messages_are_a_reason_to_look)
{
	set_message(0, 24, 24, RTM_VERSION, 1);
	messages_end = ENOBUFS;
	priv.link_fd = FAKE_FD;
	priv_link_event();
	expect("priv_interfaces_soon()\n");
}

/* Who may write to such a socket fills it faster than we read. */
CASE(a_flood_of_messages_does_not_keep_the_parent)
{
	set_message(0, 24, 24, RTM_VERSION, RTM_IFINFO);
	flood = 1;
	look("priv_interfaces_soon()\n");
	ATF_CHECK_EQ(received, 64);
}

CASE(a_device_is_refused_as_not_supported)
{
	ATF_REQUIRE_ERRNO(ENOTSUP, net_device(FAKE_FD, "em0") == -1);
}

CASE(a_receive_buffer_is_as_large_as_may_be)
{
	net_receive_buffer(FAKE_FD, 65536);
	expect("setsockopt(%d, %d, %d, 65536)\n", FAKE_FD, SOL_SOCKET,
	    SO_RCVBUF);
	buffer_limit = 20000;
	net_receive_buffer(FAKE_FD, 65536);
	expect("setsockopt(%d, %d, %d, 65536)\nsetsockopt(%d, %d, %d, 32768)\n"
	    "setsockopt(%d, %d, %d, 16384)\n", FAKE_FD, SOL_SOCKET, SO_RCVBUF,
	    FAKE_FD, SOL_SOCKET, SO_RCVBUF, FAKE_FD, SOL_SOCKET, SO_RCVBUF);
	/* It ends. */
	buffer_limit = 1;
	net_receive_buffer(FAKE_FD, 8192);
	expect("setsockopt(%d, %d, %d, 8192)\nsetsockopt(%d, %d, %d, 4096)\n",
	    FAKE_FD, SOL_SOCKET, SO_RCVBUF, FAKE_FD, SOL_SOCKET, SO_RCVBUF);
}

CASE(datagrams_of_ipv6_are_not_fragmented_unless_they_must_be)
{
	net_fragments(FAKE_FD, 1, 0);
	expect("setsockopt(%d, %d, 62, 1)\n", FAKE_FD, IPPROTO_IPV6);
	net_fragments(FAKE_FD, 1, 1);
	expect("setsockopt(%d, %d, 62, 0)\n", FAKE_FD, IPPROTO_IPV6);
	/* Of IPv4 nobody would tell that they are too large. */
	net_fragments(FAKE_FD, 0, 0);
	expect("%s", "");
}

CASE(what_a_route_carries_is_known_of_ipv6)
{
	struct ip6_mtuinfo	info = { .ip6m_mtu = 1480 };

	answer = &info;
	answer_len = sizeof(info);
	ATF_REQUIRE_EQ(net_mtu(FAKE_FD, 1), 1480);
	expect("getsockopt(%d, %d, 44)\n", FAKE_FD, IPPROTO_IPV6);
	answer_len = sizeof(info) - 1;
	ATF_REQUIRE_EQ(net_mtu(FAKE_FD, 1), 0);
	answer_len = sizeof(info);
	record_fail("getsockopt", 1, ENOTCONN);
	ATF_REQUIRE_EQ(net_mtu(FAKE_FD, 1), 0);
}

CASE(of_an_ipv4_route_its_first_interface_is_known)
{
	static const char *const	calls[] = {
		"getsockname", "getifaddrs", "ioctl"
	};
	static char			names[3][8] = { "tun0", "em1", "em0" };
	static struct sockaddr_in	addr[2];
	static struct ifaddrs		ifa[3];
	size_t				i;

	for (i = 0; i < nitems(ifa); i++) {
		ifa[i].ifa_name = names[i];
		ifa[i].ifa_next = i + 1 < nitems(ifa) ? &ifa[i + 1] : NULL;
	}
	addr[0].sin_family = addr[1].sin_family = AF_INET;
	addr[0].sin_addr.s_addr = htonl(0xc0000202);
	addr[1].sin_addr.s_addr = htonl(0xc0000201);
	ifa[1].ifa_addr = (struct sockaddr *)&addr[0];
	ifa[2].ifa_addr = (struct sockaddr *)&addr[1];
	interfaces = ifa;
	mtu = 1492;
	ATF_REQUIRE_EQ(net_mtu(FAKE_FD, 0), 1492);
	expect("getsockname(%d)\ngetifaddrs()\nfreeifaddrs()\n"
	    "ioctl(%d, %#lx, em0)\n", FAKE_FD, FAKE_FD,
	    (unsigned long)SIOCGIFMTU);
	for (i = 0; i < nitems(calls); i++) {
		record_fail(calls[i], 1, ENOBUFS);
		ATF_REQUIRE_EQ(net_mtu(FAKE_FD, 0), 0);
		record_reset();
	}
	mtu = -1;
	ATF_REQUIRE_EQ(net_mtu(FAKE_FD, 0), 0);
	addr[1].sin_family = AF_UNSPEC;
	mtu = 1492;
	ATF_REQUIRE_EQ(net_mtu(FAKE_FD, 0), 0);
}

static atf_error_t
add_cases(atf_tp_t *tp)
{
	ATF_TP_ADD_TC(tp, every_interface_is_listed_with_what_it_is_on);
	ATF_TP_ADD_TC(tp,
	    no_more_interfaces_are_listed_than_there_is_room_for);
	ATF_TP_ADD_TC(tp, a_vlan_without_an_answer_is_on_nothing);
	ATF_TP_ADD_TC(tp, only_what_is_of_interfaces_is_listened_to);
	ATF_TP_ADD_TC(tp, messages_about_interfaces_are_a_reason_to_look);
	ATF_TP_ADD_TC(tp, others_and_damaged_ones_are_none);
	ATF_TP_ADD_TC(tp, lost_messages_are_a_reason_to_look);
	ATF_TP_ADD_TC(tp, a_flood_of_messages_does_not_keep_the_parent);
	ATF_TP_ADD_TC(tp, a_device_is_refused_as_not_supported);
	ATF_TP_ADD_TC(tp, a_receive_buffer_is_as_large_as_may_be);
	ATF_TP_ADD_TC(tp,
	    datagrams_of_ipv6_are_not_fragmented_unless_they_must_be);
	ATF_TP_ADD_TC(tp, what_a_route_carries_is_known_of_ipv6);
	ATF_TP_ADD_TC(tp, of_an_ipv4_route_its_first_interface_is_known);
	return (atf_no_error());
}
