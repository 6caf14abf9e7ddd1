/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What sandbox.c asks of any system, faked: a process that is root or not, and
 * whose ids change as it says.
 */

#ifndef SANDBOX_FAKES_H
#define SANDBOX_FAKES_H

#include <sys/types.h>

#include "sandbox_filter.h"

#define FAKE_PARENT	77
#define FAKE_UID	98
#define FAKE_GID	99

extern struct fake {
	uid_t	 ruid, euid, suid;
	gid_t	 rgid, egid, sgid;
	gid_t	 groups[4];
	int	 ngroups;
	uid_t	 owner;		/* of the empty directory, and its mode */
	mode_t	 mode;
	const char *entry;	/* that is in it */
	int	 entries;	/* told so far */
	int	 ids_stay;	/* a call says yes and does nothing */
	int	 groups_kept;	/* what setgroups() leaves */
} fake;

/* Forget all lines; be root, or not. */
void	fake_reset(int root);

/* A worker that started as root, or not. */
struct sandbox_worker fake_worker(int root);

/* Which step a call belongs to, by the beginning of its line; the first. */
struct fake_step {
	const char	*line;
	const char	*step;		/* NULL: it may fail */
};

/*
 * Run once, and then with each of its calls failing: it must return -1, name
 * the step and make no later call.
 */
void	fake_each_failure(int (*run)(const char **step),
	    const struct fake_step *, size_t n);

/* The lines of all processes' limits and of what fills 4 to 7. */
#define FAKE_LEAVE_ROOT							\
	"fchdir(4)\nclose(4)\nchroot(.)\nchdir(/)\nsetgroups(0)\n"
#define FAKE_SETRES							\
	"setresgid(99, 99, 99)\nsetresuid(98, 98, 98)\n"
#define FAKE_FILL							\
	"dup2(0, 4)\ndup2(0, 5)\ndup2(0, 6)\ndup2(0, 7)\n"
#ifndef FAKE_MEMORY
#define FAKE_MEMORY		"setrlimit(AS, 134217728)\n"
#define FAKE_MEMORY_WORKER	"setrlimit(AS, 134221824)\n"
#endif
#define FAKE_WORKER_LIMITS						\
	"setrlimit(NPROC, 0)\nsetrlimit(CORE, 0)\nsetrlimit(SBSIZE, 0)\n" \
	"setrlimit(NOFILE, 64)\n"					\
	"setrlimit(FSIZE, 0)\n" FAKE_MEMORY_WORKER
#define FAKE_READER_LIMITS						\
	"setrlimit(CPU, 2)\nsetrlimit(NPROC, 0)\nsetrlimit(CORE, 0)\n"	\
	"setrlimit(SBSIZE, 0)\nsetrlimit(NOFILE, 64)\n"			\
	"setrlimit(FSIZE, 0)\n"						\
	FAKE_MEMORY
#define FAKE_RESOLVER_LIMITS						\
	"setrlimit(CORE, 0)\nsetrlimit(NOFILE, 64)\nsetrlimit(FSIZE, 0)\n" \
	FAKE_MEMORY
#define FAKE_STEPS							\
	{ "fchdir", "chroot" }, { "close", "chroot" }, { "chroot", "chroot" }, \
	{ "chdir", "chroot" }, { "setgroups", "ids" }, { "setres", "ids" }, \
	{ "dup2", "descriptors" }, { "setrlimit", "limits" }

/*
 * A worker says READY to the parent with these layers: 1 if that kills it.
 * What the parent says then is in ready_line.
 */
int		ready_kills(uint32_t layers, int root);
extern char	ready_line[512];

/* What --sandbox prints. */
const char *shown(int json);

#endif
