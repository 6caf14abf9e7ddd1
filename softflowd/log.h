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
void	log_set_verbose(int);
int	log_get_verbose(void);

/* All keep errno.  log_debug prints only when verbose. */
void	log_warn(const char *, ...) __attribute__((__format__(printf, 1, 2)));
void	log_warnx(const char *, ...) __attribute__((__format__(printf, 1, 2)));
void	log_info(const char *, ...) __attribute__((__format__(printf, 1, 2)));
void	log_debug(const char *, ...) __attribute__((__format__(printf, 1, 2)));

/* A line at a syslog priority, unless that is LOG_DEBUG and not verbose. */
void	log_at(int priority, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));

/* A worker's line: it has decided already whether it is worth it. */
void	log_relay(int priority, const char *text);

/* Log with LOG_CRIT and exit 1; fatal adds errno's text. */
__dead void fatal(const char *, ...)
	    __attribute__((__format__(printf, 1, 2)));
__dead void fatalx(const char *, ...)
	    __attribute__((__format__(printf, 1, 2)));

#endif
