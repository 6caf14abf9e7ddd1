/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* PSAMP on the command line: -R, and -v psamp. */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "options_fixture.h"

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

#define PEER		"a peer is an IPv4 address or an IPv6 address in " \
			"brackets, in numbers, with :port or without"
#define LOCAL		"it begins with where to listen: port, address:port " \
			"or [IPv6 address]:port"

#define NO_ROOM		": records of no collector's version have no room " \
			"for it; use -v 9 or -v 10"

static void
good(const char *line)
{
	ATF_REQUIRE_EQ_MSG(OPTIONS_RUN, parse(line), "%s: %s", line, error);
}

/* -R with this argument, and what is wrong with it. */
static void
bad(const char *arg, const char *reason)
{
	char	line[512], message[512];

	snprintf(line, sizeof(line), "-R %s", arg);
	snprintf(message, sizeof(message), "-R %s: %s", arg, reason);
	ATF_CHECK_EQ_MSG(OPTIONS_BAD, parse(line), "%s was taken", line);
	ATF_CHECK_STREQ(message, error);
}

static void
wrong(const char *line, const char *message)
{
	ATF_CHECK_EQ_MSG(OPTIONS_BAD, parse(line), "%s was taken", line);
	ATF_CHECK_STREQ(message, error);
}

CASE(port_and_peers_are_taken)
{
	static const uint8_t	doc[] = { 192, 0, 2, 1 };

	good("-R 4739,192.0.2.1,192.0.2.2:2055,[2001:db8::1],[::1]:65535");
	ATF_CHECK_EQ(4739, opts.psamp_local.port);
	ATF_CHECK_EQ(0, opts.psamp_local.family);
	ATF_REQUIRE_EQ(4, opts.npeer);
	ATF_CHECK(memcmp(opts.peer[0].addr, doc, 4) == 0);
	ATF_CHECK_EQ(4, opts.peer[0].family);
	ATF_CHECK_EQ(0, opts.peer[0].port);
	ATF_CHECK_EQ(2055, opts.peer[1].port);
	ATF_CHECK_EQ(6, opts.peer[2].family);
	ATF_CHECK_EQ(0x20, opts.peer[2].addr[0]);
	ATF_CHECK_EQ(65535, opts.peer[3].port);
}

CASE(address_to_listen_on_is_taken)
{
	good("-R 127.0.0.1:4739,192.0.2.1");
	ATF_CHECK_EQ(4, opts.psamp_local.family);
	ATF_CHECK_EQ(127, opts.psamp_local.addr[0]);
	ATF_CHECK_EQ(4739, opts.psamp_local.port);
	good("-R [::1]:4739,[2001:db8::1]");
	ATF_CHECK_EQ(6, opts.psamp_local.family);
	ATF_CHECK_EQ(1, opts.psamp_local.addr[15]);
}

CASE(where_to_listen_must_make_sense)
{
	bad("0,192.0.2.1", LOCAL);
	bad("65536,192.0.2.1", LOCAL);
	bad("127.0.0.1,192.0.2.1", LOCAL);
	bad("[::1],[::2]", LOCAL);
	bad("::1:4739,[::2]", LOCAL);
	bad("host:4739,192.0.2.1", LOCAL);
	bad("1234567890123456789012345678901234567890123456789012345678901,"
	    "192.0.2.1", LOCAL);
	wrong("-R ", "-R \"\": " LOCAL);
}

CASE(peers_must_be_stated_in_numbers)
{
	bad("4739", "who may send must be stated, as in "
	    "4739,192.0.2.1,[2001:db8::1]");
	bad("4739,host", PEER);
	bad("4739,192.0.2.1:", PEER);
	bad("4739,192.0.2.1:0", PEER);
	bad("4739,2001:db8::1", PEER);
	bad("4739,[2001:db8::1", PEER);
	bad("4739,[2001:db8::1]9", PEER);
	bad("4739,[192.0.2.1]", PEER);
	bad("4739,,192.0.2.1", PEER);
	bad("127.0.0.1:4739,[::1]", "a peer's address must be of the same "
	    "kind as the one to listen on");
	bad("4739,10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,10.0.0.6,"
	    "10.0.0.7,10.0.0.8,10.0.0.9,10.0.1.0,10.0.1.1,10.0.1.2,10.0.1.3,"
	    "10.0.1.4,10.0.1.5,10.0.1.6,10.0.1.7", "more than 16 peers");
}

CASE(one_option_has_all_peers)
{
	wrong("-R 4739,10.0.0.1 -R 4740,10.0.0.2", "-R 4740,10.0.0.2: there "
	    "is one such option, with all peers");
}

CASE(reports_are_the_only_source_of_packets)
{
	wrong("-i e -R 4739,10.0.0.1", "-i, -R: give one of -i interface, "
	    "-r file and -R port,peer");
	wrong("-r f -R 4739,10.0.0.1", "-r, -R: give one of -i interface, "
	    "-r file and -R port,peer");
	wrong("-R 4739,10.0.0.1 -o ignore-outgoing", "-o ignore-outgoing: it "
	    "is for interfaces, with -i, not for a file");
}

CASE(expression_does_not_go_with_reports_of_others)
{
	wrong("-R 4739,10.0.0.1 port 53", "port 53: an expression does not go "
	    "with -R; give it to who sends the reports");
}

CASE(packets_are_exported_as_reports)
{
	good("-i e -v psamp -C 128 -s 100 -T ether");
	ATF_CHECK_EQ(VERSION_PSAMP, opts.version);
	ATF_CHECK_EQ(0, opts.fields);
}

CASE(fields_of_flow_records_do_not_go_with_reports)
{
	wrong("-i e -v psamp -x 1", "-x" NO_ROOM);
	wrong("-i e -v psamp -o fields=ttl", "-o fields" NO_ROOM);
	wrong("-i e -v psamp -H 02:00:00:00:00:01", "-H" NO_ROOM);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, port_and_peers_are_taken);
	ATF_TP_ADD_TC(tp, address_to_listen_on_is_taken);
	ATF_TP_ADD_TC(tp, where_to_listen_must_make_sense);
	ATF_TP_ADD_TC(tp, peers_must_be_stated_in_numbers);
	ATF_TP_ADD_TC(tp, one_option_has_all_peers);
	ATF_TP_ADD_TC(tp, reports_are_the_only_source_of_packets);
	ATF_TP_ADD_TC(tp, expression_does_not_go_with_reports_of_others);
	ATF_TP_ADD_TC(tp, packets_are_exported_as_reports);
	ATF_TP_ADD_TC(tp, fields_of_flow_records_do_not_go_with_reports);
	return (atf_no_error());
}
