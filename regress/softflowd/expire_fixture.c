/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* A table and its wheel, fed as the daemon feeds them. */

#include <atf-c.h>

#include "expire_fixture.h"

struct timeouts		 to;
struct track		*table;
struct expire		*wheel;
static uint64_t		 random_state = 1;

/* Knuth's 64-bit LCG: the same numbers on every system. */
uint32_t
random_below(uint32_t n)
{
	random_state = random_state * 6364136223846793005ULL +
	    1442695040888963407ULL;
	return ((uint32_t)(random_state >> 33) % n);
}

void
start_with(uint32_t max_flows, uint32_t maxlife)
{
	static const uint8_t	secret[16] = "an open secret!";

	to = expire_defaults;
	to.seconds[TIMEOUT_TCP_RST] = 10;
	to.seconds[TIMEOUT_TCP_FIN] = 20;
	to.seconds[TIMEOUT_UDP] = 100;
	to.seconds[TIMEOUT_ICMP] = 100;
	to.seconds[TIMEOUT_TCP] = 200;
	to.seconds[TIMEOUT_GENERAL] = 300;
	to.seconds[TIMEOUT_MAXLIFE] = maxlife;
	ATF_REQUIRE((table = track_new(max_flows, secret, NULL)) != NULL);
	ATF_REQUIRE((wheel = expire_new(table, &to, 1000)) != NULL);
}

void
start(uint32_t maxlife)
{
	start_with(4096, maxlife);
}

void
stop(void)
{
	expire_free(wheel);
	track_free(table);
}

struct packet
packet(uint8_t proto, uint16_t port, uint8_t dir, uint64_t time_us)
{
	struct packet	p = { 0 };

	p.key.family = 4;
	p.key.proto = proto;
	p.key.port[0] = port;
	p.dir = dir;
	p.time_us = time_us;
	p.octets = 40;
	return (p);
}

uint32_t
take(const struct packet *p)
{
	uint32_t	hash, idx;
	int		is_new;

	hash = track_hash(table, &p->key);
	idx = track_find(table, &p->key, hash);
	if ((is_new = idx == TRACK_NONE))
		idx = track_insert(table, &p->key, hash);
	ATF_REQUIRE(idx != TRACK_NONE);
	track_update(track_flow(table, idx), p);
	if (is_new)
		expire_add(wheel, idx);
	return (idx);
}

uint32_t
tcp(uint8_t dir, uint64_t time_us, uint8_t flags)
{
	struct packet	p = packet(6, 1, dir, time_us);

	p.tcp_flags = flags;
	return (take(&p));
}

uint32_t
udp(uint16_t port, uint64_t time_us)
{
	struct packet	p = packet(17, port, 0, time_us);

	return (take(&p));
}

uint32_t
expire(uint64_t now_us, enum expire_reason *last)
{
	enum expire_reason	why, due;
	uint32_t		idx, looks, n = 0;

	do {				/* it goes on where it was */
		looks = 1 + random_below(100);
		while ((idx = expire_next(wheel, now_us, &why,
		    &looks)) != TRACK_NONE) {
			due = expire_due(wheel, track_flow(table, idx),
			    now_us);
			ATF_REQUIRE(due != EXPIRE_NONE && due == why);
			ATF_REQUIRE((track_flow(table, idx)->flags &
			    (FLOW_USED | FLOW_WHEEL)) == FLOW_USED);
			track_remove(table, idx);
			if (last != NULL)
				*last = why;
			n++;
		}
	} while (looks == 0);
	ATF_REQUIRE_EQ(why, EXPIRE_NONE);
	return (n);
}

void
check_expires_at(uint64_t deadline, enum expire_reason want)
{
	const struct flow	*f = track_flow(table, track_next(table, 0));
	enum expire_reason	 why = EXPIRE_NONE;

	ATF_CHECK_EQ(expire_deadline(wheel, f, &why), deadline);
	ATF_CHECK_EQ(why, want);
	ATF_CHECK_EQ(expire_due(wheel, f, deadline - 1), EXPIRE_NONE);
	ATF_CHECK_EQ(expire_due(wheel, f, deadline), want);
	ATF_CHECK_EQ(expire(deadline - 1, NULL), 0);
	ATF_CHECK_EQ(expire(deadline, &why), 1);
	ATF_CHECK_EQ(why, want);
	ATF_CHECK_EQ(expire(UINT64_MAX, NULL), 0);
}

uint32_t
victim(void)
{
	uint32_t	idx;

	return (expire_victims(wheel, &idx, 1) == 1 ? idx : TRACK_NONE);
}
