/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The confinement of who reads the configuration file: it reads one file,
 * answers on its channel, and anything else ends it.  Runs as any user; what
 * only root can show is skipped otherwise.
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"
#include "sandbox_try.h"
#include "softflowd.h"

#define RW		(PROT_READ | PROT_WRITE)
#define RX		(PROT_READ | PROT_EXEC)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)
#define NOT_CONFINED	9

/* Newer architectures have only what took their place. */
#ifdef SYS_open
#define OLD_CALLS							\
	CALL(SYS_open, P("/etc/passwd"), O_RDONLY),			\
	CALL(SYS_stat, P("/"), P(octet)), CALL(SYS_unlink, P("/tmp/x")),	\
	CALL(SYS_fork, 0), CALL(SYS_vfork, 0), CALL(SYS_poll, 0, 0, 0),	\
	CALL(SYS_pause, 0),
#else
#define OLD_CALLS
#endif

static char		 octet[1] = "x";
static struct iovec	 vector = { octet, 1 };

/* In a child: as when it is to read. */
static void
confine_config(int channel)
{
	struct sandbox_worker	 w;
	uint32_t		 layers, abi, need;
	const char		*step;

	place(channel, 100);
	place(open("/dev/null", O_RDWR), STDIN_FILENO);
	place(100, FD_CHANNEL);
	place(open("/dev/zero", O_RDONLY), FD_SAVEFILE);
	plan(&w);
	if (sandbox_config(&w, &layers, &abi, &step) == -1)
		_exit(NOT_CONFINED);
	need = SANDBOX_CAPS | SANDBOX_NNP | SANDBOX_SYSCALLS |
	    SANDBOX_RLIMITS | SANDBOX_UNDUMPABLE;
	if (w.root)
		need |= SANDBOX_CHROOT | SANDBOX_IDS;
	if ((layers & need) != need)
		_exit(NOT_CONFINED);
}

/* The try's status, and what it said on its channel. */
static int
try_config(int root, const struct attempt *a, char *said)
{
	int	chan[2], status;
	pid_t	pid;

	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, chan));
	if ((pid = fork()) == 0) {
		close(chan[0]);
		if (!root && geteuid() == 0)
			become_nobody();
		confine_config(chan[1]);
		if (a->run != NULL) {
			a->run();
			_exit(0);
		}
		_exit(syscall(a->nr, a->arg[0], a->arg[1], a->arg[2],
		    a->arg[3], a->arg[4], a->arg[5]) == -1 ? 3 : 0);
	}
	close(chan[1]);
	status = wait_for(pid);
	if (said != NULL && read(chan[0], said, 1) != 1)
		*said = '\0';
	close(chan[0]);
	return (status);
}

static int
is_killed(int status)
{
	return (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

ATF_TC_WITHOUT_HEAD(anything_but_reading_and_answering_kills_it);
ATF_TC_BODY(anything_but_reading_and_answering_kills_it, tc)
{
	const struct attempt	 allowed = CALL(SYS_getpid, 0);
	const struct attempt	 tries[] = {
		OLD_CALLS
		CALL(SYS_openat, AT_FDCWD, P("/etc/passwd"), O_RDONLY),
		CALL(SYS_openat2, AT_FDCWD, P("/etc/passwd"), 0, 0),
		CALL(SYS_chdir, P("/")),
		CALL(SYS_socket, AF_INET, SOCK_DGRAM, 0),
		CALL(SYS_socket, AF_UNIX, SOCK_STREAM, 0),
		CALL(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, P(octet)),
		CALL(SYS_connect, FD_CHANNEL, P(octet), 1),
		CALL(SYS_sendto, FD_CHANNEL, P(octet), 1, 0, 0, 0),
		CALL(SYS_recvmsg, FD_CHANNEL, P(octet), 0),
		CALL(SYS_sendmsg, FD_SAVEFILE, P(octet), 0),
		CALL(SYS_read, FD_CHANNEL, P(octet), 1),
		CALL(SYS_read, STDIN_FILENO, P(octet), 1),
		CALL(SYS_write, FD_CHANNEL, P(octet), 1),
		CALL(SYS_write, FD_SAVEFILE, P(octet), 1),
		CALL(SYS_pread64, FD_SAVEFILE, P(octet), 1, 0),
		CALL(SYS_dup, FD_SAVEFILE), CALL(SYS_close, FD_SAVEFILE),
		CALL(SYS_fcntl, FD_SAVEFILE, F_GETFL),
		CALL(SYS_ioctl, FD_SAVEFILE, 0),
		CALL(SYS_clone, SIGCHLD, 0, 0, 0, 0),
		CALL(SYS_execve, P("/bin/true"), 0, 0),
		CALL(SYS_execveat, FD_SAVEFILE, P(""), 0, 0, AT_EMPTY_PATH),
		CALL(SYS_kill, 1, 0), CALL(SYS_tgkill, 1, 1, SIGABRT),
		CALL(SYS_getppid, 0), CALL(SYS_ptrace, 0),
		CALL(SYS_setrlimit, 0), CALL(SYS_prctl, PR_GET_DUMPABLE),
		CALL(MMAP, 0, 4096, RX, ANON, -1, 0),
		CALL(MMAP, 0, 4096, PROT_READ, MAP_SHARED, FD_SAVEFILE, 0),
		CALL(SYS_mprotect, P(octet), 1, RX),
		CALL(SYS_nanosleep, P(octet), 0)
	};
	int			 root, status;
	size_t			 i;

	if (sandbox_sanitized)
		atf_tc_skip("a sanitizer does more");
	for (root = 0; root < kinds(); root++) {
		ATF_REQUIRE_EQ(0, try_config(root, &allowed, NULL));
		for (i = 0; i < nitems(tries); i++) {
			status = try_config(root, &tries[i], NULL);
			ATF_CHECK_MSG(is_killed(status), "%s, root %d: %#x",
			    tries[i].name, root, (unsigned int)status);
		}
	}
}

/* What it is there for. */
static void
read_and_answer(void)
{
	struct msghdr	 msg = { .msg_iov = &vector, .msg_iovlen = 1 };
	char		*text;

	CHECK((text = malloc(4 << 20)) != NULL);
	CHECK(read(FD_SAVEFILE, text, 4 << 20) == 4 << 20);
	free(text);
	CHECK(sendmsg(FD_CHANNEL, &msg, MSG_NOSIGNAL) == 1);
}

ATF_TC_WITHOUT_HEAD(it_reads_and_answers);
ATF_TC_BODY(it_reads_and_answers, tc)
{
	const struct attempt	 work = RUN(read_and_answer);
	int			 root;
	char			 said;

	for (root = 0; root < kinds(); root++) {
		ATF_CHECK_EQ(0, try_config(root, &work, &said));
		ATF_CHECK_EQ('x', said);
	}
}

static void
take_memory(void)
{
	void	*volatile p = malloc((size_t)200 << 20);	/* not elided */

	CHECK(p == NULL);
}

static void
take_time(void)
{
	for (;;)
		octet[0]++;
}

ATF_TC_WITHOUT_HEAD(its_memory_and_time_are_bounded);
ATF_TC_BODY(its_memory_and_time_are_bounded, tc)
{
	const struct attempt	 memory = RUN(take_memory);
	const struct attempt	 endless = RUN(take_time);
	int			 status;

	if (sandbox_sanitized)
		atf_tc_skip("a sanitizer has its own memory");
	ATF_CHECK_EQ(0, try_config(1, &memory, NULL));
	status = try_config(1, &endless, NULL);
	ATF_CHECK(WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL ||
	    WTERMSIG(status) == SIGXCPU));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, anything_but_reading_and_answering_kills_it);
	ATF_TP_ADD_TC(tp, it_reads_and_answers);
	ATF_TP_ADD_TC(tp, its_memory_and_time_are_bounded);
	return (atf_no_error());
}
