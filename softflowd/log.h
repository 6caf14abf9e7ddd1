/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Logging of both processes.  The parent writes to stderr or syslog; the
 * worker hands every line to a function that sends it to the parent.
 */

#ifndef LOG_H
#define LOG_H

#include <stdarg.h>
#include <stdint.h>

#include "compat.h"

/* Lines of the worker leave through this. */
typedef void log_sink_fn(int priority, const char *text);

/*
 * procname stands in front of lines on stderr.  syslog must be opened, and is
 * used as well, before confinement and before stderr goes.
 */
void	log_init(const char *procname, int to_stderr, int verbose);
void	log_open_syslog(void);
void	log_to_stderr(int on);
void	log_set_sink(log_sink_fn *);

/*
 * Lines up to this syslog priority are written, LOG_INFO at first; while
 * verbose all are.
 */
void	log_set_level(int priority);
void	log_set_verbose(int);
int	log_get_verbose(void);

/* All keep errno. */
void	log_warn(const char *, ...) __attribute__((__format__(printf, 1, 2)));
void	log_warnx(const char *, ...) __attribute__((__format__(printf, 1, 2)));
void	log_info(const char *, ...) __attribute__((__format__(printf, 1, 2)));
void	log_debug(const char *, ...) __attribute__((__format__(printf, 1, 2)));

/* A line at a syslog priority. */
void	log_at(int priority, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));

/* A worker's line: whether it is worth debugging it has decided already. */
void	log_relay(int priority, const char *text);

/*
 * One kind of line that somebody else can bring about again and again; zeroed
 * at first, and static, for it is remembered.  So many lines are written in
 * such a time; the others are counted, and the last of them stands for them
 * when the time is over.  Tick, to be called about once a second with the
 * monotonic clock, sees to that.  log_limit() is log_limited() without a clock.
 */
#define LOG_LIMIT_LINES		5
#define LOG_LIMIT_MS		60000
struct log_limit {
	struct log_limit	*next;	/* of those with lines to tell of */
	int64_t			 since_ms;
	unsigned int		 lines, suppressed;
	int			 priority;	/* of the last suppressed one */
	char			 text[512];
};
void	log_limited(struct log_limit *, int priority, const char *, ...)
	    __attribute__((__format__(printf, 3, 4)));
void	log_limit(struct log_limit *, int64_t now_ms, int priority,
	    const char *text);
void	log_limits_tick(int64_t now_ms);

/* Log with LOG_CRIT and exit 1; fatal adds errno's text. */
__dead void fatal(const char *, ...)
	    __attribute__((__format__(printf, 1, 2)));
__dead void fatalx(const char *, ...)
	    __attribute__((__format__(printf, 1, 2)));

#endif
