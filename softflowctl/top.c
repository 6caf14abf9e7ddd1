/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The live screen's loop: answers of the daemon, keys of the user, time.
 * None of them waits for another.
 */

#include <sys/types.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compat.h"
#include "top.h"
#include "top_fetch.h"
#include "top_keys.h"
#include "top_screen.h"
#include "top_state.h"
#include "top_term.h"

#define LATE_US		3000000	/* an answer that takes longer is late */
#define BATCH_WIDTH	132

static const char	fetcher_gone[] =
    "the process that asks softflowd has ended";

static volatile sig_atomic_t	quit;
static struct top_state		state;
static struct top_user		user;
static char			trouble[600];

static void
on_signal(int sig)
{
	(void)sig;
	quit = 1;
}

/* They come only while we wait, so that none is missed; curses has WINCH. */
static void
catch_signals(sigset_t *waiting)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa;
	sigset_t blocked;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	sigemptyset(&sa.sa_mask);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGWINCH);
	for (i = 0; i < nitems(signals); i++) {
		sigaddset(&blocked, signals[i]);
		if (sigaction(signals[i], &sa, NULL) == -1)
			err(1, "sigaction");
	}
	if (sigprocmask(SIG_BLOCK, &blocked, waiting) == -1)
		err(1, "sigprocmask");
	for (i = 0; i < nitems(signals); i++)
		sigdelset(waiting, signals[i]);
	sigdelset(waiting, SIGWINCH);
}

static void
print_line(void *arg, unsigned int row, enum top_look look, const char *text)
{
	size_t len = strlen(text);

	(void)row;
	(void)look;
	while (len > 0 && text[len - 1] == ' ')
		len--;
	fprintf(arg, "%.*s\n", (int)len, text);
}

static void
draw(int batch)
{
	unsigned int width, height;

	if (batch) {
		top_screen_draw(&state, &user.view, BATCH_WIDTH,
		    TOP_ROWS + 16, print_line, stdout);
		if (fflush(stdout) == EOF)
			err(1, "standard output");
		return;
	}
	top_term_size(&width, &height);
	top_term_begin();
	top_screen_draw(&state, &user.view, width, height, top_term_line,
	    NULL);
	top_term_end(user.view.prompt != NULL);
}

/* Why there is nothing new, if that is so. */
static void
explain_lateness(void)
{
	uint64_t asked_us = top_fetch_asked_us(), now_us = top_now_us();

	if (asked_us != 0 && now_us > asked_us + LATE_US)
		(void)snprintf(trouble, sizeof(trouble), "softflowd has not "
		    "answered for %u seconds; waiting",
		    (unsigned int)((now_us - asked_us) / 1000000));
}

static void
take(const struct top_answer *a)
{
	if (a->failed) {
		(void)snprintf(trouble, sizeof(trouble), "%s; trying again",
		    a->absent ? "softflowd is not running" : a->text);
		return;
	}
	trouble[0] = '\0';
	top_state_take(&state, &a->snapshot, user.view.sort);
}

/*
 * Before there is a screen: wait for the first answer, that the user be told
 * on standard error what is wrong.
 */
static int
first_answer(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	const struct top_answer *a = NULL;
	int gone = 0;

	if (top_fetch_ask(&user.filter, user.view.sort) == -1)
		gone = 1;
	while (a == NULL && !gone) {
		if (poll(&pfd, 1, -1) == -1 && errno != EINTR)
			err(1, "poll");
		a = top_fetch_take(&gone);
	}
	if (a != NULL && !a->failed) {
		take(a);
		return (0);
	}
	if (a == NULL)
		warnx("%s", fetcher_gone);
	else
		warnx("%s", a->text);
	return (-1);
}

/* Until when to wait, in milliseconds: the next question, or lateness. */
static int
timeout_ms(uint64_t next_us)
{
	uint64_t now_us = top_now_us();

	if (top_fetch_asked_us() != 0)
		return (1000);
	if (user.view.paused)
		return (-1);
	return (next_us <= now_us ? 0 : (int)((next_us - now_us) / 1000) + 1);
}

/* Wait and serve whatever comes.  1: the user quits; -1: it cannot go on. */
static int
turn(int fd, int batch, uint64_t next_us, const sigset_t *waiting,
    unsigned int *answers)
{
	struct pollfd pfd[2] = { { .fd = fd, .events = POLLIN },
	    { .fd = batch ? -1 : STDIN_FILENO, .events = POLLIN } };
	int ms = timeout_ms(next_us), gone, key;
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };
	const struct top_answer *a;

	if (ppoll(pfd, nitems(pfd), ms == -1 ? NULL : &ts, waiting) == -1 &&
	    errno != EINTR)
		return (-1);
	if (quit || (pfd[1].revents & (POLLHUP | POLLERR | POLLNVAL)))
		return (1);
	/* Also for the resize that a signal has told of. */
	while (!batch && (key = top_term_key()) != TOP_KEY_NONE)
		if (top_user_key(&user, key) == -1)
			return (1);
	if (pfd[0].revents != 0) {
		if ((a = top_fetch_take(&gone)) != NULL) {
			take(a);
			(*answers)++;
		}
		if (gone)
			return (-1);
	}
	return (0);
}

/*
 * Until the user quits, 0, or as many answers have come; 1 if the last of
 * those was none.  -1: it cannot go on.
 */
static int
run(int fd, int batch, unsigned int count, const sigset_t *waiting)
{
	uint64_t next_us = top_now_us() + 1000000;	/* soon has rates */
	unsigned int answers = 1, drawn = 0;
	int status = 0;

	user.ask_now = 0;
	user.view.trouble = trouble;
	while (status == 0) {
		explain_lateness();
		if (user.resort)
			top_state_sort(&state, user.view.sort);
		user.resort = 0;
		if (!batch || answers != drawn)
			draw(batch);
		drawn = answers;
		if (count != 0 && answers >= count)
			return (trouble[0] != '\0');
		status = turn(fd, batch, next_us, waiting, &answers);
		if (status != 0 || top_fetch_asked_us() != 0 ||
		    (!user.ask_now && (user.view.paused ||
		    top_now_us() < next_us)))
			continue;
		user.ask_now = 0;
		next_us = top_now_us() +
		    (uint64_t)user.view.interval_s * 1000000;
		status = top_fetch_ask(&user.filter, user.view.sort);
	}
	return (status == 1 ? 0 : -1);
}

static int
usage(void)
{
	fprintf(stderr, "usage: softflowctl [-c ctlsocket] top [-b] [-n count] "
	    "[-s seconds] [filter]\n");
	return (1);
}

int
top_main(const char *socket_path, int argc, char *argv[])
{
	const char *bad;
	char error[512];
	sigset_t waiting;
	unsigned int count = 0;
	int batch = 0, ch, fd, status;

	top_user_init(&user);
	optreset = 1;
	optind = 1;
	while ((ch = getopt(argc, argv, ":bn:s:")) != -1) {
		switch (ch) {
		case 'b':
			batch = 1;
			break;
		case 'n':
			count = (unsigned int)strtonum(optarg, 1, 1000000000,
			    &bad);
			if (bad != NULL)
				errx(1, "-n %s: %s; allowed are 1 to "
				    "1000000000 answers", optarg, bad);
			break;
		case 's':
			if (top_user_interval(&user, optarg, error,
			    sizeof(error)) == -1)
				errx(1, "-s %s", error);
			break;
		case ':':
			errx(1, "top: -%c: it needs an argument", optopt);
		default:
			warnx("top: -%c: unknown option", optopt);
			return (usage());
		}
	}
	if (top_user_filter(&user, argc - optind, argv + optind, error,
	    sizeof(error)) == -1)
		errx(1, "%s", error);
	if (!batch && top_term_check(error, sizeof(error)) == -1)
		errx(1, "%s", error);
	if ((fd = top_fetch_start(socket_path)) == -1)
		err(1, "top");
	if (first_answer(fd) == -1) {
		top_fetch_stop();
		return (1);
	}
	catch_signals(&waiting);
	if (!batch && top_term_start() == -1) {
		top_fetch_stop();
		errx(1, "the terminal cannot be used");
	}
	if (batch)	/* nobody to be told of keys */
		user.view.bottom = " ";
	status = run(fd, batch, count, &waiting);
	top_term_stop();
	top_fetch_stop();
	if (status == -1)
		errx(1, "%s", fetcher_gone);
	return (status);
}
