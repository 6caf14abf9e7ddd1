/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <sys/mman.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "stream_fixture.h"

#define HEADER		16
#define IS_PREFACE	99	/* instead of a domain */
#define IS_DATA		7

struct stream		*s;
struct stream_queue	*queue;
struct export_clock	 clock_now = { 1700000000000000ULL, 5000 };
struct counters		 c;
int			 whole;
size_t			 send_left = SIZE_MAX, send_most = SIZE_MAX;
int			 send_error = EAGAIN, send_dies, sink;
unsigned int		 sends;
size_t			 sent_octets;
int			 peer = -1;
uint8_t			*heard;
size_t			 heard_len;
uint64_t		*accepted;
size_t			 naccepted, arrived;
uint64_t		 offered, offered_records;
static size_t		 mapped;

static int64_t
stamp(uint8_t *header, int64_t boot_ms, int64_t unix_ms)
{
	(void)boot_ms;
	(void)datagram_store(header + 4, (uint64_t)unix_ms / 1000, 4);
	return (unix_ms);
}

static const struct netflow_encoder	encoder = {
	.header = HEADER,
	.sequence_off = 8,
	.stamp = stamp
};

static ssize_t
limited_send(int fd, const void *data, size_t len)
{
	ssize_t	n;

	sends++;
	if (send_left == 0) {
		errno = send_error;
		return (-1);
	}
	if (!whole && len > send_left)
		len = send_left;
	if (!whole && len > send_most)
		len = send_most;
	n = sink ? (ssize_t)len : send(fd, data, len,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	if (send_dies)
		_exit(0);
	if (n > 0) {
		sent_octets += (size_t)n;
		if (send_left != SIZE_MAX)
			send_left -= (size_t)n;
	}
	return (n);
}

static int64_t
boot_ms(void)
{
	return ((int64_t)(clock_now.unix_us / 1000) -
	    (int64_t)clock_now.uptime_ms);
}

static void
make(uint8_t *p, size_t len, uint32_t domain, uint64_t number)
{
	size_t	i;

	memset(p, 0, HEADER);
	p[1] = IPFIX_VERSION;
	(void)datagram_store(p + 2, len, 2);
	(void)datagram_store(p + 12, domain, 4);
	(void)datagram_store(p + HEADER, number, 8);
	for (i = HEADER + 8; i < len; i++)
		p[i] = (uint8_t)(number + i);
}

static size_t
preface(void *arg, unsigned int nth, uint8_t *buf, size_t size,
    struct stream_piece *piece)
{
	ATF_REQUIRE(arg == &encoder && size >= PREFACE_LEN);
	if (nth >= PREFACE)
		return (0);
	make(buf, PREFACE_LEN, IS_PREFACE, nth);
	piece->advance = nth;		/* options records */
	piece->boot_ms = boot_ms();
	return (PREFACE_LEN);
}

/* What a message says of itself follows from its number. */
static uint32_t
records_of(uint64_t number)
{
	return ((uint32_t)(number % 5));
}

static void
make_stream(size_t octets)
{
	struct stream_config	config = {
		.encoder = &encoder, .version = IPFIX_VERSION,
		.whole = whole, .send = limited_send, .preface = preface
	};

	config.arg = (void *)(uintptr_t)&encoder;
	s = stream_new(&config, queue, octets);
	ATF_REQUIRE(s != NULL);
}

void
open_stream(size_t octets)
{
	mapped = stream_queue_size(octets);
	queue = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	ATF_REQUIRE(queue != MAP_FAILED);
	if (heard == NULL) {
		ATF_REQUIRE((heard = malloc(HEARD_MAX)) != NULL);
		ATF_REQUIRE((accepted = calloc(ACCEPTED_MAX,
		    sizeof(*accepted))) != NULL);
	}
	naccepted = arrived = heard_len = 0;
	offered = offered_records = 0;
	memset(&c, 0, sizeof(c));
	make_stream(octets);
	stream_init(s, NULL);
}

int
adopt_stream(size_t octets)
{
	stream_free(s);
	make_stream(octets);
	return (stream_adopt(s, NULL));
}

void
close_stream(void)
{
	stream_free(s);
	if (peer != -1)
		close(peer);
	peer = -1;
	munmap(queue, mapped);
}

static void
begin_session(int fd)
{
	ATF_REQUIRE(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	ATF_REQUIRE(fcntl(peer, F_SETFL, O_NONBLOCK) == 0);
	heard_len = sent_octets = 0;
	stream_up(s, fd);
}

void
connect_unix(int type)
{
	int	pair[2];

	ATF_REQUIRE(socketpair(AF_UNIX, type, 0, pair) == 0);
	peer = pair[1];
	begin_session(pair[0]);
}

void
connect_tcp(int receive_buffer)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	struct sockaddr		*sa = (struct sockaddr *)(void *)&sin;
	socklen_t		len = sizeof(sin);
	int			fd, listener;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ATF_REQUIRE((listener = socket(AF_INET, SOCK_STREAM, 0)) != -1);
	if (receive_buffer != 0)
		ATF_REQUIRE(setsockopt(listener, SOL_SOCKET, SO_RCVBUF,
		    &receive_buffer, sizeof(receive_buffer)) == 0);
	ATF_REQUIRE(bind(listener, sa, len) == 0);
	ATF_REQUIRE(listen(listener, 1) == 0);
	ATF_REQUIRE(getsockname(listener, sa, &len) == 0);
	ATF_REQUIRE((fd = socket(AF_INET, SOCK_STREAM, 0)) != -1);
	ATF_REQUIRE(connect(fd, sa, len) == 0);
	ATF_REQUIRE((peer = accept(listener, NULL, NULL)) != -1);
	close(listener);
	begin_session(fd);
}

void
disconnect(int reset)
{
	struct linger	linger = { 1, 0 };

	if (reset)
		ATF_REQUIRE(setsockopt(peer, SOL_SOCKET, SO_LINGER, &linger,
		    sizeof(linger)) == 0);
	close(peer);
	peer = -1;
}

int
offer(size_t len)
{
	uint8_t			message[DATAGRAM_SIZE];
	struct stream_piece	piece = { 0 };
	uint64_t		number = ++offered;
	int			ret;

	make(message, len, IS_DATA, number);
	piece.records = records_of(number);
	piece.advance = piece.records + 1;
	piece.boot_ms = boot_ms();
	piece.mark = number;
	offered_records += piece.records;
	if ((ret = stream_append(s, message, len, &piece)) == 0) {
		ATF_REQUIRE(naccepted < ACCEPTED_MAX);
		accepted[naccepted++] = number;
	}
	return (ret);
}

void
hear(size_t most)
{
	ssize_t	n;

	while (most > 0) {
		ATF_REQUIRE(heard_len < HEARD_MAX);
		n = read(peer, heard + heard_len, most < HEARD_MAX - heard_len ?
		    most : HEARD_MAX - heard_len);
		if (n <= 0)
			return;
		heard_len += (size_t)n;
		most -= (size_t)n;
	}
}

void
hear_end(void)
{
	struct pollfd	pfd = { .fd = peer, .events = POLLIN };
	uint8_t		octet;

	do {
		hear(SIZE_MAX);
		ATF_REQUIRE_EQ(1, poll(&pfd, 1, 10000));
	} while (recv(peer, &octet, 1, MSG_PEEK) == 1);
}

void
await_acknowledgement(void)
{
	uint64_t	octets = 0;
	unsigned int	i;

	for (i = 0; i < 2000; i++) {
		ATF_REQUIRE_EQ(0, stream_acked(stream_fd(s), &octets));
		octets -= s->acks_base;
		ATF_REQUIRE(octets <= sent_octets);
		if (octets == sent_octets)
			return;
		(void)poll(NULL, 0, 1);
	}
	atf_tc_fail("not acknowledged");
}

static uint64_t
load(const uint8_t *p, size_t octets)
{
	uint64_t	value = 0;

	while (octets-- > 0)
		value = value << 8 | *p++;
	return (value);
}

/* The message that must be next, or in a new session any one before it. */
static void
check_number(uint64_t number, size_t *place)
{
	if (*place == SIZE_MAX) {
		for (*place = arrived; *place > 0 && (*place == naccepted ||
		    accepted[*place] != number); --*place)
			;
	}
	ATF_REQUIRE(*place < naccepted && *place <= arrived);
	ATF_REQUIRE_EQ(number, accepted[*place]);
	if (++*place > arrived)
		arrived = *place;
}

size_t
check_heard(void)
{
	uint8_t		expected[DATAGRAM_SIZE];
	const uint8_t	*p = heard;
	size_t		 left = heard_len, place = SIZE_MAX, len;
	uint64_t	 number, time = 0;
	uint32_t	 sequence = 0, n;

	for (n = 0; left >= HEADER && left >= (len = load(p + 2, 2)); n++) {
		ATF_REQUIRE(len >= HEADER + 8 && len <= DATAGRAM_SIZE);
		number = load(p + HEADER, 8);
		make(expected, len, n < PREFACE ? IS_PREFACE : IS_DATA,
		    n < PREFACE ? n : number);
		memcpy(expected + 4, p + 4, 4);
		(void)datagram_store(expected + 8, sequence, 4);
		ATF_REQUIRE(memcmp(expected, p, len) == 0);
		ATF_REQUIRE(load(p + 4, 4) >= time);
		time = load(p + 4, 4);
		if (n < PREFACE)
			sequence += n;
		else {
			sequence += records_of(number) + 1;
			check_number(number, &place);
		}
		p += len;
		left -= len;
	}
	return (left);
}

void
check_counted(void)
{
	const struct export_counters	*k = stream_counters(s);
	uint64_t			 records, waiting, sent;

	waiting = stream_waiting(s, &records);
	ATF_CHECK_EQ(offered_records, k->records + k->records_lost + records);
	sent = offered - k->failures - waiting;
	ATF_CHECK(k->datagrams >= sent);
	ATF_CHECK(k->datagrams <= sent + PREFACE * (k->reconnects + 1));
}
