/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * watch file command [argument ...]
 *
 * Run the command and write to the file each call that a system-call filter
 * refuses to it or to a process of its, once: the filters are read when they
 * are loaded and evaluated at each call, as a refusal looks like any other
 * error to who gets it.  The command keeps this process's number; who watches
 * is a child.
 */

#include <sys/types.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/ptrace.h>

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf.h"

#define MAX_TASKS	256
#define MAX_SEEN	4096

/* Of a task, the last one loaded first; shared with its children. */
struct filter {
	const struct filter	*older;
	size_t			 len;
	struct sock_filter	 code[];
};

static struct task {
	pid_t			 pid;
	const struct filter	*filters;
	struct filter		*loading;
	char			 label[64];
	int			 known;		/* from whom it comes */
} tasks[MAX_TASKS];

static char	 seen[MAX_SEEN][160];
static FILE	*out;

static struct task *
find(pid_t pid)
{
	struct task	*unused = NULL;
	size_t		 i;

	for (i = 0; i < MAX_TASKS; i++) {
		if (tasks[i].pid == pid)
			return (&tasks[i]);
		if (tasks[i].pid == 0 && unused == NULL)
			unused = &tasks[i];
	}
	if (unused == NULL)
		errx(1, "too many processes");
	memset(unused, 0, sizeof(*unused));
	unused->pid = pid;
	return (unused);
}

/* What it calls itself: the role, of a process of ours. */
static void
name(struct task *t)
{
	char	 path[64];
	FILE	*fp;
	size_t	 len = 0;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)t->pid);
	if ((fp = fopen(path, "r")) != NULL) {
		len = fread(t->label, 1, sizeof(t->label) - 1, fp);
		fclose(fp);
	}
	t->label[len] = '\0';
}

static void
peek(pid_t pid, uint64_t from, void *to, size_t len)
{
	size_t	 done;
	long	 word;

	for (done = 0; done < len; done += sizeof(word)) {
		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, pid, from + done, NULL);
		if (errno != 0)
			err(1, "reading a filter");
		memcpy((char *)to + done, &word, len - done < sizeof(word) ?
		    len - done : sizeof(word));
	}
}

static void
report(const struct task *t, const struct ptrace_syscall_info *info,
    uint32_t verdict)
{
	char	 line[sizeof(seen[0])], *call;
	size_t	 i;

	call = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
	    (int)info->entry.nr);
	/* A path or an address says nothing, and differs each time. */
	snprintf(line, sizeof(line), "%s: %s(%d, %d, %d): %s", t->label,
	    call == NULL ? "?" : call, (int)info->entry.args[0],
	    (int)info->entry.args[1], (int)info->entry.args[2],
	    (verdict & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO ?
	    strerror((int)(verdict & SECCOMP_RET_DATA)) : "killed");
	free(call);
	for (i = 0; i < MAX_SEEN && seen[i][0] != '\0'; i++)
		if (strcmp(seen[i], line) == 0)
			return;
	if (i < MAX_SEEN)
		memcpy(seen[i], line, sizeof(line));
	fprintf(out, "%s\n", line);
	fflush(out);
}

static void
enter(struct task *t, const struct ptrace_syscall_info *info)
{
	struct seccomp_data	 call = { 0 };
	const struct filter	*f;
	struct sock_fprog	 prog;
	uint32_t		 verdict;

	call.nr = (int)info->entry.nr;
	call.arch = info->arch;
	call.instruction_pointer = info->instruction_pointer;
	memcpy(call.args, info->entry.args, sizeof(call.args));
	for (f = t->filters; f != NULL; f = f->older) {
		verdict = bpf_verdict(f->code, f->len, &call);
		if (verdict == SECCOMP_RET_ALLOW)
			continue;
		report(t, info, verdict);
		return;
	}
	if (call.nr != SYS_seccomp || call.args[0] != SECCOMP_SET_MODE_FILTER ||
	    call.args[2] == 0)
		return;
	peek(t->pid, call.args[2], &prog, sizeof(prog));
	if ((t->loading = calloc(1, sizeof(*t->loading) + prog.len *
	    sizeof(prog.filter[0]))) == NULL)
		err(1, NULL);
	t->loading->older = t->filters;
	t->loading->len = prog.len;
	peek(t->pid, (uint64_t)(uintptr_t)prog.filter, t->loading->code,
	    prog.len * sizeof(prog.filter[0]));
}

static void
syscall_stop(struct task *t)
{
	struct ptrace_syscall_info	info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		enter(t, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT && t->loading != NULL) {
		if (!info.exit.is_error)
			t->filters = t->loading;
		else
			free(t->loading);
		t->loading = NULL;
	}
}

/* It may have stopped already, or not yet. */
static void
child_of(const struct task *t)
{
	struct task	*child;
	unsigned long	 pid;

	if (ptrace(PTRACE_GETEVENTMSG, t->pid, NULL, &pid) == -1)
		return;
	child = find((pid_t)pid);
	child->filters = t->filters;
	memcpy(child->label, t->label, sizeof(child->label));
	if (child->known++ == 0)
		return;
	ptrace(PTRACE_SYSCALL, child->pid, NULL, 0);
}

static void
stopped(struct task *t, int status)
{
	int	sig = WSTOPSIG(status), event = status >> 16;

	switch (event) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		child_of(t);
		sig = 0;
		break;
	case PTRACE_EVENT_EXEC:
		name(t);
		sig = 0;
		break;
	case PTRACE_EVENT_STOP:
		if (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN ||
		    sig == SIGTTOU) {
			ptrace(PTRACE_LISTEN, t->pid, NULL, 0);
			return;
		}
		/* A child's first stop waits for whose it is. */
		if (t->known++ == 0)
			return;
		sig = 0;
		break;
	default:
		if (sig == (SIGTRAP | 0x80)) {
			syscall_stop(t);
			sig = 0;
		}
	}
	ptrace(PTRACE_SYSCALL, t->pid, NULL, sig);
}

static void
watch(pid_t pid)
{
	struct task	*t;
	int		 status;

	t = find(pid);
	t->known = 1;
	while ((pid = waitpid(-1, &status, __WALL)) != -1) {
		t = find(pid);
		if (WIFSTOPPED(status))
			stopped(t, status);
		else
			memset(t, 0, sizeof(*t));
	}
	exit(0);
}

int
main(int argc, char *argv[])
{
	pid_t	 pid = getpid();
	int	 end[2];
	char	 c;

	if (argc < 3)
		errx(1, "usage: watch file command [argument ...]");
	if ((out = fopen(argv[1], "we")) == NULL)
		err(1, "%s", argv[1]);
	if (pipe(end) == -1)
		err(1, "pipe");
	(void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		/* No child of the command, which waits for its own. */
		if (fork() != 0)
			_exit(0);
		setsid();
		if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACESYSGOOD |
		    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		    PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC) == -1 ||
		    ptrace(PTRACE_INTERRUPT, pid, NULL, 0) == -1)
			err(1, "ptrace");
		close(end[0]);
		close(end[1]);
		watch(pid);
	}
	close(end[1]);
	if (read(end[0], &c, 1) == -1 && errno != EINTR)
		err(1, "read");
	wait(NULL);
	close(end[0]);
	execvp(argv[2], argv + 2);
	err(1, "%s", argv[2]);
}
