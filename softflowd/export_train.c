/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The train in hand on its way to the collector.  Worker, confined: sends on
 * the descriptor it was given.
 *
 * Sending costs more than encoding, and most of it for each call.  So
 * datagrams of one length wait for each other, where the system can take them
 * together (UDP_SEGMENT of Linux).
 */

#include <errno.h>
#include <string.h>

#include "export_state.h"
#include "order.h"

static void
note_result(struct export *e, int error)
{
	struct export_counters	*c = &e->session.counters;

	if (error == 0)
		c->last_success_us = e->clock.unix_us;
	else {
		c->last_error = (uint64_t)error;
		c->last_error_us = e->clock.unix_us;
	}
}

void
export_failed(struct export *e, int error)
{
	note_result(e, error);
	if (e->stream != NULL && !e->stream_waits)
		stream_failed(e->stream, error, &e->clock);
}

/* Whether to try again, by what the last try met. */
static int
try_again(struct export *e, int error, int *refused)
{
	switch (error) {
	case EINTR:
		return (1);
	case EMSGSIZE:
		return (0);
	case EAGAIN:
	case ENOBUFS:
		e->session.counters.would_block++;
		if (e->patience == 0) {
			e->full = 1;
			return (0);
		}
		e->patience--;
		e->wait(e->fd, error);
		return (1);
	default:
		/*
		 * Most are what an earlier datagram met, as ICMP told; having
		 * been told in turn, this one may go.  Where nobody listened,
		 * whoever comes needs the templates first.
		 */
		note_result(e, error);
		e->session.unheard |= error == ECONNREFUSED;
		return (!(*refused)++);
	}
}

size_t
export_octets(const struct export_hand *h, unsigned int first, unsigned int n)
{
	size_t	len = 0;

	for (; n > 0; n--, first++)
		len += h->piece[first].len;
	return (len);
}

/* Have the socket cut at so many octets, 0: not at all; whether it does. */
static int
cut_at(struct export *e, size_t octets)
{
	if (e->cut == CUT_NEVER || e->segment == NULL || e->fd == -1)
		return (octets == 0);
	if (e->cut != octets) {
		if (e->segment(e->fd, octets) == -1) {
			e->cut = CUT_NEVER;
			return (octets == 0);
		}
		e->cut = octets;
	}
	return (1);
}

/* Whether it would go uncut: no room is no reason, nor what ICMP told. */
static int
cut_refused(int error)
{
	return (error == EINVAL || error == EIO || error == EMSGSIZE ||
	    error == EOPNOTSUPP);
}

/* Send n pieces in one call; 0, or what went wrong. */
static int
send_pieces(struct export *e, unsigned int first, unsigned int n)
{
	struct export_hand	*h = e->hand;
	const uint8_t		*data = h->data + export_octets(h, 0, first);
	size_t			 len = export_octets(h, first, n);
	ssize_t			 sent;
	int			 error, refused = 0;

	h->together = n;
	order_stores();
	do {
		if ((sent = e->send(e->fd, data, len)) != -1) {
			e->full = 0;
			return ((size_t)sent == len ? 0 : EMSGSIZE);
		}
		error = errno;
	} while (!(n > 1 && cut_refused(error)) &&
	    try_again(e, error, &refused));
	return (error);
}

/* The sequence number of each, where the version has one. */
static void
number_pieces(struct export *e)
{
	struct export_hand	*h = e->hand;
	uint32_t		 sequence = e->session.sequence;
	unsigned int		 p;
	uint8_t			*at = h->data + e->encoder->sequence_off;

	if (e->encoder->sequence_off == 0)
		return;
	for (p = 0; p < h->pieces; p++) {
		(void)datagram_store(at, sequence, 4);
		sequence += h->piece[p].advance;
		at += h->piece[p].len;
	}
}

/* Send the train from a piece on. */
static void
send_from(struct export *e, unsigned int first)
{
	struct export_hand	*h = e->hand;
	unsigned int		 n;
	int			 error, cut = 0, uncut = 0;

	number_pieces(e);
	while (first < h->pieces) {
		n = h->pieces - first;
		if (n > 1 && !cut_at(e, h->piece[first].len))
			n = 1;
		if (n == 1)
			cut_at(e, 0);
		error = e->fd == -1 ? ENOTCONN : send_pieces(e, first, n);
		if (error == 0)
			h->sent |= ((1U << n) - 1) << first;
		else if (n > 1 && cut_refused(error)) {
			cut_at(e, 0);
			e->cut = CUT_NEVER;
			cut = error;
			continue;
		} else
			uncut = error;
		/* Who could not connect has said why. */
		if (e->fd != -1 || e->session.counters.last_error == 0)
			note_result(e, error);
		first += n;
		order_stores();
		if (first < h->pieces)
			h->at = first;
	}
	/* It was not for the cutting: the route has gone, and may come back. */
	if (cut != 0 && cut == uncut)
		e->cut = CUT_UNKNOWN;
}

void
export_note_lost(struct export *e, uint64_t records, uint64_t packets,
    uint64_t octets)
{
	struct export_counters	*c = &e->session.counters;

	if (packets == 0)
		return;
	c->records_lost += records;
	c->packets_lost += packets;
	c->octets_lost += octets;
	c->last_lost_us = e->clock.unix_us;
	if (c->first_lost_us == 0)
		c->first_lost_us = c->last_lost_us;
}

static void
count_piece(struct export *e, unsigned int piece, struct counters *c)
{
	const struct export_piece	*p = &e->hand->piece[piece];
	struct export_counters		*own = &e->session.counters;
	int				 went = (e->hand->sent >> piece) & 1;

	c->times_clamped += p->clamped;
	c->counters_clamped += p->cut;
	if (e->stream != NULL) {	/* it counts itself, but for this */
		if (!went)
			export_note_lost(e, 0, p->packets, p->octets);
		return;
	}
	if (went) {
		own->datagrams++;
		own->octets += p->len;
		own->records += p->records;
	} else {
		own->failures++;
		export_note_lost(e, p->records, p->packets, p->octets);
	}
	/* A datagram lost here is a gap for the collector, too. */
	e->session.sequence += p->advance;
}

void
export_forget(struct export_hand *h)
{
	h->nflows = 0;
	order_stores();
	h->sending = 0;
	h->pieces = 0;
}

/*
 * Send the train in hand from h->at on, account for it and forget it.  Up to
 * the call of settled() it can be sent again, from there on it cannot.
 */
static void
send_all(struct export *e, struct export_hand *h, struct counters *c)
{
	unsigned int	i;

	e->hand = h;
	if (e->stream != NULL)
		export_queue_pieces(e, h->at, c);
	else
		send_from(e, h->at);
	for (i = 0; i < h->pieces; i++)
		count_piece(e, i, c);
	e->session.settled = h->number;
	if (e->settled != NULL)
		e->settled(e->settled_arg, e->slot, h);
	export_forget(h);
}

/*
 * The export time never steps back, or data might seem older than their
 * template (RFC 7011 section 8.2).  Uptime is moved along with it, which
 * leaves the times of the records what they are.
 */
static void
stamp_pieces(struct export *e, struct export_hand *h)
{
	uint8_t		*header = h->data;
	int64_t		 unix_ms;
	unsigned int	 i;

	for (i = 0; i < h->pieces; i++) {
		unix_ms = h->piece[i].boot_ms + (int64_t)e->clock.uptime_ms;
		if (unix_ms < e->session.sent_ms)
			unix_ms = e->session.sent_ms;
		e->session.sent_ms = e->encoder->stamp(header,
		    h->piece[i].boot_ms, unix_ms);
		header += h->piece[i].len;
	}
}

void
export_depart(struct export *e, struct export_hand *h, struct counters *c)
{
	if (h->pieces == 0)
		return;
	if (e->stream == NULL)		/* it stamps what it writes */
		stamp_pieces(e, h);
	h->number = e->session.settled + 1;
	h->at = 0;
	h->sent = 0;
	order_stores();
	h->sending = 1;
	order_stores();
	send_all(e, h, c);
}

/* Whether the pieces are what a train can be of. */
static int
pieces_plausible(const struct export *e, const struct export_hand *h)
{
	const struct export_piece	*p;
	uint64_t			 nflows = 0;
	unsigned int			 i;

	if (h->pieces == 0 || h->pieces > MAX_TRAIN)
		return (0);
	for (i = 0; i < h->pieces; i++) {
		p = &h->piece[i];
		nflows += p->nflows;
		if (p->len < e->encoder->header || p->len > e->payload_max ||
		    p->len > h->piece[0].len || (i + 1 < h->pieces &&
		    p->len != h->piece[0].len) ||
		    p->nflows > EXPORT_FLOWS ||
		    p->records > 2 * EXPORT_FLOWS ||
		    p->advance > 2 * EXPORT_FLOWS)
			return (0);
	}
	return (nflows == h->nflows);
}

static int
resumable(const struct export *e, const struct export_session *session,
    const struct export_hand *h)
{
	return (h->sending && h->number == session->settled + 1 &&
	    pieces_plausible(e, h) && h->at < h->pieces && h->together > 0 &&
	    h->together <= h->pieces);
}

struct export_hand *
export_resumable(struct export *e, const struct export_session *session)
{
	unsigned int	i;

	for (i = 0; i < EXPORT_LANES; i++)
		if (resumable(e, session, e->lane[i].hand))
			return (e->lane[i].hand);
	return (NULL);
}

void
export_resend(struct export *e, struct export_hand *h, struct counters *c)
{
	send_all(e, h, c);
}
