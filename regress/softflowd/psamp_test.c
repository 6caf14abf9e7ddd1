/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Packet reports as they are written and sent. */

#include <errno.h>
#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "export_fixture.h"
#include "psamp.h"
#include "psamp_read.h"

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

#define HEADER		IPFIX_HEADER
#define BEFORE_SECTION	(HEADER + 4 + 28)	/* of the first report */

static uint8_t			octets[70000];	/* of packets */
static uint8_t			data[DATAGRAM_SIZE];
static struct datagram		d;
static struct psamp_packet	p;

static uint64_t
number(const uint8_t *at, size_t n)
{
	uint64_t	value = 0;

	for (; n > 0; n--)
		value = value << 8 | *at++;
	return (value);
}

/* An empty datagram of so many octets, and a packet of 60. */
static void
fresh(size_t max)
{
	size_t	i;

	for (i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 7 + i / 256);
	memset(&d, 0, sizeof(d));
	memset(data, 0xee, sizeof(data));
	d.data = data;
	d.len = HEADER;
	d.max = max;
	d.source_id = 0x01020304;
	d.sampling = 100;
	memset(&p, 0, sizeof(p));
	p.data = octets;
	p.caplen = 60;
	p.wirelen = 1514;
	p.time_us = 1700000000500000;
	p.ingress = 0x11121314;
	p.ethernet = 1;
}

CASE(report_is_octet_for_octet_as_rfc_5476_has_it)
{
	static const uint8_t	wanted[] = {
		0, 10, 0, 112, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4,
		2, 0, 0, 96,			/* template 512 */
		0, 0, 0, 0, 0, 0, 0, 1,		/* selection sequence */
		0xe8, 0xfe, 0x6f, 0x80, 0x80, 0, 0, 0,	/* half a second */
		0x05, 0xea, 0, 1,		/* 1514 octets, Ethernet */
		0x11, 0x12, 0x13, 0x14, 0, 0, 0, 0,
		60
	};

	fresh(PAYLOAD_MAX);
	ATF_REQUIRE_EQ(0, psamp_packet(&d, &p));
	ATF_CHECK_EQ(1, psamp_encoder.finish(&d));
	ATF_REQUIRE_EQ(112, d.len);
	ATF_CHECK(memcmp(data, wanted, sizeof(wanted)) == 0);
	ATF_CHECK(memcmp(data + sizeof(wanted), octets, 60) == 0);
	ATF_CHECK(memcmp(data + 109, "\0\0\0", 3) == 0);
}

CASE(packet_without_ethernet_has_a_template_of_its_own)
{
	fresh(PAYLOAD_MAX);
	p.ethernet = 0;
	p.wirelen = 100000;
	p.ingress = 0;
	p.egress = 9;
	ATF_REQUIRE_EQ(0, psamp_packet(&d, &p));
	ATF_CHECK_EQ(513, number(data + HEADER, 2));
	ATF_CHECK_EQ(100000, number(data + HEADER + 20, 4));
	ATF_CHECK_EQ(0, number(data + HEADER + 24, 4));
	ATF_CHECK_EQ(9, number(data + HEADER + 28, 4));
	ATF_CHECK_EQ(60, data[BEFORE_SECTION]);
	ATF_CHECK(memcmp(data + BEFORE_SECTION + 1, octets, 60) == 0);
	/* One of the other kind needs another set. */
	p.ethernet = 1;
	ATF_REQUIRE_EQ(0, psamp_packet(&d, &p));
	ATF_CHECK_EQ(512, number(data + d.set, 2));
	ATF_CHECK_EQ(0, d.set % 4);
	ATF_CHECK_EQ(UINT16_MAX, number(data + d.set + 4 + 16, 2));
}

CASE(tag_that_was_taken_out_is_put_back)
{
	fresh(PAYLOAD_MAX);
	p.tagged = 1;
	p.vlan = 0xa123;
	ATF_REQUIRE_EQ(0, psamp_packet(&d, &p));
	ATF_CHECK_EQ(1518, number(data + HEADER + 20, 2));
	ATF_CHECK_EQ(64, data[BEFORE_SECTION]);
	ATF_CHECK(memcmp(data + BEFORE_SECTION + 1, octets, 12) == 0);
	ATF_CHECK_EQ(0x8100a123, number(data + BEFORE_SECTION + 13, 4));
	ATF_CHECK(memcmp(data + BEFORE_SECTION + 17, octets + 12, 48) == 0);
}

CASE(section_has_the_short_form_up_to_254_octets)
{
	fresh(PAYLOAD_MAX);
	p.caplen = 254;
	ATF_REQUIRE_EQ(0, psamp_packet(&d, &p));
	ATF_CHECK_EQ(254, data[BEFORE_SECTION]);
	ATF_CHECK_EQ(BEFORE_SECTION + 1 + 254, d.len);
	fresh(PAYLOAD_MAX);
	p.caplen = 255;
	ATF_REQUIRE_EQ(0, psamp_packet(&d, &p));
	ATF_CHECK_EQ(255, data[BEFORE_SECTION]);
	ATF_CHECK_EQ(255, number(data + BEFORE_SECTION + 1, 2));
	ATF_CHECK_EQ(BEFORE_SECTION + 3 + 255, d.len);
	ATF_CHECK(memcmp(data + BEFORE_SECTION + 3, octets, 255) == 0);
}

CASE(every_microsecond_comes_back_from_its_fraction)
{
	uint32_t	fraction, us, wrong = 0;

	fresh(PAYLOAD_MAX);
	p.caplen = 0;
	for (us = 0; us < 1000000; us++) {
		d.len = HEADER;
		d.set = 0;
		p.time_us = 1700000000000000 + us;
		ATF_REQUIRE_EQ(0, psamp_packet(&d, &p));
		fraction = number(data + HEADER + 16, 4);
		wrong += number(data + HEADER + 12, 4) != 0xe8fe6f80 ||
		    (fraction & 0x7ff) != 0 ||
		    ((uint64_t)fraction * 1000000) >> 32 != us;
	}
	ATF_CHECK_EQ(0, wrong);
}

CASE(section_is_cut_to_what_a_datagram_holds)
{
	size_t	 max;

	for (max = PAYLOAD_MIN; max <= DATAGRAM_SIZE; max++) {
		fresh(max);
		p.caplen = 65535;
		ATF_REQUIRE_EQ(0, psamp_packet(&d, &p));
		psamp_encoder.finish(&d);
		ATF_CHECK(d.len <= max && d.len + 7 > max);
		ATF_CHECK_EQ(d.len, number(data + 2, 2));
		ATF_CHECK(memcmp(data + BEFORE_SECTION + 3, octets,
		    number(data + BEFORE_SECTION + 1, 2)) == 0);
	}
}

CASE(report_that_does_not_fit_behind_another_changes_nothing)
{
	uint8_t	before[DATAGRAM_SIZE];
	size_t	len;

	fresh(600);
	p.caplen = 400;
	ATF_REQUIRE_EQ(0, psamp_packet(&d, &p));
	len = d.len;
	memcpy(before, data, sizeof(before));
	ATF_CHECK_EQ(-1, psamp_packet(&d, &p));
	ATF_CHECK_EQ(len, d.len);
	ATF_CHECK_EQ(1, d.flows);
	ATF_CHECK(memcmp(before, data, sizeof(before)) == 0);
}

/* A record of a set that begins at *at, which then stands behind it. */
static const uint8_t *
set(const uint8_t **at, uint16_t id)
{
	const uint8_t	*s = *at;

	ATF_REQUIRE_EQ(id, number(s, 2));
	*at += number(s + 2, 2);
	return (s + 4);
}

CASE(templates_come_with_reports_on_the_selection)
{
	const uint8_t	*at = data + HEADER, *s;

	fresh(PAYLOAD_MIN);
	ATF_CHECK_EQ(0, psamp_encoder.templates(&d, 0));
	ATF_CHECK_EQ(4, d.templates);
	ATF_CHECK_EQ(2, psamp_encoder.finish(&d));
	set(&at, 2);
	s = set(&at, 3);
	ATF_CHECK_EQ(514, number(s, 2));
	ATF_CHECK_EQ(1, number(s + 4, 2));		/* scope fields */
	ATF_CHECK_EQ(301, number(s + 6, 2));
	ATF_CHECK_EQ(515, number(set(&at, 3), 2));
	s = set(&at, 514);
	ATF_CHECK_EQ(1, number(s, 8));
	ATF_CHECK_EQ(1, number(s + 12, 8));		/* the only selector */
	s = set(&at, 515);
	ATF_CHECK_EQ(1, number(s, 8));
	ATF_CHECK_EQ(1, number(s + 8, 2));	/* systematic, by count */
	ATF_CHECK_EQ(1, number(s + 10, 4));
	ATF_CHECK_EQ(99, number(s + 14, 4));
	ATF_CHECK_EQ(data + d.len, at);
}

CASE(without_sampling_no_packet_is_left_out)
{
	const uint8_t	*at = data + HEADER;

	fresh(PAYLOAD_MIN);
	d.sampling = 1;
	psamp_encoder.templates(&d, 0);
	set(&at, 2);
	set(&at, 3);
	set(&at, 3);
	set(&at, 514);
	ATF_CHECK_EQ(0, number(set(&at, 515) + 14, 4));
}

CASE(statistics_say_what_was_observed_and_selected)
{
	const struct export_statistics	 statistics = {
		.observed = 123400, .selected = 1234
	};
	const uint8_t			*at = data + HEADER, *s;

	fresh(PAYLOAD_MIN);
	psamp_encoder.statistics(&d, &statistics);
	ATF_CHECK_EQ(1, psamp_encoder.finish(&d));
	ATF_CHECK_EQ(516, number(set(&at, 3), 2));
	s = set(&at, 516);
	ATF_CHECK_EQ(1, number(s, 8));
	ATF_CHECK_EQ(123400, number(s + 8, 8));
	ATF_CHECK_EQ(1234, number(s + 16, 8));
	ATF_CHECK_EQ(data + d.len, at);
}

/*
 * Sending
 */

/* What was sent, read again; the octets of sections are those of octets[]. */
static unsigned int
read_all(struct counters *got, size_t payload_max)
{
	static struct psamp_reader	 reader;
	struct psamp_report		 report;
	const struct msg_addr		 from = { .family = 4 };
	unsigned int			 i, reports = 0;

	memset(&reader, 0, sizeof(reader));
	memset(got, 0, sizeof(*got));
	for (i = 0; i < nsent; i++) {
		ATF_CHECK(sent[i].len <= payload_max);
		ATF_REQUIRE(psamp_begin(&reader, &from, sent[i].data,
		    sent[i].len, got) != -1);
		for (; psamp_next(&reader, &report); reports++)
			ATF_CHECK(memcmp(report.frame.data, octets,
			    report.frame.caplen) == 0);
	}
	return (reports);
}

static void
send_packets(unsigned int n, uint32_t caplen)
{
	for (; n > 0; n--) {
		p.caplen = caplen != 0 ? caplen : 34 + n * 37 % 900;
		export_packet(e, &p, &c);
	}
}

CASE(each_packet_is_reported_once_and_no_datagram_is_too_long)
{
	static const uint16_t	payloads[] = { 512, 577, 1231, 1400, 65507 };
	struct counters		got;
	size_t			i;

	for (i = 0; i < nitems(payloads); i++) {
		fresh(PAYLOAD_MAX);
		start(VERSION_PSAMP);
		add(0, payloads[i]);
		send_packets(300, 0);
		export_flush(e, &c);
		ATF_CHECK_EQ(300, read_all(&got, payloads[i] > PAYLOAD_MAX ?
		    PAYLOAD_MAX : payloads[i]));
		ATF_CHECK_EQ(nsent, got.psamp_messages);
		ATF_CHECK_EQ(0, got.psamp_missing + got.psamp_no_template +
		    got.psamp_no_packet + got.psamp_bad_templates);
		ATF_CHECK_EQ(300, export_session(e)->counters.records);
		export_free(e);
	}
}

CASE(sequence_counts_reports_and_options_data)
{
	fresh(PAYLOAD_MAX);
	start(VERSION_PSAMP);
	add(1000, PAYLOAD_MAX);
	send_packets(1, 60);
	export_flush(e, &c);
	ATF_CHECK_EQ(1000, number(sent[0].data + IPFIX_SEQUENCE_OFF, 4));
	send_packets(2, 60);
	export_flush(e, &c);
	ATF_CHECK_EQ(1003, number(sent[1].data + IPFIX_SEQUENCE_OFF, 4));
	ATF_CHECK_EQ(1005, export_session(e)->sequence);
}

CASE(templates_go_alone_rather_than_cut_a_packet_short)
{
	struct counters	got;

	fresh(PAYLOAD_MAX);
	start(VERSION_PSAMP);
	add(0, 600);
	send_packets(1, 500);
	export_flush(e, &c);
	ATF_CHECK_EQ(2, nsent);
	ATF_CHECK_EQ(1, read_all(&got, 600));
	ATF_CHECK_EQ(datagram_align(BEFORE_SECTION + 3 + 500), sent[1].len);
	export_free(e);
	/* With templates in each datagram it is cut, but it goes. */
	config.template_datagrams = 1;
	start(VERSION_PSAMP);
	add(0, 600);
	send_packets(5, 500);
	export_flush(e, &c);
	config.template_datagrams = 256;
	ATF_CHECK_EQ(5, nsent);
	ATF_CHECK_EQ(5, read_all(&got, 600));
}

CASE(templates_are_sent_again_when_their_time_has_come)
{
	struct counters	got;

	fresh(PAYLOAD_MAX);
	start(VERSION_PSAMP);
	add(0, PAYLOAD_MAX);
	send_packets(1, 60);
	export_flush(e, &c);
	ATF_CHECK_EQ(2, number(sent[0].data + HEADER, 2));
	send_packets(1, 60);
	export_flush(e, &c);
	ATF_CHECK_EQ(512, number(sent[1].data + HEADER, 2));
	pass(1000, 1000);
	export_tick(e, &c);		/* early ones, without a packet */
	ATF_CHECK_EQ(3, nsent);
	ATF_CHECK_EQ(2, number(sent[2].data + HEADER, 2));
	ATF_CHECK_EQ(2, read_all(&got, PAYLOAD_MAX));
	ATF_CHECK_EQ(0, got.psamp_missing);
}

CASE(lost_datagram_is_a_gap_and_counted)
{
	struct counters	got;
	int		fd;

	fresh(PAYLOAD_MAX);
	start(VERSION_PSAMP);
	fd = add(0, PAYLOAD_MAX);
	send_packets(1, 60);
	export_flush(e, &c);
	fail(fd, ECONNREFUSED, 2);
	send_packets(3, 60);
	export_flush(e, &c);
	send_packets(1, 60);
	export_flush(e, &c);
	ATF_CHECK_EQ(2, read_all(&got, PAYLOAD_MAX));
	ATF_CHECK_EQ(3, got.psamp_missing);
	ATF_CHECK_EQ(3, export_session(e)->counters.records_lost);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, report_is_octet_for_octet_as_rfc_5476_has_it);
	ATF_TP_ADD_TC(tp, packet_without_ethernet_has_a_template_of_its_own);
	ATF_TP_ADD_TC(tp, tag_that_was_taken_out_is_put_back);
	ATF_TP_ADD_TC(tp, section_has_the_short_form_up_to_254_octets);
	ATF_TP_ADD_TC(tp, every_microsecond_comes_back_from_its_fraction);
	ATF_TP_ADD_TC(tp, section_is_cut_to_what_a_datagram_holds);
	ATF_TP_ADD_TC(tp,
	    report_that_does_not_fit_behind_another_changes_nothing);
	ATF_TP_ADD_TC(tp, templates_come_with_reports_on_the_selection);
	ATF_TP_ADD_TC(tp, statistics_say_what_was_observed_and_selected);
	ATF_TP_ADD_TC(tp, without_sampling_no_packet_is_left_out);
	ATF_TP_ADD_TC(tp,
	    each_packet_is_reported_once_and_no_datagram_is_too_long);
	ATF_TP_ADD_TC(tp, sequence_counts_reports_and_options_data);
	ATF_TP_ADD_TC(tp, templates_go_alone_rather_than_cut_a_packet_short);
	ATF_TP_ADD_TC(tp, templates_are_sent_again_when_their_time_has_come);
	ATF_TP_ADD_TC(tp, lost_datagram_is_a_gap_and_counted);
	return (atf_no_error());
}
