/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The collector over connections: messages out of pieces of any size, what a
 * session is, and templates that are withdrawn.
 */

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "stream.h"

#define MESSAGES	3
#define MESSAGE(length)	"000a " length "6553f164 00000000 00000007"

static struct {
	uint8_t	data[MESSAGES][DATAGRAM_MAX];
	size_t	len[MESSAGES];
	size_t	count;
} taken;

static void
on_message(void *arg, const uint8_t *p, size_t len)
{
	ATF_REQUIRE_EQ(&taken, arg);
	ATF_REQUIRE(taken.count < MESSAGES && len <= DATAGRAM_MAX);
	memcpy(taken.data[taken.count], p, len);
	taken.len[taken.count++] = len;
}

/* Each piece is in a block of just its size. */
static int
take(struct stream *s, const uint8_t *p, size_t len)
{
	uint8_t *piece;
	int rv;

	ATF_REQUIRE((piece = malloc(len + (len == 0))) != NULL);
	memcpy(piece, p, len);
	rv = stream_take(s, piece, len, on_message, &taken);
	free(piece);
	return (rv);
}

ATF_TC_WITHOUT_HEAD(messages_are_the_same_in_pieces_of_any_size);
ATF_TC_BODY(messages_are_the_same_in_pieces_of_any_size, tc)
{
	static const size_t lens[MESSAGES] = { 164, 16, 28 };
	static struct stream s;
	uint8_t buf[DATAGRAM_MAX];
	size_t size, off, i, n, len;

	len = from_hex(MESSAGE("00a4") IPFIX_SETS MESSAGE("0010")
	    MESSAGE("001c") TEMPLATE_300, buf);
	for (size = 1; size <= len; size++) {
		memset(&s, 0, sizeof(s));
		taken.count = 0;
		for (off = 0; off < len; off += n) {
			n = size < len - off ? size : len - off;
			ATF_REQUIRE_EQ(0, take(&s, buf + off, n));
		}
		ATF_REQUIRE_EQ(0, s.have);
		ATF_REQUIRE_EQ(MESSAGES, taken.count);
		for (i = off = 0; i < MESSAGES; off += lens[i++]) {
			ATF_REQUIRE_EQ(lens[i], taken.len[i]);
			ATF_REQUIRE_EQ(0, memcmp(taken.data[i], buf + off,
			    lens[i]));
		}
	}
}

ATF_TC_WITHOUT_HEAD(cut_stream_keeps_a_part_of_a_message);
ATF_TC_BODY(cut_stream_keeps_a_part_of_a_message, tc)
{
	static struct stream s;
	uint8_t buf[DATAGRAM_MAX];
	size_t len, cut;

	len = from_hex(MESSAGE("001c") TEMPLATE_300, buf);
	for (cut = 1; cut < len; cut++) {
		memset(&s, 0, sizeof(s));
		taken.count = 0;
		ATF_REQUIRE_EQ(0, take(&s, buf, cut));
		ATF_REQUIRE_EQ(cut, s.have);
		ATF_REQUIRE_EQ(0, taken.count);
	}
}

static void
expect_no_stream(const char *hex)
{
	static struct stream s;
	uint8_t buf[DATAGRAM_MAX];
	size_t len;

	len = from_hex(hex, buf);
	memset(&s, 0, sizeof(s));
	ATF_REQUIRE_EQ_MSG(-1, take(&s, buf, len), "%s", hex);
}

ATF_TC_WITHOUT_HEAD(stream_of_anything_else_is_refused);
ATF_TC_BODY(stream_of_anything_else_is_refused, tc)
{
	expect_no_stream("0009");
	expect_no_stream("000a 000f");
	expect_no_stream("000a 0000");
	expect_no_stream(MESSAGE("001c") TEMPLATE_300 "000b");
	expect_no_stream(V5);
}

static void
open_stream(struct bench *b)
{
	bench_open(b, 0);
	b->from.carrier = CARRIER_TCP;
}

ATF_TC_WITHOUT_HEAD(sequence_of_a_connection_begins_with_0);
ATF_TC_BODY(sequence_of_a_connection_begins_with_0, tc)
{
	struct bench b;

	open_stream(&b);
	feed_ipfix(&b, 1, IPFIX_SETS);
	ATF_REQUIRE_EQ(1, b.result.gap);
	ATF_REQUIRE_EQ(0, b.result.expected);
	decoder_free(b.decoder);
	open_stream(&b);
	feed_ipfix(&b, 0, IPFIX_SETS);
	ATF_REQUIRE_EQ(0, b.result.gap);
	ATF_REQUIRE_EQ(0, decoder_end(b.decoder, &b.from, &b.result));
	feed_ipfix(&b, 2, IPFIX_SETS);
	ATF_REQUIRE_EQ(1, b.result.gap);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(templates_are_gone_with_their_connection);
ATF_TC_BODY(templates_are_gone_with_their_connection, tc)
{
	struct exporter other;
	struct bench b;

	open_stream(&b);
	feed_ipfix(&b, 0, TEMPLATE_300);
	other = b.from;
	other.port++;
	ATF_REQUIRE_EQ(0, decoder_end(b.decoder, &other, &b.result));
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, "012c 0008 00000001"));
	ATF_REQUIRE_EQ(0, decoder_end(b.decoder, &b.from, &b.result));
	ATF_REQUIRE_EQ(RULE_NO_TEMPLATE,
	    feed_ipfix(&b, 0, "012c 0008 00000001"));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(repeated_template_of_a_stream_is_noted);
ATF_TC_BODY(repeated_template_of_a_stream_is_noted, tc)
{
	struct bench b;

	open_stream(&b);
	feed_ipfix(&b, 0, TEMPLATE_300);
	ATF_REQUIRE_EQ(0, b.result.repeated);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, TEMPLATE_300));
	ATF_REQUIRE_EQ(1, b.result.repeated);
	ATF_REQUIRE_EQ(RULE_REDEFINED, feed_ipfix(&b, 0,
	    "0002 000c 012c 0001 0002 0004"));
	decoder_free(b.decoder);
}

#define OTHER_300	"0002 000c 012c 0001 0002 0004"
#define TEMPLATE_301	"0002 000c 012d 0001 0001 0004"

ATF_TC_WITHOUT_HEAD(withdrawn_template_may_be_another_one);
ATF_TC_BODY(withdrawn_template_may_be_another_one, tc)
{
	struct bench b;

	open_stream(&b);
	feed_ipfix(&b, 0, TEMPLATE_300 TEMPLATE_301);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, "0002 0008 012c 0000"));
	ATF_REQUIRE_EQ(1, b.result.withdrawn);
	ATF_REQUIRE_EQ(RULE_NO_TEMPLATE,
	    feed_ipfix(&b, 0, "012c 0008 00000001"));
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, OTHER_300
	    "012c 0008 00000001 012d 0008 00000001"));
	ATF_REQUIRE_EQ(2, b.nflows);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(all_templates_of_a_kind_are_withdrawn_at_once);
ATF_TC_BODY(all_templates_of_a_kind_are_withdrawn_at_once, tc)
{
	struct bench b;

	open_stream(&b);
	feed_ipfix(&b, 0, TEMPLATE_300 TEMPLATE_301 IPFIX_OPTIONS);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, "0002 0008 0002 0000"));
	ATF_REQUIRE_EQ(2, b.result.withdrawn);
	ATF_REQUIRE_EQ(RULE_NO_TEMPLATE,
	    feed_ipfix(&b, 0, "012d 0008 00000001"));
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, SAMPLING));
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 1, "0003 0008 0003 0000"));
	ATF_REQUIRE_EQ(1, b.result.withdrawn);
	ATF_REQUIRE_EQ(RULE_NO_TEMPLATE, feed_ipfix(&b, 1, SAMPLING));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(withdrawal_in_the_wrong_set_is_refused);
ATF_TC_BODY(withdrawal_in_the_wrong_set_is_refused, tc)
{
	struct bench b;

	open_stream(&b);
	feed_ipfix(&b, 0, TEMPLATE_300 IPFIX_OPTIONS);
	ATF_REQUIRE_EQ(RULE_WITHDRAWAL,
	    feed_ipfix(&b, 0, "0003 0008 012c 0000"));
	ATF_REQUIRE_EQ(RULE_WITHDRAWAL,
	    feed_ipfix(&b, 0, "0002 0008 0100 0000"));
	ATF_REQUIRE_EQ(RULE_TEMPLATE_ID,
	    feed_ipfix(&b, 0, "0002 0008 0003 0000"));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(withdrawal_of_nothing_is_noted);
ATF_TC_BODY(withdrawal_of_nothing_is_noted, tc)
{
	struct bench b;

	open_stream(&b);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0,
	    "0002 0010 012c 0000 012d 0000 012e 0000"));
	ATF_REQUIRE_EQ(3, b.result.unknown);
	ATF_REQUIRE_EQ(0, b.result.withdrawn);
	decoder_free(b.decoder);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, messages_are_the_same_in_pieces_of_any_size);
	ATF_TP_ADD_TC(tp, cut_stream_keeps_a_part_of_a_message);
	ATF_TP_ADD_TC(tp, stream_of_anything_else_is_refused);
	ATF_TP_ADD_TC(tp, sequence_of_a_connection_begins_with_0);
	ATF_TP_ADD_TC(tp, templates_are_gone_with_their_connection);
	ATF_TP_ADD_TC(tp, repeated_template_of_a_stream_is_noted);
	ATF_TP_ADD_TC(tp, withdrawn_template_may_be_another_one);
	ATF_TP_ADD_TC(tp, all_templates_of_a_kind_are_withdrawn_at_once);
	ATF_TP_ADD_TC(tp, withdrawal_in_the_wrong_set_is_refused);
	ATF_TP_ADD_TC(tp, withdrawal_of_nothing_is_noted);
	return (atf_no_error());
}
