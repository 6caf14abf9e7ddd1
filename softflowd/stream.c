/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A session with a collector over TCP or SCTP: what is written, acknowledged
 * and read.
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "export.h"
#include "stream_state.h"

#define STREAM_SENDS	256	/* calls of send in a turn */
#define STREAM_ASK_MS	100	/* how often to ask what is acknowledged, */
#define STREAM_ASK_FULL_MS	10	/* and with half a queue */

struct stream *
stream_new(const struct stream_config *config, struct stream_queue *queue,
    size_t octets)
{
	struct stream	*s;

	if (octets < STREAM_MIN || (octets & (octets - 1)) != 0) {
		errno = EINVAL;
		return (NULL);
	}
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	s->config = *config;
	s->queue = queue;
	s->size = octets;
	s->fd = -1;
	return (s);
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	if (s->fd != -1)
		close(s->fd);
	free(s);
}

void
stream_up(struct stream *s, int fd)
{
	struct stream_state	*d;

	stream_down(s, 0, NULL);
	d = stream_draft(s);
	if (d->sessions++ > 0)
		d->counters.reconnects++;
	/* What a worker before us was sending when it died may be there. */
	if (d->tried - d->sent > d->tail - d->sent)
		d->tried = d->sent;
	s->again = d->tried;
	stream_commit(s);
	s->fd = fd;
	s->acks = stream_acked(fd, &s->acks_base) == 0;
	s->head_octets = 0;
	s->prefacing = 1;
	s->nth = 0;
	s->sequence = 0;
	s->sent_ms = 0;
	s->next = s->done = d->head;
	s->out_messages = s->out_first = 0;
	s->out_len = s->out_at = 0;
}

/* As stream_read() does. */
static int
discard(int fd)
{
	uint8_t		buf[4096];
	unsigned int	times;
	ssize_t		n;

	for (times = 0; times < STREAM_READ / sizeof(buf); times++) {
		if ((n = read(fd, buf, sizeof(buf))) == 0)
			return (0);
		if (n == -1 && errno != EINTR)
			return (errno == EAGAIN || errno == EWOULDBLOCK ?
			    1 : -1);
	}
	return (1);
}

void
stream_down(struct stream *s, int error, const struct export_clock *clock)
{
	struct stream_state	*d;

	if (s->fd == -1)
		return;
	/* Of the rest we know that it did not go. */
	d = stream_draft(s);
	d->tried = (int64_t)(s->again - d->sent) > 0 ? s->again : d->sent;
	stream_commit(s);
	/* Closed with something unread, TCP would take back what it has. */
	(void)discard(s->fd);
	stream_acknowledge(s);
	close(s->fd);
	s->fd = -1;
	if (error != 0)
		stream_failed(s, error, clock);
}

void
stream_failed(struct stream *s, int error, const struct export_clock *clock)
{
	struct stream_state	*d = stream_draft(s);

	d->counters.last_error = (uint64_t)error;
	d->counters.last_error_us = clock->unix_us;
	stream_commit(s);
}

int
stream_fd(const struct stream *s)
{
	return (s->fd);
}

int
stream_wants(const struct stream *s)
{
	return (s->fd != -1 && (s->prefacing || s->out_at < s->out_len ||
	    s->next != stream_state(s)->tail));
}

int
stream_prefaced(const struct stream *s)
{
	unsigned int	i;

	for (i = s->out_first; i < s->out_messages; i++)
		if (s->out_message[i].preface)
			return (0);
	return (s->fd != -1 && !s->prefacing);
}

uint32_t
stream_sequence(const struct stream *s)
{
	return (s->sequence);
}

void
stream_acknowledge(struct stream *s)
{
	struct stream_state	*d;
	struct stream_message	 m;
	uint64_t		 octets;

	s->asked = 1;
	if (s->fd == -1 || !s->acks || s->done == stream_state(s)->head ||
	    stream_acked(s->fd, &octets) == -1 || octets < s->acks_base)
		return;
	octets -= s->acks_base;
	d = stream_draft(s);
	while (d->head != s->done) {
		stream_peek(s, d->head, &m);
		if (octets < s->head_octets + m.len)
			break;
		s->head_octets += m.len;
		d->head += sizeof(m) + m.len;
	}
	stream_commit(s);
}

static void
acknowledge_sometimes(struct stream *s, const struct export_clock *clock)
{
	const struct stream_state	*now = stream_state(s);
	uint64_t			 since_ms;

	s->asked = 0;
	since_ms = clock->uptime_ms - s->asked_ms;
	if (s->done == now->head || since_ms < STREAM_ASK_FULL_MS ||
	    (since_ms < STREAM_ASK_MS &&
	    now->tail - now->head < s->size / 2))
		return;
	s->asked_ms = clock->uptime_ms;
	stream_acknowledge(s);
}

/*
 * A message is complete in out[] but for its times and number.  Uptime moves
 * along with an export time that is held back, which leaves the times of
 * records what they are.
 */
static void
put_out(struct stream *s, struct stream_out *o,
    const struct stream_message *m, const struct export_clock *clock)
{
	uint8_t	*header = s->out + s->out_len;
	int64_t	 unix_ms = m->boot_ms + (int64_t)clock->uptime_ms;

	if (unix_ms < s->sent_ms)
		unix_ms = s->sent_ms;
	s->sent_ms = s->config.encoder->stamp(header, m->boot_ms, unix_ms);
	(void)datagram_store(header + s->config.encoder->sequence_off,
	    s->sequence, 4);
	s->sequence += m->advance;
	s->out_len += m->len;
	o->len = m->len;
	o->records = m->records;
	o->end = s->out_len;
	s->out_messages++;
}

/* The preface's next message; whether there is one. */
static int
put_preface(struct stream *s, const struct export_clock *clock)
{
	struct stream_out	*o = &s->out_message[s->out_messages];
	struct stream_piece	 piece = { 0 };
	struct stream_message	 m = { 0 };
	size_t			 len;

	len = s->config.preface(s->config.arg, s->nth, s->out + s->out_len,
	    DATAGRAM_SIZE, &piece);
	if (len < s->config.encoder->header || len > DATAGRAM_SIZE)
		return (0);
	s->nth++;
	m.len = (uint32_t)len;
	m.advance = piece.advance;
	m.records = piece.records;
	m.boot_ms = piece.boot_ms;
	s->head_octets += len;
	o->preface = 1;
	put_out(s, o, &m, clock);
	return (1);
}

static void
put_queued(struct stream *s, const struct export_clock *clock)
{
	struct stream_out	*o = &s->out_message[s->out_messages];
	struct stream_message	 m;

	stream_peek(s, s->next, &m);
	stream_copy(s, s->next + sizeof(m), s->out + s->out_len, m.len);
	o->preface = 0;
	o->at = s->next;
	o->next = s->next += sizeof(m) + m.len;
	put_out(s, o, &m, clock);
}

/* Whole messages, all of which the socket has taken before the next ones. */
static void
fill(struct stream *s, const struct export_clock *clock)
{
	struct stream_state	*d;

	s->out_messages = s->out_first = 0;
	s->out_len = s->out_at = 0;
	while (s->out_messages < STREAM_OUT_MESSAGES &&
	    STREAM_OUT - s->out_len >= DATAGRAM_SIZE) {
		if (s->prefacing)
			s->prefacing = put_preface(s, clock);
		else if (s->next != stream_state(s)->tail)
			put_queued(s, clock);
		else
			break;
	}
	if ((int64_t)(s->next - stream_state(s)->tried) <= 0)
		return;
	d = stream_draft(s);
	d->tried = s->next;
	stream_commit(s);
}

/* The socket has taken the last octet of a message. */
static void
count_out(struct stream *s, struct stream_state *d,
    const struct stream_out *o, struct counters *c)
{
	if (!o->preface) {
		s->done = o->next;
		if (!s->acks)
			d->head = o->next;
		if (o->at != d->sent) {
			c->datagrams_repeated++;
			return;
		}
		c->datagrams_repeated += (int64_t)(s->again - o->at) > 0;
		d->sent = o->next;
		d->waiting--;
		d->waiting_records -= o->records;
	}
	d->counters.datagrams++;
	d->counters.octets += o->len;
	d->counters.records += o->records;
}

static void
sent(struct stream *s, size_t octets, const struct export_clock *clock,
    struct counters *c)
{
	struct stream_state	*d = stream_draft(s);

	s->out_at += octets;
	while (s->out_first < s->out_messages &&
	    s->out_message[s->out_first].end <= s->out_at)
		count_out(s, d, &s->out_message[s->out_first++], c);
	d->counters.last_success_us = clock->unix_us;
	stream_commit(s);
}

/* One send. 1: go on; 0: the socket is full; -1 with errno. */
static int
write_some(struct stream *s, const struct export_clock *clock,
    struct counters *c)
{
	struct stream_state	*d;
	size_t			 len = s->out_len - s->out_at;
	ssize_t			 n;

	if (s->config.whole)
		len = s->out_message[s->out_first].len;
	n = s->config.send(s->fd, s->out + s->out_at, len);
	if (n > 0 && (size_t)n <= len && !(s->config.whole &&
	    (size_t)n < len)) {
		sent(s, (size_t)n, clock, c);
		return (1);
	}
	if (n >= 0)
		errno = EIO;		/* not what send does */
	if (errno == EINTR)
		return (1);
	if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS)
		return (-1);
	d = stream_draft(s);
	d->counters.would_block++;
	stream_commit(s);
	return (0);
}

int
stream_write(struct stream *s, const struct export_clock *clock,
    struct counters *c)
{
	unsigned int	sends;
	size_t		octets = 0;
	int		go_on = 1, error;

	if (s->fd == -1)
		return (0);
	for (sends = 0; go_on && sends < STREAM_SENDS &&
	    octets < STREAM_TURN; sends++) {
		if (s->out_at == s->out_len)
			fill(s, clock);
		if (s->out_len == 0)
			break;
		octets -= s->out_at;
		if ((go_on = write_some(s, clock, c)) == -1) {
			error = errno;
			stream_down(s, error, clock);
			errno = error;
			return (-1);
		}
		octets += s->out_at;
	}
	acknowledge_sometimes(s, clock);
	return (stream_wants(s));
}

int
stream_read(struct stream *s, const struct export_clock *clock)
{
	int	error, ret;

	if (s->fd == -1)
		return (0);
	if ((ret = discard(s->fd)) == 1)
		return (1);
	error = ret == 0 ? EPIPE : errno;
	stream_down(s, error, clock);
	errno = error;
	return (ret);
}

void
stream_give_up(struct stream *s, const struct export_clock *clock)
{
	struct stream_state	*d;

	stream_down(s, 0, clock);
	d = stream_draft(s);
	d->counters.failures += d->waiting;
	d->counters.records_lost += d->waiting_records;
	d->waiting = d->waiting_records = 0;
	d->head = d->sent = d->tail;
	stream_commit(s);
}
