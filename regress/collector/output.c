/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Lines of the test collector.  Every value is a number, an address or
 * hexadecimal, so nothing from the network needs escaping.
 */

#include <sys/socket.h>

#include <arpa/inet.h>

#include <inttypes.h>

#include "output.h"

struct line {
	FILE	*fp;
	int	 json;
	int	 begun;
};

static void
line_name(struct line *l, const char *name)
{
	if (l->begun)
		fputc(l->json ? ',' : ' ', l->fp);
	else if (l->json)
		fputc('{', l->fp);
	l->begun = 1;
	fprintf(l->fp, l->json ? "\"%s\":" : "%s=", name);
}

static void
line_number(struct line *l, const char *name, uint64_t n)
{
	line_name(l, name);
	fprintf(l->fp, "%" PRIu64, n);
}

static void
line_address(struct line *l, const char *name, uint8_t family,
    const uint8_t *addr)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(family == 4 ? AF_INET : AF_INET6, addr, text,
	    sizeof(text)) == NULL)
		return;
	line_name(l, name);
	fprintf(l->fp, l->json ? "\"%s\"" : "%s", text);
}

static void
line_hex(struct line *l, const char *name, const uint8_t *p, size_t len)
{
	line_name(l, name);
	if (l->json)
		fputc('"', l->fp);
	while (len-- > 0)
		fprintf(l->fp, "%02x", *p++);
	if (l->json)
		fputc('"', l->fp);
}

static void
line_end(struct line *l)
{
	fputs(l->json ? "}\n" : "\n", l->fp);
}

void
output_flow(FILE *fp, int json, const struct record *r)
{
	struct line l = { fp, json, 0 };
	const char *name;
	size_t i;
	int octets;

	line_number(&l, "version", r->version);
	line_number(&l, "source_id", r->source_id);
	if (r->family != 0) {
		line_address(&l, "src", r->family, r->src);
		line_address(&l, "dst", r->family, r->dst);
	}
	line_number(&l, "proto", r->proto);
	line_number(&l, "sport", r->sport);
	line_number(&l, "dport", r->dport);
	line_number(&l, "packets", r->packets);
	line_number(&l, "octets", r->octets);
	line_number(&l, "tcpflags", r->tcpflags);
	line_number(&l, "tos", r->tos);
	if (r->have & HAVE_FIRST)
		line_number(&l, "first_us", r->first_us);
	if (r->have & HAVE_LAST)
		line_number(&l, "last_us", r->last_us);
	line_number(&l, "in", r->in);
	line_number(&l, "out", r->out);
	if (r->have & HAVE_REASON)
		line_number(&l, "end_reason", r->end_reason);
	if (r->have & HAVE_ICMP)
		line_number(&l, "icmp", r->icmp);
	for (i = 0; i < r->nvalues; i++) {
		if ((name = decode_name(&r->values[i], &octets)) == NULL)
			continue;
		if (octets)
			line_hex(&l, name, r->values[i].data,
			    r->values[i].length);
		else
			line_number(&l, name, decode_number(
			    r->values[i].data, r->values[i].length));
	}
	line_address(&l, "exporter", r->exporter->family, r->exporter->addr);
	if (r->sampling != 0)
		line_number(&l, "sampling", r->sampling);
	line_end(&l);
}

void
output_options(FILE *fp, int json, const struct options_record *o)
{
	struct line l = { fp, json, 0 };
	const struct value *v;
	char name[32], enterprise[16];
	size_t i;

	line_number(&l, "options", o->template_id);
	line_number(&l, "version", o->version);
	line_number(&l, "source_id", o->source_id);
	for (i = 0; i < o->nvalues; i++) {
		v = &o->values[i];
		enterprise[0] = '\0';
		if (v->enterprise != 0)
			snprintf(enterprise, sizeof(enterprise), "%" PRIu32 "_",
			    v->enterprise);
		snprintf(name, sizeof(name), "%s%s%u", v->scope ? "scope_" : "",
		    enterprise, v->id);
		if (v->length > 0 && v->length <= 8)
			line_number(&l, name,
			    decode_number(v->data, v->length));
		else
			line_hex(&l, name, v->data, v->length);
	}
	line_end(&l);
}

void
output_report(FILE *fp, int json, const struct report *r)
{
	struct line l = { fp, json, 0 };

	line_number(&l, "report", r->sequence_id);
	line_number(&l, "source_id", r->source_id);
	if (r->time_us != 0)
		line_number(&l, "time_us", r->time_us);
	if (r->size != 0)
		line_number(&l, "size", r->size);
	line_number(&l, "section", r->section_id);
	line_hex(&l, "octets", r->section, r->length);
	line_end(&l);
}
