/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The configuration file's text: what it becomes, and what is wrong with it
 * where.
 */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

static struct config		config;
static struct config_error	error;

static int
parse_text(const char *text)
{
	return (config_parse(text, strlen(text), &config, &error));
}

/* The settings of a text: "letter arg" each, at line:column. */
static void
good(const char *text, const char *expected)
{
	char got[4096] = "";
	unsigned int i;

	ATF_REQUIRE_EQ_MSG(parse_text(text), 0, "%s: %u:%u: %s", text,
	    error.line, error.column, error.text);
	for (i = 0; i < config.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got),
		    "%u:%u %c %s\n", config.item[i].line,
		    config.item[i].column, config.item[i].letter,
		    config.item[i].arg);
	ATF_CHECK_STREQ(got, expected);
}

/* What is wrong, as line:column: text. */
static void
bad(const char *text, const char *expected)
{
	char got[600];

	ATF_CHECK_EQ_MSG(parse_text(text), -1, "%s was taken", text);
	snprintf(got, sizeof(got), "%u:%u: %s", error.line, error.column,
	    error.text);
	ATF_CHECK_STREQ(got, expected);
}

#define CASE(name)							\
ATF_TC_WITHOUT_HEAD(name);						\
ATF_TC_BODY(name, tc)

CASE(nothing_is_said_by_blanks_and_comments)
{
	good("", "");
	good("\n\n \t\r\n#\n  # \xc3\xbc \"{ \x01\n#", "");
}

CASE(one_statement_is_a_line)
{
	good("biflow\nversion 10 # ipfix\n\tuser\t\"_flow\"",
	    "1:1 b \n2:9 v 10\n3:7 u _flow\n");
	bad("biflow spread", "1:8: biflow: \"spread\": the end of the line "
	    "expected");
	bad("version 9 10\n", "1:11: version: \"10\": the end of the line "
	    "expected");
	bad("version 9 {", "1:11: version: \"{\": the end of the line "
	    "expected");
	bad("version\n9\n", "1:8: version: a value expected at the end of the "
	    "line");
	bad("version", "1:8: version: a value expected at the end of the file");
}

CASE(a_line_may_go_on_behind_a_backslash)
{
	good("version \\\n  9\nuser\\\r\n a", "2:3 v 9\n4:2 u a\n");
	bad("version \\ 9", "1:11: version: \"9\": the end of the line "
	    "expected");
}

CASE(an_unknown_keyword_is_named)
{
	bad("biflow\n  inteface eth0", "2:3: \"inteface\": unknown keyword; "
	    "softflowd.conf(5) has all of them");
	bad("\"biflow\"", "1:1: \"biflow\": unknown keyword; "
	    "softflowd.conf(5) has all of them");
	bad("}", "1:1: \"}\": unknown keyword; softflowd.conf(5) has all of "
	    "them");
	bad("a-keyword-of-more-than-forty-characters-is-cut", "1:1: "
	    "\"a-keyword-of-more-than-forty-characters-\": unknown keyword; "
	    "softflowd.conf(5) has all of them");
}

CASE(a_string_may_hold_any_character_that_prints)
{
	good("user \"a #{},\\\"\\\\b\"", "1:6 u a #{},\"\\b\n");
	good("user \"\"", "1:6 u \n");
	bad("user \"abc\n\"", "1:6: \"abc: the closing quote is missing");
	bad("user \"abc", "1:6: \"abc: the closing quote is missing");
	bad("user \"a\\n\"", "1:9: behind a backslash in quotes there must be "
	    "another or a quote");
	bad("user \"a\tb\"", "1:8: octet 0x09: outside of comments there are "
	    "only printable ASCII characters");
}

CASE(other_octets_are_refused_outside_of_comments)
{
	bad("user \xc3\xbc", "1:6: octet 0xc3: outside of comments there are "
	    "only printable ASCII characters");
	bad("user a\x7f", "1:7: octet 0x7f: outside of comments there are "
	    "only printable ASCII characters");
	ATF_CHECK_EQ(-1, config_parse("# a\0b\n", 6, &config, &error));
	ATF_CHECK_STREQ("a NUL octet: this is no text", error.text);
	ATF_CHECK(error.line == 1 && error.column == 4);
}

CASE(lines_values_and_settings_are_bounded)
{
	static char text[CONFIG_LINE_MAX + 64];
	size_t len;
	int i;

	len = (size_t)snprintf(text, sizeof(text), "\nuser ");
	memset(text + len, 'u', CONFIG_ARG - 1);
	ATF_CHECK_EQ(0, parse_text(text));
	ATF_CHECK_EQ(CONFIG_ARG - 1, strlen(config.item[0].arg));
	text[len + CONFIG_ARG - 1] = 'u';
	bad(text, "2:6: a value has at most 4095 characters");
	memset(text + len, ' ', sizeof(text) - len - 1);
	bad(text, "2:1: a line has at most 8192 characters");
	text[1 + CONFIG_LINE_MAX] = '\0';
	bad(text, "2:8193: user: a value expected at the end of the file");
	len = (size_t)snprintf(text, sizeof(text), "source-id ");
	memset(text + len, '1', CONFIG_ARG - 1);
	text[len + CONFIG_ARG - 1] = '\0';
	bad(text, "1:11: source-id: longer than 4095 characters");
	strlcpy(text, "own-mac", sizeof(text));
	for (i = 0; i < CONFIG_ITEMS; i++)
		strlcat(text, " a", sizeof(text));
	ATF_CHECK_EQ(0, parse_text(text));
	ATF_CHECK_EQ(CONFIG_ITEMS, config.n);
	strlcat(text, " a", sizeof(text));
	bad(text, "1:521: more than 256 settings");
}

CASE(a_list_has_commas_or_none_and_braces_or_none)
{
	good("fields ttl,tcp length , \"vlan\"\n", "1:8 o fields=ttl\n"
	    "1:12 o fields=tcp\n1:16 o fields=length\n1:25 o fields=vlan\n");
	good("tunnels {\n gre,\n\n ipip # two\n } \n", "2:2 E gre\n"
	    "4:2 E ipip\n");
	good("fields ttl\nfields tcp", "1:8 o fields=ttl\n"
	    "2:8 o fields=tcp\n");
	bad("fields", "1:7: fields: a value expected at the end of the file");
	bad("fields ttl,\n", "1:12: fields: a value expected at the end of "
	    "the line");
	bad("fields ,ttl", "1:8: fields: \",\": a value expected");
	bad("fields ttl,,tcp", "1:12: fields: \",\": a value expected");
	bad("fields { }", "1:10: fields: \"}\": a value expected");
	bad("fields { ttl, }", "1:15: fields: \"}\": a value expected");
	bad("fields { ttl\n", "2:1: fields: } or a value expected at the end "
	    "of the file");
	bad("fields { ttl { tcp } }", "1:14: fields: \"{\": } or a value "
	    "expected");
	bad("fields ttl }", "1:12: fields: \"}\": a value or the end of the "
	    "line expected");
	bad("fields { ttl } tcp", "1:16: fields: \"tcp\": the end of the line "
	    "expected");
}

CASE(a_timeout_has_name_and_time)
{
	good("timeout tcp 1h30m\ntimeout tcp.rst 5", "1:9 t tcp=1h30m\n"
	    "2:9 t tcp.rst=5\n");
	bad("timeout", "1:8: timeout: a name expected at the end of the file");
	bad("timeout tcp\n", "1:12: timeout: a value expected at the end of "
	    "the line");
	bad("timeout tcp=5", "1:14: timeout: a value expected at the end of "
	    "the file");
	bad("timeout tcp 5 6", "1:15: timeout: \"6\": the end of the line "
	    "expected");
}

CASE(a_filter_is_words_or_strings)
{
	good("filter port 53 and \"(host a or b)\" # c", "1:8 * port 53 and "
	    "(host a or b)\n");
	bad("filter", "1:7: filter: an expression expected at the end of the "
	    "file");
	bad("filter port {53}", "1:13: filter: \"{\": quotes around it "
	    "expected");
}

CASE(an_interface_has_index_and_optional_behind_it)
{
	good("interface eth0\ninterface eth1 index 12 optional\n"
	    "interface eth2 {\n optional\n index 7 }\n"
	    "interface eth3 { }", "1:11 i eth0\n2:11 i optional:12:eth1\n"
	    "3:11 i optional:7:eth2\n6:11 i eth3\n");
	bad("interface", "1:10: interface: an interface expected at the end "
	    "of the file");
	bad("interface 7:eth0", "1:11: interface 7:eth0: a name has no colon; "
	    "\"index\" and \"optional\" stand behind it");
	bad("interface eth0 index", "1:21: interface: a number expected at "
	    "the end of the file");
	bad("interface eth0 index optional", "1:22: index optional: it must "
	    "be a number from 1 to 65535");
	bad("interface eth0 index 65536", "1:22: index 65536: it must be a "
	    "number from 1 to 65535");
	bad("interface eth0 index \"\"", "1:22: index : it must be a number "
	    "from 1 to 65535");
	bad("interface eth0 index 1 index 2", "1:24: interface: index is given "
	    "twice");
	bad("interface eth0 eth1", "1:16: interface: \"eth1\": index or "
	    "optional expected");
	bad("interface eth0 {\n optional\n", "3:1: interface: } expected at "
	    "the end of the file");
	bad("interface eth0 { optional } optional", "1:29: interface: "
	    "\"optional\": the end of the line expected");
}

CASE(a_collector_has_port_version_and_transport_behind_it)
{
	good("collector 192.0.2.1 port 9995\n"
	    "collector 2001:db8::1 version 9 port 1\n"
	    "collector \"c.example\" {\n\ttransport tcp\n\tversion ipfix\n"
	    "\tport ipfix\n}\ncollector fe80::1%eth0 port 2 transport sctp",
	    "1:11 n 192.0.2.1:9995\n2:11 n 9@[2001:db8::1]:1\n"
	    "3:11 n ipfix@tcp:c.example:ipfix\n"
	    "8:11 n sctp:[fe80::1%eth0]:2\n");
	bad("collector a version 9", "1:11: collector a: its port is missing, "
	    "as in port 9995");
	bad("collector a port 1 version 7", "1:28: version 7: unknown; known "
	    "are 1, 5, 9, 10 (ipfix) and psamp");
	bad("collector a port 1 transport smtp", "1:30: transport smtp: "
	    "unknown; known are udp, tcp and sctp");
	bad("collector a port \"1,b:2\"", "1:18: port 1,b:2: the port must be "
	    "a number from 1 to 65535 or the name of a service");
	bad("collector a port 65536", "1:18: port 65536: the port must be a "
	    "number from 1 to 65535 or the name of a service");
	bad("collector 192.0.2.1:9995", "1:11: collector 192.0.2.1:9995: a "
	    "host is a name or an address; \"port\", \"version\" and "
	    "\"transport\" stand behind it");
	bad("collector 9@a port 1", "1:11: collector 9@a: a host is a name or "
	    "an address; \"port\", \"version\" and \"transport\" stand behind "
	    "it");
	bad("collector a 9995", "1:13: collector: \"9995\": port, version or "
	    "transport expected");
	bad("collector a port 1 port 2", "1:20: collector: port is given "
	    "twice");
}

CASE(reports_have_their_peers_behind_from)
{
	good("reports 4739 from 192.0.2.1", "1:9 R 4739,192.0.2.1\n");
	good("reports [::1]:4739 from {\n [2001:db8::1],\n [::2]:5 }",
	    "1:9 R [::1]:4739,[2001:db8::1],[::2]:5\n");
	bad("reports 4739", "1:13: reports: \"from\" and who sends them "
	    "expected at the end of the file");
	bad("reports 4739 from", "1:18: reports: a value expected at the end "
	    "of the file");
}

CASE(what_adds_to_nothing_is_given_once)
{
	bad("version 9\n\nversion 9", "3:9: version: it is given before, in "
	    "line 1");
	bad("biflow\nbiflow", "2:1: biflow: it is given before, in line 1");
	bad("filter a\nfilter b", "2:8: filter: it is given before, in line "
	    "1");
	bad("timeout tcp 1\ntimeout tcp.rst 1\ntimeout tcp 2", "3:9: timeout "
	    "tcp: it is given before, in line 1");
	bad("flow-id\nsource-id 1\nflow-id", "3:1: flow-id: it is given "
	    "before, in line 1");
	bad("template-seconds 1\ntemplate-datagrams 1\ntemplate-seconds 2",
	    "3:18: template-seconds: it is given before, in line 1");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, nothing_is_said_by_blanks_and_comments);
	ATF_TP_ADD_TC(tp, one_statement_is_a_line);
	ATF_TP_ADD_TC(tp, a_line_may_go_on_behind_a_backslash);
	ATF_TP_ADD_TC(tp, an_unknown_keyword_is_named);
	ATF_TP_ADD_TC(tp, a_string_may_hold_any_character_that_prints);
	ATF_TP_ADD_TC(tp, other_octets_are_refused_outside_of_comments);
	ATF_TP_ADD_TC(tp, lines_values_and_settings_are_bounded);
	ATF_TP_ADD_TC(tp, a_list_has_commas_or_none_and_braces_or_none);
	ATF_TP_ADD_TC(tp, a_timeout_has_name_and_time);
	ATF_TP_ADD_TC(tp, a_filter_is_words_or_strings);
	ATF_TP_ADD_TC(tp, an_interface_has_index_and_optional_behind_it);
	ATF_TP_ADD_TC(tp, a_collector_has_port_version_and_transport_behind_it);
	ATF_TP_ADD_TC(tp, reports_have_their_peers_behind_from);
	ATF_TP_ADD_TC(tp, what_adds_to_nothing_is_given_once);
	return (atf_no_error());
}
