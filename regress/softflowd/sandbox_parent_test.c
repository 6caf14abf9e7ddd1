/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The parent's confinement: what it loses, what it still can do, and that
 * the workers it starts, which inherit it, can confine themselves further.
 * This program is its own worker, by execveat as in the daemon.  Runs as any
 * user; what only root can show is skipped otherwise.
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <linux/if_packet.h>
#include <linux/netlink.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"
#include "sandbox_try.h"
#include "shmem.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	0x0008U
#endif
#define ROLE	"--confined-worker"

static char	 dir[] = "/tmp/sandbox_test.XXXXXX";
static int	 binary_fd;
static uint16_t	 tcp_port;	/* a collector's; 0: none */

/* As the daemon's main: a worker, not the test program, by its arguments. */
__attribute__((__constructor__))
static void
worker_role(int argc, char **argv)
{
	struct sandbox_worker	 w;
	const char		*step;
	uint32_t		 layers, abi;
	char			 c;

	if (argc != 2 || strcmp(argv[1], ROLE) != 0)
		return;
	if (sandbox_worker_start() == -1)
		_exit(2);
	memset(&w, 0, sizeof(w));
	w.root = geteuid() == 0;
	w.uid = w.gid = NOBODY;
	w.chroot_fd = w.root ? FD_CHROOT : -1;
	w.parent = getppid();
	if (sandbox_worker(&w, &layers, &abi, &step) == -1)
		check_that(0, step, __LINE__);
	CHECK(layers & SANDBOX_SYSCALLS);
	CHECK(write(FD_CHANNEL, "c", 1) == 1);
	while (read(FD_CHANNEL, &c, 1) > 0)
		if (c == 'g')
			syscall(SYS_getppid);
	_exit(0);
}

/* A confined parent; its Landlock version, 0: none. */
static uint32_t
confine_parent(void)
{
	struct sandbox_parent	 p;
	const char		*step;
	uint32_t		 layers, abi;

	CHECK((binary_fd = fcntl(open("/proc/self/exe", O_PATH | O_CLOEXEC),
	    F_DUPFD_CLOEXEC, 20)) != -1);
	memset(&p, 0, sizeof(p));
	p.root = geteuid() == 0;
	p.uid = p.gid = NOBODY;
	p.binary_fd = binary_fd;
	p.remove_dirs[0] = dir;
	p.nremove_dirs = 1;
	p.tcp_ports[0] = tcp_port;
	p.ntcp_ports = tcp_port != 0;
	if (sandbox_parent(&p, &layers, &abi, &step) == -1)
		check_that(0, step, __LINE__);
	CHECK((layers & (SANDBOX_CAPS | SANDBOX_NNP | SANDBOX_SYSCALLS)) ==
	    (SANDBOX_CAPS | SANDBOX_NNP | SANDBOX_SYSCALLS));
	CHECK(((layers & SANDBOX_LANDLOCK) != 0) == (abi != 0));
	return (abi);
}

/* fn in both kinds of parent, with a directory that it may remove from. */
static void
in_parents(void (*fn)(void))
{
	ATF_REQUIRE(mkdtemp(dir) != NULL);
	ATF_REQUIRE_EQ(0, chmod(dir, 0777));
	in_both_kinds(fn);
	ATF_CHECK_EQ_MSG(0, rmdir(dir), "files left");
}

ATF_TC(parent_keeps_only_its_capabilities);
ATF_TC_HEAD(parent_keeps_only_its_capabilities, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(parent_keeps_only_its_capabilities, tc)
{
	/* NET_RAW, SETUID, SETGID, SYS_CHROOT, SETPCAP, KILL */
	static const char *const	 lines[] = {
		"\nUid:\t0\t0\t0\t0\n", "\nCapInh:\t0000000000000000\n",
		"\nCapPrm:\t00000000000421e0\n",
		"\nCapEff:\t00000000000421e0\n",
		"\nCapBnd:\t00000000000421e0\n",
		"\nCapAmb:\t0000000000000000\n", "\nNoNewPrivs:\t1\n",
		"\nSeccomp:\t2\n", NULL
	};
	int				 report[2];
	pid_t				 pid;
	char				 c;

	ATF_REQUIRE_EQ(0, pipe(report));
	ATF_REQUIRE(mkdtemp(dir) != NULL);
	if ((pid = fork()) == 0) {
		close(report[0]);
		confine_parent();
		CHECK(write(report[1], "c", 1) == 1);
		poll(NULL, 0, -1);
	}
	close(report[1]);
	ATF_REQUIRE_EQ(1, read(report[0], &c, 1));
	expect_lines(pid, "status", lines);
	kill(pid, SIGKILL);
	wait_for(pid);
	rmdir(dir);
}

static void
reach_out(void)
{
	char		 octet[8];
	struct iovec	 vector = { octet, sizeof(octet) };
	uint32_t	 abi;
	int		 end[2];
	pid_t		 pid;

	CHECK(pipe(end) == 0);
	if ((pid = fork()) == 0) {
		close(end[1]);
		_exit((int)read(end[0], octet, 1));	/* when we end */
	}
	abi = confine_parent();
	CHECK_FAILS(ptrace(PTRACE_TRACEME, 0, 0, 0), ENOSYS);
	CHECK_FAILS(ptrace(PTRACE_ATTACH, pid, 0, 0), ENOSYS);
	CHECK_FAILS(process_vm_readv(getpid(), &vector, 1, &vector, 1, 0),
	    ENOSYS);
	CHECK_FAILS(mount("none", dir, "tmpfs", 0, NULL), ENOSYS);
	CHECK_FAILS(unshare(CLONE_NEWUSER), ENOSYS);
	CHECK_FAILS(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0),
	    ENOSYS);
	CHECK_FAILS(syscall(SYS_clone, BIT_32 | CLONE_NEWNET | SIGCHLD, 0, 0,
	    0, 0), ENOSYS);
	CHECK_FAILS(syscall(SYS_clone3, NULL, 0), ENOSYS);
	CHECK_FAILS(syscall(SYS_setns, 0, 0), ENOSYS);
	CHECK_FAILS(syscall(SYS_bpf, 0, NULL, 0), ENOSYS);
	CHECK_FAILS(syscall(SYS_io_uring_setup, 1, NULL), ENOSYS);
	CHECK_FAILS(syscall(SYS_keyctl, 0, 0, 0, 0, 0), ENOSYS);
	CHECK_FAILS(syscall(SYS_personality, 0xffffffff), ENOSYS);
	CHECK_FAILS(socket(AF_UNIX, SOCK_STREAM, 0), ENOSYS);
	CHECK_FAILS(socket(AF_UNIX, SOCK_SEQPACKET, 0), ENOSYS);
	CHECK_FAILS(socket(AF_VSOCK, SOCK_STREAM, 0), ENOSYS);
	CHECK_FAILS(socket(AF_INET, SOCK_RAW, IPPROTO_UDP), ENOSYS);
	CHECK_FAILS(socket(AF_INET, SOCK_STREAM, 262), ENOSYS);
	CHECK_FAILS(socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT), ENOSYS);
	CHECK_FAILS(listen(end[0], 1), ENOSYS);
	CHECK_FAILS(setsockopt(end[0], SOL_SOCKET, SO_ATTACH_BPF, octet, 4),
	    ENOSYS);
	CHECK_FAILS(fcntl(end[0], F_SETOWN, getpid()), ENOSYS);
	CHECK_FAILS(dup2(end[0], binary_fd), ENOSYS);
	CHECK_FAILS(prlimit(getppid(), RLIMIT_CORE, NULL, NULL), ENOSYS);
	CHECK_FAILS(prctl(PR_SET_DUMPABLE, 1), ENOSYS);
	CHECK_FAILS(mprotect(NULL, 0, PROT_READ | PROT_EXEC), ENOSYS);
	CHECK(sandbox_sanitized || mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	CHECK_FAILS(syscall(1023), ENOSYS);
	CHECK_FAILS(ioctl(STDERR_FILENO, TIOCSTI, octet), ENOSYS);
	CHECK_FAILS(syscall(SYS_ioctl, STDERR_FILENO, BIT_32 | TIOCSTI, octet),
	    ENOSYS);
	CHECK_FAILS(kill(getppid(), 0), ENOSYS);
	CHECK_FAILS(kill(pid, SIGSTOP), ENOSYS);
	CHECK_FAILS(tgkill(pid, pid, SIGTERM), ENOSYS);
	/* A child from before the confinement. */
	if (abi >= 6)
		CHECK_FAILS(kill(pid, SIGTERM), EPERM);
}

ATF_TC_WITHOUT_HEAD(parent_cannot_ptrace_mount_or_signal_strangers);
ATF_TC_BODY(parent_cannot_ptrace_mount_or_signal_strangers, tc)
{
	in_parents(reach_out);
}

static int
connect_to(uint16_t port)
{
	struct sockaddr_in	 sin = { 0 };
	int			 fd, ret, saved;

	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(port);
	CHECK((fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)) != -1);
	ret = connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	saved = errno;
	close(fd);
	errno = saved;
	return (ret);
}

static void
connect_tcp(void)
{
	tcp_port = 1;		/* where nobody listens */
	if (confine_parent() < 4)
		return;
	CHECK_FAILS(connect_to(1), ECONNREFUSED);
	CHECK_FAILS(connect_to(2), EACCES);
	CHECK_FAILS(connect_to(80), EACCES);
}

ATF_TC_WITHOUT_HEAD(parent_connects_tcp_to_collectors_only);
ATF_TC_BODY(parent_connects_tcp_to_collectors_only, tc)
{
	in_parents(connect_tcp);
}

static void
connect_by_sending(void)
{
	confine_parent();
	try_fast_open(IPPROTO_TCP, ENOSYS);
}

ATF_TC_WITHOUT_HEAD(parent_connects_nowhere_by_sending);
ATF_TC_BODY(parent_connects_nowhere_by_sending, tc)
{
	in_parents(connect_by_sending);
}

static void
touch_files(void)
{
	char	 name[64], other[64];
	int	 fd, large;

	/* The kernel's O_LARGEFILE, which it adds itself on 64 bits. */
	CHECK((large = fcntl(open("/dev/null", O_RDONLY), F_GETFL)) != -1);
	snprintf(name, sizeof(name), "%s/file", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	CHECK((fd = open(name, O_CREAT | O_WRONLY, 0600)) != -1);
	if (confine_parent() != 0) {
		CHECK_FAILS(open("/etc/passwd", O_RDONLY), EACCES);
		CHECK_FAILS(open("/etc/group", O_RDONLY), EACCES);
		CHECK_FAILS(open("/", O_RDONLY), EACCES);
		CHECK_FAILS(open(name, O_RDONLY), EACCES);
		CHECK_FAILS(unlinkat(AT_FDCWD, "/etc/passwd", 0), EACCES);
	}
	CHECK(open("/etc/ld.so.cache", O_RDONLY | large) != -1 ||
	    errno == ENOENT);
	/* These also without Landlock. */
	if (!sandbox_sanitized) {
		CHECK_FAILS(open(other, O_CREAT | O_WRONLY, 0600), ENOSYS);
		CHECK_FAILS(open(name, O_WRONLY), ENOSYS);
		CHECK_FAILS(open(name, O_RDONLY | O_TRUNC), ENOSYS);
		CHECK_FAILS(open(dir, O_RDWR | O_TMPFILE, 0600), ENOSYS);
	}
	CHECK_FAILS(truncate(name, 0), ENOSYS);
	CHECK_FAILS(unlinkat(AT_FDCWD, dir, AT_REMOVEDIR), ENOSYS);
	CHECK_FAILS(mkdir(other, 0700), ENOSYS);
	CHECK_FAILS(link(name, other), ENOSYS);
	CHECK_FAILS(symlink(name, other), ENOSYS);
	CHECK_FAILS(rename(name, other), ENOSYS);
	CHECK_FAILS(mknod(other, S_IFIFO | 0600, 0), ENOSYS);
	CHECK_FAILS(chmod(name, 04777), ENOSYS);
	CHECK_FAILS(fchmod(fd, 04777), ENOSYS);
	CHECK_FAILS(fchown(fd, geteuid(), getegid()), ENOSYS);
	CHECK(unlinkat(AT_FDCWD, name, 0) == 0);
}

ATF_TC_WITHOUT_HEAD(parent_cannot_open_make_or_change_files);
ATF_TC_BODY(parent_cannot_open_make_or_change_files, tc)
{
	in_parents(touch_files);
}

/* For expressions: names of services, but no host's. */
static void
compile_names(void)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	struct addrinfo		*res;
	int			 fd, sv[2];
	pid_t			 pid;

	confine_parent();
	CHECK(getservbyname("ssh", "tcp") != NULL);
	CHECK(getprotobyname("gre") != NULL);
	CHECK((fd = socket(AF_INET, SOCK_DGRAM, 0)) != -1);
	CHECK(pipe(sv) == 0);
	CHECK((pid = fork()) != -1);
	if (pid == 0) {
		close(sv[1]);
		_exit((int)read(sv[0], &sin, 1));	/* when we end */
	}
	CHECK(sandbox_compiler() == 0);
	CHECK_FAILS(tgkill(pid, pid, SIGABRT), EPERM);
	CHECK_FAILS(tgkill(getpid(), getpid(), SIGTERM), EPERM);
	CHECK_FAILS(socket(AF_INET, SOCK_DGRAM, 0), EPERM);
	CHECK_FAILS(socket(AF_UNIX, SOCK_DGRAM, 0), EPERM);
	CHECK_FAILS(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), EPERM);
	CHECK_FAILS(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), EPERM);
	CHECK_FAILS(sendto(fd, "", 1, 0, (struct sockaddr *)&sin,
	    sizeof(sin)), EPERM);
	CHECK(getaddrinfo("www.example.com", NULL, NULL, &res) != 0);
	CHECK(getservbyname("domain", "udp") != NULL);
	CHECK(signal(SIGABRT, SIG_IGN) != SIG_ERR);
	CHECK(tgkill(getpid(), getpid(), SIGABRT) == 0);
}

ATF_TC_WITHOUT_HEAD(expressions_are_compiled_with_names_of_services_only);
ATF_TC_BODY(expressions_are_compiled_with_names_of_services_only, tc)
{
	if (access("/etc/services", R_OK) == -1 ||
	    access("/etc/protocols", R_OK) == -1)
		atf_tc_skip("this system has no names of services");
	in_parents(compile_names);
}

static void
exec_shell(void)
{
	char		 sh[] = "sh", c[] = "-c", command[] = "exit 9";
	char		*argv[] = { sh, c, command, NULL }, *env[] = { NULL };
	uint32_t	 abi = confine_parent();

	CHECK_FAILS(execve("/bin/sh", argv, env), ENOSYS);
	CHECK_FAILS(execveat(AT_FDCWD, "/bin/sh", argv, env, 0), ENOSYS);
	CHECK_FAILS(execveat(binary_fd, "/bin/sh", argv, env, 0), ENOSYS);
	/* Another program under our own's number is Landlock's to refuse. */
	if (abi > 0)
		CHECK_FAILS(execveat(binary_fd, "/bin/sh", argv, env,
		    AT_EMPTY_PATH), EACCES);
}

ATF_TC_WITHOUT_HEAD(parent_cannot_exec_a_shell);
ATF_TC_BODY(parent_cannot_exec_a_shell, tc)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) <= 0)
		atf_tc_skip("no Landlock in this kernel");
	in_parents(exec_shell);
}

static void
exec_memory(void)
{
	char	*argv[] = { NULL };
	int	 fd, known;

	known = memfd_create("", MFD_CLOEXEC | MFD_NOEXEC_SEAL) != -1;
	confine_parent();
	CHECK_FAILS(memfd_create("", MFD_CLOEXEC), ENOSYS);
	CHECK_FAILS(memfd_create("", MFD_CLOEXEC | MFD_ALLOW_SEALING |
	    MFD_HUGETLB), ENOSYS);
	CHECK((fd = shmem_new("program")) != -1);
	CHECK(close(binary_fd) == 0);
	CHECK(fcntl(fd, F_DUPFD, binary_fd) == binary_fd);
	if (known)
		CHECK_FAILS(execveat(binary_fd, "", argv, argv,
		    AT_EMPTY_PATH), EACCES);
}

ATF_TC_WITHOUT_HEAD(our_files_in_memory_are_no_programs);
ATF_TC_BODY(our_files_in_memory_are_no_programs, tc)
{
	in_parents(exec_memory);
}

static void
take_ids(void)
{
	gid_t	 group = NOBODY;
	int	 root = geteuid() == 0;

	confine_parent();
	CHECK_FAILS(setuid(NOBODY), ENOSYS);
	CHECK_FAILS(setreuid(NOBODY, NOBODY), ENOSYS);
	CHECK_FAILS(setgid(NOBODY), ENOSYS);
	CHECK_FAILS(setresuid(1, 1, 1), ENOSYS);
	CHECK_FAILS(setresuid(1, NOBODY, NOBODY), ENOSYS);
	CHECK_FAILS(setresuid(NOBODY, NOBODY, (uid_t)-1), ENOSYS);
	if (BIT_32 != 0)
		CHECK_FAILS(syscall(SYS_setresuid, BIT_32 | NOBODY, NOBODY,
		    NOBODY), ENOSYS);
	CHECK_FAILS(setresgid(NOBODY, 0, NOBODY), ENOSYS);
	CHECK_FAILS(setgroups(1, &group), ENOSYS);
	if (!root) {
		CHECK_FAILS(setresuid(NOBODY, NOBODY, NOBODY), ENOSYS);
		return;
	}
	become_nobody();
	CHECK_FAILS(setresuid(0, 0, 0), ENOSYS);
}

ATF_TC_WITHOUT_HEAD(child_takes_no_ids_but_the_workers);
ATF_TC_BODY(child_takes_no_ids_but_the_workers, tc)
{
	in_parents(take_ids);
}

static void
pass_descriptor(int to, int fd)
{
	char		 octet[1] = "x", space[CMSG_SPACE(sizeof(int))];
	struct iovec	 vector = { octet, 1 };
	struct msghdr	 msg = {
		.msg_iov = &vector, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space)
	};
	struct cmsghdr	*cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	CHECK(sendmsg(to, &msg, 0) == 1);
}

static void
open_capture(void)
{
	struct sockaddr_ll	 sll = { .sll_family = AF_PACKET };
	int			 fd, version = TPACKET_V3;

	CHECK((fd = socket(AF_PACKET, SOCK_RAW, 0)) != -1);
	CHECK(setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version,
	    sizeof(version)) == 0);
	sll.sll_ifindex = 1;	/* loopback, no protocol: receives nothing */
	CHECK(bind(fd, (struct sockaddr *)&sll, sizeof(sll)) == 0);
	close(fd);
}

static void
do_parents_work(void)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	struct pollfd		 pfd;
	int			 listener, client, conn, pair[2], status;
	pid_t			 pid;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/ctl", dir);
	CHECK((listener = socket(AF_UNIX, SOCK_STREAM, 0)) != -1);
	CHECK(bind(listener, (struct sockaddr *)&sun, sizeof(sun)) == 0);
	CHECK(listen(listener, 1) == 0);
	CHECK((client = socket(AF_UNIX, SOCK_STREAM, 0)) != -1);
	CHECK(connect(client, (struct sockaddr *)&sun, sizeof(sun)) == 0);
	confine_parent();
	pfd.fd = listener;
	pfd.events = POLLIN;
	CHECK(poll(&pfd, 1, 0) == 1);
	CHECK((conn = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) != -1);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	pass_descriptor(pair[0], conn);
	CHECK(write(STDERR_FILENO, "a line\n", 7) == 7);
	if (geteuid() == 0)
		open_capture();
	if ((pid = fork()) == 0) {
		if (geteuid() == 0)
			become_nobody();
		for (;;)
			poll(NULL, 0, -1);
	}
	CHECK(kill(pid, SIGKILL) == 0);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	CHECK(unlinkat(AT_FDCWD, sun.sun_path, 0) == 0);
}

ATF_TC_WITHOUT_HEAD(parent_still_does_its_work);
ATF_TC_BODY(parent_still_does_its_work, tc)
{
	in_parents(do_parents_work);
}

/* Start the worker as the daemon does, until it says that it is confined. */
static pid_t
start_worker(int null, int chroot_fd, int *channel)
{
	char	 name[] = "sandbox_test", role[] = ROLE, empty[] = "", c;
	char	*argv[] = { name, role, NULL }, *env[] = { empty, NULL };
	int	 chan[2], high;
	pid_t	 pid;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, chan) == 0);
	if ((pid = fork()) == 0) {
		CHECK((high = fcntl(chan[1], F_DUPFD_CLOEXEC, 10)) != -1);
		if (chroot_fd != -1)
			place(chroot_fd, FD_CHROOT);
		place(high, FD_CHANNEL);
		place(null, STDIN_FILENO);
		execveat(binary_fd, "", argv, env, AT_EMPTY_PATH);
		check_that(0, "execveat", __LINE__);
	}
	close(chan[1]);
	CHECK(read(chan[0], &c, 1) == 1);
	*channel = chan[0];
	return (pid);
}

static void
start_workers(void)
{
	int	 channel, chroot_fd = -1, null, status;
	pid_t	 pid;

	CHECK((null = fcntl(open("/dev/null", O_RDWR), F_DUPFD, 20)) != -1);
	if (geteuid() == 0)
		CHECK((chroot_fd = fcntl(sandbox_chroot_dir(), F_DUPFD, 20)) !=
		    -1);
	confine_parent();

	pid = start_worker(null, chroot_fd, &channel);
	CHECK(write(channel, "g", 1) == 1);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);

	/* The next one: of another uid and in a Landlock domain of its own. */
	pid = start_worker(null, chroot_fd, &channel);
	CHECK(kill(pid, SIGKILL) == 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

	pid = start_worker(null, chroot_fd, &channel);
	close(channel);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

ATF_TC_WITHOUT_HEAD(confined_parent_starts_confined_workers);
ATF_TC_BODY(confined_parent_starts_confined_workers, tc)
{
	in_parents(start_workers);
}

static void
no_such_directory(void)
{
	struct sandbox_parent	 p;
	const char		*step = NULL;
	uint32_t		 layers, abi;

	memset(&p, 0, sizeof(p));
	CHECK((p.binary_fd = open("/proc/self/exe", O_PATH)) != -1);
	p.remove_dirs[0] = "/nonexistent/directory";
	p.nremove_dirs = 1;
	p.tcp_ports[0] = tcp_port;
	p.ntcp_ports = tcp_port != 0;
	CHECK_FAILS(sandbox_parent(&p, &layers, &abi, &step), ENOENT);
	CHECK(step != NULL && strcmp(step, "Landlock") == 0);
}

ATF_TC_WITHOUT_HEAD(parents_failing_step_names_itself);
ATF_TC_BODY(parents_failing_step_names_itself, tc)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) <= 0)
		atf_tc_skip("no Landlock in this kernel");
	in_both_kinds(no_such_directory);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, parent_keeps_only_its_capabilities);
	ATF_TP_ADD_TC(tp, parent_cannot_ptrace_mount_or_signal_strangers);
	ATF_TP_ADD_TC(tp, parent_connects_tcp_to_collectors_only);
	ATF_TP_ADD_TC(tp, parent_connects_nowhere_by_sending);
	ATF_TP_ADD_TC(tp, parent_cannot_open_make_or_change_files);
	ATF_TP_ADD_TC(tp,
	    expressions_are_compiled_with_names_of_services_only);
	ATF_TP_ADD_TC(tp, parent_cannot_exec_a_shell);
	ATF_TP_ADD_TC(tp, our_files_in_memory_are_no_programs);
	ATF_TP_ADD_TC(tp, child_takes_no_ids_but_the_workers);
	ATF_TP_ADD_TC(tp, parent_still_does_its_work);
	ATF_TP_ADD_TC(tp, confined_parent_starts_confined_workers);
	ATF_TP_ADD_TC(tp, parents_failing_step_names_itself);

	return (atf_no_error());
}
