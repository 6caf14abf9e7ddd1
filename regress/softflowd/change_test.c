/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What a reload finds changed, what that takes, and what it refuses. */

#include <sys/types.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>

#include "change.h"
#include "compat.h"
#include "options.h"

#define BASE	"-i eth0 -n 192.0.2.1:9995 -v 9"

static struct options	 was, is;
static struct change	 change;
static char		 error[512];

static void
read_line(struct options *o, const char *line, char *buf, size_t len)
{
	static char	 name[] = "softflowd";
	char		*argv[64], *p = buf, *word;
	int		 argc = 0;

	ATF_REQUIRE(strlcpy(buf, line, len) < len);
	argv[argc++] = name;
	while ((word = strsep(&p, " ")) != NULL && argc < 63)
		argv[argc++] = word;
	argv[argc] = NULL;
	ATF_REQUIRE_EQ_MSG(OPTIONS_RUN, options_parse(argc, argv, o, error,
	    sizeof(error)), "%s", error);
}

static int
between(const char *before, const char *after)
{
	static char	buf[2][1024];

	read_line(&was, before, buf[0], sizeof(buf[0]));
	read_line(&is, after, buf[1], sizeof(buf[1]));
	return (change_find(&was, &is, &change, error, sizeof(error)));
}

static void
check(const char *before, const char *after, unsigned int need,
    const char *text)
{
	ATF_REQUIRE_EQ_MSG(0, between(before, after), "%s: %s", after, error);
	ATF_CHECK_EQ_MSG(need, change.need, "%s: %#x", after, change.need);
	ATF_CHECK_STREQ(text, change.text);
}

ATF_TC_WITHOUT_HEAD(what_is_written_otherwise_and_means_the_same_is_no_change);
ATF_TC_BODY(what_is_written_otherwise_and_means_the_same_is_no_change, tc)
{
	check(BASE, BASE, 0, "");
	check(BASE, "-v 9 -n v9@udp:192.0.2.1:9995 -t tcp=1h -i eth0", 0, "");
	check(BASE " tcp or udp", BASE " tcp or udp", 0, "");
	check("-i a -i b -n c:1,d:2", "-i b -i a -n d:2 -n c:1", 0, "");
	ATF_CHECK_EQ(1, change.interface[0]);
	ATF_CHECK_EQ(0, change.interface[1]);
	ATF_CHECK_EQ(1, change.dest[0]);
	ATF_CHECK_EQ(0, change.dest[1]);
}

ATF_TC_WITHOUT_HEAD(each_change_takes_what_it_takes);
ATF_TC_BODY(each_change_takes_what_it_takes, tc)
{
	static const struct {
		const char	*more;
		unsigned int	 need;
		const char	*text;
	} cases[] = {
		{ "-t udp=9", CHANGE_SETTINGS, "timeouts changed" },
		{ "-s 2", CHANGE_SETTINGS, "sampling changed" },
		{ "tcp", CHANGE_CAPTURE, "filter changed" },
		{ "-C 512", CHANGE_CAPTURE, "-C changed" },
		{ "-B 1048576", CHANGE_CAPTURE, "-B changed" },
		{ "-N", CHANGE_CAPTURE, "-N changed" },
		{ "-o own-export=keep", CHANGE_CAPTURE,
		    "-o own-export changed" },
		{ "-o ignore-outgoing", CHANGE_CAPTURE,
		    "-o ignore-outgoing changed" },
		{ "-e 192.0.2.9", CHANGE_SOCKETS, "-e changed" },
		{ "-S eth1", CHANGE_SOCKETS, "-S changed" },
		{ "-L 9", CHANGE_SOCKETS, "-L changed" },
		{ "-o dscp=9", CHANGE_SOCKETS, "-o dscp changed" },
		{ "-o log-level=debug", CHANGE_SETTINGS,
		    "-o log-level changed" },
		{ "-o log-level=error", CHANGE_PARENT, "-o log-level changed" },
		{ "-o log-statistics=60", CHANGE_PARENT,
		    "-o log-statistics changed" },
		{ "-o reconnect=9", CHANGE_PARENT, "-o reconnect changed" },
		{ "-o own-prefix=10.0.0.0/8", CHANGE_WORKER,
		    "-o own-prefix changed" },
		{ "-o template-seconds=9", CHANGE_WORKER,
		    "-o template-seconds changed" },
		{ "-o template-datagrams=9", CHANGE_WORKER,
		    "-o template-datagrams changed" },
		{ "-o statistics-seconds=9", CHANGE_WORKER,
		    "-o statistics-seconds changed" },
		{ "-o train=1", CHANGE_WORKER, "-o train changed" },
		{ "-o fragment-entries=9", CHANGE_WORKER,
		    "-o fragment-entries changed" },
		{ "-E all", CHANGE_WORKER, "-E changed" },
		{ "-A micro", CHANGE_WORKER,
		    "1 collector changed, -A changed" },
		{ "-l", CHANGE_WORKER, "-l changed" },
		{ "-o payload=600", CHANGE_WORKER, "-o payload changed" },
		{ "-o rate=1m", CHANGE_WORKER, "-o rate changed" },
		{ "-o templates=classic", CHANGE_WORKER,
		    "1 collector changed, -o templates changed" },
		{ "-o source-id=9", CHANGE_WORKER, "1 collector changed" }
	};
	char	line[256];
	size_t	i;

	for (i = 0; i < nitems(cases); i++) {
		snprintf(line, sizeof(line), "%s %s", BASE, cases[i].more);
		check(BASE, line, cases[i].need, cases[i].text);
		check(line, BASE, cases[i].need, cases[i].text);
	}
	/* What else records can say, where the table has room for it. */
	check("-i e -o fields=ttl -n h:1 -v 10",
	    "-i e -o fields=tcp -n h:1 -v 10", CHANGE_WORKER,
	    "1 collector changed, -o fields changed");
	check("-i e -x 1 -n h:1 -v 10", "-i e -x 2 -n h:1 -v 10",
	    CHANGE_WORKER, "1 collector changed, -x changed");
	check("-i e -n h:1 -v 10", "-i e -n h:1 -v 10 -b", CHANGE_WORKER,
	    "1 collector changed, -b changed");
	check("-i e -n h:1 -v 10", "-i e -n h:1 -v 10 -o flow-id",
	    CHANGE_WORKER, "1 collector changed, -o flow-id changed");
}

ATF_TC_WITHOUT_HEAD(collectors_are_told_apart_by_all_that_they_are);
ATF_TC_BODY(collectors_are_told_apart_by_all_that_they_are, tc)
{
	check(BASE, BASE " -n 192.0.2.2:9995", CHANGE_WORKER,
	    "1 collector added");
	ATF_CHECK_EQ(0, change.dest[0]);
	ATF_CHECK_EQ(CHANGE_NEW, change.dest[1]);
	check(BASE " -n 192.0.2.2:1,192.0.2.3:1", BASE, CHANGE_WORKER,
	    "2 collectors removed");
	check(BASE, "-i eth0 -n 192.0.2.1:9996 -v 9", CHANGE_WORKER,
	    "1 collector added, 1 collector removed");
	check(BASE, "-i eth0 -n 192.0.2.1:9995 -v 10", CHANGE_WORKER,
	    "1 collector changed");
	ATF_CHECK_EQ(CHANGE_NEW, change.dest[0]);
	check("-i e -v 10 -n h:1", "-i e -v 10 -n tcp:h:1", CHANGE_WORKER,
	    "1 collector added, 1 collector removed");
	/* One host may have two, and one of them stays. */
	check("-i e -n 9@h:1,10@h:1", "-i e -n 10@h:1", CHANGE_WORKER,
	    "1 collector removed");
	ATF_CHECK_EQ(1, change.dest[0]);
}

ATF_TC_WITHOUT_HEAD(interfaces_are_known_by_their_names);
ATF_TC_BODY(interfaces_are_known_by_their_names, tc)
{
	check("-i a", "-i b -i a", CHANGE_WORKER, "1 interface added");
	ATF_CHECK_EQ(CHANGE_NEW, change.interface[0]);
	ATF_CHECK_EQ(0, change.interface[1]);
	check("-i a -i b -i c", "-i c", CHANGE_WORKER,
	    "2 interfaces removed");
	check("-i a", "-i 7:a", CHANGE_PARENT, "1 interface changed");
	check("-i a", "-i optional:a", CHANGE_PARENT, "1 interface changed");
}

ATF_TC_WITHOUT_HEAD(source_id_outlives_a_change_of_interfaces);
ATF_TC_BODY(source_id_outlives_a_change_of_interfaces, tc)
{
	check(BASE, BASE " -i eth1", CHANGE_WORKER, "1 interface added");
	ATF_CHECK(was.source_id != 0);
	ATF_CHECK_EQ(was.source_id, is.source_id);
	ATF_CHECK_EQ(0, change.dest[0]);
}

ATF_TC_WITHOUT_HEAD(what_cannot_change_is_refused_by_name);
ATF_TC_BODY(what_cannot_change_is_refused_by_name, tc)
{
	static const struct {
		const char	*before, *after, *wanted;
	} cases[] = {
		{ BASE, BASE " -m 100",
		    "-m cannot change while softflowd runs; it is 65536, and "
		    "would be 100" },
		{ BASE, BASE " -T ip", "-T * it is full, and would be ip" },
		{ BASE " -T ether", BASE " -T vlan",
		    "-T * it is ether, and would be vlan" },
		{ BASE, BASE " -u me", "-u * it is none, and would be me" },
		{ BASE " -p /a", BASE " -p /b",
		    "-p * it is /a, and would be /b" },
		{ BASE " -c /a", BASE " -c none",
		    "-c * it is /a, and would be none" },
		{ BASE, BASE " -d", "-d * not given, and would be given" },
		{ BASE, BASE " -D", "-d * not given, and would be given" },
		{ BASE, "-R 9996,192.0.2.7 -n 192.0.2.1:9995 -v 9",
		    "the kind of source * it is -i, and would be -R" },
		{ BASE, "-r file", "the kind of source * -i, and would be -r" },
		{ "-r file", "-r file", "a file is being read" },
		{ "-R 9996,192.0.2.7", "-R 9996,192.0.2.8", "-R cannot" },
		{ "-R 9996,192.0.2.7", "-R 9997,192.0.2.7", "-R cannot" },
		{ "-R 9996,192.0.2.7", "-R 9996,192.0.2.7 -B 1048576",
		    "-B cannot" },
		{ "-i any", "-i eth0", "-i * it is any, and would be eth0" },
		{ "-i eth0", "-i any", "-i * it is eth0, and would be any" },
		{ BASE, BASE " -o control-group=daemon",
		    "-o control-group * it is none, and would be daemon" },
		{ BASE, BASE " -o fields=ttl",
		    "the layout of the table * without room" },
		{ BASE " -x 3", BASE, "the layout of the table * with room" },
		{ BASE, BASE " -H 02:00:00:00:00:01", "the layout" }
	};
	char	wanted[256], *rest;
	size_t	i;

	for (i = 0; i < nitems(cases); i++) {
		ATF_CHECK_EQ_MSG(-1, between(cases[i].before, cases[i].after),
		    "%s", cases[i].after);
		/* What stands for many words stands between two texts. */
		strlcpy(wanted, cases[i].wanted, sizeof(wanted));
		if ((rest = strstr(wanted, " * ")) != NULL) {
			*rest = '\0';
			rest += 3;
			ATF_CHECK_MSG(strstr(error, rest) != NULL, "%s: %s",
			    rest, error);
		}
		ATF_CHECK_MSG(strncmp(error, wanted, strlen(wanted)) == 0,
		    "%s: %s", wanted, error);
		ATF_CHECK(strchr(error, '\n') == NULL);
	}
}

/* Else a member that is new one day would change and nobody would know. */
ATF_TC_WITHOUT_HEAD(every_octet_of_the_options_is_compared);
ATF_TC_BODY(every_octet_of_the_options_is_compared, tc)
{
	size_t	at = 0, next;
	int	gap = 0;

	for (; at < sizeof(struct options); at = next) {
		next = change_member_end(at);
		if (next != 0) {
			gap = 0;
			continue;
		}
		next = at + 1;
		/* No more than what aligns a pointer. */
		ATF_CHECK_MSG(++gap < (int)sizeof(void *),
		    "nothing compares octet %zu", at);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp,
	    what_is_written_otherwise_and_means_the_same_is_no_change);
	ATF_TP_ADD_TC(tp, each_change_takes_what_it_takes);
	ATF_TP_ADD_TC(tp, collectors_are_told_apart_by_all_that_they_are);
	ATF_TP_ADD_TC(tp, interfaces_are_known_by_their_names);
	ATF_TP_ADD_TC(tp, source_id_outlives_a_change_of_interfaces);
	ATF_TP_ADD_TC(tp, what_cannot_change_is_refused_by_name);
	ATF_TP_ADD_TC(tp, every_octet_of_the_options_is_compared);
	return (atf_no_error());
}
