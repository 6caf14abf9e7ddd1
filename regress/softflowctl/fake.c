/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"

#define MAX_WORDS	32

const char	*fake_srcdir;
int	fake_sanitized;
char	program[PATH_MAX];
uid_t	run_uid;
unsigned short	run_columns;
long	run_kbytes;

void
find_program(const atf_tc_t *tc)
{
	fake_srcdir = atf_tc_get_config_var(tc, "srcdir");
	fake_sanitized = strcmp(atf_tc_get_config_var_wd(tc, "kind", "plain"),
	    "asan") == 0;
	(void)snprintf(program, sizeof(program),
	    "%s/../../softflowctl/softflowctl", fake_srcdir);
	ATF_REQUIRE(access(program, X_OK) == 0);
}

int
listen_at(const char *path)
{
	struct sockaddr_un sun;
	int fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	ATF_REQUIRE((fd = socket(AF_UNIX, SOCK_STREAM, 0)) != -1);
	ATF_REQUIRE_EQ(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	ATF_REQUIRE_EQ(listen(fd, 1), 0);
	return (fd);
}

/* One request; 0 when it was not one. */
static int
take_request(struct imsgbuf *ibuf)
{
	static char payload[MSG_WORKER_MAX];
	struct imsg imsg;
	uint32_t type;
	size_t len;
	int fd, ok;

	if (imsgbuf_read(ibuf) != 1 || imsgbuf_get(ibuf, &imsg) != 1 ||
	    imsg_get_id(&imsg) != CTL_VERSION)
		return (0);
	type = imsg_get_type(&imsg);
	len = imsg_get_len(&imsg);
	if (len > sizeof(payload) ||
	    (len > 0 && imsg_get_data(&imsg, payload, len) == -1))
		return (0);
	fd = open("request", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ok = write(fd, &type, sizeof(type)) == sizeof(type) &&
	    write(fd, payload, len) == (ssize_t)len;
	close(fd);
	return (ok);
}

static pid_t
start_daemon(answer_fn *answer)
{
	struct imsgbuf ibuf;
	pid_t pid;
	int fd, conn;

	fd = listen_at(SOCK);
	if ((pid = fork()) != 0) {
		ATF_REQUIRE(pid != -1);
		close(fd);
		return (pid);
	}
	/* Who has read enough hangs up. */
	(void)signal(SIGPIPE, SIG_IGN);
	if ((conn = accept(fd, NULL, NULL)) == -1 ||
	    imsgbuf_init(&ibuf, conn) == -1 || !take_request(&ibuf))
		_exit(1);
	answer(&ibuf);
	(void)imsgbuf_flush(&ibuf);
	_exit(0);
}

static void
redirect(const char *name, int to)
{
	int fd;

	if ((fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600)) == -1 ||
	    dup2(fd, to) == -1)
		_exit(97);
}

/* A terminal; its other end goes to *program_fd. */
static int
open_terminal(int *program_fd)
{
	struct winsize ws = { .ws_row = 24, .ws_col = run_columns };
	int fd;

	ATF_REQUIRE((fd = posix_openpt(O_RDWR | O_NOCTTY)) != -1);
	ATF_REQUIRE(grantpt(fd) == 0 && unlockpt(fd) == 0);
	*program_fd = open(ptsname(fd), O_RDWR | O_NOCTTY);
	ATF_REQUIRE(*program_fd != -1);
	ATF_REQUIRE_EQ(ioctl(fd, TIOCSWINSZ, &ws), 0);
	return (fd);
}

/* What was printed to it, until nobody can any more, goes to out. */
static void
save_terminal(int fd)
{
	char buf[4096];
	ssize_t n;
	int out;

	out = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		ATF_REQUIRE_EQ(write(out, buf, (size_t)n), n);
	close(out);
	close(fd);
}

int
run(const char *path, const char *line)
{
	char copy[1024], *argv[MAX_WORDS], *next = copy, *word;
	int argc = 0, status, terminal = -1, program_fd = -1;
	struct rusage usage;
	pid_t pid;

	strlcpy(copy, line, sizeof(copy));
	argv[argc++] = program;
	argv[argc++] = (char []){ "-c" };
	argv[argc++] = strdup(path);
	while (argc < MAX_WORDS - 1 && (word = strsep(&next, " ")) != NULL)
		argv[argc++] = word;
	argv[argc] = NULL;
	if (run_columns > 0)
		terminal = open_terminal(&program_fd);
	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0) {
		if (terminal == -1)
			redirect("out", STDOUT_FILENO);
		else if (dup2(program_fd, STDOUT_FILENO) == -1)
			_exit(96);
		redirect("err", STDERR_FILENO);
		if (run_uid != 0 && setuid(run_uid) == -1)
			_exit(98);
		execv(program, argv);
		_exit(99);
	}
	if (terminal != -1) {
		close(program_fd);
		save_terminal(terminal);
	}
	ATF_REQUIRE_EQ(wait4(pid, &status, 0, &usage), pid);
	ATF_REQUIRE(WIFEXITED(status));
	run_kbytes = usage.ru_maxrss;
	free(argv[2]);
	return (WEXITSTATUS(status));
}

void
send_row(struct imsgbuf *ibuf, uint32_t type, const void *data, size_t len)
{
	if (imsg_compose(ibuf, type, CTL_VERSION, PID, -1, data, len) == -1)
		_exit(1);
}

void
send_result(struct imsgbuf *ibuf, uint32_t failed, uint64_t count,
    const char *text)
{
	struct ctl_result r;

	memset(&r, 0, sizeof(r));
	r.failed = failed;
	r.pid = PID;
	r.count = count;
	(void)snprintf(r.text, sizeof(r.text), "%s", text);
	send_row(ibuf, CTL_RESULT, &r, sizeof(r));
}

int
run_against(answer_fn *answer, const char *line)
{
	pid_t pid = start_daemon(answer);
	int status, got;

	got = run(SOCK, line);
	ATF_REQUIRE_EQ(waitpid(pid, &status, 0), pid);
	ATF_CHECK_EQ(status, 0);
	ATF_REQUIRE_EQ(unlink(SOCK), 0);
	return (got);
}

void
check_status(answer_fn *answer, const char *line, int want_status)
{
	ATF_CHECK_EQ_MSG(run_against(answer, line), want_status, "%s", line);
}

void
check_answer(answer_fn *answer, const char *line, int want_status,
    const char *want, const char *file)
{
	check_status(answer, line, want_status);
	ATF_CHECK_MSG(atf_utils_grep_file("%s", file, want), "%s: no \"%s\"",
	    line, want);
	atf_utils_cat_file("out", "out: ");
	atf_utils_cat_file("err", "err: ");
}
