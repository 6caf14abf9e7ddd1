/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What a socket is, by its inode, from the tables of network namespaces.  Not
 * by pidfd_getfd(2), which would move the socket into our own control group.
 */

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "running.h"

#define NAMESPACES_MAX	256

/*
 * Columns count from 0.  A socket is connected in one of the states, each with
 * a blank before it; without a column of states, always.
 */
static const struct table {
	const char	*file;
	const char	*name;
	int		 inode;
	int		 state;
	const char	*connected;
	const char	*listening;
} tables[] = {
#define TCP_CONNECTED	" 01 04 05 06 08 09 0B"
	{ "net/tcp", "TCP", 9, 3, TCP_CONNECTED, "0A" },
	{ "net/tcp6", "TCP", 9, 3, TCP_CONNECTED, "0A" },
	{ "net/udp", "UDP", 9, 3, " 01", "" },
	{ "net/udp6", "UDP", 9, 3, " 01", "" },
	{ "net/unix", "unix", 6, 5, " 03", "" },
	{ "net/packet", "packet", 8, -1, "", "" },
	{ "net/netlink", "netlink", 9, -1, "", "" },
	{ "net/raw", "raw", 9, 3, "", "" },
	{ "net/raw6", "raw", 9, 3, "", "" },
	{ "net/sctp/assocs", "SCTP", 10, -1, "", "" },
	{ "net/sctp/eps", "SCTP endpoint", 7, -1, "", "" },
};

/* The n-th word of a line that ends with the text; its length, or 0. */
static size_t
word(const char *line, int n, const char **begin)
{
	size_t	len = 0;

	do {
		line += len;
		line += strspn(line, " \t");
		len = strcspn(line, " \t");
	} while (n-- > 0 && len > 0);
	*begin = line;
	return (len);
}

static void
describe(const struct table *t, const char *line, struct socket_kind *kind)
{
	const char	*begin;
	char		 state[8] = " ";
	size_t		 len;

	kind->name = t->name;
	kind->connected = strcmp(t->name, "SCTP") == 0;
	kind->listening = 0;
	if (t->state == -1 ||
	    (len = word(line, t->state, &begin)) > sizeof(state) - 2)
		return;
	memcpy(state + 1, begin, len);
	kind->connected = strstr(t->connected, state) != NULL;
	kind->listening = strcmp(t->listening, state + 1) == 0;
}

/* 1: it is in the table, 0: it is not, -1 with errno. */
static int
find_in(const struct process *p, const struct table *t, ino_t inode,
    struct socket_kind *kind)
{
	const char	*begin;
	char		*text, *line, *rest;
	int		 found = 0;

	if ((rest = text = process_text(p, t->file)) == NULL)
		return (errno == ENOENT ? 0 : -1);	/* no such protocol */
	while (!found && (line = strsep(&rest, "\n")) != NULL)
		if (word(line, t->inode, &begin) > 0 &&
		    strtoull(begin, NULL, 10) == inode) {
			describe(t, line, kind);
			found = 1;
		}
	free(text);
	return (found);
}

/*
 * A local connection is of the namespace of whoever connected, on both sides.
 */
static int
find_elsewhere(ino_t inode, struct socket_kind *kind)
{
	const struct table	*t = tables;
	ino_t			 seen[NAMESPACES_MAX];
	struct process		 p = { 0 };
	struct dirent		*entry;
	struct stat		 sb;
	char			 path[300];
	DIR			*dir;
	int			 found = 0;
	size_t			 i, n = 0;

	while (strcmp(t->name, "unix") != 0)
		t++;
	if ((dir = opendir("/proc")) == NULL)
		return (-1);
	while (found != 1 && n < NAMESPACES_MAX &&
	    (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s", entry->d_name);
		p.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (p.dir == -1 || fstatat(p.dir, "ns/net", &sb, 0) == -1) {
			if (p.dir != -1)
				close(p.dir);
			continue;
		}
		for (i = 0; i < n && seen[i] != sb.st_ino; i++)
			;
		if (i == n) {
			seen[n++] = sb.st_ino;
			found = find_in(&p, t, inode, kind);
		}
		close(p.dir);
	}
	closedir(dir);
	return (found == 1);
}

int
socket_find(const struct process *p, ino_t inode, struct socket_kind *kind)
{
	const struct table	*t;
	int			 found = 0;

	for (t = tables; t < tables + nitems(tables) && found == 0; t++)
		found = find_in(p, t, inode, kind);
	return (found != 0 ? found : find_elsewhere(inode, kind));
}
