/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What parent, resolver and who compiles an expression must not call, written
 * down without a look at the daemon's tables: all that is not in a list of
 * names, and of what is, some arguments.  The tables may have less.
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <linux/audit.h>
#include <linux/fcntl.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>

#include "compat.h"
#include "running.h"

#define OF(role)	(1U << SANDBOX_FILTER_##role)
#define PARENT		OF(PARENT)
#define RESOLVER	OF(RESOLVER)
#define COMPILER	OF(COMPILER)
#define ALL		(PARENT | RESOLVER | COMPILER)
#define RW		(PROT_READ | PROT_WRITE)
#define RX		(PROT_READ | PROT_EXEC)
#define BIT_32		(UINT64_C(1) << 32)

/* Known only of a process. */
#define PID		UINT64_MAX
#define UID		(UINT64_MAX - 1)
#define GID		(UINT64_MAX - 2)
#define BINARY		(UINT64_MAX - 3)

/* Of those that may be called with some arguments; root: if it is. */
static const struct {
	unsigned int	 roles;
	int		 root;
	const char	*calls;
} names[] = {
	{ ALL, 0, "read write writev close openat open stat stat64 fstat "
	    "fstat64 newfstatat fstatat64 statx lstat lstat64 access "
	    "faccessat faccessat2 lseek _llseek pread64 brk munmap mremap "
	    "madvise mmap mmap2 mprotect clock_gettime clock_gettime64 "
	    "gettimeofday time getrandom futex futex_time64 set_robust_list "
	    "rseq getpid gettid getppid geteuid geteuid32 rt_sigaction "
	    "rt_sigprocmask rt_sigreturn sigreturn restart_syscall tgkill "
	    "uname exit exit_group" },
	{ PARENT | RESOLVER, 0, "socket connect bind sendto sendmsg recvfrom "
	    "recvmsg getsockname poll ppoll ppoll_time64 clone fork pipe "
	    "pipe2 wait4 waitpid alarm setitimer prlimit64 getsockopt ioctl" },
	{ ALL, 0, "fcntl fcntl64 setsockopt" },
	{ PARENT | COMPILER, 0, "memfd_create ftruncate ftruncate64" },
	{ PARENT, 0, "accept4 accept socketpair send recv kill unlinkat "
	    "execveat dup2 dup3 close_range arch_prctl set_thread_area "
	    "set_tls set_tid_address umask prctl ugetrlimit capget "
	    "capset landlock_create_ruleset landlock_add_rule "
	    "landlock_restrict_self seccomp eventfd2" },
	{ PARENT, 1, "chroot chdir fchdir setgroups setgroups32 setresuid "
	    "setresuid32 setresgid setresgid32 getgroups getgroups32 "
	    "getresuid getresuid32 getresgid getresgid32" },
	{ RESOLVER, 0, "sendmmsg getpeername readv select _newselect "
	    "pselect6 sysinfo getuid getuid32 getgid getgid32 getegid "
	    "getegid32" },
};

/* With these arguments; what is not given may be anything. */
static const struct forbidden {
	unsigned int	 roles;
	struct example	 example;
} forbidden[] = {
#define THREE(roles, call, ...)	{ (roles), { (call), { __VA_ARGS__ }, 7 } }
#define SOCKET(roles, family, type)					\
    { (roles), { "socket", { (family), (type) }, 3 } }
#define FAMILY(family)							\
    { ALL, { "socket", { (family) }, 1 } },				\
    { ALL, { "socket", { BIT_32 | (family) }, 1 } }
#define OPTION(roles, call, level, name)				\
    { (roles), { (call), { 0, (level), (name) }, 6 } }
#define SET(level, name)	OPTION(ALL, "setsockopt", level, name)
#define GET(level, name)						\
    OPTION(PARENT | COMPILER, "getsockopt", level, name)
#define SECOND(call, value)	{ ALL, { (call), { 0, (value) }, 2 } }
#define PRCTL(option, value)						\
    { ALL, { "prctl", { (option), (value) }, 3 } }
	FAMILY(AF_UNSPEC), FAMILY(AF_ALG), FAMILY(AF_KEY), FAMILY(AF_XDP),
	FAMILY(AF_VSOCK), FAMILY(AF_BLUETOOTH), FAMILY(AF_CAN), FAMILY(AF_RDS),
	SOCKET(ALL, AF_INET, SOCK_RAW), SOCKET(ALL, AF_INET6, SOCK_RAW),
	SOCKET(ALL, AF_INET, BIT_32 | SOCK_RAW),
	SOCKET(ALL, BIT_32 | AF_INET, SOCK_DGRAM),
	SOCKET(ALL, AF_INET, SOCK_PACKET), SOCKET(ALL, AF_PACKET, SOCK_PACKET),
	SOCKET(ALL, AF_UNIX, SOCK_SEQPACKET),
	SOCKET(PARENT | COMPILER, AF_UNIX, SOCK_STREAM),
	SOCKET(PARENT | COMPILER, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC),
	SOCKET(ALL, AF_NETLINK, SOCK_DGRAM),
	SOCKET(RESOLVER | COMPILER, AF_PACKET, SOCK_RAW),
	SOCKET(RESOLVER | COMPILER, AF_PACKET, SOCK_DGRAM),
	SOCKET(RESOLVER | COMPILER, BIT_32 | AF_PACKET, SOCK_RAW),
	SOCKET(RESOLVER | COMPILER, AF_UNIX, SOCK_DGRAM),
	THREE(ALL, "socket", AF_INET, SOCK_DGRAM, IPPROTO_ICMP),
	THREE(ALL, "socket", AF_INET, SOCK_STREAM, 262),	/* MPTCP */
	THREE(ALL, "socket", AF_PACKET, SOCK_RAW, 0x300),	/* all */
	THREE(ALL, "socket", AF_PACKET, SOCK_DGRAM, 0x300),
	THREE(ALL, "socket", AF_UNIX, SOCK_DGRAM, 1),
	THREE(ALL, "socket", AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG),
	THREE(ALL, "socket", AF_NETLINK, SOCK_RAW, NETLINK_AUDIT),
	THREE(ALL, "socket", AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER),
	THREE(ALL, "socketpair", AF_UNIX, SOCK_DGRAM, 0),
	THREE(ALL, "socketpair", AF_INET, SOCK_STREAM, 0),
	SET(SOL_SOCKET, SO_ATTACH_BPF), SET(SOL_SOCKET, SO_DETACH_FILTER),
	SET(SOL_SOCKET, SO_MARK), SET(SOL_SOCKET, SO_DEBUG),
	SET(SOL_SOCKET, SO_RCVBUFFORCE), SET(SOL_SOCKET, SO_REUSEPORT),
	SET(SOL_SOCKET, BIT_32 | SO_SNDBUF), SET(IPPROTO_TCP, TCP_REPAIR),
	SET(IPPROTO_TCP, TCP_ULP), SET(IPPROTO_TCP, TCP_FASTOPEN_CONNECT),
	SET(IPPROTO_IP, IP_HDRINCL), SET(IPPROTO_IP, IP_TRANSPARENT),
	SET(IPPROTO_IP, 64), SET(IPPROTO_IPV6, 64),	/* of netfilter */
	SET(SOL_PACKET, PACKET_FANOUT), SET(SOL_PACKET, PACKET_TX_RING),
	SET(SOL_PACKET, PACKET_QDISC_BYPASS),
	GET(SOL_SOCKET, 77), GET(SOL_SOCKET, BIT_32 | SO_ERROR),
	GET(IPPROTO_IP, 64), GET(IPPROTO_TCP, TCP_REPAIR_WINDOW),
	SECOND("ioctl", TIOCSTI), SECOND("ioctl", BIT_32 | TIOCSTI),
	SECOND("ioctl", TIOCLINUX), SECOND("ioctl", TIOCSETD),
	SECOND("ioctl", FIOASYNC), SECOND("ioctl", SIOCSIFFLAGS),
	SECOND("ioctl", SIOCSIFADDR), SECOND("ioctl", SIOCADDRT),
	SECOND("fcntl", F_SETOWN), SECOND("fcntl", BIT_32 | F_SETOWN),
	SECOND("fcntl", F_SETSIG), SECOND("fcntl", F_SETLEASE),
	SECOND("fcntl", F_NOTIFY), SECOND("fcntl", F_SETPIPE_SZ),
	PRCTL(PR_SET_DUMPABLE, 1), PRCTL(PR_SET_DUMPABLE, BIT_32),
	PRCTL(PR_SET_NO_NEW_PRIVS, 0), PRCTL(PR_SET_PDEATHSIG, 0),
	PRCTL(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE),
	PRCTL(PR_SET_SECCOMP, 2), PRCTL(PR_SET_SECUREBITS, 0),
	PRCTL(PR_SET_KEEPCAPS, 1), PRCTL(PR_SET_MM, 1),
	PRCTL(PR_SET_PTRACER, UINT64_C(0xffffffff)), PRCTL(PR_SET_NAME, 0),
	PRCTL(BIT_32 | PR_SET_PTRACER, 0),
	THREE(ALL, "setresuid", 0, 0, 0), THREE(ALL, "setresgid", 0, 0, 0),
	THREE(COMPILER, "tgkill", 1, 1, SIGABRT),
	{ ALL, { "tgkill", { PID, PID, SIGKILL }, 7 } },
	{ ALL, { "kill", { 0, 0 }, 2 } },
	{ ALL, { "mprotect", { 0, 0, RW | PROT_EXEC }, 4 } },
	{ ALL, { "execveat", { (uint32_t)AT_FDCWD }, 1 } },
	/* listen, accept, shutdown, recvmmsg; a number that there is not */
	{ ALL, { "socketcall", { 4 }, 1 } },
	{ ALL, { "socketcall", { 5 }, 1 } },
	{ ALL, { "socketcall", { 13 }, 1 } },
	{ ALL, { "socketcall", { 19 }, 1 } },
	{ ALL, { "socketcall", { 21 }, 1 } },
};

/* Each bit of arg that is not in may must be as it is. */
static const struct exact {
	unsigned int	 roles;
	struct example	 example;
	unsigned int	 arg;
	uint64_t	 may;
} exacts[] = {
#define READ_ONLY	(O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | \
    O_DIRECTORY | O_LARGEFILE)
#define SEND_FLAGS	(MSG_NOSIGNAL | MSG_DONTWAIT)
#define OTHER_ID(call, id, arg)						\
    { ALL, { (call), { (id), (id), (id) }, 7 }, (arg), 0 }
	{ ALL, { "openat", { 0 }, 4 }, 2, READ_ONLY },
	{ ALL, { "open", { 0 }, 2 }, 1, READ_ONLY },
	{ ALL, { "mmap", { 0 }, 4 }, 2, RW },
	{ ALL, { "mmap", { 0, 0, RW }, 4 }, 2, RW },
	{ ALL, { "mmap", { 0, 0, RX, MAP_PRIVATE }, 12 }, 3,
	    MAP_FIXED | MAP_DENYWRITE },
	{ ALL, { "mmap", { 0, 0, RX, MAP_PRIVATE }, 12 }, 2, RW | PROT_EXEC },
	{ ALL, { "mprotect", { 0 }, 4 }, 2, RW },
	{ ALL, { "mprotect", { 0, 0, PROT_READ }, 4 }, 2, RW },
	{ ALL, { "clone", { SIGCHLD }, 1 }, 0,
	    CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID },
	{ ALL, { "sendto", { 0 }, 8 }, 3, SEND_FLAGS },
	{ ALL, { "sendmsg", { 0 }, 4 }, 2, SEND_FLAGS },
	{ ALL, { "sendmmsg", { 0 }, 8 }, 3, SEND_FLAGS },
	{ ALL, { "memfd_create", { 0, MFD_CLOEXEC | MFD_ALLOW_SEALING }, 2 },
	    1, 8 },				/* MFD_NOEXEC_SEAL */
	{ ALL, { "kill", { 0, SIGKILL }, 2 }, 1, 0 },
	{ ALL, { "kill", { 0, SIGTERM }, 2 }, 1, 0 },
	{ ALL, { "tgkill", { PID, PID, SIGABRT }, 7 }, 2, 0 },
	{ ALL, { "unlinkat", { 0 }, 4 }, 2, 0 },
	{ ALL, { "prlimit64", { 0 }, 1 }, 0, 0 },
	{ ALL, { "ioctl", { 0 }, 2 }, 1, 0 },
	{ ALL, { "arch_prctl", { 0x1002 }, 1 }, 0, 0 },
	{ ALL, { "dup2", { 0 }, 2 }, 1, FD_CAPTURE | 15 },
	{ ALL, { "dup3", { 0 }, 2 }, 1, FD_CAPTURE | 15 },
	{ ALL, { "execveat", { BINARY, 0, 0, 0, AT_EMPTY_PATH }, 17 }, 0, 0 },
	{ ALL, { "execveat", { BINARY, 0, 0, 0, AT_EMPTY_PATH }, 17 }, 4, 0 },
	{ ALL, { "setgroups", { 0 }, 1 }, 0, 0 },
	OTHER_ID("setresuid", UID, 0), OTHER_ID("setresuid", UID, 1),
	OTHER_ID("setresuid", UID, 2), OTHER_ID("setresgid", GID, 0),
	OTHER_ID("setresgid", GID, 1), OTHER_ID("setresgid", GID, 2),
};

static int
is_one_of(const char *list, const char *name)
{
	size_t	len = strlen(name);

	while (strncmp(list, name, len) != 0 ||
	    (list[len] != ' ' && list[len] != '\0')) {
		if ((list = strchr(list, ' ')) == NULL)
			return (0);
		list++;
	}
	return (1);
}

/* A sanitizer's runtime may make some calls as it likes. */
static int
is_extra(const char *name)
{
	const struct sandbox_extra	*extra;

	for (extra = sandbox_extra_calls; extra->name != NULL; extra++)
		if (strcmp(extra->name, name) == 0)
			return (1);
	return (0);
}

uint32_t
process_arch(const struct process *p)
{
	return (p->arch != 0 ? p->arch : seccomp_arch_native());
}

/* glibc's only way to call sockets there. */
static int
is_needed_socketcall(const struct process *p, const char *name)
{
	uint32_t	arch = process_arch(p);

	return ((arch == SCMP_ARCH_X86 || arch == SCMP_ARCH_S390X) &&
	    strcmp(name, "socketcall") == 0 &&
	    (1U << p->role & (PARENT | RESOLVER)) != 0);
}

int
forbidden_call(const struct process *p, const char *name)
{
	size_t	i;

	if (process_arch(p) == SCMP_ARCH_X86 && strcmp(name, "mmap") == 0)
		return (!is_extra(name));
	if (is_needed_socketcall(p, name))
		return (0);
	for (i = 0; i < nitems(names); i++)
		if ((names[i].roles & 1U << p->role) != 0 &&
		    p->root >= names[i].root &&
		    is_one_of(names[i].calls, name))
			return (0);
	return (!is_extra(name));
}

static uint64_t
value(const struct process *p, uint64_t arg)
{
	switch (arg) {
	case PID:
		return ((uint64_t)p->own_pid);
	case UID:
		return (p->box.uid);
	case GID:
		return (p->box.gid);
	case BINARY:
		return ((uint64_t)p->box.binary_fd);
	default:
		return (arg);
	}
}

static void
adapt(const struct process *p, struct example *e)
{
	uint32_t	arch = process_arch(p);
	size_t		i;

	/* Of 32 bits there is no upper half. */
	for (i = 0; i < nitems(e->args); i++)
		if ((arch & __AUDIT_ARCH_64BIT) == 0 &&
		    e->args[i] > UINT32_MAX)
			e->name = "";
	if (arch != SCMP_ARCH_S390X)
		return;
	if (strcmp(e->name, "mmap") == 0)
		e->name = "";		/* its arguments are in memory */
	else if (strcmp(e->name, "clone") == 0) {
		e->args[1] = e->args[0];
		e->given = 2;
	}
}

int
forbidden_example(const struct process *p, size_t n, struct example *e)
{
	const struct exact	*exact = NULL;
	unsigned int		 roles;
	uint64_t		 bit = 0;
	size_t			 i;

	if (n < nitems(forbidden)) {
		roles = forbidden[n].roles;
		*e = forbidden[n].example;
	} else {
		n -= nitems(forbidden);
		if (n / 64 >= nitems(exacts))
			return (0);
		exact = &exacts[n / 64];
		bit = UINT64_C(1) << n % 64;
		roles = exact->roles;
		*e = exact->example;
	}
	for (i = 0; i < nitems(e->args); i++)
		e->args[i] = value(p, e->args[i]);
	if (exact != NULL)
		e->args[exact->arg] ^= bit;
	if ((roles & 1U << p->role) == 0 || is_extra(e->name) ||
	    (exact != NULL && (exact->may & bit) != 0))
		e->name = "";
	adapt(p, e);
	return (1);
}
