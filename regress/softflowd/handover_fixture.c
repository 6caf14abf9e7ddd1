/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <sys/mman.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "handover_fixture.h"

#define FLOWS	256U
#define TALKERS	100U

struct line		*lines;
int			 dies_at = -1;
uint8_t			 none_of;
unsigned int		 nselectors;
struct msg_export	 plan[MAX_EXPORT];
struct msg_conf		 conf;
struct estate		*es;
struct meter		*m;
uint64_t		 pos;

static int		who[MAX_EXPORT];	/* a slot's line */
static unsigned int	slots;
static uint64_t		random_state = 1;

static unsigned int
find_selector(const uint8_t *data, size_t len)
{
	const uint8_t	selector[] = { 0, 1, 0, 0, 0, 1, 0, 0, 0, none_of };

	for (; len >= sizeof(selector); data++, len--)
		if (memcmp(data, selector, sizeof(selector)) == 0)
			return (1);
	return (0);
}

static ssize_t
send_line(int fd, const void *data, size_t len)
{
	struct line	*l;
	const char	*error;
	unsigned int	 i;

	for (l = lines; l->fd != fd; l++)
		ATF_REQUIRE(l + 1 < lines + LINES);
	if (l - lines == dies_at)
		_exit(0);
	if (plan[0].format.version == VERSION_PSAMP) {
		nselectors += find_selector(data, len);
		return ((ssize_t)len);
	}
	error = walk_datagram(&l->walk, data, len);
	ATF_REQUIRE_MSG(error == NULL, "%s", error);
	if (l->walk.version == 9 && l->datagrams > 0)
		ATF_CHECK_EQ(l->next, l->walk.sequence);
	l->next = l->walk.sequence + 1;
	l->datagrams++;
	l->templates += l->walk.templates;
	for (i = 0; i < l->walk.flows; i++)
		l->packets += l->walk.record[i].value[2];
	return ((ssize_t)len);
}

void
start(void)
{
	void	*p;

	conf = fixture_conf(FLOWS);
	p = mmap(NULL, estate_size(FLOWS, 0), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	ATF_REQUIRE(p != MAP_FAILED);
	es = p;
	p = mmap(NULL, LINES * sizeof(*lines), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	ATF_REQUIRE(p != MAP_FAILED);
	lines = p;
}

void
slot_is(unsigned int slot, int line, uint16_t version, uint32_t flags)
{
	struct msg_export	*e = &plan[slot];

	memset(e, 0, sizeof(*e));
	e->slot = slot;
	e->flags = flags;
	who[slot] = line;
	if (line != NOBODY) {
		e->payload_max = 1400;
		e->format.version = version;
		e->source_id = (uint32_t)line;
	}
	if (slot >= slots)
		slots = slot + 1;
}

struct adoption
begin_worker(void)
{
	struct export_clock	clock = { .unix_us = T0, .uptime_ms = 1000 };
	struct adoption		a = { 0 };
	unsigned int		i;
	int			fd;

	ATF_REQUIRE((m = meter_new(&conf, es, send_line)) != NULL);
	for (i = 0; i < LINES; i++)
		lines[i].fd = -1;
	for (i = 0; i < slots; i++) {
		fd = -1;
		if (who[i] != NOBODY) {
			ATF_REQUIRE((fd = open("/dev/null", O_WRONLY)) != -1);
			lines[who[i]].fd = fd;
		}
		ATF_REQUIRE_EQ(0, meter_add_export(m, fd, &plan[i]));
	}
	meter_set_clock(m, &clock);
	if (conf.flags & CONF_ADOPT)
		ATF_REQUIRE(meter_adopt(m, &a));
	for (i = 0; i < slots; i++)
		plan[i].flags &= ~(uint32_t)MSG_EXPORT_FRESH;
	return (a);
}

void
leave(void)
{
	meter_flush(m);
	conf.counters = *meter_counters(m);
	conf.flags |= CONF_ADOPT;
}

void
work(unsigned int batches)
{
	uint32_t	flow[MAX_BATCH];
	int		i;

	for (; batches > 0; batches--) {
		for (i = 0; i < MAX_BATCH; i++)
			flow[i] = fixture_random(&random_state) % TALKERS;
		fixture_batch(m, flow, MAX_BATCH, T0 + pos * 5000, &pos);
		meter_tick(m, meter_now(m));
	}
}

void
check_sums(void)
{
	const char	*wrong;

	fixture_expire_all(m);
	wrong = fixture_sums(meter_counters(m));
	ATF_CHECK_MSG(wrong == NULL, "%s", wrong);
	ATF_CHECK_EQ(0, meter_counters(m)->packets_lost);
	ATF_CHECK_EQ(0, meter_counters(m)->frames_skipped);
}

const struct summary_export *
row(unsigned int slot)
{
	static struct summary_export	rows[MAX_EXPORT];
	unsigned int			n;

	n = meter_exports(m, rows, MAX_EXPORT);
	while (n-- > 0)
		if (rows[n].slot == slot)
			return (&rows[n]);
	return (NULL);
}
