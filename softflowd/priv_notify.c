/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What a service manager such as systemd wants to know, in datagrams of the
 * protocol of sd_notify(3).  The socket is connected before the parent
 * confines itself, and sent on, without waiting, afterwards.
 */

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "priv_state.h"

#define NOTIFY_SILENT_MS	30000	/* as long as a worker may be */

static int	notify_fd = -1;
static int	reloading;
static int64_t	watchdog_ms;		/* between two signs of life; 0: none */
static int64_t	watchdog_next_ms = INT64_MAX;

static void
notify_connect(const char *path)
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };
	size_t			len = strlen(path);

	if ((*path != '/' && *path != '@') || len >= sizeof(sun.sun_path)) {
		log_warnx("NOTIFY_SOCKET %s: it must be a path or @name of at "
		    "most %zu characters", path, sizeof(sun.sun_path) - 1);
		return;
	}
	memcpy(sun.sun_path, path, len);
	if (*path == '@')
		sun.sun_path[0] = '\0';
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (notify_fd == -1 || connect(notify_fd, (struct sockaddr *)&sun,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == -1) {
		log_warn("NOTIFY_SOCKET %s", path);
		if (notify_fd != -1)
			close(notify_fd);
		notify_fd = -1;
	}
}

/* It may be meant for another process, whose variables we were given. */
static void
watchdog_init(void)
{
	const char	*usec = getenv("WATCHDOG_USEC"), *errstr;
	const char	*pid = getenv("WATCHDOG_PID");

	if (notify_fd == -1 || usec == NULL)
		return;
	if (pid != NULL && (strtonum(pid, 1, INT32_MAX, &errstr) != getpid() ||
	    errstr != NULL))
		return;
	watchdog_ms = strtonum(usec, 1, INT64_MAX, &errstr) / 2000;
	if (errstr != NULL)
		log_warnx("WATCHDOG_USEC %s: %s; it must be a number of "
		    "microseconds", usec, errstr);
	else if (watchdog_ms == 0)
		watchdog_ms = 1;
}

/* From the environment, which then no longer says so to anybody. */
void
priv_notify_open(void)
{
	const char	*path = getenv("NOTIFY_SOCKET");

	if (path != NULL)
		notify_connect(path);
	watchdog_init();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static void __attribute__((__format__(printf, 1, 2)))
notify(const char *fmt, ...)
{
	static struct log_limit	limit;
	char			text[256];
	va_list			ap;

	if (notify_fd == -1)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (send(notify_fd, text, strlen(text), MSG_NOSIGNAL) == -1)
		log_limited(&limit, LOG_WARNING, "service manager: %s",
		    strerror(errno));
}

void
priv_notify_ready(void)
{
	unsigned int	ndest = priv.opt->ndest;

	notify("READY=1\nMAINPID=%ld\nSTATUS=%u source%s of packets, "
	    "%u collector%s", (long)getpid(), priv.ncapture,
	    priv.ncapture == 1 ? "" : "s", ndest, ndest == 1 ? "" : "s");
	reloading = 0;
	if (watchdog_ms > 0 && watchdog_next_ms == INT64_MAX)
		watchdog_next_ms = priv_now_ms();
}

/* To the microsecond: systemd compares it with when it asked. */
void
priv_notify_reloading(void)
{
	struct timespec	ts;

	reloading = 1;
	if (clock_gettime(CLOCK_MONOTONIC, &ts) == 0)
		notify("RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reloading",
		    (long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
}

void
priv_notify_stopping(void)
{
	static int	said;

	if (!said++)
		notify("STOPPING=1\nSTATUS=exporting what is left");
}

/* A worker that is replaced in time is no reason to end the service. */
static int
is_healthy(int64_t now_ms)
{
	const struct worker	*w = &priv.worker;

	return (w->phase >= WORKER_FINISHING || priv.capture_pipe ||
	    now_ms - w->seen_ms < NOTIFY_SILENT_MS);
}

void
priv_notify_timers(int64_t now_ms)
{
	if (reloading && priv.reload == NULL && !priv.handover &&
	    priv.worker.phase == WORKER_RUNNING)
		priv_notify_ready();
	if (now_ms < watchdog_next_ms)
		return;
	watchdog_next_ms = now_ms + watchdog_ms;
	if (is_healthy(now_ms))
		notify("WATCHDOG=1");
}

int64_t
priv_notify_next_ms(void)
{
	return (watchdog_next_ms);
}
