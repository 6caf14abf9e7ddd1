/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * For whole.sh: what the daemon, built with another system's files, needs an
 * answer of to read a savefile here.  What else it calls that is not here
 * says that it did it.
 */

#include <sys/types.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void	*explicit_memset(void *, int, size_t);
int	 sysctl(const int *, unsigned int, void *, size_t *, const void *,
	    size_t);

void *
explicit_memset(void *p, int c, size_t size)
{
	volatile unsigned char	*at = p;

	while (size-- > 0)
		*at++ = (unsigned char)c;
	return (p);
}

/* Of our program, its path: as such, or as the one argument it has had. */
int
sysctl(const int *name, unsigned int n, void *old, size_t *len,
    const void *new, size_t newlen)
{
	char	path[4096] = "", **argv = old;
	size_t	need;

	if (n != 4 || new != NULL || newlen != 0 ||
	    readlink("/proc/self/exe", path, sizeof(path) - 1) == -1) {
		errno = EINVAL;
		return (-1);
	}
	need = strlen(path) + 1;
	if (name[2] == getpid()) {
		need += 2 * sizeof(*argv);
		if (old != NULL && *len >= need) {
			argv[0] = memcpy(&argv[2], path, strlen(path) + 1);
			argv[1] = NULL;
		}
	} else if (old != NULL && *len >= need)
		memcpy(old, path, need);
	*len = need;
	return (0);
}
