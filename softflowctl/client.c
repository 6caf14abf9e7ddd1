/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The control socket's other end: asks, and trusts no answer.  Runs with the
 * operator's own privileges.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <imsg.h>

#include "client.h"
#include "compat.h"
#include "confine.h"

struct client {
	struct imsgbuf	ibuf;
	pid_t		pid;		/* the daemon's, as it says */
};

/* An answer on its way. */
struct answer {
	uint32_t	 request;
	uint64_t	 rows;
	client_row_fn	*row;
	void		*arg;
	char		*text;		/* MSG_TEXT_SIZE */
	char		*error;
	size_t		 errorlen;
};

union row {
	struct summary	summary;
	struct summary_proto	proto;
	struct summary_export	export;
	struct summary_interface	interface;
	struct ctl_flow	flow;
	struct timeouts	timeouts;
	struct ctl_sandbox	sandbox;
	struct ctl_memory	memory;
};

static int
malformed(char *error, size_t errorlen, const char *what)
{
	(void)snprintf(error, errorlen, "malformed answer: %s; do softflowctl "
	    "and softflowd belong together?", what);
	return (-1);
}

static int
failed(struct answer *a, const char *what)
{
	(void)snprintf(a->error, a->errorlen, "%s: %s", what,
	    strerror(errno));
	return (-1);
}

/*
 * Rows.  Each function says what cannot be, or NULL.
 */

#define IS_STRING(array)	(memchr(array, '\0', sizeof(array)) != NULL)

static const char *
check_summary(const union row *row)
{
	return (summary_ok(&row->summary) ? NULL : "version of softflowd");
}

static const char *
check_proto(const union row *row)
{
	return (row->proto.proto < 256 ? NULL : "protocol number");
}

static const char *
check_export(const union row *row)
{
	const struct summary_export *e = &row->export;

	if (e->slot >= MAX_EXPORT)
		return ("number of a collector");
	if (e->transport >= TRANSPORT_MAX)
		return ("transport of a collector");
	if (e->remote.family != 0 && e->remote.family != 4 &&
	    e->remote.family != 6)
		return ("address of a collector");
	return (summary_export_ok(e) ? NULL : "name of a collector");
}

static const char *
check_interface(const union row *row)
{
	return (summary_interface_ok(&row->interface) ? NULL :
	    "name of an interface");
}

static const char *
check_flow(const union row *row)
{
	const struct ctl_flow *f = &row->flow;

	if (f->family != 4 && f->family != 6)
		return ("address family of a flow");
	if (f->reason > EXPIRE_NONE)
		return ("expiry reason of a flow");
	if (!IS_STRING(f->in[0]) || !IS_STRING(f->in[1]) ||
	    !IS_STRING(f->out[0]) || !IS_STRING(f->out[1]))
		return ("interface of a flow");
	return (NULL);
}

static const char *
check_sandbox(const union row *row)
{
	return (IS_STRING(row->sandbox.process) ? NULL :
	    "name of a process");
}

static const char *
check_memory(const union row *row)
{
	return (IS_STRING(row->memory.use) ? NULL : "use of memory");
}

static const struct row_type {
	uint32_t	 type;
	uint32_t	 requests[2];	/* that it may answer */
	size_t		 len;
	const char	*(*check)(const union row *);
	const char	*len_wrong;
} row_types[] = {
	{ CTL_SUMMARY, { CTL_STATISTICS }, sizeof(struct summary),
	    check_summary, "length of the summary" },
	{ CTL_SUMMARY_PROTO, { CTL_STATISTICS }, sizeof(struct summary_proto),
	    check_proto, "length of a protocol's row" },
	{ CTL_SUMMARY_EXPORT, { CTL_STATISTICS },
	    sizeof(struct summary_export), check_export,
	    "length of a collector's row" },
	{ CTL_SUMMARY_INTERFACE, { CTL_STATISTICS },
	    sizeof(struct summary_interface), check_interface,
	    "length of an interface's row" },
	{ CTL_FLOW, { CTL_DUMP_FLOWS, CTL_SHOW_FLOWS },
	    sizeof(struct ctl_flow), check_flow, "length of a flow" },
	{ CTL_TIMEOUTS_ROW, { CTL_TIMEOUTS }, sizeof(struct timeouts), NULL,
	    "length of the timeouts" },
	{ CTL_SANDBOX_ROW, { CTL_SANDBOX }, sizeof(struct ctl_sandbox),
	    check_sandbox, "length of a process's row" },
	{ CTL_MEMORY_ROW, { CTL_MEMORY }, sizeof(struct ctl_memory),
	    check_memory, "length of a row of memory" },
};

static const struct row_type *
row_type(const struct answer *a, uint32_t type)
{
	const struct row_type *t;

	for (t = row_types; t < row_types + nitems(row_types); t++) {
		if (t->type != type || (t->requests[0] != a->request &&
		    t->requests[1] != a->request))
			continue;
		/* The summary comes first, and both of these come once. */
		if (a->request == CTL_STATISTICS &&
		    (type == CTL_SUMMARY) != (a->rows == 0))
			return (NULL);
		if (a->request == CTL_TIMEOUTS && a->rows > 0)
			return (NULL);
		return (t);
	}
	return (NULL);
}

static int
take_row(struct answer *a, struct imsg *imsg)
{
	uint32_t type = imsg_get_type(imsg);
	const struct row_type *t = row_type(a, type);
	const char *wrong = NULL;
	union row row;

	if (t == NULL)
		return (malformed(a->error, a->errorlen, "unexpected row"));
	if (imsg_get_data(imsg, &row, t->len) == -1)
		return (malformed(a->error, a->errorlen, t->len_wrong));
	if (t->check != NULL && (wrong = t->check(&row)) != NULL)
		return (malformed(a->error, a->errorlen, wrong));
	a->rows++;
	return (a->row == NULL ? 0 : a->row(a->arg, type, &row));
}

/* The last message.  Returns what client_ask() does. */
static int
take_result(struct client *c, struct answer *a, struct imsg *imsg)
{
	struct ctl_result result;

	if (imsg_get_data(imsg, &result, sizeof(result)) == -1)
		return (malformed(a->error, a->errorlen,
		    "length of the result"));
	if (!IS_STRING(result.text))
		return (malformed(a->error, a->errorlen,
		    "text without an end"));
	c->pid = result.pid;
	memcpy(a->text, result.text, MSG_TEXT_SIZE);
	if (result.failed)
		return (1);
	/* Only of flows there may be none. */
	if (CTL_IS_SHOW(a->request) && (result.count != a->rows ||
	    (a->rows == 0 && a->request != CTL_DUMP_FLOWS &&
	    a->request != CTL_SHOW_FLOWS)))
		return (malformed(a->error, a->errorlen, "rows are missing"));
	return (0);
}

/*
 * The connection.
 */

static void
explain_connect(const char *path, char *error, size_t errorlen)
{
	switch (errno) {
	case ENOENT:
		(void)snprintf(error, errorlen, "%s: there is no such socket: "
		    "softflowd is not running, or -c must name another path",
		    path);
		break;
	case ECONNREFUSED:
		(void)snprintf(error, errorlen, "%s: nobody listens: "
		    "softflowd is not running", path);
		break;
	case EACCES:
		(void)snprintf(error, errorlen, "%s: permission denied: only "
		    "root, the user who started softflowd and the members of "
		    "its control-group may connect", path);
		break;
	default:
		(void)snprintf(error, errorlen, "%s: connect: %s", path,
		    strerror(errno));
	}
}

static int
client_connect(const char *path, char *error, size_t errorlen)
{
	struct sockaddr_un sun;
	int fd, saved;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		(void)snprintf(error, errorlen, "path of the control socket is "
		    "too long: %s: allowed are %zu octets", path,
		    sizeof(sun.sun_path) - 1);
		errno = ENAMETOOLONG;
		return (-1);
	}
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1) {
		(void)snprintf(error, errorlen, "socket: %s", strerror(errno));
		return (-1);
	}
	if (confine_connect(fd, &sun) == 0)
		return (fd);
	saved = errno;
	explain_connect(path, error, errorlen);
	close(fd);
	errno = saved;
	return (-1);
}

struct client *
client_open(const char *path, char *error, size_t errorlen)
{
	struct client *c;
	int fd;

	if ((fd = client_connect(path, error, errorlen)) == -1)
		return (NULL);
	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    imsgbuf_init(&c->ibuf, fd) == -1) {
		(void)snprintf(error, errorlen, "%s", strerror(errno));
		free(c);
		close(fd);
		return (NULL);
	}
	if (imsgbuf_set_maxsize(&c->ibuf, MSG_WORKER_MAX) == -1) {
		(void)snprintf(error, errorlen, "%s", strerror(errno));
		client_close(c);
		return (NULL);
	}
	return (c);
}

void
client_close(struct client *c)
{
	if (c == NULL)
		return;
	close(c->ibuf.fd);
	imsgbuf_clear(&c->ibuf);
	free(c);
}

pid_t
client_pid(const struct client *c)
{
	return (c->pid);
}

static int
send_request(struct client *c, struct answer *a, const void *payload,
    size_t len)
{
	void (*handler)(int);
	int n;

	if (imsg_compose(&c->ibuf, a->request, CTL_VERSION, 0, -1, payload,
	    len) == -1)
		return (failed(a, "request"));
	/* A daemon that hangs up gets a message of ours, not a signal. */
	handler = signal(SIGPIPE, SIG_IGN);
	n = imsgbuf_flush(&c->ibuf);
	(void)signal(SIGPIPE, handler);
	/* Before it hung up it may have said why: that is yet to be read. */
	if (n == -1 && errno != EPIPE && errno != ECONNRESET)
		return (failed(a, "request"));
	return (0);
}

/* Wait for more octets and read them. */
static int
read_more(struct client *c, struct answer *a)
{
	struct pollfd pfd = { .fd = c->ibuf.fd, .events = POLLIN };
	int n;

	while ((n = poll(&pfd, 1, CLIENT_ANSWER_MS)) == -1 && errno == EINTR)
		;
	if (n == -1)
		return (failed(a, "poll"));
	if (n == 0) {
		(void)snprintf(a->error, a->errorlen, "no answer in %d "
		    "seconds", CLIENT_ANSWER_MS / 1000);
		return (-1);
	}
	if ((n = imsgbuf_read(&c->ibuf)) == 1)
		return (0);
	if (n == -1 && errno == ERANGE)
		return (malformed(a->error, a->errorlen,
		    "length of a message"));
	if (n == -1 && errno != ECONNRESET)
		return (failed(a, "answer"));
	(void)snprintf(a->error, a->errorlen, "softflowd closed the "
	    "connection without %s answer: it ends, or hands over to a new "
	    "worker; try again", a->rows == 0 ? "an" : "the rest of its");
	return (-1);
}

/* One message; 2: there are more to come, else what client_ask() returns. */
static int
take_message(struct client *c, struct answer *a, struct imsg *imsg)
{
	if (imsg_get_id(imsg) != CTL_VERSION) {
		(void)snprintf(a->error, a->errorlen, "softflowd speaks "
		    "version %u of the control protocol, this softflowctl "
		    "version %u: use the softflowctl that came with it",
		    imsg_get_id(imsg), CTL_VERSION);
		return (-1);
	}
	if (imsg_get_type(imsg) == CTL_RESULT)
		return (take_result(c, a, imsg));
	c->pid = imsg_get_pid(imsg);
	return (take_row(a, imsg) == -1 ? -1 : 2);
}

int
client_ask(struct client *c, uint32_t request, const void *payload,
    size_t len, client_row_fn *row, void *arg, char text[MSG_TEXT_SIZE],
    char *error, size_t errorlen)
{
	struct answer a = { .request = request, .row = row, .arg = arg,
	    .text = text, .error = error, .errorlen = errorlen };
	struct imsg imsg;
	int n, status = 2;

	text[0] = '\0';
	if (send_request(c, &a, payload, len) == -1)
		return (-1);
	while (status == 2) {
		if ((n = imsgbuf_get(&c->ibuf, &imsg)) == -1)
			return (malformed(error, errorlen, "framing"));
		if (n == 0) {
			if (read_more(c, &a) == -1)
				return (-1);
			continue;
		}
		status = take_message(c, &a, &imsg);
		imsg_free(&imsg);
	}
	return (status);
}

/*
 * Statistics, whole.
 */

struct report_arg {
	struct summary_report	*report;
	char		*error;
	size_t		 errorlen;
};

static int
report_row(void *v, uint32_t type, const void *row)
{
	struct report_arg *arg = v;
	struct summary_report *r = arg->report;
	const struct summary_proto *proto = row;
	const struct summary_export *export = row;

	switch (type) {
	case CTL_SUMMARY:
		memcpy(&r->summary, row, sizeof(r->summary));
		break;
	case CTL_SUMMARY_PROTO:
		if (r->nproto > 0 &&
		    proto->proto <= r->proto[r->nproto - 1].proto)
			return (malformed(arg->error, arg->errorlen,
			    "order of protocols"));
		r->proto[r->nproto++] = *proto;
		break;
	case CTL_SUMMARY_EXPORT:
		if (r->nexport > 0 &&
		    export->slot <= r->export[r->nexport - 1].slot)
			return (malformed(arg->error, arg->errorlen,
			    "order of collectors"));
		r->export[r->nexport++] = *export;
		break;
	default:	/* CTL_SUMMARY_INTERFACE */
		if (r->ninterface == nitems(r->interface))
			return (malformed(arg->error, arg->errorlen,
			    "too many interfaces"));
		memcpy(&r->interface[r->ninterface++], row,
		    sizeof(r->interface[0]));
	}
	return (0);
}

int
client_report(struct client *c, struct summary_report *report,
    char text[MSG_TEXT_SIZE], char *error, size_t errorlen)
{
	struct report_arg arg = { report, error, errorlen };

	memset(report, 0, sizeof(*report));
	return (client_ask(c, CTL_STATISTICS, NULL, 0, report_row, &arg, text,
	    error, errorlen));
}
