/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Optional fields on the command line: -o fields, -x and what -T adds. */

#include <atf-c.h>
#include <string.h>

#include "options_fixture.h"

static void
good(const char *line, uint32_t fields, uint32_t labels)
{
	ATF_REQUIRE_EQ_MSG(OPTIONS_RUN, parse(line), "%s: %s", line, error);
	ATF_CHECK_EQ_MSG(fields, opts.fields, "%s", line);
	ATF_CHECK_EQ_MSG(labels, opts.labels, "%s", line);
}

static void
bad(const char *line, const char *message)
{
	ATF_CHECK_EQ_MSG(OPTIONS_BAD, parse(line), "%s was taken", line);
	ATF_CHECK_STREQ(message, error);
}

ATF_TC_WITHOUT_HEAD(fields_are_known_by_name_and_add_up);
ATF_TC_BODY(fields_are_known_by_name_and_add_up, tc)
{
	good("-r f -v 9", 0, 0);
	good("-r f -v 9 -o fields=ttl,tcp -o fields=mac",
	    OPTIONAL_TTL | OPTIONAL_TCP | OPTIONAL_MAC, 0);
	good("-r f -v 9 -o fields=length,vlan,label,tunnel", OPTIONAL_LENGTH |
	    OPTIONAL_VLAN | OPTIONAL_LABEL | OPTIONAL_TUNNEL, 0);
	good("-r f -v 10 -o fields=all", OPTIONAL_ALL, 0);
}

ATF_TC_WITHOUT_HEAD(an_unknown_field_is_refused_with_those_that_are_known);
ATF_TC_BODY(an_unknown_field_is_refused_with_those_that_are_known, tc)
{
#define UNKNOWN	": a name is unknown; known are ttl, length, tcp, vlan, mac, " \
	"label, tunnel and all"
	bad("-r f -v 9 -o fields=ttl,vlans,mac",
	    "-o fields=ttl,vlans,mac" UNKNOWN);
	bad("-r f -v 9 -o fields=tt", "-o fields=tt" UNKNOWN);
	bad("-r f -v 9 -o fields=ttl,", "-o fields=ttl," UNKNOWN);
	bad("-r f -v 9 -o fields=", "-o fields=" UNKNOWN);
	bad("-r f -v 9 -o fields", "-o fields" UNKNOWN);
}

ATF_TC_WITHOUT_HEAD(labels_are_a_number_from_none_to_ten);
ATF_TC_BODY(labels_are_a_number_from_none_to_ten, tc)
{
	good("-r f -v 9 -x 0", 0, 0);
	good("-r f -v 10 -x 10", 0, 10);
	bad("-r f -v 9 -x 11", "-x 11: too large; it must be a number from 0 "
	    "to 10");
}

ATF_TC_WITHOUT_HEAD(version_5_has_no_room_for_more_fields);
ATF_TC_BODY(version_5_has_no_room_for_more_fields, tc)
{
	bad("-r f -o fields=ttl", "-o fields: records of version 5 have no "
	    "room for it; use -v 9 or -v 10");
	bad("-r f -x 1 -v 5", "-x: records of version 5 have no room for it; "
	    "use -v 9 or -v 10");
	bad("-r f -H 2:0:0:0:0:1", "-H: records of version 5 have no room for it; "
	    "use -v 9 or -v 10");
	good("-r f -x 0", 0, 0);
}

ATF_TC_WITHOUT_HEAD(levels_add_the_fields_that_tell_their_flows_apart);
ATF_TC_BODY(levels_add_the_fields_that_tell_their_flows_apart, tc)
{
	good("-r f -v 9 -T full", 0, 0);
	good("-r f -v 9 -T vlan", OPTIONAL_VLAN, 0);
	good("-r f -T ether -v 10 -o fields=ttl",
	    OPTIONAL_TTL | OPTIONAL_VLAN | OPTIONAL_MAC, 0);
	good("-r f -v 5 -T ether", 0, 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, fields_are_known_by_name_and_add_up);
	ATF_TP_ADD_TC(tp, an_unknown_field_is_refused_with_those_that_are_known);
	ATF_TP_ADD_TC(tp, labels_are_a_number_from_none_to_ten);
	ATF_TP_ADD_TC(tp, version_5_has_no_room_for_more_fields);
	ATF_TP_ADD_TC(tp, levels_add_the_fields_that_tell_their_flows_apart);
	return (atf_no_error());
}
