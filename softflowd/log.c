/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Logging.  Runs in the parent (stderr or syslog) and in the worker, whose
 * lines go to the parent through a sink: it has no descriptor to write to.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define LOG_LINE	1024

static const char	*log_procname = "softflowd";
static int		 log_stderr = 1;
static int		 log_syslog;
static int		 log_level = LOG_INFO;
static int		 log_verbose;
static log_sink_fn	*log_sink;
static struct log_limit	*log_limits;	/* with lines to tell of */

void
log_init(const char *procname, int to_stderr, int verbose)
{
	log_procname = procname;
	log_stderr = to_stderr;
	log_verbose = verbose;
	tzset();
}

void
log_open_syslog(void)
{
	openlog("softflowd", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	log_syslog = 1;
}

void
log_to_stderr(int on)
{
	log_stderr = on;
}

void
log_set_sink(log_sink_fn *sink)
{
	log_sink = sink;
}

void
log_set_level(int priority)
{
	log_level = priority;
}

void
log_set_verbose(int verbose)
{
	log_verbose = verbose;
}

int
log_get_verbose(void)
{
	return (log_verbose);
}

static void
log_line(int priority, const char *text)
{
	if (log_sink != NULL) {
		log_sink(priority, text);
		return;
	}
	if (log_stderr)
		dprintf(2, "%s: %s\n", log_procname, text);
	if (log_syslog)
		syslog(priority, "%s", text);
}

static void
log_format(int priority, int error, const char *fmt, va_list ap)
{
	char	line[LOG_LINE];
	size_t	len;
	int	saved = errno;

	if (priority <= log_level || log_verbose) {
		if (vsnprintf(line, sizeof(line), fmt, ap) < 0)
			strlcpy(line, fmt, sizeof(line));
		if (error != 0) {
			len = strlen(line);
			snprintf(line + len, sizeof(line) - len, ": %s",
			    strerror(error));
		}
		log_line(priority, line);
	}
	errno = saved;
}

void
log_warn(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	log_format(LOG_WARNING, errno, fmt, ap);
	va_end(ap);
}

void
log_warnx(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	log_format(LOG_WARNING, 0, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	log_format(LOG_INFO, 0, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	log_format(LOG_DEBUG, 0, fmt, ap);
	va_end(ap);
}

void
log_at(int priority, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	log_format(priority, 0, fmt, ap);
	va_end(ap);
}

void
log_relay(int priority, const char *text)
{
	int	saved = errno;

	if (priority <= log_level || priority == LOG_DEBUG || log_verbose)
		log_line(priority, text);
	errno = saved;
}

/* The time is over: tell of what was suppressed in it. */
static void
log_limit_over(struct log_limit *l, int64_t now_ms)
{
	struct log_limit	**at;

	if (l->suppressed > 1)
		log_at(l->priority, "%s (%u more like this suppressed in "
		    "%lld s)", l->text, l->suppressed - 1,
		    (long long)(now_ms - l->since_ms) / 1000);
	else if (l->suppressed == 1)
		log_at(l->priority, "%s", l->text);
	for (at = &log_limits; *at != NULL; at = &(*at)->next)
		if (*at == l) {
			*at = l->next;
			break;
		}
	l->lines = l->suppressed = 0;
	l->since_ms = now_ms;
}

void
log_limit(struct log_limit *l, int64_t now_ms, int priority, const char *text)
{
	if (l->lines == 0 || now_ms - l->since_ms >= LOG_LIMIT_MS)
		log_limit_over(l, now_ms);
	if (++l->lines <= LOG_LIMIT_LINES) {
		log_at(priority, "%s", text);
		return;
	}
	if (l->suppressed++ == 0) {
		l->next = log_limits;
		log_limits = l;
	}
	l->priority = priority;
	strlcpy(l->text, text, sizeof(l->text));
}

void
log_limited(struct log_limit *l, int priority, const char *fmt, ...)
{
	struct timespec	 ts = { 0 };
	char		 text[sizeof(l->text)];
	va_list		 ap;
	int		 saved = errno;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	log_limit(l, (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000,
	    priority, text);
	errno = saved;
}

void
log_limits_tick(int64_t now_ms)
{
	struct log_limit	*l, *next;

	for (l = log_limits; l != NULL; l = next) {
		next = l->next;
		if (now_ms - l->since_ms >= LOG_LIMIT_MS)
			log_limit_over(l, now_ms);
	}
}

/* A confined worker may not run what exit(3) runs: it would seek. */
static __dead void
log_die(void)
{
	if (log_sink != NULL)
		_exit(1);
	exit(1);
}

void
fatal(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	log_format(LOG_CRIT, errno, fmt, ap);
	va_end(ap);
	log_die();
}

void
fatalx(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	log_format(LOG_CRIT, 0, fmt, ap);
	va_end(ap);
	log_die();
}
