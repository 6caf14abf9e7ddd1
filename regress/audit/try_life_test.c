/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What must still work behind the filter, so that nobody is tempted to open
 * it: an abort that looks like one, a stop and a continue, the first look at
 * a calendar.
 */

#include <sys/wait.h>

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "try.h"

/* Where the file that has fn is loaded, in us. */
static const char *
file_of(const void *fn, uintptr_t *offset)
{
	Dl_info	info;

	ATF_REQUIRE(dladdr(fn, &info) != 0);
	*offset = (uintptr_t)fn - (uintptr_t)info.dli_fbase;
	return (info.dli_fname);
}

/* The same function in a process that has not confined itself yet. */
static long
address_in(pid_t pid, const void *fn)
{
	char		 path[64], line[512], *real;
	const char	*name;
	uintptr_t	 offset;
	unsigned long	 start = 0;
	FILE		*fp;

	name = file_of(fn, &offset);
	ATF_REQUIRE((real = realpath(name, NULL)) != NULL);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	ATF_REQUIRE((fp = fopen(path, "r")) != NULL);
	while (start == 0 && fgets(line, sizeof(line), fp) != NULL)
		if (strstr(line, real) != NULL)
			start = strtoul(line, NULL, 16);
	fclose(fp);
	free(real);
	ATF_REQUIRE_MSG(start != 0, "%s is not in the worker", name);
	return ((long)(start + offset));
}

static void
lock(pid_t pid)
{
	ATF_REQUIRE(try_lock(pid, NULL, 0));
}

CASE(abort_is_not_sigsys)
{
	struct inject_outcome	out;
	long			fn;
	pid_t			pid;

	try_begin(tc, TRY_FILTER);
	pid = try_early();
	fn = address_in(pid, (const void *)(uintptr_t)abort);
	lock(pid);
	ATF_REQUIRE_EQ(0, inject_fn(pid, fn, 0, 0, &out));
	/* It is asked whether we want to see the signal. */
	try_report(TRY_FILTER, "an abort looks like one",
	    (out.end == INJECT_SIGNALLED || out.end == INJECT_KILLED) &&
	    out.value == SIGABRT, &out);
	try_end(pid);
}

CASE(first_gmtime)
{
	struct inject_outcome	out;
	struct tm		tm;
	long			fn, data;
	pid_t			pid;

	try_begin(tc, TRY_FILTER);
	try_data.zero[0] = 86400;	/* a time_t */
	pid = try_early();
	fn = address_in(pid, (const void *)(uintptr_t)gmtime_r);
	lock(pid);
	data = inject_room() + (long)offsetof(struct try_data, zero);
	ATF_REQUIRE_EQ(0, inject_fn(pid, fn, data, data + 64, &out));
	try_report(TRY_FILTER, "the first gmtime_r survives",
	    out.end == INJECT_RETURNED && out.value == data + 64, &out);
	try_get(pid, offsetof(struct try_data, zero) + 64, &tm, sizeof(tm));
	ATF_CHECK_EQ(2, tm.tm_mday);
	ATF_REQUIRE_EQ(0, inject_continue(pid));
	worker_sync();
	try_end(pid);
}

CASE(stop_cont_in_poll)
{
	int	status, sends, i;
	pid_t	pid;

	try_begin(tc, TRY_FILTER);
	/* A socket on which nothing comes: it sleeps in poll(2). */
	collector_new(&try_ring.fd, &sends);
	capture.kind = CAPTURE_PSAMP;
	pid = try_worker();
	ATF_REQUIRE_EQ(0, inject_release(pid));
	for (i = 0; i < 20; i++) {
		usleep(5000);
		ATF_REQUIRE_EQ(0, kill(pid, SIGSTOP));
		ATF_REQUIRE_EQ(pid, waitpid(pid, &status, WUNTRACED));
		ATF_REQUIRE_MSG(WIFSTOPPED(status), "status %#x",
		    (unsigned int)status);
		ATF_REQUIRE_EQ(0, kill(pid, SIGCONT));
	}
	usleep(10000);
	ATF_REQUIRE_EQ_MSG(0, waitpid(pid, &status, WNOHANG),
	    "it has ended");
	worker_sync();
	try_report_text(TRY_FILTER, "stopped and continued while it waits", 1,
	    "20 times, and it answers");
	try_end(pid);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, abort_is_not_sigsys);
	ATF_TP_ADD_TC(tp, first_gmtime);
	ATF_TP_ADD_TC(tp, stop_cont_in_poll);

	return (atf_no_error());
}
