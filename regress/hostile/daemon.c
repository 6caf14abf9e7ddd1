/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <sys/types.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compat.h"
#include "daemon.h"
#include "imsg.h"
#include "msg.h"
#include "script.h"

#define AWAIT_MS	30000
#define WORDS		40

static pid_t	pid;
static int	log_fd, sanitized;
static char	text[65536];
static size_t	from, len;

int64_t
daemon_now_us(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
}

int
daemon_sanitized(const atf_tc_t *tc)
{
	return (strcmp(atf_tc_get_config_var_wd(tc, "kind", "plain"),
	    "asan") == 0);
}

static __dead void
run(const char *binary, const struct daemon_how *how)
{
	char		 words[1024], clock[16], *argv[WORDS], *p = words;
	unsigned int	 n = 0;

	snprintf(words, sizeof(words), "hostiled -d -D -i lo -p pid -c ctl "
	    "-t general=%u -t icmp=%u -t udp=%u -t tcp=%u %s",
	    SCRIPT_BASE + how->script, how->generations + 1, how->first + 1,
	    how->step == 0 ? 1 : how->step,
	    how->more == NULL ? "-n 127.0.0.1:9" : how->more);
	while (n < WORDS - 1 && (argv[n] = strsep(&p, " ")) != NULL)
		n++;
	argv[n] = NULL;
	snprintf(clock, sizeof(clock), "%d", how->clock);
	if (how->eager)
		setenv("HOSTILE_EAGER", "1", 1);
	if (how->clock != 0)
		setenv("HOSTILE_CLOCK", clock, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* a test may fail */
	execv(binary, argv);
	_exit(126);
}

void
daemon_start(const atf_tc_t *tc, const struct daemon_how *how)
{
	char	binary[1024];
	int	sv[2];

	signal(SIGPIPE, SIG_IGN);
	sanitized = daemon_sanitized(tc);
	snprintf(binary, sizeof(binary), "%s/hostiled",
	    atf_tc_get_config_var(tc, "srcdir"));
	ATF_REQUIRE_EQ(0, pipe(sv));
	from = len = 0;
	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0) {
		dup2(sv[1], STDERR_FILENO);
		run(binary, how);
	}
	close(sv[1]);
	log_fd = sv[0];
}

/* No line ends within itself, and none says anything to a terminal. */
static void
check_line(const char *line)
{
	ATF_CHECK_MSG(strstr(line, "hostile: signal") == NULL, "%s", line);
	for (; *line != '\0'; line++)
		ATF_REQUIRE_MSG(*line >= ' ' && *line <= '~',
		    "the log has the octet %d", *line);
}

const char *
daemon_line(int milliseconds)
{
	struct pollfd	 pfd = { .fd = log_fd, .events = POLLIN };
	char		*line = text + from, *end;
	ssize_t		 n;

	while ((end = memchr(text + from, '\n', len - from)) == NULL) {
		memmove(text, text + from, len - from);
		len -= from;
		from = 0;
		ATF_REQUIRE(len < sizeof(text));
		if (poll(&pfd, 1, milliseconds) != 1 ||
		    (n = read(log_fd, text + len, sizeof(text) - len)) <= 0)
			return (NULL);
		len += (size_t)n;
		line = text;
	}
	*end = '\0';
	from = (size_t)(end + 1 - text);
	fprintf(stderr, "%s\n", line);
	check_line(line);
	return (line);
}

const char *
daemon_await(const char *part)
{
	const char	*line;
	int64_t		 end = daemon_now_us() + AWAIT_MS * 1000;

	while ((line = daemon_line(AWAIT_MS)) != NULL &&
	    strstr(line, part) == NULL)
		if (daemon_now_us() > end)
			break;
	if (line == NULL || strstr(line, part) == NULL) {
		kill(pid, SIGKILL);
		atf_tc_fail("the log does not say: %s", part);
	}
	return (line);
}

void
daemon_signal(int sig)
{
	ATF_REQUIRE_EQ(0, kill(pid, sig));
}

/* Entries of a directory, but for itself and the one above. */
static unsigned int
entries(const char *path)
{
	struct dirent	*d;
	unsigned int	 n = 0;
	DIR		*dir = opendir(path);

	ATF_REQUIRE_MSG(dir != NULL, "%s", path);
	while ((d = readdir(dir)) != NULL)
		n += d->d_name[0] != '.';
	closedir(dir);
	return (n);
}

struct daemon_use
daemon_use(void)
{
	struct daemon_use	use = { 0 };
	char			path[64], line[1024], *p;
	long			user, system;
	FILE			*fp;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	use.descriptors = entries(path);
	use.files = entries(".");
	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	ATF_REQUIRE((fp = fopen(path, "r")) != NULL);
	while (fgets(line, sizeof(line), fp) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			use.rss_kib = strtol(line + 6, NULL, 10);
	fclose(fp);
	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	ATF_REQUIRE((fp = fopen(path, "r")) != NULL);
	ATF_REQUIRE(fgets(line, sizeof(line), fp) != NULL);
	fclose(fp);
	ATF_REQUIRE((p = strrchr(line, ')')) != NULL);
	ATF_REQUIRE_EQ(2, sscanf(p, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u "
	    "%*u %*u %ld %ld", &user, &system));
	use.cpu_ms = (user + system) * 1000 / sysconf(_SC_CLK_TCK);
	/* What a sanitizer takes is not the daemon's. */
	if (sanitized)
		use.cpu_ms = use.rss_kib = 0;
	return (use);
}

void
daemon_end(int tell, int status)
{
	int64_t	end = daemon_now_us() + AWAIT_MS * 1000;
	int	got = 0, reaped;

	if (tell)
		daemon_signal(SIGTERM);
	while ((reaped = waitpid(pid, &got, WNOHANG)) == 0 &&
	    daemon_now_us() < end)
		(void)daemon_line(50);
	if (reaped == 0)
		kill(pid, SIGKILL);
	ATF_REQUIRE_EQ_MSG(pid, reaped, "it does not end");
	ATF_CHECK_MSG(WIFEXITED(got) && WEXITSTATUS(got) == status,
	    "it ended with %d, not %d", got, status);
	ATF_CHECK_MSG(access("pid", F_OK) == -1 && access("ctl", F_OK) == -1,
	    "it leaves files behind");
	close(log_fd);
}

int
daemon_connect(void)
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX,
				    .sun_path = "ctl" };
	int			fd;

	ATF_REQUIRE((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) !=
	    -1);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return (fd);
	close(fd);
	return (-1);
}

int
daemon_serves(void)
{
	struct ctl_result	result;
	struct imsgbuf		ibuf;
	struct imsg		imsg;
	int			fd, served = 0, end = 0;

	if ((fd = daemon_connect()) == -1)
		return (0);
	ATF_REQUIRE_EQ(0, imsgbuf_init(&ibuf, fd));
	ATF_REQUIRE_EQ(1, imsg_compose(&ibuf, CTL_TIMEOUTS, CTL_VERSION, 0,
	    -1, NULL, 0));
	end = imsgbuf_flush(&ibuf) == -1;
	while (!end && imsgbuf_read(&ibuf) == 1)
		while (!end && imsgbuf_get(&ibuf, &imsg) == 1) {
			if (imsg_get_type(&imsg) == CTL_RESULT &&
			    imsg_get_data(&imsg, &result,
			    sizeof(result)) == 0) {
				served = !result.failed;
				end = 1;
			}
			imsg_free(&imsg);
		}
	imsgbuf_clear(&ibuf);
	close(fd);
	return (served);
}

void
daemon_await_service(void)
{
	int64_t	end = daemon_now_us() + AWAIT_MS * 1000;

	while (!daemon_serves()) {
		if (daemon_now_us() > end) {
			kill(pid, SIGKILL);
			atf_tc_fail("the daemon does not serve");
		}
		(void)daemon_line(10);
	}
}
