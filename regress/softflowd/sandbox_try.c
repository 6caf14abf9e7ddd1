/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * How the tests of the confinement make their tries.  Any user; see
 * sandbox_try.h.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"
#include "sandbox_try.h"

struct sockaddr_in	 collector, stranger;
int			 collector_fd, stranger_fd;

/* In children: say what failed and end. */
void
check_that(int ok, const char *what, int line)
{
	if (ok)
		return;
	dprintf(STDERR_FILENO, "line %d: %s (errno %d)\n", line, what, errno);
	_exit(1);
}

int
wait_for(pid_t pid)
{
	int	 status;

	ATF_REQUIRE(pid != -1);
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	return (status);
}

void
in_child(void (*fn)(void))
{
	pid_t	 pid;

	if ((pid = fork()) == 0) {
		fn();
		_exit(0);
	}
	ATF_REQUIRE_EQ(0, wait_for(pid));
}

void
become_nobody(void)
{
	CHECK(setgroups(0, NULL) == 0);
	CHECK(setresgid(NOBODY, NOBODY, NOBODY) == 0);
	CHECK(setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

/* fn in a child; as root once more in one that left root before. */
void
in_both_kinds(void (*fn)(void))
{
	pid_t	 pid;

	in_child(fn);
	if (geteuid() != 0)
		return;
	if ((pid = fork()) == 0) {
		become_nobody();
		fn();
		_exit(0);
	}
	ATF_REQUIRE_EQ_MSG(0, wait_for(pid), "without root");
}

void
try_fast_open(int protocol, int error)
{
	struct sockaddr_in	 sin = {
		.sin_family = AF_INET, .sin_port = htons(2),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	struct iovec		 vector = { &sin, 1 };
	struct mmsghdr		 msg = { .msg_hdr = {
		.msg_name = &sin, .msg_namelen = sizeof(sin),
		.msg_iov = &vector, .msg_iovlen = 1
	} };
	int			 fd;

	CHECK((fd = socket(AF_INET, SOCK_STREAM, protocol)) != -1);
	CHECK_FAILS(sendto(fd, &sin, 1, MSG_FASTOPEN, (struct sockaddr *)&sin,
	    sizeof(sin)), error);
	CHECK_FAILS(sendto(fd, &sin, 1, MSG_FASTOPEN | MSG_NOSIGNAL,
	    (struct sockaddr *)&sin, sizeof(sin)), error);
	CHECK_FAILS(sendmsg(fd, &msg.msg_hdr, MSG_FASTOPEN), error);
	CHECK_FAILS(sendmmsg(fd, &msg, 1, MSG_FASTOPEN), error);
	CHECK_FAILS(send(fd, &sin, 1, MSG_FASTOPEN), error);
	close(fd);
}

static int
udp(struct sockaddr_in *sin)
{
	socklen_t	 len = sizeof(*sin);
	int		 fd;

	memset(sin, 0, sizeof(*sin));
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ATF_REQUIRE((fd = socket(AF_INET, SOCK_DGRAM, 0)) != -1);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)sin, len));
	ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)sin, &len));
	return (fd);
}

void
place(int fd, int wanted)
{
	CHECK(fd != -1);
	CHECK(dup2(fd, wanted) == wanted);
}

/* What a worker has when it is told to lock. */
static void
arrange(int chan, int report)
{
	int	 fd;

	place(report, FD_REPORT);
	place(chan, 100);
	place(open("/dev/null", O_RDWR), STDIN_FILENO);
	place(100, FD_CHANNEL);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK(connect(fd, (struct sockaddr *)&collector,
	    sizeof(collector)) == 0);
	place(fd, FD_EXPORT);
	if (geteuid() == 0)
		fd = socket(AF_PACKET, SOCK_RAW, 0);
	place(fd, FD_CAPTURE);
}

void
plan(struct sandbox_worker *w)
{
	memset(w, 0, sizeof(*w));
	w->root = geteuid() == 0;
	w->uid = NOBODY;
	w->gid = NOBODY;
	w->chroot_fd = w->root ? sandbox_chroot_dir() : -1;
	w->parent = getppid();
}

void
confine(const struct sandbox_worker *w)
{
	const char	*step;
	uint32_t	 layers, abi;

	if (sandbox_worker(w, &layers, &abi, &step) == -1)
		check_that(0, step, __LINE__);
	CHECK(write(FD_REPORT, "c", 1) == 1);
}

pid_t
start(int root, const struct attempt *a, int *channel)
{
	struct sandbox_worker	 w;
	int			 chan[2], report[2];
	pid_t			 pid;
	long			 ret;
	char			 c;

	ATF_REQUIRE_EQ(0, pipe(report));
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, chan));
	ATF_REQUIRE_EQ(1, write(chan[0], "x", 1));
	if ((pid = fork()) == 0) {
		close(chan[0]);
		if (!root && geteuid() == 0)
			become_nobody();
		arrange(chan[1], report[1]);
		plan(&w);
		confine(&w);
		if (a == NULL)
			while (read(FD_CHANNEL, &c, 1) > 0)
				;
		else if (a->run != NULL)
			a->run();
		else {
			ret = syscall(a->nr, a->arg[0], a->arg[1], a->arg[2],
			    a->arg[3], a->arg[4], a->arg[5]);
			_exit(ret == -1 ? 3 : 0);
		}
		_exit(0);
	}
	close(chan[1]);
	close(report[1]);
	*channel = chan[0];
	ATF_REQUIRE_EQ_MSG(1, read(report[0], &c, 1), "not confined");
	close(report[0]);
	return (pid);
}

int
try(int root, const struct attempt *a)
{
	pid_t	 pid;
	int	 channel, status;

	pid = start(root, a, &channel);
	status = wait_for(pid);
	close(channel);
	return (status);
}

void
open_collectors(void)
{
	collector_fd = udp(&collector);
	stranger_fd = udp(&stranger);
}

int
kinds(void)
{
	return (geteuid() == 0 ? 2 : 1);
}

/* One of the calls that only this build's runtime may make. */
static int
is_extra(long nr)
{
	const struct sandbox_extra	*extra;

	for (extra = sandbox_extra_calls; extra->name != NULL; extra++)
		if (seccomp_syscall_resolve_name(extra->name) == nr)
			return (1);
	return (0);
}

void
expect_killed(const struct attempt *a, size_t n)
{
	static const struct attempt	 allowed = {
		.name = "getpid", .nr = SYS_getpid
	}, forbidden = {
		.name = "getppid", .nr = SYS_getppid
	};
	int				 root, status;
	size_t				 i;

	open_collectors();
	for (root = 0; root < kinds(); root++) {
		/* Controls: what a harness that kills or allows all fails. */
		ATF_REQUIRE_EQ(0, try(root, &allowed));
		status = try(root, &forbidden);
		ATF_REQUIRE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
		for (i = 0; i < n; i++) {
			if (a[i].run == NULL && is_extra(a[i].nr))
				continue;
			status = try(root, &a[i]);
			ATF_CHECK_MSG(WIFSIGNALED(status) &&
			    WTERMSIG(status) == SIGSYS, "%s, root %d: %#x",
			    a[i].name, root, (unsigned int)status);
		}
	}
}

void
expect_allowed(const struct attempt *a, size_t n)
{
	int	 root, status;
	size_t	 i;

	open_collectors();
	for (root = 0; root < kinds(); root++)
		for (i = 0; i < n; i++) {
			status = try(root, &a[i]);
			ATF_CHECK_EQ_MSG(0, status, "%s, root %d: %#x",
			    a[i].name, root, (unsigned int)status);
		}
}

void
expect_lines(pid_t pid, const char *file, const char *const *lines)
{
	char	 path[64], text[8192];
	ssize_t	 len;
	int	 fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	ATF_REQUIRE((fd = open(path, O_RDONLY)) != -1);
	ATF_REQUIRE((len = read(fd, text, sizeof(text) - 1)) > 0);
	close(fd);
	text[len] = '\0';
	for (; *lines != NULL; lines++)
		ATF_CHECK_MSG(strstr(text, *lines) != NULL, "%s: no %s\n%s",
		    file, *lines, text);
}
