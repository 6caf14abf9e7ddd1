/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The parent's dispatch under a worker that says anything, in any state; what
 * opens sockets, captures and processes is not in it.
 *   0  phase of the worker
 *   1  options in force, one of lines[]
 *   2  clients in use, 3  those of them that are operators, bit for each
 *   4  PRIV_FUZZ_* flags
 * The rest is operations, PRIV_OP_* in an octet, most of them one message of
 * feed.h behind it.
 */

#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

#include "expire.h"
#include "feed.h"
#include "fuzz.h"
#include "log.h"
#include "priv_state.h"
#include "sandbox.h"

#define PRIV_FUZZ_SUMMARY	0x01	/* one is wanted */
#define PRIV_FUZZ_ROOT		0x02
#define PRIV_FUZZ_REFUSED	0x04	/* no capture can be opened */
#define PRIV_FUZZ_UP		0x08	/* collectors have their sockets */

enum priv_op {
	PRIV_OP_SAY,		/* and dispatch it */
	PRIV_OP_SAY_MORE,	/* it waits */
	PRIV_OP_TIME,		/* 100 ms for each of what follows */
	PRIV_OP_SIGNAL,		/* reload, of the line that follows */
	PRIV_OP_EOF,
	PRIV_OP_MAX
};

static void	priv_seeds(void (*)(const uint8_t *, size_t));

const struct fuzz_target	fuzz_target = {
	.name = "priv", .max = 2000, .runs = 8000, .seeds = priv_seeds
};

static const char *const	lines[] = {
	"-i e -n 192.0.2.1:1 -v 9",
	"-i e -n 192.0.2.1:1 -v 5 -s 7",
	"-r /f -n 192.0.2.1:1 -n 192.0.2.2:2",
	"-i e -i f -n 192.0.2.1:1 -P tcp -v 10 -t udp=3"
};

struct priv		 priv;

static struct options	 opts;
static const char	*line;		/* what is read next */
static int64_t		 now_ms;
static int		 refused, killed;
static struct feed	 feed;

/*
 * What of the parent is not in it
 */

int64_t
priv_now_ms(void)
{
	return (now_ms);
}

void
priv_worker_send(enum msg_type type, int fd, const void *data, size_t len)
{
	const struct msg_settings	*s = data;
	const struct msg_wish_done	*done = data;
	const struct msg_export		*e = data;
	int				 i;

	if (type == IMSG_SETTINGS) {
		REQUIRE(len == sizeof(*s) && s->sampling > 0);
		for (i = 0; i < TIMEOUT_MAX; i++)
			REQUIRE(s->timeouts.seconds[i] <= LIMIT_TIMEOUT &&
			    (s->timeouts.seconds[i] > 0 ||
			    TIMEOUT_MAY_BE_0(i)));
	} else if (type == IMSG_WISH_DONE) {
		REQUIRE(len == sizeof(*done));
		REQUIRE(priv.operators & 1U << done->client);
		REQUIRE(memchr(done->text, '\0', sizeof(done->text)) != NULL);
	} else if (type == IMSG_EXPORT_UP)
		REQUIRE(len == sizeof(*e) && e->slot < priv.ndest);
	else if (type == IMSG_EXPORT_PAYLOAD)
		REQUIRE(len == sizeof(struct msg_export_payload));
	else
		REQUIRE(type == IMSG_HANDOVER || type == IMSG_FINISH);
	if (fd != -1)
		close(fd);
}

int
priv_worker_send_copy(enum msg_type type, int fd, const void *data,
    size_t len)
{
	priv_worker_send(type, dup(fd), data, len);
	return (0);
}

void
priv_worker_kill(const char *why)
{
	REQUIRE(why != NULL);
	priv.worker.killed = killed = 1;
}

void
priv_worker_kill_hostile(const char *why)
{
	priv.worker.hostile = 1;
	priv_worker_kill(why);
}

void
priv_worker_replace(const char *what)
{
	priv_worker_kill(what);
}

void
priv_finish(void)
{
	REQUIRE(priv.worker.phase == WORKER_RUNNING ||
	    priv.worker.phase == WORKER_LEAVING);
	if (priv.worker.phase == WORKER_LEAVING)
		priv.worker.finish = 1;
	else
		priv.worker.phase = WORKER_FINISHING;
	priv.worker.summary_wanted++;
}

void
priv_report(const struct summary_report *r)
{
	REQUIRE(summary_ok(&r->summary));
	REQUIRE(r->nproto <= 256 && r->nexport <= MAX_EXPORT);
	REQUIRE(r->ninterface <= nitems(r->interface));
}

int
priv_capture_prepare(struct priv_reload *next, char *error, size_t len)
{
	if (refused) {
		strlcpy(error, "refused", len);
		return (-1);
	}
	next->ncapture = priv.ncapture;
	if (next->change.need & CHANGE_CAPTURE)
		next->replaced = 1;
	return (0);
}

int
priv_export_prepare(struct priv_reload *next, char *error, size_t len)
{
	(void)error;
	(void)len;
	next->ndest = priv.ndest;
	return (0);
}

enum options_result
options_load(int argc, char *argv[], struct options *o, char *error,
    size_t len)
{
	static char	 buf[8][128], name[] = "softflowd";
	static int	 nth;
	char		*words[16], *p = buf[nth++ % 8], *word;
	int		 n = 0;

	(void)argc;
	(void)argv;
	strlcpy(p, line, sizeof(buf[0]));
	words[n++] = name;
	while ((word = strsep(&p, " ")) != NULL && n < 15)
		words[n++] = word;
	words[n] = NULL;
	return (options_parse(n, words, o, error, len));
}

int
priv_net_connect(int transport, const struct sockaddr_storage *addr,
    const char **what)
{
	(void)addr;
	*what = NULL;
	errno = ECONNREFUSED;
	return (transport == TRANSPORT_UDP ? dup(feed.fd) : -1);
}

uint32_t
priv_net_payload(int fd, const struct msg_export *conf)
{
	REQUIRE(fd == priv.dest[conf->slot].fd);
	return (1400);
}

#define NOTHING(name)	void name(void) { }
#define NOTHING_OF(name, type)	void name(type v) { (void)v; }
NOTHING(priv_interfaces_changed)
NOTHING(priv_ready)
NOTHING(priv_notify_reloading)
NOTHING_OF(priv_capture_abandon, struct priv_reload *)
NOTHING_OF(priv_capture_switch, struct priv_reload *)
NOTHING_OF(priv_export_switch, struct priv_reload *)
NOTHING_OF(priv_resolver_ask, uint32_t)

void
priv_net_addr(struct msg_addr *to, const struct sockaddr_storage *from)
{
	(void)from;
	memset(to, 0, sizeof(*to));
	to->family = 4;
}

void
priv_net_sockaddr(struct sockaddr_storage *to, const struct msg_addr *from)
{
	(void)from;
	memset(to, 0, sizeof(*to));
	to->ss_family = AF_INET;
}

int
priv_net_local(int fd, struct msg_addr *addr)
{
	(void)fd;
	memset(addr, 0, sizeof(*addr));
	return (0);
}

/*
 * The worker
 */

static size_t
right_length(uint32_t type)
{
	switch (type) {
	case IMSG_READY:
		return (sizeof(struct msg_ready));
	case IMSG_LOG:
		return (sizeof(struct msg_log));
	case IMSG_COUNTERS:
		return (sizeof(struct msg_counters));
	case IMSG_EXPORT_COUNTERS:
	case IMSG_SUMMARY_EXPORT:
		return (sizeof(struct summary_export));
	case IMSG_EXPORT_DOWN:
		return (sizeof(struct msg_export_down));
	case IMSG_EXPORT_ASK:
		return (sizeof(struct msg_export_ask));
	case IMSG_SUMMARY:
		return (sizeof(struct summary));
	case IMSG_SUMMARY_PROTO:
		return (sizeof(struct summary_proto));
	case IMSG_SUMMARY_INTERFACE:
		return (sizeof(struct summary_interface));
	case IMSG_CONTROL_CLOSED:
		return (sizeof(struct msg_control_closed));
	case IMSG_SHUTDOWN:
		return (sizeof(struct msg_shutdown));
	case IMSG_WISH:
		return (sizeof(struct msg_wish));
	case IMSG_FINISHED:
		return (sizeof(struct msg_finished));
	default:
		return (0);
	}
}

static void
sink(int priority, const char *text)
{
	REQUIRE(priority >= 0 && priority <= 7 && *text != '\0');
}

static void
begin(struct take *t)
{
	char		 error[1024];
	unsigned int	 i;
	uint8_t		 phase, flags;
	int		 fd[2];

	log_init("priv_fuzz", 0, 0);
	log_set_sink(sink);
	memset(&priv, 0, sizeof(priv));
	phase = (uint8_t)take(t, 1);
	line = lines[take(t, 1) % nitems(lines)];
	REQUIRE(options_load(0, NULL, &opts, error, sizeof(error)) ==
	    OPTIONS_RUN);
	priv.opt = &opts;
	priv.clients = (uint8_t)take(t, 1);
	priv.operators = (uint8_t)take(t, 1) & priv.clients;
	flags = (uint8_t)take(t, 1);
	priv.root = (flags & PRIV_FUZZ_ROOT) != 0;
	refused = (flags & PRIV_FUZZ_REFUSED) != 0;
	priv.ncapture = opts.ninterface;
	priv.ndest = opts.ndest;
	for (i = 0; i < priv.ndest; i++) {
		priv.dest[i].fd = -1;
		priv.dest[i].conf.slot = i;
		priv.dest[i].conf.transport = (uint32_t)opts.dest[i].transport;
		priv.dest[i].naddr = 1;
		if (flags & PRIV_FUZZ_UP) {
			priv.dest[i].state = DEST_UP;
			priv.dest[i].held = 1;
		}
	}
	feed_pair(fd);
	feed = (struct feed){ fd[1], IMSG_READY, 0, right_length };
	if (flags & PRIV_FUZZ_UP)
		for (i = 0; i < priv.ndest; i++)
			if (priv.dest[i].conf.transport == TRANSPORT_UDP)
				priv.dest[i].fd = dup(fd[1]);
	REQUIRE(imsgbuf_init(&priv.worker.channel, fd[0]) == 0);
	imsgbuf_allow_fdpass(&priv.worker.channel);
	REQUIRE(imsgbuf_set_maxsize(&priv.worker.channel, MSG_WORKER_MAX) ==
	    0);
	priv.worker.pid = 1;
	priv.worker.phase = WORKER_STARTING + phase % WORKER_FINISHED;
	priv.worker.summary_wanted = flags & PRIV_FUZZ_SUMMARY;
	killed = 0;
	now_ms += 3600000;	/* limits of the input before are over */
}

static void
end(void)
{
	unsigned int	i;

	imsgbuf_clear(&priv.worker.channel);
	close(priv.worker.channel.fd);
	if (feed.fd != -1)
		close(feed.fd);
	for (i = 0; i < priv.ndest; i++)
		if (priv.dest[i].fd != -1)
			close(priv.dest[i].fd);
	if (priv.reload != NULL) {
		options_free(&priv.reload->opt);
		free(priv.reload);
	}
	options_free(&opts);
}

/* What no worker may bring about. */
static void
check(void)
{
	const struct worker	*w = &priv.worker;
	unsigned int		 i;

	REQUIRE(w->phase >= WORKER_STARTING && w->phase <= WORKER_FINISHED);
	REQUIRE((priv.operators & ~priv.clients) == 0);
	REQUIRE(!w->hostile || w->killed);
	REQUIRE(w->log_lines <= 100 * 64 * 64);
	REQUIRE(!priv.quit || priv.operators != 0);
	REQUIRE(priv.report.nproto <= 256 &&
	    priv.report.nexport <= MAX_EXPORT &&
	    priv.report.ninterface <= nitems(priv.report.interface));
	for (i = 0; i < priv.ndest; i++) {
		REQUIRE(priv.dest[i].state <= DEST_GONE);
		REQUIRE(priv.dest[i].conf.slot == i);
	}
	for (i = 0; i < TIMEOUT_MAX; i++)
		REQUIRE(opts.timeouts.seconds[i] <= LIMIT_TIMEOUT);
	REQUIRE(opts.sampling > 0);
}

static void
perform(struct take *t)
{
	uint64_t	op = take(t, 1) % PRIV_OP_MAX;

	switch (op) {
	case PRIV_OP_TIME:
		now_ms += 100 * (int64_t)take(t, 1);
		priv_handover_timers(now_ms);
		priv_export_timers(now_ms);
		break;
	case PRIV_OP_SIGNAL:
		line = lines[take(t, 1) % nitems(lines)];
		if (priv.opt->savefile == NULL &&
		    priv.worker.phase == WORKER_RUNNING)
			priv_reload(-1);
		break;
	case PRIV_OP_EOF:
		if (feed.fd != -1)
			close(feed.fd);
		feed.fd = -1;
		break;
	default:
		(void)feed_message(&feed, t);
		if (op == PRIV_OP_SAY_MORE)
			return;
	}
	while (priv_dispatch_worker())
		check();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct take	 t = { data, size };
	unsigned int	 before = feed_descriptors();

	begin(&t);
	while (t.left > 0 && !killed && !priv.quit) {
		perform(&t);
		check();
	}
	/* Who is killed is heard no more. */
	if (killed)
		REQUIRE(priv_dispatch_worker() == 0);
	end();
	REQUIRE(feed_descriptors() == before);
	return (0);
}

static void
priv_seeds(void (*fn)(const uint8_t *, size_t))
{
	static const uint8_t	layers[] = { FEED_RIGHT, 0, 0, 8, 0, 0, 0, 0,
				    0xff, 1, 0, 0, 0 };
	static const uint8_t	wish[] = { FEED_RIGHT, IMSG_WISH - IMSG_READY,
				    0, 16, 0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0,
				    7, 0, 0, 0, 0 };
	uint8_t			head[64] = { 0, 0, 0xff, 0x0f };
	unsigned int		i;

	for (i = 0; i < 28; i++) {
		head[0] = (uint8_t)(i % 7);
		head[1] = (uint8_t)(i / 7);
		head[4] = (uint8_t)(i % 16);
		feed_seed(fn, head, 5, 0, IMSG_FINISHED - IMSG_READY + 1);
	}
	head[0] = head[1] = 0;
	memcpy(head + 6, layers, sizeof(layers));
	memcpy(head + 6 + sizeof(layers), wish, sizeof(wish));
	fn(head, 6 + sizeof(layers) + sizeof(wish));
}
