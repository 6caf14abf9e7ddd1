/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Linux: capabilities, prctl(2) and the system-call filters of worker and of
 * who reads the configuration (lists of what is allowed, all else kills),
 * resolver (likewise, all else fails) and parent (a list of what is refused).
 *
 * A filter compares 64 bits where the kernel looks at the low 32 of an int.
 * So an int is allowed by EQ or by MASKED_EQ with a full-width mask only; a
 * refusal is by NE of all 64 bits, or masks exactly the bits that the kernel
 * reads.  Two rules of one call are alternatives.
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/capability.h>
#include <linux/if_packet.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

#include "compat.h"
#include "sandbox.h"
#include "softflowd.h"

#ifndef PR_SET_MDWE
#define PR_SET_MDWE			65
#define PR_GET_MDWE			66
#define PR_MDWE_REFUSE_EXEC_GAIN	1
#endif

#define BIT(n)	(UINT64_C(1) << (n))

/* What the parent keeps: to open capture, to start and to kill a worker. */
#define PARENT_CAPS	(BIT(CAP_NET_RAW) | BIT(CAP_SETUID) |		\
    BIT(CAP_SETGID) | BIT(CAP_SYS_CHROOT) | BIT(CAP_SETPCAP) |	\
    BIT(CAP_KILL))

#define OWN_PID		UINT64_MAX	/* becomes getpid() at load */

#define ANY			0, { EQ(0, 0) }
#define EQ(n, value)		{ (n), SCMP_CMP_EQ, (value), 0 }
#define FD_BELOW_64		{ 0, SCMP_CMP_MASKED_EQ, ~UINT64_C(63), 0 }
#define FD_OF_8_FROM(first)	{ 0, SCMP_CMP_MASKED_EQ, ~UINT64_C(7), (first) }
#define FD_OF_CAPTURE	{ 0, SCMP_CMP_MASKED_EQ, ~UINT64_C(15), FD_CAPTURE }

_Static_assert(FD_CAPTURE % 16 == 0 && MAX_CAPTURE == 16,
    "the last mask is made for so many");
_Static_assert(FD_LOW_MAX == 63 && FD_SAVEFILE == 8 && FD_FILL_LAST == 7,
    "the masks below are made for this plan");

/*
 * The worker's calls, and shared_calls below.  Both spellings where
 * architectures differ; what one does not have is skipped.
 */
static const struct call {
	const char		*name;
	const char		*reason;
	unsigned int		 nargs;
	struct scmp_arg_cmp	 args[3];
} worker_calls[] = {
	{ "read", "control clients, savefile", ANY },
	{ "write", "answers, abort text", 1, { FD_BELOW_64 } },
	{ "writev", "answers, abort text", 1, { FD_BELOW_64 } },
	{ "sendto", "export, to where the parent connected only", 3,
	    { FD_BELOW_64, EQ(4, 0), EQ(5, 0) } },
	{ "recvfrom", "packet reports", 1, { FD_OF_CAPTURE } },
	{ "recvmsg", "imsg", 1, { EQ(0, FD_CHANNEL) } },
	{ "sendmsg", "imsg; passes descriptors on any other", 1,
	    { EQ(0, FD_CHANNEL) } },
	{ "close", "8 to 15", 1, { FD_OF_8_FROM(8) } },
	{ "close", "16 to 23", 1, { FD_OF_8_FROM(16) } },
	{ "close", "24 to 31", 1, { FD_OF_8_FROM(24) } },
	{ "close", "32 to 39", 1, { FD_OF_8_FROM(32) } },
	{ "close", "40 to 47", 1, { FD_OF_8_FROM(40) } },
	{ "close", "48 to 55", 1, { FD_OF_8_FROM(48) } },
	{ "close", "56 to 63", 1, { FD_OF_8_FROM(56) } },
	{ "poll", "main loop", ANY },
	{ "ppoll", "main loop, where there is no poll", ANY },
	{ "ppoll_time64", "the same, 32 bit", ANY },
	{ "getsockopt", "link down, failed sends", 2,
	    { EQ(1, SOL_SOCKET), EQ(2, SO_ERROR) } },
	{ "getsockopt", "kernel drops", 2,
	    { EQ(1, SOL_PACKET), EQ(2, PACKET_STATISTICS) } },
	{ "getsockopt", "what a collector acknowledged", 3,
	    { FD_BELOW_64, EQ(1, IPPROTO_TCP), EQ(2, TCP_INFO) } },
	{ "setsockopt", "several datagrams in one call", 3,
	    { FD_BELOW_64, EQ(1, SOL_UDP), EQ(2, UDP_SEGMENT) } },
	{ "clock_gettime", "poor clock sources have no vDSO", ANY },
	{ "clock_gettime64", "the same, 32 bit", ANY },
	{ "gettimeofday", "the same", ANY },
	{ "getrandom", "arc4random of glibc", ANY },
};

/* Of who reads the configuration file; less than the worker's. */
static const struct call config_calls[] = {
	{ "read", "the file", 1, { EQ(0, FD_SAVEFILE) } },
	{ "write", "abort text", 1, { EQ(0, STDERR_FILENO) } },
	{ "writev", "abort text", 1, { EQ(0, STDERR_FILENO) } },
	{ "sendmsg", "imsg", 1, { EQ(0, FD_CHANNEL) } },
};

/* Of both. */
static const struct call shared_calls[] = {
	{ "mmap", "malloc", 2, { EQ(2, PROT_READ | PROT_WRITE),
	    EQ(3, MAP_PRIVATE | MAP_ANONYMOUS) } },
	{ "mmap2", "malloc, 32 bit", 2, { EQ(2, PROT_READ | PROT_WRITE),
	    EQ(3, MAP_PRIVATE | MAP_ANONYMOUS) } },
	{ "munmap", "free", ANY },
	{ "mremap", "realloc", ANY },
	{ "madvise", "free", ANY },
	{ "brk", "malloc", ANY },
	{ "restart_syscall", "poll or read after a stop", ANY },
	{ "rt_sigreturn", "signal handlers", ANY },
	{ "sigreturn", "signal handlers, 32 bit", ANY },
	{ "rt_sigprocmask", "abort", ANY },
	{ "getpid", "abort", ANY },
	{ "gettid", "abort", ANY },
	{ "tgkill", "abort: own death only", 2,
	    { EQ(0, OWN_PID), EQ(2, SIGABRT) } },
	{ "exit_group", "the end", ANY },
};

#define NO_EXEC(n)	{ (n), SCMP_CMP_MASKED_EQ,			\
    ~(uint64_t)(PROT_READ | PROT_WRITE), 0 }
#define NO_NAMESPACE	{ 0, SCMP_CMP_MASKED_EQ, ~UINT64_C(0) &		\
    ~(uint64_t)(CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CSIGNAL), 0 }

/*
 * The resolver's: what getaddrinfo(3) of glibc and its modules do, and a child
 * for each name.  Anything else fails with EPERM, as which modules there are
 * and what they try first is the system's choice.
 */
static const struct call resolver_calls[] = {
	{ "socket", "name servers", 1, { EQ(0, AF_INET) } },
	{ "socket", "name servers", 1, { EQ(0, AF_INET6) } },
	{ "socket", "local ones: nscd, systemd-resolved", 1,
	    { EQ(0, AF_UNIX) } },
	{ "socket", "our addresses, to sort the others by", 1,
	    { EQ(0, AF_NETLINK) } },
	{ "ioctl", "octets that wait", 1, { EQ(1, FIONREAD) } },
	{ "mprotect", "loading modules", 1, { NO_EXEC(2) } },
	{ "clone", "fork", 1, { NO_NAMESPACE } },
	{ "prlimit64", "own limits", 1, { EQ(0, 0) } },
};

/* Likewise, with any arguments. */
static const char *const resolver_names[] = {
	"read", "readv", "write", "writev", "close", "open", "openat",
	"stat", "stat64", "fstat", "fstat64", "newfstatat", "fstatat64",
	"statx", "lseek", "_llseek", "pread64", "access", "faccessat",
	"faccessat2", "readlink", "readlinkat", "fcntl", "fcntl64",
	"connect", "bind", "sendto", "sendmsg", "sendmmsg", "recvfrom",
	"recvmsg", "getsockname", "getpeername", "getsockopt", "setsockopt",
	"poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6",
	"pipe", "pipe2", "fork", "wait4", "alarm", "setitimer", "setrlimit",
	"mmap", "mmap2", "munmap", "mremap", "madvise", "brk", "futex",
	"futex_time64", "set_robust_list", "rseq", "clock_gettime",
	"clock_gettime64", "gettimeofday", "time", "getrandom", "uname",
	"sysinfo", "getpid", "gettid", "getppid", "getuid", "getuid32",
	"geteuid", "geteuid32", "getgid", "getgid32", "getegid", "getegid32",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn",
	"restart_syscall", "exit", "exit_group"
};

/* What neither the parent nor a starting worker needs. */
static const struct refusal {
	const char	*reason;
	const char	*names[13];	/* NULL ends */
} refused[] = {
	{ "memory and descriptors of other processes",
	    { "ptrace", "process_vm_readv", "process_vm_writev",
	    "process_madvise", "pidfd_getfd", "kcmp", "migrate_pages",
	    "move_pages" } },
	{ "much kernel code behind one call",
	    { "bpf", "perf_event_open", "userfaultfd", "io_uring_setup",
	    "io_uring_enter", "io_uring_register", "fanotify_init" } },
	{ "keys of the kernel", { "keyctl", "add_key", "request_key" } },
	{ "the file system tree",
	    { "mount", "umount", "umount2", "pivot_root", "move_mount",
	    "open_tree", "fsopen", "fsconfig", "fsmount", "fspick",
	    "mount_setattr" } },
	{ "namespaces; clone3 hides its flags", { "setns", "unshare" } },
	{ "the kernel itself",
	    { "init_module", "finit_module", "delete_module", "kexec_load",
	    "kexec_file_load", "reboot", "create_module", "syslog" } },
	{ "the whole machine's settings",
	    { "swapon", "swapoff", "acct", "quotactl", "quotactl_fd",
	    "sethostname", "setdomainname", "vhangup", "nfsservctl" } },
	{ "the clock; records carry its time",
	    { "clock_settime", "clock_settime64", "settimeofday", "stime",
	    "adjtimex", "clock_adjtime", "clock_adjtime64" } },
	{ "hardware, and odd ways to run code",
	    { "iopl", "ioperm", "modify_ldt", "uselib", "lookup_dcookie" } },
	{ "switches address randomisation off", { "personality" } },
	{ "files without a path, past Landlock",
	    { "open_by_handle_at", "name_to_handle_at" } },
	{ "rights on files: uid 0 owns most, Landlock does not look",
	    { "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "chown32",
	    "fchown", "fchown32", "lchown", "lchown32", "fchownat" } },
	{ "attributes, the same",
	    { "setxattr", "lsetxattr", "fsetxattr", "removexattr",
	    "lremovexattr", "fremovexattr", "utime", "utimes", "futimesat",
	    "utimensat", "utimensat_time64" } },
	{ "new names, also where there is no Landlock",
	    { "mknod", "mknodat", "mkdir", "mkdirat", "rmdir", "link",
	    "linkat", "symlink", "symlinkat", "rename", "renameat",
	    "renameat2" } },
	{ "a worker changes ids by setresuid and setresgid",
	    { "setuid", "setuid32", "setreuid", "setreuid32", "setgid",
	    "setgid32", "setregid", "setregid32", "setfsuid", "setfsuid32",
	    "setfsgid", "setfsgid32" } },
};

/*
 * Capabilities.
 */

static int
caps_get(uint64_t *permitted)
{
	struct __user_cap_header_struct	 head = {
		_LINUX_CAPABILITY_VERSION_3, 0
	};
	struct __user_cap_data_struct	 caps[2] = { 0 };

	if (syscall(SYS_capget, &head, caps) == -1)
		return (-1);
	*permitted = caps[0].permitted | (uint64_t)caps[1].permitted << 32;
	return (0);
}

/* Permitted and effective; inheritable and ambient become empty. */
static int
caps_set(uint64_t wanted)
{
	struct __user_cap_header_struct	 head = {
		_LINUX_CAPABILITY_VERSION_3, 0
	};
	struct __user_cap_data_struct	 caps[2] = { 0 };

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1)
		return (-1);
	caps[0].permitted = caps[0].effective = (uint32_t)wanted;
	caps[1].permitted = caps[1].effective = (uint32_t)(wanted >> 32);
	return ((int)syscall(SYS_capset, &head, caps));
}

static int
bounding_set(uint64_t keep)
{
	unsigned long	 cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != -1; cap++) {
		if (cap < 64 && (keep & BIT(cap)) != 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1)
			return (-1);
	}
	return (cap > 0 ? 0 : -1);	/* not the end of the list: no answer */
}

int
sandbox_os_caps_bounding(void)
{
	return (bounding_set(0));
}

int
sandbox_os_caps_drop(void)
{
	uint64_t	 left;
	int		 fd;

	if (caps_set(0) == -1 || caps_get(&left) == -1)
		return (-1);
	if (left != 0)
		goto not_dropped;
	/* In the daemon the parent's filter refuses this already. */
	if (setresuid(0, 0, 0) != -1)
		goto not_dropped;
	if ((fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) != -1) {
		close(fd);
		goto not_dropped;
	}
	return (0);

not_dropped:
	errno = ENOTRECOVERABLE;
	return (-1);
}

int
sandbox_os_parent_caps(void)
{
	uint64_t	 have;

	if (caps_get(&have) == -1)
		return (-1);
	/* Others may not, and no_new_privs makes the set useless to them. */
	if (geteuid() == 0 && bounding_set(PARENT_CAPS) == -1)
		return (-1);
	return (caps_set(have & PARENT_CAPS));
}

/*
 * Process attributes.
 */

int
sandbox_os_undumpable(void)
{
	return (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

int
sandbox_os_parent_death(void)
{
	return (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
}

int
sandbox_os_no_new_privs(uint32_t *layers)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return (-1);
	*layers |= SANDBOX_NNP;
	/* Optional: Linux 6.3.  Sanitizers' runtimes may break on it. */
	if (!sandbox_sanitized)
		(void)prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);
	if (prctl(PR_GET_MDWE, 0, 0, 0, 0) > 0)
		*layers |= SANDBOX_MDWE;
	return (0);
}

/*
 * Filters.
 */

/* A call that this architecture, or libseccomp, does not know is no error. */
static int
add(scmp_filter_ctx ctx, uint32_t action, const char *name,
    unsigned int nargs, const struct scmp_arg_cmp *args)
{
	int	 nr, ret;

	if ((nr = seccomp_syscall_resolve_name(name)) < 0)
		return (0);
	ret = seccomp_rule_add_array(ctx, action, nr, nargs, args);
	if (ret != 0) {
		errno = -ret;
		return (-1);
	}
	return (0);
}

/* ret: 0 when all rules were added. */
static int
load(scmp_filter_ctx ctx, int ret)
{
	int	 saved = errno;

	if (ret == 0) {
		if ((ret = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
		    SCMP_ACT_KILL_PROCESS)) == 0)
			ret = seccomp_load(ctx);
		saved = -ret;
	}
	seccomp_release(ctx);
	errno = saved;
	return (ret == 0 ? 0 : -1);
}

static int
add_call(scmp_filter_ctx ctx, const struct call *call)
{
	struct scmp_arg_cmp	 args[nitems(call->args)];
	unsigned int		 i;

	for (i = 0; i < call->nargs; i++) {
		args[i] = call->args[i];
		if (args[i].datum_a == OWN_PID)
			args[i].datum_a = (scmp_datum_t)getpid();
	}
	return (add(ctx, SCMP_ACT_ALLOW, call->name, call->nargs, args));
}

/* All else kills. */
static int
load_calls(const struct call *calls, size_t n)
{
	const struct sandbox_extra	*extra;
	scmp_filter_ctx			 ctx;
	size_t				 i;
	int				 ret = 0;

	if ((ctx = seccomp_init(SCMP_ACT_KILL_PROCESS)) == NULL) {
		errno = ENOSYS;
		return (-1);
	}
	for (i = 0; i < n && ret == 0; i++)
		ret = add_call(ctx, &calls[i]);
	for (i = 0; i < nitems(shared_calls) && ret == 0; i++)
		ret = add_call(ctx, &shared_calls[i]);
	for (extra = sandbox_extra_calls; extra->name != NULL && ret == 0;
	    extra++)
		ret = add(ctx, SCMP_ACT_ALLOW, extra->name, 0, NULL);
	return (load(ctx, ret));
}

int
sandbox_os_syscalls_worker(void)
{
	return (load_calls(worker_calls, nitems(worker_calls)));
}

int
sandbox_os_syscalls_config(void)
{
	return (load_calls(config_calls, nitems(config_calls)));
}

int
sandbox_os_syscalls_resolver(void)
{
	const struct sandbox_extra	*extra;
	scmp_filter_ctx			 ctx;
	size_t				 i;
	int				 ret = 0;

	if ((ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM))) == NULL) {
		errno = ENOSYS;
		return (-1);
	}
	for (i = 0; i < nitems(resolver_calls) && ret == 0; i++)
		ret = add_call(ctx, &resolver_calls[i]);
	for (i = 0; i < nitems(resolver_names) && ret == 0; i++)
		ret = add(ctx, SCMP_ACT_ALLOW, resolver_names[i], 0, NULL);
	for (extra = sandbox_extra_calls; extra->name != NULL && ret == 0;
	    extra++)
		ret = add(ctx, SCMP_ACT_ALLOW, extra->name, 0, NULL);
	return (load(ctx, ret));
}

int
sandbox_os_no_sockets(void)
{
	static const char *const	 names[] = {
		"socket", "socketpair", "connect", "bind", "sendto", "sendmsg",
		"sendmmsg", "execve", "execveat"
	};
	scmp_filter_ctx			 ctx;
	size_t				 i;
	int				 ret = 0;

	if ((ctx = seccomp_init(SCMP_ACT_ALLOW)) == NULL) {
		errno = ENOSYS;
		return (-1);
	}
	for (i = 0; i < nitems(names) && ret == 0; i++)
		ret = add(ctx, SCMP_ACT_ERRNO(EPERM), names[i], 0, NULL);
	return (load(ctx, ret));
}

/* Refuse a call unless its first nids arguments all are id. */
static int
refuse_other_ids(scmp_filter_ctx ctx, const char *name, unsigned int nids,
    uint64_t id)
{
	struct scmp_arg_cmp	 other = { 0, SCMP_CMP_NE, id, 0 };

	for (; other.arg < nids; other.arg++)
		if (add(ctx, SCMP_ACT_ERRNO(EPERM), name, 1, &other) == -1)
			return (-1);
	return (0);
}

static int
refuse_ids(scmp_filter_ctx ctx, const struct sandbox_parent *p)
{
	static const char *const	 names[] = {
		"setresuid", "setresuid32", "setresgid", "setresgid32",
		"setgroups", "setgroups32"
	};
	size_t				 i;

	if (!p->root) {
		for (i = 0; i < nitems(names); i++)
			if (add(ctx, SCMP_ACT_ERRNO(EPERM), names[i], 0,
			    NULL) == -1)
				return (-1);
		return (0);
	}
	for (i = 0; i < 2; i++)
		if (refuse_other_ids(ctx, names[i], 3, p->uid) == -1 ||
		    refuse_other_ids(ctx, names[2 + i], 3, p->gid) == -1 ||
		    /* a list of no groups */
		    refuse_other_ids(ctx, names[4 + i], 1, 0) == -1)
			return (-1);
	return (0);
}

/* New namespaces by clone, and input into the terminal we started from. */
static int
refuse_by_argument(scmp_filter_ctx ctx)
{
	static const uint64_t	 namespaces[] = {
		CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
		CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET
	};
	static const uint64_t	 terminal[] = { TIOCSTI, TIOCLINUX };
	struct scmp_arg_cmp	 arg;
	size_t			 i;

	for (i = 0; i < nitems(namespaces); i++) {
		arg = (struct scmp_arg_cmp){ 0, SCMP_CMP_MASKED_EQ,
		    namespaces[i], namespaces[i] };
		if (add(ctx, SCMP_ACT_ERRNO(EPERM), "clone", 1, &arg) == -1)
			return (-1);
	}
	/* As old kernels say it: the C library then takes clone. */
	if (add(ctx, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL) == -1)
		return (-1);
	for (i = 0; i < nitems(terminal); i++) {
		arg = (struct scmp_arg_cmp){ 1, SCMP_CMP_MASKED_EQ,
		    UINT32_MAX, terminal[i] };
		if (add(ctx, SCMP_ACT_ERRNO(EPERM), "ioctl", 1, &arg) == -1)
			return (-1);
	}
	return (0);
}

int
sandbox_os_syscalls_parent(const struct sandbox_parent *p)
{
	scmp_filter_ctx		 ctx;
	const char *const	*name;
	size_t			 i;
	int			 ret = 0;

	if ((ctx = seccomp_init(SCMP_ACT_ALLOW)) == NULL) {
		errno = ENOSYS;
		return (-1);
	}
	for (i = 0; i < nitems(refused) && ret == 0; i++)
		for (name = refused[i].names; *name != NULL && ret == 0; name++)
			ret = add(ctx, SCMP_ACT_ERRNO(EPERM), *name, 0, NULL);
	if (ret == 0)
		ret = refuse_ids(ctx, p);
	if (ret == 0)
		ret = refuse_by_argument(ctx);
	return (load(ctx, ret));
}
