/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * FreeBSD: capability mode, in which a process has nothing but its descriptors,
 * and of those the rights below.  What is refused fails, and does not kill:
 * what a C library tries first, and can do without, is its own choice.
 *
 * Not so the resolver, which would have no name server then.  libcasper would
 * look names up for it in another process, which would not be confined and
 * meets the answers that are to be feared: just what our resolver is now.  Nor
 * the parent, which opens devices and sockets, and executes.
 */

#include <sys/types.h>
#include <sys/capsicum.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/bpf.h>

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "sandbox_filter.h"

#define RIGHTS		5		/* 0 ends */
#define FD_ANSWER	3		/* capture_apart.c */

static const uint64_t	control[RIGHTS] = { CAP_READ, CAP_WRITE, CAP_EVENT };
/* What a collector says is thrown away, and its end is noticed by that. */
static const uint64_t	export[RIGHTS] = { CAP_RECV, CAP_SEND, CAP_EVENT };

static const struct row {
	unsigned int	 processes;
	int		 first, last;
	uint64_t	 rights[RIGHTS];
	const uint64_t	*same;		/* as what is passed later */
	const char	*text;
	const char	*reason;
} rows[] = {
	{ LAYER_WORKER | LAYER_READER | LAYER_COMPILER, 0, 2, { 0 }, NULL,
	    "none", "standard descriptors" },
	{ LAYER_WORKER, FD_CHANNEL, FD_CHANNEL,
	    { CAP_RECV, CAP_SEND, CAP_EVENT }, NULL, "RECV, SEND, EVENT",
	    "messages and descriptors of the parent" },
	{ LAYER_READER, FD_CHANNEL, FD_CHANNEL, { CAP_SEND }, NULL, "SEND",
	    "answers" },
	{ LAYER_COMPILER, FD_ANSWER, FD_ANSWER, { CAP_WRITE }, NULL, "WRITE",
	    "the answer" },
	{ LAYER_WORKER | LAYER_READER, FD_FILL_FIRST, FD_FILL_LAST, { 0 },
	    NULL, "none", "no other descriptor gets these" },
	{ LAYER_WORKER | LAYER_READER, FD_SAVEFILE, FD_SAVEFILE, { CAP_READ },
	    NULL, "READ", "the file, if there is one" },
	{ LAYER_WORKER, FD_SAVEFILE + 1, FD_LOW_MAX, { 0 }, export,
	    "RECV, SEND, EVENT", "collectors" },
	{ LAYER_WORKER, FD_LOW_MAX + 1, FD_CAPTURE - 1, { 0 }, NULL, "none",
	    "nothing is there" },
	/* A packet report's socket is read, a device asked what it dropped. */
	{ LAYER_WORKER, FD_CAPTURE, FD_CAPTURE + MAX_CAPTURE - 1,
	    { CAP_READ, CAP_EVENT, CAP_GETSOCKOPT, CAP_IOCTL }, NULL,
	    "READ, EVENT, GETSOCKOPT, IOCTL of BIOCGSTATS", "capture" },
	{ LAYER_READER, FD_SAVEFILE + 1, FD_CAPTURE - 1, { 0 }, NULL, "none",
	    "nothing is there" },
	{ LAYER_COMPILER, FD_ANSWER + 1, FD_CAPTURE - 1, { 0 }, NULL, "none",
	    "devices that libpcap may have opened" },
};

static int
limit(int fd, const uint64_t *list)
{
	static const cap_ioctl_t	 statistics = BIOCGSTATS;
	cap_rights_t			 rights;
	size_t				 i;
	int				 ioctls = 0;

	cap_rights_init(&rights);
	for (i = 0; i < RIGHTS && list[i] != 0; i++) {
		cap_rights_set(&rights, list[i]);
		ioctls |= list[i] == CAP_IOCTL;
	}
	if (cap_rights_limit(fd, &rights) == -1)
		return (errno == EBADF ? 0 : -1);	/* not open */
	return (ioctls ? cap_ioctls_limit(fd, &statistics, 1) : 0);
}

/*
 * By the sender: rights travel with a descriptor, and a worker that was taken
 * over would not limit its own.
 */
int
sandbox_pass(int is_control, int fd)
{
	return (limit(fd, is_control ? control : export));
}

int
sandbox_os_syscalls(enum sandbox_filter filter, const struct sandbox_parent *p)
{
	const struct row	*r;
	int			 fd, any = 0;

	(void)p;
	for (r = rows; r < rows + nitems(rows); r++) {
		if ((r->processes & 1U << filter) == 0)
			continue;
		for (fd = r->first; fd <= r->last; fd++)
			if (limit(fd, r->same != NULL ? r->same :
			    r->rights) == -1)
				return (-1);
		any = 1;
	}
	if (!any)
		return (0);
	/* An expression may name them; afterwards no file can be opened. */
	if (filter == SANDBOX_FILTER_COMPILER) {
		setservent(1);
		setprotoent(1);
	}
	return (cap_enter());
}

static int
rule(enum sandbox_filter filter, pid_t pid, const struct sandbox_parent *p,
    size_t n, struct sandbox_rule *rule)
{
	const struct row	*r;

	(void)pid;
	(void)p;
	for (r = rows; r < rows + nitems(rows); r++)
		if (r->processes & 1U << filter && n-- == 0)
			break;
	if (r == rows + nitems(rows))
		return (0);
	memset(rule, 0, sizeof(*rule));
	if (r->first == r->last)
		snprintf(rule->call, sizeof(rule->call), "%d", r->first);
	else
		snprintf(rule->call, sizeof(rule->call), "%d to %d", r->first,
		    r->last);
	strlcpy(rule->condition, r->text, sizeof(rule->condition));
	rule->reason = r->reason;
	return (1);
}

const char *
sandbox_os_otherwise(enum sandbox_filter filter)
{
	return (filter == SANDBOX_FILTER_PARENT ||
	    filter == SANDBOX_FILTER_RESOLVER ? "use is allowed" :
	    "use fails with ENOTCAPABLE or ECAPMODE");
}

const char sandbox_os_files_step[] = "files";

/* Capability mode has none to open. */
int
sandbox_os_files(enum sandbox_filter filter, const struct sandbox_parent *p,
    uint32_t *layers, uint32_t *abi)
{
	(void)filter;
	(void)p;
	(void)layers;
	(void)abi;
	return (0);
}

const struct sandbox_words	sandbox_os_words = {
	.rule = rule,
	.rules = "Descriptors and their rights (Capsicum)",
	.rules_key = "rights",
	.rule_key = "descriptors"
};
