/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The collector's rules of options records and PSAMP: rates in two dialects,
 * names, totals, and what has to come with packet reports.
 */

#include <atf-c.h>
#include <stdio.h>

#include "bench.h"

ATF_TC_WITHOUT_HEAD(both_dialects_say_the_same_rate);
ATF_TC_BODY(both_dialects_say_the_same_rate, tc)
{
	expect_ipfix(OLD_TEMPLATE SELECTOR_TEMPLATE OLD("00000064")
	    SELECTOR("0001", "00000001", "00000063"), RULE_NONE, 0);
	expect_ipfix(OLD_TEMPLATE SELECTOR_TEMPLATE OLD("00000064")
	    SELECTOR("0001", "00000001", "00000064"),
	    RULE_SAMPLING_DIFFERS, 0);
	expect_ipfix(OLD_TEMPLATE SELECTOR_TEMPLATE OLD("00000001")
	    SELECTOR("0001", "00000001", "00000000"), RULE_NONE, 0);
}

ATF_TC_WITHOUT_HEAD(rate_of_0_and_unknown_algorithm_are_refused);
ATF_TC_BODY(rate_of_0_and_unknown_algorithm_are_refused, tc)
{
	expect_ipfix(OLD_TEMPLATE OLD("00000000"), RULE_SAMPLING, 44);
	expect_ipfix(OLD_TEMPLATE "0100 0010 00000007 00000064 03 000000",
	    RULE_SAMPLING, 44);
	expect_v9(2, V9_OPTIONS OLD("00000000"), RULE_SAMPLING, 48);
	expect_ipfix(SELECTOR_TEMPLATE SELECTOR("0001", "00000000",
	    "00000063"), RULE_SELECTOR, 48);
	expect_ipfix(SELECTOR_TEMPLATE SELECTOR("0000", "00000001",
	    "00000063"), RULE_SELECTOR, 48);
	/* The parameters of one algorithm are not those of another. */
	expect_ipfix(SELECTOR_TEMPLATE SELECTOR("0003", "00000001",
	    "00000063"), RULE_SELECTOR, 48);
}

/* scope 302, algorithm 4 and a probability */
static void
expect_probability(const char *p, enum rule rule)
{
	char hex[256];

	snprintf(hex, sizeof(hex), OLD_TEMPLATE OLD("0000000a")
	    "0003 0018 0101 0003 0001 012e 0008 0130 0002 0137 0008 0000"
	    "0101 0018 0000000000000001 0004 %s 0000", p);
	expect_ipfix(hex, rule, rule == RULE_SELECTOR ? 16 + 24 + 16 + 24 + 4 :
	    0);
}

ATF_TC_WITHOUT_HEAD(probability_is_a_rate);
ATF_TC_BODY(probability_is_a_rate, tc)
{
	expect_probability("3fb999999999999a", RULE_NONE);	/* 0.1 */
	expect_probability("3fe0000000000000", RULE_SAMPLING_DIFFERS);
	expect_probability("0000000000000000", RULE_SELECTOR);
	expect_probability("4000000000000000", RULE_SELECTOR);	/* 2 */
	expect_probability("7ff8000000000000", RULE_SELECTOR);	/* NaN */
	expect_probability("0000000000000001", RULE_SAMPLING_DIFFERS);
}

static void
expect_name(const char *name, enum rule rule)
{
	char hex[256];

	snprintf(hex, sizeof(hex), "0003 0014 0100 0002 0001 000a 0004 0052"
	    "0008 0000 0100 0010 00000002 %s", name);
	expect_ipfix(hex, rule, rule == RULE_NONE ? 0 : 16 + 20 + 4);
}

ATF_TC_WITHOUT_HEAD(interface_name_is_characters_and_zeros);
ATF_TC_BODY(interface_name_is_characters_and_zeros, tc)
{
	expect_name("6574683000000000", RULE_NONE);
	expect_name("6574683031323334", RULE_NONE);
	expect_name("c3a4746800000000", RULE_NONE);
	expect_name("0000000000000000", RULE_NAME);
	expect_name("6574683000006500", RULE_NAME);
	expect_name("6574680a00000000", RULE_NAME);
}

static enum rule
feed_totals(struct bench *b, uint32_t sequence, unsigned int octets,
    unsigned int messages, unsigned int flows)
{
	char hex[256];

	snprintf(hex, sizeof(hex), "0100 0020 00000007 %016x %016x %016x",
	    octets, messages, flows);
	return (feed_ipfix(b, sequence, hex));
}

static void
open_totals(struct bench *b, uint32_t sequence)
{
	bench_open(b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(b, sequence, TOTALS_TEMPLATE
	    TEMPLATE_300 FLOWS));
}
#define FIRST	(16 + 28 + 12 + 12)	/* octets of that message */

ATF_TC_WITHOUT_HEAD(totals_are_those_of_the_messages_before);
ATF_TC_BODY(totals_are_those_of_the_messages_before, tc)
{
	struct bench b;

	open_totals(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed_totals(&b, 2, FIRST, 1, 2));
	ATF_REQUIRE_EQ(RULE_NONE, feed_totals(&b, 3, FIRST + 48, 2, 2));
	decoder_free(b.decoder);
	/* The message that carries them does not count. */
	open_totals(&b, 0);
	ATF_REQUIRE_EQ(RULE_TOTAL_WRONG, feed_totals(&b, 2, FIRST, 2, 2));
	decoder_free(b.decoder);
	open_totals(&b, 0);
	ATF_REQUIRE_EQ(RULE_TOTAL_WRONG, feed_totals(&b, 2, FIRST + 48, 1, 2));
	decoder_free(b.decoder);
	open_totals(&b, 0);
	ATF_REQUIRE_EQ(RULE_TOTAL_WRONG, feed_totals(&b, 2, FIRST, 1, 3));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(totals_after_a_loss_are_not_less_than_received);
ATF_TC_BODY(totals_after_a_loss_are_not_less_than_received, tc)
{
	struct bench b;

	open_totals(&b, 1000);
	ATF_REQUIRE_EQ(RULE_NONE, feed_totals(&b, 1002, 9999, 99, 1002));
	decoder_free(b.decoder);
	open_totals(&b, 1000);
	ATF_REQUIRE_EQ(RULE_TOTAL_WRONG, feed_totals(&b, 1002, FIRST, 0, 2));
	decoder_free(b.decoder);
	open_totals(&b, 0);
	feed_ipfix(&b, 4, FLOWS);
	ATF_REQUIRE_EQ(1, b.result.gap);
	ATF_REQUIRE_EQ(RULE_NONE, feed_totals(&b, 6, FIRST + 44, 3, 6));
	decoder_free(b.decoder);
}

/* scope 144, flows, packets and octets not sent */
static enum rule
feed_unsent(struct bench *b, uint32_t sequence, const char *values)
{
	char hex[256];

	snprintf(hex, sizeof(hex), "0003 001c 0100 0004 0001 0090 0004"
	    "00a6 0008 00a7 0008 00a8 0008 0000 0100 0020 00000001 %s",
	    values);
	return (feed_ipfix(b, sequence, hex));
}

ATF_TC_WITHOUT_HEAD(totals_never_fall);
ATF_TC_BODY(totals_never_fall, tc)
{
	static const char *const fallen[] = {
		"0000000000000001 0000000000000002 0000000000000003",
		"0000000000000002 0000000000000001 0000000000000003",
		"0000000000000002 0000000000000002 0000000000000002"
	};
	struct bench b;
	int i;

	for (i = 0; i < 3; i++) {
		bench_open(&b, 0);
		ATF_REQUIRE_EQ(RULE_NONE, feed_unsent(&b, 0, "0000000000000002"
		    "0000000000000002 0000000000000003"));
		ATF_REQUIRE_EQ(RULE_TOTAL_FELL, feed_unsent(&b, 1, fallen[i]));
		decoder_free(b.decoder);
	}
}

/* What is missing at the end of a session with those sets. */
static enum rule
missing(const char *sets)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ_MSG(RULE_NONE, feed_ipfix(&b, 0, sets), "%s: rule %d",
	    sets, b.result.rule);
	(void)decoder_end(b.decoder, NULL, &b.result);
	decoder_free(b.decoder);
	return (b.result.rule);
}

ATF_TC_WITHOUT_HEAD(packet_report_is_handed_out);
ATF_TC_BODY(packet_report_is_handed_out, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, REPORT_TEMPLATE
	    REPORT("80000000")));
	ATF_REQUIRE_EQ(0, b.nflows);
	ATF_REQUIRE_EQ(1, b.nreports);
	ATF_REQUIRE_EQ(1, b.report.sequence_id);
	ATF_REQUIRE_EQ(1700000000500000ULL, b.report.time_us);
	ATF_REQUIRE_EQ(64, b.report.size);
	ATF_REQUIRE_EQ(4, b.report.length);
	ATF_REQUIRE_EQ(315, b.report.section_id);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(packet_reports_come_with_what_explains_them);
ATF_TC_BODY(packet_reports_come_with_what_explains_them, tc)
{
	const char *right = PSAMP_TEMPLATES SEQUENCE("01")
	    SELECTOR("0001", "00000001", "00000000") REPORT("80000000")
	    STATISTICS("05", "05");

	ATF_REQUIRE_EQ(RULE_NONE, missing(right));
	ATF_REQUIRE_EQ(RULE_NO_SEQUENCE, missing(PSAMP_TEMPLATES
	    SELECTOR("0001", "00000001", "00000000") REPORT("80000000")
	    STATISTICS("05", "05")));
	ATF_REQUIRE_EQ(RULE_NO_SELECTOR, missing(PSAMP_TEMPLATES
	    SEQUENCE("01") REPORT("80000000") STATISTICS("05", "05")));
	ATF_REQUIRE_EQ(RULE_NO_SELECTOR, missing(PSAMP_TEMPLATES
	    SEQUENCE("02") SELECTOR("0001", "00000001", "00000000")
	    REPORT("80000000") STATISTICS("05", "05")));
	ATF_REQUIRE_EQ(RULE_NO_STATISTICS, missing(PSAMP_TEMPLATES
	    SEQUENCE("01") SELECTOR("0001", "00000001", "00000000")
	    REPORT("80000000")));
	/* Without a report there is nothing to explain. */
	ATF_REQUIRE_EQ(RULE_NONE, missing(PSAMP_TEMPLATES));
}

ATF_TC_WITHOUT_HEAD(no_more_is_selected_than_observed);
ATF_TC_BODY(no_more_is_selected_than_observed, tc)
{
	struct bench b;

	expect_ipfix(STATISTICS_TEMPLATE STATISTICS("05", "06"),
	    RULE_SELECTED, 44);
	/* The second selector has what the first took: 5, 4 and then 4, 5. */
	expect_ipfix("0003 001c 0202 0004 0001 012d 0008 013e 0008 013f 0008"
	    "013f 0008 0000 0202 0044 0000000000000001 0000000000000005"
	    "0000000000000005 0000000000000004 0000000000000001"
	    "0000000000000009 0000000000000005 0000000000000006",
	    RULE_SELECTED, 16 + 28 + 4 + 32);
	bench_open(&b, 0);
	feed_ipfix(&b, 0, STATISTICS_TEMPLATE STATISTICS("05", "05"));
	ATF_REQUIRE_EQ(RULE_TOTAL_FELL,
	    feed_ipfix(&b, 1, STATISTICS("04", "04")));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(section_is_of_variable_length_and_names_its_selection);
ATF_TC_BODY(section_is_of_variable_length_and_names_its_selection, tc)
{
	expect_ipfix("0002 0010 0200 0002 012d 0008 013b 0040", RULE_SECTION,
	    20);
	expect_ipfix("0002 0010 0200 0002 0144 0008 013b ffff", RULE_SECTION,
	    20);
}

ATF_TC_WITHOUT_HEAD(section_is_as_long_as_the_record_says);
ATF_TC_BODY(section_is_as_long_as_the_record_says, tc)
{
	const char *counted = "0002 0014 0200 0003 012d 0008 019a 0002"
	    "013b ffff 0200 0014 0000000000000001 %s 04 01020304 00";
	char hex[256];

	snprintf(hex, sizeof(hex), counted, "0004");
	expect_ipfix(hex, RULE_NONE, 0);
	snprintf(hex, sizeof(hex), counted, "0005");
	expect_ipfix(hex, RULE_SECTION_LENGTH, 40);
	/* A frame of 3 octets has no section of 4, and none is empty. */
	expect_ipfix(REPORT_TEMPLATE "0200 001c 0000000000000001 e8fe6f80"
	    "80000000 0003 04 01020304 00", RULE_SECTION_LENGTH, 44);
	expect_ipfix(REPORT_TEMPLATE "0200 0018 0000000000000001 e8fe6f80"
	    "80000000 0003 00 00", RULE_SECTION_LENGTH, 44);
}

ATF_TC_WITHOUT_HEAD(time_of_observation_ends_in_11_zeros);
ATF_TC_BODY(time_of_observation_ends_in_11_zeros, tc)
{
	expect_ipfix(REPORT_TEMPLATE REPORT("80000001"), RULE_NTP, 52);
	/* And so does that of the last flow not sent. */
	expect_ipfix("0003 0018 0100 0003 0001 0090 0004 0144 0008 0144 0008"
	    "0000 0100 0018 00000001 e8fe6f80 80000000 e8fe6f80 80000001",
	    RULE_NTP, 56);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, both_dialects_say_the_same_rate);
	ATF_TP_ADD_TC(tp, rate_of_0_and_unknown_algorithm_are_refused);
	ATF_TP_ADD_TC(tp, probability_is_a_rate);
	ATF_TP_ADD_TC(tp, interface_name_is_characters_and_zeros);
	ATF_TP_ADD_TC(tp, totals_are_those_of_the_messages_before);
	ATF_TP_ADD_TC(tp, totals_after_a_loss_are_not_less_than_received);
	ATF_TP_ADD_TC(tp, totals_never_fall);
	ATF_TP_ADD_TC(tp, packet_report_is_handed_out);
	ATF_TP_ADD_TC(tp, packet_reports_come_with_what_explains_them);
	ATF_TP_ADD_TC(tp, no_more_is_selected_than_observed);
	ATF_TP_ADD_TC(tp,
	    section_is_of_variable_length_and_names_its_selection);
	ATF_TP_ADD_TC(tp, section_is_as_long_as_the_record_says);
	ATF_TP_ADD_TC(tp, time_of_observation_ends_in_11_zeros);
	return (atf_no_error());
}
