/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A strict collector for tests and demonstrations: receives NetFlow v1, v5,
 * v9 and IPFIX over UDP, prints each flow record and names each rule of the
 * formats that a datagram breaks; one that comes again at once counts once.
 * One process that needs no privileges.  Exits 0 if every datagram was right
 * and none was missing, 1 if not, 2 if it could not run.
 *
 *	collector [-jqsuv] [-a addr] [-n count] [-P portfile] [-p port]
 *	    [-t seconds] [-w file]
 *
 *	-a addr	    listen on this numeric IPv4 or IPv6 address (127.0.0.1)
 *	-j	    JSON: one object a line
 *	-n count    end after that many flow records
 *	-P portfile write the port number there once the socket is bound
 *	-p port	    listen on this port (9995); 0: any that is free
 *	-q	    print no flow records
 *	-s	    print at the end the sums of each flow key (see output.h)
 *	-t seconds  end when no datagram came for so long
 *	-u	    accept sets whose length is not a multiple of 4
 *	-v	    print options records too
 *	-w file	    print to that file instead of standard output
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <arpa/inet.h>

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "repeat.h"

#define EXIT_BROKEN	1
#define EXIT_CANNOT	2
#define RECEIVE_BUFFER	(256 << 20)	/* asked for; the system may cut it */
#define BATCH_MAX	65536		/* datagrams before looking around */

struct collector {
	const char	*addr;
	const char	*port;
	const char	*portfile;
	FILE		*out;
	struct sum	*sum;		/* NULL without -s */
	struct decoder	*decoder;
	uint64_t	 flows_max;
	uint64_t	 flows;
	uint64_t	 datagrams;
	uint64_t	 versions[11];	/* datagrams of each */
	uint64_t	 errors;
	uint64_t	 gaps;
	uint64_t	 repeats;	/* datagrams that came twice */
	struct repeat	 repeat;
	int		 fd;
	int		 timeout;	/* seconds; 0: none */
	int		 json;
	int		 quiet;
	int		 unaligned;
	int		 verbose;
};

static volatile sig_atomic_t stop;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void
usage(void)
{
	fprintf(stderr, "usage: collector [-jqsuv] [-a addr] [-n count] "
	    "[-P portfile] [-p port]\n"
	    "\t[-t seconds] [-w file]\n");
	exit(EXIT_CANNOT);
}

static long long
option_number(const char *name, const char *text, long long min, long long max)
{
	const char *errstr;
	long long n;

	n = strtonum(text, min, max, &errstr);
	if (errstr != NULL)
		errx(EXIT_CANNOT, "%s is %s: %s (%lld to %lld)", name, errstr,
		    text, min, max);
	return (n);
}

static void
options_read(struct collector *c, int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "a:jn:P:p:qst:uvw:")) != -1) {
		switch (ch) {
		case 'a':
			c->addr = optarg;
			break;
		case 'j':
			c->json = 1;
			break;
		case 'n':
			c->flows_max = (uint64_t)option_number("count",
			    optarg, 1, LLONG_MAX);
			break;
		case 'P':
			c->portfile = optarg;
			break;
		case 'p':
			option_number("port", optarg, 0, 65535);
			c->port = optarg;
			break;
		case 'q':
			c->quiet = 1;
			break;
		case 's':
			if (c->sum == NULL && (c->sum = sum_new()) == NULL)
				err(EXIT_CANNOT, NULL);
			break;
		case 't':
			c->timeout = (int)option_number("seconds", optarg, 1,
			    86400);
			break;
		case 'u':
			c->unaligned = 1;
			break;
		case 'v':
			c->verbose = 1;
			break;
		case 'w':
			if ((c->out = fopen(optarg, "w")) == NULL)
				err(EXIT_CANNOT, "%s", optarg);
			break;
		default:
			usage();
		}
	}
	if (optind != argc)
		usage();
}

/* Renamed into place, so whoever waits for the file finds all of it. */
static void
portfile_write(const char *path, const char *port)
{
	char tmp[PATH_MAX];
	FILE *fp;
	int n;

	n = snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	if (n < 0 || (size_t)n >= sizeof(tmp))
		errx(EXIT_CANNOT, "port file name is too long: %s", path);
	if ((fp = fopen(tmp, "w")) == NULL)
		err(EXIT_CANNOT, "%s", tmp);
	if (fprintf(fp, "%s\n", port) < 0 || fclose(fp) == EOF)
		err(EXIT_CANNOT, "%s", tmp);
	if (rename(tmp, path) == -1)
		err(EXIT_CANNOT, "%s", path);
}

static void
socket_buffer(int fd)
{
	int size = RECEIVE_BUFFER;

#ifdef SO_RCVBUFFORCE
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
	    sizeof(size)) == 0)
		return;
#endif
	/* Where too much is an error, take what there is. */
	while (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
	    sizeof(size)) == -1 && size > 65536)
		size /= 2;
}

static void
socket_open(struct collector *c)
{
	struct addrinfo hints, *ai;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char host[NI_MAXHOST], port[NI_MAXSERV];
	int error;

	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_DGRAM;
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
	if ((error = getaddrinfo(c->addr, c->port, &hints, &ai)) != 0)
		errx(EXIT_CANNOT, "address %s: %s", c->addr,
		    gai_strerror(error));
	c->fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (c->fd == -1)
		err(EXIT_CANNOT, "socket");
	socket_buffer(c->fd);
	if (bind(c->fd, ai->ai_addr, ai->ai_addrlen) == -1)
		err(EXIT_CANNOT, "%s port %s", c->addr, c->port);
	freeaddrinfo(ai);
	if (getsockname(c->fd, (struct sockaddr *)&ss, &len) == -1)
		err(EXIT_CANNOT, "getsockname");
	if ((error = getnameinfo((struct sockaddr *)&ss, len, host,
	    sizeof(host), port, sizeof(port),
	    NI_NUMERICHOST | NI_NUMERICSERV)) != 0)
		errx(EXIT_CANNOT, "getnameinfo: %s", gai_strerror(error));
	fprintf(stderr, "listening on %s port %s\n", host, port);
	if (c->portfile != NULL)
		portfile_write(c->portfile, port);
}

static void
exporter_set(struct exporter *e, const struct sockaddr_storage *ss)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	memset(e, 0, sizeof(*e));
	if (ss->ss_family == AF_INET) {
		memcpy(&sin, ss, sizeof(sin));
		e->family = 4;
		memcpy(e->addr, &sin.sin_addr, 4);
		e->port = ntohs(sin.sin_port);
	} else {
		memcpy(&sin6, ss, sizeof(sin6));
		e->family = 6;
		memcpy(e->addr, &sin6.sin6_addr, 16);
		e->port = ntohs(sin6.sin6_port);
	}
}

static void
on_flow(void *arg, const struct record *r)
{
	struct collector *c = arg;

	if (c->sum != NULL) {
		if (sum_add(c->sum, r) == -1)
			err(EXIT_CANNOT, "sums");
	} else if (!c->quiet)
		output_flow(c->out, c->json, r);
}

static void
on_options(void *arg, const struct options_record *o)
{
	struct collector *c = arg;

	output_options(c->out, c->json, o);
}

static void
report(const struct exporter *e, const struct result *r)
{
	char host[INET6_ADDRSTRLEN];

	if (inet_ntop(e->family == 4 ? AF_INET : AF_INET6, e->addr, host,
	    sizeof(host)) == NULL)
		host[0] = '\0';
	if (r->gap)
		fprintf(stderr, "%s port %u version %u source %u: sequence "
		    "gap: expected %u got %u\n", host, e->port, r->version,
		    r->source_id, r->expected, r->got);
	if (r->rule != RULE_NONE)
		fprintf(stderr, "%s port %u version %u source %u: offset %zu: "
		    "%s\n", host, e->port, r->version, r->source_id, r->offset,
		    decode_rule_text(r->rule));
}

static int
satisfied(const struct collector *c)
{
	return (c->flows_max != 0 && c->flows >= c->flows_max);
}

/* Take in what waits in the socket. */
static void
receive(struct collector *c)
{
	static uint8_t buf[65536];
	struct sockaddr_storage ss;
	struct exporter from;
	struct result result;
	socklen_t sslen;
	ssize_t n;
	int i;

	for (i = 0; i < BATCH_MAX && !satisfied(c); i++) {
		sslen = sizeof(ss);
		n = recvfrom(c->fd, buf, sizeof(buf), 0,
		    (struct sockaddr *)&ss, &sslen);
		if (n == -1) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN || errno == EWOULDBLOCK)
				break;
			err(EXIT_CANNOT, "recvfrom");
		}
		exporter_set(&from, &ss);
		if (repeat_seen(&c->repeat, &from, buf, (size_t)n)) {
			c->repeats++;
			continue;
		}
		if (decoder_datagram(c->decoder, &from, buf, (size_t)n,
		    &result) == -1)
			c->errors++;
		c->datagrams++;
		c->versions[result.version]++;
		c->flows += result.flows;
		c->gaps += result.gap;
		report(&from, &result);
	}
	if (fflush(c->out) == EOF)
		err(EXIT_CANNOT, "output");
}

/* Signals arrive in ppoll only, so none slips in before it. */
static void
signals_block(sigset_t *unblocked)
{
	struct sigaction sa;
	sigset_t set;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, unblocked) == -1 ||
	    sigaction(SIGTERM, &sa, NULL) == -1 ||
	    sigaction(SIGINT, &sa, NULL) == -1)
		err(EXIT_CANNOT, "signals");
}

static void
run(struct collector *c, const sigset_t *unblocked)
{
	struct pollfd pfd = { c->fd, POLLIN, 0 };
	struct timespec ts = { c->timeout, 0 };
	int n;

	while (!stop && !satisfied(c)) {
		n = ppoll(&pfd, 1, c->timeout == 0 ? NULL : &ts, unblocked);
		if (n == 0)
			break;
		if (n == -1 && errno != EINTR)
			err(EXIT_CANNOT, "ppoll");
		receive(c);	/* after a signal, what is there already */
	}
}

static void
summary(const struct collector *c)
{
	fprintf(stderr, "datagrams %" PRIu64 " records %" PRIu64 " v1 %" PRIu64
	    " v5 %" PRIu64 " v9 %" PRIu64 " ipfix %" PRIu64 " errors %" PRIu64
	    " gaps %" PRIu64 " repeats %" PRIu64 "\n", c->datagrams, c->flows, c->versions[1],
	    c->versions[5], c->versions[9], c->versions[10], c->errors,
	    c->gaps, c->repeats);
}

int
main(int argc, char **argv)
{
	static struct collector c;
	struct decoder_config config;
	sigset_t unblocked;

	c.addr = "127.0.0.1";
	c.port = "9995";
	c.out = stdout;
	options_read(&c, argc, argv);
	memset(&config, 0, sizeof(config));
	config.flow = on_flow;
	config.options = c.verbose ? on_options : NULL;
	config.arg = &c;
	config.unaligned = c.unaligned;
	if ((c.decoder = decoder_new(&config)) == NULL)
		err(EXIT_CANNOT, NULL);
	signals_block(&unblocked);
	socket_open(&c);
	run(&c, &unblocked);
	if (c.sum != NULL)
		sum_print(c.out, c.sum);
	if (fclose(c.out) == EOF)
		err(EXIT_CANNOT, "output");
	summary(&c);
	sum_free(c.sum);
	decoder_free(c.decoder);
	return (c.errors == 0 && c.gaps == 0 ? 0 : EXIT_BROKEN);
}
