/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Our own program as the kernel names it: FreeBSD, NetBSD 10 (where
 * fexecve(2) works; before, it is ENOSYS).  Runs in the parent.
 */

#include <sys/types.h>
#include <sys/sysctl.h>

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "compat.h"
#include "priv_state.h"

#ifdef KERN_PROC_ARGV		/* NetBSD has it all below KERN_PROC_ARGS */
static const int	own_name[] = {
	CTL_KERN, KERN_PROC_ARGS, -1, KERN_PROC_PATHNAME
};
#else
static const int	own_name[] = {
	CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1
};
#endif

int
self_open(const char **path, const char **what)
{
	static char	name[PATH_MAX];
	size_t		len = sizeof(name);

	*what = "the name of our own program";
	if (sysctl(own_name, nitems(own_name), name, &len, NULL, 0) == -1)
		return (-1);
	*path = *what = name;
	return (open(name, O_RDONLY | O_CLOEXEC));
}

/* Not by its name, which may be somebody else's by now. */
void
self_exec(int fd, const char *path, char *const argv[], char *const envp[])
{
	(void)path;
	fexecve(fd, argv, envp);
}
