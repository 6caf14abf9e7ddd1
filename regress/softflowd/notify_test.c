/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What a service manager is told, and the line of statistics. */

#include <sys/socket.h>
#include <sys/un.h>

#include <atf-c.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "described.h"
#include "log.h"
#include "priv_state.h"

static struct options	options;
struct priv		priv = { .opt = &options };

static int64_t		now_ms = 100000;
static int		manager = -1;
static char		told[1024];
static unsigned int	complaints;

int64_t
priv_now_ms(void)
{
	return (now_ms);
}

static void
sink(int priority, const char *text)
{
	(void)priority;
	(void)text;
	complaints++;
}

/* Listen on a name, and say so in the environment. */
static void
listen_on(const char *name)
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };

	log_set_sink(sink);
	strlcpy(sun.sun_path, name, sizeof(sun.sun_path));
	if (*name == '@')
		sun.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ATF_REQUIRE(manager != -1);
	ATF_REQUIRE_EQ(bind(manager, (struct sockaddr *)&sun, (socklen_t)
	    (offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

/* The next datagram; empty: there is none. */
static const char *
hear(void)
{
	ssize_t	n = recv(manager, told, sizeof(told) - 1, 0);

	told[n > 0 ? n : 0] = '\0';
	return (told);
}

static void
listen_here(void)
{
	char	path[256], dir[200];

	ATF_REQUIRE(getcwd(dir, sizeof(dir)) != NULL);
	snprintf(path, sizeof(path), "%s/manager", dir);
	/* Where the path is too long for a socket. */
	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		snprintf(path, sizeof(path), "/tmp/notify_test.%ld",
		    (long)getpid());
	unlink(path);
	listen_on(path);
}

CASE(nobody_is_told_without_a_socket, "nor is that an error")
{
	log_set_sink(sink);
	unsetenv("NOTIFY_SOCKET");
	setenv("WATCHDOG_USEC", "1000000", 1);
	priv_notify_open();
	priv_notify_ready();
	priv_notify_stopping();
	ATF_CHECK_EQ(priv_notify_next_ms(), INT64_MAX);
	ATF_CHECK_EQ(complaints, 0);
	ATF_CHECK(getenv("WATCHDOG_USEC") == NULL);
}

CASE(ready_reload_and_stop_are_told, "each with a status for people")
{
	struct timespec	ts;
	char		wanted[256];
	long long	usec, now;

	listen_here();
	priv.ncapture = 2;
	options.ndest = 1;
	priv_notify_open();
	ATF_CHECK_STREQ(hear(), "");
	priv_notify_ready();
	snprintf(wanted, sizeof(wanted), "READY=1\nMAINPID=%ld\nSTATUS=2 "
	    "sources of packets, 1 collector", (long)getpid());
	ATF_CHECK_STREQ(hear(), wanted);
	priv_notify_reloading();
	ATF_CHECK_EQ(sscanf(hear(), "RELOADING=1\nMONOTONIC_USEC=%lld\n",
	    &usec), 1);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
	ATF_CHECK(usec <= now && usec > now - 5000000);
	priv_notify_ready();
	ATF_CHECK_STREQ(hear(), wanted);
	priv_notify_stopping();
	ATF_CHECK_STREQ(hear(),
	    "STOPPING=1\nSTATUS=exporting what is left");
	priv_notify_stopping();
	ATF_CHECK_STREQ(hear(), "");
	ATF_CHECK_EQ(complaints, 0);
}

CASE(name_may_be_abstract, "with an @ before it")
{
#ifdef __linux__
	char	name[64];

	snprintf(name, sizeof(name), "@notify_test.%ld", (long)getpid());
	listen_on(name);
	priv_notify_open();
	priv_notify_ready();
	ATF_CHECK(strncmp(hear(), "READY=1\n", 8) == 0);
#else
	atf_tc_skip("only Linux has such names");
#endif
}

CASE(environment_says_nothing_afterwards, "so that no child hears of it")
{
	listen_here();
	setenv("WATCHDOG_USEC", "1000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	priv_notify_open();
	ATF_CHECK(getenv("NOTIFY_SOCKET") == NULL);
	ATF_CHECK(getenv("WATCHDOG_USEC") == NULL);
	ATF_CHECK(getenv("WATCHDOG_PID") == NULL);
}

CASE(wrong_names_are_complained_of, "and nobody is told anything")
{
	static const char *const	names[] = {
		"relative", "", "vsock:2:1234", "/nonexistent/socket"
	};
	char				longer[200];
	unsigned int			i;

	log_set_sink(sink);
	for (i = 0; i < nitems(names); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		priv_notify_open();
		priv_notify_ready();
		ATF_CHECK_EQ_MSG(complaints, i + 1, "\"%s\"", names[i]);
	}
	memset(longer, 'x', sizeof(longer));
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longer, 1);
	priv_notify_open();
	ATF_CHECK_EQ(complaints, i + 1);
}

static void
open_watchdog(const char *usec, const char *pid)
{
	listen_here();
	setenv("WATCHDOG_USEC", usec, 1);
	unsetenv("WATCHDOG_PID");
	if (pid != NULL)
		setenv("WATCHDOG_PID", pid, 1);
	priv_notify_open();
	priv_notify_timers(now_ms);
	priv.worker.phase = WORKER_RUNNING;
	priv.worker.seen_ms = now_ms;
	priv_notify_ready();
	hear();
}

CASE(watchdog_is_fed_twice_in_its_time, "from when we are ready")
{
	open_watchdog("3000000", NULL);
	priv_notify_timers(now_ms);
	ATF_CHECK_STREQ(hear(), "WATCHDOG=1");
	ATF_CHECK_EQ(priv_notify_next_ms(), now_ms + 1500);
	now_ms += 1499;
	priv_notify_timers(now_ms);
	ATF_CHECK_STREQ(hear(), "");
	now_ms++;
	priv_notify_timers(now_ms);
	ATF_CHECK_STREQ(hear(), "WATCHDOG=1");
}

CASE(silent_worker_starves_the_watchdog, "but not one that is about to end")
{
	open_watchdog("3000000", NULL);
	now_ms += 29999;
	priv_notify_timers(now_ms);
	ATF_CHECK_STREQ(hear(), "WATCHDOG=1");
	now_ms += 1500;
	priv_notify_timers(now_ms);
	ATF_CHECK_STREQ(hear(), "");
	/* Dead and not yet replaced is no better. */
	priv.worker.phase = WORKER_NONE;
	now_ms += 1500;
	priv_notify_timers(now_ms);
	ATF_CHECK_STREQ(hear(), "");
	priv.worker.phase = WORKER_FINISHING;
	now_ms += 1500;
	priv_notify_timers(now_ms);
	ATF_CHECK_STREQ(hear(), "WATCHDOG=1");
}

CASE(watchdog_of_another_is_left_alone, "and one that makes no sense")
{
	char	self[32];

	open_watchdog("3000000", "1");
	ATF_CHECK_EQ(priv_notify_next_ms(), INT64_MAX);
	ATF_CHECK_EQ(complaints, 0);
	open_watchdog("soon", NULL);
	ATF_CHECK_EQ(priv_notify_next_ms(), INT64_MAX);
	ATF_CHECK_EQ(complaints, 1);
	snprintf(self, sizeof(self), "%ld", (long)getpid());
	open_watchdog("3000000", self);
	ATF_CHECK_EQ(priv_notify_next_ms(), now_ms);
}

CASE(ready_is_told_when_a_reload_is_over, "by a worker that works with it")
{
	struct priv_reload	next;

	listen_here();
	priv_notify_open();
	priv.worker.phase = WORKER_RUNNING;
	priv_notify_ready();
	hear();
	priv_notify_timers(now_ms);
	ATF_CHECK_STREQ(hear(), "");
	priv_notify_reloading();
	ATF_CHECK(strncmp(hear(), "RELOADING=1", 11) == 0);
	priv.reload = &next;
	priv_notify_timers(now_ms);
	ATF_CHECK_STREQ(hear(), "");
	priv.reload = NULL;
	priv.handover = 1;
	priv_notify_timers(now_ms);
	ATF_CHECK_STREQ(hear(), "");
	priv.handover = 0;
	priv.worker.phase = WORKER_STARTING;
	priv_notify_timers(now_ms);
	ATF_CHECK_STREQ(hear(), "");
	priv.worker.phase = WORKER_RUNNING;
	priv_notify_timers(now_ms);
	ATF_CHECK(strncmp(hear(), "READY=1", 7) == 0);
	priv_notify_timers(now_ms);
	ATF_CHECK_STREQ(hear(), "");
}

CASE(statistics_are_what_happened_since, "each under its counter's name")
{
	struct priv_statistics	old = { .ms = 5000 }, new = { .ms = 65000 };
	char			line[512];

	old.counters.packets = 1000;
	old.counters.octets = 1000000;
	old.records_lost = 7;
	new.counters = old.counters;
	new.counters.packets += 6060;
	new.counters.octets += 5000000000;
	new.counters.flows += 50;
	new.counters.flows_expired += 40;
	new.counters.flows_exported += 39;
	new.counters.flows_forced += 3;
	new.counters.flows_unsent += 1;
	new.counters.kernel_dropped += 2;
	new.records_lost = 10;
	priv_statistics_line(line, sizeof(line), &old, &new, 17);
	ATF_CHECK_STREQ(line, "statistics: seconds=60 active_flows=17 "
	    "packets_per_second=101 packets=6060 octets=5000000000 flows=50 "
	    "flows_expired=40 flows_exported=39 flows_forced=3 "
	    "flows_unsent=1 kernel_dropped=2 records_lost=3");
}

CASE(statistics_may_go_back, "by second sightings, but not what was lost")
{
	struct priv_statistics	old = { .ms = 0 }, new = { .ms = 1000 };
	char			line[512];

	old.counters.packets = 100;
	new.counters.packets = 90;
	old.records_lost = 5;	/* of a collector that a reload removed */
	priv_statistics_line(line, sizeof(line), &old, &new, 0);
	ATF_CHECK(strstr(line, "packets_per_second=-10 packets=-10 ") !=
	    NULL);
	ATF_CHECK(strstr(line, " records_lost=0") != NULL);
	new.counters.packets = INT64_MAX;	/* so says a worker */
	priv_statistics_line(line, sizeof(line), &old, &new, 0);
	ATF_CHECK(strstr(line, "packets_per_second=0 ") != NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, nobody_is_told_without_a_socket);
	ATF_TP_ADD_TC(tp, ready_reload_and_stop_are_told);
	ATF_TP_ADD_TC(tp, name_may_be_abstract);
	ATF_TP_ADD_TC(tp, environment_says_nothing_afterwards);
	ATF_TP_ADD_TC(tp, wrong_names_are_complained_of);
	ATF_TP_ADD_TC(tp, watchdog_is_fed_twice_in_its_time);
	ATF_TP_ADD_TC(tp, silent_worker_starves_the_watchdog);
	ATF_TP_ADD_TC(tp, watchdog_of_another_is_left_alone);
	ATF_TP_ADD_TC(tp, ready_is_told_when_a_reload_is_over);
	ATF_TP_ADD_TC(tp, statistics_are_what_happened_since);
	ATF_TP_ADD_TC(tp, statistics_may_go_back);
	return (atf_no_error());
}
