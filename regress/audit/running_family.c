/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Which processes a daemon has. */

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "engine.h"
#include "resolver.h"
#include "running.h"

/* Who has just been born has no role yet, or does not confine itself yet. */
#define GROWN_MS	1000
#define LOOK_AGAIN	8
#define LOOK_AGAIN_US	250000

int
process_role(const struct process *p)
{
	static const struct {
		const char		*argument;
		enum sandbox_filter	 role;
	} roles[] = {
		{ ENGINE_ROLE, SANDBOX_FILTER_WORKER },
		{ RESOLVER_ROLE, SANDBOX_FILTER_RESOLVER },
		{ CONFIG_ROLE, SANDBOX_FILTER_READER }
	};
	char	*cmdline;
	int	 role = -1;
	size_t	 i;

	if ((cmdline = process_text(p, "cmdline")) == NULL)
		return (-1);
	/* The argument behind the name, "" if there is none. */
	for (i = 0; i < nitems(roles); i++)
		if (strcmp(cmdline + strlen(cmdline) + 1,
		    roles[i].argument) == 0)
			role = (int)roles[i].role;
	free(cmdline);
	return (role);
}

/* How long ago it was born; field 22 of its line, in clock ticks from boot. */
static int64_t
age_ms(const struct process *p)
{
	struct timespec	 now;
	int64_t		 born;
	const char	*field;
	char		*stat;
	int		 i;

	/* Its name may have blanks, and ends with the last parenthesis. */
	if ((stat = process_text(p, "stat")) == NULL)
		return (0);
	field = strrchr(stat, ')');
	for (i = 2; i < 22 && field != NULL; i++)
		if ((field = strchr(field, ' ')) != NULL)
			field++;
	born = field == NULL ? 0 : strtoll(field, NULL, 10) * 1000 /
	    sysconf(_SC_CLK_TCK);
	free(stat);
	clock_gettime(CLOCK_BOOTTIME, &now);
	return ((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - born);
}

/* Whether it is one of the parent's that lives; closed again if not. */
static int
open_child(struct process *p)
{
	const char	*line;
	char		*status;
	int		 good, role;

	if (process_open(p) == -1)
		return (0);
	status = process_text(p, "status");
	line = text_line(status, "PPid:");
	good = line != NULL && strtol(line, NULL, 10) == p->parent->pid;
	line = text_line(status, "State:");
	good &= line != NULL && *line != 'Z' && *line != 'X';
	free(status);
	if (!good) {
		close(p->dir);
		return (0);
	}
	role = process_role(p);
	p->role = role == -1 ? SANDBOX_FILTERS : (enum sandbox_filter)role;
	return (1);
}

/* Who is too young is not among them. */
static ssize_t
find_once(const struct process *parent, struct process *child,
    unsigned int *young)
{
	struct dirent	*entry;
	DIR		*dir;
	ssize_t		 n = 0;
	long		 pid;

	*young = 0;
	if ((dir = opendir("/proc")) == NULL)
		return (-1);
	while ((entry = readdir(dir)) != NULL && n < CHILDREN_MAX) {
		if ((pid = strtol(entry->d_name, NULL, 10)) <= 0)
			continue;
		child[n].pid = (pid_t)pid;
		child[n].parent = parent;
		if (!open_child(&child[n]))
			continue;
		if (age_ms(&child[n]) >= GROWN_MS) {
			n++;
			continue;
		}
		close(child[n].dir);
		++*young;
	}
	closedir(dir);
	return (n);
}

ssize_t
find_children(const struct process *parent, struct process *child,
    unsigned int *young)
{
	ssize_t	i, n;
	int	again, workers;

	for (again = 0;; again++) {
		if ((n = find_once(parent, child, young)) == -1)
			return (n);
		for (i = workers = 0; i < n; i++)
			workers += child[i].role == SANDBOX_FILTER_WORKER;
		if ((workers > 0 && *young == 0) || again == LOOK_AGAIN)
			return (n);
		for (i = 0; i < n; i++)
			close(child[i].dir);
		usleep(LOOK_AGAIN_US);
	}
}

void
check_family(const struct process *parent, const struct process *child,
    size_t n, unsigned int young)
{
	unsigned int	 of[SANDBOX_FILTERS + 1] = { 0 };
	char		 text[128];
	size_t		 i;

	for (i = 0; i < n; i++)
		of[child[i].role]++;
	snprintf(text, sizeof(text), "%u workers, %u resolvers, %u readers, "
	    "%u others, %u just born", of[SANDBOX_FILTER_WORKER],
	    of[SANDBOX_FILTER_RESOLVER], of[SANDBOX_FILTER_READER],
	    of[SANDBOX_FILTERS], young);
	if (of[SANDBOX_FILTER_WORKER] == 0 && of[SANDBOX_FILTERS] == 0)
		finding(parent, "system calls", "has no strange child",
		    ROW_UNCHECKED, "%s: no worker that lasted a second within "
		    "two; try again", text);
	else
		verdict(parent, "system calls", "has no strange child",
		    of[SANDBOX_FILTER_WORKER] == 1 &&
		    of[SANDBOX_FILTER_RESOLVER] <= 1 &&
		    of[SANDBOX_FILTER_READER] <= 1 &&
		    of[SANDBOX_FILTERS] == 0, "%s", text);
}

/* The descriptor of its own program, for its children; -1 without one. */
static int
find_program(const struct process *p)
{
	struct stat	 own, sb;
	struct dirent	*entry;
	DIR		*dir;
	int		 fd, found = -1;

	if (fstatat(p->dir, "exe", &own, 0) == -1 || (fd = openat(p->dir,
	    "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return (-1);
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return (-1);
	}
	while (found == -1 && (entry = readdir(dir)) != NULL)
		if (fstatat(fd, entry->d_name, &sb, 0) == 0 &&
		    sb.st_dev == own.st_dev && sb.st_ino == own.st_ino)
			found = (int)strtol(entry->d_name, NULL, 10);
	closedir(dir);
	return (found);
}

void
learn_parent(struct process *parent, const struct process *child, size_t n)
{
	size_t	i;

	parent->box.root = parent->root;
	parent->box.uid = parent->uid;
	parent->box.gid = parent->gid;
	parent->learnt = !parent->root;
	for (i = 0; i < n; i++) {
		if (child[i].role == SANDBOX_FILTERS || child[i].uid == 0)
			continue;
		parent->box.uid = child[i].uid;
		parent->box.gid = child[i].gid;
		parent->learnt = 1;
	}
	parent->box.binary_fd = find_program(parent);
}
