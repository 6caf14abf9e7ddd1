/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The order in which a process gives its rights away; each system's own
 * mechanisms stand behind sandbox_os_*().  sandbox_worker() runs in the
 * worker, after everything is open and mapped and before it reads the first
 * octet from outside; sandbox_resolver() in the resolver, before its first
 * question; sandbox_parent() in the parent, before the first worker starts.
 * All fail closed: only what the system's table of layers calls optional may
 * be missing.  What a system does not have does nothing, and is no layer there.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "compat.h"
#include "sandbox_filter.h"

/*
 * Address space besides table and rings: program, libraries and stack are
 * about 20 MB, the rest is for the heap (messages, replies, sockets).
 */
#define MEMORY_SLACK	((rlim_t)128 * 1024 * 1024)

#ifdef RLIMIT_AS
#define LIMIT_MEMORY	RLIMIT_AS, "AS"
#else				/* OpenBSD: what is mapped, but not shared */
#define LIMIT_MEMORY	RLIMIT_DATA, "DATA"
#endif

#define WORKER		(1U << SANDBOX_FILTER_WORKER)
#define READER		(1U << SANDBOX_FILTER_READER)
#define RESOLVER	(1U << SANDBOX_FILTER_RESOLVER)
#define ALL		(WORKER | READER | RESOLVER)
/*
 * NetBSD's AS counts all that a stack may grow to, which is added, but not what
 * brk(2) gives, which DATA limits.
 */
#define STACK		(1U << 30)
#define BREAK		(1U << 31)

static const struct limit {
	int		 resource;
	const char	*name;
	rlim_t		 value;
	unsigned int	 shift;		/* to be printed, in units */
	const char	*unit;
	unsigned int	 processes;
	int		 sanitized;	/* also in such a build */
	int		 memory;	/* add that of table and rings */
} limits[] = {
	{ RLIMIT_CPU, "CPU", 2, 0, " seconds", READER, 1, 0 },
	{ RLIMIT_NPROC, "NPROC", 0, 0, "", WORKER | READER, 1, 0 },
	{ RLIMIT_CORE, "CORE", 0, 0, "", ALL, 1, 0 },
#ifdef RLIMIT_SBSIZE		/* FreeBSD, NetBSD */
	/* A new socket gets no buffers: there is none.  Old ones keep theirs. */
	{ RLIMIT_SBSIZE, "SBSIZE", 0, 0, "", WORKER | READER, 1, 0 },
#endif
	/* What is open above it stays usable; nothing new gets there. */
	{ RLIMIT_NOFILE, "NOFILE", FD_LOW_MAX + 1, 0, "", ALL, 1, 0 },
	/* A sanitizer's report may go to a file; its shadow is vast. */
	{ RLIMIT_FSIZE, "FSIZE", 0, 0, "", ALL, 0, 0 },
	{ LIMIT_MEMORY, MEMORY_SLACK, 20, " MiB", WORKER | STACK, 0, 1 },
	{ LIMIT_MEMORY, MEMORY_SLACK, 20, " MiB", READER | RESOLVER | STACK,
	    0, 0 },
	{ RLIMIT_DATA, "DATA", MEMORY_SLACK, 20, " MiB", WORKER | BREAK, 0, 1 },
	{ RLIMIT_DATA, "DATA", MEMORY_SLACK, 20, " MiB",
	    READER | RESOLVER | BREAK, 0, 0 },
};

static int
limited(const struct limit *l, enum sandbox_filter process)
{
	return ((l->processes & 1U << process) != 0 &&
	    ((l->processes & BREAK) == 0 || sandbox_os_counts_stack) &&
	    (!sandbox_sanitized || l->sanitized));
}

static rlim_t
limit_value(const struct limit *l)
{
	struct rlimit	rl;

	if ((l->processes & STACK) == 0 || !sandbox_os_counts_stack ||
	    getrlimit(RLIMIT_STACK, &rl) == -1 || rl.rlim_max == RLIM_INFINITY)
		return (l->value);
	return (l->value + rl.rlim_max);
}

const char *
sandbox_limit(enum sandbox_filter process, size_t n, const char **value)
{
	static char		 text[64];
	const struct limit	*l;

	for (l = limits; l < limits + nitems(limits); l++) {
		if (!limited(l, process) || n-- > 0)
			continue;
		snprintf(text, sizeof(text), "%s%ju%s", l->memory ?
		    "flow table, rings and " : "",
		    (uintmax_t)(limit_value(l) >> l->shift), l->unit);
		*value = text;
		return (l->name);
	}
	return (NULL);
}

static int
enter_chroot(int fd)
{
	/*
	 * A descriptor of a directory is a way out of the chroot; FreeBSD lets
	 * nobody in a jail make one who has such a descriptor.
	 */
	if (fchdir(fd) == -1 || close(fd) == -1 || chroot(".") == -1)
		return (-1);
	return (chdir("/"));
}

static int
change_ids(uid_t uid, gid_t gid)
{
	gid_t	group = 0;
	int	n;

	if (uid == 0) {
		errno = EINVAL;
		return (-1);
	}
	if (setgroups(0, NULL) == -1 || sandbox_os_ids(uid, gid) == -1)
		return (-1);
	/* FreeBSD before 15 counts the group itself, too. */
	n = getgroups(1, &group);
	if (n == 0 || (n == 1 && group == gid))
		return (0);
	errno = EPERM;
	return (-1);
}

/* What started as root leaves root here, for good. */
static int
leave_root(const struct sandbox_worker *w, uint32_t *layers,
    const char **step)
{
	*step = "capability bounding set";
	if (sandbox_os_caps_bounding() == -1)
		return (-1);
	*step = "chroot";
	if (enter_chroot(w->chroot_fd) == -1)
		return (-1);
	*layers |= SANDBOX_CHROOT;
	*step = "ids";
	if (change_ids(w->uid, w->gid) == -1)
		return (-1);
	*layers |= SANDBOX_IDS;
	return (0);
}

static int
set_limit(int resource, rlim_t value)
{
	struct rlimit	 rl;

	if (getrlimit(resource, &rl) == -1)
		return (-1);
	if (rl.rlim_max < value)
		value = rl.rlim_max;
	rl.rlim_cur = rl.rlim_max = value;
	return (setrlimit(resource, &rl));
}

static int
set_limits(enum sandbox_filter process, size_t memory)
{
	const struct limit	*l;

	for (l = limits; l < limits + nitems(limits); l++)
		if (limited(l, process) && set_limit(l->resource,
		    limit_value(l) + (l->memory ? memory : 0)) == -1)
			return (-1);
	return (0);
}

static int
confine(enum sandbox_filter process, const struct sandbox_worker *w,
    uint32_t *layers, uint32_t *landlock_abi, const char **step)
{
	*layers = 0;
	*landlock_abi = 0;

	*step = "started as root";
	if ((w->root != 0) != (geteuid() == 0)) {
		errno = EPERM;
		return (-1);
	}
	/* The bounding set and the chroot need rights that go with the ids. */
	if (w->root && leave_root(w, layers, step) == -1)
		return (-1);
	/* A change of ids from a non-root parent keeps every capability. */
	*step = "capabilities";
	if (sandbox_os_caps_drop() == -1)
		return (-1);
	*layers |= SANDBOX_CAPS;
	/* A change of ids clears the death signal: these come after it. */
	*step = "undumpable";
	if (sandbox_os_undumpable() == -1)
		return (-1);
	*layers |= SANDBOX_UNDUMPABLE;
	*step = "parent death signal";
	if (sandbox_os_parent_death() == -1)
		return (-1);
	*step = "parent";
	if (getppid() != w->parent) {	/* it died before the signal was set */
		errno = ESRCH;
		return (-1);
	}
	*step = "no new privileges";
	if (sandbox_os_no_new_privs(layers) == -1)
		return (-1);
	*step = sandbox_os_files_step;
	if (sandbox_os_files(process, NULL, layers, landlock_abi) == -1)
		return (-1);
	*step = "descriptors";
	if (sandbox_fill() == -1)
		return (-1);
	*step = "limits";
	if (set_limits(process, w->memory) == -1)
		return (-1);
	*layers |= SANDBOX_RLIMITS;
	*step = "system calls";
	if (sandbox_os_syscalls(process, NULL) == -1)
		return (-1);
	*layers |= SANDBOX_SYSCALLS;
	*layers &= sandbox_layers(process);
	*step = NULL;
	return (0);
}

int
sandbox_worker(const struct sandbox_worker *w, uint32_t *layers,
    uint32_t *landlock_abi, const char **step)
{
	return (confine(SANDBOX_FILTER_WORKER, w, layers, landlock_abi, step));
}

int
sandbox_config(const struct sandbox_worker *w, uint32_t *layers,
    uint32_t *landlock_abi, const char **step)
{
	return (confine(SANDBOX_FILTER_READER, w, layers, landlock_abi, step));
}

int
sandbox_resolver(const struct sandbox_worker *r, uint32_t *layers,
    uint32_t *landlock_abi, const char **step)
{
	*layers = 0;
	*landlock_abi = 0;

	*step = "directory";
	if (chdir("/") == -1)
		return (-1);
	/* A file system without what getaddrinfo(3) reads is of no use. */
	if (r->root) {
		*step = "capability bounding set";
		if (sandbox_os_caps_bounding() == -1)
			return (-1);
		*step = "ids";
		if (change_ids(r->uid, r->gid) == -1)
			return (-1);
		*layers |= SANDBOX_IDS;
	}
	*step = "capabilities";
	if (sandbox_os_caps_drop() == -1)
		return (-1);
	*layers |= SANDBOX_CAPS;
	*step = "undumpable";
	if (sandbox_os_undumpable() == -1)
		return (-1);
	*layers |= SANDBOX_UNDUMPABLE;
	*step = "no new privileges";
	if (sandbox_os_no_new_privs(layers) == -1)
		return (-1);
	*step = sandbox_os_files_step;
	if (sandbox_os_files(SANDBOX_FILTER_RESOLVER, NULL, layers,
	    landlock_abi) == -1)
		return (-1);
	*step = "limits";
	if (set_limits(SANDBOX_FILTER_RESOLVER, 0) == -1)
		return (-1);
	*layers |= SANDBOX_RLIMITS;
	*step = "system calls";
	if (sandbox_os_syscalls(SANDBOX_FILTER_RESOLVER, NULL) == -1)
		return (-1);
	*layers |= SANDBOX_SYSCALLS;
	*layers &= sandbox_layers(SANDBOX_FILTER_RESOLVER);
	*step = NULL;
	return (0);
}

int
sandbox_worker_start(void)
{
	/* A terminal's ^C reaches us too; what it means the parent says. */
	static const int	 ignored[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP,
				    SIGQUIT, SIGUSR1, SIGUSR2 };
	sigset_t		 none;
	size_t			 i;
	int			 sig;

	closefrom(FD_CHROOT + 1);
	/* Ignored signals and the mask live on through an exec. */
	for (sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);	/* fails for some, rightly */
	for (i = 0; i < nitems(ignored); i++)
		if (signal(ignored[i], SIG_IGN) == SIG_ERR)
			return (-1);
	umask(S_IRWXG | S_IRWXO);
	sigemptyset(&none);
	return (sigprocmask(SIG_SETMASK, &none, NULL));
}

int
sandbox_fill(void)
{
	int	 fd;

	for (fd = FD_FILL_FIRST; fd <= FD_FILL_LAST; fd++)
		if (dup2(STDIN_FILENO, fd) == -1)
			return (-1);
	return (0);
}

int
sandbox_parent(const struct sandbox_parent *p, uint32_t *layers,
    uint32_t *landlock_abi, const char **step)
{
	*layers = 0;
	*landlock_abi = 0;

	*step = "capabilities";
	if (sandbox_os_parent_caps() == -1)
		return (-1);
	*layers |= SANDBOX_CAPS;
	*step = "no new privileges";
	if (sandbox_os_no_new_privs(layers) == -1)
		return (-1);
	*step = sandbox_os_files_step;
	if (sandbox_os_files(SANDBOX_FILTER_PARENT, p, layers,
	    landlock_abi) == -1)
		return (-1);
	*step = "system calls";
	if (sandbox_os_syscalls(SANDBOX_FILTER_PARENT, p) == -1)
		return (-1);
	*layers |= SANDBOX_SYSCALLS;
	*layers &= sandbox_layers(SANDBOX_FILTER_PARENT);
	*step = NULL;
	return (0);
}

int
sandbox_compiler(void)
{
	return (sandbox_os_syscalls(SANDBOX_FILTER_COMPILER, NULL));
}
