/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A strict collector for tests and demonstrations: receives NetFlow v1, v5,
 * v9 and IPFIX over UDP, the latter two over SCTP and IPFIX over TCP, prints
 * each flow record and packet report and names each rule of the formats that
 * a message breaks; a datagram that comes again at once counts once.  One
 * process that needs no privileges.  Exits 0 if every message was right and
 * none was missing, 1 if not, 2 if it could not run.
 *
 *	collector [-cjqrsuv] [-a addr] [-l octets] [-n count] [-P portfile]
 *	    [-p port] [-T udp | tcp | sctp] [-t seconds] [-w file]
 *
 *	-a addr	    listen on this numeric IPv4 or IPv6 address (127.0.0.1)
 *	-c	    accept biflows that do not say who began, as softflowd 1.x
 *		    sends them
 *	-j	    JSON: one object a line
 *	-l octets   a datagram may not be larger
 *	-n count    end after that many flow records
 *	-P portfile write the port number there once the socket is bound
 *	-p port	    listen on this port (9995); 0: any that is free
 *	-q	    print no flow records
 *	-r	    over a stream a message that an earlier connection has
 *		    brought counts once, too
 *	-s	    print at the end the sums of each flow key (see output.h)
 *	-T name	    transport (udp)
 *	-t seconds  end when no datagram came for so long
 *	-u	    accept sets whose length is not a multiple of 4
 *	-v	    print options records too
 *	-w file	    print to that file instead of standard output
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <arpa/inet.h>

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "repeat.h"
#include "transport.h"

#define EXIT_BROKEN	1

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
	uint64_t	 repeats;	/* messages that came twice */
	uint64_t	 reports;	/* of packets, */
	uint64_t	 report_octets;	/* of so many octets */
	uint64_t	 templates_again;
	uint64_t	 withdrawn;
	struct repeat	 repeat;
	struct repeat_stream *brought;	/* NULL without -r */
	int		 again;		/* the message in hand is one */
	struct receiver	 receiver;
	size_t		 octets_max;
	int		 timeout;	/* seconds; 0: none */
	int		 classic;
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
	fprintf(stderr, "usage: collector [-cjqrsuv] [-a addr] [-l octets] "
	    "[-n count] [-P portfile]\n"
	    "\t[-p port] [-T udp | tcp | sctp] [-t seconds] [-w file]\n");
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

static enum carrier
option_transport(const char *name)
{
	static const char *const names[] = { "udp", "tcp", "sctp" };
	int i;

	for (i = CARRIER_UDP; i <= CARRIER_SCTP; i++) {
		if (strcmp(name, names[i]) == 0)
			return (i);
	}
	errx(EXIT_CANNOT, "%s is no transport: udp, tcp, sctp", name);
}

static void
options_read(struct collector *c, int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "a:cjl:n:P:p:qrsT:t:uvw:")) != -1) {
		switch (ch) {
		case 'a':
			c->addr = optarg;
			break;
		case 'c':
			c->classic = 1;
			break;
		case 'j':
			c->json = 1;
			break;
		case 'l':
			c->octets_max = (size_t)option_number("octets",
			    optarg, 1, 65535);
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
		case 'r':
			if (c->brought == NULL && (c->brought =
			    calloc(1, sizeof(*c->brought))) == NULL)
				err(EXIT_CANNOT, NULL);
			break;
		case 's':
			if (c->sum == NULL && (c->sum = sum_new()) == NULL)
				err(EXIT_CANNOT, NULL);
			break;
		case 'T':
			c->receiver.carrier = option_transport(optarg);
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

static void
on_flow(void *arg, const struct record *r)
{
	struct collector *c = arg;

	if (c->again)
		return;
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
on_report(void *arg, const struct report *r)
{
	struct collector *c = arg;

	c->reports++;
	c->report_octets += r->size;
	if (c->sum == NULL && !c->quiet)
		output_report(c->out, c->json, r);
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
	if (r->unknown != 0)
		fprintf(stderr, "%s port %u source %u: withdrawal of a "
		    "template that is not there\n", host, e->port,
		    r->source_id);
	if (r->rule != RULE_NONE)
		fprintf(stderr, "%s port %u version %u source %u: offset %zu: "
		    "%s\n", host, e->port, r->version, r->source_id, r->offset,
		    decode_rule_text(r->rule));
}

static int
on_enough(void *arg)
{
	const struct collector *c = arg;

	return (c->flows_max != 0 && c->flows >= c->flows_max);
}

static void
on_message(void *arg, const struct exporter *from, const uint8_t *p,
    size_t len)
{
	struct collector *c = arg;
	struct result result;

	if (from->carrier == CARRIER_UDP &&
	    repeat_seen(&c->repeat, from, p, len)) {
		c->repeats++;
		return;
	}
	c->again = from->carrier != CARRIER_UDP && c->brought != NULL &&
	    repeat_brought(c->brought, from, p, len);
	if (decoder_datagram(c->decoder, from, p, len, &result) == -1)
		c->errors++;
	c->datagrams++;
	c->versions[result.version]++;
	if (!c->again)
		c->flows += result.flows;
	else if (result.flows > 0)	/* templates begin each connection */
		c->repeats++;
	c->gaps += result.gap;
	c->templates_again += result.repeated;
	c->withdrawn += result.withdrawn;
	report(from, &result);
}

static void
on_closed(void *arg, const struct exporter *from, enum rule rule)
{
	struct collector *c = arg;
	struct result result;

	memset(&result, 0, sizeof(result));
	if (rule != RULE_NONE) {
		result.rule = rule;
		c->errors++;
		report(from, &result);
	}
	if (decoder_end(c->decoder, from, &result) == -1) {
		c->errors++;
		report(from, &result);
	}
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
	struct timespec ts = { c->timeout, 0 };
	int n;

	while (!stop && !on_enough(c)) {
		n = receiver_wait(&c->receiver, c->timeout == 0 ? NULL : &ts,
		    unblocked);
		if (n == 0)
			break;
		if (n == -1 && errno != EINTR)
			err(EXIT_CANNOT, "ppoll");
		/* After a signal, what is there already. */
		receiver_read(&c->receiver);
		if (fflush(c->out) == EOF)
			err(EXIT_CANNOT, "output");
	}
}

static void
end_sessions(struct collector *c)
{
	struct result result;

	if (decoder_end(c->decoder, NULL, &result) == 0)
		return;
	c->errors++;
	fprintf(stderr, "source %u: %s\n", result.source_id,
	    decode_rule_text(result.rule));
}

static void
summary(const struct collector *c)
{
	fprintf(stderr, "datagrams %" PRIu64 " records %" PRIu64 " v1 %" PRIu64
	    " v5 %" PRIu64 " v9 %" PRIu64 " ipfix %" PRIu64 " errors %" PRIu64
	    " gaps %" PRIu64 " repeats %" PRIu64 "\n", c->datagrams, c->flows,
	    c->versions[1], c->versions[5], c->versions[9], c->versions[10],
	    c->errors, c->gaps, c->repeats);
	if (c->reports != 0)
		fprintf(stderr, "packet_reports %" PRIu64 " frame_octets %"
		    PRIu64 "\n", c->reports, c->report_octets);
	if (c->templates_again != 0 || c->withdrawn != 0)
		fprintf(stderr, "templates_again %" PRIu64 " withdrawn %"
		    PRIu64 "\n", c->templates_again, c->withdrawn);
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
	config.classic = c.classic;
	config.octets_max = c.octets_max;
	config.report = on_report;
	if ((c.decoder = decoder_new(&config)) == NULL)
		err(EXIT_CANNOT, NULL);
	signals_block(&unblocked);
	c.receiver.message = on_message;
	c.receiver.closed = on_closed;
	c.receiver.enough = on_enough;
	c.receiver.arg = &c;
	receiver_open(&c.receiver, c.addr, c.port, c.portfile);
	run(&c, &unblocked);
	receiver_close(&c.receiver);
	/* Cut off, a session may lack what would have come. */
	if (!on_enough(&c))
		end_sessions(&c);
	if (c.sum != NULL)
		sum_print(c.out, c.sum);
	if (fclose(c.out) == EOF)
		err(EXIT_CANNOT, "output");
	summary(&c);
	sum_free(c.sum);
	free(c.brought);
	decoder_free(c.decoder);
	return (c.errors == 0 && c.gaps == 0 ? 0 : EXIT_BROKEN);
}
