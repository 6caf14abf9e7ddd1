/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The resolver's confinement: names can be looked up, by a child of its own,
 * and little else can be done.  Runs as any user; what only root can show is
 * skipped otherwise.
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <linux/netlink.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"
#include "sandbox_try.h"

static char	 dir[] = "/tmp/sandbox_test.XXXXXX";

/* A confined resolver; its Landlock version, 0: none. */
static uint32_t
confine_resolver(void)
{
	struct sandbox_worker	 r;
	const char		*step;
	uint32_t		 layers, abi, need;

	memset(&r, 0, sizeof(r));
	r.root = geteuid() == 0;
	r.uid = r.gid = NOBODY;
	r.chroot_fd = -1;
	if (sandbox_resolver(&r, &layers, &abi, &step) == -1)
		check_that(0, step, __LINE__);
	need = SANDBOX_CAPS | SANDBOX_NNP | SANDBOX_SYSCALLS |
	    SANDBOX_RLIMITS | SANDBOX_UNDUMPABLE;
	CHECK((layers & need) == need);
	CHECK(!r.root || (layers & SANDBOX_IDS));
	CHECK(((layers & SANDBOX_LANDLOCK) != 0) == (abi != 0));
	return (abi);
}

static void
look_up(void)
{
	struct addrinfo	*res, hints = { 0 };
	int		 status;
	pid_t		 pid;

	confine_resolver();
	hints.ai_socktype = SOCK_DGRAM;
	CHECK(getaddrinfo("localhost", NULL, &hints, &res) == 0);
	CHECK(res->ai_family == AF_INET || res->ai_family == AF_INET6);
	freeaddrinfo(res);
	/* And in a child, as the resolver does. */
	if ((pid = fork()) == 0) {
		alarm(20);
		_exit(getaddrinfo("localhost", NULL, &hints, &res) != 0);
	}
	CHECK(pid != -1);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

ATF_TC_WITHOUT_HEAD(resolver_looks_names_up);
ATF_TC_BODY(resolver_looks_names_up, tc)
{
	struct addrinfo	*res;

	if (access("/etc/hosts", R_OK) == -1 ||
	    getaddrinfo("localhost", NULL, NULL, &res) != 0)
		atf_tc_skip("localhost is no name here");
	freeaddrinfo(res);
	in_both_kinds(look_up);
}

ATF_TC(resolver_status_shows_no_right_left);
ATF_TC_HEAD(resolver_status_shows_no_right_left, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(resolver_status_shows_no_right_left, tc)
{
	static const char *const	 lines[] = {
		"\nUid:\t65534\t65534\t65534\t65534\n",
		"\nGid:\t65534\t65534\t65534\t65534\n", "\nGroups:\t \n",
		"\nCapInh:\t0000000000000000\n",
		"\nCapPrm:\t0000000000000000\n",
		"\nCapEff:\t0000000000000000\n",
		"\nCapBnd:\t0000000000000000\n",
		"\nCapAmb:\t0000000000000000\n", "\nNoNewPrivs:\t1\n",
		"\nSeccomp:\t2\n", NULL
	};
	int				 report[2];
	pid_t				 pid;
	char				 c;

	ATF_REQUIRE_EQ(0, pipe(report));
	if ((pid = fork()) == 0) {
		close(report[0]);
		confine_resolver();
		CHECK(write(report[1], "c", 1) == 1);
		for (;;)
			poll(NULL, 0, -1);
	}
	close(report[1]);
	ATF_REQUIRE_EQ(1, read(report[0], &c, 1));
	expect_lines(pid, "status", lines);
	kill(pid, SIGKILL);
	wait_for(pid);
}

static void
touch_files(void)
{
	char		name[64], other[64];
	uint32_t	abi;
	int		fd, large;

	/* The kernel's O_LARGEFILE, which it adds itself on 64 bits. */
	CHECK((large = fcntl(open("/dev/null", O_RDONLY), F_GETFL)) != -1);
	snprintf(name, sizeof(name), "%s/file", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	abi = confine_resolver();
	CHECK((fd = open("/etc/passwd", O_RDONLY | large)) != -1);
	close(fd);
	if (abi >= 1) {
		CHECK_FAILS(open(name, O_RDONLY), EACCES);
		CHECK_FAILS(open("/proc/self/status", O_RDONLY), EACCES);
		CHECK_FAILS(open("/", O_RDONLY), EACCES);
	}
	CHECK_FAILS(open(name, O_WRONLY), EPERM);
	CHECK_FAILS(open(name, O_RDONLY | O_TRUNC), EPERM);
	CHECK_FAILS(open(other, O_CREAT | O_WRONLY, 0600), EPERM);
	CHECK_FAILS(unlink(name), EPERM);
	CHECK_FAILS(rename(name, other), EPERM);
	CHECK_FAILS(mkdir(other, 0700), EPERM);
	CHECK_FAILS(symlink(name, other), EPERM);
	CHECK_FAILS(chmod(name, 0777), EPERM);
	CHECK_FAILS(chdir("/tmp"), EPERM);
	CHECK_FAILS(chroot("/"), EPERM);
}

ATF_TC_WITHOUT_HEAD(resolver_changes_no_file_and_reads_few);
ATF_TC_BODY(resolver_changes_no_file_and_reads_few, tc)
{
	char	name[64];
	int	fd;

	if (sandbox_sanitized)
		atf_tc_skip("a sanitizer reads more");
	ATF_REQUIRE(mkdtemp(dir) != NULL);
	ATF_REQUIRE_EQ(0, chmod(dir, 0777));
	snprintf(name, sizeof(name), "%s/file", dir);
	ATF_REQUIRE((fd = open(name, O_CREAT | O_RDWR, 0666)) != -1);
	close(fd);
	in_both_kinds(touch_files);
	ATF_CHECK_EQ(0, unlink(name));
	ATF_CHECK_EQ_MSG(0, rmdir(dir), "files left");
}

static void
reach_out(void)
{
	struct sockaddr_in	sin = { 0 };
	char *const		argv[] = { NULL };
	uint32_t		abi;
	int			fd;

	abi = confine_resolver();
	CHECK_FAILS(execve("/bin/true", argv, argv), EPERM);
	CHECK_FAILS(syscall(SYS_execveat, 0, "", argv, argv, AT_EMPTY_PATH),
	    EPERM);
	CHECK_FAILS(kill(getppid(), SIGTERM), EPERM);
	CHECK_FAILS(kill(0, 0), EPERM);
	CHECK_FAILS(tgkill(getpid(), getpid(), SIGABRT), EPERM);
	CHECK_FAILS(ptrace(PTRACE_ATTACH, getppid(), 0, 0), EPERM);
	CHECK_FAILS(setresuid(0, 0, 0), EPERM);
	CHECK_FAILS(unshare(CLONE_NEWUSER), EPERM);
	CHECK_FAILS(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0),
	    EPERM);
	if (BIT_32 != 0)
		CHECK_FAILS(syscall(SYS_clone, BIT_32 | SIGCHLD, 0, 0, 0, 0),
		    EPERM);
	CHECK_FAILS(syscall(SYS_bpf, 0, NULL, 0), EPERM);
	CHECK_FAILS(syscall(SYS_io_uring_setup, 1, NULL), EPERM);
	CHECK_FAILS(socket(AF_PACKET, SOCK_RAW, 0), EPERM);
	CHECK_FAILS(socket(AF_VSOCK, SOCK_STREAM, 0), EPERM);
	CHECK_FAILS(socket(AF_INET, SOCK_RAW, IPPROTO_UDP), EPERM);
	CHECK_FAILS(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP), EPERM);
	CHECK_FAILS(socket(AF_UNIX, SOCK_SEQPACKET, 0), EPERM);
	CHECK_FAILS(socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC), EPERM);
	CHECK_FAILS(setsockopt(0, SOL_SOCKET, SO_ATTACH_FILTER, &sin, 4),
	    EPERM);
	CHECK_FAILS(fcntl(0, F_SETOWN, getppid()), EPERM);
	CHECK_FAILS(dup2(0, 3), EPERM);
	CHECK(sandbox_sanitized || mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	CHECK_FAILS(mprotect(NULL, 0, PROT_READ | PROT_EXEC), EPERM);
	CHECK((fd = socket(AF_INET, SOCK_STREAM, 0)) != -1);
	CHECK_FAILS(listen(fd, 1), EPERM);
	if (abi >= 4) {
		sin.sin_family = AF_INET;
		sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		sin.sin_port = htons(80);
		CHECK_FAILS(connect(fd, (struct sockaddr *)&sin, sizeof(sin)),
		    EACCES);
		CHECK_FAILS(bind(fd, (struct sockaddr *)&sin, sizeof(sin)),
		    EACCES);
		/* A name server's port is not refused by the sandbox. */
		sin.sin_port = htons(53);
		if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
			CHECK(errno != EACCES && errno != EPERM);
	}
	close(fd);
}

static void
connect_by_sending(void)
{
	confine_resolver();
	try_fast_open(0, EPERM);
}

ATF_TC_WITHOUT_HEAD(resolver_connects_nowhere_by_sending);
ATF_TC_BODY(resolver_connects_nowhere_by_sending, tc)
{
	in_both_kinds(connect_by_sending);
}

ATF_TC_WITHOUT_HEAD(resolver_executes_signals_and_captures_nothing);
ATF_TC_BODY(resolver_executes_signals_and_captures_nothing, tc)
{
	in_both_kinds(reach_out);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, resolver_looks_names_up);
	ATF_TP_ADD_TC(tp, resolver_status_shows_no_right_left);
	ATF_TP_ADD_TC(tp, resolver_changes_no_file_and_reads_few);
	ATF_TP_ADD_TC(tp, resolver_connects_nowhere_by_sending);
	ATF_TP_ADD_TC(tp, resolver_executes_signals_and_captures_nothing);
	return (atf_no_error());
}
