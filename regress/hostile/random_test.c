/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Random and truncated messages, thousands a second, to the parent's modules
 * that take them, with this program as the worker: with one seed that stays,
 * and with a fresh one, which is printed.  HOSTILE_SEED and HOSTILE_SECONDS in
 * the environment choose another one, and more of it.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "compat.h"
#include "log.h"
#include "priv_state.h"
#include "script.h"
#include "try.h"

#define SECONDS		2
#define PER_SEQUENCE	8		/* messages */
#define ANSWERS_MAX	3		/* to one of them */

struct priv		 priv;

static struct options	 opts;
static uint64_t		 state;		/* of random numbers */
static int		 far;		/* the worker's end */
static unsigned int	 answers, lines, ends;
static unsigned long	 sequences, messages, killings, quiet;

static uint32_t
random32(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return ((uint32_t)(state >> 16));
}

static unsigned int
below(unsigned int n)
{
	return (random32() % n);
}

/*
 * What the modules need of others
 */

int64_t
priv_now_ms(void)
{
	static int64_t	now = 1000000;

	return (now += below(100));
}

void
priv_worker_send(enum msg_type type, int fd, const void *data, size_t len)
{
	(void)type;
	(void)data;
	ATF_REQUIRE_EQ(-1, fd);
	ATF_REQUIRE(len <= MAX_IMSGSIZE - IMSG_HEADER_SIZE);
	answers++;
}

int
priv_worker_send_copy(enum msg_type type, int fd, const void *data, size_t len)
{
	(void)fd;
	priv_worker_send(type, -1, data, len);
	return (0);
}

void
priv_worker_kill_hostile(const char *why)
{
	(void)why;
	priv.worker.killed = priv.worker.hostile = 1;
}

void
priv_worker_replace(const char *what)
{
	(void)what;
	priv.worker.killed = 1;
}

void
priv_finish(void)
{
	ends++;
}

enum options_result
options_load(int argc, char *argv[], struct options *o, char *error,
    size_t len)
{
	(void)argc;
	(void)argv;
	(void)o;
	strlcpy(error, "a file that is wrong", len);
	return (OPTIONS_BAD);
}

#define NOTHING(name, args)	void name args { }
NOTHING(priv_ready, (void))
NOTHING(priv_notify_reloading, (void))
NOTHING(priv_interfaces_changed, (void))
NOTHING(priv_capture_switch, (struct priv_reload *r __attribute__((unused))))
NOTHING(priv_capture_abandon, (struct priv_reload *r __attribute__((unused))))
NOTHING(priv_export_switch, (struct priv_reload *r __attribute__((unused))))
NOTHING(priv_resolver_ask, (uint32_t slot __attribute__((unused))))
NOTHING(priv_worker_kill, (const char *why __attribute__((unused))))

int
priv_capture_prepare(struct priv_reload *r, char *error, size_t len)
{
	(void)r;
	(void)error;
	(void)len;
	return (-1);
}

int
priv_export_prepare(struct priv_reload *r, char *error, size_t len)
{
	return (priv_capture_prepare(r, error, len));
}

/* Print it as it would be, and look whether that can be printed. */
void
priv_report(const struct summary_report *report)
{
	char	*text = NULL, *p;
	size_t	 len;
	FILE	*fp = open_memstream(&text, &len);

	ATF_REQUIRE(fp != NULL);
	summary_print(fp, report);
	ATF_REQUIRE_EQ(0, fclose(fp));
	for (p = text; p < text + len; p++)
		ATF_REQUIRE_MSG(*p == '\n' || (*p >= ' ' && *p <= '~'),
		    "octet %d in a summary", *p);
	free(text);
}

static void
check_log(int priority, const char *text)
{
	ATF_REQUIRE(priority >= LOG_CRIT && priority <= LOG_DEBUG);
	for (; *text != '\0'; text++)
		ATF_REQUIRE_MSG(*text >= ' ' && *text <= '~',
		    "octet %d in the log", *text);
	lines++;
}

/*
 * The parent's state: a worker in any phase, clients, two collectors.
 */

static void
connect_worker(void)
{
	int	fd = priv.worker.channel.fd, sv[2];

	if (priv.worker.channel.w != NULL) {
		imsgbuf_clear(&priv.worker.channel);
		close(fd);
		close(far);
	}
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    sv));
	ATF_REQUIRE_EQ(0, imsgbuf_init(&priv.worker.channel, sv[0]));
	imsgbuf_allow_fdpass(&priv.worker.channel);
	ATF_REQUIRE_EQ(0, imsgbuf_set_maxsize(&priv.worker.channel,
	    MSG_WORKER_MAX));
	far = sv[1];
}

static void
set_state(void)
{
	struct worker	*w = &priv.worker;

	w->pid = getpid();
	w->phase = below(2) ? WORKER_RUNNING :
	    WORKER_STARTING + below(WORKER_FINISHED);
	w->killed = w->hostile = w->eof = w->more = 0;
	w->in_summary = (int)below(2);
	w->summary_wanted = (int)below(3);
	w->finish = below(8) == 0;
	priv.quit = 0;
	priv.clients = random32() & 0xff;
	priv.operators = priv.clients & random32();
	priv.dest[0].held = below(2);
	priv.dest[1].held = below(3);
	priv.dest[1].state = below(2) ? DEST_UP : DEST_WAITING;
}

static void
begin(uint64_t seed)
{
	char	 error[512];
	char	*argv[] = { "softflowd", "-i", "e", "-n", "h:1", NULL };

	state = seed;
	log_init("random_test", 0, 1);
	log_set_sink(check_log);
	ATF_REQUIRE_EQ(OPTIONS_RUN, options_parse(5, argv, &opts, error,
	    sizeof(error)));
	priv.opt = &opts;
	priv.null_fd = priv.link_fd = priv.table_fd = -1;
	priv.ndest = 2;
	priv.dest[0].fd = socket(AF_INET, SOCK_DGRAM, 0);
	priv.dest[0].state = DEST_UP;
	priv.dest[1].fd = -1;
	priv.dest[1].conf.transport = TRANSPORT_TCP;
	priv.dest[1].conf.slot = 1;
	strlcpy(priv.dest[0].name, "udp", sizeof(priv.dest[0].name));
	strlcpy(priv.dest[1].name, "tcp", sizeof(priv.dest[1].name));
	connect_worker();
}

/*
 * What is said
 */

/* Numbers as they are at limits, rather than any. */
static void
spoil(unsigned char *octets, size_t len)
{
	static const uint32_t	often[] = { 0, 1, 2, 7, 8, 15, 16, 31, 32, 255,
				    256, 0x7fffffff, 0x80000000, UINT32_MAX };
	uint32_t		word;
	size_t			at;
	unsigned int		n = below(6);

	while (len >= sizeof(word) && n-- > 0) {
		at = below((unsigned int)(len / sizeof(word))) * sizeof(word);
		word = below(4) == 0 ? random32() : often[below(nitems(often))];
		memcpy(octets + at, &word, sizeof(word));
	}
	while (len > 0 && below(3) == 0)
		octets[below((unsigned int)len)] = (unsigned char)random32();
}

/* 1: it must be the worker's end, whatever the rest of it says. */
static int
say_one(void)
{
	unsigned char	octets[TRY_LONGEST + 16];
	struct imsg_hdr	hdr;
	struct try	t;
	unsigned int	fds = 0;
	size_t		len;
	int		wrong = 0;

	memset(octets, 0, sizeof(octets));
	t.state = TRY_RUNNING;
	t.how = below(8) == 0 ? TRY_ZEROS : TRY_GOOD;
	t.type = below(10) == 0 ? random32() : IMSG_READY +
	    below(IMSG_FINISHED - IMSG_READY + 2);
	if (t.type > IMSG_FINISHED || t.type < IMSG_READY)
		wrong = 1;
	len = try_octets(&t, below(MAX_CONTROL), 0, octets);
	if (below(2) == 0)
		spoil(octets + sizeof(hdr), len - sizeof(hdr));
	memcpy(&hdr, octets, sizeof(hdr));
	if (below(16) == 0) {
		hdr.len = below(3) == 0 ? random32() : hdr.len ^
		    1U << below(11);
		wrong = 1;
	}
	if (below(16) == 0) {
		fds = 1 + below(4);
		hdr.len |= 0x80000000U;
		wrong = 1;
	}
	hdr.peerid = random32();
	hdr.pid = random32();
	memcpy(octets, &hdr, sizeof(hdr));
	messages++;
	if (hostile_send(far, octets, len, fds) == -1)
		ATF_REQUIRE(errno == EPIPE || errno == EAGAIN);
	return (wrong);
}

/* What can be wrong without anybody being killed for it. */
static void
check_parent(int first_free)
{
	uint32_t	seconds;
	int		fd, i;

	ATF_REQUIRE((fd = dup(STDIN_FILENO)) != -1);
	ATF_REQUIRE_EQ_MSG(first_free, fd, "a descriptor is left over");
	close(fd);
	for (i = 0; i < TIMEOUT_MAX; i++) {
		seconds = opts.timeouts.seconds[i];
		ATF_REQUIRE(seconds <= LIMIT_TIMEOUT &&
		    (seconds > 0 || TIMEOUT_MAY_BE_0(i)));
	}
	ATF_REQUIRE(opts.sampling >= 1);
	ATF_REQUIRE(log_get_verbose() == 0 || log_get_verbose() == 1);
	ATF_REQUIRE((priv.operators & ~priv.clients) == 0);
	ATF_REQUIRE(priv.worker.phase >= WORKER_STARTING &&
	    priv.worker.phase <= WORKER_FINISHED);
	ATF_REQUIRE(priv.report.nproto <= 256 &&
	    priv.report.nexport <= MAX_EXPORT &&
	    priv.report.ninterface <= nitems(priv.report.interface));
	ATF_REQUIRE(priv.worker.log_lines < 100000);
}

static void
one_sequence(void)
{
	unsigned int	n = 1 + below(PER_SEQUENCE), i, turns = 0, seen;
	int		wrong = 0, fd;
	uint32_t	clients;

	set_state();
	clients = priv.clients;
	seen = answers;
	fd = dup(STDIN_FILENO);
	close(fd);
	for (i = 0; i < n && !wrong; i++)
		wrong = say_one();
	if (below(4) == 0)
		shutdown(far, SHUT_WR);
	do
		(void)priv_dispatch_worker();
	while (!priv.worker.killed && priv.worker.more && turns++ < 100);
	if (wrong && !priv.worker.killed && !priv.worker.eof) {
		/* Only a header that waits for more may look innocent. */
		quiet++;
		shutdown(far, SHUT_WR);
		(void)priv_dispatch_worker();
		ATF_REQUIRE(priv.worker.killed || priv.worker.eof);
	}
	ATF_REQUIRE_EQ(0, priv.clients & ~clients);
	ATF_REQUIRE(answers - seen <= n * ANSWERS_MAX);
	ATF_REQUIRE_EQ(priv.worker.killed, priv.worker.hostile);
	killings += priv.worker.killed != 0;
	sequences++;
	/* What came with half a message goes with its channel. */
	connect_worker();
	check_parent(fd);
}

static void
run(uint64_t seed)
{
	const char	*value = getenv("HOSTILE_SECONDS");
	time_t		 end;

	printf("seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	begin(seed);
	end = time(NULL) + (value == NULL ? SECONDS : atol(value));
	while (time(NULL) < end)
		one_sequence();
	printf("%lu sequences of %lu messages, %lu killings, %lu unfinished, "
	    "%u answers, %u lines, %u ends\n", sequences, messages, killings,
	    quiet, answers, lines, ends);
	ATF_CHECK(killings > sequences / 4 && killings < sequences);
}

ATF_TC_WITHOUT_HEAD(random_messages_with_a_seed_that_stays);
ATF_TC_BODY(random_messages_with_a_seed_that_stays, tc)
{
	run(20261126);
}

ATF_TC_WITHOUT_HEAD(random_messages_with_a_fresh_seed);
ATF_TC_BODY(random_messages_with_a_fresh_seed, tc)
{
	const char	*value = getenv("HOSTILE_SEED");
	uint64_t	 seed;

	arc4random_buf(&seed, sizeof(seed));
	run(value == NULL ? seed | 1 : strtoull(value, NULL, 10));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, random_messages_with_a_seed_that_stays);
	ATF_TP_ADD_TC(tp, random_messages_with_a_fresh_seed);
	return (atf_no_error());
}
