/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * An expression is checked where no shared memory can be had: OpenBSD's
 * compiler, by its pledge, makes no file.
 */

#include <atf-c.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "record.h"
#include "shmem.h"

static char	 error[512];

int
shmem_new(const char *name)
{
	record_fail("shmem_new", 1, ENOSYS);
	return (record("shmem_new", "%s", name));
}

int
shmem_seal(int fd)
{
	return (record("shmem_seal", "%d", fd));
}

static int
confined(void)
{
	return (0);
}

ATF_TC_WITHOUT_HEAD(an_expression_is_checked_without_shared_memory);
ATF_TC_BODY(an_expression_is_checked_without_shared_memory, tc)
{
	ATF_CHECK_EQ_MSG(0, capture_check_filter("udp or vlan", confined,
	    error, sizeof(error)), "%s", error);
	ATF_CHECK_STREQ("", error);
	/* What is wrong with one is its own fault. */
	ATF_CHECK_EQ(-1, capture_check_filter("udp or", confined, error,
	    sizeof(error)));
	ATF_CHECK_MSG(strstr(error, "syntax") != NULL, "%s", error);
}

ATF_TC_WITHOUT_HEAD(a_savefile_is_not_read_without_its_filter);
ATF_TC_BODY(a_savefile_is_not_read_without_its_filter, tc)
{
	struct msg_filter	filter;

	ATF_CHECK_EQ(-1, capture_compile_savefile("udp", &filter, error,
	    sizeof(error)));
	ATF_CHECK_MSG(strncmp(error, "shared memory: ", 15) == 0, "%s", error);
	record_expect("shmem_new(softflowd filter)\n");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, an_expression_is_checked_without_shared_memory);
	ATF_TP_ADD_TC(tp, a_savefile_is_not_read_without_its_filter);
	return (atf_no_error());
}
