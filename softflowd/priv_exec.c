/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Starting our own program in a role.  What that takes is opened before the
 * parent confines itself, which is before the first one to read options.
 */

#include <sys/types.h>
#include <sys/resource.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "priv_state.h"
#include "sandbox.h"

#define CHILD_FD_BASE	32	/* ours, while we shuffle 0-4 */

extern char	**environ;
_Static_assert(FD_CAPTURE + MAX_CAPTURE == 272, "what we say");

/* Many systems give a daemon fewer descriptors than it may have. */
static int
exec_raise_limit(void)
{
	const rlim_t	need = FD_CAPTURE + MAX_CAPTURE;
	struct rlimit	rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return (-1);
	if (rl.rlim_cur >= need)
		return (0);
	if (rl.rlim_max < need) {
		errno = EMFILE;
		return (-1);
	}
	rl.rlim_cur = need;
	return (setrlimit(RLIMIT_NOFILE, &rl));
}

int
priv_exec_init(const char **what)
{
	int	fd;

	/* 0 is standard input, if need be /dev/null. */
	if (priv.null_fd > 0)
		return (0);
	*what = "the limit of open files, of which a worker takes 272";
	if (exec_raise_limit() == -1)
		return (-1);
	if ((fd = self_open(&priv.binary_path, what)) == -1)
		return (-1);
	priv.binary_fd = fcntl(fd, F_DUPFD_CLOEXEC, PRIV_FD_BASE);
	close(fd);
	if (priv.binary_fd == -1)
		return (-1);
	priv.chroot_fd = -1;
	if (geteuid() == 0 && (priv.chroot_fd = sandbox_chroot_dir()) == -1) {
		*what = sandbox_chroot_wrong;
		return (-1);
	}
	*what = "/dev/null";
	priv.null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return (priv.null_fd == -1 ? -1 : 0);
}

void
priv_exec(int channel, int root, const char *title, const char *role)
{
	char	*argv[] = { (char *)(uintptr_t)title,
		    (char *)(uintptr_t)role, NULL };
	char	*envp[] = { NULL };
	int	 i, null;

	channel = fcntl(channel, F_DUPFD, CHILD_FD_BASE);
	null = fcntl(priv.null_fd, F_DUPFD, CHILD_FD_BASE);
	if (root != -1)
		root = fcntl(root, F_DUPFD, CHILD_FD_BASE);
	/* A sanitizer's report has no other way out than stderr. */
	for (i = 0; i <= (sandbox_sanitized ? 1 : 2); i++)
		if (dup2(null, i) == -1)
			_exit(1);
	if (dup2(channel, FD_CHANNEL) == -1 ||
	    (root != -1 && dup2(root, FD_CHROOT) == -1))
		_exit(1);
	self_exec(priv.binary_fd, priv.binary_path, argv,
	    sandbox_sanitized ? environ : envp);
	_exit(1);
}
