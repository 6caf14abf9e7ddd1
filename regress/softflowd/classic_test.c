/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The templates of softflowd 1.x, which readers of fixed templates know:
 * ids, elements, lengths and order, as its datagrams had them.
 */

#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "export_fixture.h"

#define END	{ 0, 0, 0 }

struct want {
	uint16_t	element, length, reverse;
};

static const struct want	times_of[TIMES_MAX][3] = {
	[TIMES_DEFAULT] = { { 22, 4, 0 }, { 21, 4, 0 }, END },
	[TIMES_UPTIME] = { { 22, 4, 0 }, { 21, 4, 0 }, END },
	[TIMES_SECONDS] = { { 150, 4, 0 }, { 151, 4, 0 }, END },
	[TIMES_MILLISECONDS] = { { 152, 8, 0 }, { 153, 8, 0 }, END },
	[TIMES_MICROSECONDS] = { { 154, 8, 0 }, { 155, 8, 0 }, END },
	[TIMES_NANOSECONDS] = { { 156, 8, 0 }, { 157, 8, 0 }, END }
};
static const struct want	ipv4[] = { { 8, 4, 0 }, { 12, 4, 0 }, END };
static const struct want	ipv6[] = { { 27, 16, 0 }, { 28, 16, 0 }, END };
static const struct want	counts[] = {
	{ 1, 4, 0 }, { 2, 4, 0 }, { 10, 4, 0 }, { 14, 4, 0 }, { 61, 1, 0 },
	{ 136, 1, 0 }, END
};
static const struct want	ports[] = {
	{ 7, 2, 0 }, { 11, 2, 0 }, { 4, 1, 0 }, { 6, 1, 0 }, { 60, 1, 0 },
	{ 5, 1, 0 }, END
};
static const struct want	icmp[] = {
	{ 32, 2, 0 }, { 4, 1, 0 }, { 60, 1, 0 }, { 5, 1, 0 }, END
};
static const struct want	icmp6[] = {
	{ 139, 2, 0 }, { 4, 1, 0 }, { 60, 1, 0 }, { 5, 1, 0 }, END
};
static const struct want	vlan[] = { { 58, 2, 0 }, { 59, 2, 0 }, END };
static const struct want	ether[] = { { 56, 6, 0 }, { 57, 6, 0 }, END };
static const struct want	biflow[] = {
	{ 1, 4, 1 }, { 2, 4, 1 }, { 5, 1, 1 }, END
};
static const struct want	biflow_tcp[] = { { 6, 1, 1 }, END };
static const struct want	biflow_icmp[] = { { 32, 2, 1 }, END };
static const struct want	biflow_icmp6[] = { { 139, 2, 1 }, END };

static struct flow_side	side;

static unsigned int
expect(const struct walk_template *t, unsigned int at, const struct want *want)
{
	for (; want->element != 0; want++, at++) {
		ATF_REQUIRE(at < t->count);
		ATF_CHECK_EQ_MSG(want->element, t->element[at], "%u: field %u "
		    "is %u, not %u", t->id, at, t->element[at],
		    want->element);
		ATF_CHECK_EQ(want->length, t->length[at]);
		ATF_CHECK_EQ(want->reverse, t->reverse[at]);
	}
	return (at);
}

/* That template i, by IPv6 and ICMP bits, is the old one's, in full. */
static void
check_template(unsigned int i, int both)
{
	static const struct want	*const types[] = { ports, icmp, ports,
					    icmp6 };
	static const struct want	*const reverse[] = { biflow_tcp,
					    biflow_icmp, biflow_tcp,
					    biflow_icmp6 };
	static const uint16_t		 ids[] = { 1024, 1025, 2048, 2049 };
	const struct export_format	*f = &config.format;
	const struct walk_template	*t;
	struct want			 label[] = { { 0, 3, 0 }, END };
	unsigned int			 at = 0, n;

	t = walk_template_of(&w, (uint16_t)(ids[i] +
	    (f->flags & FORMAT_BIFLOW && !both ? 2 : 0)));
	ATF_REQUIRE(t != NULL);
	at = expect(t, at, i < 2 ? ipv4 : ipv6);
	at = expect(t, at, times_of[f->times]);
	at = expect(t, at, counts);
	at = expect(t, at, types[i]);
	if (f->fields & OPTIONAL_VLAN)
		at = expect(t, at, vlan);
	if (f->fields & OPTIONAL_MAC)
		at = expect(t, at, ether);
	if (both) {
		at = expect(t, at, biflow);
		at = expect(t, at, reverse[i]);
	}
	for (n = 0; n < f->labels; n++) {
		label[0].element = (uint16_t)(70 + n);
		at = expect(t, at, label);
	}
	ATF_CHECK_EQ(at, t->count);
}

static void
start_classic(uint16_t version, unsigned int times, unsigned int fields,
    unsigned int labels, int both)
{
	config.format = (struct export_format){ version, (uint16_t)fields,
		    (uint16_t)labels, (uint8_t)times,
		    FORMAT_CLASSIC | (both ? FORMAT_BIFLOW : 0) };
	config.sides = &side;
	start(version);
	add(0, 1400);
}

static void
check_variant(uint16_t version, unsigned int times, unsigned int fields,
    unsigned int labels, int both)
{
	unsigned int	i;

	start_classic(version, times, fields, labels, both);
	export_tick(e, &c);
	ATF_REQUIRE(nsent > 0);
	for (i = 0; i < nsent; i++)
		look(i);
	ATF_CHECK_EQ(both ? 9 : 5, w.ntemplates);
	for (i = 0; i < 4; i++) {
		check_template(i, both);
		if (both)
			check_template(i, 0);
	}
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(templates_are_those_of_softflowd_1);
ATF_TC_BODY(templates_are_those_of_softflowd_1, tc)
{
	static const unsigned int	fields[] = { 0, OPTIONAL_VLAN,
					    OPTIONAL_VLAN | OPTIONAL_MAC };
	unsigned int			times, i, labels;

	for (times = 0; times < TIMES_MAX; times++)
		for (i = 0; i < nitems(fields); i++)
			for (labels = 0; labels <= SIDE_LABELS; labels += 5) {
				check_variant(9, times, fields[i], labels, 0);
				check_variant(10, times, fields[i], labels, 0);
				check_variant(10, times, fields[i], labels, 1);
			}
}

/* Octets of a record. */
static unsigned int
octets_of(uint16_t id)
{
	const struct walk_template	*t = walk_template_of(&w, id);
	unsigned int			 i, octets = 0;

	for (i = 0; t != NULL && i < t->count; i++)
		octets += t->length[i];
	return (octets);
}

ATF_TC_WITHOUT_HEAD(records_have_the_sizes_they_had);
ATF_TC_BODY(records_have_the_sizes_they_had, tc)
{
	static const struct {
		unsigned int	times, fields, labels, both, octets[4];
	} sizes[] = {
		{ TIMES_DEFAULT, 0, 0, 0, { 42, 39, 66, 63 } },
		{ TIMES_MILLISECONDS, 0, 0, 0, { 50, 47, 74, 71 } },
		{ TIMES_NANOSECONDS, 0, 0, 0, { 50, 47, 74, 71 } },
		{ TIMES_DEFAULT, OPTIONAL_VLAN, 0, 1, { 56, 54, 80, 78 } },
		{ TIMES_MILLISECONDS, OPTIONAL_VLAN | OPTIONAL_MAC, 2, 0,
		    { 72, 69, 96, 93 } },
		{ TIMES_MILLISECONDS, OPTIONAL_VLAN | OPTIONAL_MAC, 2, 1,
		    { 82, 80, 106, 104 } }
	};
	static const uint16_t	ids[] = { 1024, 1025, 2048, 2049 };
	unsigned int		i, j;

	for (i = 0; i < nitems(sizes); i++) {
		start_classic(10, sizes[i].times, sizes[i].fields,
		    sizes[i].labels, (int)sizes[i].both);
		export_tick(e, &c);
		for (j = 0; j < nsent; j++)
			look(j);
		for (j = 0; j < nitems(ids); j++)
			ATF_CHECK_EQ_MSG(sizes[i].octets[j], octets_of(ids[j]),
			    "%u: %u is %u", i, ids[j], octets_of(ids[j]));
		export_free(e);
	}
}

ATF_TC_WITHOUT_HEAD(each_template_has_a_set_and_all_are_counted);
ATF_TC_BODY(each_template_has_a_set_and_all_are_counted, tc)
{
	start_classic(9, TIMES_DEFAULT, 0, 0, 0);
	put_one(both_ways(tcp_flow()));
	/* Four, one for options, and the data of both. */
	ATF_CHECK_EQ(7, w.sets);
	ATF_CHECK_EQ(5 + 1 + 2, w.count);
	ATF_CHECK_EQ(0, w.sequence);
	ATF_CHECK_EQ(1, export_session(e)->sequence);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(values_are_where_the_old_ones_were);
ATF_TC_BODY(values_are_where_the_old_ones_were, tc)
{
	struct walk_record	*r;

	memset(&side, 0, sizeof(side));
	side.first[0].vlan[0] = side.first[1].vlan[0] = 0xa064;
	side.first[0].mac[0][5] = 1;
	side.first[0].mac[1][5] = 2;
	start_classic(9, TIMES_DEFAULT, OPTIONAL_VLAN | OPTIONAL_MAC, 0, 0);
	r = put_one(tcp_flow());
	ATF_CHECK_EQ(1024, r->set_id);
	ATF_CHECK_EQ(1500, r->value[1]);
	ATF_CHECK_EQ(3, r->value[2]);
	ATF_CHECK_EQ(1000000, r->value[22]);
	ATF_CHECK_EQ(1010333, r->value[21]);
	ATF_CHECK_EQ(2, r->value[10]);
	ATF_CHECK_EQ(40000, r->value[7]);
	ATF_CHECK_EQ(443, r->value[11]);
	ATF_CHECK_EQ(0x1b, r->value[6]);
	ATF_CHECK_EQ(3, r->value[136]);
	/* Nothing changes behind us; zero would overwrite it at nfdump. */
	ATF_CHECK_EQ(100, r->value[58]);
	ATF_CHECK_EQ(100, r->value[59]);
	ATF_CHECK_EQ(1, r->value[56]);
	ATF_CHECK_EQ(2, r->value[57]);
	r = put_one(icmp_flow());
	ATF_CHECK_EQ(1025, r->set_id);
	ATF_CHECK_EQ(0x0800, r->value[32]);
	r = put_one(ipv6_flow(58));
	ATF_CHECK_EQ(2049, r->set_id);
	ATF_CHECK_EQ(0x8000, r->value[139]);
	ATF_CHECK_EQ(2048, put_one(ipv6_flow(17))->set_id);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(counters_of_32_bits_are_clamped_and_counted);
ATF_TC_BODY(counters_of_32_bits_are_clamped_and_counted, tc)
{
	struct walk_record	*r;
	struct flow		 f = both_ways(tcp_flow());

	f.octets[0] = UINT64_MAX;
	f.packets[0] = UINT32_MAX;
	f.octets[1] = 1ULL << 32;
	start_classic(10, TIMES_DEFAULT, 0, 0, 1);
	r = put_one(f);
	ATF_CHECK_EQ(UINT32_MAX, r->value[1]);
	ATF_CHECK_EQ(UINT32_MAX, r->value[2]);
	ATF_CHECK_EQ(UINT32_MAX, r->reverse[1]);
	ATF_CHECK_EQ(2, c.counters_clamped);
	ATF_CHECK_EQ(0, c.times_clamped);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(a_silent_direction_is_not_said_to_have_sent_nothing);
ATF_TC_BODY(a_silent_direction_is_not_said_to_have_sent_nothing, tc)
{
	start_classic(10, TIMES_DEFAULT, 0, 0, 1);
	ATF_CHECK_EQ(1026, put_one(tcp_flow())->set_id);
	ATF_CHECK_EQ(1500, w.record[0].value[1]);
	ATF_CHECK_EQ(1024, put_one(both_ways(tcp_flow()))->set_id);
	ATF_CHECK_EQ(90000, w.record[0].reverse[1]);
	ATF_CHECK_EQ(1027, put_one(icmp_flow())->set_id);
	ATF_CHECK_EQ(2049, put_one(ipv6_flow(58))->set_id);
	ATF_CHECK_EQ(0, w.record[0].reverse[139]);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(options_say_what_they_said_and_the_right_address);
ATF_TC_BODY(options_say_what_they_said_and_the_right_address, tc)
{
	static const struct want	v9[] = {
		{ 2, 4, 0 }, { 34, 4, 0 }, { 35, 1, 0 }, { 82, 16, 0 }, END
	};
	static const struct want	v10[] = {
		{ 143, 4, 0 }, { 160, 8, 0 }, { 305, 4, 0 }, { 306, 4, 0 },
		{ 304, 2, 0 }, { 82, 16, 0 }, { 130, 4, 0 }, { 131, 16, 0 },
		{ 403, 4, 0 }, { 404, 16, 0 }, END
	};
	const struct walk_record	*o;

	start_classic(9, TIMES_DEFAULT, 0, 0, 0);
	strlcpy(table.slot[1].name, "eth0", sizeof(table.slot[1].name));
	put_one(tcp_flow());
	ATF_REQUIRE((o = walk_option(&w, 256)) != NULL);
	ATF_CHECK_EQ(4, expect(walk_template_of(&w, 256), 0, v9));
	ATF_CHECK_EQ(2, o->value[2]);
	ATF_CHECK_EQ(100, o->value[34]);
	ATF_CHECK_EQ(1, o->value[35]);
	ATF_CHECK_STREQ("eth0", (const char *)o->src);
	export_free(e);

	config.identity = (struct layout_identity){ .family = 4,
		    .exporter = { 192, 0, 2, 7 }, .init_ms = 1699999000000 };
	start_classic(10, TIMES_DEFAULT, 0, 0, 0);
	put_one(tcp_flow());
	ATF_REQUIRE((o = walk_option(&w, 256)) != NULL);
	ATF_CHECK_EQ(10, expect(walk_template_of(&w, 256), 0, v10));
	ATF_CHECK_EQ(1, walk_template_of(&w, 256)->scopes);
	ATF_CHECK_EQ(1699999000000, o->value[160]);
	ATF_CHECK_EQ(1700000000123, o->value[160] + w.record[0].value[22]);
	ATF_CHECK_EQ(1, o->value[305]);
	ATF_CHECK_EQ(99, o->value[306]);
	ATF_CHECK_EQ(1, o->value[304]);
	ATF_CHECK_EQ(0xc0000207, o->value[130]);
	ATF_CHECK_EQ(0xc0000207, o->value[403]);
	ATF_CHECK_EQ(0, o->exporter[0][0] | o->exporter[1][0]);
	/* This one counts, as all data records do. */
	ATF_CHECK_EQ(2, export_session(e)->sequence);
	export_free(e);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, templates_are_those_of_softflowd_1);
	ATF_TP_ADD_TC(tp, records_have_the_sizes_they_had);
	ATF_TP_ADD_TC(tp, each_template_has_a_set_and_all_are_counted);
	ATF_TP_ADD_TC(tp, values_are_where_the_old_ones_were);
	ATF_TP_ADD_TC(tp, counters_of_32_bits_are_clamped_and_counted);
	ATF_TP_ADD_TC(tp,
	    a_silent_direction_is_not_said_to_have_sent_nothing);
	ATF_TP_ADD_TC(tp, options_say_what_they_said_and_the_right_address);
	return (atf_no_error());
}
