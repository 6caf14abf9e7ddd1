/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* NetBSD's parts. */

#include "sys_fake.h"
#include "sys_unsealed_fake.h"

/* One that nobody else has; the first ones may be taken. */
static uint64_t	randoms;

static void
fake_random(void *to, size_t size)
{
	uint64_t	value = (uint64_t)getpid() << 16 | randoms++;

	ATF_REQUIRE_EQ(size, sizeof(value));
	record("arc4random_buf", "%zu", size);
	memcpy(to, &value, sizeof(value));
}

#define arc4random_buf(p, n)	fake_random(p, n)

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
#define CREATE			"shm_open"
#define READER_OPEN		2
#define CHECK_CREATED()							\
	expect("arc4random_buf(8)\nshm_open(%s, %#x, 0600)\n"		\
	    "shm_open(%s, 0, 0)\nfcntl(%d, %d)\nfcntl(%d, %d)\n"	\
	    "shm_unlink(%s)\n", created, O_RDWR | O_CREAT | O_EXCL,	\
	    created, F_SETFD, FD_CLOEXEC, F_SETFD, FD_CLOEXEC, created)

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

CASE(a_name_that_is_taken_is_not_used)
{
	int	fd;

	record_fail("shm_open", 1, EEXIST);
	ATF_REQUIRE((fd = shmem_new("x")) != -1);
	ATF_REQUIRE_EQ(randoms, 2);
	record_reset();
	/* Somebody who has them all does not keep us for ever. */
	record_fail("shm_open", 0, EEXIST);
	ATF_REQUIRE_ERRNO(EEXIST, shmem_new("x") == -1);
	ATF_REQUIRE_EQ(randoms, 2 + 8);
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
	ATF_TP_ADD_TC(tp, a_name_that_is_taken_is_not_used);
	ATF_TP_ADD_TC(tp, a_silent_connection_ends_in_time);
	ATF_TP_ADD_TC(tp, other_drivers_are_not_asked_for_a_vlan);
	return (atf_no_error());
}
