/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Options records: how packets are sampled, and what became of them. */

#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "export_fixture.h"
#include "netflow.h"

static uint8_t		data[DATAGRAM_SIZE];
static struct datagram	d;
static struct layout	l;

static const struct export_statistics	statistics = {
	.messages = 1, .records = 1ULL << 33, .octets = UINT64_MAX,
	.ignored_packets = 11, .ignored_octets = 1100,
	.ignored_first_us = 1700000000123999, .ignored_last_us =
	    1700000005000000,
	.unsent_flows = 21, .unsent_packets = 22, .unsent_octets = 23,
	.unsent_first_us = 1700000007000000, .unsent_last_us =
	    1700000008000000,
	.observed = 1000, .selected = 10,
	.boot_ms = 1699999000123,
	.metering_id = 4711, .exporting_id = 3,
	.active_timeout = 604800, .idle_timeout = 300,
	.exporter = { 192, 0, 2, 7 }, .family = 4
};

/* Statistics in a datagram of their own, of the size that always fits. */
static void
say(const struct export_format *f, const struct export_statistics *s,
    uint32_t sampling)
{
	const struct netflow_encoder	*encoder = netflow_encoder(f->version);
	const char			*error;

	ATF_REQUIRE_EQ(0, layout_choose(&l, f, 0));
	memset(&w, 0, sizeof(w));
	memset(&d, 0, sizeof(d));
	d.data = data;
	d.len = encoder->header;
	d.max = PAYLOAD_MIN;
	d.source_id = 7;
	d.sampling = sampling;
	d.layout = &l;
	encoder->statistics(&d, s);
	ATF_CHECK_EQ(f->version == 9 ? 1 : d.options, encoder->finish(&d));
	ATF_REQUIRE(d.len <= PAYLOAD_MIN);
	error = walk_datagram(&w, data, d.len);
	ATF_REQUIRE_MSG(error == NULL, "%s", error);
	ATF_CHECK_EQ(0, w.flows);
	ATF_CHECK_EQ(w.options, w.templates);
}

/* nfdump takes a table of ingressInterface for names, and no strings. */
static void
check_fields(void)
{
	unsigned int	i, j;

	for (i = 0; i < w.ntemplates; i++)
		for (j = 0; j < w.template[i].count; j++) {
			ATF_CHECK(w.template[i].element[j] != 10);
			ATF_CHECK(w.template[i].length[j] <= 16);
		}
}

ATF_TC_WITHOUT_HEAD(ipfix_says_all_that_rfc_7011_asks_for);
ATF_TC_BODY(ipfix_says_all_that_rfc_7011_asks_for, tc)
{
	static const struct export_format	 f = { .version = 10 };
	const struct walk_record		*o;

	say(&f, &statistics, 100);
	ATF_CHECK_EQ(5, w.options);
	check_fields();

	ATF_REQUIRE((o = walk_option(&w, 265)) != NULL);
	ATF_CHECK_EQ(7, o->value[149]);
	ATF_CHECK_EQ(1699999000123, o->value[160]);
	ATF_CHECK_EQ(0xc0000207, o->value[130]);
	ATF_CHECK_EQ(65535, o->value[36]);
	ATF_CHECK_EQ(300, o->value[37]);

	ATF_REQUIRE((o = walk_option(&w, 267)) != NULL);
	ATF_CHECK_EQ(2, walk_template_of(&w, 267)->scopes);
	ATF_CHECK_EQ(7, o->value[149]);
	ATF_CHECK_EQ(4711, o->value[143]);
	ATF_CHECK_EQ(1, o->value[41]);
	ATF_CHECK_EQ(1ULL << 33, o->value[42]);
	ATF_CHECK_EQ(UINT64_MAX, o->value[40]);

	ATF_REQUIRE((o = walk_option(&w, 268)) != NULL);
	ATF_CHECK_EQ(2, walk_template_of(&w, 268)->scopes);
	ATF_CHECK_EQ(11, o->value[164]);
	ATF_CHECK_EQ(1100, o->value[165]);
	ATF_CHECK_EQ(1700000000123, o->value[323]);
	ATF_CHECK_EQ(1700000005000, o->again);

	ATF_REQUIRE((o = walk_option(&w, 269)) != NULL);
	ATF_CHECK_EQ(1, walk_template_of(&w, 269)->scopes);
	ATF_CHECK_EQ(3, o->value[144]);
	ATF_CHECK_EQ(21, o->value[166]);
	ATF_CHECK_EQ(22, o->value[167]);
	ATF_CHECK_EQ(23, o->value[168]);
	ATF_CHECK_EQ(1700000007000, o->value[323]);
	ATF_CHECK_EQ(1700000008000, o->again);

	ATF_REQUIRE((o = walk_option(&w, 270)) != NULL);
	ATF_CHECK_EQ(1, o->value[302]);
	ATF_CHECK_EQ(1000, o->value[318]);
	ATF_CHECK_EQ(10, o->value[319]);
}

ATF_TC_WITHOUT_HEAD(what_is_not_sampled_has_no_selection_statistics);
ATF_TC_BODY(what_is_not_sampled_has_no_selection_statistics, tc)
{
	static const struct export_format	f = { .version = 10 };

	say(&f, &statistics, 1);
	ATF_CHECK_EQ(4, w.options);
	ATF_CHECK(walk_option(&w, 270) == NULL);
}

/* A template's id keeps its meaning when the address is another. */
ATF_TC_WITHOUT_HEAD(an_address_is_said_when_it_is_known);
ATF_TC_BODY(an_address_is_said_when_it_is_known, tc)
{
	static const struct export_format	f = { .version = 10 };
	struct export_statistics		s = statistics;

	s.family = 0;
	say(&f, &s, 100);
	ATF_CHECK(walk_option(&w, 264) != NULL);
	ATF_CHECK_EQ(0, walk_length(&w, 264, 130, 0));
	ATF_CHECK_EQ(0, walk_length(&w, 264, 131, 0));
	s.family = 6;
	memset(s.exporter, 0x20, sizeof(s.exporter));
	say(&f, &s, 100);
	ATF_REQUIRE(walk_option(&w, 266) != NULL);
	ATF_CHECK_EQ(0, memcmp(s.exporter, walk_option(&w, 266)->exporter[0],
	    16));
}

ATF_TC_WITHOUT_HEAD(v9_says_what_it_has_fields_for);
ATF_TC_BODY(v9_says_what_it_has_fields_for, tc)
{
	static const struct export_format	 f = { .version = 9 };
	const struct walk_record		*o;

	say(&f, &statistics, 100);
	ATF_CHECK_EQ(1, w.options);
	ATF_REQUIRE((o = walk_option(&w, 267)) != NULL);
	ATF_CHECK_EQ(4, walk_length(&w, 267, 1, 0));	/* scope System */
	ATF_CHECK_EQ(7, o->value[1]);
	ATF_CHECK_EQ(1, o->value[41]);
	ATF_CHECK_EQ(1ULL << 33, o->value[42]);
	ATF_CHECK_EQ(UINT64_MAX, o->value[40]);
	ATF_CHECK_EQ(65535, o->value[36]);
	ATF_CHECK_EQ(300, o->value[37]);
}

/* Ids of all options templates, in one session. */
ATF_TC_WITHOUT_HEAD(no_template_has_the_id_of_another);
ATF_TC_BODY(no_template_has_the_id_of_another, tc)
{
	static const struct export_format	formats[] = {
		{ .version = 9 },
		{ .version = 9, .flags = FORMAT_CLASSIC },
		{ .version = 10, .flags = FORMAT_BIFLOW,
		    .times = TIMES_UPTIME },
		{ .version = 10, .flags = FORMAT_BIFLOW | FORMAT_CLASSIC }
	};
	const char				*error;
	unsigned int				 i, j, k;

	for (i = 0; i < nitems(formats); i++) {
		config.format = formats[i];
		start(formats[i].version);
		add(0, 1400);
		table.slot[1].name[0] = 'x';
		export_tick(e, &c);
		export_tick(e, &c);
		ATF_REQUIRE_EQ(0, layout_choose(&l, &formats[i], 0));
		memset(&d, 0, sizeof(d));
		d.data = sent[nsent].data;
		d.len = netflow_encoder(formats[i].version)->header;
		d.max = PAYLOAD_MIN;
		d.sampling = 2;
		d.layout = &l;
		netflow_encoder(formats[i].version)->statistics(&d,
		    &statistics);
		(void)netflow_encoder(formats[i].version)->finish(&d);
		sent[nsent++].len = d.len;
		for (j = 0; j < nsent; j++) {
			error = walk_datagram(&w, sent[j].data, sent[j].len);
			ATF_CHECK_MSG(error == NULL, "%u: %s", i, error);
		}
		for (j = 0; j < w.ntemplates; j++)
			for (k = 0; k < j; k++)
				ATF_CHECK(w.template[j].id !=
				    w.template[k].id);
		ATF_CHECK(walk_template_of(&w, 261) != NULL);
		ATF_CHECK(walk_template_of(&w, 267) != NULL);
		export_free(e);
	}
}

ATF_TC_WITHOUT_HEAD(ipfix_says_sampling_in_both_dialects_the_old_one_first);
ATF_TC_BODY(ipfix_says_sampling_in_both_dialects_the_old_one_first, tc)
{
	static const uint32_t	rates[] = { 1, 2, 100, UINT32_MAX };
	unsigned int		i;

	for (i = 0; i < nitems(rates); i++) {
		config.sampling = rates[i];
		start(10);
		add(0, 1400);
		put_one(tcp_flow());
		ATF_REQUIRE_EQ(2, w.options);
		ATF_CHECK_EQ(260, w.option[0].set_id);
		ATF_CHECK_EQ(7, w.option[0].value[149]);
		ATF_CHECK_EQ(rates[i], w.option[0].value[34]);
		ATF_CHECK_EQ(1, w.option[0].value[35]);
		ATF_CHECK_EQ(262, w.option[1].set_id);
		ATF_CHECK_EQ(1, w.option[1].value[302]);
		ATF_CHECK_EQ(1, w.option[1].value[304]);
		ATF_CHECK_EQ(1, w.option[1].value[305]);
		ATF_CHECK_EQ(rates[i] - 1, w.option[1].value[306]);
		ATF_CHECK_EQ(1, walk_template_of(&w, 260)->scopes);
		ATF_CHECK_EQ(1, walk_template_of(&w, 262)->scopes);
		ATF_CHECK_EQ(302, walk_template_of(&w, 262)->element[0]);
		export_free(e);
	}
}

ATF_TC_WITHOUT_HEAD(both_dialects_are_in_one_message_on_any_route);
ATF_TC_BODY(both_dialects_are_in_one_message_on_any_route, tc)
{
	unsigned int	payload, i, found;

	for (payload = 512; payload < 700; payload++) {
		start(10);
		add(0, (uint16_t)payload);
		export_tick(e, &c);
		for (i = found = 0; i < nsent; i++) {
			look(i);
			ATF_CHECK((walk_option(&w, 260) != NULL) ==
			    (walk_option(&w, 262) != NULL));
			found += walk_option(&w, 260) != NULL;
		}
		ATF_CHECK_EQ(1, found);
		export_free(e);
	}
}

ATF_TC_WITHOUT_HEAD(v9_says_the_sampling_rate_even_of_one_in_one);
ATF_TC_BODY(v9_says_the_sampling_rate_even_of_one_in_one, tc)
{
	config.sampling = 1;
	start(9);
	add(0, 1400);
	put_one(tcp_flow());
	ATF_REQUIRE_EQ(1, w.options);
	ATF_CHECK_EQ(1, w.option[0].value[34]);
	ATF_CHECK_EQ(1, w.option[0].value[35]);
	ATF_CHECK_EQ(7, w.option[0].value[1]);
	export_free(e);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ipfix_says_all_that_rfc_7011_asks_for);
	ATF_TP_ADD_TC(tp, what_is_not_sampled_has_no_selection_statistics);
	ATF_TP_ADD_TC(tp, an_address_is_said_when_it_is_known);
	ATF_TP_ADD_TC(tp, v9_says_what_it_has_fields_for);
	ATF_TP_ADD_TC(tp, no_template_has_the_id_of_another);
	ATF_TP_ADD_TC(tp,
	    ipfix_says_sampling_in_both_dialects_the_old_one_first);
	ATF_TP_ADD_TC(tp, both_dialects_are_in_one_message_on_any_route);
	ATF_TP_ADD_TC(tp, v9_says_the_sampling_rate_even_of_one_in_one);
	return (atf_no_error());
}
