/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <stdio.h>
#include <string.h>

#include <atf-c.h>

#include "repeat.h"

static struct repeat	repeat;

static int
seen(uint16_t port, const char *text)
{
	struct exporter	from;

	memset(&from, 0, sizeof(from));
	from.family = 4;
	from.port = port;
	return (repeat_seen(&repeat, &from, (const uint8_t *)text,
	    strlen(text)));
}

ATF_TC_WITHOUT_HEAD(the_same_datagram_again_is_a_repeat);
ATF_TC_BODY(the_same_datagram_again_is_a_repeat, tc)
{
	ATF_CHECK(!seen(1, "one"));
	ATF_CHECK(seen(1, "one"));
	ATF_CHECK(seen(1, "one"));
	ATF_CHECK(!seen(1, "two"));
	ATF_CHECK(!seen(1, "tw"));
	ATF_CHECK(seen(1, "two"));
}

ATF_TC_WITHOUT_HEAD(the_last_ones_may_all_come_again);
ATF_TC_BODY(the_last_ones_may_all_come_again, tc)
{
	char		text[] = "a";
	unsigned int	i;
	int		again;

	for (again = 0; again < 2; again++)
		for (i = 0; i < REPEAT_DATAGRAMS; i++) {
			text[0] = (char)('a' + i);
			ATF_CHECK_EQ(again, seen(1, text));
		}
	/* One more, and the first is forgotten. */
	ATF_CHECK(!seen(1, "A"));
	ATF_CHECK(!seen(1, "a"));
}

ATF_TC_WITHOUT_HEAD(exporters_do_not_repeat_each_other);
ATF_TC_BODY(exporters_do_not_repeat_each_other, tc)
{
	uint16_t	port;

	for (port = 1; port <= REPEAT_EXPORTERS; port++)
		ATF_CHECK(!seen(port, "one"));
	for (port = 1; port <= REPEAT_EXPORTERS; port++)
		ATF_CHECK(seen(port, "one"));
	ATF_CHECK(!seen(port, "one"));
	ATF_CHECK(!seen(port, "one"));
}

static struct repeat_stream	stream;

static int
brought(uint16_t port, const char *text)
{
	struct exporter	from;

	memset(&from, 0, sizeof(from));
	from.port = port;
	return (repeat_brought(&stream, &from, (const uint8_t *)text,
	    strlen(text)));
}

ATF_TC_WITHOUT_HEAD(another_connection_brings_it_under_another_header);
ATF_TC_BODY(another_connection_brings_it_under_another_header, tc)
{
	ATF_CHECK(!brought(1, "header of octets one"));
	ATF_CHECK(!brought(1, "header of octets one"));
	ATF_CHECK(brought(2, "HEADER OF OCTETS one"));
	ATF_CHECK(!brought(2, "header of octets two"));
	/* That of v9 is longer. */
	ATF_CHECK(!brought(1, "v\011header of octets 9 nine"));
	ATF_CHECK(brought(2, "v\011HEADER OF OCTETS   nine"));
}

ATF_TC_WITHOUT_HEAD(the_oldest_messages_are_forgotten);
ATF_TC_BODY(the_oldest_messages_are_forgotten, tc)
{
	char		first[32], text[32];
	unsigned int	i;

	for (i = 0; i <= REPEAT_MESSAGES; i++) {
		snprintf(text, sizeof(text), "header of octets %u", i);
		if (i == 0)
			memcpy(first, text, sizeof(first));
		ATF_CHECK(!brought(3, text));
	}
	ATF_CHECK(brought(4, text));
	ATF_CHECK(!brought(4, first));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, the_same_datagram_again_is_a_repeat);
	ATF_TP_ADD_TC(tp, the_last_ones_may_all_come_again);
	ATF_TP_ADD_TC(tp, exporters_do_not_repeat_each_other);
	ATF_TP_ADD_TC(tp, another_connection_brings_it_under_another_header);
	ATF_TP_ADD_TC(tp, the_oldest_messages_are_forgotten);
	return (atf_no_error());
}
