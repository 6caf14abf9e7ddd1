/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The words of softflowctl. */

#include <atf-c.h>
#include <string.h>

#include "msg.h"
#include "parser.h"

static char error[512];

static void
check_word(const char *word, uint32_t request)
{
	const struct command *cmd = parser_find(word, error, sizeof(error));

	ATF_REQUIRE_MSG(cmd != NULL, "%s: %s", word, error);
	ATF_CHECK_EQ_MSG(cmd->request, request, "%s", word);
}

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

CASE(classic_words_are_known)
{
	check_word("help", PARSER_HELP);
	check_word("shutdown", CTL_SHUTDOWN);
	check_word("exit", CTL_EXIT);
	check_word("expire-all", CTL_EXPIRE_ALL);
	check_word("delete-all", CTL_DELETE_ALL);
	check_word("statistics", CTL_STATISTICS);
	check_word("debug+", CTL_DEBUG_MORE);
	check_word("debug-", CTL_DEBUG_LESS);
	check_word("stop-gather", CTL_STOP_GATHER);
	check_word("start-gather", CTL_START_GATHER);
	check_word("dump-flows", CTL_DUMP_FLOWS);
	check_word("timeouts", CTL_TIMEOUTS);
	check_word("send-template", CTL_SEND_TEMPLATE);
}

CASE(every_request_has_a_word)
{
	const struct command *cmd;
	unsigned int i, requests = 0;

	for (i = 0; (cmd = parser_command(i)) != NULL; i++) {
		check_word(cmd->word, cmd->request);
		ATF_CHECK(cmd->help[0] != '\0');
		if (cmd->request == PARSER_HELP)
			continue;
		ATF_CHECK(cmd->request >= CTL_SHUTDOWN);
		ATF_CHECK(cmd->request < CTL_REQUEST_MAX);
		requests |= 1U << (cmd->request - CTL_SHUTDOWN);
	}
	ATF_CHECK_EQ(requests, (1U << (CTL_REQUEST_MAX - CTL_SHUTDOWN)) - 1);
}

CASE(unique_beginning_is_enough)
{
	check_word("stat", CTL_STATISTICS);
	check_word("star", CTL_START_GATHER);
	check_word("exi", CTL_EXIT);
	check_word("t", CTL_TIMEOUTS);
}

CASE(ambiguous_word_lists_what_it_could_be)
{
	ATF_CHECK(parser_find("ex", error, sizeof(error)) == NULL);
	ATF_CHECK_STREQ(error,
	    "ambiguous command \"ex\": allowed are exit expire-all");
	ATF_CHECK(parser_find("debug", error, sizeof(error)) == NULL);
	ATF_CHECK_STREQ(error,
	    "ambiguous command \"debug\": allowed are debug+ debug-");
	ATF_CHECK(parser_find("", error, sizeof(error)) == NULL);
}

CASE(unknown_word_lists_all)
{
	const struct command *cmd;
	unsigned int i;

	ATF_CHECK(parser_find("reboot", error, sizeof(error)) == NULL);
	ATF_CHECK(strstr(error, "unknown command \"reboot\"") != NULL);
	for (i = 0; (cmd = parser_command(i)) != NULL; i++)
		ATF_CHECK(strstr(error, cmd->word) != NULL);
	/* longer than a word is not that word */
	ATF_CHECK(parser_find("exit!", error, sizeof(error)) == NULL);
	ATF_CHECK(parser_find("EXIT", error, sizeof(error)) == NULL);
}

CASE(long_word_does_not_overrun_the_message)
{
	char word[2000], small[32];

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	ATF_CHECK(parser_find(word, small, sizeof(small)) == NULL);
	ATF_CHECK_EQ(strlen(small), sizeof(small) - 1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, classic_words_are_known);
	ATF_TP_ADD_TC(tp, every_request_has_a_word);
	ATF_TP_ADD_TC(tp, unique_beginning_is_enough);
	ATF_TP_ADD_TC(tp, ambiguous_word_lists_what_it_could_be);
	ATF_TP_ADD_TC(tp, unknown_word_lists_all);
	ATF_TP_ADD_TC(tp, long_word_does_not_overrun_the_message);
	return (atf_no_error());
}
