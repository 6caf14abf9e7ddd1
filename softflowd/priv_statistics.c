/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * -o log-statistics: what happened since the last line, of what the worker
 * reported last, which is at most a second or so old.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "priv_state.h"

/* Signed: packets go back by what turns out to be second sightings. */
#define LINE_LIST(X)							\
	X(packets)							\
	X(octets)							\
	X(flows)							\
	X(flows_expired)						\
	X(flows_exported)						\
	X(flows_forced)							\
	X(flows_unsent)							\
	X(kernel_dropped)

static void __attribute__((__format__(printf, 3, 4)))
append(char *buf, size_t size, const char *fmt, ...)
{
	size_t	len = strlen(buf);
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(buf + len, size - len, fmt, ap);
	va_end(ap);
}

void
priv_statistics_line(char *buf, size_t size, const struct priv_statistics *old,
    const struct priv_statistics *new, uint32_t active_flows)
{
	int64_t	ms = new->ms - old->ms;
	int64_t	packets;

	if (ms < 1)
		ms = 1;
	packets = (int64_t)(new->counters.packets - old->counters.packets);
	/* A worker may say anything. */
	if (packets > INT64_MAX / 1000 || packets < INT64_MIN / 1000)
		packets = 0;
	snprintf(buf, size, "statistics: seconds=%lld active_flows=%u "
	    "packets_per_second=%lld", (long long)(ms + 500) / 1000,
	    active_flows, (long long)(packets * 1000 / ms));
#define LINE_COUNTER(name)						\
	append(buf, size, " " #name "=%lld",				\
	    (long long)(new->counters.name - old->counters.name));
	LINE_LIST(LINE_COUNTER)
#undef LINE_COUNTER
	/* Those of a collector that is no more are gone with it. */
	append(buf, size, " records_lost=%llu", (unsigned long long)
	    (new->records_lost < old->records_lost ? 0 :
	    new->records_lost - old->records_lost));
}

static void
statistics_take(struct priv_statistics *s, int64_t now_ms)
{
	unsigned int	i;

	s->ms = now_ms;
	s->counters = priv.counters.counters;
	s->records_lost = 0;
	for (i = 0; i < priv.ndest; i++)
		s->records_lost += priv.dest[i].conf.counters.records_lost;
}

void
priv_statistics_timers(int64_t now_ms)
{
	static struct priv_statistics	before;
	struct priv_statistics		now;
	char				line[512];
	int64_t				period_ms =
					    (int64_t)priv.opt->log_statistics *
					    1000;

	if (period_ms == 0 || !priv.worker.was_ready)
		return;
	if (before.ms == 0)
		before.ms = now_ms;	/* since the start */
	if (now_ms - before.ms < period_ms)
		return;
	statistics_take(&now, now_ms);
	priv_statistics_line(line, sizeof(line), &before, &now,
	    priv.counters.active_flows);
	log_info("%s", line);
	before = now;
}
