/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What "show" shows: text, JSON, which a parser reads, and metrics, which
 * prometheus.awk checks.
 */

#include <sys/types.h>
#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "samples.h"

#define MANY_FLOWS	200000		/* 50 MB of rows */

static void
grep_out(const char *want)
{
	ATF_CHECK_MSG(atf_utils_grep_file("%s", "out", want), "no \"%s\"",
	    want);
}

/* The n-th line of out, counted from 0, as JSON, which stays until the end. */
static json_t *
json_line(unsigned int n)
{
	static char line[65536];
	static json_t *kept;
	json_error_t error;
	json_t *value = NULL;
	unsigned int i;
	FILE *in;

	ATF_REQUIRE((in = fopen("out", "r")) != NULL);
	for (i = 0; i <= n; i++)
		ATF_REQUIRE(fgets(line, sizeof(line), in) != NULL);
	fclose(in);
	value = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	ATF_REQUIRE_MSG(value != NULL, "%s: %s", error.text, line);
	if (kept == NULL)
		kept = json_array();
	ATF_REQUIRE(json_array_append_new(kept, value) == 0);
	return (value);
}

static unsigned int
count_lines(void)
{
	unsigned int n = 0;
	int c;
	FILE *in;

	ATF_REQUIRE((in = fopen("out", "r")) != NULL);
	while ((c = getc(in)) != EOF)
		n += c == '\n';
	fclose(in);
	return (n);
}

#define integer(object, key)	json_integer_value(json_object_get(object, key))
#define string(object, key)	json_string_value(json_object_get(object, key))

/*
 * Text.
 */

CASE(statistics_have_units_for_people_and_all_digits_with_H)
{
	check_answer(answer_report, "show statistics", 0,
	    "^softflowd 9.9, pid 4242, since 2026-01-02T03:04:05Z, up 1h00m$",
	    "out");
	grep_out("^flows in the table: 12 of 65.5k, at most 1234 so far$");
	grep_out("^sampling: 1 packet in 100$");
	grep_out("^no packets are taken in: gather stop$");
	grep_out("^frames +9.01P  frames read$");
	grep_out("^drop_non_ip +4  not IP$");
	ATF_CHECK(!atf_utils_grep_file("^octets_exported", "out"));
	grep_out("^octets +40 +50 +60$");
	grep_out("^tcp +2 +0 +123M +1s +2s$");
	grep_out("^253 +2 ");
	check_answer(answer_report, "-H show statistics", 0,
	    "^frames +9007199254740993  frames read$", "out");
	grep_out("^tcp +2 +0 +123456789 +1.500000 +2.500000$");
}

CASE(collectors_say_what_became_of_them)
{
	check_answer(answer_report, "show collectors", 0,
	    "^coll\".\\.example:4739 \\(192.0.2.1:4739\\): ipfix over tcp, "
	    "down, Connection refused, last tried 2026-01-02T03:04:05Z$",
	    "out");
	grep_out("^    waiting   3 messages, 4000 octets; 0 reconnects$");
	grep_out("last success never$");
	grep_out("^\\[2001:db8::\\]:2055: v9 over udp, up$");
	grep_out("^    sent      0 records in 7 datagrams, 0 octets$");
	grep_out("last success 2026-01-02T03:04:05Z$");
}

CASE(interfaces_say_where_packets_come_from)
{
	check_answer(answer_report, "show interfaces", 0,
	    "^eth0 +3 +5 +12.3M +0  not there now$", "out");
	grep_out("^unknown +0 +5 +- +-$");
	check_answer(answer_report, "-H show interfaces", 0,
	    "^eth0 +3 +5 +12345678 +0  not", "out");
}

CASE(sandbox_timeouts_and_memory_are_shown)
{
	check_answer(answer_sandbox, "show sandbox", 0,
	    "^worker \\(pid 77\\): chroot, system calls; missing: ids, "
	    "capabilities, undumpable, no new privileges, MDWE, Landlock, "
	    "limits; Landlock of version 4$", "out");
	check_answer(answer_timeouts, "show timeouts", 0,
	    "^tcp +1h00m  of an idle TCP flow$", "out");
	check_answer(answer_timeouts, "-H show timeouts", 0,
	    "^tcp +3600  of an idle TCP flow$", "out");
	check_answer(answer_memory, "show memory", 0,
	    "^flows +10.0M +9999 +12 +65.5k$", "out");
	grep_out("^a\"b.c\\?d +0 +0 +- +-$");
}

CASE(a_flow_is_one_line_that_is_not_cut_off_the_terminal)
{
	check_answer(answer_flows, "show flows", 0,
	    "^tcp   192.0.2.1:80          192.0.2.2:40000       9.01P    60 "
	    "    3     1 ", "out");
	grep_out("^udp   \\[fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd\\]:80 "
	    "\\[fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd\\]:40000 9.01P ");
	grep_out(" fin$");
	grep_out(" one$");
	ATF_CHECK_EQ(count_lines(), 3);
	check_answer(answer_no_flows, "show flows", 0, "^PROTO ONE END ",
	    "out");
	ATF_CHECK_EQ(count_lines(), 1);
	check_answer(answer_flows, "-H show flows", 0,
	    " 9007199254740993 +60 +3 +1 ", "out");
}

static void
answer_many_flows(struct imsgbuf *ibuf)
{
	struct ctl_flow f;
	unsigned int i;

	memset(&f, 0, sizeof(f));
	f.family = 4;
	for (i = 0; i < MANY_FLOWS; i++) {
		f.index = i;
		send_row(ibuf, CTL_FLOW, &f, sizeof(f));
		if (i % 64 == 0 && imsgbuf_flush(ibuf) == -1)
			_exit(1);
	}
	send_result(ibuf, 0, MANY_FLOWS, "");
}

CASE(flows_are_printed_as_they_come_and_not_kept)
{
	static const char *const lines[] = { "show flows", "-j show flows",
	    "dump-flows" };
	unsigned int i;
	long before;

	/* what a sanitizer keeps is not ours */
	ATF_REQUIRE_EQ(setenv("ASAN_OPTIONS",
	    "quarantine_size_mb=1:detect_leaks=0", 1), 0);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		check_status(answer_flows, lines[i], 0);
		before = run_kbytes;
		check_status(answer_many_flows, lines[i], 0);
		ATF_CHECK(count_lines() >= MANY_FLOWS);
		ATF_CHECK_MSG(run_kbytes < before + 8192, "%ld after %ld",
		    run_kbytes, before);
	}
}

/* Of the longest line; control characters of a terminal do not count. */
static size_t
longest_line(void)
{
	size_t longest = 0, n = 0;
	FILE *in;
	int c;

	ATF_REQUIRE((in = fopen("out", "r")) != NULL);
	while ((c = getc(in)) != EOF) {
		n = c == '\n' ? 0 : n + (c >= ' ');
		if (n > longest)
			longest = n;
	}
	fclose(in);
	return (longest);
}

CASE(a_line_fills_the_terminal_and_never_more)
{
	run_columns = 80;
	check_answer(answer_flows, "show flows", 0,
	    "^udp   \\[fdfd:fdfd:fdfd:~\\]:80 \\[fdfd:fdfd:fd~\\]:40000 9.01P ",
	    "out");
	/* two columns may be left: of an odd width, of a short state */
	for (run_columns = 80; run_columns < 140; run_columns++) {
		check_status(answer_flows, "show flows", 0);
		ATF_CHECK_EQ(count_lines(), 3);
		ATF_CHECK_MSG(longest_line() <= run_columns &&
		    longest_line() + 2 >= (run_columns > 132 ? 132U :
		    run_columns), "%zu of %u", longest_line(), run_columns);
	}
	run_columns = 0;
}

/*
 * JSON.
 */

CASE(statistics_are_an_object_with_exact_numbers)
{
	json_t *answer, *part;
	unsigned int i;

	check_status(answer_report, "-j show statistics", 0);
	ATF_CHECK_EQ(count_lines(), 1);
	answer = json_line(0);
	ATF_CHECK_EQ(integer(answer, "pid"), PID);
	ATF_CHECK_STREQ(string(answer, "version"), "9.9");
	ATF_CHECK_STREQ(string(answer, "since"),
	    "2026-01-02T03:04:05.123456Z");
	ATF_CHECK_EQ(integer(answer, "peak_flows"), 1234);
	part = json_object_get(answer, "counters");
	ATF_CHECK_EQ(integer(part, "frames"), (json_int_t)HUGE_COUNT);
	for (i = 0; counter_name(i) != NULL; i++)
		ATF_CHECK_MSG(json_is_integer(json_object_get(part,
		    counter_name(i))), "%s", counter_name(i));
	ATF_CHECK_EQ(json_object_size(part), i);
	part = json_object_get(answer, "expired");
	ATF_CHECK_EQ(integer(json_object_get(part, "octets"), "max"), 60);
	/* stuck at the top: as much as a number can say */
	ATF_CHECK_EQ(integer(json_object_get(part, "duration_us"), "sum"),
	    INT64_MAX);
	part = json_array_get(json_object_get(answer, "protocols"), 0);
	ATF_CHECK_STREQ(string(part, "protocol"), "tcp");
	ATF_CHECK_EQ(integer(part, "octets"), 123456789);
	ATF_CHECK_EQ(json_array_size(json_object_get(answer, "collectors")),
	    2);
	ATF_CHECK_EQ(json_array_size(json_object_get(answer, "interfaces")),
	    3);
}

CASE(collectors_and_interfaces_are_objects_of_their_own)
{
	json_t *answer, *part;

	check_status(answer_report, "-j show collectors", 0);
	answer = json_line(0);
	ATF_CHECK(json_object_get(answer, "interfaces") == NULL);
	part = json_array_get(json_object_get(answer, "collectors"), 0);
	ATF_CHECK_STREQ(string(part, "collector"), "coll\"\\.example:4739");
	ATF_CHECK_STREQ(string(part, "address"), "192.0.2.1");
	ATF_CHECK_EQ(integer(part, "port"), 4739);
	ATF_CHECK_STREQ(string(part, "protocol"), "ipfix");
	ATF_CHECK_STREQ(string(part, "transport"), "tcp");
	ATF_CHECK(json_is_false(json_object_get(part, "up")));
	ATF_CHECK_EQ(integer(part, "records"), (json_int_t)HUGE_COUNT);
	ATF_CHECK_EQ(integer(part, "queued"), 3);
	ATF_CHECK(json_is_null(json_object_get(part, "last_success_time")));
	check_status(answer_report, "-j show interfaces", 0);
	answer = json_line(0);
	ATF_CHECK(json_object_get(answer, "collectors") == NULL);
	part = json_array_get(json_object_get(answer, "interfaces"), 1);
	ATF_CHECK_STREQ(string(part, "interface"), "eth0");
	ATF_CHECK(json_is_false(json_object_get(part, "present")));
	ATF_CHECK_EQ(integer(part, "received"), 12345678);
	ATF_CHECK(json_is_false(json_object_get(part, "removed")));
	part = json_array_get(json_object_get(answer, "interfaces"), 2);
	ATF_CHECK(json_is_false(json_object_get(part, "present")));
	ATF_CHECK(json_is_true(json_object_get(part, "removed")));
	part = json_array_get(json_object_get(answer, "interfaces"), 0);
	ATF_CHECK(json_is_null(json_object_get(part, "interface")));
	ATF_CHECK(json_object_get(part, "received") == NULL);
}

CASE(flows_are_lines_of_objects)
{
	json_t *flow, *end;

	check_status(answer_flows, "-j show flows", 0);
	ATF_CHECK_EQ(count_lines(), 2);
	flow = json_line(0);
	ATF_CHECK_EQ(integer(flow, "flow"), 9);
	ATF_CHECK_STREQ(string(flow, "protocol"), "tcp");
	ATF_CHECK_EQ(integer(flow, "octets"), (json_int_t)HUGE_COUNT + 60);
	ATF_CHECK_STREQ(string(flow, "first"), "2026-01-02T03:04:05.123456Z");
	ATF_CHECK_STREQ(string(flow, "last"), "2026-01-02T03:04:07.123456Z");
	ATF_CHECK_EQ(integer(flow, "expires_seconds"), -25);
	ATF_CHECK_STREQ(string(flow, "state"), "fin");
	end = json_array_get(json_object_get(flow, "ends"), 1);
	ATF_CHECK_STREQ(string(end, "address"), "192.0.2.2");
	ATF_CHECK_EQ(integer(end, "port"), 40000);
	ATF_CHECK_EQ(integer(end, "octets"), 60);
	ATF_CHECK_STREQ(string(end, "out"), "e?\"1");
	ATF_CHECK(json_object_get(flow, "vlans") == NULL);
	flow = json_line(1);
	ATF_CHECK_EQ(json_array_size(json_object_get(flow, "vlans")), 1);
	end = json_array_get(json_object_get(flow, "ends"), 1);
	ATF_CHECK_STREQ(string(end, "mac"), "00:00:00:00:00:ab");
	ATF_CHECK(json_is_null(json_object_get(end, "first")));
	check_status(answer_no_flows, "-j show flows", 0);
	ATF_CHECK_EQ(count_lines(), 0);
}

CASE(sandbox_timeouts_and_memory_are_objects)
{
	json_t *answer, *part;

	check_status(answer_sandbox, "-j show sandbox", 0);
	answer = json_line(0);
	part = json_array_get(json_object_get(answer, "processes"), 0);
	ATF_CHECK_STREQ(string(part, "process"), "worker");
	ATF_CHECK_EQ(json_array_size(json_object_get(part, "layers")), 2);
	ATF_CHECK_EQ(json_array_size(json_object_get(part, "missing")), 7);
	check_status(answer_timeouts, "-j show timeouts", 0);
	answer = json_line(0);
	part = json_object_get(answer, "timeouts");
	ATF_CHECK_EQ(integer(part, "tcp.fin"), 300);
	ATF_CHECK_EQ(json_object_size(part), TIMEOUT_MAX);
	check_status(answer_memory, "-j show memory", 0);
	answer = json_line(0);
	part = json_array_get(json_object_get(answer, "memory"), 0);
	ATF_CHECK_EQ(integer(part, "octets"), 10000000);
	ATF_CHECK_EQ(integer(part, "entries_max"), 65536);
}

/*
 * Metrics.
 */

/* What prometheus.awk ends with: 0, or 1 for a file that is no exposition. */
static int
metrics_status(const char *file)
{
	char checker[512];
	int status = -1;
	pid_t pid;

	(void)snprintf(checker, sizeof(checker), "%s/prometheus.awk",
	    fake_srcdir);
	if ((pid = fork()) == 0) {
		(void)setenv("LC_ALL", "C", 1);
		(void)execlp("awk", "awk", "-f", checker, file, (char *)NULL);
		_exit(127);
	}
	ATF_REQUIRE(pid != -1 && waitpid(pid, &status, 0) == pid);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void
check_metrics(answer_fn *answer, const char *line)
{
	char last = '\0';
	FILE *in;

	check_status(answer, line, 0);
	ATF_CHECK_MSG(metrics_status("out") == 0, "%s", line);
	ATF_REQUIRE((in = fopen("out", "r")) != NULL);
	ATF_REQUIRE_EQ(fseek(in, -1, SEEK_END), 0);
	ATF_CHECK_EQ(fread(&last, 1, 1, in), 1);
	ATF_CHECK_EQ(last, '\n');
	fclose(in);
}

CASE(metrics_are_well_formed_and_named_after_counters)
{
	char want[128];
	const char *name;
	unsigned int i;

	check_metrics(answer_report, "-p show statistics");
	for (i = 0; (name = counter_name(i)) != NULL; i++) {
		if (strncmp(name, "drop_", 5) == 0)
			(void)snprintf(want, sizeof(want), "^softflowd_"
			    "drop_total.reason=\"%s\"} ", name + 5);
		else if (strncmp(name, "expired_", 8) == 0)
			(void)snprintf(want, sizeof(want), "^softflowd_"
			    "expired_total.reason=\"%s\"} ", name + 8);
		else
			(void)snprintf(want, sizeof(want),
			    "^softflowd_%s_total ", name);
		grep_out(want);
	}
	grep_out("^softflowd_frames_total 9007199254740993$");
	grep_out("^softflowd_build_info.version=\"9.9\"} 1$");
	grep_out("^softflowd_start_time_seconds 1767323045.123456$");
	grep_out("^softflowd_protocol_life_seconds_total.protocol=\"tcp\","
	    "number=\"6\"} 3.000000$");
	check_metrics(answer_sandbox, "-p show sandbox");
	grep_out("^softflowd_sandbox_layer.process=\"worker\","
	    "layer=\"chroot\"} 1$");
	grep_out("^softflowd_sandbox_layer.process=\"worker\","
	    "layer=\"ids\"} 0$");
	check_metrics(answer_timeouts, "-p show timeouts");
	grep_out("^softflowd_timeout_seconds.timeout=\"tcp.rst\"} 120$");
	check_metrics(answer_memory, "-p show memory");
	grep_out("^softflowd_memory_octets.use=\"flows\"} 10000000$");
}

CASE(labels_are_escaped_and_series_that_look_the_same_are_one)
{
	check_metrics(answer_report, "-p show collectors");
	grep_out("^softflowd_collector_records_total.collector="
	    "\"coll.....example:4739\",slot=\"0\",protocol=\"ipfix\","
	    "transport=\"tcp\"} 9007199254740993$");
	grep_out("^softflowd_collector_up.*slot=\"0\".* 0$");
	grep_out("^softflowd_collector_up.*slot=\"2\".* 1$");
	check_metrics(answer_report, "-p show interfaces");
	grep_out("^softflowd_interface_frames_total.interface=\"unknown\","
	    "index=\"0\"} 11$");
	grep_out("^softflowd_interface_received_total.interface=\"eth0\","
	    "index=\"3\"} 12345678$");
	check_metrics(answer_memory, "-p show memory");
	grep_out("^softflowd_memory_octets.use=\"a..b..c.d\"} 0$");
}

/* The checker finds what it is there to find. */
CASE(checker_refuses_what_is_not_well_formed)
{
	static const char *const bad[] = {
		"",
		"a 1\n",
		"# HELP a x\na 1\n",
		"# TYPE a gauge\n# HELP a x\na 1\n",
		"# HELP a x\n# TYPE a gauge\n",
		"# HELP a x\n# TYPE a gauge\n# HELP b x\n# TYPE b gauge\nb 1\n",
		"# HELP a x\n# TYPE a gauge\na 1\na 2\n",
		"# HELP a x\n# TYPE a counter\na 1\n",
		"# HELP a_total x\n# TYPE a_total gauge\na_total 1\n",
		"# HELP a_total x\n# TYPE a_total counter\na_total -1\n",
		"# HELP a x\n# TYPE a gauge\na one\n",
		"# HELP a x\n# TYPE a gauge\na  1\n",
		"# HELP a x\n# TYPE a gauge\nb 1\n",
		"# HELP a x\n# TYPE a gauge\na{b=\"c} 1\n",
		"# HELP a x\n# TYPE a gauge\na{b=\"c\\d\"} 1\n",
		"# HELP a x\n# TYPE a gauge\na{b=\"c\",b=\"d\"} 1\n",
		"# HELP a x\n# TYPE a gauge\na{1=\"c\"} 1\n",
		"# HELP a x\n# TYPE a gauge\na{b=\"c\"d=\"e\"} 1\n",
		"# HELP 0 x\n# TYPE 0 gauge\n0 1\n",
		"# HELP a\n# TYPE a gauge\na 1\n",
		"# HELP a x\n# TYPE a number\na 1\n",
		"# HELP a x\n# TYPE a gauge\na 1\n# HELP a x\n# TYPE a gauge\n"
	};
	unsigned int i;

	atf_utils_create_file("text", "%s", "# HELP a x\n# TYPE a gauge\n"
	    "a{b=\"c\\\\\",d=\"\\\"}\"} 1.5e+9\n");
	ATF_CHECK_EQ(metrics_status("text"), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		atf_utils_create_file("text", "%s", bad[i]);
		ATF_CHECK_MSG(metrics_status("text") == 1, "%s", bad[i]);
	}
}

/*
 * Options, and what is asked.
 */

CASE(options_that_do_not_go_together_are_refused)
{
	ATF_CHECK_EQ(run("./nowhere", "-j -p show memory"), 1);
	ATF_CHECK(atf_utils_grep_file("-j and -p: allowed is one of them",
	    "err"));
	ATF_CHECK_EQ(run("./nowhere", "-p show flows"), 1);
	ATF_CHECK(atf_utils_grep_file("-p: flows are no metrics", "err"));
	ATF_CHECK_EQ(run("./nowhere", "-j statistics"), 1);
	ATF_CHECK(atf_utils_grep_file("-j: it goes with show only", "err"));
	ATF_CHECK_EQ(run("./nowhere", "-p reload"), 1);
	ATF_CHECK(atf_utils_grep_file("-p: it goes with show only", "err"));
}

CASE(refusal_is_said_on_standard_error_in_every_form)
{
	check_answer(answer_refusal, "flow delete vlan 7", 1,
	    "^softflowd.4242.: this connection may only show$", "err");
	check_answer(answer_refusal, "-j show memory", 1,
	    "^softflowd.4242.: this connection may only show$", "err");
	ATF_CHECK_EQ(count_lines(), 0);
	check_answer(answer_refusal, "-p show statistics", 1,
	    "^softflowd.4242.: this connection may only show$", "err");
	ATF_CHECK_EQ(count_lines(), 0);
}

CASE(request_carries_what_the_words_say)
{
	struct {
		uint32_t	type;
		char		payload[MSG_WORKER_MAX];
	} request;
	struct ctl_query query;
	FILE *in;

	check_status(answer_no_flows, "show flows by age vlan 7", 0);
	ATF_REQUIRE((in = fopen("request", "r")) != NULL);
	ATF_CHECK_EQ(fread(&request, 1, sizeof(request), in),
	    sizeof(request.type) + sizeof(query));
	fclose(in);
	ATF_CHECK_EQ(request.type, CTL_SHOW_FLOWS);
	memcpy(&query, request.payload, sizeof(query));
	ATF_CHECK_EQ(query.sort, CTL_SORT_AGE);
	ATF_CHECK_EQ(query.limit, 20);
	ATF_CHECK_EQ(query.filter.have, CTL_FILTER_VLAN);
	ATF_CHECK_EQ(query.filter.vlan, 7);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp,
	    statistics_have_units_for_people_and_all_digits_with_H);
	ATF_TP_ADD_TC(tp, collectors_say_what_became_of_them);
	ATF_TP_ADD_TC(tp, interfaces_say_where_packets_come_from);
	ATF_TP_ADD_TC(tp, sandbox_timeouts_and_memory_are_shown);
	ATF_TP_ADD_TC(tp, a_flow_is_one_line_that_is_not_cut_off_the_terminal);
	ATF_TP_ADD_TC(tp, flows_are_printed_as_they_come_and_not_kept);
	ATF_TP_ADD_TC(tp, a_line_fills_the_terminal_and_never_more);
	ATF_TP_ADD_TC(tp, statistics_are_an_object_with_exact_numbers);
	ATF_TP_ADD_TC(tp, collectors_and_interfaces_are_objects_of_their_own);
	ATF_TP_ADD_TC(tp, flows_are_lines_of_objects);
	ATF_TP_ADD_TC(tp, sandbox_timeouts_and_memory_are_objects);
	ATF_TP_ADD_TC(tp, metrics_are_well_formed_and_named_after_counters);
	ATF_TP_ADD_TC(tp,
	    labels_are_escaped_and_series_that_look_the_same_are_one);
	ATF_TP_ADD_TC(tp, checker_refuses_what_is_not_well_formed);
	ATF_TP_ADD_TC(tp, options_that_do_not_go_together_are_refused);
	ATF_TP_ADD_TC(tp, refusal_is_said_on_standard_error_in_every_form);
	ATF_TP_ADD_TC(tp, request_carries_what_the_words_say);
	return (atf_no_error());
}
