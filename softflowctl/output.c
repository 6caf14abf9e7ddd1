/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Text for the operator; runs with the operator's own privileges. */

#include <sys/socket.h>

#include <arpa/inet.h>

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "compat.h"
#include "output.h"

#define TIME_SIZE	40

void
output_line(FILE *out, pid_t pid, const char *text)
{
	fprintf(out, "softflowd[%ld]: ", (long)pid);
	for (; *text != '\0'; text++)
		putc(*text >= ' ' && *text <= '~' ? *text : '?', out);
	putc('\n', out);
}

/* ISO 8601, UTC, whole seconds. */
static void
format_time(char *buf, size_t len, uint64_t time_us)
{
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(buf, len, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		strlcpy(buf, "unknown", len);
}

/* A name as far as it can be printed; '-' for none. */
static void
output_interface(FILE *out, const char *what, const char *name)
{
	size_t i;

	fprintf(out, " %s:%s", what, name[0] == '\0' ? "-" : "");
	for (i = 0; i < INTERFACE_NAME && name[i] != '\0'; i++)
		putc(name[i] > ' ' && name[i] <= '~' ? name[i] : '?', out);
}

static int
is_zero(const uint8_t *p, size_t len)
{
	while (len-- > 0)
		if (*p++ != 0)
			return (0);
	return (1);
}

/* VLAN ids and MAC addresses, where there are any. */
static void
output_side(FILE *out, const struct ctl_flow *f)
{
	const uint8_t *m;
	int i;

	if ((f->have & CTL_FLOW_SIDE) == 0)
		return;
	if (f->vlan[1] != 0)
		fprintf(out, " vlan:%u.%u", f->vlan[0], f->vlan[1]);
	else if (f->vlan[0] != 0)
		fprintf(out, " vlan:%u", f->vlan[0]);
	if (is_zero((const uint8_t *)f->mac, sizeof(f->mac)))
		return;
	for (i = 0; i < 2; i++) {
		m = f->mac[i];
		fprintf(out, "%s%02x:%02x:%02x:%02x:%02x:%02x", i == 0 ?
		    " mac:" : " <> ", m[0], m[1], m[2], m[3], m[4], m[5]);
	}
}

static void
classic_flows(const struct show *s)
{
	output_line(s->out, s->pid, "Dumping flow data:");
}

static void
classic_flow(const struct show *s, const struct ctl_flow *f)
{
	FILE *out = s->out;
	char addr[2][INET6_ADDRSTRLEN], start[TIME_SIZE], finish[TIME_SIZE];
	uint64_t first_us = UINT64_MAX, last_us = 0;
	int i, af = f->family == 6 ? AF_INET6 : AF_INET;

	for (i = 0; i < 2; i++) {
		if (inet_ntop(af, f->addr[i], addr[i], sizeof(addr[i])) ==
		    NULL)
			strlcpy(addr[i], "unknown", sizeof(addr[i]));
		if (f->packets[i] == 0)
			continue;
		if (f->first_us[i] < first_us)
			first_us = f->first_us[i];
		if (f->last_us[i] > last_us)
			last_us = f->last_us[i];
	}
	if (first_us == UINT64_MAX)
		first_us = 0;
	format_time(start, sizeof(start), first_us);
	format_time(finish, sizeof(finish), last_us);

	fprintf(out, "ACTIVE seq:%u [%s]:%u <> [%s]:%u proto:%u "
	    "octets>:%" PRIu64 " packets>:%" PRIu64 " octets<:%" PRIu64
	    " packets<:%" PRIu64 " start:%s.%03u finish:%s.%03u "
	    "tcp>:%02x tcp<:%02x", f->index, addr[0], f->port[0], addr[1],
	    f->port[1], f->proto, f->octets[0], f->packets[0], f->octets[1],
	    f->packets[1], start, (unsigned int)(first_us / 1000 % 1000),
	    finish, (unsigned int)(last_us / 1000 % 1000), f->tcp_flags[0],
	    f->tcp_flags[1]);
	output_interface(out, "in>", f->in[0]);
	output_interface(out, "out>", f->out[0]);
	output_interface(out, "in<", f->in[1]);
	output_interface(out, "out<", f->out[1]);
	output_side(out, f);
	putc('\n', out);
	if (f->expires > 0)
		fprintf(out, "EXPIRY EVENT for flow %u in %d seconds\n",
		    f->index, f->expires);
	else
		fprintf(out, "EXPIRY EVENT for flow %u now%s\n", f->index,
		    f->reason == EXPIRE_OVERBYTES ||
		    f->reason == EXPIRE_MAXFLOWS || f->reason == EXPIRE_FLUSH ?
		    " (FORCED)" : "");
}

static void
classic_timeouts(const struct show *s, const struct timeouts *t)
{
	static const char *const names[TIMEOUT_MAX] = {
		[TIMEOUT_TCP] = "TCP timeout",
		[TIMEOUT_TCP_RST] = "TCP post-RST timeout",
		[TIMEOUT_TCP_FIN] = "TCP post-FIN timeout",
		[TIMEOUT_UDP] = "UDP timeout",
		[TIMEOUT_ICMP] = "ICMP timeout",
		[TIMEOUT_GENERAL] = "General timeout",
		[TIMEOUT_MAXLIFE] = "Maximum lifetime",
		[TIMEOUT_EXPINT] = "Expiry interval",
	};
	unsigned int i;

	output_line(s->out, s->pid, "Printing timeouts:");
	for (i = 0; i < nitems(names); i++)
		fprintf(s->out, "%22s: %us\n", names[i], t->seconds[i]);
}

static void
classic_report(const struct show *s, const struct summary_report *r)
{
	char since[TIME_SIZE], head[TIME_SIZE + 48];

	format_time(since, sizeof(since), r->summary.since_us);
	snprintf(head, sizeof(head), "Accumulated statistics since %s UTC:",
	    since);
	output_line(s->out, s->pid, head);
	summary_print(s->out, r);
}

const struct output	output_classic = {
	.report = classic_report,
	.flows = classic_flows,
	.flow = classic_flow,
	.timeouts = classic_timeouts
};
