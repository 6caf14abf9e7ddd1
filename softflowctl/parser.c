/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The words of softflowctl; runs with the operator's own privileges. */

#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "msg.h"
#include "parser.h"

static const struct command commands[] = {
	{ "help", PARSER_HELP, "list these commands" },
	{ "shutdown", CTL_SHUTDOWN, "export all flows, then exit" },
	{ "exit", CTL_EXIT, "exit at once, without exporting" },
	{ "expire-all", CTL_EXPIRE_ALL, "export all flows now" },
	{ "delete-all", CTL_DELETE_ALL, "drop all flows unexported" },
	{ "statistics", CTL_STATISTICS, "print what was counted so far" },
	{ "debug+", CTL_DEBUG_MORE, "log more" },
	{ "debug-", CTL_DEBUG_LESS, "log less" },
	{ "stop-gather", CTL_STOP_GATHER, "stop taking in packets" },
	{ "start-gather", CTL_START_GATHER, "take in packets again" },
	{ "dump-flows", CTL_DUMP_FLOWS, "print the flows being tracked" },
	{ "timeouts", CTL_TIMEOUTS, "print the timeouts" },
	{ "send-template", CTL_SEND_TEMPLATE,
	    "send templates with the next export" },
};

const struct command *
parser_command(unsigned int n)
{
	return (n < nitems(commands) ? &commands[n] : NULL);
}

const struct command *
parser_find(const char *word, char *error, size_t errorlen)
{
	const struct command *found = NULL;
	size_t len = strlen(word);
	unsigned int i, matches = 0;

	for (i = 0; i < nitems(commands); i++) {
		if (strncmp(commands[i].word, word, len) != 0)
			continue;
		if (commands[i].word[len] == '\0')
			return (&commands[i]);
		found = &commands[i];
		matches++;
	}
	if (matches == 1)
		return (found);

	/* What it could be, or else everything. */
	(void)snprintf(error, errorlen, "%s command \"%s\": allowed are",
	    matches == 0 ? "unknown" : "ambiguous", word);
	for (i = 0; i < nitems(commands); i++) {
		if (matches > 0 && strncmp(commands[i].word, word, len) != 0)
			continue;
		strlcat(error, " ", errorlen);
		strlcat(error, commands[i].word, errorlen);
	}
	return (NULL);
}
