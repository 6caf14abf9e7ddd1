/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the tests of export and its encoders share. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <atf-c.h>

#include "expire.h"
#include "export_fixture.h"

struct sent	sent[SENT_MAX];
unsigned int	nsent;

#define FLOWS_PUT	2048
static struct flow	flows_put[FLOWS_PUT];
static uint32_t		nput;

static int		fail_fd, fail_errno;
static unsigned int	fail_times;

struct export_config config = {
	.format = { .version = 9 },
	.source_id = 7,
	.sampling = 100,
	.template_seconds = 300,
	.template_datagrams = 256,
	.train = MAX_TRAIN
};
struct export_clock clock_now = {
	.unix_us = 1700000100000000,
	.uptime_ms = 1099877
};
struct interfaces	 table;
struct export	*e;
struct counters	 c;
struct walk	 w;

static ssize_t
record_send(int fd, const void *data, size_t len)
{
	struct sent	*s;

	if (fd == fail_fd && fail_times > 0) {
		fail_times--;
		errno = fail_errno;
		return (-1);
	}
	ATF_REQUIRE(nsent < SENT_MAX);
	ATF_REQUIRE(len <= sizeof(s->data));
	s = &sent[nsent++];
	s->fd = fd;
	s->len = len;
	memcpy(s->data, data, len);
	return (len);
}

int
add(uint32_t sequence, uint16_t payload_max)
{
	int	fd;

	ATF_REQUIRE((fd = open("/dev/null", O_RDWR)) != -1);
	export_payload(e, payload_max);
	export_open(e, fd, sequence, NULL);
	return (fd);
}

/* As exports.c counts what becomes of flows, with one collector. */
static void
count_settled(void *arg, unsigned int slot, const struct export_hand *h)
{
	const struct flow	*f;
	unsigned int		 piece;
	uint32_t		 i, n = 0;

	(void)arg;
	(void)slot;
	for (piece = 0; piece < h->pieces; piece++)
		for (i = 0; i < h->piece[piece].nflows; i++) {
			f = &flows_put[h->flow[n++] % FLOWS_PUT];
			if ((h->sent & 1U << piece) == 0) {
				c.flows_unsent++;
				c.packets_unsent += f->packets[0] +
				    f->packets[1];
				continue;
			}
			c.flows_exported++;
			c.packets_exported += f->packets[0] + f->packets[1];
			c.octets_exported += f->octets[0] + f->octets[1];
		}
	ATF_CHECK_EQ(h->nflows, n);
}

void
watch(void)
{
	export_on_settled(e, count_settled, NULL, 0);
}

void
start(uint16_t version)
{
	nsent = 0;
	memset(&c, 0, sizeof(c));
	memset(&w, 0, sizeof(w));
	memset(&table, 0, sizeof(table));
	table.count = 1;
	table.slot[1].number = 2;
	interfaces_use(&table);
	config.format.version = version;
	ATF_REQUIRE((e = export_new(&config, record_send, NULL)) != NULL);
	watch();
	export_set_clock(e, &clock_now);
}

void
pass(int64_t unix_ms, uint64_t uptime_ms)
{
	clock_now.unix_us += unix_ms * 1000;
	clock_now.uptime_ms += uptime_ms;
	export_set_clock(e, &clock_now);
}

void
fail(int fd, int error, unsigned int times)
{
	fail_fd = fd;
	fail_errno = error;
	fail_times = times;
}

struct flow
tcp_flow(void)
{
	static const uint8_t	src[] = { 192, 0, 2, 1 };
	static const uint8_t	dst[] = { 198, 51, 100, 9 };
	struct flow		f;

	memset(&f, 0, sizeof(f));
	memcpy(f.key.addr[0], src, 4);
	memcpy(f.key.addr[1], dst, 4);
	f.key.port[0] = 40000;
	f.key.port[1] = 443;
	f.key.proto = 6;
	f.key.family = 4;
	f.octets[0] = 1500;
	f.packets[0] = 3;
	f.first_us[0] = 1700000000123999;
	f.last_us[0] = 1700000010456000;
	f.tcp_flags[0] = 0x1b;
	f.tos[0] = 0x20;
	f.in[0] = 1;
	f.flags = FLOW_USED;
	return (f);
}

struct flow
both_ways(struct flow f)
{
	f.octets[1] = 90000;
	f.packets[1] = 70;
	f.first_us[1] = 1700000001000000;
	f.last_us[1] = 1700000002000000;
	f.tcp_flags[1] = 0x12;
	f.tos[1] = 0x48;
	return (f);
}

struct flow
icmp_flow(void)
{
	struct flow	f = both_ways(tcp_flow());

	f.key.proto = 1;
	f.key.port[0] = 0x0800;
	f.key.port[1] = 0;
	f.octets[0] = f.packets[0] = f.first_us[0] = f.last_us[0] = 0;
	f.tcp_flags[0] = f.tcp_flags[1] = f.tos[0] = 0;
	return (f);
}

struct flow
ipv6_flow(uint8_t proto)
{
	struct flow	f = both_ways(tcp_flow());

	memset(f.key.addr, 0x20, sizeof(f.key.addr));
	f.key.addr[1][15] = 0x99;
	f.key.family = 6;
	f.key.proto = proto;
	if (proto == 58) {
		f.key.port[0] = 0;
		f.key.port[1] = 0x8000;
	}
	return (f);
}

void
put_why(const struct flow f, enum expire_reason why)
{
	uint32_t	idx = config.sides == NULL ? nput++ % FLOWS_PUT : 0;

	flows_put[idx] = f;
	if (f.packets[0] + f.packets[1] == 0)
		return;			/* as exports.c does */
	if (export_can(e, &f)) {
		export_flow(e, &f, idx, expire_end_reason(why), &c);
		return;
	}
	c.flows_not_exportable++;
	c.packets_not_exportable += f.packets[0] + f.packets[1];
}

void
put(const struct flow f)
{
	put_why(f, EXPIRE_TCP_FIN);
}

void
look(unsigned int i)
{
	const char	*error;

	ATF_REQUIRE(i < nsent);
	error = walk_datagram(&w, sent[i].data, sent[i].len);
	ATF_REQUIRE_MSG(error == NULL, "datagram %u: %s", i, error);
}

struct walk_record *
put_one(const struct flow f)
{
	unsigned int	i = nsent;

	put(f);
	export_flush(e, &c);
	ATF_REQUIRE(nsent > 0);
	for (; i + 1 < nsent; i++)
		look(i);
	look(nsent - 1);
	return (&w.record[0]);
}
