/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "control_fixture.h"

/*
 * The engine.
 */
struct fake_engine engine;
struct summary_proto protos[256];

static uint64_t
fake_expire(const struct ctl_filter *f)
{
	engine.filtered = f != NULL;
	if (f != NULL)
		engine.filter = *f;
	return (7);
}

static uint64_t
fake_delete(const struct ctl_filter *f)
{
	return (fake_expire(f) + 1);
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
	e[1].version = engine.version;
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

static unsigned int
fake_sandbox(struct ctl_sandbox *rows, unsigned int max)
{
	ATF_REQUIRE(max >= 2);
	strlcpy(rows[0].process, "parent", sizeof(rows[0].process));
	strlcpy(rows[1].process, "worker", sizeof(rows[1].process));
	rows[0].pid = PID;
	rows[1].layers = 0x1ff;
	return (2);
}

static unsigned int
fake_memory(struct ctl_memory *rows, unsigned int max)
{
	ATF_REQUIRE(max >= 10);
	strlcpy(rows[0].use, "flows", sizeof(rows[0].use));
	rows[0].octets = 1ULL << 40;
	strlcpy(rows[1].use, "control clients", sizeof(rows[1].use));
	control_memory(&rows[1]);
	return (2);
}

static void
fake_wish(const struct msg_wish *wish)
{
	engine.wishes++;
	engine.wish = *wish;
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
fake_shutdown(uint32_t id, int graceful)
{
	char buf[1024];
	ssize_t n;

	engine.shutdowns++;
	engine.graceful = graceful;
	engine.shutdown_id = id;
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
fake_interrupted(void)
{
	return (engine.interrupted);
}

static int
fake_expires(const struct flow *f, enum expire_reason *why)
{
	engine.flows_asked++;
	*why = EXPIRE_UDP;
	return (f->key.port[0] % 100);
}

static uint64_t
fake_now(void)
{
	return (engine.now_us);
}

static const struct control_ops fake_ops = {
	fake_expire, fake_delete, fake_summary, fake_protos, fake_exports,
	fake_interface, fake_timeouts, fake_sandbox, fake_memory, fake_gather,
	fake_send_template, fake_wish, fake_shutdown, fake_closed, fake_table,
	fake_interrupted, fake_expires, fake_now
};

/*
 * Clients.
 */
static struct imsgbuf joined[16];
static unsigned int njoined;

/* What a setup has made, so that leaks are those of others. */
static void
release(void)
{
	while (njoined > 0)
		imsgbuf_clear(&joined[--njoined]);
	track_free(engine.table);
	engine.table = NULL;
}

void
setup(unsigned int flows)
{
	static const uint8_t secret[16] = { 1, 2, 3 };
	struct flow_key key;
	unsigned int i;

	ATF_REQUIRE(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	release();
	ATF_REQUIRE_EQ(atexit(release), 0);
	memset(&engine, 0, sizeof(engine));
	engine.watch_fd = -1;
	engine.table = track_new(flows < 16 ? 16 : flows, secret, NULL);
	ATF_REQUIRE(engine.table != NULL);
	for (i = 0; i < flows; i++) {
		memset(&key, 0, sizeof(key));
		key.family = 4;
		key.proto = 17;
		key.port[0] = (uint16_t)i;
		key.port[1] = (uint16_t)(i >> 16);
		ATF_REQUIRE(track_insert(engine.table, &key,
		    track_hash(engine.table, &key)) != TRACK_NONE);
	}
	memset(protos, 0, sizeof(protos));
	control_init(&fake_ops, PID);
}

void
join_as(struct peer *p, uint32_t id, uint64_t now_ms, enum control_role role)
{
	struct msg_control m = { id, 0, role };
	int sv[2], size = 4096;

	ATF_REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    sv), 0);
	ATF_REQUIRE_EQ(setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)), 0);
	ATF_REQUIRE_EQ(control_add(sv[0], &m, now_ms), 0);
	p->fd = sv[1];
	p->id = id;
	ATF_REQUIRE_EQ(imsgbuf_init(&p->ibuf, p->fd), 0);
	ATF_REQUIRE(njoined < nitems(joined));
	joined[njoined++] = p->ibuf;
}

void
join(struct peer *p, uint32_t id, uint64_t now_ms)
{
	join_as(p, id, now_ms, CONTROL_OPERATOR);
}

void
turn(uint64_t now_ms)
{
	struct pollfd pfd[MAX_CONTROL];
	unsigned int n;

	n = control_pollfds(pfd, MAX_CONTROL);
	ATF_REQUIRE(poll(pfd, n, 0) != -1);
	control_dispatch(pfd, n, now_ms);
}

void
ask(struct peer *p, uint32_t type, uint32_t id, const void *data, size_t len)
{
	ATF_REQUIRE_EQ(imsg_compose(&p->ibuf, type, id, 0, -1, data, len), 1);
	ATF_REQUIRE_EQ(imsgbuf_flush(&p->ibuf), 0);
}

int
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

struct ctl_result
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

void
check_text(struct peer *p, uint32_t type, const char *text)
{
	struct ctl_result r;

	ask(p, type, CTL_VERSION, NULL, 0);
	r = result_of(p, NULL);
	ATF_CHECK_EQ(r.failed, 0);
	ATF_CHECK_STREQ(r.text, text);
}

void
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

void
check_denied(struct peer *p, uint32_t type, const void *data, size_t len,
    const char *text)
{
	struct ctl_result r;

	ask(p, type, CTL_VERSION, data, len);
	r = result_of(p, NULL);
	ATF_CHECK_EQ(r.failed, 1);
	ATF_CHECK_STREQ(r.text, text);
	/* and may ask again */
	ask(p, CTL_TIMEOUTS, CTL_VERSION, NULL, 0);
	ATF_CHECK_EQ(result_of(p, NULL).failed, 0);
	ATF_CHECK_EQ(engine.closed[p->id], 0);
}
