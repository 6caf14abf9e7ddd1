/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Whether a call fails.  Runs inside of malloc and of confined processes:
 * once the file is mapped nothing here allocates or enters the kernel.
 */

#include <sys/mman.h>
#include <sys/syscall.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

#include "fault.h"

#define OWN_FRAMES	3	/* record(), fault() and the function */

static struct faults	*faults;
static enum fault_role	 role;
static void		*own_base;
static int		 inside;

struct walk {
	struct fault_site	*site;
	unsigned int		 skip;
};

static uint32_t
module_of(const char *path)
{
	const char	*name = strrchr(path, '/');
	uint32_t	 i;

	name = name == NULL ? path : name + 1;
	for (i = 0; i < faults->nmodule; i++)
		if (strncmp(faults->module[i], name,
		    sizeof(faults->module[i]) - 1) == 0)
			return (i);
	if (i == FAULT_MODULES)
		return (FAULT_MODULES - 1);
	strncpy(faults->module[i], name, sizeof(faults->module[i]) - 1);
	faults->nmodule++;
	return (i);
}

static _Unwind_Reason_Code
walk_frame(struct _Unwind_Context *context, void *arg)
{
	struct walk		*w = arg;
	struct fault_site	*site = w->site;
	uintptr_t		 ip = _Unwind_GetIP(context);
	Dl_info			 info;

	if (w->skip > 0) {
		w->skip--;
		return (_URC_NO_REASON);
	}
	if (site->nframe == FAULT_FRAMES || ip == 0)
		return (_URC_END_OF_STACK);
	if (dladdr((void *)ip, &info) == 0 || info.dli_fname == NULL)
		return (_URC_NO_REASON);
	/* The loader calls the program by argv[0]. */
	site->frame[site->nframe].module = module_of(info.dli_fbase ==
	    own_base ? "program" : info.dli_fname);
	site->frame[site->nframe++].offset =
	    (uint32_t)(ip - (uintptr_t)info.dli_fbase);
	return (_URC_NO_REASON);
}

static uint64_t
mix(uint64_t hash, const void *data, size_t len)
{
	const uint8_t	*p = data;

	while (len-- > 0)
		hash = (hash ^ *p++) * UINT64_C(0x100000001b3);
	return (hash);
}

/* Count the call at its site. */
static uint64_t __attribute__((__noinline__))
record(const char *name, int64_t arg)
{
	struct fault_site	 here, *there = faults->site;
	struct walk		 w = { &here, OWN_FRAMES };
	uint64_t		 hash = UINT64_C(0xcbf29ce484222325);
	uint32_t		 i, n = faults->nsite;

	memset(&here, 0, sizeof(here));
	strncpy(here.name, name, sizeof(here.name) - 1);
	here.role = role;
	here.arg = arg;
	_Unwind_Backtrace(walk_frame, &w);
	hash = mix(hash, here.name, sizeof(here.name));
	hash = mix(hash, &here.role, sizeof(here.role));
	for (i = 0; i < here.nframe; i++) {
		/* Modules are numbered as they come, their names are not. */
		hash = mix(hash, faults->module[here.frame[i].module],
		    sizeof(faults->module[0]));
		hash = mix(hash, &here.frame[i].offset,
		    sizeof(here.frame[i].offset));
	}
	here.hash = hash | 1;	/* 0 means any */
	for (i = 0; i < n; i++, there++)
		if (there->hash == here.hash) {
			__atomic_fetch_add(&there->calls, 1, __ATOMIC_RELAXED);
			return (here.hash);
		}
	i = __atomic_fetch_add(&faults->nsite, 1, __ATOMIC_RELAXED);
	if (i < FAULT_SITES) {
		here.calls = 1;
		faults->site[i] = here;
	} else
		faults->nsite = FAULT_SITES;
	return (here.hash);
}

static int
is_alloc(const char *name)
{
	return (strstr(name, "alloc") != NULL);
}

static int
match(struct fault_rule *r, const char *name, int64_t arg, uint64_t site)
{
	uint32_t	seen;

	if (strcmp(r->name, name) != 0 &&
	    (strcmp(r->name, "alloc") != 0 || !is_alloc(name)))
		return (0);
	if ((r->role != ROLE_ANY && r->role != role) ||
	    (r->arg != FAULT_ANY && r->arg != arg) ||
	    (r->site != 0 && r->site != site))
		return (0);
	seen = __atomic_add_fetch(&r->seen, 1, __ATOMIC_RELAXED);
	if (seen < r->first || seen - r->first >= r->times)
		return (0);
	__atomic_add_fetch(&r->fired, 1, __ATOMIC_RELAXED);
	return (1);
}

int
fault(const char *name, int64_t arg)
{
	uint64_t	site;
	uint32_t	i;
	int		error = 0, saved = errno;

	if (faults == NULL || inside)
		return (0);
	inside = 1;
	site = record(name, arg);
	for (i = 0; i < faults->nrule && error == 0; i++)
		if (match(&faults->rule[i], name, arg, site))
			error = faults->rule[i].error;
	inside = 0;
	errno = saved;
	return (error);
}

int64_t
fault_clock_us(int id)
{
	if (faults == NULL)
		return (0);
	return (id == CLOCK_REALTIME ? faults->wall_us :
	    id == CLOCK_MONOTONIC ? faults->mono_us : 0);
}

void
fault_role(enum fault_role now)
{
	role = now;
}

/* All but the file goes, until an exec has taken it over. */
void
fault_closefrom(int low)
{
	if (low < FAULT_FD)
		syscall(SYS_close_range, low, FAULT_FD - 1, 0);
	syscall(SYS_close_range, FAULT_FD + 1, ~0U, 0);
}

static enum fault_role
role_of(int argc, char *argv[])
{
	if (argc > 0 && strstr(argv[0], "softflowctl") != NULL)
		return (ROLE_CTL);
	if (argc != 2)
		return (ROLE_PARENT);
	if (strcmp(argv[1], "--worker") == 0)
		return (ROLE_WORKER);
	if (strcmp(argv[1], "--resolver") == 0)
		return (ROLE_RESOLVER);
	return (strcmp(argv[1], "--config") == 0 ? ROLE_CONFIG : ROLE_PARENT);
}

static void __attribute__((__constructor__))
begin(int argc, char *argv[])
{
	const char	*path;
	Dl_info		 info;
	void		*p;
	int		 fd;

	if (dladdr((void *)(uintptr_t)begin, &info) != 0)
		own_base = info.dli_fbase;
	role = role_of(argc, argv);
	if ((path = getenv("FAULTS")) != NULL) {
		if ((fd = open(path, O_RDWR)) == -1 ||
		    dup2(fd, FAULT_FD) == -1)
			abort();
		close(fd);
		unsetenv("FAULTS");
	}
	p = mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED,
	    FAULT_FD, 0);
	if (p == MAP_FAILED) {
		if (path != NULL)
			abort();
		return;
	}
	/* The others execute nothing, and are confined to what they have. */
	if (role != ROLE_PARENT)
		close(FAULT_FD);
	faults = p;
	if (faults->magic != FAULT_MAGIC)
		abort();
}
