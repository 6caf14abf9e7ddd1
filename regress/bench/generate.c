/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Write a capture file of made-up traffic: so many packets of so many
 * conversations that are open at the same time, both directions, TCP and
 * UDP, IPv4 and IPv6.  The same options give the same file, octet for octet.
 * What the file holds goes to standard error as one line of JSON.
 *
 *	generate [-F] [-6 percent] [-c snaplen] [-d uniform | zipf]
 *	    [-m imix | small] [-p mean] [-r packets_per_second] [-s seed]
 *	    [-x flood] -f flows -n packets -o file
 *
 *	-6 percent  of the conversations are IPv6 (20)
 *	-c snaplen  octets kept of each packet (96)
 *	-d zipf	    the k-th conversation has 1/k of the first one's packets;
 *		    uniform: all alike (the default)
 *	-F	    the flood is one conversation of datagrams in two IPv6
 *		    fragments each, one behind the other
 *	-f flows    conversations open at the same time
 *	-m small    all packets of the least size; imix: IP packets of 40, 576
 *		    and 1500 octets in the ratio 7:4:1 (the default)
 *	-o file	    - is standard output
 *	-p mean	    packets of a conversation before another takes its place,
 *		    1 to 2 * mean - 1; 0: none ever ends (the default)
 *	-r rate	    of the packets' time stamps (1000000)
 *	-x flood    besides those packets, so many that are a conversation
 *		    each, evenly among them once all others have a few
 *
 * The first packets open the conversations one by one, so all of them are
 * there from then on; that takes as many packets as -f says.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BEGIN_SECONDS	1700000000	/* of the first packet */
#define FRAME_MAX	(14 + 1500)
#define FRAME_MIN	60		/* Ethernet pads to it */
#define BUFFER		(1 << 20)

#define FLOOD_AFTER	4	/* packets of each conversation */

#define TCP_FIN		0x01
#define TCP_SYN		0x02
#define TCP_PSH		0x08
#define TCP_ACK		0x10

struct config {
	const char	*out;
	uint64_t	 packets;	/* without the flood */
	uint64_t	 flood;
	uint64_t	 rate;
	uint64_t	 seed;
	uint32_t	 flows;
	uint32_t	 mean;
	uint32_t	 percent6;
	uint32_t	 snaplen;
	int		 fragments;
	int		 zipf;
	int		 small;
};

/* One of the conversations that are open; its addresses follow from id. */
struct slot {
	uint32_t	id;
	uint32_t	left;		/* packets to come, of those that end */
	uint8_t		sent;		/* stops at 3 */
	uint8_t		seen;		/* directions, as bits */
};

struct conversation {
	uint32_t	client;
	uint8_t		server;
	uint16_t	port[2];	/* client's, server's */
	int		ipv6;
	int		tcp;
};

struct totals {
	uint64_t	packets;
	uint64_t	octets;		/* of the IP packets */
	uint64_t	octets_wire;
	uint64_t	conversations;
	uint64_t	directions;	/* that have packets */
	uint64_t	packets6;
};

struct output {
	int		fd;
	size_t		used;
	uint8_t		buf[BUFFER];
};

static struct output	output;
static uint64_t		random_state;

static void
usage(void)
{
	fprintf(stderr, "usage: generate [-F] [-6 percent] [-c snaplen] "
	    "[-d uniform | zipf] [-m imix | small]\n"
	    "\t[-p mean] [-r packets_per_second] [-s seed] [-x flood] "
	    "-f flows\n\t-n packets -o file\n");
	exit(1);
}

static uint64_t
option_number(int option, const char *text, uint64_t min, uint64_t max)
{
	const char	*bad;
	uint64_t	 n;

	n = (uint64_t)strtonum(text, (long long)min, (long long)max, &bad);
	if (bad != NULL)
		errx(1, "-%c %s: %s", option, text, bad);
	return (n);
}

/* Which of two words: 0 or 1. */
static int
option_word(int option, const char *text, const char *first,
    const char *second)
{
	if (strcmp(text, first) == 0)
		return (0);
	if (strcmp(text, second) != 0)
		errx(1, "-%c %s: neither %s nor %s", option, text, first,
		    second);
	return (1);
}

static void
options_read(struct config *c, int argc, char *argv[])
{
	int	ch;

	while ((ch = getopt(argc, argv, "6:c:d:Ff:m:n:o:p:r:s:x:")) != -1) {
		if (ch == '6')
			c->percent6 = (uint32_t)option_number(ch, optarg, 0,
			    100);
		else if (ch == 'c')
			c->snaplen = (uint32_t)option_number(ch, optarg, 74,
			    65535);
		else if (ch == 'd')
			c->zipf = option_word(ch, optarg, "uniform", "zipf");
		else if (ch == 'F')
			c->fragments = 1;
		else if (ch == 'f')
			c->flows = (uint32_t)option_number(ch, optarg, 1,
			    1U << 28);
		else if (ch == 'm')
			c->small = option_word(ch, optarg, "imix", "small");
		else if (ch == 'n')
			c->packets = option_number(ch, optarg, 1,
			    1ULL << 40);
		else if (ch == 'o')
			c->out = optarg;
		else if (ch == 'p')
			c->mean = (uint32_t)option_number(ch, optarg, 0,
			    1U << 30);
		else if (ch == 'r')
			c->rate = option_number(ch, optarg, 1, 1000000000);
		else if (ch == 's')
			c->seed = option_number(ch, optarg, 0, INT64_MAX);
		else if (ch == 'x')
			c->flood = option_number(ch, optarg, 1, UINT32_MAX);
		else
			usage();
	}
	if (optind != argc || c->out == NULL || c->flows == 0 ||
	    c->packets == 0)
		usage();
	if (c->packets < c->flows)
		errx(1, "%u conversations take more than %" PRIu64
		    " packets", c->flows, c->packets);
	if (c->flood != 0 && c->packets / FLOOD_AFTER <= c->flows)
		errx(1, "a flood over %u conversations takes more than %"
		    PRIu64 " packets", c->flows, c->packets);
}

/* The finalizer of SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t
mix64(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return (x ^ (x >> 31));
}

static uint64_t
random_next(void)
{
	random_state += 0x9e3779b97f4a7c15ULL;
	return (mix64(random_state));
}

/* One of n from 32 random bits, without a division. */
static uint32_t
below(uint32_t bits, uint32_t n)
{
	return ((uint32_t)(((uint64_t)bits * n) >> 32));
}

/*
 * Odd factors and shifts can be undone, so that no two conversations share
 * the 32 bits that client and server together are made of.  The constants
 * are those Wellons found in 2018 to mix well ("lowbias32").
 */
static uint32_t
mix32(uint32_t x)
{
	x = (x ^ (x >> 16)) * 0x7feb352dU;
	x = (x ^ (x >> 15)) * 0x846ca68bU;
	return (x ^ (x >> 16));
}

static void
conversation_of(struct conversation *v, const struct config *c, uint32_t id)
{
	static const uint16_t	tcp[] = { 443, 443, 443, 80, 80, 22, 25, 993 };
	static const uint16_t	udp[] = { 53, 53, 53, 443, 443, 123, 161,
				    5060 };
	uint64_t		h = mix64(c->seed ^ ((uint64_t)id << 32));
	uint32_t		m = mix32(id + (uint32_t)c->seed);

	v->client = m >> 8;
	v->server = (uint8_t)m;
	v->ipv6 = below((uint32_t)h, 100) < c->percent6;
	v->tcp = (h >> 32 & 0xff) < 205;	/* 80 % */
	v->port[0] = (uint16_t)(1024 + (h >> 40 & 0x7fff));
	v->port[1] = v->tcp ? tcp[h >> 56 & 7] : udp[h >> 56 & 7];
}

static void
put16(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
}

static void
put32(uint8_t *p, uint32_t n)
{
	put16(p, n >> 16);
	put16(p + 2, n);
}

/* Of the capture file's own headers. */
static void
put32_little(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)n;
	p[1] = (uint8_t)(n >> 8);
	p[2] = (uint8_t)(n >> 16);
	p[3] = (uint8_t)(n >> 24);
}

static void
output_flush(void)
{
	size_t	off;
	ssize_t	n;

	for (off = 0; off < output.used; off += (size_t)n)
		if ((n = write(output.fd, output.buf + off,
		    output.used - off)) == -1)
			err(1, "write");
	output.used = 0;
}

static uint8_t *
output_room(size_t len)
{
	if (len > sizeof(output.buf) - output.used)
		output_flush();
	return (output.buf + output.used);
}

static void
output_open(const struct config *c)
{
	uint8_t	*p;

	if (strcmp(c->out, "-") == 0)
		output.fd = STDOUT_FILENO;
	else if ((output.fd = open(c->out, O_WRONLY | O_CREAT | O_TRUNC,
	    0644)) == -1)
		err(1, "%s", c->out);
	p = output_room(24);
	memset(p, 0, 24);
	put32_little(p, 0xa1b2c3d4);
	p[4] = 2;			/* version 2.4 */
	p[6] = 4;
	put32_little(p + 16, c->snaplen);
	p[20] = 1;			/* Ethernet */
	output.used += 24;
}

static void
put_ipv4(uint8_t *p, const struct conversation *v, int reply, uint32_t len)
{
	uint32_t	addr[2], sum = 0;
	int		i;

	addr[reply] = 0x0a000000 | v->client;
	addr[!reply] = 0xc6120000 | v->server;
	put32(p, 0x45000000 | len);
	put32(p + 4, 0x4000);			/* do not fragment */
	put32(p + 8, 0x40000000 | (v->tcp ? 6 : 17) << 16);
	put32(p + 12, addr[0]);
	put32(p + 16, addr[1]);
	for (i = 0; i < 20; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(p + 10, ~(sum + (sum >> 16)));
}

static void
put_ipv6(uint8_t *p, const struct conversation *v, int reply, uint32_t len)
{
	uint8_t	*side[2];

	side[reply] = p + 8;
	side[!reply] = p + 24;
	memset(p, 0, 40);
	p[0] = 0x60;
	put16(p + 4, len - 40);
	p[6] = v->tcp ? 6 : 17;
	p[7] = 64;
	put32(side[0], 0x20010db8);
	side[0][5] = 1;
	put32(side[0] + 12, v->client);
	put32(side[1], 0x20010db8);
	side[1][5] = 2;
	put32(side[1] + 12, v->server);
}

/* Headers only: what follows them is zero.  Returns the IP packet's length. */
static uint32_t
put_packet(uint8_t *p, const struct config *c, const struct conversation *v,
    int reply, uint8_t flags, uint32_t len)
{
	uint32_t	ip = v->ipv6 ? 40 : 20, transport = v->tcp ? 20 : 8;

	if (len < ip + transport || (flags & TCP_SYN))
		len = ip + transport;
	memset(p, 0, c->snaplen < FRAME_MAX ? c->snaplen : FRAME_MAX);
	put32(p, 0x02000000);			/* locally administered */
	p[5] = (uint8_t)(1 + reply);
	put32(p + 6, 0x02000000);
	p[11] = (uint8_t)(2 - reply);
	put16(p + 12, v->ipv6 ? 0x86dd : 0x0800);
	p += 14;
	if (v->ipv6)
		put_ipv6(p, v, reply, len);
	else
		put_ipv4(p, v, reply, len);
	p += ip;
	put16(p, v->port[reply]);
	put16(p + 2, v->port[!reply]);
	if (v->tcp) {
		p[12] = 0x50;
		p[13] = flags;
		put16(p + 14, 65535);
	} else
		put16(p + 4, len - ip);
	return (len);
}

static uint32_t
random_length(const struct config *c, uint32_t bits)
{
	uint32_t	n = below(bits, 12);

	return (c->small || n < 7 ? 40 : n < 11 ? 576 : 1500);
}

/* Opened and closed as TCP does; in between either side speaks. */
static uint8_t
tcp_flags(const struct config *c, const struct slot *s, uint32_t length,
    int *reply)
{
	if (s->sent == 0) {
		*reply = 0;
		return (TCP_SYN);
	}
	if (s->sent == 1) {
		*reply = 1;
		return (TCP_SYN | TCP_ACK);
	}
	if (s->sent == 2)
		*reply = 0;
	if (c->mean != 0 && s->left <= 2) {
		*reply = s->left == 1;
		return (TCP_FIN | TCP_ACK);
	}
	return (length > 40 ? TCP_PSH | TCP_ACK : TCP_ACK);
}

static void
slot_open(struct slot *s, const struct config *c, uint32_t id)
{
	memset(s, 0, sizeof(*s));
	s->id = id;
	if (c->mean != 0)
		s->left = 1 + below((uint32_t)random_next(),
		    2 * c->mean - 1);
}

/* Its frame is at p + 16: put the record's header before it. */
static void
record_write(uint8_t *p, const struct config *c, uint32_t len,
    struct totals *t)
{
	uint64_t	us = t->packets++ * 1000000 / c->rate;
	uint32_t	wire, kept;

	wire = 14 + len < FRAME_MIN ? FRAME_MIN : 14 + len;
	kept = wire < c->snaplen ? wire : c->snaplen;
	put32_little(p, (uint32_t)(BEGIN_SECONDS + us / 1000000));
	put32_little(p + 4, (uint32_t)(us % 1000000));
	put32_little(p + 8, kept);
	put32_little(p + 12, wire);
	output.used += 16 + kept;
	t->octets += len;
	t->octets_wire += wire;
}

/* The n-th of a flood: two for each datagram, the second without ports. */
static void
fragment_write(const struct config *c, uint32_t n, struct totals *t)
{
	struct conversation	 v;
	uint8_t			*p, *ip;

	conversation_of(&v, c, UINT32_MAX);
	v.ipv6 = 1;
	v.tcp = 0;
	p = output_room(16 + FRAME_MAX);
	ip = p + 16 + 14;
	put_packet(p + 16, c, &v, 0, 0, 64);
	ip[6] = 44;
	put32(ip + 40, 17U << 24 | (n % 2 == 0 ? 1 : 16));
	put32(ip + 44, n / 2);
	if (n % 2 == 0) {
		put16(ip + 48, v.port[0]);
		put16(ip + 50, v.port[1]);
	}
	record_write(p, c, 64, t);
	t->packets6++;
	t->conversations += n == 0;
	t->directions += n == 0;
}

/* The next packet, one of that slot's. */
static void
packet_write(const struct config *c, struct slot *s, struct totals *t)
{
	struct conversation	 v;
	uint64_t		 r = random_next();
	uint32_t		 len;
	uint8_t			*p, flags;
	int			 reply = (int)(r >> 63);

	conversation_of(&v, c, s->id);
	len = random_length(c, (uint32_t)r);
	flags = tcp_flags(c, s, len, &reply);
	p = output_room(16 + FRAME_MAX);
	len = put_packet(p + 16, c, &v, reply, flags, len);
	record_write(p, c, len, t);
	t->packets6 += (uint64_t)v.ipv6;
	t->conversations += s->sent == 0;
	t->directions += (s->seen & 1 << reply) == 0;
	s->seen |= (uint8_t)(1 << reply);
	if (s->sent < 3)
		s->sent++;
}

static uint32_t
choose(const struct config *c, double log_flows)
{
	uint64_t	r = random_next();
	uint32_t	k;

	if (!c->zipf)
		return (below((uint32_t)(r >> 32), c->flows));
	/* The inverse of the logarithm, which sums up 1/k. */
	k = (uint32_t)exp(log_flows * (double)(r >> 11) * 0x1p-53) - 1;
	return (k < c->flows ? k : c->flows - 1);
}

/* What of the flood is due with the n-th of the other packets. */
static void
flood_write(const struct config *c, uint64_t n, uint32_t *next_id,
    struct totals *t)
{
	uint64_t	begin = (uint64_t)c->flows * FLOOD_AFTER, due;
	struct slot	s;

	if (n < begin)
		return;
	due = (n + 1 - begin) * c->flood / (c->packets - begin);
	while (t->packets - n < due) {
		if (c->fragments) {
			fragment_write(c, (uint32_t)(t->packets - n), t);
			continue;
		}
		slot_open(&s, c, (*next_id)++);
		packet_write(c, &s, t);
	}
}

int
main(int argc, char *argv[])
{
	struct config	 c = { .rate = 1000000, .seed = 1, .percent6 = 20,
			    .snaplen = 96 };
	struct totals	 t = { 0 };
	struct slot	*slots, *s;
	double		 log_flows;
	uint64_t	 n;
	uint32_t	 next_id = 0;

	options_read(&c, argc, argv);
	random_state = mix64(c.seed + 1);
	log_flows = log((double)c.flows + 1);
	if ((slots = calloc(c.flows, sizeof(*slots))) == NULL)
		err(1, NULL);
	output_open(&c);
	for (n = 0; n < c.packets; n++) {
		if (n < c.flows)
			slot_open(s = &slots[n], &c, next_id++);
		else
			s = &slots[choose(&c, log_flows)];
		flood_write(&c, n, &next_id, &t);
		packet_write(&c, s, &t);
		if (c.mean != 0 && --s->left == 0)
			slot_open(s, &c, next_id++);
	}
	output_flush();
	if (close(output.fd) == -1)
		err(1, "%s", c.out);
	fprintf(stderr, "{\"packets\":%" PRIu64 ",\"octets\":%" PRIu64
	    ",\"octets_wire\":%" PRIu64 ",\"packets_ipv6\":%" PRIu64
	    ",\"conversations\":%" PRIu64 ",\"directions\":%" PRIu64 "}\n",
	    t.packets, t.octets, t.octets_wire, t.packets6, t.conversations,
	    t.directions);
	free(slots);
	return (0);
}
