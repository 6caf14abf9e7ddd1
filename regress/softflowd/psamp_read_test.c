/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Reading the messages of others: their sets, records and fields. */

#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "psamp.h"
#include "psamp_fixture.h"

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)
#define VAR		65535
#define FRAME		sizeof(message_frame)

CASE(what_our_encoder_writes_is_read_as_it_was)
{
	static uint8_t		 data[1400];
	struct psamp_packet	 p = {
		.data = message_frame, .caplen = FRAME, .wirelen = 1514,
		.time_us = 1700000000999999, .ingress = 3, .ethernet = 1
	};
	struct datagram		 d = { .data = data, .max = sizeof(data),
				     .len = IPFIX_HEADER, .source_id = 9 };

	start();
	psamp_encoder.templates(&d, 0);
	ATF_REQUIRE_EQ(0, psamp_packet(&d, &p));
	p.data += 14;
	p.caplen -= 14;
	p.wirelen = 28;
	p.ethernet = 0;
	p.ingress = 0;
	p.egress = 4;
	ATF_REQUIRE_EQ(0, psamp_packet(&d, &p));
	ATF_CHECK_EQ(4, psamp_encoder.finish(&d));
	memcpy(message, data, d.len);
	ATF_REQUIRE_EQ(2, take(d.len));
	check_frame(FRAME);
	ATF_CHECK_EQ(1514, report.frame.wirelen);
	ATF_CHECK_EQ(1700000000999999, report.frame.time_us);
	ATF_CHECK_EQ(3, report.ingress);
	ATF_CHECK_EQ(0, report.egress);
	ATF_REQUIRE_EQ(1, psamp_next(&reader, &report));
	ATF_CHECK_EQ(LINK_RAW, report.link);
	ATF_CHECK_EQ(28, report.frame.caplen);
	ATF_CHECK_EQ(28, report.frame.wirelen);
	ATF_CHECK(memcmp(report.frame.data, message_frame + 14, 28) == 0);
	ATF_CHECK_EQ(4, report.egress);
	ATF_CHECK_EQ(0, psamp_next(&reader, &report));
	ATF_CHECK_EQ(0, c.psamp_bad_templates + c.psamp_no_packet +
	    c.psamp_no_template + c.psamp_missing + c.psamp_bad_messages);
	ATF_CHECK_EQ(1, c.psamp_messages);
}

/* A packet in a datagram of 1428 octets, as softflowd 1.x sends it. */
static void
make_1x_of(uint32_t sequence, uint64_t seconds)
{
	message_begin(sequence);
	message_set(3072);
	message_put(sequence, 8);
	message_put((seconds + 2208988800U) << 32 | 0x80000000U, 8);
	message_put(FRAME, 2);
	message_octets(message_frame, FRAME);
	message_zeros(1390 - FRAME);
	message_set_end();
	message_end();
	ATF_REQUIRE_EQ(1428, message_len);
}

static void
make_1x(uint32_t sequence)
{
	make_1x_of(sequence, 1700000000);
}

/* Those of NTP begin anew in 2036, and we take them for the era's that is. */
CASE(times_are_read_across_2036_and_2038_up_to_2106)
{
	static const uint32_t	seconds[] = {
		0, 2085978495, 2085978496, INT32_MAX, 2147483648, 2177452800,
		UINT32_MAX
	};
	uint32_t		i;

	start();
	for (i = 0; i < nitems(seconds); i++) {
		make_1x_of(i, seconds[i]);
		ATF_REQUIRE_EQ(1, take(message_len));
		check_frame(FRAME);
		ATF_CHECK_EQ_MSG(seconds[i] * 1000000ULL + 500000,
		    report.frame.time_us, "%u: %llu", seconds[i],
		    (unsigned long long)report.frame.time_us);
	}
}

CASE(datagrams_of_softflowd_1_are_read_without_their_template)
{
	static const uint16_t	fields[] = {
		301, 8, 324, 8, 410, 2, 315, 1390
	};

	start();
	make_1x(5);
	ATF_REQUIRE_EQ(1, take(message_len));
	check_frame(FRAME);
	ATF_CHECK_EQ(FRAME, report.frame.wirelen);
	ATF_CHECK_EQ(1700000000500000, report.frame.time_us);
	make_1x(6);
	ATF_CHECK_EQ(1, take(message_len));
	message_begin(7);
	message_template(3072, fields, nitems(fields) / 2);
	ATF_CHECK_EQ(0, finish());
	make_1x(7);
	ATF_REQUIRE_EQ(1, take(message_len));
	check_frame(FRAME);
	ATF_CHECK_EQ(0, c.psamp_missing);
	make_1x(9);
	ATF_REQUIRE_EQ(1, take(message_len));
	ATF_CHECK_EQ(1, c.psamp_missing);
}

CASE(message_cut_off_anywhere_is_refused)
{
	size_t	 len, whole;

	start();
	make_plain(0, 3);
	whole = message_len;
	for (len = 0; len < whole; len++)
		ATF_CHECK_EQ_MSG(-1, take(len), "%zu octets", len);
	ATF_CHECK_EQ(whole, c.psamp_bad_messages);
	ATF_CHECK_EQ(whole, c.psamp_messages);
	/* Also where its length says so: then sets are cut, or whole. */
	for (len = IPFIX_HEADER; len < whole; len++) {
		make_plain(0, 3);
		message[2] = (uint8_t)(len >> 8);
		message[3] = (uint8_t)len;
		if (len == IPFIX_HEADER || len == IPFIX_HEADER + 24)
			ATF_CHECK_EQ(0, take(len));
		else
			ATF_CHECK_EQ(-1, take(len));
		ATF_CHECK_EQ(0, psamp_next(&reader, &report));
	}
	make_plain(0, 3);
	ATF_CHECK_EQ(3, take(message_len));
}

CASE(message_that_goes_on_behind_its_length_is_refused)
{
	start();
	make_plain(0, 1);
	message_zeros(4);
	ATF_CHECK_EQ(-1, take(message_len));
	ATF_CHECK_EQ(1, c.psamp_bad_messages);
}

CASE(other_versions_are_refused)
{
	static const uint16_t	versions[] = { 0, 1, 5, 9, 11, 0x0a00 };
	size_t			i;

	start();
	for (i = 0; i < nitems(versions); i++) {
		make_plain(0, 1);
		message[0] = (uint8_t)(versions[i] >> 8);
		message[1] = (uint8_t)versions[i];
		ATF_CHECK_EQ(-1, take(message_len));
	}
}

CASE(sets_whose_length_lies_are_refused)
{
	static const uint16_t	lengths[] = { 0, 1, 2, 3, 200, 65535 };
	size_t			i;

	start();
	for (i = 0; i < nitems(lengths); i++) {
		make_plain(0, 1);
		message[IPFIX_HEADER + 2] = (uint8_t)(lengths[i] >> 8);
		message[IPFIX_HEADER + 3] = (uint8_t)lengths[i];
		ATF_CHECK_EQ(-1, take(message_len));
	}
	ATF_CHECK_EQ(nitems(lengths), c.psamp_bad_messages);
}

CASE(sections_that_end_behind_their_set_are_refused)
{
	start();
	make_plain(0, 2);
	message[message_len - FRAME - 1]++;	/* the last one's length */
	ATF_CHECK_EQ(-1, take(message_len));
	make_plain(0, 2);
	message[message_len - FRAME - 1] = 255;	/* of frame's first octets */
	ATF_CHECK_EQ(-1, take(message_len));
	ATF_CHECK_EQ(2, c.psamp_bad_messages);
	ATF_CHECK_EQ(0, psamp_next(&reader, &report));
	/* Nothing of it was used; what follows is. */
	make_plain(0, 2);
	ATF_CHECK_EQ(2, take(message_len));
}

CASE(both_forms_of_variable_length_are_read)
{
	static const uint16_t	fields[] = { 315, VAR };
	static uint8_t		long_frame[1000];

	start();
	memcpy(long_frame, message_frame, FRAME);
	message_begin(0);
	message_template(300, fields, 1);
	message_set(300);
	message_put(FRAME, 1);
	message_octets(message_frame, FRAME);
	message_put(255, 1);		/* legal for short ones, too */
	message_put(FRAME, 2);
	message_octets(message_frame, FRAME);
	message_put(255, 1);
	message_put(1000, 2);
	message_octets(long_frame, 1000);
	message_put(0, 1);
	message_set_end();
	ATF_REQUIRE_EQ(4, finish());
	check_frame(FRAME);
	check_frame(FRAME);
	ATF_REQUIRE_EQ(1, psamp_next(&reader, &report));
	ATF_CHECK_EQ(1000, report.frame.caplen);
	ATF_REQUIRE_EQ(1, psamp_next(&reader, &report));
	ATF_CHECK_EQ(0, report.frame.caplen);
	ATF_CHECK_EQ(0, psamp_next(&reader, &report));
}

CASE(padding_is_no_record)
{
	size_t	n;

	for (n = 0; n < 4; n++) {
		start();
		message_begin(0);
		message_set(2);
		message_put(400, 2);
		message_put(1, 2);
		message_put(313, 2);
		message_put(28, 2);
		message_zeros(n);
		message_set_end();
		message_set(400);
		message_octets(message_frame + 14, 28);
		message_zeros(n);
		message_set_end();
		ATF_CHECK_EQ(1, finish());
		ATF_CHECK_EQ(0, c.psamp_bad_templates);
	}
}

CASE(fields_of_enterprises_are_passed_over)
{
	start();
	message_begin(0);
	message_set(2);
	message_put(300, 2);
	message_put(3, 2);
	message_put(0x8000 | 315, 2);	/* somebody's own, not a section */
	message_put(VAR, 2);
	message_put(29305, 4);
	message_put(315, 2);
	message_put(VAR, 2);
	message_put(0x8000 | 324, 2);
	message_put(8, 2);
	message_put(9, 4);
	message_set_end();
	message_set(300);
	message_put(3, 1);
	message_put(0x010203, 3);
	message_put(FRAME, 1);
	message_octets(message_frame, FRAME);
	message_put(UINT64_MAX, 8);
	message_set_end();
	ATF_REQUIRE_EQ(1, finish());
	check_frame(FRAME);
	ATF_CHECK_EQ(1000000000, report.frame.time_us);	/* export time */
}

CASE(each_observation_time_is_understood)
{
	static const struct {
		uint16_t	element, octets;
		uint64_t	value, us;
	} times[] = {
		{ 322, 4, 1700000000, 1700000000000000 },
		{ 323, 8, 1700000000123, 1700000000123000 },
		{ 324, 8, 3908988800ULL << 32 | 0x80000000, 1700000000500000 },
		{ 324, 8, 3908988800ULL << 32 | 0x800007ff, 1700000000500000 },
		{ 325, 8, 3908988800ULL << 32 | 0xffffffff, 1700000000999999 },
		/* NTP begins anew in 2036. */
		{ 324, 8, 0, 2085978496000000 },
		{ 322, 2, 7, 1000000000 },
		{ 323, 8, UINT64_MAX, 1000000000 }
	};
	uint16_t	fields[4] = { 0, 0, 315, VAR };
	size_t		i;

	for (i = 0; i < nitems(times); i++) {
		start();
		fields[0] = times[i].element;
		fields[1] = times[i].octets;
		message_begin(0);
		message_template(300, fields, 2);
		message_set(300);
		message_put(times[i].value, times[i].octets);
		message_put(FRAME, 1);
		message_octets(message_frame, FRAME);
		message_set_end();
		ATF_REQUIRE_EQ(1, finish());
		check_frame(FRAME);
		ATF_CHECK_EQ_MSG(times[i].us, report.frame.time_us, "%zu", i);
	}
}

/* One record under fields that end with a section; its leading ones. */
static int
take_record(const uint16_t *fields, size_t n, const uint64_t *values)
{
	size_t	i;

	start();
	message_begin(0);
	message_template(300, fields, n);
	message_set(300);
	for (i = 0; i + 1 < n; i++)
		message_put(values[i], fields[2 * i + 1]);
	message_put(FRAME, 1);
	message_octets(message_frame, FRAME);
	message_set_end();
	return (finish());
}

CASE(records_that_do_not_begin_a_packet_are_counted)
{
	const uint16_t	offset[] = { 409, 2, 315, VAR };
	const uint16_t	type[] = { 408, 2, 315, VAR };
	const uint16_t	payload[] = { 312, 2, 314, VAR };
	uint64_t	value = 4;

	ATF_CHECK_EQ(0, take_record(offset, 2, &value));
	ATF_CHECK_EQ(1, c.psamp_no_packet);
	ATF_CHECK_EQ(0, take_record(type, 2, &value));
	ATF_CHECK_EQ(1, c.psamp_no_packet);
	ATF_CHECK_EQ(0, take_record(payload, 2, &value));
	ATF_CHECK_EQ(1, c.psamp_no_packet);
	value = 0;
	ATF_CHECK_EQ(1, take_record(offset, 2, &value));
	value = 1;
	ATF_CHECK_EQ(1, take_record(type, 2, &value));
	ATF_CHECK_EQ(0, c.psamp_no_packet);
	value = 2;
	ATF_REQUIRE_EQ(1, take_record(type, 2, &value));
	ATF_REQUIRE_EQ(1, psamp_next(&reader, &report));
	ATF_CHECK_EQ(LINK_WLAN, report.link);
}

CASE(octets_that_fill_up_a_section_are_no_packet)
{
	const uint16_t	fields[] = { 410, 2, 315, VAR };
	uint64_t	value = 34;

	ATF_REQUIRE_EQ(1, take_record(fields, 2, &value));
	check_frame(34);
	value = 1000;			/* more than there is */
	ATF_REQUIRE_EQ(1, take_record(fields, 2, &value));
	check_frame(FRAME);
}

CASE(wire_length_is_never_below_what_is_there)
{
	const uint16_t	fields[] = { 312, 2, 10, 4, 14, 2, 315, VAR };
	uint64_t	values[] = { 5, 70000, 9 };

	ATF_REQUIRE_EQ(1, take_record(fields, 4, values));
	check_frame(FRAME);
	ATF_CHECK_EQ(FRAME, report.frame.wirelen);
	ATF_CHECK_EQ(70000, report.ingress);
	ATF_CHECK_EQ(9, report.egress);
}

CASE(sets_without_a_template_are_counted_and_end_the_sequence)
{
	start();
	make_plain(0, 2);
	ATF_REQUIRE_EQ(2, take(message_len));
	message_begin(2);
	message_set(999);
	message_zeros(40);
	message_set_end();
	ATF_CHECK_EQ(0, finish());
	ATF_CHECK_EQ(1, c.psamp_no_template);
	/* Nobody knows how many those were. */
	make_plain(50, 2);
	ATF_CHECK_EQ(2, take(message_len));
	ATF_CHECK_EQ(0, c.psamp_missing);
	make_plain(55, 1);
	ATF_CHECK_EQ(1, take(message_len));
	ATF_CHECK_EQ(3, c.psamp_missing);
}

CASE(sequence_counts_data_records_and_wraps)
{
	start();
	make_plain(UINT32_MAX - 1, 3);
	ATF_CHECK_EQ(3, take(message_len));
	make_plain(1, 1);
	ATF_CHECK_EQ(1, take(message_len));
	ATF_CHECK_EQ(0, c.psamp_missing);
	make_plain(12, 1);
	ATF_CHECK_EQ(1, take(message_len));
	ATF_CHECK_EQ(10, c.psamp_missing);
	/* Overtaken, or begun anew: no loss. */
	make_plain(2, 1);
	ATF_CHECK_EQ(1, take(message_len));
	make_plain(3, 1);
	ATF_CHECK_EQ(1, take(message_len));
	ATF_CHECK_EQ(10, c.psamp_missing);
}

CASE(options_data_count_in_the_sequence_but_are_no_packets)
{
	start();
	message_begin(0);
	message_set(3);
	message_put(500, 2);
	message_put(2, 2);
	message_put(1, 2);
	message_put(302, 2);
	message_put(8, 2);
	message_put(315, 2);
	message_put(2, 2);
	message_set_end();
	message_set(500);
	message_zeros(20);		/* two records */
	message_set_end();
	ATF_CHECK_EQ(0, finish());
	ATF_CHECK_EQ(0, c.psamp_no_packet);
	make_plain(2, 1);
	ATF_CHECK_EQ(1, take(message_len));
	ATF_CHECK_EQ(0, c.psamp_missing);
}

/* What it holds is read to its end, whatever that is. */
static void
drain(void)
{
	uint32_t	i, sum = 0;

	while (psamp_next(&reader, &report))
		for (i = 0; i < report.frame.caplen; i++)
			sum += report.frame.data[i];
	ATF_CHECK(sum <= UINT32_MAX);
}

CASE(messages_with_any_octet_changed_do_no_harm)
{
	unsigned int	i, n, value;
	size_t		at, whole;
	uint64_t	seed = 1;

	start();
	make_plain(0, 3);
	whole = message_len;
	for (at = 4; at < whole; at++)
		for (value = 0; value < 256; value++) {
			make_plain(0, 3);
			message[at] = (uint8_t)value;
			(void)take(whole);
			drain();
		}
	for (i = 0; i < 100000; i++) {
		make_plain(0, 3);
		for (n = 0; n < 4; n++) {
			seed = seed * 6364136223846793005 +
			    1442695040888963407;
			at = IPFIX_HEADER + (seed >> 33) %
			    (whole - IPFIX_HEADER);
			message[at] = (uint8_t)(seed >> 56);
		}
		(void)take(whole);
		drain();
	}
	ATF_CHECK(c.psamp_bad_messages > 0);
	ATF_CHECK(c.psamp_bad_messages < c.psamp_messages);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, what_our_encoder_writes_is_read_as_it_was);
	ATF_TP_ADD_TC(tp, times_are_read_across_2036_and_2038_up_to_2106);
	ATF_TP_ADD_TC(tp,
	    datagrams_of_softflowd_1_are_read_without_their_template);
	ATF_TP_ADD_TC(tp, message_cut_off_anywhere_is_refused);
	ATF_TP_ADD_TC(tp, message_that_goes_on_behind_its_length_is_refused);
	ATF_TP_ADD_TC(tp, other_versions_are_refused);
	ATF_TP_ADD_TC(tp, sets_whose_length_lies_are_refused);
	ATF_TP_ADD_TC(tp, sections_that_end_behind_their_set_are_refused);
	ATF_TP_ADD_TC(tp, both_forms_of_variable_length_are_read);
	ATF_TP_ADD_TC(tp, padding_is_no_record);
	ATF_TP_ADD_TC(tp, fields_of_enterprises_are_passed_over);
	ATF_TP_ADD_TC(tp, each_observation_time_is_understood);
	ATF_TP_ADD_TC(tp, records_that_do_not_begin_a_packet_are_counted);
	ATF_TP_ADD_TC(tp, octets_that_fill_up_a_section_are_no_packet);
	ATF_TP_ADD_TC(tp, wire_length_is_never_below_what_is_there);
	ATF_TP_ADD_TC(tp,
	    sets_without_a_template_are_counted_and_end_the_sequence);
	ATF_TP_ADD_TC(tp, sequence_counts_data_records_and_wraps);
	ATF_TP_ADD_TC(tp,
	    options_data_count_in_the_sequence_but_are_no_packets);
	ATF_TP_ADD_TC(tp, messages_with_any_octet_changed_do_no_harm);
	return (atf_no_error());
}
