/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Packet reports as a source of frames, over loopback. */

#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atf-c.h>

#include "capture.h"
#include "interface.h"
#include "psamp_fixture.h"

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

static struct interfaces	 table;
static struct capture		*cap;
static int			 sender;
static struct frame		 seen[64];
static unsigned int		 nseen;

static struct capture *
open_capture(int fd)
{
	const struct msg_capture	 conf = { .kind = CAPTURE_PSAMP };
	struct capture			*new;

	ATF_REQUIRE((new = capture_new(&conf, fd, -1, NULL)) != NULL);
	ATF_REQUIRE_EQ(0, capture_start(new));
	return (new);
}

/* A capture, and a socket that sends to it. */
static void
begin(void)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len = sizeof(sin);
	int			fd;

	start();
	interfaces_use(&table);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ATF_REQUIRE((fd = socket(AF_INET, SOCK_DGRAM, 0)) != -1);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sin, len));
	ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)&sin, &len));
	ATF_REQUIRE((sender = socket(AF_INET, SOCK_DGRAM, 0)) != -1);
	ATF_REQUIRE_EQ(0, connect(sender, (struct sockaddr *)&sin, len));
	cap = open_capture(fd);
}

static void
send_message(void)
{
	message_end();
	ATF_REQUIRE_EQ((ssize_t)message_len,
	    send(sender, message, message_len, 0));
}

static void
see(void *arg, const struct frame *frame)
{
	(void)arg;
	ATF_REQUIRE(nseen < 64);
	seen[nseen++] = *frame;
}

/* Read up to max; how many came. */
static int
read_some(int max)
{
	nseen = 0;
	return (capture_read(cap, max, see, NULL, &c));
}

CASE(reports_of_a_datagram_are_frames)
{
	begin();
	ATF_CHECK_EQ(0, capture_ready(cap, &c));
	make_plain(0, 3);
	send_message();
	ATF_REQUIRE_EQ(1, capture_ready(cap, &c));
	ATF_CHECK_EQ(LINK_ETHERNET, capture_link_type(cap));
	ATF_CHECK_EQ(3, read_some(MAX_BATCH));
	ATF_CHECK_EQ(1500, seen[2].wirelen);
	ATF_CHECK_EQ(1700000000123000, seen[2].time_us);
	ATF_CHECK_EQ(0, capture_ready(cap, &c));
	ATF_CHECK_EQ(1, c.psamp_messages);
}

CASE(datagrams_without_reports_are_passed_over)
{
	int	i;

	begin();
	for (i = 0; i < 10; i++) {
		message_begin(0);
		send_message();
		ATF_REQUIRE_EQ(5, send(sender, "hello", 5, 0));
		ATF_REQUIRE_EQ(0, send(sender, "", 0, 0));
	}
	make_plain(0, 1);
	send_message();
	ATF_REQUIRE_EQ(1, capture_ready(cap, &c));
	ATF_CHECK_EQ(1, read_some(MAX_BATCH));
	ATF_CHECK_EQ(31, c.psamp_messages);
	ATF_CHECK_EQ(20, c.psamp_bad_messages);
}

CASE(a_report_of_the_future_has_the_time_at_which_it_came)
{
	static const uint16_t	timed[] = { 323, 8, 313, 28 };
	uint64_t		before_us = (uint64_t)time(NULL) * 1000000;

	begin();
	message_begin(0);
	message_template(400, timed, 2);
	message_set(400);
	message_put(before_us / 1000 + 5000, 8);
	message_octets(message_frame + 14, 28);
	message_put(before_us / 1000 + 3600000, 8);
	message_octets(message_frame + 14, 28);
	message_set_end();
	send_message();
	ATF_REQUIRE_EQ(1, capture_ready(cap, &c));
	ATF_REQUIRE_EQ(2, read_some(MAX_BATCH));
	ATF_CHECK_EQ(before_us + 5000000, seen[0].time_us);
	ATF_CHECK(seen[1].time_us >= before_us);
	ATF_CHECK(seen[1].time_us < before_us + 60000000);
}

CASE(a_batch_has_one_link_type)
{
	static const uint16_t	ip[] = { 313, 28 };

	begin();
	message_begin(0);
	message_template(400, plain, 4);
	message_template(401, ip, 1);
	message_set(401);
	message_octets(message_frame + 14, 28);
	message_set_end();
	message_set(400);
	message_zeros(18);
	message_put(42, 1);
	message_octets(message_frame, 42);
	message_set_end();
	message_set(401);
	message_octets(message_frame + 14, 28);
	message_octets(message_frame + 14, 28);
	message_set_end();
	send_message();
	ATF_REQUIRE_EQ(1, capture_ready(cap, &c));
	ATF_CHECK_EQ(LINK_RAW, capture_link_type(cap));
	ATF_CHECK_EQ(1, read_some(MAX_BATCH));
	ATF_REQUIRE_EQ(1, capture_ready(cap, &c));
	ATF_CHECK_EQ(LINK_ETHERNET, capture_link_type(cap));
	ATF_CHECK_EQ(1, read_some(MAX_BATCH));
	ATF_REQUIRE_EQ(1, capture_ready(cap, &c));
	ATF_CHECK_EQ(LINK_RAW, capture_link_type(cap));
	ATF_CHECK_EQ(2, read_some(MAX_BATCH));
	ATF_CHECK_EQ(0, capture_ready(cap, &c));
}

CASE(interface_is_the_reported_one_coming_in_or_leaving)
{
	static const uint16_t	fields[] = { 10, 4, 14, 4, 315, 42 };
	static const uint32_t	numbers[][2] = {
		{ 7, 0 }, { 0, 9 }, { 7, 9 }, { 0, 0 }
	};
	size_t			i;

	begin();
	message_begin(0);
	message_template(400, fields, 3);
	message_set(400);
	for (i = 0; i < 4; i++) {
		message_put(numbers[i][0], 4);
		message_put(numbers[i][1], 4);
		message_octets(message_frame, 42);
	}
	message_set_end();
	send_message();
	ATF_REQUIRE_EQ(1, capture_ready(cap, &c));
	ATF_REQUIRE_EQ(4, read_some(MAX_BATCH));
	ATF_CHECK_EQ(7, interface_number(seen[0].slot));
	ATF_CHECK_EQ(9, interface_number(seen[1].slot));
	ATF_CHECK_EQ(7, interface_number(seen[2].slot));
	ATF_CHECK_EQ(0, seen[3].slot);
	for (i = 0; i < 4; i++)
		ATF_CHECK_EQ(i == 1, seen[i].outgoing);
}

CASE(what_a_dead_worker_had_in_hand_is_given_up_and_counted)
{
	struct capture_mark	mark;

	begin();
	make_plain(0, 10);
	send_message();
	ATF_REQUIRE_EQ(1, capture_ready(cap, &c));
	ATF_CHECK_EQ(3, read_some(3));
	ATF_REQUIRE_EQ(1, capture_ready(cap, &c));
	capture_position(cap, &mark);
	ATF_CHECK_EQ(2, read_some(2));
	mark.frames += 2;		/* as the next one is told */
	cap = open_capture(capture_fd(cap));
	capture_resume(cap, &mark);
	make_plain(10, 1);
	send_message();
	ATF_REQUIRE_EQ(1, capture_ready(cap, &c));
	ATF_CHECK_EQ(5, c.frames_skipped);
	ATF_CHECK_EQ(1, read_some(MAX_BATCH));
	ATF_CHECK_EQ(0, capture_ready(cap, &c));
	ATF_CHECK_EQ(5, c.frames_skipped);
}

CASE(a_mark_that_cannot_be_counts_nothing)
{
	static const struct capture_mark	bad[] = {
		{ UINT64_MAX, 1 }, { 3, 4 }, { 0, UINT64_MAX }, { 1 << 20, 0 }
	};
	size_t					i;

	begin();
	for (i = 0; i < 4; i++) {
		capture_resume(cap, &bad[i]);
		ATF_CHECK_EQ(0, capture_ready(cap, &c));
		ATF_CHECK_EQ(0, c.frames_skipped);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, reports_of_a_datagram_are_frames);
	ATF_TP_ADD_TC(tp, datagrams_without_reports_are_passed_over);
	ATF_TP_ADD_TC(tp,
	    a_report_of_the_future_has_the_time_at_which_it_came);
	ATF_TP_ADD_TC(tp, a_batch_has_one_link_type);
	ATF_TP_ADD_TC(tp, interface_is_the_reported_one_coming_in_or_leaving);
	ATF_TP_ADD_TC(tp,
	    what_a_dead_worker_had_in_hand_is_given_up_and_counted);
	ATF_TP_ADD_TC(tp, a_mark_that_cannot_be_counts_nothing);
	return (atf_no_error());
}
