/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Values of the command line: times, names and details. */

#include <atf-c.h>
#include <string.h>
#include <syslog.h>

#include "compat.h"
#include "options_check.h"

#define CASE(name)							\
ATF_TC_WITHOUT_HEAD(name);						\
ATF_TC_BODY(name, tc)

CASE(own_side_is_prefixes)
{
	good("-i e -v 9 -H 2:0:0:0:0:1,02:00:5e:aB:CD:ef -H 0:0:0:0:0:0");
	ATF_CHECK_EQ(3, opts.nmac);
	ATF_CHECK_EQ(0x01, opts.mac[0][5]);
	ATF_CHECK(memcmp(opts.mac[1], "\2\0\136\253\315\357", 6) == 0);
	bad("-i e -v 9 -H 2:0:0:0:0", "-H 2:0:0:0:0: a MAC address is six "
	    "hexadecimal numbers with colons between them; more follow behind "
	    "commas");
	bad("-i e -v 9 -H 2:0:0:0:0:100", "-H 2:0:0:0:0:100: a MAC address is "
	    "six hexadecimal numbers with colons between them; more follow "
	    "behind commas");
	bad("-i e -v 9 -H 2:0:0:0:0:1,", "-H 2:0:0:0:0:1,: a MAC address is "
	    "six hexadecimal numbers with colons between them; more follow "
	    "behind commas");
	good("-i e -o own-prefix=192.0.2.0/24 -o own-prefix=2001:db8::/32 "
	    "-o own-prefix=::/0");
	ATF_CHECK_EQ(opts.nown, 3);
	ATF_CHECK_EQ(opts.own[0].family, 4);
	ATF_CHECK_EQ(opts.own[0].bits, 24);
	ATF_CHECK_EQ(opts.own[0].addr[2], 2);
	ATF_CHECK_EQ(opts.own[1].family, 6);
	ATF_CHECK_EQ(opts.own[1].bits, 32);
	ATF_CHECK_EQ(opts.own[2].bits, 0);
	bad("-i e -o own-prefix=192.0.2.0", "-o own-prefix=192.0.2.0: bits "
	    "must be a number from 0 to 32");
	bad("-i e -o own-prefix=192.0.2.0/33", "-o own-prefix=192.0.2.0/33: "
	    "bits must be a number from 0 to 32");
	bad("-i e -o own-prefix=::/129", "-o own-prefix=::/129: bits must be "
	    "a number from 0 to 128");
	bad("-i e -o own-prefix=net/8", "-o own-prefix=net/8: a prefix is "
	    "address/bits, such as 192.0.2.0/24 or 2001:db8::/32");
}

CASE(own_export_and_outgoing_packets_can_be_chosen)
{
	good("-i e");
	ATF_CHECK(!opts.keep_own && !opts.ignore_outgoing);
	good("-i e -o own-export=keep -o ignore-outgoing");
	ATF_CHECK(opts.keep_own && opts.ignore_outgoing);
	bad("-i e -o own-export=yes", "-o own-export=yes: it must be drop or "
	    "keep");
	bad("-i e -o ignore-outgoing=1", "-o ignore-outgoing=1: it takes no "
	    "value");
	bad("-r f -o ignore-outgoing", "-o ignore-outgoing: it is for "
	    "interfaces, with -i, not for a file");
}

CASE(a_time_is_a_sum_of_numbers_with_units)
{
	good("-i e -t tcp=1h30m -t udp=2d -t icmp=1W -t general=45 "
	    "-t tcp.rst=1D2H3M4S -t tcp.fin=1m30 -t maxlife=0 -t expint=0s");
	ATF_CHECK_EQ(opts.timeouts.seconds[TIMEOUT_TCP], 5400);
	ATF_CHECK_EQ(opts.timeouts.seconds[TIMEOUT_UDP], 172800);
	ATF_CHECK_EQ(opts.timeouts.seconds[TIMEOUT_ICMP], 604800);
	ATF_CHECK_EQ(opts.timeouts.seconds[TIMEOUT_GENERAL], 45);
	ATF_CHECK_EQ(opts.timeouts.seconds[TIMEOUT_TCP_RST], 93784);
	ATF_CHECK_EQ(opts.timeouts.seconds[TIMEOUT_TCP_FIN], 90);
	ATF_CHECK_EQ(opts.timeouts.seconds[TIMEOUT_MAXLIFE], 0);
	ATF_CHECK_EQ(opts.timeouts.seconds[TIMEOUT_EXPINT], 0);
}

CASE(a_bad_time_is_refused)
{
	static const char *const options[] = { "-t tcp=abc", "-t tcp=",
	    "-t tcp=h", "-t tcp=1x", "-t tcp=1h-3m", "-t tcp=-1", "-t tcp=+1",
	    "-t tcp=1.5h", "-t tcp=1hh", "-t tcp=0x10", "-t tcp=1h,3m" };

	WRONG_ALL(options, "bad time; a time is a sum of numbers with s, m, "
	    "h, d or w, such as 1h30m");
}

CASE(a_time_has_at_most_ten_years)
{
	good("-i e -t tcp=3650d -t maxlife=315360000");
	ATF_CHECK_EQ(opts.timeouts.seconds[TIMEOUT_TCP], 315360000);
	wrong("-t tcp=3650d1s", "longer than 10 years (3650d)");
	wrong("-t tcp=315360001", "longer than 10 years (3650d)");
	wrong("-t tcp=18446744073709551617s", "longer than 10 years (3650d)");
}

CASE(only_maxlife_and_expint_may_be_zero)
{
	static const char *const options[] = { "-t tcp=0", "-t tcp.rst=0h",
	    "-t tcp.fin=0", "-t udp=0s", "-t icmp=0", "-t general=0m0s" };

	WRONG_ALL(options, "it must not be 0; only maxlife and expint may");
}

CASE(an_unknown_timeout_is_answered_with_the_names)
{
	static const char *const options[] = { "-t foo=1h", "-t tcp",
	    "-t tc=1", "-t =1" };

	WRONG_ALL(options, "it must be name=time; the names are tcp, tcp.rst, "
	    "tcp.fin, udp, icmp, general, maxlife, expint");
}

CASE(tunables_have_names_and_ranges)
{
	good("-i e -v 9 -o source-id=4294967295 -o template-seconds=1 "
	    "-o template-datagrams=1000000 -o train=1");
	ATF_CHECK_EQ(opts.train, 1);
	ATF_CHECK_EQ(opts.source_id, 4294967295);
	ATF_CHECK_EQ(opts.template_seconds, 1);
	ATF_CHECK_EQ(opts.template_datagrams, 1000000);
	bad("-i e -o source-id=4294967296", "-o source-id=4294967296: too "
	    "large; it must be a number from 0 to 4294967295");
	bad("-i e -o template-seconds=0", "-o template-seconds=0: too small; "
	    "it must be a number from 1 to 86400");
	bad("-i e -o template-datagrams=1000001", "-o template-datagrams="
	    "1000001: too large; it must be a number from 1 to 1000000");
	bad("-i e -o train=9", "-o train=9: too large; it must be a number "
	    "from 1 to 8");
	bad("-i e -o source-id", "-o source-id: invalid; it must be a number "
	    "from 0 to 4294967295");
	bad("-i e -o source=1", "-o source=1: it must be name=value; the "
	    "names are fields, source-id, dscp, payload, rate, reconnect, "
	    "statistics-seconds, templates, flow-id, template-seconds, "
	    "template-datagrams, train, fragment-entries, own-prefix, "
	    "own-export, ignore-outgoing, control-group, log-level, "
	    "log-statistics");
	good("-i e");
	ATF_CHECK_EQ(opts.fragments, 4096);
	good("-i e -o fragment-entries=0");
	ATF_CHECK_EQ(opts.fragments, 0);
	good("-i e -o fragment-entries=262144");
	ATF_CHECK_EQ(opts.fragments, 262144);
	bad("-i e -o fragment-entries=262145", "-o fragment-entries=262145: "
	    "too large; it must be a number from 0 to 262144");
}

CASE(log_and_control_socket_have_tunables)
{
	good("-i e");
	ATF_CHECK_EQ(opts.log_level, LOG_INFO);
	ATF_CHECK(opts.log_statistics == 0 && opts.control_group == NULL);
	good("-i e -o log-level=error -o log-statistics=86400 "
	    "-o control-group=staff");
	ATF_CHECK_EQ(opts.log_level, LOG_ERR);
	ATF_CHECK_EQ(opts.log_statistics, 86400);
	ATF_CHECK_STREQ(opts.control_group, "staff");
	ATF_CHECK(!opts.debug);
	good("-i e -o log-level=warning");
	ATF_CHECK_EQ(opts.log_level, LOG_WARNING);
	good("-i e -o log-level=debug");
	ATF_CHECK(opts.debug && !opts.foreground);
	bad("-i e -o log-level=notice", "-o log-level=notice: it must be "
	    "error, warning, info or debug");
	bad("-i e -o log-statistics=86401", "-o log-statistics=86401: too "
	    "large; it must be a number from 0 to 86400");
	bad("-i e -o control-group", "-o control-group: it needs a group");
}

CASE(tunnels_have_names_and_add_up)
{
	static const char *const wrong_ones[] = {
		"-E gr", "-E gree", "-E gre,", "-E ,gre", "-E gre,,ipip",
		"-E gre,wireguard", "-E GRE"
	};

	good("-i e");
	ATF_CHECK_EQ(opts.tunnels, 0);
	good("-i e -E vxlan");
	ATF_CHECK_EQ(opts.tunnels, TUNNEL_BIT(TUNNEL_VXLAN));
	good("-i e -E gre,6in4 -E l2tp");
	ATF_CHECK_EQ(opts.tunnels, TUNNEL_BIT(TUNNEL_GRE) |
	    TUNNEL_BIT(TUNNEL_6IN4) | TUNNEL_BIT(TUNNEL_L2TP));
	good("-i e -E gre,ipip,6in4,vxlan,geneve,gtpu,teredo,l2tp");
	ATF_CHECK_EQ(opts.tunnels, TUNNEL_ALL);
	good("-i e -E all");
	ATF_CHECK_EQ(opts.tunnels, TUNNEL_ALL);
	WRONG_ALL(wrong_ones, "a name is unknown; known are gre, ipip, 6in4, "
	    "vxlan, geneve, gtpu, teredo, l2tp and all");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, own_side_is_prefixes);
	ATF_TP_ADD_TC(tp, own_export_and_outgoing_packets_can_be_chosen);
	ATF_TP_ADD_TC(tp, a_time_is_a_sum_of_numbers_with_units);
	ATF_TP_ADD_TC(tp, a_bad_time_is_refused);
	ATF_TP_ADD_TC(tp, a_time_has_at_most_ten_years);
	ATF_TP_ADD_TC(tp, only_maxlife_and_expint_may_be_zero);
	ATF_TP_ADD_TC(tp, an_unknown_timeout_is_answered_with_the_names);
	ATF_TP_ADD_TC(tp, tunables_have_names_and_ranges);
	ATF_TP_ADD_TC(tp, log_and_control_socket_have_tunables);
	ATF_TP_ADD_TC(tp, tunnels_have_names_and_add_up);
	return (atf_no_error());
}
