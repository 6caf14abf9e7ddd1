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
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <imsg.h>

#include "control.h"

#define PID		4242
#define MANY_FLOWS	10000

/*
 * The engine.
 */
static struct {
	struct track	*table;
	unsigned int	 closed[MAX_CONTROL];
	unsigned int	 flows_asked, shutdowns, debug_calls, templates;
	int		 graceful, debug, gather;
	int		 watch_fd;	/* peer, looked at on shutdown */
	size_t		 seen_octets;	/* that waited there */
} engine;

static struct summary_proto protos[256];

static uint64_t
fake_expire_all(void)
{
	return (7);
}

static uint64_t
fake_delete_all(void)
{
	return (8);
}

static void
fake_summary(struct summary *s)
{
	s->counters.packets = 99;
	s->active_flows = 3;
}

static const struct summary_proto *
fake_protos(void)
{
	return (protos);
}

static unsigned int
fake_exports(struct summary_export *e, unsigned int max)
{
	ATF_REQUIRE(max >= 2);
	e[0].slot = 0;
	e[1].slot = 1;
	return (2);
}

static int
fake_interface(uint8_t slot, struct summary_interface *row)
{
	memset(row, 0, sizeof(*row));
	row->number = slot;
	return (slot == 2 || slot == 255);
}

static void
fake_timeouts(struct timeouts *t)
{
	t->seconds[TIMEOUT_UDP] = 301;
}

static int
fake_debug(int delta)
{
	engine.debug_calls++;
	return (engine.debug += delta);
}

static void
fake_gather(int on)
{
	engine.gather = on;
}

static void
fake_send_template(void)
{
	engine.templates++;
}

static void
fake_shutdown(int graceful)
{
	char buf[1024];
	ssize_t n;

	engine.shutdowns++;
	engine.graceful = graceful;
	if (engine.watch_fd == -1)
		return;
	n = recv(engine.watch_fd, buf, sizeof(buf), MSG_PEEK | MSG_DONTWAIT);
	engine.seen_octets = n > 0 ? (size_t)n : 0;
}

static void
fake_closed(uint32_t id)
{
	ATF_REQUIRE(id < MAX_CONTROL);
	engine.closed[id]++;
}

static const struct track *
fake_table(void)
{
	return (engine.table);
}

static int
fake_expires(const struct flow *f, enum expire_reason *why)
{
	engine.flows_asked++;
	*why = EXPIRE_UDP;
	return (f->key.port[0] % 100);
}

static const struct control_ops fake_ops = {
	fake_expire_all, fake_delete_all, fake_summary, fake_protos,
	fake_exports, fake_interface, fake_timeouts, fake_debug, fake_gather,
	fake_send_template, fake_shutdown, fake_closed, fake_table,
	fake_expires
};

/*
 * Clients.
 */
struct peer {
	struct imsgbuf	ibuf;
	int		fd;
	uint32_t	id;
};

static void
setup(unsigned int flows)
{
	static const uint8_t secret[16] = { 1, 2, 3 };
	struct flow_key key;
	unsigned int i;

	ATF_REQUIRE(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	memset(&engine, 0, sizeof(engine));
	engine.watch_fd = -1;
	engine.table = track_new(flows < 16 ? 16 : flows, secret, NULL);
	ATF_REQUIRE(engine.table != NULL);
	for (i = 0; i < flows; i++) {
		memset(&key, 0, sizeof(key));
		key.family = 4;
		key.proto = 17;
		key.port[0] = (uint16_t)i;
		ATF_REQUIRE(track_insert(engine.table, &key,
		    track_hash(engine.table, &key)) != TRACK_NONE);
	}
	memset(protos, 0, sizeof(protos));
	control_init(&fake_ops, PID);
}

/* A client at id; its answers meet a small socket buffer. */
static void
join(struct peer *p, uint32_t id, uint64_t now_ms)
{
	struct msg_control m = { id, 0 };
	int sv[2], size = 4096;

	ATF_REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    sv), 0);
	ATF_REQUIRE_EQ(setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)), 0);
	ATF_REQUIRE_EQ(control_add(sv[0], &m, now_ms), 0);
	p->fd = sv[1];
	p->id = id;
	ATF_REQUIRE_EQ(imsgbuf_init(&p->ibuf, p->fd), 0);
}

static void
turn(uint64_t now_ms)
{
	struct pollfd pfd[MAX_CONTROL];
	unsigned int n;

	n = control_pollfds(pfd, MAX_CONTROL);
	ATF_REQUIRE(poll(pfd, n, 0) != -1);
	control_dispatch(pfd, n, now_ms);
}

static void
ask(struct peer *p, uint32_t type, uint32_t id, const void *data, size_t len)
{
	ATF_REQUIRE_EQ(imsg_compose(&p->ibuf, type, id, 0, -1, data, len), 1);
	ATF_REQUIRE_EQ(imsgbuf_flush(&p->ibuf), 0);
}

/* Next message, turning the daemon until it is there; 0: closed. */
static int
next(struct peer *p, struct imsg *imsg)
{
	unsigned int i;
	int n;

	for (i = 0; i < 100000; i++) {
		n = imsgbuf_get(&p->ibuf, imsg);
		ATF_REQUIRE(n != -1);
		if (n == 1)
			return (1);
		turn(0);
		n = imsgbuf_read(&p->ibuf);
		if (n == 0 || (n == -1 && errno == ECONNRESET))
			return (0);
		ATF_REQUIRE_EQ(n, 1);
	}
	atf_tc_fail("no answer");
}

/* Rows up to the result, which is returned. */
static struct ctl_result
result_of(struct peer *p, unsigned int *rows)
{
	struct ctl_result r;
	struct imsg imsg;
	unsigned int n = 0;

	for (;;) {
		ATF_REQUIRE_EQ(next(p, &imsg), 1);
		ATF_REQUIRE_EQ(imsg_get_pid(&imsg), PID);
		if (imsg_get_type(&imsg) == CTL_RESULT)
			break;
		n++;
		imsg_free(&imsg);
	}
	ATF_REQUIRE_EQ(imsg_get_data(&imsg, &r, sizeof(r)), 0);
	imsg_free(&imsg);
	ATF_REQUIRE_EQ(r.pid, PID);
	if (rows != NULL)
		*rows = n;
	return (r);
}

static void
check_text(struct peer *p, uint32_t type, const char *text)
{
	struct ctl_result r;

	ask(p, type, CTL_VERSION, NULL, 0);
	r = result_of(p, NULL);
	ATF_CHECK_EQ(r.failed, 0);
	ATF_CHECK_STREQ(r.text, text);
}

/* It is refused in words that hold these, then closed. */
static void
check_refused(struct peer *p, const char *wrong, const char *allowed)
{
	struct ctl_result r = result_of(p, NULL);
	struct imsg imsg;

	ATF_CHECK_EQ(r.failed, 1);
	ATF_CHECK_MSG(strstr(r.text, wrong) != NULL, "%s", r.text);
	ATF_CHECK_MSG(strstr(r.text, allowed) != NULL, "%s", r.text);
	ATF_CHECK_EQ(next(p, &imsg), 0);
	ATF_CHECK_EQ(engine.closed[p->id], 1);
}

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

CASE(commands_act_and_answer_in_classic_words)
{
	struct peer p;

	setup(0);
	join(&p, 0, 0);
	check_text(&p, CTL_EXPIRE_ALL, "Expired 7 flows.");
	check_text(&p, CTL_DELETE_ALL, "Deleted 8 flows.");
	check_text(&p, CTL_DEBUG_MORE, "Debug level increased.");
	ATF_CHECK_EQ(engine.debug, 1);
	check_text(&p, CTL_DEBUG_LESS, "Debug level decreased.");
	ATF_CHECK_EQ(engine.debug, 0);
	ATF_CHECK_EQ(engine.debug_calls, 2);
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

CASE(unread_dump_keeps_the_queue_bounded_while_another_is_served)
{
	struct pollfd pfd[MAX_CONTROL];
	struct ctl_result r;
	struct peer lazy, p;
	unsigned int i, asked, rows;

	setup(MANY_FLOWS);
	join(&lazy, 0, 0);
	join(&p, 1, 0);
	ask(&lazy, CTL_DUMP_FLOWS, CTL_VERSION, NULL, 0);
	for (i = 0; i < 1000; i++)
		turn(0);
	asked = engine.flows_asked;
	/* what the socket took is less than a hundred rows */
	ATF_CHECK(asked >= CONTROL_QUEUE_MAX);
	ATF_CHECK_MSG(asked <= CONTROL_QUEUE_MAX + 100, "%u rows", asked);
	ATF_REQUIRE_EQ(control_pollfds(pfd, MAX_CONTROL), 2);
	ATF_CHECK_EQ(pfd[0].events, POLLOUT);

	ask(&p, CTL_DUMP_FLOWS, CTL_VERSION, NULL, 0);
	r = result_of(&p, &rows);
	ATF_CHECK_EQ(rows, MANY_FLOWS);
	ATF_CHECK_EQ(r.count, MANY_FLOWS);
	ATF_CHECK_EQ(engine.flows_asked, asked + MANY_FLOWS);

	/* it still gets all of it, once it reads */
	(void)result_of(&lazy, &rows);
	ATF_CHECK_EQ(rows, MANY_FLOWS);
}

CASE(dump_holds_each_flow_once_as_it_is)
{
	static unsigned char seen[MANY_FLOWS];
	struct ctl_flow row;
	struct imsg imsg;
	struct peer p;
	unsigned int i;

	setup(MANY_FLOWS);
	/* our own datagrams are not flows */
	track_flow(engine.table, track_next(engine.table, 0))->flags |=
	    FLOW_OWN;
	join(&p, 0, 0);
	ask(&p, CTL_DUMP_FLOWS, CTL_VERSION, NULL, 0);
	for (i = 0; i < MANY_FLOWS - 1; i++) {
		ATF_REQUIRE_EQ(next(&p, &imsg), 1);
		ATF_REQUIRE_EQ(imsg_get_type(&imsg), CTL_FLOW);
		ATF_REQUIRE_EQ(imsg_get_data(&imsg, &row, sizeof(row)), 0);
		ATF_REQUIRE(row.port[0] < MANY_FLOWS);
		ATF_REQUIRE_EQ(seen[row.port[0]]++, 0);
		ATF_REQUIRE_EQ(row.expires, row.port[0] % 100);
		ATF_REQUIRE_EQ(row.reason, EXPIRE_UDP);
		ATF_REQUIRE_EQ(row.family, 4);
		imsg_free(&imsg);
	}
	ATF_CHECK_EQ(result_of(&p, NULL).count, MANY_FLOWS - 1);
}

CASE(dump_says_vlans_and_addresses_where_there_are_any)
{
	static struct flow_side side;
	struct ctl_flow row;
	struct imsg imsg;
	struct peer p;
	unsigned int kept;

	side.first[1].mac[0][5] = 0xa;
	side.first[1].mac[1][5] = 0xb;
	side.first[1].vlan[0] = 0xa064;
	side.first[1].vlan[1] = 0x6007;
	setup(1);
	track_flow(engine.table, 0)->packets[0] = 0;
	track_flow(engine.table, 0)->packets[1] = 1;
	join(&p, 0, 0);
	for (kept = 0; kept < 2; kept++) {
		if (kept)
			track_extend(engine.table, &side, 0);
		ask(&p, CTL_DUMP_FLOWS, CTL_VERSION, NULL, 0);
		ATF_REQUIRE_EQ(next(&p, &imsg), 1);
		ATF_REQUIRE_EQ(imsg_get_data(&imsg, &row, sizeof(row)), 0);
		imsg_free(&imsg);
		(void)result_of(&p, NULL);
		ATF_CHECK_EQ(row.have, kept ? CTL_FLOW_SIDE : 0);
		ATF_CHECK_EQ(row.vlan[0], kept * 100);
		ATF_CHECK_EQ(row.vlan[1], kept * 7);
		ATF_CHECK_EQ(row.mac[1][5], kept * 0xa);
		ATF_CHECK_EQ(row.mac[0][5], kept * 0xb);
	}
}

CASE(client_that_vanishes_in_a_dump_is_closed_once)
{
	struct pollfd pfd[MAX_CONTROL];
	struct peer p;
	unsigned int i;

	setup(MANY_FLOWS);
	join(&p, 3, 0);
	ask(&p, CTL_DUMP_FLOWS, CTL_VERSION, NULL, 0);
	for (i = 0; i < 10; i++)
		turn(0);
	close(p.fd);
	for (i = 0; i < 10; i++)
		turn(0);
	ATF_CHECK_EQ(engine.closed[3], 1);
	ATF_CHECK_EQ(control_pollfds(pfd, MAX_CONTROL), 0);
	turn(1000 * CONTROL_IDLE_MS);
	control_close_all();
	ATF_CHECK_EQ(engine.closed[3], 1);
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
	check_refused(&p, "version 77", "speaks version 3");
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
		check_refused(&p, "unknown request", "allowed are 200 to 211");
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
		ATF_REQUIRE_EQ(imsg_compose(&p.ibuf, CTL_DEBUG_MORE,
		    CTL_VERSION, 0, -1, NULL, 0), 1);
	ATF_REQUIRE_EQ(imsgbuf_flush(&p.ibuf), 0);
	turn(0);
	ATF_CHECK_EQ(engine.debug, 1);
	for (i = 0; i < 100; i++)
		ATF_CHECK_EQ(result_of(&p, NULL).failed, 0);
	ATF_CHECK_EQ(engine.debug, 100);
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

CASE(a_read_dump_is_progress_and_an_unread_one_is_not)
{
	struct peer reader, lazy;
	char buf[8192];
	uint64_t now_ms;

	setup(MANY_FLOWS);
	join(&reader, 0, 0);
	join(&lazy, 1, 0);
	ask(&reader, CTL_DUMP_FLOWS, CTL_VERSION, NULL, 0);
	ask(&lazy, CTL_DUMP_FLOWS, CTL_VERSION, NULL, 0);
	for (now_ms = 0; now_ms < 3 * CONTROL_IDLE_MS; now_ms += 10000) {
		ATF_REQUIRE(read(reader.fd, buf, sizeof(buf)) != 0);
		turn(now_ms);
	}
	ATF_CHECK_EQ(engine.closed[0], 0);
	ATF_CHECK_EQ(engine.closed[1], 1);
}

CASE(shutdown_is_answered_before_it_happens)
{
	struct peer p;

	setup(0);
	join(&p, 0, 0);
	engine.watch_fd = p.fd;
	ask(&p, CTL_SHUTDOWN, CTL_VERSION, NULL, 0);
	turn(0);
	ATF_CHECK_EQ(engine.shutdowns, 0);
	turn(0);
	ATF_CHECK_EQ(engine.shutdowns, 1);
	ATF_CHECK_EQ(engine.graceful, 1);
	ATF_CHECK_EQ(engine.seen_octets,
	    IMSG_HEADER_SIZE + sizeof(struct ctl_result));
	ATF_CHECK_STREQ(result_of(&p, NULL).text,
	    "Shutting down gracefully...");
	close(p.fd);
	turn(0);
	ATF_CHECK_EQ(engine.closed[0], 1);
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
	control_close_all();
	ATF_CHECK_STREQ(result_of(&p, NULL).text,
	    "Shutting down gracefully...");
	ATF_CHECK_EQ(next(&p, &imsg), 0);
	ATF_CHECK_EQ(engine.shutdowns, 0);
	ATF_CHECK_EQ(engine.closed[0], 1);
	ATF_CHECK_EQ(engine.closed[7], 1);
}

CASE(ids_out_of_range_or_taken_are_refused)
{
	struct msg_control m = { MAX_CONTROL, 0 };
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
	    unread_dump_keeps_the_queue_bounded_while_another_is_served);
	ATF_TP_ADD_TC(tp, dump_holds_each_flow_once_as_it_is);
	ATF_TP_ADD_TC(tp, dump_says_vlans_and_addresses_where_there_are_any);
	ATF_TP_ADD_TC(tp, client_that_vanishes_in_a_dump_is_closed_once);
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
	ATF_TP_ADD_TC(tp, a_read_dump_is_progress_and_an_unread_one_is_not);
	ATF_TP_ADD_TC(tp, shutdown_is_answered_before_it_happens);
	ATF_TP_ADD_TC(tp, exit_happens_though_the_client_is_gone);
	ATF_TP_ADD_TC(tp, close_all_sends_last_words_and_closes_each_once);
	ATF_TP_ADD_TC(tp, ids_out_of_range_or_taken_are_refused);
	return (atf_no_error());
}
