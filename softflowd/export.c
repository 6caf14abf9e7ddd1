/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * One collector and the datagrams in hand for it.  Worker, confined:
 * export_train.c sends them.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "expire.h"
#include "export_state.h"
#include "psamp.h"

#define CLOCK_SLACK_MS	1000		/* is no step of the clock */
#define SENT_AHEAD_MS	3600000	/* a clock set back by more is believed */

/*
 * A collector that loses the first templates cannot read a thing until the
 * next ones: at the start they follow each other at these intervals.
 */
static const uint32_t	early_ms[] = { 1000, 4000 };

struct export *
export_new(const struct export_config *config, export_send_fn *send_fn,
    struct export_hand *hands)
{
	const struct netflow_encoder	*encoder;
	struct export			*e;
	unsigned int			 i;

	encoder = netflow_encoder(config->format.version);
	if (encoder == NULL || (encoder == &netflow5_encoder &&
	    config->sampling > NETFLOW5_SAMPLING_MAX)) {
		errno = EINVAL;
		return (NULL);
	}
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return (NULL);
	e->encoder = encoder;
	if (encoder != &psamp_encoder && layout_choose(&e->layout,
	    &config->format, config->sides != NULL) == -1) {
		free(e);
		errno = EINVAL;
		return (NULL);
	}
	layout_identify(&e->layout, &config->identity);
	e->config = *config;
	/* Reports differ in length, and do not wait for each other. */
	if (config->format.version == VERSION_PSAMP)
		e->config.train = 1;
	e->send = send_fn;
	if (hands == NULL)
		hands = e->own_hands;
	for (i = 0; i < EXPORT_LANES; i++)
		e->lane[i].hand = &hands[i];
	e->payload_max = e->encoder->payload_max;
	e->train = 1;
	e->fd = -1;
	return (e);
}

void
export_free(struct export *e)
{
	if (e == NULL)
		return;
	if (e->fd != -1)
		close(e->fd);
	stream_free(e->stream);
	free(e);
}

void
export_on_settled(struct export *e, export_settled_fn *settled, void *arg,
    unsigned int slot)
{
	e->settled = settled;
	e->settled_arg = arg;
	e->slot = slot;
}

void
export_on_totals(struct export *e, export_totals_fn *totals, void *arg)
{
	e->totals = totals;
	e->totals_arg = arg;
}

void
export_segments(struct export *e, export_segment_fn *segment)
{
	e->segment = segment;
	e->train = segment == NULL ? 1 : e->config.train;
}

void
export_patience(struct export *e, export_wait_fn *wait, unsigned int times)
{
	e->wait = wait;
	e->patience = e->full && times > 1 ? 1 : times;
}

void
export_open(struct export *e, int fd, uint32_t sequence,
    const struct export_counters *before)
{
	export_up(e, fd);
	e->session.sequence = sequence;
	if (before != NULL)
		e->session.counters = *before;
}

void
export_up(struct export *e, int fd)
{
	if (e->fd != -1)
		close(e->fd);
	e->fd = fd;
	e->cut = CUT_UNKNOWN;
	e->session.templates_sent = 0;
	export_templates(e);
}

void
export_payload(struct export *e, uint32_t octets)
{
	e->payload_max = octets < PAYLOAD_MIN ? PAYLOAD_MIN : octets;
	if (e->payload_max > e->encoder->payload_max)
		e->payload_max = e->encoder->payload_max;
	e->cut = CUT_UNKNOWN;	/* what did not cut may do so now */
}

void
export_set_clock(struct export *e, const struct export_clock *clock)
{
	/* Set back: the time of our start is not what it was. */
	if (clock->unix_us + CLOCK_SLACK_MS * 1000 < e->clock.unix_us)
		e->session.statistics_at_ms = 0;
	e->clock = *clock;
}

/* Even where nothing else is to be sent; those of a stream's preface hold. */
static int
templates_wanted(const struct export *e)
{
	return (e->encoder->templates != NULL && (e->session.templates_now ||
	    (e->stream == NULL &&
	    e->clock.uptime_ms >= e->session.templates_at_ms)));
}

static int
templates_due(const struct export *e)
{
	return (templates_wanted(e) || (e->encoder->templates != NULL &&
	    e->stream == NULL && (e->session.unheard ||
	    e->session.datagrams >= e->config.template_datagrams)));
}

static void
count_templates(struct export *e)
{
	uint64_t	interval_ms;

	interval_ms = (uint64_t)e->config.template_seconds * 1000;
	if (e->session.templates_sent < nitems(early_ms)) {
		if (interval_ms > early_ms[e->session.templates_sent])
			interval_ms = early_ms[e->session.templates_sent];
		e->session.templates_sent++;
	}
	e->session.templates_at_ms = e->clock.uptime_ms + interval_ms;
	e->session.templates_now = e->session.unheard = 0;
	e->session.interface = 1;
	e->session.datagrams = 0;
}

/*
 * Records say their times relative to boot as this datagram's header gives
 * it, so that is settled now, whatever becomes of the wall clock until the
 * datagram is sent.
 */
static void
begin_empty(struct export *e, struct export_lane *l)
{
	struct export_hand	*h = l->hand;
	struct datagram		*d = &l->datagram;

	memset(&l->filling, 0, sizeof(l->filling));
	export_datagram(e, d, h->data + export_octets(h, 0, h->pieces));
	/* The first of a train is the longest. */
	if (h->pieces > 0)
		d->max = h->piece[0].len;
}

void
export_datagram(const struct export *e, struct datagram *d, uint8_t *data)
{
	memset(d, 0, sizeof(*d));
	d->data = data;
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
	d->layout = &e->layout;
}

/* End the datagram that is being filled. */
static void
end_datagram(struct export *e, struct export_lane *l, struct counters *c)
{
	struct export_hand	*h = l->hand;
	struct datagram		*d = &l->datagram;
	struct export_piece	*p = &l->filling;

	if (d->len == e->encoder->header) {
		d->len = 0;		/* templates had no room for more */
		e->templating = 0;
		return;
	}
	p->advance = e->encoder->finish(d);
	p->boot_ms = d->boot_ms;
	e->session.datagrams++;
	p->len = (uint32_t)d->len;
	p->records = d->flows;
	p->clamped = d->clamped;
	p->cut = d->cut;
	h->piece[h->pieces++] = *p;
	h->nflows += p->nflows;
	d->len = 0;
	if (e->templating || h->pieces >= e->train ||
	    p->len < h->piece[0].len)
		export_depart(e, h, c);
	e->templating = 0;
}

/* Begin one, behind all templates if they are due. */
static void
begin(struct export *e, struct export_lane *l, struct counters *c)
{
	unsigned int	next = 0;
	int		due = templates_due(e);

	begin_empty(e, l);
	if (!due)
		return;
	count_templates(e);
	for (;;) {
		e->templating = 1;
		if ((next = e->encoder->templates(&l->datagram, next)) == 0)
			return;
		end_datagram(e, l, c);
		begin_empty(e, l);
	}
}

void
export_flush(struct export *e, struct counters *c)
{
	struct export_lane	*l;

	for (l = e->lane; l < e->lane + EXPORT_LANES; l++) {
		if (l->datagram.len != 0)
			end_datagram(e, l, c);
		export_depart(e, l->hand, c);
	}
}

void
export_adopt(struct export *e, const struct export_session *session,
    struct export_hand *resend)
{
	int64_t		now_ms = (int64_t)(e->clock.unix_us / 1000);
	unsigned int	i;

	e->session = *session;
	/* Live, wrong times must not stay wrong. */
	if (now_ms != 0 && e->session.sent_ms > now_ms + SENT_AHEAD_MS)
		e->session.sent_ms = now_ms;
	/* Some may have been in hand; a stream begins with them anyway. */
	e->session.templates_now = e->stream == NULL;
	for (i = 0; i < EXPORT_LANES; i++)
		if (e->lane[i].hand != resend)
			export_forget(e->lane[i].hand);
}

void
export_renew(struct export *e)
{
	unsigned int	i;

	for (i = 0; i < EXPORT_LANES; i++)
		export_forget(e->lane[i].hand);
	export_stream_begin(e, 0);
}

void
export_sampling(struct export *e, uint32_t sampling)
{
	e->config.sampling = sampling;
	e->session.statistics_at_ms = 0;
	if (e->encoder == &psamp_encoder)
		export_templates(e);
}

/* Where a flow goes.  Nothing that has begun may come behind templates. */
static struct export_lane *
lane_for(struct export *e, const struct flow *f, struct counters *c)
{
	struct export_lane	*l = e->lane;

	if (e->train == 1 || e->templating)
		return (l);
	l += f->key.family == 6;
	if (l->datagram.len != 0 || !templates_due(e))
		return (l);
	export_flush(e, c);
	return (e->lane);
}

static int
encode(const struct export *e, struct datagram *d, const struct flow *f,
    uint32_t idx, unsigned int dirs, uint8_t end_reason)
{
	const struct flow_side	*side = e->config.sides;

	return (e->encoder->flow(d, f, side == NULL ? NULL : &side[idx], dirs,
	    end_reason));
}

/*
 * Where both records of a flow do not fit, one may; a full datagram keeps the
 * train together.  The other one must then follow in the same train, which is
 * when the flow is out; the datagram with that one decides what became of it.
 */
static int
split(struct export *e, struct export_lane *l, const struct flow *f,
    uint32_t idx, uint8_t end_reason)
{
	const struct export_hand	*h = l->hand;
	struct datagram			*d = &l->datagram;
	struct datagram			 before = *d;

	if (e->templating || templates_due(e) ||
	    e->session.datagrams + 1 >= e->config.template_datagrams ||
	    h->pieces + 1 >= e->train ||
	    encode(e, d, f, idx, 1, end_reason) == -1)
		return (0);
	if (h->pieces == 0 || datagram_align(d->len) == h->piece[0].len)
		return (1);
	*d = before;
	return (0);
}

/*
 * Begin a datagram with records of a flow.  PAYLOAD_MIN holds them and the
 * templates; only in a train, whose first datagram may hold shorter ones, may
 * there be no room.
 */
static void
begin_with(struct export *e, struct export_lane *l, const struct flow *f,
    uint32_t idx, unsigned int dirs, uint8_t end_reason, struct counters *c)
{
	begin(e, l, c);
	if (encode(e, &l->datagram, f, idx, dirs, end_reason) == 0)
		return;
	export_depart(e, l->hand, c);
	begin(e, l, c);
	(void)encode(e, &l->datagram, f, idx, dirs, end_reason);
}

/* Records of a flow go into one datagram, or two in a row. */
void
export_flow(struct export *e, const struct flow *f, uint32_t idx,
    uint8_t end_reason, struct counters *c)
{
	struct export_lane	*l = lane_for(e, f, c);
	struct export_piece	*p;
	unsigned int		 dirs;

	if (l->datagram.len != 0 && l->filling.nflows == EXPORT_FLOWS) {
		end_datagram(e, l, c);
		l = lane_for(e, f, c);
	}
	dirs = (f->packets[0] != 0) | (unsigned int)(f->packets[1] != 0) << 1;
	if (l->datagram.len == 0)
		begin_with(e, l, f, idx, dirs, end_reason, c);
	else if (encode(e, &l->datagram, f, idx, dirs, end_reason) == -1) {
		if (dirs == 3 && split(e, l, f, idx, end_reason)) {
			end_datagram(e, l, c);
			dirs = 2;
		} else {
			end_datagram(e, l, c);
			l = lane_for(e, f, c);
		}
		begin_with(e, l, f, idx, dirs, end_reason, c);
	}
	p = &l->filling;
	p->packets += f->packets[0] + f->packets[1];
	p->octets += f->octets[0] + f->octets[1];
	l->hand->flow[l->hand->nflows + p->nflows++] = idx;
}

int
export_can(const struct export *e, const struct flow *f)
{
	return (f->key.family != 6 || e->encoder->ipv6);
}

/* Names of interfaces follow the templates, in datagrams of their own. */
static void
send_interfaces(struct export *e, struct counters *c)
{
	unsigned int	slot;

	while ((slot = netflow_interface_next(e->session.interface)) != 0) {
		export_flush(e, c);
		begin(e, e->lane, c);
		e->session.interface = netflow_interfaces(&e->lane->datagram,
		    e->config.format.version != NETFLOW9_VERSION, slot);
		export_flush(e, c);
		if (e->session.interface == 0)
			return;
	}
	e->session.interface = 0;
}

/*
 * When we began, by a clock that may have been set back since: no record is
 * older than that.  Uptimes count from what never changes.
 */
static int64_t
said_init(const struct export *e)
{
	int64_t	init_ms = e->config.identity.init_ms, by_clock_ms;

	by_clock_ms = (int64_t)(e->clock.unix_us / 1000) -
	    (int64_t)e->clock.uptime_ms;
	if (init_ms != 0 && e->layout.times != TIMES_UPTIME &&
	    by_clock_ms < init_ms - CLOCK_SLACK_MS)
		return (by_clock_ms);
	return (init_ms);
}

/* Statistics have a datagram of their own, behind the first templates. */
static void
send_statistics(struct export *e, struct counters *c)
{
	const struct layout_identity	*id = &e->config.identity;
	struct export_counters		*own = &e->session.counters;
	struct export_statistics	 s;

	export_flush(e, c);		/* what is in hand counts, too */
	if (templates_due(e)) {
		begin(e, e->lane, c);
		export_flush(e, c);
	}
	(void)export_session(e);
	s = (struct export_statistics){
		.messages = own->datagrams,
		.records = own->records,
		.octets = own->octets,
		.unsent_flows = own->records_lost,
		.unsent_packets = own->packets_lost,
		.unsent_octets = own->octets_lost,
		.unsent_first_us = own->first_lost_us,
		.unsent_last_us = own->last_lost_us,
		.boot_ms = said_init(e),
		.metering_id = e->config.source_id,
		.exporting_id = e->config.source_id,
		.family = id->family
	};
	if (e->stream != NULL)
		export_stream_totals(e, &s);
	memcpy(s.exporter, id->exporter, sizeof(s.exporter));
	e->totals(e->totals_arg, &s);
	begin(e, e->lane, c);
	e->encoder->statistics(&e->lane->datagram, &s);
	export_flush(e, c);
	e->session.statistics_at_ms = e->clock.uptime_ms +
	    (uint64_t)e->config.statistics_seconds * 1000;
}

static int
statistics_due(const struct export *e)
{
	return (e->config.statistics_seconds != 0 && e->totals != NULL &&
	    e->encoder->statistics != NULL &&
	    !(e->config.format.flags & FORMAT_CLASSIC) &&
	    (e->stream == NULL || stream_prefaced(e->stream)) &&
	    e->clock.uptime_ms >= e->session.statistics_at_ms);
}

void
export_tick(struct export *e, struct counters *c)
{
	if (e->fd == -1 && e->stream == NULL)
		return;
	/* A short file ends before the next turn. */
	if (e->stream != NULL && stream_fd(e->stream) != -1 &&
	    !stream_prefaced(e->stream))
		(void)export_stream_write(e, c);
	if (statistics_due(e))
		send_statistics(e, c);
	if (e->session.interface != 0 && e->encoder->templates != NULL)
		send_interfaces(e, c);
	if (!templates_wanted(e))
		return;
	export_flush(e, c);
	begin(e, e->lane, c);
	export_flush(e, c);
}

void
export_templates(struct export *e)
{
	e->session.templates_now = 1;
}

const struct export_session *
export_session(struct export *e)
{
	if (e->stream != NULL && !e->stream_waits)
		export_stream_counters(e);
	return (&e->session);
}

/* The records that it would have made. */
static uint64_t
records_of(const struct export *e, const struct flow *f)
{
	if (e->config.format.flags & FORMAT_BIFLOW)
		return (1);
	return ((uint64_t)(f->packets[0] != 0) + (f->packets[1] != 0));
}

void
export_count_refused(struct export *e, const struct flow *f)
{
	e->session.counters.records_not_exportable += records_of(e, f);
}

void
export_count_lost(struct export *e, const struct flow *f)
{
	export_note_lost(e, records_of(e, f), f->packets[0] + f->packets[1],
	    f->octets[0] + f->octets[1]);
}

static int
put_packet(struct export_lane *l, const struct psamp_packet *p)
{
	if (psamp_packet(&l->datagram, p) == -1)
		return (-1);
	l->filling.packets++;
	l->filling.octets += p->wirelen;
	return (0);
}

/* Templates rather go alone than cut a packet short, but not each time. */
void
export_packet(struct export *e, const struct psamp_packet *p,
    struct counters *c)
{
	struct export_lane	*l = e->lane;

	if (l->datagram.len != 0) {
		if (put_packet(l, p) == 0)
			return;
		end_datagram(e, l, c);
	}
	begin(e, l, c);
	if (l->datagram.templates > 0 && e->config.template_datagrams > 1 &&
	    l->datagram.len + p->caplen + PSAMP_REPORT > l->datagram.max) {
		end_datagram(e, l, c);
		begin(e, l, c);
	}
	(void)put_packet(l, p);
}

void
export_packet_lost(struct export *e, const struct psamp_packet *p)
{
	export_note_lost(e, 1, 1, p->wirelen);
}
