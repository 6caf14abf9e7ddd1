/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * One command, one request to the daemon's control socket, its answer in the
 * form that was asked for.  Runs with the operator's own privileges.
 */

#include <sys/types.h>
#include <sys/ioctl.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "compat.h"
#include "confine.h"
#include "output.h"
#include "parser.h"
#include "top.h"

/* What an answer is gathered in, row by row, and how it is shown. */
struct answer {
	const struct client	*client;
	const struct output	*output;
	struct show		 show;
	uint64_t		 flows;
	struct summary_report	 report;
	struct timeouts		 timeouts;
	struct ctl_sandbox	 sandbox[OUTPUT_ROWS];
	struct ctl_memory	 memory[OUTPUT_ROWS];
	unsigned int		 nsandbox, nmemory;
	char			 error[512];
};

static void
usage(FILE *out)
{
	fprintf(out, "usage: softflowctl [-HhjpV] [-c ctlsocket] command ...\n"
	    "       softflowctl help lists the commands\n");
}

static void
clock_us(uint64_t *us)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	*us = (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Flows come in any number, so they are printed at once. */
static int
take_flow(struct answer *a, const struct ctl_flow *f)
{
	a->show.pid = client_pid(a->client);
	clock_us(&a->show.now_us);
	if (a->flows++ == 0)
		a->output->flows(&a->show);
	a->output->flow(&a->show, f);
	if (!ferror(a->show.out))
		return (0);
	(void)strlcpy(a->error, "standard output cannot be written",
	    sizeof(a->error));
	return (-1);
}

/* A row that cannot be one more. */
static int
refuse(struct answer *a, const char *what)
{
	(void)snprintf(a->error, sizeof(a->error), "malformed answer: %s",
	    what);
	return (-1);
}

static int
take_sandbox(struct answer *a, const struct ctl_sandbox *row)
{
	unsigned int i;

	for (i = 0; i < a->nsandbox; i++)
		if (strcmp(a->sandbox[i].process, row->process) == 0)
			return (refuse(a, "a process twice"));
	if (i == nitems(a->sandbox))
		return (refuse(a, "too many processes"));
	a->sandbox[a->nsandbox++] = *row;
	return (0);
}

static int
take_memory(struct answer *a, const struct ctl_memory *row)
{
	unsigned int i;

	for (i = 0; i < a->nmemory; i++)
		if (strcmp(a->memory[i].use, row->use) == 0)
			return (refuse(a, "a use of memory twice"));
	if (i == nitems(a->memory))
		return (refuse(a, "too many uses of memory"));
	a->memory[a->nmemory++] = *row;
	return (0);
}

static int
take_row(void *arg, uint32_t type, const void *row)
{
	struct answer *a = arg;

	switch (type) {
	case CTL_FLOW:
		return (take_flow(a, row));
	case CTL_SANDBOX_ROW:
		return (take_sandbox(a, row));
	case CTL_MEMORY_ROW:
		return (take_memory(a, row));
	default:	/* CTL_TIMEOUTS_ROW */
		memcpy(&a->timeouts, row, sizeof(a->timeouts));
		return (0);
	}
}

/* An answer has come whole; of flows only the heading may be owed. */
static void
show_answer(struct answer *a, const struct command *c, const char *text)
{
	a->show.pid = client_pid(a->client);
	switch (c->request) {
	case CTL_STATISTICS:
		a->output->report(&a->show, &a->report);
		break;
	case CTL_SHOW_FLOWS:
	case CTL_DUMP_FLOWS:
		if (a->flows == 0)
			a->output->flows(&a->show);
		break;
	case CTL_TIMEOUTS:
		a->output->timeouts(&a->show, &a->timeouts);
		break;
	case CTL_SANDBOX:
		a->output->sandbox(&a->show, a->sandbox, a->nsandbox);
		break;
	case CTL_MEMORY:
		a->output->memory(&a->show, a->memory, a->nmemory);
		break;
	default:
		output_line(a->show.out, a->show.pid, text);
	}
}

/* Ask and show.  Returns our exit status. */
static int
perform(const char *path, const struct command *c, struct answer *a)
{
	struct client *client;
	char text[MSG_TEXT_SIZE];
	const void *payload;
	size_t len;
	int status;

	if ((client = client_open(path, a->error, sizeof(a->error))) == NULL)
		errx(1, "%s", a->error);
	if (confine(NULL) == -1)
		err(1, "confine");
	a->client = client;
	payload = parser_payload(c, &len);
	if (c->request == CTL_STATISTICS)
		status = client_report(client, &a->report, text, a->error,
		    sizeof(a->error));
	else
		status = client_ask(client, c->request, payload, len,
		    take_row, a, text, a->error, sizeof(a->error));
	if (status == -1)
		errx(1, "%s", a->error);
	if (status == 1)
		output_line(stderr, client_pid(client), text);
	else
		show_answer(a, c, text);
	client_close(client);
	return (status);
}

/* How wide the terminal is; 0 if there is none. */
static unsigned int
terminal_width(void)
{
	struct winsize ws;

	if (!isatty(STDOUT_FILENO) ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == -1)
		return (0);
	return (ws.ws_col);
}

/* Which form it has; the classic words have one. */
static void
choose_output(struct answer *a, const struct command *c, int form)
{
	a->show.out = stdout;
	a->show.view = c->view;
	a->show.width = terminal_width();
	a->output = form == 'j' ? &output_json : form == 'p' ?
	    &output_prometheus : c->view == VIEW_CLASSIC ? &output_classic :
	    &output_text;
	if (form == 'p' && c->view == VIEW_FLOWS)
		errx(1, "-p: flows are no metrics; allowed are -j and "
		    "statistics, timeouts, collectors, interfaces, sandbox, "
		    "memory");
	/* Names now, for they are read from files. */
	summary_load_protocols();
}

int
main(int argc, char *argv[])
{
	static struct answer answer;
	static char buf[BUFSIZ];
	struct command command;
	const char *path = SOFTFLOWD_CTLSOCK;
	char error[1024];
	int ch, form = 0, status = 0;

	/* One that is closed must not become the connection to the daemon. */
	while ((ch = open("/dev/null", O_RDONLY)) != -1)
		if (ch > STDERR_FILENO) {
			(void)close(ch);
			break;
		}
	/* Without memory for a buffer stdio loses a line without an error. */
	(void)setvbuf(stdout, buf, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF,
	    sizeof(buf));
	/* Behind the command nothing is an option of ours. */
	while ((ch = getopt(argc, argv, GETOPT_STOP ":c:HhjpV")) != -1) {
		switch (ch) {
		case 'c':
			path = optarg;
			break;
		case 'H':
			answer.show.raw = 1;
			break;
		case 'h':
			usage(stdout);
			return (0);
		case 'j':
		case 'p':
			if (form != 0 && form != ch)
				errx(1, "-j and -p: allowed is one of them");
			form = ch;
			break;
		case 'V':
			printf("softflowctl %s\n", SOFTFLOWD_VERSION);
			return (0);
		case ':':
			errx(1, "-%c: it needs an argument", optopt);
		default:
			warnx("-%c: unknown option", optopt);
			usage(stderr);
			return (1);
		}
	}
	argc -= optind;
	argv += optind;
	if (argc < 1) {
		usage(stderr);
		return (1);
	}
	/* It has options of its own. */
	if (strcmp(argv[0], "top") == 0 && argc > 1 && argv[1][0] == '-')
		return (top_main(path, argc, argv));
	if (parser_parse(argc, argv, &command, error, sizeof(error)) == -1)
		errx(1, "%s", error);
	if (form != 0 && command.view == VIEW_CLASSIC)
		errx(1, "-%c: it goes with show only", form);
	switch (command.request) {
	case PARSER_HELP:
		parser_help(stdout, &command);
		break;
	case PARSER_COMPLETION:
		completion_print(stdout);
		break;
	case PARSER_TOP:
		return (top_main(path, argc, argv));
	default:
		choose_output(&answer, &command, form);
		status = perform(path, &command, &answer);
	}
	if (fflush(stdout) == EOF || ferror(stdout))
		err(1, "standard output");
	return (status);
}
