/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The test collector's decoder under whatever a fuzzer thinks of, and what
 * must hold for each record that it hands out.  With libFuzzer, or with
 * corpus_test.c.
 */

#include "collector_fuzz.h"
#include "decode.h"
#include "fuzz.h"
#include "stream.h"

const struct fuzz_target	fuzz_target = {
	.name = "collector", .max = 2000, .runs = 40000
};

/* One reading of an input, and a digest of all that came of it. */
struct reading {
	struct decoder	*decoder;
	struct exporter	 from;
	struct stream	 stream;
	uint64_t	 digest;
	uint32_t	 flows;		/* of the message in hand */
	uint32_t	 reports;
};

static void
digest(struct reading *g, const void *data, size_t size)
{
	const uint8_t *p = data;

	while (size-- > 0)
		g->digest = (g->digest ^ *p++) * 0x100000001b3ULL;
}

static void
digest_values(struct reading *g, const struct value *v, size_t n)
{
	for (; n > 0; n--, v++)
		digest(g, v->data, v->length);
}

static void
on_flow(void *arg, const struct record *r)
{
	struct reading *g = arg;

	g->flows++;
	REQUIRE(r->exporter == &g->from);
	REQUIRE(r->family == 0 || r->family == 4 || r->family == 6);
	REQUIRE(!(r->have & HAVE_PACKETS) || r->packets != 0);
	REQUIRE(!(r->have & HAVE_FIRST) || !(r->have & HAVE_LAST) ||
	    r->first_us <= r->last_us);
	REQUIRE(!(r->have & HAVE_REASON) ||
	    (r->end_reason >= 1 && r->end_reason <= 5));
	digest_values(g, r->values, r->nvalues);
	digest(g, r->src, sizeof(r->src));
	digest(g, &r->packets, sizeof(r->packets));
	digest(g, &r->first_us, sizeof(r->first_us));
}

static void
on_options(void *arg, const struct options_record *o)
{
	struct reading *g = arg;

	REQUIRE(o->nvalues > 0 && o->nvalues <= FIELDS_MAX);
	REQUIRE(o->template_id >= 256);
	digest_values(g, o->values, o->nvalues);
}

static void
on_report(void *arg, const struct report *r)
{
	struct reading *g = arg;

	g->reports++;
	REQUIRE(r->length > 0);
	REQUIRE(r->size == 0 || r->size >= r->length);
	digest(g, r->section, r->length);
}

static void
on_message(void *arg, const uint8_t *p, size_t len)
{
	struct reading *g = arg;
	struct result result;
	uint8_t *exact;
	int rv;

	/* So that a sanitizer sees any step outside. */
	if ((exact = malloc(len + (len == 0))) == NULL)
		abort();
	memcpy(exact, p, len);
	g->flows = g->reports = 0;
	rv = decoder_datagram(g->decoder, &g->from, exact, len, &result);
	free(exact);
	REQUIRE((rv == -1) == (result.rule != RULE_NONE));
	REQUIRE(result.rule < RULE_MAX && result.offset <= len);
	REQUIRE(decode_rule_text(result.rule) != NULL);
	REQUIRE(result.flows == g->flows && result.reports == g->reports);
	REQUIRE(g->from.carrier != CARRIER_UDP ||
	    (result.withdrawn == 0 && result.repeated == 0));
	digest(g, &result.rule, sizeof(result.rule));
	digest(g, &result.offset, sizeof(result.offset));
}

static void
read_stream(struct reading *g, const uint8_t *data, size_t size, size_t piece)
{
	size_t off, n;

	for (off = 0; off < size; off += n) {
		n = piece < size - off ? piece : size - off;
		if (stream_take(&g->stream, data + off, n, on_message, g) ==
		    -1)
			return;
		REQUIRE(g->stream.have < STREAM_MESSAGE_MAX);
	}
}

static void
read_messages(struct reading *g, const uint8_t *data, size_t size)
{
	size_t off = 0, len;

	while (size - off >= 2) {
		len = (size_t)decode_number(data + off, 2);
		off += 2;
		if (len > size - off)
			len = size - off;
		on_message(g, data + off, len);
		off += len;
	}
}

static uint64_t
reading(const uint8_t *data, size_t size, size_t piece)
{
	static struct reading g;
	struct decoder_config config = { 0 };
	struct result result;

	memset(&g, 0, sizeof(g));
	config.flow = on_flow;
	config.options = on_options;
	config.report = on_report;
	config.arg = &g;
	config.unaligned = (data[0] & COLLECTOR_FUZZ_UNALIGNED) != 0;
	g.from.family = 4;
	g.from.carrier = data[0] & COLLECTOR_FUZZ_TRANSPORT;
	if (g.from.carrier > CARRIER_SCTP)
		g.from.carrier = CARRIER_UDP;
	if ((g.decoder = decoder_new(&config)) == NULL)
		abort();
	data += COLLECTOR_FUZZ_HEAD;
	size -= COLLECTOR_FUZZ_HEAD;
	if (g.from.carrier == CARRIER_TCP)
		read_stream(&g, data, size, piece);
	else
		read_messages(&g, data, size);
	(void)decoder_end(g.decoder, &g.from, &result);
	digest(&g, &result.rule, sizeof(result.rule));
	decoder_free(g.decoder);
	return (g.digest);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < COLLECTOR_FUZZ_HEAD)
		return (0);
	/* The same again, whatever the pieces are. */
	REQUIRE(reading(data, size, size) ==
	    reading(data, size, (size_t)data[1] + 1));
	return (0);
}
