/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * One command, one request to the daemon's control socket, its answer in
 * text.  Runs with the operator's own privileges and trusts no answer.
 */

#include <sys/types.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "compat.h"
#include "output.h"
#include "parser.h"

static struct summary_report report;

static void
usage(FILE *out)
{
	fprintf(out, "usage: softflowctl [-hV] [-c socket] command\n"
	    "       softflowctl help lists the commands\n");
}

static void
help(void)
{
	const struct command *cmd;
	unsigned int i;

	for (i = 0; (cmd = parser_command(i)) != NULL; i++)
		printf("%-14s %s\n", cmd->word, cmd->help);
}

/* A dump's heading waits for its first row, for that tells the pid. */
struct dump {
	const struct client *client;
	uint64_t	rows;
};

static int
dump_row(void *arg, uint32_t type, const void *row)
{
	struct dump *d = arg;

	if (d->rows++ == 0)
		output_line(stdout, client_pid(d->client), type == CTL_FLOW ?
		    "Dumping flow data:" : "Printing timeouts:");
	if (type == CTL_FLOW)
		output_flow(stdout, row);
	else
		output_timeouts(stdout, row);
	return (0);
}

/* Returns our exit status. */
static int
perform(struct client *client, uint32_t request)
{
	struct dump dump = { .client = client };
	char text[MSG_TEXT_SIZE], error[512];
	int status;

	if (request == CTL_STATISTICS)
		status = client_report(client, &report, text, error,
		    sizeof(error));
	else
		status = client_ask(client, request, NULL, 0, dump_row, &dump,
		    text, error, sizeof(error));
	if (status == -1)
		errx(1, "%s", error);
	if (status == 1)
		output_line(stderr, client_pid(client), text);
	else if (request == CTL_STATISTICS)
		output_statistics(stdout, client_pid(client), &report);
	else if (request == CTL_DUMP_FLOWS && dump.rows == 0)
		output_line(stdout, client_pid(client), "Dumping flow data:");
	else if (!CTL_IS_SHOW(request))
		output_line(stdout, client_pid(client), text);
	return (status);
}

int
main(int argc, char *argv[])
{
	const struct command *cmd;
	const char *path = SOFTFLOWD_CTLSOCK;
	struct client *client;
	char error[512];
	int ch, status;

	while ((ch = getopt(argc, argv, "c:hV")) != -1) {
		switch (ch) {
		case 'c':
			path = optarg;
			break;
		case 'h':
			usage(stdout);
			return (0);
		case 'V':
			printf("softflowctl %s\n", SOFTFLOWD_VERSION);
			return (0);
		default:
			usage(stderr);
			return (1);
		}
	}
	argc -= optind;
	argv += optind;
	if (argc != 1) {
		usage(stderr);
		return (1);
	}
	if ((cmd = parser_find(argv[0], error, sizeof(error))) == NULL)
		errx(1, "%s", error);
	if (cmd->request == PARSER_HELP) {
		help();
		return (0);
	}

	if ((client = client_open(path, error, sizeof(error))) == NULL)
		errx(1, "%s", error);
	status = perform(client, cmd->request);
	client_close(client);
	if (fflush(stdout) == EOF || ferror(stdout))
		err(1, "standard output");
	return (status);
}
