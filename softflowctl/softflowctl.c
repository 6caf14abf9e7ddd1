/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * One command, one request to the daemon's control socket, its answer in
 * text.  Runs with the operator's own privileges and trusts no answer.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <imsg.h>

#include "compat.h"
#include "msg.h"
#include "output.h"
#include "parser.h"
#include "summary.h"

/* What has come of an answer. */
struct answer {
	uint32_t	request;
	pid_t		pid;		/* the daemon's, as it says */
	uint64_t	rows;
	struct summary_report	report;
};

#define ANSWER_MS	60000	/* without a sign of life from the daemon */

static __dead void
malformed(const char *what)
{
	errx(1, "malformed answer: %s; do softflowctl and softflowd belong "
	    "together?", what);
}

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

static int
control_connect(const char *path)
{
	struct sockaddr_un sun;
	int fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path))
		errx(1, "path of the control socket is too long: %s: allowed "
		    "are %zu octets", path, sizeof(sun.sun_path) - 1);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		err(1, "socket");
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return (fd);
	switch (errno) {
	case ENOENT:
		errx(1, "%s: there is no such socket: softflowd is not "
		    "running, or -c must name another path", path);
	case ECONNREFUSED:
		errx(1, "%s: nobody listens: softflowd is not running", path);
	case EACCES:
		errx(1, "%s: permission denied: only root and the user who "
		    "started softflowd may control it", path);
	default:
		err(1, "%s: connect", path);
	}
}

static void
send_request(struct imsgbuf *ibuf, uint32_t request)
{
	void (*handler)(int);

	if (imsg_compose(ibuf, request, CTL_VERSION, 0, -1, NULL, 0) == -1)
		err(1, "request");
	/* A daemon that hangs up gets a message of ours, not a signal. */
	handler = signal(SIGPIPE, SIG_IGN);
	if (imsgbuf_flush(ibuf) == -1) {
		if (errno == EPIPE || errno == ECONNRESET)
			errx(1, "softflowd closed the connection without an "
			    "answer");
		err(1, "request");
	}
	(void)signal(SIGPIPE, handler);
}

/*
 * Rows.
 */

static void
take(struct imsg *imsg, void *data, size_t len, const char *what)
{
	if (imsg_get_data(imsg, data, len) == -1)
		malformed(what);
}

static void
take_proto(struct answer *a, struct imsg *imsg)
{
	struct summary_report *r = &a->report;
	struct summary_proto row;

	take(imsg, &row, sizeof(row), "length of a protocol's row");
	if (r->nproto == nitems(r->proto) || row.proto >= nitems(r->proto) ||
	    (r->nproto > 0 && row.proto <= r->proto[r->nproto - 1].proto))
		malformed("protocol number");
	r->proto[r->nproto++] = row;
}

static void
take_export(struct answer *a, struct imsg *imsg)
{
	struct summary_report *r = &a->report;
	struct summary_export row;

	take(imsg, &row, sizeof(row), "length of a collector's row");
	if (r->nexport == nitems(r->export))
		malformed("too many collectors");
	r->export[r->nexport++] = row;
}

static void
take_interface(struct answer *a, struct imsg *imsg)
{
	struct summary_report *r = &a->report;
	struct summary_interface row;

	take(imsg, &row, sizeof(row), "length of an interface's row");
	if (r->ninterface == nitems(r->interface))
		malformed("too many interfaces");
	if (!summary_interface_ok(&row))
		malformed("name of an interface");
	r->interface[r->ninterface++] = row;
}

static void
take_flow(struct answer *a, struct imsg *imsg)
{
	struct ctl_flow row;

	take(imsg, &row, sizeof(row), "length of a flow");
	if (row.family != 4 && row.family != 6)
		malformed("address family of a flow");
	if (row.reason > EXPIRE_NONE)
		malformed("expiry reason of a flow");
	if (a->rows == 0)
		output_line(stdout, a->pid, "Dumping flow data:");
	output_flow(stdout, &row);
}

static void
take_timeouts(struct answer *a, struct imsg *imsg)
{
	struct timeouts row;

	take(imsg, &row, sizeof(row), "length of the timeouts");
	if (a->rows > 0)
		malformed("timeouts twice");
	output_line(stdout, a->pid, "Printing timeouts:");
	output_timeouts(stdout, &row);
}

/* The last message.  Returns our exit status. */
static int
take_result(struct answer *a, struct imsg *imsg)
{
	struct ctl_result result;

	take(imsg, &result, sizeof(result), "length of the result");
	if (memchr(result.text, '\0', sizeof(result.text)) == NULL)
		malformed("text without an end");
	a->pid = result.pid;
	if (result.failed) {
		output_line(stderr, a->pid, result.text);
		return (1);
	}
	switch (a->request) {
	case CTL_STATISTICS:
	case CTL_DUMP_FLOWS:
	case CTL_TIMEOUTS:
		if (result.count != a->rows ||
		    (a->rows == 0 && a->request != CTL_DUMP_FLOWS))
			malformed("rows are missing");
		if (a->request == CTL_STATISTICS)
			output_statistics(stdout, a->pid, &a->report);
		else if (a->rows == 0)
			output_line(stdout, a->pid, "Dumping flow data:");
		break;
	default:
		output_line(stdout, a->pid, result.text);
	}
	return (0);
}

static void
take_row(struct answer *a, struct imsg *imsg)
{
	uint32_t type = imsg_get_type(imsg);

	a->pid = imsg_get_pid(imsg);
	if (a->request == CTL_DUMP_FLOWS && type == CTL_FLOW)
		take_flow(a, imsg);
	else if (a->request == CTL_TIMEOUTS && type == CTL_TIMEOUTS_ROW)
		take_timeouts(a, imsg);
	else if (a->request != CTL_STATISTICS)
		malformed("unexpected row");
	else if (type == CTL_SUMMARY && a->rows == 0)
		take(imsg, &a->report.summary, sizeof(a->report.summary),
		    "length of the summary");
	else if (type == CTL_SUMMARY_PROTO && a->rows > 0)
		take_proto(a, imsg);
	else if (type == CTL_SUMMARY_EXPORT && a->rows > 0)
		take_export(a, imsg);
	else if (type == CTL_SUMMARY_INTERFACE && a->rows > 0)
		take_interface(a, imsg);
	else
		malformed("unexpected row");
	a->rows++;
}

/* Receive until the result; returns our exit status. */
static int
receive_answer(struct imsgbuf *ibuf, struct answer *a)
{
	struct pollfd pfd = { .fd = ibuf->fd, .events = POLLIN };
	struct imsg imsg;
	int n, status = -1;

	while (status == -1) {
		if ((n = imsgbuf_get(ibuf, &imsg)) == -1)
			malformed("framing");
		if (n == 0) {
			if (poll(&pfd, 1, ANSWER_MS) == 0)
				errx(1, "no answer in %d seconds",
				    ANSWER_MS / 1000);
			n = imsgbuf_read(ibuf);
			if (n == 0 || (n == -1 && errno == ECONNRESET))
				errx(1, "softflowd closed the connection "
				    "without %s answer", a->rows == 0 ? "an" :
				    "the rest of its");
			if (n == -1 && errno == ERANGE)
				malformed("length of a message");
			if (n == -1)
				err(1, "answer");
			continue;
		}
		if (imsg_get_type(&imsg) == CTL_RESULT)
			status = take_result(a, &imsg);
		else
			take_row(a, &imsg);
		imsg_free(&imsg);
	}
	return (status);
}

int
main(int argc, char *argv[])
{
	static struct answer answer;
	const struct command *cmd;
	const char *path = SOFTFLOWD_CTLSOCK;
	struct imsgbuf ibuf;
	char error[512];
	int ch, fd, status;

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

	fd = control_connect(path);
	if (imsgbuf_init(&ibuf, fd) == -1 ||
	    imsgbuf_set_maxsize(&ibuf, MSG_WORKER_MAX) == -1)
		err(1, "imsgbuf");
	answer.request = cmd->request;
	send_request(&ibuf, cmd->request);
	status = receive_answer(&ibuf, &answer);
	imsgbuf_clear(&ibuf);
	close(fd);
	if (fflush(stdout) == EOF || ferror(stdout))
		err(1, "standard output");
	return (status);
}
