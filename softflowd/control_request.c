/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What control clients ask for, in the confined worker: hostile until its
 * version, type, length, its sender's role and every value are checked.
 */

#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "control_filter.h"
#include "control_state.h"
#include "expire.h"
#include "netflow.h"

#define SANDBOX_ROWS	4
#define MEMORY_ROWS	16

/* What an operator calls it, and the length of what comes with it. */
static const struct {
	const char	*name;
	size_t		 len;
} requests[CTL_REQUEST_MAX - CTL_SHUTDOWN] = {
#define REQUEST(type)	[(type) - CTL_SHUTDOWN]
	REQUEST(CTL_SHUTDOWN) = { "shutdown", 0 },
	REQUEST(CTL_EXIT) = { "exit", 0 },
	REQUEST(CTL_EXPIRE_ALL) = { "expire-all", 0 },
	REQUEST(CTL_DELETE_ALL) = { "delete-all", 0 },
	REQUEST(CTL_STATISTICS) = { "statistics", 0 },
	REQUEST(CTL_DEBUG_MORE) = { "debug+", 0 },
	REQUEST(CTL_DEBUG_LESS) = { "debug-", 0 },
	REQUEST(CTL_STOP_GATHER) = { "stop-gather", 0 },
	REQUEST(CTL_START_GATHER) = { "start-gather", 0 },
	REQUEST(CTL_DUMP_FLOWS) = { "dump-flows", 0 },
	REQUEST(CTL_TIMEOUTS) = { "timeouts", 0 },
	REQUEST(CTL_SEND_TEMPLATE) = { "send-template", 0 },
	REQUEST(CTL_RELOAD) = { "reload", 0 },
	REQUEST(CTL_SET) = { "set", sizeof(struct ctl_set) },
	REQUEST(CTL_SHOW_FLOWS) = { "show flows", sizeof(struct ctl_query) },
	REQUEST(CTL_FLOW_EXPIRE) = { "flow expire",
	    sizeof(struct ctl_filter) },
	REQUEST(CTL_FLOW_DELETE) = { "flow delete",
	    sizeof(struct ctl_filter) },
	REQUEST(CTL_SANDBOX) = { "show sandbox", 0 },
	REQUEST(CTL_MEMORY) = { "show memory", 0 },
#undef REQUEST
};

/*
 * Rows.  Each function queues one: 1, 0 behind the last, -1 on error.
 */

/* The cursor counts on behind the protocols. */
static int
row_interface(struct client *c)
{
	struct summary_interface row;

	while (c->cursor < 2 * 256) {
		if (!control_ops->interface((uint8_t)(c->cursor++ - 256),
		    &row))
			continue;
		if (client_send(c, CTL_SUMMARY_INTERFACE, &row,
		    sizeof(row)) == -1)
			return (-1);
		return (1);
	}
	return (0);
}

static int
row_proto(struct client *c)
{
	const struct summary_proto *protos = control_ops->protos();

	for (; c->cursor < 256; c->cursor++) {
		if (protos[c->cursor].flows == 0)
			continue;
		if (client_send(c, CTL_SUMMARY_PROTO, &protos[c->cursor],
		    sizeof(*protos)) == -1)
			return (-1);
		c->cursor++;
		return (1);
	}
	return (row_interface(c));
}

int
client_rows(struct client *c)
{
	int n;

	if (c->request != CTL_STATISTICS)
		return (client_flows(c));
	while (imsgbuf_queuelen(&c->ibuf) < CONTROL_QUEUE_MAX) {
		if ((n = row_proto(c)) == -1)
			return (-1);
		if (n == 0)
			return (client_result(c, 0, c->rows, "%s", ""));
		c->rows++;
	}
	return (0);
}

/*
 * The rows that are few; those of protocols and interfaces follow as room
 * allows.
 */
static int
client_statistics(struct client *c)
{
	struct summary summary;
	struct summary_export exports[MAX_EXPORT];
	unsigned int i, n;

	memset(&summary, 0, sizeof(summary));
	memset(exports, 0, sizeof(exports));
	control_ops->summary(&summary);
	if (client_send(c, CTL_SUMMARY, &summary, sizeof(summary)) == -1)
		return (-1);
	n = control_ops->exports(exports, nitems(exports));
	for (i = 0; i < n && i < nitems(exports); i++) {
		if (client_send(c, CTL_SUMMARY_EXPORT, &exports[i],
		    sizeof(exports[i])) == -1)
			return (-1);
	}
	c->rows = 1 + i;
	c->state = CLIENT_ROWS;
	return (0);
}

static int
client_timeouts(struct client *c)
{
	struct timeouts timeouts;

	memset(&timeouts, 0, sizeof(timeouts));
	control_ops->timeouts(&timeouts);
	if (client_send(c, CTL_TIMEOUTS_ROW, &timeouts, sizeof(timeouts)) ==
	    -1)
		return (-1);
	return (client_result(c, 0, 1, "%s", ""));
}

static int
client_sandbox(struct client *c)
{
	struct ctl_sandbox rows[SANDBOX_ROWS];
	unsigned int i, n;

	memset(rows, 0, sizeof(rows));
	n = control_ops->sandbox(rows, nitems(rows));
	for (i = 0; i < n; i++)
		if (client_send(c, CTL_SANDBOX_ROW, &rows[i],
		    sizeof(rows[i])) == -1)
			return (-1);
	return (client_result(c, 0, n, "%s", ""));
}

static int
client_memory(struct client *c)
{
	struct ctl_memory rows[MEMORY_ROWS];
	unsigned int i, n;

	memset(rows, 0, sizeof(rows));
	n = control_ops->memory(rows, nitems(rows));
	for (i = 0; i < n; i++)
		if (client_send(c, CTL_MEMORY_ROW, &rows[i],
		    sizeof(rows[i])) == -1)
			return (-1);
	return (client_result(c, 0, n, "%s", ""));
}

/*
 * Flows by a filter.
 */

/* Nothing that nobody keeps is asked for. */
static int
lacks_vlans(const struct ctl_filter *f)
{
	return (f->have & CTL_FILTER_VLAN &&
	    track_side(control_ops->table(), 0) == NULL);
}

static const char no_vlans[] = "VLANs of flows are not kept: softflowd needs "
    "-T vlan, -T ether or -o fields=vlan for that";

static int
client_show_flows(struct client *c)
{
	const struct ctl_query *q = &c->payload.query;
	const char *error;

	if ((error = control_query_check(q)) != NULL)
		return (client_result(c, 1, 0, "%s", error));
	if (lacks_vlans(&q->filter))
		return (client_result(c, 1, 0, "%s", no_vlans));
	return (client_flows_begin(c));
}

/* All if there is no filter. */
static int
drop_flows(struct client *c, int expire, const struct ctl_filter *f)
{
	unsigned long long n;

	n = expire ? control_ops->expire(f) : control_ops->delete(f);
	if (control_ops->interrupted())
		return (client_result(c, 1, n, "%s %llu flows, not all that "
		    "were meant: softflowd ends, or hands over to a new "
		    "worker; try again", expire ? "Expired" : "Deleted", n));
	return (client_result(c, 0, n, "%s %llu flows.", expire ? "Expired" :
	    "Deleted", n));
}

static int
client_drop_flows(struct client *c, int expire)
{
	const struct ctl_filter *f = &c->payload.filter;
	const char *error;

	if ((error = control_filter_check(f)) != NULL)
		return (client_result(c, 1, 0, "%s", error));
	if (lacks_vlans(f))
		return (client_result(c, 1, 0, "%s", no_vlans));
	if (control_filter_empty(f))
		return (client_result(c, 1, 0, "an empty filter means all "
		    "flows; for these use %s", expire ? "expire-all" :
		    "delete-all"));
	return (drop_flows(c, expire, f));
}

/*
 * Wishes: what is the parent's to do.
 */

static int
client_wish(struct client *c, enum wish wish, uint32_t which, uint32_t value)
{
	struct msg_wish msg = { client_id(c), wish, which, value };

	c->state = CLIENT_WAITING;
	control_ops->wish(&msg);
	return (0);
}

static int
set_timeout(struct client *c, uint32_t which, uint32_t seconds)
{
	if (which >= TIMEOUT_MAX)
		return (client_result(c, 1, 0, "unknown timeout %u: allowed "
		    "are 0, %s, to %u, %s", which, timeout_names[0],
		    TIMEOUT_MAX - 1, timeout_names[TIMEOUT_MAX - 1]));
	if (seconds == 0 && !TIMEOUT_MAY_BE_0(which))
		return (client_result(c, 1, 0, "timeout %s: it must not be "
		    "0; only maxlife and expint may", timeout_names[which]));
	if (seconds > LIMIT_TIMEOUT)
		return (client_result(c, 1, 0, "timeout %s: %u seconds: "
		    "longer than 10 years (3650d)", timeout_names[which],
		    seconds));
	return (client_wish(c, WISH_TIMEOUT, which, seconds));
}

static int
set_sampling(struct client *c, uint32_t sampling)
{
	struct summary_export exports[MAX_EXPORT];
	unsigned int i, n;

	if (sampling == 0)
		return (client_result(c, 1, 0, "sampling of 1 in 0: allowed "
		    "are 1 in 1 to 1 in %u", UINT32_MAX));
	memset(exports, 0, sizeof(exports));
	n = control_ops->exports(exports, nitems(exports));
	for (i = 0; i < n && i < nitems(exports); i++)
		if (exports[i].version == 5 && sampling > NETFLOW5_SAMPLING_MAX)
			return (client_result(c, 1, 0, "sampling of 1 in %u: "
			    "a collector of version 5 can be told 1 in %u at "
			    "most", sampling, NETFLOW5_SAMPLING_MAX));
	return (client_wish(c, WISH_SAMPLING, 0, sampling));
}

static int
client_set(struct client *c)
{
	const struct ctl_set *set = &c->payload.set;

	switch (set->wish) {
	case WISH_TIMEOUT:
		return (set_timeout(c, set->which, set->value));
	case WISH_SAMPLING:
		return (set_sampling(c, set->value));
	case WISH_VERBOSE:
		if (set->value > 1)
			return (client_result(c, 1, 0, "log level %u: "
			    "allowed are 0, brief, and 1, verbose",
			    set->value));
		return (client_wish(c, WISH_VERBOSE, 0, set->value));
	default:
		return (client_result(c, 1, 0, "unknown setting %u: allowed "
		    "are %u, a timeout, %u, sampling, and %u, the log level",
		    set->wish, WISH_TIMEOUT, WISH_SAMPLING, WISH_VERBOSE));
	}
}

/* Do what is asked; type is a known request, its payload has been taken. */
static int
client_perform(struct client *c, uint32_t type)
{
	switch (type) {
	case CTL_SHUTDOWN:
		return (client_result(c, 0, 0, "Shutting down gracefully..."));
	case CTL_EXIT:
		return (client_result(c, 0, 0, "Exiting now..."));
	case CTL_EXPIRE_ALL:
		return (drop_flows(c, 1, NULL));
	case CTL_DELETE_ALL:
		return (drop_flows(c, 0, NULL));
	case CTL_STATISTICS:
		return (client_statistics(c));
	case CTL_DEBUG_MORE:
		return (client_wish(c, WISH_VERBOSE, 0, 1));
	case CTL_DEBUG_LESS:
		return (client_wish(c, WISH_VERBOSE, 0, 0));
	case CTL_STOP_GATHER:
		control_ops->gather(0);
		return (client_result(c, 0, 0, "Data collection stopped."));
	case CTL_START_GATHER:
		control_ops->gather(1);
		return (client_result(c, 0, 0, "Data collection resumed."));
	case CTL_TIMEOUTS:
		return (client_timeouts(c));
	case CTL_SEND_TEMPLATE:
		control_ops->send_template();
		return (client_result(c, 0, 0,
		    "Template will be sent at next flow export"));
	case CTL_RELOAD:
		return (client_wish(c, WISH_RELOAD, 0, 0));
	case CTL_SET:
		return (client_set(c));
	case CTL_FLOW_EXPIRE:
		return (client_drop_flows(c, 1));
	case CTL_FLOW_DELETE:
		return (client_drop_flows(c, 0));
	case CTL_SANDBOX:
		return (client_sandbox(c));
	case CTL_MEMORY:
		return (client_memory(c));
	default:	/* CTL_DUMP_FLOWS, CTL_SHOW_FLOWS */
		return (client_show_flows(c));
	}
}

/* Whether the message is one of ours: its payload is the client's then. */
static int
client_take(struct client *c, struct imsg *imsg)
{
	uint32_t type = imsg_get_type(imsg), id = imsg_get_id(imsg);
	size_t len = imsg_get_len(imsg), want;

	if (id != CTL_VERSION)
		return (client_refuse(c, "request of protocol version %u: "
		    "this softflowd speaks version %u; use the softflowctl "
		    "that came with it", id, CTL_VERSION));
	if (type < CTL_SHUTDOWN || type >= CTL_REQUEST_MAX)
		return (client_refuse(c, "unknown request %u: allowed are %u "
		    "to %u", type, CTL_SHUTDOWN, CTL_REQUEST_MAX - 1));
	want = requests[type - CTL_SHUTDOWN].len;
	/* To each its own: nothing of a request before is left. */
	memset(&c->payload, 0, sizeof(c->payload));
	if (len == want && (len == 0 ||
	    imsg_get_data(imsg, &c->payload, len) == 0)) {
		c->request = type;
		return (1);
	}
	if (want == 0)
		return (client_refuse(c, "request %u (%s) with %zu octets "
		    "behind its header: allowed are none", type,
		    requests[type - CTL_SHUTDOWN].name, len));
	return (client_refuse(c, "request %u (%s) with %zu octets behind its "
	    "header: allowed are %zu", type,
	    requests[type - CTL_SHUTDOWN].name, len, want));
}

int
client_request(struct client *c, uint64_t now_ms)
{
	struct imsg imsg;
	int n;

	if ((n = imsgbuf_get(&c->ibuf, &imsg)) != 1)
		return (n);
	c->progress_ms = now_ms;
	n = client_take(c, &imsg);
	imsg_free(&imsg);
	if (n != 1)
		return (n);
	c->rows = c->cursor = 0;
	if (c->role != CONTROL_OPERATOR && !CTL_IS_SHOW(c->request)) {
		n = client_result(c, 1, 0, "this connection may only show: "
		    "%s needs root or the user who started softflowd",
		    requests[c->request - CTL_SHUTDOWN].name);
		c->request = 0;		/* it is not to be done */
		return (n);
	}
	return (client_perform(c, c->request));
}
