/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * softflowctl itself, against daemons that answer as they should not, or not
 * at all, and against one that answers right.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"

#define NOBODY	65534

CASE(missing_socket_is_named)
{
	ATF_CHECK_EQ(run("./nowhere", "statistics"), 1);
	ATF_CHECK(atf_utils_grep_file("./nowhere: there is no such socket: "
	    "softflowd is not running", "err"));
}

CASE(socket_without_a_daemon_is_named)
{
	close(listen_at(SOCK));
	ATF_CHECK_EQ(run(SOCK, "statistics"), 1);
	ATF_CHECK(atf_utils_grep_file("ctl: nobody listens: softflowd is not "
	    "running", "err"));
}

CASE(missing_permission_is_named)
{
	struct stat st;
	int fd, reachable;

	fd = listen_at(SOCK);
	if (geteuid() == 0) {
		ATF_REQUIRE_EQ(chmod(SOCK, 0600), 0);
		ATF_REQUIRE_EQ(seteuid(NOBODY), 0);
		reachable = stat(SOCK, &st) == 0 &&
		    faccessat(AT_FDCWD, program, X_OK, AT_EACCESS) == 0;
		ATF_REQUIRE_EQ(seteuid(0), 0);
		if (!reachable)
			atf_tc_skip("nobody may not look into this directory");
		run_uid = NOBODY;
	} else
		ATF_REQUIRE_EQ(chmod(SOCK, 0), 0);
	ATF_CHECK_EQ(run(SOCK, "statistics"), 1);
	ATF_CHECK(atf_utils_grep_file("ctl: permission denied", "err"));
	close(fd);
}

CASE(path_that_is_too_long_is_named)
{
	char path[300];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ATF_CHECK_EQ(run(path, "statistics"), 1);
	ATF_CHECK(atf_utils_grep_file("too long: x*: allowed are", "err"));
}

CASE(unknown_word_asks_nobody)
{
	ATF_CHECK_EQ(run("./nowhere", "nonsense"), 1);
	ATF_CHECK(atf_utils_grep_file("unknown command .nonsense.: allowed "
	    "are help shutdown", "err"));
}

CASE(help_asks_nobody)
{
	ATF_CHECK_EQ(run("./nowhere", "help show"), 0);
	ATF_CHECK(atf_utils_grep_file("^sandbox  ", "out"));
	ATF_CHECK_EQ(run("./nowhere", "show ?"), 0);
	ATF_CHECK(atf_utils_grep_file("^sandbox  ", "out"));
	ATF_CHECK_EQ(run("./nowhere", "help"), 0);
	ATF_CHECK(atf_utils_grep_file("^send-template", "out"));
}

static void
answer_nothing(struct imsgbuf *ibuf)
{
	(void)ibuf;
}

CASE(hang_up_without_an_answer_is_an_error)
{
	check_answer(answer_nothing, "exit", 1,
	    "closed the connection without an answer", "err");
}

static void
answer_version_3(struct imsgbuf *ibuf)
{
	if (imsg_compose(ibuf, CTL_RESULT, 3, PID, -1, "what?", 5) == -1)
		_exit(1);
}

CASE(both_versions_are_named_when_they_differ)
{
	char want[128];

	(void)snprintf(want, sizeof(want), "softflowd speaks version 3 of the "
	    "control protocol, this softflowctl version %d: use", CTL_VERSION);
	check_answer(answer_version_3, "statistics", 1, want, "err");
	check_answer(answer_version_3, "exit", 1, want, "err");
}

/* As the parent does with one client too many: it does not even read. */
CASE(refusal_that_comes_before_the_question_is_printed)
{
	struct imsgbuf ibuf;
	pid_t pid;
	int fd, conn, status;

	fd = listen_at(SOCK);
	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0) {
		if ((conn = accept(fd, NULL, NULL)) == -1 ||
		    imsgbuf_init(&ibuf, conn) == -1)
			_exit(1);
		send_result(&ibuf, 1, 0, "8 clients are served already");
		_exit(imsgbuf_flush(&ibuf) == 0 ? 0 : 1);
	}
	close(fd);
	ATF_CHECK_EQ(run(SOCK, "statistics"), 1);
	ATF_CHECK(atf_utils_grep_file("^softflowd.4242.: 8 clients are served "
	    "already$", "err"));
	ATF_REQUIRE_EQ(waitpid(pid, &status, 0), pid);
	ATF_CHECK_EQ(status, 0);
}

/* What the kernel says of who asks, in the text of the result. */
static void
answer_seccomp(struct imsgbuf *ibuf)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	char path[64], line[128], text[128] = "";
	FILE *in;

	if (getsockopt(ibuf->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1)
		_exit(1);
	(void)snprintf(path, sizeof(path), "/proc/%d/status", peer.pid);
	if ((in = fopen(path, "r")) == NULL)
		_exit(1);
	while (fgets(line, sizeof(line), in) != NULL)
		if (strncmp(line, "NoNewPrivs:", 11) == 0 ||
		    strncmp(line, "Seccomp:", 8) == 0)
			strlcat(text, line, sizeof(text));
	fclose(in);
	send_result(ibuf, 0, 0, text);
}

CASE(program_is_confined_before_it_reads_an_answer)
{
	if (fake_sanitized)
		atf_tc_skip("what a sanitizer needs cannot be confined");
	check_answer(answer_seccomp, "reload", 0,
	    "NoNewPrivs:.1.Seccomp:.2.$", "out");
}

static void
answer_text(struct imsgbuf *ibuf)
{
	send_result(ibuf, 0, 7, "Expired 7 flows.");
}

static void
answer_controls(struct imsgbuf *ibuf)
{
	send_result(ibuf, 0, 0, "a\033[2Jb\nc\377d");
}

static void
answer_failed(struct imsgbuf *ibuf)
{
	send_result(ibuf, 1, 0, "not today");
}

CASE(text_is_printed_behind_the_pid)
{
	check_answer(answer_text, "expire-all", 0,
	    "^softflowd\\[4242\\]: Expired 7 flows\\.$", "out");
}

CASE(unprintable_characters_are_replaced)
{
	check_answer(answer_controls, "debug+", 0,
	    "^softflowd\\[4242\\]: a\\?\\[2Jb\\?c\\?d$", "out");
}

CASE(failed_result_is_exit_status_1)
{
	check_answer(answer_failed, "shutdown", 1,
	    "^softflowd\\[4242\\]: not today$", "err");
}

static void
answer_flows(struct imsgbuf *ibuf)
{
	struct ctl_flow f;

	memset(&f, 0, sizeof(f));
	f.family = 4;
	f.proto = 6;
	memcpy(f.addr[0], "\300\000\002\001", 4);
	memcpy(f.addr[1], "\300\000\002\002", 4);
	strlcpy(f.in[0], "eth0", INTERFACE_NAME);
	strlcpy(f.out[0], "eth1", INTERFACE_NAME);
	strlcpy(f.in[1], "e\n1", INTERFACE_NAME);
	f.port[0] = 80;
	f.port[1] = 40000;
	f.octets[0] = 1ULL << 40;
	f.octets[1] = 60;
	f.packets[0] = 3;
	f.packets[1] = 1;
	f.first_us[0] = 1767323045123456;	/* 2026-01-02T03:04:05 */
	f.last_us[0] = f.first_us[0] + 2000000;
	f.first_us[1] = f.last_us[1] = f.first_us[0] + 1000000;
	f.tcp_flags[0] = 0x1b;
	f.tcp_flags[1] = 0x02;
	f.index = 9;
	f.expires = 25;
	send_row(ibuf, CTL_FLOW, &f, sizeof(f));
	f.family = 6;
	f.expires = 0;
	f.reason = EXPIRE_FLUSH;
	send_row(ibuf, CTL_FLOW, &f, sizeof(f));
	send_result(ibuf, 0, 2, "");
}

CASE(flows_are_printed_in_the_classic_lines)
{
	check_answer(answer_flows, "dump-flows", 0,
	    "^softflowd\\[4242\\]: Dumping flow data:$", "out");
	ATF_CHECK(atf_utils_grep_file("^ACTIVE seq:9 \\[192\\.0\\.2\\.1\\]:80 "
	    "<> \\[192\\.0\\.2\\.2\\]:40000 proto:6 octets>:1099511627776 "
	    "packets>:3 octets<:60 packets<:1 start:2026-01-02T03:04:05\\.123 "
	    "finish:2026-01-02T03:04:07\\.123 tcp>:1b tcp<:02 in>:eth0 "
	    "out>:eth1 in<:e\\?1 out<:-$", "out"));
	ATF_CHECK(atf_utils_grep_file("^EXPIRY EVENT for flow 9 in 25 "
	    "seconds$", "out"));
	ATF_CHECK(atf_utils_grep_file("^ACTIVE seq:9 \\[c000:201::\\]:80",
	    "out"));
	ATF_CHECK(atf_utils_grep_file("^EXPIRY EVENT for flow 9 now "
	    "\\(FORCED\\)$", "out"));
}

static void
answer_side(struct imsgbuf *ibuf)
{
	struct ctl_flow f;

	memset(&f, 0, sizeof(f));
	f.family = 4;
	send_row(ibuf, CTL_FLOW, &f, sizeof(f));
	f.have = CTL_FLOW_SIDE;
	f.index = 1;
	send_row(ibuf, CTL_FLOW, &f, sizeof(f));
	f.vlan[0] = 100;
	f.index = 2;
	send_row(ibuf, CTL_FLOW, &f, sizeof(f));
	f.vlan[1] = 7;
	f.mac[0][0] = 2;
	f.mac[1][5] = 0xab;
	f.index = 3;
	send_row(ibuf, CTL_FLOW, &f, sizeof(f));
	send_result(ibuf, 0, 4, "");
}

CASE(vlans_and_mac_addresses_end_the_line_where_there_are_any)
{
	check_answer(answer_side, "dump-flows", 0,
	    "^ACTIVE seq:0 .* out<:-$", "out");
	ATF_CHECK(atf_utils_grep_file("^ACTIVE seq:1 .* out<:-$", "out"));
	ATF_CHECK(atf_utils_grep_file("^ACTIVE seq:2 .* out<:- vlan:100$",
	    "out"));
	ATF_CHECK(atf_utils_grep_file("^ACTIVE seq:3 .* out<:- vlan:100\\.7 "
	    "mac:02:00:00:00:00:00 <> 00:00:00:00:00:ab$", "out"));
}

static void
answer_no_rows(struct imsgbuf *ibuf)
{
	send_result(ibuf, 0, 0, "");
}

CASE(empty_dump_has_its_heading)
{
	check_answer(answer_no_rows, "dump-flows", 0,
	    "^softflowd\\[4242\\]: Dumping flow data:$", "out");
}

static void
answer_timeouts(struct imsgbuf *ibuf)
{
	struct timeouts t = { { 3600, 120, 300, 301, 302, 3601, 1800, 60 } };

	send_row(ibuf, CTL_TIMEOUTS_ROW, &t, sizeof(t));
	send_result(ibuf, 0, 1, "");
}

CASE(timeouts_are_printed_with_their_names)
{
	check_answer(answer_timeouts, "timeouts", 0,
	    "^softflowd\\[4242\\]: Printing timeouts:$", "out");
	ATF_CHECK(atf_utils_grep_file("^ *TCP timeout: 3600s$", "out"));
	ATF_CHECK(atf_utils_grep_file("^ *TCP post-RST timeout: 120s$",
	    "out"));
	ATF_CHECK(atf_utils_grep_file("^ *UDP timeout: 301s$", "out"));
	ATF_CHECK(atf_utils_grep_file("^ *Maximum lifetime: 1800s$", "out"));
	ATF_CHECK(atf_utils_grep_file("^ *Expiry interval: 60s$", "out"));
}

static void
answer_statistics(struct imsgbuf *ibuf)
{
	struct summary s;
	struct summary_proto p;

	memset(&s, 0, sizeof(s));
	s.since_us = 1767323045000000;
	s.counters.packets = 12345;
	send_row(ibuf, CTL_SUMMARY, &s, sizeof(s));
	memset(&p, 0, sizeof(p));
	p.proto = 6;
	p.flows = 1;
	send_row(ibuf, CTL_SUMMARY_PROTO, &p, sizeof(p));
	p.proto = 255;
	send_row(ibuf, CTL_SUMMARY_PROTO, &p, sizeof(p));
	send_result(ibuf, 0, 3, "");
}

CASE(statistics_are_headed_by_their_beginning)
{
	check_answer(answer_statistics, "statistics", 0,
	    "^softflowd\\[4242\\]: Accumulated statistics since "
	    "2026-01-02T03:04:05 UTC:$", "out");
	ATF_CHECK(atf_utils_grep_file("^Packets processed: 12345$", "out"));
	ATF_CHECK(atf_utils_grep_file("^ *tcp \\(  6\\):", "out"));
	ATF_CHECK(atf_utils_grep_file("^ *unknown \\(255\\):", "out"));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, missing_socket_is_named);
	ATF_TP_ADD_TC(tp, socket_without_a_daemon_is_named);
	ATF_TP_ADD_TC(tp, missing_permission_is_named);
	ATF_TP_ADD_TC(tp, path_that_is_too_long_is_named);
	ATF_TP_ADD_TC(tp, unknown_word_asks_nobody);
	ATF_TP_ADD_TC(tp, help_asks_nobody);
	ATF_TP_ADD_TC(tp, hang_up_without_an_answer_is_an_error);
	ATF_TP_ADD_TC(tp, both_versions_are_named_when_they_differ);
	ATF_TP_ADD_TC(tp, refusal_that_comes_before_the_question_is_printed);
	ATF_TP_ADD_TC(tp, program_is_confined_before_it_reads_an_answer);
	ATF_TP_ADD_TC(tp, text_is_printed_behind_the_pid);
	ATF_TP_ADD_TC(tp, unprintable_characters_are_replaced);
	ATF_TP_ADD_TC(tp, failed_result_is_exit_status_1);
	ATF_TP_ADD_TC(tp, flows_are_printed_in_the_classic_lines);
	ATF_TP_ADD_TC(tp,
	    vlans_and_mac_addresses_end_the_line_where_there_are_any);
	ATF_TP_ADD_TC(tp, empty_dump_has_its_heading);
	ATF_TP_ADD_TC(tp, timeouts_are_printed_with_their_names);
	ATF_TP_ADD_TC(tp, statistics_are_headed_by_their_beginning);
	return (atf_no_error());
}
