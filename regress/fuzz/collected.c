/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The decoder is built in here: names of its files are softflowd's, too. */
#include "../collector/decode.c"
#include "../collector/session.c"
#include "../collector/template.c"
#include "../collector/data.c"
#include "../collector/element.c"
#include "../collector/flow.c"
#include "../collector/options.c"
#include "../collector/psamp.c"
#define stream_take	collected_stream_take
#include "../collector/stream.c"

#include "collected.h"
#include "fuzz.h"

struct collected	collected[COLLECTED_MAX];

static struct stream	streams[COLLECTED_MAX];
static struct decoder	*decoder;
static unsigned int	hand;		/* whose message it is */

static void
take_flow(void *arg, const struct record *r)
{
	struct collected	*c = &collected[hand];

	(void)arg;
	c->records++;
	c->packets += r->packets;
	c->octets += r->octets;
}

static struct exporter
exporter_of(unsigned int slot, uint8_t carrier)
{
	struct exporter	from = { .family = 4, .carrier = carrier };

	from.port = (uint16_t)(1 + slot);
	return (from);
}

static void
take_message(const struct exporter *from, const uint8_t *data, size_t len)
{
	struct result	result;

	hand = from->port - 1U;
	collected[hand].messages++;
	if (decoder_datagram(decoder, from, data, len, &result) == 0)
		return;
	fprintf(stderr, "collector %u: %s at octet %zu of %zu\n", hand,
	    decode_rule_text(result.rule), result.offset, len);
	abort();
}

static void
take_from_stream(void *arg, const uint8_t *data, size_t len)
{
	take_message(arg, data, len);
}

void
collected_begin(void)
{
	const struct decoder_config	config = { .flow = take_flow };

	decoder_free(decoder);
	REQUIRE((decoder = decoder_new(&config)) != NULL);
	memset(streams, 0, sizeof(streams));
	memset(collected, 0, sizeof(collected));
}

void
collected_datagram(unsigned int slot, const uint8_t *data, size_t len)
{
	struct exporter	from = exporter_of(slot, CARRIER_UDP);

	take_message(&from, data, len);
}

void
collected_stream(unsigned int slot, const uint8_t *data, size_t len)
{
	struct exporter	from = exporter_of(slot, CARRIER_TCP);

	REQUIRE(stream_take(&streams[slot], data, len, take_from_stream,
	    &from) == 0);
}

void
collected_end(unsigned int slot)
{
	struct exporter	from = exporter_of(slot, CARRIER_TCP);
	struct result	result;

	(void)decoder_end(decoder, &from, &result);
	memset(&streams[slot], 0, sizeof(streams[slot]));
}
