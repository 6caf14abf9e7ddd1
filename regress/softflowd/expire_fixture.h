/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* A table and its wheel, fed as the daemon feeds them; for the tests. */

#ifndef EXPIRE_FIXTURE_H
#define EXPIRE_FIXTURE_H

#include <stdint.h>

#include "expire.h"

#define S	1000000ULL
#define T0	(1700000000 * S + 123456)
#define WEEK	(7 * 86400)
#define FIN	0x01
#define RST	0x04

extern struct timeouts	 to;
extern struct track	*table;
extern struct expire	*wheel;

uint32_t random_below(uint32_t n);

/*
 * Timeouts of 10 s (rst), 20 (fin), 100 (udp, icmp), 200 (tcp), 300; at most
 * 1000 octets.
 */
void	start_with(uint32_t max_flows, uint32_t maxlife);
void	start(uint32_t maxlife);
void	stop(void);

struct packet packet(uint8_t proto, uint16_t port, uint8_t dir,
	    uint64_t time_us);

/* Account a packet, whatever is due; its flow. */
uint32_t take(const struct packet *);
uint32_t tcp(uint8_t dir, uint64_t time_us, uint8_t flags);
uint32_t udp(uint16_t port, uint64_t time_us);

/* Remove all that is due; how many, and the reason of the last. */
uint32_t expire(uint64_t now_us, enum expire_reason *last);

/* The flow of the table is handed out at deadline and not 1 us before. */
void	check_expires_at(uint64_t deadline, enum expire_reason want);

/* One flow to give up, TRACK_NONE if there is none. */
uint32_t victim(void);

#endif
