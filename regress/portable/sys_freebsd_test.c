/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* FreeBSD's parts. */

#include "sys_fake.h"

#include "net_bsd.c"
#include "net_timers.c"
#include "peer_groups_xucred.c"
#include "priv_route.c"
#include "route_freebsd.c"
#include "self_sysctl.c"

#define PARENT_REQUEST		SIOCGETVLAN
#define LISTEN			"setsockopt(%d, %d, %d, 1)\n"
#define LISTEN_ARGUMENTS	FAKE_FD, SOL_SOCKET, SO_RERROR
#define EVENTS			RTM_IFINFO, RTM_IFANNOUNCE
#define OWN_NAME		"1.14.12.-1"

#include "sys_cases.h"
#include "sys_self_cases.h"

static void
answer_parent(void *arg)
{
	struct ifreq	*ifr = arg;

	memcpy(((struct vlanreq *)(void *)ifr->ifr_data)->vlr_parent, lower,
	    strlen(lower) + 1);
}

CASE(a_connection_that_nobody_answers_ends_in_time)
{
	net_give_up(FAKE_FD, 60000);
	expect("setsockopt(%d, %d, 68, 60)\nsetsockopt(%d, %d, 256, 30)\n"
	    "setsockopt(%d, %d, 512, 10)\nsetsockopt(%d, %d, 1024, 3)\n",
	    FAKE_FD, IPPROTO_TCP, FAKE_FD, IPPROTO_TCP, FAKE_FD, IPPROTO_TCP,
	    FAKE_FD, IPPROTO_TCP);
}

CASE(groups_are_those_of_who_connected)
{
	struct xucred	cred = { .cr_version = XUCRED_VERSION,
			    .cr_ngroups = 2, .cr_groups = { 10, 20, 30 } };

	answer = &cred;
	answer_len = sizeof(cred);
	ATF_REQUIRE_EQ(peer_in_group(FAKE_FD, 10), 1);
	expect("getsockopt(%d, 0, 1)\n", FAKE_FD);
	ATF_REQUIRE_EQ(peer_in_group(FAKE_FD, 20), 1);
	/* Behind those that it says are none. */
	ATF_REQUIRE_EQ(peer_in_group(FAKE_FD, 30), 0);
}

CASE(without_a_sound_answer_nobody_is_in_a_group)
{
	struct xucred	cred = { .cr_version = XUCRED_VERSION,
			    .cr_ngroups = 1, .cr_groups = { 10 } };

	answer = &cred;
	answer_len = sizeof(cred);
	record_fail("getsockopt", 1, EINVAL);
	ATF_REQUIRE_EQ(peer_in_group(FAKE_FD, 10), 0);
	ATF_REQUIRE_EQ(peer_in_group(FAKE_FD, 10), 1);
	answer_len = sizeof(cred) - 1;
	ATF_REQUIRE_EQ(peer_in_group(FAKE_FD, 10), 0);
	answer_len = sizeof(cred);
	cred.cr_version++;
	ATF_REQUIRE_EQ(peer_in_group(FAKE_FD, 10), 0);
	cred.cr_version = XUCRED_VERSION;
	cred.cr_ngroups = XU_NGROUPS + 1;
	ATF_REQUIRE_EQ(peer_in_group(FAKE_FD, 10), 0);
	cred.cr_ngroups = -1;
	ATF_REQUIRE_EQ(peer_in_group(FAKE_FD, 10), 0);
}

CASE(other_drivers_are_not_asked_for_a_vlan)
{
	char	name[IF_NAMESIZE];

	lower = "em0";
	ATF_REQUIRE_EQ(route_parent(FAKE_FD, "lagg0", IFT_ETHER, name), -1);
	expect("%s", "");
	/* A VLAN may have any name, and none longer than there is room. */
	ATF_REQUIRE_EQ(route_parent(FAKE_FD, "guests", IFT_L2VLAN, name), 0);
	ATF_REQUIRE_STREQ(name, "em0");
	record_reset();
	ATF_REQUIRE_EQ(route_parent(FAKE_FD, "0123456789abcdef", IFT_L2VLAN,
	    name), -1);
	expect("%s", "");
	lower = "0123456789abcde";
	ATF_REQUIRE_EQ(route_parent(FAKE_FD, "guests", IFT_L2VLAN, name), 0);
	ATF_REQUIRE_STREQ(name, lower);
}

CASE(a_name_without_an_end_is_cut)
{
	char	name[IF_NAMESIZE + 1];

	memset(name, 'x', sizeof(name));
	lower = "0123456789abcdef";
	ATF_REQUIRE_EQ(route_parent(FAKE_FD, "guests", IFT_L2VLAN, name), 0);
	ATF_REQUIRE_EQ(name[IF_NAMESIZE - 1], '\0');
}

ATF_TP_ADD_TCS(tp)
{
	atf_error_t	error;

	if (atf_is_error(error = add_cases(tp)) ||
	    atf_is_error(error = add_self_cases(tp)))
		return (error);
	ATF_TP_ADD_TC(tp, a_connection_that_nobody_answers_ends_in_time);
	ATF_TP_ADD_TC(tp, groups_are_those_of_who_connected);
	ATF_TP_ADD_TC(tp, without_a_sound_answer_nobody_is_in_a_group);
	ATF_TP_ADD_TC(tp, other_drivers_are_not_asked_for_a_vlan);
	ATF_TP_ADD_TC(tp, a_name_without_an_end_is_cut);
	return (atf_no_error());
}
