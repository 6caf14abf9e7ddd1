/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* NetBSD: root directory, ids and limits, and nothing else. */

#include <sys/types.h>

#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The stack's 128 MiB count, and what brk(2) gives does not. */
#define FAKE_MEMORY							\
	"setrlimit(AS, 268435456)\nsetrlimit(DATA, 134217728)\n"
#define FAKE_MEMORY_WORKER						\
	"setrlimit(AS, 268439552)\nsetrlimit(DATA, 134221824)\n"

#include "compat.h"
#include "record.h"
#include "sandbox_fakes.h"

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

int	__wrap_setuid(uid_t);
int	__wrap_setgid(gid_t);
int	__wrap_seteuid(uid_t);
int	__wrap_setegid(gid_t);
uid_t	__wrap_getuid(void);
gid_t	__wrap_getgid(void);
gid_t	__wrap_getegid(void);

static uint32_t	 layers, abi;
static int	 saved_uid_stays, saved_gid_stays;

/* As of a system where only the saved id is left behind, or none. */
int
__wrap_setuid(uid_t uid)
{
	if (record("setuid", "%u", uid) == -1)
		return (-1);
	if (fake.euid != 0 && uid != fake.suid && uid != fake.ruid) {
		errno = EPERM;
		return (-1);
	}
	if (!fake.ids_stay) {
		fake.ruid = fake.euid = uid;
		if (!saved_uid_stays)
			fake.suid = uid;
	}
	return (0);
}

int
__wrap_setgid(gid_t gid)
{
	if (record("setgid", "%u", gid) == -1)
		return (-1);
	if (fake.euid != 0 && gid != fake.sgid && gid != fake.rgid) {
		errno = EPERM;
		return (-1);
	}
	if (!fake.ids_stay) {
		fake.rgid = fake.egid = gid;
		if (!saved_gid_stays)
			fake.sgid = gid;
	}
	return (0);
}

int
__wrap_seteuid(uid_t uid)
{
	if (record("seteuid", "%u", uid) == -1)
		return (-1);
	if (fake.euid != 0 && uid != fake.suid && uid != fake.ruid) {
		errno = EPERM;
		return (-1);
	}
	fake.euid = uid;
	return (0);
}

int
__wrap_setegid(gid_t gid)
{
	if (record("setegid", "%u", gid) == -1)
		return (-1);
	if (fake.euid != 0 && gid != fake.sgid && gid != fake.rgid) {
		errno = EPERM;
		return (-1);
	}
	fake.egid = gid;
	return (0);
}

uid_t
__wrap_getuid(void)
{
	return (fake.ruid);
}

gid_t
__wrap_getgid(void)
{
	return (fake.rgid);
}

gid_t
__wrap_getegid(void)
{
	return (fake.egid);
}

static int
worker(const char **step)
{
	struct sandbox_worker	w = fake_worker(1);

	return (sandbox_worker(&w, &layers, &abi, step));
}

#define SET		"setgid(99)\nsetuid(98)\n"
#define TRY							\
	"setuid(0)\nseteuid(0)\nsetgid(0)\nsetegid(0)\n"

CASE(worker_has_its_directory_ids_and_limits)
{
	const char	*step;

	fake_reset(1);
	ATF_REQUIRE_EQ(0, worker(&step));
	record_expect(FAKE_LEAVE_ROOT SET TRY FAKE_FILL FAKE_WORKER_LIMITS);
	ATF_CHECK_EQ(SANDBOX_CHROOT | SANDBOX_IDS | SANDBOX_RLIMITS, layers);
}

CASE(other_processes_have_what_they_can)
{
	const struct sandbox_parent	 box = { .root = 1 };
	struct sandbox_worker		 w = fake_worker(1);
	const char			*step;

	fake_reset(1);
	ATF_REQUIRE_EQ(0, sandbox_config(&w, &layers, &abi, &step));
	record_expect(FAKE_LEAVE_ROOT SET TRY FAKE_FILL FAKE_READER_LIMITS);
	fake_reset(1);
	ATF_REQUIRE_EQ(0, sandbox_resolver(&w, &layers, &abi, &step));
	record_expect("chdir(/)\nsetgroups(0)\n" SET TRY
	    FAKE_RESOLVER_LIMITS);
	ATF_CHECK_EQ(SANDBOX_IDS | SANDBOX_RLIMITS, layers);
	fake_reset(1);
	ATF_REQUIRE_EQ(0, sandbox_parent(&box, &layers, &abi, &step));
	ATF_REQUIRE_EQ(0, sandbox_compiler());
	record_expect("");
	ATF_CHECK_EQ(0, layers);
}

CASE(failing_step_ends_the_worker_at_once)
{
	/* It may fail, and should: to get root back. */
	static const struct fake_step	steps[] = {
		{ "setgid(0)", NULL }, { "setuid(0)", NULL },
		{ "sete", NULL }, { "setgid", "ids" }, { "setuid", "ids" },
		FAKE_STEPS
	};

	fake_each_failure(worker, steps, nitems(steps));
}

CASE(root_that_can_be_had_back_ends_the_worker)
{
	const char	*step;

	fake_reset(1);
	saved_uid_stays = 1;
	ATF_REQUIRE_EQ(-1, worker(&step));
	ATF_CHECK_STREQ("ids", step);
	record_expect(FAKE_LEAVE_ROOT SET "setuid(0)\n");
	fake_reset(1);
	saved_uid_stays = 0;
	saved_gid_stays = 1;
	ATF_REQUIRE_EQ(-1, worker(&step));
	record_expect(FAKE_LEAVE_ROOT SET "setuid(0)\nseteuid(0)\n"
	    "setgid(0)\n");
	fake_reset(1);
	saved_gid_stays = 0;
	fake.ids_stay = 1;
	ATF_REQUIRE_EQ(-1, worker(&step));
	record_expect(FAKE_LEAVE_ROOT SET);
}

CASE(effective_ids_alone_are_tried_too)
{
	fake_reset(0);
	fake.suid = 0;
	saved_uid_stays = 1;
	record_fail("setuid", 2, EPERM);
	ATF_CHECK_EQ(-1, sandbox_os_ids(FAKE_UID, FAKE_GID));
	record_expect(SET "setuid(0)\nseteuid(0)\n");
	fake_reset(0);
	fake.sgid = 0;
	saved_uid_stays = 0;
	saved_gid_stays = 1;
	record_fail("setgid", 2, EPERM);
	ATF_CHECK_EQ(-1, sandbox_os_ids(FAKE_UID, FAKE_GID));
	record_expect(SET TRY);
}

CASE(ready_needs_no_filter_and_the_log_says_so)
{
	const uint32_t	all = SANDBOX_CHROOT | SANDBOX_IDS | SANDBOX_RLIMITS;
	uint32_t	layer;

	for (layer = 1; layer <= SANDBOX_UNVEIL; layer <<= 1)
		ATF_CHECK_EQ_MSG((all & layer) != 0,
		    ready_kills(all & ~layer, 1), "layer %#x", layer);
	ATF_CHECK_EQ(0, ready_kills(all, 1));
	ATF_CHECK_STREQ("worker 4711: confined by chroot, ids, limits; "
	    "NetBSD has no system-call filter", ready_line);
	ATF_CHECK_EQ(0, ready_kills(SANDBOX_RLIMITS, 0));
	ATF_CHECK_STREQ("worker 4711: confined by limits; missing: chroot, "
	    "ids; NetBSD has no system-call filter", ready_line);
}

CASE(sandbox_option_says_that_there_is_no_filter)
{
	const char	*text = shown(0);

	ATF_CHECK(strstr(text, "System calls; any other is allowed, as there "
	    "is no filter:\n    none\n") != NULL);
	ATF_CHECK(strstr(text, "parent, which opens sockets and starts the "
	    "others\n  Layers:\n    none\n") != NULL);
	text = shown(1);
	ATF_CHECK(strstr(text, "\"calls\": []") != NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, worker_has_its_directory_ids_and_limits);
	ATF_TP_ADD_TC(tp, other_processes_have_what_they_can);
	ATF_TP_ADD_TC(tp, failing_step_ends_the_worker_at_once);
	ATF_TP_ADD_TC(tp, root_that_can_be_had_back_ends_the_worker);
	ATF_TP_ADD_TC(tp, effective_ids_alone_are_tried_too);
	ATF_TP_ADD_TC(tp, ready_needs_no_filter_and_the_log_says_so);
	ATF_TP_ADD_TC(tp, sandbox_option_says_that_there_is_no_filter);
	return (atf_no_error());
}
