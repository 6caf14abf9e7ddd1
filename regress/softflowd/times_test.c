/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Times of flows in all forms that there are, as their reader takes them. */

#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "export_fixture.h"
#include "netflow_record.h"

#define NTP_1970	2208988800ULL	/* seconds from 1900 on */

static const struct {
	enum format_times	times;
	uint16_t		first, last, octets;
} kinds[] = {
	{ TIMES_UPTIME, 22, 21, 4 }, { TIMES_SECONDS, 150, 151, 4 },
	{ TIMES_MILLISECONDS, 152, 153, 8 },
	{ TIMES_MICROSECONDS, 154, 155, 8 }, { TIMES_NANOSECONDS, 156, 157, 8 }
};

static void
start_times(uint16_t version, unsigned int times)
{
	config.format.times = (uint8_t)times;
	start(version);
	add(0, 1400);
}

static struct flow
flow_at(uint64_t first_us, uint64_t last_us)
{
	struct flow	f = tcp_flow();

	f.first_us[0] = first_us;
	f.last_us[0] = last_us;
	return (f);
}

ATF_TC_WITHOUT_HEAD(each_form_has_its_elements_and_no_other);
ATF_TC_BODY(each_form_has_its_elements_and_no_other, tc)
{
	unsigned int	i, j, version;

	for (version = 9; version <= 10; version++)
		for (i = 0; i < nitems(kinds); i++) {
			start_times((uint16_t)version, kinds[i].times);
			put_one(tcp_flow());
			for (j = 0; j < nitems(kinds); j++) {
				ATF_CHECK_EQ(i == j ? kinds[j].octets : 0,
				    walk_length(&w, 256, kinds[j].first, 0));
				ATF_CHECK_EQ(i == j ? kinds[j].octets : 0,
				    walk_length(&w, 258, kinds[j].last, 0));
			}
			export_free(e);
		}
}

ATF_TC_WITHOUT_HEAD(default_is_uptime_in_v9_and_milliseconds_in_ipfix);
ATF_TC_BODY(default_is_uptime_in_v9_and_milliseconds_in_ipfix, tc)
{
	start_times(9, TIMES_DEFAULT);
	put_one(tcp_flow());
	ATF_CHECK_EQ(4, walk_length(&w, 256, 22, 0));
	export_free(e);
	start_times(10, TIMES_DEFAULT);
	put_one(tcp_flow());
	ATF_CHECK_EQ(8, walk_length(&w, 256, 152, 0));
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(seconds_and_milliseconds_are_whole_ones);
ATF_TC_BODY(seconds_and_milliseconds_are_whole_ones, tc)
{
	static const uint64_t	seconds[] = { 0, 1ULL << 31, UINT32_MAX };
	static const uint64_t	us[] = { 0, 1, 499999, 500000, 999999 };
	struct walk_record	*r;
	unsigned int		 i, j;

	for (i = 0; i < nitems(seconds); i++)
		for (j = 0; j < nitems(us); j++) {
			start_times(10, TIMES_SECONDS);
			r = put_one(flow_at(seconds[i] * 1000000 + us[j],
			    seconds[i] * 1000000 + us[j]));
			ATF_CHECK_EQ(seconds[i], r->value[150]);
			ATF_CHECK_EQ(seconds[i], r->value[151]);
			export_free(e);
			start_times(10, TIMES_MILLISECONDS);
			r = put_one(flow_at(seconds[i] * 1000000 + us[j],
			    seconds[i] * 1000000 + us[j]));
			ATF_CHECK_EQ(seconds[i] * 1000 + us[j] / 1000,
			    r->value[152]);
			export_free(e);
		}
}

/* NTP seconds wrap in 2036; the fraction never touches them. */
ATF_TC_WITHOUT_HEAD(ntp_seconds_go_modulo_two_to_the_32);
ATF_TC_BODY(ntp_seconds_go_modulo_two_to_the_32, tc)
{
	static const uint64_t	seconds[] = {
		0, 1700000000, (1ULL << 32) - NTP_1970 - 1,
		(1ULL << 32) - NTP_1970, 1ULL << 31, UINT32_MAX
	};
	struct walk_record	*r;
	unsigned int		 i, times;

	for (times = TIMES_MICROSECONDS; times <= TIMES_NANOSECONDS; times++)
		for (i = 0; i < nitems(seconds); i++) {
			start_times(10, times);
			r = put_one(flow_at(seconds[i] * 1000000,
			    seconds[i] * 1000000 + 999999));
			ATF_CHECK_EQ((uint32_t)(seconds[i] + NTP_1970),
			    r->value[kinds[times - 1].first] >> 32);
			ATF_CHECK_EQ((uint32_t)(seconds[i] + NTP_1970),
			    r->value[kinds[times - 1].last] >> 32);
			ATF_CHECK_EQ(0, (uint32_t)
			    r->value[kinds[times - 1].first]);
			export_free(e);
		}
}

/* Both of them stand at once where the version has a header of its own. */
static void
look_at_header(uint16_t version, unsigned int at, uint64_t s)
{
	uint8_t		*p;
	struct flow	 f;

	clock_now.unix_us = s * 1000000;
	start_times(version, TIMES_DEFAULT);
	f = flow_at(clock_now.unix_us - 5000000, clock_now.unix_us - 1000);
	put(f);
	export_flush(e, &c);
	ATF_REQUIRE(nsent > 0);
	p = sent[nsent - 1].data + at;
	ATF_CHECK_EQ_MSG((uint32_t)s, (uint32_t)p[0] << 24 | p[1] << 16 |
	    p[2] << 8 | p[3], "version %u, %llu", version,
	    (unsigned long long)s);
	export_free(e);
}

/* 2038 is nothing to them; in 2106 they begin anew. */
ATF_TC_WITHOUT_HEAD(seconds_of_headers_go_modulo_two_to_the_32);
ATF_TC_BODY(seconds_of_headers_go_modulo_two_to_the_32, tc)
{
	static const uint64_t	seconds[] = {
		INT32_MAX, 1ULL << 31, 2177452800, 4260211200, UINT32_MAX,
		1ULL << 32, (1ULL << 32) + 6
	};
	struct export_clock	before = clock_now;
	unsigned int		i;

	for (i = 0; i < nitems(seconds); i++) {
		look_at_header(1, 8, seconds[i]);
		look_at_header(5, 8, seconds[i]);
		look_at_header(9, 8, seconds[i]);
		look_at_header(10, 4, seconds[i]);
	}
	clock_now = before;
}

/* First and last are in milliseconds of a time that began not long ago. */
ATF_TC_WITHOUT_HEAD(uptime_says_flows_beyond_2038_and_2106);
ATF_TC_BODY(uptime_says_flows_beyond_2038_and_2106, tc)
{
	static const uint64_t	seconds[] = {
		1ULL << 31, 2177452800, UINT32_MAX, 1ULL << 32
	};
	struct export_clock	before = clock_now;
	struct walk_record	*r;
	unsigned int		i;

	for (i = 0; i < nitems(seconds); i++) {
		clock_now.unix_us = (seconds[i] + 2) * 1000000;
		start_times(9, TIMES_UPTIME);
		r = put_one(flow_at(clock_now.unix_us - 4000000,
		    clock_now.unix_us - 1000000));
		ATF_CHECK_EQ(3000, r->value[21] - r->value[22]);
		export_free(e);
	}
	clock_now = before;
}

/* The fraction that stands for a microsecond. */
static uint64_t
fraction(const struct layout *l, uint64_t us)
{
	struct datagram	d = { .layout = l };

	return ((uint32_t)record_time(&d, 1700000000000000 + us));
}

ATF_TC_WITHOUT_HEAD(every_microsecond_is_read_as_itself);
ATF_TC_BODY(every_microsecond_is_read_as_itself, tc)
{
	struct layout		micro, nano;
	struct export_format	f = { .version = 10 };
	uint64_t		us, fine, coarse;

	f.times = TIMES_MICROSECONDS;
	ATF_REQUIRE_EQ(0, layout_choose(&micro, &f, 0));
	f.times = TIMES_NANOSECONDS;
	ATF_REQUIRE_EQ(0, layout_choose(&nano, &f, 0));
	for (us = 0; us < 1000000; us++) {
		coarse = fraction(&micro, us);
		fine = fraction(&nano, us);
		/* By readers that cut off what is less than a unit. */
		ATF_REQUIRE_EQ(us, coarse * 1000000 >> 32);
		ATF_REQUIRE_EQ(us * 1000, fine * 1000000000 >> 32);
		ATF_REQUIRE_EQ(0, coarse & 0x7ff);
		ATF_REQUIRE(coarse >= fine && coarse - fine < 0x800);
	}
	ATF_CHECK_EQ(0x80000000, fraction(&micro, 500000));
	ATF_CHECK_EQ(0x80000000, fraction(&nano, 500000));
	ATF_CHECK_EQ(0x10c7, fraction(&nano, 1));
	ATF_CHECK_EQ(0x1800, fraction(&micro, 1));
	ATF_CHECK_EQ(0xfffff000, fraction(&micro, 999999));
}

ATF_TC_WITHOUT_HEAD(uptime_in_ipfix_is_since_what_a_record_says);
ATF_TC_BODY(uptime_in_ipfix_is_since_what_a_record_says, tc)
{
	const struct walk_record	*option;
	uint64_t			 boot, now_ms;
	unsigned int			 step;

	boot = clock_now.unix_us / 1000 - clock_now.uptime_ms;
	config.identity.init_ms = (int64_t)boot;
	start_times(10, TIMES_UPTIME);
	/* The wall clock is set, but what it was at boot is said once. */
	for (step = 0; step < 4; step++) {
		now_ms = clock_now.unix_us / 1000;
		export_templates(e);
		(void)put_one(flow_at((now_ms - 2000) * 1000,
		    now_ms * 1000 + 999));
		ATF_REQUIRE((option = walk_option(&w, 263)) != NULL);
		ATF_CHECK_EQ(boot, option->value[160]);
		ATF_CHECK_EQ(now_ms - 2000,
		    option->value[160] + w.record[0].value[22]);
		ATF_CHECK_EQ(now_ms,
		    option->value[160] + w.record[0].value[21]);
		ATF_CHECK_EQ(1, walk_template_of(&w, 263)->scopes);
		ATF_CHECK_EQ(7, option->value[149]);
		pass(step % 2 == 0 ? 3600000 : -3500000, 10000);
	}
	ATF_CHECK_EQ(0, c.times_clamped);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(without_a_time_of_boot_it_is_the_datagrams);
ATF_TC_BODY(without_a_time_of_boot_it_is_the_datagrams, tc)
{
	uint64_t	boot = clock_now.unix_us / 1000 - clock_now.uptime_ms;

	start_times(10, TIMES_UPTIME);
	(void)put_one(flow_at((boot - 1) * 1000, (boot + 5) * 1000));
	ATF_REQUIRE(walk_option(&w, 263) != NULL);
	ATF_CHECK_EQ(boot, walk_option(&w, 263)->value[160]);
	ATF_CHECK_EQ(0, w.record[0].value[22]);
	ATF_CHECK_EQ(5, w.record[0].value[21]);
	ATF_CHECK_EQ(1, c.times_clamped);
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(absolute_times_are_never_clamped);
ATF_TC_BODY(absolute_times_are_never_clamped, tc)
{
	unsigned int	version;

	for (version = 9; version <= 10; version++) {
		start_times((uint16_t)version, TIMES_MILLISECONDS);
		(void)put_one(flow_at(1000, 4000000000000000));
		ATF_CHECK_EQ(1, w.record[0].value[152]);
		ATF_CHECK_EQ(4000000000000, w.record[0].value[153]);
		ATF_CHECK_EQ(0, c.times_clamped);
		ATF_CHECK(walk_option(&w, 263) == NULL);
		export_free(e);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_form_has_its_elements_and_no_other);
	ATF_TP_ADD_TC(tp, default_is_uptime_in_v9_and_milliseconds_in_ipfix);
	ATF_TP_ADD_TC(tp, seconds_and_milliseconds_are_whole_ones);
	ATF_TP_ADD_TC(tp, ntp_seconds_go_modulo_two_to_the_32);
	ATF_TP_ADD_TC(tp, seconds_of_headers_go_modulo_two_to_the_32);
	ATF_TP_ADD_TC(tp, uptime_says_flows_beyond_2038_and_2106);
	ATF_TP_ADD_TC(tp, every_microsecond_is_read_as_itself);
	ATF_TP_ADD_TC(tp, uptime_in_ipfix_is_since_what_a_record_says);
	ATF_TP_ADD_TC(tp, without_a_time_of_boot_it_is_the_datagrams);
	ATF_TP_ADD_TC(tp, absolute_times_are_never_clamped);
	return (atf_no_error());
}
