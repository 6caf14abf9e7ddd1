/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The command line: what is taken, what is refused and with which words. */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "compat.h"
#include "expire.h"
#include "options_check.h"

#define CASE(name)							\
ATF_TC_WITHOUT_HEAD(name);						\
ATF_TC_BODY(name, tc)

CASE(defaults_are_those_of_the_manual)
{
	good("-i eth0");
	ATF_CHECK_STREQ(opts.interface[0].name, "eth0");
	ATF_CHECK_EQ(opts.interface[0].number, 0);
	ATF_CHECK(opts.savefile == NULL && opts.filter == NULL);
	ATF_CHECK_STREQ(opts.pidfile, "/var/run/softflowd.pid");
	ATF_CHECK_STREQ(opts.ctlsock, "/var/run/softflowd.ctl");
	ATF_CHECK(opts.user == NULL && opts.source == NULL &&
	    opts.device == NULL);
	ATF_CHECK_EQ(opts.ndest, 0);
	ATF_CHECK_EQ(memcmp(&opts.timeouts, &expire_defaults,
	    sizeof(opts.timeouts)), 0);
	ATF_CHECK_EQ(opts.max_flows, 65536);
	ATF_CHECK_EQ(opts.sampling, 1);
	ATF_CHECK_EQ(opts.template_seconds, 300);
	ATF_CHECK_EQ(opts.template_datagrams, 256);
	ATF_CHECK_EQ(opts.train, MAX_TRAIN);
	ATF_CHECK_EQ(opts.snaplen, 256);
	ATF_CHECK_EQ(opts.buffer, 0);
	ATF_CHECK_EQ(opts.level, TRACK_FULL);
	ATF_CHECK_EQ(opts.version, 5);
	ATF_CHECK_EQ(opts.hoplimit, -1);
	ATF_CHECK_EQ(opts.dscp, -1);
	ATF_CHECK_EQ(opts.rate, 0);
	ATF_CHECK_EQ(opts.payload, 0);
	ATF_CHECK_EQ(opts.reconnect_seconds, 60);
	ATF_CHECK_EQ(opts.statistics_seconds, 300);
	ATF_CHECK_EQ(opts.transport, TRANSPORT_UDP);
	ATF_CHECK_EQ(opts.times, TIMES_DEFAULT);
	ATF_CHECK(!opts.spread && !opts.biflow && !opts.classic &&
	    !opts.flow_id);
	ATF_CHECK(!opts.foreground && !opts.debug && opts.promisc);
}

CASE(one_source_of_packets_is_required)
{
	bad("-n a:1", "nothing to read packets from: give one of -i interface, "
	    "-r file and -R port,peer");
	bad("-i eth0 -r file", "-i, -r: give one of -i interface, -r file and "
	    "-R port,peer");
	bad("-r a -r b", "-r b: only one file can be read at a time");
}

CASE(an_interface_may_have_an_index_in_front)
{
	good("-i 7:eth0");
	ATF_CHECK_STREQ(opts.interface[0].name, "eth0");
	ATF_CHECK_EQ(opts.interface[0].number, 7);
	good("-i 65535:eth0");
	ATF_CHECK_EQ(opts.interface[0].number, 65535);
	good("-i eth0");
	ATF_CHECK_EQ(opts.interface[0].number, 0);
}

#define ORDER	"it must be optional:index:name, of which the first two may " \
		"be left out, and the name has no colon"

CASE(interfaces_may_be_several_and_missing)
{
	good("-i eth0 -i optional:eth1 -i optional:7:eth2");
	ATF_CHECK_EQ(opts.ninterface, 3);
	ATF_CHECK_STREQ(opts.interface[1].name, "eth1");
	ATF_CHECK_STREQ(opts.interface[2].name, "eth2");
	ATF_CHECK_EQ(opts.interface[2].number, 7);
	ATF_CHECK(!opts.interface[0].optional && opts.interface[1].optional &&
	    opts.interface[2].optional);
	good("-i 0 -i 1 -i 2 -i 3 -i 4 -i 5 -i 6 -i 7 -i 8 -i 9 -i a -i b "
	    "-i c -i d -i e -i f");
	bad("-i 0 -i 1 -i 2 -i 3 -i 4 -i 5 -i 6 -i 7 -i 8 -i 9 -i a -i b "
	    "-i c -i d -i e -i f -i g", "-i g: there are 16 interfaces before "
	    "it, and no more can be");
	bad("-i eth0 -i 7:eth0", "-i 7:eth0: it is given twice");
	bad("-i any -i eth0", "-i eth0: any is all interfaces; give it alone");
	bad("-i eth0 -i any", "-i any: any is all interfaces; give it alone");
	bad("-i optional:", "-i optional:: it must not be empty");
	bad("-i optional:any", "-i optional:any: any is always there; give it "
	    "without optional");
	bad("-i optional:7:any", "-i optional:7:any: any is always there; give "
	    "it without optional");
}

CASE(an_interface_name_that_cannot_be_is_refused)
{
	good("-i fifteen_octets_");
	ATF_CHECK_STREQ(opts.interface[0].name, "fifteen_octets_");
	bad("-i sixteen_octets__", "-i sixteen_octets__: a name has at most 15 "
	    "octets");
	bad("-i optional:7:sixteen_octets__", "-i optional:7:sixteen_octets__: "
	    "a name has at most 15 octets");
	bad("-i 5:optional:eth0", "-i 5:optional:eth0: " ORDER);
	bad("-i optional:optional:x", "-i optional:optional:x: " ORDER);
	bad("-i 5:6:x", "-i 5:6:x: " ORDER);
	bad("-i eth0:1", "-i eth0:1: " ORDER);
}

CASE(a_bad_interface_index_is_refused)
{
	bad("-i 0:eth0", "-i 0:eth0: the index before the colon must be a "
	    "number from 1 to 65535");
	bad("-i 65536:eth0", "-i 65536:eth0: the index before the colon must "
	    "be a number from 1 to 65535");
	bad("-i 123456789:eth0", "-i 123456789:eth0: the index before the "
	    "colon must be a number from 1 to 65535");
	bad("-i 7:", "-i 7:: it must not be empty");
}

CASE(a_savefile_leaves_a_running_daemon_alone)
{
	good("-r file.pcap");
	ATF_CHECK_STREQ(opts.savefile, "file.pcap");
	ATF_CHECK_EQ(opts.foreground, 1);
	ATF_CHECK_EQ(opts.pidfile, NULL);
	ATF_CHECK_EQ(opts.ctlsock, NULL);
	good("-c /tmp/ctl -p /tmp/pid -r -");
	ATF_CHECK_STREQ(opts.savefile, "-");
	ATF_CHECK_STREQ(opts.pidfile, "/tmp/pid");
	ATF_CHECK_EQ(opts.ctlsock, NULL);
}

CASE(collectors_are_a_list_and_n_adds_to_it)
{
	good("-i e -n collector.example:9995,10.0.0.1:2055 -n [2001:db8::1]:1 "
	    "-n [fe80::1%eth0]:65535");
	ATF_REQUIRE_EQ(opts.ndest, 4);
	ATF_CHECK_STREQ(opts.dest[0].host, "collector.example");
	ATF_CHECK_STREQ(opts.dest[0].port, "9995");
	ATF_CHECK_STREQ(opts.dest[1].host, "10.0.0.1");
	ATF_CHECK_STREQ(opts.dest[1].port, "2055");
	ATF_CHECK_STREQ(opts.dest[2].host, "2001:db8::1");
	ATF_CHECK_STREQ(opts.dest[2].port, "1");
	ATF_CHECK_STREQ(opts.dest[3].host, "fe80::1%eth0");
	ATF_CHECK_STREQ(opts.dest[3].port, "65535");
}

CASE(a_port_may_be_the_name_of_a_service)
{
	good("-i e -n a:ipfix,b:z39.50");
	ATF_CHECK_STREQ(opts.dest[0].port, "ipfix");
	ATF_CHECK_STREQ(opts.dest[1].port, "z39.50");
}

CASE(a_bare_ipv6_collector_is_told_about_brackets)
{
	wrong("-n 2001:db8::1:9995", "an IPv6 address needs brackets, as in "
	    "[2001:db8::1]:9995");
	bad("-i e -n a:1,::1", "-n ::1: an IPv6 address needs brackets, as in "
	    "[2001:db8::1]:9995");
}

CASE(a_collector_needs_host_and_port)
{
	static const char *const options[] = { "-n host", "-n :9995",
	    "-n []:9995", "-n [::1]", "-n [::1]9995", "-n [::1" };

	WRONG_ALL(options, "a collector is host:port or [IPv6 address]:port");
	bad("-i e -n [::11]:9995,[::1x", "-n [::1x: a collector is host:port "
	    "or [IPv6 address]:port");
	bad("-i e -n a:1,", "-n : a collector is host:port or "
	    "[IPv6 address]:port");
}

CASE(a_bad_port_is_refused)
{
	static const char *const options[] = { "-n h:", "-n h:0",
	    "-n h:65536", "-n h:-1", "-n h:+1", "-n h:99999999999999999999",
	    "-n h:a/b", "-n h:-", "-n h:a]",
	    "-n h:a-name-of-more-than-31-characters" };

	WRONG_ALL(options, "the port must be a number from 1 to 65535 or the "
	    "name of a service");
}

CASE(a_long_host_name_is_taken_or_refused_never_cut)
{
	char line[1024] = "-i e -n ";

	memset(line + strlen(line), 'h', 255);
	strlcat(line, ":9995", sizeof(line));
	good(line);
	ATF_CHECK_EQ(strlen(opts.dest[0].host), 255);
	ATF_CHECK_STREQ(opts.dest[0].port, "9995");
	memset(line + 8, 'h', 256);
	strlcpy(line + 264, ":9995", sizeof(line) - 264);
	ATF_CHECK_EQ(parse(line), OPTIONS_BAD);
	ATF_CHECK(strstr(error, ": the host's name is too long") != NULL);
	memset(line + 8, 'h', 900);
	ATF_CHECK_EQ(parse(line), OPTIONS_BAD);
	ATF_CHECK(strstr(error, ": the host's name is too long") != NULL);
}

CASE(sixteen_collectors_are_the_most)
{
	char line[256] = "-i e -n a:1";
	int i;

	for (i = 1; i < MAX_EXPORT; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line),
		    ",a:%u", i + 1);
	good(line);
	ATF_CHECK_EQ(opts.ndest, MAX_EXPORT);
	strlcat(line, " -n b:2", sizeof(line));
	bad(line, "-n b:2: more than 16 collectors");
}

CASE(versions_are_known_by_number_and_name)
{
	good("-i e -v 5");
	ATF_CHECK_EQ(opts.version, 5);
	good("-i e -v 9");
	ATF_CHECK_EQ(opts.version, 9);
	good("-i e -v 10");
	ATF_CHECK_EQ(opts.version, 10);
	good("-i e -v ipfix");
	ATF_CHECK_EQ(opts.version, 10);
	good("-i e -v 1");
	ATF_CHECK_EQ(opts.version, 1);
	good("-i e -v psamp");
	ATF_CHECK_EQ(opts.version, VERSION_PSAMP);
}

CASE(other_versions_are_refused)
{
	bad("-i e -v 7", "-v 7: unknown; known are " OPTIONS_VERSIONS);
	bad("-i e -v ''", "-v : unknown; known are " OPTIONS_VERSIONS);
}

CASE(numbers_keep_to_their_ranges)
{
#define NUMBER	"it must be a number from "
	wrong("-m 15", "too small; " NUMBER "16 to 268435456");
	wrong("-m 268435457", "too large; " NUMBER "16 to 268435456");
	wrong("-m many", "invalid; " NUMBER "16 to 268435456");
	wrong("-C 63", "too small; " NUMBER "64 to 65535");
	wrong("-C 65536", "too large; " NUMBER "64 to 65535");
	wrong("-B 131071", "too small; " NUMBER "131072 to 1073741824");
	wrong("-B 1073741825", "too large; " NUMBER "131072 to 1073741824");
	wrong("-s -1", "too small; " NUMBER "0 to 4294967295");
	wrong("-s 4294967296", "too large; " NUMBER "0 to 4294967295");
	wrong("-L 256", "too large; " NUMBER "0 to 255");
	wrong("-L 1x", "invalid; " NUMBER "0 to 255");
	good("-i e -m 16 -C 64 -B 131072 -L 0");
	ATF_CHECK_EQ(opts.max_flows, 16);
	ATF_CHECK_EQ(opts.snaplen, 64);
	ATF_CHECK_EQ(opts.buffer, 131072);
	ATF_CHECK_EQ(opts.hoplimit, 0);
	good("-i e -m 268435456 -C 65535 -B 1073741824 -L 255");
	ATF_CHECK_EQ(opts.max_flows, 268435456);
	ATF_CHECK_EQ(opts.snaplen, 65535);
	ATF_CHECK_EQ(opts.buffer, 1073741824);
	ATF_CHECK_EQ(opts.hoplimit, 255);
}

CASE(sampling_of_zero_or_one_is_every_packet)
{
	good("-i e -s 0");
	ATF_CHECK_EQ(opts.sampling, 1);
	good("-i e -s 1");
	ATF_CHECK_EQ(opts.sampling, 1);
	good("-i e -s 100");
	ATF_CHECK_EQ(opts.sampling, 100);
}

CASE(version_5_cannot_announce_large_sampling)
{
	good("-i e -s 16383");
	bad("-i e -s 16384", "-s 16384: version 5 cannot announce more than "
	    "1 in 16383; use -v 9 or -v 10");
	good("-i e -s 16384 -v 9");
	ATF_CHECK_EQ(opts.sampling, 16384);
}

CASE(version_5_has_a_small_source_id)
{
	good("-i e -o source-id=65535");
	wrong("-o source-id=65536", "version 5 has room for 0 to 65535; use "
	    "-v 9 or -v 10");
}

CASE(track_levels_are_known_by_name)
{
	good("-i e -T full");
	ATF_CHECK_EQ(opts.level, TRACK_FULL);
	good("-i e -T tos");
	ATF_CHECK_EQ(opts.level, TRACK_TOS);
	good("-i e -T port");
	ATF_CHECK_EQ(opts.level, TRACK_PORT);
	good("-i e -T proto");
	ATF_CHECK_EQ(opts.level, TRACK_PROTO);
	good("-i e -T ip");
	ATF_CHECK_EQ(opts.level, TRACK_IP);
	good("-i e -T vlan");
	ATF_CHECK_EQ(opts.level, TRACK_VLAN);
	ATF_CHECK_EQ(opts.fields, 0);
	good("-i e -T ether");
	ATF_CHECK_EQ(opts.level, TRACK_ETHER);
	bad("-i e -T ports", "-T ports: unknown; known are ether, vlan, tos, "
	    "full, port, proto and ip");
}

CASE(no_pid_file_need_be_written)
{
	good("-i e -p none");
	ATF_CHECK(opts.pidfile == NULL);
	good("-r f -p none");
	ATF_CHECK(opts.pidfile == NULL);
	good("-i e -p ./none");
	ATF_CHECK_STREQ(opts.pidfile, "./none");
}

CASE(a_source_address_must_be_numeric)
{
	good("-i e -e 192.0.2.1 -S eth1");
	ATF_CHECK_STREQ(opts.source, "192.0.2.1");
	ATF_CHECK_STREQ(opts.device, "eth1");
	good("-i e -e 2001:db8::1");
	good("-i e -e fe80::1%eth0");
	ATF_CHECK_STREQ(opts.source, "fe80::1%eth0");
	wrong("-e router", "it must be an IPv4 or IPv6 address in numbers");
	wrong("-e 192.0.2.256", "it must be an IPv4 or IPv6 address in "
	    "numbers");
	wrong("-e 192.0.2.1%eth0", "it must be an IPv4 or IPv6 address in "
	    "numbers");
}

CASE(files_and_user_are_taken_as_given)
{
	good("-i e -p /tmp/p -c /tmp/c -u nobody");
	ATF_CHECK_STREQ(opts.pidfile, "/tmp/p");
	ATF_CHECK_STREQ(opts.ctlsock, "/tmp/c");
	ATF_CHECK_STREQ(opts.user, "nobody");
}

CASE(empty_names_are_refused)
{
	static const char letters[] = "irpucS";
	char line[64], message[64];
	size_t i;

	for (i = 0; i < strlen(letters); i++) {
		snprintf(line, sizeof(line), "-%c ''", letters[i]);
		snprintf(message, sizeof(message),
		    "-%c \"\": it must not be empty", letters[i]);
		bad(line, message);
	}
}

CASE(control_socket_none_is_no_socket)
{
	good("-i e -c none");
	ATF_CHECK_EQ(opts.ctlsock, NULL);
}

CASE(a_control_path_too_long_for_a_socket_is_refused)
{
	char line[256] = "-i e -c ";

	memset(line + strlen(line), 'c', 200);
	ATF_CHECK_EQ(parse(line), OPTIONS_BAD);
	ATF_CHECK(strstr(error, ": a socket's path has at most ") != NULL);
}

CASE(flags_set_what_they_say)
{
	good("-i e -d -N");
	ATF_CHECK_EQ(opts.foreground, 1);
	ATF_CHECK_EQ(opts.debug, 0);
	ATF_CHECK_EQ(opts.promisc, 0);
	good("-i e -D");
	ATF_CHECK_EQ(opts.foreground, 1);
	ATF_CHECK_EQ(opts.debug, 1);
	ATF_CHECK_EQ(opts.promisc, 1);
}

CASE(harmless_classic_options_change_nothing)
{
	struct options plain;

	good("-i e");
	plain = opts;
	good("-i e -a -6 -g -I 10d -P udp");
	plain.interface[0].name = opts.interface[0].name;
	ATF_CHECK_EQ(memcmp(&opts, &plain, sizeof(opts)), 0);
}

CASE(other_classic_options_are_refused_by_name)
{
	bad("-M", "-M: not in this version: threads; one worker reads all "
	    "interfaces");
	bad("-w 4", "-w: not in this version: several workers; start one "
	    "softflowd for each interface");
}

CASE(unknown_options_and_missing_arguments_are_named)
{
	bad("-i e -Q", "-Q: unknown option; see softflowd -h");
	bad("-i e -dQ", "-Q: unknown option; see softflowd -h");
	bad("-i e --help", "--: unknown option; see softflowd -h");
	bad("-i e -+", "-+: unknown option; see softflowd -h");
	bad("-i e -?", "-?: unknown option; see softflowd -h");
	bad("-i e -:", "-:: unknown option; see softflowd -h");
	bad("-i", "-i: it needs an argument; see softflowd -h");
	bad("-i e -n", "-n: it needs an argument; see softflowd -h");
}

CASE(getopt_itself_writes_nothing)
{
	ATF_REQUIRE(freopen("stderr.out", "w+", stderr) != NULL);
	parse("-i e -Q");
	parse("-i");
	ATF_CHECK_EQ(fseek(stderr, 0, SEEK_END), 0);
	ATF_CHECK_EQ(ftell(stderr), 0);
}

CASE(help_and_version_are_answered_at_once)
{
	ATF_CHECK_EQ(parse("-h"), OPTIONS_USAGE);
	ATF_CHECK_EQ(parse("-i e -V -Q"), OPTIONS_VERSION);
	ATF_CHECK_EQ(strncmp(options_usage(), "usage: softflowd ", 17), 0);
}

CASE(remaining_words_are_the_filter_in_their_order)
{
	good("-i e tcp port 80 -n x");
	ATF_CHECK_STREQ(opts.filter, "tcp port 80 -n x");
	ATF_CHECK_EQ(opts.ndest, 0);
	options_free(&opts);
	ATF_CHECK_EQ(opts.filter, NULL);
	good("-i e -- -x");
	ATF_CHECK_STREQ(opts.filter, "-x");
	options_free(&opts);
	good("-i e '' ''");
	ATF_CHECK_EQ(opts.filter, NULL);
}

CASE(parsing_again_starts_afresh)
{
	bad("-dQ", "-Q: unknown option; see softflowd -h");
	good("-i eth1 -n a:1 -t tcp=1m -D udp");
	options_free(&opts);
	good("-i eth0");
	ATF_CHECK_STREQ(opts.interface[0].name, "eth0");
	ATF_CHECK_EQ(opts.ndest, 0);
	ATF_CHECK_EQ(opts.debug, 0);
	ATF_CHECK_EQ(opts.filter, NULL);
	ATF_CHECK_EQ(opts.timeouts.seconds[TIMEOUT_TCP], 3600);
}

CASE(a_message_keeps_to_its_buffer)
{
	char name[] = "softflowd", option[] = "-Q";
	char *argv[] = { name, option, NULL };
	char small[8] = "#######";

	ATF_CHECK_EQ(options_parse(2, argv, &opts, small, 4), OPTIONS_BAD);
	ATF_CHECK_STREQ(small, "-Q:");
	ATF_CHECK_EQ(small[4], '#');
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, defaults_are_those_of_the_manual);
	ATF_TP_ADD_TC(tp, one_source_of_packets_is_required);
	ATF_TP_ADD_TC(tp, an_interface_may_have_an_index_in_front);
	ATF_TP_ADD_TC(tp, interfaces_may_be_several_and_missing);
	ATF_TP_ADD_TC(tp, an_interface_name_that_cannot_be_is_refused);
	ATF_TP_ADD_TC(tp, a_bad_interface_index_is_refused);
	ATF_TP_ADD_TC(tp, a_savefile_leaves_a_running_daemon_alone);
	ATF_TP_ADD_TC(tp, collectors_are_a_list_and_n_adds_to_it);
	ATF_TP_ADD_TC(tp, a_port_may_be_the_name_of_a_service);
	ATF_TP_ADD_TC(tp, a_bare_ipv6_collector_is_told_about_brackets);
	ATF_TP_ADD_TC(tp, a_collector_needs_host_and_port);
	ATF_TP_ADD_TC(tp, a_bad_port_is_refused);
	ATF_TP_ADD_TC(tp, a_long_host_name_is_taken_or_refused_never_cut);
	ATF_TP_ADD_TC(tp, sixteen_collectors_are_the_most);
	ATF_TP_ADD_TC(tp, versions_are_known_by_number_and_name);
	ATF_TP_ADD_TC(tp, other_versions_are_refused);
	ATF_TP_ADD_TC(tp, numbers_keep_to_their_ranges);
	ATF_TP_ADD_TC(tp, sampling_of_zero_or_one_is_every_packet);
	ATF_TP_ADD_TC(tp, version_5_cannot_announce_large_sampling);
	ATF_TP_ADD_TC(tp, version_5_has_a_small_source_id);
	ATF_TP_ADD_TC(tp, track_levels_are_known_by_name);
	ATF_TP_ADD_TC(tp, no_pid_file_need_be_written);
	ATF_TP_ADD_TC(tp, a_source_address_must_be_numeric);
	ATF_TP_ADD_TC(tp, files_and_user_are_taken_as_given);
	ATF_TP_ADD_TC(tp, empty_names_are_refused);
	ATF_TP_ADD_TC(tp, control_socket_none_is_no_socket);
	ATF_TP_ADD_TC(tp, a_control_path_too_long_for_a_socket_is_refused);
	ATF_TP_ADD_TC(tp, flags_set_what_they_say);
	ATF_TP_ADD_TC(tp, harmless_classic_options_change_nothing);
	ATF_TP_ADD_TC(tp, other_classic_options_are_refused_by_name);
	ATF_TP_ADD_TC(tp, unknown_options_and_missing_arguments_are_named);
	ATF_TP_ADD_TC(tp, getopt_itself_writes_nothing);
	ATF_TP_ADD_TC(tp, help_and_version_are_answered_at_once);
	ATF_TP_ADD_TC(tp, remaining_words_are_the_filter_in_their_order);
	ATF_TP_ADD_TC(tp, parsing_again_starts_afresh);
	ATF_TP_ADD_TC(tp, a_message_keeps_to_its_buffer);
	return (atf_no_error());
}
