/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Filters run on every call with arguments of all zeros, all ones and whatever
 * a rule may have been written wrongly for.
 */

#include <linux/audit.h>

#include <netinet/in.h>

#include <inttypes.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "running.h"

#define CALLS		1024
#define CALLS_ALL	(CALLS + 6)
#define RULES_MAX	1024
#define X32		0x40000000
#define NAME_SIZE	48

/* Edges of the descriptor plan, names of options, bits that ints lack. */
static const uint64_t	edges[] = {
	0, 1, 2, 3, 4, 6, 7, 8, 9, 15, 16, 17, 18, 22, 31, 32, 33, 34, 48, 56,
	63, 64, 103, 128, 255, 256, 263, 271, 272, 4096, 0x7fffffff,
	0x80000000, 0xffffffff, 0x100000000, 0x100000003, 0x100000008,
	0x100000022, 0x100000100, 0x8000000000000000, 0xffffffff00000003,
	0xffffffffffffffff
};

struct judge {
	const struct process	*p;
	const struct filters	*f;
	struct calls_summary	*s;
	struct seccomp_data	 data;
	char			 name[NAME_SIZE];	/* of the call */
	int			 allowed;	/* some combination is */
	/* May it be? */
	int			(*may)(const struct judge *);
	/* The table's rules of this call. */
	const struct sandbox_rule *rule[128];
	size_t			 nrules;
};

/* All numbers that Linux has, and some that one architecture has. */
static int
call_number(uint32_t arch, int n)
{
	if (n >= CALLS)
		return (0xf0000 + n - CALLS);		/* of arm */
	return (arch == SCMP_ARCH_MIPS || arch == SCMP_ARCH_MIPSEL ?
	    4000 + n : n);
}

static void
name_call(struct judge *j, int n)
{
	static char	 names[CALLS_ALL][NAME_SIZE];
	static uint32_t	 arch;
	char		*name;
	int		 i;

	for (i = 0; arch != j->data.arch && i < CALLS_ALL; i++) {
		j->data.nr = call_number(j->data.arch, i);
		name = seccomp_syscall_resolve_num_arch(j->data.arch,
		    j->data.nr);
		if (name != NULL)
			(void)strlcpy(names[i], name, NAME_SIZE);
		else
			snprintf(names[i], NAME_SIZE, "call %d", j->data.nr);
		free(name);
	}
	arch = j->data.arch;
	j->data.nr = call_number(arch, n);
	j->allowed = 0;
	(void)strlcpy(j->name, names[n], sizeof(j->name));
}

static int
say(struct judge *j, const char *what)
{
	const uint64_t	*a = (const uint64_t *)j->data.args;

	snprintf(j->s->text, sizeof(j->s->text), "%s(%#" PRIx64 ", %#" PRIx64
	    ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ") %s; ",
	    j->name, a[0], a[1], a[2], a[3], a[4], a[5], what);
	return (-1);
}

/* In these roles all that is not allowed kills. */
static int
must_kill(const struct judge *j)
{
	return (j->p->role == SANDBOX_FILTER_WORKER ||
	    j->p->role == SANDBOX_FILTER_READER);
}

/* The call is not made at all, whatever is told to who wanted it. */
static int
is_refused(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_ERRNO:
		return (1);
	}
	return (0);
}

/* Of an argument. */
static uint64_t
width(const struct judge *j)
{
	return (j->data.arch & __AUDIT_ARCH_64BIT ? UINT64_MAX : UINT32_MAX);
}

/*
 * What the filter says, of a call as the kernel of its architecture gives it:
 * of 64 bits, the upper ones first where the octets are in that order.
 */
static int
run(struct judge *j, uint32_t *action)
{
	struct seccomp_data	 data = j->data;
	const char		*error;
	size_t			 i;

	if ((data.arch ^ seccomp_arch_native()) & __AUDIT_ARCH_LE)
		for (i = 0; i < nitems(data.args); i++)
			data.args[i] = data.args[i] << 32 | data.args[i] >> 32;
	if (bpf_run_all(j->f->program, j->f->n, &data, action, &error) == -1)
		return (say(j, error));
	j->s->tried++;
	return (0);
}

static int
try(struct judge *j)
{
	uint32_t	 action;
	size_t		 i;
	int		 may;

	for (i = 0; i < nitems(j->data.args); i++)
		j->data.args[i] &= width(j);
	may = j->may(j);
	if (run(j, &action) == -1)
		return (-1);
	if (may) {
		j->allowed = 1;
		return (action == SECCOMP_RET_ALLOW ? 0 :
		    say(j, "is refused"));
	}
	if (!is_refused(action))
		return (say(j, "is allowed"));
	return (!must_kill(j) || action == SECCOMP_RET_KILL_PROCESS ||
	    (action == SECCOMP_RET_KILL_THREAD &&	/* of one thread */
	    strcmp(j->name, "socketcall") == 0) ? 0 :
	    say(j, "does not kill"));
}

/* Each argument in turn is everything, the others stay. */
static int
try_singles(struct judge *j)
{
	uint64_t	 saved;
	size_t		 i, v;

	if (try(j) == -1)
		return (-1);
	for (i = 0; i < nitems(j->data.args); i++) {
		saved = j->data.args[i];
		for (v = 0; v < nitems(edges); v++) {
			j->data.args[i] = edges[v];
			if (try(j) == -1)
				return (-1);
		}
		j->data.args[i] = saved;
	}
	return (0);
}

/* And two at a time, of which one is in the set. */
static int
try_pairs(struct judge *j, unsigned int set)
{
	uint64_t	 saved;
	size_t		 i, v;

	if (try_singles(j) == -1)
		return (-1);
	for (i = 0; i < nitems(j->data.args); i++) {
		if ((set & 1U << i) == 0)
			continue;
		saved = j->data.args[i];
		for (v = 0; v < nitems(edges); v++) {
			j->data.args[i] = edges[v];
			if (try_singles(j) == -1)
				return (-1);
		}
		j->data.args[i] = saved;
	}
	return (0);
}

/* Without a thought of what the call is. */
static int
try_blindly(struct judge *j)
{
	static const uint64_t	 fill[] = { 0, 0xffffffff, UINT64_MAX };
	size_t			 i, k;

	for (k = 0; k < nitems(fill); k++) {
		for (i = 0; i < nitems(j->data.args); i++)
			j->data.args[i] = fill[k];
		if (try_singles(j) == -1)
			return (-1);
	}
	return (0);
}

static void
begin(struct judge *j, const struct process *p, const struct filters *f,
    struct calls_summary *s)
{
	memset(j, 0, sizeof(*j));
	memset(s, 0, sizeof(*s));
	j->p = p;
	j->f = f;
	j->s = s;
	j->data.arch = process_arch(p);
}

/*
 * By the list of what is wanted, or of what must not be.
 */

static int
may_by_list(const struct judge *j)
{
	return (wanted_allows(j->p, j->name, (const uint64_t *)j->data.args));
}

static int
may_not(const struct judge *j)
{
	(void)j;
	return (0);
}

static int
judge_call_by_list(struct judge *j)
{
	struct example	e;
	size_t		n;

	if (try_blindly(j) == -1)
		return (-1);
	for (n = 0; wanted_example(j->p, n, &e); n++) {
		if (strcmp(e.name, j->name) != 0)
			continue;
		memcpy(j->data.args, e.args, sizeof(e.args));
		if (!j->may(j))
			return (say(j, "is no good example"));
		if (try_pairs(j, e.given) == -1)
			return (-1);
	}
	return (0);
}

/* An argument that is not given may be anything. */
static int
judge_forbidden(struct judge *j, const struct example *e)
{
	static const uint64_t	fill[] = { 0, 1, 0xffffffff, UINT64_MAX };
	size_t			i, k;

	for (k = 0; k < nitems(fill); k++) {
		for (i = 0; i < nitems(j->data.args); i++)
			j->data.args[i] = (e->given & 1U << i) != 0 ?
			    e->args[i] : fill[k];
		if (try(j) == -1)
			return (-1);
	}
	return (0);
}

/* By a kernel's number; libseccomp has others, below 0, for socket calls. */
static int
find_call(struct judge *j, const char *name)
{
	int	nr;

	for (nr = 0; nr < CALLS_ALL; nr++) {
		name_call(j, nr);
		if (strcmp(j->name, name) == 0)
			return (1);
	}
	return (0);
}

/* Of mmap2, setresuid32, fcntl64 the same is asked. */
static int
judge_spellings(struct judge *j, const struct example *e)
{
	static const char *const	suffix[] = { "", "2", "32", "64" };
	char				name[NAME_SIZE];
	size_t				i;

	for (i = 0; e->name[0] != '\0' && i < nitems(suffix); i++) {
		snprintf(name, sizeof(name), "%s%s", e->name, suffix[i]);
		if (find_call(j, name) && judge_forbidden(j, e) == -1)
			return (-1);
	}
	return (0);
}

int
calls_judge(const struct process *p, const struct filters *f,
    struct calls_summary *s)
{
	struct judge	j;
	struct example	e;
	size_t		n;
	int		nr;

	begin(&j, p, f, s);
	if (wanted_known(p->role)) {
		j.may = may_by_list;
		for (nr = 0; nr < CALLS_ALL; nr++) {
			name_call(&j, nr);
			if (judge_call_by_list(&j) == -1)
				return (-1);
		}
		return (0);
	}
	j.may = may_not;
	for (nr = 0; nr < CALLS_ALL; nr++) {
		name_call(&j, nr);
		if (forbidden_call(p, j.name) && try_blindly(&j) == -1)
			return (-1);
	}
	for (n = 0; forbidden_example(p, n, &e); n++)
		if (judge_spellings(&j, &e) == -1)
			return (-1);
	return (0);
}

/*
 * By the table.
 */

static int
may_by_table(const struct judge *j)
{
	const struct sandbox_rule	*r;
	unsigned int			 i;
	size_t				 n;

	for (n = 0; n < j->nrules; n++) {
		r = j->rule[n];
		for (i = 0; i < r->nargs; i++)
			if ((j->data.args[r->args[i].n] & r->args[i].mask) !=
			    (r->args[i].value & width(j)))
				break;
		if (i == r->nargs)
			return (1);
	}
	return (0);
}

static int
judge_call_by_table(struct judge *j, const struct sandbox_rule *rules,
    size_t n)
{
	unsigned int	 i, set;
	size_t		 r;

	for (j->nrules = r = 0; r < n; r++)
		if (strcmp(rules[r].call, j->name) == 0) {
			if (j->nrules == nitems(j->rule))
				return (say(j, "has too many rules"));
			j->rule[j->nrules++] = &rules[r];
		}
	if (try_blindly(j) == -1)
		return (-1);
	for (r = 0; r < j->nrules; r++) {
		memset(j->data.args, 0, sizeof(j->data.args));
		for (i = set = 0; i < j->rule[r]->nargs; i++) {
			set |= 1U << j->rule[r]->args[i].n;
			j->data.args[j->rule[r]->args[i].n] =
			    j->rule[r]->args[i].value;
		}
		if (try_pairs(j, set) == -1)
			return (-1);
	}
	return (0);
}

int
calls_judge_table(const struct process *p, const struct filters *f,
    struct calls_summary *s)
{
	static struct sandbox_rule	rules[RULES_MAX];
	struct judge			j;
	size_t				n = 0;
	int				nr;

	begin(&j, p, f, s);
	while (n < RULES_MAX &&
	    sandbox_os_rule(p->role, p->own_pid, &p->box, n, &rules[n]))
		n++;
	if (n == 0)
		return (0);
	j.may = may_by_table;
	for (nr = 0; nr < CALLS_ALL; nr++) {
		name_call(&j, nr);
		if (judge_call_by_table(&j, rules, n) == -1)
			return (-1);
		s->calls += j.allowed;
	}
	return (0);
}

/*
 * Other architectures: their numbers mean other calls.
 */

static int
kills(struct judge *j, uint32_t arch, int nr)
{
	uint32_t	 action;

	j->data.arch = arch;
	j->data.nr = nr;
	if (run(j, &action) == -1)
		return (-1);
	if (action == SECCOMP_RET_KILL_PROCESS)
		return (0);
	snprintf(j->s->text, sizeof(j->s->text),
	    "architecture %#x: call %#x does not kill; ", arch,
	    (unsigned int)nr);
	return (-1);
}

int
calls_judge_foreign(const struct process *p, const struct filters *f,
    struct calls_summary *s)
{
	static const uint32_t	 archs[] = {
		0, AUDIT_ARCH_I386, AUDIT_ARCH_X86_64, AUDIT_ARCH_ARM,
		AUDIT_ARCH_AARCH64, AUDIT_ARCH_PPC, AUDIT_ARCH_PPC64,
		AUDIT_ARCH_PPC64LE, AUDIT_ARCH_S390, AUDIT_ARCH_S390X,
		AUDIT_ARCH_RISCV64, AUDIT_ARCH_MIPS, AUDIT_ARCH_MIPSEL,
		AUDIT_ARCH_MIPS64, UINT32_MAX
	};
	uint32_t		 own;
	struct judge		 j;
	size_t			 i;
	int			 nr;

	begin(&j, p, f, s);
	own = j.data.arch;
	for (nr = 0; nr < CALLS_ALL; nr++) {
		for (i = 0; i < nitems(archs); i++)
			if (archs[i] != own &&
			    kills(&j, archs[i],
			    call_number(archs[i], nr)) == -1)
				return (-1);
		if (own == AUDIT_ARCH_X86_64 &&
		    kills(&j, own, X32 | nr) == -1)
			return (-1);
	}
	return (0);
}
