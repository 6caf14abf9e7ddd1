/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Control clients over socket pairs, with an engine that only takes notes. */

#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "control_fixture.h"

CASE(commands_act_and_answer_in_classic_words)
{
	struct peer p;

	setup(0);
	join(&p, 0, 0);
	check_text(&p, CTL_EXPIRE_ALL, "Expired 7 flows.");
	check_text(&p, CTL_DELETE_ALL, "Deleted 8 flows.");
	check_text(&p, CTL_START_GATHER, "Data collection resumed.");
	ATF_CHECK_EQ(engine.gather, 1);
	check_text(&p, CTL_STOP_GATHER, "Data collection stopped.");
	ATF_CHECK_EQ(engine.gather, 0);
	check_text(&p, CTL_SEND_TEMPLATE,
	    "Template will be sent at next flow export");
	ATF_CHECK_EQ(engine.templates, 1);
	ATF_CHECK_EQ(engine.closed[0], 0);
}

CASE(statistics_are_summary_collectors_protocols_interfaces_result)
{
	static const uint32_t want[] = { CTL_SUMMARY, CTL_SUMMARY_EXPORT,
	    CTL_SUMMARY_EXPORT, CTL_SUMMARY_PROTO, CTL_SUMMARY_PROTO,
	    CTL_SUMMARY_INTERFACE, CTL_SUMMARY_INTERFACE, CTL_RESULT };
	struct summary s;
	struct summary_interface interface;
	struct summary_proto row;
	struct imsg imsg;
	struct peer p;
	unsigned int i;

	setup(0);
	protos[6].proto = 6;
	protos[255].proto = 255;
	protos[6].flows = protos[255].flows = 5;
	join(&p, 0, 0);
	ask(&p, CTL_STATISTICS, CTL_VERSION, NULL, 0);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		ATF_REQUIRE_EQ(next(&p, &imsg), 1);
		ATF_CHECK_EQ(imsg_get_type(&imsg), want[i]);
		if (i == 0) {
			ATF_REQUIRE_EQ(imsg_get_data(&imsg, &s, sizeof(s)),
			    0);
			ATF_CHECK_EQ(s.counters.packets, 99);
		} else if (i == 4) {
			ATF_REQUIRE_EQ(imsg_get_data(&imsg, &row,
			    sizeof(row)), 0);
			ATF_CHECK_EQ(row.proto, 255);
		} else if (i == 6) {
			ATF_REQUIRE_EQ(imsg_get_data(&imsg, &interface,
			    sizeof(interface)), 0);
			ATF_CHECK_EQ(interface.number, 255);
		}
		imsg_free(&imsg);
	}
}

CASE(statistics_of_every_protocol_fit)
{
	struct ctl_result r;
	struct peer p;
	unsigned int i, rows;

	setup(0);
	for (i = 0; i < 256; i++) {
		protos[i].proto = i;
		protos[i].flows = 1;
	}
	join(&p, 0, 0);
	ask(&p, CTL_STATISTICS, CTL_VERSION, NULL, 0);
	r = result_of(&p, &rows);
	ATF_CHECK_EQ(rows, 1 + 2 + 256 + 2);
	ATF_CHECK_EQ(r.count, rows);
}

CASE(timeouts_are_one_row)
{
	struct timeouts t;
	struct imsg imsg;
	struct peer p;

	setup(0);
	join(&p, 0, 0);
	ask(&p, CTL_TIMEOUTS, CTL_VERSION, NULL, 0);
	ATF_REQUIRE_EQ(next(&p, &imsg), 1);
	ATF_CHECK_EQ(imsg_get_type(&imsg), CTL_TIMEOUTS_ROW);
	ATF_REQUIRE_EQ(imsg_get_data(&imsg, &t, sizeof(t)), 0);
	ATF_CHECK_EQ(t.seconds[TIMEOUT_UDP], 301);
	imsg_free(&imsg);
	ATF_CHECK_EQ(result_of(&p, NULL).count, 1);
}

CASE(silent_client_does_not_block)
{
	struct pollfd pfd[MAX_CONTROL];
	struct peer silent, p;
	unsigned int n;

	setup(0);
	join(&silent, 0, 0);
	join(&p, 5, 0);
	n = control_pollfds(pfd, MAX_CONTROL);
	ATF_CHECK_EQ(n, 2);
	ATF_CHECK_EQ(pfd[0].events, POLLIN);
	ATF_CHECK_EQ(pfd[1].events, POLLIN);
	check_text(&p, CTL_EXPIRE_ALL, "Expired 7 flows.");
	ATF_CHECK_EQ(control_pollfds(pfd, 1), 1);
}

CASE(client_that_vanishes_before_a_request_is_closed_once)
{
	struct peer p;

	setup(0);
	join(&p, 0, 0);
	close(p.fd);
	turn(0);
	turn(0);
	ATF_CHECK_EQ(engine.closed[0], 1);
	/* and its id is free again */
	join(&p, 0, 0);
	check_text(&p, CTL_EXPIRE_ALL, "Expired 7 flows.");
}

CASE(wrong_version_is_refused_with_a_message)
{
	struct peer p;

	setup(0);
	join(&p, 0, 0);
	ask(&p, CTL_EXPIRE_ALL, 77, NULL, 0);
	check_refused(&p, "version 77", "speaks version 4");
}

CASE(payload_is_refused_with_a_message)
{
	struct peer p;

	setup(0);
	join(&p, 0, 0);
	ask(&p, CTL_SHUTDOWN, CTL_VERSION, "12345", 5);
	check_refused(&p, "5 octets", "allowed are none");
	ATF_CHECK_EQ(engine.shutdowns, 0);
}

CASE(unknown_requests_are_refused_with_a_message)
{
	static const uint32_t types[] = { 0, IMSG_FINISH, CTL_SHUTDOWN - 1,
	    CTL_REQUEST_MAX, CTL_RESULT, UINT32_MAX };
	struct peer p;
	unsigned int i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		setup(0);
		join(&p, 0, 0);
		ask(&p, types[i], CTL_VERSION, NULL, 0);
		check_refused(&p, "unknown request", "allowed are 200 to 218");
	}
}

CASE(garbage_closes_only_its_sender)
{
	static const uint8_t oversized[] = { 204, 0, 0, 0, 0, 0, 1, 0 };
	uint8_t junk[4096];
	struct peer bad, huge, p;
	struct imsg imsg;

	setup(0);
	join(&bad, 0, 0);
	join(&huge, 1, 0);
	join(&p, 2, 0);
	memset(junk, 0xff, sizeof(junk));
	ATF_REQUIRE_EQ(write(bad.fd, junk, sizeof(junk)), sizeof(junk));
	/* a header that promises 64 KiB, in either byte order */
	memset(junk, 0, sizeof(junk));
	memcpy(junk, oversized, sizeof(oversized));
	ATF_REQUIRE_EQ(write(huge.fd, junk, sizeof(junk)), sizeof(junk));
	ATF_CHECK_EQ(next(&bad, &imsg), 0);
	ATF_CHECK_EQ(next(&huge, &imsg), 0);
	ATF_CHECK_EQ(engine.closed[0], 1);
	ATF_CHECK_EQ(engine.closed[1], 1);
	check_text(&p, CTL_EXPIRE_ALL, "Expired 7 flows.");
	ATF_CHECK_EQ(engine.closed[2], 0);
}

CASE(request_split_at_every_octet_is_answered)
{
	struct imsg_hdr hdr = { 0 };
	uint8_t octets[sizeof(hdr)];
	struct peer p;
	size_t i;

	setup(0);
	join(&p, 0, 0);
	hdr.type = CTL_DELETE_ALL;
	hdr.len = sizeof(hdr);
	hdr.peerid = CTL_VERSION;
	memcpy(octets, &hdr, sizeof(hdr));
	for (i = 0; i < sizeof(octets); i++) {
		ATF_REQUIRE_EQ(write(p.fd, &octets[i], 1), 1);
		turn(0);
	}
	ATF_CHECK_STREQ(result_of(&p, NULL).text, "Deleted 8 flows.");
}

CASE(requests_sent_together_are_answered_in_turn)
{
	struct peer p;
	unsigned int i;

	setup(0);
	join(&p, 0, 0);
	for (i = 0; i < 100; i++)
		ATF_REQUIRE_EQ(imsg_compose(&p.ibuf, CTL_SEND_TEMPLATE,
		    CTL_VERSION, 0, -1, NULL, 0), 1);
	ATF_REQUIRE_EQ(imsgbuf_flush(&p.ibuf), 0);
	turn(0);
	ATF_CHECK_EQ(engine.templates, 1);
	for (i = 0; i < 100; i++)
		ATF_CHECK_EQ(result_of(&p, NULL).failed, 0);
	ATF_CHECK_EQ(engine.templates, 100);
}

CASE(requests_are_not_read_ahead_of_unread_answers)
{
	struct imsg_hdr hdr[64] = { { 0 } };
	struct peer p;
	size_t taken = 0;
	ssize_t n;
	unsigned int i, size = 4096;

	setup(0);
	join(&p, 0, 0);
	ATF_REQUIRE_EQ(setsockopt(p.fd, SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)), 0);
	for (i = 0; i < 64; i++) {
		hdr[i].type = CTL_SEND_TEMPLATE;
		hdr[i].len = sizeof(hdr[i]);
		hdr[i].peerid = CTL_VERSION;
	}
	for (i = 0; i < 5000; i++) {
		if ((n = write(p.fd, hdr, sizeof(hdr))) > 0)
			taken += (size_t)n;
		turn(0);
	}
	/* a read buffer and what sockets hold, not 5 MB */
	ATF_CHECK_MSG(taken < 4 * IBUF_READ_SIZE, "%zu octets", taken);
	ATF_CHECK_MSG(engine.templates < 100, "%u", engine.templates);
}

CASE(idle_client_is_closed_after_a_minute)
{
	struct peer p;

	setup(0);
	join(&p, 0, 5000);
	turn(5000 + CONTROL_IDLE_MS - 1);
	ATF_CHECK_EQ(engine.closed[0], 0);
	turn(5000 + CONTROL_IDLE_MS);
	ATF_CHECK_EQ(engine.closed[0], 1);
	ATF_CHECK_EQ(write(p.fd, "x", 1), -1);
	ATF_CHECK_EQ(errno, EPIPE);
}

CASE(dripping_octets_do_not_keep_a_client)
{
	struct peer p;
	unsigned int i;

	setup(0);
	join(&p, 0, 0);
	for (i = 0; i < 6; i++) {
		ATF_REQUIRE_EQ(write(p.fd, "x", 1), 1);
		turn(i * 10000);
	}
	ATF_CHECK_EQ(engine.closed[0], 0);
	turn(60000);
	ATF_CHECK_EQ(engine.closed[0], 1);
}

CASE(shutdown_is_answered_before_it_happens)
{
	struct peer p;

	setup(0);
	join(&p, 6, 0);
	engine.watch_fd = p.fd;
	ask(&p, CTL_SHUTDOWN, CTL_VERSION, NULL, 0);
	turn(0);
	ATF_CHECK_EQ(engine.shutdowns, 0);
	turn(0);
	ATF_CHECK_EQ(engine.shutdowns, 1);
	ATF_CHECK_EQ(engine.graceful, 1);
	ATF_CHECK_EQ(engine.shutdown_id, 6);
	ATF_CHECK_EQ(engine.seen_octets,
	    IMSG_HEADER_SIZE + sizeof(struct ctl_result));
	ATF_CHECK_STREQ(result_of(&p, NULL).text,
	    "Shutting down gracefully...");
	close(p.fd);
	turn(0);
	ATF_CHECK_EQ(engine.closed[6], 1);
	ATF_CHECK_EQ(engine.shutdowns, 1);
}

CASE(exit_happens_though_the_client_is_gone)
{
	struct peer p;

	setup(0);
	join(&p, 0, 0);
	ask(&p, CTL_EXIT, CTL_VERSION, NULL, 0);
	close(p.fd);
	turn(0);
	turn(0);
	ATF_CHECK_EQ(engine.shutdowns, 1);
	ATF_CHECK_EQ(engine.graceful, 0);
	ATF_CHECK_EQ(engine.closed[0], 1);
}

CASE(close_all_sends_last_words_and_closes_each_once)
{
	struct peer p, idle;
	struct imsg imsg;

	setup(0);
	join(&p, 0, 0);
	join(&idle, 7, 0);
	ask(&p, CTL_SHUTDOWN, CTL_VERSION, NULL, 0);
	turn(0);
	control_close_all(1);
	ATF_CHECK_STREQ(result_of(&p, NULL).text,
	    "Shutting down gracefully...");
	ATF_CHECK_EQ(next(&p, &imsg), 0);
	ATF_CHECK_EQ(engine.shutdowns, 0);
	ATF_CHECK_EQ(engine.closed[0], 1);
	ATF_CHECK_EQ(engine.closed[7], 1);
}

CASE(shutdown_survives_a_hand_over)
{
	struct peer p;

	setup(0);
	join(&p, 3, 0);
	ask(&p, CTL_EXIT, CTL_VERSION, NULL, 0);
	turn(0);
	control_close_all(0);
	ATF_CHECK_STREQ(result_of(&p, NULL).text, "Exiting now...");
	ATF_CHECK_EQ(engine.shutdowns, 1);
	ATF_CHECK_EQ(engine.graceful, 0);
	ATF_CHECK_EQ(engine.shutdown_id, 3);
	ATF_CHECK_EQ(engine.closed[3], 1);
}

CASE(ids_and_roles_out_of_range_or_taken_are_refused)
{
	struct msg_control m = { MAX_CONTROL, 0, CONTROL_OPERATOR };
	struct peer p;
	int sv[2];

	setup(0);
	ATF_REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	ATF_CHECK_EQ(control_add(sv[0], &m, 0), -1);
	ATF_CHECK_EQ(errno, EINVAL);
	m.id = 2;
	join(&p, 2, 0);
	ATF_CHECK_EQ(control_add(sv[0], &m, 0), -1);
	ATF_CHECK_EQ(errno, EINVAL);
	m.id = 3;
	m.role = CONTROL_ROLE_MAX;
	ATF_CHECK_EQ(control_add(sv[0], &m, 0), -1);
	ATF_CHECK_EQ(errno, EINVAL);
	/* still ours */
	ATF_CHECK_EQ(close(sv[0]), 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, commands_act_and_answer_in_classic_words);
	ATF_TP_ADD_TC(tp,
	    statistics_are_summary_collectors_protocols_interfaces_result);
	ATF_TP_ADD_TC(tp, statistics_of_every_protocol_fit);
	ATF_TP_ADD_TC(tp, timeouts_are_one_row);
	ATF_TP_ADD_TC(tp, silent_client_does_not_block);
	ATF_TP_ADD_TC(tp,
	    client_that_vanishes_before_a_request_is_closed_once);
	ATF_TP_ADD_TC(tp, wrong_version_is_refused_with_a_message);
	ATF_TP_ADD_TC(tp, payload_is_refused_with_a_message);
	ATF_TP_ADD_TC(tp, unknown_requests_are_refused_with_a_message);
	ATF_TP_ADD_TC(tp, garbage_closes_only_its_sender);
	ATF_TP_ADD_TC(tp, request_split_at_every_octet_is_answered);
	ATF_TP_ADD_TC(tp, requests_sent_together_are_answered_in_turn);
	ATF_TP_ADD_TC(tp, requests_are_not_read_ahead_of_unread_answers);
	ATF_TP_ADD_TC(tp, idle_client_is_closed_after_a_minute);
	ATF_TP_ADD_TC(tp, dripping_octets_do_not_keep_a_client);
	ATF_TP_ADD_TC(tp, shutdown_is_answered_before_it_happens);
	ATF_TP_ADD_TC(tp, exit_happens_though_the_client_is_gone);
	ATF_TP_ADD_TC(tp, close_all_sends_last_words_and_closes_each_once);
	ATF_TP_ADD_TC(tp, shutdown_survives_a_hand_over);
	ATF_TP_ADD_TC(tp, ids_and_roles_out_of_range_or_taken_are_refused);
	return (atf_no_error());
}
