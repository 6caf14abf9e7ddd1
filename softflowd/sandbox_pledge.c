/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * OpenBSD: unveil(2) for files and pledge(2) for system calls.
 *
 * The parent is not pledged: it opens bpf devices whenever an interface comes
 * back, and no promise covers the ioctls that set one up; nor chroot(2), for
 * which reason it cannot set execpromises for its children either.  So each of
 * them starts without any, pledges itself, and begins with no veil: that is
 * kept in an execve(2) only together with execpromises.  What a child is that
 * executes nothing, the compiler of expressions, inherits the parent's.
 */

#include <sys/types.h>

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "sandbox_filter.h"

/*
 * Promises
 */

static const struct promise {
	unsigned int	 processes;
	const char	*name;
	const char	*reason;
} promises[] = {
	{ LAYER_WORKER, "stdio", "reads packets and requests, sends records, "
	    "answers and messages to where the parent connected" },
	{ LAYER_WORKER, "bpf", "what a device has dropped" },
	{ LAYER_WORKER, "recvfd", "collectors and control clients, from the "
	    "parent" },
	{ LAYER_READER, "stdio", "reads the file, answers" },
	{ LAYER_RESOLVER, "stdio", "questions and answers" },
	{ LAYER_RESOLVER, "dns", "name servers" },
	{ LAYER_RESOLVER, "proc", "a child for each name, its limits" },
	{ LAYER_COMPILER, "stdio", "memory, the answer" },
	{ LAYER_COMPILER, "rpath", "names of services and protocols" },
	/* libpcap looks up hosts: the expression is refused, and says so. */
	{ LAYER_COMPILER, "error", "what is not promised fails" },
};

/* The n-th of a process, or NULL. */
static const struct promise *
find_promise(enum sandbox_filter filter, size_t n)
{
	const struct promise	*p;

	for (p = promises; p < promises + nitems(promises); p++)
		if (p->processes & 1U << filter && n-- == 0)
			return (p);
	return (NULL);
}

int
sandbox_os_syscalls(enum sandbox_filter filter, const struct sandbox_parent *p)
{
	const struct promise	*promise;
	char			 text[64] = "";
	size_t			 n;

	(void)p;
	for (n = 0; (promise = find_promise(filter, n)) != NULL; n++) {
		if (n > 0)
			strlcat(text, " ", sizeof(text));
		strlcat(text, promise->name, sizeof(text));
	}
	return (n == 0 ? 0 : pledge(text, NULL));
}

static int
rule(enum sandbox_filter filter, pid_t pid, const struct sandbox_parent *p,
    size_t n, struct sandbox_rule *r)
{
	const struct promise	*promise = find_promise(filter, n);

	(void)pid;
	(void)p;
	if (promise == NULL)
		return (0);
	memset(r, 0, sizeof(*r));
	strlcpy(r->call, promise->name, sizeof(r->call));
	r->reason = promise->reason;
	return (1);
}

const char *
sandbox_os_otherwise(enum sandbox_filter filter)
{
	switch (filter) {
	case SANDBOX_FILTER_PARENT:
		return ("is allowed");
	case SANDBOX_FILTER_COMPILER:
		return ("fails with ENOSYS");
	default:
		return ("kills");
	}
}

/*
 * Files
 */

struct veil {
	const char	*path;		/* or in words */
	const char	*permissions;	/* of unveil(2) */
	const char	*reason;
};

static const struct veil	parent_veils[] = {
	{ "/dev/bpf", "r", "devices of interfaces that come back" },
	{ "/dev/null", "rw", "where children have nothing else" },
	{ "/tmp", "rwc", "shm_open(3): flow tables of new workers" },
	{ "/etc/group", "r", "whether a viewer is in control-group" },
	{ "/etc/pwd.db", "r", "whether a viewer is in control-group" },
	{ "/etc/services", "r", "names at a reload" },
	{ "/etc/protocols", "r", "names at a reload" },
	/* Looked at for numbers, too. */
	{ "/etc/resolv.conf", "r", "getaddrinfo(3) at a reload" },
	{ "/etc/localtime", "r", "time zone" },
	{ "/usr/share/zoneinfo", "r", "time zone" },
};

static const struct veil	resolver_veils[] = {
	{ "/etc/resolv.conf", "r", "name servers" },
	{ "/etc/hosts", "r", "names" },
};

/* What depends on the options, or all of it in words, without p. */
static int
parent_named(const struct sandbox_parent *p, size_t n, struct veil *v)
{
	/* It is looked at before it is executed. */
	*v = (struct veil){ "our own program", "rx", "each process is "
	    "executed afresh" };
	if (n-- == 0) {
		if (p != NULL && p->binary_path != NULL)
			v->path = p->binary_path;
		return (1);
	}
	*v = (struct veil){ "the directories of pid file and control socket",
	    "rc", "to remove them at the end" };
	if (n < (p == NULL ? 1 : p->nremove_dirs)) {
		if (p != NULL)
			v->path = p->remove_dirs[n];
		return (1);
	}
	n -= p == NULL ? 1 : p->nremove_dirs;
	*v = (struct veil){ "the directory of the configuration file", "r",
	    "-f, at a reload" };
	if (n >= (p == NULL ? 1 : p->nconfig_dirs))
		return (0);
	if (p != NULL)
		v->path = p->config_dirs[n];
	return (1);
}

/* The n-th of a process; 0 behind the last. */
static int
find_veil(enum sandbox_filter filter, const struct sandbox_parent *p,
    size_t n, struct veil *v)
{
	switch (filter) {
	case SANDBOX_FILTER_PARENT:
	case SANDBOX_FILTER_COMPILER:
		if (n >= nitems(parent_veils))
			return (parent_named(p, n - nitems(parent_veils), v));
		*v = parent_veils[n];
		return (1);
	case SANDBOX_FILTER_RESOLVER:
		if (n >= nitems(resolver_veils))
			return (0);
		*v = resolver_veils[n];
		return (1);
	default:
		return (0);
	}
}

/*
 * One path may be there for several reasons, while the last call for a path
 * replaces the others: each says all.  What is not there is out of reach.
 */
static int
lift(enum sandbox_filter filter, const struct sandbox_parent *p,
    const struct veil *v)
{
	struct veil	 other;
	char		 permissions[8] = "";
	const char	*letter;
	size_t		 n, used = 0;

	for (n = 0; find_veil(filter, p, n, &other); n++)
		for (letter = other.permissions; *letter != '\0' &&
		    strcmp(other.path, v->path) == 0; letter++)
			if (strchr(permissions, *letter) == NULL)
				permissions[used++] = *letter;
	return (unveil(v->path, permissions) == -1 && errno != ENOENT ? -1 : 0);
}

const char sandbox_os_files_step[] = "unveil";

int
sandbox_os_files(enum sandbox_filter filter, const struct sandbox_parent *p,
    uint32_t *layers, uint32_t *abi)
{
	struct veil	 v;
	size_t		 n;

	(void)abi;
	for (n = 0; find_veil(filter, p, n, &v); n++)
		if (lift(filter, p, &v) == -1)
			return (-1);
	/* To end the list hides nothing while nothing stands in it. */
	if (n == 0 && unveil("/", "") == -1)
		return (-1);
	if (unveil(NULL, NULL) == -1)
		return (-1);
	*layers |= SANDBOX_UNVEIL;
	return (0);
}

static int
file(enum sandbox_filter filter, size_t n, struct sandbox_right *right)
{
	static const struct {
		char		 letter;
		const char	*text;
	}		 words[] = {
		{ 'r', "read" }, { 'w', "write" }, { 'x', "execute" },
		{ 'c', "create, remove" }
	};
	static char	 text[64];
	struct veil	 v;
	size_t		 i;

	if (!find_veil(filter, NULL, n, &v))
		return (0);
	text[0] = '\0';
	for (i = 0; i < nitems(words); i++) {
		if (strchr(v.permissions, words[i].letter) == NULL)
			continue;
		if (text[0] != '\0')
			strlcat(text, ", ", sizeof(text));
		strlcat(text, words[i].text, sizeof(text));
	}
	right->object = v.path;
	right->rights = text;
	right->reason = v.reason;
	return (1);
}

const struct sandbox_words	sandbox_os_words = {
	.file = file,
	.files = "Files (unveil)",
	.files_key = "unveil",
	.rule = rule,
	.rules = "Promises (pledge)",
	.rules_key = "promises",
	.rule_key = "promise"
};
