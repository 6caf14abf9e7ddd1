/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The descriptors of a process against the plan in softflowd/sandbox.h. */

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "running.h"
#include "softflowd.h"

#define FDS_MAX		4096
#define LOOK_AGAIN	3	/* a socket may come or go while we look */
#define LOOK_AGAIN_US	30000

/* Which part of the plan speaks of a descriptor. */
enum part { PART_NULL, PART_CHANNEL, PART_LOW, PART_CAPTURE, PART_OTHER,
    PARTS };

struct descriptor {
	int			 fd;
	enum part		 part;
	mode_t			 type;
	int			 null;		/* the null device */
	ino_t			 inode;
	uint64_t		 flags;		/* of open(2) */
	struct socket_kind	 socket;	/* name NULL: in no table */
	char			 link[128];
	const char		*wrong;		/* NULL: as planned */
};

static const char *const	attempts[PARTS] = {
	[PART_NULL] = "0-2 and 4-7 are the null device",
	[PART_CHANNEL] = "3 is the channel",
	[PART_LOW] = "8-63 are connected sockets, or the file of -r as 8",
	[PART_CAPTURE] = "256 and on is one capture socket for each slot",
	[PART_OTHER] = "no other descriptor, no directory, no other file"
};

struct inventory {
	struct descriptor	*d;
	size_t			 n;
	unsigned int		 ncapture;	/* slots from 0 on */
	unsigned int		 of_part[PARTS];
};

static int
compare(const void *a, const void *b)
{
	const struct descriptor	*x = a, *y = b;

	return ((x->fd > y->fd) - (x->fd < y->fd));
}

/* 0: it has gone. */
static int
look_at(const struct process *p, struct descriptor *d)
{
	struct stat	 sb;
	char		 name[32], *text;
	const char	*line;
	ssize_t		 n;

	snprintf(name, sizeof(name), "fd/%d", d->fd);
	if (fstatat(p->dir, name, &sb, 0) == -1)
		return (0);
	d->type = sb.st_mode & S_IFMT;
	d->null = S_ISCHR(sb.st_mode) && sb.st_rdev == makedev(1, 3);
	d->inode = sb.st_ino;
	n = readlinkat(p->dir, name, d->link, sizeof(d->link) - 1);
	d->link[n == -1 ? 0 : n] = '\0';
	snprintf(name, sizeof(name), "fdinfo/%d", d->fd);
	if ((text = process_text(p, name)) == NULL)
		return (0);
	line = text_line(text, "flags:");
	d->flags = line == NULL ? 0 : strtoull(line, NULL, 8);
	free(text);
	d->socket.name = NULL;
	if (d->type == S_IFSOCK && socket_find(p, d->inode, &d->socket) == -1)
		return (0);
	return (1);
}

static int
take_all(const struct process *p, struct inventory *v)
{
	struct dirent	*entry;
	const char	*bad;
	DIR		*dir;
	int		 fd;

	v->n = v->ncapture = 0;
	if ((fd = openat(p->dir, "fd", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC)) == -1)
		return (-1);
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return (-1);
	}
	while ((entry = readdir(dir)) != NULL && v->n < FDS_MAX) {
		if (entry->d_name[0] == '.')
			continue;
		memset(&v->d[v->n], 0, sizeof(v->d[0]));
		v->d[v->n].fd = (int)strtonum(entry->d_name, 0, INT_MAX, &bad);
		if (bad == NULL && look_at(p, &v->d[v->n]))
			v->n++;
	}
	closedir(dir);
	qsort(v->d, v->n, sizeof(v->d[0]), compare);
	return (0);
}

/*
 * The plan: NULL, or what is wrong with a descriptor.
 */

static const char *
wrong_null(const struct descriptor *d)
{
	/* A sanitizer's report has no other way out. */
	if (d->null || (sandbox_sanitized && d->fd == STDERR_FILENO))
		return (NULL);
	return ("not the null device");
}

static const char *
wrong_channel(const struct descriptor *d)
{
	if (d->type != S_IFSOCK || d->socket.name == NULL ||
	    strcmp(d->socket.name, "unix") != 0)
		return ("not a local socket");
	return (d->socket.connected ? NULL : "not connected");
}

static const char *
wrong_file(const struct descriptor *d)
{
	if (d->type != S_IFREG && d->type != S_IFIFO && d->type != S_IFCHR)
		return ("not a file that can be read");
	return ((d->flags & O_ACCMODE) == O_RDONLY ? NULL :
	    "open for writing");
}

static const char *
wrong_low(const struct descriptor *d)
{
	static const char *const	kinds[] = { "TCP", "UDP", "SCTP",
					    "unix", NULL };
	int				i;

	if (d->type != S_IFSOCK)
		return (d->type == S_IFDIR ? "a directory" : "not a socket");
	if (d->socket.name == NULL)
		return ("a socket that is bound to nothing");
	for (i = 0; kinds[i] != NULL; i++)
		if (strcmp(d->socket.name, kinds[i]) == 0)
			return (d->socket.listening ? "listening" :
			    d->socket.connected ? NULL : "not connected");
	return ("a socket that no collector or client is behind");
}

static const char *
wrong_capture(const struct inventory *v, const struct descriptor *d)
{
	const struct descriptor	*other;

	if (d->type != S_IFSOCK || d->socket.name == NULL ||
	    (strcmp(d->socket.name, "packet") != 0 &&
	    strcmp(d->socket.name, "UDP") != 0))
		return ("not a capture socket");
	for (other = v->d; other < d; other++)
		if (other->inode == d->inode)
			return ("the same as another");
	return (d->fd - FD_CAPTURE == (int)v->of_part[PART_CAPTURE] ? NULL :
	    "not of the next slot");
}

/* The resolver asks a child by a pipe, and has nothing to fill. */
static enum part
part_of(const struct process *p, int fd)
{
	if (fd == FD_CHANNEL)
		return (PART_CHANNEL);
	if (fd <= (p->role == SANDBOX_FILTER_RESOLVER ? STDERR_FILENO :
	    FD_FILL_LAST))
		return (PART_NULL);
	if (p->role == SANDBOX_FILTER_RESOLVER)
		return (PART_OTHER);
	if (fd <= FD_LOW_MAX)
		return (PART_LOW);
	return (fd >= FD_CAPTURE && fd < FD_CAPTURE + MAX_CAPTURE ?
	    PART_CAPTURE : PART_OTHER);
}

static const char *
wrong(const struct process *p, const struct inventory *v,
    const struct descriptor *d)
{
	int	reader = p->role == SANDBOX_FILTER_READER;

	switch (d->part) {
	case PART_NULL:
		return (wrong_null(d));
	case PART_CHANNEL:
		return (wrong_channel(d));
	case PART_LOW:
		if (d->fd == FD_SAVEFILE && v->ncapture == 0 &&
		    (reader || d->type != S_IFSOCK))
			return (wrong_file(d));
		return (reader ? "not of its plan" : wrong_low(d));
	case PART_CAPTURE:
		return (reader ? "not of its plan" : wrong_capture(v, d));
	default:
		return (p->role == SANDBOX_FILTER_RESOLVER &&
		    d->type == S_IFIFO ? NULL : "not of its plan");
	}
}

/* How many there must be of a part at least. */
static unsigned int
wanted(const struct process *p, enum part part)
{
	if (part == PART_NULL)
		return (p->role == SANDBOX_FILTER_RESOLVER ? 3 : 7);
	return (part == PART_CHANNEL);
}

/* Judge all; how much is wrong. */
static size_t
judge(const struct process *p, struct inventory *v)
{
	struct descriptor	*d;
	enum part		 part;
	size_t			 bad = 0;

	memset(v->of_part, 0, sizeof(v->of_part));
	for (d = v->d; d < v->d + v->n; d++) {
		d->part = part_of(p, d->fd);
		v->ncapture += d->part == PART_CAPTURE;
	}
	for (d = v->d; d < v->d + v->n; d++) {
		d->wrong = wrong(p, v, d);
		v->of_part[d->part]++;
		bad += d->wrong != NULL;
	}
	for (part = 0; part < PARTS; part++)
		bad += v->of_part[part] < wanted(p, part);
	return (bad);
}

static void
report_part(const struct process *p, struct inventory *v, enum part part)
{
	const struct descriptor	*d;
	char			 text[400];
	size_t			 len;
	int			 good = v->of_part[part] >= wanted(p, part);

	len = (size_t)snprintf(text, sizeof(text), "%u", v->of_part[part]);
	if (!good)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    " of %u", wanted(p, part));
	for (d = v->d; d < v->d + v->n; d++) {
		if (d->part != part || d->wrong == NULL)
			continue;
		good = 0;
		if (len < sizeof(text))
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			    "; %d is %s: %s", d->fd, d->wrong, d->link);
	}
	verdict(p, "descriptors", part == PART_NULL &&
	    p->role == SANDBOX_FILTER_RESOLVER ?
	    "0-2 are the null device" : attempts[part], good, "%s", text);
}

/* What a parent has no use for; a pipe may be the savefile. */
static int
is_strange(const struct descriptor *d)
{
	switch (d->type) {
	case S_IFSOCK:
		return (d->socket.name == NULL ||
		    strcmp(d->socket.name, "raw") == 0);
	case S_IFIFO:
		return ((d->flags & O_ACCMODE) != O_RDONLY);
	case S_IFREG:
	case S_IFDIR:
		return (0);
	}
	return (!d->null);
}

static size_t
has_strange(const struct inventory *v)
{
	const struct descriptor	*d;

	for (d = v->d; d < v->d + v->n; d++)
		if (d->fd > STDERR_FILENO && (is_strange(d) ||
		    (d->flags & O_CLOEXEC) == 0))
			return (1);
	return (0);
}

/*
 * The parent holds what it has to pass on; nothing of it may live through an
 * execution, but for what it was started with.
 */
static void
report_parent(const struct process *p, const struct inventory *v)
{
	const struct descriptor	*d;
	unsigned int		 sockets = 0, files = 0;
	char			 text[256] = "", strange[256] = "";

	for (d = v->d; d < v->d + v->n; d++) {
		if (d->fd <= STDERR_FILENO)
			continue;
		if ((d->flags & O_CLOEXEC) == 0)
			snprintf(text, sizeof(text), "%d lives through: %s",
			    d->fd, d->link);
		sockets += d->type == S_IFSOCK;
		files += d->type == S_IFREG || d->type == S_IFDIR;
		if (is_strange(d))
			snprintf(strange, sizeof(strange), "%d is %s", d->fd,
			    d->link);
	}
	verdict(p, "descriptors", "none is left open by an execution",
	    *text == '\0', "%s", *text == '\0' ?
	    "all from 3 on are closed" : text);
	verdict(p, "descriptors", "sockets, files, the null device only",
	    *strange == '\0', "%u sockets, %u files and directories%s%s",
	    sockets, files, *strange == '\0' ? "" : "; ", strange);
}

void
check_descriptors(const struct process *p)
{
	struct inventory	 v = { 0 };
	enum part		 part;
	int			 i;

	if ((v.d = calloc(FDS_MAX, sizeof(*v.d))) == NULL) {
		unchecked(p, "descriptors", "inventory");
		return;
	}
	/* What a client or a reload changes just now is not a finding. */
	for (i = 0; i < LOOK_AGAIN; i++) {
		if (i > 0)
			usleep(LOOK_AGAIN_US);
		errno = ESRCH;		/* who has none has ended */
		if (take_all(p, &v) == -1 || v.n == 0) {
			unchecked(p, "descriptors", "inventory");
			free(v.d);
			return;
		}
		if ((p->parent == NULL ? has_strange(&v) : judge(p, &v)) == 0)
			break;
	}
	if (p->parent == NULL)
		report_parent(p, &v);
	else
		for (part = 0; part < PARTS; part++)
			if (p->role != SANDBOX_FILTER_RESOLVER ||
			    v.of_part[part] > 0 || part == PART_OTHER)
				report_part(p, &v, part);
	free(v.d);
}
