/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What a process has mapped, which program it runs, and its root directory. */

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "running.h"

struct mappings {
	unsigned int	 n, shared;
	char		 executable[160];	/* the first one, or "" */
	char		 foreign[160];
};

/* The name behind address, permissions, offset, device and inode. */
static const char *
mapping_name(const char *line)
{
	int	 i;

	for (i = 0; i < 5; i++) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return (line);
}

/*
 * Shared memory that can be written is the flow table and the rings: the
 * worker's.
 */
static int
is_foreign(const struct process *p, const char *name)
{
	return (p->role != SANDBOX_FILTER_WORKER ||
	    (strncmp(name, "/memfd:softflowd ", 17) != 0 &&
	    strncmp(name, "socket:[", 8) != 0));
}

static void
look_at(const struct process *p, struct mappings *m, const char *line)
{
	const char	*permissions = line + strcspn(line, " ");

	if (*permissions == '\0' || strlen(permissions) < 5)
		return;
	permissions++;
	m->n++;
	if (permissions[1] == 'w' && permissions[2] == 'x' &&
	    *m->executable == '\0')
		snprintf(m->executable, sizeof(m->executable), "%s", line);
	if (permissions[3] != 's' || permissions[1] != 'w')
		return;
	m->shared++;
	if (is_foreign(p, mapping_name(line)) && *m->foreign == '\0')
		snprintf(m->foreign, sizeof(m->foreign), "%s", line);
}

void
check_memory(const struct process *p)
{
	static const char	 wx[] = "nothing mapped is both written and "
				    "executed";
	struct mappings		 m = { 0 };
	char			*text, *rest, *line;

	if ((text = process_text(p, "maps")) == NULL) {
		unchecked(p, "MDWE", wx);
		return;
	}
	for (rest = text; (line = strsep(&rest, "\n")) != NULL;)
		look_at(p, &m, line);
	free(text);
	if (m.n == 0) {
		errno = ESRCH;
		unchecked(p, "MDWE", wx);
		return;
	}
	verdict(p, "MDWE", wx, *m.executable == '\0', "%u mappings%s%s", m.n,
	    *m.executable == '\0' ? "" : ": ", m.executable);
	verdict(p, "descriptors", p->role == SANDBOX_FILTER_WORKER ?
	    "shares memory for table and rings only" :
	    "maps neither table nor ring", *m.foreign == '\0',
	    "%u shared%s%s", m.shared, *m.foreign == '\0' ? "" : ": ",
	    m.foreign);
}

void
check_program(const struct process *p)
{
	static const char	 what[] = "runs the parent's own program";
	struct stat		 own, parents;
	char			 link[256];
	ssize_t			 n;

	if (fstatat(p->dir, "exe", &own, 0) == -1 ||
	    fstatat(p->parent->dir, "exe", &parents, 0) == -1 ||
	    (n = readlinkat(p->dir, "exe", link, sizeof(link) - 1)) == -1) {
		unchecked(p, "no new privileges", what);
		return;
	}
	link[n] = '\0';
	verdict(p, "no new privileges", what, own.st_dev == parents.st_dev &&
	    own.st_ino == parents.st_ino, "%s", link);
}

/* How many entries there are; -1 with errno. */
static int
entries(const struct process *p, const char *name)
{
	struct dirent	*entry;
	DIR		*dir;
	int		 fd, n = 0;

	if ((fd = openat(p->dir, name, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC)) == -1)
		return (-1);
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return (-1);
	}
	while ((entry = readdir(dir)) != NULL)
		n += strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return (n);
}

void
check_root(const struct process *p)
{
	static const char	 what[] = "root is an empty, deleted directory";
	struct stat		 root, cwd;
	char			 link[256];
	ssize_t			 len;
	int			 n;

	if (!p->root) {
		finding(p, "chroot", what, ROW_MISSING,
		    "started without root");
		return;
	}
	if (fstatat(p->dir, "root", &root, 0) == -1 ||
	    fstatat(p->dir, "cwd", &cwd, 0) == -1 ||
	    (n = entries(p, "root")) == -1 ||
	    (len = readlinkat(p->dir, "root", link, sizeof(link) - 1)) == -1) {
		unchecked(p, "chroot", what);
		return;
	}
	link[len] = '\0';
	verdict(p, "chroot", what, root.st_nlink == 0 && n == 0,
	    "%s, %d entries, %lu links", link, n,
	    (unsigned long)root.st_nlink);
	verdict(p, "chroot", "and so is the working directory",
	    root.st_dev == cwd.st_dev && root.st_ino == cwd.st_ino,
	    "%s directory", root.st_ino == cwd.st_ino ? "the same" :
	    "another");
}
