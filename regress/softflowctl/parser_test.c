/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The words of softflowctl: what they ask, what is wrong with others. */

#include <sys/types.h>
#include <sys/socket.h>

#include <arpa/inet.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "expire.h"
#include "parser.h"

#define MAX_WORDS	32

static char		error[1024];
static struct command	command;

/* Parse a line, its words split at blanks. */
static int
parse(const char *line)
{
	static char copy[4096];
	char *words[MAX_WORDS], *next = copy;
	int n = 0;

	strlcpy(copy, line, sizeof(copy));
	while (n < MAX_WORDS && (words[n] = strsep(&next, " ")) != NULL)
		n++;
	return (parser_parse(n, words, &command, error, sizeof(error)));
}

static void
check_request(const char *line, uint32_t request)
{
	ATF_REQUIRE_MSG(parse(line) == 0, "%s: %s", line, error);
	ATF_CHECK_EQ_MSG(command.request, request, "%s: %u", line,
	    command.request);
	ATF_CHECK_STREQ(error, "");
}

static void
check_error(const char *line, const char *want)
{
	ATF_CHECK_EQ_MSG(parse(line), -1, "%s: no error", line);
	ATF_CHECK_STREQ_MSG(error, want, "%s", line);
}

static void
check_set(const char *line, uint32_t wish, uint32_t which, uint32_t value)
{
	const struct ctl_set *set;
	size_t len;

	check_request(line, CTL_SET);
	set = parser_payload(&command, &len);
	ATF_CHECK_EQ(len, sizeof(*set));
	ATF_CHECK_EQ(set->wish, wish);
	ATF_CHECK_EQ_MSG(set->which, which, "%s: %u", line, set->which);
	ATF_CHECK_EQ_MSG(set->value, value, "%s: %u", line, set->value);
}

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

static const struct {
	const char	*word;
	uint32_t	 request;
} classic[] = {
	{ "help", PARSER_HELP },
	{ "shutdown", CTL_SHUTDOWN },
	{ "exit", CTL_EXIT },
	{ "expire-all", CTL_EXPIRE_ALL },
	{ "delete-all", CTL_DELETE_ALL },
	{ "statistics", CTL_STATISTICS },
	{ "debug+", CTL_DEBUG_MORE },
	{ "debug-", CTL_DEBUG_LESS },
	{ "stop-gather", CTL_STOP_GATHER },
	{ "start-gather", CTL_START_GATHER },
	{ "dump-flows", CTL_DUMP_FLOWS },
	{ "timeouts", CTL_TIMEOUTS },
	{ "send-template", CTL_SEND_TEMPLATE }
};

CASE(classic_words_are_known_and_look_classic)
{
	unsigned int i;

	for (i = 0; i < nitems(classic); i++) {
		check_request(classic[i].word, classic[i].request);
		ATF_CHECK_EQ(command.view, VIEW_CLASSIC);
	}
}

static const struct {
	const char	*line;
	uint32_t	 request;
	enum view	 view;
} modern[] = {
	{ "show statistics", CTL_STATISTICS, VIEW_STATISTICS },
	{ "show flows", CTL_SHOW_FLOWS, VIEW_FLOWS },
	{ "show timeouts", CTL_TIMEOUTS, VIEW_TIMEOUTS },
	{ "show collectors", CTL_STATISTICS, VIEW_COLLECTORS },
	{ "show interfaces", CTL_STATISTICS, VIEW_INTERFACES },
	{ "show sandbox", CTL_SANDBOX, VIEW_SANDBOX },
	{ "show memory", CTL_MEMORY, VIEW_MEMORY },
	{ "flow expire vlan 1", CTL_FLOW_EXPIRE, VIEW_CLASSIC },
	{ "flow delete vlan 1", CTL_FLOW_DELETE, VIEW_CLASSIC },
	{ "set timeout udp 1m", CTL_SET, VIEW_CLASSIC },
	{ "set sampling 10", CTL_SET, VIEW_CLASSIC },
	{ "log verbose", CTL_SET, VIEW_CLASSIC },
	{ "log brief", CTL_SET, VIEW_CLASSIC },
	{ "reload", CTL_RELOAD, VIEW_CLASSIC },
	{ "gather start", CTL_START_GATHER, VIEW_CLASSIC },
	{ "gather stop", CTL_STOP_GATHER, VIEW_CLASSIC },
	{ "template send", CTL_SEND_TEMPLATE, VIEW_CLASSIC },
	{ "top", PARSER_TOP, VIEW_CLASSIC },
	{ "top proto udp", PARSER_TOP, VIEW_CLASSIC },
	{ "completion sh", PARSER_COMPLETION, VIEW_CLASSIC }
};

CASE(modern_words_are_known)
{
	unsigned int i;

	for (i = 0; i < nitems(modern); i++) {
		check_request(modern[i].line, modern[i].request);
		ATF_CHECK_EQ_MSG(command.view, modern[i].view, "%s",
		    modern[i].line);
	}
}

CASE(every_request_has_words)
{
	uint32_t requests = 0;
	unsigned int i;

	for (i = 0; i < nitems(classic); i++)
		if (classic[i].request >= CTL_SHUTDOWN)
			requests |= 1U << (classic[i].request - CTL_SHUTDOWN);
	for (i = 0; i < nitems(modern); i++)
		if (modern[i].request >= CTL_SHUTDOWN)
			requests |= 1U << (modern[i].request - CTL_SHUTDOWN);
	ATF_CHECK_EQ(requests, (1U << (CTL_REQUEST_MAX - CTL_SHUTDOWN)) - 1);
}

CASE(only_requests_with_a_structure_have_a_payload)
{
	size_t len = 1;

	check_request("reload", CTL_RELOAD);
	ATF_CHECK(parser_payload(&command, &len) == NULL);
	ATF_CHECK_EQ(len, 0);
	check_request("dump-flows", CTL_DUMP_FLOWS);
	ATF_CHECK(parser_payload(&command, &len) == NULL);
	check_request("show flows", CTL_SHOW_FLOWS);
	ATF_CHECK(parser_payload(&command, &len) == &command.query);
	ATF_CHECK_EQ(len, sizeof(struct ctl_query));
	check_request("flow expire port 53", CTL_FLOW_EXPIRE);
	ATF_CHECK(parser_payload(&command, &len) == &command.query.filter);
	ATF_CHECK_EQ(len, sizeof(struct ctl_filter));
}

/* Of each word the shortest beginning that no other has, and all shorter. */
static void
check_prefixes(const struct table *t, const char *before)
{
	char line[256];
	unsigned int i, j, matches;
	size_t len;

	for (i = 0; i < t->n; i++)
		for (len = 1; len < strlen(t->tokens[i].word); len++) {
			matches = 0;
			for (j = 0; j < t->n; j++) {
				if (strncmp(t->tokens[j].word,
				    t->tokens[i].word, len) != 0)
					continue;
				/* a whole word is that word */
				matches += t->tokens[j].word[len] == '\0' ?
				    100 : 1;
			}
			(void)snprintf(line, sizeof(line), "%s%.*s ?", before,
			    (int)len, t->tokens[i].word);
			ATF_CHECK_EQ_MSG(parse(line), matches == 1 ||
			    matches >= 100 ? 0 : -1, "%s: %s", line, error);
			if (matches > 1 && matches < 100)
				ATF_CHECK_MSG(strstr(error, "ambiguous") !=
				    NULL, "%s", error);
		}
}

CASE(unique_beginnings_are_enough_and_others_are_ambiguous)
{
	check_prefixes(&parser_main, "");
	ATF_REQUIRE_EQ(parse("show ?"), 0);
	check_prefixes(command.place, "show ");
	ATF_REQUIRE_EQ(parse("show flows ?"), 0);
	check_prefixes(command.place, "show flows ");
	ATF_REQUIRE_EQ(parse("show flows state ?"), 0);
	check_prefixes(command.place, "show flows state ");
	check_prefixes(&parser_timeouts, "set timeout ");
	check_request("stat", CTL_STATISTICS);
	check_request("star", CTL_START_GATHER);
	check_request("exi", CTL_EXIT);
	check_request("set s 5", CTL_SET);
}

CASE(ambiguous_word_lists_what_it_could_be)
{
	check_error("ex",
	    "ambiguous command \"ex\": allowed are exit expire-all");
	check_error("debug",
	    "ambiguous command \"debug\": allowed are debug+ debug-");
	check_error("sh",
	    "ambiguous command \"sh\": allowed are shutdown show");
	check_error("show s", "ambiguous word \"s\" after \"show\": allowed "
	    "are statistics sandbox");
	check_error("show flows min 3", "ambiguous word \"min\" after \"show "
	    "flows\": allowed are min-octets min-packets min-age min-idle");
}

CASE(unknown_word_lists_all)
{
	unsigned int i;

	ATF_CHECK_EQ(parse("reboot"), -1);
	ATF_CHECK(strstr(error, "unknown command \"reboot\"") != NULL);
	for (i = 0; i < parser_main.n; i++)
		ATF_CHECK(strstr(error, parser_main.tokens[i].word) != NULL);
	/* longer than a word is not that word */
	ATF_CHECK_EQ(parse("exit!"), -1);
	ATF_CHECK_EQ(parse("EXIT"), -1);
	check_error("log loud", "unknown word \"loud\" after \"log\": allowed "
	    "are verbose brief");
	check_error("flow expire by age", "unknown word \"by\" after \"flow "
	    "expire\": allowed are host port proto interface vlan min-octets "
	    "min-packets min-age min-idle state");
}

CASE(missing_word_lists_what_may_follow)
{
	check_error("log", "\"log\" wants another word: allowed are verbose "
	    "brief");
	check_error("flow", "\"flow\" wants another word: allowed are expire "
	    "delete");
	check_error("show flows by", "\"show flows by\" wants another word: "
	    "allowed are octets packets age rate");
	check_error("show flows state", "\"show flows state\" wants another "
	    "word: allowed are oneway bothways syn open fin rst");
	/* a filter of nothing would be all flows */
	check_error("flow delete", "\"flow delete\" wants another word: "
	    "allowed are host port proto interface vlan min-octets "
	    "min-packets min-age min-idle state");
}

CASE(missing_argument_says_what_is_wanted)
{
	check_error("set timeout tcp", "\"set timeout tcp\" wants TIME next: "
	    "of an idle TCP flow");
	check_error("set sampling", "\"set sampling\" wants N next: account "
	    "one packet in N");
	check_error("show flows vlan", "\"show flows vlan\" wants N next: of "
	    "this VLAN, outer or inner");
}

CASE(word_behind_the_end_is_named)
{
	check_error("reload now", "unexpected word \"now\" after \"reload\": "
	    "nothing may follow");
	check_error("set timeout tcp 5 6", "unexpected word \"6\" after \"set "
	    "timeout tcp 5\": nothing may follow");
	check_error("statistics -c ctl", "unexpected word \"-c\" after "
	    "\"statistics\": nothing may follow; options stand before the "
	    "command");
	check_error("log -j", "unknown word \"-j\" after \"log\": allowed are "
	    "verbose brief; options stand before the command");
	check_error("show ? flows",
	    "unexpected word \"flows\" after \"?\": nothing may follow");
}

CASE(words_of_a_filter_stand_in_any_order_and_all_hold)
{
	const struct ctl_filter *f = &command.query.filter;
	uint8_t v4[4] = { 192, 0, 2, 7 }, v6[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	check_request("show flows state fin min-idle 1m30s min-age 2h "
	    "min-packets 3k min-octets 5M vlan 7 interface eth0 proto tcp "
	    "port 80 port 443 host 192.0.2.7 host 2001:db8::/32",
	    CTL_SHOW_FLOWS);
	ATF_CHECK_EQ(f->have, CTL_FILTER_PROTO | CTL_FILTER_VLAN |
	    CTL_FILTER_INTERFACE | CTL_FILTER_STATE);
	ATF_CHECK_EQ(f->nhost, 2);
	ATF_CHECK_EQ(f->host[0].family, 4);
	ATF_CHECK_EQ(f->host[0].bits, 32);
	ATF_CHECK_EQ(memcmp(f->host[0].addr, v4, 4), 0);
	ATF_CHECK_EQ(f->host[1].family, 6);
	ATF_CHECK_EQ(f->host[1].bits, 32);
	ATF_CHECK_EQ(memcmp(f->host[1].addr, v6, 16), 0);
	ATF_CHECK_EQ(f->nport, 2);
	ATF_CHECK_EQ(f->port[0], 80);
	ATF_CHECK_EQ(f->port[1], 443);
	ATF_CHECK_EQ(f->proto, 6);
	ATF_CHECK_STREQ(f->interface, "eth0");
	ATF_CHECK_EQ(f->vlan, 7);
	ATF_CHECK_EQ(f->min_octets, 5000000);
	ATF_CHECK_EQ(f->min_packets, 3000);
	ATF_CHECK_EQ(f->min_age, 7200);
	ATF_CHECK_EQ(f->min_idle, 90);
	ATF_CHECK_EQ(f->state, CTL_STATE_FIN);
}

CASE(every_state_and_order_has_its_value)
{
	static const char *const states[] = { "oneway", "bothways", "syn",
	    "open", "fin", "rst" };
	static const char *const sorts[] = { NULL, "octets", "packets", "age",
	    "rate" };
	char line[64];
	unsigned int i;

	ATF_REQUIRE_EQ(nitems(states), CTL_STATE_MAX);
	for (i = 0; i < nitems(states); i++) {
		(void)snprintf(line, sizeof(line), "flow expire state %s",
		    states[i]);
		check_request(line, CTL_FLOW_EXPIRE);
		ATF_CHECK_EQ(command.query.filter.have, CTL_FILTER_STATE);
		ATF_CHECK_EQ(command.query.filter.state, i);
	}
	ATF_REQUIRE_EQ(nitems(sorts), CTL_SORT_MAX);
	for (i = 1; i < nitems(sorts); i++) {
		(void)snprintf(line, sizeof(line), "show flows by %s",
		    sorts[i]);
		check_request(line, CTL_SHOW_FLOWS);
		ATF_CHECK_EQ(command.query.sort, i);
	}
}

CASE(sorted_flows_are_twenty_unless_limited)
{
	check_request("show flows", CTL_SHOW_FLOWS);
	ATF_CHECK_EQ(command.query.limit, 0);
	check_request("show flows by rate", CTL_SHOW_FLOWS);
	ATF_CHECK_EQ(command.query.limit, 20);
	check_request("show flows limit 1000 by rate", CTL_SHOW_FLOWS);
	ATF_CHECK_EQ(command.query.limit, 1000);
	check_request("show flows limit 4294967295", CTL_SHOW_FLOWS);
	ATF_CHECK_EQ(command.query.limit, UINT32_MAX);
	check_error("show flows limit 1001 by rate", "limit 1001 of a sorted "
	    "answer: allowed are 1 to 1000");
}

CASE(repeated_words_of_a_filter_are_refused)
{
	check_error("show flows proto tcp state syn proto udp", "\"proto\" is "
	    "there too often: allowed is once");
	check_error("flow expire host ::1 port 1 host ::2 host ::3", "\"host\" "
	    "is there too often: allowed is twice");
	check_error("show flows by age by rate", "\"by\" is there too often: "
	    "allowed is once");
	check_request("flow expire host ::1 host ::2 port 1 port 2",
	    CTL_FLOW_EXPIRE);
}

CASE(bad_arguments_are_named_with_what_is_allowed)
{
	static const struct {
		const char	*words, *wanted;
	} bad[] = {
		{ "host \"192.0.2\"", "it must be an address or a prefix, such "
		    "as 192.0.2.7 or 2001:db8::/32" },
		{ "host \"192.0.2.0/33\"", "behind the / must be a number from "
		    "0 to 32" },
		{ "host \"::/129\"", "behind the / must be a number from 0 to "
		    "128" },
		{ "host \"::/\"", "behind the / must be a number from 0 to "
		    "128" },
		{ "port \"65536\"", "it must be a number from 0 to 65535 or "
		    "the name of a service" },
		{ "port \"no-such\"", "it must be a number from 0 to 65535 or "
		    "the name of a service" },
		{ "proto \"256\"", "it must be a number from 0 to 255 or the "
		    "name of a protocol, such as tcp" },
		{ "proto \"\"", "it must be a number from 0 to 255 or the name "
		    "of a protocol, such as tcp" },
		{ "interface \"abcdefghijklmnop\"", "it must be the name of an "
		    "interface, of 1 to 15 characters that can be printed" },
		{ "interface \"\"", "it must be the name of an interface, of 1 "
		    "to 15 characters that can be printed" },
		{ "vlan \"0\"", "it must be a number from 1 to 4094" },
		{ "vlan \"4095\"", "it must be a number from 1 to 4094" },
		{ "min-octets \"0\"", "it must be a number, or one with k, M "
		    "or G for thousands and so on, of 1 to 2^63" },
		{ "min-octets \"1kk\"", "it must be a number, or one with k, M "
		    "or G for thousands and so on, of 1 to 2^63" },
		{ "min-packets \"99999999999999999999\"", "it must be a "
		    "number, or one with k, M or G for thousands and so on, of "
		    "1 to 2^63" },
		{ "min-packets \"10000000000G\"", "it must be a number, or one "
		    "with k, M or G for thousands and so on, of 1 to 2^63" },
		{ "min-age \"1y\"", "bad time; a time is a sum of numbers with "
		    "s, m, h, d or w, such as 1h30m" },
		{ "min-idle \"x\"", "bad time; a time is a sum of numbers with "
		    "s, m, h, d or w, such as 1h30m" },
	};
	char line[128], want[256], *to;
	const char *from;
	unsigned int i;

	for (i = 0; i < nitems(bad); i++) {
		/* the same words without the quotes of the message */
		strlcpy(line, "show flows ", sizeof(line));
		to = line + strlen(line);
		for (from = bad[i].words; *from != '\0'; from++)
			if (*from != '"')
				*to++ = *from;
		*to = '\0';
		(void)snprintf(want, sizeof(want), "%s: %s", bad[i].words,
		    bad[i].wanted);
		check_error(line, want);
	}
	check_error("show flows limit 0", "limit \"0\": it must be a number "
	    "from 1 to 4294967295, or to 1000 if the flows are sorted");
	check_error("set sampling 0", "sampling \"0\": it must be a number "
	    "from 1, for all, to 4294967295");
}

CASE(counts_take_thousands_millions_and_milliards)
{
	check_request("flow expire min-octets 1 min-packets 2k",
	    CTL_FLOW_EXPIRE);
	ATF_CHECK_EQ(command.query.filter.min_octets, 1);
	ATF_CHECK_EQ(command.query.filter.min_packets, 2000);
	check_request("flow expire min-octets 3m min-packets 4G",
	    CTL_FLOW_EXPIRE);
	ATF_CHECK_EQ(command.query.filter.min_octets, 3000000);
	ATF_CHECK_EQ(command.query.filter.min_packets, 4000000000);
}

CASE(settings_carry_wish_and_value)
{
	check_set("set sampling 1", WISH_SAMPLING, 0, 1);
	check_set("set sampling 4294967295", WISH_SAMPLING, 0, UINT32_MAX);
	check_set("log verbose", WISH_VERBOSE, 0, 1);
	check_set("log brief", WISH_VERBOSE, 0, 0);
	check_set("set timeout tcp.rst 2m", WISH_TIMEOUT, TIMEOUT_TCP_RST, 120);
	check_set("set timeout maxlife 0", WISH_TIMEOUT, TIMEOUT_MAXLIFE, 0);
	check_set("set timeout expint 0", WISH_TIMEOUT, TIMEOUT_EXPINT, 0);
	check_error("set timeout udp 0", "udp \"0\": it must not be 0; only "
	    "maxlife and expint may");
}

CASE(timeouts_have_the_names_of_the_daemon)
{
	unsigned int i;

	ATF_REQUIRE_EQ(parser_timeouts.n, TIMEOUT_MAX);
	for (i = 0; i < TIMEOUT_MAX; i++) {
		ATF_CHECK_EQ(parser_timeouts.tokens[i].value, i);
		ATF_CHECK_STREQ(parser_timeouts.tokens[i].word,
		    timeout_names[i]);
	}
}

static void
check_help(const char *line, const char *want)
{
	char *text;
	size_t len;
	FILE *out;

	check_request(line, PARSER_HELP);
	ATF_REQUIRE((out = open_memstream(&text, &len)) != NULL);
	parser_help(out, &command);
	ATF_REQUIRE_EQ(fclose(out), 0);
	ATF_CHECK_STREQ_MSG(text, want, "%s", line);
	free(text);
}

CASE(help_and_question_mark_list_what_may_stand_there)
{
	static const char logging[] =
	    "verbose        with what helps to find a fault\n"
	    "brief          without\n";

	check_help("help log", logging);
	check_help("log ?", logging);
	check_help("he lo", logging);
	check_help("help reload",
	    "reload         read the configuration again, lose no flow\n");
	check_help("set sampling ?",
	    "sampling N     account one packet in N\n");
	check_help("help set sampling",
	    "sampling N     account one packet in N\n");
	check_help("help flow expire",
	    "host ADDR|PREFIX   of this address or network; at most two\n"
	    "port N|SERVICE     of this port; at most two\n"
	    "proto NAME|N       of this protocol\n"
	    "interface NAME     in or out by this interface\n"
	    "vlan N             of this VLAN, outer or inner\n"
	    "min-octets N[kMG]  of so many octets, both ways\n"
	    "min-packets N[kMG] of so many packets, both ways\n"
	    "min-age TIME       whose first packet is so old\n"
	    "min-idle TIME      whose last packet is so old\n"
	    "state              in this state\n"
	    "Any of these, in any order.\n");
	check_error("help nonsense x", "unknown word \"nonsense\" after "
	    "\"help\": allowed are help shutdown exit expire-all delete-all "
	    "statistics debug+ debug- stop-gather start-gather dump-flows "
	    "timeouts send-template show flow set log reload gather template "
	    "top completion");
}

CASE(long_word_does_not_overrun_the_message)
{
	char word[2000], small[32], *argv[] = { word };

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	ATF_CHECK_EQ(parser_parse(1, argv, &command, small, sizeof(small)),
	    -1);
	ATF_CHECK_EQ(strlen(small), sizeof(small) - 1);
}

/* The daemon would refuse it, too. */
CASE(an_interface_whose_name_cannot_be_printed_is_refused)
{
	ATF_CHECK_EQ(parse("show flows interface \r7M\315"), -1);
	ATF_CHECK_MSG(strstr(error, "characters that can be printed") != NULL,
	    "%s", error);
	ATF_CHECK_EQ(parse("flow expire interface e\177"), -1);
	ATF_CHECK_EQ(parse("flow expire interface e.7-x"), 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, classic_words_are_known_and_look_classic);
	ATF_TP_ADD_TC(tp, modern_words_are_known);
	ATF_TP_ADD_TC(tp, every_request_has_words);
	ATF_TP_ADD_TC(tp, only_requests_with_a_structure_have_a_payload);
	ATF_TP_ADD_TC(tp,
	    unique_beginnings_are_enough_and_others_are_ambiguous);
	ATF_TP_ADD_TC(tp, ambiguous_word_lists_what_it_could_be);
	ATF_TP_ADD_TC(tp, unknown_word_lists_all);
	ATF_TP_ADD_TC(tp, missing_word_lists_what_may_follow);
	ATF_TP_ADD_TC(tp, missing_argument_says_what_is_wanted);
	ATF_TP_ADD_TC(tp, word_behind_the_end_is_named);
	ATF_TP_ADD_TC(tp, words_of_a_filter_stand_in_any_order_and_all_hold);
	ATF_TP_ADD_TC(tp, every_state_and_order_has_its_value);
	ATF_TP_ADD_TC(tp, sorted_flows_are_twenty_unless_limited);
	ATF_TP_ADD_TC(tp, repeated_words_of_a_filter_are_refused);
	ATF_TP_ADD_TC(tp, bad_arguments_are_named_with_what_is_allowed);
	ATF_TP_ADD_TC(tp, counts_take_thousands_millions_and_milliards);
	ATF_TP_ADD_TC(tp, settings_carry_wish_and_value);
	ATF_TP_ADD_TC(tp, timeouts_have_the_names_of_the_daemon);
	ATF_TP_ADD_TC(tp, help_and_question_mark_list_what_may_stand_there);
	ATF_TP_ADD_TC(tp, long_word_does_not_overrun_the_message);
	ATF_TP_ADD_TC(tp,
	    an_interface_whose_name_cannot_be_printed_is_refused);
	return (atf_no_error());
}
