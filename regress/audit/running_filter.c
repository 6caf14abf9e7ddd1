/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The filters that the kernel runs for a process, read back by ptrace(2).  It
 * is stopped for that, and only for that; what is read is judged afterwards.
 */

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "running.h"

#define READ_SECONDS	2	/* and we let go, whatever happens */

static int64_t
now_us(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
}

static void
fail(struct filters *f, const char *step)
{
	if (f->error != 0)
		return;
	f->error = errno;
	f->step = step;
}

/* Of the stopped process. */
static void
get_programs(struct filters *f, pid_t pid)
{
	long	n;

	for (f->n = 0; f->n < FILTERS_MAX; f->n++) {
		/* There is room for the longest that the kernel takes. */
		n = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)f->n,
		    f->program[f->n].insn);
		if (n < 0)
			break;
		f->program[f->n].n = (size_t)n;
	}
	if (f->n == FILTERS_MAX)
		errno = E2BIG;
	/* There are no more; or none at all. */
	if (errno != ENOENT && (errno != EINVAL || f->n > 0))
		fail(f, "reading its filters");
}

/*
 * In a process of its own, of which the kernel lets go all that it traces when
 * it ends: by itself, by the alarm, or because somebody kills it.
 */
static void
trace(struct filters *f, pid_t pid)
{
	static const struct sched_param	 soon = { .sched_priority = 1 };
	int64_t				 begin;
	int				 status, sig = 0;

	alarm(READ_SECONDS);
	/* On a busy machine nobody may come in between; it needs root. */
	(void)sched_setscheduler(0, SCHED_FIFO, &soon);
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == -1) {
		fail(f, "attaching to it");
		return;
	}
	begin = now_us();
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == -1 ||
	    waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status)) {
		errno = ESRCH;
		fail(f, "stopping it");
		return;
	}
	get_programs(f, pid);
	/* A signal that came just now is still to be delivered. */
	if (status >> 16 != PTRACE_EVENT_STOP)
		sig = WSTOPSIG(status);
	if (ptrace(PTRACE_DETACH, pid, NULL, (void *)(long)sig) == -1)
		fail(f, "letting it go");
	f->stopped_us = now_us() - begin;
}

struct filters *
filters_read(pid_t pid)
{
	struct filters	*f;
	pid_t		 tracer;
	int		 status;

	f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (f == MAP_FAILED)
		return (NULL);
	if ((tracer = fork()) == 0) {
		trace(f, pid);
		_exit(0);
	}
	if (tracer == -1 || waitpid(tracer, &status, 0) != tracer)
		fail(f, "starting who reads them");
	else if (status != 0) {
		errno = ETIMEDOUT;
		fail(f, "reading its filters");
	}
	return (f);
}

static void
say_why_not(const struct process *p, const char *what,
    const struct filters *f)
{
	const char	*why = strerror(f->error);

	if (f->error == EACCES)
		why = "needs root with CAP_SYS_ADMIN, itself without a filter";
	else if (f->error == EIO)
		why = "needs a kernel with CONFIG_CHECKPOINT_RESTORE";
	else if (f->error == EPERM)
		why = "needs root, and nobody else who traces it";
	finding(p, "system calls", what, ROW_UNCHECKED, "%s: %s", f->step,
	    why);
}

/* What this build would load: 0, or -1 with errno. */
static int
built_in(const struct process *p, struct bpf_program *program)
{
	ssize_t	len;
	int	fd, ret = -1;

	if ((fd = memfd_create("filter", MFD_CLOEXEC)) == -1)
		return (-1);
	if (sandbox_os_filter_export(p->role, p->own_pid, &p->box, fd) == 0 &&
	    (len = pread(fd, program->insn, sizeof(program->insn), 0)) >= 0) {
		program->n = (size_t)len / sizeof(program->insn[0]);
		ret = 0;
	}
	close(fd);
	return (ret);
}

/* What a parent's filter is made of is known only from its children. */
static int
is_unlearnt(const struct process *p, const char *what)
{
	if (p->role != SANDBOX_FILTER_PARENT || p->learnt)
		return (0);
	finding(p, "system calls", what, ROW_UNCHECKED,
	    "which user its worker has is not seen: no child that lasts");
	return (1);
}

/* Two programs are the same, or it is a gap. */
static void
compare(const struct process *p, const char *what,
    const struct bpf_program *loaded, const struct bpf_program *wanted,
    const char *whose)
{
	size_t	i = 0;

	while (i < wanted->n && i < loaded->n && memcmp(&wanted->insn[i],
	    &loaded->insn[i], sizeof(wanted->insn[0])) == 0)
		i++;
	if (i == wanted->n && i == loaded->n)
		verdict(p, "system calls", what, 1, "%zu instructions", i);
	else
		verdict(p, "system calls", what, 0, "%zu instructions, of "
		    "which the first %zu are the same as %s", loaded->n, i,
		    whose);
}

static void
compare_all(const struct process *p, const struct filters *f)
{
	static const char		 built[] = "the loaded filter is the "
					    "built-in one";
	static const char		 below[] = "below it is the parent's";
	static struct bpf_program	 wanted;
	const struct filters		*older;

	if (is_unlearnt(p, built))
		;
	else if (built_in(p, &wanted) == -1)
		finding(p, "system calls", built, ROW_UNCHECKED,
		    "this build cannot say: %s", strerror(errno));
	else
		compare(p, built, &f->program[f->n - 1], &wanted,
		    "of this build (another version of softflowd or "
		    "libseccomp makes others)");
	if (p->role != SANDBOX_FILTER_WORKER)
		return;
	older = p->parent->filters_read;
	if (older == NULL || older->n == 0)
		finding(p, "system calls", below, ROW_UNCHECKED,
		    "the parent's could not be read");
	else if (f->n < 2)
		verdict(p, "system calls", below, 0, "there is none");
	else
		compare(p, below, &f->program[f->n - 2],
		    &older->program[older->n - 1], "of the parent");
}

static void
judge(const struct process *p, const struct filters *f)
{
	static const char	table[] = "only what its table says";
	struct calls_summary	s;
	int			full = wanted_known(p->role), good;

	good = calls_judge(p, f, &s) == 0;
	verdict(p, "system calls", full ?
	    "only the calls that it is known to need" :
	    "none of the calls that it must not make", good,
	    "%s%lu combinations tried", s.text, s.tried);
	if (!is_unlearnt(p, table)) {
		good = calls_judge_table(p, f, &s) == 0;
		if (good && s.calls == 0)
			finding(p, "system calls", table, ROW_UNCHECKED,
			    "this build has no table of them");
		else
			verdict(p, "system calls", table, good,
			    "%s%lu combinations tried, of %u calls some are "
			    "allowed", s.text, s.tried, s.calls);
	}
	good = calls_judge_foreign(p, f, &s) == 0;
	verdict(p, "system calls", "calls of other architectures kill", good,
	    "%s%lu combinations tried", s.text, s.tried);
}

void
check_filters(struct process *p)
{
	static const char	 what[] = "its filters can be read";
	struct filters		*f;

	if ((f = filters_read(p->pid)) == NULL) {
		unchecked(p, "system calls", what);
		return;
	}
	p->filters_read = f;
	if (f->error != 0) {
		say_why_not(p, what, f);
		f->n = 0;
		return;
	}
	verdict(p, "system calls", what, f->n > 0, "%zu filters; it stood "
	    "still for %lld microseconds", f->n, (long long)f->stopped_us);
	if (f->n == 0)
		return;
	compare_all(p, f);
	judge(p, f);
}
