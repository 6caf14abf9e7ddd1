/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Linux: what the parent's filter refuses, and what a child loses that
 * compiles an expression.
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <unistd.h>

#include "compat.h"
#include "sandbox.h"

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
