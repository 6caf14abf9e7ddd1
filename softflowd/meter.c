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

#define OVERBYTES	(1ULL << 31)	/* octets, for 32-bit counters */

#define KEY_LAG		2	/* packets until its key can be read, */
#define BUCKET_LAG	10	/* and its bucket has come */

#define RINGS_LAG_US	10000000	/* between captures, at most */

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
	summary->since_us = (uint64_t)m->conf.boot_unix_us;
	if (!m->savefile)
		summary->flags |= SUMMARY_LIVE;
	memset(&m->at, 0, sizeof(m->at));
	meter_sampling(m);
}

static struct stream_queue *
meter_queue(void *arg, unsigned int slot)
{
	struct meter	*m = arg;

	return (estate_queue(m->estate, m->conf.max_flows, m->how.side, slot));
}

static int
meter_new_parts(struct meter *m, export_send_fn *send_fn)
{
	const struct msg_conf	*conf = &m->conf;
	struct exports_config	 config = { 0 };
	struct track_memory	 memory = estate_records(m->estate);
	uint8_t			 secret[16];

	config.sampling = conf->sampling;
	config.template_seconds = conf->template_seconds;
	config.template_datagrams = conf->template_datagrams;
	config.train = conf->train;
	if (m->how.side)
		config.sides = estate_sides(m->estate, conf->max_flows);
	config.statistics_seconds = conf->statistics_seconds;
	config.spread = conf->spread != 0;
	config.paced = !m->savefile;
	memcpy(config.name, conf->file, sizeof(config.name));
	config.queue = meter_queue;
	config.queue_octets = ESTATE_QUEUE;
	config.queue_arg = m;
	config.adopting = m->adopting;
	config.init_ms = m->savefile ? 0 : conf->boot_unix_us / 1000;
	memcpy(config.secret, m->estate->secret, sizeof(config.secret));
	arc4random_buf(secret, sizeof(secret));
	m->track = track_new(conf->max_flows, secret, &memory);
	arc4random_buf(secret, sizeof(secret));
	/* With addresses alone in the key there is nothing to join. */
	if (conf->fragments > 0 && conf->track_level >= TRACK_PROTO &&
	    (m->fragments = fragment_new(conf->fragments, secret)) == NULL)
		return (-1);
	explicit_bzero(secret, sizeof(secret));
	if (m->track == NULL ||
	    (m->expire = expire_new(m->track, &conf->timeouts,
	    conf->flags & CONF_COUNTERS32 ? OVERBYTES : UINT64_MAX)) == NULL ||
	    (m->exports = exports_new(&config, m->track, send_fn,
	    m->estate->hand)) == NULL)
		return (-1);
	m->limits = expire_limits(m->expire);
	if (m->how.side)
		track_extend(m->track, estate_sides(m->estate,
		    conf->max_flows), m->keyed);
	exports_on_settled(m->exports, meter_exported, meter_commit_exported,
	    m);
	exports_on_totals(m->exports, meter_totals, m);
	return (0);
}

struct meter *
meter_new(const struct msg_conf *conf, struct estate *estate,
    export_send_fn *send_fn)
{
	struct meter	*m;

	if ((m = aligned_alloc(_Alignof(struct meter), sizeof(*m))) == NULL)
		return (NULL);
	memset(m, 0, sizeof(*m));
	m->conf = *conf;
	m->estate = estate;
	m->stats = &estate->stats;
	m->how.level = (enum track_level)conf->track_level;
	m->how.tunnels = conf->tunnels;
	m->how.side = side_wanted(m->how.level, conf->fields, conf->labels);
	m->keyed = m->how.level >= TRACK_VLAN;
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
	interfaces_use(&estate->interfaces);
	interfaces_own(conf->own, conf->nown);
	interfaces_own_macs(conf->mac, conf->nmac);
	return (meter_new_parts(m, send_fn) == -1 ? NULL : m);
}

/*
 * Both directions of our datagrams to a collector have this key.  The decoder
 * orders endpoints; so must we.
 */
static void
meter_own_key(struct meter_own *own, uint32_t transport,
    const struct msg_addr *a, const struct msg_addr *b)
{
	static const uint8_t	proto[TRANSPORT_MAX] = { 17, 6, 132 };
	int			order;

	memset(own, 0, sizeof(*own));
	if (a->family == 0 || a->family != b->family)
		return;
	order = memcmp(a->addr, b->addr, sizeof(a->addr));
	if (order > 0 || (order == 0 && a->port > b->port)) {
		meter_own_key(own, transport, b, a);
		return;
	}
	memcpy(own->key.addr[0], a->addr, sizeof(a->addr));
	memcpy(own->key.addr[1], b->addr, sizeof(b->addr));
	own->key.port[0] = a->port;
	own->key.port[1] = b->port;
	own->key.proto = proto[transport];
	own->key.family = a->family;
	own->known = 1;
}

static void
meter_know_own(struct meter *m, const struct msg_export *conf)
{
	m->remote[conf->slot] = conf->remote;
	memcpy(m->name[conf->slot], conf->name, sizeof(m->name[0]));
	/* Without ports in the key our datagrams cannot be told apart. */
	if (m->conf.track_level >= TRACK_PORT &&
	    !(m->conf.flags & CONF_KEEP_OWN))
		meter_own_key(&m->own[conf->slot], conf->transport,
		    &conf->local, &conf->remote);
}

int
meter_add_export(struct meter *m, int fd, const struct msg_export *conf)
{
	if (exports_add(m->exports, fd, conf) == -1)
		return (-1);
	if (conf->flags & MSG_EXPORT_GONE)
		return (0);
	if (conf->format.version == VERSION_PSAMP)
		m->reporting = 1;
	else
		m->flows = 1;
	meter_know_own(m, conf);
	return (0);
}

void
meter_export_up(struct meter *m, int fd, const struct msg_export *conf)
{
	meter_know_own(m, conf);
	if (fd == -1) {
		exports_failed(m->exports, conf->slot, conf->error);
		return;
	}
	/* What is in hand would come before the templates there. */
	if (!m->adopting)
		exports_flush(m->exports, &m->stats->summary.counters);
	exports_up(m->exports, conf->slot, fd);
	meter_export_payload(m, conf->slot, conf->payload_max);
}

int
meter_stream_fd(const struct meter *m, uint32_t slot, int *wants)
{
	return (exports_stream_fd(m->exports, slot, wants));
}

int
meter_stream_turn(struct meter *m, uint32_t slot, int readable)
{
	return (exports_stream_turn(m->exports, slot, readable,
	    &m->stats->summary.counters));
}

int
meter_unsettled(const struct meter *m)
{
	return (exports_unsettled(m->exports));
}

uint64_t
meter_waiting(const struct meter *m, int down)
{
	return (exports_waiting(m->exports, down));
}

void
meter_hang_up(struct meter *m)
{
	exports_hang_up(m->exports);
}

void
meter_give_up(struct meter *m)
{
	exports_give_up(m->exports);
	meter_commit(m, 0);
}

void
meter_export_down(struct meter *m, uint32_t slot)
{
	exports_up(m->exports, slot, -1);
}

void
meter_export_payload(struct meter *m, uint32_t slot, uint32_t octets)
{
	exports_payload(m->exports, slot, octets);
}

int
meter_is_own(const struct meter *m, const struct flow_key *key)
{
	struct flow_key	any = *key;
	unsigned int	i;

	any.reserved = 0;			/* whatever their ToS */
	for (i = 0; i < exports_count(m->exports); i++)
		if (m->own[i].known && m->own[i].key.proto == key->proto &&
		    memcmp(&m->own[i].key, &any, sizeof(any)) == 0)
			return (1);
	return (0);
}

/* A flow for packet i. */
static uint32_t
meter_new_flow(struct meter *m, unsigned int i)
{
	const struct packet	*pkt = &m->pkt[i];
	struct flow		*flow;
	uint32_t		 idx;

	while ((idx = track_insert(m->track, &pkt->key, m->hash[i])) ==
	    TRACK_NONE)
		meter_make_room(m);
	if (m->keyed)
		track_side(m->track, idx)->key = m->side_key[i];
	if (meter_is_own(m, &pkt->key)) {
		track_flow(m->track, idx)->flags |= FLOW_OWN;
		m->own_flows++;
	} else
		m->stats->summary.counters.flows++;
	flow = track_flow(m->track, idx);
	*(pkt->outgoing ? &flow->out[pkt->dir] : &flow->in[pkt->dir]) =
	    pkt->slot;
	meter_update(m, idx, pkt);
	expire_add(m->expire, idx);
	return (idx);
}

/* As nearly all packets are: where those before were. */
static inline int
seen_there(const struct flow *flow, const struct packet *pkt)
{
	unsigned int	d = pkt->dir;

	return (pkt->outgoing ? flow->in[d] == 0 && flow->out[d] == pkt->slot :
	    flow->in[d] == pkt->slot);
}

static void
meter_packet(struct meter *m, unsigned int i)
{
	struct counters		*c = &m->stats->summary.counters;
	const struct packet	*pkt = &m->pkt[i];
	enum expire_reason	 why;
	struct flow		*flow;
	uint32_t		 idx;

	idx = __builtin_expect(m->keyed, 0) ? track_find_side(m->track,
	    &pkt->key, &m->side_key[i], m->hash[i]) :
	    track_find(m->track, &pkt->key, m->hash[i]);
	if (idx != TRACK_NONE) {
		flow = track_flow(m->track, idx);
		why = expire_maybe(m->limits, flow, pkt) ?
		    expire_before(m->expire, flow, pkt) : EXPIRE_NONE;
		if (why != EXPIRE_NONE) {
			expire_remove(m->expire, idx);
			meter_end_flow(m, idx, why);
			idx = TRACK_NONE;
		} else if (seen_there(flow, pkt)) {
			meter_update(m, idx, pkt);
		} else if (!meter_sight(m, idx, pkt)) {
			c->second_sightings++;
			return;
		}
	}
	if (idx == TRACK_NONE)
		flow = track_flow(m->track, meter_new_flow(m, i));
	if (flow->flags & FLOW_OWN) {
		c->own_export++;
		return;
	}
	c->packets++;
	c->octets += pkt->octets;
	if (pkt->flags != 0) {
		c->fragments += (pkt->flags & PACKET_FRAGMENT) != 0;
		c->fragments_joined += (pkt->flags & PACKET_JOINED) != 0;
		c->fragments_orphaned += (pkt->flags &
		    (PACKET_FRAGMENT | PACKET_JOINED)) == PACKET_FRAGMENT;
		c->ports_missing += (pkt->flags & PACKET_NO_PORTS) != 0;
		c->ipv6_ext_missing += (pkt->flags & PACKET_EXT_CUT) != 0;
		c->tunnels_opened += (pkt->flags & PACKET_TUNNEL) != 0;
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
meter_decode(struct meter *m, const struct frame *frame, struct packet *pkt)
{
	struct counters		*c = &m->stats->summary.counters;
	enum packet_result	 result;

	c->frames++;
	c->octets_wire += frame->wirelen;
	if (frame->flags & FRAME_NOT_TAKEN) {
		if (frame->flags & FRAME_FILTERED)
			c->frames_filtered++;
		else
			c->loopback_outgoing++;
		return (0);
	}
	result = packet_decode(m->link, frame, &m->how, pkt);
	if (result != PACKET_OK) {
		(*packet_drop_counter(c, result))++;
		c->octets_ignored += frame->wirelen;
		return (0);
	}
	/* Also of those not sampled: the first one knows the ports. */
	if (pkt->flags & (PACKET_FRAGMENT | PACKET_FRAG_FIRST) &&
	    m->fragments != NULL)
		fragment_packet(m->fragments, pkt);
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
meter_batch(struct meter *m, unsigned int slot, enum link_type link,
    const struct capture_mark *mark)
{
	m->link = link;
	m->packets = 0;
	m->frames = estate_begin_batch(m->estate, slot, mark);
}

static __attribute__((__noinline__)) uint32_t
meter_side_hash(struct meter *m, unsigned int i)
{
	side_key(&m->side_key[i], m->how.level, &m->pkt[i]);
	return (track_hash_side(m->track, &m->pkt[i].key, &m->side_key[i]));
}

/*
 * What packet i needs is fetched while others are decoded: its bucket when
 * the stores of its key have settled, its record when the bucket has come.
 */
static void
meter_fetch_bucket(struct meter *m, unsigned int i)
{
	m->hash[i] = __builtin_expect(m->keyed, 0) ? meter_side_hash(m, i) :
	    track_hash(m->track, &m->pkt[i].key);
	track_prefetch(m->track, m->hash[i]);
}

/* Frames of one interface are counted together. */
static void
meter_count_slot(struct meter *m, uint8_t next)
{
	m->estate->interfaces.slot[m->slot].frames += m->slot_frames;
	m->slot_frames = 0;
	m->slot = next;
}

void
meter_frame(void *arg, const struct frame *frame)
{
	struct meter	*m = arg;
	unsigned int	 n = m->packets;

	if (*m->frames == MAX_BATCH)
		return;
	(*m->frames)++;
	order_stores();
	if (frame->slot != m->slot)
		meter_count_slot(m, frame->slot);
	m->slot_frames++;
	if (m->savefile && !m->at.begun)
		meter_first_packet(m, frame->time_us);
	m->batch_us = frame->time_us;
	if (!meter_decode(m, frame, &m->pkt[n]))
		return;
	if (__builtin_expect(m->reporting, 0) &&
	    meter_report(m, frame, &m->pkt[n]))
		return;
	if (n >= KEY_LAG)
		meter_fetch_bucket(m, n - KEY_LAG);
	if (n >= BUCKET_LAG)
		track_prefetch_record(m->track, m->hash[n - BUCKET_LAG]);
	m->packets++;
}

static unsigned int
behind(unsigned int n, unsigned int lag)
{
	return (n < lag ? 0 : n - lag);
}

void
meter_account(struct meter *m)
{
	unsigned int	i;

	if (*m->frames == 0)
		return;
	meter_count_slot(m, m->slot);
	for (i = behind(m->packets, KEY_LAG); i < m->packets; i++)
		meter_fetch_bucket(m, i);
	for (i = behind(m->packets, BUCKET_LAG); i < m->packets; i++)
		track_prefetch_record(m->track, m->hash[i]);
	/* Of several captures each has its own way to go. */
	if (m->savefile || m->batch_us > m->at.now_us ||
	    m->at.now_us - m->batch_us > RINGS_LAG_US)
		m->at.now_us = m->batch_us;
	for (i = 0; i < m->packets; i++)
		meter_packet(m, i);
	if (m->reports >= METER_REPORTS)
		meter_flush(m);
	else
		meter_commit(m, 0);
}

void
meter_segments(struct meter *m, export_segment_fn *segment_fn)
{
	exports_segments(m->exports, segment_fn);
}

void
meter_patience(struct meter *m, export_wait_fn *wait_fn, unsigned int times)
{
	exports_patience(m->exports, wait_fn, times);
}

void
meter_set_clock(struct meter *m, const struct export_clock *clock)
{
	exports_set_clock(m->exports, clock);
}

uint64_t
meter_now(const struct meter *m)
{
	return (m->at.now_us);
}

void
meter_send_templates(struct meter *m)
{
	exports_templates(m->exports);
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
	unsigned int	i, n = 0;

	for (i = 0; i < exports_count(m->exports) && n < max; i++) {
		if (exports_gone(m->exports, i))
			continue;
		memset(&rows[n], 0, sizeof(rows[n]));
		exports_row(m->exports, i, &rows[n]);
		rows[n].remote = m->remote[i];
		summary_set_name(&rows[n], m->name[i]);
		n++;
	}
	return (n);
}

int
meter_interface(const struct meter *m, uint8_t slot,
    struct summary_interface *row)
{
	const struct interface	*i = &m->estate->interfaces.slot[slot];

	memset(row, 0, sizeof(*row));
	if (m->savefile || (slot != 0 && !interface_known(slot) &&
	    slot != INTERFACE_OTHER))
		return (0);
	row->frames = i->frames;
	row->received = i->received;
	row->dropped = i->dropped;
	row->number = interface_number(slot);
	strlcpy(row->name, interface_name(slot), sizeof(row->name));
	return (1);
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
