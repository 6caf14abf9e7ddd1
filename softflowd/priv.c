/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The privileged parent: opens everything, confines itself, starts the
 * worker, and from then on only passes descriptors and lines on.  It never
 * parses a packet, a flow or a control request.
 */

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "log.h"
#include "priv.h"
#include "priv_state.h"
#include "sandbox.h"

#define PRIV_POLL_MS	1000
#define PRIV_ASLEEP_MS	5000	/* between two turns: more than one lasts */
#define PRIV_AGAIN_MS	1000	/* one wish may be two signals: timeout(1) */
#define PRIV_QUEUE_MAX	256	/* messages: a worker that reads has none */

enum { PFD_WORKER, PFD_CONTROL, PFD_LINK, PFD_RESOLVER, PFD_EXPORT,
    PFD_MAX = PFD_EXPORT + MAX_EXPORT };

struct priv	priv;

static sigset_t			 handled;	/* blocked but in ppoll(2) */
static sigset_t			 waiting;	/* the mask there */
static volatile sig_atomic_t	 got_child, got_end, got_info, got_hup;

int64_t
priv_now_ms(void)
{
	struct timespec	ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		fatal("clock_gettime");
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

static void
priv_signal(int sig)
{
	switch (sig) {
	case SIGCHLD:
		got_child = 1;
		break;
	case SIGHUP:
		got_hup = 1;
		break;
	case SIGINT:
	case SIGTERM:
		got_end = 1;
		break;
	default:
		got_info = 1;
		break;
	}
}

/* Handlers run only while we wait in ppoll(2). */
static void
priv_signals(void)
{
	static const int	 signals[] = { SIGCHLD, SIGHUP, SIGINT, SIGTERM,
				    SIGUSR1,
#ifdef SIGINFO
				    SIGINFO
#endif
	};
	struct sigaction	 sa = { .sa_handler = priv_signal };
	size_t			 i;

	sigemptyset(&handled);
	sigfillset(&sa.sa_mask);
	for (i = 0; i < nitems(signals); i++) {
		sigaddset(&handled, signals[i]);
		if (sigaction(signals[i], &sa, NULL) == -1)
			fatal("sigaction");
	}
	(void)signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &handled, &waiting) == -1)
		fatal("sigprocmask");
	/* Whoever started us may have blocked some. */
	for (i = 0; i < nitems(signals); i++)
		sigdelset(&waiting, signals[i]);
}

/*
 * Set-up, as far as the caller's rights reach
 */

static void
priv_warn_versions(void)
{
	unsigned int	i;

	for (i = 0; i < priv.opt->ndest; i++)
		if (priv.opt->dest[i].version <= 5)
			break;
	if (i < priv.opt->ndest)
		log_info("NetFlow v%d cannot carry IPv6: its collectors do "
		    "not get such flows, which is counted; -v 9 and -v 10 "
		    "carry them", priv.opt->dest[i].version);
	for (i = 0; i < priv.opt->ndest && priv.opt->sampling > 1; i++)
		if (priv.opt->dest[i].version == 1) {
			log_warnx("NetFlow v1 cannot say that -s %u samples; "
			    "-v 5, -v 9 and -v 10 can", priv.opt->sampling);
			break;
		}
}

static void
priv_open(void)
{
	struct timespec	 ts;
	const char	*what;

	priv.filter_fd = priv.link_fd = priv.table_fd = -1;
	if (priv_exec_init(&what) == -1)
		fatal("%s", what);
	priv_find_user();
	priv_export_open();
	priv_warn_versions();
	priv_pidfile_open();
	priv_control_open();
	priv_capture_open();
	clock_gettime(CLOCK_REALTIME, &ts);
	priv.boot_unix_us = (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
	priv.boot_mono_us = priv_now_ms() * 1000;
}

/* The shell's process: whoever tells it to end means the daemon. */
static __dead void
priv_await_start(pid_t pid, int fd)
{
	ssize_t	n;
	int	status;
	char	ok;

	sigprocmask(SIG_SETMASK, &waiting, NULL);
	while ((n = read(fd, &ok, 1)) == -1 && errno == EINTR)
		if (got_end)
			kill(pid, SIGTERM);
	if (n == 1)
		_exit(0);
	/* Of an error it has told, but not of a sudden death. */
	if (waitpid(pid, &status, 0) == pid && WIFSIGNALED(status))
		log_warnx("killed by signal %d (%s) before it was ready",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	_exit(1);
}

/*
 * Into the background, before the first child starts, which so is the
 * daemon's own.  The shell's process waits until a worker is ready, so that
 * its exit status and its stderr tell the truth.
 */
static void
priv_daemonise(void)
{
	int	pipefd[2];
	pid_t	pid;

	priv.notify_fd = -1;
	if (priv.opt->foreground)
		return;
	if (pipe2(pipefd, O_CLOEXEC) == -1)
		fatal("pipe");
	if ((pid = fork()) == -1)
		fatal("fork");
	if (pid != 0) {
		close(pipefd[1]);
		priv_await_start(pid, pipefd[0]);
	}
	close(pipefd[0]);
	priv.notify_fd = pipefd[1];
	if (setsid() == -1)
		fatal("daemon");
}

void
priv_ready(void)
{
	static int	told;

	if (!told++) {
		priv_notify_ready();
		if (priv.notify_fd != -1)
			log_to_stderr(0);
		if (priv.opt->savefile == NULL)
			log_info("version %s is ready", SOFTFLOWD_VERSION);
	}
	if (priv.notify_fd == -1)
		return;
	if (dup2(priv.null_fd, STDIN_FILENO) == -1 ||
	    dup2(priv.null_fd, STDOUT_FILENO) == -1 ||
	    dup2(priv.null_fd, STDERR_FILENO) == -1)
		fatal("/dev/null");
	if (write(priv.notify_fd, "", 1) != 1)
		log_debug("nobody waits for our start");
	close(priv.notify_fd);
	priv.notify_fd = -1;
}

static void
priv_confine(void)
{
	struct sandbox_parent	 box = { 0 };
	const char		*step = "";
	char			 text[256];

	box.root = priv.root;
	box.uid = priv.uid;
	box.gid = priv.gid;
	box.binary_fd = priv.binary_fd;
	box.binary_path = priv.binary_path;
	if (priv.pidfile.fd != -1)
		box.remove_dirs[box.nremove_dirs++] = priv.pidfile.dir;
	if (priv.ctlsock.fd != -1)
		box.remove_dirs[box.nremove_dirs++] = priv.ctlsock.dir;
	box.nconfig_dirs = config_dirs(box.config_dirs);
	box.ntcp_ports = priv_export_ports(box.tcp_ports);
	box.tcp_bind = priv.tcp_bind = priv.opt->source != NULL;
	if (sandbox_parent(&box, &priv.layers, &priv.landlock_abi,
	    &step) == -1)
		fatal("confinement of the parent failed at %s", step);
	priv.confined = 1;
	priv.tcp_any = priv.landlock_abi < SANDBOX_PORTS_ABI;
	sandbox_describe(priv.layers, text, sizeof(text));
	log_debug("parent: confined by %s%s", text,
	    sandbox_os_remark(priv.landlock_abi));
}

/*
 * The loop
 */

/* What nobody can ask for any more. */
static void
priv_report_losses(const struct summary_report *report)
{
	const struct summary_export	*row = report->export;

	for (; row < report->export + report->nexport; row++)
		if (row->counters.records_lost > 0 && row->slot < priv.ndest)
			log_warnx("collector %s: %llu records were lost",
			    priv.dest[row->slot].name,
			    (unsigned long long)row->counters.records_lost);
}

/* A counter that is 0: most are, and in a log they hide the others. */
static int
counts_nothing(const char *line)
{
	size_t	len = strlen(line);

	return (len > 2 && line[0] == ' ' && strcmp(line + len - 2, " 0") ==
	    0);
}

void
priv_report(const struct summary_report *report)
{
	char	*text = NULL, *line, *rest;
	size_t	 len;
	FILE	*fp;

	/* The last one of a savefile is its result. */
	if (priv.opt->savefile != NULL && priv.worker.summary_wanted == 0) {
		summary_print(stdout, report);
		if (fflush(stdout) == EOF || ferror(stdout)) {
			log_warn("standard output");
			priv.status = 1;
		}
		return;
	}
	/* At the end of a live run nobody has asked. */
	if (priv.worker.phase == WORKER_FINISHING) {
		priv_report_losses(report);
		return;
	}
	if ((fp = open_memstream(&text, &len)) == NULL)
		return;
	summary_print(fp, report);
	if (fclose(fp) == 0)
		for (rest = text; (line = strsep(&rest, "\n")) != NULL;)
			if (*line != '\0' && !counts_nothing(line))
				log_info("%s", line);
	free(text);
}

static void
priv_reap(void)
{
	pid_t	pid;
	int	status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == priv.worker.pid)
			priv_worker_reap(status);
}

/* Export everything and end; told again, at once. */
static void
priv_end(void)
{
	static int64_t	told_ms;
	int64_t		now = priv_now_ms();

	if (told_ms == 0) {
		told_ms = now;
		log_info("shutting down on a signal");
		priv_finish();
	} else if (now - told_ms >= PRIV_AGAIN_MS) {
		log_warnx("told twice to end: ending at once, flows may not "
		    "be exported");
		priv.status = 1;
		priv.quit = 1;
	}
}

static void
priv_handle_signals(void)
{
	if (got_child) {
		got_child = 0;
		priv_reap();
	}
	if (got_end) {
		got_end = 0;
		priv_end();
	}
	if (got_info) {
		got_info = 0;
		if (priv.worker.phase == WORKER_RUNNING) {
			priv.worker.summary_wanted++;
			priv_worker_send(IMSG_SUMMARY_REQ, -1, NULL, 0);
		}
	}
	/* One that comes in the midst of another is for what is read next. */
	if (got_hup && priv.reload == NULL &&
	    priv.worker.phase == WORKER_RUNNING) {
		got_hup = 0;
		priv_reload(-1);
	}
}

static int
priv_timeout(int more)
{
	int64_t	left, now = priv_now_ms();

	if (more)
		return (0);
	left = priv_export_next_ms() - now;
	if (priv.worker.phase == WORKER_NONE &&
	    left > priv.worker.next_ms - now)
		left = priv.worker.next_ms - now;
	if (left > priv_notify_next_ms() - now)
		left = priv_notify_next_ms() - now;
	if (left > priv_interfaces_next_ms() - now)
		left = priv_interfaces_next_ms() - now;
	return (left < 0 ? 0 : left > PRIV_POLL_MS ? PRIV_POLL_MS :
	    (int)left);
}

/*
 * ppoll(2) delivers no signal while a descriptor is ready, and a hostile
 * worker can keep its channel ready for ever.
 */
static void
priv_let_signals_in(void)
{
	sigprocmask(SIG_SETMASK, &waiting, NULL);
	sigprocmask(SIG_BLOCK, &handled, NULL);
}

static void
priv_write_failed(void)
{
	/* A dying worker; the reaper has the details.  Or one that stays. */
	if (errno == EPIPE || errno == ECONNRESET) {
		priv.worker.deadline_ms = priv_now_ms() + WORKER_EOF_MS;
		priv.worker.deaf = 1;
	} else	/* ETOOMANYREFS, ENOBUFS ...: not its fault */
		priv_worker_replace("message to the worker");
}

static int
priv_poll(int more)
{
	struct pollfd	 pfd[PFD_MAX];
	struct timespec	 ts;
	struct worker	*w = &priv.worker;
	int		 ms = priv_timeout(more);

	memset(pfd, 0, sizeof(pfd));
	pfd[PFD_WORKER].fd = w->pid > 0 && !w->eof && !w->killed ?
	    w->channel.fd : -1;
	pfd[PFD_WORKER].events = POLLIN;
	if (w->pid > 0 && !w->deaf && imsgbuf_queuelen(&w->channel) > 0)
		pfd[PFD_WORKER].events |= POLLOUT;
	if (w->pid > 0 &&
	    imsgbuf_queuelen(&w->channel) > PRIV_QUEUE_MAX)
		priv_worker_kill("does not read its messages");
	pfd[PFD_CONTROL].fd = priv_control_fd();
	pfd[PFD_CONTROL].events = POLLIN;
	pfd[PFD_LINK].fd = priv.link_fd;
	pfd[PFD_LINK].events = POLLIN;
	pfd[PFD_RESOLVER].fd = priv_resolver_fd();
	pfd[PFD_RESOLVER].events = POLLIN;
	priv_export_pollfds(&pfd[PFD_EXPORT]);
	ts.tv_sec = ms / 1000;
	ts.tv_nsec = ms % 1000 * 1000000L;
	if (ppoll(pfd, PFD_MAX, &ts, &waiting) == -1) {
		if (errno != EINTR)
			fatal("ppoll");
		return (0);
	}
	priv_let_signals_in();
	if (pfd[PFD_WORKER].revents & POLLOUT &&
	    imsgbuf_write(&w->channel) == -1)
		priv_write_failed();
	if (pfd[PFD_CONTROL].revents & POLLIN)
		priv_control_accept();
	if (pfd[PFD_LINK].revents & POLLIN)
		priv_link_event();
	if (pfd[PFD_RESOLVER].revents != 0)
		priv_resolver_event();
	priv_export_events(&pfd[PFD_EXPORT]);
	if (more || pfd[PFD_WORKER].revents & (POLLIN | POLLHUP))
		return (priv_dispatch_worker());
	return (0);
}

/*
 * We were stopped, or the machine was: perhaps so was the worker, and what it
 * has to say waits to be read.
 */
static void
priv_notice_sleep(int64_t now_ms)
{
	static int64_t	before_ms;
	int64_t		gap_ms = now_ms - before_ms;

	if (before_ms != 0 && gap_ms >= PRIV_ASLEEP_MS) {
		log_info("did not run for %lld ms", (long long)gap_ms);
		priv_worker_slept(gap_ms);
		priv_resolver_slept(gap_ms);
	}
	before_ms = now_ms;
}

int
priv_main(int argc, char *argv[], struct options *opt)
{
	int		more = 0;

	priv.opt = opt;
	priv_reload_source(argc, argv);
	log_init("softflowd", 1, opt->debug);
	log_set_level(opt->log_level);
	priv_signals();		/* from here on they end us in good order */
	priv_files_init();
	if (atexit(priv_files_remove) != 0)
		fatal("atexit");
	priv_notify_open();
	if (!opt->foreground)
		log_open_syslog();	/* at boot nobody reads stderr */
	priv_daemonise();
	priv_open();
	if (!opt->foreground && chdir("/") == -1)
		fatal("/");
	priv_pidfile_write();
	summary_load_protocols();
	priv_confine();
	priv_let_signals_in();
	priv.quit = got_end != 0;
	while (!priv.quit) {
		priv_notice_sleep(priv_now_ms());
		priv_worker_timers(priv_now_ms());
		priv_interfaces_timers(priv_now_ms());
		priv_handover_timers(priv_now_ms());
		priv_export_timers(priv_now_ms());
		priv_resolver_timers(priv_now_ms());
		priv_notify_timers(priv_now_ms());
		priv_statistics_timers(priv_now_ms());
		log_limits_tick(priv_now_ms());
		more = priv_poll(more);
		priv_handle_signals();
	}
	priv_notify_stopping();
	if (priv.worker.pid > 0) {
		kill(priv.worker.pid, SIGKILL);
		waitpid(priv.worker.pid, NULL, 0);
	}
	return (priv.status);
}
