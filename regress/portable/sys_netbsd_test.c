/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* NetBSD's parts. */

#include "sys_fake.h"
#include "sys_unsealed_fake.h"

#include "net_bsd.c"
#include "net_timers.c"
#include "peer_groups_list.c"
#include "priv_route.c"
#include "route_netbsd.c"
#include "self_sysctl.c"
#include "shmem_name.c"
#include "shmem_unsealed.c"

#undef fcntl
#undef ftruncate
#undef shm_open

#define PARENT_REQUEST		SIOCGETVLAN
#define LISTEN			"setsockopt(%d, %d, 1, 14.10.)\n"	\
				"setsockopt(%d, %d, %d, 1)\n"
#define LISTEN_ARGUMENTS	FAKE_FD, PF_ROUTE, FAKE_FD, SOL_SOCKET, \
				SO_RERROR
#define EVENTS			RTM_IFINFO, RTM_IFANNOUNCE
#define OWN_NAME		"1.48.-1.5"

#include "sys_cases.h"
#include "sys_self_cases.h"
#include "sys_unsealed_cases.h"

static void
answer_parent(void *arg)
{
	struct ifreq	*ifr = arg;

	memcpy(((struct vlanreq *)(void *)ifr->ifr_data)->vlr_parent, lower,
	    strlen(lower) + 1);
}

CASE(a_silent_connection_ends_in_time)
{
	net_give_up(FAKE_FD, 60000);
	expect("setsockopt(%d, %d, 3, 30)\nsetsockopt(%d, %d, 5, 10)\n"
	    "setsockopt(%d, %d, 6, 3)\n", FAKE_FD, IPPROTO_TCP, FAKE_FD,
	    IPPROTO_TCP, FAKE_FD, IPPROTO_TCP);
}

CASE(other_drivers_are_not_asked_for_a_vlan)
{
	char	name[IF_NAMESIZE];

	lower = "0123456789abcde";
	ATF_REQUIRE_EQ(route_parent(FAKE_FD, "lagg0", IFT_L2VLAN, name), -1);
	ATF_REQUIRE_EQ(route_parent(FAKE_FD, "vlan", IFT_L2VLAN, name), -1);
	ATF_REQUIRE_EQ(route_parent(FAKE_FD, "vlan456789abcdef", IFT_L2VLAN,
	    name), -1);
	expect("%s", "");
	ATF_REQUIRE_EQ(route_parent(FAKE_FD, "vlan12", IFT_ETHER, name), 0);
	ATF_REQUIRE_STREQ(name, lower);
}

ATF_TP_ADD_TCS(tp)
{
	atf_error_t	error;

	if (atf_is_error(error = add_cases(tp)) ||
	    atf_is_error(error = add_self_cases(tp)) ||
	    atf_is_error(error = add_unsealed_cases(tp)))
		return (error);
	ATF_TP_ADD_TC(tp, a_silent_connection_ends_in_time);
	ATF_TP_ADD_TC(tp, other_drivers_are_not_asked_for_a_vlan);
	return (atf_no_error());
}
