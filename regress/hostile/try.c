/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <stddef.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <syslog.h>

#include "compat.h"
#include "imsg.h"
#include "msg.h"
#include "summary.h"
#include "try.h"

#define TYPES_WALKED	(CTL_RESULT + 20)	/* 0 to that, and: */
#define MARK		0x80000000U
#define SLOTS		1		/* collectors that the daemon has */

static const uint32_t	far_types[] = { 0x7fffffff, MARK, UINT32_MAX };

#define AT(state)	(1U << TRY_##state)
#define AT_WORK		(AT(RUNNING) | AT(CLIENT) | AT(LEAVING) | AT(FINISHING))

/* What a worker may say, of what length, and when with the right content. */
static const struct {
	const char	*name;
	size_t		 len;
	unsigned int	 when;
} known[] = {
	{ "READY", sizeof(struct msg_ready), AT(BEFORE) },
	{ "LOG", sizeof(struct msg_log), AT(BEFORE) | AT_WORK },
	{ "COUNTERS", sizeof(struct msg_counters), AT_WORK },
	{ "EXPORT_COUNTERS", sizeof(struct summary_export), AT_WORK },
	{ "EXPORT_DOWN", sizeof(struct msg_export_down), 0 },
	{ "EXPORT_ASK", sizeof(struct msg_export_ask), AT_WORK },
	{ "SUMMARY", sizeof(struct summary), AT(FINISHING) },
	{ "SUMMARY_PROTO", sizeof(struct summary_proto), 0 },
	{ "SUMMARY_EXPORT", sizeof(struct summary_export), 0 },
	{ "SUMMARY_INTERFACE", sizeof(struct summary_interface), 0 },
	{ "SUMMARY_END", 0, 0 },
	{ "CONTROL_CLOSED", sizeof(struct msg_control_closed), AT(CLIENT) },
	{ "SHUTDOWN", sizeof(struct msg_shutdown), AT(CLIENT) },
	{ "WISH", sizeof(struct msg_wish), AT(CLIENT) },
	{ "HANDED_OVER", 0, AT(LEAVING) },
	{ "FINISHED", sizeof(struct msg_finished), AT(FINISHING) }
};
_Static_assert(sizeof(known) / sizeof(known[0]) ==
    IMSG_FINISHED - IMSG_READY + 1, "a message of msg.h is missing here");

static int
is_known(uint32_t type)
{
	return (type >= IMSG_READY && type <= IMSG_FINISHED);
}

static size_t
right_len(uint32_t type)
{
	return (is_known(type) ? known[type - IMSG_READY].len : 0);
}

/* Values that are wrong by themselves; how many a type has. */
static unsigned int
bad_values(uint32_t type)
{
	switch (type) {
	case IMSG_LOG:
	case IMSG_WISH:
		return (4);
	case IMSG_CONTROL_CLOSED:
		return (3);
	case IMSG_READY:
	case IMSG_EXPORT_COUNTERS:
	case IMSG_EXPORT_ASK:
	case IMSG_SHUTDOWN:
		return (2);
	default:
		return (0);
	}
}

/* What would be the same as another one, or would end the daemon. */
static int
is_tried(const struct try *t)
{
	size_t	len = right_len(t->type);

	/* All forms of all types, where a worker spends its life. */
	if (t->state > TRY_RUNNING && (t->type < IMSG_READY ||
	    t->type > IMSG_FINISHED + 1))
		return (0);
	if (t->state >= TRY_FINISHING && t->how != TRY_GOOD &&
	    (t->type != IMSG_FINISHED || t->how == TRY_HALF) &&
	    (t->type != IMSG_LOG || (t->how != TRY_FD && t->how != TRY_OVER)))
		return (0);
	if (!is_known(t->type))
		return (t->how == TRY_EMPTY ||
		    (t->how == TRY_FD && t->type <= IMSG_FINISH) ||
		    (t->how == TRY_MAX && t->type < CTL_REQUEST_MAX));
	if (t->type == IMSG_SHUTDOWN && t->state == TRY_CLIENT &&
	    try_expect(t) == TRY_ALLOWED && t->how != TRY_PART &&
	    t->how != TRY_HALF)
		return (0);
	switch (t->how) {
	case TRY_EMPTY:
	case TRY_SHORT:
	case TRY_ONES:
	case TRY_ZEROS:
	case TRY_HALF:
		return (len != 0);
	case TRY_MAX:
		return (len != MSG_WORKER_MAX);
	case TRY_BAD0:
	case TRY_BAD1:
	case TRY_BAD2:
	case TRY_BAD3:
		return ((unsigned int)t->how - TRY_BAD0 < bad_values(t->type));
	/* These have no meaning of their own with each type. */
	case TRY_HDR_0:
	case TRY_HDR_15:
	case TRY_HDR_MAX:
	case TRY_HUGE:
	case TRY_PART:
		return (t->type == IMSG_LOG || t->type == IMSG_READY);
	default:
		return (1);
	}
}

int
try_get(unsigned int n, enum try_state state, struct try *t)
{
	unsigned int	i, how;

	t->state = state;
	for (i = 0; i < TYPES_WALKED + nitems(far_types); i++) {
		t->type = i < TYPES_WALKED ? i : far_types[i - TYPES_WALKED];
		for (how = 0; how < TRY_HOWS; how++) {
			t->how = (enum try_how)how;
			if (is_tried(t) && n-- == 0)
				return (1);
		}
	}
	return (0);
}

static enum try_verdict
expect_twice(uint32_t type)
{
	switch (type) {
	case IMSG_READY:
	case IMSG_SUMMARY:
	case IMSG_CONTROL_CLOSED:
	case IMSG_HANDED_OVER:
	case IMSG_FINISHED:
		return (TRY_HOSTILE);
	default:
		return (TRY_ALLOWED);
	}
}

enum try_verdict
try_expect(const struct try *t)
{
	switch (t->how) {
	case TRY_OVER:
	case TRY_HUGE:
	case TRY_HDR_0:
	case TRY_HDR_15:
	case TRY_HDR_MAX:
		return (TRY_MALFORMED);
	case TRY_PART:
	case TRY_HALF:
		return (TRY_ALLOWED);
	default:
		break;
	}
	if (!is_known(t->type) ||
	    !(known[t->type - IMSG_READY].when & 1U << t->state))
		return (TRY_HOSTILE);
	switch (t->how) {
	case TRY_GOOD:
	case TRY_FD_UNMARKED:
	case TRY_MARK_ONLY:
		return (TRY_ALLOWED);
	case TRY_TWICE:
		return (expect_twice(t->type));
	case TRY_ONES:
		return (t->type == IMSG_READY || t->type == IMSG_COUNTERS ||
		    t->type == IMSG_FINISHED ? TRY_ALLOWED : TRY_HOSTILE);
	case TRY_ZEROS:
		return (t->type == IMSG_READY ? TRY_HOSTILE : TRY_ALLOWED);
	default:
		return (TRY_HOSTILE);
	}
}

size_t
try_payload(const struct try *t)
{
	size_t	len = right_len(t->type);

	switch (t->how) {
	case TRY_EMPTY:
		return (0);
	case TRY_SHORT:
		return (len - 1);
	case TRY_LONG:
	case TRY_GONE:
		return (len + 1);
	case TRY_MAX:
		return (MSG_WORKER_MAX);
	case TRY_OVER:
		return (MSG_WORKER_MAX + 1);
	case TRY_HUGE:
		return (TRY_LONGEST - IMSG_HEADER_SIZE);
	default:
		return (len);
	}
}

/* What is right, in that state. */
static void
fill_good(uint32_t type, uint32_t client, unsigned char *to)
{
	struct msg_ready	ready = { 0, UINT32_MAX };
	struct msg_log		log = { LOG_INFO, "a line" };
	struct msg_control_closed closed = { client };
	struct msg_wish		wish = { client, WISH_VERBOSE, 0, 1 };
	struct msg_shutdown	end = { client, 1 };

	switch (type) {
	case IMSG_READY:
		memcpy(to, &ready, sizeof(ready));
		break;
	case IMSG_LOG:
		memcpy(to, &log, sizeof(log));
		break;
	case IMSG_CONTROL_CLOSED:
		memcpy(to, &closed, sizeof(closed));
		break;
	case IMSG_WISH:
		memcpy(to, &wish, sizeof(wish));
		break;
	case IMSG_SHUTDOWN:
		memcpy(to, &end, sizeof(end));
		break;
	}
}

static void
fill_bad(uint32_t type, unsigned int nth, uint32_t client, unsigned char *to)
{
	const struct msg_ready	ready[] = { { 6, 0 }, { 6, ~0x80U } };
	const int32_t		priority[] = { LOG_DEBUG + 1, -1, INT32_MIN };
	const uint32_t		slot[] = { SLOTS, MAX_EXPORT };
	const uint32_t		id[] = { client + 1, MAX_CONTROL,
				    client + 32 };
	const struct msg_shutdown end[] = { { client, 2 }, { client + 1, 1 } };
	const struct msg_wish	wish[] = {
		{ client, WISH_MAX, 0, 0 }, { client, WISH_SAMPLING, 0, 0 },
		{ client, WISH_TIMEOUT, UINT32_MAX, 1 },
		{ client + 32, WISH_RELOAD, 0, 0 }
	};

	fill_good(type, client, to);
	switch (type) {
	case IMSG_READY:
		memcpy(to, &ready[nth], sizeof(ready[0]));
		break;
	case IMSG_LOG:
		if (nth < nitems(priority))
			memcpy(to, &priority[nth], sizeof(priority[0]));
		else
			memset(to + offsetof(struct msg_log, text), 'A',
			    MSG_LOG_SIZE);
		break;
	case IMSG_EXPORT_COUNTERS:
		memcpy(to + offsetof(struct summary_export, slot), &slot[nth],
		    sizeof(slot[0]));
		break;
	case IMSG_EXPORT_ASK:
		memcpy(to, &slot[nth], sizeof(slot[0]));
		break;
	case IMSG_CONTROL_CLOSED:
		memcpy(to, &id[nth], sizeof(id[0]));
		break;
	case IMSG_SHUTDOWN:
		memcpy(to, &end[nth], sizeof(end[0]));
		break;
	case IMSG_WISH:
		memcpy(to, &wish[nth], sizeof(wish[0]));
		break;
	}
}

size_t
try_octets(const struct try *t, uint32_t client, uint64_t deaths,
    unsigned char octets[TRY_LONGEST])
{
	struct imsg_hdr	 hdr = { 0 };
	unsigned char	*payload = octets + sizeof(hdr);
	size_t		 len = try_payload(t);

	memset(payload, 0, len);
	if (t->how >= TRY_BAD0 && t->how <= TRY_BAD3)
		fill_bad(t->type, t->how - TRY_BAD0, client, payload);
	else if (t->how == TRY_ONES || t->how == TRY_HUGE ||
	    !is_known(t->type))
		memset(payload, 0xff, len);
	else if (t->how != TRY_ZEROS && len >= right_len(t->type))
		fill_good(t->type, client, payload);
	if (t->type == IMSG_COUNTERS && len >= sizeof(struct msg_counters))
		memcpy(payload + offsetof(struct msg_counters,
		    counters.worker_deaths), &deaths, sizeof(deaths));
	hdr.type = t->type;
	hdr.len = (uint32_t)(sizeof(hdr) + len);
	if (t->how == TRY_HDR_0 || t->how == TRY_HDR_15)
		hdr.len = t->how == TRY_HDR_0 ? 0 : 15;
	else if (t->how == TRY_HDR_MAX)
		hdr.len = ~MARK;
	if (t->how == TRY_FD || t->how == TRY_FDS || t->how == TRY_MARK_ONLY)
		hdr.len |= MARK;
	memcpy(octets, &hdr, sizeof(hdr));
	len += sizeof(hdr);
	return (t->how == TRY_PART ? sizeof(hdr) / 2 :
	    t->how == TRY_HALF ? len / 2 : len);
}

const char *
try_state_name(enum try_state state)
{
	static const char *const	names[] = { "before READY", "at work",
					    "with a client", "in a hand-over",
					    "finishing", "behind HANDED_OVER",
					    "behind FINISHED" };

	return (names[state]);
}

void
try_name(const struct try *t, char *buf, size_t len)
{
	snprintf(buf, len, "%s %u, form %d, %s", is_known(t->type) ?
	    known[t->type - IMSG_READY].name : "message", t->type, t->how,
	    try_state_name(t->state));
}
