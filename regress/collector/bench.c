/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static void
on_flow(void *arg, const struct record *r)
{
	struct bench *b = arg;

	ATF_REQUIRE(b->nflows < FLOWS_MAX);
	b->flows[b->nflows++] = *r;
}

static void
on_options(void *arg, const struct options_record *o)
{
	struct bench *b = arg;

	ATF_REQUIRE(o->nvalues > 0 && o->nvalues <= 8);
	b->options = *o;
	memcpy(b->values, o->values, o->nvalues * sizeof(*o->values));
	if (o->values[0].length == sizeof(b->scope))
		memcpy(b->scope, o->values[0].data, sizeof(b->scope));
	b->noptions++;
}

static void
on_report(void *arg, const struct report *r)
{
	struct bench *b = arg;

	b->report = *r;
	b->nreports++;
}

void
bench_open(struct bench *b, int unaligned)
{
	struct decoder_config config = { 0 };

	config.flow = on_flow;
	config.options = on_options;
	config.report = on_report;
	config.unaligned = unaligned;
	config.octets_max = DATAGRAM_MAX;
	config.arg = b;
	memset(b, 0, sizeof(*b));
	b->from.family = 4;
	b->from.addr[0] = 127;
	b->from.addr[3] = 1;
	b->from.port = 4000;
	ATF_REQUIRE((b->decoder = decoder_new(&config)) != NULL);
}

size_t
from_hex(const char *hex, uint8_t *buf)
{
	unsigned int octet;
	size_t len = 0;

	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		ATF_REQUIRE(len < DATAGRAM_MAX);
		ATF_REQUIRE_EQ(1, sscanf(hex, "%2x", &octet));
		buf[len++] = (uint8_t)octet;
		hex++;
	}
	return (len);
}

enum rule
feed_octets(struct bench *b, const uint8_t *buf, size_t len)
{
	uint8_t *exact;
	int rv;

	b->nflows = b->noptions = b->nreports = 0;
	ATF_REQUIRE((exact = malloc(len)) != NULL || len == 0);
	memcpy(exact, buf, len);
	rv = decoder_datagram(b->decoder, &b->from, exact, len, &b->result);
	free(exact);
	ATF_REQUIRE_EQ(rv == -1, b->result.rule != RULE_NONE);
	ATF_REQUIRE(b->result.offset <= len);
	ATF_REQUIRE_EQ(b->nflows, b->result.flows);
	ATF_REQUIRE_EQ(b->nreports, b->result.reports);
	return (b->result.rule);
}

enum rule
feed(struct bench *b, const char *hex)
{
	uint8_t buf[DATAGRAM_MAX];

	return (feed_octets(b, buf, from_hex(hex, buf)));
}

enum rule
feed_v9(struct bench *b, uint16_t count, uint32_t sequence, const char *sets)
{
	char hex[2 * DATAGRAM_MAX];

	snprintf(hex, sizeof(hex), "0009 %04x 0010c865 6553f164 %08x 00000007"
	    "%s", count, sequence, sets);
	return (feed(b, hex));
}

enum rule
feed_ipfix(struct bench *b, uint32_t sequence, const char *sets)
{
	char hex[2 * DATAGRAM_MAX];
	uint8_t buf[DATAGRAM_MAX];

	snprintf(hex, sizeof(hex), "000a %04zx 6553f164 %08x 00000007%s",
	    16 + from_hex(sets, buf), sequence, sets);
	return (feed(b, hex));
}

/* Feed a new decoder the datagram with one octet changed. */
static enum rule
feed_patched(const char *hex, size_t off, uint8_t octet, size_t *where)
{
	uint8_t buf[DATAGRAM_MAX];
	struct bench b;
	size_t len;

	bench_open(&b, 0);
	len = from_hex(hex, buf);
	ATF_REQUIRE(off < len);
	ATF_REQUIRE(buf[off] != octet);
	buf[off] = octet;
	feed_octets(&b, buf, len);
	decoder_free(b.decoder);
	*where = b.result.offset;
	return (b.result.rule);
}

void
expect_patched(const char *hex, size_t off, uint8_t octet, enum rule rule,
    size_t offset)
{
	size_t where;

	ATF_REQUIRE_EQ_MSG(rule, feed_patched(hex, off, octet, &where),
	    "octet %zu", off);
	ATF_REQUIRE_EQ_MSG(offset, where, "octet %zu: at %zu", off, where);
}

/* Feed a new decoder one IPFIX message. */
void
expect_ipfix(const char *sets, enum rule rule, size_t offset)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ_MSG(rule, feed_ipfix(&b, 0, sets), "%s: rule %d", sets,
	    b.result.rule);
	ATF_REQUIRE_EQ_MSG(offset, b.result.offset, "%s: at %zu", sets,
	    b.result.offset);
	decoder_free(b.decoder);
}

void
expect_v9(uint16_t count, const char *sets, enum rule rule, size_t offset)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ_MSG(rule, feed_v9(&b, count, 0, sets), "%s: rule %d",
	    sets, b.result.rule);
	ATF_REQUIRE_EQ_MSG(offset, b.result.offset, "%s: at %zu", sets,
	    b.result.offset);
	decoder_free(b.decoder);
}
