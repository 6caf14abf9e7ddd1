/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A worker exports its flows to several collectors and dies: behind every
 * single instruction that changed what it leaves, in turn.  It is stepped
 * through by ptrace(2), and at each change a next worker takes over a copy.
 */

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "export_walk.h"
#include "meter_fixture.h"

#define TABLE		256U
#define FLOWS		80U	/* one packet each */
#define COLLECTORS	3U
#define DEAD		1U
#define SOURCE		19	/* of a v9 header: the low octet, our slot */
#define SENT		128
#define USED		(ESTATE_RECORDS + TABLE * sizeof(struct flow))

/* What went over the wire, in order. */
static struct wire {
	volatile unsigned int	n;
	struct {
		size_t		len;
		uint8_t		data[1500];
	} datagram[SENT];
} *wire, wire_copy;

static struct msg_conf	 conf;
static struct estate	*es, *copy;
static size_t		 cut;

static int
cut_at(int fd, size_t octets)
{
	(void)fd;
	cut = octets;
	return (0);
}

/* A call sends all or nothing, and is one instruction. */
static ssize_t
send_wire(int fd, const void *data, size_t len)
{
	const uint8_t	*p = data;
	size_t		 at, piece = cut != 0 && cut < len ? cut : len;
	unsigned int	 n = wire->n;

	(void)fd;
	if (p[SOURCE] == DEAD) {
		errno = ENETUNREACH;
		return (-1);
	}
	for (at = 0; at < len; at += piece, n++) {
		if (n == SENT)
			_exit(92);
		wire->datagram[n].len = len - at < piece ? len - at : piece;
		memcpy(wire->datagram[n].data, p + at, wire->datagram[n].len);
	}
	wire->n = n;
	return ((ssize_t)len);
}

static void *
memory(size_t octets, int kind)
{
	void	*p;

	p = mmap(NULL, octets, PROT_READ | PROT_WRITE, kind | MAP_ANON, -1, 0);
	ATF_REQUIRE(p != MAP_FAILED);
	return (p);
}

static __attribute__((__noreturn__)) void
first_worker(void)
{
	struct meter	*m = fixture_meter(&conf, es, send_wire, -1);
	uint64_t	 pos = 0;
	uint32_t	 flow = 0;

	meter_segments(m, cut_at);
	for (; flow < FLOWS; flow++)
		fixture_batch(m, &flow, 1, T0 + flow * 10, &pos);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
		_exit(93);
	raise(SIGSTOP);
	fixture_expire_all(m);
	_exit(0);
}

/* Whether it came as it is. */
static int
is_repeat(unsigned int n)
{
	unsigned int	i;

	for (i = 0; i < n; i++)
		if (wire->datagram[i].len == wire->datagram[n].len &&
		    memcmp(wire->datagram[i].data, wire->datagram[n].data,
		    wire->datagram[n].len) == 0)
			return (1);
	return (0);
}

/* A collector's packets, all in sequence; NULL or what is wrong. */
static const char *
collect(unsigned int slot, uint64_t *packets)
{
	static struct walk	 walks[COLLECTORS];
	struct walk		*walk = &walks[slot];
	const char		*error;
	uint32_t		 datagrams = 0;
	unsigned int		 i, r;

	*packets = 0;
	for (i = 0; i < wire->n; i++) {
		if (wire->datagram[i].data[SOURCE] != slot || is_repeat(i))
			continue;
		if ((error = walk_datagram(walk, wire->datagram[i].data,
		    wire->datagram[i].len)) != NULL)
			return (error);
		if (walk->sequence != datagrams++)
			return ("a sequence number");
		for (r = 0; r < walk->flows; r++)
			*packets += walk->record[r].value[2];
	}
	return (NULL);
}

/* Everything that all collectors got, and that is said of it. */
static const char *
judge(void)
{
	const struct estate_state	*state = estate_current(copy);
	const struct export_counters	*own;
	const struct counters		*c = &state->summary.counters;
	const char			*error;
	uint64_t			 packets, all = 0;
	unsigned int			 slot;

	if ((error = fixture_sums(c)) != NULL)
		return (error);
	if (c->packets_exported + c->packets_unsent != FLOWS ||
	    (c->packets_unsent != 0 && !conf.spread))
		return ("packets exported");
	for (slot = 0; slot < COLLECTORS; slot++) {
		own = &state->exports.session[slot].counters;
		if ((error = collect(slot, &packets)) != NULL)
			return (error);
		if (packets != own->records ||
		    (slot == DEAD) != (own->records_lost != 0))
			return ("what a collector got");
		if (!conf.spread && own->records + own->records_lost != FLOWS)
			return ("a collector's counters");
		all += own->records + own->records_lost;
	}
	return (!conf.spread || all == FLOWS ? NULL : "counters of all");
}

/* A next worker, with a copy of what the one before left. */
static void
take_over(unsigned int change)
{
	struct adoption	 a;
	struct meter	*m;
	const char	*error;
	int		 status;
	pid_t		 pid;

	if ((pid = fork()) == 0) {
		wire_copy = *wire;
		wire = &wire_copy;
		conf.flags |= CONF_ADOPT;
		m = fixture_meter(&conf, copy, send_wire, -1);
		cut = 0;
		meter_segments(m, cut_at);
		if (!meter_adopt(m, &a))
			_exit(91);
		fixture_expire_all(m);
		if ((error = judge()) != NULL) {
			printf("%s\n", error);
			fflush(stdout);
			_exit(1);
		}
		_exit(0);
	}
	ATF_REQUIRE(pid != -1);
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_REQUIRE_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "change %u: status %#x", change, (unsigned int)status);
}

#define SAME(member)	(memcmp(&es->member, &copy->member,		\
			    sizeof(es->member)) == 0)

/* Whether it left anything else now that a next one would look at. */
static int
unchanged(void)
{
	const struct flow	*flows = estate_records(es).flows;
	const struct export_hand *h;
	size_t			 octets = FLOWS * sizeof(*flows);
	unsigned int		 i;

	if (es->current != copy->current || !SAME(top) || !SAME(batch) ||
	    !SAME(place) || !SAME(state[es->current]) ||
	    memcmp(flows, estate_records(copy).flows, octets) != 0)
		return (0);
	for (i = 0; i < COLLECTORS * EXPORT_LANES; i++) {
		h = &es->hand[i];
		if (memcmp(h, &copy->hand[i], h->sending ? sizeof(*h) :
		    offsetof(struct export_hand, data)) != 0)
			return (0);
	}
	return (1);
}

static void
die_everywhere(int spread)
{
	unsigned int	changes = 0, sent = UINT_MAX;
	uint64_t	steps;
	int		status;
	pid_t		pid;

	conf = fixture_conf(TABLE);
	conf.spread = (uint32_t)spread;
	fixture_collectors = COLLECTORS;
	es = memory(estate_size(TABLE, 0), MAP_SHARED);
	copy = memory(estate_size(TABLE, 0), MAP_PRIVATE);
	wire = memory(sizeof(*wire), MAP_SHARED);
	if ((pid = fork()) == 0)
		first_worker();
	ATF_REQUIRE(pid != -1);
	for (steps = 0; waitpid(pid, &status, 0) == pid &&
	    WIFSTOPPED(status); steps++) {
		if (wire->n != sent || !unchanged()) {
			sent = wire->n;
			memcpy(copy, es, USED);
			take_over(changes++);
		}
		ATF_REQUIRE(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 93)
		atf_tc_skip("processes cannot be traced here");
	ATF_REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	printf("%u changes in %ju steps, %u datagrams\n", changes,
	    (uintmax_t)steps, sent);
	ATF_CHECK(changes > 10 * FLOWS);
}

ATF_TC_WITHOUT_HEAD(no_collector_misses_or_doubts_a_flow_and_all_are_counted);
ATF_TC_BODY(no_collector_misses_or_doubts_a_flow_and_all_are_counted, tc)
{
	die_everywhere(0);
}

ATF_TC_WITHOUT_HEAD(nor_does_one_of_those_that_share_them);
ATF_TC_BODY(nor_does_one_of_those_that_share_them, tc)
{
	die_everywhere(1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp,
	    no_collector_misses_or_doubts_a_flow_and_all_are_counted);
	ATF_TP_ADD_TC(tp, nor_does_one_of_those_that_share_them);
	return (atf_no_error());
}
