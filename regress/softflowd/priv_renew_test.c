/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What a reload does to collectors: slots, names that move, and refusals. */

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "priv_export_fixture.h"

static struct priv_reload	 next;
static char			 error[512];

/* Have the parent prepare for this command line; -1: it refuses. */
static int
prepare(const char *line)
{
	memset(&next, 0, sizeof(next));
	read_line(&next.opt, line);
	ATF_REQUIRE_EQ_MSG(0, change_find(&opts, &next.opt, &next.change,
	    error, sizeof(error)), "%s", error);
	return (priv_export_prepare(&next, error, sizeof(error)));
}

static void
reload(const char *line)
{
	ATF_REQUIRE_EQ_MSG(0, prepare(line), "%s", error);
	opts = next.opt;
	priv_export_switch(&next);
	nsent = 0;
}

/* The name's addresses are those of 127.0.0.0/8 that end so. */
static void
resolve(uint32_t slot, uint8_t first, uint8_t second)
{
	struct resolver_answer	answer = { 0 };

	answer.slot = slot;
	answer.count = second == 0 ? 1 : 2;
	answer.addr[0].family = answer.addr[1].family = 4;
	answer.addr[0].addr[0] = answer.addr[1].addr[0] = 127;
	answer.addr[0].addr[3] = first;
	answer.addr[1].addr[3] = second;
	priv_export_resolved(slot, &answer);
}

/* A command line with so many collectors, of which the fifth has that port. */
static const char *
collectors(int n, int fifth)
{
	static char	line[512];
	int		i;

	strlcpy(line, "-i e -v 9 -n 127.0.0.1:1", sizeof(line));
	for (i = 2; i <= n; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line),
		    ",127.0.0.1:%d", i == 5 ? fifth : i);
	return (line);
}

ATF_TC_WITHOUT_HEAD(slots_keep_their_numbers);
ATF_TC_BODY(slots_keep_their_numbers, tc)
{
	uint16_t	port;

	open_with("-i e -v 9 -n 127.0.0.1:1,127.0.0.1:2,127.0.0.1:3");
	priv_export_send();
	port = sent[2].export.local.port;
	priv.counters.sequence[1] = 11;
	priv.counters.sequence[2] = 22;
	reload("-i e -v 9 -n 127.0.0.1:3,127.0.0.1:1,127.0.0.1:4");
	priv_export_send();
	ATF_REQUIRE_EQ(4, nsent);
	ATF_CHECK_EQ(0, sent[0].export.flags);
	ATF_CHECK_EQ(1, sent[0].export.remote.port);
	ATF_CHECK_EQ(MSG_EXPORT_GONE, sent[1].export.flags);
	ATF_CHECK_EQ(-1, sent[1].fd);
	/* The same socket, the same sequence. */
	ATF_CHECK_EQ(0, sent[2].export.flags);
	ATF_CHECK_EQ(port, sent[2].export.local.port);
	ATF_CHECK_EQ(22, sent[2].export.sequence);
	ATF_CHECK_EQ(MSG_EXPORT_FRESH, sent[3].export.flags);
	ATF_CHECK_EQ(4, sent[3].export.remote.port);
	ATF_CHECK_EQ(0, sent[3].export.sequence);
	/* Nobody comes back to what is gone. */
	priv.worker.phase = WORKER_RUNNING;
	nsent = 0;
	forward_ms += 3600000;
	turn();
	ATF_CHECK_EQ(0, nsent);
	ATF_CHECK_EQ(-1, priv_export_ask(1));
	ATF_CHECK_EQ(-1, down(1, 0));
}

ATF_TC_WITHOUT_HEAD(slots_that_are_gone_are_used_when_there_are_no_others);
ATF_TC_BODY(slots_that_are_gone_are_used_when_there_are_no_others, tc)
{
	open_with(collectors(15, 5));
	priv.counters.sequence[4] = 44;
	/* One more takes the last slot, then one takes another's. */
	reload(collectors(16, 5));
	reload(collectors(16, 99));
	priv_export_send();
	ATF_REQUIRE_EQ(MAX_EXPORT, nsent);
	ATF_CHECK_EQ(MSG_EXPORT_FRESH, sent[4].export.flags);
	ATF_CHECK_EQ(99, sent[4].export.remote.port);
	ATF_CHECK_EQ(0, sent[4].export.sequence);
	/* One that is gone already is taken before one that is going. */
	reload(collectors(15, 99));
	ATF_CHECK_EQ(DEST_GONE, priv.dest[15].state);
	reload(collectors(15, 98));
	ATF_CHECK_EQ(DEST_GONE, priv.dest[4].state);
	ATF_CHECK_EQ(98, priv.dest[15].conf.remote.port);
}

ATF_TC_WITHOUT_HEAD(udp_moves_with_its_name_and_else_keeps_its_port);
ATF_TC_BODY(udp_moves_with_its_name_and_else_keeps_its_port, tc)
{
	uint16_t	port;

	open_with("-i e -v 9 -n collector.example:9");
	priv.worker.phase = WORKER_RUNNING;
	resolve(0, 1, 2);
	turn();
	expect_up();
	port = sent[nsent - 1].export.local.port;
	/* Others, or in another order: it stays where it is. */
	reload("-i e -v 9 -n collector.example:9");
	resolve(0, 2, 1);
	turn();
	ATF_CHECK_EQ(0, nsent);
	resolve(0, 7, 0);		/* nobody asked */
	turn();
	ATF_CHECK_EQ(0, nsent);
	/* No answer changes nothing either. */
	reload("-i e -v 9 -n collector.example:9");
	priv_export_resolved(0, NULL);
	turn();
	ATF_CHECK_EQ(0, nsent);
	reload("-i e -v 9 -n collector.example:9");
	resolve(0, 3, 0);
	turn();
	ATF_REQUIRE_EQ(1, nsent);
	ATF_CHECK_EQ(IMSG_EXPORT_UP, sent[0].type);
	ATF_CHECK_EQ(3, sent[0].export.remote.addr[3]);
	ATF_CHECK(sent[0].fd != -1);
	ATF_CHECK(sent[0].export.local.port != port);
}

ATF_TC_WITHOUT_HEAD(stream_moves_when_it_is_connected_anew);
ATF_TC_BODY(stream_moves_when_it_is_connected_anew, tc)
{
	char		line[128];
	uint16_t	port = 0;
	int		fd = listen_on(&port);

	/* Whoever listens on 127.0.0.1 does not on 127.0.0.5. */
	snprintf(line, sizeof(line), "-i e -v 10 -n tcp:collector.example:%u "
	    "-o reconnect=1", port);
	open_with(line);
	priv.worker.phase = WORKER_RUNNING;
	resolve(0, 1, 0);
	turn();
	turn();
	expect_up();
	reload(line);
	resolve(0, 5, 1);
	turn();
	ATF_CHECK_EQ(0, nsent);		/* it has that address still */
	reload(line);
	resolve(0, 5, 0);
	/* Meanwhile the one that the worker has may go down, once. */
	ATF_CHECK_EQ(0, down(0, 0));
	ATF_CHECK_EQ(-1, down(0, 0));
	turn();
	turn();
	ATF_CHECK(sent[nsent - 1].fd == -1);	/* refused */
	ATF_CHECK_EQ(5, sent[nsent - 1].export.remote.addr[3]);
	close(fd);
}

ATF_TC_WITHOUT_HEAD(changed_socket_options_make_all_sockets_anew);
ATF_TC_BODY(changed_socket_options_make_all_sockets_anew, tc)
{
	socklen_t	len = sizeof(int);
	int		ttl = 0;

	open_with("-i e -v 9 -n 127.0.0.1:9");
	priv.worker.phase = WORKER_RUNNING;
	turn();
	expect_up();
	reload("-i e -v 9 -n 127.0.0.1:9 -L 7");
	turn();
	ATF_REQUIRE_EQ(1, nsent);
	ATF_CHECK_EQ(0, getsockopt(sent[0].fd, IPPROTO_IP, IP_TTL, &ttl,
	    &len));
	ATF_CHECK_EQ(7, ttl);
	ATF_CHECK_EQ(0, sent[0].export.flags);
}

ATF_TC_WITHOUT_HEAD(what_confinement_does_not_allow_is_refused);
ATF_TC_BODY(what_confinement_does_not_allow_is_refused, tc)
{
	static const struct {
		const char	*line, *wanted;
	} cases[] = {
		{ "-i e -v 10 -n tcp:127.0.0.1:7,tcp:127.0.0.1:8",
		    "127.0.0.1:8: softflowd has confined itself to the TCP "
		    "ports of its start (7); restart it for another" },
		{ "-i e -v 10 -n tcp:127.0.0.1:7,collector.example:9",
		    "collector.example:9: names are not looked up" },
		{ "-i e -v 10 -n tcp:127.0.0.1:7 -e 127.0.0.1",
		    "127.0.0.1:7: TCP from -e 127.0.0.1 takes a restart" },
		{ "-i e -v 10 -n tcp:127.0.0.1:7,127.0.0.1:9 -S nosuch0",
		    "127.0.0.1:7: nosuch0: " },
		{ "-i e -v 10 -n tcp:127.0.0.1:7,0.0.0.0:9",
		    "0.0.0.0:9: it must be the address" },
		{ "-i e -v 10 -n tcp:127.0.0.1:7,127.0.0.1:nosuch",
		    "127.0.0.1:nosuch: port nosuch: " }
	};
	uint16_t	ports[MAX_EXPORT + 2];
	size_t		i;

	open_with("-i e -v 10 -n tcp:127.0.0.1:7");
	ATF_CHECK_EQ(1, priv_export_ports(ports));
	for (i = 0; i < nitems(cases); i++) {
		ATF_CHECK_EQ_MSG(-1, prepare(cases[i].line), "%s",
		    cases[i].line);
		ATF_CHECK_MSG(strncmp(error, cases[i].wanted,
		    strlen(cases[i].wanted)) == 0, "%s", error);
		ATF_CHECK(priv.opt == &opts);
	}
	ATF_CHECK_EQ(0, prepare("-i e -v 10 -n tcp:127.0.0.2:7"));
	priv.tcp_any = 1;
	ATF_CHECK_EQ(0, prepare(cases[0].line));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, slots_keep_their_numbers);
	ATF_TP_ADD_TC(tp,
	    slots_that_are_gone_are_used_when_there_are_no_others);
	ATF_TP_ADD_TC(tp, udp_moves_with_its_name_and_else_keeps_its_port);
	ATF_TP_ADD_TC(tp, stream_moves_when_it_is_connected_anew);
	ATF_TP_ADD_TC(tp, changed_socket_options_make_all_sockets_anew);
	ATF_TP_ADD_TC(tp, what_confinement_does_not_allow_is_refused);
	return (atf_no_error());
}
