/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Landlock: what files, TCP ports, abstract sockets and other processes are
 * out of reach.  Entered by parent and worker, each once; needs no privilege
 * but no_new_privs.  A kernel without it is no error: the version is 0.
 *
 * The constants are our own, from the kernel's Documentation/userspace-api/
 * landlock.rst, because the headers of Debian 12 end at version 2.  Of a
 * kernel newer than the last version listed here we use the rights listed.
 */

#include <sys/types.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat.h"
#include "sandbox_filter.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444
#define SYS_landlock_add_rule		445
#define SYS_landlock_restrict_self	446
#endif

#define LL_CREATE_RULESET_VERSION	0x1
#define LL_RULE_PATH_BENEATH		1
#define LL_RULE_NET_PORT		2

#define LL_FS_EXECUTE		(UINT64_C(1) << 0)
#define LL_FS_READ_FILE		(UINT64_C(1) << 2)
#define LL_FS_READ_DIR		(UINT64_C(1) << 3)
#define LL_FS_REMOVE_FILE	(UINT64_C(1) << 5)

/* All rights up to a version: lists of bits only ever grow. */
#define LL_FS_ABI1		((UINT64_C(1) << 13) - 1)
#define LL_FS_REFER		(UINT64_C(1) << 13)	/* 2 */
#define LL_FS_TRUNCATE		(UINT64_C(1) << 14)	/* 3 */
#define LL_FS_IOCTL_DEV		(UINT64_C(1) << 15)	/* 5 */
#define LL_NET_BIND_TCP		(UINT64_C(1) << 0)	/* 4 */
#define LL_NET_CONNECT_TCP	(UINT64_C(1) << 1)	/* 4 */
#define LL_SCOPE_ABSTRACT_UNIX	(UINT64_C(1) << 0)	/* 6 */
#define LL_SCOPE_SIGNAL		(UINT64_C(1) << 1)	/* 6 */

struct ll_ruleset {
	uint64_t	fs;
	uint64_t	net;	/* zero before version 4, so also not sent */
	uint64_t	scoped;	/* 6 */
};

struct ll_path_beneath {
	uint64_t	allowed;
	int32_t		fd;
} __attribute__((__packed__));

struct ll_net_port {
	uint64_t	allowed;
	uint64_t	port;
};

#define LL_LIBRARIES	(LL_FS_READ_FILE | LL_FS_READ_DIR)

/* What a rule set allows: a file, by name or descriptor, or a port. */
struct rule {
	const char	*object;	/* a path, or in words */
	const char	*reason;
	uint64_t	 allowed;
	int		 fd;		/* -1: by name */
	int		 port;		/* -1: a file; -2: ports, in words */
	int		 optional;	/* where there is no such file */
};

#define FILE_RULE(path, allowed, reason)				\
    { (path), (reason), (allowed), -1, -1, 1 }

/*
 * What a worker's start and a reload read.  Directories, not the files loaded
 * now: an upgrade of the C library must not stop respawns.
 */
static const struct rule	start_rules[] = {
	FILE_RULE("/lib", LL_LIBRARIES, "libraries"),
	FILE_RULE("/lib64", LL_LIBRARIES, "libraries"),
	FILE_RULE("/usr/lib", LL_LIBRARIES, "libraries"),
	FILE_RULE("/usr/lib64", LL_LIBRARIES, "libraries"),
	FILE_RULE("/usr/local/lib", LL_LIBRARIES, "libraries"),
	FILE_RULE("/etc/ld.so.cache", LL_FS_READ_FILE, "libraries"),
	FILE_RULE("/etc/localtime", LL_FS_READ_FILE, "time zone"),
	FILE_RULE("/usr/share/zoneinfo", LL_FS_READ_FILE, "time zone"),
	FILE_RULE("/etc/services", LL_FS_READ_FILE, "names at a reload"),
	FILE_RULE("/etc/protocols", LL_FS_READ_FILE, "names at a reload"),
};

/*
 * What getaddrinfo(3) reads: its configuration, which may be a link into
 * /run, and its modules.
 */
static const struct rule	resolver_rules[] = {
	FILE_RULE("/etc", LL_LIBRARIES, "configuration"),
	FILE_RULE("/lib", LL_LIBRARIES, "modules"),
	FILE_RULE("/lib64", LL_LIBRARIES, "modules"),
	FILE_RULE("/usr/lib", LL_LIBRARIES, "modules"),
	FILE_RULE("/usr/lib64", LL_LIBRARIES, "modules"),
	FILE_RULE("/usr/local/lib", LL_LIBRARIES, "modules"),
	FILE_RULE("/run/systemd/resolve", LL_LIBRARIES, "name servers"),
	FILE_RULE("/run/resolvconf", LL_LIBRARIES, "name servers"),
	FILE_RULE("/run/NetworkManager", LL_LIBRARIES, "name servers"),
	{ "port 53", "name servers", LL_NET_CONNECT_TCP, -1, 53, 0 },
};

/* A sanitizer's runtime reads its own address space's layout at start. */
static const struct rule	sanitizer_rule =
    FILE_RULE("/proc", LL_LIBRARIES, "sanitizer");

/* -1: no Landlock here (old kernel, not enabled, an outer filter). */
static int
version(void)
{
	return ((int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LL_CREATE_RULESET_VERSION));
}

/*
 * A rule set that refuses everything the kernel knows of; no process binds
 * TCP or connects it but where a rule says so, speaks to abstract sockets or
 * signals a stranger.
 */
static int
ruleset(int abi)
{
	struct ll_ruleset	 attr = { LL_FS_ABI1, 0, 0 };

	if (abi >= 2)
		attr.fs |= LL_FS_REFER;
	if (abi >= 3)
		attr.fs |= LL_FS_TRUNCATE;
	if (abi >= 4)
		attr.net = LL_NET_BIND_TCP | LL_NET_CONNECT_TCP;
	if (abi >= 5)
		attr.fs |= LL_FS_IOCTL_DEV;
	if (abi >= 6)
		attr.scoped = LL_SCOPE_ABSTRACT_UNIX | LL_SCOPE_SIGNAL;
	return ((int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr),
	    0));
}

static int
allow_file(int rules, const struct rule *r)
{
	struct ll_path_beneath	 attr = { r->allowed, r->fd };
	int			 ret, saved;

	if (r->fd == -1 &&
	    (attr.fd = open(r->object, O_PATH | O_CLOEXEC)) == -1)
		return (r->optional ? 0 : -1);
	ret = (int)syscall(SYS_landlock_add_rule, rules,
	    LL_RULE_PATH_BENEATH, &attr, 0);
	saved = errno;
	if (r->fd == -1)
		close(attr.fd);
	errno = saved;
	return (ret);
}

static int
allow(int rules, int abi, const struct rule *r)
{
	struct ll_net_port	 attr = { r->allowed, (uint64_t)r->port };

	if (r->port == -1)
		return (allow_file(rules, r));
	if (abi < SANDBOX_PORTS_ABI)
		return (0);
	return ((int)syscall(SYS_landlock_add_rule, rules, LL_RULE_NET_PORT,
	    &attr, 0));
}

/* The name of our program's loader, from its PT_INTERP header. */
static int
find_loader(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char	**loader = arg;
	size_t		  i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP)
			*loader = (const char *)(uintptr_t)(info->dlpi_addr +
			    info->dlpi_phdr[i].p_vaddr);
	return (1);	/* the first object is the program */
}

/*
 * Execution is the loader's alone; its directory, because an upgrade puts
 * another file in its place.  Linked statically we need none, and name one
 * that is among the libraries'.
 */
static const char *
loader_directory(void)
{
	static char	 path[PATH_MAX];
	const char	*loader = NULL;

	dl_iterate_phdr(find_loader, &loader);
	if (loader == NULL || realpath(loader, path) == NULL)
		return (NULL);
	return (dirname(path));
}

/* What depends on the options: the n-th of a list, or all of it in words. */
static int
nth(size_t *n, size_t count, int words)
{
	if (words)
		count = 1;
	if (*n < count)
		return (1);
	*n -= count;
	return (0);
}

static int
parent_named(const struct sandbox_parent *p, size_t n, struct rule *r)
{
	r->allowed = LL_FS_REMOVE_FILE;
	r->reason = "to remove them at the end";
	r->object = "the directories of pid file and control socket";
	if (nth(&n, p == NULL ? 0 : p->nremove_dirs, p == NULL)) {
		if (p != NULL)
			r->object = p->remove_dirs[n];
		return (1);
	}
	r->allowed = LL_FS_READ_FILE;
	r->reason = "-f, at a reload";
	r->object = "the directory of the configuration file";
	if (nth(&n, p == NULL ? 0 : p->nconfig_dirs, p == NULL)) {
		if (p != NULL)
			r->object = p->config_dirs[n];
		return (1);
	}
	r->allowed = LL_NET_CONNECT_TCP;
	r->reason = "with -f also 4739 and 4740";
	r->object = "ports of collectors";
	if (nth(&n, p == NULL ? 0 : p->ntcp_ports, p == NULL)) {
		r->port = p == NULL ? -2 : p->tcp_ports[n];
		return (1);
	}
	r->allowed = LL_NET_BIND_TCP;
	r->reason = "-e, before a connection";
	r->object = "port 0";
	r->port = 0;
	return (nth(&n, p == NULL || p->tcp_bind, 0));
}

static int
parent_rule(const struct sandbox_parent *p, size_t n, struct rule *r)
{
	*r = (struct rule){ .fd = -1, .port = -1 };
	if (n == 0) {
		r->object = "our own program";
		r->allowed = LL_FS_EXECUTE | LL_FS_READ_FILE;
		r->reason = "each process is executed afresh";
		r->fd = p == NULL ? -1 : p->binary_fd;
		return (1);
	}
	if (n == 1) {
		r->allowed = LL_LIBRARIES | LL_FS_EXECUTE;
		r->reason = "the loader";
		if ((r->object = loader_directory()) == NULL)
			*r = start_rules[0];
		return (1);
	}
	n -= 2;
	if (n < nitems(start_rules)) {
		*r = start_rules[n];
		return (1);
	}
	return (parent_named(p, n - nitems(start_rules), r));
}

/* The n-th; 0 behind the last.  p is NULL for what holds in general. */
static int
find_rule(enum sandbox_filter process, const struct sandbox_parent *p,
    size_t n, struct rule *r)
{
	if (process == SANDBOX_FILTER_PARENT)
		return (parent_rule(p, n, r));
	if (process != SANDBOX_FILTER_RESOLVER || n >= nitems(resolver_rules))
		return (0);
	*r = resolver_rules[n];
	return (1);
}

int
sandbox_os_file(enum sandbox_filter process, size_t n,
    struct sandbox_right *right)
{
	static const struct {
		uint64_t	 allowed;
		const char	*text;
	}		 files[] = {
		{ LL_FS_EXECUTE | LL_FS_READ_FILE, "execute, read" },
		{ LL_LIBRARIES | LL_FS_EXECUTE, "execute, read, list" },
		{ LL_LIBRARIES, "read, list" },
		{ LL_FS_READ_FILE, "read" },
		{ LL_FS_REMOVE_FILE, "remove files" },
	};
	struct rule	 r;
	size_t		 i;

	if (process == SANDBOX_FILTER_COMPILER)	/* inherits it */
		process = SANDBOX_FILTER_PARENT;
	if (!find_rule(process, NULL, n, &r))
		return (0);
	right->object = r.object;
	right->reason = r.reason;
	right->rights = r.allowed == LL_NET_BIND_TCP ? "bind TCP" :
	    "connect TCP";
	for (i = 0; i < nitems(files) && r.port == -1; i++)
		if (files[i].allowed == r.allowed)
			right->rights = files[i].text;
	return (1);
}

uint32_t
sandbox_landlock_version(void)
{
	int	found = version();

	return (found > 0 ? (uint32_t)found : 0);
}

const char sandbox_os_files_step[] = "Landlock";

/* A worker has no rule at all. */
int
sandbox_os_files(enum sandbox_filter filter, const struct sandbox_parent *p,
    uint32_t *layers, uint32_t *abi)
{
	struct rule	 r;
	size_t		 n;
	int		 found, rules, ret = 0, saved;

	*abi = 0;
	if ((found = version()) <= 0)
		return (0);
	if ((rules = ruleset(found)) == -1)
		return (-1);
	for (n = 0; ret == 0 && find_rule(filter, p, n, &r); n++)
		ret = allow(rules, found, &r);
	if (ret == 0 && n > 0 && sandbox_sanitized)
		ret = allow(rules, found, &sanitizer_rule);
	if (ret == 0)
		ret = (int)syscall(SYS_landlock_restrict_self, rules, 0);
	saved = errno;
	close(rules);
	errno = saved;
	if (ret == 0) {
		*layers |= SANDBOX_LANDLOCK;
		*abi = (uint32_t)found;
	}
	return (ret);
}
