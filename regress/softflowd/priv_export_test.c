/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The parent's collectors, with real sockets on loopback, a clock that can be
 * put forward, and this program in the worker's and the resolver's places.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/ip.h>

#include <atf-c.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "priv_export_fixture.h"

ATF_TC_WITHOUT_HEAD(a_stream_is_handed_over_and_may_go_down_once);
ATF_TC_BODY(a_stream_is_handed_over_and_may_go_down_once, tc)
{
	char		line[128];
	uint16_t	port = 0;
	int		fd = listen_on(&port);

	snprintf(line, sizeof(line), "-i e -v 10 -n tcp:127.0.0.1:%u,"
	    "127.0.0.1:9", port);
	open_with(line);
	ATF_CHECK_EQ(-1, down(0, 0));	/* the worker does not have it */
	turn();
	ATF_CHECK_EQ(0, nsent);		/* nor is there one */
	priv.worker.phase = WORKER_RUNNING;
	turn();
	expect_up();
	ATF_CHECK_EQ(-1, down(1, 0));	/* UDP */
	ATF_CHECK_EQ(-1, down(2, 0));
	ATF_CHECK_EQ(-1, down(MAX_EXPORT, 0));
	ATF_CHECK_EQ(-1, down(UINT32_MAX, 0));
	ATF_CHECK_EQ(0, down(0, -12345));
	ATF_CHECK_EQ(-1, down(0, 0));
	close(fd);
}

ATF_TC_WITHOUT_HEAD(a_stream_is_tried_again_a_minute_after_the_last_try);
ATF_TC_BODY(a_stream_is_tried_again_a_minute_after_the_last_try, tc)
{
	char		line[128];
	uint16_t	port = 0;
	int		fd = listen_on(&port);

	close(fd);
	snprintf(line, sizeof(line), "-i e -v 10 -n tcp:127.0.0.1:%u", port);
	open_with(line);
	priv.worker.phase = WORKER_RUNNING;
	turn();				/* refused */
	fd = listen_on(&port);
	forward_ms += 58000;
	turn();
	turn();
	ATF_CHECK(nsent == 0 || sent[nsent - 1].fd == -1);
	ATF_CHECK(priv_export_next_ms() - priv_now_ms() <= 2000);
	forward_ms += 2000;
	turn();
	turn();
	expect_up();
	/* One that was up for long comes back at once. */
	forward_ms += 60000;
	ATF_CHECK_EQ(0, down(0, 0));
	turn();
	turn();
	expect_up();
	/* One that was not waits; with its worker it ends as well. */
	nsent = 0;
	priv_export_orphaned();
	turn();
	ATF_CHECK_EQ(0, nsent);
	ATF_CHECK(priv_export_next_ms() - priv_now_ms() > 55000);
	close(fd);
}

ATF_TC_WITHOUT_HEAD(a_new_worker_gets_what_is_connected);
ATF_TC_BODY(a_new_worker_gets_what_is_connected, tc)
{
	open_with("-i e -v 10 -n 127.0.0.1:9,tcp:127.0.0.1:1 -n v5@127.0.0.1:7"
	    " -o rate=8k");
	turn();
	priv.counters.sequence[0] = 77;
	priv_export_send();
	ATF_REQUIRE_EQ(3, nsent);
	ATF_CHECK_EQ(IMSG_EXPORT, sent[0].type);
	ATF_CHECK(sent[0].fd != -1 && sent[1].fd == -1 && sent[2].fd != -1);
	ATF_CHECK_EQ(77, sent[0].export.sequence);
	ATF_CHECK_EQ(1400, sent[0].export.payload_max);
	ATF_CHECK_EQ(1464, sent[2].export.payload_max);
	ATF_CHECK_EQ(TRANSPORT_TCP, (int)sent[1].export.transport);
	ATF_CHECK_EQ(10, sent[0].export.format.version);
	ATF_CHECK_EQ(5, sent[2].export.format.version);
	ATF_CHECK(sent[2].export.source_id <= UINT16_MAX);
	ATF_CHECK_EQ(8000, sent[1].export.rate);
	ATF_CHECK_EQ(4, sent[2].export.remote.family);
	ATF_CHECK_EQ(7, sent[2].export.remote.port);
	/* Its own copy of UDP's, with the same port. */
	priv_export_send();
	ATF_CHECK(sent[3].fd != sent[0].fd);
	ATF_CHECK_EQ(sent[0].export.local.port, sent[3].export.local.port);
}

ATF_TC_WITHOUT_HEAD(only_udp_is_asked_for_its_route);
ATF_TC_BODY(only_udp_is_asked_for_its_route, tc)
{
	int		value = -1;
	socklen_t	len = sizeof(value);

	open_with("-i e -v 10 -n 127.0.0.1:9,tcp:127.0.0.1:1 -o payload=700");
	ATF_CHECK_EQ(-1, priv_export_ask(0));	/* not yet handed over */
	priv_export_send();
	ATF_CHECK_EQ(0, priv_export_ask(0));
	ATF_CHECK_EQ(IMSG_EXPORT_PAYLOAD, sent[2].type);
	ATF_CHECK_EQ(0, sent[2].payload.slot);
	ATF_CHECK_EQ(700, sent[2].payload.payload_max);
	ATF_CHECK_EQ(-1, priv_export_ask(1));
	ATF_CHECK_EQ(-1, priv_export_ask(2));
	ATF_CHECK_EQ(-1, priv_export_ask(UINT32_MAX));
	ATF_CHECK_EQ(0, getsockopt(sent[0].fd, IPPROTO_IP, IP_MTU_DISCOVER,
	    &value, &len));
	ATF_CHECK_EQ(IP_PMTUDISC_DO, value);
}

ATF_TC_WITHOUT_HEAD(a_name_is_tried_by_its_addresses_in_turn);
ATF_TC_BODY(a_name_is_tried_by_its_addresses_in_turn, tc)
{
	struct resolver_answer	answer = { 0 };
	char			line[128];
	uint16_t		port = 0;
	int			fd = listen_on(&port);

	snprintf(line, sizeof(line), "-i e -v 10 -n tcp:collector.example:%u "
	    "-o reconnect=1", port);
	open_with(line);
	priv.worker.phase = WORKER_RUNNING;
	/* Nobody has answered in the first five seconds. */
	ATF_CHECK_EQ(0, nsent);
	priv_export_resolved(1, &answer);	/* another slot: no matter */
	answer.count = 2;
	answer.addr[0].family = answer.addr[1].family = 4;
	memcpy(answer.addr[0].addr, "\177\0\0\2", 4);
	memcpy(answer.addr[1].addr, "\177\0\0\1", 4);
	priv_export_resolved(0, &answer);
	turn();
	turn();
	expect_up();
	ATF_CHECK_EQ(port, sent[nsent - 1].export.remote.port);
	ATF_CHECK_EQ(1, sent[nsent - 1].export.remote.addr[3]);
	priv_export_resolved(0, &answer);	/* not asked for */
	ATF_CHECK_EQ(0, down(0, 0));
	close(fd);
}

ATF_TC_WITHOUT_HEAD(addresses_that_stand_for_others_are_passed_over);
ATF_TC_BODY(addresses_that_stand_for_others_are_passed_over, tc)
{
	static const uint8_t	mapped[16] = { [10] = 255, 255, 127, 0, 0, 1 };
	struct resolver_answer	answer = { 0 };

	open_with("-i e -v 10 -n collector.example:9");
	priv.worker.phase = WORKER_RUNNING;
	answer.count = 4;
	answer.addr[0].family = answer.addr[3].family = 4;
	answer.addr[1].family = answer.addr[2].family = 6;
	memcpy(answer.addr[2].addr, mapped, sizeof(mapped));
	memcpy(answer.addr[3].addr, "\177\0\0\1", 4);
	priv_export_resolved(0, &answer);
	turn();
	expect_up();
	ATF_CHECK_EQ(4, sent[nsent - 1].export.remote.family);
	ATF_CHECK_EQ(127, sent[nsent - 1].export.remote.addr[0]);
}

ATF_TC_WITHOUT_HEAD(an_end_that_is_asked_for_does_not_wait_for_names);
ATF_TC_BODY(an_end_that_is_asked_for_does_not_wait_for_names, tc)
{
	sigset_t	set;
	int64_t		begin = priv_now_ms();

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTERM);
	open_with("-i e -v 10 -n collector.example:9");
	ATF_CHECK(priv_now_ms() - begin < 3000);
}

ATF_TC_WITHOUT_HEAD(a_socket_that_could_not_be_copied_is_sent_again);
ATF_TC_BODY(a_socket_that_could_not_be_copied_is_sent_again, tc)
{
	open_with("-i e -v 10 -n 127.0.0.1:9");
	copies = 0;
	priv_export_send();
	priv.worker.phase = WORKER_RUNNING;
	turn();
	ATF_CHECK_EQ(-1, sent[nsent - 1].fd);
	copies = 1;
	turn();
	expect_up();
	nsent = 0;
	turn();
	ATF_CHECK_EQ(0, nsent);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_stream_is_handed_over_and_may_go_down_once);
	ATF_TP_ADD_TC(tp, a_stream_is_tried_again_a_minute_after_the_last_try);
	ATF_TP_ADD_TC(tp, a_new_worker_gets_what_is_connected);
	ATF_TP_ADD_TC(tp, only_udp_is_asked_for_its_route);
	ATF_TP_ADD_TC(tp, a_name_is_tried_by_its_addresses_in_turn);
	ATF_TP_ADD_TC(tp, addresses_that_stand_for_others_are_passed_over);
	ATF_TP_ADD_TC(tp, an_end_that_is_asked_for_does_not_wait_for_names);
	ATF_TP_ADD_TC(tp, a_socket_that_could_not_be_copied_is_sent_again);
	return (atf_no_error());
}
