/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Text for the operator; runs with the operator's own privileges. */

#include <inttypes.h>
#include <string.h>

#include "compat.h"
#include "format.h"
#include "output.h"

void
output_line(FILE *out, pid_t pid, const char *text)
{
	fprintf(out, "softflowd[%ld]: ", (long)pid);
	for (; *text != '\0'; text++)
		putc(*text >= ' ' && *text <= '~' ? *text : '?', out);
	putc('\n', out);
}

/* In UTC, which the classic lines do not say. */
static const char *
classic_time(char buf[FORMAT_SIZE], uint64_t us, int digits)
{
	format_time(buf, us, digits);
	buf[strcspn(buf, "Z")] = '\0';
	return (buf);
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
	char addr[2][FORMAT_SIZE], start[FORMAT_SIZE], finish[FORMAT_SIZE];
	uint64_t first_us, last_us;

	flow_times(f, &first_us, &last_us);
	fprintf(out, "ACTIVE seq:%u [%s]:%u <> [%s]:%u proto:%u "
	    "octets>:%" PRIu64 " packets>:%" PRIu64 " octets<:%" PRIu64
	    " packets<:%" PRIu64 " start:%s finish:%s tcp>:%02x tcp<:%02x",
	    f->index, format_address(addr[0], f->family, f->addr[0]),
	    f->port[0], format_address(addr[1], f->family, f->addr[1]),
	    f->port[1], f->proto, f->octets[0], f->packets[0], f->octets[1],
	    f->packets[1], classic_time(start, first_us, 3),
	    classic_time(finish, last_us, 3), f->tcp_flags[0],
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
	char since[FORMAT_SIZE], head[2 * FORMAT_SIZE];

	(void)snprintf(head, sizeof(head), "Accumulated statistics since %s "
	    "UTC:", classic_time(since, r->summary.since_us, 0));
	output_line(s->out, s->pid, head);
	summary_print(s->out, r);
}

const struct output	output_classic = {
	.report = classic_report,
	.flows = classic_flows,
	.flow = classic_flow,
	.timeouts = classic_timeouts
};
