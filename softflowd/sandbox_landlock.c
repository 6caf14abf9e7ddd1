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
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat.h"
#include "sandbox.h"

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

#define PORT_DOMAIN	53

#define LL_LIBRARIES	(LL_FS_READ_FILE | LL_FS_READ_DIR)

/*
 * What a worker's start and a reload read.  Directories, not the files loaded
 * now: an upgrade of the C library must not stop respawns.
 */
static const struct path {
	const char	*name;
	uint64_t	 allowed;
} start_paths[] = {
	{ "/lib", LL_LIBRARIES },
	{ "/lib64", LL_LIBRARIES },
	{ "/usr/lib", LL_LIBRARIES },
	{ "/usr/lib64", LL_LIBRARIES },
	{ "/usr/local/lib", LL_LIBRARIES },
	{ "/etc/ld.so.cache", LL_FS_READ_FILE },
	{ "/etc/localtime", LL_FS_READ_FILE },
	{ "/usr/share/zoneinfo", LL_FS_READ_FILE },
	/* Names in filters and of collectors' ports, at a reload. */
	{ "/etc/services", LL_FS_READ_FILE },
	{ "/etc/protocols", LL_FS_READ_FILE },
};

/*
 * What getaddrinfo(3) reads: its configuration, which may be a link into
 * /run, and its modules.
 */
static const char *const	resolver_paths[] = {
	"/etc", "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib",
	"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager"
};

/* A sanitizer's runtime reads its own address space's layout at start. */
static const struct path sanitizer_path = {
	"/proc", LL_FS_READ_FILE | LL_FS_READ_DIR
};

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
allow_fd(int rules, int fd, uint64_t allowed)
{
	struct ll_path_beneath	 attr = { allowed, fd };

	return ((int)syscall(SYS_landlock_add_rule, rules,
	    LL_RULE_PATH_BENEATH, &attr, 0));
}

static int
allow_path(int rules, const char *name, uint64_t allowed, int optional)
{
	int	 fd, ret, saved;

	if ((fd = open(name, O_PATH | O_CLOEXEC)) == -1)
		return (optional ? 0 : -1);
	ret = allow_fd(rules, fd, allowed);
	saved = errno;
	close(fd);
	errno = saved;
	return (ret);
}

static int
allow_port(int rules, uint64_t port, uint64_t allowed)
{
	struct ll_net_port	 attr = { allowed, port };

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
 * another file in its place.
 */
static int
allow_loader(int rules)
{
	const char	*loader = NULL;
	char		*real;
	int		 ret;

	dl_iterate_phdr(find_loader, &loader);
	if (loader == NULL)
		return (0);	/* linked statically */
	if ((real = realpath(loader, NULL)) == NULL)
		return (-1);
	ret = allow_path(rules, dirname(real), LL_LIBRARIES | LL_FS_EXECUTE,
	    0);
	free(real);
	return (ret);
}

static int
parent_files(int rules, const struct sandbox_parent *p)
{
	size_t	 i;

	if (allow_fd(rules, p->binary_fd, LL_FS_EXECUTE | LL_FS_READ_FILE) ==
	    -1)
		return (-1);
	if (allow_loader(rules) == -1)
		return (-1);
	for (i = 0; i < nitems(start_paths); i++)
		if (allow_path(rules, start_paths[i].name,
		    start_paths[i].allowed, 1) == -1)
			return (-1);
	for (i = 0; i < p->nremove_dirs; i++)
		if (allow_path(rules, p->remove_dirs[i], LL_FS_REMOVE_FILE,
		    0) == -1)
			return (-1);
	for (i = 0; i < p->nconfig_dirs; i++)
		if (allow_path(rules, p->config_dirs[i], LL_FS_READ_FILE,
		    0) == -1)
			return (-1);
	return (0);
}

static int
parent_rules(int rules, int abi, const struct sandbox_parent *p)
{
	size_t	 i;

	if (parent_files(rules, p) == -1)
		return (-1);
	if (abi < SANDBOX_PORTS_ABI)
		return (0);
	for (i = 0; i < p->ntcp_ports; i++)
		if (allow_port(rules, p->tcp_ports[i],
		    LL_NET_CONNECT_TCP) == -1)
			return (-1);
	return (p->tcp_bind ? allow_port(rules, 0, LL_NET_BIND_TCP) : 0);
}

static int
resolver_rules(int rules, int abi, const struct sandbox_parent *p)
{
	size_t	 i;

	(void)p;
	for (i = 0; i < nitems(resolver_paths); i++)
		if (allow_path(rules, resolver_paths[i], LL_LIBRARIES,
		    1) == -1)
			return (-1);
	return (abi < SANDBOX_PORTS_ABI ? 0 : allow_port(rules, PORT_DOMAIN,
	    LL_NET_CONNECT_TCP));
}

typedef int rules_fn(int, int, const struct sandbox_parent *);

/* Enter; without a function there is no rule at all. */
static int
enter(rules_fn *fn, const struct sandbox_parent *p, uint32_t *abi)
{
	int	 found, rules, ret = 0, saved;

	*abi = 0;
	if ((found = version()) <= 0)
		return (0);
	if ((rules = ruleset(found)) == -1)
		return (-1);
	if (fn != NULL)
		ret = fn(rules, found, p);
	if (ret == 0 && fn != NULL && sandbox_sanitized)
		ret = allow_path(rules, sanitizer_path.name,
		    sanitizer_path.allowed, 1);
	if (ret == 0)
		ret = (int)syscall(SYS_landlock_restrict_self, rules, 0);
	saved = errno;
	close(rules);
	errno = saved;
	if (ret == 0)
		*abi = (uint32_t)found;
	return (ret);
}

int
sandbox_landlock_worker(uint32_t *abi)
{
	return (enter(NULL, NULL, abi));
}

int
sandbox_landlock_parent(const struct sandbox_parent *p, uint32_t *abi)
{
	return (enter(parent_rules, p, abi));
}

int
sandbox_landlock_resolver(uint32_t *abi)
{
	return (enter(resolver_rules, NULL, abi));
}
