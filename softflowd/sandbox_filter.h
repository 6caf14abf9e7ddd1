/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The sandbox as data: for whoever prints it, and for the audit, which compares
 * it with what a kernel has loaded.  All from the tables that confine.
 */

#ifndef SANDBOX_FILTER_H
#define SANDBOX_FILTER_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "sandbox.h"

enum sandbox_filter {
	SANDBOX_FILTER_WORKER,
	SANDBOX_FILTER_READER,		/* of the configuration file */
	SANDBOX_FILTER_RESOLVER,
	SANDBOX_FILTER_PARENT,
	SANDBOX_FILTER_COMPILER,	/* of an expression, on top of that */
	SANDBOX_FILTERS
};

/*
 * Which layers a system has at all, in the order of the log, and which of its
 * processes; a NULL name ends.
 */
struct sandbox_layer {
	uint32_t	 layer;
	unsigned int	 processes;	/* bits of enum sandbox_filter */
	enum { LAYER_ALWAYS, LAYER_ROOT, LAYER_OPTIONAL } when;
	const char	*name;
	const char	*meaning;	/* where the name does not say it */
};
extern const struct sandbox_layer	sandbox_os_layers[];

/* Whether RLIMIT_AS counts all of RLIMIT_STACK from the start. */
extern const int	sandbox_os_counts_stack;
#define LAYER_WORKER	(1U << SANDBOX_FILTER_WORKER)
#define LAYER_READER	(1U << SANDBOX_FILTER_READER)
#define LAYER_RESOLVER	(1U << SANDBOX_FILTER_RESOLVER)
#define LAYER_PARENT	(1U << SANDBOX_FILTER_PARENT)
#define LAYER_COMPILER	(1U << SANDBOX_FILTER_COMPILER)
#define LAYER_CHILDREN	(LAYER_WORKER | LAYER_READER | LAYER_RESOLVER)
#define LAYER_ALL	(LAYER_CHILDREN | LAYER_PARENT | LAYER_COMPILER)

/*
 * Put files (and what else Landlock keeps) out of reach; p is for the
 * parent's.  Sets the layer, and *abi, if it is in force.  -1 with errno.
 */
int	sandbox_os_files(enum sandbox_filter, const struct sandbox_parent *p,
	    uint32_t *layers, uint32_t *abi);
extern const char	sandbox_os_files_step[];

/* Load one, last of all; p is for the parent's.  -1 with errno. */
int	sandbox_os_syscalls(enum sandbox_filter,
	    const struct sandbox_parent *p);

/*
 * Build the very filter that the process would load and write it to fd as the
 * kernel's program (struct sock_filter, one after the other) instead.  p is
 * for the parent's, which depends on it; pid stands for the number that is
 * getpid() at load.  -1 with errno.
 */
int	sandbox_os_filter_export(enum sandbox_filter, pid_t pid,
	    const struct sandbox_parent *p, int fd);

/*
 * One line of a table: rules of one call are alternatives, the arguments of a
 * rule must all match: arg[n] & mask == value, in 64 bits.
 */
#define SANDBOX_ARGS	4
struct sandbox_rule {
	char		 call[32];
	char		 condition[256];	/* in words; "" for any */
	const char	*reason;
	unsigned int	 nargs;
	struct {
		unsigned int	 n;
		uint64_t	 mask;
		uint64_t	 value;
	}		 args[SANDBOX_ARGS];
};

/*
 * The n-th rule in the table's order, without calls that this architecture
 * does not have; 0 behind the last.  pid and p as above.
 */
int	sandbox_os_rule(enum sandbox_filter, pid_t pid,
	    const struct sandbox_parent *p, size_t n, struct sandbox_rule *);

/*
 * Rules and exported filters are from now on of that architecture, by
 * libseccomp's name (SCMP_ARCH_*; 0: of this one), with the values of this
 * one's constants.  What is loaded is this one's, so load nothing then.
 */
void	sandbox_os_arch(uint32_t);

/* What happens to all else: "kills", "fails with EPERM" ... */
const char *sandbox_os_otherwise(enum sandbox_filter);

/* What files are left: the n-th, in words; 0 behind the last. */
struct sandbox_right {
	const char	*object;	/* valid until the next */
	const char	*rights;	/* "read, list" ... */
	const char	*reason;
};
int	sandbox_os_file(enum sandbox_filter, size_t n,
	    struct sandbox_right *);

/* The n-th capability that is kept; NULL behind the last. */
const char *sandbox_os_capability(enum sandbox_filter, size_t n,
	    const char **reason);

/*
 * The n-th limit that this build sets, and its value in words, valid until the
 * next; NULL behind the last.
 */
const char *sandbox_limit(enum sandbox_filter, size_t n, const char **value);

/* Layers that a process has, SANDBOX_*, if the kernel and root give them. */
uint32_t	sandbox_layers(enum sandbox_filter);

/* What this kernel has: Landlock's version, 0: none; whether MDWE. */
uint32_t	sandbox_landlock_version(void);
int		sandbox_os_mdwe(void);

/* How a system speaks of all that; NULL for what it does not have. */
struct sandbox_words {
	void		(*kernel)(int json);	/* what depends on it */
	int		inherited;		/* the parent's rules */
	const char	*(*capability)(enum sandbox_filter, size_t,
			    const char **);
	int		(*file)(enum sandbox_filter, size_t,
			    struct sandbox_right *);
	const char	*files, *files_key;
	int		(*rule)(enum sandbox_filter, pid_t,
			    const struct sandbox_parent *, size_t,
			    struct sandbox_rule *);
	const char	*rules, *rules_key, *rule_key;
};
extern const struct sandbox_words	sandbox_os_words;

/* Print all of it, as text or JSON; -1, of which standard error has told. */
int	sandbox_show(int json);

#endif
