/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* See running_fixture.h. */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "running_fixture.h"

struct process	self, child;
int		chroot_fd = -1;

/* By its name it is a flow table, which a worker may share. */
static struct shared {
	int	ready;			/* -1: failed */
	int	line, error;
	char	what[128];
} *volatile shared;

void
must(int ok, const char *what, int line)
{
	if (ok)
		return;
	snprintf(shared->what, sizeof(shared->what), "%s", what);
	shared->line = line;
	shared->error = errno;
	shared->ready = -1;
	_exit(1);
}

void
put(int fd, int wanted)
{
	MUST(fd != -1);
	MUST(dup2(fd, wanted) == wanted);
	if (fd != wanted)
		close(fd);
}

static int
udp(int connected)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	int			fd = socket(AF_INET, SOCK_DGRAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(connected ? 9 : 0);
	MUST((connected ? connect(fd, (struct sockaddr *)&sin, sizeof(sin)) :
	    bind(fd, (struct sockaddr *)&sin, sizeof(sin))) == 0);
	return (fd);
}

/* What a worker has when it is told to lock. */
static void
arrange(void)
{
	int	chan[2], fd;

	for (fd = 0; fd <= STDERR_FILENO; fd++)
		put(open("/dev/null", O_RDWR), fd);
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, chan) == 0);
	put(chan[0], 300);
	put(300, FD_CHANNEL);
	put(udp(1), 300);
	put(300, FD_EXPORT);
	put(geteuid() == 0 ? socket(AF_PACKET, SOCK_RAW, 0) : udp(0), 300);
	put(300, FD_CAPTURE);
	MUST(close_range(FD_EXPORT + 1, FD_CAPTURE - 1, 0) == 0);
	MUST(close_range(FD_CAPTURE + 1, ~0U, 0) == 0);
	MUST(sandbox_fill() == 0);
	MUST(close_range(FD_FILL_LAST + 1, FD_EXPORT - 1, 0) == 0);
}

static void
confine(void)
{
	struct sandbox_worker	 w = { 0 };
	const char		*step = "";
	uint32_t		 layers, abi;

	w.root = geteuid() == 0;
	w.uid = w.gid = NOBODY;
	w.chroot_fd = !w.root ? -1 : chroot_fd != -1 ? chroot_fd :
	    sandbox_chroot_dir();
	w.parent = getppid();
	if (sandbox_worker(&w, &layers, &abi, &step) == -1)
		must(0, step, __LINE__);
}

static void
stop_child(void)
{
	if (child.pid <= 0)
		return;
	kill(child.pid, SIGKILL);
	waitpid(child.pid, NULL, 0);
	close(child.dir);
	child.pid = 0;
}

static void
share(void)
{
	int	fd;

	ATF_REQUIRE((fd = memfd_create("softflowd test", MFD_CLOEXEC)) != -1);
	ATF_REQUIRE_EQ(0, ftruncate(fd, sizeof(*shared)));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	ATF_REQUIRE(shared != MAP_FAILED);
	close(fd);
	ATF_REQUIRE_EQ(0, setenv("AUDIT_ROWS", "rows", 1));
	/* A change of ids undoes the signal at our death. */
	ATF_REQUIRE_EQ(0, atexit(stop_child));
}

void
start_child(enum sandbox_filter role, int confined, void (*change)(void))
{
	pid_t	pid;

	if (shared == NULL)
		share();
	stop_child();
	memset(shared, 0, sizeof(*shared));
	memset(&self, 0, sizeof(self));
	memset(&child, 0, sizeof(child));
	self.pid = getpid();
	self.role = SANDBOX_FILTER_PARENT;
	ATF_REQUIRE_EQ(0, process_open(&self));
	if ((pid = fork()) == 0) {
		MUST(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
		arrange();
		if (change != NULL)
			change();
		if (confined)
			confine();
		shared->ready = 1;
		for (;;)
			poll(NULL, 0, 1000);
	}
	ATF_REQUIRE(pid != -1);
	while (*(volatile int *)&shared->ready == 0 &&
	    waitpid(pid, NULL, WNOHANG) == 0)
		usleep(1000);
	ATF_REQUIRE_EQ_MSG(1, shared->ready, "line %d: %s: %s", shared->line,
	    shared->what, strerror(shared->error));
	child.pid = pid;
	child.role = role;
	child.parent = role == SANDBOX_FILTER_PARENT ? NULL : &self;
	ATF_REQUIRE_EQ(0, process_open(&child));
	(void)unlink("rows");
}

/* The n-th column of a row. */
static char *
column(char *line, int n)
{
	while (n-- > 0 && line != NULL)
		if ((line = strchr(line, '\t')) != NULL)
			line++;
	return (line);
}

void
expect(enum row_result wanted, const char *attempt, const char *text, int at)
{
	static const char *const	 results[] = {
		"proven", "GAP", "missing", "not checked"
	};
	char				 line[1024], got[1024] = "no row";
	size_t				 len = strlen(attempt);
	const char			*c;
	FILE				*fp;

	if ((fp = fopen("rows", "r")) != NULL) {
		while (fgets(line, sizeof(line), fp) != NULL)
			if ((c = column(line, 2)) != NULL &&
			    strncmp(c, attempt, len) == 0 && c[len] == '\t')
				memcpy(got, line, sizeof(got));
		fclose(fp);
	}
	c = column(got, 3);
	len = strlen(results[wanted]);
	ATF_CHECK_MSG(c != NULL && strncmp(c, results[wanted], len) == 0 &&
	    c[len] == '\t' && strstr(c, text) != NULL,
	    "line %d: \"%s\" is not %s with \"%s\": %s", at, attempt,
	    results[wanted], text, got);
}

void
need_root(void)
{
	if (geteuid() != 0)
		atf_tc_skip("needs root");
}
