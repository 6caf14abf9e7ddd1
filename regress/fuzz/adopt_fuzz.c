/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A worker that takes over what one before it left, any octets of which are
 * not what that one wrote.  An input is those: each time the part, one of
 * parts[], in an octet, where in four, how many in one, and they.
 */

#include <sys/mman.h>

#include <unistd.h>

#include "compat.h"
#include "fuzz.h"
#include "fuzz_meter.h"
#include "meter_fixture.h"
#include "shmem.h"

#define FLOWS	64

static void	adopt_seeds(void (*)(const uint8_t *, size_t));

const struct fuzz_target	fuzz_target = {
	.name = "adopt", .max = 1000, .runs = 1500, .seeds = adopt_seeds
};

static struct msg_conf	conf;
static struct estate	*es;
static int		 left_fd;	/* what is left, as it was */
static size_t		 left_size;

static struct {
	size_t	from, size;
}			parts[7];

static ssize_t
send_nowhere(int fd, const void *data, size_t len)
{
	(void)fd;
	(void)data;
	return ((ssize_t)len);
}

/* Two collectors; that of the second's stream is not there. */
static struct meter *
make_meter(void)
{
	struct msg_export	 dest = { .slot = 1, .payload_max = 1400,
				    .transport = TRANSPORT_TCP };
	struct meter		*m;

	m = fixture_meter(&conf, es, send_nowhere, -1);
	dest.format.version = 10;
	dest.format.fields = conf.fields;
	REQUIRE(meter_add_export(m, -1, &dest) == 0);
	return (m);
}

/* New flows and old ones, seconds apart. */
static void
work(struct meter *m, uint32_t first, unsigned int batches)
{
	static uint64_t	pos;
	uint64_t	time_us = T0 + first * 1000000ULL;
	uint32_t	flow[MAX_BATCH];
	unsigned int	i;

	for (; batches > 0; batches--, time_us += 700000, first += 10) {
		for (i = 0; i < MAX_BATCH; i++)
			flow[i] = first + i / 2;
		fixture_batch(m, flow, MAX_BATCH, time_us, &pos);
		(void)meter_tick(m, time_us);
	}
}

static void
set_part(unsigned int n, const void *from, size_t size)
{
	parts[n].from = (size_t)((const uint8_t *)from - (uint8_t *)es);
	parts[n].size = size;
}

/* A worker that ends in the midst of its work. */
static void
prepare(void)
{
	struct meter	*m;

	conf = fixture_conf(FLOWS);
	conf.fields = OPTIONAL_ALL;
	left_size = estate_size(FLOWS, 1);
	REQUIRE((left_fd = shmem_new_sized("table", left_size)) != -1);
	REQUIRE((es = estate_map(left_fd, FLOWS, 1)) != NULL);
	m = make_meter();
	work(m, 1, 12);
	conf.flags |= CONF_ADOPT;
	conf.counters = *meter_counters(m);
	conf.lost_packets = meter_active_packets(m);
	conf.lost_flows = meter_summary(m)->active_flows;
	fuzz_meter_free(m);
	set_part(0, es, sizeof(*es));
	set_part(1, &es->current, offsetof(struct estate, hand) -
	    offsetof(struct estate, current));
	set_part(2, estate_records(es).flows, 256 * sizeof(struct flow));
	set_part(3, estate_sides(es, FLOWS), 256 * sizeof(struct flow_side));
	set_part(4, estate_queue(es, FLOWS, 1, 1), 4096);
	set_part(5, es->hand, sizeof(es->hand));
	set_part(6, estate_senders(es, FLOWS, 1), 4096);
}

static void
damage(struct take *t)
{
	unsigned int	 part;
	const uint8_t	*octets;
	size_t		 at, n;

	while (t->left > 0) {
		part = take(t, 1) % nitems(parts);
		at = take(t, 4) % parts[part].size;
		n = take(t, 1);
		n = take_octets(t, n, &octets);
		if (n > parts[part].size - at)
			n = parts[part].size - at;
		if (n > 0)
			memcpy((uint8_t *)es + parts[part].from + at, octets,
			    n);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct take	 t = { data, size };
	struct adoption	 a;
	struct meter	*m;

	if (es == NULL)
		prepare();
	/* A copy of what was left, made where it is touched. */
	REQUIRE(mmap(es, left_size, PROT_READ | PROT_WRITE, MAP_PRIVATE |
	    MAP_FIXED, left_fd, 0) == es);
	damage(&t);
	m = make_meter();
	(void)meter_adopt(m, &a);
	fuzz_meter_check(m);
	work(m, 400, 3);
	fixture_expire_all(m);
	fuzz_meter_check(m);
	REQUIRE(meter_summary(m)->active_flows == 0);
	fuzz_meter_free(m);
	return (0);
}

static void
adopt_seeds(void (*fn)(const uint8_t *, size_t))
{
	uint8_t		data[14] = { 0 };
	unsigned int	part, i;

	fn(data, 0);
	/* Words of each part, where much of it is. */
	for (part = 0; part < nitems(parts); part++)
		for (i = 0; i < 24; i++) {
			data[0] = (uint8_t)part;
			data[3] = (uint8_t)(i / 8);
			data[4] = (uint8_t)(i * 40);
			data[5] = 8;
			memset(data + 6, i & 1 ? 0xff : (int)i, 8);
			fn(data, sizeof(data));
		}
}
