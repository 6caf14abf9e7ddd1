/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Write and read the file of fault.h:
 *
 *	arm FILE rule ...	these and no others from now on
 *	arm -c seconds FILE	set the wall clock so far ahead, or back
 *	arm -m seconds FILE	so long is gone on the monotonic clock, too
 *	arm -r FILE		how often each rule was obeyed
 *	arm -s FILE		all sites
 *
 * A rule is name[/argument][@role][#site][:first[+times]]=error, times * for
 * ever; error a name, or "short"; argument a number, or a SYS_ name for one of
 * syscall(2), which differ from machine to machine.
 */

#include <sys/mman.h>
#include <sys/syscall.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"

static const char *const	roles[ROLE_MAX] = {
	"any", "parent", "child", "worker", "resolver", "config", "ctl"
};

static const struct {
	const char	*name;
	int		 error;
} errors[] = {
	{ "short", FAULT_SHORT },
	{ "EACCES", EACCES }, { "EAGAIN", EAGAIN }, { "EINTR", EINTR },
	{ "EINVAL", EINVAL }, { "EIO", EIO }, { "EMFILE", EMFILE },
	{ "ENFILE", ENFILE }, { "ENOBUFS", ENOBUFS }, { "ENOENT", ENOENT },
	{ "ENOMEM", ENOMEM }, { "ENOPROTOOPT", ENOPROTOOPT },
	{ "ENOSPC", ENOSPC }, { "ENOSYS", ENOSYS },
	{ "EOPNOTSUPP", EOPNOTSUPP }, { "EPERM", EPERM },
	{ "EROFS", EROFS }
};

#define CALL(name)	{ #name, SYS_##name }
static const struct {
	const char	*name;
	int64_t		 number;
} calls[] = {
	CALL(capset), CALL(getrandom), CALL(seccomp)
};

static uint32_t
number(const char *text, const char *rule)
{
	const char	*bad;
	long long	 n;

	n = strtonum(text, 1, UINT32_MAX, &bad);
	if (bad != NULL)
		errx(1, "%s: %s: %s", rule, text, bad);
	return ((uint32_t)n);
}

static void
set_error(struct fault_rule *r, const char *name, const char *rule)
{
	size_t	 i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0) {
			r->error = errors[i].error;
			return;
		}
	errx(1, "%s: no error %s", rule, name);
}

static void
set_role(struct fault_rule *r, const char *name, const char *rule)
{
	for (r->role = 0; r->role < ROLE_MAX; r->role++)
		if (strcmp(roles[r->role], name) == 0)
			return;
	errx(1, "%s: no role %s", rule, name);
}

static void
set_argument(struct fault_rule *r, const char *name, const char *rule)
{
	char	*end;
	size_t	 i;

	r->arg = strtoll(name, &end, 0);
	if (end != name && *end == '\0')
		return;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strncmp(name, "SYS_", 4) == 0 &&
		    strcmp(calls[i].name, name + 4) == 0) {
			r->arg = calls[i].number;
			return;
		}
	errx(1, "%s: no argument %s", rule, name);
}

/* Cut off what follows the character, if there is one. */
static char *
cut(char *text, char c)
{
	char	*p = strchr(text, c);

	if (p != NULL)
		*p++ = '\0';
	return (p);
}

static void
parse(struct fault_rule *r, const char *rule)
{
	char	 text[128], *p, *times;

	memset(r, 0, sizeof(*r));
	r->arg = FAULT_ANY;
	r->first = r->times = 1;
	if (strlcpy(text, rule, sizeof(text)) >= sizeof(text) ||
	    (p = cut(text, '=')) == NULL)
		errx(1, "%s: no rule", rule);
	set_error(r, p, rule);
	if ((p = cut(text, ':')) != NULL) {
		if ((times = cut(p, '+')) != NULL)
			r->times = *times == '*' ? UINT32_MAX :
			    number(times, rule);
		r->first = number(p, rule);
	}
	if ((p = cut(text, '#')) != NULL)
		r->site = strtoull(p, NULL, 16);
	if ((p = cut(text, '@')) != NULL)
		set_role(r, p, rule);
	if ((p = cut(text, '/')) != NULL)
		set_argument(r, p, rule);
	if (strlcpy(r->name, text, sizeof(r->name)) >= sizeof(r->name))
		errx(1, "%s: no such function", rule);
}

static void
print_sites(const struct faults *f)
{
	const struct fault_site	*s = f->site;
	uint32_t		 i;

	for (; s < f->site + f->nsite && s < f->site + FAULT_SITES; s++) {
		printf("%016llx %s %s %u", (unsigned long long)s->hash,
		    roles[s->role], s->name, s->calls);
		for (i = 0; i < s->nframe; i++)
			printf(" %s+0x%x", f->module[s->frame[i].module],
			    s->frame[i].offset);
		printf("\n");
	}
}

int
main(int argc, char *argv[])
{
	struct faults	*f;
	const char	*wall = NULL, *mono = NULL;
	int		 ch, fd, rules = 0, sites = 0;
	uint32_t	 i;

	while ((ch = getopt(argc, argv, "c:m:rs")) != -1) {
		if (ch == 'c')
			wall = optarg;
		else if (ch == 'm')
			mono = optarg;
		else if (ch == 'r')
			rules = 1;
		else if (ch == 's')
			sites = 1;
		else
			return (1);
	}
	if ((argc -= optind) < 1 || argc - 1 > FAULT_RULES)
		errx(1, "a file, and at most %d rules", FAULT_RULES);
	argv += optind;
	if ((fd = open(argv[0], O_RDWR | O_CREAT, 0600)) == -1 ||
	    ftruncate(fd, sizeof(*f)) == -1 || (f = mmap(NULL, sizeof(*f),
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) == MAP_FAILED)
		err(1, "%s", argv[0]);
	f->magic = FAULT_MAGIC;
	if (wall != NULL)
		f->wall_us = strtoll(wall, NULL, 10) * 1000000;
	else if (mono != NULL)
		f->mono_us = strtoll(mono, NULL, 10) * 1000000;
	else if (rules)
		for (i = 0; i < f->nrule; i++)
			printf("%u\n", f->rule[i].fired);
	else if (sites)
		print_sites(f);
	else {
		f->nrule = 0;
		for (i = 1; i < (uint32_t)argc; i++)
			parse(&f->rule[i - 1], argv[i]);
		__atomic_store_n(&f->nrule, (uint32_t)argc - 1,
		    __ATOMIC_RELEASE);
	}
	return (0);
}
