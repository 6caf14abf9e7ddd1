/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What a socket is, by its inode, from the tables of the process's network
 * namespace.  Not by pidfd_getfd(2), which would move the socket into our own
 * control group.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "running.h"

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

int
socket_find(const struct process *p, ino_t inode, struct socket_kind *kind)
{
	const struct table	*t;
	const char		*begin;
	char			*text, *line, *rest;
	int			 found = 0;

	for (t = tables; t < tables + nitems(tables) && !found; t++) {
		if ((rest = text = process_text(p, t->file)) == NULL) {
			if (errno == ENOENT)	/* no such protocol here */
				continue;
			return (-1);
		}
		while (!found && (line = strsep(&rest, "\n")) != NULL)
			if (word(line, t->inode, &begin) > 0 &&
			    strtoull(begin, NULL, 10) == inode) {
				describe(t, line, kind);
				found = 1;
			}
		free(text);
	}
	return (found);
}
