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

#include "meter_state.h"
#include "order.h"

#define OVERBYTES_V5	(1ULL << 31)	/* octets; v5 counts in 32 bits */

#define DATAGRAM_SPAN_US 86400000000ULL	/* a savefile's datagram covers less */

#define TICK_LOOKS	256	/* at flows, in one call of meter_tick() */
#define END_FLOWS	16	/* together */
#define SOME_FLOWS	1024	/* of expire-all, in one go */

void
meter_commit(struct meter *m, uint32_t leaving)
{
	struct estate_state	*draft = estate_draft(m->estate);

	draft->summary = m->stats->summary;
	draft->meter = m->at;
	export_session(m->export, &draft->session);
	draft->batch = m->estate->batch;
	draft->leaving = leaving;
	estate_commit(m->estate);
}

/* A flow has left the table and is counted; commit and free that one. */
static void
meter_gone(struct meter *m, uint32_t idx)
{
	meter_commit(m, idx + 1);
	track_release(m->track, idx);
	order_stores();
	estate_current(m->estate)->leaving = 0;
}

static void
meter_count_gone(struct meter *m, const struct flow *flow)
{
	m->at.octets_left += flow->octets[0] + flow->octets[1];
}

/* A datagram is out; export has counted it. */
static void
meter_settled(void *arg, const uint32_t *flows, uint32_t n)
{
	const struct flow	*flow;
	struct meter		*m = arg;
	uint32_t		 i;

	for (i = 0; i < n; i++) {
		flow = track_flow(m->track, flows[i]);
		summary_expired(m->stats, flow,
		    (enum expire_reason)flow->reason);
		meter_count_gone(m, flow);
	}
	meter_commit(m, 0);
	for (i = 0; i < n; i++)
		track_release(m->track, flows[i]);
}

void
meter_begin(struct meter *m)
{
	struct summary	*summary = &m->stats->summary;

	estate_init(m->estate, m->conf.max_flows);
	summary_init(m->stats);
	summary->counters = m->conf.counters;
	summary->counters.flows_lost += m->conf.lost_flows;
	summary->counters.packets_lost += m->conf.lost_packets;
	summary->max_flows = m->conf.max_flows;
	summary->version = m->conf.version;
	summary->since_us = (uint64_t)m->conf.boot_unix_us;
	if (!m->savefile)
		summary->flags |= SUMMARY_LIVE;
	if (m->conf.sampling > 1)
		summary->flags |= SUMMARY_SAMPLED;
	memset(&m->at, 0, sizeof(m->at));
	m->at.sample_left = 1;
}

static int
meter_new_parts(struct meter *m, export_send_fn *send_fn)
{
	const struct msg_conf	*conf = &m->conf;
	struct export_config	 config = { 0 };
	struct track_memory	 memory = estate_records(m->estate);
	uint8_t			 secret[16];

	config.version = (uint16_t)conf->version;
	config.source_id = conf->source_id;
	config.sampling = conf->sampling;
	config.template_seconds = conf->template_seconds;
	config.template_datagrams = conf->template_datagrams;
	arc4random_buf(secret, sizeof(secret));
	m->track = track_new(conf->max_flows, secret, &memory);
	explicit_bzero(secret, sizeof(secret));
	if (m->track == NULL ||
	    (m->expire = expire_new(m->track, &conf->timeouts,
	    conf->version == 5 ? OVERBYTES_V5 : UINT64_MAX)) == NULL ||
	    (m->export = export_new(&config, send_fn,
	    &m->estate->hand)) == NULL)
		return (-1);
	export_on_settled(m->export, meter_settled, m);
	return (0);
}

struct meter *
meter_new(const struct msg_conf *conf, struct estate *estate,
    export_send_fn *send_fn)
{
	struct meter	*m;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return (NULL);
	m->conf = *conf;
	m->estate = estate;
	m->stats = &estate->stats;
	m->savefile = (conf->flags & CONF_SAVEFILE) != 0;
	m->victims = conf->max_flows / 64;
	if (m->victims < 1)
		m->victims = 1;
	if (m->victims > EXPIRE_VICTIMS)
		m->victims = EXPIRE_VICTIMS;
	m->adopting = conf->flags & CONF_ADOPT &&
	    estate_valid(estate, conf->max_flows);
	if (!m->adopting)
		meter_begin(m);
	return (meter_new_parts(m, send_fn) == -1 ? NULL : m);
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
	    (uint16_t)conf->payload_max, &conf->counters) == -1)
		return (-1);
	/* Without ports in the key our datagrams cannot be told apart. */
	if (m->conf.track_level >= TRACK_PORT)
		meter_own_key(&m->own[m->nexport], &conf->local,
		    &conf->remote);
	m->remote[m->nexport] = conf->remote;
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
void
meter_file_clock(struct meter *m, uint64_t now_us)
{
	struct export_clock	clock;

	if (now_us < m->at.clock_us)
		return;
	if (now_us - m->at.clock_us > DATAGRAM_SPAN_US)
		meter_flush(m);
	m->at.clock_us = now_us;
	clock.unix_us = now_us;
	clock.uptime_ms = now_us < m->at.boot_us ? 0 :
	    (now_us - m->at.boot_us) / 1000;
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
	return (end < m->at.now_us ? end : m->at.now_us);
}

void
meter_leave(struct meter *m, uint32_t idx, enum expire_reason why)
{
	struct counters		*c = &m->stats->summary.counters;
	const struct flow	*flow = track_flow(m->track, idx);

	if (m->savefile)
		meter_file_clock(m, meter_flow_end(m, flow));
	if (export_flow(m->export, flow, idx, why, c))
		return;
	summary_expired(m->stats, flow, why);
	meter_count_gone(m, flow);
	meter_gone(m, idx);
}

/*
 * A flow that is off the wheel: out of the table, and exported.  Returns
 * whether it was a flow to export, not our own export traffic.
 */
static int
meter_end_flow(struct meter *m, uint32_t idx, enum expire_reason why)
{
	if (track_flow(m->track, idx)->flags & FLOW_OWN) {
		m->own_flows--;
		track_remove(m->track, idx);
		return (0);
	}
	track_end(m->track, idx, (uint8_t)why);
	meter_leave(m, idx, why);
	return (1);
}

/* The same for n flows: where the index has them is fetched for all first. */
static uint64_t
meter_end_flows(struct meter *m, const uint32_t *idx,
    const enum expire_reason *why, unsigned int n)
{
	uint64_t	count = 0;
	unsigned int	i;

	for (i = 0; i < n; i++)
		track_prefetch(m->track, track_flow(m->track, idx[i])->hash);
	for (i = 0; i < n; i++)
		count += (uint64_t)meter_end_flow(m, idx[i], why[i]);
	return (count);
}

/* The table is full. */
static void
meter_make_room(struct meter *m)
{
	enum expire_reason	why[EXPIRE_VICTIMS];
	uint32_t		idx[EXPIRE_VICTIMS];
	unsigned int		i, n;

	n = expire_victims(m->expire, idx, m->victims);
	for (i = 0; i < n; i++)
		why[i] = EXPIRE_MAXFLOWS;
	meter_end_flows(m, idx, why, n);
}

static uint32_t
meter_new_flow(struct meter *m, const struct packet *pkt, uint32_t hash)
{
	uint32_t	idx;

	while ((idx = track_insert(m->track, &pkt->key, hash)) == TRACK_NONE)
		meter_make_room(m);
	if (meter_is_own(m, &pkt->key)) {
		track_flow(m->track, idx)->flags |= FLOW_OWN;
		m->own_flows++;
	} else
		m->stats->summary.counters.flows++;
	track_update(track_flow(m->track, idx), pkt);
	expire_add(m->expire, idx);
	return (idx);
}

static void
meter_packet(struct meter *m, const struct packet *pkt, uint32_t hash)
{
	struct counters		*c = &m->stats->summary.counters;
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

	m->at.begun = 1;
	m->at.boot_us = second < 1000000 ? 0 : second - 1000000;
	m->stats->summary.since_us = first_us;
	meter_file_clock(m, first_us);
}

/* Whether a frame gives a packet to account; counted if not. */
static int
meter_decode(struct meter *m, enum link_type link, const struct frame *frame,
    struct packet *pkt)
{
	struct counters		*c = &m->stats->summary.counters;
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
	result = packet_decode(link, frame, (enum track_level)m->conf.track_level, pkt);
	if (result != PACKET_OK) {
		(*packet_drop_counter(c, result))++;
		return (0);
	}
	/* Every N-th IP packet: what is not IP must not disturb the rate. */
	if (m->conf.sampling > 1) {
		if (--m->at.sample_left > 0) {
			c->not_sampled++;
			return (0);
		}
		m->at.sample_left = m->conf.sampling;
	}
	return (1);
}

void
meter_frames(struct meter *m, enum link_type link,
    const struct frame *frames, int n, const struct capture_mark *mark)
{
	struct packet	pkt[MAX_BATCH];
	uint32_t	hash[MAX_BATCH];
	int		i, npkt = 0;

	if (n <= 0)
		return;
	if (m->savefile && !m->at.begun)
		meter_first_packet(m, frames[0].time_us);
	estate_begin_batch(m->estate, mark, (uint64_t)n);
	for (i = 0; i < n && i < MAX_BATCH; i++)
		npkt += meter_decode(m, link, &frames[i], &pkt[npkt]);
	for (i = 0; i < npkt; i++) {
		hash[i] = track_hash(m->track, &pkt[i].key);
		track_prefetch(m->track, hash[i]);
	}
	for (i = 0; i < npkt; i++)
		track_prefetch_record(m->track, hash[i]);
	m->at.now_us = frames[n - 1].time_us;
	for (i = 0; i < npkt; i++)
		meter_packet(m, &pkt[i], hash[i]);
	meter_commit(m, 0);
}

int
meter_tick(struct meter *m, uint64_t now_us)
{
	struct counters		*c = &m->stats->summary.counters;
	enum expire_reason	 why[END_FLOWS];
	uint64_t		 interval;
	uint32_t		 idx[END_FLOWS], looks = TICK_LOOKS;
	unsigned int		 n;

	export_tick(m->export, c);
	if (now_us < m->at.scanned_us)
		m->at.scanned_us = now_us;	/* the clock was set back */
	interval = (uint64_t)m->conf.timeouts.seconds[TIMEOUT_EXPINT] *
	    1000000;
	if (!m->scanning && now_us - m->at.scanned_us < interval)
		return (0);
	m->at.scanned_us = now_us;
	do {
		for (n = 0; n < END_FLOWS; n++)
			if ((idx[n] = expire_next(m->expire, now_us, &why[n],
			    &looks)) == TRACK_NONE)
				break;
		meter_end_flows(m, idx, why, n);
	} while (n == END_FLOWS);
	m->scanning = looks == 0;
	if (!m->scanning)
		export_flush(m->export, c);
	return (m->scanning);
}

void
meter_patience(struct meter *m, export_wait_fn *wait_fn, unsigned int times)
{
	export_patience(m->export, wait_fn, times);
}

void
meter_set_clock(struct meter *m, const struct export_clock *clock)
{
	export_set_clock(m->export, clock);
}

uint64_t
meter_now(const struct meter *m)
{
	return (m->at.now_us);
}

uint64_t
meter_expire_some(struct meter *m, uint32_t *cursor)
{
	enum expire_reason	why[END_FLOWS];
	uint64_t		count = 0;
	uint32_t		idx[END_FLOWS];
	unsigned int		n, some;

	for (some = 0; some < SOME_FLOWS && *cursor != TRACK_NONE; some += n) {
		for (n = 0; n < END_FLOWS; n++) {
			*cursor = track_next(m->track, *cursor);
			if ((idx[n] = *cursor) == TRACK_NONE)
				break;
			expire_remove(m->expire, idx[n]);
			why[n] = EXPIRE_FLUSH;
			(*cursor)++;
		}
		count += meter_end_flows(m, idx, why, n);
	}
	if (*cursor == TRACK_NONE)
		export_flush(m->export, &m->stats->summary.counters);
	return (count);
}

uint64_t
meter_delete_some(struct meter *m, uint32_t *cursor)
{
	struct counters	*c = &m->stats->summary.counters;
	struct flow	*flow;
	uint64_t	 count = 0;
	uint32_t	 idx;
	unsigned int	 i;

	for (i = 0; i < SOME_FLOWS; i++) {
		if ((*cursor = track_next(m->track, *cursor)) == TRACK_NONE)
			break;
		idx = (*cursor)++;
		flow = track_flow(m->track, idx);
		expire_remove(m->expire, idx);
		if (flow->flags & FLOW_OWN) {
			m->own_flows--;
			track_remove(m->track, idx);
			continue;
		}
		c->flows_deleted++;
		c->packets_deleted += flow->packets[0] + flow->packets[1];
		meter_count_gone(m, flow);
		track_end(m->track, idx, EXPIRE_NONE);
		meter_gone(m, idx);
		count++;
	}
	return (count);
}

void
meter_flush(struct meter *m)
{
	export_flush(m->export, &m->stats->summary.counters);
	meter_commit(m, 0);
}

void
meter_send_templates(struct meter *m)
{
	export_templates(m->export);
}

uint64_t
meter_active_packets(const struct meter *m)
{
	const struct counters	*c = &m->stats->summary.counters;

	/* What was accounted and has not left the table. */
	return (c->packets - c->packets_exported -
	    c->packets_not_exportable - c->packets_unsent -
	    c->packets_no_collector - c->packets_deleted - c->packets_lost);
}

struct counters *
meter_counters(struct meter *m)
{
	return (&m->stats->summary.counters);
}

const struct summary *
meter_summary(struct meter *m)
{
	m->stats->summary.active_flows = track_count(m->track) - m->own_flows;
	return (&m->stats->summary);
}

const struct summary_proto *
meter_protos(const struct meter *m)
{
	return (m->stats->proto);
}

unsigned int
meter_exports(const struct meter *m, struct summary_export *rows,
    unsigned int max)
{
	unsigned int	i;

	for (i = 0; i < m->nexport && i < max; i++) {
		memset(&rows[i], 0, sizeof(rows[i]));
		rows[i].slot = i;
		rows[i].remote = m->remote[i];
		rows[i].sequence = export_sequence(m->export, i);
		rows[i].counters = *export_counters(m->export, i);
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
