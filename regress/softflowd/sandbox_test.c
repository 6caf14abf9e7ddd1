/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The worker's confinement, by the daemon's own entry functions: every
 * hostile try runs in its own process.  Runs as any user; what only root can
 * show is skipped otherwise.
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <linux/if_packet.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sandbox.h"
#include "sandbox_try.h"
#include "softflowd.h"

#define RW	(PROT_READ | PROT_WRITE)
#define RX	(PROT_READ | PROT_EXEC)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

static char		 octet[1] = "x";
static struct iovec	 vector = { octet, 1 };

ATF_TC_WITHOUT_HEAD(forbidden_syscall_kills_the_worker);
ATF_TC_BODY(forbidden_syscall_kills_the_worker, tc)
{
	const struct attempt	 tries[] = {
		CALL(SYS_getuid, 0), CALL(SYS_uname, P(octet)),
		CALL(SYS_fcntl, FD_CAPTURE, F_DUPFD, 10),
		CALL(SYS_ioctl, FD_EXPORT, 0), CALL(SYS_dup, FD_EXPORT),
		CALL(SYS_lseek, FD_EXPORT, 0), CALL(SYS_sendmmsg, FD_EXPORT),
		CALL(SYS_setrlimit, 0), CALL(SYS_prctl, PR_GET_DUMPABLE),
		CALL(SYS_seccomp, 0), CALL(SYS_capget, 0),
		CALL(SYS_close_range, 3, 3), CALL(1023, 0),
		/* and calls of the table, but not in its way */
		CALL(SYS_getsockopt, FD_EXPORT, SOL_SOCKET, SO_RCVBUF),
		CALL(SYS_getsockopt, FD_EXPORT, SO_ERROR, SOL_SOCKET),
		CALL(SYS_getsockopt, FD_EXPORT, IPPROTO_TCP, TCP_CONGESTION),
		CALL(SYS_getsockopt, FD_CAPTURE, IPPROTO_TCP, TCP_INFO),
		CALL(SYS_setsockopt, FD_EXPORT, SOL_UDP, UDP_ENCAP),
		CALL(SYS_setsockopt, FD_EXPORT, UDP_SEGMENT, SOL_UDP),
		CALL(SYS_recvmsg, FD_EXPORT), CALL(SYS_close, 64),
		CALL(SYS_recvfrom, FD_EXPORT, P(octet), 1, MSG_DONTWAIT),
		CALL(SYS_recvfrom, FD_CAPTURE + MAX_CAPTURE, P(octet), 1,
		    MSG_DONTWAIT)
	};

	expect_killed(tries, nitems(tries));
}

static void
use_memory(void)
{
	char	*small, *big;

	CHECK((small = malloc(100)) != NULL);
	CHECK((big = malloc(16 << 20)) != NULL);
	memset(big, 1, 16 << 20);
	CHECK((big = realloc(big, 32 << 20)) != NULL);
	CHECK(big[(16 << 20) - 1] == 1);
	free(big);
	free(small);
	CHECK(arc4random() != arc4random() || arc4random() != arc4random());
}

static void
talk_to_parent(void)
{
	struct msghdr	 msg = { .msg_iov = &vector, .msg_iovlen = 1 };

	CHECK(recvmsg(FD_CHANNEL, &msg, 0) == 1);
	CHECK(sendmsg(FD_CHANNEL, &msg, 0) == 1);
}

/* From the slots of capture; as root the first one is open. */
static void
receive_reports(void)
{
	char	buf[1];

	CHECK(recv(FD_CAPTURE, buf, 1, MSG_DONTWAIT) == -1);
	CHECK(errno == EAGAIN || errno == EBADF);
	CHECK(recv(FD_CAPTURE + MAX_CAPTURE - 1, buf, 1, MSG_DONTWAIT) == -1);
	CHECK(errno == EBADF);
}

static void
read_clocks(void)
{
	struct timespec	 ts;
	struct tm	 tm;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &ts) == 0);
	CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) == 0);
	CHECK(gmtime_r(&ts.tv_sec, &tm) != NULL);
}

/* The collector's socket is UDP's here: the kernel answers, no filter. */
static void
ask_tcp(void)
{
	struct tcp_info	 info;
	socklen_t	 len = sizeof(info);

	CHECK_FAILS(getsockopt(FD_EXPORT, IPPROTO_TCP, TCP_INFO, &info, &len),
	    EOPNOTSUPP);
}

ATF_TC_WITHOUT_HEAD(allowed_calls_succeed);
ATF_TC_BODY(allowed_calls_succeed, tc)
{
	socklen_t		 len = sizeof(int);
	struct tpacket_stats_v3	 stats;
	socklen_t		 stats_len = sizeof(stats);
	struct timespec		 nap = { 0, 1 };
	struct timeval		 now;
	int			 error, cut = 1000;
	char			 buf[8];
	const struct attempt	 tries[] = {
		CALL(SYS_read, STDIN_FILENO, P(buf), 1),
		CALL(SYS_write, FD_EXPORT, P(octet), 1),
		CALL(SYS_write, FD_FILL_LAST, P(octet), 1),
		CALL(SYS_writev, FD_EXPORT, P(&vector), 1),
		CALL(SYS_sendto, FD_EXPORT, P(octet), 1,
		    MSG_NOSIGNAL | MSG_DONTWAIT, 0, 0),
		CALL(SYS_close, FD_EXPORT), CALL(SYS_close, FD_REPORT),
		CALL(SYS_ppoll, 0, 0, P(&nap), 0, 8),
		CALL(SYS_getsockopt, FD_EXPORT, SOL_SOCKET, SO_ERROR,
		    P(&error), P(&len)),
		CALL(SYS_setsockopt, FD_EXPORT, SOL_UDP, UDP_SEGMENT, P(&cut),
		    sizeof(cut)),
		CALL(SYS_gettimeofday, P(&now), 0),
		CALL(SYS_getrandom, P(buf), sizeof(buf), 0),
		CALL(SYS_getpid, 0), CALL(SYS_gettid, 0),
		RUN(use_memory), RUN(talk_to_parent), RUN(read_clocks),
		RUN(ask_tcp), RUN(receive_reports),
	}, capture = CALL(SYS_getsockopt, FD_CAPTURE, SOL_PACKET,
	    PACKET_STATISTICS, P(&stats), P(&stats_len));

	tzset();
	expect_allowed(tries, nitems(tries));
	ATF_CHECK_EQ(1, recv(collector_fd, buf, sizeof(buf), MSG_DONTWAIT));
	if (geteuid() == 0)
		ATF_CHECK_EQ(0, try(1, &capture));
}

ATF_TC_WITHOUT_HEAD(export_cannot_be_redirected);
ATF_TC_BODY(export_cannot_be_redirected, tc)
{
	struct msghdr		 msg = {
		.msg_name = &stranger, .msg_namelen = sizeof(stranger),
		.msg_iov = &vector, .msg_iovlen = 1
	};
	char			 buf[8];
	const struct attempt	 tries[] = {
		CALL(SYS_sendto, FD_EXPORT, P(octet), 1, 0, P(&stranger),
		    sizeof(stranger)),
		CALL(SYS_sendto, FD_EXPORT, P(octet), 1, 0, P(&stranger), 0),
		CALL(SYS_sendto, FD_EXPORT, P(octet), 1, 0, 0,
		    sizeof(stranger)),
		CALL(SYS_sendto, FD_EXPORT, P(octet), 1, MSG_FASTOPEN, 0, 0),
		CALL(SYS_sendmsg, FD_EXPORT, P(&msg), 0),
		CALL(SYS_connect, FD_EXPORT, P(&stranger), sizeof(stranger)),
		CALL(SYS_bind, FD_EXPORT, P(&stranger), sizeof(stranger)),
		CALL(SYS_setsockopt, FD_EXPORT, SOL_SOCKET, SO_BROADCAST,
		    P(&msg), 4)
	};

	expect_killed(tries, nitems(tries));
	ATF_CHECK_EQ(-1, recv(stranger_fd, buf, sizeof(buf), MSG_DONTWAIT));
	ATF_CHECK_EQ(EAGAIN, errno);
}

ATF_TC_WITHOUT_HEAD(capture_descriptor_cannot_be_written);
ATF_TC_BODY(capture_descriptor_cannot_be_written, tc)
{
	const struct attempt	 tries[] = {
		CALL(SYS_write, FD_CAPTURE, P(octet), 1),
		CALL(SYS_write, FD_CAPTURE + 63, P(octet), 1),
		CALL(SYS_writev, FD_CAPTURE, P(&vector), 1),
		CALL(SYS_sendto, FD_CAPTURE, P(octet), 1, 0, 0, 0),
		CALL(SYS_sendmsg, FD_CAPTURE, P(octet), 0),
		CALL(SYS_bind, FD_CAPTURE, P(octet), 1),
		CALL(SYS_setsockopt, FD_CAPTURE, SOL_PACKET),
		CALL(SYS_setsockopt, FD_CAPTURE, SOL_UDP, UDP_SEGMENT),
		CALL(SYS_dup3, FD_CAPTURE, 10, 0),
		CALL(SYS_close, FD_CAPTURE)
	};

	expect_killed(tries, nitems(tries));
}

static void
abort_by_upper_bits(void)
{
	syscall(SYS_tgkill, BIT_32 | getpid(), gettid(), SIGABRT);
}

ATF_TC_WITHOUT_HEAD(upper_bits_do_not_help);
ATF_TC_BODY(upper_bits_do_not_help, tc)
{
	const struct attempt	 tries[] = {
		CALL(SYS_write, BIT_32 | FD_CAPTURE, P(octet), 1),
		CALL(SYS_write, BIT_32 | FD_EXPORT, P(octet), 1),
		CALL(SYS_writev, LONG_MIN | FD_CAPTURE, P(&vector), 1),
		CALL(SYS_sendto, BIT_32 | FD_CAPTURE, P(octet), 1, 0, 0, 0),
		CALL(SYS_recvfrom, BIT_32 | FD_CAPTURE, P(octet), 1,
		    MSG_DONTWAIT),
		CALL(SYS_sendto, FD_EXPORT, P(octet), 1, 0, 0, BIT_32),
		CALL(SYS_sendto, FD_EXPORT, P(octet), 1, 0, BIT_32, 0),
		CALL(SYS_sendmsg, BIT_32 | FD_CHANNEL, P(octet), 0),
		CALL(SYS_close, BIT_32 | FD_CHANNEL),
		CALL(SYS_close, BIT_32 | FD_EXPORT),
		CALL(SYS_getsockopt, FD_EXPORT, BIT_32 | SOL_SOCKET, SO_ERROR),
		CALL(SYS_getsockopt, FD_EXPORT, BIT_32 | IPPROTO_TCP, TCP_INFO),
		CALL(SYS_setsockopt, FD_EXPORT, SOL_UDP, BIT_32 | UDP_SEGMENT),
		CALL(MMAP, 0, 4096, BIT_32 | RW | PROT_EXEC, ANON, -1, 0),
		CALL(MMAP, 0, 4096, RW, BIT_32 | ANON, -1, 0),
		RUN(abort_by_upper_bits)
	};

	if (BIT_32 == 0)
		atf_tc_skip("arguments have 32 bits");
	expect_killed(tries, nitems(tries));
}

ATF_TC_WITHOUT_HEAD(channel_cannot_be_closed);
ATF_TC_BODY(channel_cannot_be_closed, tc)
{
	const struct attempt	 tries[] = {
		CALL(SYS_close, 0), CALL(SYS_close, 1), CALL(SYS_close, 2),
		CALL(SYS_close, FD_CHANNEL), CALL(SYS_close, FD_FILL_FIRST),
		CALL(SYS_close, FD_FILL_LAST), CALL(SYS_close, -1),
		CALL(SYS_dup3, FD_EXPORT, FD_CHANNEL, 0)
	};

	expect_killed(tries, nitems(tries));
}

static void
without_filter(void)
{
	uint32_t	 layers = 0;
	void		*page;

	CHECK(sandbox_os_no_new_privs(&layers) == 0);
	CHECK(layers & SANDBOX_NNP);
	if ((layers & SANDBOX_MDWE) == 0)
		return;
	CHECK_FAILS(P(mmap(NULL, 4096, RW | PROT_EXEC, ANON, -1, 0)), EACCES);
	CHECK((page = mmap(NULL, 4096, RW, ANON, -1, 0)) != MAP_FAILED);
	CHECK_FAILS(mprotect(page, 4096, RX), EACCES);
}

ATF_TC_WITHOUT_HEAD(memory_never_becomes_executable);
ATF_TC_BODY(memory_never_becomes_executable, tc)
{
	const struct attempt	 tries[] = {
		CALL(SYS_mprotect, P(octet) & ~4095L, 4096, RX),
		CALL(SYS_mprotect, P(octet) & ~4095L, 4096, PROT_READ),
		CALL(MMAP, 0, 4096, RW | PROT_EXEC, ANON, -1, 0),
		CALL(MMAP, 0, 4096, RX, ANON, -1, 0),
		CALL(MMAP, 0, 4096, RW, MAP_SHARED, FD_EXPORT, 0)
	};

	in_both_kinds(without_filter);
	expect_killed(tries, nitems(tries));
}

static void
exceed_limit(void)
{
	CHECK(mmap(NULL, (size_t)1 << 30, RW, ANON, -1, 0) == MAP_FAILED);
	CHECK(mmap(NULL, (size_t)1 << 20, RW, ANON, -1, 0) != MAP_FAILED);
}

ATF_TC_WITHOUT_HEAD(memory_is_limited);
ATF_TC_BODY(memory_is_limited, tc)
{
	const struct attempt	 tries[] = { RUN(exceed_limit) };

	if (sandbox_sanitized)
		atf_tc_skip("a sanitizer's shadow memory knows no limit");
	expect_allowed(tries, nitems(tries));
}

ATF_TC_WITHOUT_HEAD(no_files_no_sockets_no_processes);
ATF_TC_BODY(no_files_no_sockets_no_processes, tc)
{
	const struct attempt	 tries[] = {
		CALL(SYS_openat, AT_FDCWD, P("/"), O_RDONLY),
		CALL(SYS_openat2, AT_FDCWD, P("/"), 0, 0),
		CALL(FSTATAT, AT_FDCWD, P("/"), 0, 0),
		CALL(SYS_statx, AT_FDCWD, P("/"), 0, 0, 0),
		CALL(SYS_fstat, 0, 0), CALL(SYS_fchdir, FD_EXPORT),
		CALL(SYS_chroot, P("/")), CALL(SYS_unlinkat, 0),
		CALL(SYS_memfd_create, P("m"), 0), CALL(SYS_pipe2, 0, 0),
		CALL(SYS_socket, AF_INET, SOCK_DGRAM, 0),
		CALL(SYS_socket, AF_PACKET, SOCK_RAW, 0),
		CALL(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, 0),
		CALL(SYS_listen, FD_EXPORT, 1), CALL(SYS_accept4, FD_CHANNEL),
		CALL(SYS_clone, SIGCHLD, 0), CALL(SYS_clone3, 0, 0),
		CALL(SYS_execve, P("/bin/sh"), 0, 0),
		CALL(SYS_execveat, 0, P(""), 0, 0, AT_EMPTY_PATH),
		CALL(SYS_kill, getpid(), SIGKILL), CALL(SYS_kill, 1, 0),
		CALL(SYS_tgkill, getpid(), getpid(), SIGABRT),
		CALL(SYS_tgkill, 1, 1, SIGABRT), CALL(SYS_tkill, 1, 0),
		CALL(SYS_pidfd_open, getpid(), 0), CALL(SYS_pidfd_getfd, 0),
		CALL(SYS_ptrace, 0), CALL(SYS_bpf, 0),
		CALL(SYS_io_uring_setup, 1, 0), CALL(SYS_unshare, 0),
		CALL(SYS_process_vm_readv, getpid()), CALL(SYS_setns, 0, 0)
	};

	expect_killed(tries, nitems(tries));
}

static void
kill_self(void)
{
	syscall(SYS_tgkill, getpid(), gettid(), SIGTERM);
}

ATF_TC_WITHOUT_HEAD(abort_is_not_sigsys);
ATF_TC_BODY(abort_is_not_sigsys, tc)
{
	const struct attempt	 aborts = RUN(abort);
	const struct attempt	 tries[] = { RUN(kill_self) };
	int			 root, status;

	expect_killed(tries, nitems(tries));
	for (root = 0; root < kinds(); root++) {
		status = try(root, &aborts);
		ATF_CHECK_MSG(WIFSIGNALED(status) &&
		    WTERMSIG(status) == SIGABRT, "%#x", (unsigned int)status);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, forbidden_syscall_kills_the_worker);
	ATF_TP_ADD_TC(tp, allowed_calls_succeed);
	ATF_TP_ADD_TC(tp, export_cannot_be_redirected);
	ATF_TP_ADD_TC(tp, capture_descriptor_cannot_be_written);
	ATF_TP_ADD_TC(tp, upper_bits_do_not_help);
	ATF_TP_ADD_TC(tp, channel_cannot_be_closed);
	ATF_TP_ADD_TC(tp, memory_never_becomes_executable);
	ATF_TP_ADD_TC(tp, memory_is_limited);
	ATF_TP_ADD_TC(tp, no_files_no_sockets_no_processes);
	ATF_TP_ADD_TC(tp, abort_is_not_sigsys);

	return (atf_no_error());
}
