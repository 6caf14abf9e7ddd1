/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * FreeBSD: capability mode.  Connections are made in the directory of the
 * socket, which was opened before.
 */

#include <sys/types.h>
#include <sys/capsicum.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"

static int	in_directory;		/* connect there, or fail like this: */
static int	directory, directory_errno;

static int
limit(int fd, uint64_t right)
{
	cap_rights_t	rights;

	cap_rights_init(&rights);
	if (right != 0)
		cap_rights_set(&rights, right);
	return (cap_rights_limit(fd, &rights) == -1 && errno != EBADF ? -1 : 0);
}

/* One that is not there is for who connects to explain. */
static int
open_directory(const char *path)
{
	struct sockaddr_un	sun;

	/* Of one that is too long, no connection is made at all. */
	(void)strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	directory = open(dirname(sun.sun_path),
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory_errno = errno;
	in_directory = 1;
	return (directory == -1 ? 0 : limit(directory, CAP_CONNECTAT));
}

int
confine(const char *path)
{
	if ((path != NULL && open_directory(path) == -1) ||
	    limit(STDIN_FILENO, 0) == -1 ||
	    limit(STDOUT_FILENO, CAP_WRITE) == -1 ||
	    limit(STDERR_FILENO, CAP_WRITE) == -1)
		return (-1);
	return (cap_enter());
}

int
confine_connect(int fd, const struct sockaddr_un *sun)
{
	struct sockaddr_un	 there = *sun, copy = *sun;

	if (!in_directory)
		return (connect(fd, (const struct sockaddr *)sun,
		    sizeof(*sun)));
	if (directory == -1) {
		errno = directory_errno;
		return (-1);
	}
	(void)strlcpy(there.sun_path, basename(copy.sun_path),
	    sizeof(there.sun_path));
	return (connectat(directory, fd, (const struct sockaddr *)&there,
	    sizeof(there)));
}
