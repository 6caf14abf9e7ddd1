/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Question and answer pass between the screen's process and the one that asks
 * as whole structures over a pair of sockets.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "compat.h"
#include "confine.h"
#include "top_fetch.h"

struct question {
	struct ctl_filter	filter;
	uint32_t		sort;	/* enum ctl_sort */
};

/* The screen's side. */
static pid_t			 fetcher = -1;
static int			 fetch_fd = -1;
static struct top_answer	 answer;
static size_t			 answer_have;	/* octets */
static uint64_t			 asked_us;

static uint64_t
clock_us(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) == -1)
		return (0);
	return ((uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

uint64_t
top_now_us(void)
{
	return (clock_us(CLOCK_MONOTONIC));
}

/*
 * The process that asks.
 */

static int
add_flow(void *arg, uint32_t type, const void *row)
{
	struct top_snapshot *snap = arg;
	const struct ctl_flow *f = row;
	uint32_t i;

	(void)type;
	for (i = 0; i < snap->nflow; i++)
		if (snap->flow[i].index == f->index)
			return (0);
	if (snap->nflow < nitems(snap->flow))
		snap->flow[snap->nflow++] = *f;
	return (0);
}

static int
ask_flows(struct client *c, struct top_answer *a, const struct question *q,
    enum ctl_sort sort, char text[MSG_TEXT_SIZE])
{
	struct ctl_query query;

	memset(&query, 0, sizeof(query));
	query.filter = q->filter;
	query.sort = sort;
	query.limit = TOP_ROWS;
	return (client_ask(c, CTL_SHOW_FLOWS, &query, sizeof(query), add_flow,
	    &a->snapshot, text, a->text, sizeof(a->text)));
}

/*
 * Returns what client_ask() does.  The daemon knows rates over whole lives
 * only: what is fast now is among the fast of those, or among the large.
 */
static int
ask_all(struct client *c, struct top_answer *a, const struct question *q)
{
	struct top_snapshot *snap = &a->snapshot;
	char text[MSG_TEXT_SIZE];
	int status;

	memset(a, 0, sizeof(*a));
	status = client_report(c, &snap->report, text, a->text,
	    sizeof(a->text));
	snap->report_us = top_now_us();
	if (status == 0)
		status = ask_flows(c, a, q, q->sort, text);
	if (status == 0 && q->sort == CTL_SORT_RATE)
		status = ask_flows(c, a, q, CTL_SORT_OCTETS, text);
	snap->flows_us = top_now_us();
	snap->now_us = clock_us(CLOCK_REALTIME);
	snap->pid = client_pid(c);
	a->failed = status != 0;
	if (status == 1)
		strlcpy(a->text, text, sizeof(a->text));
	return (status);
}

/* One question to the daemon, over the connection of the last one, if any. */
static void
fetch(const char *path, struct client **c, struct top_answer *a,
    const struct question *q)
{
	int again;

	/* The daemon closes idle connections. */
	for (again = *c != NULL; ; again = 0) {
		if (*c == NULL &&
		    (*c = client_open(path, a->text, sizeof(a->text))) ==
		    NULL) {
			a->failed = 1;
			a->absent = errno == ENOENT || errno == ECONNREFUSED;
			return;
		}
		if (ask_all(*c, a, q) == 0)
			return;
		/* It closes those that it has refused, too. */
		client_close(*c);
		*c = NULL;
		if (!again)
			return;
	}
}

static int
transfer(int fd, void *data, size_t len, int out)
{
	char *p = data;
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n) {
		n = out ? write(fd, p, len) : read(fd, p, len);
		if (n == 0 || (n == -1 && errno != EINTR))
			return (-1);
		if (n == -1)
			n = 0;
	}
	return (0);
}

static __dead void
fetcher_main(const char *path, int fd)
{
	static struct top_answer a;
	struct client *c = NULL;
	struct question q;

	/* ^C is for the screen's process to take: it ends this one. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	if (confine(path) == -1)
		err(1, "confine");
	while (transfer(fd, &q, sizeof(q), 0) == 0) {
		memset(&a, 0, sizeof(a));
		fetch(path, &c, &a, &q);
		if (transfer(fd, &a, sizeof(a), 1) == -1)
			break;
	}
	_exit(0);
}

/*
 * The screen's side.
 */

int
top_fetch_start(const char *path)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		return (-1);
	if ((fetcher = fork()) == -1) {
		close(sv[0]);
		close(sv[1]);
		return (-1);
	}
	if (fetcher == 0) {
		close(sv[0]);
		fetcher_main(path, sv[1]);
	}
	close(sv[1]);
	fetch_fd = sv[0];
	return (fetch_fd);
}

void
top_fetch_stop(void)
{
	if (fetcher == -1)
		return;
	close(fetch_fd);
	kill(fetcher, SIGTERM);
	/* If it was stopped by ^Z, and we alone were told to go on. */
	kill(fetcher, SIGCONT);
	while (waitpid(fetcher, NULL, 0) == -1 && errno == EINTR)
		;
	fetcher = -1;
}

int
top_fetch_ask(const struct ctl_filter *filter, enum ctl_sort sort)
{
	struct question q;

	memset(&q, 0, sizeof(q));
	q.filter = *filter;
	q.sort = sort;
	answer_have = 0;
	asked_us = top_now_us();
	/* It fits the socket's buffer, which is empty. */
	if (send(fetch_fd, &q, sizeof(q), MSG_NOSIGNAL) != sizeof(q))
		return (-1);
	return (0);
}

uint64_t
top_fetch_asked_us(void)
{
	return (asked_us);
}

/* It comes from who has read the daemon's, and is trusted no more. */
static int
answer_ok(void)
{
	char *p;

	answer.text[sizeof(answer.text) - 1] = '\0';
	for (p = answer.text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return (top_snapshot_ok(&answer.snapshot));
}

const struct top_answer *
top_fetch_take(int *gone)
{
	ssize_t n;

	*gone = 0;
	n = recv(fetch_fd, (char *)&answer + answer_have,
	    sizeof(answer) - answer_have, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (NULL);
	if (n <= 0) {
		*gone = -1;
		return (NULL);
	}
	answer_have += (size_t)n;
	if (answer_have < sizeof(answer))
		return (NULL);
	asked_us = 0;
	if (answer_ok())
		return (&answer);
	*gone = -1;
	return (NULL);
}
