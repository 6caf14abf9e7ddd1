/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What operators may ask of the worker, and the summary for the parent.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control_filter.h"
#include "engine_state.h"
#include "log.h"

static int	interrupted;	/* the last of for_all_flows() */

/*
 * Each flow once, while frames go on being read: a million flows take longer
 * than those could wait.  With a limit it may be minutes, in which the parent
 * must hear of us, and may want us to end or to hand over.
 */
static uint64_t
for_all_flows(uint64_t (*some)(struct meter *, uint32_t *))
{
	uint64_t	count = 0;
	uint32_t	cursor = 0;

	interrupted = 0;
	for (;;) {
		count += some(engine.meter, &cursor);
		if (cursor == TRACK_NONE)
			return (count);
		if (some == meter_expire_some)
			engine_await_room();
		if (engine.gathering && !(engine.conf.flags & CONF_SAVEFILE))
			(void)engine_read_frames();
		engine_pause(0);
		engine_report(0);
		engine_flush(0);
		if (engine.phase != ENGINE_RUNNING) {
			interrupted = 1;
			return (count);
		}
	}
}

/* What expires flows: the packets of a savefile are of another day. */
static uint64_t
op_now_us(void)
{
	return (engine.conf.flags & CONF_SAVEFILE ? meter_now(engine.meter) :
	    (uint64_t)engine.unix_us);
}

static int
is_meant(const void *filter, const struct flow *flow,
    const struct flow_side *side)
{
	return (control_filter_match(filter, flow, side, op_now_us()));
}

static uint64_t
for_flows(const struct ctl_filter *filter,
    uint64_t (*some)(struct meter *, uint32_t *))
{
	uint64_t	count;

	meter_pick(engine.meter, filter == NULL ? NULL : is_meant, filter);
	count = for_all_flows(some);
	meter_pick(engine.meter, NULL, NULL);
	return (count);
}

static uint64_t
op_expire(const struct ctl_filter *filter)
{
	uint64_t	n = for_flows(filter, meter_expire_some);

	log_info("%llu flows expired on request", (unsigned long long)n);
	return (n);
}

static uint64_t
op_delete(const struct ctl_filter *filter)
{
	uint64_t	n = for_flows(filter, meter_delete_some);

	log_info("%llu flows deleted on request", (unsigned long long)n);
	return (n);
}

static int
op_interrupted(void)
{
	return (interrupted);
}

static void
op_summary(struct summary *summary)
{
	engine_kernel_counters();
	meter_flush(engine.meter);
	*summary = *meter_summary(engine.meter);
	summary->now_us = op_now_us();
	summary->sampling = engine.conf.sampling;
	if (!engine.gathering)
		summary->flags |= SUMMARY_STOPPED;
	summary->peak_flows = track_top(meter_table(engine.meter));
	if (summary->peak_flows > summary->max_flows)
		summary->peak_flows = summary->max_flows;
	strlcpy(summary->version, SOFTFLOWD_VERSION,
	    sizeof(summary->version));
}

static const struct summary_proto *
op_protos(void)
{
	return (meter_protos(engine.meter));
}

static unsigned int
op_exports(struct summary_export *rows, unsigned int max)
{
	return (meter_exports(engine.meter, rows, max));
}

/* A capture always has a row; of other interfaces those that were met. */
int
engine_interface(uint8_t slot, struct summary_interface *row)
{
	if (!meter_interface(engine.meter, slot, row))
		return (0);
	if (!engine.interfaces.captures || slot == 0 ||
	    slot == INTERFACE_OTHER)
		return (row->frames > 0);
	row->flags |= SUMMARY_KERNEL;
	if (engine.capture_conf[slot - 1].flags & MSG_CAPTURE_REMOVED)
		row->flags |= SUMMARY_REMOVED;
	else if (engine.interfaces.interface[slot - 1].ifindex == 0 &&
	    engine.capture_conf[slot - 1].kind != CAPTURE_PSAMP)
		row->flags |= SUMMARY_ABSENT;
	return (1);
}

static void
op_timeouts(struct timeouts *timeouts)
{
	*timeouts = engine.conf.timeouts;
}

static unsigned int
op_sandbox(struct ctl_sandbox *rows, unsigned int max)
{
	unsigned int	n = 0;

	if (n < max) {
		strlcpy(rows[n].process, "parent", sizeof(rows[n].process));
		rows[n].pid = engine.conf.daemon_pid;
		rows[n].layers = engine.conf.parent_layers;
		rows[n++].landlock_abi = engine.conf.parent_landlock_abi;
	}
	if (n < max) {
		strlcpy(rows[n].process, "worker", sizeof(rows[n].process));
		rows[n].pid = (int32_t)getpid();
		rows[n].layers = engine.ready.layers;
		rows[n++].landlock_abi = engine.ready.landlock_abi;
	}
	return (n);
}

static unsigned int
op_memory(struct ctl_memory *rows, unsigned int max)
{
	const struct msg_capture	*c;
	unsigned int			 n;

	n = meter_memory(engine.meter, rows, max);
	if (n < max) {
		strlcpy(rows[n].use, "rings", sizeof(rows[n].use));
		for (c = engine.capture_conf;
		    c < engine.capture_conf + engine.ncapture; c++) {
			rows[n].octets += (uint64_t)c->block_size *
			    c->block_count;
			rows[n].entries += c->block_count;
		}
		rows[n].octets_used = rows[n].octets;
		rows[n].entries_max = rows[n].entries;
		n++;
	}
	if (n < max) {
		strlcpy(rows[n].use, "control clients", sizeof(rows[n].use));
		control_memory(&rows[n++]);
	}
	return (n);
}

static void
op_gather(int on)
{
	engine.gathering = on;
	engine.estate->paused = !on;	/* also for who comes behind us */
	log_info("data collection %s", on ? "resumed" : "stopped");
}

static void
op_send_template(void)
{
	meter_send_templates(engine.meter);
}

static void
op_wish(const struct msg_wish *wish)
{
	engine_send(IMSG_WISH, wish, sizeof(*wish));
}

static void
op_shutdown(uint32_t id, int graceful)
{
	struct msg_shutdown	msg = { id, (uint32_t)graceful };

	engine_report(1);	/* how many flows "exit" leaves unexported */
	engine_send(IMSG_SHUTDOWN, &msg, sizeof(msg));
}

static void
op_closed(uint32_t id)
{
	struct msg_control_closed	msg = { .id = id };

	engine_send(IMSG_CONTROL_CLOSED, &msg, sizeof(msg));
}

static const struct track *
op_table(void)
{
	return (meter_table(engine.meter));
}

static int
op_expires(const struct flow *flow, enum expire_reason *why)
{
	uint64_t	deadline;
	int64_t		left;

	deadline = expire_deadline(meter_expire(engine.meter), flow, why);
	left = (int64_t)(deadline / 1000000) - engine.unix_us / 1000000;
	if (left > INT32_MAX)
		return (INT32_MAX);
	return (left < INT32_MIN ? INT32_MIN : (int)left);
}

static const struct control_ops	engine_ops = {
	.expire = op_expire,
	.delete = op_delete,
	.summary = op_summary,
	.protos = op_protos,
	.exports = op_exports,
	.interface = engine_interface,
	.timeouts = op_timeouts,
	.sandbox = op_sandbox,
	.memory = op_memory,
	.gather = op_gather,
	.send_template = op_send_template,
	.wish = op_wish,
	.shutdown = op_shutdown,
	.closed = op_closed,
	.table = op_table,
	.interrupted = op_interrupted,
	.expires = op_expires,
	.now_us = op_now_us
};

void
engine_control_init(void)
{
	control_init(&engine_ops, engine.conf.daemon_pid);
}

void
engine_get_wish_done(struct imsg *imsg)
{
	struct msg_wish_done	msg;

	if (imsg_get_data(imsg, &msg, sizeof(msg)) == -1 ||
	    control_wish_done(&msg, (uint64_t)engine.mono_us / 1000) == -1)
		fatalx("bad WISH_DONE");
}

void
engine_send_summary(void)
{
	const struct summary_proto	*proto = op_protos();
	struct summary_export		 rows[MAX_EXPORT];
	struct summary_interface	 interface;
	struct summary			 summary;
	unsigned int			 i, n;

	op_summary(&summary);
	engine_send(IMSG_SUMMARY, &summary, sizeof(summary));
	for (i = 0; i < 256; i++)
		if (proto[i].flows > 0)
			engine_send(IMSG_SUMMARY_PROTO, &proto[i],
			    sizeof(proto[i]));
	n = op_exports(rows, MAX_EXPORT);
	for (i = 0; i < n; i++)
		engine_send(IMSG_SUMMARY_EXPORT, &rows[i], sizeof(rows[i]));
	for (i = 0; i < 256; i++)
		if (engine_interface((uint8_t)i, &interface))
			engine_send(IMSG_SUMMARY_INTERFACE, &interface,
			    sizeof(interface));
	engine_send(IMSG_SUMMARY_END, NULL, 0);
}
