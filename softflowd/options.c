/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The command line.  Runs in the parent before it has opened anything, with
 * the privileges of whoever started it.  Touches nothing but argv and its
 * results, so that every message can be tested.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "compat.h"
#include "expire.h"
#include "options_parse.h"
#include "packet.h"

#define MINIMUM(a, b)		((a) < (b) ? (a) : (b))
#define NO_PIDFILE		""	/* until all is read */
#define MIN_BUFFER		(128U << 10)
#define MAX_BUFFER		(1U << 30)

struct option_def {
	int		 letter;
	int		 has_arg;
	int		(*set)(struct parse *, char *);
	size_t		 offset;	/* of the member to set */
	long long	 min, max;	/* of a number; min is a flag's value */
	const char	*text;		/* why it is refused, what is allowed */
	const struct name_value	*names;
};

struct name_value {
	const char	*name;
	int		 value;
};

static const struct name_value levels[] = {
	{ "full", TRACK_FULL },
	{ "tos", TRACK_TOS },
	{ "port", TRACK_PORT },
	{ "proto", TRACK_PROTO },
	{ "ip", TRACK_IP },
	{ "vlan", TRACK_VLAN },
	{ "ether", TRACK_ETHER },
	{ NULL, 0 }
};

static const struct name_value times[] = {
	{ "uptime", TIMES_UPTIME },
	{ "sec", TIMES_SECONDS },
	{ "milli", TIMES_MILLISECONDS },
	{ "micro", TIMES_MICROSECONDS },
	{ "nano", TIMES_NANOSECONDS },
	{ NULL, 0 }
};

const char *
options_level(enum track_level level)
{
	const struct name_value *n;

	for (n = levels; n->value != (int)level; n++)
		continue;
	return (n->name);
}

int
options_fail(struct parse *p, const char *arg, const char *fmt, ...)
{
	char reason[384];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	if (p->item != NULL)
		options_file_error(p, arg, reason);
	else
		snprintf(p->error, p->errorlen, "-%c%s%s: %s", p->letter,
		    arg == NULL ? "" : " ", arg == NULL ? "" : arg, reason);
	return (-1);
}

/* Likewise, if there is a reason. */
int
options_check(struct parse *p, const char *arg, const char *reason)
{
	return (reason == NULL ? 0 : options_fail(p, arg, "%s", reason));
}

void *
options_member(struct parse *p, size_t offset)
{
	return ((char *)p->options + offset);
}

/* text, all or part of arg, to a number; result may be an int, too. */
int
options_number(struct parse *p, const char *arg, const char *text,
    long long min, long long max, uint32_t *result)
{
	const char *errstr;

	*result = strtonum(text, min, max, &errstr);
	if (errstr != NULL)
		return (options_fail(p, arg,
		    "%s; it must be a number from %lld to %lld", errstr, min,
		    max));
	return (0);
}

static int
set_number(struct parse *p, char *arg)
{
	return (options_number(p, arg, arg, p->def->min, p->def->max,
	    options_member(p, p->def->offset)));
}

static int
set_string(struct parse *p, char *arg)
{
	if (*arg == '\0')
		return (options_fail(p, "\"\"", "it must not be empty"));
	*(char **)options_member(p, p->def->offset) = arg;
	return (0);
}

/* The source of packets: there is one. */
static int
set_savefile(struct parse *p, char *arg)
{
	if (p->options->savefile != NULL)
		return (options_fail(p, arg,
		    "only one file can be read at a time"));
	return (set_string(p, arg));
}

static int
set_interface(struct parse *p, char *arg)
{
	return (options_check(p, *arg == '\0' ? "\"\"" : arg,
	    options_interface(arg, p->options)));
}

static int
set_psamp(struct parse *p, char *arg)
{
	return (options_check(p, *arg == '\0' ? "\"\"" : arg,
	    options_psamp(arg, p->options)));
}

static int
set_ctlsock(struct parse *p, char *arg)
{
	size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	if (strcmp(arg, "none") == 0) {
		p->options->ctlsock = NULL;
		return (0);
	}
	if (strlen(arg) > max)
		return (options_fail(p, arg,
		    "a socket's path has at most %zu octets", max));
	return (set_string(p, arg));
}

static int
set_pidfile(struct parse *p, char *arg)
{
	if (strcmp(arg, "none") != 0)
		return (set_string(p, arg));
	p->options->pidfile = NO_PIDFILE;
	return (0);
}

static int
set_source(struct parse *p, char *arg)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	/* A link-local address may name its interface: fe80::1%eth0. */
	strlcpy(copy, arg, sizeof(copy));
	copy[strcspn(copy, "%")] = '\0';
	if (inet_pton(AF_INET, arg, &addr) != 1 &&
	    inet_pton(AF_INET6, copy, &addr) != 1)
		return (options_fail(p, arg,
		    "it must be an IPv4 or IPv6 address in numbers"));
	return (set_string(p, arg));
}

static int
set_flag(struct parse *p, char *arg)
{
	(void)arg;
	*(int *)options_member(p, p->def->offset) = p->def->min;
	return (0);
}

static int
set_debug(struct parse *p, char *arg)
{
	(void)arg;
	p->options->foreground = p->options->debug = 1;
	return (0);
}

/* Classic options that change nothing. */
static int
ignore(struct parse *p, char *arg)
{
	(void)p;
	(void)arg;
	return (0);
}

/* Classic options that would change something. */
static int
refuse(struct parse *p, char *arg)
{
	(void)arg;
	return (options_fail(p, NULL, "not in this version: %s", p->def->text));
}

static int
set_name(struct parse *p, char *arg)
{
	const struct name_value *n;

	for (n = p->def->names; n->name != NULL; n++) {
		if (strcmp(n->name, arg) != 0)
			continue;
		*(int *)options_member(p, p->def->offset) = n->value;
		return (0);
	}
	return (options_fail(p, arg, "unknown; known are %s", p->def->text));
}

static int
set_transport(struct parse *p, char *arg)
{
	return (options_check(p, arg, options_transport(arg,
	    &p->options->transport)));
}

static int
set_version(struct parse *p, char *arg)
{
	return (options_check(p, arg, options_version(arg,
	    &p->options->version)));
}

/* "tcp, tcp.rst, ...", for messages. */
static const char *
timeout_list(char *buf, size_t len)
{
	int i;

	buf[0] = '\0';
	for (i = 0; i < TIMEOUT_MAX; i++) {
		if (i > 0)
			strlcat(buf, ", ", len);
		strlcat(buf, timeout_names[i], len);
	}
	return (buf);
}

static int
set_timeout(struct parse *p, char *arg)
{
	char list[128];
	const char *errstr;
	uint32_t seconds;
	size_t len;
	int i;

	len = strcspn(arg, "=");
	for (i = 0; i < TIMEOUT_MAX; i++)
		if (strlen(timeout_names[i]) == len &&
		    strncmp(timeout_names[i], arg, len) == 0)
			break;
	if (i == TIMEOUT_MAX || arg[len] == '\0')
		return (options_fail(p, arg,
		    "it must be name=time; the names are %s",
		    timeout_list(list, sizeof(list))));
	if ((errstr = options_time(arg + len + 1, &seconds)) != NULL)
		return (options_fail(p, arg, "%s", errstr));
	if (seconds == 0 && !TIMEOUT_MAY_BE_0(i))
		return (options_fail(p, arg,
		    "it must not be 0; only maxlife and expint may"));
	p->options->timeouts.seconds[i] = seconds;
	return (0);
}

static int
set_macs(struct parse *p, char *arg)
{
	return (options_check(p, arg, options_macs(arg, p->options)));
}

static int
set_tunnels(struct parse *p, char *arg)
{
	return (options_check(p, arg,
	    options_tunnels(arg, &p->options->tunnels)));
}

static int
set_collectors(struct parse *p, char *arg)
{
	char item[sizeof(struct options_dest) + sizeof("vpsamp@sctp:[]:")];
	const char *errstr;
	size_t len;

	for (;; arg += len + 1) {
		len = strcspn(arg, ",");
		/* What does not fit keeps too much for any host or port. */
		strlcpy(item, arg, MINIMUM(len + 1, sizeof(item)));
		if (p->options->ndest == MAX_EXPORT)
			return (options_fail(p, item, "more than %d collectors",
			    MAX_EXPORT));
		errstr = options_collector(item,
		    &p->options->dest[p->options->ndest]);
		if (errstr != NULL)
			return (options_fail(p, item, "%s", errstr));
		p->options->ndest++;
		if (arg[len] == '\0')
			return (0);
	}
}

#define FLAG(letter, name, value)					\
	{ letter, 0, set_flag, OFFSET(name), value, 0, NULL, NULL }
#define STRING(letter, set, name)					\
	{ letter, 1, set, OFFSET(name), 0, 0, NULL, NULL }
#define NUMBER(letter, name, min, max)					\
	{ letter, 1, set_number, OFFSET(name), min, max, NULL, NULL }
#define NAME(letter, name, names, allowed)				\
	{ letter, 1, set_name, OFFSET(name), 0, 0, allowed, names }
#define OTHER(letter, has_arg, set)					\
	{ letter, has_arg, set, 0, 0, 0, NULL, NULL }
#define REFUSE(letter, reason)						\
	{ letter, 0, refuse, 0, 0, 0, reason, NULL }

static const struct option_def defs[] = {
	OTHER('i', 1, set_interface),
	STRING('r', set_savefile, savefile),
	OTHER('R', 1, set_psamp),
	OTHER('n', 1, set_collectors),
	OTHER('v', 1, set_version),
	OTHER('t', 1, set_timeout),
	NAME('T', level, levels, "ether, vlan, tos, full, port, proto and "
	    "ip"),
	OTHER('E', 1, set_tunnels),
	OTHER('o', 1, options_tunable),
	OTHER('P', 1, set_transport),
	NAME('A', times, times, "sec, milli, micro, nano and uptime"),
	FLAG('b', biflow, 1),
	FLAG('l', spread, 1),
	OTHER('D', 0, set_debug),
	FLAG('d', foreground, 1),
	FLAG('N', promisc, 0),
	STRING('p', set_pidfile, pidfile),
	STRING('c', set_ctlsock, ctlsock),
	STRING('u', set_string, user),
	STRING('e', set_source, source),
	STRING('S', set_string, device),
	OTHER('H', 1, set_macs),
	NUMBER('L', hoplimit, 0, 255),
	NUMBER('m', max_flows, MIN_MAX_FLOWS, LIMIT_MAX_FLOWS),
	NUMBER('C', snaplen, MIN_SNAPLEN, MAX_SNAPLEN),
	NUMBER('B', buffer, MIN_BUFFER, MAX_BUFFER),
	NUMBER('s', sampling, 0, UINT32_MAX),
	NUMBER('x', labels, 0, SIDE_LABELS),
	STRING('f', set_string, config_path),
	FLAG('k', check, 1),
	OTHER('a', 0, ignore),
	OTHER('6', 0, ignore),
	OTHER('g', 0, ignore),
	OTHER('I', 1, ignore),
	REFUSE('M', "threads; one worker reads all interfaces"),
	REFUSE('w', "several workers; start one softflowd for each interface")
};

static const struct option_def *
find_def(int letter)
{
	size_t i;

	for (i = 0; i < nitems(defs); i++)
		if (defs[i].letter == letter)
			return (&defs[i]);
	return (NULL);
}

/* The expression's words are not ours. */
void
options_letters(char *buf)
{
	static const char first[] = GETOPT_STOP "hV";
	size_t i;

	memcpy(buf, first, sizeof(first) - 1);
	buf += sizeof(first) - 1;
	for (i = 0; i < nitems(defs); i++) {
		*buf++ = defs[i].letter;
		if (defs[i].has_arg)
			*buf++ = ':';
	}
	*buf = '\0';
}
_Static_assert(2 * nitems(defs) + 4 <= OPTIONS_LETTERS_MAX,
    "every letter with a colon, h, V, + and the end");

int
options_set(struct parse *p, int letter, char *arg)
{
	p->letter = letter;
	p->def = find_def(letter);
	if (p->def != NULL)
		return (p->def->set(p, arg));
	if (letter == '?')
		p->letter = optopt;
	return (options_fail(p, NULL, find_def(p->letter) != NULL ?
	    "it needs an argument; see softflowd -h" :
	    "unknown option; see softflowd -h"));
}

/* One of -i, -r and -R. */
static int
one_source(struct parse *p)
{
	struct options *o = p->options;
	char given[16] = "";

	if ((o->ninterface > 0) + (o->savefile != NULL) + (o->npeer > 0) == 1)
		return (0);
	if (o->ninterface > 0)
		strlcat(given, ", -i", sizeof(given));
	if (o->savefile != NULL)
		strlcat(given, ", -r", sizeof(given));
	if (o->npeer > 0)
		strlcat(given, ", -R", sizeof(given));
	snprintf(p->error, p->errorlen, "%s: give one of %s", *given == '\0' ?
	    "nothing to read packets from" : given + 2, p->config == NULL ?
	    "-i interface, -r file and -R port,peer" :
	    "interface (-i), savefile (-r) and reports (-R)");
	return (-1);
}

/* What no option can see alone, and defaults that depend on others. */
static int
finish(struct parse *p)
{
	struct options *o = p->options;

	if (one_source(p) == -1)
		return (-1);
	if (o->npeer > 0 && o->filter != NULL) {
		snprintf(p->error, p->errorlen, "%s: an expression does not go "
		    "with -R; give it to who sends the reports", o->filter);
		return (-1);
	}
	if (o->ninterface == 0 && o->ignore_outgoing) {
		snprintf(p->error, p->errorlen, "-o ignore-outgoing: it is "
		    "for interfaces, with -i, not for a file");
		return (-1);
	}
	if (o->sampling == 0)
		o->sampling = 1;
	if (o->savefile != NULL) {
		/* Nothing of a daemon that may be running is ours. */
		o->ctlsock = NULL;
		o->foreground = 1;
	} else if (o->pidfile == NULL)
		o->pidfile = SOFTFLOWD_PIDFILE;
	if (o->pidfile != NULL && *o->pidfile == '\0')
		o->pidfile = NULL;
	return (options_collectors(o, p->error, p->errorlen));
}

static void
set_defaults(struct options *o)
{
	memset(o, 0, sizeof(*o));
	o->ctlsock = SOFTFLOWD_CTLSOCK;
	o->timeouts = expire_defaults;
	o->max_flows = DEFAULT_MAX_FLOWS;
	o->template_seconds = DEFAULT_TEMPLATE_SECONDS;
	o->template_datagrams = DEFAULT_TEMPLATE_DATAGRAMS;
	o->train = MAX_TRAIN;
	o->snaplen = DEFAULT_SNAPLEN;
	o->fragments = DEFAULT_FRAGMENTS;
	o->level = TRACK_FULL;
	o->version = 5;
	o->transport = TRANSPORT_UDP;
	o->reconnect_seconds = DEFAULT_RECONNECT_SECONDS;
	o->statistics_seconds = DEFAULT_STATISTICS_SECONDS;
	o->log_level = LOG_INFO;
	o->hoplimit = o->dscp = -1;
	o->promisc = 1;
}

/*
 * Options as getopt(3) finds them; on its own this is what asks for usage and
 * version, and knows what is no option.
 */
static enum options_result
parse_argv(struct parse *p, int argc, char *argv[])
{
	char letters[OPTIONS_LETTERS_MAX];
	int letter;

	options_letters(letters);
	opterr = 0;
	optind = optreset = 1;
	while ((letter = getopt(argc, argv, letters)) != -1) {
		if (letter == 'h')
			return (OPTIONS_USAGE);
		if (letter == 'V')
			return (OPTIONS_VERSION);
		if (options_set(p, letter, optarg) == -1)
			return (OPTIONS_BAD);
	}
	if (options_filter(argc - optind, argv + optind,
	    &p->options->filter) == -1) {
		snprintf(p->error, p->errorlen, "expression: out of memory");
		return (OPTIONS_BAD);
	}
	return (OPTIONS_RUN);
}

enum options_result
options_parse_with(struct config *config, int argc, char *argv[],
    struct options *o, char *error, size_t errorlen)
{
	struct parse p = { .options = o, .error = error,
	    .errorlen = errorlen, .config = config };
	enum options_result result = OPTIONS_BAD;

	set_defaults(o);
	if (config == NULL || options_file(&p, argc, argv) == 0)
		result = parse_argv(&p, argc, argv);
	if (result == OPTIONS_RUN && finish(&p) == -1) {
		options_file_blame(&p);
		result = OPTIONS_BAD;
	}
	if (result == OPTIONS_RUN && o->check)
		result = OPTIONS_CHECKED;
	if (result != OPTIONS_RUN && result != OPTIONS_CHECKED)
		options_free(o);
	return (result);
}

enum options_result
options_parse(int argc, char *argv[], struct options *o, char *error,
    size_t errorlen)
{
	return (options_parse_with(NULL, argc, argv, o, error, errorlen));
}

void
options_free(struct options *o)
{
	free(o->filter);
	o->filter = NULL;
	free(o->config);
	o->config = NULL;
}
