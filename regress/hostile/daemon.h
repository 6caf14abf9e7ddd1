/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A softflowd with hostile roles, run by a test in its own directory: its log
 * is read line by line, its client's socket is "ctl".  All of it fails the
 * test when something is not there in time.
 */

#ifndef DAEMON_H
#define DAEMON_H

#include <sys/types.h>

#include <atf-c.h>
#include <stdint.h>

/* What the parent uses. */
struct daemon_use {
	unsigned int	descriptors;
	unsigned int	files;		/* in the directory */
	long		rss_kib;
	long		cpu_ms;
};

/*
 * This script for so many generations of workers; eager and clock as hooks.c
 * has them; more options, divided by blanks.
 */
struct daemon_how {
	unsigned int	 script, generations;
	unsigned int	 first;		/* number in try.h, and from one */
	unsigned int	 step;		/* to the next; 0: 1 */
	int		 eager;
	int		 clock;		/* 0: the system's */
	const char	*more;		/* or NULL */
};
void	daemon_start(const atf_tc_t *, const struct daemon_how *);

/* The next line of the log; NULL: none in time, or it has ended. */
const char *daemon_line(int milliseconds);

/* Up to the next line with that in it. */
const char *daemon_await(const char *part);

void	daemon_signal(int sig);
struct daemon_use daemon_use(void);

/* SIGTERM if it is to be told; its exit status must be that. */
void	daemon_end(int tell, int status);

/*
 * An operator that connects, and stays if it can; whether it is asked: what
 * the daemon answered, 1: served, 0: refused or closed.
 */
int	daemon_connect(void);
int	daemon_serves(void);
void	daemon_await_service(void);

int	daemon_sanitized(const atf_tc_t *);
int64_t	daemon_now_us(void);

/* A case that starts one. */
#define DAEMON_TEST(name)						\
ATF_TC(name);								\
ATF_TC_HEAD(name, tc)							\
{									\
	atf_tc_set_md_var(tc, "require.user", "root");			\
	atf_tc_set_md_var(tc, "timeout", "120");			\
}									\
ATF_TC_BODY(name, tc)

#endif
