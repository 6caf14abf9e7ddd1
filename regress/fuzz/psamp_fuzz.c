/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The reader of packet reports under whatever a fuzzer thinks of, and what
 * must hold.  With libFuzzer, or with corpus_test.c.
 */

#include "fuzz.h"
#include "psamp_fuzz.h"
#include "psamp_read.h"

const struct fuzz_target	fuzz_target = {
	.name = "psamp", .max = 1500, .runs = 200000, .cut = 1
};

static struct psamp_reader	reader;
static struct counters		c;

static void
check_templates(const struct psamp_session *s)
{
	const struct psamp_template	*t, *u;

	for (t = s->template; t < s->template + PSAMP_TEMPLATES; t++) {
		if (t->id == 0)
			continue;
		REQUIRE(t->id >= 256 && t->count > 0 &&
		    t->count <= PSAMP_FIELDS && t->least > 0);
		for (u = s->template; u < t; u++)
			REQUIRE(u->id != t->id);
	}
}

static void
check_sessions(void)
{
	const struct psamp_session	*s;
	unsigned int			 n[8] = { 0 };

	for (s = reader.sessions; s < reader.sessions + PSAMP_SESSIONS; s++) {
		if (s->used == 0)
			continue;
		REQUIRE(s->used <= reader.messages);
		REQUIRE(++n[s->peer.addr[3]] <= PSAMP_PEER_SESSIONS);
		check_templates(s);
	}
}

/* The report lies in the message, and the decoder takes it. */
static void
check_report(const struct psamp_report *report, const uint8_t *message,
    size_t len)
{
	const struct decode	 how = { .level = TRACK_FULL };
	const struct frame	*frame = &report->frame;
	struct packet		 pkt;

	REQUIRE(frame->data >= message && frame->data <= message + len);
	REQUIRE(frame->caplen <= (size_t)(message + len - frame->data));
	REQUIRE(frame->wirelen >= frame->caplen);
	REQUIRE(frame->flags == 0 && frame->slot == 0);
	REQUIRE(frame->time_us < 1ULL << 53);
	REQUIRE(report->link < LINK_TYPES);
	REQUIRE(packet_decode(report->link, frame, &how, &pkt) <
	    PACKET_RESULT_MAX);
}

static void
read_message(const struct msg_addr *peer, const uint8_t *message, size_t len)
{
	struct psamp_report	report;
	struct counters		before = c;
	uint64_t		other;
	int			i, n;

	n = psamp_begin(&reader, peer, message, len, &c);
	REQUIRE(c.psamp_messages == before.psamp_messages + 1);
	REQUIRE(c.psamp_bad_messages == before.psamp_bad_messages + (n == -1));
	for (i = 0; psamp_next(&reader, &report); i++)
		check_report(&report, message, len);
	REQUIRE(i == (n == -1 ? 0 : n));
	REQUIRE(!psamp_next(&reader, &report));
	/* Each takes an octet at least. */
	other = c.psamp_no_packet - before.psamp_no_packet +
	    (c.psamp_no_template - before.psamp_no_template) +
	    (c.psamp_bad_templates - before.psamp_bad_templates);
	REQUIRE((uint64_t)i + other <= len);
}

/* The reader is large, and little of it used. */
static void
forget(void)
{
	struct psamp_session	*s;

	for (s = reader.sessions; s < reader.sessions + PSAMP_SESSIONS; s++)
		if (s->used != 0)
			memset(s, 0, sizeof(*s));
	reader.messages = 0;
	memset(&c, 0, sizeof(c));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct msg_addr	 peer = { .addr = { 192, 0, 2 }, .family = 4 };
	uint8_t		*copy;
	size_t		 len;

	forget();
	while (size >= PSAMP_FUZZ_HEAD) {
		peer.addr[3] = data[0] >> 4 & 7;
		peer.port = data[0] & 15;
		len = (size_t)(data[1] << 8 | data[2]);
		if (len > size - PSAMP_FUZZ_HEAD)
			len = size - PSAMP_FUZZ_HEAD;
		/* Of its own, or overruns would stay unseen. */
		if ((copy = malloc(len + (len == 0))) == NULL)
			abort();
		memcpy(copy, data + PSAMP_FUZZ_HEAD, len);
		if (data[0] & FUZZ_RIGHT_LENGTH && len >= 4) {
			copy[2] = (uint8_t)(len >> 8);
			copy[3] = (uint8_t)len;
		}
		read_message(&peer, copy, len);
		free(copy);
		data += PSAMP_FUZZ_HEAD + len;
		size -= PSAMP_FUZZ_HEAD + len;
	}
	check_sessions();
	return (0);
}
