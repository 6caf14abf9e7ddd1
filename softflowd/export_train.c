/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The train in hand on its way to the destinations.  Worker, confined: sends
 * on the descriptors it was given.
 *
 * Sending costs more than encoding, and most of it for each call.  So
 * datagrams of one length wait for each other, where the system can take them
 * together (UDP_SEGMENT of Linux).
 */

#include <errno.h>
#include <string.h>

#include "export_state.h"
#include "order.h"

/* Whether to try again, by what the last try met. */
static int
try_again(struct export *e, int fd, int error, int *refused)
{
	switch (error) {
	case EINTR:
		return (1);
	case EMSGSIZE:
		return (0);
	case EAGAIN:
	case ENOBUFS:
		if (e->patience == 0)
			return (0);
		e->patience--;
		e->wait(fd, error);
		return (1);
	default:
		/*
		 * Most are what an earlier datagram met, as ICMP told; having
		 * been told in turn, this one may go.
		 */
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
cut_at(struct export *e, unsigned int i, size_t octets)
{
	if (e->cut[i] == CUT_NEVER || e->segment == NULL)
		return (octets == 0);
	if (e->cut[i] != octets) {
		if (e->segment(e->fds[i], octets) == -1) {
			e->cut[i] = CUT_NEVER;
			return (octets == 0);
		}
		e->cut[i] = octets;
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
send_pieces(struct export *e, unsigned int i, unsigned int first,
    unsigned int n)
{
	struct export_hand	*h = e->hand;
	const uint8_t		*data = h->data + export_octets(h, 0, first);
	size_t			 len = export_octets(h, first, n);
	ssize_t			 sent;
	int			 error, refused = 0;

	h->together = n;
	order_stores();
	do {
		if ((sent = e->send(e->fds[i], data, len)) != -1)
			return ((size_t)sent == len ? 0 : EMSGSIZE);
		error = errno;
	} while (!(n > 1 && cut_refused(error)) &&
	    try_again(e, e->fds[i], error, &refused));
	return (error);
}

/* Each destination has its own numbers; they are written before each. */
static void
number_pieces(struct export *e, unsigned int i)
{
	struct export_hand	*h = e->hand;
	uint32_t		 sequence = e->session.dest[i].sequence;
	unsigned int		 p;
	uint8_t			*at = h->data + e->encoder->sequence_off;

	for (p = 0; p < h->pieces; p++) {
		(void)datagram_store(at, sequence, 4);
		sequence += h->piece[p].advance;
		at += h->piece[p].len;
	}
}

/* Send to one destination from a piece on. */
static void
send_to(struct export *e, unsigned int i, unsigned int first)
{
	struct export_hand	*h = e->hand;
	unsigned int		 n;
	int			 error;

	number_pieces(e, i);
	while (first < h->pieces) {
		n = h->pieces - first;
		if (n > 1 && !cut_at(e, i, h->piece[first].len))
			n = 1;
		if (n == 1)
			cut_at(e, i, 0);
		if ((error = send_pieces(e, i, first, n)) == 0)
			h->sent[i] |= (uint8_t)(((1U << n) - 1) << first);
		else if (n > 1 && cut_refused(error)) {
			cut_at(e, i, 0);
			e->cut[i] = CUT_NEVER;
			continue;
		}
		first += n;
		order_stores();
		if (first < h->pieces)
			h->at = i * MAX_TRAIN + first;
	}
}

static void
count_sent(struct export *e, unsigned int i, unsigned int piece)
{
	const struct export_piece	*p = &e->hand->piece[piece];
	struct export_counters		*c = &e->session.dest[i].counters;

	if (e->hand->sent[i] & 1U << piece) {
		c->datagrams++;
		c->octets += p->len;
		c->records += p->records;
	} else {
		c->failures++;
		c->records_lost += p->records;
	}
	/* A datagram lost here is a gap for the collector, too. */
	e->session.dest[i].sequence += p->advance;
}

static void
count_piece(struct export *e, unsigned int piece, struct counters *c)
{
	const struct export_hand	*h = e->hand;
	const struct export_piece	*p = &h->piece[piece];
	unsigned int			 i, taken = 0;

	for (i = 0; i < h->receivers; i++) {
		taken |= h->sent[i] & 1U << piece;
		count_sent(e, i, piece);
	}
	if (taken) {
		c->flows_exported += p->nflows;
		c->packets_exported += p->packets;
		c->octets_exported += p->octets;
	} else {
		c->flows_unsent += p->nflows;
		c->packets_unsent += p->packets;
	}
	c->times_clamped += p->clamped;
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
	unsigned int		 i, first = h->at % MAX_TRAIN;

	e->hand = h;
	for (i = h->at / MAX_TRAIN; i < h->receivers; i++, first = 0) {
		h->at = i * MAX_TRAIN + first;
		order_stores();
		send_to(e, i, first);
	}
	for (i = 0; i < h->pieces; i++)
		count_piece(e, i, c);
	e->session.settled = h->number;
	if (e->settled != NULL)
		e->settled(e->settled_arg, h->flow, h->nflows);
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
	stamp_pieces(e, h);
	h->number = e->session.settled + 1;
	h->at = 0;
	memset(h->sent, 0, sizeof(h->sent));
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
	size_t				 len_max;
	unsigned int			 i;

	/* Templates of optional fields may need more than a route has. */
	len_max = e->config.sides != NULL ? DATAGRAM_SIZE : e->payload_max;
	if (h->pieces == 0 || h->pieces > MAX_TRAIN)
		return (0);
	for (i = 0; i < h->pieces; i++) {
		p = &h->piece[i];
		nflows += p->nflows;
		if (p->len < e->encoder->header || p->len > len_max ||
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
	    h->receivers <= e->ndests &&
	    h->at / MAX_TRAIN < h->receivers && pieces_plausible(e, h) &&
	    h->at % MAX_TRAIN < h->pieces && h->together > 0 &&
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
