/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What /proc/PID/status and limits say of a process. */

#include <linux/capability.h>

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "running.h"

#define CAP(n)	(UINT64_C(1) << (n))

/* What a parent may keep of what it has. */
#define PARENT_CAPS	(CAP(CAP_NET_RAW) | CAP(CAP_SETUID) |		\
    CAP(CAP_SETGID) | CAP(CAP_SYS_CHROOT) | CAP(CAP_SETPCAP) |	\
    CAP(CAP_KILL))

static const char *const	names[SANDBOX_FILTERS] = {
	[SANDBOX_FILTER_WORKER] = "worker",
	[SANDBOX_FILTER_READER] = "reader",
	[SANDBOX_FILTER_RESOLVER] = "resolver",
	[SANDBOX_FILTER_PARENT] = "parent"
};

unsigned int	gaps;

static void
report(const struct process *p, const char *layer, const char *attempt,
    enum row_result result, const char *fmt, va_list ap)
{
	char	text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	gaps += result == ROW_GAP;
	row(names[p->role], layer, attempt, result, text);
}

void
finding(const struct process *p, const char *layer, const char *attempt,
    enum row_result result, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	report(p, layer, attempt, result, fmt, ap);
	va_end(ap);
}

void
verdict(const struct process *p, const char *layer, const char *attempt,
    int good, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	report(p, layer, attempt, good ? ROW_PROVEN : ROW_GAP, fmt, ap);
	va_end(ap);
}

void
unchecked(const struct process *p, const char *layer, const char *attempt)
{
	int	error = errno;

	finding(p, layer, attempt, ROW_UNCHECKED, "%s", error == ENOENT ||
	    error == ESRCH ? "it has ended meanwhile" : strerror(error));
}

char *
process_text(const struct process *p, const char *file)
{
	char	*text = NULL, *more;
	size_t	 size = 0, len = 0;
	ssize_t	 n = 1;
	int	 fd, saved;

	if ((fd = openat(p->dir, file, O_RDONLY | O_CLOEXEC)) == -1)
		return (NULL);
	while (n > 0) {
		if (len + 2 >= size) {
			size = size * 2 + 4096;
			if ((more = realloc(text, size)) == NULL)
				break;
			text = more;
		}
		if ((n = read(fd, text + len, size - len - 2)) > 0)
			len += (size_t)n;
	}
	saved = errno;
	close(fd);
	if (n == 0) {
		text[len] = text[len + 1] = '\0';
		return (text);
	}
	free(text);
	errno = saved;
	return (NULL);
}

const char *
text_line(const char *text, const char *begin)
{
	size_t	len = strlen(begin);

	while (text != NULL && strncmp(text, begin, len) != 0)
		if ((text = strchr(text, '\n')) != NULL)
			text++;
	if (text == NULL)
		return (NULL);
	return (text + len + strspn(text + len, " \t"));
}

/* A line of the status up to its end, for a detail. */
static void
line_copy(char *to, size_t size, const char *status, const char *begin)
{
	const char	*line = text_line(status, begin);
	size_t		 i;

	if (line == NULL)
		line = "is not shown";
	for (i = 0; i + 1 < size && line[i] != '\0' && line[i] != '\n'; i++)
		to[i] = line[i] == '\t' ? ' ' : line[i];
	to[i] = '\0';
}

/* A number of the status; absent ones are UINT64_MAX. */
static uint64_t
number(const char *status, const char *begin, int base)
{
	const char	*line = text_line(status, begin);

	return (line == NULL ? UINT64_MAX : strtoull(line, NULL, base));
}

/* Whether the four ids of a line all are id. */
static int
four_times(const char *status, const char *begin, unsigned long id)
{
	const char	*line = text_line(status, begin);
	char		*end;
	int		 i;

	for (i = 0; line != NULL && i < 4; i++, line = end)
		if (strtoul(line, &end, 10) != id || end == line)
			return (0);
	return (line != NULL);
}

/* The last of its numbers, one for each namespace it is seen in. */
static pid_t
own_pid(const struct process *p, const char *status)
{
	const char	*line = text_line(status, "NSpid:");
	char		*end;
	long		 pid, last = p->pid;

	while (line != NULL && (pid = strtol(line, &end, 10)) > 0 &&
	    end != line) {
		last = pid;
		line = *end == '\n' ? NULL : end;
	}
	return ((pid_t)last);
}

int
process_open(struct process *p)
{
	char	 path[32], *status;
	uint64_t filters;

	snprintf(path, sizeof(path), "/proc/%ld", (long)p->pid);
	p->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->dir == -1)
		return (-1);
	if ((status = process_text(p, "status")) == NULL) {
		close(p->dir);
		return (-1);
	}
	p->own_pid = own_pid(p, status);
	p->uid = (uid_t)number(status, "Uid:", 10);
	p->gid = (gid_t)number(status, "Gid:", 10);
	p->root = p->parent != NULL ? p->parent->root : p->uid == 0;
	filters = number(status, "Seccomp_filters:", 10);
	p->filters = filters > INT_MAX ? -1 : (int)filters;
	free(status);
	return (0);
}

static void
check_ids(const struct process *p, const char *status)
{
	static const char *const	kinds[] = { "Uid:", "Gid:" };
	static const char *const	whats[] = {
		"user id four times that of -u", "group id four times likewise"
	};
	char				line[128];
	unsigned long			id;
	size_t				i;

	for (i = 0; i < nitems(kinds); i++) {
		id = i == 0 ? p->uid : p->gid;
		line_copy(line, sizeof(line), status, kinds[i]);
		if (!p->root)
			finding(p, "ids", whats[i], ROW_MISSING,
			    "started without root: %s", line);
		else
			verdict(p, "ids", whats[i],
			    four_times(status, kinds[i], id) && id != 0,
			    "%s", line);
	}
	line_copy(line, sizeof(line), status, "Groups:");
	if (!p->root)
		finding(p, "ids", "no supplementary group", ROW_MISSING,
		    "started without root: %s", line);
	else
		verdict(p, "ids", "no supplementary group",
		    line[strspn(line, " ")] == '\0', "groups: %s",
		    *line == '\0' ? "none" : line);
}

static void
check_caps(const struct process *p, const char *status)
{
	static const char *const	sets[] = {
		"CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"
	};
	char				attempt[64];
	uint64_t			caps, may;
	size_t				i;

	for (i = 0; i < nitems(sets); i++) {
		caps = number(status, sets[i], 16);
		snprintf(attempt, sizeof(attempt), "%.6s holds %s", sets[i],
		    p->parent == NULL ? "no other than it needs" : "nothing");
		if (!p->root && i == 3 && caps != 0) {
			finding(p, "capabilities", attempt, ROW_MISSING,
			    "%016" PRIx64 ": started without root, and void "
			    "without new privileges", caps);
			continue;
		}
		may = p->parent == NULL && i > 0 && i < 4 ?
		    PARENT_CAPS : 0;
		verdict(p, "capabilities", attempt, (caps & ~may) == 0,
		    "%016" PRIx64, caps);
	}
}

/*
 * A child has its parent's filters and one more, but for the resolver, which
 * is older than its parent's.
 */
static void
check_number_of_filters(const struct process *p)
{
	static const char	what[] = "as many filters as it has put on";
	int			wanted;

	if (p->filters == -1) {
		finding(p, "system calls", what, ROW_UNCHECKED,
		    "this kernel does not count them");
		return;
	}
	wanted = p->parent == NULL ? 1 : p->parent->filters;
	if (p->role == SANDBOX_FILTER_WORKER)
		wanted++;
	verdict(p, "system calls", what, p->parent == NULL ||
	    p->role == SANDBOX_FILTER_READER ? p->filters >= wanted :
	    p->filters == wanted, "%d", p->filters);
}

static void
check_attributes(const struct process *p, const char *status)
{
	char	line[64];

	line_copy(line, sizeof(line), status, "NoNewPrivs:");
	verdict(p, "no new privileges", "cannot gain any by execution",
	    strcmp(line, "1") == 0, "NoNewPrivs: %s", line);
	line_copy(line, sizeof(line), status, "Seccomp:");
	verdict(p, "system calls", "is filtered", strcmp(line, "2") == 0,
	    "Seccomp: %s", line);
	check_number_of_filters(p);
	line_copy(line, sizeof(line), status, "Threads:");
	verdict(p, "system calls", "has one thread, the filtered one",
	    strcmp(line, "1") == 0, "Threads: %s", line);
	line_copy(line, sizeof(line), status, "TracerPid:");
	verdict(p, "undumpable", "nobody traces it", strcmp(line, "0") == 0,
	    "TracerPid: %s", line);
	if (p->parent == NULL)
		return;
	line_copy(line, sizeof(line), status, "PPid:");
	verdict(p, "undumpable", "is the parent's own child",
	    strtol(line, NULL, 10) == p->parent->pid, "PPid: %s", line);
}

/* Of an undumpable process these files are root's, and not its own. */
static void
check_undumpable(const struct process *p)
{
	static const char	what[] = "its memory is root's to read only";
	struct stat		sb;

	if (fstatat(p->dir, "mem", &sb, 0) == -1)
		unchecked(p, "undumpable", what);
	else if (p->uid == 0)
		finding(p, "undumpable", what, ROW_UNCHECKED,
		    "of a process of root's it does not show");
	else
		verdict(p, "undumpable", what, sb.st_uid == 0,
		    "mem is of uid %ld, the process %ld", (long)sb.st_uid,
		    (long)p->uid);
}

/* What no kernel shows of another process. */
static void
say_what_is_hidden(const struct process *p)
{
	static const char	hidden[] = "the kernel shows it of no other "
				    "process; the tries on the build do";

	finding(p, "Landlock", "is in a domain of its own", ROW_UNCHECKED,
	    "%s", hidden);
	finding(p, "MDWE", "refuses executable memory", ROW_UNCHECKED, "%s",
	    hidden);
	if (p->role == SANDBOX_FILTER_WORKER ||
	    p->role == SANDBOX_FILTER_READER)
		finding(p, "undumpable", "dies with its parent",
		    ROW_UNCHECKED, "%s", hidden);
}

void
check_status(const struct process *p)
{
	char	*status;

	if ((status = process_text(p, "status")) == NULL) {
		unchecked(p, "ids", "proc status");
		return;
	}
	if (p->parent != NULL)
		check_ids(p, status);
	check_caps(p, status);
	check_attributes(p, status);
	free(status);
	if (p->parent != NULL)
		check_undumpable(p);
	say_what_is_hidden(p);
}

/*
 * Limits: soft and hard are the same.
 */
#define FINITE	UINT64_MAX	/* any that is not unlimited */

static const struct limit {
	const char	*line;
	const char	*attempt;
	uint64_t	 wanted;
	int		 sanitized;	/* set in a sanitizer's build, too */
	unsigned int	 roles;
} limits[] = {
#define OF(role)	(1U << SANDBOX_FILTER_##role)
#define CHILDREN	(OF(WORKER) | OF(READER) | OF(RESOLVER))
	{ "Max open files", "no descriptor above 63",
	    FD_LOW_MAX + 1, 1, CHILDREN },
	{ "Max processes", "no process", 0, 1, OF(WORKER) | OF(READER) },
	{ "Max core file size", "no core file", 0, 1, CHILDREN },
	{ "Max file size", "no file grows", 0, 0, CHILDREN },
	{ "Max address space", "memory is bounded", FINITE, 0, CHILDREN },
	{ "Max cpu time", "time is bounded", FINITE, 1, OF(READER) },
};

static void
check_limit(const struct process *p, const struct limit *l, const char *text)
{
	const char	*line = text_line(text, l->line);
	char		 soft[32], hard[32];
	int		 good;

	if (line == NULL || sscanf(line, "%31s %31s", soft, hard) != 2) {
		finding(p, "limits", l->attempt, ROW_UNCHECKED,
		    "the kernel does not show it");
		return;
	}
	good = strcmp(soft, hard) == 0 && (l->wanted == FINITE ?
	    strcmp(hard, "unlimited") != 0 :
	    strcmp(hard, "unlimited") != 0 &&
	    strtoull(hard, NULL, 10) <= l->wanted);
	if (!good && sandbox_sanitized && !l->sanitized)
		finding(p, "limits", l->attempt, ROW_MISSING,
		    "a sanitizer's build does without");
	else
		verdict(p, "limits", l->attempt, good, "%s: %s, at most %s",
		    l->line, soft, hard);
}

void
check_limits(const struct process *p)
{
	const struct limit	*l;
	char			*text;

	if ((text = process_text(p, "limits")) == NULL) {
		unchecked(p, "limits", "limits");
		return;
	}
	for (l = limits; l < limits + nitems(limits); l++)
		if (l->roles & 1U << p->role)
			check_limit(p, l, text);
	free(text);
}
