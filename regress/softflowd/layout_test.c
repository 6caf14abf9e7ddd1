/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Layouts: which formats there are, and that in each of them templates and
 * records agree and fit.
 */

#include <errno.h>
#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "export_fixture.h"
#include "netflow.h"

#define SYSTEM_HEADER_MAX	24

static struct layout	l;
static uint8_t		data[DATAGRAM_SIZE];
static struct datagram	d;

/* An empty datagram of the layout. */
static void
fresh(size_t max)
{
	memset(&d, 0, sizeof(d));
	memset(data, 0xee, sizeof(data));
	d.data = data;
	d.len = netflow_encoder(l.format.version)->header;
	d.max = max;
	d.boot_ms = 1699999000000;
	d.newest_ms = d.boot_ms + DATAGRAM_REACH_MS;
	d.sampling = 100;
	d.source_id = 7;
	d.layout = &l;
}

/* Finish the datagram and read it. */
static void
finish(void)
{
	const char	*error;

	(void)netflow_encoder(l.format.version)->finish(&d);
	ATF_REQUIRE(d.len <= d.max);
	error = walk_datagram(&w, data, d.len);
	ATF_REQUIRE_MSG(error == NULL, "version %u flags %#x times %u fields "
	    "%#x labels %u: %s", l.format.version, l.format.flags,
	    l.format.times, l.format.fields, l.format.labels, error);
}

ATF_TC_WITHOUT_HEAD(bad_formats_are_refused);
ATF_TC_BODY(bad_formats_are_refused, tc)
{
	static const struct export_format	bad[] = {
		{ .version = 0 },
		{ .version = 7 },
		{ .version = 8 },
		{ .version = 11 },
		{ .version = VERSION_PSAMP },
		{ .version = 1, .flags = FORMAT_FLOW_ID },
		{ .version = 5, .flags = FORMAT_CLASSIC },
		{ .version = 5, .flags = FORMAT_BIFLOW },
		{ .version = 5, .times = TIMES_MILLISECONDS },
		{ .version = 9, .flags = FORMAT_BIFLOW },
		{ .version = 9, .flags = FORMAT_BIFLOW | FORMAT_CLASSIC },
		{ .version = 9, .times = TIMES_MAX },
		{ .version = 10, .flags = 0x08 },
		{ .version = 10, .fields = 0x100 },
		{ .version = 10, .labels = SIDE_LABELS + 1 },
		{ .version = 9, .flags = FORMAT_CLASSIC,
		    .fields = OPTIONAL_TTL },
		{ .version = 10, .flags = FORMAT_CLASSIC | FORMAT_FLOW_ID }
	};
	static const struct export_format	sideless[] = {
		{ .version = 9, .fields = OPTIONAL_TTL },
		{ .version = 10, .fields = OPTIONAL_DIRECTION },
		{ .version = 10, .labels = 1 }
	};
	unsigned int	i;

	for (i = 0; i < nitems(bad); i++) {
		errno = 0;
		ATF_CHECK_EQ_MSG(-1, layout_choose(&l, &bad[i], 1), "%u", i);
		ATF_CHECK_EQ(EINVAL, errno);
	}
	for (i = 0; i < nitems(sideless); i++) {
		ATF_CHECK_EQ(0, layout_choose(&l, &sideless[i], 1));
		ATF_CHECK_EQ(-1, layout_choose(&l, &sideless[i], 0));
	}
}

ATF_TC_WITHOUT_HEAD(each_version_has_an_encoder_and_no_other_has);
ATF_TC_BODY(each_version_has_an_encoder_and_no_other_has, tc)
{
	unsigned int	version;

	for (version = 0; version < 200; version++)
		ATF_CHECK_EQ(version == 1 || version == 5 || version == 9 ||
		    version == 10 || version == VERSION_PSAMP,
		    netflow_encoder(version) != NULL);
	ATF_CHECK_EQ(1168, netflow_encoder(1)->payload_max);
	ATF_CHECK(netflow_encoder(1)->templates == NULL);
	ATF_CHECK(netflow_encoder(5)->statistics == NULL);
}

ATF_TC_WITHOUT_HEAD(fixed_versions_leave_optional_fields_out);
ATF_TC_BODY(fixed_versions_leave_optional_fields_out, tc)
{
	static const uint16_t		versions[] = { 1, 5 };
	struct export_format		f = { .fields = OPTIONAL_ALL,
					    .labels = 3 };
	unsigned int			i;

	for (i = 0; i < nitems(versions); i++) {
		f.version = versions[i];
		f.times = i == 0 ? TIMES_DEFAULT : TIMES_UPTIME;
		ATF_CHECK_EQ(0, layout_choose(&l, &f, 1));
		ATF_CHECK_EQ(0, l.ntemplates);
		ATF_CHECK_EQ(96, layout_room(&l));
	}
}

/* Flows of all kinds; n below 16. */
static struct flow
flow_of(unsigned int n)
{
	static const uint8_t	proto[] = { 6, 17, 1, 58 };
	struct flow		f;

	f = n & 1 ? ipv6_flow(proto[n >> 2]) : both_ways(tcp_flow());
	f.key.proto = proto[n >> 2];
	if (n & 2)
		f.packets[0] = 0;
	return (f);
}

static unsigned int
records_of(const struct flow *f)
{
	if (l.format.flags & FORMAT_BIFLOW)
		return (1);
	return ((f->packets[0] != 0) + (f->packets[1] != 0));
}

/* All templates and options records, in datagrams of so many octets. */
static void
take_templates(size_t max)
{
	unsigned int	next = 0, before = UINT32_MAX, options = 0;

	memset(&w, 0, sizeof(w));
	do {
		fresh(max);
		ATF_REQUIRE(next != before);
		before = next;
		next = netflow_encoder(l.format.version)->templates(&d, next);
		if (next == 0)
			ATF_REQUIRE(d.len + layout_room(&l) <= max);
		if (d.len == netflow_encoder(l.format.version)->header)
			break;
		finish();
		options += w.options;
	} while (next != 0);
	ATF_REQUIRE_EQ(0, next);
	ATF_REQUIRE_EQ(l.ntemplates + options, w.ntemplates);
}

/* Both records of each kind of flow, in the smallest datagram there is. */
static void
take_records(void)
{
	static struct flow_side	side;
	struct flow		f;
	unsigned int		n, dirs;

	memset(&side, 0xff, sizeof(side));
	for (n = 0; n < 16; n++) {
		f = flow_of(n);
		dirs = (f.packets[0] != 0) | 2;
		fresh(PAYLOAD_MIN);
		ATF_REQUIRE_EQ(0, netflow_encoder(l.format.version)->flow(&d,
		    &f, &side, dirs, 1));
		finish();
		ATF_REQUIRE_EQ(records_of(&f), w.flows);
		ATF_REQUIRE_EQ(1, w.sets);
		ATF_REQUIRE_EQ(f.key.proto, w.record[0].value[4]);
		ATF_REQUIRE_EQ(f.key.family, w.record[0].value[60]);
	}
}

/* All formats that layout_choose() takes. */
static unsigned int
each_format(void (*check)(void))
{
	struct export_format	f;
	unsigned int		version, n, labels, good = 0;

	for (version = 9; version <= 10; version++)
		for (n = 0; n < TIMES_MAX * 8 * 128; n++)
			for (labels = 0; labels <= SIDE_LABELS;
			    labels += SIDE_LABELS) {
				f = (struct export_format){
					.version = (uint16_t)version,
					.fields = n % 128,
					.labels = (uint16_t)labels,
					.times = (uint8_t)(n / 1024),
					.flags = (uint8_t)(n / 128 % 8)
				};
				if (layout_choose(&l, &f, 1) == -1)
					continue;
				good++;
				check();
			}
	return (good);
}

static void
check_sizes(void)
{
	take_templates(PAYLOAD_MIN);
	if (l.format.fields % 7 == 0)
		take_templates(PAYLOAD_MAX);
	ATF_REQUIRE(SYSTEM_HEADER_MAX + layout_room(&l) <= PAYLOAD_MIN);
}

ATF_TC_WITHOUT_HEAD(templates_of_all_formats_fit_the_smallest_datagrams);
ATF_TC_BODY(templates_of_all_formats_fit_the_smallest_datagrams, tc)
{
	/* Each of 6 times and 2 numbers of labels: v9 2 * 128 + 4, IPFIX. */
	ATF_CHECK_EQ(12 * (260 + 4 * 128 + 8), each_format(check_sizes));
}

static void
check_records(void)
{
	/* What is walked for each is much; every third will do. */
	if (l.format.fields % 3 != 0)
		return;
	take_templates(PAYLOAD_MAX);
	take_records();
}

ATF_TC_WITHOUT_HEAD(records_of_all_formats_are_as_their_templates_say);
ATF_TC_BODY(records_of_all_formats_are_as_their_templates_say, tc)
{
	table.count = 1;
	interfaces_use(&table);
	ATF_CHECK(each_format(check_records) > 1000);
}

ATF_TC_WITHOUT_HEAD(a_layout_does_not_know_of_others);
ATF_TC_BODY(a_layout_does_not_know_of_others, tc)
{
	static const struct export_format	formats[] = {
		{ .version = 10, .flags = FORMAT_BIFLOW },
		{ .version = 9, .flags = FORMAT_CLASSIC },
		{ .version = 9 },
		{ .version = 10, .times = TIMES_NANOSECONDS }
	};
	static struct layout	many[nitems(formats)];
	struct flow		f = both_ways(tcp_flow());
	uint8_t			first[DATAGRAM_SIZE];
	unsigned int		i, round;
	size_t			len[nitems(formats)] = { 0 };

	for (i = 0; i < nitems(formats); i++)
		ATF_REQUIRE_EQ(0, layout_choose(&many[i], &formats[i], 0));
	for (round = 0; round < 2; round++)
		for (i = 0; i < nitems(formats); i++) {
			l = many[i];
			memset(&w, 0, sizeof(w));
			fresh(PAYLOAD_MAX);
			d.layout = &many[i];
			ATF_REQUIRE_EQ(0, netflow_encoder(
			    formats[i].version)->templates(&d, 0));
			ATF_REQUIRE_EQ(0, netflow_encoder(
			    formats[i].version)->flow(&d, &f, NULL, 3, 1));
			finish();
			ATF_CHECK(round == 0 || len[i] == d.len);
			len[i] = d.len;
			if (i == 0 && round == 0)
				memcpy(first, data, d.len);
			if (i == 0)
				ATF_CHECK_EQ(0, memcmp(first, data, d.len));
			ATF_CHECK_EQ(0, memcmp(&l, &many[i], sizeof(l)));
		}
}

/* flowId of a flow under a secret. */
static uint64_t
id_of(const struct flow *f, const struct flow_side *side, uint8_t secret,
    unsigned int record)
{
	struct export_format	format = { .version = 10,
				    .flags = FORMAT_FLOW_ID };
	struct layout_identity	id = { .secret = { secret } };

	ATF_REQUIRE_EQ(0, layout_choose(&l, &format, side != NULL));
	layout_identify(&l, &id);
	take_templates(PAYLOAD_MAX);
	fresh(PAYLOAD_MAX);
	ATF_REQUIRE_EQ(0, netflow_encoder(10)->flow(&d, f, side, 3, 1));
	finish();
	ATF_REQUIRE_EQ(2, w.flows);
	return (w.record[record].value[148]);
}

ATF_TC_WITHOUT_HEAD(flow_id_is_of_the_key_and_the_secret_alone);
ATF_TC_BODY(flow_id_is_of_the_key_and_the_secret_alone, tc)
{
	struct flow		f = both_ways(tcp_flow()), later = f, other = f;
	static struct flow_side	side[2];
	uint64_t		id = id_of(&f, NULL, 1, 0);

	later.first_us[0] += 1000000;
	later.octets[1] = 5;
	later.flags |= FLOW_INITIATOR;
	other.key.port[1]++;
	side[1].key.vlan[0] = 7;
	ATF_CHECK(id != 0 && id >> 32 != 0);
	ATF_CHECK_EQ(id, id_of(&f, NULL, 1, 1));
	ATF_CHECK_EQ(id, id_of(&later, NULL, 1, 0));
	ATF_CHECK(id != id_of(&other, NULL, 1, 0));
	ATF_CHECK(id != id_of(&f, NULL, 2, 0));
	ATF_CHECK_EQ(8, walk_length(&w, 256, 148, 0));
	/* A VLAN that is part of the key makes another flow. */
	ATF_CHECK(id_of(&f, &side[0], 1, 0) != id_of(&f, &side[1], 1, 0));
	side[0].count[0].syn = 9;
	id = id_of(&f, &side[0], 1, 0);
	side[0].count[0].syn = 10;
	ATF_CHECK_EQ(id, id_of(&f, &side[0], 1, 0));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, bad_formats_are_refused);
	ATF_TP_ADD_TC(tp, each_version_has_an_encoder_and_no_other_has);
	ATF_TP_ADD_TC(tp, fixed_versions_leave_optional_fields_out);
	ATF_TP_ADD_TC(tp,
	    templates_of_all_formats_fit_the_smallest_datagrams);
	ATF_TP_ADD_TC(tp, records_of_all_formats_are_as_their_templates_say);
	ATF_TP_ADD_TC(tp, a_layout_does_not_know_of_others);
	ATF_TP_ADD_TC(tp, flow_id_is_of_the_key_and_the_secret_alone);
	return (atf_no_error());
}
