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

struct destination {
	int			fd;
	uint32_t		sequence;	/* of the next datagram */
	struct export_counters	counters;
};

struct export {
	struct export_config		 config;
	const struct netflow_encoder	*encoder;
	export_send_fn			*send;
	struct export_clock		 clock;
	int64_t				 sent_ms;	/* last header's time */

	struct destination		 dests[MAX_EXPORT];
	unsigned int			 ndests;
	size_t				 payload_max;	/* of all routes */

	struct datagram			 datagram;	/* len 0: none */
	unsigned int			 receivers;	/* the first of dests */
	uint64_t			 flows;		/* in the datagram */
	uint64_t			 packets;
	uint64_t			 octets;

	int				 templates_now;
	unsigned int			 templates_sent; /* up to early_ms */
	uint64_t			 templates_at_ms;
	uint32_t			 datagrams;	/* since templates */
};

/*
 * A collector that loses the first templates cannot read a thing until the
 * next ones: at the start they follow each other at these intervals.
 */
static const uint32_t	early_ms[] = { 1000, 4000 };

struct export *
export_new(const struct export_config *config, export_send_fn *send_fn)
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
		close(e->dests[i].fd);
	free(e);
}

int
export_add(struct export *e, int fd, uint32_t sequence, uint16_t payload_max)
{
	struct destination	*dst;

	if (e->ndests == MAX_EXPORT) {
		errno = ENOSPC;
		return (-1);
	}
	dst = &e->dests[e->ndests++];
	dst->fd = fd;
	dst->sequence = sequence;
	if (payload_max < PAYLOAD_MIN)
		payload_max = PAYLOAD_MIN;
	if (payload_max < e->payload_max)
		e->payload_max = payload_max;
	e->templates_sent = 0;
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
	return (e->templates_now ||
	    e->clock.uptime_ms >= e->templates_at_ms ||
	    e->datagrams >= e->config.template_datagrams);
}

static void
add_templates(struct export *e)
{
	uint64_t	interval_ms;

	e->encoder->templates(&e->datagram);
	interval_ms = (uint64_t)e->config.template_seconds * 1000;
	if (e->templates_sent < nitems(early_ms)) {
		if (interval_ms > early_ms[e->templates_sent])
			interval_ms = early_ms[e->templates_sent];
		e->templates_sent++;
	}
	e->templates_at_ms = e->clock.uptime_ms + interval_ms;
	e->templates_now = 0;
	e->datagrams = 0;
}

/*
 * Records say their times relative to boot as this datagram's header gives
 * it, so that is settled now, whatever becomes of the wall clock until the
 * datagram is sent.
 */
static void
begin(struct export *e)
{
	struct datagram	*d = &e->datagram;

	memset(d, 0, sizeof(*d));
	d->len = e->encoder->header;
	d->max = e->payload_max;
	d->boot_ms = (int64_t)(e->clock.unix_us / 1000) -
	    (int64_t)e->clock.uptime_ms;
	d->oldest_ms = (int64_t)(e->clock.unix_us / 1000);
	if (d->oldest_ms < e->sent_ms)
		d->oldest_ms = e->sent_ms;
	d->newest_ms = d->oldest_ms + DATAGRAM_REACH_MS;
	d->oldest_ms -= DATAGRAM_REACH_MS;
	d->source_id = e->config.source_id;
	d->sampling = e->config.sampling;
	e->receivers = e->ndests;
	if (e->encoder->templates != NULL && templates_due(e))
		add_templates(e);
}

/*
 * Send to one destination.  Most errors are what an earlier datagram met, as
 * ICMP told; having been told in turn, this one may go.
 */
static int
send_to(struct export *e, struct destination *dst)
{
	struct datagram	*d = &e->datagram;
	ssize_t		 n;
	int		 refused = 0;

	datagram_patch(d, e->encoder->sequence_off, dst->sequence, 4);
	do {
		n = e->send(dst->fd, d->data, d->len);
	} while (n == -1 && (errno == EINTR || (errno != EAGAIN &&
	    errno != ENOBUFS && errno != EMSGSIZE && !refused++)));

	if (n == -1 || (size_t)n != d->len) {
		dst->counters.failures++;
		dst->counters.records_lost += d->flows;
		return (-1);
	}
	dst->counters.datagrams++;
	dst->counters.octets += d->len;
	dst->counters.records += d->flows;
	return (0);
}

/*
 * The export time never steps back, or data might seem older than their
 * template (RFC 7011 section 8.2).  Uptime is moved along with it, which leaves
 * the times of the records what they are.
 */
void
export_flush(struct export *e, struct counters *c)
{
	struct datagram	*d = &e->datagram;
	uint32_t	 advance;
	unsigned int	 i, taken = 0;

	if (d->len == 0)
		return;
	d->unix_ms = d->boot_ms + (int64_t)e->clock.uptime_ms;
	if (d->unix_ms < e->sent_ms)
		d->unix_ms = e->sent_ms;
	advance = e->encoder->finish(d);
	e->sent_ms = d->unix_ms;

	for (i = 0; i < e->receivers; i++) {
		if (send_to(e, &e->dests[i]) == 0)
			taken++;
		/* A datagram lost here is a gap for the collector, too. */
		e->dests[i].sequence += advance;
	}
	if (taken > 0) {
		c->flows_exported += e->flows;
		c->packets_exported += e->packets;
		c->octets_exported += e->octets;
	} else {
		c->flows_unsent += e->flows;
		c->packets_unsent += e->packets;
	}
	c->times_clamped += d->clamped;
	e->flows = e->packets = e->octets = 0;
	e->datagrams++;
	d->len = 0;
}

/*
 * Both records of a flow go into one datagram.  PAYLOAD_MIN holds them and
 * the templates, so that an empty datagram always takes them.
 */
static void
append(struct export *e, const struct flow *f, uint8_t end_reason,
    struct counters *c)
{
	if (e->datagram.len == 0)
		begin(e);
	if (e->encoder->flow(&e->datagram, f, end_reason) == -1) {
		export_flush(e, c);
		begin(e);
		(void)e->encoder->flow(&e->datagram, f, end_reason);
	}
	e->flows++;
	e->packets += f->packets[0] + f->packets[1];
	e->octets += f->octets[0] + f->octets[1];
}

void
export_flow(struct export *e, const struct flow *f, enum expire_reason why,
    struct counters *c)
{
	uint64_t	packets;

	packets = f->packets[0] + f->packets[1];
	if (packets == 0)
		return;
	if (e->ndests == 0) {
		c->flows_no_collector++;
		c->packets_no_collector += packets;
	} else if (f->key.family == 6 && !e->encoder->ipv6) {
		c->flows_not_exportable++;
		c->packets_not_exportable += packets;
	} else
		append(e, f, expire_end_reason(why), c);
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
	e->templates_now = 1;
}

unsigned int
export_count(const struct export *e)
{
	return (e->ndests);
}

const struct export_counters *
export_counters(const struct export *e, unsigned int slot)
{
	return (&e->dests[slot].counters);
}

uint32_t
export_sequence(const struct export *e, unsigned int slot)
{
	return (e->dests[slot].sequence);
}
