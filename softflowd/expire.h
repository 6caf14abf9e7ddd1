/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * When flows leave the table.  A timer wheel with lazy re-arming: a packet
 * only stamps the flow's last time; the wheel looks at the flow when its slot
 * comes up and re-arms it or hands it out.  Time is the packets' own and a
 * parameter.
 */

#ifndef EXPIRE_H
#define EXPIRE_H

#include <stdint.h>

#include "track.h"

struct expire;

/*
 * A wheel over the flows of a table.  octets_max: a direction that would
 * pass it ends its flow (v5 has 32-bit counters); UINT64_MAX for no limit.
 * NULL with errno ENOMEM.  The table must outlive it.
 */
struct expire *expire_new(struct track *, const struct timeouts *,
		    uint64_t octets_max);
void	expire_free(struct expire *);
size_t	expire_size(const struct expire *);	/* octets of memory */

/* New timeouts; they hold for flows already there as well. */
void	expire_set_timeouts(struct expire *, const struct timeouts *);

/*
 * Why the flow is over at now_us: idle for longer than its timeout, alive
 * for maxlife.  EXPIRE_NONE while it is not.  An idle timeout is that of TCP
 * after RST, TCP after FIN both ways, TCP, UDP, ICMP, or general.
 * Time that runs backwards expires nothing.
 */
enum expire_reason expire_due(const struct expire *, const struct flow *,
		    uint64_t now_us);

/*
 * The same for a flow that is about to take pkt: also EXPIRE_OVERBYTES.  The
 * caller exports the flow and begins a new one, so that a savefile gives the
 * same flows as a live run whatever the scan interval.
 */
enum expire_reason expire_before(const struct expire *, const struct flow *,
		    const struct packet *pkt);

/*
 * Whether it is worth asking expire_before(): inline, for each packet asks.
 * The limits stay where they are and follow expire_set_timeouts().  Idle
 * timeouts are not 0.
 */
struct expire_limits {
	uint64_t	idle_us;	/* shortest timeout of idle flows */
	uint64_t	life_us;	/* maxlife; UINT64_MAX: none */
	uint64_t	octets;		/* octets_max */
};
const struct expire_limits *expire_limits(const struct expire *);

static inline int
expire_maybe(const struct expire_limits *l, const struct flow *f,
    const struct packet *pkt)
{
	uint64_t	first, last, now = pkt->time_us;

	last = f->last_us[0] > f->last_us[1] ? f->last_us[0] : f->last_us[1];
	first = f->first_us[f->packets[0] == 0];
	if (f->packets[1] != 0 && f->first_us[1] < first)
		first = f->first_us[1];
	return ((now > last && now - last >= l->idle_us) ||
	    (now > first && now - first >= l->life_us) ||
	    pkt->octets > l->octets ||
	    f->octets[pkt->dir] > l->octets - pkt->octets);
}

/* Absolute time at which the flow will be due if nothing more comes. */
uint64_t expire_deadline(const struct expire *, const struct flow *,
		    enum expire_reason *why);

/* The time of an empty wheel: flows that were there before are added next. */
void	expire_start(struct expire *, uint64_t now_us);

/* Arm a new flow; its first and last times must be set. */
void	expire_add(struct expire *, uint32_t idx);

/* Take a flow off the wheel before its time (no-op if it is not on it). */
void	expire_remove(struct expire *, uint32_t idx);

/*
 * Next flow that is due at now_us: its index with *why set, taken off the
 * wheel; TRACK_NONE when there is none left, or when *looks, the flows that
 * may be looked at, has come down to 0: call again then, with any time, and
 * it goes on.  (Empty slots count a little, too.)  The caller removes the
 * flow from the table.  None is early; late is only one whose deadline came
 * forward with a packet from before now_us, by as much as that packet's time
 * ran back.
 */
uint32_t expire_next(struct expire *, uint64_t now_us,
		    enum expire_reason *why, uint32_t *looks);

/*
 * Flows to give up when the table is full, up to max of them (1 to
 * EXPIRE_VICTIMS), taken off the wheel: those of a single packet in the order
 * in which they were added; if these are less than an eighth of the table, the
 * longest idle of eight for each that a clock hand passes over.  0 only if
 * the table is empty.
 */
#define EXPIRE_VICTIMS	32
unsigned int expire_victims(struct expire *, uint32_t *victims,
		    unsigned int max);

/* flowEndReason, IPFIX element 136 (RFC 5102 section 5.11.3). */
uint8_t	expire_end_reason(enum expire_reason);

/* Default timeouts; maxlife is 30 minutes. */
extern const struct timeouts	expire_defaults;

/* "tcp", "tcp.rst" ...; the names of -t, by enum timeout. */
extern const char *const	timeout_names[TIMEOUT_MAX];

#endif
