/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Options of a configuration file: each is what it is on the command line,
 * which goes first, and the manual has them all.
 */

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "config.h"
#include "expire.h"
#include "options_fixture.h"

/* Of each keyword; besides -i e. */
static const struct pair {
	const char	*line, *file;
} pairs[] = {
	{ "-v 9", "version 9" },
	{ "-n a:1 -v ipfix -P tcp", "version 10\ntransport tcp\n"
	    "collector a port 1" },
	{ "-n 9@a:1,ipfix@tcp:[::1]:b", "collector a port 1 version 9\n"
	    "collector ::1 port b version ipfix transport tcp" },
	{ "-P tcp -v 10", "transport tcp\nversion 10" },
	{ "-n a:1 -n b:1 -l", "spread\ncollector a port 1\n"
	    "collector b port 1" },
	{ "-v 10 -b", "biflow\nversion 10" },
	{ "-v 10 -A micro", "times micro\nversion 10" },
	{ "-v 10 -x 3", "labels 3\nversion 10" },
	{ "-s 100", "sampling 100" },
	{ "-T ip", "track ip" },
	{ "-E gre,l2tp", "tunnels gre l2tp" },
	{ "-t tcp=1h -t maxlife=0", "timeout tcp 1h\ntimeout maxlife 0" },
	{ "-m 1000", "max-flows 1000" },
	{ "-v 9 -H 2:0:0:0:0:1,2:0:0:0:0:2", "version 9\n"
	    "own-mac 2:0:0:0:0:1, 2:0:0:0:0:2" },
	{ "-C 128", "snap-length 128" },
	{ "-B 1048576", "buffer 1048576" },
	{ "-N", "no-promiscuous" },
	{ "-e 192.0.2.1", "source-address 192.0.2.1" },
	{ "-S eth0", "source-interface eth0" },
	{ "-L 3", "hop-limit 3" },
	{ "-u flow", "user flow" },
	{ "-p /p", "pid-file /p" },
	{ "-c /c", "control-socket /c" },
	{ "-c none", "control-socket none" },
	{ "-d", "foreground" },
	{ "-D", "debug" },
	{ "port 53 or 54", "filter \"port 53 or 54\"" },
	{ "-o control-group=staff", "control-group staff" },
	{ "-o dscp=5", "dscp 5" },
	{ "-v 9 -o fields=ttl,tcp", "fields { ttl, tcp }\nversion 9" },
	{ "-v 10 -o flow-id", "flow-id\nversion 10" },
	{ "-o fragment-entries=0", "fragment-entries 0" },
	{ "-o ignore-outgoing", "ignore-outgoing" },
	{ "-o log-level=error", "log-level error" },
	{ "-o log-statistics=60", "log-statistics 60" },
	{ "-o own-export=keep", "own-export keep" },
	{ "-o own-prefix=10.0.0.0/8 -o own-prefix=::/0",
	    "own-prefix 10.0.0.0/8 ::/0" },
	{ "-o payload=600", "payload 600" },
	{ "-o rate=5m", "rate 5m" },
	{ "-o reconnect=7", "reconnect 7" },
	{ "-o source-id=8", "source-id 8" },
	{ "-o statistics-seconds=0", "statistics-seconds 0" },
	{ "-o template-datagrams=9", "template-datagrams 9" },
	{ "-o template-seconds=9", "template-seconds 9" },
	{ "-v 9 -o templates=classic", "version 9\ntemplates classic" },
	{ "-o train=1", "train 1" }
};

/* Of each keyword, instead of -i. */
static const struct pair sources[] = {
	{ "-i optional:7:e -i f", "interface e index 7 optional\n"
	    "interface f" },
	{ "-r f.pcap", "savefile f.pcap" },
	{ "-R 4739,10.0.0.1,10.0.0.2:5",
	    "reports 4739 from 10.0.0.1 10.0.0.2:5" }
};

static struct config	config;

/* The text as file t.conf, and a command line. */
static enum options_result
load(const char *text, const char *line)
{
	static char words[1024], name[] = "softflowd", *argv[64];
	struct config_error e;
	char *p = words, *word;
	int argc = 1;

	strlcpy(config.path, "t.conf", sizeof(config.path));
	ATF_REQUIRE_EQ_MSG(0, config_parse(text, strlen(text), &config, &e),
	    "%s: %s", text, e.text);
	argv[0] = name;
	ATF_REQUIRE(strlcpy(words, line, sizeof(words)) < sizeof(words));
	while ((word = strsep(&p, " ")) != NULL)
		if (*word != '\0')
			argv[argc++] = word;
	argv[argc] = NULL;
	return (options_parse_with(&config, argc, argv, &opts, error,
	    sizeof(error)));
}

static void
good(const char *text, const char *line)
{
	ATF_REQUIRE_EQ_MSG(load(text, line), OPTIONS_RUN, "%s: %s", text,
	    error);
}

static void
bad(const char *text, const char *line, const char *message)
{
	ATF_CHECK_EQ_MSG(load(text, line), OPTIONS_BAD, "%s was taken", text);
	ATF_CHECK_STREQ(error, message);
}

static void
same_string(char **a, char **b, const char *what)
{
	ATF_CHECK_MSG((*a == NULL) == (*b == NULL) && (*a == NULL ||
	    strcmp(*a, *b) == 0), "%s: %s, %s", what, *a == NULL ? "-" : *a,
	    *b == NULL ? "-" : *b);
	*a = *b = NULL;
}

/* All members, and strings by what they hold. */
static void
same(struct options *a, struct options *b, const char *what)
{
	unsigned int i;

	for (i = 0; i < MAX_CAPTURE; i++)
		same_string(&a->interface[i].name, &b->interface[i].name, what);
	same_string(&a->savefile, &b->savefile, what);
	same_string(&a->filter, &b->filter, what);
	same_string(&a->user, &b->user, what);
	same_string(&a->pidfile, &b->pidfile, what);
	same_string(&a->ctlsock, &b->ctlsock, what);
	same_string(&a->source, &b->source, what);
	same_string(&a->device, &b->device, what);
	same_string(&a->control_group, &b->control_group, what);
	ATF_CHECK_EQ_MSG(0, memcmp(a, b, sizeof(*a)), "%s", what);
}

static void
check_pair(const char *before, const char *line, const char *intro,
    const char *file)
{
	struct options from_line;
	char text[1024];

	snprintf(text, sizeof(text), "%s%s", before, line);
	ATF_REQUIRE_EQ_MSG(parse(text), OPTIONS_RUN, "%s: %s", text, error);
	from_line = opts;
	snprintf(text, sizeof(text), "%s%s", intro, file);
	good(text, "");
	same(&from_line, &opts, line);
}

#define CASE(name)							\
ATF_TC_WITHOUT_HEAD(name);						\
ATF_TC_BODY(name, tc)

CASE(a_setting_is_the_option_that_it_stands_for)
{
	size_t i;

	for (i = 0; i < nitems(pairs); i++)
		check_pair("-i e ", pairs[i].line, "interface e\n",
		    pairs[i].file);
	for (i = 0; i < nitems(sources); i++)
		check_pair("", sources[i].line, "", sources[i].file);
}

CASE(no_two_pairs_are_alike)
{
	struct options first;

	/* Or the case before would find nothing wrong. */
	ATF_REQUIRE_EQ(OPTIONS_RUN, parse("-i e"));
	first = opts;
	good("interface e\nmax-flows 1000", "");
	ATF_CHECK(memcmp(&first, &opts, sizeof(first)) != 0);
}

/* Whether a pair has it. */
static int
has_pair(const char *keyword)
{
	size_t i, len = strlen(keyword);
	const char *p;

	for (i = 0; i < nitems(pairs) + nitems(sources); i++) {
		p = i < nitems(pairs) ? pairs[i].file :
		    sources[i - nitems(pairs)].file;
		for (; p != NULL; p = strchr(p, '\n')) {
			p += *p == '\n';
			if (strncmp(p, keyword, len) == 0 &&
			    strchr(" \n", p[len]) != NULL)
				return (1);
		}
	}
	return (0);
}

/* Letter or -o name; called for all that set something. */
static void
for_each_option(void (*fn)(const char *option, const char *keyword))
{
	char letters[OPTIONS_LETTERS_MAX], option[2] = "";
	const char *p, *name;
	size_t i;

	options_letters(letters);
	for (p = letters; *p != '\0'; p++) {
		/* Help and what is no setting; those that do nothing, or no. */
		if (strchr("+:" "hVkf" "o" "a6gI" "Mw", *p) != NULL)
			continue;
		option[0] = *p;
		fn(option, config_keyword(*p, NULL));
	}
	for (i = 0; (name = options_tunable_name(i)) != NULL; i++)
		fn(name, config_keyword('o', name));
	ATF_CHECK(i > 15);
	fn("expression", config_keyword(CONFIG_EXPRESSION, NULL));
}

static int	options_seen;

static void
check_keyword(const char *option, const char *keyword)
{
	ATF_REQUIRE_MSG(keyword != NULL, "%s has no keyword", option);
	ATF_CHECK_MSG(has_pair(keyword), "%s is not tested", keyword);
	options_seen++;
}

CASE(every_option_has_a_keyword)
{
	for_each_option(check_keyword);
	ATF_CHECK(options_seen > 40);
	ATF_CHECK(config_keyword('h', NULL) == NULL);
	ATF_CHECK(config_keyword('f', NULL) == NULL);
	ATF_CHECK(config_keyword('o', NULL) == NULL);
	ATF_CHECK(config_keyword('o', "") == NULL);
	ATF_CHECK(config_keyword('i', "dscp") == NULL);
}

static char	page[65536];

static void
check_manual(const char *option, const char *keyword)
{
	char item[64], long_item[64], grammar[64];

	ATF_REQUIRE(keyword != NULL);
	snprintf(item, sizeof(item), "\n.It Ic %s", keyword);
	snprintf(long_item, sizeof(long_item), "\n.Ic %s", keyword);
	snprintf(grammar, sizeof(grammar), "\"%s\"", keyword);
	ATF_CHECK_MSG((strstr(page, item) != NULL ||
	    strstr(page, long_item) != NULL) &&
	    strstr(page, grammar) != NULL, "%s (%s) is not in the manual",
	    keyword, option);
}

CASE(every_keyword_is_in_the_manual)
{
	char path[1024];
	FILE *fp;

	snprintf(path, sizeof(path), "%s/../../man/softflowd.conf.5",
	    atf_tc_get_config_var(tc, "srcdir"));
	ATF_REQUIRE((fp = fopen(path, "r")) != NULL);
	ATF_REQUIRE(fread(page, 1, sizeof(page) - 1, fp) > 0);
	fclose(fp);
	for_each_option(check_manual);
}

CASE(a_bad_value_is_shown_with_its_place)
{
	bad("interface e\n timeout tcp 5x", "", "t.conf:2:10: timeout tcp=5x: "
	    "bad time; a time is a sum of numbers with s, m, h, d or w, such "
	    "as 1h30m");
	bad("interface e\nmax-flows 1", "", "t.conf:2:11: max-flows 1: too "
	    "small; it must be a number from 16 to 268435456");
	bad("source-id x", "-i e", "t.conf:1:11: source-id=x: invalid; it must "
	    "be a number from 0 to 4294967295");
	bad("fields ttl, bogus", "-i e -v 9", "t.conf:1:13: fields=bogus: a "
	    "name is unknown; known are ttl, length, tcp, vlan, mac, label, "
	    "tunnel and all");
	bad("interface e\nuser \"\"", "", "t.conf:2:6: user \"\": it must not "
	    "be empty");
}

CASE(a_long_value_leaves_room_for_the_reason)
{
	char text[4200] = "track ";

	memset(text + strlen(text), 't', 4000);
	ATF_CHECK_EQ(OPTIONS_BAD, load(text, "-i e"));
	ATF_CHECK(strstr(error, "t...: unknown; known are ether") != NULL);
}

CASE(what_does_not_go_together_is_shown_with_its_place)
{
	bad("interface e\nsampling 20000", "", "t.conf:2:10: sampling 20000: "
	    "version 5 cannot announce more than 1 in 16383; use -v 9 or "
	    "-v 10");
	bad("interface e\nsource-id 70000", "", "t.conf:2:11: source-id=70000: "
	    "version 5 has room for 0 to 65535; use -v 9 or -v 10");
	bad("biflow\ninterface e", "", "t.conf:1:1: biflow: records of version "
	    "5 have no room for it; use -v 10");
	bad("interface e\ncollector b port 1\ncollector a port 1 version 5\n"
	    "collector a port 1\ncollector c port 1", "", "t.conf:4:11: "
	    "collector a:1: it is given twice");
	/* Of the command line the file is not to blame. */
	bad("interface e", "-s 20000", "-s 20000: version 5 cannot announce "
	    "more than 1 in 16383; use -v 9 or -v 10");
	bad("max-flows 100", "", "nothing to read packets from: give one of "
	    "interface (-i), savefile (-r) and reports (-R)");
}

CASE(the_command_line_replaces_what_has_the_same_name)
{
	good("interface a\ninterface b\nmax-flows 100\nuser u", "-i c -m 200");
	ATF_CHECK_EQ(1, opts.ninterface);
	ATF_CHECK_STREQ("c", opts.interface[0].name);
	ATF_CHECK_EQ(200, opts.max_flows);
	ATF_CHECK_STREQ("u", opts.user);
	good("interface a\ncollector a port 1\ncollector b port 2",
	    "-n c:3 -n d:4");
	ATF_CHECK_EQ(2, opts.ndest);
	ATF_CHECK_STREQ("c", opts.dest[0].host);
	good("interface a\nown-mac 2:0:0:0:0:1\nown-prefix ::/0\nversion 9",
	    "-H 2:0:0:0:0:2");
	ATF_CHECK_EQ(1, opts.nmac);
	ATF_CHECK_EQ(2, opts.mac[0][5]);
	ATF_CHECK_EQ(1, opts.nown);
	good("interface a\nfilter b", "port 5");
	ATF_CHECK_STREQ("port 5", opts.filter);
	options_free(&opts);
}

CASE(names_of_timeouts_and_details_are_names)
{
	good("interface a\ntimeout tcp 1\ntimeout udp 2", "-t tcp=5");
	ATF_CHECK_EQ(5, opts.timeouts.seconds[TIMEOUT_TCP]);
	ATF_CHECK_EQ(2, opts.timeouts.seconds[TIMEOUT_UDP]);
	good("interface a\ntimeout tcp 1\ntimeout tcp.rst 2", "-t tcp.rst=5");
	ATF_CHECK_EQ(1, opts.timeouts.seconds[TIMEOUT_TCP]);
	ATF_CHECK_EQ(5, opts.timeouts.seconds[TIMEOUT_TCP_RST]);
	good("interface a\nfields ttl\ndscp 3\ntrain 2\nversion 9",
	    "-o fields=tcp -o dscp=4");
	ATF_CHECK_EQ(OPTIONAL_TCP, opts.fields);
	ATF_CHECK_EQ(4, opts.dscp);
	ATF_CHECK_EQ(2, opts.train);
}

CASE(sources_of_packets_are_one_name)
{
	good("interface a\npid-file /p", "-r f");
	ATF_CHECK_EQ(0, opts.ninterface);
	ATF_CHECK_STREQ("f", opts.savefile);
	/* Which is the daemon's. */
	ATF_CHECK(opts.pidfile == NULL);
	good("savefile f", "-i a");
	ATF_CHECK(opts.savefile == NULL);
	good("reports 4739 from 10.0.0.1", "-i a");
	ATF_CHECK_EQ(0, opts.npeer);
	good("interface a", "-R 4739,10.0.0.1");
	ATF_CHECK_EQ(1, opts.npeer);
	ATF_CHECK_EQ(0, opts.ninterface);
	good("interface a\npid-file /p", "-m 100");
	ATF_CHECK_STREQ("/p", opts.pidfile);
}

CASE(what_is_replaced_may_be_wrong)
{
	good("interface a\nmax-flows 1", "-m 100");
	ATF_CHECK_EQ(100, opts.max_flows);
	good("interface a\nsampling 20000", "-s 1");
	bad("interface a\nmax-flows 100", "-m 1", "-m 1: too small; it must be "
	    "a number from 16 to 268435456");
}

CASE(checking_is_told_from_running)
{
	ATF_CHECK_EQ(OPTIONS_CHECKED, load("interface a", "-k"));
	ATF_CHECK_EQ(OPTIONS_BAD, load("sampling x", "-k -i a"));
	ATF_CHECK_EQ(OPTIONS_CHECKED, parse("-k -i a"));
	ATF_CHECK_EQ(OPTIONS_USAGE, load("interface a", "-h"));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_setting_is_the_option_that_it_stands_for);
	ATF_TP_ADD_TC(tp, no_two_pairs_are_alike);
	ATF_TP_ADD_TC(tp, every_option_has_a_keyword);
	ATF_TP_ADD_TC(tp, every_keyword_is_in_the_manual);
	ATF_TP_ADD_TC(tp, a_bad_value_is_shown_with_its_place);
	ATF_TP_ADD_TC(tp, a_long_value_leaves_room_for_the_reason);
	ATF_TP_ADD_TC(tp, what_does_not_go_together_is_shown_with_its_place);
	ATF_TP_ADD_TC(tp, the_command_line_replaces_what_has_the_same_name);
	ATF_TP_ADD_TC(tp, names_of_timeouts_and_details_are_names);
	ATF_TP_ADD_TC(tp, sources_of_packets_are_one_name);
	ATF_TP_ADD_TC(tp, what_is_replaced_may_be_wrong);
	ATF_TP_ADD_TC(tp, checking_is_told_from_running);
	return (atf_no_error());
}
