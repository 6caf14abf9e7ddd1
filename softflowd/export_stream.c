/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A collector that is reached by a stream: messages go into its queue, which
 * stream.c writes from.  Worker, confined.
 */

#include <errno.h>
#include <string.h>

#include "export_state.h"
#include "order.h"

#define HOLD_US		1000000	/* so long may a full queue hold flows back */

/*
 * What a session begins with: all templates, then the names of interfaces
 * (RFC 7011 section 8.1).
 */
static size_t
preface(void *arg, unsigned int nth, uint8_t *buf, size_t size,
    struct stream_piece *piece)
{
	struct export	*e = arg;
	struct datagram	 d;

	(void)size;		/* DATAGRAM_SIZE, as data has always */
	if (nth == 0) {
		e->preface_template = 0;
		e->preface_interface = 0;
	}
	if (e->encoder->templates == NULL ||
	    (nth > 0 && e->preface_template == 0 &&
	    e->preface_interface == 0))
		return (0);
	export_datagram(e, &d, buf);
	if (nth == 0 || e->preface_template != 0) {
		e->preface_template = e->encoder->templates(&d,
		    e->preface_template);
		if (e->preface_template == 0)
			e->preface_interface = netflow_interface_next(1);
	} else
		e->preface_interface = netflow_interfaces(&d,
		    e->config.format.version != NETFLOW9_VERSION,
		    e->preface_interface);
	piece->advance = e->encoder->finish(&d);
	piece->records = 0;
	piece->boot_ms = d.boot_ms;
	return (d.len);
}

int
export_streams(struct export *e, struct stream_queue *queue, size_t octets,
    int whole, int adopting)
{
	struct stream_config	config = {
		.encoder = e->encoder,
		.version = e->config.format.version == VERSION_PSAMP ?
		    IPFIX_VERSION : e->config.format.version,
		.whole = whole,
		.send = e->send,
		.preface = preface,
		.arg = e
	};

	if ((e->stream = stream_new(&config, queue, octets)) == NULL)
		return (-1);
	e->stream_fd = -1;
	e->stream_waits = adopting;
	e->session.templates_now = 0;
	if (!adopting)
		stream_init(e->stream, &e->session.counters);
	return (0);
}

void
export_stream_begin(struct export *e, int adopt)
{
	if (e->stream == NULL || !e->stream_waits)
		return;
	e->stream_waits = 0;
	if (adopt)
		(void)stream_adopt(e->stream, &e->session.counters);
	else
		stream_init(e->stream, &e->session.counters);
	if (e->stream_fd != -1)
		stream_up(e->stream, e->stream_fd);
	e->stream_fd = -1;
}

void
export_stream_up(struct export *e, int fd)
{
	if (e->stream_waits)
		e->stream_fd = fd;
	else
		stream_up(e->stream, fd);
}

/* As a full socket is waited for. */
static void
wait_for_room(struct export *e, size_t len, struct counters *c)
{
	while (!stream_room(e->stream, len) && e->patience > 0 &&
	    stream_write(e->stream, &e->clock, c) != -1 &&
	    stream_fd(e->stream) != -1 && !stream_room(e->stream, len)) {
		e->patience--;
		e->wait(stream_fd(e->stream), EAGAIN);
	}
	e->full = !stream_room(e->stream, len);
}

/*
 * The train in hand goes into the queue, from the first piece on.  What a
 * worker before us has put there, or found no room for, its mark tells, if it
 * is of this train: of another one it is damage.
 */
void
export_queue_pieces(struct export *e, unsigned int first, struct counters *c)
{
	struct export_hand	*h = e->hand;
	struct export_piece	*p;
	struct stream_piece	 piece = { 0 };
	const uint8_t		*data = h->data + export_octets(h, 0, first);

	h->together = 1;
	for (; first < h->pieces; first++) {
		p = &h->piece[first];
		piece.advance = p->advance;
		piece.records = p->records;
		piece.boot_ms = p->boot_ms;
		piece.mark = h->number * MAX_TRAIN + first + 1;
		if (stream_mark(e->stream) - piece.mark < MAX_TRAIN - first)
			h->sent |= 1U << first;
		else {
			wait_for_room(e, p->len, c);
			if (stream_append(e->stream, data, p->len,
			    &piece) == 0)
				h->sent |= 1U << first;
		}
		data += p->len;
	}
}

int
export_stream_write(struct export *e, struct counters *c)
{
	/* Before a file's first packet it is no time yet. */
	if (e->clock.unix_us == 0)
		return (1);
	return (stream_write(e->stream, &e->clock, c) == -1 ? -1 : 1);
}

int
export_stream_turn(struct export *e, int readable, struct counters *c)
{
	int	n;

	/* It ended where room was awaited. */
	if (stream_fd(e->stream) == -1) {
		errno = (int)stream_counters(e->stream)->last_error;
		return (-1);
	}
	if (readable && (n = stream_read(e->stream, &e->clock)) != 1) {
		if (n == 0)
			errno = 0;
		return (-1);
	}
	return (export_stream_write(e, c));
}

int
export_stream_fd(const struct export *e, int *wants)
{
	*wants = stream_wants(e->stream);
	return (stream_fd(e->stream));
}

/*
 * A queue that is half full asks for patience, but not for long: who does not
 * read must not keep flows from the others.
 */
int
export_stream_room(struct export *e, uint64_t mono_us)
{
	if (stream_fd(e->stream) == -1 ||
	    stream_used(e->stream) < stream_size(e->stream) / 2) {
		e->stream_held_us = 0;
		return (1);
	}
	if (e->stream_held_us == 0)
		e->stream_held_us = mono_us;
	return (mono_us - e->stream_held_us >= HOLD_US);
}

int
export_stream_unsettled(const struct export *e)
{
	return (stream_fd(e->stream) != -1 && stream_used(e->stream) > 0);
}

void
export_stream_hang_up(struct export *e)
{
	stream_down(e->stream, 0, &e->clock);
}

void
export_stream_give_up(struct export *e)
{
	stream_give_up(e->stream, &e->clock);
}

uint64_t
export_stream_waiting(const struct export *e, uint64_t *octets)
{
	uint64_t	records;

	*octets = stream_waiting_octets(e->stream);
	return (stream_waiting(e->stream, &records));
}

void
export_stream_totals(const struct export *e, struct export_statistics *s)
{
	uint64_t	records;

	s->messages += stream_waiting(e->stream, &records);
	s->records += records;
	s->octets += stream_waiting_octets(e->stream);
}

/* What stream.c counts, with what it does not. */
void
export_stream_counters(struct export *e)
{
	struct export_counters	*own = &e->session.counters, mine = *own;

	*own = *stream_counters(e->stream);
	own->records_not_exportable = mine.records_not_exportable;
	own->packets_lost = mine.packets_lost;
	own->octets_lost = mine.octets_lost;
	own->first_lost_us = mine.first_lost_us;
	own->last_lost_us = mine.last_lost_us;
	e->session.sequence = stream_sequence(e->stream);
}
