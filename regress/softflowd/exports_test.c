/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Tests of exports.c: several collectors, whom a flow waits for, and what a
 * next worker makes of that.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "compat.h"
#include "exports.h"
#include "export_fixture.h"

#define FLOWS	1024

static const uint8_t		 secret[16];
static struct exports		*x;
static struct track		*track;
static struct export_hand	 hands[MAX_EXPORT * EXPORT_LANES];
static struct exports_config	 how = {
	.sampling = 1, .template_seconds = 300, .template_datagrams = 256,
	.train = 1
};

/* What became of flows. */
static unsigned int	gone[FLOWS], gone_exported, gone_unsent, commits;

/* Datagrams by descriptor; who fails. */
static int		bad_fd = -1, bad_errno, bad_once;
static struct walk	walks[MAX_EXPORT];
static uint32_t		records[MAX_EXPORT], datagrams[MAX_EXPORT];
static int		fds[MAX_EXPORT];

static ssize_t
send_walk(int fd, const void *data, size_t len)
{
	const char	*error;
	unsigned int	 i;

	if (fd == bad_fd) {
		if (bad_once)
			bad_fd = -1;
		errno = bad_errno;
		return (-1);
	}
	for (i = 0; fds[i] != fd; i++)
		ATF_REQUIRE(i + 1 < MAX_EXPORT);
	error = walk_datagram(&walks[i], data, len);
	ATF_REQUIRE_MSG(error == NULL, "collector %u: %s", i, error);
	records[i] += walks[i].flows;
	datagrams[i]++;
	return ((ssize_t)len);
}

static void
note_gone(void *arg, uint32_t idx, int exported)
{
	(void)arg;
	gone[idx]++;
	if (exported)
		gone_exported++;
	else
		gone_unsent++;
}

static void
note_commit(void *arg)
{
	(void)arg;
	commits++;
}

static void
begin_exports(void)
{
	memset(&c, 0, sizeof(c));
	memset(&table, 0, sizeof(table));
	interfaces_use(&table);
	ATF_REQUIRE((track = track_new(FLOWS, secret, NULL)) != NULL);
	ATF_REQUIRE((x = exports_new(&how, track, send_walk, hands)) != NULL);
	exports_on_settled(x, note_gone, note_commit, NULL);
	exports_set_clock(x, &clock_now);
}

/* A collector of a version; its slot. */
static unsigned int
add_collector(uint16_t version, uint64_t rate)
{
	struct msg_export	conf = { .payload_max = 1400, .rate = rate,
				    .sequence = 100, .source_id = 7 };

	conf.slot = exports_count(x);
	conf.format.version = version;
	ATF_REQUIRE((fds[conf.slot] = open("/dev/null", O_WRONLY)) != -1);
	ATF_REQUIRE_EQ(0, exports_add(x, fds[conf.slot], &conf));
	return (conf.slot);
}

/* A flow that has ended; its index. */
static uint32_t
ended(struct flow f, uint16_t port)
{
	struct flow	*at;
	uint32_t	 idx, hash;

	f.key.port[0] = port;
	hash = track_hash(track, &f.key);
	ATF_REQUIRE((idx = track_insert(track, &f.key, hash)) != TRACK_NONE);
	at = track_flow(track, idx);
	f.hash = hash;
	*at = f;
	track_end(track, idx, EXPIRE_TCP);
	return (idx);
}

static int
export_one(struct flow f, uint16_t port)
{
	return (exports_flow(x, ended(f, port), EXPIRE_TCP, &c));
}

static struct export_counters
counters_of(unsigned int slot)
{
	struct summary_export	row;

	exports_row(x, slot, &row);
	return (row.counters);
}

ATF_TC_WITHOUT_HEAD(collectors_have_a_limit);
ATF_TC_BODY(collectors_have_a_limit, tc)
{
	struct msg_export	conf = { .slot = MAX_EXPORT,
				    .format = { .version = 9 } };
	int			i;

	begin_exports();
	for (i = 0; i < MAX_EXPORT; i++)
		add_collector(9, 0);
	ATF_CHECK_EQ(-1, exports_add(x, -1, &conf));
	ATF_CHECK_EQ(EINVAL, errno);
	ATF_CHECK_EQ(MAX_EXPORT, exports_count(x));
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(collectors_of_every_version_get_every_flow);
ATF_TC_BODY(collectors_of_every_version_get_every_flow, tc)
{
	unsigned int	i;

	begin_exports();
	add_collector(5, 0);
	add_collector(9, 0);
	add_collector(10, 0);
	for (i = 0; i < 100; i++)
		ATF_CHECK_EQ(1, export_one(both_ways(tcp_flow()),
		    (uint16_t)i));
	exports_flush(x, &c);
	for (i = 0; i < 3; i++) {
		ATF_CHECK_EQ(200, records[i]);
		ATF_CHECK_EQ(200, counters_of(i).records);
		ATF_CHECK_EQ(datagrams[i], counters_of(i).datagrams);
	}
	ATF_CHECK_EQ(100, gone_exported);
	ATF_CHECK_EQ(0, gone_unsent);
	/* All records are free again. */
	ATF_CHECK_EQ(TRACK_NONE, track_next(track, 0));
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(each_collector_has_its_own_sequence);
ATF_TC_BODY(each_collector_has_its_own_sequence, tc)
{
	struct summary_export	row;

	begin_exports();
	add_collector(5, 0);
	add_collector(9, 0);
	add_collector(10, 0);
	export_one(both_ways(tcp_flow()), 1);
	exports_flush(x, &c);
	export_one(tcp_flow(), 2);
	exports_flush(x, &c);
	ATF_CHECK_EQ(102, walks[0].sequence);
	ATF_CHECK_EQ(101, walks[1].sequence);
	ATF_CHECK_EQ(104, walks[2].sequence);	/* and two on sampling */
	exports_row(x, 2, &row);
	ATF_CHECK_EQ(105, row.sequence);
	ATF_CHECK_EQ(10, row.version);
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(a_failing_collector_leaves_the_others_alone);
ATF_TC_BODY(a_failing_collector_leaves_the_others_alone, tc)
{
	static const int	errors[] = { ECONNREFUSED, EHOSTUNREACH,
				    ENETUNREACH, EAGAIN, ENOBUFS, EPERM,
				    EMSGSIZE };
	unsigned int		i, n;

	begin_exports();
	add_collector(9, 0);
	add_collector(9, 0);
	bad_fd = fds[0];
	for (i = 0; i < nitems(errors); i++) {
		bad_errno = errors[i];
		for (n = 0; n < 60; n++)
			export_one(both_ways(tcp_flow()), (uint16_t)n);
		exports_flush(x, &c);
		ATF_CHECK_EQ((i + 1) * 120, records[1]);
		ATF_CHECK_EQ((i + 1) * 120, counters_of(0).records_lost);
		ATF_CHECK_EQ((uint64_t)errors[i], counters_of(0).last_error);
	}
	ATF_CHECK_EQ(0, counters_of(0).records);
	ATF_CHECK_EQ(0, counters_of(1).failures);
	ATF_CHECK_EQ(0, counters_of(1).last_error);
	ATF_CHECK_EQ(nitems(errors) * 60, gone_exported);
	ATF_CHECK_EQ(0, gone_unsent);
	ATF_CHECK(counters_of(0).would_block > 0);

	/* It is back, and sees the gap only. */
	bad_fd = -1;
	exports_templates(x);
	export_one(tcp_flow(), 1);
	exports_flush(x, &c);
	ATF_CHECK_EQ(1, records[0]);
	ATF_CHECK(walks[0].sequence > 100);
	exports_free(x);
}

/* What ICMP tells is about an earlier datagram; this one goes. */
ATF_TC_WITHOUT_HEAD(a_refusal_is_told_though_the_next_datagram_goes);
ATF_TC_BODY(a_refusal_is_told_though_the_next_datagram_goes, tc)
{
	begin_exports();
	add_collector(9, 0);
	exports_set_clock(x, &clock_now);
	bad_fd = fds[0];
	bad_errno = ECONNREFUSED;
	bad_once = 1;
	export_one(tcp_flow(), 1);
	exports_flush(x, &c);
	ATF_CHECK_EQ(1, counters_of(0).records);
	ATF_CHECK_EQ(0, counters_of(0).failures);
	ATF_CHECK_EQ(ECONNREFUSED, counters_of(0).last_error);
	ATF_CHECK(counters_of(0).last_error_us != 0);
	ATF_CHECK(counters_of(0).last_success_us != 0);
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(a_flow_that_no_collector_took_is_unsent);
ATF_TC_BODY(a_flow_that_no_collector_took_is_unsent, tc)
{
	begin_exports();
	add_collector(9, 0);
	bad_fd = fds[0];
	bad_errno = ENETUNREACH;
	ATF_CHECK_EQ(1, export_one(tcp_flow(), 1));
	exports_flush(x, &c);
	ATF_CHECK_EQ(1, gone_unsent);
	ATF_CHECK_EQ(0, gone_exported);
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(without_a_collector_a_flow_is_counted_as_such);
ATF_TC_BODY(without_a_collector_a_flow_is_counted_as_such, tc)
{
	struct flow	empty = tcp_flow();

	empty.packets[0] = 0;
	begin_exports();
	ATF_CHECK_EQ(0, export_one(empty, 1));
	ATF_CHECK_EQ(0, c.flows_no_collector);
	ATF_CHECK_EQ(0, export_one(both_ways(tcp_flow()), 1));
	exports_tick(x, &c);
	exports_flush(x, &c);
	ATF_CHECK_EQ(1, c.flows_no_collector);
	ATF_CHECK_EQ(73, c.packets_no_collector);
	ATF_CHECK_EQ(0, commits);
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(what_one_version_cannot_say_goes_to_those_that_can);
ATF_TC_BODY(what_one_version_cannot_say_goes_to_those_that_can, tc)
{
	begin_exports();
	add_collector(5, 0);
	ATF_CHECK_EQ(0, export_one(ipv6_flow(6), 1));
	ATF_CHECK_EQ(1, c.flows_not_exportable);
	ATF_CHECK_EQ(73, c.packets_not_exportable);
	add_collector(10, 0);
	ATF_CHECK_EQ(1, export_one(ipv6_flow(6), 2));
	exports_flush(x, &c);
	ATF_CHECK_EQ(1, c.flows_not_exportable);
	ATF_CHECK_EQ(4, counters_of(0).records_not_exportable);
	ATF_CHECK_EQ(0, records[0]);
	ATF_CHECK_EQ(2, records[1]);
	ATF_CHECK_EQ(1, gone_exported);
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(spread_keeps_a_conversation_with_its_collector);
ATF_TC_BODY(spread_keeps_a_conversation_with_its_collector, tc)
{
	uint32_t	before[4], once[4];
	unsigned int	i, port, took;

	how.spread = 1;
	how.secret[0] = 0x1234;
	begin_exports();
	for (i = 0; i < 4; i++)
		add_collector(9, 0);
	for (port = 0; port < 400; port++) {
		memcpy(before, records, sizeof(before));
		export_one(both_ways(tcp_flow()), (uint16_t)port);
		exports_flush(x, &c);
		for (i = took = 0; i < 4; i++) {
			once[i] = records[i] - before[i];
			took += once[i] != 0;
			ATF_CHECK(once[i] == 0 || once[i] == 2);
		}
		ATF_CHECK_EQ(1, took);
		/* Later records of it. */
		memcpy(before, records, sizeof(before));
		export_one(both_ways(tcp_flow()), (uint16_t)port);
		exports_flush(x, &c);
		for (i = 0; i < 4; i++)
			ATF_CHECK_EQ(once[i], records[i] - before[i]);
	}
	for (i = 0; i < 4; i++)
		ATF_CHECK(records[i] > 200 && records[i] < 600);
	ATF_CHECK_EQ(800, gone_exported);
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(spread_gives_a_flow_to_who_can_say_it);
ATF_TC_BODY(spread_gives_a_flow_to_who_can_say_it, tc)
{
	unsigned int	port;

	how.spread = 1;
	begin_exports();
	add_collector(5, 0);
	add_collector(9, 0);
	for (port = 0; port < 50; port++)
		ATF_CHECK_EQ(1, export_one(ipv6_flow(6), (uint16_t)port));
	exports_flush(x, &c);
	ATF_CHECK_EQ(100, records[1]);
	ATF_CHECK_EQ(0, counters_of(0).records_not_exportable);
	exports_free(x);
}

/* The worker before was of another mind. */
ATF_TC_WITHOUT_HEAD(spread_keeps_to_what_was_chosen);
ATF_TC_BODY(spread_keeps_to_what_was_chosen, tc)
{
	uint32_t	idx;
	unsigned int	i;

	how.spread = 1;
	begin_exports();
	add_collector(9, 0);
	add_collector(9, 0);
	for (i = 0; i < 64; i++) {
		idx = ended(tcp_flow(), (uint16_t)i);
		track_flow(track, idx)->pending = 2;
		ATF_CHECK_EQ(1, exports_flow(x, idx, EXPIRE_TCP, &c));
	}
	exports_flush(x, &c);
	ATF_CHECK_EQ(0, records[0]);
	ATF_CHECK_EQ(64, records[1]);
	ATF_CHECK_EQ(0, c.flows_not_exportable);
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(a_flow_is_free_only_behind_its_last_collector);
ATF_TC_BODY(a_flow_is_free_only_behind_its_last_collector, tc)
{
	uint32_t	idx;

	begin_exports();
	add_collector(9, 0);
	idx = ended(tcp_flow(), 1);
	add_collector(10, 0);
	ATF_CHECK_EQ(FLOW_PENDING, track_flow(track, idx)->pending);
	exports_flow(x, idx, EXPIRE_TCP, &c);
	ATF_CHECK_EQ(3, track_flow(track, idx)->pending);
	/* The one for IPFIX holds fewer: make v9's go first. */
	bad_fd = fds[1];
	bad_errno = EPERM;
	exports_flush(x, &c);
	ATF_CHECK_EQ(1, gone[idx]);
	ATF_CHECK_EQ(1, gone_exported);		/* v9 has it */
	ATF_CHECK_EQ(0, track_flow(track, idx)->flags & FLOW_USED);
	ATF_CHECK_EQ(2, commits);
	exports_free(x);
}

/* As exports.c is when it dies between its commit and telling the flows. */
ATF_TC_WITHOUT_HEAD(what_was_committed_is_told_to_flows_by_the_next_worker);
ATF_TC_BODY(what_was_committed_is_told_to_flows_by_the_next_worker, tc)
{
	static struct exports_state	 state;
	uint32_t			 idx[2];
	unsigned int			 slot;

	begin_exports();
	add_collector(9, 0);
	add_collector(9, 0);
	idx[0] = ended(tcp_flow(), 1);
	idx[1] = ended(tcp_flow(), 2);
	track_flow(track, idx[0])->pending = 3;
	track_flow(track, idx[1])->pending = 1;
	hands[0].number = 8;
	hands[0].sending = hands[0].pieces = hands[0].sent = 1;
	hands[0].nflows = hands[0].piece[0].nflows = 2;
	memcpy(hands[0].flow, idx, sizeof(idx));
	state.session[0].settled = 8;
	ATF_CHECK(exports_resumable(x, &state, &slot) == NULL);
	ATF_CHECK_EQ(2, track_flow(track, idx[0])->pending);
	ATF_CHECK_EQ(0, track_flow(track, idx[1])->pending);
	ATF_CHECK(track_flow(track, idx[0])->flags & FLOW_TAKEN);
	/* Told once more, nothing changes. */
	hands[0].flow[1] = UINT32_MAX;
	ATF_CHECK(exports_resumable(x, &state, &slot) == NULL);
	ATF_CHECK_EQ(2, track_flow(track, idx[0])->pending);
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(a_flow_goes_on_to_those_that_it_waits_for);
ATF_TC_BODY(a_flow_goes_on_to_those_that_it_waits_for, tc)
{
	uint32_t	idx;

	begin_exports();
	add_collector(9, 0);
	add_collector(9, 0);
	idx = ended(tcp_flow(), 1);
	track_flow(track, idx)->pending = 2;
	track_flow(track, idx)->flags |= FLOW_TAKEN;
	bad_fd = fds[1];
	bad_errno = EPERM;
	ATF_CHECK_EQ(1, exports_flow(x, idx, EXPIRE_TCP, &c));
	exports_flush(x, &c);
	ATF_CHECK_EQ(0, records[0]);
	ATF_CHECK_EQ(1, gone_exported);		/* the first has it */
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(there_is_room_as_long_as_the_slowest_has_some);
ATF_TC_BODY(there_is_room_as_long_as_the_slowest_has_some, tc)
{
	unsigned int	n;

	begin_exports();
	add_collector(9, 0);
	add_collector(9, 20000);
	exports_pace(x, 1000000);
	for (n = 0; exports_room(x); n++)
		export_one(tcp_flow(), (uint16_t)n);
	exports_flush(x, &c);
	ATF_CHECK(counters_of(1).octets >= 32768 &&
	    counters_of(1).octets < 32768 + 2 * 1400);
	exports_pace(x, 1500000);
	ATF_CHECK(exports_room(x));
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(a_limit_holds_for_what_cannot_wait_and_counts_it);
ATF_TC_BODY(a_limit_holds_for_what_cannot_wait_and_counts_it, tc)
{
	struct export_counters	limited;
	unsigned int		i;

	begin_exports();
	add_collector(9, 0);
	add_collector(9, 20000);
	exports_pace(x, 1000000);
	for (i = 0; i < 5000; i++)
		export_one(tcp_flow(), (uint16_t)i);
	exports_flush(x, &c);
	limited = counters_of(1);
	ATF_CHECK_EQ(5000, records[0]);
	ATF_CHECK(limited.octets < 32768 + 20000 + 2 * 1400);
	ATF_CHECK(limited.records_lost > 0);
	ATF_CHECK_EQ(5000, limited.records_lost + records[1]);
	ATF_CHECK_EQ(5000, gone_exported);
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(what_some_cannot_get_is_committed_as_lost_at_once);
ATF_TC_BODY(what_some_cannot_get_is_committed_as_lost_at_once, tc)
{
	begin_exports();
	add_collector(5, 0);
	add_collector(9, 0);
	export_one(tcp_flow(), 1);
	ATF_CHECK_EQ(0, commits);
	export_one(ipv6_flow(6), 2);
	ATF_CHECK_EQ(1, commits);
	ATF_CHECK(counters_of(0).records_not_exportable > 0);
	exports_free(x);
}

ATF_TC_WITHOUT_HEAD(a_limit_does_not_undo_that_another_has_a_flow);
ATF_TC_BODY(a_limit_does_not_undo_that_another_has_a_flow, tc)
{
	uint32_t	idx;
	unsigned int	i;

	begin_exports();
	add_collector(9, 0);
	add_collector(9, 20000);
	exports_pace(x, 1000000);
	for (i = 0; i < 5000; i++)
		export_one(tcp_flow(), (uint16_t)i);
	idx = ended(tcp_flow(), 5000);
	track_flow(track, idx)->pending = 2;
	track_flow(track, idx)->flags |= FLOW_TAKEN;
	ATF_CHECK_EQ(0, exports_flow(x, idx, EXPIRE_TCP, &c));
	ATF_CHECK_EQ(0, c.flows_unsent);
	ATF_CHECK_EQ(1, c.flows_exported);
	ATF_CHECK_EQ(3, c.packets_exported);
	ATF_CHECK(c.octets_exported > 0);
	exports_free(x);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, collectors_have_a_limit);
	ATF_TP_ADD_TC(tp, collectors_of_every_version_get_every_flow);
	ATF_TP_ADD_TC(tp, each_collector_has_its_own_sequence);
	ATF_TP_ADD_TC(tp, a_failing_collector_leaves_the_others_alone);
	ATF_TP_ADD_TC(tp, a_refusal_is_told_though_the_next_datagram_goes);
	ATF_TP_ADD_TC(tp, a_flow_that_no_collector_took_is_unsent);
	ATF_TP_ADD_TC(tp, without_a_collector_a_flow_is_counted_as_such);
	ATF_TP_ADD_TC(tp, what_one_version_cannot_say_goes_to_those_that_can);
	ATF_TP_ADD_TC(tp, spread_keeps_a_conversation_with_its_collector);
	ATF_TP_ADD_TC(tp, spread_gives_a_flow_to_who_can_say_it);
	ATF_TP_ADD_TC(tp, spread_keeps_to_what_was_chosen);
	ATF_TP_ADD_TC(tp, a_flow_is_free_only_behind_its_last_collector);
	ATF_TP_ADD_TC(tp,
	    what_was_committed_is_told_to_flows_by_the_next_worker);
	ATF_TP_ADD_TC(tp, a_flow_goes_on_to_those_that_it_waits_for);
	ATF_TP_ADD_TC(tp, there_is_room_as_long_as_the_slowest_has_some);
	ATF_TP_ADD_TC(tp, a_limit_holds_for_what_cannot_wait_and_counts_it);
	ATF_TP_ADD_TC(tp, what_some_cannot_get_is_committed_as_lost_at_once);
	ATF_TP_ADD_TC(tp, a_limit_does_not_undo_that_another_has_a_flow);
	return (atf_no_error());
}
