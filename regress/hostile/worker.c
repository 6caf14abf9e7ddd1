/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The hostile worker.  Linked in the place of engine_main() into softflowd, so
 * that the parent is the daemon's own.  It never confines itself: all that
 * stands between it and the system is what the parent handed down.
 */

#include <sys/types.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "imsg.h"
#include "msg.h"
#include "sandbox.h"
#include "script.h"
#include "try.h"

#define EXIT_ALLOWED	42

__dead void	__real_engine_main(void);
__dead void	__wrap_engine_main(void);

static struct imsgbuf	channel;
static uint32_t		client;

static void
say(uint32_t type, const void *data, size_t len)
{
	if (hostile_say(FD_CHANNEL, type, data, len, 0) == -1)
		_exit(1);
}

static void
say_ready(void)
{
	struct msg_ready	msg = { 0, UINT32_MAX };

	say(IMSG_READY, &msg, sizeof(msg));
}

/* Alive until somebody else decides. */
static __dead void
stay(void)
{
	for (;;)
		(void)poll(NULL, 0, -1);
}

/* What the parent says, up to that type. */
static void
await(uint32_t type)
{
	struct pollfd		pfd = { .fd = FD_CHANNEL, .events = POLLIN };
	struct msg_control	control;
	struct imsg		imsg;
	uint32_t		got;

	for (;;) {
		while (imsgbuf_get(&channel, &imsg) == 1) {
			got = imsg_get_type(&imsg);
			if (got == IMSG_CONTROL && imsg_get_data(&imsg,
			    &control, sizeof(control)) == 0)
				client = control.id;
			/* It stays connected. */
			if (got == IMSG_CONTROL)
				(void)imsg_get_fd(&imsg);
			imsg_free(&imsg);
			if (got == type)
				return;
		}
		if (poll(&pfd, 1, -1) == 1 && imsgbuf_read(&channel) != 1)
			_exit(1);
	}
}

/* Read what there is, for nothing. */
static void
drain(void)
{
	char	buf[65536];

	while (recv(FD_CHANNEL, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

static void
reach(enum try_state state)
{
	if (state != TRY_BEFORE)
		say_ready();
	if (state == TRY_CLIENT)
		await(IMSG_CONTROL);
	if (state == TRY_LEAVING || state == TRY_LEFT)
		await(IMSG_HANDOVER);
	if (state == TRY_LEFT)
		say(IMSG_HANDED_OVER, NULL, 0);
	if (state == TRY_FINISHING || state == TRY_FINISHED)
		await(IMSG_FINISH);
	if (state == TRY_FINISHED)
		say(IMSG_FINISHED, &(struct msg_finished){ 0 },
		    sizeof(struct msg_finished));
	if (state == TRY_LEFT || state == TRY_FINISHED)
		(void)poll(NULL, 0, 5);	/* what comes next is read by itself */
}

/* When, for the test to see how long the parent took. */
static void
say_now(uint64_t deaths)
{
	struct msg_log	msg = { .priority = LOG_INFO };
	struct timespec	ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	snprintf(msg.text, sizeof(msg.text), "now %llu of try %llu",
	    (unsigned long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000,
	    (unsigned long long)deaths);
	say(IMSG_LOG, &msg, sizeof(msg));
}

static __dead void
do_try(enum try_state state, uint64_t deaths, unsigned int nth)
{
	static unsigned char	octets[TRY_LONGEST];
	struct try		t;
	unsigned int		n, i;
	size_t			len;

	if (!try_get(nth, state, &t))
		_exit(1);
	reach(state);
	if (state != TRY_LEFT && state != TRY_FINISHED)
		say_now(deaths);
	n = t.how == TRY_FD ? 1 : t.how == TRY_FDS ||
	    t.how == TRY_FD_UNMARKED ? 8 : 0;
	len = try_octets(&t, client, deaths + 1, octets);
	for (i = 0; i < (t.how == TRY_TWICE ? 2 : 1); i++)
		if (hostile_send(FD_CHANNEL, octets, len, n) == -1)
			break;
	if (try_expect(&t) == TRY_ALLOWED || t.how == TRY_GONE)
		_exit(EXIT_ALLOWED);
	stay();
}

/* On end, until killed; read the answers, if there is time for that. */
static __dead void
flood(uint32_t type, const void *data, size_t len, int wait_us)
{
	for (;;) {
		say(type, data, len);
		if (wait_us >= 0)
			drain();
		if (wait_us > 0)
			(void)poll(NULL, 0, wait_us / 1000);
	}
}

static __dead void
do_script(unsigned int script, uint64_t deaths, unsigned int nth)
{
	static unsigned char	nonsense[1 << 20];
	struct msg_counters	counters = { 0 };
	struct msg_export_ask	ask = { 0 };
	struct msg_finished	finished = { 0 };
	struct msg_log		log = { LOG_EMERG, SCRIPT_EVIL };
	struct msg_wish		wish = { 0, WISH_RELOAD, 0, 0 };
	struct msg_shutdown	end = { 0, 1 };
	unsigned int		i;

	counters.counters.worker_deaths = deaths + 1;
	switch ((enum worker_script)script) {
	case SCRIPT_EXIT:
		_exit(1);
	case SCRIPT_MUTE:
		stay();
	case SCRIPT_SILENT:
	case SCRIPT_HALF:
		say_ready();
		if (script == SCRIPT_HALF)
			(void)hostile_send(FD_CHANNEL, "\0\0\0\0\0", 5, 0);
		stay();
	case SCRIPT_CLOSE:
		say_ready();
		closefrom(FD_CHANNEL);
		stay();
	case SCRIPT_SHUT:
		say_ready();
		shutdown(FD_CHANNEL, SHUT_RD);
		for (;;) {
			say(IMSG_EXPORT_ASK, &ask, sizeof(ask));
			say(IMSG_COUNTERS, &counters, sizeof(counters));
			(void)poll(NULL, 0, 1000);
		}
	case SCRIPT_STAY:
		reach(TRY_LEAVING);
		/* Alive, as far as it goes. */
		for (;;) {
			say(IMSG_COUNTERS, &counters, sizeof(counters));
			(void)poll(NULL, 0, 1000);
		}
	case SCRIPT_STAY_LEFT:
		reach(TRY_LEFT);
		stay();
	case SCRIPT_STAY_FINISHED:
		reach(TRY_FINISHED);
		stay();
	case SCRIPT_UNFINISHED:
		reach(TRY_FINISHING);
		stay();
	case SCRIPT_DEAF:
		say_ready();
		flood(IMSG_EXPORT_ASK, &ask, sizeof(ask), -1);
	case SCRIPT_FLOOD_LOG:
		say_ready();
		flood(IMSG_LOG, &log, sizeof(log), 0);
	case SCRIPT_FLOOD_COUNTERS:
		say_ready();
		flood(IMSG_COUNTERS, &counters, sizeof(counters), 0);
	case SCRIPT_FLOOD_ASK:
		say_ready();
		flood(IMSG_EXPORT_ASK, &ask, sizeof(ask), 0);
	case SCRIPT_FLOOD_WISH:
		reach(TRY_CLIENT);
		wish.client = client;
		flood(IMSG_WISH, &wish, sizeof(wish), 1000);
	case SCRIPT_FLOOD_NONSENSE:
		say_ready();
		memset(nonsense, 0x55, sizeof(nonsense));
		(void)hostile_send(FD_CHANNEL, nonsense, sizeof(nonsense), 0);
		stay();
	case SCRIPT_LAST_WORDS:
		say_ready();
		for (i = 0; i < 150; i++)
			say(IMSG_COUNTERS, &counters, sizeof(counters));
		say(IMSG_HANDED_OVER, NULL, 0);
		_exit(EXIT_ALLOWED);
	case SCRIPT_EVIL_LOG:
		say_ready();
		say(IMSG_LOG, &log, sizeof(log));
		_exit(EXIT_ALLOWED);
	case SCRIPT_SHUTDOWN:
		reach(TRY_CLIENT);
		end.client = client;
		say(IMSG_SHUTDOWN, &end, sizeof(end));
		say(IMSG_FINISHED, &finished, sizeof(finished));
		_exit(0);
	case SCRIPT_TRY:
		break;
	}
	do_try((enum try_state)script, deaths, nth);
}

void
__wrap_engine_main(void)
{
	struct {
		struct imsg_hdr	hdr;
		struct msg_conf	conf;
	}	first;
	struct pollfd	pfd = { .fd = FD_CHANNEL, .events = POLLIN };
	uint32_t	general, count;
	uint64_t	deaths;

	/* It stays there for the real one. */
	if (poll(&pfd, 1, -1) != 1 ||
	    recv(FD_CHANNEL, &first, sizeof(first), MSG_PEEK) !=
	    (ssize_t)sizeof(first) || first.hdr.type != IMSG_CONF)
		_exit(1);
	general = first.conf.timeouts.seconds[TIMEOUT_GENERAL];
	count = first.conf.timeouts.seconds[TIMEOUT_ICMP];
	if (general < SCRIPT_BASE ||
	    first.conf.counters.worker_deaths >= count)
		__real_engine_main();
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* a test may fail */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (fcntl(FD_CHANNEL, F_SETFL, 0) == -1 ||
	    imsgbuf_init(&channel, FD_CHANNEL) == -1)
		_exit(1);
	imsgbuf_allow_fdpass(&channel);
	/* A first one that is not ready would be the daemon's end. */
	if (first.conf.counters.worker_deaths == 0) {
		say_ready();
		_exit(EXIT_ALLOWED);
	}
	deaths = first.conf.counters.worker_deaths - 1;
	do_script(general - SCRIPT_BASE, deaths,
	    first.conf.timeouts.seconds[TIMEOUT_UDP] - 1 +
	    (unsigned int)deaths * first.conf.timeouts.seconds[TIMEOUT_TCP]);
}
