/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Flows for control clients: filtered, sorted, and with back-pressure. */

#include <sys/resource.h>
#include <sys/time.h>

#include <atf-c.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control_fixture.h"

#define MANY_FLOWS	10000
#define MILLION		1000000
#define SECOND		1000000ULL
#define T0		1700000000000000ULL

static struct flow *
flow(unsigned int n)
{
	return (track_flow(engine.table, n));
}

/* Flow n has a packet of a direction, so many octets, and these times. */
static void
fill(unsigned int n, int dir, uint64_t octets, uint64_t packets,
    uint64_t first_us, uint64_t last_us)
{
	struct flow *f = flow(n);

	f->octets[dir] = octets;
	f->packets[dir] = packets;
	f->first_us[dir] = first_us;
	f->last_us[dir] = last_us;
}

static void
query(struct peer *p, const struct ctl_filter *f, enum ctl_sort sort,
    uint32_t limit)
{
	struct ctl_query q;

	memset(&q, 0, sizeof(q));
	if (f != NULL)
		q.filter = *f;
	q.sort = sort;
	q.limit = limit;
	ask(p, CTL_SHOW_FLOWS, CTL_VERSION, &q, sizeof(q));
}

/* The rows' indexes, at most max of them; returns how many rows there are. */
static unsigned int
indexes(struct peer *p, uint32_t *index, unsigned int max)
{
	struct ctl_result r;
	struct ctl_flow row;
	struct imsg imsg;
	unsigned int n = 0;

	for (;; n++) {
		ATF_REQUIRE_EQ(next(p, &imsg), 1);
		if (imsg_get_type(&imsg) == CTL_RESULT)
			break;
		ATF_REQUIRE_EQ(imsg_get_type(&imsg), CTL_FLOW);
		ATF_REQUIRE_EQ(imsg_get_data(&imsg, &row, sizeof(row)), 0);
		imsg_free(&imsg);
		if (n < max)
			index[n] = row.index;
	}
	ATF_REQUIRE_EQ(imsg_get_data(&imsg, &r, sizeof(r)), 0);
	imsg_free(&imsg);
	ATF_CHECK_EQ(r.failed, 0);
	ATF_CHECK_EQ(r.count, n);
	return (n);
}

static void
check_order(struct peer *p, enum ctl_sort sort, uint32_t limit,
    const uint32_t *want, unsigned int n)
{
	uint32_t got[16];
	unsigned int i;

	query(p, NULL, sort, limit);
	ATF_REQUIRE_EQ(indexes(p, got, 16), n);
	for (i = 0; i < n; i++)
		ATF_CHECK_EQ_MSG(got[i], want[i], "sort %d, row %u: %u", sort,
		    i, got[i]);
}

CASE(unread_dump_keeps_the_queue_bounded_while_another_is_served)
{
	struct pollfd pfd[MAX_CONTROL];
	struct ctl_result r;
	struct peer lazy, p;
	unsigned int i, asked, rows;

	setup(MANY_FLOWS);
	join(&lazy, 0, 0);
	join(&p, 1, 0);
	ask(&lazy, CTL_DUMP_FLOWS, CTL_VERSION, NULL, 0);
	for (i = 0; i < 1000; i++)
		turn(0);
	asked = engine.flows_asked;
	/* what the socket took is less than a hundred rows */
	ATF_CHECK(asked >= CONTROL_QUEUE_MAX);
	ATF_CHECK_MSG(asked <= CONTROL_QUEUE_MAX + 100, "%u rows", asked);
	ATF_REQUIRE_EQ(control_pollfds(pfd, MAX_CONTROL), 2);
	ATF_CHECK_EQ(pfd[0].events, POLLOUT);

	ask(&p, CTL_DUMP_FLOWS, CTL_VERSION, NULL, 0);
	r = result_of(&p, &rows);
	ATF_CHECK_EQ(rows, MANY_FLOWS);
	ATF_CHECK_EQ(r.count, MANY_FLOWS);
	ATF_CHECK_EQ(engine.flows_asked, asked + MANY_FLOWS);

	/* it still gets all of it, once it reads */
	(void)result_of(&lazy, &rows);
	ATF_CHECK_EQ(rows, MANY_FLOWS);
}

CASE(dump_holds_each_flow_once_as_it_is)
{
	static unsigned char seen[MANY_FLOWS];
	struct ctl_flow row;
	struct imsg imsg;
	struct peer p;
	unsigned int i;

	setup(MANY_FLOWS);
	/* our own datagrams are not flows */
	track_flow(engine.table, track_next(engine.table, 0))->flags |=
	    FLOW_OWN;
	join(&p, 0, 0);
	ask(&p, CTL_DUMP_FLOWS, CTL_VERSION, NULL, 0);
	for (i = 0; i < MANY_FLOWS - 1; i++) {
		ATF_REQUIRE_EQ(next(&p, &imsg), 1);
		ATF_REQUIRE_EQ(imsg_get_type(&imsg), CTL_FLOW);
		ATF_REQUIRE_EQ(imsg_get_data(&imsg, &row, sizeof(row)), 0);
		ATF_REQUIRE(row.port[0] < MANY_FLOWS);
		ATF_REQUIRE_EQ(seen[row.port[0]]++, 0);
		ATF_REQUIRE_EQ(row.expires, row.port[0] % 100);
		ATF_REQUIRE_EQ(row.reason, EXPIRE_UDP);
		ATF_REQUIRE_EQ(row.family, 4);
		imsg_free(&imsg);
	}
	ATF_CHECK_EQ(result_of(&p, NULL).count, MANY_FLOWS - 1);
}

CASE(dump_says_vlans_and_addresses_where_there_are_any)
{
	static struct flow_side side;
	struct ctl_flow row;
	struct imsg imsg;
	struct peer p;
	unsigned int kept;

	side.first[1].mac[0][5] = 0xa;
	side.first[1].mac[1][5] = 0xb;
	side.first[1].vlan[0] = 0xa064;
	side.first[1].vlan[1] = 0x6007;
	setup(1);
	track_flow(engine.table, 0)->packets[0] = 0;
	track_flow(engine.table, 0)->packets[1] = 1;
	join(&p, 0, 0);
	for (kept = 0; kept < 2; kept++) {
		if (kept)
			track_extend(engine.table, &side, 0);
		ask(&p, CTL_DUMP_FLOWS, CTL_VERSION, NULL, 0);
		ATF_REQUIRE_EQ(next(&p, &imsg), 1);
		ATF_REQUIRE_EQ(imsg_get_data(&imsg, &row, sizeof(row)), 0);
		imsg_free(&imsg);
		(void)result_of(&p, NULL);
		ATF_CHECK_EQ(row.have, kept ? CTL_FLOW_SIDE : 0);
		ATF_CHECK_EQ(row.vlan[0], kept * 100);
		ATF_CHECK_EQ(row.vlan[1], kept * 7);
		ATF_CHECK_EQ(row.mac[1][5], kept * 0xa);
		ATF_CHECK_EQ(row.mac[0][5], kept * 0xb);
	}
}

CASE(client_that_vanishes_in_a_dump_is_closed_once)
{
	struct pollfd pfd[MAX_CONTROL];
	struct peer p;
	unsigned int i;

	setup(MANY_FLOWS);
	join(&p, 3, 0);
	ask(&p, CTL_DUMP_FLOWS, CTL_VERSION, NULL, 0);
	for (i = 0; i < 10; i++)
		turn(0);
	close(p.fd);
	for (i = 0; i < 10; i++)
		turn(0);
	ATF_CHECK_EQ(engine.closed[3], 1);
	ATF_CHECK_EQ(control_pollfds(pfd, MAX_CONTROL), 0);
	turn(1000 * CONTROL_IDLE_MS);
	control_close_all(1);
	ATF_CHECK_EQ(engine.closed[3], 1);
}

CASE(a_read_dump_is_progress_and_an_unread_one_is_not)
{
	struct peer reader, lazy;
	char buf[8192];
	uint64_t now_ms;

	setup(MANY_FLOWS);
	join(&reader, 0, 0);
	join(&lazy, 1, 0);
	ask(&reader, CTL_DUMP_FLOWS, CTL_VERSION, NULL, 0);
	ask(&lazy, CTL_DUMP_FLOWS, CTL_VERSION, NULL, 0);
	for (now_ms = 0; now_ms < 3 * CONTROL_IDLE_MS; now_ms += 10000) {
		ATF_REQUIRE(read(reader.fd, buf, sizeof(buf)) != 0);
		turn(now_ms);
	}
	ATF_CHECK_EQ(engine.closed[0], 0);
	ATF_CHECK_EQ(engine.closed[1], 1);
}

CASE(query_that_cannot_be_is_refused_in_words)
{
	struct ctl_query q;
	struct peer p;

	setup(1);
	join(&p, 0, 0);
	memset(&q, 0, sizeof(q));
	q.sort = CTL_SORT_MAX;
	check_denied(&p, CTL_SHOW_FLOWS, &q, sizeof(q),
	    "sort by 5: allowed are 0 to 4");
	q.sort = CTL_SORT_AGE;
	check_denied(&p, CTL_SHOW_FLOWS, &q, sizeof(q), "limit of 0 flows: "
	    "allowed are 1 to 1000 where they are sorted");
	q.limit = CTL_SORT_LIMIT + 1;
	check_denied(&p, CTL_SHOW_FLOWS, &q, sizeof(q), "limit of 1001 "
	    "flows: allowed are 1 to 1000 where they are sorted");
	q.limit = 1;
	q.filter.have = CTL_FILTER_STATE;
	q.filter.state = CTL_STATE_MAX;
	check_denied(&p, CTL_SHOW_FLOWS, &q, sizeof(q),
	    "state 6 of a flow: allowed are 0 to 5");
	q.filter.have = CTL_FILTER_VLAN;
	q.filter.vlan = 1;
	check_denied(&p, CTL_SHOW_FLOWS, &q, sizeof(q), "VLANs of flows are "
	    "not kept: softflowd needs -T vlan, -T ether or -o fields=vlan "
	    "for that");
}

CASE(filter_and_limit_choose_the_rows)
{
	struct ctl_filter f;
	struct peer p;
	uint32_t got[8];

	setup(MANY_FLOWS);
	join(&p, 0, 0);
	query(&p, NULL, CTL_SORT_NONE, 0);
	ATF_CHECK_EQ(indexes(&p, got, 8), MANY_FLOWS);
	query(&p, NULL, CTL_SORT_NONE, 7);
	ATF_CHECK_EQ(indexes(&p, got, 8), 7);
	ATF_CHECK_EQ(got[6], 6);
	memset(&f, 0, sizeof(f));
	f.nport = 1;
	f.port[0] = 9999;
	query(&p, &f, CTL_SORT_NONE, 0);
	ATF_CHECK_EQ(indexes(&p, got, 8), 1);
	ATF_CHECK_EQ(got[0], 9999);
	flow(9999)->flags |= FLOW_OWN;
	query(&p, &f, CTL_SORT_NONE, 1);
	ATF_CHECK_EQ(indexes(&p, got, 8), 0);
	query(&p, &f, CTL_SORT_OCTETS, 10);
	ATF_CHECK_EQ(indexes(&p, got, 8), 0);
}

CASE(each_sort_has_the_largest_first)
{
	static const uint32_t octets[] = { 2, 0, 1, 3 };
	static const uint32_t packets[] = { 3, 2, 1, 0 };
	static const uint32_t age[] = { 1, 3, 0, 2 };
	static const uint32_t rates[] = { 2, 0, 3, 1 };
	struct peer p;

	setup(4);
	engine.now_us = T0 + 100 * SECOND;
	fill(0, 0, 500, 1, T0 + 20 * SECOND, T0 + 21 * SECOND);
	fill(0, 1, 500, 1, T0 + 20 * SECOND, T0 + 22 * SECOND);
	fill(1, 0, 900, 3, T0, T0 + 99 * SECOND);
	/* no octets at all in one direction, and a life of nothing */
	fill(2, 1, 5000, 4, T0 + 90 * SECOND, T0 + 90 * SECOND);
	fill(3, 0, 100, 5, T0 + 10 * SECOND, T0 + 10 * SECOND);
	join(&p, 0, 0);
	check_order(&p, CTL_SORT_OCTETS, 1000, octets, 4);
	check_order(&p, CTL_SORT_PACKETS, 4, packets, 4);
	check_order(&p, CTL_SORT_AGE, 3, age, 3);
	check_order(&p, CTL_SORT_RATE, 10, rates, 4);
	check_order(&p, CTL_SORT_OCTETS, 1, octets, 1);
}

/* Random sizes with equals among them, more flows than one turn looks at. */
CASE(sorted_rows_are_those_that_a_full_sort_would_give)
{
	uint64_t seed = 7, least, value, before = UINT64_MAX;
	uint32_t got[CTL_SORT_LIMIT];
	unsigned int i, larger = 0;
	struct peer p;

	setup(MANY_FLOWS);
	for (i = 0; i < MANY_FLOWS; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		fill(i, 0, seed >> 52, 1, T0, T0);
	}
	join(&p, 0, 0);
	query(&p, NULL, CTL_SORT_OCTETS, CTL_SORT_LIMIT);
	ATF_REQUIRE_EQ(indexes(&p, got, CTL_SORT_LIMIT), CTL_SORT_LIMIT);
	for (i = 0; i < CTL_SORT_LIMIT; i++) {
		value = flow(got[i])->octets[0];
		ATF_REQUIRE(value <= before);
		ATF_REQUIRE(value < before || got[i] > got[i - 1]);
		before = value;
	}
	least = before;
	for (i = 0; i < MANY_FLOWS; i++)
		larger += flow(i)->octets[0] > least;
	ATF_CHECK(larger < CTL_SORT_LIMIT);
}

/* A turn looks at some thousand records, and the next one is wanted soon. */
CASE(filter_that_skips_everything_yields_between_turns)
{
	struct pollfd pfd[MAX_CONTROL];
	struct ctl_filter f;
	struct peer p;
	unsigned int sort, turns;

	setup(MILLION);
	memset(&f, 0, sizeof(f));
	f.min_octets = 1;
	for (sort = CTL_SORT_NONE; sort <= CTL_SORT_OCTETS; sort++) {
		join(&p, sort, 0);
		query(&p, &f, (enum ctl_sort)sort, 10);
		for (turns = 0; turns < MILLION; turns++) {
			turn(0);
			ATF_REQUIRE_EQ(control_pollfds(pfd, MAX_CONTROL),
			    sort + 1);
			if (pfd[sort].events != POLLOUT)
				break;
			ATF_REQUIRE(poll(pfd, sort + 1, 0) > 0);
		}
		ATF_CHECK_MSG(turns >= 100 && turns <= 1000, "%u turns",
		    turns);
		ATF_CHECK_EQ(indexes(&p, NULL, 0), 0);
	}
}

CASE(flows_that_vanish_in_a_sorted_scan_are_left_out)
{
	static const uint32_t want[] = { 3, 1 };
	struct flow_key key;
	uint32_t got[8], hash;
	struct peer p;
	unsigned int i;

	setup(4);
	for (i = 0; i < 4; i++)
		fill(i, 0, 100 * (i + 1), 1, T0 + i, T0 + i);
	key = flow(0)->key;
	join(&p, 0, 0);
	query(&p, NULL, CTL_SORT_OCTETS, 4);
	turn(0);
	/* 2 is gone, 0 is gone and there again, 3 has a packet of before */
	track_remove(engine.table, 2);
	track_remove(engine.table, 0);
	hash = track_hash(engine.table, &key);
	ATF_REQUIRE_EQ(track_insert(engine.table, &key, hash), 0);
	fill(0, 0, 7, 1, T0 + SECOND, T0 + SECOND);
	fill(3, 1, 1, 1, T0, T0);
	ATF_REQUIRE_EQ(indexes(&p, got, 8), 2);
	for (i = 0; i < 2; i++)
		ATF_CHECK_EQ(got[i], want[i]);
}

CASE(record_with_another_flow_in_it_is_left_out)
{
	struct flow_key key;
	uint32_t got[8];
	struct peer p;

	setup(1);
	fill(0, 0, 1, 1, T0, T0);
	key = flow(0)->key;
	key.proto = 6;
	join(&p, 0, 0);
	query(&p, NULL, CTL_SORT_AGE, 4);
	turn(0);
	track_remove(engine.table, 0);
	ATF_REQUIRE_EQ(track_insert(engine.table, &key,
	    track_hash(engine.table, &key)), 0);
	fill(0, 0, 1, 1, T0, T0);
	ATF_CHECK_EQ(indexes(&p, got, 8), 0);
}

static long
resident_kib(void)
{
	struct rusage ru;

	ATF_REQUIRE_EQ(getrusage(RUSAGE_SELF, &ru), 0);
	return (ru.ru_maxrss);
}

CASE(client_that_stops_reading_in_a_million_rows_takes_little_memory)
{
	struct ctl_result r;
	struct imsg imsg;
	struct peer lazy, p;
	unsigned int i, asked;
	long before;

	setup(MILLION);
	join(&lazy, 0, 0);
	join(&p, 1, 0);
	query(&p, NULL, CTL_SORT_OCTETS, CTL_SORT_LIMIT);
	(void)result_of(&p, NULL);
	ask(&lazy, CTL_DUMP_FLOWS, CTL_VERSION, NULL, 0);
	for (i = 0; i < MILLION / 2; i++) {
		ATF_REQUIRE_EQ(next(&lazy, &imsg), 1);
		imsg_free(&imsg);
	}
	before = resident_kib();
	asked = engine.flows_asked;
	for (i = 0; i < 10000; i++)
		turn(0);
	ATF_CHECK_MSG(engine.flows_asked - asked <= CONTROL_QUEUE_MAX + 100,
	    "%u rows more", engine.flows_asked - asked);
	query(&p, NULL, CTL_SORT_OCTETS, 10);
	r = result_of(&p, &i);
	ATF_CHECK_EQ(r.count, 10);
	ATF_CHECK_MSG(resident_kib() - before < 1024, "%ld KiB more",
	    resident_kib() - before);
	/* in the end it is closed */
	turn(CONTROL_IDLE_MS);
	ATF_CHECK_EQ(engine.closed[0], 1);
}

CASE(eight_clients_sort_at_once)
{
	uint32_t got[MAX_CONTROL];
	struct peer p[MAX_CONTROL];
	unsigned int i;

	setup(MILLION);
	for (i = 0; i < MILLION; i++)
		fill(i, 0, i, 1, T0, T0);
	for (i = 0; i < MAX_CONTROL; i++) {
		join(&p[i], i, 0);
		query(&p[i], NULL, CTL_SORT_OCTETS, i + 1);
	}
	for (i = 0; i < MAX_CONTROL; i++) {
		ATF_CHECK_EQ(indexes(&p[i], got, MAX_CONTROL), i + 1);
		ATF_CHECK_EQ(got[0], MILLION - 1);
		ATF_CHECK_EQ(got[i], MILLION - 1 - i);
	}
}

CASE(client_that_vanishes_in_a_sorted_scan_is_closed_once)
{
	struct pollfd pfd[MAX_CONTROL];
	struct peer p;

	setup(MANY_FLOWS);
	join(&p, 0, 0);
	query(&p, NULL, CTL_SORT_OCTETS, CTL_SORT_LIMIT);
	turn(0);
	close(p.fd);
	turn(0);
	ATF_CHECK_EQ(engine.closed[0], 1);
	ATF_CHECK_EQ(engine.flows_asked, 0);
	ATF_CHECK_EQ(control_pollfds(pfd, MAX_CONTROL), 0);
}

/* However long a scan takes, who is there for its rows is not idle. */
CASE(long_scan_is_no_idleness)
{
	struct ctl_filter f;
	struct peer p;
	unsigned int i;

	setup(20 * MANY_FLOWS);
	memset(&f, 0, sizeof(f));
	f.min_octets = 1;
	join(&p, 0, 0);
	query(&p, &f, CTL_SORT_NONE, 0);
	for (i = 0; i < 20; i++)
		turn((uint64_t)i * 10000);
	ATF_CHECK_EQ(engine.closed[0], 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp,
	    unread_dump_keeps_the_queue_bounded_while_another_is_served);
	ATF_TP_ADD_TC(tp, dump_holds_each_flow_once_as_it_is);
	ATF_TP_ADD_TC(tp, dump_says_vlans_and_addresses_where_there_are_any);
	ATF_TP_ADD_TC(tp, client_that_vanishes_in_a_dump_is_closed_once);
	ATF_TP_ADD_TC(tp, a_read_dump_is_progress_and_an_unread_one_is_not);
	ATF_TP_ADD_TC(tp, query_that_cannot_be_is_refused_in_words);
	ATF_TP_ADD_TC(tp, filter_and_limit_choose_the_rows);
	ATF_TP_ADD_TC(tp, each_sort_has_the_largest_first);
	ATF_TP_ADD_TC(tp, sorted_rows_are_those_that_a_full_sort_would_give);
	ATF_TP_ADD_TC(tp, filter_that_skips_everything_yields_between_turns);
	ATF_TP_ADD_TC(tp, flows_that_vanish_in_a_sorted_scan_are_left_out);
	ATF_TP_ADD_TC(tp, record_with_another_flow_in_it_is_left_out);
	ATF_TP_ADD_TC(tp,
	    client_that_stops_reading_in_a_million_rows_takes_little_memory);
	ATF_TP_ADD_TC(tp, eight_clients_sort_at_once);
	ATF_TP_ADD_TC(tp, client_that_vanishes_in_a_sorted_scan_is_closed_once);
	ATF_TP_ADD_TC(tp, long_scan_is_no_idleness);
	return (atf_no_error());
}
