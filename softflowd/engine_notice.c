/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What an operator should know of, in the log when it begins and ends. */

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "engine_state.h"
#include "log.h"
#include "notice.h"

static const struct notice_text {
	const char	*begins;
	const char	*reason;
	const char	*ends;		/* what is no more */
} texts[] = {
	{ "the kernel drops packets",
	    "the daemon is too slow, or -B too small", "dropped packets" },
	{ "the table is full, flows are expired early",
	    "-m is too small, or it is a flood", "flows expired early" },
	{ "records are lost",
	    "see the last error of this collector in the statistics",
	    "lost records" }
};
enum { NOTICE_DROPPED, NOTICE_TABLE, NOTICE_RECORDS };

/* Shared is in the estate, where a worker before us may have written. */
static void
look(struct notice *shared, int kind, const char *who, uint64_t counter)
{
	const struct notice_text	*text = &texts[kind];
	struct notice			 copy = *shared, *notice = &copy;

	if (!notice_valid(notice, engine.mono_us))
		memset(notice, 0, sizeof(*notice));
	switch (notice_look(notice, counter, engine.mono_us)) {
	case NOTICE_NONE:
		break;
	case NOTICE_BEGINS:
		log_warnx("%s: %s (%llu in %u s): %s", who, text->begins,
		    (unsigned long long)notice->count, notice->seconds,
		    text->reason);
		break;
	case NOTICE_ENDS:
		log_at(LOG_NOTICE, "%s: no %s for %u s; before, %llu in %u s",
		    who, text->ends, notice->quiet_s,
		    (unsigned long long)notice->count, notice->seconds);
		break;
	}
	*shared = copy;
}

void
engine_notice(const struct summary_export *rows, unsigned int n)
{
	struct estate		*e = engine.estate;
	const struct counters	*c = meter_counters(engine.meter);
	char			 who[MSG_NAME_SIZE + 16];
	unsigned int		 i;

	/* A file that is too much is no sign of trouble. */
	if (engine.conf.flags & CONF_SAVEFILE)
		return;
	/* While there was no worker, packets may have been dropped. */
	if (e->dropped.looked_us == 0)
		look(&e->dropped, NOTICE_DROPPED, "capture",
		    engine.conf.counters.kernel_dropped);
	look(&e->dropped, NOTICE_DROPPED, "capture", c->kernel_dropped);
	look(&e->full, NOTICE_TABLE, "flows", c->expired_maxflows);
	for (i = 0; i < n && rows[i].slot < MAX_EXPORT; i++) {
		snprintf(who, sizeof(who), "collector %s", rows[i].name);
		look(&e->lost[rows[i].slot], NOTICE_RECORDS, who,
		    rows[i].counters.records_lost);
	}
}
