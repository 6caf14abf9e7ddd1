/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Work in a child, which neither keeps what we have open nor us waiting: it is
 * libpcap's compiler, with an expression that could take it over.
 */

#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "capture_apart.h"
#include "compat.h"

#define FD_ANSWER	(STDERR_FILENO + 1)

static int64_t
now_ms(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

/* Until the end of the answer. */
static ssize_t
collect(int fd, int seconds, void *answer, size_t len)
{
	struct pollfd	pfd = { .fd = fd, .events = POLLIN };
	int64_t		left = -1, end = now_ms() + (int64_t)seconds * 1000;
	size_t		got = 0;
	ssize_t		n;

	while (got < len) {
		if (seconds != 0 && (left = end - now_ms()) <= 0)
			return (0);
		if ((n = poll(&pfd, 1, (int)left)) == 1 && (n = read(fd,
		    (char *)answer + got, len - got)) == 0)
			break;
		if (n == -1 && errno != EINTR)
			return (0);
		if (n > 0)
			got += (size_t)n;
	}
	return ((ssize_t)got);
}

ssize_t
capture_apart(void (*child)(void *, int), void *arg, int seconds, void *answer,
    size_t len)
{
	ssize_t	got;
	pid_t	pid;
	int	end[2], saved;

	if (pipe(end) == -1)
		return (-1);
	if ((pid = fork()) == -1) {
		saved = errno;
		close(end[0]);
		close(end[1]);
		errno = saved;
		return (-1);
	}
	if (pid == 0) {
		if (dup2(end[1], FD_ANSWER) == -1)
			_exit(1);
		closefrom(FD_ANSWER + 1);
		alarm((unsigned int)seconds);	/* if we end before it */
		child(arg, FD_ANSWER);
		_exit(0);
	}
	close(end[1]);
	got = collect(end[0], seconds, answer, len);
	close(end[0]);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
	return (got);
}
