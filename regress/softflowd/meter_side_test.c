/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* From frames to records that say more: what -T vlan and ether make of them. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "compat.h"
#include "export_walk.h"
#include "meter_fixture.h"
#include "pages.h"

#define FLOWS	64U

/* A TCP SYN of 40 octets, then its answer, at the same place. */
static const uint8_t	ask[] = {
	0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0,
	10, 0, 0, 1, 192, 0, 2, 9, 0x9c, 0x40, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0,
	0x51, 0x02, 0, 0, 0, 0, 0, 0
};
static const uint8_t	answer[] = {
	0x45, 0, 0, 44, 0, 1, 0x40, 0, 50, 6, 0, 0,
	192, 0, 2, 9, 10, 0, 0, 1, 0, 80, 0x9c, 0x40, 0, 0, 0, 0, 0, 0, 0, 0,
	0x60, 0x12, 0, 0, 0, 0, 0, 0, 2, 4, 5, 0xb4
};
static const uint8_t	mac[2][6] = {
	{ 2, 0, 0, 0, 0, 10 }, { 2, 0, 0, 0, 0, 11 }
};
static const uint64_t	macs[2] = { 0x02000000000a, 0x02000000000b };

static struct msg_conf	 conf;
static struct estate	*es;
static struct meter	*m;
static struct walk	 w;

static ssize_t
read_datagram(int fd, const void *data, size_t len)
{
	const char	*error = walk_datagram(&w, data, len);

	(void)fd;
	ATF_REQUIRE_MSG(error == NULL, "%s", error);
	return ((ssize_t)len);
}

static void
begin(enum track_level level, unsigned int fields, unsigned int labels)
{
	int	side = side_wanted(level, fields, labels);

	conf = fixture_conf(FLOWS);
	fixture_version = 10;
	conf.track_level = level;
	conf.fields = (uint16_t)fields;
	conf.labels = (uint16_t)labels;
	ATF_REQUIRE((es = estate_map(-1, FLOWS, side)) != NULL);
	m = fixture_meter(&conf, es, read_datagram, -1);
	memset(&w, 0, sizeof(w));
}

/* Where frames are seen. */
static uint8_t	slot, outgoing;

/* One frame from endpoint d with the tags, 0: none, before IP. */
static void
frame(int d, uint16_t outer, uint16_t inner, const uint8_t from[6])
{
	static uint64_t		pos;
	struct capture_mark	mark = { 0, pos++ };
	struct frame		f = { 0 };
	const uint16_t		tag[2] = { outer, inner };
	uint8_t			data[80], *p = data;
	size_t			len = d == 0 ? sizeof(ask) : sizeof(answer);
	unsigned int		i;

	memcpy(p, mac[!d], 6);
	memcpy(p + 6, from, 6);
	p += 12;
	for (i = 0; i < 2; i++) {
		if (tag[i] == 0)
			continue;
		*p++ = 0x81;
		*p++ = 0x00;
		*p++ = (uint8_t)(tag[i] >> 8);
		*p++ = (uint8_t)tag[i];
	}
	*p++ = 0x08;
	*p++ = 0x00;
	memcpy(p, d == 0 ? ask : answer, len);
	f.data = data;
	f.caplen = f.wirelen = (uint32_t)((size_t)(p - data) + len);
	f.time_us = T0;
	f.slot = slot;
	f.outgoing = outgoing;
	meter_batch(m, 0, LINK_ETHERNET, &mark);
	meter_frame(m, &f);
	meter_account(m);
}

ATF_TC_WITHOUT_HEAD(both_ways_make_one_flow_of_a_vlan);
ATF_TC_BODY(both_ways_make_one_flow_of_a_vlan, tc)
{
	unsigned int	i;

	begin(TRACK_VLAN, OPTIONAL_ALL, 0);
	frame(0, 0xa064, 0x6007, mac[0]);
	frame(1, 0x0064, 0x0007, mac[1]);
	ATF_CHECK_EQ(1, meter_summary(m)->active_flows);
	fixture_expire_all(m);
	ATF_REQUIRE_EQ(2, w.flows);
	for (i = 0; i < 2; i++) {
		ATF_CHECK_EQ(100, w.record[i].value[58]);
		ATF_CHECK_EQ(7, w.record[i].value[245]);
		ATF_CHECK_EQ(i == 0 ? 5 : 0, w.record[i].value[244]);
		ATF_CHECK_EQ(macs[i], w.record[i].value[56]);
		ATF_CHECK_EQ(macs[!i], w.record[i].value[80]);
		ATF_CHECK_EQ(i == 0 ? 40 : 44, w.record[i].value[25]);
		ATF_CHECK_EQ(i == 0 ? 64 : 50, w.record[i].value[52]);
		ATF_CHECK_EQ(i == 0 ? 0x102 : 0x12, w.record[i].value[6]);
	}
}

/* Flows of the same conversation in four places. */
static void
four_places(enum track_level level, unsigned int flows)
{
	static const uint8_t	other[6] = { 2, 0, 0, 0, 0, 12 };

	begin(level, OPTIONAL_TTL, 0);
	frame(0, 100, 7, mac[0]);
	frame(0, 200, 7, mac[0]);
	frame(0, 100, 8, mac[0]);
	frame(0, 100, 7, other);
	frame(0, 100, 7, mac[0]);
	ATF_CHECK_EQ(flows, meter_summary(m)->active_flows);
	ATF_CHECK_EQ(flows, meter_counters(m)->flows);
	fixture_expire_all(m);
	ATF_CHECK(fixture_sums(meter_counters(m)) == NULL);
}

ATF_TC_WITHOUT_HEAD(levels_tell_places_apart_or_do_not);
ATF_TC_BODY(levels_tell_places_apart_or_do_not, tc)
{
	four_places(TRACK_FULL, 1);
	four_places(TRACK_VLAN, 3);
	four_places(TRACK_ETHER, 4);
}

ATF_TC_WITHOUT_HEAD(a_next_worker_finds_flows_by_their_vlan);
ATF_TC_BODY(a_next_worker_finds_flows_by_their_vlan, tc)
{
	struct adoption	a;

	begin(TRACK_ETHER, OPTIONAL_TCP, 0);
	frame(0, 100, 0, mac[0]);
	frame(0, 200, 0, mac[0]);
	conf.flags |= CONF_ADOPT;
	conf.counters = *meter_counters(m);
	m = fixture_meter(&conf, es, read_datagram, -1);
	ATF_REQUIRE_EQ(1, meter_adopt(m, &a));
	ATF_CHECK_EQ(2, a.flows);
	frame(1, 100, 0, mac[1]);
	frame(0, 200, 0, mac[0]);
	ATF_CHECK_EQ(2, meter_summary(m)->active_flows);
	fixture_expire_all(m);
	ATF_REQUIRE_EQ(3, w.flows);
	ATF_CHECK_EQ(1, w.record[0].value[218]);
	ATF_CHECK_EQ(1, w.record[1].value[218]);
	ATF_CHECK_EQ(2, w.record[2].value[218]);
	ATF_CHECK_EQ(2, w.record[2].value[2]);
}

/* Those that left before turn out to be second sightings. */
ATF_TC_WITHOUT_HEAD(a_direction_begins_anew_with_the_packets_that_count);
ATF_TC_BODY(a_direction_begins_anew_with_the_packets_that_count, tc)
{
	struct msg_interfaces	msg = { .captures = 1, .count = 2 };

	begin(TRACK_FULL, OPTIONAL_VLAN | OPTIONAL_TCP | OPTIONAL_MAC, 0);
	msg.interface[0].ifindex = msg.interface[0].number = 1;
	msg.interface[1].ifindex = msg.interface[1].number = 2;
	ATF_REQUIRE(interfaces_learn(&msg) == 0);
	slot = 2;
	outgoing = 1;
	frame(0, 300, 9, mac[1]);
	frame(0, 300, 9, mac[1]);
	slot = 1;
	outgoing = 0;
	frame(0, 100, 7, mac[0]);
	ATF_CHECK_EQ(2, meter_counters(m)->second_sightings);
	fixture_expire_all(m);
	ATF_REQUIRE_EQ(1, w.flows);
	ATF_CHECK_EQ(1, w.record[0].value[2]);
	ATF_CHECK_EQ(1, w.record[0].value[218]);
	ATF_CHECK_EQ(100, w.record[0].value[58]);
	ATF_CHECK_EQ(7, w.record[0].value[245]);
	ATF_CHECK_EQ(macs[0], w.record[0].value[56]);
}

ATF_TC_WITHOUT_HEAD(side_records_lie_behind_the_table_if_asked_for);
ATF_TC_BODY(side_records_lie_behind_the_table_if_asked_for, tc)
{
	size_t	plain = estate_size(FLOWS, 0), more = estate_size(FLOWS, 1);
	int	fd;
	char	name[] = "estate.XXXXXX";

	ATF_CHECK_EQ(0, plain % PAGES_LARGE);
	ATF_CHECK(plain >= ESTATE_RECORDS +
	    (FLOWS + TRACK_SPARE) * sizeof(struct flow));
	ATF_CHECK(more - plain >=
	    (FLOWS + TRACK_SPARE) * sizeof(struct flow_side));
	ATF_REQUIRE((fd = mkstemp(name)) != -1 && unlink(name) == 0);
	ATF_REQUIRE(ftruncate(fd, (off_t)plain) == 0);
	ATF_CHECK_ERRNO(EINVAL, estate_map(fd, FLOWS, 1) == NULL);
	ATF_REQUIRE((es = estate_map(fd, FLOWS, 0)) != NULL);
	estate_unmap(es, FLOWS, 0);
	ATF_REQUIRE(ftruncate(fd, (off_t)more) == 0);
	ATF_CHECK_ERRNO(EINVAL, estate_map(fd, FLOWS, 0) == NULL);
	ATF_REQUIRE((es = estate_map(fd, FLOWS, 1)) != NULL);
	ATF_CHECK((uint8_t *)estate_sides(es, FLOWS) >= (uint8_t *)es +
	    ESTATE_RECORDS + (FLOWS + TRACK_SPARE) * sizeof(struct flow));
	/* And the queues of streams behind these. */
	ATF_CHECK((uint8_t *)estate_queue(es, FLOWS, 1, 0) >=
	    (uint8_t *)estate_sides(es, FLOWS) +
	    (FLOWS + TRACK_SPARE) * sizeof(struct flow_side));
	ATF_CHECK((uint8_t *)estate_queue(es, FLOWS, 1, MAX_EXPORT - 1) +
	    stream_queue_size(ESTATE_QUEUE) <= (uint8_t *)es + more);
	memset(estate_sides(es, FLOWS), 0xff,
	    (FLOWS + TRACK_SPARE) * sizeof(struct flow_side));
	estate_unmap(es, FLOWS, 1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, both_ways_make_one_flow_of_a_vlan);
	ATF_TP_ADD_TC(tp, levels_tell_places_apart_or_do_not);
	ATF_TP_ADD_TC(tp, a_next_worker_finds_flows_by_their_vlan);
	ATF_TP_ADD_TC(tp,
	    a_direction_begins_anew_with_the_packets_that_count);
	ATF_TP_ADD_TC(tp, side_records_lie_behind_the_table_if_asked_for);
	return (atf_no_error());
}
