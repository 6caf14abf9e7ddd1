/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What statistics gather and print. */

#include <atf-c.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "summary.h"

static struct summary_state state;
static struct summary_report report;

static struct flow
make_flow(uint8_t proto, uint64_t octets0, uint64_t octets1)
{
	struct flow f;

	memset(&f, 0, sizeof(f));
	f.key.family = 4;
	f.key.proto = proto;
	f.octets[0] = octets0;
	f.octets[1] = octets1;
	f.packets[0] = octets0 > 0;
	f.packets[1] = octets1 > 0;
	return (f);
}

/* The text of the report; the caller's to free. */
static char *
print_report(void)
{
	char *text = NULL;
	size_t len;
	FILE *out;

	ATF_REQUIRE((out = open_memstream(&text, &len)) != NULL);
	summary_print(out, &report);
	ATF_REQUIRE_EQ(fclose(out), 0);
	return (text);
}

static void
check_printed(const char *line)
{
	char *text = print_report();

	ATF_CHECK_MSG(strstr(text, line) != NULL, "no \"%s\" in:\n%s", line,
	    text);
	free(text);
}

static void
check_not_printed(const char *line)
{
	char *text = print_report();

	ATF_CHECK_MSG(strstr(text, line) == NULL, "\"%s\" in:\n%s", line,
	    text);
	free(text);
}

static void
fill_report(void)
{
	unsigned int i;

	memset(&report, 0, sizeof(report));
	report.summary = state.summary;
	for (i = 0; i < 256; i++) {
		if (state.proto[i].flows > 0)
			report.proto[report.nproto++] = state.proto[i];
	}
}

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

CASE(reasons_add_up_to_flows_expired)
{
	const struct counters *c = &state.summary.counters;
	struct flow f = make_flow(17, 100, 0);
	uint64_t sum = 0;
	unsigned int i, n;

	summary_init(&state);
	for (i = 0; i < EXPIRE_MAX; i++) {
		for (n = 0; n <= i; n++)
			summary_expired(&state, &f, (enum expire_reason)i);
	}
	ATF_CHECK_EQ(c->expired_tcp, 1);
	ATF_CHECK_EQ(c->expired_tcp_rst, 2);
	ATF_CHECK_EQ(c->expired_tcp_fin, 3);
	ATF_CHECK_EQ(c->expired_udp, 4);
	ATF_CHECK_EQ(c->expired_icmp, 5);
	ATF_CHECK_EQ(c->expired_general, 6);
	ATF_CHECK_EQ(c->expired_maxlife, 7);
	ATF_CHECK_EQ(c->expired_overbytes, 8);
	ATF_CHECK_EQ(c->expired_maxflows, 9);
	ATF_CHECK_EQ(c->expired_flush, 10);
	ATF_CHECK_EQ(c->flows_forced, 8 + 9 + 10);
	for (i = 0; counter_name(i) != NULL; i++) {
		if (strncmp(counter_name(i), "expired_", 8) == 0)
			sum += counter_value(c, i);
	}
	ATF_CHECK_EQ(sum, c->flows_expired);
	ATF_CHECK_EQ(sum, 55);
	ATF_CHECK_EQ(state.summary.range_flows, 55);
	ATF_CHECK_EQ(state.proto[17].flows, 55);
}

CASE(protocols_add_up_to_the_ranges)
{
	struct flow f;
	uint64_t flows = 0, octets = 0, packets = 0;
	unsigned int i;

	summary_init(&state);
	for (i = 0; i < 1000; i++) {
		f = make_flow((uint8_t)(i * 7), i + 1, i % 3);
		summary_expired(&state, &f, EXPIRE_GENERAL);
	}
	for (i = 0; i < 256; i++) {
		ATF_CHECK_EQ(state.proto[i].proto, i);
		flows += state.proto[i].flows;
		octets += state.proto[i].octets;
		packets += state.proto[i].packets;
	}
	ATF_CHECK_EQ(flows, 1000);
	ATF_CHECK_EQ(octets, state.summary.octets.sum);
	ATF_CHECK_EQ(packets, state.summary.packets.sum);
}

CASE(ranges_span_both_directions)
{
	struct flow f = make_flow(6, 100, 50);
	const struct summary *s = &state.summary;

	summary_init(&state);
	f.packets[0] = 4;
	f.packets[1] = 2;
	f.first_us[0] = 2000000;
	f.last_us[0] = 3000000;
	f.first_us[1] = 1500000;
	f.last_us[1] = 4000000;
	summary_expired(&state, &f, EXPIRE_TCP);
	f = make_flow(6, 0, 40);
	f.first_us[1] = f.last_us[1] = 9000000;
	summary_expired(&state, &f, EXPIRE_TCP);

	ATF_CHECK_EQ(s->octets.min, 40);
	ATF_CHECK_EQ(s->octets.max, 150);
	ATF_CHECK_EQ(s->octets.sum, 190);
	ATF_CHECK_EQ(s->packets.min, 1);
	ATF_CHECK_EQ(s->packets.max, 6);
	/* a silent direction's zero time is not a beginning */
	ATF_CHECK_EQ(s->duration_us.min, 0);
	ATF_CHECK_EQ(s->duration_us.max, 2500000);
	ATF_CHECK_EQ(state.proto[6].life_sum_us, 2500000);
	ATF_CHECK_EQ(state.proto[6].life_max_us, 2500000);

	fill_report();
	check_printed("Flow bytes:                40           95.00");
	check_printed("1.25s            2.50s");
}

CASE(absurd_times_do_not_wrap_the_sums)
{
	struct flow f = make_flow(6, 100, 0);

	summary_init(&state);
	f.last_us[0] = UINT64_MAX - 1;
	summary_expired(&state, &f, EXPIRE_TCP);
	summary_expired(&state, &f, EXPIRE_TCP);
	ATF_CHECK_EQ(state.summary.duration_us.sum, UINT64_MAX);
	ATF_CHECK_EQ(state.proto[6].life_sum_us, UINT64_MAX);
	/* nor does a clock that ran backwards */
	f.first_us[0] = 5;
	f.last_us[0] = 4;
	summary_expired(&state, &f, EXPIRE_TCP);
	ATF_CHECK_EQ(state.summary.duration_us.min, 0);
}

CASE(names_and_texts_of_counters_are_unique)
{
	unsigned int i, j;

	for (i = 0; counter_name(i) != NULL; i++) {
		ATF_REQUIRE(counter_text(i) != NULL);
		for (j = 0; j < i; j++) {
			ATF_CHECK(strcmp(counter_name(i), counter_name(j)));
			ATF_CHECK(strcmp(counter_text(i), counter_text(j)));
		}
	}
	ATF_CHECK_EQ(i * sizeof(uint64_t), sizeof(struct counters));
	ATF_CHECK(counter_text(i) == NULL);
	ATF_CHECK_EQ(counter_value(&report.summary.counters, i), 0);
}

CASE(every_counter_is_printed_by_name)
{
	uint64_t values[sizeof(struct counters) / sizeof(uint64_t)];
	char line[128];
	unsigned int i;

	for (i = 0; counter_name(i) != NULL; i++)
		values[i] = 1000 + i;
	memset(&report, 0, sizeof(report));
	memcpy(&report.summary.counters, values, sizeof(values));
	for (i = 0; counter_name(i) != NULL; i++) {
		ATF_CHECK_EQ(counter_value(&report.summary.counters, i),
		    1000 + i);
		snprintf(line, sizeof(line), "\n  %s %u\n", counter_name(i),
		    1000 + i);
		check_printed(line);
	}
}

CASE(collectors_are_added_up_and_listed)
{
	struct summary_export *e = report.export;

	memset(&report, 0, sizeof(report));
	report.summary.counters.flows_exported = 30;
	report.nexport = 2;
	e[0].version = e[1].version = 9;
	e[0].counters = (struct export_counters){
	    .datagrams = 2, .octets = 2000, .records = 55,
	    .failures = 0, .records_lost = 0 };
	e[0].remote = (struct msg_addr){ .addr = { 192, 0, 2, 1 },
	    .port = 2055, .family = 4 };
	e[1].counters = (struct export_counters){
	    .datagrams = 1, .octets = 1000, .records = 30,
	    .failures = 1, .records_lost = 25 };
	e[1].remote = (struct msg_addr){ .addr = { 0x20, 1, 0xd, 0xb8,
	    [15] = 1 }, .port = 9995, .family = 6 };
	check_printed("Flows exported: 30 (85 records) in 3 packets "
	    "(1 failures)\n");
	check_printed("Collector 192.0.2.1:2055 (version 9): 55 records in "
	    "2 packets (2000 octets), 0 failures (0 records lost)");
	check_printed("Collector [2001:db8::1]:9995 (version 9): 30 records "
	    "in 1 packets (1000 octets), 1 failures (25 records lost)");
	check_not_printed("statistics only");
}

ATF_TC_WITHOUT_HEAD(a_collector_tells_its_transport_state_and_last_error);
ATF_TC_BODY(a_collector_tells_its_transport_state_and_last_error, tc)
{
	struct summary_export *e = report.export;

	memset(&report, 0, sizeof(report));
	report.nexport = 2;
	e[0].version = 10;
	e[0].transport = TRANSPORT_TCP;
	e[0].down = 1;
	e[0].queued = 12;
	e[0].queued_octets = 3456;
	e[0].counters.reconnects = 2;
	e[0].counters.would_block = 5;
	e[0].counters.records_not_exportable = 7;
	e[0].counters.last_error = ECONNREFUSED;
	e[0].counters.last_error_us = 1700000000999999;
	e[0].counters.last_success_us = 1600000000000000;
	e[1].version = VERSION_PSAMP;
	e[1].transport = UINT32_MAX;
	e[1].slot = 4;
	e[1].counters.last_success_us = 1600000000000000;
	check_printed(" (version 10, tcp, down): 0 records in 0 packets ");
	check_printed("  records it cannot carry: 7\n"
	    "  full socket met: 5 times\n"
	    "  reconnects: 2, waiting: 12 messages (3456 octets)\n"
	    "  last error: Connection refused\n"
	    "  at: 2023-11-14T22:13:20Z\n"
	    "  last success: 2020-09-13T12:26:40Z\n");
	check_printed("Collector 5 of -n, address unknown (PSAMP): 0 records ");
	check_printed("waiting: 0 messages (0 octets)\n"
	    "  last success: 2020-09-13T12:26:40Z\n");
}

CASE(collector_has_its_name_and_an_address_that_is_another)
{
	struct summary_export *e = report.export;

	memset(&report, 0, sizeof(report));
	report.nexport = 3;
	e[0].version = e[1].version = e[2].version = 9;
	e[0].remote.family = 4;
	memcpy(e[0].remote.addr, "\300\0\2\1", 4);
	e[0].remote.port = 4739;
	e[1].remote = e[0].remote;
	strlcpy(e[0].name, "collector.example:4739", sizeof(e[0].name));
	strlcpy(e[1].name, "192.0.2.1:4739", sizeof(e[1].name));
	strlcpy(e[2].name, "nowhere.example:9", sizeof(e[2].name));
	check_printed("Collector collector.example:4739 (192.0.2.1:4739) "
	    "(version 9): 0 records in ");
	check_printed("Collector 192.0.2.1:4739 (version 9): 0 records in ");
	check_printed("Collector nowhere.example:9 (address unknown) "
	    "(version 9): 0 records in ");
	/* what cannot be printed is not */
	memset(e[1].name, 'x', sizeof(e[1].name));
	strlcpy(e[2].name, "a\033[2J", sizeof(e[2].name));
	check_printed("Collector 192.0.2.1:4739 (version 9): 0 records in ");
	check_printed("Collector 1 of -n, address unknown (version 9): 0 ");
	check_not_printed("\033");
}

CASE(names_that_cannot_be_printed_are_told_apart)
{
	const char odd[MSG_NAME_SIZE] = "two words\n";
	struct summary_interface i = { .name = "eth0" };
	struct summary_export e = { .name = "collector:2055" };
	struct summary s = { .version = SOFTFLOWD_VERSION };

	ATF_CHECK(summary_ok(&s));
	ATF_CHECK(summary_export_ok(&e));
	ATF_CHECK(summary_interface_ok(&i));
	s.version[1] = '\n';
	e.name[3] = ' ';
	i.name[0] = '\177';
	ATF_CHECK(!summary_ok(&s));
	ATF_CHECK(!summary_export_ok(&e));
	ATF_CHECK(!summary_interface_ok(&i));
	summary_set_name(&e, odd);
	ATF_CHECK_STREQ(e.name, "two?words?");
	memset(s.version, '2', sizeof(s.version));
	memset(e.name, 'e', sizeof(e.name));
	memset(i.name, 'i', sizeof(i.name));
	ATF_CHECK(!summary_ok(&s));
	ATF_CHECK(!summary_export_ok(&e));
	ATF_CHECK(!summary_interface_ok(&i));
}

CASE(interface_that_is_not_there_is_said_to_be_so)
{
	memset(&report, 0, sizeof(report));
	report.ninterface = 2;
	strlcpy(report.interface[0].name, "ppp0",
	    sizeof(report.interface[0].name));
	report.interface[0].flags = SUMMARY_KERNEL | SUMMARY_ABSENT;
	strlcpy(report.interface[1].name, "eth0",
	    sizeof(report.interface[1].name));
	report.interface[1].flags = SUMMARY_KERNEL;
	check_printed("Interface ppp0 (index 0): 0 frames, 0 received and 0 "
	    "dropped by kernel, not there now\n");
	check_printed("Interface eth0 (index 0): 0 frames, 0 received and 0 "
	    "dropped by kernel\n");
}

CASE(without_collectors_no_flow_counts_as_exported)
{
	struct flow f = make_flow(1, 84, 84);

	summary_init(&state);
	summary_expired(&state, &f, EXPIRE_ICMP);
	state.summary.counters.flows_no_collector = 1;
	fill_report();
	check_printed("Flows expired: 1 (0 forced)\n");
	check_printed("Flows exported: 0 (0 records) in 0 packets "
	    "(0 failures)\n");
	check_printed("flows expired without a collector: 1\n");
	check_printed("Collectors: none, statistics only\n");
	check_printed("       tcp =         0   tcp.rst =         0");
	check_printed("(  1):             168               2");
}

CASE(each_interface_has_its_line)
{
	struct summary_interface *row = report.interface;

	memset(&report, 0, sizeof(report));
	report.ninterface = 2;
	strlcpy(row[0].name, "eth0", sizeof(row[0].name));
	row[0].number = 7;
	row[0].frames = 30;
	row[0].received = 40;
	row[0].dropped = 10;
	row[0].flags = SUMMARY_KERNEL;
	row[1].frames = 5;
	check_printed("Interface eth0 (index 7): 30 frames, 40 received and "
	    "10 dropped by kernel\n");
	check_printed("Interface unknown (index 0): 5 frames\n");
	ATF_CHECK(summary_interface_ok(&row[0]));
	row[0].name[1] = '\033';
	ATF_CHECK(!summary_interface_ok(&row[0]));
	memset(row[1].name, 'x', sizeof(row[1].name));
	ATF_CHECK(!summary_interface_ok(&row[1]));
}

CASE(what_does_not_apply_is_left_out)
{
	memset(&report, 0, sizeof(report));
	check_not_printed("non-sampled");
	check_not_printed("kernel:");
	check_not_printed("Expired flow");
	check_not_printed("Per-protocol");
	check_not_printed("lost with a worker");
	report.summary.flags = SUMMARY_LIVE | SUMMARY_SAMPLED;
	report.summary.counters.not_sampled = 9;
	report.summary.counters.kernel_received = 12;
	report.summary.counters.kernel_dropped = 3;
	report.summary.counters.packets_lost = 2;
	check_printed("Packets non-sampled: 9\n");
	check_printed("Packets received by kernel: 12\n");
	check_printed("Packets dropped by kernel: 3\n");
	check_printed("packets lost with a worker: 2\n");
}

CASE(each_drop_reason_has_its_line)
{
	struct counters *c = &report.summary.counters;

	memset(&report, 0, sizeof(report));
	report.summary.active_flows = 4;
	report.summary.max_flows = 64;
	c->packets = 20;
	c->fragments = 2;
	c->fragments_joined = 2;
	c->tunnels_opened = 9;
	c->drop_non_ip = 1;
	c->drop_short_link = 2;
	c->drop_short_ipv4 = 3;
	c->drop_short_ipv4_options = 4;
	c->drop_short_ipv6 = 5;
	c->drop_bad_version = 6;
	c->drop_bad_header_length = 7;
	c->drop_bad_total_length = 8;
	check_printed("Number of active flows: 4 (of 64)\n"
	    "Packets processed: 20\nFragments: 2\n"
	    "  later fragments that joined their first: 2\n"
	    "Ignored packets: 36 (1 non-IP, 14 too short)\n"
	    "  not IP: 1\n  link header cut off: 2\n"
	    "  IPv4 header cut off: 3\n  IPv4 options cut off: 4\n"
	    "  IPv6 header cut off: 5\n  wrong IP version: 6\n"
	    "  bad IPv4 header length: 7\n  bad IPv4 total length: 8\n"
	    "  packets accounted by what a tunnel holds: 9\n");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, reasons_add_up_to_flows_expired);
	ATF_TP_ADD_TC(tp, protocols_add_up_to_the_ranges);
	ATF_TP_ADD_TC(tp, ranges_span_both_directions);
	ATF_TP_ADD_TC(tp, absurd_times_do_not_wrap_the_sums);
	ATF_TP_ADD_TC(tp, names_and_texts_of_counters_are_unique);
	ATF_TP_ADD_TC(tp, every_counter_is_printed_by_name);
	ATF_TP_ADD_TC(tp, collectors_are_added_up_and_listed);
	ATF_TP_ADD_TC(tp,
	    a_collector_tells_its_transport_state_and_last_error);
	ATF_TP_ADD_TC(tp, collector_has_its_name_and_an_address_that_is_another);
	ATF_TP_ADD_TC(tp, names_that_cannot_be_printed_are_told_apart);
	ATF_TP_ADD_TC(tp, interface_that_is_not_there_is_said_to_be_so);
	ATF_TP_ADD_TC(tp, without_collectors_no_flow_counts_as_exported);
	ATF_TP_ADD_TC(tp, each_interface_has_its_line);
	ATF_TP_ADD_TC(tp, what_does_not_apply_is_left_out);
	ATF_TP_ADD_TC(tp, each_drop_reason_has_its_line);
	return (atf_no_error());
}
