/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Values as text.  Pure. */

#include <sys/types.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "compat.h"
#include "format.h"

const char *
format_count(char buf[FORMAT_SIZE], uint64_t value, int raw)
{
	static const char units[] = "kMGTPE";
	double scaled = (double)value;
	int unit = -1, digits;

	if (raw || value < 10000) {
		(void)snprintf(buf, FORMAT_SIZE, "%" PRIu64, value);
		return (buf);
	}
	/* What would be rounded to 1000 is 1.00 of the next. */
	do {
		scaled /= 1000;
		unit++;
	} while (scaled >= 999.5);
	digits = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
	(void)snprintf(buf, FORMAT_SIZE, "%.*f%c", digits, scaled,
	    units[unit]);
	return (buf);
}

const char *
format_duration(char buf[FORMAT_SIZE], uint64_t us, int raw)
{
	uint64_t s = us / 1000000;

	if (raw)
		(void)snprintf(buf, FORMAT_SIZE, "%" PRIu64 ".%06u", s,
		    (unsigned int)(us % 1000000));
	else if (s < 60)
		(void)snprintf(buf, FORMAT_SIZE, "%" PRIu64 "s", s);
	else if (s < 3600)
		(void)snprintf(buf, FORMAT_SIZE, "%" PRIu64 "m%02us", s / 60,
		    (unsigned int)(s % 60));
	else if (s < 86400)
		(void)snprintf(buf, FORMAT_SIZE, "%" PRIu64 "h%02um",
		    s / 3600, (unsigned int)(s / 60 % 60));
	else if (s < 100 * 86400)
		(void)snprintf(buf, FORMAT_SIZE, "%" PRIu64 "d%02uh",
		    s / 86400, (unsigned int)(s / 3600 % 24));
	else
		(void)snprintf(buf, FORMAT_SIZE, "%" PRIu64 "d", s / 86400);
	return (buf);
}

const char *
format_time(char buf[FORMAT_SIZE], uint64_t us, int digits)
{
	time_t seconds = (time_t)(us / 1000000);
	struct tm tm;
	size_t len;

	if (gmtime_r(&seconds, &tm) == NULL || (len = strftime(buf,
	    FORMAT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm)) == 0) {
		strlcpy(buf, "unknown", FORMAT_SIZE);
		return (buf);
	}
	if (digits == 6)
		(void)snprintf(buf + len, FORMAT_SIZE - len, ".%06uZ",
		    (unsigned int)(us % 1000000));
	else if (digits == 3)
		(void)snprintf(buf + len, FORMAT_SIZE - len, ".%03uZ",
		    (unsigned int)(us / 1000 % 1000));
	else
		strlcat(buf, "Z", FORMAT_SIZE);
	return (buf);
}

const char *
format_address(char buf[FORMAT_SIZE], unsigned int family,
    const uint8_t addr[16])
{
	if (inet_ntop(family == 6 ? AF_INET6 : AF_INET, addr, buf,
	    FORMAT_SIZE) == NULL)
		strlcpy(buf, "unknown", FORMAT_SIZE);
	return (buf);
}

const char *
format_endpoint(char buf[FORMAT_SIZE], unsigned int family,
    const uint8_t addr[16], uint16_t port)
{
	char text[FORMAT_SIZE];

	if (family == 0)
		strlcpy(buf, "unknown", FORMAT_SIZE);
	else
		(void)snprintf(buf, FORMAT_SIZE, family == 6 ? "[%.46s]:%u" :
		    "%.46s:%u", format_address(text, family, addr), port);
	return (buf);
}

const char *
format_proto(char buf[FORMAT_SIZE], uint32_t proto)
{
	const char *name = summary_protocol((uint8_t)proto);

	if (name[0] != '\0')
		return (format_text(buf, name, FORMAT_SIZE - 1));
	(void)snprintf(buf, FORMAT_SIZE, "%u", proto);
	return (buf);
}

const char *
format_text(char buf[FORMAT_SIZE], const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len && i < FORMAT_SIZE - 1 && text[i] != '\0'; i++)
		buf[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	buf[i] = '\0';
	return (buf);
}

const char *
format_version(char buf[FORMAT_SIZE], uint32_t version)
{
	if (version == 10)
		return ("ipfix");
	if (version == VERSION_PSAMP)
		return ("psamp");
	(void)snprintf(buf, FORMAT_SIZE, "v%u", version);
	return (buf);
}

const char *
format_collector(char buf[FORMAT_SIZE], const struct summary_export *row)
{
	if (row->name[0] != '\0')
		return (format_text(buf, row->name, sizeof(row->name)));
	return (format_endpoint(buf, row->remote.family, row->remote.addr,
	    row->remote.port));
}

void
flow_times(const struct ctl_flow *f, uint64_t *first_us, uint64_t *last_us)
{
	int i;

	*first_us = UINT64_MAX;
	*last_us = 0;
	for (i = 0; i < 2; i++) {
		if (f->packets[i] == 0)
			continue;
		if (f->first_us[i] < *first_us)
			*first_us = f->first_us[i];
		if (f->last_us[i] > *last_us)
			*last_us = f->last_us[i];
	}
	if (*first_us == UINT64_MAX)
		*first_us = 0;
}

const char *
flow_state(const struct ctl_flow *f)
{
	uint8_t flags = f->tcp_flags[0] | f->tcp_flags[1];

	if (f->proto != IPPROTO_TCP)
		return (f->packets[0] == 0 || f->packets[1] == 0 ? "one" :
		    "both");
	if (flags & TH_RST)
		return ("rst");
	if (flags & TH_FIN)
		return ("fin");
	return (flags & TH_ACK ? "open" : "syn");
}

/* Its names are those of struct export_counters. */
static const struct {
	const char	*name, *text;
	size_t		 offset;
} export_table[] = {
#define EXPORT_ENTRY(name, text)					\
	{ #name, text, offsetof(struct export_counters, name) }
	EXPORT_ENTRY(datagrams, "datagrams or messages sent"),
	EXPORT_ENTRY(octets, "octets sent, of transport payload"),
	EXPORT_ENTRY(records, "flow records sent"),
	EXPORT_ENTRY(failures, "datagrams or messages that were not sent"),
	EXPORT_ENTRY(records_lost, "flow records that were not sent"),
	EXPORT_ENTRY(packets_lost, "packets that lost records told of"),
	EXPORT_ENTRY(octets_lost, "octets that lost records told of"),
	EXPORT_ENTRY(records_not_exportable,
	    "flow records that the protocol cannot carry"),
	EXPORT_ENTRY(would_block, "tries that met a full socket"),
	EXPORT_ENTRY(reconnects, "connections after the first")
};

const char *
export_counter(unsigned int n, const char **text)
{
	if (n >= nitems(export_table))
		return (NULL);
	*text = export_table[n].text;
	return (export_table[n].name);
}

uint64_t
export_counter_value(const struct export_counters *c, unsigned int n)
{
	uint64_t value;

	memcpy(&value, (const char *)c + export_table[n].offset,
	    sizeof(value));
	return (value);
}
