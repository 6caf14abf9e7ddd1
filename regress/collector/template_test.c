/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The collector's decoder: sets, templates, options and data of v9 and IPFIX,
 * each rule with the least damage that breaks it.
 */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

ATF_TC_WITHOUT_HEAD(set_shorter_than_its_head_is_refused);
ATF_TC_BODY(set_shorter_than_its_head_is_refused, tc)
{
	expect_v9(1, "0400 0003", RULE_SET_LENGTH, 22);
	expect_v9(1, "0400 0000", RULE_SET_LENGTH, 22);
	expect_ipfix("0400 0003", RULE_SET_LENGTH, 18);
	expect_ipfix("0400 0000", RULE_SET_LENGTH, 18);
}

ATF_TC_WITHOUT_HEAD(set_beyond_the_datagram_is_refused);
ATF_TC_BODY(set_beyond_the_datagram_is_refused, tc)
{
	expect_v9(1, "0400 0008", RULE_SET_LENGTH, 22);
	expect_ipfix("0400 0008", RULE_SET_LENGTH, 18);
	expect_ipfix("0400 ffff 00000000", RULE_SET_LENGTH, 18);
	expect_ipfix(IPFIX_TEMPLATE "0000", RULE_SET_LENGTH, 16 + 56);
}

ATF_TC_WITHOUT_HEAD(unaligned_set_is_refused);
ATF_TC_BODY(unaligned_set_is_refused, tc)
{
	expect_v9(2, V9_TEMPLATE "0100 0005 00", RULE_SET_ALIGNMENT, 86);
	expect_ipfix("0002 000e 012c 0001 0001 0004 0000",
	    RULE_SET_ALIGNMENT, 18);
}

ATF_TC_WITHOUT_HEAD(set_without_records_is_refused);
ATF_TC_BODY(set_without_records_is_refused, tc)
{
	expect_v9(0, "0000 0004", RULE_SET_EMPTY, 20);
	expect_v9(0, "0001 0004", RULE_SET_EMPTY, 20);
	expect_ipfix("0002 0004", RULE_SET_EMPTY, 16);
	expect_ipfix("0003 0004", RULE_SET_EMPTY, 16);
	expect_ipfix(TEMPLATE_300 "012c 0004", RULE_SET_EMPTY, 28);
	expect_ipfix(IPFIX_TEMPLATE "0400 0008 00000000", RULE_SET_EMPTY,
	    16 + 56);
}

ATF_TC_WITHOUT_HEAD(reserved_set_id_is_refused);
ATF_TC_BODY(reserved_set_id_is_refused, tc)
{
	expect_v9(1, "0002 000c 012c 0001 0001 0004", RULE_SET_ID, 20);
	expect_v9(1, "00ff 000c 012c 0001 0001 0004", RULE_SET_ID, 20);
	expect_ipfix("0000 000c 012c 0001 0001 0004", RULE_SET_ID, 16);
	expect_ipfix("0001 000c 012c 0001 0001 0004", RULE_SET_ID, 16);
	expect_ipfix("0004 000c 012c 0001 0001 0004", RULE_SET_ID, 16);
}

ATF_TC_WITHOUT_HEAD(padding_is_zero_and_short);
ATF_TC_BODY(padding_is_zero_and_short, tc)
{
	const char *template = "0002 0010 012c 0001 ffff 0005 00000001";
	char hex[128];

	snprintf(hex, sizeof(hex), "%s 012c 000c 0102030405 000000", template);
	expect_ipfix(hex, RULE_NONE, 0);
	snprintf(hex, sizeof(hex), "%s 012c 000c 0102030405 000100", template);
	expect_ipfix(hex, RULE_PADDING, 16 + 16 + 4 + 6);
	snprintf(hex, sizeof(hex), "%s 012c 0010 0102030405 0000000000 0000",
	    template);
	expect_ipfix(hex, RULE_NONE, 0);
	expect_ipfix("0002 0010 012c 0001 ffff 0008 00000001"
	    "012c 0010 0102030405060708 00000000", RULE_PADDING, 44);
	expect_ipfix("0003 0018 0100 0003 0001 0095 0004 0022 0004 0023 0001"
	    "0001", RULE_PADDING, 16 + 23);
	expect_v9(3, "0001 0018 0100 0004 0008 0001 0004 0022 0004 0023 0001"
	    "0100", RULE_PADDING, 20 + 22);
	expect_v9(2, V9_OPTIONS "0100 0010 00000007 00000064 01 000001",
	    RULE_PADDING, 20 + 24 + 15);
}

ATF_TC_WITHOUT_HEAD(template_id_below_256_is_refused);
ATF_TC_BODY(template_id_below_256_is_refused, tc)
{
	expect_v9(1, "0000 000c 00ff 0001 0001 0004", RULE_TEMPLATE_ID, 24);
	expect_ipfix("0002 000c 00ff 0001 0001 0004", RULE_TEMPLATE_ID, 20);
	expect_ipfix("0002 000c 0100 0001 0001 0004", RULE_NONE, 0);
}

ATF_TC_WITHOUT_HEAD(template_without_fields_is_refused);
ATF_TC_BODY(template_without_fields_is_refused, tc)
{
	expect_v9(1, "0000 0008 012c 0000", RULE_FIELD_COUNT, 26);
	expect_v9(1, "0001 0010 012c 0004 0000 0001 0004 0000",
	    RULE_FIELD_COUNT, 28);
}

ATF_TC_WITHOUT_HEAD(template_beyond_its_set_is_refused);
ATF_TC_BODY(template_beyond_its_set_is_refused, tc)
{
	expect_v9(1, "0000 000c 012c 0002 0001 0004", RULE_TEMPLATE_CUT, 24);
	expect_ipfix("0002 000c 012c ffff 0001 0004", RULE_TEMPLATE_CUT, 20);
	expect_ipfix("0003 0008 012c 0001", RULE_TEMPLATE_CUT, 20);
	expect_ipfix("0003 000c 012c 0001 0001 0000", RULE_TEMPLATE_CUT, 20);
	/* The enterprise number is outside. */
	expect_ipfix("0002 000c 012c 0001 8001 0004" TEMPLATE_300,
	    RULE_TEMPLATE_CUT, 24);
	/* An enterprise number takes the place of the second field. */
	expect_ipfix("0002 0010 012c 0002 8001 0004 00000001",
	    RULE_TEMPLATE_CUT, 32);
}

ATF_TC_WITHOUT_HEAD(withdrawal_over_udp_is_refused);
ATF_TC_BODY(withdrawal_over_udp_is_refused, tc)
{
	expect_ipfix("0002 0008 012c 0000", RULE_WITHDRAWAL, 20);
	expect_ipfix("0002 0008 0002 0000", RULE_WITHDRAWAL, 20);
	expect_ipfix("0003 0008 0003 0000", RULE_WITHDRAWAL, 20);
	expect_ipfix("0002 0008 0003 0000", RULE_TEMPLATE_ID, 20);
}

ATF_TC_WITHOUT_HEAD(field_length_of_0_is_refused);
ATF_TC_BODY(field_length_of_0_is_refused, tc)
{
	expect_v9(1, "0000 000c 012c 0001 0050 0000", RULE_FIELD_LENGTH, 30);
	expect_ipfix("0002 000c 012c 0001 0050 0000", RULE_FIELD_LENGTH, 26);
	expect_v9(1, "0001 0014 012c 0004 0004 0001 0000 0022 0004 0000",
	    RULE_FIELD_LENGTH, 32);
}

ATF_TC_WITHOUT_HEAD(number_may_be_shorter_never_longer);
ATF_TC_BODY(number_may_be_shorter_never_longer, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, "0002 0018 012c 0004"
	    "0001 0003 0002 0001 000a 0002 0006 0002"
	    "012c 000c 0186a0 ff 0102 011b"));
	ATF_REQUIRE_EQ(100000, b.flows[0].octets);
	ATF_REQUIRE_EQ(255, b.flows[0].packets);
	ATF_REQUIRE_EQ(0x0102, b.flows[0].in);
	ATF_REQUIRE_EQ(0x011b, b.flows[0].tcpflags);
	decoder_free(b.decoder);
	expect_ipfix("0002 000c 012c 0001 0001 0008", RULE_NONE, 0);
	expect_ipfix("0002 000c 012c 0001 0001 0009", RULE_FIELD_LENGTH, 26);
	expect_ipfix("0002 000c 012c 0001 0007 0004", RULE_FIELD_LENGTH, 26);
	expect_ipfix("0002 000c 012c 0001 0001 ffff", RULE_FIELD_LENGTH, 26);
}

ATF_TC_WITHOUT_HEAD(address_and_date_have_one_length);
ATF_TC_BODY(address_and_date_have_one_length, tc)
{
	expect_ipfix("0002 000c 012c 0001 0008 0003", RULE_FIELD_LENGTH, 26);
	expect_ipfix("0002 000c 012c 0001 000c 0005", RULE_FIELD_LENGTH, 26);
	expect_ipfix("0002 000c 012c 0001 001b 0004", RULE_FIELD_LENGTH, 26);
	expect_ipfix("0002 000c 012c 0001 0098 0004", RULE_FIELD_LENGTH, 26);
	expect_v9(1, "0000 000c 012c 0001 0099 0004", RULE_FIELD_LENGTH, 30);
}

ATF_TC_WITHOUT_HEAD(v9_has_no_variable_length);
ATF_TC_BODY(v9_has_no_variable_length, tc)
{
	expect_v9(1, "0000 000c 012c 0001 0052 ffff", RULE_FIELD_LENGTH, 30);
}

ATF_TC_WITHOUT_HEAD(v9_scope_lengths_are_whole_specifiers);
ATF_TC_BODY(v9_scope_lengths_are_whole_specifiers, tc)
{
	expect_v9(1, "0001 0010 012c 0000 0004 0022 0004 0000", RULE_SCOPE,
	    26);
	expect_v9(1, "0001 0014 012c 0003 0004 0001 0004 0022 0004 0000",
	    RULE_SCOPE, 26);
	expect_v9(1, "0001 0014 012c 0004 0003 0001 0004 0022 0004 0000",
	    RULE_FIELD_COUNT, 28);
	expect_v9(1, "0001 0014 012c 0004 0008 0001 0004 0022 0004 0000",
	    RULE_TEMPLATE_CUT, 24);
}

ATF_TC_WITHOUT_HEAD(ipfix_scope_is_1_to_all_fields);
ATF_TC_BODY(ipfix_scope_is_1_to_all_fields, tc)
{
	expect_ipfix("0003 0014 012c 0002 0000 0095 0004 0022 0004 0000",
	    RULE_SCOPE, 24);
	expect_ipfix("0003 0014 012c 0002 0003 0095 0004 0022 0004 0000",
	    RULE_SCOPE, 24);
	expect_ipfix("0003 0014 012c 0002 0002 0095 0004 0022 0004 0000",
	    RULE_NONE, 0);
}

ATF_TC_WITHOUT_HEAD(v9_scope_types_are_not_elements);
ATF_TC_BODY(v9_scope_types_are_not_elements, tc)
{
	/* Scope 4 is the cache, in 4 octets; element 4 never has that. */
	expect_v9(1, "0001 0014 012c 0004 0004 0004 0004 0022 0004 0000",
	    RULE_NONE, 0);
	expect_ipfix("0003 0014 012c 0002 0001 0004 0004 0022 0004 0000",
	    RULE_FIELD_LENGTH, 28);
}

ATF_TC_WITHOUT_HEAD(repeated_template_is_taken);
ATF_TC_BODY(repeated_template_is_taken, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, IPFIX_TEMPLATE
	    IPFIX_TEMPLATE));
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, IPFIX_TEMPLATE
	    IPFIX_DATA));
	ATF_REQUIRE_EQ(1, b.nflows);
	decoder_free(b.decoder);
}

/* Template 300, then another one of that id */
static void
expect_redefined(const char *other)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, TEMPLATE_300));
	ATF_REQUIRE_EQ(RULE_REDEFINED, feed_ipfix(&b, 0, other));
	ATF_REQUIRE_EQ(20, b.result.offset);
	/* Neither is valid now. */
	ATF_REQUIRE_EQ(RULE_NO_TEMPLATE,
	    feed_ipfix(&b, 0, "012c 0008 00000001"));
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, other));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(redefined_template_is_refused_and_forgotten);
ATF_TC_BODY(redefined_template_is_refused_and_forgotten, tc)
{
	expect_redefined("0002 000c 012c 0001 0002 0004");
	expect_redefined("0002 000c 012c 0001 0001 0003");
	expect_redefined("0002 0010 012c 0002 0001 0004 0002 0004");
	expect_redefined("0002 0010 012c 0001 8001 0004 00000001");
	expect_redefined("0003 0010 012c 0001 0001 0001 0004 0000");
}

ATF_TC_WITHOUT_HEAD(data_without_template_is_refused);
ATF_TC_BODY(data_without_template_is_refused, tc)
{
	expect_v9(1, V9_DATA V9_TEMPLATE, RULE_NO_TEMPLATE, 20);
	expect_ipfix(IPFIX_DATA IPFIX_TEMPLATE, RULE_NO_TEMPLATE, 16);
}

ATF_TC_WITHOUT_HEAD(template_belongs_to_its_session);
ATF_TC_BODY(template_belongs_to_its_session, tc)
{
	struct bench b;

	bench_open(&b, 0);
	feed_ipfix(&b, 0, TEMPLATE_300);
	ATF_REQUIRE_EQ(RULE_NO_TEMPLATE, feed(&b, "000a 0018 6553f164 00000000"
	    "00000008 012c 0008 00000001"));
	ATF_REQUIRE_EQ(RULE_NO_TEMPLATE, feed_v9(&b, 1, 0,
	    "012c 0008 00000001"));
	b.from.port++;
	ATF_REQUIRE_EQ(RULE_NO_TEMPLATE, feed_ipfix(&b, 0,
	    "012c 0008 00000001"));
	b.from.port--;
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, "012c 0008 00000001"));
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(templates_are_bounded);
ATF_TC_BODY(templates_are_bounded, tc)
{
	char hex[64];
	struct bench b;
	unsigned int i;

	bench_open(&b, 0);
	for (i = 0; i < TEMPLATES_MAX; i++) {
		snprintf(hex, sizeof(hex), "0002 000c %04x 0001 0001 0004",
		    256 + i);
		ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, hex));
	}
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, TEMPLATE_300));
	ATF_REQUIRE_EQ(RULE_LIMIT, feed_ipfix(&b, 0,
	    "0002 000c ffff 0001 0001 0004"));
	decoder_free(b.decoder);
}

/* A template of that many fields of 1 octet */
static enum rule
feed_fields(unsigned int n)
{
	uint8_t buf[DATAGRAM_MAX];
	struct bench b;
	unsigned int i;
	size_t len;

	bench_open(&b, 0);
	len = from_hex("000a 0000 6553f164 00000000 00000007"
	    "0002 0000 012c 0000", buf);
	for (i = 0; i < n; i++)
		len += from_hex("0052 0001", buf + len);
	buf[2] = (uint8_t)(len >> 8);
	buf[3] = (uint8_t)len;
	buf[18] = (uint8_t)((len - 16) >> 8);
	buf[19] = (uint8_t)(len - 16);
	buf[22] = (uint8_t)(n >> 8);
	buf[23] = (uint8_t)n;
	feed_octets(&b, buf, len);
	decoder_free(b.decoder);
	return (b.result.rule);
}

ATF_TC_WITHOUT_HEAD(fields_of_a_template_are_bounded);
ATF_TC_BODY(fields_of_a_template_are_bounded, tc)
{
	ATF_REQUIRE_EQ(RULE_NONE, feed_fields(FIELDS_MAX));
	ATF_REQUIRE_EQ(RULE_LIMIT, feed_fields(FIELDS_MAX + 1));
}

/* string, octets */
#define VARIABLE	"0002 0010 012c 0002 0052 ffff 0001 0004"

ATF_TC_WITHOUT_HEAD(variable_length_is_read_in_both_forms);
ATF_TC_BODY(variable_length_is_read_in_both_forms, tc)
{
	struct bench b;

	bench_open(&b, 0);
	/* "eth0", an empty one, "eth0" in the long form, 1 octet to pad */
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, VARIABLE "012c 0020"
	    "04 65746830 00000001 00 00000002 ff0004 65746830 00000003"
	    "000000"));
	ATF_REQUIRE_EQ(3, b.nflows);
	ATF_REQUIRE_EQ(1, b.flows[0].octets);
	ATF_REQUIRE_EQ(2, b.flows[1].octets);
	ATF_REQUIRE_EQ(3, b.flows[2].octets);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(variable_length_beyond_its_set_is_refused);
ATF_TC_BODY(variable_length_beyond_its_set_is_refused, tc)
{
	/* the value, what follows it, the long length, a second length */
	expect_ipfix(VARIABLE "012c 000c 08 65746830 000000",
	    RULE_RECORD_CUT, 37);
	expect_ipfix(VARIABLE "012c 000c 04 65746830 000000",
	    RULE_RECORD_CUT, 41);
	expect_ipfix("0002 0010 012c 0002 0001 0003 0052 ffff"
	    "012c 000c 000001 00 000002 ff", RULE_RECORD_CUT, 44);
	expect_ipfix("0002 0010 012c 0002 0052 ffff 0053 ffff"
	    "012c 0008 03 aabbcc", RULE_RECORD_CUT, 40);
}

ATF_TC_WITHOUT_HEAD(enterprise_elements_are_skipped);
ATF_TC_BODY(enterprise_elements_are_skipped, tc)
{
	struct bench b;

	bench_open(&b, 0);
	/* octets and packets, and the same elements of enterprises 8 and 9 */
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, "0002 0028 012c 0005"
	    "8001 0004 00000008 0001 0004 0002 0004 8002 0004 00000008"
	    "8001 ffff 00000009"
	    "012c 0018 0000000b 00000001 00000002 0000000c 03 aabbcc"));
	ATF_REQUIRE_EQ(1, b.nflows);
	ATF_REQUIRE_EQ(1, b.flows[0].octets);
	ATF_REQUIRE_EQ(2, b.flows[0].packets);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(v9_has_no_enterprise_numbers);
ATF_TC_BODY(v9_has_no_enterprise_numbers, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed_v9(&b, 2, 0, "0000 0010 012c 0002"
	    "8001 0004 0001 0004 012c 000c 0000000b 00000001"));
	ATF_REQUIRE_EQ(1, b.flows[0].octets);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(first_of_a_repeated_element_counts);
ATF_TC_BODY(first_of_a_repeated_element_counts, tc)
{
	struct bench b;

	bench_open(&b, 0);
	feed_ipfix(&b, 0, "0002 0010 012c 0002 0008 0004 0008 0004"
	    "012c 000c 01020304 05060708");
	ATF_REQUIRE_EQ(4, b.flows[0].family);
	ATF_REQUIRE_EQ(1, b.flows[0].src[0]);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(ipv6_flow_has_its_addresses_and_icmp_type);
ATF_TC_BODY(ipv6_flow_has_its_addresses_and_icmp_type, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed_v9(&b, 2, 0, "0000 0018 012c 0004"
	    "001b 0010 001c 0010 0004 0001 008b 0002"
	    "012c 0028 20010db8000000000000000000000001"
	    "20010db8000000000000000000000002 3a 8100 00"));
	ATF_REQUIRE_EQ(6, b.flows[0].family);
	ATF_REQUIRE_EQ(1, b.flows[0].src[15]);
	ATF_REQUIRE_EQ(2, b.flows[0].dst[15]);
	ATF_REQUIRE_EQ(58, b.flows[0].proto);
	ATF_REQUIRE(b.flows[0].have & HAVE_ICMP);
	ATF_REQUIRE_EQ(0x8100, b.flows[0].icmp);
	ATF_REQUIRE_EQ(0x8100, b.flows[0].dport);
	ATF_REQUIRE_EQ(0, b.flows[0].have & HAVE_REASON);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(destination_port_that_was_sent_counts);
ATF_TC_BODY(destination_port_that_was_sent_counts, tc)
{
	struct bench b;

	bench_open(&b, 0);
	feed_ipfix(&b, 0, "0002 0010 012c 0002 0020 0002 000b 0002"
	    "012c 0008 0800 1234");
	ATF_REQUIRE_EQ(0x0800, b.flows[0].icmp);
	ATF_REQUIRE_EQ(0x1234, b.flows[0].dport);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(options_record_is_handed_out_with_its_scope);
ATF_TC_BODY(options_record_is_handed_out_with_its_scope, tc)
{
	struct bench b;

	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, IPFIX_OPTIONS SAMPLING));
	ATF_REQUIRE_EQ(0, b.nflows);
	ATF_REQUIRE_EQ(1, b.noptions);
	ATF_REQUIRE_EQ(256, b.options.template_id);
	ATF_REQUIRE_EQ(3, b.options.nvalues);
	ATF_REQUIRE_EQ(149, b.values[0].id);
	ATF_REQUIRE_EQ(1, b.values[0].scope);
	ATF_REQUIRE_EQ(4, b.values[0].length);
	ATF_REQUIRE_EQ(7, b.scope[3]);
	ATF_REQUIRE_EQ(34, b.values[1].id);
	ATF_REQUIRE_EQ(0, b.values[1].scope);
	decoder_free(b.decoder);
}

/* The sampling of a flow after an options record of two fields */
static void
expect_sampling(const char *ids, const char *values, uint32_t sampling)
{
	char hex[256];
	struct bench b;

	snprintf(hex, sizeof(hex), TEMPLATE_300 "0003 0018 0100 0003 0001"
	    "0095 0004 %s 0000 0100 0010 00000007 %s 012c 0008 00000001",
	    ids, values);
	bench_open(&b, 0);
	ATF_REQUIRE_EQ(RULE_NONE, feed_ipfix(&b, 0, hex));
	ATF_REQUIRE_EQ(1, b.nflows);
	ATF_REQUIRE_EQ(sampling, b.flows[0].sampling);
	decoder_free(b.decoder);
}

ATF_TC_WITHOUT_HEAD(sampling_rate_is_learnt_from_every_form);
ATF_TC_BODY(sampling_rate_is_learnt_from_every_form, tc)
{
	expect_sampling("0022 0004 0030 0004", "00000064 00000001", 100);
	expect_sampling("0032 0004 0030 0004", "00000064 00000001", 100);
	expect_sampling("0131 0004 0132 0004", "00000001 00000063", 100);
	expect_sampling("0131 0004 0132 0004", "00000000 00000063", 0);
	expect_sampling("0130 0002 012e 0006", "0005 000000000001", 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, set_shorter_than_its_head_is_refused);
	ATF_TP_ADD_TC(tp, set_beyond_the_datagram_is_refused);
	ATF_TP_ADD_TC(tp, unaligned_set_is_refused);
	ATF_TP_ADD_TC(tp, set_without_records_is_refused);
	ATF_TP_ADD_TC(tp, reserved_set_id_is_refused);
	ATF_TP_ADD_TC(tp, padding_is_zero_and_short);
	ATF_TP_ADD_TC(tp, template_id_below_256_is_refused);
	ATF_TP_ADD_TC(tp, template_without_fields_is_refused);
	ATF_TP_ADD_TC(tp, template_beyond_its_set_is_refused);
	ATF_TP_ADD_TC(tp, withdrawal_over_udp_is_refused);
	ATF_TP_ADD_TC(tp, field_length_of_0_is_refused);
	ATF_TP_ADD_TC(tp, number_may_be_shorter_never_longer);
	ATF_TP_ADD_TC(tp, address_and_date_have_one_length);
	ATF_TP_ADD_TC(tp, v9_has_no_variable_length);
	ATF_TP_ADD_TC(tp, v9_scope_lengths_are_whole_specifiers);
	ATF_TP_ADD_TC(tp, ipfix_scope_is_1_to_all_fields);
	ATF_TP_ADD_TC(tp, v9_scope_types_are_not_elements);
	ATF_TP_ADD_TC(tp, repeated_template_is_taken);
	ATF_TP_ADD_TC(tp, redefined_template_is_refused_and_forgotten);
	ATF_TP_ADD_TC(tp, data_without_template_is_refused);
	ATF_TP_ADD_TC(tp, template_belongs_to_its_session);
	ATF_TP_ADD_TC(tp, templates_are_bounded);
	ATF_TP_ADD_TC(tp, fields_of_a_template_are_bounded);
	ATF_TP_ADD_TC(tp, variable_length_is_read_in_both_forms);
	ATF_TP_ADD_TC(tp, variable_length_beyond_its_set_is_refused);
	ATF_TP_ADD_TC(tp, enterprise_elements_are_skipped);
	ATF_TP_ADD_TC(tp, v9_has_no_enterprise_numbers);
	ATF_TP_ADD_TC(tp, first_of_a_repeated_element_counts);
	ATF_TP_ADD_TC(tp, ipv6_flow_has_its_addresses_and_icmp_type);
	ATF_TP_ADD_TC(tp, destination_port_that_was_sent_counts);
	ATF_TP_ADD_TC(tp, options_record_is_handed_out_with_its_scope);
	ATF_TP_ADD_TC(tp, sampling_rate_is_learnt_from_every_form);
	return (atf_no_error());
}
