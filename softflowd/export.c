/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Destinations and the datagram in hand.  A datagram's body is encoded once
 * for all of them; each has a sequence number of its own.  Worker, confined:
 * sends on the descriptors it was given.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "expire.h"
#include "export.h"
#include "netflow.h"
#include "order.h"

struct export {
	struct export_config		 config;
	const struct netflow_encoder	*encoder;
	export_send_fn			*send;
	export_wait_fn			*wait;
	unsigned int			 patience;
	export_settled_fn		*settled;
	void				*settled_arg;
	struct export_clock		 clock;

	struct export_session		 session;
	struct export_hand		*hand, own_hand;
	int				 fds[MAX_EXPORT];
	unsigned int			 ndests;
	size_t				 payload_max;	/* of all routes */
};

#define SENT_AHEAD_MS	3600000	/* a clock set back by more is believed */

/*
 * A collector that loses the first templates cannot read a thing until the
 * next ones: at the start they follow each other at these intervals.
 */
static const uint32_t	early_ms[] = { 1000, 4000 };

struct export *
export_new(const struct export_config *config, export_send_fn *send_fn,
    struct export_hand *hand)
{
	struct export	*e;

	if (config->version == NETFLOW5_VERSION &&
	    config->sampling > NETFLOW5_SAMPLING_MAX) {
		errno = EINVAL;
		return (NULL);
	}
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return (NULL);
	switch (config->version) {
	case NETFLOW5_VERSION:
		e->encoder = &netflow5_encoder;
		break;
	case NETFLOW9_VERSION:
		e->encoder = &netflow9_encoder;
		break;
	case IPFIX_VERSION:
		e->encoder = &ipfix_encoder;
		break;
	default:
		free(e);
		errno = EINVAL;
		return (NULL);
	}
	e->config = *config;
	e->send = send_fn;
	e->hand = hand != NULL ? hand : &e->own_hand;
	e->payload_max = e->encoder->payload_max;
	return (e);
}

void
export_free(struct export *e)
{
	unsigned int	i;

	if (e == NULL)
		return;
	for (i = 0; i < e->ndests; i++)
		close(e->fds[i]);
	free(e);
}

void
export_on_settled(struct export *e, export_settled_fn *settled, void *arg)
{
	e->settled = settled;
	e->settled_arg = arg;
}

void
export_patience(struct export *e, export_wait_fn *wait, unsigned int times)
{
	e->wait = wait;
	e->patience = times;
}

int
export_add(struct export *e, int fd, uint32_t sequence, uint16_t payload_max,
    const struct export_counters *before)
{
	if (e->ndests == MAX_EXPORT) {
		errno = ENOSPC;
		return (-1);
	}
	e->fds[e->ndests] = fd;
	e->session.dest[e->ndests].sequence = sequence;
	if (before != NULL)
		e->session.dest[e->ndests].counters = *before;
	e->ndests++;
	if (payload_max < PAYLOAD_MIN)
		payload_max = PAYLOAD_MIN;
	if (payload_max < e->payload_max)
		e->payload_max = payload_max;
	e->session.templates_sent = 0;
	export_templates(e);
	return (0);
}

void
export_set_clock(struct export *e, const struct export_clock *clock)
{
	e->clock = *clock;
}

static int
templates_due(const struct export *e)
{
	return (e->session.templates_now ||
	    e->clock.uptime_ms >= e->session.templates_at_ms ||
	    e->session.datagrams >= e->config.template_datagrams);
}

static void
add_templates(struct export *e)
{
	uint64_t	interval_ms;

	e->encoder->templates(&e->hand->datagram);
	interval_ms = (uint64_t)e->config.template_seconds * 1000;
	if (e->session.templates_sent < nitems(early_ms)) {
		if (interval_ms > early_ms[e->session.templates_sent])
			interval_ms = early_ms[e->session.templates_sent];
		e->session.templates_sent++;
	}
	e->session.templates_at_ms = e->clock.uptime_ms + interval_ms;
	e->session.templates_now = 0;
	e->session.datagrams = 0;
}

/*
 * Records say their times relative to boot as this datagram's header gives
 * it, so that is settled now, whatever becomes of the wall clock until the
 * datagram is sent.
 */
static void
begin(struct export *e)
{
	struct datagram	*d = &e->hand->datagram;

	memset(d, 0, sizeof(*d));
	d->len = e->encoder->header;
	d->max = e->payload_max;
	d->boot_ms = (int64_t)(e->clock.unix_us / 1000) -
	    (int64_t)e->clock.uptime_ms;
	d->oldest_ms = (int64_t)(e->clock.unix_us / 1000);
	if (d->oldest_ms < e->session.sent_ms)
		d->oldest_ms = e->session.sent_ms;
	d->newest_ms = d->oldest_ms + DATAGRAM_REACH_MS;
	d->oldest_ms -= DATAGRAM_REACH_MS;
	d->source_id = e->config.source_id;
	d->sampling = e->config.sampling;
	e->hand->receivers = e->ndests;
	if (e->encoder->templates != NULL && templates_due(e))
		add_templates(e);
}

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

/* Send to one destination and count that; whether it went. */
static int
send_to(struct export *e, unsigned int i)
{
	struct datagram		*d = &e->hand->datagram;
	ssize_t			 n;
	int			 refused = 0;

	datagram_patch(d, e->encoder->sequence_off,
	    e->session.dest[i].sequence, 4);
	do {
		n = e->send(e->fds[i], d->data, d->len);
	} while (n == -1 && try_again(e, e->fds[i], errno, &refused));

	return (n != -1 && (size_t)n == d->len);
}

static void
count_sent(struct export *e, unsigned int i, int sent)
{
	const struct datagram	*d = &e->hand->datagram;
	struct export_counters	*c = &e->session.dest[i].counters;

	if (sent) {
		c->datagrams++;
		c->octets += d->len;
		c->records += d->flows;
	} else {
		c->failures++;
		c->records_lost += d->flows;
	}
	/* A datagram lost here is a gap for the collector, too. */
	e->session.dest[i].sequence += e->hand->advance;
}

/*
 * Send the datagram in hand to all from hand->dest on, account for it and
 * forget it.  Up to the call of settled() it can be sent again, from there
 * on it cannot.
 */
static void
send_all(struct export *e, struct counters *c)
{
	struct export_hand	*h = e->hand;
	unsigned int		 i, taken = 0;

	for (i = h->dest; i < h->receivers; i++) {
		h->dest = i;
		order_stores();
		h->sent[i] = (uint8_t)send_to(e, i);
	}
	for (i = 0; i < h->receivers; i++) {
		taken += h->sent[i];
		count_sent(e, i, h->sent[i]);
	}
	if (taken > 0) {
		c->flows_exported += h->nflows;
		c->packets_exported += h->packets;
		c->octets_exported += h->octets;
	} else {
		c->flows_unsent += h->nflows;
		c->packets_unsent += h->packets;
	}
	c->times_clamped += h->datagram.clamped;
	e->session.datagrams++;
	e->session.settled = h->number;
	if (e->settled != NULL)
		e->settled(e->settled_arg, h->flow, h->nflows);
	h->nflows = 0;
	order_stores();
	h->sending = 0;
	h->packets = h->octets = 0;
	h->datagram.len = 0;
}

/*
 * The export time never steps back, or data might seem older than their
 * template (RFC 7011 section 8.2).  Uptime is moved along with it, which leaves
 * the times of the records what they are.
 */
void
export_flush(struct export *e, struct counters *c)
{
	struct export_hand	*h = e->hand;
	struct datagram		*d = &h->datagram;

	if (d->len == 0)
		return;
	d->unix_ms = d->boot_ms + (int64_t)e->clock.uptime_ms;
	if (d->unix_ms < e->session.sent_ms)
		d->unix_ms = e->session.sent_ms;
	h->advance = e->encoder->finish(d);
	e->session.sent_ms = d->unix_ms;
	h->number = e->session.settled + 1;
	h->dest = 0;
	order_stores();
	h->sending = 1;
	order_stores();
	send_all(e, c);
}

int
export_resumable(const struct export *e, const struct export_session *session)
{
	const struct export_hand	*h = e->hand;

	return (h->sending && h->number == session->settled + 1 &&
	    h->receivers <= e->ndests && h->dest < h->receivers &&
	    h->nflows <= EXPORT_FLOWS && h->advance <= 2 * EXPORT_FLOWS &&
	    h->datagram.len >= e->encoder->header &&
	    h->datagram.len <= e->payload_max);
}

void
export_adopt(struct export *e, const struct export_session *session,
    int resend)
{
	struct export_hand	*h = e->hand;
	int64_t			 now_ms = (int64_t)(e->clock.unix_us / 1000);

	e->session = *session;
	/* Live, wrong times must not stay wrong. */
	if (now_ms != 0 && e->session.sent_ms > now_ms + SENT_AHEAD_MS)
		e->session.sent_ms = now_ms;
	if (e->session.templates_at_ms > e->clock.uptime_ms +
	    e->config.template_seconds * 1000ULL)
		e->session.templates_now = 1;
	if (resend)
		return;
	h->nflows = 0;
	h->sending = 0;
	h->packets = h->octets = 0;
	h->datagram.len = 0;
}

void
export_resend(struct export *e, struct counters *c)
{
	unsigned int	i;

	for (i = 0; i < e->hand->dest; i++)
		e->hand->sent[i] = e->hand->sent[i] != 0;
	c->datagrams_repeated++;
	send_all(e, c);
}

/*
 * Both records of a flow go into one datagram.  PAYLOAD_MIN holds them and
 * the templates, so that an empty datagram always takes them.
 */
static void
append(struct export *e, const struct flow *f, uint32_t idx,
    uint8_t end_reason, struct counters *c)
{
	struct export_hand	*h = e->hand;

	if (h->nflows == EXPORT_FLOWS)
		export_flush(e, c);
	if (h->datagram.len == 0)
		begin(e);
	if (e->encoder->flow(&h->datagram, f, end_reason) == -1) {
		export_flush(e, c);
		begin(e);
		(void)e->encoder->flow(&h->datagram, f, end_reason);
	}
	h->packets += f->packets[0] + f->packets[1];
	h->octets += f->octets[0] + f->octets[1];
	h->flow[h->nflows] = idx;
	order_stores();
	h->nflows++;
}

int
export_flow(struct export *e, const struct flow *f, uint32_t idx,
    enum expire_reason why, struct counters *c)
{
	uint64_t	packets;

	packets = f->packets[0] + f->packets[1];
	if (packets == 0)
		return (0);
	if (e->ndests == 0) {
		c->flows_no_collector++;
		c->packets_no_collector += packets;
		return (0);
	}
	if (f->key.family == 6 && !e->encoder->ipv6) {
		c->flows_not_exportable++;
		c->packets_not_exportable += packets;
		return (0);
	}
	append(e, f, idx, expire_end_reason(why), c);
	return (1);
}

void
export_tick(struct export *e, struct counters *c)
{
	if (e->ndests == 0 || e->encoder->templates == NULL ||
	    !templates_due(e))
		return;
	export_flush(e, c);
	begin(e);
	export_flush(e, c);
}

void
export_templates(struct export *e)
{
	e->session.templates_now = 1;
}

unsigned int
export_count(const struct export *e)
{
	return (e->ndests);
}

const struct export_counters *
export_counters(const struct export *e, unsigned int slot)
{
	return (&e->session.dest[slot].counters);
}

uint32_t
export_sequence(const struct export *e, unsigned int slot)
{
	return (e->session.dest[slot].sequence);
}

void
export_session(const struct export *e, struct export_session *session)
{
	memcpy(session, &e->session, offsetof(struct export_session, dest) +
	    e->ndests * sizeof(e->session.dest[0]));
}
