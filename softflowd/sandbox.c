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
 * All fail closed: only Landlock and MDWE may be missing.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "sandbox.h"

/*
 * Address space besides table and rings: program, libraries and stack are
 * about 20 MB, the rest is for the heap (messages, replies, sockets).
 */
#define MEMORY_SLACK	((rlim_t)128 * 1024 * 1024)

#define CONFIG_CPU_SECONDS	2

static int
enter_chroot(int fd)
{
	if (fchdir(fd) == -1 || chroot(".") == -1 || chdir("/") == -1)
		return (-1);
	/* A descriptor of a directory is a way out of the chroot. */
	return (close(fd));
}

static int
change_ids(uid_t uid, gid_t gid)
{
	uid_t	 ruid, euid, suid;
	gid_t	 rgid, egid, sgid;

	if (uid == 0) {
		errno = EINVAL;
		return (-1);
	}
	if (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		return (-1);
	if (getresuid(&ruid, &euid, &suid) == -1 ||
	    getresgid(&rgid, &egid, &sgid) == -1)
		return (-1);
	if (ruid != uid || euid != uid || suid != uid ||
	    rgid != gid || egid != gid || sgid != gid ||
	    getgroups(0, NULL) != 0) {
		errno = EPERM;
		return (-1);
	}
	return (0);
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
set_limits(size_t memory)
{
	/* What is open above NOFILE stays usable; nothing new gets there. */
	if (set_limit(RLIMIT_CORE, 0) == -1 ||
	    set_limit(RLIMIT_NOFILE, FD_LOW_MAX + 1) == -1)
		return (-1);
	/* A sanitizer's report may go to a file; its shadow is vast. */
	if (sandbox_sanitized)
		return (0);
	if (set_limit(RLIMIT_FSIZE, 0) == -1)
		return (-1);
#ifdef RLIMIT_AS
	if (set_limit(RLIMIT_AS, (rlim_t)memory + MEMORY_SLACK) == -1)
		return (-1);
#endif
	return (0);
}

static int
confine(const struct sandbox_worker *w, int (*filter)(void), uint32_t *layers,
    uint32_t *landlock_abi, const char **step)
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
	*step = "Landlock";
	if (sandbox_landlock_worker(landlock_abi) == -1)
		return (-1);
	if (*landlock_abi != 0)
		*layers |= SANDBOX_LANDLOCK;
	*step = "descriptors";
	if (sandbox_fill() == -1)
		return (-1);
	*step = "limits";
	if (set_limit(RLIMIT_NPROC, 0) == -1 || set_limits(w->memory) == -1)
		return (-1);
	*layers |= SANDBOX_RLIMITS;
	*step = "system calls";
	if (filter() == -1)
		return (-1);
	*layers |= SANDBOX_SYSCALLS;
	*step = NULL;
	return (0);
}

int
sandbox_worker(const struct sandbox_worker *w, uint32_t *layers,
    uint32_t *landlock_abi, const char **step)
{
	return (confine(w, sandbox_os_syscalls_worker, layers, landlock_abi,
	    step));
}

int
sandbox_config(const struct sandbox_worker *w, uint32_t *layers,
    uint32_t *landlock_abi, const char **step)
{
	*step = "limits";
	if (set_limit(RLIMIT_CPU, CONFIG_CPU_SECONDS) == -1)
		return (-1);
	return (confine(w, sandbox_os_syscalls_config, layers, landlock_abi,
	    step));
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
	*step = "Landlock";
	if (sandbox_landlock_resolver(landlock_abi) == -1)
		return (-1);
	if (*landlock_abi != 0)
		*layers |= SANDBOX_LANDLOCK;
	*step = "limits";
	if (set_limits(0) == -1)
		return (-1);
	*layers |= SANDBOX_RLIMITS;
	*step = "system calls";
	if (sandbox_os_syscalls_resolver() == -1)
		return (-1);
	*layers |= SANDBOX_SYSCALLS;
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
	*step = "Landlock";
	if (sandbox_landlock_parent(p, landlock_abi) == -1)
		return (-1);
	if (*landlock_abi != 0)
		*layers |= SANDBOX_LANDLOCK;
	*step = "system calls";
	if (sandbox_os_syscalls_parent(p) == -1)
		return (-1);
	*layers |= SANDBOX_SYSCALLS;
	*step = NULL;
	return (0);
}

int
sandbox_chroot_dir(void)
{
	static const char *const	 parents[] = {
		"/run", "/var/run", "/tmp", "/dev/shm"
	};
	char				 path[64];
	size_t				 i;
	int				 fd, saved;

	for (i = 0; i < nitems(parents); i++) {
		snprintf(path, sizeof(path), "%s/softflowd.XXXXXXXXXX",
		    parents[i]);
		if (mkdtemp(path) != NULL)
			break;
	}
	if (i == nitems(parents))
		return (-1);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* Root without capabilities needs the search bit to enter. */
	if (fd != -1 && fchmod(fd, S_IXUSR) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		fd = -1;
	}
	saved = errno;
	if (rmdir(path) == -1 && fd != -1) {
		saved = errno;
		close(fd);
		fd = -1;
	}
	errno = saved;
	return (fd);
}
