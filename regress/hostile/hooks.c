/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the tests change about the parent of hostiled, from outside, so that
 * its own code is the daemon's: HOSTILE_EAGER in its environment lets it
 * start workers without the waits behind many deaths, HOSTILE_CLOCK=n makes
 * its monotonic clock n times as fast, and with it all that it waits for.
 * Always: it must signal nobody but its children.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compat.h"
#include "log.h"
#include "priv_state.h"

int	__real_socketpair(int, int, int, int[2]);
int	__wrap_socketpair(int, int, int, int[2]);
int	__real_clock_gettime(clockid_t, struct timespec *);
int	__wrap_clock_gettime(clockid_t, struct timespec *);
int	__real_ppoll(struct pollfd *, nfds_t, const struct timespec *,
	    const sigset_t *);
int	__wrap_ppoll(struct pollfd *, nfds_t, const struct timespec *,
	    const sigset_t *);
int	__real_kill(pid_t, int);
int	__wrap_kill(pid_t, int);
pid_t	__real_fork(void);
pid_t	__wrap_fork(void);
pid_t	__real_waitpid(pid_t, int *, int);
pid_t	__wrap_waitpid(pid_t, int *, int);

static pid_t	children[16];	/* not reaped; 0: free */

static int64_t
factor(void)
{
	static int64_t	 n;
	const char	*errstr, *value;

	if (n == 0) {
		value = getenv("HOSTILE_CLOCK");
		n = value == NULL ? 1 : strtonum(value, 1, 1000, &errstr);
	}
	return (n);
}

int
__wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	static int64_t	start;
	int64_t		ns;
	int		ret = __real_clock_gettime(clock, ts);

	if (clock != CLOCK_MONOTONIC || ret == -1 || factor() == 1)
		return (ret);
	ns = (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec;
	if (start == 0)
		start = ns;
	ns = start + (ns - start) * factor();
	ts->tv_sec = ns / 1000000000;
	ts->tv_nsec = ns % 1000000000;
	return (0);
}

int
__wrap_ppoll(struct pollfd *pfd, nfds_t n, const struct timespec *wait,
    const sigset_t *mask)
{
	int64_t		ns = (int64_t)wait->tv_sec * 1000000000 + wait->tv_nsec;
	struct timespec	ts;

	ns /= factor();
	ts.tv_sec = ns / 1000000000;
	ts.tv_nsec = ns % 1000000000;
	return (__real_ppoll(pfd, n, &ts, mask));
}

int
__wrap_socketpair(int domain, int type, int protocol, int sv[2])
{
	if (getenv("HOSTILE_EAGER") != NULL)
		priv.worker.refilled_ms = 0;	/* as if none had died */
	return (__real_socketpair(domain, type, protocol, sv));
}

pid_t
__wrap_fork(void)
{
	pid_t	pid = __real_fork();
	size_t	i;

	if (pid == 0)
		memset(children, 0, sizeof(children));
	for (i = 0; pid > 0; i++) {
		if (i == nitems(children))
			abort();
		if (children[i] == 0) {
			children[i] = pid;
			break;
		}
	}
	return (pid);
}

/* The pid of one that is reaped may be another one's by now. */
pid_t
__wrap_waitpid(pid_t pid, int *status, int options)
{
	size_t	i;

	pid = __real_waitpid(pid, status, options);
	for (i = 0; pid > 0 && i < nitems(children); i++)
		if (children[i] == pid)
			children[i] = 0;
	return (pid);
}

int
__wrap_kill(pid_t pid, int sig)
{
	size_t	i;

	for (i = 0; i < nitems(children); i++)
		if (children[i] == pid)
			break;
	if (pid <= 1 || i == nitems(children))
		log_warnx("hostile: signal %d for %ld, who is no child", sig,
		    (long)pid);
	return (__real_kill(pid, sig));
}
