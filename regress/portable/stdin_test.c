/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Standard input where opening it anew gives the same again: of
 * priv_capture.c only what opens it is linked.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "capture.h"
#include "log.h"
#include "priv_state.h"
#include "record.h"
#include "sandbox.h"

#define DUP_FD	64		/* a copy of standard input, */
#define NEW_FD	65		/* and what opening it gives */

struct priv	priv;
static int	stdin_flags, new_flags;
static mode_t	new_mode;
static jmp_buf	refused;

static int
fake_fcntl(int fd, int command, ...)
{
	if (command == F_DUPFD_CLOEXEC)
		return (record("dup", "%d", fd) == -1 ? -1 : DUP_FD);
	ATF_REQUIRE_EQ(command, F_GETFL);
	return (fd == STDIN_FILENO ? stdin_flags : new_flags);
}

static int
fake_open(const char *path, int flags)
{
	ATF_REQUIRE_EQ(flags, O_RDONLY | O_CLOEXEC);
	return (record("open", "%s", path) == -1 ? -1 : NEW_FD);
}

static int
fake_fstat(int fd, struct stat *sb)
{
	ATF_REQUIRE_EQ(fd, NEW_FD);
	sb->st_mode = new_mode;
	return (0);
}

static int
fake_close(int fd)
{
	return (record("close", "%d", fd));
}

void
fatalx(const char *fmt, ...)
{
	record("fatalx", "%.31s", fmt);
	longjmp(refused, 1);
}

#define fcntl(...)		fake_fcntl(__VA_ARGS__)
#define open(p, f)		fake_open(p, f)
#define fstat(f, s)		fake_fstat(f, s)
#define close(f)		fake_close(f)
#include "priv_capture.c"

#define CASE(name)							\
ATF_TC_WITHOUT_HEAD(name);						\
ATF_TC_BODY(name, tc)

CASE(what_can_be_read_only_is_taken_as_it_is)
{
	stdin_flags = O_RDONLY;
	ATF_REQUIRE_EQ(open_stdin(), DUP_FD);
	record_expect("dup(0)\n");
}

CASE(what_can_be_written_to_is_opened_anew)
{
	stdin_flags = O_RDWR;
	new_flags = O_RDONLY;
	new_mode = S_IFREG;
	ATF_REQUIRE_EQ(open_stdin(), NEW_FD);
	record_expect("open(/dev/stdin)\n");
	record_fail("open", 1, ENXIO);
	ATF_REQUIRE_ERRNO(ENXIO, open_stdin() == -1);
}

/* FreeBSD's are open for both. */
CASE(a_pipe_of_two_directions_is_taken)
{
	stdin_flags = new_flags = O_RDWR;
	new_mode = S_IFIFO;
	ATF_REQUIRE_EQ(open_stdin(), NEW_FD);
}

CASE(what_stays_writable_is_refused)
{
	stdin_flags = new_flags = O_RDWR;
	new_mode = S_IFREG;
	if (setjmp(refused) == 0) {
		open_stdin();
		atf_tc_fail("it was taken");
	}
	record_expect("open(/dev/stdin)\nclose(65)\n"
	    "fatalx(-: standard input can be writte)\n");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, what_can_be_read_only_is_taken_as_it_is);
	ATF_TP_ADD_TC(tp, what_can_be_written_to_is_opened_anew);
	ATF_TP_ADD_TC(tp, a_pipe_of_two_directions_is_taken);
	ATF_TP_ADD_TC(tp, what_stays_writable_is_refused);
	return (atf_no_error());
}
