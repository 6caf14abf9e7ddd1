/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Our own program where the kernel cannot name it and executes no descriptor:
 * OpenBSD.  It is looked for where a shell would have found it, once; what is
 * executed later must be that very file.  Runs in the parent.
 */

#include <sys/types.h>
#include <sys/stat.h>
#include <sys/sysctl.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "log.h"
#include "priv_state.h"

/* As it was started: argv[0], allocated with what it stands in; or NULL. */
static char **
self_argv(void)
{
	const int	 mib[] = { CTL_KERN, KERN_PROC_ARGS, getpid(),
			    KERN_PROC_ARGV };
	char		**argv;
	size_t		 len = 0;

	if (sysctl(mib, nitems(mib), NULL, &len, NULL, 0) == -1 ||
	    (argv = calloc(1, len + sizeof(*argv))) == NULL)
		return (NULL);
	if (sysctl(mib, nitems(mib), argv, &len, NULL, 0) == -1 ||
	    argv[0] == NULL) {
		free(argv);
		return (NULL);
	}
	return (argv);
}

/* A program of this name, opened; its path has no link any more. */
static int
self_try(const char *name, char *path)
{
	struct stat	sb;
	int		fd;

	if (realpath(name, path) == NULL ||
	    (fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return (-1);
	if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) &&
	    access(path, X_OK) == 0)
		return (fd);
	close(fd);
	errno = EACCES;
	return (-1);
}

static int
self_search(const char *name, char *path)
{
	const char	*dir, *dirs = getenv("PATH");
	char		 try[PATH_MAX];
	size_t		 len;
	int		 fd, n;

	for (dir = dirs == NULL ? "" : dirs; *dir != '\0'; dir += len) {
		dir += strspn(dir, ":");
		len = strcspn(dir, ":");
		n = snprintf(try, sizeof(try), "%.*s/%s", (int)len, dir, name);
		if (*dir == '/' && n > 0 && (size_t)n < sizeof(try) &&
		    (fd = self_try(try, path)) != -1)
			return (fd);
	}
	errno = ENOENT;
	return (-1);
}

/* Whoever could change it would have what we have. */
static int
self_trusted(int fd)
{
	struct stat	sb;

	return (geteuid() != 0 || (fstat(fd, &sb) == 0 && sb.st_uid == 0 &&
	    (sb.st_mode & (S_IWGRP | S_IWOTH)) == 0));
}

int
self_open(const char **path, const char **what)
{
	static char	name[PATH_MAX], error[PATH_MAX + 128];
	char		**argv;
	int		 fd, saved;

	*what = "the name of our own program";
	if ((argv = self_argv()) == NULL)
		return (-1);
	fd = strchr(argv[0], '/') != NULL ? self_try(argv[0], name) :
	    self_search(argv[0], name);
	saved = errno;
	snprintf(error, sizeof(error), "%s: not found as our own program; "
	    "start it by its absolute path", argv[0]);
	*what = error;
	*path = name;
	free(argv);
	if (fd != -1 && !self_trusted(fd)) {
		snprintf(error, sizeof(error), "%s: our own program must be "
		    "root's, and writable by nobody else, to be started by "
		    "root", name);
		close(fd);
		fd = -1;
		saved = EPERM;
	}
	errno = saved;
	return (fd);
}

void
self_exec(int fd, const char *path, char *const argv[], char *const envp[])
{
	struct stat	then, now;

	if (fstat(fd, &then) == -1 || stat(path, &now) == -1)
		return;
	/* Another version would not understand us. */
	if (then.st_dev != now.st_dev || then.st_ino != now.st_ino) {
		log_warnx("%s: is another program than when we started; "
		    "restart softflowd", path);
		return;
	}
	execve(path, argv, envp);
}
