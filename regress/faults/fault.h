/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Faults on order.  A file, named by the environment variable FAULTS, is
 * mapped by the daemon's every process: it holds the rules of what is to
 * fail, and what has been called, by whom, from where.
 *
 * The first process opens the file; those it executes, which have no
 * environment and may open nothing, find it at FAULT_FD.
 */

#ifndef FAULT_H
#define FAULT_H

#include <stdint.h>

#define FAULT_MAGIC	0x464c5432U
#define FAULT_FD	900
#define FAULT_RULES	8
#define FAULT_SITES	2048
#define FAULT_FRAMES	16
#define FAULT_MODULES	16
#define FAULT_NAME	24

#define FAULT_SHORT	(-1)	/* for an error: half of it goes */
#define FAULT_ANY	INT64_MIN	/* for an argument */

/* Who calls; a child has been forked and has executed nothing. */
enum fault_role {
	ROLE_ANY, ROLE_PARENT, ROLE_CHILD, ROLE_WORKER, ROLE_RESOLVER,
	ROLE_CONFIG, ROLE_CTL, ROLE_MAX
};

/*
 * The call fails for which all holds: name ("alloc" is every allocation),
 * role, argument (the one that says what is meant: domain, option, request)
 * and, unless 0, site; from the first'th such call on, so many times.
 */
struct fault_rule {
	char		 name[FAULT_NAME];
	uint32_t	 role;
	int32_t		 error;
	int64_t		 arg;
	uint64_t	 site;
	uint32_t	 first;
	uint32_t	 times;
	uint32_t	 seen;
	uint32_t	 fired;
};

/* From where something was called: the chain of return addresses. */
struct fault_site {
	uint64_t	 hash;
	char		 name[FAULT_NAME];
	int64_t		 arg;
	uint32_t	 role;
	uint32_t	 calls;
	uint32_t	 nframe;
	struct {
		uint32_t	 module;
		uint32_t	 offset;
	} frame[FAULT_FRAMES];
};

struct faults {
	uint32_t		 magic;
	uint32_t		 nrule;
	uint32_t		 nmodule;
	uint32_t		 nsite;
	int64_t			 wall_us;	/* added to the wall clock, */
	int64_t			 mono_us;	/* to the monotonic one */
	struct fault_rule	 rule[FAULT_RULES];
	char			 module[FAULT_MODULES][64];
	struct fault_site	 site[FAULT_SITES];
};

/* 0, FAULT_SHORT or the error with which this call fails. */
int	 fault(const char *, int64_t);
int64_t	 fault_clock_us(int);
void	 fault_role(enum fault_role);
void	 fault_closefrom(int);

#endif
