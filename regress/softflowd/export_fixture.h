/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the tests of export and its encoders share: an exporter that sends
 * into an array, and flows to feed it.
 */

#ifndef EXPORT_FIXTURE_H
#define EXPORT_FIXTURE_H

#include "export.h"
#include "export_walk.h"
#include "interface.h"

#define SENT_MAX	512

/* What was sent, to whom. */
struct sent {
	int	fd;
	size_t	len;
	uint8_t	data[1500];
};
extern struct sent	sent[SENT_MAX];
extern unsigned int	nsent;

/* The exporter under test, what it was told, what it counts. */
extern struct export_config	 config;
extern struct export_clock	 clock_now;
/* Slot 1 has number 2 and no name. */
extern struct interfaces	 table;
extern struct export		*e;
extern struct counters		 c;
extern struct walk		 w;

/* What becomes of flows is counted in c: of the exporter that is e. */
void	watch(void);

/* A new exporter; the counters, the reader and what was sent start anew. */
void	start(uint16_t version);

/* Open its collector; its descriptor. */
int	add(uint32_t sequence, uint16_t payload_max);

/* Let time pass; the wall clock may be set at the same time. */
void	pass(int64_t unix_ms, uint64_t uptime_ms);

/* The next sends to fd fail so many times. */
void	fail(int fd, int error, unsigned int times);

/* The one-way TCP flow of the golden datagrams. */
struct flow tcp_flow(void);

/* With 70 packets the other way. */
struct flow both_ways(struct flow);

/* Echo request from the higher address: type 8 at the lower one's port. */
struct flow icmp_flow(void);

/* Both ways; of ICMPv6 it is an echo request. */
struct flow ipv6_flow(uint8_t proto);

/* Export it; the reason is the end of a TCP connection. */
void	put(const struct flow);
void	put_why(const struct flow, enum expire_reason);

/* Read datagram i into w; it must be well-formed. */
void	look(unsigned int i);

/* Export one flow in a datagram of its own and look at that. */
struct walk_record *put_one(const struct flow);

#endif
