/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * running PID: look at a daemon's processes while it works and say for each
 * layer whether it is in force.  PID is the parent's, as in its pid file.
 * Exits with 0 when there is no gap, 1 with one, 2 when that is no softflowd.
 */

#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "running.h"

#define MISUSE		2

static void
open_parent(struct process *p, const char *arg)
{
	char		*status;
	const char	*line, *error;

	p->role = SANDBOX_FILTER_PARENT;
	p->pid = (pid_t)strtonum(arg, 1, INT_MAX, &error);
	if (error != NULL)
		errx(MISUSE, "%s: not a process id: %s", arg, error);
	if (process_open(p) == -1)
		errx(MISUSE, "%s: there is no such process", arg);
	if (process_role(p) != -1)
		errx(MISUSE, "%s: a child of softflowd's; give its parent's "
		    "process id, as in its pid file", arg);
	status = process_text(p, "status");
	line = text_line(status, "Name:");
	if (line == NULL || strncmp(line, "softflowd\n", 10) != 0)
		errx(MISUSE, "%s: not a softflowd, but %.*s", arg,
		    line == NULL ? 0 : (int)strcspn(line, "\n"), line);
	free(status);
}

static void
check_parent(struct process *p)
{
	check_status(p);
	check_descriptors(p);
	check_memory(p);
	check_filters(p);
}

static void
check_child(struct process *p)
{
	check_status(p);
	check_limits(p);
	check_descriptors(p);
	check_memory(p);
	check_program(p);
	if (p->role != SANDBOX_FILTER_RESOLVER)
		check_root(p);
	check_filters(p);
}

int
main(int argc, char *argv[])
{
	static struct process	 parent, child[CHILDREN_MAX];
	unsigned int		 young;
	ssize_t			 i, n;

	if (argc != 2) {
		fprintf(stderr, "usage: running pid-of-softflowd\n");
		return (MISUSE);
	}
	open_parent(&parent, argv[1]);
	if ((n = find_children(&parent, child, &young)) == -1)
		err(MISUSE, "/proc");
	learn_parent(&parent, child, (size_t)n);
	check_family(&parent, child, (size_t)n, young);
	check_parent(&parent);
	for (i = 0; i < n; i++)
		if (child[i].role != SANDBOX_FILTERS)
			check_child(&child[i]);
	return (gaps > 0);
}
