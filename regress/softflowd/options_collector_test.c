/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Collectors on the command line: how each is reached and what it reads, and
 * what is refused because no collector, or one of them, could be told.
 */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "options_check.h"

static void
is(unsigned int i, int version, int transport, const char *host,
    const char *port)
{
	ATF_REQUIRE(i < opts.ndest);
	ATF_CHECK_EQ(version, opts.dest[i].version);
	ATF_CHECK_EQ(transport, opts.dest[i].transport);
	ATF_CHECK_STREQ(host, opts.dest[i].host);
	ATF_CHECK_STREQ(port, opts.dest[i].port);
}

ATF_TC_WITHOUT_HEAD(each_collector_has_its_version_and_transport);
ATF_TC_BODY(each_collector_has_its_version_and_transport, tc)
{
	good("-i e -n a:1,v9@b:2,tcp:c:3 -n v10@tcp:[::1]:4 "
	    "-n psamp@udp:d:5,vipfix@sctp:e:6,v1@f:7 -v 10 -P sctp");
	ATF_REQUIRE_EQ(7, opts.ndest);
	is(0, 10, TRANSPORT_SCTP, "a", "1");
	is(1, 9, TRANSPORT_SCTP, "b", "2");
	is(2, 10, TRANSPORT_TCP, "c", "3");
	is(3, 10, TRANSPORT_TCP, "::1", "4");
	is(4, VERSION_PSAMP, TRANSPORT_UDP, "d", "5");
	is(5, 10, TRANSPORT_SCTP, "e", "6");
	is(6, 1, TRANSPORT_SCTP, "f", "7");
	good("-i e -n a:1");
	is(0, 5, TRANSPORT_UDP, "a", "1");
}

ATF_TC_WITHOUT_HEAD(a_host_may_be_named_like_a_transport);
ATF_TC_BODY(a_host_may_be_named_like_a_transport, tc)
{
	good("-i e -n tcp:4739,udp:tcp:4740,[udp]:1");
	is(0, 5, TRANSPORT_UDP, "tcp", "4739");
	is(1, 5, TRANSPORT_UDP, "tcp", "4740");
	is(2, 5, TRANSPORT_UDP, "udp", "1");
}

ATF_TC_WITHOUT_HEAD(unknown_versions_and_transports_are_named);
ATF_TC_BODY(unknown_versions_and_transports_are_named, tc)
{
	bad("-i e -n v7@a:1", "-n v7@a:1: unknown version before @; known "
	    "are 1, 5, 9, 10 (ipfix) and psamp");
	bad("-i e -n @a:1", "-n @a:1: unknown version before @; known are 1, "
	    "5, 9, 10 (ipfix) and psamp");
	bad("-i e -n dccp:a:1", "-n dccp:a:1: unknown transport; known are "
	    "udp, tcp and sctp");
	bad("-i e -n tcp:v9@a:1", "-n tcp:v9@a:1: unknown version before @; "
	    "known are 1, 5, 9, 10 (ipfix) and psamp");
	bad("-i e -P dccp", "-P dccp: unknown; known are udp, tcp and sctp");
	bad("-i e -A ms", "-A ms: unknown; known are sec, milli, micro, nano "
	    "and uptime");
}

ATF_TC_WITHOUT_HEAD(a_tcp_stream_needs_messages_with_a_length);
ATF_TC_BODY(a_tcp_stream_needs_messages_with_a_length, tc)
{
	good("-i e -n v10@tcp:a:1,psamp@tcp:a:2");
	good("-i e -n v9@sctp:a:1");
	bad("-i e -n tcp:a:1", "-n a:1: datagrams of version 5 do not say "
	    "their length, so a TCP stream of them cannot be read; use "
	    "version 10, or udp");
	bad("-i e -P tcp -n b:2,v9@udp:a:1 -v 9", "-n b:2: datagrams of "
	    "version 9 do not say their length, so a TCP stream of them "
	    "cannot be read; use version 10, or udp");
}

ATF_TC_WITHOUT_HEAD(a_collector_is_given_once_for_each_version);
ATF_TC_BODY(a_collector_is_given_once_for_each_version, tc)
{
	good("-i e -n a:1,b:1,a:2,v9@a:1,ipfix@a:1,ipfix@tcp:a:1");
	bad("-i e -n a:1,b:1 -n v5@udp:a:1", "-n a:1: it is given twice");
}

ATF_TC_WITHOUT_HEAD(what_no_collector_can_be_told_is_refused);
ATF_TC_BODY(what_no_collector_can_be_told_is_refused, tc)
{
	good("-i e -n a:1,v9@b:2 -H 2:0:0:0:0:1 -o fields=ttl -x 3 -A milli");
	good("-i e -n a:1,v10@b:2 -b -o flow-id");
	bad("-i e -n v9@a:1 -b", "-b: records of no collector's version have "
	    "no room for it; use -v 10");
	bad("-i e -n v9@a:1 -v 10 -o flow-id", "-o flow-id: records of no "
	    "collector's version have no room for it; use -v 10");
	bad("-i e -A nano", "-A: records of version 5 have no room for it; "
	    "use -v 9 or -v 10");
	bad("-i e -v 1 -o templates=classic", "-o templates=classic: records "
	    "of version 1 have no room for it; use -v 9 or -v 10");
	bad("-i e -v 9 -n a:1,v5@b:2 -s 16384", "-s 16384: version 5 cannot "
	    "announce more than 1 in 16383; use -v 9 or -v 10");
	bad("-i e -v 9 -n a:1,v5@b:2 -o source-id=65536", "-o source-id=65536:"
	    " version 5 has room for 0 to 65535; use -v 9 or -v 10");
	good("-i e -v 5 -n v1@a:1 -s 16384");
	good("-i e -v 9 -o fields=vlan,mac -H 2:0:0:0:0:1 -o templates=classic");
	bad("-i e -v 9 -o fields=vlan,ttl -o templates=classic",
	    "-o templates=classic: they have no room for -o fields other than "
	    "vlan and mac");
	bad("-i e -v 10 -o flow-id -o templates=classic",
	    "-o templates=classic: they have no room for -o flow-id");
}

ATF_TC_WITHOUT_HEAD(a_collector_gets_what_its_version_can_say);
ATF_TC_BODY(a_collector_gets_what_its_version_can_say, tc)
{
	struct export_format	f;

	good("-i e -n a:1,v9@b:2,v10@c:3 -T ether -x 2 -A micro -b "
	    "-o templates=classic");
	options_format(&opts, 10, &f);
	ATF_CHECK_EQ(10, f.version);
	ATF_CHECK_EQ(OPTIONAL_VLAN | OPTIONAL_MAC, f.fields);
	ATF_CHECK_EQ(2, f.labels);
	ATF_CHECK_EQ(TIMES_MICROSECONDS, f.times);
	ATF_CHECK_EQ(FORMAT_BIFLOW | FORMAT_CLASSIC, f.flags);
	options_format(&opts, 9, &f);
	ATF_CHECK_EQ(OPTIONAL_VLAN | OPTIONAL_MAC, f.fields);
	ATF_CHECK_EQ(FORMAT_CLASSIC, f.flags);
	options_format(&opts, 5, &f);
	ATF_CHECK_EQ(5, f.version);
	ATF_CHECK(f.fields == 0 && f.labels == 0 && f.times == 0 &&
	    f.flags == 0);
	ATF_CHECK(options_counters32(&opts));
	good("-i e -n v9@b:2,v10@c:3 -o flow-id");
	options_format(&opts, 9, &f);
	ATF_CHECK_EQ(0, f.flags);
	options_format(&opts, 10, &f);
	ATF_CHECK_EQ(FORMAT_FLOW_ID, f.flags);
	ATF_CHECK(!options_counters32(&opts));
	good("-i e -n v9@b:2,v1@c:3");
	ATF_CHECK(options_counters32(&opts));
}

ATF_TC_WITHOUT_HEAD(instances_differ_in_their_source_id_and_keep_it);
ATF_TC_BODY(instances_differ_in_their_source_id_and_keep_it, tc)
{
	uint32_t	first;

	good("-i eth0 -v 9 -n a:1");
	first = options_source_id(&opts, 9);
	ATF_CHECK(first != 0);
	ATF_CHECK_EQ(first, options_source_id(&opts, 10));
	ATF_CHECK(options_source_id(&opts, 5) != 0);
	ATF_CHECK(options_source_id(&opts, 5) <= UINT16_MAX);
	good("-v 9 -n b:2 -i eth0 -t udp=1h");
	ATF_CHECK_EQ(first, options_source_id(&opts, 9));
	good("-i eth1 -v 9 -n a:1");
	ATF_CHECK(first != options_source_id(&opts, 9));
	good("-i eth0 -v 9 -n a:1 -c /var/run/other.ctl");
	ATF_CHECK(first != options_source_id(&opts, 9));
	good("-i eth0 -i eth1");
	first = options_source_id(&opts, 9);
	good("-i eth0e -i th1");
	ATF_CHECK(first != options_source_id(&opts, 9));
	good("-i eth0 -o source-id=0");
	ATF_CHECK_EQ(0, options_source_id(&opts, 9));
	ATF_CHECK_EQ(0, options_source_id(&opts, 5));
	good("-i eth0 -o source-id=65535");
	ATF_CHECK_EQ(65535, options_source_id(&opts, 5));
	good("-r f");
	ATF_CHECK_EQ(0, options_source_id(&opts, 9));
}

ATF_TC_WITHOUT_HEAD(export_tunables_keep_to_their_ranges);
ATF_TC_BODY(export_tunables_keep_to_their_ranges, tc)
{
#define NUMBER	"it must be a number from "
	good("-i e -o dscp=63 -o payload=1464 -o reconnect=1 "
	    "-o statistics-seconds=0");
	ATF_CHECK_EQ(63, opts.dscp);
	ATF_CHECK_EQ(1464, opts.payload);
	ATF_CHECK_EQ(1, opts.reconnect_seconds);
	ATF_CHECK_EQ(0, opts.statistics_seconds);
	bad("-i e -o dscp=64", "-o dscp=64: too large; " NUMBER "0 to 63");
	bad("-i e -o payload=511", "-o payload=511: too small; " NUMBER
	    "512 to 1464");
	bad("-i e -o payload=1465", "-o payload=1465: too large; " NUMBER
	    "512 to 1464");
	bad("-i e -o reconnect=0", "-o reconnect=0: too small; " NUMBER
	    "1 to 60");
	bad("-i e -o reconnect=61", "-o reconnect=61: too large; " NUMBER
	    "1 to 60");
	bad("-i e -o templates=old", "-o templates=old: it must be default "
	    "or classic");
	bad("-i e -o flow-id=1", "-o flow-id=1: it takes no value");
	good("-i e -v 9 -o templates=classic -o templates=default -l");
	ATF_CHECK(!opts.classic && opts.spread);
}

ATF_TC_WITHOUT_HEAD(a_rate_is_octets_a_second_with_k_or_m);
ATF_TC_BODY(a_rate_is_octets_a_second_with_k_or_m, tc)
{
	static const char *const	wrong[] = { "", "m", "-1", "1g", "1kk",
	    "1.5m", "1000001m", "1000000000001", "99999999999999999999" };
	char				line[64], message[256];
	size_t				i;

	good("-i e -o rate=1500");
	ATF_CHECK_EQ(1500, opts.rate);
	good("-i e -o rate=64k");
	ATF_CHECK_EQ(64000, opts.rate);
	good("-i e -o rate=10M");
	ATF_CHECK_EQ(10000000, opts.rate);
	good("-i e -o rate=1000000m");
	ATF_CHECK_EQ(UINT64_C(1000000000000), opts.rate);
	good("-i e -o rate=5 -o rate=0");
	ATF_CHECK_EQ(0, opts.rate);
	for (i = 0; i < nitems(wrong); i++) {
		snprintf(line, sizeof(line), "-i e -o rate=%s", wrong[i]);
		snprintf(message, sizeof(message), "-o rate=%s: a rate is a "
		    "number of octets a second, up to 1000000m, of thousands "
		    "of them with k, or of millions with m", wrong[i]);
		bad(line, message);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_collector_has_its_version_and_transport);
	ATF_TP_ADD_TC(tp, a_host_may_be_named_like_a_transport);
	ATF_TP_ADD_TC(tp, unknown_versions_and_transports_are_named);
	ATF_TP_ADD_TC(tp, a_tcp_stream_needs_messages_with_a_length);
	ATF_TP_ADD_TC(tp, a_collector_is_given_once_for_each_version);
	ATF_TP_ADD_TC(tp, what_no_collector_can_be_told_is_refused);
	ATF_TP_ADD_TC(tp, a_collector_gets_what_its_version_can_say);
	ATF_TP_ADD_TC(tp, instances_differ_in_their_source_id_and_keep_it);
	ATF_TP_ADD_TC(tp, export_tunables_keep_to_their_ranges);
	ATF_TP_ADD_TC(tp, a_rate_is_octets_a_second_with_k_or_m);
	return (atf_no_error());
}
