/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The metering process, in the worker: decode a batch, hash it, fetch what
 * it will touch, then account packet by packet.  No allocation, system call
 * or clock read for a packet.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "meter.h"

#define OVERBYTES_V5	(1ULL << 31)	/* octets; v5 counts in 32 bits */

#define DATAGRAM_SPAN_US 86400000000ULL	/* a savefile's datagram covers less */

/* A conversation that is our own export to one collector. */
struct meter_own {
	struct flow_key	key;
	int		known;
};

struct meter {
	struct summary_state	 stats;
	struct track		*track;
	struct expire		*expire;
	struct export		*export;
	struct timeouts		 timeouts;
	enum track_level	 level;
	uint32_t		 sampling;
	uint32_t		 sample_left;
	uint64_t		 now_us;
	uint64_t		 scanned_us;
	struct meter_own	 own[MAX_EXPORT];
	struct msg_addr		 remote[MAX_EXPORT];
	struct export_counters	 before[MAX_EXPORT];	/* other generations */
	unsigned int		 nexport;
	uint32_t		 own_flows;	/* in the table */
	int			 savefile;
	int			 begun;		/* savefile: it has a packet */
	uint64_t		 boot_us;	/* savefile: packet time, */
	uint64_t		 clock_us;	/* as is the time of export */
};

struct meter *
meter_new(const struct msg_conf *conf, export_send_fn *send_fn)
{
	struct export_config	 config = { 0 };
	struct meter		*m;
	uint8_t			 secret[16];

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return (NULL);
	summary_init(&m->stats);
	m->stats.summary.counters = conf->counters;
	m->stats.summary.max_flows = conf->max_flows;
	m->stats.summary.version = conf->version;
	m->stats.summary.since_us = (uint64_t)conf->boot_unix_us;
	m->savefile = (conf->flags & CONF_SAVEFILE) != 0;
	if (!m->savefile)
		m->stats.summary.flags |= SUMMARY_LIVE;
	if (conf->sampling > 1)
		m->stats.summary.flags |= SUMMARY_SAMPLED;
	m->timeouts = conf->timeouts;
	m->level = conf->track_level;
	m->sampling = conf->sampling;
	m->sample_left = 1;
	config.version = (uint16_t)conf->version;
	config.source_id = conf->source_id;
	config.sampling = conf->sampling;
	config.template_seconds = conf->template_seconds;
	config.template_datagrams = conf->template_datagrams;
	arc4random_buf(secret, sizeof(secret));
	m->track = track_new(conf->max_flows, secret);
	explicit_bzero(secret, sizeof(secret));
	if (m->track == NULL ||
	    (m->expire = expire_new(m->track, &conf->timeouts,
	    conf->version == 5 ? OVERBYTES_V5 : UINT64_MAX)) == NULL ||
	    (m->export = export_new(&config, send_fn)) == NULL)
		return (NULL);
	return (m);
}

/*
 * Both directions of our datagrams to a collector have this key.  The decoder
 * orders endpoints; so must we.
 */
static void
meter_own_key(struct meter_own *own, const struct msg_addr *a,
    const struct msg_addr *b)
{
	int	order;

	memset(own, 0, sizeof(*own));
	if (a->family == 0 || a->family != b->family)
		return;
	order = memcmp(a->addr, b->addr, sizeof(a->addr));
	if (order > 0 || (order == 0 && a->port > b->port)) {
		meter_own_key(own, b, a);
		return;
	}
	memcpy(own->key.addr[0], a->addr, sizeof(a->addr));
	memcpy(own->key.addr[1], b->addr, sizeof(b->addr));
	own->key.port[0] = a->port;
	own->key.port[1] = b->port;
	own->key.proto = 17;
	own->key.family = a->family;
	own->known = 1;
}

int
meter_add_export(struct meter *m, int fd, const struct msg_export *conf)
{
	if (m->nexport >= MAX_EXPORT || conf->slot != m->nexport) {
		errno = EINVAL;
		return (-1);
	}
	if (export_add(m->export, fd, conf->sequence,
	    (uint16_t)conf->payload_max) == -1)
		return (-1);
	/* Without ports in the key our datagrams cannot be told apart. */
	if (m->level >= TRACK_PORT)
		meter_own_key(&m->own[m->nexport], &conf->local,
		    &conf->remote);
	m->remote[m->nexport] = conf->remote;
	m->before[m->nexport] = conf->counters;
	m->nexport++;
	return (0);
}

static int
meter_is_own(const struct meter *m, const struct flow_key *key)
{
	unsigned int	i;

	if (key->proto != 17)
		return (0);
	for (i = 0; i < m->nexport; i++)
		if (m->own[i].known &&
		    memcmp(&m->own[i].key, key, sizeof(*key)) == 0)
			return (1);
	return (0);
}

/*
 * A savefile's export time is the end of the latest flow exported so far: as
 * near as a live daemon could have sent it, and within what 32 bits of
 * milliseconds can say, however long the file is.
 */
static void
meter_file_clock(struct meter *m, uint64_t now_us)
{
	struct export_clock	clock;

	if (now_us < m->clock_us)
		return;
	if (now_us - m->clock_us > DATAGRAM_SPAN_US)
		meter_flush(m);
	m->clock_us = now_us;
	clock.unix_us = now_us;
	clock.uptime_ms = now_us < m->boot_us ? 0 :
	    (now_us - m->boot_us) / 1000;
	export_set_clock(m->export, &clock);
}

/*
 * The last packet of a flow, but not ahead of the packets being read: a
 * frame with a wrong clock must not carry all later datagrams away.
 */
static uint64_t
meter_flow_end(const struct meter *m, const struct flow *flow)
{
	uint64_t	end;

	end = flow->last_us[0] > flow->last_us[1] ? flow->last_us[0] :
	    flow->last_us[1];
	return (end < m->now_us ? end : m->now_us);
}

/*
 * A flow that is off the wheel: account, export, forget.  Returns whether it
 * was a flow to export, not our own export traffic.
 */
static int
meter_end_flow(struct meter *m, uint32_t idx, enum expire_reason why)
{
	struct flow	*flow = track_flow(m->track, idx);
	int		 own = (flow->flags & FLOW_OWN) != 0;

	if (own) {
		m->own_flows--;
	} else {
		if (m->savefile)
			meter_file_clock(m, meter_flow_end(m, flow));
		summary_expired(&m->stats, flow, why);
		export_flow(m->export, flow, why, &m->stats.summary.counters);
	}
	track_remove(m->track, idx);
	return (!own);
}

static uint32_t
meter_new_flow(struct meter *m, const struct packet *pkt, uint32_t hash)
{
	uint32_t	idx;

	while ((idx = track_insert(m->track, &pkt->key, hash)) == TRACK_NONE)
		meter_end_flow(m, expire_victim(m->expire), EXPIRE_MAXFLOWS);
	if (meter_is_own(m, &pkt->key)) {
		track_flow(m->track, idx)->flags |= FLOW_OWN;
		m->own_flows++;
	} else
		m->stats.summary.counters.flows++;
	track_update(track_flow(m->track, idx), pkt);
	expire_add(m->expire, idx);
	return (idx);
}

static void
meter_packet(struct meter *m, const struct packet *pkt, uint32_t hash)
{
	struct counters		*c = &m->stats.summary.counters;
	enum expire_reason	 why;
	struct flow		*flow;
	uint32_t		 idx;

	idx = track_find(m->track, &pkt->key, hash);
	if (idx != TRACK_NONE) {
		flow = track_flow(m->track, idx);
		why = expire_before(m->expire, flow, pkt);
		if (why == EXPIRE_NONE) {
			track_update(flow, pkt);
		} else {
			expire_remove(m->expire, idx);
			meter_end_flow(m, idx, why);
			idx = TRACK_NONE;
		}
	}
	if (idx == TRACK_NONE)
		flow = track_flow(m->track, meter_new_flow(m, pkt, hash));
	if (flow->flags & FLOW_OWN) {
		c->own_export++;
		return;
	}
	c->packets++;
	c->octets += pkt->octets;
	if (pkt->flags != 0) {
		c->fragments += (pkt->flags & PACKET_FRAGMENT) != 0;
		c->ports_missing += (pkt->flags & PACKET_NO_PORTS) != 0;
		c->ipv6_ext_missing += (pkt->flags & PACKET_EXT_CUT) != 0;
	}
}

/* The boot time of a savefile run is a whole second before its first packet. */
static void
meter_first_packet(struct meter *m, uint64_t first_us)
{
	uint64_t	second = first_us - first_us % 1000000;

	m->begun = 1;
	m->boot_us = second < 1000000 ? 0 : second - 1000000;
	m->stats.summary.since_us = first_us;
	meter_file_clock(m, first_us);
}

/* Whether a frame gives a packet to account; counted if not. */
static int
meter_decode(struct meter *m, enum link_type link, const struct frame *frame,
    struct packet *pkt)
{
	struct counters		*c = &m->stats.summary.counters;
	enum packet_result	 result;

	c->frames++;
	c->octets_wire += frame->wirelen;
	if (frame->flags != 0) {
		if (frame->flags & FRAME_FILTERED)
			c->frames_filtered++;
		else
			c->loopback_outgoing++;
		return (0);
	}
	result = packet_decode(link, frame, m->level, pkt);
	if (result != PACKET_OK) {
		(*packet_drop_counter(c, result))++;
		return (0);
	}
	/* Every N-th IP packet: what is not IP must not disturb the rate. */
	if (m->sampling > 1) {
		if (--m->sample_left > 0) {
			c->not_sampled++;
			return (0);
		}
		m->sample_left = m->sampling;
	}
	return (1);
}

void
meter_frames(struct meter *m, enum link_type link,
    const struct frame *frames, int n)
{
	struct packet	pkt[MAX_BATCH];
	uint32_t	hash[MAX_BATCH];
	int		i, npkt = 0;

	if (n <= 0)
		return;
	if (m->savefile && !m->begun)
		meter_first_packet(m, frames[0].time_us);
	for (i = 0; i < n && i < MAX_BATCH; i++)
		npkt += meter_decode(m, link, &frames[i], &pkt[npkt]);
	for (i = 0; i < npkt; i++) {
		hash[i] = track_hash(m->track, &pkt[i].key);
		track_prefetch(m->track, hash[i]);
	}
	for (i = 0; i < npkt; i++)
		track_prefetch_record(m->track, hash[i]);
	m->now_us = frames[n - 1].time_us;
	for (i = 0; i < npkt; i++)
		meter_packet(m, &pkt[i], hash[i]);
}

void
meter_tick(struct meter *m, uint64_t now_us)
{
	struct counters		*c = &m->stats.summary.counters;
	enum expire_reason	 why;
	uint64_t		 interval;
	uint32_t		 idx;

	export_tick(m->export, c);
	if (now_us < m->scanned_us)
		m->scanned_us = now_us;		/* the clock was set back */
	interval = (uint64_t)m->timeouts.seconds[TIMEOUT_EXPINT] * 1000000;
	if (now_us - m->scanned_us < interval)
		return;
	m->scanned_us = now_us;
	while ((idx = expire_next(m->expire, now_us, &why)) != TRACK_NONE)
		meter_end_flow(m, idx, why);
	export_flush(m->export, c);
}

void
meter_set_clock(struct meter *m, const struct export_clock *clock)
{
	export_set_clock(m->export, clock);
}

uint64_t
meter_now(const struct meter *m)
{
	return (m->now_us);
}

uint64_t
meter_expire_all(struct meter *m)
{
	uint64_t	count = 0;
	uint32_t	idx;

	for (idx = track_next(m->track, 0); idx != TRACK_NONE;
	    idx = track_next(m->track, idx + 1)) {
		expire_remove(m->expire, idx);
		count += (uint64_t)meter_end_flow(m, idx, EXPIRE_FLUSH);
	}
	export_flush(m->export, &m->stats.summary.counters);
	return (count);
}

uint64_t
meter_delete_all(struct meter *m)
{
	struct counters	*c = &m->stats.summary.counters;
	struct flow	*flow;
	uint64_t	 count = 0;
	uint32_t	 idx;

	for (idx = track_next(m->track, 0); idx != TRACK_NONE;
	    idx = track_next(m->track, idx + 1)) {
		flow = track_flow(m->track, idx);
		if (flow->flags & FLOW_OWN) {
			m->own_flows--;
		} else {
			c->flows_deleted++;
			c->packets_deleted += flow->packets[0] +
			    flow->packets[1];
			count++;
		}
		expire_remove(m->expire, idx);
		track_remove(m->track, idx);
	}
	return (count);
}

void
meter_flush(struct meter *m)
{
	export_flush(m->export, &m->stats.summary.counters);
}

void
meter_send_templates(struct meter *m)
{
	export_templates(m->export);
}

uint64_t
meter_active_packets(const struct meter *m)
{
	const struct counters	*c = &m->stats.summary.counters;

	/* What was accounted and has not left the table. */
	return (c->packets - c->packets_exported -
	    c->packets_not_exportable - c->packets_unsent -
	    c->packets_no_collector - c->packets_deleted - c->packets_lost);
}

struct counters *
meter_counters(struct meter *m)
{
	return (&m->stats.summary.counters);
}

const struct summary *
meter_summary(struct meter *m)
{
	m->stats.summary.active_flows = track_count(m->track) - m->own_flows;
	return (&m->stats.summary);
}

const struct summary_proto *
meter_protos(const struct meter *m)
{
	return (m->stats.proto);
}

unsigned int
meter_exports(const struct meter *m, struct summary_export *rows,
    unsigned int max)
{
	const struct export_counters	*c;
	unsigned int			 i;

	for (i = 0; i < m->nexport && i < max; i++) {
		c = export_counters(m->export, i);
		memset(&rows[i], 0, sizeof(rows[i]));
		rows[i].slot = i;
		rows[i].remote = m->remote[i];
		rows[i].sequence = export_sequence(m->export, i);
		rows[i].counters = m->before[i];
		rows[i].counters.datagrams += c->datagrams;
		rows[i].counters.octets += c->octets;
		rows[i].counters.records += c->records;
		rows[i].counters.failures += c->failures;
		rows[i].counters.records_lost += c->records_lost;
	}
	return (i);
}

const struct track *
meter_table(const struct meter *m)
{
	return (m->track);
}

const struct expire *
meter_expire(const struct meter *m)
{
	return (m->expire);
}
