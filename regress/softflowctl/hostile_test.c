/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* softflowctl against daemons whose answers cannot be. */

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"

static void
answer_short_result(struct imsgbuf *ibuf)
{
	send_row(ibuf, CTL_RESULT, "x", 1);
}

static void
answer_endless_text(struct imsgbuf *ibuf)
{
	struct ctl_result r;

	memset(&r, 0, sizeof(r));
	memset(r.text, 'x', sizeof(r.text));
	send_row(ibuf, CTL_RESULT, &r, sizeof(r));
}

static void
answer_oversized(struct imsgbuf *ibuf)
{
	static char junk[8192];

	send_row(ibuf, CTL_RESULT, junk, sizeof(junk));
}

static void
answer_summary(struct imsgbuf *ibuf)
{
	struct summary s;

	memset(&s, 0, sizeof(s));
	send_row(ibuf, CTL_SUMMARY, &s, sizeof(s));
}

static void
answer_two_summaries(struct imsgbuf *ibuf)
{
	answer_summary(ibuf);
	answer_summary(ibuf);
}

static void
answer_bad_name(struct imsgbuf *ibuf)
{
	struct summary_interface i;

	answer_summary(ibuf);
	memset(&i, 0, sizeof(i));
	memset(i.name, 'x', sizeof(i.name));
	send_row(ibuf, CTL_SUMMARY_INTERFACE, &i, sizeof(i));
}

static void
answer_bad_family(struct imsgbuf *ibuf)
{
	struct ctl_flow f;

	memset(&f, 0, sizeof(f));
	f.family = 5;
	send_row(ibuf, CTL_FLOW, &f, sizeof(f));
}

static void
answer_fewer_rows(struct imsgbuf *ibuf)
{
	send_result(ibuf, 0, 1, "");
}

static void
answer_no_summary(struct imsgbuf *ibuf)
{
	send_result(ibuf, 0, 0, "");
}

static void
answer_big_proto(struct imsgbuf *ibuf)
{
	struct summary_proto p;

	answer_summary(ibuf);
	memset(&p, 0, sizeof(p));
	p.proto = 256;
	send_row(ibuf, CTL_SUMMARY_PROTO, &p, sizeof(p));
}

static void
answer_many_exports(struct imsgbuf *ibuf)
{
	struct summary_export e;
	int i;

	answer_summary(ibuf);
	memset(&e, 0, sizeof(e));
	for (i = 0; i < MAX_EXPORT + 1; i++)
		send_row(ibuf, CTL_SUMMARY_EXPORT, &e, sizeof(e));
}

CASE(malformed_answers_are_errors)
{
	check_answer(answer_short_result, "exit", 1,
	    "malformed answer: length of the result", "err");
	check_answer(answer_endless_text, "exit", 1,
	    "malformed answer: text without an end", "err");
	check_answer(answer_oversized, "exit", 1,
	    "malformed answer: length of a message", "err");
	check_answer(answer_summary, "exit", 1,
	    "malformed answer: unexpected row", "err");
	check_answer(answer_summary, "dump-flows", 1,
	    "malformed answer: unexpected row", "err");
	check_answer(answer_two_summaries, "statistics", 1,
	    "malformed answer: unexpected row", "err");
	check_answer(answer_bad_name, "statistics", 1,
	    "malformed answer: name of an interface", "err");
	check_answer(answer_bad_family, "dump-flows", 1,
	    "malformed answer: address family", "err");
	check_answer(answer_fewer_rows, "dump-flows", 1,
	    "malformed answer: rows are missing", "err");
	check_answer(answer_no_summary, "statistics", 1,
	    "malformed answer: rows are missing", "err");
	check_answer(answer_big_proto, "statistics", 1,
	    "malformed answer: protocol number", "err");
	check_answer(answer_many_exports, "statistics", 1,
	    "malformed answer: order of collectors", "err");
	check_answer(answer_summary, "statistics", 1,
	    "without the rest of its answer", "err");
}

static void
answer_bad_version(struct imsgbuf *ibuf)
{
	struct summary s;

	memset(&s, 0, sizeof(s));
	memset(s.version, 'x', sizeof(s.version));
	send_row(ibuf, CTL_SUMMARY, &s, sizeof(s));
}

static void
send_export(struct imsgbuf *ibuf, uint32_t slot, uint32_t transport,
    uint8_t family, char name)
{
	struct summary_export e;

	answer_summary(ibuf);
	memset(&e, 0, sizeof(e));
	e.slot = slot;
	e.transport = transport;
	e.remote.family = family;
	memset(e.name, name, sizeof(e.name));
	send_row(ibuf, CTL_SUMMARY_EXPORT, &e, sizeof(e));
}

static void
answer_bad_slot(struct imsgbuf *ibuf)
{
	send_export(ibuf, MAX_EXPORT, 0, 0, 0);
}

static void
answer_bad_transport(struct imsgbuf *ibuf)
{
	send_export(ibuf, 0, TRANSPORT_MAX, 0, 0);
}

static void
answer_bad_address(struct imsgbuf *ibuf)
{
	send_export(ibuf, 0, 0, 1, 0);
}

static void
answer_endless_collector(struct imsgbuf *ibuf)
{
	send_export(ibuf, 0, 0, 0, 'x');
}

static void
answer_endless_interface(struct imsgbuf *ibuf)
{
	struct ctl_flow f;

	memset(&f, 0, sizeof(f));
	f.family = 4;
	memset(f.out[1], 'x', sizeof(f.out[1]));
	send_row(ibuf, CTL_FLOW, &f, sizeof(f));
}

static void
answer_endless_process(struct imsgbuf *ibuf)
{
	struct ctl_sandbox row;

	memset(&row, 'x', sizeof(row));
	send_row(ibuf, CTL_SANDBOX_ROW, &row, sizeof(row));
}

static void
answer_process_twice(struct imsgbuf *ibuf)
{
	struct ctl_sandbox row;

	memset(&row, 0, sizeof(row));
	send_row(ibuf, CTL_SANDBOX_ROW, &row, sizeof(row));
	send_row(ibuf, CTL_SANDBOX_ROW, &row, sizeof(row));
}

static void
answer_endless_use(struct imsgbuf *ibuf)
{
	struct ctl_memory row;

	memset(&row, 'x', sizeof(row));
	send_row(ibuf, CTL_MEMORY_ROW, &row, sizeof(row));
}

static void
answer_many_uses(struct imsgbuf *ibuf)
{
	struct ctl_memory row;
	unsigned int i;

	memset(&row, 0, sizeof(row));
	for (i = 0; i < 33; i++) {
		row.use[0] = (char)('A' + i);
		send_row(ibuf, CTL_MEMORY_ROW, &row, sizeof(row));
	}
}

static void
answer_short_memory(struct imsgbuf *ibuf)
{
	send_row(ibuf, CTL_MEMORY_ROW, "x", 1);
}

CASE(malformed_answers_of_the_newer_requests_are_errors)
{
	check_answer(answer_bad_version, "show statistics", 1,
	    "malformed answer: version of softflowd", "err");
	check_answer(answer_bad_slot, "show collectors", 1,
	    "malformed answer: number of a collector", "err");
	check_answer(answer_bad_transport, "show collectors", 1,
	    "malformed answer: transport of a collector", "err");
	check_answer(answer_bad_address, "show collectors", 1,
	    "malformed answer: address of a collector", "err");
	check_answer(answer_endless_collector, "-p show collectors", 1,
	    "malformed answer: name of a collector", "err");
	check_answer(answer_endless_interface, "show flows", 1,
	    "malformed answer: interface of a flow", "err");
	check_answer(answer_endless_process, "show sandbox", 1,
	    "malformed answer: name of a process", "err");
	check_answer(answer_process_twice, "show sandbox", 1,
	    "malformed answer: a process twice", "err");
	check_answer(answer_endless_use, "show memory", 1,
	    "malformed answer: use of memory", "err");
	check_answer(answer_many_uses, "-j show memory", 1,
	    "malformed answer: too many uses of memory", "err");
	check_answer(answer_short_memory, "show memory", 1,
	    "malformed answer: length of a row of memory", "err");
	check_answer(answer_summary, "show memory", 1,
	    "malformed answer: unexpected row", "err");
	check_answer(answer_no_summary, "show sandbox", 1,
	    "malformed answer: rows are missing", "err");
}

/*
 * Rows of any content, most of them of the right length, some of them with a
 * few octets that are not 0 only, so that they pass.
 */
static unsigned int	seed;

static unsigned int
next_random(unsigned int below)
{
	seed = seed * 1103515245 + 12345;
	return ((seed >> 16) % below);
}

static void
answer_random(struct imsgbuf *ibuf)
{
	static const size_t lens[] = { sizeof(struct summary),
	    sizeof(struct summary_proto), sizeof(struct summary_export),
	    sizeof(struct summary_interface), sizeof(struct ctl_flow),
	    sizeof(struct timeouts), sizeof(struct ctl_sandbox),
	    sizeof(struct ctl_memory) };
	static uint8_t data[MSG_WORKER_MAX];
	unsigned int i, j, type, rows = next_random(6), sparse;
	size_t len;

	for (i = 0; i < rows; i++) {
		type = i == 0 ? 0 : next_random(8);
		if (next_random(2))
			type = 4 + seed % 4;
		len = lens[type] - (next_random(16) == 0);
		sparse = next_random(4);
		memset(data, 0, sizeof(data));
		for (j = 0; j < len; j++)
			if (sparse == 0 || next_random(64) == 0)
				data[j] = (uint8_t)next_random(256);
		if (type == 4)
			data[offsetof(struct ctl_flow, family)] = 4;
		send_row(ibuf, CTL_SUMMARY + type, data, len);
	}
	send_result(ibuf, next_random(16) == 0, rows, "done");
}

/* That it is not killed is what run() demands. */
CASE(random_answers_are_printed_or_refused)
{
	static const char *const lines[] = { "statistics", "dump-flows",
	    "timeouts", "show statistics", "show flows", "show timeouts",
	    "show collectors", "show interfaces", "show sandbox",
	    "show memory", "-H show flows", "-j show statistics",
	    "-j show flows", "-j show sandbox", "-j show memory",
	    "-p show statistics", "-p show sandbox", "-p show memory" };
	unsigned int i, status[2] = { 0, 0 };

	for (i = 0; i < 25 * sizeof(lines) / sizeof(lines[0]); i++) {
		seed = i;
		status[run_against(answer_random,
		    lines[i % (sizeof(lines) / sizeof(lines[0]))]) != 0]++;
	}
	printf("printed %u, refused %u\n", status[0], status[1]);
	ATF_CHECK(status[0] > 0 && status[1] > 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, malformed_answers_are_errors);
	ATF_TP_ADD_TC(tp, malformed_answers_of_the_newer_requests_are_errors);
	ATF_TP_ADD_TC(tp, random_answers_are_printed_or_refused);
	return (atf_no_error());
}
