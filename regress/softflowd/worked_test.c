/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Datagrams that were worked out by hand from the formats' documents, and
 * which other decoders read: ours are the same where the format leaves no
 * choice, and say the same where it does.
 */

#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "export_fixture.h"

static uint8_t	octets[512];

/* From digits and spaces; how many there are. */
static size_t
parse(const char *hex)
{
	static const char	digits[] = "0123456789abcdef";
	size_t			n = 0;

	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		ATF_REQUIRE(n < sizeof(octets));
		octets[n] = (uint8_t)((strchr(digits, hex[0]) - digits) << 4);
		octets[n++] |= (uint8_t)(strchr(digits, *++hex) - digits);
	}
	return (n);
}

/* Export the flow that all of them have, in 2 and out 3. */
static void
export_worked(uint16_t version, uint32_t sequence)
{
	struct flow	f = tcp_flow();

	start(version);
	table.count = 2;
	table.slot[2].number = 3;
	f.out[0] = 2;
	add(sequence, 1400);
	(void)put_one(f);
	ATF_REQUIRE_EQ(1, nsent);
}

static void
require_octets(const char *hex)
{
	size_t	n = parse(hex), i;

	ATF_REQUIRE_EQ(n, sent[0].len);
	for (i = 0; i < n; i++)
		ATF_REQUIRE_EQ_MSG(octets[i], sent[0].data[i],
		    "octet %zu is %02x, not %02x", i, sent[0].data[i],
		    octets[i]);
}

ATF_TC_WITHOUT_HEAD(v1_is_octet_for_octet_the_worked_one);
ATF_TC_BODY(v1_is_octet_for_octet_the_worked_one, tc)
{
	export_worked(1, 0);
	require_octets("0001 0001 0010c865 6553f164 00000000"
	    "c0000201 c6336409 00000000 0002 0003 00000003 000005dc"
	    "000f4240 000f6a9d 9c40 01bb 0000 06 20 1b 000000 00000000");
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(v5_is_octet_for_octet_the_worked_one);
ATF_TC_BODY(v5_is_octet_for_octet_the_worked_one, tc)
{
	export_worked(5, 1000);
	require_octets("0005 0001 0010c865 6553f164 00000000 000003e8 00 07"
	    "4064"
	    "c0000201 c6336409 00000000 0002 0003 00000003 000005dc"
	    "000f4240 000f6a9d 9c40 01bb 00 1b 06 20 0000 0000 00 00 0000");
	export_free(e);
}

/* That ours, last looked at, says all that the worked one does. */
static void
require_says(const char *hex)
{
	static struct walk		worked;
	const struct walk_template	*t;
	const char			*error;
	unsigned int			 i;

	memset(&worked, 0, sizeof(worked));
	error = walk_datagram(&worked, octets, parse(hex));
	ATF_REQUIRE_MSG(error == NULL, "%s", error);
	ATF_REQUIRE_EQ(1, worked.flows);
	ATF_REQUIRE_EQ(1, worked.options);
	ATF_CHECK_EQ(worked.seconds, w.seconds);
	ATF_CHECK_EQ(worked.uptime, w.uptime);
	ATF_CHECK_EQ(worked.sequence, w.sequence);
	ATF_CHECK_EQ(worked.source_id, w.source_id);
	ATF_REQUIRE_EQ(1, w.flows);
	t = walk_template_of(&worked, worked.record[0].set_id);
	for (i = 0; i < t->count; i++)
		ATF_CHECK_EQ_MSG(worked.record[0].value[t->element[i]],
		    w.record[0].value[t->element[i]], "element %u",
		    t->element[i]);
	ATF_CHECK_EQ(0, memcmp(worked.record[0].src, w.record[0].src, 16));
	ATF_CHECK_EQ(0, memcmp(worked.record[0].dst, w.record[0].dst, 16));
	for (i = 0; i < nitems(worked.option[0].value); i++)
		ATF_CHECK_EQ_MSG(worked.option[0].value[i],
		    w.option[0].value[i], "element %u", i);
}

ATF_TC_WITHOUT_HEAD(v9_says_what_the_worked_one_says);
ATF_TC_BODY(v9_says_what_the_worked_one_says, tc)
{
	export_worked(9, 0);
	require_says("0009 0004 0010c865 6553f164 00000000 00000007"
	    "0000 0040 0400 000e 0008 0004 000c 0004 0016 0004 0015 0004"
	    "0001 0004 0002 0004 000a 0004 000e 0004 0007 0002 000b 0002"
	    "0004 0001 0006 0001 0005 0001 0088 0001"
	    "0001 0018 0100 0004 0008 0001 0004 0022 0004 0023 0001 0000"
	    "0100 0010 00000007 00000064 01 000000"
	    "0400 002c c0000201 c6336409 000f4240 000f6a9d 000005dc 00000003"
	    "00000002 00000003 9c40 01bb 06 1b 20 03");
	export_free(e);
}

ATF_TC_WITHOUT_HEAD(ipfix_says_what_the_worked_one_says);
ATF_TC_BODY(ipfix_says_what_the_worked_one_says, tc)
{
	export_worked(10, 0);
	/* The set before the last is filled up, as ours are. */
	require_says("000a 00a4 6553f164 00000000 00000007"
	    "0002 0038 0400 000c 0008 0004 000c 0004 0098 0008 0099 0008"
	    "0001 0008 0002 0008 0007 0002 000b 0002 0004 0001 0006 0001"
	    "0005 0001 0088 0001"
	    "0003 0018 0100 0003 0001 0095 0004 0022 0004 0023 0001 0000"
	    "0100 0010 00000007 00000064 01 000000"
	    "0400 0034 c0000201 c6336409 0000018bcfe5687b 0000018bcfe590d8"
	    "00000000000005dc 0000000000000003 9c40 01bb 06 1b 20 03");
	export_free(e);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, v1_is_octet_for_octet_the_worked_one);
	ATF_TP_ADD_TC(tp, v5_is_octet_for_octet_the_worked_one);
	ATF_TP_ADD_TC(tp, v9_says_what_the_worked_one_says);
	ATF_TP_ADD_TC(tp, ipfix_says_what_the_worked_one_says);
	return (atf_no_error());
}
