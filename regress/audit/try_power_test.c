/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A taken-over worker and what it would like to do next: code of its own,
 * files, sockets, processes, and the parts of the kernel that exploits like.
 */

#include <sys/mman.h>
#include <sys/prctl.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "try.h"


#define RW	(PROT_READ | PROT_WRITE)
#define RX	(PROT_READ | PROT_EXEC)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

static void
expect_killed(const atf_tc_t *tc, const struct try *tries, size_t n)
{
	try_begin(tc, TRY_FILTER);
	try_controls();
	try_killed(tries, n);
}

CASE(memory)
{
	static const struct try	tries[] = {
		{ "mmap writable and executable", "mmap", { 0, 4096,
		    RW | PROT_EXEC, ANON, -1, 0 } },
		{ "mmap executable", "mmap", { 0, 4096, RX, ANON, -1, 0 } },
		{ "mmap a descriptor, shared", "mmap", { 0, 4096, RW,
		    MAP_SHARED, FD_CAPTURE, 0 } },
		{ "mmap a descriptor, private", "mmap", { 0, 4096, RW,
		    MAP_PRIVATE, FD_CAPTURE, 0 } },
		{ "mmap at a place of its choice", "mmap", { 0x10000, 4096, RW,
		    ANON | MAP_FIXED, -1, 0 } },
		{ "mprotect executable", "mprotect", { TRY_AT(frame) & ~4095L,
		    4096, RX } },
		{ "mprotect, anything", "mprotect", { TRY_AT(frame) & ~4095L,
		    4096, PROT_READ } },
		{ "pkey_mprotect", "pkey_mprotect", { TRY_AT(frame) & ~4095L,
		    4096, RX, -1 } },
		{ "remap_file_pages", "remap_file_pages", { 0, 4096 } },
		{ "memfd_create", "memfd_create", { TRY_AT(option), 0 } },
		{ "userfaultfd", "userfaultfd", { 0 } },
		{ "shmget", "shmget", { 0, 4096, 01600 } },
	};

	expect_killed(tc, tries, nitems(tries));
}

CASE(memory_without_the_filter)
{
	static const struct try	tries[] = {
		{ "mmap writable and executable", "mmap", { 0, 4096,
		    RW | PROT_EXEC, ANON, -1, 0 } },
		/* of memory that it may have */
		{ "mprotect executable", "mprotect", { 0, 4096, RX } },
	}, allowed = { "mmap", "mmap", { 0, 4096, RW, ANON, -1, 0 } };
	struct inject_fake	fakes[] = { TRY_NO_FILTER };
	struct inject_outcome	out;
	struct try		t;
	pid_t			pid;

	try_begin(tc, "MDWE");
	pid = try_early();
	out = try_call(pid, &tries[0]);
	ATF_REQUIRE_MSG(out.value > 0, "before, it may");
	ATF_REQUIRE(try_lock(pid, fakes, nitems(fakes)));
	if (!try_layer(SANDBOX_MDWE)) {
		try_missing("MDWE", tries[0].name, !try_kernel_has_mdwe(),
		    "Linux 6.3 has it");
		try_end(pid);
		return;
	}
	try_refused(pid, "MDWE", &tries[0], EACCES);
	out = try_call(pid, &allowed);
	ATF_REQUIRE(out.end == INJECT_RETURNED && out.value > 0);
	t = tries[1];
	t.arg[0] = out.value;
	try_refused(pid, "MDWE", &t, EACCES);
	try_end(pid);
}

CASE(no_files)
{
	static const struct try	tries[] = {
		{ "open /etc/passwd", "openat", { AT_FDCWD, TRY_AT(passwd),
		    O_RDONLY } },
		{ "open /etc/passwd to write", "openat", { AT_FDCWD,
		    TRY_AT(passwd), O_RDWR } },
		{ "open by handle", "open_by_handle_at", { AT_FDCWD,
		    TRY_AT(zero), O_RDONLY } },
		{ "openat2", "openat2", { AT_FDCWD, TRY_AT(root), TRY_AT(zero),
		    24 } },
		{ "stat a path", "newfstatat", { AT_FDCWD, TRY_AT(passwd),
		    TRY_AT(zero), 0 } },
		{ "statx", "statx", { AT_FDCWD, TRY_AT(passwd), 0, 0,
		    TRY_AT(zero) } },
		{ "fstat a descriptor", "fstat", { 0, TRY_AT(zero) } },
		{ "list a directory", "getdents64", { FD_SAVEFILE,
		    TRY_AT(zero), 64 } },
		{ "read a link", "readlinkat", { AT_FDCWD, TRY_AT(root),
		    TRY_AT(zero), 64 } },
		{ "make a directory", "mkdirat", { AT_FDCWD, TRY_AT(option),
		    0700 } },
		{ "remove a file", "unlinkat", { AT_FDCWD, TRY_AT(passwd),
		    0 } },
		{ "rename a file", "renameat2", { AT_FDCWD, TRY_AT(passwd),
		    AT_FDCWD, TRY_AT(option) } },
		{ "link a file", "linkat", { AT_FDCWD, TRY_AT(passwd),
		    AT_FDCWD, TRY_AT(option) } },
		{ "change a mode", "fchmodat", { AT_FDCWD, TRY_AT(passwd),
		    0777 } },
		{ "change an owner", "fchownat", { AT_FDCWD, TRY_AT(passwd),
		    0, 0 } },
		{ "change directory", "chdir", { TRY_AT(root) } },
		{ "change root", "chroot", { TRY_AT(root) } },
		{ "mount", "mount", { TRY_AT(root), TRY_AT(root), 0, 4096 } },
		{ "pivot_root", "pivot_root", { TRY_AT(root),
		    TRY_AT(root) } },
	};

	expect_killed(tc, tries, nitems(tries));
}

CASE(no_sockets)
{
	static const struct try	tries[] = {
		{ "a UDP socket", "socket", { AF_INET, SOCK_DGRAM } },
		{ "a TCP socket", "socket", { AF_INET, SOCK_STREAM } },
		{ "an IPv6 socket", "socket", { AF_INET6, SOCK_DGRAM } },
		{ "a raw socket", "socket", { AF_INET, SOCK_RAW,
		    IPPROTO_ICMP } },
		{ "a packet socket", "socket", { AF_PACKET, SOCK_RAW } },
		{ "a netlink socket", "socket", { AF_NETLINK, SOCK_RAW } },
		{ "a local socket", "socket", { AF_UNIX, SOCK_STREAM } },
		{ "a vsock socket", "socket", { 40, SOCK_STREAM } },
		{ "a crypto socket", "socket", { 38, SOCK_SEQPACKET } },
		{ "a socket pair", "socketpair", { AF_UNIX, SOCK_STREAM, 0,
		    TRY_AT(zero) } },
		{ "listen", "listen", { TRY_EXPORT, 1 } },
		{ "accept", "accept4", { FD_CHANNEL, 0, 0, 0 } },
		{ "shutdown the channel", "shutdown", { FD_CHANNEL, 2 } },
		{ "a pipe", "pipe2", { TRY_AT(zero), 0 } },
		{ "who is there", "getsockname", { TRY_EXPORT, TRY_AT(zero),
		    TRY_AT(len) } },
	};

	expect_killed(tc, tries, nitems(tries));
}

CASE(no_processes)
{
	static const struct try	tries[] = {
		{ "fork", "clone", { SIGCHLD } },
		{ "a thread", "clone", { CLONE_VM | CLONE_FS | CLONE_FILES |
		    CLONE_SIGHAND | CLONE_THREAD, TRY_AT(zero) } },
		{ "clone3", "clone3", { TRY_AT(zero), 64 } },
		{ "execute a shell", "execve", { TRY_AT(shell), TRY_AT(argv),
		    0 } },
		{ "execute a descriptor", "execveat", { FD_SAVEFILE,
		    TRY_AT(zero), TRY_AT(argv), 0, AT_EMPTY_PATH } },
		{ "new namespaces", "unshare", { CLONE_NEWUSER } },
		{ "another's namespaces", "setns", { FD_SAVEFILE, 0 } },
		{ "become root", "setresuid", { 0, 0, 0 } },
		{ "root's group", "setresgid", { 0, 0, 0 } },
		{ "more groups", "setgroups", { 1, TRY_AT(zero) } },
		{ "capset", "capset", { TRY_AT(zero), TRY_AT(zero) } },
		{ "higher limits", "prlimit64", { 0, 7, TRY_AT(pair), 0 } },
		{ "higher priority", "setpriority", { 0, 0, -20 } },
		{ "another scheduler", "sched_setscheduler", { 0, 1,
		    TRY_AT(value) } },
	};

	expect_killed(tc, tries, nitems(tries));
}

CASE(no_signals)
{
	struct try	tries[] = {
		{ "kill the parent", "kill", { getpid(), SIGKILL } },
		{ "signal all", "kill", { -1, 0 } },	/* should it work */
		{ "is process 1 there", "kill", { 1, 0 } },
		{ "tgkill process 1", "tgkill", { 1, 1, SIGABRT } },
		{ "tgkill the parent", "tgkill", { getpid(), getpid(),
		    SIGABRT } },
		{ "tkill", "tkill", { getpid(), SIGABRT } },
		{ "queue a signal", "rt_sigqueueinfo", { 1, SIGUSR1,
		    TRY_AT(zero) } },
		{ "pidfd_open", "pidfd_open", { getpid(), 0 } },
		{ "pidfd_send_signal", "pidfd_send_signal", { 0, SIGKILL } },
		{ "catch SIGSYS", "rt_sigaction", { SIGSYS, TRY_AT(zero), 0,
		    8 } },
	};

	expect_killed(tc, tries, nitems(tries));
}

/* Of itself it may only want the end, and by that signal. */
CASE(no_signals_to_itself)
{
	struct try		t = { "raise SIGTERM", "tgkill",
				    { 0, 0, SIGTERM } };
	struct inject_outcome	out;
	pid_t			pid;

	try_begin(tc, TRY_FILTER);
	try_controls();
	pid = try_worker();
	t.arg[0] = t.arg[1] = pid;
	out = try_call(pid, &t);
	try_report(TRY_FILTER, t.name, try_is_sigsys(&out), &out);
	try_end(pid);
	pid = try_worker();
	t.name = "abort by upper bits";
	t.arg[0] = TRY_UPPER | pid;
	t.arg[1] = pid;
	t.arg[2] = SIGABRT;
	out = try_call(pid, &t);
	try_report(TRY_FILTER, t.name, try_is_sigsys(&out), &out);
	try_end(pid);
}

CASE(no_new_filter)
{
	static const struct try	tries[] = {
		{ "a filter that allows all", "seccomp",
		    { SECCOMP_SET_MODE_FILTER, 0, TRY_AT(filter) } },
		{ "the same by prctl", "prctl", { PR_SET_SECCOMP,
		    SECCOMP_MODE_FILTER, TRY_AT(filter) } },
		{ "a filter that asks another process", "seccomp",
		    { SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_NEW_LISTENER, TRY_AT(filter) } },
		{ "dumpable again", "prctl", { PR_SET_DUMPABLE, 1 } },
		{ "no death with the parent", "prctl", { PR_SET_PDEATHSIG,
		    0 } },
		{ "a tracer of its choice", "prctl", { PR_SET_PTRACER, -1 } },
		{ "a new Landlock domain", "landlock_restrict_self",
		    { FD_SAVEFILE, 0 } },
	};

	expect_killed(tc, tries, nitems(tries));
}

CASE(io_uring)
{
	static const struct try	tries[] = {
		{ "io_uring_setup", "io_uring_setup", { 1, TRY_AT(zero) } },
		{ "io_uring_enter", "io_uring_enter", { FD_SAVEFILE, 1 } },
		{ "io_uring_register", "io_uring_register", { FD_SAVEFILE } },
		{ "io_setup", "io_setup", { 1, TRY_AT(zero) } },
	};

	expect_killed(tc, tries, nitems(tries));
}

CASE(ptrace_of_others)
{
	struct try	tries[] = {
		{ "trace the parent", "ptrace", { 0x4206, getpid(), 0, 0 } },
		{ "read another's memory", "process_vm_readv", { getpid(),
		    TRY_AT(iov), 1, TRY_AT(iov), 1 } },
		{ "write another's memory", "process_vm_writev", { getpid(),
		    TRY_AT(iov), 1, TRY_AT(iov), 1 } },
		{ "kcmp", "kcmp", { getpid(), getpid(), 0, 0, 0 } },
		{ "process_madvise", "process_madvise", { 0, TRY_AT(iov), 1,
		    4 } },
	};

	expect_killed(tc, tries, nitems(tries));
}

CASE(bpf)
{
	static const struct try	tries[] = {
		{ "a BPF map", "bpf", { 0, TRY_AT(zero), 72 } },
		{ "a BPF program", "bpf", { 5, TRY_AT(zero), 72 } },
		{ "perf_event_open", "perf_event_open", { TRY_AT(zero), 0, -1,
		    -1 } },
		{ "a key", "add_key", { TRY_AT(option), TRY_AT(option) } },
		{ "a module", "finit_module", { FD_SAVEFILE } },
		{ "another kernel", "kexec_load", { 0 } },
		{ "the kernel's log", "syslog", { 3, TRY_AT(zero), 64 } },
		{ "the clock", "clock_settime", { 0, TRY_AT(ts) } },
		{ "reboot", "reboot", { 0 } },
	};

	expect_killed(tc, tries, nitems(tries));
}

CASE(pidfd_getfd)
{
	static const struct try	tries[] = {
		{ "pidfd_getfd of the parent", "pidfd_getfd", { FD_SAVEFILE, 3,
		    0 } },
		{ "pidfd_getfd of 0", "pidfd_getfd", { 0, 0, 0 } },
	};

	expect_killed(tc, tries, nitems(tries));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, memory);
	ATF_TP_ADD_TC(tp, memory_without_the_filter);
	ATF_TP_ADD_TC(tp, no_files);
	ATF_TP_ADD_TC(tp, no_sockets);
	ATF_TP_ADD_TC(tp, no_processes);
	ATF_TP_ADD_TC(tp, no_signals);
	ATF_TP_ADD_TC(tp, no_signals_to_itself);
	ATF_TP_ADD_TC(tp, no_new_filter);
	ATF_TP_ADD_TC(tp, io_uring);
	ATF_TP_ADD_TC(tp, ptrace_of_others);
	ATF_TP_ADD_TC(tp, bpf);
	ATF_TP_ADD_TC(tp, pidfd_getfd);

	return (atf_no_error());
}
