/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The same flows in all formats, octet for octet what is in data/golden: a
 * line for each header, and for each set or record.  After a change that is
 * meant to show there, in regress/softflowd
 *
 *	for c in $(./golden_test -l | sed -n 's/^ident: //p'); do
 *		./golden_test -v golden=write $c
 *	done
 *
 * writes them anew; git diff then shows what has changed.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "export_fixture.h"
#include "netflow.h"

#define TEXT_MAX	65536
#define DIRECTORY	"../data/golden"
#define LINE_OCTETS	28	/* 14 groups of 4 digits in 80 columns */

static const struct golden {
	const char		*name;
	struct export_format	 format;
} formats[] = {
	{ "v1", { .version = 1 } },
	{ "v5", { .version = 5 } },
	{ "v9", { .version = 9 } },
	{ "v9-fields", { .version = 9, .fields = OPTIONAL_ALL,
	    .labels = SIDE_LABELS } },
	{ "v9-seconds", { .version = 9, .times = TIMES_SECONDS } },
	{ "v9-milliseconds", { .version = 9, .times = TIMES_MILLISECONDS } },
	{ "v9-microseconds", { .version = 9, .times = TIMES_MICROSECONDS } },
	{ "v9-nanoseconds", { .version = 9, .times = TIMES_NANOSECONDS } },
	{ "v9-flow-id", { .version = 9, .flags = FORMAT_FLOW_ID } },
	{ "ipfix", { .version = 10 } },
	{ "ipfix-fields", { .version = 10, .fields = OPTIONAL_ALL,
	    .labels = SIDE_LABELS } },
	{ "ipfix-uptime", { .version = 10, .times = TIMES_UPTIME } },
	{ "ipfix-seconds", { .version = 10, .times = TIMES_SECONDS } },
	{ "ipfix-microseconds", { .version = 10,
	    .times = TIMES_MICROSECONDS } },
	{ "ipfix-nanoseconds", { .version = 10, .times = TIMES_NANOSECONDS } },
	{ "ipfix-flow-id", { .version = 10, .flags = FORMAT_FLOW_ID } },
	{ "ipfix-biflow", { .version = 10, .flags = FORMAT_BIFLOW } },
	{ "ipfix-biflow-fields", { .version = 10, .fields = OPTIONAL_ALL,
	    .flags = FORMAT_BIFLOW | FORMAT_FLOW_ID } },
	{ "classic-v9", { .version = 9, .flags = FORMAT_CLASSIC } },
	{ "classic-v9-ether", { .version = 9, .flags = FORMAT_CLASSIC,
	    .fields = OPTIONAL_VLAN | OPTIONAL_MAC, .labels = 2 } },
	{ "classic-ipfix", { .version = 10, .flags = FORMAT_CLASSIC } },
	{ "classic-ipfix-milliseconds", { .version = 10,
	    .times = TIMES_MILLISECONDS, .flags = FORMAT_CLASSIC } },
	{ "classic-ipfix-biflow", { .version = 10, .labels = 1,
	    .flags = FORMAT_CLASSIC | FORMAT_BIFLOW } }
};

static const struct export_statistics	statistics = {
	.messages = 2, .records = 11, .octets = 1300,
	.ignored_packets = 5, .ignored_octets = 500,
	.ignored_first_us = 1700000001000000,
	.ignored_last_us = 1700000002000000,
	.unsent_flows = 1, .unsent_packets = 2, .unsent_octets = 300,
	.unsent_first_us = 1700000003000000,
	.unsent_last_us = 1700000004000000,
	.observed = 10000, .selected = 100,
	.boot_ms = 1699999000123, .metering_id = 99, .exporting_id = 1,
	.active_timeout = 1800, .idle_timeout = 300,
	.exporter = { 192, 0, 2, 7 }, .family = 4
};

static char		text[TEXT_MAX];
static size_t		textlen;
static struct flow_side	side;

static void __attribute__((__format__(__printf__, 1, 2)))
print(const char *format, ...)
{
	va_list	ap;
	int	n;

	va_start(ap, format);
	n = vsnprintf(text + textlen, sizeof(text) - textlen, format, ap);
	va_end(ap);
	ATF_REQUIRE(n >= 0 && (size_t)n < sizeof(text) - textlen);
	textlen += (size_t)n;
}

/* Octets of a part, 4 digits to a group. */
static void
print_part(const uint8_t *p, size_t len)
{
	size_t	i;

	for (i = 0; i < len; i++) {
		if (i % LINE_OCTETS == 0 && i > 0)
			print("\n   ");
		print("%s%02x", i % 2 == 0 && i > 0 ? " " : "", p[i]);
	}
	print("\n");
}

static void
print_datagram(const uint8_t *p, size_t len)
{
	const struct netflow_encoder	*encoder;
	const uint8_t			*end = p + len;
	size_t				 part;
	uint16_t			 version;

	version = (uint16_t)(p[0] << 8 | p[1]);
	ATF_REQUIRE((encoder = netflow_encoder(version)) != NULL);
	print("# %zu octets\n", len);
	print_part(p, encoder->header);
	for (p += encoder->header; p < end; p += part) {
		part = version < 9 ? 48 : (size_t)(p[2] << 8 | p[3]);
		ATF_REQUIRE(part >= 4 && part <= (size_t)(end - p));
		print_part(p, part);
	}
}

static void
fill_side(void)
{
	unsigned int	i;

	memset(&side, 0, sizeof(side));
	for (i = 0; i < 2; i++) {
		side.count[i] = (struct side_counts){ 40, 1500, 1 + i, 3 + i,
		    5 + i, 0xabcd0 + i, (uint16_t)(0x110 + i), 0,
		    (uint8_t)(60 + i), (uint8_t)(64 + i), 0, 0 };
		memcpy(side.first[i].mac[i], "\2\0\0\0\0\12", 6);
		memcpy(side.first[i].mac[!i], "\2\0\0\0\0\13", 6);
		memcpy(side.first[i].label, "\20\0\1\20\0\2", 6);
		side.first[i].labels = 2;
		side.first[i].vlan[0] = 0xa064;
		side.first[i].vlan[1] = 0x6007;
		side.first[i].tunnel = i == 0 ? TUNNEL_VXLAN : TUNNEL_GRE;
		side.first[i].tunnel_id = 0x123456;
	}
}

static void
put_flows(void)
{
	put(both_ways(tcp_flow()));
	put(tcp_flow());
	put(icmp_flow());
	if (config.format.version >= 9) {
		put(ipv6_flow(17));
		put(ipv6_flow(58));
	}
	export_flush(e, &c);
	export_tick(e, &c);		/* names */
}

/* A datagram that export does not ask for here. */
static void
put_statistics(void)
{
	const struct netflow_encoder	*encoder;
	struct datagram			 d = { .max = PAYLOAD_MIN };
	struct layout			 l;

	encoder = netflow_encoder(config.format.version);
	if (encoder->statistics == NULL)
		return;
	ATF_REQUIRE_EQ(0, layout_choose(&l, &config.format, 1));
	d.data = sent[nsent].data;
	d.len = encoder->header;
	d.source_id = config.source_id;
	d.sampling = config.sampling;
	d.layout = &l;
	encoder->statistics(&d, &statistics);
	(void)encoder->finish(&d);
	(void)encoder->stamp(d.data, statistics.boot_ms, 1700000100000);
	(void)datagram_store(d.data + encoder->sequence_off,
	    export_session(e)->sequence, 4);
	sent[nsent++].len = d.len;
}

static void
check_text(const atf_tc_t *tc, const struct golden *g)
{
	static char	 want[TEXT_MAX];
	char		 path[256];
	size_t		 n, line = 1;
	FILE		*f;

	snprintf(path, sizeof(path), "%s/" DIRECTORY "/%s.hex",
	    atf_tc_get_config_var_wd(tc, "srcdir", "."), g->name);
	if (atf_tc_has_config_var(tc, "golden")) {
		ATF_REQUIRE((f = fopen(path, "w")) != NULL);
		ATF_REQUIRE_EQ(textlen, fwrite(text, 1, textlen, f));
		ATF_REQUIRE_EQ(0, fclose(f));
		return;
	}
	f = fopen(path, "r");
	ATF_REQUIRE_MSG(f != NULL, "no %s", path);
	n = fread(want, 1, sizeof(want) - 1, f);
	fclose(f);
	want[n] = '\0';
	if (n == textlen && memcmp(want, text, n) == 0)
		return;
	for (n = 0; want[n] != '\0' && want[n] == text[n]; n++)
		line += want[n] == '\n';
	atf_tc_fail_nonfatal("%s: line %zu is not what it was", path, line);
}

/* Formats whose name begins with prefix. */
static void
check_formats(const atf_tc_t *tc, const char *prefix)
{
	static const struct layout_identity	id = {
		.secret = { 1, 2, 3, 4, 5, 6, 7, 8 },
		.exporter = { 192, 0, 2, 7 }, .family = 4,
		.init_ms = 1699999000123
	};
	unsigned int				i, j, found = 0;

	fill_side();
	for (i = 0; i < nitems(formats); i++) {
		if (strncmp(formats[i].name, prefix, strlen(prefix)) != 0)
			continue;
		found++;
		config.format = formats[i].format;
		config.identity = id;
		config.sides = config.format.fields != 0 ||
		    config.format.labels != 0 ? &side : NULL;
		start(config.format.version);
		strlcpy(table.slot[1].name, "eth0", INTERFACE_NAME);
		table.slot[2].number = 3;
		table.count = 2;
		add(1000, 1400);
		put_flows();
		put_statistics();
		for (j = 0, textlen = 0; j < nsent; j++) {
			look(j);
			print_datagram(sent[j].data, sent[j].len);
		}
		check_text(tc, &formats[i]);
		export_free(e);
	}
	ATF_CHECK(found > 0);
}

#define GOLDEN(name, prefix)						\
ATF_TC_WITHOUT_HEAD(name);						\
ATF_TC_BODY(name, tc)							\
{									\
	check_formats(tc, prefix);					\
}

GOLDEN(v1_is_what_it_was, "v1")
GOLDEN(v5_is_what_it_was, "v5")
GOLDEN(v9_is_what_it_was_in_all_variants, "v9")
GOLDEN(ipfix_is_what_it_was_in_all_variants, "ipfix")
GOLDEN(classic_is_what_it_was_in_all_variants, "classic")

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, v1_is_what_it_was);
	ATF_TP_ADD_TC(tp, v5_is_what_it_was);
	ATF_TP_ADD_TC(tp, v9_is_what_it_was_in_all_variants);
	ATF_TP_ADD_TC(tp, ipfix_is_what_it_was_in_all_variants);
	ATF_TP_ADD_TC(tp, classic_is_what_it_was_in_all_variants);
	return (atf_no_error());
}
